"""Random PartiQL statements, and what of their answers can be compared."""
import json
import re

SIGNED = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
MARK = "\x01%d\x02"
PIECES = ["", "(", ")", "'", '"', ",", "AND", "WHERE", "x", "1", "?", "=", "IN", "IS", "NOT", "[", "<<", "--", "*", "LIMIT 1", "SET"]


class Target:
    """What a statement is about, so that nobody has to read its text."""

    def __init__(self, kind, table, key=None, index=None, in_order=False):
        self.kind = kind            # the first word
        self.table = table
        self.key = key              # of a write that names an item
        self.index = index          # that is read
        self.in_order = in_order    # one lookup in a table: in the order of the sort key, in pages of Limit


class Words:
    """The names and values of one statement, as an expression's Context has them."""

    def __init__(self, rng):
        self.rng = rng
        self.values = []

    def name(self, attribute, always=False):
        if re.fullmatch(r"[a-z]+\d", attribute) and self.rng.random() < 0.6:
            return attribute
        return '"%s"' % attribute

    def value(self, value):
        self.values.append(value)
        return MARK % (len(self.values) - 1)

    def statement(self, text):
        """The statement and the parameters of a text with marks, in the text's order."""
        parameters = []

        def replace(match):
            value = self.values[int(match.group(1))]
            spelled = literal(value) if self.rng.random() < 0.6 else None
            if spelled is None:
                parameters.append(value)
            return spelled or "?"
        return re.sub("\x01(\\d+)\x02", replace, text), parameters


