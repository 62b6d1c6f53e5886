-- Patterns of FilterCriteria: each operator, and what does not parse.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set VERBOSITY default
\set SHOW_CONTEXT never

CREATE TEMP TABLE event AS SELECT '{
	"eventName": "INSERT", "empty": "", "nothing": null, "yes": true, "n": 301.8, "big": 1e30, "ip": "10.0.0.33", "ip6": "2001:db8::1", "path": "a/b/c.PNG",
	"tags": ["red", "green"], "none": [], "list": [{"a": "x", "b": 1}, {"a": "y", "b": 2}], "object": {"inner": {"leaf": "v"}},
	"dynamodb": {"NewImage": {"id": {"S": "k"}, "price": {"N": "12.50"}, "sizes": {"NS": ["1", "2.0"]}, "m": {"M": {"deep": {"S": "d"}}}, "flag": {"BOOL": false}, "gone": {"NULL": true}}}}'::jsonb AS event;
CREATE FUNCTION pg_temp.test(VARIADIC patterns text[]) RETURNS TABLE (pattern text, matches boolean) LANGUAGE sql AS $$
	SELECT p, dynapg.test_event_pattern(p, event) FROM event, unnest(patterns) WITH ORDINALITY u(p, i) ORDER BY i
$$;

-- Exact values: of the same type
SELECT * FROM pg_temp.test('{"eventName": ["INSERT"]}', '{"eventName": ["MODIFY", "INSERT"]}', '{"eventName": ["insert"]}', '{"empty": [""]}', '{"nothing": [null]}', '{"nothing": [""]}',
	'{"yes": [true]}', '{"yes": [false]}', '{"n": [301.8]}', '{"n": [3.018e2]}', '{"n": ["301.8"]}', '{"big": [1e30]}', '{"missing": [null]}');
-- All members, one of each array; arrays of the event
SELECT * FROM pg_temp.test('{"eventName": ["INSERT"], "yes": [false]}', '{"tags": ["green"]}', '{"tags": ["blue"]}', '{"none": ["x"]}', '{"object": {"inner": {"leaf": ["v"]}}}', '{"object": ["v"]}',
	'{"list": {"a": ["x"], "b": [1]}}', '{"list": {"a": ["x"], "b": [2]}}');
SELECT * FROM pg_temp.test('{"eventName": [{"exists": true}]}', '{"missing": [{"exists": false}]}', '{"eventName": [{"exists": false}]}', '{"object": [{"exists": true}]}', '{"object": [{"exists": false}]}',
	'{"object": {"inner": {"other": [{"exists": false}]}}}', '{"missing": {"inner": [{"exists": false}]}}', '{"none": [{"exists": false}]}', '{"list": {"c": [{"exists": false}]}}', '{"list": {"b": [{"exists": false}]}}',
	'{"missing": ["x", {"exists": false}]}');
SELECT * FROM pg_temp.test('{"path": [{"prefix": "a/"}]}', '{"path": [{"prefix": "A/"}]}', '{"path": [{"prefix": {"equals-ignore-case": "A/B"}}]}', '{"path": [{"suffix": ".PNG"}]}', '{"path": [{"suffix": {"equals-ignore-case": ".png"}}]}',
	'{"path": [{"equals-ignore-case": "A/B/C.png"}]}', '{"n": [{"prefix": "3"}]}', '{"tags": [{"prefix": "gr"}]}');
SELECT * FROM pg_temp.test('{"path": [{"wildcard": "a/*.PNG"}]}', '{"path": [{"wildcard": "*"}]}', '{"path": [{"wildcard": "*b*c*"}]}', '{"path": [{"wildcard": "a*a"}]}', '{"empty": [{"wildcard": "*"}]}', '{"path": [{"wildcard": "a/b/c.PNG"}]}', '{"path": [{"wildcard": "a\\*"}]}');
SELECT * FROM pg_temp.test('{"n": [{"numeric": [">", 0, "<=", 301.8]}]}', '{"n": [{"numeric": ["<", 301.8]}]}', '{"n": [{"numeric": ["=", 3.018e2]}]}', '{"big": [{"numeric": [">=", 999999999999999999999999999999]}]}', '{"eventName": [{"numeric": [">", 0]}]}');
SELECT * FROM pg_temp.test('{"ip": [{"cidr": "10.0.0.0/24"}]}', '{"ip": [{"cidr": "10.0.0.0/27"}]}', '{"ip": [{"cidr": "0.0.0.0/0"}]}', '{"ip": [{"cidr": "10.0.0.32/31"}]}', '{"ip6": [{"cidr": "2001:db8::/32"}]}', '{"ip6": [{"cidr": "10.0.0.0/8"}]}', '{"path": [{"cidr": "0.0.0.0/0"}]}');
SELECT * FROM pg_temp.test('{"eventName": [{"anything-but": "MODIFY"}]}', '{"eventName": [{"anything-but": ["INSERT", "MODIFY"]}]}', '{"n": [{"anything-but": 301.80}]}', '{"n": [{"anything-but": [1, 2]}]}', '{"eventName": [{"anything-but": {"prefix": "IN"}}]}',
	'{"path": [{"anything-but": {"suffix": [".png", ".gif"]}}]}', '{"eventName": [{"anything-but": {"equals-ignore-case": ["insert"]}}]}', '{"path": [{"anything-but": {"wildcard": "a/*/c.*"}}]}', '{"missing": [{"anything-but": "x"}]}', '{"tags": [{"anything-but": "red"}]}');
