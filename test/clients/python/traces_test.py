"""Traces from an application to the flush of what it has written: OpenTelemetry's SDK with its instrumentation of botocore, dynapg, and OpenTelemetry's collector.

What dynapg sends passes through here on its way to the collector, and is read strictly by OTLP's own protobuf definition. COLLECTOR is the collector, DYNAPG_PSQL is
psql. With a folder in DYNAPG_TRACE_PAGE, the trace is written there as docs/traces.md shows it.
"""
import base64
import http.server
import json
import os
import re
import socket
import subprocess
import threading
import time
import urllib.request

import boto3
from google.protobuf import json_format
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.botocore import BotocoreInstrumentor
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from harness import ENDPOINT, REGION, equal, finish, test
from servers import free_port

PSQL = os.environ["DYNAPG_PSQL"]
KEYS = ("db.operation.name", "db.collection.name", "dynapg.write_units", "dynapg.read_units", "http.response.status_code", "aws.dynamodb.table_names", "rpc.method")


def sql(statement):
    return subprocess.run([PSQL, "-X", "-At", "-c", statement], check=True, capture_output=True, text=True).stdout.strip()


# ---------------------------------------------------------------- the collector, and what is in front of it

PORT = free_port()
with open("collector.yaml", "w", encoding="ascii") as config:
    config.write(f"""receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{PORT}"}}}}}}}}
exporters: {{debug: {{verbosity: detailed}}}}
service: {{telemetry: {{metrics: {{level: none}}}}, pipelines: {{traces: {{receivers: [otlp], exporters: [debug]}}}}}}
""")
LOG = open("collector.log", "w", encoding="utf-8")              # pylint: disable=consider-using-with
COLLECTOR = subprocess.Popen([os.environ["COLLECTOR"], "--config", "file:collector.yaml"], stdout=LOG, stderr=LOG)      # pylint: disable=consider-using-with
REQUESTS = []
SPANS = []


class Between(http.server.BaseHTTPRequestHandler):
    """Notes what dynapg sends, and passes it on."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        REQUESTS.append(body)
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{PORT}{self.path}", body, {"Content-Type": self.headers["Content-Type"]})) as answer:
            self.send_response(answer.status)
            text = answer.read()
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

    def log_message(self, *_):
        pass


def read(body):
    """By OTLP's definition, but for ids, which its JSON has in hexadecimal digits where protobuf's has base64."""
    message = json.loads(body)
    for span in (s for r in message["resourceSpans"] for scope in r["scopeSpans"] for s in scope["spans"]):
        for name in ("traceId", "spanId", "parentSpanId"):
            if name in span:
                span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    return json_format.Parse(json.dumps(message), ExportTraceServiceRequest(), ignore_unknown_fields=False)


def server_spans(trace_id):
    return [span for body in REQUESTS for r in read(body).resource_spans for scope in r.scope_spans for span in scope.spans if span.trace_id == trace_id]


def collected(trace_id):
    """Names of the trace's spans as the collector has understood them."""
    with open("collector.log", encoding="utf-8") as log:
        return re.findall(r"Trace ID +: " + trace_id.hex() + r"\n(?:.*\n)*? +Name +: (.*)\n", log.read())


def awaited(condition):
    for _ in range(150):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("it has not come")


def starts():
    try:
        socket.create_connection(("127.0.0.1", PORT)).close()
        return True
    except OSError:
        return False


awaited(starts)
between = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
threading.Thread(target=between.serve_forever, daemon=True).start()
sql("ALTER SYSTEM SET fsync = on")          # a flush is to be one
sql(f"ALTER SYSTEM SET dynapg.otlp_endpoint = 'http://127.0.0.1:{between.server_port}'")
sql("SELECT pg_reload_conf()")


# ---------------------------------------------------------------- the application

class Kept(SpanExporter):
    def export(self, spans):
        SPANS.extend(spans)
        return SpanExportResult.SUCCESS


provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
provider.add_span_processor(SimpleSpanProcessor(Kept()))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(f"http://127.0.0.1:{PORT}/v1/traces")))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("shop")
client = boto3.client("dynamodb", endpoint_url=ENDPOINT, region_name=REGION)
client.create_table(TableName="Traced", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
                    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}])
awaited(lambda: sql("SHOW dynapg.otlp_endpoint") != "")
time.sleep(0.5)         # the endpoint's workers read it with the next request


