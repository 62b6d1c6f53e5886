#!/bin/bash
# Runs every test on a private temporary cluster of the PostgreSQL that PG_CONFIG names (15, 17 and 18 alike).
#
#   PG_CONFIG=...  WERROR=1  FUZZ_SECONDS=10  SANITIZE=1  ONLY='guard http index_race'  scripts/test.sh
#
# ONLY names the tests to run: files without folder and ending (http is test/tap/http.pl).
# SANITIZE=1 builds dynapg with AddressSanitizer and UndefinedBehaviorSanitizer: the first thing that either finds ends the server
# process it happens in, which is a crash (see no_crash), and the report is shown at the end.
# Nothing outside a temporary folder and the checkout's own objects is written: the extension is installed
# into a private copy of the server (see private_postgres). The last line is `N passed, N failed`; the exit
# status is 0 if something ran and nothing failed.
set -euo pipefail
shopt -s extglob
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

export FUZZ_SECONDS=${FUZZ_SECONDS:-10}

passed=0 failed=0 finished=no
work='' bin='' tests=''

# ---------------------------------------------------------------- counting

tally() {
    passed=$((passed + $1))
    failed=$((failed + $2))
}

heading() { printf '\n== %s\n' "$*"; }

# The number of lines of a file that match.
count() { grep -acE -- "$1" "$2" || true; }

# tally_run NAME STATUS PASSED FAILED: a program that failed without naming a failed test is a failure too.
tally_run() {
    local name=$1 status=$2 good=$3 bad=$4
    if [ "$status" != 0 ] && [ "$bad" = 0 ]; then
        echo "not ok: $name ended with status $status"
        bad=1
    fi
    tally "$good" "$bad"
}

# check NAME COMMAND...: a test that is one command. Its output is shown only if it fails.
check() {
    local name=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok: $name"
        tally 1 0
    else
        echo "not ok: $name"
        head -n 100 <<<"$output"
        tally 0 1
    fi
}

# ---------------------------------------------------------------- beginning and end

on_exit() {
    local status=$?
    [ "$finished" = yes ] || { echo "the tests stopped early (status $status)"; tally 0 1; }
    [ -z "$work" ] || clean_up
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ] && exit 0
    exit 1
}

clean_up() {
    [ ! -f "$work/data/postmaster.pid" ] || stop_cluster "$bin" "$work/data" immediate || true
    cd /
    if [ "$failed" = 0 ]; then
        rm -rf "$work"
    else
        echo "what the tests left is in $work"
    fi
}

# The server's user may not be able to read the checkout, and should not write there.
copy_tests() {
    mkdir "$tests"
    tar -cf - --exclude=.git --exclude=.quickstart --exclude='*.[od]' . | tar -xf - -C "$tests"
}

# pg_regress gives up at a test without an expected output, and the tests after it would not run: let it differ.
expect_something() {
    local test=$1 expected=$2
    mkdir -p "${expected%/*}"
    [ ! -f "$test" ] || compgen -G "${expected%.out}?(_[0-9]).out" >/dev/null || : >"$expected"
}

add_missing_outputs() {
    local file
    for file in "$tests"/sql/*.sql; do
        expect_something "$file" "$tests/expected/$(basename "$file" .sql).out"
    done
    for file in "$tests"/test/isolation/specs/*.spec; do
        expect_something "$file" "$tests/test/isolation/expected/$(basename "$file" .spec).out"
    done
}

# For the build.
sanitized_build() { export COPT='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -g'; }

# For all that is run after it. A sanitizer's library must be there before all others, in every program that might load dynapg. What
# PostgreSQL keeps for the life of a process is no leak, and its check of the stack's depth wants variables on the real stack.
sanitized_run() {
    local library libraries=()
    for library in libasan.so libubsan.so; do
        libraries+=("$(readlink -f "$(gcc -print-file-name="$library")")")
    done
    mkdir "$work/sanitizers"
    chmod 1777 "$work/sanitizers"
    export LD_PRELOAD="${libraries[*]}" \
        ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:disable_coredump=0:log_path=$work/sanitizers/asan" \
        UBSAN_OPTIONS="print_stacktrace=1:abort_on_error=1:log_path=$work/sanitizers/ubsan"
    timeout 30 "$bin/postgres" -V >/dev/null || die "$bin/postgres does not start with AddressSanitizer: take one that was built by .ci/postgres.sh"
}

# What the sanitizers reported, if anything.
no_report() {
    [ ! -d "$work/sanitizers" ] || [ -z "$(ls "$work/sanitizers")" ] || { head -n 60 "$work"/sanitizers/*; return 1; }
}

prepare() {
    work=$(mktemp -d "${TMPDIR:-/tmp}/dynapg-test.XXXXXX")
    tests=$work/tree
    private_postgres "$work/root"
    bin=$work/root$("$PG_CONFIG" --bindir)
    heading "build for $("$PG_CONFIG" --version)"
    [ -z "${SANITIZE:-}" ] || sanitized_build
    build_and_install "$work/root"
    copy_tests
    add_missing_outputs
    ! is_root || chown -R -h "$SERVER_USER" "$work"
}

start_server() {
    make_cluster "$bin" "$work/data" "$work" "$(free_port)" <<'CONF'
fsync = off
wal_level = logical
max_prepared_transactions = 20
max_replication_slots = 20
max_wal_senders = 20
log_line_prefix = '%m [%p] %q%a %d '
CONF
    start_cluster "$bin" "$work/data" "$work/server.log"
    PGPORT=$(sed -n 's/^port = //p' "$work/data/postgresql.conf")
    export PGHOST=$work PGPORT PGUSER=postgres HOME=$work PATH=$bin:$PATH
    cd "$tests"
}

# ---------------------------------------------------------------- the kinds of tests

# Those of the files that exist and that ONLY asks for, one a line.
wanted() {
    local file name
    for file; do
        name=${file##*/}
        [ -f "$file" ] || continue
        [ -z "${ONLY:-}" ] || [[ " $ONLY " == *" ${name%.*} "* ]] || continue
        echo "$file"
    done
}

