#!/bin/bash
# Benchmark of the history of metrics: what the keeper does when a minute ends, which no request waits for.
#
#   BENCH_HISTORY=1 make bench
#   BENCH_ROUNDS=9 BENCH_TABLES='1 30 300' bench/history.sh
#
# A figure is milliseconds of CPU time of the keeper, the median of the rounds: of three seconds in which a minute ends, less three seconds in which none does. In the
# minute each table has had a GetItem and a PutItem. The clock of metrics is turned ahead, so that a minute takes seconds; alarms are looked at and old rows are deleted
# as ever. How many requests there were makes no difference, only of how many kinds. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-9} sizes=${BENCH_TABLES:-1 30 300}
made=0 ahead=0

# Nanoseconds of CPU time that the keeper has had.
keeper_cpu() {
    local pid
    pid=$(sql -c "SELECT pid FROM pg_stat_activity WHERE datname = 'bench' AND backend_type = 'dynapg keeper'")
    cut -d ' ' -f 1 "/proc/$pid/schedstat"
}

# turn SECONDS: the clock of metrics, which the keeper sees in its next round; prints what the keeper does in three seconds
turn() {
    local before
    sql -c "ALTER SYSTEM SET dynapg.meter_clock_offset = $((ahead += $1))"
    before=$(keeper_cpu)
    sql -c 'SELECT pg_reload_conf()' >/dev/null
    sleep 3
    cpu=$(($(keeper_cpu) - before))
}

# ask TABLES: each has a read and a write
ask() {
    sql -c "SELECT dynamo_put_item(format('{\"TableName\": \"Many%s\", \"Item\": {\"pk\": {\"S\": \"one\"}}}', n)::jsonb),
        dynamo_get_item(format('{\"TableName\": \"Many%s\", \"Key\": {\"pk\": {\"S\": \"one\"}}}', n)::jsonb) FROM generate_series(1, $1) n" >/dev/null
}

last_minute() { sql -c 'SELECT count(*) FROM dynapg.metric_points WHERE at = (SELECT max(at) FROM dynapg.metric_points)'; }

start
stop_cluster "$bin" "$work/data" fast
as_user tee -a "$work/data/postgresql.conf" >/dev/null <<CONF
shared_preload_libraries = 'dynapg'
dynapg.metrics_history = on
dynapg.metrics_entries = 10000
dynapg.control_plane_delay = 0
CONF
start_cluster "$bin" "$work/data" "$work/server.log"
sql -c 'CREATE EXTENSION dynapg'
# whoever is connected keeps the keeper
as_user "$bin/psql" -X -q -d bench -c "SELECT pg_sleep(86400)" >/dev/null 2>&1 &

printf '| tables | rows | ms of CPU a minute | of a core |\n|---:|---:|---:|---:|\n'
for tables in $sizes; do
    sql -c "SELECT dynamo_create_table(format('{\"TableName\": \"Many%s\", \"KeySchema\": [{\"AttributeName\": \"pk\", \"KeyType\": \"HASH\"}], \"BillingMode\": \"PAY_PER_REQUEST\",
        \"AttributeDefinitions\": [{\"AttributeName\": \"pk\", \"AttributeType\": \"S\"}]}', n)::jsonb) FROM generate_series($((made + 1)), $tables) n" >/dev/null
    made=$tables
    rm -f "$work/results"
    # the first round has the series to make, and is not counted
    for ((round = 0; round <= rounds; round++)); do
        ask "$tables"
        turn 60
        ended=$cpu
        turn 0
        [ "$round" = 0 ] || echo "$ended $cpu" | awk '{print ($1 - $2) / 1e6}' >>"$work/results"
    done
    figure=$(median <"$work/results")
    printf '| %s | %s | %.1f | %s |\n' "$tables" "$(last_minute)" "$figure" "$(awk -v ms="$figure" 'BEGIN {printf "%.3f %%", ms / 600}')"
done
