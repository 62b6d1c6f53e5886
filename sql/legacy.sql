--
-- The legacy parameters of single-item operations: Expected, AttributeUpdates, AttributesToGet.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set ECHO none
\i test/session.sql
\pset format unaligned
\pset footer off
SELECT true AS created FROM dynamo_create_table('{"TableName": "Legacy", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}');
CREATE FUNCTION pg_temp.try(k text, request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('update_item', jsonb_build_object('TableName', 'Legacy', 'Key', jsonb_build_object('p', jsonb_build_object('S', k))) || request) $$;
-- whether an expectation of one attribute of the item "e" holds, or its error
CREATE FUNCTION pg_temp.expect(attribute text, expectation jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT CASE answer WHEN '{}' THEN 'holds' WHEN 'YD010 ConditionalCheckFailedException: The conditional request failed' THEN 'does not hold' ELSE answer END
   FROM pg_temp.try('e', jsonb_build_object('Expected', jsonb_build_object(attribute, expectation))) AS answer $$;
-- the same of a comparator with values
CREATE FUNCTION pg_temp.compare(attribute text, comparator text, VARIADIC vals jsonb[] DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.expect(attribute, jsonb_build_object('ComparisonOperator', comparator, 'AttributeValueList', to_jsonb(vals))) $$;
CREATE FUNCTION pg_temp.put(k text, item jsonb) RETURNS void LANGUAGE sql AS
$$ DELETE FROM dynamo."Legacy" WHERE dynamo."Legacy".item->>'p' = k;
   INSERT INTO dynamo."Legacy" (item) VALUES (item || jsonb_build_object('p', k)) $$;
CREATE FUNCTION pg_temp.item(k text) RETURNS text LANGUAGE sql AS
$$ SELECT item::text FROM dynamo."Legacy" WHERE item->>'p' = k $$;
SELECT pg_temp.put('e', '{"s": "hello", "n": 5, "b": {"$B": "aGVsbG8="}, "t": true, "z": null, "l": [1, "x"], "m": {"a": 1}, "ss": {"$SS": ["a", "b"]}, "ns": {"$NS": [1, 2]}, "a.b": 7}');
\set ECHO all

-- Errors of Expected, in the service's order
SELECT expectation, pg_temp.expect('a', expectation) AS answer FROM (VALUES
	('{"Value": {"S": "x"}, "AttributeValueList": [], "ComparisonOperator": "LT", "Exists": true}'::jsonb),
	('{"Exists": true, "ComparisonOperator": "LT"}'),
	('{"ComparisonOperator": "LT"}'), ('{"ComparisonOperator": "IN"}'),
	('{"ComparisonOperator": "EQ", "AttributeValueList": []}'),
	('{"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}, {"N": "1"}]}'),
	('{"ComparisonOperator": "NULL", "AttributeValueList": [{"S": "a"}]}'), ('{"ComparisonOperator": "NOT_NULL", "Value": {"S": "a"}}'),
	('{"ComparisonOperator": "IN", "AttributeValueList": []}'), ('{"ComparisonOperator": "BETWEEN", "Value": {"S": "a"}}'),
	('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "a"}, {"S": "b"}, {"S": "c"}]}'),
	('{"ComparisonOperator": "IN", "AttributeValueList": [{"S": "a"}, {"S": "b"}, {"N": "1"}]}'),
	('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "a"}, {"N": "1"}]}'),
	('{"ComparisonOperator": "LT", "Value": {"BOOL": true}}'), ('{"ComparisonOperator": "BEGINS_WITH", "Value": {"N": "1"}}'),
	('{"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"L": []}]}'), ('{"ComparisonOperator": "IN", "AttributeValueList": [{"SS": ["a"]}]}'),
	('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "10"}, {"N": "9"}]}'),
	('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "b"}, {"S": "a"}]}'),
	('{"AttributeValueList": [{"S": "a"}]}'),
	('{}'), ('{"Exists": true}'), ('{"Exists": false, "Value": {"S": "a"}}'),
	('{"Value": {}}'), ('{"Value": {"SS": []}}'), ('{"ComparisonOperator": "EQ", "AttributeValueList": [{"NULL": false}]}'),
	('{"ComparisonOperator": "XX", "Value": {"S": "a"}}')) AS v(expectation);
SELECT operation, pg_temp.answer(operation, '{"TableName": "Legacy", "Key": {"p": {"S": "x"}}, "Item": {"p": {"S": "x"}}, "Expected": {"a": {"Value": {"NS": ["1", "1"]}}, "b": {"Value": {"SS": []}}}}') AS answer
FROM unnest(ARRAY['put_item', 'update_item', 'delete_item']) AS operation;

-- Value and Exists
SELECT attribute, expectation, pg_temp.expect(attribute, expectation) AS answer FROM (VALUES
	('n', '{"Value": {"N": "5.0"}}'::jsonb), ('n', '{"Value": {"N": "6"}}'), ('n', '{"Value": {"S": "5"}}'), ('x', '{"Value": {"N": "5"}}'),
	('n', '{"Exists": true, "Value": {"N": "5"}}'), ('n', '{"Exists": false}'), ('x', '{"Exists": false}'), ('z', '{"Exists": false}'),
	('a.b', '{"Value": {"N": "7"}}'), ('m.a', '{"Exists": false}'), ('n', '{"ComparisonOperator": "LT", "Value": {"N": "6"}}')) AS v(attribute, expectation);

-- Each comparator: on equal, smaller, larger, of another type, on no attribute (NE holds there, NOT_CONTAINS does not)
SELECT comparator, pg_temp.compare('n', comparator, '{"N": "5"}') AS equal, pg_temp.compare('n', comparator, '{"N": "40"}') AS larger,
	pg_temp.compare('n', comparator, '{"N": "-6"}') AS smaller, pg_temp.compare('n', comparator, '{"S": "5"}') AS other_type, pg_temp.compare('x', comparator, '{"N": "5"}') AS missing
FROM unnest(ARRAY['EQ', 'NE', 'LE', 'LT', 'GE', 'GT', 'CONTAINS', 'NOT_CONTAINS', 'IN']) AS comparator;
SELECT attribute, pg_temp.compare(attribute, 'NULL') AS "null", pg_temp.compare(attribute, 'NOT_NULL') AS not_null FROM unnest(ARRAY['n', 'z', 'x']) AS attribute;
SELECT attribute, value, pg_temp.compare(attribute, 'CONTAINS', value) AS contains, pg_temp.compare(attribute, 'NOT_CONTAINS', value) AS not_contains FROM (VALUES
	('s', '{"S": "ell"}'::jsonb), ('s', '{"S": "elo"}'), ('s', '{"N": "1"}'), ('b', '{"B": "ZWxs"}'), ('b', '{"S": "ell"}'), ('ss', '{"S": "a"}'), ('ss', '{"S": "c"}'),
	('ns', '{"N": "2.0"}'), ('ns', '{"S": "2"}'), ('l', '{"N": "1"}'), ('l', '{"S": "x"}'), ('l', '{"S": "y"}'), ('m', '{"S": "a"}'), ('x', '{"S": "a"}')) AS v(attribute, value);
SELECT attribute, value, pg_temp.compare(attribute, 'BEGINS_WITH', value) AS answer FROM (VALUES
	('s', '{"S": "hell"}'::jsonb), ('s', '{"S": "ello"}'), ('b', '{"B": "aGU="}'), ('n', '{"S": "5"}'), ('x', '{"S": "h"}')) AS v(attribute, value);
SELECT attribute, a, b, pg_temp.compare(attribute, 'BETWEEN', a, b) AS "between", pg_temp.compare(attribute, 'IN', a, b) AS "in" FROM (VALUES
	('n', '{"N": "5"}'::jsonb, '{"N": "6"}'::jsonb), ('n', '{"N": "4"}', '{"N": "5"}'), ('n', '{"N": "6"}', '{"N": "7"}'), ('s', '{"S": "h"}', '{"S": "i"}'),
	('n', '{"S": "4"}', '{"S": "6"}'), ('b', '{"B": "aA=="}', '{"B": "aGVsbG8="}'), ('x', '{"N": "4"}', '{"N": "6"}')) AS v(attribute, a, b);
SELECT attribute, value, pg_temp.compare(attribute, 'EQ', value) AS eq, pg_temp.compare(attribute, 'NE', value) AS ne FROM (VALUES
	('t', '{"BOOL": true}'::jsonb), ('z', '{"NULL": true}'), ('l', '{"L": [{"N": "1.0"}, {"S": "x"}]}'), ('m', '{"M": {"a": {"N": "1"}}}'), ('ss', '{"SS": ["b", "a"]}'),
	('ss', '{"SS": ["b"]}'), ('x', '{"L": []}')) AS v(attribute, value);

-- Several conditions, by AND, by OR
SELECT operator, pg_temp.try('e', jsonb_strip_nulls(jsonb_build_object('Expected', expected, 'ConditionalOperator', operator))) AS answer FROM (VALUES
	(NULL, '{"n": {"Value": {"N": "5"}}, "x": {"Exists": false}, "s": {"Value": {"S": "hello"}}}'::jsonb),
	('AND', '{"n": {"Value": {"N": "5"}}, "x": {"Exists": false}, "s": {"Value": {"S": "hello"}}}'),
	('AND', '{"n": {"Value": {"N": "5"}}, "x": {"Exists": false}, "s": {"Value": {"S": "help"}}}'),
	('OR', '{"n": {"Value": {"N": "6"}}, "x": {"Exists": false}, "s": {"Value": {"S": "help"}}}'),
	('OR', '{"n": {"Value": {"N": "6"}}, "n2": {"Value": {"N": "6"}}, "s": {"Value": {"S": "help"}}}'),
	('or', '{"n": {"Value": {"N": "6"}}, "x": {"Exists": false}}'), (NULL, '{}'), ('AND', '{}')) AS v(operator, expected);
SELECT pg_temp.try('e', jsonb_build_object('ConditionalOperator', operator, 'Expected', (SELECT jsonb_object_agg('x' || i, '{"Exists": false}'::jsonb) FROM generate_series(1, 20000) AS i)))
FROM unnest(ARRAY['AND', 'OR']) AS operator;

-- Expected on puts and deletes
SELECT pg_temp.answer('put_item', '{"TableName": "Legacy", "Item": {"p": {"S": "w"}, "v": {"N": "1"}}, "Expected": {"p": {"Exists": false}}}');
SELECT pg_temp.answer('put_item', '{"TableName": "Legacy", "Item": {"p": {"S": "w"}, "v": {"N": "2"}}, "Expected": {"p": {"Exists": false}}, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}');
SELECT pg_temp.answer('put_item', '{"TableName": "Legacy", "Item": {"p": {"S": "w"}, "v": {"N": "2"}}, "Expected": {"v": {"Value": {"N": "1"}}}, "ReturnValues": "ALL_OLD"}');
SELECT pg_temp.answer('delete_item', '{"TableName": "Legacy", "Key": {"p": {"S": "w"}}, "Expected": {"v": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "2"}]}}}');
SELECT pg_temp.answer('delete_item', '{"TableName": "Legacy", "Key": {"p": {"S": "w"}}, "Expected": {"v": {"ComparisonOperator": "GE", "AttributeValueList": [{"N": "2"}]}}, "ReturnValues": "ALL_OLD"}');

-- Errors of AttributeUpdates
SELECT update, pg_temp.try('u', jsonb_build_object('AttributeUpdates', jsonb_build_object('a', update))) AS answer FROM (VALUES
	('{}'::jsonb), ('{"Action": "PUT"}'), ('{"Action": "ADD"}'), ('{"Value": {}}'), ('{"Value": {"SS": []}, "Action": "DELETE"}'), ('{"Value": {"N": "x"}, "Action": "DELETE"}'),
	('{"Value": {"S": "x"}, "Action": "DELETE"}'), ('{"Value": {"N": "1"}, "Action": "DELETE"}'), ('{"Value": {"L": []}, "Action": "DELETE"}'),
	('{"Value": {"S": "x"}, "Action": "ADD"}'), ('{"Value": {"B": "YQ=="}, "Action": "ADD"}'), ('{"Value": {"BOOL": true}, "Action": "ADD"}'),
	('{"Value": {"NULL": true}, "Action": "ADD"}'), ('{"Value": {"M": {}}, "Action": "ADD"}'), ('{"Value": {"S": "x"}, "Action": "SET"}')) AS v(update);

-- AttributeUpdates: names are whole attributes; PUT, DELETE, ADD on what is there and what is not
SELECT pg_temp.put('u', '{"n": 5, "s": "x", "l": [1], "m": {"a": 1}, "ss": {"$SS": ["a", "b"]}, "ns": {"$NS": [1]}}');
SELECT updates, pg_temp.try('u', jsonb_build_object('AttributeUpdates', updates, 'ReturnValues', 'UPDATED_NEW')) AS answer FROM (VALUES
	('{"m.a": {"Value": {"N": "2"}}, "s": {"Value": {"L": []}, "Action": "PUT"}}'::jsonb),
	('{"n": {"Value": {"N": "-7"}, "Action": "ADD"}, "n2": {"Value": {"N": "3"}, "Action": "ADD"}}'),
	('{"ss": {"Value": {"SS": ["c"]}, "Action": "ADD"}, "ss2": {"Value": {"SS": ["c"]}, "Action": "ADD"}}'),
	('{"l": {"Value": {"L": [{"S": "y"}]}, "Action": "ADD"}, "l2": {"Value": {"L": [{"S": "y"}]}, "Action": "ADD"}}'),
	('{"ss": {"Value": {"SS": ["a", "z"]}, "Action": "DELETE"}, "ss2": {"Value": {"SS": ["c"]}, "Action": "DELETE"}, "ss3": {"Value": {"SS": ["c"]}, "Action": "DELETE"}}'),
	('{"m": {"Action": "DELETE"}, "x": {"Action": "DELETE"}}')) AS v(updates);
SELECT pg_temp.item('u');
SELECT update, pg_temp.try('u', jsonb_build_object('AttributeUpdates', update)) AS answer FROM (VALUES
	('{"n": {"Value": {"SS": ["a"]}, "Action": "ADD"}}'::jsonb), ('{"ss": {"Value": {"N": "1"}, "Action": "ADD"}}'), ('{"ss": {"Value": {"NS": ["1"]}, "Action": "ADD"}}'),
	('{"n": {"Value": {"L": []}, "Action": "ADD"}}'), ('{"n": {"Value": {"SS": ["a"]}, "Action": "DELETE"}}'), ('{"ss": {"Value": {"NS": ["1"]}, "Action": "DELETE"}}'),
	('{"n": {"Value": {"N": "9e125"}, "Action": "ADD"}}')) AS v(update);

-- AttributeUpdates on an item that is not there
SELECT k, pg_temp.try(k, jsonb_build_object('AttributeUpdates', update, 'ReturnValues', 'ALL_NEW')) AS answer, pg_temp.item(k) FROM (VALUES
	('u1', '{"a": {"Value": {"S": "x"}}}'::jsonb), ('u2', '{"a": {"Action": "DELETE"}}'), ('u3', '{"a": {"Value": {"SS": ["x"]}, "Action": "DELETE"}}'),
	('u4', '{"a": {"Value": {"N": "1"}, "Action": "ADD"}}'), ('u5', '{}')) AS v(k, update);

-- Expected and AttributeUpdates together: a counter that starts once
SELECT pg_temp.try('count', jsonb_build_object('AttributeUpdates', '{"n": {"Value": {"N": "1"}, "Action": "ADD"}}'::jsonb, 'Expected', '{"n": {"ComparisonOperator": "NULL"}}'::jsonb,
	'ReturnValues', 'ALL_NEW')) FROM generate_series(1, 2);

-- AttributesToGet
SELECT pg_temp.answer('get_item', '{"TableName": "Legacy", "Key": {"p": {"S": "e"}}, "AttributesToGet": ["p", "a.b", "x", "l[0]", "t"]}');
SELECT pg_temp.answer('get_item', '{"TableName": "Legacy", "Key": {"p": {"S": "e"}}, "AttributesToGet": ["n", "s", "t", "s", "n"]}');
SELECT pg_temp.answer('get_item', '{"TableName": "Legacy", "Key": {"p": {"S": "e"}}, "AttributesToGet": []}');

-- KeyConditions, QueryFilter and ScanFilter have errors of their own: values, their number, their types, their order
SELECT condition, pg_temp.answer('scan', jsonb_build_object('TableName', 'None', 'ScanFilter', jsonb_build_object('a', condition))) AS scan_filter,
	pg_temp.answer('query', jsonb_build_object('TableName', 'None', 'KeyConditions', '{}'::jsonb, 'QueryFilter', jsonb_build_object('a', condition))) =
	pg_temp.answer('scan', jsonb_build_object('TableName', 'None', 'ScanFilter', jsonb_build_object('a', condition))) AS same_in_query_filter,
	pg_temp.answer('query', jsonb_build_object('TableName', 'None', 'KeyConditions', jsonb_build_object('a', condition))) =
	pg_temp.answer('scan', jsonb_build_object('TableName', 'None', 'ScanFilter', jsonb_build_object('a', condition))) AS same_in_key_conditions
FROM (VALUES
	('{"ComparisonOperator": "EQ", "AttributeValueList": [{}]}'::jsonb), ('{"ComparisonOperator": "EQ", "AttributeValueList": [{"SS": []}, {"S": "x"}]}'),
	('{"ComparisonOperator": "EQ"}'), ('{"ComparisonOperator": "NULL", "AttributeValueList": [{"S": "x"}]}'), ('{"ComparisonOperator": "IN", "AttributeValueList": []}'),
	('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "x"}]}'), ('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"S": "x"}, {"N": "1"}]}'),
	('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"SS": ["a"]}, {"SS": ["b"]}]}'), ('{"ComparisonOperator": "GE", "AttributeValueList": [{"BOOL": true}]}'),
	('{"ComparisonOperator": "BETWEEN", "AttributeValueList": [{"N": "2"}, {"N": "1"}]}'), ('{"AttributeValueList": [{"N": "2"}]}')) AS v(condition);
SELECT pg_temp.answer('query', jsonb_build_object('TableName', 'Legacy', 'KeyConditions', conditions)) AS answer FROM (VALUES
	('{}'::jsonb), ('{"a": {"ComparisonOperator": "NULL"}, "b": {"ComparisonOperator": "NULL"}, "c": {"ComparisonOperator": "NULL"}}'),
	('{"a": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "e"}]}}'), ('{"p": {"ComparisonOperator": "NULL"}}'),
	('{"p": {"ComparisonOperator": "NE", "AttributeValueList": [{"S": "e"}]}}'), ('{"p": {"ComparisonOperator": "GT", "AttributeValueList": [{"S": "e"}]}}')) AS v(conditions);

-- Filters, by AND and by OR
SELECT operator, filter, pg_temp.answer('query', jsonb_strip_nulls(jsonb_build_object('TableName', 'Legacy', 'Select', 'COUNT', 'ConditionalOperator', operator, 'QueryFilter', filter,
	'KeyConditions', '{"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "e"}]}}'::jsonb))) AS answer FROM (VALUES
	(NULL, '{"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "4"}]}}'::jsonb),
	('AND', '{"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "4"}]}, "x": {"ComparisonOperator": "NOT_NULL"}}'),
	('OR', '{"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "4"}]}, "x": {"ComparisonOperator": "NOT_NULL"}}'),
	('OR', '{"n": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "4"}]}}'), (NULL, '{}')) AS v(operator, filter);
SELECT pg_temp.answer('scan', '{"TableName": "Legacy", "Select": "COUNT", "ScanFilter": {"l2": {"ComparisonOperator": "CONTAINS", "AttributeValueList": [{"S": "y"}]}}}');

\set ECHO none
SELECT true AS deleted FROM dynamo_delete_table('{"TableName": "Legacy"}');
