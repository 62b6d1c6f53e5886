"""The known differences between DynamoDB Local and dynapg, each with the reason why dynapg is right.

A rule has an id, what differs, why dynapg is right with its source, and a pattern on the case: `local` and `dynapg` match the two
answers (`ok`, or `Exception: message`), `operation`, `difference` and `when` narrow it down. Sources: a section of the collected
messages of the service (recorded answers), the developer guide or API reference (AWS), or nothing yet ("unverified").
"""
import re

from values import plain, text_of

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
                and (self.when is None or self.holds(case)))

    def holds(self, case):
        try:
            return self.when(case)
        except (AttributeError, KeyError, TypeError):       # the request is not of the form that the rule is about
            return False


def answer_text(answer):
    if "ok" in answer:
        return "ok"
    return "%s: %s" % (answer["error"].replace("ValidationException", "VE"), answer["message"] or "")


def message(answer):
    return answer.get("message") or ""


# ---------------------------------------------------------------- the order of checks

# What a refusal belongs to, in the order in which the service checks (recorded answers 0, 5, 7, 8): the first pattern that is found counts.
STAGES = [
    (0, r"^SerializationException"),
    (3.7, r"at 'segment' failed to satisfy constraint: Member must have value less"),
    (1, r"validation errors? detected: (Value|Invalid AWS)|^VE: Value null at|Limit must be greater|^VE: Invalid table/index name"
        r"|The parameter 'TableName' is required|requestItems parameter|[Ii]nvalid .*enum"),
    (2.1, r"Can not use both"),
    (2.2, r"can only be specified when using"),
    (2.3, r"ConditionalOperator c"),
    (3.7, r"Segment|segment is|segments? must|segments is"),
    (3.8, r"Either the KeyConditions|Conditions can be of length"),
    (4.0, r"ExpressionAttributeNames (contains|must|exceeds)"),
    (4.05, r"ExpressionAttributeValues (contains|must|exceeds)"),
    (4.1, r"Invalid UpdateExpression"),
    (4.2, r"Invalid ConditionExpression"),
    (4.7, r"Invalid operator used in KeyCondition|KeyConditionExpressions |Invalid condition in KeyCondition"),
    (4.3, r"Invalid KeyConditionExpression"),
    (4.4, r"Invalid FilterExpression"),
    (4.5, r"Invalid ProjectionExpression"),
    (4.6, r"unused in expressions"),
    (5, r"Cannot specify the|Must specify the|ALL_PROJECTED"),
    (6.1, r"^ResourceNotFound"),
    (6.2, r"does not have the specified index"),
    (6.3, r"[Cc]onsistent read"),
    (7.25, r"[Ii]ndex [Kk]ey|IndexKey"),
    (7.6, r"does not project|Select type ALL_ATTRIBUTES is not supported"),
    (9, r"^ConditionalCheckFailed"),
    (10, r"refers to an attribute that does not exist|document path provided|incorrect data type|Type mismatch for attribute to update"
         r"|Item size to update"),
    (3.66, r"starting key is invalid: (?!The provided key element|One or more parameter values are not valid)"),
    (7.0, r"starting key is invalid|[Ee]xclusive [Ss]tart"),
    (7.1, r"does not match the schema|Type mismatch for key|number of conditions on the keys|One of the required keys|Missing the key"
          r"|Query condition|Query key condition|indexable|schema type|Invalid attribute value type|null key"),
    (7.2, r"Size limit exceeded|Size of hashkey|Aggregated size|Hash primary key values|cannot contain an empty|part of the key"),
    (7.3, r"starting key|restarted"),
    (7.4, r"must be scalars"),
    (7.5, r"can only contain non-primary"),
    (8, r"list of item keys contains duplicates|multiple operations on one item"),
    (3.2, r"Return [Vv]alues|ReturnValues|Item size"),
    (3.5, r"action (with value )?is not supported|DELETE action is allowed"),
    (3.62, r"is not valid for \w+ AttributeValue"),
    (3.61, r"must be of same type|Invalid number of argument"),
    (3.6, r"for Attribute: |BETWEEN condition"),
    (3.65, r"Duplicate value in attribute name|two attributes with the same name"),
]


def stage(case, answer):
    text = answer_text(answer)
    if "Conditions can be of length" in text and "IndexName" in case.request:
        return 6.35         # the index says how many its key allows
    if answer["error"] == "TransactionCanceledException":
        return 9
    for number, pattern in STAGES:
        if re.search(pattern, text):
            return number
    return 3.66 if case.operation in ("Query", "Scan") else 3.0         # values: there is those of ExclusiveStartKey


# The order inside one expression (recorded answers 5); in a condition, reserved words come after functions.
REASONS = ["expression size", "can not be empty", "too many operators", "Syntax error", "redundant parentheses", "UPDATE reserved",
           "Invalid function name", "not allowed to be used this way", "is a reserved keyword", "section can only be used once",
           "name used in the document path is not defined", "value used in expression is not defined", "overlap", "conflict",
           "operator: (ADD|DELETE), operand type",
           "Incorrect number", "distinct", "Incorrect|Invalid attribute type|requires"]


def reason(answer):
    text = message(answer)
    if "Invalid UpdateExpression" in text:
        text = text.replace("Attribute name is a reserved keyword", "UPDATE reserved")
    return next((i for i, pattern in enumerate(REASONS) if re.search(pattern, text)), len(REASONS))


def earlier(case):
    if "ok" in case.local or "ok" in case.dynapg or case.dynapg["error"] == "TransactionCanceledException":
        return False
    a, b = stage(case, case.dynapg), stage(case, case.local)
    return a < b or a == b and 4.1 <= a <= 4.5 and reason(case.dynapg) < reason(case.local)


