--
-- Query and Scan of secondary indexes: ranges, order, ties, pages, what is selected, what it costs, and every error.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\set ECHO none
\i test/session.sql
\pset format unaligned
\pset tuples_only on
-- a Query of an index; values are given as {"p": "S:text"} or {"s": "N:1"}
CREATE FUNCTION pg_temp.vals(vals jsonb) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_object_agg(':' || k, jsonb_build_object(split_part(v, ':', 1), substr(v, strpos(v, ':') + 1))) FROM jsonb_each_text(vals) x(k, v) $$;
CREATE FUNCTION pg_temp.query(index text, condition text, vals jsonb, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('query', jsonb_build_object('TableName', 'Games', 'IndexName', index, 'KeyConditionExpression', condition,
	'ExpressionAttributeValues', pg_temp.vals(vals)) || more) $$;
CREATE FUNCTION pg_temp.scan(index text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer('scan', jsonb_build_object('TableName', 'Games', 'IndexName', index) || more) $$;
-- the keys of a Query's items: partition key and sort key
CREATE FUNCTION pg_temp.keys(index text, condition text, vals jsonb, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(concat(i->'p'->>'S', i->'s'->>'N'), ' ' ORDER BY n) FROM jsonb_array_elements(
	pg_temp.query(index, condition, vals, more)::jsonb->'Items') WITH ORDINALITY x(i, n) $$;
-- all pages, by following LastEvaluatedKey
CREATE FUNCTION pg_temp.paged(operation text, request jsonb, OUT pages int, OUT items int, OUT different int, OUT ordered bool) LANGUAGE plpgsql AS $$
DECLARE
	page jsonb;
	seen jsonb := '[]';
	whole jsonb;
BEGIN
	EXECUTE format('SELECT dynamo_%s($1)', operation) INTO whole USING request - 'Limit';
	pages := 0;
	LOOP
		EXECUTE format('SELECT dynamo_%s($1)', operation) INTO page USING request;
		pages := pages + 1;
		seen := seen || (page->'Items');
		EXIT WHEN page->'LastEvaluatedKey' IS NULL;
		request := request || jsonb_build_object('ExclusiveStartKey', page->'LastEvaluatedKey');
	END LOOP;
	items := jsonb_array_length(seen);
	SELECT count(DISTINCT i) INTO different FROM jsonb_array_elements(seen) i;
	ordered := seen = whole->'Items';
END $$;
\set ECHO all
SELECT dynamo_create_table('{"TableName": "Games", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"},
		{"AttributeName": "score", "AttributeType": "N"}, {"AttributeName": "player", "AttributeType": "S"}, {"AttributeName": "bin", "AttributeType": "B"},
		{"AttributeName": "area", "AttributeType": "S"}, {"AttributeName": "year", "AttributeType": "N"}, {"AttributeName": "month", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"LocalSecondaryIndexes": [
		{"IndexName": "lsi_all", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "score", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}},
		{"IndexName": "lsi_keys", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "score", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "KEYS_ONLY"}},
		{"IndexName": "lsi_some", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "player", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["tag"]}}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "by_player", "KeySchema": [{"AttributeName": "player", "KeyType": "HASH"}, {"AttributeName": "score", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}},
		{"IndexName": "by_bin", "KeySchema": [{"AttributeName": "bin", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}},
		{"IndexName": "by_score", "KeySchema": [{"AttributeName": "score", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["tag"]}},
		{"IndexName": "by_time", "KeySchema": [{"AttributeName": "area", "KeyType": "HASH"}, {"AttributeName": "player", "KeyType": "HASH"},
			{"AttributeName": "year", "KeyType": "RANGE"}, {"AttributeName": "month", "KeyType": "RANGE"}, {"AttributeName": "score", "KeyType": "RANGE"}], "Projection": {"ProjectionType": "ALL"}}]}')->'TableDescription'->'TableName' AS name;
-- two partitions; players win in turn; scores tie in tens; every fifth item has no score
INSERT INTO dynamo."Games"(item) SELECT jsonb_strip_nulls(jsonb_build_object('p', p, 's', s, 'player', CASE s % 2 WHEN 0 THEN 'ann' ELSE 'bob' END,
		'score', CASE WHEN s % 5 <> 0 THEN s / 10 * 10 END, 'tag', CASE s % 3 WHEN 0 THEN 'x' ELSE 'y' END, 'note', 'note ' || s,
		'bin', jsonb_build_object('$B', encode(convert_to(p || s % 2, 'UTF8'), 'base64')),
		'area', 'eu', 'year', 2020 + s % 3, 'month', s % 4))
	FROM unnest(ARRAY['a', 'b']) p, generate_series(1, 24) s;

-- a local index: by its own sort key, then by the table's; items without it are not there
SELECT pg_temp.keys('lsi_keys', 'p = :p', '{"p": "S:a"}');
SELECT pg_temp.keys('lsi_keys', 'p = :p', '{"p": "S:a"}', '{"ScanIndexForward": false}');
SELECT pg_temp.keys('lsi_keys', 'p = :p AND score = :s', '{"p": "S:a", "s": "N:10.0"}');
SELECT pg_temp.keys('lsi_keys', 'p = :p AND score > :s', '{"p": "S:b", "s": "N:0"}');
SELECT pg_temp.keys('lsi_keys', 'p = :p AND score >= :s', '{"p": "S:b", "s": "N:10"}', '{"ScanIndexForward": false, "ConsistentRead": true}');
SELECT pg_temp.keys('lsi_keys', ':s > score AND p = :p', '{"p": "S:b", "s": "N:10"}');
SELECT pg_temp.keys('lsi_keys', 'p = :p AND score <= :s', '{"p": "S:b", "s": "N:0"}');
SELECT pg_temp.keys('lsi_keys', 'p = :p AND score BETWEEN :l AND :h', '{"p": "S:a", "l": "N:0.5", "h": "N:10"}');
SELECT pg_temp.keys('lsi_some', 'p = :p AND begins_with(player, :s)', '{"p": "S:a", "s": "S:b"}');
-- a global one: hashes of any type, and ties in the order of the tables' keys
SELECT pg_temp.keys('by_player', 'player = :p AND score = :s', '{"p": "S:ann", "s": "N:20"}');
SELECT pg_temp.keys('by_player', 'player = :p AND score = :s', '{"p": "S:ann", "s": "N:20"}', '{"ScanIndexForward": false}');
SELECT pg_temp.keys('by_bin', 'bin = :d', '{"d": "B:YTA="}');
SELECT pg_temp.keys('by_score', 'score = :n AND s > :s', '{"n": "N:2e1", "s": "N:21"}');
SELECT pg_temp.keys('by_player', 'player = :p', '{"p": "S:nobody"}') IS NULL AS nothing;
SELECT pg_temp.query('by_player', 'player = :p AND score BETWEEN :l AND :h', '{"p": "S:ann", "l": "N:1", "h": "N:2"}');
-- by the legacy parameters
SELECT pg_temp.answer('query', '{"TableName": "Games", "IndexName": "by_score", "KeyConditions": {"score": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "20"}]},
	"s": {"ComparisonOperator": "LT", "AttributeValueList": [{"N": "22"}]}}, "QueryFilter": {"tag": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "x"}]}}, "AttributesToGet": ["s", "p"]}');

