#!/bin/bash
# Benchmarks of event source mappings: how fast records come to a SQL function, and what a mapping costs a put beside its stream.
#
#   BENCH_EVENTS=1 make bench
#   BENCH_ROUNDS=7 BENCH_SECONDS=2 BENCH_CLIENTS='1 4' BENCH_RECORDS=500000 BENCH_ONLY='deliver put' bench/events.sh
#
# BENCH_RECORDS records are written, and then given to a function that counts them and to one that inserts a row for each, by batches of 100, 1000 and 10000, in one lane
# and in four with two workers (deliver).  PutItem over an item of a table with a stream alone and of one with a mapping to a function that counts take turns in short
# runs, the mapping's worker being served by the same cores (put).  Prints Markdown.
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
records=${BENCH_RECORDS:-500000}
only=${BENCH_ONLY:-deliver put}
# shellcheck disable=SC2034 # lib.sh reads them
partitions=10000 per_partition=10

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
        -c "CREATE FUNCTION insert_events(event jsonb) RETURNS void LANGUAGE sql AS \$\$ INSERT INTO public.seen SELECT r ->> 'eventID', r #>> '{dynamodb,Keys,pk,S}', r #> '{dynamodb,NewImage}' FROM jsonb_array_elements(event -> 'Records') r \$\$"
    for name in Plain Mapped Deep; do
        sql -c "SELECT make('$name')" >/dev/null
        sed -e "s/\"Bench\"/\"$name\"/" -e 's/random(18, 78)/random(1, 1000000000)/' "$work/bench/put-api.sql" >"$work/bench/put-$name.sql"
    done
    sql -c "INSERT INTO dynamo.\"Plain\" (item) SELECT jsonb_build_object('pk', 'user#' || p, 'sk', s, 'age', 0) FROM generate_series(0, $((partitions - 1))) p, generate_series(0, 9) s" \
        -c "INSERT INTO dynamo.\"Mapped\" (item) SELECT jsonb_build_object('pk', 'user#' || p, 'sk', s, 'age', 0) FROM generate_series(0, $((partitions - 1))) p, generate_series(0, 9) s"
}

# deliver FUNCTION BATCH LANES: records a second
deliver() {
    local begun
    sql -c 'TRUNCATE seen' >/dev/null
    begun=$(date +%s%N)
    sql -c "SELECT dynapg.create_event_source_mapping('Deep', '{\"Function\": \"$1\"}', '{\"StartingPosition\": \"TRIM_HORIZON\", \"BatchSize\": $2, \"ParallelizationFactor\": $3}')" >/dev/null
    until [ "$(sql -c 'SELECT sum(sent) FROM dynapg.event_positions')" = "$records" ]; do sleep 0.05; done
    echo $((records * 1000 / (($(date +%s%N) - begun) / 1000000)))
    sql -c 'SELECT dynapg.delete_event_source_mapping(uuid) FROM dynapg.event_source_mappings' >/dev/null
}

bench_deliver() {
    local function batch lanes
    sql -c "INSERT INTO dynamo.\"Deep\" (item) SELECT jsonb_build_object('pk', 'user#' || i, 'sk', i, 'name', 'somebody', 'age', i % 90, 'note', repeat('x', 100)) FROM generate_series(1, $records) i" -c 'CHECKPOINT'
    printf '\n| records a second to a function that | batch | lanes | |\n|---|---|---|---|\n'
    for function in count_events insert_events; do
        for batch in 100 1000 10000; do
            for lanes in 1 4; do
                echo "| ${function/_events/s} | $batch | $lanes | $(deliver $function $batch $lanes) |"
            done
        done
    done
}

bench_put() {
    local n name round
    sql -c "SELECT dynapg.create_event_source_mapping('Mapped', '{\"Function\": \"count_events\"}', '{\"StartingPosition\": \"LATEST\", \"BatchSize\": 1000}')" >/dev/null
    printf '\n| puts a second, connections | stream alone | with a mapping | ratio |\n|---|---|---|---|\n'
    for n in $clients; do
        for name in Plain Mapped; do : >"$work/put-$name-$n"; done
        for ((round = 0; round < rounds; round++)); do
            for name in Plain Mapped; do
                one_run "put-$name" "$n" off | cut -d' ' -f1 >>"$work/put-$name-$n"
            done
        done
        awk -v n="$n" -v a="$(median <"$work/put-Plain-$n")" -v b="$(median <"$work/put-Mapped-$n")" 'BEGIN {printf "| %d | %d | %d | %.3f |\n", n, a, b, b / a}'
    done
}

main() {
    start
    create_objects
    ! is_wanted deliver || bench_deliver
    ! is_wanted put || bench_put
}

main "$@"
