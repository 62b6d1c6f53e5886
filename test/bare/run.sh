#!/bin/bash
# The README's two commands where a newcomer runs them: on minimal Debian 12 systems.
#
#   test/bare/run.sh [SYSTEM:USER ...]     all of them when none is named
#   ONLY='...'                             what make test runs there; empty for every test
#
# SYSTEM is nothing, client (PostgreSQL's client only), server (without headers) or headers (with them); USER is root or user, an
# ordinary one with sudo. Each case gets a fresh copy of its system, in which `make quickstart` and `make test` must succeed, and
# the last lines of both must be the same in all.
#
# Wants root's rights, debootstrap, and apt sources of this machine with Debian's mirror in them. The systems are built once and
# kept in ${XDG_CACHE_HOME:-/var/cache}/dynapg-ci/bare, with the packages that were fetched for them.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

cache=${XDG_CACHE_HOME:-/var/cache}/dynapg-ci/bare
cases=("$@")
[ $# -gt 0 ] || cases=({nothing,client,server,headers}:{root,user})

# ---------------------------------------------------------------- the systems

packages_of() {
    case $1 in
        nothing) ;;
        client) echo postgresql-client ;;
        server) echo postgresql ;;
        headers) echo postgresql postgresql-server-dev-15 ;;
        *) die "there is no system $1" ;;
    esac
}

# Of Debian 12, as lines of sources.list, from whatever sources this machine has.
# shellcheck disable=SC2016 # what apt shall fill in
sources() {
    local mirror
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ] || die "no Debian mirror among apt's sources (apt-get update first)"
    echo "deb $mirror bookworm main"
    apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) main' 'Created-By: Packages' 'Origin: Debian' |
        grep ' bookworm-' | sort -u || true
}

# inside ROOT COMMAND...: as root in the system, with a process and a mount namespace of its own: what it leaves running ends
# with it, and so do the mounts. Its first process is a shell that waits, so that orphans are reaped. Its environment is ours in
# nothing but proxies.
inside() {
    local root=$1 environment
    shift
    mapfile -t environment < <(env | grep -iE '^[a-z]+_proxy=' || true)
    # shellcheck disable=SC2016 # for the shell inside
    unshare --mount --pid --ipc --fork --kill-child bash -euc '
        root=$1 archives=$2
        shift 2
        mount --rbind /dev "$root/dev"
        mount -t tmpfs none "$root/dev/shm"
        mount -t proc none "$root/proc"
        mount --bind "$archives" "$root/var/cache/apt/archives"
        chroot "$root" "$@" </dev/null &
        wait $!' inside "$root" "$cache/archives" \
        /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        "${environment[@]}" "$@"
}

# What this machine knows of the network, at each start: it may have moved since the system was built.
connect() {
    local root=$1
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    sources >"$root/etc/apt/sources.list"
    apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/90machine" || true
    # These systems need not survive a power failure.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# Built beside its place, so that what was cut short is not taken for a system.
build_nothing() {
    debootstrap --variant=minbase --include=make,sudo,ca-certificates bookworm "$1" "$(sources | awk 'NR == 1 { print $2 }')" &&
        connect "$1" && inside "$1" useradd --create-home --shell /bin/bash newcomer &&
        echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/newcomer"
}

# A package of a server makes and starts a cluster, as on the machines that this is to be like.
build_with() {
    cp -a "$cache/nothing/." "$1" && connect "$1" || return 1
    shift
    inside "$building" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$@"' sh "$@"
}

# system NAME: builds it unless it is there.
system() {
    local name=$1 building=$cache/$1.building packages
    [ ! -f "$cache/$name/etc/debian_version" ] || return 0
    [ "$name" = nothing ] || system nothing
    packages=$(packages_of "$name")
    say "building the bare system '$name'"
    rm -rf "$building"
    mkdir "$building"
    # shellcheck disable=SC2086 # words
    if [ "$name" = nothing ]; then build_nothing "$building"; else build_with "$building" $packages; fi >"$cache/log" 2>&1 ||
        { tail -n 30 "$cache/log"; die "the system '$name' could not be built"; }
    rm -rf "${cache:?}/$name"
    mv "$building" "$cache/$name"
}

# ---------------------------------------------------------------- the cases

# What git would clone, with what is not committed yet.
copy_checkout() {
    git ls-files -z --cached --others --exclude-standard | tar -cf - --null --ignore-failed-read -T - | tar -xf - -C "$1"
}

# check NAME COMMAND...: one test; the end of its output is shown if it fails.
check() {
    local name=$1 began=$SECONDS
    shift
    if "$@"; then
        echo "ok: $name ($((SECONDS - began)) s)"
        passed=$((passed + 1))
    else
        echo "not ok: $name"
        failed=$((failed + 1))
    fi
}

# run_in ROOT USER LOG COMMAND: a command line in the checkout.
run_in() {
    local root=$1 user=$2 log=$3 home=/root
    [ "$user" = root ] || home=/home/newcomer
    inside "$root" runuser -u "${user/#user/newcomer}" -- env HOME="$home" bash -c "cd ~/dynapg && $4" >"$log" 2>&1 ||
        { tail -n 30 "$log"; return 1; }
}

# same_end WHAT PATTERN: whether the end is what it should be, and as in the first case.
same_end() {
    [ -f "$work/$1" ] || cp "$work/end" "$work/$1"
    grep -E "$2" "$work/end" && diff "$work/$1" "$work/end"
}

run_case() {
    local name=$1 user=${1#*:} root=$work/root log=$work/log home=/root
    [[ $name == ?*:@(root|user) ]] || die "what is $name? SYSTEM:USER"
    system "${name%:*}"
    printf '\n== %s\n' "$name"
    cp -a "$cache/${name%:*}" "$root"
    connect "$root"
    [ "$user" = root ] || home=/home/newcomer
    mkdir "$root$home/dynapg"
    copy_checkout "$root$home/dynapg"
    chroot "$root" chown -R "${user/#user/newcomer}:" "$home/dynapg"

    check "$name: make quickstart" run_in "$root" "$user" "$log" 'make quickstart'
    tail -n 4 "$log" | sed -E 's/ in [^ ]+[.] / in FOLDER. /; s/:[0-9]+ /:PORT /' >"$work/end"
    check "$name: the end of make quickstart is as in the others" same_end quickstart '^  Done: '
    check "$name: make test" run_in "$root" "$user" "$log" "make test ONLY='${ONLY:-}'"
    tail -n 1 "$log" >"$work/end"
    check "$name: the end of make test is as in the others" same_end test '^[1-9][0-9]* passed, 0 failed$'
    rm -rf "$root"
}

is_root || die "only root can make systems to run in"
shopt -s extglob
mkdir -p "$cache/archives/partial"
# apt locks its archives, and two runs would build the same systems.
exec 9>"$cache/lock"
flock 9
missing=()
command -v debootstrap >/dev/null || missing+=(debootstrap)
[ ${#missing[@]} = 0 ] || apt_install "${missing[@]}" || die "apt-get could not install ${missing[*]}"
begin_tests bare
trap 'rm -rf "$work/root"; on_tests_exit bare' EXIT
for each in "${cases[@]}"; do
    run_case "$each"
done
end_tests
