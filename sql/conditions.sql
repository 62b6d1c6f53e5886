--
-- Expressions of single-item requests: what may stand beside them, conditions on writes, projections of reads.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set ECHO none
\i test/session.sql
\pset format unaligned
\pset footer off
-- the same, of a request on the table Conditions
CREATE FUNCTION pg_temp.try(operation text, request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer(operation, '{"TableName": "Conditions"}'::jsonb || request) $$;
-- an item with the key k and a few attributes
CREATE FUNCTION pg_temp.put(k text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.try('put_item', jsonb_build_object('Item',
	'{"n": {"N": "5"}, "s": {"S": "text"}, "l": {"L": [{"N": "1"}, {"S": "two"}, {"M": {"x": {"BOOL": true}}}]},
	  "m": {"M": {"a": {"N": "1"}, "b": {"M": {"c": {"S": "deep"}}}}}, "ss": {"SS": ["a", "b"]}}'::jsonb
	|| jsonb_build_object('p', jsonb_build_object('S', k), 'r', '{"N": "1"}'::jsonb))) $$;
SELECT true AS created FROM dynamo_create_table('{"TableName": "Conditions", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "r", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "r", "KeyType": "RANGE"}]}');
\set ECHO all

-- Old and new parameters in one request: those present are listed, in a fixed order
SELECT operation, pg_temp.try(operation, request::jsonb) AS answer FROM (VALUES
	('put_item', '{"Item": {}, "Expected": {}, "ConditionalOperator": "OR", "ConditionExpression": ""}'),
	('put_item', '{"Item": {}, "Expected": {}, "ConditionExpression": ""}'),
	('put_item', '{"Item": {}, "ConditionalOperator": "OR", "ConditionExpression": ""}'),
	('delete_item', '{"Key": {}, "Expected": {}, "ConditionalOperator": "OR", "ConditionExpression": ""}'),
	('update_item', '{"Key": {}, "AttributeUpdates": {}, "Expected": {}, "ConditionalOperator": "OR", "UpdateExpression": "", "ConditionExpression": ""}'),
	('update_item', '{"Key": {}, "AttributeUpdates": {}, "ConditionExpression": ""}'),
	('update_item', '{"Key": {}, "Expected": {}, "UpdateExpression": ""}'),
	('get_item', '{"Key": {}, "AttributesToGet": ["a"], "ProjectionExpression": ""}')) AS v(operation, request);

-- Placeholders without an expression that could hold them
SELECT operation, pg_temp.try(operation, request::jsonb) AS answer FROM (VALUES
	('put_item', '{"Item": {}, "ExpressionAttributeNames": {}, "ExpressionAttributeValues": {}}'),
	('put_item', '{"Item": {}, "ExpressionAttributeValues": {}}'),
	('delete_item', '{"Key": {}, "ExpressionAttributeNames": {}}'),
	('delete_item', '{"Key": {}, "ExpressionAttributeValues": {}}'),
	('update_item', '{"Key": {}, "ExpressionAttributeNames": {}}'),
	('update_item', '{"Key": {}, "ExpressionAttributeValues": {}}'),
	('get_item', '{"Key": {}, "ExpressionAttributeNames": {}}')) AS v(operation, request);

-- ConditionalOperator wants two conditions at least
SELECT operation, pg_temp.try(operation, request::jsonb) AS answer FROM (VALUES
	('put_item', '{"Item": {}, "ConditionalOperator": "AND"}'),
	('put_item', '{"Item": {}, "ConditionalOperator": "AND", "Expected": {}}'),
	('delete_item', '{"Key": {}, "ConditionalOperator": "OR", "Expected": {"a": {"Exists": false}}}'),
	('update_item', '{"Key": {}, "ConditionalOperator": "AND", "AttributeUpdates": {}}')) AS v(operation, request);

-- ExpressionAttributeNames: empty, keys (their length first), empty names
SELECT replace(pg_temp.try('get_item', '{"Key": {}, "ProjectionExpression": "a"}'::jsonb || jsonb_build_object('ExpressionAttributeNames', names)), repeat('x', 254), '(254 x)') AS answer
FROM (VALUES
	('{}'::jsonb), ('{"a": "b"}'), ('{"#": "b"}'), ('{"#a-b": "b"}'), ('{"##a": "b"}'), ('{"": "b"}'), ('{":a": "b"}'), ('{"#é": "b"}'),
	('{"#a": ""}'), ('{"#a": "", "b": ""}'),
	(jsonb_build_object('#' || repeat('x', 254), '')), (jsonb_build_object('#' || repeat('-', 255), 'b')),
	(jsonb_build_object(repeat('é', 128), 'b'))) AS v(names);

-- ExpressionAttributeValues: empty, keys, values
SELECT pg_temp.try('delete_item', '{"Key": {}, "ConditionExpression": "a"}'::jsonb || jsonb_build_object('ExpressionAttributeValues', vals)) AS answer
FROM (VALUES
	('{}'::jsonb), ('{"a": {"S": "b"}}'), ('{":": {"S": "b"}}'), ('{":a.b": {"S": "b"}}'), ('{"#a": {"S": "b"}}'),
	('{":a": {}, "b": {"S": "b"}}'),
	(jsonb_build_object(':' || repeat('x', 255), '{"S": "b"}'::jsonb)),
	('{":v": {}}'), ('{":v": {"S": "a", "N": "1"}}'), ('{":v": {"NULL": false}}'), ('{":v": {"SS": []}}'), ('{":v": {"NS": []}}'),
	('{":v": {"BS": []}}'), ('{":v": {"SS": ["a", "a"]}}'), ('{":v": {"NS": ["1", "1.0"]}}'), ('{":v": {"N": "x"}}'), ('{":v": {"N": "1e200"}}'),
	('{":v": {"L": [{"M": {"a": {"N": ""}}}]}}'),
	(jsonb_build_object(':v', (repeat('{"L":[', 32) || '{"S":"x"}' || repeat(']}', 32))::jsonb))) AS v(vals);

-- PutItem and UpdateItem put an envelope around some of them
SELECT pg_temp.try('put_item', '{"Item": {}, "ConditionExpression": "a"}'::jsonb || jsonb_build_object('ExpressionAttributeValues', vals)) AS answer
FROM (VALUES ('{}'::jsonb), ('{"a": {"S": "b"}}'), ('{":v": {}}'), ('{":v": {"NULL": false}}'), ('{":v": {"SS": []}}'), ('{":v": {"N": "x"}}'),
	(jsonb_build_object(':v', (repeat('{"L":[', 32) || '{"S":"x"}' || repeat(']}', 32))::jsonb))) AS v(vals);

-- Names and values together have 2 MB
SELECT pg_temp.try('delete_item', jsonb_build_object('Key', '{}'::jsonb, 'ConditionExpression', '#n = :v',
	'ExpressionAttributeNames', (SELECT jsonb_object_agg('#n' || i, repeat('n', 65000)) FROM generate_series(1, n_names) AS i),
	'ExpressionAttributeValues', (SELECT jsonb_object_agg(':v' || i, jsonb_build_object('S', repeat('v', 65000))) FROM generate_series(1, n_values) AS i))) AS answer
FROM (VALUES (33, 1), (1, 33), (20, 20)) AS v(n_names, n_values);

-- Undefined and unused placeholders, and the order of the two
SELECT operation, pg_temp.try(operation, request::jsonb) AS answer FROM (VALUES
	('delete_item', '{"Key": {}, "ConditionExpression": "a = :v"}'),
	('delete_item', '{"Key": {}, "ConditionExpression": "#a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}}}'),
	('delete_item', '{"Key": {}, "ConditionExpression": "a = :v", "ExpressionAttributeValues": {":v": {"S": "x"}, ":w": {"S": "x"}}}'),
	('delete_item', '{"Key": {}, "ConditionExpression": "a = :v", "ExpressionAttributeNames": {"#a": "a", "#b": "b"}, "ExpressionAttributeValues": {":v": {"S": "x"}, ":w": {"S": "x"}}}'),
	('get_item', '{"Key": {}, "ProjectionExpression": "a", "ExpressionAttributeNames": {"#a": "a"}}')) AS v(operation, request);

-- Errors of syntax, with the envelope on PutItem and UpdateItem alone
SELECT operation, pg_temp.try(operation, request::jsonb) AS answer FROM (VALUES
	('put_item', '{"Item": {}, "ConditionExpression": ""}'),
	('put_item', '{"Item": {}, "ConditionExpression": "INVALID SYNTAX HERE"}'),
	('delete_item', '{"Key": {}, "ConditionExpression": "INVALID SYNTAX HERE"}'),
	('update_item', '{"Key": {}, "ConditionExpression": "INVALID SYNTAX HERE"}'),
	('update_item', '{"Key": {}, "UpdateExpression": "INVALID SYNTAX HERE"}'),
	('update_item', '{"Key": {}, "UpdateExpression": "SET a", "ConditionExpression": "INVALID SYNTAX HERE"}'),
	('put_item', '{"Item": {}, "ConditionExpression": "((attribute_exists(a)))"}'),
	('delete_item', '{"Key": {}, "ConditionExpression": "((attribute_exists(a)))"}'),
	('delete_item', '{"Key": {}, "ConditionExpression": "size(abc) > size(abc) AND attribute_exist(a)"}'),
	('get_item', '{"Key": {}, "ProjectionExpression": "a, a"}')) AS v(operation, request);

-- The order of PutItem: parameters, values, ReturnValues, size, expressions, table, key, path into a key, condition
SELECT name, pg_temp.answer('put_item', request) AS answer FROM (VALUES
	('value', '{"TableName": "None", "Item": {"a": {}}, "ReturnValues": "ALL_NEW", "ConditionExpression": "("}'::jsonb),
	('return', '{"TableName": "None", "Item": {"a": {"S": ""}}, "ReturnValues": "ALL_NEW", "ConditionExpression": "("}'),
	('size', jsonb_build_object('TableName', 'None', 'ConditionExpression', '(', 'Item', jsonb_build_object('a', jsonb_build_object('S', repeat('x', 409600))))),
	('expression', '{"TableName": "None", "Item": {}, "ConditionExpression": "("}'),
	('table', '{"TableName": "None", "Item": {}, "ConditionExpression": "p.x = a"}'),
	('key', '{"TableName": "Conditions", "Item": {}, "ConditionExpression": "p.x = a"}'),
	('path', '{"TableName": "Conditions", "Item": {"p": {"S": "x"}, "r": {"N": "1"}}, "ConditionExpression": "a = r[0]"}'),
	('condition', '{"TableName": "Conditions", "Item": {"p": {"S": "x"}, "r": {"N": "1"}}, "ConditionExpression": "a = b"}')) AS v(name, request);

-- The order of DeleteItem
SELECT name, pg_temp.answer('delete_item', request) AS answer FROM (VALUES
	('parameters', '{"TableName": "None", "Key": {"a": {}}, "ExpressionAttributeNames": {}}'::jsonb),
	('value', '{"TableName": "None", "Key": {"a": {}}, "ConditionExpression": "("}'),
	('return', '{"TableName": "None", "Key": {}, "ReturnValues": "UPDATED_OLD", "ConditionExpression": "("}'),
	('expression', '{"TableName": "None", "Key": {}, "ConditionExpression": "("}'),
	('table', '{"TableName": "None", "Key": {}, "ConditionExpression": "p.x = a"}'),
	('key', '{"TableName": "Conditions", "Key": {}, "ConditionExpression": "p.x = a"}'),
	('path', '{"TableName": "Conditions", "Key": {"p": {"S": "x"}, "r": {"N": "1"}}, "ConditionExpression": "size(p.x) > r"}'),
	('condition', '{"TableName": "Conditions", "Key": {"p": {"S": "x"}, "r": {"N": "1"}}, "ConditionExpression": "attribute_exists(p)"}')) AS v(name, request);

-- The order of GetItem
SELECT name, pg_temp.answer('get_item', request) AS answer FROM (VALUES
	('parameters', '{"TableName": "None", "Key": {"a": {}}, "ExpressionAttributeNames": {}}'::jsonb),
	('value', '{"TableName": "None", "Key": {"a": {}}, "ProjectionExpression": "("}'),
	('value', '{"TableName": "None", "Key": {"a": {}}, "AttributesToGet": ["a", "a"]}'),
	('duplicate', '{"TableName": "None", "Key": {}, "AttributesToGet": ["b", "a", "c", "a", "b"]}'),
	('expression', '{"TableName": "None", "Key": {}, "ProjectionExpression": "("}'),
	('table', '{"TableName": "None", "Key": {}, "ProjectionExpression": "p.x"}'),
	('key', '{"TableName": "Conditions", "Key": {}, "ProjectionExpression": "p.x"}'),
	('path', '{"TableName": "Conditions", "Key": {"p": {"S": "x"}, "r": {"N": "1"}}, "ProjectionExpression": "a.b, r.x"}')) AS v(name, request);

-- A put under a condition: held and not, on an item and on none
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "put"}, "r": {"N": "1"}, "v": {"N": "1"}}, "ConditionExpression": "attribute_exists(p)"}');
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "put"}, "r": {"N": "1"}, "v": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(p)"}');
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "put"}, "r": {"N": "1"}, "v": {"N": "2"}}, "ConditionExpression": "attribute_not_exists(p)"}');
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "put"}, "r": {"N": "1"}, "v": {"N": "2"}}, "ConditionExpression": "v = :old", "ExpressionAttributeValues": {":old": {"N": "1.0"}}, "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "put"}, "r": {"N": "1"}, "v": {"N": "3"}}, "ConditionExpression": "v = :old", "ExpressionAttributeValues": {":old": {"N": "1.0"}}, "ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.try('get_item', '{"Key": {"p": {"S": "put"}, "r": {"N": "1"}}}');

