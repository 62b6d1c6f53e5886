"""The two that are compared: DynamoDB Local through HTTP, dynapg through SQL in a psql that stays open.

A door's call(operation, request) gives an answer: {"ok": response}, or {"error": exception, "message": text} with "item" if a
ConditionalCheckFailedException carried one, "reasons" if a transaction was cancelled.
"""
import http.client
import json
import os
import re
import subprocess
import time

PSQL = os.environ.get("PSQL", "psql").split()

# Calls the function of an operation; an error undoes what the call did, and that only.
PREPARE = """
CREATE FUNCTION pg_temp.call(function text, request text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
	exception text;
	member text;
BEGIN
	EXECUTE format('SELECT %I($1::jsonb)', function) INTO answer USING request;
	RETURN jsonb_build_object('ok', answer);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS exception = PG_DATATYPE_NAME, member = PG_EXCEPTION_DETAIL;
	RETURN jsonb_build_object('error', coalesce(nullif(exception, ''), 'SQLSTATE ' || SQLSTATE), 'message', SQLERRM,
							  'detail', member);
END $$;
\\set VERBOSITY sqlstate
"""
# The same outside of a function: an index is then built or dropped behind the caller's back.
ALONE = """
SELECT %(function)s(%(request)s) AS answer \\gset
\\if :ERROR
SELECT pg_temp.call('%(function)s', %(request)s);
\\else
SELECT jsonb_build_object('ok', :'answer'::jsonb);
\\endif
"""


class DoorClosed(Exception):
    """The server behind a door has gone."""


class Local:
    name = "DynamoDB Local"

    def __init__(self, port):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.headers = {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Date": "20260101T000000Z",
            "Authorization": "AWS4-HMAC-SHA256 Credential=dummy/20260101/us-east-1/dynamodb/aws4_request, "
                             "SignedHeaders=host;x-amz-date;x-amz-target, Signature=0",
        }

    def send(self, operation, request):
        headers = dict(self.headers, **{"X-Amz-Target": "DynamoDB_20120810." + operation})
        try:
            self.connection.request("POST", "/", json.dumps(request).encode(), headers)
        except OSError as error:
            raise DoorClosed("DynamoDB Local: %s" % error)

    def receive(self):
        try:
            response = self.connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise DoorClosed("DynamoDB Local: %s" % error)
        try:
            body = json.loads(body)
        except ValueError:
            body = {"message": body.decode("utf-8", "replace")}
        if response.status == 200:
            return {"ok": body}
        answer = {"error": body.get("__type", "HTTP %d" % response.status).split("#")[-1],
                  "message": body.get("message", body.get("Message"))}
        if "Item" in body:
            answer["item"] = body["Item"]
        if "CancellationReasons" in body:
            answer["reasons"] = body["CancellationReasons"]
        return answer

    def call(self, operation, request):
        self.send(operation, request)
        return self.receive()

    def wait_for_indexes(self, table_name):
        """Waits until no index of a table is being built or dropped; meanwhile DescribeTable fails at times."""
        for _ in range(600):
            answer = self.call("DescribeTable", {"TableName": table_name})
            indexes = answer["ok"]["Table"].get("GlobalSecondaryIndexes", []) if "ok" in answer else [{"IndexStatus": answer["error"]}]
            if all(index["IndexStatus"] == "ACTIVE" for index in indexes):
                return
            time.sleep(0.1)
        raise DoorClosed("DynamoDB Local: an index does not become ACTIVE")


class Dynapg:
    name = "dynapg"

    def __init__(self):
        env = dict(os.environ, PGCLIENTENCODING="UTF8", PGOPTIONS="-c client_min_messages=warning")
        self.psql = subprocess.Popen(PSQL + ["-X", "-q", "-A", "-t"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE, env=env)
        self.psql.stdin.write(PREPARE.encode())

    def send(self, operation, request):
        function = "dynamo" + re.sub("[A-Z]", lambda m: "_" + m.group().lower(), operation)
        text = "'%s'" % json.dumps(request).replace("'", "''")
        try:
            self.psql.stdin.write((ALONE % {"function": function, "request": text} if operation == "UpdateTable" else
                                   "SELECT pg_temp.call('%s', %s);\n" % (function, text)).encode())
            self.psql.stdin.flush()
        except OSError:
            self.fail()

    def receive(self):
        line = self.psql.stdout.readline()
        if not line:
            self.fail()
        answer = json.loads(line)
        detail = answer.pop("detail", None)
        if answer.get("error") == "ConditionalCheckFailedException" and detail and detail.startswith("{"):
            answer["item"] = json.loads(detail)["Item"]
        if answer.get("error") == "TransactionCanceledException" and detail:
            answer["reasons"] = json.loads(detail)["CancellationReasons"]
        return answer

    def call(self, operation, request):
        self.send(operation, request)
        return self.receive()

    def wait_for_indexes(self, table_name):
        """Waits until no index of a table is being built or dropped."""
        self.psql.stdin.write(("SELECT dynapg.wait_for_indexes('%s');\n" % table_name).encode())
        self.psql.stdin.flush()
        if self.psql.stdout.readline().strip() != b"t":
            self.fail()

    def fail(self):
        self.psql.kill()
        raise DoorClosed("dynapg: " + self.psql.stderr.read().decode("utf-8", "replace")[-2000:])


def call_both(local, dynapg, operation, request):
    """Both answers to a request, worked on at the same time."""
    dynapg.send(operation, request)
    local.send(operation, request)
    return local.receive(), dynapg.receive()
