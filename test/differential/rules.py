"""The known differences between DynamoDB Local and dynapg, each with the reason why dynapg is right.

A rule has an id, what differs, why dynapg is right with its source, and a pattern on the case: `local` and `dynapg` match the two
answers (`ok`, or `Exception: message`), `operation`, `difference` and `when` narrow it down. Sources: a section of the collected
messages of the service (MESSAGES), the developer guide or API reference (AWS), or nothing yet ("unverified").
"""
import re

ENVELOPE = "1 validation error detected: "


class Rule:
    def __init__(self, id_, what, why, local=None, dynapg=None, operation=None, difference=None, when=None):
        self.id = id_
        self.what = what
        self.why = why
        self.local = re.compile(local, re.S) if local else None
        self.dynapg = re.compile(dynapg, re.S) if dynapg else None
        self.operation = operation.split() if operation else None
        self.difference = difference
        self.when = when

    def explains(self, case):
        return ((self.operation is None or case.operation in self.operation)
                and (self.difference is None or self.difference == case.difference)
                and (self.local is None or self.local.fullmatch(answer_text(case.local)) is not None)
                and (self.dynapg is None or self.dynapg.fullmatch(answer_text(case.dynapg)) is not None)
                and (self.when is None or self.when(case)))


def answer_text(answer):
    if "ok" in answer:
        return "ok"
    return "%s: %s" % (answer["error"].replace("ValidationException", "VE"), answer["message"] or "")


def message(answer):
    return answer.get("message") or ""


# ---------------------------------------------------------------- the order of checks

# What a refusal belongs to, in the order in which the service checks (MESSAGES 0, 7, 8): the first pattern that is found counts.
STAGES = [
    (0, r"^SerializationException"),
    (1, r"validation errors? detected: (Value|Invalid AWS)|^VE: Value null at|Limit must be greater|^VE: Invalid table/index name"
        r"|The parameter 'TableName' is required|RequestItems"),
    (2, r"Can not use both|can only be specified when using|ConditionalOperator c"),
    (4, r"ExpressionAttribute(Names|Values) (contains|must|exceeds)|Invalid \w+Expression|unused in expressions"),
    (5, r"Cannot specify the|Must specify the|ALL_PROJECTED|Segment|segment|Conditions can be of length|Either the KeyConditions"
        r"|KeyConditionExpressions"),
    (6, r"ResourceNotFound|does not have the specified index"),
    (9, r"ConditionalCheckFailed"),
    (10, r"refers to an attribute that does not exist|document path provided|incorrect data type|Type mismatch for attribute to update"
         r"|Item size to update"),
    (7, r"does not match the schema|Type mismatch for key|number of conditions on the keys|One of the required keys|Missing the key"
        r"|Size of hashkey|Aggregated size|Hash primary key values|cannot contain an empty|part of the key|null key|Query condition"
        r"|Query key condition|indexable|schema type|starting key|[Ee]xclusive [Ss]tart|can only contain non-primary|must be scalars"
        r"|starting key|restarted|Invalid attribute value type|contains duplicates$.*keys"),
]


def stage(answer):
    text = answer_text(answer)
    for number, pattern in STAGES:
        if re.search(pattern, text):
            return number
    return 3        # values, sizes, legacy parameters, ReturnValues


def earlier(case):
    return "error" in case.local and "error" in case.dynapg and stage(case.dynapg) < stage(case.local)


def without_envelope(case):
    return message(case.dynapg) == ENVELOPE + message(case.local)


KEY_WORDS = ("VE: (The number of conditions on the keys is invalid|One of the required keys was not given a value|"
             "One or more parameter values were invalid: Type mismatch for key|Invalid attribute value type)")

