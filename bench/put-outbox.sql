\set p random(0, :partitions - 1)
\set s random(0, :per_partition - 1)
\set n random(1, 1000000000)
WITH written AS (INSERT INTO raw VALUES ('user#' || :p, :s, ('{"pk":"user#' || :p || '","sk":' || :s || ',"name":"Customer number ' || :p || '","email":"customer' || :p || '@example.com","city":"Springfield","age":' || :n || ',"score": 12.125,"active": true,"tags":["red","green","blue"],"address":{"street":"Main Street ' || :s || '","zip":"12345"},"note":"Nothing of note so far."}')::jsonb) ON CONFLICT (pk, sk) DO UPDATE SET item = excluded.item RETURNING pk, sk) INSERT INTO outbox (keys) SELECT jsonb_build_object('pk', pk, 'sk', sk) FROM written;
