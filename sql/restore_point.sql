-- RestoreTableToPointInTime: the items that a table had.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- A table with point-in-time recovery; noting a moment with the items that its tables have; waiting until a table is ACTIVE.
CREATE FUNCTION pg_temp.make_table(name text, members jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]'::jsonb) || members)
$$;
CREATE FUNCTION pg_temp.recover(name text, enabled boolean) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_update_continuous_backups(jsonb_build_object('TableName', name, 'PointInTimeRecoverySpecification',
		jsonb_build_object('PointInTimeRecoveryEnabled', enabled)))
$$;
CREATE FUNCTION pg_temp.has_moment(name text) RETURNS boolean LANGUAGE sql AS $$
	SELECT EXISTS (SELECT FROM dynapg.logs l, dynapg.ticks t WHERE l.table_name = name AND l.kind = 'UNDO' AND l.kept AND l.status = 'ENABLED'
		AND pg_visible_in_snapshot(l.begun_by, t.snapshot))
$$;
CREATE PROCEDURE pg_temp.wait_for_moment(name text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 15000 LOOP
		PERFORM dynapg.tick();
		COMMIT;
		EXIT WHEN pg_temp.has_moment(name);
		PERFORM dynamo_describe_table(jsonb_build_object('TableName', name));
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
CREATE PROCEDURE pg_temp.wait_until_active(name text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 15000 LOOP
		EXIT WHEN dynamo_describe_table(jsonb_build_object('TableName', name)) #>> '{Table,TableStatus}' = 'ACTIVE';
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
CREATE TEMP TABLE moments (name text PRIMARY KEY, "time" timestamptz, first text[], second text[]);
CREATE FUNCTION pg_temp.items(name text) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
	items text[];
BEGIN
	EXECUTE format('SELECT coalesce(array_agg(item::text ORDER BY hash, sort), ''{}'') FROM dynamo.%I', name) INTO items;
	RETURN items;
END $$;
-- a moment is a tick, so that nothing comes between it and what is noted; the clock moves on before the next change
CREATE PROCEDURE pg_temp.note(name text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.tick();
	COMMIT;
	INSERT INTO moments VALUES (note.name, clock_timestamp(), pg_temp.items('First'), pg_temp.items('Second'));
	COMMIT;
	PERFORM pg_sleep(0.01);
END $$;
CREATE FUNCTION pg_temp.restore(source text, target text, at text, members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_restore_table_to_point_in_time(jsonb_build_object('SourceTableName', source, 'TargetTableName', target) || members ||
		CASE WHEN at IS NULL THEN '{"UseLatestRestorableTime": true}'
			ELSE (SELECT jsonb_build_object('RestoreDateTime', extract(epoch FROM "time")) FROM moments m WHERE m.name = at) END)
$$;
-- Restores both tables to each moment, in one transaction, and compares; the tables are dropped again.
CREATE FUNCTION pg_temp.compare() RETURNS TABLE (moment text, first boolean, second boolean, items integer) LANGUAGE plpgsql AS $$
DECLARE
	m moments;
BEGIN
	FOR m IN SELECT * FROM moments ORDER BY "time" LOOP
		PERFORM pg_temp.restore('First', 'First.then', m.name), pg_temp.restore('Second', 'Second.then', m.name);
		RETURN QUERY SELECT m.name, pg_temp.items('First.then') = m.first, pg_temp.items('Second.then') = m.second, cardinality(m.first) + cardinality(m.second);
		PERFORM dynamo_delete_table(jsonb_build_object('TableName', t)) FROM unnest('{First.then,Second.then}'::text[]) t;
	END LOOP;
END $$;

SELECT pg_temp.make_table('First');
SELECT pg_temp.make_table('Second');
SELECT dynapg.put('First', '{"p": "before", "s": 1, "x": "there before the log"}');
SELECT pg_temp.recover('First', true), pg_temp.recover('Second', true);
CALL pg_temp.wait_for_moment('First');
CALL pg_temp.wait_for_moment('Second');
CALL pg_temp.note('beginning');

-- Puts, updates, deletes; deleted and put again; several changes of one item
SELECT dynapg.put('First', jsonb_build_object('p', 'a', 's', i, 'x', 1)) FROM generate_series(1, 4) i;
CALL pg_temp.note('puts');
SELECT dynamo_update_item('{"TableName": "First", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}, "UpdateExpression": "SET x = :x",
	"ExpressionAttributeValues": {":x": {"N": "2"}}}');
SELECT dynapg.delete('First', 'a', 2);
CALL pg_temp.note('an update and a delete');
SELECT dynapg.put('First', '{"p": "a", "s": 2, "x": 3}');
SELECT dynapg.put('First', '{"p": "a", "s": 1, "x": 3}');
SELECT dynapg.put('First', '{"p": "a", "s": 1, "x": 4}');
SELECT dynapg.delete('First', 'a', 1);
SELECT dynapg.put('First', '{"p": "a", "s": 1, "x": 5}');
CALL pg_temp.note('put again');

-- Transactions over two tables; one that is rolled back; a savepoint that is
BEGIN;
SELECT dynapg.put('First', '{"p": "both", "s": 1}');
SELECT dynapg.put('Second', '{"p": "both", "s": 1}');
COMMIT;
BEGIN;
SELECT dynapg.put('First', '{"p": "rolled back", "s": 1}');
SELECT dynapg.delete('Second', 'both', 1);
ROLLBACK;
BEGIN;
SELECT dynapg.put('First', '{"p": "both", "s": 2}');
SAVEPOINT one;
SELECT dynapg.delete('First', 'both', 1);
ROLLBACK TO one;
SELECT dynapg.put('Second', '{"p": "both", "s": 2}');
COMMIT;
CALL pg_temp.note('transactions');
SELECT dynamo_transact_write_items('{"TransactItems": [{"Put": {"TableName": "First", "Item": {"p": {"S": "api"}, "s": {"N": "1"}}}},
	{"Delete": {"TableName": "Second", "Key": {"p": {"S": "both"}, "s": {"N": "1"}}}}]}');
CALL pg_temp.note('an API transaction');

-- Plain SQL: INSERT, UPDATE, another key, keys that are swapped, MERGE, COPY, DELETE, TRUNCATE
INSERT INTO dynamo."Second" (item) SELECT jsonb_build_object('p', 'sql', 's', i, 'x', repeat('a', i * 1000)) FROM generate_series(1, 5) i;
UPDATE dynamo."Second" SET item = item || '{"x": 1}' WHERE (item -> 's')::int < 3;
CALL pg_temp.note('INSERT and UPDATE');
UPDATE dynamo."Second" SET item = item || '{"s": 50}' WHERE item ->> 'p' = 'sql' AND (item -> 's')::int = 5;
CALL pg_temp.note('another key');
BEGIN;
UPDATE dynamo."Second" SET item = item || '{"s": 51}' WHERE item ->> 'p' = 'sql' AND (item -> 's')::int = 1;
UPDATE dynamo."Second" SET item = item || '{"s": 1}' WHERE item ->> 'p' = 'sql' AND (item -> 's')::int = 2;
UPDATE dynamo."Second" SET item = item || '{"s": 2}' WHERE item ->> 'p' = 'sql' AND (item -> 's')::int = 51;
COMMIT;
CALL pg_temp.note('swapped keys');
MERGE INTO dynamo."Second" t USING generate_series(3, 8) i ON t.item ->> 'p' = 'sql' AND (t.item -> 's')::int = i
	WHEN MATCHED AND i = 3 THEN DELETE WHEN MATCHED THEN UPDATE SET item = item || '{"merged": true}'
	WHEN NOT MATCHED THEN INSERT (item) VALUES (jsonb_build_object('p', 'sql', 's', i));
COPY dynamo."First" (item) FROM stdin;
{"p": "copy", "s": 1}
{"p": "copy", "s": 2}
\.
CALL pg_temp.note('MERGE and COPY');
-- others come to their end while a transaction that has written does not
BEGIN;
SELECT dynapg.put('First', '{"p": "prepared", "s": 1}'), dynapg.put('Second', '{"p": "prepared", "s": 1}');
PREPARE TRANSACTION 'restore_point';
CALL pg_temp.note('prepared');
SELECT dynapg.put('First', '{"p": "meanwhile", "s": 1}');
CALL pg_temp.note('meanwhile');
SELECT dynapg.put('Second', '{"p": "meanwhile", "s": 1}');
CALL pg_temp.note('still');
COMMIT PREPARED 'restore_point';
CALL pg_temp.note('committed');
DELETE FROM dynamo."Second" WHERE (item -> 's')::int > 6;
TRUNCATE dynamo."First";
CALL pg_temp.note('DELETE and TRUNCATE');
INSERT INTO dynamo."First" (item) VALUES ('{"p": "copy", "s": 1, "x": "after TRUNCATE"}');
BEGIN;
TRUNCATE dynamo."Second";
INSERT INTO dynamo."Second" (item) VALUES ('{"p": "sql", "s": 1, "x": "same transaction"}');
COMMIT;
CALL pg_temp.note('after TRUNCATE');
BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT * FROM pg_temp.compare();
COMMIT;

-- The same without restoring; the versions of an item.  (Times are those of the writers' clocks.)
SELECT m.name, coalesce((SELECT array_agg(item::text ORDER BY hash, sort) FROM dynapg.items_at('First', m."time")), '{}') =
		m.first AS first,
	(SELECT count(*) FROM dynapg.items_at('Second', m."time")) = cardinality(m.second) AS second FROM moments m ORDER BY m."time";
CREATE FUNCTION pg_temp.versions(name text, key jsonb) RETURNS TABLE (item jsonb, begins text, ends text, same_transaction boolean) LANGUAGE sql AS $$
	SELECT h.item, CASE WHEN h.valid_from IS NULL THEN 'before the log' WHEN h.valid_from >= h.before THEN 'then' ELSE 'earlier' END,
		CASE WHEN h.valid_until IS NULL THEN 'now' WHEN h.valid_until >= h.valid_from OR h.valid_from IS NULL THEN 'then' ELSE 'earlier' END, h.xid = h.xid_before
	FROM (SELECT *, lag(valid_until) OVER () AS before, lag(xid) OVER () AS xid_before FROM dynapg.history(name, key)) h
$$;
SELECT * FROM pg_temp.versions('First', '{"p": "a", "s": 1}');
SELECT * FROM pg_temp.versions('First', '{"p": "before", "s": 1}');
SELECT * FROM pg_temp.versions('First', '{"p": "both", "s": 1}');
SELECT * FROM pg_temp.versions('First', '{"p": "rolled back", "s": 1}');
SELECT * FROM pg_temp.versions('Second', '{"p": "sql", "s": 1}');
SELECT * FROM dynapg.history('First', '{"p": "a"}');
SELECT * FROM dynapg.history('Nothing', '{"p": "a"}');
SELECT dynapg.items_at('Nothing', now());
SELECT regexp_replace(pg_temp.fails('SELECT dynapg.items_at(''First'', ''infinity'')'), '-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ', '(time)', 'g');
SELECT regexp_replace(pg_temp.fails('SELECT dynapg.items_at(''First'', ''-infinity'')'), '-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\dZ', '(time)', 'g');
-- for those who may read all of the table
CREATE ROLE restore_point_reader;
GRANT USAGE ON SCHEMA dynapg, dynamo TO restore_point_reader;
SET ROLE restore_point_reader;
SELECT count(*) FROM dynapg.items_at('First', clock_timestamp());
RESET ROLE;
GRANT SELECT ON dynamo."First", moments TO restore_point_reader;
SET ROLE restore_point_reader;
SELECT count(*) FROM dynapg.items_at('First', clock_timestamp());
SELECT count(*) FROM dynapg.history('First', '{"p": "a", "s": 1}');
RESET ROLE;
ALTER TABLE dynamo."First" ENABLE ROW LEVEL SECURITY;
SET ROLE restore_point_reader;
SELECT count(*) FROM dynapg.items_at('First', clock_timestamp());
SELECT count(*) FROM dynapg.history('First', '{"p": "a", "s": 1}');
SELECT pg_temp.restore('First', 'None', 'beginning');
RESET ROLE;
ALTER TABLE dynamo."First" DISABLE ROW LEVEL SECURITY;
-- who may create tables restores what he may read, and owns it; the source's owner does not
GRANT CREATE ON SCHEMA dynamo TO restore_point_reader;
SET ROLE restore_point_reader;
SELECT pg_temp.restore('First', 'Readers', 'puts') #>> '{TableDescription,TableStatus}';
CALL pg_temp.wait_until_active('Readers');
SELECT count(*) FROM dynamo."Readers";
SELECT dynamo_delete_table('{"TableName": "Readers"}') ->> '';
RESET ROLE;
REVOKE ALL ON SCHEMA dynapg, dynamo FROM restore_point_reader;
REVOKE ALL ON dynamo."First", moments FROM restore_point_reader;
DROP ROLE restore_point_reader;

-- A job restores; the answer is that of a table being restored; what others are told meanwhile
SELECT dynamo_delete_table(jsonb_build_object('TableName', t)) ->> '' FROM unnest('{Second}'::text[]) t;
SELECT pg_temp.make_table('Source', '{"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"},
	"Tags": [{"Key": "a", "Value": "b"}], "DeletionProtectionEnabled": true, "TableClass": "STANDARD_INFREQUENT_ACCESS",
	"OnDemandThroughput": {"MaxReadRequestUnits": 5, "MaxWriteRequestUnits": 6},
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}, {"AttributeName": "x", "AttributeType": "N"}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "x", "KeyType": "RANGE"}],
		"Projection": {"ProjectionType": "KEYS_ONLY"}}],
	"GlobalSecondaryIndexes": [{"IndexName": "second", "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}},
		{"IndexName": "first", "KeySchema": [{"AttributeName": "s", "KeyType": "HASH"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["b", "a"]},
		"OnDemandThroughput": {"MaxReadRequestUnits": 7}}]}');
SELECT dynamo_update_time_to_live('{"TableName": "Source", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "ttl"}}');
SELECT dynapg.wait_for_indexes('Source');
SELECT pg_temp.recover('Source', true);
CALL pg_temp.wait_for_moment('Source');
SELECT count(dynapg.put('Source', jsonb_build_object('p', i % 3, 's', i, 'x', i % 5) || jsonb_build_object('p', 'p' || i % 3))) FROM generate_series(1, 100) i;
SELECT dynapg.tick() IS NOT NULL;
INSERT INTO moments VALUES ('whole', clock_timestamp());
SELECT pg_sleep(0.01);
SELECT count(dynapg.delete('Source', 'p' || i % 3, i)) FROM generate_series(1, 50) i;
-- (a transaction block shows what it is like before the job)
BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT regexp_replace(regexp_replace(pg_temp.restore('Source', 'Target', 'whole')::text, '"TableId": "[0-9a-f-]{36}"', '"TableId": "(uuid)"'),
	'(DateTime": )[0-9.]+', '\1"(time)"', 'g');
ROLLBACK;
SELECT pg_temp.restore('Source', 'Target', 'whole') #>> '{TableDescription,TableStatus}';
CALL pg_temp.wait_until_active('Target');
SELECT regexp_replace(regexp_replace(dynamo_describe_table('{"TableName": "Target"}')::text, '"TableId": "[0-9a-f-]{36}"', '"TableId": "(uuid)"'),
	'(DateTime": )[0-9.]+', '\1"(time)"', 'g');
SELECT dynamo_describe_time_to_live('{"TableName": "Target"}');
SELECT pg_temp.plain FROM (SELECT dynamo_describe_continuous_backups('{"TableName": "Target"}')) AS pg_temp(plain);
SELECT dynamo_list_tags_of_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Target"}');
SELECT count(*) FROM dynamo."Target";
SELECT * FROM dynapg.check_table('Target');
SELECT dynamo_query('{"TableName": "Target", "IndexName": "second", "KeyConditionExpression": "x = :x", "ExpressionAttributeValues": {":x": {"N": "0"}},
	"Select": "COUNT"}');
SELECT count(*) FROM dynapg.restores;

-- Overrides: the mode, with the capacity that it needs; some indexes, by another name; none; a key
SELECT pg_temp.restore('Source', 'None', 'whole', '{"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}');
SELECT pg_temp.restore('Source', 'None', 'whole', '{"GlobalSecondaryIndexOverride": [{"IndexName": "first", "KeySchema": [{"AttributeName": "s", "KeyType": "HASH"}],
	"Projection": {"ProjectionType": "ALL"}}]}');
