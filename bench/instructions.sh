#!/bin/bash
# Benchmark of throttling, metrics and insights that no other load touches: how many instructions the endpoint's worker executes for a GetItem over HTTP.
#
#   BENCH_INSTRUCTIONS=1 make bench
#   BENCH_CALLS=2000 BENCH_GROUP=8 BENCH_KEEP=/tmp/profiles bench/instructions.sh
#   BENCH_ONLY='off|throttling' bench/instructions.sh
#
# The server runs in valgrind, and callgrind counts. A profile ends whenever the server is told to read its settings again: between two such moments the worker answers
# BENCH_CALLS GetItems on one connection, BENCH_GROUP of them sent at once, of 100 items that take turns; what it executes for a reload is measured the
# same way and subtracted. Before each measurement 400 GetItems warm up. "off" is measured first and last. The kernel's work is not counted, nor is that of the process that
# checks signatures: all shares are larger than they are of a whole GetItem. "in its functions" is the difference of what the hooks of src/meter/ and of throttling execute, with all
# that they call: the other differences are of malloc's, which takes another way now and then, and of what the database's other processes have this one do. With BENCH_KEEP the profiles are kept there, for callgrind_annotate. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

calls=${BENCH_CALLS:-2000} group=${BENCH_GROUP:-1} keep=${BENCH_KEEP:-}
work='' bin='' worker='' port='' parts=0 nothing=0

before_end() {
    [ -z "$keep" ] || [ -z "$worker" ] || { mkdir -p "$keep" && cp "$work/profiles/$worker".* "$keep"; }
}

# settings [LINE...]: those besides the ones that the server was made with
settings() { printf '%s\n' "$@" | as_user tee "$work/data/bench.conf" >/dev/null; }

# make_tables: one that is provisioned, and one on demand
make_tables() {
    as_user "$bin/psql" -X -q -d postgres -v ON_ERROR_STOP=1 -f - <<'SQL' >/dev/null
CREATE EXTENSION dynapg;
SELECT dynamo_create_table('{"TableName": "Provisioned", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "ProvisionedThroughput": {"ReadCapacityUnits": 40000, "WriteCapacityUnits": 1000}}');
SELECT dynamo_create_table('{"TableName": "OnDemand", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST"}');
SELECT dynamo_put_item(jsonb_build_object('TableName', t, 'Item', jsonb_build_object('pk', jsonb_build_object('S', 'user#' || n),
    'a', '{"S": "an attribute of some length"}'::jsonb, 'n', '{"N": "42"}'::jsonb))) FROM unnest('{Provisioned,OnDemand}'::text[]) t, generate_series(0, 999) n;
VACUUM ANALYZE;
SQL
}

# start_in_valgrind: the server, again; sets worker
start_in_valgrind() {
    mkdir "$work/profiles"
    ! is_root || chown "$SERVER_USER" "$work/profiles"
    # rep stosb counts as one instruction for each byte here, and is none of them there
    as_user env GLIBC_TUNABLES=glibc.cpu.x86_rep_stosb_threshold=1000000000:glibc.cpu.x86_rep_movsb_threshold=1000000000 \
        valgrind --tool=callgrind --vgdb=no --trace-children=yes --callgrind-out-file="$work/profiles/%p" --dump-before=ProcessConfigFile \
        "$bin/postgres" -D "$work/data" >"$work/server.log" 2>&1 &
    wait_for_port "$port" "the endpoint"
    worker=$(as_user "$bin/psql" -X -At -d postgres -c "SELECT pid FROM pg_stat_activity WHERE backend_type ~ '^dynapg (worker|endpoint)'")
}

# end_part: ends a profile
end_part() {
    kill -HUP "$(head -n 1 "$work/data/postmaster.pid")"
    parts=$((parts + 1))
    for _ in $(seq 600); do
        ! grep -qs '^totals: ' "$work/profiles/$worker.$parts" || return 0
        sleep 0.1
    done
    die "the worker did not end its profile"
}

# call TABLE COUNT [KEYS]: sends GetItems
call() {
    python3 - "$port" "$1" "$2" "${3:-100}" "$group" <<'PYTHON'
import json, socket, sys
port, table, count, keys, group = int(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:])
connection = socket.create_connection(("127.0.0.1", port))
stream = connection.makefile("rb")