def both_in(first, last):
    """Whether both refusals belong to stages of a range, which has no order of its own."""
    return lambda case: all("error" in answer and first <= stage(case, answer) <= last for answer in (case.local, case.dynapg))


def without_envelope(case):
    return message(case.dynapg) == ENVELOPE + message(case.local)


KEY_WORDS = ("VE: (The number of conditions on the keys is invalid|One of the required keys was not given a value|"
             "One or more parameter values were invalid: Type mismatch for key|Invalid attribute value type)")


def different_names(case):
    """The same complaint about two of several attributes or placeholders."""
    return mask_names(message(case.local)) == mask_names(message(case.dynapg))


def mask_names(text):
    text = re.sub(r"first operand: \[.*\]", "*", text.replace(ENVELOPE, ""))
    return re.sub(r"(Attribute|attribute name|attribute value|type|operator|for key|key): ?\S+|ComparisonOperator \w+|for (the )?\w+ (AttributeValue|type)|"
                  r"(ADD|DELETE) action with value|operand type: \w+(, typeSet: \w+)?|type \w+$", "*", text)


def same_but_for(pattern):
    """Whether the messages are the same when what a pattern matches is left out, and the envelope."""
    def same(case):
        a, b = (re.sub(pattern, "", message(answer)) for answer in (case.local, case.dynapg))
        return a == b or b == ENVELOPE + a
    return same


EVALUATION = (r"VE: (The document path provided in the update expression is invalid for update|"
              r"The provided expression refers to an attribute that does not exist in the item|"
              r"An operand in the update expression has an incorrect data type|"
              r"Number overflow.*|DynamoDB only supports precision.*)")

BAD_VALUE = ("VE: (One or more parameter values were invalid: |Supplied AttributeValue |The parameter cannot be converted|Input collection|"
             "Number (over|under)flow|ExpressionAttributeValues contains invalid value|Attempting to store|DynamoDB only supports|"
             "A value provided cannot be converted|The supplied Item contains|Nesting Levels).*")
INDEX_KEY = ("VE: One or more parameter values (were invalid: Type mismatch for Index Key.*|are not valid. A value specified for a secondary index "
             "key is not supported.*|are not valid. The update expression attempted to update a secondary index key.*)")
# What is wrong about the indexes of a request: words of DynamoDB Local, words of the service.
INDEX_DEFINITION = ["|".join(words) for words in ([
    "VE: (Key Schema too big|Cannot have more than|If Projection type INCLUDE|No attributes should be specified to be projected).*",
    "VE: (Local Secondary indices are not allowed|Local secondary indices must have a range key|Indexes must have a projection).*",
    "VE: (Two (global|local) secondary indices have the same name|Local Secondary Indices AND Global Secondary Indices must have).*",
    "VE: (GSI list is empty/invalid|LSI list is empty/invalid|Update global secondary index action is null|Nothing to update).*",
    "VE: (Only one global secondary index update per index|Attempting to create an index which already exists).*",
    "VE: (No Hash Key specified|Too many hash keys|Invalid key order|No Attribute Schema Defined).*",
    "VE: (The number of attributes in key schema must match|Cannot have two attributes with the same name).*",
    "VE: (invalid attribute, SchemaElement redefined|(Global|Local) Secondary Index (hash|range) key not specified).*",
    "VE: Local Secondary indices must have the same hash key as the main table",
    "ResourceNotFoundException: Requested resource not found",
    "LimitExceededException: .*Only 1 online index can be created or deleted simultaneously per table",   # the order is unverified
], [
    "VE: One or more parameter values were invalid: (Table KeySchema does not have|Index KeySchema does not have|Unknown ProjectionType).*",
    "VE: One or more parameter values were invalid: (Some AttributeDefinitions are not used|One of GlobalSecondaryIndexUpdate).*",
    "VE: One or more parameter values were invalid: (Only one global secondary index update per index|List of .* is empty).*",
    "VE: One or more parameter values were invalid: (Number of LocalSecondaryIndexes exceeds|GlobalSecondaryIndex count exceeds).*",
    "VE: One or more parameter values were invalid: (Neither ReadCapacityUnits nor|Duplicate index name|ProjectionType is .*, but).*",
    "VE: One or more parameter values were invalid: (Some index key attributes are not defined|AttributeDefinitions is not specified).*",
    "VE: One or more parameter values were invalid: Attributes cannot be redefined.*",
    "VE: (Invalid KeySchema: |The KeySchema contains multiple|Both the Hash Key|At least one of |Attribute Name is duplicated).*",
    "ResourceNotFoundException: Requested resource not found: Index .* for table .*",
])]

