--
-- Policies of tables and streams in force: who is allowed by them, who is denied, and where they have no say.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_re_owner, regress_re_reader, regress_re_other;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.arn(name text, part text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT 'arn:aws:dynamodb:us-east-1:000000000000:table/' || name || part
$$;
-- A statement: Allow or Deny a role (or "*") some actions with a resource; further members.
CREATE FUNCTION pg_temp.statement(effect text, role text, actions text, resource text DEFAULT '*', members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Effect', effect, 'Principal', CASE WHEN role = '*' THEN '"*"'::jsonb
			ELSE jsonb_build_object('AWS', CASE WHEN role ~ ':|^[0-9]+$' THEN role ELSE 'arn:aws:iam::000000000000:user/' || role END) END,
		'Action', (SELECT jsonb_agg('dynamodb:' || a) FROM unnest(string_to_array(actions, ' ')) a), 'Resource', resource) || members
$$;
-- Puts a policy as whoever is asked to, without the check of lock-outs.
CREATE FUNCTION pg_temp.put(resource text, VARIADIC statements jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(pg_temp.answer('put_resource_policy', jsonb_build_object('ResourceArn', CASE WHEN resource ~ ':' THEN resource ELSE pg_temp.arn(resource) END,
		'Policy', jsonb_build_object('Version', '2012-10-17', 'Statement', to_jsonb(statements))::text, 'ConfirmRemoveSelfResourceAccess', true)), '.*RevisionId.*', 'put')
$$;
-- What a role gets: an answer in short, or the refusal without what they all begin with.
CREATE FUNCTION pg_temp.short(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(answer, 'arn:aws:dynamodb:us-east-1:000000000000:', '', 'g'), '^42501 AccessDeniedException: User: arn:aws:iam::000000000000:user/', 'refused: '),
		'stream/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}', 'stream/(label)', 'g')
$$;
CREATE FUNCTION pg_temp.get(name text, key text DEFAULT 'a', members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.short(pg_temp.answer('get_item', jsonb_build_object('TableName', name, 'Key', jsonb_build_object('p', jsonb_build_object('S', key))) || members))
$$;
CREATE FUNCTION pg_temp.write(name text, key text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.short(pg_temp.answer('put_item', jsonb_build_object('TableName', name, 'Item', jsonb_build_object('p', jsonb_build_object('S', key), 'g', '{"S": "x"}'::jsonb))))
$$;
CREATE FUNCTION pg_temp.query(name text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.short(pg_temp.answer('query', jsonb_build_object('TableName', name, 'Select', 'COUNT', 'ExpressionAttributeValues', '{":v": {"S": "x"}}'::jsonb,
		'KeyConditionExpression', CASE WHEN members ? 'IndexName' THEN 'g = :v' ELSE 'p = :v' END) || members))
$$;
CREATE FUNCTION pg_temp.call(operation text, request jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.short(regexp_replace(pg_temp.answer(operation, request), '^\{.*(Table|Records|Stream|TimeToLive).*', 'done'))
$$;
CREATE FUNCTION pg_temp.make_two() RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST', 'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}]'::jsonb,
		'GlobalSecondaryIndexes', '[{"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]'::jsonb))
	FROM unnest('{re-one,re-two}'::text[]) name;
	SELECT dynapg.put(name, jsonb_build_object('p', p, 'g', 'x')) FROM unnest('{re-one,re-two}'::text[]) name, unnest('{a,b}'::text[]) p;
$$;
\set ECHO all
CREATE ROLE regress_re_owner;
CREATE ROLE regress_re_reader;
CREATE ROLE regress_re_other;
GRANT CREATE ON SCHEMA dynamo TO regress_re_owner;
SET ROLE regress_re_owner;
SELECT pg_temp.make_two();

-- A role without privileges is allowed what the table's policy allows it, of the table and of the index, and nothing else
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.query('re-one');
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'GetItem Query', pg_temp.arn('re-one')));
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.query('re-one');
SELECT pg_temp.query('re-one', '{"IndexName": "by_g"}'), pg_temp.call('scan', '{"TableName": "re-one"}'), pg_temp.write('re-one', 'c');
SELECT pg_temp.fails('SELECT FROM dynamo."re-one"');
SET ROLE regress_re_other;
SELECT pg_temp.get('re-one');
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'Query Scan', pg_temp.arn('re-one', '/index/*')), pg_temp.statement('Allow', 'regress_re_reader', 'PutItem UpdateItem DeleteItem BatchWriteItem', pg_temp.arn('re-one')));
SET ROLE regress_re_reader;
SELECT pg_temp.query('re-one', '{"IndexName": "by_g"}'), pg_temp.call('scan', '{"TableName": "re-one", "IndexName": "by_g", "Select": "COUNT"}');
SELECT pg_temp.get('re-one'), pg_temp.query('re-one');
SELECT pg_temp.write('re-one', 'c'), pg_temp.call('update_item', '{"TableName": "re-one", "Key": {"p": {"S": "c"}}, "UpdateExpression": "SET g = :v", "ExpressionAttributeValues": {":v": {"S": "y"}}}'),
	pg_temp.call('delete_item', '{"TableName": "re-one", "Key": {"p": {"S": "b"}}}'), pg_temp.call('batch_write_item', '{"RequestItems": {"re-one": [{"PutRequest": {"Item": {"p": {"S": "d"}}}}]}}');
