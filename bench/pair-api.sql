\set p random(0, :partitions - 1)
\set s random(0, :per_partition - 1)
\set n random(18, 78)
SELECT dynamo_delete_item(('{"TableName":"Bench","Key":{"pk":{"S":"user#' || :p || '"},"sk":{"N":"' || :s || '"}}}')::jsonb);
SELECT dynamo_put_item(('{"TableName":"Bench","Item":{"pk":{"S":"user#' || :p || '"},"sk":{"N":"' || :s || '"},"name":{"S":"Customer number ' || :p || '"},"email":{"S":"customer' || :p || '@example.com"},"city":{"S":"Springfield"},"age":{"N":"' || :n || '"},"score":{"N":"12.125"},"active":{"BOOL": true},"tags":{"L":[{"S":"red"},{"S":"green"},{"S":"blue"}]},"address":{"M":{"street":{"S":"Main Street ' || :s || '"},"zip":{"S":"12345"}}},"note":{"S":"Nothing of note so far."}}}')::jsonb);
