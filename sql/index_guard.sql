-- What plain DDL may do to index tables, and what it may not.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- What a command fails with: SQLSTATE, message, detail.
CREATE FUNCTION pg_temp.fails(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	message text;
	detail text;
BEGIN
	EXECUTE command;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' | ', state, message, nullif(detail, ''));
END $$;

CREATE FUNCTION pg_temp.put(id int, g text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_put_item(jsonb_build_object('TableName', 'Guarded', 'Item', jsonb_build_object('id', jsonb_build_object('N', id::text), 'g', jsonb_build_object('S', g))))
$$;

-- The ids of the items in a group, by the index.
CREATE FUNCTION pg_temp.group_of(g text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(i->'id'->>'N', ' ' ORDER BY i->'id'->>'N') FROM jsonb_array_elements(dynamo_query(jsonb_build_object('TableName', 'Guarded', 'IndexName', 'by_g',
		'KeyConditionExpression', 'g = :g', 'ExpressionAttributeValues', jsonb_build_object(':g', jsonb_build_object('S', g))))->'Items') i
$$;

SELECT dynamo_create_table('{"TableName": "Guarded", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "r", "AttributeType": "N"}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]},
		{"IndexName": "by_r", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}]}]}') IS NOT NULL;
SELECT pg_temp.put(1, 'a'), pg_temp.put(2, 'a'), pg_temp.put(3, 'b');

-- columns, primary key, schema, storage
SELECT command, pg_temp.fails('ALTER TABLE dynapg_index."Guarded~by_g" ' || command) FROM unnest(ARRAY[
	'ADD COLUMN more int', 'DROP COLUMN item', 'DROP COLUMN base_sort', 'RENAME COLUMN item TO document',
	'ALTER COLUMN item TYPE json USING item::json', 'ALTER COLUMN base_sort TYPE text USING base_sort::text',
	'SET UNLOGGED', 'SET SCHEMA public', 'DROP CONSTRAINT "Guarded~by_g_pkey"',
	'DROP CONSTRAINT "Guarded~by_g_pkey", ADD PRIMARY KEY (hash, base_sort, base_hash)',
	'DROP CONSTRAINT "Guarded~by_g_pkey", ADD PRIMARY KEY (hash, base_hash, base_sort) DEFERRABLE',
	'ADD UNIQUE (base_hash)']) command;
SELECT pg_temp.fails('ALTER TABLE dynapg_index."Guarded~by_r" RENAME sort_1 TO sort_2');

-- triggers may be disabled, as a restore does; then enabled they fire always
ALTER TABLE dynapg_index."Guarded~by_g" DISABLE TRIGGER ALL;
SELECT index_name, problem FROM dynapg.check_table('Guarded');
ALTER TABLE dynapg_index."Guarded~by_g" ENABLE TRIGGER ALL;
ALTER TABLE dynamo."Guarded" DISABLE TRIGGER ALL;
SELECT index_name, problem FROM dynapg.check_table('Guarded');
ALTER TABLE dynamo."Guarded" ENABLE TRIGGER ALL;
ALTER TABLE dynapg.indexes DISABLE TRIGGER ALL;
ALTER TABLE dynapg.indexes ENABLE TRIGGER ALL;
SELECT tgrelid::regclass, tgname, tgenabled FROM pg_trigger WHERE tgrelid IN ('dynamo."Guarded"'::regclass, 'dynapg_index."Guarded~by_g"'::regclass, 'dynapg.indexes'::regclass) ORDER BY 1, 2;
SELECT index_name, problem FROM dynapg.check_table('Guarded');
SELECT pg_temp.fails('DROP TRIGGER dynapg_guard ON dynapg_index."Guarded~by_g"');
SELECT pg_temp.fails('DROP TRIGGER dynapg_truncate ON dynapg_index."Guarded~by_g"');

