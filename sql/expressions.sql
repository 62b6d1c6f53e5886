--
-- Condition, filter, key condition and projection expressions: what they say, and what is refused with which words.
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
	('#a', '"a"'), ('#b', '"b"'), ('#map', '"map"'), ('#name', '"name"'), ('#dot', '"x.y"'), ('#tag', '"$S"'),
	(':s', '{"S":"abc"}'), (':ab', '{"S":"ab"}'), (':b', '{"S":"b"}'), (':empty', '{"S":""}'), (':n', '{"N":"1"}'),
	(':two', '{"N":"2"}'), (':three', '{"N":"3"}'), (':bin', '{"B":"YWJj"}'), (':a', '{"B":"YQ=="}'), (':bool', '{"BOOL":true}'),
	(':null', '{"NULL":true}'), (':ss', '{"SS":["x","y"]}'), (':ns', '{"NS":["2","1"]}'), (':bs', '{"BS":["YQ=="]}'),
	(':l', '{"L":[{"S":"x"}]}'), (':m', '{"M":{"x":{"N":"1.0"}}}'), (':t', '{"S":"SS"}'), (':bad', '{"S":"X"}'),
	(':emoji', E'{"S":"z\U0001F600"}'), (':zero', '{"S":"\u0000"}');
CREATE FUNCTION pg_temp.used(expression text, sign text) RETURNS text LANGUAGE sql AS $$
	SELECT '{' || string_agg(to_json(placeholder) || ':' || value, ',' ORDER BY placeholder) || '}'
	FROM placeholders WHERE placeholder LIKE sign || '%' AND expression ~ (placeholder || '\M')