RULES = [
    Rule("spelling", "DynamoDB Local keeps the spelling of numbers inside lists and maps, and of a number set's members",
         "Numbers have one normal form (AWS: leading and trailing zeroes are trimmed; recorded answers 3)", difference="spelling"),
    Rule("local-broke", "DynamoDB Local fails with an internal error",
         "The client's mistake is never an internal error",
         local="InternalFailure: .*|HTTP 500: .*|InternalServerError: .*"),

    # ---- the same complaint in other words
    Rule("envelope", "`1 validation error detected: ` is missing at DynamoDB Local",
         "recorded answers 0 and 8: the service puts it there", local="VE: .*", dynapg="VE: 1 validation error detected: .*", when=without_envelope),
    Rule("constraints", "a constraint of a member is reported in other words, or after something else",
         "recorded answers 0: constraints are checked together, before anything else", local="VE: .*|ResourceNotFound.*",
         dynapg="VE: [0-9]+ validation errors? detected: (Value|Invalid AWS).*"),
    Rule("constraints-not-checked", "a constraint of a member is not checked by DynamoDB Local", "recorded answers 0",
         local="ok|ConditionalCheckFailed.*", dynapg="VE: [0-9]+ validation errors? detected: Value.*"),
    Rule("key-words", "a Key that does not fit the schema, in other words", "recorded answers 4",
         local=KEY_WORDS, dynapg="VE: The provided key element does not match the schema"),
    Rule("item-key-words", "an item without its key, in other words", "recorded answers 4", operation="PutItem",
         local=KEY_WORDS, dynapg="VE: One or more parameter values were invalid: (Missing the key|Type mismatch for key) .*"),
    Rule("key-size-words", "a key that is too long, in other words", "recorded answers 4",
         local="VE: (Hash primary key values must be under.*|.*Size limit exceeded)",
         dynapg="VE: One or more parameter values were invalid: (Size of hashkey|Aggregated size of all range keys) has exceeded .*"),
    Rule("return-values-words", "ReturnValues of a PutItem or DeleteItem, in other words", "recorded answers 7",
         local="VE: Return values set to invalid value", dynapg="VE: (1 validation error detected: )?ReturnValues can only be ALL_OLD or NONE"),
    Rule("key-condition-prefix", "`Invalid KeyConditionExpression: ` is missing at DynamoDB Local", "recorded answers 5",
         local="VE: .*", dynapg="VE: Invalid KeyConditionExpression: .*",
         when=lambda case: message(case.dynapg) == "Invalid KeyConditionExpression: " + message(case.local)),
    Rule("type-set", "DynamoDB Local names a set of types after the type of an operand", "recorded answers 5",
         local="VE: .*, typeSet: \\w+", when=same_but_for(r", typeSet: \w+$")),
    Rule("type-names", "the valid types of attribute_type come in another order", "recorded answers 5: the order is not fixed",
         local="VE: .*valid types: .*", when=same_but_for(r"valid types: \{[^}]*\}")),
    Rule("no-table-words", "a missing table, in other words", "recorded answers 7",
         local="ResourceNotFoundException: Cannot do operations on a non-existent table",
         dynapg="ResourceNotFoundException: Requested resource not found(: Table: .* not found)?"),
    Rule("table-exists-words", "a table that exists, in other words", "recorded answers 11", operation="CreateTable",
         local="ResourceInUseException: Cannot create preexisting table", dynapg="ResourceInUseException: Table already exists: .*"),
    Rule("duplicate-names-words", "duplicates in AttributesToGet, in other words", "recorded answers 6",
         local="VE: Cannot have two attributes with the same name", dynapg="VE: .*Duplicate value in attribute name: .*"),
    Rule("number-words", "what is no number, in other words", "recorded answers 3",
         local="VE: .*A value provided cannot be converted into a number.*", dynapg="VE: .*The parameter cannot be converted to a numeric value.*"),
    Rule("number-digits-words", "a number of more than 38 digits, in other words", "recorded answers 3",
         local="VE: .*DynamoDB only supports precision up to 38 digits.*", dynapg="VE: .*more than 38 significant digits.*"),
    Rule("number-range-words", "a number out of range, in other words", "recorded answers 3",
         local="VE: .*Number (over|under)flow.*", dynapg="VE: .*Number (over|under)flow.*"),
    Rule("sum-overflow", "a sum that does not fit 38 digits, in other words", "recorded answers 3: overflow",
         local="VE: DynamoDB only supports precision up to 38 digits", dynapg="VE: Number overflow.*", operation="UpdateItem"),
    Rule("duplicates-words", "duplicates in a set, in other words", "recorded answers 3",
         local="VE: .*Input collection.* contains duplicates.*", dynapg="VE: .*Input collection.* contains duplicates.*"),
    Rule("empty-name-words", "an empty attribute name, in other words", "recorded answers 3 (the text around it is unverified)",
         local="VE: .*Empty attribute name.*", dynapg="VE: .*Empty attribute name.*"),
    Rule("null-words", "null in the place of a value, in other words", "unverified",
         local="VE: .*(The supplied Item contains a null AttributeValue|may not have a null string as a member).*",
         dynapg="VE: .*(Supplied AttributeValue is empty|may not be empty|should not be empty).*"),
    Rule("type-letters", "the types in the messages of AttributeUpdates are letters", "recorded answers 6",
         local="VE: .*(ADD|DELETE) action (with value )?is not supported for the type .*",
         dynapg="VE: .*(ADD|DELETE) action (with value )?is not supported for the type .*"),
    Rule("start-key-words", "an ExclusiveStartKey outside the query, in other words", "recorded answers 8", operation="Query",
         local="VE: (The provided starting key does not match the range key predicate|Exclusive Start Key must have same size.*)",
         dynapg="VE: The (provided (exclusive )?start(ing)? key is|query can return at most one row).*"),
    Rule("start-key-value-prefix", "`The provided starting key is invalid: ` is missing at DynamoDB Local before a bad value", "recorded answers 3",
         local="VE: .*", dynapg="VE: The provided starting key is invalid: .*",
         when=lambda case: message(case.dynapg).endswith(": " + message(case.local))),
    Rule("start-key-empty", "an empty or too long key in ExclusiveStartKey, in other words or accepted", "unverified",
         operation="Query Scan", local="ok|VE: .*The provided starting key is invalid: One or more parameter values are not valid.*",
         dynapg="VE: The provided starting key is invalid(: The provided key element does not match the schema)?",
         when=lambda case: any(len(list(value.values())[0]) in (0, 1025, 2049) or len(list(value.values())[0]) > 1024
                               for value in case.request["ExclusiveStartKey"].values())),
    Rule("scan-start-key-words", "an ExclusiveStartKey that is no key, in other words", "recorded answers 8", operation="Scan",
         local="VE: (Exclusive Start Key must have same size.*|The provided starting key is invalid|Exclusive start key must lie .*)",
         dynapg="VE: The provided starting key is invalid(: .*)?"),
    Rule("segment-words", "Segment without TotalSegments, in other words", "recorded answers 8", operation="Scan",
         local="VE: .*[Ss]egment.*", dynapg="VE: The (TotalSegments|Segment) parameter is .*"),
    Rule("between-numbers", "the numbers of a BETWEEN in the wrong order are spelled as sent by DynamoDB Local", "unverified",
         local="VE: .*The BETWEEN operator .*", dynapg="VE: .*The BETWEEN operator .*",
         when=same_but_for(r"AttributeValue: \{N:[^}]*\}")),
    Rule("key-operator-words", "an operator that no key condition can have, in other words or after the type", "recorded answers 8", operation="Query",
         local="VE: (Query key condition not supported|Only scalar types can be used as Range Key values|"
               ".*Condition parameter type does not match schema type)",
         dynapg="VE: Attempted conditional constraint is not an indexable operation"),
    Rule("paths-words", "of the paths that overlap or conflict, DynamoDB Local names one that does not", "recorded answers 5",
         local="VE: .*Two document paths .*", dynapg="VE: .*Two document paths .*", when=lambda case: paths_clash(message(case.dynapg))),
    Rule("which-name", "of several attributes or placeholders at fault another one is named", "nothing says which is first: unverified",
         local="VE: .*", dynapg="VE: .*", when=different_names),
    Rule("syntax-place", "a syntax error is found a token later by DynamoDB Local", "unverified",
         local="VE: .*Syntax error; token: .*", dynapg="VE: .*Syntax error; token: .*",
         when=lambda case: same_but_for(r"token: .*")(case)),
    Rule("values-order", "of several bad values another one is reported", "nothing says which is first: unverified",
         local="VE: .*", dynapg="VE: .*", when=lambda case: both_in(3, 3)(case) or both_in(3.61, 3.66)(case),
         operation="PutItem GetItem UpdateItem DeleteItem Query Scan BatchGetItem BatchWriteItem"),
    Rule("transact-values-order", "of several bad values of a transaction another one is reported", "nothing says which is first: unverified",
         operation="TransactGetItems TransactWriteItems", local=BAD_VALUE, dynapg=BAD_VALUE),
    Rule("legacy-order", "of several attributes at fault in a legacy parameter another one is reported",
         "nothing says which is first: unverified", local="VE: .*", dynapg="VE: .*", when=both_in(3.5, 3.62)),
    Rule("batch-order", "of several keys or tables at fault in a batch another one is reported", "nothing says which is first: unverified",
         operation="BatchGetItem BatchWriteItem", local="VE: .*", dynapg="VE: .*", when=both_in(3, 7.25)),
    Rule("condition-missed-words", "DynamoDB Local does not name the key that a condition misses", "recorded answers 8", operation="Query",
         local="VE: Query condition missed key schema element", dynapg="VE: Query condition missed key schema element: .*"),
    Rule("short-table-names", "DynamoDB Local refuses names of one or two letters", "recorded answers 0: the least length is 1 but for CreateTable",
         local="VE: Invalid table/index name.*", when=lambda case: len(case.request.get("TableName", "")) < 3),
    Rule("table-words", "the key schema and throughput of a new table, in other words", "recorded answers 11", operation="CreateTable",
         local="VE: ((Hash|Range) Key not specified in|The number of attributes in key schema must|Two keys can not have the same name|"
               "Too many hash keys|No Hash Key specified|Invalid key order|No provisioned throughput specified|"
               "Cannot increase provisioned throughput|Cannot have two attributes with the same name).*",
         dynapg="VE: (Invalid KeySchema: |Both the Hash Key and the Range Key|Given value|Attribute Name is duplicated|"
                "One or more parameter values were invalid: (Some index key attributes are not defined|Number of attributes in KeySchema|"
                "ReadCapacityUnits and WriteCapacityUnits must|Neither ReadCapacityUnits nor)).*"),

    # ---- indexes, in other words
    Rule("consistent-words", "ConsistentRead on a global index, in other words", "recorded answers 8", operation="Query Scan",
         local="VE: Consistent read cannot be true when (querying|scanning) a GSI",
         dynapg="VE: Consistent reads are not supported on global secondary indexes"),
    Rule("which-index", "of several indexes with the key attribute another one is named", "nothing says which is first: unverified",
         local="VE: .*IndexName: .*", dynapg="VE: .*IndexName: .*", when=same_but_for(r"IndexName: [^,]*")),
    Rule("index-key-words", "an index key of the wrong type, in other words", "recorded answers 4",
         local="VE: (One or more parameter values were invalid: Type mismatch for Index Key|Invalid attribute value type|Updates on index keys must be of .*)",
         dynapg="VE: (One or more parameter values were invalid: Type mismatch for Index Key .* Expected: . Actual: .* IndexName: .*"
                "|The update expression attempted to update the secondary index key to unsupported type)"),
    Rule("which-index-key", "of several index keys at fault another one is reported", "nothing says which is first: unverified",
         local=INDEX_KEY + "|VE: Invalid attribute value type", dynapg=INDEX_KEY),
    Rule("index-key-legacy-words", "an empty index key in AttributeUpdates, in the words for PutItem",
         "recorded answers 4 of an update; of AttributeUpdates unverified", operation="UpdateItem",
         local="VE: .*A value specified for a secondary index key is not supported.*",
         dynapg="VE: .*The update expression attempted to update a secondary index key to a value that is not supported.*",
         when=lambda case: "AttributeUpdates" in case.request),

    Rule("which-filter-key", "of several key attributes in a filter another one is named", "nothing says which is first: unverified", operation="Query",
         local="VE: .*can only contain non-primary key attributes.*", dynapg="VE: .*can only contain non-primary key attributes.*",
         when=same_but_for("Primary key attribute: .*")),
    Rule("names-order", "attributes that an index does not project, or unused placeholders, are named in another order", "unverified",
         local="VE: .*(does not project|unused in expressions).*", dynapg="VE: .*(does not project|unused in expressions).*",
         when=lambda case: sorted(re.findall(r"[^\s,\[\]{}]+", message(case.local))) == sorted(re.findall(r"[^\s,\[\]{}]+", message(case.dynapg)))),
    Rule("two-actions", "two actions in one element of GlobalSecondaryIndexUpdates, in other words", "unverified", operation="UpdateTable",
         local="(LimitExceededException|VE): .*", dynapg="VE: .*Only one global secondary index action is allowed .*"),
    Rule("index-words", "a wrong definition of an index, in other words", "recorded answers 11", operation="CreateTable UpdateTable",
         local=INDEX_DEFINITION[0], dynapg=INDEX_DEFINITION[1]),

    # ---- transactions, in other words
    Rule("reason-words", "the reason of a cancellation, in other words", "recorded answers 4 and 10",
         operation="TransactWriteItems TransactGetItems ExecuteTransaction",
         local="TransactionCanceled.*", dynapg="TransactionCanceled.*", difference="reasons",
         when=lambda case: all(same_reason(a, b) for a, b in zip(case.local["reasons"], case.dynapg["reasons"]))),
    Rule("reasons-alone", "DynamoDB Local goes on to other items and conditions after a ValidationError",
         "recorded answers 10: only the first is reported, the others are None, conditions are not evaluated",
         operation="TransactWriteItems TransactGetItems ExecuteTransaction", local="TransactionCanceled.*", dynapg="TransactionCanceled.*",
         when=lambda case: validation_error_alone(case.dynapg["reasons"])
         and all(b["Code"] == "None" or same_reason(a, b) for a, b in zip(case.local["reasons"], case.dynapg["reasons"]))),
    Rule("reasons-checks", "DynamoDB Local looks at conditions before it checks what an action may change",
         "recorded answers 10: conditions are not evaluated then", operation="TransactWriteItems", local="TransactionCanceled.*", dynapg="TransactionCanceled.*",
         when=lambda case: validation_error_alone(case.dynapg["reasons"]) and any(
             re.search("Cannot update attribute|Key attributes must be scalars", reason.get("Message", "")) for reason in case.dynapg["reasons"])),
    Rule("transact-fails", "keys that do not fit and errors of evaluation fail the request at DynamoDB Local", "recorded answers 10: they cancel",
         operation="TransactWriteItems TransactGetItems", local="(VE|TransactionCanceledException): .*", dynapg="TransactionCanceled.*",
         when=lambda case: validation_error_alone(case.dynapg["reasons"]) and any(
             re.fullmatch(one, message(case.local)) and re.fullmatch(other, reason.get("Message", ""))
             for reason in case.dynapg["reasons"] for one, other in REASON_WORDS + FAILURES)),
    Rule("which-action", "of several actions at fault another one is reported: one that fails the request at DynamoDB Local", "unverified",
         operation="TransactWriteItems", local="VE: .*", dynapg="TransactionCanceled.*",
         when=lambda case: len(case.request["TransactItems"]) > 1 and re.fullmatch(
             EVALUATION + "|VE: .*(secondary index key|Invalid attribute value type|required keys was not given|number of conditions on the keys|"
             "cannot contain an empty).*", answer_text(case.local))),
    Rule("duplicates-order", "an item that is meant twice is found before or after what is wrong with keys and conditions",
         "recorded answers 10 do not say when: unverified", operation="TransactWriteItems TransactGetItems",
         local="VE: Transaction request cannot include multiple operations on one item|TransactionCanceled.*",
         dynapg="VE: Transaction request cannot include multiple operations on one item|TransactionCanceled.*", difference="exception"),
    Rule("token-words", "a token that another request had, in other words, or found before a missing table", "unverified", operation="TransactWriteItems",
         local="IdempotentParameterMismatchException: ", dynapg="IdempotentParameterMismatchException: .*|ResourceNotFound.*"),
    Rule("element-words", "an element without or with several actions, in other words", "recorded answers 10", operation="TransactWriteItems",
         local="VE: (Invalid Request: TransactWriteRequest should contain|TransactItems can only contain).*",
         dynapg="VE: TransactItems can only contain one of Check, Put, Update or Delete"),
    Rule("transact-key-size", "a key that is too long fails the request at DynamoDB Local, or is accepted",
         "unverified: taken for what does not fit the table, which cancels",
         operation="TransactWriteItems TransactGetItems", local="ok|VE: One or more parameter values were invalid: Size limit exceeded",
         dynapg="TransactionCanceled.*", when=lambda case: any("has exceeded the" in reason.get("Message", "") for reason in case.dynapg["reasons"])),

    # ---- order
    Rule("serialization", "a wrong JSON type is a ValidationException at DynamoDB Local, or accepted",
         "recorded answers 2: SerializationException, before the rest", dynapg="SerializationException: .*"),
    Rule("evaluation-order", "of several mistakes in an update's operands and paths another one is reported",
         "recorded answers 5 names operands before paths; the order between actions is unverified",
         local=EVALUATION, dynapg=EVALUATION, operation="UpdateItem ExecuteStatement BatchExecuteStatement"),
    Rule("order", "of two mistakes in a request DynamoDB Local reports the later one", "recorded answers 0, 5, 7 and 8 give the service's order",
         when=earlier),

    # ---- behaviour
    Rule("write-units", "DynamoDB Local counts the table's part in transactions four times and an index's too, and entries that no write touches",
         "recorded answers 17; the case's figures are checked against a model of them", difference="ConsumedCapacity",
         operation="PutItem UpdateItem DeleteItem BatchWriteItem TransactWriteItems ExecuteStatement BatchExecuteStatement ExecuteTransaction",
         when=lambda case: case.writes_cost_what_they_should()),
    Rule("transact-read-units", "the table's part of a transaction's ConsumedCapacity has no ReadCapacityUnits at DynamoDB Local", "recorded answers 17",
         operation="TransactGetItems ExecuteTransaction", difference="ConsumedCapacity",
         when=lambda case: without_read_units(case.local["ok"]["ConsumedCapacity"]) == without_read_units(case.dynapg["ok"]["ConsumedCapacity"])),
    Rule("replay-units", "DynamoDB Local does not count the checks of a transaction that is replayed", "recorded answers 17: a replay reads; of checks unverified",
         operation="TransactWriteItems", difference="ConsumedCapacity", local="ok", dynapg="ok",
         when=lambda case: "ReadCapacityUnits" in case.dynapg["ok"]["ConsumedCapacity"][0] and "ReadCapacityUnits" in case.local["ok"]["ConsumedCapacity"][0]
         and "ConditionCheck" in repr(case.request)),
    Rule("token-parameters", "DynamoDB Local takes a token again with another ReturnConsumedCapacity", "AWS: a change of other parameters is a mismatch",
         operation="TransactWriteItems", local="ok", dynapg="IdempotentParameterMismatch.*", when=lambda case: "ClientRequestToken" in case.request),
    Rule("fetch-of-keys", "DynamoDB Local charges the table for attributes that a local index has", "AWS: only what is not projected is fetched",
         operation="Query Scan", difference="ConsumedCapacity",
         when=lambda case: case.index.kind == "L" and local_units(case, less=False) and selects_projected(case.request, case.index)),
    Rule("scan-filter-fetches", "to a filter of a Scan of an index DynamoDB Local shows what is not projected", "unverified: PartiQL takes it for missing",
         operation="Scan", local="ok", dynapg="ok",
         when=lambda case: case.index.projected() is not None and set(case.difference.split()) <= {"ConsumedCapacity", "Count", "Items"}
         and ("FilterExpression" in case.request or "ScanFilter" in case.request)),
    Rule("remove-makes-item", "an update that only takes away makes an item at DynamoDB Local",
         "It makes none (AWS, AttributeUpdates: nothing happens; github.com/scylladb/scylladb/issues/5862: measured on the service)",
         operation="UpdateItem TransactWriteItems", local="ok", dynapg="ok",
         when=lambda case: case.difference in ("item left", "ConsumedCapacity") and any(
             only_takes_away(update) and not case.item_before(update) for update in updates_of(case.request))),
    Rule("index-key-unchecked", "AttributeUpdates and updates in transactions may give an index key the wrong type at DynamoDB Local",
         "recorded answers 4 and 10", operation="UpdateItem TransactWriteItems", local="ok|TransactionCanceled.*",
         dynapg="VE: .*(Type mismatch for Index Key|secondary index key to unsupported type).*|TransactionCanceled.*",
         when=lambda case: case.operation == "UpdateItem" or validation_error_alone(case.dynapg["reasons"])
         and any("index key" in reason.get("Message", "").lower() for reason in case.dynapg["reasons"])),
    Rule("definitions-known", "DynamoDB Local takes an index key that only an earlier request has defined", "recorded answers 11", operation="UpdateTable",
         local="ok", dynapg="VE: .*Some index key attributes are not defined in AttributeDefinitions.*"),
    Rule("empty-list", "DynamoDB Local takes an empty list of indexes", "recorded answers 11", operation="CreateTable",
         local="ok|ResourceInUse.*", dynapg="VE: .*List of (Local|Global)SecondaryIndexes is empty"),
    Rule("definitions-spare", "DynamoDB Local counts the definitions of attributes and no more", "recorded answers 11", operation="CreateTable",
         local="ok|ResourceInUse.*", dynapg="VE: .*Some AttributeDefinitions are not used.*"),
    Rule("index-key-there", "DynamoDB Local refuses an update of an item whose index key was empty before the index was made",
         "unverified: the update leaves the key as it is", operation="UpdateItem TransactWriteItems",
         dynapg="ok|ConditionalCheckFailed.*|TransactionCanceled.*",
         local="VE: .*secondary index key (to a value that )?is not supported.*",
         when=lambda case: any('""' in text_of(case.item_before(update) or {}) for update in updates_of(case.request))),
    Rule("update-key-size", "DynamoDB Local takes an update of an item whose key is too long for an index, if the item has no entry there",
         "unverified: as with PutItem, for which DynamoDB Local refuses it too", operation="UpdateItem", local="ok|ConditionalCheckFailed.*",
         dynapg="VE: .*Aggregated size of all range keys has exceeded the size limit.*"),
    Rule("definitions-kept", "DynamoDB Local at times keeps the definition of an attribute after its index is gone",
         "AWS: AttributeDefinitions are those of the keys of the table and its indexes",
         operation="DescribeTable", difference="AttributeDefinitions", when=lambda case: defined_are_keys(case.dynapg["ok"]["Table"])),
    Rule("definitions-twice", "DynamoDB Local takes an attribute that is defined twice in an UpdateTable",
         "recorded answers 11 of CreateTable; of UpdateTable unverified", operation="UpdateTable", local="ok", dynapg="VE: Attribute Name is duplicated: .*"),
    Rule("remove-returns-item", "ALL_NEW of an update that only takes away from an item that does not exist is its key at DynamoDB Local",
         "there is no item (see remove-makes-item); what the service returns is unverified", operation="UpdateItem", difference="Attributes",
         when=lambda case: case.request.get("ReturnValues") == "ALL_NEW" and only_takes_away(case.request) and not case.item_before()),
    Rule("remove-in-missing-item", "REMOVE of a path into an item that does not exist is an error at DynamoDB Local",
         "recorded answers 5: it succeeds silently", operation="UpdateItem TransactWriteItems",
         local="VE: The document path provided in the update expression is invalid for update", dynapg="ok",
         when=lambda case: any("remove" in update["UpdateExpression"].lower() and not case.item_before(update) for update in updates_of(case.request))),
    Rule("fragments", "DynamoDB Local returns the whole attribute where a part of it was updated, or an element that SET appended",
         "recorded answers 17: only the fragment, and not what was appended", operation="UpdateItem", difference="Attributes",
         when=lambda case: case.request.get("ReturnValues") in ("UPDATED_NEW", "UPDATED_OLD")
         and fragment_of(case.dynapg["ok"].get("Attributes", {}), case.local["ok"]["Attributes"])),
    Rule("throughput-on-demand", "DynamoDB Local takes a throughput for a table or an index on demand", "recorded answers 11",
         operation="CreateTable UpdateTable", local="ok|ResourceInUse.*",
         dynapg="VE: .*(Neither ReadCapacityUnits nor WriteCapacityUnits can|ProvisionedThroughput should not) be specified .*"),
    Rule("definitions-unused", "DynamoDB Local minds definitions of attributes that no new index uses", "recorded answers 11: they are dropped silently",
         operation="UpdateTable", local="VE: invalid attribute, SchemaElement redefined.*", dynapg="ok"),
    Rule("several-hash-attributes", "DynamoDB Local knows no index with several HASH attributes", "AWS: up to four", operation="CreateTable UpdateTable",
         local="VE: (Too many hash keys specified|Invalid key order).*", dynapg="ok", when=lambda case: repr(case.request).count("'HASH'") > 1),
    Rule("segments", "a key is in another segment", "by design: which segment a key belongs to is the service's own affair (AWS says nothing of it)",
         operation="Scan", difference="outcome", when=lambda case: "segment" in (answer_text(case.local) + answer_text(case.dynapg)).lower()
         and case.request.get("TotalSegments", 0) > 1 and "ExclusiveStartKey" in case.request),
    Rule("update-size", "DynamoDB Local measures an update by the item alone", "recorded answers 17: the cost of the actions counts",
         operation="UpdateItem", local="ok", dynapg="VE: Item size to update has exceeded the maximum allowed size"),
    Rule("last-page", "a page that 1 MB ends with the partition's last item has no LastEvaluatedKey at DynamoDB Local",
         "AWS: a LastEvaluatedKey does not mean that there is more", operation="Query", difference="LastEvaluatedKey",
         when=lambda case: "LastEvaluatedKey" not in case.local["ok"] and "Limit" not in case.request
         and sum(len(text_size(item)) for item in case.before[case.request["TableName"]]) >= 1 << 20),
    Rule("last-page-index", "in an index the last key that the condition allows is neither a LastEvaluatedKey nor a start key at DynamoDB Local",
         "by design: further entries may have that key", operation="Query", dynapg="ok",
         local="ok|VE: The provided starting key does not match the range key predicate",
         when=lambda case: case.index.index_name and case.difference in ("LastKeyNames", "outcome")
         and (case.difference == "outcome" or case.local["ok"]["LastKeyNames"] == [])),
    Rule("size-reserved", "DynamoDB Local lets size be the name of an attribute", "AWS: SIZE is a reserved word",
         dynapg="VE: .*Attribute name is a reserved keyword; reserved keyword: size"),
    Rule("contains-types", "DynamoDB Local accepts CONTAINS with what is neither S, N nor B", "AWS: AttributeValueList of CONTAINS is S, N or B",
         difference="outcome", dynapg="VE: .*ComparisonOperator (NOT_)?CONTAINS is not valid for .*"),
    Rule("if-not-exists-eager", "DynamoDB Local refuses if_not_exists whose second operand is missing though the first is there",
         "AWS: it evaluates to the value only if the path does not exist", operation="UpdateItem TransactWriteItems", dynapg="ok",
         local="VE: The provided expression refers to an attribute that does not exist in the item",
         when=lambda case: any(paths_in_if_not_exists_only(update["UpdateExpression"], case.item_before(update)) for update in updates_of(case.request))),
    Rule("start-key-last", "a start key that is the last of a BETWEEN is none at DynamoDB Local", "unverified: nothing is behind it", operation="Query",
         local="VE: The provided starting key does not match the range key predicate", dynapg="ok|VE: Filter Expression can only contain .*"),
    Rule("start-key-one-item", "an ExclusiveStartKey on a table without a sort key is accepted by DynamoDB Local", "recorded answers 8",
         operation="Query", local="ok", dynapg="VE: The provided exclusive start key is invalid.*"),
    Rule("nothing-read", "a read of nothing costs nothing at DynamoDB Local", "AWS: a read of what is not there takes the minimum",
         operation="Query Scan BatchGetItem GetItem ExecuteStatement BatchExecuteStatement ExecuteTransaction", difference="ConsumedCapacity",
         when=lambda case: local_units(case, less=True)),
]


