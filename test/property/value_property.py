#!/usr/bin/env python3
"""Properties of attribute values, against a model in Python that follows docs/format.md and PRODUCT rules alone.

    SEED    seed of the random cases (default 20120810; 0 picks one)
    CASES   cases of each property (default 2000)
"""
import base64
import json
import os
import random
import re
from decimal import Context, Decimal

from format_vectors import canonical, number_key, partition_hash
from server import Report, evaluate, prepare

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
CASES = int(os.environ.get("CASES", "2000"))
EXACT = Context(prec=1000, Emin=-10000, Emax=10000)

rng = random.Random(SEED)
report = Report()

# ---------------------------------------------------------------------------------------------------------------
# The model

OVERFLOW = "Number overflow. Attempting to store a number with magnitude larger than supported range"
UNDERFLOW = "Number underflow. Attempting to store a number with magnitude smaller than supported range"
TOO_PRECISE = "Attempting to store more than 38 significant digits in a Number"
NOT_NUMERIC = "The parameter cannot be converted to a numeric value"


def significant(number):
    """(digits without zeros at either end, exponent of the last)"""
    _, digits, exponent = number.as_tuple()
    digits = list(digits)
    while digits and digits[-1] == 0:
        digits.pop()
        exponent += 1
    while digits and digits[0] == 0:
        digits.pop(0)
    return digits, exponent


def number_error(text):
    """What the service says of a number, or None."""
    match = re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?", text, re.ASCII)
    if not match:
        return NOT_NUMERIC + (": " + text if text else "")
    number = EXACT.create_decimal(match.group(1))
    shift = int(match.group(2) or 0)
    digits, exponent = significant(number)
    if not digits:
        return OVERFLOW if number.as_tuple().exponent + shift > 125 else None
    magnitude = exponent + len(digits) - 1 + shift
    if magnitude > 125:
        return OVERFLOW
    if magnitude < -130:
        return UNDERFLOW
    return TOO_PRECISE if len(digits) > 38 else None


def plain(number):
    """Plain decimal notation."""
    digits, exponent = significant(number)
    if not digits:
        return "0"
    text = "".join(map(str, digits))
    if exponent >= 0:
        text += "0" * exponent
    elif len(text) > -exponent:
        text = text[:exponent] + "." + text[exponent:]
    else:
        text = "0." + "0" * (-exponent - len(text)) + text
    return ("-" if number < 0 else "") + text


def normal(value):
    """A typed value as the service gives it back; sets sorted."""
    (type_, inner), = value.items()
    if type_ == "N":
        return {"N": plain(Decimal(inner))}
    if type_ == "NS":
        return {"NS": [plain(n) for n in sorted(Decimal(n) for n in inner)]}
    if type_ == "SS":
        return {"SS": sorted(inner, key=str.encode)}
    if type_ == "BS":
        return {"BS": sorted(inner, key=base64.b64decode)}
    if type_ == "L":
        return {"L": [normal(v) for v in inner]}
    if type_ == "M":
        return {"M": normal_item(inner)}
    return value


def normal_item(item):
    return {name: normal(value) for name, value in item.items()}


def escape(text):
    return text.replace("$", "$$").replace("\0", "$0")


def stored_name(name):
    return "$$" + escape(name) if name.startswith("$$") or "\0" in name else name


def stored(value):
    (type_, inner), = normal(value).items()
    if type_ == "S":
        return {"$S": escape(inner)} if "\0" in inner else inner
    if type_ == "N":
        return Decimal(inner)
    if type_ == "B":
        return {"$B": inner}
    if type_ == "BOOL":
        return inner
    if type_ == "NULL":
        return None
    if type_ == "L":
        return [stored(v) for v in inner]
    if type_ == "M":
        object_ = stored_item(inner)
        if len(object_) == 1 and next(iter(object_)).startswith("$"):
            return {"$M": object_}
        return object_
    if type_ == "SS" and any("\0" in s for s in inner):
        return {"$SS0": [escape(s) for s in inner]}
    if type_ == "NS":
        return {"$NS": [Decimal(n) for n in inner]}
    return {"$" + type_: inner}


def stored_item(item):
    return {stored_name(name): stored(value) for name, value in item.items()}


