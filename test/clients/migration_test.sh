#!/bin/bash
# docs/migration.md, as it stands: its blocks of sh are run one after the other against DynamoDB Local, with writers between them.
#
# Needs psql, aws and PYTHON (with boto3) on the PATH, the server's environment, and LOCAL_FOLDER, where DynamoDB Local is.
set -uo pipefail
export AWS_PAGER=''
HERE=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
passed=0 failed=0 pids=()

check() {
    if [ "$2" = 0 ]; then passed=$((passed + 1)); echo "ok: migration: $1"
    else failed=$((failed + 1)); echo "not ok: migration: $1"; tail -n 40 "$work/log"; fi
}

port=$(python3 "$HERE/../../tools/free_port.py")
export OLD=http://localhost:$port
"$LOCAL_FOLDER/dynamodb-local" -inMemory -sharedDb -port "$port" >"$work/local.log" 2>&1 </dev/null &
pids+=($!)
trap 'kill "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT
for _ in $(seq 300); do aws dynamodb list-tables --endpoint-url "$OLD" >/dev/null 2>&1 && break; sleep 0.2; done
"$PYTHON" "$HERE/python/migration.py" create "$OLD"

# The document as a program: blocks of sh as they are, what its comments say between them.
awk '/^<!-- test: / { print $3 } /^```sh$/ { inside = 1; next } /^```/ { inside = 0 } inside' "$HERE/../../docs/migration.md" >"$work/document"
cat >"$work/program" <<'PROGRAM'
set -euo pipefail
allow_host() {
    PGUSER=$superuser psql -qX -c "ALTER SYSTEM SET dynapg.copy_hosts = '${OLD#http://}'" -c 'SELECT pg_reload_conf()'
}
start_writers() { "$PYTHON" "$HERE/python/migration.py" write "$OLD" "$work/stop" & writers=$!; }
stop_writers() { touch "$work/stop"; wait "$writers"; }
compare() { "$PYTHON" "$HERE/python/migration.py" compare "$OLD" "$AWS_ENDPOINT_URL_DYNAMODB"; }
PROGRAM
cat "$work/program" "$work/document" >"$work/script"
# the role whose access key the AWS CLI has
superuser=${PGUSER:-postgres}
export HERE work PYTHON superuser PGUSER=application
timeout 900 bash "$work/script" >"$work/log" 2>&1
check 'the commands of docs/migration.md' $?
grep -Eq '^ t +\| +([0-9]+) +\| +\1 +\| +0' "$work/log"
check 'both sides are equal before the cut over' $?
grep -Eq '^ t +\| +([0-9]+) +\| +\1 *$' "$work/log"
check 'and after the way back' $?
[ "$(grep -c '^the same:' "$work/log")" = 2 ]
check 'Scan of both sides gives the same items, twice' $?
grep '^the same:' "$work/log"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