# What DynamoDB Local says, and what the service does.
REASON_WORDS = [
    ("The conditional request failed.", "The conditional request failed"),
    ("One or more parameter values were invalid: Type mismatch for Index Key",
     "One or more parameter values were invalid: Type mismatch for Index Key .* Expected: . Actual: .* IndexName: .*"),
    ("(Key (attribute|value).*|The number of conditions on the keys is invalid|One of the required keys was not given a value|Invalid attribute value type"
     "|One or more parameter values were invalid: Type mismatch for key.*)",
     "The provided key element does not match the schema|One or more parameter values were invalid: (Missing the key|Type mismatch for key) .*"),
    ("Hash primary key values must be under.*", "One or more parameter values were invalid: (Size of hashkey|Aggregated size of all range keys) has .*"),
]
# What fails the request there, and cancels here.
FAILURES = [
    ("Invalid attribute value type", "One or more parameter values were invalid: Type mismatch for .*|The provided key element does not match the schema"
     "|The update expression attempted to update the secondary index key to unsupported type"),
    (EVALUATION[4:], EVALUATION[4:]),
    ("One or more parameter values are not valid. The update expression attempted .*",      # an empty one that was computed: unverified
     "One or more parameter values are not valid. The update expression attempted .*"),
    ("DynamoDB only supports precision.*", "Number overflow.*"),
]


