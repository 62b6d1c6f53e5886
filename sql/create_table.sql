-- CreateTable, DescribeTable and DeleteTable.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- The status of the table in an answer, or the error.
CREATE FUNCTION pg_temp.status(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(substring(answer FROM '"TableStatus": "([A-Z]+)"'), answer)
$$;
-- CreateTable of a table that is right but for what is given: members over these, null takes one away.
CREATE FUNCTION pg_temp.create_with(members jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.api('create_table', '{"TableName": "ct-x", "BillingMode": "PAY_PER_REQUEST",
		"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
		"AttributeDefinitions": [{"AttributeName": "a", "AttributeType": "S"},
								 {"AttributeName": "b", "AttributeType": "N"}]}' || members)
$$;
-- Lists as the API wants them: "a=HASH b=RANGE", "a=S b=N".
CREATE FUNCTION pg_temp.pairs(list text, member text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('AttributeName', split_part(pair, '=', 1), member, split_part(pair, '=', 2))), '[]')
	FROM regexp_split_to_table(nullif(list, ''), ' ') AS pair
$$;
CREATE FUNCTION pg_temp.create_keys(keys text, attributes text, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.create_with(jsonb_build_object('KeySchema', pg_temp.pairs(keys, 'KeyType'),
		'AttributeDefinitions', pg_temp.pairs(attributes, 'AttributeType')) || members)
$$;
CREATE FUNCTION pg_temp.index(name text, keys text, projection jsonb DEFAULT '{"ProjectionType": "ALL"}', members jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('IndexName', name, 'KeySchema', pg_temp.pairs(keys, 'KeyType'), 'Projection', projection) || members
$$;
CREATE FUNCTION pg_temp.list(kind text, VARIADIC indexes jsonb[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object(kind, to_jsonb(indexes))
$$;

-- Capacity: by default a table is provisioned.
SELECT pg_temp.create_with('{"BillingMode": null}');
SELECT pg_temp.create_with('{"BillingMode": "PROVISIONED"}');
SELECT pg_temp.create_with('{"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
SELECT pg_temp.create_with('{"ProvisionedThroughput": {"ReadCapacityUnits": 0, "WriteCapacityUnits": 0}}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {}}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1}}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1000000000001}}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1000000000001}}');
-- TableThroughputMode is BillingMode by another name, and the latter wins.
SELECT pg_temp.create_with('{"BillingMode": null, "TableThroughputMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "a", "KeyType": "RANGE"}]}');
SELECT pg_temp.create_with('{"BillingMode": "PROVISIONED", "TableThroughputMode": "PAY_PER_REQUEST"}');

-- The key.
SELECT pg_temp.create_keys('a=HASH b=RANGE', 'a=S');
SELECT pg_temp.create_keys('a=HASH a=RANGE', 'a=S');
SELECT pg_temp.create_keys('a=HASH', '');
SELECT pg_temp.create_keys('user=HASH', 'created_at=S id=S');
SELECT pg_temp.create_keys('a=HASH', 'A=S');
SELECT pg_temp.create_keys('a=HASH a=RANGE', 'a=S b=S');
SELECT pg_temp.create_keys('a=RANGE b=HASH', 'a=S b=S');
SELECT pg_temp.create_keys('a=RANGE', 'a=S');
SELECT pg_temp.create_keys('a=HASH b=HASH', 'a=S b=S');
SELECT pg_temp.create_keys('a=HASH b=RANGE c=RANGE', 'a=S b=S c=S');
SELECT pg_temp.create_keys('a=HASH', 'a=S a=N');
SELECT pg_temp.create_keys('a=HASH', 'a=S b=S');
SELECT pg_temp.create_keys('id=HASH', 'created_at=N id=S user=S', pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'user=HASH')));
-- A name that begins with $, and others that jsonb or SQL might take amiss, are fine.
SELECT pg_temp.create_keys('$S=HASH "''\=RANGE', '$S=S "''\=B', '{"TableName": "ct-odd"}');

-- Local indexes.
SELECT pg_temp.create_with('{"LocalSecondaryIndexes": []}');
SELECT pg_temp.create_keys('a=HASH', 'a=S', pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH c=RANGE')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'b=HASH a=RANGE')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH a=RANGE')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=RANGE b=RANGE')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH b=HASH')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH b=RANGE', '{}')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH b=RANGE', '{"ProjectionType": "ALL", "NonKeyAttributes": ["x"]}')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH b=RANGE', '{"ProjectionType": "KEYS_ONLY", "NonKeyAttributes": ["x"]}')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH b=RANGE', '{"ProjectionType": "INCLUDE"}')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH b=RANGE', '{"ProjectionType": "INCLUDE", "NonKeyAttributes": ["x", "y", "x"]}')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('lsi', 'a=HASH b=RANGE'), pg_temp.index('lsi', 'a=HASH b=RANGE')));
SELECT pg_temp.create_with(jsonb_build_object('LocalSecondaryIndexes',
	(SELECT jsonb_agg(pg_temp.index('lsi' || i, 'a=HASH b=RANGE')) FROM generate_series(1, 6) AS i)));

-- Global indexes: up to four HASH and four RANGE attributes.
SELECT pg_temp.create_with('{"GlobalSecondaryIndexes": []}');
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'c=HASH')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH a=RANGE')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH b=HASH a=RANGE')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=RANGE')));
SELECT pg_temp.create_keys('a=HASH', 'a=S b=S c=S', pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH b=RANGE c=HASH')));
SELECT pg_temp.create_keys('a=HASH', 'a=S b=S c=S d=S e=S', pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH b=HASH c=HASH d=HASH e=HASH')));
SELECT pg_temp.create_keys('a=HASH', 'a=S b=S c=S d=S e=S f=S', pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH b=RANGE c=RANGE d=RANGE e=RANGE f=RANGE')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH', '{}')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH', '{"ProjectionType": "INCLUDE"}')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH', '{"ProjectionType": "ALL"}',
	'{"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}')));
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}' ||
	pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH', '{"ProjectionType": "ALL"}',
	'{"OnDemandThroughput": {"MaxReadRequestUnits": 0}}')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH', '{"ProjectionType": "ALL"}',
	'{"WarmThroughput": {"WriteUnitsPerSecond": 1}}')));
