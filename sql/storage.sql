-- The table access method: whatever PostgreSQL does to a table, the items of an item table survive it.
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
SELECT count(dynamo_put_item(jsonb_build_object('TableName', 'Music', 'Item', jsonb_build_object(
	'Artist', jsonb_build_object('S', 'artist ' || i % 100), 'Year', jsonb_build_object('N', i::text),
	'Text', jsonb_build_object('S', repeat(md5(i::text), 3)))))) FROM generate_series(1, 5000) i;

-- What is in the table, counted in the heap and through an index, and that the keys agree with the items
CREATE FUNCTION pg_temp.items(relation regclass) RETURNS text LANGUAGE plpgsql
	SET max_parallel_workers_per_gather TO 0 AS $$
DECLARE
	in_heap bigint;
	in_index bigint;
	wrong bigint;
BEGIN
	SET LOCAL enable_seqscan TO on;
	SET LOCAL enable_indexscan TO off;
	SET LOCAL enable_indexonlyscan TO off;
	SET LOCAL enable_bitmapscan TO off;
	EXECUTE format('SELECT count(*), count(*) FILTER (WHERE hash <> dynapg.partition_hash(item, ''Artist'', ''S'')
		OR sort <> dynapg.sort_key(item, ''Year'', ''N'')) FROM %s', relation) INTO in_heap, wrong;
	SET LOCAL enable_seqscan TO off;
	SET LOCAL enable_indexscan TO on;
	EXECUTE format('SELECT count(*) FROM (SELECT item FROM %s WHERE hash >= ''00000000-0000-0000-0000-000000000000''
		OFFSET 0) i', relation) INTO in_index;
	RETURN format('%s in the heap, %s in the index, %s wrong', in_heap, in_index, wrong);
END $$;
SELECT pg_temp.items('dynamo."Music"');

-- CREATE INDEX, serially
SET max_parallel_maintenance_workers TO 0;
CREATE INDEX music_text ON dynamo."Music" ((item->>'Text'));
SELECT count(*) FROM dynamo."Music" WHERE item->>'Text' = repeat(md5('77'), 3);
DROP INDEX dynamo.music_text;

-- CREATE INDEX in parallel
SET max_parallel_maintenance_workers TO 2;
SET min_parallel_table_scan_size TO 0;
CREATE INDEX music_text ON dynamo."Music" ((item->>'Text'));
SET enable_seqscan TO off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM dynamo."Music" WHERE item->>'Text' = 'x';
SELECT count(*) FROM dynamo."Music" WHERE item->>'Text' = repeat(md5('77'), 3);
RESET enable_seqscan;
CREATE INDEX music_brin ON dynamo."Music" USING brin (hash);
CREATE INDEX music_gin ON dynamo."Music" USING gin (item jsonb_path_ops);
CREATE INDEX music_hash ON dynamo."Music" USING hash (hash);
SELECT count(*) FROM dynamo."Music" WHERE item @> '{"Year": 77}';

-- CREATE INDEX CONCURRENTLY and REINDEX, also CONCURRENTLY
CREATE INDEX CONCURRENTLY music_year ON dynamo."Music" (((item->'Year')::numeric));
CREATE UNIQUE INDEX CONCURRENTLY music_unique ON dynamo."Music" ((item->>'Year'));
REINDEX INDEX dynamo.music_text;
REINDEX TABLE dynamo."Music";
REINDEX TABLE CONCURRENTLY dynamo."Music";
SELECT count(*), bool_and(indisvalid) FROM pg_index WHERE indrelid = 'dynamo."Music"'::regclass;
SELECT pg_temp.items('dynamo."Music"');

-- A build that fails leaves nothing behind: serial, parallel, concurrent, and in a subtransaction
CREATE FUNCTION fails_at(item jsonb) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS
$$ BEGIN RETURN 1 / ((item->'Year')::int - 2500); END $$;
CREATE INDEX music_fails ON dynamo."Music" (fails_at(item));
SET max_parallel_maintenance_workers TO 0;
CREATE INDEX music_fails ON dynamo."Music" (fails_at(item));
CREATE INDEX CONCURRENTLY music_fails ON dynamo."Music" (fails_at(item));
DROP INDEX dynamo.music_fails;
BEGIN;
SAVEPOINT s;
CREATE INDEX music_fails ON dynamo."Music" (fails_at(item));
ROLLBACK TO s;
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "after"}, "Year": {"N": "-1"}}}');
CREATE INDEX music_works ON dynamo."Music" ((item->>'Artist'));
COMMIT;
SELECT pg_temp.fails('CREATE INDEX music_fails ON dynamo."Music" (fails_at(item))') FROM generate_series(1, 3);
SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"Artist": {"S": "after"}, "Year": {"N": "-1"}}}');
DROP FUNCTION fails_at;
RESET max_parallel_maintenance_workers;

