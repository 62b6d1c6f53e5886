#!/usr/bin/env python3
"""Runs docs/policies.md: its SQL, and each request of its tables, by dynapg.simulate_policy(), by SQL and over HTTP.

    page.py [simulate] [sql] [http] [boto3]     which of these ways; all but boto3 if none is named
    page.py tls                                 afterwards, when the endpoint speaks TLS: the requests over it

The server is that of libpq's environment, HTTP_PORT its endpoint's port. With boto3, requests are made by that client, whose packages the Python
must have.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "pages")]

from doors import Http, Sql, SqlError                                                        # noqa: E402
from pages import read_blocks, shown_lines                                                   # noqa: E402
import requests                                                                              # noqa: E402

ACCOUNT, REGION = "000000000000", os.environ.get("AWS_REGION", "us-east-1")
PREFIX = "arn:aws:dynamodb:%s:%s:" % (REGION, ACCOUNT)
OFFICE = "203.0.113.0/24"
ROW = re.compile(r"\| `(?P<role>\w+)`(?P<where>[^|]*)\| `(?P<request>.*)` \| (?P<answer>.*) \|$")
REFUSED = re.compile(r"`dynamodb:(?P<action>\w+)` on `(?P<resource>[^`]*)`: (?P<why>.*)$")

passed = failed = 0


def check(good, what, *details):
    global passed, failed
    if good:
        passed += 1
        return
    failed += 1
    print("not ok:", what)
    for detail in details:
        print("    ", detail)


# ---------------------------------------------------------------- the page

def read_page():
    """(kind, text) of the blocks and rows, in their order: sql, output, row."""
    is_ours = False
    for block in read_blocks(os.path.join(ROOT, "docs", "policies.md")):
        if block.kind == "head":
            is_ours = block.text.startswith("| as | request |")
        elif block.kind == "row" and is_ours:
            match = ROW.match(block.text)
            if not match:
                raise SystemExit("a row of a table that cannot be read: " + block.text)
            yield "row", match.groupdict()
        elif block.kind in ("sql", "output", "json"):
            yield block.kind, block.text


def run_sql(text):
    done = subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1"], input=text, capture_output=True, text=True,
                          env=dict(os.environ, PGOPTIONS="-c client_min_messages=error"), check=False)
    check(done.returncode == 0, "SQL of the page", text, done.stderr)
    return shown_lines(done.stdout)


def refusal(role, where, answer):
    """The whole message of a refusal that the page has short; None if it allows."""
    session = re.search(r"in a session of (\w+)", where)
    principal = "sts::%s:assumed-role/%s/%s" % (ACCOUNT, role, session.group(1)) if session else "iam::%s:user/%s" % (ACCOUNT, role)
    if answer == "allowed":
        return None
    match = REFUSED.match(answer)
    if not match:
        return answer
    action, resource, why = match.group("action", "resource", "why")
    resource = resource if resource == "*" or resource.startswith("arn:") else PREFIX + resource
    text = "User: arn:aws:%s is not authorized to perform: dynamodb:%s on resource: %s" % (principal, action, resource)
    if why.startswith("explicit deny"):
        return text + " with an " + why
    return text + " because %s allows the dynamodb:%s action" % (why, action)


# ---------------------------------------------------------------- the ways

class Page:
    def __init__(self, ways):
        self.ways = ways
        self.super = Sql()
        self.http, self.keys = {}, {}
        self.filled = {}

    def fill(self, text):
        """With the stream's, a shard's and a backup's names, which nobody knows before."""
        if "<stream>" in text or "<shard>" in text or "<iterator>" in text:
            arn = self.super.call("DescribeTable", {"TableName": "Orders"})[1]["Table"]["LatestStreamArn"]
            shard = self.super.call("DescribeStream", {"StreamArn": arn})[1]["StreamDescription"]["Shards"][0]["ShardId"]
            iterator = self.super.call("GetShardIterator", {"StreamArn": arn, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"})[1]
            text = text.replace("<stream>", arn).replace("<shard>", shard).replace("<iterator>", iterator["ShardIterator"])
        if "<backup>" in text:
            if "<backup>" not in self.filled:
                self.filled["<backup>"] = self.super.call("CreateBackup", {"TableName": "Orders", "BackupName": "page"})[1]["BackupDetails"]["BackupArn"]
            text = text.replace("<backup>", self.filled["<backup>"])
        return text

    def key(self, role, where):
        """Key, secret and, of a session, token."""
        tenant = re.search(r"in a session of (\w+)", where)
        who = role + where
        if who not in self.keys and tenant:
            self.keys[who] = self.super.rows("SELECT access_key_id, secret_access_key, session_token FROM dynapg.create_session($1::regrole, tags => $2, name => $3)",
                                             role, json.dumps({"tenant": tenant.group(1)}), tenant.group(1))[0]
        elif who not in self.keys:
            self.keys[who] = self.super.rows("SELECT * FROM dynapg.create_access_key($1::regrole)", role)[0] + [None]
        return self.keys[who]

    def simulate(self, role, where, operation, request):
        """The refusal of the first part that is not allowed, or None."""
        context = {"aws:CurrentTime": self.super.value("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"),
                   "aws:SecureTransport": "TLS" in where}
        address = re.search(r"from ([\d.]+)", where)
        if address:
            context["aws:SourceIp"] = address.group(1)
        granted = self.super.value("""SELECT has_table_privilege($1, 'dynamo."Orders"', 'SELECT')""", role)
        asked = requests.parts(operation, request) if operation != "GetRecords" else \
            [(operation, self.fill("<stream>").split(":", 5)[5], {})]
        for action, resource, keys in asked:
            refused = self.super.value("SELECT refusal FROM dynapg.simulate_policy($1::regrole, $2, $3, $4, $5)", role, "dynamodb:" + action,
                                       resource if resource == "*" else PREFIX + resource, json.dumps(dict(context, **keys)), granted)
            if refused:
                return refused
        return None

    def call(self, door, operation, request):
        name, message = door.call(operation, request)
        if name not in (None, "AccessDeniedException"):
            return name + ": " + message
        return message if name else None

    def by_sql(self, role, where, operation, request):
        door = Sql(role)
        refused = self.call(door, operation, request)
        door.close()
        return refused

    def by_http(self, role, where, operation, request, tls=False):
        who = role + where
        if who not in self.http:
            self.http[who] = Http(int(os.environ["HTTP_PORT"]), *self.key(role, where), tls=tls, region=REGION)
        return self.call(self.http[who], operation, request)

    def by_tls(self, role, where, operation, request):
        return self.by_http(role, where, operation, request, tls=True)

    def by_boto3(self, role, where, operation, request):
        import boto3                                            # pylint: disable=import-outside-toplevel
        from botocore.exceptions import ClientError             # pylint: disable=import-outside-toplevel
        service = "dynamodbstreams" if operation in ("DescribeStream", "GetShardIterator", "GetRecords") else "dynamodb"
        key_id, secret, token = self.key(role, where)
        who = role + where, service
        if who not in self.http:
            self.http[who] = boto3.client(service, endpoint_url=os.environ["AWS_ENDPOINT_URL_DYNAMODB"], aws_access_key_id=key_id,
                                          aws_secret_access_key=secret, aws_session_token=token, region_name=REGION)
        try:
            getattr(self.http[who], re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).lower())(**request)
            return None
        except ClientError as error:
            known = error.response["Error"]
            return known["Message"] if known["Code"] == "AccessDeniedException" else known["Code"] + ": " + known["Message"]

    # ------------------------------------------------------------ rows

    def where_it_holds(self, way, where):
        """Whether a row is about this way."""
        if "the table's policy" in where and way != "simulate":
            return True
        if "session" in where:
            return way in ("http", "tls", "boto3")
        if way == "simulate" or not where:
            return "the table's" not in where
        if "local socket" in where:
            return way == "sql"
        return way == "tls" if "TLS" in where else way in ("http", "boto3")

    def move_office(self, to):
        policy = self.super.value("SELECT dynapg.get_role_policy('clerk', 'office-only')")
        self.super.rows("SELECT dynapg.put_role_policy('clerk', 'office-only', $1)", policy.replace(OFFICE, to))
        return policy

    def row(self, role, where, request, answer):
        expected = refusal(role, where, self.fill(answer))
        if not re.match(r"[A-Z][A-Za-z]+ \{", request):
            self.plain_sql(role, request, expected)
            return
        operation, body = self.fill(request).split(" ", 1)
        body = json.loads(body)
        for way in self.ways:
            if not self.where_it_holds(way, where):
                continue
            # the office is where we are
            in_office = way != "simulate" and "from 203" in where
            policy = self.move_office("127.0.0.0/8") if in_office else None
            got = getattr(self, way if way == "simulate" else "by_" + way)(role, where, operation, body)
            check(got == expected, "%s as %s%s: %s" % (way, role, where, request), "expected: %s" % expected, "got: %s" % got)
            if policy:
                self.super.rows("SELECT dynapg.put_role_policy('clerk', 'office-only', $1)", policy)

    def plain_sql(self, role, statement, expected):
        door = Sql(role)
        try:
            door.rows(statement)
            got = None
        except SqlError as error:
            got = error.message
        door.close()
        check(got == expected, "as %s: %s" % (role, statement), "expected: %s" % expected, "got: %s" % got)

    def run(self):
        output = None
        for kind, what in read_page():
            if kind == "row":
                self.row(what["role"], what["where"].rstrip(), what["request"], what["answer"])
            elif self.ways == ["tls"]:
                continue
            elif kind == "sql":
                output = run_sql(what)
            else:
                shown = shown_lines(what)
                check(shown == output[-len(shown):], "output of the page", "\n".join(shown), "\n".join(output))


def main():
    Page(sys.argv[1:] or ["simulate", "sql", "http"]).run()
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