SELECT pg_temp.create_with(pg_temp.list('LocalSecondaryIndexes', pg_temp.index('one', 'a=HASH b=RANGE')) ||
	pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('one', 'a=HASH')));
SELECT pg_temp.create_with(jsonb_build_object('GlobalSecondaryIndexes',
	(SELECT jsonb_agg(pg_temp.index('gsi' || i, 'a=HASH')) FROM generate_series(1, 21) AS i)));
SELECT pg_temp.create_with(jsonb_build_object('GlobalSecondaryIndexes',
	(SELECT jsonb_agg(pg_temp.index('gsi' || i, 'a=HASH', jsonb_build_object('ProjectionType', 'INCLUDE', 'NonKeyAttributes',
		(SELECT jsonb_agg('x' || j) FROM generate_series(1, 17) AS j)))) FROM generate_series(1, 6) AS i)));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH', '{"ProjectionType": "INCLUDE", "NonKeyAttributes": []}')));
SELECT pg_temp.create_with(pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH',
	(SELECT jsonb_build_object('ProjectionType', 'INCLUDE', 'NonKeyAttributes', jsonb_agg('x' || i)) FROM generate_series(1, 21) AS i))));
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}' ||
	pg_temp.list('GlobalSecondaryIndexes', pg_temp.index('gsi', 'a=HASH', '{"ProjectionType": "ALL"}',
	'{"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, "OnDemandThroughput": {"MaxReadRequestUnits": 1}}')));

-- Vector indexes.
CREATE FUNCTION pg_temp.vector(name text, members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('IndexName', name) || '{"VectorAttribute": {"AttributeName": "v"}, "Dimensions": 3,
		"Projection": {"ProjectionType": "ALL"}, "DistanceFunction": "COSINE"}' || members
$$;
SELECT pg_temp.create_with('{"VectorIndexes": []}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}' ||
	pg_temp.list('VectorIndexes', pg_temp.vector('vec')));
