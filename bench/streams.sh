#!/bin/bash
# Benchmarks of streams: what one costs a put, and how fast it is read.
#
#   BENCH_STREAMS=1 make bench
#   BENCH_ROUNDS=7 BENCH_SECONDS=2 BENCH_CLIENTS='1 4' BENCH_RECORDS=1000000 BENCH_LONG=10000000 BENCH_ONLY='put beside durable read page' bench/streams.sh
#
# A PutItem over an item of a table without a stream, and of the same table with one of each kind, take turns in short runs, as in
# bench/run.sh (put): by SQL with asynchronous commit, also while somebody has an old transaction open; and durable over HTTP on 32 connections,
# where wrk sends and dynapg.developer_mode takes what is not signed (durable).
#
# Then puts to the table with both images by themselves, and beside what goes on in a server (beside): segments that are made, closed and dropped, five a
# second, where the keeper does one an hour; a reader that is an hour behind, reading five pages a second out of closed segments; a transaction
# that has written to the stream and is idle; all three.
#
# Then BENCH_RECORDS records are read by SQL and by HTTP (read), and pages of a stream of 10,000 records against those of one of BENCH_LONG, at its
# beginning and at its end (page): that stream's rows behind the first 100,000 are copies, put into the log's segment directly.
#
# Ratios are better the higher they are; prints Markdown.
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
long=${BENCH_LONG:-10000000}
only=${BENCH_ONLY:-put beside durable read page}
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

