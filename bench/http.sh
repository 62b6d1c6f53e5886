#!/bin/bash
# Benchmarks of the HTTP endpoint: against other servers that speak DynamoDB, and against raw SQL over TCP.
#
#   BENCH_HTTP=1 make bench
#   BENCH_ITEMS=100000 BENCH_ROUNDS=5 BENCH_SECONDS=1 BENCH_CONNECTIONS='1 4 32' BENCH_ONLY='get put' \
#       BENCH_SERVERS='dynapg local dynalite dynoxide' bench/http.sh
#
# dynapg runs in a private temporary cluster, durable (fsync on, answers wait for the flush), with signatures verified.
# The rivals keep everything in memory: DynamoDB Local, as test/differential/fetch.sh gets it, dynalite from npm, dynoxide
# from npm or else its crate. Who cannot be had is left out. All of them have the same items, loaded in one random
# order, and get the same bytes from the same tool: requests signed beforehand, replayed by wrk in one thread.
# The servers take turns in short runs; a figure is the median of its rounds. Prints Markdown. BENCH_WORKERS is
# dynapg.workers, BENCH_RESULTS a file that the single runs' figures are appended to.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

items=${BENCH_ITEMS:-100000}
rounds=${BENCH_ROUNDS:-5}
seconds=${BENCH_SECONDS:-1}
connections=${BENCH_CONNECTIONS:-1 4 32}
only=${BENCH_ONLY:-get query put update}
floor_clients=${BENCH_FLOOR_CLIENTS-4 16}
read -ra servers <<<"${BENCH_SERVERS:-dynapg local dynalite dynoxide}"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/dynapg
caller_home=$HOME
[ "$items" -ge 10 ] || die "BENCH_ITEMS must be at least 10"

work='' bin=''
declare -A port pid version command

before_end() {
    local server
    for server in "${!pid[@]}"; do
        [ "$server" = dynapg ] || kill "${pid[$server]}" 2>/dev/null || true
    done
}

