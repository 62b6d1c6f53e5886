-- Streams: what is logged, and the Streams API.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- A table with a stream; its latest stream's ARN; a shard iterator; the records behind one; the same as one line a record.
CREATE FUNCTION pg_temp.make_stream(name text, view_type text) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]'::jsonb,
		'StreamSpecification', jsonb_build_object('StreamEnabled', true, 'StreamViewType', view_type)))
$$;
CREATE FUNCTION pg_temp.arn(name text) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_list_streams(jsonb_build_object('TableName', name)) #>> '{Streams,-1,StreamArn}'
$$;
CREATE FUNCTION pg_temp.stream(name text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_describe_stream(jsonb_build_object('StreamArn', pg_temp.arn(name))) -> 'StreamDescription'
$$;
CREATE FUNCTION pg_temp.iterator(name text, type text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', pg_temp.arn(name), 'ShardId', pg_temp.stream(name) #> '{Shards,0,ShardId}',
		'ShardIteratorType', type) || members) ->> 'ShardIterator'
$$;
CREATE FUNCTION pg_temp.records(name text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', r ->> 'eventName', r #> '{dynamodb,Keys}', 'old', r #> '{dynamodb,OldImage}', 'new', r #> '{dynamodb,NewImage}', 'size', r #> '{dynamodb,SizeBytes}')
	FROM jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator(name, 'TRIM_HORIZON'))) -> 'Records') r
$$;
-- What an answer says, without times, labels, numbers and iterators.
CREATE FUNCTION pg_temp.plain(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(answer, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}', '(label)', 'g'),
		'shardId-\d{20}-[0-9a-f]{8}', '(shard)', 'g'), '"1\d{20}"', '"(number)"', 'g'), '(DateTime": )[0-9.]+', '\1"(time)"', 'g'), '\|1\|[A-Za-z0-9+/=]+', '|1|(iterator)', 'g')
$$;

-- Each view has its images; what changes nothing is no record
SELECT pg_temp.make_stream('S' || v, v) FROM unnest('{KEYS_ONLY,NEW_IMAGE,OLD_IMAGE,NEW_AND_OLD_IMAGES}'::text[]) v;
DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{SKEYS_ONLY,SNEW_IMAGE,SOLD_IMAGE,SNEW_AND_OLD_IMAGES}'::text[] LOOP
		PERFORM dynapg.put(name, '{"p": "a", "s": 1, "x": 1, "set": {"$SS": ["b", "a"]}}');
		PERFORM dynapg.put(name, '{"p": "a", "s": 1.0, "x": 1.00, "set": {"$SS": ["a", "b"]}}');
		PERFORM dynapg.put(name, '{"p": "a", "s": 1, "x": 2}');
		PERFORM dynamo_update_item(jsonb_build_object('TableName', name, 'Key', '{"p": {"S": "a"}, "s": {"N": "1"}}'::jsonb, 'UpdateExpression', 'REMOVE nothing'));
		PERFORM dynamo_update_item(jsonb_build_object('TableName', name, 'Key', '{"p": {"S": "b"}, "s": {"N": "1"}}'::jsonb, 'UpdateExpression', 'REMOVE nothing'));
		PERFORM dynapg.delete(name, 'a', 1);
		PERFORM dynapg.delete(name, 'a', 1);
	END LOOP;
END $$;
SELECT name, records FROM unnest('{SKEYS_ONLY,SNEW_IMAGE,SOLD_IMAGE,SNEW_AND_OLD_IMAGES}'::text[]) name, pg_temp.records(name) records;

