--
-- Access policies as texts: what is refused and how, the canonical form, what is equivalent, sizes.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
-- the canonical form of a table's (stream's) policy, or why it is refused; the place that a detail tells
CREATE FUNCTION pg_temp.put(policy text, kind text DEFAULT 'table') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	RETURN dynapg_test.policy(policy, kind);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' / ', SQLSTATE || ' ' || replace(SQLERRM, 'One or more parameter values were invalid: Invalid policy document', '...'),
					 nullif(detail, ''));
END $$;
-- the same for a table's policy with this for its statement, and this for a statement that is complete otherwise
CREATE FUNCTION pg_temp.statement(statement text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.put('{"Version":"2012-10-17","Statement":' || statement || '}') $$;
CREATE FUNCTION pg_temp.with(members jsonb, kind text DEFAULT 'table') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.put(jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_strip_nulls(
		CASE WHEN kind = 'identity' THEN '{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}'
			ELSE '{"Effect":"Deny","Principal":"*","Action":"dynamodb:PutResourcePolicy","Resource":"*"}' END::jsonb || members))::text, kind)
$$;
\set ECHO all

-- The service's refusals of what is no policy
SELECT policy, pg_temp.put(policy) FROM (VALUES (''), ('[]'), ('null'), ('"x"'), ('1'), ('{}'), ('{} x'), ('{"Version":}'),
	('{"Statement":[]}'), ('{"Statement":[{}]}'), ('{"Statement":{}}')) AS v(policy);

-- What each statement must have, in this order
SELECT statement, pg_temp.statement(statement) FROM (VALUES
	('{"Principal":"*","Action":"dynamodb:GetItem","Resource":"*"}'),
	('{"Effect":"Deny","Action":"dynamodb:GetItem","Resource":"*"}'),
	('{"Effect":"Deny","Principal":{},"Action":"dynamodb:GetItem","Resource":"*"}'),
	('{"Effect":"Deny","Principal":{"AWS":[]},"Action":"dynamodb:GetItem","Resource":"*"}'),
	('{"Effect":"Deny","Principal":"*","Resource":"*"}'),
	('{"Effect":"Deny","Principal":"*","Action":[],"Resource":"*"}'),
	('{"Effect":"Deny","Principal":"*","Action":"dynamodb:GetItem"}'),
	('{"Effect":"Deny","Principal":"*","Action":"dynamodb:GetItem","Resource":[]}')) AS v(statement);

-- Syntax: line and column of what follows the mistake
SELECT pg_temp.statement('[{"Effect":"Allow","Principal":"123456789012","Action":"dynamodb:GetItem","Resource":"*"}]');
SELECT pg_temp.put(E'{\n  "Version": "2012-10-17",\n  "Statement": [{"Principal": "x"}]\n}');
SELECT pg_temp.put('{"Id":"é😀","Version":"2012-10-18"}');
SELECT statement, pg_temp.statement(statement) FROM (VALUES
	('1'), ('[1]'), ('["x"]'), ('[[]]'), ('{"Foo":"x"}'), ('{"effect":"Deny"}'), ('{"Effect":"Refuse"}'), ('{"Effect":1}'),
	('{"Effect":"Deny","Effect":"Deny"}'), ('{"Sid":"a","Sid":"b"}'), ('{"Sid":null}'), ('{"Action":1}'), ('{"Action":[["x"]]}'),
	('{"Action":{"x":"y"}}'), ('{"Action":"x","NotAction":"x"}'), ('{"Resource":"x","NotResource":"x"}'), ('{"Resource":true}'),
	('{"Principal":"*","NotPrincipal":"*"}'), ('{"Principal":["*"]}'), ('{"Principal":{"Aws":"*"}}'), ('{"Principal":{"AWS":1}}'),
	('{"Principal":{"AWS":"*","AWS":"*"}}'), ('{"Condition":"x"}'), ('{"Condition":[]}'), ('{"Condition":{"StringEquals":"x"}}'),
	('{"Condition":{"StringEquals":{"a":null}}}'), ('{"Condition":{"StringEquals":{"a":{"b":"c"}}}}'),
	('{"Condition":{"stringequals":{"a":"b"}}}'), ('{"Condition":{"StringIs":{"a":"b"}}}'), ('{"Condition":{"ForSomeValues:StringEquals":{"a":"b"}}}'),
	('{"Condition":{"NullIfExists":{"a":"true"}}}'), ('{"Condition":{"IfExists":{"a":"true"}}}'), ('{"Condition":{},"Condition":{}}'),
	('{"Condition":{"Bool":{"a":"true"},"Bool":{"b":"true"}}}'), ('{"Condition":{"Bool":{"a":"true","a":"false"}}}')) AS v(statement);
