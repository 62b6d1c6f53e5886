#!/bin/bash
# Benchmarks of TransactWriteItems against the same transaction in plain SQL.
#
#   BENCH_TRANSACTIONS=1 make bench
#   BENCH_ITEMS=100000 BENCH_ROUNDS=5 BENCH_SECONDS=1 BENCH_CLIENTS='1 4' BENCH_SIZES='2 10 100' bench/transactions.sh
#
# A transaction puts so many items over others: one call, against BEGIN, as many prepared upserts and COMMIT, all in one pipeline, so that
# neither side waits for the network more than once. The sides take turns in short runs, as in bench/run.sh. Prints a Markdown table.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

items=${BENCH_ITEMS:-100000}
rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-1}
clients=${BENCH_CLIENTS:-1 4}
sizes=${BENCH_SIZES:-2 10 100}
per_partition=10
partitions=$((items / per_partition))
[ "$partitions" -ge 10 ] || die "BENCH_ITEMS must be at least 100"

# element N: the action of the N-th item, as an SQL expression of the columns p, n and partitions (pgbench passes each variable at each
# place as a parameter of its own, and has 255 of them)
element() {
    local s=$(($1 % per_partition)) p="((p + $(($1 / per_partition))) % partitions)"
    printf '%s' "'{\"Put\":{\"TableName\":\"Bench\",\"Item\":{\"pk\":{\"S\":\"user#' || $p || '\"},\"sk\":{\"N\":\"$s\"}," \
        "\"name\":{\"S\":\"Customer number ' || $p || '\"},\"email\":{\"S\":\"customer@example.com\"},\"city\":{\"S\":\"Springfield\"}," \
        "\"age\":{\"N\":\"' || n || '\"},\"score\":{\"N\":\"12.125\"}," \
        "\"tags\":{\"L\":[{\"S\":\"red\"},{\"S\":\"green\"},{\"S\":\"blue\"}]},\"note\":{\"S\":\"Nothing of note so far.\"}}}}'"
}

# upsert N: the same item in plain SQL
upsert() {
    local s=$(($1 % per_partition)) p="((:p + $(($1 / per_partition))) % :partitions)"
    printf '%s\n' "INSERT INTO raw VALUES ('user#' || $p, $s, ('{\"pk\":\"user#' || $p || '\",\"sk\":$s,\"name\":\"Customer number ' || $p || '\",\"email\":\"customer@example.com\",\"city\":\"Springfield\",\"age\":' || :n || ',\"score\":12.125,\"tags\":[\"red\",\"green\",\"blue\"],\"note\":\"Nothing of note so far.\"}')::jsonb) ON CONFLICT (pk, sk) DO UPDATE SET item = excluded.item;"
}

scripts() {
    local n=$1 i
    {
        printf '\\set p random(0, :partitions - 1)\n\\set n random(18, 78)\n'
        # by tens: a chain of || would copy the whole of a long request again and again
        printf "SELECT dynamo_transact_write_items((concat('{\"TransactItems\":[', concat_ws(','"
        for ((i = 0; i < n; i++)); do
            [ $((i % 10)) != 0 ] || printf ', concat_ws('"','"
            printf ', %s' "$(element "$i")"
            [ $((i % 10)) != 9 ] && [ $((i + 1)) != "$n" ] || printf ')'
        done
        printf "), ']}'))::jsonb) FROM (SELECT :p::int AS p, :n::int AS n, :partitions::int AS partitions) AS v;\n"
    } >"$work/bench/transact$n-api.sql"
    {
        printf '\\set p random(0, :partitions - 1)\n\\set n random(18, 78)\n\\startpipeline\nBEGIN;\n'
        for ((i = 0; i < n; i++)); do upsert "$i"; done
        printf 'COMMIT;\n\\endpipeline\n'
    } >"$work/bench/transact$n-raw.sql"
}

compare() {
    local n=$1 count=$2 round
    one_run "transact$n-api" "$count" off >/dev/null
    one_run "transact$n-raw" "$count" off >/dev/null
    rm -f "$work/rounds"
    for ((round = 1; round <= rounds; round++)); do
        one_run "transact$n-api" "$count" off >"$work/a"
        one_run "transact$n-raw" "$count" off >"$work/b"
        paste -d ' ' "$work/a" "$work/b" >>"$work/rounds"
    done
    printf '| %s | %s | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n' "$n" "$count" "$(column "\$1")" "$(column "\$3")" \
        "$(column "\$1 / \$3")" "$(column "\$2")" "$(column "\$4")" "$(column "\$4 / \$2")"
}

install_missing build
start
say "loading $items items twice" >&2
sql -v items="$items" -v per_partition="$per_partition" -f "$work/bench/load.sql" >&2
echo "$("$bin/postgres" --version), $(nproc) cores, $items items, $rounds rounds of $seconds s, synchronous_commit off:"
echo
echo '| items a transaction | clients | dynapg/s | raw/s | ratio | dynapg CPU | raw CPU | ratio |'
echo '|---|---|---|---|---|---|---|---|'
for n in $sizes; do
    scripts "$n"
    for count in $clients; do compare "$n" "$count"; done
done
