"""Throttling as boto3 sees it: what is refused, and that its standard and adaptive retries ride through, batches and paginators too."""
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from harness import equal, finish, test

UNITS = 2       # so few that a slow machine asks for more
TABLE = "ThrottledPython"


def client_of(mode, attempts):
    return boto3.client("dynamodb", config=Config(retries={"mode": mode, "total_max_attempts": attempts}))


plain = client_of("standard", 1)
plain.create_table(
    TableName=TABLE, KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    ProvisionedThroughput={"ReadCapacityUnits": UNITS, "WriteCapacityUnits": UNITS})


def put(client, number):
    """The number of the answer's retries."""
    return client.put_item(TableName=TABLE, Item={"pk": {"S": str(number)}})["ResponseMetadata"]["RetryAttempts"]


def until_refused(function):
    for _ in range(1000):
        try:
            function()
        except ClientError as error:
            return error.response
    raise AssertionError("nothing was refused")


@test("a write that is throttled, without retries")
def _():
    response = until_refused(lambda: put(plain, 0))
    equal(response["Error"]["Code"], "ProvisionedThroughputExceededException")
    equal(response["ThrottlingReasons"][0]["reason"], "TableWriteProvisionedThroughputExceeded")
    equal(response["ThrottlingReasons"][0]["resource"].rsplit(":", 1)[1], "table/" + TABLE)


for retry_mode in ("standard", "adaptive"):
    @test(f"{retry_mode} retries ride through")
    def _(mode=retry_mode):
        client = client_of(mode, 12)
        # from a moment on at which there was nothing left
        begin = time.monotonic()
        until_refused(lambda: put(plain, 0))
        retries = []
        while len(retries) < 5 * UNITS or max(retries) == 0:
            retries.append(put(client, len(retries)))
            assert len(retries) < 1000, "nothing was throttled"
        # one was on its way when the other one was refused
        assert time.monotonic() - begin >= (len(retries) - UNITS) / UNITS, "more was taken than the table gives"


@test("the batch writer sends again what comes back")
def _():
    table = boto3.resource("dynamodb", config=Config(retries={"mode": "standard", "total_max_attempts": 12})).Table(TABLE)
    with table.batch_writer() as batch:
        for number in range(5 * UNITS):
            batch.put_item(Item={"pk": "batch" + str(number)})
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline:
        try:
            count = sum(page["Count"] for page in plain.get_paginator("scan").paginate(
                TableName=TABLE, Select="COUNT", FilterExpression="begins_with(pk, :b)", ExpressionAttributeValues={":b": {"S": "batch"}}))
            break
        except ClientError:
            time.sleep(0.2)
    equal(count, 5 * UNITS)


plain.delete_table(TableName=TABLE)
finish()
