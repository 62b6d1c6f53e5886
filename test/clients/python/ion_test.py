#!/usr/bin/env python3
"""Ion as Amazon's own library has it: amazon.ion reads what dynapg exports, and dynapg reads what amazon.ion writes.

    SEED    seed of the random cases (default 20120810; 0 picks one)
    CASES   cases of each (default 1000)
"""
import base64
import os
import re
import sys
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "property"))
os.environ.setdefault("CASES", "1000")

from amazon.ion import simpleion                                                    # noqa: E402
from amazon.ion.core import IonType                                                 # noqa: E402
from amazon.ion.simple_types import IonPyBool, IonPyBytes, IonPyDecimal, IonPyDict, IonPyList, IonPyNull, IonPyText     # noqa: E402

import formats_property as formats                                                  # noqa: E402
import value_property as values                                                     # noqa: E402
from server import evaluate, prepare                                                # noqa: E402

report = values.report


def typed(value):
    """A value of amazon.ion as a typed value."""
    kind = value.ion_type
    notes = [note.text for note in value.ion_annotations]
    if notes:
        type_ = notes[0].removeprefix("$dynamodb_")
        members = [typed(member) for member in value]
        assert len(notes) == 1 and kind is IonType.LIST and all(list(member) == [type_[0]] for member in members), value
        return {type_: [member[type_[0]] for member in members]}
    if kind is IonType.STRING:
        return {"S": str(value)}
    if kind is IonType.DECIMAL:
        return {"N": values.plain(Decimal(value))}
    if kind is IonType.BLOB:
        return {"B": base64.b64encode(bytes(value)).decode()}
    if kind is IonType.BOOL:
        return {"BOOL": bool(value)}
    if kind is IonType.NULL:
        return {"NULL": True}
    if kind is IonType.LIST:
        return {"L": [typed(element) for element in value]}
    assert kind is IonType.STRUCT, value
    return {"M": {name: typed(member) for name, member in value.items()}}


def amazon(value):
    """A typed value as one of amazon.ion."""
    (type_, inner), = value.items()
    if type_ == "S":
        return IonPyText.from_value(IonType.STRING, inner)
    if type_ == "N":
        return IonPyDecimal.from_value(IonType.DECIMAL, Decimal(values.plain(Decimal(inner))))
    if type_ == "B":
        return IonPyBytes.from_value(IonType.BLOB, base64.b64decode(inner))
    if type_ == "BOOL":
        return IonPyBool.from_value(IonType.BOOL, inner)
    if type_ == "NULL":
        return IonPyNull.from_value(IonType.NULL, None)
    if type_ == "L":
        return IonPyList.from_value(IonType.LIST, [amazon(element) for element in inner])
    if type_ == "M":
        return amazon_item(inner)
    return IonPyList.from_value(IonType.LIST, [amazon({type_[0]: member}) for member in inner], ("$dynamodb_" + type_,))


def amazon_item(item):
    return IonPyDict.from_value(IonType.STRUCT, {name: amazon(value) for name, value in item.items()})


def looks_numbered(item):
    """Whether a name or an S looks like the number of a symbol: amazon.ion writes such a name as that number."""
    return re.search(r"'\$[0-9]+'", repr(item)) is not None


def amazon_reads_exports(items):
    expression = "dynapg_test.write_record(dynapg_test.wire_to_item(a), 'ION')"
    for item, (state, line) in zip(items, evaluate(expression, [(values.dump(item), None) for item in items])):
        try:
            read = typed(simpleion.loads(line, single_value=True)["Item"])["M"]
        except Exception as error:          # whatever it raises
            read = error
        report.check(state == "" and read == values.normal_item(item), "amazon.ion reads an export", item, line, read)


def exports_are_spelt_as_documented():
    """The exact line of the guide's example."""
    line = ('$ion_1_0 {Item:{Id:103.,ISBN:"333",Price:2d3,Authors:$dynamodb_SS::["Author1"],PageCount:6d2,Dimensions:"8.5 x 11.0",'
            'InPublication:false}}\n')
    (state, answer), = evaluate("(SELECT dynapg_test.write_record(item, 'ION') FROM dynapg_test.read_records(convert_to(a, 'UTF8'), 'ION') WHERE index = 0)",
                                [(line, None)])
    report.check(state == "" and answer == line, "the guide's example", answer)


def dynapg_reads_amazon(items):
    texts = []
    for item in items:
        text = simpleion.dumps(IonPyDict.from_value(IonType.STRUCT, {"Item": amazon_item(item)}), binary=False, indent=values.rng.choice([None, " "]))
        texts.append((text, None))
    expression = "(SELECT coalesce(item, to_jsonb(error)) FROM dynapg_test.read_records(convert_to(a, 'UTF8'), 'ION') WHERE index = 0)"
    for item, (text, _), (state, answer) in zip(items, texts, evaluate(expression, texts)):
        report.check(formats.is_item(state, answer, item), "dynapg reads amazon.ion", item, text, state, answer)


def main():
    prepare()
    items = [values.random_item() for _ in range(values.CASES)]
    amazon_reads_exports(items)
    exports_are_spelt_as_documented()
    dynapg_reads_amazon([item for item in items if not looks_numbered(item)])
    report.finish()


if __name__ == "__main__":
    main()
