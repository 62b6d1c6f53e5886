--
-- PutResourcePolicy, GetResourcePolicy, DeleteResourcePolicy, ResourcePolicy of CreateTable: revisions, the canonical form, all that is refused.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
SET client_min_messages = error;
DROP ROLE IF EXISTS regress_rp_owner, regress_rp_reader, regress_rp_other, regress_rp_admin, "regress rp/odd";
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
CREATE FUNCTION pg_temp.arn(name text, part text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT 'arn:aws:dynamodb:us-east-1:000000000000:table/' || name || part
$$;
-- A statement: who may, or may not, do something.
CREATE FUNCTION pg_temp.statement(effect text, principal jsonb, action text, members jsonb DEFAULT '{}', resource text DEFAULT '*') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Effect', effect, 'Principal', principal, 'Action', 'dynamodb:' || action, 'Resource', resource) || members
$$;
CREATE FUNCTION pg_temp.policy(VARIADIC statements jsonb[]) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_build_object('Version', '2012-10-17', 'Statement', to_jsonb(statements))::text
$$;
CREATE FUNCTION pg_temp.denies(action text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.policy(pg_temp.statement('Deny', '"*"', action)) $$;
-- Answers without revisions, times and labels.
CREATE FUNCTION pg_temp.plain(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(answer, '\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}', '(time)', 'g'), '\m0?1\d{12}\M', '(revision)', 'g')
$$;
CREATE FUNCTION pg_temp.put(resource text, policy text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.plain(pg_temp.answer('put_resource_policy', jsonb_build_object('ResourceArn', CASE WHEN resource ~ ':' THEN resource ELSE pg_temp.arn(resource) END,
		'Policy', policy) || members))
$$;
CREATE FUNCTION pg_temp.get(resource text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.plain(pg_temp.answer('get_resource_policy', jsonb_build_object('ResourceArn', CASE WHEN resource ~ ':' THEN resource ELSE pg_temp.arn(resource) END)))
$$;
CREATE FUNCTION pg_temp.delete(resource text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.plain(pg_temp.answer('delete_resource_policy',
		jsonb_build_object('ResourceArn', CASE WHEN resource ~ ':' THEN resource ELSE pg_temp.arn(resource) END) || members))
$$;
CREATE FUNCTION pg_temp.revision(name text, label text DEFAULT '') RETURNS text LANGUAGE sql AS $$
	SELECT coalesce((SELECT revision::text FROM dynapg.resource_policies WHERE table_name = name AND stream_label = label), 'none')
$$;
CREATE FUNCTION pg_temp.expects(revision text) RETURNS jsonb LANGUAGE sql AS $$ SELECT jsonb_build_object('ExpectedRevisionId', revision) $$;
-- CreateTable's answer with a policy
CREATE FUNCTION pg_temp.create_with(name text, policy text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(pg_temp.answer('create_table', jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}]'::jsonb, 'ResourcePolicy', policy) || members), '^\{"TableDescription.*', 'created')
$$;
\set ECHO all
CREATE ROLE regress_rp_owner;
CREATE ROLE regress_rp_reader;
CREATE ROLE regress_rp_other;
CREATE ROLE "regress rp/odd";
CREATE ROLE regress_rp_admin IN ROLE dynapg_policy_admin;
GRANT CREATE ON SCHEMA dynamo TO regress_rp_owner;
SET ROLE regress_rp_owner;
SELECT pg_temp.make('rp-one', 'p:S');
SELECT pg_temp.make('rp-two', 'p:S');

-- None; a policy; the revision is the time of the change, and grows; what was there is replaced
SELECT pg_temp.get('rp-one');
SELECT pg_temp.delete('rp-one');
SELECT pg_temp.put('rp-one', ' {"Statement": {"Effect": "Deny", "Principal": "*", "Action": ["dynamodb:Scan"], "Resource": "*"}}');
RESET ROLE;
SELECT revision BETWEEN extract(epoch FROM now()) * 1000 - 60000 AND extract(epoch FROM clock_timestamp()) * 1000, policy FROM dynapg.resource_policies;
SELECT pg_temp.revision('rp-one') AS first \gset
SET ROLE regress_rp_owner;
SELECT pg_temp.get('rp-one');
SELECT pg_temp.put('rp-one', pg_temp.denies('Query'));
SELECT pg_temp.get('rp-one');
RESET ROLE;
SELECT pg_temp.revision('rp-one') AS second \gset
SELECT :second > :first;

-- What is equivalent changes nothing, not even what is kept: white space, order, lists of one, the account by its number or as root
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', '{"AWS": "000000000000"}', 'Query', '{"Sid": "a"}')));
SELECT pg_temp.revision('rp-one') AS third, policy FROM dynapg.resource_policies \gset
SELECT pg_temp.put('rp-one', E'{\n"Statement": [{"Resource": ["*"], "Sid": "a", "Action": ["dynamodb:Query"], "Effect": "Deny", "Principal": {"AWS": ["arn:aws:iam::000000000000:root"]}}],\n"Version": "2012-10-17"}');
SELECT pg_temp.revision('rp-one') = :'third', policy = :'policy' FROM dynapg.resource_policies;
SELECT pg_temp.get('rp-one');
-- and what is not: another order of a list, no Version against the one that it is taken for
SELECT pg_temp.put('rp-one', replace(pg_temp.denies('Query'), '2012-10-17', '2008-10-17'));
SELECT pg_temp.revision('rp-one') AS fourth \gset
SELECT pg_temp.put('rp-one', replace(pg_temp.denies('Query'), '"Version": "2012-10-17"', '"Id": "x"'));
SELECT pg_temp.put('rp-one', replace(pg_temp.denies('Query'), '"Version": "2012-10-17", ', ''));
SELECT pg_temp.revision('rp-one') > :'fourth';
SELECT pg_temp.get('rp-one');

-- The canonical form: lists stay as they are, duplicate principals are one, escapes are decoded, a Sid stays
SELECT pg_temp.put('rp-one', '{"Version": "2012-10-17", "Statement": {"Sid": "S1", "Effect": "allow", "Principal": {"AWS": ["000000000000", "arn:aws:iam::000000000000:root", "arn:aws:iam::000000000000:user/regress_rp_reader"]},
	"Action": ["dynamodb:Query", "dynamodb:GetItem", "dynamodb:Query"], "Resource": ["arn:aws:dynamodb:us-east-1:000000000000:table\/rp-one"],
	"Condition": {"StringEquals": {"aws:username": ["\u0061"]}, "NumericLessThan": {"aws:EpochTime": [1, "2"]}}}}');
SELECT pg_temp.get('rp-one');

-- ExpectedRevisionId
SELECT pg_temp.revision('rp-one') AS now \gset
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects('1')), pg_temp.delete('rp-one', pg_temp.expects('1'));
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects('0' || :'now')), pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects('x y'));
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects('NO_POLICY')), pg_temp.delete('rp-one', pg_temp.expects('NO_POLICY'));
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects('')), pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects(repeat('1', 256)));
SELECT pg_temp.revision('rp-one') = :'now';
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects(:'now'));
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects(:'now'));
SELECT pg_temp.put('rp-two', pg_temp.denies('Scan'), pg_temp.expects('1')), pg_temp.delete('rp-two', pg_temp.expects('1'));
SELECT pg_temp.put('rp-two', pg_temp.denies('Scan'), pg_temp.expects('NO_POLICY'));

