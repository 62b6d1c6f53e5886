-- Loading many items at once: what a load puts is what PutItem would have put, in whichever way it does.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\i test/functions.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse

-- A table's items, whether all is well with it, and whether its rows lie in the order of their keys
CREATE FUNCTION pg_temp.state(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
BEGIN
	EXECUTE format('SELECT concat_ws('', '', count(*) || '' items'', ''sum '' || sum((item -> ''v'')::int), CASE WHEN bool_and(in_order) THEN ''in order'' END)
		FROM (SELECT item, coalesce((lag(hash) OVER w, lag(sort) OVER w) < (hash, sort), true) AS in_order FROM dynamo.%I WINDOW w AS (ORDER BY ctid)) i', name) INTO state;
	RETURN concat_ws(', ', state, (SELECT string_agg(problem::text, '; ') FROM dynapg.check_table(name) problem));
END $$;

-- In any order, larger than what is written at once; several loads, over what is there; of items with one key one is put
SELECT pg_temp.make('Loaded', 'p:S', 's:N');
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'p' || i % 100, 's', i, 'v', 1, 'x', repeat('x', i % 300)) FROM generate_series(1, 5000) i ORDER BY random() $$);
SELECT pg_temp.state('Loaded');
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'p' || i % 100, 's', i, 'v', 2) FROM generate_series(4001, 6000) i $$);
SELECT replace(pg_temp.state('Loaded'), ', in order', '');
BEGIN;
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'p1', 's', i, 'v', 3) FROM generate_series(1, 101, 100) i $$);
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'p1', 's', i, 'v', 4) FROM generate_series(101, 201, 100) i $$);
SAVEPOINT a;
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'p1', 's', i, 'v', 5) FROM generate_series(1, 1001, 100) i $$);
ROLLBACK TO a;
SELECT dynapg.put('Loaded', '{"p": "p1", "s": 201, "v": 6}');
COMMIT;
SELECT item - 'x' FROM dynamo."Loaded" WHERE item ->> 'p' = 'p1' ORDER BY sort LIMIT 4;
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'same', 's', 1, 'v', i / i) FROM generate_series(1, 3) i $$);
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT NULL::jsonb WHERE false $$);
SELECT dynapg.get('Loaded', 'same', 1);
SELECT replace(pg_temp.state('Loaded'), ', in order', '');

-- No sort key; large items; what is stored elsewhere
SELECT pg_temp.make('Large', 'p:B');
SELECT dynapg_test.bulk_load('Large', $$ SELECT jsonb_build_object('p', jsonb_build_object('$B', encode(sha256(i::text::bytea), 'base64')), 'v', 1,
	'x', (SELECT string_agg(md5((i * 1000 + n)::text), '') FROM generate_series(1, i * 100) n)) FROM generate_series(1, 100) i $$);
SELECT pg_temp.state('Large');
SELECT pg_temp.make('Large2', 'p:B');
SELECT dynapg_test.bulk_load('Large2', 'SELECT item FROM dynamo."Large"');
SELECT count(*) FROM dynamo."Large" JOIN dynamo."Large2" USING (hash, sort, item);

-- What is no item of the table's; nothing is left of the load
SELECT pg_temp.fails(format('SELECT dynapg_test.bulk_load(''Loaded'', $q$ VALUES (''{"p": "fails", "s": 1}''::jsonb), (%L) $q$)', item))
	FROM (VALUES ('{"p": "a"}'), ('{"p": "a", "s": "1"}'), ('{"p": "", "s": 1}'), ('{"p": "a", "s": 1, "x": {"$N": "x"}}'), ('[]'),
		(jsonb_build_object('p', 'a', 's', 1, 'x', repeat('x', 500000))::text)) v(item);
SELECT count(*) FROM dynamo."Loaded" WHERE item ->> 'p' = 'fails';

