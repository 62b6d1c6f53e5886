# shellcheck shell=bash
# What the scripts share: installing what is missing, a private PostgreSQL, a private cluster.
# Sourced, never run. The caller sets -euo pipefail and stands in the checkout.

PG_CONFIG=${PG_CONFIG:-pg_config}
# The ordinary user of a root's servers: PostgreSQL refuses to run as root.
SERVER_USER=${DYNAPG_SERVER_USER:-postgres}

LIB_FOLDER=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Where runuser is; a plain su leaves it out.
PATH=$PATH:/usr/sbin:/sbin

# psql, pg_regress and the tests must see our cluster only, whatever the caller's environment points to.
unset PGHOST PGHOSTADDR PGPORT PGDATABASE PGUSER PGPASSWORD PGPASSFILE PGSERVICE PGSERVICEFILE PGDATA PGOPTIONS \
    PGSSLMODE PGCLIENTENCODING PGTZ PGDATESTYLE
# A make that calls us has its own job server and options; ours start afresh.
unset MAKEFLAGS MFLAGS MAKELEVEL

say() { echo "dynapg: $*"; }
die() { echo "dynapg: $*" >&2; exit 1; }

# progress WHAT: shows the percentages that come in, one a line: a bar on a terminal, elsewhere a line every quarter.
progress() {
    local percent step=25 shown=-1 bar
    [ ! -t 2 ] || step=1
    while read -r percent; do
        percent=$((percent / step * step))
        [ "$percent" -gt "$shown" ] || continue
        shown=$percent
        if [ "$step" = 1 ]; then
            printf -v bar '%*s' $((percent * 40 / 100)) ''
            printf '\r[%-40s] %3d %%  %s' "${bar// /#}" "$percent" "$1" >&2
        else
            printf '%3d %%  %s\n' "$percent" "$1" >&2
        fi
    done
    [ "$step" != 1 ] || [ "$shown" -lt 0 ] || echo >&2
}

is_root() { [ "$(id -u)" = 0 ]; }

# again COMMAND...: three times at most, with pauses: what comes by the network fails now and then.
again() {
    local pause
    for pause in 5 30; do
        ! "$@" || return 0
        say "once more, in $pause seconds: $1 ${2:-}" >&2
        sleep "$pause"
    done
    "$@"
}

# Runs a command as the user that owns the server: the invoking one, or SERVER_USER when that is root.
as_user() {
    if is_root; then
        runuser -u "$SERVER_USER" -- "$@"
    else
        "$@"
    fi
}

# ---------------------------------------------------------------- what is missing

default_major() {
    local major
    major=$("$PG_CONFIG" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p')
    [ -n "$major" ] || major=$(apt-cache show --no-all-versions postgresql 2>/dev/null |
        sed -n 's/^Depends:.*postgresql-\([0-9]*\).*/\1/p' | head -n 1)
    echo "${major:-15}"
}

# Debian's client package brings pgxs.mk, so that file alone says nothing.
has_headers() {
    [ -f "$("$PG_CONFIG" --pgxs 2>/dev/null)" ] && [ -f "$("$PG_CONFIG" --includedir-server 2>/dev/null)/postgres.h" ]
}

has_grammars() { compgen -G 'src/*/*.[yl]' >/dev/null; }

# Prints the Debian packages of what is not there, for "build", "test", "venv" (of Python) and "npm".
missing_packages() {
    local major what
    major=$(default_major)
    for what; do
        case $what in
            build)
                { command -v make && command -v gcc; } >/dev/null || echo build-essential
                has_headers || echo "postgresql-server-dev-$major"
                [ -x "$("$PG_CONFIG" --bindir 2>/dev/null)/postgres" ] || echo "postgresql-$major"
                command -v python3 >/dev/null || echo python3
                [ -f /usr/include/microhttpd.h ] || echo libmicrohttpd-dev
                [ -f /usr/include/openssl/evp.h ] || echo libssl-dev
                [ -f /usr/include/zlib.h ] || echo zlib1g-dev
                [ -f /usr/include/zstd.h ] || echo libzstd-dev
                compgen -G '/usr/include/curl/curl.h' >/dev/null || compgen -G '/usr/include/*/curl/curl.h' >/dev/null ||
                    echo libcurl4-openssl-dev
                [ -f /usr/include/expat.h ] || echo libexpat1-dev
                if has_grammars; then
                    command -v bison >/dev/null || echo bison
                    command -v flex >/dev/null || echo flex
                fi
                ;;
            test)
                perl -MIPC::Run -e 1 2>/dev/null || echo libipc-run-perl
                command -v prove >/dev/null || echo perl
                command -v openssl >/dev/null || echo openssl
                ;;
            venv)
                python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
                ;;
            npm)
                command -v npm >/dev/null || echo npm
                ;;
        esac
    done
}

# Debian's package of a server makes and starts a cluster on port 5432, which nobody asked for here. One at a time: apt does not wait.
apt_install() {
    local status=0
    (flock 9 && again apt_install_alone "$@") 9>"${TMPDIR:-/tmp}/dynapg-apt-$(id -u).lock" || status=$?
    hash -r
    return "$status"
}

