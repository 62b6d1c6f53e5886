#!/usr/bin/env python3
"""Computes the golden vectors of docs/format.md and sql/value.sql from the words of docs/format.md alone.

Nothing of the extension is used: only hashlib and decimal. Prints Markdown, or with --sql the rows of the
regression test.
"""
import base64
import hashlib
import sys
import uuid
from decimal import Decimal


def number_key(text):
    number = Decimal(text)
    digits = list(number.as_tuple().digits)
    exponent = number.as_tuple().exponent
    while digits and digits[0] == 0:
        digits.pop(0)
    while digits and digits[-1] == 0:
        digits.pop()
        exponent += 1
    if not digits:
        return bytes([0x80])
    exponent += len(digits)             # that of 0.d1d2...
    if len(digits) % 2:
        digits.append(0)
    pairs = [10 * digits[i] + digits[i + 1] for i in range(0, len(digits), 2)]
    if number > 0:
        return bytes([0x81, exponent + 129] + pairs)
    return bytes([0x7F, 255 - (exponent + 129)] + [0xFE - pair for pair in pairs] + [0xFF])


def canonical(type_, text):
    if type_ == "S":
        return text.encode()
    if type_ == "B":
        return base64.b64decode(text)
    return number_key(text)


def partition_hash(type_, text):
    digest = hashlib.sha256(b"\x01" + type_.encode() + canonical(type_, text)).digest()
    return uuid.UUID(bytes=digest[:16])


def partition_hash_of_many(attributes):
    """Over several attributes, (type, value) each."""
    text = b"\x02"
    for type_, value in attributes:
        key = canonical(type_, value)
        text += type_.encode() + len(key).to_bytes(2, "big") + key
    return uuid.UUID(bytes=hashlib.sha256(text).digest()[:16])


MANY_VECTORS = [
    (("S", "a"), ("N", "1")),
    (("N", "-12.34"), ("B", "AA=="), ("S", "x" * 300), ("S", "b")),
]

VECTORS = [
    ("N", "0"),
    ("N", "1"),
    ("N", "-1"),
    ("N", "10"),
    ("N", "12"),
    ("N", "-12"),
    ("N", "12.34"),
    ("N", "0.001"),
    ("N", "1E-130"),
    ("N", "-1E-130"),
    ("N", "9.99E+125"),
    ("N", "-9.99E+125"),
    ("N", "12345678901234567890123456789012345678"),
    ("N", "-99999999999999999999999999999999999999"),
    ("N", "9.9999999999999999999999999999999999999E+125"),
    ("S", "a"),
    ("S", "Acme Band"),
    ("S", "\u20ac\U0001f600"),
    ("S", "$S"),
    ("S", "x" * 70),
    ("B", base64.b64encode(b"a").decode()),
    ("B", base64.b64encode(bytes(range(249, 256))).decode()),
    ("B", base64.b64encode(b"\x00").decode()),
]


def main():
    sql = "--sql" in sys.argv[1:]
    if not sql:
        print("| type | value | key bytes | partition hash |")
        print("|---|---|---|---|")
    for i, (type_, text) in enumerate(VECTORS):
        key = canonical(type_, text).hex()
        hash_ = partition_hash(type_, text)
        if sql:
            comma = "" if i == len(VECTORS) - 1 else ","
            print(f"\t('{type_}', '{text}', '\\x{key}', '{hash_}'){comma}")
        else:
            shown = text if len(text) <= 60 else text[:20] + "..."
            key = key if len(key) <= 64 else key[:16] + "..."
            print(f"| {type_} | `{shown}` | `{key}` | `{hash_}` |")
    if not sql:
        print("\n| attributes | partition hash |\n|---|---|")
        for attributes in MANY_VECTORS:
            shown = ", ".join(f"{t} `{v if len(v) <= 60 else v[:20] + '...'}`" for t, v in attributes)
            print(f"| {shown} | `{partition_hash_of_many(attributes)}` |")


if __name__ == "__main__":
    main()
