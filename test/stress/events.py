#!/usr/bin/env python3
"""The clients and the destinations of events.sh.

    events.py hook WORK PORT            a webhook that fails at random and hangs now and then; what it has taken is written into WORK
    events.py open WORK HOOK SEARCH     tables of streams.py, functions, and three mappings of each table; the ports of the webhook and of OpenSearch, none if 0
    events.py play WORK WRITERS         writers, half of them over HTTP, until WORK/stop is there
    events.py check WORK SEARCH         waits until all is delivered; then what came, against the streams and the tables

Items under the keys "poison..." are poison now and then: the function raises an error, the webhook answers 400, OpenSearch refuses the document. Exit status 0:
nothing was wrong.
"""
import collections
import http.server
import json
import os
import random
import re
import sys
import threading
import time
import urllib.error
import urllib.request

import streams
import transactions
from streams import TABLES, Failed, Lost, Server, number

PATIENCE = 900      # seconds until all is delivered
RETRIES = 6
UNLUCKY = 2         # so often a batch has no luck with the webhook, one after the other: fewer times than it is tried

FUNCTIONS = """
CREATE TABLE seen (n bigserial, name text, seq numeric, event_id text, p text, s int);
CREATE TABLE copies (name text, p text, s int, item jsonb, PRIMARY KEY (name, p, s));
CREATE TABLE given_up (whose text, event_id text);
CREATE FUNCTION follow(event jsonb) RETURNS void LANGUAGE plpgsql SET search_path = public AS $$
DECLARE
	r jsonb;
	source text;
	a text;
	b int;
BEGIN
	FOR r IN SELECT jsonb_array_elements(event -> 'Records') LOOP
		source := split_part(r ->> 'eventSourceARN', '/', 2);
		a := r #>> '{dynamodb,Keys,p,S}';
		b := r #>> '{dynamodb,Keys,s,N}';
		INSERT INTO seen (name, seq, event_id, p, s) VALUES (source, (r #>> '{dynamodb,SequenceNumber}')::numeric, r ->> 'eventID', a, b);
		DELETE FROM copies WHERE (name, p, s) = (source, a, b);
		IF r ->> 'eventName' <> 'REMOVE' THEN
			INSERT INTO copies VALUES (source, a, b, r #> '{dynamodb,NewImage}');
		END IF;
	END LOOP;
	-- after it has done its work
	IF random() < 0.05 THEN RAISE 'bad luck'; END IF;
	IF event @? '$.Records[*].dynamodb.NewImage.n.S' THEN RAISE 'poisoned'; END IF;
END $$;
CREATE FUNCTION give_up(invocation jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.given_up SELECT 'function', r ->> 'eventID' FROM jsonb_array_elements(invocation #> '{payload,Records}') r $$;
CREATE FUNCTION give_up_search(invocation jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.given_up SELECT 'search', r ->> 'eventID' FROM jsonb_array_elements(invocation #> '{payload,Records}') r $$;
"""


def is_poison(image):
    """Whether a new image of a record is poison, in DynamoDB's JSON."""
    return bool(image) and "S" in image.get("n", {})


# ---------------------------------------------------------------- the webhook


class Hook(http.server.BaseHTTPRequestHandler):
    """Takes batches at /hook, and what is given up at /lost."""

    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    unlucky = collections.Counter()
    work = ""

    def log_message(self, *_):
        pass

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def note(self, file_name, lines):
        with self.lock, open("%s/%s" % (self.work, file_name), "a") as file:
            file.write("".join(json.dumps(line) + "\n" for line in lines))

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/lost":
            self.note("lost", [r["eventID"] for r in event["payload"]["Records"]])
            return self.answer(200)
        records = [[r["eventID"], r["eventSourceARN"].split("/")[1], r["dynamodb"]["SequenceNumber"], r["dynamodb"]["Keys"]["p"]["S"], r["dynamodb"]["Keys"]["s"]["N"]]
                   for r in event["Records"]]
        if any(is_poison(r["dynamodb"].get("NewImage")) for r in event["Records"]):
            return self.answer(400)
        batch = (records[0][0], len(records))
        luck = random.random()
        if luck < 0.25 and self.unlucky[batch] < UNLUCKY:
            self.unlucky[batch] += 1
            if luck < 0.02:
                time.sleep(8)       # not taken, and longer than it is waited for
            elif luck < 0.04:
                self.note("hook", records)
                time.sleep(8)       # taken, and the answer comes too late
            else:
                return self.answer(random.choice((500, 503, 429, 404)))
            self.close_connection = True
            return None
        self.unlucky[batch] = 0
        self.note("hook", records)
        return self.answer(random.choice((200, 201, 204)))


