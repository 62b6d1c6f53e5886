#!/usr/bin/env python3
"""Reads a Containerfile and prints its instructions, each as a line of JSON: [name, arguments ...].

    instructions.py FILE [ARGUMENT=VALUE ...]

Knows what ours uses; anything else is an error, so that nothing is passed over.

    ["FROM", image, stage]  ["RUN", command]  ["COPY", from stage or "", source ..., target]  ["WORKDIR", folder]  ["USER", user]
    ["VOLUME", folder]  ["EXPOSE", port]  ["STOPSIGNAL", signal]  ["HEALTHCHECK", word ...]  ["ENTRYPOINT", word ...]
"""
import json
import re
import shlex
import sys


def joined(path):
    """Instructions without comments, continued lines in one."""
    text = ""
    with open(path, encoding="utf-8") as source:
        for line in source:
            if re.match(r"\s*#", line) or (not text and not line.strip()):
                continue
            text += line
            if not text.endswith("\\\n"):
                yield text.strip()
                text = ""
            else:
                text = text[:-2]
    if text:
        raise ValueError("the file ends in the middle of an instruction")


def words(text):
    return json.loads(text) if text.startswith("[") else shlex.split(text)


def instructions(path, given):
    arguments = {}
    for line in joined(path):
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        if name == "ARG":
            key, _, default = rest.partition("=")
            arguments[key] = given.get(key, default)
        elif name == "FROM":
            found = re.fullmatch(r"(\S+)(?: AS (\S+))?", rest)
            yield [name, re.sub(r"\$\{(\w+)\}", lambda m: arguments[m.group(1)], found.group(1)), found.group(2) or ""]
        elif name == "RUN":
            yield [name, rest]
        elif name == "COPY":
            found = re.fullmatch(r"(?:--from=(\S+) )?(.*)", rest)
            yield [name, found.group(1) or "", *words(found.group(2))]
        elif name == "HEALTHCHECK":
            yield [name, *words(re.fullmatch(r"(?:--\S+ )*CMD (.*)", rest).group(1))]
        elif name in ("WORKDIR", "USER", "VOLUME", "EXPOSE", "STOPSIGNAL"):
            yield [name, rest]
        elif name == "ENTRYPOINT":
            yield [name, *json.loads(rest)]
        else:
            raise ValueError("%s is not known here" % name)


for each in instructions(sys.argv[1], dict(argument.split("=", 1) for argument in sys.argv[2:])):
    print(json.dumps(each))