-- Plain SQL: INSERT, UPDATE, another key, MERGE, COPY, DELETE, TRUNCATE
SELECT pg_temp.make_stream('Plain', 'NEW_AND_OLD_IMAGES');
INSERT INTO dynamo."Plain" (item) SELECT jsonb_build_object('p', 'a', 's', i, 'x', 0) FROM generate_series(1, 3) i;
UPDATE dynamo."Plain" SET item = item || '{"x": 1}' WHERE (item -> 's')::int < 3;
UPDATE dynamo."Plain" SET item = item || '{"x": 1.0}' WHERE (item -> 's')::int < 3;
UPDATE dynamo."Plain" SET item = item || '{"p": "b"}' WHERE (item -> 's')::int = 1;
MERGE INTO dynamo."Plain" t USING (VALUES (2), (4)) v(s) ON (t.item -> 's')::int = v.s
	WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (item) VALUES (jsonb_build_object('p', 'm', 's', v.s));
COPY dynamo."Plain" (item) FROM stdin;
{"p": "c", "s": 9}
\.
DELETE FROM dynamo."Plain" WHERE item ->> 'p' = 'm';
TRUNCATE dynamo."Plain";
SELECT pg_temp.records('Plain');

-- Batches and transactions: a record for each item that changed, none for checks
SELECT pg_temp.make_stream('Many', 'KEYS_ONLY');
SELECT dynamo_batch_write_item('{"RequestItems": {"Many": [{"PutRequest": {"Item": {"p": {"S": "a"}, "s": {"N": "1"}}}}, {"PutRequest": {"Item": {"p": {"S": "b"}, "s": {"N": "1"}}}},
	{"DeleteRequest": {"Key": {"p": {"S": "none"}, "s": {"N": "1"}}}}]}}');