-- Delete answers the revision that it has removed; after that, that of the deletion, with which nothing can be expected
SELECT pg_temp.revision('rp-one') AS now \gset
SELECT dynamo_delete_resource_policy(jsonb_build_object('ResourceArn', pg_temp.arn('rp-one'), 'ExpectedRevisionId', :'now')) ->> 'RevisionId' = :'now';
SELECT pg_temp.get('rp-one');
SELECT pg_temp.revision('rp-one') > :'now', dynamo_delete_resource_policy(jsonb_build_object('ResourceArn', pg_temp.arn('rp-one'))) ->> 'RevisionId' = pg_temp.revision('rp-one');
SELECT pg_temp.delete('rp-one', pg_temp.expects(pg_temp.revision('rp-one'))), pg_temp.delete('rp-one', pg_temp.expects('NO_POLICY'));
SELECT pg_temp.revision('rp-one') AS deleted \gset
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan'), pg_temp.expects('NO_POLICY'));
SELECT pg_temp.revision('rp-one') > :'deleted';

-- What there is no such resource of
SELECT pg_temp.put('rp-none', pg_temp.denies('Scan')), pg_temp.get('rp-none'), pg_temp.delete('rp-none');
SELECT pg_temp.get('RP-one');
SELECT pg_temp.get(pg_temp.arn('rp-one', '/stream/2026-01-01T00:00:00.000')), pg_temp.get(pg_temp.arn('rp-none', '/stream/2026-01-01T00:00:00.000'));
SELECT pg_temp.get(pg_temp.arn('rp-one', '/stream/')), pg_temp.get(pg_temp.arn('x'));
-- and what is none
SELECT left(arn, 80), right(pg_temp.answer('get_resource_policy', jsonb_build_object('ResourceArn', arn)), 180) FROM (VALUES ('rp-one'), (''), (repeat('a', 1284)), ('arn:'), ('arn:aws:s3:::bucket'),
	('arn:aws:dynamodb:eu-west-1:000000000000:table/rp-one'), ('arn:aws-cn:dynamodb:us-east-1:000000000000:table/rp-one'), ('arn:aws:dynamodb:us-east-1:123456789012:table/rp-one'),
	('arn:aws:dynamodb:us-east-1:000000000000:table/rp-one/index/i'), ('arn:aws:dynamodb:us-east-1:000000000000:table/rp-one/backup/01489602797149-73d8d5bc'),
	('arn:aws:dynamodb:us-east-1:000000000000:table/'), ('arn:aws:dynamodb:us-east-1:000000000000:tables/rp-one')) AS v(arn);