-- nobody else's triggers, foreign keys and CHECKs: entries are written past them. The first is what pg_repack does
CREATE FUNCTION public.foreign_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
SELECT command, pg_temp.fails(command) FROM unnest(ARRAY[
	'CREATE TRIGGER repack_trigger AFTER INSERT OR DELETE OR UPDATE ON dynapg_index."Guarded~by_g" FOR EACH ROW EXECUTE PROCEDURE public.foreign_trigger()',
	'CREATE TRIGGER more BEFORE INSERT ON dynapg_index."Guarded~by_g" FOR EACH STATEMENT EXECUTE FUNCTION public.foreign_trigger()',
	'CREATE CONSTRAINT TRIGGER more AFTER DELETE ON dynapg_index."Guarded~by_g" DEFERRABLE FOR EACH ROW EXECUTE FUNCTION public.foreign_trigger()',
	'CREATE TRIGGER more AFTER INSERT ON dynapg_index."Guarded~by_g" FOR EACH ROW EXECUTE FUNCTION dynapg.items_changed()',
	'ALTER TABLE dynapg_index."Guarded~by_g" ADD CONSTRAINT more CHECK (base_sort IS NOT NULL)',
	'ALTER TABLE dynapg_index."Guarded~by_g" ADD CONSTRAINT refers FOREIGN KEY (base_hash, base_sort) REFERENCES dynamo."Guarded" (hash, sort)',
	'CREATE TABLE public.refers (a uuid, b uuid, c bytea, FOREIGN KEY (a, b, c) REFERENCES dynapg_index."Guarded~by_g")',
	'CREATE SCHEMA refers CREATE TABLE refers (a uuid, b uuid, c bytea, FOREIGN KEY (a, b, c) REFERENCES dynapg_index."Guarded~by_g")']) command;
CREATE TABLE public.refers (a uuid, b uuid, c bytea);
SELECT pg_temp.fails('ALTER TABLE public.refers ADD FOREIGN KEY (a, b, c) REFERENCES dynapg_index."Guarded~by_g"');
ALTER TABLE public.refers ADD FOREIGN KEY (b, c) REFERENCES dynamo."Guarded";
DROP TABLE public.refers;
CREATE TRIGGER like_ours BEFORE INSERT ON dynapg_index."Guarded~by_g" FOR EACH ROW EXECUTE FUNCTION dynapg.index_guard();
DROP TRIGGER like_ours ON dynapg_index."Guarded~by_g";
ALTER EVENT TRIGGER dynapg_on_alter DISABLE;
CREATE TRIGGER repack_trigger AFTER INSERT ON dynapg_index."Guarded~by_g" FOR EACH ROW EXECUTE FUNCTION public.foreign_trigger();
ALTER EVENT TRIGGER dynapg_on_alter ENABLE ALWAYS;
SELECT index_name, problem FROM dynapg.check_table('Guarded');
DROP TRIGGER repack_trigger ON dynapg_index."Guarded~by_g";
SELECT index_name, problem FROM dynapg.check_table('Guarded');

-- no children, no parents, no type
CREATE TABLE public.parent (hash uuid NOT NULL);
CREATE TYPE public.entries AS (hash uuid, base_hash uuid, base_sort bytea, item jsonb);
SELECT command, pg_temp.fails(command) FROM unnest(ARRAY['CREATE TABLE public.kid () INHERITS (dynapg_index."Guarded~by_g")',
	'ALTER TABLE dynapg_index."Guarded~by_g" INHERIT public.parent', 'ALTER TABLE dynapg_index."Guarded~by_g" OF public.entries']) command;
DROP TABLE public.parent;
DROP TYPE public.entries;
DROP FUNCTION public.foreign_trigger;

-- indexes of somebody's own: what writers can keep as they keep the primary key
SELECT command, pg_temp.fails('CREATE ' || command) FROM unnest(ARRAY['INDEX more ON dynapg_index."Guarded~by_g" (base_hash)',
	'INDEX ON dynapg_index."Guarded~by_g" ((item->>''id''))', 'INDEX ON dynapg_index."Guarded~by_g" (base_hash) WHERE hash > base_hash',
	'INDEX ON dynapg_index."Guarded~by_g" USING gin (item)', 'UNIQUE INDEX ON dynapg_index."Guarded~by_g" (base_hash)']) command;
SELECT pg_temp.put(2, 'b'), pg_temp.put(4, 'a');
UPDATE dynamo."Guarded" SET item = item || '{"note": 1}' WHERE item->>'id' = '1';
SET enable_seqscan TO off;
SET enable_bitmapscan TO off;
EXPLAIN (COSTS off) SELECT item FROM dynapg_index."Guarded~by_g" WHERE base_hash = dynapg.partition_hash('{"id": 2}', 'id', 'N');
SELECT i.item FROM unnest('{1, 2, 3, 4}'::int[]) n, dynapg_index."Guarded~by_g" i WHERE base_hash = dynapg.partition_hash(jsonb_build_object('id', n), 'id', 'N') ORDER BY n;
RESET enable_seqscan;
RESET enable_bitmapscan;
DROP INDEX dynapg_index.more;
-- this one cannot be undone when it is noticed
CREATE INDEX CONCURRENTLY expression ON dynapg_index."Guarded~by_g" ((item->>'id'));
SELECT index_name, problem FROM dynapg.check_table('Guarded');
SELECT pg_temp.put(5, 'a');
SELECT pg_temp.group_of('a');
DROP INDEX dynapg_index.expression;
SELECT pg_temp.put(5, 'a');