-- several attributes: partition keys by =, sort keys from the left, the last one by a range; in any order
SELECT pg_temp.keys('by_time', 'area = :r AND player = :p', '{"r": "S:eu", "p": "S:ann"}');
SELECT pg_temp.keys('by_time', 'area = :r AND player = :p', '{"r": "S:eu", "p": "S:ann"}', '{"ScanIndexForward": false}');
SELECT pg_temp.keys('by_time', 'area = :r AND player = :p AND #y = :y', '{"r": "S:eu", "p": "S:ann", "y": "N:2021"}', '{"ExpressionAttributeNames": {"#y": "year"}}');
SELECT pg_temp.keys('by_time', '#m >= :m AND #y = :y AND player = :p AND area = :r', '{"r": "S:eu", "p": "S:ann", "y": "N:2021", "m": "N:2"}', '{"ExpressionAttributeNames": {"#y": "year", "#m": "month"}}');
SELECT pg_temp.keys('by_time', 'area = :r AND player = :p AND #y = :y AND #m = :m AND score BETWEEN :s AND :t', '{"r": "S:eu", "p": "S:ann", "y": "N:2021", "m": "N:0", "s": "N:0", "t": "N:10"}', '{"ExpressionAttributeNames": {"#y": "year", "#m": "month"}}');
SELECT pg_temp.keys('by_time', 'area = :r AND player = :p AND #y = :y AND #m = :m AND score = :s', '{"r": "S:eu", "p": "S:ann", "y": "N:2021", "m": "N:0", "s": "N:0"}', '{"ExpressionAttributeNames": {"#y": "year", "#m": "month"}}');
SELECT pg_temp.keys('by_time', 'area = :r AND player = :p AND #y < :y', '{"r": "S:eu", "p": "S:bob", "y": "N:2021"}', '{"ExpressionAttributeNames": {"#y": "year"}}');
SELECT pg_temp.answer('query', '{"TableName": "Games", "IndexName": "by_time", "Select": "COUNT", "KeyConditions": {"area": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "eu"}]},
	"player": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "ann"}]}, "year": {"ComparisonOperator": "EQ", "AttributeValueList": [{"N": "2022"}]}, "month": {"ComparisonOperator": "GT", "AttributeValueList": [{"N": "0"}]}}}');
