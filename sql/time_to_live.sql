-- UpdateTimeToLive, DescribeTimeToLive, and which items expire.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- Items expire here when the test says so.
LOAD 'dynapg';
ALTER SYSTEM SET dynapg.expire_interval = 0;
SELECT pg_reload_conf();

CREATE FUNCTION pg_temp.create_table(name text, members jsonb DEFAULT '{}') RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}]'::jsonb) || members)
$$;
CREATE FUNCTION pg_temp.ttl(name text, enabled boolean, attribute text DEFAULT 'ttl') RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_update_time_to_live(jsonb_build_object('TableName', name,
		'TimeToLiveSpecification', jsonb_build_object('AttributeName', attribute, 'Enabled', enabled)))
$$;
CREATE FUNCTION pg_temp.described(name text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.api('describe_time_to_live', jsonb_build_object('TableName', name))
$$;
-- Seconds since 1970, some seconds from now.
CREATE FUNCTION pg_temp.after(seconds numeric) RETURNS numeric LANGUAGE sql AS $$
	SELECT floor(extract(epoch FROM clock_timestamp())) + seconds
$$;
CREATE FUNCTION pg_temp.put(name text, p text, value jsonb, attribute text DEFAULT 'ttl') RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_put_item(jsonb_build_object('TableName', name, 'Item', jsonb_build_object('p', jsonb_build_object('S', p), attribute, value)))
$$;
CREATE FUNCTION pg_temp.expired(name text, p text, seconds numeric DEFAULT -10, attribute text DEFAULT 'ttl') RETURNS void LANGUAGE sql AS $$
	SELECT pg_temp.put(name, p, jsonb_build_object('N', pg_temp.after(seconds)::text), attribute)
$$;
CREATE FUNCTION pg_temp.left_in(name text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(v #>> '{p,S}', ' ' ORDER BY v #>> '{p,S}'), '') FROM jsonb_array_elements(dynamo_scan(jsonb_build_object('TableName', name)) -> 'Items') v
$$;

-- Enabling and disabling, and what is said of what changes nothing
SELECT pg_temp.create_table('ttl-one');
SELECT pg_temp.described('ttl-one');
SELECT pg_temp.ttl('ttl-one', false);
SELECT pg_temp.ttl('ttl-one', true);
SELECT dynapg.wait_for_indexes('ttl-one');
SELECT pg_temp.described('ttl-one');
SELECT pg_temp.ttl('ttl-one', true);
SELECT pg_temp.ttl('ttl-one', true, 'other');
SELECT pg_temp.ttl('ttl-one', false, 'other');
SELECT pg_temp.ttl('ttl-one', false);
SELECT dynapg.wait_for_indexes('ttl-one');
SELECT pg_temp.described('ttl-one');
SELECT pg_temp.ttl('ttl-one', false);
SELECT pg_temp.ttl('ttl-one', false, 'other');
SELECT pg_temp.ttl('arn:aws:dynamodb:us-east-1:000000000000:table/ttl-one', true, 'Läuft.ab[1]"\:');
SELECT dynapg.wait_for_indexes('ttl-one');
SELECT pg_temp.described('arn:aws:dynamodb:us-east-1:000000000000:table/ttl-one');
-- Again, and yet again, while the former is still being dropped
SELECT pg_temp.ttl('ttl-one', false, 'Läuft.ab[1]"\:');
SELECT pg_temp.ttl('ttl-one', true, 'b');
SELECT pg_temp.ttl('ttl-one', false, 'b');
SELECT pg_temp.ttl('ttl-one', true, 'c');
SELECT dynapg.wait_for_indexes('ttl-one');
SELECT pg_temp.described('ttl-one');
SELECT count(*) FROM dynapg.indexes WHERE table_name = 'ttl-one';

-- What is wrong with a request
SELECT pg_temp.api('update_time_to_live', '{}');
SELECT pg_temp.api('update_time_to_live', '{"TableName": "ttl-one", "TimeToLiveSpecification": {}}');
SELECT pg_temp.api('update_time_to_live', '{"TableName": "ttl-one", "TimeToLiveSpecification": {"Enabled": false}}');
SELECT pg_temp.api('update_time_to_live', '{"TableName": "ttl-one", "TimeToLiveSpecification": {"AttributeName": "ttl"}}');
SELECT pg_temp.api('update_time_to_live', '{"TableName": "ttl-one", "TimeToLiveSpecification": {"AttributeName": "", "Enabled": true}}');
SELECT replace(pg_temp.fails($$SELECT pg_temp.ttl('ttl-one', true, repeat('a', 256))$$), repeat('a', 256), '(256 a)');
SELECT pg_temp.api('update_time_to_live', '{"TableName": "ttl-one", "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": "yes"}}');
SELECT pg_temp.api('update_time_to_live', '{"TableName": "ttl-one", "TimeToLiveSpecification": {"AttributeName": 1, "Enabled": true}}');
SELECT pg_temp.ttl('ttl-none', true);
SELECT pg_temp.described('ttl-none');
SELECT pg_temp.create_table('ttl-long');
SELECT replace(pg_temp.ttl('ttl-long', true, repeat('a', 255)), repeat('a', 255), '(255 a)');
SELECT dynapg.wait_for_indexes('ttl-long');
SELECT replace(pg_temp.described('ttl-long'), repeat('a', 255), '(255 a)');

-- The interval between changes comes after what changes nothing; refused attempts do not make it longer; a new table of the name is a new one
SELECT pg_temp.create_table('ttl-often');
SET dynapg.time_to_live_interval = '30min';
SELECT pg_temp.ttl('ttl-often', true);
SELECT pg_temp.ttl('ttl-often', true);
SELECT pg_temp.ttl('ttl-often', false, 'other');
SELECT pg_temp.ttl('ttl-often', false);
UPDATE dynapg.tables SET time_to_live_changed_at = clock_timestamp() - interval '31 minutes' WHERE name = 'ttl-often';
SELECT pg_temp.ttl('ttl-often', false);
SELECT pg_temp.ttl('ttl-often', true);
SELECT dynapg.wait_for_indexes('ttl-often');
SELECT pg_temp.api('delete_table', '{"TableName": "ttl-often"}') LIKE '%ttl-often%';
SELECT pg_temp.create_table('ttl-often');
SELECT pg_temp.ttl('ttl-often', true);
RESET dynapg.time_to_live_interval;

-- Status of the table: CREATING and DELETING
SELECT dynapg.wait_for_indexes('ttl-often');
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.create_table('ttl-slow');
SELECT pg_temp.ttl('ttl-slow', true);
SELECT pg_temp.described('ttl-slow');
SELECT pg_temp.api('update_table', '{"TableName": "ttl-long", "TableClass": "STANDARD_INFREQUENT_ACCESS"}') LIKE '%"TableStatus": "UPDATING"%';
SELECT replace(pg_temp.ttl('ttl-long', false, repeat('a', 255)), repeat('a', 255), '(255 a)');
SELECT dynapg.wait_for_indexes('ttl-long');
SELECT pg_temp.ttl('ttl-long', true);
SELECT dynapg.wait_for_indexes('ttl-long');
SELECT pg_temp.described('ttl-long');
SELECT pg_temp.api('delete_table', '{"TableName": "ttl-often"}') LIKE '%"TableStatus": "DELETING"%';
SELECT pg_temp.ttl('ttl-often', true);
SELECT pg_temp.described('ttl-often');
RESET dynapg.control_plane_delay;

-- What expires: numbers in the past, up to five years, with fractions and exponents
SELECT pg_temp.create_table('ttl-what');
SELECT pg_temp.expired('ttl-what', 'before enabling');
SELECT pg_temp.ttl('ttl-what', true);
SELECT dynapg.wait_for_indexes('ttl-what');
SELECT pg_temp.expired('ttl-what', 'past'), pg_temp.expired('ttl-what', 'fraction', -0.5), pg_temp.expired('ttl-what', 'nearly five years', -5 * 365 * 86400),
	pg_temp.put('ttl-what', 'exponent', jsonb_build_object('N', (pg_temp.after(-100) / 10)::numeric(20, 1) || 'e1')),
	pg_temp.put('ttl-what', 'negative exponent', jsonb_build_object('N', pg_temp.after(-100) || '000e-3')),
	pg_temp.expired('ttl-what', 'Stays: over five years', -5 * 366 * 86400), pg_temp.expired('ttl-what', 'Stays: future', 3600),
	pg_temp.put('ttl-what', 'Stays: 0', '{"N": "0"}'), pg_temp.put('ttl-what', 'Stays: negative', jsonb_build_object('N', (-pg_temp.after(-10))::text)),
	pg_temp.put('ttl-what', 'Stays: milliseconds', jsonb_build_object('N', pg_temp.after(-10) * 1000)::jsonb || jsonb_build_object('N', (pg_temp.after(-10) * 1000)::text)),
	pg_temp.put('ttl-what', 'Stays: large', '{"N": "9.9e125"}'), pg_temp.put('ttl-what', 'Stays: small', '{"N": "1e-130"}'),
	pg_temp.put('ttl-what', 'Stays: S', jsonb_build_object('S', pg_temp.after(-10)::text)), pg_temp.put('ttl-what', 'Stays: empty S', '{"S": ""}'),
	pg_temp.put('ttl-what', 'Stays: B', '{"B": "MTIz"}'), pg_temp.put('ttl-what', 'Stays: NULL', '{"NULL": true}'), pg_temp.put('ttl-what', 'Stays: BOOL', '{"BOOL": true}'),
	pg_temp.put('ttl-what', 'Stays: NS', jsonb_build_object('NS', jsonb_build_array(pg_temp.after(-10)::text))),
	pg_temp.put('ttl-what', 'Stays: L', jsonb_build_object('L', jsonb_build_array(jsonb_build_object('N', pg_temp.after(-10)::text)))),
	pg_temp.put('ttl-what', 'Stays: M', jsonb_build_object('M', jsonb_build_object('ttl', jsonb_build_object('N', pg_temp.after(-10)::text)))),
	pg_temp.put('ttl-what', 'Stays: none', '{"N": "1"}', 'other');
SELECT * FROM dynapg.check_table('ttl-what');
-- until they are removed, they are read and written as usual
SELECT dynamo_get_item('{"TableName": "ttl-what", "Key": {"p": {"S": "past"}}, "ProjectionExpression": "p"}');
SELECT dynapg.expire_items('ttl-what');
SELECT unnest(string_to_array(pg_temp.left_in('ttl-what'), ' Stays: '));
SELECT dynapg.expire_items('ttl-what');
SELECT * FROM dynapg.check_table('ttl-what');

-- A new value rescues an item, and one that is no number; plain SQL writes are followed
SELECT pg_temp.create_table('ttl-sql');
SELECT pg_temp.ttl('ttl-sql', true);
SELECT dynapg.wait_for_indexes('ttl-sql');
INSERT INTO dynamo."ttl-sql" (item) SELECT jsonb_build_object('p', 'i' || n, 'ttl', pg_temp.after(-n)) FROM generate_series(1, 6) n;
UPDATE dynamo."ttl-sql" SET item = item || jsonb_build_object('ttl', pg_temp.after(100)) WHERE item ->> 'p' = 'i1';
UPDATE dynamo."ttl-sql" SET item = item || '{"ttl": "never"}' WHERE item ->> 'p' = 'i2';
SELECT dynamo_update_item('{"TableName": "ttl-sql", "Key": {"p": {"S": "i3"}}, "UpdateExpression": "REMOVE #t", "ExpressionAttributeNames": {"#t": "ttl"}}');
SELECT dynamo_update_item('{"TableName": "ttl-sql", "Key": {"p": {"S": "i4"}}, "UpdateExpression": "SET #t = #t + :t", "ExpressionAttributeNames": {"#t": "ttl"}, "ExpressionAttributeValues": {":t": {"N": "1000"}}}');
SELECT * FROM dynapg.check_table('ttl-sql');
SELECT dynapg.expire_items('ttl-sql'), pg_temp.left_in('ttl-sql');
-- documents and strings under the attribute are no index key: nothing is said of them
SELECT dynamo_update_item('{"TableName": "ttl-sql", "Key": {"p": {"S": "i1"}}, "UpdateExpression": "SET #t = :m", "ExpressionAttributeNames": {"#t": "ttl"}, "ExpressionAttributeValues": {":m": {"M": {}}}}');
SELECT dynamo_update_item('{"TableName": "ttl-sql", "Key": {"p": {"S": "i1"}}, "UpdateExpression": "SET #t.x = :e", "ExpressionAttributeNames": {"#t": "ttl"}, "ExpressionAttributeValues": {":e": {"S": ""}}, "ReturnValues": "ALL_NEW"}');
TRUNCATE dynamo."ttl-sql";
SELECT * FROM dynapg.check_table('ttl-sql');

-- Limits: so many items at a time, the oldest first
SELECT pg_temp.expired('ttl-sql', 'i' || n, -2 * n) FROM generate_series(1, 8) n;
SELECT dynapg.expire_items('ttl-sql', 3), pg_temp.left_in('ttl-sql');
SELECT dynapg.expire_items('ttl-sql', 0), dynapg.expire_items(NULL, 2), pg_temp.left_in('ttl-sql');
SELECT dynapg.expire_items(), pg_temp.left_in('ttl-sql');
-- more than a batch
INSERT INTO dynamo."ttl-sql" (item) SELECT jsonb_build_object('p', 'i' || n, 'ttl', pg_temp.after(-1)) FROM generate_series(1, 350) n;
SELECT dynapg.expire_items('ttl-sql', 250), dynapg.expire_items('ttl-sql'), pg_temp.left_in('ttl-sql');

-- Nothing of the index is seen: tables, units, indexes, UpdateTable
SELECT pg_temp.create_table('ttl-hidden');
SELECT dynamo_describe_table('{"TableName": "ttl-hidden"}') AS before \gset
SELECT pg_temp.ttl('ttl-hidden', true, 'g');
SELECT dynapg.wait_for_indexes('ttl-hidden');
SELECT dynamo_describe_table('{"TableName": "ttl-hidden"}') = :'before'::jsonb;
SELECT dynamo_list_tables('{}') -> 'TableNames' @> '["ttl-hidden"]', dynamo_list_tables('{}')::text LIKE '%~%';
SELECT pg_temp.api('put_item', jsonb_build_object('TableName', 'ttl-hidden', 'ReturnConsumedCapacity', 'INDEXES', 'ReturnItemCollectionMetrics', 'SIZE',
	'Item', jsonb_build_object('p', '{"S": "a"}'::jsonb, 'g', jsonb_build_object('N', pg_temp.after(-10)::text))));
SELECT pg_temp.api('query', format('{"TableName": "ttl-hidden", "IndexName": "%s", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"N": "1"}}}', name)::jsonb)
FROM dynapg.indexes WHERE table_name = 'ttl-hidden';
SELECT pg_temp.api('execute_statement', format('{"Statement": "SELECT * FROM \"ttl-hidden\".\"%s\""}', name)::jsonb) FROM dynapg.indexes WHERE table_name = 'ttl-hidden';
-- an index by the same attribute, of type S
SELECT pg_temp.api('update_table', '{"TableName": "ttl-hidden", "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}') LIKE '%by_g%';
SELECT dynapg.wait_for_indexes('ttl-hidden');
SELECT pg_temp.put('ttl-hidden', 'b', '{"S": "1"}', 'g');
SELECT pg_temp.api('put_item', '{"TableName": "ttl-hidden", "Item": {"p": {"S": "c"}, "g": {"N": "1"}}}');
SELECT * FROM dynapg.check_table('ttl-hidden');
SELECT dynapg.expire_items('ttl-hidden'), pg_temp.left_in('ttl-hidden');

-- Key attributes: of the table, of type N and S
SELECT dynamo_create_table('{"TableName": "ttl-key", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}, {"AttributeName": "l", "AttributeType": "S"}],
	"LocalSecondaryIndexes": [{"IndexName": "by_l", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}],
		"Projection": {"ProjectionType": "ALL"}}]}') IS NOT NULL;
SELECT pg_temp.ttl('ttl-key', true, 'at');
SELECT dynapg.wait_for_indexes('ttl-key');
INSERT INTO dynamo."ttl-key" (item) SELECT jsonb_build_object('p', 'a' || n, 'at', pg_temp.after(n * 1000), 'l', 'x') FROM generate_series(-3, 3) n WHERE n <> 0;
SELECT count(*) FROM dynapg_index."ttl-key~by_l";
SELECT dynapg.expire_items('ttl-key'), pg_temp.left_in('ttl-key');
SELECT count(*) FROM dynapg_index."ttl-key~by_l";
SELECT * FROM dynapg.check_table('ttl-key');
SELECT pg_temp.create_table('ttl-hash');
SELECT pg_temp.ttl('ttl-hash', true, 'p');
SELECT dynapg.wait_for_indexes('ttl-hash');
SELECT pg_temp.put('ttl-hash', pg_temp.after(-10)::text, '{"N": "1"}');
SELECT dynapg.expire_items('ttl-hash'), pg_temp.left_in('ttl-hash') <> '';

-- Attributes with names that mean something elsewhere: in stored items, paths, LIKE, JSON, SQL
SELECT pg_temp.create_table('ttl-name');
\set ECHO none
SELECT format('SELECT FROM pg_temp.ttl(''ttl-name'', true, %L)', name), 'SELECT FROM dynapg.wait_for_indexes(''ttl-name'')',
	format('SELECT pg_temp.expired(''ttl-name'', ''past'', -10, %1$L), pg_temp.expired(''ttl-name'', ''future'', 1000, %1$L), pg_temp.expired(''ttl-name'', ''other'', -10, %1$L || ''!'')', name),
	format('SELECT dynapg.expire_items(''ttl-name''), pg_temp.left_in(''ttl-name''), left(%L, 5), (SELECT count(*) FROM dynapg.check_table(''ttl-name''))', name),
	format('SELECT FROM pg_temp.ttl(''ttl-name'', false, %L)', name), 'SELECT FROM dynapg.wait_for_indexes(''ttl-name'')'
FROM unnest(ARRAY['$', '$S', '$$S', '$M', '$$$0', 'a.b', 'a[0]', 'Läuft ab', '#t', ':t', '"', '\', '''', '%_', 'ttl~', 'TTL', '~ttl', E'\n', '😀', repeat('x', 255)]) name \gexec
\set ECHO all
SELECT pg_temp.left_in('ttl-name'), dynapg.expire_items('ttl-name');

-- The stream's record says who has removed the item; by the executor, too, where a table has triggers of its own
SELECT pg_temp.create_table('ttl-stream', '{"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}}');
SELECT pg_temp.ttl('ttl-stream', true);
SELECT dynapg.wait_for_indexes('ttl-stream');
SELECT pg_temp.expired('ttl-stream', 'direct');
SELECT dynapg.expire_items('ttl-stream');
CREATE TABLE public.ttl_seen (p text, role name, path text);
CREATE FUNCTION public.ttl_look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.ttl_seen VALUES (old.item ->> 'p', current_user, current_setting('search_path'));
	IF old.item ->> 'p' = 'kept' THEN RETURN NULL; END IF;
	IF old.item ->> 'p' = 'refused' THEN RAISE EXCEPTION 'not this one'; END IF;
	-- another item, which the trigger removes: not by time to live
	DELETE FROM dynamo."ttl-stream" WHERE item ->> 'p' = 'with ' || (old.item ->> 'p');
	RETURN old;
END $$;
CREATE TRIGGER look BEFORE DELETE ON dynamo."ttl-stream" FOR EACH ROW EXECUTE FUNCTION public.ttl_look();
SELECT pg_temp.expired('ttl-stream', p, n - 10) FROM unnest('{executor,kept,refused,last}'::text[]) WITH ORDINALITY u(p, n);
SELECT pg_temp.put('ttl-stream', 'with executor', '{"N": "1"}');
SELECT dynapg.expire_items('ttl-stream'), pg_temp.left_in('ttl-stream');
SELECT * FROM public.ttl_seen ORDER BY 1;
SELECT concat_ws(' ', r ->> 'eventName', r #> '{dynamodb,Keys}', r -> 'userIdentity')
FROM (SELECT dynamo_list_streams('{"TableName": "ttl-stream"}') #>> '{Streams,0,StreamArn}' AS arn) a,
	LATERAL (SELECT dynamo_describe_stream(jsonb_build_object('StreamArn', arn)) #> '{StreamDescription,Shards,0,ShardId}' AS shard) s,
	LATERAL (SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', arn, 'ShardId', shard, 'ShardIteratorType', 'TRIM_HORIZON')) AS i) i,
	jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', i -> 'ShardIterator')) -> 'Records') r;

-- Who may: the owner; as whom: the owner, whoever calls
CREATE ROLE dynapg_ttl_owner;
CREATE ROLE dynapg_ttl_other;
GRANT USAGE ON SCHEMA dynamo, dynapg, public TO dynapg_ttl_owner, dynapg_ttl_other;
GRANT ALL ON public.ttl_seen TO dynapg_ttl_owner;
ALTER TABLE dynamo."ttl-stream" OWNER TO dynapg_ttl_owner;
SELECT pg_temp.ttl('ttl-stream', false);
SELECT pg_temp.ttl('ttl-stream', true);
SELECT dynapg.wait_for_indexes('ttl-stream');
SELECT pg_temp.expired('ttl-stream', 'owner'), pg_temp.expired('ttl-sql', 'not mine');
SET ROLE dynapg_ttl_other;
SELECT dynapg.expire_items();
SELECT dynapg.expire_items('ttl-stream');
SELECT dynamo_update_time_to_live('{"TableName": "ttl-stream", "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": false}}');
SELECT dynamo_describe_time_to_live('{"TableName": "ttl-stream"}');
SELECT dynapg.oldest_expired('ttl-stream');
SELECT table_name, attribute_name, status, items_deleted, oldest_expired FROM dynapg.stat_ttl WHERE table_name = 'ttl-stream';
RESET ROLE;
SELECT dynapg.expire_items('ttl-stream'), pg_temp.left_in('ttl-stream');
SELECT role, path FROM public.ttl_seen WHERE p = 'owner';
SET ROLE dynapg_ttl_owner;
SELECT dynapg.expire_items();
RESET ROLE;
SELECT pg_temp.left_in('ttl-sql');

-- What the owner may not do is not done: privileges, policies
ALTER TABLE dynamo."ttl-sql" OWNER TO dynapg_ttl_owner;
SELECT pg_temp.expired('ttl-sql', 'hidden');
ALTER TABLE dynamo."ttl-sql" ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON dynamo."ttl-sql" USING (item ->> 'p' <> 'hidden');
SELECT dynapg.expire_items('ttl-sql'), pg_temp.left_in('ttl-sql');
ALTER TABLE dynamo."ttl-sql" DISABLE ROW LEVEL SECURITY;
SELECT pg_temp.expired('ttl-what', 'of another table');
REVOKE DELETE ON dynamo."ttl-sql" FROM dynapg_ttl_owner;
SELECT dynapg.expire_items('ttl-sql');
SELECT dynapg.expire_items(), pg_temp.left_in('ttl-sql');
GRANT DELETE ON dynamo."ttl-sql" TO dynapg_ttl_owner;
DROP POLICY p ON dynamo."ttl-sql";

-- How far behind
SELECT table_name, attribute_name, status, items_deleted, since <= last_deleted_at AS counted, oldest_expired < now() AS waits, behind > '8 seconds' AS behind
FROM dynapg.stat_ttl WHERE table_name IN ('ttl-what', 'ttl-sql', 'ttl-one') ORDER BY 1;
SELECT dynapg.oldest_expired('ttl-what'), dynapg.oldest_expired('ttl-one');

-- In a transaction block the index is built at once, under a lock
BEGIN;
SELECT pg_temp.create_table('ttl-block');
SELECT pg_temp.expired('ttl-block', 'a');
SELECT pg_temp.ttl('ttl-block', true);
SELECT pg_temp.described('ttl-block');
SELECT dynapg.expire_items('ttl-block');
SELECT pg_temp.ttl('ttl-block', false);
SELECT pg_temp.described('ttl-block');
COMMIT;
BEGIN READ ONLY;
SELECT pg_temp.fails($$SELECT dynapg.expire_items()$$);
SELECT pg_temp.fails($$SELECT dynamo_update_time_to_live('{"TableName": "ttl-block", "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}}')$$);
ROLLBACK;

-- What was counted goes with the index
DROP TABLE dynamo."ttl-stream";
UPDATE dynapg.tables SET change = NULL, change_ends = NULL WHERE relation IS NOT NULL;
DELETE FROM dynapg.tables WHERE relation IS NULL;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables WHERE name LIKE 'ttl-%' AND relation IS NOT NULL;
SELECT count(*) FROM dynapg.time_to_live_counts;
DROP FUNCTION public.ttl_look();
DROP TABLE public.ttl_seen;
REVOKE ALL ON SCHEMA dynamo, dynapg, public FROM dynapg_ttl_owner, dynapg_ttl_other;
DROP ROLE dynapg_ttl_owner, dynapg_ttl_other;
ALTER SYSTEM RESET dynapg.expire_interval;
SELECT pg_reload_conf();
