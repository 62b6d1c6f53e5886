#!/usr/bin/env python3
"""Fuzzes the reader of access policies, their evaluation and the matcher of patterns inside a server.

Policies are random ones and mutations of them. Of each it is checked that
  - it is refused with the exception of its kind and nothing else, or read;
  - what is no JSON is refused, and what is read has a canonical form that is JSON, and reads back as itself;
  - a request can be judged by it: allowed, denied implicitly or explicitly;
  - the server survives.
Patterns are checked against Python's regular expressions.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20120810; 0 picks one)
"""
import json
import os
import random
import re
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import wire_fuzz                                            # noqa: E402
from mutation import mutate                                 # noqa: E402
from policies import Generator, as_argument, decide         # noqa: E402
from server import Report, ServerDied, evaluate, prepare    # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 500

rng = random.Random(SEED)
make = Generator(rng)
report = Report()

wire_fuzz.TOKENS.extend(token.encode() for token in [
    '"Version":"2012-10-17",', '"Version":"2008-10-17",', '"Id":"i",', '"Sid":"s",', '"Effect":"Allow",', '"Effect":"deny",', '"Statement":', '"Action":',
    '"NotAction":[],', '"Resource":"*",', '"NotResource":', '"Principal":"*",', '"NotPrincipal":{"AWS":', '"Condition":{', '"ForAllValues:', '"ForAnyValue:',
    'IfExists"', '"Null":{', '"Bool":{', '"StringLike":{', '"DateEquals":{', '"IpAddress":{', '"BinaryEquals":{', '"NumericLessThan":{', '${', '${*}', '${aws:username}',
    "${x, 'y'}", "${x, '", '*', '?', '***', 'arn:', 'arn:aws:dynamodb:', ':::::', 'dynamodb:*', '"*"', '::/0', '/33', '1e400', '9223372036854775808', '2026-02-30',
    '2026-10-09T00:00:00+99:99', 'T', 'Z', '-0001', '🎵'])
KINDS = {"table": ("YD001",), "stream": ("YD001",), "identity": ("22023",)}
LETTERS = ["a", "b", "A", "*", "?", "é", "🎵", "\n", ".", "[", "\\"]


def check_documents(texts):
    rows = [(text, rng.choice(list(KINDS))) for text in texts]
    canonical = []
    for (text, kind), (state, answer) in zip(rows, evaluate("dynapg_test.policy(a, b)", rows)):
        report.check(state in ("",) + KINDS[kind], "kind of error", kind, text, state, answer)
        report.check(state != "" or wire_fuzz.is_json(text.encode()) is not False, "accepted what is no JSON", text, answer)
        if state == "":
            report.check(wire_fuzz.is_json(answer.encode()), "wrote what is no JSON", text, answer)
            canonical.append((answer, kind))
    for (text, kind), (state, answer) in zip(canonical, evaluate("dynapg_test.policy(a, b)", canonical)):
        report.check(state == "" and answer == text, "stable", kind, text, state, answer)
    return [text for text, kind in canonical if kind == "identity"]


def check_decisions(texts):
    """The texts as identity policies of random requests."""
    rows = []
    for text in texts:
        argument = json.loads(as_argument(dict(make.case(), resource_policy=None, boundary=None, session_policy=None)))
        rows.append((json.dumps(dict(argument, policies=[text]), ensure_ascii=False), None))
    for (row, _), (state, answer) in zip(rows, evaluate(decide("a"), rows)):
        report.check(state == "" and answer in ("allowed", "implicitDeny", "explicitDeny"), "decision", row, state, answer)


def expected_match(pattern, text):
    parts = [".*" if c == "*" else "." if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", pattern)]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def check_patterns():
    rows = []
    for _ in range(BATCH):
        text = "".join(rng.choice(LETTERS[:2] * 4 + LETTERS) for _ in range(rng.randint(0, 12)))
        pattern = "".join(rng.choice([c, c, c, "*", "?", rng.choice(LETTERS)]) for c in text)
        if pattern.count("*") <= 6:
            rows.append((pattern, text))
    for (pattern, text), (state, answer) in zip(rows, evaluate("dynapg_test.glob(a, b)", rows)):
        report.check(state == "" and (answer == "true") == expected_match(pattern, text), "pattern", pattern, text, state, answer)


def random_policy():
    return json.dumps(make.policy(principal=rng.random() < 0.5), ensure_ascii=rng.random() < 0.5).encode()


def main():
    print(f"SEED={SEED} FUZZ_SECONDS={SECONDS:g}")
    prepare()
    end = time.monotonic() + SECONDS
    read = texts = 0
    while True:
        corpus = [random_policy() for _ in range(100)]
        batch = [rng.choice(corpus) if rng.random() < 0.2 else mutate(rng, rng.choice(corpus), corpus, wire_fuzz.TOKENS) for _ in range(BATCH)]
        batch = [data.decode("utf-8", "replace").replace("\0", "0") for data in batch]
        try:
            identity = check_documents(batch)
            check_decisions(identity)
            check_patterns()
        except ServerDied as died:
            with tempfile.NamedTemporaryFile(prefix="policy_fuzz_", suffix=".txt", delete=False) as file:
                file.write(b"\n".join(repr(text).encode() for text in batch))
            report.check(False, "the server died; its batch is in " + file.name, str(died))
            break
        read += len(identity)
        texts += len(batch)
        if time.monotonic() > end:
            break
    print(f"{texts} texts, {read} of them judged")
    report.finish()


if __name__ == "__main__":
    main()
