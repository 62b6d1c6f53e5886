"""Events at servers that nobody here wrote: Lambda and Kinesis as moto has them, with the verification of signatures; Kinesis as kinesalite has it; the index
of a real OpenSearch.

What they have got boto3 reads, or OpenSearch's own search.
"""
import base64
import collections
import json
import os
import random
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from io import BytesIO
from pathlib import Path

import boto3
from harness import REGION, equal, finish, test
from servers import WORK, free_port, literal, psql, start_program

dynamodb = boto3.client("dynamodb")
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 32)
rng = random.Random(SEED)
print(f"seed {SEED}")


def eventually(condition, what, seconds=300):
    """What a condition has come to; somebody comes by now and then, so that the courier stays."""
    end = time.monotonic() + seconds
    got = condition()
    while not got and time.monotonic() < end:
        time.sleep(0.1)
        got = condition()
    if not got:
        state = psql("SELECT table_name, state, problem, lag_records, last_error FROM dynapg.stat_event_source_mappings",
                     "SELECT stream_arn, status, last_error FROM dynapg.kinesis_destinations")
        raise AssertionError(f"not in time: {what}\n{state}")
    return got


def create_table(name, sort="N", view="NEW_AND_OLD_IMAGES"):
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": sort}],
        **({"StreamSpecification": {"StreamEnabled": True, "StreamViewType": view}} if view else {}))


def create_mapping(table, destination, **options):
    return json.loads(psql(f"SELECT dynapg.create_event_source_mapping({literal(table)}, {literal(json.dumps(destination))}, "
                           f"{literal(json.dumps({'StartingPosition': 'TRIM_HORIZON', **options}))})"))["UUID"]


def statistics(table, column):
    return psql(f"SELECT {column} FROM dynapg.stat_event_source_mappings WHERE table_name = {literal(table)} ORDER BY 1 LIMIT 1")


def item(p, s, **attributes):
    return {"p": {"S": p}, "s": {"N": str(s)}, **attributes}


def configure(**settings):
    psql(*(f"ALTER SYSTEM SET dynapg.{name} = {literal(value)}" for name, value in settings.items()), "SELECT pg_reload_conf()")


def request(url, body=None, method=None, kind="application/json"):
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    call = urllib.request.Request(url, data, {"Content-Type": kind}, method=method)
    with urllib.request.urlopen(call, timeout=60) as answer:
        return answer.read()


# ---------------------------------------------------------------- the servers

moto_port, kinesalite_port, search_port = free_port(), free_port(), free_port()
MOTO, KINESALITE, SEARCH = (f"http://127.0.0.1:{port}" for port in (moto_port, kinesalite_port, search_port))
configure(event_hosts=f"127.0.0.1:{moto_port}, 127.0.0.1:{kinesalite_port}, 127.0.0.1:{search_port}")
start_program("moto", [Path(sys.executable).with_name("moto_server"), "-p", str(moto_port)], moto_port)
start_program("kinesalite", [os.environ["KINESALITE"], "--port", str(kinesalite_port), "--createStreamMs", "0"], kinesalite_port)


def client(service, url, **key):
    key = key or {"AccessKeyId": "testing", "SecretAccessKey": "testing"}
    return boto3.client(service, endpoint_url=url, region_name=REGION, aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])


def verifying_user():
    """A key of a user of moto's; from now on it verifies signatures and asks for rights."""
    iam = client("iam", MOTO)
    iam.create_user(UserName="dynapg")
    iam.put_user_policy(UserName="dynapg", PolicyName="p", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["lambda:*", "kinesis:*"], "Resource": "*"}}))
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    key = iam.create_access_key(UserName="dynapg")["AccessKey"]
    request(f"{MOTO}/moto-api/config", {"lambda": {"use_docker": False}})
    request(f"{MOTO}/moto-api/recorder/start-recording", b"")
    request(f"{MOTO}/moto-api/reset-auth", b"0", kind="text/plain")
    return {"AccessKeyId": key["AccessKeyId"], "SecretAccessKey": key["SecretAccessKey"]}, role


