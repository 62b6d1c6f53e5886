--
-- Update expressions: what they make of an item, what they return, and what is refused with which words.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE query INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN CASE SQLSTATE WHEN 'YD001' THEN '' ELSE SQLSTATE || ' ' END || SQLERRM;
END $$;
-- placeholders for all tests below; those that an expression does not use are taken away
CREATE TEMP TABLE placeholders (placeholder text, value text);
INSERT INTO placeholders VALUES
	('#a', '"a"'), ('#b', '"b"'), ('#c', '"c"'), ('#d', '"[3]"'), ('#tag', '"$S"'), ('#dot', '"x.y"'),
	(':s', '{"S":"new"}'), (':n', '{"N":"1"}'), (':big', '{"N":"9.9E125"}'), (':small', '{"N":"1E-130"}'),
	(':long', '{"N":"12345678901234567890123456789012345678"}'), (':bin', '{"B":"YWJj"}'), (':bool', '{"BOOL":true}'),
	(':null', '{"NULL":true}'), (':ss', '{"SS":["x","new"]}'), (':ns', '{"NS":["2","5"]}'), (':bs', '{"BS":["YQ=="]}'),
	(':l', '{"L":[{"S":"new"}]}'), (':m', '{"M":{"x":{"N":"1"}}}'), (':el', '{"L":[]}'), (':one', '{"S":"1"}'), (':two', '{"S":"2"}'),
	(':three', '{"S":"3"}'), (':zero', '{"SS":["\u0000"]}'),
	(':deep', repeat('{"L":[', 30) || '{"N":"1"}' || repeat(']}', 30));
CREATE FUNCTION pg_temp.used(expression text, sign text) RETURNS text LANGUAGE sql AS $$
	SELECT '{' || string_agg(to_json(placeholder) || ':' || value, ',' ORDER BY placeholder) || '}'
	FROM placeholders WHERE placeholder LIKE sign || '%' AND expression ~ (placeholder || '\M')
$$;
CREATE FUNCTION pg_temp.updated(expression text, item text, returned text DEFAULT 'ALL_NEW', present boolean DEFAULT true)
RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.answer(format('SELECT dynapg_test.update(%L, %L, %L, %L, %L, %L)', expression, pg_temp.used(expression, '#'),
								 pg_temp.used(expression, ':'), item, present, returned))
$$;
-- without its kind, for messages
CREATE FUNCTION pg_temp.refused(expression text) RETURNS text LANGUAGE sql AS
$$ SELECT replace(pg_temp.updated(expression, '{}'), 'Invalid UpdateExpression: ', '') $$;
\set ECHO all
\pset format unaligned
\pset fieldsep ' | '

-- ---------------------------------------------------------------------------------------------------------------
-- Grammar

SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	('INVALID SYNTAX HERE'), ('!!!'), ('SET _123 = :s'), ('ADD hits : incr'), ('SET a = :s,'), ('SET  REMOVE a'), ('whatever'), ('set a'), ('add a'),
	('delete a'), ('set a=set'), ('remove a = b'), ('add a = b'), ('delete a b'), ('add a if_not_exist(b)'), ('add abort b'), ('remove a b'),
	('set a b'), ('set :s = b'), ('remove :s'), ('set a = b / c'), ('set a = b * c'), ('set a[1] = "eight"'), ('set a[1] = 1'),
	('SET a = if_not_exist(a, 100)'), ('SET if_not_exist(a, b) = a'), ('set (a = (b + c))'), ('set a = (b.c).d + e'), ('set a = b + c + d'),
	('set a = (b + c) + d'), ('set a = if_not_exists(a, b + c)'), ('set a[:n] = b'), ('set a = :s b = :s'), ('set a = :s; remove b'), ('')) AS e(expression);
SELECT pg_temp.refused('set a = ((b))'), pg_temp.refused('set a = ((b + c))'), pg_temp.refused('set a = (list_append(((b)), c))');

-- Clauses in any case and order, each once
SELECT pg_temp.updated('sEt a = :n rEmOvE b AdD n :n DeLeTe ss :ss', '{"b":{"S":"x"},"n":{"N":"1"},"ss":{"SS":["x","y"]}}');
SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	('set a = #x set c = :x'), ('remove #x set a = b remove e'), ('add #x :x set a = b add e :x'), ('delete #x :x set a = b delete #x :x'))
	AS e(expression);

