#!/usr/bin/env python3
"""What test/soak/run.sh needs besides the load itself (wrk with bench/http_replay.lua).

    soak.py tables PORT             the tables that requests go to
    soak.py requests FILE SEED TABLES   mixed requests, right and wrong ones, as http_replay.lua reads them; TABLES is
                                    churn, or still: no table is created and dropped any more, every attempt is refused
    soak.py chaos PORT              connections that are broken off, until it is terminated; prints how many
    soak.py operations              the names of the operations that are in the mix
    soak.py judge FILE              whether memory was flat, from lines of: requests, pid, VmRSS, RssAnon, used (kB)

BENCH_KEY_ID and BENCH_SECRET have the access key. Nothing but the standard library.
"""
import datetime
import gzip
import http.client
import os
import pathlib
import random
import signal
import socket
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "bench"))
import http_bench                                                               # noqa: E402
from http_bench import HOST, Signer, call, encode                               # noqa: E402

REQUESTS = 10000
PARTITIONS, PER_PARTITION = 2000, 10
TABLE, CHURN = "Soak", 8
still = False
# Growth that is no leak: a buffer that is doubled once more, a cache's last entries; in kB.
CONTEXT_SLACK, PROCESS_SLACK, RATIO = 512, 4096, 1.05


# ---------------------------------------------------------------- single requests

def key():
    return {"pk": {"S": f"user#{random.randrange(PARTITIONS)}"}, "sk": {"N": str(random.randrange(PER_PARTITION))}}


def item(size):
    return key() | {"n": {"N": str(random.randrange(10 ** 9))}, "b": {"B": "AAEC"}, "tags": {"SS": ["red", "green"]},
                    "deep": {"M": {"list": {"L": [{"NULL": True}, {"BOOL": False}, {"S": "x" * random.randrange(50)}]}}},
                    "text": {"S": "x" * size}}


def put(size=200):
    return "PutItem", {"TableName": TABLE, "Item": item(random.randrange(size))}


def condition(expected):
    name, request = put()
    return name, request | {"ConditionExpression": f"{expected}(pk)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}


def get(table=TABLE):
    return "GetItem", {"TableName": table, "Key": key(), "ConsistentRead": random.random() < .5,
                       "ProjectionExpression": "pk, #n, deep.list[1]", "ExpressionAttributeNames": {"#n": "n"}}


def update():
    return "UpdateItem", {"TableName": TABLE, "Key": key(), "ReturnValues": "ALL_NEW",
                          "UpdateExpression": "SET #n = if_not_exists(#n, :one) + :one ADD tags :tags REMOVE b",
                          "ExpressionAttributeNames": {"#n": "n"},
                          "ExpressionAttributeValues": {":one": {"N": "1"}, ":tags": {"SS": ["blue"]}}}


def delete():
    return "DeleteItem", {"TableName": TABLE, "Key": key(), "ReturnValues": "ALL_OLD"}


def query():
    return "Query", {"TableName": TABLE, "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
                     "FilterExpression": "attribute_exists(#n)", "ExpressionAttributeNames": {"#n": "n"},
                     "ExpressionAttributeValues": {":pk": key()["pk"], ":low": {"N": "2"}, ":high": {"N": "8"}},
                     "ScanIndexForward": random.random() < .5, "ReturnConsumedCapacity": "TOTAL"}


def scan():
    return "Scan", {"TableName": TABLE, "Limit": random.randrange(1, 40), "TotalSegments": 4,
                    "Segment": random.randrange(4)}


def distinct_keys(count):
    return list({encode(each): each for each in (key() for _ in range(count))}.values())


def batch_get():
    return "BatchGetItem", {"RequestItems": {TABLE: {"Keys": distinct_keys(20)}}}


def batch_write():
    return "BatchWriteItem", {"RequestItems": {TABLE: [
        {"PutRequest": {"Item": item(100) | each}} if random.random() < .7 else {"DeleteRequest": {"Key": each}}
        for each in distinct_keys(25)]}}


def definition(name):
    return {"TableName": name, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
                                     {"AttributeName": "sk", "AttributeType": "N"}]}


def churn():
    return f"Churn{random.randrange(CHURN)}"


def create_table():
    return "CreateTable", definition(TABLE if still else churn())


def delete_table():
    return "DeleteTable", {"TableName": "Missing" if still else churn()}


def update_table():
    return "UpdateTable", {"TableName": "Missing" if still else churn(),
                           "TableClass": random.choice(["STANDARD", "STANDARD_INFREQUENT_ACCESS"])}


def describe_table():
    return "DescribeTable", {"TableName": random.choice([TABLE, churn()])}


def invalid():
    name, request = random.choice([put, get, update, query])()
    return name, random.choice([
        request | {"TableName": "x"}, request | {"ReturnValues": "NONSENSE"}, request | {"TableName": "Missing"},
        request | {"Item": {"pk": {"S": ""}}, "Key": {"pk": {"N": "1"}}}, request | {"TableName": 1}, {},
        request | {"ConditionExpression": "a = = b", "KeyConditionExpression": "pk < :pk"}])


MIX = [(12, put), (3, lambda: put(20000)), (.2, lambda: put(380000)), (4, lambda: condition("attribute_exists")),
       (4, lambda: condition("attribute_not_exists")), (25, get), (2, lambda: get("Missing")), (12, update), (6, delete),
       (8, query), (3, scan), (3, batch_get), (2, batch_write), (5, invalid), (.1, create_table), (.1, delete_table),
       (.1, update_table), (1, describe_table), (.5, lambda: ("ListTables", {"Limit": 5})),
       (.3, lambda: ("DescribeLimits", {})), (.3, lambda: ("DescribeEndpoints", {})), (1, lambda: ("ImportTable", {}))]
