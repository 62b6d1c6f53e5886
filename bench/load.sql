-- The same items in an item table and in an ordinary one, both in one random order.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE EXTENSION dynapg;
SELECT dynamo_create_table('{"TableName": "Bench", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]}')
\g /dev/null
CREATE TABLE raw (pk text NOT NULL, sk int NOT NULL, item jsonb NOT NULL, PRIMARY KEY (pk, sk));

CREATE TEMP TABLE source AS
SELECT i / :per_partition AS p, i % :per_partition AS s
FROM generate_series(0, :items - 1) i ORDER BY random();

CREATE FUNCTION pg_temp.item(p int, s int) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN jsonb_build_object(
    'pk', 'user#' || p, 'sk', s, 'name', 'Customer number ' || p, 'email', 'customer' || p || '@example.com',
    'city', 'Springfield', 'age', 18 + p % 60, 'score', (p % 1000) / 8.0, 'active', s % 2 = 0,
    'tags', jsonb_build_array('red', 'green', 'blue'),
    'address', jsonb_build_object('street', 'Main Street ' || s, 'zip', '12345'), 'note', 'Nothing of note so far.');

INSERT INTO dynamo."Bench" (item) SELECT pg_temp.item(p, s) FROM source;
INSERT INTO raw SELECT 'user#' || p, s, pg_temp.item(p, s) FROM source;

-- The same with 1000 items a partition.
SELECT dynamo_create_table('{"TableName": "Wide", "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
    "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"}]}')
\g /dev/null
CREATE TABLE raw_wide (LIKE raw INCLUDING ALL);
CREATE TEMP TABLE wide_source AS
SELECT p, s FROM generate_series(0, 99) p, generate_series(0, 999) s ORDER BY random();
INSERT INTO dynamo."Wide" (item) SELECT pg_temp.item(p, s) FROM wide_source;
INSERT INTO raw_wide SELECT 'user#' || p, s, pg_temp.item(p, s) FROM wide_source;

VACUUM (ANALYZE) dynamo."Bench", dynamo."Wide", raw, raw_wide;

-- Everything that fits is in memory before anything is measured.
SELECT count(*) = 1 AS can_prewarm FROM pg_available_extensions WHERE name = 'pg_prewarm'
\gset
\if :can_prewarm
CREATE EXTENSION pg_prewarm;
SELECT sum(pg_prewarm(oid)) FROM pg_class
WHERE oid IN ('raw'::regclass, 'raw_pkey'::regclass, 'dynamo."Bench"'::regclass, 'dynamo."Bench~pkey"'::regclass)
\g /dev/null
\endif
CHECKPOINT;