RULES = [
    Rule("spelling", "DynamoDB Local keeps the spelling of numbers inside lists and maps, and of a number set's members",
         "Numbers have one normal form (AWS: leading and trailing zeroes are trimmed; MESSAGES 3)", difference="spelling"),
    Rule("local-broke", "DynamoDB Local fails with an internal error",
         "The client's mistake is never an internal error",
         local="InternalFailure: .*|HTTP 500: .*|InternalServerError: .*"),
    Rule("envelope", "`1 validation error detected: ` is missing at DynamoDB Local",
         "MESSAGES 0 and 8: the service puts it there", local="VE: .*", dynapg="VE: 1 validation error detected: .*", when=without_envelope),
    Rule("constraints", "a constraint of a member is reported in other words or not first",
         "MESSAGES 0: constraints are checked together, before anything else", local="VE: .*|ResourceNotFound.*",
         dynapg="VE: [0-9]+ validation errors? detected: (Value|Invalid AWS).*"),
    Rule("key-words", "a Key that does not fit the schema, in other words", "MESSAGES 4",
         local=KEY_WORDS, dynapg="VE: The provided key element does not match the schema"),
    Rule("item-key-words", "an item without its key, in other words", "MESSAGES 4", operation="PutItem",
         local=KEY_WORDS, dynapg="VE: One or more parameter values were invalid: (Missing the key|Type mismatch for key) .*"),
    Rule("key-size-words", "a key that is too long, in other words", "MESSAGES 4", local="VE: Hash primary key values must be under.*",
         dynapg="VE: One or more parameter values were invalid: (Size of hashkey|Aggregated size of all range keys) has exceeded .*"),
    Rule("return-values-words", "ReturnValues of a PutItem or DeleteItem, in other words", "MESSAGES 7",
         local="VE: Return values set to invalid value", dynapg="VE: (1 validation error detected: )?ReturnValues can only be ALL_OLD or NONE"),
    Rule("key-condition-prefix", "`Invalid KeyConditionExpression: ` is missing at DynamoDB Local", "MESSAGES 5",
         local="VE: .*", dynapg="VE: Invalid KeyConditionExpression: .*",
         when=lambda case: message(case.dynapg) == "Invalid KeyConditionExpression: " + message(case.local)),
    Rule("type-set", "DynamoDB Local names a set of types after the type of an operand", "MESSAGES 5",
         local="VE: .*, typeSet: \\w+", when=lambda case: message(case.local).startswith(message(case.dynapg) + ", typeSet: ")
         or message(case.local).startswith(message(case.dynapg)[len(ENVELOPE):] + ", typeSet: ")),
    Rule("no-table-words", "a missing table, in other words", "MESSAGES 7",
         local="ResourceNotFoundException: Cannot do operations on a non-existent table",
         dynapg="ResourceNotFoundException: Requested resource not found"),
    Rule("number-words", "what is no number, in other words", "MESSAGES 3",
         local="VE: .*A value provided cannot be converted into a number.*", dynapg="VE: .*The parameter cannot be converted to a numeric value.*"),
    Rule("start-key-words", "an ExclusiveStartKey outside the query, in other words", "MESSAGES 8", operation="Query",
         local="VE: (The provided starting key does not match the range key predicate|Exclusive Start Key must have same size.*)",
         dynapg="VE: The (provided (exclusive )?start(ing)? key is|query can return at most one row).*"),
    Rule("scan-start-key-words", "an ExclusiveStartKey that is no key, in other words", "MESSAGES 8", operation="Scan",
         local="VE: (Exclusive Start Key must have same size.*|The provided starting key is invalid)",
         dynapg="VE: The provided starting key is invalid: .*"),
    Rule("serialization", "a wrong JSON type is a ValidationException at DynamoDB Local", "MESSAGES 2: SerializationException, before the rest",
         local="VE: .*|ResourceNotFound.*", dynapg="SerializationException: .*"),
    Rule("order", "of two mistakes in a request DynamoDB Local reports the later one", "MESSAGES 0, 7 and 8 give the service's order",
         when=earlier),
]
