--
-- Events of the audit, as dynapg_test_audit_take() gives them instead of the log: their shape, and what is not in them.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
SET application_name TO 'audit test';
CREATE FUNCTION pg_temp.hold() RETURNS void AS '$libdir/dynapg', 'dynapg_test_audit_hold' LANGUAGE C;
CREATE FUNCTION pg_temp.take() RETURNS text AS '$libdir/dynapg', 'dynapg_test_audit_take' LANGUAGE C;
CREATE FUNCTION pg_temp.redact(text, boolean DEFAULT true) RETURNS text AS '$libdir/dynapg', 'dynapg_test_partiql_redact' LANGUAGE C STRICT;
CREATE ROLE regress_auditor_test;
SELECT dynapg.version() IS NOT NULL;

-- the events since the last call: all members that differ from one event to the next and tell something
CREATE FUNCTION pg_temp.events() RETURNS TABLE (name text, error text, parameters json, resources text) LANGUAGE sql AS $$
	SELECT e ->> 'eventName', (e ->> 'errorCode') || coalesce(': ' || (e ->> 'errorMessage'), ''), (l::json) -> 'requestParameters',
		(SELECT string_agg(regexp_replace(r ->> 'ARN', '^arn:aws:dynamodb:us-east-1:000000000000:', '') || ' ' || (r ->> 'type'), ', ')
			FROM jsonb_array_elements(e -> 'resources') r)
	FROM string_to_table(rtrim(pg_temp.take(), E'\n'), E'\n') l, LATERAL (SELECT l::jsonb AS e) j $$;
CREATE FUNCTION pg_temp.try(operation text, request jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT %I($1)', operation) USING request;
EXCEPTION WHEN OTHERS THEN NULL;
END $$;

--
-- Which: off, control, data
--
SELECT pg_temp.hold();
SELECT dynamo_list_tables('{}') IS NOT NULL;
SELECT * FROM pg_temp.events();
SET dynapg.audit TO control;
SELECT pg_temp.hold();
SELECT dynamo_create_table('{"TableName": "audit-a", "BillingMode": "PAY_PER_REQUEST", "Tags": [{"Key": "team", "Value": "a b"}],
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]}') IS NOT NULL;
SELECT dynamo_put_item('{"TableName": "audit-a", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "secret": {"S": "hidden"}}}');
SELECT pg_temp.try('dynamo_put_item', '{"TableName": "audit-a", "Item": {"pk": {"S": "a"}}}');
SELECT pg_temp.try('dynamo_describe_table', '{"TableName": "audit-none"}');
-- everything of one event
SELECT regexp_replace(l, '("(eventTime|eventID|creationDateTime|tableId|processId|principalId|arn|userName|sessionUser)":)("[^"]*"|[0-9.E+-]+)', '\1?', 'g')
	FROM string_to_table(rtrim(pg_temp.take(), E'\n'), E'\n') l;

--
-- Data events
--
SET dynapg.audit TO data;
SELECT pg_temp.hold();
SELECT dynamo_put_item('{"TableName": "audit-a", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "secret": {"S": "hidden"}, "m": {"M": {"inner": {"S": "hidden"}}}},
	"ConditionExpression": "attribute_exists(pk) AND #s = :old", "ExpressionAttributeNames": {"#s": "secret"}, "ExpressionAttributeValues": {":old": {"S": "hidden"}},
	"ReturnValues": "ALL_OLD", "ReturnConsumedCapacity": "TOTAL"}') IS NOT NULL;
SELECT dynamo_get_item('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "1.50"}}, "ConsistentRead": true}') IS NOT NULL;
SELECT dynamo_update_item('{"TableName": "audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}}, "UpdateExpression": "SET secret = :v", "ExpressionAttributeValues": {":v": {"S": "hidden"}}}') IS NOT NULL;
SELECT dynamo_update_item('{"TableName": "audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "2"}}, "AttributeUpdates": {"secret": {"Action": "PUT", "Value": {"S": "hidden"}}},
	"Expected": {"secret": {"Exists": false}}}') IS NOT NULL;
SELECT dynamo_query('{"TableName": "audit-a", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "hidden"}}, "Limit": 1,
	"ExclusiveStartKey": {"pk": {"S": "hidden"}, "sk": {"N": "0"}}}') IS NOT NULL;
SELECT dynamo_scan('{"TableName": "audit-a", "ScanFilter": {"secret": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "hidden"}]}}}') IS NOT NULL;
SELECT dynamo_batch_get_item('{"RequestItems": {"audit-a": {"Keys": [{"pk": {"S": "a"}, "sk": {"N": "1"}}, {"pk": {"S": "b"}, "sk": {"N": "1"}}], "ProjectionExpression": "secret"}}}') IS NOT NULL;
SELECT dynamo_batch_write_item('{"RequestItems": {"audit-a": [{"PutRequest": {"Item": {"pk": {"S": "b"}, "sk": {"N": "1"}, "secret": {"S": "hidden"}}}},
	{"DeleteRequest": {"Key": {"pk": {"S": "c"}, "sk": {"N": "1"}}}}]}}') IS NOT NULL;
