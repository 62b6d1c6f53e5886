#!/usr/bin/env python3
"""Secondary indexes against a model: random tables, indexes and writes; then what Query and Scan give of every index, in
which order, in pages, and what the writes cost.

    SEED    seed of the random cases (default 20120810; 0 picks one)
    TABLES  tables (default 12)
    WRITES  writes of each (default 150)
    READS   queries of each (default 150)
"""
import json
import os
import random

from format_vectors import canonical, partition_hash, partition_hash_of_many
from server import Report, prepare, run

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
TABLES = int(os.environ.get("TABLES", "12"))
WRITES = int(os.environ.get("WRITES", "150"))
READS = int(os.environ.get("READS", "150"))

rng = random.Random(SEED)
report = Report()

VALUES = {"S": ["a", "b", "bb", "ä", "\U0001f600", "z"], "N": ["-10", "-1.5", "0", "2", "10", "1.5"],
          "B": ["AA==", "AQ==", "Af8=", "/w=="]}
OTHERS = [{"S": "x"}, {"N": "7"}, {"BOOL": True}, {"NULL": True}, {"L": [{"S": "a"}, {"N": "1"}]}, {"M": {"m": {"S": "y"}}},
          {"SS": ["a", "b"]}]
PLAIN = ["x", "y", "z"]     # attributes that are no keys
RANGES = ["=", "<", "<=", ">", ">=", "BETWEEN", "begins_with"]

# ---------------------------------------------------------------------------------------------------------------
# The model
# ---------------------------------------------------------------------------------------------------------------


def bytes_of(attribute, value):
    return canonical(attribute[1], value[attribute[1]])


class Index:
    def __init__(self, table, name, kind, hashes, sorts, projection, included):
        self.table, self.name, self.kind = table, name, kind
        self.hashes, self.sorts = hashes, sorts
        self.projection, self.included = projection, included

    def holds(self, name):
        keys = [a for a, _ in self.hashes + self.sorts + self.table.keys]
        return self.projection == "ALL" or name in keys or name in self.included

    def entry(self, item):
        """The projected item; None if there is none."""
        if item is None or any(a not in item for a, _ in self.hashes + self.sorts):
            return None
        return {a: v for a, v in item.items() if self.holds(a)}

    def key(self, item):
        return [bytes_of(a, item[a[0]]) for a in self.hashes + self.sorts]

    def hash(self, item):
        values = [(t, item[a][t]) for a, t in self.hashes]
        return (partition_hash(*values[0]) if len(values) == 1 else partition_hash_of_many(values)).bytes

    def order(self, item):
        return [bytes_of(a, item[a[0]]) for a in self.sorts] + self.table.place(item)

    def units(self, old, new):
        """Of a write of items below 1 KB."""
        was, now = self.entry(old), self.entry(new)
        if was == now:
            return 0
        return 2 if was and now and self.key(old) != self.key(new) else 1

    def definition(self):
        projection = {"ProjectionType": self.projection}
        if self.included:
            projection["NonKeyAttributes"] = self.included
        return {"IndexName": self.name, "Projection": projection, "KeySchema":
                [{"AttributeName": a, "KeyType": "HASH"} for a, _ in self.hashes] +
                [{"AttributeName": a, "KeyType": "RANGE"} for a, _ in self.sorts]}


