#!/bin/bash
# Makes docs/reference.md from a private server that has dynapg.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

install_missing build
begin_work reference
private_server <<<"shared_preload_libraries = 'dynapg'"
as_user "$bin/psql" -X -q -d postgres -c 'CREATE EXTENSION dynapg'
PATH=$bin:$PATH PGDATABASE=postgres python3 tools/gen_reference.py
say "docs/reference.md is made"
