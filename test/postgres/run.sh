#!/bin/bash
# PostgreSQL's own regression tests, in a database that has dynapg: does it disturb what is not its own?
#
#   PG_CONFIG=... test/postgres/run.sh
#
# Wants a PostgreSQL that .ci/postgres.sh has built, which keeps the tests beside it. Each test's output must be as PostgreSQL's
# without dynapg, but for the lines that differences-MAJOR.txt names with their reasons.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

tests=$("$PG_CONFIG" --bindir)/../regress
major=$(default_major)
allowed=$PWD/test/postgres/differences-$major.txt
[ -f "$tests/parallel_schedule" ] || die "no regression tests in $tests: take a PostgreSQL that was built by .ci/postgres.sh"
[ -f "$allowed" ] || die "nobody has looked at the differences on PostgreSQL $major"

# Settings that pg_regress gives a server of its own.
start_server() {
    private_server <<'CONF'
fsync = off
max_prepared_transactions = 2
log_line_prefix = '%m [%p] %q%a %d '
CONF
    # The tests write beside their inputs.
    cp -a "$tests" "$work/regress"
    ! is_root || chown -R "$SERVER_USER" "$work/regress"
}

run_schedule() {
    (cd "$work/regress" && as_user "$("$PG_CONFIG" --pkglibdir)/pgxs/src/test/regress/pg_regress" \
        --inputdir=. --outputdir=. --dlpath=. --bindir="$bin" --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" \
        --dbname=regression --load-extension=dynapg --schedule=parallel_schedule --max-connections=20 2>&1) || true
}

# The lines of two outputs that differ: widths of columns and numbers that may be OIDs do not matter.
differences() {
    diff <(sed -E 's/ +/ /g; s/-+/-/g' "$1") <(sed -E 's/ +/ /g; s/-+/-/g' "$2") | grep '^[<>]' | sed -E 's/[0-9]{5,}/N/g' || true
}

# What a test's output may differ in: the lines below its heading in the list.
allowed_differences() { sed -n "/^== $1:/,/^==/{/^[<>]/p}" "$allowed"; }

# check_differences TEST: shows what is not as it should be.
check_differences() {
    local test=$1 files
    files=$(sed -nE "s/^diff -[^ ]+ ([^ ]+) ([^ ]+\/results\/$test\.out)$/\1 \2/p" "$work/regress/regression.diffs" 2>/dev/null || true)
    # shellcheck disable=SC2086 # two words, or none
    diff <(allowed_differences "$test") <([ -z "$files" ] || differences $files)
}

# Those that differ, and those that may.
tests_to_check() {
    {
        sed -nE 's/^not ok [0-9]+ +[+-] +([^ ]+).*/\1/p' "$work/log"
        sed -nE 's/^== ([^:]+):.*/\1/p' "$allowed"
    } | sort -u
}

no_crash() { ! grep -E 'PANIC:  |TRAP: |was terminated by signal' "$work/server.log"; }

check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        echo "not ok: $name"
        failed=$((failed + 1))
    fi
}

begin_tests postgres
start_server
run_schedule >"$work/log"
passed=$(grep -c '^ok ' "$work/log" || true)
[ "$passed" -gt 0 ] || tail -n 20 "$work/log"
while read -r each; do
    check "$each" check_differences "$each"
done < <(tests_to_check)
check "no server crashed" no_crash
end_tests