def same_reason(local, dynapg):
    if plain({**local, "Message": None}) != plain({**dynapg, "Message": None}):
        return False
    a, b = local.get("Message"), dynapg.get("Message")
    return a == b or any(re.fullmatch(one, a) and re.fullmatch(other, b) for one, other in REASON_WORDS)


def without_read_units(capacities):
    """Capacities without the units that are said twice, in an order."""
    return sorted((capacity["TableName"], capacity["CapacityUnits"], capacity["ReadCapacityUnits"],
                   capacity.get("Table", {}).get("CapacityUnits")) for capacity in capacities)


def validation_error_alone(reasons):
    return sorted(reason["Code"] for reason in reasons if reason["Code"] != "None") == ["ValidationError"]


def defined_are_keys(description):
    """Whether the attributes that a table defines are those of its keys and its indexes'."""
    parts = [description] + description.get("LocalSecondaryIndexes", []) + description.get("GlobalSecondaryIndexes", [])
    return {key["AttributeName"] for part in parts for key in part["KeySchema"]} == {
        attribute["AttributeName"] for attribute in description["AttributeDefinitions"]}


def selects_projected(request, index):
    """Whether a read of an index selects nothing that the index does not have."""
    names = request.get("ExpressionAttributeNames", {})
    selected = request.get("AttributesToGet", [])
    if "ProjectionExpression" in request:
        selected = [names.get(name, name) for name in re.findall(r"(?:^|,)\s*([#\w]+)", request["ProjectionExpression"])]
    return request.get("Select") != "ALL_ATTRIBUTES" and (index.projected() is None or set(selected) <= index.projected())


