#!/bin/bash
# A million mixed HTTP requests, right and wrong, over many connections, while others are broken off; and a look at what
# the workers' memory does meanwhile: it must not grow once everything has been seen.
#
#   PG_CONFIG=...  REQUESTS=1000000  CONNECTIONS=64  WORKERS=2  ROUND=5  SAMPLES=file  test/soak/run.sh
#
# Works on a private server and leaves nothing behind. wrk sends requests signed beforehand, anew for each round of so
# many seconds; in the first third they also create and drop tables, of each of which PostgreSQL's catalog caches keep a
# kilobyte for the life of the process, whoever creates and drops it; after a round memory is sampled: the processes' own (RssAnon: VmRSS without shared memory, which every
# process that touches buffers seems to grow by) and their memory contexts' (pg_log_backend_memory_contexts).
# SAMPLES keeps the figures. The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

REQUESTS=${REQUESTS:-1000000} CONNECTIONS=${CONNECTIONS:-64} WORKERS=${WORKERS:-2} ROUND=${ROUND:-5}
FEWEST_ROUNDS=9
port='' chaos=''

# check NAME VALUE EXPECTED
check() {
    if [ "$2" = "$3" ]; then
        echo "ok: $1"
        passed=$((passed + 1))
    else
        echo "not ok: $1: $2, not $3"
        failed=$((failed + 1))
    fi
}

sql() { as_user "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 -d postgres "$@"; }
soak() { python3 "$work/tree/test/soak/soak.py" "$@"; }

start_server() {
    mkdir -p "$work/tree/test"
    cp -r bench "$work/tree/bench"
    cp -r test/soak "$work/tree/test/soak"
    port=$(free_port)
    private_server <<CONF
fsync = off
shared_buffers = 256MB
max_wal_size = 4GB
log_line_prefix = '%p '
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$port'
dynapg.workers = $WORKERS
CONF
    sql -c 'CREATE EXTENSION dynapg' -c 'CREATE ROLE soak LOGIN' -c 'GRANT USAGE, CREATE ON SCHEMA dynamo TO soak'
    BENCH_KEY_ID=$(sql -F ' ' -c "SELECT * FROM dynapg.create_access_key('soak')")
    BENCH_SECRET=${BENCH_KEY_ID#* }
    BENCH_KEY_ID=${BENCH_KEY_ID% *}
    export BENCH_KEY_ID BENCH_SECRET
    soak tables "$port"
}

worker_pids() { sql -c 'SELECT pid FROM dynapg.stat_workers ORDER BY pid'; }

# A line for each worker: requests so far, pid, VmRSS, RssAnon and used memory of its contexts in kB.
sample() {
    local pid before
    for pid in $(worker_pids); do
        before=$(grep -c "^$pid .*Grand total" "$work/server.log" || true)
        sql -c "SELECT pg_log_backend_memory_contexts($pid)" >/dev/null
        for _ in $(seq 100); do
            [ "$(grep -c "^$pid .*Grand total" "$work/server.log" || true)" = "$before" ] || break
            sleep 0.1
        done
        awk -v requests="$1" -v pid="$pid" -v used="$(grep "^$pid .*Grand total" "$work/server.log" | tail -n 1 |
            sed 's/.*; \([0-9]*\) used.*/\1/')" '
            $1 == "VmRSS:" {rss = $2}
            $1 == "RssAnon:" {anon = $2}
            END {print requests, pid, rss, anon, int(used / 1024)}' "/proc/$pid/status" >>"$work/samples"
    done
}

main() {
    local sent=0 round=0 broken=0 tables=churn pids line operation began
    install_missing build
    command -v wrk >/dev/null || apt_install wrk || die "please install wrk first"
    begin_tests soak
    start_server
    pids=$(worker_pids)
    python3 "$work/tree/test/soak/soak.py" chaos "$port" >"$work/chaos" &
    chaos=$!
    began=$SECONDS
    while [ "$sent" -lt "$REQUESTS" ] || [ "$round" -lt "$FEWEST_ROUNDS" ]; do
        round=$((round + 1))
        [ "$((sent * 3))" -lt "$REQUESTS" ] || [ "$round" -le "$((FEWEST_ROUNDS / 3))" ] || tables=still
        soak requests "$work/requests" "$round" "$tables"
        wrk -t 1 -c "$CONNECTIONS" -d "${ROUND}s" --timeout 30s -s "$work/tree/bench/http_replay.lua" \
            "http://127.0.0.1:$port/" -- "$work/requests" >"$work/wrk.out" 2>&1 || { cat "$work/wrk.out"; die "wrk failed"; }
        read -r _ line _ _ _ _ operation <<<"$(grep '^result ' "$work/wrk.out")"
        sent=$((sent + line))
        broken=$((broken + operation))
        sample "$sent"
    done
    kill "$chaos"
    wait "$chaos" || true
    chaos=''
    echo "$sent requests and $(cat "$work/chaos") broken connections in $((SECONDS - began)) s"
    [ -z "${SAMPLES:-}" ] || cp "$work/samples" "$SAMPLES"

    check "connections that failed and should not" "$broken" 0
    check "the workers are those of the beginning" "$(worker_pids)" "$pids"
    check "answers with a server's error" "$(sql -c 'SELECT sum(faults) FROM dynapg.stat_operations')" 0
    for operation in $(soak operations); do
        check "$operation was called" \
            "$(sql -c "SELECT count(*) FROM dynapg.stat_operations WHERE operation = '$operation' AND calls > 0")" 1
    done
    check "crashes" "$(grep -cE 'PANIC:|TRAP:|was terminated by signal' "$work/server.log" || true)" 0
    soak judge "$work/samples" | tee "$work/verdict"
    passed=$((passed + $(grep -c '^ok: ' "$work/verdict" || true)))
    failed=$((failed + $(grep -c '^not ok: ' "$work/verdict" || true)))
    end_tests
}

main
