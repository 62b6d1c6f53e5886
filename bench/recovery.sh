#!/bin/bash
# Benchmarks of point-in-time recovery: what it costs those who write, and how long a restore takes.
#
#   BENCH_RECOVERY=1 make bench
#   BENCH_ITEMS=1000000 BENCH_CHANGES=200000 BENCH_ROUNDS=3 BENCH_CLIENTS=4 bench/recovery.sh
#
# BENCH_CLIENTS put over the items of a table of BENCH_ITEMS items of 300 bytes, by SQL with asynchronous commit, with point-in-time recovery on and
# off in turn. Then BENCH_CHANGES items change, and the table is restored to the moment before, in turn with COPY of as many items. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

items=${BENCH_ITEMS:-1000000}
changes=${BENCH_CHANGES:-200000}
rounds=${BENCH_ROUNDS:-3}
clients=${BENCH_CLIENTS:-4}
# shellcheck disable=SC2034 # lib.sh reads it
seconds=${BENCH_SECONDS:-10}
# shellcheck disable=SC2034 # lib.sh reads them
partitions=$((items / 10)) per_partition=10

# switch BOOLEAN: point-in-time recovery on, with a moment, or off
switch() {
    sql -c "SELECT NULL FROM dynamo_update_continuous_backups('{\"TableName\": \"Bench\", \"PointInTimeRecoverySpecification\": {
        \"PointInTimeRecoveryEnabled\": $1}}')" -c "CALL await('SELECT count(*) = 0 FROM dynapg.logs WHERE status LIKE ''%ING''')" \
        -c 'SELECT dynapg.tick()' >/dev/null
}

restore() {
    seconds_of -c "SELECT NULL FROM dynamo_restore_table_to_point_in_time('{\"SourceTableName\": \"Bench\", \"TargetTableName\": \"$1\",
        \"RestoreDateTime\": $2}')" -c "CALL await('SELECT NOT EXISTS (SELECT FROM dynapg.restores)')"
}

undo_bytes() { sql -c "SELECT coalesce(sum(size), 0) FROM dynapg.stat_logs WHERE kind = 'UNDO'"; }

start
load
printf '%s items of %s bytes, %s\n\n' "$items" "$(sql -c 'SELECT avg(pg_column_size(item))::int FROM dynamo."Bench" TABLESAMPLE SYSTEM (1)')" "$(nproc) cores"
one_run put-api "$clients" off >/dev/null
: >"$work/off"; : >"$work/on"
for ((round = 1; round <= rounds; round++)); do
    one_run put-api "$clients" off >>"$work/off"
    switch true
    one_run put-api "$clients" off >>"$work/on"
    switch false
done
printf '%s clients that put, %s s a run\n\n| | |\n|---|---:|\n' "$clients" "$seconds"
row 'puts a second' "$(awk '{print $1}' "$work/off" | median)"
row '... with point-in-time recovery' "$(awk '{print $1}' "$work/on" | median)"
row 'ratio' "$(paste -d ' ' "$work/on" "$work/off" | awk '{print $1 / $3}' | median)"

switch true
sleep 2
sql -c 'VACUUM dynamo."Bench"'
moment=$(sql -c 'SELECT extract(epoch FROM clock_timestamp())')
before=$(undo_bytes)
sql -c "UPDATE dynamo.\"Bench\" SET item = item || '{\"age\": -1}' WHERE (item -> 'sk')::int < $((changes * 10 / items))" -c 'SELECT dynapg.tick()' >/dev/null
after=$(undo_bytes)
sql -c "COPY (SELECT item FROM dynamo.\"Bench\") TO '$work/data/items'"
: >"$work/restore"; : >"$work/copy"; : >"$work/look"
for ((round = 1; round <= rounds; round++)); do
    restore "Restored$round" "$moment" >>"$work/restore"
    [ "$(sql -c "SELECT count(*) FROM dynamo.\"Restored$round\" WHERE item -> 'age' = '-1'")" = 0 ] || die "the items are not those of the moment"
    sql -c "DROP TABLE dynamo.\"Restored$round\""
    seconds_of -c "SELECT NULL FROM (SELECT count(*) FROM dynapg.items_at('Bench', to_timestamp($moment))) i" >>"$work/look"
    seconds_of -c "SELECT NULL FROM dynamo_create_table('{\"TableName\": \"Plain\", \"BillingMode\": \"PAY_PER_REQUEST\",
        \"KeySchema\": [{\"AttributeName\": \"pk\", \"KeyType\": \"HASH\"}, {\"AttributeName\": \"sk\", \"KeyType\": \"RANGE\"}],
        \"AttributeDefinitions\": [{\"AttributeName\": \"pk\", \"AttributeType\": \"S\"}, {\"AttributeName\": \"sk\", \"AttributeType\": \"N\"}]}')" \
        -c "COPY dynamo.\"Plain\" (item) FROM '$work/data/items'" >>"$work/copy"
    sql -c 'DROP TABLE dynamo."Plain"'
done
printf '\n%s changes since the moment\n\n| | seconds |\n|---|---:|\n' "$changes"
row 'RestoreTableToPointInTime, until ACTIVE' "$(median <"$work/restore")"
row 'COPY of as many items into a new table' "$(median <"$work/copy")"
row "\`dynapg.items_at\`, all items" "$(median <"$work/look")"
row 'bytes of the undo log a change' "$(((after - before) / changes))"
