#!/bin/bash
# Benchmarks of access policies: what a decision costs once the policies are compiled.
#
#   BENCH_POLICIES=1 make bench
#   BENCH_ROUNDS=5 bench/policies.sh
#
# A figure is microseconds of CPU time of the server's process for a decision, the median of its rounds. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
functions=$PWD/test/functions.sql
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-5}
times=500000

# one_cost NAME: so many decisions in a session of their own; its beginning, and reading the policy, are lost among them.
one_cost() {
    local before
    before=$(backends_cpu)
    sql -c "SELECT judge('$1', $times)" >/dev/null
    sleep 0.05
    echo "$(($(backends_cpu) - before))" | awk -v times="$times" '{print $1 / times}'
}

cost() {
    for ((round = 1; round <= rounds; round++)); do
        one_cost "$1"
    done | median | awk '{printf "%.2f", $1}'
}

start
sql -c 'CREATE EXTENSION dynapg' -f "$functions" -f - <<'SQL' >/dev/null
CREATE TABLE policies (n integer, name text, policy jsonb);
INSERT INTO policies VALUES
	(1, 'one statement about other actions', '{"Statement": {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}}'),
	(2, 'one statement without conditions', '{"Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/Music*"}}'),
	(3, 'own items only', '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/Music",
		"Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/tenant}"}, "Null": {"dynamodb:LeadingKeys": "false"}}}}');
INSERT INTO policies SELECT 4, 'ten statements with conditions', jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_agg(jsonb_build_object('Effect', 'Deny',
		'Action', 'dynamodb:*', 'Resource', 'arn:aws:dynamodb:*:*:table/Music', 'Condition', c)) || (SELECT policy -> 'Statement' FROM policies WHERE n = 3))
	FROM unnest(ARRAY['{"NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.168.0.0/16"]}}', '{"Bool": {"aws:SecureTransport": "false"}}', '{"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}',
		'{"ForAnyValue:StringEquals": {"dynamodb:Attributes": ["ssn", "salary"]}}', '{"StringNotEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}', '{"StringLike": {"aws:username": ["root*", "admin*"]}}',
		'{"Null": {"aws:PrincipalTag/tenant": "true"}}', '{"StringEquals": {"aws:PrincipalTag/tenant": "banned"}}', '{"ForAnyValue:StringLike": {"dynamodb:LeadingKeys": "secret#*"}}']::jsonb[]) c;
CREATE FUNCTION judge(the_name text, times integer) RETURNS text LANGUAGE sql AS $$
	SELECT dynapg_test.judge(policy::text, 'dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:000000000000:table/Music', '{"aws:username": "ann", "aws:PrincipalTag/tenant": "t1",
		"dynamodb:LeadingKeys": ["t1"], "dynamodb:Attributes": ["a", "b", "c"], "dynamodb:Select": "SPECIFIC_ATTRIBUTES", "aws:SourceIp": "10.1.2.3",
		"aws:CurrentTime": "2026-10-09T00:00:00Z", "aws:SecureTransport": "true"}', times) FROM policies WHERE name = the_name
$$;
SQL
printf '| an identity policy of | µs a decision |\n|---|---:|\n'
while read -r name; do
    printf '| %s | %s |\n' "$name" "$(cost "$name")"
done < <(sql -c 'SELECT name FROM policies ORDER BY n')
