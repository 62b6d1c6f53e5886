#!/bin/bash
# Benchmarks of streams: what one costs a put, and how fast it is read.
#
#   BENCH_STREAMS=1 make bench
#   BENCH_ROUNDS=7 BENCH_SECONDS=2 BENCH_CLIENTS='1 4' BENCH_RECORDS=1000000 BENCH_ONLY='put durable read page' bench/streams.sh
#
# A PutItem over an item of a table without a stream, and of the same table with one of each kind, take turns in short runs, as in
# bench/run.sh: by SQL with asynchronous commit, also while somebody has an old transaction open; and durable over HTTP on 32 connections,
# where wrk sends and dynapg.developer_mode takes what is not signed. Then the records are read by SQL and by HTTP, and pages
# of a stream of 10,000 records against those of one of BENCH_RECORDS. Ratios are better the higher they are; prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-7}
# shellcheck disable=SC2034 # lib.sh reads it
seconds=${BENCH_SECONDS:-2}
clients=${BENCH_CLIENTS:-1 4}
records=${BENCH_RECORDS:-1000000}
only=${BENCH_ONLY:-put durable read page}
# shellcheck disable=SC2034 # lib.sh reads them
partitions=10000 per_partition=10
tables=(None KEYS_ONLY NEW_AND_OLD_IMAGES)

is_wanted() { [[ " $only " == *" $1 "* ]]; }

create_tables() {
    local name
    sql -c 'CREATE EXTENSION dynapg' -c "CREATE FUNCTION make(name text, members jsonb) RETURNS void LANGUAGE sql AS \$\$
        SELECT dynamo_create_table('{\"BillingMode\": \"PAY_PER_REQUEST\",
            \"KeySchema\": [{\"AttributeName\": \"pk\", \"KeyType\": \"HASH\"}, {\"AttributeName\": \"sk\", \"KeyType\": \"RANGE\"}],
            \"AttributeDefinitions\": [{\"AttributeName\": \"pk\", \"AttributeType\": \"S\"}, {\"AttributeName\": \"sk\", \"AttributeType\": \"N\"}]}'::jsonb
            || jsonb_build_object('TableName', name) || members) \$\$"
    sql -c "SELECT make('None', '{}')" >/dev/null
    for name in "${tables[@]:1}"; do
        sql -c "SELECT make('$name', '{\"StreamSpecification\": {\"StreamEnabled\": true, \"StreamViewType\": \"$name\"}}')" >/dev/null
    done
    for name in "${tables[@]}"; do
        sed -e "s/\"Bench\"/\"$name\"/" -e 's/random(18, 78)/random(1, 1000000000)/' "$work/bench/put-api.sql" >"$work/bench/put-$name.sql"
        sql -c "INSERT INTO dynamo.\"$name\" (item) SELECT jsonb_build_object('pk', 'user#' || p, 'sk', s, 'age', 0) FROM generate_series(0, $((partitions - 1))) p, generate_series(0, 9) s"
    done
}

# The floor: the same rows in plain tables of PostgreSQL, alone, and with a row beside each in an outbox. Then memory that the server has not touched
# yet is touched: else each new page of a log would pay for that, which a server that has run for a while does not.
create_floor() {
    sql -c 'CREATE TABLE raw (pk text, sk numeric, item jsonb, PRIMARY KEY (pk, sk)) WITH (fillfactor = 80)' \
        -c "INSERT INTO raw SELECT 'user#' || p, s, jsonb_build_object('pk', 'user#' || p, 'sk', s, 'age', 0) FROM generate_series(0, $((partitions - 1))) p, generate_series(0, 9) s" \
        -c 'CREATE TABLE outbox (seq bigserial PRIMARY KEY, xid xid8 NOT NULL DEFAULT pg_current_xact_id(), written_at timestamptz NOT NULL DEFAULT clock_timestamp(), keys jsonb NOT NULL)' \
        -c 'CREATE UNLOGGED TABLE touch AS SELECT repeat(md5(i::text), 240) AS text FROM generate_series(1, 140000) i' \
        -c 'ALTER TABLE touch ALTER text SET STORAGE PLAIN' -c 'CREATE UNLOGGED TABLE touched (LIKE touch INCLUDING STORAGE)' -c 'INSERT INTO touched SELECT * FROM touch' -c 'DROP TABLE touch, touched'
    sed -e 's/random(18, 78)/random(1, 1000000000)/' "$work/bench/put-raw.sql" >"$work/bench/put-plain.sql"
}