class Table:
    def __init__(self, number):
        self.name = f"Property{number}"
        self.keys = [("p", rng.choice("SNB"))] + ([("s", rng.choice("SNB"))] if rng.random() < 0.7 else [])
        self.attributes = [(f"k{i}", rng.choice("SNB")) for i in range(6)]
        self.items = {}
        self.indexes = []
        if len(self.keys) == 2:
            for i in range(rng.randrange(4)):
                self.add(f"local{i}", "Local", self.keys[:1], [rng.choice(self.attributes)])
        for i in range(rng.randrange(1, 5)):
            chosen = rng.sample(self.attributes + self.keys, len(self.attributes + self.keys))
            n_hash = rng.choice([1, 1, 2, 3, 4])
            n_sort = min(rng.choice([0, 1, 1, 2, 3, 4]), len(chosen) - n_hash)
            self.add(f"global{i}", "Global", chosen[:n_hash], chosen[n_hash:n_hash + n_sort])
        self.late = self.indexes[-1] if rng.random() < 0.5 else None    # comes when there are items already

    def add(self, name, kind, hashes, sorts):
        projection = rng.choice(["ALL", "KEYS_ONLY", "INCLUDE"])
        included = rng.sample(PLAIN, rng.randrange(1, 3)) if projection == "INCLUDE" else []
        self.indexes.append(Index(self, name, kind, hashes, sorts, projection, included))

    def place(self, item):
        """Where ties are broken: the hash of the item's partition key, its sort key."""
        return [partition_hash(self.keys[0][1], item["p"][self.keys[0][1]]).bytes] + \
            [bytes_of(a, item[a[0]]) for a in self.keys[1:]]

    def definition(self):
        present = [i for i in self.indexes if i is not self.late]
        request = {"TableName": self.name, "BillingMode": "PAY_PER_REQUEST",
                   "KeySchema": [{"AttributeName": a, "KeyType": k} for (a, _), k in zip(self.keys, ("HASH", "RANGE"))],
                   "AttributeDefinitions": self.definitions(present)}
        for kind in ("Local", "Global"):
            indexes = [i.definition() for i in present if i.kind == kind]
            if indexes:
                request[kind + "SecondaryIndexes"] = indexes
        return request

    def definitions(self, indexes):
        used = sorted(set(self.keys + [a for i in indexes for a in i.hashes + i.sorts]))
        return [{"AttributeName": a, "AttributeType": t} for a, t in used]


def value(attribute):
    return {attribute[1]: rng.choice(VALUES[attribute[1]])}


# ---------------------------------------------------------------------------------------------------------------
# Statements: each prints one line, which is checked
# ---------------------------------------------------------------------------------------------------------------

FUNCTIONS = """
SET dynapg.control_plane_delay = 0;
CREATE FUNCTION pg_temp.api(operation text, request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE answer jsonb;
BEGIN
	EXECUTE format('SELECT dynamo_%s($1)', operation) INTO answer USING request;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN RETURN jsonb_build_object('error', SQLERRM);
END $$;
-- all pages: their items, the most in one, and the attributes of all LastEvaluatedKeys
CREATE FUNCTION pg_temp.walk(operation text, request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	page jsonb;
	items jsonb := '[]';
	most int := 0;
	keys text[] := '{}';
BEGIN
	LOOP
		page := pg_temp.api(operation, request);
		IF page ? 'error' THEN RETURN page; END IF;
		items := items || (page->'Items');
		most := greatest(most, jsonb_array_length(page->'Items'));
		EXIT WHEN page->'LastEvaluatedKey' IS NULL;
		keys := ARRAY(SELECT k FROM (SELECT unnest(keys) UNION SELECT jsonb_object_keys(page->'LastEvaluatedKey')) x(k) ORDER BY k COLLATE "C");
		request := request || jsonb_build_object('ExclusiveStartKey', page->'LastEvaluatedKey');
	END LOOP;
	RETURN jsonb_build_object('items', items, 'most', most, 'keys', keys);
END $$;
"""


def literal(data):
    return "'" + json.dumps(data, ensure_ascii=False).replace("'", "''") + "'"


class Script:
    def __init__(self):
        self.lines = [FUNCTIONS]
        self.checks = []

    def api(self, operation, request, check):
        self.lines.append(f"SELECT pg_temp.api('{operation}', {literal(request)});")
        self.checks.append((request, check))

    def walk(self, operation, request, check):
        self.lines.append(f"SELECT pg_temp.walk('{operation}', {literal(request)});")
        self.checks.append((request, check))

    def run(self):
        answers = run("\n".join(self.lines) + "\n").split("\n")[:-1]
        assert len(answers) == len(self.checks), (len(answers), len(self.checks))
        for (request, check), answer in zip(self.checks, answers):
            check(request, json.loads(answer))


