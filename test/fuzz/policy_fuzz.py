#!/usr/bin/env python3
"""Fuzzes the reader of access policies, their evaluation and the matcher of patterns inside a server.

Policies are random ones and mutations of them. Of each it is checked that
  - it is refused with the exception of its kind and nothing else, or read;
  - what is no JSON is refused, and what is read has a canonical form that is JSON, and reads back as itself;
  - a request can be judged by it: allowed, denied implicitly or explicitly;
  - PutResourcePolicy takes it or refuses it in the service's words, GetResourcePolicy shows what can be put again and changes nothing then;
  - the server survives.
Patterns are checked against Python's regular expressions. Texts that are meant to be dear (nested deep, as long as a policy may be and longer, patterns on
which a matcher that backtracks would never end) must be answered in bounded time.

    FUZZ_SECONDS   how long (default 10)
    SEED           seed (default 20120810; 0 picks one)
"""
import json
import os
import random
import re
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
os.environ["SEED"] = str(SEED)
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

import wire_fuzz                                            # noqa: E402
from mutation import mutate                                 # noqa: E402
from policies import ACCOUNT, CALLER, Generator, as_argument, decide    # noqa: E402
from server import Report, ServerDied, evaluate, prepare, run, timed    # noqa: E402

SECONDS = float(os.environ.get("FUZZ_SECONDS", "10"))
BATCH = 500

rng = random.Random(SEED)
make = Generator(rng)
report = Report()

wire_fuzz.TOKENS.extend(token.encode() for token in [
    '"Version":"2012-10-17",', '"Version":"2008-10-17",', '"Id":"i",', '"Sid":"s",', '"Effect":"Allow",', '"Effect":"deny",', '"Statement":', '"Action":',
    '"NotAction":[],', '"Resource":"*",', '"NotResource":', '"Principal":"*",', '"NotPrincipal":{"AWS":', '"Condition":{', '"ForAllValues:', '"ForAnyValue:',
    'IfExists"', '"Null":{', '"Bool":{', '"StringLike":{', '"DateEquals":{', '"IpAddress":{', '"BinaryEquals":{', '"NumericLessThan":{', '${', '${*}', '${aws:username}',
    "${x, 'y'}", "${x, '", '*', '?', '***', 'arn:', 'arn:aws:dynamodb:', ':::::', 'dynamodb:*', '"*"', '::/0', '/33', '1e400', '9223372036854775808', '2026-02-30',
    '2026-10-09T00:00:00+99:99', 'T', 'Z', '-0001', '🎵', '\\u0000', '\\u0001', '\\ud800', '\\udfff\\ud800', '\\u00e9', '\u0001', '\ufffe'])
KINDS = {"table": ("YD001",), "stream": ("YD001",), "identity": ("22023",)}
MOST_SECONDS = float(os.environ.get("MOST_SECONDS", "20"))      # for a dear batch; one second is usual, of a debug build under load

# A table that gets a policy, shows it, gets it again as it was shown, and loses it; what is wrong with that
CYCLE = """
DO $$ DECLARE role text; BEGIN
	FOREACH role IN ARRAY '{%(roles)s}'::text[] LOOP
		IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN EXECUTE format('CREATE ROLE %%I', role); END IF;
	END LOOP;
	IF NOT EXISTS (SELECT FROM dynapg.tables WHERE name = 'PolicyFuzz') THEN
		PERFORM dynamo_create_table('{"TableName": "PolicyFuzz", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
			"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}');
	END IF;
END $$;
CREATE OR REPLACE FUNCTION dynapg_test.policy_cycle(policy text, confirm text) RETURNS text LANGUAGE plpgsql SET dynapg.account_id = '%(account)s' AS $$
DECLARE
	resource jsonb := '{"ResourceArn": "arn:aws:dynamodb:us-east-1:%(account)s:table/PolicyFuzz"}';
	revisions text[];
	shown text[];
BEGIN
	revisions[1] := dynamo_put_resource_policy(resource || jsonb_build_object('Policy', policy, 'ConfirmRemoveSelfResourceAccess', confirm = 'true')) ->> 'RevisionId';
	FOR i IN 1 .. 2 LOOP
		shown[i] := dynamo_get_resource_policy(resource) ->> 'Policy';
		revisions[i + 1] := dynamo_put_resource_policy(resource || jsonb_build_object('Policy', shown[i], 'ConfirmRemoveSelfResourceAccess', true)) ->> 'RevisionId';
	END LOOP;
	IF dynamo_delete_resource_policy(resource || jsonb_build_object('ExpectedRevisionId', revisions[3])) ->> 'RevisionId' IS DISTINCT FROM revisions[3] THEN
		RETURN 'another revision was deleted';
	END IF;
	RETURN CASE WHEN shown[1] <> shown[2] THEN 'shown as ' || shown[1] || ' and ' || shown[2]
		WHEN revisions[3] <> revisions[2] OR revisions[2] <> revisions[1] AND policy ~ '^[[:space:]]*[{][[:space:]]*"Version"' AND policy !~ '[\\\\]' THEN revisions::text ELSE 'good' END;
END $$;
"""
LETTERS = ["a", "b", "A", "*", "?", "é", "🎵", "\n", ".", "[", "\\"]