$$;
-- whether a condition holds for the item, or its error
CREATE FUNCTION pg_temp.holds(expression text, item text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.answer(format('SELECT dynapg_test.condition(%L, %L, %L, %L)', expression,
								 pg_temp.used(expression, '#'), pg_temp.used(expression, ':'), item))
$$;
-- the same without its kind, for messages
CREATE FUNCTION pg_temp.refused(expression text) RETURNS text LANGUAGE sql AS
$$ SELECT replace(pg_temp.holds(expression), 'Invalid ConditionExpression: ', '') $$;
CREATE FUNCTION pg_temp.key(expression text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.answer(format('SELECT dynapg_test.key_condition(%L, %L, %L)', expression,
								 pg_temp.used(expression, '#'), pg_temp.used(expression, ':')))
$$;
CREATE FUNCTION pg_temp.project(expression text, item text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.answer(format('SELECT dynapg_test.projection(%L, %L, %L)', expression,
								 pg_temp.used(expression, '#'), item))
$$;
\set ECHO all
\pset format unaligned
\pset fieldsep ' | '

-- ---------------------------------------------------------------------------------------------------------------
-- Grammar

-- The text near a wrong token goes from the token before it to the one after
SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	('foo'), ('!!!'), ('a-b'), ('attribute_not_exists('), ('#a attribute_not_exists :s'), ('a = '), ('a == b'), ('a = _b'),
	('(a) AND b = c'), ('a = b c'), ('a = :s)'), ('(a = :s'), ('a IN ()'), ('a IN :s'), ('a BETWEEN b OR c'), ('f()'), ('a[b] = c'),
	('a[01] = b'), ('a[:n] = b'), ('a. = b'), ('a.:n = b'), ('.a = b'), ('a[-1] = b'), ('NOT'), ('AND'), ('set = :s'), ('a = "x"'),
	('a = 1'), ('# = b'), (': = b'), ('#a.#b.[0] = b'), ('(a).b = c'), ('é = b'), ('a = b;'), ('a = b + c'), ('  ')) AS e(expression);

-- Empty and long ones
SELECT pg_temp.refused('');
SELECT pg_temp.holds(repeat('a', 4092) || ' = b', '{}'), pg_temp.refused(repeat('a', 4093) || ' = b');
SELECT pg_temp.refused(repeat('é', 2048)), pg_temp.refused(repeat('é', 2049));

-- 300 operators; functions and parentheses do not count
SELECT pg_temp.holds('a<b ' || repeat('or (a<b ', 149) || repeat(')', 149), '{}');
SELECT pg_temp.refused('a<b ' || repeat('or (a<b ', 150) || repeat(')', 150));
SELECT pg_temp.refused('a<b ' || repeat('or (a<b ', 454) || repeat(')', 454));
SELECT pg_temp.holds('NOT ' || repeat('NOT ', 298) || 'a = b', '{}'), pg_temp.refused(repeat('NOT ', 300) || 'a = b');
SELECT pg_temp.holds('attribute_exists(a)' || repeat(' OR attribute_exists(a)', 150), '{}');
SELECT pg_temp.refused('a BETWEEN b AND c' || repeat(' AND a BETWEEN b AND c', 150));

-- Any depth
SELECT pg_temp.refused(repeat('(', 4096));
SELECT pg_temp.refused(repeat('(', 2046) || 'a<b' || repeat(')', 2046));
SELECT pg_temp.refused(repeat('NOT (', 680) || 'a<b' || repeat(')', 680));
SELECT pg_temp.refused(repeat('NOT ', 1023) || 'a=b');
SELECT pg_temp.refused(repeat('not ', 1022) || 'a=b and');
SELECT pg_temp.refused('a < ' || repeat('f(', 1355) || 'b' || repeat(')', 1355));
SELECT pg_temp.refused('a < ' || repeat('size(', 680) || 'b' || repeat(')', 680));

-- Redundant parentheses
SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	('((a = b))'), ('((a)) = b'), ('((attribute_exists(a)))'), ('((size(a))) < :n'), ('NOT ((a = b))'), ('a = b AND ((b = a))'),
	('a IN (((b)))'), ('contains(((a)), b)'), ('((a = b)) !'), ('((a = b) AND (b = a))'), ('(NOT (a = b))'), ('((size(a)) < :n)'),
	('a IN ((b))'), ('contains((a), (b))'), ('((a) = (b))')) AS e(expression);

-- Keywords and functions: any case and case-sensitive
SELECT pg_temp.holds('a = :n aNd NoT b = :n oR c bEtWeEn :n And :two', '{"c":{"N":"1"}}');
SELECT pg_temp.refused('Size(a) = :n'), pg_temp.refused('ATTRIBUTE_EXISTS(a)');

-- AND binds before OR, NOT before AND
SELECT pg_temp.holds('a = :n OR a = :n AND a = :two', '{"a":{"N":"1"}}') AS t,
	pg_temp.holds('(a = :n OR a = :n) AND a = :two', '{"a":{"N":"1"}}') AS f,
	pg_temp.holds('NOT a = :two AND a = :two', '{"a":{"N":"1"}}') AS f,
	pg_temp.holds('NOT (a = :two AND a = :two)', '{"a":{"N":"1"}}') AS t;

-- Reserved words, as they were written; as a part of a path too
SELECT count(*) FILTER (WHERE dynapg_test.is_reserved(word)) AS reserved, count(*)
FROM (SELECT unnest(ARRAY['ABORT', 'abort', 'Name', 'zone', 'LOCALTIMESTAMP', 'a', 'ABORTS', 'ABOR', '', 'LOCALTIMESTAMPS']) AS word) w;
SELECT pg_temp.refused('Name = :s'), pg_temp.refused('a.b.aBoRt = :s'), pg_temp.holds('#name = :s', '{"name":{"S":"abc"}}');

-- ---------------------------------------------------------------------------------------------------------------
-- What is refused after parsing, and in which order

SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	-- functions
	('foo(a)'), ('if_not_exists(a, b) = :s'), ('list_append(a, b) = :l'), ('size(a)'), ('attribute_exists(a) = :bool'),
	('contains(a, begins_with(b, c))'), ('a IN (contains(a, b))'), ('NOT size(a)'),
	-- placeholders
	('#x = :s'), ('a = :x'), ('a.#x[1] = :s'), ('contains(a, :x)'),
	-- list indexes
	('a[99999999999999] = :s'), ('a[4294967295] = :s'), ('a[4294967294] = :s'),
	-- depth of paths
	('a' || repeat('[0]', 31) || ' = :s'), ('a' || repeat('.b', 32) || ' = :s'),
	-- number of operands
	('attribute_exists(a, b)'), ('attribute_not_exists(a, b)'), ('attribute_type(a)'), ('begins_with(a)'), ('contains(a, b, c)'),
	('size(a, b) = :n'), ('a IN (b' || repeat(', b', 100) || ')'),
	-- equal operands
	('a = a'), ('a.b[1] <> #a.b[1]'), ('begins_with(a, a)'), ('contains(a, #a)'), ('attribute_type(a, a)'), ('a IN (b, a)'),
	('a BETWEEN b AND a'), ('size(a) = size(a)'), ('a = a.b'),
	-- types of literals
	('begins_with(a, :n)'), ('begins_with(:l, a)'), ('attribute_type(a, :n)'), ('attribute_type(a, b)'), ('attribute_type(a, size(b))'),
	('size(:n) = :n'), ('size(:null) = :n'), ('size(:bool) = :n'), ('size(:s) = :three'), ('a < :bool'), ('a <= :ss'),
	(':m > a'), ('a >= :l'), ('a < :null'), ('a BETWEEN :bool AND :bool'), (':ns BETWEEN a AND b'), ('a = :bool'), ('a <> :m'),
	-- attribute types
	('attribute_type(a, :bad)'), ('attribute_type(a, :zero)'),
	-- paths
	('attribute_exists(:s)'), ('attribute_not_exists(size(a))'), ('attribute_type(:s, :t)'),
	-- bounds
	('a BETWEEN :n AND :b'), ('a BETWEEN :b AND :ab'), ('a BETWEEN :two AND :n'), ('a BETWEEN :bin AND :s'), ('a BETWEEN :n AND :n'))
	AS e(expression);