SELECT pg_temp.call('transact_write_items', '{"TransactItems": [{"Put": {"TableName": "re-one", "Item": {"p": {"S": "e"}}}}, {"ConditionCheck": {"TableName": "re-one", "Key": {"p": {"S": "a"}}, "ConditionExpression": "attribute_exists(p)"}}]}');
SELECT pg_temp.call('transact_write_items', '{"TransactItems": [{"Put": {"TableName": "re-one", "Item": {"p": {"S": "e"}}}}, {"Put": {"TableName": "re-two", "Item": {"p": {"S": "e"}}}}]}');
RESET ROLE;
SELECT item FROM dynamo."re-one" ORDER BY item ->> 'p';

-- A policy has no say elsewhere: not of another table, whatever its resource is, and what it says of that is nothing here
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'GetItem', pg_temp.arn('re-two')), pg_temp.statement('Deny', 'regress_re_owner', 'GetItem', pg_temp.arn('re-two')));
SELECT pg_temp.get('re-one'), pg_temp.get('re-two');
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.get('re-two');

-- A Deny holds for the owner, and for superusers; SQL itself is GRANT's
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Deny', '*', 'PutItem'), pg_temp.statement('Deny', 'regress_re_owner', 'GetItem'));
SELECT pg_temp.get('re-one'), pg_temp.write('re-one', 'f'), pg_temp.get('re-two'), pg_temp.query('re-one');
SELECT pg_temp.fails($$ SELECT dynapg.put('re-one', '{"p": "f"}') $$), pg_temp.fails($$ SELECT dynapg.get('re-one', 'a'::text) $$);
INSERT INTO dynamo."re-one" (item) VALUES ('{"p": "f"}');
RESET ROLE;
SELECT pg_temp.write('re-one', 'f'), pg_temp.get('re-one');

-- to whom its conditions hold
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'GetItem'), pg_temp.statement('Deny', '*', 'GetItem', '*', '{"Condition": {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "a"}, "StringNotEquals": {"aws:username": "regress_re_owner"}}}'));
SELECT pg_temp.get('re-one', 'a');
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one', 'a'), pg_temp.get('re-one', 'f');
-- and to all but those whom it names
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'GetItem'), pg_temp.statement('Allow', 'regress_re_other', 'GetItem'),
	pg_temp.statement('Deny', '*', 'GetItem') - 'Principal' || '{"NotPrincipal": {"AWS": ["arn:aws:iam::000000000000:user/regress_re_reader", "arn:aws:iam::000000000000:root"]}}');
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one');
SET ROLE regress_re_other;
SELECT pg_temp.get('re-one');

-- The account: an Allow leaves it to the account's own policies, a Deny is about all
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', '000000000000', 'GetItem'), pg_temp.statement('Deny', '000000000000', 'Query'));
SELECT pg_temp.get('re-one'), pg_temp.query('re-one');
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.query('re-one');
-- a role is the principal of its sessions, not of its own requests
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'arn:aws:iam::000000000000:role/regress_re_reader', 'GetItem'));
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one');

-- Beside policies of the role: its Deny wins, its boundary limits
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'GetItem Query'));
RESET ROLE;
SELECT dynapg.put_role_policy('regress_re_reader', 'no', '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "dynamodb:Query", "Resource": "*"}}');
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.query('re-one'), pg_temp.get('re-two'), pg_temp.get('re-none');
RESET ROLE;
SELECT dynapg.delete_role_policy('regress_re_reader', 'no'), dynapg.put_role_permissions_boundary('regress_re_reader', '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:Query", "Resource": "*"}}');
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.query('re-one');
RESET ROLE;
SELECT dynapg.delete_role_permissions_boundary('regress_re_reader');
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.query('re-one');

-- A change is in force at once, in the transaction that makes it too, and not if that is rolled back
SET ROLE regress_re_owner;
BEGIN;
SELECT pg_temp.put('re-one', pg_temp.statement('Deny', '*', 'GetItem'));
SELECT pg_temp.get('re-one');
ROLLBACK;
SELECT pg_temp.get('re-one');
SELECT count(dynamo_delete_resource_policy(jsonb_build_object('ResourceArn', pg_temp.arn('re-one'))));
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one');

-- It goes with the table
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'GetItem')), pg_temp.put('re-two', pg_temp.statement('Allow', 'regress_re_reader', 'GetItem'));
SELECT count(dynamo_delete_table('{"TableName": "re-one"}'));
DROP TABLE dynamo."re-two";
SELECT pg_temp.make_two();
SET ROLE regress_re_reader;
SELECT pg_temp.get('re-one'), pg_temp.get('re-two');

