#!/usr/bin/env python3
"""Makes src/op/tag_characters_data.h: the characters that keys and values of tags may have, as ranges.

Run from the project's root: python3 tools/gen_tag_characters.py [--check]

They are letters, numbers and separators of any script (Unicode's categories L, N and Z) and + - = . _ : / @, as AWS
documents for tags.  With --check nothing is written; exit status 1 says that the generated file is not up to date.  Each
Python has the tables of one version of Unicode: where it is another one than the file's, the check is passed over.
"""
import re
import sys
import unicodedata

HEADER = "src/op/tag_characters_data.h"
SIGNS = "+-=._:/@"


def allowed(code):
    character = chr(code)
    return character in SIGNS or unicodedata.category(character)[0] in "LNZ"


def ranges():
    first = None
    for code in range(sys.maxunicode + 2):
        if code <= sys.maxunicode and allowed(code):
            if first is None:
                first = code
        elif first is not None:
            yield first, code - 1
            first = None


def header():
    out = ["/*",
           " * Characters of tags, in order. Made by tools/gen_tag_characters.py from Unicode %s." % unicodedata.unidata_version,
           " *",
           " * TAG_CHARACTERS(first, last)",
           " */"]
    out.extend("TAG_CHARACTERS(0x%04X, 0x%04X)" % span for span in ranges())
    return "\n".join(out) + "\n"


def main():
    if "--check" not in sys.argv:
        with open(HEADER, "w", encoding="utf-8") as target:
            target.write(header())
        return 0
    with open(HEADER, encoding="utf-8") as current:
        text = current.read()
    version = re.search(r"from Unicode ([0-9.]+)\.$", text, re.M).group(1)
    if version != unicodedata.unidata_version:
        print("gen_tag_characters.py: Unicode is %s and %s comes from %s: not checked" % (
            unicodedata.unidata_version, HEADER, version))
        return 0
    if text != header():
        print("%s is not up to date: run tools/gen_tag_characters.py" % HEADER)
        return 1
    return 0


sys.exit(main())
