#!/bin/bash
# Debian packages for the PostgreSQL majors of debian/pgversions that this system has the server's headers of.
#
#   scripts/deb.sh [FOLDER]      FOLDER, by default build/deb, gets the .deb files; what is built is built in there, too
#
# Wants what debian/control.in names as Build-Depends, and uses lintian if it is there (LINTIAN=no: not): its errors and
# warnings are failures.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "dynapg: $*"; }
die() { echo "dynapg: $*" >&2; exit 1; }

folder=${1:-build/deb}
version=$(sed -n '1s/.*(\(.*\)-[^-]*).*/\1/p' debian/changelog)
[ "$version" = "$(sed -n 's/^EXTVERSION = //p' Makefile)" ] || die "debian/changelog is not of the Makefile's EXTVERSION"
{ command -v pg_buildext && command -v dh; } >/dev/null ||
    die "please install first (names of Debian's packages): debhelper postgresql-server-dev-all"

mkdir -p "$folder"
folder=$(cd "$folder" && pwd -P)
# One name for all versions, so that ccache knows what it has compiled.
tree=$folder/dynapg
rm -rf "$tree" "$folder"/*.deb
mkdir "$tree"
# What git would clone, with what is not committed yet; or all that is no object, where there is no git.
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files -z --cached --others --exclude-standard | tar -cf - --null --ignore-failed-read -T - | tar -xf - -C "$tree"
else
    tar -cf - --exclude='*.[od]' --exclude='*.so' --exclude=./build . | tar -xf - -C "$tree"
fi
cd "$tree"
pg_buildext updatecontrol
say "building packages for PostgreSQL $(pg_buildext supported-versions | paste -sd' ')"
DEB_BUILD_OPTIONS="parallel=$(nproc) ${DEB_BUILD_OPTIONS:-}" dpkg-buildpackage -b -us -uc -tc >"$folder/log" 2>&1 ||
    { tail -n 40 "$folder/log" >&2; die "the packages could not be built: $folder/log"; }
cd "$folder"
rm -rf "$tree"
if [ "${LINTIAN:-yes}" = yes ] && command -v lintian >/dev/null; then
    lintian --fail-on error,warning --display-info --allow-root ./*.changes || die "lintian complains"
fi
ls ./*.deb