SELECT pg_temp.query('by_time', 'area = :r', '{"r": "S:eu"}');
SELECT pg_temp.query('by_time', 'player = :r', '{"r": "S:eu"}');
SELECT pg_temp.query('by_time', 'area = :r AND player > :p', '{"r": "S:eu", "p": "S:a"}');
SELECT pg_temp.query('by_time', 'area = :r AND player = :p AND #m = :m', '{"r": "S:eu", "p": "S:ann", "m": "N:1"}', '{"ExpressionAttributeNames": {"#m": "month"}}');
SELECT pg_temp.query('by_time', 'area = :r AND player = :p AND #y > :y AND #m = :m', '{"r": "S:eu", "p": "S:ann", "y": "N:2021", "m": "N:1"}', '{"ExpressionAttributeNames": {"#y": "year", "#m": "month"}}');
SELECT pg_temp.query('by_time', 'area = :r AND player = :p AND score = :s', '{"r": "S:eu", "p": "S:ann", "s": "N:1"}');
SELECT pg_temp.query('by_time', 'area = :r AND player = :p AND tag = :t', '{"r": "S:eu", "p": "S:ann", "t": "S:x"}');
SELECT pg_temp.query('by_time', 'area = :r AND player = :p AND #y = :y', '{"r": "S:eu", "p": "S:ann", "y": "S:2021"}', '{"ExpressionAttributeNames": {"#y": "year"}}');

