"""Attribute values in one form, so that they can be compared."""
import decimal
import json


def normal_value(value, spell=str):
    """A value in which sets have an order; spell gives the text of a number."""
    if isinstance(value, dict):
        normal = {}
        for name, inner in value.items():
            if name == "N" and isinstance(inner, str):
                normal[name] = spell(inner)
            elif name in ("SS", "NS", "BS") and isinstance(inner, list) and all(isinstance(i, str) for i in inner):
                normal[name] = sorted(spell(i) if name == "NS" else i for i in inner)
            else:
                normal[name] = normal_value(inner, spell)
        return normal
    if isinstance(value, list):
        return [normal_value(inner, spell) for inner in value]
    return value


def plain_number(text):
    """A number in the one form that the service gives it."""
    try:
        text = format(decimal.Decimal(text).normalize(decimal.Context(prec=60)), "f")
    except decimal.InvalidOperation:
        return text
    return "0" if text == "-0" else text


def plain(value):
    return normal_value(value, plain_number)


def text_of(value):
    """A text to sort by."""
    return json.dumps(value, sort_keys=True)
