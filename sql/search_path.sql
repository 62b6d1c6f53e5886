-- All SQL of dynapg, its statements, functions, views and triggers, under a search_path that leads elsewhere first: to operators, functions, types
-- and tables of everybody's names, each of which says that it was taken for PostgreSQL's.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse

DROP ROLE IF EXISTS regress_dynapg_path;
CREATE ROLE regress_dynapg_path;
GRANT CREATE ON SCHEMA dynamo TO regress_dynapg_path;
CREATE SCHEMA evil;
GRANT USAGE, CREATE ON SCHEMA evil TO regress_dynapg_path;

CREATE TEMP TABLE types AS SELECT t::regtype::oid AS type FROM unnest('{bool,int2,int4,int8,float8,numeric,text,varchar,bpchar,name,"\"char\"",oid,regclass,regtype,regproc,regrole,regnamespace,
	uuid,bytea,jsonb,json,jsonpath,timestamptz,interval,tid,xid,text[],oid[],bytea[],name[],cstring,void,int2vector,record,anyelement,anyarray,anynonarray,anycompatible,anycompatiblearray}'::text[]) t;

-- Every operator and function of PostgreSQL's on these types, as far as PL/pgSQL can have them; types; relations.
CREATE FUNCTION pg_temp.tries(command text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 1;
EXCEPTION WHEN OTHERS THEN
	RETURN 0;
END $$;
CREATE FUNCTION pg_temp.body(name text) RETURNS text LANGUAGE sql AS $$ SELECT quote_literal(format('BEGIN RAISE EXCEPTION USING MESSAGE = %L; END', 'hijacked: ' || name)) $$;
SELECT sum(pg_temp.tries(format('CREATE FUNCTION evil.operator_%s(%s) RETURNS %s LANGUAGE plpgsql AS %s', oid, concat_ws(', ', l, r), result, pg_temp.body(oprname))) +
		   pg_temp.tries(format('CREATE OPERATOR evil.%s (%s RIGHTARG = %s, FUNCTION = evil.operator_%s)', oprname, 'LEFTARG = ' || l || ',', r, oid))) > 500 AS operators
	FROM (SELECT oid, oprname, nullif(oprleft, 0)::regtype::text AS l, oprright::regtype AS r, oprresult::regtype AS result FROM pg_operator
		  WHERE oprnamespace = 'pg_catalog'::regnamespace AND oprleft IN (SELECT type FROM types UNION SELECT 0) AND oprright IN (SELECT type FROM types)) o;
SELECT sum(pg_temp.tries(format('CREATE FUNCTION evil.%I(%s) RETURNS %s %s LANGUAGE plpgsql AS %s', proname, oidvectortypes(proargtypes), CASE WHEN proretset THEN 'SETOF' END, result, pg_temp.body(proname)))) > 900 AS functions
	FROM (SELECT *, CASE prorettype WHEN 'record'::regtype THEN 'jsonb' ELSE prorettype::regtype::text END AS result FROM pg_proc
		  WHERE pronamespace = 'pg_catalog'::regnamespace AND prokind = 'f' AND proargtypes::oid[] <@ (SELECT array_agg(type) FROM types)) p;
SELECT sum(pg_temp.tries(format('CREATE FUNCTION evil.%I(VARIADIC text[]) RETURNS text LANGUAGE plpgsql AS %s', name, pg_temp.body(name)))) AS variadic
	FROM unnest('{concat,concat_ws,format,jsonb_build_object,jsonb_build_array}'::text[]) name;
CREATE FUNCTION evil.step(int8) RETURNS int8 LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hijacked: count''; END';
CREATE AGGREGATE evil.count(*) (SFUNC = evil.step, STYPE = int8, INITCOND = '0');
CREATE FUNCTION evil.hijacks() RETURNS bool LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''hijacked: a type''; END';
CREATE TEMP TABLE names AS
	SELECT 'DOMAIN' AS kind, name, format('AS pg_catalog.%I CHECK (evil.hijacks())', name) AS rest
		FROM unnest('{bool,int2,int4,int8,numeric,text,name,oid,regclass,regnamespace,uuid,bytea,jsonb,timestamptz,interval}'::text[]) name
	UNION ALL SELECT 'TABLE', relname, '()' FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v')
	UNION ALL SELECT 'TABLE', unnest('{tables,indexes,index_builds,transaction_tokens,token_secret,access_keys,sessions}'::text[]), '()';
SET search_path = pg_catalog, pg_temp;
SELECT sum(pg_temp.tries(format('CREATE %s evil.%I %s', kind, name, rest)) + pg_temp.tries(format('CREATE %s pg_temp.%I %s', kind, name, rest))) > 200 AS names FROM names;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA evil TO PUBLIC;

-- Everything from here on is without an operator: those that there would be are these
SET ROLE regress_dynapg_path;
SET search_path = evil, pg_catalog, public;
SELECT 1 = 1;
SELECT 'a'::text;
SELECT format('%s', 'a');
SELECT clock_timestamp();
SELECT count(*) FROM (VALUES (1)) v;
SELECT relname FROM pg_class;

-- Tables
SELECT public.dynamo_create_table('{"TableName": "Path", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "pos", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "pos", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}]}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "pos", "KeyType": "RANGE"}]}]}') IS NOT NULL;
SELECT public.dynamo_create_table('{"TableName": "Kept", "BillingMode": "PAY_PER_REQUEST", "DeletionProtectionEnabled": true,
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}') IS NOT NULL;
SELECT public.dynamo_list_tables('{}');
SELECT public.dynamo_describe_table('{"TableName": "Path"}') IS NOT NULL;
SELECT public.dynamo_describe_limits('{}') IS NOT NULL, public.dynamo_describe_endpoints('{}') IS NOT NULL;

-- What an own operator let through: DROP TABLE of a protected table, or of what makes a table
DROP TABLE dynamo."Kept";
ALTER TABLE dynamo."Kept" DROP COLUMN sort;
DROP TRIGGER dynapg_items ON dynamo."Path";
DROP TRIGGER dynapg_guard ON dynapg_index."Path~by_g";
DROP TABLE dynapg_index."Path~by_g";
ALTER TABLE dynamo."Path" DISABLE TRIGGER ALL;
ALTER TABLE dynamo."Path" ENABLE TRIGGER ALL;
ALTER TABLE dynamo."Path" SET UNLOGGED;
ALTER TABLE dynamo."Path" SET LOGGED;

-- Items, by all doors of SQL: straight, and with a trigger through the executor
\i test/operations.sql
CREATE FUNCTION evil.nothing() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS 'BEGIN RETURN new; END';
CREATE TRIGGER nothing BEFORE UPDATE ON dynamo."Path" FOR EACH ROW EXECUTE FUNCTION evil.nothing();
\i test/operations.sql

-- Indexes
SELECT dynapg.put('Path', '{"id": "a", "pos": 1, "g": "x", "h": "y"}');
SELECT public.dynamo_update_table('{"TableName": "Path", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "pos", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by_h", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}]}}]}') IS NOT NULL;
SELECT dynapg.wait_for_indexes('Path');
SELECT dynapg.replace_index('Path', 'by_g', '{"Projection": {"ProjectionType": "ALL"}}');
SELECT dynapg.build_indexes();
SELECT dynapg.wait_for_indexes('Path', pg_catalog.make_interval(secs => 600));
SELECT public.dynamo_query('{"TableName": "Path", "IndexName": "by_g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}');
SELECT public.dynamo_update_table('{"TableName": "Path", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_h"}}]}') IS NOT NULL;
SELECT dynapg.wait_for_indexes('Path');
SELECT table_name, index_name FROM dynapg.index_progress;
SELECT index_name, problem FROM dynapg.check_table('Path');
SELECT dynapg.missing_triggers(dynapg.relation('Path'));
SELECT dynapg.index_table_problem('dynapg_index."Path~local"');
SELECT dynapg.index_entry('dynapg_index."Path~local"', '{"id": "a", "pos": 1, "g": "x"}');

-- Values and views
SELECT dynapg.to_dynamodb_json('{"a": [1, "b"]}'), dynapg.from_dynamodb_json('{"a": {"N": "1"}}'), dynapg.item_size('{"a": 1}'), dynapg.version() IS NOT NULL;
SELECT dynapg.number_key(1), dynapg.number_from_key(dynapg.number_key(-2.5)), dynapg.sort_key('{"a": 1}', 'a', 'N'), dynapg.partition_hash('{"a": 1}', 'a', 'N');
SELECT dynapg.to_numeric('1'), dynapg.to_boolean('true'), dynapg.to_timestamptz('0') IS NOT NULL, dynapg.to_bytea('{"$B": "AA=="}'), dynapg.to_text_array('{"$SS": ["a"]}'), dynapg.to_numeric_array('{"$NS": [1]}');
SELECT dynapg.create_view('evil.typed', 'Path', '[{"attribute": "g", "type": "varchar(9)"}, {"attribute": "pos", "type": "int"}, {"attribute": "m", "type": "bool", "path": ["a", 0], "name": "deep"},
	{"attribute": "b", "type": "bytea"}, {"attribute": "t", "type": "timestamptz"}, {"attribute": "j", "type": "jsonb"}, {"attribute": "ss", "type": "text[]"}, {"attribute": "ns", "type": "numeric[]"}]') IS NOT NULL;
SELECT dynapg.create_view('untyped', 'Path', '{}') IS NOT NULL;
SELECT id, g, pos, deep, b, t, j, ss, ns FROM evil.typed;
SELECT id FROM untyped;

-- Access keys
SELECT dynapg.rotate_access_key((dynapg.create_access_key('regress_dynapg_path')).access_key_id) IS NOT NULL;
SELECT dynapg.revoke_session((dynapg.create_session('regress_dynapg_path')).access_key_id), (dynapg.create_session('regress_dynapg_path')).expiration IS NOT NULL;
SELECT name FROM dynapg.stat_sessions;
SELECT dynapg.revoke_sessions('regress_dynapg_path');
RESET ROLE;
SELECT dynapg.revoke_access_key(id) FROM dynapg.access_keys;
SELECT name, relation FROM dynapg.tables ORDER BY name;

-- The end of it: by the owner, and of the extension's tables by a superuser under such a path
SET ROLE regress_dynapg_path;
SELECT public.dynamo_update_table('{"TableName": "Kept", "DeletionProtectionEnabled": false}') IS NOT NULL;
DROP VIEW evil.typed, untyped;
ALTER TABLE dynamo."Path" RENAME TO renamed;
SELECT public.dynamo_delete_table('{"TableName": "Path"}') IS NOT NULL;
DROP TABLE dynamo."Kept";
RESET ROLE;
SELECT name FROM dynapg.tables;
SET client_min_messages TO error;
DROP EXTENSION dynapg CASCADE;
-- into the schema itself, whose names come first then
CREATE EXTENSION dynapg SCHEMA evil;
SELECT evil.dynamo_list_tables('{}'), dynapg.to_numeric('1'), dynapg.to_text_array('{"$SS": ["a"]}'), dynapg.to_boolean('1');
SELECT table_name FROM dynapg.index_progress;
DROP EXTENSION dynapg;
CREATE EXTENSION dynapg SCHEMA public;
RESET search_path;
DROP SCHEMA evil CASCADE;
DROP OWNED BY regress_dynapg_path;
DROP ROLE regress_dynapg_path;