-- VACUUM, VACUUM FULL, CLUSTER, ANALYZE, TRUNCATE
SELECT count(dynamo_delete_item(jsonb_build_object('TableName', 'Music', 'Key', jsonb_build_object(
	'Artist', jsonb_build_object('S', 'artist ' || i % 100), 'Year', jsonb_build_object('N', i::text)))))
	FROM generate_series(1, 5000, 2) i;
VACUUM (FREEZE, ANALYZE) dynamo."Music";
SELECT pg_temp.items('dynamo."Music"');
SELECT reltuples FROM pg_class WHERE oid = 'dynamo."Music"'::regclass;
VACUUM FULL dynamo."Music";
SELECT pg_temp.items('dynamo."Music"');
CLUSTER dynamo."Music" USING "Music~pkey";
SELECT pg_temp.items('dynamo."Music"');
ANALYZE dynamo."Music";
SELECT n_distinct FROM pg_stats WHERE schemaname = 'dynamo' AND tablename = 'Music' AND attname = 'hash';
SELECT count(*) BETWEEN 1 AND 2500 FROM dynamo."Music" TABLESAMPLE system (50) REPEATABLE (1);
SELECT count(*) BETWEEN 1 AND 2500 FROM dynamo."Music" TABLESAMPLE bernoulli (50) REPEATABLE (1);
SELECT count(*) FROM dynamo."Music" WHERE ctid < '(1,0)' AND ctid >= '(0,1)' HAVING count(*) > 1;
BEGIN;
TRUNCATE dynamo."Music";
SELECT pg_temp.items('dynamo."Music"');
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "new"}, "Year": {"N": "1"}}}');
SELECT pg_temp.items('dynamo."Music"');
ROLLBACK;
SELECT pg_temp.items('dynamo."Music"');

-- A parallel scan, and a read of it by the API in between
SET parallel_setup_cost TO 0;
SET parallel_tuple_cost TO 0;
SET enable_indexscan TO off;
SET enable_bitmapscan TO off;
SET enable_indexonlyscan TO off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM dynamo."Music" WHERE item->>'Text' > '';
SELECT count(*) FROM dynamo."Music" WHERE item->>'Text' > '';
SELECT dynamo_get_item('{"TableName": "Music", "Key": {"Artist": {"S": "artist 2"}, "Year": {"N": "2"}}}') #> '{Item,Year}';
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET enable_indexonlyscan;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- COPY out and in, text and csv; a bad row refuses all
COPY (SELECT item FROM dynamo."Music" WHERE (item->'Year')::int <= 6 ORDER BY sort) TO STDOUT;
SELECT pg_temp.make('Copied', 'Artist:S', 'Year:N');
COPY dynamo."Copied" (item) FROM STDIN;
{"Artist": "a", "Year": 1}
{"Artist": "a", "Year": 2, "Tags": {"$SS": ["x", "y"]}}
\.
COPY dynamo."Copied" (item) FROM STDIN (FORMAT csv);
"{""Artist"": ""b"", ""Year"": 1}"
\.
COPY dynamo."Copied" TO STDOUT;
COPY dynamo."Copied" (item) FROM STDIN;
{"Artist": "c", "Year": 1}
{"Artist": "c", "Year": "one"}
\.
COPY dynamo."Copied" (item) FROM STDIN;
{"Artist": "c", "Year": 1}
{"Artist": "c", "Year": 1.0}
\.
COPY dynamo."Copied" (item) FROM STDIN;
["no", "item"]
\.
COPY dynamo."Copied" (item) FROM STDIN;
\N
\.
SELECT pg_temp.fails($$ COPY dynamo."Copied" (hash, sort, item) FROM '/dev/null' $$);
SELECT pg_temp.items('dynamo."Copied"');

-- Items of nearly 400 KB are TOASTed, come back by the API and SQL, and are refused beyond
CREATE FUNCTION pg_temp.big(bytes int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Artist', 'big', 'Year', 1, 'p',
		(SELECT left(string_agg(md5(i::text || bytes), '' ORDER BY i), bytes - 16) FROM generate_series(1, 12900) i)) $$;
