--
-- Access policies of roles, permissions boundaries, tags: who may change and see them, limits, groups, simulation.
--
SET client_min_messages = warning;
SET dynapg.account_id = '123456789012';
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
CREATE FUNCTION pg_temp.allow(action text, tag text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_strip_nulls(jsonb_build_object('Effect', 'Allow', 'Action', 'dynamodb:' || action, 'Resource', '*',
		'Condition', CASE WHEN tag IS NOT NULL THEN jsonb_build_object('ForAllValues:StringEquals', jsonb_build_object('dynamodb:LeadingKeys', '${aws:PrincipalTag/' || tag || '}')) END)))::text
$$;
DROP ROLE IF EXISTS regress_policy_app, regress_policy_staff, regress_policy_other, regress_policy_admin;
\set ECHO all
CREATE ROLE regress_policy_staff;
CREATE ROLE regress_policy_app IN ROLE regress_policy_staff;
CREATE ROLE regress_policy_other;
CREATE ROLE regress_policy_admin IN ROLE dynapg_policy_admin;
SELECT rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'dynapg_policy_admin';

-- Members of dynapg_policy_admin put, get, list and delete; a policy of the same name is replaced
SET ROLE regress_policy_admin;
SELECT dynapg.put_role_policy('regress_policy_app', 'reads', '{"Statement": {"Effect": "Allow", "Action": "dynamodb:Scan", "Resource": "*"}}');
SELECT dynapg.put_role_policy('regress_policy_app', 'reads', ' {"Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}}');
SELECT dynapg.put_role_policy('regress_policy_app', 'a+b=c,d.e@f-g', pg_temp.allow('Query'));
SELECT dynapg.get_role_policy('regress_policy_app', 'reads'), dynapg.list_role_policies('regress_policy_app'), dynapg.list_role_policies('regress_policy_other');
SELECT dynapg.delete_role_policy('regress_policy_app', 'a+b=c,d.e@f-g');
SELECT role, name FROM dynapg.role_policies;
SELECT pg_temp.fails($$ SELECT dynapg.delete_role_policy('regress_policy_app', 'none') $$), pg_temp.fails($$ SELECT dynapg.get_role_policy('regress_policy_app', 'none') $$),
	pg_temp.fails($$ SELECT dynapg.get_role_policy('regress_policy_nobody', 'none') $$), pg_temp.fails($$ SELECT dynapg.get_role_policy('4000000000', 'none') $$);
SELECT name, pg_temp.fails(format('SELECT dynapg.put_role_policy(''regress_policy_app'', %L, pg_temp.allow(''*''))', name)) FROM unnest(ARRAY['', 'a b', 'é', 'a/b', repeat('a', 129)]) AS name;
SELECT pg_temp.fails($$ SELECT dynapg.put_role_policy('regress_policy_app', 'bad', '{"Statement": []}') $$);
SELECT pg_temp.fails($$ INSERT INTO dynapg.role_policies VALUES ('regress_policy_app', 'x', '{}') $$), pg_temp.fails($$ DELETE FROM dynapg.role_policies $$);

-- What never holds is told
SELECT dynapg.put_role_policy('regress_policy_app', 'list', '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"dynamodb:leadingkeys": "a"}, "Null": {"dynamodb:Attributes": "true"}, "ForAnyValue:StringLike": {"aws:TagKeys": "a"}}}}');
SELECT dynapg.delete_role_policy('regress_policy_app', 'list');

-- All of a role's policies together have 10,240 characters at most, a boundary 6,144; white space does not count
SELECT dynapg.put_role_policy('regress_policy_other', 'one', format('{"Statement": {"Effect": "Allow", "Action": "dynamodb:%s", "Resource": "*"}}', repeat('a', 5000)));
SELECT size, pg_temp.fails(format($$ SELECT dynapg.put_role_policy('regress_policy_other', 'two', '%s{"Statement":{"Effect":"Allow","Action":"dynamodb:%s","Resource":"*"}}') $$, repeat(' ', 9000), repeat('a', size)))
FROM (VALUES (5104), (5105)) AS v(size);
SELECT dynapg.put_role_policy('regress_policy_other', 'two', pg_temp.allow('*')), dynapg.delete_role_policy('regress_policy_other', 'one'), dynapg.delete_role_policy('regress_policy_other', 'two');
SELECT size, pg_temp.fails(format($$ SELECT dynapg.put_role_permissions_boundary('regress_policy_other', '{"Statement":{"Effect":"Allow","Action":"dynamodb:%s","Resource":"*"}}') $$, repeat('a', size)))
FROM (VALUES (6076), (6077)) AS v(size);

