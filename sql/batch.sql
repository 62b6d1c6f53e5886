--
-- BatchGetItem and BatchWriteItem.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set ECHO none
\i test/session.sql
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pg_temp.get(request jsonb) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.answer('batch_get_item', request) $$;
CREATE FUNCTION pg_temp.write(request jsonb) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.answer('batch_write_item', request) $$;
\set ECHO all
SELECT true AS created FROM dynamo_create_table('{"TableName": "One", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "n", "AttributeType": "N"}], "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}]}');
SELECT true AS created FROM dynamo_create_table('{"TableName": "Two", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]}');

-- several tables, puts and deletes, capacity for each table
SELECT pg_temp.write('{"RequestItems": {"One": [{"PutRequest": {"Item": {"n": {"N": "1"}, "v": {"S": "one"}}}}, {"PutRequest": {"Item": {"n": {"N": "2"}, "v": {"S": "two"}}}}],
	"Two": [{"PutRequest": {"Item": {"p": {"S": "a"}, "s": {"S": "b"}, "m": {"M": {"x": {"N": "1"}, "y": {"N": "2"}}}}}}]}, "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.write('{"RequestItems": {"One": [{"DeleteRequest": {"Key": {"n": {"N": "2.0"}}}}, {"DeleteRequest": {"Key": {"n": {"N": "3"}}}}, {"PutRequest": {"Item": {"n": {"N": "4"}}}}]}, "ReturnConsumedCapacity": "INDEXES"}');
SELECT item FROM dynamo."One" ORDER BY (item->'n')::int;
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"N": "1"}}, {"n": {"N": "9"}}], "ConsistentRead": true}, "Two": {"Keys": [{"s": {"S": "b"}, "p": {"S": "a"}}], "ProjectionExpression": "m.#y", "ExpressionAttributeNames": {"#y": "y"}}}, "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"N": "1"}}], "AttributesToGet": ["v"]}}}');
-- numbers written differently are two keys for BatchGetItem, one for BatchWriteItem
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"N": "1"}}, {"n": {"N": "1.0"}}]}}}');
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"N": "1"}}, {"n": {"N": "1"}}]}}}');
SELECT pg_temp.write('{"RequestItems": {"One": [{"PutRequest": {"Item": {"n": {"N": "1"}}}}, {"DeleteRequest": {"Key": {"n": {"N": "1.0"}}}}]}}');
-- the table's ARN
SELECT pg_temp.get('{"RequestItems": {"arn:aws:dynamodb:us-east-1:000000000000:table/One": {"Keys": [{"n": {"N": "1"}}]}}, "ReturnConsumedCapacity": "TOTAL"}');

-- an error anywhere writes nothing
SELECT pg_temp.write('{"RequestItems": {"One": [{"PutRequest": {"Item": {"n": {"N": "77"}}}}], "Two": [{"PutRequest": {"Item": {"p": {"S": "a"}}}}]}}');
SELECT pg_temp.write('{"RequestItems": {"One": [{"PutRequest": {"Item": {"n": {"N": "77"}}}}], "Missing": [{"PutRequest": {"Item": {"p": {"S": "a"}}}}]}}');
SELECT count(*) FROM dynamo."One" WHERE item @> '{"n": 77}';

-- constraints
SELECT pg_temp.get('{}');
SELECT pg_temp.get('{"RequestItems": {}}');
SELECT pg_temp.write('{"RequestItems": {}}');
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": []}}}');
SELECT pg_temp.get('{"RequestItems": {"One": {}}}');
SELECT pg_temp.get(jsonb_build_object('RequestItems', jsonb_build_object('One', jsonb_build_object('Keys', (SELECT jsonb_agg(jsonb_build_object('n', jsonb_build_object('N', i::text))) FROM generate_series(1, 101) i)))));
SELECT pg_temp.get(jsonb_build_object('RequestItems', jsonb_build_object('One', jsonb_build_object('Keys', (SELECT jsonb_agg(jsonb_build_object('n', jsonb_build_object('N', i::text))) FROM generate_series(1, 60) i)),
	'Two', jsonb_build_object('Keys', (SELECT jsonb_agg(jsonb_build_object('p', jsonb_build_object('S', i::text), 's', '{"S": "x"}'::jsonb)) FROM generate_series(1, 60) i)))));
