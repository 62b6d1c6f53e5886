"""A slow model of the expression languages, written from the service's documentation and recorded answers alone.

It shares nothing with src/expr/: expressions are read by exhaustive recursive descent (which also finds the token where
a syntax error is), values are Python's, and updates work on copies.

A value is a pair of its type and a Python value: ("S", str), ("N", Decimal), ("B", bytes), ("BOOL", bool),
("NULL", None), ("L", list), ("M", dict), ("SS", frozenset of str), ("NS", of Decimal), ("BS", of bytes).
"""
import base64
import re
from decimal import Context, Decimal

EXACT = Context(prec=1000, Emin=-10000, Emax=10000)
OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
DEEP = ("Nesting Levels have exceeded supported limits: "
        "Attributes in the item have nested levels beyond supported limit")
KEYWORDS = {"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}
COMPARATORS = {"=", "<>", "<", "<=", ">", ">="}
ORDERED = {"S", "N", "B"}
CONDITIONS = {"attribute_exists": 1, "attribute_not_exists": 1, "attribute_type": 2, "begins_with": 2, "contains": 2}
FUNCTIONS = dict(CONDITIONS, size=1, if_not_exists=2, list_append=2)
ALL_TYPES = {"S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"}


class Refused(Exception):
    """What the service would answer."""


# ---------------------------------------------------------------------------------------------------------------
# Values

def read_value(typed):
    (kind, value), = typed.items()
    if kind == "N":
        return kind, Decimal(value)
    if kind == "B":
        return kind, base64.b64decode(value)
    if kind == "NULL":
        return kind, None
    if kind == "L":
        return kind, [read_value(x) for x in value]
    if kind == "M":
        return kind, read_map(value)
    if kind == "SS":
        return kind, frozenset(value)
    if kind == "NS":
        return kind, frozenset(Decimal(x) for x in value)
    if kind == "BS":
        return kind, frozenset(base64.b64decode(x) for x in value)
    return kind, value


def read_map(typed):
    return {name: read_value(value) for name, value in typed.items()}


def number_text(number):
    text = format(EXACT.create_decimal(number), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def rank(value):
    """What an ordered value is compared by."""
    return value[1].encode("utf-8") if value[0] == "S" else value[1]


def add_numbers(a, b):
    total = EXACT.add(a, b)
    if total == 0:
        return Decimal(0)
    total = total.normalize(EXACT)
    _, digits, exponent = total.as_tuple()
    if len(digits) > 38 or total.adjusted() > 125 or total.adjusted() < -130:
        raise Refused(OVERFLOW)
    return total


def depth(value):
    kind, inside = value
    if kind == "L":
        return 1 + max([depth(x) for x in inside], default=0)
    if kind == "M":
        return 1 + max([depth(x) for x in inside.values()], default=0)
    return 1


# ---------------------------------------------------------------------------------------------------------------
# Tokens and syntax

TOKEN = re.compile(r"[ \t\r\n]*(?:([A-Za-z][A-Za-z0-9_]*)|([#:][A-Za-z0-9_]+)|(0|[1-9][0-9]*)|(<>|<=|>=|[-=<>()\[\],.+])"
                   r"|([^ \t\r\n]))")


class Token:
    def __init__(self, kind, text, start, end):
        self.kind, self.text, self.start, self.end = kind, text, start, end


def tokenize(text):
    tokens = []
    at = 0
    while True:
        match = TOKEN.match(text, at)
        if not match:
            break
        word, placeholder, digits, operator, other = match.groups()
        if word:
            kind = word.upper() if word.upper() in KEYWORDS else "word"
        elif placeholder:
            kind = "name" if placeholder[0] == "#" else "value"
        else:
            kind = "index" if digits else operator if operator else "other"
        group = match.lastindex
        tokens.append(Token(kind, match.group(group), match.start(group), match.end(group)))
        at = match.end()
    tokens.append(Token("end", "<EOF>", len(text), len(text)))
    return tokens


class Reader:
    """Each rule takes a position and returns all (tree, end) it can read there; failures leave the furthest token."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.furthest = 0
        self.memory = {}

    def rule(self, name, at):
        key = (name, at)
        if key not in self.memory:
            self.memory[key] = list(getattr(self, name)(at))
        return self.memory[key]

    def take(self, at, *kinds):
        if at < len(self.tokens) and self.tokens[at].kind in kinds:
            return [(self.tokens[at], at + 1)]
        self.furthest = max(self.furthest, at)
        return []

    def path(self, at):
        for first, end in self.take(at, "word", "name"):
            steps = [first]
            ends = [(("path", tuple(steps)), end)]
            while True:
                more = []
                for _, dot in self.take(end, "."):
                    more = self.take(dot, "word", "name")
                for _, bracket in self.take(end, "["):
                    for index, after in self.take(bracket, "index"):
                        more = [(index, after_bracket) for _, after_bracket in self.take(after, "]")]
                if not more:
                    break
                step, end = more[0]
                steps.append(step)
                ends.append((("path", tuple(steps)), end))
            yield from ends

    def literal(self, at):
        for token, end in self.take(at, "value"):
            yield ("value", token.text), end

    def operands(self, at):
        for tree, end in self.rule("operand", at):
            yield (tree,), end
            for _, comma in self.take(end, ","):
                for rest, last in self.rule("operands", comma):
                    yield (tree,) + rest, last

    def call(self, at):
        for name, end in self.take(at, "word"):
            for _, inside in self.take(end, "("):
                for args, closing in self.rule("operands", inside):
                    for _, last in self.take(closing, ")"):
                        yield ("call", name.text, args), last

    def grouped(self, rule, at):
        for _, inside in self.take(at, "("):
            for tree, closing in self.rule(rule, inside):
                for _, last in self.take(closing, ")"):
                    yield tree, last

    def operand(self, at):
        yield from self.rule("call", at)
        yield from self.rule("path", at)
        yield from self.rule("literal", at)
        yield from self.grouped("operand", at)

    def primary(self, at):
        yield from self.rule("call", at)
        yield from self.grouped("condition", at)
        for left, end in self.rule("operand", at):
            for operator, right_at in self.take(end, *COMPARATORS):
                for right, last in self.rule("operand", right_at):
                    yield ("compare", operator.text, (left, right)), last
            for _, lower_at in self.take(end, "BETWEEN"):
                for lower, and_at in self.rule("operand", lower_at):
                    for _, upper_at in self.take(and_at, "AND"):
                        for upper, last in self.rule("operand", upper_at):
                            yield ("between", "BETWEEN", (left, lower, upper)), last
            for _, parenthesis in self.take(end, "IN"):
                for _, inside in self.take(parenthesis, "("):
                    for others, closing in self.rule("operands", inside):
                        for _, last in self.take(closing, ")"):
                            yield ("in", "IN", (left,) + others), last

    def negation(self, at):
        for _, inside in self.take(at, "NOT"):
            for tree, end in self.rule("negation", inside):
                yield ("not", tree), end
        yield from self.rule("primary", at)

    def conjunction(self, at):
        for left, end in self.rule("negation", at):
            yield left, end
            for _, more in self.take(end, "AND"):
                for right, last in self.rule("conjunction", more):
                    yield ("and", left, right), last

    def condition(self, at):
        for left, end in self.rule("conjunction", at):
            yield left, end
            for _, more in self.take(end, "OR"):
                for right, last in self.rule("condition", more):
                    yield ("or", left, right), last

    def arithmetic(self, at):
        for left, end in self.rule("operand", at):
            for operator, right_at in self.take(end, "+", "-"):
                for right, last in self.rule("operand", right_at):
                    yield ("arithmetic", operator.text, (left, right)), last
        yield from self.grouped("arithmetic", at)

    def action(self, at, kind):
        for path, end in self.rule("path", at):
            if kind == "REMOVE":
                yield (kind, path, None), end
            elif kind == "SET":
                for _, value_at in self.take(end, "="):
                    for rule in ("operand", "arithmetic"):
                        for value, last in self.rule(rule, value_at):
                            yield (kind, path, value), last
            else:
                for value, last in self.rule("literal", end):
                    yield (kind, path, value), last

    def actions(self, at, kind):
        for action, end in self.action(at, kind):
            yield (action,), end
            for _, comma in self.take(end, ","):
                for rest, last in self.actions(comma, kind):
                    yield (action,) + rest, last

    def update(self, at):
        for keyword, inside in self.take(at, "SET", "REMOVE", "ADD", "DELETE"):
            for actions, end in self.actions(inside, keyword.kind):
                yield ((keyword.kind, actions),), end
                for rest, last in self.rule("update", end):
                    yield ((keyword.kind, actions),) + rest, last

    def projection(self, at):
        for path, end in self.rule("path", at):
            yield (path,), end
            for _, comma in self.take(end, ","):
                for rest, last in self.rule("projection", comma):
                    yield (path,) + rest, last


def redundant(tokens):
    """Whether two pairs of parentheses, both grouping, enclose the same."""
    pairs = {}
    open_at = []
    for i, token in enumerate(tokens):
        if token.kind == "(":
            open_at.append(i)
        elif token.kind == ")" and open_at:
            pairs[open_at.pop()] = i

    def groups(i):
        return i in pairs and not (i > 0 and tokens[i - 1].kind in ("word", "IN"))
    return any(groups(i) and groups(i + 1) and pairs[i + 1] == pairs[i] - 1 for i in pairs)


ENVELOPE = "1 validation error detected: "


class Expression:
    """One expression of a request, with the request's placeholders."""

    def __init__(self, kind, text, names, values, used, enveloped):
        self.kind, self.names, self.values, self.used = kind, names, values, used
        self.envelope = ENVELOPE if enveloped else ""
        if text == "":
            (self.refuse_enveloped if kind == "UpdateExpression" else self.refuse)("The expression can not be empty;")
        size = len(text.encode("utf-8"))
        if size > 4096:
            self.refuse_enveloped("Expression size has exceeded the maximum allowed size; expression size: %d" % size)
        tokens = tokenize(text)
        reader = Reader(tokens)
        rule = {"UpdateExpression": "update", "ProjectionExpression": "projection"}.get(kind, "condition")
        whole = [tree for tree, end in reader.rule(rule, 0) if reader.take(end, "end")]
        wrong = reader.furthest
        if redundant(tokens if whole else tokens[:wrong]):
            self.refuse_enveloped("The expression has redundant parentheses;")
        if not whole:
            start = tokens[wrong - 1].start if wrong > 0 else 0 if tokens[wrong].kind == "end" else tokens[wrong].start
            end = tokens[min(wrong + 1, len(tokens) - 1)].end
            self.refuse_enveloped('Syntax error; token: "%s", near: "%s"' % (tokens[wrong].text, text[start:end]))
        self.tree = whole[0]
        assert all(tree == self.tree for tree in whole), "ambiguous: " + text
        operators = sum(t.kind in COMPARATORS or t.kind in ("AND", "OR", "NOT", "BETWEEN", "IN", "+", "-")
                        for t in tokens)
        if rule == "update":
            operators = sum(t.kind in ("+", "-") for t in tokens)
        operators -= sum(t.kind == "BETWEEN" for t in tokens)   # its AND
        if operators > 300:
            self.refuse("The expression contains too many operators; operator count: 301")

    def refuse(self, reason):
        raise Refused("Invalid %s: %s" % (self.kind, reason))

    def refuse_enveloped(self, reason):
        raise Refused("%sInvalid %s: %s" % (self.envelope, self.kind, reason))

    # -- what the languages share

    def check_words(self, path, reserved):
        for step in path[1]:
            if step.kind == "index":
                if int(step.text) > 4294967294:
                    self.refuse("List index is not within the allowable range; index: [%s]" % step.text)
            elif step.kind == "word" and step.text.upper() in reserved:
                self.refuse("Attribute name is a reserved keyword; reserved keyword: " + step.text)

    def resolve_path(self, path):
        """Names and indexes."""
        steps = []
        for step in path[1]:
            if step.kind == "index":
                steps.append(int(step.text))
            elif step.kind == "word":
                steps.append(step.text)
            else:
                if step.text not in self.names:
                    self.refuse("An expression attribute name used in the document path is not defined; "
                                "attribute name: " + step.text)
                self.used.add(step.text)
                steps.append(self.names[step.text])
        if len(steps) > 32:
            self.refuse("The document path has too many nesting levels; nesting levels: %d" % len(steps))
        return tuple(steps)

    def resolve_value(self, name):
        if name not in self.values:
            self.refuse("An expression attribute value used in expression is not defined; attribute value: " + name)
        self.used.add(name)
        return self.values[name]

    def check_overlaps(self, paths):
        conflict = None
        for i, two in enumerate(paths):
            for one in paths[:i]:
                texts = "path one: %s, path two: %s" % (path_text(one), path_text(two))
                for a, b in zip(one, two):
                    if isinstance(a, int) != isinstance(b, int):
                        conflict = conflict or texts
                        break
                    if a != b:
                        break
                else:
                    (self.refuse_enveloped if self.kind == "UpdateExpression" else self.refuse)(
                        "Two document paths overlap with each other; must remove or rewrite one of these paths; " + texts)
        if conflict:
            self.refuse("Two document paths conflict with each other; must remove or rewrite one of these paths; "
                        + conflict)

    def check_distinct(self, name, operands):
        if operands[0][0] == "path" and operands[0] in operands[1:]:
            self.refuse_enveloped("The first operand must be distinct from the remaining operands for this operator or "
                                  "function; operator: %s, first operand: %s" % (name, path_text(operands[0][1])))

    def check_types(self, name, operands, allowed):
        for operand in operands:
            kind = operand[1][0] if operand[0] == "value" else "N" if operand[:2] == ("call", "size") else None
            if kind and kind not in allowed:
                self.refuse("Incorrect operand type for operator or function; operator or function: %s, "
                            "operand type: %s" % (name, kind))

    def require_path(self, name, operands):
        if operands[0][0] != "path":
            self.refuse("Operator or function requires a document path; operator or function: " + name)

    def check_count(self, name, operands):
        if len(operands) != FUNCTIONS[name]:
            self.refuse("Incorrect number of operands for operator or function; operator or function: %s, "
                        "number of operands: %d" % (name, len(operands)))


def path_text(path):
    return ("[%s]" % ", ".join("[%d]" % s if isinstance(s, int) else s for s in path)).replace("\0", "")


def lookup(path, item):
    """The value at a path; None if there is none."""
    value = ("M", item)
    for step in path:
        kind, inside = value
        if isinstance(step, int):
            if kind != "L" or step >= len(inside):
                return None
        elif kind != "M" or step not in inside:
            return None
        value = inside[step]
    return value


# ---------------------------------------------------------------------------------------------------------------
# Conditions

class Condition(Expression):
    def __init__(self, kind, text, names, values, used, reserved, enveloped=False):
        super().__init__(kind, text, names, values, used, enveloped)
        self.each(self.tree, self.check_name, True)
        self.each(self.tree, self.check_place, True)
        self.each(self.tree, lambda tree, _: tree[0] == "path" and self.check_words(tree, reserved), True)
        self.tree = self.resolve_condition(self.tree)

    def each(self, tree, check, is_condition):
        check(tree, is_condition)
        if tree[0] in ("and", "or", "not"):
            for part in tree[1:]:
                self.each(part, check, True)
        elif tree[0] not in ("path", "value"):
            for operand in tree[2]:
                self.each(operand, check, False)

    def check_name(self, tree, _):
        if tree[0] == "call":
            if tree[1] not in FUNCTIONS:
                self.refuse("Invalid function name; function: " + tree[1])
            if tree[1] in ("if_not_exists", "list_append"):
                self.refuse("The function is not allowed in a condition expression; function: " + tree[1])

    def check_place(self, tree, is_condition):
        if tree[0] == "call" and (tree[1] in CONDITIONS) != is_condition:
            self.refuse("The function is not allowed to be used this way in an expression; function: " + tree[1])

    def resolve_operand(self, tree):
        if tree[0] == "path":
            return "path", self.resolve_path(tree)
        if tree[0] == "value":
            return "value", self.resolve_value(tree[1])
        return tree[0], tree[1], tuple(self.resolve_operand(x) for x in tree[2])

    def resolve_condition(self, tree):
        if tree[0] in ("and", "or", "not"):
            return (tree[0],) + tuple(self.resolve_condition(x) for x in tree[1:])
        kind, name, operands = tree = self.resolve_operand(tree)
        self.count_operands(tree)
        self.check_distinct(name, operands)
        self.check_sizes(operands)
        if kind == "compare" and name not in ("=", "<>"):
            self.check_types(name, operands, ORDERED)
        elif kind == "between":
            self.check_types(name, operands, ORDERED)
            if operands[1][0] == operands[2][0] == "value":
                self.check_bounds(operands[1][1], operands[2][1])
        elif kind == "call":
            if name == "begins_with":
                self.check_types(name, operands, {"S", "B"})
            elif name != "contains":
                self.require_path(name, operands)
            if name == "attribute_type":
                if operands[1][0] == "path":
                    self.refuse("Incorrect operand type for operator or function; operator or function: attribute_type, "
                                "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}")
                self.check_types(name, operands, {"S"})
                if operands[1][1][1] not in ALL_TYPES:
                    self.refuse("Invalid attribute type name found; type: %s, valid types: "
                                "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}" % operands[1][1][1].replace("\0", ""))
        return tree

    def count_operands(self, tree):
        if tree[0] in ("path", "value"):
            return
        if tree[0] == "call":
            self.check_count(tree[1], tree[2])
        elif tree[0] == "in" and len(tree[2]) > 101:
            self.refuse("The IN operator is provided with too many operands; number of operands: %d" % (len(tree[2]) - 1))
        for operand in tree[2]:
            self.count_operands(operand)

    def check_sizes(self, operands):
        for operand in operands:
            if operand[0] == "call":
                self.check_sizes(operand[2])
                self.check_types("size", operand[2], ALL_TYPES - {"N", "BOOL", "NULL"})

    def check_bounds(self, lower, upper):
        texts = "lower bound operand: %s, upper bound operand: %s" % (bound_text(lower), bound_text(upper))
        if lower[0] != upper[0]:
            self.refuse("The BETWEEN operator requires same data type for lower and upper bounds; " + texts)
        if rank(lower) > rank(upper):
            self.refuse("The BETWEEN operator requires upper bound to be greater than or equal to lower bound; " + texts)

    def holds(self, item):
        return holds(self.tree, item)


def bound_text(value):
    kind, inside = value
    if kind == "B":
        inside = "java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]" % (len(inside), len(inside))
    elif kind == "N":
        inside = number_text(inside)
    return ("AttributeValue: {%s:%s}" % (kind, inside)).replace("\0", "")


def size_of(value):
    kind, inside = value
    if kind == "S":
        return len(inside.encode("utf-16-le")) // 2
    if kind in ("N", "BOOL", "NULL"):
        return None
    return len(inside)


def operand_value(tree, item):
    if tree[0] == "value":
        return tree[1]
    if tree[0] == "path":
        return lookup(tree[1], item)
    inside = operand_value(tree[2][0], item)
    size = size_of(inside) if inside else None
    return None if size is None else ("N", Decimal(size))


def in_order(name, a, b):
    if a is None or b is None or a[0] != b[0] or a[0] not in ORDERED:
        return False
    x, y = rank(a), rank(b)
    return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[name]


def holds(tree, item):
    kind = tree[0]
    if kind == "and":
        return holds(tree[1], item) and holds(tree[2], item)
    if kind == "or":
        return holds(tree[1], item) or holds(tree[2], item)
    if kind == "not":
        return not holds(tree[1], item)
    name = tree[1]
    first, *others = [operand_value(x, item) for x in tree[2]]
    if kind == "compare":
        if name in ("=", "<>"):
            return (first is not None and first == others[0]) == (name == "=")
        return in_order(name, first, others[0])
    if kind == "between":
        return in_order(">=", first, others[0]) and in_order("<=", first, others[1])
    if kind == "in":
        return first is not None and first in others
    if name == "attribute_exists":
        return first is not None
    if name == "attribute_not_exists":
        return first is None
    if first is None or others[0] is None:
        return False
    kind, inside = first
    other_kind, other = others[0]
    if name == "attribute_type":
        return kind == other
    if name == "begins_with":
        return kind == other_kind and kind in ("S", "B") and inside.startswith(other)
    if kind in ("S", "B"):
        return kind == other_kind and other in inside
    if kind in ("SS", "NS", "BS"):
        return other_kind == kind[0] and other in inside
    return kind == "L" and others[0] in inside


# ---------------------------------------------------------------------------------------------------------------
# Key conditions

REVERSED = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


class KeyCondition(Condition):
    def __init__(self, text, names, values, used, reserved):
        super().__init__("KeyConditionExpression", text, names, values, used, reserved)

    def terms(self):
        terms = {}
        self.add_terms(self.tree, terms)
        return [(name, *term) for name, term in terms.items()]

    def add_terms(self, tree, terms):
        kind = tree[0]
        if kind == "and":
            self.add_terms(tree[1], terms)
            self.add_terms(tree[2], terms)
            return
        name = kind.upper() if kind in ("or", "not") else tree[1]
        if kind in ("or", "not", "in") or name == "<>" or (kind == "call" and name != "begins_with"):
            self.refuse("Invalid operator used in KeyConditionExpression: " + name)
        operands = tree[2]
        if name in ("BETWEEN", "begins_with") and operands[0][0] != "path":
            self.refuse("Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its "
                        "first operand" % name)
        path = None
        for operand in operands:
            if operand[0] == "call":
                self.refuse("KeyConditionExpressions cannot contain nested operations")
            if operand[0] == "path":
                if path:
                    self.refuse("Invalid condition in KeyConditionExpression: Multiple attribute names used in one "
                                "condition")
                path = operand[1]
                if len(path) > 1:
                    self.refuse("KeyConditionExpressions cannot have conditions on nested attributes")
        if not path:
            self.refuse("Invalid condition in KeyConditionExpression: No key attribute specified")
        if path[0] in terms:
            self.refuse("KeyConditionExpressions must only contain one condition per key")
        if operands[0][0] == "value":
            name = REVERSED[name]
        terms[path[0]] = (name, [x[1] for x in operands if x[0] == "value"])


# ---------------------------------------------------------------------------------------------------------------
# Projections

def project(paths, item):
    """A copy of what the paths name: members under their names, elements in order and close together."""
    picked = pick(("M", item), paths)
    return picked[1] if picked else {}


def pick(value, paths):
    if value is None:
        return None
    if any(len(path) == 0 for path in paths):
        return value
    kind, inside = value
    if kind == "L":
        steps = sorted({p[0] for p in paths if isinstance(p[0], int) and p[0] < len(inside)})
    elif kind == "M":
        steps = {p[0] for p in paths if not isinstance(p[0], int) and p[0] in inside}
    else:
        return None
    parts = [(s, pick(inside[s], [p[1:] for p in paths if p[0] == s])) for s in steps]
    parts = [(s, part) for s, part in parts if part is not None]
    if not parts:
        return None
    return (kind, [part for _, part in parts]) if kind == "L" else (kind, dict(parts))


class Projection(Expression):
    def __init__(self, text, names, used, reserved):
        super().__init__("ProjectionExpression", text, names, {}, used, False)
        for path in self.tree:
            self.check_words(path, reserved)
        self.paths = [self.resolve_path(path) for path in self.tree]
        self.check_overlaps(self.paths)


# ---------------------------------------------------------------------------------------------------------------
# Updates

LONG_TYPES = {"S": "STRING", "N": "NUMBER", "B": "BINARY", "BOOL": "BOOLEAN", "NULL": "NULL", "L": "LIST", "M": "MAP"}
BAD_TYPE = "An operand in the update expression has an incorrect data type"
BAD_PATH = "The document path provided in the update expression is invalid for update"
MISSING = "The provided expression refers to an attribute that does not exist in the item"


class Update(Expression):
    def __init__(self, text, names, values, used, reserved):
        super().__init__("UpdateExpression", text, names, values, used, True)
        actions = [action for _, section in self.tree for action in section]
        self.each(actions, lambda t, _: t[0] == "path" and self.check_words(t, reserved))
        self.each(actions, self.check_name)
        self.each(actions, self.check_place)
        kinds = [kind for kind, _ in self.tree]
        for i, kind in enumerate(kinds):
            if kind in kinds[:i]:
                self.refuse_enveloped('The "%s" section can only be used once in an update expression;' % kind)
        self.each(actions, lambda t, _: t[0] == "path" and self.resolve_path(t))
        self.each(actions, lambda t, _: t[0] == "value" and self.resolve_value(t[1]))
        self.actions = [(kind, self.resolve_path(path), value and self.resolve(value)) for kind, path, value in actions]
        self.check_overlaps([path for _, path, _ in self.actions])
        for kind, _, value in self.actions:
            if kind in ("ADD", "DELETE") and value[1][0] in LONG_TYPES and (kind, value[1][0]) != ("ADD", "N"):
                self.refuse("Incorrect operand type for operator or function; operator: %s, operand type: %s"
                            % (kind, LONG_TYPES[value[1][0]]))
        for _, _, value in self.actions:
            if value:
                self.check_operand(value)

    def each(self, actions, check):
        def visit(tree, is_operand):
            check(tree, is_operand)
            if tree[0] in ("call", "arithmetic"):
                for operand in tree[2]:
                    visit(operand, True)
        for _, path, value in actions:
            visit(path, False)
            if value:
                visit(value, False)

    def check_name(self, tree, _):
        if tree[0] == "call":
            if tree[1] not in FUNCTIONS:
                self.refuse("Invalid function name; function: " + tree[1])
            if tree[1] not in ("if_not_exists", "list_append"):
                self.refuse("The function is not allowed in an update expression; function: " + tree[1])

    def check_place(self, tree, is_operand):
        if tree[:2] == ("call", "list_append") and is_operand:
            self.refuse("The function is not allowed to be used this way in an expression; function: list_append")

    def resolve(self, tree):
        if tree[0] == "path":
            return "path", self.resolve_path(tree)
        if tree[0] == "value":
            return "value", self.values[tree[1]]
        return tree[0], tree[1], tuple(self.resolve(x) for x in tree[2])

    def check_operand(self, tree):
        if tree[0] in ("path", "value"):
            return
        kind, name, operands = tree
        for operand in operands:
            self.check_operand(operand)
        if kind == "arithmetic":
            self.check_types(name, operands, {"N"})
            return
        self.check_count(name, operands)
        if name == "list_append":
            self.check_types(name, operands, {"L"})
        else:
            self.require_path(name, operands)
            self.check_distinct(name, operands)

    # -- evaluation

    def value_of(self, tree, item):
        if tree[0] == "value":
            return tree[1]
        if tree[0] == "path":
            value = lookup(tree[1], item)
            if value is None:
                raise Refused(MISSING)
            return value
        kind, name, operands = tree
        if name == "if_not_exists":
            return lookup(operands[0][1], item) or self.value_of(operands[1], item)
        wanted = "N" if kind == "arithmetic" else "L"
        insides = []
        for operand in operands:
            value = self.value_of(operand, item)
            if value[0] != wanted:
                raise Refused(BAD_TYPE)
            insides.append(value[1])
        if wanted == "L":
            return "L", insides[0] + insides[1]
        return "N", add_numbers(insides[0], insides[1] if name == "+" else EXACT.minus(insides[1]))

    def effect(self, action, item):
        """What a path's place will hold; None for nothing, False for what it holds."""
        kind, path, value = action
        if kind == "REMOVE":
            return None
        old = lookup(path, item)
        if old is None:
            return value[1] if kind == "ADD" else False
        new = value[1]
        if old[0] != new[0]:
            raise Refused(BAD_TYPE)
        if new[0] == "N":
            return "N", add_numbers(old[1], new[1])
        members = old[1] | new[1] if kind == "ADD" else old[1] - new[1]
        return (new[0], members) if members else None

    def apply(self, item, exists):
        values = [self.value_of(value, item) if kind == "SET" else None for kind, _, value in self.actions]
        effects = []
        for action, value in zip(self.actions, values):
            kind, path, _ = action
            if len(path) > 1:
                parent = lookup(path[:-1], item)
                if parent is None or parent[0] != ("L" if isinstance(path[-1], int) else "M"):
                    if kind == "REMOVE" and not exists:
                        continue
                    raise Refused(BAD_PATH)
            effect = value if kind == "SET" else self.effect(action, item)
            if effect and len(path) > 1 and len(path) - 1 + depth(effect) > 32:
                raise Refused(DEEP)
            if effect is not False:
                effects.append((path, effect))
        result = dict(item)
        # removed elements are marked at first, and what lies past an end waits, so that no index moves
        appended = {}
        for path, effect in effects:
            self.place(result, path, effect, appended)
        for path, elements in appended.items():
            reach(result, path).extend(elements[index] for index in sorted(elements))
        return sweep(("M", result))[1]

    def place(self, result, path, effect, appended):
        holder = result
        for i, step in enumerate(path[:-1]):
            kind, inside = holder[step]
            inside = list(inside) if kind == "L" else dict(inside)
            holder[step] = (kind, inside)
            holder = inside
        last = path[-1]
        if isinstance(last, int):
            if last < len(holder):
                holder[last] = effect or REMOVED
            elif effect:
                appended.setdefault(path[:-1], {})[last] = effect
        elif effect:
            holder[last] = effect
        else:
            holder.pop(last, None)

    def fragments(self, item):
        return project([path for _, path, _ in self.actions], item)


REMOVED = ("removed", None)


def reach(result, path):
    holder = result
    for step in path:
        holder = holder[step][1]
    return holder


def sweep(value):
    kind, inside = value
    if kind == "L":
        return kind, [sweep(x) for x in inside if x is not REMOVED]
    if kind == "M":
        return kind, {name: sweep(x) for name, x in inside.items()}
    return value


def check_unused(names, values, used, enveloped=False):
    for member, placeholders in (("Names", names), ("Values", values)):
        unused = [p for p in placeholders if p not in used]
        if unused:
            raise Refused("%sValue provided in ExpressionAttribute%s unused in expressions: keys: {%s}"
                          % (ENVELOPE if enveloped else "", member, ", ".join(unused)))
