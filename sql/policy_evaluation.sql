--
-- Access policies: actions, whose policies decide, principals, the refusals' texts, time.
--
SET client_min_messages = warning;
SET dynapg.account_id = '123456789012';
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
-- a policy of statements; one that allows or denies these actions on everything; the same of a resource, for a principal
CREATE FUNCTION pg_temp.policy(VARIADIC statements jsonb[]) RETURNS text LANGUAGE sql AS
$$ SELECT jsonb_build_object('Version', '2012-10-17', 'Statement', statements)::text $$;
CREATE FUNCTION pg_temp.allow(VARIADIC actions text[]) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.policy(jsonb_build_object('Effect', 'Allow', 'Action', actions, 'Resource', '*')) $$;
CREATE FUNCTION pg_temp.deny(VARIADIC actions text[]) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.policy(jsonb_build_object('Effect', 'Deny', 'Action', actions, 'Resource', '*')) $$;
CREATE FUNCTION pg_temp.of_resource(effect text, principal jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.policy(jsonb_build_object('Effect', effect, 'Action', 'dynamodb:GetItem', 'Resource', '*', 'Principal', principal)) $$;
-- which actions a policy allows
CREATE FUNCTION pg_temp.allowed(policy text) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(action, ' ' ORDER BY n) FROM unnest('{GetItem,PutItem,Query,Scan,BatchGetItem,PartiQLSelect,DescribeTable,ListTables,GetRecords}'::text[]) WITH ORDINALITY AS a(action, n),
		dynapg.simulate_custom_policy(ARRAY[policy], 'dynamodb:' || action, '*') WHERE decision = 'allowed'
$$;
\set ECHO all

-- Actions in any case, with wildcards; NotAction is all others; other services' are none of ours
SELECT actions, pg_temp.allowed(pg_temp.policy(jsonb_build_object('Effect', 'Allow', 'Resource', '*') || actions)) FROM (VALUES
	('{"Action":"dynamodb:GetItem"}'::jsonb), ('{"Action":"DynamoDB:getITEM"}'), ('{"Action":"dynamodb:Get*"}'), ('{"Action":"dynamodb:?e*Item"}'), ('{"Action":"dynamodb:*Item"}'), ('{"Action":["dynamodb:Query","dynamodb:Scan"]}'),
	('{"Action":"dynamodb:*"}'), ('{"Action":"*"}'), ('{"Action":"dynamodb:"}'), ('{"Action":"s3:*"}'), ('{"Action":"*:GetItem"}'), ('{"NotAction":"dynamodb:GetItem"}'), ('{"NotAction":["dynamodb:*Item","dynamodb:Scan"]}'),
	('{"NotAction":"*"}'), ('{"NotAction":"s3:*"}')) AS v(actions);

-- NotResource
SELECT resource, (dynapg.simulate_custom_policy(ARRAY[pg_temp.policy('{"Effect":"Allow","Action":"*","NotResource":["arn:aws:dynamodb:*:*:table/a*","arn:aws:dynamodb:*:*:table/${aws:username}","arn:aws:dynamodb:*:*:table/${no}"]}')],
	'dynamodb:GetItem', resource, '{"aws:username": "ann"}')).decision FROM unnest('{arn:aws:dynamodb:us-east-1:1:table/ab,arn:aws:dynamodb:us-east-1:1:table/ann,arn:aws:dynamodb:us-east-1:1:table/b,*}'::text[]) AS resource;

-- Which statement decided: the first that denies, else the first that allows
SELECT action, d.* FROM unnest('{GetItem,PutItem,Query,Scan}'::text[]) AS action, dynapg.simulate_custom_policy(ARRAY[pg_temp.policy('{"Sid":"Reads","Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"*"}',
	'{"Effect":"Allow","Action":"dynamodb:*Item","Resource":"*"}'), pg_temp.policy('{"Sid":"NoQuery","Effect":"Deny","Action":"dynamodb:Query","Resource":"*"}')], 'dynamodb:' || action, 'arn:aws:dynamodb:us-east-1:1:table/t') d;

-- The one rule: not denied, and (GRANT or identity policy or resource policy), and boundary and session policy
WITH side(name, policy) AS (VALUES ('-', NULL), ('allow', pg_temp.allow('dynamodb:GetItem')), ('deny', pg_temp.deny('dynamodb:GetItem')), ('other', pg_temp.allow('dynamodb:Scan'))),
	resource(name, policy) AS (VALUES ('-', NULL), ('allow', pg_temp.of_resource('Allow', '{"AWS":"arn:aws:iam::123456789012:user/ann"}')), ('deny', pg_temp.of_resource('Deny', '"*"')))
SELECT i.name AS identity, r.name AS resource, g.granted, count(*) FILTER (WHERE d.decision = 'allowed') AS allowed,
	string_agg(concat_ws('/', b.name, s.name), ' ' ORDER BY b.name, s.name) FILTER (WHERE d.decision = 'allowed') AS boundary_and_session,
	string_agg(DISTINCT d.decision || ' ' || d.side, ', ') AS decisions
FROM side i, resource r, (VALUES (false), (true)) g(granted), side b, side s,
	dynapg.simulate_custom_policy(array_remove(ARRAY[i.policy], NULL), 'dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:123456789012:table/t', '{"aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann"}',
		r.policy, b.policy, s.policy, g.granted) d
GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

-- Principals of a resource policy; who names the account leaves it to the account's policies, but denies its members
SELECT effect, principal, d.decision, d.side FROM (VALUES ('Allow'), ('Deny')) e(effect), unnest('{"{\"AWS\":\"arn:aws:iam::123456789012:user/ann\"}","{\"AWS\":\"arn:aws:iam::123456789012:user/Ann\"}","{\"AWS\":\"arn:aws:iam::123456789012:user/*\"}",
	"{\"AWS\":\"123456789012\"}","{\"AWS\":\"arn:aws:iam::123456789012:root\"}","{\"AWS\":\"999999999999\"}","{\"AWS\":[\"999999999999\",\"arn:aws:iam::123456789012:user/ann\"]}","{\"Service\":\"lambda.amazonaws.com\"}","{\"Federated\":\"*\"}"}'::jsonb[]) AS principal,
	dynapg.simulate_custom_policy('{}', 'dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:123456789012:table/t', '{"aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann"}', pg_temp.of_resource(effect, principal)) d;
-- A Deny to all but those who are named; an account beside them excepts nobody else
SELECT principal, d.decision FROM unnest('{"{\"AWS\":\"arn:aws:iam::123456789012:user/ann\"}","{\"AWS\":\"arn:aws:iam::123456789012:user/bob\"}","{\"AWS\":\"123456789012\"}","{\"AWS\":[\"arn:aws:iam::123456789012:user/ann\",\"123456789012\"]}","{\"AWS\":[\"arn:aws:iam::123456789012:user/bob\",\"123456789012\"]}","\"*\""}'::jsonb[]) AS principal,
	dynapg.simulate_custom_policy('{}', 'dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:123456789012:table/t', '{"aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann"}',
		pg_temp.policy(jsonb_build_object('Effect', 'Deny', 'Action', 'dynamodb:GetItem', 'Resource', '*', 'NotPrincipal', principal))) d;

-- The service's texts
SELECT (dynapg.simulate_custom_policy(ARRAY[i], 'dynamodb:query', 'arn:aws:dynamodb:us-east-1:123456789012:table/t/index/i', '{"aws:PrincipalArn": "arn:aws:iam::123456789012:user/ann"}', r, b, s)).refusal
FROM (VALUES (pg_temp.allow('dynamodb:Scan'), NULL, NULL, NULL), (pg_temp.deny('dynamodb:*'), NULL, NULL, NULL), (pg_temp.allow('*'), pg_temp.policy('{"Effect":"Deny","Principal":"*","Action":"dynamodb:Query","Resource":"*"}'), NULL, NULL),
	(pg_temp.allow('*'), NULL, pg_temp.allow('dynamodb:Scan'), NULL), (pg_temp.allow('*'), NULL, pg_temp.deny('*'), NULL), (pg_temp.allow('*'), NULL, NULL, pg_temp.allow('dynamodb:Scan')), (pg_temp.allow('*'), NULL, NULL, pg_temp.deny('*'))) AS v(i, r, b, s);

-- Before a request's keys are known: what no condition could make allowed is refused already, and nothing else
SELECT policy, dynapg_test.foresee(pg_temp.policy(VARIADIC ARRAY(SELECT jsonb_array_elements(policy))), 'dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:123456789012:table/t', '{"aws:username": "t"}') FROM (VALUES
	('[]'::jsonb || '{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"}'::jsonb), ('[{"Effect":"Allow","Action":"*","Resource":"*"}]'), ('[{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/other"}]'),
	('[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{"dynamodb:Select":"COUNT"}}}]'), ('[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Null":{"aws:username":"true"}}}]'),
	('[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:username":"t"}}}]'), ('[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"*","Resource":"*"}]'),
	('[{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/${aws:username}"}]'), ('[{"Effect":"Allow","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/${aws:userid}"}]')) AS v(policy);

-- The tenant's pattern: own items only, by keys; a Scan has none, for which ForAllValues holds
SELECT action, keys, (dynapg.simulate_custom_policy(ARRAY[policy], 'dynamodb:' || action, 'arn:aws:dynamodb:us-east-1:123456789012:table/t', '{"aws:PrincipalTag/tenant": "t1"}' || keys)).decision, kind
FROM (VALUES ('GetItem', '{"dynamodb:LeadingKeys": ["t1"]}'::jsonb), ('GetItem', '{"dynamodb:LeadingKeys": ["t2"]}'), ('BatchGetItem', '{"dynamodb:LeadingKeys": ["t1", "t2"]}'), ('BatchGetItem', '{"dynamodb:LeadingKeys": ["t1", "t1"]}'),
	('Scan', '{}'), ('Query', '{"dynamodb:LeadingKeys": ["t1"], "aws:PrincipalTag/tenant": "x"}')) AS v(action, keys),
	(VALUES ('careless', pg_temp.policy('{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/t","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:PrincipalTag/tenant}"]}}}')),
		('careful', pg_temp.policy('{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/t","Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:PrincipalTag/tenant}"]},"Null":{"dynamodb:LeadingKeys":"false"}}}'))) AS p(kind, policy)
ORDER BY kind, 1, 2;

-- Patterns
SELECT pattern, against, dynapg_test.glob(pattern, against) FROM (VALUES ('', ''), ('', 'a'), ('*', ''), ('**', 'a'), ('?', ''), ('a*b*c', 'aXbYc'), ('a*b*c', 'acb'), ('*ab', 'aab'), ('ab*', 'ab'), ('ab*ab', 'ab'), ('ab*ab', 'abab'),
	('*a?c*', 'xxabcxx'), ('*a?c', 'aacac'), ('?*?', 'é'), ('?*?', 'éé'), ('*?😀', 'a😀'), ('*?😀', '😀'), ('a*?', 'a'), ('*.*.*', 'a.b'), ('*aab*', 'aaab'), ('*a?b*', 'aaab')) AS v(pattern, against);

-- Patterns that take a naive matcher for ever take no time
SET statement_timeout = '2min';
SELECT dynapg_test.glob(repeat('*a', 2000) || 'b', repeat('a', 60000)), dynapg_test.glob(repeat('a*', 5000) || 'b', repeat('a', 60000)),
	dynapg_test.glob(repeat('*', 10000) || 'b', repeat('a', 60000)), dynapg_test.glob('*' || repeat('a', 5000) || 'b*', repeat('a', 60000)), dynapg_test.glob(repeat('?*', 5000) || 'b', repeat('a', 60000)),
	dynapg_test.glob('*' || repeat('a?', 100) || 'b*', repeat('a', 60000));
SELECT decision FROM dynapg.simulate_custom_policy(ARRAY[pg_temp.policy(jsonb_build_object('Effect', 'Allow', 'Action', 'dynamodb:' || repeat('*e', 2000), 'Resource', 'arn:aws:dynamodb:*:*:' || repeat('*a', 2000)))], 'dynamodb:DescribeTable',
	'arn:aws:dynamodb:us-east-1:1:table/' || repeat('a', 255));
RESET statement_timeout;

-- Roles without privileges may ask
CREATE ROLE regress_policy_asker;
SET ROLE regress_policy_asker;
SELECT decision FROM dynapg.simulate_custom_policy(ARRAY[pg_temp.allow('*')], 'dynamodb:ListTables');
RESET ROLE;
DROP ROLE regress_policy_asker;
