-- What plain DDL may do to item tables, and what it may not.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

\set SHOW_CONTEXT never
SELECT pg_temp.make('Music', 'Artist:S', 'Year:N');
SELECT pg_temp.make('Single', 'id:S');
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "a"}, "Year": {"N": "1"}}}');

-- An item table keeps its three columns and its primary key
ALTER TABLE dynamo."Music" DROP COLUMN sort;
SET client_min_messages TO warning;
SELECT command, pg_temp.fails('ALTER TABLE dynamo."Music" ' || command) FROM unnest(ARRAY[
	'DROP COLUMN hash CASCADE', 'DROP COLUMN item CASCADE', 'ALTER COLUMN hash DROP EXPRESSION',
	'ALTER COLUMN sort DROP EXPRESSION', 'ALTER COLUMN item TYPE json USING item::json',
	'RENAME COLUMN item TO document', 'RENAME COLUMN sort TO range', 'DROP CONSTRAINT "Music~pkey"',
	'DROP CONSTRAINT "Music~pkey", ADD PRIMARY KEY (sort, hash)',
	'DROP CONSTRAINT "Music~pkey", ADD PRIMARY KEY (hash, sort, item)',
	'DROP CONSTRAINT "Music~pkey", ADD UNIQUE (hash, sort)']) command;
RESET client_min_messages;
SELECT pg_temp.fails('DROP INDEX dynamo."Music~pkey"');
-- PostgreSQL 17 can change what a column is generated from; 15 does not know the command
SELECT pg_temp.fails($$ ALTER TABLE dynamo."Music" ALTER COLUMN hash
	SET EXPRESSION AS (dynapg.partition_hash(item, 'Other', 'S')) $$) <> 'no error';

-- It may get another key of the same kind, other columns, another name, schema, owner
ALTER TABLE dynamo."Music" DROP CONSTRAINT "Music~pkey", ADD CONSTRAINT other PRIMARY KEY (hash, sort) INCLUDE (item);
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "a"}, "Year": {"N": "1"}, "v": {"N": "2"}}, "ReturnValues": "ALL_OLD"}');
ALTER TABLE dynamo."Music" DROP CONSTRAINT other, ADD CONSTRAINT "Music~pkey" PRIMARY KEY (hash, sort);
ALTER TABLE dynamo."Music" ADD COLUMN extra int;
ALTER TABLE dynamo."Music" RENAME COLUMN extra TO more;
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "a"}, "Year": {"N": "1"}, "v": {"N": "3"}}, "ReturnValues": "ALL_OLD"}');
ALTER TABLE dynamo."Music" RENAME TO renamed;
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "a"}, "Year": {"N": "1"}, "v": {"N": "4"}}, "ReturnValues": "ALL_OLD"}');
CREATE SCHEMA elsewhere;
ALTER TABLE dynamo.renamed SET SCHEMA elsewhere;
ALTER TABLE elsewhere.renamed DROP COLUMN more;
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "a"}, "Year": {"N": "1"}, "v": {"N": "5"}}, "ReturnValues": "ALL_OLD"}');
SELECT name, relation FROM dynapg.tables ORDER BY name;
SELECT item FROM elsewhere.renamed;

-- An item table has no children, no parents, no type: their DDL would reach it
CREATE TABLE public.parent (item jsonb NOT NULL);
CREATE TABLE public.twin (LIKE dynamo."Single" INCLUDING ALL);
CREATE TABLE public.whole (LIKE dynamo."Single" INCLUDING GENERATED) PARTITION BY LIST (item);
CREATE TYPE public.items AS (hash uuid, sort bytea, item jsonb);
CREATE FOREIGN DATA WRAPPER regress_dynapg_wrapper;
CREATE SERVER regress_dynapg_server FOREIGN DATA WRAPPER regress_dynapg_wrapper;
CREATE FOREIGN TABLE public.far (hash uuid NOT NULL GENERATED ALWAYS AS (dynapg.partition_hash(item, 'id', 'S')) STORED,
	sort bytea NOT NULL GENERATED ALWAYS AS ('') STORED, item jsonb NOT NULL) SERVER regress_dynapg_server;