-- Boundaries
SELECT dynapg.put_role_permissions_boundary('regress_policy_other', pg_temp.allow('Get*')), dynapg.get_role_permissions_boundary('regress_policy_other'), dynapg.get_role_permissions_boundary('regress_policy_app') IS NULL;
SELECT dynapg.delete_role_permissions_boundary('regress_policy_other');
SELECT pg_temp.fails($$ SELECT dynapg.delete_role_permissions_boundary('regress_policy_other') $$), pg_temp.fails($$ SELECT dynapg.put_role_permissions_boundary('regress_policy_other', '{}') $$);

-- Tags: keys are the same in any case
SELECT dynapg.tag_role('regress_policy_app', '{"tenant": "t1", "Team": "red"}'), dynapg.tag_role('regress_policy_app', '{"TENANT": "t2", "empty": ""}');
SELECT dynapg.list_role_tags('regress_policy_app'), dynapg.list_role_tags('regress_policy_other');
SELECT dynapg.untag_role('regress_policy_app', '{tEAM,empty,none,NULL}');
SELECT dynapg.list_role_tags('regress_policy_app');
SELECT tags, pg_temp.fails(format('SELECT dynapg.tag_role(''regress_policy_app'', %L)', tags)) FROM unnest(ARRAY['[]', '{"a": 1}', '{"": "x"}', '{"aws:x": "y"}', '{"AWS:x": "y"}']) AS tags;
SELECT pg_temp.fails(format('SELECT dynapg.tag_role(''regress_policy_app'', %L)', jsonb_build_object(repeat('é', 129), 'x'))), pg_temp.fails(format('SELECT dynapg.tag_role(''regress_policy_app'', %L)', jsonb_build_object(repeat('é', 128), repeat('x', 257))));
SELECT n, pg_temp.fails(format('SELECT dynapg.tag_role(''regress_policy_other'', %L)', (SELECT jsonb_object_agg('k' || i, 'v') FROM generate_series(1, n) i))) FROM (VALUES (51), (50)) AS v(n);
RESET ROLE;

-- Who has the role's privileges sees them; nobody else
SET ROLE regress_policy_app;
SELECT dynapg.list_role_policies('regress_policy_app'), dynapg.list_role_policies('regress_policy_staff'), dynapg.list_role_tags('regress_policy_app');
SELECT command, pg_temp.fails('SELECT dynapg.' || command) FROM unnest(ARRAY[
	'get_role_policy(''regress_policy_other'', ''x'')', 'list_role_policies(''regress_policy_other'')', 'list_role_tags(''regress_policy_other'')', 'get_role_permissions_boundary(''regress_policy_other'')',
	'simulate_policy(''regress_policy_other'', ''dynamodb:GetItem'')', 'put_role_policy(''regress_policy_app'', ''x'', ''{}'')', 'delete_role_policy(''regress_policy_app'', ''reads'')',
	'put_role_permissions_boundary(''regress_policy_app'', ''{}'')', 'delete_role_permissions_boundary(''regress_policy_app'')', 'tag_role(''regress_policy_app'', ''{}'')', 'untag_role(''regress_policy_app'', ''{}'')']) AS command;
SELECT pg_temp.fails('TABLE dynapg.' || name) FROM unnest('{role_policies,role_boundaries,role_tags}'::text[]) AS name;
RESET ROLE;

