--
-- PartiQL's statements: what is read, what they make of an item, and what is refused with which words.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
CREATE FUNCTION pg_temp.read(statement text, parameters text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN dynapg_test.partiql(statement, parameters, $i${"pk":{"S":"p"},"n":{"N":"1"},"s":{"S":"it's"},"l":{"L":[{"N":"7"},
		{"N":"8"}]},"m":{"M":{"k":{"L":[{"S":"z"}]}}},"ss":{"SS":["a","b"]},"ns":{"NS":["1","2"]},"nul":{"NULL":true},
		"yes":{"BOOL":true},"b":{"B":"YWJj"},"x y":{"N":"5"}}$i$);
EXCEPTION WHEN OTHERS THEN
	RETURN CASE SQLSTATE WHEN 'YD001' THEN '' ELSE SQLSTATE || ' ' END || SQLERRM;
END $$;
-- Statements, one a line; what they need parameters for stands behind a tab.
CREATE FUNCTION pg_temp.all(statements text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT left(split_part(line, E'\t', 1), 110) || E'\n    ' ||
		pg_temp.read(split_part(line, E'\t', 1), coalesce(nullif(split_part(line, E'\t', 2), ''), '[]'))
	FROM regexp_split_to_table(btrim(statements, E'\n'), '\n') WITH ORDINALITY AS l(line, n) ORDER BY n
$$;
\pset format unaligned
\pset tuples_only on
\set ECHO all

-- SELECT: sources, columns, ORDER BY, comments, keywords in any case
SELECT pg_temp.all($$
SELECT * FROM t
select pk, n from "t" where pk = 'p';
SELECT * FROM "t-1"."i.1" WHERE pk = 'p' ORDER BY pk DESC, "sk" ASC, n
SELECT m.k[0], l[1], l[-0], "x y", nothing FROM t
SELECT/**/n -- the number
SELECT/**/n -- the number FROM t
SELECT * FROM "arn:aws:dynamodb:us-east-1:000000000000:table/t"
SELECT a, b.a FROM t
SELECT m.k, n, m.k[0], m FROM t
SELECT m[0], m."x" FROM t
SELECT m['k'][0], m['x y'].z, m[''] FROM t
SELECT m['k'][0], m['x y'].z FROM t
SELECT m["k"] FROM t
SELECT * FROM a, b.c WHERE n = 1
SELECT * FROM a,
SELECT * FROM t WHERE n = 1 ORDER BY n LIMIT ?	[{"N":"5"}]
SELECT * FROM t LIMIT
SELECT * FROM t GROUP BY n ORDER BY n LIMIT 5
SELECT * FROM t WHERE n LIKE 'a' AND n = foo(1) LIMIT 5
SELECT * FROM t WHERE n LIKE
SELECT *, a FROM t
SELECT COUNT(*) FROM t
SELECT size(a) FROM t
SELECT 'a' FROM t
SELECT a AS b FROM t
SELECT * FROM a.b.c
SELECT * FROM ""
SELECT * FROM t."" WHERE pk = 'p'
SELECT * FROM "S" t WHERE pk = 'x'
SELECT * FROM "S" AS t WHERE pk = 'x'
SELECT * FROM a, b
SELECT * FROM a JOIN b
SELECT * FROM (SELECT * FROM a)
SELECT * FROM t WHERE n = 1 LIMIT 5
SELECT * FROM t WHERE n = 1 GROUP BY n
SELECT * FROM t ORDER BY pk
SELECT * FROM t WHERE pk = 'p' ORDER BY m.k
SELECT l[-1] FROM t
SELECT l[1.5] FROM t
SELECT l[2147483647] FROM t
SELECT l[2147483648] FROM t
SELECT m.select FROM t
SELECT m."select", "" FROM t
$$);

-- Conditions
SELECT pg_temp.all($$
SELECT * FROM t WHERE n = 1 AND n <> 2 AND n != 3 AND n < 2 AND n <= 1 AND n > 0 AND n >= 1 AND 1 = n
SELECT * FROM t WHERE n = 2 OR NOT (n = 2) AND NOT n = 3
SELECT * FROM t WHERE n BETWEEN - 2 AND +5 AND n NOT BETWEEN 2 AND 3
SELECT * FROM t WHERE n IN (3, 1) AND n IN [1] AND n NOT IN (2, 4) AND NOT n IN [2] AND n IN <<3, 1>> AND n NOT IN <<2>>
SELECT * FROM t WHERE n IN []
SELECT * FROM t WHERE n NOT IN ()
SELECT * FROM t WHERE n IN s
SELECT * FROM t WHERE s = 'it''s' AND s <> "s"
SELECT * FROM t WHERE s = 'it''s' AND begins_with(s, 'it') AND CONTAINS(ss, 'a') AND Size(l) = 2
SELECT * FROM t WHERE attribute_type(n, 'N') AND attribute_exists(m.k[0]) AND ATTRIBUTE_NOT_EXISTS (m.k[1])
SELECT * FROM t WHERE gone IS MISSING AND n IS NOT MISSING AND nul IS NULL AND n IS NOT NULL AND NOT gone IS NULL
SELECT * FROM t WHERE n IS NUMERIC AND s IS string AND l IS LIST AND m IS STRUCT AND m IS TUPLE AND yes IS BOOLEAN AND b IS BLOB
SELECT * FROM t WHERE l = [7, 8] AND m = {'k': ['z']} AND ss = <<'b', 'a'>> AND ns = <<2, 1.0>> AND yes = TRUE AND nul = null
SELECT * FROM t WHERE n = ? AND b = ? AND n IN [?, 9]	[{"N":"1"},{"B":"YWJj"},{"N":"1"}]
SELECT * FROM t WHERE n = .1e1 AND n = 1. AND n = 10e-1 AND n = - - 1
SELECT * FROM t WHERE attribute_exists(gone) = false AND true = attribute_exists(n) AND (n = 5 OR s = 'x') = false
SELECT * FROM t WHERE attribute_exists(n) IN [true, false] AND attribute_exists(n) = yes AND attribute_exists(n) <> 1
SELECT * FROM t WHERE attribute_exists(n) > false
SELECT * FROM t WHERE n
SELECT * FROM t WHERE n = 1 AND s
SELECT * FROM t WHERE (n AND s) = true
SELECT * FROM t WHERE size(n = 1) = 1
SELECT * FROM t WHERE n = 5 + 5
SELECT * FROM t WHERE n > -n
SELECT * FROM t WHERE n = MISSING
SELECT * FROM t WHERE n < true
SELECT * FROM t WHERE n BETWEEN ? AND ?	[{"BOOL":true},{"BOOL":false}]
SELECT * FROM t WHERE n BETWEEN 5 AND 1
SELECT * FROM t WHERE n = n
SELECT * FROM t WHERE n IS INT
SELECT * FROM t WHERE n IS INT8
SELECT * FROM t WHERE n IS FOO
SELECT * FROM t WHERE n IS
SELECT * FROM t WHERE n LIKE '1'
SELECT * FROM t WHERE attribute_exists('n')
SELECT * FROM t WHERE attribute_exists()
SELECT * FROM t WHERE attribute_exists(n, s)
SELECT * FROM t WHERE attribute_type(n, 1)
SELECT * FROM t WHERE attribute_type(n, 'X')
SELECT * FROM t WHERE EXISTS(n)
SELECT * FROM t WHERE Foo(n) = 1
SELECT * FROM t WHERE set_add(ss, <<'x'>>) = ss
SELECT * FROM t WHERE if_not_exists(n, 1) = 1
SELECT * FROM t WHERE n = ?
SELECT * FROM t WHERE n = 1	[{"N":"1"}]
$$);

-- INSERT, and literals
SELECT pg_temp.all($$
INSERT INTO t VALUE {'pk': '1', 'n': 1E3, 'f': -1.5e-3, 'z': -0, 'q': 'it''s', '': 1}
insert into "t" value {'pk': '1', 'n': 1E3, 'f': -1.5e-3, 'z': -0, 'q': 'it''s', 'e': '', 'l': [], 'm': {}}
INSERT INTO t VALUE {'pk': '1', 'n': 1, 'pk': '2'}
INSERT INTO t VALUE {'pk': '1', 'm': {'a': [{'b': 1, 'c': 2, 'b': 3}]}}
INSERT INTO t VALUE {'pk': '1'} RETURNING ALL OLD *
INSERT INTO t VALUE {'pk': '1'} RETURNING n
INSERT INTO t VALUE 5
INSERT INTO t VALUE {'m': {'$S': 'x', 'b': [1, <<'x', 'y'>>, {'c': null}]}, 'ns': <<1, 34, 4.5>>, 'b': ?, 't': true}	[{"B":"AAEC"}]
INSERT INTO t VALUE ?	[{"M":{"pk":{"S":"1"},"$M":{"N":"1"}}}]
INSERT INTO t VALUE ?	[{"S":"1"}]
INSERT INTO t VALUE {'pk': ?}	[{"SS":["a"]}]
INSERT INTO t VALUE {'pk': [?]}	[{"S":"1"}]
INSERT INTO t VALUE {'pk': {'k': ?}}	[{"S":"1"}]
INSERT INTO t VALUE {'pk': a.b}
INSERT INTO t VALUE {'pk': 1 + 1}
INSERT INTO t VALUE {'pk': MISSING}
INSERT INTO t VALUE {'pk': set_add(<<'a'>>, <<'b'>>)}
INSERT INTO t VALUE {'pk': <<>>}
INSERT INTO t VALUE {'pk': <<1, 'a'>>}
INSERT INTO t VALUE {'pk': <<true>>}
INSERT INTO t VALUE {'pk': <<'a', 'a'>>}
INSERT INTO t VALUE {'pk': [<<2, 2.0>>]}
INSERT INTO t VALUE {'pk': 1e126}
INSERT INTO t VALUE {'pk': 1e-131}
INSERT INTO t VALUE {'pk': {'x': [1, 123456789012345678901234567890123456789]}}
INSERT INTO t VALUE {'pk': 1e2147483648}
INSERT INTO t VALUE {'pk': 1.5e-2147483647}
INSERT INTO t VALUE {"pk": 1}
INSERT INTO t VALUE [1]
INSERT INTO t (pk) VALUES (1)
INSERT INTO t x VALUE {'pk': 1}
INSERT INTO t.i VALUE {'pk': 1}
INSERT INTO t VALUE {'pk': 1} foo
INSERT INTO VALUE {'pk': 1}
$$);

-- UPDATE and DELETE
SELECT pg_temp.all($$
UPDATE t SET n = n + 1 SET l = list_append(l, [9, ?]) REMOVE s WHERE pk = 'p'	[{"S":"x"}]
UPDATE "t" SET n = 2 - (n + -3), l[0] = n, m.j = {'a': 1}, "new" = if_not_exists(gone, 4) WHERE pk = 'p' RETURNING ALL NEW *
UPDATE t SET ss = SET_ADD(ss, <<'c'>>) SET ns = set_delete(ns, <<1, 2>>) REMOVE m.k[0] REMOVE l[1] WHERE pk = 'p'
UPDATE t SET bs = set_add(bs, ?) WHERE pk = 'p' RETURNING MODIFIED OLD *	[{"BS":["AQ=="]}]
from t where pk = 'p' set n = 4 remove s returning all old *
UPDATE t SET n = 1
UPDATE t SET ss = set_add(ss, 'x') WHERE pk = 'p'
UPDATE t SET ss = set_add(ss) WHERE pk = 'p'
UPDATE t SET x = set_add(ss, <<'x'>>) WHERE pk = 'p'
UPDATE t SET ss = set_add(ss, <<1>>) WHERE pk = 'p'
UPDATE t SET s = set_add(s, <<'x'>>) WHERE pk = 'p'
UPDATE t SET n = 'a' + 1 WHERE pk = 'p'
UPDATE t SET n = n - null WHERE pk = 'p'
UPDATE t SET n = -s WHERE pk = 'p'
UPDATE t SET n = s = 1 WHERE pk = 'p'
UPDATE t SET n = foo(1) WHERE pk = 'p'
UPDATE t SET n = size(l) WHERE pk = 'p'
UPDATE t SET n = MISSING WHERE pk = 'p'
UPDATE t SET l = list_append(l, 1) WHERE pk = 'p'
UPDATE t SET l = list_append(l) WHERE pk = 'p'
UPDATE t SET n = gone WHERE pk = 'p'
UPDATE t SET m = 1, m.k = 2 WHERE pk = 'p'
UPDATE t SET gone.x = 1 WHERE pk = 'p'
UPDATE t REMOVE a, b WHERE pk = 'p'
UPDATE t SET n = 1 WHERE pk = 'p' foo
UPDATE t WHERE pk = 'p'
UPDATE Payment-x SET n = 1 WHERE pk = 'p'
UPDATE t.i SET n = 1 WHERE pk = 'p'
UPDATE t SET n = 1 WHERE pk = 'p' RETURNING ALL NEW
UPDATE t SET n = 1 WHERE pk = 'p' RETURNING n
FROM t SET n = 1 WHERE pk = 'p'
DELETE FROM t WHERE pk = 'p' AND n = 1 RETURNING ALL OLD *
DELETE FROM t WHERE pk = 'p' RETURNING MODIFIED OLD *
DELETE FROM t WHERE pk = 'p' RETURNING ALL NEW *
DELETE FROM t WHERE pk = 'p' ORDER BY pk
DELETE FROM t.i WHERE pk = 'p'
EXISTS(SELECT * FROM t WHERE pk = 'p' AND n = 1)
EXISTS(DELETE FROM t)
$$);

-- Syntax
SELECT pg_temp.all($$
SLECT * FROM t
x IS INT4
SELECT
SELECT * FROM
SELECT * FROM t WHERE
SELECT * FROM t WHERE;
SELECT * FROM t WHERE NOT
SELECT * FROM t WHERE (
SELECT * FROM t WHERE n = 1 AND
SELECT * FROM t WHERE n = 1 OR
SELECT * FROM t WHERE n =
SELECT * FROM t WHERE ORDER BY pk
SELECT * FROM t WHERE IS NULL
SELECT * FROM t WHERE n = LIKE
SELECT * FROM t WHERE n = 1)
SELECT * FROM t WHERE n = 1 e5
SELECT * FROM t WHERE n = 1 # note
SELECT * FROM t WHERE n = 1 /* note
SELECT * FROM t WHERE s = 'x
SELECT * FROM "t
SELECT * FROM t WHERE b = `{{AA==}}`
SELECT * FROM t ORDER BY pk WHERE n = 1
DELETE FROM
DELETE FROM;
DELETE FROM WHERE pk = 'p'
DELETE t
UPDATE
INSERT INTO
DROP TABLE t
$$);
SELECT pg_temp.read(E'SELECT *\n FROM t\n WHERE "é" = 1 AND foo("é") = 1', '[]');
SELECT pg_temp.read('', '[]');
SELECT pg_temp.read(repeat(' ', 8193), '[]');

-- Depth
SELECT n, right(pg_temp.read('UPDATE t SET d = ' || repeat('{''a'':', n) || '1' || repeat('}', n) || ' WHERE pk = 1', '[]'), 60)
	FROM unnest(ARRAY[31, 32]) AS n;
SELECT n, pg_temp.read('SELECT * FROM t WHERE ' || repeat('NOT ', n) || 'n = 1', '[]') FROM unnest(ARRAY[298, 299, 300, 2000]) AS n;
SELECT n, pg_temp.read('SELECT * FROM t WHERE ' || repeat('(', n) || 'n = 1' || repeat(')', n), '[]') FROM unnest(ARRAY[4000]) AS n;
SELECT n, pg_temp.read('SELECT * FROM t WHERE n = ' || repeat('[', n) || repeat(']', n), '[]') FROM unnest(ARRAY[32, 33, 4000]) AS n;
SELECT n, pg_temp.read('SELECT m' || repeat('.a', n) || ' FROM t', '[]') FROM unnest(ARRAY[31, 32]) AS n;