SELECT dynapg.item_size(pg_temp.big(409600)), dynapg.item_size(pg_temp.big(409601));
INSERT INTO dynamo."Copied" (item) VALUES (pg_temp.big(409600));
SELECT pg_temp.fails('INSERT INTO dynamo."Copied" (item) VALUES (pg_temp.big(409601))');
SELECT pg_temp.fails('UPDATE dynamo."Copied" SET item = pg_temp.big(409601) WHERE item->>''Artist'' = ''big''');
SELECT dynamo_get_item('{"TableName": "Copied", "Key": {"Artist": {"S": "big"}, "Year": {"N": "1"}}}') -> 'Item'
	= dynapg.to_dynamodb_json(pg_temp.big(409600));
SELECT dynamo_put_item(jsonb_build_object('TableName', 'Copied', 'Item', dynapg.to_dynamodb_json(pg_temp.big(409599)),
	'ReturnValues', 'ALL_OLD')) -> 'Attributes' = dynapg.to_dynamodb_json(pg_temp.big(409600));
SELECT item = pg_temp.big(409599), pg_column_size(item) > 100000 FROM dynamo."Copied" WHERE item->>'Artist' = 'big';
SELECT pg_temp.fails(format('SELECT dynamo_put_item(%L)', jsonb_build_object('TableName', 'Copied', 'Item',
	dynapg.to_dynamodb_json(pg_temp.big(409601)))));
VACUUM FULL dynamo."Copied";
SELECT dynamo_delete_item('{"TableName": "Copied", "Key": {"Artist": {"S": "big"}, "Year": {"N": "1"}},
	"ReturnValues": "ALL_OLD"}') -> 'Attributes' = dynapg.to_dynamodb_json(pg_temp.big(409599));
SELECT a.amname FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid JOIN pg_am a ON a.oid = t.relam
	WHERE c.oid = 'dynamo."Copied"'::regclass;

-- ALTER TABLE that rewrites: a column with a volatile default, its type, UNLOGGED and back
ALTER TABLE dynamo."Music" ADD COLUMN seen float8 DEFAULT random();
SELECT pg_temp.items('dynamo."Music"');
ALTER TABLE dynamo."Music" ALTER COLUMN seen TYPE numeric USING 0;
ALTER TABLE dynamo."Music" DROP COLUMN seen;
SELECT pg_temp.items('dynamo."Music"');
ALTER TABLE dynamo."Music" SET UNLOGGED;
ALTER TABLE dynamo."Music" SET LOGGED;
SELECT pg_temp.items('dynamo."Music"');
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "after"}, "Year": {"N": "1"}}}');
SELECT dynamo_get_item('{"TableName": "Music", "Key": {"Artist": {"S": "after"}, "Year": {"N": "1"}}}');
SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"Artist": {"S": "after"}, "Year": {"N": "1"}}}');
ALTER TABLE dynamo."Music" SET (fillfactor = 50);
VACUUM FULL dynamo."Music";
SELECT pg_temp.items('dynamo."Music"');

-- The way out, and back: on plain heap the API still works
ALTER TABLE dynamo."Copied" SET ACCESS METHOD heap;
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "heap"}, "Year": {"N": "1"}}}');
SELECT dynamo_get_item('{"TableName": "Copied", "Key": {"Artist": {"S": "heap"}, "Year": {"N": "1"}}}');
ALTER TABLE dynamo."Copied" SET ACCESS METHOD dynapg;
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "heap"}, "Year": {"N": "1"}, "x": {"NULL": true}},
	"ReturnValues": "ALL_OLD"}');
SELECT pg_temp.items('dynamo."Copied"');

-- A table becomes USING dynapg only with items that are right
ALTER TABLE dynamo."Copied" SET ACCESS METHOD heap;
INSERT INTO dynamo."Copied" (item) VALUES ('{"Artist": "x", "Year": 5, "bad": {"$SS": []}}');
SELECT pg_temp.fails('ALTER TABLE dynamo."Copied" SET ACCESS METHOD dynapg');
DELETE FROM dynamo."Copied" WHERE item ? 'bad';
ALTER TABLE dynamo."Copied" SET ACCESS METHOD dynapg;
SELECT pg_temp.items('dynamo."Copied"');

-- Savepoints
BEGIN;
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "sp"}, "Year": {"N": "1"}}}');
SAVEPOINT a;
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "sp"}, "Year": {"N": "1"}, "v": {"N": "2"}}}');
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "sp"}, "Year": {"N": "2"}}}');
ROLLBACK TO a;
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "sp"}, "Year": {"N": "2"}, "v": {"N": "3"}}}');
SAVEPOINT b;
SELECT dynamo_delete_item('{"TableName": "Copied", "Key": {"Artist": {"S": "sp"}, "Year": {"N": "1"}}, "ReturnValues": "ALL_OLD"}');
RELEASE b;
COMMIT;
SELECT item FROM dynamo."Copied" WHERE item->>'Artist' = 'sp' ORDER BY sort;