def literal(value):
    """A value as a literal; None if there is none for it."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    (type_, inner), = value.items()
    if type_ == "S" and isinstance(inner, str):
        return "'%s'" % inner.replace("'", "''")
    if type_ == "N" and isinstance(inner, str) and SIGNED.fullmatch(inner):
        return inner
    if type_ in ("BOOL", "NULL") and isinstance(inner, bool) and (inner or type_ == "BOOL"):
        return "null" if type_ == "NULL" else str(inner).lower()
    if type_ == "L" and isinstance(inner, list):
        parts = [literal(part) for part in inner]
        return None if None in parts else "[%s]" % ", ".join(parts)
    if type_ == "M" and isinstance(inner, dict):
        parts = [(literal({"S": name}), literal(part)) for name, part in inner.items()]
        return None if any(part is None for _, part in parts) else "{%s}" % ", ".join("%s: %s" % pair for pair in parts)
    if type_ in ("SS", "NS") and isinstance(inner, list) and inner:
        parts = [literal({type_[0]: part}) for part in inner]
        return None if None in parts else "<<%s>>" % ", ".join(parts)
    return None


def identity(text, parameters):
    """What a statement is known by, on the tables as on their twins."""
    return text.replace('"rp', '"df'), json.dumps(parameters or [])


class PartiqlRequests:
    """What a Generator has for PartiQL."""

    def partiql(self):
        """An operation and its request."""
        kind = self.rng.randrange(10)
        if kind < 6:
            text, parameters, target = self.any_statement()
            request = self.part(text, parameters)
            if target.kind == "SELECT" and self.one_in(3):
                request["Limit"] = self.pick([1, 2, 3, 10])
            if target.kind == "SELECT" and self.one_in(4):
                request["ConsistentRead"] = True
            self.capacity(request)
            if target.key is not None and self.one_in(3):
                request["ReturnValuesOnConditionCheckFailure"] = self.pick(["ALL_OLD", "NONE"])
            return "ExecuteStatement", request
        reads = self.one_in(3)
        statements = []
        used = []
        for _ in range(self.pick([1, 2, 2, 3, 5])):
            text, parameters, target = self.get_statement() if reads else self.write_statement(kind >= 8)
            identity = (target.table.name, target.key)
            if identity not in used or self.one_in(40):
                statements.append(self.part(text, parameters))
                used.append(identity)
            if kind < 8 and self.one_in(4):
                statements[-1]["ConsistentRead"] = True
            if not reads and self.one_in(3):
                statements[-1]["ReturnValuesOnConditionCheckFailure"] = self.pick(["ALL_OLD", "NONE"])
        if self.one_in(25):
            text, parameters, _ = self.any_statement()
            statements.append(self.part(text, parameters))
        request = {"Statements" if kind < 8 else "TransactStatements": statements}
        self.capacity(request)
        return "BatchExecuteStatement" if kind < 8 else "ExecuteTransaction", request

    def part(self, text, parameters):
        return dict({"Statement": text}, **({"Parameters": parameters} if parameters else {}))

    def done(self, words, text, target):
        text, parameters = words.statement(text)
        if self.one_in(40):
            # between two words, so that no key becomes another one
            at = self.pick([i for i, c in enumerate(text) if c == " " and text[:i].count("'") % 2 == 0] or [0])
            text = text[:at] + " %s " % self.pick(PIECES) + text[at:]
        if self.one_in(60):
            parameters = parameters[1:] if self.one_in(2) else parameters + [self.value()]
        self.targets[identity(text, parameters)] = target
        return text, parameters, target

    def any_statement(self):
        return self.select_statement() if self.one_in(2) else self.write_statement(False)

    # ------------------------------------------------------------ reading

    def select_statement(self):
        words = Words(self.rng)
        table = self.pick_table()
        source = self.pick(table.indexes) if table.indexes and self.one_in(2) else table
        index = source if source is not table else None
        self.allowed = source.projected() if not self.one_in(4) else None
        kind = self.rng.randrange(12)
        where, in_order = None, False
        if kind < 7:
            where = self.key_condition(words, source)
            in_order = kind < 6 and re.search(r'(^|\W)%s"? = ' % re.escape(source.keys[0][0]), where) is not None
            if kind == 6:
                where = self.many_keys(words, source)
            if self.one_in(3):
                where += " AND " + self.condition(words, source)
        elif kind < 11:
            where = self.condition(words, source)
        text = 'SELECT %s FROM "%s"%s' % (self.columns(words, source), table.name, '."%s"' % index.index_name if index else "")
        self.allowed = None
        if where:
            text += " WHERE " + where
        if self.one_in(5):
            text += " ORDER BY " + ", ".join(
                words.name(self.pick([name for name, _ in source.keys] + ["n1"] * self.one_in(8))) + self.pick(["", " ASC", " DESC"])
                for _ in range(self.pick([1, 1, 2])))
        return self.done(words, text, Target("SELECT", table, index=index, in_order=in_order and not index and re.search(" (OR|oR) |NOT ", text) is None))

    def columns(self, words, source):
        if self.one_in(2):
            return "*"
        return self.projection(words, source)

    def many_keys(self, words, source):
        """Several partition keys."""
        name, type_ = source.keys[0]
        values = [self.key(source)[name] for _ in range(self.rng.randrange(1, 4))]
        if self.one_in(2):
            text = "%s IN [%s]" % (words.name(name), ", ".join(words.value(value) for value in values))
        else:
            text = "(%s)" % " OR ".join("%s = %s" % (words.name(name), words.value(value)) for value in values)
        if len(source.keys) == 2 and self.one_in(2):
            text += " AND " + self.sort_condition(words, source)
        return text

    def where_key(self, words, table):
        """The text of a key's equalities, and the key."""
        key = self.key(table, 5)
        if self.one_in(60):
            key = self.bad_key(table)
        parts = ["%s = %s" % (words.name(name), words.value(value)) for name, value in key.items()]
        if self.one_in(10):
            parts.reverse()
        return " AND ".join(parts) or "n1 = 1", key

    def get_statement(self):
        words = Words(self.rng)
        table = self.pick_table()
        where, key = self.where_key(words, table)
        if self.one_in(20):
            where += " AND " + self.condition(words, table)
        return self.done(words, 'SELECT %s FROM "%s" WHERE %s' % (self.columns(words, table), table.name, where), Target("SELECT", table, key))

    # ------------------------------------------------------------ writing

    def write_statement(self, may_check):
        words = Words(self.rng)
        table = self.pick_table()
        kind = self.rng.randrange(10)
        if kind < 3:
            item = self.item(table) if not self.one_in(20) else self.bad_item(table)
            members = ", ".join("%s: %s" % (literal({"S": name}), words.value(value)) for name, value in item.items())
            return self.done(words, 'INSERT INTO "%s" VALUE {%s}' % (table.name, members), Target("INSERT", table, item))
        where, key = self.where_key(words, table)
        if kind < 7:
            actions = " ".join(self.action_of_update(words, table) for _ in range(self.pick([1, 1, 2, 3])))
            # the actions' values stand before those of the key
            text = 'UPDATE "%s" %s WHERE %s' % (table.name, actions, where + self.further(words, table, 3))
            if self.one_in(3):
                text += " RETURNING %s *" % self.pick(["ALL OLD", "ALL NEW", "MODIFIED OLD", "MODIFIED NEW"])
            return self.done(words, text, Target("UPDATE", table, key))
        if kind < 9 or not may_check:
            text = 'DELETE FROM "%s" WHERE %s' % (table.name, where + self.further(words, table, 3))
            if self.one_in(3):
                text += " RETURNING %s *" % self.pick(["ALL OLD"] * 8 + ["ALL NEW"])
            return self.done(words, text, Target("DELETE", table, key))
        text = 'EXISTS(SELECT * FROM "%s" WHERE %s)' % (table.name, where + self.further(words, table, 1.05))
        return self.done(words, text, Target("EXISTS", table, key))

    def further(self, words, table, n):
        return " AND " + self.condition(words, table, 1) if self.one_in(n) else ""

    def action_of_update(self, words, table):
        type_ = self.pick(["S", "N", "B", "BOOL", "L", "M", "SS", "NS", "BS"])
        path = self.path(words, type_, table if self.one_in(25) else None)
        if self.one_in(4):
            return "REMOVE " + path
        if type_ in ("SS", "NS", "BS") and not self.one_in(4):
            value = self.value(type_ if not self.one_in(10) else None)
            return "SET %s = %s(%s, %s)" % (path, self.pick(["set_add", "SET_DELETE"]), path, words.value(value))
        operand = self.set_operand(words, type_)
        return "SET %s = %s" % (path, operand if "if_not_exists" not in operand else words.value(self.value(type_)))


