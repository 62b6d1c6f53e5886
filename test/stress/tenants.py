#!/usr/bin/env python3
"""Tenants of one table who make random requests of every operation at once, by SQL and over HTTP; none ever sees another's items.

    tenants.py SECONDS

Each tenant is a role with a tag, without privileges, under one policy of their group; if the server has sessions, half of them are sessions of one
role instead, with the tag in the session. Every item has a mark that only its tenant can know. Of each answer it is checked that
  - it has no other tenant's mark, and no key that the request did not have;
  - it is refused if the policy does not allow the request, in the words for it, and never if it does.
Some requests are of shapes that try to get round the policy. In the end each item must have been written by the tenant whose it is.

    TENANTS     how many (default 8)
    SEED        0 picks one (default)

The server is that of libpq's environment, HTTP_PORT its endpoint's port. The last line is `N passed, N failed`.
"""
import json
import multiprocessing
import os
import random
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "policies"))

from doors import Http, Sql, SqlError           # noqa: E402
import requests                                 # noqa: E402

TENANTS = int(os.environ.get("TENANTS", "8"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 32)
ITEMS = 12                                      # a tenant's, in each table
ACCOUNT, REGION = "000000000000", "us-east-1"
ARN = "arn:aws:dynamodb:%s:%s:table/" % (REGION, ACCOUNT)
MARKS = re.compile(r"MARK(\d+)x[0-9a-f]+")
IDS = re.compile(r"ID(\d+)x\d+")

requests.SCHEMAS.clear()
requests.SCHEMAS.update({"Shared": {None: "tenant", "by_score": "tenant", "by_owner": "owner", "by_status": "status"}, "Ledger": {None: "account"},
                         "Secret": {None: "tenant"}})
requests.ATTRIBUTES.update({"account", "owner", "score", "mark", "writer", "forbidden", "m"})

ITEM_ACTIONS = ["GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ConditionCheckItem", "PartiQLSelect",
                "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"]
POLICY = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["dynamodb:" + action for action in ITEM_ACTIONS],
     "Resource": ["arn:aws:dynamodb:*:*:table/Shared", "arn:aws:dynamodb:*:*:table/Shared/index/by_owner", "arn:aws:dynamodb:*:*:table/Shared/index/by_score"],
     "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/tenant}"}, "Null": {"dynamodb:LeadingKeys": "false"}}},
    {"Effect": "Allow", "Action": ["dynamodb:" + action for action in ITEM_ACTIONS], "Resource": "arn:aws:dynamodb:*:*:table/Ledger",
     "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/account}"}, "Null": {"dynamodb:LeadingKeys": "false"}}},
    {"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"dynamodb:Attributes": "forbidden"}}}]}
OPEN = {"table/Shared": "tenant", "table/Shared/index/by_owner": "tenant", "table/Shared/index/by_score": "tenant", "table/Ledger": "account"}

# What may become of a request that is allowed, besides success
FAILURES = {"ConditionalCheckFailedException", "TransactionCanceledException", "TransactionConflictException", "DuplicateItemException"}


def tags(number):
    return {"tenant": "tenant-%d" % number, "account": "%d" % (1000 + number)}


def mark(number):
    return "MARK%dx%08x" % (number, random.getrandbits(32))


# ---------------------------------------------------------------- the tables

def item(table, number, i, writer):
    """An item of a tenant's, as this writer would write it."""
    if table == "Ledger":
        # a number in any of its spellings is one key
        key = {"account": {"N": random.choice(["%d", "%d", "%d.0", "%de0", "+%d"]) % (1000 + number)}, "id": {"S": "ID%dx%d" % (number, i)}}
    else:
        key = {"tenant": {"S": "tenant-%d" % number}, "id": {"S": "ID%dx%d" % (number, i)}}
    more = {"mark": {"S": mark(writer)}, "writer": {"N": str(writer)}, "m": {"M": {"a": {"S": mark(writer)}}}}
    if table == "Shared":
        more.update(owner={"S": "tenant-%d" % number}, score={"N": str(i % 5)}, status={"S": "open"})
    return dict(key, **more)


def keys_only(table, full):
    return {name: full[name] for name in ("account" if table == "Ledger" else "tenant", "id")}


def make_tables(admin):
    def create(name, partition, partition_type, **more):
        attributes = {partition: partition_type, "id": "S"}
        if more:
            attributes.update(owner="S", score="N", status="S")
        error, answer = admin.call("CreateTable", dict(
            {"TableName": name, "BillingMode": "PAY_PER_REQUEST", "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
             "AttributeDefinitions": [{"AttributeName": a, "AttributeType": t} for a, t in attributes.items()],
             "KeySchema": schema(partition, "id")}, **more))
        if error:
            raise SystemExit("CreateTable: " + str(answer))

    def schema(partition, sort):
        return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]

    everything = {"ProjectionType": "ALL"}
    create("Shared", "tenant", "S",
           LocalSecondaryIndexes=[{"IndexName": "by_score", "KeySchema": schema("tenant", "score"), "Projection": {"ProjectionType": "KEYS_ONLY"}}],
           GlobalSecondaryIndexes=[{"IndexName": "by_owner", "KeySchema": schema("owner", "score"), "Projection": everything},
                                   {"IndexName": "by_status", "KeySchema": schema("status", "score"), "Projection": everything}])
    create("Ledger", "account", "N")
    create("Secret", "tenant", "S")
    for number in range(TENANTS):
        for table in ("Shared", "Ledger", "Secret"):
            for i in range(ITEMS):
                error, answer = admin.call("PutItem", {"TableName": table, "Item": item(table, number, i, number if table != "Secret" else TENANTS)})
                if error:
                    raise SystemExit("PutItem: " + str(answer))


