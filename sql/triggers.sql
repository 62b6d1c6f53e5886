-- The functions of dynapg's triggers, called by other triggers than dynapg's; and dynapg's triggers under other names.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse

SELECT dynamo_create_table('{"TableName": "Fired", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}') IS NOT NULL;
SELECT dynapg.put('Fired', '{"id": "a", "g": "x"}'), dynapg.put('Fired', '{"id": "b", "g": "x"}');
SET client_min_messages TO error;
DROP ROLE IF EXISTS regress_dynapg_trigger;
RESET client_min_messages;
CREATE ROLE regress_dynapg_trigger;
GRANT TRIGGER, SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON dynamo."Fired" TO regress_dynapg_trigger;
CREATE TABLE public.own (hash text, sort int, item int);
ALTER TABLE public.own OWNER TO regress_dynapg_trigger;
GRANT USAGE ON SCHEMA public TO regress_dynapg_trigger;

-- What becomes of a statement with such a trigger; everything is undone.
CREATE FUNCTION pg_temp.fire(relation text, function text, timing text, level text, event text, statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outcome text;
	problems text;
BEGIN
	BEGIN
		SET LOCAL ROLE regress_dynapg_trigger;
		EXECUTE format('CREATE TRIGGER zz %s %s ON %s FOR EACH %s EXECUTE FUNCTION dynapg.%s()', timing, event, relation, level, function);
		outcome := pg_temp.fails(statement);
		RESET ROLE;
		problems := (SELECT string_agg(problem, ', ') FROM dynapg.check_table('Fired'));
		RAISE EXCEPTION USING ERRCODE = 'UNDO0';
	EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
		RETURN concat_ws(' / ', outcome, problems);
	WHEN OTHERS THEN
		RETURN concat_ws(' ', 'not created:', SQLSTATE, SQLERRM);
	END;
END $$;

CREATE TEMP TABLE statements (event text, own text, fired text);
INSERT INTO statements VALUES
	('INSERT', 'INSERT INTO public.own VALUES (NULL, 1, 2)', 'INSERT INTO dynamo."Fired" (item) VALUES (''{"id": "c", "g": "x"}'')'),
	('UPDATE', 'UPDATE public.own SET item = 3', 'UPDATE dynamo."Fired" SET item = item || ''{"g": "y"}'''),
	('DELETE', 'DELETE FROM public.own', 'DELETE FROM dynamo."Fired"'),
	('TRUNCATE', 'TRUNCATE public.own', 'TRUNCATE dynamo."Fired"');
INSERT INTO public.own VALUES ('h', 1, 2);

-- Of an item table: none but what fires as dynapg's own does anything, and that does it once more
SELECT function, timing, level, event, pg_temp.fire('dynamo."Fired"', function, timing, level, event, fired)
	FROM statements, unnest('{AFTER,BEFORE}'::text[]) timing, unnest('{ROW,STATEMENT}'::text[]) level, unnest('{items_changed,items_truncated,index_guard}'::text[]) function
	WHERE level = 'STATEMENT' OR event <> 'TRUNCATE' ORDER BY 1, 2, 3, 4;

-- Of another table: nothing at all
SELECT function, timing, level, event, pg_temp.fire('public.own', function, timing, level, event, own)
	FROM statements, unnest('{AFTER,BEFORE}'::text[]) timing, unnest('{ROW,STATEMENT}'::text[]) level, unnest('{items_changed,items_truncated,index_guard}'::text[]) function
	WHERE level = 'STATEMENT' OR event <> 'TRUNCATE' ORDER BY 1, 2, 3, 4;
CREATE VIEW public.own_view AS SELECT * FROM public.own;
ALTER VIEW public.own_view OWNER TO regress_dynapg_trigger;
SELECT pg_temp.fire('public.own_view', function, 'INSTEAD OF', 'ROW', 'INSERT', 'INSERT INTO public.own_view VALUES (1, 2, 3)') FROM unnest('{items_changed,index_guard}'::text[]) function;
SELECT pg_temp.fails(format('SELECT dynapg.%s()', name)) FROM unnest('{items_changed,items_truncated,index_guard,catalog_changed,on_drop,on_alter}'::text[]) name;

-- Some are not to be executed by everybody: who restores a dump does not need them
SELECT proname, has_function_privilege('regress_dynapg_trigger', oid, 'EXECUTE') FROM pg_proc
	WHERE pronamespace = 'dynapg'::regnamespace AND prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) ORDER BY 1;

