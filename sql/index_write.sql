--
-- Writes of tables with secondary indexes: index keys, sizes, what they cost, item collections.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\i test/functions.sql
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
-- a put of attributes into item x 1, or with keys of its own
CREATE FUNCTION pg_temp.put(item jsonb, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('put_item', jsonb_build_object('TableName', 'Things', 'Item', '{"p": {"S": "x"}, "s": {"N": "1"}}' || item) || more) $$;
CREATE FUNCTION pg_temp.update(expression text, vals jsonb DEFAULT NULL, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('update_item', jsonb_strip_nulls(jsonb_build_object('TableName', 'Things', 'Key', '{"p": {"S": "x"}, "s": {"N": "1"}}'::jsonb,
	'UpdateExpression', expression, 'ExpressionAttributeValues', vals)) || more) $$;
-- units: total, table, local indexes, global ones
CREATE FUNCTION pg_temp.units(answer text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN (SELECT concat_ws(' ', c->>'CapacityUnits', c->'Table'->>'CapacityUnits',
			'local ' || replace((c->'LocalSecondaryIndexes')::text, '"CapacityUnits": ', ''),
			'global ' || replace((c->'GlobalSecondaryIndexes')::text, '"CapacityUnits": ', ''))
		FROM (SELECT answer::jsonb->'ConsumedCapacity') x(c));
EXCEPTION WHEN OTHERS THEN
	RETURN answer;
END $$;
CREATE FUNCTION pg_temp.put_units(item jsonb) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.units(pg_temp.put(item, '{"ReturnConsumedCapacity": "INDEXES"}')) $$;
CREATE FUNCTION pg_temp.update_units(expression text, vals jsonb DEFAULT NULL) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.units(pg_temp.update(expression, vals, '{"ReturnConsumedCapacity": "INDEXES"}')) $$;
-- how many entries the table's indexes have
CREATE FUNCTION pg_temp.entries() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(index || ' ' || (dynamo_scan(jsonb_build_object('TableName', 'Things', 'IndexName', index, 'Select', 'COUNT'))->>'Count'), ', ')
	FROM unnest(ARRAY['lsi', 'lsi_all', 'gsi', 'gsi_some']) index $$;
\set ECHO all
SELECT dynamo_create_table('{"TableName": "Things", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"},
		{"AttributeName": "l", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}, {"AttributeName": "b", "AttributeType": "B"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"LocalSecondaryIndexes": [
		{"IndexName": "lsi", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "KEYS_ONLY"}},
		{"IndexName": "lsi_all", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "KEYS_ONLY"}},
		{"IndexName": "gsi_some", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["proj"]}}]}')->'TableDescription'->'TableName' AS name;

-- index keys of a put: the type, of scalars or not; empty ones; too long ones
SELECT pg_temp.put('{"l": {"N": "1"}}');
SELECT pg_temp.put('{"n": {"S": "1"}}');
SELECT pg_temp.put('{"b": {"S": "YQ=="}}');
SELECT pg_temp.put('{"g": {"NULL": true}}');
SELECT pg_temp.put('{"g": {"M": {"g": {"S": "x"}}}}');
SELECT pg_temp.put('{"g": {"L": [{"S": "x"}]}}');
SELECT pg_temp.put('{"g": {"SS": ["x"]}}');
SELECT pg_temp.put('{"g": {"S": ""}}');
SELECT pg_temp.put('{"b": {"B": ""}}');
SELECT pg_temp.put(jsonb_build_object('g', jsonb_build_object('S', repeat('x', 2049))));
SELECT pg_temp.put(jsonb_build_object('l', jsonb_build_object('S', repeat('x', 1025))));
-- the longest keys together
SELECT dynamo_put_item(jsonb_build_object('TableName', 'Things', 'Item', jsonb_build_object('p', jsonb_build_object('S', repeat('p', 2048)), 's', '{"N": "-1.2345678901234567890123456789012345678E-120"}'::jsonb,
	'l', jsonb_build_object('S', repeat('l', 1024)), 'b', jsonb_build_object('B', replace(encode(convert_to(repeat('b', 1024), 'UTF8'), 'base64'), E'\n', '')),
	'g', jsonb_build_object('S', repeat('g', 2048)), 'n', '{"N": "-1.2345678901234567890123456789012345678E-120"}'::jsonb)));
SELECT pg_temp.entries();
-- the order: the table's keys, index keys, then the condition; nothing is written
SELECT pg_temp.put('{"s": {"S": "1"}, "l": {"N": "1"}}');
SELECT pg_temp.put('{"l": {"N": "1"}}', '{"ConditionExpression": "attribute_exists(p)"}');
SELECT pg_temp.put('{"l": {"N": "1"}}', '{"ConditionExpression": "attribute_exists(p.x)"}');
SELECT pg_temp.put('{"l": {"S": "1"}}', '{"ConditionExpression": "attribute_exists(g.x)"}');
SELECT pg_temp.answer('delete_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_exists(n[1])"}');
SELECT pg_temp.answer('get_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "ProjectionExpression": "a, l.x"}');
SELECT pg_temp.answer('scan', '{"TableName": "Things", "FilterExpression": "attribute_exists(b.x)"}');
SELECT pg_temp.answer('batch_write_item', '{"RequestItems": {"Things": [{"PutRequest": {"Item": {"p": {"S": "y"}, "s": {"N": "1"}}}}, {"PutRequest": {"Item": {"p": {"S": "z"}, "s": {"N": "1"}, "l": {"N": "1"}}}}]}}');
SELECT pg_temp.answer('batch_write_item', '{"RequestItems": {"Things": [{"PutRequest": {"Item": {"p": {"S": "y"}, "s": {"N": "1"}, "b": {"B": ""}}}}]}}');
SELECT dynamo_scan('{"TableName": "Things", "Select": "COUNT"}')->'Count';

-- index keys of an update: values given, before anything is read
SELECT pg_temp.put('{"l": {"S": "1"}, "a": {"N": "5"}, "m": {"M": {"t": {"S": "text"}}}}');
SELECT pg_temp.update('SET l = :v', '{":v": {"N": "1"}}', '{"ConditionExpression": "attribute_exists(nothing)"}');
SELECT pg_temp.update('ADD l :v', '{":v": {"N": "1"}}');
SELECT pg_temp.update('SET s = :v, l = :v', '{":v": {"S": "1"}}');
SELECT pg_temp.update('SET g.x = :v, l = :v', '{":v": {"N": "1"}}');
SELECT pg_temp.update('SET g.x = :v', '{":v": {"N": "1"}}');
SELECT pg_temp.update('SET a = l[0]');
SELECT pg_temp.answer('update_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "AttributeUpdates": {"n": {"Value": {"S": "x"}}}}');
-- values computed, and empty ones, when it is applied
SELECT pg_temp.update('SET l = a');
SELECT pg_temp.update('SET l = if_not_exists(nothing, :v)', '{":v": {"L": []}}');
SELECT pg_temp.update('SET n = m.t');
SELECT pg_temp.update('SET l = :v', '{":v": {"S": ""}}');
SELECT pg_temp.update('SET l = a', NULL, '{"ConditionExpression": "attribute_exists(nothing)"}');
SELECT pg_temp.update('SET l = m.t, n = a, g = m.t', NULL, '{"ReturnValues": "UPDATED_NEW"}');
SELECT pg_temp.update('ADD n :v REMOVE g', '{":v": {"N": "2"}}', '{"ReturnValues": "ALL_NEW"}');
SELECT pg_temp.entries();

-- an item is at most 400 KB with its entries in local indexes
SELECT pg_temp.put(jsonb_build_object('a', jsonb_build_object('S', repeat('x', 300000)))) AS without_entry;
SELECT pg_temp.put(jsonb_build_object('a', jsonb_build_object('S', repeat('x', 300000)), 'b', '{"B": "YQ=="}'::jsonb)) AS all_projected;
SELECT pg_temp.put(jsonb_build_object('a', jsonb_build_object('S', repeat('x', 300000)), 'l', '{"S": "a"}'::jsonb, 'g', '{"S": "a"}'::jsonb)) AS keys_only;
SELECT pg_temp.update('SET b = :b', '{":b": {"B": "YQ=="}}') AS update;
-- to the byte: 409600 = 2 * (p 2, s 3, b 2, a and its value)
SELECT pg_temp.put(jsonb_build_object('a', jsonb_build_object('S', repeat('x', 204800 - 2 - 3 - 2 - 1)), 'b', '{"B": "YQ=="}'::jsonb)) AS largest;
SELECT pg_temp.put(jsonb_build_object('a', jsonb_build_object('S', repeat('x', 204800 - 2 - 3 - 2)), 'b', '{"B": "YQ=="}'::jsonb)) AS too_large;
SELECT pg_temp.answer('batch_write_item', jsonb_build_object('RequestItems', jsonb_build_object('Things', jsonb_build_array(jsonb_build_object('PutRequest', jsonb_build_object('Item',
	jsonb_build_object('p', '{"S": "x"}'::jsonb, 's', '{"N": "1"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 204800 - 2 - 3 - 2)), 'b', '{"B": "YQ=="}'::jsonb))))))) AS batch;
SELECT dynamo_delete_item('{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}}');

-- what a write costs: total, table, local and global indexes.  A put that enters, that is equal, that leaves
SELECT pg_temp.put_units('{"o": {"S": "o"}}') AS sparse;
SELECT pg_temp.put_units('{"g": {"S": "g"}, "n": {"N": "1"}, "l": {"S": "l"}, "proj": {"S": "p"}}') AS enters;
SELECT pg_temp.put_units('{"g": {"S": "g"}, "n": {"N": "1.0"}, "l": {"S": "l"}, "proj": {"S": "p"}}') AS equal;
SELECT pg_temp.put_units('{"g": {"S": "g"}, "n": {"N": "1"}, "l": {"S": "l"}, "proj": {"S": "p"}, "o": {"S": "o"}}') AS not_projected;
SELECT pg_temp.update_units('SET o = :v', '{":v": {"S": "o2"}}') AS not_projected;
SELECT pg_temp.update_units('SET proj = :v', '{":v": {"S": "p2"}}') AS projected;
SELECT pg_temp.update_units('SET g = :v', '{":v": {"S": "h"}}') AS key;
SELECT pg_temp.update_units('SET n = :v', '{":v": {"N": "2"}}') AS range_key;
SELECT pg_temp.update_units('REMOVE n') AS leaves;
SELECT pg_temp.update_units('SET l = :v, b = :b', '{":v": {"S": "l2"}, ":b": {"B": "YQ=="}}') AS local_keys;
SELECT pg_temp.update_units('SET proj = :v', jsonb_build_object(':v', jsonb_build_object('S', repeat('x', 2500)))) AS grows;
SELECT pg_temp.update_units('SET g = :v', '{":v": {"S": "i"}}') AS large_key;
SELECT pg_temp.update_units('SET proj = :v', '{":v": {"S": "p"}}') AS shrinks;
SELECT pg_temp.put('{"g": {"S": "g"}, "n": {"N": "1"}}', '{"ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.units(pg_temp.answer('delete_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "ReturnConsumedCapacity": "INDEXES"}')) AS deleted;
SELECT pg_temp.units(pg_temp.answer('delete_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "ReturnConsumedCapacity": "INDEXES"}')) AS nothing;
-- the order of a set's members is none
SELECT pg_temp.put_units('{"g": {"S": "g"}, "proj": {"SS": ["a", "b"]}}');
SELECT pg_temp.put_units('{"g": {"S": "g"}, "proj": {"SS": ["b", "a"]}}');
-- a batch
SELECT dynamo_batch_write_item('{"RequestItems": {"Things": [{"PutRequest": {"Item": {"p": {"S": "x"}, "s": {"N": "2"}, "g": {"S": "g"}, "n": {"N": "2"}}}}, {"PutRequest": {"Item": {"p": {"S": "x"}, "s": {"N": "3"}}}},
	{"DeleteRequest": {"Key": {"p": {"S": "x"}, "s": {"N": "1"}}}}]}, "ReturnConsumedCapacity": "INDEXES"}');
SELECT dynamo_batch_get_item('{"RequestItems": {"Things": {"Keys": [{"p": {"S": "x"}, "s": {"N": "2"}}, {"p": {"S": "x"}, "s": {"N": "9"}}]}}, "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.entries();

-- every unit is counted, whether the caller asks for it or not, and what a condition refuses, too
SELECT dynapg_test.consumed() IS NOT NULL AS reset;
SELECT pg_temp.put('{"g": {"S": "g"}, "n": {"N": "1"}, "l": {"S": "l"}}'), dynapg_test.consumed();
SELECT pg_temp.put('{"g": {"S": "g"}, "n": {"N": "1"}, "l": {"S": "l"}}'), dynapg_test.consumed();
SELECT pg_temp.put(jsonb_build_object('a', jsonb_build_object('S', repeat('x', 3000))), '{"ConditionExpression": "attribute_not_exists(p)"}'), dynapg_test.consumed();
SELECT pg_temp.update('SET g = :g', '{":g": {"S": "h"}}'), dynapg_test.consumed();
SELECT pg_temp.update('SET g = :g', '{":g": {"S": "i"}}', '{"ConditionExpression": "g = :g"}'), dynapg_test.consumed();
SELECT pg_temp.answer('get_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "ConsistentRead": true}'), dynapg_test.consumed();
SELECT pg_temp.answer('get_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "99"}}}'), dynapg_test.consumed();
SELECT pg_temp.answer('query', '{"TableName": "Things", "IndexName": "lsi", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "x"}}, "Select": "ALL_ATTRIBUTES"}'), dynapg_test.consumed();
SELECT pg_temp.answer('batch_get_item', '{"RequestItems": {"Things": {"ConsistentRead": true, "Keys": [{"p": {"S": "x"}, "s": {"N": "1"}}, {"p": {"S": "x"}, "s": {"N": "99"}}]}}}'), dynapg_test.consumed();
SELECT pg_temp.answer('batch_write_item', '{"RequestItems": {"Things": [{"DeleteRequest": {"Key": {"p": {"S": "x"}, "s": {"N": "1"}}}}, {"DeleteRequest": {"Key": {"p": {"S": "x"}, "s": {"N": "99"}}}}]}}'), dynapg_test.consumed();
-- the units of large items: around 1 KB and 4 KB, of the item and not of its jsonb
SELECT n, pg_temp.put(jsonb_build_object('a', jsonb_build_object('S', repeat('x', n)))), dynapg_test.consumed(),
		pg_temp.answer('get_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "ProjectionExpression": "s", "ConsistentRead": true}'), dynapg_test.consumed()
	FROM unnest(ARRAY[1018, 1019, 4090, 4091]) n;

-- item collections: reported for tables with local indexes
SELECT pg_temp.put('{}', '{"ReturnItemCollectionMetrics": "SIZE"}');
SELECT pg_temp.put('{}', '{"ReturnItemCollectionMetrics": "NONE"}');
SELECT pg_temp.update('SET a = :a', '{":a": {"S": "x"}}', '{"ReturnItemCollectionMetrics": "SIZE", "ReturnValues": "UPDATED_NEW", "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.answer('delete_item', '{"TableName": "Things", "Key": {"p": {"S": "x"}, "s": {"N": "1"}}, "ReturnItemCollectionMetrics": "SIZE"}');
SELECT pg_temp.update('REMOVE a', NULL, '{"ReturnItemCollectionMetrics": "SIZE"}');
SELECT dynamo_create_table('{"TableName": "Plain", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "GlobalSecondaryIndexes": [{"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}')->'TableDescription'->'TableName';
SELECT dynamo_put_item('{"TableName": "Plain", "Item": {"p": {"S": "x"}}, "ReturnItemCollectionMetrics": "SIZE"}');
SELECT dynamo_batch_write_item('{"RequestItems": {"Plain": [{"PutRequest": {"Item": {"p": {"S": "x"}}}}]}, "ReturnItemCollectionMetrics": "SIZE"}');
SELECT dynamo_batch_write_item('{"RequestItems": {"Plain": [{"PutRequest": {"Item": {"p": {"S": "x"}}}}], "Things": [{"PutRequest": {"Item": {"p": {"S": "x"}, "s": {"N": "1"}}}},
	{"PutRequest": {"Item": {"p": {"S": "y"}, "s": {"N": "1"}}}}, {"DeleteRequest": {"Key": {"p": {"S": "x"}, "s": {"N": "2"}}}}]}, "ReturnItemCollectionMetrics": "SIZE"}') #- '{ItemCollectionMetrics,Things}' AS others;
SELECT m FROM jsonb_array_elements(dynamo_batch_write_item('{"RequestItems": {"Things": [{"PutRequest": {"Item": {"p": {"S": "x"}, "s": {"N": "1"}}}},
	{"PutRequest": {"Item": {"p": {"S": "y"}, "s": {"N": "1"}}}}, {"DeleteRequest": {"Key": {"p": {"S": "x"}, "s": {"N": "2"}}}}]}, "ReturnItemCollectionMetrics": "SIZE"}')->'ItemCollectionMetrics'->'Things') m ORDER BY m;

-- and limited: what grows a collection beyond the limit is refused, what shrinks it is not
SHOW dynapg.item_collection_limit;
SET dynapg.item_collection_limit = '100kB';
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "c"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 60000))));
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "c"}'::jsonb, 's', '{"N": "2"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 60000)))) AS beyond;
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "c"}'::jsonb, 's', '{"N": "2"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 30000)))) AS within;
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "c"}'::jsonb, 's', '{"N": "2"}'::jsonb, 'b', '{"B": "YQ=="}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 30000)))) AS by_its_entry;
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "d"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 60000)))) AS another;
SELECT pg_temp.answer('update_item', jsonb_build_object('TableName', 'Things', 'Key', '{"p": {"S": "c"}, "s": {"N": "1"}}'::jsonb, 'UpdateExpression', 'SET a = :a',
	'ExpressionAttributeValues', jsonb_build_object(':a', jsonb_build_object('S', repeat('x', 90000))))) AS update;
