#!/bin/bash
# Benchmarks of event source mappings: how fast records come to a SQL function and to a webhook, and what a mapping costs a put beside its stream.
#
#   BENCH_EVENTS=1 make bench
#   BENCH_ROUNDS=5 BENCH_SECONDS=2 BENCH_CLIENTS='1 4' BENCH_RECORDS=300000 BENCH_ONLY='function webhook put' bench/events.sh
#
# BENCH_RECORDS records are written. Then they are given to a function that counts them and to one that inserts a row for each (function), by batches of 100, 1000
# and 10000; the floor, in turns with it, is a loop in PL/pgSQL that reads them by GetRecords (at most 1000 at once), calls the same function, and commits. The same
# records go to a server on loopback that takes everything (webhook, bench/sink.c), by batches of 100; the floor is curl, sending one such body again and again over one
# connection. CPU is that of the processes that deliver, so it counts in full what a busy machine hides in the times. PutItem over an item of a table with a stream
# alone and of one with a mapping to a function that counts take turns in short runs, the mapping's worker being served by the same cores (put). Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-5}
# shellcheck disable=SC2034 # lib.sh reads it
seconds=${BENCH_SECONDS:-2}
clients=${BENCH_CLIENTS:-1 4}
records=${BENCH_RECORDS:-300000}
only=${BENCH_ONLY:-function webhook put}
# shellcheck disable=SC2034 # lib.sh reads them
partitions=10000 per_partition=10
sink=''

is_wanted() { [[ " $only " == *" $1 "* ]]; }