SELECT policy, pg_temp.put(policy) FROM (VALUES ('{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}'), ('{"Version":"2012"}'),
	('{"Version":20121017}'), ('{"Id":1}'), ('{"Foo":1}'), ('{"version":"2012-10-17"}'), ('{"Statement":{},"Statement":{}}')) AS v(policy);

-- Sids are not there twice
SELECT pg_temp.statement('[{"Sid":"a","Effect":"Deny","Principal":"*","Action":"dynamodb:GetItem","Resource":"*"},
	{"Sid":"a","Effect":"Deny","Principal":"*","Action":"dynamodb:PutItem","Resource":"*"}]');

-- Actions that the resource does not know
SELECT kind, action, pg_temp.with(jsonb_build_object('Action', action), kind) FROM (VALUES
	('table', '["dynamodb:GetRecords","dynamodb:GetItem","dynamodb:DescribeStream"]'::jsonb), ('table', '"dynamodb:ListStreams"'),
	('table', '"dynamodb:RestoreTableFromBackup"'), ('table', '"dynamodb:ExecuteStatement"'), ('table', '"dynamodb:ListTables"'), ('table', '"GetItem"'),
	('table', '"s3:GetObject"'), ('table', '"dynamodb:Foo*"'), ('table', '"DYNAMODB:getitem"'), ('table', '"dynamodb:*"'), ('table', '"*"'),
	('table', '"dynamodb:PartiQL*"'), ('stream', '"dynamodb:GetRecords"'), ('stream', '"dynamodb:GetItem"'), ('stream', '"dynamodb:ListStreams"'),
	('stream', '"dynamodb:PutResourcePolicy"')) AS v(kind, action);

-- Resources: a table's policy does not speak of streams, nor the reverse; other tables and indexes are fine
SELECT kind, resource, pg_temp.with(jsonb_build_object('Resource', resource), kind) FROM (VALUES
	('table', 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/2026-01-01T00:00:00.000'),
	('table', 'arn:aws:dynamodb:us-east-1:123456789012:table/t/index/i'), ('table', 'arn:aws:dynamodb:us-east-1:123456789012:table/other'),
	('table', 'table/t'), ('stream', 'arn:aws:dynamodb:us-east-1:123456789012:table/t'),
	('stream', 'arn:aws:dynamodb:us-east-1:123456789012:table/*'), ('stream', 'arn:aws:dynamodb:us-east-1:123456789012:table/t/stream/*'),
	('stream', '*')) AS v(kind, resource);

-- Principals: there must be such, and nobody is allowed to all without bounds
SELECT members, pg_temp.with(members) FROM (VALUES
	('{"Principal":{"AWS":"arn:aws:iam::123456789012:user/nobody"}}'::jsonb), ('{"Effect":"Allow"}'), ('{"Effect":"Allow","Principal":{"AWS":"*"}}'),
	('{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::123456789012:user/a","*"]}}'), ('{"Effect":"Allow","Principal":null,"NotPrincipal":{"AWS":"123456789012"}}'),
	('{"Effect":"Allow","Condition":{"StringEquals":{"aws:PrincipalAccount":"123456789012"}}}'),
	('{"Effect":"Allow","Condition":{"StringLike":{"aws:PrincipalAccount":"*"}}}'), ('{"Effect":"Allow","Condition":{"StringNotEquals":{"aws:PrincipalAccount":"1"}}}'),
	('{"Effect":"Allow","Condition":{"IpAddress":{"aws:SourceIp":"0.0.0.0/0"}}}'), ('{"Effect":"Allow","Condition":{"Bool":{"aws:SecureTransport":"true"}}}'))
	AS v(members);

-- 20,480 bytes, white space counted
SELECT bytes, left(pg_temp.put(rpad('{"Statement":{"Effect":"Deny","Principal":"*","Action":"dynamodb:GetItem","Resource":"*"}}', bytes)), 90)
FROM (VALUES (20480), (20481)) AS v(bytes);

-- The canonical form
SELECT pg_temp.put($$ {
	"Statement": { "Resource": ["*"], "Action": ["dynamodb:GetItem"], "Principal": {"AWS": ["123456789012", "arn:aws:iam::123456789012:root"]},
		"Effect": "allow", "Sid": "one" } } $$);
SELECT pg_temp.put($$ {"Version": "2012-10-17", "Id": "an \u00e9", "Statement": [
	{"Effect": "Deny", "NotPrincipal": {"Service": "x.amazonaws.com", "AWS": ["b", "a", "b"]}, "NotAction": ["dynamodb:PutItem", "DynamoDB:GetItem", "dynamodb:PutItem"],
	 "Resource": ["*", "*"], "Condition": {"StringEquals": {"k": ["v"], "K2": ["b", "a"]}, "Bool": {"aws:SecureTransport": false}, "NumericEquals": {"n": [1, 2.5]}}}]} $$);

-- Equivalent: white space, order of members, lists of one, account ids; not: order in lists, case, no version
SELECT b, dynapg_test.policy_equivalent('{"Version":"2008-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"123456789012"},
	"Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":"*","Condition":{"Bool":{"a":"true"},"Null":{"b":"true","c":"false"}}}]}', b) FROM (VALUES
	('{"Statement":[{"Condition":{"Null":{"c":"false","b":["true"]},"Bool":{"a":true}},"Resource":["*"],"Effect":"Allow","Sid":"a",
	"Action":["dynamodb:GetItem","dynamodb:PutItem"],"Principal":{"AWS":["arn:aws:iam::123456789012:root"]}}],"Version":"2008-10-17"}'),
	('{"Version":"2008-10-17","Statement":{"Sid":"a","Effect":"allow","Principal":{"AWS":"123456789012"},
	"Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":"*","Condition":{"Bool":{"a":"true"},"Null":{"b":"true","c":"false"}}}}'),
	('{"Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"123456789012"},
	"Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":"*","Condition":{"Bool":{"a":"true"},"Null":{"b":"true","c":"false"}}}]}'),
	('{"Version":"2008-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"123456789012"},
	"Action":["dynamodb:PutItem","dynamodb:GetItem"],"Resource":"*","Condition":{"Bool":{"a":"true"},"Null":{"b":"true","c":"false"}}}]}'),
	('{"Version":"2008-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"123456789012"},
	"Action":["dynamodb:GetItem","dynamodb:putItem"],"Resource":"*","Condition":{"Bool":{"a":"true"},"Null":{"b":"true","c":"false"}}}]}'),
	('{"Version":"2008-10-17","Statement":[{"Sid":"a","Effect":"Allow","Principal":{"AWS":"123456789012"},
	"Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":"*","Condition":{"Bool":{"a":"true"},"Null":{"b":"true"}}}]}')) AS v(b);

