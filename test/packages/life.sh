#!/bin/bash
# The life of the packages on one server, told as root in a minimal system: installed, used, upgraded, removed, installed again, purged.
#
#   life.sh MAJOR FOLDER NEWER VERSION PORT      FOLDER and NEWER have the packages, those in NEWER are of VERSION; PORT is free, and gets the endpoint
#
# Prints a line `ok: ...` or `not ok: ...` for each rule.
set -euo pipefail

major=$1 folder=$2 newer=$3 version=$4 port=$5
export DEBIAN_FRONTEND=noninteractive
database=app
# shellcheck source=test/packages/checks.sh
. "${0%/*}/checks.sh"

# fails PATTERN COMMAND...: with a message that matches.
fails() {
    local pattern=$1
    shift
    ! "$@" >/tmp/failed.log 2>&1 || return 1
    cat /tmp/failed.log
    grep -qE "$pattern" /tmp/failed.log
}

# says PATTERN COMMAND...: and is well.
says() {
    local pattern=$1
    shift
    "$@" >/tmp/said.log 2>&1 || { cat /tmp/said.log; return 1; }
    cat /tmp/said.log
    grep -qE "$pattern" /tmp/said.log
}

install() { apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends "$@"; }
has_library() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q ^ii; }
has_no_library() { ! has_library "$1"; }
server() { pg_ctlcluster "$major" main "$@"; }
ask() { runuser -u postgres -- psql -X -q -At -v ON_ERROR_STOP=1 -d "${1:-$database}" -c "$2"; }
answers() { [ "$(ask "$1" "$2")" = "$3" ] || { echo "answered: $(ask "$1" "$2")"; return 1; }; }
logged() { grep -E "$1" "/var/log/postgresql/postgresql-$major-main.log"; }
nothing_left() { [ -z "$(find /usr/lib/postgresql /usr/share/postgresql -name '*dynapg*')" ]; }
said() { grep -E "$1" /tmp/apt.log; }

request() {
    curl -sS --aws-sigv4 aws:amz:us-east-1:dynamodb -u "$key" -H 'Content-Type: application/x-amz-json-1.0' \
        -H "X-Amz-Target: DynamoDB_20120810.$1" -d "$2" "http://127.0.0.1:$port/"
}
answers_request() {
    local answer
    for _ in $(seq 600); do
        ! curl -sf "http://127.0.0.1:$port/" >/dev/null || break
        sleep 0.2
    done
    answer=$(request "$1" "$2")
    echo "$answer"
    grep -qF "$3" <<<"$answer"
}

song='{"TableName": "Music", "Key": {"Artist": {"S": "Acme Band"}, "Year": {"N": "2015"}}}'
title='"Title":{"S":"Happy Day"}'

# ---- SQL alone
check "SQL's package is installed" install "$folder/postgresql-$major-dynapg"_*.deb
for library in libcurl4 libcurl4t64 libmicrohttpd12 libmicrohttpd12t64; do
    check "it brings no $library" has_no_library "$library"
done
pg_lsclusters -h | grep -q "^$major *main.*online" || server start
ask postgres "CREATE DATABASE $database ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C.UTF-8'"
check "the extension is created" ask "$database" 'CREATE EXTENSION dynapg'
check "a table is made" ask "$database" "SELECT dynamo_create_table('{\"TableName\": \"Music\", \"BillingMode\": \"PAY_PER_REQUEST\",
    \"StreamSpecification\": {\"StreamEnabled\": true, \"StreamViewType\": \"NEW_IMAGE\"},
    \"KeySchema\": [{\"AttributeName\": \"Artist\", \"KeyType\": \"HASH\"}, {\"AttributeName\": \"Year\", \"KeyType\": \"RANGE\"}],
    \"AttributeDefinitions\": [{\"AttributeName\": \"Artist\", \"AttributeType\": \"S\"}, {\"AttributeName\": \"Year\", \"AttributeType\": \"N\"}]}')"
check "an item is put" ask "$database" "SELECT dynapg.put('Music', '{\"Artist\": \"Acme Band\", \"Year\": 2015, \"Title\": \"Happy Day\"}')"
count="SELECT count(*) FROM dynamo.\"Music\""
check "and there" answers "$database" "$count" 1