-- what is selected: by default what the index holds
SELECT pg_temp.query('lsi_keys', 'p = :p AND score = :s', '{"p": "S:a", "s": "N:20"}', '{"Limit": 1, "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.query('lsi_some', 'p = :p', '{"p": "S:a"}', '{"Limit": 1, "Select": "ALL_PROJECTED_ATTRIBUTES", "ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"Limit": 1, "Select": "ALL_ATTRIBUTES", "ReturnConsumedCapacity": "INDEXES"}');
-- a local index fetches what it lacks from the table, and is charged for each item
SELECT pg_temp.query('lsi_keys', 'p = :p AND score = :s', '{"p": "S:a", "s": "N:20"}', '{"Select": "ALL_ATTRIBUTES", "Limit": 1, "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.query('lsi_keys', 'p = :p AND score = :s', '{"p": "S:a", "s": "N:20"}', '{"ProjectionExpression": "s, note", "ConsistentRead": true, "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.query('lsi_keys', 'p = :p AND score = :s', '{"p": "S:a", "s": "N:20"}', '{"ProjectionExpression": "s, score", "ConsistentRead": true, "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.query('lsi_keys', 'p = :p AND score = :s', '{"p": "S:a", "s": "N:20"}', '{"Select": "COUNT", "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.query('lsi_all', 'p = :p AND score = :s', '{"p": "S:a", "s": "N:20"}', '{"Select": "ALL_ATTRIBUTES", "Limit": 1, "ReturnConsumedCapacity": "INDEXES"}');
-- a global one does not
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20"}', '{"Select": "ALL_ATTRIBUTES"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20"}', '{"ProjectionExpression": "note.a, tag, area, note.b"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20"}', '{"ProjectionExpression": "tag", "Limit": 1}');
SELECT pg_temp.query('by_bin', 'bin = :d', '{"d": "B:YTA="}', '{"Limit": 1, "ReturnConsumedCapacity": "INDEXES"}');
-- filters: on what the index holds, but its own keys; the table's are as good as any
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20", "t": "S:x", "p": "S:a"}', '{"FilterExpression": "tag = :t AND p = :p"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20", "t": "S:x"}', '{"FilterExpression": "note = :t OR area = :t OR note.a = :t"}');
SELECT pg_temp.query('lsi_keys', 'p = :p', '{"p": "S:a", "t": "S:x"}', '{"FilterExpression": "tag = :t", "Select": "ALL_ATTRIBUTES"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20", "s": "N:1"}', '{"FilterExpression": "s > :s"}');
SELECT pg_temp.query('by_time', 'area = :r AND player = :p', '{"r": "S:eu", "p": "S:ann", "m": "N:1"}', '{"FilterExpression": "#m > :m", "ExpressionAttributeNames": {"#m": "month"}}');
SELECT pg_temp.keys('lsi_keys', 'p = :p', '{"p": "S:a", "s": "N:22"}', '{"FilterExpression": "s > :s"}');
-- consistent reads of a global index: as the service, unless a setting allows them
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20"}', '{"ConsistentRead": true}');
SELECT pg_temp.scan('by_score', '{"ConsistentRead": true}');
SET dynapg.consistent_gsi_reads = on;
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:20"}', '{"ConsistentRead": true, "Select": "COUNT", "ReturnConsumedCapacity": "INDEXES"}');
RESET dynapg.consistent_gsi_reads;

-- pages: each entry once, in order, both ways, through ties
SELECT * FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "by_player", "KeyConditionExpression": "player = :p", "ExpressionAttributeValues": {":p": {"S": "ann"}}, "Limit": 1}');
SELECT * FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "by_player", "KeyConditionExpression": "player = :p", "ExpressionAttributeValues": {":p": {"S": "ann"}}, "Limit": 1, "ScanIndexForward": false}');
SELECT * FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "by_player", "KeyConditionExpression": "player = :p AND score <= :s", "ExpressionAttributeValues": {":p": {"S": "ann"}, ":s": {"N": "10"}}, "Limit": 3}');
SELECT * FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "by_player", "KeyConditionExpression": "player = :p AND score = :s", "ExpressionAttributeValues": {":p": {"S": "ann"}, ":s": {"N": "10"}}, "Limit": 1, "ScanIndexForward": false}');
SELECT * FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "by_time", "KeyConditionExpression": "area = :r AND player = :p AND #y >= :y", "ExpressionAttributeNames": {"#y": "year"}, "ExpressionAttributeValues": {":p": {"S": "ann"}, ":r": {"S": "eu"}, ":y": {"N": "2021"}}, "Limit": 1}');
SELECT * FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "by_time", "KeyConditionExpression": "area = :r AND player = :p", "ExpressionAttributeValues": {":p": {"S": "ann"}, ":r": {"S": "eu"}}, "Limit": 2, "ScanIndexForward": false}');
SELECT * FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "lsi_keys", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}, "Limit": 1, "Select": "ALL_ATTRIBUTES", "ScanIndexForward": false}');
SELECT * FROM pg_temp.paged('scan', '{"TableName": "Games", "IndexName": "by_bin", "Limit": 1}');
SELECT * FROM pg_temp.paged('scan', '{"TableName": "Games", "IndexName": "by_time", "Limit": 7}');
SELECT * FROM pg_temp.paged('scan', '{"TableName": "Games", "IndexName": "lsi_some", "Limit": 5}');
-- LastEvaluatedKey has the index's keys and the table's
SELECT pg_temp.query('by_time', 'area = :r AND player = :p', '{"r": "S:eu", "p": "S:ann"}', '{"Limit": 1}')::jsonb->'LastEvaluatedKey';
SELECT pg_temp.query('lsi_keys', 'p = :p', '{"p": "S:a"}', '{"Limit": 1}')::jsonb->'LastEvaluatedKey';
-- a start key need not exist, and may be behind every entry
SELECT pg_temp.keys('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "15"}, "p": {"S": "zz"}, "s": {"N": "9"}}}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "999"}, "p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p AND score = :s', '{"p": "S:ann", "s": "N:20"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "20"}, "p": {"S": "b"}, "s": {"N": "24"}}}');

