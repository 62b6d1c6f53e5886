#!/bin/bash
# Days of synthetic traffic through auto scaling and its forecast, in accelerated time, and what came of it: figures as Markdown, and a picture.
#
#   make bench-auto-scaling          bench/auto-scaling.sh [picture.png]
#   SCALING_DAYS=3 SCALING_HISTORY=5 bench/auto-scaling.sh docs/images/auto-scaling.png
#
# The clock is injected, so the figures do not depend on the machine. Python and, for the picture, matplotlib (fetched into a folder of its own) are needed.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=bench/lib.sh
. bench/lib.sh

picture=${1:-}
days=${SCALING_DAYS:-3}
history=${SCALING_HISTORY:-5}
here=$PWD

start
stop_cluster "$bin" "$work/data" fast
# decreases of a day are counted by the clock of capacity, which is ahead
echo "shared_preload_libraries = 'dynapg'" | as_user tee -a "$work/data/postgresql.conf" >/dev/null
start_cluster "$bin" "$work/data" "$work/server.log"
sql -c 'CREATE EXTENSION dynapg' >/dev/null
sql -v "days=$days" -v "history=$history" -f bench/auto-scaling.sql >&2

cat <<MARKDOWN
| | capacity had | share of it used | throttled | minutes with throttling | changes up | changes down | refused |
|---|---|---|---|---|---|---|---|
MARKDOWN
sql -F ' | ' -c "
    SELECT '| ' || CASE r.name WHEN 'Reactive' THEN 'target tracking' ELSE 'with the forecast' END, round(avg(capacity)) || ' units/s', round(100 * (sum(served) / sum(capacity))::numeric, 1) || ' %',
        round(100 * (1 - sum(served) / sum(demand))::numeric, 2) || ' %', count(*) FILTER (WHERE served < demand - 0.01),
        (SELECT count(*) FROM dynapg.scaling_activities a WHERE a.table_name = r.name AND a.new_capacity > a.old_capacity AND a.status_code = 'Successful'),
        (SELECT count(*) FROM dynapg.scaling_activities a WHERE a.table_name = r.name AND a.new_capacity < a.old_capacity AND a.status_code = 'Successful'),
        (SELECT count(*) FROM dynapg.scaling_activities a WHERE a.table_name = r.name AND a.status_code = 'Failed') || ' |'
    FROM scaling_run r GROUP BY r.name ORDER BY r.name DESC"
echo
sql -F ', ' -c "
    WITH quarters AS (SELECT avg(demand) AS demand, avg(forecast) AS forecast, avg(high) AS high, date_bin('15 min', minute, '2000-01-01') AS quarter FROM scaling_run
        WHERE name = 'Predictive' GROUP BY quarter)
    SELECT 'Forecast, made hourly for the hour to come, against demand: WAPE ' || round(100 * (sum(abs(q.forecast - q.demand)) / sum(q.demand))::numeric, 1) || ' %',
        'MAPE ' || round(100 * avg(abs(q.forecast - q.demand) / q.demand)::numeric, 1) || ' %',
        'at or below the upper edge of its band ' || round(100 * avg((q.demand <= q.high)::integer), 1) || ' % of quarters',
        'as the day before WAPE ' || round(100 * (sum(abs(y.demand - q.demand)) FILTER (WHERE y.demand IS NOT NULL) / sum(q.demand) FILTER (WHERE y.demand IS NOT NULL))::numeric, 1) || ' %'
    FROM quarters q LEFT JOIN quarters y ON y.quarter = q.quarter - interval '1 day'"

if [ -n "$picture" ]; then
    cd "$here"
    sql -F , -c "SELECT name, extract(epoch FROM minute - (SELECT min(minute) FROM scaling_run)) / 3600, demand, served, capacity, forecast, high
        FROM scaling_run ORDER BY name DESC, minute" >"$work/run.csv"
    python3 -m venv "$work/python"
    "$work/python/bin/pip" install --quiet --disable-pip-version-check matplotlib
    "$work/python/bin/python" bench/auto_scaling_plot.py "$work/run.csv" "$picture"
fi
