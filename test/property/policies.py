"""Random access policies and requests, for the property test, the fuzzer and the comparison with another engine.

A case is what simulate_custom_policy() takes, as a JSON object: policies (a list), action, resource, context, resource_policy,
boundary, session_policy, granted. Policies are objects; text_of() makes them texts.
"""
import base64
import json

ACCOUNT = "123456789012"
REGION = "us-east-1"
CALLER = "arn:aws:iam::%s:user/ann" % ACCOUNT
ACTIONS = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan", "BatchGetItem", "BatchWriteItem", "PartiQLSelect",
           "DescribeTable", "UpdateTable", "TagResource"]
TABLE = "arn:aws:dynamodb:%s:%s:table/" % (REGION, ACCOUNT)
RESOURCES = [TABLE + name for name in ("Music", "music", "Orders", "ann", "ann-Orders", "t1", "Music/index/by_genre", "Orders/index/i")]

# Key: its type and values that requests have
KEYS = {
    "aws:username": ("text", ["ann", "bob", "Ann", "a*"]),
    "aws:PrincipalTag/tenant": ("text", ["t1", "t2", "*", "T1"]),
    "aws:PrincipalTag/team": ("text", ["red", "blue team", "r?d"]),
    "dynamodb:LeadingKeys": ("list", ["t1", "t2", "ann", "t1#x", "T1"]),
    "dynamodb:Attributes": ("list", ["Artist", "Title", "Year", "artist"]),
    "dynamodb:Select": ("text", ["SPECIFIC_ATTRIBUTES", "ALL_ATTRIBUTES", "COUNT"]),
    "dynamodb:ReturnValues": ("text", ["NONE", "ALL_OLD", "UPDATED_NEW"]),
    "aws:SourceIp": ("address", ["203.0.113.7", "203.0.114.1", "10.1.2.3", "2001:db8:1234:5678::1", "2001:db8:ffff::1"]),
    "aws:CurrentTime": ("date", ["2026-10-09T00:00:00Z", "2026-10-09T12:30:00Z", "2025-01-01T00:00:00Z", "2030-06-15T23:59:59Z"]),
    "aws:SecureTransport": ("boolean", ["true", "false"]),
    "aws:MultiFactorAuthAge": ("number", ["0", "10", "3600", "-5", "3599.5"]),
    "aws:PrincipalArn": ("arn", [CALLER]),
    "aws:SourceArn": ("arn", ["arn:aws:sns:us-east-1:123456789012:topic", "arn:aws:sns:eu-west-1:999999999999:topic:sub", "arn:aws:s3:::bucket"]),
    "aws:userid": ("binary", [base64.b64encode(bytes).decode() for bytes in (b"abc", b"abd", b"\x00\xff")]),
}
FAMILIES = {
    "text": ["StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"],
    "address": ["IpAddress", "NotIpAddress"],
    "date": ["DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"],
    "boolean": ["Bool"],
    "number": ["NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"],
    "arn": ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
    "binary": ["BinaryEquals"],
}
FAMILIES["list"] = FAMILIES["text"]
NEGATED = {name for names in FAMILIES.values() for name in names if "Not" in name}
RANGES = ["203.0.113.0/24", "10.0.0.0/8", "203.0.113.7/32", "0.0.0.0/0", "2001:db8:1234:5678::/64", "2001:db8::/32"]
ARN_PATTERNS = ["arn:aws:sns:*:123456789012:*", "arn:aws:sns:us-east-1:123456789012:topic", "arn:*:*:*:*:*", "arn:aws:iam::123456789012:user/*",
                "arn:aws:iam::123456789012:user/${aws:username}", "arn:aws:s3:::buck?t", "arn:aws:sns:*:*:topic"]


