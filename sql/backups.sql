-- Backups: CreateBackup, DescribeBackup, ListBackups, DeleteBackup.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.make_table(name text) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]'::jsonb))
$$;
CREATE FUNCTION pg_temp.backup(name text, backup text) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_create_backup(jsonb_build_object('TableName', name, 'BackupName', backup)) #>> '{BackupDetails,BackupArn}'
$$;
-- What an answer says, without times, labels and identifiers.
CREATE FUNCTION pg_temp.plain(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(answer, '\d{14}-[0-9a-f]{8}', '(label)', 'g'),
		'[0-9a-f]{8}-[0-9a-f-]{27}', '(id)', 'g'), '(DateTime": )[0-9.]+', '\1"(time)"', 'g')
$$;
CREATE FUNCTION pg_temp.try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE statement INTO answer;
	RETURN pg_temp.plain(answer);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || pg_temp.plain(SQLERRM);
END $$;

-- A table with all that a backup records, and tags, which it does not
SELECT count(*) FROM dynamo_create_table('{"TableName": "Music", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
		"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}}],
	"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"},
	"SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "alias/a"},
	"DeletionProtectionEnabled": false, "Tags": [{"Key": "k", "Value": "v"}]}');
INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('p', 'a' || i % 10, 's', i, 'g', 'x', 'long', repeat('y', i * 40)) FROM generate_series(1, 1000) i;
BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT count(*) FROM dynamo_update_time_to_live('{"TableName": "Music", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"}}');
SELECT jsonb_pretty(pg_temp.plain(dynamo_create_backup('{"TableName": "Music", "BackupName": "first"}')::text)::jsonb);
COMMIT;
SELECT jsonb_pretty(pg_temp.plain(dynamo_describe_backup(jsonb_build_object('BackupArn', dynamo_list_backups('{}') #>> '{BackupSummaries,0,BackupArn}'))::text)::jsonb);
SELECT jsonb_pretty(pg_temp.plain(dynamo_list_backups('{}')::text)::jsonb);

-- The milliseconds of the ARN are those of the creation
SELECT b.label = lpad((extract(epoch FROM created_at) * 1000)::bigint::text, 14, '0') || substr(b.label, 15) AS same,
	relation = 'Music~' || label AS named, items = 1000 AS counted FROM dynapg.backups b;
SELECT relation FROM dynapg.backups \gset
-- The items, in the order of their keys, in a table of the owner's
SELECT count(*), count(DISTINCT item) FROM dynapg_backup.:"relation";
SELECT count(*) FROM ((TABLE dynapg_backup.:"relation" EXCEPT ALL SELECT item FROM dynamo."Music") UNION ALL (SELECT item FROM dynamo."Music" EXCEPT ALL TABLE dynapg_backup.:"relation")) x;
SELECT array_agg(item ORDER BY b.ctid) = (SELECT array_agg(item ORDER BY hash, sort) FROM dynamo."Music") AS ordered FROM dynapg_backup.:"relation" b;
SELECT regexp_replace(obj_description(('dynapg_backup.' || quote_ident(:'relation'))::regclass), ', .*', '');

-- A plain table has no features; a backup is of its transaction's own changes; names need not be unique
BEGIN;
SELECT pg_temp.make_table('Plain');
SELECT dynapg.put('Plain', '{"p": "a", "s": 1}');
SELECT pg_temp.plain(pg_temp.backup('Plain', 'same'));
SELECT dynapg.put('Plain', '{"p": "a", "s": 2}');
SELECT pg_temp.plain(pg_temp.backup('arn:aws:dynamodb:us-east-1:000000000000:table/Plain', 'same'));
COMMIT;
SELECT jsonb_agg(pg_temp.plain(dynamo_describe_backup(jsonb_build_object('BackupArn', s ->> 'BackupArn'))::text)::jsonb #> '{BackupDescription,SourceTableFeatureDetails}')
	FROM jsonb_array_elements(dynamo_list_backups('{"TableName": "Plain"}') -> 'BackupSummaries') s;
SELECT string_agg(pg_temp.try(format('SELECT count(*) FROM dynapg_backup.%I', relation)), ' ' ORDER BY items)
	FROM dynapg.backups WHERE table_name = 'Plain';
-- Rolled back, it never was
BEGIN;
SELECT pg_temp.plain(pg_temp.backup('Plain', 'never'));
ROLLBACK;
SELECT count(*) FROM dynapg.backups WHERE name = 'never';

-- CreateBackup: what is refused
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "NoSuch", "BackupName": "abc"}'')');
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/NoSuch", "BackupName": "abc"}'')');
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "Music", "BackupName": ""}'')');
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "Music"}'')');
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "Music", "BackupName": "a b"}'')');
BEGIN;
SET LOCAL dynapg.control_plane_delay = '1min';
SELECT pg_temp.make_table('Coming');
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "Coming", "BackupName": "abc"}'')');
SELECT count(*) FROM dynamo_delete_table('{"TableName": "Plain"}');
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "Plain", "BackupName": "abc"}'')');
ROLLBACK;

