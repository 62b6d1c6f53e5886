#!/bin/bash
# Benchmarks of access control: what a GetItem costs a role without policies, and one that is under some.
#
#   BENCH_ACCESS=1 make bench
#   BENCH_BEFORE=/path/to/checkout BENCH_ROUNDS=21 BENCH_CALLS=50000 bench/access.sh
#
# A figure is microseconds of CPU time of the server for a GetItem by SQL, of BENCH_CALLS in one statement: the least of the rounds, which take turns, so
# that whatever else the machine does matters little. Ratios are those of these, to the first line of a table. With BENCH_BEFORE, a checkout of another
# version, that line is of it, with a server of its own. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-21}
calls=${BENCH_CALLS:-50000}
# shellcheck disable=SC2034 # lib.sh reads them
partitions=100 per_partition=10
before=${BENCH_BEFORE:-}
get="SELECT count(dynamo_get_item('{\"TableName\": \"Bench\", \"Key\": {\"pk\": {\"S\": \"user#1\"}, \"sk\": {\"N\": \"1\"}}}'))
    FROM generate_series(1, $calls)"

allow='"Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/Bench"'
one="{\"Version\": \"2012-10-17\", \"Statement\": {$allow}}"
denying='"Effect": "Deny", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:*:*:table/Bench", "Condition":'
ten="{\"Version\": \"2012-10-17\", \"Statement\": [
    {$denying {\"IpAddress\": {\"aws:SourceIp\": [\"192.0.2.0/24\", \"198.51.100.0/24\"]}}}, {$denying {\"Bool\": {\"aws:SecureTransport\": \"true\"}}},
    {$denying {\"DateGreaterThan\": {\"aws:CurrentTime\": \"2127-01-01T00:00:00Z\"}}}, {$denying {\"ForAnyValue:StringEquals\": {\"dynamodb:Attributes\": [\"ssn\", \"salary\"]}}},
    {$denying {\"StringNotEquals\": {\"dynamodb:Select\": \"ALL_ATTRIBUTES\"}}}, {$denying {\"StringLike\": {\"aws:username\": [\"root*\", \"admin*\"]}}},
    {$denying {\"Null\": {\"aws:PrincipalTag/tenant\": \"true\"}}}, {$denying {\"StringEquals\": {\"aws:PrincipalTag/tenant\": \"banned\"}}},
    {$denying {\"ForAnyValue:StringLike\": {\"dynamodb:LeadingKeys\": \"secret#*\"}}},
    {$allow, \"Condition\": {\"ForAllValues:StringLike\": {\"dynamodb:LeadingKeys\": \"\${aws:PrincipalTag/tenant}#*\"}, \"Null\": {\"dynamodb:LeadingKeys\": \"false\"}}}]}"

# A role that logs in, with privileges or none.
make_role() {
    sql -c "CREATE ROLE $1 LOGIN"
    [ "${2:-}" != granted ] || sql -c "GRANT SELECT ON dynamo.\"Bench\" TO $1" -c "GRANT USAGE ON SCHEMA dynamo TO $1"
}

# The server of the other version, in a folder of its own.
start_before() {
    local work=$work/before bin PGHOST PGPORT
    mkdir "$work"
    cd "$before"
    WERROR='' private_server <<'CONF' >&2
shared_buffers = 1GB
CONF
    as_user "$bin/createdb" bench
    load
    make_role app granted
    before_bin=$bin before_host=$PGHOST before_port=$PGPORT
}

# cpu ROLE: of a GetItem, by our server; by the other, if the role is "before"
cpu() {
    local used
    if [ "$1" = before ]; then
        used=$(work=$work/before backends_cpu)
        PGUSER=app as_user "$before_bin/psql" -X -q -At -h "$before_host" -p "$before_port" -d bench -c "$get" >/dev/null
        sleep 0.05
        used=$(($(work=$work/before backends_cpu) - used))
    else
        used=$(backends_cpu)
        PGUSER=$1 sql -c "$get" >/dev/null
        sleep 0.05
        used=$(($(backends_cpu) - used))
    fi
    awk -v used="$used" -v calls="$calls" 'BEGIN {print used / calls}'
}

start
load
make_role app granted
names=("app|a role with privileges, no policy in the database")
if [ -n "$before" ]; then
    start_before
    cd "$work"
    names=("before|the same, by the other version" "${names[@]}")
fi
variants=("${names[@]%%|*}")
run_rounds() {
    local role
    for ((round = 1; round <= rounds; round++)); do
        for role; do
            printf '%s ' "$(cpu "$role")"
        done
        echo
    done
}
least() { sort -n | head -n 1; }

report() {
    local file=$1 i=0 name figure first=''
    shift
    for name; do
        i=$((i + 1))
        figure=$(awk "{print \$$i}" "$file" | least)
        first=${first:-$figure}
        row "${name#*|}" "$(awk -v a="$figure" -v b="$first" 'BEGIN {printf "%.2f | %.3f", a, a / b}')"
    done
}

for role in "${variants[@]}"; do cpu "$role" >/dev/null; done
run_rounds "${variants[@]}" >"$work/without"

for role in one ten; do
    policy=$one
    [ "$role" = one ] || policy=$ten
    make_role "$role"
    sql -v role="$role" -v policy="$policy" -f - <<'SQL' >/dev/null
SELECT dynapg.put_role_policy(:'role', 'p', :'policy'), dynapg.tag_role(:'role', '{"tenant": "user"}');
SQL
done
with=("app|a role with privileges, others have policies" "one|one statement allows it, no privileges" "ten|ten statements with conditions, no privileges")
for role in "${with[@]%%|*}"; do cpu "$role" >/dev/null; done
run_rounds "${with[@]%%|*}" >"$work/with"

printf '| a GetItem of | µs | ratio |\n|---|---:|---:|\n'
report "$work/without" "${names[@]}"
report "$work/with" "${with[@]}"
