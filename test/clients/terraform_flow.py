#!/usr/bin/env python3
"""The calls of the Terraform AWS provider for an aws_dynamodb_table, replayed as its source has them.

    AWS_ENDPOINT_URL_DYNAMODB=http://...  AWS_REGION=...  CONTROL_PLANE_DELAY=1  terraform_flow.py

The requests are not signed: the endpoint must be in developer mode. CONTROL_PLANE_DELAY says, in whole seconds, what
dynapg.control_plane_delay is there. test/gui/run.sh calls it, with and without a delay.

What the provider does is in Provider: which call follows which, which states it waits through (any other state is an
error to it), and which errors it tries again or takes for an answer. The tests below it use it as a user of Terraform
would. A test whose name begins with `not there yet` fails when dynapg learns the operation: make it a real one then.
"""
import http.client
import json
import os
import re
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "python"))
from harness import ENDPOINT, REGION, equal, finish, test  # noqa: E402  pylint: disable=wrong-import-position

DELAY = int(os.environ["CONTROL_PLANE_DELAY"])
TIMEOUT = 180
POLL = 0.05
MODEL = "com.amazonaws.dynamodb.v20120810#"
SERVICE = "com.amazon.coral.service#"

_local = threading.local()


# ---------------------------------------------------------------- requests


class ServiceError(Exception):
    """An exception of the service: .type is its whole __type, .name what follows the #."""

    def __init__(self, status, body):
        answer = json.loads(body)
        self.status = status
        self.type = answer["__type"]
        self.name = self.type.rpartition("#")[2]
        self.message = answer.get("message", answer.get("Message", ""))
        super().__init__(f"{status} {self.type}: {self.message}")


