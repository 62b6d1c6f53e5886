#!/bin/bash
# Throttling under load: each limit for five minutes, with 1, 2 and 4 endpoint workers; burst, on-demand scaling, hot keys.
#
#   PG_CONFIG=...  SECONDS_EACH=300  WORKERS='1 2 4'  WHAT='limits rest'  TOLERANCE=0.02  test/stress/throttling.sh
#
# Works on private servers and leaves nothing behind. Prints Markdown. Exit status 0: every figure is as near to its limit as it should be.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

SECONDS_EACH=${SECONDS_EACH:-300} WORKERS=${WORKERS:-1 2 4} WHAT=${WHAT:-limits rest}
work='' bin='' status=0

# New tables for each number of workers: a new cluster.
start_with() {
    [ ! -d "$work/data" ] || { stop_cluster "$bin" "$work/data" immediate; rm -rf "$work/data"; }
    DYNAPG_PORT=$(free_port)
    export DYNAPG_PORT
    make_cluster "$bin" "$work/data" "$work" "$(free_port)" <<CONF
fsync = off
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$DYNAPG_PORT'
dynapg.workers = $1
dynapg.developer_mode = on
dynapg.throttling = on
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    PGPORT=$(sed -n 's/^port = //p' "$work/data/postgresql.conf")
    export PGPORT
    sql 'CREATE EXTENSION dynapg'
    wait_for_port "$DYNAPG_PORT" "the endpoint"
}

sql() { as_user "$bin/psql" -X -q -c "$1"; }

measure() {
    python3 test/stress/throttling.py "$@" || status=1
}

measure_limits() {
    local workers
    for workers in $WORKERS; do
        printf '| **%s endpoint workers, %s seconds** | | | | | |\n' "$workers" "$SECONDS_EACH"
        start_with "$workers"
        measure limits "$SECONDS_EACH"
    done
}

measure_rest() {
    printf '| **what is no rate, 2 endpoint workers** | | | | | |\n'
    start_with 2
    measure burst
    measure keys $((SECONDS_EACH / 5))
    measure doubling
    sql "ALTER SYSTEM SET dynapg.meter_clock_offset = 1860" && sql "SELECT pg_reload_conf()" >/dev/null
    sleep 2
    measure doubling
}

main() {
    local part
    begin_work stress
    # shellcheck disable=SC2119
    private_installation
    export PGHOST=$work PGUSER=postgres PGDATABASE=postgres

    printf '| limit | units a second | consumed | off by | refused | for |\n|---|---:|---:|---:|---:|---|\n'
    for part in $WHAT; do
        "measure_$part"
    done
    return "$status"
}

main