SELECT * FROM pg_temp.test('{"$or": [{"eventName": ["MODIFY"]}, {"yes": [true]}]}', '{"$or": [{"eventName": ["MODIFY"]}, {"yes": [false]}]}', '{"n": [{"exists": true}], "$or": [{"eventName": ["INSERT"], "yes": [false]}, {"tags": ["red"]}]}',
	'{"object": {"$or": [{"inner": {"leaf": ["v"]}}, {"x": [1]}]}}', '{"$or": {"a": ["x"]}}');
-- Records of DynamoDB: what stands for a number is one for operators on numbers, and a text for those on texts
SELECT * FROM pg_temp.test('{"dynamodb": {"NewImage": {"price": {"N": [{"numeric": [">", 12, "<", 13]}]}}}}', '{"dynamodb": {"NewImage": {"price": {"N": ["12.50"]}}}}', '{"dynamodb": {"NewImage": {"price": {"N": [12.5]}}}}', '{"dynamodb": {"NewImage": {"price": {"S": [{"exists": true}]}}}}',
	'{"dynamodb": {"NewImage": {"sizes": {"NS": [{"numeric": ["=", 2]}]}}}}', '{"dynamodb": {"NewImage": {"m": {"M": {"deep": {"S": ["d"]}}}}}}', '{"dynamodb": {"NewImage": {"flag": {"BOOL": [false]}}}}', '{"dynamodb": {"OldImage": {"id": {"S": [{"exists": false}]}}}}');

-- What does not parse
CREATE FUNCTION pg_temp.wrong(pattern text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	PERFORM dynapg.test_event_pattern(pattern, '{}');
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, detail);
END $$;
SELECT p, pg_temp.wrong(p) FROM unnest(ARRAY['', '{', '{"$or": [{"eventName": ["INSERT"]}]}', '[]', '"x"', '{}', '{"a": {}}', '{"a": []}', '{"a": "x"}', '{"a": 1}', '{"a": [["x"]]}', '{"a": [{}]}', '{"a": [{"like": "x"}]}', '{"a": [{"prefix": "x", "suffix": "y"}]}',
	'{"a": ["x"], "a": ["y"]}', '{"a": [{"exists": "yes"}]}', '{"a": [{"prefix": 1}]}', '{"a": [{"anything-but": {"prefix": ""}}]}', '{"a": [{"suffix": {"prefix": "x"}}]}', '{"a": [{"equals-ignore-case": ["x"]}]}',
	'{"a": [{"wildcard": "a**b"}]}', '{"a": [{"wildcard": "a\\b"}]}', '{"a": [{"wildcard": "a\\"}]}', '{"a": [{"numeric": ">"}]}', '{"a": [{"numeric": []}]}', '{"a": [{"numeric": [">"]}]}', '{"a": [{"numeric": [">", "1"]}]}', '{"a": [{"numeric": ["!=", 1]}]}',
	'{"a": [{"numeric": ["<", 1, ">", 0]}]}', '{"a": [{"numeric": [">", 5, "<", 5]}]}', '{"a": [{"numeric": [">", 1, "<", 5, "<", 6]}]}', '{"a": [{"numeric": ["=", 1, "<", 5]}]}', '{"a": [1e200]}', '{"a": [{"cidr": "10.0.0.0"}]}', '{"a": [{"cidr": "10.0.0/8"}]}', '{"a": [{"cidr": "10.0.0.0/33"}]}', '{"a": [{"cidr": "::/129"}]}',
	'{"a": [{"anything-but": []}]}', '{"a": [{"anything-but": ["x", 1]}]}', '{"a": [{"anything-but": [null]}]}', '{"a": [{"anything-but": {}}]}', '{"a": [{"anything-but": {"numeric": ["=", 1]}}]}', '{"a": [{"anything-but": {"prefix": []}}]}', '{"$or": []}', '{"$or": [{"a": ["x"]}, {}]}']) p;
-- Nothing backtracks: a pattern of a thousand wildcards and a text of a million letters
SELECT dynapg.test_event_pattern(format('{"a": [{"wildcard": "%s"}]}', repeat('*a', 1000) || '*b'), jsonb_build_object('a', repeat('a', 1000000)));
-- nor is what is deep too deep
SELECT dynapg.test_event_pattern(repeat('{"a": ', 1000) || '["x"]' || repeat('}', 1000), (repeat('{"a": ', 1000) || '"x"' || repeat('}', 1000))::jsonb);