def call(operation, **members):
    """One operation over the thread's kept connection."""
    if not hasattr(_local, "connection"):
        _local.connection = http.client.HTTPConnection(urllib.parse.urlsplit(ENDPOINT).netloc, timeout=TIMEOUT)
    asked = getattr(_local, "asked", time.monotonic())
    _local.asked = time.monotonic()
    _local.connection.request(
        "POST",
        "/",
        json.dumps(members),
        {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810." + operation},
    )
    response = _local.connection.getresponse()
    body = response.read()
    # from before what the call before this one has seen or done until now: a state may have come and gone unseen
    _local.missed = bool(DELAY) and time.monotonic() - asked >= DELAY
    if response.status != 200:
        raise ServiceError(response.status, body)
    return json.loads(body) if body else None


def refused(error_type, message, operation, **members):
    """The call must fail with just this error."""
    try:
        answer = call(operation, **members)
    except ServiceError as error:
        equal((error.status, error.type, error.message), (400, error_type, message))
    else:
        raise AssertionError(f"{operation} was not refused: {answer}")


def not_found(table, operation="DescribeTable"):
    message = f"Requested resource not found: Table: {table} not found"
    refused(MODEL + "ResourceNotFoundException", message, operation, TableName=table)


# ---------------------------------------------------------------- the provider


class Seen(list):
    """The states that were seen, each run of equal ones once. Where a state may have passed between two looks, because this machine had
    stopped us for as long as it lasts, it need not be among them."""

    missed = False

    def add(self, state):
        self.missed = self.missed or _local.missed
        if not self or self[-1] != state:
            self.append(state)

    def __eq__(self, expected):
        if not self.missed:
            return list.__eq__(self, expected)
        rest = iter(expected)
        return all(state in rest for state in self) and self[-1:] == expected[-1:]

    def __ne__(self, expected):
        return not self == expected

    __hash__ = None


def wait_for_state(refresh, pending, target, in_a_row=1):
    """The plugin SDK's StateChangeConf: refresh() gives (result, state), (None, "") for what is not there.

    Returns the last result and the states that were seen, each run of equal ones once.
    """
    deadline = time.monotonic() + TIMEOUT
    seen, hits = Seen(), 0
    while time.monotonic() < deadline:
        result, state = refresh()
        seen.add(state)
        if result is None:
            if not target:
                return None, seen
            raise AssertionError(f"the table went away: {seen}")
        if state in target:
            hits += 1
            if hits == in_a_row:
                return result, seen
        else:
            hits = 0
            if state not in pending:
                raise AssertionError(f"unexpected state {state}, wanted {target}: {seen}")
        time.sleep(POLL)
    raise AssertionError(f"timeout, wanted {target}: {seen}")


def retry(operation, retryable, **members):
    """Calls until it succeeds or fails with an error that retryable() does not name; returns answer and retries."""
    deadline = time.monotonic() + TIMEOUT
    retries = []
    while True:
        try:
            return call(operation, **members), retries
        except ServiceError as error:
            if not retryable(error) or time.monotonic() > deadline:
                raise
            retries.append(error)
        time.sleep(POLL)


class Provider:
    """What the provider does for one table resource."""

    def __init__(self, name):
        self.name = name
        self.seen = []
        self.retries = []
        self.late = False

    # what resourceTableCreate sends: table_class has a default, so it is always there
    def create(self, **config):
        def retryable(error):
            return error.name == "ThrottlingException" or (
                error.name == "LimitExceededException"
                and re.search(
                    "can be created, updated, or deleted simultaneously|indexed tables that can be created simultaneously",
                    error.message,
                )
            )

        config.setdefault("TableClass", "STANDARD")
        answer, _ = retry("CreateTable", retryable, TableName=self.name, **config)
        self.wait_active()
        self.wait_indexes()
        self.wait_warm_throughput()
        return answer["TableDescription"]

    # what resourceTableRead asks for; ListTagsOfResource comes from the provider's tagging interceptor
    def read(self):
        table = self.find()
        state = {"table": table}
        answer = call("DescribeContinuousBackups", TableName=self.name)
        state["point_in_time_recovery"] = answer["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
        state["ttl"] = call("DescribeTimeToLive", TableName=self.name)["TimeToLiveDescription"]
        state["tags"] = self.tags(table["TableArn"])
        return state

    # the tagging interceptor asks for pages until there is no NextToken
    @staticmethod
    def tags(arn):
        answer = call("ListTagsOfResource", ResourceArn=arn)
        equal("NextToken" in answer, False)
        return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}

    # updateTags: what has gone is taken away first, then what is new or has changed is set
    def update_tags(self, new):
        arn = self.find()["TableArn"]
        old = self.tags(arn)
        removed = [key for key in old if key not in new]
        changed = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
        if removed:
            equal(call("UntagResource", ResourceArn=arn, TagKeys=removed), None)
        if changed:
            equal(call("TagResource", ResourceArn=arn, Tags=changed), None)
        return self.read()["tags"]

    # what resourceTableUpdate sends; the table class goes alone and first
    def update(self, **changes):
        if "TableClass" in changes:
            call("UpdateTable", TableName=self.name, TableClass=changes.pop("TableClass"))
            self.wait_active()
        if changes:
            call("UpdateTable", TableName=self.name, **changes)
            self.wait_active()
        return self.read()["table"]

    def delete(self):
        def retryable(error):
            return error.name == "ResourceInUseException" or (
                error.name == "LimitExceededException" and "simultaneously" in error.message
            )

        try:
            _, self.retries = retry("DeleteTable", retryable, TableName=self.name)
            self.late = _local.missed
        except ServiceError as error:
            if error.name == "ResourceNotFoundException" and "Requested resource not found: Table: " in error.message:
                return
            raise
        _, self.seen = wait_for_state(self.status, ("ACTIVE", "DELETING"), ())

    def find(self):
        """The description, None if there is no table."""
        try:
            return call("DescribeTable", TableName=self.name)["Table"]
        except ServiceError as error:
            if error.name != "ResourceNotFoundException":
                raise
            return None

    def status(self):
        table = self.find()
        return table, table["TableStatus"] if table else ""

    def wait_active(self):
        _, self.seen = wait_for_state(self.status, ("CREATING", "UPDATING"), ("ACTIVE",), in_a_row=2)

    # without an SSEDescription the provider takes the encryption for DISABLED
    def update_encryption(self, **specification):
        def status():
            table = self.find()
            return table, table.get("SSEDescription", {}).get("Status", "DISABLED")

        call("UpdateTable", TableName=self.name, SSESpecification=specification)
        _, seen = wait_for_state(status, ("DISABLING", "ENABLING", "UPDATING"), ("DISABLED", "ENABLED"), in_a_row=2)
        self.wait_active()
        return seen[-1]

    # updateTimeToLive, and waitTTLUpdated after it; a resource that disables it names the attribute still
    def update_ttl(self, attribute, enabled):
        def status():
            found = call("DescribeTimeToLive", TableName=self.name)["TimeToLiveDescription"]
            return found, found["TimeToLiveStatus"]

        specification = {"AttributeName": attribute, "Enabled": enabled}
        answer = call("UpdateTimeToLive", TableName=self.name, TimeToLiveSpecification=specification)
        equal(answer, {"TimeToLiveSpecification": specification})
        pending, target = ("ENABLING", "DISABLED"), ("ENABLED",)
        if not enabled:
            pending, target = ("DISABLING", "ENABLED"), ("DISABLED",)
        return wait_for_state(status, pending, target)

    # indexes change one by one; attributes are all that the configuration has, whatever the change
    def update_index(self, name, **action):
        attributes = [{"AttributeName": a, "AttributeType": "S"} for a in ("UserId", "GameTitle", "Player")]
        call("UpdateTable", TableName=self.name, AttributeDefinitions=attributes, GlobalSecondaryIndexUpdates=[action])

        def status():
            table = self.find()
            found = [i for i in table.get("GlobalSecondaryIndexes", ()) if i["IndexName"] == name]
            return (table, found[0]["IndexStatus"]) if found else (None, "")

        if "Delete" in action:
            _, seen = wait_for_state(status, ("ACTIVE", "DELETING", "UPDATING"), ())
        else:
            _, seen = wait_for_state(status, ("CREATING", "UPDATING"), ("ACTIVE",))
        self.wait_active()
        return seen

    def wait_indexes(self):
        def status():
            table = self.find()
            states = [i["IndexStatus"] for i in table.get("GlobalSecondaryIndexes", ())]
            return table, next((s for s in states if s != "ACTIVE"), "ACTIVE")

        wait_for_state(status, ("CREATING", "UPDATING"), ("ACTIVE",))

    # the account of these tests is a real one: 000000000000 would be taken for DynamoDB Local, and not waited for
    def wait_warm_throughput(self):
        def status():
            table = self.find()
            parts = [table, *table.get("GlobalSecondaryIndexes", ())]
            return table, next((s for s in (p["WarmThroughput"]["Status"] for p in parts) if s != "ACTIVE"), "ACTIVE")

        equal(self.find()["TableArn"].split(":")[4] == "000000000000", False)
        wait_for_state(status, ("CREATING", "UPDATING"), ("ACTIVE",))


# ---------------------------------------------------------------- the SDKs' waiters


def wait_table_exists(table, stop=None, looked=None):
    """TableExists: DescribeTable until ACTIVE; ResourceNotFoundException means to ask again, other errors end it.
    looked is set when it has been asked once."""
    deadline = time.monotonic() + TIMEOUT
    seen = Seen()
    while time.monotonic() < deadline and not (stop and stop.is_set()):
        try:
            state = call("DescribeTable", TableName=table)["Table"]["TableStatus"]
        except ServiceError as error:
            if error.name != "ResourceNotFoundException":
                raise
            state = error.name
        seen.add(state)
        if looked:
            looked.set()
        if state == "ACTIVE":
            return seen
        time.sleep(POLL)
    raise AssertionError(f"TableExists: timeout, {seen}")


def wait_table_not_exists(table):
    """TableNotExists: DescribeTable until ResourceNotFoundException."""
    deadline = time.monotonic() + TIMEOUT
    seen = Seen()
    while time.monotonic() < deadline:
        try:
            state = call("DescribeTable", TableName=table)["Table"]["TableStatus"]
        except ServiceError as error:
            if error.name != "ResourceNotFoundException":
                raise
            seen.add("")
            return seen
        seen.add(state)
        time.sleep(POLL)
    raise AssertionError(f"TableNotExists: timeout, {seen}")


# ---------------------------------------------------------------- what the tests share

KEYS = {
    "KeySchema": [{"AttributeName": "UserId", "KeyType": "HASH"}, {"AttributeName": "GameTitle", "KeyType": "RANGE"}],
    "AttributeDefinitions": [
        {"AttributeName": "UserId", "AttributeType": "S"},
        {"AttributeName": "GameTitle", "AttributeType": "S"},
    ],
}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST", **KEYS}
PROVISIONED = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 20, "WriteCapacityUnits": 10}, **KEYS}


