-- Reading requests: JSON types (stage 4), then missing members and broken constraints (stage 5).
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- What is not an object.
SELECT pg_temp.api('list_tables', '5');
SELECT pg_temp.api('list_tables', '"x"');
SELECT pg_temp.api('list_tables', 'null');
SELECT pg_temp.api('put_item', '[]');

-- For a String.
SELECT pg_temp.api('put_item', '{"TableName": 23}');
SELECT pg_temp.api('put_item', '{"TableName": 23.5}');
SELECT pg_temp.api('put_item', '{"TableName": true}');
SELECT pg_temp.api('put_item', '{"TableName": false}');
SELECT pg_temp.api('put_item', '{"TableName": []}');
SELECT pg_temp.api('put_item', '{"TableName": {}}');

-- For an Integer and a Long: strings are refused, fractions are cut off.
SELECT pg_temp.api('list_tables', '{"Limit": "1"}');
SELECT pg_temp.api('list_tables', '{"Limit": true}');
SELECT pg_temp.api('list_tables', '{"Limit": []}');
SELECT pg_temp.api('list_tables', '{"Limit": {}}');
SELECT pg_temp.api('list_tables', '{"Limit": 0.9}');
SELECT pg_temp.api('list_tables', '{"Limit": -1.9}');
SELECT pg_temp.api('list_tables', '{"Limit": 2147483648}');
SELECT pg_temp.api('list_tables', '{"Limit": -2147483648}');
SELECT pg_temp.api('create_table', '{"ProvisionedThroughput": {"ReadCapacityUnits": "1"}}');
SELECT pg_temp.api('create_table', '{"ProvisionedThroughput": {"ReadCapacityUnits": false}}');
SELECT pg_temp.api('create_table', '{"ProvisionedThroughput": {"ReadCapacityUnits": []}}');
SELECT pg_temp.api('create_table', '{"ProvisionedThroughput": {"ReadCapacityUnits": 9223372036854775808}}');

-- For a Boolean: six words are as good as true and false.
SELECT pg_temp.api('get_item', '{"ConsistentRead": 1}');
SELECT pg_temp.api('get_item', '{"ConsistentRead": 1.5}');
SELECT pg_temp.api('get_item', '{"ConsistentRead": []}');
SELECT pg_temp.api('get_item', '{"ConsistentRead": {}}');
SELECT pg_temp.api('get_item', '{"ConsistentRead": "maybe"}');
SELECT word, pg_temp.api('get_item', jsonb_build_object('ConsistentRead', word))
FROM unnest(ARRAY['true', 'FALSE', '1', '0', 'Yes', 'no', '']) AS word;

-- For a list.
SELECT pg_temp.api('get_item', '{"AttributesToGet": "a"}');
SELECT pg_temp.api('get_item', '{"AttributesToGet": 1}');
SELECT pg_temp.api('get_item', '{"AttributesToGet": {}}');
SELECT pg_temp.api('get_item', '{"AttributesToGet": [1]}');
SELECT pg_temp.api('get_item', '{"AttributesToGet": [[]]}');
SELECT pg_temp.api('get_item', '{"AttributesToGet": [{}]}');

-- For a map.
SELECT pg_temp.api('put_item', '{"Item": "a"}');
SELECT pg_temp.api('put_item', '{"Item": []}');
SELECT pg_temp.api('put_item', '{"Expected": 1}');
SELECT pg_temp.api('put_item', '{"Expected": []}');
SELECT pg_temp.api('put_item', '{"ExpressionAttributeNames": []}');
SELECT pg_temp.api('put_item', '{"ExpressionAttributeNames": {"#a": 1}}');

-- For a structure: as a member, and inside a list or a map.
SELECT pg_temp.api('create_table', '{"ProvisionedThroughput": "a"}');
SELECT pg_temp.api('create_table', '{"ProvisionedThroughput": []}');
SELECT pg_temp.api('create_table', '{"KeySchema": ["a"]}');
SELECT pg_temp.api('create_table', '{"KeySchema": [[]]}');
SELECT pg_temp.api('create_table', '{"LocalSecondaryIndexes": [{"Projection": 1}]}');
SELECT pg_temp.api('put_item', '{"Expected": {"a": 1}}');
SELECT pg_temp.api('put_item', '{"Expected": {"a": []}}');
SELECT pg_temp.api('put_item', '{"Expected": {"a": {"Value": 1}}}');
SELECT pg_temp.api('put_item', '{"Expected": {"a": {"Value": []}}}');
SELECT pg_temp.api('put_item', '{"Expected": {"a": {"AttributeValueList": [1]}}}');
SELECT pg_temp.api('put_item', '{"Expected": {"a": {"AttributeValueList": [[]]}}}');
SELECT pg_temp.api('put_item', '{"Item": {"a": 1}}');
SELECT pg_temp.api('put_item', '{"Item": {"a": []}}');

