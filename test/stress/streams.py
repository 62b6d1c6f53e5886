#!/usr/bin/env python3
"""The clients of streams.sh, and of test/tap/streams_crash.pl.

    streams.py open                     the tables and functions
    streams.py play WORK WRITERS        writers and readers, until WORK/stop is there; what readers saw is written into WORK
    streams.py check WORK DECODED       what readers saw, and the lines of pg_recvlogical in the file DECODED (none: -), against each other and the tables

WORK/server has the connection string of the server, which may become another one; WORK/http its endpoint's port: two of the readers use that.
Exit status 0: nothing was wrong.
"""
import collections
import json
import os
import random
import sys
import time
import urllib.error
import urllib.request

import transactions
from transactions import PATIENCE, SEED, Failed, Lost, number, pq

KEYS = 40           # of each table and partition
TABLES = ("Plain", "Again", "Sharded")
END = 999           # the key that is put when all writers have ended

# What may happen to a writer: conflicts, deadlocks, keys that are there already, rows that a function has written in the statement
EXPECTED = {"40001", "40P01", "23505", "27000", "21000", "57014"}

FUNCTIONS = """
CREATE EXTENSION IF NOT EXISTS dynapg;
CREATE FUNCTION put(name text, s int, x text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.put(name, jsonb_build_object('p', 'a', 's', s, 'x', x));
	RETURN s;
END $$;
CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.item->>'x' !~ '[+]' THEN
		UPDATE dynamo."Again" SET item = item || jsonb_build_object('x', NEW.item->>'x' || '+') WHERE (hash, sort) = (NEW.hash, NEW.sort);
	END IF;
	RETURN NULL;
END $$;
"""


class Server(transactions.Connection):
    """A connection to the server of the moment."""

    def __init__(self, work):
        self.work = work
        super().__init__()

    def connect(self):
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if self.connection:
                pq.PQfinish(self.connection)
            with open(self.work + "/server") as server:
                self.connection = pq.PQconnectdb((server.read().strip() + " dbname=postgres application_name=streams connect_timeout=5").encode())
            if pq.PQstatus(self.connection) == 0:
                try:
                    # a standby that is to be promoted is no server yet
                    if self.ask("SELECT pg_is_in_recovery()") == "f":
                        return
                except (Lost, Failed):
                    pass
            time.sleep(0.05)
        raise SystemExit("the server does not come back")


