#!/usr/bin/env python3
"""Properties of expressions: random ones over random items, against the model of expression_model.py. Some are broken
on purpose; then the error must be the model's, to the letter.

    SEED    seed of the random cases (default 20120810; 0 picks one)
    CASES   cases of each language (default 5000)
"""
import json
import os
import random
import re
import sys

from expression_model import Condition, KeyCondition, Projection, Refused, Update, check_unused, number_text, project, \
    read_map, read_value, tokenize
from server import ROOT, Report, evaluate, prepare, run

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
CASES = int(os.environ.get("CASES", "5000"))
SEPARATOR = "\x01"

rng = random.Random(SEED)
report = Report()

# ---------------------------------------------------------------------------------------------------------------
# Items

STRINGS = ["", "a", "ab", "b", "abc", "é", "z\U0001F600", "\U0001F600", "x\0y", "\0", "$S", "S", "SS", "N", "1", "~"]
BINARIES = ["", "YQ==", "YWI=", "Yg==", "/w==", "AAAA"]
NUMBERS = ["0", "1", "-1", "2", "3.5", "10", "1E-130", "9.9E125", "-9.9E125", "12345678901234567890123456789012345678",
           "0.1", "100", "1.0", "-0"]
NAMES = ["a", "b", "c", "d", "e"]
# what only a placeholder can name
ODD_NAMES = ["$S", "$M", "$$", "x.y", "a[0]", "name", "\0", "$x\0", "é", " "]


def random_string():
    return rng.choice(STRINGS)


def random_scalar():
    kind = rng.choice(["S", "S", "N", "N", "B", "BOOL", "NULL"])
    if kind == "S":
        return {"S": random_string()}
    if kind == "N":
        return {"N": rng.choice(NUMBERS)}
    if kind == "B":
        return {"B": rng.choice(BINARIES)}
    return {"BOOL": rng.random() < 0.5} if kind == "BOOL" else {"NULL": True}


def random_set():
    kind, pool = rng.choice([("SS", STRINGS), ("NS", NUMBERS[:12]), ("BS", BINARIES)])
    return {kind: rng.sample(pool, rng.randint(1, 3))}


def random_members(levels):
    names = rng.sample(NAMES, rng.randint(0, 3)) + (rng.sample(ODD_NAMES, rng.randint(1, 2)) if rng.random() < 0.3 else [])
    return {name: random_value(levels) for name in names}


def random_value(levels=3):
    choice = rng.random()
    if levels == 0 or choice < 0.45:
        return random_scalar()
    if choice < 0.6:
        return random_set()
    if choice < 0.8:
        return {"L": [random_value(levels - 1) for _ in range(rng.choice([0, 1, 2, 3, 4, 40]) if levels == 1 else
                                                             rng.randint(0, 4))]}
    return {"M": random_members(levels - 1)}


def random_item():
    item = random_members(3)
    for name in NAMES:
        if rng.random() < 0.6:
            item[name] = random_value(3)
    return item


# ---------------------------------------------------------------------------------------------------------------
# Expressions

