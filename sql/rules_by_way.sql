-- Rules against ways: what is said of a value, a key, a name, a number or an operand is said wherever it comes in.  Each rule is tried
-- by every way; ways that answer alike stand on one line.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- A table with a key of S and N, and one of B; indexes of each type of key.
SELECT left(pg_temp.answer('create_table', '{"TableName": "rules", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"},
		{"AttributeName": "x", "AttributeType": "S"}, {"AttributeName": "y", "AttributeType": "B"}, {"AttributeName": "n", "AttributeType": "N"}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "Projection": {"ProjectionType": "ALL"},
		"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}]}],
	"GlobalSecondaryIndexes": [{"IndexName": "global", "Projection": {"ProjectionType": "ALL"},
		"KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}, {"AttributeName": "y", "KeyType": "RANGE"}]}]}'), 20);
SELECT pg_temp.make('binary', 'p:B', 's:S');
SELECT dynamo_put_item('{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}, "a": {"S": "text"}, "n": {"N": "5"},
	"x": {"S": "x"}, "y": {"B": "eQ=="}, "m": {"M": {"a": {"S": "b"}}}, "l": {"L": [{"N": "1"}]}}}');
SELECT dynamo_put_item('{"TableName": "binary", "Item": {"p": {"B": "aw=="}, "s": {"S": "1"}}}');

-- The reasons of a cancelled transaction, and a batch's own errors, as other operations would have them.
CREATE FUNCTION pg_temp.inner_error(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(
		(SELECT 'cancelled: ' || (reason->>'Code') || ': ' || (reason->>'Message')
		 FROM jsonb_array_elements(CASE WHEN answer ~ '^YD015 ' THEN (substring(answer FROM ' / (.*)$')::jsonb->'CancellationReasons') END) AS reason
		 WHERE reason->>'Code' <> 'None' LIMIT 1),
		(SELECT 'in the batch: ' || (response->'Error'->>'Code') || ': ' || (response->'Error'->>'Message')
		 FROM jsonb_array_elements(CASE WHEN answer ~ '^{"Responses": \[' THEN answer::jsonb->'Responses' END) AS response WHERE response ? 'Error' LIMIT 1),
		answer)
$$;
-- What an operation or a command of SQL answers; nothing of what it does is left.
CREATE FUNCTION pg_temp.outcome(operation text, request text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	name text;
	detail text;
BEGIN
	IF operation = 'sql' THEN
		EXECUTE request INTO answer;
	ELSE
		EXECUTE format('SELECT dynamo_%s($1)', operation) INTO answer USING request::jsonb;
	END IF;
	RAISE SQLSTATE 'ZZ000' USING MESSAGE = coalesce(answer, 'null');
EXCEPTION
	WHEN SQLSTATE 'ZZ000' THEN
		answer := pg_temp.inner_error(SQLERRM);
		RETURN CASE WHEN answer ~ '^(in the batch|cancelled)' THEN answer WHEN answer ~ '"(Items|Item)": (\[{|{)' THEN 'found' ELSE 'done' END;
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS name = PG_DATATYPE_NAME, detail = PG_EXCEPTION_DETAIL;
		answer := pg_temp.inner_error(concat(SQLSTATE, ' ', name, ': ', SQLERRM, CASE WHEN SQLSTATE = 'YD015' THEN ' / ' || detail END));
		RETURN regexp_replace(answer, '^YD001 ValidationException: ', '');
END $$;

-- A way: an operation's request or a command, in which $V stands for the value, or $K and $J for keys, or so.
CREATE TEMP TABLE ways (place serial, kind text, way text, operation text, template text);
-- All ways of a kind with texts in the place of markers ($V, text), grouped by their answers; long texts are cut.
CREATE FUNCTION pg_temp.try(of text, VARIADIC markers text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY
	WITH answers AS MATERIALIZED (
		SELECT w.place, w.way, regexp_replace(pg_temp.outcome(w.operation, (
			WITH RECURSIVE replaced AS (
				SELECT 1 AS i, w.template AS text
				UNION ALL
				SELECT i + 2, replace(text, markers[i], markers[i + 1]) FROM replaced WHERE i < array_length(markers, 1))
			SELECT text FROM replaced ORDER BY i DESC LIMIT 1)), '(.)\1{50,}', '\1...', 'g') AS answer
		FROM ways AS w WHERE w.kind = of)
	SELECT format('  %s: %s', string_agg(a.way, ', ' ORDER BY a.place), a.answer) FROM answers AS a GROUP BY a.answer ORDER BY min(a.place);
END $$;

-- Values, by each way by which one comes in as DynamoDB JSON.
INSERT INTO ways (kind, way, operation, template) VALUES
	('value', 'PutItem', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}, "a": $V}}'),
	('value', 'BatchWriteItem', 'batch_write_item', '{"RequestItems": {"rules": [{"PutRequest": {"Item": {"p": {"S": "k"}, "s": {"N": "1"}, "a": $V}}}]}}'),
	('value', 'transacted Put', 'transact_write_items', '{"TransactItems": [{"Put": {"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}, "a": $V}}}]}'),
	('value', 'UpdateExpression', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": $V}}'),
	('value', 'transacted Update', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET a = :v", "ExpressionAttributeValues": {":v": $V}}}]}'),
	('value', 'AttributeUpdates', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "AttributeUpdates": {"a": {"Value": $V}}}'),
	('value', 'INSERT', 'execute_statement', '{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''a'': ?}", "Parameters": [$V]}'),
	('value', 'batched INSERT', 'batch_execute_statement', '{"Statements": [{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''a'': ?}", "Parameters": [$V]}]}'),
	('value', 'transacted INSERT', 'execute_transaction', '{"TransactStatements": [{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''a'': ?}", "Parameters": [$V]}]}'),
	('value', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET a = ? WHERE p = ''k'' AND s = 1", "Parameters": [$V]}'),
	('value', 'ConditionExpression', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "a <> :v", "ExpressionAttributeValues": {":v": $V}}'),
	('value', 'of DeleteItem', 'delete_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "a <> :v", "ExpressionAttributeValues": {":v": $V}}'),
	('value', 'ConditionCheck', 'transact_write_items', '{"TransactItems": [{"ConditionCheck": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "a <> :v", "ExpressionAttributeValues": {":v": $V}}}]}'),
	('value', 'FilterExpression', 'scan', '{"TableName": "rules", "FilterExpression": "a <> :v", "ExpressionAttributeValues": {":v": $V}}'),
	('value', 'of Query', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :p", "FilterExpression": "a <> :v", "ExpressionAttributeValues": {":p": {"S": "k"}, ":v": $V}}'),
	('value', 'Expected', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "Expected": {"a": {"ComparisonOperator": "NE", "AttributeValueList": [$V]}}}'),
	('value', 'of DeleteItem with Value', 'delete_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "Expected": {"a": {"ComparisonOperator": "NE", "Value": $V}}}'),
	('value', 'ScanFilter', 'scan', '{"TableName": "rules", "ScanFilter": {"a": {"ComparisonOperator": "NE", "AttributeValueList": [$V]}}}'),
	('value', 'QueryFilter', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}, "QueryFilter": {"a": {"ComparisonOperator": "NE", "AttributeValueList": [$V]}}}'),
	('value', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE a <> ?", "Parameters": [$V]}'),
	('value', 'Key', 'get_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": $V}}'),
	('value', 'of DeleteItem', 'delete_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": $V}}'),
	('value', 'of UpdateItem', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": $V}}'),
	('value', 'of BatchGetItem', 'batch_get_item', '{"RequestItems": {"rules": {"Keys": [{"p": {"S": "k"}, "s": $V}]}}}'),
	('value', 'of BatchWriteItem', 'batch_write_item', '{"RequestItems": {"rules": [{"DeleteRequest": {"Key": {"p": {"S": "k"}, "s": $V}}}]}}'),
	('value', 'transacted Get', 'transact_get_items', '{"TransactItems": [{"Get": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": $V}}}]}'),
	('value', 'transacted Delete', 'transact_write_items', '{"TransactItems": [{"Delete": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": $V}}}]}'),
	('value', 'KeyConditionExpression', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :p AND s = :v", "ExpressionAttributeValues": {":p": {"S": "k"}, ":v": $V}}'),
	('value', 'KeyConditions', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}, "s": {"ComparisonOperator": "EQ", "AttributeValueList": [$V]}}}'),
	('value', 'WHERE of the key', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE p = ''k'' AND s = ?", "Parameters": [$V]}'),
	('value', 'start of Query', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "k"}}, "ExclusiveStartKey": {"p": {"S": "k"}, "s": $V}}'),
	('value', 'of Scan', 'scan', '{"TableName": "rules", "ExclusiveStartKey": {"p": {"S": "k"}, "s": $V}}');
-- ... and as jsonb.
INSERT INTO ways (kind, way, operation, template) VALUES
	('jsonb', 'dynapg.put', 'sql', $$SELECT dynapg.put('rules', '{"p": "k", "s": 1, "a": $V}')$$),
	('jsonb', 'SQL INSERT', 'sql', $$INSERT INTO dynamo.rules (item) VALUES ('{"p": "new", "s": 1, "a": $V}') RETURNING item$$),
	('jsonb', 'SQL UPDATE', 'sql', $$UPDATE dynamo.rules SET item = item || '{"a": $V}' RETURNING item$$),
	('literal', 'INSERT', 'execute_statement', '{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''a'': $V}"}'),
	('literal', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET a = $V WHERE p = ''k'' AND s = 1"}'),
	('literal', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE a <> $V"}'),
	('literal', 'batched INSERT', 'batch_execute_statement', '{"Statements": [{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''a'': $V}"}]}'),
	('literal', 'transacted UPDATE', 'execute_transaction', '{"TransactStatements": [{"Statement": "UPDATE rules SET a = $V WHERE p = ''k'' AND s = 1"}]}');

-- A number
SELECT pg_temp.try('value', '$V', '{"N": "1"}');
SELECT number, pg_temp.try('value', '$V', format('{"N": "%s"}', number)) FROM unnest(ARRAY['', ' 1', 'NaN', '1.2.3', repeat('1', 39), '1E126', '1E-131', '0e126']) WITH ORDINALITY AS t (number, i);
SELECT number, pg_temp.try('jsonb', '$V', number) FROM unnest(ARRAY[repeat('1', 38), repeat('1', 39), '1E126', '1E-131']) AS number;
SELECT number, pg_temp.try('literal', '$V', number) FROM unnest(ARRAY[repeat('1', 38), repeat('1', 39), '1E126', '1E-131']) AS number;

-- A set
SELECT value, pg_temp.try('value', '$V', value) FROM unnest(ARRAY['{"SS": []}', '{"NS": []}', '{"BS": []}', '{"SS": ["a", "a"]}', '{"NS": ["1", "1.0"]}', '{"BS": ["YQ==", "YQ=="]}']) AS value;
SELECT value, pg_temp.try('jsonb', '$V', value) FROM unnest(ARRAY['{"$SS": []}', '{"$NS": []}', '{"$BS": []}', '{"$SS": ["a", "a"]}', '{"$NS": [1, 1.0]}', '{"$BS": ["YQ==", "YQ=="]}']) AS value;
SELECT value, pg_temp.try('literal', '$V', value) FROM unnest(ARRAY['<<>>', '<<''a'', ''a''>>', '<<1, 1.0>>']) AS value;

-- NULL, types, binary
SELECT value, pg_temp.try('value', '$V', value) FROM unnest(ARRAY['{"NULL": false}', '{}', '{"X": "a"}', '{"S": "a", "N": "1"}', '{"L": [{"NULL": false}]}', '{"M": {"a": {}}}', '{"B": "YQ"}']) AS value;
SELECT value, pg_temp.try('jsonb', '$V', value) FROM unnest(ARRAY['{"$B": "YQ"}', '{"$B": 1}', '{"$S": "a"}']) AS value;

-- Names of members
SELECT pg_temp.try('value', '$V', '{"M": {"": {"S": "a"}}}');
SELECT pg_temp.try('jsonb', '$V', '{"": "a"}');
SELECT pg_temp.try('literal', '$V', '{'''': ''a''}');
SELECT pg_temp.try('value', '$V', format('{"M": {"%s": {"S": "a"}}}', repeat('n', 65536)));
SELECT pg_temp.try('jsonb', '$V', format('{"%s": "a"}', repeat('n', 65536)));

-- Depth: 32 levels, the attribute itself being the first
SELECT pg_temp.try('value', '$V', repeat('{"L": [', 31) || '{"S": "a"}' || repeat(']}', 31));
SELECT pg_temp.try('value', '$V', repeat('{"L": [', 32) || '{"S": "a"}' || repeat(']}', 32));
SELECT pg_temp.try('jsonb', '$V', repeat('[', 31) || '1' || repeat(']', 31));
SELECT pg_temp.try('jsonb', '$V', repeat('[', 32) || '1' || repeat(']', 32));
SELECT pg_temp.try('literal', '$V', repeat('[', 31) || '1' || repeat(']', 31));
SELECT pg_temp.try('literal', '$V', repeat('[', 32) || '1' || repeat(']', 32));

-- Keys: $K is the table's key as DynamoDB JSON, $P and $S its two values as PartiQL's or SQL's literals.
INSERT INTO ways (kind, way, operation, template) VALUES
	('item key', 'PutItem', 'put_item', '{"TableName": "rules", "Item": $K}'),
	('item key', 'transacted Put', 'transact_write_items', '{"TransactItems": [{"Put": {"TableName": "rules", "Item": $K}}]}'),
	('item key', 'BatchWriteItem', 'batch_write_item', '{"RequestItems": {"rules": [{"PutRequest": {"Item": $K}}]}}'),
	('key', 'GetItem', 'get_item', '{"TableName": "rules", "Key": $K}'),
	('key', 'DeleteItem', 'delete_item', '{"TableName": "rules", "Key": $K}'),
	('key', 'UpdateItem', 'update_item', '{"TableName": "rules", "Key": $K}'),
	('key', 'BatchGetItem', 'batch_get_item', '{"RequestItems": {"rules": {"Keys": [$K]}}}'),
	('key', 'BatchWriteItem', 'batch_write_item', '{"RequestItems": {"rules": [{"DeleteRequest": {"Key": $K}}]}}'),
	('key', 'transacted Get', 'transact_get_items', '{"TransactItems": [{"Get": {"TableName": "rules", "Key": $K}}]}'),
	('key', 'transacted Update', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": $K, "UpdateExpression": "SET a = a"}}]}'),
	('key', 'transacted Delete', 'transact_write_items', '{"TransactItems": [{"Delete": {"TableName": "rules", "Key": $K}}]}'),
	('key', 'ConditionCheck', 'transact_write_items', '{"TransactItems": [{"ConditionCheck": {"TableName": "rules", "Key": $K, "ConditionExpression": "attribute_exists(p)"}}]}'),
	('start key', 'Query', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "k"}}, "ExclusiveStartKey": $K}'),
	('start key', 'KeyConditions', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}, "ExclusiveStartKey": $K}'),
	('start key', 'Scan', 'scan', '{"TableName": "rules", "ExclusiveStartKey": $K}'),
	('start key', 'segment', 'scan', '{"TableName": "rules", "ExclusiveStartKey": $K, "Segment": 0, "TotalSegments": 1}'),
	('index start key', 'Query', 'query', '{"TableName": "rules", "IndexName": "global", "KeyConditionExpression": "x = :x", "ExpressionAttributeValues": {":x": {"S": "x"}}, "ExclusiveStartKey": $K}'),
	('index start key', 'KeyConditions', 'query', '{"TableName": "rules", "IndexName": "global", "KeyConditions": {"x": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "x"}]}}, "ExclusiveStartKey": $K}'),
	('index start key', 'Scan', 'scan', '{"TableName": "rules", "IndexName": "global", "ExclusiveStartKey": $K}');
INSERT INTO ways (kind, way, operation, template) VALUES
	('literal key', 'INSERT', 'execute_statement', '{"Statement": "INSERT INTO rules VALUE {''p'': $P, ''s'': $S}"}'),
	('literal key', 'batched INSERT', 'batch_execute_statement', '{"Statements": [{"Statement": "INSERT INTO rules VALUE {''p'': $P, ''s'': $S}"}]}'),
	('literal key', 'transacted INSERT', 'execute_transaction', '{"TransactStatements": [{"Statement": "INSERT INTO rules VALUE {''p'': $P, ''s'': $S}"}]}'),
	('literal key', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET a = 1 WHERE p = $P AND s = $S"}'),
	('literal key', 'DELETE', 'execute_statement', '{"Statement": "DELETE FROM rules WHERE p = $P AND s = $S"}'),
	('literal key', 'SELECT', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE p = $P AND s = $S"}'),
	('literal key', 'SELECT IN', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE p IN ($P, ''l'') AND s = $S"}'),
	('literal key', 'SELECT of a range', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE p = $P AND s >= $S"}'),
	('literal key', 'batched DELETE', 'batch_execute_statement', '{"Statements": [{"Statement": "DELETE FROM rules WHERE p = $P AND s = $S"}]}'),
	('literal key', 'batched SELECT', 'batch_execute_statement', '{"Statements": [{"Statement": "SELECT * FROM rules WHERE p = $P AND s = $S"}]}'),
	('literal key', 'transacted UPDATE', 'execute_transaction', '{"TransactStatements": [{"Statement": "UPDATE rules SET a = 1 WHERE p = $P AND s = $S"}]}'),
	('literal key', 'transacted SELECT', 'execute_transaction', '{"TransactStatements": [{"Statement": "SELECT * FROM rules WHERE p = $P AND s = $S"}]}'),
	('literal key', 'EXISTS', 'execute_transaction', '{"TransactStatements": [{"Statement": "EXISTS(SELECT * FROM rules WHERE p = $P AND s = $S AND attribute_exists(p))"}, {"Statement": "DELETE FROM rules WHERE p = ''other'' AND s = 1"}]}'),
	('sql key', 'dynapg.get', 'sql', 'SELECT dynapg.get(''rules'', $P, $S)'),
	('sql key', 'dynapg.delete', 'sql', 'SELECT dynapg.delete(''rules'', $P, $S)'),
	('sql items', 'dynapg.items', 'sql', 'SELECT (SELECT jsonb_agg(i) FROM dynapg.items(''rules'', $P) i)'),
	('sql item', 'dynapg.put', 'sql', 'SELECT dynapg.put(''rules'', jsonb_build_object(''p'', $P, ''s'', $S))'),
	('sql item', 'SQL INSERT', 'sql', 'INSERT INTO dynamo.rules (item) VALUES (jsonb_build_object(''p'', $P, ''s'', $S)) RETURNING item'),
	('sql item', 'SQL UPDATE', 'sql', 'UPDATE dynamo.rules SET item = item || jsonb_build_object(''p'', $P, ''s'', $S) RETURNING item');

-- Keys that do not fit
SELECT what, pg_temp.try(kind, '$K', key)
FROM (VALUES
	(1, 'right', '{"p": {"S": "k"}, "s": {"N": "1"}}'),
	(2, 'nothing', '{}'),
	(3, 'no sort key', '{"p": {"S": "k"}}'),
	(4, 'no partition key', '{"s": {"N": "1"}}'),
	(5, 'another attribute', '{"p": {"S": "k"}, "q": {"N": "1"}}'),
	(6, 'N for S', '{"p": {"N": "1"}, "s": {"N": "1"}}'),
	(7, 'S for N', '{"p": {"S": "k"}, "s": {"S": "1"}}'),
	(8, 'a list', '{"p": {"L": [{"S": "k"}]}, "s": {"N": "1"}}'),
	(9, 'NULL', '{"p": {"S": "k"}, "s": {"NULL": true}}'),
	(10, 'empty', '{"p": {"S": ""}, "s": {"N": "1"}}'),
	(11, '2048 bytes', format('{"p": {"S": "%s"}, "s": {"N": "1"}}', repeat('k', 2048))),
	(12, '2049 bytes', format('{"p": {"S": "%s"}, "s": {"N": "1"}}', repeat('k', 2049))),
	(13, 'empty and wrong', '{"p": {"S": ""}, "s": {"S": "1"}}')) AS keys (n, what, key),
	unnest(ARRAY['item key', 'key', 'start key']) WITH ORDINALITY AS kinds (kind, k) ORDER BY n, k;
SELECT pg_temp.try('key', '$K', '{"p": {"S": "k"}, "s": {"N": "1"}, "a": {"S": "extra"}}');
SELECT pg_temp.try('start key', '$K', '{"p": {"S": "k"}, "s": {"N": "1"}, "a": {"S": "extra"}}');
SELECT what, pg_temp.try('literal key', '$P', p, '$S', s)
FROM (VALUES
	(1, 'right', '''k''', '1'), (2, 'N for S', '1', '1'), (3, 'S for N', '''k''', '''1'''), (4, 'a list', '[''k'']', '1'), (5, 'NULL', '''k''', 'null'),
	(6, 'empty', '''''', '1'), (7, '2048 bytes', quote_literal(repeat('k', 2048)), '1'), (8, '2049 bytes', quote_literal(repeat('k', 2049)), '1'),
	(9, 'empty and wrong', '''''', '''1''')) AS keys (n, what, p, s) ORDER BY n;
SELECT what, pg_temp.try(kind, '$P', p, '$S', s)
FROM (VALUES
	(1, 'right', '''k''::text', '1::numeric'), (2, 'N for S', '1::numeric', '1::numeric'), (3, 'S for N', '''k''::text', '''1''::text'),
	(4, 'empty', '''''::text', '1::numeric'), (5, '2048 bytes', 'repeat(''k'', 2048)', '1::numeric'), (6, '2049 bytes', 'repeat(''k'', 2049)', '1::numeric'),
	(7, 'empty and wrong', '''''::text', '''1''::text'), (8, 'NaN', '''k''::text', '''NaN''::numeric'), (9, '39 digits', '''k''::text', repeat('1', 39) || '::numeric')) AS keys (n, what, p, s),
	unnest(ARRAY['sql key', 'sql items', 'sql item']) WITH ORDINALITY AS kinds (kind, k) ORDER BY n, k;

-- Sort keys that are strings and partition keys that are binary
CREATE FUNCTION pg_temp.binary_ways() RETURNS void LANGUAGE sql AS $$
	INSERT INTO ways (kind, way, operation, template)
	SELECT 'binary ' || kind, way, operation, replace(replace(replace(template, 'rules', 'binary'), '":p": {"S": "k"}', '":p": {"B": "aw=="}'),
		'"AttributeValueList": [{"S": "k"}]', '"AttributeValueList": [{"B": "aw=="}]')
	FROM ways WHERE kind IN ('item key', 'key', 'start key')
$$;
SELECT pg_temp.binary_ways();
SELECT what, pg_temp.try(kind, '$K', key)
FROM (VALUES
	(1, 'right', '{"p": {"B": "aw=="}, "s": {"S": "1"}}'),
	(2, 'S for B', '{"p": {"S": "aw=="}, "s": {"S": "1"}}'),
	(3, 'empty B', '{"p": {"B": ""}, "s": {"S": "1"}}'),
	(4, 'empty S', '{"p": {"B": "aw=="}, "s": {"S": ""}}'),
	(5, '1024 bytes', format('{"p": {"B": "aw=="}, "s": {"S": "%s"}}', repeat('s', 1024))),
	(6, '1025 bytes', format('{"p": {"B": "aw=="}, "s": {"S": "%s"}}', repeat('s', 1025)))) AS keys (n, what, key),
	unnest(ARRAY['binary item key', 'binary key', 'binary start key']) WITH ORDINALITY AS kinds (kind, k) ORDER BY n, k;

-- Start keys of an index
SELECT what, pg_temp.try('index start key', '$K', key)
FROM (VALUES
	(1, 'right', '{"p": {"S": "k"}, "s": {"N": "1"}, "x": {"S": "x"}, "y": {"B": "eQ=="}}'),
	(2, 'nothing', '{}'),
	(3, 'the table''s', '{"p": {"S": "k"}, "s": {"N": "1"}}'),
	(4, 'the index''s', '{"x": {"S": "x"}, "y": {"B": "eQ=="}}'),
	(5, 'wrong in the index', '{"p": {"S": "k"}, "s": {"N": "1"}, "x": {"S": "x"}, "y": {"S": "y"}}'),
	(6, 'wrong in the table', '{"p": {"S": "k"}, "s": {"S": "1"}, "x": {"S": "x"}, "y": {"B": "eQ=="}}'),
	(7, 'empty in the index', '{"p": {"S": "k"}, "s": {"N": "1"}, "x": {"S": ""}, "y": {"B": "eQ=="}}'),
	(8, 'empty in the table', '{"p": {"S": ""}, "s": {"N": "1"}, "x": {"S": "x"}, "y": {"B": "eQ=="}}'),
	(9, 'too long in the index', format('{"p": {"S": "k"}, "s": {"N": "1"}, "x": {"S": "%s"}, "y": {"B": "eQ=="}}', repeat('x', 2049))),
	(10, 'too long in the table', format('{"p": {"S": "%s"}, "s": {"N": "1"}, "x": {"S": "x"}, "y": {"B": "eQ=="}}', repeat('p', 2049))),
	(11, 'extra', '{"p": {"S": "k"}, "s": {"N": "1"}, "x": {"S": "x"}, "y": {"B": "eQ=="}, "a": {"S": "b"}}')) AS keys (n, what, key) ORDER BY n;

-- Keys in conditions of Query: $V is the partition key's value, or the sort key's
INSERT INTO ways (kind, way, operation, template) VALUES
	('hash term', 'KeyConditionExpression', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :v", "ExpressionAttributeValues": {":v": $V}}'),
	('hash term', 'KeyConditions', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [$V]}}}'),
	('hash term', 'of the local index', 'query', '{"TableName": "rules", "IndexName": "local", "KeyConditionExpression": "p = :v", "ExpressionAttributeValues": {":v": $V}}'),
	('hash term', 'of the global index', 'query', '{"TableName": "rules", "IndexName": "global", "KeyConditionExpression": "x = :v", "ExpressionAttributeValues": {":v": $V}}'),
	('hash term', 'with KeyConditions', 'query', '{"TableName": "rules", "IndexName": "global", "KeyConditions": {"x": {"ComparisonOperator": "EQ", "AttributeValueList": [$V]}}}'),
	('hash term', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE p = ?", "Parameters": [$V]}'),
	('hash term', 'WHERE of the index', 'execute_statement', '{"Statement": "SELECT * FROM rules.global WHERE x = ?", "Parameters": [$V]}'),
	('sort term', '=', 'query', '{"TableName": "binary", "KeyConditionExpression": "p = :p AND s = :v", "ExpressionAttributeValues": {":p": {"B": "aw=="}, ":v": $V}}'),
	('sort term', '<', 'query', '{"TableName": "binary", "KeyConditionExpression": "p = :p AND s < :v", "ExpressionAttributeValues": {":p": {"B": "aw=="}, ":v": $V}}'),
	('sort term', 'begins_with', 'query', '{"TableName": "binary", "KeyConditionExpression": "p = :p AND begins_with(s, :v)", "ExpressionAttributeValues": {":p": {"B": "aw=="}, ":v": $V}}'),
	('sort term', 'BETWEEN from', 'query', '{"TableName": "binary", "KeyConditionExpression": "p = :p AND s BETWEEN :v AND :z", "ExpressionAttributeValues": {":p": {"B": "aw=="}, ":v": $V, ":z": {"S": "~"}}}'),
	('sort term', 'EQ', 'query', '{"TableName": "binary", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"B": "aw=="}]}, "s": {"ComparisonOperator": "EQ", "AttributeValueList": [$V]}}}'),
	('sort term', 'LT', 'query', '{"TableName": "binary", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"B": "aw=="}]}, "s": {"ComparisonOperator": "LT", "AttributeValueList": [$V]}}}'),
	('sort term', 'BEGINS_WITH', 'query', '{"TableName": "binary", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"B": "aw=="}]}, "s": {"ComparisonOperator": "BEGINS_WITH", "AttributeValueList": [$V]}}}'),
	('sort term', 'PartiQL =', 'execute_statement', '{"Statement": "SELECT * FROM \"binary\" WHERE p = ? AND s = ?", "Parameters": [{"B": "aw=="}, $V]}'),
	('sort term', 'PartiQL <', 'execute_statement', '{"Statement": "SELECT * FROM \"binary\" WHERE p = ? AND s < ?", "Parameters": [{"B": "aw=="}, $V]}'),
	('sort term', 'PartiQL begins_with', 'execute_statement', '{"Statement": "SELECT * FROM \"binary\" WHERE p = ? AND begins_with(s, ?)", "Parameters": [{"B": "aw=="}, $V]}');
SELECT what, pg_temp.try('hash term', '$V', value)
FROM (VALUES (1, 'right', '{"S": "k"}'), (2, 'N for S', '{"N": "1"}'), (3, 'a list', '{"L": []}'), (4, 'NULL', '{"NULL": true}'), (5, 'empty', '{"S": ""}'),
	(6, '2049 bytes', format('{"S": "%s"}', repeat('k', 2049)))) AS v (n, what, value) ORDER BY n;
SELECT what, pg_temp.try('sort term', '$V', value)
FROM (VALUES (1, 'right', '{"S": "1"}'), (2, 'N for S', '{"N": "1"}'), (3, 'B for S', '{"B": "YQ=="}'), (4, 'BOOL', '{"BOOL": true}'), (5, 'empty', '{"S": ""}'),
	(6, '1025 bytes', format('{"S": "%s"}', repeat('k', 1025)))) AS v (n, what, value) ORDER BY n;

-- Keys of indexes: $V is the value of an attribute $A that is one
INSERT INTO ways (kind, way, operation, template) VALUES
	('index key', 'PutItem', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "new"}, "s": {"N": "1"}, "$A": $V}}'),
	('index key', 'BatchWriteItem', 'batch_write_item', '{"RequestItems": {"rules": [{"PutRequest": {"Item": {"p": {"S": "new"}, "s": {"N": "1"}, "$A": $V}}}]}}'),
	('index key', 'transacted Put', 'transact_write_items', '{"TransactItems": [{"Put": {"TableName": "rules", "Item": {"p": {"S": "new"}, "s": {"N": "1"}, "$A": $V}}}]}'),
	('index key', 'UpdateExpression', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET $A = :v", "ExpressionAttributeValues": {":v": $V}}'),
	('index key', 'of a new item', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "new"}, "s": {"N": "1"}}, "UpdateExpression": "SET $A = :v", "ExpressionAttributeValues": {":v": $V}}'),
	('index key', 'computed by it', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET $A = if_not_exists(zz, :v)", "ExpressionAttributeValues": {":v": $V}}'),
	('index key', 'AttributeUpdates', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "AttributeUpdates": {"$A": {"Value": $V}}}'),
	('index key', 'transacted Update', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET $A = :v", "ExpressionAttributeValues": {":v": $V}}}]}'),
	('index key', 'computed by it', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET $A = if_not_exists(zz, :v)", "ExpressionAttributeValues": {":v": $V}}}]}'),
	('index key', 'INSERT', 'execute_statement', '{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''$A'': ?}", "Parameters": [$V]}'),
	('index key', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET $A = ? WHERE p = ''k'' AND s = 1", "Parameters": [$V]}'),
	('index key', 'computed by it', 'execute_statement', '{"Statement": "UPDATE rules SET $A = if_not_exists(zz, ?) WHERE p = ''k'' AND s = 1", "Parameters": [$V]}'),
	('index key', 'batched INSERT', 'batch_execute_statement', '{"Statements": [{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''$A'': ?}", "Parameters": [$V]}]}'),
	('index key', 'batched UPDATE', 'batch_execute_statement', '{"Statements": [{"Statement": "UPDATE rules SET $A = ? WHERE p = ''k'' AND s = 1", "Parameters": [$V]}]}'),
	('index key', 'transacted INSERT', 'execute_transaction', '{"TransactStatements": [{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''$A'': ?}", "Parameters": [$V]}]}'),
	('index key', 'transacted UPDATE', 'execute_transaction', '{"TransactStatements": [{"Statement": "UPDATE rules SET $A = ? WHERE p = ''k'' AND s = 1", "Parameters": [$V]}]}'),
	('index jsonb', 'dynapg.put', 'sql', $$SELECT dynapg.put('rules', '{"p": "new", "s": 1, "$A": $V}')$$),
	('index jsonb', 'SQL INSERT', 'sql', $$INSERT INTO dynamo.rules (item) VALUES ('{"p": "new", "s": 1, "$A": $V}') RETURNING item$$),
	('index jsonb', 'SQL UPDATE', 'sql', $$UPDATE dynamo.rules SET item = item || '{"$A": $V}' RETURNING item$$);
SELECT what, pg_temp.try('index key', '$A', attribute, '$V', value)
FROM (VALUES (1, 'right', 'x', '{"S": "y"}'), (2, 'N for S', 'x', '{"N": "1"}'), (3, 'NULL for N', 'n', '{"NULL": true}'), (4, 'a map for B', 'y', '{"M": {}}'),
	(5, 'empty S', 'x', '{"S": ""}'), (6, 'empty B', 'y', '{"B": ""}'), (7, '2049 bytes', 'x', format('{"S": "%s"}', repeat('k', 2049))),
	(8, '1026 bytes', 'y', format('{"B": "%s"}', repeat('YWFh', 342)))) AS v (n, what, attribute, value) ORDER BY n;
SELECT what, pg_temp.try('index jsonb', '$A', attribute, '$V', value)
FROM (VALUES (1, 'right', 'x', '"y"'), (2, 'N for S', 'x', '1'), (3, 'NULL for N', 'n', 'null'), (4, 'a map for B', 'y', '{}'),
	(5, 'empty S', 'x', '""'), (6, 'empty B', 'y', '{"$B": ""}'), (7, '2049 bytes', 'x', format('"%s"', repeat('k', 2049))),
	(8, '1026 bytes', 'y', format('{"$B": "%s"}', repeat('YWFh', 342)))) AS v (n, what, attribute, value) ORDER BY n;

-- Names of attributes: $A
INSERT INTO ways (kind, way, operation, template) VALUES
	('name', 'Item', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}, "$A": {"S": "v"}}}'),
	('name', 'BatchWriteItem', 'batch_write_item', '{"RequestItems": {"rules": [{"PutRequest": {"Item": {"p": {"S": "k"}, "s": {"N": "1"}, "$A": {"S": "v"}}}}]}}'),
	('name', 'transacted Put', 'transact_write_items', '{"TransactItems": [{"Put": {"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}, "$A": {"S": "v"}}}}]}'),
	('name', 'Key', 'get_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}, "$A": {"S": "v"}}}'),
	('name', 'ExclusiveStartKey', 'scan', '{"TableName": "rules", "ExclusiveStartKey": {"p": {"S": "k"}, "s": {"N": "1"}, "$A": {"S": "v"}}}'),
	('name', 'UpdateExpression', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET #n = p", "ExpressionAttributeNames": {"#n": "$A"}}'),
	('name', 'of a member', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET m.#n = p", "ExpressionAttributeNames": {"#n": "$A"}}'),
	('name', 'transacted Update', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET #n = p", "ExpressionAttributeNames": {"#n": "$A"}}}]}'),
	('name', 'ConditionExpression', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(#n)", "ExpressionAttributeNames": {"#n": "$A"}}'),
	('name', 'FilterExpression', 'scan', '{"TableName": "rules", "FilterExpression": "attribute_not_exists(#n)", "ExpressionAttributeNames": {"#n": "$A"}}'),
	('name', 'ProjectionExpression', 'get_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ProjectionExpression": "#n", "ExpressionAttributeNames": {"#n": "$A"}}'),
	('name', 'KeyConditionExpression', 'query', '{"TableName": "rules", "KeyConditionExpression": "#n = :v", "ExpressionAttributeNames": {"#n": "$A"}, "ExpressionAttributeValues": {":v": {"S": "k"}}}'),
	('name', 'AttributeUpdates', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "AttributeUpdates": {"$A": {"Value": {"S": "v"}}}}'),
	('name', 'DELETE of it', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "AttributeUpdates": {"$A": {"Action": "DELETE"}}}'),
	('name', 'Expected', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "Expected": {"$A": {"Exists": false}}}'),
	('name', 'ScanFilter', 'scan', '{"TableName": "rules", "ScanFilter": {"$A": {"ComparisonOperator": "NULL"}}}'),
	('name', 'QueryFilter', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}, "QueryFilter": {"$A": {"ComparisonOperator": "NULL"}}}'),
	('name', 'KeyConditions', 'query', '{"TableName": "rules", "KeyConditions": {"$A": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}}'),
	('name', 'AttributesToGet', 'get_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "AttributesToGet": ["$A"]}'),
	('name', 'of BatchGetItem', 'batch_get_item', '{"RequestItems": {"rules": {"Keys": [{"p": {"S": "k"}, "s": {"N": "1"}}], "AttributesToGet": ["$A"]}}}'),
	('name', 'of Query', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}, "AttributesToGet": ["$A"]}'),
	('name', 'of Scan', 'scan', '{"TableName": "rules", "AttributesToGet": ["$A"]}'),
	('name', 'INSERT', 'execute_statement', '{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': 1, ''$A'': 1}"}'),
	('name', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET \"$A\" = 1 WHERE p = ''k'' AND s = 1"}'),
	('name', 'REMOVE', 'execute_statement', '{"Statement": "UPDATE rules REMOVE \"$A\" WHERE p = ''k'' AND s = 1"}'),
	('name', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE \"$A\" IS MISSING"}'),
	('name', 'SELECT', 'execute_statement', '{"Statement": "SELECT \"$A\" FROM rules"}'),
	('name', 'dynapg.put', 'sql', $$SELECT dynapg.put('rules', '{"p": "k", "s": 1, "$A": "v"}')$$),
	('name', 'SQL INSERT', 'sql', $$INSERT INTO dynamo.rules (item) VALUES ('{"p": "new", "s": 1, "$A": "v"}') RETURNING item$$),
	('name', 'SQL UPDATE', 'sql', $$UPDATE dynamo.rules SET item = item || '{"$A": "v"}' RETURNING item$$);
-- Names: empty, too long, and one that is stored otherwise
SELECT what, pg_temp.try('name', '$A', name) FROM (VALUES (1, 'empty', ''), (2, '65536 bytes', repeat('n', 65536)), (3, '65535 bytes', repeat('n', 65535)), (4, '__type', '__type'), (5, 'stored otherwise', '$$S')) AS names (n, what, name) ORDER BY n;

-- Operands of conditions: $E is the condition of the value :v, in PartiQL of ?; $O the legacy operator, $L its values, $V the values
INSERT INTO ways (kind, way, operation, template) VALUES
	('operand', 'ConditionExpression', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "$E", "ExpressionAttributeValues": {":v": $V, ":w": $W}}'),
	('operand', 'of DeleteItem', 'delete_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "$E", "ExpressionAttributeValues": {":v": $V, ":w": $W}}'),
	('operand', 'ConditionCheck', 'transact_write_items', '{"TransactItems": [{"ConditionCheck": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "$E", "ExpressionAttributeValues": {":v": $V, ":w": $W}}}]}'),
	('operand', 'FilterExpression', 'scan', '{"TableName": "rules", "FilterExpression": "$E", "ExpressionAttributeValues": {":v": $V, ":w": $W}}'),
	('operand', 'of Query', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :p", "FilterExpression": "$E", "ExpressionAttributeValues": {":p": {"S": "k"}, ":v": $V, ":w": $W}}'),
	('legacy operand', 'Expected', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "Expected": {"a": {"ComparisonOperator": "$O", "AttributeValueList": [$V$W]}}}'),
	('legacy operand', 'ScanFilter', 'scan', '{"TableName": "rules", "ScanFilter": {"a": {"ComparisonOperator": "$O", "AttributeValueList": [$V$W]}}}'),
	('legacy operand', 'QueryFilter', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}, "QueryFilter": {"a": {"ComparisonOperator": "$O", "AttributeValueList": [$V$W]}}}'),
	('partiql operand', 'SELECT', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE $E", "Parameters": [$V$W]}'),
	('partiql operand', 'of the key', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE p = ''k'' AND $E", "Parameters": [$V$W]}'),
	('partiql operand', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET b = 1 WHERE p = ''k'' AND s = 1 AND $E", "Parameters": [$V$W]}'),
	('partiql operand', 'DELETE', 'execute_statement', '{"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = 1 AND $E", "Parameters": [$V$W]}'),
	('partiql operand', 'batched', 'batch_execute_statement', '{"Statements": [{"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = 1 AND $E", "Parameters": [$V$W]}]}'),
	('partiql operand', 'transacted', 'execute_transaction', '{"TransactStatements": [{"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = 1 AND $E", "Parameters": [$V$W]}]}'),
	('partiql operand', 'EXISTS', 'execute_transaction', '{"TransactStatements": [{"Statement": "EXISTS(SELECT * FROM rules WHERE p = ''k'' AND s = 1 AND $E)", "Parameters": [$V$W]}, {"Statement": "DELETE FROM rules WHERE p = ''other'' AND s = 1"}]}');
-- One value, or two
CREATE FUNCTION pg_temp.operand(expression text, operator text, statement text, v text, w text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT pg_temp.try('operand', '$E', CASE WHEN w IS NULL THEN expression || ' AND a <> :w' ELSE expression END, '$V', v, '$W', coalesce(w, '{"S": "w"}'))
	UNION ALL
	SELECT pg_temp.try('legacy operand', '$O', operator, '$V', v, '$W', coalesce(', ' || w, '')) WHERE operator IS NOT NULL
	UNION ALL
	SELECT pg_temp.try('partiql operand', '$E', statement, '$V', v, '$W', coalesce(', ' || w, ''))
$$;
SELECT what, pg_temp.operand(e, o, s, v)
FROM (VALUES
	(1, 'begins_with S', 'begins_with(a, :v)', 'BEGINS_WITH', 'begins_with(a, ?)', '{"S": "t"}'),
	(2, 'begins_with N', 'begins_with(a, :v)', 'BEGINS_WITH', 'begins_with(a, ?)', '{"N": "1"}'),
	(3, 'begins_with L', 'begins_with(a, :v)', 'BEGINS_WITH', 'begins_with(a, ?)', '{"L": []}'),
	(4, 'contains N', 'contains(a, :v)', 'CONTAINS', 'contains(a, ?)', '{"N": "1"}'),
	(5, 'contains L', 'contains(a, :v)', 'CONTAINS', 'contains(a, ?)', '{"L": []}'),
	(6, 'contains NULL', 'contains(a, :v)', 'NOT_CONTAINS', 'NOT contains(a, ?)', '{"NULL": true}'),
	(7, 'less than BOOL', 'a < :v', 'LT', 'a < ?', '{"BOOL": true}'),
	(8, 'at least SS', 'a >= :v', 'GE', 'a >= ?', '{"SS": ["a"]}'),
	(9, 'the value first', ':v > a', NULL, '? > a', '{"M": {}}'),
	(10, 'equal to L', 'a = :v', 'EQ', 'a = ?', '{"L": []}'),
	(11, 'attribute_type', 'attribute_type(a, :v)', NULL, 'attribute_type(a, ?)', '{"S": "S"}'),
	(12, 'attribute_type X', 'attribute_type(a, :v)', NULL, 'attribute_type(a, ?)', '{"S": "X"}'),
	(13, 'attribute_type N', 'attribute_type(a, :v)', NULL, 'attribute_type(a, ?)', '{"N": "1"}'),
	(14, 'size of N', 'size(:v) > a', NULL, 'size(?) > a', '{"N": "1"}'),
	(15, 'size less than BOOL', 'size(a) < :v', NULL, 'size(a) < ?', '{"BOOL": true}')) AS rules (n, what, e, o, s, v) ORDER BY n;
SELECT what, pg_temp.operand('a BETWEEN :v AND :w', 'BETWEEN', 'a BETWEEN ? AND ?', v, w)
FROM (VALUES
	(1, 'between', '{"S": "a"}', '{"S": "b"}'), (2, 'between turned', '{"S": "b"}', '{"S": "a"}'), (3, 'between types', '{"S": "a"}', '{"N": "1"}'),
	(4, 'between BOOL', '{"BOOL": true}', '{"BOOL": true}'), (5, 'between N turned', '{"N": "10"}', '{"N": "9"}')) AS rules (n, what, v, w) ORDER BY n;
SELECT what, pg_temp.operand('a IN (:v, :w)', 'IN', 'a IN (?, ?)', v, w)
FROM (VALUES (1, 'in', '{"S": "a"}', '{"S": "b"}'), (2, 'in types', '{"S": "a"}', '{"N": "1"}'), (3, 'in L', '{"L": []}', '{"L": []}')) AS rules (n, what, v, w) ORDER BY n;

-- Operands of updates: $E is what is done with the value :v
INSERT INTO ways (kind, way, operation, template) VALUES
	('update operand', 'UpdateItem', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "$E", "ExpressionAttributeValues": {":v": $V}}'),
	('update operand', 'transacted', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "$E", "ExpressionAttributeValues": {":v": $V}}}]}'),
	('legacy update', 'AttributeUpdates', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "AttributeUpdates": {"$A": {"Action": "$O", "Value": $V}}}'),
	('partiql update', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules $E WHERE p = ''k'' AND s = 1", "Parameters": [$V]}'),
	('partiql update', 'batched', 'batch_execute_statement', '{"Statements": [{"Statement": "UPDATE rules $E WHERE p = ''k'' AND s = 1", "Parameters": [$V]}]}'),
	('partiql update', 'transacted', 'execute_transaction', '{"TransactStatements": [{"Statement": "UPDATE rules $E WHERE p = ''k'' AND s = 1", "Parameters": [$V]}]}');
CREATE FUNCTION pg_temp.update(expression text, attribute text, action text, statement text, v text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT pg_temp.try('update operand', '$E', expression, '$V', v) WHERE expression IS NOT NULL
	UNION ALL
	SELECT pg_temp.try('legacy update', '$A', attribute, '$O', action, '$V', v) WHERE action IS NOT NULL
	UNION ALL
	SELECT pg_temp.try('partiql update', '$E', statement, '$V', v) WHERE statement IS NOT NULL
$$;
SELECT what, pg_temp.update(e, a, o, s, v)
FROM (VALUES
	(1, 'add N', 'ADD n :v', 'n', 'ADD', 'SET n = n + ?', '{"N": "1"}'),
	(2, 'add S', 'ADD n :v', 'n', 'ADD', 'SET n = n + ?', '{"S": "1"}'),
	(3, 'add N to S', 'ADD a :v', 'a', 'ADD', 'SET a = a + ?', '{"N": "1"}'),
	(4, 'add SS to N', 'ADD n :v', 'n', 'ADD', 'SET n = set_add(n, ?)', '{"SS": ["1"]}'),
	(5, 'add beyond the range', 'ADD n :v', 'n', 'ADD', 'SET n = n + ?', '{"N": "9.9999999999999999999999999999999999999E125"}'),
	(6, 'add beyond 38 digits', 'ADD n :v', 'n', 'ADD', 'SET n = n + ?', '{"N": "1E40"}'),
	(7, 'subtract beyond 38 digits', 'SET n = n - :v', NULL, NULL, 'SET n = n - ?', '{"N": "1E40"}'),
	(8, 'list_append S', 'SET l = list_append(l, :v)', NULL, NULL, 'SET l = list_append(l, ?)', '{"S": "1"}'),
	(9, 'list_append to S', 'SET a = list_append(a, :v)', 'a', 'ADD', 'SET a = list_append(a, ?)', '{"L": []}'),
	(10, 'delete N', 'DELETE n :v', 'n', 'DELETE', 'SET n = set_delete(n, ?)', '{"N": "1"}'),
	(11, 'delete SS from N', 'DELETE n :v', 'n', 'DELETE', 'SET n = set_delete(n, ?)', '{"SS": ["1"]}'),
	(12, 'set a key', 'SET p = :v', 'p', 'PUT', 'SET p = ?', '{"S": "1"}'),
	(13, 'into a key', 'SET p.a = :v', NULL, NULL, 'SET p.a = ?', '{"S": "1"}'),
	(14, 'into an index key', 'SET x.a = :v', NULL, NULL, 'SET x.a = ?', '{"S": "1"}'),
	(15, 'into S', 'SET a.b = :v', NULL, NULL, 'SET a.b = ?', '{"S": "1"}'),
	(16, 'from a key''s member', 'SET b = if_not_exists(p.a, :v)', NULL, NULL, 'SET b = if_not_exists(p.a, ?)', '{"S": "1"}'),
	(17, '32 levels', 'SET m.b = :v', NULL, NULL, 'SET m.b = ?', repeat('{"L": [', 31) || '{"S": "a"}' || repeat(']}', 31)),
	(18, 'too large', 'SET b = :v', 'b', 'PUT', 'SET b = ?', format('{"S": "%s"}', repeat('b', 409600)))) AS rules (n, what, e, a, o, s, v) ORDER BY n;

-- Numbers are the same however they are written: $N is the sort key's 1
INSERT INTO ways (kind, way, operation, template)
SELECT 'spelling', way, operation, replace(template, '$V', '{"N": "$N"}') FROM ways WHERE kind = 'value' AND way IN ('Key', 'KeyConditionExpression', 'KeyConditions', 'WHERE of the key', 'transacted Get');
INSERT INTO ways (kind, way, operation, template) VALUES
	('spelling', 'PutItem', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "$N"}}, "ConditionExpression": "a = :v", "ExpressionAttributeValues": {":v": {"S": "text"}}}'),
	('spelling', 'DeleteItem', 'delete_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "$N"}}, "ConditionExpression": "attribute_exists(p)"}'),
	('spelling', 'BatchGetItem', 'batch_get_item', '{"RequestItems": {"rules": {"Keys": [{"p": {"S": "k"}, "s": {"N": "$N"}}]}}}'),
	('spelling', 'INSERT', 'execute_statement', '{"Statement": "INSERT INTO rules VALUE {''p'': ''k'', ''s'': ?}", "Parameters": [{"N": "$N"}]}'),
	('spelling', 'condition', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "l[0] = :v", "ExpressionAttributeValues": {":v": {"N": "$N"}}}'),
	('spelling', 'condition on a list', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "l = :v", "ExpressionAttributeValues": {":v": {"L": [{"N": "$N"}]}}}'),
	('spelling', 'contains', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "contains(l, :v)", "ExpressionAttributeValues": {":v": {"N": "$N"}}}'),
	('spelling', 'Expected', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "Expected": {"l": {"Value": {"L": [{"N": "$N"}]}}}}'),
	('spelling', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET b = 1 WHERE p = ''k'' AND s = ? AND l[0] = ?", "Parameters": [{"N": "$N"}, {"N": "$N"}]}'),
	('spelling', 'start key', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "k"}}, "ExclusiveStartKey": {"p": {"S": "k"}, "s": {"N": "$N"}}}'),
	('spelling', 'duplicates of BatchWriteItem', 'batch_write_item', '{"RequestItems": {"rules": [{"DeleteRequest": {"Key": {"p": {"S": "k"}, "s": {"N": "1"}}}}, {"DeleteRequest": {"Key": {"p": {"S": "k"}, "s": {"N": "$N"}}}}]}}'),
	('spelling', 'of TransactWriteItems', 'transact_write_items', '{"TransactItems": [{"Delete": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}}}, {"Delete": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "$N"}}}}]}'),
	('spelling', 'of TransactGetItems', 'transact_get_items', '{"TransactItems": [{"Get": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}}}, {"Get": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "$N"}}}}]}'),
	('spelling', 'of BatchExecuteStatement', 'batch_execute_statement', '{"Statements": [{"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = 1"}, {"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = ?", "Parameters": [{"N": "$N"}]}]}'),
	('spelling', 'of ExecuteTransaction', 'execute_transaction', '{"TransactStatements": [{"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = 1"}, {"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = ?", "Parameters": [{"N": "$N"}]}]}'),
	('spelling', 'dynapg.get', 'sql', 'SELECT jsonb_build_object(''Item'', dynapg.get(''rules'', ''k'', $N::numeric))'),
	('spelling', 'dynapg.put', 'sql', 'SELECT jsonb_build_object(''Item'', dynapg.put(''rules'', jsonb_build_object(''p'', ''k'', ''s'', $N::numeric)))'),
	('spelling', 'SQL INSERT', 'sql', 'INSERT INTO dynamo.rules (item) VALUES (jsonb_build_object(''p'', ''k'', ''s'', $N::numeric))');
SELECT number, pg_temp.try('spelling', '$N', number) FROM unnest(ARRAY['1', '1.0', '+1', '001', '10e-1', '0.01E+2']) AS number;

-- Counts: 100 operands of IN, 4096 bytes, 300 operators, 32 levels of a path
INSERT INTO ways (kind, way, operation, template) VALUES
	('count', 'ConditionExpression', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "$E", "ExpressionAttributeValues": {":v": {"S": "v"}}}'),
	('count', 'ConditionCheck', 'transact_write_items', '{"TransactItems": [{"ConditionCheck": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "$E", "ExpressionAttributeValues": {":v": {"S": "v"}}}}]}'),
	('count', 'FilterExpression', 'scan', '{"TableName": "rules", "FilterExpression": "$E", "ExpressionAttributeValues": {":v": {"S": "v"}}}'),
	('partiql count', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE $E"}'),
	('partiql count', 'of UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET b = 1 WHERE p = ''k'' AND s = 1 AND ($E)"}'),
	('path', 'ConditionExpression', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists($E)"}'),
	('path', 'FilterExpression', 'scan', '{"TableName": "rules", "FilterExpression": "attribute_not_exists($E)"}'),
	('path', 'ProjectionExpression', 'get_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ProjectionExpression": "$E"}'),
	('path', 'UpdateExpression', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "REMOVE $E"}'),
	('path', 'operand of it', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET b = if_not_exists($E, p)"}'),
	('path', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE $E IS MISSING"}'),
	('path', 'SELECT', 'execute_statement', '{"Statement": "SELECT $E FROM rules"}'),
	('path', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules REMOVE $E WHERE p = ''k'' AND s = 1"}');
SELECT n, pg_temp.try('count', '$E', 'a IN (' || (SELECT string_agg(':v', ', ') FROM generate_series(1, n)) || ')') FROM unnest(ARRAY[100, 101]) AS n;
SELECT n, pg_temp.try('partiql count', '$E', 'a IN (' || (SELECT string_agg(format('''%s''', i), ', ') FROM generate_series(1, n) AS i) || ')') FROM unnest(ARRAY[100, 101]) AS n;
SELECT pg_temp.try('count', '$E', (SELECT string_agg('a = :v', ' OR ') FROM generate_series(1, 151)));
SELECT pg_temp.try('partiql count', '$E', (SELECT string_agg('a = ''v''', ' OR ') FROM generate_series(1, 151)));
SELECT pg_temp.try('count', '$E', 'a = :v' || repeat(' ', 4091));
SELECT n, pg_temp.try('path', '$E', 'd' || repeat('.d', n - 1)) FROM unnest(ARRAY[32, 33]) AS n;
SELECT pg_temp.try('path', '$E', 'd[4294967295]');
SELECT pg_temp.try('path', '$E', 'Table');

-- Items of 400 KB: $T is a text
INSERT INTO ways (kind, way, operation, template)
SELECT 'size', way, operation, replace(template, '$V', '{"S": "$T"}') FROM ways WHERE kind = 'value' AND way IN ('PutItem', 'BatchWriteItem', 'transacted Put',
	'UpdateExpression', 'transacted Update', 'AttributeUpdates', 'INSERT', 'batched INSERT', 'transacted INSERT', 'UPDATE')
UNION ALL
SELECT 'size', way, operation, replace(template, '$V', '"$T"') FROM ways WHERE kind = 'jsonb' AND way <> 'SQL UPDATE';
SELECT length, pg_temp.try('size', '$T', repeat('t', length)) FROM unnest(ARRAY[204000, 409600]) AS length;
-- ... with their entries in local indexes
INSERT INTO ways (kind, way, operation, template)
SELECT 'local size', way, operation, replace(replace(replace(template, '"s": {"N": "1"}, "a"', '"s": {"N": "1"}, "n": {"N": "5"}, "a"'), '''s'': 1, ''a''', '''s'': 1, ''n'': 5, ''a'''),
	'"s": 1, "a"', '"s": 1, "n": 5, "a"')
FROM ways WHERE kind = 'size';
INSERT INTO ways (kind, way, operation, template) VALUES ('local size', 'SQL UPDATE', 'sql', $$UPDATE dynamo.rules SET item = item || '{"a": "$T"}' WHERE item @> '{"p": "k"}' RETURNING item$$);
SELECT length, pg_temp.try('local size', '$T', repeat('t', length)) FROM unnest(ARRAY[204000, 205000]) AS length;

-- Paths into keys of the table and of its indexes
INSERT INTO ways (kind, way, operation, template) VALUES
	('key path', 'ProjectionExpression', 'get_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ProjectionExpression": "$E"}'),
	('key path', 'of BatchGetItem', 'batch_get_item', '{"RequestItems": {"rules": {"Keys": [{"p": {"S": "k"}, "s": {"N": "1"}}], "ProjectionExpression": "$E"}}}'),
	('key path', 'of TransactGetItems', 'transact_get_items', '{"TransactItems": [{"Get": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ProjectionExpression": "$E"}}]}'),
	('key path', 'of Query', 'query', '{"TableName": "rules", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "k"}}, "ProjectionExpression": "$E"}'),
	('key path', 'of Scan', 'scan', '{"TableName": "rules", "ProjectionExpression": "$E"}'),
	('key path', 'SELECT', 'execute_statement', '{"Statement": "SELECT $E FROM rules"}'),
	('key path', 'of one item', 'execute_statement', '{"Statement": "SELECT $E FROM rules WHERE p = ''k'' AND s = 1"}'),
	('key path', 'batched SELECT', 'batch_execute_statement', '{"Statements": [{"Statement": "SELECT $E FROM rules WHERE p = ''k'' AND s = 1"}]}'),
	('key path', 'transacted SELECT', 'execute_transaction', '{"TransactStatements": [{"Statement": "SELECT $E FROM rules WHERE p = ''k'' AND s = 1"}]}'),
	('key path', 'ConditionExpression', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists($E)"}'),
	('key path', 'of DeleteItem', 'delete_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists($E)"}'),
	('key path', 'of UpdateItem', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists($E)"}'),
	('key path', 'ConditionCheck', 'transact_write_items', '{"TransactItems": [{"ConditionCheck": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists($E)"}}]}'),
	('key path', 'transacted Put', 'transact_write_items', '{"TransactItems": [{"Put": {"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists($E)"}}]}'),
	('key path', 'FilterExpression', 'scan', '{"TableName": "rules", "FilterExpression": "attribute_not_exists($E)"}'),
	('key path', 'of an index', 'scan', '{"TableName": "rules", "IndexName": "global", "FilterExpression": "attribute_not_exists($E)"}'),
	('key path', 'REMOVE', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "REMOVE $E"}'),
	('key path', 'transacted REMOVE', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "REMOVE $E"}}]}'),
	('key path', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules REMOVE $E WHERE p = ''k'' AND s = 1"}'),
	('key path', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE $E IS MISSING"}'),
	('key path', 'WHERE of DELETE', 'execute_statement', '{"Statement": "DELETE FROM rules WHERE p = ''k'' AND s = 1 AND $E IS MISSING"}');
SELECT path, pg_temp.try('key path', '$E', path) FROM unnest(ARRAY['s.a', 'x[0]', 'y.a.b']) AS path;

-- Values of SQL as parameters of dynamo_partiql
INSERT INTO ways (kind, way, operation, template) VALUES
	('parameter', 'INSERT', 'sql', 'SELECT dynamo_partiql(''INSERT INTO rules VALUE {''''p'''': ''''new'''', ''''s'''': 1, ''''a'''': ?}'', $V)'),
	('parameter', 'UPDATE', 'sql', 'SELECT dynamo_partiql(''UPDATE rules SET a = ? WHERE p = ''''k'''' AND s = 1'', $V)'),
	('parameter', 'WHERE', 'sql', 'SELECT count(*) FROM dynamo_partiql(''SELECT * FROM rules WHERE a <> ?'', $V)'),
	('parameter', 'key', 'sql', 'SELECT dynamo_partiql(''DELETE FROM rules WHERE p = ''''k'''' AND s = ?'', $V)');
SELECT v, pg_temp.try('parameter', '$V', v)
FROM unnest(ARRAY['1', repeat('1', 39), '''NaN''::numeric', '''Infinity''::float8', '1e126::numeric', '''''::text', '''\xff''::bytea', 'true', 'NULL::int', '''{"$SS": []}''::jsonb',
	'''{"$SS": ["a", "a"]}''::jsonb', '''{"": 1}''::jsonb', '''{"$B": "YQ"}''::jsonb', format('''%s1%s''::jsonb', repeat('[', 32), repeat(']', 32)), '''[1.50, "a"]''::jsonb']) AS v;

-- What plain SQL writes in a form of its own comes out in the service's
INSERT INTO dynamo.rules (item) VALUES ('{"p": "sql", "s": 1.00, "a": 1.50, "l": [100.0, 1e2, -0, 0.0], "ns": {"$NS": [2.0, 10.50]}}');
SELECT dynamo_get_item('{"TableName": "rules", "Key": {"p": {"S": "sql"}, "s": {"N": "1"}}}');
SELECT pg_temp.answer('delete_item', '{"TableName": "rules", "Key": {"p": {"S": "sql"}, "s": {"N": "1.0"}}, "ConditionExpression": "a = :a AND l = :l AND ns = :n AND contains(ns, :m)",
	"ExpressionAttributeValues": {":a": {"N": "1.5"}, ":l": {"L": [{"N": "100"}, {"N": "100"}, {"N": "0"}, {"N": "0"}]}, ":n": {"NS": ["10.5", "2"]}, ":m": {"N": "2"}}}');

-- Start keys are shown as they came
SELECT pg_temp.make('rules-hash', '$$:S');
SELECT pg_temp.answer('query', jsonb_build_object('TableName', 'rules-hash', 'KeyConditionExpression', '#p = :p', 'ExpressionAttributeNames', jsonb_build_object('#p', '$$'),
	'ExpressionAttributeValues', '{":p": {"S": "a"}}'::jsonb, 'ExclusiveStartKey', jsonb_build_object('$$', jsonb_build_object('S', 'a"b\c'))));
SELECT pg_temp.answer('batch_get_item', '{"RequestItems": {"rules": {"Keys": [{"p": {"S": "k"}, "s": {"N": "1"}}, {"p": {"S": "k"}, "s": {"N": "1.0"}}], "ProjectionExpression": "s"}}}');
SELECT pg_temp.answer('batch_get_item', '{"RequestItems": {"rules": {"Keys": [{"p": {"S": "k"}, "s": {"N": "1"}}, {"s": {"N": "1"}, "p": {"S": "k"}}], "ProjectionExpression": "s"}}}');

-- Numbers in keys of indexes, in literals and in sets
INSERT INTO ways (kind, way, operation, template) VALUES
	('index spelling', 'KeyConditionExpression', 'query', '{"TableName": "rules", "IndexName": "local", "KeyConditionExpression": "p = :p AND n = :n", "ExpressionAttributeValues": {":p": {"S": "k"}, ":n": {"N": "$N"}}}'),
	('index spelling', 'BETWEEN', 'query', '{"TableName": "rules", "IndexName": "local", "KeyConditionExpression": "p = :p AND n BETWEEN :n AND :n", "ExpressionAttributeValues": {":p": {"S": "k"}, ":n": {"N": "$N"}}}'),
	('index spelling', 'KeyConditions', 'query', '{"TableName": "rules", "IndexName": "local", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}, "n": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "$N"}]}}}'),
	('index spelling', 'WHERE', 'execute_statement', '{"Statement": "SELECT * FROM rules.local WHERE p = ''k'' AND n = $N"}'),
	('index spelling', 'start key', 'query', '{"TableName": "rules", "IndexName": "local", "KeyConditionExpression": "p = :p AND n >= :n", "ExpressionAttributeValues": {":p": {"S": "k"}, ":n": {"N": "$N"}}, "ExclusiveStartKey": {"p": {"S": "k"}, "s": {"N": "0.0"}, "n": {"N": "$N"}}}'),
	('index spelling', 'UPDATE', 'execute_statement', '{"Statement": "UPDATE rules SET b = 1 WHERE p = ''k'' AND s = 1e0 AND n = $N"}'),
	('index spelling', 'INSERT', 'execute_statement', '{"Statement": "INSERT INTO rules VALUE {''p'': ''new'', ''s'': $N, ''ns'': <<$N, 6>>}"}'),
	('index spelling', 'IN', 'execute_statement', '{"Statement": "SELECT * FROM rules WHERE p = ''k'' AND s IN (1.0, 3) AND n IN ($N, 7)"}'),
	('index spelling', 'deleted from a set', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "DELETE ns :v", "ConditionExpression": "contains(ns, :n) AND :n IN (n, :m)", "ExpressionAttributeValues": {":v": {"NS": ["$N"]}, ":n": {"N": "$N"}, ":m": {"N": "8"}}}');
SELECT dynamo_update_item('{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, "UpdateExpression": "SET ns = :v", "ExpressionAttributeValues": {":v": {"NS": ["5", "6"]}}}');
SELECT number, pg_temp.try('index spelling', '$N', number) FROM unnest(ARRAY['5', '5.0', '005', '50e-1', '0.05E2']) AS number;

-- Parameters of expressions without one, and old and new parameters together: $M are members
INSERT INTO ways (kind, way, operation, template) VALUES
	('names', 'GetItem', 'get_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}'),
	('names', 'BatchGetItem', 'batch_get_item', '{"RequestItems": {"rules": {"Keys": [{"p": {"S": "k"}, "s": {"N": "1"}}], $M}}}'),
	('names', 'transacted Get', 'transact_get_items', '{"TransactItems": [{"Get": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}}]}'),
	('names', 'Query', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}, $M}'),
	('names', 'Scan', 'scan', '{"TableName": "rules", $M}'),
	('values', 'PutItem', 'put_item', '{"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}'),
	('values', 'DeleteItem', 'delete_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}'),
	('values', 'UpdateItem', 'update_item', '{"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}'),
	('values', 'transacted Put', 'transact_write_items', '{"TransactItems": [{"Put": {"TableName": "rules", "Item": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}}]}'),
	('values', 'transacted Delete', 'transact_write_items', '{"TransactItems": [{"Delete": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}}]}'),
	('values', 'transacted Update', 'transact_write_items', '{"TransactItems": [{"Update": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}}]}'),
	('values', 'ConditionCheck', 'transact_write_items', '{"TransactItems": [{"ConditionCheck": {"TableName": "rules", "Key": {"p": {"S": "k"}, "s": {"N": "1"}}, $M}}]}'),
	('values', 'Query', 'query', '{"TableName": "rules", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "k"}]}}, $M}'),
	('values', 'Scan', 'scan', '{"TableName": "rules", $M}');
SELECT what, kind, pg_temp.try(kind, '$M', m)
FROM (VALUES (1, 'names alone', 'names', '"ExpressionAttributeNames": {"#n": "n"}'), (2, 'names alone', 'values', '"ExpressionAttributeNames": {"#n": "n"}'),
	(3, 'values alone', 'values', '"ExpressionAttributeValues": {":v": {"S": "v"}}'),
	(4, 'old and new', 'names', '"AttributesToGet": ["a"], "ProjectionExpression": "a"'),
	(5, 'old and new', 'values', '"Expected": {"a": {"Exists": false}}, "ConditionExpression": "attribute_exists(a)"'),
	(6, 'old and new', 'values', '"QueryFilter": {"a": {"ComparisonOperator": "NULL"}}, "ScanFilter": {"a": {"ComparisonOperator": "NULL"}}, "FilterExpression": "attribute_exists(a)"'),
	(7, 'operator alone', 'values', '"ConditionalOperator": "AND"'),
	(8, 'operator with one', 'values', '"ConditionalOperator": "OR", "Expected": {"a": {"Exists": false}}, "QueryFilter": {"a": {"ComparisonOperator": "NULL"}}, "ScanFilter": {"a": {"ComparisonOperator": "NULL"}}'),
	(9, 'twice the same', 'names', '"AttributesToGet": ["a", "b", "a"]'),
	(10, 'bad placeholder', 'names', '"ProjectionExpression": "a", "ExpressionAttributeNames": {"n": "n"}'),
	(11, 'bad placeholder', 'values', '"UpdateExpression": "SET a = a", "ConditionExpression": "a = a", "FilterExpression": "a = a", "ExpressionAttributeValues": {"v": {"S": "v"}}'),
	(12, 'long placeholder', 'names', format('"ProjectionExpression": "a", "ExpressionAttributeNames": {"#%s": "n"}', repeat('n', 255)))) AS rules (n, what, kind, m) ORDER BY n;

SELECT name, pg_temp.api('delete_table', jsonb_build_object('TableName', name)) LIKE '%DELETING%' FROM unnest(ARRAY['rules', 'binary', 'rules-hash']) AS name;