# in_turn TITLE RUN SIDE...: a row a side, of what RUN SIDE prints: puts a second, CPU of each and, maybe, the time of the slowest
in_turn() {
    local title=$1 run=$2 sides=("${@:3}") fields round side i
    for side in "${sides[@]}"; do "$run" "$side" >"$work/$side.run"; done
    fields=$(wc -w <"$work/$side.run")
    rm -f "$work/rounds"
    for ((round = 0; round < rounds; round++)); do
        for ((i = 0; i < ${#sides[@]}; i++)); do
            side=${sides[(i + round) % ${#sides[@]}]}
            "$run" "$side" >"$work/$side.run"
        done
        (cd "$work" && paste -d ' ' "${sides[@]/%/.run}") >>"$work/rounds"
    done
    for ((i = 0; i < ${#sides[@]}; i++)); do
        printf '| %s | %s | %.0f | %.2f | %.0f | %.2f |' "$title" "${sides[i]}" "$(column "\$$((fields * i + 1))")" \
            "$(column "\$$((fields * i + 1)) / \$1")" "$(column "\$$((fields * i + 2))")" "$(column "\$2 / \$$((fields * i + 2))")"
        [ "$fields" = 2 ] || printf ' %.2f |' "$(column "\$$((fields * i + 3))")"
        echo
    done
}

sql_put() { one_run "put-$1" "$count" off; }

# ---------------------------------------------------------------- what goes on beside writers

create_companions() {
    sql <<'SQL'
CREATE FUNCTION oldest(name text) RETURNS text LANGUAGE sql AS $$
    SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', arn, 'ShardIteratorType', 'TRIM_HORIZON',
        'ShardId', dynamo_describe_stream(jsonb_build_object('StreamArn', arn)) #> '{StreamDescription,Shards,0,ShardId}')) ->> 'ShardIterator'
    FROM (SELECT dynamo_list_streams(jsonb_build_object('TableName', name)) #>> '{Streams,-1,StreamArn}') s(arn)
$$;
-- Segments are made and closed; what is so many segments old is dropped.
CREATE PROCEDURE be_segments(kept int) LANGUAGE plpgsql AS $$
BEGIN
    LOOP
        -- the keeper may do the same at this moment
        BEGIN
            UPDATE dynapg.log_segments SET created_at = created_at - interval '1 day',
                closed_at = closed_at - CASE WHEN number < (SELECT max(number) - kept FROM dynapg.log_segments) THEN interval '2 days' ELSE '0' END;
            PERFORM dynapg.rotate();
        EXCEPTION WHEN serialization_failure OR deadlock_detected OR lock_not_available THEN
        END;
        COMMIT;
        PERFORM dynapg.rotate();
        COMMIT;
        PERFORM pg_sleep(0.2);
    END LOOP;
END $$;
CREATE PROCEDURE be_reader() LANGUAGE plpgsql AS $$
DECLARE
    iterator text;
    page jsonb;
BEGIN
    LOOP
        BEGIN
            page := dynamo_get_records(jsonb_build_object('ShardIterator', coalesce(iterator, oldest('NEW_AND_OLD_IMAGES'))));
            iterator := CASE WHEN page -> 'Records' <> '[]' THEN page ->> 'NextShardIterator' END;
        EXCEPTION WHEN OTHERS THEN
            iterator := NULL;   -- trimmed
        END;
        COMMIT;
        PERFORM pg_sleep(0.2);
    END LOOP;
END $$;
CREATE PROCEDURE be_idle() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dynapg.put(name, '{"pk": "idle", "sk": 1}') FROM unnest('{None,KEYS_ONLY,NEW_AND_OLD_IMAGES}'::text[]) name;
    PERFORM pg_sleep(3600);
END $$;
SQL
}

# An hour's records behind which writers write: in segments that are closed.
make_backlog() {
    sql -c 'UPDATE dynamo."NEW_AND_OLD_IMAGES" SET item = item || jsonb_build_object('"'backlog'"', random())' \
        -c "UPDATE dynapg.log_segments SET created_at = created_at - interval '1 hour'" -c 'SELECT dynapg.rotate()' -c 'SELECT dynapg.rotate()' \
        -c "UPDATE dynapg.log_segments SET closed_at = closed_at - interval '1 hour'" -c CHECKPOINT >/dev/null
}

# start_beside STATEMENT...: each in a session of its own; CPU of sessions counts when they have ended
start_beside() {
    local statement
    for statement; do
        PGAPPNAME=beside PGOPTIONS='-c synchronous_commit=off' as_user "$bin/psql" -X -q -d bench -c "$statement" >/dev/null 2>&1 &
    done
    until [ "$(sql -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'beside' AND query LIKE 'CALL%'")" = $# ]; do sleep 0.1; done
}

end_beside() {
    sql -c "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'beside'" >/dev/null
    wait
    sleep 0.2
}

put_beside() {
    local calls=()
    case $1 in
        segments) calls=('CALL be_segments(0)') ;;
        reader) calls=('CALL be_reader()') ;;
        idle) calls=('CALL be_idle()') ;;
        all) calls=('CALL be_segments(50)' 'CALL be_reader()' 'CALL be_idle()') ;;
    esac
    start_beside "${calls[@]}"
    rm -f "$work"/latency*
    pgbench_options="--log --log-prefix=$work/latency" one_run put-NEW_AND_OLD_IMAGES "$count" off | tr '\n' ' '
    cat "$work"/latency* | awk '{print $3}' | sort -n | awk '{v[NR] = $1} END {printf "%.2f\n", v[int(NR * 0.999)] / 1000}'
    [ ${#calls[@]} = 0 ] || end_beside
}

# ---------------------------------------------------------------- over HTTP

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

# ---------------------------------------------------------------- reading

# sql_reads TABLE RECORDS [TIMES [END]]: reads so many records by GetRecords, so many times, the last ones if END; prints how many, and microseconds for each
sql_reads() {
    PGOPTIONS='-c client_min_messages=notice' sql 2>&1 <<SQL | sed 's/.*NOTICE:  //'
DO \$\$
DECLARE
    first text := oldest('$1');
    last text := '${4:-}';
    iterator text;
    began timestamptz;
    records bigint := 0;
    of_this int;
    page jsonb;
BEGIN
    IF last <> '' THEN
        first := dynamo_get_shard_iterator(jsonb_build_object('StreamArn', split_part(first, '|', 1), 'ShardIteratorType', 'AT_SEQUENCE_NUMBER', 'SequenceNumber', last,
            'ShardId', dynamo_describe_stream(jsonb_build_object('StreamArn', split_part(first, '|', 1))) #> '{StreamDescription,Shards,0,ShardId}')) ->> 'ShardIterator';
    END IF;
    PERFORM dynamo_get_records(jsonb_build_object('ShardIterator', first));
    began := clock_timestamp();
    FOR i IN 1 .. ${3:-1} LOOP
        iterator := first;
        of_this := 0;
        LOOP
            page := dynamo_get_records(jsonb_build_object('ShardIterator', iterator));
            of_this := of_this + jsonb_array_length(page -> 'Records');
            iterator := page ->> 'NextShardIterator';
            EXIT WHEN jsonb_array_length(page -> 'Records') = 0 OR of_this >= $2;
        END LOOP;
        records := records + of_this;
    END LOOP;
    RAISE NOTICE '% %', records, round((extract(epoch FROM clock_timestamp() - began) * 1000000 / records)::numeric, 2);
END \$\$;
SQL
}

# page_reads TABLE [END]: microseconds, and CPU of them, for each of 10,000 records, read ten times
page_reads() {
    local before
    before=$(backends_cpu)
    sql_reads "$1" 10000 10 "${2:-}" | awk '{printf "%s ", $2; records = $1} END {print records}' >"$work/page.out"
    sleep 0.05
    awk -v cpu=$(($(backends_cpu) - before)) '{print $1, cpu / $2}' "$work/page.out"
}

# fill TABLE RECORDS: the first 100,000 are written by INSERT, the rest are copies of these in the log
fill() {
    sql -c "SELECT make('$1', '{\"StreamSpecification\": {\"StreamEnabled\": true, \"StreamViewType\": \"NEW_AND_OLD_IMAGES\"}}')" >/dev/null
    sql -c "SET synchronous_commit = off" -c "INSERT INTO dynamo.\"$1\" (item) SELECT jsonb_build_object('pk', 'user#' || i / 10, 'sk', i % 10,
        'name', 'Customer number ' || i, 'email', 'customer' || i || '@example.com', 'city', 'Springfield', 'note', 'Nothing of note so far.') FROM generate_series(1, least($2, 100000)) i"
    [ "$2" -gt 100000 ] || return 0
    sql <<SQL
DO \$\$
DECLARE
    segment regclass := (SELECT relation FROM dynapg.log_segments WHERE kind = 'STREAM' ORDER BY number DESC LIMIT 1);
    id int := (SELECT id FROM dynapg.logs WHERE table_name = '$1');
    range int8[];
BEGIN
    EXECUTE format('SELECT ARRAY[min(seq), max(seq)] FROM %s WHERE log = %s', segment, id) INTO range;
    EXECUTE format('INSERT INTO %s (seq, xid, written_at, log, kind, hash, sort, keys, old, new) SELECT s.seq + n * %s, xid, written_at, log, kind, hash, sort, keys, old, new
        FROM generate_series(1, %s) n, LATERAL (SELECT * FROM %s WHERE log = %s AND seq BETWEEN %s AND %s AND n > 0 ORDER BY seq) s',
        segment, range[2] - range[1] + 100, $2 / 100000 - 1, segment, id, range[1], range[2]);
    PERFORM setval('dynapg.log_seq', range[2] + (range[2] - range[1] + 100) * ($2 / 100000 - 1));
END \$\$;
SQL
}

install_missing build
start
create_tables
create_floor
create_companions
sql -c 'VACUUM (ANALYZE)' -c CHECKPOINT
echo "$("$bin/postgres" --version), $(nproc) cores, $rounds rounds of $seconds s:"

if is_wanted put; then
    printf '\n| puts by SQL, asynchronous commit | stream | puts/s | ratio | CPU, us | ratio |\n|---|---|---|---|---|---|\n'
    for count in $clients; do
        in_turn "$count clients" sql_put "${tables[@]}"
    done
    for count in $clients; do
        in_turn "$count clients, plain tables of PostgreSQL" sql_put plain outbox
    done
    count=1
    start_beside 'CALL be_idle()'
    in_turn '1 client, beside an open transaction' sql_put "${tables[@]}"
    end_beside
fi

if is_wanted beside; then
    make_backlog
    printf '\n| puts by SQL with both images | beside | puts/s | ratio | CPU, us | ratio | 99.9 %%, ms |\n|---|---|---|---|---|---|---|\n'
    for count in $clients; do
        in_turn "$count clients" put_beside nothing segments reader idle all
    done
    printf '\n%s segments were made.\n' "$(sql -c 'SELECT max(number) FROM dynapg.log_segments')"
fi

start_endpoint
if is_wanted durable; then
    command -v wrk >/dev/null || apt_install wrk || die "please install wrk first"
    printf '\n| puts by HTTP, durable, 32 connections | stream | puts/s | ratio | CPU, us | ratio |\n|---|---|---|---|---|---|\n'
    in_turn 'PutItem' http_put "${tables[@]}"
fi

if is_wanted read; then
    fill Read "$records"
    read -r count each <<<"$(sql_reads Read "$records")"
    printf '\nGetRecords by SQL: %s records with both images, %.0f a second.\n' "$count" "$(awk -v each="$each" 'BEGIN {print 1000000 / each}')"
    read -r count each rate <<<"$(python3 "$work/bench/stream_read.py" "$http_port" Read)"
    printf 'GetRecords by HTTP, one reader: %s records in %s s, %s a second.\n' "$count" "$each" "$rate"
fi
if is_wanted page; then
    fill Short 10000
    fill Long "$long"
    sql -c 'VACUUM (ANALYZE)' -c CHECKPOINT
    end=$(sql -c "SELECT 100000000000000000000 + last_value - 9999 * 100 FROM dynapg.log_seq")
    rm -f "$work/rounds"
    for ((round = 0; round <= rounds; round++)); do
        echo "$(page_reads Short) $(page_reads Long) $(page_reads Long "$end")" >>"$work/rounds"
        # the first one warms up
        [ "$round" -gt 0 ] || rm "$work/rounds"
    done
    printf '\n| 10,000 records | us a record | ratio | CPU, us | ratio |\n|---|---|---|---|---|\n'
    i=1
    for name in 'of a stream of 10,000' "of $long, the first" "of $long, the last"; do
        printf '| %s | %.2f | %.2f | %.2f | %.2f |\n' "$name" "$(column "\$$i")" "$(column "\$1 / \$$i")" "$(column "\$$((i + 1))")" "$(column "\$2 / \$$((i + 1))")"
        i=$((i + 2))
    done
fi
