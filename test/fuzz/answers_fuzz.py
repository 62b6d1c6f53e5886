#!/usr/bin/env python3
"""Fuzzes what destinations outside of the database make of answers: webhooks and Lambda with ReportBatchItemFailures, Kinesis' PutRecords, _bulk.

Answers to a batch of records are good ones, and mutations of these. Of each it is checked that
  - it is judged, and raises nothing: an error would be the courier's own;
  - what a second reading of the rules says that it means is what is made of it;
  - what is no JSON, or has another status than 2xx, is a failure.
Answers that are meant to be dear, as long as a kind takes them, must be judged in bounded time and memory.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20131202; 0 picks one)
"""
import json
import os
import random
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20131202")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import wire_fuzz                                            # noqa: E402
from mutation import mutate, run_batches                    # noqa: E402
from server import Report, evaluate, prepare, run, timed    # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 400
COUNT = 5
MOST_SECONDS = float(os.environ.get("MOST_SECONDS", "20"))      # for a dear answer; less than one is usual
MOST_MEGABYTES = 400                                            # that the server's process has had in all

rng = random.Random(SEED)
report = Report()

DEFINITIONS = {
    "Webhook": {"Url": "https://localhost/"},
    "Lambda": {"FunctionName": "f", "Endpoint": "https://localhost"},
    "Kinesis": {"StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s", "Endpoint": "https://localhost"},
    "OpenSearch": {"Endpoint": "https://localhost", "Index": "i"}}
wire_fuzz.TOKENS.extend(token.encode() for token in [
    '"batchItemFailures":', '{"itemIdentifier":', '[]', '{}', 'null', '"Records":', '"FailedRecordCount":', '"ErrorCode":', '"ErrorMessage":"slow"', '{"SequenceNumber":"1","ShardId":"s"}',
    '"items":[', '"errors":true', '{"index":{"status":', '{"delete":{"status":404}}', '"error":{"type":"x","reason":"y"}', '200', '201', '409', '429', '503', '99999999999',
    '-1', '2e2', '\\u0000', '\\ud83d\\ude00', '\\ud800', '\u0001', '"items":', '"error":{', '[' * 60, ']' * 60])


def sequence_numbers():
    run("""SELECT dynamo_create_table('{"TableName": "Answers", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
        "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}}')
        WHERE NOT EXISTS (SELECT FROM dynapg.tables WHERE name = 'Answers');
        SELECT dynapg.put('Answers', jsonb_build_object('p', 'p' || i, 'n', i)) FROM generate_series(1, %d) i WHERE NOT EXISTS (SELECT FROM dynamo."Answers" WHERE item ->> 'p' = 'p' || i);""" % COUNT)
    return run("SELECT sequence_number FROM dynapg.stream_records('Answers', NULL, NULL) ORDER BY 1;").split()


# ---------------------------------------------------------------- good answers

def failures(numbers):
    return {"batchItemFailures": [{"itemIdentifier": number} for number in rng.sample(numbers, rng.randrange(COUNT + 1))]}


