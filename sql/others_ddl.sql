-- DDL on what is not dynapg's: as without dynapg, whoever does it, whatever he may and whatever else is there. Nothing here says anything.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse
DROP ROLE IF EXISTS regress_dynapg_a, regress_dynapg_b;
CREATE ROLE regress_dynapg_a;
CREATE ROLE regress_dynapg_b;
CREATE SCHEMA of_a AUTHORIZATION regress_dynapg_a;
CREATE SCHEMA of_b AUTHORIZATION regress_dynapg_b;

-- DROP ... CASCADE that takes along a constraint, a trigger, a rule, a view in a schema without USAGE
CREATE FUNCTION pg_temp.make() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE regress_dynapg_a;
	CREATE TABLE of_a.parent (id int PRIMARY KEY);
	GRANT REFERENCES, SELECT ON of_a.parent TO regress_dynapg_b;
	GRANT USAGE ON SCHEMA of_a TO regress_dynapg_b;
	CREATE FUNCTION of_a.returns_new() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
	CREATE DOMAIN of_a.positive AS int CONSTRAINT positive CHECK (VALUE > 0);
	SET LOCAL ROLE regress_dynapg_b;
	CREATE TABLE of_b.child (id int REFERENCES of_a.parent, positive of_a.positive);
	CREATE TABLE of_b."Odd "" name" (id int REFERENCES of_a.parent);
	CREATE VIEW of_b.view AS SELECT * FROM of_a.parent;
	CREATE TRIGGER t BEFORE INSERT ON of_b.child FOR EACH ROW EXECUTE FUNCTION of_a.returns_new();
	CREATE RULE r AS ON UPDATE TO of_b.child DO ALSO SELECT 1 FROM of_a.parent;
	RESET ROLE;
END $$;
CREATE FUNCTION pg_temp.destroy() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL ROLE regress_dynapg_a;
	DROP FUNCTION of_a.returns_new() CASCADE;
	DROP TABLE of_a.parent CASCADE;
	DROP DOMAIN of_a.positive CASCADE;
	RESET ROLE;
	DROP TABLE of_b.child, of_b."Odd "" name";
END $$;
SELECT pg_temp.make();
SELECT pg_temp.destroy();

-- Nothing is asked for that others could be denied
REVOKE USAGE ON SCHEMA dynapg, dynamo, dynapg_index FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION pg_event_trigger_dropped_objects(), pg_event_trigger_ddl_commands() FROM PUBLIC;
REVOKE SELECT ON dynapg.tables, dynapg.indexes FROM PUBLIC;
SELECT pg_temp.make();
SELECT pg_temp.destroy();
GRANT SELECT ON dynapg.tables, dynapg.indexes TO PUBLIC;
GRANT EXECUTE ON FUNCTION pg_event_trigger_dropped_objects(), pg_event_trigger_ddl_commands() TO PUBLIC;
GRANT USAGE ON SCHEMA dynapg, dynamo, dynapg_index TO PUBLIC;

-- Others' event triggers before and after dynapg's, which do DDL themselves
CREATE FUNCTION public.more_ddl() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
	o record;
BEGIN
	IF current_setting('regress.busy', true) = 'yes' THEN
		RETURN;
	END IF;
	PERFORM set_config('regress.busy', 'yes', true);
	CREATE TABLE public.made_by_event (a int PRIMARY KEY, b int REFERENCES public.made_by_event);
	ALTER TABLE public.made_by_event DROP COLUMN b;
	DROP TABLE public.made_by_event;
	IF tg_event = 'sql_drop' THEN
		FOR o IN SELECT * FROM pg_event_trigger_dropped_objects() LOOP
			NULL;
		END LOOP;
	END IF;
	PERFORM set_config('regress.busy', 'no', true);
END $$;
CREATE EVENT TRIGGER a_first ON sql_drop EXECUTE FUNCTION public.more_ddl();
CREATE EVENT TRIGGER z_last ON sql_drop EXECUTE FUNCTION public.more_ddl();
CREATE EVENT TRIGGER a_first_end ON ddl_command_end EXECUTE FUNCTION public.more_ddl();
CREATE EVENT TRIGGER z_last_end ON ddl_command_end EXECUTE FUNCTION public.more_ddl();
SELECT pg_temp.make();
SELECT pg_temp.destroy();
SELECT dynamo_create_table('{"TableName": "Between", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}') IS NOT NULL;
SELECT problem FROM dynapg.check_table('Between');
SELECT dynamo_delete_table('{"TableName": "Between"}') IS NOT NULL;
DROP EVENT TRIGGER a_first, z_last, a_first_end, z_last_end;
DROP FUNCTION public.more_ddl;

