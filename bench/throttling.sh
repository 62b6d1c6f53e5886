#!/bin/bash
# Benchmark of throttling: what it costs a GetItem over HTTP, and what the code that is there for it costs where it is off.
#
#   BENCH_THROTTLING=1 make bench
#   BENCH_BEFORE=/path/to/checkout BENCH_ROUNDS=200 BENCH_CALLS=4000 bench/throttling.sh
#
# A figure is microseconds of CPU time of the endpoint's worker for a GetItem, of BENCH_CALLS on one connection that sends them in groups of eight: the median of the
# rounds, in which the servers take turns. A ratio is the median of the rounds' ratios, so that whatever else the machine does for longer than a round meets both sides; beside it
# are the bounds between which it is with a probability of 95 %. Off, off again (what chance makes of no difference) and on are databases of one server. With BENCH_BEFORE, a checkout
# of a version without throttling, its server is the first line. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

rounds=${BENCH_ROUNDS:-200} calls=${BENCH_CALLS:-4000} before=${BENCH_BEFORE:-} work='' bin=''

# server FOLDER DATABASE...: a server of the checkout that is the current folder, with an endpoint of one worker for each database.
server() {
    local work=$1 database list='' bin PGHOST PGPORT PGUSER
    shift
    for database; do
        ports[$database]=$(free_port)
        list="$list$database:${ports[$database]},"
    done
    mkdir "$work"
    # the endpoint waits for its databases
    private_server <<CONF
fsync = off
shared_preload_libraries = 'dynapg'
dynapg.databases = '${list%,}'
dynapg.workers = 1
dynapg.developer_mode = on
CONF
    for database; do
        as_user "$bin/createdb" "$database"
        [ "$database" != throttled ] || as_user "$bin/psql" -X -q -d "$database" -c 'ALTER DATABASE throttled SET dynapg.throttling = on'
        as_user "$bin/psql" -X -q -d "$database" -f - <<'SQL' >/dev/null
CREATE EXTENSION dynapg;
SELECT dynamo_create_table('{"TableName": "Bench", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "ProvisionedThroughput": {"ReadCapacityUnits": 40000, "WriteCapacityUnits": 1000}}');
SELECT dynamo_put_item(jsonb_build_object('TableName', 'Bench', 'Item', jsonb_build_object('pk', jsonb_build_object('S', 'user#' || n),
    'a', '{"S": "an attribute of some length"}'::jsonb, 'n', '{"N": "42"}'::jsonb))) FROM generate_series(1, 1000) n;
SQL
    done
    for database; do
        wait_for_port "${ports[$database]}" "the endpoint of $database"
    done
}

main() {
    local database databases=(plain again throttled) endpoints=()
    local -A ports=() names=([without]="a version without throttling" [plain]="throttling off" [again]="throttling off, another worker" [throttled]="throttling on")
    begin_work bench
    server "$work/now" "${databases[@]}"
    if [ -n "$before" ]; then
        databases=(without "${databases[@]}")
        cd "$before"
        server "$work/before" without
        cd - >/dev/null
    fi
    for database in "${databases[@]}"; do endpoints+=("${ports[$database]}" "$database"); done
    printf '| a GetItem over HTTP | µs of CPU | ratio | 95 %% |\n|---|---:|---:|---|\n'
    python3 bench/throttling_client.py turns "$rounds" "$calls" "${endpoints[@]}" | while read -r database cost ratio low high; do
        printf '| %s | %s | %s | %s to %s |\n' "${names[$database]}" "$cost" "$ratio" "$low" "$high"
    done
}

main