KEY, ROLE = verifying_user()

# ---------------------------------------------------------------- Lambda


def create_function(name):
    code = BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("f.py", "def f(event, context): return event")
    return client("lambda", MOTO, **KEY).create_function(FunctionName=name, Runtime="python3.12", Role=ROLE, Handler="f.f", Code={"ZipFile": code.getvalue()})["FunctionArn"]


def invocations(name):
    """The events that a function was invoked with."""
    lines = (json.loads(line) for line in (WORK / "moto_recording").read_text().splitlines())
    return [json.loads(base64.b64decode(line["body"])) for line in lines
            if line["method"] == "POST" and re.search(f"[/:]{name}/invocations", urllib.parse.unquote(line["url"]))]


def changes(event):
    return [(r["eventName"], r["dynamodb"]["Keys"]["s"]["N"]) for r in event["Records"]]


@test("moto: a function of Lambda is invoked with Lambda's event")
def _():
    create_table("Invoked")
    create_function("works")
    for s in range(3):
        dynamodb.put_item(TableName="Invoked", Item=item("a", s, b={"B": b"\0\1"}))
    dynamodb.delete_item(TableName="Invoked", Key=item("a", 0))
    create_mapping("Invoked", {"Lambda": {"FunctionName": "works", "Endpoint": MOTO, "Region": REGION, **KEY}})
    event = eventually(lambda: invocations("works"), "an invocation")[0]
    equal(changes(event), [("INSERT", "0"), ("INSERT", "1"), ("INSERT", "2"), ("REMOVE", "0")])
    record = event["Records"][1]
    stream = dynamodb.describe_table(TableName="Invoked")["Table"]["LatestStreamArn"]
    equal((record["eventSource"], record["eventSourceARN"], record["awsRegion"], record["dynamodb"]["NewImage"]["b"], record["dynamodb"]["StreamViewType"]),
          ("aws:dynamodb", stream, REGION, {"B": "AAE="}, "NEW_AND_OLD_IMAGES"))
    eventually(lambda: statistics("Invoked", "lag_records") == "0", "the answer")