SELECT dynamo_transact_write_items('{"TransactItems": [{"Update": {"TableName": "Many", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}, "UpdateExpression": "SET x = :x", "ExpressionAttributeValues": {":x": {"N": "1"}}}},
	{"ConditionCheck": {"TableName": "Many", "Key": {"p": {"S": "none"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(p)"}},
	{"ConditionCheck": {"TableName": "Many", "Key": {"p": {"S": "b"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_exists(p)"}},
	{"Put": {"TableName": "Many", "Item": {"p": {"S": "c"}, "s": {"N": "1"}}}}]}');
SELECT dynamo_execute_statement('{"Statement": "DELETE FROM \"Many\" WHERE p = ''c'' AND s = 1"}');
SELECT records FROM pg_temp.records('Many') records ORDER BY 1;

-- Where the executor writes (a trigger of somebody's), and a second trigger of ours
CREATE FUNCTION pg_temp.nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
CREATE TRIGGER somebodys AFTER INSERT ON dynamo."Many" FOR EACH ROW EXECUTE FUNCTION pg_temp.nothing();
CREATE TRIGGER aaa AFTER INSERT OR UPDATE OR DELETE ON dynamo."Many" FOR EACH ROW EXECUTE FUNCTION dynapg.items_changed();
SELECT dynapg.put('Many', '{"p": "once", "s": 1}');
SELECT records FROM pg_temp.records('Many') records WHERE records ~ 'once';
DROP TRIGGER somebodys ON dynamo."Many";
DROP TRIGGER aaa ON dynamo."Many";

-- Events that come late are in the order of the changes: a trigger that writes its row again, a function that puts the row being updated,
-- and one that puts what was deleted
SELECT pg_temp.make_stream('Late', 'NEW_AND_OLD_IMAGES');
CREATE FUNCTION pg_temp.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF (NEW.item -> 'x')::int < 4 THEN
		UPDATE dynamo."Late" SET item = item || jsonb_build_object('x', (NEW.item -> 'x')::int + 1) WHERE hash = NEW.hash AND sort = NEW.sort;
	END IF;
	RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.put(p text, s int, x int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.put('Late', jsonb_build_object('p', p, 's', s, 'x', x));
	RETURN x;
END $$;
CREATE TRIGGER again AFTER UPDATE ON dynamo."Late" FOR EACH ROW EXECUTE FUNCTION pg_temp.again();
INSERT INTO dynamo."Late" (item) VALUES ('{"p": "t", "s": 1, "x": 0}');
UPDATE dynamo."Late" SET item = item || '{"x": 1}';
DROP TRIGGER again ON dynamo."Late";
INSERT INTO dynamo."Late" (item) SELECT jsonb_build_object('p', 'u', 's', i, 'x', 0) FROM generate_series(1, 2) i;
WITH u AS (UPDATE dynamo."Late" SET item = item || '{"x": 1}' WHERE item ->> 'p' = 'u' RETURNING item -> 's' AS s) SELECT pg_temp.put('u', s::int, 2) FROM u;
WITH u AS (DELETE FROM dynamo."Late" WHERE item ->> 'p' = 'u' RETURNING item -> 's' AS s) SELECT pg_temp.put('u', s::int, 3) FROM u;
WITH u AS (DELETE FROM dynamo."Late" WHERE item ->> 'p' = 'u' RETURNING item -> 's' AS s), v AS (SELECT pg_temp.put('u', s::int, 4) FROM u) SELECT count(dynapg.delete('Late', 'u', s::int)) FROM u, (SELECT count(*) FROM v) w;
SELECT r #>> '{dynamodb,Keys,p,S}' AS p, r #>> '{dynamodb,Keys,s,N}' AS s, string_agg(concat(left(r ->> 'eventName', 1), ' ', r #>> '{dynamodb,OldImage,x,N}', '>', r #>> '{dynamodb,NewImage,x,N}'), ', ' ORDER BY n)
FROM jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('Late', 'TRIM_HORIZON'))) -> 'Records') WITH ORDINALITY r(r, n) GROUP BY 1, 2 ORDER BY 1, 2;
-- ... and after rollbacks to savepoints
BEGIN;
SELECT dynapg.put('Late', '{"p": "v", "s": 1, "x": 1}');
SAVEPOINT a;
WITH u AS (UPDATE dynamo."Late" SET item = item || '{"x": 2}' WHERE item ->> 'p' = 'v' RETURNING item -> 's' AS s) SELECT pg_temp.put('v', s::int, 3) FROM u;
ROLLBACK TO a;
WITH u AS (UPDATE dynamo."Late" SET item = item || '{"x": 4}' WHERE item ->> 'p' = 'v' RETURNING item -> 's' AS s) SELECT pg_temp.put('v', s::int, 5) FROM u;
COMMIT;
SELECT records FROM pg_temp.records('Late') records WHERE records ~ '"v"';

-- A whole record
SELECT pg_temp.plain(regexp_replace(dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('SNEW_IMAGE', 'TRIM_HORIZON'), 'Limit', 1))::text, '"[0-9a-f]{32}"', '"(32 digits)"'));
-- Two readers see the same event ids, and none twice
SELECT count(*), count(DISTINCT r ->> 'eventID') FROM generate_series(1, 2), jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('Plain', 'TRIM_HORIZON'))) -> 'Records') r;

-- Pages: NextShardIterator goes on behind the last record
WITH RECURSIVE pages AS (
	SELECT dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('Plain', 'TRIM_HORIZON'), 'Limit', 5)) AS page
	UNION ALL
	SELECT dynamo_get_records(jsonb_build_object('ShardIterator', page -> 'NextShardIterator', 'Limit', 5)) FROM pages WHERE jsonb_array_length(page -> 'Records') > 0)
SELECT jsonb_array_length(page -> 'Records') FROM pages;

-- Positions: behind and at a number, LATEST, at a time; numbers that no record has
CREATE TEMP TABLE numbers AS SELECT n, r #>> '{dynamodb,SequenceNumber}' AS number FROM jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('Plain', 'TRIM_HORIZON'))) -> 'Records') WITH ORDINALITY r(r, n);
CREATE FUNCTION pg_temp.count_from(type text, members jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN jsonb_array_length(dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('Plain', type, members))) -> 'Records');
EXCEPTION WHEN OTHERS THEN
	RETURN regexp_replace(SQLERRM, '\d{21,}', '(number)');
