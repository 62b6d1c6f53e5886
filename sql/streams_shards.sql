-- Shards of streams: their number, where they end, who follows whom; and streams as SQL users see them.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.make_stream(name text, view_type text) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "id", "KeyType": "HASH"}]'::jsonb, 'AttributeDefinitions', '[{"AttributeName": "id", "AttributeType": "S"}]'::jsonb,
		'StreamSpecification', jsonb_build_object('StreamEnabled', true, 'StreamViewType', view_type)))
$$;
CREATE FUNCTION pg_temp.arn(name text) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_list_streams(jsonb_build_object('TableName', name)) #>> '{Streams,-1,StreamArn}'
$$;
-- The shards of a stream; g: the how manyth they are, those that begin together being one
CREATE FUNCTION pg_temp.shards(name text, filter jsonb DEFAULT '{}') RETURNS TABLE (g bigint, n bigint, id text, parent text, first numeric, last numeric) LANGUAGE sql AS $$
	SELECT dense_rank() OVER (ORDER BY s #> '{SequenceNumberRange,StartingSequenceNumber}'), n, s ->> 'ShardId', s ->> 'ParentShardId', (s #>> '{SequenceNumberRange,StartingSequenceNumber}')::numeric, (s #>> '{SequenceNumberRange,EndingSequenceNumber}')::numeric
	FROM jsonb_array_elements(dynamo_describe_stream(jsonb_build_object('StreamArn', pg_temp.arn(name)) || filter) #> '{StreamDescription,Shards}') WITH ORDINALITY s(s, n)
$$;
CREATE FUNCTION pg_temp.iterator(name text, shard text, type text) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', pg_temp.arn(name), 'ShardId', shard, 'ShardIteratorType', type)) ->> 'ShardIterator'
$$;
-- The ids of a shard's items, and whether it goes on
CREATE FUNCTION pg_temp.read(iterator text, OUT ids text[], OUT more boolean) LANGUAGE sql AS $$
	SELECT ARRAY(SELECT r #>> '{dynamodb,Keys,id,S}' FROM jsonb_array_elements(page -> 'Records') r), page ? 'NextShardIterator'
	FROM dynamo_get_records(jsonb_build_object('ShardIterator', iterator)) page
$$;
CREATE FUNCTION pg_temp.put(name text, prefix text, n int) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(dynapg.put(name, jsonb_build_object('id', prefix || i, 'x', i))) FROM generate_series(1, n) i
$$;

-- One shard becomes four, and these two; another number than 1 to 16 is refused; the same again is nothing
SELECT pg_temp.make_stream('Sharded', 'NEW_IMAGE');
SELECT pg_temp.put('Sharded', 'a', 20);
SELECT n, parent IS NULL AS no_parent, last IS NULL AS open FROM pg_temp.shards('Sharded');
CREATE TEMP TABLE before AS SELECT id, pg_temp.iterator('Sharded', id, 'TRIM_HORIZON') AS oldest, pg_temp.iterator('Sharded', id, 'LATEST') AS latest FROM pg_temp.shards('Sharded');
SELECT pg_temp.fails('SELECT dynapg.set_stream_shards(''Sharded'', 0)'), pg_temp.fails('SELECT dynapg.set_stream_shards(''Sharded'', 17)');
SELECT dynapg.set_stream_shards('Sharded', 1);
SELECT count(*) FROM pg_temp.shards('Sharded');
SELECT dynapg.set_stream_shards('Sharded', 4);
SELECT pg_temp.put('Sharded', 'b', 40);
SELECT s.g, p.g AS parent, s.last IS NULL AS open, s.first > p.last AS behind, count(*), count(DISTINCT p.id) AS parents FROM pg_temp.shards('Sharded') s LEFT JOIN pg_temp.shards('Sharded') p ON p.id = s.parent GROUP BY 1, 2, 3, 4 ORDER BY 1;
SELECT dynapg.set_stream_shards('arn:aws:dynamodb:us-east-1:000000000000:table/Sharded', 2);
SELECT pg_temp.put('Sharded', 'c', 20);
SELECT s.g, p.g AS parent, s.last IS NULL AS open, s.first > p.last AS behind, count(*), count(DISTINCT p.id) AS parents FROM pg_temp.shards('Sharded') s LEFT JOIN pg_temp.shards('Sharded') p ON p.id = s.parent GROUP BY 1, 2, 3, 4 ORDER BY 1;
SELECT count(DISTINCT id), bool_and(id ~ '^shardId-\d{20}-[0-9a-f]{8}$'), array_agg(g ORDER BY id) = array_agg(g ORDER BY g) AS ids_ascend FROM pg_temp.shards('Sharded');

-- A shard that has ended is read to its end and no further, and says so in the same answer
SELECT cardinality(r.ids), r.more FROM before, pg_temp.read(oldest) r;
SELECT cardinality(r.ids), r.more FROM before, pg_temp.read(latest) r;
SELECT r.more FROM before, pg_temp.read(pg_temp.iterator('Sharded', id, 'LATEST')) r;
-- Each record is in one shard of its generation; each shard has some
SELECT left(i, 1) AS put, count(*), count(DISTINCT i), count(DISTINCT s.id) AS shards FROM pg_temp.shards('Sharded') s, pg_temp.read(pg_temp.iterator('Sharded', s.id, 'TRIM_HORIZON')) r, unnest(r.ids) i GROUP BY 1 ORDER BY 1;
SELECT g, r.more, count(*) FROM pg_temp.shards('Sharded') s, pg_temp.read(pg_temp.iterator('Sharded', s.id, 'TRIM_HORIZON')) r GROUP BY 1, 2 ORDER BY 1;
-- Numbers of another generation's are out of a shard's range
SELECT pg_temp.fails(format('SELECT dynamo_get_shard_iterator(%L)', jsonb_build_object('StreamArn', pg_temp.arn('Sharded'), 'ShardId', b.id, 'ShardIteratorType', 'AT_SEQUENCE_NUMBER', 'SequenceNumber', s.first::text)))
	FROM before b, pg_temp.shards('Sharded') s WHERE s.n = 2;
-- A shard's own beginning and end are in its range, also before its first record, and without any
SELECT pg_temp.make_stream('Fresh', 'NEW_IMAGE');
CREATE FUNCTION pg_temp.iterator_at(name text, shard text, type text, number numeric) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', pg_temp.arn(name), 'ShardId', shard, 'ShardIteratorType', type, 'SequenceNumber', number::text)) ->> 'ShardIterator'
$$;
CREATE TEMP TABLE fresh AS SELECT type, pg_temp.iterator_at('Fresh', id, type, first) AS iterator FROM pg_temp.shards('Fresh'), unnest('{AT,AFTER}'::text[]) t, concat(t, '_SEQUENCE_NUMBER') type;
SELECT type, r.* FROM fresh, pg_temp.read(iterator) r ORDER BY type;
SELECT pg_temp.fails(format('SELECT dynamo_get_shard_iterator(%L)', jsonb_build_object('StreamArn', pg_temp.arn('Fresh'), 'ShardId', id, 'ShardIteratorType', 'AT_SEQUENCE_NUMBER', 'SequenceNumber', number::text)))
	FROM pg_temp.shards('Fresh'), unnest(ARRAY[first - 1, first + 1]) number;
SELECT pg_temp.put('Fresh', 'a', 2);
SELECT type, r.* FROM fresh, pg_temp.read(iterator) r ORDER BY type;
SELECT dynapg.set_stream_shards('Fresh', 2), dynapg.set_stream_shards('Fresh', 1), dynapg.set_stream_shards('Fresh', 2);
SELECT g, n, first = last AS without_records, type, r.* FROM pg_temp.shards('Fresh'), unnest('{AT,AFTER}'::text[]) t, concat(t, '_SEQUENCE_NUMBER') type, pg_temp.read(pg_temp.iterator_at('Fresh', id, type, coalesce(last, first))) r ORDER BY g, n, type;
SELECT dynamo_delete_table('{"TableName": "Fresh"}') IS NOT NULL;
-- CHILD_SHARDS: all that go on where a shard ends, also if they name another one as their parent
SELECT p.g, ARRAY(SELECT s.g FROM pg_temp.shards('Sharded', jsonb_build_object('ShardFilter', jsonb_build_object('Type', 'CHILD_SHARDS', 'ShardId', p.id))) c JOIN pg_temp.shards('Sharded') s USING (id) ORDER BY 1) AS children FROM pg_temp.shards('Sharded') p ORDER BY 1;
SELECT ARRAY(SELECT c.id FROM pg_temp.shards('Sharded', '{"Limit": 2}') c) = ARRAY(SELECT id FROM pg_temp.shards('Sharded') WHERE n <= 2 ORDER BY n) AS page;

-- In a transaction that goes on: what it writes behind the boundary is in the new shards; a rollback leaves nothing
BEGIN;
SELECT dynapg.put('Sharded', '{"id": "d1"}');
SELECT dynapg.set_stream_shards('Sharded', 1);
SELECT dynapg.put('Sharded', '{"id": "d2"}');
COMMIT;
SELECT s.g, r.ids FROM pg_temp.shards('Sharded') s, pg_temp.read(pg_temp.iterator('Sharded', s.id, 'TRIM_HORIZON')) r WHERE r.ids && '{d1,d2}' ORDER BY s.g DESC LIMIT 1;
SELECT r.ids && '{d1}' AS before, r.more FROM pg_temp.shards('Sharded') s, pg_temp.read(pg_temp.iterator('Sharded', s.id, 'TRIM_HORIZON')) r WHERE s.g = 3 ORDER BY 1;
BEGIN;
SELECT dynapg.set_stream_shards('Sharded', 16);
SELECT count(*) FROM pg_temp.shards('Sharded');
ROLLBACK;
SELECT count(*) FROM pg_temp.shards('Sharded');

-- A stream that is disabled ends its shards
CREATE FUNCTION pg_temp.switch(specification jsonb) RETURNS boolean LANGUAGE plpgsql SET client_min_messages = warning AS $$
BEGIN
	RETURN dynamo_update_table(jsonb_build_object('TableName', 'Sharded', 'StreamSpecification', specification)) IS NOT NULL;
EXCEPTION WHEN division_by_zero THEN
	RETURN false;
END $$;
SELECT pg_temp.switch('{"StreamEnabled": false}');
SELECT count(*), count(last) AS ended FROM pg_temp.shards('Sharded');
SELECT bool_or(r.more) FROM pg_temp.shards('Sharded') s, pg_temp.read(pg_temp.iterator('Sharded', s.id, 'TRIM_HORIZON')) r;
SELECT pg_temp.fails('SELECT dynapg.set_stream_shards(''Sharded'', 2)');
-- dynapg.stream_shards is for streams that begin
SET dynapg.stream_shards = 3;
SELECT pg_temp.switch('{"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}');
RESET dynapg.stream_shards;
SELECT count(*), count(parent) AS parents FROM pg_temp.shards('Sharded');
SELECT pg_temp.fails('SET dynapg.stream_shards = 17');

-- Who may: the table's owner
CREATE ROLE regress_dynapg_reader;
GRANT USAGE ON SCHEMA dynamo TO regress_dynapg_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo."Sharded" TO regress_dynapg_reader;
SET ROLE regress_dynapg_reader;
SELECT pg_temp.fails('SELECT dynapg.set_stream_shards(''Sharded'', 2)');
RESET ROLE;
SELECT pg_temp.fails('SELECT dynapg.set_stream_shards(''NoSuchTable'', 2)');
SELECT pg_temp.make('Bare', 'id:S');
SELECT pg_temp.fails('SELECT dynapg.set_stream_shards(''Bare'', 2)'), pg_temp.fails('SELECT dynapg.stream_records(''Bare'')'), pg_temp.fails('SELECT dynapg.stream_records(''NoSuchTable'')');

-- Records as rows: of the latest stream, in order, in pages, of all shards
SELECT dynapg.put('Sharded', '{"id": "r", "set": {"$SS": ["b", "a"]}, "n": 1.50}') IS NULL;
INSERT INTO dynamo."Sharded" (item) VALUES ('{"id": "s"}');
SELECT dynapg.put('Sharded', '{"id": "r", "n": 2}') IS NULL;
DELETE FROM dynamo."Sharded" WHERE item ->> 'id' IN ('r', 's');
SELECT event_name, keys, old_image, new_image, expired, created_at BETWEEN now() - interval '1 hour' AND clock_timestamp() AS recent FROM dynapg.stream_records('Sharded') ORDER BY sequence_number;
SELECT array_agg(sequence_number ORDER BY n) = array_agg(sequence_number ORDER BY sequence_number) AS ascending, min(sequence_number) > 1e20 AS wire FROM dynapg.stream_records('Sharded') WITH ORDINALITY r(sequence_number, event_name, keys, old_image, new_image, created_at, expired, n);
WITH RECURSIVE pages AS (
	SELECT array_agg(sequence_number) AS numbers, max(sequence_number) AS last FROM dynapg.stream_records('Sharded', "limit" => 2)
	UNION ALL
	SELECT r.* FROM pages p, LATERAL (SELECT array_agg(sequence_number), max(sequence_number) FROM dynapg.stream_records('Sharded', p.last, 2)) r WHERE p.last IS NOT NULL)
SELECT cardinality(numbers) FROM pages;
-- ... what the stream of an ARN says, of one that has ended; the same as GetRecords
SELECT count(*), count(DISTINCT keys) FROM dynapg.stream_records((SELECT s ->> 'StreamArn' FROM jsonb_array_elements(dynamo_list_streams('{"TableName": "Sharded"}') -> 'Streams') WITH ORDINALITY s(s, n) WHERE n = 1));
SELECT pg_temp.fails('SELECT dynapg.stream_records(''arn:aws:dynamodb:us-east-1:000000000000:table/Sharded/stream/2020-01-01T00:00:00.000'')');
SELECT pg_temp.fails('SELECT dynapg.stream_records(''Sharded'', 1.5)'), pg_temp.fails('SELECT dynapg.stream_records(''Sharded'', -1)');
SELECT count(*) FROM (SELECT FROM dynapg.stream_records('Sharded', 1e25) UNION ALL SELECT FROM dynapg.stream_records(NULL)) r;
SELECT count(*) FROM dynapg.stream_records('Sharded', "limit" => 0);
-- ... its own transaction's are not there before it ends: others may still write smaller numbers
BEGIN;
SELECT dynapg.put('Sharded', '{"id": "open"}');
SELECT count(*) FROM dynapg.stream_records('Sharded') WHERE keys ->> 'id' = 'open';
SELECT behind > 0 AS behind, held_by_pid = pg_backend_pid() AS by_me, held_since = now() AS since FROM dynapg.stat_streams WHERE table_name = 'Sharded' AND status = 'ENABLED';
COMMIT;
SELECT count(*) FROM dynapg.stream_records('Sharded') WHERE keys ->> 'id' = 'open';
-- ... the same rights as GetRecords
SET ROLE regress_dynapg_reader;
SELECT count(*) FROM dynapg.stream_records('Sharded');
RESET ROLE;
REVOKE SELECT ON dynamo."Sharded" FROM regress_dynapg_reader;
SET ROLE regress_dynapg_reader;
SELECT pg_temp.fails('SELECT dynapg.stream_records(''Sharded'')');
RESET ROLE;

-- What monitors see
SELECT table_name, status, view_type, shards, behind, held_by_pid, held_by_gid, held_since, horizon > 1e20 AS horizon, closed_at IS NULL AS written FROM dynapg.stat_streams WHERE table_name = 'Sharded' ORDER BY created_at;
SELECT kind, relation::text ~ '^dynapg_log.stream_\d{6}$', closed_at IS NULL AS open, size > 0, bytes_a_day > 0 FROM dynapg.stat_logs WHERE kind = 'STREAM' ORDER BY number DESC LIMIT 1;

-- AT_TIMESTAMP: what was written at that time or later; ticks before it say where to begin (the one that is made up here lies)
SELECT pg_temp.make_stream('Timed', 'KEYS_ONLY');
SELECT pg_temp.put('Timed', 'before', 3);
SELECT dynapg.tick() IS NOT NULL;
SELECT clock_timestamp() AS moment \gset
SELECT pg_temp.put('Timed', 'after', 2);
CREATE FUNCTION pg_temp.at(moment timestamptz) RETURNS text[] LANGUAGE sql AS $$
	SELECT ids FROM pg_temp.read(dynamo_get_shard_iterator(jsonb_build_object('StreamArn', pg_temp.arn('Timed'), 'ShardId', (SELECT id FROM pg_temp.shards('Timed')), 'ShardIteratorType', 'AT_TIMESTAMP', 'Timestamp', extract(epoch FROM moment))) ->> 'ShardIterator')
$$;
SELECT pg_temp.at(:'moment'), pg_temp.at(:'moment'::timestamptz - interval '1 hour');
BEGIN;
INSERT INTO dynapg.ticks SELECT :'moment'::timestamptz - interval '2 microseconds', last_value, pg_current_snapshot() FROM dynapg.log_seq;
SELECT pg_temp.at(:'moment');
ROLLBACK;
SELECT dynamo_delete_table('{"TableName": "Timed"}') IS NOT NULL;

SELECT dynamo_delete_table('{"TableName": "Sharded"}') IS NOT NULL, dynamo_delete_table('{"TableName": "Bare"}') IS NOT NULL;
REVOKE USAGE ON SCHEMA dynamo FROM regress_dynapg_reader;
DROP OWNED BY regress_dynapg_reader;
DROP ROLE regress_dynapg_reader;
