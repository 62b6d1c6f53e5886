--
-- The comfortable SQL forms: dynapg.put(), get(), delete(), items(), relation(), create_view(), version().
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
SET TimeZone TO 'UTC';
\set SHOW_CONTEXT never

-- tables with every kind of key
SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', CASE WHEN sort IS NULL THEN '[{"AttributeName": "p", "KeyType": "HASH"}]'::jsonb
			ELSE '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]' END,
		'AttributeDefinitions', jsonb_build_array(jsonb_build_object('AttributeName', 'p', 'AttributeType', hash))
			|| CASE WHEN sort IS NULL THEN '[]' ELSE jsonb_build_array(jsonb_build_object('AttributeName', 's', 'AttributeType', sort)) END))
	#>> '{TableDescription,TableName}' AS created
FROM (VALUES ('Helpers.S', 'S', NULL), ('Helpers.N', 'N', NULL), ('Helpers.SN', 'S', 'N'), ('Helpers.NS', 'N', 'S'),
	('Helpers.BB', 'B', 'B')) AS tables(name, hash, sort);

SELECT dynapg.version() = (SELECT extversion FROM pg_extension WHERE extname = 'dynapg') AS version;
SELECT dynapg.relation('Helpers.SN'), dynapg.relation('arn:aws:dynamodb:us-east-1:000000000000:table/Helpers.S');
SELECT dynapg.relation('Helpers.None');

--
-- put, get, delete
--

-- nothing was there; then the old item comes back
SELECT dynapg.put('Helpers.S', '{"p": "a", "v": 1}');
SELECT dynapg.put('Helpers.S', '{"p": "a", "v": 2}');
SELECT dynapg.get('Helpers.S', 'a'), dynapg.get('Helpers.S', 'b');
SELECT dynapg.delete('Helpers.S', 'a'), dynapg.delete('Helpers.S', 'a');
SELECT dynapg.get('Helpers.S', 'a');

-- keys: text is S, numbers of any width are N
SELECT dynapg.put('Helpers.N', '{"p": 1.50}'), dynapg.put('Helpers.N', '{"p": -7}');
SELECT dynapg.get('Helpers.N', 1.5), dynapg.get('Helpers.N', -7), dynapg.get('Helpers.N', (-7)::smallint), dynapg.get('Helpers.N', (-7)::bigint);
SELECT dynapg.put('Helpers.SN', '{"p": "a", "s": 1}'), dynapg.put('Helpers.SN', '{"p": "1", "s": 1}'), dynapg.put('Helpers.NS', '{"p": 1, "s": "a"}');
SELECT dynapg.get('Helpers.SN', 'a', 1), dynapg.get('Helpers.SN', '1', 1), dynapg.get('Helpers.NS', 1, 'a');
SELECT dynapg.get('Helpers.SN', 'a'::varchar, 1.00);

-- binary keys are base64, in the item and as arguments
SELECT dynapg.put('Helpers.BB', '{"p": {"$B": "AAE="}, "s": {"$B": "/w=="}, "v": 1}');
SELECT dynapg.get('Helpers.BB', 'AAE=', '/w=='), dynapg.get('Helpers.BB', encode('\x0001', 'base64'), encode('\xff', 'base64'));
SELECT dynapg.get('Helpers.BB', 'not base64', '/w==');
SELECT dynapg.delete('Helpers.BB', 'AAE=', '/w==');

-- named arguments, in any order; a table by its ARN
SELECT dynapg.get(sort_key => 1, partition_key => 'a', table_name => 'Helpers.SN');
SELECT dynapg.delete(table_name => 'Helpers.NS', partition_key => 1, sort_key => 'a');
SELECT dynapg.put(item => '{"p": "arn", "s": 1}', table_name => 'arn:aws:dynamodb:us-east-1:000000000000:table/Helpers.SN');
SELECT dynapg.get('arn:aws:dynamodb:us-east-1:000000000000:table/Helpers.SN', 'arn', 1);

-- every type comes back as it went in, U+0000 too
SELECT dynapg.put('Helpers.S', '{"p": "types", "n": 1.10, "l": [1, "x", null, true], "m": {"k": {"$SS": ["b", "a"]}},
	"b": {"$B": "AAE="}, "ns": {"$NS": [2, 1]}, "bs": {"$BS": ["AA=="]}, "z": {"$S": "a$0b"}, "t": {"$M": {"$x": 1}}, "$$$$$$y": 1}');
SELECT jsonb_pretty(dynapg.get('Helpers.S', 'types'));
SELECT dynapg.get('Helpers.S', 'types') = (SELECT item FROM dynamo."Helpers.S" WHERE item ->> 'p' = 'types') AS same_as_sql;

