-- A table with 5 LSIs and 5 GSIs, what random writers do to it, and what the indexes should hold.
-- Variable items: how many there are that are hardly ever written, so that building an index takes its time.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
CREATE SCHEMA stress;

-- What the checks know of the indexes. Attributes are written name:type.
CREATE TABLE stress.index (name text PRIMARY KEY, local boolean, hash text[], range text[], projection text, included text[]);
INSERT INTO stress.index VALUES
	('local_n', true, '{p:N}', '{n1:N}', 'ALL', NULL),
	('local_s', true, '{p:N}', '{s1:S}', 'KEYS_ONLY', NULL),
	('local_b', true, '{p:N}', '{b1:B}', 'INCLUDE', '{v,padding}'),
	('local_rare', true, '{p:N}', '{rare:N}', 'INCLUDE', '{s1}'),
	('local_v', true, '{p:N}', '{v:N}', 'ALL', NULL),
	('global_s', false, '{s1:S}', '{}', 'ALL', NULL),
	('global_n', false, '{n1:N}', '{v:N}', 'KEYS_ONLY', NULL),
	('global_base', false, '{s2:S}', '{s:N}', 'INCLUDE', '{v}'),
	('global_many', false, '{s1:S,n1:N}', '{b1:B,n2:N}', 'INCLUDE', '{v}'),
	('global_drop', false, '{s2:S}', '{n1:N}', 'ALL', NULL),
	('global_new', false, '{s3:S}', '{n2:N}', 'ALL', NULL),
	('global_misfit', false, '{odd:N}', '{}', 'INCLUDE', '{s1,n1}');

CREATE FUNCTION stress.definition(i stress.index) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('IndexName', i.name,
		'KeySchema', (SELECT jsonb_agg(jsonb_build_object('AttributeName', split_part(a, ':', 1), 'KeyType', k) ORDER BY k, n)
			FROM (SELECT a, n, 'HASH' FROM unnest(i.hash) WITH ORDINALITY x(a, n)
				UNION ALL SELECT a, n, 'RANGE' FROM unnest(i.range) WITH ORDINALITY x(a, n)) x(a, n, k)),
		'Projection', jsonb_strip_nulls(jsonb_build_object('ProjectionType', i.projection, 'NonKeyAttributes', i.included))) $$;
CREATE FUNCTION stress.attributes(VARIADIC keys text[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(DISTINCT jsonb_build_object('AttributeName', split_part(a, ':', 1), 'AttributeType', split_part(a, ':', 2)))
		FROM unnest(keys) a $$;

SELECT dynamo_create_table(jsonb_build_object('TableName', 'Stress', 'BillingMode', 'PAY_PER_REQUEST',
	'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
	'AttributeDefinitions', stress.attributes('p:N', 's:N', 'n1:N', 'n2:N', 's1:S', 's2:S', 'b1:B', 'rare:N', 'v:N'),
	'LocalSecondaryIndexes', (SELECT jsonb_agg(stress.definition(i)) FROM stress.index i WHERE local),
	'GlobalSecondaryIndexes', (SELECT jsonb_agg(stress.definition(i)) FROM stress.index i
		WHERE NOT local AND name NOT IN ('global_new', 'global_misfit')))) IS NOT NULL AS created;

CREATE FUNCTION stress.create_index(name text) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_update_table(jsonb_build_object('TableName', 'Stress',
		'AttributeDefinitions', stress.attributes(VARIADIC '{p:N,s:N}' || i.hash || i.range),
		'GlobalSecondaryIndexUpdates', jsonb_build_array(jsonb_build_object('Create', stress.definition(i)))))
		FROM stress.index i WHERE i.name = $1 $$;

-- Any one of a few values, or a null.
CREATE FUNCTION stress.some(present float, domain int) RETURNS int LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN random() < present THEN floor(random() * domain)::int END $$;

-- A random item's attributes beside its key: few values, so that there are ties; each may be missing.
CREATE FUNCTION stress.random_attributes() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object(
		'n1', stress.some(0.8, 5), 'n2', stress.some(0.8, 3) - 1.5,
		's1', 's' || stress.some(0.8, 5), 's2', 's' || stress.some(0.7, 50), 's3', repeat('long ', 30 * stress.some(0.7, 3) + 1),
		'b1', CASE WHEN random() < 0.7 THEN jsonb_build_object('$B', encode(decode(lpad(to_hex(stress.some(1, 4)), 2, '0'), 'hex'), 'base64')) END,
		'rare', stress.some(0.05, 100), 'v', stress.some(0.95, 1000),
		'odd', CASE WHEN random() < 0.9 THEN to_jsonb(stress.some(0.8, 10)) ELSE '"no number"' END,
		'padding', CASE WHEN random() < 0.1 THEN
			(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 1 + (random() * random() * 200)::int)) END)) $$;