SELECT dynamo_transact_write_items('{"TransactItems": [{"Put": {"TableName": "audit-a", "Item": {"pk": {"S": "d"}, "sk": {"N": "1"}, "secret": {"S": "hidden"}}}},
	{"ConditionCheck": {"TableName": "audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}}, "ConditionExpression": "secret = :v", "ExpressionAttributeValues": {":v": {"S": "hidden"}}}}],
	"ClientRequestToken": "token"}') IS NOT NULL;
SELECT * FROM pg_temp.events();

-- PartiQL: the values of keys alone
SELECT dynamo_execute_statement('{"Statement": "SELECT secret FROM \"audit-a\" WHERE pk = ''a'' AND sk = 1 AND secret = ''hidden''"}') IS NOT NULL;
SELECT dynamo_execute_statement('{"Statement": "UPDATE \"audit-a\" SET secret = ? WHERE pk = ''a'' AND sk = 1", "Parameters": [{"S": "hidden"}]}') IS NOT NULL;
SELECT dynamo_batch_execute_statement('{"Statements": [{"Statement": "INSERT INTO \"audit-a\" VALUE {''pk'': ''p'', ''sk'': 3, ''secret'': ''hidden'', ''m'': {''pk'': ''hidden''}}"}]}') IS NOT NULL;
SELECT dynamo_execute_transaction('{"TransactStatements": [{"Statement": "DELETE FROM \"audit-a\" WHERE pk = ''p'' AND sk = 3"}]}') IS NOT NULL;
SELECT * FROM pg_temp.events();
SELECT s, pg_temp.redact(s) FROM unnest(ARRAY[
	$$select * from "t" where "pk" = 'a' and b='hidden' and c in ('hidden', 5) and d between 1 and 2 -- hidden$$,
	$$SELECT a FROM t WHERE x.pk = 'hidden' AND pk.x = 'hidden' AND 'hidden' = pk AND begins_with(pk, 'hidden') AND NOT pk = -5$$,
	$$SELECT a FROM t WHERE pk = "hidden" AND a IS NULL AND b IS NOT MISSING AND c = NULL AND d = true$$,
	$$INSERT INTO t VALUE {'pk' : 'it''s', 'a': {'pk': 'hidden'}, 'b': ['hidden', << 'hidden' >>], "pk": 'hidden'}$$,
	$$INSERT INTO t VALUE {'a': 'hidden$$,
	$$SELECT a FROM t WHERE pk = 'a' /* hidden */ AND b = `hidden` AND c = 'hidden'$$,
	'UPDATE t SET a = ''hidden'', b = b + 1 REMOVE c WHERE pk = ''a'''
]) s;
SELECT bool_and(pg_temp.redact(left(s, n)) !~ 'hidde') FROM (SELECT $$INSERT INTO t VALUE {'a': 'hidden', 'b': {'c': 'hidden'}}$$ AS s) x, generate_series(1, 60) n WHERE n > 27;

--
-- The other doors: helpers, sets of rows
--
SELECT dynapg.put('audit-a', '{"pk": "h", "sk": 1, "secret": "hidden"}') IS NULL;
SELECT dynapg.get('audit-a', 'h', 1) IS NOT NULL;
SELECT count(*) FROM dynapg.items('audit-a', 'hidden');
SELECT count(*) FROM dynapg.query('{"TableName": "audit-a", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "hidden"}}}');
SELECT count(*) FROM dynapg.scan('{"TableName": "audit-a"}') WHERE false;
SELECT count(*) FROM dynamo_partiql('SELECT * FROM "audit-a" WHERE pk = ?', 'hidden');
SELECT dynapg.delete('audit-a', 'h', 1) IS NOT NULL;
SELECT * FROM pg_temp.events();

--
-- What fails: once, whatever becomes of the transaction, and without values
--
BEGIN;
SAVEPOINT a;
SELECT dynamo_put_item('{"TableName": "audit-a", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(pk)"}');
ROLLBACK TO a;
SELECT dynamo_delete_item('{"TableName": "audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}}}') IS NOT NULL;
ROLLBACK;
SELECT pg_temp.try('dynamo_put_item', '{"TableName": "audit-a", "Item": {"pk": {"S": "a"}, "sk": {"N": "hidden"}}}');
SELECT pg_temp.try('dynamo_put_item', '{"TableName": "audit-a", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "s": {"SS": ["hidden", "hidden"]}}}');
SELECT pg_temp.try('dynamo_get_item', '{"TableName": "audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}, "secret": {"S": "hidden"}}}');
SELECT pg_temp.try('dynamo_get_item', '{"TableName": "audit-a", "Key": {"pk": {"M": {"x": {"S": "hidden"}}}, "sk": {"N": "1"}}}');
SELECT pg_temp.try('dynamo_query', '{"TableName": "audit-a", "KeyConditionExpression": "pk BETWEEN :b AND :a", "ExpressionAttributeValues": {":a": {"S": "hidden1"}, ":b": {"S": "hidden2"}}}');
SELECT pg_temp.try('dynamo_transact_write_items', '{"TransactItems": [{"ConditionCheck": {"TableName": "audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(pk)"}}]}');
SELECT pg_temp.try('dynamo_execute_statement', '{"Statement": "SELECT * FROM \"audit-a\" WHERE pk = ''hidden'' ORDER hidden ''hidden''"}');
SELECT pg_temp.try('dynamo_get_item', '{"TableName": "hidden?", "Key": {}}');
ALTER TABLE dynamo."audit-a" ADD CONSTRAINT no CHECK (item ->> 'secret' <> 'hidden!');
SELECT pg_temp.try('dynamo_put_item', '{"TableName": "audit-a", "Item": {"pk": {"S": "a"}, "sk": {"N": "1"}, "secret": {"S": "hidden!"}}}');
SELECT * FROM pg_temp.events();

-- denied: with control, too; who runs it, and who has connected
SET dynapg.audit TO control;
SET ROLE regress_auditor_test;
SELECT dynamo_get_item('{"TableName": "audit-a", "Key": {"pk": {"S": "a"}, "sk": {"N": "1"}}}');
SELECT dynamo_execute_statement('{"Statement": "SELECT * FROM \"audit-a\" WHERE pk = ''a''"}');
RESET ROLE;
SELECT e ->> 'eventName', e ->> 'errorCode', e ->> 'errorMessage', e -> 'requestParameters', e #>> '{userIdentity,userName}', e #>> '{additionalEventData,sessionUser}' = session_user
	FROM string_to_table(rtrim(pg_temp.take(), E'\n'), E'\n') l, LATERAL (SELECT l::jsonb AS e) j;

--
-- Keys without their values
--
SET dynapg.audit TO data;
SET dynapg.audit_keys TO off;
SELECT dynamo_get_item('{"TableName": "audit-a", "Key": {"pk": {"S": "hidden"}, "sk": {"N": "1"}}}') IS NOT NULL;
SELECT dynamo_execute_statement('{"Statement": "SELECT secret FROM \"audit-a\" WHERE pk = ''hidden'' AND sk = 1"}') IS NOT NULL;
SELECT * FROM pg_temp.events();
RESET dynapg.audit_keys;

--
-- Lines: one an event, of printable ASCII, of bounded length
--
SELECT dynapg.put('audit-a', jsonb_build_object('pk', E'a\nb\r\u0085\u2028\u202e\x1b[2J"\\ é 😀', 'sk', 1, E'n\n', 1)) IS NULL;
CREATE ROLE "regress_audit
{""x"": 1}";
SET ROLE "regress_audit
{""x"": 1}";
SELECT pg_temp.try('dynamo_list_tables', '{}');
RESET ROLE;
DROP ROLE "regress_audit
{""x"": 1}";
SELECT pg_temp.try('dynamo_batch_write_item', jsonb_build_object('RequestItems', jsonb_build_object('audit-a',
	(SELECT jsonb_agg(jsonb_build_object('PutRequest', jsonb_build_object('Item', jsonb_build_object('pk', '{"S": "x"}'::jsonb, repeat(chr(233), 1000 + i), '{"N": "1"}'::jsonb))))
		FROM generate_series(1, 25) i))));
SELECT pg_temp.take() AS lines \gset
SELECT count(*), bool_and(l ~ '^[ -~]*$'), bool_and(length(l) <= 16384), bool_and(l::jsonb ? 'eventID'), bool_or(l::jsonb #>> '{additionalEventData,truncated}' = 'true')
	FROM string_to_table(rtrim(:'lines', E'\n'), E'\n') l;
SELECT l::jsonb #>> '{requestParameters,item}', l::jsonb #>> '{userIdentity,userName}' FROM string_to_table(rtrim(:'lines', E'\n'), E'\n') l LIMIT 2;

--
-- Nobody but a superuser changes what is told
--
SET ROLE regress_auditor_test;
SET dynapg.audit TO off;
SET dynapg.audit_keys TO off;
SET dynapg.audit_destination TO 'log';
\set VERBOSITY sqlstate
SHOW dynapg.audit_marker;
\set VERBOSITY default
SELECT set_config('dynapg.audit', 'off', false);
ALTER ROLE regress_auditor_test SET dynapg.audit TO off;
CREATE FUNCTION pg_temp.quiet() RETURNS void LANGUAGE sql SET dynapg.audit TO off AS '';
SELECT count(*) FROM dynapg.audit_events;
INSERT INTO dynapg.audit_events VALUES (now(), gen_random_uuid(), '{}');
RESET ROLE;

RESET dynapg.audit;
DELETE FROM dynapg.transaction_tokens WHERE token = 'token';
SELECT dynamo_delete_table('{"TableName": "audit-a"}') IS NOT NULL;
DROP ROLE regress_auditor_test;
