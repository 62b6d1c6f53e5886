#!/usr/bin/env python3
"""Sends GetItems to an endpoint with one worker, and prints how many microseconds of CPU time that worker used for each.

    throttling_client.py PORT DATABASE CALLS [KEYS, up to 1000]
"""
import json
import os
import pathlib
import re
import socket
import sys

PORT, DATABASE, CALLS = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
KEYS = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
GROUP = 8
TICKS = os.sysconf("SC_CLK_TCK")


def worker():
    """The process of the endpoint's worker for the database."""
    title = re.compile(rb"dynapg (?:worker|endpoint) .*\b%s\b" % DATABASE.encode())
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if title.search(line):
            return folder
    raise SystemExit("there is no worker of " + DATABASE)


def nanoseconds(folder):
    return int((folder / "schedstat").read_text().split()[0])


def request(n):
    body = json.dumps({"TableName": "Bench", "Key": {"pk": {"S": "user#%d" % (n % KEYS + 1)}}}).encode()
    return (b"POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


def main():
    connection = socket.create_connection(("127.0.0.1", PORT))
    stream = connection.makefile("rb")
    groups = [b"".join(request(n + i) for i in range(GROUP)) for n in range(0, 1000, GROUP)]
    process = worker()
    before = nanoseconds(process)
    for n in range(CALLS // GROUP):
        connection.sendall(groups[n % len(groups)])
        for _ in range(GROUP):
            if b" 200 " not in stream.readline():
                raise SystemExit("a GetItem was refused")
            length = 0
            while (line := stream.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            stream.read(length)
    print("%.3f" % ((nanoseconds(process) - before) / 1000 / (CALLS // GROUP * GROUP)))


main()
