-- Prints what is wrong, and nothing if nothing is. Variable acknowledged: transactions that clients know to be committed.
\pset tuples_only on
\pset format unaligned
SET enable_indexscan TO off;
SET enable_indexonlyscan TO off;
SET enable_bitmapscan TO off;
CREATE TEMP TABLE in_heap AS SELECT hash, sort, item, (item->'s')::int AS key, (item->'v')::bigint AS v FROM dynamo."Stress";
RESET ALL;
SET enable_seqscan TO off;
CREATE TEMP TABLE in_key_index AS SELECT item FROM dynamo."Stress" WHERE hash >= '00000000-0000-0000-0000-000000000000' ORDER BY hash;
CREATE TEMP TABLE in_value_index AS SELECT item FROM dynamo."Stress" WHERE (item->'v')::bigint >= 0 ORDER BY (item->'v')::bigint;
RESET ALL;

SELECT 'doubled: ' || key FROM in_heap GROUP BY key HAVING count(*) > 1;
SELECT 'heap has ' || (SELECT count(*) FROM in_heap) || ', index has ' || count(*) FROM in_key_index
	HAVING count(*) <> (SELECT count(*) FROM in_heap);
SELECT 'heap has ' || (SELECT count(*) FROM in_heap) || ', index on v has ' || count(*) FROM in_value_index
	HAVING count(*) <> (SELECT count(*) FROM in_heap);
SELECT 'in one index only: ' || item::text FROM (TABLE in_key_index EXCEPT ALL TABLE in_value_index) i;
SELECT 'wrong key columns: ' || key FROM in_heap
	WHERE hash <> dynapg.partition_hash(item, 'p', 'N') OR sort <> dynapg.sort_key(item, 's', 'N');
SELECT 'the API does not find: ' || key FROM in_heap
	WHERE dynamo_get_item(jsonb_build_object('TableName', 'Stress', 'Key', stress.key(key))) -> 'Item' IS DISTINCT FROM
		dynapg.to_dynamodb_json(item);

-- each write found what the one before it left, and the last left what is there
SELECT format('number %s found %s at key %s, number %s left %s', number, old, key, last_number, last_new) FROM (
	SELECT *, lag(new) OVER w AS last_new, lag(number) OVER w AS last_number FROM stress.ledger
	WHERE old IS NOT NULL OR new IS NOT NULL
	WINDOW w AS (PARTITION BY key ORDER BY number)) l
	WHERE old IS DISTINCT FROM last_new LIMIT 20;
SELECT format('key %s has %s, the last write left %s', coalesce(h.key, l.key), h.v, l.new) FROM in_heap h
	FULL JOIN (SELECT DISTINCT ON (key) key, new FROM stress.ledger WHERE old IS NOT NULL OR new IS NOT NULL
		ORDER BY key, number DESC) l ON l.key = h.key
	WHERE h.v IS DISTINCT FROM l.new;
SELECT format('%s transactions were acknowledged, %s are there', :acknowledged, count(*)) FROM stress.ledger
	HAVING count(*) < :acknowledged;
SELECT count(*) > 0 AS has_amcheck FROM pg_available_extensions WHERE name = 'amcheck' \gset
\if :has_amcheck
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS amcheck;
SELECT bt_index_check('dynamo."Stress~pkey"', true), bt_index_check('dynamo.stress_v', true) \g /dev/null
\endif
