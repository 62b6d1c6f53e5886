#!/usr/bin/env python3
"""Fuzzes the parser of PartiQL inside a server.

Statements are generated and mutated, token by token and byte by byte, and nested to any depth that fits. Of each it is
checked that
  - the answer is the statement's effect on an item or a ValidationException, and nothing else;
  - what it projects, inserts or makes of the item is an item by attr_check_item() (the function for tests does it);
  - as the audit shows it, it is a text, without the values of one that was not mutated;
  - many of those that were not mutated are good ones, so that more than refusals is tried;
  - the server survives.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20120810; 0 picks one)
"""
import json
import os
import random
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import expression_property as expressions                   # noqa: E402
from server import Report, ServerDied, evaluate, prepare    # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 600
LIMIT = 8192

rng = random.Random(SEED)
report = Report()

NAMES = ["a", "b", "c", "pk", '"a"', '"b c"', '"it""s"', "$x", "_y", '""', "é", "list", "size"]
PIECES = ["(", ")", "((", "))", "[", "]", "{", "}", "<<", ">>", "<<>>", "'", '"', "''", '""', ",", ".", ":", ";", "?", "*", "+",
          "-", "--", "/*", "*/", "/**/", "#", "`", "%", "||", "=", "<>", "!=", "<=", ">=", "<", ">", "1e2147483647",
          "1e2147483648", ".5", "1.", "-0", "1e126", "0.1e-130", "9" * 39, "[-1]", "[2147483647]", "[2147483648]", " SELECT ",
          " FROM ", " WHERE ", " ORDER BY ", " DESC", " INSERT INTO ", " VALUE ", " UPDATE ", " SET ", " REMOVE ", " DELETE ",
          " RETURNING ALL OLD *", " RETURNING MODIFIED NEW *", " EXISTS(", " AND ", " or ", " NOT ", " BETWEEN ", " IN ", " IS ",
          " IS NOT MISSING", " NULL ", " true ", " LIKE ", " LIMIT 1 ", " GROUP BY ", "['a']", " AS ", "set_add(a, <<1>>)", "list_append(", "size(",
          "f(", "\x0b", "\u00a0", "é", "\u2028", "\U0001F600", "%s", "$1"]


def name():
    return rng.choice(NAMES)


def path():
    text = name()
    while rng.random() < 0.3:
        text += rng.choice(["." + name(), "[%d]" % rng.choice([0, 0, 1, 7, 2147483647])])
    return text


def literal(parameters, depth=2):
    kind = rng.randrange(8 if depth > 0 else 5)
    if kind == 0:
        return "'" + rng.choice(["", "a", "it''s", "x y", "é", "%s", "\U0001F600"]) + "'"
    if kind <= 2:
        return rng.choice(["0", "1", "-1", "2.50", ".5", "1e3", "-1.5e-3", "- - 4", "12345678901234567890", "+7"])
    if kind == 3:
        return rng.choice(["true", "FALSE", "null"])
    if kind == 4:
        if depth < 2:
            return "1"
        parameters.append(expressions.random_value())
        return "?"
    if kind == 5:
        return "[" + ", ".join(literal(parameters, depth - 1) for _ in range(rng.randrange(4))) + "]"
    if kind == 6:
        return "{" + ", ".join("'%s': %s" % (rng.choice(["a", "b", "c", "$S", "it''s"]), literal(parameters, depth - 1))
                               for _ in range(rng.randrange(3))) + "}"
    return rng.choice(["<<1, 2.5>>", "<<'a', 'b'>>", "<<1>>", "<<-1, 1>>"])


def operand(parameters):
    return rng.choice([path, path, lambda: literal(parameters), lambda: "size(%s)" % path()])()