-- The item that made a condition fail, for those who ask
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "v > v2", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}');
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "v > v2", "ReturnValuesOnConditionCheckFailure": "NONE"}');
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "none"}, "r": {"N": "1"}}, "ConditionExpression": "v > v2", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}');
SELECT pg_temp.try('delete_item', '{"Key": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "v > v2", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}');
SELECT pg_temp.try('update_item', '{"Key": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "v > v2", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}');

-- A delete under a condition
SELECT pg_temp.try('delete_item', '{"Key": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}');
SELECT pg_temp.try('delete_item', '{"Key": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "2"}}, "ReturnValues": "ALL_OLD"}');
SELECT pg_temp.try('delete_item', '{"Key": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "2"}}}');
SELECT pg_temp.try('delete_item', '{"Key": {"p": {"S": "put"}, "r": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(p)"}');

-- What conditions say of an item, and of none
SELECT pg_temp.put('c');
SELECT condition, pg_temp.try('delete_item', jsonb_build_object('Key', '{"p": {"S": "c"}, "r": {"N": "2"}}'::jsonb, 'ConditionExpression', condition)) AS missing,
	pg_temp.try('update_item', jsonb_build_object('Key', '{"p": {"S": "c"}, "r": {"N": "1"}}'::jsonb, 'ConditionExpression', condition)) AS present
