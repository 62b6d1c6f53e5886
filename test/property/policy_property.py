#!/usr/bin/env python3
"""Properties of the evaluation of access policies: what may be added, moved, split or renamed, and what that does to the decision.

    SEED    seed of the random cases (default 20120810; 0 picks one)
    CASES   random cases, each changed in every way (default 1000)
"""
import copy
import os
import random

from policies import ACCOUNT, ACTIONS, CALLER, Generator, as_argument, decide, text_of
from server import Report, evaluate, prepare

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
CASES = int(os.environ.get("CASES", "1000"))
BATCH = 300
ALLOWED, DENIED, IMPLICIT = "allowed", "explicitDeny", "implicitDeny"
OPPOSITE = {"StringEquals": "StringNotEquals", "StringEqualsIgnoreCase": "StringNotEqualsIgnoreCase", "StringLike": "StringNotLike",
            "NumericEquals": "NumericNotEquals", "DateEquals": "DateNotEquals", "IpAddress": "NotIpAddress", "ArnEquals": "ArnNotEquals",
            "ArnLike": "ArnNotLike"}

rng = random.Random(SEED)
make = Generator(rng)
report = Report()


def statements(policy):
    """The statements of a policy, as a list that can be changed."""
    if not isinstance(policy["Statement"], list):
        policy["Statement"] = [policy["Statement"]]
    return policy["Statement"]


def identity(case):
    """An identity policy of the case, which gets one if it has none."""
    if not case["policies"]:
        case["policies"].append({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})
    return rng.choice(case["policies"])


def any_policy(case):
    present = case["policies"] + [case[name] for name in ("resource_policy", "boundary", "session_policy") if case[name]]
    return rng.choice(present) if present else identity(case)


# Ways to change a case: each gives what the new decision must be, by the old one

def add_deny(case):
    """A Deny, whatever it is about, never allows, and no explicit deny goes."""
    policy = any_policy(case)
    of_resource = policy is case["resource_policy"]
    statements(policy).insert(rng.randint(0, len(statements(policy))), make.statement("Deny", principal=of_resource))
    return lambda old: {ALLOWED: {ALLOWED, DENIED}, IMPLICIT: {IMPLICIT, DENIED}, DENIED: {DENIED}}[old]


def deny_all(case):
    """A Deny that is about the request denies it, whatever else there is."""
    policy = any_policy(case)
    statement = {"Effect": "Deny", "Action": rng.choice(["*", "dynamodb:*", case["action"]]), "Resource": rng.choice(["*", case["resource"]])}
    if policy is case["resource_policy"]:
        statement["Principal"] = rng.choice(["*", {"AWS": CALLER}, {"AWS": ACCOUNT}])
    statements(policy).insert(rng.randint(0, len(statements(policy))), statement)
    return lambda old: {DENIED}


def add_allow(case):
    """An Allow never denies."""
    statements(identity(case)).append(make.statement("Allow"))
    return lambda old: {old, ALLOWED} if old == IMPLICIT else {old}


def grant(case):
    case["granted"] = True
    return lambda old: {old, ALLOWED} if old == IMPLICIT else {old}


def add_limit(case):
    """A boundary or a session's policy never allows."""
    name = rng.choice(["boundary", "session_policy"])
    if case[name] is not None:
        return lambda old: {old}
    case[name] = make.limit()
    return lambda old: {ALLOWED, IMPLICIT, DENIED} if old == ALLOWED else {old, DENIED}


def shuffle(case):
    """The order of policies, statements and values is nothing to the decision."""
    rng.shuffle(case["policies"])
    for policy in case["policies"]:
        rng.shuffle(statements(policy))
        for statement in statements(policy):
            for name in ("Action", "NotAction", "Resource", "NotResource"):
                if isinstance(statement.get(name), list):
                    rng.shuffle(statement[name])
    for value in case["context"].values():
        if isinstance(value, list):
            rng.shuffle(value)
    return lambda old: {old}


def one_policy(case):
    """It is nothing to it in which identity policy a statement is, nor how often."""
    by_version = {}
    for policy in case["policies"]:
        by_version.setdefault(policy["Version"], []).extend(statements(policy))
    case["policies"] = [{"Version": version, "Statement": all_of_it + all_of_it[:1]} for version, all_of_it in by_version.items()]
    return lambda old: {old}


def split(case):
    """A list of actions or resources is so many statements."""
    for policy in case["policies"]:
        parts = []
        for statement in statements(policy):
            for name in ("Action", "Resource"):
                if isinstance(statement.get(name), list):
                    parts.extend(dict(statement, **{name: value}) for value in statement[name])
                    break
            else:
                parts.append(statement)
        policy["Statement"] = parts
    return lambda old: {old}


def turn_round(case):
    """NotAction of all others is Action."""
    others = ["dynamodb:" + name for name in ACTIONS if "dynamodb:" + name != case["action"]]
    for policy in case["policies"]:
        for statement in statements(policy):
            if statement.get("Action") == case["action"]:
                del statement["Action"]
                statement["NotAction"] = others
    return lambda old: {old}


