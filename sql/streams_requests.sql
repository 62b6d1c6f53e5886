-- Requests to the Streams API: iterators as docs/format.md has them, and all that is refused, without a word of what is in the items; what a page holds.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.make_stream(name text, members jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "id", "KeyType": "HASH"}]'::jsonb, 'AttributeDefinitions', '[{"AttributeName": "id", "AttributeType": "S"}]'::jsonb,
		'StreamSpecification', '{"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}'::jsonb) || members)
$$;
CREATE FUNCTION pg_temp.arn(name text) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_list_streams(jsonb_build_object('TableName', name)) #>> '{Streams,-1,StreamArn}'
$$;
CREATE FUNCTION pg_temp.shard(name text) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_describe_stream(jsonb_build_object('StreamArn', pg_temp.arn(name))) #>> '{StreamDescription,Shards,-1,ShardId}'
$$;
CREATE FUNCTION pg_temp.iterator(name text, type text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', pg_temp.arn(name), 'ShardId', pg_temp.shard(name), 'ShardIteratorType', type) || members) ->> 'ShardIterator'
$$;
-- What an answer says, without times, labels, numbers and iterators.
CREATE FUNCTION pg_temp.plain(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(answer, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}', '(label)', 'g'),
		'shardId-\d{20}-[0-9a-f]{8}', '(shard)', 'g'), '\y1\d{20}\y', '(number)', 'g'), '[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4}', '(date)', 'g'), '\|1\|[A-Za-z0-9+/=]+', '|1|(iterator)', 'g')
