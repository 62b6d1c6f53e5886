#!/bin/bash
# Streams under load: writers of every kind, four readers by the API and one by logical decoding, while the server is killed again and again; then the
# same over the promotion of a synchronous standby. Every reader must have seen each change once, and the images replayed be the tables.
#
#   PG_CONFIG=...  WRITERS=8  CRASHES=10  SECONDS_EACH=6  test/stress/streams.sh
#
# Works on private servers and leaves nothing behind. Exit status 0: nothing was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

WRITERS=${WRITERS:-8} CRASHES=${CRASHES:-10} SECONDS_EACH=${SECONDS_EACH:-6}
work='' bin='' played='' decoder=''

# end SIGNAL PID: a command of as_user's in the background, with the shell and the runuser around it.
end() {
    local child
    for child in $(ps -o pid= --ppid "$2"); do end "$1" "$child"; done
    kill -s "$1" "$2" 2>/dev/null || true
}

before_end() {
    local pid
    for pid in $played $decoder; do end KILL "$pid"; done
}

clients() { as_user python3 "$work/streams.py" "$@"; }
sql() { as_user "$bin/psql" -X -q -A -t -h "$work" -p "$(<"$work/$1.port")" -d postgres -c "$2"; }

# use_server NAME: clients go to this one, half of the readers by HTTP.
use_server() {
    echo "host=$work port=$(<"$work/$1.port") user=postgres" >"$work/new"
    mv "$work/new" "$work/server"
    cp "$work/$1.http" "$work/new"
    mv "$work/new" "$work/http"
}

# configure NAME: ports of its own.
configure() {
    free_port >"$work/$1.port"
    free_port >"$work/$1.http"
    cat <<CONF
port = $(<"$work/$1.port")
dynapg.databases = 'postgres:$(<"$work/$1.http")'
CONF
}

make_server() {
    # What a killed process has written stays in the kernel's cache: fsync would only cost time.
    { cat <<CONF; configure "$1"; } | make_cluster "$bin" "$work/$1" "$work" 1
shared_preload_libraries = 'dynapg'
dynapg.developer_mode = on
dynapg.listen_addresses = '127.0.0.1'
fsync = off
wal_level = logical
max_prepared_transactions = 50
max_worker_processes = 32
deadlock_timeout = 100ms
checkpoint_timeout = 30s
CONF
    start_cluster "$bin" "$work/$1" "$work/$1.log"
    allow_plugin "$1"
    use_server "$1"
}

# Recent minors refuse output plugins that are not listed.
allow_plugin() {
    [ -n "$(sql "$1" "SELECT 1 FROM pg_settings WHERE name = 'output_plugin_libraries'")" ] || return 0
    sql "$1" "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', 'dynapg'"
    sql "$1" 'SELECT pg_reload_conf()' >/dev/null
}

start_playing() {
    rm -f "$work/stop"
    clients play "$work" "$WRITERS" &
    played=$!
}

start_decoding() {
    sql "$1" "SELECT pg_create_logical_replication_slot('stress', 'dynapg')" >/dev/null
    as_user "$bin/pg_recvlogical" -h "$work" -p "$(<"$work/$1.port")" -d postgres --slot=stress --start -o include-lsn=on \
        --fsync-interval=1 --status-interval=1 -f "$work/decoded" 2>"$work/decoder.log" &
    decoder=$!
}

# crash NAME N: all processes, or one backend, which makes the postmaster end the others.
crash() {
    local pid
    if [ $(($2 % 2)) = 0 ]; then
        kill_cluster "$work/$1"
        start_cluster "$bin" "$work/$1" "$work/$1.log"
    else
        pid=$(sql "$1" "SELECT pid FROM pg_stat_activity WHERE application_name = 'streams' OR backend_type IN ('walsender', 'dynapg keeper') ORDER BY random() LIMIT 1")
        kill -KILL "$pid"
    fi
}

finish_playing() {
    as_user touch "$work/stop"
    wait "$played" || fail 'a client failed: see above'
    played=''
}

# Waits until the file of decoded records has the last items of all three tables.
finish_decoding() {
    local tries=0
    until [ "$(grep -c '"NewImage":{"p":{"S":"a"},"s":{"N":"999"},"x":{"S":"end"}}' "$work/decoded")" -ge 3 ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] || fail 'pg_recvlogical does not come to the end'
        sleep 0.1
    done
    end INT "$decoder"
    wait "$decoder" || true
    decoder=''
}

over_crashes() {
    local n
    make_server primary
    clients open "$work"
    start_decoding primary
    start_playing
    for ((n = 1; n <= CRASHES; n++)); do
        sleep "$SECONDS_EACH"
        kill -0 "$played" || fail 'the clients have ended'
        crash primary "$n"
    done
    sleep "$SECONDS_EACH"
    finish_playing
    finish_decoding
    clients check "$work" "$work/decoded" || fail "after $CRASHES crashes"
    say "over $CRASHES crashes: nothing is wrong"
    stop_cluster "$bin" "$work/primary" immediate
}

over_promotion() {
    make_server first
    clients open "$work"
    as_user "$bin/pg_basebackup" -h "$work" -p "$(<"$work/first.port")" -U postgres -D "$work/second" -R -c fast -X stream
    configure second | as_user tee -a "$work/second/postgresql.conf" >/dev/null
    start_cluster "$bin" "$work/second" "$work/second.log"
    sql first "ALTER SYSTEM SET synchronous_standby_names = '*'"
    sql first 'SELECT pg_reload_conf()' >/dev/null
    until [ "$(sql first 'SELECT count(*) FROM pg_stat_replication WHERE sync_state = '"'sync'")" = 1 ]; do sleep 0.1; done
    start_playing
    sleep "$((SECONDS_EACH * 2))"
    kill_cluster "$work/first"
    as_user "$bin/pg_ctl" -D "$work/second" -w promote >/dev/null
    sql second "ALTER SYSTEM RESET synchronous_standby_names"
    sql second 'SELECT pg_reload_conf()' >/dev/null
    use_server second
    sleep "$((SECONDS_EACH * 2))"
    finish_playing
    clients check "$work" - || fail 'after a promotion'
    say 'over a promotion: nothing is wrong'
}

main() {
    local started=$SECONDS
    begin_work stress
    private_installation test/stress/{streams,transactions}.py
    export PGUSER=postgres PGOPTIONS='-c statement_timeout=60s -c client_min_messages=error'
    over_crashes
    over_promotion
    say "$WRITERS writers, $CRASHES crashes and a promotion in $((SECONDS - started)) s: streams are exact"
}

main
