#!/bin/bash
# Exports under kill -9, twenty times, and to a full disk.
#
#   PG_CONFIG=...  CRASHES=20  ITEMS=10000  test/stress/exports.sh
#
# The first is test/tap/export.pl, with more of it. The second wants root, for a small file system: an export that does not fit fails, and nothing that
# it leaves looks whole; when there is room, the next one is. Works on private servers and leaves nothing behind. Exit status 0: nothing was wrong.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=scripts/lib.sh
. scripts/lib.sh

CRASHES=${CRASHES:-20} ITEMS=${ITEMS:-10000}
work='' bin=''

# the server may be writing there still
before_end() { ! mountpoint -q "$work/exports/small" || umount --lazy "$work/exports/small"; }

sql() { as_user "$bin/psql" -X -q -A -t -v ON_ERROR_STOP=1 -d postgres "$@"; }

# export_and_wait: status and FailureCode
export_and_wait() {
    local id
    id=$(sql -c "SELECT split_part(dynamo_export_table_to_point_in_time('{\"TableArn\": \"arn:aws:dynamodb:us-east-1:000000000000:table/Things\",
        \"S3Bucket\": \"small\"}') #>> '{ExportDescription,ExportArn}', '/', 4)")
    for _ in $(seq 600); do
        [ -z "$(sql -c "SELECT status FROM dynapg.transfers WHERE id = '$id' AND ended_at IS NOT NULL")" ] || break
        sleep 0.2
    done
    sql -F ' ' -c "SELECT status, failure_code FROM dynapg.transfers WHERE id = '$id'"
}

full_disk() {
    begin_work stress
    mkdir -p "$work/exports/small"
    private_server <<CONF
fsync = off
shared_preload_libraries = 'dynapg'
dynapg.export_directory = '$work/exports'
dynapg.export_file_size = '1MB'
CONF
    mount -t tmpfs -o size=3m,mode=777 tmpfs "$work/exports/small"
    sql -c 'CREATE EXTENSION dynapg' -c "SELECT NULL FROM dynamo_create_table('{\"TableName\": \"Things\", \"BillingMode\": \"PAY_PER_REQUEST\",
        \"KeySchema\": [{\"AttributeName\": \"p\", \"KeyType\": \"HASH\"}], \"AttributeDefinitions\": [{\"AttributeName\": \"p\", \"AttributeType\": \"S\"}]}')" \
        -c "SELECT NULL FROM dynamo_update_continuous_backups('{\"TableName\": \"Things\", \"PointInTimeRecoverySpecification\": {\"PointInTimeRecoveryEnabled\": true}}')" \
        -c "INSERT INTO dynamo.\"Things\" (item) SELECT jsonb_build_object('p', 'k' || i, 'v', md5(i::text) || md5((-i)::text)) FROM generate_series(1, 100000) i" >/dev/null
    for _ in $(seq 100); do
        [ "$(sql -c "SELECT count(*) FROM dynapg.logs WHERE status = 'ENABLED'")" = 0 ] || break
        sleep 0.2
    done

    [ "$(export_and_wait)" = 'FAILED StorageFull' ] || die "an export to a full disk ends otherwise: $(sql -x -c 'SELECT * FROM dynapg.stat_transfers')"
    [ -z "$(find "$work/exports/small" -name 'manifest-*')" ] || die "an export that failed has manifests"
    find "$work/exports/small" -name '.*' -type f | grep -q . && die "an export that failed has left temporary files"
    [ "$(sql -c 'SELECT count(*) FROM pg_ls_tmpdir()')" = 0 ] || die "an export that failed has left spools"
    mount -o remount,size=100m "$work/exports/small"
    [ "$(export_and_wait)" = 'COMPLETED ' ] || die "there is room, and the export ends otherwise"
    [ "$(find "$work/exports/small" -name 'manifest-summary.json' | wc -l)" = 1 ] || die "an export that is COMPLETED has no summary"
    say "a full disk: the export fails, and leaves nothing that looks whole"
}

if is_root; then
    full_disk
else
    say "no root: the full disk is left out"
fi
DYNAPG_EXPORT_KILLS=$CRASHES DYNAPG_EXPORT_ITEMS=$ITEMS ONLY=export scripts/test.sh