-- One kind of mistake after the other over the whole expression...
SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	('size(a) AND name = :x AND foo(a) AND ((a = b))'), ('size(a) AND name = :x AND foo(a)'), ('size(a) AND name = :x'),
	('name = :x AND abort = :s'), ('a[4294967295] = :x')) AS e(expression);
-- ... then one condition after the other
SELECT left(expression, 70) AS expression, pg_temp.refused(expression)
FROM (VALUES
	('size(a, b) < :null AND a = :x'), ('contains(a, a, :x)'), ('contains(a, a, a)'), ('begins_with(a, a) AND a < :null'),
	('a < :null AND a = a'), ('a = #x AND a = :x'), ('a = :x AND a = #x')) AS e(expression);

-- What PutItem and UpdateItem put into an envelope, other operations do not
SELECT left(expression, 70) AS expression, pg_temp.answer(format('SELECT dynapg_test.update(%L, %L, %L, %L, true, %L)', expression, '{"#b":"b"}',
	'{":v":{"S":"x"}}', '{}', 'ALL_NEW'))
FROM (VALUES ('SET a = '), ('SET a = ((:v))'), ('SET a = if_not_exists(b, #b)'), (repeat('a', 4097)), (''), ('SET a = :x'),
	('SET name = :v'), ('SET a = foo(:v)')) AS e(expression);

-- The kind of expression is that of the parameter
SELECT pg_temp.answer($$ SELECT dynapg_test.condition('a', NULL, NULL, NULL, 'FilterExpression') $$);
SELECT pg_temp.project('a b', '{}'), pg_temp.key('a');

-- Unused placeholders: names, then values
SELECT pg_temp.answer($$ SELECT dynapg_test.condition('a = :v', '{"#b":"x","#a":"y"}', '{":v":{"S":"x"},":w":{"S":"x"}}', NULL) $$);
SELECT pg_temp.answer($$ SELECT dynapg_test.condition('a = :v', NULL, '{":v":{"S":"x"},":w":{"S":"x"},":u":{"S":"x"}}', NULL) $$);

-- ---------------------------------------------------------------------------------------------------------------
-- Evaluation