# in_turn TITLE RUN: a row a table, of what RUN TABLE prints: puts a second, CPU of each
in_turn() {
    local title=$1 run=$2 round name i
    for name in "${tables[@]}"; do "$run" "$name" >/dev/null; done
    rm -f "$work/rounds"
    for ((round = 0; round < rounds; round++)); do
        for ((i = 0; i < ${#tables[@]}; i++)); do
            name=${tables[(i + round) % ${#tables[@]}]}
            "$run" "$name" >"$work/$name.run"
        done
        (cd "$work" && paste -d ' ' "${tables[@]/%/.run}") >>"$work/rounds"
    done
    for ((i = 0; i < ${#tables[@]}; i++)); do
        printf '| %s | %s | %.0f | %.2f | %.0f | %.2f |\n' "$title" "${tables[i]}" "$(column "\$$((2 * i + 1))")" \
            "$(column "\$$((2 * i + 1)) / \$1")" "$(column "\$$((2 * i + 2))")" "$(column "\$2 / \$$((2 * i + 2))")"
    done
}

sql_put() { one_run "put-$1" "$count" off; }

# The same figures of wrk's; CPU is all that the server's processes have used.
http_put() {
    local before postmaster
    postmaster=$(head -n 1 "$work/data/postmaster.pid")
    before=$(server_cpu "$postmaster")
    wrk -t 1 -c 32 -d "${seconds}s" -s "$work/bench/stream_put.lua" "http://127.0.0.1:$http_port/" -- "$1" >"$work/wrk.out"
    awk -v cpu=$(($(server_cpu "$postmaster") - before)) '$1 == "result" && $6 == 0 {print $2 / $3 * 1000000, cpu / $2}' "$work/wrk.out"
}

server_cpu() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v server="$1" -v tick="$(getconf CLK_TCK)" '
        {pid = $1; sub(/.*\) /, "")}
        pid == server {ticks += $12 + $13 + $14 + $15}
        $2 == server {ticks += $12 + $13}
        END {printf "%.0f\n", ticks * 1000000 / tick}'
}

# Restarts the server with the endpoint, durable.
start_endpoint() {
    http_port=$(free_port)
    as_user tee -a "$work/data/postgresql.conf" >/dev/null <<CONF
shared_preload_libraries = 'dynapg'
dynapg.databases = 'bench:$http_port'
dynapg.developer_mode = on
CONF
    stop_cluster "$bin" "$work/data"
    start_cluster "$bin" "$work/data" "$work/server.log"
    wait_for_port "$http_port" 'the endpoint'
}

# sql_reads TABLE MOST: reads so many records by GetRecords; prints records and milliseconds a page of 1000
sql_reads() {
    PGOPTIONS='-c client_min_messages=notice' sql 2>&1 <<SQL | sed 's/.*NOTICE:  //'
DO \$\$
DECLARE
    arn text := dynamo_list_streams('{"TableName": "$1"}') #>> '{Streams,-1,StreamArn}';
    iterator text := dynamo_get_shard_iterator(jsonb_build_object('StreamArn', arn, 'ShardIteratorType', 'TRIM_HORIZON',
        'ShardId', dynamo_describe_stream(jsonb_build_object('StreamArn', arn)) #> '{StreamDescription,Shards,0,ShardId}')) ->> 'ShardIterator';
    began timestamptz := clock_timestamp();
    records int := 0;
    page jsonb;
BEGIN
    LOOP
        page := dynamo_get_records(jsonb_build_object('ShardIterator', iterator));
        records := records + jsonb_array_length(page -> 'Records');
        iterator := page ->> 'NextShardIterator';
        EXIT WHEN jsonb_array_length(page -> 'Records') = 0 OR records >= $2;
    END LOOP;
    RAISE NOTICE '% %', records, round((extract(epoch FROM clock_timestamp() - began) * 1000000 / records)::numeric, 2);
END \$\$;
SQL
}

# fill TABLE RECORDS
fill() {
    sql -c "SELECT make('$1', '{\"StreamSpecification\": {\"StreamEnabled\": true, \"StreamViewType\": \"NEW_AND_OLD_IMAGES\"}}')" >/dev/null
    sql -c "SET synchronous_commit = off" -c "INSERT INTO dynamo.\"$1\" (item) SELECT jsonb_build_object('pk', 'user#' || i / 10, 'sk', i % 10,
        'name', 'Customer number ' || i, 'email', 'customer' || i || '@example.com', 'city', 'Springfield', 'note', 'Nothing of note so far.') FROM generate_series(1, $2) i"
}

install_missing build
start
create_tables
create_floor
sql -c 'VACUUM (ANALYZE)' -c CHECKPOINT
echo "$("$bin/postgres" --version), $(nproc) cores, $rounds rounds of $seconds s:"

if is_wanted put; then
    printf '\n| puts by SQL, asynchronous commit | stream | puts/s | ratio | CPU, us | ratio |\n|---|---|---|---|---|---|\n'
    for count in $clients; do
        in_turn "$count clients" sql_put
    done
    streamed=("${tables[@]}") tables=(plain outbox)
    for count in $clients; do
        in_turn "$count clients, plain tables of PostgreSQL" sql_put
    done
    tables=("${streamed[@]}")
    count=1
    sql -c "BEGIN" -c "INSERT INTO dynamo.\"None\" (item) VALUES ('{\"pk\": \"open\", \"sk\": 1}')" -c "SELECT dynapg.put(t, '{\"pk\": \"open\", \"sk\": 1}') FROM unnest('{KEYS_ONLY,NEW_AND_OLD_IMAGES}'::text[]) t" \
        -c "SELECT pg_sleep(600)" >/dev/null 2>&1 &
    sleeper=$!
    in_turn '1 client, beside an open transaction' sql_put
    sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(600)%'" >/dev/null
    wait "$sleeper" || true
fi

start_endpoint
if is_wanted durable; then
    command -v wrk >/dev/null || apt_install wrk || die "please install wrk first"
    printf '\n| puts by HTTP, durable, 32 connections | stream | puts/s | ratio | CPU, us | ratio |\n|---|---|---|---|---|---|\n'
    in_turn 'PutItem' http_put
fi

if is_wanted read || is_wanted page; then
    fill Short 10000
    fill Long "$records"
fi
if is_wanted read; then
    read -r count each <<<"$(sql_reads Long "$records")"
    printf '\nGetRecords by SQL: %s records with both images, %.0f a second.\n' "$count" "$(awk -v each="$each" 'BEGIN {print 1000000 / each}')"
    read -r count each rate <<<"$(python3 "$work/bench/stream_read.py" "$http_port" Long)"
    printf 'GetRecords by HTTP, one reader: %s records in %s s, %s a second.\n' "$count" "$each" "$rate"
fi
if is_wanted page; then
    rm -f "$work/rounds"
    for ((round = 0; round < rounds; round++)); do
        echo "$(sql_reads Short 10000) $(sql_reads Long 10000)" >>"$work/rounds"
    done
    # shellcheck disable=SC2016 # awk's columns
    printf '\nA record of a stream of 10,000 costs %.2f us, the first 10,000 of one of %s %.2f us: ratio %.2f.\n' \
        "$(column '$2')" "$records" "$(column '$4')" "$(column '$2 / $4')"
fi