-- Any depth, and 300 operators
SELECT pg_temp.updated('set a = ' || repeat('if_not_exists(b,', 240) || 'c' || repeat(')', 240), '{"c":{"N":"1"}}');
SELECT pg_temp.refused('set a = ' || repeat('(', 4000));
SELECT pg_temp.refused('set ' || string_agg(format('a%s=b+c', i), ',')) FROM generate_series(1, 301) i;

-- ---------------------------------------------------------------------------------------------------------------
-- What is refused after parsing, and in which order

SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	-- words, functions, sections, names, values
	('set c = foo(:x) set abOrt = :s'), ('set #x = foo(:x) set c = d'), ('set a = size(b)'), ('set a = attribute_exists(b)'),
	('set a = list_append(list_append(:l, :l), :l)'), ('set a = if_not_exists(b, list_append(b, :l))'), ('set a = list_append(b, :l) + :n'),
	('set #x = if_not_exists(:x)'), ('set #a = if_not_exists(:x)'), ('set a = :x, #x = :s'), ('set a[99999999999999] = :s'),
	('set a' || repeat('.b', 32) || ' = :s'),
	-- paths that overlap
	('set d[1] = a, d.b = a, c[1].a = a, #c = if_not_exists(a)'), ('set c.b.#c = a, c = a, #d = a'), ('set a = b remove a, #c, #d'),
	('set #c[3].#d = a, #c[3] = a'), ('remove c, #c.a, #d'), ('remove a, #c, a, #d'), ('set a = :s, a[1] = :s'), ('set a.b = :s, a.b.c.d = :s'),
	-- paths that conflict
	('set #c[3].#d = a, #c.#d[3] = if_not_exists(a)'), ('remove a.#c set a[1] = #d'), ('set a.b.c = :s, a.b[2] = :s'),
	-- literals of ADD and DELETE
	('set b = list_append(:s, a), c = if_not_exists(a) add a.b :s'), ('delete a :s'), ('add a :null'), ('delete a :null'), ('add a :bool'),
	('delete a :bool'), ('add a :bin'), ('delete a :bin'), ('add a :m'), ('delete a :m'), ('add a :l'), ('delete a :l'), ('delete a :n'),
	-- functions: operands
	('set a = if_not_exists(c)'), ('set a = list_append(c)'), ('set a = list_append(c, d, e)'), ('set a = if_not_exists(:s, c)'),
	('set a = if_not_exists(if_not_exists(a, b), c)'), ('set a = if_not_exists(b, b)'), ('set a = list_append(:s, a)'),
	('set a = list_append(a, :n)'), ('set a = list_append(:ss, a)'), ('set a = list_append(:m, a)'), ('set a = a + :s'), ('set a = :s + :bin'),
	('set a = :bin + a'), ('set a = a + :bool'), ('set a = a + :null'), ('set a = a - :ss'), ('set a = a - :ns'), ('set a = a - :m'),
	('set a = a - :l'), ('set a = (a - :s)')) AS e(expression);

-- Unused placeholders
SELECT pg_temp.answer($$ SELECT dynapg_test.update('remove a', '{"#b":"b","#a":"a"}', '{":v":{"S":"x"}}', '{}', true, 'ALL_NEW') $$);

-- ---------------------------------------------------------------------------------------------------------------
-- Evaluation

\set item '{"s":{"S":"old"},"n":{"N":"1.5"},"l":{"L":[{"S":"0"},{"S":"1"},{"S":"2"}]},"m":{"M":{"x":{"S":"y"},"l":{"L":[{"N":"7"}]}}},"ss":{"SS":["x","y"]},"ns":{"NS":["1","2"]},"bs":{"BS":["YQ==","Yg=="]}}'

