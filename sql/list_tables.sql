-- ListTables: pages of names in byte order.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- The tables of other tests come before these.
SELECT count(pg_temp.api('create_table', jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
	'KeySchema', '[{"AttributeName": "a", "KeyType": "HASH"}]'::jsonb,
	'AttributeDefinitions', '[{"AttributeName": "a", "AttributeType": "S"}]'::jsonb)))
FROM unnest(ARRAY['zzz_a', 'zzz-b', 'zzz.c', 'zzzA', 'zzza', 'zzz1', 'zzz-']) AS name;

SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzz"}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzz", "Limit": 7}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzz", "Limit": 6}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzz", "Limit": 1}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzz-", "Limit": 2}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzz2", "Limit": 100}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzzz"}');

SELECT pg_temp.api('list_tables', '{"Limit": 0}');
SELECT pg_temp.api('list_tables', '{"Limit": 101}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zz", "Limit": 101}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "a;b"}');

-- Without a Limit a page has a hundred names.
SELECT count(dynamo_create_table(jsonb_build_object('TableName', 'zzzz' || i, 'BillingMode', 'PAY_PER_REQUEST',
	'KeySchema', '[{"AttributeName": "a", "KeyType": "HASH"}]'::jsonb,
	'AttributeDefinitions', '[{"AttributeName": "a", "AttributeType": "S"}]'::jsonb)))
FROM generate_series(100, 200) AS i;
SELECT jsonb_array_length(page->'TableNames'), page->'TableNames'->0, page->'TableNames'->99, page->'LastEvaluatedTableName'
FROM dynamo_list_tables('{"ExclusiveStartTableName": "zzzz"}') AS page;
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzzz199"}');

-- A table that is being deleted is listed.
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.api('delete_table', '{"TableName": "zzza"}') LIKE '{%';
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzzA", "Limit": 2}');
RESET dynapg.control_plane_delay;
UPDATE dynapg.tables SET change_ends = now() WHERE name = 'zzza';
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzzA", "Limit": 2}');

SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name)))
FROM jsonb_array_elements_text(dynamo_list_tables('{"ExclusiveStartTableName": "zzz"}')->'TableNames') AS name;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name)))
FROM jsonb_array_elements_text(dynamo_list_tables('{"ExclusiveStartTableName": "zzz"}')->'TableNames') AS name;
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "zzz"}');