-- Hot keys are few: partitions 0 to 4.
CREATE FUNCTION stress.key(key int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('p', key % 5, 's', key) $$;
CREATE FUNCTION stress.random_item(key int) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT stress.key(key) || stress.random_attributes() $$;

CREATE FUNCTION stress.put(key int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynamo_put_item(jsonb_build_object('TableName', 'Stress', 'Item', dynapg.to_dynamodb_json(stress.random_item(key))));
EXCEPTION WHEN SQLSTATE 'YD001' THEN	-- an odd value, where the index is there by now
END $$;

-- Sets one attribute to a value that a random item has, or removes it.
CREATE FUNCTION stress.update(key int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	attribute text := (ARRAY['n1', 'n2', 's1', 's2', 's3', 'b1', 'rare', 'v', 'odd', 'padding'])[1 + floor(random() * 10)];
	value jsonb := stress.random_attributes() -> attribute;
BEGIN
	PERFORM dynamo_update_item(jsonb_strip_nulls(jsonb_build_object('TableName', 'Stress', 'Key', dynapg.to_dynamodb_json(stress.key(key)),
		'UpdateExpression', CASE WHEN value IS NULL THEN 'REMOVE #a' ELSE 'SET #a = :v' END,
		'ExpressionAttributeNames', jsonb_build_object('#a', attribute),
		'ExpressionAttributeValues', dynapg.to_dynamodb_json(jsonb_build_object(':v', value)) - CASE WHEN value IS NULL THEN ':v' ELSE '' END)) - CASE WHEN value IS NULL THEN 'ExpressionAttributeValues' ELSE '' END);
EXCEPTION WHEN SQLSTATE 'YD001' THEN
END $$;

CREATE FUNCTION stress.delete(key int) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_delete_item(jsonb_build_object('TableName', 'Stress', 'Key', dynapg.to_dynamodb_json(stress.key(key)))) $$;

-- Up to 10 puts and deletes in one request.
CREATE FUNCTION stress.batch(keys int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynamo_batch_write_item(jsonb_build_object('RequestItems', jsonb_build_object('Stress', (
		SELECT jsonb_agg(CASE WHEN random() < 0.3 THEN jsonb_build_object('DeleteRequest', jsonb_build_object('Key', dynapg.to_dynamodb_json(stress.key(key))))
				ELSE jsonb_build_object('PutRequest', jsonb_build_object('Item', dynapg.to_dynamodb_json(stress.random_item(key)))) END)
			FROM (SELECT DISTINCT 1 + floor(random() * keys)::int AS key FROM generate_series(1, 10)) k))));
EXCEPTION WHEN SQLSTATE 'YD001' THEN
END $$;

-- Plain SQL.
CREATE FUNCTION stress.sql(key int, what int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	at uuid := dynapg.partition_hash(stress.key(key), 'p', 'N');
	at_sort bytea := dynapg.sort_key(stress.key(key), 's', 'N');
BEGIN
	CASE what % 6
	WHEN 0 THEN
		UPDATE dynamo."Stress" t SET item = t.item || stress.random_attributes() WHERE (t.hash, t.sort) = (at, at_sort);
	WHEN 1 THEN
		UPDATE dynamo."Stress" t SET item = (t.item - 's1' - 'n2') WHERE t.hash = at AND t.sort >= at_sort AND (t.item->'s')::int < key + 20;
	WHEN 2 THEN
		INSERT INTO dynamo."Stress" AS t (item) SELECT stress.random_item(k) FROM generate_series(key, key + 10, 5) k
			ON CONFLICT (hash, sort) DO UPDATE SET item = t.item || (excluded.item - 's1');
	WHEN 3 THEN
		DELETE FROM dynamo."Stress" t WHERE (t.hash, t.sort) = (at, at_sort);
	WHEN 4 THEN
		-- to another key, which may be there
		UPDATE dynamo."Stress" t SET item = t.item || stress.key(key + 7) WHERE (t.hash, t.sort) = (at, at_sort);
	WHEN 5 THEN
		MERGE INTO dynamo."Stress" t USING (SELECT stress.random_item(key) AS item) n ON (t.hash, t.sort) = (at, at_sort)
			WHEN MATCHED AND random() < 0.2 THEN DELETE
			WHEN MATCHED THEN UPDATE SET item = n.item
			WHEN NOT MATCHED THEN INSERT (item) VALUES (n.item);
	END CASE;
EXCEPTION WHEN SQLSTATE 'YD001' OR unique_violation THEN
END $$;

-- Several writes, some of them undone.
CREATE FUNCTION stress.undo(key int, what int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM stress.put(key);
	BEGIN
		PERFORM stress.update(key), stress.sql(key, what), stress.delete(key + 1), stress.put(key);
		RAISE EXCEPTION USING ERRCODE = 'UNDO0';
	EXCEPTION WHEN SQLSTATE 'UNDO0' THEN
	END;
	PERFORM stress.update(key);
END $$;

-- What an item's entry is, made without dynapg: NULL if it has none.
CREATE FUNCTION stress.fits(item jsonb, attributes text[]) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
	SELECT coalesce(bool_and(coalesce(CASE split_part(a, ':', 2)
		WHEN 'N' THEN jsonb_typeof(item -> split_part(a, ':', 1)) = 'number'
		WHEN 'S' THEN jsonb_typeof(item -> split_part(a, ':', 1)) = 'string'
		ELSE item -> split_part(a, ':', 1) ? '$B' END, false)), true) FROM unnest(attributes) a $$;
CREATE FUNCTION stress.project(item jsonb, i stress.index) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT CASE WHEN i.projection = 'ALL' THEN item ELSE
		(SELECT jsonb_object_agg(key, value) FROM jsonb_each(item) WHERE key = ANY (ARRAY['p', 's'] || i.included ||
			ARRAY(SELECT split_part(a, ':', 1) FROM unnest(i.hash || i.range) a))) END $$;
-- An attribute as what its order is: a number, or bytes.
CREATE FUNCTION stress.tuple(item jsonb, attributes text[]) RETURNS text LANGUAGE sql IMMUTABLE AS $$
	SELECT string_agg((item -> split_part(a, ':', 1))::text, ',' ORDER BY n) FROM unnest(attributes) WITH ORDINALITY x(a, n) $$;

-- Compares the entries of each index with the items, without dynapg's own checker or functions.
CREATE FUNCTION stress.compare() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	i stress.index;
	entries regclass;
	a record;
	n int;
BEGIN
	FOR i IN SELECT * FROM stress.index s ORDER BY name
	LOOP
		SELECT relation INTO entries FROM dynapg.indexes x WHERE x.table_name = 'Stress' AND x.name = i.name AND x.status = 'ACTIVE';
		CONTINUE WHEN NOT FOUND;
		EXECUTE format('CREATE TEMP TABLE expected AS SELECT hash AS base_hash, sort AS base_sort, stress.project(item, $1) AS item
			FROM dynamo."Stress" WHERE stress.fits(item, $1.hash || $1.range)') USING i;
		EXECUTE format('CREATE TEMP TABLE actual AS SELECT * FROM %s', entries);
		RETURN QUERY SELECT format('%s: an entry is missing: %s', i.name, x.item)
			FROM (SELECT base_hash, base_sort, item FROM expected EXCEPT ALL SELECT base_hash, base_sort, item FROM actual) x;
		RETURN QUERY SELECT format('%s: an entry too many: %s', i.name, x.item)
			FROM (SELECT base_hash, base_sort, item FROM actual EXCEPT ALL SELECT base_hash, base_sort, item FROM expected) x;
		-- one hash for one partition key
		RETURN QUERY SELECT format('%s: partition %s has %s hashes', i.name, stress.tuple(item, i.hash), count(DISTINCT hash))
			FROM actual GROUP BY stress.tuple(item, i.hash) HAVING count(DISTINCT hash) > 1;
		RETURN QUERY SELECT format('%s: hash %s has %s partitions', i.name, hash, count(DISTINCT stress.tuple(item, i.hash)))
			FROM actual GROUP BY hash HAVING count(DISTINCT stress.tuple(item, i.hash)) > 1;
		-- sort columns order entries as the attributes do
		FOR a IN SELECT split_part(x, ':', 1) AS name, split_part(x, ':', 2) AS type, ordinality AS number FROM unnest(i.range) WITH ORDINALITY x
		LOOP
			EXECUTE format('SELECT count(*) FROM (SELECT dense_rank() OVER (ORDER BY sort_%s) AS actual, dense_rank() OVER (ORDER BY %s) AS expected FROM actual) x
				WHERE actual <> expected', a.number, CASE a.type WHEN 'N' THEN format('(item->>%L)::numeric', a.name)
				WHEN 'S' THEN format('item->>%L COLLATE "C"', a.name) ELSE format('decode(item #>> ARRAY[%L, ''$B''], ''base64'')', a.name) END) INTO n;
			IF n > 0 THEN
				RETURN NEXT format('%s: %s entries are not in the order of %s', i.name, n, a.name);
			END IF;
		END LOOP;
		RETURN QUERY SELECT format('%s: %s entries, Scan returns %s', i.name, count(*), scanned) FROM actual, stress.scan(i.name) scanned
			GROUP BY scanned HAVING count(*) <> scanned;
		DROP TABLE expected, actual;
	END LOOP;
END $$;

CREATE FUNCTION stress.scan(index text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb := '{}';
	total bigint := 0;
BEGIN
	LOOP
		answer := dynamo_scan(jsonb_build_object('TableName', 'Stress', 'IndexName', index, 'Select', 'COUNT')
			|| CASE WHEN answer ? 'LastEvaluatedKey' THEN jsonb_build_object('ExclusiveStartKey', answer -> 'LastEvaluatedKey') ELSE '{}' END);
		total := total + (answer ->> 'Count')::int;
		EXIT WHEN NOT answer ? 'LastEvaluatedKey';
	END LOOP;
	RETURN total;
END $$;

INSERT INTO dynamo."Stress" (item) SELECT jsonb_build_object('p', 10 + i % 1000, 's', i) || stress.random_attributes() FROM generate_series(1, :items) i;
ANALYZE dynamo."Stress";