-- ARNs: of no backup, of nowhere, of others, of another Region, of a backup that is not there
SELECT arn, pg_temp.try(format('SELECT dynamo_describe_backup(''{"BackupArn": "%s"}'')', arn)) FROM unnest('{
	arn:aws:dynamodb:us-east-1:000000000000:table/Music,
	what is long enough but not an ARN of anything,
	arn:aws:dynamodb:us-east-1:000000000000:table/Music/stream/2019-10-22T18:02:01.576,
	arn:aws:dynamodb:mars-north-1:000000000000:table/Music/backup/01576616366715-b4e58d3a,
	arn:aws-moon:dynamodb:us-east-1:000000000000:table/Music/backup/01576616366715-b4e58d3a,
	arn:aws:s3:us-east-1:000000000000:table/Music/backup/01576616366715-b4e58d3a,
	arn:aws:dynamodb::000000000000:table/Music/backup/01576616366715-b4e58d3a,
	arn:aws:dynamodb:us-east-1:999999999999:table/Music/backup/01576616366715-b4e58d3a,
	arn:aws:dynamodb:us-east-1:000000000000:table/Music/backup/01576616366715-b4e58d3a,
	short}'::text[]) arn;
SELECT pg_temp.try('SELECT dynamo_delete_backup(''{"BackupArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music/backup/01576616366715-b4e58d3a"}'')');
SELECT dynamo_list_backups('{"TableName": "Music"}') #>> '{BackupSummaries,0,BackupArn}' AS arn \gset
SELECT pg_temp.try(format('SELECT dynamo_describe_backup(''{"BackupArn": "%s"}'') #> ''{BackupDescription,BackupDetails}''', replace(:'arn', 'us-east-1', 'eu-west-1')));

-- ListBackups: order, pages, a cursor that is nowhere, tables, types, times
CREATE TEMP TABLE pages AS WITH RECURSIVE pages AS (
	SELECT 1 AS n, dynamo_list_backups('{"Limit": 2}') AS page
	UNION ALL SELECT n + 1, dynamo_list_backups(jsonb_build_object('Limit', 2, 'ExclusiveStartBackupArn', page -> 'LastEvaluatedBackupArn')) FROM pages WHERE page ? 'LastEvaluatedBackupArn')
	SELECT * FROM pages;
SELECT n, jsonb_path_query_array(page, '$.BackupSummaries[*].BackupName') AS names, page ? 'LastEvaluatedBackupArn' AS more FROM pages ORDER BY n;
SELECT dynamo_list_backups('{"Limit": 3}') ? 'LastEvaluatedBackupArn' AS more;
SELECT array_agg(label) = array_agg(label ORDER BY created_at, label) FROM (SELECT split_part(s ->> 'BackupArn', '/', 4) AS label, (s ->> 'BackupCreationDateTime')::float AS created_at
	FROM jsonb_array_elements(dynamo_list_backups('{}') -> 'BackupSummaries') s) x;