create_objects() {
    local name
    sql -c 'CREATE EXTENSION dynapg' -c "CREATE FUNCTION make(name text) RETURNS void LANGUAGE sql AS \$\$
        SELECT dynamo_create_table(jsonb_build_object('TableName', name) || '{\"BillingMode\": \"PAY_PER_REQUEST\",
            \"KeySchema\": [{\"AttributeName\": \"pk\", \"KeyType\": \"HASH\"}, {\"AttributeName\": \"sk\", \"KeyType\": \"RANGE\"}],
            \"AttributeDefinitions\": [{\"AttributeName\": \"pk\", \"AttributeType\": \"S\"}, {\"AttributeName\": \"sk\", \"AttributeType\": \"N\"}],
            \"StreamSpecification\": {\"StreamEnabled\": true, \"StreamViewType\": \"NEW_AND_OLD_IMAGES\"}}'::jsonb) \$\$" \
        -c 'CREATE TABLE counted (one boolean PRIMARY KEY, n bigint); INSERT INTO counted VALUES (true, 0); CREATE TABLE seen (event_id text, id text, item jsonb)' \
        -c "CREATE FUNCTION count_events(event jsonb) RETURNS void LANGUAGE sql AS \$\$ UPDATE public.counted SET n = n + jsonb_array_length(event -> 'Records') \$\$" \
        -c "CREATE FUNCTION insert_events(event jsonb) RETURNS void LANGUAGE sql AS \$\$ INSERT INTO public.seen SELECT r ->> 'eventID', r #>> '{dynamodb,Keys,pk,S}', r #> '{dynamodb,NewImage}' FROM jsonb_array_elements(event -> 'Records') r \$\$" \
        -c "CREATE PROCEDURE await(query text) LANGUAGE plpgsql AS \$\$ DECLARE done boolean; BEGIN LOOP EXECUTE query INTO done; COMMIT; EXIT WHEN done; PERFORM pg_sleep(0.01); END LOOP; END \$\$" \
        -c "CREATE FUNCTION iterator() RETURNS text LANGUAGE sql AS \$\$
            SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', d -> 'StreamArn', 'ShardId', d #> '{Shards,0,ShardId}', 'ShardIteratorType', 'TRIM_HORIZON')) ->> 'ShardIterator'
            FROM dynamo_list_streams('{\"TableName\": \"Deep\"}') l, LATERAL (SELECT dynamo_describe_stream(jsonb_build_object('StreamArn', l #> '{Streams,0,StreamArn}')) -> 'StreamDescription' AS d) s \$\$" \
        -c "CREATE PROCEDURE read_all(call regproc, size int, records int) LANGUAGE plpgsql AS \$\$
            DECLARE at text := iterator(); page jsonb; n int := 0; BEGIN
            WHILE n < records LOOP
                page := dynamo_get_records(jsonb_build_object('ShardIterator', at, 'Limit', size));
                EXECUTE format('SELECT %s(\$1)', call) USING page;
                n := n + jsonb_array_length(page -> 'Records');
                at := page ->> 'NextShardIterator';
                COMMIT;
            END LOOP; END \$\$"
    for name in Plain Mapped Deep; do
        sql -c "SELECT make('$name')" >/dev/null
        sed -e "s/\"Bench\"/\"$name\"/" -e 's/random(18, 78)/random(1, 1000000000)/' "$work/bench/put-api.sql" >"$work/bench/put-$name.sql"
    done
    ! is_wanted put ||
        sql -c "INSERT INTO dynamo.\"Plain\" (item) SELECT jsonb_build_object('pk', 'user#' || p, 'sk', s, 'age', 0) FROM generate_series(0, $((partitions - 1))) p, generate_series(0, 9) s" \
            -c "INSERT INTO dynamo.\"Mapped\" (item) SELECT jsonb_build_object('pk', 'user#' || p, 'sk', s, 'age', 0) FROM generate_series(0, $((partitions - 1))) p, generate_series(0, 9) s"
    sql -c "INSERT INTO dynamo.\"Deep\" (item) SELECT jsonb_build_object('pk', 'user#' || i, 'sk', i, 'name', 'somebody', 'age', i % 90, 'note', repeat('x', 100)) FROM generate_series(1, $records) i" \
        -c 'VACUUM (ANALYZE)' -c CHECKPOINT
}

# stay: somebody who is connected and does nothing, so that no process ends before its CPU time is read
stay() {
    mkfifo "$work/guest"
    as_user "$bin/psql" -X -q -d bench <"$work/guest" >/dev/null &
    # shellcheck disable=SC2034 # it is never written to
    exec {guest}>"$work/guest"
}

# now: milliseconds
now() { echo $(($(date +%s%N) / 1000000)); }

# cpu_of TYPE: milliseconds of CPU that processes of a type have taken, those that are there
cpu_of() {
    local pid ticks=0
    for pid in $(sql -c "SELECT pid FROM pg_stat_activity WHERE backend_type = '$1'"); do
        ticks=$((ticks + $(sed 's/.*) //' "/proc/$pid/stat" | awk '{print $12 + $13}')))
    done
    echo $((ticks * 1000 / $(getconf CLK_TCK)))
}

# speeds MILLISECONDS CPU: records a second, and records a second of CPU
speeds() { echo "$((records * 1000 / $1)) $((records * 1000 / ($2 > 0 ? $2 : 1)))"; }

# deliver TYPE DESTINATION BATCH LANES: speeds of a mapping, whose processes are of that type
deliver() {
    local begun took cpu
    sql -c 'TRUNCATE seen' >/dev/null
    begun=$(now)
    sql -c "SELECT dynapg.create_event_source_mapping('Deep', '$2', '{\"StartingPosition\": \"TRIM_HORIZON\", \"BatchSize\": $3, \"ParallelizationFactor\": $4}')" >/dev/null
    sql -c "CALL await('SELECT coalesce(sum(sent), 0) >= $records FROM dynapg.event_positions')"
    took=$(($(now) - begun))
    cpu=$(cpu_of "$1")
    sql -c 'SELECT dynapg.delete_event_source_mapping(uuid) FROM dynapg.event_source_mappings' >/dev/null
    sql -c "CALL await('SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = ''$1''')"
    speeds "$took" "$cpu"
}

# read_all FUNCTION BATCH: the same of the floor
read_all() {
    local begun before took
    sql -c 'TRUNCATE seen' >/dev/null
    before=$(backends_cpu)
    begun=$(now)
    sql -c "CALL read_all('$1', $(($2 > 1000 ? 1000 : $2)), $records)"
    took=$(($(now) - begun))
    sleep 0.1
    speeds "$took" $((($(backends_cpu) - before) / 1000))
}

# send_all FILE: the same of curl
send_all() {
    local begun before took cpu
    begun=$(now)
    before=$(awk '{print $16 + $17}' /proc/$$/stat)
    curl -s -o /dev/null -H 'Content-Type: application/json' --data-binary "@$1" "http://127.0.0.1:$sink/[1-$((records / 100))]"
    took=$(($(now) - begun))
    cpu=$((($(awk '{print $16 + $17}' /proc/$$/stat) - before) * 1000 / $(getconf CLK_TCK)))
    speeds "$took" "$cpu"
}

# compare: a line of a table of the medians of two files with speeds
compare() {
    local i a b
    for i in 1 2; do
        a=$(awk "{print \$$i}" "$1" | median)
        b=$(awk "{print \$$i}" "$2" | median)
        awk -v a="$a" -v b="$b" 'BEGIN {printf " %d | %d | %.2f |", a, b, b / a}'
    done
    echo
}

bench_function() {
    local function batch lanes round
    printf '\n| function | batch | lanes | records/s, floor | mapping | ratio | records a CPU second, floor | mapping | ratio |\n|---|---|---|---|---|---|---|---|---|\n'
    for function in count_events insert_events; do
        for batch in 100 1000 10000; do
            : >"$work/floor"
            : >"$work/one"
            : >"$work/four"
            for ((round = 0; round < rounds; round++)); do
                read_all "$function" "$batch" >>"$work/floor"
                for lanes in 1 4; do
                    deliver 'dynapg event worker' "{\"Function\": \"$function\"}" "$batch" "$lanes" >>"$work/$([ "$lanes" = 1 ] && echo one || echo four)"
                done
            done
            echo "| $function | $batch | 1 |$(compare "$work/floor" "$work/one")"
            echo "| $function | $batch | 4 |$(compare "$work/floor" "$work/four")"
        done
    done
}

sink_pid=''
before_end() { [ -z "$sink_pid" ] || kill "$sink_pid" 2>/dev/null || true; }

bench_webhook() {
    local lanes round
    command -v curl >/dev/null || die "curl is missing"
    "${CC:-cc}" -O2 -pthread -o "$work/sink" "$work/bench/sink.c"
    "$work/sink" >"$work/sink.port" &
    sink_pid=$!
    until [ -s "$work/sink.port" ]; do sleep 0.05; done
    sink=$(cat "$work/sink.port")
    sql -c "LOAD 'dynapg'" -c "ALTER SYSTEM SET dynapg.event_hosts = '127.0.0.1:$sink'" -c 'SELECT pg_reload_conf()' >/dev/null
    sql -c "SELECT dynamo_get_records(jsonb_build_object('ShardIterator', iterator(), 'Limit', 100)) - 'NextShardIterator'" >"$work/body.json"
    printf '\n| webhook | batch | lanes | records/s, curl | mapping | ratio | records a CPU second, curl | mapping | ratio |\n|---|---|---|---|---|---|---|---|---|\n'
    : >"$work/floor"
    : >"$work/one"
    : >"$work/four"
    for ((round = 0; round < rounds; round++)); do
        send_all "$work/body.json" >>"$work/floor"
        for lanes in 1 4; do
            deliver 'dynapg courier' "{\"Webhook\": {\"Url\": \"http://127.0.0.1:$sink/\", \"Secret\": \"secret\"}}" 100 "$lanes" >>"$work/$([ "$lanes" = 1 ] && echo one || echo four)"
        done
    done
    echo "| loopback | 100 | 1 |$(compare "$work/floor" "$work/one")"
    echo "| loopback | 100 | 4 |$(compare "$work/floor" "$work/four")"
}

bench_put() {
    local n name round
    sql -c "SELECT dynapg.create_event_source_mapping('Mapped', '{\"Function\": \"count_events\"}', '{\"StartingPosition\": \"LATEST\", \"BatchSize\": 1000}')" >/dev/null
    printf '\n| connections | puts/s, stream alone | with a mapping | ratio | CPU us a put, stream alone | with a mapping | ratio |\n|---|---|---|---|---|---|---|\n'
    for n in $clients; do
        for name in Plain Mapped; do : >"$work/put-$name-$n"; done
        for ((round = 0; round < rounds; round++)); do
            for name in Plain Mapped; do
                one_run "put-$name" "$n" off >>"$work/put-$name-$n"
            done
        done
        echo "| $n |$(compare "$work/put-Plain-$n" "$work/put-Mapped-$n")"
    done
}

main() {
    start
    create_objects
    stay
    ! is_wanted function || bench_function
    ! is_wanted webhook || bench_webhook
    ! is_wanted put || bench_put
}

main "$@"
