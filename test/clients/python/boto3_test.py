"""boto3: client and resource, paginators, waiters, the batch writer, errors, and botocore's other signers."""
import hashlib
import json
import os
import time
import urllib.error
import urllib.request
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from harness import ENDPOINT, REGION, equal, finish, restart, test

config = Config(retries={"max_attempts": 1})
client = boto3.client("dynamodb", config=config)
dynamodb = boto3.resource("dynamodb", config=config)
table = dynamodb.Table("Music")


def error_of(function, **arguments):
    try:
        function(**arguments)
    except ClientError as error:
        return error.response
    raise AssertionError("no error")


@test("create_table and the waiter table_exists")
def _():
    answer = client.create_table(
        TableName="Music",
        KeySchema=[{"AttributeName": "Artist", "KeyType": "HASH"}, {"AttributeName": "Title", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "Artist", "AttributeType": "S"}, {"AttributeName": "Title", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    equal(answer["TableDescription"]["TableName"], "Music")
    client.get_waiter("table_exists").wait(TableName="Music", WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    table.load()
    equal(table.table_status, "ACTIVE")
    equal(table.table_arn.split(":")[3], REGION)
    equal(client.list_tables()["TableNames"], ["Music"])
    equal([t.name for t in dynamodb.tables.all()], ["Music"])


@test("every type of value, there and back")
def _():
    item = {
        "Artist": "No One You Know",
        "Title": "Call Me Today",
        "string": "\u00e4\u20ac\U0001f600\x00\n",
        "empty": "",
        "number": Decimal("12345678901234567890123456789012345678"),
        "small": Decimal("-1E-130"),
        "binary": Binary(bytes(range(256))),
        "bool": True,
        "null": None,
        "list": [1, "two", [3], {"four": 4}],
        "map": {"a": {"b": {"c": Decimal("1.5")}}},
        "ss": {"a", "b"},
        "ns": {Decimal(1), Decimal("2.5")},
        "bs": {Binary(b"x"), Binary(b"y")},
    }
    table.put_item(Item=item)
    got = table.get_item(Key={"Artist": "No One You Know", "Title": "Call Me Today"}, ConsistentRead=True)["Item"]
    equal(got, {**item, "list": [Decimal(1), "two", [Decimal(3)], {"four": Decimal(4)}]})


@test("get_item of what is not there")
def _():
    equal("Item" in table.get_item(Key={"Artist": "x", "Title": "y"}), False)


@test("update_item: expression, names, values, return values")
def _():
    answer = table.update_item(
        Key={"Artist": "A", "Title": "T"},
        UpdateExpression="SET #n = if_not_exists(#n, :zero) + :one, tags = :tags",
        ExpressionAttributeNames={"#n": "plays"},
        ExpressionAttributeValues={":zero": 0, ":one": 1, ":tags": {"new"}},
        ReturnValues="ALL_NEW",
    )
    equal(answer["Attributes"], {"Artist": "A", "Title": "T", "plays": Decimal(1), "tags": {"new"}})
    answer = table.update_item(
        Key={"Artist": "A", "Title": "T"},
        UpdateExpression="ADD plays :one REMOVE tags",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="UPDATED_NEW",
    )
    equal(answer["Attributes"], {"plays": Decimal(2)})


@test("conditions, and the item of a failed one")
def _():
    put = {"TableName": "Music", "Item": {"Artist": {"S": "A"}, "Title": {"S": "T"}}}
    error = error_of(
        client.put_item, **put, ConditionExpression="attribute_not_exists(Artist)", ReturnValuesOnConditionCheckFailure="ALL_OLD"
    )
    equal(error["Error"], {"Message": "The conditional request failed", "Code": "ConditionalCheckFailedException"})
    equal(error["ResponseMetadata"]["HTTPStatusCode"], 400)
    equal(error["Item"]["plays"], {"N": "2"})
    try:
        client.put_item(**put, ConditionExpression="attribute_not_exists(Artist)")
        raise AssertionError("no error")
    except client.exceptions.ConditionalCheckFailedException:
        pass
    table.put_item(Item={"Artist": "A", "Title": "T", "plays": 3}, ConditionExpression=Attr("plays").eq(2) & Attr("Artist").begins_with("A"))


@test("errors have the service's classes and texts")
def _():
    error = error_of(client.get_item, TableName="nothing", Key={"k": {"S": "x"}})
    equal(error["Error"], {"Message": "Requested resource not found", "Code": "ResourceNotFoundException"})
    error = error_of(client.describe_table, TableName="nothing")
    equal(error["Error"], {"Message": "Requested resource not found: Table: nothing not found", "Code": "ResourceNotFoundException"})
    equal(error_of(client.get_item, TableName="Music", Key={"k": {"S": "x"}})["Error"]["Code"], "ValidationException")
    equal(len(error["ResponseMetadata"]["RequestId"]), 52)


@test("batch_writer writes more than one request takes")
def _():
    with table.batch_writer(overwrite_by_pkeys=["Artist", "Title"]) as batch:
        for i in range(120):
            batch.put_item(Item={"Artist": "Batch", "Title": f"{i:03}", "i": i, "even": i % 2 == 0})
        batch.put_item(Item={"Artist": "Batch", "Title": "119", "i": 119, "even": False})
        batch.delete_item(Key={"Artist": "Batch", "Title": "000"})
    equal(table.query(KeyConditionExpression=Key("Artist").eq("Batch"), Select="COUNT")["Count"], 119)


@test("query: key conditions, filter, projection, order, limit")
def _():
    answer = table.query(
        KeyConditionExpression=Key("Artist").eq("Batch") & Key("Title").between("010", "019"),
        FilterExpression=Attr("even").eq(True),
        ProjectionExpression="#t, i",
        ExpressionAttributeNames={"#t": "Title"},
        ScanIndexForward=False,
    )
    equal([item["Title"] for item in answer["Items"]], ["018", "016", "014", "012", "010"])
    equal(answer["Items"][0], {"Title": "018", "i": Decimal(18)})
    equal((answer["Count"], answer["ScannedCount"]), (5, 10))


@test("paginators of query, scan and list_tables")
def _():
    pages = list(
        client.get_paginator("query").paginate(
            TableName="Music",
            KeyConditionExpression="Artist = :a",
            ExpressionAttributeValues={":a": {"S": "Batch"}},
            PaginationConfig={"PageSize": 25},
        )
    )
    equal([len(page["Items"]) for page in pages], [25, 25, 25, 25, 19])
    keys = [item["Title"]["S"] for page in pages for item in page["Items"]]
    equal(keys, [f"{i:03}" for i in range(1, 120)])
    scanned = client.get_paginator("scan").paginate(TableName="Music", PaginationConfig={"PageSize": 7}).build_full_result()
    equal(len(scanned["Items"]), 121)
    for name in ("more-1", "more-2"):
        client.create_table(
            TableName=name,
            KeySchema=[{"AttributeName": "k", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "k", "AttributeType": "N"}],
            ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
        )
    names = client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 1}).build_full_result()["TableNames"]
    equal(names, ["Music", "more-1", "more-2"])


@test("a parallel scan reads everything once")
def _():
    titles = []
    for segment in range(4):
        titles += [(i["Artist"], i["Title"]) for i in table.scan(Segment=segment, TotalSegments=4)["Items"]]
    equal((len(titles), len(set(titles))), (121, 121))


@test("batch_get_item")
def _():
    keys = [{"Artist": "Batch", "Title": f"{i:03}"} for i in range(1, 101)]
    answer = dynamodb.batch_get_item(RequestItems={"Music": {"Keys": keys, "ConsistentRead": True}})
    equal(sorted(item["i"] for item in answer["Responses"]["Music"]), list(range(1, 101)))
    equal(answer["UnprocessedKeys"], {})


@test("consumed capacity")
def _():
    answer = table.get_item(Key={"Artist": "Batch", "Title": "001"}, ReturnConsumedCapacity="TOTAL")
    equal(answer["ConsumedCapacity"], {"TableName": "Music", "CapacityUnits": 0.5})


@test("a large item, compressed on its way back")
def _():
    text = "".join(chr(97 + i % 26) for i in range(390000))
    table.put_item(Item={"Artist": "Large", "Title": "1", "text": text})
    answer = table.get_item(Key={"Artist": "Large", "Title": "1"})
    equal(answer["Item"]["text"], text)


@test("tags, and continuous backups that no table has yet")
def _():
    arn = table.table_arn
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "Owner", "Value": "me"}, {"Key": "\u043a\u043b\u044e\u0447", "Value": ""}])
    tags = client.get_paginator("list_tags_of_resource").paginate(ResourceArn=arn).build_full_result()["Tags"]
    equal({tag["Key"]: tag["Value"] for tag in tags}, {"Owner": "me", "\u043a\u043b\u044e\u0447": ""})
    client.untag_resource(ResourceArn=arn, TagKeys=["Owner", "none"])
    equal(client.list_tags_of_resource(ResourceArn=arn)["Tags"], [{"Key": "\u043a\u043b\u044e\u0447", "Value": ""}])
    error = error_of(client.tag_resource, ResourceArn=arn, Tags=[{"Key": "aws:x", "Value": "y"}])
    equal(error["Error"], {"Code": "ValidationException", "Message": "Tag Key cannot be prefixed with aws:, Key: aws:x"})
    backups = client.describe_continuous_backups(TableName="Music")["ContinuousBackupsDescription"]
    equal(backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"], "DISABLED")
    error = error_of(client.describe_continuous_backups, TableName="None")
    equal(error["Error"], {"Code": "TableNotFoundException", "Message": "Table not found: None"})


@test("resource policies: of a table and a stream, revisions, what clients make of refusals")
def _():
    def policy(action, **members):
        return json.dumps({"Version": "2012-10-17", "Statement": [dict({"Effect": "Deny", "Principal": "*", "Action": action, "Resource": "*"}, **members)]})

    key = [{"AttributeName": "id", "KeyType": "HASH"}]
    created = client.create_table(
        TableName="Policed", KeySchema=key, AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"}, ResourcePolicy=policy("dynamodb:UpdateTable"),
    )["TableDescription"]
    for arn, action in ((created["TableArn"], "dynamodb:UpdateTimeToLive"), (created["LatestStreamArn"], "dynamodb:DeleteResourcePolicy")):
        first = client.put_resource_policy(ResourceArn=arn, Policy=policy(action, Sid="mine"), ConfirmRemoveSelfResourceAccess=True)["RevisionId"]
        answer = client.get_resource_policy(ResourceArn=arn)
        equal((json.loads(answer["Policy"]), answer["RevisionId"]), (json.loads(policy(action, Sid="mine")), first))
        equal(client.put_resource_policy(ResourceArn=arn, Policy=answer["Policy"], ExpectedRevisionId=first)["RevisionId"], first)
        error = error_of(client.put_resource_policy, ResourceArn=arn, Policy=policy(action), ExpectedRevisionId="NO_POLICY")
        equal(error["Error"]["Code"], "PolicyNotFoundException")
        error = error_of(client.put_resource_policy, ResourceArn=arn, Policy=policy("dynamodb:PutResourcePolicy"))
        equal(error["Error"]["Message"], "The new resource policy will not allow you to update the resource policy in the future.")
        try:
            client.put_resource_policy(ResourceArn=arn, Policy="[]")
        except client.exceptions.ClientError as caught:
            equal(caught.response["Error"]["Message"], "One or more parameter values were invalid: Invalid policy document: This policy contains invalid Json")
        second = client.put_resource_policy(ResourceArn=arn, Policy=policy("dynamodb:DescribeStream" if "/stream/" in arn else "dynamodb:UpdateTimeToLive"))["RevisionId"]
        equal(client.delete_resource_policy(ResourceArn=arn, ExpectedRevisionId=second)["RevisionId"], second)
        try:
            client.get_resource_policy(ResourceArn=arn)
            raise AssertionError("a policy that was deleted")
        except client.exceptions.PolicyNotFoundException as caught:
            equal(caught.response["ResponseMetadata"]["HTTPStatusCode"], 400)
    client.delete_table(TableName="Policed")


@test("time to live")
def _():
    def update(enabled, attribute="Until"):
        specification = {"Enabled": enabled, "AttributeName": attribute}
        return client.update_time_to_live(TableName="Music", TimeToLiveSpecification=specification)["TimeToLiveSpecification"]

    def described():
        return client.describe_time_to_live(TableName="Music")["TimeToLiveDescription"]

    def wait(what, awaited):
        deadline = time.monotonic() + 180
        while (found := what()) != awaited:
            if time.monotonic() > deadline:
                equal(found, awaited)
            time.sleep(0.2)

    equal(described(), {"TimeToLiveStatus": "DISABLED"})
    equal(update(True), {"Enabled": True, "AttributeName": "Until"})
    wait(described, {"TimeToLiveStatus": "ENABLED", "AttributeName": "Until"})
    error = error_of(update, enabled=True)
    equal(error["Error"], {"Code": "ValidationException", "Message": "TimeToLive is already enabled"})
    table.put_item(Item={"Artist": "Gone", "Title": "1", "Until": int(time.time()) - 10})
    table.put_item(Item={"Artist": "Stays", "Title": "1", "Until": int(time.time()) + 1000})
    wait(lambda: "Item" in table.get_item(Key={"Artist": "Gone", "Title": "1"}), False)
    equal("Item" in table.get_item(Key={"Artist": "Stays", "Title": "1"}), True)
    equal(update(False), {"Enabled": False, "AttributeName": "Until"})
    wait(described, {"TimeToLiveStatus": "DISABLED"})
    table.delete_item(Key={"Artist": "Stays", "Title": "1"})


@test("backups: made, described, listed in pages, restored, deleted")
def _():
    def wait(what, awaited):
        deadline = time.monotonic() + 180
        while (found := what()) != awaited:
            if time.monotonic() > deadline:
                equal(found, awaited)
            time.sleep(0.05)

    def status(arn):
        return client.describe_backup(BackupArn=arn)["BackupDescription"]["BackupDetails"]["BackupStatus"]

    items = sorted(map(repr, table.scan()["Items"]))
    made = [client.create_backup(TableName="Music", BackupName=name)["BackupDetails"] for name in ("one", "two", "two")]
    equal([backup["BackupStatus"] for backup in made], ["CREATING"] * 3)
    for backup in made:
        wait(lambda arn=backup["BackupArn"]: status(arn), "AVAILABLE")
    pages = client.get_paginator("list_backups").paginate(TableName="Music", PaginationConfig={"PageSize": 2})
    equal([[backup["BackupName"] for backup in page["BackupSummaries"]] for page in pages], [["one", "two"], ["two"]])
    listed = client.list_backups(TableName="Music", TimeRangeLowerBound=made[2]["BackupCreationDateTime"])["BackupSummaries"]
    equal(listed[-1]["BackupArn"], made[2]["BackupArn"])
    arn = made[0]["BackupArn"]
    source = client.describe_backup(BackupArn=arn)["BackupDescription"]["SourceTableDetails"]
    equal((source["TableName"], source["BillingMode"]), ("Music", "PAY_PER_REQUEST"))
    answer = client.restore_table_from_backup(TargetTableName="Restored", BackupArn=arn)["TableDescription"]
    equal((answer["TableStatus"], answer["RestoreSummary"]["SourceBackupArn"]), ("CREATING", arn))
    client.get_waiter("table_exists").wait(TableName="Restored", WaiterConfig={"Delay": 1})
    equal(sorted(map(repr, dynamodb.Table("Restored").scan()["Items"])), items)
    error = error_of(client.restore_table_from_backup, TargetTableName="Restored", BackupArn=arn)
    equal(error["Error"], {"Code": "TableAlreadyExistsException", "Message": "Table already exists: Restored"})
    client.delete_table(TableName="Restored")
    for backup in made:
        answer = client.delete_backup(BackupArn=backup["BackupArn"])["BackupDescription"]
        equal(answer["BackupDetails"]["BackupStatus"], "DELETED")
    error = error_of(client.describe_backup, BackupArn=arn)
    equal(error["Error"], {"Code": "BackupNotFoundException", "Message": f"Backup not found: {arn}"})
    error = error_of(client.create_backup, TableName="None", BackupName="one")
    equal(error["Error"], {"Code": "TableNotFoundException", "Message": "Table not found: None"})


@test("what is not there yet says so")
def _():
    error = error_of(client.list_global_tables)
    equal(error["Error"]["Code"] in ("UnknownOperationException", "None"), True)


@test("imports and bulk operations")
def _():
    equal(client.list_imports()["ImportSummaryList"], [])
    arn = "arn:aws:dynamodb:%s:000000000000:table/None/%s/01658528578619-c4d4e311"
    error = error_of(client.describe_import, ImportArn=arn % (REGION, "import"))
    equal(error["Error"]["Code"], "ImportNotFoundException")
    source = {"S3Bucket": "none"}
    table = {"TableName": "Imported", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
             "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}
    made = client.import_table(S3BucketSource=source, InputFormat="CSV", TableCreationParameters=table)["ImportTableDescription"]
    equal((made["ImportStatus"], made["TableCreationParameters"]), ("IN_PROGRESS", table))
    while made["ImportStatus"] == "IN_PROGRESS":
        made = client.describe_import(ImportArn=made["ImportArn"])["ImportTableDescription"]
    # whether there is such a bucket is not told to who may not use it
    equal((made["ImportStatus"], made["FailureCode"]), ("FAILED", "S3AccessDenied"))


@test("a wrong secret and an unknown key")
def _():
    other = {"region_name": REGION, "endpoint_url": ENDPOINT, "config": config}
    good = boto3.Session().get_credentials().get_frozen_credentials()
    wrong = boto3.client("dynamodb", aws_access_key_id=good.access_key, aws_secret_access_key="wrong", **other)
    equal(error_of(wrong.list_tables)["Error"]["Code"], "InvalidSignatureException")
    unknown = boto3.client("dynamodb", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="x", **other)
    equal(error_of(unknown.list_tables)["Error"]["Code"], "UnrecognizedClientException")
    token = boto3.client(
        "dynamodb", aws_access_key_id=good.access_key, aws_secret_access_key=good.secret_key, aws_session_token="any/token==", **other
    )
    # session tokens belong to temporary keys, which this is none of
    equal(error_of(token.list_tables)["Error"]["Code"], "UnrecognizedClientException")
    elsewhere = boto3.client("dynamodb", region_name="us-west-1", endpoint_url=ENDPOINT, config=config)
    equal(error_of(elsewhere.list_tables)["Error"]["Code"], "InvalidSignatureException")


def session_clients():
    """Clients of the tenants that the server was set up with, by their tags."""
    clients = {}
    for line in os.environ["DYNAPG_TENANT_SESSIONS"].splitlines():
        tag, key, secret, token = line.split("|")[:4]
        clients[tag] = boto3.client("dynamodb", region_name=REGION, endpoint_url=ENDPOINT, config=config, aws_access_key_id=key, aws_secret_access_key=secret,
                                    aws_session_token=token)
    return clients


@test("temporary credentials: a session for each tenant of one role")
def _():
    tenants = session_clients()
    client.create_table(TableName="Tenants", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
    for tag, tenant in tenants.items():
        tenant.put_item(TableName="Tenants", Item={"pk": {"S": tag}, "whose": {"S": tag}})
        equal(tenant.get_item(TableName="Tenants", Key={"pk": {"S": tag}})["Item"]["whose"], {"S": tag})
        other = "two" if tag == "one" else "one"
        error = error_of(tenant.get_item, TableName="Tenants", Key={"pk": {"S": other}})["Error"]
        equal(error["Code"], "AccessDeniedException")
        equal("assumed-role/tenant/" in error["Message"], True)
        equal(error_of(tenant.scan, TableName="Tenants")["Error"]["Code"], "AccessDeniedException")
    client.delete_table(TableName="Tenants")
    client.get_waiter("table_not_exists").wait(TableName="Tenants", WaiterConfig={"Delay": 1, "MaxAttempts": 180})


BODY = b'{"Limit":1}'


class Presigner(SigV4QueryAuth):
    """botocore's own puts the body into the query string; here the body stays one, and is signed."""

    def payload(self, request):
        return hashlib.sha256(BODY).hexdigest()


def send(signer, uri="/", **options):
    """What a request gets that one of botocore's signers has signed."""
    good = boto3.Session().get_credentials().get_frozen_credentials()
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables"}
    request = AWSRequest("POST", ENDPOINT + uri, headers=headers, data=None if signer is Presigner else BODY)
    signer(Credentials(good.access_key, good.secret_key), "dynamodb", REGION, **options).add_auth(request)
    prepared = request.prepare()
    headers = {name: value for name, value in prepared.headers.items() if name != "Content-Length"}
    try:
        with urllib.request.urlopen(urllib.request.Request(prepared.url, data=BODY, headers=headers, method="POST")) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        return error.read()


@test("botocore's signers: header and presigned")
def _():
    expected = b'{"LastEvaluatedTableName":"Music","TableNames":["Music"]}'
    equal(sorted(send(SigV4Auth)), sorted(expected))
    equal(sorted(send(SigV4Auth, uri="/a%20b/c?x=1&y=a%2Fb")), sorted(expected))
    equal(sorted(send(Presigner, expires=60)), sorted(expected))


@test("legacy parameters")
def _():
    answer = client.query(
        TableName="Music",
        KeyConditions={
            "Artist": {"AttributeValueList": [{"S": "Batch"}], "ComparisonOperator": "EQ"},
            "Title": {"AttributeValueList": [{"S": "11"}], "ComparisonOperator": "BEGINS_WITH"},
        },
        AttributesToGet=["Title"],
    )
    equal(len(answer["Items"]), 10)


@test("secondary indexes: at creation and added by update_table, queried, paged, with their capacity")
def _():
    client.create_table(
        TableName="Orders",
        KeySchema=[{"AttributeName": "customer", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": type_}
                              for name, type_ in (("customer", "S"), ("id", "S"), ("placed", "N"), ("state", "S"))],
        LocalSecondaryIndexes=[{"IndexName": "ByTime", "Projection": {"ProjectionType": "KEYS_ONLY"},
                                "KeySchema": [{"AttributeName": "customer", "KeyType": "HASH"},
                                              {"AttributeName": "placed", "KeyType": "RANGE"}]}],
        GlobalSecondaryIndexes=[{"IndexName": "ByState", "Projection": {"ProjectionType": "ALL"},
                                 "KeySchema": [{"AttributeName": "state", "KeyType": "HASH"},
                                               {"AttributeName": "placed", "KeyType": "RANGE"}]}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.get_waiter("table_exists").wait(TableName="Orders", WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    orders = dynamodb.Table("Orders")
    with orders.batch_writer() as batch:
        for i in range(60):
            batch.put_item(Item={"customer": f"c{i % 3}", "id": str(i), "placed": i // 10, "state": "open", "total": i})
    got = orders.query(IndexName="ByState", KeyConditionExpression=Key("state").eq("open") & Key("placed").gte(4),
                       ScanIndexForward=False)
    equal([item["placed"] for item in got["Items"]], [5] * 10 + [4] * 10)
    pages = client.get_paginator("query").paginate(
        TableName="Orders", IndexName="ByState", KeyConditionExpression="#s = :s", ExpressionAttributeNames={"#s": "state"},
        ExpressionAttributeValues={":s": {"S": "open"}}, PaginationConfig={"PageSize": 7})
    equal(sorted(int(item["id"]["S"]) for page in pages for item in page["Items"]), list(range(60)))
    got = orders.query(IndexName="ByTime", KeyConditionExpression=Key("customer").eq("c0"), ConsistentRead=True,
                       Select="ALL_ATTRIBUTES", Limit=2)
    equal([item["total"] for item in got["Items"]], [0, 3])
    error = error_of(orders.query, IndexName="ByState", KeyConditionExpression=Key("state").eq("open"), ConsistentRead=True)
    equal(error["Error"]["Message"], "Consistent reads are not supported on global secondary indexes")

    client.update_table(
        TableName="Orders", AttributeDefinitions=[{"AttributeName": "total", "AttributeType": "N"}],
        GlobalSecondaryIndexUpdates=[{"Create": {"IndexName": "ByTotal", "Projection": {"ProjectionType": "KEYS_ONLY"},
                                                 "KeySchema": [{"AttributeName": "total", "KeyType": "HASH"}]}}])
    for _attempt in range(1800):
        indexes = client.describe_table(TableName="Orders")["Table"]["GlobalSecondaryIndexes"]
        if all(index["IndexStatus"] == "ACTIVE" for index in indexes):
            break
        time.sleep(0.1)
    equal({index["IndexName"]: index["ItemCount"] for index in indexes}, {"ByState": 60, "ByTotal": 60})
    equal(orders.query(IndexName="ByTotal", KeyConditionExpression=Key("total").eq(17))["Items"],
          [{"customer": "c2", "id": "17", "total": Decimal(17)}])
    capacity = orders.update_item(Key={"customer": "c2", "id": "17"}, UpdateExpression="SET #s = :s", ReturnConsumedCapacity="INDEXES",
                                  ExpressionAttributeNames={"#s": "state"}, ExpressionAttributeValues={":s": "closed"})
    equal(capacity["ConsumedCapacity"]["GlobalSecondaryIndexes"], {"ByState": {"CapacityUnits": 2.0}})


@test("transactions: all or nothing, reasons, tokens, one snapshot")
def _():
    def transfer(amount, token=None):
        arguments = {"ClientRequestToken": token} if token else {}
        return client.transact_write_items(TransactItems=[
            {"Update": {"TableName": "Orders", "Key": {"customer": {"S": "c0"}, "id": {"S": "0"}},
                        "UpdateExpression": "ADD #b :a", "ExpressionAttributeNames": {"#b": "balance"},
                        "ExpressionAttributeValues": {":a": {"N": str(amount)}}}},
            {"Update": {"TableName": "Orders", "Key": {"customer": {"S": "c1"}, "id": {"S": "1"}},
                        "UpdateExpression": "SET #t = #t - :a", "ConditionExpression": "#t >= :a",
                        "ExpressionAttributeNames": {"#t": "total"}, "ExpressionAttributeValues": {":a": {"N": str(amount)}},
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}},
        ], **arguments)

    transfer(1, "token-1")
    transfer(1, "token-1")
    equal(error_of(transfer, amount=2, token="token-1")["Error"]["Code"], "IdempotentParameterMismatchException")
    error = error_of(transfer, amount=5)
    equal(error["Error"]["Code"], "TransactionCanceledException")
    equal([reason["Code"] for reason in error["CancellationReasons"]], ["None", "ConditionalCheckFailed"])
    equal(error["CancellationReasons"][1]["Item"]["total"], {"N": "0"})
    try:
        transfer(5)
    except client.exceptions.TransactionCanceledException as cancelled:
        equal("[None, ConditionalCheckFailed]" in str(cancelled), True)
    got = client.transact_get_items(TransactItems=[
        {"Get": {"TableName": "Orders", "Key": {"customer": {"S": "c0"}, "id": {"S": "0"}}, "ProjectionExpression": "balance"}},
        {"Get": {"TableName": "Orders", "Key": {"customer": {"S": "none"}, "id": {"S": "0"}}}},
    ])
    equal(got["Responses"], [{"Item": {"balance": {"N": "1"}}}, {}])
    client.delete_table(TableName="Orders")


@test("PartiQL: statements, parameters, pages, batches, transactions")
def _():
    client.execute_statement(Statement="INSERT INTO \"Music\" VALUE {'Artist': 'P', 'Title': 'one', 'plays': ?}", Parameters=[{"N": "1"}])
    error = error_of(client.execute_statement, Statement="INSERT INTO \"Music\" VALUE {'Artist': 'P', 'Title': 'one'}")
    equal(error["Error"]["Code"], "DuplicateItemException")
    answer = client.execute_statement(
        Statement="UPDATE \"Music\" SET plays = plays + ? WHERE Artist = 'P' AND Title = 'one' RETURNING ALL NEW *", Parameters=[{"N": "2"}])
    equal(answer["Items"][0]["plays"], {"N": "3"})
    batch = client.batch_execute_statement(Statements=[
        {"Statement": f"INSERT INTO \"Music\" VALUE {{'Artist': 'P', 'Title': '{i}'}}"} for i in range(20)
    ])
    equal(all("Error" not in response for response in batch["Responses"]), True)
    titles, token = [], {}
    while True:
        page = client.execute_statement(Statement="SELECT Title FROM \"Music\" WHERE Artist = 'P'", Limit=8, **token)
        titles += [item["Title"]["S"] for item in page["Items"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    equal(titles, sorted([str(i) for i in range(20)] + ["one"]))
    error = error_of(client.execute_transaction, TransactStatements=[
        {"Statement": "DELETE FROM \"Music\" WHERE Artist = 'P' AND Title = 'one'"},
        {"Statement": "EXISTS(SELECT * FROM \"Music\" WHERE Artist = 'P' AND Title = 'none' AND plays = 1)"}])
    equal([reason["Code"] for reason in error["CancellationReasons"]], ["None", "ConditionalCheckFailed"])


@test("a stream read to its end, with a restart of the server in the middle")
def _():
    streams = boto3.client("dynamodbstreams", config=Config(retries={"max_attempts": 10, "mode": "standard"}))
    client.create_table(
        TableName="Readings", KeySchema=[{"AttributeName": "sensor", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "sensor", "AttributeType": "S"}], BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    client.get_waiter("table_exists").wait(TableName="Readings", WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    readings = dynamodb.Table("Readings")
    arn = client.describe_table(TableName="Readings")["Table"]["LatestStreamArn"]
    equal([s["StreamArn"] for s in streams.list_streams(TableName="Readings")["Streams"]], [arn])
    expected = []

    def write(first):
        for i in range(first, first + 200):
            readings.put_item(Item={"sensor": f"s{i}", "value": i})
            expected.append(("INSERT", f"s{i}", None, str(i)))
        readings.update_item(Key={"sensor": f"s{first}"}, UpdateExpression="SET #v = :v", ExpressionAttributeNames={"#v": "value"},
                             ExpressionAttributeValues={":v": -1})
        expected.append(("MODIFY", f"s{first}", str(first), "-1"))
        readings.delete_item(Key={"sensor": f"s{first}"})
        expected.append(("REMOVE", f"s{first}", "-1", None))

    def value(image):
        return image["value"]["N"] if image else None

    write(0)
    got, numbers = [], []
    shards = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    equal(len(shards), 1)
    iterator = streams.get_shard_iterator(StreamArn=arn, ShardId=shards[0]["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    while iterator:
        page = streams.get_records(ShardIterator=iterator, Limit=70)
        for record in page["Records"]:
            change = record["dynamodb"]
            got.append((record["eventName"], change["Keys"]["sensor"]["S"], value(change.get("OldImage")), value(change.get("NewImage"))))
            numbers.append(change["SequenceNumber"])
        iterator = page.get("NextShardIterator")
        if len(got) == 140:
            restart()
            write(1000)
            client.update_table(TableName="Readings", StreamSpecification={"StreamEnabled": False})
    equal(got, expected)
    equal(numbers, sorted(set(numbers)))
    ends = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"][0]["SequenceNumberRange"]
    equal(ends["EndingSequenceNumber"] >= numbers[-1], True)
    client.delete_table(TableName="Readings")


@test("contributor insights")
def _():
    equal(client.describe_contributor_insights(TableName="Music")["ContributorInsightsStatus"], "DISABLED")
    equal(client.update_contributor_insights(TableName="Music", ContributorInsightsAction="ENABLE")["ContributorInsightsStatus"], "ENABLING")
    shown = client.describe_contributor_insights(TableName="Music")
    equal(shown["ContributorInsightsStatus"], "ENABLED")
    equal([rule.rsplit("-", 1)[0] for rule in shown["ContributorInsightsRuleList"]],
          [f"DynamoDBContributorInsights-{kind}-Music" for kind in ("PKC", "SKC", "PKT", "SKT")])
    equal([s["TableName"] for s in client.list_contributor_insights()["ContributorInsightsSummaries"]], ["Music"])
    client.update_contributor_insights(TableName="Music", ContributorInsightsAction="DISABLE")
    try:
        client.describe_table_replica_auto_scaling(TableName="Music")
        raise AssertionError("there are no global tables")
    except client.exceptions.ResourceNotFoundException as error:
        equal(error.response["Error"]["Message"], "Global table with name: 'Music' does not exist.")


@test("Application Auto Scaling")
def _():
    scaling = boto3.client("application-autoscaling", endpoint_url=ENDPOINT, region_name=REGION)
    client.create_table(TableName="Scaled", BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
                        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}], KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}])
    target = {"ServiceNamespace": "dynamodb", "ResourceId": "table/Scaled", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    try:
        scaling.put_scaling_policy(PolicyName="reads", PolicyType="TargetTrackingScaling", **target)
        raise AssertionError("there is no target yet")
    except scaling.exceptions.ObjectNotFoundException:
        pass
    try:
        scaling.register_scalable_target(MinCapacity=30, MaxCapacity=20, **target)
        raise AssertionError("bounds are crossed")
    except scaling.exceptions.ValidationException:
        pass
    scaling.register_scalable_target(MinCapacity=20, MaxCapacity=200, **target)
    configuration = {"TargetValue": 70.0, "ScaleInCooldown": 60, "ScaleOutCooldown": 60,
                     "PredefinedMetricSpecification": {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}}
    scaling.put_scaling_policy(PolicyName="reads", PolicyType="TargetTrackingScaling", TargetTrackingScalingPolicyConfiguration=configuration, **target)
    shown = scaling.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=["table/Scaled"])["ScalableTargets"]
    equal([(s["MinCapacity"], s["MaxCapacity"], s["SuspendedState"]["DynamicScalingInSuspended"]) for s in shown], [(20, 200, False)])
    policies = scaling.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"]
    equal([(p["PolicyName"], p["TargetTrackingScalingPolicyConfiguration"]["TargetValue"]) for p in policies], [("reads", 70.0)])
    for _ in range(360):
        activities = scaling.describe_scaling_activities(ServiceNamespace="dynamodb")["ScalingActivities"]
        if activities:
            break
        time.sleep(0.5)
    equal([(a["StatusCode"], a["Description"]) for a in activities], [("Successful", "Setting read capacity units to 20.")])
    equal(client.describe_table(TableName="Scaled")["Table"]["ProvisionedThroughput"]["ReadCapacityUnits"], 20)
    scaling.delete_scaling_policy(PolicyName="reads", **target)
    scaling.deregister_scalable_target(**target)
    equal(scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"], [])
    client.delete_table(TableName="Scaled")


@test("update_table, delete_item, delete_table and the waiter table_not_exists")
def _():
    client.update_table(TableName="more-1", BillingMode="PAY_PER_REQUEST")
    equal(client.describe_table(TableName="more-1")["Table"]["BillingModeSummary"]["BillingMode"], "PAY_PER_REQUEST")
    old = table.delete_item(Key={"Artist": "A", "Title": "T"}, ReturnValues="ALL_OLD")
    equal(old["Attributes"]["plays"], Decimal(3))
    for name in ("Music", "more-1", "more-2"):
        client.delete_table(TableName=name)
        client.get_waiter("table_not_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 180})
    equal(client.list_tables()["TableNames"], [])


finish()
