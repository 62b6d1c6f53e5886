#!/usr/bin/env python3
"""Properties of the formats of imports and exports: Amazon Ion, DynamoDB JSON lines and CSV, whole and in pieces.

    SEED    seed of the random cases (default 20120810; 0 picks one)
    CASES   cases of each property (default 2000)
"""
import csv
import gzip
import io
import json
from decimal import Decimal

import value_property as values
from server import evaluate, prepare

CASES = values.CASES
rng = values.rng
report = values.report

# ---------------------------------------------------------------------------------------------------------------
# A writer of Ion that knows every way to write a value and takes any of them

ESCAPES = {"\0": "\\0", "\a": "\\a", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\v": "\\v", '"': '\\"', "'": "\\'",
           "?": "\\?", "\\": "\\\\", "/": "\\/"}


def blank():
    return rng.choice([""] * 12 + [" ", "\n", "\t ", "\r\n", "/* { \" */", "// ' }\n", "/**/", "/***/ "])


def escaped(text, plain):
    """Text with its characters written in any way; those of which plain is true may stand as they are."""
    out = []
    for c in text:
        ways = [c] * 4 if plain(c) else []
        ways += [ESCAPES[c]] if c in ESCAPES else []
        if ord(c) < 0x100:
            ways.append("\\x%02x" % ord(c))
        if ord(c) < 0x10000:
            ways.append("\\u%04X" % ord(c))
        else:
            pair = c.encode("utf-16-be").hex()
            ways.append("\\u" + pair[:4] + "\\u" + pair[4:])
        ways.append("\\U%08x" % ord(c))
        out.append(rng.choice(ways if rng.random() < 0.2 else ways[:1]))
        if rng.random() < 0.02:
            out.append("\\\n")
    return "".join(out)


def ion_string(text):
    if rng.random() < 0.2:
        cut = rng.randrange(len(text) + 1)
        parts = [text[:cut], text[cut:]] if rng.random() < 0.5 else [text]
        # no raw carriage return: it would become a newline; no raw quote at a part's end
        return (blank() + " ").join("'''" + escaped(part, lambda c: (c >= " " or c == "\n") and c not in "'\\") + "'''" for part in parts)
    return '"' + escaped(text, lambda c: c >= " " and c not in '"\\') + '"'


def ion_symbol(text, name=False):
    bare = text and text.isascii() and (text[0].isalpha() or text[0] in "_$") and all(c.isalnum() or c in "_$" for c in text) and \
        text not in ("null", "true", "false", "nan") and not (text[0] == "$" and text[1:].isdigit())
    if bare and rng.random() < 0.7:
        return text
    if name and rng.random() < 0.3:
        return ion_string(text)
    return "'" + escaped(text, lambda c: c >= " " and c not in "'\\") + "'"


def underscored(digits):
    return "".join(d + ("_" if rng.random() < 0.1 and i + 1 < len(digits) else "") for i, d in enumerate(digits))


def ion_number(text):
    digits, exponent = values.significant(Decimal(text))
    sign = "-" if Decimal(text) < 0 else ""
    if not digits:
        return rng.choice(["0", "0.", "-0.", "0d0", "0.000", "0e-5", "0x0", "-0b0"])
    text = "".join(map(str, digits))
    if 0 <= exponent < 30 and rng.random() < 0.3:
        number = int(text) * 10 ** exponent
        return sign + rng.choice([underscored(str(number)), hex(number), bin(number), str(number) + ".", "0X%X" % number])
    if rng.random() < 0.3:
        zeros = rng.randrange(3)
        text, exponent = text + "0" * zeros, exponent - zeros
    if rng.random() < 0.5 and len(text) > 1:
        point = rng.randrange(1, len(text))
        return sign + underscored(text[:point]) + "." + underscored(text[point:]) + rng.choice("dDeE") + str(exponent + len(text) - point)
    return sign + underscored(text) + rng.choice(["", "."]) + rng.choice("dDeE") + rng.choice(["", "+"] if exponent >= 0 else [""]) + str(exponent)


