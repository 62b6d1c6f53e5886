--
-- TransactWriteItems and TransactGetItems by themselves; test/isolation/specs/transact_*.spec has them among others.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
SET check_function_bodies TO off;
CREATE SCHEMA tx;
SET search_path TO tx, public;
-- the answer of an operation, or its error, with the reasons of a cancellation
CREATE FUNCTION answer(operation text, request jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	name text;
	detail text;
BEGIN
	EXECUTE format('SELECT dynamo_%s($1)', operation) INTO answer USING request;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS name = PG_DATATYPE_NAME, detail = PG_EXCEPTION_DETAIL;
	RETURN concat(SQLSTATE, ' ', name, ': ', regexp_replace(SQLERRM, '\[com[.]amazonaws.*\]', '[...]'), E'\n' || nullif(detail, ''));
END $$;
CREATE FUNCTION write(VARIADIC actions jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT answer('transact_write_items', jsonb_build_object('TransactItems', to_jsonb(actions))) $$;
CREATE FUNCTION write_with(more jsonb, VARIADIC actions jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT answer('transact_write_items', jsonb_build_object('TransactItems', to_jsonb(actions)) || more) $$;
CREATE FUNCTION read(VARIADIC gets jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT answer('transact_get_items', jsonb_build_object('TransactItems', to_jsonb(gets))) $$;
CREATE FUNCTION read_with(more jsonb, VARIADIC gets jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT answer('transact_get_items', jsonb_build_object('TransactItems', to_jsonb(gets)) || more) $$;
-- actions
CREATE FUNCTION put(name text, item jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Put', jsonb_build_object('TableName', name, 'Item', item) || more) $$;
CREATE FUNCTION del(name text, key jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Delete', jsonb_build_object('TableName', name, 'Key', key) || more) $$;
CREATE FUNCTION upd(name text, key jsonb, expression text, vals jsonb DEFAULT NULL, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Update', jsonb_build_object('TableName', name, 'Key', key, 'UpdateExpression', expression) ||
		CASE WHEN vals IS NULL THEN '{}' ELSE jsonb_build_object('ExpressionAttributeValues', vals) END || more) $$;
CREATE FUNCTION chk(name text, key jsonb, condition text, vals jsonb DEFAULT NULL, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('ConditionCheck', jsonb_build_object('TableName', name, 'Key', key, 'ConditionExpression', condition) ||
		CASE WHEN vals IS NULL THEN '{}' ELSE jsonb_build_object('ExpressionAttributeValues', vals) END || more) $$;
CREATE FUNCTION get(name text, key jsonb, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Get', jsonb_build_object('TableName', name, 'Key', key) || more) $$;
-- keys and items: of Plain and Many, of Numbers, of Things
CREATE FUNCTION id(id text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('id', jsonb_build_object('S', id)) || more $$;
CREATE FUNCTION n(n text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('n', jsonb_build_object('N', n)) || more $$;
CREATE FUNCTION ps(p text, s int, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('p', jsonb_build_object('S', p), 's', jsonb_build_object('N', s::text)) || more $$;
CREATE FUNCTION v(v int) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('v', jsonb_build_object('N', v::text)) $$;
CREATE FUNCTION text_of(bytes int) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('S', repeat('x', bytes)) $$;
-- all that is there; long texts by their lengths
CREATE FUNCTION items() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(name || ' ' || item, ', ' ORDER BY name, item), 'nothing') FROM (
		SELECT 'Plain' AS name, regexp_replace(item::text, '"x{30,}"', '"long"', 'g') AS item FROM dynamo."Plain"
		UNION ALL SELECT 'Numbers', regexp_replace(item::text, '"x{30,}"', '"long"', 'g') FROM dynamo."Numbers"
		UNION ALL SELECT 'Things', regexp_replace(item::text, '"x{30,}"', '"long"', 'g') FROM dynamo."Things") x $$;
CREATE FUNCTION entries() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(index || ' ' || (dynamo_scan(jsonb_build_object('TableName', 'Things', 'IndexName', index, 'Select', 'COUNT'))->>'Count'), ', ')
	FROM unnest(ARRAY['lsi', 'gsi']) index $$;
CREATE FUNCTION clear() RETURNS void LANGUAGE sql AS $$ DELETE FROM dynamo."Plain"; DELETE FROM dynamo."Numbers"; DELETE FROM dynamo."Things" $$;
\set ECHO all
SELECT dynamo_create_table('{"TableName": "Plain", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}')->'TableDescription'->'TableName';
SELECT dynamo_create_table('{"TableName": "Numbers", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "n", "AttributeType": "N"}], "KeySchema": [{"AttributeName": "n", "KeyType": "HASH"}]}')->'TableDescription'->'TableName';
SELECT dynamo_create_table('{"TableName": "Things", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"},
		{"AttributeName": "l", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"LocalSecondaryIndexes": [{"IndexName": "lsi", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "l", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}}],
	"GlobalSecondaryIndexes": [{"IndexName": "gsi", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}')->'TableDescription'->'TableName';

-- Every kind of action, in several tables with their indexes
SELECT write(put('Plain', id('a', v(1))), put('Plain', id('b', v(1))), put('Numbers', n('1', v(1))), put('Things', ps('x', 1, '{"l": {"S": "l"}, "g": {"S": "g"}}')));
SELECT items(), entries();
SELECT write(upd('Things', ps('x', 1), 'REMOVE l SET v = :v', '{":v": {"N": "2"}}'), del('Plain', id('b')), upd('Numbers', n('2.0'), 'ADD v :v', '{":v": {"N": "2"}}'),
	chk('Plain', id('a'), 'v = :v', '{":v": {"N": "1"}}'), put('Numbers', n('1e0', v(2)), '{"ConditionExpression": "v < :v", "ExpressionAttributeValues": {":v": {"N": "2"}}}'),
	del('Plain', id('nothing'), '{"ConditionExpression": "attribute_not_exists(id)"}'), put('Things', ps('x', 2, '{"g": {"S": "g"}}')));
SELECT items(), entries();
SELECT read(get('Plain', id('a')), get('Numbers', n('1')), get('Plain', id('b')), get('Things', ps('x', 2)));

-- What fails the request: the list
SELECT answer('transact_write_items', '{"TransactItems": []}');
SELECT answer('transact_write_items', '{}');
SELECT write(VARIADIC ARRAY(SELECT put('Plain', id(i::text)) FROM generate_series(1, 101) i));
SELECT write(VARIADIC ARRAY(SELECT put('Plain', id(i::text, v(i))) FROM generate_series(1, 100) i));
SELECT count(*), sum((item->'v')::int) FROM dynamo."Plain" WHERE item ? 'v';
SELECT write(VARIADIC ARRAY(SELECT del('Plain', id(i::text)) FROM generate_series(1, 100) i));
SELECT write(put('Plain', id('c')) || del('Plain', id('d')));
SELECT write(put('Plain', id('c')), '{}');
SELECT write(put('Plain', id('c')), put('Plain', id('c', v(1))));
SELECT write(put('Things', ps('y', 1)), del('Things', '{"s": {"N": "1.0"}, "p": {"S": "y"}}'));
SELECT write(chk('Numbers', n('1'), 'attribute_exists(n)'), upd('Numbers', n('1'), 'SET v = :v', '{":v": {"N": "1"}}'));
-- the same key in two tables is two items
SELECT write(put('Things', ps('y', 1)), del('Things', ps('y', 2)), put('Plain', id('y')), put('Numbers', n('3')));
SELECT write(del('Things', ps('y', 1)), del('Plain', id('y')), del('Numbers', n('3')));
SELECT write(put('Plain', id('c')), put('Missing', id('c')));
SELECT write(put('Missing', id('c')), put('Plain', '{"id": {"N": "1"}}'));
-- expressions, values, members
SELECT write(put('Plain', id('c')), upd('Plain', id('d'), 'SET v ='));
SELECT write(put('Plain', id('c'), '{"ConditionExpression": "v = :v"}'));
SELECT write(put('Plain', id('c'), '{"ConditionExpression": "#v = id"}'));
SELECT write(put('Plain', id('c'), '{"ConditionExpression": "attribute_exists(v)", "ExpressionAttributeNames": {"#v": "v"}}'));
SELECT write(upd('Plain', id('c'), 'SET v = :v', '{":v": {"N": "1"}, ":w": {"N": "1"}}'));
SELECT write(upd('Plain', id('c'), 'REMOVE v', '{}'));
SELECT write(put('Plain', id('c'), '{"ExpressionAttributeValues": {":v": {"N": "1"}}}'));
SELECT write(chk('Plain', id('c'), repeat('(', 4097)));
SELECT write('{"ConditionCheck": {"TableName": "Plain", "Key": {"id": {"S": "c"}}}}');
SELECT write('{"Update": {"TableName": "Plain", "Key": {"id": {"S": "c"}}}}');
SELECT write(put('Plain', id('c'), '{"ReturnValuesOnConditionCheckFailure": "ALL_NEW"}'));
SELECT write_with(jsonb_build_object('ClientRequestToken', repeat('t', 37)), put('Plain', id('c')));
SELECT write_with('{"ClientRequestToken": ""}', put('Plain', id('c')));
SELECT write_with('{"ReturnConsumedCapacity": "ALL", "ReturnItemCollectionMetrics": "ALL"}', put('Plain', id('c')));
-- a token comes first
SELECT write_with('{"ReturnConsumedCapacity": "ALL", "ReturnItemCollectionMetrics": "ALL", "ClientRequestToken": ""}', put('Plain', id('c')));
SELECT write(put('Plain', id('c', '{"a": {"SS": []}}')));
SELECT write(put('Plain', id('c', '{"a": {"N": "x"}}')));
-- empty keys, of the table and of indexes
SELECT write(put('Plain', id('')));
SELECT write(del('Plain', id('')));
SELECT write(chk('Plain', id(''), 'attribute_exists(id)'));
SELECT write(put('Plain', id('c')), put('Things', ps('y', 1, '{"g": {"S": ""}}')));
SELECT write(put('Plain', id('c')), put('Things', ps('y', 1, '{"l": {"S": ""}}')));
SELECT write(put('Plain', id('c')), upd('Things', ps('y', 1), 'SET g = :g', '{":g": {"S": ""}}'));
SELECT write(chk('Plain', id('c'), 'attribute_exists(id)'), upd('Things', ps('y', 1), 'SET l = :l', '{":l": {"S": ""}}'));
-- sizes: an item, nesting, 4 MB of what is sent
SELECT write(put('Plain', id('c', jsonb_build_object('a', text_of(409600)))));
SELECT write(put('Plain', id('c', jsonb_build_object('a', (repeat('{"L": [', 33) || '{"S": ""}' || repeat(']}', 33))::jsonb))));
SELECT write(put('Missing', id('c')), upd('Missing', id('a'), 'SET w = :w', jsonb_build_object(':w', (repeat('{"L": [', 33) || '{"S": ""}' || repeat(']}', 33))::jsonb)), put('Missing', '{"": {"S": ""}}'));
SELECT write(put('Missing', '{"": {"S": ""}}'), upd('Missing', id('a'), 'SET w =', NULL));
-- 16 items with 87 bytes beside the value of a have 4194311 bytes, 7 too many, and 4194295
SELECT write(VARIADIC ARRAY(SELECT put('Plain', id('l' || i, jsonb_build_object('a', text_of(262139)))) FROM generate_series(1, 16) i));
SELECT write(VARIADIC ARRAY(SELECT put('Plain', id('l' || i, jsonb_build_object('a', text_of(262138)))) FROM generate_series(1, 16) i));
SELECT count(*) FROM dynamo."Plain" WHERE item ? 'a';
-- what is deleted does not count; the values of expressions do
SELECT write_with('{"ReturnConsumedCapacity": "TOTAL"}', VARIADIC ARRAY(SELECT del('Plain', id('l' || i)) FROM generate_series(1, 16) i));
SELECT write(VARIADIC ARRAY(SELECT upd('Plain', id('l' || i), 'SET a = :a', jsonb_build_object(':a', text_of(400000))) FROM generate_series(1, 11) i));
SELECT write(VARIADIC ARRAY(SELECT chk('Plain', id('l' || i), 'a = :a', jsonb_build_object(':a', text_of(400000))) FROM generate_series(1, 11) i));
SELECT items(), entries();

-- What cancels as a ValidationError: the first alone, and no condition is evaluated
SELECT write(chk('Plain', id('a'), 'attribute_not_exists(id)'), put('Plain', '{"id": {"N": "1"}}'), put('Plain', '{"x": {"N": "1"}}'));
SELECT write(del('Plain', '{"id": {"N": "1"}}'));
SELECT write(del('Plain', '{"id": {"L": []}}'), put('Plain', '{"id": {"L": []}}'));
SELECT write(upd('Plain', id('a', '{"x": {"S": "more"}}'), 'REMOVE v'));
SELECT write(put('Things', '{"p": {"S": "x"}}'));
SELECT write(put('Plain', id('c')), put('Things', ps('y', 1, '{"g": {"N": "1"}}')));
SELECT write(put('Plain', id('c')), put('Things', ps('y', 1, '{"l": {"M": {}}}')), put('Things', ps('y', 2, '{"g": {"N": "1"}}')));
SELECT write(put('Plain', id('c')), upd('Things', ps('y', 1), 'SET g = :g', '{":g": {"N": "1"}}'));
SELECT write(upd('Plain', id('a'), 'SET id = :v', '{":v": {"S": "z"}}'));
SELECT write(chk('Plain', id('a'), 'attribute_exists(id.x)'));
-- of updates as they are applied
SELECT write(put('Plain', id('c')), upd('Plain', id('a'), 'SET w = nothing'));
SELECT write(upd('Plain', id('a'), 'SET w.x = v'), upd('Plain', id('c'), 'SET w = nothing'));
SELECT write(upd('Plain', id('a'), 'ADD v :v', '{":v": {"SS": ["x"]}}'));
SELECT write(put('Plain', id('c')), upd('Things', ps('x', 1), 'SET g = v'));
SELECT write(put('Plain', id('c')), upd('Plain', id('a'), 'SET w = :w', jsonb_build_object(':w', (repeat('{"L": [', 33) || '{"S": ""}' || repeat(']}', 33))::jsonb)));
SELECT write(upd('Plain', id('a'), 'SET w = :w', jsonb_build_object(':w', (repeat('{"L": [', 33) || '{"S": ""}' || repeat(']}', 33))::jsonb)), put('Plain', '{"id": {"N": "1"}}'));
SELECT write(chk('Plain', id('a'), 'w = :w', jsonb_build_object(':w', (repeat('{"L": [', 33) || '{"S": ""}' || repeat(']}', 33))::jsonb)));
-- a condition that does not hold elsewhere is not told of then, wherever it stands and its key lies
SELECT write(chk('Plain', id('a'), 'attribute_not_exists(id)'), upd('Numbers', n('1'), 'SET w = nothing'), chk('Things', ps('x', 1), 'attribute_not_exists(p)'));
SELECT write(upd('Numbers', n('2'), 'SET w = nothing'), upd('Plain', id('a'), 'SET w = nothing'), upd('Numbers', n('1'), 'SET w = nothing'));
-- an update's own condition comes before its evaluation
SELECT write(upd('Plain', id('a'), 'SET w = nothing', NULL, '{"ConditionExpression": "attribute_not_exists(id)"}'));
-- the size of an updated item is plain: 409600, not a byte less for its expression
SELECT write(put('Plain', id('l', jsonb_build_object('a', text_of(300000)))));
SELECT write(upd('Plain', id('l'), 'SET b = :b', jsonb_build_object(':b', text_of(109600 - 2 - 1 - 1 - 1))));
SELECT write(upd('Plain', id('l'), 'SET b = :b', jsonb_build_object(':b', text_of(109600 - 2 - 1 - 1))));
SELECT answer('update_item', jsonb_build_object('TableName', 'Plain', 'Key', id('l'), 'UpdateExpression', 'SET b = :b', 'ExpressionAttributeValues', jsonb_build_object(':b', text_of(109600 - 2 - 1 - 1 - 1))));
SELECT write(chk('Plain', id('a'), 'attribute_not_exists(id)'), upd('Plain', id('l'), 'SET c = :c', '{":c": {"S": "more"}}'));
-- with its entries in local indexes
SELECT write(put('Things', ps('x', 3, jsonb_build_object('a', text_of(300000)))), put('Plain', id('c')));
SELECT write(upd('Things', ps('x', 3), 'SET l = :l', '{":l": {"S": "l"}}'));
SELECT write(put('Things', ps('x', 4, jsonb_build_object('a', text_of(300000), 'l', '{"S": "l"}'::jsonb))), put('Plain', id('d')));
SELECT write(del('Plain', id('l')), del('Plain', id('c')), del('Things', ps('x', 3)));
SELECT items(), entries();

-- Conditions that do not hold: all of them, in the order of the request, with the items where they are wanted
SELECT write(chk('Plain', id('a'), 'v > :v', '{":v": {"N": "5"}}'));
SELECT write(put('Plain', id('c')), chk('Plain', id('a'), 'v > :v', '{":v": {"N": "5"}}', '{"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}'),
	upd('Numbers', n('1'), 'SET v = :v', '{":v": {"N": "5"}}'), del('Things', ps('x', 1), '{"ConditionExpression": "v = p", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}'),
	put('Numbers', n('2'), '{"ConditionExpression": "attribute_not_exists(n)", "ReturnValuesOnConditionCheckFailure": "NONE"}'),
	upd('Plain', id('d'), 'SET v = :v', '{":v": {"N": "5"}}', '{"ConditionExpression": "attribute_exists(id)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}'));
SELECT write(chk('Numbers', n('2'), 'attribute_exists(n)', NULL, '{"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}'), chk('Numbers', n('1'), 'attribute_exists(w)', NULL, '{"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}'));
SELECT items(), entries();

-- What is consumed: twice of the table, once of indexes; a check is a write of what it reads
SELECT write_with('{"ReturnConsumedCapacity": "TOTAL"}', put('Plain', id('a', v(1))), chk('Plain', id('nothing'), 'attribute_not_exists(id)'), put('Numbers', n('1', v(2))));
SELECT write_with('{"ReturnConsumedCapacity": "INDEXES"}', put('Things', ps('z', 1, '{"l": {"S": "l"}, "g": {"S": "g"}}')), put('Things', ps('z', 2, jsonb_build_object('g', '{"S": "g"}'::jsonb, 'a', text_of(1500)))), del('Plain', id('b')));
SELECT write_with('{"ReturnConsumedCapacity": "INDEXES"}', upd('Things', ps('z', 1), 'SET v = :v', '{":v": {"N": "1"}}'), chk('Things', ps('z', 2), 'attribute_exists(p)'));
SELECT write_with('{"ReturnConsumedCapacity": "INDEXES"}', del('Things', ps('z', 1)), del('Things', ps('z', 2)));
SELECT write_with('{"ReturnConsumedCapacity": "NONE"}', put('Plain', id('a', v(1))));
-- a table under two names has both
SELECT write_with('{"ReturnConsumedCapacity": "TOTAL"}', put('Plain', id('a', v(1))),
	put((dynamo_describe_table('{"TableName": "Plain"}')->'Table'->>'TableArn'), id('b'))) LIKE '%"Plain"%arn:%' AS both;
SELECT write_with('{"ReturnConsumedCapacity": "INDEXES"}', put('Plain', id('c')), chk('Plain', id('a'), 'attribute_not_exists(id)'));
-- item collections: of tables with local indexes
SELECT write_with('{"ReturnItemCollectionMetrics": "SIZE"}', put('Things', ps('z', 2, '{"l": {"S": "l"}}')), put('Things', ps('x', 9)), put('Things', ps('z', 1)), put('Plain', id('c')), chk('Things', ps('q', 1), 'attribute_not_exists(p)'));
SELECT write_with('{"ReturnItemCollectionMetrics": "SIZE"}', put('Plain', id('c')));
SELECT write(del('Things', ps('z', 2)), del('Things', ps('x', 9)), del('Things', ps('z', 1)), del('Plain', id('c')), del('Plain', id('b')));

-- Tokens: once, whatever the order of members; the answer of a replay has what reading costs
SELECT write_with('{"ClientRequestToken": "one", "ReturnConsumedCapacity": "TOTAL"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'), put('Numbers', n('7', jsonb_build_object('a', text_of(5000)))));
SELECT write_with('{"ReturnConsumedCapacity": "TOTAL", "ClientRequestToken": "one"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'), put('Numbers', n('7', jsonb_build_object('a', text_of(5000)))));
SELECT item->'v' FROM dynamo."Plain" WHERE item->>'id' = 'a';
SELECT dynamo_transact_write_items('{"TransactItems": [{"Delete": {"TableName": "Plain", "Key": {"id": {"S": "k"}}, "ConditionExpression": "attribute_not_exists(v)"}}], "ClientRequestToken": "order"}');
SELECT dynamo_transact_write_items('{"ClientRequestToken": "order", "TransactItems": [{"Delete": {"ConditionExpression": "attribute_not_exists(v)", "Key": {"id": {"S": "k"}}, "TableName": "Plain"}}]}');
-- another request: other actions, or another order of actions
SELECT write_with('{"ClientRequestToken": "one", "ReturnConsumedCapacity": "TOTAL"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "2"}}'), put('Numbers', n('7', jsonb_build_object('a', text_of(5000)))));
SELECT write_with('{"ClientRequestToken": "one", "ReturnConsumedCapacity": "TOTAL"}', put('Numbers', n('7', jsonb_build_object('a', text_of(5000)))), upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'));
-- a cancelled one leaves its token free, an invalid one too; and a token is not asked before the tables are
SELECT write_with('{"ClientRequestToken": "two"}', chk('Plain', id('a'), 'attribute_not_exists(id)'), put('Plain', id('c')));
SELECT write_with('{"ClientRequestToken": "two"}', put('Plain', '{"id": {"N": "1"}}'));
SELECT write_with('{"ClientRequestToken": "two"}', chk('Plain', id('a'), 'attribute_exists(id)'), put('Plain', id('c')));
SELECT write_with('{"ClientRequestToken": "two"}', put('Missing', id('c')));
-- other members of the request count too; a replay changes nothing
SELECT write(del('Plain', id('c')), upd('Plain', id('a'), 'SET v = :v', '{":v": {"N": "10"}}'));
SELECT write_with('{"ClientRequestToken": "two", "ReturnConsumedCapacity": "INDEXES"}', chk('Plain', id('a'), 'attribute_exists(id)'), put('Plain', id('c')));
SELECT write_with('{"ClientRequestToken": "two"}', chk('Plain', id('a'), 'attribute_exists(id)'), put('Plain', id('c')));
-- in one transaction of the caller's, and undone with it
BEGIN;
SELECT write_with('{"ClientRequestToken": "three"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'));
SELECT write_with('{"ClientRequestToken": "three"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'));
SAVEPOINT s;
SELECT write_with('{"ClientRequestToken": "four"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'));
ROLLBACK TO s;
SELECT write_with('{"ClientRequestToken": "four"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "100"}}'));
SELECT item->'v' FROM dynamo."Plain" WHERE item->>'id' = 'a';
ROLLBACK;
SELECT item->'v' FROM dynamo."Plain" WHERE item->>'id' = 'a';
SELECT write_with('{"ClientRequestToken": "three"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'));
SELECT item->'v' FROM dynamo."Plain" WHERE item->>'id' = 'a';
SELECT items(), entries();

-- after ten minutes a token is new
SELECT count(*) FROM dynapg.transaction_tokens WHERE token IN ('one', 'two');
UPDATE dynapg.transaction_tokens SET taken_at = taken_at - interval '8 minutes' WHERE token = 'one';
SELECT write_with('{"ClientRequestToken": "one"}', del('Plain', id('k')));
UPDATE dynapg.transaction_tokens SET taken_at = taken_at - interval '2 minutes 1 second' WHERE token = 'one';
SELECT write_with('{"ClientRequestToken": "one", "ReturnConsumedCapacity": "TOTAL"}', del('Plain', id('k')));
SELECT write_with('{"ClientRequestToken": "one", "ReturnConsumedCapacity": "TOTAL"}', del('Plain', id('k')));
-- what is older is removed by later requests, but not on a snapshot that may not see who else has removed it
CREATE PROCEDURE old_tokens() LANGUAGE sql AS $$ INSERT INTO dynapg.transaction_tokens (scope, token, request, taken_at)
	SELECT 'TransactWriteItems', 'old' || i, '', pg_catalog.clock_timestamp() - interval '10 minutes 1 second' FROM generate_series(1, 1500) i $$;
CREATE FUNCTION tokens(prefix text) RETURNS bigint LANGUAGE sql AS $$ SELECT count(write_with(jsonb_build_object('ClientRequestToken', prefix || i), del('Plain', id('k')))) FROM generate_series(1, 500) i $$;
CALL old_tokens();
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT tokens('a');
SELECT count(*) FILTER (WHERE token LIKE 'old%') AS old, count(*) FILTER (WHERE token ~ '^a[0-9]+$') AS new FROM dynapg.transaction_tokens;
COMMIT;
SELECT tokens('b');
SELECT count(*) FILTER (WHERE token LIKE 'old%') AS old, count(*) FILTER (WHERE token ~ '^[ab][0-9]+$') AS new FROM dynapg.transaction_tokens;
DELETE FROM dynapg.transaction_tokens WHERE token ~ '^[ab][0-9]+$';

-- TransactGetItems
SELECT read_with('{"ReturnConsumedCapacity": "TOTAL"}', get('Numbers', n('7'), '{"ProjectionExpression": "n"}'), get('Plain', id('nothing')), get('Plain', id('a'), '{"ProjectionExpression": "#v, w.x", "ExpressionAttributeNames": {"#v": "v"}}'), get('Numbers', n('1')));
SELECT read_with('{"ReturnConsumedCapacity": "INDEXES"}', get('Things', ps('x', 1)), get('Things', ps('x', 2), '{"ProjectionExpression": "nothing"}'));
SELECT answer('transact_get_items', '{"TransactItems": []}');
SELECT read(VARIADIC ARRAY(SELECT get('Plain', id(i::text)) FROM generate_series(1, 101) i));
SELECT jsonb_array_length(read(VARIADIC ARRAY(SELECT get('Plain', id(i::text)) FROM generate_series(1, 100) i))::jsonb->'Responses');
SELECT read(get('Plain', id('a')), get('Plain', id('a')));
SELECT read(get('Numbers', n('1')), get('Plain', id('a')), get('Numbers', n('1.0'), '{"ProjectionExpression": "n"}'));
SELECT read(get('Plain', id('a')), get('Missing', id('a')));
SELECT read(get('Missing', id('a')), get('Plain', id('')));
SELECT read('{}');
SELECT read(get('Plain', id('a'), '{"ProjectionExpression": "a,"}'));
SELECT read(get('Plain', id('a'), '{"ProjectionExpression": "#a"}'));
SELECT read(get('Plain', id('a'), '{"ProjectionExpression": "a, a.b"}'));
SELECT read(get('Plain', id('a'), '{"ExpressionAttributeNames": {"#a": "a"}}'));
SELECT read(get('Plain', '{"id": {"S": "a", "N": "1"}}'));
SELECT read(get('Plain', '{"id": {"N": "1"}}'), get('Plain', id('')));
-- bad keys cancel
SELECT read(get('Plain', id('a')), get('Plain', '{"id": {"N": "1"}}'), get('Numbers', '{}'));
SELECT read(get('Plain', id('a', v(1))));
SELECT read(get('Things', '{"p": {"S": "x"}}'));
SELECT read(get('Plain', id('a'), '{"ProjectionExpression": "id.x"}'));
-- 4 MB of items, however little of them is asked for
INSERT INTO dynamo."Plain" (item) SELECT jsonb_build_object('id', 'm' || i, 'a', repeat('x', 400000)) FROM generate_series(1, 11) i;
SELECT read(VARIADIC ARRAY(SELECT get('Plain', id('m' || i), '{"ProjectionExpression": "id"}') FROM generate_series(1, 11) i));
SELECT read_with('{"ReturnConsumedCapacity": "TOTAL"}', VARIADIC ARRAY(SELECT get('Plain', id('m' || i), '{"ProjectionExpression": "id"}') FROM generate_series(1, 10) i));
DELETE FROM dynamo."Plain" WHERE item->>'id' LIKE 'm%';

-- The caller's transaction: what was before a failed call stays, nothing of the call does
SELECT clear();
BEGIN;
SELECT write(put('Plain', id('before')));
SAVEPOINT s;
SELECT dynamo_transact_write_items(jsonb_build_object('TransactItems', jsonb_build_array(put('Plain', id('during')), put('Things', ps('during', 1, '{"g": {"S": "g"}}')), put('Numbers', n('1', v(1)), '{"ConditionExpression": "attribute_exists(n)"}'))));
ROLLBACK TO s;
SELECT items(), entries();
-- an EXCEPTION block, which answer() has
SELECT write(put('Plain', id('during')), put('Things', ps('during', 1, '{"g": {"S": "g"}}')), chk('Numbers', n('1'), 'attribute_exists(n)'), upd('Plain', id('before'), 'SET v = :v', '{":v": {"N": "1"}}'), del('Plain', id('other')));
SELECT items(), entries();
-- what the call held is free and usable again
SELECT write(put('Plain', id('during')), chk('Numbers', n('1'), 'attribute_not_exists(n)'), chk('Plain', id('before'), 'attribute_exists(id)'));
SELECT write(put('Numbers', n('1', v(1))), upd('Plain', id('before'), 'SET v = :v', '{":v": {"N": "1"}}'), del('Plain', id('during')));
SELECT write(put('Numbers', n('1', v(2))), put('Plain', id('during')), put('Things', ps('after', 1, '{"l": {"S": "l"}}')));
SELECT read(get('Plain', id('before')), get('Plain', id('during')), get('Numbers', n('1')));
COMMIT;
SELECT items(), entries();
-- all is undone with the caller's
BEGIN;
SELECT write(del('Plain', id('before')), put('Numbers', n('2')), upd('Things', ps('after', 1), 'SET g = :g', '{":g": {"S": "g"}}'), chk('Plain', id('nothing'), 'attribute_not_exists(id)'));
SELECT items(), entries();
ROLLBACK;
SELECT items(), entries();
-- without a savepoint an error ends the caller's transaction
BEGIN;
SELECT write(put('Plain', id('lost')));
SELECT dynamo_transact_write_items(jsonb_build_object('TransactItems', jsonb_build_array(chk('Plain', id('lost'), 'attribute_not_exists(id)'))));
SELECT 1;
COMMIT;
SELECT items(), entries();
-- isolation levels, and read-only
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT write(put('Plain', id('rr')), chk('Plain', id('before'), 'attribute_exists(v)'), chk('Plain', id('nothing'), 'attribute_not_exists(id)'));
SELECT write(put('Plain', id('nothing')), del('Plain', id('rr')));
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT write(del('Plain', id('nothing')), chk('Plain', id('before'), 'attribute_exists(v)'), chk('Plain', id('absent'), 'attribute_not_exists(id)'));
SELECT read(get('Plain', id('nothing')), get('Plain', id('before')));
COMMIT;
BEGIN READ ONLY;
SELECT read(get('Plain', id('before')));
SELECT write(put('Plain', id('c')));
SELECT write(chk('Plain', id('before'), 'attribute_exists(id)'));
SELECT write(chk('Plain', id('nothing'), 'attribute_not_exists(id)'));
COMMIT;
SELECT items(), entries();

-- A ConditionCheck leaves the user's own indexes and triggers alone, where the item is and where it is not
SELECT clear();
CREATE UNIQUE INDEX unique_mail ON dynamo."Plain" ((item->>'mail'));
CREATE UNIQUE INDEX unique_constant ON dynamo."Numbers" ((coalesce(item->>'mail', 'none')));
SELECT write(put('Plain', id('a', '{"mail": {"S": "a@x"}}')), put('Numbers', n('1')));
SELECT write(chk('Plain', id('b'), 'attribute_not_exists(id)'), chk('Plain', id('c'), 'attribute_not_exists(id)'), chk('Plain', id('a'), 'attribute_exists(id)'));
SELECT write(chk('Numbers', n('2'), 'attribute_not_exists(n)'), chk('Numbers', n('3'), 'attribute_not_exists(n)'), del('Numbers', n('4')), put('Plain', id('d')));
SELECT write(put('Numbers', n('5')));
SELECT write(put('Plain', id('b', '{"mail": {"S": "a@x"}}')), put('Plain', id('e')));
DROP INDEX dynamo.unique_mail, dynamo.unique_constant;

-- Through triggers, constraints and row-level security (the other way of storing): all the same
CREATE PROCEDURE same() LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	PERFORM clear();
	FOREACH line IN ARRAY ARRAY[
		write_with('{"ReturnConsumedCapacity": "INDEXES"}', put('Plain', id('a', v(1))), put('Plain', id('b', v(1))), put('Things', ps('x', 1, '{"l": {"S": "l"}, "g": {"S": "g"}}')), upd('Numbers', n('1'), 'SET v = :v', '{":v": {"N": "1"}}')),
		items(),
		write_with('{"ReturnConsumedCapacity": "INDEXES"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'), del('Plain', id('b')), upd('Things', ps('x', 1), 'REMOVE l'), chk('Numbers', n('1'), 'v = :v', '{":v": {"N": "1"}}'), chk('Plain', id('absent'), 'attribute_not_exists(id)')),
		items(),
		write(put('Plain', id('c')), chk('Plain', id('a'), 'v = :v', '{":v": {"N": "1"}}', '{"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}'), put('Things', ps('x', 1), '{"ConditionExpression": "attribute_not_exists(p)"}'), upd('Numbers', n('2'), 'SET v = :v', '{":v": {"N": "1"}}')),
		write(put('Plain', id('c')), upd('Plain', id('a'), 'SET v = nothing'), chk('Plain', id('b'), 'attribute_exists(id)')),
		write_with('{"ClientRequestToken": "same", "ReturnConsumedCapacity": "TOTAL"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}')),
		write_with('{"ClientRequestToken": "same", "ReturnConsumedCapacity": "TOTAL"}', upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}')),
		read(get('Plain', id('a')), get('Plain', id('b')), get('Numbers', n('1')), get('Things', ps('x', 1))),
		items(), entries()]
	LOOP
		INSERT INTO seen (line) VALUES (line);
	END LOOP;
	DELETE FROM dynapg.transaction_tokens WHERE token = 'same';
END $$;
CREATE TABLE seen (number serial, line text);
CALL same();
TRUNCATE seen RESTART IDENTITY;
CALL same();
SELECT line FROM seen ORDER BY number;
CREATE TABLE direct AS TABLE seen;
-- a trigger
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END; END $$;
CREATE TRIGGER note BEFORE INSERT OR UPDATE OR DELETE ON dynamo."Plain" FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON dynamo."Things" FOR EACH ROW EXECUTE FUNCTION note();
TRUNCATE seen RESTART IDENTITY;
CALL same();
SELECT s.line AS triggers, d.line AS direct FROM seen s FULL JOIN direct d USING (number) WHERE s.line IS DISTINCT FROM d.line;
DROP TRIGGER note ON dynamo."Plain";
DROP TRIGGER note ON dynamo."Things";
-- triggers that change rows, keep them from being written, write others, and fail
CREATE FUNCTION meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE NEW.item->>'id'
		WHEN 'suppressed' THEN RETURN NULL;
		WHEN 'changed' THEN NEW.item := NEW.item || '{"by": "trigger"}';
		WHEN 'moved' THEN NEW.item := NEW.item || '{"id": "elsewhere"}';
		WHEN 'nested' THEN PERFORM write(put('Numbers', n('8')), upd('Plain', id('other'), 'ADD v :v', '{":v": {"N": "10"}}'), chk('Numbers', n('9'), 'attribute_not_exists(n)'));
		WHEN 'refused' THEN RAISE 'not this one';
		WHEN 'wrong' THEN PERFORM dynamo_put_item('{"TableName": "Plain", "Item": {}}');
		WHEN 'used' THEN RAISE lock_not_available;
		ELSE NULL;
	END CASE;
	RETURN NEW;
END $$;
CREATE TRIGGER meddle BEFORE INSERT OR UPDATE ON dynamo."Plain" FOR EACH ROW EXECUTE FUNCTION meddle();
SELECT id, write(put('Plain', id(id)), upd('Plain', id('other'), 'ADD v :v', '{":v": {"N": "1"}}'), put('Numbers', n('7'))), items(), clear()
FROM unnest(ARRAY['suppressed', 'changed', 'moved', 'nested', 'refused', 'wrong', 'used']) id;
DROP TRIGGER meddle ON dynamo."Plain";
-- a constraint
ALTER TABLE dynamo."Plain" ADD CONSTRAINT small CHECK ((item->'v')::int < 100), ADD CONSTRAINT not_empty CHECK (item <> '{}');
ALTER TABLE dynamo."Numbers" ADD CHECK ((item->'v')::int < 100);
TRUNCATE seen RESTART IDENTITY;
CALL same();
SELECT s.line AS constraints, d.line AS direct FROM seen s FULL JOIN direct d USING (number) WHERE s.line IS DISTINCT FROM d.line;
-- what it refuses is an error of the user's own, and undoes the rest
BEGIN;
SELECT write(put('Plain', id('kept')));
SELECT write(put('Plain', id('c')), put('Numbers', n('9')), upd('Plain', id('a'), 'SET v = :v', '{":v": {"N": "100"}}'));
SELECT write(put('Plain', id('c')), chk('Plain', id('a'), 'v = :v', '{":v": {"N": "3"}}'));
COMMIT;
SELECT items();
ALTER TABLE dynamo."Plain" DROP CONSTRAINT small, DROP CONSTRAINT not_empty;
ALTER TABLE dynamo."Numbers" DROP CONSTRAINT "Numbers_item_check";
-- row-level security
CREATE ROLE tx_tenant;
GRANT USAGE ON SCHEMA dynamo, tx TO tx_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo."Plain", dynamo."Numbers", dynamo."Things" TO tx_tenant;
ALTER TABLE dynamo."Plain" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON dynamo."Plain" TO tx_tenant USING (item->>'id' NOT IN ('hidden', 'veiled')) WITH CHECK (item->>'id' NOT IN ('hidden', 'forbidden'));
INSERT INTO dynamo."Plain" (item) VALUES ('{"id": "hidden"}'), ('{"id": "veiled"}');
SET ROLE tx_tenant;
SELECT write_with('{"ReturnConsumedCapacity": "INDEXES"}', put('Plain', id('a', v(1))), del('Numbers', n('1')), chk('Plain', id('absent'), 'attribute_not_exists(id)'));
SELECT write_with('{"ClientRequestToken": "tenant"}', put('Plain', id('c')), upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'));
SELECT write_with('{"ClientRequestToken": "tenant"}', put('Plain', id('c')), upd('Plain', id('a'), 'ADD v :v', '{":v": {"N": "1"}}'));
SELECT read(get('Plain', id('a')), get('Plain', id('hidden')), get('Numbers', n('1')));
SELECT write(put('Plain', id('d')), put('Plain', id('forbidden')));
SELECT write(put('Plain', id('d')), put('Plain', id('hidden')));
SELECT write(put('Plain', id('d')), put('Plain', id('veiled')));
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT write(put('Plain', id('d')), put('Plain', id('veiled')));
SELECT answer('put_item', '{"TableName": "Plain", "Item": {"id": {"S": "veiled"}}}');
COMMIT;
SELECT write(put('Plain', id('d')), chk('Plain', id('hidden'), 'attribute_exists(id)'), chk('Plain', id('a'), 'v = :v', '{":v": {"N": "1"}}', '{"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}'));
RESET ROLE;
SELECT items();
-- a check needs the rights to read and to UPDATE, as what it holds keeps writers away
REVOKE INSERT, DELETE ON dynamo."Numbers" FROM tx_tenant;
INSERT INTO dynamo."Numbers" (item) VALUES ('{"n": 2}');
SET ROLE tx_tenant;
SELECT write(chk('Numbers', n('1'), 'attribute_not_exists(n)'), chk('Numbers', n('2'), 'attribute_exists(n)'));
SELECT write(chk('Plain', id('a'), 'attribute_exists(id)'), del('Numbers', n('3')));
RESET ROLE;
REVOKE SELECT ON dynamo."Numbers" FROM tx_tenant;
SET ROLE tx_tenant;
SELECT write(put('Plain', id('d')), chk('Numbers', n('1'), 'attribute_not_exists(n)'));
SELECT read(get('Plain', id('a')), get('Numbers', n('1')));
-- a token opens nothing: neither a replay nor a mismatch
RESET ROLE;
SELECT write_with('{"ClientRequestToken": "theirs", "ReturnConsumedCapacity": "TOTAL"}', chk('Numbers', n('1'), 'attribute_not_exists(n)'));
SELECT answer('execute_transaction', '{"ClientRequestToken": "theirs", "TransactStatements": [{"Statement": "DELETE FROM \"Numbers\" WHERE n = 1 AND v = 1"}]}');
SELECT answer('execute_transaction', '{"ClientRequestToken": "theirs", "TransactStatements": [{"Statement": "DELETE FROM \"Numbers\" WHERE n = 1"}]}');
SET ROLE tx_tenant;
SELECT write_with('{"ClientRequestToken": "theirs", "ReturnConsumedCapacity": "TOTAL"}', chk('Numbers', n('1'), 'attribute_not_exists(n)'));
SELECT write_with('{"ClientRequestToken": "theirs"}', chk('Numbers', n('2'), 'attribute_not_exists(n)'));
SELECT write_with('{"ClientRequestToken": "theirs"}', chk('Plain', id('nothing'), 'attribute_not_exists(id)'));
SELECT answer('execute_transaction', '{"ClientRequestToken": "theirs", "TransactStatements": [{"Statement": "DELETE FROM \"Numbers\" WHERE n = 1"}]}');
RESET ROLE;
SELECT dynapg.check_table('Plain'), dynapg.check_table('Numbers'), dynapg.check_table('Things');

SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
DROP OWNED BY tx_tenant;
DROP ROLE tx_tenant;
SET client_min_messages TO warning;
DROP SCHEMA tx CASCADE;
