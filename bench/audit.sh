#!/bin/bash
# Benchmarks of the audit: GetItem and PutItem, by SQL and by HTTP, without it, with management events, with data events, and with these in the table.
#
#   BENCH_AUDIT=1 make bench
#   BENCH_ROUNDS=7 BENCH_SECONDS=1 BENCH_REQUESTS=5000 bench/audit.sh
#
# A figure is microseconds of CPU time of the server's processes for a request, the median of its rounds, in which the settings take turns. HTTP is in
# developer mode, without the work of signatures, on one connection: the share of the audit is as large as it can be. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-7}
seconds=${BENCH_SECONDS:-1}
requests=${BENCH_REQUESTS:-5000}
per_partition=10
partitions=10000
levels='off control data table'

# set_level LEVEL: table is data with the other destination
set_level() {
    local level=$1 destination=log
    [ "$level" != table ] || { level=data destination=table; }
    sql -c "ALTER SYSTEM SET dynapg.audit = '$level'" -c "ALTER SYSTEM SET dynapg.audit_destination = '$destination'" -c 'SELECT pg_reload_conf()' >/dev/null
    sleep 1.5
}

# CPU time of the server's processes, those that have ended too
cpu_of_all() {
    { cat /proc/[0-9]*/stat 2>/dev/null || true; } | awk -v server="$(head -n 1 "$work/data/postmaster.pid")" -v tick="$(getconf CLK_TCK)" '
        {pid = $1; sub(/.*\) /, "")}
        pid == server {ticks += $12 + $13 + $14 + $15}
        $2 == server {ticks += $12 + $13}
        END {printf "%.0f\n", ticks * 1000000 / tick}'
}

# http_cost OPERATION: CPU microseconds for each request
http_cost() {
    local before
    before=$(cpu_of_all)
    python3 - "$http_port" "$1" "$requests" "$partitions" <<'PYTHON'
import json, random, socket, sys
port, operation, count, partitions = int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
connection = socket.create_connection(("127.0.0.1", port))
stream = connection.makefile("rb")
for _ in range(count):
    key = {"pk": {"S": "user#%d" % random.randrange(partitions)}, "sk": {"N": str(random.randrange(10))}}
    body = {"TableName": "Bench", "Key": key} if operation == "GetItem" else {"TableName": "Bench", "Item": key | {"age": {"N": "0"}, "text": {"S": "x" * 256}}}
    body = json.dumps(body).encode()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: aws-sdk-java/2.25 md/io#sync\r\nContent-Type: application/x-amz-json-1.0\r\n"
                       b"X-Amz-Target: DynamoDB_20120810.%s\r\nContent-Length: %d\r\n\r\n%s" % (operation.encode(), len(body), body))
    assert b" 200 " in stream.readline()
    length = 0
    while (line := stream.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    stream.read(length)
PYTHON
    echo "$(($(cpu_of_all) - before))" | awk -v n="$requests" '{print $1 / n}'
}

# sql_cost SCRIPT
sql_cost() {
    one_run "$1" 1 off | awk '{print $2}'
}

# figure DOOR LEVEL
figure() { awk -v what="$1 $2" '$1 " " $2 == what {print $3}' "$work/results" | median; }

start
http_port=$(free_port)
stop_cluster "$bin" "$work/data" fast
printf '%s\n' "shared_preload_libraries = 'dynapg'" "dynapg.databases = 'bench:$http_port'" 'dynapg.workers = 1' 'dynapg.developer_mode = on' |
    as_user tee -a "$work/data/postgresql.conf" >/dev/null
start_cluster "$bin" "$work/data" "$work/server.log"
load
for ((i = 0; i < 100; i++)); do
    python3 -c "import socket; socket.create_connection(('127.0.0.1', $http_port))" 2>/dev/null && break
    sleep 0.1
done
for ((round = 0; round <= rounds; round++)); do
    for level in $levels; do
        set_level "$level"
        for operation in get put; do
            echo "sql-$operation $level $(sql_cost "$operation-api")"
        done
        echo "http-get $level $(http_cost GetItem)"
        echo "http-put $level $(http_cost PutItem)"
    done >"$work/round"
    # the first round warms up
    ((round == 0)) || cat "$work/round" >>"$work/results"
done
printf '| µs of CPU a request | off | control | data, log | data, table | data / off |\n|---|---:|---:|---:|---:|---:|\n'
for door in sql-get sql-put http-get http-put; do
    printf '| %s | %.1f | %.1f | %.1f | %.1f | %s |\n' "$door" "$(figure $door off)" "$(figure $door control)" "$(figure $door data)" "$(figure $door table)" \
        "$(awk -v a="$(figure $door data)" -v b="$(figure $door off)" 'BEGIN {printf "%.3f", a / b}')"
done