SELECT pg_temp.answer('put_resource_policy', jsonb_build_object('ResourceArn', 'rp-one', 'Policy', 'x')), pg_temp.answer('delete_resource_policy', jsonb_build_object('ResourceArn', 'rp-one'));
SELECT pg_temp.answer('put_resource_policy', '{}'), pg_temp.answer('get_resource_policy', '{}'), pg_temp.answer('delete_resource_policy', '{}'), pg_temp.answer('put_resource_policy', '{"ResourceArn": 1, "Policy": "x"}');

-- Documents (policy_documents has the rest)
SELECT pg_temp.put('rp-one', policy) FROM (VALUES (''), ('[]'), ('x'), ('null'), ('{}'), ('{"Statement": []}'), ('{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "dynamodb:Scan"}]}'),
	('{"Statement": [{"Principal": "*", "Action": "dynamodb:Scan", "Resource": "*"}]}'),
	('{"Statement":[{"Effect":"Deny","Principal":"000000000000","Action":"dynamodb:Scan","Resource":"*"}]}')) AS v(policy);
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'Scan', '{"Sid": "a"}'), pg_temp.statement('Deny', '"*"', 'Query', '{"Sid": "a"}')));
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'GetRecords'), pg_temp.statement('Deny', '"*"', 'DescribeStream'))), pg_temp.put('rp-one', pg_temp.denies('ListTables')), pg_temp.put('rp-one', pg_temp.denies('ExecuteStatement')),
	pg_temp.put('rp-one', pg_temp.denies('RestoreTableFromBackup'));
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'Scan', '{}', pg_temp.arn('rp-one', '/stream/2026-01-01T00:00:00.000'))));
-- another table, an index, a pattern are fine, and of no effect elsewhere
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'Scan', '{}', resource))) FROM unnest(ARRAY[pg_temp.arn('rp-two'), pg_temp.arn('rp-one', '/index/i'), pg_temp.arn('rp-*')]) AS resource;
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Allow', principal, 'Scan'))) FROM unnest('{"\"*\"", "{\"AWS\": \"*\"}", "{\"AWS\": [\"000000000000\", \"*\"]}"}'::jsonb[]) AS principal;
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Allow', '"*"', 'Scan', '{"Condition": {"StringEquals": {"aws:PrincipalAccount": "000000000000"}}}')));
-- 20,480 bytes, white space counted
SELECT pg_temp.put('rp-one', rpad(pg_temp.denies('Scan'), size)) FROM (VALUES (20480), (20481)) AS v(size);