\set item '{"s":{"S":"abc"},"n":{"N":"1"},"b":{"B":"YWJj"},"t":{"BOOL":true},"z":{"NULL":true},"ss":{"SS":["y","x"]},"ns":{"NS":["1","2"]},"bs":{"BS":["YQ=="]},"l":{"L":[{"S":"x"},{"N":"1"},{"M":{"x":{"N":"1"}}},{"NS":["2","1"]}]},"map":{"M":{"x":{"N":"1"}}},"deep":{"M":{"l":{"L":[{"M":{"y":{"S":"abc"}}}]}}},"tag":{"M":{"$S":{"S":"abc"}}},"x.y":{"S":"dot"},"emoji":{"S":"z\\ud83d\\ude00"},"zero":{"S":"\\u0000"},"es":{"S":""}}'

-- Equality of every type, sets in any order, numbers by value
SELECT left(expression, 70) AS expression, pg_temp.holds(expression, :'item')
FROM (VALUES
	('s = :s'), ('n = :n'), ('b = :bin'), ('t = :bool'), ('z = :null'), ('ss = :ss'), ('ns = :ns'), ('bs = :bs'), ('#map = :m'),
	('es = :empty'), ('zero = :zero'), ('s = b'), ('s <> b'), ('s = :n'), ('s <> :n'), ('absent = :s'), ('absent <> :s'),
	('absent = gone'), ('absent <> gone'), ('l[0] = :s'), ('l[1] = n'), ('l[3] = ns'), ('l[2] = #map')) AS e(expression);

-- Order; none between types, none of what is missing
SELECT left(expression, 70) AS expression, pg_temp.holds(expression, :'item')
FROM (VALUES
	('s < :b'), ('s <= :s'), ('s > :ab'), ('s >= :b'), ('n < :two'), ('n <= n2'), ('n > :two'), ('n >= :n'), ('b <= :bin'), ('b < :bin'),
	('s < :n'), ('s >= :n'), ('NOT s >= :n'), ('absent < :n'), ('t < n'), ('z <= s'), (':n < n'), (':two > n'), ('emoji > :b'),
	('n BETWEEN :n AND :two'), ('n BETWEEN :two AND :three'), ('s BETWEEN :ab AND :b'), ('s BETWEEN :n AND :two'),
	('absent BETWEEN :n AND :two'), ('n BETWEEN absent AND :two'), (':n BETWEEN n AND :two')) AS e(expression);

-- IN
SELECT left(expression, 70) AS expression, pg_temp.holds(expression, :'item')
FROM (VALUES
	('n IN (:two, :n)'), ('n IN (:s)'), ('s IN (absent, :s)'), ('absent IN (gone)'), ('ns IN (:n, :ns)'), ('size(s) IN (:two, :three)'))
	AS e(expression);

-- size: UTF-16 code units, bytes, members
SELECT left(expression, 70) AS expression, pg_temp.holds(expression, :'item')
FROM (VALUES
	('size(s) = :three'), ('size(emoji) = :three'), ('size(zero) = :n'), ('size(b) = :three'), ('size(ss) = :two'), ('size(l) > :three'),
	('size(#map) = :n'), ('size(tag) = :n'), ('size(n) = :n'), ('size(n) <> :n'), ('size(absent) <> :n'), ('size(t) < :n'),
	('size(es) < :n'), ('size(:s) = size(s)'), ('size(s) BETWEEN n AND :three')) AS e(expression);

-- Functions
SELECT left(expression, 70) AS expression, pg_temp.holds(expression, :'item')
FROM (VALUES
	('attribute_exists(s)'), ('attribute_exists(z)'), ('attribute_exists(absent)'), ('attribute_not_exists(absent)'),
	('attribute_exists(l[3])'), ('attribute_exists(l[4])'), ('attribute_exists(l[4294967294])'), ('attribute_exists(s.x)'),
	('attribute_exists(s[0])'), ('attribute_exists(l.x)'), ('attribute_exists(#map[0])'), ('attribute_exists(ss[0])'),
	('attribute_exists(deep.l[0].y)'), ('attribute_exists(#dot)'), ('attribute_exists(tag.#tag)'), ('attribute_exists(ss.#tag)'),
	('attribute_type(ss, :t)'), ('attribute_type(s, :t)'), ('attribute_type(absent, :t)'), ('begins_with(s, :ab)'),
	('begins_with(s, :b)'), ('begins_with(s, :empty)'), ('begins_with(b, :bin)'), ('begins_with(b, :s)'), ('begins_with(n, s)'),
	('begins_with(:s, s)'), ('contains(s, :b)'), ('contains(s, :empty)'), ('contains(s, :n)'), ('contains(b, :bin)'), ('contains(b, :b)'),
	('contains(ss, :b)'), ('contains(ss, l[0])'), ('contains(ns, :two)'), ('contains(ns, :three)'), ('contains(bs, :bin)'), ('contains(bs, :a)'),
	('contains(l, n)'), ('contains(l, :ns)'), ('contains(l, :m)'), ('contains(l, :s)'), ('contains(#map, n)'), ('contains(absent, :s)'),
	('contains(:l, l[0])'), ('contains(zero, :zero)')) AS e(expression);

