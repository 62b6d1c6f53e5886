#!/usr/bin/env python3
"""Prints a TCP port of 127.0.0.1 that nothing listens on, for a server that is about to be started.

Two things would take it away before that server has it, and again whenever the server is down for a moment: a connection to
elsewhere, to which the kernel gives a port of its ephemeral range, so the port is one below that range; and another test that
looks for one, so a port is reserved, by a file in /tmp, for as long as the longest of tests runs.
"""
import os
import random
import socket
import time

FOLDER = "/tmp/dynapg-ports"
RANGE = (10200, 32767)      # below Linux's ephemeral ports; PostgreSQL's own tests take theirs of it, too, and mostly have no TCP port
SECONDS = 4 * 3600


def reserved(port):
    """Whether the port is ours from now on.  Where nothing can be written, it is not reserved, but may be had."""
    path = f"{FOLDER}/{port}"
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW))
        return True
    except FileExistsError:
        try:
            if os.stat(path).st_mtime < time.time() - SECONDS:
                os.unlink(path)     # the next who comes by may have it
        except OSError:
            pass
        return False
    except OSError:
        return True


def listens(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return False
        except OSError:
            return True


def free_port():
    try:
        os.mkdir(FOLDER)
        os.chmod(FOLDER, 0o1777)
    except OSError:
        pass
    while True:
        port = random.randint(*RANGE)
        if not listens(port) and reserved(port):
            return port


if __name__ == "__main__":
    print(free_port())