def ion_blob(text):
    cut = rng.randrange(len(text) + 1)
    return "{{" + rng.choice(["", " ", "\n"]) + text[:cut] + rng.choice(["", "", " "]) + text[cut:] + rng.choice(["", " "]) + "}}"


def ion_list(elements):
    return "[" + "".join(blank() + e + blank() + "," for e in elements)[:-1 if rng.random() < 0.8 else None] + blank() + "]"


def ion_struct(members):
    return "{" + ",".join(blank() + name + blank() + ":" + blank() + value + blank() for name, value in members) + \
        ("," if members and rng.random() < 0.2 else "") + blank() + "}"


def ion(value):
    (type_, inner), = value.items()
    note = ion_symbol(rng.choice(["note", "a b", "$ion", "dynamodb_SS"])) + blank() + "::" + blank() if rng.random() < 0.05 else ""
    if type_ == "S":
        return note + (ion_symbol(inner) if rng.random() < 0.1 else ion_string(inner))
    if type_ == "N":
        return note + ion_number(inner)
    if type_ == "B":
        return note + ion_blob(inner)
    if type_ == "BOOL":
        return note + ("true" if inner else "false")
    if type_ == "NULL":
        return note + rng.choice(["null", "null.null", "null.int", "null.struct", "null.timestamp"])
    if type_ == "L":
        return note + ion_list([ion(v) for v in inner])
    if type_ == "M":
        return note + ion_item(inner)
    return note + "$dynamodb_" + type_ + blank() + "::" + blank() + ion_list([ion({type_[0]: member}) for member in inner])


def ion_item(item):
    return ion_struct([(ion_symbol(name, True), ion(value)) for name, value in item.items()])


def ion_record(item):
    rest = [(ion_symbol("Other"), ion(values.random_value(4)))] if rng.random() < 0.2 else []
    marker = "$ion_1_0" + rng.choice([" ", "\n"]) if rng.random() < 0.5 else ""
    return blank() + marker + blank() + ion_struct(rest + [("Item", ion_item(item))]) + blank() + "\n"


# ---------------------------------------------------------------------------------------------------------------
# Properties

def stored(text):
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def is_item(state, answer, item):
    return state == "" and values.same_members(stored(answer), values.stored_item(item))


def items_survive_ion():
    items = list(values.awkward_items()) + [values.random_item() for _ in range(CASES)]
    expression = ("(SELECT record_image_eq(ROW(dynapg.item_from_ion(dynapg.item_to_ion(i))), ROW(i))"
                  " FROM (SELECT dynapg_test.wire_to_item(a)) AS s(i))")
    for item, (state, answer) in zip(items, evaluate(expression, [(values.dump(item), None) for item in items])):
        report.check(state == "" and answer == "true", "through Ion", item, state, answer)


def ion_is_read_however_it_is_written():
    items = [values.random_item() for _ in range(CASES)]
    texts = [ion_item(item) for item in items]
    for item, text, (state, answer) in zip(items, texts, evaluate("dynapg.item_from_ion(a)", [(text, None) for text in texts])):
        report.check(is_item(state, answer, item), "any Ion", item, text, state, answer)


def read_all(sources, format_, options="{}"):
    """The items of each source (bytes, compression), read in pieces of any size and from a record in the middle on."""
    expression = """(SELECT jsonb_build_object('all', (SELECT jsonb_agg(r ORDER BY r.index) FROM records r),
			'resumed', (SELECT bool_and(x IN (SELECT records FROM records)) FROM (SELECT * FROM records WHERE status = 'item' ORDER BY index OFFSET (count - 1) / 2 LIMIT 1) m,
				dynapg_test.read_records(decode(split_part(b, ' ', 2), 'hex'), '%s', split_part(b, ' ', 1), '%s', %d, m."end", m.index + 1) x)) FROM
		(SELECT count(*) FROM records) n) FROM (SELECT 1) one""" % (format_, options, rng.choice([1, 3, 100, 65536]))
    with_records = """(WITH records AS MATERIALIZED (SELECT * FROM dynapg_test.read_records(decode(split_part(b, ' ', 2), 'hex'), '%s', split_part(b, ' ', 1), '%s', %d))
		SELECT %s)""" % (format_, options, rng.choice([1, 3, 100, 65536]), expression)
    answers = []
    for state, answer in evaluate(with_records, [("", compression + " " + data.hex()) for data, compression in sources]):
        if state:
            answers.append((state, answer, None))
        else:
            found = stored(answer)
            answers.append(("", [r for r in found["all"] if r["status"] != "end"], found["resumed"]))
    return answers


