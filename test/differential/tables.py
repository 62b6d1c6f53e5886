"""The tables of the random requests, and their indexes."""

# name: (type of the partition key, of the sort key or None). The names of the keys follow.
SCHEMAS = [
    ("df.hash", "S", None), ("df-string", "S", "S"), ("df_number", "S", "N"), ("df.binary", "N", "B"),
    ("df.only-number", "N", None), ("df.words", "S", "S"), ("df.bytes", "B", "N"),
]
KEY_NAMES = {"df.words": ("order", "a.b")}
# A table of items near the greatest size, in which pages are cut at 1 MB.
LARGE = ("df.large", "S", "S")

# Tables with indexes: (table, [(name, local or global, key attributes, ProjectionType or the attributes of INCLUDE)]).
INDEXED = [
    (("df.both", "S", "S"), [
        ("l-s-all", "L", ["pk", "s1"], "ALL"), ("l-n-some", "L", ["pk", "n1"], ["v", "s2", "m1"]), ("l-b-keys", "L", ["pk", "b1"], "KEYS_ONLY"),
        ("g-s", "G", ["s1"], "ALL"), ("g-n-s", "G", ["n1", "s2"], ["m1", "v", "n2"]), ("g-b-n", "G", ["b1", "n1"], "KEYS_ONLY"),
        ("g-turned", "G", ["sk", "pk"], "KEYS_ONLY")]),
    (("df.global", "S", None), [
        ("g-n", "G", ["n1"], "KEYS_ONLY"), ("g-s-n", "G", ["s1", "n1"], "ALL"), ("g-pk-n", "G", ["pk", "n2"], ["s2", "t1"]),
        ("g-s-pk", "G", ["s2", "pk"], ["n1", "l1"])]),
    (("df.local", "N", "N"), [
        ("l-s", "L", ["pk", "s1"], "KEYS_ONLY"), ("l-n", "L", ["pk", "n2"], "ALL"), ("l-sk", "L", ["pk", "sk"], ["s1", "ss1"])]),
    (("df.bytes-global", "B", "S"), [
        ("g-b-s", "G", ["b1", "s1"], "ALL"), ("g-pk", "G", ["pk"], ["n1", "z1"]), ("l-n", "L", ["pk", "n1"], ["b1", "v"])]),
]
# A table whose global indexes come and go.
ONLINE = ("df.online", "S", "S")
ONLINE_NAMES = ["gone", "gtwo", "g-three"]

# The types of the attributes that can be keys of indexes.
INDEX_ATTRIBUTES = {"s1": "S", "s2": "S", "n1": "N", "n2": "N", "b1": "B"}
CREATE_MEMBERS = {"L": "LocalSecondaryIndexes", "G": "GlobalSecondaryIndexes"}


class Index:
    """An index, which the generator takes for a table with other keys."""

    def __init__(self, table, index_name, kind, key_names, projection, types=None):
        types = types or dict(INDEX_ATTRIBUTES, **dict(table.keys))
        self.table = table
        self.name = table.name
        self.index_name = index_name
        self.kind = kind
        self.keys = [(name, types[name]) for name in key_names]
        self.projection = projection
        self.cursor = (table.name, index_name)

    def projected(self):
        """The names of the attributes that are in the index; None: all."""
        if self.projection == "ALL":
            return None
        names = [name for name, _ in self.keys + self.table.keys]
        return set(names + (self.projection if isinstance(self.projection, list) else []))

    def definition(self):
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": self.projection} if isinstance(self.projection, list) else \
            {"ProjectionType": self.projection}
        return {"IndexName": self.index_name, "KeySchema": key_schema([name for name, _ in self.keys]), "Projection": projection}


class Table:
    def __init__(self, name, hash_type, sort_type, indexes=()):
        names = KEY_NAMES.get(name, ("pk", "sk"))
        self.name = name
        self.cursor = name
        self.keys = [(names[0], hash_type)]
        if sort_type:
            self.keys.append((names[1], sort_type))
        self.indexes = [Index(self, *index) for index in indexes]

    def projected(self):
        return None

    def create_request(self):
        request = {
            "TableName": self.name,
            "KeySchema": key_schema([name for name, _ in self.keys]),
            "AttributeDefinitions": definitions(self.keys + [key for index in self.indexes for key in index.keys]),
            "BillingMode": "PAY_PER_REQUEST",
        }
        for index in self.indexes:
            request.setdefault(CREATE_MEMBERS[index.kind], []).append(index.definition())
        return request


def key_schema(names):
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"))]


def definitions(keys):
    return [{"AttributeName": name, "AttributeType": type_} for name, type_ in dict(keys).items()]