class Endpoint:
    """The same calls over HTTP."""

    def __init__(self, work):
        self.work = work

    def connect(self):
        time.sleep(0.1)

    def api(self, operation, request):
        with open(self.work + "/http") as port:
            url = "http://127.0.0.1:%s/" % port.read().strip()
        name = "".join(part.capitalize() for part in operation.split("_"))
        call = urllib.request.Request(url, json.dumps(request).encode(), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDBStreams_20120810." + name,
            "X-Amz-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
            "Authorization": "AWS4-HMAC-SHA256 Credential=any/%s/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=%s"
                             % (time.strftime("%Y%m%d", time.gmtime()), "0" * 64)})
        try:
            with urllib.request.urlopen(call, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as error:
            text = error.read().decode()
            # a worker may have been told to end, or the database not to be there yet
            if error.code >= 500:
                raise Lost(text)
            raise SystemExit("HTTP %d: %s" % (error.code, text))
        except (OSError, ValueError) as error:
            raise Lost(str(error))


def open_tables(work):
    connection = Server(work)
    for statement in FUNCTIONS.split(";\nCREATE"):
        connection.ask(statement if "EXTENSION" in statement else "CREATE" + statement)
    for table in TABLES:
        connection.api("create_table", {
            "TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
            "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}],
            "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}})
    connection.ask("SELECT dynapg.set_stream_shards('Sharded', 3)")
    connection.ask('CREATE TRIGGER again AFTER INSERT OR UPDATE ON dynamo."Again" FOR EACH ROW EXECUTE FUNCTION again()')


# ---------------------------------------------------------------- writers


class Writer:
    def __init__(self, rng, client, work):
        self.rng, self.client, self.work = rng, client, work
        self.serial = 0
        self.connection = Server(work)
        self.counts = collections.Counter()

    def value(self):
        self.serial += 1
        return "%d.%d" % (self.client, self.serial)

    def partition(self, table):
        return self.rng.choice("abcdefgh") if table == "Sharded" else "a"

    def key(self, table):
        return {"p": {"S": self.partition(table)}, "s": number(self.rng.randrange(KEYS))}

    def write(self):
        """One statement."""
        ask, api, rng = self.connection.ask, self.connection.api, self.rng
        table = rng.choice(TABLES)
        key, x = self.key(table), self.value()
        p, s = key["p"]["S"], key["s"]["N"]
        kind = rng.randrange(14)
        if kind < 3:
            api("put_item", {"TableName": table, "Item": dict(key, x={"S": x})})
        elif kind < 5:
            api("update_item", {"TableName": table, "Key": key, "UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"S": x}}})
        elif kind == 5:
            api("delete_item", {"TableName": table, "Key": key})
        elif kind == 6:
            keys = {json.dumps(self.key(table)) for _ in range(3)}
            api("batch_write_item", {"RequestItems": {table: [{"PutRequest": {"Item": dict(json.loads(k), x={"S": self.value()})}} for k in keys]}})
        elif kind == 7:
            actions = [{"Put": {"TableName": t, "Item": dict(self.key(t), x={"S": self.value()})}} for t in TABLES[:2]]
            actions.append({"Delete": {"TableName": TABLES[2], "Key": self.key(TABLES[2])}})
            api("transact_write_items", {"TransactItems": actions})
        elif kind == 8:
            # many rows, in the order of their keys, so that few deadlock
            ask("UPDATE dynamo.\"%s\" t SET item = t.item || jsonb_build_object('x', $1::text || '/' || (t.item->>'p') || (t.item->>'s')) FROM "
                "(SELECT hash, sort FROM dynamo.\"%s\" WHERE (item->'s')::int BETWEEN $2::int AND $2::int + 5 ORDER BY hash, sort FOR UPDATE) k WHERE (t.hash, t.sort) = (k.hash, k.sort)"
                % (table, table), x, s)
        elif kind == 9:
            # a function puts what the statement has just updated, or deleted
            ask("WITH w AS (%s RETURNING (item->'s')::int AS s) SELECT count(put('Plain', s, $1)) FROM w" % rng.choice((
                "UPDATE dynamo.\"Plain\" SET item = item || jsonb_build_object('x', $1 || ' late') WHERE (item->'s')::int = $2::int",
                "DELETE FROM dynamo.\"Plain\" WHERE (item->'s')::int = $2::int")), x, s)
        elif kind == 10:
            ask("WITH d AS (DELETE FROM dynamo.\"%s\" WHERE item->>'p' = $1 AND (item->'s')::int = $2::int RETURNING 1) SELECT count(*) FROM d" % table, p, s)
            ask("INSERT INTO dynamo.\"%s\" (item) VALUES (jsonb_build_object('p', $1::text, 's', $2::int, 'x', $3::text))"
                " ON CONFLICT (hash, sort) DO UPDATE SET item = excluded.item" % table, p, s, x)
        elif kind == 11:
            line = json.dumps({"p": p, "s": rng.randrange(KEYS, 10 * KEYS), "x": x})
            ask("COPY dynamo.\"%s\" (item) FROM PROGRAM 'echo ''%s'''" % (table, line))
        elif kind == 12:
            # to another key
            ask("UPDATE dynamo.\"%s\" SET item = item || jsonb_build_object('s', $3::int, 'x', $4::text) WHERE item->>'p' = $1 AND (item->'s')::int = $2::int"
                % table, p, s, str(rng.randrange(KEYS, 10 * KEYS)), x)
        else:
            ask("MERGE INTO dynamo.\"%s\" t USING (VALUES ($1, $2::int)) v(p, s) ON t.item->>'p' = v.p AND (t.item->'s')::int = v.s"
                " WHEN MATCHED THEN UPDATE SET item = t.item || jsonb_build_object('x', $3::text)"
                " WHEN NOT MATCHED THEN INSERT (item) VALUES (jsonb_build_object('p', v.p, 's', v.s, 'x', $3::text))" % table, p, s, x)

    def transaction(self):
        ask, rng = self.connection.ask, self.rng
        if rng.random() < 0.3:
            self.write()
            return
        ask("BEGIN" + rng.choice(("", "", " ISOLATION LEVEL REPEATABLE READ")))
        if rng.random() < 0.3:
            ask("SET LOCAL synchronous_commit = off")
        is_long = rng.random() < 0.02
        for _ in range(rng.randrange(1, 6)):
            if rng.random() < 0.3:
                ask("SAVEPOINT a")
                self.write()
                if rng.random() < 0.5:
                    ask("ROLLBACK TO a")
            else:
                self.write()
            if is_long:
                ask("SELECT pg_sleep(%f)" % (rng.random() * 0.5))
        end = rng.random()
        if end < 0.15:
            ask("ROLLBACK")
            self.counts["rolled back"] += 1
        elif end < 0.2:
            name = "stress %d %d" % (self.client, self.serial)
            ask("PREPARE TRANSACTION '%s'" % name)
            time.sleep(rng.random() * 0.3)
            ask(rng.choice(("COMMIT PREPARED '%s'", "COMMIT PREPARED '%s'", "ROLLBACK PREPARED '%s'")) % name)
            self.counts["prepared"] += 1
        else:
            ask("COMMIT")
            self.counts["committed"] += 1

    def resolve(self):
        """What this client had prepared when it lost its connection."""
        while True:
            name = self.connection.ask("SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'stress %d %%'" % self.client)
            if name is None:
                return
            self.connection.ask(self.rng.choice(("COMMIT", "ROLLBACK")) + " PREPARED '%s'" % name)
            self.counts["resolved after a crash"] += 1

    def play(self):
        lost = False
        while not os.path.exists(self.work + "/stop") or lost:
            try:
                if lost:
                    self.connection.connect()
                    self.resolve()
                    lost = False
                else:
                    self.transaction()
            except Failed as error:
                if error.sqlstate not in EXPECTED and not error.is_expected() and "ransaction" not in str(error):
                    return "writer %d: %s" % (self.client, error)
                self.counts["failed"] += 1
                try:
                    self.connection.ask("ROLLBACK")
                except Lost:
                    lost = True
            except Lost:
                self.counts["connections lost"] += 1
                lost = True
        return self.counts


def play_writer(rng, client, work):
    return Writer(rng, client, work).play()


def play_rotation(rng, client, work):
    """New segments again and again."""
    connection = Server(work)
    counts = collections.Counter()
    while not os.path.exists(work + "/stop"):
        time.sleep(1)
        try:
            connection.ask("UPDATE dynapg.log_segments SET created_at = created_at - interval '1 day' WHERE closed_seq IS NULL")
            connection.ask("SELECT dynapg.rotate()")
            counts["segments"] = int(connection.ask("SELECT max(number) FROM dynapg.log_segments"))
        except Lost:
            connection.connect()
        except Failed as error:
            # with the keeper, that does the same
            if error.sqlstate not in EXPECTED:
                return "rotation: %s" % error
    return counts


# ---------------------------------------------------------------- readers


class Reader:
    """Reads all tables' streams, of each shard behind what it has; a shard after its parent."""

    def __init__(self, rng, client, work):
        self.rng, self.client, self.work = rng, client, work
        # by iterators or by the numbers of records, by SQL or over HTTP
        self.by_number = client % 2 == 1
        self.server = Endpoint(work) if client >= 2 else Server(work)
        self.records = []
        self.arns = {}
        self.iterators = {}     # (table, shard): where to go on; None: it is read to its end
        self.numbers = {}       # (table, shard): of the last record
        self.counts = collections.Counter()
        self.ended = set()      # tables whose end was seen

    def shards(self, table):
        if table not in self.arns:
            self.arns[table] = self.server.api("list_streams", {"TableName": table})["Streams"][0]["StreamArn"]
        return self.server.api("describe_stream", {"StreamArn": self.arns[table]})["StreamDescription"]["Shards"]

    def iterator(self, table, shard):
        known = self.iterators.get((table, shard))
        if known and not (self.by_number and self.rng.random() < 0.3):
            return known
        last = self.numbers.get((table, shard))
        request = {"StreamArn": self.arns[table], "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON" if last is None else "AFTER_SEQUENCE_NUMBER"}
        if last is not None:
            request["SequenceNumber"] = last
        return self.server.api("get_shard_iterator", request)["ShardIterator"]

    def page(self, table, shard):
        """Whether there may be more."""
        limit = self.rng.choice((1000, 1000, 50, 3))
        page = self.server.api("get_records", {"ShardIterator": self.iterator(table, shard), "Limit": limit})
        for record in page["Records"]:
            self.records.append((table, record))
            self.numbers[table, shard] = record["dynamodb"]["SequenceNumber"]
            if record["dynamodb"]["Keys"]["s"]["N"] == str(END):
                self.ended.add(table)
        self.iterators[table, shard] = page.get("NextShardIterator")
        self.counts["pages"] += 1
        return len(page["Records"]) == limit and page.get("NextShardIterator") is not None

    def round(self):
        found = False
        for table in TABLES:
            shards = self.shards(table)
            ids = {s["ShardId"] for s in shards}
            for shard in shards:
                here, parent = (table, shard["ShardId"]), shard.get("ParentShardId")
                if here in self.iterators and self.iterators[here] is None:
                    continue
                if parent in ids and self.iterators.get((table, parent), "") is not None:
                    found = True        # its parent is not read yet
                    continue
                found |= self.page(*here) or self.iterators[here] is None
        return found

    def play(self):
        end = None
        rounds_at_end = 0
        while rounds_at_end < 2:
            try:
                more = self.round()
                if self.ended == set(TABLES) and not more:
                    rounds_at_end += 1
                if not more:
                    time.sleep(0.02)
                if os.path.exists(self.work + "/stop"):
                    end = end or time.monotonic() + PATIENCE
                    if time.monotonic() > end:
                        return "reader %d does not come to the end: %s" % (self.client, self.ended)
            except Lost:
                self.counts["connections lost"] += 1
                self.server.connect()
            except Failed as error:
                return "reader %d: %s" % (self.client, error)
        with open("%s/reader%d" % (self.work, self.client), "w") as file:
            for record in self.records:
                file.write(json.dumps(record) + "\n")
        self.counts["records"] = len(self.records)
        return self.counts


def play_reader(rng, client, work):
    return Reader(rng, client, work).play()


def put_end(work):
    """The last items, when the writers have ended."""
    connection = Server(work)
    while True:
        try:
            for table in TABLES:
                connection.ask("SELECT put('%s', %d, 'end')" % (table, END))
            return
        except Lost:
            connection.connect()


def play(work, writers):
    def group(function, count):
        transactions.CLIENTS = count
        return transactions.processes(function, work)

    groups = [group(play_writer, writers), group(play_reader, 4), group(play_rotation, 1)]
    # the end comes when the writers have
    answers = transactions.await_processes(groups, lambda n: put_end(work) if n == 1 else None)
    print("writers %s; readers %s; %s" % tuple(", ".join("%s: %d" % c for c in sorted(sum(group, collections.Counter()).items())) for group in answers))


# ---------------------------------------------------------------- the check


def plain(image):
    """The item that an image is."""
    return None if image is None else {a: int(v["N"]) if "N" in v else v["S"] for a, v in image.items()}


def histories(what, records):
    """By table and key: [number, before, after], which must be a chain."""
    items = collections.defaultdict(list)
    ids = set()
    for table, record in records:
        if record["eventID"] in ids:
            raise SystemExit("%s: a record comes twice: %s" % (what, record))
        ids.add(record["eventID"])
        stream = record["dynamodb"]
        history = items[table, stream["Keys"]["p"]["S"], stream["Keys"]["s"]["N"]]
        change = [stream["SequenceNumber"], plain(stream.get("OldImage")), plain(stream.get("NewImage"))]
        if history and not history[-1][0] < change[0]:
            raise SystemExit("%s: numbers of %s, %s, %s do not ascend: %s after %s" % (what, table, stream["Keys"]["p"], stream["Keys"]["s"], change, history[-1]))
        if change[1] != (history[-1][2] if history else None):
            raise SystemExit("%s: of %s, %s, %s %s does not follow %s" % (what, table, stream["Keys"]["p"], stream["Keys"]["s"], change, history[-1:]))
        history.append(change)
    return items


def decoded_records(file_name):
    """Without those of transactions that came again after a crash, which must be the same."""
    seen = {}
    for line in open(file_name):
        if not line.endswith("\n"):
            continue            # cut off by a crash, and sent again
        record = json.loads(line)
        lsn = record.pop("lsn")
        if seen.setdefault(record["eventID"], (lsn, record)) != (lsn, record):
            raise SystemExit("logical decoding: a record comes again, and differs: %s" % line)
    return sorted(((record["tableName"], record) for _, record in seen.values()), key=lambda r: r[1]["dynamodb"]["SequenceNumber"])


def check(work, decoded):
    connection = Server(work)
    readers = {"reader %d" % n: [json.loads(line) for line in open("%s/reader%d" % (work, n))] for n in range(4)}
    if decoded != "-":
        readers["logical decoding"] = decoded_records(decoded)
    found = {what: histories(what, records) for what, records in readers.items()}
    first = found["reader 0"]
    for what, items in found.items():
        if items != first:
            different = [k for k in set(items) | set(first) if items.get(k) != first.get(k)]
            raise SystemExit("%s has other records than reader 0, of %s: %d and %d" % (
                what, different[:3], len(items.get(different[0], [])), len(first.get(different[0], []))))
    items = {key: history[-1][2] for key, history in first.items() if history[-1][2] is not None}
    for table in TABLES:
        rows = json.loads(connection.ask("SELECT coalesce(jsonb_agg(item), '[]') FROM dynamo.\"%s\"" % table))
        held = {(table, row["p"], str(row["s"])): row for row in rows}
        replayed = {key: item for key, item in items.items() if key[0] == table}
        if held != replayed:
            different = [k for k in set(held) | set(replayed) if held.get(k) != replayed.get(k)]
            raise SystemExit("%s: the images replayed are not the table, in %s: %s, %s" % (table, different[:3], held.get(different[0]), replayed.get(different[0])))
    print("%d records of %d items, seen by %d readers once each, in order; replayed they are the tables" % (
        len(readers["reader 0"]), len(first), len(readers)))


def main():
    command, work = sys.argv[1:3]
    if command == "open":
        open_tables(work)
    elif command == "play":
        print("SEED=%d" % SEED, flush=True)
        play(work, int(sys.argv[3]))
    else:
        check(work, sys.argv[3])


if __name__ == "__main__":
    main()
