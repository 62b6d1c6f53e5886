#!/bin/bash
# Gets OpenSearch's server from Maven's repository, once, into the user's cache, and prints the folder that holds it: opensearch in it starts it.
#
#   opensearch PORT FOLDER              a server of one node, without security, on 127.0.0.1, that keeps its files in the folder
set -euo pipefail
cd "$(dirname "$0")"
folder=${XDG_CACHE_HOME:-$HOME/.cache}/dynapg/opensearch
if ! cat pom.xml SearchServer.java fetch.sh | cmp -s - "$folder/.installed"; then
    rm -rf "$folder"
    mkdir -p "$folder"
    cp pom.xml SearchServer.java fetch.sh "$folder"
    {
        cd "$folder"
        mvn -q -B dependency:copy-dependencies -DoutputDirectory=lib
        javac -cp 'lib/*' SearchServer.java
    } >&2
    cat >opensearch <<STARTER
#!/bin/bash
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xms256m -Xmx256m -cp '$folder:$folder/lib/*' SearchServer "\$@"
STARTER
    chmod +x opensearch
    cat pom.xml SearchServer.java fetch.sh >.installed
fi
echo "$folder"
