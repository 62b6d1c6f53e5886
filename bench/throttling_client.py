#!/usr/bin/env python3
"""Sends GetItems to endpoints with one worker each, and prints how many microseconds of CPU time these used for each.

    throttling_client.py PORT DATABASE CALLS [KEYS, up to 1000]
    throttling_client.py turns ROUNDS CALLS PORT DATABASE PORT DATABASE...

The second takes turns, in slices of CALLS whose order changes with each round, and prints a line for each database: the median, the median of the
rounds' ratios to the first database, and the bounds between which that is with a probability of 95 %.
"""
import json
import math
import pathlib
import re
import socket
import statistics
import sys

GROUP = 8


def request(n, keys):
    body = json.dumps({"TableName": "Bench", "Key": {"pk": {"S": "user#%d" % (n % keys + 1)}}}).encode()
    return (b"POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


class Endpoint:
    """One connection, and the process of the endpoint's worker for the database."""
    def __init__(self, port, database, keys=1000):
        self.connection = socket.create_connection(("127.0.0.1", int(port)))
        self.stream = self.connection.makefile("rb")
        self.groups = [b"".join(request(n + i, keys) for i in range(GROUP)) for n in range(0, 1000, GROUP)]
        self.worker = self.find_worker(database)
        self.figures = []

    @staticmethod
    def find_worker(database):
        title = re.compile(rb"dynapg (?:worker|endpoint) .*\b%s\b" % database.encode())
        for folder in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if title.search(line):
                return folder
        raise SystemExit("there is no worker of " + database)

    def nanoseconds(self):
        return int((self.worker / "schedstat").read_text().split()[0])

    def read_answer(self):
        if b" 200 " not in self.stream.readline():
            raise SystemExit("a GetItem was refused")
        length = 0
        while (line := self.stream.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        self.stream.read(length)

    def cost(self, calls):
        """Of a GetItem, of so many."""
        before = self.nanoseconds()
        for n in range(calls // GROUP):
            self.connection.sendall(self.groups[n % len(self.groups)])
            for _ in range(GROUP):
                self.read_answer()
        return (self.nanoseconds() - before) / 1000 / (calls // GROUP * GROUP)


def take_turns(rounds, calls, names):
    endpoints = [Endpoint(port, database) for port, database in zip(names[::2], names[1::2])]
    for endpoint in endpoints:
        endpoint.cost(calls)
    for number in range(rounds):
        for endpoint in endpoints[::1 if number % 2 else -1]:
            endpoint.figures.append(endpoint.cost(calls))
    for database, endpoint in zip(names[1::2], endpoints):
        ratios = sorted(mine / first for mine, first in zip(endpoint.figures, endpoints[0].figures))
        beside = math.ceil(0.98 * math.sqrt(rounds))
        print(database, "%.2f %.4f %.4f %.4f" % (statistics.median(endpoint.figures), statistics.median(ratios),
                                                 ratios[max(rounds // 2 - beside, 0)], ratios[min(rounds // 2 + beside, rounds - 1)]))


if __name__ == "__main__":
    if sys.argv[1] == "turns":
        take_turns(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    else:
        print("%.3f" % Endpoint(sys.argv[1], sys.argv[2], *map(int, sys.argv[4:])).cost(int(sys.argv[3])))