-- For a Blob.
SELECT pg_temp.api('put_item', '{"Item": {"a": {"B": 1}}}');
SELECT pg_temp.api('put_item', '{"Item": {"a": {"B": true}}}');
SELECT pg_temp.api('put_item', '{"Item": {"a": {"B": "abc"}}}');
SELECT pg_temp.api('put_item', '{"Item": {"a": {"B": "ab=="}}}');

-- Serialization goes before constraints, wherever it stands.
SELECT pg_temp.api('put_item', '{"TableName": "", "ReturnValues": "x", "Item": {"a": {"S": 1}}}');

-- Members that the model does not know are dropped; null is absent.
SELECT pg_temp.api('describe_limits', '{"Unknown": {"deep": [1, {"x": null}]}, "Limit": null}');
SELECT pg_temp.api('get_item', '{"TableName": null, "Key": null, "Unknown": [[[]]]}');
SELECT pg_temp.api('create_table', '{"TableName": "abc", "KeySchema": [null], "AttributeDefinitions": [null, null]}');

-- Missing members, with the value unquoted, in the service's order.
SELECT pg_temp.api('put_item', '{}');
SELECT pg_temp.api('get_item', '{}');
SELECT pg_temp.api('delete_item', '{}');
SELECT pg_temp.api('create_table', '{"TableName": "abc"}');

-- These operations miss their TableName in other words.
SELECT operation, pg_temp.api(operation, '{"KeySchema": []}')
FROM unnest(ARRAY['create_table', 'update_table', 'describe_table', 'delete_table']) AS operation;

-- TableName: 1 to 255 characters for items, 3 to 255 for tables, of a pattern; reported alone.
SELECT pg_temp.api('put_item', '{"TableName": "", "ReturnValues": "x"}');
SELECT pg_temp.api('put_item', '{"TableName": "a;b", "ReturnValues": "x"}');
SELECT pg_temp.api('get_item', '{"TableName": "é", "ReturnConsumedCapacity": "x"}');
SELECT replace(pg_temp.api('get_item', jsonb_build_object('TableName', repeat('a', 256))), repeat('a', 256), '(256)');
SELECT pg_temp.api('get_item', '{"TableName": "a", "Key": {}}');
SELECT pg_temp.api('create_table', '{"TableName": "ab"}');
SELECT pg_temp.api('create_table', '{"TableName": "abc;"}');
SELECT pg_temp.api('describe_table', '{"TableName": ""}');
SELECT pg_temp.api('describe_table', '{"TableName": "ab"}');

-- An ARN stands for a name; what only looks like one does not.
SELECT pg_temp.api('describe_table', '{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/abc"}');
SELECT pg_temp.api('describe_table', '{"TableName": "arn:aws-cn:dynamodb:us-east-1:000000000000:table/abc"}');
SELECT pg_temp.api('describe_table', '{"TableName": "arn:aws:dynamodb:eu-west-2:000000000000:table/abc"}');
SELECT replace(pg_temp.api('describe_table', '{"TableName": "arn:aws:dynamodb:eu-west-2:111111111111:table/abc"}'), current_user, '(user)');
SELECT pg_temp.api('describe_table', '{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/ab"}');
SELECT pg_temp.api('describe_table', '{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/abc/index/def"}');
SELECT pg_temp.api('describe_table', '{"TableName": "arn:aws:s3:us-east-1:000000000000:table/abc"}');
SELECT pg_temp.api('get_item', '{"Key": {}, "TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/a"}');

-- Enums, in the order in which the service prints them; several at once.
SELECT pg_temp.api('put_item', '{"TableName": "abc", "Item": {}, "ReturnConsumedCapacity": "a", "ReturnValues": "b",
	"ReturnItemCollectionMetrics": "c", "ConditionalOperator": "d", "ReturnValuesOnConditionCheckFailure": "e"}');
SELECT pg_temp.api('delete_item', '{"TableName": "abc", "ReturnConsumedCapacity": "a", "ReturnValues": "b",
	"ReturnItemCollectionMetrics": "c", "Expected": {"a": {"ComparisonOperator": "e"}}}');
