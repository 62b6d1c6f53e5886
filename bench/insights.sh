#!/bin/bash
# Benchmark of contributor insights: what counting keys costs a GetItem over HTTP, where all keys have a counter and where none has.
#
#   BENCH_INSIGHTS=1 make bench
#   BENCH_ROUNDS=15 BENCH_CALLS=20000 bench/insights.sh
#
# A figure is microseconds of CPU time of the endpoint's worker for a GetItem, the least of the rounds, which take turns. 100 keys have a counter each; of 1000 that
# come one after the other each takes the place of another one, which is the worst that there is. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-15} calls=${BENCH_CALLS:-20000}
here=$PWD

start
declare -A ports=([off]=$(free_port) [on]=$(free_port))
stop_cluster "$bin" "$work/data" fast
as_user tee -a "$work/data/postgresql.conf" >/dev/null <<CONF
shared_preload_libraries = 'dynapg'
dynapg.databases = 'off:${ports[off]},on:${ports[on]}'
dynapg.workers = 1
dynapg.developer_mode = on
CONF
start_cluster "$bin" "$work/data" "$work/server.log"
for database in off on; do
    as_user "$bin/createdb" "$database"
    as_user "$bin/psql" -X -q -d "$database" -f - <<'SQL' >/dev/null
CREATE EXTENSION dynapg;
SELECT dynamo_create_table('{"TableName": "Bench", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}');
SELECT dynamo_put_item(jsonb_build_object('TableName', 'Bench', 'Item', jsonb_build_object('pk', jsonb_build_object('S', 'user#' || n),
    'a', '{"S": "an attribute of some length"}'::jsonb, 'n', '{"N": "42"}'::jsonb))) FROM generate_series(1, 1000) n;
SQL
done
as_user "$bin/psql" -X -q -d on -c "SELECT dynamo_update_contributor_insights('{\"TableName\": \"Bench\", \"ContributorInsightsAction\": \"ENABLE\"}')" >/dev/null
for database in off on; do wait_for_port "${ports[$database]}" "the endpoint of $database"; done
cd "$here"

# Rounds begin with one that is not counted.
for ((round = 0; round <= rounds; round++)); do
    for keys in 100 1000; do
        for database in off on; do
            figure=$(python3 bench/throttling_client.py "${ports[$database]}" "$database" "$calls" "$keys")
            [ "$round" = 0 ] || echo "$figure" >>"$work/$database-$keys"
        done
    done
done
printf '| a GetItem over HTTP | off, µs of CPU | on, µs of CPU | ratio |\n|---|---:|---:|---:|\n'
for keys in 100 1000; do
    printf '| %s keys | %s |\n' "$keys" "$(paste -d' ' <(sort -n "$work/off-$keys" | head -n 1) <(sort -n "$work/on-$keys" | head -n 1) |
        awk '{printf "%.2f | %.2f | %.3f", $1, $2, $2 / $1}')"
done
