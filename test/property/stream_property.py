#!/usr/bin/env python3
"""Streams against a model: random writes by API and by plain SQL on a few keys, in random transactions; then what GetRecords gives of
each item for each of the four views, and what logical decoding gives.

Statements are nested as far as SQL lets them: functions in RETURNING that write again, AFTER and BEFORE triggers, deferred triggers, savepoints
that are rolled back inside of all that. Each write has a value of its own, so that records have one order only.

    SEED          seed of the random cases (default 20120810; 0 picks one)
    ROUNDS        rounds, each with new tables (default 6)
    TRANSACTIONS  transactions of each (default 60)
"""
import copy
import json
import os
import random

from server import Report, prepare, run

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
ROUNDS = int(os.environ.get("ROUNDS", "6"))
TRANSACTIONS = int(os.environ.get("TRANSACTIONS", "60"))

VIEWS = ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
KEYS = range(1, 7)

rng = random.Random(SEED)
report = Report()

# ---------------------------------------------------------------------------------------------------------------
# What runs in the server.  A program is a list of steps; 0 for a step's key is the key of the row that it is run for.
# ---------------------------------------------------------------------------------------------------------------

FUNCTIONS = """
SET client_min_messages = warning;
SET dynapg.control_plane_delay = 0;
-- rows are shifted in the order in which they are selected
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET jit = off;
SET stream.program = '[]';
CREATE FUNCTION pg_temp.run(name text, program jsonb, self int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	step jsonb;
BEGIN
	FOR step IN SELECT jsonb_array_elements(program) LOOP
		PERFORM pg_temp.step(name, step, coalesce(nullif((step->'s')::int, 0), self), coalesce(nullif((step->'to')::int, 0), self));
	END LOOP;
	RETURN self;
END $$;
CREATE FUNCTION pg_temp.step(name text, step jsonb, key int, target int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	x text := step->>'x';
	request jsonb := jsonb_build_object('TableName', name, 'Key', jsonb_build_object('p', '{"S": "a"}'::jsonb, 's', jsonb_build_object('N', key::text)));
	-- %1$I the table, %2$s the key, %3$L the value
	first text := CASE step->>'op'
		WHEN 'update' THEN 'UPDATE dynamo.%1$I SET item = item || jsonb_build_object(''x'', %3$L::text) WHERE (item->''s'')::int = %2$s'
		WHEN 'remove' THEN 'DELETE FROM dynamo.%1$I WHERE (item->''s'')::int = %2$s'
		WHEN 'insert' THEN 'INSERT INTO dynamo.%1$I (item) VALUES (jsonb_build_object(''p'', ''a'', ''s'', %2$s, ''x'', %3$L::text)) ON CONFLICT DO NOTHING'
		WHEN 'upsert' THEN 'INSERT INTO dynamo.%1$I AS t (item) VALUES (jsonb_build_object(''p'', ''a'', ''s'', %2$s, ''x'', %3$L::text)) ON CONFLICT (hash, sort) DO UPDATE SET item = t.item || ''{"u": 1}'' || excluded.item'
		WHEN 'move' THEN 'UPDATE dynamo.%1$I t SET item = item || jsonb_build_object(''s'', ' || target || ', ''x'', %3$L::text) WHERE (item->''s'')::int = %2$s AND NOT EXISTS (SELECT FROM dynamo.%1$I WHERE (item->''s'')::int = ' || target || ')'
		END;
BEGIN
	IF first IS NOT NULL THEN
		EXECUTE format('WITH w AS (' || first || ' RETURNING item) SELECT count(pg_temp.run(%1$L, %4$L, (item->''s'')::int)) FROM w', name, key, x, coalesce(step->'then', '[]'));
		RETURN;
	END IF;
	CASE step->>'op'
		WHEN 'put' THEN
			PERFORM dynapg.put(name, jsonb_build_object('p', 'a', 's', key, 'x', x));
		WHEN 'delete' THEN
			PERFORM dynapg.delete(name, 'a', key);
		WHEN 'set' THEN
			PERFORM dynamo_update_item(request || jsonb_build_object('UpdateExpression', 'SET x = :x', 'ExpressionAttributeValues', jsonb_build_object(':x', jsonb_build_object('S', x))));
		WHEN 'abort' THEN
			BEGIN
				PERFORM pg_temp.run(name, step->'then', key);
				RAISE 'undo';
			EXCEPTION WHEN raise_exception THEN NULL;
			END;
		WHEN 'merge' THEN
			EXECUTE format('MERGE INTO dynamo.%1$I t USING (VALUES (%2$s)) v(s) ON (t.item->''s'')::int = v.s WHEN MATCHED AND t.item ? ''m'' THEN DELETE
				WHEN MATCHED THEN UPDATE SET item = t.item || jsonb_build_object(''m'', 1, ''x'', %3$L::text)
				WHEN NOT MATCHED THEN INSERT (item) VALUES (jsonb_build_object(''p'', ''a'', ''s'', v.s, ''x'', %3$L::text))', name, key, x);
	END CASE;
END $$;
-- of several keys in one statement
CREATE FUNCTION pg_temp.many(name text, op text, keys int[], x text, program jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('WITH w AS (' || CASE op
		WHEN 'update' THEN 'UPDATE dynamo.%1$I SET item = item || jsonb_build_object(''x'', %3$L::text) WHERE (item->''s'')::int = ANY (%2$L)'
		WHEN 'remove' THEN 'DELETE FROM dynamo.%1$I WHERE (item->''s'')::int = ANY (%2$L)'
		WHEN 'shift' THEN 'UPDATE dynamo.%1$I t SET item = t.item || jsonb_build_object(''s'', v.s + 1, ''x'', %3$L::text) FROM (SELECT hash, sort, (item->''s'')::int AS s FROM dynamo.%1$I WHERE (item->''s'')::int = ANY (%2$L) ORDER BY 3 DESC OFFSET 0) v WHERE (t.hash, t.sort) = (v.hash, v.sort)'
		END || ' RETURNING item) SELECT count(pg_temp.run(%1$L, %4$L, (item->''s'')::int)) FROM w', name, keys, x, program);
END $$;
-- what the triggers do: the program of the setting, in the outermost trigger only
CREATE FUNCTION public.stream_after() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		PERFORM pg_temp.run(TG_TABLE_NAME, current_setting('stream.program')::jsonb, (coalesce(NEW.item, OLD.item)->'s')::int);
	END IF;
	RETURN NULL;
END $$;
CREATE FUNCTION public.stream_before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.item := NEW.item || '{"b": 1}';
	RETURN NEW;
END $$;
CREATE FUNCTION public.stream_deferred() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.run(TG_TABLE_NAME, '[{"op": "set", "s": 0, "x": "deferred"}, {"op": "update", "s": 0, "x": "deferred again"}]', (NEW.item->'s')::int);
	RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.make(name text, view_type text, triggers text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]'::jsonb,
		'StreamSpecification', jsonb_build_object('StreamEnabled', true, 'StreamViewType', view_type)));
	IF 'first' = ANY (triggers) OR 'last' = ANY (triggers) THEN
		EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR UPDATE OR DELETE ON dynamo.%I FOR EACH ROW EXECUTE FUNCTION public.stream_after()', triggers[1], name);
	END IF;
	IF 'before' = ANY (triggers) THEN
		EXECUTE format('CREATE TRIGGER before BEFORE INSERT OR UPDATE ON dynamo.%I FOR EACH ROW EXECUTE FUNCTION public.stream_before()', name);
	END IF;
	IF 'deferred' = ANY (triggers) THEN
		EXECUTE format('CREATE CONSTRAINT TRIGGER deferred AFTER UPDATE ON dynamo.%I DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.item->>''x'' !~ ''^deferred'') EXECUTE FUNCTION public.stream_deferred()', name);
	END IF;
END $$;
-- all records, in the order in which they come
CREATE FUNCTION pg_temp.records(name text, n int) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
	stream jsonb := dynamo_describe_stream(jsonb_build_object('StreamArn', dynamo_list_streams(jsonb_build_object('TableName', name)) #> '{Streams,0,StreamArn}')) -> 'StreamDescription';
	iterator text := dynamo_get_shard_iterator(jsonb_build_object('StreamArn', stream->'StreamArn', 'ShardId', stream#>'{Shards,0,ShardId}', 'ShardIteratorType', 'TRIM_HORIZON'))->>'ShardIterator';
	page jsonb;
BEGIN
	LOOP
		page := dynamo_get_records(jsonb_build_object('ShardIterator', iterator, 'Limit', n));
		RETURN QUERY SELECT jsonb_array_elements(page->'Records');
		EXIT WHEN jsonb_array_length(page->'Records') = 0;
		iterator := page->>'NextShardIterator';
	END LOOP;
END $$;
"""