def no_error(request, answer):
    report.check("error" not in answer, "accepted", request, answer)


def write(script, table, present):
    """One put, update or delete, and the units that it takes."""
    key = {a[0]: value(a) for a in table.keys}
    identity = json.dumps(key)
    old = table.items.get(identity)
    kind = rng.choice(["put", "put", "update", "update", "delete"])
    request = {"TableName": table.name, "ReturnConsumedCapacity": "INDEXES"}
    attributes = {a[0]: value(a) for a in table.attributes if rng.random() < 0.7}
    attributes.update({a: rng.choice(OTHERS) for a in PLAIN if rng.random() < 0.6})
    if kind == "put":
        new = {**key, **attributes}
        request["Item"] = new
    elif kind == "delete":
        new = None
        request["Key"] = key
    else:
        changed = dict(rng.sample(sorted(attributes.items()), min(len(attributes), rng.randrange(1, 4))))
        removed = rng.sample([n for n in [a for a, _ in table.attributes] + PLAIN if n not in changed], rng.randrange(3))
        new = {**(old or key), **changed}
        for name in removed:
            new.pop(name, None)
        expression = ("SET " + ", ".join(f"{a} = :{a}" for a in changed) if changed else "") + \
            (" REMOVE " + ", ".join(removed) if removed else "")
        request.update({"Key": key, "UpdateExpression": expression or "REMOVE nothing"})
        if changed:
            request["ExpressionAttributeValues"] = {f":{a}": v for a, v in changed.items()}
        elif old is None:
            new = None
    expected = {}
    for index in present:
        units = index.units(old, new)
        if units:
            expected.setdefault(index.kind + "SecondaryIndexes", {})[index.name] = {"CapacityUnits": units}

    def check(request, answer):
        capacity = answer.get("ConsumedCapacity", {})
        got = {k: capacity[k] for k in ("LocalSecondaryIndexes", "GlobalSecondaryIndexes") if k in capacity}
        total = 1 + sum(u["CapacityUnits"] for kind in expected.values() for u in kind.values())
        report.check(got == expected and capacity.get("CapacityUnits") == total, "units", request, answer, expected)

    script.api(kind + "_item", request, check)
    if new is None:
        table.items.pop(identity, None)
    else:
        table.items[identity] = new


def matches(operator, sort, item, bounds):
    got = bytes_of(sort, item[sort[0]])
    low, high = bounds
    return {"=": got == low, "<": got < low, "<=": got <= low, ">": got > low, ">=": got >= low,
            "BETWEEN": low <= got <= high, "begins_with": got.startswith(low)}[operator]


def term(name, operator, n):
    if operator == "BETWEEN":
        return f"{name} BETWEEN :{n} AND :{n}h"
    if operator == "begins_with":
        return f"begins_with({name}, :{n})"
    return f"{name} {operator} :{n}" if rng.random() < 0.8 or operator != "=" else f":{n} = {name}"


def read_options(request, index):
    """Options that do not change which items come: Limit, consistency; what is selected."""
    limit = rng.choice([None, None, 1, 2, 3, 7])
    if limit:
        request["Limit"] = limit
    if index.kind == "Local" and rng.random() < 0.5:
        request["ConsistentRead"] = True
    if index.kind == "Local" and rng.random() < 0.3:
        request["Select"] = "ALL_ATTRIBUTES"
        return limit, lambda item: item
    if rng.random() < 0.2:
        names = rng.sample(PLAIN + ["p"], 2)
        if index.kind == "Local" or all(index.holds(n) for n in names):
            request["ProjectionExpression"] = ", ".join(names)
            return limit, lambda item: {n: item[n] for n in names if n in item}
    return limit, index.entry


