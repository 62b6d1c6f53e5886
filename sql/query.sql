--
-- Query: ranges, order, pages, and every error of its own.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set ECHO none
\i test/session.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pg_temp.query(request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('query', '{"TableName": "Orders"}' || request) $$;
-- the sort keys of a Query with a key condition; values are given as DynamoDB JSON
CREATE FUNCTION pg_temp.keys(tab text, condition text, vals jsonb, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(coalesce(i->'s'->>'S', i->'s'->>'N', i->'s'->>'B'), ' ' ORDER BY n) FROM jsonb_array_elements(
	dynamo_query(jsonb_build_object('TableName', tab, 'KeyConditionExpression', condition, 'ExpressionAttributeValues', vals) || more)->'Items')
	WITH ORDINALITY x(i, n) $$;
-- all pages of a Query, by following LastEvaluatedKey
CREATE FUNCTION pg_temp.paged(request jsonb, OUT pages int, OUT items int, OUT different int) LANGUAGE plpgsql AS $$
DECLARE
	page jsonb;
	seen jsonb := '[]';
BEGIN
	pages := 0;
	LOOP
		page := dynamo_query(request);
		pages := pages + 1;
		seen := seen || (page->'Items');
		EXIT WHEN page->'LastEvaluatedKey' IS NULL;
		request := request || jsonb_build_object('ExclusiveStartKey', page->'LastEvaluatedKey');
	END LOOP;
	items := jsonb_array_length(seen);
	SELECT count(DISTINCT i) INTO different FROM jsonb_array_elements(seen) i;
END $$;
CREATE FUNCTION pg_temp.make_table(name text, hash text, sort text) RETURNS void LANGUAGE sql AS
$$ SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST', 'KeySchema',
	CASE WHEN sort IS NULL THEN '[{"AttributeName": "p", "KeyType": "HASH"}]'::jsonb
		ELSE '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb END,
	'AttributeDefinitions', jsonb_build_array(jsonb_build_object('AttributeName', 'p', 'AttributeType', hash)) ||
	CASE WHEN sort IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object('AttributeName', 's', 'AttributeType', sort)) END)) $$;
\set ECHO all
SELECT pg_temp.make_table('Orders', 'S', 'N'), pg_temp.make_table('Texts', 'S', 'S'), pg_temp.make_table('Bytes', 'B', 'B'), pg_temp.make_table('Single', 'S', NULL);
INSERT INTO dynamo."Orders"(item) SELECT jsonb_build_object('p', p, 's', s, 'v', s * 10, 'tag', CASE WHEN s % 2 = 0 THEN 'even' ELSE 'odd' END)
	FROM unnest(ARRAY['a', 'b']) p, generate_series(-5, 5) s;
INSERT INTO dynamo."Orders"(item) VALUES ('{"p": "c", "s": 1e-130}'), ('{"p": "c", "s": 0}'), ('{"p": "c", "s": -9.99e125}'), ('{"p": "c", "s": 9.99e125}'), ('{"p": "c", "s": 0.5}'), ('{"p": "c", "s": -0.5}'), ('{"p": "c", "s": 10}'), ('{"p": "c", "s": 9}');
INSERT INTO dynamo."Texts"(item) SELECT jsonb_build_object('p', 'x', 's', s) FROM unnest(ARRAY['', 'a', 'aa', 'ab', 'b', 'é', 'z', 'ÿ', '😀']) s WHERE s <> '';
INSERT INTO dynamo."Bytes"(item) SELECT jsonb_build_object('p', '{"$B": "eA=="}'::jsonb, 's', jsonb_build_object('$B', encode(s, 'base64'))) FROM unnest(ARRAY['\x00', '\x01', '\x01ff', '\xff', '\xffff', '\xff00']::bytea[]) s;

