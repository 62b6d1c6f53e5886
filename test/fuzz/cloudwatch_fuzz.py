#!/usr/bin/env python3
"""Fuzzes the readers of CloudWatch's requests, CBOR and AWS Query's forms, inside a server.

Documents are generated in all of CBOR's spellings of them, and forms in those of a form, some mutated byte by byte. Of each it is checked that
  - what was not mutated is read as what it was made of; what is read is read again as the same after it was written;
  - what was mutated is read or refused, and the server survives;
  - forms of many parameters are read or refused in a time that does not grow with their square.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20100801; 0 picks one)
"""
import json
import os
import random
import struct
import sys
from urllib.parse import quote, quote_plus

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

from mutation import mutate, run_batches                    # noqa: E402
from server import Report, evaluate, prepare, timed         # noqa: E402

SEED = int(os.environ.get("SEED", "20100801")) or random.randrange(1 << 32)
SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 300

rng = random.Random(SEED)
report = Report()
good = {"cbor": [b"\xa0"], "query_form": [b"Action=GetMetricData"]}    # the last ones that were generated, from which mutations take pieces

TOKENS = {"cbor": [b"\x9f" * 40, b"\xbf", b"\xff", b"\x5a\xff\xff\xff\xff", b"\xc1\xfb", b"\x00"],
          "query_form": [b"&", b"=", b"%", b"%00", b"%c3%28", b"+", b".member.", b".member.1", b".member.99999999999", b"\x00", b"\xff"]}
TEXTS = ["", "a", "Id", "MetricDataQueries", "é€😀", "x" * 30, "x" * 300, "a.b=c&d%+", "\x01\x7f"]


def value(depth):
    kind = rng.randrange(7 if depth else 5)
    if kind == 0:
        return rng.choice([0, 1, 23, 24, 255, 256, 65535, 65536, 2**32, 2**53, 2**53 + 1, 2**63 - 1, -1, -24, -25, -256, -2**40, -2**53 - 1, -2**63])
    if kind == 1:
        return rng.choice([0.5, -1.25, 1.5, 1e10, 65504.0, 0.000030517578125])
    if kind == 2:
        return rng.choice([True, False, None])
    if kind in (3, 4):
        return rng.choice(TEXTS)
    if kind == 5:
        return [value(depth - 1) for _ in range(rng.choice([0, 1, 2, 5, 30]))]
    return {rng.choice(TEXTS): value(depth - 1) for _ in range(rng.choice([0, 1, 3, 30]))}


def head(major, argument):
    sizes = [(24, None), (1 << 8, "B"), (1 << 16, "H"), (1 << 32, "I"), (1 << 64, "Q")]
    least = next(i for i, (limit, _) in enumerate(sizes) if argument < limit)
    i = rng.choice([least, least, rng.randrange(least, 5)])
    return bytes([major << 5 | argument]) if i == 0 else bytes([major << 5 | 23 + i]) + struct.pack(">" + sizes[i][1], argument)


def cbor(v):
    tag = head(6, rng.choice([1, 0, 32, 55799])) if rng.random() < 0.1 else b""
    return tag + bare(v)


def text(v):
    data = v.encode()
    if rng.random() < 0.8:
        return head(3, len(data)) + data
    return b"\x7f" + b"".join(head(3, len(c.encode())) + c.encode() for c in v) + b"\xff"


def bare(v):
    if v is None or isinstance(v, bool):
        return b"\xf6" if v is None else b"\xf5" if v else b"\xf4"
    if isinstance(v, int):
        return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, float):
        forms = [f for f in (">e", ">f", ">d") if abs(v) <= 65504 or f != ">e"]
        form = rng.choice([f for f in forms if struct.unpack(f, struct.pack(f, v))[0] == v])
        return {">e": b"\xf9", ">f": b"\xfa", ">d": b"\xfb"}[form] + struct.pack(form, v)
    if isinstance(v, str):
        return text(v)
    major = 4 if isinstance(v, list) else 5
    inside = [cbor(e) for e in v] if isinstance(v, list) else [text(k) + cbor(e) for k, e in v.items()]
    if rng.random() < 0.3:
        return bytes([major << 5 | 31]) + b"".join(inside) + b"\xff"
    return head(major, len(inside)) + b"".join(inside)