def serve_hook(work, port):
    Hook.work = work
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Hook)
    server.daemon_threads = True
    server.handle_error = lambda *_: None       # whoever was killed does not read his answer
    server.serve_forever()


# ---------------------------------------------------------------- tables and mappings


def search(port, path, body=None, method=None):
    call = urllib.request.Request("http://127.0.0.1:%d/%s" % (port, path), None if body is None else json.dumps(body).encode(),
                                  {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(call, timeout=60) as answer:
        return json.loads(answer.read())


def open_mappings(work, hook, search_port):
    streams.open_tables(work)
    connection = Server(work)
    for statement in re.split(r";\n(?=CREATE)", FUNCTIONS):
        connection.ask(statement)
    hook_url = "http://127.0.0.1:%d" % hook
    for table in TABLES:
        kinds = [({"Function": "follow"}, {"Function": "give_up"}, {"BatchSize": 50, "ParallelizationFactor": 3}),
                 ({"Webhook": {"Url": hook_url + "/hook", "TimeoutSeconds": 4}}, {"Webhook": {"Url": hook_url + "/lost"}}, {"BatchSize": 30, "ParallelizationFactor": 4})]
        if search_port:
            search(search_port, table.lower(), {"mappings": {"properties": {"n": {"type": "long"}}}}, "PUT")
            kinds.append(({"OpenSearch": {"Endpoint": "http://127.0.0.1:%d" % search_port, "Index": table.lower()}}, {"Function": "give_up_search"}, {"BatchSize": 100, "ParallelizationFactor": 2}))
        for destination, lost, options in kinds:
            options.update(StartingPosition="TRIM_HORIZON", MaximumRetryAttempts=RETRIES, BisectBatchOnFunctionError=True, DestinationConfig={"OnFailure": {"Destination": lost}})
            connection.ask("SELECT dynapg.create_event_source_mapping($1, $2::jsonb, $3::jsonb)", table, json.dumps(destination), json.dumps(options))


# ---------------------------------------------------------------- writers


def poison(rng, value):
    """An item that may be poison."""
    return {"p": {"S": "poison%d" % rng.randrange(4)}, "s": number(rng.randrange(3)), "x": {"S": value}, "n": {"S": "poison"} if rng.random() < 0.5 else number(7)}


class Writer(streams.Writer):
    """By SQL: statements and transactions of every kind, and poison."""

    def transaction(self):
        if self.rng.random() < 0.02:
            self.connection.api("put_item", {"TableName": self.rng.choice(TABLES), "Item": poison(self.rng, self.value())})
        else:
            super().transaction()


class Door:
    """The endpoint: the same calls over HTTP."""

    def __init__(self, work):
        self.work = work

    def connect(self):
        time.sleep(0.1)

    def api(self, operation, request):
        with open(self.work + "/http") as port:
            url = "http://127.0.0.1:%s/" % port.read().strip()
        call = urllib.request.Request(url, json.dumps(request).encode(), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810." + operation, "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "Authorization": "AWS4-HMAC-SHA256 Credential=any/%s/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=%s" % (time.strftime("%Y%m%d", time.gmtime()), "0" * 64)})
        try:
            with urllib.request.urlopen(call, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            if error.code >= 500:
                raise Lost(text) from error
            raise Failed("", text, "") from error
        except (OSError, ValueError) as error:
            raise Lost(str(error)) from error


class DoorWriter(streams.Writer):
    """The API's writes over HTTP."""

    def __init__(self, rng, client, work):
        super().__init__(rng, client, work)
        self.door = Door(work)

    def put(self, table):
        return {"Put": {"TableName": table, "Item": dict(self.key(table), x={"S": self.value()})}}

    def transaction(self):
        rng, api = self.rng, self.door.api
        table = rng.choice(TABLES)
        kind = rng.randrange(12)
        if rng.random() < 0.02:
            api("PutItem", {"TableName": table, "Item": poison(rng, self.value())})
        elif kind < 4:
            api("PutItem", self.put(table)["Put"])
        elif kind < 7:
            api("UpdateItem", {"TableName": table, "Key": self.key(table), "UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": self.value()}}})
        elif kind < 9:
            api("DeleteItem", {"TableName": table, "Key": self.key(table)})
        elif kind < 11:
            keys = {json.dumps(self.key(table)) for _ in range(3)}
            api("BatchWriteItem", {"RequestItems": {table: [{"PutRequest": {"Item": dict(json.loads(k), x={"S": self.value()})}} for k in keys]}})
        else:
            api("TransactWriteItems", {"TransactItems": [self.put(t) for t in TABLES]})
        self.counts["over HTTP"] += 1