class Generator:
    """Makes one expression, and the placeholders that it uses; paths mostly lead somewhere in the item."""

    def __init__(self, item):
        self.item = item
        self.names = {}
        self.values = {}

    def name(self, text):
        if text in NAMES and rng.random() < 0.8:
            return text
        for placeholder, name in self.names.items():
            if name == text and rng.random() < 0.9:
                return placeholder
        placeholder = "#" + rng.choice(["n", "0", "_", "N1"]) + str(len(self.names))
        self.names[placeholder] = text
        return placeholder

    def value(self, typed=None):
        if self.values and rng.random() < 0.2 and typed is None:
            return rng.choice(list(self.values))
        placeholder = ":v%d" % len(self.values)
        self.values[placeholder] = typed or (self.pick() if rng.random() < 0.5 else random_value(2))
        return placeholder

    def pick(self):
        """A value that is somewhere in the item, likely."""
        value = {"M": self.item}
        while True:
            (kind, inside), = value.items()
            if kind not in ("L", "M") or not inside or (value["M"] is not self.item if "M" in value else False) \
                    and rng.random() < 0.4:
                return value if value != {"M": self.item} else random_scalar()
            value = rng.choice(list(inside.values()) if kind == "M" else inside)
            if rng.random() < 0.3:
                return value

    def path(self):
        value = {"M": self.item}
        text = ""
        while True:
            (kind, inside), = value.items()
            wrong = rng.random() < 0.08
            if (kind == "M") != wrong or not text:
                name = rng.choice(list(inside)) if kind == "M" and inside and rng.random() < 0.85 else \
                    rng.choice(NAMES + ODD_NAMES)
                text += ("." if text else "") + self.name(name)
                value = inside.get(name, {"NULL": True}) if kind == "M" else {"NULL": True}
            else:
                index = rng.randrange(len(inside)) if kind == "L" and inside and rng.random() < 0.8 else \
                    rng.choice([0, 1, 2, 5, 7, 40, 4294967294])
                text += "[%d]" % index
                value = inside[index] if kind == "L" and index < len(inside) else {"NULL": True}
            if rng.random() < 0.45 or (next(iter(value)) not in ("L", "M") and rng.random() < 0.9):
                return text

    def path_to(self, *kinds):
        """A path to a value of one of these types, if there is one."""
        found = []

        def walk(members, steps):
            for step, value in members:
                (kind, inside), = value.items()
                if kind in kinds:
                    found.append(steps + [step])
                if kind == "M":
                    walk(inside.items(), steps + [step])
                elif kind == "L":
                    walk(enumerate(inside), steps + [step])
        walk(self.item.items(), [])
        if not found or rng.random() < 0.1:
            return self.path()
        text = ""
        for step in rng.choice(found):
            text += "[%d]" % step if isinstance(step, int) else ("." if text else "") + self.name(step)
        return text

    def maybe_parentheses(self, text, chance=0.08):
        return "(" + text + ")" if rng.random() < chance else text

    def operand(self):
        choice = rng.random()
        text = self.path() if choice < 0.5 else self.value() if choice < 0.85 else \
            "size(%s)" % (self.path() if rng.random() < 0.9 else self.operand())
        return self.maybe_parentheses(text)

    def comparison(self):
        left = self.operand()
        right = self.operand()
        operator = rng.choice(["=", "=", "<>", "<", "<=", ">", ">="])
        if operator in ("<", "<=", ">", ">=") and rng.random() < 0.8:
            left, right = rng.choice([(self.path_to(*"SNB"), self.value(random_scalar_of("SNB"))),
                                      ("size(%s)" % self.path(), self.value({"N": rng.choice(["0", "1", "2", "3"])})),
                                      (self.path_to(*"SNB"), self.path_to(*"SNB"))])
        return "%s%s%s%s%s" % (left, space(), operator, space(), right)

    def function(self):
        name = rng.choice(["attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains"])
        first = self.path() if rng.random() < 0.95 else self.operand()
        if name in ("attribute_exists", "attribute_not_exists"):
            args = [first]
        elif name == "attribute_type":
            args = [first, self.value({"S": rng.choice(["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS", "X"])})]
        elif name == "begins_with":
            args = [first, self.value(random_scalar_of("SB")) if rng.random() < 0.9 else self.operand()]
        else:
            args = [first, self.value(self.element()) if rng.random() < 0.6 else self.operand()]
        if rng.random() < 0.02:
            args = rng.choice([args + [self.operand()], args[:1]])
        return "%s%s(%s)" % (name, space(), (space() + "," + space()).join(args))

    def element(self):
        """Something that a set, list or string of the item may contain."""
        value = self.pick()
        (kind, inside), = value.items()
        if kind in ("SS", "NS", "BS"):
            return {kind[0]: rng.choice(inside)}
        if kind == "S" and inside:
            at = rng.randrange(len(inside))
            return {"S": inside[at:rng.randint(at, len(inside))]}
        return rng.choice(inside) if kind == "L" and inside else random_scalar()

    def condition(self, levels=3):
        choice = rng.random()
        if levels > 0 and choice < 0.35:
            text = "%s %s %s" % (self.condition(levels - 1), keyword(rng.choice(["AND", "OR"])),
                                 self.condition(levels - 1))
            return self.maybe_parentheses(text, 0.5)
        if levels > 0 and choice < 0.45:
            return self.maybe_parentheses(keyword("NOT") + " " + self.condition(levels - 1))
        if choice < 0.7:
            text = self.comparison()
        elif choice < 0.78:
            bounds = sorted(rng.sample(range(6), 2)) if rng.random() < 0.95 else [3, 2]
            lower, upper = [self.value({"N": str(b)}) for b in bounds] if rng.random() < 0.6 else \
                (self.operand(), self.operand())
            text = "%s %s %s %s %s" % (rng.choice([self.path(), "size(%s)" % self.path()]), keyword("BETWEEN"), lower,
                                       keyword("AND"), upper)
        elif choice < 0.84:
            text = "%s %s (%s)" % (self.operand(), keyword("IN"),
                                   ", ".join(self.operand() for _ in range(rng.randint(1, 4))))
        else:
            text = self.function()
        return self.maybe_parentheses(text)

    def key_condition(self):
        terms = []
        for name in rng.sample(NAMES, rng.choice([1, 2, 2, 3])):
            text = self.name(name)
            choice = rng.random()
            if choice < 0.6:
                sides = [text, self.value(random_scalar_of("SNB")) if rng.random() < 0.9 else self.operand()]
                rng.shuffle(sides)
                terms.append((" " + rng.choice(["="] * 4 + ["<", "<=", ">", ">="] * 2 + ["<>"]) + " ").join(sides))
            elif choice < 0.75:
                terms.append("%s BETWEEN %s AND %s" % (text, self.value({"N": "1"}), self.value({"N": "2"})))
            elif choice < 0.9:
                terms.append("begins_with(%s, %s)" % (text, self.value({"S": "a"})))
            else:
                terms.append(self.condition(1))
        return rng.choice([" AND "] * 15 + [" OR "]).join(self.maybe_parentheses(t) for t in terms)

    def projection(self):
        return (space() + "," + space()).join(self.path() for _ in range(rng.choice([1, 2, 2, 3, 5])))

    def set_operand(self, levels=2):
        choice = rng.random()
        if choice < 0.35 or levels == 0:
            text = self.value()
        elif choice < 0.75:
            text = self.path()
        else:
            text = "if_not_exists(%s, %s)" % (self.path(), self.set_operand(levels - 1))
        return self.maybe_parentheses(text)

    def number(self):
        return rng.choice([lambda: self.path_to("N"), lambda: self.value({"N": rng.choice(NUMBERS)}),
                           lambda: "if_not_exists(%s, %s)" % (self.path_to("N"), self.value({"N": "1"}))])()

    def set_value(self):
        choice = rng.random()
        if choice < 0.55:
            return self.set_operand()
        if choice < 0.75:
            return self.maybe_parentheses("%s %s %s" % (self.number(), rng.choice("+-"), self.number()))
        lists = [rng.choice([lambda: self.path_to("L"), lambda: self.value({"L": [random_scalar()]}),
                             lambda: "if_not_exists(%s, %s)" % (self.path_to("L"), self.value({"L": []}))])()
                 for _ in "ab"]
        return "list_append(%s, %s)" % tuple(lists)

    def action(self, kind):
        path = self.path()
        if kind == "SET":
            return path + space() + "=" + space() + self.set_value()
        if kind == "REMOVE":
            return path
        typed = random_set() if kind == "DELETE" or rng.random() < 0.5 else {"N": rng.choice(NUMBERS)}
        if rng.random() < 0.8:
            path = self.path_to(next(iter(typed)))
        return path + " " + self.value(typed if rng.random() < 0.97 else random_value(1))

    def update(self):
        kinds = rng.sample(["SET", "REMOVE", "ADD", "DELETE"], rng.choice([1, 1, 1, 2, 3]))
        if rng.random() < 0.02:
            kinds.append(kinds[0])
        return " ".join(keyword(kind) + " " + ", ".join(self.action(kind) for _ in range(rng.choice([1, 1, 1, 2, 3])))
                        for kind in kinds)