-- the errors are the API's
SELECT dynapg.get('Helpers.SN', 'a');
SELECT dynapg.get('Helpers.S', 'a', 1);
SELECT dynapg.get('Helpers.S', 1);
SELECT dynapg.get('Helpers.SN', 'a', '1');
SELECT dynapg.get('Helpers.S', '');
SELECT dynapg.get('Helpers.N', 'NaN'::numeric);
SELECT dynapg.get('Helpers.None', 'a');
SELECT dynapg.get('x', 'a');
SELECT dynapg.delete('Helpers.None', 1, 2);
SELECT dynapg.put('Helpers.None', '{"p": "a"}');
SELECT dynapg.put('Helpers.S', '{"v": 1}');
SELECT dynapg.put('Helpers.S', '{"p": 1}');
SELECT dynapg.put('Helpers.S', '[]');
SELECT dynapg.put('Helpers.S', '{"p": "a", "v": {"$Q": 1}}');
SELECT dynapg.put('Helpers.S', jsonb_build_object('p', 'a', 'v', repeat('x', 409600)));

-- nothing is read under a null key; a write says so
SELECT dynapg.get('Helpers.S', NULL::text), dynapg.get(NULL, 'a');
SELECT dynapg.put('Helpers.S', NULL);
SELECT dynapg.delete('Helpers.SN', 'a', NULL::numeric);

-- they are part of the transaction
BEGIN;
SELECT dynapg.put('Helpers.S', '{"p": "rolled back"}');
SELECT dynapg.get('Helpers.S', 'rolled back');
ROLLBACK;
SELECT dynapg.get('Helpers.S', 'rolled back');

--
-- items
--
SELECT count(dynapg.put('Helpers.SN', jsonb_build_object('p', 'many', 's', (i * 7919) % 1000 - 500))) FROM generate_series(0, 999) i;
SELECT dynapg.items('Helpers.SN', 'many') LIMIT 3;
SELECT count(*), count(DISTINCT s), bool_and(s > before) AS in_order
FROM (SELECT s, lag(s) OVER (ORDER BY place) AS before
	  FROM (SELECT (item -> 's')::int AS s, place FROM dynapg.items('Helpers.SN', 'many') WITH ORDINALITY AS items(item, place)) keys) pairs;
SELECT * FROM dynapg.items('Helpers.SN', 'nobody');
SELECT * FROM dynapg.items(partition_key => 'types', table_name => 'Helpers.S') AS item WHERE NOT item ? 'p';
SELECT dynapg.items('Helpers.N', 1.5), dynapg.items('Helpers.N', -7);
SELECT dynapg.items('Helpers.N', NULL::numeric);
SELECT dynapg.items('Helpers.None', 'a');
SELECT dynapg.items('Helpers.N', 'a');
SELECT dynapg.items('Helpers.S', '');

-- large items: a batch is small then, and nothing is lost
SELECT count(dynapg.put('Helpers.SN', jsonb_build_object('p', 'large', 's', i, 'v', repeat('x', 100000)))) FROM generate_series(1, 50) i;
SELECT count(*), min((item -> 's')::int), max((item -> 's')::int) FROM dynapg.items('Helpers.SN', 'large') AS item;

-- in the select list it streams: by the index, and no further than it must
ANALYZE dynamo."Helpers.SN";
BEGIN;
SELECT seq_scan, idx_scan, idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relid = dynapg.relation('Helpers.SN') \gset before_
SELECT dynapg.items('Helpers.SN', 'many') LIMIT 2;
SELECT seq_scan - :before_seq_scan AS seq_scans, idx_scan - :before_idx_scan AS index_scans,
	idx_tup_fetch - :before_idx_tup_fetch < 20 AS few_items
FROM pg_stat_xact_user_tables WHERE relid = dynapg.relation('Helpers.SN');
COMMIT;

-- it reads the state that its statement began with, and what the transaction wrote before
BEGIN;
SELECT dynapg.put('Helpers.SN', '{"p": "few", "s": 1}');
DECLARE few CURSOR FOR SELECT dynapg.items('Helpers.SN', 'few');
SELECT dynapg.put('Helpers.SN', '{"p": "few", "s": 2}');
FETCH ALL FROM few;
SELECT dynapg.items('Helpers.SN', 'few');
ROLLBACK;

--
-- create_view
--
SELECT dynapg.put('Helpers.SN', '{"p": "v", "s": 1, "flag": true, "price": 12.345, "name": "one", "at": 1700000000, "tags": {"$SS": ["a", "b"]},
	"sizes": {"$NS": [1, 2.5]}, "image": {"$B": "AAEC"}, "address": {"city": "Rome", "geo": [41.9, 12.5]}, "it''s": "quoted", "$$$$$$z": 9}');
SELECT dynapg.put('Helpers.SN', '{"p": "v", "s": 2, "flag": "no", "price": "dear", "name": 5, "at": "2024-02-03T04:05:06Z", "tags": ["a"],
	"sizes": {"$SS": ["1"]}, "image": "AAEC", "address": {"$B": "AA=="}}');
SELECT dynapg.put('Helpers.SN', '{"p": "v", "s": 3, "flag": null, "price": null, "name": null, "at": "yesterday", "tags": {"$SS": ["a"], "x": 1}, "image": {}}');