def request(n):
    body = json.dumps({"TableName": table, "Key": {"pk": {"S": "user#%d" % (n % keys)}}}).encode()
    return (b"POST / HTTP/1.1\r\nHost: bench\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body

for n in range(0, count, group):
    connection.sendall(b"".join(request(n + i) for i in range(group)))
    for _ in range(group):
        if b" 200 " not in stream.readline():
            raise SystemExit("a GetItem was refused")
        length = 0
        while (line := stream.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        stream.read(length)
PYTHON
}

# watch TABLE ENABLE or DISABLE: whether its keys are counted
watch() {
    curl -sSf -H 'X-Amz-Target: DynamoDB_20120810.UpdateContributorInsights' -H 'Content-Type: application/x-amz-json-1.0' \
        -d "{\"TableName\": \"$1\", \"ContributorInsightsAction\": \"$2\"}" "http://127.0.0.1:$port/" >/dev/null
}

# total: instructions of the profile that has ended last
total() { sed -n 's/^totals: //p' "$work/profiles/$worker.$parts"; }

# in_functions: instructions of the hooks in that profile, with all that they call
in_functions() {
    callgrind_annotate --inclusive=yes --threshold=100 "$work/profiles/$worker.$parts" 2>/dev/null | tr -d , |
        awk '$0 ~ /:(meter_begin|meter_end|throttle_read|capacity_add_read|counters_hold|counters_answer|log_want_keeper) \[/ {sum += $1} END {print sum + 0}'
}

# measure NAME TABLE [KEYS]
measure() {
    [[ $1 =~ ${BENCH_ONLY:-.} ]] || return 0
    end_part
    call "$2" 400 "${3:-100}"
    end_part
    call "$2" "$calls" "${3:-100}"
    end_part
    awk -v name="$1" -v part="$parts" -v sum="$(total)" -v own="$(in_functions)" -v nothing="$nothing" -v n="$calls" \
        'BEGIN {printf "%s\t%.0f\t%.0f\t%s\n", name, (sum - nothing) / n, own / n, part}' |
        tee -a "$work/results" >&2
}

main() {
    command -v valgrind >/dev/null || die "please install valgrind first"
    begin_work bench
    port=$(free_port)
    # the endpoint waits for its database
    private_server <<CONF >&2
fsync = off
shared_buffers = 64MB
autovacuum = off
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$port'
dynapg.workers = 1
dynapg.developer_mode = on
include_if_exists = 'bench.conf'
CONF
    make_tables
    stop_cluster "$bin" "$work/data" fast
    settings 'dynapg.metrics = off'
    start_in_valgrind
    end_part
    call Provisioned 1
    end_part
    call Provisioned 0
    end_part
    nothing=$(total)
    measure 'all off' Provisioned
    settings 'dynapg.metrics = off' 'dynapg.throttling = on'
    measure 'throttling, provisioned' Provisioned
    measure 'throttling, on demand' OnDemand
    settings 'dynapg.metrics = on'
    measure 'metrics' Provisioned
    settings 'dynapg.metrics = on' 'dynapg.metrics_history = on'
    measure 'metrics, with the history' Provisioned
    settings 'dynapg.metrics = off'
    watch OnDemand ENABLE
    measure 'insights, of another table' Provisioned
    measure 'insights, 100 keys' OnDemand
    measure 'insights, 1000 keys' OnDemand 1000
    settings 'dynapg.metrics = on' 'dynapg.metrics_history = on' 'dynapg.throttling = on'
    measure 'all of it, 100 keys' OnDemand
    settings 'dynapg.metrics = off'
    watch OnDemand DISABLE
    measure 'all off again' Provisioned
    awk -F '\t' 'BEGIN {print "| a GetItem over HTTP | instructions | more | ratio | in its functions | ratio |\n|---|---:|---:|---:|---:|---:|"}
        NR == 1 {first = $2; own = $3} {printf "| %s | %d | %d | %.4f | %d | %.4f |\n", $1, $2, $2 - first, $2 / first, $3 - own, 1 + ($3 - own) / first}' "$work/results"
}

main