def condition(parameters, depth=3):
    kind = rng.randrange(12 if depth > 0 else 8)
    if kind <= 2:
        return "%s %s %s" % (path(), rng.choice(["=", "<>", "!=", "<", "<=", ">", ">="]), operand(parameters))
    if kind == 3:
        return "%s %sBETWEEN 1 AND %s" % (path(), rng.choice(["", "NOT "]), rng.choice(["5", "1", path()]))
    if kind == 4:
        left, right = rng.choice(["()", "[]"])
        return "%s IN %s%s%s" % (path(), left, ", ".join(operand(parameters) for _ in range(rng.randrange(1, 4))), right)
    if kind == 5:
        return "%s IS %s%s" % (path(), rng.choice(["", "NOT "]), rng.choice(["MISSING", "null", "STRING", "List", "numeric"]))
    if kind == 6:
        return "%s(%s, %s)" % (rng.choice(["begins_with", "CONTAINS"]), path(), rng.choice(["'a'", "''", "'é'"]))
    if kind == 7:
        return rng.choice(["attribute_exists(%s)", "attribute_not_exists(%s)", "attribute_type(%s, 'S')"]) % path()
    if kind == 8:
        return "NOT " + condition(parameters, depth - 1)
    if kind == 9:
        return "(%s)" % condition(parameters, depth - 1)
    if kind == 10:
        return "%s = %s" % ("(%s)" % condition(parameters, depth - 1), rng.choice(["true", "false", "1"]))
    return "%s %s %s" % (condition(parameters, depth - 1), rng.choice(["AND", "OR", "and"]), condition(parameters, depth - 1))


def assignment(parameters):
    target = path()
    kind = rng.randrange(6)
    if kind == 0:
        return "%s = %s(%s, <<%s>>)" % (target, rng.choice(["set_add", "SET_DELETE"]), target, rng.choice(["1, 2", "'a'"]))
    if kind == 1:
        return "%s = list_append(%s, [%s])" % (target, path(), literal(parameters, 1))
    if kind == 2:
        return "%s = %s %s %s" % (target, path(), rng.choice("+-"), rng.choice(["1", "2.5", "-1", path()]))
    if kind == 3:
        return "%s = if_not_exists(%s, %s)" % (target, path(), literal(parameters))
    return "%s = %s" % (target, operand(parameters).replace("size", "sise") if kind == 4 else literal(parameters))


def statement(parameters):
    """Parameters are appended in the order of the text."""
    kind = rng.randrange(5)
    table = rng.choice(["t", '"t"', '"t-1.x"', "t.i", '"t"."i"'])
    if kind <= 1:
        text = "SELECT %s FROM %s" % (rng.choice(["*", path(), "a, " + path(), "m.b[0], c"]), table)
        if rng.random() < 0.8:
            text += " WHERE " + condition(parameters)
            text += rng.choice(["", "", " ORDER BY pk", " ORDER BY a DESC, b ASC", ";"])
        return "EXISTS(%s)" % text.rstrip(";") if rng.random() < 0.1 else text
    table = table.split(".i")[0].split('."i"')[0]
    if kind == 2:
        return "INSERT INTO %s VALUE %s" % (table, "{'pk': %s, 'a': %s}" % (literal(parameters), literal(parameters)))
    if kind == 3:
        actions = " ".join(rng.choice([lambda: "SET " + assignment(parameters), lambda: "REMOVE " + path()])()
                           for _ in range(rng.randrange(1, 4)))
        where = " WHERE pk = 'x' AND " + condition(parameters)
        return "UPDATE %s %s%s%s" % (table, actions, where, rng.choice(["", " RETURNING ALL NEW *", " RETURNING MODIFIED OLD *"]))
    return "DELETE FROM %s WHERE %s%s" % (table, condition(parameters), rng.choice(["", " RETURNING ALL OLD *"]))


