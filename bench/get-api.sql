\set p random(0, :partitions - 1)
\set s random(0, :per_partition - 1)
SELECT dynamo_get_item(('{"TableName":"Bench","Key":{"pk":{"S":"user#' || :p || '"},"sk":{"N":"' || :s || '"}}}')::jsonb);
