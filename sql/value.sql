--
-- Attribute values: the stored form, DynamoDB JSON to and from it, numbers, sizes, keys, and what is refused.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	name text;
	detail text;
BEGIN
	EXECUTE query INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS name = PG_DATATYPE_NAME, detail = PG_EXCEPTION_DETAIL;
	RETURN concat(SQLSTATE, ' ', name, ': ', SQLERRM, ' / ' || nullif(detail, ''));
END $$;
-- the stored form of a value given as DynamoDB JSON, or its error
CREATE FUNCTION pg_temp.read(value text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer(format('SELECT dynapg_test.wire_to_item(%L) -> ''a''', '{"a": ' || value || '}')) $$;
-- what becomes of a value on its way from DynamoDB JSON to an item and back
CREATE FUNCTION pg_temp.again(value text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer(format('SELECT dynapg_test.wire_roundtrip(%L)', '{"a":' || value || '}')) $$;
-- an item's size, or why it is none
CREATE FUNCTION pg_temp.check(item text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer(format('SELECT dynapg.item_size(%L)', item)) $$;
-- a value inside a number of lists
CREATE FUNCTION pg_temp.nested(levels integer, value text) RETURNS text LANGUAGE sql AS
$$ SELECT repeat('{"L":[', levels) || value || repeat(']}', levels) $$;
\set ECHO all

-- Each type has its stored form, and comes back as it went in
SELECT value, pg_temp.read(value) AS stored, pg_temp.again(value) = format('{"a":%s}', value) AS same
FROM (VALUES
	('{"S":"Acme"}'), ('{"S":""}'), ('{"N":"12.5"}'), ('{"BOOL":true}'), ('{"BOOL":false}'), ('{"NULL":true}'),
	('{"B":"YWJj"}'), ('{"B":""}'), ('{"L":[]}'), ('{"L":[{"S":"x"},{"N":"1"},{"L":[]}]}'),
	('{"M":{}}'), ('{"M":{"x":{"S":"y"},"zz":{"M":{}}}}'),
	('{"SS":["a","b"]}'), ('{"SS":[""]}'), ('{"NS":["1","2"]}'), ('{"BS":["YQ==","Yg=="]}')) AS v(value);

-- A map that could be taken for a tag is wrapped; U+0000 is escaped in strings, sets and names
SELECT value, pg_temp.read(value) AS stored, pg_temp.again(value) = format('{"a":%s}', value) AS same
FROM (VALUES
	('{"M":{"$S":{"S":"x"}}}'), ('{"M":{"$":{"S":"x"}}}'), ('{"M":{"$x":{"S":"x"},"yy":{"S":"x"}}}'),
	('{"M":{"$M":{"M":{"$M":{"M":{}}}}}}'), ('{"M":{"S":{"S":"x"}}}'), ('{"M":{"$$x":{"S":"x"}}}'),
	('{"M":{"x\u0000":{"S":"x"}}}'), ('{"M":{"y":{"S":"x"},"x\u0000$":{"S":"x"}}}'),
	('{"S":"\u0000"}'), ('{"S":"$0\u0000$$"}'), ('{"S":"$0"}'), ('{"S":"$$"}'),
	('{"SS":["\u0000","$"]}'), ('{"SS":["$0"]}'), ('{"L":[{"S":"a\u0000b"}]}')) AS v(value);

-- The item itself is never a tagged value
SELECT item, dynapg_test.wire_to_item(item) AS stored, dynapg_test.wire_roundtrip(item) = item AS same
FROM (VALUES ('{}'), ('{"$S":{"S":"x"}}'), ('{"$M":{"M":{"a":{"S":"x"}}}}'), ('{"$$":{"S":"x"}}'), ('{"\u0000":{"S":"x"}}'))
	AS v(item);

-- jsonb at the SQL door: the same conversions, but no U+0000
SELECT dynapg.from_dynamodb_json('{"Artist": {"S": "Acme"}, "Year": {"N": "1999.0"}, "Tags": {"SS": ["b", "a"]}}');
SELECT dynapg.to_dynamodb_json('{"Artist": "Acme", "Year": 1999, "Tags": {"$SS": ["a", "b"]}, "Cover": {"$B": "YQ=="}}');
SELECT dynapg.to_dynamodb_json('{"a": {"$S": "x$0"}}');
SELECT pg_temp.answer($$ SELECT dynapg.from_dynamodb_json('[]') $$);
SELECT pg_temp.answer($$ SELECT dynapg.from_dynamodb_json('"x"') $$);

-- Set members are stored in order, of whatever order they came
SELECT pg_temp.read(value) FROM (VALUES
	('{"SS":["b","aa","a","\u00e9"]}'), ('{"NS":["10","9","-1","1e-5","0"]}'), ('{"BS":["/w==","AA==","AAA=",""]}'))
	AS v(value);

-- Of two members with one name the last counts; null members and unknown types are absent
SELECT dynapg_test.wire_to_item(item) FROM (VALUES
	('{"a":{"S":"x"},"b":{"S":"b"},"a":{"S":"y"}}'), ('{"a":null,"b":{"S":"x"}}'),
	('{"a":{"S":"x","N":null}}'), ('{"a":{"S":"x","T":{"deep":[1,{}]}}}'), ('{"a":{"S":"x","S":"y"}}'),
	('{"a":{"M":{"b":{"S":"x"},"b":{"S":"yy"},"c":null}}}')) AS v(item);

-- Numbers come out in plain decimal notation, without zeros at either end
SELECT text, pg_temp.again(format('{"N":"%s"}', text)) AS again
FROM (VALUES
	('0'), ('-0'), ('+0.00'), ('0e125'), ('0e-500'), ('1'), ('+1'), ('-1'), ('0001'), ('1000'), ('1e3'), ('1E+3'),
	('1e-3'), ('.5'), ('5.'), ('0.10'), ('100.010'), ('-12.34e-2'), ('1234567890123456789012345678901234567800'),
	('0.00000000000000000000000000000000000000012345678901234567890123456789012345678'),
	('99999999999999999999999999999999999999'), ('1e-130'), ('9.9999999999999999999999999999999999999e125'),
	('0.00001e130')) AS v(text);

-- A stored number is as numeric itself would store it
SELECT text, pg_temp.read(format('{"N":"%s"}', text)) = text::numeric::text AS same_text,
	pg_column_size(dynapg_test.wire_to_item(format('{"a":{"N":"%s"}}', text))) = pg_column_size(jsonb_build_object('a', text::numeric)) AS same_size,
	(dynapg_test.wire_to_item(format('{"a":{"N":"%s"}}', text)) -> 'a')::numeric + 1 - 1 = text::numeric AS computes
FROM (VALUES
	('0'), ('1'), ('-1'), ('9999'), ('10000'), ('10001'), ('0.1'), ('0.0001'), ('0.00001'), ('-123456.789'),
	('99999999999999999999999999999999999999'),
	('0.000000000000000000000000000000000000000000000000000000000000001'),
	('0.0000000000000000000000000000000000000000000000000000000000000001'),
	('0.00000000000000000000000000000000000000012345678901234567890123456789012345678'),
	('100000000000000000000000000000000000000000000000000000000000000000000000000000000000000')) AS v(text);

-- What is no number, and what is out of range
SELECT text, pg_temp.read(format('{"N":"%s"}', text))
FROM (VALUES
	(''), (' 1'), ('1 '), ('NaN'), ('Infinity'), ('1.2.3'), ('+e2'), ('.'), ('1e'), ('1e+'), ('--1'), ('0x1'), ('1,0'),
	('123456789012345678901234567890123456789'), ('0.123456789012345678901234567890123456789'),
	('1e126'), ('-1e126'), ('0e126'), ('1e-131'), ('1e99999999999999999999999999'), ('1e-99999999999999999999999999'),
	('123456789012345678901234567890123456789e100')) AS v(text);

-- Sums and differences are exact; out of range or over 38 digits is an overflow
SELECT a, sign, b, pg_temp.answer(format('SELECT dynapg_test.number_arithmetic(%L, %L, %L)', a, sign, b))
FROM (VALUES
	('1', '+', '2'), ('0.1', '+', '0.2'), ('1', '-', '1'), ('0', '-', '5'), ('-5', '+', '0'), ('-5', '-', '-7'),
	('99', '+', '1'), ('100', '-', '1'), ('1', '+', '10000000000000000000000'), ('1e37', '-', '1'),
	('1e50', '+', '1'), ('1e50', '-', '1'), ('9e125', '+', '9e125'), ('9e125', '-', '-9e125'), ('9e125', '+', '-9e125'),
	('1e-130', '+', '1e-130'), ('1.1e-130', '-', '1e-130')) AS v(a, sign, b);

-- Errors of values
SELECT value, pg_temp.read(value) FROM (VALUES
	('{}'), ('{"X":"y"}'), ('{"S":null}'), ('{"S":"x","N":"1"}'), ('{"S":"x","N":"y"}'), ('{"NULL":false}'),
	('{"SS":[]}'), ('{"NS":[]}'), ('{"BS":[]}'),
	('{"SS":["a","b","a"]}'), ('{"BS":["Yg==","YQ==","Yg=="]}'), ('{"NS":["1","2","1.0"]}'), ('{"NS":["1","x"]}'),
	('{"L":[{"S":"x"},{}]}'), ('{"L":[null]}'), ('{"M":{"":{"S":"x"}}}')) AS v(value);
SELECT pg_temp.answer($$ SELECT dynapg_test.wire_to_item('{"":{"S":"x"}}') $$);

-- The first error in the order of the text is the one
SELECT pg_temp.answer($$ SELECT dynapg_test.wire_to_item('{"a":{"S":"x"},"b":{"NS":[]},"c":{"NULL":false}}') $$);
SELECT pg_temp.read('{"L":[{"N":"x"},{"SS":[]}],"S":"two types"}');

-- A name of 65,535 bytes is fine, one of 65,536 is not, at any depth
SELECT length(dynapg_test.wire_to_item(format('{"%s":{"S":"x"}}', repeat('n', 65535)))::text);
SELECT pg_temp.answer(format('SELECT dynapg_test.wire_to_item(%L)', format('{"%s":{"S":"x"}}', repeat('n', 65536)))) LIKE
	'YD001 ValidationException: Attribute name is too large, must be less than 65536 bytes / %';
SELECT pg_temp.read(format('{"M":{"%s":{"S":"x"}}}', repeat('n', 65536)));

-- An attribute is level 1 and level 32 is the last: 31 wraps pass, 32 fail
SELECT pg_temp.again(pg_temp.nested(31, '{"S":"x"}')) = format('{"a":%s}', pg_temp.nested(31, '{"S":"x"}'));
SELECT pg_temp.read(pg_temp.nested(32, '{"S":"x"}'));
SELECT pg_temp.read(pg_temp.nested(31, '{"M":{}}'));
SELECT pg_temp.read(pg_temp.nested(31, '{"M":{"x":{"S":"x"}}}'));
SELECT pg_temp.read(pg_temp.nested(100000, '{"S":"x"}'));

-- JSON types that do not fit are SerializationExceptions
SELECT value, pg_temp.read(value) FROM (VALUES
	('{"S":1}'), ('{"S":1.5}'), ('{"S":true}'), ('{"S":false}'), ('{"S":[]}'), ('{"S":{}}'), ('{"N":1}'),
	('{"BOOL":1}'), ('{"BOOL":"x"}'), ('{"BOOL":[]}'), ('{"BOOL":{}}'), ('{"NULL":"maybe"}'),
	('{"L":"x"}'), ('{"L":{}}'), ('{"M":"x"}'), ('{"M":[]}'), ('{"L":["x"]}'), ('{"L":[[]]}'), ('{"M":{"x":1}}'),
	('{"M":{"x":[]}}'), ('{"SS":"x"}'), ('{"SS":[1]}'), ('{"NS":[1]}'), ('{"BS":[1]}'),
	('{"B":1}'), ('{"B":true}'), ('{"B":"YQ"}'), ('{"B":"YQ=a"}'), ('{"B":"Y-=="}'), ('{"B":"YR=="}'), ('{"B":"YWE=YWE="}'),
	('"x"'), ('[]'), ('1'), ('{"M":{"__type":{"S":"x"}}}')) AS v(value);
SELECT value, pg_temp.read(value) FROM (VALUES
	('{"BOOL":"true"}'), ('{"BOOL":"no"}'), ('{"BOOL":"1"}'), ('{"NULL":"yes"}')) AS v(value);

-- They go before errors of values
SELECT pg_temp.answer($$ SELECT dynapg_test.wire_to_item('{"a":{"SS":[]},"b":{"S":1}}') $$);

-- Text that is not JSON is a SerializationException without a message
SELECT source, pg_temp.answer(format('SELECT dynapg_test.wire_to_item(%L)', source)) FROM (VALUES
	(''), ('{'), ('{"a"}'), ('{"a":{"S":"x"},}'), ('{"a":{"S":"x"}} x'), ('{"a":{"S":"\ud800"}}'), ('{"a":{"S":"\x"}}'),
	('{a:1}'), ('{"a":{"S":"x}'), ('{"a":{"X":01}}')) AS v(source);
SELECT source, dynapg_test.is_json(source) FROM (VALUES
	('\x6e756c6c'::bytea), ('\x22c3a922'), ('\x22e922'), ('\x22c0af22'), ('\x22eda08022'), ('\x220922'), ('\xefbbbf3031'),
	('\x2d30'), ('\x3031'))
	AS v(source);
SELECT dynapg_test.is_json(convert_to(repeat('[', 1000000) || repeat(']', 1000000), 'UTF8'));

-- Sizes
SELECT item, pg_temp.check(item) AS size FROM (VALUES
	('{}'), ('{"a": "x"}'), ('{"é": "€"}'), ('{"$$x$0": "y"}'), ('{"a": {"$S": "x$0$$"}}'), ('{"a": {"$B": "YWJj"}}'),
	('{"a": true}'), ('{"a": null}'), ('{"a": 0}'), ('{"a": 1}'), ('{"a": -1}'), ('{"a": 12}'), ('{"a": 123}'), ('{"a": 1.5}'),
	('{"a": 0.001}'), ('{"a": 1000}'), ('{"a": 100.50}'), ('{"a": 12345678901234567890123456789012345678}'),
	('{"a": []}'), ('{"a": [1, "xy"]}'), ('{"a": {}}'), ('{"a": {"b": "xy", "cc": {}}}'), ('{"a": {"$M": {"$b": "xy"}}}'),
	('{"a": {"$SS": ["a", "bc"]}}'), ('{"a": {"$SS0": ["a", "b$0"]}}'), ('{"a": {"$NS": [1, 2.5]}}'),
	('{"a": {"$BS": ["YQ==", "YWI="]}}')) AS v(item);

-- What plain SQL writes and is no item
SELECT item, pg_temp.check(item) FROM (VALUES
	('[]'), ('"x"'), ('{"a": 1e126}'), ('{"a": 123456789012345678901234567890123456789}'), ('{"a": [1e-131]}'),
	('{"": 1}'), ('{"a": {"": 1}}'),
	('{"a": {"$SS": []}}'), ('{"a": {"$SS": ["a", "a"]}}'), ('{"a": {"$NS": [1, 1.0]}}'), ('{"a": {"$BS": ["YQ==", "YQ=="]}}'),
	('{"a": {"$SS": [1]}}'), ('{"a": {"$NS": ["1"]}}'), ('{"a": {"$SS": "a"}}'), ('{"a": {"$B": "Y"}}'), ('{"a": {"$B": 1}}'),
	('{"a": {"$BS": ["YR=="]}}'), ('{"a": {"$S": "x"}}'), ('{"a": {"$S": "$x"}}'), ('{"a": {"$S": "$"}}'),
	('{"a": {"$SS0": ["a"]}}'), ('{"a": {"$M": {"b": 1}}}'), ('{"a": {"$M": 1}}'),
	('{"a": {"$x": 1}}'), ('{"a": {"$": 1}}'), ('{"$$x": 1}'), ('{"$$$x": 1}')) AS v(item);
SELECT pg_temp.check(format('{"a": %s1%s}', repeat('[', 31), repeat(']', 31)));
SELECT pg_temp.check(format('{"a": %s1%s}', repeat('[', 32), repeat(']', 32)));
SELECT pg_temp.check(format('{"a": %s1%s}', repeat('{"x": ', 32), repeat('}', 32)));
SELECT pg_temp.check(format('{"a": %s1%s}', repeat('[', 5000), repeat(']', 5000)));
SELECT pg_temp.answer(format('SELECT dynapg.to_dynamodb_json(%L)',
							 format('{"a": %s1%s}', repeat('{"x": ', 5000), repeat('}', 5000))));

-- Equality: same type, numbers by value, sets in any order
SELECT a, b, dynapg_test.value_equal(jsonb_build_object('v', a::jsonb), jsonb_build_object('v', b::jsonb)) FROM (VALUES
	('1', '1.00'), ('1', '"1"'), ('"a"', '{"$B": "YQ=="}'), ('{"$SS": ["b", "a"]}', '{"$SS": ["a", "b"]}'),
	('{"$SS": ["a"]}', '["a"]'), ('{"$NS": [2, 1.0]}', '{"$NS": [1, 2]}'), ('{"$NS": [2]}', '{"$NS": [1, 2]}'),
	('[1, [2.0]]', '[1.0, [2]]'), ('[1]', '[1, 1]'), ('{"a": 1, "b": {"c": 2.0}}', '{"a": 1.0, "b": {"c": 2}}'),
	('{"a": 1}', '{"b": 1}'), ('null', 'null'), ('true', 'false'), ('{}', '[]')) AS v(a, b);

-- Order: S and B by bytes, N by value, others have none
SELECT a, b, dynapg_test.value_compare(jsonb_build_object('v', a::jsonb), jsonb_build_object('v', b::jsonb)) FROM (VALUES
	('1', '2'), ('2', '10'), ('-1', '-2'), ('1.0', '1'), ('"a"', '"B"'), ('"a"', '"ab"'), ('"é"', '"z"'),
	('{"$S": "a$0"}', '"a"'), ('{"$B": "/w=="}', '{"$B": "AA=="}'), ('1', '"1"'), ('true', 'true'), ('[]', '[]')) AS v(a, b);

-- Golden vectors of docs/format.md (test/property/format_vectors.py): the keys that items are stored under
SELECT type, left(value, 50) AS value, key = computed_key AS key_ok, hash = computed_hash AS hash_ok
FROM (VALUES
	('N', '0', '\x80', 'b100de48-60b4-89b7-babc-eb81d149eb1b'),
	('N', '1', '\x81820a', '8fb9a372-f32a-a6f3-815c-03b2ae496d3d'),
	('N', '-1', '\x7f7df4ff', '19ac8946-c01c-f88e-ca96-d034b0ea06d6'),
	('N', '10', '\x81830a', '62a0a9e9-4c5b-cd53-46a6-b241fe11800d'),
	('N', '12', '\x81830c', '8e61dbb2-c568-c332-7425-7a3725ebc164'),
	('N', '-12', '\x7f7cf2ff', '13d7867a-6ef7-1ea5-26a4-4420f88a343b'),
	('N', '12.34', '\x81830c22', 'a10f9ed1-ed06-ad90-8ae6-72a2b3e8d707'),
	('N', '0.001', '\x817f0a', '3eebe7e9-ea7c-8823-1f74-62af9ed23269'),
	('N', '1E-130', '\x81000a', 'b257fad8-c533-aa5f-23de-392571115213'),
	('N', '-1E-130', '\x7ffff4ff', 'bc506a49-36ab-b471-c404-7eae6ba082f2'),
	('N', '9.99E+125', '\x81ff635a', 'de93ca6e-f48f-4f23-89f7-9603c50b9cda'),
	('N', '-9.99E+125', '\x7f009ba4ff', '36e066f0-5de8-a99b-50ae-d2d894ac3c24'),
	('N', '12345678901234567890123456789012345678', '\x81a70c22384e5a0c22384e5a0c22384e5a0c22384e', '6550a5fa-2afb-8959-8be6-bcd54bf0bccb'),
	('N', '-99999999999999999999999999999999999999', '\x7f589b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9b9bff', 'dee6cf40-5c3c-df04-2ca6-30db3310c2c3'),
	('N', '9.9999999999999999999999999999999999999E+125', '\x81ff63636363636363636363636363636363636363', '27ecf3e4-3b87-f5cc-2844-7e7b88fe45e0'),
	('S', 'a', '\x61', '168cc27c-3170-346d-3ac0-eb48fbf6b310'),
	('S', 'Acme Band', '\x41636d652042616e64', '6459d8af-08b3-42bc-dedb-c484b39792d6'),
	('S', '€😀', '\xe282acf09f9880', '0d046226-7238-08ca-cc28-a752e928d989'),
	('S', '$S', '\x2453', '9a45740c-d4bd-e86b-e80d-598668c15da6'),
	('S', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '\x78787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878787878', '8ba5e712-d069-6614-ed50-101d480e6c8e'),
	('B', 'YQ==', '\x61', '7ce2edc0-5dae-cf26-4f5f-3001df1139f7'),
	('B', '+fr7/P3+/w==', '\xf9fafbfcfdfeff', '04d677f3-b348-84d4-0a3e-30376d9b42fb'),
	('B', 'AA==', '\x00', 'f91ce19d-9a46-2437-8c30-8ef3b3a411f0')
) AS v(type, value, key, hash),
LATERAL (SELECT dynapg.from_dynamodb_json(jsonb_build_object('k', jsonb_build_object(type, value))) AS item) AS i,
LATERAL (SELECT dynapg.sort_key(item, 'k', type)::text AS computed_key,
				dynapg.partition_hash(item, 'k', type)::text AS computed_hash) AS c;

-- Number keys give the number back, and are in numeric order
SELECT n, dynapg.number_key(n), dynapg.number_from_key(dynapg.number_key(n)) = n AS same
FROM unnest(ARRAY[-9.99e125, -100.5, -100, -12.01, -12, -1, -0.12001, -0.12, -1e-130, 0,
				  1e-130, 0.12, 0.12001, 1, 1.0, 12, 12.01, 100, 100.5, 9.99e125]) AS n
ORDER BY dynapg.number_key(n), n;
SELECT key, pg_temp.answer(format('SELECT dynapg.number_from_key(%L)', key)) FROM (VALUES
	('\x'), ('\x00'), ('\x8100'), ('\x810000'), ('\x810064'), ('\x81000a00'), ('\x7f000a'), ('\x7ffff4'), ('\x8000')) AS v(key);
SELECT n, pg_temp.answer(format('SELECT dynapg.number_key(%L)', n)) FROM (VALUES
	('NaN'), ('Infinity'), ('1e126'), ('1e-131')) AS v(n);

-- Key attributes that are missing, of another type, empty or too long
SELECT item, type, pg_temp.answer(format('SELECT dynapg.partition_hash(%L, %L, %L)', item, 'k', type)) FROM (VALUES
	('{}', 'S'), ('{"k": 1}', 'S'), ('{"k": "1"}', 'N'), ('{"k": "YQ=="}', 'B'), ('{"k": {"$SS": ["a"]}}', 'S'),
	('{"k": null}', 'N'), ('{"k": ""}', 'S'), ('{"k": {"$B": ""}}', 'B'), ('[]', 'S'), ('{"k": "x"}', 'X'),
	('{"k": {"$Q": 1}}', 'S'), ('{"k": 1e200}', 'N')) AS v(item, type);
SELECT n, pg_temp.answer(format('SELECT dynapg.partition_hash(%L, %L, %L)',
								jsonb_build_object('k', repeat('x', n)), 'k', 'S')) FROM (VALUES (2048), (2049)) AS v(n);
SELECT n, left(pg_temp.answer(format('SELECT dynapg.sort_key(%L, %L, %L)',
									 jsonb_build_object('k', repeat('x', n)), 'k', 'S')), 160) FROM (VALUES (1024), (1025)) AS v(n);
