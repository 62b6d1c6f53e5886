-- The request's text is put together here too: a client would have sent it ready.
\set p random(0, :partitions - 1)
\set s random(0, :per_partition - 1)
SELECT item, octet_length('{"TableName":"Bench","Key":{"pk":{"S":"user#' || :p || '"},"sk":{"N":"' || :s || '"}}}') FROM raw WHERE pk = 'user#' || :p AND sk = :s;