def check_documents(texts):
    rows = [(text, rng.choice(list(KINDS))) for text in texts]
    canonical = []
    for (text, kind), (state, answer) in zip(rows, evaluate("dynapg_test.policy(a, b)", rows)):
        report.check(state in ("",) + KINDS[kind], "kind of error", kind, text, state, answer)
        report.check(state != "" or wire_fuzz.is_json(text.encode()) is not False, "accepted what is no JSON", text, answer)
        if state == "":
            report.check(wire_fuzz.is_json(answer.encode()), "wrote what is no JSON", text, answer)
            canonical.append((answer, kind))
    for (text, kind), (state, answer) in zip(canonical, evaluate("dynapg_test.policy(a, b)", canonical)):
        report.check(state == "" and answer == text, "stable", kind, text, state, answer)
    return [[text for text, kind in canonical if kind == wanted] for wanted in ("identity", "table")]


def check_decisions(texts, tables):
    """The texts as identity policies, and as tables' policies, of random requests."""
    rows = []
    for text, member, value in [(text, "policies", [text]) for text in texts] + [(text, "resource_policy", text) for text in tables]:
        argument = json.loads(as_argument(dict(make.case(), resource_policy=None, boundary=None, session_policy=None)))
        rows.append((json.dumps(dict(argument, **{member: value}), ensure_ascii=False), None))
    for (row, _), (state, answer) in zip(rows, evaluate(decide("a"), rows)):
        report.check(state == "" and answer in ("allowed", "implicitDeny", "explicitDeny"), "decision", row, state, answer)


def check_cycles(texts):
    rows = [(text, rng.choice(["true", "false"])) for text in texts]
    for (text, confirm), (state, answer) in zip(rows, evaluate("dynapg_test.policy_cycle(a, b)", rows)):
        report.check(answer == "good" if state == "" else state in ("YD001", "42501"), "cycle", confirm, text, state, answer)


def expected_match(pattern, text):
    parts = [".*" if c == "*" else "." if c == "?" else re.escape(c) for c in re.sub(r"\*+", "*", pattern)]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def check_patterns():
    rows = []
    for _ in range(BATCH):
        text = "".join(rng.choice(LETTERS[:2] * 4 + LETTERS) for _ in range(rng.randint(0, 12)))
        pattern = "".join(rng.choice([c, c, c, "*", "?", rng.choice(LETTERS)]) for c in text)
        if pattern.count("*") <= 6:
            rows.append((pattern, text))
    for (pattern, text), (state, answer) in zip(rows, evaluate("dynapg_test.glob(a, b)", rows)):
        report.check(state == "" and (answer == "true") == expected_match(pattern, text), "pattern", pattern, text, state, answer)


def nested():
    """A text in which brackets are deep: as a policy, or anywhere in one."""
    depth = rng.choice([10, 100, 1000, 20000, 200000])
    opening, closing = rng.choice([("[", "]"), ('{"a":', "}"), ('{"Statement":', "}"), ('[{"Condition":', "}]"), ("[", "")])
    inner = opening * depth + rng.choice(["1", '"*"', ""]) + closing * depth
    return rng.choice(["%s", '{"Statement":%s}', '{"Statement":{"Effect":"Allow","Action":%s,"Resource":"*"}}',
                       '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"aws:username":%s}}}}']) % inner


