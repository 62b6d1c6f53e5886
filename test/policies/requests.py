"""What access policies are asked for a request: a second reading of the rule, beside op/authorize.

parts(operation, request) are its parts in the order in which they are judged: (action, resource, keys), with the resource as what follows the
account in an ARN, or "*", and the request's own condition keys. PartiQL is read as far as tests write it: quoted tables, conditions on keys with
= and IN whose values are texts, numbers or parameters.
"""
import decimal
import re

# Partition keys of tables (None) and of their indexes, for whoever asks about these tables
SCHEMAS = {"Orders": {None: "tenant", "by_day": "tenant", "by_status": "status"}}

# Names that are attributes in PartiQL statements
ATTRIBUTES = {"tenant", "id", "day", "status", "card", "note"}

COMPARED = re.compile(r"""(?<![\w.])"?([A-Za-z_]\w*)"?\s*(?:=\s*('(?:[^']|'')*'|-?[\d.]+|\?)|IN\s*[\[(]([^\])]*)[\])])""", re.IGNORECASE)
VALUE = re.compile(r"'((?:[^']|'')*)'|(-?[\d.]+)|(\?)")
WORDS = re.compile(r"(?<![#:\w.\"])[A-Za-z_]\w*|#\w+")
RESERVED = {"and", "or", "not", "in", "between", "set", "remove", "add", "delete", "size", "begins_with", "contains", "attribute_exists",
            "attribute_not_exists", "attribute_type", "if_not_exists", "list_append", "null", "missing", "is"}


def name_of(table):
    return table.split(":table/")[-1].split("/")[0] if table.startswith("arn:") else table


def text_of(value):
    """A key's value as LeadingKeys has it."""
    (kind, text), = value.items()
    return format(decimal.Decimal(text).normalize(), "f") if kind == "N" else text


def expression_names(request, *members):
    """Top-level names in expressions."""
    names = set()
    for member in members:
        text = re.sub(r"\.\s*[#\w]+|\[\d+\]", "", request.get(member) or "")
        for word in WORDS.findall(text):
            if word.startswith("#"):
                names.add(request["ExpressionAttributeNames"][word])
            elif word.lower() not in RESERVED:
                names.add(word)
    return names


EXPRESSIONS = ("ProjectionExpression", "FilterExpression", "KeyConditionExpression", "ConditionExpression", "UpdateExpression")


def attributes(request):
    names = expression_names(request, *EXPRESSIONS) | set(request.get("AttributesToGet") or ())
    for member in ("Key", "Item", "Expected", "AttributeUpdates", "QueryFilter", "ScanFilter", "KeyConditions"):
        names |= set(request.get(member) or ())
    return sorted(names)


def selected(request, index):
    if request.get("Select"):
        return request["Select"]
    if request.get("ProjectionExpression") or request.get("AttributesToGet"):
        return "SPECIFIC_ATTRIBUTES"
    return "ALL_PROJECTED_ATTRIBUTES" if index else "ALL_ATTRIBUTES"


def keys_of(request, **more):
    keys = {"dynamodb:Attributes": attributes(request)}
    keys.update({"dynamodb:" + name: value for name, value in more.items() if value is not None})
    if request.get("ReturnConsumedCapacity"):
        keys["dynamodb:ReturnConsumedCapacity"] = request["ReturnConsumedCapacity"]
    return keys


def return_values(request):
    """What comes back if the condition fails is returned, too."""
    asked = request.get("ReturnValues") or "NONE"
    return "ALL_OLD" if request.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" else asked


def leading(table, index, named):
    """The values of the partition key, of a list of keys or items."""
    attribute = SCHEMAS.get(table, {}).get(index)
    return [text_of(key[attribute]) for key in named if attribute in key] or None


def key_condition(request):
    """The attribute and the value of an equality in a key condition."""
    if request.get("KeyConditions"):
        return {name: c["AttributeValueList"][0] for name, c in request["KeyConditions"].items() if c["ComparisonOperator"] == "EQ"}
    found = re.findall(r"(#?\w+)\s*=\s*(:\w+)", request.get("KeyConditionExpression") or "")
    return {(request.get("ExpressionAttributeNames") or {}).get(name, name): request["ExpressionAttributeValues"][value] for name, value in found}


# ---------------------------------------------------------------- operations

def single(operation, request, enclosing=None):
    table = name_of(request["TableName"])
    named = leading(table, None, [request.get("Key") or request.get("Item")])
    more = {"LeadingKeys": named, "EnclosingOperation": enclosing}
    if operation == "GetItem":
        more["Select"] = selected(request, None)
    else:
        more["ReturnValues"] = return_values(request)
    return operation, "table/" + table, keys_of(request, **more)


