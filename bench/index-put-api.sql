\set p random(0, :partitions - 1)
\set s @sort@
\set g @group@
\set n random(18, 78)
SELECT dynamo_put_item(('{"TableName":"Bench@table@","Item":{"pk":{"S":"user#' || :p || '"},"sk":{"N":"' || :s || '"},"g":{"S":"group#' || :g || '"},"name":{"S":"Customer number ' || :p || '"},"email":{"S":"customer' || :p || '@example.com"},"city":{"S":"Springfield"},"age":{"N":"' || :n || '"},"score":{"N":"12.125"},"active":{"BOOL": true},"tags":{"L":[{"S":"red"},{"S":"green"},{"S":"blue"}]},"address":{"M":{"street":{"S":"Main Street ' || :s || '"},"zip":{"S":"12345"}}},"note":{"S":"Nothing of note so far."}}}')::jsonb);
