"""The known differences between DynamoDB Local and dynapg in PartiQL; what a rule is, is in rules.py.

Sources, besides those there: "measured" is a public test that records what the service has answered, September or October 2026:
floci (DynamoDbPartiQL*IntegrationTest) and the DynamoDB conformance suite of paritysuite (tests/*/partiql*).
"""
import re

from rules import EVALUATION, Rule

STATEMENT = "ExecuteStatement BatchExecuteStatement"
ANY = STATEMENT + " ExecuteTransaction"
MALFORMED = "Statement wasn't well formed, can't be processed: "
WITH_PLACE = "(Validation failed in TransactStatements\\[\\d+\\]: )?"
# What is wrong with a statement alone, and is found before any table is looked up.
OF_STATEMENT = (WITH_PLACE + "(The first operand must be distinct|Two document paths|Number of parameters|Incorrect (number of )?operand|"
                "RETURNING clause|Invalid returning|One or more parameter values|Duplicate identifiers|Invalid attribute type name|"
                "Statement wasn't well formed|Unsupported |Unrecognized function|Operator or function requires|The BETWEEN operator|"
                "Must have |Attribute .* in ORDER BY|Variable reference|ExecuteTransaction API|Key attribute|List index|"
                "The (first|second) argument to SET_|Only single item|Key value must|Path component|Strongly consistent|Consistent read|Supplied AttributeValue|The parameter cannot be|Input collection|Number (over|under)flow|"
                "Attempting to store|Aliasing|Unexpected path|EXISTS|Select statements|Table name should|Item size|Nesting Levels).*")


def statements(case):
    return [case.request] if "Statement" in case.request else case.request.get("Statements", case.request.get("TransactStatements"))


def text(case):
    return " ".join(statement["Statement"] for statement in statements(case))