SELECT pg_temp.create_with(pg_temp.list('VectorIndexes', pg_temp.vector('vec', '{"Dimensions": 4097}')));
SELECT pg_temp.create_with(pg_temp.list('VectorIndexes', pg_temp.vector('vec', '{"SearchSchema": [{"AttributeName": "c", "SearchSchemaElementType": "HASH"}]}')));
SELECT pg_temp.create_with(pg_temp.list('VectorIndexes', pg_temp.vector('vec', '{"SearchSchema": [{"AttributeName": "a", "SearchSchemaElementType": "HASH"}, {"AttributeName": "a", "SearchSchemaElementType": "INLINE_FILTER"}]}')));
SELECT pg_temp.create_with(pg_temp.list('VectorIndexes', pg_temp.vector('vec', '{"VectorAttribute": {"AttributeName": "a"}}')));
SELECT pg_temp.create_with(pg_temp.list('VectorIndexes', pg_temp.vector('vec'), pg_temp.vector('two', '{"Dimensions": 4}')));
SELECT pg_temp.create_with(pg_temp.list('VectorIndexes', pg_temp.vector('vec'), pg_temp.vector('vec')));
SELECT pg_temp.create_with(jsonb_build_object('VectorIndexes', (SELECT jsonb_agg(pg_temp.vector('vec' || i)) FROM generate_series(1, 6) AS i)));
SELECT pg_temp.create_with(pg_temp.list('VectorIndexes', pg_temp.vector('vec')));

-- Streams.
SELECT pg_temp.create_with('{"StreamSpecification": {}}');
SELECT pg_temp.create_with('{"StreamSpecification": {"StreamEnabled": false, "StreamViewType": "NEW_IMAGE"}}');
SELECT pg_temp.create_with('{"StreamSpecification": {"StreamEnabled": true}}');

-- Ceilings and warm throughput.
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, "OnDemandThroughput": {"MaxReadRequestUnits": 1}}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, "OnDemandThroughput": {"MaxWriteRequestUnits": 1}}');
SELECT pg_temp.create_with('{"OnDemandThroughput": {"MaxReadRequestUnits": 0}}');
SELECT pg_temp.create_with('{"OnDemandThroughput": {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": -1}}');
SELECT pg_temp.create_with('{"WarmThroughput": {"ReadUnitsPerSecond": 1}}');
SELECT pg_temp.create_with('{"WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 3999}}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}, "WarmThroughput": {"ReadUnitsPerSecond": 5}}');
SELECT pg_temp.create_with('{"BillingMode": null, "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}, "WarmThroughput": {"WriteUnitsPerSecond": 5}}');

-- Encryption.
SELECT pg_temp.create_with('{"SSESpecification": {"Enabled": false, "SSEType": "KMS", "KMSMasterKeyId": "x"}}');
SELECT pg_temp.create_with('{"SSESpecification": {"Enabled": false, "KMSMasterKeyId": "x"}}');
SELECT pg_temp.create_with('{"SSESpecification": {"Enabled": true, "SSEType": "AES256"}}');
SELECT pg_temp.create_with('{"SSESpecification": {"Enabled": true, "KMSMasterKeyId": "x"}}');
SELECT pg_temp.create_with('{"SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": ""}}');

-- Tags.
SELECT pg_temp.create_with('{"Tags": [{}]}');
SELECT pg_temp.create_with('{"Tags": [{"Key": "a"}]}');
SELECT replace(pg_temp.create_with(jsonb_build_object('Tags', jsonb_build_array(jsonb_build_object('Key', repeat('a', 129), 'Value', '')))), repeat('a', 129), '(129)');
SELECT replace(pg_temp.create_with(jsonb_build_object('Tags', jsonb_build_array(jsonb_build_object('Key', 'a', 'Value', repeat('a', 257))))), repeat('a', 257), '(257)');
SELECT pg_temp.create_with('{"Tags": [{"Key": "aws:a", "Value": ""}]}');
SELECT pg_temp.create_with('{"Tags": [{"Key": "a", "Value": ""}, {"Key": "a", "Value": "b"}]}');
SELECT pg_temp.create_with(jsonb_build_object('Tags', (SELECT jsonb_agg(jsonb_build_object('Key', 'k' || i, 'Value', '')) FROM generate_series(1, 51) AS i)));

