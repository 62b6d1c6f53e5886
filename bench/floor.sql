-- The floor of bench/http.sh: the same items in an ordinary table, the key in columns of its own.
\set ON_ERROR_STOP on
CREATE TABLE raw (pk text NOT NULL, sk int NOT NULL, item jsonb NOT NULL, PRIMARY KEY (pk, sk));
INSERT INTO raw SELECT item ->> 'pk', (item ->> 'sk')::int, item FROM (
    SELECT jsonb_build_object(
        'pk', 'user#' || p, 'sk', s, 'name', 'Customer number ' || p, 'email', 'customer' || p || '@example.com',
        'city', 'Springfield', 'age', 18 + p % 60, 'score', (p % 1000) / 8.0, 'active', s % 2 = 0,
        'tags', jsonb_build_array('red', 'green', 'blue'),
        'address', jsonb_build_object('street', 'Main Street ' || s, 'zip', '12345'),
        'note', 'Nothing of note so far.') AS item
    FROM (SELECT i / 10 AS p, i % 10 AS s FROM generate_series(0, :items - 1) i ORDER BY random()) numbers) items;
GRANT SELECT, INSERT, UPDATE ON raw TO bench;