-- SET: values, paths, arithmetic, functions
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, '{"a":{"N":"10"},"l":{"L":[{"S":"x"}]},"m":{"M":{"x":{"S":"y"}}}}')
FROM (VALUES
	('SET b = :s'), ('SET a = :ss'), ('SET b = a'), ('SET b = m.x'), ('SET m.x = :s'), ('SET m.z = :s'), ('SET m.z = m'), ('SET b = a + :n'),
	('SET a = a - :n'), ('SET a = :n - a'), ('SET b = (a + a)'), ('SET b = (if_not_exists(x, :n)) + (a)'), ('SET a = if_not_exists(a, :s)'),
	('SET b = if_not_exists(a, :s)'), ('SET b = if_not_exists(x, if_not_exists(y, :s))'), ('SET b = if_not_exists(x, y)'),
	('SET l = list_append(l, :l)'), ('SET l = list_append(:l, l)'), ('SET b = list_append(if_not_exists(x, :el), l)'),
	('SET #dot = :s'), ('SET l[0] = :s'), ('SET l[0] = l'), ('SET a = m, m = a')) AS e(expression);

-- What has no value, a wrong type, no place
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, :'item')
FROM (VALUES
	('SET a = absent'), ('SET a = m.absent'), ('SET a = l[3]'), ('SET a = absent + :n'), ('SET a = list_append(absent, :l)'), ('SET a = s + :n'),
	('SET a = n - s'), ('SET a = list_append(ss, :l)'), ('SET a = list_append(l, if_not_exists(x, :s))'), ('SET a = if_not_exists(s, :n) + :n'),
	('SET a.b = :s'), ('SET a[0] = :s'), ('SET s.x = :s'), ('SET s[0] = :s'), ('SET l.x = :s'), ('SET m[0] = :s'), ('SET ss[0] = :s'), ('SET m.q.x = :s'),
	('REMOVE a.b'), ('REMOVE a[0]'), ('REMOVE s.x'), ('REMOVE l.x'), ('REMOVE m[0]'), ('ADD a.b :n'), ('ADD l.x :n'), ('DELETE a.b :ss'),
	('DELETE l.x :ss'), ('ADD s :n'), ('ADD n :ss'), ('ADD ss :n'), ('ADD ss :ns'), ('ADD l :ss'), ('ADD m :n'), ('DELETE s :ss'), ('DELETE ss :ns'),
	('DELETE n :ss')) AS e(expression);
-- of a missing item
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, '{"k":{"S":"key"}}', 'ALL_NEW', false)
FROM (VALUES ('SET a = :s'), ('ADD a :n'), ('ADD a :ss'), ('DELETE a :ss'), ('REMOVE a'), ('REMOVE a.b'), ('REMOVE a[0]'), ('SET a.b = :s'), ('SET a = k'),
	('SET a.b = k'), ('SET a = b')) AS e(expression);

-- Numbers: 38 digits and the range, whatever the arithmetic
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, '{"big":{"N":"12345678901234567890123456789012345678"},"b":{"N":"9.9E125"},"t":{"N":"0.1"}}')
FROM (VALUES ('SET a = big + t'), ('SET a = b + :big'), ('SET a = big - :small'), ('SET a = :big + :small'), ('ADD b :big'), ('ADD big :small'),
	('SET a = big - :long'), ('SET a = t - :small'), ('ADD x :small')) AS e(expression);

-- REMOVE, lists: indexes are those before the update
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, '{"l":{"L":[{"S":"0"},{"S":"1"},{"S":"2"},{"S":"3"}]}}')
FROM (VALUES
	('REMOVE l[0]'), ('REMOVE l[1], l[0], l[9]'), ('REMOVE l[0] SET l[3] = :s'), ('SET l[3] = :s REMOVE l[0]'), ('SET l[9] = :s'), ('SET l[4] = :s'),
	('SET l[84] = :one, l[37] = :two, l[5] = :three'), ('SET l[9] = :one REMOVE l[0], l[1]'), ('SET l[4294967294] = :one, l[4294967293] = :two'),
	('REMOVE l[0], l[1], l[2], l[3]'), ('SET l[0] = l[3], l[3] = l[0]'), ('REMOVE l'), ('REMOVE absent')) AS e(expression);
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, '{"a":{"M":{"b":{"N":"3"},"c":{"L":[{"S":"hi"},{"M":{"x":{"M":{"y":{"L":[{"N":"3"},{"N":"5"},{"N":"7"}]}}},"q":{"N":"2"}}}]}}}}')
FROM (VALUES ('REMOVE a.c[1].x.y[1], a.c[1].q'), ('SET a.c[1].x.y[1] = a.b, a.z = a.c[1].x.y[2] REMOVE a.c[0]'), ('REMOVE a.b, a.c'), ('REMOVE a.c[1].x')) AS e(expression);