-- What is not there yet is refused.
SELECT pg_temp.create_with('{"ResourcePolicy": "{}"}');
SELECT pg_temp.create_with('{"GlobalTableSettingsReplicationMode": "ENABLED"}');
SELECT pg_temp.create_with('{"GlobalTableSourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/abc"}');

-- None of these made a table.
SELECT pg_temp.api('describe_table', '{"TableName": "ct-x"}');

-- On demand, with everything that there is.
SELECT pg_temp.create_with('{"TableName": "ct-all", "TableClass": "STANDARD_INFREQUENT_ACCESS", "DeletionProtectionEnabled": true,
	"OnDemandThroughput": {"MaxReadRequestUnits": 100}, "WarmThroughput": {"ReadUnitsPerSecond": 12001},
	"SSESpecification": {"Enabled": true}, "StreamSpecification": {"StreamEnabled": false},
	"Tags": [{"Key": "a", "Value": ""}, {"Key": "b", "Value": "c"}]}');
SELECT pg_temp.api('describe_table', '{"TableName": "ct-all"}');
SELECT tags FROM dynapg.tables WHERE name = 'ct-all';
SELECT pg_temp.create_with('{"TableName": "ct-all"}');
SELECT pg_temp.create_with('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/ct-all"}');

-- Provisioned, with a key of one's own in each form; the definitions keep their order.
SELECT pg_temp.create_keys('a=HASH b=RANGE', 'b=B a=N', '{"TableName": "ct-provisioned", "BillingMode": null, "TableClass": "STANDARD",
	"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 6},
	"SSESpecification": {"SSEType": "KMS", "KMSMasterKeyId": "12345678-1234-1234-1234-123456789012"}}');
SELECT pg_temp.api('describe_table', '{"TableName": "ct-provisioned"}');
SELECT pg_temp.create_with('{"TableName": "ct-alias", "SSESpecification": {"SSEType": "KMS", "KMSMasterKeyId": "alias/mine"}}');
SELECT pg_temp.create_with('{"TableName": "ct-plain", "SSESpecification": {}, "OnDemandThroughput": {}, "WarmThroughput": {}}');

-- The id and the time of creation stay; items are counted.
SELECT d->'TableId' = e->'TableId', d->'CreationDateTime' = e->'CreationDateTime',
	abs((d->>'CreationDateTime')::float8 - extract(epoch FROM now())) < 60
FROM (SELECT dynamo_describe_table('{"TableName": "ct-plain"}')->'Table' AS d) AS d,
	(SELECT dynamo_describe_table('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/ct-plain"}')->'Table' AS e) AS e;
SELECT pg_temp.api('put_item', '{"TableName": "ct-plain", "Item": {"a": {"S": "x"}, "b": {"N": "1"}}}');
SELECT pg_temp.api('put_item', '{"TableName": "ct-plain", "Item": {"a": {"S": "x"}, "b": {"N": "2"}, "text": {"S": "0123456789"}}}');
SELECT d->'ItemCount', d->'TableSizeBytes' FROM (SELECT dynamo_describe_table('{"TableName": "ct-plain"}')->'Table' AS d) AS d;

-- A name past PostgreSQL's length, and CreateTable within a transaction.
SELECT pg_temp.status(pg_temp.create_with(jsonb_build_object('TableName', 'ct-' || repeat('x', 252))));
SELECT length(dynamo_describe_table(jsonb_build_object('TableName', 'ct-' || repeat('x', 252)))->'Table'->>'TableName');
BEGIN;
SELECT pg_temp.status(pg_temp.create_with('{"TableName": "ct-rollback"}'));
SELECT pg_temp.api('put_item', '{"TableName": "ct-rollback", "Item": {"a": {"S": "x"}, "b": {"N": "1"}}}');
ROLLBACK;
SELECT pg_temp.api('describe_table', '{"TableName": "ct-rollback"}');

