#!/bin/bash
# Is what an upgrade makes what a fresh installation has?
#
#   PG_CONFIG=...  test/upgrade/run.sh
#
# A version that was released has its script of installation in sql/released, as it was shipped. Each is installed in a database and upgraded, and
# all that the extension has there then is compared with what it has in a fresh database: definitions, owners, privileges, comments, triggers, what is
# dumped, rows. pg_dump says it as it does for pg_upgrade, which has to make the members of an extension anew, one by one.
#
# That the comparison sees what there is to see is tried with a version that never was, scratch.sql, whose upgrade is right; and wrong as soon as
# any statement of it is left out, or one added.
# The last line is `N passed, N failed`; the exit status is 0 if something ran and nothing failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

version=$(sed -n 's/^EXTVERSION = //p' Makefile)
scripts=''

ask() { "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# check WHAT COMMAND...
check() {
    local what=$1
    shift
    if "$@" >"$work/checked" 2>&1; then
        echo "ok: $what"
        passed=$((passed + 1))
    else
        echo "not ok: $what"
        head -n 40 "$work/checked"
        failed=$((failed + 1))
    fi
}

# snapshot DATABASE: numbers of objects and transactions are not what is compared, nor the order in which privileges were given.
snapshot() {
    "$bin/pg_dump" --binary-upgrade --schema-only -d "$1" >"$work/dump" &&
        sed -E '/^SELECT pg_catalog\.binary_upgrade_(set_next|create_empty_extension)/d; /^\\(un)?restrict /d; /^SET relfrozenxid = /d;
            /^WHERE oid = .[0-9]+.;/d' "$work/dump" |
        awk 'function flush_grants() { if (grants != "") { fflush(); printf "%s", grants | "sort"; close("sort"); grants = "" } }
            /^(GRANT|REVOKE) / { grants = grants $0 "\n"; next } { flush_grants(); print } END { flush_grants() }' &&
        ask -d "$1" -f test/upgrade/beside.sql
}

# A database is copied, and dropped, when nobody is in it: who has just left it may still be on his way.
left() {
    for _ in $(seq 600); do
        [ "$(ask -d postgres -c "SELECT count(*) FROM pg_stat_activity WHERE datname = '$1'")" != 0 ] || return 0
        sleep 0.1
    done
    echo "somebody stays in the database $1"
    return 1
}

# install_old FROM: in a database, old, that is copied for each attempt.
install_old() {
    left old && ask -d postgres -c 'DROP DATABASE IF EXISTS old' -c 'CREATE DATABASE old' && ask -d old -c "CREATE EXTENSION dynapg VERSION '$1'"
}

# upgraded: whether what it had is, when it was upgraded, as in a fresh database.
upgraded() {
    left old && left upgraded && ask -d postgres -c 'DROP DATABASE IF EXISTS upgraded' -c 'CREATE DATABASE upgraded TEMPLATE old' &&
        ask -d upgraded -c 'ALTER EXTENSION dynapg UPDATE' &&
        [ "$(ask -d upgraded -c 'SELECT dynapg.version()')" = "$version" ] &&
        snapshot upgraded >"$work/upgraded" && diff "$work/fresh" "$work/upgraded"
}

# differs: the upgrade works, and what it makes is not the same.
differs() { ! upgraded >"$work/differences" && grep -q '^[<>]' "$work/differences"; }

# Its script is that of this version, and what undoes things of it; what is below the line does them again.
make_scratch() {
    { cat "$scripts/dynapg--$version.sql" && sed '/^-- upgrade$/,$d' test/upgrade/scratch.sql; } >"$work/scratch" &&
        sed '1,/^-- upgrade$/d' test/upgrade/scratch.sql >"$work/again" && cp "$work/scratch" "$scripts/dynapg--scratch.sql"
}

scratch_upgrade() { cat >"$scripts/dynapg--scratch--$version.sql"; }

try_scratch() {
    local n lines
    make_scratch
    check "a version that never was is installed" install_old scratch
    scratch_upgrade <"$work/again"
    check "an upgrade that makes what is missing is right" upgraded
    mapfile -t lines <"$work/again"
    for n in "${!lines[@]}"; do
        sed "$((n + 1))d" "$work/again" | scratch_upgrade
        check "without this it is not: ${lines[n]:0:90}" differs
    done
    { cat "$work/again" && echo "CREATE FUNCTION dynapg.left_behind() RETURNS int LANGUAGE sql AS 'SELECT 1';"; } | scratch_upgrade
    check "nor with something more" differs
    rm "$scripts"/dynapg--scratch*.sql
}

is_released() { [ -f "sql/released/dynapg--$1.sql" ]; }

try_releases() {
    local file from
    for file in sql/upgrade/*.sql; do
        from=${file##*/dynapg--} from=${from%%--*}
        check "the script of $from, from which ${file##*/} comes, is in sql/released" is_released "$from"
    done
    for file in sql/released/*.sql; do
        from=${file##*/dynapg--} from=${from%.sql}
        [ "$from" != "$version" ] || continue
        cp "$file" "$scripts/"
        check "$from is installed" install_old "$from"
        check "what an upgrade makes of it is what a fresh installation has" upgraded
    done
}

shopt -s nullglob
begin_tests upgrade
private_server <<<'fsync = off'
scripts=$work/root$("$PG_CONFIG" --sharedir)/extension
ask -d postgres -c 'CREATE DATABASE fresh'
ask -d fresh -c 'CREATE EXTENSION dynapg'
snapshot fresh >"$work/fresh"
check "what is compared has what matters" test "$(grep -cE '^(CREATE|ALTER|COMMENT|GRANT|REVOKE) ' "$work/fresh")" -gt 1000
try_scratch
try_releases
end_tests