SELECT pg_temp.api('put_item', '{"TableName": "abc", "Item": {}, "ReturnValues": ""}');
SELECT pg_temp.api('create_table', '{"TableName": "abc", "BillingMode": "a", "TableClass": "c",
	"AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "s"}],
	"KeySchema": [{"AttributeName": "a", "KeyType": "hash"}],
	"LocalSecondaryIndexes": [{"IndexName": "abc", "KeySchema": [], "Projection": {"ProjectionType": "x"}}],
	"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "y"}}');

-- Lengths and values; index names show length before pattern, others after.
SELECT pg_temp.api('get_item', '{"TableName": "abc", "Key": {}, "AttributesToGet": []}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": ""}');
SELECT pg_temp.api('create_table', '{"TableName": "abc", "AttributeDefinitions": [],
	"KeySchema": [{"AttributeName": "", "KeyType": "HASH"}],
	"GlobalSecondaryIndexes": [{"IndexName": "", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}],
		"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": []}}]}');
SELECT replace(pg_temp.api('create_table', jsonb_build_object('TableName', 'abc', 'KeySchema', '[]'::jsonb,
	'AttributeDefinitions', jsonb_build_array(jsonb_build_object('AttributeName', repeat('a', 256), 'AttributeType', 'S')))),
	repeat('a', 256), '(256)');

-- At most ten are reported.
SELECT pg_temp.api('create_table', '{"TableName": "abc", "KeySchema": [{}, {}], "AttributeDefinitions": [{}, {}, {}, {}, {}]}');

-- Lists are echoed as Java prints them.
SELECT pg_temp.api('create_table', '{"TableName": "abc", "AttributeDefinitions": [],
	"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"},
				  {"AttributeName": "c"}]}');

-- An answer that depends on no table, as the one of DescribeLimits above.
SELECT pg_temp.api('describe_endpoints', '{}');