SET client_min_messages TO warning;
SELECT command, pg_temp.fails(command) FROM unnest(ARRAY[
	'CREATE TABLE public.child () INHERITS (dynamo."Single")', 'CREATE TABLE public.child (more int) INHERITS (public.parent, dynamo."Single")',
	'CREATE TEMP TABLE child () INHERITS (dynamo."Single")', 'CREATE SCHEMA child CREATE TABLE child () INHERITS (dynamo."Single")',
	'ALTER TABLE public.twin INHERIT dynamo."Single"',
	'CREATE FOREIGN TABLE public.child () INHERITS (dynamo."Single") SERVER regress_dynapg_server', 'ALTER FOREIGN TABLE public.far INHERIT dynamo."Single"',
	'ALTER TABLE dynamo."Single" INHERIT public.parent', 'ALTER TABLE public.whole ATTACH PARTITION dynamo."Single" DEFAULT',
	'ALTER TABLE public.whole ATTACH PARTITION dynamo."Single" FOR VALUES IN (''{}'')',
	'ALTER TABLE dynamo."Single" OF public.items']) command;
RESET client_min_messages;
SELECT pg_temp.fails('CREATE TABLE public.part PARTITION OF dynamo."Single" DEFAULT');
-- others' inheritance and partitions are theirs
CREATE TABLE public.child () INHERITS (public.parent);
CREATE TABLE public.part PARTITION OF public.whole DEFAULT;
CREATE TABLE public.other (LIKE public.whole INCLUDING GENERATED);
ALTER TABLE public.whole ATTACH PARTITION public.other FOR VALUES IN ('{}');
ALTER FOREIGN TABLE public.far INHERIT public.parent;
ALTER TABLE public.twin INHERIT public.parent;
ALTER TABLE public.parent ADD more int;
ALTER TABLE public.whole ADD more int;
SET client_min_messages TO warning;
DROP TABLE public.parent, public.whole, public.twin CASCADE;
DROP FOREIGN DATA WRAPPER regress_dynapg_wrapper CASCADE;
RESET client_min_messages;
DROP TYPE public.items;
SELECT problem FROM dynapg.check_table('Single');

-- The extension's schemas keep their names, and tables their places in them; others' schemas are theirs
SELECT name, pg_temp.fails(format('ALTER SCHEMA %s RENAME TO renamed', name)) FROM unnest('{dynapg,dynamo,dynapg_index}'::text[]) name;
SELECT pg_temp.fails('ALTER TABLE dynapg.tables RENAME TO renamed');
SELECT pg_temp.fails(format('DROP SCHEMA %s CASCADE', name)) FROM unnest('{dynapg,dynamo,dynapg_index}'::text[]) name;
-- dynapg writes its tables past triggers: nobody has any there (pg_repack would)
CREATE FUNCTION public.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT relname, pg_temp.fails(format('CREATE TRIGGER repack_trigger AFTER INSERT OR DELETE OR UPDATE ON dynapg.%I FOR EACH ROW EXECUTE PROCEDURE public.nothing()', relname))
	FROM pg_class WHERE relnamespace = 'dynapg'::regnamespace AND relkind = 'r' ORDER BY relname;
SELECT pg_temp.fails('CREATE TABLE public.refers (name text REFERENCES dynapg.tables)');
DROP FUNCTION public.nothing;
CREATE SCHEMA others;
ALTER SCHEMA others RENAME TO renamed;
ALTER SCHEMA renamed OWNER TO CURRENT_USER;
DROP SCHEMA renamed;

-- DROP TABLE, of one and by CASCADE from its schema, and the catalog forgets it
DROP SCHEMA elsewhere;
\set VERBOSITY terse
DROP SCHEMA elsewhere CASCADE;
\set VERBOSITY default
SELECT name FROM dynapg.tables ORDER BY name;
SELECT pg_temp.fails($$ SELECT dynamo_get_item('{"TableName": "Music", "Key": {"Artist": {"S": "a"}, "Year": {"N": "1"}}}') $$);
BEGIN;
DROP TABLE dynamo."Single";
ROLLBACK;
SELECT dynamo_put_item('{"TableName": "Single", "Item": {"id": {"S": "1"}}}');
DROP TABLE dynamo."Single";
SELECT count(*) FROM dynapg.tables;
SELECT pg_temp.make('Single', 'id:S');

