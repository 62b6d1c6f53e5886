#!/bin/bash
# Tools that people manage tables with, against the HTTP endpoint of a private temporary server in developer mode.
#
#   PG_CONFIG=...  test/gui/run.sh [suite...]
#
# Suites: gui (dynamodb-admin in a headless Chromium), console (our own, at /console, in one), terraform (the provider's calls,
# test/clients/terraform_flow.py); all if none is named. npm installs dynamodb-admin, playwright-core and axe-core into the user's cache, never into the checkout;
# Chromium is the machine's own (CHROMIUM=..., Debian's package is installed where apt may). DYNAPG_GUI_SCREENSHOTS=folder
# keeps the screenshots there.
# The last line is `N passed, N failed`; the exit status is 0 if something ran and nothing failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

SUITES=(gui console terraform)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/dynapg/gui
HERE=$PWD/test/gui
CLIENTS=$PWD/test/clients

port='' delayed_port=''

# ---------------------------------------------------------------- the server

ask() { "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# A database whose tables are ready at once, and one whose tables take a second over everything.
start_server() {
    private_server <<CONF
fsync = off
shared_preload_libraries = 'dynapg'
dynapg.developer_mode = on
dynapg.region = 'eu-central-1'
dynapg.account_id = '123456789012'
CONF
    ask -d postgres -c 'CREATE DATABASE app' -c 'CREATE DATABASE delayed' \
        -c "ALTER DATABASE delayed SET dynapg.control_plane_delay = '1s'"
    ask -d app -c 'CREATE EXTENSION dynapg'
    ask -d delayed -c 'CREATE EXTENSION dynapg'
    port=$(free_port)
    delayed_port=$(free_port)
    ask -d postgres -c "ALTER SYSTEM SET dynapg.databases = 'app:$port', 'delayed:$delayed_port'" -c 'SELECT pg_reload_conf()' \
        >/dev/null
    wait_for_port "$port" "the endpoint of app"
    wait_for_port "$delayed_port" "the endpoint of delayed"
}

# ---------------------------------------------------------------- what the tests need

find_chromium() {
    CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
    if [ -z "$CHROMIUM" ] && command -v apt-get >/dev/null && { is_root || command -v sudo >/dev/null; }; then
        say "installing chromium"
        apt_install chromium fonts-dejavu-core || true
        CHROMIUM=$(command -v chromium || true)
    fi
    [ -n "$CHROMIUM" ] || { echo "please install chromium, or set CHROMIUM" >&2; return 1; }
    export CHROMIUM
}

# The packages, as new as they are to be had that day.
install_packages() {
    mkdir -p "$CACHE"
    [ -z "$(find "$CACHE/.installed" -mmin -1440 2>/dev/null)" ] || [ ! -f "$CACHE/node_modules/axe-core/axe.min.js" ] || return 0
    {
        echo '{"private": true, "type": "module"}' >"$CACHE/package.json" &&
            (cd "$CACHE" && again npm install --silent --no-audit --no-fund dynamodb-admin@latest playwright-core@latest axe-core@latest) &&
            touch "$CACHE/.installed"
    } >&2
}

# ---------------------------------------------------------------- suites

suite_gui() {
    local admin_port
    admin_port=$(free_port)
    find_chromium && install_packages || return 1
    cp "$HERE"/*.mjs "$CACHE" || return 1
    (
        cd "$CACHE" &&
            PGDATABASE=app PSQL=$bin/psql DYNAMO_ENDPOINT=http://127.0.0.1:$port ADMIN_PORT=$admin_port \
                SCREENSHOTS=${DYNAPG_GUI_SCREENSHOTS:-$work/screenshots} node dynamodb_admin.mjs
    )
}

# A database of its own, and keys that are keys: in developer mode any would do.
suite_console() {
    local console_port status=0
    find_chromium && install_packages || return 1
    cp "$HERE"/*.mjs "$CACHE" || return 1
    console_port=$(free_port)
    ask -d postgres -c 'CREATE DATABASE console' && ask -d console -c 'CREATE EXTENSION dynapg' || return 1
    ask -d postgres -c "ALTER SYSTEM SET dynapg.databases = 'console:$console_port'" -c 'ALTER SYSTEM SET dynapg.developer_mode = off' \
        -c 'ALTER SYSTEM SET dynapg.console = on' -c 'SELECT pg_reload_conf()' >/dev/null || return 1
    wait_for_port "$console_port" "the console's endpoint"
    (
        cd "$CACHE" &&
            PGDATABASE=console PSQL=$bin/psql CONSOLE=http://localhost:$console_port \
                SCREENSHOTS=${DYNAPG_GUI_SCREENSHOTS:-$work/screenshots}/console node console.mjs
    ) || status=$?
    ask -d postgres -c "ALTER SYSTEM SET dynapg.databases = 'app:$port', 'delayed:$delayed_port'" -c 'ALTER SYSTEM RESET dynapg.developer_mode' \
        -c 'ALTER SYSTEM RESET dynapg.console' -c 'SELECT pg_reload_conf()' >/dev/null || return 1
    wait_for_port "$port" "the endpoint of app"
    wait_for_port "$delayed_port" "the endpoint of delayed"
    return "$status"
}

suite_terraform() {
    export PYTHONDONTWRITEBYTECODE=1
    local first=0 second=0 log=$work/terraform-delayed.log
    AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:$port AWS_REGION=eu-central-1 CONTROL_PLANE_DELAY=0 \
        python3 "$CLIENTS/terraform_flow.py" >"$work/terraform-ready.log" || first=$?
    AWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:$delayed_port AWS_REGION=eu-central-1 CONTROL_PLANE_DELAY=1 \
        python3 "$CLIENTS/terraform_flow.py" >"$log" || second=$?
    # one summary for both
    cat "$work/terraform-ready.log" "$log" | awk '
        /^[0-9]+ passed, [0-9]+ failed$/ { passed += $1; failed += $3; summaries++; next }
        { print }
        END { print passed + 0 " passed, " failed + (summaries < 2) " failed" }'
    return $((first + second))
}

[ $# -gt 0 ] || set -- "${SUITES[@]}"
install_missing build
[[ " $* " != *' gui '* && " $* " != *' console '* ]] || install_missing npm
run_suites gui "$@"