SELECT jsonb_path_query_array(dynamo_list_backups('{"ExclusiveStartBackupArn": "arn:aws:dynamodb:us-east-1:000000000000:table/None/backup/01576616366715-b4e58d3a"}'), '$.BackupSummaries[*].BackupName');
SELECT pg_temp.try('SELECT dynamo_list_backups(''{"ExclusiveStartBackupArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/None/backup/01576616366715-b4e58d3a"}'')');
SELECT pg_temp.try('SELECT dynamo_list_backups(''{"ExclusiveStartBackupArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music"}'')');
SELECT dynamo_list_backups('{"TableName": "NoSuch"}');
SELECT type, jsonb_array_length(dynamo_list_backups(jsonb_build_object('BackupType', type)) -> 'BackupSummaries') FROM unnest('{USER,SYSTEM,AWS_BACKUP,ALL}'::text[]) type;
SELECT pg_temp.try('SELECT dynamo_list_backups(''{"BackupType": "user"}'')');
SELECT pg_temp.try('SELECT dynamo_list_backups(''{"Limit": 101}'')');
SELECT pg_temp.try('SELECT dynamo_list_backups(''{"Limit": 0}'')');
SELECT pg_temp.try('SELECT dynamo_list_backups(''{"TimeRangeLowerBound": 2, "TimeRangeUpperBound": 1}'')');
SELECT jsonb_array_length(dynamo_list_backups(jsonb_build_object('TableName', 'Music', 'TimeRangeLowerBound', t + low, 'TimeRangeUpperBound', t + high)) -> 'BackupSummaries') AS found, low, high
	FROM (SELECT (dynamo_list_backups('{"TableName": "Music"}') #>> '{BackupSummaries,0,BackupCreationDateTime}')::numeric AS t) x, (VALUES (0, 0.001), (-1, 0), (0.001, 1), (-1, 1), (0, 0)) y(low, high);
SELECT jsonb_array_length(dynamo_list_backups('{"TimeRangeLowerBound": 0, "TimeRangeUpperBound": 99999999999}') -> 'BackupSummaries');

-- A backup outlives its table, and the next one of the name has its own
SELECT count(*) FROM dynamo_delete_table('{"TableName": "Music"}');
SELECT pg_temp.make_table('Music');
BEGIN;
SELECT pg_temp.plain(pg_temp.backup('Music', 'second'));
COMMIT;
SELECT count(*) AS backups, count(DISTINCT s -> 'TableId') AS ids, count(DISTINCT s -> 'TableArn') AS arns FROM jsonb_array_elements(dynamo_list_backups('{"TableName": "Music"}') -> 'BackupSummaries') s;
SELECT count(*) FROM dynapg_backup.:"relation";

-- Whose it is, he deletes it; others see it and no more
CREATE ROLE backups_owner;
CREATE ROLE backups_other;
GRANT CREATE ON SCHEMA dynamo TO backups_owner;
SET ROLE backups_owner;
SELECT pg_temp.make_table('Owned');
BEGIN;
SELECT dynapg.put('Owned', '{"p": "a", "s": 1}');
SELECT pg_temp.plain(pg_temp.backup('Owned', 'owned'));
COMMIT;
RESET ROLE;
GRANT SELECT ON dynamo."Owned" TO backups_other;
SELECT dynamo_list_backups('{"TableName": "Owned"}') #>> '{BackupSummaries,0,BackupArn}' AS arn \gset
SELECT relation FROM dynapg.backups WHERE table_name = 'Owned' \gset
SET ROLE backups_other;
SELECT pg_temp.try('SELECT dynamo_create_backup(''{"TableName": "Owned", "BackupName": "abc"}'')');
SELECT pg_temp.try(format('SELECT dynamo_describe_backup(''{"BackupArn": "%s"}'') #> ''{BackupDescription,BackupDetails,BackupName}''', :'arn'));
SELECT pg_temp.try(format('SELECT dynamo_delete_backup(''{"BackupArn": "%s"}'')', :'arn'));
SELECT pg_temp.try(format('SELECT count(*) FROM dynapg_backup.%I', :'relation'));
SET ROLE backups_owner;
SELECT pg_temp.try(format('SELECT count(*) FROM dynapg_backup.%I', :'relation'));
SELECT jsonb_pretty(pg_temp.plain(dynamo_delete_backup(jsonb_build_object('BackupArn', :'arn'))::text)::jsonb);
SELECT pg_temp.try(format('SELECT dynamo_describe_backup(''{"BackupArn": "%s"}'')', :'arn'));
SELECT pg_temp.try(format('SELECT dynamo_delete_backup(''{"BackupArn": "%s"}'')', :'arn'));
SELECT to_regclass('dynapg_backup.' || quote_ident(:'relation'));

-- Policies of the table's do not thin a backup out
RESET ROLE;
ALTER TABLE dynamo."Owned" ENABLE ROW LEVEL SECURITY;
ALTER TABLE dynamo."Owned" FORCE ROW LEVEL SECURITY;
SET ROLE backups_owner;
BEGIN;
SELECT pg_temp.plain(pg_temp.backup('Owned', 'policies'));
COMMIT;
RESET ROLE;
SELECT relation FROM dynapg.backups WHERE table_name = 'Owned' \gset
SELECT count(*) FROM dynapg_backup.:"relation";

-- A backup whose table is elsewhere is not there, and comes back with it; DROP TABLE deletes it
SELECT dynamo_list_backups('{"TableName": "Owned"}') #>> '{BackupSummaries,0,BackupArn}' AS arn \gset
ALTER TABLE dynapg_backup.:"relation" RENAME TO elsewhere;
SELECT dynamo_list_backups('{"TableName": "Owned"}'), pg_temp.try(format('SELECT dynamo_describe_backup(''{"BackupArn": "%s"}'')', :'arn'));
ALTER TABLE dynapg_backup.elsewhere RENAME TO :"relation";
SELECT jsonb_array_length(dynamo_list_backups('{"TableName": "Owned"}') -> 'BackupSummaries');
SET ROLE backups_owner;
DROP TABLE dynapg_backup.:"relation";
RESET ROLE;
SELECT count(*) FROM dynapg.backups WHERE table_name = 'Owned';

-- Asked for and not made yet: DeleteTable makes it, DROP TABLE gives it up
BEGIN;
INSERT INTO dynapg.backups (label, table_name, name, relation, created_at, items, bytes, table_id, table_created_at, definition, indexes)
	SELECT '01576616366715-0000000' || n, name, 'pending', name || n, now(), 0, 0, id, created_at, definition, '[]' FROM dynapg.tables, generate_series(1, 2) n WHERE name = 'Owned';
SELECT s ->> 'BackupStatus' AS status FROM jsonb_array_elements(dynamo_list_backups('{"TableName": "Owned"}') -> 'BackupSummaries') s;
SAVEPOINT before;
SELECT count(*) FROM dynamo_delete_table('{"TableName": "Owned"}');
SELECT s ->> 'BackupStatus' AS status FROM jsonb_array_elements(dynamo_list_backups('{"TableName": "Owned"}') -> 'BackupSummaries') s;
SELECT count(*) FROM dynapg_backup."Owned1";
ROLLBACK TO before;
DROP TABLE dynamo."Owned";
SELECT count(*) FROM dynapg.backups WHERE table_name = 'Owned';
ROLLBACK;

-- DeleteTable of a table with continuous backups leaves a SYSTEM backup: its very relation, moved. DROP TABLE leaves none
SET client_min_messages TO warning;
SET ROLE backups_owner;
SELECT pg_temp.make_table('Kept');
INSERT INTO dynamo."Kept" (item) SELECT jsonb_build_object('p', 'a', 's', i) FROM generate_series(1, 3) i;
BEGIN;
SELECT count(*) FROM dynamo_update_continuous_backups('{"TableName": "Kept", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}');
COMMIT;
SELECT 'dynamo."Kept"'::regclass::oid AS oid \gset
CREATE TEMP VIEW depends AS SELECT item FROM dynamo."Kept";
SELECT dynamo_delete_table('{"TableName": "Kept"}');
SELECT count(*) FROM dynapg.backups WHERE table_name = 'Kept';
DROP VIEW depends;
SELECT count(*) FROM dynamo_delete_table('{"TableName": "Kept"}');
SELECT relation = (SELECT relname FROM pg_class WHERE oid = :oid) AS moved, label ~ '-00000000$' AS numbered, expires_at = created_at + '35 days' AS kept FROM dynapg.backups WHERE table_name = 'Kept';
SELECT count(*) FILTER (WHERE tgname LIKE 'dynapg%') AS triggers, (SELECT count(*) FROM pg_index WHERE indrelid = :oid) AS indexes FROM pg_trigger WHERE tgrelid = :oid;
SELECT dynamo_list_backups('{"TableName": "Kept"}');
SELECT jsonb_pretty(pg_temp.plain(dynamo_list_backups('{"TableName": "Kept", "BackupType": "SYSTEM"}')::text)::jsonb);
SELECT dynamo_list_backups('{"TableName": "Kept", "BackupType": "ALL"}') #>> '{BackupSummaries,0,BackupArn}' AS arn \gset
SELECT dynamo_describe_backup(jsonb_build_object('BackupArn', :'arn')) #> '{BackupDescription,SourceTableFeatureDetails}';
SELECT regexp_replace(pg_temp.try(format('SELECT dynamo_delete_backup(''{"BackupArn": "%s"}'')', :'arn')), '20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ', '(time)');
BEGIN;
SELECT dynamo_restore_table_from_backup(jsonb_build_object('TargetTableName', 'Kept', 'BackupArn', :'arn')) #>> '{TableDescription,TableStatus}';
SELECT item FROM dynamo."Kept" ORDER BY item;
SELECT * FROM dynapg.check_table('Kept');
COMMIT;
SELECT dynamo_describe_continuous_backups('{"TableName": "Kept"}') #>> '{ContinuousBackupsDescription,PointInTimeRecoveryDescription,PointInTimeRecoveryStatus}';
-- A second one of the name; DROP TABLE
BEGIN;
SELECT count(*) FROM dynamo_update_continuous_backups('{"TableName": "Kept", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}');
SELECT count(*) FROM dynamo_delete_table('{"TableName": "Kept"}');
SELECT pg_temp.make_table('Kept');
SELECT count(*) FROM dynamo_update_continuous_backups('{"TableName": "Kept", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}');
DROP TABLE dynamo."Kept";
SELECT jsonb_array_length(dynamo_list_backups('{"TableName": "Kept", "BackupType": "ALL"}') -> 'BackupSummaries');
COMMIT;
-- Once it has expired it is not there, and goes with the next round
RESET ROLE;
UPDATE dynapg.backups SET expires_at = now() WHERE table_name = 'Kept';
SELECT dynamo_list_backups('{"TableName": "Kept", "BackupType": "ALL"}'), pg_temp.try(format('SELECT dynamo_describe_backup(''{"BackupArn": "%s"}'')', :'arn'));
SELECT dynapg.run_backup_schedules();
DO $$ BEGIN
	FOR i IN 1 .. 15000 LOOP
		EXIT WHEN NOT EXISTS (SELECT FROM dynapg.backups WHERE table_name = 'Kept');
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT count(*) FROM dynapg.backups WHERE table_name = 'Kept';
SELECT count(*) FROM pg_class WHERE oid = :oid;
RESET client_min_messages;

-- Schemas of ours keep their names
ALTER SCHEMA dynapg_backup RENAME TO other;

SELECT count(*) FROM dynapg.backups b, dynamo_delete_backup(jsonb_build_object('BackupArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/' || table_name || '/backup/' || label));
SELECT count(*) FROM pg_class WHERE relnamespace = 'dynapg_backup'::regnamespace AND relkind = 'r';
DROP TABLE dynamo."Owned", dynamo."Plain", dynamo."Music";
DROP OWNED BY backups_owner, backups_other;
DROP ROLE backups_owner, backups_other;