-- No item: every path is absent
SELECT pg_temp.holds('attribute_not_exists(a)'), pg_temp.holds('a = :s'), pg_temp.holds('a <> :s'), pg_temp.holds('NOT a = :s');

-- ---------------------------------------------------------------------------------------------------------------
-- Key conditions

SELECT left(expression, 70) AS expression, pg_temp.key(expression)
FROM (VALUES
	('a = :s'), ('a = :s AND b < :n'), ('b BETWEEN :n AND :two AND (a = :s)'), ('begins_with(b, :ab) AND a = :s'), (':n <= b AND :s = a'),
	('#a = :s AND :n > #b'), ('a = :s AND b = :n AND c = :two'), ('(a = :s AND b >= :n)')) AS e(expression);

SELECT left(expression, 70) AS expression, replace(pg_temp.key(expression), 'Invalid KeyConditionExpression: ', '')
FROM (VALUES
	('a = :s OR b = :n'), ('NOT a = :s'), ('a IN (:s)'), ('a <> :s'), ('attribute_exists(a)'), ('attribute_not_exists(a)'),
	('attribute_type(a, :t)'), ('contains(a, :s)'), ('a = :s AND size(b) > :n'), ('a = size(b)'), (':n BETWEEN a AND :two'),
	('begins_with(:s, a)'), ('a = b'), ('a BETWEEN b AND :n'), ('begins_with(a, b)'), ('a.b = :s'), ('a[1] = :s'), (':s = :ab'),
	('a = :s AND a = :ab'), ('a > :n AND a < :two'), ('a = :x'), ('((a = :s))'), ('a = :s AND')) AS e(expression);

-- ---------------------------------------------------------------------------------------------------------------
-- Projections

SELECT left(expression, 70) AS expression, pg_temp.project(expression, :'item')
FROM (VALUES
	('s'), ('n, s, absent'), ('absent'), ('l[1], l[0]'), ('l[4], l[3]'), ('l[9]'), ('deep.l[0].y'), ('deep.l[0].y, deep.l[0].z, deep.q'),
	('deep.l[1].y'), ('l[2].x, l[2].y'), ('s.x'), ('s[0]'), ('ss'), ('ss[0]'), ('#map'), ('#map.x, n'), ('tag'), ('tag.#tag'), ('#dot'), ('b, bs, zero'),
	('z, t, es')) AS e(expression);

-- A map that is left with one member may come to look like a tag
SELECT dynapg_test.projection('m.#t', '{"#t":"$SS"}', '{"m":{"M":{"$SS":{"L":[{"S":"x"}]},"other":{"N":"1"}}}}');

SELECT left(expression, 70) AS expression, replace(pg_temp.project(expression, '{}'), 'Invalid ProjectionExpression: ', '')
FROM (VALUES
	('a, a'), ('a.b, a'), ('a, a.b'), ('a[0], a'), ('a[0].b, a[0]'), ('a.b, a[1]'), ('a[1], b, #a.b'), ('a.b.c, a.b[2], a.b.c'), ('a.b, a.c'),
	('a[0], a[1]'), ('name'), ('a.name, #x'), ('#x, a, a'), ('a[4294967295]'), ('size(a)'), ('a = b'), (':s'), ('a,'), (''), ('(a)'),
	('a' || repeat('.b', 32)), ('a' || repeat('[0]', 31))) AS e(expression);
