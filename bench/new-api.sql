\set p random(0, :partitions - 1)
\set s random(:per_partition, 2000000000)
\set n random(18, 78)
SELECT dynamo_put_item(('{"TableName":"Bench","Item":{"pk":{"S":"user#' || :p || '"},"sk":{"N":"' || :s || '"},"name":{"S":"Customer number ' || :p || '"},"email":{"S":"customer' || :p || '@example.com"},"city":{"S":"Springfield"},"age":{"N":"' || :n || '"},"score":{"N":"12.125"},"active":{"BOOL": true},"tags":{"L":[{"S":"red"},{"S":"green"},{"S":"blue"}]},"address":{"M":{"street":{"S":"Main Street ' || :s || '"},"zip":{"S":"12345"}}},"note":{"S":"Nothing of note so far."}}}')::jsonb);