# ---- what wants the other package says so
hint="HINT:  .*postgresql-$major-dynapg-http"
pg_conftool "$major" main set dynapg.copy_hosts 127.0.0.1:9
pg_conftool "$major" main set shared_preload_libraries dynapg
pg_conftool "$major" main set dynapg.databases "$database:$port"
check "the server starts without the endpoint's package" server restart
check "and names it" logged "WARNING:  dynapg.databases asks for an HTTP endpoint, but the library dynapg_http is not installed"
check "and where it is" logged "$hint"
check "so does dynapg.start" fails "$hint" ask "$database" "SELECT dynapg.start('$database')"
check "so do copies" fails "$hint" ask "$database" "SELECT dynapg.copy_from('http://127.0.0.1:9', 'Elsewhere')"
check "so do events that leave the database" says "$hint" ask "$database" "SELECT dynapg.create_event_source_mapping('Music',
    '{\"Webhook\": {\"Url\": \"http://127.0.0.1:9/\"}}', '{\"StartingPosition\": \"LATEST\", \"Enabled\": false}')"
check "SQL works on" answers "$database" "$count" 1

# ---- the endpoint
check "the endpoint's package is installed" install "$folder/postgresql-$major-dynapg-http"_*.deb curl
check "the server starts with it" server restart
ask "$database" 'CREATE ROLE app LOGIN; GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo."Music" TO app'
key=$(ask "$database" "SELECT access_key_id || ':' || secret_access_key FROM dynapg.create_access_key('app')")
check "a signed request is answered" answers_request GetItem "$song" "$title"
right=$key key=${key%:*}:wrong
check "one with another secret is not" answers_request GetItem "$song" InvalidSignatureException
key=$right

# ---- a higher version
install "$newer"/*.deb >/tmp/apt.log 2>&1 && upgraded=0 || upgraded=$?
check "the packages are upgraded" test "$upgraded" = 0
check "who runs on the old one is named" said "restart PostgreSQL $major/main"
check "the server that runs goes on" answers_request GetItem "$song" "$title"
check "it restarts with the new one" server restart
check "the extension is upgraded" ask "$database" 'ALTER EXTENSION dynapg UPDATE'
check "to the new version" answers "$database" 'SELECT dynapg.version()' "$version"
check "the data stays, and the key" answers_request GetItem "$song" "$title"

# ---- removed
apt-get -qq remove -y "postgresql-$major-dynapg" >/tmp/apt.log 2>&1 && removed=0 || removed=$?
check "the packages are removed" test "$removed" = 0
check "what becomes of shared_preload_libraries is said" said "would not have started .*shared_preload_libraries .*which was 'dynapg', is now ''"
check "nothing of them is left in PostgreSQL's folders" nothing_left
check "the server that runs goes on" answers "$database" 'SELECT 1' 1
check "it starts without them" server restart
check "other databases are as before" answers postgres 'SELECT 1' 1
# from 18 on it looks in other places, too, and leaves the first word out
missing=dynapg
# shellcheck disable=SC2016 # so says PostgreSQL
[ "$major" -ge 18 ] || missing='\$libdir/dynapg'
check "item tables name what is missing" fails "could not access file \"$missing\"" ask "$database" "$count"

# ---- and installed again
check "they are installed again" install "$newer"/*.deb
check "the data is there" answers "$database" "$count" 1
before=$(sed -nE "s/.*undo this by: pg_conftool ([^ ]*) set shared_preload_libraries '([^']*)'/\1 \2/p" /tmp/apt.log)
check "what was said undoes the removal" pg_conftool "${before% *}" set shared_preload_libraries "${before#* }"
check "the server starts" server restart
check "and answers requests" answers_request GetItem "$song" "$title"

# ---- ALTER SYSTEM has the last word, and other libraries stay
ask postgres "ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements', 'dynapg'"
check "the server starts with two libraries" server restart
check "they are purged" apt-get -qq purge -y "postgresql-$major-dynapg-http" "postgresql-$major-dynapg"
check "the server starts with the other one" server restart
check "which it has" answers postgres 'SHOW shared_preload_libraries' pg_stat_statements
check "the cluster remains" answers "$database" "SELECT count(*) FROM pg_class WHERE relname = 'Music'" 1
server stop
