#!/usr/bin/env python3
"""Fuzzes the readers of imported objects inside a server: Ion, CSV, lines of DynamoDB JSON, GZIP and ZSTD.

Objects are made by mutating test/fuzz/corpus/formats/ and random items. Of each it is checked that
  - reading it gives records and raises nothing, and ends at its end;
  - in whatever pieces the bytes come, the records are the same;
  - items are written as Ion that reads back as the same;
  - text that is one struct of Ion gives an item, a ValidationException or a SerializationException;
  - the server survives.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20120810; 0 picks one)
"""
import gzip
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import formats_property                                     # noqa: E402
from mutation import mutate, read_corpus, run_batches       # noqa: E402
from server import Report, evaluate, prepare                # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 500

rng = random.Random(SEED)
report = Report()

TOKENS = [b'{', b'}', b'[', b']', b'(', b')', b'{{', b'}}', b',', b':', b'::', b'"', b"'", b"'''", b'\\', b'/', b'//', b'/*', b'*/', b'\n', b'\r\n', b'\r',
          b'null', b'null.int', b'true', b'nan', b'+inf', b'0', b'-', b'1d5', b'1e5', b'1.5', b'0x1F', b'0b1', b'1_0', b'2007T', b'$ion_1_0', b'$ion_1_1',
          b'$ion_symbol_table::{symbols:["a","Item"]}', b'$10', b'$11', b'$0', b'$dynamodb_SS::', b'$dynamodb_NS::', b'$dynamodb_BS::', b'Item', b'Item:', b'{Item:{}}',
          b'YQ==', b'""', b'"""', b'\\0', b'\\x41', b'\\u00e9', b'\\ud83d', b'\\\n', b'\x00', b'\x01', b'\xc3\xa9', b'\xff', b'\xef\xbb\xbf', b'\xe0\x01\x00\xea',
          b'{"Item":{"p":{"S":"x"}}}', b'"Item":', b';', b'\t', b' ', b'\x1f\x8b\x08', b'\x28\xb5\x2f\xfd', b'ConditionExpression:"a"', b'"ExpressionAttributeNames":{"#a":"b"}']

# Whole and in pieces the same records, told apart from an error by ''
SAME = """(SELECT (SELECT jsonb_agg(r ORDER BY r.index) FROM dynapg_test.read_records(decode(a, 'hex'), split_part(b, ' ', 1), split_part(b, ' ', 2), '{"conditions": "yes"}') r)
	IS NOT DISTINCT FROM
	(SELECT jsonb_agg(r ORDER BY r.index) FROM dynapg_test.read_records(decode(a, 'hex'), split_part(b, ' ', 1), split_part(b, ' ', 2), '{"conditions": "yes"}', split_part(b, ' ', 3)::int) r))"""
STABLE = """(SELECT bool_and(record_image_eq(ROW(dynapg.item_from_ion(dynapg.item_to_ion(item))), ROW(item)))
	FROM dynapg_test.read_records(decode(a, 'hex'), split_part(b, ' ', 1), split_part(b, ' ', 2)) WHERE status = 'item')"""


def check_batch(batch):
    rows = [(data.hex(), " ".join([rng.choice(["ION", "ION", "CSV", "DYNAMODB_JSON"]), compression, str(rng.choice([1, 2, 7, 100]))])) for data, compression in batch]
    for row, (state, answer) in zip(rows, evaluate(SAME, rows)):
        report.check(state == "" and answer == "true", "the same in pieces", bytes.fromhex(row[0]), row[1], state, answer)
    for row, (state, answer) in zip(rows, evaluate(STABLE, rows)):
        report.check(state == "" and answer in ("true", None), "stable in Ion", bytes.fromhex(row[0]), row[1], state, answer)
    texts = []
    for data, _ in batch:
        try:
            texts.append((data.decode("utf-8").replace("\0", ""), None))
        except UnicodeDecodeError:
            continue
    for (text, _), (state, answer) in zip(texts, evaluate("dynapg.item_from_ion(a)", texts)):
        report.check(state in ("", "YD001", "YD002"), "kind of error", text, state, answer)


def compressed(data):
    if rng.random() < 0.9:
        return data, "NONE"
    pieces = gzip.compress(data)
    return (mutate(rng, pieces, [pieces], TOKENS) if rng.random() < 0.7 else pieces), rng.choice(["GZIP", "GZIP", "GZIP", "ZSTD"])


def main():
    print(f"SEED={SEED} FUZZ_SECONDS={SECONDS:g}")
    prepare()
    corpus = read_corpus("formats")

    def make_batch():
        batch = []
        while len(batch) < BATCH:
            if rng.random() < 0.2:
                source = formats_property.ion_record(formats_property.values.random_item()).encode()
                if len(source) < 20000:
                    corpus.append(source)
            batch.append(compressed(mutate(rng, rng.choice(corpus), corpus, TOKENS)))
        del corpus[400:]
        return batch

    print(run_batches("formats_fuzz", report, SECONDS, [(data, "NONE") for data in corpus], check_batch, make_batch), "objects")
    report.finish()


if __name__ == "__main__":
    main()