apt_install_alone() {
    local sudo=() no_cluster=/etc/postgresql-common/createcluster.d/dynapg-setup.conf status=0 log
    is_root || sudo=(sudo)
    log=$(mktemp)
    "${sudo[@]}" mkdir -p "${no_cluster%/*}"
    echo 'create_main_cluster = false' | "${sudo[@]}" tee "$no_cluster" >/dev/null
    {
        "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
            "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=600 -o APT::Status-Fd=1 install -y \
                --no-install-recommends "$@" && echo finished
    } 2>&1 </dev/null | apt_percentages "$log" | progress "installed" || status=$?
    "${sudo[@]}" rm -f "$no_cluster"
    [ "$status" = 0 ] || tail -n 30 "$log" >&2
    rm -f "$log"
    return "$status"
}

# apt_percentages LOG: what apt says of its progress, downloads as the first half; the rest of its output goes to LOG.
apt_percentages() {
    local line
    local -A half=([dl]=0 [pm]=50)
    while IFS= read -r line; do
        if [ "$line" = finished ]; then
            echo 100
        elif [[ $line =~ ^(dl|pm)status:.*:([0-9]+)\.[0-9]+: ]]; then
            echo $((BASH_REMATCH[2] / 2 + half[${BASH_REMATCH[1]}]))
        else
            echo "$line" >>"$1"
        fi
    done
}

