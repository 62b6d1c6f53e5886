#!/usr/bin/env python3
"""Fuzzes the expression languages inside a server.

Expressions are generated and mutated, token by token and byte by byte, and nested to any depth that fits. Of each it is
checked that
  - the answer is a value or a ValidationException, and nothing else;
  - what an update makes is an item by attr_check_item() and of the size that is counted (the function for tests does it);
  - the server survives.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20120810; 0 picks one)
"""
import os
import random
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import expression_property as expressions                   # noqa: E402
from server import Report, ServerDied, evaluate, prepare    # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 600
LIMIT = 4096

rng = random.Random(SEED)
report = Report()

PIECES = ["(", ")", "((", "))", "NOT ", "not(", "size(", "f(", "if_not_exists(a,", "list_append(", "contains(a,", "a.", "a[", "]",
          "[0]", "[4294967294]", "[4294967295]", "[00]", ".a", ",", " AND ", " or ", " BETWEEN ", " IN (", "=", "<>", "<=", ">",
          "+", "-", "SET ", " REMOVE ", "ADD ", " DELETE ", "a", "b", "#n0", ":v0", "#", ":", "_", "1", "0", "''", '"', "\\", "/*",
          "--", ";", "\x0b", "\u00a0", "é", "\u2028", "\U0001F600", "size", "name", "a=:v0", "a = b", "%s", "$1"]


def nested():
    """Something deep."""
    depth = rng.choice([2, 10, 31, 32, 33, 100, 299, 300, 301, 1000, 2047, 4096])
    left, inner, right = rng.choice([
        ("(", "a = b", ")"), ("(", "a", ")"), ("NOT ", "a = b", ""), ("NOT (", "a = b", ")"), ("a = b AND ", "a = b", ""),
        ("(a = b OR ", "a = b", ")"), ("a = b or not ", "a = b", ""), ("size(", "a", ")"), ("f(", "a", ")"), ("", "a", ".a"),
        ("", "a", "[0]"), ("", "a", "[1].b"), ("SET a = if_not_exists(b, ", ":v0", ")"), ("if_not_exists(b, ", ":v0", ")"),
        ("list_append(", ":v0", ", :v0)"), ("a IN (", "b", ")"), ("a BETWEEN ", "b", " AND c"), ("a, ", "a", ""), ("-", "a", ""),
        ("SET ", "a = b", " "), ("contains(a, ", "b", ")"), ("((", "a) = b", ")"), ("[", "0", "]"), ("#n0.", "#n0", "")])
    depth = min(depth, (LIMIT - len(inner) - 20) // max(1, len(left) + len(right)))
    text = left * depth + inner + right * rng.choice([depth, depth, depth - 1, 0])
    return rng.choice(["", "", "", "SET a = ", "REMOVE ", "a = ", "NOT "]) + text


def mutate(text):
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.choice([0, 1, 1, 2, 5, 20]))
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:at] + rng.choice(PIECES) + text[to:]
        elif kind == 1:
            text = text[:at] + text[to:]
        elif kind == 2:
            text = text[:to] + text[at:to] * rng.choice([1, 2, 40]) + text[to:]
        elif kind == 3:
            other = rng.randrange(len(text) + 1)
            text = text[:other] + text[at:to] + text[other:]
        else:
            text = text[:at] + chr(rng.choice([9, 10, 11, 12, 13, 32, 0x7f, 0xa0, 0xe9, 0x20ac, 0x1f600,
                                               rng.randrange(1, 128)])) + text[to:]
    return text.replace("\x01", "")


def make():
    """(language, arguments): mostly of the language that the expression was made for."""
    language = rng.choice(["condition", "update", "projection", "key_condition"])
    item = expressions.random_item()
    generator = expressions.Generator(item)
    if rng.random() < 0.25:
        text = nested()
        generator.names["#n0"] = "a"
        generator.values[":v0"] = expressions.random_value()
    else:
        text = getattr(generator, language)()
    if rng.random() < 0.7:
        text = mutate(text)
    if rng.random() < 0.1:
        language = rng.choice(["condition", "update", "projection", "key_condition"])
    return language, expressions.arguments(text or None, generator.names or None, generator.values or None, item)


column = expressions.column
CALLS = {
    "condition": "dynapg_test.condition(coalesce({0}, ''), {1}, {2}, {3})",
    "update": "coalesce(dynapg_test.update(coalesce({0}, ''), {1}, {2}, {3}, true, 'ALL_NEW'), '') || "
              "coalesce(dynapg_test.update(coalesce({0}, ''), {1}, {2}, {3}, true, 'UPDATED_NEW'), '') || "
              "coalesce(dynapg_test.update(coalesce({0}, ''), {1}, {2}, {3}, true, 'UPDATED_OLD'), '')",
    "projection": "dynapg_test.projection(coalesce({0}, ''), {1}, {3})",
    "key_condition": "dynapg_test.key_condition(coalesce({0}, ''), {1}, {2})",
}


def check(language, cases):
    try:
        answers = evaluate(CALLS[language].format(*map(column, range(1, 5))), [(case, None) for case in cases])
    except ServerDied as died:
        with tempfile.NamedTemporaryFile("w", prefix="expr_fuzz.", suffix=".txt", delete=False) as file:
            file.write(language + "\n" + "\n".join(map(repr, cases)))
        report.check(False, "the server died; cases in " + file.name, str(died))
        report.finish()
    for case, (state, text) in zip(cases, answers):
        good = state == "YD001" and text or state == "" and text is not None
        report.check(good, language, case, (state, text))


def main():
    print("seed", SEED)
    expressions.rng.seed(SEED)
    prepare()
    expressions.prepare_functions()
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        cases = {language: [] for language in CALLS}
        for _ in range(BATCH):
            language, arguments = make()
            cases[language].append(arguments)
        for language, rows in cases.items():
            if rows:
                check(language, rows)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