def update(propagator):
    """One UpdateItem of an application with botocore's instrumentation; its trace's id, and the span that dynapg's belongs to."""
    SPANS.clear()
    instrumentor = BotocoreInstrumentor()
    instrumentor.instrument(**({"propagator": propagator} if propagator else {}))
    with tracer.start_as_current_span("order"):
        client.update_item(TableName="Traced", Key={"pk": {"S": "o-1"}}, UpdateExpression="ADD n :n", ExpressionAttributeValues={":n": {"N": "1"}})
    instrumentor.uninstrument()
    outer, = [span for span in SPANS if span.name == "order"]
    inner, = [span for span in SPANS if span is not outer]
    return outer.context.trace_id.to_bytes(16, "big"), inner


def attributes(span):
    return {a.key: getattr(a.value, a.value.WhichOneof("value")) for a in span.attributes}


def check(propagator):
    trace_id, inner = update(propagator)
    awaited(lambda: len(server_spans(trace_id)) >= 4)
    spans = server_spans(trace_id)
    request, = [span for span in spans if span.kind == span.SPAN_KIND_SERVER]
    equal(request.parent_span_id, inner.context.span_id.to_bytes(8, "big"))
    equal(request.name, "UpdateItem Traced")
    equal(inner.start_time <= request.start_time_unix_nano and request.end_time_unix_nano <= inner.end_time, True)
    equal(sorted(span.name for span in spans if span is not request), ["execute", "flush wait", "receive"])
    equal({span.parent_span_id for span in spans if span is not request}, {request.span_id})
    equal({k: v for k, v in attributes(request).items() if k in ("dynapg.write_units", "http.response.status_code", "db.system.name")},
          {"db.system.name": "aws.dynamodb", "dynapg.write_units": 1.0, "http.response.status_code": 200})
    awaited(lambda: len(collected(trace_id)) >= 6)
    equal(sorted(collected(trace_id)), sorted(["order", inner.name, "UpdateItem Traced", "receive", "execute", "flush wait"]))
    return trace_id, spans


def show(spans):
    """The trace as docs/traces.md has it."""
    beginning = min(span.start_time for span in SPANS)
    rows = [(s.start_time, s.end_time, s.context.span_id.to_bytes(8, "big"), s.parent.span_id.to_bytes(8, "big") if s.parent else b"", "shop: " + s.name, {}) for s in SPANS]
    rows += [(s.start_time_unix_nano, s.end_time_unix_nano, s.span_id, s.parent_span_id, "dynapg: " + s.name, attributes(s)) for s in spans]
    lines = []

    def below(parent, depth):
        for start, end, span_id, _, name, values in sorted(row for row in rows if row[3] == parent):
            lines.append(f"{'  ' * depth + name:42} {(start - beginning) / 1e6:8.3f} {(end - start) / 1e6:8.3f}".rstrip())
            lines.extend(f"{'  ' * depth}    {key} = {values[key]}" for key in KEYS if key in values and not hasattr(values[key], "values"))
            below(span_id, depth + 1)

    below(b"", 0)
    return "\n".join(lines) + "\n"


@test("botocore's instrumentation as it is by default, by X-Amzn-Trace-Id: dynapg's spans are below the client's, in the collector, too")
def _():
    check(None)


@test("by traceparent")
def _():
    _, spans = check(TraceContextTextMapPropagator())
    if "DYNAPG_TRACE_PAGE" in os.environ:
        with open(os.path.join(os.environ["DYNAPG_TRACE_PAGE"], "trace.txt"), "w", encoding="ascii") as page:
            page.write(show(spans))


@test("a trace that is not sampled is not sent")
def _():
    before = sql("SELECT recorded FROM dynapg.stat_traces")
    request = urllib.request.Request(ENDPOINT, b"{}", {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0",
                                                       "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"})
    try:
        urllib.request.urlopen(request).close()
    except urllib.error.HTTPError as error:
        equal(error.code, 400)
    equal(sql("SELECT recorded FROM dynapg.stat_traces"), before)


@test("nothing was dropped, refused or rejected on the way")
def _():
    equal(sql("SELECT dropped, failed, rejected_spans, recorded = sent FROM dynapg.stat_traces"), "0|0|0|t")
    with open("collector.log", encoding="utf-8") as log:
        equal(re.findall(r"\terror\t.*", log.read()), [])


sql("ALTER SYSTEM RESET dynapg.otlp_endpoint")
sql("ALTER SYSTEM RESET fsync")
sql("SELECT pg_reload_conf()")
COLLECTOR.terminate()
finish()