-- Principals: the account, roles of PostgreSQL as users and as roles, sessions of roles
SELECT principal, pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Allow', jsonb_build_object('AWS', principal), 'Scan'))) FROM unnest(ARRAY['000000000000', 'arn:aws:iam::000000000000:root',
	'arn:aws:iam::000000000000:user/regress_rp_reader', 'arn:aws:iam::000000000000:role/regress_rp_reader', 'arn:aws:sts::000000000000:assumed-role/regress_rp_reader/anybody',
	'arn:aws:iam::000000000000:user/regress rp/odd', 'arn:aws:sts::000000000000:assumed-role/regress rp/odd/one']) AS principal;
SELECT principal, pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Allow', jsonb_build_object('AWS', principal), 'Scan'))) FROM unnest(ARRAY['123456789012', 'arn:aws:iam::123456789012:root',
	'arn:aws:iam::000000000000:user/regress_rp_nobody', 'arn:aws:iam::000000000000:user/', 'arn:aws:iam::000000000000:user/REGRESS_rp_reader', 'arn:aws:iam::000000000000:group/regress_rp_reader',
	'arn:aws:iam::000000000000:user/' || repeat('r', 64), 'arn:aws:iam::000000000000:user/regress_rp_*', 'arn:aws:sts::000000000000:assumed-role/regress_rp_reader', 'arn:aws:sts::000000000000:assumed-role/regress_rp_reader/',
	'arn:aws:sts::000000000000:assumed-role//x', 'arn:aws-cn:iam::000000000000:root', 'regress_rp_reader', '', 'AIDAJQABLZS4A3QDU576Q', 'arn:aws:iam::000000000000:roots']) AS principal;
SELECT pg_temp.put('rp-one', '{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::000000000000:user/regress_rp_nobody"}, "Action": "dynamodb:Scan", "Resource": "*"}}'),
	pg_temp.put('rp-one', '{"Statement": {"Effect": "Deny", "NotPrincipal": {"AWS": "arn:aws:iam::000000000000:user/regress_rp_owner"}, "Action": "dynamodb:Scan", "Resource": "*"}}'),
	pg_temp.put('rp-one', '{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:user/regress_rp_reader\u0000"}, "Action": "dynamodb:Scan", "Resource": "*"}}');

-- Who would lock himself out: conditions count; to deny DeleteResourcePolicy alone is fine; ConfirmRemoveSelfResourceAccess
SET ROLE regress_rp_owner;
SELECT pg_temp.put('rp-one', pg_temp.denies('PutResourcePolicy')), pg_temp.put('rp-one', pg_temp.denies('*')), pg_temp.put('rp-one', pg_temp.denies('PutResourcePolicy'), '{"ConfirmRemoveSelfResourceAccess": false}');
SELECT pg_temp.put('rp-one', pg_temp.denies('DeleteResourcePolicy'));
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', jsonb_build_object('AWS', 'arn:aws:iam::000000000000:user/' || name), 'PutResourcePolicy'))) FROM unnest('{regress_rp_owner,regress_rp_other}'::text[]) AS name;
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'PutResourcePolicy', jsonb_build_object('Condition', condition)))) FROM unnest(ARRAY[
	'{"StringEquals": {"aws:username": "regress_rp_owner"}}', '{"StringEquals": {"aws:username": "regress_rp_other"}}',
	'{"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}', '{"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}']::jsonb[]) AS condition;
