"""Random transactions."""
import copy

ACTIONS = ["Put", "Put", "Update", "Update", "Delete", "ConditionCheck"]


class TransactionRequests:
    """What a Generator has for transactions."""

    def transact_write_items(self):
        if self.tokens and self.one_in(25):
            return self.replay_token()
        elements = []
        used = []
        for _ in range(self.pick([1, 2, 2, 3, 4, 6])):
            table = self.pick_table()
            element = self.action(table)
            for action in element.values():
                key = action.get("Item", action.get("Key"))
                identity = (table.name, [key.get(name) for name, _ in table.keys] if isinstance(key, dict) else None)
                if identity not in used or self.one_in(60):
                    elements.append(element)
                    used.append(identity)
                break
        request = {"TransactItems": elements}
        self.capacity(request)
        self.metrics(request)
        if self.one_in(8):
            self.n_tokens += 1
            request["ClientRequestToken"] = "token %d" % self.n_tokens if not self.one_in(8) else self.pick(["", "x" * 36, "x" * 37])
            if request["ClientRequestToken"].startswith("token"):
                self.tokens.append(copy.deepcopy(request))
                del self.tokens[:-5]
        if self.one_in(12):
            self.spoil_elements(elements, lambda: self.action(self.pick_table()))
        return request

    def replay_token(self):
        """A token that was used, with the same request or another."""
        request = copy.deepcopy(self.pick(self.tokens))
        if self.one_in(3):
            request["TransactItems"].append(self.action(self.pick_table()))
        elif self.one_in(3):
            request["ReturnConsumedCapacity"] = "TOTAL"
        return request

    def spoil_elements(self, elements, make):
        """One mistake in the list of a transaction's actions."""
        if not elements:
            return
        kind = self.rng.randrange(7)
        if kind == 0:
            elements.append(copy.deepcopy(self.pick(elements)))
        elif kind == 1:
            self.pick(elements).update(make())
        elif kind == 2:
            elements.append({})
        elif kind == 3:
            elements.clear()
        elif kind == 4:
            elements[:] = [copy.deepcopy(elements[0]) for _ in range(101)]
        elif kind == 5:
            for action in self.pick(elements).values():
                action.pop(self.pick(sorted(action)))
        else:
            self.pick(elements)[self.pick(["Put", "Delete", "Check", "Get"])] = self.pick([{}, {"TableName": "df.hash"}])

    def action(self, table):
        """One element of TransactItems."""
        kind = self.pick(ACTIONS)
        context = self.context()
        action = {"TableName": table.name}
        if kind == "Put":
            action["Item"] = self.item(table) if not self.one_in(30) else self.bad_item(table)
        else:
            action["Key"] = self.key(table, 4) if not self.one_in(30) else self.bad_key(table)
        if kind == "Update":
            action["UpdateExpression"] = self.maybe_damage(self.update(context, table) if self.one_in(4) else self.simple_update(context), 40)
        if kind == "ConditionCheck" and not self.one_in(60) or self.one_in(3):
            condition = self.condition(context, table) if self.one_in(2) else \
                "attribute_not_exists(%s)" % context.name("none") if self.one_in(1.3) else "attribute_exists(%s)" % context.name(table.keys[0][0])
            action["ConditionExpression"] = self.maybe_damage(condition, 40)
            if self.one_in(3):
                action["ReturnValuesOnConditionCheckFailure"] = self.pick(["ALL_OLD", "ALL_OLD", "NONE", "ALL_NEW" if self.one_in(6) else "NONE"])
        context.put_into(action)
        return {kind: action}

    def simple_update(self, context):
        """An update that nothing but index keys can refuse."""
        parts = {}
        for name, type_ in (("s1", "S"), ("n1", "N"), ("b1", "B"), ("s2", "S"), ("v", None)):
            if self.one_in(3):
                value = self.value(type_ if not self.one_in(20) else None)
                parts.setdefault("SET", []).append("%s = %s" % (context.name(name), context.value(value)))
            elif self.one_in(4):
                parts.setdefault("REMOVE", []).append(context.name(name))
        return " ".join("%s %s" % (word, ", ".join(list_)) for word, list_ in parts.items()) or "SET n2 = " + context.value({"N": "1"})

    def transact_get_items(self):
        elements = []
        used = []
        for _ in range(self.pick([1, 2, 3, 6])):
            table = self.pick_table()
            get = self.get(table)["Get"]
            if (table.name, get["Key"]) not in used or self.one_in(60):
                elements.append({"Get": get})
                used.append((table.name, get["Key"]))
        request = {"TransactItems": elements}
        self.capacity(request)
        if self.one_in(12):
            self.spoil_elements(elements, lambda: self.get(self.pick_table()))
        return request

    def get(self, table):
        context = self.context()
        get = {"TableName": table.name, "Key": self.key(table) if not self.one_in(25) else self.bad_key(table)}
        if self.one_in(3):
            get["ProjectionExpression"] = self.maybe_damage(self.projection(context, table), 25)
        context.put_into(get)
        return {"Get": get}