@test("moto: a function that reports records gets them again, and is named by its ARN")
def _():
    create_table("Reports")
    arn = create_function("reports")
    for s in range(4):
        dynamodb.put_item(TableName="Reports", Item=item("a", s))
    streams = boto3.client("dynamodbstreams")
    stream = dynamodb.describe_table(TableName="Reports")["Table"]["LatestStreamArn"]
    shard = streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = streams.get_shard_iterator(StreamArn=stream, ShardId=shard, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    number = streams.get_records(ShardIterator=iterator)["Records"][2]["dynamodb"]["SequenceNumber"]
    request(f"{MOTO}/moto-api/static/lambda-simple/response", {"region": REGION, "results": [
        json.dumps({"batchItemFailures": [{"itemIdentifier": number}]}), json.dumps({"batchItemFailures": [{"itemIdentifier": "unknown"}]}), "null"]})
    create_mapping("Reports", {"Lambda": {"FunctionName": arn, "Endpoint": MOTO, "Region": REGION, **KEY}}, FunctionResponseTypes=["ReportBatchItemFailures"])
    eventually(lambda: statistics("Reports", "lag_records") == "0" and statistics("Reports", "sent") == "4", "all records")
    equal([[s for _, s in changes(event)] for event in invocations("reports")], [["0", "1", "2", "3"], ["2", "3"], ["2", "3"]])


@test("moto: a key that is wrong is told")
def _():
    create_table("Refused")
    dynamodb.put_item(TableName="Refused", Item=item("a", 1))
    uuid = create_mapping("Refused", {"Lambda": {"FunctionName": "works", "Endpoint": MOTO, "Region": REGION, **KEY, "SecretAccessKey": "wrong"}})
    eventually(lambda: "signature" in statistics("Refused", "last_error").lower(), "a refusal")
    psql(f"SELECT dynapg.delete_event_source_mapping('{uuid}')")


# ---------------------------------------------------------------- Kinesis


def kinesis_records(kinesis, stream):
    """What a stream has, as [partition key, record], shard by shard."""
    found = []
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
        while iterator:
            page = kinesis.get_records(ShardIterator=iterator, Limit=10000)
            found += [[r["PartitionKey"], json.loads(r["Data"])] for r in page["Records"]]
            iterator = page["NextShardIterator"] if page["Records"] else None
    return found


def write_counters(table, changes_of_each, items):
    for n in range(1, changes_of_each + 1):
        for p in rng.sample(range(items), items):
            dynamodb.update_item(TableName=table, Key=item(f"p{p}", p), UpdateExpression="SET n = :n", ExpressionAttributeValues={":n": {"N": str(n)}})


def check_counters(records, changes_of_each, items):
    """Each item's changes in their order, each with the image before it, and in one shard."""
    of_items = collections.defaultdict(list)
    keys = collections.defaultdict(set)
    for key, record in records:
        of_items[record["dynamodb"]["Keys"]["p"]["S"]].append((record["dynamodb"].get("OldImage", {}).get("n", {}).get("N"), record["dynamodb"]["NewImage"]["n"]["N"]))
        keys[record["dynamodb"]["Keys"]["p"]["S"]].add(key)
    chain = [(None if n == 1 else str(n - 1), str(n)) for n in range(1, changes_of_each + 1)]
    equal(dict(of_items), {f"p{p}": chain for p in range(items)})
    equal({len(k) for k in keys.values()}, {1})


def test_kinesis(name, url, key, lanes):
    kinesis = client("kinesis", url, **key)
    arn = f"arn:aws:kinesis:{REGION}:000000000000:stream/{{}}".format
    tables = [f"{name}-{kind}" for kind in ("enabled", "mapped")]

    @test(f"{name}: streams are found, or not")
    def _():
        configure(kinesis_endpoint=url)
        psql(f"SELECT dynapg.set_kinesis_credentials({literal(key['AccessKeyId'])}, {literal(key['SecretAccessKey'])})")
        create_table(tables[0], view=None)
        create_table(tables[1])
        for table in tables:
            kinesis.create_stream(StreamName=table, ShardCount=3)
        eventually(lambda: all(kinesis.describe_stream_summary(StreamName=t)["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE" for t in tables), "streams")
        for stream, status in (("missing", "ENABLE_FAILED"), (tables[0], "ACTIVE")):
            dynamodb.enable_kinesis_streaming_destination(TableName=tables[0], StreamArn=arn(stream))
            eventually(lambda: {d["StreamArn"]: d["DestinationStatus"] for d in dynamodb.describe_kinesis_streaming_destination(TableName=tables[0])[
                "KinesisDataStreamDestinations"]}[arn(stream)] == status, f"{stream} is {status}")

    @test(f"{name}: a Kinesis streaming destination gets each change, each item's in order")
    def _():
        write_counters(tables[0], 8, 40)
        eventually(lambda: len(kinesis_records(kinesis, tables[0])) >= 320, "320 records")
        check_counters(kinesis_records(kinesis, tables[0]), 8, 40)

    @test(f"{name}: so does a mapping's")
    def _():
        write_counters(tables[1], 5, 40)
        create_mapping(tables[1], {"Kinesis": {"StreamArn": arn(tables[1]), "Endpoint": url, **key}}, ParallelizationFactor=lanes)
        eventually(lambda: len(kinesis_records(kinesis, tables[1])) >= 200, "200 records")
        check_counters(kinesis_records(kinesis, tables[1]), 5, 40)

    @test(f"{name}: a disabled destination gets nothing more")
    def _():
        dynamodb.disable_kinesis_streaming_destination(TableName=tables[0], StreamArn=arn(tables[0]))
        eventually(lambda: "DISABLED" in [d["DestinationStatus"] for d in dynamodb.describe_kinesis_streaming_destination(TableName=tables[0])[
            "KinesisDataStreamDestinations"]], "DISABLED")
        dynamodb.put_item(TableName=tables[0], Item=item("late", 1))
        # the other one has a record meanwhile
        dynamodb.put_item(TableName=tables[1], Item=item("late", 1))
        eventually(lambda: len(kinesis_records(kinesis, tables[1])) == 201, "a record")
        equal(len(kinesis_records(kinesis, tables[0])), 320)


# moto's threads lose records of requests that come at once
test_kinesis("moto", MOTO, KEY, 1)
test_kinesis("kinesalite", KINESALITE, {"AccessKeyId": "any", "SecretAccessKey": "thing"}, 3)

# ---------------------------------------------------------------- OpenSearch


start_program("opensearch", [os.environ["OPENSEARCH"], str(search_port), str(WORK / "opensearch")], search_port, 240)
NUMBERS = ["0", "-1.5", "1E+30", "123456789012345678", "1E-100"]


def index_of(name):
    """All documents by their ids, as the engine has them."""
    try:
        request(f"{SEARCH}/{name}/_refresh", b"")
        hits = json.loads(request(f"{SEARCH}/{name}/_search?version=true&size=10000"))["hits"]["hits"]
    except urllib.error.HTTPError:
        return {}
    return {hit["_id"]: hit["_source"] for hit in hits}


def plain(value):
    """An attribute as a document has it."""
    (kind, content), = value.items()
    if kind == "M":
        return {name: plain(v) for name, v in content.items()}
    if kind == "L":
        return [plain(v) for v in content]
    if kind in ("NS", "N"):
        return [float(n) for n in content] if kind == "NS" else float(content)
    if kind in ("BS", "B"):
        return [base64.b64encode(b).decode() for b in content] if kind == "BS" else base64.b64encode(content).decode()
    return None if kind == "NULL" else content


def numbers_as_floats(document):
    if isinstance(document, dict):
        return {name: numbers_as_floats(v) for name, v in document.items()}
    if isinstance(document, list):
        return [numbers_as_floats(v) for v in document]
    return float(document) if isinstance(document, int) and not isinstance(document, bool) else document


def table_of(name):
    pages = dynamodb.get_paginator("scan").paginate(TableName=name, ConsistentRead=True)
    return [{a: plain(v) for a, v in i.items()} for page in pages for i in page["Items"]]


def by_key(documents):
    return {(d["p"], d["s"]): numbers_as_floats(d) for d in documents}


def is_same(table, index):
    return by_key(table_of(table)) == by_key(index_of(index).values())


def await_same(table, index):
    try:
        eventually(lambda: statistics(table, "max(lag_records)") == "0" and is_same(table, index), "index and table")
    except AssertionError as error:
        items, documents = by_key(table_of(table)), by_key(index_of(index).values())
        raise AssertionError(f"{error}\n" + "\n".join(f"{k}: {items.get(k)}, {documents.get(k)}" for k in {*items, *documents} if items.get(k) != documents.get(k))) from error


def write_search(count):
    for _ in range(count):
        key = item(rng.choice("abcdefgh"), rng.randrange(30))
        if rng.random() < 0.3:
            dynamodb.delete_item(TableName="Search", Key=key)
        else:
            dynamodb.put_item(TableName="Search", Item={
                **key, "n": {"N": str(rng.randrange(1000))}, "text": {"S": rng.choice(("quick", "br\u00f6wn \U0001f98a", "a\"b\\c\n"))}, "tags": {"SS": ["x", "y"]},
                "map": {"M": {"inner": {"L": [{"N": "1"}, {"N": "2.5"}]}, "yes": {"BOOL": True}}}, "bytes": {"B": b"\0\xff"}, "nothing": {"NULL": True}})


@test("OpenSearch: an index follows the table")
def _():
    create_table("Search")
    # the first thing of all is the removal of what the index has never had
    dynamodb.put_item(TableName="Search", Item=item("first", 1))
    dynamodb.delete_item(TableName="Search", Key=item("first", 1))
    write_search(300)
    create_mapping("Search", {"OpenSearch": {"Endpoint": SEARCH, "Index": "search"}}, ParallelizationFactor=4, BatchSize=50)
    write_search(200)
    await_same("Search", "search")
    equal(len(index_of("search")) > 50, True)


@test("OpenSearch: what comes again, and after what is newer, changes nothing")
def _():
    # a second mapping begins at the oldest change while the first goes on; then a third, with everything in small batches
    for seconds, options in ((61, {"BatchSize": 1000}), (62, {"BatchSize": 7, "ParallelizationFactor": 3})):
        create_mapping("Search", {"OpenSearch": {"Endpoint": SEARCH, "Index": "search", "TimeoutSeconds": seconds}}, **options)
        write_search(100)
    await_same("Search", "search")


@test("OpenSearch: ids and values of every kind")
def _():
    create_table("Kinds")
    create_mapping("Kinds", {"OpenSearch": {"Endpoint": f"{SEARCH}/", "Index": "kinds"}})
    request(f"{SEARCH}/kinds", {"mappings": {"properties": {"v": {"type": "object", "enabled": False}}}}, "PUT")
    keys = ["a|b", "a\\", "\u00e4\U0001f600 /?#%", "x" * 2000, "\"\n"]
    values = [*({"N": n} for n in NUMBERS), {"S": ""}, {"M": {}}, {"L": []}, {"NS": ["1", "2"]}, {"BS": [b"\0", b"\1"]}, {"M": {"a.b": {"S": "point"}}}]
    for p in keys:
        for s, value in enumerate(values):
            dynamodb.put_item(TableName="Kinds", Item=item(p, s, v={"M": {"v": value}}))
    await_same("Kinds", "kinds")
    equal(len(index_of("kinds")), len(keys) * len(values))
    ids = index_of("kinds")
    equal([i for i in ("a\\|b|0", "a\\\\|0") if i not in ids], [])
    for p in keys:
        for s in range(len(values)):
            dynamodb.delete_item(TableName="Kinds", Key=item(p, s))
    await_same("Kinds", "kinds")
    equal(index_of("kinds"), {})


@test("OpenSearch: a document that it refuses is given up alone")
def _():
    create_table("Poisoned")
    psql("CREATE TABLE given_up (event jsonb)",
         "CREATE FUNCTION give_up(event jsonb) RETURNS void LANGUAGE sql AS 'INSERT INTO public.given_up VALUES (event)'")
    request(f"{SEARCH}/poisoned", {"mappings": {"properties": {"n": {"type": "long"}}}}, "PUT")
    create_mapping("Poisoned", {"OpenSearch": {"Endpoint": SEARCH, "Index": "poisoned"}}, MaximumRetryAttempts=1, BisectBatchOnFunctionError=True,
                   DestinationConfig={"OnFailure": {"Destination": {"Function": "give_up"}}})
    for s in range(40):
        dynamodb.put_item(TableName="Poisoned", Item=item("a", s, n={"S": "no number"} if s in (13, 14, 39) else {"N": str(s)}))
    eventually(lambda: statistics("Poisoned", "failed") == "3" and statistics("Poisoned", "lag_records") == "0", "three failures")
    equal(sorted(int(d["s"]) for d in index_of("poisoned").values()), [s for s in range(40) if s not in (13, 14, 39)])
    equal(psql("SELECT r #>> '{dynamodb,Keys,s,N}' FROM given_up, jsonb_array_elements(event #> '{payload,Records}') r ORDER BY 1"), "13\n14\n39")
    equal("mapper_parsing_exception" in statistics("Poisoned", "last_error"), True)


finish()
