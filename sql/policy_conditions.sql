--
-- Access policies: each condition operator, values and lists, variables, and the traps.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
-- whether an operator holds for a key of the request: k, which it does not have if that is null
CREATE FUNCTION pg_temp.holds(operator text, wanted jsonb, given jsonb, others jsonb DEFAULT '{}', version text DEFAULT '2012-10-17') RETURNS boolean
	LANGUAGE sql AS $$
	SELECT decision = 'allowed' FROM dynapg.simulate_custom_policy(ARRAY[jsonb_build_object('Version', version, 'Statement',
		jsonb_build_object('Effect', 'Allow', 'Action', 'dynamodb:GetItem', 'Resource', '*', 'Condition',
			jsonb_build_object(operator, jsonb_build_object('k', wanted))))::text],
		'dynamodb:GetItem', 'arn:aws:dynamodb:us-east-1:000000000000:table/t', others || jsonb_strip_nulls(jsonb_build_object('k', given)))
$$;
-- the same of a resource
CREATE FUNCTION pg_temp.resource(pattern text, resource text, context jsonb DEFAULT '{}', version text DEFAULT '2012-10-17') RETURNS boolean LANGUAGE sql AS $$
	SELECT decision = 'allowed' FROM dynapg.simulate_custom_policy(ARRAY[jsonb_build_object('Version', version, 'Statement',
		jsonb_build_object('Effect', 'Allow', 'Action', 'dynamodb:GetItem', 'Resource', pattern))::text], 'dynamodb:GetItem', resource, context)
$$;
\set ECHO all

-- Strings
SELECT operator, wanted, given, pg_temp.holds(operator, wanted, given) AS holds, pg_temp.holds(opposite, wanted, given) AS opposite FROM (VALUES
	('"a"'::jsonb, '"a"'::jsonb), ('"a"', '"A"'), ('["x","a"]', '"a"'), ('["x","y"]', '"a"'), ('"a*"', '"ab"'), ('"a*"', '"a*"'), ('"a?c"', '"abc"'),
	('"?"', '"é"'), ('"??"', '"é"'), ('"*É"', '"é"'), ('"ÀÞ×÷"', '"àþ×÷"'), ('""', '""'), ('"*"', '""'), ('[]', '"a"'), ('true', '"true"'), ('1', '1')) AS v(wanted, given),
	(VALUES ('StringEquals', 'StringNotEquals'), ('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'), ('StringLike', 'StringNotLike')) AS o(operator, opposite);

-- Numbers
SELECT wanted, given, pg_temp.holds('NumericEquals', wanted, given) AS "=", pg_temp.holds('NumericNotEquals', wanted, given) AS "<>",
	pg_temp.holds('NumericLessThan', wanted, given) AS "<", pg_temp.holds('NumericLessThanEquals', wanted, given) AS "<=",
	pg_temp.holds('NumericGreaterThan', wanted, given) AS ">", pg_temp.holds('NumericGreaterThanEquals', wanted, given) AS ">="
FROM (VALUES ('"10"'::jsonb, '"10"'::jsonb), ('"10"', '"10.0"'), ('"10"', '"9"'), ('"10"', '"100"'), ('10', '9.5'), ('"-1"', '"-2"'), ('["1","5"]', '"3"'),
	('"0.1"', '"1e-1"'), ('"x"', '"1"'), ('"1"', '"x"'), ('"1"', '""'), ('"12345678901234567890"', '"12345678901234567891"')) AS v(wanted, given);

-- Dates: ISO 8601 or seconds since 1970
SELECT wanted, given, pg_temp.holds('DateEquals', wanted, given) AS "=", pg_temp.holds('DateNotEquals', wanted, given) AS "<>",
	pg_temp.holds('DateLessThan', wanted, given) AS "<", pg_temp.holds('DateLessThanEquals', wanted, given) AS "<=",
	pg_temp.holds('DateGreaterThan', wanted, given) AS ">", pg_temp.holds('DateGreaterThanEquals', wanted, given) AS ">="
FROM (VALUES ('"2026-10-09T00:00:00Z"'::jsonb, '"2026-10-09T00:00:00Z"'::jsonb), ('"2026-10-09"', '"2026-10-09T00:00:00.000Z"'), ('"2026-10-09T02:00:00+02:00"', '"2026-10-09"'),
	('"2026-10-08T22:30-01:30"', '"2026-10-09T00:00Z"'), ('"2026-10"', '"2026-10-01"'), ('"1791504000"', '"2026-10-09"'), ('"2026-10-09"', '"2026-10-08T23:59:59.999999Z"'),
	('"2026-10-09"', '"2026-10-09T00:00:00.0000001Z"'), ('"2024-02-29"', '"2024-02-29"'), ('"9223372036854775807"', '"2026-10-09"'), ('["2026-01-01","2026-12-31"]', '"2026-06-01"'),
	('"2026-10-09"', '"soon"'), ('"2026-10-09"', '"2026-10-09T24:00:00Z"'), ('"2026-10-09"', '"2026-10-09 00:00:00"')) AS v(wanted, given);

