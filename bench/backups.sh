#!/bin/bash
# Benchmarks of backups: how long one takes, what it costs those who write meanwhile, and how long a restore takes.
#
#   BENCH_BACKUPS=1 make bench
#   BENCH_ITEMS=1000000 BENCH_ROUNDS=3 BENCH_CLIENTS=8 bench/backups.sh
#
# A table of BENCH_ITEMS items of 300 bytes is backed up by a job, in turn with what PostgreSQL does with the same items (CREATE TABLE AS, COPY
# to a file); then BENCH_CLIENTS put over its items, by SQL with asynchronous commit, without a backup and while one backup after the other is
# made. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

items=${BENCH_ITEMS:-1000000}
rounds=${BENCH_ROUNDS:-3}
clients=${BENCH_CLIENTS:-8}
# shellcheck disable=SC2034 # lib.sh reads it
seconds=${BENCH_SECONDS:-10}
# shellcheck disable=SC2034 # lib.sh reads them
partitions=$((items / 10)) per_partition=10

back_up() {
    seconds_of -c "SELECT NULL FROM dynamo_create_backup('{\"TableName\": \"Bench\", \"BackupName\": \"$1\"}')" \
        -c "CALL await('SELECT NOT EXISTS (SELECT FROM dynapg.backups WHERE status = ''CREATING'')')"
}

restore() {
    seconds_of -c "SELECT NULL FROM dynapg.backups b, dynamo_restore_table_from_backup(jsonb_build_object('TargetTableName', '$1', 'BackupArn',
        'arn:aws:dynamodb:us-east-1:000000000000:table/Bench/backup/' || label)) WHERE b.name = 'bench1'" \
        -c "CALL await('SELECT NOT EXISTS (SELECT FROM dynapg.restores)')"
}

drop_backups() {
    sql -c "SELECT count(*) FROM dynapg.backups, dynamo_delete_backup(jsonb_build_object('BackupArn',
        'arn:aws:dynamodb:us-east-1:000000000000:table/Bench/backup/' || label)) WHERE name <> 'bench1'" >/dev/null
}

puts() { one_run put-api "$clients" off; }

start
load
printf '%s items of %s bytes, %s\n\n' "$items" "$(sql -c 'SELECT avg(pg_column_size(item))::int FROM dynamo."Bench" TABLESAMPLE SYSTEM (1)')" "$(nproc) cores"
printf '| | seconds |\n|---|---:|\n'
: >"$work/backup"; : >"$work/ctas"; : >"$work/copy"; : >"$work/restore"; : >"$work/insert"
for ((round = 1; round <= rounds; round++)); do
    back_up "bench$round" >>"$work/backup"
    seconds_of -c 'CREATE TABLE plain AS SELECT item FROM dynamo."Bench" ORDER BY hash, sort' >>"$work/ctas"
    sql -c 'DROP TABLE plain'
    seconds_of -c "COPY (SELECT item FROM dynamo.\"Bench\") TO '$work/data/items'" >>"$work/copy"
done
row 'CreateBackup, until AVAILABLE' "$(median <"$work/backup")"
row 'CREATE TABLE AS SELECT item ORDER BY key' "$(median <"$work/ctas")"
row 'COPY of the items to a file' "$(median <"$work/copy")"
row 'size of a backup by the size of the table' "$(sql -c "SELECT round(pg_total_relation_size(('dynapg_backup.' || quote_ident(relation))::regclass)::numeric / pg_total_relation_size('dynamo.\"Bench\"'), 2) FROM dynapg.backups LIMIT 1")"
drop_backups
for ((round = 1; round <= rounds; round++)); do
    restore "Restored$round" >>"$work/restore"
    sql -c "DROP TABLE dynamo.\"Restored$round\""
    seconds_of -c "SELECT NULL FROM dynamo_create_table('{\"TableName\": \"Plain\", \"BillingMode\": \"PAY_PER_REQUEST\",
        \"KeySchema\": [{\"AttributeName\": \"pk\", \"KeyType\": \"HASH\"}, {\"AttributeName\": \"sk\", \"KeyType\": \"RANGE\"}],
        \"AttributeDefinitions\": [{\"AttributeName\": \"pk\", \"AttributeType\": \"S\"}, {\"AttributeName\": \"sk\", \"AttributeType\": \"N\"}]}')" \
        -c "COPY dynamo.\"Plain\" (item) FROM '$work/data/items'" >>"$work/insert"
    sql -c 'DROP TABLE dynamo."Plain"'
done
row 'RestoreTableFromBackup, until ACTIVE' "$(median <"$work/restore")"
row 'COPY of the file into a new table' "$(median <"$work/insert")"

puts >/dev/null
: >"$work/alone"; : >"$work/beside"; : >"$work/backups"
for ((round = 1; round <= rounds; round++)); do
    puts >>"$work/alone"
    (while [ ! -f "$work/enough" ]; do back_up "round$round" >>"$work/backups"; done) &
    looper=$!
    puts >>"$work/beside"
    touch "$work/enough"
    wait "$looper"
    rm -f "$work/enough"
    drop_backups
done
printf '\n%s clients that put, %s s a run\n\n| | |\n|---|---:|\n' "$clients" "$seconds"
row 'puts a second' "$(awk '{print $1}' "$work/alone" | median)"
row '... while backups are made, one after the other' "$(awk '{print $1}' "$work/beside" | median)"
row 'ratio' "$(paste -d ' ' "$work/beside" "$work/alone" | awk '{print $1 / $3}' | median)"
row 'seconds of a backup meanwhile' "$(median <"$work/backups")"
