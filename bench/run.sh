#!/bin/bash
# Benchmarks: each operation of the API against the same work as plain prepared SQL on an ordinary table.
#
#   make bench
#   BENCH_HTTP=1 make bench     those of the HTTP endpoint instead, see bench/http.sh
#   BENCH_INDEXES=1 make bench  those of secondary indexes instead, see bench/indexes.sh
#   BENCH_TRANSACTIONS=1 make bench  those of transactions instead, see bench/transactions.sh
#   BENCH_STREAMS=1 make bench  those of streams instead, see bench/streams.sh
#   BENCH_EVENTS=1 make bench   those of event source mappings instead, see bench/events.sh
#   BENCH_BACKUPS=1 make bench  those of backups instead, see bench/backups.sh
#   BENCH_RECOVERY=1 make bench  those of point-in-time recovery, see bench/recovery.sh
#   BENCH_FORMATS=1 make bench  those of the formats of exports and imports, see bench/formats.sh
#   BENCH_TRANSFERS=1 make bench  those of exports, see bench/transfers.sh
#   BENCH_POLICIES=1 make bench  those of access policies, see bench/policies.sh
#   BENCH_AUDIT=1 make bench  those of the audit, see bench/audit.sh
#   BENCH_METRICS=1 make bench  those of metrics, see bench/metrics.sh
#   BENCH_HISTORY=1 make bench  what the keeper does for their history, see bench/history.sh
#   BENCH_INSIGHTS=1 make bench  those of contributor insights, see bench/insights.sh
#   BENCH_ACCESS=1 make bench  those of access control, see bench/access.sh
#   BENCH_THROTTLING=1 make bench  those of throttling, see bench/throttling.sh
#   BENCH_INSTRUCTIONS=1 make bench  instructions instead of time: throttling, metrics and insights, see bench/instructions.sh
#   BENCH_ITEMS=1000000 BENCH_ROUNDS=11 BENCH_SECONDS=2 BENCH_CLIENTS='1 4' BENCH_ONLY='get put' bench/run.sh
#
# A private temporary cluster is made and removed. The two sides of a comparison alternate in short runs, so that
# whatever else the machine does meets both; a figure is the median of its rounds. CPU is what the server's processes
# used for one transaction, in microseconds: on a busy machine it says more than the throughput. Ratios are better
# the higher they are. Prints a Markdown table.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -z "${BENCH_HTTP:-}" ] || exec bash bench/http.sh
[ -z "${BENCH_INDEXES:-}" ] || exec bash bench/indexes.sh
[ -z "${BENCH_TRANSACTIONS:-}" ] || exec bash bench/transactions.sh
[ -z "${BENCH_STREAMS:-}" ] || exec bash bench/streams.sh
[ -z "${BENCH_EVENTS:-}" ] || exec bash bench/events.sh
[ -z "${BENCH_BACKUPS:-}" ] || exec bash bench/backups.sh
[ -z "${BENCH_RECOVERY:-}" ] || exec bash bench/recovery.sh
[ -z "${BENCH_FORMATS:-}" ] || exec bash bench/formats.sh
[ -z "${BENCH_TRANSFERS:-}" ] || exec bash bench/transfers.sh
[ -z "${BENCH_POLICIES:-}" ] || exec bash bench/policies.sh
[ -z "${BENCH_AUDIT:-}" ] || exec bash bench/audit.sh
[ -z "${BENCH_ACCESS:-}" ] || exec bash bench/access.sh
[ -z "${BENCH_METRICS:-}" ] || exec bash bench/metrics.sh
[ -z "${BENCH_HISTORY:-}" ] || exec bash bench/history.sh
[ -z "${BENCH_INSIGHTS:-}" ] || exec bash bench/insights.sh
[ -z "${BENCH_THROTTLING:-}" ] || exec bash bench/throttling.sh
[ -z "${BENCH_INSTRUCTIONS:-}" ] || exec bash bench/instructions.sh
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

items=${BENCH_ITEMS:-1000000}
rounds=${BENCH_ROUNDS:-11}
seconds=${BENCH_SECONDS:-2}
clients=${BENCH_CLIENTS:-1 4}
only=${BENCH_ONLY:-}
per_partition=10
partitions=$((items / per_partition))
[ "$partitions" -gt 0 ] || die "BENCH_ITEMS must be at least $per_partition"

load() {
    say "loading $items items twice" >&2
    sql -v items="$items" -v per_partition="$per_partition" -f "$work/bench/load.sql" >&2
    say "a table of $(sql -c "SELECT pg_size_pretty(pg_total_relation_size('dynamo.\"Bench\"'))") against one of $(sql -c "SELECT pg_size_pretty(pg_total_relation_size('raw'))"); an item has $(sql -c "SELECT round(avg(length(dynapg.to_dynamodb_json(item)::text))) FROM (SELECT item FROM raw LIMIT 1000) sample") bytes of DynamoDB JSON" >&2
}

# compare NAME COMMIT TEXT: one row of the table for each number of clients
compare() {
    local name=$1 commit=$2 text=$3 count round
    case " $only " in *" $name "* | '  ') ;; *) return 0 ;; esac
    sql -c 'VACUUM (ANALYZE) dynamo."Bench"' -c 'VACUUM (ANALYZE) raw' -c CHECKPOINT
    for count in $clients; do
        one_run "$name-api" "$count" "$commit" >/dev/null
        one_run "$name-raw" "$count" "$commit" >/dev/null
        rm -f "$work/rounds"
        for ((round = 1; round <= rounds; round++)); do
            if ((round % 2)); then
                one_run "$name-api" "$count" "$commit" >"$work/api"
                one_run "$name-raw" "$count" "$commit" >"$work/raw"
            else
                one_run "$name-raw" "$count" "$commit" >"$work/raw"
                one_run "$name-api" "$count" "$commit" >"$work/api"
            fi
            paste -d ' ' "$work/api" "$work/raw" >>"$work/rounds"
        done
        # shellcheck disable=SC2016 # awk's columns
        printf '| %s | %s | %s | %.0f | %.0f | %.2f | %.0f | %.0f | %.2f |\n' "$text" "$commit" "$count" \
            "$(column '$1')" "$(column '$3')" "$(column '$1 / $3')" \
            "$(column '$2')" "$(column '$4')" "$(column '$4 / $2')"
    done
}

install_missing build
start
load

echo "$("$bin/postgres" --version), $(nproc) cores, $items items, $rounds rounds of $seconds s:"
echo
echo '| work | synchronous_commit | clients | dynapg/s | raw/s | ratio | dynapg CPU | raw CPU | ratio |'
echo '|---|---|---|---|---|---|---|---|---|'
compare get off 'GetItem, against SELECT by key'
compare put off 'PutItem over an item, against INSERT ... ON CONFLICT DO UPDATE'
compare new off 'PutItem of a new key, against the same statement'
compare pair off 'DeleteItem and PutItem, against DELETE and the same statement'
compare put on 'PutItem over an item, durable'
compare query off 'Query of 10 items, against SELECT of a range'
compare wide off 'Query of 1000 items, against SELECT of a range'
compare scan off 'Scan of a segment of 1 %, against a sequential scan of 1 % of the blocks'