SELECT pg_temp.restore('Source', 'None', 'whole', '{"GlobalSecondaryIndexOverride": [{"IndexName": "local", "KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}],
	"Projection": {"ProjectionType": "ALL"}}]}');
SELECT pg_temp.restore('Source', 'Provisioned', 'whole', '{"BillingModeOverride": "PROVISIONED", "ProvisionedThroughputOverride": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2},
	"LocalSecondaryIndexOverride": [], "SSESpecificationOverride": {"Enabled": true, "SSEType": "KMS"},
	"GlobalSecondaryIndexOverride": [{"IndexName": "other", "KeySchema": [{"AttributeName": "s", "KeyType": "HASH"}],
		"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["a", "b"]}, "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}}]}')
	#>> '{TableDescription,TableStatus}';
CALL pg_temp.wait_until_active('Provisioned');
SELECT regexp_replace(regexp_replace(dynamo_describe_table('{"TableName": "Provisioned"}')::text, '"TableId": "[0-9a-f-]{36}"', '"TableId": "(uuid)"'),
	'(DateTime": )[0-9.]+', '\1"(time)"', 'g');
SELECT * FROM dynapg.check_table('Provisioned');
SELECT name FROM dynapg.tables WHERE name = 'None';

-- The latest time; in a transaction block it is there at once
BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT pg_temp.restore('Source', 'Half', NULL) #>> '{TableDescription,TableStatus}';
SELECT count(*) FROM dynamo."Half";
ROLLBACK;