def random_scalar_of(kinds):
    while True:
        value = random_scalar()
        if next(iter(value)) in kinds:
            return value


def space():
    return rng.choice(["", " ", " ", "\t\n"])


def keyword(word):
    return rng.choice([word, word, word.lower(), word.title()])


SCRAPS = ["a", "b", "#n0", ":v0", ":v9", "#zz", "(", ")", "[", "]", "0", "01", "99999999999", "4294967295", ".", ",", "=",
          "<", ">", "<>", "+", "-", "AND", "or", "NOT", "between", "IN", "SET", "remove", "ADD", "delete", "size", "foo",
          "size(a)", "list_append", "attribute_exists", "name", "Size", "!", "_", "é", "\U0001F600", "#", ":", "/", "  "]


def damage(text):
    """Replaces, drops, doubles or adds tokens."""
    tokens = [text[t.start:t.end] for t in tokenize(text)[:-1]]
    for _ in range(rng.choice([1, 1, 2])):
        at = rng.randrange(len(tokens) + 1)
        choice = rng.random()
        if choice < 0.3:
            tokens.insert(at, rng.choice(SCRAPS))
        elif at < len(tokens):
            if choice < 0.5:
                tokens[at] = rng.choice(SCRAPS)
            elif choice < 0.8:
                del tokens[at]
            else:
                tokens.insert(at, tokens[at])
    return rng.choice(["", " "]) + rng.choice([" ", " ", "  ", "\n"]).join(tokens) + rng.choice(["", "", " "])


