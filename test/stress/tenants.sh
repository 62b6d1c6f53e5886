#!/bin/bash
# Tenants of one table, eight at once, who make random requests of every operation; none ever sees another's items (tenants.py).
#
#   PG_CONFIG=...  TENANTS=8  SECONDS_OF_TENANTS=600  SEED=...  test/stress/tenants.sh
#
# Works on a private server and leaves nothing behind. Exit status 0: nothing was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

work='' bin=''

clean_up() {
    [ ! -f "$work/data/postmaster.pid" ] || stop_cluster "$bin" "$work/data" immediate || true
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}

main() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/dynapg-stress.XXXXXX")
    chmod 755 "$work"
    trap clean_up EXIT
    HTTP_PORT=$(free_port)
    export HTTP_PORT PGDATABASE=postgres
    private_server <<CONF
fsync = off
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$HTTP_PORT'
CONF
    export PGDATABASE=postgres
    "$bin/psql" -X -q -c 'CREATE EXTENSION dynapg'
    wait_for_port "$HTTP_PORT" "the endpoint"
    python3 test/stress/tenants.py "${SECONDS_OF_TENANTS:-600}" || { KEEP=yes; die "see above; what is left is in $work"; }
    say "nothing is wrong"
}

main
