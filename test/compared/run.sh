#!/bin/bash
# Asks dynapg, DynamoDB Local and dynalite which operations they have, and puts that into docs/compared.md.
#
# DynamoDB Local comes by test/differential/fetch.sh, dynalite from npm; both are kept in the cache of the user.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

cache=${XDG_CACHE_HOME:-$HOME/.cache}/dynapg/dynalite
DYNALITE=4.0.0
rivals=()
before_end() { [ ${#rivals[@]} = 0 ] || kill "${rivals[@]}" 2>/dev/null || true; }
begin_work compared

folder=$(test/differential/fetch.sh)
local_port=$(free_port)
"$folder/dynamodb-local" -inMemory -port "$local_port" >"$work/local.log" 2>&1 &
rivals+=($!)
[ -d "$cache/node_modules/dynalite" ] ||
    { mkdir -p "$cache" && npm install --silent --prefix "$cache" "dynalite@$DYNALITE" >&2; }
dynalite_port=$(free_port)
node "$cache/node_modules/dynalite/cli.js" --host 127.0.0.1 --port "$dynalite_port" >"$work/dynalite.log" 2>&1 &
rivals+=($!)
port=$(free_port)
private_server <<CONF
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$port'
dynapg.developer_mode = on
CONF
as_user "$bin/psql" -X -q -d postgres -c 'CREATE EXTENSION dynapg' -c "SELECT dynapg.start('postgres')" >/dev/null
for each in "$local_port" "$dynalite_port" "$port"; do wait_for_port "$each" "a server"; done
python3 test/compared/operations.py "dynapg=http://127.0.0.1:$port/" "DynamoDB Local=http://127.0.0.1:$local_port/" \
    "dynalite=http://127.0.0.1:$dynalite_port/"
say "docs/compared.md has their operations"
