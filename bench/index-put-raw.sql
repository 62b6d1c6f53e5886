\set p random(0, :partitions - 1)
\set s @sort@
\set g @group@
\set n random(18, 78)
INSERT INTO raw@table@ VALUES ('user#' || :p, :s, ('{"pk":"user#' || :p || '","sk":' || :s || ',"g":"group#' || :g || '","name":"Customer number ' || :p || '","email":"customer' || :p || '@example.com","city":"Springfield","age":' || :n || ',"score": 12.125,"active": true,"tags":["red","green","blue"],"address":{"street":"Main Street ' || :s || '","zip":"12345"},"note":"Nothing of note so far."}')::jsonb) ON CONFLICT (pk, sk) DO UPDATE SET item = excluded.item;