def units(table):
    return table["ProvisionedThroughput"]["ReadCapacityUnits"], table["ProvisionedThroughput"]["WriteCapacityUnits"]


def billing_mode(table):
    """As the provider reads it: without a summary the table is provisioned."""
    return table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")


def states(*passing):
    """The passing states are there to be seen with a delay only."""
    return list(passing) if DELAY else [passing[-1]]


def named(text):
    return f"terraform, delay of {DELAY} s: {text}"


# ---------------------------------------------------------------- an on-demand table


on_demand = Provider("GameScores")
first = {}


@test(named("on-demand table: create until ACTIVE"))
def _():
    started = time.monotonic()
    created = on_demand.create(**ON_DEMAND, Tags=[{"Key": "Environment", "Value": "production"}])
    equal(created["TableStatus"], "CREATING")
    equal(created["TableArn"], f"arn:aws:dynamodb:{REGION}:123456789012:table/GameScores")
    equal(on_demand.seen, states("CREATING", "ACTIVE"))
    if time.monotonic() - started < DELAY:
        raise AssertionError("the table was ACTIVE too early")
    first.update(created)


@test(named("on-demand table: what a read finds"))
def _():
    state = on_demand.read()
    equal(state["tags"], {"Environment": "production"})
    equal(state["ttl"], {"TimeToLiveStatus": "DISABLED"})
    equal(state["point_in_time_recovery"], {"PointInTimeRecoveryStatus": "DISABLED"})
    table = state["table"]
    equal(table["TableStatus"], "ACTIVE")
    equal(table["WarmThroughput"]["Status"], "ACTIVE")
    equal(billing_mode(table), "PAY_PER_REQUEST")
    equal(units(table), (0, 0))
    equal(table["TableId"], first["TableId"])
    equal(table["TableArn"], first["TableArn"])
    equal(table["CreationDateTime"], first["CreationDateTime"])
    equal(table["KeySchema"], KEYS["KeySchema"])
    equal(sorted(a["AttributeName"] for a in table["AttributeDefinitions"]), ["GameTitle", "UserId"])
    equal(table["TableClassSummary"]["TableClass"], "STANDARD")
    equal(table["DeletionProtectionEnabled"], False)
    equal("SSEDescription" in table, False)
    for member in ("GlobalSecondaryIndexes", "LocalSecondaryIndexes", "Replicas", "StreamSpecification", "LatestStreamArn"):
        equal(member in table, False)