sql() { as_user "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 -d bench "$@"; }

# ---------------------------------------------------------------- the servers

# Each sets the command that starts a rival; false: it is not to be had.
find_local() {
    local folder
    folder=$(HOME=$caller_home test/differential/fetch.sh) || return 1
    command[local]="$folder/dynamodb-local -inMemory -port"
}

find_dynalite() {
    local folder=$cache/dynalite
    command -v npm >/dev/null || apt_install npm || return 1
    [ -d "$folder/node_modules/dynalite" ] ||
        { mkdir -p "$folder" && npm install --silent --prefix "$folder" dynalite >&2; } || return 1
    command[dynalite]="node $folder/node_modules/dynalite/cli.js --host 127.0.0.1 --createTableMs 0 --port"
    version[dynalite]=$(node -p "require('$folder/node_modules/dynalite/package.json').version")
}

find_dynoxide() {
    local folder=$cache/dynoxide program
    program=$folder/node_modules/.bin/dynoxide
    [ -x "$program" ] || [ -x "$folder/bin/dynoxide" ] ||
        { mkdir -p "$folder" && npm install --silent --prefix "$folder" dynoxide >/dev/null 2>&1; } ||
        { command -v cargo >/dev/null && cargo install --quiet --locked --root "$folder" dynoxide-rs >&2; } || return 1
    [ -x "$program" ] || program=$folder/bin/dynoxide
    command[dynoxide]="$program --host 127.0.0.1 --port"
    version[dynoxide]=$("$program" --version | sed 's/.* //')
}

find_servers() {
    local server found=()
    for server in "${servers[@]}"; do
        if [ "$server" = dynapg ] || "find_$server"; then
            found+=("$server")
        else
            say "$server is not to be had here, and is left out" >&2
        fi
    done
    servers=("${found[@]}")
}

start_dynapg() {
    local sql_port
    say "building for $("$PG_CONFIG" --version)" >&2
    private_installation bench
    sql_port=$(free_port)
    port[dynapg]=$(free_port)
    make_cluster "$bin" "$work/data" "$work" "$sql_port" <<CONF
listen_addresses = '127.0.0.1'
shared_buffers = 1GB
max_wal_size = 16GB
checkpoint_timeout = 1h
autovacuum = off
shared_preload_libraries = 'dynapg'
dynapg.databases = 'bench:${port[dynapg]}'
dynapg.workers = ${BENCH_WORKERS:-2}
CONF
    # raw SQL goes over TCP, where the rest of this machine is not to be trusted
    as_user tee "$work/data/pg_hba.conf" >/dev/null <<<'local all all trust
host all all 127.0.0.1/32 scram-sha-256'
    start_cluster "$bin" "$work/data" "$work/server.log"
    pid[dynapg]=$(head -n 1 "$work/data/postmaster.pid")
    version[dynapg]=$("$bin/postgres" --version | sed 's/.*(PostgreSQL) //')
    export PGHOST=$work PGPORT=$sql_port PGUSER=postgres HOME=$work
    PGPASSWORD=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
    export PGPASSWORD
    as_user "$bin/createdb" bench
    sql -c 'CREATE EXTENSION dynapg' -c "CREATE ROLE bench LOGIN PASSWORD '$PGPASSWORD'" \
        -c 'GRANT USAGE, CREATE ON SCHEMA dynamo TO bench' -c "SELECT dynapg.start('bench')" >/dev/null
    BENCH_KEY_ID=$(sql -F ' ' -c "SELECT * FROM dynapg.create_access_key('bench')")
    BENCH_SECRET=${BENCH_KEY_ID#* }
    BENCH_KEY_ID=${BENCH_KEY_ID% *}
    export BENCH_KEY_ID BENCH_SECRET
}

start_rival() {
    local server=$1
    port[$server]=$(free_port)
    mkdir "$work/$server"
    cd "$work/$server"
    # shellcheck disable=SC2086 # a command and its arguments
    ${command[$server]} "${port[$server]}" >"$work/$server.log" 2>&1 </dev/null &
    pid[$server]=$!
    cd "$work"
}

load() {
    local server loaders=()
    say "loading $items items into ${servers[*]}" >&2
    for server in "${servers[@]}"; do
        python3 "$work/bench/http_bench.py" wait "${port[$server]}" || { tail "$work/$server.log" >&2; die "$server did not start"; }
        python3 "$work/bench/http_bench.py" load "${port[$server]}" "$items" &
        loaders+=($!)
    done
    for server in "${loaders[@]}"; do
        wait "$server" || die "a server could not be loaded"
    done
    sql -v items="$items" -f "$work/bench/floor.sql"
    [ -z "${port[local]:-}" ] || version[local]=$(sed -n 's/^Version:[[:space:]]*//p' "$work/local.log")
}

# ---------------------------------------------------------------- the runs

# CPU time in microseconds (Linux) of a server, its processes, and those of them that have ended
cpu_of() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v server="$1" -v tick="$(getconf CLK_TCK)" '
        {pid = $1; sub(/.*\) /, "")}
        pid == server {ticks += $12 + $13 + $14 + $15}
        $2 == server {ticks += $12 + $13}
        END {printf "%.0f\n", ticks * 1000000 / tick}'
}

# http_run SERVER CONNECTIONS: requests a second, median and 99 % latency, and CPU for each, in microseconds
http_run() {
    local before
    before=$(cpu_of "${pid[$1]}")
    wrk -t 1 -c "$2" -d "${duration}s" --timeout 10s -s "$work/bench/http_replay.lua" \
        "http://127.0.0.1:${port[$1]}/" -- "$work/requests" >"$work/wrk.out" 2>&1 || { cat "$work/wrk.out" >&2; die "wrk failed"; }
    awk -v cpu=$(($(cpu_of "${pid[$1]}") - before)) -v server="$1" '
        $1 == "result" && $6 > 0 {print server, "answered", $6, "requests with errors" >"/dev/stderr"; exit 1}
        $1 == "result" {print $2 / $3 * 1000000, $4, $5, cpu / $2}' "$work/wrk.out"
}

