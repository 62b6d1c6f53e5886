-- Every function of the extension, called with NULLs and with arguments that nobody means well with: by a role without privileges, and by a
-- superuser. The server survives, no error is an internal one, and the role changes nothing. Functions come from pg_depend, new ones too.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

SELECT dynamo_create_table('{"TableName": "Target", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "by_at", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "at", "KeyType": "HASH"}]}]}') IS NOT NULL;
SELECT dynapg.put('Target', '{"id": "a", "at": 1}');
DROP ROLE IF EXISTS regress_dynapg_hostile;
CREATE ROLE regress_dynapg_hostile;
CREATE TABLE public.plain (a int);
CREATE VIEW public.plain_view AS SELECT a FROM public.plain;
SELECT pg_backend_pid() AS process \gset

-- What may be given for an argument of a type: expressions.
CREATE TEMP TABLE hostile (type regtype, value text);
INSERT INTO hostile SELECT 'jsonb', unnest(ARRAY[$$'null'$$, $$'1'$$, $$'-0.0e-400'$$, $$'1e400'$$, $$'"x"'$$, $$'[]'$$, $$'[1, "id", "at"]'$$, $$'["id"]'$$, $$'{}'$$,
	$$(repeat('[', 2000) || repeat(']', 2000))::jsonb$$, $$(repeat('{"a":', 2000) || '1' || repeat('}', 2000))::jsonb$$, $$to_jsonb(repeat('x', 100000))$$,
	$$(SELECT jsonb_agg(n) FROM generate_series(1, 5000) n)$$, $$(SELECT jsonb_object_agg(n, n) FROM generate_series(1, 5000) n)$$,
	$$'{"id": "b", "at": 2}'$$, $$'{"id": {"$B": 1}, "at": {"$NS": []}}'$$, $$'{"id": "b", "at": "2"}'$$, $$'{"$B": "AA=="}'$$, $$'{"$S": "\\u0000", "$M": {}}'$$, $$'{"id": {"S": "b"}}'$$,
	$$'{"TableName": null}'$$, $$'{"TableName": {"S": ["Target"]}}'$$, $$'{"TableName": "Target"}'$$, $$'{"TableName": "arn:aws:dynamodb:::table/"}'$$,
	$$'{"TableName": "Target", "Key": {"id": {"S": "a"}, "at": {"N": "1"}}}'$$, $$'{"TableName": "Target", "Item": {"id": {"S": "b"}, "at": {"N": "1"}}}'$$,
	$$'{"TableName": "Target", "IndexName": "by_at", "KeyConditionExpression": "at = :n", "ExpressionAttributeValues": {":n": {"N": "1"}}}'$$,
	$$'{"TableName": "Target", "DeletionProtectionEnabled": true}'$$, $$'{"Statement": "DELETE FROM \"Target\" WHERE id = ''a'' AND at = 1"}'$$,
	$$'{"RequestItems": {"Target": {"Keys": [{"id": {"S": "a"}, "at": {"N": "1"}}]}}}'$$, $$'{"TransactItems": [{"Delete": {"TableName": "Target", "Key": {"id": {"S": "a"}, "at": {"N": "1"}}}}], "ClientRequestToken": "t"}'$$,
	$$'{"KeySchema": 1, "Projection": []}'$$, $$'{"id": "text", "at": "numeric(-1)"}'$$, $$'[{"attribute": "id", "type": "pg_class", "path": [99999999999]}]'$$]);