@test(named("on-demand table: a second read finds no difference"))
def _():
    equal(on_demand.read(), on_demand.read())


@test(named("on-demand table: the ARN does for the name"))
def _():
    equal(call("DescribeTable", TableName=first["TableArn"])["Table"]["TableId"], first["TableId"])


@test(named("on-demand table: a second resource of the name is refused"))
def _():
    message = "Table already exists: GameScores"
    refused(MODEL + "ResourceInUseException", message, "CreateTable", TableName="GameScores", **ON_DEMAND)


@test(named("on-demand table: tags come, change and go, and the table stays ACTIVE"))
def _():
    for tags in (
        {"Environment": "production", "Owner": "me"},
        {"Environment": "test", "Owner": "me", "Cost centre": ""},
        {"Owner": "you"},
        {},
        {"Environment": "production"},
    ):
        equal(on_demand.update_tags(tags), tags)
        equal(on_demand.find()["TableStatus"], "ACTIVE")


@test(named("on-demand table: what there is not of another table"))
def _():
    arn = first["TableArn"].replace("GameScores", "Nothing")
    message = f"Requested resource not found: ResourceArn: {arn} not found"
    refused(MODEL + "ResourceNotFoundException", message, "ListTagsOfResource", ResourceArn=arn)
    refused(MODEL + "TableNotFoundException", "Table not found: Nothing", "DescribeContinuousBackups", TableName="Nothing")
    not_found("Nothing", "DescribeTimeToLive")