-- The control plane: a deny of UpdateTable stops UpdateTable, by name and by ARN, and nothing else; one of DeleteTable stops the owner
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Deny', '*', 'UpdateTable DeleteTable'));
SELECT pg_temp.call('update_table', '{"TableName": "re-one", "TableClass": "STANDARD"}'), pg_temp.call('update_table', jsonb_build_object('TableName', pg_temp.arn('re-one'), 'TableClass', 'STANDARD')), pg_temp.call('delete_table', '{"TableName": "re-one"}');
SELECT pg_temp.call('update_time_to_live', '{"TableName": "re-one", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "t"}}'), pg_temp.call('describe_table', '{"TableName": "re-one"}'),
	pg_temp.call('tag_resource', jsonb_build_object('ResourceArn', pg_temp.arn('re-one'), 'Tags', '[{"Key": "a", "Value": "b"}]'::jsonb));
SELECT pg_temp.put('re-one', pg_temp.statement('Allow', 'regress_re_reader', 'DescribeTable UpdateTimeToLive PutResourcePolicy GetResourcePolicy'));
SET ROLE regress_re_reader;
SELECT pg_temp.call('describe_table', '{"TableName": "re-one"}'), pg_temp.call('update_time_to_live', '{"TableName": "re-one", "TimeToLiveSpecification": {"Enabled": false, "AttributeName": "t"}}'), pg_temp.call('delete_table', '{"TableName": "re-one"}');
-- who may put policies by a policy is told where he would lock himself out, not the owner
SELECT pg_temp.answer('get_resource_policy', jsonb_build_object('ResourceArn', pg_temp.arn('re-one'))) ~ 'PutResourcePolicy', pg_temp.call('delete_resource_policy', jsonb_build_object('ResourceArn', pg_temp.arn('re-one')));
SELECT role, pg_temp.answer('put_resource_policy', jsonb_build_object('ResourceArn', pg_temp.arn('re-one'), 'Policy', jsonb_build_object('Version', '2012-10-17', 'Statement',
	jsonb_build_array(pg_temp.statement('Allow', 'regress_re_reader', 'PutResourcePolicy'), pg_temp.statement('Deny', role, 'PutResourcePolicy')))::text)) ~ 'RevisionId' FROM unnest('{regress_re_reader,regress_re_owner}'::text[]) role;
-- the owner is locked out now; a superuser deletes the row, which is known at once
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Deny', '*', 'Scan')), pg_temp.call('delete_resource_policy', jsonb_build_object('ResourceArn', pg_temp.arn('re-one'))) ~ 'RevisionId';
RESET ROLE;
DELETE FROM dynapg.resource_policies WHERE table_name = 're-one';
SET ROLE regress_re_owner;
SELECT pg_temp.put('re-one', pg_temp.statement('Deny', '*', 'Scan'));

-- Streams: their own policy, not the table's
SELECT pg_temp.call('update_table', '{"TableName": "re-two", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}');
SELECT dynamo_describe_table('{"TableName": "re-two"}') #>> '{Table,LatestStreamArn}' AS stream \gset
SELECT pg_temp.put('re-two', pg_temp.statement('Deny', '*', '*'));
SELECT pg_temp.call('describe_stream', jsonb_build_object('StreamArn', :'stream'));
SET ROLE regress_re_reader;
SELECT pg_temp.call('describe_stream', jsonb_build_object('StreamArn', :'stream'));
SET ROLE regress_re_owner;
SELECT pg_temp.put(:'stream', pg_temp.statement('Allow', 'regress_re_reader', 'DescribeStream GetShardIterator'), pg_temp.statement('Deny', 'regress_re_owner', 'GetRecords'));
SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', :'stream', 'ShardIteratorType', 'TRIM_HORIZON', 'ShardId', dynamo_describe_stream(jsonb_build_object('StreamArn', :'stream')) #> '{StreamDescription,Shards,0,ShardId}')) ->> 'ShardIterator' AS iterator \gset
SELECT pg_temp.call('get_records', jsonb_build_object('ShardIterator', :'iterator'));
SET ROLE regress_re_reader;
SELECT pg_temp.call('describe_stream', jsonb_build_object('StreamArn', :'stream')), pg_temp.call('get_records', jsonb_build_object('ShardIterator', :'iterator'));
SET ROLE regress_re_owner;
SELECT pg_temp.put(:'stream', pg_temp.statement('Allow', 'regress_re_reader', 'GetRecords', :'stream'));
SET ROLE regress_re_reader;
SELECT pg_temp.call('describe_stream', jsonb_build_object('StreamArn', :'stream')), pg_temp.call('get_records', jsonb_build_object('ShardIterator', :'iterator'));
RESET ROLE;

\set ECHO none
DELETE FROM dynapg.resource_policies;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) AS left_over FROM dynapg.tables WHERE name LIKE 're-%' \gset
DELETE FROM dynapg.log_shards WHERE log IN (SELECT id FROM dynapg.logs WHERE table_name LIKE 're-%');
DELETE FROM dynapg.logs WHERE table_name LIKE 're-%';
DROP OWNED BY regress_re_owner, regress_re_reader, regress_re_other;
DROP ROLE regress_re_owner, regress_re_reader, regress_re_other;
