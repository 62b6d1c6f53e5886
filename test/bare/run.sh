#!/bin/bash
# The README's two commands where a newcomer runs them: on minimal Debian 12 systems.
#
#   test/bare/run.sh [SYSTEM:USER ...]     all of them when none is named
#   ONLY='...'                             what make test runs there; empty for every test
#
# SYSTEM is nothing, client (PostgreSQL's client only), server (without headers) or headers (with them); USER is root or user, an
# ordinary one with sudo. Each case gets a fresh copy of its system, in which `make quickstart` and `make test` must succeed, and
# the last lines of both must be the same in all.
#
# Wants root's rights; systems.sh has more about the systems.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=test/bare/systems.sh
. test/bare/systems.sh

cases=("$@")
[ $# -gt 0 ] || cases=({nothing,client,server,headers}:{root,user})

# ---------------------------------------------------------------- the systems

packages_of() {
    case $1 in
        nothing) ;;
        client) echo postgresql-client ;;
        server) echo postgresql ;;
        headers) echo postgresql postgresql-server-dev-15 ;;
        *) die "there is no system $1" ;;
    esac
}

# ---------------------------------------------------------------- the cases

# check NAME COMMAND...: one test; the end of its output is shown if it fails.
check() {
    local name=$1 began=$SECONDS
    shift
    if "$@"; then
        echo "ok: $name ($((SECONDS - began)) s)"
        passed=$((passed + 1))
    else
        echo "not ok: $name"
        failed=$((failed + 1))
    fi
}

# run_in ROOT USER LOG COMMAND: a command line in the checkout.
run_in() {
    local root=$1 user=$2 log=$3 home=/root
    [ "$user" = root ] || home=/home/newcomer
    inside "$root" runuser -u "${user/#user/newcomer}" -- env HOME="$home" bash -c "cd ~/dynapg && $4" >"$log" 2>&1 ||
        { tail -n 30 "$log"; return 1; }
}

# same_end WHAT PATTERN: whether the end is what it should be, and as in the first case.
same_end() {
    [ -f "$work/$1" ] || cp "$work/end" "$work/$1"
    grep -E "$2" "$work/end" && diff "$work/$1" "$work/end"
}

run_case() {
    local name=$1 user=${1#*:} root=$work/root log=$work/log home=/root
    [[ $name == ?*:@(root|user) ]] || die "what is $name? SYSTEM:USER"
    system "${name%:*}"
    printf '\n== %s\n' "$name"
    cp -a "$cache/${name%:*}" "$root"
    connect "$root"
    [ "$user" = root ] || home=/home/newcomer
    mkdir "$root$home/dynapg"
    copy_checkout "$root$home/dynapg"
    chroot "$root" chown -R "${user/#user/newcomer}:" "$home/dynapg"

    check "$name: make quickstart" run_in "$root" "$user" "$log" 'make quickstart'
    tail -n 4 "$log" | sed -E 's/ in [^ ]+[.] / in FOLDER. /; s/:[0-9]+ /:PORT /' >"$work/end"
    check "$name: the end of make quickstart is as in the others" same_end quickstart '^  Done: '
    check "$name: make test" run_in "$root" "$user" "$log" "make test ONLY='${ONLY:-}'"
    tail -n 1 "$log" >"$work/end"
    check "$name: the end of make test is as in the others" same_end test '^[1-9][0-9]* passed, 0 failed$'
    rm -rf "$root"
}

shopt -s extglob
begin_systems
begin_tests bare
trap 'rm -rf "$work/root"; on_tests_exit bare' EXIT
for each in "${cases[@]}"; do
    run_case "$each"
done
end_tests
