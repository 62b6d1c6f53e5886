#!/usr/bin/env python3
"""Compares the evaluation of access policies with @cloud-copilot/iam-simulate of npm, on random policies and requests.

    policy_evaluation.py FOLDER     where the package is installed

    SEED    seed (default 20120810; 0 picks one)
    CASES   cases (default 4000)

Where the two differ by design, the case is recognised by what its policies have, and counted by the reason; each reason is settled by
AWS's documentation, or is a rule of dynapg's own. Any other difference is a failure.
"""
import json
import os
import random
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "property"))

from policies import ACCOUNT, NEGATED, Generator, as_argument, decide    # noqa: E402
from server import Report, evaluate, prepare                    # noqa: E402

SEED = int(os.environ.get("SEED", "20120810")) or random.randrange(1 << 32)
CASES = int(os.environ.get("CASES", "4000"))
BATCH = 1000

make = Generator(random.Random(SEED))
report = Report()


def all_policies(case):
    return [policy for policy in case["policies"] + [case["resource_policy"], case["boundary"], case["session_policy"]] if policy]


def all_statements(case):
    for policy in all_policies(case):
        statements = policy["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            yield policy, statement


def all_conditions(case):
    for policy, statement in all_statements(case):
        for operator, keys in statement.get("Condition", {}).items():
            for key, values in keys.items():
                yield policy, operator, key, values if isinstance(values, list) else [values]


def base(operator):
    return operator.split(":")[-1].replace("IfExists", "")


def missing(case, key):
    return key.lower() not in {name.lower() for name in case["context"]}


# What a case must have for a difference to be one of these

def old_version(case):
    return any(policy["Version"] == "2008-10-17" and "${" in json.dumps(policy) for policy in all_policies(case))


def unresolved_and_negated(case):
    return any(base(operator) in NEGATED and any("${" in value for value in values) for _, operator, _, values in all_conditions(case))


def unresolved_not_resource(case):
    return any("${" in json.dumps(statement.get("NotResource", "")) for _, statement in all_statements(case))


def any_if_exists(case):
    return any(operator.startswith("ForAnyValue:") and operator.endswith("IfExists") and missing(case, key)
               for _, operator, key, _ in all_conditions(case))


def ipv4_everything(case):
    return any("0.0.0.0/0" in values for _, _, _, values in all_conditions(case))


def limits_of_resource_policy(case):
    return case["resource_policy"] is not None and (case["boundary"] is not None or case["session_policy"] is not None)


def account_in_not_principal(case):
    return any(any(name == ACCOUNT or name.endswith(":root") for name in json.dumps(statement.get("NotPrincipal", "")).split('"')) for _, statement in all_statements(case))


REASONS = [
    (account_in_not_principal, "an account in NotPrincipal excepts none of its users but those named beside it (IAM user guide: NotPrincipal); iam-simulate excepts all"),
    (old_version, "variables are none before 2012-10-17 (IAM user guide: Version); iam-simulate has them in any version"),
    (unresolved_and_negated, "a negated operator holds if its variable has no value (IAM user guide: policy variables with no value)"),
    (unresolved_not_resource, "a NotResource whose variable has no value matches no resource (the same)"),
    (any_if_exists, "IfExists is true where the key is missing, whatever the prefix (IAM user guide: ...IfExists)"),
    (ipv4_everything, "0.0.0.0/0 has all addresses of IPv4 (CIDR); iam-simulate's shift by 32 bits leaves none"),
    (limits_of_resource_policy, "boundary and session policy limit what a resource policy allows, too (dynapg's rule, stricter than IAM)"),
]


def simulate(folder, cases):
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run(["node", "--no-warnings", os.path.join(HERE, "iam_simulate.mjs")], input=lines, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        sys.exit("iam_simulate.mjs failed: " + done.stderr)
    return done.stdout.splitlines()


def main():
    folder = sys.argv[1]
    print(f"SEED={SEED} CASES={CASES}")
    prepare()
    differences = {}
    decisions = {}
    for done in range(0, CASES, BATCH):
        cases = [dict(make.case(), granted=False) for _ in range(min(BATCH, CASES - done))]
        ours = evaluate(decide("a"), [(as_argument(case), None) for case in cases])
        for case, (state, answer), other in zip(cases, ours, simulate(folder, cases)):
            decisions[answer] = decisions.get(answer, 0) + 1
            reason = None
            if answer != other:
                reason = next((reason for applies, reason in REASONS if applies(case)), None)
                differences[reason] = differences.get(reason, 0) + 1
            report.check(state == "" and (answer == other or reason is not None), "difference", json.dumps(case), answer, other)
    for reason, n in sorted(differences.items(), key=str):
        print(f"{n:6} {reason}")
    print(decisions)
    report.check(all(decisions.get(decision, 0) > CASES / 20 for decision in ("allowed", "implicitDeny", "explicitDeny")), "too few cases of a decision")
    report.finish()


if __name__ == "__main__":
    main()