-- Identity policies are refused in IAM's words
SELECT policy, pg_temp.put(policy, 'identity') FROM (VALUES (''), ('null'), ('[]'), ('{}'), ('{"Statement":[]}'), ('{"Statement":[{}]}'),
	('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}],"Statements":[]}')) AS v(policy);
SELECT members, pg_temp.with(members, 'identity') FROM (VALUES
	('{}'::jsonb), ('{"Principal":"*"}'), ('{"NotPrincipal":{"AWS":"123456789012"}}'), ('{"Effect":"allow"}'), ('{"Effect":null}'), ('{"Action":null}'), ('{"Action":[]}'),
	('{"Resource":null}'), ('{"Resource":[]}'), ('{"Sid":"not alpha"}'), ('{"Action":"GetItem"}'), ('{"Action":"dynamodb:a:b"}'), ('{"Action":"dynamo*:GetItem"}'),
	('{"Action":"*"}'), ('{"Action":"*:GetItem"}'), ('{"Action":"s3:GetObject"}'), ('{"Action":"dynamodb:NoSuch"}'),
	('{"Resource":"table/t"}'), ('{"Resource":"x:aws:dynamodb:::t"}'), ('{"Resource":"arn:foo:dynamodb:r:a:table/t"}'), ('{"Resource":"arn:foo"}'),
	('{"Resource":"arn:aws"}'), ('{"Resource":"arn:aws:*:::x"}'), ('{"Resource":"arn:aws::r:a:table/t"}'), ('{"Resource":"arn:aws:dynamodb:*"}'),
	('{"Resource":"arn:aws:dynamodb:r:a:table/${aws:username}"}'),
	('{"Condition":{"DateLessThan":{"aws:CurrentTime":"tomorrow"}}}'), ('{"Condition":{"DateLessThan":{"aws:CurrentTime":"2026-02-30"}}}'),
	('{"Condition":{"DateLessThan":{"aws:CurrentTime":["2026-02-28T00:00:00Z","1700000000"]}}}')) AS v(members);
SELECT pg_temp.put('{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"}]}', 'identity');
SELECT characters, left(pg_temp.put(rpad('{"Statement":{"Effect":"Deny","Action":"dynamodb:GetItem","Resource":"*"}}', characters), 'identity'), 200)
FROM (VALUES (131072), (131073)) AS v(characters);

-- White space between tokens does not count against quotas
SELECT dynapg_test.policy_size(policy) FROM (VALUES ('{"a":1}'), (E' {\t"a" :\r\n 1 } '), ('{"a b":" \" "}'), ('{"é":"😀"}')) AS v(policy);

-- Depth costs nothing: what is deeper than the language is refused where it begins
SELECT left(pg_temp.put('{"Statement":' || repeat('[', 9000) || repeat(']', 9000) || '}'), 100);
SELECT left(pg_temp.put('{"Statement":{"Condition":{"Bool":{"a":' || repeat('[', 60000) || repeat(']', 60000) || '}}}}', 'identity'), 100);
