#!/usr/bin/env python3
"""Fuzzes the reader of event patterns and their matching inside a server.

Patterns are mutations of good ones. Of each it is checked that it is refused in the service's words and nothing else, or read, and that an event can be
matched with it; what is no JSON is refused; the server survives.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20120810; 0 picks one)
"""
import json
import os
import random
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import wire_fuzz                                            # noqa: E402
from mutation import mutate                                 # noqa: E402
from server import Report, evaluate, prepare                # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 500

rng = random.Random(SEED)
report = Report()

wire_fuzz.TOKENS.extend(token.encode() for token in [
    '"$or":[', '{"exists":true}', '{"exists":', '{"prefix":', '{"suffix":{"equals-ignore-case":', '{"wildcard":"*', '\\\\*', '**', '{"numeric":[">",0', '"<=",', '{"cidr":"',
    '10.0.0.0/8', '::/0', '/129', '{"anything-but":', '{"anything-but":{"prefix":', '"exactly"', '"dynamodb":{', '"NewImage":{', '"N":[', '1e125', '1e-130', '-0', '0e99999',
    '\\u0000', '\\ud83c\\udfb5', 'ß', 'İ', '\u0001'])
GOOD = [
    '{"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"price": {"N": [{"numeric": [">", 10, "<=", 20]}]}}}}',
    '{"a": [{"prefix": "x"}, {"suffix": {"equals-ignore-case": "Y"}}, {"exists": false}, null, true, 1.5]}',
    '{"$or": [{"a": ["x"]}, {"b": {"c": [{"anything-but": {"wildcard": ["a*b", "*"]}}]}}]}',
    '{"ip": [{"cidr": "10.0.0.0/9"}, {"cidr": "2001:db8::/33"}], "t": [{"equals-ignore-case": "straße"}]}',
    '{"x": [{"anything-but": ["a", "b"]}], "y": [{"anything-but": [1, 2]}], "z": [{"wildcard": "a*\\\\\\\\*"}]}']
EVENT = json.dumps({"eventName": "INSERT", "a": ["x", 1.5, None], "b": [{"c": "ab"}, {"c": 7}], "ip": "10.1.2.3", "t": "STRASSE", "x": {"deep": [[1], {"k": "v"}]},
                    "dynamodb": {"NewImage": {"price": {"N": "12.5"}, "s": {"NS": ["1", "x"]}}}})


def is_json(text):
    try:
        json.loads(text)
        return True
    except (ValueError, RecursionError):
        return False


def main():
    prepare()
    deadline = time.monotonic() + SECONDS
    tried = read = 0
    while time.monotonic() < deadline:
        patterns = []
        for _ in range(BATCH):
            raw = rng.choice(GOOD).encode()
            for _ in range(rng.randrange(4)):
                raw = bytes(mutate(rng, raw, [g.encode() for g in GOOD], wire_fuzz.TOKENS))
            patterns.append(raw.decode("utf-8", "replace").replace("\0", ""))
        for pattern, (state, answer) in zip(patterns, evaluate("dynapg.test_event_pattern(a, b::jsonb)", [(p, EVENT) for p in patterns])):
            tried += 1
            read += state == ""
            report.check(state == "" or (state == "22023" and answer == "Invalid filter pattern definition."), "another error", pattern, state, answer)
            report.check(state != "" or is_json(pattern), "what is no JSON was read", pattern)
    print("%d patterns, %d of them read" % (tried, read))
    report.finish()


if __name__ == "__main__":
    main()