# Installs what is missing if apt and root's rights are there, and else says what to install and stops.
install_missing() {
    local packages
    mapfile -t packages < <(missing_packages "$@")
    [ ${#packages[@]} -gt 0 ] || return 0
    if command -v apt-get >/dev/null && { is_root || command -v sudo >/dev/null; }; then
        say "installing ${packages[*]}"
        apt_install "${packages[@]}" || die "apt-get could not install ${packages[*]}"
        mapfile -t packages < <(missing_packages "$@")
    fi
    [ ${#packages[@]} -eq 0 ] || die "please install first (names of Debian's packages): ${packages[*]}"
}

# ---------------------------------------------------------------- a private PostgreSQL

# Makes ROOT the top of a copy of PG_CONFIG's server, at the same paths below it.
#
# An extension is found only in the server's own folders, and those are root's and every cluster's. A server
# finds them relative to its programs: with the programs copied and the rest linked, `make install
# DESTDIR=ROOT` installs for our cluster alone.
private_postgres() {
    local root=$1 dir
    dir=$("$PG_CONFIG" --bindir)
    mkdir -p "$root$dir"
    cp -a "$dir/." "$root$dir"
    for dir in "$("$PG_CONFIG" --pkglibdir)" "$("$PG_CONFIG" --sharedir)"; do
        mkdir -p "$root$dir"
        cp -asf "$dir/." "$root$dir"
    done
    # An installed dynapg is not the one under test.
    find "$root" -name '*dynapg*' ! -type d -delete
}

build_and_install() {
    local root=$1
    compile PG_CONFIG="$PG_CONFIG" WERROR="${WERROR:-}" all &&
        make -s PG_CONFIG="$PG_CONFIG" WERROR="${WERROR:-}" DESTDIR="$root" install
}

# compile ARGUMENT...: make, with a bar in place of its commands. What compilers say is shown.
compile() {
    local objects done=0 line
    objects=$(make -n "$@" 2>/dev/null | grep -c -- ' -c -o ' || true)
    { make -j"$(nproc)" "$@" && echo finished; } | while IFS= read -r line; do
        case $line in
            *' -c -o '*) echo $((++done < objects ? done * 100 / objects : 99)) ;;
            finished) echo 100 ;;
        esac
    done | progress "built"
}

# ---------------------------------------------------------------- a private cluster

# A port that is free now, and nobody else's who asks so.
free_port() { python3 "$LIB_FOLDER/../tools/free_port.py"; }

# make_cluster BIN DATA SOCKETS PORT: a cluster that is reached through its socket folder only. More settings on stdin.
make_cluster() {
    local bin=$1 data=$2 sockets=$3 port=$4
    as_user "$bin/initdb" -D "$data" -U postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 >/dev/null
    {
        echo "listen_addresses = ''"
        echo "unix_socket_directories = '$sockets'"
        echo "port = $port"
        cat
    } | as_user tee -a "$data/postgresql.conf" >/dev/null
}

start_cluster() {
    local bin=$1 data=$2 log=$3
    as_user "$bin/pg_ctl" -D "$data" -l "$log" -w -t 300 start >/dev/null </dev/null
}

# kill_cluster DATA: kills all processes of a server at once, without warning.
kill_cluster() {
    local data=$1 postmaster pids
    postmaster=$(head -n 1 "$data/postmaster.pid")
    pids=$(ps -o pid= --ppid "$postmaster")
    # shellcheck disable=SC2086 # several numbers
    kill -KILL "$postmaster" $pids 2>/dev/null || true
    while ps -o pid= -p "$postmaster" >/dev/null; do sleep 0.05; done
    rm -f "$data/postmaster.pid"
}

stop_cluster() {
    local bin=$1 data=$2 mode=${3:-fast}
    as_user "$bin/pg_ctl" -D "$data" -m "$mode" -w -t 300 stop >/dev/null
}

# begin_work NAME: a folder, $work, that is gone when the caller is, with all servers whose data is in it; before_end, if the caller has a function of
# that name, is called before that. KEEP=yes leaves the folder.
begin_work() {
    trap end_work EXIT
    trap 'exit 130' INT TERM
    work=$(mktemp -d "${TMPDIR:-/tmp}/dynapg-$1.XXXXXX")
    chmod 755 "$work"
}

end_work() {
    local file
    [ -n "$work" ] || return 0
    ! declare -F before_end >/dev/null || before_end
    for file in "$work"/*/postmaster.pid "$work"/*/data/postmaster.pid; do
        [ ! -f "$file" ] || stop_cluster "$("$PG_CONFIG" --bindir)" "${file%/*}" immediate || true
    done
    cd /
    [ -n "${KEEP:-}" ] || rm -rf "$work"
}

# fail WHAT: and leaves the folder.
fail() {
    KEEP=yes
    die "$1; what is left is in $work"
}

# shellcheck disable=SC2120 # some have no files
# private_installation [FILE...]: builds dynapg and installs it in $work, where the server's user finds the files, too; sets bin.
private_installation() {
    private_postgres "$work/root"
    bin=$work/root$("$PG_CONFIG" --bindir)
    build_and_install "$work/root" </dev/null >&2
    [ $# = 0 ] || cp -r "$@" "$work"
    ! is_root || chown -R -h "$SERVER_USER" "$work"
}

# private_server: builds, installs and starts a server of its own in $work, with more settings from stdin; sets bin, PGHOST,
# PGPORT and PGUSER.
private_server() {
    # shellcheck disable=SC2119
    private_installation
    make_cluster "$bin" "$work/data" "$work" "$(free_port)"
    start_cluster "$bin" "$work/data" "$work/server.log"
    PGPORT=$(sed -n 's/^port = //p' "$work/data/postgresql.conf")
    export PGHOST=$work PGPORT PGUSER=postgres
}

# wait_for_port PORT WHAT: until something listens there.
wait_for_port() {
    for _ in $(seq 900); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
        sleep 0.2
    done
    die "$2 did not start"
}

# ---------------------------------------------------------------- tests against a private server

# Counted by tests that begin with begin_tests and end with end_tests.
passed=0 failed=0 finished=no work='' bin=''

# begin_tests NAME: a folder for them, and what happens at their end, however it comes.
begin_tests() {
    # shellcheck disable=SC2064 # the name is known now
    trap "on_tests_exit '$1'" EXIT
    trap 'exit 130' INT TERM
    work=$(mktemp -d "${TMPDIR:-/tmp}/dynapg-$1.XXXXXX")
    chmod 755 "$work"
}

end_tests() { finished=yes; }

# The last line is `N passed, N failed`; the exit status is 0 if something ran and nothing failed.
on_tests_exit() {
    local status=$?
    [ "$finished" = yes ] || { echo "the $1 tests stopped early (status $status)"; failed=$((failed + 1)); }
    [ ! -f "$work/data/postmaster.pid" ] || stop_cluster "$bin" "$work/data" immediate || true
    if [ "$failed" = 0 ]; then
        cd / && rm -rf "$work"
    elif [ -f "$work/server.log" ]; then
        echo "end of the server's log ($work):"
        tail -n 30 "$work/server.log"
    fi
    echo "$passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ] && exit 0
    exit 1
}

# run_suite NAME: the function suite_NAME, whose output ends with its counts.
run_suite() {
    local suite=$1 log=$work/$1.log status=0 line
    printf '\n== %s\n' "$suite"
    "suite_$suite" >"$log" || status=$?
    grep -av '^ok: ' "$log" || true
    line=$(tail -n 1 "$log" | sed -nE 's/^([0-9]+) passed, ([0-9]+) failed$/\1 \2/p')
    passed=$((passed + $(cut -d' ' -f1 <<<"${line:-0 0}")))
    failed=$((failed + $(cut -d' ' -f2 <<<"${line:-0 0}")))
    if [ -z "$line" ] || { [ "$status" != 0 ] && [ "${line#* }" = 0 ]; }; then
        echo "not ok: $suite ended with status $status"
        failed=$((failed + 1))
    fi
}

# run_suites NAME...: those that are asked for, against the server that start_server starts.
run_suites() {
    local name=$1 suite
    shift
    for suite; do
        declare -F "suite_$suite" >/dev/null || { echo "there is no suite $suite" >&2; exit 2; }
    done
    begin_tests "$name"
    start_server
    for suite; do
        run_suite "$suite"
    done
    end_tests
}