def number_size(text):
    number = Decimal(text)
    digits, exponent = significant(number)
    integer = min(max(exponent + len(digits), 0), len(digits))
    fraction = len(digits) - integer
    return 1 + (integer + 1) // 2 + (fraction + 1) // 2 + (number < 0)


def size(value):
    (type_, inner), = value.items()
    if type_ == "S":
        return len(inner.encode())
    if type_ == "N":
        return number_size(inner)
    if type_ == "B":
        return len(base64.b64decode(inner))
    if type_ in ("BOOL", "NULL"):
        return 1
    if type_ == "L":
        return 3 + sum(1 + size(v) for v in inner)
    if type_ == "M":
        return 3 + sum(1 + len(name.encode()) + size(v) for name, v in inner.items())
    return sum(size({type_[0]: member}) for member in inner)


def item_size(item):
    return sum(len(name.encode()) + size(value) for name, value in item.items())


# ---------------------------------------------------------------------------------------------------------------
# Random cases

PIECES = ["$", "$$", "$0", "$S", "$M", "$SS0", "\0", "a", "b", "zz", "é", "€", "😀", '"', "\\", "/", "\n", "\x01",
          "\x1f", "\x7f", "\u2028", "\ud7ff", "\uffff", " ", "", "Acme", "S", "N", "_", "\\u0000"]


def random_string():
    if rng.random() < 0.05:
        return "".join(rng.choice("abcdefgh $\"\\é") for _ in range(rng.randrange(300)))
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(5)))


def random_name():
    while True:
        name = random_string()
        if name and name != "__type":
            return name


def random_number():
    """Text of a number in range, in any notation."""
    kind = rng.random()
    if kind < 0.3:
        return str(rng.randrange(-1000, 1000))
    ndigits = rng.choice([1, 2, 3, 4, 5, 8, 9, 16, 37, 38])
    digits = str(rng.randrange(10 ** (ndigits - 1), 10 ** ndigits))
    if kind < 0.6:
        point = rng.randrange(len(digits) + 1)
        digits = digits[:point] + "." + digits[point:]
        return rng.choice(["", "-", "+"]) + rng.choice(["", "0", "00"]) + digits + rng.choice(["", "0"] if point else [""])
    magnitude = rng.choice([-130, -129, -64, -63, -1, 0, 1, 63, 124, 125, rng.randrange(-130, 126)])
    return rng.choice(["", "-"]) + digits + rng.choice("eE") + str(magnitude - ndigits + 1)


def random_binary():
    return base64.b64encode(rng.randbytes(rng.choice([0, 1, 2, 3, 4, 5, 6, 7, 30, 100]))).decode()


def random_set(make, key):
    members = {}
    for _ in range(rng.randrange(1, 7)):
        member = make()
        members[key(member)] = member
    return list(members.values())


def random_value(depth=0):
    type_ = rng.choice(["S", "S", "N", "N", "B", "BOOL", "NULL", "SS", "NS", "BS"] + (["L", "M", "M"] if depth < 5 else []))
    if type_ == "S":
        return {"S": random_string()}
    if type_ == "N":
        return {"N": random_number()}
    if type_ == "B":
        return {"B": random_binary()}
    if type_ == "BOOL":
        return {"BOOL": rng.random() < 0.5}
    if type_ == "NULL":
        return {"NULL": True}
    if type_ == "SS":
        return {"SS": random_set(random_string, str)}
    if type_ == "NS":
        return {"NS": random_set(random_number, Decimal)}
    if type_ == "BS":
        return {"BS": random_set(random_binary, str)}
    if type_ == "L":
        return {"L": [random_value(depth + 1) for _ in range(rng.randrange(4))]}
    return {"M": random_item(depth + 1)}


def random_item(depth=0):
    return {random_name(): random_value(depth) for _ in range(rng.choice([0, 1, 1, 2, 3, 4, 40] if depth == 0 else [0, 1, 1, 2, 3]))}


def dump(value):
    return json.dumps(value, ensure_ascii=rng.random() < 0.3,
                      separators=rng.choice([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]))


def same_members(a, b):
    """Equality of parsed JSON, where true is not 1."""
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_members(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same_members, a, b))
    return isinstance(a, bool) == isinstance(b, bool) and a == b