FROM unnest(ARRAY['attribute_exists(p)', 'attribute_not_exists(m.b.c)', 'attribute_not_exists(m.b.d)', 'NOT n = r', 'n <> x', 'x <> y', 'x = y', 'x < n', 'n > r',
	'n BETWEEN r AND n2', 'n IN (r, l[0], x)', 'r IN (n, l[0])', 'l[0] = m.a', 'l[2].x = l[3].x', 'contains(ss, m.b)', 'begins_with(s, p)', 's > n', 'n > r AND s = s2 OR attribute_exists(l[1])',
	'n > r AND (s = s2 OR attribute_exists(l[1]))']) AS condition;

-- Projections
SELECT projection, pg_temp.try('get_item', jsonb_build_object('Key', '{"p": {"S": "c"}, "r": {"N": "1"}}'::jsonb, 'ProjectionExpression', projection)) AS answer
FROM unnest(ARRAY['p, n', 'x', 'm.b.c, m.a', 'l[2], l[0]', 'l[2].x, l[1], ss', 'm.x, l[7]']) AS projection;
SELECT pg_temp.try('get_item', '{"Key": {"p": {"S": "c"}, "r": {"N": "1"}}, "ProjectionExpression": "#m.#b", "ExpressionAttributeNames": {"#m": "m", "#b": "b"}, "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.try('get_item', '{"Key": {"p": {"S": "c"}, "r": {"N": "2"}}, "ProjectionExpression": "n"}');
SELECT pg_temp.try('get_item', '{"Key": {"p": {"S": "c"}, "r": {"N": "1"}}, "AttributesToGet": ["n", "m.b", "s"]}');
SELECT pg_temp.try('get_item', '{"Key": {"p": {"S": "c"}, "r": {"N": "1"}}, "AttributesToGet": []}');

-- A put of an equal item writes nothing; of another it does
SELECT ctid AS before FROM dynamo."Conditions" WHERE item->>'p' = 'c' \gset
SELECT pg_temp.put('c');
SELECT ctid = :'before' AS unchanged FROM dynamo."Conditions" WHERE item->>'p' = 'c';
SELECT pg_temp.try('put_item', '{"Item": {"p": {"S": "c"}, "r": {"N": "1"}, "n": {"N": "5"}}, "ReturnValues": "ALL_OLD"}');
SELECT ctid = :'before' AS unchanged, item FROM dynamo."Conditions" WHERE item->>'p' = 'c';

\set ECHO none
SELECT true AS deleted FROM dynamo_delete_table('{"TableName": "Conditions"}');