# ---------------------------------------------------------------------------------------------------------------
# The model
# ---------------------------------------------------------------------------------------------------------------


class Model:
    def __init__(self, triggers):
        self.triggers = triggers
        self.items = {}         # by key
        self.records = []       # (key, old, new), those of one key in their order
        self.deferred = []      # keys
        self.program = []       # what the AFTER trigger runs

    def save(self):
        return copy.deepcopy((self.items, self.records, self.deferred))

    def restore(self, saved):
        self.items, self.records, self.deferred = copy.deepcopy(saved)

    def write(self, key, new, moved_from=None):
        """A row changes; what the BEFORE trigger makes of it."""
        old = self.items.pop(moved_from, None) if moved_from else self.items.get(key)
        if new is not None and "before" in self.triggers:
            new = dict(new, b=1)
        if moved_from:
            self.records.append((moved_from, old, None))
            self.records.append((key, None, new))
        elif old != new:
            self.records.append((key, old, new))
        if new is None:
            self.items.pop(key, None)
        else:
            self.items[key] = new
        if old is not None and new is not None and "deferred" in self.triggers and not new["x"].startswith("deferred"):
            self.deferred.append(key)

    def end_statement(self, changed, depth):
        """The AFTER triggers of the rows that a statement has changed."""
        if depth == 0 and self.triggers[0] in ("first", "last"):
            for key in changed:
                self.run(self.program, key, 1)

    def run(self, program, me, depth):
        for step in program:
            self.step(step, step["s"] or me, step.get("to"), depth)

    def step(self, step, key, target, depth):
        op, x, then = step["op"], step.get("x"), step.get("then", [])
        old = self.items.get(key)
        fresh = {"p": "a", "s": key, "x": x}
        if op == "abort":
            saved = self.save()
            self.run(then, key, depth)
            self.restore(saved)
            return
        changed = []
        if op == "put":
            # the API leaves alone what it does not change: no trigger fires
            if old != fresh:
                self.write(key, fresh)
                changed = [key]
        elif op in ("delete", "remove"):
            if old is not None:
                self.write(key, None)
                changed = [key]
        elif op == "set":
            if old is None or old["x"] != x:
                self.write(key, dict(old or {"p": "a", "s": key}, x=x))
                changed = [key]
        elif op == "update":
            if old is not None:
                self.write(key, dict(old, x=x))
                changed = [key]
        elif op == "insert":
            if old is None:
                self.write(key, fresh)
                changed = [key]
        elif op == "upsert":
            # the BEFORE INSERT trigger has changed what is inserted
            if old is not None and "before" in self.triggers:
                fresh["b"] = 1
            self.write(key, fresh if old is None else {**old, "u": 1, **fresh})
            changed = [key]
        elif op == "merge":
            new = fresh if old is None else None if "m" in old else dict(old, m=1, x=x)
            self.write(key, new)
            changed = [key]
        elif op == "move":
            if old is not None and target not in self.items:
                self.write(target, dict(old, s=target, x=x), moved_from=key)
                changed = [target]
        for row in changed:
            self.run(then, row, depth)
        self.end_statement(changed, depth)

    def many(self, op, keys, x, program):
        rows = [k for k in sorted(keys, reverse=True) if k in self.items]
        changed = []
        for key in rows:
            if op == "remove":
                self.write(key, None)
            elif op == "update":
                self.write(key, dict(self.items[key], x=x))
            else:
                self.write(key + 1, dict(self.items[key], s=key + 1, x=x), moved_from=key)
            changed.append(key + 1 if op == "shift" else key)
            self.run(program, changed[-1], 0)
        self.end_statement(changed, 0)

    def truncate(self):
        for key in list(self.items):
            self.records.append((key, self.items.pop(key), None))

    def commit(self):
        """Deferred triggers; those events that they make themselves do nothing."""
        while self.deferred:
            key = self.deferred.pop(0)
            self.run([{"op": "set", "s": 0, "x": "deferred"}, {"op": "update", "s": 0, "x": "deferred again"}], key, 1)