-- A superuser's event triggers on the wrong events
CREATE EVENT TRIGGER wrong ON ddl_command_start EXECUTE FUNCTION dynapg.on_drop();
SELECT pg_temp.fails('CREATE TABLE public.never (a int)');
ALTER EVENT TRIGGER wrong DISABLE;
DROP EVENT TRIGGER wrong;
CREATE EVENT TRIGGER wrong ON sql_drop EXECUTE FUNCTION dynapg.on_alter();
SELECT pg_temp.fails('DROP VIEW public.own_view');
ALTER EVENT TRIGGER wrong DISABLE;
DROP EVENT TRIGGER wrong;

-- An item table may have more triggers of the same kind, also conditional ones, and others' names for dynapg's own; they can be dropped again
CREATE TRIGGER more AFTER INSERT OR UPDATE OR DELETE ON dynamo."Fired" FOR EACH ROW EXECUTE FUNCTION dynapg.items_changed();
CREATE TRIGGER more_still AFTER UPDATE ON dynamo."Fired" FOR EACH ROW WHEN (new.item IS DISTINCT FROM old.item) EXECUTE FUNCTION dynapg.items_changed();
CREATE CONSTRAINT TRIGGER later AFTER INSERT OR UPDATE OR DELETE ON dynamo."Fired" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION dynapg.items_changed();
CREATE TRIGGER empties AFTER TRUNCATE ON dynamo."Fired" EXECUTE FUNCTION dynapg.items_truncated();
ALTER TRIGGER dynapg_items ON dynamo."Fired" RENAME TO renamed;
ALTER TRIGGER dynapg_truncate ON dynamo."Fired" RENAME TO renamed_too;
ALTER TRIGGER dynapg_guard ON dynapg_index."Fired~by_g" RENAME TO "Renamed guard";
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid IN ('dynamo."Fired"'::regclass, 'dynapg_index."Fired~by_g"'::regclass) ORDER BY 1;
INSERT INTO dynamo."Fired" (item) VALUES ('{"id": "c", "g": "x"}');
UPDATE dynamo."Fired" SET item = item || '{"g": "z"}' WHERE item->>'id' = 'a';
SELECT dynapg.put('Fired', '{"id": "b", "g": "z", "again": true}');
SELECT index_name, problem FROM dynapg.check_table('Fired');
SELECT count(*) FROM dynapg_index."Fired~by_g" WHERE item->>'g' = 'z';
DROP TRIGGER more ON dynamo."Fired";
-- the last that does everything, at once, stays
SELECT pg_temp.fails('DROP TRIGGER renamed ON dynamo."Fired"');
SELECT pg_temp.fails('DROP TRIGGER renamed_too ON dynamo."Fired"');
DROP TRIGGER more_still ON dynamo."Fired";
DROP TRIGGER later ON dynamo."Fired";
SELECT pg_temp.fails('DROP TRIGGER empties ON dynamo."Fired"');
SELECT dynamo_update_table('{"TableName": "Fired", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by_h", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}]}}]}') IS NOT NULL;
SELECT dynapg.wait_for_indexes('Fired');
ALTER TABLE dynamo."Fired" DISABLE TRIGGER renamed;
SELECT index_name, problem FROM dynapg.check_table('Fired');
ALTER TABLE dynamo."Fired" ENABLE REPLICA TRIGGER renamed;
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'dynamo."Fired"'::regclass ORDER BY 1;
SELECT index_name, problem FROM dynapg.check_table('Fired');
SELECT dynamo_delete_table('{"TableName": "Fired"}') IS NOT NULL;
SET client_min_messages TO warning;
DROP OWNED BY regress_dynapg_trigger CASCADE;
DROP ROLE regress_dynapg_trigger;
