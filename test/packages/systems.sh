# shellcheck shell=bash
# What the tests of packages and of the container share. Sourced after test/bare/systems.sh, never run.

packages_of() {
    case $1 in
        nothing) ;;
        build)
            echo --no-install-recommends build-essential debhelper fakeroot lintian ccache bison flex postgresql-server-dev-all \
                libmicrohttpd-dev libssl-dev zlib1g-dev libzstd-dev libcurl4-openssl-dev libexpat1-dev
            ;;
        *) die "there is no system $1" ;;
    esac
}

# with_suite NAME SUITE: a system's name.
with_suite() { if [ "$2" = bookworm ]; then echo "$1"; else echo "$1@$2"; fi; }

result() {
    echo "$1"
    case $1 in
        'ok: '*) passed=$((passed + 1)) ;;
        'not ok: '*) failed=$((failed + 1)) ;;
    esac
}

# shellcheck disable=SC2154 # work is begin_tests's
# results COMMAND...: takes its lines for ours.
results() {
    local line status=0
    "$@" >"$work/results" 2>&1 || status=$?
    while IFS= read -r line; do result "$line"; done <"$work/results"
    [ "$status" = 0 ] || result "not ok: it ended with status $status"
}
