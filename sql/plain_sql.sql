-- Plain SQL keeps item tables right, or fails clearly.
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
CREATE FUNCTION pg_temp.get(artist text, year numeric) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_get_item(jsonb_build_object('TableName', 'Music', 'Key', jsonb_build_object(
		'Artist', jsonb_build_object('S', artist), 'Year', jsonb_build_object('N', year::text)))) -> 'Item' $$;

-- INSERT computes the keys; the API sees the items, typed
INSERT INTO dynamo."Music" (item) VALUES ('{"Artist": "Acme", "Year": 1999, "Tags": {"$SS": ["b", "a"]}}'),
	('{"Artist": "Acme", "Year": 2001.0, "Nested": {"list": [1, null, true]}}'),
	('{"Artist": "Zed", "Year": -3.5}');
SELECT pg_temp.get('Acme', 1999);
SELECT pg_temp.get('Acme', 2001);
SELECT pg_temp.get('Zed', -3.5);
INSERT INTO dynamo."Music" VALUES (DEFAULT, DEFAULT, '{"Artist": "Zed", "Year": 1}') RETURNING item;
INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('Artist', 'many', 'Year', i) FROM generate_series(1, 100) i;

-- What an item cannot be is refused, with the service's words
SELECT item, pg_temp.fails(format('INSERT INTO dynamo."Music" (item) VALUES (%L)', item)) FROM unnest(ARRAY[
	'[]', '"text"', 'null', '{}', '{"Artist": "x"}', '{"Artist": "x", "Year": "1"}', '{"Artist": 1, "Year": 1}',
	'{"Artist": "", "Year": 1}', '{"Artist": "x", "Year": 1e200}', '{"Artist": "x", "Year": 1, "n": 1e126}',
	'{"Artist": "x", "Year": 1, "n": 1.00000000000000000000000000000000000000001}',
	'{"Artist": "x", "Year": 1, "s": {"$SS": []}}', '{"Artist": "x", "Year": 1, "s": {"$SS": ["a", "a"]}}',
	'{"Artist": "x", "Year": 1, "s": {"$NS": ["1"]}}', '{"Artist": "x", "Year": 1, "b": {"$B": "!"}}']::jsonb[]) item;