def form_pairs(v, key=""):
    """Pairs of a form for a value whose scalars are texts."""
    if isinstance(v, str):
        return [(key, v)]
    items = v.items() if isinstance(v, dict) else [(f"member.{i}", e) for i, e in enumerate(v, 1)]
    return [p for k, e in items for p in form_pairs(e, f"{key}.{k}" if key else k)]


def form_value(depth):
    if depth == 0 or rng.random() < 0.4:
        return rng.choice(["1", "2026-11-29T10:00:00Z", "é&=+%", "AWS/DynamoDB"])
    if rng.random() < 0.5:
        return [form_value(depth - 1) for _ in range(rng.choice([1, 2, 5]))]
    return {name: form_value(depth - 1) for name in rng.sample(["Id", "Name", "Value", "Stat"], rng.choice([1, 2]))}


def case():
    """What is read, how, and what it must come to; None: anything."""
    if rng.random() < 0.7:
        expected = {rng.choice(TEXTS): value(4) for _ in range(rng.choice([0, 1, 4]))}
        data, what = head(5, len(expected)) + b"".join(text(k) + cbor(v) for k, v in expected.items()), "cbor"
    else:
        expected = {name: form_value(3) for name in rng.sample(["Namespace", "Dimensions", "MetricDataQueries", "StartTime"], 2)}
        encode = rng.choice([quote, quote_plus])
        data = "&".join(f"{k}={encode(v)}" for k, v in [("Action", "GetMetricData")] + form_pairs(expected)).encode()
        what = "query_form"
    good[what] = good[what][-100:] + [data]
    return (what, mutate(rng, data, good[what], TOKENS[what]), None) if rng.random() < 0.5 else (what, data, expected)


def check(cases):
    answers = evaluate("CASE b WHEN 'cbor' THEN (SELECT v || jsonb_build_object('~again', dynapg_test.cbor(dynapg_test.cbor_write(v)) = v)"
                       " FROM dynapg_test.cbor(decode(a, 'hex')) AS v) ELSE dynapg_test.query_form(decode(a, 'hex')) END::text",
                       [(data.hex(), what) for what, data, _ in cases])
    for (what, data, expected), (state, answer) in zip(cases, answers):
        got = json.loads(answer) if state == "" and answer is not None else None
        again = got.pop("~again", True) if got is not None else True
        if expected is None:
            report.check(state in ("", "YD002") and again, what, data, (state, answer))
        else:
            report.check(state == "" and got == expected and again, what, data, (state, answer), expected)


def check_large_forms():
    """As many parameters as there may be, of names that differ at their ends only, and far more."""
    for count, name, expected in ((10000, "x" * 120, ""), (10001, "x", "YD002"), (400000, "x", "YD002")):
        form = "&".join(f"{name}{n:06}=" for n in range(count)).encode()
        ((state, _),), seconds = timed(lambda text=form.hex(): evaluate("dynapg_test.query_form(decode(a, 'hex'))", [(text, "")]), 10)
        report.check(state == expected and seconds < 10, "a form of many parameters", count, state, seconds)
    (state, _), = evaluate("dynapg_test.query_form(decode(a, 'hex'))", [((b"x" * 128 + b"=1").hex(), "")])
    report.check(state == "YD002", "a long name", state)


def main():
    print("seed", SEED)
    prepare()
    check_large_forms()
    batch = lambda: [case() for _ in range(BATCH)]    # noqa: E731
    print(run_batches("cloudwatch_fuzz", report, SECONDS, batch(), check, batch), "requests")
    report.finish()


if __name__ == "__main__":
    main()