@test(named("on-demand table: time to live on and off, as updateTimeToLive waits for it"))
def _():
    for attribute, enabled in (("Expires", True), ("Expires", False), ("Until", True), ("Until", False)):
        state, seen = on_demand.update_ttl(attribute, enabled)
        equal(state.get("AttributeName"), attribute if enabled else None)
        equal(seen[-1], "ENABLED" if enabled else "DISABLED")
        equal(on_demand.find()["TableStatus"], "ACTIVE")


@test(named("on-demand table: point_in_time_recovery on and off"))
def _():
    def switch(enabled, **members):
        answer = call(
            "UpdateContinuousBackups",
            TableName="GameScores",
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": enabled, **members},
        )
        equal(answer["ContinuousBackupsDescription"]["ContinuousBackupsStatus"], "ENABLED")
        return Provider("GameScores").read()["point_in_time_recovery"]

    found = switch(True, RecoveryPeriodInDays=7)
    equal((found["PointInTimeRecoveryStatus"], found["RecoveryPeriodInDays"]), ("ENABLED", 7))
    equal(switch(False), {"PointInTimeRecoveryStatus": "DISABLED"})


# ---------------------------------------------------------------- updates


def updates(name, expected, **changes):
    """Defines the test of an update: expected() asserts on the table that is read afterwards."""

    @test(named("update: " + name))
    def _():
        table = on_demand.update(**changes)
        # deletion protection changes at once
        equal(on_demand.seen, ["ACTIVE"] if "DeletionProtectionEnabled" in changes else states("UPDATING", "ACTIVE"))
        equal(table["TableId"], first["TableId"])
        equal(table["WarmThroughput"]["Status"], "ACTIVE")
        expected(table)