SELECT pg_temp.fails('INSERT INTO dynamo."Music" (item) VALUES (NULL)');
SELECT pg_temp.fails('INSERT INTO dynamo."Music" (hash, sort, item) VALUES (gen_random_uuid(), '''', ''{}'')');
SELECT pg_temp.fails(format('INSERT INTO dynamo."Music" (item) VALUES (%L)', jsonb_build_object('Artist', repeat('x', 2049), 'Year', 1)));
SELECT pg_temp.fails(format('INSERT INTO dynamo."Music" (item) VALUES (%L)',
	'{"Artist": "x", "Year": 1, "d": ' || repeat('[', 32) || repeat(']', 32) || '}'));
SELECT pg_temp.fails(format('INSERT INTO dynamo."Music" (item) VALUES (%L)',
	'{"Artist": "x", "Year": 2, "d": ' || repeat('[', 33) || repeat(']', 33) || '}'));

-- UPDATE keeps the keys right: of other attributes, and of key attributes, which moves the item
UPDATE dynamo."Music" SET item = item || '{"Genre": "Rock"}' WHERE item->>'Artist' = 'Acme';
SELECT pg_temp.get('Acme', 1999);
UPDATE dynamo."Music" SET item = item || '{"Year": 2000}' WHERE item @> '{"Artist": "Acme", "Year": 1999}';
SELECT pg_temp.get('Acme', 1999), pg_temp.get('Acme', 2000);
SELECT pg_temp.fails($$ UPDATE dynamo."Music" SET item = item || '{"Year": 2001}' WHERE item @> '{"Artist": "Acme", "Year": 2000}' $$);
SELECT pg_temp.fails($$ UPDATE dynamo."Music" SET item = item - 'Year' WHERE item->>'Artist' = 'Acme' $$);
SELECT pg_temp.fails($$ UPDATE dynamo."Music" SET hash = gen_random_uuid() $$);
UPDATE dynamo."Music" SET item = jsonb_set(item, '{Year}', to_jsonb((item->'Year')::int + 1000)) WHERE item->>'Artist' = 'many';
SELECT min((item->'Year')::int), max((item->'Year')::int), count(*) FROM dynamo."Music" WHERE item->>'Artist' = 'many';
SELECT count(*) FROM dynamo."Music" WHERE hash <> dynapg.partition_hash(item, 'Artist', 'S') OR sort <> dynapg.sort_key(item, 'Year', 'N');

-- ON CONFLICT
INSERT INTO dynamo."Music" (item) VALUES ('{"Artist": "Zed", "Year": 1, "v": 2}') ON CONFLICT DO NOTHING;
INSERT INTO dynamo."Music" (item) VALUES ('{"Artist": "Zed", "Year": 1, "v": 3}')
	ON CONFLICT (hash, sort) DO UPDATE SET item = dynamo."Music".item || excluded.item RETURNING item;
INSERT INTO dynamo."Music" (item) VALUES ('{"Artist": "Zed", "Year": 77}')
	ON CONFLICT (hash, sort) DO UPDATE SET item = excluded.item;
SELECT pg_temp.get('Zed', 1), pg_temp.get('Zed', 77);

-- MERGE
MERGE INTO dynamo."Music" m USING (VALUES ('Zed', 1), ('Zed', 5), ('Zed', 77)) v(artist, year)
	ON m.hash = dynapg.partition_hash(jsonb_build_object('Artist', artist), 'Artist', 'S') AND (m.item->'Year')::int = year
	WHEN MATCHED AND year = 77 THEN DELETE
	WHEN MATCHED THEN UPDATE SET item = m.item || '{"merged": true}'
	WHEN NOT MATCHED THEN INSERT (item) VALUES (jsonb_build_object('Artist', artist, 'Year', year, 'merged', false));
SELECT item FROM dynamo."Music" WHERE item->>'Artist' = 'Zed' ORDER BY sort;
SELECT pg_temp.fails($$ MERGE INTO dynamo."Music" m USING (VALUES (1)) v(y) ON false
	WHEN NOT MATCHED THEN INSERT (item) VALUES ('{"Artist": "x"}') $$);

-- DELETE
DELETE FROM dynamo."Music" WHERE item->>'Artist' = 'many' AND (item->'Year')::int > 1010;
SELECT count(*) FROM dynamo."Music";
SELECT pg_temp.get('many', 1010), pg_temp.get('many', 1011);

-- Joins, aggregates, window functions, views over items and ordinary tables
CREATE TABLE label (artist text PRIMARY KEY, name text);
INSERT INTO label VALUES ('Acme', 'Roadrunner'), ('Zed', 'End');
SELECT l.name, count(*), sum((m.item->'Year')::numeric) FROM dynamo."Music" m JOIN label l ON l.artist = m.item->>'Artist'
	GROUP BY l.name ORDER BY l.name;
SELECT item->>'Artist', item->'Year', rank() OVER (PARTITION BY hash ORDER BY sort DESC) FROM dynamo."Music"
	WHERE item->>'Artist' IN ('Acme', 'Zed') ORDER BY item->>'Artist' COLLATE "C", sort;
CREATE VIEW music AS SELECT item->>'Artist' AS artist, (item->'Year')::numeric AS year, item->>'Genre' AS genre FROM dynamo."Music";
SELECT * FROM music WHERE genre IS NOT NULL ORDER BY year;

-- An item is readable by SQL in the statement after the API's, and the reverse
BEGIN;
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "api"}, "Year": {"N": "1"}}}');
SELECT item FROM dynamo."Music" WHERE item->>'Artist' = 'api';
UPDATE dynamo."Music" SET item = item || '{"sql": true}' WHERE item->>'Artist' = 'api';
SELECT pg_temp.get('api', 1);
ROLLBACK;

-- Indexes on attributes are used, and kept by the API: expression, GIN, unique, partial
INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('Artist', 'idx', 'Year', i, 'isbn', 'i' || i, 'tag', jsonb_build_array('t' || i % 10))
	FROM generate_series(1, 2000) i;
CREATE UNIQUE INDEX music_isbn ON dynamo."Music" ((item->>'isbn'));
CREATE INDEX music_gin ON dynamo."Music" USING gin (item jsonb_path_ops);
CREATE INDEX music_partial ON dynamo."Music" (((item->'Year')::int)) WHERE item->>'Artist' = 'idx';
ANALYZE dynamo."Music";
SET enable_seqscan TO off;
EXPLAIN (COSTS OFF) SELECT item FROM dynamo."Music" WHERE item->>'isbn' = 'i77';
EXPLAIN (COSTS OFF) SELECT item FROM dynamo."Music" WHERE item @> '{"tag": ["t7"]}';
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "idx"}, "Year": {"N": "77"}, "isbn": {"S": "new"}, "tag": {"L": [{"S": "odd"}]}}}');
SELECT item FROM dynamo."Music" WHERE item->>'isbn' = 'new';
SELECT count(*) FROM dynamo."Music" WHERE item->>'isbn' = 'i77';
SELECT item->>'isbn' FROM dynamo."Music" WHERE item @> '{"tag": ["odd"]}';
SELECT item->>'isbn' FROM dynamo."Music" WHERE item->>'Artist' = 'idx' AND (item->'Year')::int = 77;
SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"Artist": {"S": "idx"}, "Year": {"N": "77"}}}');
SELECT count(*) FROM dynamo."Music" WHERE item @> '{"tag": ["odd"]}';
RESET enable_seqscan;

-- A unique index of the user's own refuses a put, new or over another item, as PostgreSQL does
SELECT pg_temp.fails($$ SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "idx"}, "Year": {"N": "5000"}, "isbn": {"S": "i1"}}}') $$);
SELECT pg_temp.fails($$ SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "idx"}, "Year": {"N": "2"}, "isbn": {"S": "i1"}}}') $$);
SELECT pg_temp.get('idx', 5000), pg_temp.get('idx', 2);

-- In PL/pgSQL: exception blocks, cursors, loops
DO $$
DECLARE
	c CURSOR FOR SELECT dynamo_put_item(jsonb_build_object('TableName', 'Music', 'Item', jsonb_build_object(
		'Artist', '{"S": "cursor"}'::jsonb, 'Year', jsonb_build_object('N', i::text)))) FROM generate_series(1, 10) i;
	r jsonb;
BEGIN
	OPEN c;
	FOR i IN 1..4 LOOP
		FETCH c INTO r;
		BEGIN
			PERFORM dynamo_put_item(jsonb_build_object('TableName', 'Music', 'Item', jsonb_build_object(
				'Artist', '{"S": "inner"}'::jsonb, 'Year', jsonb_build_object('N', i::text))));
			IF i % 2 = 0 THEN
				RAISE EXCEPTION 'back';
			END IF;
			PERFORM dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "no year"}}}');
		EXCEPTION WHEN raise_exception THEN
			PERFORM dynamo_put_item(jsonb_build_object('TableName', 'Music', 'Item', jsonb_build_object(
				'Artist', '{"S": "caught"}'::jsonb, 'Year', jsonb_build_object('N', i::text))));
		WHEN SQLSTATE 'YD001' THEN
			NULL;
		END;
	END LOOP;
	CLOSE c;
END $$;
SELECT item->>'Artist', string_agg((item->'Year')::text, ' ' ORDER BY sort) FROM dynamo."Music"
	WHERE item->>'Artist' IN ('cursor', 'inner', 'caught') GROUP BY 1 ORDER BY 1;

-- A trigger of an ordinary table that writes items
CREATE FUNCTION log_label() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynamo_put_item(jsonb_build_object('TableName', 'Music', 'Item', jsonb_build_object(
		'Artist', jsonb_build_object('S', 'label ' || NEW.artist), 'Year', '{"N": "0"}'::jsonb)));
	RETURN NEW;
END $$;
CREATE TRIGGER log_label BEFORE INSERT ON label FOR EACH ROW EXECUTE FUNCTION log_label();
CREATE CONSTRAINT TRIGGER log_later AFTER UPDATE ON label DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION log_label();
INSERT INTO label VALUES ('one', ''), ('two', '');
BEGIN;
UPDATE label SET artist = 'three' WHERE artist = 'two';
SELECT pg_temp.get('label three', 0);
COMMIT;
SELECT pg_temp.get('label one', 0), pg_temp.get('label two', 0), pg_temp.get('label three', 0);

-- Reads and writes of one key by one statement see each other in order
SELECT i, dynamo_put_item(jsonb_build_object('TableName', 'Music', 'ReturnValues', 'ALL_OLD', 'Item', jsonb_build_object(
	'Artist', '{"S": "seen"}'::jsonb, 'Year', '{"N": "1"}'::jsonb, 'i', jsonb_build_object('N', i::text)))) #> '{Attributes,i}' AS old,
	pg_temp.get('seen', 1) -> 'i' AS now FROM generate_series(1, 3) i;

DROP VIEW music;
DROP TABLE label;
DROP FUNCTION log_label;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
