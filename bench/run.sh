#!/bin/bash
# Benchmarks: each operation of the API against the same work as plain prepared SQL on an ordinary table.
#
#   make bench
#   BENCH_ITEMS=1000000 BENCH_ROUNDS=15 BENCH_SECONDS=2 BENCH_CLIENTS='1 4' BENCH_ONLY='get put' bench/run.sh
#
# A private temporary cluster is made and removed. The two sides of a comparison alternate in short runs, so that
# whatever else the machine does meets both; a figure is the median of its rounds. Prints a Markdown table.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

items=${BENCH_ITEMS:-1000000}
rounds=${BENCH_ROUNDS:-15}
seconds=${BENCH_SECONDS:-2}
clients=${BENCH_CLIENTS:-1 4}
only=${BENCH_ONLY:-}
per_partition=10
partitions=$((items / per_partition))
[ "$partitions" -gt 0 ] || die "BENCH_ITEMS must be at least $per_partition"

work='' bin=''

clean_up() {
    [ ! -f "$work/data/postmaster.pid" ] || stop_cluster "$bin" "$work/data" immediate || true
    cd /
    [ -z "$work" ] || rm -rf "$work"
}

sql() { as_user "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 -d bench "$@"; }

start() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/dynapg-bench.XXXXXX")
    trap clean_up EXIT
    trap 'exit 130' INT TERM
    private_postgres "$work/root"
    bin=$work/root$("$PG_CONFIG" --bindir)
    say "building for $("$PG_CONFIG" --version)" >&2
    build_and_install "$work/root" >&2
    cp -r bench "$work/bench"
    ! is_root || chown -R -h "$SERVER_USER" "$work"
    make_cluster "$bin" "$work/data" "$work" "$(free_port)" <<'CONF'
shared_buffers = 1GB
max_wal_size = 16GB
checkpoint_timeout = 1h
autovacuum = off
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    PGPORT=$(sed -n 's/^port = //p' "$work/data/postgresql.conf")
    export PGHOST=$work PGPORT PGUSER=postgres HOME=$work
    cd "$work"
    as_user "$bin/createdb" bench
}

load() {
    say "loading $items items twice" >&2
    sql -v items="$items" -v per_partition="$per_partition" -f "$work/bench/load.sql" >&2
    say "a table of $(sql -c "SELECT pg_size_pretty(pg_total_relation_size('dynamo.\"Bench\"'))") against one of $(sql -c "SELECT pg_size_pretty(pg_total_relation_size('raw'))"); an item has $(sql -c "SELECT round(avg(length(dynapg.to_dynamodb_json(item)::text))) FROM (SELECT item FROM raw LIMIT 1000) sample") bytes of DynamoDB JSON" >&2
}

# one_run SCRIPT CLIENTS SYNCHRONOUS_COMMIT: transactions a second
one_run() {
    PGOPTIONS="-c synchronous_commit=$3" as_user "$bin/pgbench" -n -M prepared -c "$2" -j "$(($2 < 2 ? 1 : 2))" \
        -T "$seconds" -D partitions="$partitions" -D per_partition="$per_partition" -f "$work/bench/$1.sql" bench \
        2>"$work/pgbench.log" | sed -n 's/^tps = \([0-9.]*\).*/\1/p' ||
        { tail -n 5 "$work/pgbench.log" >&2; die "pgbench failed"; }
}

median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# compare NAME COMMIT TEXT: one row of the table for each number of clients
compare() {
    local name=$1 commit=$2 text=$3 count round
    case " $only " in *" $name "* | '  ') ;; *) return 0 ;; esac
    sql -c 'VACUUM (ANALYZE) dynamo."Bench"' -c 'VACUUM (ANALYZE) raw' -c CHECKPOINT
    for count in $clients; do
        one_run "$name-api" "$count" "$commit" >/dev/null
        one_run "$name-raw" "$count" "$commit" >/dev/null
        rm -f "$work/api" "$work/raw" "$work/ratio"
        for ((round = 1; round <= rounds; round++)); do
            if ((round % 2)); then
                one_run "$name-api" "$count" "$commit" >"$work/a"
                one_run "$name-raw" "$count" "$commit" >"$work/r"
            else
                one_run "$name-raw" "$count" "$commit" >"$work/r"
                one_run "$name-api" "$count" "$commit" >"$work/a"
            fi
            cat "$work/a" >>"$work/api"
            cat "$work/r" >>"$work/raw"
            paste "$work/a" "$work/r" | awk '{print $1 / $2}' >>"$work/ratio"
        done
        printf '| %s | %s | %s | %.0f | %.0f | %.2f | %.2f to %.2f |\n' "$text" "$commit" "$count" \
            "$(median <"$work/api")" "$(median <"$work/raw")" "$(median <"$work/ratio")" \
            "$(sort -n "$work/ratio" | head -n 1)" "$(sort -n "$work/ratio" | tail -n 1)"
    done
}

install_missing build
start
load

echo "$("$bin/postgres" --version), $(nproc) cores, $items items, $rounds rounds of $seconds s:"
echo
echo '| work | synchronous_commit | clients | dynapg a second | raw a second | ratio | rounds |'
echo '|---|---|---|---|---|---|---|'
compare get off 'GetItem, against SELECT by key'
compare put off 'PutItem over an item, against INSERT ... ON CONFLICT DO UPDATE'
compare new off 'PutItem of a new key, against the same statement'
compare pair off 'DeleteItem and PutItem, against DELETE and the same statement'
compare put on 'PutItem over an item, durable'