def long_policy():
    """A policy about as long as one may be, or longer, of many of something."""
    size = rng.choice([5000, 10240, 20480, 20481, 131072, 300000])
    piece = rng.choice(['"dynamodb:GetItem",', '"*",', '"${aws:username}*",', '"a?*",', '"' + "*a" * 50 + '",', '"\\u0061\\u0000",'])
    values = "[" + (piece * (size // len(piece)))[:-1] + "]"
    return rng.choice(['{"Statement":{"Effect":"Allow","Action":%s,"Resource":"*"}}', '{"Statement":{"Effect":"Allow","Action":"*","Resource":%s}}',
                       '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLike":{"dynamodb:LeadingKeys":%s}}}}',
                       '{"Statement":[' + ",".join(['{"Sid":"%d","Effect":"Allow","Action":"*","Resource":"*"}' % i for i in range(size // 60)]) + "]}"]).replace("%s", values)


def hard_pattern(size):
    """A pattern with many ways to begin a match that fails at its end."""
    unit = rng.choice(["*a", "a*", "*a?", "?*", "*aa", "**", "*?a*", "a?", "*a*b?"])
    return rng.choice(["*", ""]) + (unit * (size // len(unit))) + rng.choice(["b", "?b", "*b", "b*", ""])


def check_dear():
    """Time is bounded whatever is sent."""
    texts = [nested() for _ in range(10)] + [long_policy() for _ in range(5)]
    rows = [(text, rng.choice(list(KINDS))) for text in texts]
    answers, seconds = timed(lambda: evaluate("dynapg_test.policy(a, b)", rows), MOST_SECONDS)
    for (text, kind), (state, answer) in zip(rows, answers):
        report.check(state in ("",) + KINDS[kind], "kind of error of a long text", kind, text[:300], len(text), state, answer)
    report.check(seconds < MOST_SECONDS, "long texts took too long", [(text[:100], len(text)) for text in texts], seconds)
    patterns = [(hard_pattern(rng.choice([100, 1000, 10000])), "a" * rng.choice([100, 2048, 65535])) for _ in range(10)]
    answers, seconds = timed(lambda: evaluate("dynapg_test.glob(a, b)", patterns), MOST_SECONDS)
    for (pattern, text), (state, answer) in zip(patterns, answers):
        report.check(state == "", "a hard pattern", pattern[:100], len(text), state, answer)
    report.check(seconds < MOST_SECONDS, "patterns took too long", [(pattern[:50], len(pattern), len(text)) for pattern, text in patterns], seconds)
    # as much as a role may have, asked by a batch of the longest keys
    values = [hard_pattern(rng.choice([200, 1000, 2000])) for _ in range(5)]
    policy = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "*",
                                                      "Condition": {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": values + ["z"]}}}}
    case = {"policies": [json.dumps(policy)], "action": "dynamodb:BatchGetItem", "resource": "*", "context": {"dynamodb:LeadingKeys": ["a" * 2048] * 100}}
    ((state, answer),), seconds = timed(lambda: evaluate(decide("a"), [(json.dumps(case), None)]), MOST_SECONDS)
    report.check(state == "" and answer in ("allowed", "implicitDeny"), "a hard decision", values, state, answer)
    report.check(seconds < MOST_SECONDS, "a decision took too long", values, seconds)


def random_policy():
    return json.dumps(make.policy(principal=rng.random() < 0.5), ensure_ascii=rng.random() < 0.5).encode()


def main():
    print(f"SEED={SEED} FUZZ_SECONDS={SECONDS:g}")
    prepare()
    run(CYCLE % {"account": ACCOUNT, "roles": ",".join([CALLER.split("/")[-1], "bob"])})
    end = time.monotonic() + SECONDS
    read = texts = rounds = 0
    while True:
        corpus = [random_policy() for _ in range(100)]
        batch = [rng.choice(corpus) if rng.random() < 0.2 else mutate(rng, rng.choice(corpus), corpus, wire_fuzz.TOKENS) for _ in range(BATCH)]
        batch = [data.decode("utf-8", "replace").replace("\0", "0") for data in batch]
        try:
            identity, tables = check_documents(batch)
            check_decisions(identity, tables)
            check_cycles(batch[:100] + tables[:100])
            check_patterns()
            if rounds % 8 == 0:
                check_dear()
            rounds += 1
        except ServerDied as died:
            with tempfile.NamedTemporaryFile(prefix="policy_fuzz_", suffix=".txt", delete=False) as file:
                file.write(b"\n".join(repr(text).encode() for text in batch))
            report.check(False, "the server died; its batch is in " + file.name, str(died))
            break
        read += len(identity) + len(tables)
        texts += len(batch)
        if time.monotonic() > end:
            break
    print(f"{texts} texts, {read} of them judged")
    report.finish()


if __name__ == "__main__":
    main()
