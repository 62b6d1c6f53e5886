#!/bin/bash
# Benchmarks of transfers: how fast a process exports a table, and imports it against COPY of the same rows.
#
#   BENCH_TRANSFERS=1 make bench
#   BENCH_ITEMS=1000000 BENCH_ROUNDS=3 bench/transfers.sh
#
# A table of BENCH_ITEMS items of 400 bytes is exported to a folder, in both formats. CPU is that of the server's processes; what of it is GZIP is
# told by compressing the same bytes with the same library. Memory is that of the transfer's process, shared buffers not counted. COPY loads the same
# items as jsonb beside their key into a plain table with a primary key. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

items=${BENCH_ITEMS:-1000000}
rounds=${BENCH_ROUNDS:-3}
# shellcheck disable=SC2034 # lib.sh reads them
seconds=1 partitions=$((items / 10)) per_partition=10

begin_export() {
    sql -c "SELECT split_part(dynamo_export_table_to_point_in_time('{\"TableArn\": \"arn:aws:dynamodb:us-east-1:000000000000:table/Bench\",
        \"S3Bucket\": \"bucket\", \"ExportFormat\": \"$1\"}') #>> '{ExportDescription,ExportArn}', '/', 4)"
}

# await_transfer ID: the greatest memory of its process meanwhile, in kB
await_transfer() {
    local pid memory most=0
    while [ "$(sql -c "SELECT ended_at IS NULL FROM dynapg.stat_transfers WHERE id = '$1'")" = t ]; do
        pid=$(sql -c "SELECT pid FROM dynapg.stat_transfers WHERE id = '$1'")
        memory=$(sed -n 's/^RssAnon:[[:space:]]*\([0-9]*\) kB$/\1/p' "/proc/${pid:-0}/status" 2>/dev/null || true)
        [ "${memory:-0}" -le "$most" ] || most=$memory
        sleep 0.3
    done
    [ "$(sql -c "SELECT status FROM dynapg.stat_transfers WHERE id = '$1'")" = COMPLETED ] || die "the transfer failed"
    echo "$most"
}

