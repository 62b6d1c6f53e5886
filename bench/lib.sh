# shellcheck shell=bash
# What the benchmarks in SQL share: a private cluster with a database for them, short runs of pgbench, and medians. Sourced after
# scripts/lib.sh, with seconds, partitions and per_partition set.

work='' bin=''

sql() { as_user "$bin/psql" -X -q -At -v ON_ERROR_STOP=1 -d bench "$@"; }

start() {
    begin_work bench
    say "building for $("$PG_CONFIG" --version)" >&2
    private_installation bench
    make_cluster "$bin" "$work/data" "$work" "$(free_port)" <<'CONF'
shared_buffers = 1GB
max_wal_size = 16GB
checkpoint_timeout = 1h
autovacuum = off
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    PGPORT=$(sed -n 's/^port = //p' "$work/data/postgresql.conf")
    export PGHOST=$work PGPORT PGUSER=postgres HOME=$work
    cd "$work" || exit
    as_user "$bin/createdb" bench
}

# CPU time of the server's ended backends, in microseconds (Linux)
backends_cpu() {
    local ticks
    ticks=$(sed 's/.*) //' "/proc/$(head -n 1 "$work/data/postmaster.pid")/stat" | awk '{print $14 + $15}')
    echo $((ticks * 1000000 / $(getconf CLK_TCK)))
}

# shellcheck disable=SC2154 # the caller's
# one_run SCRIPT CLIENTS SYNCHRONOUS_COMMIT: transactions a second, and CPU microseconds of the server for each; with $pgbench_options besides
one_run() {
    local before
    before=$(backends_cpu)
    # shellcheck disable=SC2086 # several options, or none
    PGOPTIONS="-c synchronous_commit=$3" as_user "$bin/pgbench" ${pgbench_options:-} -n -M prepared -c "$2" -j "$(($2 < 2 ? 1 : 2))" \
        -T "$seconds" -D partitions="$partitions" -D per_partition="$per_partition" -f "$work/bench/$1.sql" bench \
        >"$work/pgbench.out" 2>"$work/pgbench.log" || { tail -n 5 "$work/pgbench.log" >&2; die "pgbench failed"; }
    sleep 0.05
    awk -v cpu=$(($(backends_cpu) - before)) '/^number of transactions actually/ {n = $NF} /^tps/ {tps = $3}
        END {print tps, cpu / n}' "$work/pgbench.out"
}

median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

# column EXPRESSION: the median over the rounds, a line each: tps and CPU of one side, tps and CPU of the next
column() { awk "{print $1}" "$work/rounds" | median; }

# load: table Bench of $partitions times ten items of 300 bytes; and await QUERY, a procedure: until that returns true
load() {
    sql -c 'CREATE EXTENSION dynapg' -c "SELECT dynamo_create_table('{\"TableName\": \"Bench\", \"BillingMode\": \"PAY_PER_REQUEST\",
        \"KeySchema\": [{\"AttributeName\": \"pk\", \"KeyType\": \"HASH\"}, {\"AttributeName\": \"sk\", \"KeyType\": \"RANGE\"}],
        \"AttributeDefinitions\": [{\"AttributeName\": \"pk\", \"AttributeType\": \"S\"}, {\"AttributeName\": \"sk\", \"AttributeType\": \"N\"}]}')" >/dev/null
    sql -c "INSERT INTO dynamo.\"Bench\" (item) SELECT jsonb_build_object('pk', 'user#' || p, 'sk', s, 'age', 0, 'text', repeat(md5(p::text), 8))
        FROM generate_series(0, $((partitions - 1))) p, generate_series(0, 9) s" -c 'VACUUM (ANALYZE)' -c CHECKPOINT
    sql -c "CREATE PROCEDURE await(query text) LANGUAGE plpgsql AS \$\$
        DECLARE done boolean; BEGIN LOOP EXECUTE query INTO done; COMMIT; EXIT WHEN done; PERFORM pg_sleep(0.005); END LOOP; END \$\$"
}

# seconds_of STATEMENTS: how long these take, in one session
seconds_of() {
    sql -c "SELECT extract(epoch FROM clock_timestamp())" "$@" -c "SELECT extract(epoch FROM clock_timestamp())" |
        awk 'NR == 1 {first = $1} NF {last = $1} END {printf "%.2f\n", last - first}'
}

# row NAME FIGURE: of a table in Markdown
row() { printf '| %s | %s |\n' "$1" "$2"; }
