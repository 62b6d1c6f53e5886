-- A table whose name is taken by another relation in schema dynamo is kept under another name.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION pg_temp.create_table(name text) RETURNS boolean LANGUAGE sql AS $$
	SELECT dynamo_create_table(format('{"TableName": "%s", "BillingMode": "PAY_PER_REQUEST",
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}', name)::jsonb) IS NOT NULL $$;
CREATE FUNCTION pg_temp.delete_table(name text) RETURNS boolean LANGUAGE sql AS $$
	SELECT dynamo_delete_table(jsonb_build_object('TableName', name)) IS NOT NULL $$;

-- by a table that was renamed
SELECT pg_temp.create_table('Alpha');
ALTER TABLE dynamo."Alpha" RENAME TO "Beta";
SELECT pg_temp.create_table('Beta');
SELECT dynapg.put('Alpha', '{"id": "1", "v": "alpha"}'), dynapg.put('Beta', '{"id": "1", "v": "beta"}');
SELECT dynapg.get('Alpha', '1'::text), dynapg.get('Beta', '1'::text), dynapg.items('Beta', '1'::text);
SELECT dynapg.relation('Alpha'), dynapg.relation('Beta');
SELECT conname FROM pg_constraint WHERE conrelid = dynapg.relation('Beta') AND contype = 'p';
SELECT * FROM dynapg.check_table('Beta');
-- the same name each time
SELECT pg_temp.delete_table('Beta');
SELECT pg_temp.create_table('Beta');
SELECT dynapg.relation('Beta');
-- and the next where that is taken, too
ALTER TABLE dynamo."Beta" RENAME TO "Alpha";
SELECT pg_temp.delete_table('Alpha');
SELECT pg_temp.create_table('Alpha');
SELECT pg_temp.delete_table('Beta');
CREATE VIEW dynamo."Beta" AS SELECT 1 AS one;
CREATE SEQUENCE dynamo."Beta~2f4a756254d3f2e0";
SELECT pg_temp.create_table('Beta');
SELECT pg_temp.delete_table('Beta');
DROP VIEW dynamo."Beta";
SELECT pg_temp.create_table('Beta');
SELECT dynapg.relation('Beta');

-- by a type, by what has the name of the primary key; a table's array type steps aside by itself
CREATE TYPE dynamo."Gamma" AS ENUM ('one');
CREATE TABLE dynamo."Delta~pkey" ();
SELECT pg_temp.create_table('Gamma'), pg_temp.create_table('Delta'), pg_temp.create_table('_Beta');
SELECT dynapg.relation('Gamma'), dynapg.relation('Delta'), dynapg.relation('_Beta');
SELECT dynapg.put('Delta', '{"id": "1"}'), dynapg.put('Delta', '{"id": "1", "v": 2}');

-- a long name is taken
CREATE VIEW dynamo."longlonglonglonglonglonglonglonglonglonglonglo~5ef8852cc7c09b09" AS SELECT 1 AS one;
SELECT pg_temp.create_table(repeat('long', 20));
SELECT dynapg.relation(repeat('long', 20));
SELECT pg_temp.delete_table(repeat('long', 20));
DROP VIEW dynamo."longlonglonglonglonglonglonglonglonglonglonglo~5ef8852cc7c09b09";
SELECT pg_temp.create_table(repeat('long', 20));
SELECT dynapg.relation(repeat('long', 20));
SELECT pg_temp.delete_table(repeat('long', 20));

-- in a transaction
BEGIN;
CREATE TABLE dynamo."Epsilon" ();
SELECT pg_temp.create_table('Epsilon');
ROLLBACK;
SELECT name FROM dynapg.tables WHERE name = 'Epsilon';

-- what else CREATE TABLE refuses is no name that is taken
CREATE ROLE regress_dynapg_creator;
GRANT CREATE ON SCHEMA dynamo TO regress_dynapg_creator;
SET allow_in_place_tablespaces TO on;
CREATE TABLESPACE regress_dynapg_forbidden LOCATION '';
SET default_tablespace TO regress_dynapg_forbidden;
SET ROLE regress_dynapg_creator;
SELECT pg_temp.create_table('Epsilon');
RESET ROLE;
RESET default_tablespace;
DROP TABLESPACE regress_dynapg_forbidden;
REVOKE ALL ON SCHEMA dynamo FROM regress_dynapg_creator;
DROP ROLE regress_dynapg_creator;

SELECT pg_temp.delete_table(name) FROM dynapg.tables WHERE name IN ('Alpha', 'Beta', 'Gamma', 'Delta', '_Beta');
DROP TYPE dynamo."Gamma";
DROP TABLE dynamo."Delta~pkey";
DROP SEQUENCE dynamo."Beta~2f4a756254d3f2e0";
SELECT relname FROM pg_class WHERE relnamespace = 'dynamo'::regnamespace;