# ---------------------------------------------------------------------------------------------------------------
# Random transactions
# ---------------------------------------------------------------------------------------------------------------

value = 0


def new_value():
    global value
    value += 1
    return "v%d" % value


def random_program(depth, keys, length=3):
    """Steps on the own key and on others: keys."""
    program = []
    for _ in range(rng.randrange(1, length + 1)):
        op = rng.choice(["put", "put", "delete", "set", "update", "remove", "insert", "upsert", "merge", "move", "abort"])
        step = {"op": op, "s": rng.choice([0, 0] + list(keys)), "x": new_value()}
        if op == "move":
            # to a key that no statement around is about
            if not keys:
                continue
            step["s"], step["to"] = rng.choice(keys), rng.choice(keys)
            if step["s"] == step["to"]:
                continue
        if op == "abort" or (op in ("update", "remove", "insert", "upsert", "move") and depth > 0 and rng.random() < 0.5):
            step["then"] = random_program(depth - 1, keys, 2)
        program.append(step)
    return program


def literal(data):
    return "'" + json.dumps(data).replace("'", "''") + "'"


class Script:
    """Statements for four tables at once, and the model of what they do."""

    def __init__(self, number, triggers):
        self.names = ["Stream%d%s" % (number, v) for v in VIEWS]
        self.lines = []
        self.model = Model(triggers)

    def say(self, line):
        self.lines.append(line)

    def for_all(self, call):
        """call: %s is the table's name as a literal."""
        for name in self.names:
            self.say("SELECT FROM " + call % ("'" + name + "'") + ";")

    def set_program(self):
        self.model.program = random_program(1, KEYS, 2) if rng.random() < 0.7 else []
        # a trigger fires for several rows in an order that nobody knows: to one statement of several rows others' keys are taboo
        self.say("SET LOCAL stream.program = %s;" % literal(self.model.program))

    def write(self):
        kind = rng.random()
        if kind < 0.55:
            step = random_program(2, KEYS, 1)
            self.model.run(step, 0, 0) if not step or step[0]["s"] else None
            if step and step[0]["s"]:
                self.for_all("pg_temp.run(%%s, %s, 0)" % literal(step).replace("%", "%%"))
        elif kind < 0.8:
            self.write_many()
        elif kind < 0.9:
            self.by_api()
        elif kind < 0.97:
            self.copy()
        elif "deferred" not in self.model.triggers:
            for name in self.names:
                self.say('TRUNCATE dynamo."%s";' % name)
            self.model.truncate()

    def write_many(self):
        op = rng.choice(["update", "remove", "shift"])
        if op == "shift":
            first, last = sorted((rng.choice(KEYS[:-1]), rng.choice(KEYS[:-1])))
            keys = list(range(first, last + 1))
            if last + 1 in self.model.items:
                return
        else:
            first, last = min(KEYS), max(KEYS)
            keys = rng.sample(list(KEYS), rng.randrange(2, 5))
        taboo = set(keys) | {k + 1 for k in keys}
        others = [k for k in KEYS if k not in taboo]
        program, x = random_program(1, others, 2), new_value()
        self.model.program = random_program(1, others, 2) if rng.random() < 0.5 else []
        self.say("SET LOCAL stream.program = %s;" % literal(self.model.program))
        self.for_all("pg_temp.many(%%s, '%s', '{%s}', '%s', %s)" % (op, ",".join(map(str, keys)), x, literal(program)))
        self.model.many(op, keys, x, program)
        self.set_program()

    def by_api(self):
        keys = rng.sample(list(KEYS), 3)
        values = [new_value() for _ in keys]
        items = [{"p": {"S": "a"}, "s": {"N": str(k)}, "x": {"S": v}} for k, v in zip(keys, values)]
        key = {a: items[2][a] for a in "ps"}
        self.model.program = []
        self.say("SET LOCAL stream.program = '[]';")
        for name in self.names:
            if rng.random() < 0.5:
                request = {"RequestItems": {name: [{"PutRequest": {"Item": i}} for i in items[:2]] + [{"DeleteRequest": {"Key": key}}]}}
                self.say("SELECT FROM dynamo_batch_write_item(%s);" % literal(request))
            else:
                request = {"TransactItems": [{"Put": {"TableName": name, "Item": i}} for i in items[:2]] + [{"Delete": {"TableName": name, "Key": key}}]}
                self.say("SELECT FROM dynamo_transact_write_items(%s);" % literal(request))
        for k, v in zip(keys[:2], values):
            self.model.step({"op": "put", "x": v}, k, None, 0)
        self.model.step({"op": "delete"}, keys[2], None, 0)

    def copy(self):
        free = [k for k in KEYS if k not in self.model.items]
        keys = rng.sample(free, min(len(free), 2))
        x = new_value()
        self.model.program = []
        self.say("SET LOCAL stream.program = '[]';")
        for name in self.names:
            self.say('COPY dynamo."%s" (item) FROM stdin;' % name)
            for k in keys:
                self.say(json.dumps({"p": "a", "s": k, "x": x}))
            self.say("\\.")
        for k in keys:
            self.model.write(k, {"p": "a", "s": k, "x": x})

    def transaction(self, prepared):
        before = self.model.save()
        self.say("BEGIN" + rng.choice(["", "", " ISOLATION LEVEL REPEATABLE READ"]) + ";")
        self.set_program()
        savepoints = []
        for _ in range(rng.randrange(1, 8)):
            kind = rng.random()
            if kind < 0.15:
                self.say("SAVEPOINT a;")
                savepoints.append(self.model.save())
            elif kind < 0.25 and savepoints:
                # a program set after the savepoint is undone too
                self.say("ROLLBACK TO a;")
                self.model.restore(savepoints[-1])
                self.set_program()
            else:
                self.write()
        if rng.random() < 0.15:
            self.say("ROLLBACK;")
            self.model.restore(before)
        elif prepared and rng.random() < 0.2:
            self.model.commit()
            self.say("PREPARE TRANSACTION 'stream';")
            self.say("%s PREPARED 'stream';" % rng.choice(["COMMIT"] * 3 + ["ROLLBACK"]))
            if self.lines[-1].startswith("ROLLBACK"):
                self.model.restore(before)
        else:
            self.say("COMMIT;")
            self.model.commit()


