#!/bin/bash
# A million concurrent puts and deletes on a few keys, with crashes in between, and a check that none was lost or
# doubled, whatever the clients were doing when the server died.
#
#   PG_CONFIG=...  TRANSACTIONS=1000000  CRASHES=9  CLIENTS=8  KEYS=20  test/stress/run.sh
#
# Like scripts/test.sh it works on a private server and leaves nothing behind. Exit status 0: nothing was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

TRANSACTIONS=${TRANSACTIONS:-1000000} CRASHES=${CRASHES:-9} CLIENTS=${CLIENTS:-8} KEYS=${KEYS:-20}
work='' bin=''

sql() { as_user "$bin/psql" -X -q -v ON_ERROR_STOP=1 -h "$work" -p "$port" -d postgres "$@"; }

ledger() { sql -tAc "SELECT last_value FROM stress.ledger_number_seq"; }

# Runs pgbench; adds what it got acknowledged, whether it came to its end or the server did, to `acknowledged`.
writers() {
    local each=$1 status=0 processed
    as_user "$bin/pgbench" -n -M prepared -c "$CLIENTS" -j 2 -t "$each" -D keys="$KEYS" -f "$work/write.sql" \
        -h "$work" -p "$port" postgres >"$work/pgbench.out" 2>"$work/pgbench.err" || status=$?
    processed=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/pgbench.out")
    acknowledged=$((acknowledged + ${processed:-0}))
    return "$status"
}

# Stops the server as a crash does: all processes, or one backend, which makes the postmaster end the others.
crash() {
    if [ $(($1 % 2)) = 0 ]; then
        stop_cluster "$bin" "$work/data" immediate
    else
        kill -KILL "$(sql -tAc "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1")"
    fi
}

main() {
    local each round target acknowledged=0 started=$SECONDS wrong
    begin_work stress
    private_installation test/stress/*.sql
    port=$(free_port)
    # What a killed process has written stays in the kernel's cache: fsync would only cost time.
    make_cluster "$bin" "$work/data" "$work" "$port" <<'CONF'
fsync = off
checkpoint_timeout = 30s
autovacuum_naptime = 1s
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    sql -f "$work/schema.sql" >/dev/null

    each=$((TRANSACTIONS / (CRASHES + 1) / CLIENTS))
    for ((round = 0; round <= CRASHES; round++)); do
        if [ "$round" = "$CRASHES" ]; then
            writers $(((TRANSACTIONS - acknowledged + CLIENTS - 1) / CLIENTS)) || die "the last round failed: $(cat "$work/pgbench.err")"
        else
            target=$(($(ledger) + each * CLIENTS))
            writers $((each * 100)) &
            while [ "$(ledger)" -lt "$target" ]; do sleep 0.2; done
            crash "$round"
            wait $! && die "the server did not crash"
            # the shell's job knew the number, we read it again
            acknowledged=$((acknowledged + $(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$work/pgbench.out")))
            as_user "$bin/pg_isready" -q -h "$work" -p "$port" || [ -f "$work/data/postmaster.pid" ] ||
                start_cluster "$bin" "$work/data" "$work/server.log"
            until as_user "$bin/pg_isready" -q -h "$work" -p "$port"; do sleep 0.1; done
        fi
        wrong=$(sql -v acknowledged="$acknowledged" -f "$work/check.sql")
        [ -z "$wrong" ] || die "round $((round + 1)), $acknowledged transactions acknowledged: $wrong"
        say "round $((round + 1)): $acknowledged transactions acknowledged, nothing lost or doubled"
    done
    say "$acknowledged puts and deletes by $CLIENTS clients on $KEYS keys, $CRASHES crashes, $((SECONDS - started)) s: nothing lost or doubled"
}

main
