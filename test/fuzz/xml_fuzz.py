#!/usr/bin/env python3
"""Fuzzes the reader of XML answers inside a server, against Python's own.

Documents are generated as S3 answers have them, and mutated piece by piece and byte by byte. Of each it is checked that
  - the elements, their paths and their texts are those that Python's reader finds, as far as the document goes;
  - it is refused where Python refuses it, or for a document type or a limit of ours;
  - the server survives.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20060301; 0 picks one)
"""
import os
import random
import sys
import tempfile
import time
from xml.parsers import expat

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

from server import Report, ServerDied, evaluate, prepare    # noqa: E402

SEED = int(os.environ.get("SEED", "20060301")) or random.randrange(1 << 32)
SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 500
MAX_DEPTH = 16

rng = random.Random(SEED)
report = Report()

NAMES = ["ListBucketResult", "Contents", "Key", "Size", "ETag", "Error", "Code", "a", "b:c", "x-y", "é"]
TEXTS = ["", "1", "true", "key/with some+things%20", "&amp;", "&lt;&gt;&quot;&apos;", "&#x20ac;", "&#65;", "é€😀", "\r\n", "<![CDATA[<x>]]>",
         "<!-- no -->", "<?pi x?>", "]]", "x" * 300]
PIECES = ["<", ">", "</", "/>", "&", ";", "&b;", "&#0;", "&#x110000;", "<!DOCTYPE a>", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "<![CDATA[", "]]>", "<!--",
          "-->", "<?", "?>", "<?xml version='1.0'?>", "<?xml version='1.0' encoding='latin1'?>", "<?xml version='1.0' encoding='utf-16'?>", "'", '"', "=",
          " xmlns='u'", " xmlns:b='v'", " a='1'", "\x00", "\x01", "\ufeff", "\uffff", "<a>" * 20, "</a>" * 3]


def element(depth):
    name = rng.choice(NAMES)
    attributes = rng.choice(["", "", "", " xmlns='http://s3.amazonaws.com/doc/2006-03-01/'", " a='&lt;1'"])
    if ":" in name:
        attributes += " xmlns:b='urn:b'"
    if rng.random() < 0.1:
        return f"<{name}{attributes}/>"
    inside = "".join(element(depth - 1) if depth and rng.random() < 0.5 else rng.choice(TEXTS) for _ in range(rng.choice([0, 1, 1, 2, 5])))
    return f"<{name}{attributes}>{inside}</{name}>"


def document():
    text = rng.choice(["", '<?xml version="1.0" encoding="UTF-8"?>', '<?xml version="1.0"?>\n  ']) + element(rng.choice([1, 3, 5]))
    if rng.random() < 0.6:
        for _ in range(rng.choice([1, 1, 2, 4])):
            at = rng.randrange(len(text) + 1)
            to = min(len(text), at + rng.choice([0, 0, 1, 3, 20]))
            text = text[:at] + rng.choice(PIECES + [text[at:to] * 2, ""]) + text[to:]
    data = text.encode("utf-8", "surrogatepass")
    if rng.random() < 0.2 and data:
        at = rng.randrange(len(data))
        data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
    return data


class Refused(Exception):
    pass


def expected(data):
    """Lines as dynapg_test.xml() gives them, and whether the document is good."""
    parser = expat.ParserCreate(namespace_separator="\n")
    lines, path, texts = [], [], []

    def start(name, _):
        if len(path) >= MAX_DEPTH:
            raise Refused()
        path.append(name.split("\n")[-1])
        texts.append("")

    def end(_):
        lines.append("/".join(path) + "=" + texts.pop() + "\n")
        path.pop()

    def text(data):
        texts[-1] += data

    def document_type(*_):
        raise Refused()

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, document_type
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, Refused, LookupError, ValueError):
        return "".join(lines), False
    return "".join(lines), True


def check(cases):
    """How many were good ones."""
    good = 0
    try:
        answers = evaluate("dynapg_test.xml(decode(a, 'hex'))", [(case.hex(), None) for case in cases])
    except ServerDied as died:
        with tempfile.NamedTemporaryFile("w", prefix="xml_fuzz.", suffix=".txt", delete=False) as file:
            file.write("\n".join(map(repr, cases)))
        report.check(False, "the server died; cases in " + file.name, str(died))
        report.finish()
    for case, (state, answer) in zip(cases, answers):
        lines, whole = expected(case)
        got, _, error = (answer or "").partition("error: ")
        if error == "unknown encoding":     # Python knows more
            continue
        report.check(state == "" and got == lines and (error == "") == whole, case, (state, answer), (lines, whole))
        good += whole
    return good


def main():
    print("seed", SEED)
    prepare()
    tried = good = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        cases = [document() for _ in range(BATCH)]
        tried += len(cases)
        good += check(cases)
    report.check(good > tried / 10, "too few good documents", good, tried)
    report.finish()


if __name__ == "__main__":
    main()
