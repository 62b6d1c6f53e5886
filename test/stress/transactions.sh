#!/bin/bash
# Transactions under load: a bank whose money is counted while the server is killed, races for one token, and histories that are
# checked for strict serializability by Porcupine.
#
#   PG_CONFIG=...  CLIENTS=8  SECONDS_OF_BANK=120  CRASHES=5  RACES=300  ROUNDS=60  test/stress/transactions.sh
#
# Works on a private server and leaves nothing behind. The checker of histories wants Go; without it that part is left out, and said so.
# Exit status 0: nothing was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

CLIENTS=${CLIENTS:-8} SECONDS_OF_BANK=${SECONDS_OF_BANK:-120} CRASHES=${CRASHES:-5} RACES=${RACES:-300} ROUNDS=${ROUNDS:-60}
work='' bin='' bank=''

before_end() { [ -z "$bank" ] || kill "$bank" 2>/dev/null || true; }

clients() { as_user env CLIENTS="$CLIENTS" python3 "$work/transactions.py" "$@"; }

crash() {
    kill_cluster "$work/data"
    start_cluster "$bin" "$work/data" "$work/server.log"
}

# The crashes come at equal distances, while the bank is open.
run_bank() {
    local n
    clients bank "$SECONDS_OF_BANK" &
    bank=$!
    for ((n = 1; n <= CRASHES; n++)); do
        sleep $((SECONDS_OF_BANK / (CRASHES + 1)))
        crash
    done
    wait "$bank" || fail "the bank: see above"
    bank=''
}

check_histories() {
    command -v go >/dev/null || { say "no Go: histories were not checked"; return; }
    mkdir "$work/histories"
    ! is_root || chown "$SERVER_USER" "$work/histories"
    clients histories "$ROUNDS" "$work/histories" || die "a client of the histories failed"
    cp -r test/stress/histories "$work/checker"
    (cd "$work/checker" && go mod tidy >&2 && go run . "$work"/histories/*.jsonl) || fail "a history is wrong"
}

main() {
    local port
    begin_work stress
    private_installation test/stress/transactions.py
    port=$(free_port)
    # What a killed process has written stays in the kernel's cache: fsync would only cost time.
    make_cluster "$bin" "$work/data" "$work" "$port" <<'CONF'
fsync = off
deadlock_timeout = 100ms
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    export PGHOST=$work PGPORT=$port PGUSER=postgres PGDATABASE=postgres PGOPTIONS='-c statement_timeout=60s'
    as_user "$bin/psql" -X -q -c 'CREATE EXTENSION dynapg'
    clients open 0
    run_bank
    clients tokens "$RACES" || die "a race for a token"
    check_histories
    say "nothing is wrong"
}

main
