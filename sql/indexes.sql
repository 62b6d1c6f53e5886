-- Secondary indexes: entries follow the items, whatever writes them.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- What an index holds, without the columns that are hashes.
CREATE FUNCTION pg_temp.entries(index_table regclass) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT (to_jsonb(x) - ''hash'' - ''base_hash'' - ''base_sort'')::text FROM %s x ORDER BY 1', index_table);
END $$;

SELECT dynamo_create_table('{"TableName": "Orders", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"},
		{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "N"}, {"AttributeName": "b", "AttributeType": "B"}],
	"LocalSecondaryIndexes": [
		{"IndexName": "ByH", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}],
			"Projection": {"ProjectionType": "KEYS_ONLY"}}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "ByG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}},
		{"IndexName": "Many", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "HASH"},
			{"AttributeName": "b", "KeyType": "RANGE"}, {"AttributeName": "s", "KeyType": "RANGE"}],
			"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "$$"]}}]}') IS NOT NULL;
SELECT name, kind, relation, status FROM dynapg.indexes WHERE table_name = 'Orders' ORDER BY name;

-- by key: enter, stay, change, move, leave; an index whose entry stays is not written
SELECT dynamo_put_item('{"TableName": "Orders", "Item": {"p": {"S": "a"}, "s": {"N": "1"}, "g": {"S": "G"}, "h": {"N": "5"}, "b": {"B": "AQI="}, "x": {"S": "X"}, "$$": {"S": "two dollars"}, "y": {"S": "Y"}}}');
SELECT pg_temp.entries('dynapg_index."Orders~ByH"');
SELECT pg_temp.entries('dynapg_index."Orders~ByG"');
SELECT pg_temp.entries('dynapg_index."Orders~Many"');
CREATE TEMP TABLE versions AS SELECT 'ByH' AS name, ctid::text AS version FROM dynapg_index."Orders~ByH" UNION ALL SELECT 'Many', ctid::text FROM dynapg_index."Orders~Many";
SELECT dynamo_update_item('{"TableName": "Orders", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}, "UpdateExpression": "SET y = :y", "ExpressionAttributeValues": {":y": {"S": "Y2"}}}');
SELECT v.name, v.version = coalesce(h.ctid, m.ctid)::text AS untouched FROM versions v LEFT JOIN dynapg_index."Orders~ByH" h ON v.name = 'ByH' LEFT JOIN dynapg_index."Orders~Many" m ON v.name = 'Many';
SELECT pg_temp.entries('dynapg_index."Orders~ByG"');
SELECT dynamo_update_item('{"TableName": "Orders", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}, "UpdateExpression": "SET h = h + :one REMOVE b", "ExpressionAttributeValues": {":one": {"N": "1"}}}');
SELECT pg_temp.entries('dynapg_index."Orders~ByH"');
SELECT pg_temp.entries('dynapg_index."Orders~Many"');
SELECT dynamo_delete_item('{"TableName": "Orders", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT count(*) FROM dynapg_index."Orders~ByG";

-- plain SQL
INSERT INTO dynamo."Orders" (item) SELECT jsonb_build_object('p', 'k' || i % 5, 's', i, 'g', 'g' || i % 3, 'h', i / 10, 'b', '{"$B": "AA=="}'::jsonb) FROM generate_series(1, 50) i;
UPDATE dynamo."Orders" SET item = item || '{"h": 7}' WHERE (item ->> 's')::int < 20;
UPDATE dynamo."Orders" SET item = item || '{"s": 1000}' WHERE item ->> 's' = '30';
UPDATE dynamo."Orders" SET item = item - 'g' WHERE item ->> 's' IN ('40', '41');
DELETE FROM dynamo."Orders" WHERE item ->> 'p' = 'k2';
COPY dynamo."Orders" (item) FROM stdin;
{"p": "copied", "s": 1, "g": "g", "h": 1}
{"p": "copied", "s": 2, "g": "g", "h": 1, "b": {"$B": "AA=="}}
\.
MERGE INTO dynamo."Orders" o USING (VALUES ('{"p": "copied", "s": 1, "g": "merged"}'::jsonb), ('{"p": "new", "s": 1, "g": "merged"}')) v(item)
	ON o.item ->> 'p' = v.item ->> 'p' AND o.item ->> 's' = v.item ->> 's'
	WHEN MATCHED THEN UPDATE SET item = v.item WHEN NOT MATCHED THEN INSERT (item) VALUES (v.item);
INSERT INTO dynamo."Orders" (item) VALUES ('{"p": "new", "s": 1, "g": "upserted"}') ON CONFLICT (hash, sort) DO UPDATE SET item = excluded.item;
INSERT INTO dynamo."Orders" (item) VALUES ('{"p": "new", "s": 1, "g": "never"}') ON CONFLICT DO NOTHING;
SELECT item FROM dynapg_index."Orders~ByG" WHERE item ->> 'p' IN ('copied', 'new') ORDER BY item ->> 'p', item ->> 's';
SELECT * FROM dynapg.check_table('Orders');

-- several writes of one item in one transaction, and none of them after a rollback
BEGIN;
UPDATE dynamo."Orders" SET item = item || '{"g": "one"}' WHERE item ->> 'p' = 'new';
SELECT dynamo_update_item('{"TableName": "Orders", "Key": {"p": {"S": "new"}, "s": {"N": "1"}}, "UpdateExpression": "SET g = :g", "ExpressionAttributeValues": {":g": {"S": "two"}}}');
DELETE FROM dynamo."Orders" WHERE item ->> 'p' = 'new';
SELECT dynamo_put_item('{"TableName": "Orders", "Item": {"p": {"S": "new"}, "s": {"N": "1"}, "g": {"S": "three"}}}');
SELECT item FROM dynapg_index."Orders~ByG" WHERE item ->> 'p' = 'new';
SELECT count(*) FROM dynapg.check_table('Orders');
ROLLBACK;
SELECT item FROM dynapg_index."Orders~ByG" WHERE item ->> 'p' = 'new';

-- events that come late: a trigger that changes the same item, another one of the same statement, by SQL and by key
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF pg_trigger_depth() = 1 THEN
		UPDATE dynamo."Orders" SET item = item || '{"g": "meddled"}' WHERE hash = NEW.hash AND sort = NEW.sort;
		UPDATE dynamo."Orders" SET item = item || jsonb_build_object('h', (item ->> 'h')::int + 1) WHERE item ->> 'p' = 'k3';
		PERFORM dynamo_delete_item('{"TableName": "Orders", "Key": {"p": {"S": "k4"}, "s": {"N": "4"}}}');
		PERFORM dynamo_put_item('{"TableName": "Orders", "Item": {"p": {"S": "k4"}, "s": {"N": "4"}, "g": {"S": "again"}}}');
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER a_meddle AFTER UPDATE ON dynamo."Orders" FOR EACH ROW EXECUTE FUNCTION meddle();
UPDATE dynamo."Orders" SET item = item || '{"g": "outer"}' WHERE item ->> 'p' IN ('k3', 'k4');
SELECT * FROM dynapg.check_table('Orders');
SELECT dynamo_update_item('{"TableName": "Orders", "Key": {"p": {"S": "k3"}, "s": {"N": "3"}}, "UpdateExpression": "SET g = :g", "ExpressionAttributeValues": {":g": {"S": "by key"}}}');
SELECT * FROM dynapg.check_table('Orders');
DROP TRIGGER a_meddle ON dynamo."Orders";

-- what no index can hold is refused, unless it was there before
SELECT pg_temp.fails($$INSERT INTO dynamo."Orders" (item) VALUES ('{"p": "q", "s": 1, "g": 5}')$$);
SELECT pg_temp.fails($$INSERT INTO dynamo."Orders" (item) VALUES ('{"p": "q", "s": 1, "g": ""}')$$);
SELECT pg_temp.fails($$INSERT INTO dynamo."Orders" (item) VALUES ('{"p": "q", "s": 1, "b": {"$B": ""}}')$$);
SELECT pg_temp.fails($$INSERT INTO dynamo."Orders" (item) VALUES (jsonb_build_object('p', 'q', 's', 1, 'g', repeat('x', 2049)))$$);
SELECT pg_temp.fails($$UPDATE dynamo."Orders" SET item = item || '{"h": "x"}' WHERE item ->> 'p' = 'new'$$);
SELECT pg_temp.fails($$INSERT INTO dynamo."Orders" (item) VALUES (jsonb_build_object('p', 'q', 's', 1, 'h', 1, 'x', repeat('x', 409584)))$$);

-- index tables are nobody's to write, drop or alter; TRUNCATE empties them
SELECT pg_temp.fails('DELETE FROM dynapg_index."Orders~ByG"');
SELECT pg_temp.fails('UPDATE dynapg_index."Orders~ByG" SET item = item');
SELECT pg_temp.fails('TRUNCATE dynapg_index."Orders~ByG"');
SELECT pg_temp.fails('DROP TABLE dynapg_index."Orders~ByG"');
SELECT pg_temp.fails('ALTER TABLE dynapg_index."Orders~ByG" ADD COLUMN more int');
SELECT pg_temp.fails('DROP TRIGGER dynapg_items ON dynamo."Orders"');
CREATE ROLE regress_dynapg_index_owner;
ALTER TABLE dynamo."Orders" OWNER TO regress_dynapg_index_owner;
SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE oid IN (SELECT relation FROM dynapg.indexes WHERE table_name = 'Orders');
TRUNCATE dynamo."Orders";
SELECT (SELECT count(*) FROM dynapg_index."Orders~ByG") + (SELECT count(*) FROM dynapg_index."Orders~ByH") + (SELECT count(*) FROM dynapg_index."Orders~Many");

ALTER TABLE dynamo."Orders" OWNER TO CURRENT_USER;
SELECT DISTINCT pg_get_userbyid(relowner) = CURRENT_USER AS to_a_superuser_too FROM pg_class WHERE oid IN (SELECT relation FROM dynapg.indexes WHERE table_name = 'Orders');
-- the checker sees what is wrong
INSERT INTO dynamo."Orders" (item) SELECT jsonb_build_object('p', 'p', 's', i, 'g', 'g' || i) FROM generate_series(1, 4) i;
ALTER TABLE dynamo."Orders" DISABLE TRIGGER dynapg_items;
DELETE FROM dynamo."Orders" WHERE item ->> 's' = '1';
UPDATE dynamo."Orders" SET item = item || '{"g": "other"}' WHERE item ->> 's' = '2';
UPDATE dynamo."Orders" SET item = item || '{"z": 1}' WHERE item ->> 's' = '3';
SELECT * FROM dynapg.check_table('Orders') ORDER BY 1, 2, 3;
ALTER TABLE dynamo."Orders" ENABLE ALWAYS TRIGGER dynapg_items;
DROP TABLE dynamo."Orders";
SELECT count(*) FROM dynapg.indexes WHERE table_name = 'Orders';
SELECT to_regclass('dynapg_index."Orders~ByG"');
DROP ROLE regress_dynapg_index_owner;
DROP FUNCTION meddle();

-- the longest keys together, in every index; hashes of several attributes (docs/format.md)
SELECT dynamo_create_table('{"TableName": "Longest", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "B"},
		{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "r", "AttributeType": "B"},
		{"AttributeName": "h1", "AttributeType": "N"}, {"AttributeName": "h2", "AttributeType": "B"}, {"AttributeName": "h3", "AttributeType": "S"}, {"AttributeName": "h4", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "ByG", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}],
			"Projection": {"ProjectionType": "KEYS_ONLY"}},
		{"IndexName": "ByHash", "KeySchema": [{"AttributeName": "h1", "KeyType": "HASH"}, {"AttributeName": "h2", "KeyType": "HASH"},
			{"AttributeName": "h3", "KeyType": "HASH"}, {"AttributeName": "h4", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}]}') IS NOT NULL;
