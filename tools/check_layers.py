#!/usr/bin/env python3
"""Checks the rules of the house in src/: includes point down the layers only, PG_VERSION_NUM is asked for in
src/base/ only, files are short, no line ends in white space, no header hides one of PostgreSQL's.

Run from the project's root: python3 tools/check_layers.py
Prints each breach as file:line: what, and exits with 1 if there is one.
"""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path("src")
LAYERS = ["base", "value", "trace", "expr", "catalog", "meter", "policy", "log", "storage", "keep", "op", "transfer", "events", "api"]
MOST_LINES = 1000   # 800 is the usual most
GENERATED = re.compile(r"_data\.[ch]$")
INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


def layer_of(path):
    """The layer of one of our files; None for src/dynapg.c and for PostgreSQL's headers."""
    room = path.split("/")[0]
    return LAYERS.index(room) if room in LAYERS and (SOURCE / path).exists() else None


def breaches(name, lines, server_headers):
    own = layer_of(name)
    if len(lines) > MOST_LINES and not GENERATED.search(name):
        yield len(lines), "%d lines; %d are the most" % (len(lines), MOST_LINES)
    if server_headers and name.endswith(".h") and (server_headers / name).exists():
        yield 1, "hides PostgreSQL's own %s" % name
    for number, line in enumerate(lines, 1):
        if line != line.rstrip():
            yield number, "white space at the end of the line"
        if "PG_VERSION_NUM" in line and own != LAYERS.index("base"):
            yield number, "PG_VERSION_NUM outside of src/base/"
        include = INCLUDE.match(line)
        target = layer_of(include.group(1)) if include else None
        if own is not None and target is not None and target > own:
            yield number, "a file of layer %d includes %s of layer %d" % (own, include.group(1), target)


def main():
    asked = subprocess.run([os.environ.get("PG_CONFIG", "pg_config"), "--includedir-server"],
                           capture_output=True, text=True, check=False).stdout.strip()
    found = 0
    for path in sorted(p for p in SOURCE.rglob("*") if p.suffix in (".c", ".h", ".y", ".l")):
        if path.suffix in (".c", ".h") and any(path.with_suffix(s).exists() for s in (".y", ".l")):
            continue            # what bison and flex have made of a grammar
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        for number, what in breaches(path.relative_to(SOURCE).as_posix(), lines, asked and pathlib.Path(asked)):
            print("%s:%d: %s" % (path, number, what))
            found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
