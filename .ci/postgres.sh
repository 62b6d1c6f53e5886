#!/bin/bash
# Builds a PostgreSQL major from Debian's source package, with assertions, and prints its prefix.
#
#   .ci/postgres.sh MAJOR SUITE CACHE        e.g. .ci/postgres.sh 17 trixie /var/cache/dynapg-ci
#
# A finished build is CACHE/pg<major>-<version>. It appears there by one rename, so that a build that was
# cut short is never taken for a good one. All that this script says goes to stderr, the prefix to stdout.
set -euo pipefail

major=$1 suite=$2 cache=$3
apt_root=$cache/apt-$suite

# Part of a build's identity: a cached build that was made with other options is made again.
options=(--enable-cassert --enable-debug --enable-tap-tests --without-icu --with-openssl)

say() { echo "ci: $*" >&2; }

# Finds the mirror in the machine's own sources, in whichever format they are written.
mirror() {
    local uri
    # shellcheck disable=SC2016 # $(REPO_URI) is apt's
    uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' |
        sort -u | head -n 1)
    [ -n "$uri" ] || { say "no Debian mirror among apt's sources (apt-get update first)"; return 1; }
    echo "${uri%/}/"
}

# apt with a configuration of its own: the machine's package lists and sources stay as they are.
private_apt() {
    local command=$1
    shift
    "$command" -o Dir::Etc::SourceList="$apt_root/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$apt_root/lists" -o Dir::Cache="$apt_root/cache" \
        -o Acquire::Check-Valid-Until="false" -o APT::Sandbox::User=root "$@"
}

update_sources() {
    mkdir -p "$apt_root/lists/partial" "$apt_root/cache/archives/partial"
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(mirror) $suite main" \
        >"$apt_root/sources.list"
    private_apt apt-get -qq update >&2
}

newest_source() {
    private_apt apt-cache showsrc --only-source "postgresql-$major" | sed -n 's/^Version: //p' | sort -V | tail -n 1
}

newest_cached() {
    find "$cache" -maxdepth 1 -name "pg$major-*" -printf '%f\n' 2>/dev/null |
        sed "s/^pg$major-//" | sort -V | tail -n 1
}

# True if the build under this prefix runs, has all that the tests need, and was made with our options.
is_good() {
    local prefix=$1 pgxs
    [ "$(cat "$prefix/build-options" 2>/dev/null)" = "${options[*]}" ] || return 1
    "$prefix/bin/postgres" --version >/dev/null 2>&1 || return 1
    pgxs=$("$prefix/bin/pg_config" --pkglibdir)/pgxs
    [ -x "$pgxs/src/test/regress/pg_regress" ] && [ -x "$pgxs/src/test/isolation/isolationtester" ] &&
        [ -f "$pgxs/src/test/perl/PostgreSQL/Test/Cluster.pm" ] &&
        [ -f "$("$prefix/bin/pg_config" --pkglibdir)/test_decoding.so" ] && [ -f "$prefix/regress/regress.so" ]
}

# Fetches a source that the lists name.
fetch_listed() { private_apt apt-get -qq source --download-only --only-source "postgresql-$major=$1"; }

# Fetches one that they no longer name from the same pool: nothing but its own signature vouches for it.
fetch_unlisted() {
    local version=$1 file
    for file in "$version.dsc" "${version%-*}.orig.tar.bz2" "$version.debian.tar.xz"; do
        /usr/lib/apt/apt-helper download-file "$(mirror)pool/main/p/postgresql-$major/postgresql-${major}_$file" \
            "postgresql-${major}_$file" || return 1
    done
    gpgv --keyring /usr/share/keyrings/debian-keyring.gpg ./*.dsc
}

# The minor before a version, as Debian names it: nothing if there is none.
previous_minor() {
    local minor
    minor=$(sed -nE "s/^$major\.([0-9]+)-.*/\1/p" <<<"$1")
    [ "${minor:-0}" = 0 ] || echo "$major.$((minor - 1))${1#"$major.$minor"}"
}

# Configures for the final prefix and installs into a staging folder: paths in the binaries hold after the move.
# The chain of && is on purpose: set -e does not hold in what a condition calls.
compile() {
    local prefix=$1 stage=$2
    ./configure --prefix="$prefix" "${options[@]}" &&
        nice make -j"$(nproc)" world-bin &&
        make install-world-bin DESTDIR="$stage" &&
        cp -a src/test/regress "$stage$prefix/" && # for test/postgres
        echo "${options[*]}" >"$stage$prefix/build-options"
}

# build FETCH VERSION: the source is taken as upstream wrote it, since Debian's patches lay an installation out over /usr/lib and
# /usr/share.
build() {
    local fetch=$1 version=$2 prefix=$cache/pg$major-$2 work
    ! is_good "$prefix" || return 0
    work=$(mktemp -d "$prefix.building.XXXXXX")
    say "building PostgreSQL $version (a few minutes)"
    if ! (cd "$work" && "$fetch" "$version" && dpkg-source --skip-patches -x ./*.dsc source &&
        cd source && compile "$prefix" "$work/stage") >"$work/log" 2>&1; then
        tail -n 40 "$work/log" >&2
        rm -rf "$work"
        return 1
    fi
    rm -rf "$prefix"
    mv -T "$work/stage$prefix" "$prefix"
    rm -rf "$work"
}

# The newest; where the pool lacks what the lists name, as a mirror's does at times, one that was built before, or the minor
# before it.
main() {
    local newest='' version
    # What a run that was killed has left: we hold the lock, so that it is nobody's now.
    rm -rf "$cache/pg$major-"*.building.*
    ! update_sources || newest=$(newest_source)
    if [ -n "$newest" ] && build fetch_listed "$newest"; then
        version=$newest
    else
        say "no source of postgresql-$major in $suite: trying what was built before"
        version=$(newest_cached)
        if ! is_good "$cache/pg$major-$version"; then
            version=$(previous_minor "$newest")
            [ -n "$version" ] && build fetch_unlisted "$version" || return 1
        fi
    fi
    is_good "$cache/pg$major-$version" || { say "the build of $version is incomplete"; return 1; }
    echo "$cache/pg$major-$version"
}

# One build of a major at a time, also when several CI runs share the cache.
mkdir -p "$cache"
exec 9>"$cache/lock-$major"
flock 9
main
