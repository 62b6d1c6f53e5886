-- Who may do what: GRANT, policies, triggers, constraints and rules hold for the API as for SQL.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

\set SHOW_CONTEXT never
SELECT pg_temp.make('Music', 'id:S');
CREATE FUNCTION pg_temp.put(id text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.fails(format('SELECT dynamo_put_item(%L)', jsonb_build_object('TableName', 'Music', 'Item',
		jsonb_build_object('id', jsonb_build_object('S', id)) || (more - 'ReturnValues')) ||
		CASE WHEN more ? 'ReturnValues' THEN '{"ReturnValues": "ALL_OLD"}'::jsonb ELSE '{}' END)) $$;
CREATE FUNCTION pg_temp.get(id text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.fails(format('SELECT dynamo_get_item(%L)', jsonb_build_object('TableName', 'Music', 'Key',
		jsonb_build_object('id', jsonb_build_object('S', id))))) $$;
CREATE FUNCTION pg_temp.del(id text, returns text DEFAULT 'NONE') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.fails(format('SELECT dynamo_delete_item(%L)', jsonb_build_object('TableName', 'Music', 'Key',
		jsonb_build_object('id', jsonb_build_object('S', id)), 'ReturnValues', returns))) $$;
CREATE FUNCTION pg_temp.item(id text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_get_item(jsonb_build_object('TableName', 'Music', 'Key',
		jsonb_build_object('id', jsonb_build_object('S', id)))) -> 'Item' $$;
-- a condition on an item that is there, or is not
CREATE FUNCTION pg_temp.checks(id text, condition text DEFAULT 'attribute_exists(id)', table_name text DEFAULT 'Music') RETURNS text
	LANGUAGE sql AS $$
	SELECT pg_temp.fails(format('SELECT dynamo_transact_write_items(%L)', jsonb_build_object('TransactItems', jsonb_build_array(
		jsonb_build_object('ConditionCheck', jsonb_build_object('TableName', table_name, 'Key',
			jsonb_build_object('id', jsonb_build_object('S', id)), 'ConditionExpression', condition)))))) $$;
SET client_min_messages TO error;
DROP ROLE IF EXISTS regress_dynapg_user, regress_dynapg_owner;
RESET client_min_messages;
CREATE ROLE regress_dynapg_user;
CREATE ROLE regress_dynapg_owner;
SELECT pg_temp.put('a'), pg_temp.put('b');

-- Each privilege, alone: what it allows and what it does not
CREATE FUNCTION pg_temp.tries(privilege text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('GRANT %s ON dynamo."Music" TO regress_dynapg_user', privilege);
	SET LOCAL ROLE regress_dynapg_user;
	RETURN NEXT 'GetItem: ' || pg_temp.get('a');
	RETURN NEXT 'PutItem: ' || pg_temp.put('c');
	RETURN NEXT 'PutItem ALL_OLD: ' || pg_temp.put('c', '{"ReturnValues": "ALL_OLD"}');
	RETURN NEXT 'DeleteItem: ' || pg_temp.del('c');
	RETURN NEXT 'DeleteItem ALL_OLD: ' || pg_temp.del('c', 'ALL_OLD');
	RETURN NEXT 'ConditionCheck: ' || pg_temp.checks('a');
	RETURN NEXT 'ConditionCheck of no item: ' || pg_temp.checks('d', 'attribute_not_exists(id)');
	RESET ROLE;
	REVOKE ALL ON dynamo."Music" FROM regress_dynapg_user;
END $$;
SET ROLE regress_dynapg_user;
SELECT pg_temp.get('a'), pg_temp.put('a'), pg_temp.del('a');
RESET ROLE;
SELECT pg_temp.tries('SELECT');
SELECT pg_temp.tries('INSERT');
SELECT pg_temp.tries('UPDATE');
SELECT pg_temp.tries('DELETE');
SELECT pg_temp.tries('INSERT, UPDATE');
SELECT pg_temp.tries('SELECT, INSERT, UPDATE');
SELECT pg_temp.tries('SELECT, DELETE');
SELECT pg_temp.tries('SELECT, UPDATE');
SELECT pg_temp.tries('TRUNCATE, REFERENCES, TRIGGER');

-- The detail says what is missing
SET ROLE regress_dynapg_user;
SELECT dynamo_get_item('{"TableName": "Music", "Key": {"id": {"S": "a"}}}');
RESET ROLE;

-- Through a role that one is a member of, and through PUBLIC
GRANT SELECT ON dynamo."Music" TO regress_dynapg_owner;
GRANT regress_dynapg_owner TO regress_dynapg_user;
SET ROLE regress_dynapg_user;
SELECT pg_temp.get('a');
RESET ROLE;
REVOKE regress_dynapg_owner FROM regress_dynapg_user;
REVOKE SELECT ON dynamo."Music" FROM regress_dynapg_owner;
GRANT SELECT ON dynamo."Music" TO PUBLIC;
SET ROLE regress_dynapg_user;
SELECT pg_temp.get('a');
RESET ROLE;
REVOKE SELECT ON dynamo."Music" FROM PUBLIC;

-- Privileges on columns are the executor's to judge
GRANT SELECT (item) ON dynamo."Music" TO regress_dynapg_user;
SET ROLE regress_dynapg_user;
SELECT pg_temp.get('a');
RESET ROLE;
GRANT SELECT (hash, sort) ON dynamo."Music" TO regress_dynapg_user;
SET ROLE regress_dynapg_user;
SELECT pg_temp.get('a'), pg_temp.put('a'), pg_temp.del('a');
SELECT pg_temp.checks('a');
RESET ROLE;
-- as for SELECT ... FOR SHARE, UPDATE of any column will do
GRANT UPDATE (sort) ON dynamo."Music" TO regress_dynapg_user;
SET ROLE regress_dynapg_user;
SELECT pg_temp.checks('a'), pg_temp.checks('d', 'attribute_not_exists(id)'), pg_temp.fails('SELECT item FROM dynamo."Music" FOR SHARE');
RESET ROLE;
REVOKE UPDATE (sort), SELECT (item) ON dynamo."Music" FROM regress_dynapg_user;
GRANT UPDATE ON dynamo."Music" TO regress_dynapg_user;
SET ROLE regress_dynapg_user;
SELECT pg_temp.checks('a');
RESET ROLE;
REVOKE UPDATE ON dynamo."Music" FROM regress_dynapg_user;
GRANT SELECT (item) ON dynamo."Music" TO regress_dynapg_user;
GRANT INSERT (item), UPDATE (item) ON dynamo."Music" TO regress_dynapg_user;
SET ROLE regress_dynapg_user;
SELECT pg_temp.put('a', '{"by": {"S": "column"}}'), pg_temp.put('new'), pg_temp.get('a'), pg_temp.del('a');
RESET ROLE;
SELECT item FROM dynamo."Music" ORDER BY item->>'id';
REVOKE ALL (hash, sort, item) ON dynamo."Music" FROM regress_dynapg_user;

-- Without USAGE of schema dynamo a privilege on its tables is worth nothing, as in SQL
GRANT ALL ON dynamo."Music" TO regress_dynapg_user;
REVOKE USAGE ON SCHEMA dynamo FROM PUBLIC;
SET ROLE regress_dynapg_user;
SELECT pg_temp.fails('SELECT item FROM dynamo."Music"');
SELECT pg_temp.get('a'), pg_temp.put('a'), pg_temp.del('a');
RESET ROLE;
GRANT USAGE ON SCHEMA dynamo TO PUBLIC;

-- Row-level security: what one may not see is not there; what one may not write is refused
DELETE FROM dynamo."Music";
ALTER TABLE dynamo."Music" ENABLE ROW LEVEL SECURITY;
SET ROLE regress_dynapg_user;
SELECT pg_temp.put('mine');
RESET ROLE;
CREATE POLICY see ON dynamo."Music" FOR SELECT USING (item->>'owner' = current_user OR item->>'owner' = 'all');
CREATE POLICY add ON dynamo."Music" FOR INSERT WITH CHECK (item->>'owner' = current_user);
CREATE POLICY change ON dynamo."Music" FOR UPDATE USING (item->>'owner' = current_user) WITH CHECK (item->>'owner' = current_user);
CREATE POLICY remove ON dynamo."Music" FOR DELETE USING (item->>'owner' = current_user);
SELECT pg_temp.put('root', '{"owner": {"S": "root"}}'), pg_temp.put('all', '{"owner": {"S": "all"}}');
SET ROLE regress_dynapg_user;
SELECT pg_temp.put('mine', '{"owner": {"S": "regress_dynapg_user"}}'), pg_temp.item('mine');
SELECT pg_temp.item('root'), pg_temp.item('all');
SELECT pg_temp.put('mine', '{"owner": {"S": "regress_dynapg_user"}, "v": {"N": "2"}}'), pg_temp.item('mine');
-- new, for another owner
SELECT pg_temp.put('theirs', '{"owner": {"S": "root"}}');
-- giving it away
SELECT pg_temp.put('mine', '{"owner": {"S": "root"}}');
-- over an item that cannot be seen
SELECT pg_temp.put('root', '{"owner": {"S": "regress_dynapg_user"}}');
-- over one that can be seen and not changed
SELECT pg_temp.put('all', '{"owner": {"S": "regress_dynapg_user"}}');
-- deleting: mine, one that cannot be seen, one that can be seen and not deleted
SELECT pg_temp.del('mine', 'ALL_OLD'), pg_temp.del('root', 'ALL_OLD');
SELECT pg_temp.del('all', 'ALL_OLD');
-- checking: one may hold what one may change; what is hidden is no item, and is not held
SELECT pg_temp.put('mine', '{"owner": {"S": "regress_dynapg_user"}}');
BEGIN;
SELECT pg_temp.checks('mine'), pg_temp.checks('root', 'attribute_not_exists(id)'), pg_temp.checks('nothing', 'attribute_not_exists(id)');
SELECT pg_temp.checks('root');
SELECT pg_temp.checks('all');
SELECT pg_temp.checks('all', 'attribute_not_exists(id)');
-- the same in a transaction with a write
SELECT pg_temp.fails($$ SELECT dynamo_transact_write_items('{"TransactItems": [{"Delete": {"TableName": "Music", "Key": {"id": {"S": "root"}}}}]}') $$);
RESET ROLE;
SELECT item->>'id' AS id, xmax <> 0 AS held FROM dynamo."Music" ORDER BY 1;
ROLLBACK;
RESET ROLE;
DELETE FROM dynamo."Music" WHERE item->>'id' = 'mine';
SELECT item FROM dynamo."Music" ORDER BY item->>'id';
-- the owner is not bound, unless forced
ALTER TABLE dynamo."Music" OWNER TO regress_dynapg_owner;
SET ROLE regress_dynapg_owner;
SELECT pg_temp.item('root');
ALTER TABLE dynamo."Music" FORCE ROW LEVEL SECURITY;
SELECT pg_temp.item('root'), pg_temp.item('all');
ALTER TABLE dynamo."Music" NO FORCE ROW LEVEL SECURITY;
RESET ROLE;
SET ROLE regress_dynapg_user;
SET row_security TO off;
SELECT pg_temp.get('all');
RESET row_security;
RESET ROLE;
DROP POLICY see ON dynamo."Music";
DROP POLICY add ON dynamo."Music";
DROP POLICY change ON dynamo."Music";
DROP POLICY remove ON dynamo."Music";
ALTER TABLE dynamo."Music" DISABLE ROW LEVEL SECURITY;

-- DDL is the owner's, and CREATE on schema dynamo makes one
SET ROLE regress_dynapg_user;
SELECT pg_temp.fails($$ SELECT dynamo_delete_table('{"TableName": "Music"}') $$);
SELECT pg_temp.fails($$ SELECT pg_temp.make('Mine', 'id:S') $$);
SELECT pg_temp.fails('INSERT INTO dynapg.tables SELECT * FROM dynapg.tables');
SELECT pg_temp.fails('DELETE FROM dynapg.tables');
SELECT name FROM dynapg.tables;
RESET ROLE;
GRANT CREATE ON SCHEMA dynamo TO regress_dynapg_user;
SET ROLE regress_dynapg_user;
SELECT pg_temp.make('Mine', 'id:S');
SELECT dynamo_put_item('{"TableName": "Mine", "Item": {"id": {"S": "1"}}}');
SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'dynamo."Mine"'::regclass;
SELECT dynamo_delete_table('{"TableName": "Mine"}') IS NOT NULL;
RESET ROLE;
REVOKE CREATE ON SCHEMA dynamo FROM regress_dynapg_user;

-- A SECURITY DEFINER function lends its owner's rights
REVOKE ALL ON dynamo."Music" FROM regress_dynapg_user;
CREATE FUNCTION lend() RETURNS jsonb LANGUAGE sql SECURITY DEFINER AS
$$ SELECT dynamo_get_item('{"TableName": "Music", "Key": {"id": {"S": "all"}}}') $$;
SET ROLE regress_dynapg_user;
SELECT pg_temp.get('all'), lend();
RESET ROLE;
DROP FUNCTION lend;

-- Triggers fire, and may change or suppress what is written
DELETE FROM dynamo."Music";
CREATE TABLE audit (id serial, what text, old jsonb, new jsonb);
CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO audit (what, old, new) VALUES (TG_OP,
		CASE WHEN TG_OP <> 'INSERT' THEN OLD.item END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.item END);
	RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON dynamo."Music" FOR EACH ROW EXECUTE FUNCTION audit();
SELECT pg_temp.put('t'), pg_temp.put('t', '{"v": {"N": "1"}}'), pg_temp.del('t'), pg_temp.del('t');
SELECT what, old, new FROM audit ORDER BY id;
DROP TRIGGER audit ON dynamo."Music";
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		RETURN CASE WHEN OLD.item ? 'keep' THEN NULL ELSE OLD END;
	ELSIF NEW.item ? 'refuse' THEN
		RETURN NULL;
	ELSIF NEW.item ? 'raise' THEN
		RAISE EXCEPTION 'the trigger says no' USING ERRCODE = 'P0001';
	END IF;
	NEW.item := NEW.item || '{"stamped": true}';
	RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE INSERT OR UPDATE OR DELETE ON dynamo."Music" FOR EACH ROW EXECUTE FUNCTION stamp();
SELECT pg_temp.put('t'), pg_temp.item('t');
SELECT pg_temp.put('t', '{"v": {"N": "2"}}'), pg_temp.item('t');
SELECT pg_temp.put('u', '{"refuse": {"N": "2"}}'), pg_temp.item('u');
SELECT pg_temp.put('t', '{"refuse": {"N": "2"}}'), pg_temp.item('t');
SELECT pg_temp.put('t', '{"raise": {"N": "2"}}'), pg_temp.item('t');
SELECT pg_temp.put('k', '{"keep": {"N": "2"}}'), pg_temp.del('k'), pg_temp.item('k');
SELECT pg_temp.del('t', 'ALL_OLD'), pg_temp.item('t');
-- one that changes the key: the item is where its key says
CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.item := NEW.item || '{"id": "moved"}'; RETURN NEW; END $$;
SELECT pg_temp.put('here'), pg_temp.item('here'), pg_temp.item('moved');
SELECT pg_temp.put('here');
-- and one that gives a new item a key that is taken fails, and does not go on for ever
CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF TG_OP = 'INSERT' THEN NEW.item := NEW.item || '{"id": "moved"}'; END IF; RETURN NEW; END $$;
SELECT pg_temp.put('there');
-- one that writes the item itself instead: that is all that happens, once
CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
	IF TG_OP = 'INSERT' OR pg_trigger_depth() > 1 THEN RETURN NEW; END IF;
	UPDATE dynamo."Music" SET item = item || jsonb_build_object('count', coalesce((item->'count')::int, 0) + 1) WHERE item->>'id' = OLD.item->>'id';
	RETURN NULL;
END $$;
SELECT pg_temp.put('self');
SELECT pg_temp.put('self', '{"gone": {"N": "1"}}'), pg_temp.item('self');
SELECT pg_temp.fails('SELECT dynamo_update_item(''{"TableName": "Music", "Key": {"id": {"S": "self"}}, "UpdateExpression": "SET x = id"}'')'), pg_temp.item('self');
-- one that makes no item of it
CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.item := '[]'; RETURN NEW; END $$;
SELECT pg_temp.put('here');
DROP TRIGGER stamp ON dynamo."Music";
-- statement triggers with transition tables
CREATE FUNCTION counts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO audit (what, new) SELECT TG_OP, jsonb_agg(item) FROM changed;
	RETURN NULL;
END $$;
TRUNCATE audit;
CREATE TRIGGER counts AFTER INSERT ON dynamo."Music" REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION counts();
SELECT pg_temp.put('s');
SELECT what, new FROM audit;
DROP TRIGGER counts ON dynamo."Music";
DROP FUNCTION counts, stamp, audit;

-- CHECK constraints
ALTER TABLE dynamo."Music" ADD CONSTRAINT positive CHECK ((item->'v')::numeric > 0);
SELECT pg_temp.put('c', '{"v": {"N": "1"}}');
SELECT pg_temp.put('c', '{"v": {"N": "-1"}}');
SELECT pg_temp.put('d', '{"v": {"N": "-1"}}');
SELECT pg_temp.item('c'), pg_temp.item('d');
ALTER TABLE dynamo."Music" DROP CONSTRAINT positive;

-- Further columns: defaults and generated ones are filled in, and kept
ALTER TABLE dynamo."Music" ADD COLUMN note text DEFAULT 'new', ADD COLUMN v numeric GENERATED ALWAYS AS ((item->'v')::numeric) STORED;
SELECT pg_temp.put('x', '{"v": {"N": "1"}}');
UPDATE dynamo."Music" SET note = 'kept' WHERE item->>'id' = 'x';
SELECT pg_temp.put('x', '{"v": {"N": "2"}}');
SELECT item, note, v FROM dynamo."Music" WHERE item->>'id' = 'x';
SELECT pg_temp.del('x', 'ALL_OLD');
ALTER TABLE dynamo."Music" ADD COLUMN must int NOT NULL DEFAULT 5;
ALTER TABLE dynamo."Music" ALTER COLUMN must DROP DEFAULT;
SELECT pg_temp.put('must');
ALTER TABLE dynamo."Music" DROP COLUMN note, DROP COLUMN v, DROP COLUMN must;
SELECT pg_temp.put('after columns'), pg_temp.item('after columns');

-- Foreign keys from an item table: deferred and immediate
CREATE TABLE label (name text PRIMARY KEY);
INSERT INTO label VALUES ('Acme');
ALTER TABLE dynamo."Music" ADD COLUMN label text GENERATED ALWAYS AS (item->>'label') STORED REFERENCES label;
SELECT pg_temp.put('fk', '{"label": {"S": "Acme"}}'), pg_temp.put('fk', '{"label": {"S": "Nobody"}}'), pg_temp.item('fk');
SELECT pg_temp.fails('DELETE FROM label');
ALTER TABLE dynamo."Music" DROP COLUMN label;
DROP TABLE label;

-- Foreign keys to an item table: no orphans by the API
CREATE TABLE song (title text, hash uuid, sort bytea DEFAULT '', FOREIGN KEY (hash, sort) REFERENCES dynamo."Music");
SELECT pg_temp.put('parent');
INSERT INTO song SELECT 'one', hash, sort FROM dynamo."Music" WHERE item->>'id' = 'parent';
SELECT pg_temp.del('parent');
SELECT pg_temp.put('parent', '{"v": {"N": "3"}}'), pg_temp.item('parent');
SELECT pg_temp.fails($$ SELECT dynamo_delete_table('{"TableName": "Music"}') $$);
DELETE FROM song;
SELECT pg_temp.del('parent', 'ALL_OLD');
ALTER TABLE song DROP CONSTRAINT song_hash_sort_fkey;
ALTER TABLE song ADD FOREIGN KEY (hash, sort) REFERENCES dynamo."Music" ON DELETE CASCADE;
SELECT pg_temp.put('parent');
INSERT INTO song SELECT 'two', hash, sort FROM dynamo."Music" WHERE item->>'id' = 'parent';
SELECT pg_temp.del('parent');
SELECT count(*) FROM song;
DROP TABLE song;

-- Rules
CREATE RULE ignore AS ON INSERT TO dynamo."Music" WHERE new.item ? 'ignore' DO INSTEAD NOTHING;
GRANT ALL ON audit, audit_id_seq TO PUBLIC;
CREATE RULE log AS ON DELETE TO dynamo."Music" DO ALSO INSERT INTO audit (what, old) VALUES ('rule', old.item);
TRUNCATE audit;
SELECT pg_temp.put('r', '{"ignore": {"N": "1"}}'), pg_temp.item('r');
SELECT pg_temp.put('r'), pg_temp.item('r');
SELECT pg_temp.del('r'), pg_temp.item('r');
SELECT what, old FROM audit;
DROP RULE ignore ON dynamo."Music";
DROP RULE log ON dynamo."Music";
DROP TABLE audit;

-- A module that hooks into the executor's checks (pgaudit, sepgsql) sees every access, and may deny it
SET client_min_messages TO warning;
\set ECHO none
\i test/functions.sql
\set ECHO all
RESET client_min_messages;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
SELECT count(dynamo_create_table('{"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"GlobalSecondaryIndexes": [{"IndexName": "ByG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
		"Projection": {"ProjectionType": "KEYS_ONLY"}}]}'));
SELECT pg_temp.put('a', '{"g": {"S": "g"}}');
CREATE FUNCTION pg_temp.accesses() RETURNS TABLE (operation text, result text) LANGUAGE plpgsql AS $$
DECLARE
	request text;
BEGIN
	FOR operation, request IN VALUES
		('get_item', '{@, "Key": {"id": {"S": "a"}}}'),
		('put_item', '{@, "Item": {"id": {"S": "a"}, "g": {"S": "h"}}}'),
		('put_item', '{@, "Item": {"id": {"S": "b"}}}'),
		('update_item', '{@, "Key": {"id": {"S": "a"}}, "UpdateExpression": "SET v = g"}'),
		('delete_item', '{@, "Key": {"id": {"S": "b"}}}'),
		('query', '{@, "KeyConditionExpression": "id = :a", "ExpressionAttributeValues": {":a": {"S": "a"}}}'),
		('query', '{@, "IndexName": "ByG", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "h"}}}'),
		('query', '{@, "IndexName": "ByG", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "none"}}}'),
		('scan', '{@}'),
		('scan', '{@, "IndexName": "ByG"}'),
		('batch_get_item', '{"RequestItems": {"Music": {"Keys": [{"id": {"S": "a"}}]}}}'),
		('batch_write_item', '{"RequestItems": {"Music": [{"DeleteRequest": {"Key": {"id": {"S": "b"}}}}]}}'),
		('transact_get_items', '{"TransactItems": [{"Get": {@, "Key": {"id": {"S": "a"}}}}]}'),
		('transact_write_items', '{"TransactItems": [{"Put": {@, "Item": {"id": {"S": "a"}, "g": {"S": "h"}}}}]}'),
		('transact_write_items', '{"TransactItems": [{"ConditionCheck": {@, "Key": {"id": {"S": "a"}}, "ConditionExpression": "attribute_exists(id)"}}]}'),
		('transact_write_items', '{"TransactItems": [{"ConditionCheck": {@, "Key": {"id": {"S": "b"}}, "ConditionExpression": "attribute_not_exists(id)"}}]}'),
		('execute_statement', '{"Statement": "SELECT * FROM \"Music\" WHERE id = ''a''"}'),
		('execute_statement', '{"Statement": "SELECT * FROM \"Music\".\"ByG\" WHERE g = ''h''"}') LOOP
		result := left(pg_temp.fails(format('SELECT dynamo_%s(%L)', operation, replace(request, '@', '"TableName": "Music"'))), 30);
		RETURN NEXT;
	END LOOP;
END $$;
SELECT dynapg_test.watch('dynamo."Music"', true);
SELECT * FROM pg_temp.accesses();
SELECT dynapg_test.watch('dynamo."Music"');
SELECT * FROM pg_temp.accesses();
SELECT dynapg_test.watch(NULL);
SELECT * FROM pg_temp.accesses();

-- A publication that needs to tell rows apart is honoured: what PostgreSQL refuses, the API refuses
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
SELECT pg_temp.make('Music', 'id:S');
SELECT pg_temp.put('published');
SET client_min_messages TO error;
CREATE PUBLICATION regress_dynapg FOR TABLE dynamo."Music";
RESET client_min_messages;
ALTER TABLE dynamo."Music" REPLICA IDENTITY NOTHING;
SELECT pg_temp.fails('DELETE FROM dynamo."Music" WHERE item->>''id'' = ''published''');
SELECT pg_temp.del('published'), pg_temp.put('published', '{"v": {"N": "1"}}'), pg_temp.put('insert');
ALTER TABLE dynamo."Music" REPLICA IDENTITY DEFAULT;
DROP PUBLICATION regress_dynapg;

SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
DROP ROLE regress_dynapg_user, regress_dynapg_owner;