# ---------------------------------------------------------------------------------------------------------------
# Comparing
# ---------------------------------------------------------------------------------------------------------------


def typed(item):
    return None if item is None else {a: {"N": str(v)} if isinstance(v, int) else {"S": v} for a, v in item.items()}


def expected_record(view, key, old, new):
    record = {"name": "INSERT" if old is None else "REMOVE" if new is None else "MODIFY",
              "keys": {"p": {"S": "a"}, "s": {"N": str(key)}}}
    if old is not None and view in ("OLD_IMAGE", "NEW_AND_OLD_IMAGES"):
        record["old"] = typed(old)
    if new is not None and view in ("NEW_IMAGE", "NEW_AND_OLD_IMAGES"):
        record["new"] = typed(new)
    return record


def found_record(record):
    stream = record["dynamodb"]
    found = {"name": record["eventName"], "keys": stream["Keys"]}
    if "OldImage" in stream:
        found["old"] = stream["OldImage"]
    if "NewImage" in stream:
        found["new"] = stream["NewImage"]
    return found


def number_of(record):
    return int(record["dynamodb"]["SequenceNumber"])


def compare(what, view, model, records):
    """Of each item the records, in their order."""
    for key in KEYS:
        wanted = [expected_record(view, *r) for r in model.records if r[0] == key]
        found = [found_record(r) for r in records if r["dynamodb"]["Keys"]["s"]["N"] == str(key)]
        first = next((i for i, (a, b) in enumerate(zip(wanted, found)) if a != b), min(len(wanted), len(found)))
        report.check(wanted == found, "%s, %s, key %d, record %d of %d" % (what, view, key, first, len(wanted)), wanted[first:first + 3],
                     found[first:first + 3])


