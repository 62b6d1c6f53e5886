#!/usr/bin/env python3
"""Makes src/op/model_data.c and src/op/model_data.h: the inputs of every API operation, as tables.

Run from the project's root: python3 tools/gen_model.py [--check] [--model PATH] [--model-version VERSION]

The source is the API model in botocore: the installed package, or --model, a wheel of it or a directory that holds
dynamodb/ and dynamodbstreams/.  Only facts are taken: names, types, limits.  With --check nothing is written; exit
status 1 says that the generated files are not what this generator makes of the same version of botocore, and where
that version is not at hand the check is passed over.
"""
import argparse
import gzip
import importlib.util
import json
import os
import re
import sys
import zipfile

SOURCE = "src/op/model_data.c"
HEADER = "src/op/model_data.h"
MODELS = ("dynamodb", "dynamodbstreams")

# ----------------------------------------------------------------------------------------------------------------
# OVERRIDES: where the service differs from its public model.  Each rule names its source; "measured" and "captured"
# are behaviour seen at the service, with the time; "recorded" is behaviour recorded between 2013 and 2020.
# ----------------------------------------------------------------------------------------------------------------

# Values in the order in which the service prints them in "Member must satisfy enum value set: [...]".
ENUM_ORDER = {
    "Select": ["SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"],  # measured, 2026-05
    "ReturnConsumedCapacity": ["INDEXES", "TOTAL", "NONE"],  # captured, 2026
    "ReturnItemCollectionMetrics": ["SIZE", "NONE"],  # recorded
    "ReturnValue": ["ALL_NEW", "UPDATED_OLD", "ALL_OLD", "NONE", "UPDATED_NEW"],  # recorded
    "ConditionalOperator": ["OR", "AND"],  # recorded
    "ComparisonOperator": ["IN", "NULL", "BETWEEN", "LT", "NOT_CONTAINS", "EQ", "GT", "NOT_NULL", "NE", "LE",
                           "BEGINS_WITH", "GE", "CONTAINS"],  # recorded
    "KeyType": ["HASH", "RANGE"],  # measured, 2026-05
    "ScalarAttributeType": ["B", "N", "S"],  # measured, 2026-05
    "ProjectionType": ["ALL", "INCLUDE", "KEYS_ONLY"],  # recorded
    "BillingMode": ["PROVISIONED", "PAY_PER_REQUEST"],  # recorded
    "StreamViewType": ["OLD_IMAGE", "KEYS_ONLY", "NEW_AND_OLD_IMAGES", "NEW_IMAGE"],  # measured, 2026-10
    "InputCompressionType": ["ZSTD", "NONE", "GZIP"],  # measured, 2026-10
    "ContributorInsightsMode": ["THROTTLED_KEYS", "ACCESSED_AND_THROTTLED_KEYS"],  # measured, 2026-10
}

# Values that are not checked at this stage.
NO_ENUM = {
    "TableClass",  # "Invalid table-class parameter provided. ...": the operation's own check (measured, 2026-10)
}

# The order in which broken constraints are reported: these members first, then the others in the model's order.
# All recorded, except where said.
MEMBER_ORDER = {
    "PutItemInput": ["ReturnConsumedCapacity", "TableName", "Item", "ConditionalOperator", "Expected",
                     "ReturnValues", "ReturnItemCollectionMetrics"],
    "GetItemInput": ["ReturnConsumedCapacity", "AttributesToGet", "TableName", "Key"],
    "DeleteItemInput": ["ReturnConsumedCapacity", "TableName", "ReturnValues", "ReturnItemCollectionMetrics", "Key",
                        "ConditionalOperator", "Expected"],
    "UpdateItemInput": ["ReturnConsumedCapacity", "TableName", "ReturnItemCollectionMetrics", "ReturnValues", "Key",
                        "ConditionalOperator", "Expected", "AttributeUpdates"],
    "QueryInput": ["Select", "IndexName", "ReturnConsumedCapacity", "QueryFilter", "TableName",
                   "ConditionalOperator", "AttributesToGet", "Limit", "KeyConditions", "ExclusiveStartKey"],
    "ScanInput": ["Select", "IndexName", "TotalSegments", "ReturnConsumedCapacity", "TableName",
                  "ConditionalOperator", "ScanFilter", "Segment", "Limit", "AttributesToGet", "ExclusiveStartKey"],
    "BatchGetItemInput": ["ReturnConsumedCapacity", "RequestItems"],
    "BatchWriteItemInput": ["ReturnConsumedCapacity", "ReturnItemCollectionMetrics", "RequestItems"],
    # captured, 2026-10
    "TransactWriteItemsInput": ["ClientRequestToken", "ReturnConsumedCapacity", "ReturnItemCollectionMetrics"],
    "CreateTableInput": ["AttributeDefinitions", "TableName", "BillingMode", "ProvisionedThroughput", "KeySchema",
                         "LocalSecondaryIndexes", "GlobalSecondaryIndexes"],
    "UpdateTableInput": ["TableName", "ProvisionedThroughput", "BillingMode", "GlobalSecondaryIndexUpdates"],
    "ListTablesInput": ["Limit", "ExclusiveStartTableName"],
    "AttributeDefinition": ["AttributeType", "AttributeName"],  # measured, 2026-10
    "ProvisionedThroughput": ["WriteCapacityUnits", "ReadCapacityUnits"],
    "CreateGlobalSecondaryIndexAction": ["Projection", "IndexName", "ProvisionedThroughput", "KeySchema"],
    "ExpectedAttributeValue": ["AttributeValueList", "ComparisonOperator", "Exists", "Value"],
    "WriteRequest": ["DeleteRequest", "PutRequest"],
}

