#!/bin/bash
# The Containerfile without a container engine: its steps are run in minimal Debian systems, and what it makes is put to use.
#
#   test/container/run.sh [DEBIAN]       bookworm when none is named
#
# The stage that builds begins with what test/packages/run.sh builds packages in, which has its packages already; WHOLE=1 begins with the
# minimum, as a container engine would; BUILT=1 takes packages for what is built that test/packages/run.sh has left. Wants root's rights; test/bare/systems.sh has more about the systems.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=test/bare/systems.sh
. test/bare/systems.sh
# shellcheck source=test/packages/systems.sh
. test/packages/systems.sh

debian=${1:-bookworm}
declare -A stages=()
root='' user='' workdir='' volume='' entrypoint=() healthcheck=() stopsignal=''

# from IMAGE STAGE: a fresh root for it.
from() {
    local image=$1 stage=${2:-final} name=nothing
    [ "$image" = "docker.io/library/debian:$debian-slim" ] || die "there is no image $image here"
    [ "$stage" = final ] || [ -n "${WHOLE:-}" ] || name=build
    name=$(with_suite "$name" "$debian")
    system "$name"
    if [[ $name == build* ]]; then
        # its compiler's cache is to live on
        root=$cache/$name
        rm -rf "$root/build" || return 1
    else
        root=$work/$stage
        cp -a "$cache/$name" "$root" || return 1
    fi
    connect "$root" "$debian"
    stages[$stage]=$root
    user=root:root workdir=/
}

run() {
    if [ -n "${BUILT:-}" ] && [[ $1 == *scripts/deb.sh* ]]; then
        mkdir -p "$root/build/build/deb" && cp "build/packages/$(debian_major)"/*.deb "$root/build/build/deb/"
        return
    fi
    inside "$root" env PATH="/usr/lib/ccache:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
        setpriv --reuid "${user%:*}" --clear-groups --regid "${user#*:}" /bin/sh -c "cd '$workdir' && $1"
}

debian_major() { sed 's/bookworm/15/; s/trixie/17/; s/forky/18/' <<<"$debian"; }

# copy FROM SOURCE... TARGET
copy() {
    local from=$1 target=${*: -1} source
    shift
    [[ $target == /* ]] || target=$workdir/$target
    mkdir -p "$root$target" || return 1
    for source in "${@:1:$#-1}"; do
        if [ -n "$from" ]; then
            # shellcheck disable=SC2086 # a pattern
            cp -a "${stages[$from]}"$source "$root$target" || return 1
        elif [ "$source" = . ]; then
            copy_checkout "$root$target" || return 1
        else
            cp -a "$source" "$root$target" || return 1
        fi
    done
}

# step WORD...: an instruction of the Containerfile.
step() {
    local name=$1
    shift
    case $name in
        FROM) from "$@" ;;
        RUN) run "$1" ;;
        COPY) copy "$@" ;;
        WORKDIR) workdir=$1 && mkdir -p "$root$1" ;;
        USER) user=$1 ;;
        VOLUME) volume=$1 ;;
        EXPOSE) [ "$1" = 8000 ] ;;
        STOPSIGNAL) stopsignal=$1 ;;
        HEALTHCHECK) healthcheck=("$@") ;;
        ENTRYPOINT) entrypoint=("$@") ;;
    esac
}

begin_systems
begin_tests container
trap 'rm -rf "$work"/{build,final}; on_tests_exit container' EXIT
python3 test/container/instructions.py Containerfile "DEBIAN=$debian" >"$work/instructions"
while IFS= read -r line <&3; do
    began=$SECONDS
    mapfile -d '' -t words < <(python3 -c 'import json, sys; print("\0".join(json.loads(sys.argv[1])), end="\0")' "$line")
    what="${words[0]} ${words[1]:0:70}"
    if ! step "${words[@]}" >"$work/log" 2>&1; then
        tail -n 40 "$work/log"
        result "not ok: $what"
        exit 1
    fi
    result "ok: $what ($((SECONDS - began)) s)"
done 3<"$work/instructions"
mkdir -p "$root/test"
cp test/packages/checks.sh test/container/life.sh "$root/test/"
results inside "$root" /test/life.sh "$(free_port)" "$user" "$volume" "$stopsignal" "${#entrypoint[@]}" "${entrypoint[@]}" "${healthcheck[@]}"
end_tests