def play(number, decoding, prepared):
    triggers = rng.choice([["none"], ["first"], ["last"], ["last", "before"], ["none", "before"], ["first", "deferred"]])
    if number < 3:
        triggers = [["none"], ["first"], ["last", "before"]][number]
    script = Script(number, triggers)
    for name, view in zip(script.names, VIEWS):
        script.say("SELECT FROM pg_temp.make('%s', '%s', '{%s}');" % (name, view, ",".join(triggers)))
    slot = "dynapg_stream_property"
    if decoding:
        script.say("SELECT FROM pg_create_logical_replication_slot('%s', 'dynapg');" % slot)
    for _ in range(TRANSACTIONS):
        script.transaction(prepared)
    script.say("\\echo = records")
    for name in script.names:
        script.say("SELECT pg_temp.records('%s', %d);" % (name, rng.choice([1000, 7])))
        script.say("\\echo = items")
        script.say('SELECT item FROM dynamo."%s" ORDER BY (item->\'s\')::int;' % name)
        script.say("\\echo = records")
    if decoding:
        script.say("SELECT data FROM pg_logical_slot_get_changes('%s', NULL, NULL);" % slot)
        script.say("SELECT FROM pg_drop_replication_slot('%s');" % slot)
    for name in script.names:
        script.say("\\o /dev/null\nSELECT dynamo_delete_table('{\"TableName\": \"%s\"}');\n\\o" % name)
    # what statements answer otherwise is of no interest
    script.lines.insert(0, FUNCTIONS)
    script.say("DROP FUNCTION public.stream_after(), public.stream_before(), public.stream_deferred();")
    parts = run("\n".join(script.lines) + "\n").split("= records\n")[1:]
    for view, part in zip(VIEWS, parts):
        records, items = [[json.loads(line) for line in lines.split("\n") if line] for lines in part.split("= items\n")]
        numbers = [number_of(r) for r in records]
        report.check(numbers == sorted(set(numbers)), "numbers ascend", view, numbers)
        report.check(items == [script.model.items[k] for k in sorted(script.model.items)], "items", view, items, script.model.items)
        compare("GetRecords after %d records, %s" % (len(records), triggers), view, script.model, records)
    if decoding:
        decoded = [json.loads(line) for line in parts[4].split("\n") if line]
        for name, view in zip(script.names, VIEWS):
            own = [r for r in decoded if r["tableName"] == name]
            check_commits(own)
            compare("logical decoding, %s" % triggers, view, script.model, sorted(own, key=number_of))
    return len(script.model.records)