# Shapes that only this file knows.
TABLE_NAME_PATTERN = "[a-zA-Z0-9_.-]+"
EXTRA_SHAPES = {
    # A table by its name or its ARN.  The model allows any 1 to 1024 characters; the service holds what is no ARN
    # to 1 to 255 characters of the pattern (measured, 2026-05).  An ARN passes: see request_check.c.
    "TableNameOrArn": {"type": "string", "min": 1, "max": 255, "pattern": TABLE_NAME_PATTERN},
    # Operations on tables themselves want 3 (measured, 2026-05 and 2026-10).
    "LongTableNameOrArn": {"type": "string", "min": 3, "max": 255, "pattern": TABLE_NAME_PATTERN},
    # Keys of tables and local indexes have one or two elements (measured, 2026-05); the model has no maximum.
    "KeySchemaOfTable": {"type": "list", "member": {"shape": "KeySchemaElement"}, "min": 1, "max": 2},
    # Multi-attribute keys: up to four HASH and four RANGE elements (developer guide).
    "KeySchemaOfGlobalIndex": {"type": "list", "member": {"shape": "KeySchemaElement"}, "min": 1, "max": 8},
    # The text of the model of streams has these limits, its shapes do not.
    "StreamsLimit": {"type": "integer", "min": 1, "max": 100},
    "RecordsLimit": {"type": "integer", "min": 1, "max": 1000},
    # "Invalid TableArn: Invalid Table ARN" for '' (measured, 2026-10): no minimum at this stage.
    "TableArnToExport": {"type": "string", "max": 1024},
}

# Other shapes for members.  Besides, every member called TableName whose shape is TableArn is a TableNameOrArn.
MEMBER_SHAPE = {
    ("CreateTableInput", "TableName"): "LongTableNameOrArn",
    ("DeleteTableInput", "TableName"): "LongTableNameOrArn",
    ("DescribeTableInput", "TableName"): "LongTableNameOrArn",
    ("UpdateTableInput", "TableName"): "LongTableNameOrArn",
    ("CreateTableInput", "KeySchema"): "KeySchemaOfTable",
    ("TableCreationParameters", "KeySchema"): "KeySchemaOfTable",
    ("LocalSecondaryIndex", "KeySchema"): "KeySchemaOfTable",
    ("GlobalSecondaryIndex", "KeySchema"): "KeySchemaOfGlobalIndex",
    ("CreateGlobalSecondaryIndexAction", "KeySchema"): "KeySchemaOfGlobalIndex",
    ("DescribeStreamInput", "Limit"): "StreamsLimit",
    ("ListStreamsInput", "Limit"): "StreamsLimit",
    ("GetRecordsInput", "Limit"): "RecordsLimit",
    ("ExportTableToPointInTimeInput", "TableArn"): "TableArnToExport",
}
MAP_KEY_SHAPE = {
    "BatchGetRequestMap": "TableNameOrArn",
    "BatchWriteItemRequestMap": "TableNameOrArn",
}

# Members that no public model has: the service takes TableThroughputMode as another name of BillingMode
# (measured, 2026-08).
EXTRA_MEMBERS = {
    "CreateTableInput": {"TableThroughputMode": "BillingMode"},
    "UpdateTableInput": {"TableThroughputMode": "BillingMode"},
}

