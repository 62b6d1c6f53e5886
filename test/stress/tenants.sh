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

main() {
    begin_work stress
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
    python3 test/stress/tenants.py "${SECONDS_OF_TENANTS:-600}" || fail "see above"
    say "nothing is wrong"
}

main
