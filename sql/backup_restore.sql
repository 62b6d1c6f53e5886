-- RestoreTableFromBackup: what is restored and what is not, overrides, what is refused.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- What an answer says, without times, labels and identifiers.
CREATE FUNCTION pg_temp.plain(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(answer, '\d{14}-[0-9a-f]{8}', '(label)', 'g'),
		'[0-9a-f]{8}-[0-9a-f-]{27}', '(id)', 'g'), '(DateTime": )[0-9.]+', '\1"(time)"', 'g')
$$;
CREATE FUNCTION pg_temp.backup(name text) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_create_backup(jsonb_build_object('TableName', name, 'BackupName', 'backup')) #>> '{BackupDetails,BackupArn}'
$$;
CREATE FUNCTION pg_temp.restore(arn text, target text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN pg_temp.plain(dynamo_restore_table_from_backup(jsonb_build_object('BackupArn', arn, 'TargetTableName', target) || members)::text);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || pg_temp.plain(SQLERRM);
END $$;
-- What is left of a table's description: mode, capacity, indexes.
CREATE FUNCTION pg_temp.summary(name text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', t ->> 'TableStatus', t #>> '{BillingModeSummary,BillingMode}', t #> '{ProvisionedThroughput,ReadCapacityUnits}', t #> '{ProvisionedThroughput,WriteCapacityUnits}', t -> 'OnDemandThroughput',
		(SELECT string_agg(concat(i ->> 'IndexName', ':', i #>> '{ProvisionedThroughput,ReadCapacityUnits}', '/', i #>> '{ProvisionedThroughput,WriteCapacityUnits}', ' ', i ->> 'IndexStatus'), ', ')
			FROM jsonb_path_query(t, '$.*[*] ? (exists (@.IndexName))') i))
	FROM (SELECT dynamo_describe_table(jsonb_build_object('TableName', name)) -> 'Table' AS t) x
$$;

SELECT count(*) FROM dynamo_create_table('{"TableName": "Music", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
		"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}}],
	"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}, "TableClass": "STANDARD_INFREQUENT_ACCESS",
	"DeletionProtectionEnabled": true, "Tags": [{"Key": "k", "Value": "v"}]}');
INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('p', 'a' || i % 10, 's', i, 'g', 'g' || i % 3, 'x', i, 'long', repeat('y', i * 40)) FROM generate_series(1, 1000) i;
BEGIN;
SELECT count(*) FROM dynamo_update_time_to_live('{"TableName": "Music", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"}}');
SELECT pg_temp.backup('Music') AS arn \gset
COMMIT;
DELETE FROM dynamo."Music" WHERE (item -> 's')::int > 500;

-- In a transaction block: items, keys, indexes, capacity come back; streams, time to live, tags, class and protection do not
BEGIN;
SELECT jsonb_pretty(pg_temp.restore(:'arn', 'Restored')::jsonb);
COMMIT;
SELECT pg_temp.summary('Restored');
SELECT pg_temp.plain(((dynamo_describe_table('{"TableName": "Restored"}') -> 'Table') - '{GlobalSecondaryIndexes,LocalSecondaryIndexes,AttributeDefinitions,KeySchema,WarmThroughput}'::text[])::text);
SELECT count(*), sum((item -> 's')::int), sum(length(item ->> 'long')) FROM dynamo."Restored";
SELECT * FROM dynapg.check_table('Restored');
SELECT dynamo_query('{"TableName": "Restored", "IndexName": "by-g", "Select": "COUNT", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "g1"}}}') -> 'Count';
SELECT dynamo_describe_time_to_live('{"TableName": "Restored"}'), dynamo_list_streams('{"TableName": "Restored"}'), dynamo_list_tags_of_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Restored"}');

-- By a job: CREATING until it is whole, RestoreSummary until then; the backup is in use, the name is taken
BEGIN;
SELECT pg_temp.restore(:'arn', 'Again')::jsonb #> '{TableDescription,RestoreSummary}';
ROLLBACK;
SELECT dynamo_restore_table_from_backup(jsonb_build_object('BackupArn', :'arn', 'TargetTableName', 'Again')) #>> '{TableDescription,TableStatus}';
SELECT dynapg.wait_for_indexes('Again');
DO $$ BEGIN
	FOR i IN 1 .. 15000 LOOP
		EXIT WHEN dynamo_describe_table('{"TableName": "Again"}') #>> '{Table,TableStatus}' = 'ACTIVE';
		PERFORM pg_sleep(0.01);
	END LOOP;
END $$;
SELECT pg_temp.summary('Again');
SELECT count(*) FROM ((SELECT item FROM dynamo."Again" EXCEPT ALL SELECT item FROM dynamo."Restored") UNION ALL (SELECT item FROM dynamo."Restored" EXCEPT ALL SELECT item FROM dynamo."Again")) x;

-- What its owner has made of a backup: errors, and nothing left
SELECT relation AS backup FROM dynapg.backups ORDER BY created_at LIMIT 1 \gset
BEGIN;
ALTER TABLE dynapg_backup.:"backup" ALTER item DROP NOT NULL;
INSERT INTO dynapg_backup.:"backup" VALUES (NULL);
SELECT pg_temp.fails(format('SELECT dynamo_restore_table_from_backup(jsonb_build_object(''BackupArn'', %L, ''TargetTableName'', ''Null''))', :'arn'));
DELETE FROM dynapg_backup.:"backup" WHERE item IS NULL;
INSERT INTO dynapg_backup.:"backup" VALUES ('{"p": 5}');
SELECT pg_temp.fails(format('SELECT dynamo_restore_table_from_backup(jsonb_build_object(''BackupArn'', %L, ''TargetTableName'', ''Null''))', :'arn'));
ALTER TABLE dynapg_backup.:"backup" ALTER item TYPE text;
SELECT pg_temp.fails(format('SELECT dynamo_restore_table_from_backup(jsonb_build_object(''BackupArn'', %L, ''TargetTableName'', ''Null''))', :'arn'));
ALTER TABLE dynapg_backup.:"backup" DROP item;
SELECT pg_temp.fails(format('SELECT dynamo_restore_table_from_backup(jsonb_build_object(''BackupArn'', %L, ''TargetTableName'', ''Null''))', :'arn'));
ROLLBACK;
-- While one goes on
BEGIN;
INSERT INTO dynapg.restores (relation, table_name, source_table, backup_arn, restore_time, source) VALUES ('dynamo."Again"', 'Again', 'Music', :'arn', now(), 'dynamo."Again"');
UPDATE dynapg.tables SET change = 'CREATING', change_ends = 'infinity' WHERE name = 'Again';
SELECT pg_temp.restore(:'arn', 'Third');
SELECT pg_temp.restore(:'arn', 'Again');
SELECT pg_temp.plain(:'arn');
DO $$ BEGIN
	PERFORM dynamo_delete_backup(jsonb_build_object('BackupArn', (SELECT backup_arn FROM dynapg.restores)));
EXCEPTION WHEN OTHERS THEN RAISE WARNING '% %', SQLSTATE, pg_temp.plain(SQLERRM); END $$;
DO $$ BEGIN
	PERFORM dynamo_create_backup('{"TableName": "Again", "BackupName": "abc"}');
EXCEPTION WHEN OTHERS THEN RAISE WARNING '% %', SQLSTATE, pg_temp.plain(SQLERRM); END $$;
ROLLBACK;

-- What is refused, and makes no table
SELECT pg_temp.restore(:'arn', 'Music');
SELECT pg_temp.restore('arn:aws:dynamodb:us-east-1:000000000000:table/Music/backup/01576616366715-b4e58d3a', 'New');
SELECT pg_temp.restore('arn:aws:dynamodb:us-east-1:000000000000:table/Music/stream/2019-10-22T18:02:01.576', 'New');
SELECT pg_temp.restore(replace(:'arn', '000000000000', '999999999999'), 'New');
SELECT pg_temp.restore(replace(:'arn', 'us-east-1', 'eu-west-1'), 'New');
SELECT pg_temp.restore(:'arn', '');
SELECT pg_temp.restore(:'arn', 'a b c');
SELECT pg_temp.restore(:'arn', 'New', '{"BillingModeOverride": "PROVISIONED"}');
SELECT pg_temp.restore(:'arn', 'New', '{"BillingModeOverride": "PAY_PER_REQUEST", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
SELECT pg_temp.restore(:'arn', 'New', '{"OnDemandThroughputOverride": {"MaxReadRequestUnits": 5}}');
SELECT pg_temp.restore(:'arn', 'New', '{"BillingModeOverride": "PAY_PER_REQUEST", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 0}}');
SELECT pg_temp.restore(:'arn', 'New', '{"GlobalSecondaryIndexOverride": [{"IndexName": "other", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}');
SELECT pg_temp.restore(:'arn', 'New', '{"SSESpecificationOverride": {"Enabled": true, "SSEType": "AES256"}}');
SELECT count(*) FROM dynapg.tables WHERE name = 'New';

-- Overrides: no indexes, other names and capacities, on demand; and from on demand
SELECT left(pg_temp.restore(:'arn', 'None', '{"GlobalSecondaryIndexOverride": [], "LocalSecondaryIndexOverride": []}'), 20), pg_temp.summary('None');
SELECT left(pg_temp.restore(:'arn', 'Named', '{"GlobalSecondaryIndexOverride": [{"IndexName": "renamed", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x"]},
	"ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}}], "ProvisionedThroughputOverride": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 8}}'), 20);
SELECT pg_temp.summary('Named');
SELECT left(pg_temp.restore(:'arn', 'Demand', '{"BillingModeOverride": "PAY_PER_REQUEST", "OnDemandThroughputOverride": {"MaxReadRequestUnits": 9}}'), 20);
SELECT pg_temp.summary('Demand');
BEGIN;
SELECT pg_temp.backup('Demand') AS demand \gset
SELECT pg_temp.restore(:'demand', 'New', '{"ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
SELECT pg_temp.restore(:'demand', 'New', '{"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
-- quotas, where throttling is on; this server has not preloaded dynapg
SET client_min_messages TO error;
SET dynapg.throttling = on;
SELECT pg_temp.restore(:'arn', 'New', '{"ProvisionedThroughputOverride": {"ReadCapacityUnits": 40001, "WriteCapacityUnits": 1}}');
SELECT pg_temp.restore(:'demand', 'New', '{"OnDemandThroughputOverride": {"MaxWriteRequestUnits": 40001}}');
RESET dynapg.throttling;
SET client_min_messages TO warning;
SELECT left(pg_temp.restore(:'demand', 'New'), 20);
SELECT pg_temp.summary('New');
ROLLBACK;

-- Another role: the owner of the backup may, and the table is his
CREATE ROLE backup_restore_owner;
CREATE ROLE backup_restore_other;
GRANT CREATE ON SCHEMA dynamo TO backup_restore_owner, backup_restore_other;
SELECT relation FROM dynapg.backups WHERE table_name = 'Music' \gset
SET ROLE backup_restore_other;
SELECT pg_temp.restore(:'arn', 'Other');
RESET ROLE;
ALTER TABLE dynapg_backup.:"relation" OWNER TO backup_restore_owner;
SET ROLE backup_restore_owner;
SELECT left(pg_temp.restore(:'arn', 'Other'), 20);
RESET ROLE;
SELECT relowner::regrole, (SELECT count(*) FROM dynamo."Other") FROM pg_class WHERE oid = 'dynamo."Other"'::regclass;

-- A backup whose table is gone can be restored under its name
ALTER TABLE dynamo."Music" OWNER TO CURRENT_USER;
SELECT count(*) FROM dynamo_update_table('{"TableName": "Music", "DeletionProtectionEnabled": false}');
BEGIN;
SELECT count(*) FROM dynamo_delete_table('{"TableName": "Music"}');
SELECT left(pg_temp.restore(:'arn', 'Music'), 20);
SELECT count(*) FROM dynamo."Music";
COMMIT;

SELECT count(*) FROM dynapg.backups, dynamo_delete_backup(jsonb_build_object('BackupArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/' || table_name || '/backup/' || label));
DROP TABLE dynamo."Music", dynamo."Restored", dynamo."Again", dynamo."None", dynamo."Named", dynamo."Demand", dynamo."Other";
DROP OWNED BY backup_restore_owner, backup_restore_other;
DROP ROLE backup_restore_owner, backup_restore_other;
