--
-- Scan: segments, pages, and every error of its own.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set ECHO none
\i test/session.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pg_temp.scan(request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('scan', '{"TableName": "Things"}' || request) $$;
-- all pages of a Scan, by following LastEvaluatedKey
CREATE FUNCTION pg_temp.paged(request jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
	page jsonb;
BEGIN
	LOOP
		page := dynamo_scan(request);
		RETURN QUERY SELECT jsonb_array_elements(page->'Items');
		EXIT WHEN page->'LastEvaluatedKey' IS NULL;
		request := request || jsonb_build_object('ExclusiveStartKey', page->'LastEvaluatedKey');
	END LOOP;
END $$;
\set ECHO all
SELECT true AS created FROM dynamo_create_table('{"TableName": "Things", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]}');
SELECT pg_temp.scan('{"ReturnConsumedCapacity": "TOTAL"}');
INSERT INTO dynamo."Things"(item) SELECT jsonb_build_object('p', 'p' || i / 3, 's', i, 'v', i % 5) FROM generate_series(1, 1000) i;

-- everything once, whatever the page
SELECT count(*), count(DISTINCT i) FROM pg_temp.paged('{"TableName": "Things"}') i;
SELECT count(*), count(DISTINCT i) FROM pg_temp.paged('{"TableName": "Things", "Limit": 7}') i;
SELECT count(*), count(DISTINCT i) FROM pg_temp.paged('{"TableName": "Things", "Limit": 1, "Segment": 3, "TotalSegments": 10}') i;
-- segments share nothing and leave out nothing, however many
SELECT n AS segments, count(*), count(DISTINCT i) FROM unnest(ARRAY[1, 2, 3, 7, 64, 1000]) n, generate_series(0, n - 1) s,
	LATERAL pg_temp.paged(jsonb_build_object('TableName', 'Things', 'Segment', s, 'TotalSegments', n, 'Limit', 100)) i GROUP BY n ORDER BY n;
-- a segment reads its own share only
SELECT (r->>'ScannedCount')::int BETWEEN 40 AND 160 AS a_tenth FROM dynamo_scan('{"TableName": "Things", "Segment": 4, "TotalSegments": 10}') r;
SELECT pg_temp.scan('{"Segment": 999999, "TotalSegments": 1000000}');

-- filter, projection, count
SELECT pg_temp.scan('{"FilterExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "3"}}, "Select": "COUNT", "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.scan('{"FilterExpression": "p = :p AND s < :s", "ExpressionAttributeValues": {":p": {"S": "p10"}, ":s": {"N": "32"}}, "ProjectionExpression": "s"}');
SELECT pg_temp.scan('{"ScanFilter": {"s": {"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "5"}, {"N": "6"}]}}, "AttributesToGet": ["v"], "ConsistentRead": true, "ReturnConsumedCapacity": "INDEXES"}');
-- a page ends at 1 MB
INSERT INTO dynamo."Things"(item) SELECT jsonb_build_object('p', 'big' || i, 's', i, 'x', repeat('x', 200000)) FROM generate_series(1, 20) i;
SELECT count(*), count(DISTINCT i) FROM pg_temp.paged('{"TableName": "Things"}') i;

-- errors
SELECT pg_temp.scan('{"TableName": "Missing"}');
SELECT pg_temp.scan('{"IndexName": "byTag"}');
SELECT pg_temp.scan('{"Segment": 1}');
SELECT pg_temp.scan('{"TotalSegments": 1}');
SELECT pg_temp.scan('{"Segment": 5, "TotalSegments": 5}');
SELECT pg_temp.scan('{"Segment": -1, "TotalSegments": 5}');
SELECT pg_temp.scan('{"Segment": 1, "TotalSegments": 1000001}');
SELECT pg_temp.scan('{"Limit": 0}');
SELECT pg_temp.scan('{"Select": "SPECIFIC_ATTRIBUTES"}');
SELECT pg_temp.scan('{"Select": "COUNT", "AttributesToGet": ["a"]}');
SELECT pg_temp.scan('{"ExclusiveStartKey": {}}');
SELECT pg_temp.scan('{"ExclusiveStartKey": {"p": {"S": "p1"}}}');
SELECT pg_temp.scan('{"ExclusiveStartKey": {"p": {"S": "p1"}, "s": {"S": "1"}}}');
SELECT pg_temp.scan('{"ExclusiveStartKey": {"p": {"S": "p1"}, "s": {"N": "NaN"}}}');
SELECT pg_temp.scan('{"ExclusiveStartKey": {"p": {"S": "p1"}, "s": {"N": "1"}}, "Segment": 0, "TotalSegments": 1000000}');
SELECT pg_temp.scan('{"FilterExpression": "s.x = :v", "ExpressionAttributeValues": {":v": {"N": "3"}}}');
SELECT pg_temp.scan('{"FilterExpression": "", "ExpressionAttributeValues": {":v": {"N": "3"}}}');

-- as rows
SELECT count(*), count(DISTINCT item) FROM dynapg.scan('{"TableName": "Things"}') item;
SELECT count(*) FROM dynapg.scan('{"TableName": "Things", "FilterExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "3"}}}');
SELECT count(*) FROM dynapg.scan('{"TableName": "Things", "Limit": 10}');
-- under row-level security both read what the policy shows
CREATE ROLE regress_dynapg_scan;
ALTER TABLE dynamo."Things" ENABLE ROW LEVEL SECURITY;
CREATE POLICY v_is_3 ON dynamo."Things" FOR SELECT USING (item->>'v' = '3');
GRANT SELECT ON dynamo."Things" TO regress_dynapg_scan;
SET ROLE regress_dynapg_scan;
SELECT count(*), count(DISTINCT i) FROM pg_temp.paged('{"TableName": "Things", "Limit": 13}') i;
SELECT n AS segments, count(*), count(DISTINCT i) FROM unnest(ARRAY[1, 3]) n, generate_series(0, n - 1) s,
	LATERAL pg_temp.paged(jsonb_build_object('TableName', 'Things', 'Segment', s, 'TotalSegments', n)) i GROUP BY n ORDER BY n;
SELECT r->'Count', r->'ScannedCount' FROM dynamo_query('{"TableName": "Things", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "p2"}}, "ScanIndexForward": false}') r;
RESET ROLE;
DROP TABLE dynamo."Things";
DROP ROLE regress_dynapg_scan;
