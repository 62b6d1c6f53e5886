#!/usr/bin/env python3
"""Fuzzes what is read of the headers traceparent, tracestate and X-Amzn-Trace-Id.

Good headers and mutations of them, as bytes, go to the server's reading; what it says is compared with a second reading of the rules, by regular expressions here.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20131202; 0 picks one)
"""
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
from server import Report, evaluate, prepare                # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 2000

rng = random.Random(SEED)
report = Report()
wire_fuzz.TOKENS.extend([b"00-", b"ff-", b"cc-", b"-01", b"-00", b"-", b"0" * 16, b"0" * 32, b"A", b"g", b"Root=1-", b"Parent=", b"Sampled=?", b"Sampled=1", b";", b"; ", b"=", b",", b" ", b"\t",
                         b"key=value", b"tenant@vendor=1", b"x" * 256 + b"=y", b"a=1," * 33, b"\xff", b"Self=1-2-3", b"Lineage=a:0", b"\x7f", b"*/_-@"])


def digits(count):
    return bytes(rng.choice(b"0123456789abcdef") for _ in range(count))


def good(kind):
    if kind == "traceparent":
        return rng.choice([b"00", b"00", b"01", b"cc"]) + b"-" + digits(32) + b"-" + digits(16) + b"-" + digits(2) + rng.choice([b"", b"", b"-more"])
    if kind == "amazon":
        fields = [b"Root=1-" + digits(8) + b"-" + digits(24), b"Parent=" + digits(16), b"Sampled=" + rng.choice([b"0", b"1", b"?"]), b"Self=1-2", b"Lineage=x:1"]
        rng.shuffle(fields)
        return rng.choice([b";", b"; "]).join(fields[:rng.randrange(1, 6)])
    return rng.choice([b",", b", "]).join(rng.choice([b"a=1", b"rojo=00f067aa0ba902b7", b"t@v=x y", b"0/_*-=~", b""]) for _ in range(rng.randrange(1, 35)))


# ---------------------------------------------------------------- a second reading

MEMBER = re.compile(rb"[a-z0-9][a-z0-9_\-*/@]{0,255}=[ -+\--<>-~]{1,256}")


def expected(kind, header):
    if kind == "traceparent":
        found = re.fullmatch(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", header, re.DOTALL)
        if not found or found[1] == b"ff" or (found[1] == b"00" and found[5] is not None) or set(found[2]) == {48} or set(found[3]) == {48}:
            return None
        return " ".join([found[2].decode(), found[3].decode(), "sampled" if int(found[4], 16) & 1 else "not", found[4].decode()])
    if kind == "amazon":
        root, parent, sampled = None, "-", "open"
        for field in header.split(b";"):
            name, sign, value = field.strip(b" \t").partition(b"=")
            name = name.lower()
            if not sign:
                continue
            if name == b"root":
                found = re.fullmatch(rb"1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})", value)
                if not found or set(found[1] + found[2]) == {48}:
                    return None
                root = (found[1] + found[2]).decode().lower()
            elif name == b"parent":
                if not re.fullmatch(rb"[0-9a-fA-F]{16}", value) or set(value) == {48}:
                    return None
                parent = value.decode().lower()
            elif name == b"sampled":
                if value not in (b"0", b"1", b"?"):
                    return None
                sampled = {b"0": "not", b"1": "sampled", b"?": "open"}[value]
        return None if root is None else f"{root} {parent} {sampled} {'01' if sampled == 'sampled' else '00'}"
    members = [member for member in (member.strip(b" \t") for member in header.split(b",")) if member]
    return header.decode() if len(header) <= 512 and 0 < len(members) <= 32 and all(MEMBER.fullmatch(member) for member in members) else None


# ---------------------------------------------------------------- rounds

CORPUS = [good(kind) for kind in ("traceparent", "amazon", "tracestate") for _ in range(10)]


def make_row():
    kind = rng.choice(["traceparent", "traceparent", "amazon", "amazon", "tracestate"])
    header = good(kind)
    if rng.random() < 0.7:
        header = mutate(rng, header, CORPUS, wire_fuzz.TOKENS)
    return kind, header.replace(b"\0", b"")


def check(rows):
    answers = evaluate("dynapg_test.read_trace(a, decode(b, 'hex'))", [(kind, header.hex()) for kind, header in rows])
    for (kind, header), (state, answer) in zip(rows, answers):
        report.check(state == "" and answer == expected(kind, header), "a header", kind, header, state, answer, expected(kind, header))


def main():
    print(f"SEED={SEED} FUZZ_SECONDS={SECONDS:g}")
    prepare()
    print(run_batches("trace_fuzz", report, SECONDS, [make_row() for _ in range(BATCH)], check, lambda: [make_row() for _ in range(BATCH)]), "headers")
    report.finish()


if __name__ == "__main__":
    main()