def kinesis_answer(_):
    records = [{"SequenceNumber": str(rng.randrange(1 << 70)), "ShardId": "shardId-0"} if rng.random() < 0.7 else
               {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow"} for _ in range(COUNT)]
    return {"FailedRecordCount": sum("ErrorCode" in record for record in records), "Records": records}


def bulk_answer(_):
    items = []
    for _ in range(COUNT):
        status = rng.choice([200, 200, 201, 409, 429, 400, 503, 404])
        items.append({"index": dict({"status": status}, **({"error": {"type": "t", "reason": "r"}} if status >= 400 else {}))})
    return {"errors": True, "items": items}


MAKE = {"Webhook": failures, "Lambda": failures, "Kinesis": kinesis_answer, "OpenSearch": bulk_answer}


# ---------------------------------------------------------------- a second reading of the rules

def members(pairs):
    """An object as its pairs: names may come twice."""
    return tuple(pairs)


def parsed(data):
    """(value, whether it is JSON as the server reads it)."""
    try:
        text = data.decode("utf-8")
        value = json.loads(text, object_pairs_hook=lambda pairs: members(pairs), parse_constant=lambda _: 1 / 0)
    except (ValueError, ZeroDivisionError, RecursionError):
        return None, False
    return value, wire_fuzz.is_json(data) is not False


def expected_failures(value, numbers):
    """What an answer with batchItemFailures says."""
    if value is None:
        return "done"
    if not isinstance(value, tuple):
        return "failed"
    first = None
    for name, listed in value:
        if name != "batchItemFailures" or listed is None:
            continue
        if not isinstance(listed, list):
            return "failed"
        for one in listed:
            found = isinstance(one, tuple) and [identifier for member, identifier in one if member == "itemIdentifier"]
            if not found:
                return "failed"
            for identifier in found:
                # a number may have zeros before it
                place = [i for i, number in enumerate(numbers) if isinstance(identifier, str) and len(identifier) <= 30 and
                         re.match(r"[0-9]+\Z", identifier) and identifier.lstrip("0") == number]
                if not place:
                    return "failed"
                first = place[0] if first is None else min(first, place[0])
    return "done" if first is None else "failed from record %d" % first


def last(pairs, name, kinds):
    found = [value for member, value in pairs if member == name and isinstance(value, kinds) and not isinstance(value, bool)]
    return found[-1] if found else None


def expected_kinesis(value):
    lists = [listed for name, listed in value if name == "Records"] if isinstance(value, tuple) else []
    if not lists or not isinstance(lists[0], list):
        return "waits"
    results = lists[0]
    if len(results) < COUNT or not all(isinstance(result, tuple) for result in results[:COUNT]) or len(results) > COUNT:
        return "waits"
    return "done" if all(last(result, "ErrorCode", str) is None for result in results) else "waits"


def check(rows, numbers):
    answers = evaluate("dynapg_test.judge_answer('Answers', split_part(b, ' ', 1), %s, split_part(b, ' ', 2)::int, decode(a, 'hex'))" % (
        "CASE split_part(b, ' ', 1) %s END" % " ".join("WHEN '%s' THEN '%s'::jsonb" % (kind, json.dumps(value)) for kind, value in DEFINITIONS.items())),
        [(data.hex(), "%s %d" % (kind, status)) for kind, status, data in rows])
    for (kind, status, data), (state, answer) in zip(rows, answers):
        report.check(state == "" and answer, "it raises nothing", kind, status, data, state, answer)
        if state != "":
            continue
        value, is_json = parsed(data)
        if not 200 <= status < 300:
            report.check(answer.startswith("failed: HTTP status %d" % status) or (kind == "OpenSearch" and status == 429 and answer == "waits"),
                         "another status is a failure", kind, status, data, answer)
        elif not is_json and not (kind in ("Webhook", "Lambda") and data == b""):
            report.check(answer.startswith("failed: the answer is not JSON") or (kind == "Kinesis" and answer == "waits"), "what is no JSON is a failure", kind, data, answer)
        elif kind in ("Webhook", "Lambda"):
            wanted = expected_failures(value, numbers) if data else "done"
            report.check(answer == wanted or (wanted == "failed" and answer.startswith("failed: ")), "batchItemFailures", kind, data, answer, wanted)
        elif kind == "Kinesis":
            wanted = expected_kinesis(value)
            report.check(answer == wanted if wanted == "done" or status == 200 else answer.startswith("failed"), "PutRecords", status, data, answer, wanted)
        else:
            good = isinstance(value, tuple) and all(isinstance(items, list) and len(items) == COUNT for name, items in value if name == "items") and any(name == "items" for name, _ in value)
            report.check(good or not answer.startswith("done"), "_bulk: only an answer for each is good", data, answer)


# ---------------------------------------------------------------- dear answers

def dear(numbers):
    """(kind, SQL of an answer that is long or deep)."""
    bulk = """'{"items": [' || repeat('%s,', %d) || '{}]}'"""
    yield "OpenSearch", bulk % ('{"index": {"status": 200}}', 500_000)
    yield "OpenSearch", """'{"items": [{"index": {' || repeat('"error": {},', 1300000) || '"status": 200}}]}'"""
    yield "OpenSearch", """'{"items": [{"index": {' || repeat('"error": {"reason": "\\u0041"},', 500000) || '"status": 400}}]}'"""
    yield "OpenSearch", """'{"items": ' || repeat('[', 8000000) || repeat(']', 8000000) || '}'"""
    yield "OpenSearch", """repeat('{"a":', 3000000) || '1' || repeat('}', 3000000)"""
    yield "OpenSearch", """'{"items": [{"index": {"status": ' || repeat('9', 15000000) || '}}]}'"""
    yield "Kinesis", """'{"Records": [' || repeat('{"ErrorCode": "x"},', 50000) || '{}]}'"""
    yield "Kinesis", """'{"Records": [{' || repeat('"ErrorCode": "\\u0041",', 40000) || '"x": 1}]}'"""
    for kind in ("Webhook", "Lambda"):
        yield kind, """'{"batchItemFailures": [' || repeat('{"itemIdentifier": "%s"},', 20000) || '{"itemIdentifier": "%s"}]}'""" % (numbers[-1], numbers[1])
        yield kind, """repeat('[', 1000000)"""


def check_dear(numbers):
    for kind, answer in dear(numbers):
        said, seconds = timed(lambda kind=kind, answer=answer: run("""\\set ON_ERROR_STOP 1
            SELECT dynapg_test.judge_answer('Answers', '%s', '%s', 200, convert_to(%s, 'UTF8'));
            SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\\s+(\\d+) kB')::bigint / 1024;""" % (kind, json.dumps(DEFINITIONS[kind]), answer)).split("\n"), MOST_SECONDS)
        report.check(re.match("failed|waits", said[0]), "a dear answer is no good one", kind, answer, said)
        report.check(seconds < MOST_SECONDS, "in bounded time", kind, answer, seconds)
        report.check(int(said[1]) < MOST_MEGABYTES, "in bounded memory", kind, answer, said)


def main():
    print(f"SEED={SEED} FUZZ_SECONDS={SECONDS:g}")
    prepare()
    numbers = sequence_numbers()
    corpus = [json.dumps(MAKE[kind](numbers)).encode() for kind in MAKE for _ in range(5)]

    def make_row():
        kind = rng.choice(list(MAKE))
        data = json.dumps(MAKE[kind](numbers)).encode()
        if rng.random() < 0.8:
            data = bytes(mutate(rng, data, corpus, wire_fuzz.TOKENS))
        return kind, rng.choice([200, 200, 200, 200, 200, 201, 204, 302, 400, 429, 500]), data

    check_dear(numbers)
    print(run_batches("answers_fuzz", report, SECONDS, [make_row() for _ in range(BATCH)], lambda rows: check(rows, numbers),
                      lambda: [make_row() for _ in range(BATCH)]), "answers")
    report.finish()


if __name__ == "__main__":
    main()