# gzip_seconds ID: what the compression of its lines takes
gzip_seconds() {
    python3 - "$work"/buckets/bucket/AWSDynamoDB/"$1"/data/* <<'PYTHON'
import gzip
import sys
import time
import zlib

total = 0.0
for name in sys.argv[1:]:
    with gzip.open(name) as source:
        text = source.read()
    started = time.process_time()
    stream = zlib.compressobj(1, zlib.DEFLATED, 31)
    for at in range(0, len(text), 65536):
        stream.compress(text[at:at + 65536])
    stream.flush()
    total += time.process_time() - started
print(total)
PYTHON
}

# export_rounds FORMAT: a row of the table
export_rounds() {
    local id before most round
    : >"$work/wall"; : >"$work/cpu"; : >"$work/plain"; : >"$work/memory"
    for ((round = 1; round <= rounds; round++)); do
        before=$(backends_cpu)
        id=$(begin_export "$1")
        most=$(await_transfer "$id")
        sleep 0.2
        echo "$most" >>"$work/memory"
        sql -c "SELECT bytes / 1e6 / extract(epoch FROM ended_at - started_at) FROM dynapg.stat_transfers WHERE id = '$id'" >>"$work/wall"
        sql -c "SELECT bytes / (($(backends_cpu) - $before)::numeric) FROM dynapg.stat_transfers WHERE id = '$id'" >>"$work/cpu"
        sql -c "SELECT bytes / (($(backends_cpu) - $before)::numeric - 1e6 * $(gzip_seconds "$id")) FROM dynapg.stat_transfers WHERE id = '$id'" >>"$work/plain"
    done
    printf '| %s | %.0f | %.0f | %.0f | %.1f |\n' "$1" "$(median <"$work/wall")" "$(median <"$work/cpu")" "$(median <"$work/plain")" \
        "$(awk -v kb="$(median <"$work/memory")" 'BEGIN {print kb / 1024}')"
}

# begin_import TABLE PREFIX COMPRESSION INDEXES
begin_import() {
    sql -c "SELECT split_part(dynamo_import_table('{\"ClientToken\": \"$1\", \"S3BucketSource\": {\"S3Bucket\": \"bucket\", \"S3KeyPrefix\": \"$2\"},
        \"InputFormat\": \"DYNAMODB_JSON\", \"InputCompressionType\": \"$3\", \"TableCreationParameters\": {\"TableName\": \"$1\", \"BillingMode\": \"PAY_PER_REQUEST\",
        \"KeySchema\": [{\"AttributeName\": \"id\", \"KeyType\": \"HASH\"}], $4}}') #>> '{ImportTableDescription,ImportArn}', '/', 4)"
}

# import_rounds NAME PREFIX COMPRESSION INDEXES: a row of the table; COPY in the same rounds
import_rounds() {
    local id round
    : >"$work/import"; : >"$work/copy"; : >"$work/memory"
    for ((round = 1; round <= rounds; round++)); do
        sql -c 'CREATE TABLE plain (id text PRIMARY KEY, item jsonb NOT NULL)' -c CHECKPOINT
        sql -c '\timing on' -c "COPY plain FROM '$work/buckets/rows'" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | awk '{print $1 / 1000}' >>"$work/copy"
        sql -c 'DROP TABLE plain' -c CHECKPOINT
        id=$(begin_import "Import$round" "$2" "$3" "$4")
        await_transfer "$id" >>"$work/memory"
        sql -c "SELECT extract(epoch FROM ended_at - started_at) FROM dynapg.stat_transfers WHERE id = '$id'" >>"$work/import"
        sql -c "SELECT NULL FROM dynamo_delete_table('{\"TableName\": \"Import$round\"}')" >/dev/null
        sql -c "DELETE FROM dynapg.transfers WHERE id = '$id'"
    done
    awk -v name="$1" -v items="$items" -v import="$(median <"$work/import")" -v copy="$(median <"$work/copy")" -v kb="$(median <"$work/memory")" \
        'BEGIN {printf "| %s | %.1f | %.0f | %.1f | %.2f | %.0f |\n", name, import, items / import, copy, copy / import, kb / 1024}'
}

start
as_user mkdir -p "$work/buckets/bucket"
sql -c "LOAD 'dynapg'" -c "ALTER SYSTEM SET dynapg.export_directory = '$work/buckets'" -c 'SELECT pg_reload_conf()' >/dev/null
sql -c 'CREATE EXTENSION dynapg' -c "SELECT NULL FROM dynamo_create_table('{\"TableName\": \"Bench\", \"BillingMode\": \"PAY_PER_REQUEST\",
    \"KeySchema\": [{\"AttributeName\": \"id\", \"KeyType\": \"HASH\"}], \"AttributeDefinitions\": [{\"AttributeName\": \"id\", \"AttributeType\": \"S\"}]}')" >/dev/null
sql -c "INSERT INTO dynamo.\"Bench\" (item) SELECT jsonb_build_object('id', 'user-' || i, 'name', md5(i::text), 'n', i, 'balance', i * 1.25,
    'tags', jsonb_build_array('a', 'b', i), 'address', jsonb_build_object('street', md5((i + 1)::text), 'zip', (i % 90000)::text),
    'text', md5((i * 7)::text) || md5((i * 11)::text) || md5((i * 13)::text)) FROM generate_series(1, $items) i" -c 'VACUUM (ANALYZE) dynamo."Bench"' >/dev/null
sql -c "SELECT NULL FROM dynamo_update_continuous_backups('{\"TableName\": \"Bench\", \"PointInTimeRecoverySpecification\": {\"PointInTimeRecoveryEnabled\": true}}')" \
    -c 'SELECT pg_sleep(2)' -c 'SELECT dynapg.tick()' >/dev/null
printf '%s items of %s bytes of DynamoDB JSON, %s cores\n\n' "$items" \
    "$(sql -c 'SELECT avg(length(dynapg.to_dynamodb_json(item)::text))::int FROM (SELECT item FROM dynamo."Bench" LIMIT 1000) i')" "$(nproc)"
printf '| export | MB/s | MB/s a core | MB/s a core before GZIP | MB of memory |\n|---|---:|---:|---:|---:|\n'
export_rounds DYNAMODB_JSON
export_rounds ION

keys='{"AttributeName": "id", "AttributeType": "S"}'
plain="\"AttributeDefinitions\": [$keys]"
indexed="\"AttributeDefinitions\": [$keys, {\"AttributeName\": \"name\", \"AttributeType\": \"S\"}, {\"AttributeName\": \"n\", \"AttributeType\": \"N\"}],
    \"GlobalSecondaryIndexes\": [{\"IndexName\": \"by-name\", \"KeySchema\": [{\"AttributeName\": \"name\", \"KeyType\": \"HASH\"}], \"Projection\": {\"ProjectionType\": \"KEYS_ONLY\"}},
    {\"IndexName\": \"by-n\", \"KeySchema\": [{\"AttributeName\": \"n\", \"KeyType\": \"HASH\"}], \"Projection\": {\"ProjectionType\": \"ALL\"}}]"
sql -c "COPY (SELECT item ->> 'id', item FROM dynamo.\"Bench\") TO '$work/buckets/rows'" \
    -c "COPY (SELECT jsonb_build_object('Item', dynapg.to_dynamodb_json(item))::text FROM dynamo.\"Bench\") TO '$work/buckets/bucket/lines' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02')"
as_user gzip -1 -k "$work/buckets/bucket/lines"
as_user mv "$work/buckets/bucket/lines.gz" "$work/buckets/bucket/zipped"
printf '\n| import of DynamoDB JSON | seconds | items a second | COPY, seconds | of COPY | MB of memory |\n|---|---:|---:|---:|---:|---:|\n'
import_rounds 'one object' lines NONE "$plain"
import_rounds 'one object, GZIP' zipped GZIP "$plain"
import_rounds 'two global indexes, on them too' lines NONE "$indexed"
