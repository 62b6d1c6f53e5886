--
-- UpdateItem: its order of errors, what it does, what it returns, and when it writes nothing.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set ECHO none
\i test/session.sql
\pset format unaligned
\pset footer off
SELECT true AS created FROM dynamo_create_table('{"TableName": "Updates", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}');
-- an UpdateItem of the item with the key k
CREATE FUNCTION pg_temp.try(k text, request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('update_item', jsonb_build_object('TableName', 'Updates', 'Key', jsonb_build_object('p', jsonb_build_object('S', k))) || request) $$;
-- the same with an expression, and values for it
CREATE FUNCTION pg_temp.update(k text, expression text, vals jsonb DEFAULT NULL, return text DEFAULT 'ALL_NEW') RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.try(k, jsonb_strip_nulls(jsonb_build_object('UpdateExpression', expression, 'ExpressionAttributeValues', vals, 'ReturnValues', return))) $$;
-- puts an item with the key k, its other attributes as plain JSON of the stored form
CREATE FUNCTION pg_temp.put(k text, item jsonb) RETURNS void LANGUAGE sql AS
$$ DELETE FROM dynamo."Updates" WHERE dynamo."Updates".item->>'p' = k;
   INSERT INTO dynamo."Updates" (item) VALUES (item || jsonb_build_object('p', k)) $$;
CREATE FUNCTION pg_temp.item(k text) RETURNS text LANGUAGE sql AS
$$ SELECT item::text FROM dynamo."Updates" WHERE item->>'p' = k $$;
-- an update of an item that is put first
CREATE FUNCTION pg_temp.fresh(item jsonb, expression text, vals jsonb DEFAULT NULL, return text DEFAULT 'ALL_NEW') RETURNS text LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_temp.put('fresh', item); RETURN pg_temp.update('fresh', expression, vals, return); END $$;
\set ECHO all

-- The order of errors: parameters, Key values, AttributeUpdates, Expected, expressions, table, key, key attributes, path into the key,
-- condition, evaluation, size
SELECT name, pg_temp.answer('update_item', request) AS answer FROM (VALUES
	('parameters', '{"TableName": "None", "Key": {"a": {}}, "ExpressionAttributeNames": {}}'::jsonb),
	('key value', '{"TableName": "None", "Key": {"a": {}}, "AttributeUpdates": {"a": {}}, "Expected": {"a": {}}}'),
	('key value', '{"TableName": "None", "Key": {"a": {"SS": []}}, "UpdateExpression": ""}'),
	('updates', '{"TableName": "None", "Key": {}, "AttributeUpdates": {"a": {}}, "Expected": {"a": {}}}'),
	('expected', '{"TableName": "None", "Key": {}, "Expected": {"a": {}}}'),
	('expression', '{"TableName": "None", "Key": {}, "UpdateExpression": "", "ConditionExpression": ""}'),
	('expression', '{"TableName": "None", "Key": {}, "UpdateExpression": "REMOVE p, p.x"}'),
	('table', '{"TableName": "None", "Key": {}, "UpdateExpression": "REMOVE p"}'),
	('key', '{"TableName": "Updates", "Key": {}, "UpdateExpression": "REMOVE p"}'),
	('key', '{"TableName": "Updates", "Key": {"p": {"N": "1"}}, "UpdateExpression": "REMOVE p"}'),
	('key attribute', '{"TableName": "Updates", "Key": {"p": {"S": "x"}}, "UpdateExpression": "SET a = p.x REMOVE p", "ConditionExpression": "attribute_exists(p.x)"}'),
	('key attribute', '{"TableName": "Updates", "Key": {"p": {"S": "x"}}, "AttributeUpdates": {"p": {"Action": "DELETE"}}}'),
	('path', '{"TableName": "Updates", "Key": {"p": {"S": "x"}}, "UpdateExpression": "REMOVE p.x", "ConditionExpression": "attribute_exists(p)"}'),
	('path', '{"TableName": "Updates", "Key": {"p": {"S": "x"}}, "UpdateExpression": "SET a = if_not_exists(p[0], b)", "ConditionExpression": "attribute_exists(p)"}'),
	('path', '{"TableName": "Updates", "Key": {"p": {"S": "x"}}, "UpdateExpression": "SET a = b", "ConditionExpression": "attribute_exists(p.x)"}'),
	('condition', '{"TableName": "Updates", "Key": {"p": {"S": "x"}}, "UpdateExpression": "SET a = b", "ConditionExpression": "attribute_exists(p)"}'),
	('evaluation', '{"TableName": "Updates", "Key": {"p": {"S": "x"}}, "UpdateExpression": "SET a = b"}')) AS v(name, request);

-- An item that is not there: created bare without an update, by SET and ADD, but not by what only clears
SELECT pg_temp.try('bare', '{"ReturnValues": "ALL_NEW"}'), pg_temp.item('bare');
SELECT pg_temp.try('bare', '{"ReturnValues": "ALL_OLD", "AttributeUpdates": {}}'), pg_temp.item('bare');
SELECT expression, pg_temp.update('new', expression, vals) AS all_new, pg_temp.item('new') FROM (VALUES
	('REMOVE a', NULL::jsonb), ('REMOVE a.b, c[1]', NULL), ('DELETE a :s', '{":s": {"SS": ["x"]}}'), ('SET a = if_not_exists(b, :n)', '{":n": {"N": "1"}}'))
	AS v(expression, vals);
SELECT pg_temp.update('added', 'ADD n :n, s :s', '{":n": {"N": "1"}, ":s": {"SS": ["b", "a"]}}', 'UPDATED_NEW'), pg_temp.item('added');
SELECT pg_temp.update('old', 'SET a = :n', '{":n": {"N": "1"}}', return) FROM unnest(ARRAY['ALL_OLD', 'UPDATED_OLD']) AS return;

-- SET: values, paths, arithmetic, functions; operands are read from the item before
SELECT pg_temp.put('set', '{"n": 5, "s": "x", "l": [1, 2], "m": {"a": 1}}');
SELECT expression, pg_temp.update('set', expression, vals) AS answer FROM (VALUES
	('SET a = :v, b = n, n = n + :v', '{":v": {"N": "1"}}'::jsonb),
	('SET n = n - :v, c = :v - n', '{":v": {"N": "0.5"}}'),
	('SET m.b = :v, m.c = l[1], l[0] = m.a', '{":v": {"M": {"$x": {"BOOL": true}}}}'),
	('SET l[1] = :v, l[10] = :w, l[20] = :x', '{":v": {"S": "two"}, ":w": {"S": "three"}, ":x": {"S": "four"}}'),
	('SET l = list_append(l, :v), k = list_append(:v, l)', '{":v": {"L": [{"NULL": true}]}}'),
	('SET s = if_not_exists(s, :v), t = if_not_exists(t, :v)', '{":v": {"SS": ["b", "a"]}}')) AS v(expression, vals);

-- REMOVE, ADD, DELETE
SELECT pg_temp.put('rad', '{"n": 5, "l": [0, 1, 2, 3], "m": {"a": 1, "b": 2}, "ss": {"$SS": ["a", "b"]}, "ns": {"$NS": [1, 2]}}');
SELECT expression, pg_temp.update('rad', expression, vals) AS answer FROM (VALUES
	('REMOVE l[0], l[2], m.a, x', NULL::jsonb),
	('ADD n :n, ns :ns, ss :ss, x :n', '{":n": {"N": "-2"}, ":ns": {"NS": ["2.0", "3"]}, ":ss": {"SS": ["0"]}}'),
	('DELETE ns :ns, ss :ss, y :ss', '{":ns": {"NS": ["1", "9"]}, ":ss": {"SS": ["0", "a", "b"]}}'),
	('SET a = n REMOVE n ADD x :n DELETE ns :ns', '{":n": {"N": "-2"}, ":ns": {"NS": ["2", "3"]}}')) AS v(expression, vals);

-- Errors of evaluation leave the item as it was
SELECT pg_temp.put('err', '{"n": 5, "s": "x", "l": [1, 2], "m": {"a": 1}, "ss": {"$SS": ["a"]}}');
SELECT expression, pg_temp.update('err', expression, vals) AS answer FROM (VALUES
	('SET a = x', NULL::jsonb), ('SET a = n + x', NULL), ('SET a = l[2]', NULL), ('SET a = if_not_exists(x, y)', NULL),
	('SET x.y = n', NULL), ('SET n.y = n', NULL), ('SET n[0] = s', NULL), ('SET l.y = n', NULL), ('SET m[0] = n', NULL), ('SET l[5].x = n', NULL),
	('SET a = n + s', NULL), ('SET a = s - n', NULL), ('SET a = list_append(l, s)', NULL), ('SET a = n + :v', '{":v": {"N": "1e125"}}'),
	('SET a = :v + :v', '{":v": {"N": "9e125"}}'),
	('ADD s :v', '{":v": {"N": "1"}}'), ('ADD ss :v', '{":v": {"NS": ["1"]}}'), ('ADD x.y :v', '{":v": {"N": "1"}}'),
	('DELETE n :v', '{":v": {"SS": ["a"]}}'), ('DELETE ss :v', '{":v": {"NS": ["1"]}}'),
	('REMOVE x.y', NULL), ('REMOVE n.y', NULL), ('REMOVE l[7], m.x', NULL)) AS v(expression, vals);
SELECT pg_temp.item('err');

-- Nesting has 32 levels, however it came about
SELECT levels, value, pg_temp.fresh((repeat('{"m":', 32) || '1' || repeat('}', 32))::jsonb, 'SET ' || repeat('m.', levels - 1) || 'm = :v', jsonb_build_object(':v', value), 'NONE') AS answer
FROM (VALUES (31, '{"L": [{"N": "1"}]}'::jsonb), (32, '{"L": []}'), (32, '{"L": [{"N": "1"}]}')) AS v(levels, value);
SELECT levels, pg_temp.fresh('{"a": {"b": []}}', 'SET a.b[0] = :v', jsonb_build_object(':v', (repeat('{"L":[', levels) || '{"N":"1"}' || repeat(']}', levels))::jsonb), 'NONE') AS answer
FROM unnest(ARRAY[29, 30]) AS levels;
SELECT pg_temp.update('deep', 'SET x = :v', jsonb_build_object(':v', (repeat('{"L":[', 32) || '{"N":"1"}' || repeat(']}', 32))::jsonb), 'NONE');

-- ReturnValues, on whole attributes, on paths, and where nothing changes
SELECT expression, mode, pg_temp.fresh('{"a": 1, "l": [1, 2], "m": {"a": 1, "b": 1}}', expression, vals, mode) AS answer
FROM (VALUES
	('SET a = :v, b = :v', '{":v": {"N": "2"}}'::jsonb), ('SET m.a = :v, l[1] = :v', '{":v": {"N": "2"}}'), ('SET m.z = :v', '{":v": {"N": "2"}}'),
	('SET l[7] = :v', '{":v": {"N": "2"}}'), ('REMOVE a', NULL), ('REMOVE l[0]', NULL), ('REMOVE x', NULL), ('SET a = :v', '{":v": {"N": "1"}}'),
	('ADD a :v, x :v', '{":v": {"N": "1"}}')) AS v(expression, vals),
	unnest(ARRAY['NONE', 'ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW']) WITH ORDINALITY AS m(mode, place)
ORDER BY expression COLLATE "C", vals, place;
SELECT pg_temp.put('ret', '{"a": 1}');
SELECT mode, pg_temp.try('ret', jsonb_build_object('ReturnValues', mode)) AS answer FROM unnest(ARRAY['ALL_OLD', 'UPDATED_OLD', 'ALL_NEW', 'UPDATED_NEW']) AS mode;
SELECT pg_temp.try('ret', '{"ReturnValues": "ALL"}');

-- Nothing is written where nothing changes
SELECT pg_temp.put('same', '{"n": 1, "l": [1, {"a": "b"}], "ss": {"$SS": ["a", "b"]}}');
SELECT ctid AS before FROM dynamo."Updates" WHERE item->>'p' = 'same' \gset
SELECT expression, pg_temp.update('same', expression, vals, 'NONE') AS answer
FROM (VALUES ('SET n = n', NULL::jsonb), ('SET n = :v', '{":v": {"N": "1.00"}}'), ('SET l[1].a = :v', '{":v": {"S": "b"}}'), ('ADD ss :v', '{":v": {"SS": ["b"]}}'),
	('ADD n :v', '{":v": {"N": "0"}}'), ('DELETE ss :v', '{":v": {"SS": ["z"]}}'), ('REMOVE x', NULL)) AS v(expression, vals);
SELECT pg_temp.try('same', '{}'), ctid = :'before' AS unchanged FROM dynamo."Updates" WHERE item->>'p' = 'same';
SELECT pg_temp.update('same', 'ADD n :v', '{":v": {"N": "1"}}', 'NONE');
SELECT ctid = :'before' AS unchanged FROM dynamo."Updates" WHERE item->>'p' = 'same';

-- Size: the item, or what is not its key with 3 bytes, 19 for each action that writes and 2 for each that clears, 1 more for an index
CREATE FUNCTION pg_temp.grow(k text, size integer, expression text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.put(k, '{"y": 1, "l": []}');
	RETURN pg_temp.update(k, expression, jsonb_build_object(':v', jsonb_build_object('S', repeat('x', size))), 'NONE');
END $$;
-- y and l have 3 and 4 bytes. A key of 24: the item counts, 24 + 7 + 1 + n. Keys of 2: what is not the key counts.
SELECT n, pg_temp.grow('12345678901234567890123', n, 'SET a = :v') AS answer FROM unnest(ARRAY[409568, 409569]) AS n;
SELECT n, pg_temp.grow('1', n, 'SET a = :v') AS answer FROM unnest(ARRAY[409570, 409571]) AS n;
SELECT n, pg_temp.grow('1', n, 'SET a = :v REMOVE y') AS answer FROM unnest(ARRAY[409571, 409572]) AS n;
SELECT n, pg_temp.grow('1', n, 'SET l[0] = :v') AS answer FROM unnest(ARRAY[409569, 409570]) AS n;
SELECT n, pg_temp.grow('1', n, 'SET a = :v, b = :v') AS answer FROM unnest(ARRAY[204775, 204776]) AS n;
-- an item that is larger than an update may leave it can be put, and made smaller
SELECT pg_temp.put('big', jsonb_build_object('a', repeat('x', 409590)));
SELECT pg_temp.update('big', 'SET a = :v', '{":v": {"S": "x"}}', 'NONE'), pg_temp.item('big');

-- Capacity: the larger of the two images
SELECT pg_temp.put('cap', jsonb_build_object('a', repeat('x', 3000)));
SELECT pg_temp.try('cap', '{"UpdateExpression": "SET b = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}, "ReturnConsumedCapacity": "TOTAL", "ReturnItemCollectionMetrics": "SIZE"}');
SELECT pg_temp.try('cap', '{"UpdateExpression": "REMOVE a", "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.try('cap', '{"UpdateExpression": "REMOVE a", "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.try('cap2', '{"UpdateExpression": "REMOVE a", "ReturnConsumedCapacity": "TOTAL"}');

-- The same where the executor is asked, since a policy holds for the table
CREATE ROLE dynapg_updater;
GRANT SELECT, INSERT, UPDATE ON dynamo."Updates" TO dynapg_updater;
ALTER TABLE dynamo."Updates" ENABLE ROW LEVEL SECURITY;
CREATE POLICY everything ON dynamo."Updates" USING (true);
SET ROLE dynapg_updater;
SELECT pg_temp.update('rls', 'ADD n :v', '{":v": {"N": "1"}}', 'ALL_NEW') FROM generate_series(1, 3);
SELECT pg_temp.update('rls2', 'REMOVE n', NULL, 'ALL_NEW'), pg_temp.item('rls2');
SELECT pg_temp.try('rls', '{"UpdateExpression": "ADD n :v", "ConditionExpression": "n < :v", "ExpressionAttributeValues": {":v": {"N": "3"}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}');
RESET ROLE;

\set ECHO none
SELECT true AS deleted FROM dynamo_delete_table('{"TableName": "Updates"}');
DROP ROLE dynapg_updater;