def check_commits(records):
    """Of each item, a transaction that commits later has the greater numbers, and comes later."""
    last = {}
    for record in records:
        key, xid, number = record["dynamodb"]["Keys"]["s"]["N"], record["xid"], number_of(record)
        before = last.get(key)
        if before and before[0] != xid:
            report.check(number > before[1], "decoding comes in the order of commits", record, before)
            before = None
        last[key] = (xid, max(number, before[1] if before else 0))


def can_decode():
    """Whether this server decodes, and lets us."""
    if run("SHOW wal_level;").strip() != "logical":
        return False
    libraries = run("SELECT setting FROM pg_settings WHERE name = 'output_plugin_libraries';").strip()
    if libraries and "dynapg" not in libraries:
        run("ALTER SYSTEM SET output_plugin_libraries = pgoutput, test_decoding, dynapg;")
        run("SELECT pg_reload_conf();")
    return True


def main():
    print(f"SEED={SEED} ROUNDS={ROUNDS} TRANSACTIONS={TRANSACTIONS}")
    prepare()
    decoding = can_decode()
    prepared = int(run("SHOW max_prepared_transactions;")) > 0
    records = 0
    for number in range(ROUNDS):
        records += play(number, decoding, prepared)
    print("%d records of each view%s" % (records, ", and decoded" if decoding else ""))
    report.finish()


if __name__ == "__main__":
    main()
