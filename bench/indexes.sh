#!/bin/bash
# Benchmarks of secondary indexes: what global indexes cost a put, and a Query of one.
#
#   BENCH_INDEXES=1 make bench
#   BENCH_ITEMS=100000 BENCH_ROUNDS=5 BENCH_SECONDS=1 BENCH_CLIENTS='1 4' BENCH_INDEX_COUNTS='1 5 20' BENCH_ONLY='new query' bench/indexes.sh
#
# A PutItem into a table with so many global indexes runs against a PutItem of the same item into a table without any, and
# against an upsert into an ordinary table with as many btree indexes on the expression item->>'g'. All indexes of a table have
# the key g, so that items are the same whatever their number; each is kept for itself. The three sides take turns in short
# runs, as in bench/run.sh. Prints Markdown tables.
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
counts=${BENCH_INDEX_COUNTS:-1 5 20}
only=${BENCH_ONLY:-}
per_partition=10
partitions=$((items / per_partition))
[ "$partitions" -gt 0 ] || die "BENCH_ITEMS must be at least $per_partition"

load() {
    local count
    sql -v per_partition="$per_partition" -v items="$items" -f "$work/bench/index-load.sql" >&2
    for count in 0 $counts; do
        say "loading $items items with $count indexes twice" >&2
        sql -c "SELECT bench.load('$count', $count, 'KEYS_ONLY')" -c "SELECT bench.load_raw('$count', $count)" >/dev/null
    done
    say "loading $items items with an index of all attributes" >&2
    sql -c "SELECT bench.load('all', 1, 'ALL')" >/dev/null
    sql -c 'VACUUM (ANALYZE)' -c CHECKPOINT
}

# script SIDE TABLE SORT GROUP: a pgbench script, made of its pattern; prints its name
script() {
    local name=$1-$2-$5
    sed -e "s/@table@/$2/" -e "s/@sort@/$3/" -e "s/@group@/$4/" "$work/bench/index-$1.sql" >"$work/bench/$name.sql"
    echo "$name"
}

# ratio COLUMN COLUMN: the median of the rounds' quotients
ratio() { column "\$$1 / \$$2"; }

is_wanted() { case " $only " in *" $1 "* | '  ') ;; *) return 1 ;; esac }

# turns COUNT SCRIPT...: lets scripts take turns; a line a round, with tps and CPU of each
turns() {
    local count=$1 round name
    shift
    for name; do one_run "$name" "$count" off >/dev/null; done
    rm -f "$work/rounds"
    for ((round = 1; round <= rounds; round++)); do
        for name; do one_run "$name" "$count" off >"$work/$name.run"; done
        (cd "$work" && paste -d ' ' "${@/%/.run}") >>"$work/rounds"
    done
}

# put NAME TEXT SORT GROUP TABLE: a row of the table for each number of clients
put() {
    local name=$1 text=$2 sort=$3 group=$4 table=$5 count
    is_wanted "$name" || return 0
    sql -c VACUUM -c CHECKPOINT
    for count in $clients; do
        # a bare put, one with indexes, and raw
        turns "$count" "$(script put-api 0 "$sort" "$group" "$name")" "$(script put-api "$table" "$sort" "$group" "$name")" \
            "$(script put-raw "${table/all/1}" "$sort" "$group" "$name")"
        printf '| %s | %s | %s | %.0f | %.0f | %.2f | %.0f | %.2f | %.0f | %.2f | %.2f |\n' "$text" "${table/all/1, all attributes}" "$count" \
            "$(column "\$3")" "$(column "\$1")" "$(ratio 3 1)" "$(column "\$5")" "$(ratio 3 5)" \
            "$(column "\$4")" "$(ratio 2 4)" "$(ratio 6 4)"
    done
}

query() {
    local count
    is_wanted query || return 0
    sql -c "SELECT bench.load('query', 1, 'ALL')" -c "SELECT bench.load_raw('query', 1)" -c 'VACUUM (ANALYZE)' -c CHECKPOINT >/dev/null
    echo
    echo '| work | clients | dynapg/s | raw/s | ratio | dynapg CPU | raw CPU | ratio |'
    echo '|---|---|---|---|---|---|---|---|'
    for count in $clients; do
        turns "$count" "$(script query-api query '' '' query)" "$(script query-raw query '' '' query)"
        printf '| %s | %s | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n' "Query of 10 items of an index, against SELECT of them by a btree index" \
            "$count" "$(column "\$1")" "$(column "\$3")" "$(ratio 1 3)" "$(column "\$2")" "$(column "\$4")" "$(ratio 4 2)"
    done
}

install_missing build
start
load

# as index-load.sql has it: 10 items a value, none two of a partition
loaded='((:p * :per_partition + :s) * 7919) % :partitions'
same='random(0, :per_partition - 1)'
other='random(:per_partition, 2000000000)'
any='random(0, 1000000000)'

echo "$("$bin/postgres" --version), $(nproc) cores, $items items, $rounds rounds of $seconds s, synchronous_commit off:"
echo
echo '| PutItem | global indexes | clients | put/s | bare put/s | ratio | raw/s | ratio | CPU | ratio to a bare put | ratio to raw |'
echo '|---|---|---|---|---|---|---|---|---|---|---|'
for n in $counts; do
    put unchanged 'over an item, entries as they are' "$same" "$loaded" "$n"
done
for n in $counts all; do
    put changed 'over an item, all entries changed' "$same" "$any" "$n"
done
for n in $counts all; do
    put new 'of a new key' "$other" "$any" "$n"
done
query
