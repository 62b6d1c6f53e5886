"""Random requests: valid for the most part, the others wrong in one way or two.

The space of keys and attributes is small, so that a request finds what an earlier one left. Names tell the type that an
attribute has nearly always (n1 is a number, m1 a map), so that most expressions mean something.
"""
import base64
import copy
import re

from index_requests import IndexRequests
from partiql_requests import PartiqlRequests
from tables import INDEXED, LARGE, ONLINE, SCHEMAS, Table
from transaction_requests import TransactionRequests

ITEM_MAX_SIZE = 409600

KEY_VALUES = {
    "S": ["a", "b", "ab", "Z", "\u00e9", "\U0001f600"],
    "N": ["0", "1", "-1", "1.5", "100", "-0.001", "1E+20", "9.9999999999999999999999999999999999999E+125"],
    "B": [base64.b64encode(b).decode() for b in (b"\x00", b"\x01", b"\xff", b"\x00\x01", b"ab")],
}

# The attributes that are no keys, by the type that they have nearly always.
ATTRIBUTES = {
    "S": ["s1", "s2"], "N": ["n1", "n2"], "B": ["b1"], "BOOL": ["t1"], "NULL": ["z1"], "L": ["l1"], "M": ["m1"],
    "SS": ["ss1"], "NS": ["ns1"], "BS": ["bs1"], None: ["v", "size", "a-b"],
}
# Members of maps.
MEMBERS = {"S": ["s"], "N": ["x", "y"], "L": ["l"], "M": ["m"], "SS": ["ss"]}
TYPES = ["S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS"]

NUMBERS = ["0", "1", "2", "3", "10", "-1", "-7", "0.5", "1.5", "100", "1000", "12345678901234567890"]
EXTREME_NUMBERS = [
    "9.9999999999999999999999999999999999999E+125", "-9.9999999999999999999999999999999999999E+125", "1E-130", "-1E-130",
    "12345678901234567890123456789012345678", "0.00000000000000000000000000000000000001", "1E+125", "1e37",
    "99999999999999999999999999999999999999",
]
BAD_NUMBERS = ["", "x", "1E+126", "1E-131", "123456789012345678901234567890123456789", " 1", "1 ", "NaN", "Infinity", "1.2.3", "+e2",
               "--1", "0x10", "1,5", "1e", "."]
STRINGS = ["", "a", "ab", "abc", "b", "B", "\u00e9", "\U0001f600", "10", "x y"]
BINARIES = [base64.b64encode(b).decode() for b in (b"", b"\x00", b"a", b"ab", b"b", b"\xff\xfe")]
RESERVED = ["size", "name", "Status", "ABORT", "value", "date"]

CONDITION_TOKENS = ["AND", "OR", "NOT", "(", ")", "=", "<>", "<", ",", ".", "[0]", "[", "]", ":zz", "#zz", "n1", "foo", "BETWEEN", "IN",
                    "size(s1)", "begins_with", "attribute_exists(v)", "foo(n1)", "[-1]", "[99999999999999]", "5", '"x"', "'a'", "!", "_a",
                    "-", "+", "SET", "REMOVE", "ADD", "size", "$", "a-b", "if_not_exists(n1, n2)", "==", "1a", "\u00e9", "#", ":"]
TOKEN = re.compile(r"[#:]?\w+|<>|<=|>=|\S")


class Context:
    """The placeholders of one request."""

    def __init__(self, rng):
        self.rng = rng
        self.names = {}
        self.values = {}

    def name(self, attribute, always=False):
        """An attribute's name as an expression writes it."""
        if re.fullmatch(r"[A-Za-z]\w*", attribute) and attribute not in RESERVED and attribute != "order" \
                and not always and self.rng.random() < 0.7:
            return attribute
        for placeholder, name in self.names.items():
            if name == attribute:
                return placeholder
        placeholder = "#n%d" % len(self.names)
        self.names[placeholder] = attribute
        return placeholder

    def value(self, value):
        for placeholder, other in self.values.items():
            if other == value and self.rng.random() < 0.8:
                return placeholder
        placeholder = ":v%d" % len(self.values)
        self.values[placeholder] = value
        return placeholder

    def put_into(self, request):
        if self.names:
            request["ExpressionAttributeNames"] = self.names
        if self.values:
            request["ExpressionAttributeValues"] = self.values