# What is required at this stage, where the model says otherwise.
REQUIRED = {
    # "The parameter 'TableName' is required ..." comes before the constraints (measured, 2026-05, CreateTable;
    # recorded for the others): see request_check.c.
    ("CreateTableInput", "TableName"): False,
    ("UpdateTableInput", "TableName"): False,
    ("DescribeTableInput", "TableName"): False,
    ("DeleteTableInput", "TableName"): False,
    ("DescribeTimeToLiveInput", "TableName"): False,
    ("UpdateTimeToLiveInput", "TableName"): False,
    # The SDKs make one up; without it the raw request is refused (measured, 2026).
    ("ImportTableInput", "ClientToken"): True,
    # Without them the service reports null members (recorded); optional in the model for the sake of
    # GlobalTableSourceArn.
    ("CreateTableInput", "AttributeDefinitions"): True,
    ("CreateTableInput", "KeySchema"): True,
    # "The Tag Key provided is invalid, Key: ..." (measured, 2026-10).
    ("Tag", "Key"): False,
    ("Tag", "Value"): False,
}

# Limits that the service checks otherwise than the model says; None: not at this stage.
LIMITS = {
    "KMSMasterKeyId": {"min": 1},  # measured, 2026-10
    # "The requestItems parameter is required for BatchWriteItem" (captured, 2026-09, 31 of 33 regions), and too many
    # tables are too many items (recorded).
    "BatchWriteItemRequestMap": {"min": None, "max": None},
    "BatchGetRequestMap": {"max": None},
    # "The Tag Key provided is invalid, Key: ..." (measured, 2026-10).
    "TagKeyString": {"min": None, "max": None},
    "TagValueString": {"min": None, "max": None},
    # "Provided TopK value '101' is out of valid range. ..." (captured, 2026-08).
    "TopKInteger": {"min": None},
}

# Members whose broken constraints are reported in the newer form, "Value at 'Limit' failed ...": no value, and the
# model's own casing.  The tables mark them by a path name that is the name itself.
NEWER_FORM = {
    ("QueryInput", "Limit"),  # measured, 2026-05
    ("BatchGetItemInput", "RequestItems"),  # captured, 2026-09, 32 of 33 regions
    ("KeysAndAttributes", "Keys"),  # measured, 2026-05
    ("SearchVectorsInput", "IndexName"),  # captured, 2026-08
    ("SearchVectorsInput", "SearchVector"),  # captured, 2026-08
}

# ----------------------------------------------------------------------------------------------------------------

KINDS = {"string": "STRING", "integer": "INTEGER", "long": "LONG", "double": "DOUBLE", "float": "DOUBLE",
         "boolean": "BOOLEAN", "timestamp": "TIMESTAMP", "blob": "BLOB", "list": "LIST", "map": "MAP",
         "structure": "STRUCTURE"}


def fail(message):
    sys.exit("gen_model.py: " + message)


def read_wheel(path):
    with zipfile.ZipFile(path) as wheel:
        names = wheel.namelist()
        version = next(re.match(r"botocore-(.+)\.dist-info/", name).group(1)
                       for name in names if re.match(r"botocore-(.+)\.dist-info/", name))
        models = [json.loads(gzip.decompress(wheel.read("botocore/data/%s/2012-08-10/service-2.json.gz" % service)))
                  for service in MODELS]
    return version, models


def read_directory(path):
    version = None
    package = os.path.join(os.path.dirname(os.path.abspath(path)), "__init__.py")
    if os.path.exists(package):
        with open(package, encoding="utf-8") as source:
            match = re.search(r"^__version__ = ['\"]([^'\"]+)", source.read(), re.M)
            version = match and match.group(1)
    models = []
    for service in MODELS:
        name = os.path.join(path, service, "2012-08-10", "service-2.json.gz")
        with gzip.open(name) as source:
            models.append(json.load(source))
    return version, models


def read_models(arguments):
    """The version of botocore and its two models, or None where botocore is not installed."""
    path = arguments.model
    if path is None:
        package = importlib.util.find_spec("botocore")
        if package is None:
            return None
        path = os.path.join(package.submodule_search_locations[0], "data")
    version, models = read_wheel(path) if os.path.isfile(path) else read_directory(path)
    version = arguments.model_version or version
    if version is None:
        fail("the version of this model is not known: give --model-version")
    return version, models


