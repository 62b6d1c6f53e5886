"""What docs/migration.md is tested with: a table, its writers, and a comparison of two endpoints.

    migration.py create ENDPOINT | write ENDPOINT FILE | compare ENDPOINT ENDPOINT
"""
import os
import random
import sys
import threading

import boto3

KEYS = 600


def client(endpoint):
    return boto3.client("dynamodb", endpoint_url=endpoint)


def key(number):
    return {"Artist": {"S": f"artist {number % 40}"}, "Song": {"S": f"song {number}"}}


def value(rng):
    """A value of any type."""
    number = str(rng.randint(-10**9, 10**9)) + rng.choice(["", ".5", "e20", ".00"])
    return rng.choice([
        {"S": "é" * rng.randint(0, 20)}, {"N": number}, {"B": rng.randbytes(8)}, {"BOOL": True}, {"NULL": True},
        {"SS": ["b", "a"]}, {"NS": ["3", "1.50", "2"]}, {"BS": [b"y", b"x"]},
        {"L": [{"N": number}, {"S": "x"}]}, {"M": {"$a": {"N": "1"}, "b": {"L": []}}}])


def item(number, rng):
    return {**key(number), "Year": {"N": str(rng.randint(1950, 2030))}, "value": value(rng), "size": {"S": "x" * rng.randint(0, 2000)}}


def create(endpoint):
    dynamodb = client(endpoint)
    dynamodb.create_table(
        TableName="Music", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": t} for n, t in (("Artist", "S"), ("Song", "S"), ("Year", "N"))],
        KeySchema=[{"AttributeName": "Artist", "KeyType": "HASH"}, {"AttributeName": "Song", "KeyType": "RANGE"}],
        GlobalSecondaryIndexes=[{"IndexName": "by_year", "KeySchema": [{"AttributeName": "Year", "KeyType": "HASH"}],
                                 "Projection": {"ProjectionType": "KEYS_ONLY"}}])
    rng = random.Random(1)
    for first in range(0, 5000, 25):
        dynamodb.batch_write_item(RequestItems={"Music": [{"PutRequest": {"Item": item(n, rng)}} for n in range(first, first + 25)]})


def write_some(endpoint, stop, seed):
    dynamodb = client(endpoint)
    rng = random.Random(seed)
    while not os.path.exists(stop):
        number = rng.randrange(KEYS)
        if rng.random() < 0.3:
            dynamodb.delete_item(TableName="Music", Key=key(number))
        elif rng.random() < 0.5:
            dynamodb.update_item(TableName="Music", Key=key(number), UpdateExpression="ADD plays :one", ExpressionAttributeValues={":one": {"N": "1"}})
        else:
            dynamodb.put_item(TableName="Music", Item=item(number, rng))


def write(endpoint, stop):
    writers = [threading.Thread(target=write_some, args=(endpoint, stop, seed)) for seed in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


def plain(value):
    """A value that equals another one if the service says so."""
    (kind, content), = value.items()
    if kind == "N":
        return kind, boto3.dynamodb.types.DYNAMODB_CONTEXT.create_decimal(content).normalize()
    if kind == "NS":
        return kind, frozenset(plain({"N": n}) for n in content)
    if kind in ("SS", "BS"):
        return kind, frozenset(content)
    if kind == "L":
        return kind, tuple(plain(v) for v in content)
    if kind == "M":
        return kind, frozenset((n, plain(v)) for n, v in content.items())
    return kind, content


def items(endpoint):
    pages = client(endpoint).get_paginator("scan").paginate(TableName="Music", ConsistentRead=True)
    return {(i["Artist"]["S"], i["Song"]["S"]): plain({"M": i}) for page in pages for i in page["Items"]}


def compare(one, other):
    left, right = items(one), items(other)
    different = [k for k in left.keys() | right.keys() if left.get(k) != right.get(k)]
    for k in different[:5]:
        print("differs:", k, left.get(k), right.get(k))
    if different:
        sys.exit(f"{len(different)} items differ")
    print(f"the same: {len(left)} items")


if __name__ == "__main__":
    import boto3.dynamodb.types
    {"create": create, "write": write, "compare": compare}[sys.argv[1]](*sys.argv[2:])