SELECT pg_temp.put('rp-one', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'PutResourcePolicy', '{}', pg_temp.arn(name)))) FROM unnest('{rp-one,rp-two}'::text[]) AS name;
RESET ROLE;

-- Who may: the owner.  The policies themselves are read by superusers and members of dynapg_policy_admin.
SET ROLE regress_rp_other;
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan')), pg_temp.get('rp-one'), pg_temp.delete('rp-one');
SELECT pg_temp.fails($$ SELECT FROM dynapg.resource_policies $$), pg_temp.fails($$ INSERT INTO dynapg.resource_policies VALUES ('rp-two', '', gen_random_uuid(), '{}', 1) $$);
SET ROLE regress_rp_admin;
SELECT table_name FROM dynapg.resource_policies ORDER BY 1;
SELECT pg_temp.fails($$ DELETE FROM dynapg.resource_policies $$), pg_temp.fails($$ INSERT INTO dynapg.resource_policies VALUES ('rp-two', '', gen_random_uuid(), '{}', 1) $$);
RESET ROLE;

-- A rolled back change has not been
SELECT pg_temp.get('rp-two');
BEGIN;
SELECT pg_temp.delete('rp-two'), pg_temp.get('rp-two');
ROLLBACK;
SELECT pg_temp.get('rp-two');

-- A policy goes with its table, however that goes; another one of the name has none
SET ROLE regress_rp_owner;
SELECT pg_temp.put('rp-one', pg_temp.denies('Scan')), pg_temp.put('rp-two', pg_temp.denies('Scan'));
SELECT count(dynamo_delete_table('{"TableName": "rp-one"}'));
DROP TABLE dynamo."rp-two";
SELECT pg_temp.get('rp-one'), pg_temp.get('rp-two');
RESET ROLE;
SELECT count(*) FROM dynapg.resource_policies;
SET ROLE regress_rp_owner;
SELECT pg_temp.make(name, 'p:S') FROM unnest('{rp-one,rp-two}'::text[]) name;
SELECT pg_temp.get('rp-one'), pg_temp.get('rp-two'), pg_temp.delete('rp-one');
RESET ROLE;
-- even where somebody has left a row behind
INSERT INTO dynapg.resource_policies VALUES ('rp-one', '', gen_random_uuid(), pg_temp.denies('Scan'), 1);
SELECT pg_temp.get('rp-one'), pg_temp.delete('rp-one', pg_temp.expects('1'));
SELECT pg_temp.put('rp-one', pg_temp.denies('Query'), pg_temp.expects('NO_POLICY')), pg_temp.get('rp-one');
DROP OWNED BY regress_rp_owner CASCADE;
SELECT count(*) FROM dynapg.resource_policies;
GRANT CREATE ON SCHEMA dynamo TO regress_rp_owner;

-- CreateTable with a policy: the same checks, nothing is made if they fail; the revision is the time of the creation
SET ROLE regress_rp_owner;
SELECT pg_temp.create_with('rp-new', policy) FROM (VALUES ('{}'), (''), (pg_temp.denies('ListTables')), (rpad(pg_temp.denies('Scan'), 20481)), (pg_temp.denies('PutResourcePolicy')),
	(pg_temp.policy(pg_temp.statement('Allow', '{"AWS": "arn:aws:iam::000000000000:user/regress_rp_nobody"}', 'Scan'))), (pg_temp.policy(pg_temp.statement('Allow', '"*"', 'Scan')))) AS v(policy);