updates(
    "billing mode to PROVISIONED",
    lambda table: equal((billing_mode(table), units(table)), ("PROVISIONED", (5, 6))),
    BillingMode="PROVISIONED",
    ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
)
updates(
    "throughput",
    lambda table: equal((billing_mode(table), units(table)), ("PROVISIONED", (7, 3))),
    BillingMode="PROVISIONED",
    ProvisionedThroughput={"ReadCapacityUnits": 7, "WriteCapacityUnits": 3},
)
updates(
    "billing mode to PAY_PER_REQUEST",
    lambda table: equal((billing_mode(table), units(table)), ("PAY_PER_REQUEST", (0, 0))),
    BillingMode="PAY_PER_REQUEST",
)
updates(
    "ceilings of on-demand throughput",
    lambda table: equal(table["OnDemandThroughput"], {"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50}),
    OnDemandThroughput={"MaxReadRequestUnits": 100, "MaxWriteRequestUnits": 50},
)
updates(
    "table class",
    lambda table: equal(table["TableClassSummary"]["TableClass"], "STANDARD_INFREQUENT_ACCESS"),
    TableClass="STANDARD_INFREQUENT_ACCESS",
)
updates(
    "table class, then billing mode in a call of its own",
    lambda table: equal(
        (table["TableClassSummary"]["TableClass"], billing_mode(table), units(table)), ("STANDARD", "PROVISIONED", (1, 1))
    ),
    TableClass="STANDARD",
    BillingMode="PROVISIONED",
    ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
)
updates(
    "deletion protection on",
    lambda table: equal(table["DeletionProtectionEnabled"], True),
    DeletionProtectionEnabled=True,
)


@test(named("update: server-side encryption on and off"))
def _():
    equal(on_demand.update_encryption(Enabled=True), "ENABLED")
    equal(on_demand.read()["table"]["SSEDescription"]["SSEType"], "KMS")
    equal(on_demand.update_encryption(Enabled=False), "DISABLED")


@test(named("update: the table class with something else is refused"))
def _():
    refused(
        "com.amazon.coral.validate#ValidationException",
        "One or more parameter values were invalid: TableClass modification must be the only operation in the request",
        "UpdateTable",
        TableName="GameScores",
        TableClass="STANDARD_INFREQUENT_ACCESS",
        BillingMode="PAY_PER_REQUEST",
    )


# ---------------------------------------------------------------- deleting


@test(named("delete: a protected table stays"))
def _():
    refused(
        "com.amazon.coral.validate#ValidationException",
        "Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.",
        "DeleteTable",
        TableName="GameScores",
    )
    equal(on_demand.status()[1], "ACTIVE")


updates(
    "deletion protection off",
    lambda table: equal(table["DeletionProtectionEnabled"], False),
    DeletionProtectionEnabled=False,
)


@test(named("delete: until the table is not found"))
def _():
    on_demand.delete()
    equal(on_demand.retries, [])
    equal(on_demand.seen, states("DELETING", ""))
    not_found("GameScores")


@test(named("delete: a table that is gone is no error to the provider"))
def _():
    not_found("GameScores", "DeleteTable")
    on_demand.delete()


@test(named("delete: a read finds that the table is gone"))
def _():
    equal(on_demand.find(), None)
    equal("GameScores" in call("ListTables")["TableNames"], False)


# ---------------------------------------------------------------- a provisioned table


provisioned = Provider("Provisioned_table-1.0")


@test(named("provisioned table: create until ACTIVE"))
def _():
    created = provisioned.create(**PROVISIONED, DeletionProtectionEnabled=True)
    table = provisioned.read()["table"]
    equal(provisioned.seen, states("CREATING", "ACTIVE"))
    equal(table["TableId"], created["TableId"])
    equal((billing_mode(table), units(table)), ("PROVISIONED", (20, 10)))
    equal(table["DeletionProtectionEnabled"], True)
    equal(table["WarmThroughput"]["Status"], "ACTIVE")


@test(named("provisioned table: the same throughput again is refused"))
def _():
    refused(
        "com.amazon.coral.validate#ValidationException",
        "The provisioned throughput for the table will not change. The requested value equals the current value. "
        "Current ReadCapacityUnits provisioned for the table: 20. Requested ReadCapacityUnits: 20. "
        "Current WriteCapacityUnits provisioned for the table: 10. Requested WriteCapacityUnits: 10. "
        "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
        "UpdateTable",
        TableName=provisioned.name,
        BillingMode="PROVISIONED",
        ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 10},
    )


@test(named("provisioned table: deleted right after its last update"))
def _():
    call("UpdateTable", TableName=provisioned.name, DeletionProtectionEnabled=False)
    call("UpdateTable", TableName=provisioned.name, ProvisionedThroughput={"ReadCapacityUnits": 20, "WriteCapacityUnits": 11})
    provisioned.delete()
    if not provisioned.late:
        equal(bool(provisioned.retries), bool(DELAY))
    for error in provisioned.retries:
        equal(
            (error.type, error.message),
            (
                MODEL + "ResourceInUseException",
                f"Attempt to change a resource which is still in use: Table: {provisioned.name} is in the process of being updated.",
            ),
        )
    equal(provisioned.seen, states("DELETING", ""))
    not_found(provisioned.name)


# ---------------------------------------------------------------- a table with indexes


def index(name, key, projection="ALL", **members):
    schema = [{"AttributeName": key, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": schema, "Projection": {"ProjectionType": projection}, **members}


def index_names(table):
    return [i["IndexName"] for i in table.get("GlobalSecondaryIndexes", ())]


indexed = Provider("Indexed")


@test(named("indexes: created with their table, until all are ACTIVE"))
def _():
    by_player = [{"AttributeName": "UserId", "KeyType": "HASH"}, {"AttributeName": "Player", "KeyType": "RANGE"}]
    indexed.create(
        BillingMode="PAY_PER_REQUEST",
        KeySchema=KEYS["KeySchema"],
        AttributeDefinitions=[{"AttributeName": a, "AttributeType": "S"} for a in ("UserId", "GameTitle", "Player")],
        GlobalSecondaryIndexes=[index("ByTitle", "GameTitle")],
        LocalSecondaryIndexes=[{**index("ByPlayer", "UserId", "KEYS_ONLY"), "KeySchema": by_player}],
    )
    table = indexed.read()["table"]
    equal(index_names(table), ["ByTitle"])
    found = table["GlobalSecondaryIndexes"][0]
    equal((found["IndexStatus"], found["WarmThroughput"]["Status"], "Backfilling" in found), ("ACTIVE", "ACTIVE", False))
    equal(found["IndexArn"], table["TableArn"] + "/index/ByTitle")
    equal([i["IndexName"] for i in table["LocalSecondaryIndexes"]], ["ByPlayer"])
    equal(table["LocalSecondaryIndexes"][0]["KeySchema"], by_player)


@test(named("indexes: one more, backfilled"))
def _():
    for i in range(20):
        call("PutItem", TableName="Indexed", Item={a: {"S": f"{a}{i}"} for a in ("UserId", "GameTitle", "Player")})
    seen = indexed.update_index("ByName", Create=index("ByName", "Player", "KEYS_ONLY"))
    equal(seen[-1], "ACTIVE")
    table = indexed.read()["table"]
    equal(index_names(table), ["ByTitle", "ByName"])
    equal([i["ItemCount"] for i in table["GlobalSecondaryIndexes"]], [20, 20])


@test(named("indexes: ceilings of one"))
def _():
    ceilings = {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 20}
    indexed.update_index("ByName", Update={"IndexName": "ByName", "OnDemandThroughput": ceilings})
    equal(indexed.read()["table"]["GlobalSecondaryIndexes"][1]["OnDemandThroughput"], ceilings)


@test(named("indexes: provisioned, each has units of its own"))
def _():
    message = "One or more parameter values were invalid: ProvisionedThroughput must be specified for index: ByTitle,ByName"
    few = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}
    members = {"TableName": "Indexed", "BillingMode": "PROVISIONED", "ProvisionedThroughput": few}
    refused("com.amazon.coral.validate#ValidationException", message, "UpdateTable", **members)
    updates_of_all = [{"Update": {"IndexName": name, "ProvisionedThroughput": few}} for name in ("ByName", "ByTitle")]
    del members["TableName"]
    table = indexed.update(**members, GlobalSecondaryIndexUpdates=updates_of_all)
    equal([units(i) for i in table["GlobalSecondaryIndexes"]], [(1, 2), (1, 2)])
    equal(["OnDemandThroughput" in i for i in table["GlobalSecondaryIndexes"]], [False, False])


@test(named("indexes: one deleted, and its attributes with it"))
def _():
    seen = indexed.update_index("ByTitle", Delete={"IndexName": "ByTitle"})
    equal(seen[-1], "")
    seen = indexed.update_index("ByName", Delete={"IndexName": "ByName"})
    table = indexed.read()["table"]
    equal("GlobalSecondaryIndexes" in table, False)
    equal(sorted(a["AttributeName"] for a in table["AttributeDefinitions"]), ["GameTitle", "Player", "UserId"])


@test(named("indexes: deleted with their table"))
def _():
    indexed.delete()
    not_found("Indexed")


# ---------------------------------------------------------------- stream_enabled

streamed = Provider("Streamed")


@test(named("streams: enabled with the table"))
def _():
    streamed.create(**ON_DEMAND, StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    table = streamed.read()["table"]
    equal(table["StreamSpecification"], {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"})
    equal(table["LatestStreamArn"], table["TableArn"] + "/stream/" + table["LatestStreamLabel"])


@test(named("streams: another view type is a new stream"))
def _():
    before = streamed.read()["table"]
    table = streamed.update(StreamSpecification={"StreamEnabled": False})
    equal("StreamSpecification" in table, False)
    table = streamed.update(StreamSpecification={"StreamEnabled": True, "StreamViewType": "KEYS_ONLY"})
    equal(table["StreamSpecification"]["StreamViewType"], "KEYS_ONLY")
    equal(table["LatestStreamArn"] != before["LatestStreamArn"], True)
    streamed.delete()


# ---------------------------------------------------------------- waiters, and what a passing state allows


@test(named("waiter TableExists: started before the table is created"))
def _():
    stop, looked = threading.Event(), threading.Event()
    result = {}

    def waiter():
        try:
            result["seen"] = wait_table_exists("Waited", stop, looked)
        except BaseException as error:  # pylint: disable=broad-except
            result["error"] = error

    thread = threading.Thread(target=waiter)
    thread.start()
    try:
        looked.wait(TIMEOUT)
        call("CreateTable", TableName="Waited", **ON_DEMAND)
        thread.join(TIMEOUT)
    finally:
        stop.set()
        thread.join()
    if "error" in result:
        raise result["error"]
    equal(result["seen"], ["ResourceNotFoundException"] + states("CREATING", "ACTIVE"))


@test(named("waiter TableExists: on a table that is there"))
def _():
    equal(wait_table_exists("Waited"), ["ACTIVE"])


@test(named("waiter TableNotExists"))
def _():
    equal(call("DeleteTable", TableName="Waited")["TableDescription"]["TableStatus"], "DELETING")
    equal(wait_table_not_exists("Waited"), states("DELETING", ""))
    equal(wait_table_not_exists("Waited"), [""])
    not_found("Waited")


@test(named("the same name again is another table"))
def _():
    ids = []
    for _ in range(2):
        table = Provider("Again")
        ids.append(table.create(**ON_DEMAND)["TableId"])
        table.delete()
    equal(len(set(ids)), 2)


if DELAY:

    def in_use(participle, operation, message=None, **members):
        message = message or f"Table is being {participle}: Passing"
        refused(
            MODEL + "ResourceInUseException",
            f"Attempt to change a resource which is still in use: {message}",
            operation,
            TableName="Passing",
            **members,
        )

    def data(operation, **members):
        return call(operation, TableName="Passing", **members)

    ITEM = {"UserId": {"S": "me"}, "GameTitle": {"S": "Go"}}

    def begin_again(exists):
        """The table as it is before it passes a state: absent, or ACTIVE."""
        try:
            retry("DeleteTable", lambda error: error.name == "ResourceInUseException", TableName="Passing")
        except ServiceError as error:
            equal(error.name, "ResourceNotFoundException")
        wait_table_not_exists("Passing")
        if exists:
            call("CreateTable", TableName="Passing", **ON_DEMAND)
            wait_table_exists("Passing")

    def while_it_lasts(exists):
        """Runs the decorated function; once more, from the beginning, if it fails and this machine may have stopped us until the state was over."""

        def run(function):
            def attempts():
                for attempt in range(5):
                    begun = time.monotonic()
                    try:
                        return function()
                    except (AssertionError, ServiceError):
                        if attempt == 4 or time.monotonic() - begun < DELAY:
                            raise
                    begin_again(exists)

            return attempts

        return run

    def no_data():
        for operation, members in (("PutItem", {"Item": ITEM}), ("GetItem", {"Key": ITEM}), ("Scan", {})):
            error = MODEL + "ResourceNotFoundException"
            refused(error, "Requested resource not found", operation, TableName="Passing", **members)

    @test(named("CREATING: described as such, not to be changed, without items"))
    @while_it_lasts(exists=False)
    def _():
        call("CreateTable", TableName="Passing", **ON_DEMAND)
        table = call("DescribeTable", TableName="Passing")["Table"]
        equal((table["TableStatus"], table["WarmThroughput"]["Status"]), ("CREATING", "CREATING"))
        in_use("created", "DeleteTable")
        in_use("created", "UpdateTable", DeletionProtectionEnabled=True)
        in_use("created", "CreateTable", **ON_DEMAND)
        no_data()
        equal("Passing" in call("ListTables")["TableNames"], True)
        wait_table_exists("Passing")

    @test(named("UPDATING: described as such, not to be changed, with items"))
    @while_it_lasts(exists=True)
    def _():
        data("PutItem", Item=ITEM)
        provisioned = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}
        answer = call("UpdateTable", TableName="Passing", **provisioned)
        equal(answer["TableDescription"]["TableStatus"], "UPDATING")
        equal(call("DescribeTable", TableName="Passing")["Table"]["TableStatus"], "UPDATING")
        in_use("updated", "DeleteTable", "Table: Passing is in the process of being updated.")
        in_use("updated", "UpdateTable", "Table IOPS are currently being updated. Table: Passing", **provisioned)
        equal(data("GetItem", Key=ITEM, ConsistentRead=True)["Item"], ITEM)
        data("PutItem", Item={**ITEM, "GameTitle": {"S": "Chess"}})
        wait_table_exists("Passing")
        equal(data("Scan", Select="COUNT")["Count"], 2)

    @test(named("DELETING: described as such, not to be changed, without items"))
    @while_it_lasts(exists=True)
    def _():
        call("DeleteTable", TableName="Passing")
        equal(call("DescribeTable", TableName="Passing")["Table"]["TableStatus"], "DELETING")
        in_use("deleted", "DeleteTable")
        in_use("deleted", "UpdateTable", DeletionProtectionEnabled=True)
        no_data()
        wait_table_not_exists("Passing")
        not_found("Passing")


finish()