# floor_run WORK CLIENTS: the same figures of raw SQL
floor_run() {
    local before item='{"pk": "user#4711", "sk": 8, "name": "Customer number 4711", "email": "customer4711@example.com", "city": "Springfield", "age": 42, "score": 88.875, "active": true, "tags": ["red", "green", "blue"], "address": {"street": "Main Street 8", "zip": "12345"}, "note": "Nothing of note so far."}'
    before=$(cpu_of "${pid[dynapg]}")
    rm -f "$work"/latencies.*
    as_user env PGHOST=127.0.0.1 PGUSER=bench "$bin/pgbench" -n -M prepared -c "$2" -j 2 -T "$duration" -l --log-prefix="$work/latencies" \
        -D partitions=$((items / 10)) -D item="$item" -f "$work/bench/floor-$1.sql" bench >"$work/pgbench.out" 2>"$work/pgbench.log" ||
        { tail -n 5 "$work/pgbench.log" >&2; die "pgbench failed"; }
    sleep 0.05
    awk '{print $3}' "$work"/latencies.* | sort -n >"$work/sorted"
    awk -v cpu=$(($(cpu_of "${pid[dynapg]}") - before)) '
        FNR == NR {latency[FNR] = $1; n = FNR; next}
        /^tps/ {print $3, latency[int((n + 1) / 2)], latency[int(n * 0.99) + 1], cpu / n}' "$work/sorted" "$work/pgbench.out"
}

run() {
    case $1 in
        raw-*) floor_run "$2" "${1#raw-}" ;;
        *) http_run "$1" "$3" ;;
    esac
}

# compare WORK: everybody in turn, for each number of connections
compare() {
    local name=$1 count round i runners server duration signed_at=0
    sql -c 'VACUUM (ANALYZE)' -c CHECKPOINT
    for count in $connections; do
        runners=("${servers[@]}")
        if [ "$count" = "${connections##* }" ] && [ -f "$work/bench/floor-$name.sql" ]; then
            for server in $floor_clients; do
                runners+=("raw-$server")
            done
        fi
        say "$name, $count connections" >&2
        for ((round = 0; round <= rounds; round++)); do
            # a signature is good for 15 minutes, and so a round must not take longer than 5
            if ((round == 0 || SECONDS - signed_at > 600)); then
                python3 "$work/bench/http_bench.py" requests "$name" "$items" "$work/requests"
                signed_at=$SECONDS
            fi
            # the first round warms up
            duration=$((round == 0 ? 3 * seconds : seconds))
            for ((i = 0; i < ${#runners[@]}; i++)); do
                server=${runners[(i + round) % ${#runners[@]}]}
                run "$server" "$name" "$count" >"$work/run"
                ((round == 0)) || echo "$name $count $server $round $(cat "$work/run")" >>"$work/results"
            done
        done
    done
}

install_missing build
command -v wrk >/dev/null || apt_install wrk || die "please install wrk first"
find_servers
begin_work bench
start_dynapg
cd "$work"
for server in "${servers[@]}"; do
    [ "$server" = dynapg ] || start_rival "$server"
done
load
for name in $only; do
    compare "$name"
done
[ -z "${BENCH_RESULTS:-}" ] || cat "$work/results" >>"$BENCH_RESULTS"
for server in "${servers[@]}"; do
    case $server in
        dynapg) printf 'PostgreSQL %s' "${version[$server]}" ;;
        local) printf ', DynamoDB Local %s' "${version[$server]}" ;;
        *) printf ', %s %s' "$server" "${version[$server]}" ;;
    esac
done
printf '; %s cores, %s items, %s rounds of %s s.\n\n' "$(nproc)" "$items" "$rounds" "$seconds"
python3 "$work/bench/http_bench.py" report "$work/results" "${servers[@]}"
