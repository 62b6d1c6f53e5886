#!/bin/bash
# Debian packages, built and put to use in minimal systems.
#
#   test/packages/run.sh [CASE ...]      all of them when none is named
#
# 15, 17 and 18 are lives of packages (life.sh) on the Debian that has that PostgreSQL: 12, 13 and the one to come. 15-17 and 17-18 are
# pg_upgrade with the packages of both (majors.sh), on the later Debian, as after an upgrade of the system. installcheck is what
# autopkgtest would run (debian/tests), of the tests that ONLY names. minutes is docs/first-five-minutes.md.
#
# Wants root's rights; test/bare/systems.sh has more about the systems. The packages that were built are left in build/packages; BUILT=1 takes
# those that are there.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh
# shellcheck source=test/bare/systems.sh
. test/bare/systems.sh
# shellcheck source=test/packages/systems.sh
. test/packages/systems.sh

cases=("$@")
[ $# -gt 0 ] || cases=(15 17 18 15-17 17-18 installcheck minutes)
built=$PWD/build/packages
version=$(sed -n 's/^EXTVERSION = //p' Makefile)
higher=${version%.*}.$((${version##*.} + 1))

debian_of() {
    case $1 in
        15) echo bookworm ;;
        17) echo trixie ;;
        18) echo forky ;;
        *) die "there is no Debian with PostgreSQL $1 here" ;;
    esac
}

# fresh NAME SUITE...: a copy of a system, whose apt knows these suites, in $root.
fresh() {
    local name=$1
    shift
    system "$name"
    rm -rf "$root"
    cp -a "$cache/$name" "$root"
    connect "$root" "$@"
    mkdir -p "$root/packages/test"
    cp test/packages/{checks,life,majors}.sh "$root/packages/test/"
}

# make_deb TO [VERSION]: packages for the majors of the system $building, in the folder TO, of an extension of another version if that is
# named. It is built where it was built before, so that ccache knows it.
make_deb() {
    local to=$1 other=${2:-} tree=$building/build
    rm -rf "$tree"
    mkdir "$tree"
    copy_checkout "$tree"
    [ -z "$other" ] || other_version "$tree" "$other"
    inside "$building" env PATH="/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin" DEB_BUILD_OPTIONS=noautodbgsym LINTIAN="$([ -n "$other" ] && echo no || echo yes)" \
        /build/scripts/deb.sh >"$work/log" 2>&1 || { tail -n 50 "$work/log"; return 1; }
    rm -rf "$to"
    mkdir -p "$to"
    cp "$tree"/build/deb/*.deb "$to"
    rm -rf "$tree"
}

# other_version TREE VERSION: the same with that number, whose upgrade script leaves a trace.
other_version() {
    local tree=$1 other=$2
    sed -i "s/^EXTVERSION = .*/EXTVERSION = $other/" "$tree/Makefile"
    sed -i "s/^default_version = .*/default_version = '$other'/" "$tree/dynapg.control"
    mkdir -p "$tree/sql/upgrade"
    echo "COMMENT ON EXTENSION dynapg IS 'upgraded to $other';" >"$tree/sql/upgrade/dynapg--$version--$other.sql"
    {
        printf 'dynapg (%s-1) unstable; urgency=medium\n\n  * Another version.\n\n' "$other"
        echo "$(sed -n 's/^\( -- .*>  \).*/\1/p' "$tree/debian/changelog" | head -n 1)$(date -R)"
        echo
        cat "$tree/debian/changelog"
    } >"$work/changelog"
    cp "$work/changelog" "$tree/debian/changelog"
}

# build MAJOR [VERSION]: once; packages in $built/MAJOR, and of a higher version, if one is named, in $built/MAJOR-newer.
build() {
    local major=$1 other=${2:-} suite building began=$SECONDS status=ok name=$1${2:+-newer}
    [ -z "${done_builds[$name]:-}" ] || return 0
    done_builds[$name]=yes
    [ -z "${BUILT:-}" ] || [ ! -d "$built/$name" ] || return 0
    suite=$(debian_of "$major")
    system "$(with_suite build "$suite")"
    building=$cache/$(with_suite build "$suite")
    connect "$building" "$suite"
    make_deb "$built/$name" "$other" || status='not ok'
    result "$status: packages for PostgreSQL $major, version ${other:-$version; lintian has nothing to say} ($((SECONDS - began)) s)"
}

run_life() {
    local major=$1 suite
    suite=$(debian_of "$major")
    build "$major"
    build "$major" "$higher"
    fresh "$(with_suite nothing "$suite")" "$suite"
    cp -a "$built/$major" "$root/packages/first"
    cp -a "$built/$major-newer" "$root/packages/newer"
    again inside "$root" apt-get -qq update
    results inside "$root" /packages/test/life.sh "$major" /packages/first /packages/newer "$higher" "$(free_port)"
}

run_majors() {
    local old=$1 new=$2 suite
    suite=$(debian_of "$new")
    build "$old"
    build "$new"
    fresh "$(with_suite nothing "$suite")" "$suite" "$(debian_of "$old")"
    cp -a "$built/$old" "$built/$new" "$root/packages/"
    install_in "$root" curl "/packages/$old/postgresql-$old-dynapg"{,-http}_"$version-1_$architecture.deb" \
        "/packages/$new/postgresql-$new-dynapg"{,-http}_"$version-1_$architecture.deb" >"$work/log" 2>&1 || { tail -n 30 "$work/log"; return 1; }
    results inside "$root" /packages/test/majors.sh "$old" "$new" "$(free_port)"
}

# Its port is the default one, which another server of this machine must not have.
run_minutes() {
    build 15
    fresh nothing bookworm
    cp -a "$built/15" "$root/packages/first"
    python3 test/packages/minutes.py script docs/first-five-minutes.md >"$root/packages/minutes.sh"
    again inside "$root" apt-get -qq update
    inside "$root" bash /packages/minutes.sh >"$work/minutes" 2>&1 || true
    results python3 test/packages/minutes.py check docs/first-five-minutes.md "$work/minutes"
}

# In the system that builds packages, since it has what these tests want besides.
run_installcheck() {
    build 15
    fresh build bookworm
    cp -a "$built/15" "$root/packages/"
    mkdir "$root/checkout"
    copy_checkout "$root/checkout"
    chroot "$root" chown -R newcomer: /checkout
    # shellcheck disable=SC2016 # for the shell inside
    if { install_in "$root" curl libipc-run-perl /packages/15/postgresql-15-dynapg{,-http}_"$version-1_$architecture.deb" && inside "$root" runuser -u newcomer -- env PORT="$(free_port)" \
        REGRESS="${ONLY-items list_tables}" ISOLATION="${ONLY+}" sh -ec 'cd /checkout; debian/tests/installcheck; debian/tests/http'; } \
        >"$work/log" 2>&1; then
        result 'ok: installcheck and a request'
    else
        tail -n 60 "$work/log"
        result 'not ok: installcheck and a request'
    fi
}

architecture=$(dpkg --print-architecture)
declare -A done_builds=()
begin_systems
begin_tests packages
root=$work/root
# not $root: where a signal comes, that may be a function's own, of the system that packages are built in
trap 'rm -rf "$work/root"; on_tests_exit packages' EXIT
for each in "${cases[@]}"; do
    printf '\n== %s\n' "$each"
    began=$SECONDS
    case $each in
        *-*) run_majors "${each%-*}" "${each#*-}" ;;
        installcheck) run_installcheck ;;
        minutes) run_minutes ;;
        *) run_life "$each" ;;
    esac
    echo "($((SECONDS - began)) s)"
done
end_tests