def text_size(item):
    return repr(item).encode()


def updates_of(request):
    """The updates that a request consists of."""
    if "TransactItems" in request:
        return [element["Update"] for element in request["TransactItems"] if "Update" in element]
    return [request]


def only_takes_away(request):
    expression = request.get("UpdateExpression")
    if expression:
        return re.search(r"(^|\s)(SET|ADD)\s", expression, re.I) is None
    return bool(request.get("AttributeUpdates")) and all(u.get("Action") == "DELETE" for u in request["AttributeUpdates"].values())


def paths_in_if_not_exists_only(expression, item):
    """Whether an update reads attributes that an item may lack in if_not_exists only."""
    rest = re.sub(r"if_not_exists\s*\([^()]*\)", ":v", expression)
    for name in item or ():
        rest = re.sub(r"(?<=[=,+(-])\s*%s(?=\s*([-+,)]|$))" % re.escape(name), ":v", rest)
    return rest != expression and not re.search(r"(=|\+|-|list_append\s*\(([^,]*,)?)\s*(?!list_append)[#A-Za-z]", rest)


def fragment_of(part, whole):
    """Whether a document is another one with parts left out."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(name in whole and fragment_of(inner, whole[name]) for name, inner in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return all(any(fragment_of(inner, other) for other in whole) for inner in part)
    return part == whole or isinstance(part, str) and isinstance(whole, str) and part.lstrip("-")[:1].isdigit()


def paths_clash(text):
    """Whether the two paths of a message overlap or conflict."""
    paths = [re.findall(r"\[\d+\]|[^\[\],\s]+", path) for path in re.findall(r"path (?:one|two): \[((?:[^\[\]]|\[\d+\])*)\]", text)]
    if len(paths) != 2:
        return False
    for a, b in zip(*paths):
        if a != b:
            return "conflict" in text and a.startswith("[") != b.startswith("[")
    return "overlap" in text


def local_units(case, less):
    units = []
    for answer in (case.local, case.dynapg):
        capacity = answer["ok"].get("ConsumedCapacity") or []
        units.append(sum(c["CapacityUnits"] for c in (capacity if isinstance(capacity, list) else [capacity])))
    return units[0] < units[1] if less else units[0] > units[1]
