#!/bin/bash
# Compares dynapg with DynamoDB Local on a private temporary cluster: `make differential`.
#
#   PG_CONFIG=...  SEED=...  COUNT=...  test/differential/run.sh [--write-docs]
#
# The last line is `N passed, N failed`; the exit status is that of differential.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

work='' bin='' local_pid=''

# shellcheck disable=SC2317 # end_work's
before_end() { [ -z "$local_pid" ] || kill "$local_pid" 2>/dev/null || true; }

start_server() {
    private_server <<<'fsync = off'
    export PGDATABASE=differential PATH=$bin:$PATH
    as_user createdb --template=template0 "$PGDATABASE"
    psql -X -q -c 'CREATE EXTENSION dynapg'
}

start_local() {
    local folder
    folder=$(test/differential/fetch.sh)
    LOCAL_PORT=$(free_port)
    export LOCAL_PORT
    mkdir "$work/local"
    cd "$work/local"
    "$folder/dynamodb-local" -inMemory -port "$LOCAL_PORT" >"$work/local.log" 2>&1 </dev/null &
    local_pid=$!
    cd "$OLDPWD"
    for _ in $(seq 100); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$LOCAL_PORT") 2>/dev/null || break
        kill -0 "$local_pid" 2>/dev/null || { cat "$work/local.log" >&2; die "DynamoDB Local did not start"; }
        sleep 0.2
    done
    say "DynamoDB Local $(sed -n 's/^Version:[[:space:]]*//p' "$work/local.log")"
}

main() {
    local status=0
    install_missing build
    begin_work differential
    start_server
    start_local
    python3 test/differential/differential.py "$@" || status=$?
    exit "$status"
}

main "$@"
