#!/bin/bash
# The archive of a release, as PGXN wants it: what is committed, below dynapg-VERSION/, in build/dynapg-VERSION.zip.
#
#   scripts/dist.sh
#
# Refuses when the places that name the version do not name the same one, or when something is not committed.
set -euo pipefail
cd "$(dirname "$0")/.."

die() { echo "dynapg: $*" >&2; exit 1; }

python3 tools/check_meta.py --versions || die "the version is not the same everywhere"
[ -z "$(git status --porcelain)" ] || die "something is not committed: git status"
name=dynapg-$(sed -n 's/^EXTVERSION = //p' Makefile)
mkdir -p build
git archive --format=zip --prefix="$name/" --output="build/$name.zip" HEAD
echo "build/$name.zip"
