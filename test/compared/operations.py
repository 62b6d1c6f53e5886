#!/usr/bin/env python3
"""Asks servers that speak DynamoDB for each operation of its API, and puts the answers into docs/compared.md.

    test/compared/operations.py NAME=URL ...

A server has an operation if it answers an empty request for it with anything but "I do not know it" (UnknownOperationException). The operations are those of the API's model, src/op/model_data.c; those that are only for DynamoDB's own use of several
regions count like the others.
"""
import json
import pathlib
import re
import sys
import urllib.error
import urllib.request

PAGE = pathlib.Path("docs/compared.md")
MODEL = pathlib.Path("src/op/model_data.c")
BEGIN, END = "<!-- operations: made by make compared -->", "<!-- end of operations -->"
AUTHORIZATION = ("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20261129/us-east-1/dynamodb/aws4_request, "
                 "SignedHeaders=host;x-amz-date;x-amz-target, Signature=" + "0" * 64)


def operations():
    table = MODEL.read_text(encoding="utf-8").split("model_operations[] = {")[1]
    return re.findall(r'\{"(\w+)", &\w+, (true|false)\}', table.split("};")[0])


def has(url, operation, streams):
    prefix = "DynamoDBStreams_20120810." if streams else "DynamoDB_20120810."
    request = urllib.request.Request(url, data=b"{}", method="POST", headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": prefix + operation, "X-Amz-Date": "20261129T120000Z",
        "Authorization": AUTHORIZATION})
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status == 200
    except urllib.error.HTTPError as error:
        body = error.read().decode(errors="replace")
        try:
            kind = json.loads(body).get("__type", "")
        except ValueError:
            kind = ""
        known = kind and not kind.endswith(("UnknownOperationException", "InvalidAction"))
        print("%s %s: %d %s" % (url, operation, error.code, body[:100].replace("\n", " ")), file=sys.stderr)
        return bool(known)


def main():
    servers = [argument.split("=", 1) for argument in sys.argv[1:]]
    names = [name for name, _ in servers]
    rows = []
    for operation, streams in operations():
        rows.append((operation, [has(url, operation, streams == "true") for _, url in servers]))
    lines = ["| operation | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    lines += ["| %s | %s |" % (operation, " | ".join("yes" if each else "no" for each in found)) for operation, found in rows]
    lines.append("| **of %d** | " % len(rows) + " | ".join("**%d**" % sum(found[i] for _, found in rows) for i in range(len(names))) + " |")
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    PAGE.write_text(before + BEGIN + "\n\n" + "\n".join(lines) + "\n\n" + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