# ---------------------------------------------------------------------------------------------------------------
# Comparison

def typed(value):
    """A value of the model as it is printed, sets in order."""
    kind, inside = value
    if kind == "N":
        return {kind: number_text(inside)}
    if kind == "B":
        return {kind: inside}
    if kind == "NULL":
        return {kind: True}
    if kind == "L":
        return {kind: [typed(x) for x in inside]}
    if kind == "M":
        return {kind: typed_map(inside)}
    if kind == "SS":
        return {kind: sorted(inside, key=lambda s: s.encode("utf-8"))}
    if kind == "NS":
        return {kind: [number_text(n) for n in sorted(inside)]}
    if kind == "BS":
        return {kind: sorted(inside)}
    return {kind: inside}


def typed_map(item):
    return {name: typed(value) for name, value in item.items()}


def same_item(text, item):
    """What the server printed, against a model's item: sets must come in order, and numbers in normal form."""
    def plain(given):
        (kind, inside), = given.items()
        if kind in ("B", "BS"):
            value = read_value(given)
            return {kind: value[1] if kind == "B" else [read_value({"B": x})[1] for x in inside]}
        if kind == "L":
            return {kind: [plain(x) for x in inside]}
        if kind == "M":
            return {kind: {name: plain(x) for name, x in inside.items()}}
        return given
    return {name: plain(value) for name, value in json.loads(text).items()} == typed_map(item)


def arguments(*columns):
    return SEPARATOR.join("" if c is None else c if isinstance(c, str) else json.dumps(c) for c in columns)


def column(n):
    return "nullif(split_part(a, E'\\x01', %d), '')" % n


def refusal(make):
    """The model's answer, or its error."""
    try:
        return make(), None
    except Refused as refused:
        return None, str(refused)


def compare(what, expression, rows, same):
    """rows: (arguments, answer of the model, error of the model)."""
    answers = evaluate(expression, [(row[0], None) for row in rows])
    errors = 0
    for (given, answer, error), (state, text) in zip(rows, answers):
        if error is not None:
            errors += 1
            report.check(state == "YD001" and text == error, what, given, error, (state, text))
        else:
            report.check(state == "" and same(text, answer), what, given, answer, (state, text))
    print("%s: %d cases, %d of them errors" % (what, len(rows), errors))


def generate(make):
    """An expression and its placeholders, sometimes damaged, sometimes with one placeholder too many."""
    item = random_item()
    for _ in range(rng.choice([1, 8, 8, 8])):
        generator = Generator(item)
        text = getattr(generator, make)()
        if make not in ("projection", "update") or not clash(text, generator):
            break
    for placeholders in (generator.names, generator.values):
        for placeholder in list(placeholders):
            if not re.search(re.escape(placeholder) + r"\b", text):
                del placeholders[placeholder]
    if rng.random() < 0.15:
        text = damage(text)
    if len(text.encode("utf-8")) > 4000:
        text = "a"
    names, values = generator.names, generator.values
    if rng.random() < 0.02:
        names = dict(names, **{"#unused": "x"})
    if rng.random() < 0.02:
        values = dict(values, **{":unused": {"N": "1"}})
    return text, names or None, values or None, item


def clash(text, generator):
    """Whether an expression is refused for its paths."""
    values = read_values(generator.values)
    if text.upper().split()[0] in ("SET", "REMOVE", "ADD", "DELETE"):
        error = refusal(lambda: Update(text, generator.names, values, set(), set()))[1]
    else:
        error = refusal(lambda: Projection(text, generator.names, set(), set()))[1]
    return error is not None and "document paths" in error


def read_values(values):
    return {name: read_value(value) for name, value in (values or {}).items()}