$$;
-- An answer, which is remembered; of records only how many.
CREATE TEMP TABLE answers (answer text);
CREATE FUNCTION pg_temp.ask(operation text, request jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text := pg_temp.answer(operation, request);
BEGIN
	INSERT INTO answers VALUES (answer);
	RETURN coalesce(substring(answer FROM '^\{"Records": ') || regexp_count(answer, '"eventID"'), pg_temp.plain(answer));
END $$;
CREATE FUNCTION pg_temp.get_records(iterator text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.ask('get_records', jsonb_build_object('ShardIterator', iterator)) $$;

SELECT pg_temp.make_stream('Asked'), pg_temp.make_stream('Beside');
SELECT count(dynapg.put(name, jsonb_build_object('id', 'secret key ' || i, 'x', 'secret value'))) FROM unnest('{Asked,Beside}'::text[]) name, generate_series(1, 3) i;

-- An iterator made by the words of docs/format.md: HMAC-SHA-256 over a version byte, the log's id, the generation, the shard, the number and the time
CREATE FUNCTION pg_temp.hmac(message bytea, secret bytea) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	key bytea := secret || decode(repeat('00', 64 - length(secret)), 'hex');
	inner_key bytea := key;
	outer_key bytea := key;
BEGIN
	FOR i IN 0 .. 63 LOOP
		inner_key := set_byte(inner_key, i, get_byte(key, i) # 54);
		outer_key := set_byte(outer_key, i, get_byte(key, i) # 92);
	END LOOP;
	RETURN sha256(outer_key || sha256(inner_key || message));
END $$;
CREATE FUNCTION pg_temp.make_iterator(arn text, log int, generation int, shard int, after bigint, age interval DEFAULT '0', version int DEFAULT 1, secret bytea DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT arn || '|1|' || translate(encode(message || pg_temp.hmac(message, coalesce(secret, (SELECT t.secret FROM dynapg.token_secret t))), 'base64'), E'\n', '')
	FROM (SELECT set_byte('\x00', 0, version) || int4send(log) || int4send(generation) || int4send(shard) || int8send(after)
		|| int8send((extract(epoch FROM clock_timestamp() - age - '2000-01-01 00:00:00+00') * 1000000)::bigint)) m(message)
$$;
CREATE TEMP TABLE stream AS SELECT id, arn, oldest, decode(split_part(oldest, '|', 3), 'base64') AS bytes
	FROM dynapg.logs, (SELECT pg_temp.arn('Asked') AS arn, pg_temp.iterator('Asked', 'TRIM_HORIZON') AS oldest) i WHERE table_name = 'Asked';
SELECT split_part(oldest, '|', 1) = arn AND split_part(oldest, '|', 2) = '1' AS names, length(bytes), get_byte(bytes, 0) AS version, substr(bytes, 2, 4) = int4send(id) AS log, substr(bytes, 6, 8) AS generation_and_shard,
	substr(bytes, 14, 8) = int8send((SELECT first_seq FROM dynapg.logs l WHERE l.id = s.id)) AS number, substr(bytes, 30) = pg_temp.hmac(substr(bytes, 1, 29), (SELECT secret FROM dynapg.token_secret)) AS signed FROM stream s;
SELECT pg_temp.get_records(oldest), pg_temp.get_records(pg_temp.make_iterator(arn, id, 0, 0, 0)) FROM stream;

-- ... expires after 15 minutes
SELECT age, pg_temp.get_records(pg_temp.make_iterator(arn, id, 0, 0, 0, age)) FROM stream, unnest('{13 minutes,15 minutes 1 second,1 year}'::interval[]) age;
-- ... forged: each of its bytes changed; cut off and continued; another version; no base64, other base64; no ARN; what ends in U+0000
SELECT pg_temp.get_records(arn || '|1|' || translate(encode(set_byte(bytes, i, get_byte(bytes, i) # 1), 'base64'), E'\n', '')) AS answer, count(*) FROM stream, generate_series(0, length(bytes) - 1) i GROUP BY 1;
SELECT pg_temp.get_records(left(oldest, i)) AS answer, count(*) FROM stream, generate_series(1, length(oldest) - 1) i GROUP BY 1;
SELECT pg_temp.get_records(iterator) FROM stream, LATERAL (VALUES (oldest || 'AAAA'), (pg_temp.make_iterator(arn, id, 0, 0, 0, version => 2)), (oldest || E'\n'), (replace(oldest, '|1|', '|2|')), (replace(oldest, '|1|', '|1|1|')),
	(replace(oldest, arn, '')), (split_part(oldest, '|', 3)), (replace(oldest, '|', '')), (arn || '|1|'), (repeat('x', 2048))) v(iterator);
SELECT pg_temp.answer('get_records', jsonb_build_object('ShardIterator', repeat('x', 2049))) ~ 'length less than or equal to 2048' AS too_long;
-- ... foreign: signed by another database, or another stream's
SELECT pg_temp.get_records(pg_temp.make_iterator(arn, id, 0, 0, 0, secret => '\x00')) FROM stream;
SELECT pg_temp.get_records(replace(oldest, 'table/Asked', 'table/Beside')), pg_temp.get_records(replace(oldest, arn, pg_temp.arn('Beside'))), pg_temp.get_records(replace(oldest, arn, replace(arn, 'us-east-1', 'eu-west-1'))) FROM stream;
-- ... of a stream and shards that are not there
SELECT pg_temp.get_records(pg_temp.make_iterator(arn, log, generation, shard, 0)) FROM stream, LATERAL (VALUES (0, 0, 0), (-1, 0, 0), (2147483647, 0, 0), (id, 1, 0), (id, 0, 1), (id, -1, -1)) v(log, generation, shard);

-- Sequence numbers that are out of the shard or no numbers
SELECT number, pg_temp.ask('get_shard_iterator', jsonb_build_object('StreamArn', arn, 'ShardId', pg_temp.shard('Asked'), 'ShardIteratorType', 'AT_SEQUENCE_NUMBER', 'SequenceNumber', number))
FROM stream, unnest('{100000000000000000000,100099999999999999999,199999999999999999999,109223372036854775807,109223372036854775808,999999999999999999999999999999,0000000000000000000000000000000000000000,-10000000000000000000000,1000000000000000000e10,１00000000000000000000}'::text[]) number;
SELECT pg_temp.ask('get_shard_iterator', jsonb_build_object('StreamArn', arn, 'ShardId', pg_temp.shard('Asked'), 'ShardIteratorType', type) || members)
FROM stream, (VALUES ('AFTER_SEQUENCE_NUMBER', '{}'::jsonb), ('AT_SEQUENCE_NUMBER', '{"SequenceNumber": ""}'), ('TRIM_HORIZON', '{"SequenceNumber": "100000000000000000100"}'), ('AT_TIMESTAMP', '{"SequenceNumber": "100000000000000000100", "Timestamp": 1}'),
	('AT_TIMESTAMP', '{"Timestamp": "yesterday"}'), ('AT_TIMESTAMP', '{"Timestamp": -1}'), ('AT_TIMESTAMP', '{"Timestamp": -1e300}'), ('AT_TIMESTAMP', '{"Timestamp": 1e300}'), ('AT_TIMESTAMP', '{"Timestamp": 0.0005}'), ('LATEST', '{"Timestamp": 1}'), ('latest', '{}')) v(type, members);
SELECT pg_temp.ask('get_shard_iterator', jsonb_build_object('StreamArn', arn, 'ShardId', shard, 'ShardIteratorType', 'LATEST')) FROM stream, unnest(ARRAY[pg_temp.shard('Beside'), 'shardId-00000000000000000000-00000000', 'short', '']) shard;

-- ARNs that are none, and whose streams are not there
SELECT operation, pg_temp.ask(operation, members || jsonb_build_object('StreamArn', arn)) FROM (VALUES ('describe_stream', '{}'::jsonb), ('get_shard_iterator', '{"ShardId": "shardId-00000000000000000000-00000000", "ShardIteratorType": "LATEST"}')) o(operation, members),
	(VALUES (1, 'arn:aws:dynamodb:us-east-1:000000000000:table/Asked/stream/2020-01-01T00:00:00.000'), (2, 'arn:aws:dynamodb:us-east-1:111111111111:table/Asked/stream/2020-01-01T00:00:00.000'),
	(3, 'arn:aws:dynamodb:us-east-1:000000000000:table/None/stream/2020-01-01T00:00:00.000'), (4, 'arn:aws:dynamodb:us-east-1:000000000000:table/Asked/index/by_x'), (5, 'arn:aws:dynamodb:us-east-1:000000000000:table/Asked/stream/'),
	(6, 'arn:aws:kinesis:us-east-1:000000000000:stream/Asked'), (7, repeat('x', 37))) a(n, arn) ORDER BY 1 DESC, n;

-- ShardFilter, and where a page of shards or streams begins
SELECT filter, pg_temp.ask('describe_stream', jsonb_build_object('StreamArn', arn, 'ShardFilter', filter)) FROM stream, unnest(ARRAY['{}', '{"Type": "CHILD_SHARDS"}', '{"ShardId": "shardId-00000000000000000000-00000000"}',
	'{"Type": "ALL", "ShardId": "shardId-00000000000000000000-00000000"}', '{"Type": "CHILD_SHARDS", "ShardId": "short"}', '"CHILD_SHARDS"']::jsonb[]) filter;
SELECT dynamo_describe_stream(jsonb_build_object('StreamArn', arn, 'ShardFilter', '{"Type": "CHILD_SHARDS", "ShardId": "shardId-00000000000000000000-00000000"}'::jsonb)) #> '{StreamDescription,Shards}' FROM stream;
SELECT pg_temp.ask('describe_stream', jsonb_build_object('StreamArn', arn) || members) FROM stream, unnest('{"{\"Limit\": 0}","{\"Limit\": 101}","{\"ExclusiveStartShardId\": \"short\"}"}'::jsonb[]) members;
SELECT pg_temp.ask('list_streams', members) FROM unnest('{"{\"Limit\": 0}","{\"Limit\": 101}","{\"ExclusiveStartStreamArn\": \"short\"}","{\"TableName\": \"a\"}"}'::jsonb[]) members;
SELECT pg_temp.ask('list_streams', jsonb_build_object('ExclusiveStartStreamArn', arn)) FROM unnest('{arn:aws:dynamodb:us-east-1:000000000000:table/Asked,xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx}'::text[]) arn;
SELECT jsonb_path_query_array(dynamo_list_streams('{"ExclusiveStartStreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Asked-gone/stream/2020-01-01T00:00:00.000"}'), '$.Streams[*].TableName') @> '["Beside"]';

-- None of all that has told of an item
SELECT count(*) > 100 AS many, count(*) FILTER (WHERE answer ~ 'secret' AND answer !~ '^\{"Records"') FROM answers;

-- What consumers keep of a record: an eventID and a number, by the same words; a label
SELECT bool_and(r ->> 'eventID' = left(encode(sha256(uuid_send(table_id) || convert_to(label || '/' || (r #>> '{dynamodb,SequenceNumber}')::numeric - 100000000000000000000, 'UTF8')), 'hex'), 32)) AS event_ids,
	bool_and(r #>> '{dynamodb,SequenceNumber}' ~ '^1\d{20}$') AS numbers, bool_and(arn ~ '/stream/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}$') AS labels
FROM stream JOIN dynapg.logs USING (id), jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('Asked', 'TRIM_HORIZON'))) -> 'Records') r;
-- ... and a shard's part of the hashes: of n shards the i-th begins at i * (floor((2^64 - 1) / n) + 1)
SELECT dynapg.set_stream_shards('Asked', 3);
SELECT count(dynapg.put('Asked', jsonb_build_object('id', 'key ' || i))) FROM generate_series(1, 60) i;
CREATE FUNCTION pg_temp.number_of(hash uuid) RETURNS numeric LANGUAGE sql AS $$
	SELECT CASE WHEN n < 0 THEN n + 18446744073709551616 ELSE n END FROM (SELECT ('x' || left(replace(hash::text, '-', ''), 16))::bit(64)::bigint::numeric) v(n)
$$;
SELECT count(*) AS shards, sum(records) AS records, bool_and(lowest = highest) AS one_part_each, count(DISTINCT lowest) AS parts FROM (
	SELECT shard, count(*) AS records, min(part) AS lowest, max(part) AS highest
	FROM jsonb_path_query(dynamo_describe_stream(jsonb_build_object('StreamArn', pg_temp.arn('Asked'))), '$.StreamDescription.Shards[*] ? (!exists(@.SequenceNumberRange.EndingSequenceNumber)).ShardId') shard,
		jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', dynamo_get_shard_iterator(jsonb_build_object('StreamArn', pg_temp.arn('Asked'), 'ShardId', shard, 'ShardIteratorType', 'TRIM_HORIZON')) -> 'ShardIterator')) -> 'Records') r,
		div(pg_temp.number_of(dynapg.partition_hash(jsonb_build_object('id', r #> '{dynamodb,Keys,id,S}'), 'id', 'S')), div(18446744073709551615, 3) + 1) part
	GROUP BY 1) s;

-- A page: 1000 records, or 1 MB of keys and images
SELECT pg_temp.make_stream('Pages');
SELECT count(dynapg.put('Pages', jsonb_build_object('id', 'i' || i))) FROM generate_series(1, 1005) i;
SELECT count(dynapg.put('Pages', jsonb_build_object('id', 'l' || i, 'x', repeat('x', 300000)))) FROM generate_series(1, 6) i;
WITH RECURSIVE pages AS (
	SELECT dynamo_get_records(jsonb_build_object('ShardIterator', pg_temp.iterator('Pages', 'TRIM_HORIZON'))) AS page
	UNION ALL
	SELECT dynamo_get_records(jsonb_build_object('ShardIterator', page -> 'NextShardIterator')) FROM pages WHERE jsonb_array_length(page -> 'Records') > 0)
SELECT jsonb_array_length(page -> 'Records') AS records, (SELECT sum((r #>> '{dynamodb,SizeBytes}')::int) FROM jsonb_array_elements(page -> 'Records') r) AS bytes FROM pages;

-- Rows of the log belong to nobody who could change them: the table's owner least of all
CREATE ROLE regress_dynapg_owner;
GRANT USAGE ON SCHEMA dynamo TO regress_dynapg_owner;
ALTER TABLE dynamo."Asked" OWNER TO regress_dynapg_owner;
SELECT count(*) FROM pg_class, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege WHERE relnamespace = 'dynapg_log'::regnamespace AND relkind = 'r' AND has_table_privilege('regress_dynapg_owner', oid, privilege);
SELECT count(*) FROM unnest('{logs,log_segments,log_shards,ticks}'::text[]) name, unnest('{INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) privilege WHERE has_table_privilege('regress_dynapg_owner', 'dynapg.' || name, privilege);
SET ROLE regress_dynapg_owner;
SELECT pg_temp.fails(replace(statement, 'segment', (SELECT max(relation::text) FROM dynapg.log_segments WHERE kind = 'STREAM'))) ~ '^42501 (permission denied for|must be owner of) ' AS refused FROM unnest('{TABLE segment,DELETE FROM segment,DROP TABLE segment,CREATE INDEX ON segment (xid),ALTER TABLE segment DISABLE TRIGGER ALL}'::text[]) statement;
SELECT dynapg.put('Asked', '{"id": "owner"}') IS NULL;
SELECT count(*) > 0 FROM dynapg.stream_records('Asked');
RESET ROLE;

SELECT dynamo_delete_table(jsonb_build_object('TableName', name)) IS NOT NULL FROM unnest('{Asked,Beside,Pages}'::text[]) name;
DROP OWNED BY regress_dynapg_owner;
DROP ROLE regress_dynapg_owner;
