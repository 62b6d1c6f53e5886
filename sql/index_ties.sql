--
-- Paging through an index where 10,000 items tie: each comes once, whatever the page, both ways.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
SELECT dynamo_create_table('{"TableName": "Ties", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "N"}, {"AttributeName": "s", "AttributeType": "N"},
		{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "N"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "Projection": {"ProjectionType": "KEYS_ONLY"},
		"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}]}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "hash", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]},
		{"IndexName": "range", "Projection": {"ProjectionType": "KEYS_ONLY"},
			"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "h", "KeyType": "RANGE"}]}]}') IS NOT NULL AS created;
-- many partitions with few items each; below, above and between are items that do not tie
INSERT INTO dynamo."Ties" (item) SELECT jsonb_build_object('p', i % 700, 's', i, 'g', 'same', 'h', 1) FROM generate_series(1, 10000) i;
INSERT INTO dynamo."Ties" (item) SELECT jsonb_build_object('p', i % 7, 's', -i, 'g', 'same', 'h', i % 3) FROM generate_series(1, 30) i WHERE i % 3 <> 1;
INSERT INTO dynamo."Ties" (item) SELECT jsonb_build_object('p', i % 7, 's', -i, 'g', 'other', 'h', 1) FROM generate_series(100, 130) i;
-- a partition of its own for the local index
INSERT INTO dynamo."Ties" (item) SELECT jsonb_build_object('p', 1000, 's', i, 'h', 1) FROM generate_series(1, 10000) i;

-- Pages of one Query: how many, how many items, how many different ones, and whether they come in the order of the whole (index key, then
-- the table's): made of the entries, without the API.
CREATE FUNCTION pg_temp.paged(index text, condition text, vals jsonb, forward bool, page_size int, whole text,
	OUT pages int, OUT items int, OUT different bigint, OUT missing bigint, OUT ordered bool) LANGUAGE plpgsql AS $$
DECLARE
	request jsonb := jsonb_build_object('TableName', 'Ties', 'IndexName', index, 'KeyConditionExpression', condition,
		'ExpressionAttributeValues', vals, 'ScanIndexForward', forward, 'Limit', page_size);
	answer jsonb;
	seen text[] := '{}';
	expected text[];
BEGIN
	pages := 0;
	LOOP
		answer := dynamo_query(request);
		pages := pages + 1;
		seen := seen || ARRAY(SELECT i->'s'->>'N' FROM jsonb_array_elements(answer->'Items') WITH ORDINALITY x(i, n) ORDER BY n);
		EXIT WHEN answer->'LastEvaluatedKey' IS NULL;
		request := request || jsonb_build_object('ExclusiveStartKey', answer->'LastEvaluatedKey');
	END LOOP;
	EXECUTE whole INTO expected;
	items := cardinality(seen);
	SELECT count(DISTINCT s) INTO different FROM unnest(seen) s;
	SELECT count(*) INTO missing FROM (SELECT unnest(expected) EXCEPT SELECT unnest(seen)) x;
	IF NOT forward THEN
		expected := ARRAY(SELECT s FROM unnest(expected) WITH ORDINALITY x(s, n) ORDER BY n DESC);
	END IF;
	ordered := seen = expected;
END $$;

CREATE TEMP TABLE query (name text, index text, condition text, vals jsonb, whole text);
INSERT INTO query VALUES
	('no range key', 'hash', 'g = :g', '{":g": {"S": "same"}}',
		'SELECT array_agg(item->>''s'' ORDER BY hash, base_hash, base_sort) FROM dynapg_index."Ties~hash" WHERE item->>''g'' = ''same'''),
	('range key', 'range', 'g = :g', '{":g": {"S": "same"}}',
		'SELECT array_agg(item->>''s'' ORDER BY hash, sort_1, base_hash, base_sort) FROM dynapg_index."Ties~range" WHERE item->>''g'' = ''same'''),
	('equal range key', 'range', 'g = :g AND h = :h', '{":g": {"S": "same"}, ":h": {"N": "1"}}',
		'SELECT array_agg(item->>''s'' ORDER BY base_hash, base_sort) FROM dynapg_index."Ties~range" WHERE item @> ''{"g": "same", "h": 1}'''),
	('local', 'local', 'p = :p', '{":p": {"N": "1000"}}',
		'SELECT array_agg(item->>''s'' ORDER BY sort_1, base_sort) FROM dynapg_index."Ties~local" WHERE item->>''p'' = ''1000''');
SELECT name, forward, page_size, p.* FROM query, unnest(ARRAY[true, false]) forward, unnest(ARRAY[1, 7, 1000]) page_size,
	pg_temp.paged(index, condition, vals, forward, page_size, whole) p WHERE page_size > 1 OR name <> 'range key' ORDER BY name, forward DESC, page_size;

-- Scan by 1
CREATE FUNCTION pg_temp.scanned(index text, OUT pages int, OUT items int, OUT different bigint) LANGUAGE plpgsql AS $$
DECLARE
	request jsonb := jsonb_build_object('TableName', 'Ties', 'IndexName', index, 'Limit', 1);
	answer jsonb;
	seen text[] := '{}';
BEGIN
	pages := 0;
	LOOP
		answer := dynamo_scan(request);
		pages := pages + 1;
		seen := seen || (answer #>> '{Items,0,s,N}');
		EXIT WHEN answer->'LastEvaluatedKey' IS NULL;
		request := request || jsonb_build_object('ExclusiveStartKey', answer->'LastEvaluatedKey');
	END LOOP;
	items := cardinality(array_remove(seen, NULL));
	SELECT count(DISTINCT s) INTO different FROM unnest(seen) s;
END $$;
SELECT * FROM pg_temp.scanned('range');

SELECT dynamo_delete_table('{"TableName": "Ties"}') IS NOT NULL AS deleted;
