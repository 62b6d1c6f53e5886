--
-- PartiQL on tables: how a SELECT is read, pages and their tokens, writes, batches and transactions.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
SELECT dynamo_create_table('{"TableName": "songs", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
		{"AttributeName": "kind", "AttributeType": "S"}, {"AttributeName": "year", "AttributeType": "N"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by-kind", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["extra"]},
		"KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}],
	"LocalSecondaryIndexes": [{"IndexName": "by-year", "Projection": {"ProjectionType": "KEYS_ONLY"},
		"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}]}')
	-> 'TableDescription' ->> 'TableName';
SELECT dynamo_create_table('{"TableName": "plain", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}') -> 'TableDescription' ->> 'TableName';

-- A statement's response, or what it fails with.
CREATE FUNCTION pg_temp.x(statement text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	exception_name text;
	message text;
	details text;
BEGIN
	RETURN replace(dynamo_execute_statement(jsonb_build_object('Statement', statement) || options)::text, '"', '');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS exception_name = PG_DATATYPE_NAME, message = MESSAGE_TEXT, details = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', exception_name, message, nullif(details, ''));
END $$;
-- The items of a SELECT by their keys, and the units that it takes of the table and of indexes.
CREATE FUNCTION pg_temp.keys(statement text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	response jsonb;
	message text;
BEGIN
	response := dynamo_execute_statement(jsonb_build_object('Statement', statement, 'ReturnConsumedCapacity', 'INDEXES') || options);
	RETURN concat_ws(' ', coalesce((SELECT string_agg(concat(item #>> '{pk,S}', item #>> '{sk,N}', item #>> '{id,S}'), ',' ORDER BY n)
			FROM jsonb_array_elements(response -> 'Items') WITH ORDINALITY AS i(item, n)), '-'),
		CASE WHEN response ? 'NextToken' THEN 'more' END,
		'table:' || (response #>> '{ConsumedCapacity,Table,CapacityUnits}'),
		'indexes:' || (SELECT sum((value ->> 'CapacityUnits')::numeric) FROM jsonb_each(
			coalesce(response #> '{ConsumedCapacity,GlobalSecondaryIndexes}', '{}') ||
			coalesce(response #> '{ConsumedCapacity,LocalSecondaryIndexes}', '{}'))));
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
	RETURN message;
END $$;
-- All pages of a SELECT, by their keys.
CREATE FUNCTION pg_temp.pages(statement text, page_limit integer, parameters jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	request jsonb := jsonb_strip_nulls(jsonb_build_object('Statement', statement, 'Limit', page_limit, 'Parameters', parameters));
	response jsonb;
	result text := '';
BEGIN
	FOR page IN 1 .. 100 LOOP
		response := dynamo_execute_statement(request);
		result := result || '[' || coalesce((SELECT string_agg(concat(item #>> '{pk,S}', item #>> '{sk,N}'), ',' ORDER BY n)
			FROM jsonb_array_elements(response -> 'Items') WITH ORDINALITY AS i(item, n)), '') || ']';
		EXIT WHEN NOT response ? 'NextToken';
		request := request || jsonb_build_object('NextToken', response ->> 'NextToken');
	END LOOP;
	RETURN result;
END $$;

--
-- INSERT
--
SELECT count(pg_temp.x(format($$INSERT INTO "songs" VALUE {'pk': '%s', 'sk': %s, 'kind': '%s', 'year': %s, 'extra': 'x', 'n': %s}$$,
	pk, sk, CASE sk % 2 WHEN 0 THEN 'even' ELSE 'odd' END, 2000 - sk, sk * 10)))
	FROM unnest(ARRAY['a', 'b', 'c']) AS pk, generate_series(1, 6) AS sk;
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': 'a', 'sk': 1, 'n': 0}$$, '{"ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': ?, 'sk': ?, 'b': ?}$$,
	'{"ReturnConsumedCapacity": "TOTAL", "Parameters": [{"S": "d"}, {"N": "1"}, {"BS": ["AQ=="]}]}');
SELECT pg_temp.x($$INSERT INTO songs VALUE ?$$, '{"Parameters": [{"M": {"pk": {"S": "d"}, "sk": {"N": "2"}}}]}');
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': 'd'}$$);
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': 'd', 'sk': 'x'}$$);
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': '', 'sk': 1}$$);
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': 'd', 'sk': 3, 'kind': 1}$$);
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': 'd', 'sk': 3, 'big': ?}$$,
	jsonb_build_object('Parameters', jsonb_build_array(jsonb_build_object('S', repeat('x', 409600)))));
SELECT pg_temp.x($$INSERT INTO nowhere VALUE {'pk': 'd', 'sk': 3}$$);
SELECT pg_temp.x($$INSERT INTO songs VALUE {'pk': 'd', 'sk': 3, 'x': ?}$$, '{"Parameters": [{"SS": ["a", "a"]}]}');

--
-- SELECT: a key is looked up, never scanned for
--
SELECT pg_temp.x($$SELECT * FROM songs WHERE pk = 'a' AND sk = 1$$);
SELECT pg_temp.x($$SELECT sk, "n" FROM "songs" WHERE sk = ? AND ? = pk$$, '{"Parameters": [{"N": "1"}, {"S": "a"}], "ConsistentRead": true,
	"ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.x($$SELECT * FROM songs WHERE pk = 'a' AND sk = 99$$);
SELECT where_clause, pg_temp.keys('SELECT * FROM songs WHERE ' || where_clause) FROM unnest(ARRAY[
	$$pk = 'a'$$,
	$$pk = 'a' AND sk > 4$$,
	$$pk = 'a' AND sk > 1 AND sk <= 3 AND sk >= 2$$,
	$$pk = 'a' AND sk BETWEEN 2 AND 3 AND n <> 20$$,
	$$pk = 'a' AND sk > 5 AND sk < 2$$,
	$$pk = 'a' AND sk = 1 AND sk = 2$$,
	$$pk = 'a' AND sk = 1 AND sk > 0$$,
	$$(pk = 'a' AND sk = 2) AND n = 20$$,
	$$pk IN ('c', 'a') AND sk = 2$$,
	$$pk IN ['b', 'a'] AND sk IN [1, 3]$$,
	$$pk = 'a' OR pk = 'c' AND sk < 3$$,
	$$pk = 'a' AND (sk = 6 OR sk < 2 OR sk BETWEEN 3 AND 4)$$,
	$$pk = 'a' AND NOT sk = 1$$,
	$$pk = 'a' AND sk <> 1 OR pk = 'a' AND sk = 1 OR pk = 'b' AND sk = 2$$,
	$$pk = 'a' AND (n = 10 OR n = 30)$$,
	$$pk = 'a' AND pk = 'b'$$,
	$$pk = 'a' AND (pk = 'b' OR n = 20)$$,
	$$pk IN ['x', 'y']$$]) AS where_clause;
-- everything is read
SELECT where_clause, pg_temp.keys('SELECT * FROM songs WHERE ' || where_clause) FROM unnest(ARRAY[
	$$n = 20$$, $$pk > 'b' AND sk = 1$$, $$pk = 'a' AND sk = 1 OR n = 20$$, $$NOT pk = 'a' AND sk = 6$$, $$sk = 2$$, $$pk > 1$$,
	$$begins_with(pk, 'd')$$]) AS where_clause;
SELECT pg_temp.keys('SELECT * FROM plain');
-- refused
SELECT where_clause, pg_temp.keys('SELECT * FROM songs WHERE ' || where_clause) FROM unnest(ARRAY[
	$$pk IN ['a', 'a']$$, $$pk = 'a' OR pk = 'a'$$, $$pk = 'a' AND (sk > 0 OR sk < 5)$$, $$pk = 'a' AND (sk = 1 OR n = 20)$$,
	$$(pk = 'a' AND n = 10) OR (pk = 'a' AND n = 20)$$, $$pk = 1$$, $$pk = 'a' AND sk IN [1, '2']$$, $$pk = ''$$, $$pk.x = 1$$]) AS where_clause;
SELECT pg_temp.keys('SELECT * FROM songs WHERE pk IN [' || string_agg('''v' || i || '''', ',') || ']') FROM generate_series(1, 51) AS i;
SELECT pg_temp.keys('SELECT * FROM songs WHERE pk IN [' || string_agg('''v' || i || '''', ',') || '] OR sk = 9') FROM generate_series(1, 51) AS i;
SELECT pg_temp.keys('SELECT * FROM songs WHERE n IN [' || string_agg(i::text, ',') || ']') FROM generate_series(1, 101) AS i;
SELECT pg_temp.keys('SELECT * FROM songs WHERE pk IN [' || string_agg('''v' || i || '''', ',') || '] AND sk IN [1, 2]') FROM generate_series(1, 26) AS i;

-- Indexes
SELECT statement, pg_temp.keys(statement) FROM unnest(ARRAY[
	$$SELECT * FROM songs."by-kind" WHERE kind = 'odd' AND year < 1998$$,
	$$SELECT pk, sk FROM songs."by-kind" WHERE kind = 'odd' AND extra = 'x' AND sk > 4$$,
	$$SELECT * FROM songs."by-kind" WHERE kind IN ['odd', 'none'] AND year = 1999$$,
	$$SELECT * FROM songs."by-kind"$$,
	$$SELECT * FROM songs."by-kind" WHERE n = 10$$,
	$$SELECT * FROM songs."by-kind" WHERE NOT n = 10 AND pk = 'a'$$,
	$$SELECT * FROM songs."by-kind" WHERE kind = 'odd' AND n = 10$$,
	$$SELECT * FROM songs."by-kind" WHERE kind = 'odd' AND NOT (n = 10 OR extra = 'x')$$,
	$$SELECT * FROM songs."by-kind" WHERE (kind = 'odd' AND n = 10) OR kind = 'even'$$,
	$$SELECT pk, sk, n FROM songs."by-kind" WHERE kind = 'odd'$$,
	$$SELECT * FROM songs."by-year" WHERE pk = 'a' AND year > 1997$$,
	$$SELECT pk, sk, n FROM songs."by-year" WHERE pk = 'a' AND year > 1997$$,
	$$SELECT * FROM songs."by-year" WHERE pk = 'a' AND n = 10$$,
	$$SELECT * FROM songs."none"$$,
	$$SELECT * FROM songs.songs$$]) AS statement;
SELECT pg_temp.x($$SELECT * FROM songs."by-kind" WHERE kind = 'odd' AND year = 1999 AND pk = 'a'$$);
SELECT pg_temp.x($$SELECT n FROM songs."by-year" WHERE pk = 'a' AND year = 1999$$);
SELECT pg_temp.x($$SELECT * FROM songs."by-kind" WHERE kind = 'odd'$$, '{"ConsistentRead": true}');
SELECT pg_temp.keys($$SELECT * FROM songs."by-year" WHERE pk = 'a'$$, '{"ConsistentRead": true}');

-- an index with several HASH or RANGE attributes is not read, whatever is asked of it; its table is
SELECT dynamo_create_table('{"TableName": "many", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"},
		{"AttributeName": "h", "AttributeType": "S"}, {"AttributeName": "r", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "hash", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [
			{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "HASH"}]},
		{"IndexName": "range", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"},
			{"AttributeName": "h", "KeyType": "RANGE"}, {"AttributeName": "r", "KeyType": "RANGE"}]},
		{"IndexName": "one", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}') IS NULL;
SELECT statement, pg_temp.x(statement) FROM unnest(ARRAY[
	$$INSERT INTO many VALUE {'id': 'i', 'g': 'a', 'h': 'b', 'r': 'c'}$$,
	$$SELECT * FROM many.hash WHERE g = 'a' AND h = 'b'$$, $$SELECT * FROM many.range WHERE g = 'a' ORDER BY r DESC$$,
	$$SELECT * FROM many.hash WHERE g = 5$$, $$SELECT * FROM many.hash WHERE id = 'i'$$, $$SELECT COUNT(*) FROM many.hash$$,
	$$SELECT * FROM many.hash WHERE$$, $$SELECT * FROM many.hash WHERE g = 1e99999999999$$,
	$$SELECT id FROM many.one WHERE g = 'a'$$, $$SELECT id FROM many WHERE id = 'i'$$, $$UPDATE many SET a = 1 WHERE id = 'i'$$]) AS statement;
SELECT pg_temp.x('SELECT * FROM many.hash WHERE g = ?', '{"Parameters": [{"N": "x"}]}');
SELECT jsonb_path_query(dynamo_batch_execute_statement('{"Statements": [{"Statement": "SELECT * FROM many.one WHERE g = ''a''"},
	{"Statement": "SELECT * FROM many.hash WHERE g = ''a'' AND h = ''b''"}, {"Statement": "SELECT h FROM many WHERE id = ''i''"}]}'), '$.Responses[*]');
SELECT dynamo_delete_table('{"TableName": "many"}') IS NULL;

-- ORDER BY: backward, unless the sort key is said to ascend
SELECT rest, pg_temp.keys('SELECT * FROM songs ' || rest) FROM unnest(ARRAY[
	$$WHERE pk = 'a' ORDER BY sk$$, $$WHERE pk = 'a' ORDER BY sk DESC$$, $$WHERE pk = 'a' ORDER BY pk ASC$$,
	$$WHERE pk IN ['a', 'b'] AND sk < 4 ORDER BY pk DESC, sk ASC$$, $$WHERE pk IN ['a', 'b'] AND sk < 4 ORDER BY pk$$,
	$$WHERE pk = 'a' AND (sk < 2 OR sk > 4) ORDER BY sk DESC$$,
	$$ORDER BY sk$$, $$WHERE pk = 'a' ORDER BY n$$, $$WHERE sk = 1 ORDER BY sk$$, $$WHERE pk = 'a' OR n = 1 ORDER BY sk$$,
	$$WHERE pk IN ['a', 'b'] ORDER BY sk$$]) AS rest;
SELECT pg_temp.keys($$SELECT * FROM songs."by-kind" WHERE kind = 'odd' ORDER BY year DESC$$);
SELECT pg_temp.keys($$SELECT * FROM songs."by-kind" WHERE kind = 'odd' ORDER BY sk$$);

--
-- Pages: Limit counts what is evaluated
--
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk = 'a'$$, 4);
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk = 'a'$$, 6);
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk = 'a' AND sk <= 4$$, 2);
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk = ? AND n > 25$$, 2, '[{"S": "a"}]');
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk = 'a' ORDER BY sk DESC$$, 4);
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk IN ['a', 'b', 'c']$$, 4);
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk IN ['a', 'b', 'c'] AND sk IN [1, 3, 5] ORDER BY pk DESC$$, 2);
SELECT pg_temp.pages($$SELECT * FROM songs."by-kind" WHERE kind = 'odd'$$, 4);
SELECT pg_temp.pages($$SELECT * FROM songs."by-kind" WHERE kind IN ['odd', 'even'] ORDER BY kind DESC, year$$, 5);
SELECT pg_temp.pages($$SELECT pk, sk, n FROM songs."by-year" WHERE pk = 'a' ORDER BY year DESC$$, 4);
-- lookups come ten at a time
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk IN ['a', 'b', 'c']$$, NULL);
SELECT pg_temp.pages($$SELECT * FROM songs WHERE pk = 'a' OR pk = 'b'$$, NULL);
-- a scan, whatever the page's size, has each item once
SELECT size, length(pages) - length(replace(pages, '[', '')) AS pages, (SELECT count(*) = 20 AND count(DISTINCT key) = 20
		FROM regexp_matches(pages, '[a-d]\d', 'g') AS key) AS complete
	FROM generate_series(1, 21, 4) AS size, pg_temp.pages('SELECT * FROM songs', size) AS pages;
SELECT (SELECT count(*) = 18 AND count(DISTINCT key) = 18 FROM regexp_matches(pages, '[a-d]\d', 'g') AS key) AS complete
	FROM pg_temp.pages('SELECT * FROM songs."by-kind"', 5) AS pages;
SELECT pg_temp.x('SELECT * FROM songs', '{"Limit": 0}');

-- 1 MB
SELECT count(pg_temp.x($$INSERT INTO plain VALUE {'id': ?, 'big': ?}$$, jsonb_build_object('Parameters',
	jsonb_build_array(jsonb_build_object('S', 'i' || i), jsonb_build_object('S', repeat('x', 300000)))))) FROM generate_series(1, 7) AS i;
SELECT pg_temp.keys('SELECT id FROM plain');
SELECT pg_temp.keys($$SELECT id FROM plain WHERE id IN ['i1', 'i2', 'i3', 'i4', 'i5']$$);

-- NextToken: of this statement and these parameters only, and of nobody else's making
SELECT dynamo_execute_statement('{"Statement": "SELECT * FROM songs WHERE pk = ?", "Parameters": [{"S": "a"}], "Limit": 2}') ->> 'NextToken' AS token \gset
SELECT pg_temp.keys('SELECT * FROM songs WHERE pk = ?', jsonb_build_object('Parameters', '[{"S": "a"}]'::jsonb, 'NextToken', :'token', 'Limit', 3));
SELECT pg_temp.keys('SELECT * FROM songs WHERE pk = ?', jsonb_build_object('Parameters', '[{"S": "b"}]'::jsonb, 'NextToken', :'token'));
SELECT pg_temp.keys('SELECT * FROM songs WHERE pk  = ?', jsonb_build_object('Parameters', '[{"S": "a"}]'::jsonb, 'NextToken', :'token'));
SELECT pg_temp.keys('SELECT * FROM songs', jsonb_build_object('NextToken', :'token'));
SELECT DISTINCT pg_temp.keys('SELECT * FROM songs WHERE pk = ?', jsonb_build_object('Parameters', '[{"S": "a"}]'::jsonb, 'NextToken', token))
	FROM unnest(ARRAY['x', 'AAAA', 'AQAA', left(:'token', -4), left(:'token', 40), :'token' || 'AAAA']) AS token
	UNION SELECT DISTINCT pg_temp.keys('SELECT * FROM songs WHERE pk = ?', jsonb_build_object('Parameters', '[{"S": "a"}]'::jsonb,
		'NextToken', replace(encode(set_byte(decode(:'token', 'base64'), i, get_byte(decode(:'token', 'base64'), i) # 1), 'base64'), E'\n', '')))
	FROM generate_series(0, 40) AS i;
SELECT pg_temp.x($$DELETE FROM songs WHERE pk = 'a' AND sk = 77$$, jsonb_build_object('NextToken', :'token'));
-- another session knows it
\c -
\pset format unaligned
\pset tuples_only on
BEGIN READ ONLY;
SELECT jsonb_path_query_array(dynamo_execute_statement(jsonb_build_object('Statement', 'SELECT * FROM songs WHERE pk = ?', 'Parameters', '[{"S": "a"}]'::jsonb,
	'NextToken', :'token', 'Limit', 1)), '$.Items[*].sk.N');
COMMIT;
-- the secret is nobody's business, and in no dump
CREATE ROLE regress_partiql;
SET ROLE regress_partiql;
TABLE dynapg.token_secret;
RESET ROLE;
SELECT count(*), min(length(secret)) FROM dynapg.token_secret;
SELECT 'dynapg.token_secret'::regclass = ANY (extconfig) AS dumped FROM pg_extension WHERE extname = 'dynapg';

--
-- UPDATE, DELETE
--
CREATE FUNCTION pg_temp.x(statement text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	exception_name text;
	message text;
	details text;
BEGIN
	RETURN replace(dynamo_execute_statement(jsonb_build_object('Statement', statement) || options)::text, '"', '');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS exception_name = PG_DATATYPE_NAME, message = MESSAGE_TEXT, details = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', exception_name, message, nullif(details, ''));
END $$;
SELECT pg_temp.x($$INSERT INTO plain VALUE {'id': 'u', 'n': 5, 'l': [1, 2, 3], 'm': {'a': {'b': 1, 'c': 2}}, 'ss': <<'x', 'y'>>}$$);
SELECT rest, pg_temp.x('UPDATE plain ' || rest) FROM unnest(ARRAY[
	$$SET n = n + 1 WHERE id = 'u'$$,
	$$SET n = n + 1 WHERE id = 'u' RETURNING ALL OLD *$$,
	$$SET n = 0 WHERE id = 'u' AND n = 7 RETURNING ALL NEW *$$,
	$$SET m.a.b = 9, l[1] = 'two' WHERE id = 'u' RETURNING MODIFIED OLD *$$,
	$$SET m.a.b = 10, l[1] = 2 WHERE id = 'u' RETURNING MODIFIED NEW *$$,
	$$SET ss = set_add(ss, <<'z'>>) SET "new" = 1 REMOVE l[0] WHERE id = 'u' RETURNING MODIFIED NEW *$$,
	$$SET newer = 1 WHERE id = 'u' RETURNING MODIFIED OLD *$$,
	$$REMOVE newer WHERE id = 'u' RETURNING MODIFIED NEW *$$,
	$$SET ss = set_delete(ss, <<'x', 'y', 'z'>>) WHERE id = 'u' RETURNING ALL NEW *$$]) AS rest;
SELECT pg_temp.x($$FROM plain WHERE id = 'u' SET l = list_append(['first'], l) RETURNING MODIFIED NEW *$$);
SELECT statement, pg_temp.x(statement) FROM unnest(ARRAY[
	$$UPDATE plain SET n = 1 WHERE id = 'u' AND n = 99$$,
	$$UPDATE plain SET n = 1 WHERE id = 'nobody'$$,
	$$UPDATE plain SET n = 1 WHERE id = 'nobody' RETURNING ALL OLD *$$,
	$$UPDATE plain SET n = 1 WHERE n = 0$$,
	$$UPDATE plain SET n = 1$$,
	$$UPDATE plain SET n = 1 WHERE id IN ['u']$$,
	$$UPDATE plain SET n = 1 WHERE id = 'u' OR n = 1$$,
	$$UPDATE plain SET n = 1 WHERE id = 'u' AND id = 'v'$$,
	$$UPDATE plain SET n = 1 WHERE id = 'u' AND id = 'u'$$,
	$$UPDATE plain SET n = 1 WHERE id = 5$$,
	$$UPDATE plain SET id = 'v' WHERE id = 'u'$$,
	$$UPDATE plain SET id.x = 'v' WHERE id = 'u'$$,
	$$UPDATE plain SET n = gone WHERE id = 'u'$$,
	$$UPDATE songs SET n = 1 WHERE pk = 'a'$$,
	$$UPDATE songs SET kind = 1 WHERE pk = 'a' AND sk = 1$$,
	$$UPDATE nowhere SET n = 1 WHERE pk = 'a'$$,
	$$DELETE FROM plain WHERE id = 'u' AND n = 99$$,
	$$DELETE FROM plain WHERE n = 1$$,
	$$DELETE FROM plain WHERE id = 'u' AND id = 'v'$$,
	$$DELETE FROM plain WHERE id = 'nobody' AND n = 99 RETURNING ALL OLD *$$,
	$$DELETE FROM plain WHERE id = 'u' AND NOT begins_with(id, 'x') RETURNING ALL OLD *$$,
	$$SELECT * FROM plain WHERE id = 'u'$$,
	$$EXISTS(SELECT * FROM plain WHERE id = 'u' AND n = 1)$$]) AS statement;
SELECT pg_temp.x($$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = 1 AND n = 2$$, '{"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}');
SELECT pg_temp.x($$UPDATE songs SET n = 11 WHERE pk = 'a' AND sk = 1$$, '{"ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.x($$UPDATE songs SET year = 1900 WHERE pk = 'a' AND sk = 1$$, '{"ReturnConsumedCapacity": "INDEXES"}');
-- a parameter that is no value comes before anything else
SELECT pg_temp.x('UPDATE songs SET WHERE', '{"Parameters": [{"NULL": false}]}');

--
-- BatchExecuteStatement
--
CREATE FUNCTION pg_temp.batch(VARIADIC statements text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	message text;
BEGIN
	RETURN QUERY SELECT replace(answer::text, '"', '') FROM jsonb_array_elements(dynamo_batch_execute_statement(jsonb_build_object(
		'ReturnConsumedCapacity', 'TOTAL',
		'Statements', (SELECT jsonb_agg(jsonb_build_object('Statement', s) ORDER BY n) FROM unnest(statements) WITH ORDINALITY AS u(s, n))))
		#> '{Responses}') AS answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
	RETURN NEXT message;
END $$;
SELECT pg_temp.batch($$SELECT pk, n FROM songs WHERE pk = 'b' AND sk = 1$$, $$SELECT id FROM plain WHERE id IN ['i1']$$,
	$$SELECT * FROM songs WHERE pk = 'b' AND sk = 99$$, $$SLECT$$, $$SELECT * FROM nowhere WHERE pk = 'a'$$,
	$$SELECT * FROM songs WHERE pk = 'a'$$, $$SELECT * FROM songs WHERE pk = 'a' AND sk = 1 AND n = 1$$,
	$$SELECT * FROM songs."by-kind" WHERE kind = 'odd'$$, $$SELECT * FROM songs WHERE pk IN ['a', 'a'] AND sk = 1$$,
	$$EXISTS(SELECT * FROM songs WHERE pk = 'a' AND sk = 1)$$);
SELECT pg_temp.batch($$UPDATE songs SET n = 1 WHERE pk = 'c' AND sk = 1 RETURNING MODIFIED NEW *$$,
	$$UPDATE songs SET n = 1 WHERE pk = 'c' AND sk = 2 AND n = 99$$, $$INSERT INTO songs VALUE {'pk': 'c', 'sk': 3}$$,
	$$INSERT INTO songs VALUE {'pk': 'c', 'sk': 33}$$, $$DELETE FROM songs WHERE pk = 'c' AND sk = 4 RETURNING ALL OLD *$$,
	$$UPDATE songs SET x.y = 1 WHERE pk = 'c' AND sk = 5$$, $$UPDATE songs SET n = 1 WHERE pk = 'c'$$,
	$$DELETE FROM songs WHERE pk = 'c' AND sk = 99 RETURNING ALL OLD *$$, $$INSERT INTO songs VALUE {'pk': 'c', 'sk': 'x'}$$,
	$$DELETE FROM plain WHERE id = 'x' RETURNING ALL NEW *$$);
SELECT * FROM dynamo_partiql('SELECT sk, n FROM songs WHERE pk = ?', 'c');
SELECT pg_temp.batch($$SELECT * FROM songs WHERE pk = 'a' AND sk = 1$$, $$DELETE FROM songs WHERE pk = 'a' AND sk = 2$$);
SELECT pg_temp.batch($$SELECT * FROM songs WHERE pk = 'a' AND sk = 1$$, $$SELECT * FROM songs WHERE sk = 1 AND pk = 'a'$$);
SELECT pg_temp.batch($$DELETE FROM songs WHERE pk = 'a' AND sk = 1$$, $$UPDATE songs SET n = 2 WHERE pk = 'a' AND sk = 1.0$$);
SELECT dynamo_batch_execute_statement('{"Statements": []}');
SELECT dynamo_batch_execute_statement('{"ReturnConsumedCapacity": "TOTAL", "Statements": [
	{"Statement": "SELECT sk FROM songs WHERE pk = ? AND sk = 1", "Parameters": [{"S": "a"}], "ConsistentRead": true},
	{"Statement": "SELECT sk FROM songs WHERE pk = ? AND sk = 1", "Parameters": [{"S": "b"}]},
	{"Statement": "SELECT id FROM plain WHERE id = ?", "Parameters": [{"SS": []}]},
	{"Statement": "SELECT id FROM plain WHERE id = ?"}]}');
-- the item that a condition did not hold for, if it is asked for; never the one that an INSERT met
SELECT replace(dynamo_batch_execute_statement('{"Statements": [
	{"Statement": "UPDATE songs SET n = 0 WHERE pk = ''a'' AND sk = 2 AND n = 99", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
	{"Statement": "UPDATE songs SET n = 0 WHERE pk = ''a'' AND sk = 3 AND n = 99", "ReturnValuesOnConditionCheckFailure": "NONE"},
	{"Statement": "UPDATE songs SET n = 0 WHERE pk = ''a'' AND sk = 99", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
	{"Statement": "DELETE FROM songs WHERE pk = ''a'' AND sk = 4 AND n = 99", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
	{"Statement": "UPDATE songs SET n = gone WHERE pk = ''a'' AND sk = 5", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"},
	{"Statement": "INSERT INTO songs VALUE {''pk'': ''a'', ''sk'': 6}", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}]}')::text, '"', '');
-- a write that its condition refuses is charged
SELECT dynamo_batch_execute_statement('{"ReturnConsumedCapacity": "TOTAL", "Statements": [
	{"Statement": "UPDATE plain SET n = 1 WHERE id = ''i1'' AND n = 5"}, {"Statement": "DELETE FROM plain WHERE id = ''i2'' AND n = 5"},
	{"Statement": "INSERT INTO songs VALUE {''pk'': ''c'', ''sk'': 1}"}, {"Statement": "DELETE FROM songs WHERE pk = ''none'' AND sk = 1"}]}')
	-> 'ConsumedCapacity';
-- what others raise is a statement's error too, and undoes nothing but it
CREATE FUNCTION regress_partiql_no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no 3 today'; END $$;
CREATE TRIGGER no BEFORE UPDATE ON dynamo.songs FOR EACH ROW WHEN (NEW.item @> '{"n": 3}') EXECUTE FUNCTION regress_partiql_no();
SELECT pg_temp.batch($$UPDATE songs SET n = 2 WHERE pk = 'b' AND sk = 1$$, $$UPDATE songs SET n = 3 WHERE pk = 'b' AND sk = 2$$,
	$$UPDATE songs SET n = 4 WHERE pk = 'b' AND sk = 3$$);
SELECT * FROM dynamo_partiql('SELECT sk, n FROM songs WHERE pk = ? AND sk < ?', 'b', 4);
DROP TRIGGER no ON dynamo.songs;
-- what fails the whole batch leaves no subtransaction behind
CREATE FUNCTION regress_partiql_broken() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN RAISE EXCEPTION 'broken' USING ERRCODE = 'internal_error'; END $$;
CREATE TRIGGER broken BEFORE UPDATE ON dynamo.songs FOR EACH ROW EXECUTE FUNCTION regress_partiql_broken();
\set SHOW_CONTEXT never
SELECT dynamo_batch_execute_statement('{"Statements": [{"Statement": "UPDATE songs SET n = 4 WHERE pk = ''a'' AND sk = 2"}]}');
\set SHOW_CONTEXT errors
SELECT 'the session goes on' AS works;
DROP TRIGGER broken ON dynamo.songs;
DROP FUNCTION regress_partiql_broken;
SET ROLE regress_partiql;
SELECT pg_temp.batch($$DELETE FROM songs WHERE pk = 'b' AND sk = 1$$);
RESET ROLE;

--
-- ExecuteTransaction
--
CREATE FUNCTION pg_temp.transaction(VARIADIC statements text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	exception_name text;
	message text;
	details text;
BEGIN
	RETURN replace(dynamo_execute_transaction(jsonb_build_object('ReturnConsumedCapacity', 'TOTAL', 'TransactStatements',
		(SELECT jsonb_agg(jsonb_build_object('Statement', s) ORDER BY n) FROM unnest(statements) WITH ORDINALITY AS u(s, n))))::text, '"', '');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS exception_name = PG_DATATYPE_NAME, message = MESSAGE_TEXT, details = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' ', exception_name, message, nullif(details, ''));
END $$;
SELECT pg_temp.transaction($$UPDATE songs SET n = 100 WHERE pk = 'a' AND sk = 2$$, $$INSERT INTO songs VALUE {'pk': 'e', 'sk': 1}$$,
	$$DELETE FROM songs WHERE pk = 'a' AND sk = 3$$, $$EXISTS(SELECT * FROM songs WHERE pk = 'a' AND sk = 4 AND n = 40)$$);
SELECT pg_temp.transaction($$SELECT sk, n FROM songs WHERE pk = 'a' AND sk = 2$$, $$SELECT * FROM songs WHERE pk = 'a' AND sk = 3$$,
	$$SELECT pk FROM songs WHERE pk IN ['e'] AND sk = 1$$);
-- EXISTS is of an item that is there
SELECT pg_temp.transaction($$EXISTS(SELECT * FROM songs WHERE pk = 'a' AND sk = 4 AND gone IS MISSING)$$);
SELECT pg_temp.transaction($$EXISTS(SELECT * FROM songs WHERE pk = 'a' AND sk = 99 AND gone IS MISSING)$$);
-- cancelled, and nothing is done
SELECT pg_temp.transaction($$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = 2$$, $$INSERT INTO songs VALUE {'pk': 'e', 'sk': 1}$$,
	$$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = 99$$, $$EXISTS(SELECT * FROM songs WHERE pk = 'a' AND sk = 4 AND n IS MISSING)$$,
	$$DELETE FROM songs WHERE pk = 'a' AND sk = 98 AND n = 1$$);
SELECT * FROM dynamo_partiql('SELECT sk, n FROM songs WHERE pk = ? AND sk = ?', 'a', 2);
SELECT pg_temp.transaction($$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = 2$$, $$UPDATE songs SET n = 1 WHERE pk = 'b'$$);
SELECT pg_temp.transaction($$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = 2 AND pk = 'b'$$);
SELECT pg_temp.transaction($$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = '2'$$);
SELECT pg_temp.transaction($$INSERT INTO songs VALUE {'pk': 'a'}$$);
SELECT pg_temp.transaction($$UPDATE songs SET n = gone WHERE pk = 'a' AND sk = 2$$);
SELECT pg_temp.transaction($$DELETE FROM songs WHERE pk = 'a' AND sk = 2$$, $$DELETE FROM nowhere WHERE pk = 'a'$$);
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk = 'a' AND sk = 2$$, $$SELECT * FROM songs WHERE pk = 1 AND sk = 2$$);
-- each statement that does not fit its table is a reason
SELECT pg_temp.transaction($$UPDATE songs SET n = 1 WHERE pk = 'a'$$, $$INSERT INTO songs VALUE {'pk': 'z'}$$, $$DELETE FROM songs WHERE pk IN ['a'] AND sk = 1$$,
	$$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = 2$$, $$UPDATE songs SET n = 1 WHERE pk = 'a' AND sk = 2 AND sk = 3$$);
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk = 1 AND sk = 2$$, $$SELECT * FROM songs WHERE pk = 'a' AND sk = 2$$,
	$$SELECT * FROM songs WHERE pk = 'a' AND sk = '2'$$, $$SELECT * FROM songs WHERE pk = 'a' AND sk = 2$$);
-- a table that is not there comes before what its statement may not have, and after what another's may not
SELECT pg_temp.transaction($$UPDATE nowhere SET n = 1 WHERE pk = 'x' RETURNING ALL NEW *$$, $$DELETE FROM songs WHERE pk = 'a' AND sk = 2$$);
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk = 'a' AND sk = 2$$, $$SELECT * FROM nowhere.i WHERE pk = 'x'$$);
SELECT pg_temp.transaction($$DELETE FROM nowhere WHERE pk = 'x'$$, $$DELETE FROM songs WHERE pk = 'a' AND sk = 2 RETURNING ALL OLD *$$);
SELECT pg_temp.transaction($$SELECT * FROM nowhere WHERE pk = 'x'$$, $$SELECT * FROM songs."by-kind" WHERE kind = 'odd'$$);
SELECT pg_temp.transaction($$UPDATE nowhere.i SET n = 1 WHERE pk = 'x'$$);
-- refused
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk = 'a' AND sk = 2$$, $$DELETE FROM songs WHERE pk = 'a' AND sk = 2$$);
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk = 'a' AND sk = 2$$, $$SELECT n FROM songs WHERE sk = 2 AND pk = 'a'$$);
SELECT pg_temp.transaction($$DELETE FROM songs WHERE pk = 'a' AND sk = 2$$, $$INSERT INTO songs VALUE {'pk': 'a', 'sk': 2}$$);
SELECT pg_temp.transaction($$DELETE FROM songs WHERE pk = 'a' AND sk = 2$$, $$DELETE FROM songs WHERE$$);
SELECT pg_temp.transaction($$DELETE FROM songs WHERE pk = 'a' AND sk = 2 RETURNING ALL OLD *$$);
SELECT pg_temp.transaction($$SELECT * FROM songs."by-kind" WHERE kind = 'odd'$$);
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk = 'a'$$);
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk = 'a' AND sk = 2 AND n = 1$$);
SELECT pg_temp.transaction($$SELECT * FROM songs WHERE pk IN ['a', 'a'] AND sk = 2$$);
SELECT pg_temp.transaction($$EXISTS(SELECT * FROM songs WHERE pk = 'a' AND sk = 2)$$);
SELECT pg_temp.transaction($$EXISTS(SELECT * FROM songs WHERE pk IN ['a'] AND sk = 2 AND n = 1)$$);
SELECT pg_temp.transaction($$EXISTS(SELECT * FROM songs WHERE pk = 'a' AND sk = 2 AND pk = 'b' AND n = 100)$$);
SELECT pg_temp.transaction(VARIADIC array_fill('DELETE'::text, ARRAY[101])) LIKE '%Member must have length less than or equal to 100';
-- a token is the operation's own, and does its work once
CREATE FUNCTION pg_temp.once(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	exception_name text;
BEGIN
	RETURN replace(dynamo_execute_transaction(jsonb_build_object('ClientRequestToken', 'token', 'ReturnConsumedCapacity', 'TOTAL',
		'TransactStatements', jsonb_build_array(jsonb_build_object('Statement', statement))))::text, '"', '');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS exception_name = PG_DATATYPE_NAME;
	RETURN exception_name;
END $$;
SELECT pg_temp.once($$UPDATE songs SET n = n + 1 WHERE pk = 'a' AND sk = 4$$);
SELECT pg_temp.once($$UPDATE songs SET n = n + 1 WHERE pk = 'a' AND sk = 4$$);
SELECT pg_temp.once($$UPDATE songs SET n = n + 2 WHERE pk = 'a' AND sk = 4$$);
SELECT dynamo_transact_write_items('{"ClientRequestToken": "token", "TransactItems": [{"Delete": {"TableName": "songs",
	"Key": {"pk": {"S": "e"}, "sk": {"N": "1"}}}}]}');
SELECT * FROM dynamo_partiql('SELECT pk, n FROM songs WHERE pk = ? AND sk = ?', 'a', 4);

--
-- dynamo_partiql()
--
SELECT * FROM dynamo_partiql('SELECT pk, sk FROM songs WHERE pk IN [''a'', ''b'', ''c''] AND n > 10 ORDER BY pk DESC, sk') LIMIT 3;
SELECT count(*) FROM dynamo_partiql('SELECT * FROM songs');
SELECT * FROM dynamo_partiql('INSERT INTO plain VALUE {''id'': ?, ''n'': ?, ''f'': ?, ''b'': ?, ''y'': ?, ''j'': ?, ''u'': ?, ''c'': ?}',
	'p'::text, 5, 1.50::float8, '\x0102'::bytea, true, '{"a": [1, {"$SS": ["x"]}]}'::jsonb, NULL, 'x'::char(2));
SELECT * FROM dynamo_partiql('SELECT * FROM plain WHERE id = ? AND j = ?', 'p', '{"a": [1, {"$SS": ["x"]}]}'::jsonb);
SELECT * FROM dynamo_partiql('UPDATE plain SET n = n + ? WHERE id = ? RETURNING MODIFIED NEW *', VARIADIC ARRAY['1', '"p"']::jsonb[]);
SELECT * FROM dynamo_partiql('DELETE FROM plain WHERE id = ?', 'p');
SELECT * FROM dynamo_partiql('SELECT * FROM plain WHERE id = ''p''', VARIADIC ARRAY[]::text[]);
SELECT * FROM dynamo_partiql('SELECT * FROM plain WHERE id = ?');
SELECT * FROM dynamo_partiql('SELECT * FROM plain WHERE id = ?', ARRAY[1]);
SELECT * FROM dynamo_partiql(NULL, 'x');
SELECT * FROM dynamo_partiql(NULL);

SELECT dynamo_delete_table('{"TableName": "songs"}') IS NULL, dynamo_delete_table('{"TableName": "plain"}') IS NULL;
DROP FUNCTION regress_partiql_no();
DROP ROLE regress_partiql;
