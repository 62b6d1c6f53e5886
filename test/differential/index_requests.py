"""Random requests about indexes: reads of them, tables that have them, indexes that come and go."""
import copy

from tables import CREATE_MEMBERS, INDEX_ATTRIBUTES, ONLINE_NAMES, Index, definitions


class IndexRequests:
    """What a Generator has for indexes."""

    # ------------------------------------------------------------ reading

    def read_index(self, table, operation):
        """A Query or Scan of one of a table's indexes, or of an index that is not there."""
        index = self.pick(table.indexes)
        self.allowed = index.projected() if not self.one_in(4) else None
        request = self.query(index) if operation == "Query" else self.scan(index)
        self.allowed = None
        request["IndexName"] = index.index_name if not self.one_in(40) else self.pick(["missing", "gone", "G-S", "a.b-c"])
        if self.one_in(4):
            request["Select"] = self.pick(["ALL_ATTRIBUTES", "COUNT", "SPECIFIC_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES"])
        start = request.get("ExclusiveStartKey")
        if isinstance(start, dict) and not self.one_in(12):
            for name, value in self.key(table).items():
                start.setdefault(name, value)
        return request

    def projection_of_index(self, context):
        """A projection of attributes that the index has."""
        return ", ".join(context.name(name) for name in self.rng.sample(sorted(self.allowed), self.rng.randrange(1, len(self.allowed) + 1)))

    # ------------------------------------------------------------ defining

    def new_index(self, table, name, kind):
        """An index of a table under a name, well defined."""
        attributes = self.rng.sample(sorted(INDEX_ATTRIBUTES) + [key for key, _ in table.keys], 2)
        if kind == "L":
            attributes = [table.keys[0][0], self.pick([a for a in sorted(INDEX_ATTRIBUTES)])]
        elif self.one_in(2):
            attributes.pop()
        projection = self.pick(["ALL", "KEYS_ONLY", self.rng.sample(["v", "s2", "n1", "m1", "t1", "size"], 2)])
        return Index(table, name, kind, attributes, projection)

    def add_indexes(self, request, table):
        """Gives a CreateTable request indexes."""
        keys = list(table.keys)
        on_demand = request.get("BillingMode") == "PAY_PER_REQUEST"
        for i in range(self.pick([1, 1, 2, 3] + [6, 21] * self.one_in(10))):
            index = self.new_index(table, "idx%d" % i, self.pick("GGL"))
            definition = index.definition()
            if index.kind == "G" and not on_demand:
                definition["ProvisionedThroughput"] = {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}
            request.setdefault(CREATE_MEMBERS[index.kind], []).append(definition)
            keys += index.keys
        request["AttributeDefinitions"] = definitions(keys)

    def spoil_index(self, definition, attributes):
        """One mistake in an index's definition, or in the definitions of attributes."""
        schema, projection = definition["KeySchema"], definition["Projection"]
        mistakes = [
            lambda: definition.pop(self.pick(["KeySchema", "Projection", "IndexName"])),
            lambda: definition.update(IndexName=self.pick(["ab", "", "a" * 256, "a!b", "idx0", "\u00e9\u00e9\u00e9"])),
            lambda: projection.pop("ProjectionType"), lambda: projection.update(ProjectionType=self.pick(["X", "ALL", "INCLUDE", "KEYS_ONLY"])),
            lambda: projection.update(NonKeyAttributes=self.pick([[], ["v"], ["v", "v"], ["pk"], [""], ["a%d" % i for i in range(21)]])),
            lambda: projection.clear(), lambda: schema.clear(), lambda: schema.reverse(), lambda: schema.pop(),
            lambda: schema[0].update(AttributeName=self.pick(["other", "", "pk", "a" * 256])), lambda: schema.append(copy.deepcopy(schema[0])),
            lambda: schema[-1].update(KeyType=self.pick(["HASH", "RANGE", "X"])), lambda: schema[0].update(KeyType="RANGE"),
            lambda: attributes.pop(), lambda: attributes[-1].update(AttributeType=self.pick(["S", "N", "B", "X", "M"])),
            lambda: attributes.append({"AttributeName": "unused", "AttributeType": "S"}),
            lambda: attributes.append(copy.deepcopy(attributes[0])),
            lambda: definition.update(ProvisionedThroughput=self.pick([
                {}, {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, {"ReadCapacityUnits": 0, "WriteCapacityUnits": 1},
                {"ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1}])),
        ]
        try:
            self.pick(mistakes)()
        except (IndexError, KeyError):
            pass

    def spoil_created_indexes(self, request):
        """One mistake in the indexes of a CreateTable request."""
        member = self.pick([member for member in CREATE_MEMBERS.values() if member in request])
        if self.one_in(12):
            request[member] = []
        elif self.one_in(12):
            request[member].append(copy.deepcopy(request[member][0]))
        else:
            self.spoil_index(self.pick(request[member]), request["AttributeDefinitions"])

    # ------------------------------------------------------------ changing

    def update_table(self):
        """Creates or deletes an index of the table whose indexes come and go; wrong at times."""
        table = self.online
        there = [index.index_name for index in table.indexes]
        free = [name for name in ONLINE_NAMES if name not in there]
        if free and (not there or self.one_in(2)) or self.one_in(10):
            index = self.new_index(table, self.pick(free or ONLINE_NAMES), "G")
            create = index.definition()
            request = {"TableName": table.name, "AttributeDefinitions": definitions(index.keys),
                       "GlobalSecondaryIndexUpdates": [{"Create": create}]}
            if self.one_in(4):
                self.spoil_index(create, request["AttributeDefinitions"])
        else:
            request = {"TableName": table.name,
                       "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": self.pick(there if there and not self.one_in(6) else ONLINE_NAMES)}}]}
        updates = request["GlobalSecondaryIndexUpdates"]
        kind = self.rng.randrange(40)
        if kind == 0:
            updates.append(copy.deepcopy(updates[0]))
        elif kind == 1:
            updates.append({"Delete": {"IndexName": self.pick(ONLINE_NAMES)}})
        elif kind == 2:
            updates[0] = {}
        elif kind == 3:
            updates[0]["Delete"] = {"IndexName": self.pick(ONLINE_NAMES)}
        elif kind == 4:
            request["TableName"] = "missing"
        elif kind == 5:
            updates.clear()
        elif kind == 6:
            updates[0] = {"Update": {"IndexName": self.pick(ONLINE_NAMES),
                                     "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}}}
        elif kind == 7:
            request.pop("AttributeDefinitions", None)
        elif kind == 8:
            request["AttributeDefinitions"] = definitions([("pk", "N"), ("n1", "S"), ("s1", "B")])
        return request

    def describe_table(self):
        table = self.pick(self.tables)
        return {"TableName": table.name if not self.one_in(8) else self.pick(["missing", "ab", "", "a!b"])}