def play_writer(rng, client, work):
    return (Writer, DoorWriter)[client % 2](rng, client, work).play()


def play(work, writers):
    def group(function, count):
        transactions.CLIENTS = count
        return transactions.processes(function, work)

    answers = transactions.await_processes([group(play_writer, writers), group(streams.play_rotation, 1)])
    print("writers %s; %s" % tuple(", ".join("%s: %d" % c for c in sorted(sum(group, collections.Counter()).items())) for group in answers))


# ---------------------------------------------------------------- the check


def rows(connection, query, *arguments):
    return json.loads(connection.ask("SELECT coalesce(jsonb_agg(to_jsonb(q)), '[]') FROM (%s) q" % query, *arguments))


def await_delivery(connection):
    """Until nothing waits: no record of a mapping, and nothing that was given up."""
    end = time.monotonic() + PATIENCE
    while True:
        waiting = rows(connection, "SELECT table_name, destination_kind, lag_records, failures, problem, last_error FROM dynapg.stat_event_source_mappings WHERE lag_records > 0")
        lost = int(connection.ask("SELECT count(*) FROM dynapg.event_failures"))
        if not waiting and lost == 0:
            return
        if time.monotonic() > end:
            raise SystemExit("not all is delivered: %s, and %d invocation records" % (waiting, lost))
        time.sleep(0.5)


