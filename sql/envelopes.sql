-- `1 validation error detected: ` stands before some errors of some operations.  Each error is shown for every operation that can meet
-- it: with the envelope, without it, or with another text.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

SELECT pg_temp.make('envelopes', 'p:S', 's:N');

-- The operations, each with a request that is right.
CREATE TEMP TABLE operations (place int, operation text, kind text, request jsonb);
INSERT INTO operations VALUES
	(1, 'put_item', 'condition', '{"TableName": "envelopes", "Item": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(2, 'delete_item', 'condition', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(3, 'update_item', 'condition', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(4, 'update_item', 'update', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(5, 'get_item', 'projection', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(6, 'query', 'filter', '{"TableName": "envelopes", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}'),
	(7, 'query', 'projection', '{"TableName": "envelopes", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}'),
	(8, 'scan', 'filter', '{"TableName": "envelopes"}'),
	(9, 'scan', 'projection', '{"TableName": "envelopes"}'),
	(10, 'batch_get_item', 'projection', '{"Keys": [{"p": {"S": "a"}, "s": {"N": "1"}}]}'),
	(11, 'transact_get_items', 'projection', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(12, 'transact_put', 'condition', '{"TableName": "envelopes", "Item": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(13, 'transact_delete', 'condition', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(14, 'transact_update', 'update', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}'),
	(15, 'transact_check', 'condition', '{"TableName": "envelopes", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}');

-- An operation's answer; an element of a transaction and the table of a batch by their names.
CREATE FUNCTION pg_temp.ask(operation text, request jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT CASE
		WHEN operation = 'batch_get_item' THEN pg_temp.answer(operation, jsonb_build_object('RequestItems', jsonb_build_object('envelopes', request)))
		WHEN operation = 'transact_get_items' THEN
			pg_temp.answer(operation, jsonb_build_object('TransactItems', jsonb_build_array(jsonb_build_object('Get', request))))
		WHEN operation LIKE 'transact%' THEN
			pg_temp.answer('transact_write_items', jsonb_build_object('TransactItems', jsonb_build_array(jsonb_build_object(
				CASE operation WHEN 'transact_put' THEN 'Put' WHEN 'transact_delete' THEN 'Delete' WHEN 'transact_update' THEN 'Update'
					ELSE 'ConditionCheck' END, request))))
		ELSE pg_temp.answer(operation, request)
	END
$$;
-- Members over a request's; its expression attribute values are kept beside new ones.
CREATE FUNCTION pg_temp.with_members(request jsonb, members jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT request || members || CASE WHEN request ? 'ExpressionAttributeValues' AND jsonb_typeof(members->'ExpressionAttributeValues') = 'object'
		AND members->'ExpressionAttributeValues' <> '{}'
		THEN jsonb_build_object('ExpressionAttributeValues', (request->'ExpressionAttributeValues') || (members->'ExpressionAttributeValues'))
		ELSE '{}' END
$$;
-- The member that a kind of expressions is in.
CREATE FUNCTION pg_temp.member(kind text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE kind WHEN 'condition' THEN 'ConditionExpression' WHEN 'update' THEN 'UpdateExpression'
		WHEN 'filter' THEN 'FilterExpression' ELSE 'ProjectionExpression' END
$$;
-- For each operation with such an expression: how it answers to one, with members besides.
CREATE FUNCTION pg_temp.show(expressions jsonb, members jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s, %s: %s', operation, kind, pg_temp.ask(operation, pg_temp.with_members(request, members ||
		jsonb_build_object(pg_temp.member(kind), expressions->kind))))
	FROM operations WHERE expressions ? kind ORDER BY place
$$;

-- Unused names.
SELECT pg_temp.show('{"condition": "a <> b", "update": "SET a = b", "filter": "a <> b", "projection": "a"}', '{"ExpressionAttributeNames": {"#n": "n"}}');
-- Unused values.
SELECT pg_temp.show('{"condition": "a <> b", "update": "SET a = b", "filter": "a <> b"}', '{"ExpressionAttributeValues": {":v": {"S": "n"}}}');
-- No names, no values at all.
SELECT pg_temp.show('{"condition": "a <> b", "update": "SET a = b", "filter": "a <> b", "projection": "a"}', '{"ExpressionAttributeNames": {}}');
SELECT pg_temp.show('{"condition": "a <> b", "update": "SET a = b", "filter": "a <> b"}', '{"ExpressionAttributeValues": {}}');
-- An empty expression.
SELECT pg_temp.show('{"condition": "", "update": "", "filter": "", "projection": ""}');
-- Sections and paths of updates; paths of projections.
SELECT pg_temp.show('{"update": "SET a = b SET c = d"}');
SELECT pg_temp.show('{"update": "SET a = b, a.b = c", "projection": "a, a.b"}');
SELECT pg_temp.show('{"update": "SET a.b = b, a[1] = c", "projection": "a.b, a[1]"}');
-- Sets in values.
SELECT pg_temp.show('{"condition": "a <> :v", "update": "SET a = :v", "filter": "a <> :v"}', '{"ExpressionAttributeValues": {":v": {"SS": []}}}');
SELECT pg_temp.show('{"update": "SET a = :v"}', '{"ExpressionAttributeValues": {":v": {"NS": []}}}');
SELECT pg_temp.show('{"update": "SET a = :v"}', '{"ExpressionAttributeValues": {":v": {"L": [{"BS": []}]}}}');
SELECT pg_temp.show('{"condition": "a <> :v", "update": "SET a = :v", "filter": "a <> :v"}', '{"ExpressionAttributeValues": {":v": {"SS": ["a", "a"]}}}');
-- Those that have had it before.
SELECT pg_temp.show('{"condition": "a <", "update": "SET a", "filter": "a <", "projection": "a b"}');
SELECT pg_temp.show('{"condition": "((a <> b))", "update": "SET a = ((b))", "filter": "((a <> b))"}');
SELECT pg_temp.show('{"condition": "a = a", "update": "SET a = if_not_exists(a, a)", "filter": "a = a"}');
-- Those that have it nowhere.
SELECT pg_temp.show('{"condition": "a <> #n", "update": "SET a = #n", "filter": "a <> #n", "projection": "#n"}', '{"ExpressionAttributeNames": {"#m": "n"}}');
SELECT pg_temp.show('{"condition": "a <> :v", "update": "SET a = :v", "filter": "a <> :v"}', '{"ExpressionAttributeValues": {":w": {"S": "n"}}}');

-- Select.
SELECT format('%s, %s: %s', operation, members, pg_temp.ask(operation, request || members))
FROM operations, (VALUES (1, '{"Select": "SPECIFIC_ATTRIBUTES"}'::jsonb), (2, '{"Select": "ALL_ATTRIBUTES", "ProjectionExpression": "a"}'),
	(3, '{"Select": "COUNT", "ProjectionExpression": "a"}'), (4, '{"Select": "ALL_PROJECTED_ATTRIBUTES"}')) AS selects (n, members)
WHERE operation IN ('query', 'scan') AND kind = 'filter' ORDER BY n, place;
SELECT operation, pg_temp.ask(operation, request) FROM (VALUES
	('query', '{"TableName": "envelopes", "KeyConditions": {"p": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "a"}]}}, "AttributesToGet": ["a"], "Select": "COUNT"}'::jsonb),
	('scan', '{"TableName": "envelopes", "AttributesToGet": ["a"], "Select": "COUNT"}')) AS legacy (operation, request);

SELECT pg_temp.api('delete_table', '{"TableName": "envelopes"}') LIKE '%DELETING%';