-- Booleans, binary values, addresses, ARNs
SELECT operator, wanted, given, pg_temp.holds(operator, wanted, given) AS holds FROM (VALUES
	('Bool', '"true"'::jsonb, '"true"'::jsonb), ('Bool', '"TRUE"', 'true'), ('Bool', 'false', '"False"'), ('Bool', '"true"', '"false"'), ('Bool', '"yes"', '"yes"'), ('Bool', '["true","false"]', '"false"'),
	('BinaryEquals', '"AAEC"', '"AAEC"'), ('BinaryEquals', '"AAEC"', '"AAED"'), ('BinaryEquals', '"AAEC"', '"aaec"'), ('BinaryEquals', '"x"', '"x"'), ('BinaryEquals', '""', '""'),
	('IpAddress', '"203.0.113.0/24"', '"203.0.113.7"'), ('IpAddress', '"203.0.113.0/24"', '"203.0.114.7"'), ('IpAddress', '"203.0.113.7"', '"203.0.113.7"'),
	('IpAddress', '"0.0.0.0/0"', '"1.2.3.4"'), ('IpAddress', '"0.0.0.0/0"', '"::1"'), ('IpAddress', '"2001:DB8:1234:5678::/64"', '"2001:db8:1234:5678::1"'),
	('IpAddress', '"2001:DB8:1234:5678::/64"', '"2001:db8:1234:5679::1"'), ('IpAddress', '"10.0.0.0/8"', '"::ffff:10.1.1.1"'), ('IpAddress', '["10.0.0.0/8","::1"]', '"::1"'),
	('IpAddress', '"10.0.0.0/8"', '"here"'), ('IpAddress', '"10.0.0.0/33"', '"10.0.0.0"'), ('IpAddress', '"10.0.0.0/8"', '"10.0.0.0/4"'),
	('NotIpAddress', '"203.0.113.0/24"', '"203.0.113.7"'), ('NotIpAddress', '["203.0.113.0/24","10.0.0.0/8"]', '"1.2.3.4"'), ('NotIpAddress', '"203.0.113.0/24"', '"::1"'),
	('ArnLike', '"arn:aws:iam::1:user/*"', '"arn:aws:iam::1:user/a/b"'), ('ArnEquals', '"arn:aws:iam::1:user/*"', '"arn:aws:iam::1:user/a"'), ('ArnLike', '"arn:aws:iam::1:user/A"', '"arn:aws:iam::1:user/a"'),
	('ArnLike', '"arn:aws:s:*:111122223333:finance/*"', '"arn:aws:s:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"'),
	('StringLike', '"arn:aws:s:*:111122223333:finance/*"', '"arn:aws:s:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"'),
	('ArnLike', '"arn:aws:s:r:1:a:*"', '"arn:aws:s:r:1:a:b:c"'), ('ArnLike', '"*"', '"arn:aws:s:r:1:a"'), ('ArnLike', '"arn:aws:s:r:1:a"', '"a"'), ('ArnLike', '"arn:*:*:*:*:*"', '"arn:aws:s:::x"'),
	('ArnNotLike', '"arn:aws:iam::1:user/*"', '"arn:aws:iam::1:user/a"'), ('ArnNotEquals', '"arn:aws:iam::1:user/*"', '"arn:aws:iam::1:role/a"')) AS v(operator, wanted, given);

-- A key that is not there makes an operator false, and a negated one true
SELECT operator, pg_temp.holds(operator, '"1"', NULL) AS holds, pg_temp.holds(operator || 'IfExists', '"1"', NULL) AS if_exists,
	pg_temp.holds('ForAllValues:' || operator, '"1"', NULL) AS all, pg_temp.holds('ForAnyValue:' || operator, '"1"', NULL) AS any,
	pg_temp.holds('ForAnyValue:' || operator || 'IfExists', '"1"', NULL) AS any_if_exists
FROM unnest('{StringEquals,StringNotEquals,StringEqualsIgnoreCase,StringNotEqualsIgnoreCase,StringLike,StringNotLike,NumericEquals,NumericNotEquals,NumericLessThan,
	NumericLessThanEquals,NumericGreaterThan,NumericGreaterThanEquals,DateEquals,DateNotEquals,DateLessThan,DateLessThanEquals,DateGreaterThan,DateGreaterThanEquals,Bool,
	BinaryEquals,IpAddress,NotIpAddress,ArnEquals,ArnLike,ArnNotEquals,ArnNotLike}'::text[]) AS operator;