OPERATIONS = ["BatchGetItem", "BatchWriteItem", "CreateTable", "DeleteItem", "DeleteTable", "DescribeEndpoints",
              "DescribeLimits", "DescribeTable", "GetItem", "ImportTable", "ListTables", "PutItem", "Query", "Scan",
              "UpdateItem", "UpdateTable"]


# ---------------------------------------------------------------- their bytes

def bytes_of(method, uri, headers, body=b""):
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {uri} HTTP/1.1\r\n{lines}\r\n".encode() + body


def spoil(headers):
    """What is wrong with a signature."""
    how = random.randrange(5)
    if how == 0:
        del headers["Authorization"]
    elif how == 1:
        headers["Authorization"] = headers["Authorization"][:-4] + "0000"
    elif how == 2:
        headers["Authorization"] = headers["Authorization"].replace("Credential=AKIA", "Credential=AKIB")
    elif how == 3:
        headers["X-Amz-Date"] = (datetime.datetime.now(datetime.timezone.utc) -
                                 datetime.timedelta(hours=1)).strftime("%Y%m%dT%H%M%SZ")
    else:
        headers["Authorization"] = "AWS4-HMAC-SHA256 " + "x" * random.randrange(300)


def one_request(signers):
    kind = random.random()
    if kind < .005:
        return bytes_of("GET", random.choice(["/", "/metrics"]), {"Host": HOST})
    if kind < .01:
        return bytes_of("OPTIONS", "/", {"Host": HOST, "Origin": "http://example.com",
                                         "Access-Control-Request-Headers": "x-amz-target"})
    name, request = random.choices([make for _, make in MIX], [weight for weight, _ in MIX])[0]()
    body = encode(request)
    further = {}
    if kind < .03:
        body = gzip.compress(body, 1)
        further["Content-Encoding"] = "gzip"
    elif kind < .04:
        body = random.choice([b"", b"{", b"[1]", b"\xff\xfe", body[:-1], b"{" * 5000])
    if name not in signers:
        signers[name] = Signer(name)
    headers = signers[name].headers_of(body) | further
    if kind > .97:
        spoil(headers)
    if .9 < kind < .95:
        headers |= {"Accept-Encoding": "gzip", "Origin": "http://example.com", "traceparent": "00-1-2-01"}
    return bytes_of("POST", "/", headers, body)


def write_requests(path, seed, tables):
    global still
    still = tables == "still"
    random.seed(int(seed))
    signers = {}
    with open(path, "wb") as out:
        for _ in range(REQUESTS):
            request = one_request(signers)
            out.write(b"%d\n%s" % (len(request), request))


def make_tables(port):
    http_bench.wait(port)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    call(connection, Signer("CreateTable"), definition(TABLE))


# ---------------------------------------------------------------- broken connections

def broken(port):
    """One connection that ends as none should."""
    signer = Signer("PutItem")
    body = encode(put(2000)[1])
    request = bytes_of("POST", "/", signer.headers_of(body), body)
    sent = random.choice([
        request, request * 5, request[:random.randrange(len(request))], os.urandom(300), b"", b"GET /" + b"x" * 40000,
        bytes_of("POST", "/", signer.headers_of(b"") | {"Content-Length": "99999999"}, b"x" * 100000),
        bytes_of("POST", "/", {"Host": HOST, "Transfer-Encoding": "chunked", "Content-Type": "application/json"},
                 b"ffff\r\n" + b"x" * 70000)])
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        if random.random() < .5:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        try:
            connection.sendall(sent)
            if random.random() < .3:
                connection.settimeout(.05)
                connection.recv(10)
        except OSError:
            pass


def chaos(port):
    count = 0
    ended = []
    signal.signal(signal.SIGTERM, lambda *_: ended.append(True))
    while not ended:
        broken(port)
        count += 1
        time.sleep(.01)
    print(count)


# ---------------------------------------------------------------- the verdict

def judge(path):
    samples = {}
    for line in open(path, encoding="ascii"):
        _, pid, rss, anon, used = map(int, line.split())
        samples.setdefault(pid, []).append((rss, anon, used))
    for pid, rows in samples.items():
        third = max(len(rows) // 3, 1)
        for column, name, slack in ((1, "its own memory (RssAnon)", PROCESS_SLACK), (2, "its memory contexts", CONTEXT_SLACK)):
            early = max(row[column] for row in rows[third:2 * third])
            late = max(row[column] for row in rows[-third:])
            good = len(rows) >= 6 and late <= early * RATIO + slack
            print(f"{'ok' if good else 'not ok'}: worker {pid}: {name}: {rows[0][column]} kB at first, at most {early} kB "
                  f"in the middle third and {late} kB in the last")
        print(f"worker {pid}: VmRSS, shared memory included, from {rows[0][0]} to {rows[-1][0]} kB")


def main():
    command, *arguments = sys.argv[1:]
    if command == "tables":
        make_tables(int(arguments[0]))
    elif command == "requests":
        write_requests(*arguments)
    elif command == "chaos":
        chaos(int(arguments[0]))
    elif command == "operations":
        print("\n".join(OPERATIONS))
    elif command == "judge":
        judge(arguments[0])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
