\set p random(0, :partitions - 1)
\set s random(0, :per_partition - 1)
\set n random(18, 78)
DELETE FROM raw WHERE pk = 'user#' || :p AND sk = :s;
INSERT INTO raw VALUES ('user#' || :p, :s, ('{"pk":"user#' || :p || '","sk":' || :s || ',"name":"Customer number ' || :p || '","email":"customer' || :p || '@example.com","city":"Springfield","age":' || :n || ',"score": 12.125,"active": true,"tags":["red","green","blue"],"address":{"street":"Main Street ' || :s || '","zip":"12345"},"note":"Nothing of note so far."}')::jsonb) ON CONFLICT (pk, sk) DO UPDATE SET item = excluded.item;