def text_of(policy):
    return json.dumps(policy, ensure_ascii=False)


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def chance(self, probability):
        return self.rng.random() < probability

    def some(self, pool, most=3):
        return [self.rng.choice(pool) for _ in range(self.rng.randint(1, most))]

    def maybe_list(self, values):
        return values[0] if len(values) == 1 and self.chance(0.5) else values

    # ---- requests

    def context(self):
        context = {}
        for key, (kind, pool) in KEYS.items():
            if key == "aws:PrincipalArn":
                context[key] = CALLER
            elif kind == "list":
                if self.chance(0.7):
                    context[key] = self.some(pool)
            elif self.chance(0.7):
                context[key] = self.rng.choice(pool)
        return context

    # ---- conditions

    def pattern(self, text):
        """A text with a piece replaced by a wildcard."""
        at = self.rng.randint(0, len(text))
        to = min(len(text), at + self.rng.randint(0, 3))
        return text[:at] + self.rng.choice(["*", "?", "*"]) + text[to:]

    def with_variable(self):
        variable = self.rng.choice(["aws:username", "aws:PrincipalTag/tenant", "aws:PrincipalTag/team", "AWS:UserName", "aws:PrincipalTag/none"])
        default = ", '%s'" % self.rng.choice(["t1", "ann", "*"]) if self.chance(0.3) else ""
        return self.rng.choice(["", "x", ""]) + "${" + variable + default + "}" + self.rng.choice(["", "#x", "", "*", "${*}"])

    def condition_value(self, kind, pool):
        if kind == "address":
            return self.rng.choice(RANGES)
        if kind == "arn":
            return self.rng.choice(ARN_PATTERNS)
        if kind in ("date", "number", "boolean", "binary"):
            return self.rng.choice(pool)
        choice = self.rng.random()
        return self.with_variable() if choice < 0.2 else self.pattern(self.rng.choice(pool)) if choice < 0.4 else self.rng.choice(pool)

    def conditions(self):
        block = {}
        for _ in range(self.rng.choice([1, 1, 1, 2, 3])):
            key = self.rng.choice(list(KEYS))
            kind, pool = KEYS[key]
            if self.chance(0.1):
                operator, values = "Null", [self.rng.choice(["true", "false"])]
            else:
                operator = self.rng.choice(FAMILIES[kind])
                values = [self.condition_value(kind, pool) for _ in range(self.rng.choice([1, 1, 2, 3]))]
                if kind == "list" and self.chance(0.9) or kind != "list" and self.chance(0.1):
                    operator = self.rng.choice(["ForAllValues:", "ForAnyValue:"]) + operator
                if self.chance(0.2):
                    operator += "IfExists"
            block.setdefault(operator, {})[self.rng.choice([key, key, key.lower()])] = self.maybe_list(values)
        return block

    # ---- statements

    def action(self):
        choice = self.rng.random()
        name = self.rng.choice(ACTIONS)
        if choice < 0.5:
            return "dynamodb:" + name
        if choice < 0.6:
            return "dynamodb:*"
        if choice < 0.8:
            return "dynamodb:" + self.pattern(name)
        if choice < 0.9:
            return ("dynamodb:" + name).upper()
        return self.rng.choice(["*", "s3:GetObject", "dynamodb:*Item", "dynamodb:Batch*"])

    def resource(self):
        choice = self.rng.random()
        if choice < 0.3:
            return "*"
        if choice < 0.6:
            return self.rng.choice(RESOURCES)
        if choice < 0.8:
            return TABLE + self.pattern(self.rng.choice(RESOURCES)[len(TABLE):])
        if choice < 0.9:
            return TABLE + self.rng.choice(["${aws:username}", "${aws:username}-*", "${aws:PrincipalTag/tenant, 'Music'}", "${aws:PrincipalTag/tenant}"])
        return self.rng.choice(["arn:aws:dynamodb:*:*:table/Music", "arn:aws:dynamodb:%s:*:table/*" % REGION, "arn:aws:s3:::bucket/*",
                                "arn:aws:dynamodb:eu-west-1:%s:table/Music" % ACCOUNT, "arn:*:dynamodb:us-east-?:%s:table/*" % ACCOUNT])

    def statement(self, effect=None, principal=False):
        statement = {"Effect": effect or self.rng.choice(["Allow", "Allow", "Allow", "Deny"])}
        if principal:
            statement["NotPrincipal" if self.chance(0.1) and statement["Effect"] == "Deny" else "Principal"] = self.principal(statement["Effect"])
        actions = ["dynamodb:" + self.rng.choice(ACTIONS + ["*", "*Item"]) if principal else self.action() for _ in range(3)]
        statement["NotAction" if self.chance(0.1) else "Action"] = self.maybe_list(self.some(actions))
        statement["NotResource" if self.chance(0.1) else "Resource"] = self.maybe_list(self.some([self.resource() for _ in range(3)]))
        if self.chance(0.6):
            statement["Condition"] = self.conditions()
        return statement

    def principal(self, effect):
        named = [CALLER, "arn:aws:iam::%s:user/bob" % ACCOUNT, ACCOUNT, "arn:aws:iam::%s:root" % ACCOUNT, "arn:aws:iam::999999999999:user/ann"]
        if effect == "Deny" and self.chance(0.2):
            return "*"
        return {"AWS": self.maybe_list(self.some(named))}

    def policy(self, principal=False):
        statements = [self.statement(principal=principal) for _ in range(self.rng.choice([1, 1, 2, 3, 5]))]
        policy = {"Version": "2012-10-17" if self.chance(0.9) else "2008-10-17", "Statement": statements}
        if len(statements) == 1 and self.chance(0.3):
            policy["Statement"] = statements[0]
        return policy

    def limit(self):
        """A boundary or a session's policy, which lets most things pass."""
        policy = self.policy()
        if self.chance(0.6):
            policy["Statement"] = [{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*"}] + \
                (policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]])
        return policy

    def case(self):
        return {
            "policies": [self.policy() for _ in range(self.rng.choice([0, 1, 1, 1, 2, 3]))],
            "action": "dynamodb:" + self.rng.choice(ACTIONS),
            "resource": self.rng.choice(RESOURCES),
            "context": self.context(),
            "resource_policy": self.policy(principal=True) if self.chance(0.3) else None,
            "boundary": self.limit() if self.chance(0.2) else None,
            "session_policy": self.limit() if self.chance(0.2) else None,
            "granted": self.chance(0.1),
        }


def as_argument(case):
    """The case as a JSON text whose policies are texts."""
    texts = dict(case, policies=[text_of(policy) for policy in case["policies"]])
    for name in ("resource_policy", "boundary", "session_policy"):
        texts[name] = None if case[name] is None else text_of(case[name])
    return json.dumps(texts, ensure_ascii=False)


# The decision about a case, for evaluate(): %s is a or b
DECIDE = """(SELECT decision FROM dynapg.simulate_custom_policy(ARRAY(SELECT jsonb_array_elements_text(%(x)s::jsonb -> 'policies')),
	%(x)s::jsonb ->> 'action', %(x)s::jsonb ->> 'resource', %(x)s::jsonb -> 'context', %(x)s::jsonb ->> 'resource_policy', %(x)s::jsonb ->> 'boundary',
	%(x)s::jsonb ->> 'session_policy', coalesce((%(x)s::jsonb ->> 'granted')::boolean, false)))"""


def decide(argument):
    return DECIDE % {"x": argument}
