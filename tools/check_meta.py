#!/usr/bin/env python3
"""Checks META.json: against PGXN's schema (test/packages/pgxn-v1.schema.json, with the Python package jsonschema), and that all the
places that name dynapg's version name the same one.

Run from the project's root: python3 tools/check_meta.py [--versions]      --versions: those alone, which wants nothing but Python
"""
import json
import pathlib
import re
import sys

SCHEMA = "test/packages/pgxn-v1.schema.json"
VERSIONS = {
    "Makefile": r"(?m)^EXTVERSION = (.*)$",
    "dynapg.control": r"(?m)^default_version = '(.*)'$",
    "src/events/trace_sender.c": r'(?m)^#define VERSION\s+"(.*)"$',
    "debian/changelog": r"\Adynapg \((.*)-[^-]*\)",
    "CHANGELOG.md": r"(?m)\A.*?^## (\S+)",
}


# Classes of characters that Python's re does not know by these names.
CLASSES = {"[[:digit:]]": "[0-9]", r"\\p{lower}": "[a-z]", r"\\p{Space}": r"\\s", r"\\p{Cntrl}": r"\\x00-\\x1f\\x7f"}


def load(name):
    text = pathlib.Path(name).read_text(encoding="utf-8")
    for theirs, ours in CLASSES.items():
        text = text.replace(theirs, ours)
    return json.loads(text)


def validator():
    import jsonschema
    return jsonschema.Draft202012Validator(load(SCHEMA))


def errors_of_schema():
    for error in validator().iter_errors(load("META.json")):
        yield "META.json: /%s: %s" % ("/".join(map(str, error.absolute_path)), error.message)


def versions_that_differ():
    meta = load("META.json")
    for name, extension in meta["provides"].items():
        if extension["version"] != meta["version"]:
            yield "META.json: %s is not of the distribution's version" % name
        for key in ("file", "docfile"):
            if not pathlib.Path(extension[key]).exists():
                yield "META.json: %s: there is no %s" % (name, extension[key])
    for name, pattern in VERSIONS.items():
        found = re.search(pattern, pathlib.Path(name).read_text(encoding="utf-8"), re.S if name == "CHANGELOG.md" else 0)
        if not found or found.group(1) != meta["version"]:
            yield "%s: names version %s, META.json %s" % (name, found and found.group(1), meta["version"])


def refuses_nonsense():
    """A schema that takes everything would say nothing."""
    for key, value in (("version", "1"), ("license", ["nobody's"]), ("provides", {}), ("nonsense", 1), ("maintainer", None)):
        if validator().is_valid({**load("META.json"), key: value}):
            yield "%s: takes %s = %r" % (SCHEMA, key, value)


def main():
    found = [*versions_that_differ(), *([] if "--versions" in sys.argv else [*errors_of_schema(), *refuses_nonsense()])]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