-- A role is judged by its own policies, and by those of roles whose privileges it has; not by a member's
SELECT dynapg.put_role_policy('regress_policy_staff', 'own', pg_temp.allow('Query', 'tenant')), dynapg.put_role_policy('regress_policy_other', 'all', pg_temp.allow('*'));
SELECT action, d.decision, d.side, d.policy, d.statement FROM unnest('{GetItem,Query,Scan}'::text[]) AS action, dynapg.simulate_policy('regress_policy_app', 'dynamodb:' || action, context => '{"dynamodb:LeadingKeys": ["t2"]}') AS d;
SELECT action, d.decision FROM unnest('{GetItem,Query}'::text[]) AS action, dynapg.simulate_policy('regress_policy_staff', 'dynamodb:' || action) AS d;
SELECT dynapg.simulate_policy('regress_policy_app', 'dynamodb:Query', context => '{"dynamodb:LeadingKeys": ["t1"]}');
SELECT (dynapg.simulate_policy('regress_policy_app', 'dynamodb:Query', context => '{"dynamodb:LeadingKeys": ["t1"], "aws:PrincipalTag/tenant": "t1"}')).decision;
SELECT (dynapg.simulate_policy('regress_policy_app', 'dynamodb:Scan', granted => true)).decision;
ALTER ROLE regress_policy_app NOINHERIT;
SELECT current_setting('server_version_num')::int >= 160000 OR (dynapg.simulate_policy('regress_policy_app', 'dynamodb:Query')).decision = 'implicitDeny';
ALTER ROLE regress_policy_app INHERIT;

-- A superuser is not everybody's member here
CREATE ROLE regress_policy_super SUPERUSER IN ROLE regress_policy_staff;
SELECT action, (dynapg.simulate_policy('regress_policy_super', 'dynamodb:' || action)).policy FROM unnest('{GetItem,Query}'::text[]) AS action;
DROP ROLE regress_policy_super;

-- A boundary limits what policies and privileges allow; tags and names are the role's
SELECT dynapg.put_role_permissions_boundary('regress_policy_app', '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:dynamodb:*:*:table/${aws:username}"}}');
SELECT resource, d.decision, d.side, d.refusal FROM unnest('{arn:aws:dynamodb:us-east-1:123456789012:table/regress_policy_app,arn:aws:dynamodb:us-east-1:123456789012:table/t}'::text[]) AS resource,
	dynapg.simulate_policy('regress_policy_app', 'dynamodb:GetItem', resource, granted => true) AS d;

-- Changes are seen at once, and undone with their transaction
BEGIN;
SELECT dynapg.put_role_policy('regress_policy_app', 'more', pg_temp.allow('Scan')), dynapg.delete_role_permissions_boundary('regress_policy_app');
SELECT (dynapg.simulate_policy('regress_policy_app', 'dynamodb:Scan')).policy;
ROLLBACK;
SELECT (dynapg.simulate_policy('regress_policy_app', 'dynamodb:Scan')).decision;

-- A role of another name keeps its policies; those of a role that is gone are nobody's, and in no dump
ALTER ROLE regress_policy_staff RENAME TO regress_policy_crew;
SELECT (dynapg.simulate_policy('regress_policy_app', 'dynamodb:Query', 'arn:aws:dynamodb:us-east-1:123456789012:table/regress_policy_app')).policy;
DROP ROLE regress_policy_crew;
CREATE ROLE regress_policy_crew;
SELECT dynapg.list_role_policies('regress_policy_crew'), (dynapg.simulate_policy('regress_policy_app', 'dynamodb:Query', 'arn:aws:dynamodb:us-east-1:123456789012:table/regress_policy_app')).decision;
SELECT extcondition[i] FROM pg_extension, generate_subscripts(extconfig, 1) i WHERE extname = 'dynapg' AND extconfig[i] = 'dynapg.role_policies'::regclass;

-- What a database's owner restores is left out
SET ROLE regress_policy_other;
SELECT pg_temp.fails($$ INSERT INTO dynapg.role_tags VALUES ('regress_policy_app', 'a', 'b') $$);
RESET ROLE;
GRANT INSERT ON dynapg.role_policies, dynapg.role_boundaries, dynapg.role_tags TO regress_policy_other;
SET ROLE regress_policy_other;
INSERT INTO dynapg.role_policies VALUES ('regress_policy_other', 'x', '{}');
INSERT INTO dynapg.role_boundaries VALUES ('regress_policy_other', '{}');
INSERT INTO dynapg.role_tags VALUES ('regress_policy_other', 'a', 'b');
RESET ROLE;
REVOKE INSERT ON dynapg.role_policies, dynapg.role_boundaries, dynapg.role_tags FROM regress_policy_other;
SELECT count(*) FROM dynapg.role_policies WHERE name = 'x';

DELETE FROM dynapg.role_policies;
DELETE FROM dynapg.role_boundaries;
DELETE FROM dynapg.role_tags;
DROP ROLE regress_policy_app, regress_policy_crew, regress_policy_other, regress_policy_admin;