class Generator(IndexRequests, PartiqlRequests, TransactionRequests):
    def __init__(self, rng, shadow):
        self.rng = rng
        self.indexed = [Table(*schema, indexes) for schema, indexes in INDEXED]
        self.online = Table(*ONLINE)
        self.tables = [Table(*schema) for schema in SCHEMAS] + self.indexed + [self.online]
        self.large = Table(*LARGE)
        self.shadow = shadow            # table name -> {key text: item}, kept by the caller
        self.created = 0
        self.last_keys = {}             # cursor of a table or an index -> a LastEvaluatedKey that was seen
        self.allowed = None             # the attributes that the index has of which a read is made
        self.tokens = []                # transactions with a token, of late
        self.n_tokens = 0
        self.targets = {}               # identity of a PartiQL statement -> its Target

    def one_in(self, n):
        return self.rng.random() * n < 1

    def pick(self, things):
        return self.rng.choice(things)

    def pick_table(self):
        return self.pick(self.indexed + [self.online]) if self.one_in(2) else self.pick(self.tables)

    def context(self):
        return Context(self.rng)

    # ------------------------------------------------------------ values

    def number(self):
        text = self.pick(EXTREME_NUMBERS) if self.one_in(12) else self.pick(NUMBERS)
        if self.one_in(15) and re.fullmatch(r"\d+", text):
            text = self.pick(["+", "00", ""]) + text + self.pick([".0", "e0", "E-0", ".00"])
        return text

    def value(self, type_=None, depth=0):
        if type_ is None:
            type_ = self.pick(TYPES + ["S", "N", "N", "S"]) if depth < 3 else self.pick(["S", "N", "BOOL"])
        if type_ == "S":
            return {"S": self.pick(STRINGS)}
        if type_ == "N":
            return {"N": self.number()}
        if type_ == "B":
            return {"B": self.pick(BINARIES)}
        if type_ == "BOOL":
            return {"BOOL": self.one_in(2)}
        if type_ == "NULL":
            return {"NULL": True}
        if type_ == "L":
            return {"L": [self.value(None, depth + 1) for _ in range(self.rng.randrange(4))]}
        if type_ == "M":
            members = {}
            for member_type, names in MEMBERS.items():
                for name in names:
                    if self.one_in(2) and not (depth > 1 and member_type in "LM"):
                        members[name] = self.value(None if self.one_in(8) else member_type, depth + 1)
            return {"M": members}
        source = {"SS": STRINGS, "NS": NUMBERS, "BS": BINARIES}[type_]
        return {type_: self.rng.sample(source, self.rng.randrange(1, 4))}

    def bad_value(self):
        """A value that the service refuses wherever it stands."""
        inner = self.pick([
            {}, {"S": "a", "N": "1"}, {"NULL": False}, {"SS": []}, {"NS": []}, {"BS": []}, {"SS": ["a", "b", "a"]},
            {"NS": ["1", "2", "1.0"]}, {"BS": ["YQ==", "YQ=="]}, {"NS": ["1", "x"]}, {"X": "a"},
            {"N": self.pick(BAD_NUMBERS)}, {"N": self.pick(BAD_NUMBERS)}, {"NS": [self.pick(BAD_NUMBERS)]},
            {"S": 5}, {"N": 5}, {"B": "a"}, {"B": "YQ=!"}, {"BOOL": "x"}, {"L": "a"}, {"M": ["a"]}, {"SS": "a"}, {"SS": [None]},
            {"L": [None]}, "a", [], {"M": {"": {"S": "a"}}},
        ])
        if self.one_in(4):
            inner = {"L": [{"S": "a"}, inner]}
        elif self.one_in(4):
            inner = {"M": {"x": inner}}
        elif self.one_in(30):
            inner = {"S": "deep"}
            for _ in range(self.pick([31, 32, 33])):
                inner = {"L": [inner]}
        return inner

    def key_value(self, type_):
        text = self.pick(KEY_VALUES[type_][:4] if self.one_in(2) else KEY_VALUES[type_])
        if type_ == "N" and self.one_in(20) and text in ("1", "100", "0"):
            text = self.pick(["+%s", "0%s", "%s.0", "%se0"]) % text
        return {type_: text}

    def key(self, table, known_in=2):
        known = self.shadow[table.name]
        if table.cursor != table.name:
            known = {text: item for text, item in known.items() if all(type_ in item.get(name, ()) for name, type_ in table.keys)}
        if known and not self.one_in(known_in):
            item = known[self.pick(sorted(known))]
            return {name: copy.deepcopy(item[name]) for name, _ in table.keys}
        return {name: self.key_value(type_) for name, type_ in table.keys}

    def bad_key(self, table):
        key = self.key(table)
        name, type_ = self.pick(table.keys)
        mistake = self.rng.randrange(9)
        if mistake == 0:
            del key[name]
        elif mistake == 1:
            key["extra"] = {"S": "a"}
        elif mistake == 2:
            key[name] = self.value(self.pick([t for t in TYPES if t != type_]))
        elif mistake == 3:
            key[name] = {self.pick(["S", "B"]): ""}
        elif mistake == 4:
            key[name] = self.bad_value()
        elif mistake == 5:
            key = {}
        elif mistake == 6:
            length = self.pick([1024, 1025, 2048, 2049])
            key[name] = {"S": "a" * length} if type_ != "B" else {"B": base64.b64encode(b"a" * length).decode()}
        elif mistake == 7:
            key = {"other": {"S": "a"}}
        else:
            key[self.pick(["", "x"])] = key.pop(name)
        return key

    def item(self, table):
        item = self.key(table)
        for type_, names in ATTRIBUTES.items():
            for name in names:
                if self.one_in(2.5):
                    item[name] = self.value(None if type_ is None or self.one_in(10) else type_)
        return item

    def bad_item(self, table):
        item = self.item(table)
        if self.one_in(2):
            for name, _ in table.keys:
                del item[name]
            item.update(self.bad_key(table))
        else:
            item[self.pick(["s1", "v", "n1", ""])] = self.bad_value()
        return item

    # ------------------------------------------------------------ expressions

    def path(self, context, type_, table=None):
        """A document path to what is likely of a type."""
        if table and type_ in ("S", "N", "B") and self.one_in(8):
            for name, key_type in table.keys:
                if key_type == type_:
                    return context.name(name)
        names = ATTRIBUTES.get(type_) or ATTRIBUTES[None]
        if self.one_in(8):
            names = ATTRIBUTES[None]
        if self.allowed is not None:
            names = [name for name in names if name in self.allowed] or sorted(self.allowed)
            return context.name(self.pick(names))
        if self.one_in(4) and type_ in MEMBERS:
            path = context.name("m1")
            while self.one_in(4):
                path += "." + context.name("m")
            return path + "." + context.name(self.pick(MEMBERS[type_]))
        if self.one_in(7):
            path = context.name("l1") if self.one_in(2) else context.name("m1") + "." + context.name("l")
            path += "[%d]" % self.pick([0, 0, 1, 1, 2, 7])
            if self.one_in(4):
                path += self.pick([".x", ".y", "[0]", "[1]", ".l[0]"])
            return path
        return context.name(self.pick(names))

    def operand(self, context, type_, table):
        kind = self.rng.randrange(10)
        if kind < 5:
            return context.value(self.value(type_))
        if kind < 9 or type_ != "N":
            return self.path(context, type_, table)
        return "size(%s)" % self.path(context, self.pick(TYPES), table)

    def condition(self, context, table, depth=0):
        kind = self.rng.randrange(20)
        type_ = self.pick(["S", "N", "N", "S", "B"])
        any_type = self.pick(TYPES)
        if depth < 3 and kind < 4:
            parts = [self.condition(context, table, depth + 1) for _ in range(self.pick([2, 2, 3]))]
            text = parts[0]
            for part in parts[1:]:
                text += self.pick([" AND ", " OR ", " and ", " oR "]) + part
            return "(%s)" % text if self.one_in(2) and depth > 0 else text
        if depth < 3 and kind == 4:
            return "NOT " + self.condition(context, table, depth + 1)
        if depth < 3 and kind == 5:
            return "(%s)" % self.condition(context, table, depth + 1)
        if kind < 9:
            return "%s %s %s" % (self.path(context, type_, table), self.pick(["=", "<>", "<", "<=", ">", ">="]),
                                 self.operand(context, type_, table))
        if kind == 9:
            return "%s %s %s" % (self.operand(context, any_type, table), self.pick(["=", "<>", "=", "<"]),
                                 self.operand(context, any_type if self.one_in(2) else self.pick(TYPES), table))
        if kind == 10:
            bounds = sorted([self.value(type_), self.value(type_)], key=order)
            if self.one_in(8):
                bounds.reverse()
            bounds = [context.value(v) for v in bounds]
            if self.one_in(5):
                bounds[self.rng.randrange(2)] = self.path(context, type_, table)
            return "%s BETWEEN %s AND %s" % (self.path(context, type_, table), *bounds)
        if kind == 11:
            others = [self.operand(context, type_, table) for _ in range(self.rng.randrange(1, 4))]
            return "%s IN (%s)" % (self.path(context, type_, table), ", ".join(others))
        if kind < 14:
            return "attribute_%sexists(%s)" % (self.pick(["", "not_"]), self.path(context, any_type, table))
        if kind == 14:
            letters = context.value({"S": self.pick(TYPES) if not self.one_in(8) else self.pick(["X", "", "s"])})
            return "attribute_type(%s, %s)" % (self.path(context, any_type, table), letters)
        if kind < 17:
            type_ = self.pick(["S", "S", "B", "S", "N"])
            return "begins_with(%s, %s)" % (self.path(context, type_, table), self.operand(context, type_, table))
        if kind < 19:
            container, inner = self.pick([("S", "S"), ("SS", "S"), ("NS", "N"), ("BS", "B"), ("L", None), ("B", "B")])
            return "contains(%s, %s)" % (self.path(context, container, table),
                                         self.operand(context, inner or self.pick(TYPES), table))
        return "size(%s) %s %s" % (self.path(context, any_type, table), self.pick(["=", ">", "<="]),
                                   context.value({"N": self.pick("0123")}))

    def set_operand(self, context, type_):
        kind = self.rng.randrange(12)
        if kind < 5:
            return context.value(self.value(type_))
        if kind < 7:
            return self.path(context, type_)
        if kind < 9:
            return "if_not_exists(%s, %s)" % (self.path(context, type_), self.operand(context, type_, None)
                                               if self.one_in(2) else context.value(self.value(type_)))
        if type_ == "L" or kind == 11:
            return "list_append(%s, %s)" % (self.pick_list(context), self.pick_list(context))
        if type_ == "N" or kind == 10:
            return "%s %s %s" % (self.pick_number(context), self.pick("+-"), self.pick_number(context))
        return context.value(self.value(type_))

    def pick_list(self, context):
        return self.pick([lambda: self.path(context, "L"), lambda: context.value(self.value("L")),
                          lambda: "if_not_exists(%s, %s)" % (self.path(context, "L"), context.value(self.value("L")))])()

    def pick_number(self, context):
        return self.pick([lambda: self.path(context, "N"), lambda: context.value(self.value("N")),
                          lambda: "if_not_exists(%s, %s)" % (self.path(context, "N"), context.value(self.value("N")))])()

    def update(self, context, table):
        sections = {}
        types = self.rng.sample(TYPES, self.rng.randrange(1, 5))
        for type_ in types:
            path = self.path(context, type_, table if self.one_in(20) else None)
            kind = self.rng.randrange(10)
            if kind < 6:
                sections.setdefault("SET", []).append("%s = %s" % (path, self.set_operand(context, type_)))
            elif kind < 8:
                sections.setdefault("REMOVE", []).append(path)
            elif kind == 8 or type_ not in ("SS", "NS", "BS"):
                if self.one_in(6):
                    type_ = self.pick(TYPES)
                elif type_ not in ("SS", "NS", "BS", "N"):
                    type_ = self.pick(["N", "SS", "NS"])
                    path = self.path(context, type_)
                sections.setdefault("ADD", []).append("%s %s" % (path, context.value(self.value(type_))))
            else:
                sections.setdefault("DELETE", []).append("%s %s" % (path, context.value(self.value(type_))))
        order_ = list(sections)
        self.rng.shuffle(order_)
        return " ".join(self.pick([name, name, name.lower()]) + " " + ", ".join(sections[name]) for name in order_)

    def projection(self, context, table):
        if self.allowed is not None:
            return self.projection_of_index(context)
        return ", ".join(self.path(context, self.pick(TYPES), table) for _ in range(self.rng.randrange(1, 5)))

    def key_condition(self, context, table):
        name, type_ = table.keys[0]
        value = self.key_value(type_)
        if self.shadow[table.name] and not self.one_in(4):
            value = self.key(table)[name]
        text = "%s = %s" % (context.name(name), context.value(value))
        if self.one_in(15):
            text = "%s %s %s" % (context.name(name), self.pick(["<", ">=", "<>"]), context.value(value))
        if len(table.keys) == 2 and not self.one_in(4):
            second = self.sort_condition(context, table)
            text = self.pick(["%s AND %s", "%s and (%s)", "(%s) AND %s"]) % (text, second) if self.one_in(2) else \
                "%s AND %s" % ((text, second) if self.one_in(2) else (second, text))
        if self.one_in(12):
            text = self.pick(["(%s)", "%s AND pk = :v0", "%s OR sk = :v0", "NOT %s", "%s AND attribute_exists(n1)", "%s AND n1 = :v0",
                              "%s AND m1.x = :v0", "%s AND size(sk) > :v0", "%s AND contains(sk, :v0)", "%s AND sk IN (:v0)",
                              "%s AND :v0 BETWEEN pk AND sk", "%s AND pk = sk", "%s AND :v0 = :v0"]) % text
        return text

    def sort_condition(self, context, table):
        name, type_ = table.keys[1]
        name = context.name(name)
        if self.one_in(25):
            type_ = self.pick(TYPES)
            first = second = self.value(type_)
        else:
            first, second = sorted([self.key_value(type_), self.key_value(type_)], key=order)
        if self.one_in(15):
            first, second = second, first
        kind = self.rng.randrange(12)
        if kind < 7:
            operator = self.pick(["=", "<", "<=", ">", ">=", ">", "<>" if self.one_in(4) else "<"])
            operands = (name, operator, context.value(first))
            return "%s %s %s" % (operands if not self.one_in(8) else operands[::-1])
        if kind < 10:
            return "%s BETWEEN %s AND %s" % (name, context.value(first), context.value(second))
        return "begins_with(%s, %s)" % (name, context.value({type_: ""} if self.one_in(12) and type_ in "SB" else first))

    def damage(self, text):
        """An expression with a token too much, too few, or exchanged."""
        tokens = TOKEN.findall(text)
        if not tokens or self.one_in(12):
            return self.pick(["", " ", "(", "()", "a", "!!!", "INVALID SYNTAX HERE", "SET _123", "n1 = ", "(" * 400 + "n1 = n2" + ")" * 400,
                              " OR ".join(["n1 = n2"] * 302), "n1 = n2 OR " * 400 + "n1 = n2", "((n1 = n2))", "(n1) = n2", "a.", "a[", "a[0",
                              "n1 n2", "SET n1 = :v0 SET n2 = :v0", "SET n1 = :v0,", "NOT", "n1 BETWEEN n2", "size(n1)", "n1 = n1"])
        at = self.rng.randrange(len(tokens))
        kind = self.rng.randrange(5)
        if kind == 0:
            del tokens[at]
        elif kind == 1:
            tokens.insert(at, self.pick(CONDITION_TOKENS))
        elif kind == 2:
            tokens[at] = self.pick(CONDITION_TOKENS)
        elif kind == 3:
            tokens.insert(at, tokens[at])
        else:
            tokens[at] = self.pick(RESERVED)
        return " ".join(tokens)

    # ------------------------------------------------------------ legacy parameters

    def legacy_condition(self, type_, key=False):
        operators = ["EQ", "NE", "LT", "LE", "GT", "GE", "BEGINS_WITH", "BETWEEN"] if key else \
            ["EQ", "NE", "LT", "LE", "GT", "GE", "BEGINS_WITH", "BETWEEN", "IN", "NULL", "NOT_NULL", "CONTAINS", "NOT_CONTAINS"]
        operator = self.pick(operators)
        count = {"NULL": 0, "NOT_NULL": 0, "BETWEEN": 2, "IN": 2}.get(operator, 1)
        if self.one_in(10):
            count = self.rng.randrange(4)
        make = self.key_value if key else self.value
        values = [make(type_) if not self.one_in(30) else self.value() for _ in range(count)]
        if operator == "BETWEEN" and not self.one_in(8):
            values.sort(key=order)
        condition = {"ComparisonOperator": operator}
        if values or self.one_in(2):
            condition["AttributeValueList"] = values
        return condition

    def legacy_filter(self):
        filter_ = {}
        for _ in range(self.rng.randrange(1, 4)):
            type_ = self.pick(["S", "N", "S", "N", "SS", "B", "L"])
            filter_[self.pick(ATTRIBUTES[type_])] = self.legacy_condition(type_)
        return filter_

    def expected(self):
        expected = {}
        for _ in range(self.pick([1, 1, 2, 3])):
            type_ = self.pick(["S", "N", "S", "N", "SS", "B", "L"])
            name = self.pick(ATTRIBUTES[type_])
            kind = self.rng.randrange(8)
            if kind < 3:
                expected[name] = self.legacy_condition(type_)
            elif kind < 5:
                expected[name] = {"Value": self.value(type_)}
            elif kind < 7:
                expected[name] = {"Exists": False}
            else:
                expected[name] = self.pick([
                    {}, {"Exists": True}, {"Exists": True, "Value": self.value(type_)}, {"Exists": False, "Value": self.value(type_)},
                    {"Value": self.value(type_), "AttributeValueList": [self.value(type_)]}, {"AttributeValueList": [self.value(type_)]},
                    {"Exists": True, "ComparisonOperator": "EQ"}, {"ComparisonOperator": "EQ"},
                    {"ComparisonOperator": "NE", "Value": self.value(type_)}, {"ComparisonOperator": "FOO"},
                ])
        return expected

    def attribute_updates(self, table):
        updates = {}
        for type_ in self.rng.sample(TYPES, self.rng.randrange(1, 4)):
            name = self.pick(ATTRIBUTES[type_])
            if self.one_in(25):
                name = self.pick([table.keys[0][0], "m1.x", "l1[0]"])
            action = self.pick(["PUT", "PUT", "ADD", "DELETE"])
            update = {"Action": action, "Value": self.value(None if self.one_in(10) else type_)}
            if action == "DELETE" and (type_ not in ("SS", "NS", "BS") or self.one_in(3)) and not self.one_in(10):
                del update["Value"]
            if action == "ADD" and type_ not in ("SS", "NS", "BS", "N") and not self.one_in(6):
                update = {"Value": update["Value"]}
            if self.one_in(30):
                update.pop("Value", None)
            updates[name] = update
        return updates

    def maybe_operator(self, request, member):
        if len(request.get(member, ())) > 1 and self.one_in(2) or self.one_in(40):
            request["ConditionalOperator"] = self.pick(["AND", "OR", "OR"])

    # ------------------------------------------------------------ requests

    def capacity(self, request):
        if self.one_in(3):
            request["ReturnConsumedCapacity"] = self.pick(["TOTAL", "INDEXES", "NONE"])

    def add_condition(self, request, table, context):
        if self.one_in(6):
            request["Expected"] = self.expected()
            self.maybe_operator(request, "Expected")
        elif self.one_in(2.5):
            request["ConditionExpression"] = self.maybe_damage(self.condition(context, table), 12)
        if "ConditionExpression" in request and self.one_in(3):
            request["ReturnValuesOnConditionCheckFailure"] = self.pick(["ALL_OLD", "NONE"])

    def maybe_damage(self, text, n):
        return self.damage(text) if self.one_in(n) else text

    def metrics(self, request):
        if self.one_in(8):
            request["ReturnItemCollectionMetrics"] = self.pick(["SIZE", "SIZE", "NONE"])

    def put_item(self, table):
        request = {"TableName": table.name, "Item": self.item(table) if not self.one_in(10) else self.bad_item(table)}
        context = Context(self.rng)
        self.add_condition(request, table, context)
        context.put_into(request)
        if self.one_in(3):
            request["ReturnValues"] = self.pick(["ALL_OLD", "NONE", "ALL_OLD"] + ["ALL_NEW", "UPDATED_OLD"] * self.one_in(5))
        self.capacity(request)
        self.metrics(request)
        return request

    def get_item(self, table):
        request = {"TableName": table.name, "Key": self.key(table) if not self.one_in(8) else self.bad_key(table)}
        self.read_options(request, table, Context(self.rng))
        return request

    def read_options(self, request, table, context):
        if self.one_in(8):
            names = [self.pick(sum(ATTRIBUTES.values(), []) + [name for name, _ in table.keys]) for _ in range(self.pick([1, 2, 3]))]
            request["AttributesToGet"] = names if self.one_in(6) else sorted(set(names))
        elif self.one_in(2.5):
            request["ProjectionExpression"] = self.maybe_damage(self.projection(context, table), 10)
        context.put_into(request)
        if self.one_in(3):
            request["ConsistentRead"] = self.one_in(2)
        self.capacity(request)

    def delete_item(self, table):
        request = {"TableName": table.name, "Key": self.key(table) if not self.one_in(10) else self.bad_key(table)}
        context = Context(self.rng)
        self.add_condition(request, table, context)
        context.put_into(request)
        if self.one_in(3):
            request["ReturnValues"] = self.pick(["ALL_OLD", "NONE", "ALL_OLD"] + ["ALL_NEW", "UPDATED_OLD"] * self.one_in(5))
        self.capacity(request)
        self.metrics(request)
        return request

    def update_item(self, table):
        request = {"TableName": table.name, "Key": self.key(table, 6) if not self.one_in(20) else self.bad_key(table)}
        context = Context(self.rng)
        if self.one_in(7):
            request["AttributeUpdates"] = self.attribute_updates(table)
            if self.one_in(4):
                request["Expected"] = self.expected()
                self.maybe_operator(request, "Expected")
        else:
            if not self.one_in(40):
                request["UpdateExpression"] = self.maybe_damage(self.update(context, table), 12)
            if self.one_in(3):
                request["ConditionExpression"] = self.maybe_damage(self.condition(context, table), 12)
                if self.one_in(3):
                    request["ReturnValuesOnConditionCheckFailure"] = self.pick(["ALL_OLD", "NONE"])
        context.put_into(request)
        if self.one_in(1.5):
            request["ReturnValues"] = self.pick(["ALL_OLD", "NONE", "ALL_NEW", "UPDATED_OLD", "UPDATED_NEW"])
        self.capacity(request)
        self.metrics(request)
        return request

    def limit(self, request):
        if self.one_in(3):
            request["Limit"] = self.pick([1, 2, 3, 5, 100] + [0, -1] * self.one_in(6))

    def select(self, request):
        if self.one_in(6):
            request["Select"] = self.pick(["ALL_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"])

    def start_key(self, request, table, bad=4):
        if self.one_in(6):
            if self.one_in(bad):
                request["ExclusiveStartKey"] = self.bad_key(table)
            elif self.one_in(2) and table.cursor in self.last_keys:
                request["ExclusiveStartKey"] = dict(self.last_keys[table.cursor])
            else:
                request["ExclusiveStartKey"] = self.key(table)

    def query(self, table):
        request = {"TableName": table.name}
        context = Context(self.rng)
        legacy = self.one_in(7)
        if legacy:
            conditions = {}
            name, type_ = table.keys[0]
            conditions[name] = {"ComparisonOperator": "EQ", "AttributeValueList": [self.key(table)[name]]} \
                if not self.one_in(12) else self.legacy_condition(type_, True)
            if len(table.keys) == 2 and not self.one_in(4):
                conditions[table.keys[1][0]] = self.legacy_condition(table.keys[1][1], True)
            if self.one_in(12):
                conditions[self.pick(["n1", "x"])] = self.legacy_condition("N")
            request["KeyConditions"] = conditions
            if self.one_in(3):
                request["QueryFilter"] = self.legacy_filter()
                self.maybe_operator(request, "QueryFilter")
        else:
            if not self.one_in(40):
                request["KeyConditionExpression"] = self.maybe_damage(self.key_condition(context, table), 14)
        if not legacy and self.one_in(3):
            request["FilterExpression"] = self.maybe_damage(self.condition(context, table if self.one_in(6) else None), 14)
        if self.one_in(3):
            request["ScanIndexForward"] = self.one_in(2)
        self.read_options(request, table, context)
        self.limit(request)
        self.select(request)
        if self.one_in(3) and "KeyConditionExpression" in request and self.shadow[table.name]:
            request["ExclusiveStartKey"] = self.key_in_partition(request, table, context)
        else:
            self.start_key(request, table)
        return request

    def key_in_partition(self, request, table, context):
        key = self.key(table)
        match = re.search(r"(\S+) = (:v\d+)", request["KeyConditionExpression"])
        if match and match.group(2) in context.values:
            key[table.keys[0][0]] = copy.deepcopy(context.values[match.group(2)])
        return key

    def scan(self, table):
        request = {"TableName": table.name}
        context = Context(self.rng)
        if self.one_in(6):
            request["ScanFilter"] = self.legacy_filter()
            self.maybe_operator(request, "ScanFilter")
        elif self.one_in(2):
            request["FilterExpression"] = self.maybe_damage(self.condition(context, table), 12)
        self.read_options(request, table, context)
        self.limit(request)
        self.select(request)
        self.start_key(request, table, 2)
        if self.one_in(6):
            request["TotalSegments"] = self.pick([1, 2, 3, 5] + [0, 1000001] * self.one_in(6))
            request["Segment"] = self.pick([0, 1, 2]) if self.one_in(4) else 0
            if self.one_in(8):
                del request[self.pick(["TotalSegments", "Segment"])]
        return request

    def batch_get_item(self):
        request = {"RequestItems": {}}
        for table in self.rng.sample(self.tables, self.pick([1, 1, 2, 3])):
            keys = []
            for _ in range(self.pick([1, 2, 3, 5] + [0, 101] * self.one_in(15))):
                key = self.key(table) if not self.one_in(30) else self.bad_key(table)
                if key not in keys or self.one_in(30):
                    keys.append(key)
            part = {"Keys": keys}
            context = Context(self.rng)
            self.read_options(part, table, context)
            part.pop("ReturnConsumedCapacity", None)
            request["RequestItems"][table.name] = part
        self.capacity(request)
        return request

    def batch_write_item(self):
        request = {"RequestItems": {}}
        for table in self.rng.sample(self.tables, self.pick([1, 1, 2, 3])):
            writes, keys = [], []
            for _ in range(self.pick([1, 2, 3, 5] + [0, 26] * self.one_in(15))):
                if self.one_in(3):
                    key = self.key(table) if not self.one_in(30) else self.bad_key(table)
                    write = {"DeleteRequest": {"Key": key}}
                else:
                    key = self.item(table) if not self.one_in(30) else self.bad_item(table)
                    write = {"PutRequest": {"Item": key}}
                if self.one_in(80):
                    write = self.pick([{}, {"PutRequest": {}}, {"DeleteRequest": {}},
                                       {"PutRequest": {"Item": self.item(table)}, "DeleteRequest": {"Key": self.key(table)}}])
                key = [key.get(name) for name, _ in table.keys]
                if key not in keys or self.one_in(20):
                    writes.append(write)
                    keys.append(key)
            request["RequestItems"][table.name] = writes
        self.capacity(request)
        self.metrics(request)
        return request

    def create_table(self):
        """Always under a new name: the caller drops the table if it was created."""
        self.created += 1
        types = [self.pick("SNB"), self.pick("SNB")]
        table = Table("df.new%d" % self.created, types[0], self.pick([None, types[1]]))
        request = table.create_request()
        if self.one_in(3):
            request["BillingMode"] = "PROVISIONED"
            request["ProvisionedThroughput"] = {"ReadCapacityUnits": 5, "WriteCapacityUnits": 7}
            if self.one_in(3):
                del request["BillingMode"]
        if self.one_in(1.5):
            self.add_indexes(request, table)
            if self.one_in(2):
                self.spoil_created_indexes(request)
            if not self.one_in(10):
                return request
        if self.one_in(4):
            return request
        schema, definitions = request["KeySchema"], request["AttributeDefinitions"]
        mistakes = [
            lambda: definitions.pop(), lambda: definitions.append({"AttributeName": "unused", "AttributeType": "S"}),
            lambda: definitions[0].update(AttributeType=self.pick(["X", "SS", "BOOL", ""])), lambda: definitions[0].pop("AttributeType"),
            lambda: schema[0].update(KeyType=self.pick(["RANGE", "X"])), lambda: schema[0].pop("KeyType"),
            lambda: schema.append({"AttributeName": "pk", "KeyType": "RANGE"}), lambda: schema.append({"AttributeName": "n", "KeyType": "HASH"}),
            lambda: schema.reverse(), lambda: schema.clear(), lambda: definitions.clear(),
            lambda: request.update(TableName=self.pick(["ab", "", "a" * 256, "a!b", "df-string", "\u00e9\u00e9\u00e9"])),
            lambda: request.pop(self.pick(sorted(request))),
            lambda: request.update(BillingMode=self.pick(["X", "PROVISIONED", "PAY_PER_REQUEST"])),
            lambda: request.update(ProvisionedThroughput=self.pick([
                {}, {"ReadCapacityUnits": 1}, {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}, {"ReadCapacityUnits": 1, "WriteCapacityUnits": -1},
                {"ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1}])),
            lambda: schema[0].update(AttributeName=self.pick(["", "a" * 256, "other"])),
        ]
        for _ in range(self.pick([1, 1, 2])):
            mistake = self.pick(mistakes)
            try:
                mistake()
            except (IndexError, KeyError):
                pass
        return request

    def large_request(self):
        """A write of an item near the greatest size, or a read of pages of such items."""
        key = {"pk": {"S": "p"}, "sk": {"S": self.pick("abcdef")}}
        rest = ITEM_MAX_SIZE - len("pkpska") - len("v")
        size = self.pick([rest - 1, rest, rest + 1, rest - 100000, 180000, 50000, 1023, 1024, 1025])
        kind = self.rng.randrange(10)
        if kind < 4:
            value = {"S": "x" * size} if self.one_in(2) or size % 4 else {"S": "\u00e9" * (size // 2)}
            return "PutItem", {"TableName": self.large.name, "Item": dict(key, v=value), "ReturnConsumedCapacity": "TOTAL"}
        if kind == 4:
            return "DeleteItem", {"TableName": self.large.name, "Key": key, "ReturnConsumedCapacity": "TOTAL"}
        if kind == 5:
            return "GetItem", {"TableName": self.large.name, "Key": key, "ReturnConsumedCapacity": "TOTAL", "ConsistentRead": self.one_in(2),
                               "ProjectionExpression": "sk"}
        if kind == 6:
            return "UpdateItem", {"TableName": self.large.name, "Key": key, "UpdateExpression": "SET v = :v", "ReturnConsumedCapacity": "TOTAL",
                                  "ExpressionAttributeValues": {":v": {"S": "x" * (size - self.pick([0, 100]))}}}
        request = {"TableName": self.large.name, "ReturnConsumedCapacity": "TOTAL", "ProjectionExpression": "sk",
                   "ConsistentRead": self.one_in(2)}
        if kind == 9:
            return "Scan", request
        request.update(KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}}, ScanIndexForward=self.one_in(2))
        return "Query", request

    # ------------------------------------------------------------ mistakes that any request can have

    def spoil(self, operation, request):
        """One mistake in a request's members."""
        kind = self.rng.randrange(18)
        names, values = "ExpressionAttributeNames", "ExpressionAttributeValues"
        if not request:
            pass
        elif kind == 0:
            request.pop(self.pick(sorted(request)))
        elif kind == 1 and "TableName" in request:
            request["TableName"] = self.pick(["missing", "", "a", "a!", "x" * 256, "x" * 255, "\u00e9", "missing"])
        elif kind == 2:
            request.setdefault(names, {})["#unused"] = "unused"
        elif kind == 3:
            request.setdefault(values, {})[":unused"] = {"S": "a"}
        elif kind == 4:
            request[names] = self.pick([{}, {"x": "n1"}, {"#": "n1"}, {"#a-b": "n1"}, {"#n0": ""}, {"#n0": "n1", "#n00": "n2"}, {"#" + "x" * 255: "a"},
                                        {"#\u00e9": "a"}])
        elif kind == 5:
            request[values] = self.pick([{}, {"x": {"S": "a"}}, {":": {"S": "a"}}, {":v-0": {"S": "a"}}, {":v0": self.bad_value()},
                                         {":v0": {"S": "a"}}])
        elif kind == 6 and request.get(values):
            request[values][self.pick(sorted(request[values]))] = self.bad_value()
        elif kind == 7 and request.get(values):
            del request[values][self.pick(sorted(request[values]))]
        elif kind == 8 and request.get(names):
            del request[names][self.pick(sorted(request[names]))]
        elif kind == 9 and request.get(values):
            request[values][self.pick(sorted(request[values]))] = self.value()
        elif kind == 10:
            member = self.pick(["ReturnConsumedCapacity", "ReturnValues", "ReturnItemCollectionMetrics", "Select", "ConditionalOperator",
                                "ReturnValuesOnConditionCheckFailure"])
            request[member] = self.pick(["FOO", "", "NONE", "none", "ALL_OLD"])
        elif kind == 11:
            request[self.pick(["Limit", "Segment", "TotalSegments"])] = self.pick([0, -1, 1, 1000001, 2])
        elif kind == 12:
            member = self.pick(sorted(request))
            request[member] = self.pick([5, 1.5, True, "x", [], {}, ["x"], None])
        elif kind == 13:
            member = self.pick(["ConditionExpression", "FilterExpression", "ProjectionExpression", "KeyConditionExpression", "UpdateExpression"])
            request[member] = self.pick(["n1 = n2", "", "attribute_exists(n1)", "n1"])
        elif kind == 14:
            member = self.pick(["Expected", "AttributesToGet", "AttributeUpdates", "ScanFilter", "QueryFilter", "KeyConditions"])
            request[member] = self.pick([{}, []]) if self.one_in(3) else {
                "Expected": self.expected, "AttributesToGet": lambda: ["n1", "s1"], "AttributeUpdates": lambda: {"n1": {"Value": {"N": "1"}}},
                "ScanFilter": self.legacy_filter, "QueryFilter": self.legacy_filter,
                "KeyConditions": lambda: {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}},
            }[member]()
        elif kind == 15:
            request["IndexName"] = self.pick(["missing", "", "a", "ab!"])
        elif kind == 16:
            request["NoSuchMember"] = "x"
        else:
            for member in ("UpdateExpression", "ConditionExpression", "KeyConditionExpression", "FilterExpression", "ProjectionExpression"):
                if isinstance(request.get(member), str):
                    request[member] = self.damage(request[member])

    def part_to_spoil(self, request):
        """The request, or an action of a transaction."""
        parts = [action for element in request.get("TransactItems") or () if isinstance(element, dict)
                 for action in element.values() if isinstance(action, dict)] if isinstance(request.get("TransactItems"), list) else []
        return self.pick(parts) if parts and not self.one_in(4) else request

    def next(self):
        """An operation and its request."""
        kind = self.rng.randrange(100)
        if kind < 2:
            return ("CreateTable", self.create_table()) if kind < 1 or self.one_in(2) else ("DescribeTable", self.describe_table())
        if self.one_in(100):
            return self.large_request()
        if self.one_in(300):
            return "UpdateTable", self.update_table()
        if self.one_in(6):
            return self.partiql()
        table = self.pick_table()
        reads_index = table.indexes and not self.one_in(4)
        if kind < 18:
            operation, request = "PutItem", self.put_item(table)
        elif kind < 25:
            operation, request = "GetItem", self.get_item(table)
        elif kind < 48:
            operation, request = "UpdateItem", self.update_item(table)
        elif kind < 54:
            operation, request = "DeleteItem", self.delete_item(table)
        elif kind < 70:
            operation, request = "Query", self.read_index(table, "Query") if reads_index else self.query(table)
        elif kind < 80:
            operation, request = "Scan", self.read_index(table, "Scan") if reads_index else self.scan(table)
        elif kind < 84:
            operation, request = "BatchGetItem", self.batch_get_item()
        elif kind < 88:
            operation, request = "BatchWriteItem", self.batch_write_item()
        elif kind < 96:
            operation, request = "TransactWriteItems", self.transact_write_items()
        else:
            operation, request = "TransactGetItems", self.transact_get_items()
        request = copy.deepcopy(request)
        while self.one_in(10):
            try:
                self.spoil(operation, self.part_to_spoil(request))
            except (AttributeError, TypeError):     # the member is spoilt already
                pass
        return operation, request


def order(value):
    """A key to sort values of one type by."""
    (type_, inner), = value.items()
    try:
        if type_ == "N":
            return (0, float(inner), "")
        if type_ == "B":
            return (1, 0, base64.b64decode(inner).hex())
    except ValueError:
        pass
    return (2, 0, inner.encode().hex() if isinstance(inner, str) else str(inner))