-- each operator, both directions
SELECT pg_temp.keys('Orders', 'p = :p', '{":p": {"S": "a"}}');
SELECT pg_temp.keys('Orders', 'p = :p', '{":p": {"S": "a"}}', '{"ScanIndexForward": false}');
SELECT pg_temp.keys('Orders', 'p = :p AND s = :s', '{":p": {"S": "a"}, ":s": {"N": "3.0"}}');
SELECT pg_temp.keys('Orders', 'p = :p AND s < :s', '{":p": {"S": "a"}, ":s": {"N": "-3"}}');
SELECT pg_temp.keys('Orders', 'p = :p AND s <= :s', '{":p": {"S": "a"}, ":s": {"N": "-3"}}', '{"ScanIndexForward": false}');
SELECT pg_temp.keys('Orders', 'p = :p AND s > :s', '{":p": {"S": "a"}, ":s": {"N": "3"}}');
SELECT pg_temp.keys('Orders', 's >= :s AND p = :p', '{":p": {"S": "a"}, ":s": {"N": "3"}}');
SELECT pg_temp.keys('Orders', 'p = :p AND :s <= s', '{":p": {"S": "a"}, ":s": {"N": "3"}}');
SELECT pg_temp.keys('Orders', 'p = :p AND s BETWEEN :l AND :h', '{":p": {"S": "a"}, ":l": {"N": "-1"}, ":h": {"N": "1.5"}}');
SELECT pg_temp.keys('Orders', 'p = :p', '{":p": {"S": "nobody"}}') IS NULL AS empty;
-- numbers are ordered as numbers
SELECT pg_temp.keys('Orders', 'p = :p', '{":p": {"S": "c"}}');
-- strings and binaries by their bytes
SELECT pg_temp.keys('Texts', 'p = :p', '{":p": {"S": "x"}}');
SELECT pg_temp.keys('Texts', 'p = :p AND begins_with(s, :s)', '{":p": {"S": "x"}, ":s": {"S": "a"}}');
SELECT pg_temp.keys('Bytes', 'p = :p', '{":p": {"B": "eA=="}}');
SELECT pg_temp.keys('Bytes', 'p = :p AND begins_with(s, :s)', '{":p": {"B": "eA=="}, ":s": {"B": "/w=="}}');
SELECT pg_temp.keys('Bytes', 'p = :p AND begins_with(s, :s)', '{":p": {"B": "eA=="}, ":s": {"B": "AQ=="}}', '{"ScanIndexForward": false}');
SELECT pg_temp.keys('Bytes', 'p = :p AND s > :s', '{":p": {"B": "eA=="}, ":s": {"B": "Af8="}}');

-- Count, ScannedCount, filters, projections, Select
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "FilterExpression": "tag = :t", "ProjectionExpression": "v", "ExpressionAttributeValues": {":p": {"S": "a"}, ":t": {"S": "odd"}}, "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Select": "COUNT", "ConsistentRead": true, "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s = :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}, "Select": "ALL_ATTRIBUTES"}');
SELECT pg_temp.query('{"KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}, "s": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "2"}]}}, "QueryFilter": {"tag": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "odd"}]}}, "AttributesToGet": ["v"]}');
-- a missing partition costs the minimum
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "nobody"}}, "ReturnConsumedCapacity": "TOTAL"}');

-- Limit counts items evaluated; LastEvaluatedKey is there even if nothing follows
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s > :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "3"}}, "ProjectionExpression": "s", "Limit": 2}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s > :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "3"}}, "ProjectionExpression": "s", "Limit": 3}');
SELECT * FROM pg_temp.paged('{"TableName": "Orders", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Limit": 1}');
SELECT * FROM pg_temp.paged('{"TableName": "Orders", "KeyConditionExpression": "p = :p AND s < :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "4"}}, "Limit": 4, "ScanIndexForward": false}');
-- a page ends at 1 MB of evaluated items
INSERT INTO dynamo."Orders"(item) SELECT jsonb_build_object('p', 'big', 's', s, 'x', repeat('x', 200000)) FROM generate_series(1, 20) s;
SELECT jsonb_array_length(dynamo_query('{"TableName": "Orders", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}}')->'Items');
SELECT * FROM pg_temp.paged('{"TableName": "Orders", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}}');
-- also when the filter lets nothing through
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "FilterExpression": "attribute_not_exists(x)", "ExpressionAttributeValues": {":p": {"S": "big"}}, "ReturnConsumedCapacity": "TOTAL"}');

