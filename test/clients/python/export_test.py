"""Exports through boto3, and what others make of their files: pandas and DuckDB."""
import base64
import gzip
import hashlib
import json
import os
import time

import boto3
import duckdb
import pandas
from botocore.exceptions import ClientError
from harness import ENDPOINT, REGION, equal, finish, test

FOLDER = os.environ["DYNAPG_EXPORTS"]
client = boto3.client("dynamodb", endpoint_url=ENDPOINT, region_name=REGION)
COUNT = 500


def arn(name):
    return client.describe_table(TableName=name)["Table"]["TableArn"]


def item(i):
    return {"p": {"S": f"k{i % 50}"}, "s": {"N": str(i)}, "name": {"S": f'n "{i}" \u00e9\u4e2d\n'}, "price": {"N": f"{i}.25"},
            "tags": {"SS": ["x", f"t{i}"]}, "raw": {"B": b"\x00\x01" + str(i).encode()}, "none": {"NULL": True}, "good": {"BOOL": i % 2 == 0},
            "list": {"L": [{"N": "1"}, {"M": {"deep": {"S": "d"}}}]}}


def wait(export_arn):
    for _ in range(3000):
        description = client.describe_export(ExportArn=export_arn)["ExportDescription"]
        if description["ExportStatus"] != "IN_PROGRESS":
            return description
        time.sleep(0.1)
    raise AssertionError("the export does not end")


def read(key):
    with open(os.path.join(FOLDER, "bucket", key), "rb") as source:
        return source.read()


def files(description):
    """The paths of its data files, by its manifests."""
    summary = json.loads(read(description["ExportManifest"]))
    lines = read(summary["manifestFilesS3Key"])
    checksum = read(summary["manifestFilesS3Key"].replace(".json", ".md5"))
    equal(checksum.decode(), base64.b64encode(hashlib.md5(lines).digest()).decode())
    return [os.path.join(FOLDER, "bucket", json.loads(line)["dataFileS3Key"]) for line in lines.splitlines()]


def prepare():
    client.create_table(TableName="Exported", BillingMode="PAY_PER_REQUEST",
                        KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
                        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}])
    client.get_waiter("table_exists").wait(TableName="Exported")
    for i in range(0, COUNT, 25):
        client.batch_write_item(RequestItems={"Exported": [{"PutRequest": {"Item": item(j)}} for j in range(i, i + 25)]})
    client.update_continuous_backups(TableName="Exported", PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True})
    for _ in range(1800):
        try:
            return client.export_table_to_point_in_time(TableArn=arn("Exported"), S3Bucket="bucket")["ExportDescription"]["ExportArn"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "PointInTimeRecoveryUnavailableException":
                raise
            time.sleep(0.1)
    raise AssertionError("point-in-time recovery does not begin")


export = wait(prepare())


@test("an export ends, and is described")
def _():
    equal(export["ExportStatus"], "COMPLETED")
    equal(export["ItemCount"], COUNT)
    assert export["EndTime"] >= export["StartTime"]
    equal([e["ExportStatus"] for e in client.list_exports(TableArn=arn("Exported"))["ExportSummaries"]], ["COMPLETED"])


@test("its files have the items that were put")
def _():
    got = {}
    for path in files(export):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                one = json.loads(line)["Item"]
                one["raw"]["B"] = base64.b64decode(one["raw"]["B"])
                one["tags"]["SS"].sort()
                got[one["s"]["N"]] = one
    expected = {}
    for i in range(COUNT):
        one = item(i)
        one["tags"]["SS"].sort()
        expected[str(i)] = one
    equal(got, expected)


@test("DuckDB reads them")
def _():
    rows = duckdb.sql("""SELECT count(*), sum(CAST(Item.price.N AS DECIMAL(20, 2))), count(DISTINCT Item.p.S), min(Item.name.S),
        count(*) FILTER (Item.good.BOOL), max(len(Item.tags.SS)) FROM read_json(?, format = 'newline_delimited', compression = 'gzip')""",
                      params=[files(export)]).fetchall()
    equal([str(value) for value in rows[0]], [str(COUNT), f"{sum(range(COUNT)) + COUNT * 0.25:.2f}", "50", 'n "0" \u00e9\u4e2d\n', str(COUNT // 2), "2"])


@test("pandas reads them")
def _():
    frame = pandas.concat([pandas.read_json(path, lines=True, compression="gzip") for path in files(export)])
    flat = pandas.json_normalize(frame["Item"].tolist())
    equal(len(flat), COUNT)
    equal(sorted(flat["s.N"].astype(int)), list(range(COUNT)))
    equal(flat["price.N"].astype(float).sum(), sum(range(COUNT)) + COUNT * 0.25)


@test("the service's errors are the client's exceptions")
def _():
    for code, call in (("ExportNotFoundException", lambda: client.describe_export(ExportArn=export["ExportArn"][:-8] + "00000000")),
                       ("InvalidExportTimeException", lambda: client.export_table_to_point_in_time(TableArn=arn("Exported"), S3Bucket="bucket", ExportTime=1)),
                       ("ExportConflictException", lambda: [client.export_table_to_point_in_time(TableArn=arn("Exported"), S3Bucket="bucket", ClientToken="t",
                                                                                                S3Prefix=prefix) for prefix in ("a", "b")])):
        try:
            call()
        except ClientError as error:
            equal(error.response["Error"]["Code"], code)
        else:
            raise AssertionError(f"no {code}")


@test("exports are listed in pages")
def _():
    for i in range(3):
        wait(client.export_table_to_point_in_time(TableArn=arn("Exported"), S3Bucket="bucket", S3Prefix=f"page{i}")["ExportDescription"]["ExportArn"])
    listed, token = [], {}
    while token is not None:
        page = client.list_exports(TableArn=arn("Exported"), MaxResults=2, **token)
        listed += [e["ExportArn"] for e in page["ExportSummaries"]]
        token = {"NextToken": page["NextToken"]} if "NextToken" in page else None
    equal(len(listed), 5)
    equal(listed, sorted(listed, reverse=True))


finish()