def snake(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Model:
    """The shapes that inputs reach, in an order in which each comes after those that it refers to."""

    def __init__(self, models):
        self.shapes = dict(EXTRA_SHAPES)
        self.order = []
        self.operations = []
        self.used = set()
        self.ambiguous = set()
        for model in models:
            for name, shape in model["shapes"].items():
                if name in EXTRA_SHAPES:
                    fail("the model has a shape called %s too" % name)
                if self.facts(self.shapes.setdefault(name, shape)) != self.facts(shape):
                    self.ambiguous.add(name)
        for model in models:
            streams = model["metadata"]["endpointPrefix"].startswith("streams.")
            for name, operation in model["operations"].items():
                self.visit(operation["input"]["shape"])
                self.operations.append((name, operation["input"]["shape"], streams))
        self.operations.sort()
        for table in (ENUM_ORDER, MEMBER_ORDER, LIMITS, EXTRA_MEMBERS, MAP_KEY_SHAPE):
            for name in table:
                if name not in self.used:
                    fail("an override names %s, which no input reaches" % name)
        for table in (MEMBER_SHAPE, REQUIRED, NEWER_FORM):
            for name, member in table:
                if name not in self.used or member not in [row[0] for row in self.members(name)]:
                    fail("an override names %s.%s, which no input reaches" % (name, member))

    @staticmethod
    def facts(shape):
        facts = {key: value for key, value in shape.items() if key not in ("documentation", "box")}
        if "members" in facts:
            facts["members"] = list(facts["members"])
        return facts

    def kind(self, name):
        shape = self.shapes[name]
        if name == "AttributeValue":
            return "ATTRIBUTE_VALUE"
        if shape["type"] == "map" and shape["value"]["shape"] == "AttributeValue":
            return "ATTRIBUTE_MAP"
        return KINDS[shape["type"]]

    def members(self, name):
        """Rows (name, shape, required) of a structure, in the order of checks."""
        shape = self.shapes[name]
        targets = {member: value["shape"] for member, value in shape["members"].items()}
        for member, target in EXTRA_MEMBERS.get(name, {}).items():
            if member in targets:
                fail("the model has %s.%s by now" % (name, member))
            targets[member] = target
        first = MEMBER_ORDER.get(name, [])
        for member in first:
            if member not in targets:
                fail("an order names %s.%s, which is not in the model" % (name, member))
        rows = []
        for member in first + [member for member in targets if member not in first]:
            target = targets[member]
            if target == "TableArn" and member == "TableName":
                target = "TableNameOrArn"
            target = MEMBER_SHAPE.get((name, member), target)
            required = REQUIRED.get((name, member), member in shape.get("required", []))
            rows.append((member, target, required))
        return rows

    def map_key(self, name):
        return MAP_KEY_SHAPE.get(name, self.shapes[name]["key"]["shape"])

    def visit(self, name):
        if name in self.used:
            return
        if name in self.ambiguous:
            fail("the two models differ in %s" % name)
        self.used.add(name)
        kind = self.kind(name)
        if kind == "STRUCTURE":
            for _, target, _ in self.members(name):
                self.visit(target)
        elif kind == "LIST":
            self.visit(self.shapes[name]["member"]["shape"])
        elif kind == "MAP":
            self.visit(self.map_key(name))
            self.visit(self.shapes[name]["value"]["shape"])
        self.order.append(name)

    def values(self, name):
        values = None if name in NO_ENUM else self.shapes[name].get("enum")
        ordered = ENUM_ORDER.get(name)
        if ordered is None:
            return values
        if sorted(ordered) != sorted(values):
            fail("the values of %s are %s in the model" % (name, values))
        return ordered

    def limit(self, name, which):
        return LIMITS.get(name, {}).get(which, self.shapes[name].get(which))


def path_name(structure, member):
    if (structure, member) in NEWER_FORM:
        return member
    return member[0].lower() + member[1:]


def shape_source(model, name):
    shape = model.shapes[name]
    kind = model.kind(name)
    identifier = snake(name)
    out = []
    fields = [".name = %s" % quoted(name), ".kind = SHAPE_%s" % kind]
    if kind == "STRUCTURE":
        rows = model.members(name)
        if rows:
            out.append("static const ShapeMember members_%s[] = {" % identifier)
            for member, target, required in rows:
                names = "\t{%s, %s," % (quoted(member), quoted(path_name(name, member)))
                rest = "&shape_%s, %s}," % (snake(target), "true" if required else "false")
                if len(names) + len(rest) > 105:
                    out.extend([names, "\t\t" + rest])
                else:
                    out.append(names + " " + rest)
            out.append("};")
            out.append("")
            fields.append(".members = members_%s" % identifier)
            fields.append(".n_members = lengthof(members_%s)" % identifier)
    elif kind not in ("ATTRIBUTE_VALUE", "ATTRIBUTE_MAP"):
        values = model.values(name)
        if values:
            out.append("static const char *const values_%s[] = {" % identifier)
            out.extend("\t%s," % quoted(value) for value in values)
            out.append("};")
            out.append("")
            fields.append(".enum_values = values_%s" % identifier)
            fields.append(".n_enum_values = lengthof(values_%s)" % identifier)
        for which in ("min", "max"):
            limit = model.limit(name, which)
            if limit is not None:
                fields.append(".has_%s = true" % which)
                fields.append(".%s = %d" % (which, limit))
        if shape.get("pattern") is not None:
            fields.append(".pattern = %s" % quoted(shape["pattern"]))
        if kind == "LIST":
            fields.append(".element = &shape_%s" % snake(shape["member"]["shape"]))
        elif kind == "MAP":
            fields.append(".element = &shape_%s" % snake(shape["value"]["shape"]))
            fields.append(".key = &shape_%s" % snake(model.map_key(name)))
    out.append("static const Shape shape_%s = {" % identifier)
    out.extend("\t%s," % field for field in fields)
    out.append("};")
    return out


def source(model, version):
    out = ["/*",
           " * model_data.c",
           " *\t\tThe inputs of every API operation.  Made by tools/gen_model.py from the model in botocore %s;" % version,
           " *\t\tnot to be edited.",
           " */",
           '#include "postgres.h"',
           "",
           '#include "op/model.h"',
           '#include "op/model_data.h"',
           ""]
    for name in model.order:
        out.extend(shape_source(model, name))
        out.append("")
    out.append("/* In the order of their names, and of OperationIndex. */")
    out.append("const Operation model_operations[] = {")
    for name, target, streams in model.operations:
        out.append("\t{%s, &shape_%s, %s}," % (quoted(name), snake(target), "true" if streams else "false"))
    out.append("};")
    out.append("")
    out.append("const int model_operation_count = lengthof(model_operations);")
    return "\n".join(out) + "\n"


def header(model, version):
    out = ["/*",
           " * model_data.h",
           " *\t\tIndexes of operations, and of structures' members from 1 (0: no member).  Made by tools/gen_model.py from",
           " *\t\tthe model in botocore %s; not to be edited." % version,
           " */",
           "#ifndef DYNAPG_MODEL_DATA_H",
           "#define DYNAPG_MODEL_DATA_H",
           "",
           "typedef enum OperationIndex",
           "{"]
    out.extend("\tOPERATION_%s," % name for name, _, _ in model.operations)
    out.append("\tOPERATION_COUNT")
    out.append("} OperationIndex;")
    for name in sorted(model.order):
        if model.kind(name) != "STRUCTURE":
            continue
        rows = model.members(name)
        if not rows:
            continue
        out.append("")
        out.append("enum")
        out.append("{")
        out.extend("\t%s_%s%s," % (name, row[0], "" if i else " = 1") for i, row in enumerate(rows))
        out[-1] = out[-1][:-1]
        out.append("};")
    out.append("")
    out.append("#endif\t\t\t\t\t\t\t/* DYNAPG_MODEL_DATA_H */")
    return "\n".join(out) + "\n"


def recorded_version():
    try:
        with open(SOURCE, encoding="utf-8") as current:
            match = re.search(r"in botocore ([0-9.a-z]+);", current.read())
            return match and match.group(1)
    except FileNotFoundError:
        return None


def main():
    parser = argparse.ArgumentParser(description="Generates the API model's tables.")
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    parser.add_argument("--model", metavar="PATH", help="a botocore wheel, or a directory with its models")
    parser.add_argument("--model-version", metavar="VERSION", help="the version of botocore that --model is of")
    arguments = parser.parse_args()

    read = read_models(arguments)
    if read is None:
        if arguments.check:
            print("gen_model.py: botocore is not installed, %s is not checked" % SOURCE)
            return 0
        fail("botocore is not installed; give --model")
    version, models = read
    if arguments.check and version != recorded_version():
        print("gen_model.py: botocore is %s and %s comes from %s: not checked" % (version, SOURCE, recorded_version()))
        return 0
    model = Model(models)
    stale = False
    for path, text in ((SOURCE, source(model, version)), (HEADER, header(model, version))):
        if arguments.check:
            with open(path, encoding="utf-8") as current:
                if current.read() != text:
                    print("%s is not up to date: run tools/gen_model.py" % path)
                    stale = True
        else:
            with open(path, "w", encoding="utf-8") as target:
                target.write(text)
    return 1 if stale else 0


sys.exit(main())