-- A target that cannot be filled for now: CREATING, and for most operations not there.  DeleteTable ends the restore.
SELECT dynapg.put('First', '{"p": "last", "s": 1}');
SELECT relation AS segment FROM dynapg.log_segments WHERE kind = 'UNDO' ORDER BY number DESC LIMIT 1 \gset
BEGIN;
LOCK TABLE :segment IN ACCESS EXCLUSIVE MODE;
PREPARE TRANSACTION 'restore_point';
SELECT pg_temp.restore('First', 'Waits', NULL, '{"SSESpecificationOverride": {}}') #>> '{TableDescription,TableStatus}';
SELECT table_name, source_table, backup_arn, filled, failure FROM dynapg.restores;
SELECT table_name, source_table, backup_arn, attempts, failure, restore_time <= started_at FROM dynapg.stat_restores;
SELECT pg_temp.api('describe_table', '{"TableName": "Waits"}')::jsonb #>> '{Table,RestoreSummary}';
SELECT pg_temp.answer('put_item', '{"TableName": "Waits", "Item": {"p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.answer('get_item', '{"TableName": "Waits", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.answer('scan', '{"TableName": "Waits"}');
SELECT pg_temp.answer('update_table', '{"TableName": "Waits", "DeletionProtectionEnabled": true}');
SELECT pg_temp.answer('update_time_to_live', '{"TableName": "Waits", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "ttl"}}');
SELECT pg_temp.answer('tag_resource', '{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Waits", "Tags": [{"Key": "a", "Value": "b"}]}');
SELECT pg_temp.answer('describe_continuous_backups', '{"TableName": "Waits"}');
SELECT pg_temp.answer('update_continuous_backups', '{"TableName": "Waits", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}');
SELECT pg_temp.answer('restore_table_to_point_in_time', '{"SourceTableName": "Waits", "TargetTableName": "None", "UseLatestRestorableTime": true}');
SELECT pg_temp.answer('restore_table_to_point_in_time', '{"SourceTableName": "First", "TargetTableName": "Waits", "UseLatestRestorableTime": true}');
SELECT pg_temp.answer('create_table', '{"TableName": "Waits", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}');
SELECT pg_temp.api('delete_table', '{"TableName": "Waits"}')::jsonb #>> '{TableDescription,TableStatus}';
SELECT count(*) FROM dynapg.restores;
-- one that can be filled in the end; dropped by plain SQL
SELECT pg_temp.restore('First', 'Waits', NULL) #>> '{TableDescription,TableStatus}';
ROLLBACK PREPARED 'restore_point';
CALL pg_temp.wait_until_active('Waits');
DROP TABLE dynamo."Waits";
SELECT count(*) FROM dynapg.restores;

-- The clock was an hour ahead, and was put right: moments keep the order of changes
UPDATE dynapg.ticks SET "time" = "time" + interval '1 hour';
SELECT dynapg.put('First', '{"p": "clock", "s": 1}');
SELECT dynapg.tick() IS NOT NULL;
SELECT max("time") AS moment, max("time") > clock_timestamp() + interval '50 min' AS ahead FROM dynapg.ticks \gset
\echo :ahead
SELECT dynapg.put('First', '{"p": "clock", "s": 2}');
SELECT dynapg.tick() IS NOT NULL;
UPDATE dynapg.ticks SET "time" = "time" + interval '2 s' WHERE "time" > :'moment';
SELECT item FROM dynapg.items_at('First', :'moment') WHERE item ->> 'p' = 'clock';
SELECT bool_and(horizon >= before) FROM (SELECT horizon, lag(horizon) OVER (ORDER BY "time") AS before FROM dynapg.ticks) t;
BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT dynamo_restore_table_to_point_in_time(jsonb_build_object('SourceTableName', 'First', 'TargetTableName', 'Clock', 'RestoreDateTime', extract(epoch FROM :'moment'::timestamptz))) IS NULL;
SELECT item FROM dynamo."Clock" WHERE item ->> 'p' = 'clock';
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT pg_temp.restore('First', 'Clock', NULL) IS NULL;
SELECT item FROM dynamo."Clock" WHERE item ->> 'p' = 'clock' ORDER BY sort;
ROLLBACK;

-- New tables that get triggers at once, as an event trigger of an auditor's gives them: each item comes by, and by a job nobody else's; a trigger that
-- refuses one makes the restore fail
CREATE TABLE audited (name text, item jsonb);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.item ->> 'p' = current_setting('audit.refuses', true) THEN
		RAISE 'not this one' USING ERRCODE = 'undefined_table';
	END IF;
	INSERT INTO public.audited VALUES (TG_TABLE_NAME, NEW.item);
	RETURN NEW;
END $$;
CREATE FUNCTION audit_table() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	FOR name IN SELECT object_identity FROM pg_event_trigger_ddl_commands() WHERE schema_name = 'dynamo' AND object_type = 'table' LOOP
		EXECUTE format('CREATE TRIGGER audit BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION public.audit()', name);
	END LOOP;
END $$;
CREATE EVENT TRIGGER audit ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION audit_table();
SELECT pg_temp.restore('Source', 'Audited', NULL) #>> '{TableDescription,TableStatus}';
CALL pg_temp.wait_until_active('Audited');
SELECT count(*), (SELECT count(*) FROM dynamo."Audited") FROM audited WHERE name = 'Audited';
SELECT * FROM dynapg.check_table('Audited');
ALTER DATABASE :"DBNAME" SET audit.refuses TO 'a';
SELECT dynapg.put('First', '{"p": "a", "s": 1}');
SELECT pg_temp.restore('First', 'Refused', NULL) #>> '{TableDescription,TableStatus}';
CREATE PROCEDURE pg_temp.wait_for_failure() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 15000 LOOP
		EXIT WHEN EXISTS (SELECT FROM dynapg.stat_restores WHERE phase = 'FAILED');
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
CALL pg_temp.wait_for_failure();
SELECT table_name, phase, attempts, failure FROM dynapg.stat_restores;
SELECT count(*) FROM dynamo."Refused";
INSERT INTO dynamo."Refused" (item) VALUES ('{"p": "b", "s": 1}');
DROP EVENT TRIGGER audit;
ALTER DATABASE :"DBNAME" RESET audit.refuses;
DROP TRIGGER audit ON dynamo."Refused";
-- the owner tries again, and nobody else
CREATE ROLE restore_point_other;
SET ROLE restore_point_other;
SELECT pg_temp.fails($$ SELECT dynapg.retry_restore('Refused') $$);
RESET ROLE;
DROP ROLE restore_point_other;
SELECT dynapg.retry_restore('Refused');
CALL pg_temp.wait_until_active('Refused');
SELECT count(*) FROM dynamo."Refused" WHERE item ->> 'p' = 'a' AND item ->> 's' = '1';
SELECT pg_temp.fails($$ SELECT dynapg.retry_restore('Refused') $$);
SELECT pg_temp.fails($$ SELECT dynapg.retry_restore('Nothing') $$);
SELECT dynamo_delete_table(jsonb_build_object('TableName', t)) ->> '' FROM unnest('{Audited,Refused}'::text[]) t;
DROP FUNCTION audit_table, audit CASCADE;
DROP TABLE audited;

SELECT dynamo_delete_table(jsonb_build_object('TableName', t)) ->> '' FROM unnest('{First,Target,Provisioned}'::text[]) t;
SELECT dynamo_update_table('{"TableName": "Source", "DeletionProtectionEnabled": false}') ->> '';
SELECT dynamo_delete_table('{"TableName": "Source"}') ->> '';

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
