-- Every operation on items, of a table "Path" with a local and a global index; without an operator or a function of PostgreSQL's.
-- For sql/search_path.sql.
SELECT public.dynamo_put_item('{"TableName": "Path", "Item": {"id": {"S": "a"}, "pos": {"N": "1"}, "g": {"S": "x"}}, "ConditionExpression": "attribute_not_exists(id)"}');
SELECT public.dynamo_put_item('{"TableName": "Path", "Item": {"id": {"S": "a"}, "pos": {"N": "1"}, "g": {"S": "y"}}, "ReturnValues": "ALL_OLD"}');
SELECT public.dynamo_update_item('{"TableName": "Path", "Key": {"id": {"S": "a"}, "pos": {"N": "2"}}, "UpdateExpression": "SET g = :g ADD n :n", "ExpressionAttributeValues": {":g": {"S": "x"}, ":n": {"N": "3"}}, "ReturnValues": "ALL_NEW"}');
SELECT public.dynamo_get_item('{"TableName": "Path", "Key": {"id": {"S": "a"}, "pos": {"N": "1"}}}');
SELECT public.dynamo_batch_write_item('{"RequestItems": {"Path": [{"PutRequest": {"Item": {"id": {"S": "b"}, "pos": {"N": "1"}, "g": {"S": "x"}}}}, {"DeleteRequest": {"Key": {"id": {"S": "c"}, "pos": {"N": "1"}}}}]}, "ReturnItemCollectionMetrics": "SIZE"}');
SELECT public.dynamo_batch_get_item('{"RequestItems": {"Path": {"Keys": [{"id": {"S": "b"}, "pos": {"N": "1"}}]}}}');
SELECT public.dynamo_transact_write_items('{"TransactItems": [{"Put": {"TableName": "Path", "Item": {"id": {"S": "t"}, "pos": {"N": "1"}, "g": {"S": "t"}}}},
	{"ConditionCheck": {"TableName": "Path", "Key": {"id": {"S": "u"}, "pos": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(id)"}}], "ClientRequestToken": "path"}');
SELECT public.dynamo_transact_write_items('{"TransactItems": [{"Put": {"TableName": "Path", "Item": {"id": {"S": "t"}, "pos": {"N": "1"}, "g": {"S": "t"}}}},
	{"ConditionCheck": {"TableName": "Path", "Key": {"id": {"S": "u"}, "pos": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(id)"}}], "ClientRequestToken": "path"}');
SELECT public.dynamo_transact_get_items('{"TransactItems": [{"Get": {"TableName": "Path", "Key": {"id": {"S": "t"}, "pos": {"N": "1"}}}}]}');
SELECT public.dynamo_query('{"TableName": "Path", "KeyConditionExpression": "id = :i AND pos > :n", "ExpressionAttributeValues": {":i": {"S": "a"}, ":n": {"N": "0"}}}');
SELECT public.dynamo_query('{"TableName": "Path", "IndexName": "by_g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}, "ScanIndexForward": false}');
SELECT public.dynamo_query('{"TableName": "Path", "IndexName": "local", "KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "a"}}, "ConsistentRead": true}');
SELECT public.dynamo_scan('{"TableName": "Path", "FilterExpression": "pos = :n", "ExpressionAttributeValues": {":n": {"N": "2"}}, "Select": "COUNT"}');
SELECT public.dynamo_scan('{"TableName": "Path", "IndexName": "by_g", "Segment": 0, "TotalSegments": 1, "Select": "COUNT"}');
SELECT public.dynamo_execute_statement('{"Statement": "SELECT pos FROM \"Path\" WHERE id = ''a''", "Limit": 1}') IS NOT NULL;
SELECT public.dynamo_batch_execute_statement('{"Statements": [{"Statement": "SELECT g FROM \"Path\" WHERE id = ''b'' AND pos = 1"}]}');
SELECT public.dynamo_execute_transaction('{"TransactStatements": [{"Statement": "UPDATE \"Path\" SET v = 1 WHERE id = ''b'' AND pos = 1"}], "ClientRequestToken": "statement"}');
SELECT public.dynamo_partiql('SELECT * FROM "Path" WHERE id = ?', 'b');
SELECT dynapg.query('{"TableName": "Path", "KeyConditionExpression": "id = :i", "ExpressionAttributeValues": {":i": {"S": "b"}}}');
SELECT dynapg.scan('{"TableName": "Path", "ProjectionExpression": "v", "FilterExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}');
SELECT dynapg.put('Path', '{"id": "h", "pos": 1, "g": "h"}'), dynapg.get('Path', 'h', 1), dynapg.delete('Path', 'h', 1);
SELECT dynapg.items('Path', 'a');
INSERT INTO dynamo."Path" (item) VALUES ('{"id": "s", "pos": 1, "g": "sql"}'), ('{"id": "s", "pos": 2, "g": "sql"}');
UPDATE dynamo."Path" SET item = item OPERATOR(pg_catalog.||) '{"g": "new"}';
DELETE FROM dynamo."Path" WHERE item OPERATOR(pg_catalog.@>) '{"id": "a"}';
COPY dynamo."Path" (item) FROM STDIN;
{"id": "c", "pos": 1, "g": "copy"}
\.
SELECT index_name, problem FROM dynapg.check_table('Path');
SELECT public.dynamo_scan('{"TableName": "Path", "IndexName": "by_g", "Select": "COUNT"}');
TRUNCATE dynamo."Path";
SELECT public.dynamo_scan('{"TableName": "Path", "IndexName": "by_g", "Select": "COUNT"}');