-- The reader itself, for any operation: what is read, written again.
CREATE FUNCTION pg_temp.read_request(operation text, source text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_read_request' LANGUAGE C STRICT;
CREATE FUNCTION pg_temp.read(operation text, source text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN pg_temp.read_request(operation, source);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;

-- Of members or entries with one name the last counts, even if it is null; entries keep their order.
SELECT pg_temp.read('GetItem', '{"TableName": "abc", "Key": {"a": {"S": "x"}}, "TableName": "def"}');
SELECT pg_temp.read('GetItem', '{"TableName": "abc", "Key": {}, "TableName": null}');
SELECT pg_temp.read('GetItem', '{"TableName": "abc", "Key": {}, "ConsistentRead": "yes", "Unknown": [{}],
	"ExpressionAttributeNames": {"#c": "1", "#b": "2", "#c": "3", "#a": null, "#b": null, "#d": "4"}}');
SELECT pg_temp.read('GetItem', '{"TableName": "abc", "Key": {}, "ExpressionAttributeNames": {"#a": null}}');

-- Numbers: fractions are cut off, exponents are worked out.
SELECT pg_temp.read('Scan', '{"TableName": "abc", "Limit": 2.9, "Segment": 0.0e0, "TotalSegments": 1.5e2}');
SELECT pg_temp.read('Scan', '{"TableName": "abc", "Limit": 1e99}');
SELECT pg_temp.read('GetShardIterator', '{"StreamArn": "arn:aws:dynamodb:us-east-1:000000000000:table/abc/stream/x",
	"ShardId": "shardId-00000000000000000000", "ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1.5}');

-- Nothing may follow the request, and it is JSON.
SELECT pg_temp.read('ListTables', '{} {}');
SELECT pg_temp.read('ListTables', '{"Limit": }');
SELECT pg_temp.read('ListTables', '');

-- The newer form of some members: no value, and the model's own casing.
SELECT pg_temp.read('Query', '{"TableName": "abc", "Limit": 0, "Select": "x"}');
SELECT pg_temp.read('Scan', '{"TableName": "abc", "Limit": 0}');
SELECT pg_temp.read('BatchGetItem', '{"RequestItems": {}}');
SELECT pg_temp.read('BatchGetItem', '{"RequestItems": {"abc": {"Keys": []}}}');
SELECT pg_temp.read('BatchGetItem', '{"RequestItems": {"abc": {"Keys": [' || repeat('{},', 100) || '{}]}}}');
SELECT pg_temp.read('SearchVectors', '{"TableName": "abc", "IndexName": "a", "SearchVector": [], "TopK": 101}');

-- Maps: their keys, and the lengths of their values.
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": {}}');
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": {"a;b": [{"DeleteRequest": {"Key": {}}}]}}');
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": {"abc": []}}');
SELECT regexp_replace(pg_temp.read('BatchWriteItem',
	'{"RequestItems": {"abc": [' || repeat('{"DeleteRequest": {"Key": {}}},', 25) || '{}]}}'), '(, [a-z.]*[0-9.a-zA-Z]*@[0-9a-f]+)+', ', ...');
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": {"arn:aws:dynamodb:us-east-1:000000000000:table/abc":
	[{"PutRequest": {"Item": {"p": {"S": "a"}}}}]}}');
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": {"abc": [{"PutRequest": {}}, {"DeleteRequest": {}}]}}');
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": {"abc": 1}}');
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": {"abc": {}}}');
SELECT pg_temp.read('BatchWriteItem', '{"RequestItems": []}');

-- Transactions and statements.
SELECT pg_temp.read('TransactWriteItems', '{"TransactItems": []}');
SELECT pg_temp.read('TransactWriteItems', '{"TransactItems": [{"Put": {}}], "ClientRequestToken": ""}');
SELECT pg_temp.read('BatchExecuteStatement', '{"Statements": []}');
SELECT pg_temp.read('BatchExecuteStatement', '{"Statements": [{"Statement": "", "Parameters": []}]}');
SELECT pg_temp.read('UpdateTimeToLive', '{"TableName": "abc", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": ""}}');

-- Patterns other than that of names.
SELECT pg_temp.read('ImportTable', '{"S3BucketSource": {"S3Bucket": "a"}, "InputFormat": "CSV", "ClientToken": "a$b",
	"InputFormatOptions": {"Csv": {"Delimiter": "x", "HeaderList": ["a b", "a,b", "é"]}}, "TableCreationParameters":
	{"TableName": "abc", "KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}], "AttributeDefinitions": []}}');
SELECT replace(pg_temp.read('UpdateTableReplicaAutoScaling', json_build_object('TableName', 'abc',
	'ProvisionedWriteCapacityAutoScalingUpdate', json_build_object('AutoScalingRoleArn', v,
	'ScalingPolicyUpdate', json_build_object('PolicyName', v,
		'TargetTrackingScalingPolicyConfiguration', json_build_object('TargetValue', 1.5))))::text), E'\u0001', '(1)')
FROM unnest(ARRAY['plain', 'é😀', E'a\tb', E'\u0001']) AS v;

-- Every operation reads.
SELECT count(*) FROM regexp_split_to_table('BatchExecuteStatement BatchGetItem BatchWriteItem CancelBulkOperation
CreateBackup CreateGlobalTable CreateTable DeleteBackup DeleteItem DeleteResourcePolicy DeleteTable DescribeBackup
DescribeBulkOperation DescribeContinuousBackups DescribeContributorInsights DescribeEndpoints DescribeExport
DescribeGlobalTable DescribeGlobalTableSettings DescribeImport DescribeKinesisStreamingDestination DescribeLimits
DescribeStream DescribeTable DescribeTableReplicaAutoScaling DescribeTimeToLive DisableKinesisStreamingDestination
EnableKinesisStreamingDestination ExecuteStatement ExecuteTransaction ExportTableToPointInTime GetItem GetRecords
GetResourcePolicy GetShardIterator ImportTable ListBackups ListBulkOperations ListContributorInsights ListExports
ListGlobalTables ListImports ListStreams ListTables ListTagsOfResource PutItem PutResourcePolicy Query
RestoreTableFromBackup RestoreTableToPointInTime Scan SearchVectors StartBulkPutItems TagResource TransactGetItems
TransactWriteItems UntagResource UpdateContinuousBackups UpdateContributorInsights UpdateGlobalTable
UpdateGlobalTableSettings UpdateItem UpdateKinesisStreamingDestination UpdateTable UpdateTableReplicaAutoScaling
UpdateTimeToLive', '\s+') AS name
WHERE pg_temp.read(name, '{}') ~ '^(YD001 |{})';
SELECT pg_temp.read('TagResource', '{}');
SELECT pg_temp.read('DescribeStream', '{"StreamArn": "arn:aws:dynamodb"}');
SELECT pg_temp.read('GetRecords', '{"ShardIterator": "", "Limit": 0}');

-- Limits of PartiQL's members.
SELECT pg_temp.api('execute_statement', '{"Statement": "SELECT * FROM t", "Parameters": []}');
SELECT pg_temp.api('batch_execute_statement', '{"Statements": [{"Statement": "SELECT * FROM t", "Parameters": []}]}');
SELECT replace(pg_temp.api('execute_statement', jsonb_build_object('Statement', repeat('x', 8193))), repeat('x', 8193), '(8193)');
SELECT replace(pg_temp.api('execute_statement', jsonb_build_object('Statement', 'SELECT * FROM t', 'NextToken', repeat('x', 32769))), repeat('x', 32769), '(32769)');