-- A role's REASSIGN OWNED and DROP OWNED: index tables go with their item tables
CREATE ROLE regress_dynapg_guard;
CREATE ROLE regress_dynapg_heir;
SELECT dynamo_create_table('{"TableName": "Owned", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}') IS NOT NULL;
ALTER TABLE dynamo."Single" OWNER TO regress_dynapg_guard;
ALTER TABLE dynamo."Owned" OWNER TO regress_dynapg_guard;
REASSIGN OWNED BY regress_dynapg_guard TO regress_dynapg_heir;
SELECT relname, relowner::regrole FROM pg_class WHERE relname IN ('Single', 'Owned', 'Owned~by_g') ORDER BY 1;
SELECT problem FROM dynapg.check_table('Owned');
DROP ROLE regress_dynapg_guard;
SELECT pg_temp.fails('DROP ROLE regress_dynapg_heir') LIKE '2BP01 %';
UPDATE dynapg.tables SET definition = definition || '{"DeletionProtectionEnabled": true}' WHERE name = 'Owned';
SELECT pg_temp.fails('DROP OWNED BY regress_dynapg_heir');
UPDATE dynapg.tables SET definition = definition || '{"DeletionProtectionEnabled": false}' WHERE name = 'Owned';
DROP OWNED BY regress_dynapg_heir;
DROP ROLE regress_dynapg_heir;
SELECT count(*) FROM dynapg.tables;
SELECT count(*) FROM dynapg.indexes;
SELECT relname FROM pg_class WHERE relname LIKE 'Owned%';

-- Deletion protection holds for DROP TABLE too
SELECT pg_temp.make('Kept', 'id:S');
UPDATE dynapg.tables SET definition = definition || '{"DeletionProtectionEnabled": true}';
DROP TABLE dynamo."Kept";
SELECT pg_temp.fails('DROP SCHEMA dynamo CASCADE') LIKE '2BP01 %';
SELECT dynamo_put_item('{"TableName": "Kept", "Item": {"id": {"S": "1"}}}');
UPDATE dynapg.tables SET definition = definition || '{"DeletionProtectionEnabled": false}';
DROP TABLE dynamo."Kept";

-- A table of somebody else's in schema dynamo is left alone, and its name is taken: ours gets another one
CREATE TABLE dynamo."Foreign" (a int);
ALTER TABLE dynamo."Foreign" DROP COLUMN a;
SELECT pg_temp.fails($$ SELECT pg_temp.make('Foreign', 'id:S') $$);
SELECT dynamo_delete_table('{"TableName": "Foreign"}') IS NOT NULL;
DROP TABLE dynamo."Foreign";

-- The catalog's row and the relation go together: a row that plain SQL deletes makes the table unknown
SELECT pg_temp.make('Row', 'id:S');
BEGIN;
DELETE FROM dynapg.tables;
SELECT pg_temp.fails($$ SELECT dynamo_get_item('{"TableName": "Row", "Key": {"id": {"S": "a"}}}') $$);
ROLLBACK;
SELECT dynamo_get_item('{"TableName": "Row", "Key": {"id": {"S": "a"}}}');

-- DROP EXTENSION says what it would destroy; with CASCADE it does; and it can be created again
SELECT dynamo_put_item('{"TableName": "Row", "Item": {"id": {"S": "1"}}}');
DROP EXTENSION dynapg;
SELECT dynamo_get_item('{"TableName": "Row", "Key": {"id": {"S": "1"}}}');
BEGIN;
\set VERBOSITY terse
DROP EXTENSION dynapg CASCADE;
SELECT pg_temp.fails('SELECT dynapg.item_size(''{}'')') LIKE '3F000 %';
ROLLBACK;
SELECT dynamo_get_item('{"TableName": "Row", "Key": {"id": {"S": "1"}}}');
DROP EXTENSION dynapg CASCADE;
SELECT to_regnamespace('dynamo'), to_regnamespace('dynapg'), count(*) FROM pg_am WHERE amname = 'dynapg';
SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'dynapg%';
CREATE TABLE plain (a int);
ALTER TABLE plain ADD b int;
DROP TABLE plain;
CREATE EXTENSION dynapg;
SELECT pg_temp.make('Row', 'id:S');
SELECT dynamo_put_item('{"TableName": "Row", "Item": {"id": {"S": "2"}}}');
SELECT item FROM dynamo."Row";
SELECT dynamo_delete_table('{"TableName": "Row"}') IS NOT NULL;