def compressed(data):
    if rng.random() < 0.5:
        return data, "NONE"
    cut = rng.randrange(len(data) + 1)
    return (gzip.compress(data[:cut]) + gzip.compress(data[cut:]) if rng.random() < 0.5 else gzip.compress(data)), "GZIP"


def check_records(objects, answers, expected, what):
    for items, (state, records, resumed) in zip(objects, answers):
        good = state == "" and len(records) == len(items) and (resumed or not items) and \
            all(r["status"] == "item" and r["index"] == i and values.same_members(r["item"], expected(item))
                for i, (r, item) in enumerate(zip(records, items)))
        report.check(good, what, items, state, records, resumed)


def records_are_read_in_pieces():
    objects = [[values.random_item() for _ in range(rng.randrange(6))] for _ in range(CASES // 4)]
    for format_, write in (("DYNAMODB_JSON", lambda item: rng.choice(["", "\n", " \r\n"]) + json.dumps({"Item": item}, ensure_ascii=rng.random() < 0.5) + "\n"),
                           ("ION", ion_record)):
        sources = [compressed("".join(map(write, items)).encode()) for items in objects]
        check_records(objects, read_all(sources, format_), values.stored_item, "records of " + format_)


def exports_are_read_back():
    items = [values.random_item() for _ in range(CASES)]
    for format_ in ("DYNAMODB_JSON", "ION"):
        expression = f"""(SELECT record_image_eq(ROW(r.item), ROW(i)) AND line LIKE E'%\\n' AND position(E'\\n' IN line) = length(line)
			FROM (SELECT dynapg_test.wire_to_item(a)) s(i), dynapg_test.write_record(i, '{format_}') line,
				dynapg_test.read_records(convert_to(line, 'UTF8'), '{format_}') r WHERE r.index = 0)"""
        for item, (state, answer) in zip(items, evaluate(expression, [(values.dump(item), None) for item in items])):
            report.check(state == "" and answer == "true", "export and import in " + format_, item, state, answer)


def csv_text():
    return "".join(rng.choice(["a", "b", " ", "é", "😀", '"', '""', ",", ";", "\n", "\r\n", "\r", "x" * 50]) for _ in range(rng.randrange(4)))


def csv_is_read_as_python_writes_it():
    for delimiter in ",;:|\t ":
        objects, sources = [], []
        for _ in range(CASES // 20):
            names = ["p", "n", "b"] + [f"c{i} {rng.choice(['', ',', 'é'])}" for i in range(rng.randrange(5))]
            quoting = rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
            rows = [[csv_text(), values.random_number(), values.random_binary()] + [csv_text() for _ in names[3:]] for _ in range(rng.randrange(5))]
            # what Python writes for a lone carriage return is left to programs that know no other end of a line
            rows = [[field.replace("\r\n", "\n").replace("\r", "") if isinstance(field, str) else field for field in row] for row in rows]
            out = io.StringIO()
            writer = csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=rng.choice(["\n", "\r\n"]))
            writer.writerows([names] + rows)
            objects.append([{name: Decimal(field) if name == "n" else {"$B": field} if name == "b" else field
                             for name, field in zip(names, row) if field or quoting == csv.QUOTE_ALL} for row in rows])
            sources.append(compressed(out.getvalue().encode()))
        options = json.dumps({"delimiter": delimiter, "columns": {"p": "S", "n": "N", "b": "B"}}).replace("'", "''")
        check_records(objects, read_all(sources, "CSV", options), lambda item: item, "CSV with " + repr(delimiter))


def main():
    print(f"SEED={values.SEED} CASES={CASES}")
    prepare()
    items_survive_ion()
    ion_is_read_however_it_is_written()
    records_are_read_in_pieces()
    exports_are_read_back()
    csv_is_read_as_python_writes_it()
    report.finish()


if __name__ == "__main__":
    main()