-- PostgreSQL's own indexes
CREATE UNIQUE INDEX loaded_unique ON dynamo."Loaded" ((item ->> 'u'));
CREATE INDEX loaded_partial ON dynamo."Loaded" (((item -> 'v')::int)) WHERE item ? 'u';
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'unique', 's', i, 'v', 7, 'u', i::text) FROM generate_series(1, 10) i $$);
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'unique', 's', i, 'v', 7, 'u', i::text) FROM generate_series(10, 11) i $$);
SELECT pg_temp.fails($$ SELECT dynapg_test.bulk_load('Loaded', $q$ VALUES ('{"p": "unique", "s": 12, "u": "1"}'::jsonb) $q$) $$);
SET enable_seqscan TO off;
SELECT count(*) FROM dynamo."Loaded" WHERE item ? 'u' AND (item -> 'v')::int = 7;
RESET enable_seqscan;
DROP INDEX dynamo.loaded_unique, dynamo.loaded_partial;

-- Item by item: indexes, change logs, triggers, constraints
SELECT pg_temp.make('Followed', 'p:S', 's:N');
SELECT count(*) FROM dynamo_update_table('{"TableName": "Followed", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"},
	{"AttributeName": "v", "AttributeType": "N"}], "GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by_v", "Projection": {"ProjectionType": "ALL"},
	"KeySchema": [{"AttributeName": "v", "KeyType": "HASH"}]}}]}');
SELECT dynapg.wait_for_indexes('Followed');
SELECT dynapg_test.bulk_load('Followed', $$ SELECT jsonb_build_object('p', 'p' || i % 10, 's', i, 'v', i % 3) FROM generate_series(1, 300) i $$);
SELECT dynapg_test.bulk_load('Followed', $$ SELECT jsonb_build_object('p', 'p' || i % 10, 's', i, 'v', 5) FROM generate_series(201, 310) i $$);
SELECT pg_temp.state('Followed');
SELECT (SELECT dynamo_query('{"TableName": "Followed", "IndexName": "by_v", "KeyConditionExpression": "v = :v", "Select": "COUNT",
	"ExpressionAttributeValues": {":v": {"N": "5"}}}') -> 'Count');
CREATE FUNCTION seen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.item := NEW.item || '{"seen": true}'; RETURN NEW; END $$;
CREATE TRIGGER seen BEFORE INSERT OR UPDATE ON dynamo."Loaded" FOR EACH ROW EXECUTE FUNCTION seen();
SELECT dynapg_test.bulk_load('Loaded', $$ SELECT jsonb_build_object('p', 'p1', 's', i, 'v', 8) FROM generate_series(1, 10001, 5000) i $$);
SELECT item - 'x' FROM dynamo."Loaded" WHERE item ? 'seen' ORDER BY sort;
DROP TRIGGER seen ON dynamo."Loaded";
DROP FUNCTION seen();
ALTER TABLE dynamo."Loaded" ADD CHECK (item ->> 'p' <> 'bad');
SELECT pg_temp.fails($$ SELECT dynapg_test.bulk_load('Loaded', $q$ VALUES ('{"p": "good", "s": 1}'::jsonb), ('{"p": "bad", "s": 1}') $q$) $$);
SELECT count(*) FROM dynamo."Loaded" WHERE item ->> 'p' = 'good';

-- Who may
CREATE ROLE regress_dynapg_reader;
GRANT USAGE ON SCHEMA dynapg_test TO regress_dynapg_reader;
GRANT SELECT ON dynamo."Large" TO regress_dynapg_reader;
SET ROLE regress_dynapg_reader;
SELECT pg_temp.fails($$ SELECT dynapg_test.bulk_load('Large', 'SELECT NULL::jsonb WHERE false') $$);
RESET ROLE;
DROP OWNED BY regress_dynapg_reader;
DROP ROLE regress_dynapg_reader;
BEGIN READ ONLY;
SELECT dynapg_test.bulk_load('Large', 'SELECT NULL::jsonb WHERE false');
ROLLBACK;

SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