def check_read(index, items, limit, shape):
    keys = sorted({a for a, _ in index.hashes + index.sorts + index.table.keys})
    expected = [shape(i) for i in items]

    def check(request, answer):
        report.check(answer.get("items") == expected, "items", index.definition(), request, answer, expected)
        report.check(answer.get("keys") in ([], keys) and (not limit or answer.get("most", 0) <= limit), "pages", request, answer)

    return check


def query(script, index):
    entries = [i for i in index.table.items.values() if index.entry(i) is not None]
    example = rng.choice(entries) if entries and rng.random() < 0.9 else {a[0]: value(a) for a in index.hashes + index.sorts}
    values, terms = {}, []
    for n, attribute in enumerate(index.hashes):
        terms.append(term(attribute[0], "=", f"h{n}"))
        values[f":h{n}"] = example[attribute[0]]
    found = [i for i in entries if all(i[a] == example[a] for a, _ in index.hashes)]
    n_terms = rng.randrange(len(index.sorts) + 1)
    for n, sort in enumerate(index.sorts[:n_terms]):
        operator = "=" if n + 1 < n_terms else rng.choice(RANGES if sort[1] != "N" else RANGES[:-1])
        low, high = example[sort[0]], value(sort)
        if rng.random() < 0.3 and operator != "=":
            low = value(sort)
        if bytes_of(sort, low) > bytes_of(sort, high):
            low, high = (high, low) if operator == "BETWEEN" else (low, high)
        terms.append(term(sort[0], operator, f"s{n}"))
        values[f":s{n}"] = low
        if operator == "BETWEEN":
            values[f":s{n}h"] = high
        bounds = (bytes_of(sort, low), bytes_of(sort, high))
        found = [i for i in found if matches(operator, sort, i, bounds)]
    rng.shuffle(terms)
    backward = rng.random() < 0.5
    request = {"TableName": index.table.name, "IndexName": index.name, "KeyConditionExpression": " AND ".join(terms),
               "ExpressionAttributeValues": values, "ScanIndexForward": not backward}
    limit, shape = read_options(request, index)
    script.walk("query", request, check_read(index, sorted(found, key=index.order, reverse=backward), limit, shape))


def scan(script, index):
    entries = sorted((i for i in index.table.items.values() if index.entry(i) is not None),
                     key=lambda i: [index.hash(i)] + index.order(i))
    request = {"TableName": index.table.name, "IndexName": index.name}
    total = rng.choice([1, 2, 5])
    for segment in range(total):
        part = dict(request)
        if total > 1:
            part.update({"Segment": segment, "TotalSegments": total})
        limit, shape = read_options(part, index)
        own = [i for i in entries if int.from_bytes(index.hash(i)[:8], "big") * total >> 64 == segment]
        script.walk("scan", part, check_read(index, own, limit, shape))


def main():
    print(f"SEED={SEED} TABLES={TABLES} WRITES={WRITES} READS={READS}")
    prepare()
    for number in range(TABLES):
        table = Table(number)
        script = Script()
        script.api("create_table", table.definition(), no_error)
        present = [i for i in table.indexes if i is not table.late]
        for n in range(WRITES):
            if n == WRITES // 2 and table.late:
                script.api("update_table", {"TableName": table.name, "AttributeDefinitions": table.definitions([table.late]),
                                            "GlobalSecondaryIndexUpdates": [{"Create": table.late.definition()}]}, no_error)
                present.append(table.late)
            write(script, table, present)
        for _ in range(READS):
            query(script, rng.choice(table.indexes))
        for index in table.indexes:
            scan(script, index)
        script.lines.append(f"SELECT to_jsonb(count(*)) FROM dynapg.check_table('{table.name}');")
        script.checks.append((table.name, lambda request, answer: report.check(answer == 0, "check_table", request, answer)))
        script.api("delete_table", {"TableName": table.name}, no_error)
        script.run()
    report.finish()


if __name__ == "__main__":
    main()
