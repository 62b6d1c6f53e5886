-- Point-in-time recovery: UpdateContinuousBackups, DescribeContinuousBackups, and what RestoreTableToPointInTime refuses.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- A table; what DescribeContinuousBackups and UpdateContinuousBackups say of one, times left out; waiting until its undo log is as wanted and
-- has a moment.
CREATE FUNCTION pg_temp.make_table(name text, members jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}]'::jsonb) || members)
$$;
CREATE FUNCTION pg_temp.plain(answer jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(answer::text, '(RestorableDateTime": )[0-9]+\.0([,}])', '\1"(whole seconds)"\2', 'g')
$$;
CREATE FUNCTION pg_temp.describe(name text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.plain(dynamo_describe_continuous_backups(jsonb_build_object('TableName', name)))
$$;
CREATE FUNCTION pg_temp.update(name text, members jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.plain(dynamo_update_continuous_backups(jsonb_build_object('TableName', name, 'PointInTimeRecoverySpecification', members)))
$$;
CREATE PROCEDURE pg_temp.wait_for_moment(name text) LANGUAGE plpgsql AS $$
DECLARE
	l dynapg.logs;
BEGIN
	FOR i IN 1 .. 15000 LOOP
		PERFORM dynapg.tick();
		COMMIT;
		SELECT * INTO l FROM dynapg.logs WHERE table_name = name AND kind = 'UNDO' AND kept AND status = 'ENABLED';
		IF FOUND AND EXISTS (SELECT FROM dynapg.ticks WHERE pg_visible_in_snapshot(l.begun_by, snapshot)) THEN
			RETURN;
		END IF;
		PERFORM dynamo_describe_table(jsonb_build_object('TableName', name));
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
	RAISE 'no moment';
END $$;

-- Off, on, other days, on again without days, off, off again
SELECT pg_temp.make_table('Plain');
SELECT pg_temp.describe('Plain');
SELECT pg_temp.update('Plain', '{"PointInTimeRecoveryEnabled": true}');
SELECT pg_temp.describe('Plain');
CALL pg_temp.wait_for_moment('Plain');
SELECT pg_temp.describe('Plain');
SELECT pg_temp.update('Plain', '{"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 7}');
SELECT kind, status, days FROM dynapg.logs WHERE table_name = 'Plain';
SELECT definition -> 'PointInTimeRecoveryDescription' FROM dynapg.tables WHERE name = 'Plain';
SELECT pg_temp.update('Plain', '{"PointInTimeRecoveryEnabled": true}');
SELECT pg_temp.update('Plain', '{"PointInTimeRecoveryEnabled": false}');
SELECT pg_temp.update('Plain', '{"PointInTimeRecoveryEnabled": false}');
SELECT pg_temp.describe('Plain');

-- In a transaction block the log is there at once, whatever the transaction has written before
BEGIN;
SELECT pg_temp.make_table('Block');
SELECT dynapg.put('Block', '{"p": "a"}');
SELECT pg_temp.update('Block', '{"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 1}');
SELECT kind, status, days, kept FROM dynapg.logs WHERE table_name = 'Block';
COMMIT;
CALL pg_temp.wait_for_moment('Block');

-- An UNLOGGED table cannot be restored, and one that can does not become UNLOGGED
SELECT pg_temp.make_table('Unlogged');
ALTER TABLE dynamo."Unlogged" SET UNLOGGED;
SELECT pg_temp.update('Unlogged', '{"PointInTimeRecoveryEnabled": true}');
ALTER TABLE dynamo."Block" SET UNLOGGED;

-- Bad input
SELECT pg_temp.update('Nothing', '{"PointInTimeRecoveryEnabled": true}');
SELECT pg_temp.describe('Nothing');
SELECT pg_temp.update('Block', '{"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 36}');
SELECT pg_temp.update('Block', '{"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 0}');
SELECT pg_temp.update('Block', '{"PointInTimeRecoveryEnabled": false, "RecoveryPeriodInDays": 3}');
SELECT pg_temp.update('Block', '{}');
SELECT dynamo_update_continuous_backups('{"TableName": "Block"}');

-- RestoreTableToPointInTime refuses, in this order: what contradicts itself
CREATE FUNCTION pg_temp.restore(members jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_restore_table_to_point_in_time('{"TargetTableName": "Target"}' || members)
$$;
SELECT pg_temp.restore('{}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "SourceTableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Nothing"}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "UseLatestRestorableTime": true, "RestoreDateTime": 1}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing"}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "UseLatestRestorableTime": false}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "TargetTableName": "bad name!"}');
SELECT pg_temp.restore('{"SourceTableArn": "nonsense", "UseLatestRestorableTime": true}');
SELECT pg_temp.restore('{"SourceTableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/a/stream/b", "UseLatestRestorableTime": true}');
SELECT pg_temp.restore('{"SourceTableArn": "arn:aws:dynamodb:us-east-1:111122223333:table/Nothing", "UseLatestRestorableTime": true}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "UseLatestRestorableTime": true, "BillingModeOverride": "PROVISIONED"}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "UseLatestRestorableTime": true, "BillingModeOverride": "PAY_PER_REQUEST",
	"ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "UseLatestRestorableTime": true, "BillingModeOverride": "PAY_PER_REQUEST",
	"GlobalSecondaryIndexOverride": [{"IndexName": "one", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
		"Projection": {"ProjectionType": "ALL"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}]}');
-- then a source that is not there, or cannot be restored
SELECT pg_temp.restore('{"SourceTableName": "Nothing", "UseLatestRestorableTime": true}');
SELECT pg_temp.restore('{"SourceTableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Nothing", "UseLatestRestorableTime": true}');
SELECT pg_temp.restore('{"SourceTableName": "Plain", "UseLatestRestorableTime": true}');
-- then a time outside of the window
DO $$
DECLARE
	earliest numeric := (dynamo_describe_continuous_backups('{"TableName": "Block"}') #>> '{ContinuousBackupsDescription,PointInTimeRecoveryDescription,EarliestRestorableDateTime}')::numeric;
	t numeric;
BEGIN
	FOREACH t IN ARRAY ARRAY[earliest - 1, 0, extract(epoch FROM clock_timestamp()) + 100, 1e20, -1e20] LOOP
		BEGIN
			PERFORM pg_temp.restore(jsonb_build_object('SourceTableName', 'Block', 'TargetTableName', 'Block', 'RestoreDateTime', t));
			RAISE NOTICE 'restored';
		EXCEPTION WHEN SQLSTATE 'YD028' THEN
			RAISE NOTICE '%', regexp_replace(sqlerrm, '\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ', '(time)', 'g');
		END;
	END LOOP;
END $$;
-- then a name that is taken
SELECT pg_temp.restore('{"SourceTableName": "Block", "TargetTableName": "Block", "UseLatestRestorableTime": true}');
SELECT pg_temp.restore('{"SourceTableName": "Block", "TargetTableName": "Plain", "UseLatestRestorableTime": true}');
-- then overrides that do not fit the source
SELECT pg_temp.restore('{"SourceTableName": "Block", "UseLatestRestorableTime": true, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
SELECT pg_temp.restore('{"SourceTableName": "Block", "UseLatestRestorableTime": true, "OnDemandThroughputOverride": {"MaxReadRequestUnits": 0}}');
SELECT pg_temp.restore('{"SourceTableName": "Block", "UseLatestRestorableTime": true, "BillingModeOverride": "PROVISIONED",
	"ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, "OnDemandThroughputOverride": {"MaxWriteRequestUnits": 5}}');
SELECT pg_temp.restore('{"SourceTableName": "Block", "UseLatestRestorableTime": true, "GlobalSecondaryIndexOverride": [{"IndexName": "one",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}');
-- nothing is left of any
SELECT name FROM dynapg.tables WHERE name = 'Target';
SELECT count(*) FROM dynapg.restores;

-- Transactions that wrote to the table before are waited for, and nobody else waits: what they did is part of the first moment
SELECT pg_temp.make_table('Waits');
BEGIN;
SELECT dynapg.put('Waits', '{"p": "before"}');
PREPARE TRANSACTION 'continuous_backups';
SELECT pg_temp.update('Waits', '{"PointInTimeRecoveryEnabled": true}');
SELECT dynapg.put('Waits', '{"p": "meanwhile"}');
SELECT dynapg.tick() IS NOT NULL;
SELECT status, kept, begun_by FROM dynapg.logs WHERE table_name = 'Waits';
SELECT pg_temp.answer('restore_table_to_point_in_time', '{"SourceTableName": "Waits", "TargetTableName": "Target", "UseLatestRestorableTime": true}');
SELECT pg_temp.describe('Waits');
COMMIT PREPARED 'continuous_backups';
CALL pg_temp.wait_for_moment('Waits');
SELECT clock_timestamp() AS moment \gset
SELECT dynapg.delete('Waits', 'before'), dynapg.delete('Waits', 'meanwhile');
SELECT item FROM dynapg.items_at('Waits', :'moment') ORDER BY 1;

-- The window moves with the time: what is longer ago than the days is refused.  (The last hours were two days ago.)
SELECT dynapg.tick() IS NOT NULL;
UPDATE dynapg.logs SET created_at = created_at - '2 days'::interval WHERE table_name IN ('Block', 'Waits');
UPDATE dynapg.ticks SET "time" = "time" - '2 days'::interval;
SELECT dynapg.put('Waits', '{"p": "today"}');
SELECT dynapg.tick() IS NOT NULL;
SELECT name, clock_timestamp() - to_timestamp((dynamo_describe_continuous_backups(jsonb_build_object('TableName', name)) #>>
	'{ContinuousBackupsDescription,PointInTimeRecoveryDescription,EarliestRestorableDateTime}')::numeric) < '25 hours' AS today FROM unnest('{Block,Waits}'::text[]) name;
SELECT count(*) FROM dynapg.items_at('Waits', clock_timestamp() - '25 hours'::interval);
SELECT regexp_replace(pg_temp.fails('SELECT dynapg.items_at(''Block'', clock_timestamp() - ''25 hours''::interval)'), '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', '(time)', 'g');
-- nothing changed in between: in the window the table is as it was two days ago, also when moments before it were forgotten
SELECT item FROM dynapg.items_at('Block', clock_timestamp() - '23 hours'::interval);
SELECT dynapg.rotate() IS NOT NULL;
SELECT dynapg.put('Block', '{"p": "today"}');
SELECT item FROM dynapg.items_at('Block', clock_timestamp() - '23 hours'::interval);
-- fewer days move its beginning at once
SELECT pg_temp.update('Waits', '{"PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 1}');
SELECT regexp_replace(pg_temp.fails('SELECT dynapg.items_at(''Waits'', clock_timestamp() - ''25 hours''::interval)'), '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ', '(time)', 'g');
SELECT pg_temp.update('Waits', '{"PointInTimeRecoveryEnabled": false}');

-- Roles: the owner switches; who may read all of the table restores, if he may create tables
CREATE ROLE pitr_reader;
CREATE ROLE pitr_other;
GRANT USAGE ON SCHEMA dynapg, dynamo TO pitr_reader, pitr_other;
GRANT SELECT ON dynamo."Block" TO pitr_reader;
SET ROLE pitr_reader;
SELECT pg_temp.update('Block', '{"PointInTimeRecoveryEnabled": false}');
SELECT pg_temp.restore('{"SourceTableName": "Block", "UseLatestRestorableTime": true}');
RESET ROLE;
SET ROLE pitr_other;
SELECT pg_temp.restore('{"SourceTableName": "Block", "UseLatestRestorableTime": true}');
RESET ROLE;
REVOKE USAGE ON SCHEMA dynapg, dynamo FROM pitr_reader, pitr_other;
REVOKE SELECT ON dynamo."Block" FROM pitr_reader;
DROP ROLE pitr_reader;
DROP ROLE pitr_other;

SELECT pg_temp.update('Block', '{"PointInTimeRecoveryEnabled": false}');

-- What is no longer kept goes: the logs and their segments.  (They have been kept long enough.)
DO $$
BEGIN
	FOR i IN 1 .. 15000 LOOP
		UPDATE dynapg.log_segments SET created_at = created_at - '2 years'::interval, closed_at = closed_at - '2 years'::interval;
		UPDATE dynapg.logs SET closed_at = closed_at - '2 years'::interval;
		COMMIT;
		PERFORM dynapg.rotate();
		COMMIT;
		EXIT WHEN NOT EXISTS (SELECT FROM dynapg.logs) AND NOT EXISTS (SELECT FROM dynapg.log_segments);
		PERFORM dynamo_describe_table(jsonb_build_object('TableName', name)) FROM dynapg.tables;
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
SELECT kind, status FROM dynapg.logs;
SELECT kind FROM dynapg.log_segments;

SELECT dynamo_delete_table(jsonb_build_object('TableName', t)) ->> '' FROM unnest('{Plain,Block,Unlogged,Waits}'::text[]) t;
