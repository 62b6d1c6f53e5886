#!/usr/bin/env python3
"""Compares patterns with Event Ruler, the library that the service itself matches with: random patterns and events, one answer each.

    RULER_CLASSPATH   its jars (test/differential/event_patterns.sh fetches them)
    COUNT             how many (default 20000)
    SEED              seed (default 20120810; 0 picks one)

Not compared: patterns with a name twice, numbers beyond what either has, "exactly", 0.0.0.0/0, which matches numbers there, and
names that stand both in "$or" and beside it, whose values are put together there.
"""
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

from server import Report, evaluate, prepare                # noqa: E402

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
COUNT = int(os.environ.get("COUNT", "20000"))
rng = random.Random(SEED)

NAMES = ["a", "b", "c"]
TEXTS = ["", "x", "X", "xy", "xyx", "abc", "ABC", "aXb", "a*b", "a\\b", "10.0.0.1", "10.1.2.3", "192.168.0.1", "2001:db8::1", "1", "true", "null", "é", "É"]
NUMBERS = [0, 1, -1, 1.5, 2, 100, 301.8, -5, 12345.678]


def value(depth=0):
    kind = rng.randrange(9 if depth < 3 else 6)
    if kind < 3:
        return rng.choice(TEXTS)
    if kind == 3:
        return rng.choice(NUMBERS)
    if kind == 4:
        return rng.choice([True, False])
    if kind == 5:
        return None
    if kind == 6:
        return [value(depth + 1) for _ in range(rng.randrange(4))]
    return event(depth + 1)


def event(depth=0):
    return {name: value(depth) for name in NAMES if rng.random() < 0.75}


def numeric():
    low, high = sorted(rng.sample(NUMBERS, 2))
    return {"numeric": rng.choice([["=", low], ["<", high], [">=", low], [rng.choice([">", ">="]), low, rng.choice(["<", "<="]), high], [">", high, "<", low], ["!", 1], []])}


def wildcard():
    return rng.choice(["*", "x*", "*x", "a*b", "*b*", "a\\*b", "a\\\\b", "x", "**", "a\\", "*a*c*", "X*y"])


def rule():
    text = rng.choice(TEXTS)
    return rng.choice([
        lambda: text, lambda: text, lambda: rng.choice(NUMBERS), lambda: rng.choice([True, False, None]),
        lambda: {"exists": rng.random() < 0.5}, lambda: {"prefix": text}, lambda: {"suffix": text}, lambda: {"equals-ignore-case": text},
        lambda: {rng.choice(["prefix", "suffix"]): {"equals-ignore-case": text}}, lambda: {"wildcard": wildcard()}, numeric,
        lambda: {"cidr": rng.choice(["10.0.0.0/8", "10.0.0.1/32", "192.168.0.0/16", "2001:db8::/32", "10.0.0.0/33", "x/8", "10.0.0.0"])},
        lambda: {"anything-but": text}, lambda: {"anything-but": rng.sample(TEXTS, 2)}, lambda: {"anything-but": rng.choice(NUMBERS)}, lambda: {"anything-but": rng.sample(NUMBERS, 2)},
        lambda: {"anything-but": {"prefix": text}}, lambda: {"anything-but": {"suffix": rng.sample(TEXTS, 2)}}, lambda: {"anything-but": {"equals-ignore-case": rng.sample(TEXTS, 2)}},
        lambda: {"anything-but": {"wildcard": wildcard()}}, lambda: {"like": text}, lambda: [text], lambda: {"anything-but": [text, 1]}])()


def pattern(depth=0, names=None):
    """A pattern of members of these names; those that stand beside "$or" are not in its objects."""
    made = {}
    names = names or NAMES
    for name in names:
        if rng.random() < 0.5:
            made[name] = pattern(depth + 1) if depth < 2 and rng.random() < 0.3 else [rule() for _ in range(rng.choice([1, 1, 2]))]
    free = [name for name in names if name not in made]
    if free and rng.random() < 0.3 and depth < 2:
        made["$or"] = [pattern(depth + 1, free) for _ in range(rng.choice([2, 2, 3]))]
    return made or {rng.choice(names): [rule()]}


def main():
    prepare()
    report = Report()
    rows = [(json.dumps(pattern()), json.dumps(event())) for _ in range(COUNT)]
    done = subprocess.run(["java", "-cp", os.environ["RULER_CLASSPATH"], os.path.join(HERE, "EventRuler.java")], input="".join("%s\t%s\n" % row for row in rows).encode(),
                          stdout=subprocess.PIPE, check=True)
    theirs = done.stdout.decode().splitlines()
    ours = []
    for at in range(0, COUNT, 2000):
        ours += evaluate("dynapg.test_event_pattern(a, b::jsonb)", rows[at:at + 2000])
    counts = {}
    for (text, record), their, (state, answer) in zip(rows, theirs, ours):
        our = {"true": "t", "false": "f", "t": "t", "f": "f"}.get(answer, "e") if state == "" else "e"
        counts[our] = counts.get(our, 0) + 1
        report.check(our == their[0], "event ruler says otherwise", text, record, their, (state, answer))
    print("answers:", counts, "seed", SEED)
    report.finish()


if __name__ == "__main__":
    main()