-- ADD and DELETE
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, :'item')
FROM (VALUES
	('ADD n :n'), ('ADD a :n'), ('ADD ss :ss'), ('ADD a :ss'), ('ADD ns :ns'), ('ADD bs :bs'), ('ADD m.n :n, m.ss :ss'), ('ADD l[0] :n'), ('ADD l[1] :ss, l[9] :n'),
	('ADD m.l[0] :n'), ('DELETE ss :ss'), ('DELETE ns :ns'), ('DELETE bs :bs'), ('DELETE a :ss'), ('ADD ss :zero'), ('DELETE m.q :ss')) AS e(expression);
SELECT pg_temp.updated('DELETE a :ss, m.b :ss, l[0] :ss', '{"a":{"SS":["x"]},"m":{"M":{"b":{"SS":["new","x"]}}},"l":{"L":[{"SS":["x"]},{"S":"1"}]}}');

-- All operands are read from the item before
SELECT pg_temp.updated('REMOVE a SET b = a, c = b', '{"a":{"S":"A"},"b":{"S":"B"}}');

-- A map becomes, and ceases to be, one that looks like a tag; so does a set or a string with U+0000
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, '{"m":{"M":{}},"t":{"M":{"$S":{"S":"x"}}},"two":{"M":{"$S":{"S":"x"},"y":{"S":"z"}}},"z":{"SS":["\u0000","a"]}}')
FROM (VALUES ('SET m.#tag = :s'), ('SET t.y = :s'), ('REMOVE t.#tag'), ('REMOVE two.y'), ('REMOVE two.#tag'), ('SET t.#tag = two'), ('DELETE z :zero'),
	('SET #tag = :s REMOVE m, t, two, z')) AS e(expression);

-- 32 levels
SELECT length(pg_temp.updated('SET m.a = :deep', '{"m":{"M":{}}}')), pg_temp.updated('SET m.a.b = :deep', '{"m":{"M":{"a":{"M":{}}}}}');
SELECT length(pg_temp.updated('SET m = list_append(a, :deep)', '{"a":{"L":[]}}'));

-- ---------------------------------------------------------------------------------------------------------------
-- What is returned

SELECT left(expression, 70) AS expression, pg_temp.updated(expression, i, 'UPDATED_OLD') AS updated_old, pg_temp.updated(expression, i, 'UPDATED_NEW') AS updated_new
FROM (VALUES ('{"a":{"M":{"b":{"S":"dog"},"c":{"L":[{"N":"1"},{"N":"2"},{"N":"3"}]}}},"d":{"S":"cat"},"s":{"SS":["x"]},"n":{"N":"1"}}')) AS v(i),
	(VALUES
	('SET d = :s'), ('SET e = :s'), ('SET a.b = :s'), ('SET a.x = :s'), ('SET a.c[1] = :n'), ('SET a.c[1] = :n, a.b = :s, a.c[0] = :s'), ('REMOVE a.c[1], a.c[3]'),
	('REMOVE a.c[2]'), ('SET a.c[100] = :s'), ('SET a.c[100] = :s, d = :s'), ('REMOVE d'), ('REMOVE d, absent'), ('REMOVE d SET e = :s'), ('ADD n :n'),
	('ADD s :ss'), ('DELETE s :ss'), ('SET d = d'), ('SET a = :s')) AS e(expression);
SELECT pg_temp.updated('SET a = :s', '{"k":{"S":"key"}}', 'UPDATED_OLD', false), pg_temp.updated('SET a = :s', '{"k":{"S":"key"}}', 'UPDATED_NEW', false);

-- What an update adds to the size of the item that it makes
SELECT left(expression, 70) AS expression, pg_temp.updated(expression, '{}', 'COST')
FROM (VALUES ('SET a = :s'), ('SET a[0] = :s'), ('SET a[0].b = :s'), ('REMOVE a, b[1]'), ('SET a = :s REMOVE b ADD n :n DELETE s :ss')) AS e(expression);