# ---------------------------------------------------------------- answers

def statements_of(request):
    """The statements of a request of PartiQL."""
    if "Statement" in request:
        return [request]
    list_ = request.get("Statements", request.get("TransactStatements"))
    return [statement for statement in list_ if isinstance(statement, dict)] if isinstance(list_, list) else []

def select(door, request, target):
    """The answer to a SELECT from its first page to its last; how many items a page has is nobody's promise but in one lookup."""
    whole = {"Items": [], "Pages": []}
    page = request
    for _ in range(1000):
        answer = door.call("ExecuteStatement", page)
        if "ok" not in answer:
            return answer
        ok = answer["ok"]
        whole["Items"] += ok.get("Items", [])
        whole["Pages"].append(len(ok.get("Items", [])))
        if not ok.get("NextToken"):
            break
        page = dict(request, NextToken=ok["NextToken"])
    else:
        return {"error": "Endless", "message": "a SELECT does not end"}
    n_pages = len(whole["Pages"])
    while whole["Pages"][-1] == 0 and len(whole["Pages"]) > 1:
        whole["Pages"].pop()
    if n_pages == 1 and "ConsumedCapacity" in ok:
        whole["ConsumedCapacity"] = ok["ConsumedCapacity"]
    if not target.in_order:
        del whole["Pages"]
    return {"ok": whole}


def answers_of_parts(ok):
    """The answers of a batch's statements, as if each had been sent alone."""
    for response in ok["Responses"]:
        error = response.get("Error")
        if error is None:
            yield {"ok": response}
        else:
            code = error["Code"].replace("ValidationError", "Validation") + "Exception"
            answer = {"error": code, "message": error.get("Message"), "table": response.get("TableName")}
            yield dict(answer, item=error["Item"]) if "Item" in error else answer
