-- What loads a table with global indexes, and an ordinary one with btree indexes; items are those of bench/load.sql, with g.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION dynapg;
CREATE SCHEMA bench;
CREATE TABLE bench.source AS
SELECT i, i / :per_partition AS p, i % :per_partition AS s, (i * 7919::bigint) % (:items / :per_partition) AS g
FROM generate_series(0, :items - 1) i ORDER BY random();

CREATE FUNCTION bench.item(p int, s int, g bigint) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN jsonb_build_object(
    'pk', 'user#' || p, 'sk', s, 'g', 'group#' || g, 'name', 'Customer number ' || p, 'email', 'customer' || p || '@example.com',
    'city', 'Springfield', 'age', 18 + p % 60, 'score', (p % 1000) / 8.0, 'active', s % 2 = 0,
    'tags', jsonb_build_array('red', 'green', 'blue'),
    'address', jsonb_build_object('street', 'Main Street ' || s, 'zip', '12345'), 'note', 'Nothing of note so far.');

CREATE FUNCTION bench.load(name text, indexes int, projection text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM dynamo_create_table(jsonb_strip_nulls(jsonb_build_object('TableName', 'Bench' || name, 'BillingMode', 'PAY_PER_REQUEST',
        'KeySchema', '[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}]'::jsonb,
        'AttributeDefinitions', '[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]'::jsonb
            || CASE WHEN indexes > 0 THEN '[{"AttributeName": "g", "AttributeType": "S"}]'::jsonb ELSE '[]' END,
        'GlobalSecondaryIndexes', (SELECT jsonb_agg(jsonb_build_object('IndexName', 'by_g' || n,
            'KeySchema', '[{"AttributeName": "g", "KeyType": "HASH"}]'::jsonb, 'Projection', jsonb_build_object('ProjectionType', projection)))
            FROM generate_series(1, indexes) n))));
    EXECUTE format('INSERT INTO dynamo.%I (item) SELECT bench.item(p, s, g) FROM bench.source', 'Bench' || name);
END $$;

CREATE FUNCTION bench.load_raw(name text, indexes int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (pk text NOT NULL, sk int NOT NULL, item jsonb NOT NULL, PRIMARY KEY (pk, sk))', 'raw' || name);
    FOR i IN 1 .. indexes LOOP
        EXECUTE format('CREATE INDEX ON %I ((item->>''g''))', 'raw' || name);
    END LOOP;
    EXECUTE format('INSERT INTO %I SELECT ''user#'' || p, s, bench.item(p, s, g) FROM bench.source', 'raw' || name);
END $$;