SELECT dynapg.create_view('helpers_view', 'Helpers.SN', '[
	{"attribute": "flag", "type": "boolean"},
	{"attribute": "price", "type": "numeric(10, 2)"},
	{"attribute": "price", "type": "bigint", "name": "rounded"},
	{"attribute": "name", "type": "text"},
	{"attribute": "name", "type": "varchar(2)", "name": "short"},
	{"attribute": "at", "type": "timestamp with time zone"},
	{"attribute": "tags", "type": "text[]"},
	{"attribute": "sizes", "type": "numeric[]"},
	{"attribute": "image", "type": "bytea"},
	{"attribute": "address", "type": "text", "path": ["city"], "name": "city"},
	{"attribute": "address", "type": "double precision", "path": ["geo", 1], "name": "longitude"},
	{"attribute": "address", "type": "jsonb"},
	{"attribute": "it''s", "type": "text", "name": "a \"quoted\" name"},
	{"attribute": "$$z", "type": "int"}]');
\d helpers_view
\x on
SELECT * FROM helpers_view WHERE p = 'v' ORDER BY s;
\x off
-- (16 and later do not qualify the columns)
SELECT replace(pg_get_viewdef('helpers_view', true), '"Helpers.SN".', '') AS definition;

-- key attributes go first, whatever the order; an object will do; the view is the caller's to place
CREATE SCHEMA helpers_schema;
SELECT dynapg.create_view('helpers_schema."A View"', 'Helpers.SN', '{"name": "text", "s": "int", "flag": "bool"}');
\d helpers_schema."A View"
SELECT dynapg.create_view('helpers_keys', 'Helpers.BB', '{}');
\d helpers_keys
SET search_path TO helpers_schema, public;
SELECT dynapg.create_view('helpers_placed', 'Helpers.N', '[]');
RESET search_path;
DROP VIEW helpers_schema.helpers_placed;

-- an index on the same expression serves the view
CREATE INDEX helpers_price ON dynamo."Helpers.SN" (dynapg.to_numeric(item -> 'price'));
SELECT dynapg.create_view('helpers_priced', 'Helpers.SN', '{"price": "numeric"}');
SET enable_seqscan TO off;
SET enable_bitmapscan TO off;
EXPLAIN (COSTS OFF) SELECT p FROM helpers_priced WHERE price > 10;
RESET enable_seqscan;
RESET enable_bitmapscan;

-- what cannot be
SELECT dynapg.create_view('helpers_view', 'Helpers.SN', '{}');
SELECT dynapg.create_view('helpers_bad', 'Helpers.None', '{}');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '"name"');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '[1]');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '[{"attribute": "a"}]');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '[{"attribute": "a", "type": "text", "typo": 1}]');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '{"a": "no_such_type"}');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '{"a": "uuid"}');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '{"a": "timestamp(3) with time zone"}');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '{"a": "text) AS a FROM pg_class; --"}');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '[{"attribute": "a", "type": "text", "path": [true]}]');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '[{"attribute": "a", "type": "text", "path": ["$S"]}]');
SELECT dynapg.create_view('helpers_bad', 'Helpers.SN', '[{"attribute": "a", "type": "text", "name": ""}]');
SELECT dynapg.create_view('a.b.c', 'Helpers.SN', '{}');

--
-- Permissions are the operations' own
--
CREATE ROLE regress_helpers_reader;
CREATE ROLE regress_helpers_writer;
GRANT SELECT ON dynamo."Helpers.S" TO regress_helpers_reader;
GRANT INSERT, UPDATE, DELETE ON dynamo."Helpers.S" TO regress_helpers_writer;
GRANT SELECT ON helpers_view TO regress_helpers_reader;
SET ROLE regress_helpers_reader;
SELECT dynapg.get('Helpers.S', 'types') ->> 'p' AS allowed;
SELECT count(*) AS allowed FROM dynapg.items('Helpers.S', 'types');
SELECT dynapg.put('Helpers.S', '{"p": "a"}');
SELECT dynapg.delete('Helpers.S', 'a');
SELECT dynapg.items('Helpers.SN', 'many');
SELECT * FROM helpers_view;
SET ROLE regress_helpers_writer;
-- they return the old item, which wants SELECT too
SELECT dynapg.put('Helpers.S', '{"p": "a"}');
SELECT dynapg.get('Helpers.S', 'a');
RESET ROLE;

-- row-level security
ALTER TABLE dynamo."Helpers.S" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON dynamo."Helpers.S" USING (item ->> 'p' = current_user);
SELECT dynapg.put('Helpers.S', '{"p": "regress_helpers_reader"}');
SET ROLE regress_helpers_reader;
SELECT dynapg.get('Helpers.S', 'regress_helpers_reader'), dynapg.get('Helpers.S', 'types');
SELECT dynapg.items('Helpers.S', 'regress_helpers_reader');
SELECT dynapg.items('Helpers.S', 'types');
RESET ROLE;

-- clean up
SET client_min_messages TO warning;
DROP VIEW helpers_view, helpers_keys, helpers_priced;
DROP SCHEMA helpers_schema CASCADE;
DROP TABLE dynamo."Helpers.S", dynamo."Helpers.N", dynamo."Helpers.SN", dynamo."Helpers.NS", dynamo."Helpers.BB";
DROP ROLE regress_helpers_reader, regress_helpers_writer;