-- All kinds of objects that come by
CREATE SCHEMA kinds CREATE TABLE a (id int PRIMARY KEY, b text DEFAULT 'x') CREATE VIEW v AS SELECT id FROM a CREATE INDEX ON a (b) CREATE SEQUENCE s;
CREATE TABLE IF NOT EXISTS kinds.a ();
CREATE TEMP TABLE a (id int PRIMARY KEY, b int CHECK (b > 0));
ALTER TABLE pg_temp.a DROP CONSTRAINT a_pkey, DROP COLUMN b, ADD c int;
DROP TABLE pg_temp.a;
CREATE TABLE kinds.parted (id int, b text) PARTITION BY RANGE (id);
CREATE TABLE kinds.part PARTITION OF kinds.parted FOR VALUES FROM (0) TO (9) PARTITION BY LIST (b);
CREATE TABLE kinds.leaf PARTITION OF kinds.part DEFAULT;
CREATE INDEX ON kinds.parted (id);
ALTER TABLE kinds.parted ADD PRIMARY KEY (id, b);
ALTER TABLE kinds.a ADD UNIQUE (id, b);
ALTER TABLE kinds.leaf ADD FOREIGN KEY (id) REFERENCES kinds.a;
ALTER TABLE kinds.parted DETACH PARTITION kinds.part;
ALTER TABLE kinds.a ALTER b TYPE varchar(9), ALTER b DROP DEFAULT, ADD CONSTRAINT c CHECK (id > 0), DROP CONSTRAINT a_id_b_key CASCADE;
CREATE INDEX CONCURRENTLY ON kinds.a (b);
CREATE MATERIALIZED VIEW kinds.m AS SELECT 1 AS one;
CREATE UNIQUE INDEX ON kinds.m (one);
ALTER MATERIALIZED VIEW kinds.m RENAME one TO two;
ALTER TABLE kinds.v RENAME TO w;
ALTER INDEX kinds.a_pkey RENAME TO renamed;
CREATE TYPE kinds.row AS (a int);
CREATE TABLE kinds.typed OF kinds.row;
ALTER TYPE kinds.row ADD ATTRIBUTE b int CASCADE;
CREATE TABLE kinds.copied AS SELECT 1 AS one;
SELECT 1 AS one INTO kinds.into_copied;
CREATE TABLE kinds.uuid_first (hash uuid, sort bytea, item jsonb);
CREATE TABLE kinds.uuid_child () INHERITS (kinds.uuid_first);
ALTER TABLE kinds.uuid_child NO INHERIT kinds.uuid_first;
CREATE FUNCTION kinds.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER t AFTER INSERT ON kinds.a FOR EACH STATEMENT EXECUTE FUNCTION kinds.nothing();
CREATE TRIGGER t INSTEAD OF INSERT ON kinds.w FOR EACH ROW EXECUTE FUNCTION kinds.nothing();
ALTER TRIGGER t ON kinds.a RENAME TO u;
ALTER TABLE kinds.a ENABLE REPLICA TRIGGER u;
SELECT tgenabled FROM pg_trigger WHERE tgrelid = 'kinds.a'::regclass AND tgname = 'u';
DROP FUNCTION kinds.nothing CASCADE;
DO $$ BEGIN ALTER TABLE kinds.a ADD more int; DROP TABLE kinds.copied; END $$;
ALTER SCHEMA kinds RENAME TO renamed;
DROP SCHEMA renamed CASCADE;

-- Without the catalog, whoever took it away
BEGIN;
ALTER EXTENSION dynapg DROP VIEW dynapg.index_progress;
ALTER EXTENSION dynapg DROP VIEW dynapg.stat_ttl;
ALTER EXTENSION dynapg DROP TABLE dynapg.indexes;
DROP TABLE dynapg.indexes CASCADE;
SELECT pg_temp.make();
SELECT pg_temp.destroy();
SAVEPOINT s;
SELECT dynamo_list_tables('{}');
ROLLBACK;
SELECT dynamo_list_tables('{}');

DROP SCHEMA of_a, of_b CASCADE;
DROP ROLE regress_dynapg_a, regress_dynapg_b;