def make_tenants(admin):
    """The doors' credentials of each tenant: role, key id, secret, token, session's name."""
    admin.rows("CREATE ROLE tenants")
    admin.rows("SELECT dynapg.put_role_policy('tenants', 'own-items', $1)", json.dumps(POLICY))
    sessions = admin.value("SELECT count(*) FROM pg_catalog.pg_proc WHERE proname = 'create_session' AND pronamespace = 'dynapg'::regnamespace") != "0"
    if sessions:
        admin.rows("CREATE ROLE saas LOGIN IN ROLE tenants")
    made = []
    for number in range(TENANTS):
        if sessions and number % 2:
            made.append(make_session(admin, number))
            continue
        role = "tenant_%d" % number
        admin.rows("CREATE ROLE %s LOGIN IN ROLE tenants" % role)
        admin.rows("SELECT dynapg.tag_role($1::regrole, $2)", role, json.dumps(tags(number)))
        key_id, secret = admin.rows("SELECT * FROM dynapg.create_access_key($1::regrole)", role)[0]
        made.append({"role": role, "key": (key_id, secret, None), "principal": "arn:aws:iam::%s:user/%s" % (ACCOUNT, role)})
    return made


def make_session(admin, number):
    name = "session-%d" % number
    row = json.loads(admin.value("SELECT to_jsonb(s) FROM dynapg.create_session(role => 'saas', name => $1, tags => $2) s", name, json.dumps(tags(number))))
    return {"role": None, "key": (row["access_key_id"], row["secret_access_key"], row["session_token"]),
            "principal": "arn:aws:sts::%s:assumed-role/saas/%s" % (ACCOUNT, name)}


# ---------------------------------------------------------------- random requests