def many(operation, request):
    table, index = name_of(request["TableName"]), request.get("IndexName")
    more = {"Select": selected(request, index)}
    if operation == "Query":
        more["LeadingKeys"] = leading(table, index, [key_condition(request)])
    return operation, "table/" + table + ("/index/" + index if index else ""), keys_of(request, **more)


def batch(operation, request):
    for name, asked in request["RequestItems"].items():
        table = name_of(name)
        if operation == "BatchGetItem":
            named, members = asked["Keys"], dict(asked)
            names = set(attributes(members)).union(*[set(key) for key in named])
            keys = dict(keys_of({}, LeadingKeys=leading(table, None, named), Select=selected(asked, None)), **{"dynamodb:Attributes": sorted(names)})
        else:
            named = [write["PutRequest"]["Item"] if "PutRequest" in write else write["DeleteRequest"]["Key"] for write in asked]
            keys = dict(keys_of({}, LeadingKeys=leading(table, None, named)), **{"dynamodb:Attributes": sorted(set().union(*[set(item) for item in named]))})
        if request.get("ReturnConsumedCapacity"):
            keys["dynamodb:ReturnConsumedCapacity"] = request["ReturnConsumedCapacity"]
        yield operation, "table/" + table, keys


TRANSACTED = {"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}


def transacted(operation, request):
    for member in request["TransactItems"]:
        (kind, asked), = member.items()
        yield single(TRANSACTED[kind], asked, operation)


# ---------------------------------------------------------------- PartiQL

def compared_values(text, parameters):
    for literal, number, parameter in VALUE.findall(text):
        if parameter:
            yield text_of(next(parameters))
        else:
            yield number or literal.replace("''", "'")


def statement_part(statement, parameters, enclosing):
    kind = statement.split(None, 1)[0].upper()
    table, index = re.search(r"(?:FROM|INTO|UPDATE)\s+\"([^\"]+)\"(?:\.\"([^\"]+)\")?", statement, re.IGNORECASE).groups()
    attribute = SCHEMAS.get(table, {}).get(index)
    parameters = iter(parameters or [])
    before, _, where = re.sub(r"\s(?:WHERE)\s", "\0", statement, count=1, flags=re.IGNORECASE).partition("\0")
    for _ in range(before.count("?")):
        next(parameters)
    named = []
    if kind == "INSERT":
        found = re.search(r"'%s'\s*:\s*(?:'((?:[^']|'')*)'|(\d+))" % attribute, statement)
        named = [found.group(1) or found.group(2)] if found else []
    for name, value, values in COMPARED.findall(where):
        got = list(compared_values(value or values, parameters))
        if name == attribute:
            named += got
    bare = re.sub(r"'(?:[^']|'')*'(?!\s*:)", "", statement)
    keys = {"dynamodb:LeadingKeys": named or None, "dynamodb:EnclosingOperation": enclosing,
            "dynamodb:Attributes": sorted(ATTRIBUTES.intersection(re.findall(r"\w+", bare))) or None}
    if kind == "SELECT":
        keys["dynamodb:FullTableScan"] = "false" if named else "true"
        keys["dynamodb:Select"] = "ALL_ATTRIBUTES" if re.match(r"SELECT\s+\*", statement, re.IGNORECASE) else "SPECIFIC_ATTRIBUTES"
    return "PartiQL" + kind.capitalize(), "table/" + table + ("/index/" + index if index else ""), {k: v for k, v in keys.items() if v is not None}


def statements(operation, request):
    if operation == "ExecuteStatement":
        yield statement_part(request["Statement"], request.get("Parameters"), None)
    for member in request.get("Statements") or request.get("TransactStatements") or ():
        yield statement_part(member["Statement"], member.get("Parameters"), operation)


# ---------------------------------------------------------------- all of them

def parts(operation, request):
    if operation in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
        return [single(operation, request)]
    if operation in ("Query", "Scan"):
        return [many(operation, request)]
    if operation in ("BatchGetItem", "BatchWriteItem"):
        return list(batch(operation, request))
    if operation in ("TransactGetItems", "TransactWriteItems"):
        return list(transacted(operation, request))
    if operation in ("ExecuteStatement", "BatchExecuteStatement", "ExecuteTransaction"):
        return list(statements(operation, request))
    arn = request.get("StreamArn") or request.get("BackupArn")
    if arn:
        return [(operation, arn.split(":", 5)[5], {})]
    if operation.startswith("List") or operation in ("DescribeLimits", "DescribeEndpoints"):
        return [(operation, "*", {})]
    return [(operation, "table/" + name_of(request["TableName"]), {})]
