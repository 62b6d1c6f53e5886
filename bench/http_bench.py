#!/usr/bin/env python3
"""What bench/http.sh needs of HTTP, besides the load itself (wrk with http_replay.lua).

    http_bench.py wait PORT                  until a server answers there
    http_bench.py load PORT ITEMS            the table Bench, its items in random order, and a look at what comes back
    http_bench.py requests WORK ITEMS FILE   signed requests, as http_replay.lua reads them
    http_bench.py report FILE SERVERS        the Markdown tables of the results

BENCH_KEY_ID and BENCH_SECRET have the access key that requests are signed with. Nothing but the standard library.
"""
import datetime
import hashlib
import hmac
import http.client
import json
import os
import random
import statistics
import sys
import time

PER_PARTITION = 10
# Signatures cover the host, and every server gets the same bytes.
HOST = "localhost:8000"
REGION = "us-east-1"
REQUESTS = 20000
SIGNED_HEADERS = "content-type;host;x-amz-date;x-amz-target"
BATCH = 25


class Signer:
    """Signature Version 4 of requests for one operation, all of one second."""

    def __init__(self, operation):
        self.key_id = os.environ["BENCH_KEY_ID"]
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        key = ("AWS4" + os.environ["BENCH_SECRET"]).encode()
        for part in (now[:8], REGION, "dynamodb", "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        self.key = key
        self.scope = f"{now[:8]}/{REGION}/dynamodb/aws4_request"
        self.time = now
        self.headers = {"Content-Type": "application/x-amz-json-1.0", "Host": HOST, "X-Amz-Date": now,
                        "X-Amz-Target": "DynamoDB_20120810." + operation}
        lines = "".join(f"{name.lower()}:{value}\n" for name, value in self.headers.items())
        self.canonical = f"POST\n/\n\n{lines}\n{SIGNED_HEADERS}\n"

    def headers_of(self, body):
        canonical = self.canonical + hashlib.sha256(body).hexdigest()
        to_sign = (f"AWS4-HMAC-SHA256\n{self.time}\n{self.scope}\n" +
                   hashlib.sha256(canonical.encode()).hexdigest())
        signature = hmac.digest(self.key, to_sign.encode(), "sha256").hex()
        return self.headers | {
            "Authorization": f"AWS4-HMAC-SHA256 Credential={self.key_id}/{self.scope}, "
                             f"SignedHeaders={SIGNED_HEADERS}, Signature={signature}",
            "Content-Length": str(len(body))}


def encode(value):
    return json.dumps(value, separators=(",", ":")).encode()


def key(number):
    return {"pk": {"S": f"user#{number // PER_PARTITION}"}, "sk": {"N": str(number % PER_PARTITION)}}


def item(number, age):
    p, s = divmod(number, PER_PARTITION)
    return key(number) | {
        "name": {"S": f"Customer number {p}"}, "email": {"S": f"customer{p}@example.com"},
        "city": {"S": "Springfield"}, "age": {"N": str(age)}, "score": {"N": str(p % 1000 / 8)},
        "active": {"BOOL": s % 2 == 0}, "tags": {"L": [{"S": "red"}, {"S": "green"}, {"S": "blue"}]},
        "address": {"M": {"street": {"S": f"Main Street {s}"}, "zip": {"S": "12345"}}},
        "note": {"S": "Nothing of note so far."}}


def get(number):
    return {"TableName": "Bench", "Key": key(number)}


def put(number):
    return {"TableName": "Bench", "Item": item(number, random.randint(18, 78))}


def update(number):
    return {"TableName": "Bench", "Key": key(number), "UpdateExpression": "SET age = :age, score = score + :one",
            "ExpressionAttributeValues": {":age": {"N": str(random.randint(18, 78))}, ":one": {"N": "1"}}}


def query(number):
    return {"TableName": "Bench", "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": key(number)["pk"]}}


WORKS = {"get": ("GetItem", get), "put": ("PutItem", put), "update": ("UpdateItem", update),
         "query": ("Query", query)}
TITLES = {"get": "GetItem", "put": "PutItem over an item", "update": "UpdateItem", "query": "Query of 10"}
NAMES = {"dynapg": "dynapg", "local": "DynamoDB Local", "dynalite": "dynalite", "dynoxide": "dynoxide"}


# ---------------------------------------------------------------- before the load

def wait(port):
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                sys.exit(f"nothing answers on port {port}")
            time.sleep(0.1)


def call(connection, signer, request):
    body = encode(request)
    connection.request("POST", "/", body, signer.headers_of(body))
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200:
        sys.exit(f"{signer.headers['X-Amz-Target']}: {response.status} {answer.decode()}")
    return json.loads(answer)