SELECT pg_temp.get('rp-new');
SELECT pg_temp.create_with('rp-new', pg_temp.denies('Query'));
SELECT pg_temp.create_with('rp-new', pg_temp.denies('Scan'));
SELECT pg_temp.get('rp-new');
RESET ROLE;
SELECT revision = floor(extract(epoch FROM created_at) * 1000) FROM dynapg.resource_policies JOIN dynapg.tables ON name = table_name;

-- Streams have policies of their own, which are about streams, and outlive the table
SET ROLE regress_rp_owner;
SELECT pg_temp.create_with('rp-stream', pg_temp.denies('Scan'), '{"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}');
SELECT dynamo_describe_table('{"TableName": "rp-stream"}') #>> '{Table,LatestStreamArn}' AS stream \gset
SELECT regexp_replace(:'stream', '.*/', '') AS label \gset
SELECT pg_temp.get(:'stream'), pg_temp.delete(:'stream');
SELECT pg_temp.put(:'stream', pg_temp.denies('Scan')), pg_temp.put(:'stream', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'GetRecords', '{}', pg_temp.arn('rp-stream'))));
SELECT pg_temp.put(:'stream', pg_temp.denies('GetRecords'), pg_temp.expects('1'));
SELECT pg_temp.put(:'stream', pg_temp.policy(pg_temp.statement('Deny', '"*"', 'GetRecords', '{}', :'stream')), pg_temp.expects('NO_POLICY'));
SELECT replace(pg_temp.get(:'stream'), 'rp-stream/stream', 'rp-stream/(stream)'), pg_temp.get('rp-stream');
SELECT pg_temp.put(:'stream', pg_temp.denies('GetRecords'), pg_temp.expects('1')), pg_temp.put(:'stream', pg_temp.denies('GetRecords'), pg_temp.expects('NO_POLICY'));
SELECT pg_temp.put(:'stream', pg_temp.denies('PutResourcePolicy'));
SELECT count(dynamo_delete_table('{"TableName": "rp-stream"}'));
SELECT pg_temp.get(:'stream') ~ 'GetRecords', pg_temp.get('rp-stream');
SELECT pg_temp.make('rp-stream', 'p:S');
SELECT pg_temp.get(:'stream') ~ 'GetRecords', pg_temp.get('rp-stream');
SELECT pg_temp.put(:'stream', pg_temp.denies('DescribeStream')), pg_temp.get(:'stream') ~ 'DescribeStream';
SET ROLE regress_rp_other;
SELECT pg_temp.put(:'stream', pg_temp.denies('GetRecords')), pg_temp.get(:'stream'), pg_temp.delete(:'stream');
RESET ROLE;
SELECT pg_temp.delete(:'stream'), pg_temp.delete(:'stream');
-- and go when it is forgotten
SELECT count(*) FROM dynapg.resource_policies WHERE stream_label <> '';
UPDATE dynapg.logs SET closed_at = closed_at - interval '30 days' WHERE table_name = 'rp-stream';
DO $$ BEGIN FOR i IN 1 .. 15000 LOOP EXIT WHEN NOT EXISTS (SELECT FROM dynapg.logs WHERE table_name = 'rp-stream'); PERFORM dynapg.rotate(); COMMIT; PERFORM pg_sleep(0.02); END LOOP; END $$;
SELECT count(*) FROM dynapg.resource_policies WHERE stream_label <> '';