-- IfExists of a key that is there is the operator
SELECT operator, given, pg_temp.holds(operator, '"a"', given) FROM unnest('{StringEqualsIfExists,StringNotEqualsIfExists,ForAnyValue:StringLikeIfExists}'::text[]) AS operator,
	unnest('{"\"a\"","\"b\""}'::jsonb[]) AS given;

-- Null; a list without values is none
SELECT operator, wanted, given, pg_temp.holds(operator, wanted, given) FROM (VALUES ('Null', '"true"'::jsonb, NULL::jsonb), ('Null', '"false"', NULL), ('Null', '"true"', '"a"'), ('Null', '"false"', '"a"'),
	('Null', 'true', '[]'), ('Null', '["true","false"]', '"a"'), ('Null', '"False"', '""'), ('Null', '"x"', '"a"'), ('ForAllValues:Null', '"false"', '["a"]')) AS v(operator, wanted, given);

-- Lists: only with ForAllValues or ForAnyValue
SELECT given, pg_temp.holds('StringEquals', '["a","b"]', given) AS plain, pg_temp.holds('StringNotEquals', '["a","b"]', given) AS negated,
	pg_temp.holds('StringEqualsIfExists', '["a","b"]', given) AS if_exists,
	pg_temp.holds('ForAllValues:StringEquals', '["a","b"]', given) AS all, pg_temp.holds('ForAnyValue:StringEquals', '["a","b"]', given) AS any,
	pg_temp.holds('ForAllValues:StringNotEquals', '["a","b"]', given) AS all_negated, pg_temp.holds('ForAnyValue:StringNotEquals', '["a","b"]', given) AS any_negated
FROM unnest('{"[\"a\"]","[\"a\",\"b\"]","[\"a\",\"c\"]","[\"c\"]","[]","\"a\"","\"c\""}'::jsonb[]) AS given;

-- Keys are the same in any case; their values are not
SELECT key, dynapg.simulate_custom_policy(ARRAY[format('{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEquals":{%s:"a"}}}}', to_json(key))],
	'dynamodb:ListTables', '*', '{"aws:UserName": "a", "aws:PrincipalTag/Team": "a"}') FROM unnest('{aws:username,AWS:USERNAME,aws:principaltag/TEAM,aws:PrincipalTag}'::text[]) AS key;