class Requests:
    """Random requests of a tenant, about its own items mostly."""

    def __init__(self, rng, number):
        self.rng, self.number = rng, number

    def chance(self, probability):
        return self.rng.random() < probability

    def whose(self):
        """A tenant: oneself, or one of the others."""
        return self.number if self.chance(0.7) else self.rng.randrange(TENANTS)

    def table(self):
        return self.rng.choice(["Shared", "Shared", "Shared", "Ledger", "Ledger", "Secret"] if self.chance(0.2) else ["Shared", "Ledger"])

    def named(self, table):
        return ARN + table if self.chance(0.2) else table

    def some_item(self, table, whose=None):
        return item(table, self.whose() if whose is None else whose, self.rng.randrange(ITEMS), self.number)

    def key(self, table, whose=None):
        return keys_only(table, self.some_item(table, whose))

    def common(self, request, reads=False):
        if self.chance(0.3):
            request["ReturnConsumedCapacity"] = self.rng.choice(["TOTAL", "INDEXES", "NONE"])
        if not reads and self.chance(0.3):
            request["ReturnItemCollectionMetrics"] = "SIZE"
        return request

    def projected(self, request):
        if self.chance(0.4):
            name = self.rng.choice(["mark", "m.a", "writer", "score", "forbidden", "m"])
            request["ProjectionExpression"] = "#p, id" if self.chance(0.3) else name
            if request["ProjectionExpression"] == "#p, id":
                request["ExpressionAttributeNames"] = {"#p": name.split(".")[0]}
        elif self.chance(0.15):
            request["AttributesToGet"] = [self.rng.choice(["mark", "id", "forbidden"])]
        return request

    def conditional(self, request):
        """A condition that may fail, and the item as it is asked for then."""
        if self.chance(0.4):
            request["ConditionExpression"] = self.rng.choice(["attribute_not_exists(id)", "attribute_exists(mark)", "begins_with(mark, :c)", self.forbidden(":c")])
            if ":c" in request["ConditionExpression"]:
                request.setdefault("ExpressionAttributeValues", {})[":c"] = {"S": "MARK"}
            if self.chance(0.6):
                request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        return request

    def forbidden(self, value):
        """A condition that names the attribute that nobody may name, wherever in an expression a name may be."""
        return self.rng.choice(["forbidden = %s", "%s = forbidden", "mark = %s OR forbidden < mark", "NOT (mark = %s AND attribute_exists(forbidden))",
                                "size(forbidden) > size(%s)", "contains(forbidden, %s)", "contains(mark, forbidden) OR mark = %s", "forbidden.a[0].b = %s",
                                "forbidden[3] = %s", "%s BETWEEN mark AND forbidden", "%s IN (mark, forbidden)", "begins_with(mark, forbidden) OR mark = %s",
                                "attribute_not_exists(forbidden) OR mark = %s"]) % value

    # ---- single items

    def get_item(self):
        table = self.table()
        return "GetItem", self.projected(self.common({"TableName": self.named(table), "Key": self.key(table), "ConsistentRead": self.chance(0.5)}, True))

    def put(self, table):
        new = self.some_item(table)
        if self.chance(0.05):
            new["forbidden"] = {"S": "x"}
        return {"TableName": self.named(table), "Item": new}

    def put_item(self):
        request = self.conditional(self.common(self.put(self.table())))
        if self.chance(0.5):
            request["ReturnValues"] = self.rng.choice(["ALL_OLD", "NONE"])
        return "PutItem", request

    def update(self, table):
        request = {"TableName": self.named(table), "Key": self.key(table), "UpdateExpression": "SET mark = :m, #b = :b, m = :map",
                   "ExpressionAttributeNames": {"#b": "writer"},
                   "ExpressionAttributeValues": {":m": {"S": mark(self.number)}, ":b": {"N": str(self.number)}, ":map": {"M": {"a": {"S": mark(self.number)}}}}}
        if table == "Shared":
            request["UpdateExpression"] += ", #o = :o, score = :r"
            request["ExpressionAttributeNames"]["#o"] = "owner"
            request["ExpressionAttributeValues"].update({":o": {"S": "tenant-%d" % self.number}, ":r": {"N": str(self.rng.randrange(5))}})
        if self.chance(0.05):
            request["UpdateExpression"] += self.rng.choice([", x = forbidden", ", x = if_not_exists(forbidden, :b)", ", x = list_append(forbidden, forbidden)",
                                                           ", x = score + forbidden", " REMOVE forbidden", " REMOVE forbidden.a", " ADD forbidden :b", ", forbidden = :b"])
        return request

    def update_item(self):
        table = self.table()
        if self.chance(0.1):
            return "UpdateItem", {"TableName": table, "Key": self.key(table), "ReturnValues": "ALL_NEW", "AttributeUpdates": {
                self.rng.choice(["mark", "mark", "forbidden"]): {"Action": "PUT", "Value": {"S": mark(self.number)}},
                "writer": {"Action": "PUT", "Value": {"N": str(self.number)}}}}
        request = self.conditional(self.common(self.update(table)))
        if self.chance(0.7):
            request["ReturnValues"] = self.rng.choice(["ALL_OLD", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW", "NONE"])
        return "UpdateItem", request

    def delete_item(self):
        table = self.table()
        request = self.conditional(self.common({"TableName": self.named(table), "Key": self.key(table)}))
        if self.chance(0.5):
            request["ReturnValues"] = "ALL_OLD"
        return "DeleteItem", request

    # ---- pages

    def query(self):
        table = self.table()
        whose = self.whose()
        index = self.rng.choice([None, None, "by_owner", "by_score", "by_status"]) if table == "Shared" else None
        attribute = requests.SCHEMAS[table][index]
        value = {"N": str(1000 + whose)} if table == "Ledger" else {"S": "open" if index == "by_status" else "tenant-%d" % whose}
        request = {"TableName": self.named(table), "ScanIndexForward": self.chance(0.5)}
        if index:
            request["IndexName"] = index
        if self.chance(0.15):
            request["KeyConditions"] = {attribute: {"ComparisonOperator": "EQ", "AttributeValueList": [value]}}
            if self.chance(0.5) and index != "by_score":
                request["QueryFilter"] = {self.rng.choice(["mark", "forbidden"]): {"ComparisonOperator": "NOT_NULL"}}
            return "Query", self.common(request, True)
        request.update(KeyConditionExpression="#k = :k", ExpressionAttributeNames={"#k": attribute}, ExpressionAttributeValues={":k": value})
        if self.chance(0.3) and index != "by_score":
            request["FilterExpression"] = self.rng.choice(["begins_with(mark, :f)", self.forbidden(":f"), "attribute_exists(m.a) AND mark > :f"])
            request["ExpressionAttributeValues"][":f"] = {"S": "MARK"}
        if self.chance(0.3):
            request["Limit"] = self.rng.randrange(1, 5)
        if self.chance(0.2):
            request["Select"] = "COUNT"
        elif self.chance(0.3):
            request["ProjectionExpression"] = self.rng.choice(["mark, id", "id, m.a", "forbidden, id"])
        if self.chance(0.15) and index is None and whose == self.number:
            request["ExclusiveStartKey"] = self.key(table, self.number)
        return "Query", self.common(request, True)

    def scan(self):
        table = self.table()
        request = self.projected({"TableName": self.named(table)})
        if table == "Shared" and self.chance(0.5):
            request["IndexName"] = self.rng.choice(["by_owner", "by_status"])
            request.pop("AttributesToGet", None)
        if self.chance(0.3):
            request.update(TotalSegments=4, Segment=self.rng.randrange(4))
        return "Scan", self.common(request, True)

    # ---- several items

    def several(self, table):
        """Distinct keys or items, mostly of oneself."""
        whose = [self.number if self.chance(0.9) else self.rng.randrange(TENANTS) for _ in range(self.rng.randint(1, 5))]
        found = {}
        for tenant in whose:
            one = self.some_item(table, tenant)
            found[one["id"]["S"]] = one
        return list(found.values())

    def batch_get_item(self):
        tables = self.rng.sample(["Shared", "Ledger"], self.rng.choice([1, 1, 2])) + (["Secret"] if self.chance(0.1) else [])
        asked = {}
        for table in tables:
            asked[self.named(table)] = self.without_legacy(self.projected({"Keys": [keys_only(table, one) for one in self.several(table)]}))
        return "BatchGetItem", self.common({"RequestItems": asked}, True)

    def batch_write_item(self):
        tables = self.rng.sample(["Shared", "Ledger"], self.rng.choice([1, 1, 2]))
        asked = {}
        for table in tables:
            asked[self.named(table)] = [{"DeleteRequest": {"Key": keys_only(table, one)}} if self.chance(0.2) else {"PutRequest": {"Item": one}}
                                        for one in self.several(table)]
        return "BatchWriteItem", self.common({"RequestItems": asked})

    def transact_get_items(self):
        table = self.table()
        return "TransactGetItems", self.common({"TransactItems": [
            {"Get": self.without_legacy(self.projected({"TableName": self.named(table), "Key": keys_only(table, one)}))} for one in self.several(table)]}, True)

    @staticmethod
    def without_legacy(request):
        request.pop("AttributesToGet", None)
        return request

    def transact_write_items(self):
        members = {}
        for _ in range(self.rng.randint(1, 4)):
            table = self.table()
            kind = self.rng.choice(["Put", "Update", "Delete", "ConditionCheck"])
            whose = self.number if self.chance(0.9) else self.rng.randrange(TENANTS)
            one = self.some_item(table, whose)
            if kind == "Put":
                request = {"TableName": table, "Item": one}
            elif kind == "Update":
                request = dict(self.update(table), Key=keys_only(table, one))
            else:
                request = {"TableName": table, "Key": keys_only(table, one)}
            if kind == "ConditionCheck":
                request.update(ConditionExpression="attribute_exists(id)", ReturnValuesOnConditionCheckFailure="ALL_OLD")
                if self.chance(0.5):
                    request["ConditionExpression"] = "attribute_not_exists(id)"
            else:
                request = self.conditional(request)
            members[table + one["id"]["S"]] = {kind: request}
        return "TransactWriteItems", self.common({"TransactItems": list(members.values())})

    # ---- PartiQL

    def literal(self, table, whose):
        return str(1000 + whose) if table == "Ledger" else "'tenant-%d'" % whose

    def statement(self, kind=None, whose=None):
        table = self.table()
        whose = self.whose() if whose is None else whose
        partition = requests.SCHEMAS[table][None]
        where = "WHERE %s = %s AND id = 'ID%dx%d'" % (partition, self.literal(table, whose), whose, self.rng.randrange(ITEMS))
        kind = kind or self.rng.choice(["select", "select", "key", "in", "index", "insert", "update", "delete"])
        if kind == "key":
            return 'SELECT * FROM "%s" %s' % (table, where)
        if kind == "select":
            return 'SELECT %s FROM "%s" WHERE %s = %s' % (self.rng.choice(["*", "mark, id", "m.a", "forbidden"]), table, partition, self.literal(table, whose))
        if kind == "in":
            tenants = sorted({self.number, whose})
            return 'SELECT mark FROM "%s" WHERE "%s" IN [%s]' % (table, partition, ", ".join(self.literal(table, tenant) for tenant in tenants))
        if kind == "index":
            return 'SELECT * FROM "Shared"."%s" WHERE "owner" = \'tenant-%d\'' % ("by_owner", whose)
        if kind == "insert":
            return "INSERT INTO \"%s\" VALUE {'%s': %s, 'id': 'ID%dx%d', 'mark': '%s', 'writer': %d}" % (
                table, partition, self.literal(table, whose), whose, self.rng.randrange(ITEMS), mark(self.number), self.number)
        if kind == "update":
            return "UPDATE \"%s\" SET mark = '%s' SET writer = %d %s RETURNING %s *" % (
                table, mark(self.number), self.number, where, self.rng.choice(["ALL OLD", "ALL NEW", "MODIFIED OLD", "MODIFIED NEW"]))
        return 'DELETE FROM "%s" %s%s' % (table, where, self.rng.choice([" RETURNING ALL OLD *", ""]))

    def execute_statement(self):
        return "ExecuteStatement", self.common({"Statement": self.statement()}, True)

    def batch_execute_statement(self):
        kinds = ["key"] if self.chance(0.5) else ["insert", "update", "delete"]
        statements = {}
        for _ in range(self.rng.randint(1, 3)):
            statement = self.without_returning(self.statement(self.rng.choice(kinds), self.number if self.chance(0.9) else None))
            statements[re.search(r"\"(\w+)\"", statement).group(1) + IDS.search(statement).group(0)] = {"Statement": statement}
        return "BatchExecuteStatement", self.common({"Statements": list(statements.values())}, True)

    @staticmethod
    def without_returning(statement):
        return re.sub(r" RETURNING .*", "", statement)

    def execute_transaction(self):
        request = self.batch_execute_statement()[1]
        return "ExecuteTransaction", {"TransactStatements": request["Statements"]}

    ORDINARY = [get_item, get_item, put_item, put_item, update_item, update_item, delete_item, query, query, query, scan, batch_get_item, batch_write_item,
                transact_get_items, transact_write_items, execute_statement, execute_statement, batch_execute_statement, execute_transaction]

    def ordinary(self):
        return self.rng.choice(self.ORDINARY)(self)


class Attacks:
    """Requests that try to get round the policy: whatever becomes of them, nothing may be seen."""

    def __init__(self, rng, number, leaked):
        self.rng, self.number, self.leaked = rng, number, leaked

    def other(self):
        return (self.number + self.rng.randrange(1, TENANTS)) % TENANTS

    def api(self):
        me, you = "tenant-%d" % self.number, "tenant-%d" % self.other()
        other = self.other()
        key = {"tenant": {"S": "tenant-%d" % other}, "id": {"S": "ID%dx1" % other}}
        mine = {"tenant": {"S": me}, "id": {"S": "ID%dx1" % self.number}}
        names = {"#k": "tenant"}
        bare = lambda statement: ("ExecuteStatement", {"Statement": statement})     # noqa: E731
        return self.rng.choice([
            # PartiQL in all its spellings
            bare("SELECT * FROM Shared"), bare('SELECT * FROM "Shared"'), bare('SELECT * FROM "Shared"."by_status" WHERE status = \'open\''),
            bare('SELECT * FROM "Shared"."by_owner"'), bare('SELECT * FROM "Shared".by_score'), bare('select * from "Shared" where id = \'ID%dx1\'' % other),
            bare('SELECT * FROM "Shared" WHERE tenant = \'%s\' OR tenant = \'%s\'' % (me, you)),
            bare('SELECT * FROM "Shared" WHERE tenant = \'%s\' OR id > \'A\'' % me), bare('SELECT * FROM "Shared" WHERE NOT tenant = \'%s\'' % me),
            bare('SELECT * FROM "Shared" WHERE tenant <> \'%s\'' % me), bare('SELECT * FROM "Shared" WHERE tenant BETWEEN \'%s\' AND \'tenant-9\'' % me),
            bare('SELECT * FROM "Shared" WHERE begins_with(tenant, \'tenant\')'), bare('SELECT * FROM "Shared" WHERE tenant IN [\'%s\', \'%s\']' % (me, you)),
            bare('SELECT * FROM "Shared" WHERE tenant IN (\'%s\')' % you), bare('SELECT * FROM "Shared" WHERE \'%s\' = tenant' % you),
            bare('SELECT * FROM "Shared" WHERE tenant = \'%s\' AND tenant = \'%s\'' % (me, you)),
            bare('SELECT * FROM "Shared" s WHERE s.tenant = \'%s\'' % you), bare('SELECT * FROM "%sShared" WHERE tenant = \'%s\'' % (ARN, you)),
            bare('SELECT * FROM "Shared" WHERE "tenant" = \'%s\' OR 1 = 1' % me), bare('SELECT * FROM "Shared" WHERE tenant = \'%s\' OR EXISTS(SELECT * FROM "Shared" WHERE tenant = \'%s\')' % (me, you)),
            ("ExecuteStatement", {"Statement": 'SELECT * FROM "Shared" WHERE tenant IN [?, ?]', "Parameters": [{"S": me}, {"S": you}]}),
            ("ExecuteStatement", {"Statement": 'SELECT * FROM "Shared" WHERE tenant = ?', "Parameters": [{"S": you}]}),
            ("ExecuteStatement", {"Statement": 'SELECT * FROM "Shared" WHERE tenant = \'%s\'' % me, "Limit": 2, "NextToken": self.token()}),
            bare('UPDATE "Shared" SET mark = mark WHERE tenant = \'%s\' AND id = \'ID%dx1\' RETURNING ALL OLD *' % (you, other)),
            bare('DELETE FROM "Shared" WHERE tenant = \'%s\' AND id = \'ID%dx1\' RETURNING ALL OLD *' % (you, other)),
            bare("INSERT INTO \"Shared\" VALUE {'tenant': '%s', 'id': 'ID%dx1'}" % (you, other)),
            ("ExecuteTransaction", {"TransactStatements": [{"Statement": 'EXISTS(SELECT * FROM "Shared" WHERE tenant = \'%s\' AND id = \'ID%dx1\' AND begins_with(mark, \'MARK\'))' % (you, other)},
                                                          {"Statement": 'UPDATE "Shared" SET x = 1 WHERE tenant = \'%s\' AND id = \'ID%dx1\'' % (me, self.number)}]}),
            ("BatchExecuteStatement", {"Statements": [{"Statement": 'SELECT * FROM "Shared" WHERE tenant = \'%s\' AND id = \'ID%dx1\'' % (me, self.number)},
                                                     {"Statement": 'SELECT * FROM "Shared" WHERE tenant = \'%s\' AND id = \'ID%dx1\'' % (you, other)}]}),
            # keys and names
            ("GetItem", {"TableName": "shared", "Key": key}), ("GetItem", {"TableName": ARN + "Shared/index/by_owner", "Key": key}),
            ("GetItem", {"TableName": ARN.replace(REGION, "eu-west-1") + "Shared", "Key": key}), ("GetItem", {"TableName": "Shared", "Key": dict(key, owner={"S": me})}),
            ("UpdateItem", {"TableName": "Shared", "Key": mine, "UpdateExpression": "SET tenant = :t", "ExpressionAttributeValues": {":t": {"S": you}}, "ReturnValues": "ALL_NEW"}),
            ("Query", {"TableName": "Shared", "KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "ID%dx1" % other}}}),
            ("Query", {"TableName": "Shared", "KeyConditionExpression": "tenant > :i", "ExpressionAttributeValues": {":i": {"S": me}}}),
            ("Query", {"TableName": "Shared", "KeyConditionExpression": "tenant = :i AND #k = :j", "ExpressionAttributeNames": names, "ExpressionAttributeValues": {":i": {"S": me}, ":j": {"S": you}}}),
            ("Query", {"TableName": "Shared", "KeyConditions": {"tenant": {"ComparisonOperator": "IN", "AttributeValueList": [{"S": me}, {"S": you}]}}}),
            ("Query", {"TableName": "Shared", "IndexName": "by_status", "KeyConditionExpression": "#s = :s", "ExpressionAttributeNames": {"#s": "status"}, "ExpressionAttributeValues": {":s": {"S": "open"}}}),
            ("Query", {"TableName": "Shared", "IndexName": "by_owner", "KeyConditionExpression": "tenant = :s", "ExpressionAttributeValues": {":s": {"S": me}}}),
            ("Query", {"TableName": "Shared", "KeyConditionExpression": "tenant = :i", "ExpressionAttributeValues": {":i": {"S": me}}, "ExclusiveStartKey": key}),
            ("Query", {"TableName": "Shared", "IndexName": "by_owner", "KeyConditionExpression": "#o = :i", "ExpressionAttributeNames": {"#o": "owner"}, "ExpressionAttributeValues": {":i": {"S": me}},
                       "ExclusiveStartKey": dict(key, owner={"S": you}, score={"N": "0"})}),
            ("Query", {"TableName": "Shared", "IndexName": "by_score", "Select": "ALL_ATTRIBUTES", "KeyConditionExpression": "tenant = :i", "ExpressionAttributeValues": {":i": {"S": you}}}),
            ("BatchGetItem", {"RequestItems": {"Shared": {"Keys": [mine, key]}, ARN + "Shared": {"Keys": [key]}}}),
            ("BatchGetItem", {"RequestItems": {"Shared": {"Keys": [key, key]}}}),
            ("TransactGetItems", {"TransactItems": [{"Get": {"TableName": "Shared", "Key": mine}}, {"Get": {"TableName": ARN + "Shared", "Key": key}}]}),
            ("TransactWriteItems", {"TransactItems": [{"Put": {"TableName": "Shared", "Item": dict(mine, writer={"N": str(self.number)})}},
                                                     {"ConditionCheck": {"TableName": "Shared", "Key": key, "ConditionExpression": "attribute_not_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]}),
            ("PutItem", {"TableName": "Shared", "Item": dict(key, forbidden={"S": "x"}), "ReturnValues": "ALL_OLD"}),
            ("PutItem", {"TableName": "Shared", "Item": key, "Expected": {"mark": {"Exists": False}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}),
            ("DeleteItem", {"TableName": "Shared", "Key": key, "Expected": {"mark": {"Value": {"S": "x"}}}, "ReturnValues": "ALL_OLD"}),
            # other ways to the items
            ("Scan", {"TableName": "Shared", "ScanFilter": {"tenant": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": me}]}}}),
            ("DescribeTable", {"TableName": "Shared"}), ("ListTables", {}), ("DescribeStream", {"StreamArn": self.leaked["stream"]}), ("ListStreams", {}),
            ("GetShardIterator", {"StreamArn": self.leaked["stream"], "ShardId": self.leaked["shard"], "ShardIteratorType": "TRIM_HORIZON"}),
            ("GetRecords", {"ShardIterator": self.leaked["iterator"]}),
            ("CreateBackup", {"TableName": "Shared", "BackupName": "mine"}), ("ListBackups", {}), ("DescribeBackup", {"BackupArn": self.leaked["backup"]}),
            ("RestoreTableFromBackup", {"TargetTableName": "Mine%d" % self.number, "BackupArn": self.leaked["backup"]}), ("DeleteBackup", {"BackupArn": self.leaked["backup"]}),
            ("RestoreTableToPointInTime", {"SourceTableName": "Shared", "TargetTableName": "Mine%d" % self.number, "UseLatestRestorableTime": True}),
            ("ExportTableToPointInTime", {"TableArn": ARN + "Shared", "S3Bucket": "bucket"}),
            ("UpdateTable", {"TableName": "Shared", "DeletionProtectionEnabled": True}), ("DeleteTable", {"TableName": "Shared"}), ("UpdateTimeToLive", {"TableName": "Shared", "TimeToLiveSpecification": {"Enabled": True, "AttributeName": "score"}}),
            ("TagResource", {"ResourceArn": ARN + "Shared", "Tags": [{"Key": "a", "Value": "b"}]}), ("ListTagsOfResource", {"ResourceArn": ARN + "Shared"})])

    def token(self):
        return self.rng.choice(self.leaked["tokens"])

    SQL = ["SELECT dynapg.get('Shared', 'tenant-{you}', 'ID{you}x1')", "SELECT dynapg.items('Shared', 'tenant-{you}')", "SELECT * FROM dynamo.\"Shared\"",
           "SELECT dynapg.put('Shared', '{{\"tenant\": \"tenant-{you}\", \"id\": \"ID{you}x1\"}}')", "SELECT dynapg.delete('Shared', 'tenant-{you}', 'ID{you}x1')",
           "SELECT dynapg.stream_records('Shared')", "SELECT dynapg.items_at('Shared', now())", "SELECT dynapg.history('Shared', '{{\"tenant\": \"tenant-{you}\", \"id\": \"ID{you}x1\"}}')",
           "SELECT * FROM dynapg.query('{{\"TableName\": \"Shared\", \"KeyConditionExpression\": \"tenant = :t\", \"ExpressionAttributeValues\": {{\":t\": {{\"S\": \"tenant-{you}\"}}}}}}')",
           "SELECT * FROM dynapg.scan('{{\"TableName\": \"Shared\"}}')", "SELECT dynapg.view_query('Shared', '{{\"mark\": \"S\"}}')", "SELECT dynapg.expire_items('Shared')",
           "SELECT * FROM pg_catalog.pg_stats WHERE schemaname IN ('dynamo', 'dynapg_index')", "COPY dynamo.\"Shared\" TO STDOUT", "SELECT * FROM dynapg.oldest_expired('Shared')",
           "SELECT dynapg.check_table('Shared')", "SELECT dynapg.copy_to('Shared', 'http://localhost:1', 'x')", "SELECT * FROM dynapg.role_policies", "SELECT * FROM dynapg.access_keys",
           "SELECT dynapg.tag_role(current_user::regrole, '{{\"tenant\": \"tenant-{you}\"}}')", "SET ROLE \"tenant_{you}\"", "SELECT dynapg.create_access_key('tenant_{you}')",
           "UPDATE dynapg.role_tags SET value = 'tenant-{you}'", "SELECT dynapg.delete_role_policy('tenants', 'own-items')", "SELECT * FROM dynapg_index.\"Shared_by_owner\""]

    def sql(self):
        return self.rng.choice(self.SQL).format(you=self.other())


# ---------------------------------------------------------------- what is expected

def refusals(principal, number, operation, request):
    """The messages of the parts that are not allowed. Which statement refuses is known before the request's attributes are, where none allows."""
    own = tags(number)
    found = []
    for action, resource, keys in requests.parts(operation, request):
        text = "User: %s is not authorized to perform: dynamodb:%s on resource: %s%s" % (principal, action, ARN[:-6], resource)
        leading = keys.get("dynamodb:LeadingKeys")
        if "forbidden" in (keys.get("dynamodb:Attributes") or ()):
            found.append(text + " with an explicit deny in an identity-based policy")
            if action not in ITEM_ACTIONS or resource not in OPEN:
                found.append(text + " because no identity-based policy allows the dynamodb:%s action" % action)
        elif action not in ITEM_ACTIONS or resource not in OPEN or not leading or any(value != own[OPEN[resource]] for value in leading):
            found.append(text + " because no identity-based policy allows the dynamodb:%s action" % action)
    return found


class Tenant:
    def __init__(self, number, credentials, leaked, seconds):
        self.number, self.seconds = number, seconds
        self.rng = random.Random(SEED * 1000 + number)
        random.seed(SEED * 1000 + number)
        self.principal = credentials["principal"]
        self.doors = {"http": Http(int(os.environ["HTTP_PORT"]), *credentials["key"])}
        if credentials["role"]:
            self.doors["sql"] = Sql(credentials["role"])
        self.requests = Requests(self.rng, number)
        self.attacks = Attacks(self.rng, number, leaked)
        self.counts = {"allowed": 0, "refused": 0, "attacks": 0, "own marks seen": 0}
        self.problems, self.passed = [], 0

    def check(self, good, *what):
        if good:
            self.passed += 1
        else:
            self.problems.append(" | ".join(str(part) for part in what)[:3000])

    def check_leaks(self, door, asked, answer):
        others = {int(n) for n in MARKS.findall(answer)} - {self.number}
        foreign = {match.group(0) for match in IDS.finditer(answer) if int(match.group(1)) != self.number}
        known = {match.group(0) for match in IDS.finditer(asked)}
        self.check(not others and foreign <= known, "LEAK to %d by %s" % (self.number, door), asked, answer)
        self.counts["own marks seen"] += len(MARKS.findall(answer))

    def ordinary(self):
        name = self.rng.choice(list(self.doors))
        operation, request = self.requests.ordinary()
        error, answer = self.doors[name].call(operation, request)
        self.check_leaks(name, operation + json.dumps(request), self.doors[name].last)
        if operation == "BatchExecuteStatement":
            self.check_statements(name, request, error, answer)
            return
        expected = refusals(self.principal, self.number, operation, request)
        if expected:
            self.counts["refused"] += 1
            self.check(error == "AccessDeniedException" and answer in expected, "not refused as it should be, by " + name, operation, json.dumps(request), error, answer, expected)
        else:
            self.counts["allowed"] += 1
            self.check(error is None or error in FAILURES, "should be allowed, by " + name, operation, json.dumps(request), error, answer)

    def check_statements(self, door, request, error, answer):
        """Statements of a batch are judged one by one."""
        self.check(error is None, "a batch of statements is refused, by " + door, json.dumps(request), error, answer)
        for statement, response in zip(request["Statements"], answer["Responses"] if error is None else ()):
            refused = response.get("Error", {}).get("Code") == "AccessDenied"
            expected = refusals(self.principal, self.number, "BatchExecuteStatement", {"Statements": [statement]})
            self.counts["refused" if expected else "allowed"] += 1
            self.check(response["Error"]["Message"] in expected if refused else not expected, "a statement of a batch, by " + door, statement, response, expected)
            self.check(refused or response.get("Error", {}).get("Code") in (None, "ConditionalCheckFailed", "DuplicateItem", "TransactionConflict"), "error in a batch", statement, response)

    def attack(self):
        self.counts["attacks"] += 1
        if "sql" in self.doors and self.rng.random() < 0.3:
            statement = self.attacks.sql()
            try:
                self.doors["sql"].last = json.dumps(self.doors["sql"].rows(statement))
            except SqlError as error:
                self.doors["sql"].last = error.text
            self.check_leaks("sql", statement, self.doors["sql"].last)
            return
        name = self.rng.choice(list(self.doors))
        operation, request = self.attacks.api()
        error, answer = self.doors[name].call(operation, request)
        self.check_leaks(name, operation + json.dumps(request), self.doors[name].last)
        self.check(error not in ("InternalServerError", "ServiceUnavailable", "XX000"), "server's fault", operation, json.dumps(request), error, answer)

    def run(self):
        end = time.monotonic() + self.seconds
        while time.monotonic() < end and len(self.problems) < 10:
            if self.rng.random() < 0.15:
                self.attack()
            else:
                self.ordinary()
        return {"passed": self.passed, "problems": self.problems, "counts": self.counts}


def run_tenant(number, credentials, leaked, seconds, results):
    try:
        results.put(Tenant(number, credentials, leaked, seconds).run())
    except BaseException as error:      # pylint: disable=broad-except
        results.put({"passed": 0, "problems": ["tenant %d: %r" % (number, error)], "counts": {}})


# ---------------------------------------------------------------- what goes on beside, and the end

def leak(admin, credentials):
    """What tenants must not have, and have."""
    stream = admin.call("DescribeTable", {"TableName": "Shared"})[1]["Table"]["LatestStreamArn"]
    shard = admin.call("DescribeStream", {"StreamArn": stream})[1]["StreamDescription"]["Shards"][0]["ShardId"]
    iterator = admin.call("GetShardIterator", {"StreamArn": stream, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"})[1]["ShardIterator"]
    backup = admin.call("CreateBackup", {"TableName": "Shared", "BackupName": "all"})[1]["BackupDetails"]["BackupArn"]
    tokens = []
    for number, one in enumerate(credentials):
        door = Http(int(os.environ["HTTP_PORT"]), *one["key"])
        error, answer = door.call("ExecuteStatement", {"Statement": "SELECT * FROM \"Shared\" WHERE tenant = 'tenant-%d'" % number, "Limit": 2})
        if error:
            raise SystemExit("a token: %s" % answer)
        tokens.append(answer["NextToken"])
    return {"stream": stream, "shard": shard, "iterator": iterator, "backup": backup, "tokens": tokens}


def disturb(admin, stop):
    """Has every process forget its policies again and again."""
    n = 0
    while not stop():
        n += 1
        admin.rows("SELECT dynapg.put_role_policy('tenants', 'own-items', $1)", json.dumps(POLICY))
        admin.rows("SELECT dynapg.tag_role('tenants', $1)", json.dumps({"n": str(n)}))
        time.sleep(0.2)


def check_items(admin, report):
    """Each item is of whoever wrote it."""
    for table, partition in (("Shared", "item ->> 'tenant'"), ("Ledger", "'tenant-' || (item ->> 'account')::int - 1000")):
        wrong = admin.rows("SELECT item FROM dynamo.\"%s\" WHERE %s <> 'tenant-' || (item ->> 'writer') OR item ->> 'mark' NOT LIKE 'MARK' || (item ->> 'writer') || 'x%%'" % (table, partition))
        report(not wrong, "items of others", table, wrong[:3])


def main():
    seconds = float(sys.argv[1])
    print("SEED=%d" % SEED, flush=True)
    admin = Sql()
    make_tables(admin)
    credentials = make_tenants(admin)
    leaked = leak(admin, credentials)
    admin.close()
    results = multiprocessing.Queue()
    children = [multiprocessing.Process(target=run_tenant, args=(n, credentials[n], leaked, seconds, results)) for n in range(TENANTS)]
    for child in children:
        child.start()
    admin = Sql()
    disturb(admin, lambda: results.qsize() == TENANTS)
    answers = [results.get() for _ in children]
    totals, problems, passed = {}, [], 0
    for answer in answers:
        passed += answer["passed"]
        problems += answer["problems"]
        for name, n in answer["counts"].items():
            totals[name] = totals.get(name, 0) + n

    def report(good, *what):
        nonlocal passed
        if good:
            passed += 1
        else:
            problems.append(" | ".join(str(part) for part in what)[:3000])

    check_items(admin, report)
    for name in ("allowed", "refused", "attacks", "own marks seen"):
        report(totals.get(name, 0) > seconds * TENANTS / 4, "too few: " + name, totals)
    for problem in problems[:20]:
        print("not ok:", problem)
    print(", ".join("%d %s" % (n, name) for name, n in totals.items()))
    print("%d passed, %d failed" % (passed, len(problems)))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