PARTIQL_RULES = [
    # ---- the same complaint in other words
    Rule("partiql-syntax-words", "DynamoDB Local repeats a statement with a mistake of syntax, and does not say which of a transaction it is",
         "measured: the service says what it met there", operation=ANY,
         local="VE: " + WITH_PLACE + "(" + re.escape(MALFORMED) + "|Unexpected from source|Tuple keys must).*",
         dynapg="VE: " + WITH_PLACE + "(" + re.escape(MALFORMED) + ".*|Aliasing is not supported|Unexpected path component.*)"),
    Rule("partiql-duplicate-name", "DynamoDB Local's DuplicateItem has another name", "AWS: DuplicateItemException", operation="ExecuteStatement",
         local="DuplicateItem: .*", dynapg="DuplicateItemException: .*"),
    Rule("partiql-duplicate-reason", "an item that is there already cancels with a ValidationError at DynamoDB Local",
         "AWS: DuplicateItem is a code of cancellations", operation="ExecuteTransaction", local="TransactionCanceled.*", dynapg="TransactionCanceled.*",
         when=lambda case: any(reason["Code"] == "DuplicateItem" for reason in case.dynapg["reasons"])),
    Rule("partiql-consistent-words", "ConsistentRead on a global index, in other words", "recorded answers 14", operation="ExecuteStatement",
         local="VE: Consistent read cannot be true when (querying|scanning) a GSI",
         dynapg="VE: Strongly consistent read is not supported on Global Secondary Indexes"),
    Rule("partiql-batch-words", "a SELECT of a batch that is not of one item, in other words", "recorded answers 14", operation="BatchExecuteStatement",
         local="VE: Only single item select is supported",
         dynapg="VE: (Select statements within BatchExecuteStatement must specify the primary key|The provided key element does not match).*"),
    Rule("partiql-places", "DynamoDB Local says where a bag is wrong, and writes paths otherwise", "measured: without a place", operation=ANY,
         local="VE: " + WITH_PLACE + "(Empty bags|Unsupported data type in Bag|Duplicate keys in tuple).*",
         dynapg="VE: " + WITH_PLACE + "(Empty bags|Unsupported data type in Bag|Duplicate keys in tuple).*"),
    Rule("partiql-key-words", "a key that does not fit the schema, in other words", "measured in transactions: the words of the other operations",
         operation=ANY, local="VE: " + WITH_PLACE + "(Key attribute|Key value must be|One or more parameter values were invalid: Type mismatch for key).*",
         dynapg="(VE: (The provided key element does not match|One or more parameter values were invalid: (Missing the key|Type mismatch for key)).*"
                "|TransactionCanceled.*)"),
    Rule("partiql-table-names", "a name that no table can have is refused by DynamoDB Local", "unverified: here there is no such table",
         operation=ANY, local="VE: .*Table name should be within the length .*"),

    # ---- order
    Rule("partiql-order", "of several mistakes in a statement another one is reported", "nothing says which is first: unverified", operation=ANY,
         local="VE: " + OF_STATEMENT, dynapg="VE: " + OF_STATEMENT),
    Rule("partiql-transact-fails", "keys that do not fit and errors of evaluation fail the request at DynamoDB Local", "measured: they cancel",
         operation="ExecuteTransaction",
         local=EVALUATION + "|VE: (One or more parameter values (were|are)|Invalid attribute value|The provided key|.*Select statements within).*"
               "|TransactionCanceledException: ValidationError .*",
         dynapg="TransactionCanceled.*", when=lambda case: any(reason["Code"] == "ValidationError" for reason in case.dynapg["reasons"])),

    # ---- behaviour
    Rule("partiql-parameters", "DynamoDB Local takes more parameters than a statement has", "unverified: refused as too few are", operation=ANY,
         local="ok|TransactionCanceled.*|ConditionalCheckFailed.*|Duplicate.*|VE: .*",
         dynapg="VE: " + WITH_PLACE + "Number of parameters in request and statement don't match."),
    Rule("partiql-delete-missing", "DynamoDB Local asks the condition of a DELETE of an item that is not there",
         "measured: the DELETE succeeds", operation=STATEMENT, local="ConditionalCheckFailed.*", dynapg="ok", when=lambda case: "DELETE FROM" in text(case)),
    Rule("partiql-repeats", "DynamoDB Local gives items of several lookups again behind a NextToken", "each item is one row", operation="ExecuteStatement",
         local="ok", dynapg="ok", when=lambda case: "Limit" in case.request and len(case.local["ok"]["Items"]) > len(case.dynapg["ok"]["Items"])
         and all(item in case.dynapg["ok"]["Items"] for item in case.local["ok"]["Items"])),
    Rule("partiql-mixed", "DynamoDB Local takes a SELECT that cannot be one for a read among writes", "unverified: its mistake is its own answer",
         operation="BatchExecuteStatement ExecuteTransaction", local="VE: .*[Rr]ead and write (requests|operations) .*"),
    Rule("partiql-key-filter", "DynamoDB Local checks a filter on a key attribute as if it were a condition on the key",
         "unverified: a filter may ask anything of any attribute", operation="ExecuteStatement", dynapg="ok",
         local="VE: (One or more parameter values were invalid: Condition parameter type does not match schema type"
               "|One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty .*)"),
    Rule("partiql-batch-values", "a parameter that is no value fails a whole batch at DynamoDB Local", "measured: it fails its statement",
         operation="BatchExecuteStatement", dynapg="ok|VE: (Read and write requests|Provided list of).*",
         local="VE: (One or more parameter values|Supplied AttributeValue|Empty attribute name|A value provided|The parameter|Input collection|Number |"
               "DynamoDB only|Nesting Levels|The supplied).*"),
    Rule("partiql-batch-duplicates", "statements about one item are found where one of them is wrong, or are not found", "unverified: only those that "
         "can be carried out are compared", operation="BatchExecuteStatement",
         local="ok|VE: Provided list of item keys contains duplicates", dynapg="ok|VE: Provided list of item keys contains duplicates", difference="outcome"),
    Rule("partiql-fragments", "DynamoDB Local returns the whole attribute where RETURNING MODIFIED is of a part of it",
         "recorded answers 17, of UPDATED_NEW and UPDATED_OLD", operation=STATEMENT, local="ok", dynapg="ok",
         when=lambda case: set(case.difference.split()) <= {"Item", "Items", "ConsumedCapacity"} and "RETURNING MODIFIED" in text(case)),
    Rule("partiql-exists-item", "DynamoDB Local does not return the item for which an EXISTS does not hold",
         "AWS: ReturnValuesOnConditionCheckFailure is of every statement of a transaction", operation="ExecuteTransaction", difference="reasons",
         when=lambda case: "EXISTS" in text(case) and "ALL_OLD" in repr(case.request)),
    Rule("partiql-columns", "columns that are paths keep their place in batches and transactions of DynamoDB Local, and not in ExecuteStatement",
         "measured of ExecuteStatement: a column has its path's last name; taken over", operation="BatchExecuteStatement ExecuteTransaction",
         local="ok", dynapg="ok", when=lambda case: case.difference in ("Item", "Responses", "ConsumedCapacity Responses") and re.search(r"SELECT [^*]*[.\[]", text(case))),
    Rule("partiql-overlaps", "DynamoDB Local reads lookups that overlap", "measured: they are refused", operation=ANY,
         local="ok|TransactionCanceled.*|VE: .*", dynapg="VE: " + WITH_PLACE + "Overlapping conditions with range keys .*"),
    Rule("partiql-filter-of-local", "DynamoDB Local fetches what a filter of a local index needs", "measured: it is refused, as of a global one",
         operation="ExecuteStatement", local="ok", dynapg="VE: .*Secondary index .* does not project one or more filter attributes: .*"),
    Rule("partiql-order-of-hash", "ORDER BY the partition key alone leaves the order of the sort key as it is at DynamoDB Local",
         "measured: the sort key descends", operation="ExecuteStatement", local="ok", dynapg="ok",
         when=lambda case: "ORDER BY" in text(case) and case.difference in ("Items", "Items Pages", "Pages")),
    Rule("partiql-index-key", "PartiQL may give an index key a computed value of the wrong type at DynamoDB Local", "recorded answers 4", operation=ANY,
         local="ok|ConditionalCheckFailed.*|TransactionCanceled.*|VE: .*",
         dynapg="VE: .*(Type mismatch for Index Key|secondary index key to unsupported type).*"),
    Rule("partiql-scan-filter", "to a filter of a whole index DynamoDB Local shows what is not projected", "measured: it is missing there",
         operation="ExecuteStatement", local="ok", dynapg="ok", when=lambda case: case.index.projected() is not None and "WHERE" in text(case)
         and set(case.difference.split()) <= {"ConsumedCapacity", "Items", "Pages"}),
    Rule("partiql-order-by", "DynamoDB Local takes ORDER BY without one partition key", "measured: it is refused", operation="ExecuteStatement",
         local="ok", dynapg="VE: Must have (at least one non-optional )?hash key (condition )?in .* clause when .*"),
    Rule("partiql-refused-units", "DynamoDB Local does not count a statement of a batch that fails", "recorded answers 17: it is charged the write it tried",
         operation="BatchExecuteStatement", difference="ConsumedCapacity", when=lambda case: "Error" in repr(case.dynapg["ok"]["Responses"])),
    Rule("partiql-turned", "DynamoDB Local misreads a condition on a sort key whose value stands first", "`1 < a` is `a > 1`", operation="ExecuteStatement",
         local="ok", dynapg="ok", when=lambda case: re.search(r"(\?|'|\d) (<|<=|>|>=) [\w\"]", text(case))),
]