-- DeleteTable.
SELECT pg_temp.api('delete_table', '{"TableName": "ct-none"}');
SELECT pg_temp.api('delete_table', '{"TableName": "ct-all"}');
SELECT pg_temp.api('update_table', '{"TableName": "ct-all", "DeletionProtectionEnabled": false}');
SELECT pg_temp.api('delete_table', '{"TableName": "ct-all"}');
SELECT pg_temp.api('delete_table', '{"TableName": "ct-all"}');
SELECT pg_temp.api('describe_table', '{"TableName": "ct-all"}');
SELECT pg_temp.api('get_item', '{"TableName": "ct-all", "Key": {"a": {"S": "x"}, "b": {"N": "1"}}}');
SELECT name, pg_temp.status(pg_temp.api('delete_table', jsonb_build_object('TableName', name)))
FROM unnest(ARRAY['ct-odd', 'ct-plain', 'ct-alias', 'ct-provisioned']) AS name;
SELECT pg_temp.status(pg_temp.api('delete_table', jsonb_build_object('TableName', 'ct-' || repeat('x', 252))));

-- With a delay the statuses stay: CREATING and DELETING tables are not there for items, nor may they be changed.
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.status(pg_temp.create_with('{"TableName": "ct-slow"}'));
SELECT pg_temp.status(pg_temp.api('describe_table', '{"TableName": "ct-slow"}'));
SELECT pg_temp.create_with('{"TableName": "ct-slow"}');
SELECT pg_temp.api('delete_table', '{"TableName": "ct-slow"}');
SELECT pg_temp.api('update_table', '{"TableName": "ct-slow", "DeletionProtectionEnabled": false}');
SELECT pg_temp.api('get_item', '{"TableName": "ct-slow", "Key": {"a": {"S": "x"}, "b": {"N": "1"}}}');
RESET dynapg.control_plane_delay;
SELECT pg_temp.status(pg_temp.create_with('{"TableName": "ct-gone"}'));
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.status(pg_temp.api('delete_table', '{"TableName": "ct-gone"}'));
SELECT pg_temp.api('describe_table', '{"TableName": "ct-gone"}');
SELECT pg_temp.api('delete_table', '{"TableName": "ct-gone"}');
SELECT pg_temp.api('get_item', '{"TableName": "ct-gone", "Key": {"a": {"S": "x"}, "b": {"N": "1"}}}');
SELECT pg_temp.create_with('{"TableName": "ct-gone"}');
RESET dynapg.control_plane_delay;
UPDATE dynapg.tables SET change_ends = now() WHERE name IN ('ct-slow', 'ct-gone');
SELECT pg_temp.status(pg_temp.api('describe_table', '{"TableName": "ct-slow"}'));
SELECT pg_temp.api('describe_table', '{"TableName": "ct-gone"}');
SELECT pg_temp.status(pg_temp.api('delete_table', '{"TableName": "ct-slow"}'));

-- Privileges: who creates a table owns it, and only the owner changes it.
CREATE ROLE regress_ct_user;
SET ROLE regress_ct_user;
SELECT pg_temp.create_with('{"TableName": "ct-denied"}');
RESET ROLE;
GRANT USAGE, CREATE ON SCHEMA dynamo TO regress_ct_user;
SET ROLE regress_ct_user;
SELECT pg_temp.status(pg_temp.create_with('{"TableName": "ct-owned"}'));
RESET ROLE;
SELECT pg_temp.status(pg_temp.create_with('{"TableName": "ct-foreign"}'));
SET ROLE regress_ct_user;
SELECT pg_temp.status(pg_temp.api('describe_table', '{"TableName": "ct-foreign"}'));
SELECT pg_temp.api('update_table', '{"TableName": "ct-foreign", "DeletionProtectionEnabled": true}');
SELECT pg_temp.api('delete_table', '{"TableName": "ct-foreign"}');
SELECT pg_temp.status(pg_temp.api('delete_table', '{"TableName": "ct-owned"}'));
RESET ROLE;
SELECT pg_temp.status(pg_temp.api('delete_table', '{"TableName": "ct-foreign"}'));
REVOKE ALL ON SCHEMA dynamo FROM regress_ct_user;
DROP ROLE regress_ct_user;
