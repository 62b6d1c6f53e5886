#!/bin/bash
# Compares event patterns with Event Ruler on a private temporary cluster: `make differential-patterns`.
#
#   PG_CONFIG=...  SEED=...  COUNT=...  EVENT_RULER_VERSION=1.8.1  test/differential/event_patterns.sh
#
# Event Ruler comes from Maven's repository, as mvn is set up to reach it.  The last line is `N passed, N failed`.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

version=${EVENT_RULER_VERSION:-1.8.1}
work='' bin=''

fetch_ruler() {
    command -v mvn >/dev/null || die "please install Maven first"
    mkdir "$work/ruler"
    cat >"$work/ruler/pom.xml" <<POM
<project><modelVersion>4.0.0</modelVersion><groupId>dynapg</groupId><artifactId>ruler</artifactId><version>1</version>
<dependencies><dependency><groupId>software.amazon.event.ruler</groupId><artifactId>event-ruler</artifactId><version>$version</version></dependency></dependencies></project>
POM
    (cd "$work/ruler" && mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib -DincludeScope=runtime) >&2
}

main() {
    install_missing build
    begin_work patterns
    fetch_ruler
    private_server <<<'fsync = off'
    export PGDATABASE=patterns PATH=$bin:$PATH RULER_CLASSPATH="$work/ruler/lib/*"
    as_user createdb --template=template0 "$PGDATABASE"
    python3 test/differential/event_patterns.py
}

main "$@"