-- Prepared transactions
BEGIN;
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "2pc"}, "Year": {"N": "1"}}}');
SELECT dynamo_delete_item('{"TableName": "Copied", "Key": {"Artist": {"S": "sp"}, "Year": {"N": "2"}}}');
PREPARE TRANSACTION 'dynapg';
SELECT dynamo_get_item('{"TableName": "Copied", "Key": {"Artist": {"S": "2pc"}, "Year": {"N": "1"}}}');
SET lock_timeout TO '10ms';
SELECT pg_temp.fails($$ SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "2pc"}, "Year": {"N": "1"}}}') $$);
SELECT pg_temp.fails($$ SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "sp"}, "Year": {"N": "2"}}}') $$);
RESET lock_timeout;
COMMIT PREPARED 'dynapg';
SELECT dynamo_get_item('{"TableName": "Copied", "Key": {"Artist": {"S": "2pc"}, "Year": {"N": "1"}}}');
SELECT dynamo_get_item('{"TableName": "Copied", "Key": {"Artist": {"S": "sp"}, "Year": {"N": "2"}}}');

-- A read-only transaction reads
BEGIN READ ONLY;
SELECT dynamo_get_item('{"TableName": "Copied", "Key": {"Artist": {"S": "a"}, "Year": {"N": "1"}}}');
COMMIT;

-- Many versions of one item in one transaction; put and delete and put again
BEGIN;
SELECT count(dynamo_put_item(jsonb_build_object('TableName', 'Copied', 'Item', jsonb_build_object(
	'Artist', '{"S": "many"}'::jsonb, 'Year', '{"N": "1"}'::jsonb, 'v', jsonb_build_object('N', i::text)))))
	FROM generate_series(1, 500) i;
SELECT dynamo_delete_item('{"TableName": "Copied", "Key": {"Artist": {"S": "many"}, "Year": {"N": "1"}}, "ReturnValues": "ALL_OLD"}');
SELECT dynamo_put_item('{"TableName": "Copied", "Item": {"Artist": {"S": "many"}, "Year": {"N": "1"}}, "ReturnValues": "ALL_OLD"}');
COMMIT;
SELECT count(*) FROM dynamo."Copied" WHERE item->>'Artist' = 'many';

-- A table of another shape is none of ours: nothing goes in
CREATE TABLE shape (a int, item jsonb) USING dynapg;
INSERT INTO shape VALUES (1, '{}');
\set VERBOSITY terse
CREATE TABLE shape_as USING dynapg AS SELECT 1 AS a;
CREATE TABLE shape2 (hash uuid, sort bytea, item jsonb) USING dynapg;
INSERT INTO shape2 VALUES (gen_random_uuid(), '', '{"a": 1}');
COPY shape2 (item) FROM STDIN;
{"a": 1}
\.
CREATE TABLE shape3 (hash uuid GENERATED ALWAYS AS (dynapg.partition_hash(item, 'a', 'X')) STORED,
	sort bytea GENERATED ALWAYS AS (''::bytea) STORED, item jsonb) USING dynapg;
INSERT INTO shape3 (item) VALUES ('{"a": 1}');
SELECT regexp_replace(pg_temp.fails('CREATE MATERIALIZED VIEW shape_view USING dynapg AS SELECT 1 AS a'),
	'"pg_temp_\d+"', '"shape_view"');
\set VERBOSITY default
ALTER TABLE shape SET ACCESS METHOD heap;
INSERT INTO shape VALUES (1, '{}');
DROP TABLE shape, shape2, shape3;

-- A copy of an item table is one for SQL, but the API does not know it
CREATE TABLE dynamo."Like" (LIKE dynamo."Copied" INCLUDING ALL) USING dynapg;
INSERT INTO dynamo."Like" (item) SELECT item FROM dynamo."Copied";
SELECT count(*) > 0 FROM dynamo."Like";
SELECT pg_temp.fails('INSERT INTO dynamo."Like" (item) VALUES (''{"Artist": "x"}'')');
SELECT pg_temp.fails($$ SELECT dynamo_get_item('{"TableName": "Like", "Key": {"Artist": {"S": "x"}, "Year": {"N": "1"}}}') $$);
DROP TABLE dynamo."Like";

SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