INSERT INTO dynamo."Longest" (item)
	SELECT jsonb_build_object('p', repeat('p', 2048), 's', jsonb_build_object('$B', b), 'g', repeat('g', 2048), 'r', jsonb_build_object('$B', b))
	FROM (SELECT replace(encode(string_agg(decode(md5(i::text), 'hex'), ''), 'base64'), E'\n', '') AS b FROM generate_series(1, 64) i) x;
SELECT octet_length(sort_1), octet_length(base_sort) FROM dynapg_index."Longest~ByG";
INSERT INTO dynamo."Longest" (item) VALUES (jsonb_build_object('p', 'a', 's', '{"$B": "AA=="}'::jsonb, 'h1', -12.34, 'h2', '{"$B": "AA=="}'::jsonb, 'h3', repeat('x', 300), 'h4', 'b'));
SELECT hash FROM dynapg_index."Longest~ByHash";
SELECT pg_temp.fails($$INSERT INTO dynamo."Longest" (item) VALUES (jsonb_build_object('p', 'b', 's', '{"$B": "AA=="}'::jsonb, 'h3', repeat('x', 1025), 'h4', repeat('x', 1024)))$$);
SELECT * FROM dynapg.check_table('Longest');
SELECT dynamo_delete_table('{"TableName": "Longest"}') IS NOT NULL;

-- waiting for the indexes of a table that is not there, and of one that has none
SELECT pg_temp.fails($$SELECT dynapg.wait_for_indexes('Nowhere')$$);
SELECT pg_temp.fails($$SELECT dynapg.wait_for_indexes('arn:aws:dynamodb:us-east-1:000000000000:table/Nowhere', '1 day')$$);
SELECT dynamo_create_table('{"TableName": "Plain", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}') IS NOT NULL;
SELECT dynapg.wait_for_indexes('Plain'), dynapg.wait_for_indexes('arn:aws:dynamodb:us-east-1:000000000000:table/Plain', '-1 day');
SELECT dynapg.wait_for_indexes(NULL) IS NULL;
SELECT dynamo_delete_table('{"TableName": "Plain"}') IS NOT NULL;