def nested():
    """Something deep."""
    depth = rng.choice([2, 10, 31, 32, 33, 100, 299, 300, 301, 399, 401, 1000, 4000, 8192])
    left, inner, right = rng.choice([
        ("(", "a = b", ")"), ("(", "a", ")"), ("NOT ", "a = b", ""), ("NOT (", "a = b", ")"), ("a = b AND ", "a = b", ""),
        ("(a = b OR ", "a = b", ")"), ("size(", "a", ")"), ("f(", "a", ")"), ("", "a", ".a"), ("", "a", "[0]"), ("a + ", "b", ""),
        ("a + (", "b", ")"), ("list_append(", "a", ", [])"), ("if_not_exists(a, ", "1", ")"), ("- ", "1", ""), ("- ", "a", ""),
        ("[", "1", "]"), ("{'a':", "1", "}"), ("[[],", "1", "]"), ("<<", "1", ">>"), ("a IN (", "b", ")"), ("a IN [", "1", "]"),
        ("a BETWEEN ", "b", " AND c"), ("a, ", "a", ""), ("(", "a = 1", ") = true"), ("EXISTS(", "a", ")"), ("-- ", "a", "\n"),
        ("/*", "a", "*/"), ("''", "'a'", "''"), ("?,", "1", "")])
    depth = min(depth, (LIMIT - len(inner) - 60) // max(1, len(left) + len(right)))
    text = left * depth + inner + right * rng.choice([depth, depth, depth - 1, 0])
    return rng.choice(["SELECT * FROM t WHERE %s", "SELECT * FROM t WHERE a = %s", "SELECT %s FROM t",
                       "UPDATE t SET a = %s WHERE pk = 1", "UPDATE t REMOVE %s WHERE pk = 1",
                       "INSERT INTO t VALUE {'a': %s}", "DELETE FROM t WHERE %s",
                       "SELECT * FROM t WHERE a = 1 ORDER BY %s", "%s"]).replace("%s", text)


def mutate(text):
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.choice([0, 1, 1, 2, 5, 20]))
        kind = rng.randrange(5)
        if kind == 0:
            text = text[:at] + rng.choice(PIECES) + text[to:]
        elif kind == 1:
            text = text[:at] + text[to:]
        elif kind == 2:
            text = text[:to] + text[at:to] * rng.choice([1, 2, 40]) + text[to:]
        elif kind == 3:
            other = rng.randrange(len(text) + 1)
            text = text[:other] + text[at:to] + text[other:]
        else:
            text = text[:at] + chr(rng.choice([9, 10, 11, 12, 13, 32, 0x7f, 0xa0, 0xe9, 0x20ac, 0x1f600,
                                               rng.randrange(1, 128)])) + text[to:]
    return text.replace("\x01", "")


def make():
    """Whether it was left as it was made, and the arguments."""
    parameters = []
    text = nested() if rng.random() < 0.2 else statement(parameters)
    mutated = rng.random() < 0.6
    if mutated:
        text = mutate(text)
        if text.count("?") != len(parameters):
            parameters = [expressions.random_value() for _ in range(text.count("?"))]
    return mutated, expressions.arguments(text or None, json.dumps(parameters), expressions.random_item())


# A value that no name is like.
SECRET = "x y"
REDACT = "dynapg_test.redact(coalesce({0}, ''), false)".format(expressions.column(1))
CALL = "dynapg_test.partiql(coalesce({0}, ''), {1}, {2})".format(*map(expressions.column, range(1, 4)))


def check(cases):
    """How many were good ones."""
    good = 0
    try:
        answers = evaluate(CALL, [(arguments, None) for _, arguments in cases])
        shown = evaluate(REDACT, [(arguments, None) for _, arguments in cases])
    except ServerDied as died:
        with tempfile.NamedTemporaryFile("w", prefix="partiql_fuzz.", suffix=".txt", delete=False) as file:
            file.write("\n".join(map(repr, cases)))
        report.check(False, "the server died; cases in " + file.name, str(died))
        report.finish()
    for (mutated, arguments), (state, text) in zip(cases, answers):
        report.check(state == "YD001" and text or state == "" and text is not None, arguments, (state, text))
        good += state == ""
    for (mutated, arguments), (state, text) in zip(cases, shown):
        report.check(state == "" and text is not None and (mutated or SECRET not in text), "shown", arguments, (state, text))
    return good


def main():
    print("seed", SEED)
    expressions.rng.seed(SEED)
    prepare()
    expressions.prepare_functions()
    tried = good = 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        cases = [make() for _ in range(BATCH)]
        tried += len(cases)
        good += check(cases)
    report.check(good > tried / 10, "too few good statements", good, tried)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