-- Where the control plane has a delay, changes are pending for as long, then throttled; what changes nothing never is
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.make('rp-slow', 'p:S');
SELECT pg_temp.put('rp-slow', pg_temp.denies('Scan')), pg_temp.get('rp-slow'), pg_temp.delete('rp-slow');
UPDATE dynapg.tables SET change = NULL WHERE name = 'rp-slow';
SELECT pg_temp.delete('rp-slow'), pg_temp.put('rp-slow', pg_temp.denies('Scan'));
SELECT pg_temp.get('rp-slow');
SELECT pg_temp.put('rp-slow', pg_temp.denies('Query')), pg_temp.delete('rp-slow'), pg_temp.put('rp-slow', pg_temp.denies('Scan'));
SELECT pg_temp.answer('delete_table', '{"TableName": "rp-slow"}');
SET dynapg.control_plane_delay = '1ms';
SELECT pg_sleep(0.002);
SELECT pg_temp.put('rp-slow', pg_temp.denies('Query')), pg_temp.delete('rp-slow'), pg_temp.put('rp-slow', pg_temp.denies('Scan'));
SELECT (regexp_match(pg_temp.answer('put_resource_policy', jsonb_build_object('ResourceArn', pg_temp.arn('rp-slow'), 'Policy', pg_temp.denies('Query'))), 'after (\S+Z)\.$'))[1]::timestamptz = to_timestamp((pg_temp.revision('rp-slow')::bigint + 15000) / 1000.0);
UPDATE dynapg.resource_policies SET revision = revision - 15000 WHERE table_name = 'rp-slow';
SELECT pg_temp.put('rp-slow', pg_temp.denies('Query'));
UPDATE dynapg.resource_policies SET revision = revision - 15000 WHERE table_name = 'rp-slow';
SELECT pg_temp.delete('rp-slow');
UPDATE dynapg.resource_policies SET revision = revision - 15000 WHERE table_name = 'rp-slow';
SELECT pg_temp.put('rp-slow', pg_temp.denies('Query'));
UPDATE dynapg.resource_policies SET revision = revision - 15000 WHERE table_name = 'rp-slow';
-- of a stream
SELECT pg_temp.answer('update_table', '{"TableName": "rp-slow", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}') ~ 'UPDATING';
UPDATE dynapg.tables SET change = NULL WHERE name = 'rp-slow';
SELECT dynamo_describe_table('{"TableName": "rp-slow"}') #>> '{Table,LatestStreamArn}' AS slow_stream \gset
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.put(:'slow_stream', pg_temp.denies('GetRecords')), pg_temp.put(:'slow_stream', pg_temp.denies('DescribeStream'));
SET dynapg.control_plane_delay = '1ms';
SELECT pg_sleep(0.002);
SELECT pg_temp.put(:'slow_stream', pg_temp.denies('DescribeStream'));
-- a table that is DELETING still shows its policy, and keeps it; then both are gone, and another table of the name has none
SELECT dynapg.rotate() IS NOT NULL;
SET dynapg.control_plane_delay = '1h';
UPDATE dynapg.resource_policies SET revision = revision - 3600000 WHERE table_name = 'rp-slow';
SELECT pg_temp.answer('delete_table', '{"TableName": "rp-slow"}') ~ 'DELETING';
SELECT pg_temp.get('rp-slow'), pg_temp.put('rp-slow', pg_temp.denies('Query')), pg_temp.put('rp-slow', pg_temp.denies('Scan')), pg_temp.delete('rp-slow');
UPDATE dynapg.tables SET change_ends = now() WHERE name = 'rp-slow';
SELECT pg_temp.get('rp-slow'), pg_temp.put('rp-slow', pg_temp.denies('Query'));
RESET dynapg.control_plane_delay;
SELECT pg_temp.make('rp-slow', 'p:S');
SELECT pg_temp.get('rp-slow'), count(*) FROM dynapg.resource_policies WHERE table_name = 'rp-slow' AND stream_label = '';

\set ECHO none
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) AS left_over FROM dynapg.tables WHERE name LIKE 'rp-%' \gset
DELETE FROM dynapg.log_shards WHERE log IN (SELECT id FROM dynapg.logs WHERE table_name LIKE 'rp-%');
DELETE FROM dynapg.logs WHERE table_name LIKE 'rp-%';
DELETE FROM dynapg.resource_policies;
DROP OWNED BY regress_rp_owner, regress_rp_reader, regress_rp_other, regress_rp_admin, "regress rp/odd";
DROP ROLE regress_rp_owner, regress_rp_reader, regress_rp_other, regress_rp_admin, "regress rp/odd";