def rename(case):
    """Another letter for one of a name, everywhere, is nothing to it; the letter's bytes are two."""
    def walk(value):
        if isinstance(value, str):
            return value.replace("M", "Ж")
        if isinstance(value, list):
            return [walk(member) for member in value]
        if isinstance(value, dict):
            return {name: member if name in ("Action", "NotAction") else walk(member) for name, member in value.items()}
        return value
    for name in set(case) - {"action"}:
        case[name] = walk(case[name])
    return lambda old: {old}


def another_case(case):
    """Names of keys and actions are the same in any case."""
    case["context"] = {rng.choice([str.upper, str.lower, str])(key): value for key, value in case["context"].items() if key != "aws:PrincipalArn"}
    case["context"]["aws:PrincipalArn"] = CALLER
    case["action"] = rng.choice([case["action"].upper(), case["action"].lower()])
    return lambda old: {old}


def more_context(case):
    """Keys that no policy asks for are nothing to it."""
    case["context"]["aws:UserAgent"] = "x"
    case["context"]["dynamodb:NoSuchKey"] = ["y"]
    return lambda old: {old}


WAYS = [add_deny, deny_all, add_allow, grant, add_limit, shuffle, one_policy, split, turn_round, rename, another_case, more_context]


def check_changes(cases):
    rows = []
    what = []
    for case in cases:
        for way in WAYS:
            changed = copy.deepcopy(case)
            expected = way(changed)
            rows.append((as_argument(case), as_argument(changed)))
            what.append((way.__name__, expected))
    answers = evaluate(decide("a") + " || ' ' || " + decide("b"), rows)
    seen = {}
    for row, (name, expected), (state, answer) in zip(rows, what, answers):
        if state:
            report.check(False, "error", name, row, state, answer)
            continue
        old, new = answer.split(" ")
        seen[old] = seen.get(old, 0) + 1
        report.check(new in expected(old), name, row[0], row[1], old, new)
    return seen


def check_opposites():
    """Of an operator and its negation, one holds for a key that has one value."""
    rows = []
    for _ in range(CASES):
        case = make.case()
        operator, key, value = next((operator, key, value) for block in iter(make.conditions, None)
                                    for operator, keys in block.items() for key, value in keys.items() if operator in OPPOSITE)
        pair = []
        for name in (operator, OPPOSITE[operator]):
            policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {name: {key: value}}}}
            pair.append(as_argument(dict(case, policies=[policy], resource_policy=None, boundary=None, session_policy=None, granted=False)))
        present = [value for name, value in case["context"].items() if name.lower() == key.lower()]
        if present and not isinstance(present[0], list):
            rows.append(tuple(pair))
    for row, (state, answer) in zip(rows, evaluate(decide("a") + " || ' ' || " + decide("b"), rows)):
        report.check(state == "" and sorted(answer.split(" ")) == [ALLOWED, IMPLICIT], "opposites", row, state, answer)


def check_foresight(cases):
    """What is allowed was foreseen."""
    rows = []
    for case in cases:
        for policy in case["policies"]:
            only = dict(case, policies=[policy], resource_policy=None, boundary=None, session_policy=None, granted=False)
            rows.append((as_argument(only), text_of(policy)))
    foreseen = "dynapg_test.foresee(b, a::jsonb ->> 'action', a::jsonb ->> 'resource', a::jsonb -> 'context')"
    for row, (state, answer) in zip(rows, evaluate(decide("a") + " || ' ' || " + foreseen, rows)):
        report.check(state == "" and answer != ALLOWED + " false", "foresight", row, state, answer)


def check_canonical(cases):
    """A resource policy's canonical form reads back as itself, and is equivalent."""
    expression = """(SELECT dynapg_test.policy(c) = c AND dynapg_test.policy_equivalent(a, a)
	AND dynapg_test.policy_equivalent(a, c) = (a::jsonb ? 'Version') FROM dynapg_test.policy(a) AS c)"""
    texts = [(text_of(case["resource_policy"]), None) for case in cases if case["resource_policy"]]
    for (text, _), (state, answer) in zip(texts, evaluate(expression, texts)):
        report.check(state == "" and answer == "true", "canonical form", text, state, answer)


def main():
    print(f"SEED={SEED} CASES={CASES}")
    prepare()
    seen = {}
    for done in range(0, CASES, BATCH):
        cases = [make.case() for _ in range(min(BATCH, CASES - done))]
        for decision, n in check_changes(cases).items():
            seen[decision] = seen.get(decision, 0) + n
        check_canonical(cases)
        check_foresight(cases)
    check_opposites()
    report.check(all(seen.get(decision, 0) > CASES / 2 for decision in (ALLOWED, DENIED, IMPLICIT)), "too few cases of a decision", seen)
    print(seen)
    report.finish()


if __name__ == "__main__":
    main()
