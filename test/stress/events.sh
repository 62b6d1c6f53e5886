#!/bin/bash
# Event source mappings under load: writers of every kind, by SQL and over HTTP, change three tables; each has a mapping to a SQL function, to a webhook that fails and hangs at
# random, and to an index of a real OpenSearch, while the server is killed again and again. Then what the function has made is the source, exactly; the webhook has got
# each change, each item's in order; the index is the table; and poison, alone, was given up.
#
#   PG_CONFIG=...  WRITERS=8  KILLS=10  SECONDS_EACH=6  OPENSEARCH=1  test/stress/events.sh
#
# OPENSEARCH=0 leaves the index out. Works on a private server and leaves nothing behind. Exit status 0: nothing was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

WRITERS=${WRITERS:-8} KILLS=${KILLS:-10} SECONDS_EACH=${SECONDS_EACH:-6} OPENSEARCH=${OPENSEARCH:-1}
work='' bin='' played='' servers=''

# end PID: a command of as_user's in the background: the shell, which would tell of it, before the runuser and what it runs.
end() {
    local child children
    children=$(ps -o pid= --ppid "$1") || true
    kill -KILL "$1" 2>/dev/null || true
    for child in $children; do end "$child"; done
}

before_end() {
    local pid
    for pid in $played $servers; do end "$pid"; done
}

clients() { as_user python3 "$work/events.py" "$@"; }

make_server() {
    free_port >"$work/port"
    free_port >"$work/http"
    # what a killed process has written stays in the kernel's cache: fsync would only cost time
    make_cluster "$bin" "$work/data" "$work" "$(<"$work/port")" <<CONF
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$(<"$work/http")'
dynapg.developer_mode = on
dynapg.listen_addresses = '127.0.0.1'
dynapg.event_hosts = '127.0.0.1:$hook_port, 127.0.0.1:$search_port'
fsync = off
max_prepared_transactions = 50
max_worker_processes = 32
deadlock_timeout = 100ms
checkpoint_timeout = 30s
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    echo "host=$work port=$(<"$work/port") user=postgres" >"$work/server"
}

start_destinations() {
    local folder
    clients hook "$work" "$hook_port" &
    servers=$!
    disown
    if [ "$OPENSEARCH" != 0 ]; then
        folder=$(test/clients/search/fetch.sh)
        "$folder/opensearch" "$search_port" "$work/search" >"$work/search.log" 2>&1 &
        servers="$servers $!"
        disown
        wait_for_search
    fi
    wait_for_port "$hook_port" 'the webhook'
}

wait_for_search() {
    local end=$((SECONDS + 300))
    until (exec 3<>"/dev/tcp/127.0.0.1/$search_port") 2>/dev/null; do
        [ $SECONDS -lt $end ] || fail 'OpenSearch does not start'
        sleep 0.5
    done
}

main() {
    local started=$SECONDS n searched
    begin_work stress
    private_installation test/stress/{events,streams,transactions}.py
    export PGUSER=postgres PGOPTIONS='-c statement_timeout=60s -c client_min_messages=error'
    hook_port=$(free_port) search_port=$(free_port)
    start_destinations
    make_server
    searched=$([ "$OPENSEARCH" = 0 ] && echo 0 || echo "$search_port")
    clients open "$work" "$hook_port" "$searched"
    clients play "$work" "$WRITERS" &
    played=$!
    for ((n = 1; n <= KILLS; n++)); do
        sleep "$SECONDS_EACH"
        kill -0 "$played" || fail 'the clients have ended'
        kill_cluster "$work/data"
        start_cluster "$bin" "$work/data" "$work/server.log"
    done
    sleep "$SECONDS_EACH"
    as_user touch "$work/stop"
    wait "$played" || fail 'a client failed: see above'
    played=''
    clients check "$work" "$searched" || fail "after $KILLS kills"
    ! grep -E 'PANIC|TRAP' "$work/server.log" || fail 'the server has crashed by itself'
    say "$WRITERS writers and $KILLS kills in $((SECONDS - started)) s: nothing is wrong"
}

main
