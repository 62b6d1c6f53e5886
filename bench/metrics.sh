#!/bin/bash
# Benchmarks of metrics: a GetItem over HTTP without them, counted, with the history, and with contributor insights of the table besides.
#
#   BENCH_METRICS=1 make bench
#   BENCH_ROUNDS=11 BENCH_REQUESTS=5000 bench/metrics.sh
#
# A figure is microseconds of CPU time of the endpoint's worker and the keeper for a request, the median of its rounds, in which the settings take turns; "off" is
# measured twice, so that the difference of the two says how much is chance. HTTP is in developer mode, without the work of signatures, on one connection: the share of
# metrics is as large as it can be. Prints Markdown.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

rounds=${BENCH_ROUNDS:-11}
requests=${BENCH_REQUESTS:-5000}
# shellcheck disable=SC2034 # lib.sh reads it
per_partition=10
partitions=1000
levels='off counted history insights again'

# set_level LEVEL
set_level() {
    local metrics=on history=off insights=DISABLE
    case $1 in
        off | again) metrics=off ;;
        history) history=on ;;
        insights) history=on insights=ENABLE ;;
    esac
    sql -c "ALTER SYSTEM SET dynapg.metrics = $metrics" -c "ALTER SYSTEM SET dynapg.metrics_history = $history" -c 'SELECT pg_reload_conf()' \
        -c "SELECT dynamo_update_contributor_insights('{\"TableName\": \"Bench\", \"ContributorInsightsAction\": \"$insights\"}')" >/dev/null
    sleep 1.5
}

# Nanoseconds of CPU time that the database's processes of ours have had.
cpu() {
    local pid
    for pid in $(sql -c "SELECT pid FROM pg_stat_activity WHERE datname = 'bench' AND backend_type ~ '^dynapg'"); do
        cat "/proc/$pid/schedstat" 2>/dev/null || true
    done | awk '{sum += $1} END {printf "%.0f\n", sum}'
}

# cost: CPU microseconds for each request
cost() {
    local before
    before=$(cpu)
    python3 - "$http_port" "$requests" "$partitions" <<'PYTHON'
import json, random, socket, sys
port, count, partitions = map(int, sys.argv[1:])
connection = socket.create_connection(("127.0.0.1", port))
stream = connection.makefile("rb")
for _ in range(count):
    key = {"pk": {"S": "user#%d" % random.randrange(partitions)}, "sk": {"N": str(random.randrange(10))}}
    body = json.dumps({"TableName": "Bench", "Key": key}).encode()
    connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amz-json-1.0\r\n"
                       b"X-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    assert b" 200 " in stream.readline()
    length = 0
    while (line := stream.readline()) != b"\r\n":
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    stream.read(length)
PYTHON
    echo "$(($(cpu) - before))" | awk -v n="$requests" '{print $1 / n / 1000}'
}

# figure LEVEL
figure() { awk -v what="$1" '$1 == what {print $2}' "$work/results" | median; }

start
http_port=$(free_port)
stop_cluster "$bin" "$work/data" fast
printf '%s\n' "shared_preload_libraries = 'dynapg'" "dynapg.databases = 'bench:$http_port'" 'dynapg.workers = 1' 'dynapg.developer_mode = on' |
    as_user tee -a "$work/data/postgresql.conf" >/dev/null
start_cluster "$bin" "$work/data" "$work/server.log"
load
wait_for_port "$http_port" "the endpoint"
for ((round = 0; round <= rounds; round++)); do
    for level in $levels; do
        set_level "$level"
        echo "$level $(cost)"
    done >"$work/round"
    # the first round warms up
    ((round == 0)) || cat "$work/round" >>"$work/results"
done
printf '| GetItem over HTTP | µs of CPU | to off |\n|---|---:|---:|\n'
for level in $levels; do
    printf '| %s | %.2f | %s |\n' "$level" "$(figure "$level")" "$(awk -v a="$(figure "$level")" -v b="$(figure off)" 'BEGIN {printf "%.3f", a / b}')"
done