# ---------------------------------------------------------------------------------------------------------------
# Properties

def items_come_back_as_they_went_in():
    items = [random_item() for _ in range(CASES)]
    texts = [(dump(item), None) for item in items]
    for item, (state, answer) in zip(items, evaluate("dynapg_test.wire_roundtrip(a)", texts)):
        report.check(state == "" and same_members(json.loads(answer), normal_item(item)), "round trip", item, state, answer)
    for item, (state, answer) in zip(items, evaluate("dynapg_test.wire_to_item(a)", texts)):
        good = state == "" and same_members(json.loads(answer, parse_int=Decimal, parse_float=Decimal), stored_item(item))
        report.check(good, "stored form", item, state, answer)
    for item, (state, answer) in zip(items, evaluate("dynapg.item_size(dynapg_test.wire_to_item(a))", texts)):
        report.check(state == "" and int(answer) == item_size(item), "item size", item, state, answer, item_size(item))
    plain_texts = [(text, None) for text, _ in texts if "\\u0000" not in json.dumps(json.loads(text))]
    expression = "dynapg.to_dynamodb_json(dynapg.from_dynamodb_json(a::jsonb))"
    for (text, _), (state, answer) in zip(plain_texts, evaluate(expression, plain_texts)):
        report.check(state == "" and same_members(json.loads(answer), normal_item(json.loads(text))),
                     "round trip through jsonb", text, state, answer)


def nested(depth, innermost):
    """A value of so many levels, lists and maps by turns."""
    value = innermost
    for level in range(depth - 1):
        value = {"L": [value, {"S": "beside"}]} if level % 2 else {"M": {"a": {"N": "1.5"}, "nested": value, "z": {"BOOL": True}}}
    return value


