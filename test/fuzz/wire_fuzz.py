#!/usr/bin/env python3
"""Fuzzes the JSON reader and writer of attribute values inside a server.

Texts are made by mutating test/fuzz/corpus/wire/ and random items. Of each it is checked that
  - the reader calls it JSON exactly if Python does (with RFC 8259's rules where Python is laxer);
  - reading it as an item gives a value, a ValidationException or a SerializationException, and nothing else;
  - what was read is written in a form that reads back as the same, and is an item by attr_check_item() and of the
    size that the reader counted;
  - the server survives.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20120810; 0 picks one)
"""
import json
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import value_property                                       # noqa: E402
from mutation import mutate, read_corpus, run_batches       # noqa: E402
from server import Report, evaluate, prepare                # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 1000

rng = random.Random(SEED)
report = Report()

TOKENS = [b'{', b'}', b'[', b']', b',', b':', b'"', b'\\', b'null', b'true', b'false', b'0', b'-', b'1e5', b'1.5', b'01', b'.5',
          b'"S"', b'"N"', b'"B"', b'"L"', b'"M"', b'"SS"', b'"NS"', b'"BS"', b'"BOOL"', b'"NULL"', b'"$M"', b'"$$"', b'\\u0000',
          b'\\ud83d\\ude00', b'\\ud83d', b'\\ude00', b'\\u00', b'\\x', b'\n', b'\x00', b'\x1f', b'\x7f', b'\xc3\xa9', b'\xc3',
          b'\xed\xa0\x80', b'\xf4\x90\x80\x80', b'\xc0\xaf', b'\xff', b'\xef\xbb\xbf', b'""', b'{"S":"x"}', b'{"N":"1"}', b'{}', b'[]',
          b'=', b'YQ==', b'NaN', b'Infinity', b'//', b'"a":', b',"a":{"S":""}', b'e999999999999', b'"__type"']


def is_json(data):
    """True, False, or None if Python cannot tell."""
    def pairs(members):
        for name, _ in members:
            check_string(name)
        return [value for _, value in members]

    def check_string(text):
        if any(0xD800 <= ord(c) <= 0xDFFF for c in text):
            raise ValueError("lone surrogate")

    def constant(text):
        raise ValueError(text)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=pairs, parse_int=lambda text: 0, parse_float=lambda text: 0,
                           parse_constant=constant)
        todo = [value]
        while todo:
            value = todo.pop()
            if isinstance(value, list):
                todo.extend(value)
            elif isinstance(value, str):
                check_string(value)
        return True
    except RecursionError:
        return None
    except ValueError:
        return False


def check_batch(batch):
    valid = [is_json(data) for data in batch]
    answers = evaluate("dynapg_test.is_json(decode(a, 'hex'))", [(data.hex(), None) for data in batch])
    for data, expected, (state, answer) in zip(batch, valid, answers):
        report.check(state == "" and (expected is None or (answer == "true") == expected), "is it JSON", data, expected, state, answer)

    texts = []
    for data, expected in zip(batch, valid):
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            texts.append((text, expected))
    written = []
    for (text, expected), (state, answer) in zip(texts, evaluate("dynapg_test.wire_roundtrip(a)", [(t, None) for t, _ in texts])):
        report.check(state in ("", "YD001", "YD002"), "kind of error", text, state, answer)
        report.check(not (state == "" and expected is False), "accepted what is no JSON", text, answer)
        if state == "":
            report.check(is_json(answer.encode()), "wrote what is no JSON", text, answer)
            written.append((answer, text))
    expression = "dynapg_test.wire_roundtrip(a) || dynapg_test.item_to_wire(dynapg_test.wire_to_item(b))"
    for (text, source), (state, answer) in zip(written, evaluate(expression, written)):
        report.check(state == "" and answer == text + text, "stable", source, text, state, answer)


def main():
    print(f"SEED={SEED} FUZZ_SECONDS={SECONDS:g}")
    prepare()
    corpus = read_corpus("wire")

    def make_batch():
        batch = []
        while len(batch) < BATCH:
            if rng.random() < 0.2:
                source = json.dumps(value_property.random_item(), ensure_ascii=False).encode()
                if len(source) < 20000:
                    corpus.append(source)
            batch.append(mutate(rng, rng.choice(corpus), corpus, TOKENS))
        del corpus[400:]
        return batch

    print(run_batches("wire_fuzz", report, SECONDS, list(corpus), check_batch, make_batch), "texts")
    report.finish()


if __name__ == "__main__":
    main()