END $$;
SELECT count(*), min(length(number)), max(length(number)), array_agg(number ORDER BY number::numeric) = array_agg(number ORDER BY n) AS ascending FROM numbers;
SELECT n, pg_temp.count_from('AT_SEQUENCE_NUMBER', jsonb_build_object('SequenceNumber', number)), pg_temp.count_from('AFTER_SEQUENCE_NUMBER', jsonb_build_object('SequenceNumber', number)) FROM numbers WHERE n IN (1, 2, 12);
SELECT pg_temp.count_from('AFTER_SEQUENCE_NUMBER', jsonb_build_object('SequenceNumber', pg_temp.stream('Plain') #> '{Shards,0,SequenceNumberRange,StartingSequenceNumber}'));
SELECT pg_temp.count_from('LATEST', '{}'), pg_temp.count_from('AT_TIMESTAMP', '{"Timestamp": 1}');
SELECT pg_temp.count_from('AT_TIMESTAMP', jsonb_build_object('Timestamp', extract(epoch FROM now()) + 1000));
SELECT pg_temp.count_from('AT_TIMESTAMP', '{}');
SELECT pg_temp.count_from('AT_SEQUENCE_NUMBER', '{}');
SELECT pg_temp.count_from('LATEST', '{"SequenceNumber": "100000000000000000100"}');
SELECT pg_temp.count_from('AT_SEQUENCE_NUMBER', '{"SequenceNumber": "999999999999999999999999999999"}');
SELECT pg_temp.count_from('AT_SEQUENCE_NUMBER', '{"SequenceNumber": "000000000000000000000"}');
SELECT pg_temp.count_from('AT_SEQUENCE_NUMBER', '{"SequenceNumber": "10000000000000000010x"}');
SELECT pg_temp.count_from('AT_SEQUENCE_NUMBER', '{"SequenceNumber": "1"}');
SELECT pg_temp.count_from('SOMEWHERE', '{}');

-- Iterators: foreign, forged, malformed
SELECT pg_temp.answer('get_records', '{"ShardIterator": "x"}');
SELECT pg_temp.answer('get_records', jsonb_build_object('ShardIterator', pg_temp.arn('Plain') || '|1|' || repeat('A', 84)));
SELECT pg_temp.answer('get_records', jsonb_build_object('ShardIterator', regexp_replace(pg_temp.iterator('Plain', 'LATEST'), '\|1\|AQ', '|1|AR')));
SELECT pg_temp.answer('get_records', '{"ShardIterator": ""}');
SELECT pg_temp.answer('get_records', '{}');
SELECT pg_temp.answer('get_records', '{"ShardIterator": "x", "Limit": 0}');
SELECT pg_temp.answer('get_records', '{"ShardIterator": "x", "Limit": 1001}');

-- Streams and shards that are not there
SELECT pg_temp.answer('describe_stream', '{"StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Plain"}');
SELECT pg_temp.answer('describe_stream', '{"StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Plain/stream/2020-01-01T00:00:00.000"}');
SELECT pg_temp.answer('describe_stream', '{"StreamArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/Plain/stream/2020-01-01T00:00:00.000"}');
SELECT pg_temp.answer('describe_stream', '{"StreamArn": "short"}');
SELECT pg_temp.plain(pg_temp.answer('get_shard_iterator', jsonb_build_object('StreamArn', pg_temp.arn('Plain'), 'ShardId', 'shardId-00000000000000000000-00000000', 'ShardIteratorType', 'LATEST')));
SELECT pg_temp.plain(pg_temp.stream('Plain')::text);
SELECT jsonb_array_length(dynamo_describe_stream(jsonb_build_object('StreamArn', pg_temp.arn('Plain'), 'ExclusiveStartShardId', 'shardId-99999999999999999999-00000000')) #> '{StreamDescription,Shards}');
SELECT jsonb_array_length(dynamo_describe_stream(jsonb_build_object('StreamArn', pg_temp.arn('Plain'), 'ShardFilter', jsonb_build_object('Type', 'CHILD_SHARDS', 'ShardId', pg_temp.stream('Plain') #> '{Shards,0,ShardId}'))) #> '{StreamDescription,Shards}');
SELECT pg_temp.answer('describe_stream', jsonb_build_object('StreamArn', pg_temp.arn('Plain'), 'ShardFilter', '{"Type": "CHILD_SHARDS"}'::jsonb));

-- ListStreams: by table, in pages
SELECT jsonb_agg(s ->> 'TableName') FROM jsonb_array_elements(dynamo_list_streams('{}') -> 'Streams') s;
SELECT dynamo_list_streams('{"TableName": "NoSuchTable"}');
WITH RECURSIVE pages AS (
	SELECT dynamo_list_streams('{"Limit": 2}') AS page
	UNION ALL
	SELECT dynamo_list_streams(jsonb_build_object('Limit', 2, 'ExclusiveStartStreamArn', page -> 'LastEvaluatedStreamArn')) FROM pages WHERE page ? 'LastEvaluatedStreamArn')
SELECT jsonb_path_query_array(page, '$.Streams[*].TableName') FROM pages;

-- UpdateTable: on and off; what contradicts it; the old stream stays readable to its end
CREATE FUNCTION pg_temp.switch(specification jsonb) RETURNS text LANGUAGE plpgsql SET client_min_messages = warning AS $$
DECLARE
	answer text := pg_temp.answer('update_table', jsonb_build_object('TableName', 'Many', 'StreamSpecification', specification));
BEGIN
	RETURN coalesce((SELECT jsonb_object_agg(key, value) FROM jsonb_each(answer::jsonb -> 'TableDescription') WHERE key ~ 'Stream|TableStatus')::text, answer);
EXCEPTION WHEN invalid_text_representation THEN
	RETURN answer;
END $$;
SELECT pg_temp.switch('{"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}');
SELECT pg_temp.switch('{"StreamEnabled": true}');
SELECT pg_temp.switch('{"StreamEnabled": false, "StreamViewType": "NEW_IMAGE"}');
CREATE TEMP TABLE old AS SELECT pg_temp.arn('Many') AS arn, pg_temp.iterator('Many', 'TRIM_HORIZON') AS iterator;
SELECT pg_temp.plain(pg_temp.switch('{"StreamEnabled": false}'));
SELECT pg_temp.switch('{"StreamEnabled": false}');
SELECT dynapg.put('Many', '{"p": "unseen", "s": 1}');
SELECT pg_temp.plain(pg_temp.switch('{"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}'));
SELECT dynapg.put('Many', '{"p": "seen", "s": 1}');
SELECT pg_temp.records('Many');
SELECT jsonb_array_length(page -> 'Records'), page ? 'NextShardIterator' AS more FROM old, dynamo_get_records(jsonb_build_object('ShardIterator', iterator)) page;
SELECT pg_temp.plain(dynamo_describe_stream(jsonb_build_object('StreamArn', arn))::text) FROM old;
SELECT count(*), count(*) FILTER (WHERE s ->> 'StreamArn' = arn) AS old FROM old, jsonb_array_elements(dynamo_list_streams('{"TableName": "Many"}') -> 'Streams') s;

-- A table that is gone, by the API and by plain SQL, leaves its stream to its owner
CREATE ROLE regress_dynapg_reader;
GRANT USAGE ON SCHEMA dynamo TO regress_dynapg_reader;
CREATE TEMP TABLE gone AS SELECT name, pg_temp.arn(name) AS arn, pg_temp.iterator(name, 'TRIM_HORIZON') AS iterator FROM unnest('{Many,Late}'::text[]) name;
GRANT SELECT ON gone TO regress_dynapg_reader;
SELECT dynamo_delete_table('{"TableName": "Many"}') IS NOT NULL;
DROP TABLE dynamo."Late";
SELECT name, dynamo_describe_stream(jsonb_build_object('StreamArn', arn)) #>> '{StreamDescription,StreamStatus}', jsonb_array_length(page -> 'Records') > 0 AS records, page ? 'NextShardIterator' AS more
FROM gone, dynamo_get_records(jsonb_build_object('ShardIterator', iterator)) page ORDER BY 1;
SELECT pg_temp.make('Many', 'p:S', 's:N');
SELECT pg_temp.answer('describe_table', '{"TableName": "Many"}') ~ 'Stream';

-- Who may read a stream: who may read all of its table
SET ROLE regress_dynapg_reader;
SELECT pg_temp.plain(pg_temp.answer('get_records', jsonb_build_object('ShardIterator', iterator))) FROM gone WHERE name = 'Late';
SELECT pg_temp.plain(pg_temp.answer('describe_stream', jsonb_build_object('StreamArn', pg_temp.arn('Plain'))));
SELECT pg_temp.fails('SELECT count(*) FROM dynapg_log.stream_000001');
RESET ROLE;
GRANT SELECT ON dynamo."Plain" TO regress_dynapg_reader;
SET ROLE regress_dynapg_reader;
SELECT count(*) FROM pg_temp.records('Plain');
RESET ROLE;
ALTER TABLE dynamo."Plain" ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON dynamo."Plain" USING (true);
SET ROLE regress_dynapg_reader;
SELECT pg_temp.plain(pg_temp.fails($$ SELECT pg_temp.records('Plain') $$));
RESET ROLE;
DROP POLICY everything ON dynamo."Plain";
ALTER TABLE dynamo."Plain" DISABLE ROW LEVEL SECURITY;

-- A log has no holes: its triggers cannot be disabled, its table is logged
SELECT pg_temp.fails('ALTER TABLE dynamo."Plain" DISABLE TRIGGER dynapg_items');
SELECT pg_temp.fails('ALTER TABLE dynamo."Plain" DISABLE TRIGGER ALL');
SELECT pg_temp.fails('ALTER TABLE dynamo."Plain" SET UNLOGGED');
SELECT pg_temp.fails('DROP TRIGGER dynapg_truncate_log ON dynamo."Plain"');

-- Rolled back, nothing is left
BEGIN;
SELECT pg_temp.make_stream('Never', 'KEYS_ONLY');
SELECT dynapg.put('Plain', '{"p": "never", "s": 1}');
ROLLBACK;
SELECT pg_temp.arn('Never') IS NULL, count(*) FROM pg_temp.records('Plain') records WHERE records ~ 'never';

-- Segments: rows are where they were written; readers merge them; the last ones go when they are old
SELECT number, kind, first_seq >= 0 AS begun, closed_seq IS NULL AS open FROM dynapg.log_segments;
SELECT pg_temp.fails('DROP TABLE dynapg_log.stream_000001');
SELECT dynapg.tick() IS NOT NULL, dynapg.tick();
SELECT count(*) > 0 FROM dynapg.ticks;
SELECT extrelocatable, (SELECT count(*) FROM pg_depend WHERE refobjid = e.oid AND objid = 'dynapg_log.stream_000001'::regclass AND deptype = 'e') FROM pg_extension e WHERE extname = 'dynapg';

SELECT dynamo_delete_table(jsonb_build_object('TableName', name)) IS NOT NULL FROM dynapg.tables WHERE name LIKE 'S%' OR name IN ('Plain', 'Many') ORDER BY name;
REVOKE USAGE ON SCHEMA dynamo FROM regress_dynapg_reader;
DROP OWNED BY regress_dynapg_reader;
DROP ROLE regress_dynapg_reader;