INSERT INTO hostile SELECT 'text', unnest(ARRAY[$$''$$, $$'x'$$, $$'Target'$$, $$'by_at'$$, $$'S'$$, $$'N'$$, $$repeat('x', 100000)$$, $$E'\x01\x7f'$$, $$'"'$$, $$'"Target'$$, $$''''$$, $$'%s%n%1000000d'$$,
	$$'a.b.c.d'$$, $$'pg_catalog.pg_class'$$, $$'arn:aws:dynamodb:us-east-1:000000000000:table/Target'$$, $$repeat('"', 10001)$$, $$repeat('(', 20000)$$,
	$$'SELECT * FROM "Target" WHERE id = ?'$$, $$'DELETE FROM "Target" WHERE id = ''a'' AND at = 1'$$, $$U&'\+01F600'$$]);
INSERT INTO hostile SELECT 'regclass', unnest(ARRAY['0', '4294967295', $$'pg_class'$$, $$'pg_class_oid_index'$$, $$'pg_toast.pg_toast_1255'$$, $$'dynapg.tables'$$, $$'dynapg.index_progress'$$, $$'public.plain'$$, $$'public.plain_view'$$,
	$$'dynamo."Target"'$$, $$'dynamo."Target~pkey"'$$, $$'dynapg_index."Target~by_at"'$$]);
INSERT INTO hostile SELECT 'regrole', unnest(ARRAY['0', '4294967295', '10', '6171', $$'regress_dynapg_hostile'$$]);
INSERT INTO hostile SELECT 'numeric', unnest(ARRAY['0', '1', $$'NaN'$$, $$'Infinity'$$, $$'-Infinity'$$, '1e400', '-1e-400', '1e126', '0.1234567890123456789012345678901234567890123456789']);
INSERT INTO hostile SELECT 'bytea', unnest(ARRAY[$$''$$, $$'\x00'$$, $$'\xffffffffffffffffffff'$$, $$'\x80'$$, $$'\x7f00000000000000000000000000'$$, $$decode(repeat('00', 100000), 'hex')$$]);
INSERT INTO hostile SELECT 'interval', unnest(ARRAY[$$'0'$$, $$'-1 day'$$, $$'178000000 years'$$]);
INSERT INTO hostile SELECT '"any"', unnest(ARRAY['1', $$'NaN'::float8$$, $$'x'$$, $$'x'::name$$, 'NULL', 'ROW(1, NULL)', $$'{1}'::int[]$$, $$'null'::jsonb$$, $$'{"a": 1}'::json$$, $$'\x00'::bytea$$, 'true', 'now()', $$'(1,1)'::point$$,
	$$VARIADIC '{}'::int[]$$, $$VARIADIC NULL::int[]$$, $$VARIADIC '{{1,2},{3,NULL}}'::int[]$$, $$VARIADIC ARRAY[ROW(1, 2)]$$]);

CREATE VIEW pg_temp.functions AS
	SELECT p.oid::regprocedure AS function, p.proname, quote_ident(n.nspname) || '.' || quote_ident(p.proname) AS name, p.proargtypes::oid[] AS types
	FROM pg_depend d JOIN pg_proc p ON p.oid = d.objid JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE d.refclassid = 'pg_extension'::regclass AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'dynapg')
		AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e';

-- The calls of a function: all arguments NULL, and then each value of each argument, the others taken in turn.
CREATE FUNCTION pg_temp.calls(name text, types oid[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	n int := coalesce(array_length(types, 1), 0);
	lists text[][];
	most int;
BEGIN
	RETURN NEXT format('SELECT %s(%s)', name, (SELECT string_agg(CASE WHEN t = '"any"'::regtype THEN 'NULL' ELSE 'NULL::' || t::regtype::text END, ', ' ORDER BY i) FROM unnest(types) WITH ORDINALITY u(t, i)));
	most := (SELECT max(count) FROM (SELECT count(*) FROM hostile WHERE type = ANY (types) GROUP BY type) c);
	IF most IS NULL THEN
		RETURN;
	END IF;
	FOR turn IN 0 .. most - 1 LOOP
		FOR shift IN 0 .. CASE WHEN n = 1 THEN 0 ELSE 5 END LOOP
			RETURN NEXT format('SELECT %s(%s)', name, (SELECT string_agg(coalesce(
				(SELECT v.value FROM (SELECT value, row_number() OVER () - 1 AS number, count(*) OVER () AS count FROM hostile h WHERE h.type = t) v
				 WHERE v.number = (turn + shift * (i - 1) * (i - 1)) % v.count), 'NULL::' || t::regtype::text), ', ' ORDER BY i) FROM unnest(types) WITH ORDINALITY u(t, i)));
		END LOOP;
	END LOOP;
END $$;

-- Calls all; what a call did is undone if undo. Returns how many there were, and internal errors.
CREATE FUNCTION pg_temp.walk(role text, undo boolean, OUT functions int, OUT calls int, OUT internal text[]) LANGUAGE plpgsql AS $$
DECLARE
	f record;
	call text;
BEGIN
	functions := 0;
	calls := 0;
	FOR f IN SELECT * FROM pg_temp.functions ORDER BY function::text LOOP
		functions := functions + 1;
		FOR call IN SELECT DISTINCT c FROM pg_temp.calls(f.name, f.types) c LOOP
			calls := calls + 1;
			BEGIN
				EXECUTE format('SET LOCAL ROLE %I', role);
				EXECUTE call;
				RESET ROLE;
				IF undo THEN
					RAISE EXCEPTION USING ERRCODE = 'UNDO0';
				END IF;
			EXCEPTION WHEN OTHERS THEN
				IF SQLSTATE LIKE 'XX%' OR SQLSTATE = 'YD500' THEN
					internal := internal || format('%s: %s %s', left(call, 200), SQLSTATE, SQLERRM);
				END IF;
			END;
		END LOOP;
	END LOOP;
END $$;

-- Everything that could have been changed.
CREATE FUNCTION pg_temp.state() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	r regclass;
	part text;
	parts text := '';
BEGIN
	FOR r IN SELECT oid::regclass FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('dynapg'::regnamespace, 'dynamo'::regnamespace, 'dynapg_index'::regnamespace, 'public'::regnamespace) ORDER BY oid LOOP
		EXECUTE format('SELECT md5(string_agg(t::text, '','' ORDER BY t::text)) FROM %s t', r) INTO part;
		parts := concat(parts, r, ' ', part, E'\n');
	END LOOP;
	FOREACH r IN ARRAY '{pg_class,pg_proc,pg_trigger,pg_namespace,pg_event_trigger,pg_authid,pg_extension,pg_depend}'::regclass[] LOOP
		EXECUTE format('SELECT md5(string_agg(to_jsonb(t)::text, '','' ORDER BY to_jsonb(t)::text)) FROM (SELECT (to_jsonb(c) - ''{relpages,reltuples,relallvisible,relallfrozen,relfrozenxid,relminmxid}''::text[]) FROM %s c) t', r) INTO part;
		parts := concat(parts, r, ' ', part, E'\n');
	END LOOP;
	RETURN parts;
END $$;

-- The relations that differ.
CREATE FUNCTION pg_temp.changed(before text, after text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(DISTINCT split_part(line, ' ', 1), ', ') FROM (SELECT unnest(string_to_array(before, E'\n')) AS line EXCEPT SELECT unnest(string_to_array(after, E'\n'))) d
$$;
SET jit TO off;
SET statement_timeout TO '15 min';
-- what processes still do for tests before this one comes to its end
DO $$
DECLARE
	before text := '';
	tries int := 0;
BEGIN
	WHILE (dynapg.rotate() > 0 OR before <> pg_temp.state()) AND tries < 120 LOOP
		COMMIT;
		before := pg_temp.state();
		tries := tries + 1;
		PERFORM pg_sleep(1.5);
	END LOOP;
END $$;
SELECT pg_temp.state() AS before \gset
SELECT functions > 60 AS functions, calls > 1000 AS calls, internal FROM pg_temp.walk('regress_dynapg_hostile', false);
-- it may have made access keys and sessions for itself, and kept credentials
DELETE FROM dynapg.access_keys WHERE role = 'regress_dynapg_hostile'::regrole;
DELETE FROM dynapg.sessions WHERE role = 'regress_dynapg_hostile'::regrole;
DELETE FROM dynapg.copy_credentials WHERE role = 'regress_dynapg_hostile'::regrole;
SELECT pg_temp.changed(:'before', pg_temp.state()) AS changed;
SELECT functions > 60 AS functions, calls > 1000 AS calls, internal FROM pg_temp.walk(current_user, true);
SELECT pg_backend_pid() = :process AS same_process;
SELECT item FROM dynamo."Target";
SELECT * FROM dynapg.check_table('Target');

-- What not everybody may execute
SELECT function FROM pg_temp.functions WHERE NOT has_function_privilege('regress_dynapg_hostile', function, 'EXECUTE') ORDER BY function::text;

SELECT dynamo_delete_table('{"TableName": "Target"}') IS NOT NULL;
DROP VIEW public.plain_view;
DROP TABLE public.plain;
DROP ROLE regress_dynapg_hostile;