def of_table(connection, table):
    """All records of a table's stream, in their order: [number, event id, key, new image, poison]."""
    records = []
    arn = connection.api("list_streams", {"TableName": table})["Streams"][0]["StreamArn"]
    for shard in connection.api("describe_stream", {"StreamArn": arn})["StreamDescription"]["Shards"]:
        iterator = connection.api("get_shard_iterator", {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"})["ShardIterator"]
        while iterator:
            page = connection.api("get_records", {"ShardIterator": iterator})
            records += page["Records"]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    found = [(r["dynamodb"]["SequenceNumber"], r["eventID"], (r["dynamodb"]["Keys"]["p"]["S"], r["dynamodb"]["Keys"]["s"]["N"]), r["dynamodb"].get("NewImage")) for r in records]
    return sorted(found)


def differ(what, got, expected):
    if got == expected:
        return
    if isinstance(got, set):
        raise SystemExit("%s: too much %s, too little %s" % (what, sorted(got - expected)[:5], sorted(expected - got)[:5]))
    wrong = [k for k in set(got) | set(expected) if got.get(k) != expected.get(k)]
    raise SystemExit("%s: %d are wrong, %s" % (what, len(wrong), [(k, got.get(k), expected.get(k)) for k in wrong[:5]]))


def check_order(what, deliveries, numbers):
    """Of each item, what is seen for the first time is newer than all that was seen; deliveries: event ids, in the order in which they came."""
    newest = {}
    seen = set()
    for event_id in deliveries:
        table_key, sequence_number = numbers[event_id]
        if event_id not in seen and sequence_number < newest.get(table_key, ""):
            raise SystemExit("%s: of %s %s comes after %s" % (what, table_key, sequence_number, newest[table_key]))
        seen.add(event_id)
        newest[table_key] = max(newest.get(table_key, ""), sequence_number)


def lines_of(work, name):
    if not os.path.exists("%s/%s" % (work, name)):
        return []
    with open("%s/%s" % (work, name)) as file:
        return [json.loads(line) for line in file]


def check_index(port, table, records):
    """The index is what the changes have made that are no poison, with their numbers as versions."""
    expected = {}
    for sequence_number, _, key, image in records:
        if image is None:
            expected.pop(key, None)
        elif not is_poison(image):
            expected[key] = (int(sequence_number) - 10 ** 20, streams.plain(image))
    search(port, table.lower() + "/_refresh", {})
    hits = search(port, table.lower() + "/_search?version=true&size=10000")["hits"]["hits"]
    got = {(h["_source"]["p"], str(h["_source"]["s"])): (h["_version"], h["_source"]) for h in hits}
    differ("the index of " + table, got, expected)
    differ("the ids of documents of " + table, {h["_id"] for h in hits}, {"%s|%s" % key for key in expected})
    return len(hits)


def check(work, search_port):
    connection = Server(work)
    await_delivery(connection)
    streams_of = {table: of_table(connection, table) for table in TABLES}
    everything = [(table, record) for table, records in streams_of.items() for record in records]
    numbers = {record[1]: ((table, record[2]), record[0]) for table, record in everything}
    ids = set(numbers)
    poisoned = {record[1] for _, record in everything if is_poison(record[3])}
    if len(ids) != len(everything):
        raise SystemExit("an eventID comes twice")

    seen = [r["event_id"] for r in rows(connection, "SELECT event_id FROM seen ORDER BY n")]
    if len(seen) != len(set(seen)):
        raise SystemExit("the function has seen a record twice: %s" % [i for i, n in collections.Counter(seen).items() if n > 1][:5])
    differ("the function's records", set(seen), ids - poisoned)
    check_order("the function", seen, numbers)
    taken = [line[0] for line in lines_of(work, "hook")]
    differ("the webhook's records", set(taken), ids - poisoned)
    check_order("the webhook", taken, numbers)
    given_up = collections.defaultdict(set)
    for row in rows(connection, "SELECT whose, event_id FROM given_up"):
        given_up[row["whose"]].add(row["event_id"])
    given_up["webhook"] = set(lines_of(work, "lost"))
    for whose in ("function", "webhook") + (("search",) if search_port else ()):
        differ("what was given up for the " + whose, given_up[whose], poisoned)

    documents = 0
    for table, records in streams_of.items():
        copies = {(r["p"], str(r["s"])): streams.plain(r["item"]) for r in rows(connection, "SELECT p, s, item FROM copies WHERE name = $1", table)}
        source = {(r["p"], str(r["s"])): r for r in (row["item"] for row in rows(connection, 'SELECT item FROM dynamo."%s"' % table))}
        last = {key: image for _, _, key, image in records}
        for key in [key for key, image in last.items() if is_poison(image)]:
            # neither the function nor the index has the poison
            source.pop(key, None)
            copies.pop(key, None)
        differ("the function's table of " + table, copies, source)
        if search_port:
            documents += check_index(search_port, table, records)
    print("%d records of %d items, %d of them poison: the function has seen each once, its table is the source; the webhook has got each, %d times together, in order; "
          "the index has its %d documents; all poison and nothing else was given up"
          % (len(everything), len({key for key, _ in numbers.values()}), len(poisoned), len(taken), documents))


def main():
    command, work = sys.argv[1:3]
    numbers = [int(n) for n in sys.argv[3:]]
    if command == "play":
        print("SEED=%d" % transactions.SEED, flush=True)
    {"hook": serve_hook, "open": open_mappings, "play": play, "check": check}[command](work, *numbers)


if __name__ == "__main__":
    main()