SELECT pg_temp.answer('batch_write_item', jsonb_build_object('RequestItems', jsonb_build_object('Things', jsonb_build_array(
	'{"PutRequest": {"Item": {"p": {"S": "e"}, "s": {"N": "1"}}}}'::jsonb,
	jsonb_build_object('PutRequest', jsonb_build_object('Item', jsonb_build_object('p', '{"S": "c"}'::jsonb, 's', '{"N": "3"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 60000))))))))) AS batch;
SELECT dynamo_get_item('{"TableName": "Things", "Key": {"p": {"S": "e"}, "s": {"N": "1"}}}') AS nothing_of_it;
SET dynapg.item_collection_limit = '10kB';
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "c"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 50000)))) AS shrinks;
SELECT pg_temp.answer('delete_item', '{"TableName": "Things", "Key": {"p": {"S": "c"}, "s": {"N": "1"}}}') AS deletes;
SET dynapg.item_collection_limit = '100kB';
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "f"}'::jsonb, 's', jsonb_build_object('N', s::text), 'a', jsonb_build_object('S', repeat('x', 10000)))) AS answer, count(*) FROM generate_series(1, 15) s GROUP BY 1 ORDER BY count(*);
SET dynapg.item_collection_limit = 0;
SELECT pg_temp.put(jsonb_build_object('p', '{"S": "c"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', 50000)))) AS no_limit;
RESET dynapg.item_collection_limit;

-- an index that is being built is kept, and cannot be read
SET dynapg.control_plane_delay = '1h';
SELECT dynamo_update_table('{"TableName": "Plain", "AttributeDefinitions": [{"AttributeName": "h", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "late", "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}')->'TableDescription'->'TableStatus';
SELECT dynapg.wait_for_indexes('Plain');
SELECT pg_temp.answer('query', '{"TableName": "Plain", "IndexName": "late", "KeyConditionExpression": "h = :h", "ExpressionAttributeValues": {":h": {"S": "x"}}}');
SELECT pg_temp.answer('scan', '{"TableName": "Plain", "IndexName": "late", "ConsistentRead": true}');
SELECT pg_temp.answer('scan', '{"TableName": "Plain", "IndexName": "late"}');
SELECT pg_temp.answer('put_item', '{"TableName": "Plain", "Item": {"p": {"S": "x"}, "h": {"N": "1"}}}');
SELECT pg_temp.answer('put_item', '{"TableName": "Plain", "Item": {"p": {"S": "x"}, "h": {"S": "1"}}, "ReturnConsumedCapacity": "INDEXES"}');
RESET dynapg.control_plane_delay;

DROP TABLE dynamo."Things", dynamo."Plain";
