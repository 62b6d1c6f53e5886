# shellcheck shell=bash
# Minimal Debian systems, made by debootstrap, and running commands in them. Sourced after scripts/lib.sh, never run.
#
# Wants root's rights, and apt sources of this machine with Debian's mirror in them. The systems are built once and kept in
# ${XDG_CACHE_HOME:-/var/cache}/dynapg-ci/bare, with the packages that were fetched for them. Who sources this defines packages_of NAME:
# what the system of that name has beside the minimum. A name ends in @SUITE for another Debian than 12.

cache=${XDG_CACHE_HOME:-/var/cache}/dynapg-ci/bare

suite_of() { [[ $1 == *@* ]] && echo "${1#*@}" || echo bookworm; }

# sources SUITE: as lines of sources.list, from whatever sources this machine has. Only Debian 12's updates are known here.
# shellcheck disable=SC2016 # what apt shall fill in
sources() {
    local mirror suite=$1
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | head -n 1)
    [ -n "$mirror" ] || die "no Debian mirror among apt's sources (apt-get update first)"
    echo "deb $mirror $suite main"
    apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) main' 'Created-By: Packages' 'Origin: Debian' |
        grep " $suite-" | sort -u || true
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

# connect ROOT SUITE...: what this machine knows of the network, at each start: it may have moved since the system was built.
connect() {
    local root=$1 suite
    shift
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    for suite in "${@:-bookworm}"; do sources "$suite"; done >"$root/etc/apt/sources.list"
    apt-config dump | grep '^Acquire::' >"$root/etc/apt/apt.conf.d/90machine" || true
    # These systems need not survive a power failure.
    echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/unsafe-io"
}

# install_in ROOT PACKAGE...: with what they recommend left out.
install_in() {
    local root=$1
    shift
    again inside "$root" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"' \
        sh "$@"
}

# Built beside its place, so that what was cut short is not taken for a system.
build_nothing() {
    local root=$1 suite=$2 script=()
    [ -e "/usr/share/debootstrap/scripts/$suite" ] || script=(/usr/share/debootstrap/scripts/sid)
    debootstrap --variant=minbase --include=make,sudo,ca-certificates "$suite" "$root" \
        "$(sources "$suite" | awk 'NR == 1 { print $2 }')" "${script[@]}" &&
        connect "$root" "$suite" && inside "$root" useradd --create-home --shell /bin/bash newcomer &&
        echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/newcomer"
}

# A package of a server makes and starts a cluster, as on the machines that this is to be like.
build_with() {
    local root=$1 from=$2
    cp -a "$cache/$from/." "$root" && connect "$root" "$(suite_of "$from")" || return 1
    shift 2
    again inside "$root" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y "$@"' sh "$@"
}

# system NAME: builds it unless it is there.
system() {
    local name=$1 building=$cache/$1.building packages suite nothing=nothing
    [ ! -f "$cache/$name/etc/debian_version" ] || return 0
    suite=$(suite_of "$name")
    [ "$suite" = bookworm ] || nothing+=@$suite
    [ "$name" = "$nothing" ] || system "$nothing"
    packages=$(packages_of "${name%@*}")
    say "building the bare system '$name'"
    rm -rf "$building"
    mkdir "$building"
    # shellcheck disable=SC2086 # words
    if [ "$name" = "$nothing" ]; then build_nothing "$building" "$suite"; else build_with "$building" "$nothing" $packages; fi \
        >"$cache/log" 2>&1 || { tail -n 30 "$cache/log"; die "the system '$name' could not be built"; }
    rm -rf "${cache:?}/$name"
    mv "$building" "$cache/$name"
}

# What git would clone, with what is not committed yet.
copy_checkout() {
    git ls-files -z --cached --others --exclude-standard | tar -cf - --null --ignore-failed-read -T - | tar -xf - -C "$1"
}

# apt locks its archives, and two runs would build the same systems: one at a time.
begin_systems() {
    is_root || die "only root can make systems to run in"
    mkdir -p "$cache/archives/partial"
    exec 9>"$cache/lock"
    flock 9
    command -v debootstrap >/dev/null || apt_install debootstrap || die "apt-get could not install debootstrap"
}
