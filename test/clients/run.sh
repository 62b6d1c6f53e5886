#!/bin/bash
# Runs the clients that applications use against the HTTP endpoint of a private temporary server, with signed requests.
#
#   PG_CONFIG=...  test/clients/run.sh [suite...]
#
# Suites: boto3 javascript throttling streams policies policypage examples s3 s3s awscli go pynamodb mappers session kcl ion exports migration events cloudwatch traces; all of them if none is named. Each client is installed by
# its own package manager into the user's cache, as new as it is to be had that day (but for events' servers); never into the checkout.
# The last line is `N passed, N failed`; the exit status is 0 if something ran and nothing failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

SUITES=(boto3 javascript throttling streams policies policypage examples s3 s3s awscli go pynamodb mappers session kcl ion exports migration events cloudwatch traces)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/dynapg/clients
HERE=$PWD/test/clients

# ---------------------------------------------------------------- the server

start_server() {
    local port key
    port=$(free_port)
    private_server <<CONF
fsync = off
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$port'
max_worker_processes = 32
dynapg.region = 'eu-central-1'
dynapg.export_directory = '$work/exports'
CONF
    export DYNAPG_EXPORTS=$work/exports
    as_user mkdir -p "$work/exports/bucket"
    export PGDATABASE=postgres
    "$bin/psql" -X -q -c 'CREATE EXTENSION dynapg' -c 'CREATE ROLE application LOGIN' \
        -c 'GRANT USAGE, CREATE ON SCHEMA dynamo TO application' -c 'CREATE ROLE tenant LOGIN' -c "SELECT dynapg.grant_bucket('bucket', 'application')" >/dev/null
    key=$("$bin/psql" -X -At -F ' ' -c "SELECT * FROM dynapg.create_access_key('application')")

    # What every AWS client reads, and nothing of the user's own.
    unset AWS_PROFILE AWS_SESSION_TOKEN AWS_DEFAULT_PROFILE
    export AWS_ACCESS_KEY_ID=${key% *} AWS_SECRET_ACCESS_KEY=${key#* } AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1 \
        AWS_ENDPOINT_URL_DYNAMODB=http://localhost:$port AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
        AWS_EC2_METADATA_DISABLED=true
    # two tenants' credentials: a role without privileges, whose policy asks for the session's tag
    "$bin/psql" -X -q -c "SELECT dynapg.put_role_policy('tenant', 'own-items', '{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\",
        \"Action\": [\"dynamodb:GetItem\", \"dynamodb:PutItem\", \"dynamodb:Query\"], \"Resource\": \"*\", \"Condition\": {\"Null\": {\"dynamodb:LeadingKeys\": \"false\"},
        \"ForAllValues:StringEquals\": {\"dynamodb:LeadingKeys\": \"\${aws:PrincipalTag/tenant}\"}}}}')" >/dev/null
    DYNAPG_TENANT_SESSIONS=$("$bin/psql" -X -At -c "SELECT * FROM unnest('{one,two}'::text[]) AS tag, dynapg.create_session('tenant', tags => jsonb_build_object('tenant', tag))")
    export DYNAPG_TENANT_SESSIONS
    export AWS_ENDPOINT_URL_DYNAMODB_STREAMS=$AWS_ENDPOINT_URL_DYNAMODB
    wait_for_port "$port" "the endpoint"
    restart_program "$port"
}

# A program for clients to run: the server crashes, and comes back.
restart_program() {
    export DYNAPG_RESTART=$work/restart
    cat >"$DYNAPG_RESTART" <<PROGRAM
#!/bin/bash
set -euo pipefail
cd "$PWD"
. scripts/lib.sh
stop_cluster '$bin' '$work/data' immediate
start_cluster '$bin' '$work/data' '$work/server.log'
wait_for_port $1 "the endpoint"
PROGRAM
    chmod 755 "$DYNAPG_RESTART"
}

# ---------------------------------------------------------------- installing clients

# fresh FOLDER: makes it, and says whether it was filled today.
fresh() {
    mkdir -p "$1"
    [ -n "$(find "$1/.installed" -mmin -1440 2>/dev/null)" ]
}

# python_packages FOLDER PACKAGE...: a virtual environment with the packages.
python_packages() {
    local folder=$1
    shift
    fresh "$folder" && return
    {
        { [ -x "$folder/bin/pip" ] || python3 -m venv "$folder"; } &&
            again "$folder/bin/pip" install --quiet --disable-pip-version-check --upgrade "$@" &&
            touch "$folder/.installed"
    } >&2
}

# npm_packages FOLDER PACKAGE...
npm_packages() {
    local folder=$1
    shift
    fresh "$folder" && return
    {
        echo '{"private": true, "type": "module"}' >"$folder/package.json" &&
            (cd "$folder" && again npm install --silent --no-audit --no-fund "$@") &&
            touch "$folder/.installed"
    } >&2
}

# npm_test FOLDER FILE: runs a program of ours where its packages are.
npm_test() {
    cp "$HERE"/javascript/*.mjs "$1"
    (cd "$1" && node --no-warnings "$2")
}

# ---------------------------------------------------------------- suites

suite_boto3() {
    python_packages "$CACHE/boto3" boto3 && "$CACHE/boto3/bin/python" "$HERE/python/boto3_test.py"
}

suite_pynamodb() {
    python_packages "$CACHE/pynamodb" pynamodb && "$CACHE/pynamodb/bin/python" "$HERE/python/pynamodb_test.py"
}

# Amazon's library of Ion: it reads what exports write, and writes what imports read.
suite_ion() {
    python_packages "$CACHE/ion" amazon.ion && PSQL=$bin/psql "$CACHE/ion/bin/python" "$HERE/python/ion_test.py"
}

# Exports, and readers of their files.
suite_exports() {
    python_packages "$CACHE/exports" boto3 duckdb pandas && "$CACHE/exports/bin/python" "$HERE/python/export_test.py"
}

suite_awscli() {
    python_packages "$CACHE/awscli" awscli && PATH=$CACHE/awscli/bin:$PATH bash "$HERE/awscli_test.sh"
}

suite_javascript() {
    npm_packages "$CACHE/javascript" @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb && npm_test "$CACHE/javascript" sdk_test.mjs
}

# Metrics and alarms by CloudWatch's API, on the same port.
suite_cloudwatch() {
    python_packages "$CACHE/boto3" boto3 && DYNAPG_PSQL=$bin/psql "$CACHE/boto3/bin/python" "$HERE/python/cloudwatch_test.py"
}

# Both of them, where tables are throttled.
suite_throttling() {
    local status=0 python javascript
    python_packages "$CACHE/boto3" boto3 && npm_packages "$CACHE/javascript" @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb || return 1
    set_throttling on
    python=$("$CACHE/boto3/bin/python" "$HERE/python/throttling_test.py") || status=1
    javascript=$(npm_test "$CACHE/javascript" throttling_test.mjs) || status=1
    set_throttling off
    head -n -1 <<<"$python"
    head -n -1 <<<"$javascript"
    printf '%s\n%s\n' "$(tail -n 1 <<<"$python")" "$(tail -n 1 <<<"$javascript")" | awk '{passed += $1; failed += $3} END {print passed " passed, " failed " failed"}'
    return "$status"
}

# The endpoint's workers read it with the next request after they are told. They have been told when a new session has it: the postmaster
# tells all of its processes when it has read it, and makes a session after that.
set_throttling() {
    "$bin/psql" -X -q -c "ALTER SYSTEM SET dynapg.throttling = $1" -c 'SELECT pg_reload_conf()' >/dev/null
    until [ "$("$bin/psql" -X -At -c 'SHOW dynapg.throttling')" = "$1" ]; do sleep 0.1; done
}

# A reader of streams that is written for nothing else.
suite_streams() {
    npm_packages "$CACHE/streams" @aws-sdk/client-dynamodb @aws-sdk/client-dynamodb-streams dynamodb-streams-readable &&
        npm_test "$CACHE/streams" streams_test.mjs
}

# No client: what somebody else's engine makes of the same access policies and requests.
suite_policies() {
    npm_packages "$CACHE/policies" @cloud-copilot/iam-simulate && python3 test/differential/policy_evaluation.py "$CACHE/policies"
}

# docs/policies.md with boto3 as the caller.
suite_policypage() {
    python_packages "$CACHE/boto3" boto3 && PATH=$bin:$PATH "$CACHE/boto3/bin/python" test/policies/page.py boto3
}

# The programs of docs/examples/, and their SQL; DynamoDB Local is what one of them moves from.
suite_examples() {
    local folder port status=0
    folder=$(test/differential/fetch.sh) && port=$(free_port) || return
    "$folder/dynamodb-local" -inMemory -sharedDb -port "$port" >"$work/local.log" 2>&1 </dev/null &
    wait_for_port "$port" "DynamoDB Local"
    python_packages "$CACHE/examples" boto3 'psycopg[binary]' duckdb pandas &&
        npm_packages "$CACHE/javascript" @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb &&
        OLD=http://localhost:$port NODE_FOLDER=$CACHE/javascript PATH=$bin:$PATH "$CACHE/examples/bin/python" test/pages/run.py docs/examples/*.md || status=$?
    kill $!
    return "$status"
}

suite_mappers() {
    npm_packages "$CACHE/mappers" @aws-sdk/client-dynamodb @aws-sdk/lib-dynamodb electrodb dynamodb-toolbox dynamoose &&
        npm_test "$CACHE/mappers" mappers_test.mjs
}

suite_session() {
    npm_packages "$CACHE/session" @aws-sdk/client-dynamodb connect-dynamodb express express-session &&
        npm_test "$CACHE/session" session_test.mjs
}

# The Kinesis Client Library, with the adapter for DynamoDB Streams; slow, for its workers wait for each other's leases.
suite_kcl() {
    fresh "$CACHE/kcl" || {
        cp "$HERE/java/pom.xml" "$CACHE/kcl" &&
            (cd "$CACHE/kcl" && again mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib) && touch "$CACHE/kcl/.installed"
    } >&2
    DYNAPG_PSQL=$bin/psql java -cp "$CACHE/kcl/lib/*" "$HERE/java/KclTest.java" 2>"$work/kcl.err" || { tail -n 40 "$work/kcl.err"; return 1; }
}

# The other way round: dynapg is the client, of S3 servers.
suite_s3() {
    python_packages "$CACHE/s3" boto3 'moto[s3]' flask flask-cors && npm_packages "$CACHE/s3rver" s3rver &&
        S3RVER=$CACHE/s3rver/node_modules/.bin/s3rver DYNAPG_PSQL=$bin/psql "$CACHE/s3/bin/python" "$HERE/python/s3_test.py"
}

# The same with s3s-fs, which takes minutes to compile, once; the newest for the compiler that is there.
suite_s3s() {
    [ -x "$CACHE/s3s/bin/s3s-fs" ] || cargo install --quiet --debug --root "$CACHE/s3s" --features binary "${S3S_FS:-s3s-fs@0.14.1}" >&2
    PATH=$CACHE/s3s/bin:$PATH suite_s3
}

# Destinations of events: moto's Lambda and Kinesis, kinesalite, OpenSearch.
suite_events() {
    local search
    python_packages "$CACHE/events" boto3==1.44.8 'moto[awslambda]==5.2.5' flask==3.1.3 flask-cors==6.0.5 && npm_packages "$CACHE/kinesalite" kinesalite@3.3.3 && search=$(test/clients/search/fetch.sh) &&
        KINESALITE=$CACHE/kinesalite/node_modules/.bin/kinesalite OPENSEARCH=$search/opensearch DYNAPG_PSQL=$bin/psql "$CACHE/events/bin/python" "$HERE/python/events_test.py"
}

# An application's traces: OpenTelemetry's SDK for Python, and its collector, which takes minutes to compile, once.
suite_traces() {
    local folder=$CACHE/collector
    [ -x "$folder/collector" ] || {
        mkdir -p "$folder" && cp "$HERE"/collector/* "$folder" && (cd "$folder" && go mod tidy && go build -mod=mod -o collector .)
    } >&2 || return
    python_packages "$CACHE/traces" boto3 opentelemetry-sdk opentelemetry-instrumentation-botocore opentelemetry-exporter-otlp-proto-http || return
    mkdir -p "$work/traces"
    (cd "$work/traces" && COLLECTOR=$folder/collector DYNAPG_PSQL=$bin/psql "$CACHE/traces/bin/python" "$HERE/python/traces_test.py")
}

# docs/migration.md against DynamoDB Local.
suite_migration() {
    local folder
    folder=$(test/differential/fetch.sh) && python_packages "$CACHE/migration" awscli boto3 &&
        LOCAL_FOLDER=$folder PYTHON=$CACHE/migration/bin/python PATH=$bin:$CACHE/migration/bin:$PATH bash "$HERE/migration_test.sh"
}

suite_go() {
    mkdir -p "$CACHE/go"
    cp "$HERE"/go/* "$CACHE/go"
    (cd "$CACHE/go" && { [ -f go.sum ] || go mod tidy >&2; } && GOFLAGS=-mod=mod go run .)
}

[ $# -gt 0 ] || set -- "${SUITES[@]}"
install_missing build venv
run_suites clients "$@"
