# shellcheck shell=bash
# check WHAT COMMAND...: a line `ok: WHAT` or `not ok: WHAT`, and the end of what the command said if it fails.
check() {
    local what=$1 said=/tmp/checked.log
    shift
    if "$@" >"$said" 2>&1; then echo "ok: $what"; else
        echo "not ok: $what"
        tail -n 20 "$said"
    fi
}