SELECT left(pg_temp.write(jsonb_build_object('RequestItems', jsonb_build_object('One', (SELECT jsonb_agg(jsonb_build_object('PutRequest', jsonb_build_object('Item', jsonb_build_object('n', jsonb_build_object('N', i::text))))) FROM generate_series(1, 26) i)))), 100);
SELECT pg_temp.write(jsonb_build_object('RequestItems', jsonb_build_object('One', (SELECT jsonb_agg(jsonb_build_object('PutRequest', jsonb_build_object('Item', jsonb_build_object('n', jsonb_build_object('N', i::text))))) FROM generate_series(1, 20) i),
	'Two', (SELECT jsonb_agg(jsonb_build_object('DeleteRequest', jsonb_build_object('Key', jsonb_build_object('p', jsonb_build_object('S', i::text), 's', '{"S": "x"}'::jsonb)))) FROM generate_series(1, 6) i))));
-- values, sizes, keys
SELECT pg_temp.write('{"RequestItems": {"One": [{}]}}');
SELECT pg_temp.write('{"RequestItems": {"One": [{"PutRequest": {"Item": {"n": {"N": "1"}}}, "DeleteRequest": {"Key": {"n": {"N": "1"}}}}]}}');
SELECT pg_temp.write('{"RequestItems": {"One": [{"PutRequest": {"Item": {"n": {"N": "1"}, "v": {"SS": []}}}}]}}');
SELECT pg_temp.write(jsonb_build_object('RequestItems', jsonb_build_object('Missing', jsonb_build_array(jsonb_build_object('PutRequest', jsonb_build_object('Item', jsonb_build_object('n', '{"N": "1"}'::jsonb, 'v', jsonb_build_object('S', repeat('x', 409600)))))))));
SELECT pg_temp.write('{"RequestItems": {"One": [{"PutRequest": {"Item": {"n": {"S": "1"}}}}]}}');
SELECT pg_temp.write('{"RequestItems": {"Two": [{"PutRequest": {"Item": {"p": {"S": ""}, "s": {"S": "x"}}}}]}}');
SELECT pg_temp.write('{"RequestItems": {"One": [{"DeleteRequest": {"Key": {"n": {"N": "1"}, "x": {"N": "1"}}}}]}}');
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"S": "1"}}]}}}');
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"N": "x"}}]}}}');
SELECT pg_temp.get('{"RequestItems": {"Missing": {"Keys": [{"n": {"N": "1"}}]}}}');
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"N": "1"}}], "ProjectionExpression": "a", "AttributesToGet": ["a"]}}}');
SELECT pg_temp.get('{"RequestItems": {"One": {"Keys": [{"n": {"N": "1"}}], "ProjectionExpression": "a"}, "Two": {"Keys": [{"p": {"S": "1"}, "s": {"S": "1"}}], "AttributesToGet": ["a"]}}}');

-- 16 MB of items, or 1 MB of one partition: the rest comes back unprocessed
INSERT INTO dynamo."One"(item) SELECT jsonb_build_object('n', i, 'x', repeat('x', 400000)) FROM generate_series(1000, 1049) i;
SELECT jsonb_array_length(r->'Responses'->'One') AS read, jsonb_array_length(r->'UnprocessedKeys'->'One'->'Keys') AS unprocessed, r->'UnprocessedKeys'->'One'->'ConsistentRead' AS consistent
	FROM dynamo_batch_get_item(jsonb_build_object('RequestItems', jsonb_build_object('One', jsonb_build_object('ConsistentRead', true, 'Keys', (SELECT jsonb_agg(jsonb_build_object('n', jsonb_build_object('N', i::text))) FROM generate_series(1000, 1049) i))))) r;
INSERT INTO dynamo."Two"(item) SELECT jsonb_build_object('p', 'big', 's', i::text, 'x', repeat('x', 300000)) FROM generate_series(1, 8) i;
SELECT jsonb_array_length(r->'Responses'->'Two') AS read, r->'UnprocessedKeys'
	FROM dynamo_batch_get_item(jsonb_build_object('RequestItems', jsonb_build_object('Two', jsonb_build_object('Keys', (SELECT jsonb_agg(jsonb_build_object('p', '{"S": "big"}'::jsonb, 's', jsonb_build_object('S', i::text))) FROM generate_series(1, 8) i))))) r;
DROP TABLE dynamo."One", dynamo."Two";
