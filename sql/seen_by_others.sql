-- What others than the owner see of the catalog: who keys' values, secrets and tokens are no business of.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
DROP ROLE IF EXISTS regress_dynapg_other, regress_dynapg_maker, regress_dynapg_monitor;
CREATE ROLE regress_dynapg_other;
CREATE ROLE regress_dynapg_maker;
CREATE ROLE regress_dynapg_monitor IN ROLE pg_monitor;
GRANT CREATE ON SCHEMA dynamo TO regress_dynapg_maker;

SET ROLE regress_dynapg_maker;
SELECT dynamo_create_table('{"TableName": "Seen", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}') IS NOT NULL;
SELECT dynapg.put('Seen', '{"id": "secret", "g": "secret"}');
RESET ROLE;

-- All relations of the extension, and what each may do with them
SELECT nspname, relname, role, string_agg(privilege, ', ' ORDER BY privilege)
	FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace, unnest('{regress_dynapg_other,regress_dynapg_maker,regress_dynapg_monitor}'::text[]) role, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) privilege
	WHERE relkind IN ('r', 'v', 'm', 'f', 'p', 'S') AND relnamespace IN (SELECT objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND classid = 'pg_namespace'::regclass
		AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dynapg')) AND (CASE WHEN relkind = 'S' THEN has_sequence_privilege(role, c.oid, 'SELECT') AND privilege = 'SELECT' ELSE has_table_privilege(role, c.oid, privilege) END)
	GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT a.attrelid::regclass, a.attname, role FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid, unnest('{regress_dynapg_other,regress_dynapg_maker}'::text[]) role
	WHERE relnamespace = 'dynapg'::regnamespace AND attacl IS NOT NULL AND has_column_privilege(role, a.attrelid, a.attnum, 'SELECT');
SELECT attname FROM pg_attribute WHERE attrelid = 'dynapg.index_progress'::regclass ORDER BY attnum;

-- How far a build is, and not at which key
INSERT INTO dynapg.index_builds SELECT relation, gen_random_uuid(), 'secret', 7, 7 FROM dynapg.indexes;
UPDATE dynapg.indexes SET status = 'CREATING';
SET ROLE regress_dynapg_other;
SELECT index_name, items, entries FROM dynapg.index_progress;
SELECT pg_temp.fails(format('SELECT * FROM dynapg.%s', name)) FROM unnest('{index_builds,access_keys,sessions,token_secret,transaction_tokens,stat_workers,stat_operations,stat_traces,stat_streams,stat_logs,log_seq}'::text[]) name;
SELECT pg_temp.fails('SELECT * FROM dynapg_index."Seen~by_g"'), pg_temp.fails('SELECT * FROM dynamo."Seen"');
SELECT count(*) FROM pg_stats WHERE tablename LIKE 'Seen%';
RESET ROLE;
DELETE FROM dynapg.index_builds;
UPDATE dynapg.indexes SET status = 'ACTIVE';

-- What whoever dumps the database takes along
SELECT unnest(extconfig)::regclass FROM pg_extension WHERE extname = 'dynapg' ORDER BY 1;

-- Schema dynapg can be kept from a role: then it has no functions there, and cannot make tables, whose keys need them; the API works
REVOKE USAGE ON SCHEMA dynapg FROM PUBLIC;
SET ROLE regress_dynapg_maker;
SELECT pg_temp.api('create_table', '{"TableName": "Second", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}');
SELECT pg_temp.fails('SELECT dynapg.get(''Seen'', ''secret'')');
SELECT pg_temp.api('put_item', '{"TableName": "Seen", "Item": {"id": {"S": "b"}, "g": {"S": "x"}}}');
SELECT pg_temp.api('query', '{"TableName": "Seen", "IndexName": "by_g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}');
SELECT pg_temp.api('transact_write_items', '{"TransactItems": [{"Delete": {"TableName": "Seen", "Key": {"id": {"S": "b"}}}}], "ClientRequestToken": "usage"}');
INSERT INTO dynamo."Seen" (item) VALUES ('{"id": "c", "g": "x"}');
UPDATE dynamo."Seen" SET item = item || '{"g": "y"}';
ALTER TABLE dynamo."Seen" SET UNLOGGED;
ALTER TABLE dynamo."Seen" SET LOGGED;
SELECT pg_temp.api('update_table', '{"TableName": "Seen", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by_h", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}]}}]}') LIKE '{"TableDescription": %';
RESET ROLE;
SELECT dynapg.wait_for_indexes('Seen');
SELECT problem FROM dynapg.check_table('Seen');
SET ROLE regress_dynapg_maker;
TRUNCATE dynamo."Seen";
SELECT pg_temp.api('delete_table', '{"TableName": "Seen"}') LIKE '{"TableDescription": %';
RESET ROLE;
GRANT USAGE ON SCHEMA dynapg TO PUBLIC;

-- The same for the other two
REVOKE USAGE ON SCHEMA dynamo, dynapg_index FROM PUBLIC;
SET ROLE regress_dynapg_maker;
SELECT pg_temp.api('create_table', '{"TableName": "Second", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}');
RESET ROLE;
REVOKE CREATE ON SCHEMA dynamo FROM regress_dynapg_maker;
SET ROLE regress_dynapg_maker;
SELECT pg_temp.api('create_table', '{"TableName": "Third", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}');
RESET ROLE;
GRANT USAGE ON SCHEMA dynamo, dynapg_index TO PUBLIC;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
DROP ROLE regress_dynapg_other, regress_dynapg_maker, regress_dynapg_monitor;