def load(port, items):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    call(connection, Signer("CreateTable"), {
        "TableName": "Bench", "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                 {"AttributeName": "sk", "AttributeType": "N"}]})
    while call(connection, Signer("DescribeTable"), {"TableName": "Bench"})["Table"]["TableStatus"] != "ACTIVE":
        time.sleep(0.1)
    numbers = list(range(items))
    random.Random(1).shuffle(numbers)
    for start in range(0, items, BATCH):
        pending = {"Bench": [{"PutRequest": {"Item": item(n, 18 + n % 60)}} for n in numbers[start:start + BATCH]]}
        signer = Signer("BatchWriteItem")
        while pending:
            pending = call(connection, signer, {"RequestItems": pending}).get("UnprocessedItems")
    number = numbers[0]
    if call(connection, Signer("GetItem"), get(number))["Item"] != item(number, 18 + number % 60) or \
            call(connection, Signer("Query"), query(number))["Count"] != min(items, PER_PARTITION):
        sys.exit(f"the server on port {port} does not give back what it was given")


def requests(work, items, path):
    operation, make = WORKS[work]
    signer = Signer(operation)
    with open(path, "wb") as out:
        for number in random.choices(range(items), k=REQUESTS):
            body = encode(make(number))
            headers = "".join(f"{name}: {value}\r\n" for name, value in signer.headers_of(body).items())
            request = f"POST / HTTP/1.1\r\n{headers}\r\n".encode() + body
            out.write(b"%d\n" % len(request) + request)


# ---------------------------------------------------------------- after it

class Results:
    """Lines of: work, connections, server, round, requests/s, median and 99 % latency and CPU in microseconds."""

    def __init__(self, path):
        self.rows = {}
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                work, connections, server, turn, *figures = line.split()
                self.rows.setdefault((work, int(connections)), {}).setdefault(server, {})[turn] = \
                    [float(figure) for figure in figures]

    def median(self, case, server, column):
        return statistics.median(figures[column] for figures in self.rows[case][server].values())

    def ratio(self, case, server, other, column):
        """The median over the rounds, since both had the machine in much the same state in one."""
        rounds = self.rows[case]
        return statistics.median(rounds[server][turn][column] / rounds[other][turn][column]
                                 for turn in rounds[server] if turn in rounds[other])


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def milliseconds(microseconds):
    return f"{microseconds / 1000:.2f}" if microseconds < 10000 else f"{microseconds / 1000:.0f}"


def report(path, servers):
    results = Results(path)
    rivals = [server for server in servers if server != "dynapg"]
    names = [NAMES[server] for server in servers]
    throughput, latency, cpu, floor = [], [], [], []
    for case, rounds in results.rows.items():
        title = [TITLES[case[0]], str(case[1])]
        row = title + [f"{results.median(case, server, 0):.0f}" for server in servers]
        if rivals:
            best = max(rivals, key=lambda server: results.median(case, server, 0))
            row += [NAMES[best], f"{results.ratio(case, 'dynapg', best, 0):.2f}"]
        throughput.append(row)
        latency.append(title + [milliseconds(results.median(case, server, 1)) + " / " +
                                milliseconds(results.median(case, server, 2)) for server in servers])
        row = title + [f"{results.median(case, server, 3):.0f}" for server in servers]
        if rivals:
            best = min(rivals, key=lambda server: results.median(case, server, 3))
            row += [NAMES[best], f"{results.ratio(case, best, 'dynapg', 3):.2f}"]
        cpu.append(row)
        for other in rounds:
            if other.startswith("raw-"):
                floor.append([title[0], title[1], other[4:],
                              *(f"{results.median(case, server, 0):.0f}" for server in ("dynapg", other)),
                              f"{results.ratio(case, 'dynapg', other, 0):.2f}",
                              *(f"{results.median(case, server, 3):.0f}" for server in ("dynapg", other)),
                              f"{results.ratio(case, other, 'dynapg', 3):.2f}"])
    best = ["best rival", "ratio"] if rivals else []
    print("Requests a second:\n")
    table(["work", "connections", *names, *best], throughput)
    print("Latency in milliseconds, median / 99 %:\n")
    table(["work", "connections", *names], latency)
    print("CPU of the server for a request, in microseconds:\n")
    table(["work", "connections", *names, *best], cpu)
    if floor:
        print("Against raw SQL, sent by pgbench over TCP:\n")
        table(["work", "connections", "pgbench clients", "dynapg/s", "raw/s", "ratio", "dynapg CPU", "raw CPU", "ratio"],
              floor)


def main():
    what, *arguments = sys.argv[1:]
    if what == "wait":
        wait(int(arguments[0]))
    elif what == "load":
        load(int(arguments[0]), int(arguments[1]))
    elif what == "requests":
        requests(arguments[0], int(arguments[1]), arguments[2])
    elif what == "report":
        report(arguments[0], arguments[1:])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
