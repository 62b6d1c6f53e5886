#!/bin/bash
# The life of a container, as root in its root: started, used, stopped, killed, misused.
#
#   life.sh PORT USER VOLUME STOPSIGNAL N ENTRYPOINT... HEALTHCHECK...      N: how many words the entrypoint has
set -euo pipefail

port=$1 user=$2 volume=$3 stopsignal=$4 n=$5
shift 5
entrypoint=("${@:1:n}") healthcheck=("${@:n+1}")
# shellcheck source=test/packages/checks.sh
. "${0%/*}/checks.sh"
export DYNAPG_PORT=$port
said=/tmp/server.log

# as USER COMMAND...
as() { setpriv --reuid "${1%:*}" --regid "${1#*:}" --clear-groups --no-new-privs "${@:2}"; }

server=''
start() {
    # not by as: the process is to be the server itself
    setpriv --reuid "${user%:*}" --regid "${user#*:}" --clear-groups --no-new-privs "${entrypoint[@]}" "$@" >"$said" 2>&1 &
    server=$!
}
healthy() { as "$user" "${healthcheck[@]}"; }
becomes_healthy() {
    for _ in $(seq 900); do
        ! healthy || return 0
        kill -0 "$server" 2>/dev/null || { cat "$said"; return 1; }
        sleep 0.2
    done
    cat "$said"
    return 1
}
is_unhealthy() { ! healthy; }
stops() {
    kill -s "${1:-$stopsignal}" "$server"
    wait "$server"
}
# fails PATTERN COMMAND...
fails() {
    local pattern=$1
    shift
    ! "$@" >/tmp/failed.log 2>&1 || return 1
    cat /tmp/failed.log
    grep -qE "$pattern" /tmp/failed.log
}
ask() { as "$user" "${entrypoint[@]}" psql -XqAt -c "$1"; }
answers() { [ "$(ask "$1")" = "$2" ] || { ask "$1"; return 1; }; }
request() {
    curl -sS --aws-sigv4 aws:amz:us-east-1:dynamodb -u "$key" -H 'Content-Type: application/x-amz-json-1.0' \
        -H "X-Amz-Target: DynamoDB_20120810.$1" -d "$2" "http://127.0.0.1:$port/"
}
answers_request() { request "$1" "$2" >/tmp/answer && cat /tmp/answer && grep -qF "$3" /tmp/answer; }
no_one_listens() { ! (exec 3<>/dev/tcp/127.0.0.1/"$1") 2>/dev/null; }
has_no_password() { answers "SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL" 0; }
# Who starts while a process of the former server is still there, one that was just being made for instance, is refused by PostgreSQL.
none_runs() {
    for _ in $(seq 300); do
        [ -n "$(find /proc/[0-9]*/exe -maxdepth 0 -lname '*/bin/postgres' 2>/dev/null)" ] || return 0
        sleep 0.2
    done
    return 1
}
is_private() { [ "$(stat -c '%a %u' "$1")" = "600 ${user%:*}" ]; }

mkdir -p "$volume"
chmod 1777 /tmp
check "it does not run as root" test "${user%:*}" != 0
check "root is refused" fails 'does not run as root' as 0:0 "${entrypoint[@]}"
chmod 555 "$volume" && chown 0:0 "$volume"
check "a volume that it cannot write to is refused" fails 'cannot write' as "$user" "${entrypoint[@]}"
chmod 700 "$volume" && chown "$user" "$volume"
mkdir "$volume/data.new"
check "nothing is healthy before it runs" is_unhealthy
start
check "it starts with an empty volume, beside what was cut short" becomes_healthy
key=$(as "$user" "${entrypoint[@]}" credentials | sed -nE 's/^aws_[a-z_]* = //p' | paste -sd:)
check "the log has no secret" eval "! grep -F '${key#*:}' $said"
check "its file is private" is_private "$volume/data/dynapg-credentials"
check "no role has a password" has_no_password
check "there is no way in by SQL from outside" answers "SHOW listen_addresses" ""
check "the developer mode is off" answers "SHOW dynapg.developer_mode" off
check "a request without a key is refused" eval "! curl -sSf -d '{}' -H 'X-Amz-Target: DynamoDB_20120810.ListTables' http://127.0.0.1:$port/"
check "a table is made" answers_request CreateTable '{"TableName": "Music", "KeySchema": [{"AttributeName": "Artist", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "Artist", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}' '"TableStatus":"CREATING"'
check "an item is put" answers_request PutItem '{"TableName": "Music", "Item": {"Artist": {"S": "Acme Band"}, "Sold": {"N": "7"}}}' '{}'
get='{"TableName": "Music", "Key": {"Artist": {"S": "Acme Band"}}}'
check "and read" answers_request GetItem "$get" '"Sold":{"N":"7"}'
# shellcheck disable=SC2016 # so SQL quotes
check "SQL reads it" answers 'SELECT item ->> $$Sold$$ FROM dynamo."Music"' 7
check "it stops by its signal, and says that all is well" stops
check "then it is not healthy" is_unhealthy
start -c dynapg.log_min_duration=0
check "it starts again, with arguments for PostgreSQL" becomes_healthy
check "which count" answers 'SHOW dynapg.log_min_duration' 0
check "the data and the key are there" answers_request GetItem "$get" '"Sold":{"N":"7"}'
read -ra children <"/proc/$server/task/$server/children" || true # no line end
kill -KILL "$server" "${children[@]}"
wait "$server" 2>/dev/null || true
check "nothing of it is left" none_runs
start
check "it starts after it was killed" becomes_healthy
check "the data is there" answers_request GetItem "$get" '"Sold":{"N":"7"}'
check "it stops" stops
major=$(cat "$volume/data/PG_VERSION")
echo 9 >"$volume/data/PG_VERSION"
check "data of another major is refused" fails 'the data is of PostgreSQL 9' as "$user" "${entrypoint[@]}"
echo "$major" >"$volume/data/PG_VERSION"