def conditions(reserved):
    rows = []
    for _ in range(CASES):
        text, names, values, item = generate("condition")
        if rng.random() < 0.05:
            item = None

        def answer():
            used = set()
            condition = Condition("ConditionExpression", text, names or {}, read_values(values), used, reserved)
            check_unused(names or {}, values or {}, used)
            return condition.holds(read_map(item or {}))
        rows.append((arguments(text, names, values, item), *refusal(answer)))
    compare("conditions", "dynapg_test.condition(coalesce(%s, ''), %s, %s, %s)" % tuple(map(column, range(1, 5))), rows,
            lambda given, wanted: given == ("true" if wanted else "false"))


def key_conditions(reserved):
    rows = []
    for _ in range(CASES // 3):
        text, names, values, _ = generate("key_condition")

        def answer():
            used = set()
            condition = KeyCondition(text, names or {}, read_values(values), used, reserved)
            check_unused(names or {}, values or {}, used)
            return condition.terms()
        rows.append((arguments(text, names, values), *refusal(answer)))
    words = {"=": "EQ", "<": "LT", "<=": "LE", ">": "GT", ">=": "GE", "BETWEEN": "BETWEEN", "begins_with": "BEGINS_WITH"}

    def same(given, terms):
        at = 0
        for i, (name, operator, values) in enumerate(terms):
            start = "%s%s %s" % ("; " if i else "", name.replace("\0", ""), words[operator])
            if not given.startswith(start, at):
                return False
            at += len(start)
            for value in values:
                found, at = json.JSONDecoder().raw_decode(given, at + 1)
                if not same_item(json.dumps({"v": found}), {"v": value}):
                    return False
        return at == len(given)
    compare("key conditions", "dynapg_test.key_condition(coalesce(%s, ''), %s, %s)" % tuple(map(column, range(1, 4))),
            rows, same)


def projections(reserved):
    rows = []
    for _ in range(CASES):
        text, names, _, item = generate("projection")

        def answer():
            used = set()
            projection = Projection(text, names or {}, used, reserved)
            check_unused(names or {}, {}, used)
            return project(projection.paths, read_map(item))
        rows.append((arguments(text, names, item), *refusal(answer)))
    compare("projections", "dynapg_test.projection(coalesce(%s, ''), %s, %s)" % tuple(map(column, range(1, 4))), rows,
            same_item)


def updates(reserved):
    rows = {"ALL_NEW": [], "UPDATED_NEW": [], "UPDATED_OLD": []}
    for _ in range(CASES * 2):
        returned = rng.choice(["ALL_NEW", "ALL_NEW", "ALL_NEW", "UPDATED_NEW", "UPDATED_OLD"])
        text, names, values, item = generate("update")
        exists = rng.random() < 0.9
        if not exists:
            item = {"key": {"S": "k"}}

        def answer():
            used = set()
            update = Update(text, names or {}, read_values(values), used, reserved)
            check_unused(names or {}, values or {}, used, enveloped=True)
            before = read_map(item)
            after = update.apply(before, exists)
            if returned == "ALL_NEW":
                return after
            return update.fragments(after) if returned == "UPDATED_NEW" else update.fragments(before) if exists else {}
        rows[returned].append((arguments(text, names, values, item, "t" if exists else "f"), *refusal(answer)))
    for returned, cases in rows.items():
        compare("updates, " + returned, "dynapg_test.update(coalesce(%s, ''), %s, %s, %s, %s::boolean, '%s')"
                % (*map(column, range(1, 6)), returned), cases,
                lambda given, wanted: not wanted and returned != "ALL_NEW" if given is None else same_item(given, wanted))


def read_reserved():
    """The list, from its only copy; that it is AWS's is not for a model to say."""
    with open(os.path.join(ROOT, "src/expr/reserved_words.c"), encoding="utf-8") as source:
        return set(re.findall(r'"([A-Z]+)"', source.read()))


def prepare_functions():
    if run("SELECT to_regproc('dynapg_test.condition') IS NULL;").strip() == "t":
        run("\\i test/functions.sql")


def main():
    print("seed", SEED)
    prepare()
    prepare_functions()
    reserved = read_reserved()
    conditions(reserved)
    key_conditions(reserved)
    projections(reserved)
    updates(reserved)
    report.finish()


if __name__ == "__main__":
    sys.exit(main())
