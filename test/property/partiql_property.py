#!/usr/bin/env python3
"""PartiQL's SELECT: what is looked up by keys is what a scan finds.

Random conditions on keys and other attributes are asked of a table and of its indexes twice: as they are, which is a lookup
or several where they allow it, and with an OR that makes them a scan. Both must give the same items, in one go and in pages
of any size, and each item once; only lookups that overlap may be refused.

    SEED     seed (default 20120810; 0 picks one)
    CASES    how many conditions (default 10000)
"""
import os
import random
import sys

from server import Report, evaluate, prepare, run

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
CASES = int(os.environ.get("CASES", "10000"))
BATCH = 500

rng = random.Random(SEED)
report = Report()

REFUSALS = ("Overlapping conditions with range keys are not supported in where clause",
            "Too many decomposed read operations for a given query.")

SETUP = """
SELECT dynamo_create_table('{"TableName": "looked-up", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
        {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "N"}],
    "GlobalSecondaryIndexes": [
        {"IndexName": "simple", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}]},
        {"IndexName": "turned", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}, {"AttributeName": "pk", "KeyType": "RANGE"}]},
        {"IndexName": "hash", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}],
    "LocalSecondaryIndexes": [
        {"IndexName": "local", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}]}]}');
SELECT dynapg.put('looked-up', jsonb_strip_nulls(jsonb_build_object('pk', pk, 'sk', sk, 'n', (sk * 7) % 5,
        'g', CASE WHEN sk % 4 <> 3 THEN (ARRAY['x', 'y'])[1 + sk % 2] END, 'h', sk % 3)))
    FROM unnest(ARRAY['a', 'b', 'c']) AS pk, generate_series(0, 9) AS sk;
CREATE SCHEMA looked_up;
CREATE FUNCTION looked_up.pages(statement text, size integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    request jsonb := jsonb_build_object('Statement', statement, 'Limit', size);
    response jsonb;
    items text[] := '{}';
BEGIN
    FOR page IN 1 .. 200 LOOP
        response := dynamo_execute_statement(request);
        items := items || ARRAY(SELECT i #>> '{pk,S}' || (i #>> '{sk,N}') FROM jsonb_array_elements(response -> 'Items') AS i);
        IF NOT response ? 'NextToken' THEN
            RETURN array_to_string(ARRAY(SELECT unnest(items) AS i ORDER BY i), ',');
        END IF;
        request := request || jsonb_build_object('NextToken', response ->> 'NextToken');
    END LOOP;
    RETURN 'no end';
END $$;
CREATE FUNCTION looked_up.all(statement text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(i, ',' ORDER BY i), '') FROM (SELECT (item ->> 'pk') || (item ->> 'sk') AS i
        FROM dynamo_partiql(statement) AS item) AS items
$$;
"""

TEXTS = {"pk": ["a", "b", "c", "d"], "g": ["x", "y", "z"]}
HASHES = dict({name: ["'%s'" % text for text in texts] for name, texts in TEXTS.items()}, h=["0", "1", "2", "3"])


def term(name):
    if name in TEXTS:
        value = lambda: "'%s'" % rng.choice(TEXTS[name])            # noqa: E731
        kinds = ["=", "=", "=", "IN", "<>", ">", "begins_with"]
    else:
        value = lambda: str(rng.randrange(-1, 11))                  # noqa: E731
        kinds = ["=", "=", "<", "<=", ">", ">=", "<>", "IN", "BETWEEN", "NOT IN"]
    kind = rng.choice(kinds)
    if kind in ("IN", "NOT IN"):
        return "%s %s [%s]" % (name, kind, ", ".join(value() for _ in range(rng.randrange(1, 4))))
    if kind == "BETWEEN":
        return "%s BETWEEN %d AND %d" % ((name,) + tuple(sorted(rng.randrange(-1, 11) for _ in range(2))))
    if kind == "begins_with":
        return "begins_with(%s, %s)" % (name, value())
    return rng.choice(["%s %s %s" % (name, kind, value())] * 3 + ["NOT %s %s %s" % (name, kind, value())])


def condition(names, depth):
    if depth == 0 or rng.random() < 0.3:
        return term(rng.choice(names))
    parts = [condition(names, depth - 1) for _ in range(rng.choice([2, 2, 3]))]
    return "(%s)" % rng.choice([" AND ", " AND ", " OR "]).join(parts)


def statement():
    """The source and WHERE of a SELECT that is mostly a lookup."""
    source, hashes, sorts = rng.choice([("\"looked-up\"", ["pk"], ["sk"]), ("\"looked-up\"", ["pk"], ["sk"]),
                                        ("\"looked-up\".\"simple\"", ["g"], ["h"]), ("\"looked-up\".\"turned\"", ["h"], ["pk"]),
                                        ("\"looked-up\".\"hash\"", ["g"], []), ("\"looked-up\".\"local\"", ["pk"], ["h"])])
    names = hashes + sorts + ["n", "sk", "h"]
    branches = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        parts = ["%s %s" % (name, rng.choice(["= %s" % rng.choice(HASHES[name])] * 3 + ["IN (%s, %s)" % tuple(
            rng.sample(HASHES[name], 2))])) for name in hashes]
        parts += [term(name) for name in sorts if rng.random() < 0.6]
        parts += [condition(names, rng.randrange(3)) for _ in range(rng.randrange(3))]
        rng.shuffle(parts)
        branches.append(" AND ".join(parts))
    where = " OR ".join(branches) if len(branches) > 1 else branches[0]
    return source, where if rng.random() < 0.9 else condition(names, 3)


def check(cases):
    lookups = ["SELECT pk, sk FROM %s WHERE %s" % case for case in cases]
    scans = ["SELECT pk, sk FROM %s WHERE (%s) OR gone = 1" % case for case in cases]
    sizes = [str(rng.choice([1, 2, 3, 7, 100])) for _ in cases]
    found = evaluate("looked_up.all(a)", [(text, None) for text in lookups])
    paged = evaluate("looked_up.pages(a, b::integer)", list(zip(lookups, sizes)))
    expected = evaluate("looked_up.all(a)", [(text, None) for text in scans])
    refused = 0
    for text, size, one, other, scan in zip(lookups, sizes, found, paged, expected):
        if one[0] == "YD001" and one[1] in REFUSALS:
            refused += 1
            report.check(other == one, "refused in pages too", text, one, other)
            continue
        report.check(one == scan and scan[0] == "", "lookup and scan", text, one, scan)
        report.check(other == scan, "pages of " + size, text, other, scan)
    return refused


def main():
    print("seed", SEED)
    prepare()
    run(SETUP)
    refused = 0
    for at in range(0, CASES, BATCH):
        refused += check([statement() for _ in range(min(BATCH, CASES - at))])
    report.check(refused < CASES * 0.7, "too many are refused", refused)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
