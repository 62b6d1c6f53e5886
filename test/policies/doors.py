"""The two doors to a server: its API over HTTP with signed requests, and its SQL functions by libpq. Nothing but the standard library.

Both are called with an operation and a request, and answer (None, response) or (the exception's name, its message); answers keep what came as
text, too, in last, for those who look for what must not be in it.
"""
import ctypes
import ctypes.util
import datetime
import hashlib
import hmac
import http.client
import json
import os
import re
import ssl

JSON_TYPE = "application/x-amz-json-1.0"
STREAMS = ("ListStreams", "DescribeStream", "GetShardIterator", "GetRecords")


def snake(operation):
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).lower()


# ---------------------------------------------------------------- HTTP

class Http:
    """A connection to the endpoint, with the credentials of one caller."""

    def __init__(self, port, key_id, secret, token=None, tls=False, region="us-east-1", source=None):
        self.port, self.key_id, self.secret, self.token, self.region = port, key_id, secret, token, region
        source = (source, 0) if source else None
        if tls:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context, source_address=source)
        else:
            self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60, source_address=source)
        self.last = ""

    def headers(self, operation, body):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        target = "DynamoDBStreams_20120810." if operation in STREAMS else "DynamoDB_20120810."
        headers = {"Content-Type": JSON_TYPE, "Host": "127.0.0.1:%d" % self.port, "X-Amz-Date": now, "X-Amz-Target": target + operation}
        if self.token:
            headers["X-Amz-Security-Token"] = self.token
        names = sorted(headers, key=str.lower)
        signed = ";".join(name.lower() for name in names)
        canonical = "POST\n/\n\n%s\n%s\n%s" % ("".join("%s:%s\n" % (name.lower(), headers[name]) for name in names), signed,
                                               hashlib.sha256(body).hexdigest())
        scope = "%s/%s/dynamodb/aws4_request" % (now[:8], self.region)
        key = ("AWS4" + self.secret).encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        to_sign = "AWS4-HMAC-SHA256\n%s\n%s\n%s" % (now, scope, hashlib.sha256(canonical.encode()).hexdigest())
        headers["Authorization"] = "AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s" % (
            self.key_id, scope, signed, hmac.digest(key, to_sign.encode(), "sha256").hex())
        return headers

    def send(self, operation, body):
        """Status and body of the response."""
        try:
            self.connection.request("POST", "/", body, self.headers(operation, body))
            response = self.connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            # an idle connection that was closed meanwhile
            self.connection.close()
            self.connection.request("POST", "/", body, self.headers(operation, body))
            response = self.connection.getresponse()
        return response.status, response.read()

    def call(self, operation, request):
        status, body = self.send(operation, request if isinstance(request, bytes) else json.dumps(request).encode())
        self.last = body.decode("utf-8", "replace")
        answer = json.loads(self.last or "{}")
        if status == 200:
            return None, answer
        return answer["__type"].split("#")[1], answer.get("message", answer.get("Message"))

    def close(self):
        self.connection.close()


# ---------------------------------------------------------------- SQL

pq = ctypes.CDLL(os.environ.get("LIBPQ") or ctypes.util.find_library("pq") or "libpq.so.5")
for _name, _result, _arguments in [
        ("PQconnectdb", ctypes.c_void_p, [ctypes.c_char_p]), ("PQstatus", ctypes.c_int, [ctypes.c_void_p]),
        ("PQerrorMessage", ctypes.c_char_p, [ctypes.c_void_p]), ("PQfinish", None, [ctypes.c_void_p]),
        ("PQexecParams", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p,
                                           ctypes.POINTER(ctypes.c_char_p), ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int]),
        ("PQresultStatus", ctypes.c_int, [ctypes.c_void_p]), ("PQresultErrorField", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int]),
        ("PQresultVerboseErrorMessage", ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ("PQfreemem", None, [ctypes.c_void_p]), ("PQntuples", ctypes.c_int, [ctypes.c_void_p]), ("PQnfields", ctypes.c_int, [ctypes.c_void_p]),
        ("PQgetvalue", ctypes.c_char_p, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]),
        ("PQgetisnull", ctypes.c_int, [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]), ("PQclear", None, [ctypes.c_void_p])]:
    _function = getattr(pq, _name)
    _function.restype, _function.argtypes = _result, _arguments


class SqlError(Exception):
    def __init__(self, sqlstate, message, name, text):
        super().__init__("%s %s" % (sqlstate, message))
        self.sqlstate, self.message, self.name, self.text = sqlstate, message, name, text


class Sql:
    """A connection, as this role, which can log in without a password. All that an error says is in last: detail, hint and context, too."""

    def __init__(self, role=None):
        # the rest is libpq's environment
        self.connection = pq.PQconnectdb(("application_name=test client_encoding=UTF8 options='-c client_min_messages=warning'" +
                                          (" user=" + role if role else "")).encode())
        if pq.PQstatus(self.connection) != 0:
            raise SystemExit("cannot connect: " + pq.PQerrorMessage(self.connection).decode())
        self.last = ""

    def rows(self, statement, *arguments):
        values = (ctypes.c_char_p * max(len(arguments), 1))(*[None if a is None else a.encode() for a in arguments])
        result = pq.PQexecParams(self.connection, statement.encode(), len(arguments), None, values, None, None, 0)
        try:
            if pq.PQresultStatus(result) == 2:
                return [[None if pq.PQgetisnull(result, row, i) else pq.PQgetvalue(result, row, i).decode() for i in range(pq.PQnfields(result))]
                        for row in range(pq.PQntuples(result))]
            if pq.PQresultStatus(result) == 1:
                return []
            sqlstate, message, name = [(pq.PQresultErrorField(result, ord(f)) or b"").decode() for f in "CMd"]
            raise SqlError(sqlstate, message or pq.PQerrorMessage(self.connection).decode(), name, self.error_text(result))
        finally:
            pq.PQclear(result)

    @staticmethod
    def error_text(result):
        text = pq.PQresultVerboseErrorMessage(result, 2, 2)
        try:
            return ctypes.string_at(text).decode()
        finally:
            pq.PQfreemem(text)

    def value(self, statement, *arguments):
        rows = self.rows(statement, *arguments)
        return rows[0][0] if rows else None

    def call(self, operation, request):
        try:
            self.last = self.value("SELECT dynamo_%s($1)" % snake(operation), request.decode() if isinstance(request, bytes) else json.dumps(request)) or "null"
            return None, json.loads(self.last)
        except SqlError as error:
            # what libpq repeats of the statement is the caller's own
            self.last = error.text
            return error.name or error.sqlstate, error.message

    def close(self):
        pq.PQfinish(self.connection)
        self.connection = None