-- Variables stand for a value, which is never a pattern
SELECT wanted, given, pg_temp.holds(operator, to_jsonb(wanted), to_jsonb(given), '{"aws:username": "ann", "t": "*", "q": "a?c", "e": "", "l": ["ann"], "n": 5}')
FROM (VALUES ('StringEquals', '${aws:username}', 'ann'), ('StringEquals', '${AWS:UserName}', 'ann'), ('StringEquals', '${ aws:username }', 'ann'), ('StringEquals', 'x${aws:username}y${n}', 'xanny5'),
	('StringLike', '${aws:username}/*', 'ann/x'), ('StringLike', '${t}', 'anything'), ('StringLike', '${t}', '*'), ('StringLike', '${q}', 'abc'), ('StringLike', '${q}', 'a?c'),
	('StringEqualsIgnoreCase', 'X${aws:username}', 'xANN'), ('StringEquals', '${no}', '${no}'), ('StringEquals', '${no}', ''), ('StringNotEquals', '${no}', 'a'), ('StringNotLike', '${no}*', 'a'),
	('StringEquals', '${l}', 'ann'), ('StringEquals', '${e}', ''), ('StringEquals', '${no, ''a b''}', 'a b'), ('StringEquals', '${aws:username, ''x''}', 'ann'), ('StringEquals', '${no,''*''}', '*'),
	('StringLike', '${no, ''*''}', 'x'), ('StringLike', '${no, ''''}', ''), ('StringEquals', '${no, ''}''}', '}'), ('StringEquals', '${no, x}', '${no, x}'), ('StringEquals', '${no', '${no'),
	('StringLike', '${*}', '*'), ('StringLike', '${*}', 'x'), ('StringLike', '${?}', 'x'), ('StringLike', '${?}', '?'), ('StringEquals', '${$}{no}', '${no}'), ('StringEquals', '$${$}', '$$'),
	('StringEquals', '${}', '${}'), ('StringLike', '${*', '${x'),
	('ArnLike', 'arn:aws:iam::1:user/${aws:username}', 'arn:aws:iam::1:user/ann'), ('ArnLike', 'arn:aws:iam:${aws:username}:1:user/*', 'arn:aws:iam:ann:1:user/x'), ('ArnLike', 'arn:aws:iam::1:${t}', 'arn:aws:iam::1:x'),
	('ArnNotLike', 'arn:aws:iam::1:${no}', 'arn:aws:iam::1:x')) AS v(operator, wanted, given);

-- There are none for other operators, nor in the version of 2008
SELECT pg_temp.holds('NumericEquals', '"${n}"', '"5"', '{"n": "5"}'), pg_temp.holds('Bool', '"${b}"', '"true"', '{"b": "true"}'),
	pg_temp.holds('StringEquals', '"${n}"', '"5"', '{"n": "5"}', '2008-10-17'), pg_temp.holds('StringEquals', '"${n}"', '"${n}"', '{"n": "5"}', '2008-10-17'),
	pg_temp.holds('StringLike', '"${*}"', '"${x}"', '{}', '2008-10-17');

-- Resources: part by part, in their case; variables in the last part only
SELECT pattern, resource, pg_temp.resource(pattern, resource, '{"aws:username": "ann", "aws:RequestedRegion": "us-east-1", "aws:PrincipalTag/t": "a*"}') FROM (VALUES
	('*', 'arn:aws:dynamodb:us-east-1:1:table/t'), ('*', '*'), ('arn:*:dynamodb:*:*:*', '*'), ('arn:aws:dynamodb:us-east-1:1:table/t', 'arn:aws:dynamodb:us-east-1:1:table/t'),
	('arn:aws:dynamodb:us-east-1:1:table/T', 'arn:aws:dynamodb:us-east-1:1:table/t'), ('arn:aws:dynamodb:*:*:table/t', 'arn:aws:dynamodb:us-east-1:1:table/t'),
	('arn:aws:dynamodb:*:table/t', 'arn:aws:dynamodb:us-east-1:1:table/t'), ('arn:aws:dynamodb:us-east-?:1:table/t*', 'arn:aws:dynamodb:us-east-1:1:table/t/index/i'),
	('arn:aws:dynamodb:us-east-1:1:table/t', 'arn:aws:dynamodb:us-east-1:1:table/t/index/i'), ('arn:aws:dynamodb:us-east-1:1:table/*/index/i', 'arn:aws:dynamodb:us-east-1:1:table/t/index/i'),
	('arn:aws:dynamodb:*', 'arn:aws:dynamodb:us-east-1:1:table/t'), ('arn:aws:s3:*', 'arn:aws:dynamodb:us-east-1:1:table/t'), ('arn:aws:dynamodb:us-east-1:1:table/t/stream/*', 'arn:aws:dynamodb:us-east-1:1:table/t/stream/2026-01-01T00:00:00.000'),
	('arn:aws:dynamodb:us-east-1:1:table/t/stream/2026-01-01T00:00:00.000', 'arn:aws:dynamodb:us-east-1:1:table/t/stream/2026-01-01T00:00:00.000'),
	('arn:aws:dynamodb:us-east-1:1:table/${aws:username}', 'arn:aws:dynamodb:us-east-1:1:table/ann'), ('arn:aws:dynamodb:us-east-1:1:table/${aws:username}-*', 'arn:aws:dynamodb:us-east-1:1:table/ann-x'),
	('arn:aws:dynamodb:us-east-1:1:table/${aws:PrincipalTag/t}', 'arn:aws:dynamodb:us-east-1:1:table/ab'), ('arn:aws:dynamodb:us-east-1:1:table/${aws:PrincipalTag/t}', 'arn:aws:dynamodb:us-east-1:1:table/a*'),
	('arn:aws:dynamodb:us-east-1:1:table/${aws:PrincipalTag/u}', 'arn:aws:dynamodb:us-east-1:1:table/a'), ('arn:aws:dynamodb:us-east-1:1:table/${aws:PrincipalTag/u, ''a''}', 'arn:aws:dynamodb:us-east-1:1:table/a'),
	('arn:aws:dynamodb:${aws:RequestedRegion}:1:table/t', 'arn:aws:dynamodb:us-east-1:1:table/t')) AS v(pattern, resource);

-- What the request has must be scalars and lists of them
SELECT dynapg.simulate_custom_policy('{}', 'dynamodb:GetItem', '*', '[]');
SELECT dynapg.simulate_custom_policy('{}', 'dynamodb:GetItem', '*', '{"k": {"a": "b"}}');
SELECT dynapg.simulate_custom_policy('{}', 'dynamodb:GetItem', '*', '{"k": [["a"]]}');
SELECT dynapg.simulate_custom_policy('{}', 'dynamodb:NoSuch');
SELECT dynapg.simulate_custom_policy('{NULL}', 'dynamodb:GetItem');
SELECT dynapg.simulate_custom_policy('{}', NULL);