-- the table and the index
SELECT pg_temp.query('{"TableName": "Missing", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}');
SELECT pg_temp.query('{"IndexName": "byTag", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}');
-- no or bad key conditions
SELECT pg_temp.query('{}');
SELECT pg_temp.query('{"KeyConditions": {}}');
SELECT pg_temp.query('{"KeyConditionExpression": "s = :s", "ExpressionAttributeValues": {":s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND tag = :t", "ExpressionAttributeValues": {":p": {"S": "a"}, ":t": {"S": "x"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p > :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s = :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"S": "1"}}}');
SELECT pg_temp.query('{"KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}, "s": {"ComparisonOperator": "NE", "AttributeValueList": [{"N": "2"}]}}}');
SELECT pg_temp.query('{"TableName": "Single", "KeyConditionExpression": "p = :p AND s = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": ""}}}');
SELECT pg_temp.query(jsonb_build_object('KeyConditionExpression', 'p = :p', 'ExpressionAttributeValues', jsonb_build_object(':p', jsonb_build_object('S', repeat('x', 2049)))));
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p OR s = :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s <> :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND begins_with(s, :s)", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s = :s AND v = :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}}');
-- a page that ends on the last key that there can be has no LastEvaluatedKey: it could not be restarted
INSERT INTO dynamo."Single"(item) VALUES ('{"p": "x"}');
SELECT pg_temp.query('{"TableName": "Single", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "x"}}, "Limit": 1}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s <= :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "-5"}}, "ProjectionExpression": "s", "Limit": 1}');
-- Limit and Select
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Limit": 0}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Select": "SPECIFIC_ATTRIBUTES"}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Select": "ALL_ATTRIBUTES", "ProjectionExpression": "v"}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Select": "COUNT", "ProjectionExpression": "v"}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Select": "ALL_PROJECTED_ATTRIBUTES"}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Select": "NOTHING"}');
-- key attributes in filters, paths into keys
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "FilterExpression": "s > :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}, "QueryFilter": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "odd"}]}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ProjectionExpression": "p.x", "ExpressionAttributeValues": {":p": {"S": "a"}}}');
-- ExclusiveStartKey
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "ExclusiveStartKey": {"p": {"S": "a"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "ExclusiveStartKey": {"p": {"S": "a"}, "s": {"S": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "ExclusiveStartKey": {"p": {}, "s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "ExclusiveStartKey": {"p": {"S": "a"}, "s": {"N": "x"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "ExclusiveStartKey": {"p": {"S": "b"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s > :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}, "ExclusiveStartKey": {"p": {"S": "b"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('{"KeyConditionExpression": "p = :p AND s > :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}, "ExclusiveStartKey": {"p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('{"TableName": "Single", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "x"}}, "ExclusiveStartKey": {"p": {"S": "x"}}}');
-- a start key need not exist
SELECT pg_temp.keys('Orders', 'p = :p AND s > :s', '{":p": {"S": "a"}, ":s": {"N": "1"}}', '{"ExclusiveStartKey": {"p": {"S": "a"}, "s": {"N": "3.5"}}}');

-- as rows: all pages at once
SELECT count(*) FROM dynapg.query('{"TableName": "Orders", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}}');
SELECT item->'s' FROM dynapg.query('{"TableName": "Orders", "KeyConditionExpression": "p = :p AND s > :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "2"}}, "ScanIndexForward": false}') item;
SELECT * FROM dynapg.query('{"TableName": "Orders", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Select": "COUNT"}');

-- a Query of one item reads a handful of blocks, whatever the table's size
INSERT INTO dynamo."Orders"(item) SELECT jsonb_build_object('p', 'many' || i / 10, 's', i) FROM generate_series(1, 100000) i;
VACUUM ANALYZE dynamo."Orders";
-- the fewest of some runs: autovacuum may make a process forget what it knows of the table between any two
CREATE FUNCTION pg_temp.blocks(command text) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
	fewest int;
BEGIN
	FOR i IN 1 .. 20 LOOP
		EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ' || command INTO plan;
		fewest := least(fewest, (plan->0->'Plan'->>'Shared Hit Blocks')::int + (plan->0->'Plan'->>'Shared Read Blocks')::int);
	END LOOP;
	RETURN fewest;
END $$;
SELECT pg_temp.blocks($$SELECT dynamo_query('{"TableName": "Orders", "KeyConditionExpression": "p = :p AND s = :s", "ExpressionAttributeValues": {":p": {"S": "many55"}, ":s": {"N": "555"}}}')$$) < 10 AS few_blocks;
DROP TABLE dynamo."Orders", dynamo."Texts", dynamo."Bytes", dynamo."Single";
