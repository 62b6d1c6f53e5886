#!/bin/bash
# Random concurrent writers on a table with 5 LSIs and 5 GSIs, while two GSIs are added and one is dropped and the server is
# killed again and again; then every index is compared with the items.
#
#   PG_CONFIG=...  ITEMS=100000  KEYS=200  CLIENTS=8  CRASHES=9  SECONDS_EACH=10  test/stress/indexes.sh
#
# ITEMS are there for the builders to read, KEYS for the writers to collide on. One of the CRASHES (3 or more) comes after the index is
# dropped, the others while the two are built; an odd one after that, SECONDS_EACH later. Like test/stress/run.sh it works on a private server and leaves nothing behind. Exit status 0:
# nothing was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

ITEMS=${ITEMS:-100000} KEYS=${KEYS:-200} CLIENTS=${CLIENTS:-8} CRASHES=${CRASHES:-9} SECONDS_EACH=${SECONDS_EACH:-10}
work='' bin='' writers='' transactions=0 retried=0 crashes=0 resumed=0

before_end() { [ -z "$writers" ] || kill "$writers" 2>/dev/null || true; }

sql() { as_user "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -p "$port" -d postgres "$@"; }
ask() { sql -tAc "$1"; }
items_read() { ask "SELECT coalesce((SELECT items FROM dynapg.index_progress WHERE index_name = '$1'), -1)"; }
committed() { ask "SELECT xact_commit FROM pg_stat_database WHERE datname = 'postgres'"; }

start_writers() {
    as_user "$bin/pgbench" -n -M prepared -c "$CLIENTS" -j 2 -T 100000 --max-tries=1000 -D keys="$KEYS" \
        -f "$work/indexes_write.sql" -h "$work" -p "$port" postgres >"$work/pgbench.out" 2>"$work/pgbench.err" &
    writers=$!
}

# The writers end with the server, or with their connections; any other error is one of theirs.
end_writers() {
    local unexpected
    wait "$writers" || true
    writers=''
    unexpected=$(grep -E 'ERROR: |PANIC: ' "$work/pgbench.err" |
        grep -v 'the database system is' | head -n 5 || true)
    [ -z "$unexpected" ] || die "a writer met an error: $unexpected"
    transactions=$((transactions + $(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/pgbench.out")))
    retried=$((retried + $(sed -n 's/^number of transactions retried: \([0-9]*\).*/\1/p' "$work/pgbench.out")))
}

# Kills the server without warning: all its processes, one of the writers' backends, or the builder.
crash() {
    local postmaster pids
    postmaster=$(head -n 1 "$work/data/postmaster.pid")
    case $((crashes % 3)) in
        0) kill_cluster "$work/data" ;;
        1) pids=$(ask "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgbench' LIMIT 1") ;;&
        2) pids=$(ask "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('dynapg table job', 'checkpointer') ORDER BY backend_type DESC LIMIT 1") ;;&
        1 | 2) kill -KILL "$pids" ;;
    esac
    crashes=$((crashes + 1))
    end_writers
    ps -o pid= -p "$postmaster" >/dev/null || {
        rm -f "$work/data/postmaster.pid"
        start_cluster "$bin" "$work/data" "$work/server.log"
    }
    until ask 'SELECT 1' >/dev/null 2>&1; do sleep 0.1; done
    check "after crash $crashes"
}

check() {
    local wrong
    wrong=$(sql -f "$work/indexes_check.sql")
    [ -z "$wrong" ] || fail "$1: $(head -n 20 <<<"$wrong")"
    say "$1: $transactions transactions, $(ask "SELECT string_agg(DISTINCT status || ' ' || n, ', ') FROM (SELECT status, count(*) n FROM dynapg.indexes GROUP BY 1) x"), nothing is wrong"
}

# Waits until a builder has read so many items more, or is done; starts one where the last has died (of a deadlock, say).
await_progress() {
    local name=$1 target=$2 now before=-2 stuck=0
    while now=$(items_read "$name"); [ "$(ask "SELECT count(*) FROM dynapg.index_progress WHERE index_name = '$name'")" = 1 ] && [ "$now" -lt "$target" ]; do
        if [ "$now" = "$before" ] && [ "$(ask "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dynapg table job'")" = 0 ]; then
            stuck=$((stuck + 1))
        else
            stuck=0
        fi
        before=$now
        if [ "$stuck" -ge 10 ]; then
            ask 'SELECT dynapg.build_indexes()' >/dev/null
            resumed=$((resumed + 1)) stuck=0
        fi
        sleep 0.1
    done
}

# add_index NAME CRASHES: the server dies so often while the index is built, which goes on from where it was.
add_index() {
    local name=$1 times=$2 n before after
    ask "SELECT stress.create_index('$name')" >/dev/null
    for ((n = 1; n <= times; n++)); do
        await_progress "$name" $((ITEMS * n / (times + 1)))
        before=$(items_read "$name")
        crash
        after=$(items_read "$name")
        [ "$before" -le "$after" ] || [ "$after" = -1 ] || die "the builder of $name had read $before items, after the crash $after"
        start_writers
        ask 'SELECT dynapg.build_indexes()' >/dev/null
    done
    await_progress "$name" $((100 * ITEMS))
    say "$name is built"
}

main() {
    local started=$SECONDS share=$(((CRASHES - 1) / 2)) each
    begin_work stress
    private_installation test/stress/indexes*.sql
    port=$(free_port)
    # What a killed process has written stays in the kernel's cache: fsync would only cost time.
    make_cluster "$bin" "$work/data" "$work" "$port" <<'CONF'
fsync = off
checkpoint_timeout = 30s
max_wal_size = 2GB
autovacuum_naptime = 1s
deadlock_timeout = 100ms
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    sql -v items="$ITEMS" -f "$work/indexes_schema.sql" >/dev/null
    check "before"

    start_writers
    add_index global_new "$share"
    ask "SELECT dynamo_update_table('{\"TableName\": \"Stress\", \"GlobalSecondaryIndexUpdates\": [{\"Delete\": {\"IndexName\": \"global_drop\"}}]}')" >/dev/null
    crash
    start_writers
    ask 'SELECT dynapg.build_indexes()' >/dev/null
    await_progress global_drop 1000000000
    say "global_drop is gone"
    add_index global_misfit "$share"
    while [ "$crashes" -lt "$CRASHES" ]; do
        each=$(($(committed) + 1000))
        sleep "$SECONDS_EACH"
        while [ "$(committed)" -lt "$each" ]; do sleep 0.2; done
        crash
        start_writers
    done
    sleep "$SECONDS_EACH"
    ask "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'pgbench'" >/dev/null
    end_writers
    check "at the end"
    [ "$(ask "SELECT count(*) FROM dynapg.indexes WHERE status = 'ACTIVE'")" = 11 ] || die "not all indexes are there"
    say "$transactions transactions of $CLIENTS clients on $KEYS of $((ITEMS + KEYS)) keys ($retried of them tried again), $crashes crashes, builders started again besides: $resumed, $((SECONDS - started)) s: indexes are exact"
}

main