def awkward_items():
    """Items around the strides, alignments and sizes of jsonb's layout; none has what jsonb cannot hold."""
    for count in (0, 1, 2, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200):
        yield {f"n{i}": {"N": str(i * 1001)} for i in range(count)}
        yield {"n" * (i + 1): {"S": "x" * (i % 5)} for i in range(count)}
        yield {"l": {"L": [{"N": str(i)} for i in range(count)]}, "m": {"L": [{"L": []}, {"M": {}}] * count}}
        yield {"m": {"M": {str(i): {"BOOL": i % 2 == 0} for i in range(count)}}, "null": {"NULL": True}}
        if count:
            yield {"ss": {"SS": [f"{i:x}" for i in range(count)]}, "x": {"SS": ["x"]}}
            yield {"ns": {"NS": [f"{i}.25" for i in range(count)]}, "m": {"M": {"ns": {"NS": ["1E125", "-1E-130"]}}}}
            yield {"bs": {"BS": [base64.b64encode(bytes([i % 256] * (i // 256 + 1))).decode() for i in range(count)]}, "b": {"B": ""}}
    yield {"deepest": nested(32, {"L": []})}
    for depth in (1, 2, 5, 30, 31):
        for innermost in ({"S": "x"}, {"L": []}, {"M": {}}, {"M": {"$x": {"N": "1"}}}, {"SS": ["a", "bb"]}):
            yield {"deep": nested(depth, innermost), "after": {"S": "x"}}
    yield {"$S": {"S": "x"}}
    yield {"a": {"M": {"$S": {"S": "x"}}}, "b": {"M": {"$$S": {"S": "x"}}}, "$$c": {"S": "$"}}
    yield {"text": {"S": "x" * 409590}}
    yield {"list": {"L": [{"S": ""}] * 200000}}
    yield {"numbers": {"L": [{"N": "9E125"}] * 100000}}


def answers_have_the_bytes_of_jsonb():
    """What is made of a stored item in one walk over its bytes is what jsonb makes of the text that the other walk writes."""
    items = [item for item in list(awkward_items()) + [random_item() for _ in range(CASES)] if "\0" not in item_text(item)]
    rows = [(dump(item), None) for item in items]
    expression = ("(SELECT record_image_eq(ROW(dynapg.to_dynamodb_json(i)), ROW(dynapg_test.item_to_wire(i)::jsonb))"
                  " FROM (SELECT dynapg_test.wire_to_item(a)) AS s(i))")
    for item, (state, answer) in zip(items, evaluate(expression, rows)):
        report.check(state == "" and answer == "true", "bytes of jsonb", item, state, answer)


def item_text(value):
    """All names and strings of a value, one after the other."""
    if isinstance(value, dict):
        return "".join(name + item_text(inner) for name, inner in value.items())
    if isinstance(value, list):
        return "".join(map(item_text, value))
    return str(value)


def unordered(value):
    """The stored form as a careless SQL user might write it: sets in any order, numbers with zeros."""
    if isinstance(value, Decimal):
        text = plain(value)
        return RawNumber(text + rng.choice(["0", "00"]) if "." in text else text + rng.choice(["", ".0", ".00"]))
    if isinstance(value, dict):
        if len(value) == 1 and "$M" in value:
            return {"$M": {name: unordered(inner) for name, inner in value["$M"].items()}}
        members = {name: unordered(inner) for name, inner in value.items()}
        for tag in ("$SS", "$SS0", "$NS", "$BS"):
            if len(members) == 1 and tag in members:
                rng.shuffle(members[tag])
        return members
    if isinstance(value, list):
        return [unordered(inner) for inner in value]
    return value


class RawNumber:
    def __init__(self, text):
        self.text = text


def dump_stored(value):
    if isinstance(value, RawNumber):
        return value.text
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(n) + ":" + dump_stored(v) for n, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump_stored, value)) + "]"
    return json.dumps(value)


def equality_is_that_of_the_model():
    rows = []
    expected = []
    pool = [random_value() for _ in range(200)] + [{"S": "a"}, {"B": "YQ=="}, {"N": "1"}, {"SS": ["a"]}, {"L": [{"S": "a"}]}]
    for _ in range(CASES):
        a = random_value() if rng.random() < 0.5 else rng.choice(pool)
        b = a if rng.random() < 0.6 else rng.choice(pool)
        rows.append((dump_stored({"v": stored(a)}), dump_stored({"v": unordered(stored(b))})))
        expected.append(same_members(normal(a), normal(b)))
    for row, good, (state, answer) in zip(rows, expected, evaluate("dynapg_test.value_equal(a::jsonb, b::jsonb)", rows)):
        report.check(state == "" and (answer == "true") == good, "equality", row, good, state, answer)


def number_keys_are_in_numeric_order():
    texts = [random_number() for _ in range(CASES)]
    texts += ["0", "-0", "1E-130", "-1E-130", "9." + "9" * 37 + "E125", "-9." + "9" * 37 + "E125"]
    keys = []
    for text, (state, answer) in zip(texts, evaluate("dynapg.number_key(a::numeric)", [(t, None) for t in texts])):
        key = bytes.fromhex(answer[2:]) if state == "" else b""
        report.check(state == "" and key == number_key(text) and len(key) <= 22, "number key", text, state, answer)
        keys.append((key, Decimal(text)))
    keys.sort(key=lambda k: k[0])
    for (low_key, low), (high_key, high) in zip(keys, keys[1:]):
        report.check((low_key == high_key) == (low == high) and low <= high, "order of number keys", low, high)
    rows = [(t, None) for t in texts]
    expression = "dynapg.number_from_key(dynapg.number_key(a::numeric))"
    for text, (state, answer) in zip(texts, evaluate(expression, rows)):
        report.check(state == "" and answer == plain(Decimal(text)), "number of a key", text, state, answer)
    rows = [(rng.choice(texts), rng.choice(texts)) for _ in range(CASES)]
    expression = "dynapg_test.value_compare(jsonb_build_object('v', a::numeric), jsonb_build_object('v', b::numeric))"
    for (a, b), (state, answer) in zip(rows, evaluate(expression, rows)):
        order = (Decimal(a) > Decimal(b)) - (Decimal(a) < Decimal(b))
        report.check(state == "" and int(answer) == order, "order of numbers", a, b, state, answer)


def keys_are_those_of_the_format():
    for type_ in ("S", "N", "B"):
        make = {"S": random_string, "N": random_number, "B": random_binary}[type_]
        values = [v for v in (make() for _ in range(CASES)) if v != ""]
        texts = [(json.dumps({"k": {type_: v}}), None) for v in values]
        answers = evaluate(f"dynapg.sort_key(dynapg_test.wire_to_item(a), 'k', '{type_}')", texts)
        keys = []
        for value, (state, answer) in zip(values, answers):
            report.check(state == "" and answer == "\\x" + canonical(type_, value).hex(), "sort key", type_, value, state, answer)
            keys.append(canonical(type_, value))
        answers = evaluate(f"dynapg.partition_hash(dynapg_test.wire_to_item(a), 'k', '{type_}')", texts)
        for value, (state, answer) in zip(values, answers):
            report.check(state == "" and answer == str(partition_hash(type_, value)), "hash", type_, value, state, answer)
        if type_ == "N":
            continue
        pairs = [(rng.randrange(len(keys)), rng.randrange(len(keys))) for _ in range(CASES)]
        rows = [(json.dumps({"v": {type_: values[i]}}), json.dumps({"v": {type_: values[j]}})) for i, j in pairs]
        answers = evaluate("dynapg_test.value_compare(dynapg_test.wire_to_item(a), dynapg_test.wire_to_item(b))", rows)
        for (i, j), (state, answer) in zip(pairs, answers):
            order = (keys[i] > keys[j]) - (keys[i] < keys[j])
            report.check(state == "" and int(answer) == order, "order of keys", values[i], values[j], state, answer)


def random_number_text():
    """Text that may be no number, or one out of range."""
    kind = rng.random()
    if kind < 0.3:
        return random_number()
    if kind < 0.6:
        return "".join(rng.choice("0011259.eE+- xN") for _ in range(rng.randrange(8)))
    text = rng.choice(["", "", "-", "+"]) + "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 42)))
    if rng.random() < 0.5:
        text += "." + "".join(rng.choice("0003456789") for _ in range(rng.randrange(42)))
    if rng.random() < 0.7:
        text += rng.choice("eE") + rng.choice(["", "+", "-"]) + rng.choice(["0", "1", "5", "88", "100", "120", "125", "126", "130",
                                                                            "131", "00200", "99999999999999999999"])
    return text


def numbers_are_parsed_as_the_service_does():
    texts = [random_number_text() for _ in range(CASES * 2)]
    rows = [(json.dumps({"v": {"N": text}}), None) for text in texts]
    for text, (state, answer) in zip(texts, evaluate("dynapg_test.wire_roundtrip(a)", rows)):
        error = number_error(text)
        if error is None:
            number = plain(EXACT.create_decimal(text))
            report.check(state == "" and json.loads(answer)["v"]["N"] == number, "number", text, state, answer)
        else:
            report.check(state == "YD001" and answer == error, "number error", text, error, state, answer)


def sums_are_exact_or_overflow():
    rows = []
    expected = []
    for _ in range(CASES):
        a = random_number()
        b = random_number() if rng.random() < 0.6 else plain(Decimal(a).scaleb(rng.randrange(-3, 4), EXACT))
        if number_error(b):
            b = "1"
        add = rng.random() < 0.5
        rows.append((a, ("+" if add else "-") + " " + b))
        result = EXACT.add(Decimal(a), Decimal(b)) if add else EXACT.subtract(Decimal(a), Decimal(b))
        digits, exponent = significant(result)
        magnitude = exponent + len(digits) - 1
        expected.append(plain(result) if not digits or (len(digits) <= 38 and -130 <= magnitude <= 125) else None)
    expression = "dynapg_test.number_arithmetic(a, split_part(b, ' ', 1), split_part(b, ' ', 2))"
    for row, result, (state, answer) in zip(rows, expected, evaluate(expression, rows)):
        good = (state == "" and answer == result) if result is not None else (state == "YD001" and answer == OVERFLOW)
        report.check(good, "arithmetic", row, result, state, answer)


def main():
    print(f"SEED={SEED} CASES={CASES}")
    prepare()
    items_come_back_as_they_went_in()
    answers_have_the_bytes_of_jsonb()
    equality_is_that_of_the_model()
    number_keys_are_in_numeric_order()
    keys_are_those_of_the_format()
    numbers_are_parsed_as_the_service_does()
    sums_are_exact_or_overflow()
    report.finish()


if __name__ == "__main__":
    main()