-- the errors of start keys
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"S": "1"}, "p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "1"}, "p": {"N": "1"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "1"}, "x": {"S": "1"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:ann"}', '{"ExclusiveStartKey": {"player": {"S": "bob"}, "score": {"N": "1"}, "p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p AND score > :s', '{"p": "S:ann", "s": "N:5"}', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "5"}, "p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_player', 'player = :p AND score = :s', '{"p": "S:ann", "s": "N:5"}', '{"ExclusiveStartKey": {"player": {"S": "bob"}, "score": {"N": "5"}, "p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.query('by_time', 'area = :r AND player = :p AND #y = :y', '{"r": "S:eu", "p": "S:ann", "y": "N:2021"}', '{"ExpressionAttributeNames": {"#y": "year"}, "ExclusiveStartKey": {"area": {"S": "eu"}, "player": {"S": "ann"}, "year": {"N": "2020"}, "month": {"N": "1"}, "score": {"N": "1"}, "p": {"S": "a"}, "s": {"N": "1"}}}');
SELECT pg_temp.scan('by_player', '{"ExclusiveStartKey": {"player": {"S": "ann"}}}');
SELECT pg_temp.scan('by_player', '{"ExclusiveStartKey": {"player": {"S": "ann"}, "score": {"N": "1"}, "p": {"N": "1"}, "s": {"N": "1"}}}');
-- the order: index, consistency, shape of the start key, condition, start key's place, paths into keys of projections, filter, selection, paths of filters
SELECT pg_temp.query('nothing', 'player = :p', '{"p": "S:ann"}', '{"ConsistentRead": true}');
SELECT pg_temp.answer('query', '{"TableName": "Nothing", "IndexName": "nothing", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}');
SELECT pg_temp.query('by_score', 'score = :n AND tag = :n', '{"n": "N:1"}', '{"ConsistentRead": true, "ExclusiveStartKey": {"x": {"S": "x"}}}');
SELECT pg_temp.query('by_score', 'score = :n AND tag = :n', '{"n": "N:1"}', '{"ExclusiveStartKey": {"x": {"S": "x"}}}');
SELECT pg_temp.query('by_score', 'score = :n AND tag = :n', '{"n": "N:1"}', '{"ExclusiveStartKey": {"score": {"N": "2"}, "s": {"N": "1"}, "p": {"N": "1"}}}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:1"}', '{"ExclusiveStartKey": {"score": {"N": "2"}, "s": {"N": "1"}, "p": {"N": "1"}}, "ProjectionExpression": "player.x"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:1"}', '{"ProjectionExpression": "player.x", "FilterExpression": "score.x = :n"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:1"}', '{"ProjectionExpression": "note", "FilterExpression": "score.x = :n"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:1"}', '{"ProjectionExpression": "note", "FilterExpression": "player.x = :n"}');
SELECT pg_temp.query('by_score', 'score = :n', '{"n": "N:1"}', '{"Select": "ALL_ATTRIBUTES", "FilterExpression": "p.x = :n"}');
SELECT pg_temp.query('by_player', 'player = :n', '{"n": "S:1"}', '{"FilterExpression": "#d.x = :n", "ExpressionAttributeNames": {"#d": "bin"}}');
-- key conditions
SELECT pg_temp.query('by_bin', 'bin = :d AND p = :d', '{"d": "B:YTA="}');
SELECT pg_temp.query('by_bin', 'x = :d AND p = :d', '{"d": "B:YTA="}');
SELECT pg_temp.query('by_bin', 'bin = :d', '{"d": "S:YTA="}');
SELECT pg_temp.query('by_player', 'player = :p AND score = :s AND s = :s', '{"p": "S:ann", "s": "N:1"}');
SELECT pg_temp.query('by_player', 'score = :s', '{"s": "N:1"}');
SELECT pg_temp.query('by_player', 'player = :p AND s = :s', '{"p": "S:ann", "s": "N:1"}');
SELECT pg_temp.query('by_player', 'player = :p', '{"p": "S:"}');
SELECT pg_temp.query('by_player', 'player = :p', jsonb_build_object('p', 'S:' || repeat('x', 2049)));

-- Scan: all partitions, in the order of their hashes; segments share nothing and leave out nothing
SELECT pg_temp.scan('by_score', '{"Select": "COUNT", "ReturnConsumedCapacity": "INDEXES"}');
SELECT pg_temp.scan('by_bin', '{"Limit": 1}');
SELECT pg_temp.scan('lsi_keys', '{"Limit": 1, "Select": "ALL_ATTRIBUTES", "ConsistentRead": true, "ReturnConsumedCapacity": "INDEXES"}');
SELECT sum(jsonb_array_length(dynamo_scan(jsonb_build_object('TableName', 'Games', 'IndexName', 'by_score', 'Segment', n, 'TotalSegments', 7))->'Items')) FROM generate_series(0, 6) n;
SELECT count(*) > 1 AS several FROM generate_series(0, 6) n
	WHERE dynamo_scan(jsonb_build_object('TableName', 'Games', 'IndexName', 'by_score', 'Segment', n, 'TotalSegments', 7))->>'Count' <> '0';
SELECT pg_temp.scan('by_score', jsonb_build_object('Segment', (n + 1) % 7, 'TotalSegments', 7, 'ExclusiveStartKey',
		dynamo_scan(jsonb_build_object('TableName', 'Games', 'IndexName', 'by_score', 'Segment', n, 'TotalSegments', 7, 'Limit', 1))->'LastEvaluatedKey')) LIKE '%with correct Segment. TotalSegments: 7%' AS refused
	FROM (SELECT n FROM generate_series(0, 6) n WHERE dynamo_scan(jsonb_build_object('TableName', 'Games', 'IndexName', 'by_score', 'Segment', n, 'TotalSegments', 7))->>'Count' <> '0' LIMIT 1) x;
SELECT pg_temp.scan('by_score', '{"FilterExpression": "score = :s AND tag = :t AND attribute_not_exists(note)", "ExpressionAttributeValues": {":s": {"N": "20"}, ":t": {"S": "x"}}, "ProjectionExpression": "p, s"}');
SELECT pg_temp.scan('by_score', '{"Select": "ALL_ATTRIBUTES"}');
SELECT pg_temp.scan('by_score', '{"ProjectionExpression": "note"}');
SELECT pg_temp.scan('nothing');

-- as rows: all pages at once
SELECT string_agg(item->>'s', ' ') FROM dynapg.query('{"TableName": "Games", "IndexName": "lsi_keys", "KeyConditionExpression": "p = :p AND score >= :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "10"}}, "ScanIndexForward": false}') item;
SELECT item FROM dynapg.query('{"TableName": "Games", "IndexName": "by_score", "KeyConditionExpression": "score = :s", "ExpressionAttributeValues": {":s": {"N": "20"}}, "Limit": 2}') item;
SELECT item->'note' FROM dynapg.query('{"TableName": "Games", "IndexName": "lsi_keys", "KeyConditionExpression": "p = :p AND score = :s", "Select": "ALL_ATTRIBUTES", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "20"}}, "Limit": 2}') item;
SELECT count(*) FROM dynapg.scan('{"TableName": "Games", "IndexName": "by_time"}');
SELECT * FROM dynapg.scan('{"TableName": "Games", "IndexName": "by_time", "Select": "COUNT"}');

-- 1 MB of the index's entries is a page, whatever the items' size; of whole items it is 1 MB of them
INSERT INTO dynamo."Games"(item) SELECT jsonb_build_object('p', 'big', 's', s, 'score', s, 'note', repeat('x', 100000), 'tag', repeat('y', 50000)) FROM generate_series(1, 30) s;
SELECT x->'Count', x->'LastEvaluatedKey' IS NULL, x->'ConsumedCapacity' FROM dynamo_query('{"TableName": "Games", "IndexName": "lsi_keys", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}, "ReturnConsumedCapacity": "INDEXES"}') x;
SELECT x->'Count', x->'LastEvaluatedKey', x->'ConsumedCapacity' FROM dynamo_query('{"TableName": "Games", "IndexName": "lsi_all", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}, "ReturnConsumedCapacity": "INDEXES"}') x;
SELECT x->'Count', x->'LastEvaluatedKey', x->'ConsumedCapacity' FROM dynamo_query('{"TableName": "Games", "IndexName": "lsi_keys", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}, "Select": "ALL_ATTRIBUTES", "ReturnConsumedCapacity": "INDEXES"}') x;
SELECT pages, items, different FROM pg_temp.paged('query', '{"TableName": "Games", "IndexName": "lsi_keys", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "big"}}, "Select": "ALL_ATTRIBUTES"}');
SELECT dynamo_delete_table('{"TableName": "Games"}')->'TableDescription'->'TableStatus' AS status;
