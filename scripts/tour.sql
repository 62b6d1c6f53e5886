-- A short tour through both doors of dynapg: the API, and plain SQL on the same items.
-- scripts/quickstart.sh runs it; it can be run again, and leaves an index, a view and a small table behind.
SET client_min_messages = warning;
DROP VIEW IF EXISTS cities;
DROP TABLE IF EXISTS countries;
DROP INDEX IF EXISTS dynamo.cities_name, dynamo.cities_item;

\echo
\echo '==== The API: a table is described as DynamoDB does'
SELECT jsonb_pretty(dynamo_describe_table('{"TableName": "Cities"}'));

\echo '==== The API: an item by its key'
SELECT jsonb_pretty(dynamo_get_item('{"TableName": "Cities", "Key": {"country": {"S": "DE"}, "cityId": {"N": "2950159"}}}'));

\echo '==== The API: put an item, see it in SQL, delete it'
SELECT dynamo_put_item('{"TableName": "Cities", "Item": {"country": {"S": "XX"}, "cityId": {"N": "1"}, "name": {"S": "Atlantis"}, "population": {"N": "0"}}}');
SELECT item FROM dynamo."Cities" WHERE item->>'country' = 'XX';
SELECT dynamo_delete_item('{"TableName": "Cities", "Key": {"country": {"S": "XX"}, "cityId": {"N": "1"}}, "ReturnValues": "ALL_OLD"}');

\echo '==== SQL: the ten biggest cities'
SELECT item->>'name' AS name, item->>'country' AS country, (item->'population')::bigint AS population
FROM dynamo."Cities" ORDER BY population DESC LIMIT 10;

\echo '==== SQL: an aggregate over all items'
SELECT item->>'country' AS country, count(*) AS cities, sum((item->'population')::bigint) AS population
FROM dynamo."Cities" GROUP BY 1 ORDER BY population DESC LIMIT 5;

\echo '==== SQL: a join with an ordinary table'
CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL, visited boolean NOT NULL DEFAULT false);
INSERT INTO countries VALUES ('DE', 'Germany'), ('JP', 'Japan'), ('KE', 'Kenya'), ('PE', 'Peru');
SELECT c.name AS country, big.name AS biggest_city, big.population
FROM countries c
CROSS JOIN LATERAL (
    SELECT item->>'name' AS name, (item->'population')::bigint AS population
    FROM dynamo."Cities" WHERE item->>'country' = c.code ORDER BY population DESC LIMIT 1) big
ORDER BY big.population DESC;

\echo '==== SQL: an index on any attribute'
CREATE INDEX cities_name ON dynamo."Cities" ((item->>'name'));
ANALYZE dynamo."Cities";
EXPLAIN (COSTS OFF) SELECT item FROM dynamo."Cities" WHERE item->>'name' = 'Springfield';
SELECT item->>'adminCode' AS state, item->'population' AS population
FROM dynamo."Cities" WHERE item->>'name' = 'Springfield' AND item->>'country' = 'US'
ORDER BY (item->'population')::bigint DESC LIMIT 5;

\echo '==== SQL: one GIN index for all attributes'
CREATE INDEX cities_item ON dynamo."Cities" USING gin (item jsonb_path_ops);
EXPLAIN (COSTS OFF) SELECT count(*) FROM dynamo."Cities" WHERE item @> '{"featureCode": "PPLC", "country": "PE"}';
SELECT item->>'name' AS capital, item->'location' AS location
FROM dynamo."Cities" WHERE item @> '{"featureCode": "PPLC", "country": "PE"}';

\echo '==== SQL: a view with typed columns'
SELECT dynapg.create_view('cities', 'Cities', '{"country": "text", "cityId": "int", "name": "text", "population": "bigint"}');
SELECT * FROM cities WHERE name LIKE 'San Fran%' ORDER BY population DESC LIMIT 5;

\echo '==== One transaction over both: what rolls back, rolls back together'
BEGIN;
SELECT dynamo_put_item('{"TableName": "Cities", "Item": {"country": {"S": "PE"}, "cityId": {"N": "1"}, "name": {"S": "El Dorado"}}}');
UPDATE countries SET visited = true WHERE code = 'PE';
SELECT c.visited, item->>'name' AS new_city
FROM countries c JOIN dynamo."Cities" ON item @> '{"country": "PE", "cityId": 1}' WHERE c.code = 'PE';
ROLLBACK;
SELECT c.visited, dynamo_get_item('{"TableName": "Cities", "Key": {"country": {"S": "PE"}, "cityId": {"N": "1"}}}') AS no_item
FROM countries c WHERE c.code = 'PE';