# The same without folders and endings.
wanted_names() { wanted "$@" | sed 's:.*/::; s:[.][a-z]*$::'; }

# regress KIND PROGRAM INPUTDIR TEST...: pg_regress or the isolation tester, which speak alike: "test name ... ok" up to 15, TAP from 16
# on. What passed is counted and not shown, so that a failure stands next to its difference.
regress() {
    local kind=$1 program=$2 input=$3 status=0 log=$work/$1.log
    local ok='((test| +)[^.]+ \.\.\. ok\b|ok [0-9]+ )' not_ok='((test| +)[^.]+ \.\.\. (FAILED|failed)|not ok [0-9]+ )'
    shift 3
    [ $# -gt 0 ] || return 0
    heading "$kind"
    mkdir -p "$work/$kind"
    ! is_root || chown "$SERVER_USER" "$work/$kind"
    as_user "$program" --inputdir="$input" --outputdir="$work/$kind" --bindir="$bin" --dlpath="$work" \
        --host="$PGHOST" --port="$PGPORT" --user="$PGUSER" --dbname="dynapg_$kind" "$@" 2>&1 | tee "$log" | sed -uE "/^$ok/d" || status=$?
    echo "$(count "^$ok" "$log") of $# passed"
    tally_run "$kind" "$status" "$(count "^$ok" "$log")" "$(count "^$not_ok" "$log")"
    [ ! -f "$work/$kind/regression.diffs" ] || head -n 200 "$work/$kind/regression.diffs"
}

run_regress() {
    local names
    mapfile -t names < <(wanted_names sql/*.sql)
    regress regress "$("$PG_CONFIG" --pkglibdir)/pgxs/src/test/regress/pg_regress" . "${names[@]}"
}

run_isolation() {
    local names
    mapfile -t names < <(wanted_names test/isolation/specs/*.spec)
    regress isolation "$("$PG_CONFIG" --pkglibdir)/pgxs/src/test/isolation/pg_isolation_regress" test/isolation \
        "${names[@]}"
}

# prove_file FILE: runs a TAP test, whose output goes to a log of its own, and what is of interest of it to ours when it is over.
prove_file() {
    local log pgxs
    log=$work/tap.$(basename "$1" .pl).log
    pgxs=$("$PG_CONFIG" --pkglibdir)/pgxs
    # TESTDIR is what 15 reads, the other two what later ones read. The tests start servers of their own. The timeout is that of a whole
    # session of background_psql, and a loaded machine takes its three minutes for some files. PGCTLTIMEOUT is that of a start, a stop, a promotion.
    as_user env -u PGHOST -u PGPORT -u PGUSER PG_TEST_TIMEOUT_DEFAULT=900 PGCTLTIMEOUT=300 TESTDIR="$work/tap" TESTDATADIR="$work/tap/tmp_check" \
        TESTLOGDIR="$work/tap/tmp_check/log" PG_REGRESS="$pgxs/src/test/regress/pg_regress" \
        prove -v --merge -I "$pgxs/src/test/perl" -I test/tap "$1" >"$log" 2>&1 || true
    grep -avE '^ *(ok( |$)|1\.\.|All tests successful|Result: (PASS|NOTESTS))|^$' "$log" || true
}

# tap_failure LOG: which file failed and how it ended, once more: what it printed lies far above, among that of others, and a test that
# died between two of its checks has no line "not ok" of its own. Its last words are in a log that PostgreSQL's test library keeps. What
# matters most comes last, next to the line that counts the failure.
tap_failure() {
    local name=${1##*/tap.} words
    name=${name%.log}
    words=$work/tap/tmp_check/log/regress_log_$name
    tail -n 40 "$1" | cut -c1-300 | sed 's/^/    /'
    echo "    ..."
    grep -anE '^ *not ok|Failed|Dubious|Bailout|[Tt]imeout|timed out| died|exited with' "$1" | tail -n 10 | cut -c1-300 | sed 's/^/    /' || true
    [ ! -f "$words" ] || grep -avE '^### |^# (Running|Postmaster PID|No postmaster PID)|^(waiting for server|server )' "$words" | tail -n 25 | cut -c1-300 |
        sed 's/^/    /' || true
    echo "not ok: test/tap/$name.pl"
}

# They mostly wait, each for three quarters of its time: four run beside each other.
run_tap() {
    local status=0 files running=0 file
    mapfile -t files < <(wanted test/tap/*.pl)
    [ ${#files[@]} -gt 0 ] || return 0
    heading "TAP"
    as_user mkdir -p "$work/tap/tmp_check/log"
    for file in "${files[@]}"; do
        if [ "$running" = 4 ]; then
            wait -n
            running=3
        fi
        prove_file "$file" &
        running=$((running + 1))
    done
    wait
    for file in "$work"/tap.*.log; do
        grep -aqE 'Result: (PASS|NOTESTS)$' "$file" || { status=1 && tap_failure "$file"; }
    done
    tally_run TAP "$status" "$(cat "$work"/tap.*.log | grep -aE '^ok [0-9]+' | grep -cvE '# (SKIP|TODO)' || true)" \
        "$(cat "$work"/tap.*.log | grep -aE '^not ok [0-9]+' | grep -cv '# TODO' || true)"
}

# Property tests and fuzzers: each has a database of its own with the extension in it, and ends with its counts.
run_script() {
    local script=$1 status=0 line log database
    database=$(basename "$script" .py)
    log=$work/$database.log
    echo "-- $script"
    if ! as_user createdb --template=template0 "$database" ||
        ! as_user psql -X -q -d "$database" -c 'CREATE EXTENSION dynapg'; then
        tally_run "$script" 1 0 0
        return 0
    fi
    as_user env PGDATABASE="$database" python3 "$script" 2>&1 | tee "$log" || status=$?
    line=$(tail -n 1 "$log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
    [ -n "$line" ] || { line="0 0"; [ "$status" != 0 ] || status="0 and without its counts"; }
    # shellcheck disable=SC2086 # two words
    tally_run "$script" "$status" $line
}

run_scripts() {
    local kind=$1 script scripts
    shift
    mapfile -t scripts < <(wanted "$@")
    [ ${#scripts[@]} -gt 0 ] || return 0
    heading "$kind"
    for script in "${scripts[@]}"; do
        run_script "$script"
    done
}

run_checks() {
    heading "checks of the sources"
    check "layers and file sizes" python3 tools/check_layers.py
    check "one version in all places" python3 tools/check_meta.py --versions
    [ ! -f tools/gen_errors.py ] || check "generated error table" python3 tools/gen_errors.py --check
    [ ! -f tools/gen_model.py ] || check "generated model" python3 tools/gen_model.py --check
}

# A crash that a test survived is still a crash. TAP tests may kill a server on purpose: signal 9 is theirs there.
no_crash() {
    local crash='PANIC:  |TRAP: |was terminated by signal' found=0
    grep -HnE "$crash" "$work/server.log" && found=1
    if [ -d "$work/tap" ]; then
        find "$work/tap" -name '*.log' -exec grep -HnE "$crash" {} + | grep -v 'terminated by signal 9' && found=1
    fi
    [ "$found" = 0 ]
}

main() {
    local before
    trap on_exit EXIT
    trap 'exit 130' INT TERM
    install_missing build test
    prepare
    run_checks
    before=$((passed + failed))
    [ -z "${SANITIZE:-}" ] || sanitized_run
    start_server
    run_regress
    run_isolation
    run_tap
    run_scripts "property tests" test/property/*_property.py
    run_scripts "fuzzers" test/fuzz/*_fuzz.py
    if [ $((passed + failed)) = "$before" ]; then
        echo "no test was found that needs the server"
        tally 0 1
    fi
    heading "server logs"
    check "no server crashed" no_crash
    [ -z "${SANITIZE:-}" ] || check "no report of a sanitizer" no_report
    [ "$failed" = 0 ] || { heading "end of the server's log"; tail -n 50 "$work/server.log"; }
    echo
    finished=yes
}

main