-- UNLOGGED goes for the table and its indexes, those to come too
ALTER TABLE dynamo."Guarded" SET UNLOGGED;
SELECT pg_temp.fails('ALTER TABLE dynapg_index."Guarded~by_g" SET LOGGED');
SELECT dynapg.replace_index('Guarded', 'by_r', '{}');
SELECT dynapg.wait_for_indexes('Guarded');
SELECT relname, relpersistence FROM pg_class WHERE relname LIKE 'Guarded%' AND relkind = 'r' ORDER BY 1;
ALTER TABLE dynamo."Guarded" SET LOGGED;
SELECT relname, relpersistence FROM pg_class WHERE relname LIKE 'Guarded%' AND relkind = 'r' ORDER BY 1;

-- rows of dumps: each makes the entry of its item, whatever it says itself; in an index that the catalog does not know, nothing
ALTER TABLE dynamo."Guarded" DISABLE TRIGGER ALL;
INSERT INTO dynamo."Guarded" (item) VALUES ('{"id": 6, "g": "a"}'), ('{"id": 7, "g": "a"}');
ALTER TABLE dynamo."Guarded" ENABLE TRIGGER ALL;
SELECT problem, item FROM dynapg.check_table('Guarded');
INSERT INTO dynapg_index."Guarded~by_g" SELECT dynapg.partition_hash('{"g": "wrong"}', 'g', 'S'), dynapg.partition_hash(jsonb_build_object('id', n), 'id', 'N'), '', '{"id": 0}'
	FROM unnest('{1, 6, 7, 8}'::int[]) n;
SELECT pg_temp.group_of('a'), pg_temp.group_of('wrong');
SELECT problem, item FROM dynapg.check_table('Guarded');
SELECT pg_temp.fails('INSERT INTO dynapg_index."Guarded~by_g" (hash, item) VALUES (NULL, NULL)');
SELECT pg_temp.fails('DELETE FROM dynapg_index."Guarded~by_g"');
BEGIN;
CREATE TEMP TABLE catalog AS SELECT * FROM dynapg.indexes;
DELETE FROM dynapg.indexes WHERE table_name = 'Guarded';
INSERT INTO dynamo."Guarded" (item) VALUES ('{"id": 8, "g": "a"}');
INSERT INTO dynapg_index."Guarded~by_g" SELECT dynapg.partition_hash('{"g": "a"}', 'g', 'S'), dynapg.partition_hash('{"id": 8}', 'id', 'N'), '', '{"id": 8, "g": "a"}';
INSERT INTO dynapg.indexes SELECT * FROM catalog;
SELECT problem, item FROM dynapg.check_table('Guarded');
ROLLBACK;

-- what was broken in spite of all is told, and built anew
ALTER EVENT TRIGGER dynapg_on_alter DISABLE;
ALTER TABLE dynapg_index."Guarded~by_g" ALTER COLUMN item TYPE text USING item::text;
ALTER TABLE dynapg_index."Guarded~by_r~new" SET SCHEMA public;
ALTER EVENT TRIGGER dynapg_on_alter ENABLE ALWAYS;
SELECT index_name, problem FROM dynapg.check_table('Guarded');
SELECT pg_temp.fails($$ SELECT pg_temp.put(1, 'c') $$);
SELECT pg_temp.fails($$ SELECT pg_temp.group_of('a') $$);
SELECT dynapg.replace_index('Guarded', 'by_g', '{}');
SELECT dynapg.wait_for_indexes('Guarded');
SELECT dynapg.replace_index('Guarded', 'by_r', '{}');
SELECT dynapg.wait_for_indexes('Guarded');
SELECT index_name, problem FROM dynapg.check_table('Guarded');
SELECT pg_temp.put(1, 'c');
SELECT pg_temp.group_of('a'), pg_temp.group_of('c');
SELECT dynamo_delete_table('{"TableName": "Guarded"}') IS NOT NULL;
SELECT relname FROM pg_class WHERE relname LIKE 'Guarded%';
