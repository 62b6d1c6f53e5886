-- UpdateTable.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- UpdateTable of a table with members, less the parts of the answer that do not change.
CREATE FUNCTION pg_temp.update(members jsonb, name text DEFAULT 'ut-provisioned') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text := pg_temp.api('update_table', jsonb_build_object('TableName', name) || members);
BEGIN
	IF answer ~ '^{' THEN
		RETURN (answer::jsonb->'TableDescription') - '{TableId,TableArn,TableName,KeySchema,AttributeDefinitions,CreationDateTime,ItemCount,TableSizeBytes}'::text[];
	END IF;
	RETURN answer;
END $$;
CREATE FUNCTION pg_temp.describe(name text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT (pg_temp.api('describe_table', jsonb_build_object('TableName', name))::jsonb->'Table')
		- '{TableId,TableArn,TableName,KeySchema,AttributeDefinitions,CreationDateTime,ItemCount,TableSizeBytes}'::text[]
$$;
SELECT length(pg_temp.api('create_table', jsonb_build_object('TableName', 'ut-' || mode,
	'KeySchema', '[{"AttributeName": "a", "KeyType": "HASH"}]'::jsonb,
	'AttributeDefinitions', '[{"AttributeName": "a", "AttributeType": "S"}]'::jsonb) || members)) > 0
FROM (VALUES ('provisioned', '{"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}'::jsonb),
	('demand', '{"BillingMode": "PAY_PER_REQUEST"}')) AS v(mode, members);

-- Nothing to do; definitions alone and empty lists are nothing.
SELECT pg_temp.update('{}');
SELECT pg_temp.update('{"AttributeDefinitions": [{"AttributeName": "b", "AttributeType": "S"}], "GlobalSecondaryIndexUpdates": []}');
SELECT pg_temp.update('{"ReplicaUpdates": null, "Unknown": 1}');

-- What contradicts itself is refused before the table is looked up.
SELECT pg_temp.update('{"BillingMode": "PROVISIONED"}', 'ut-none');
SELECT pg_temp.update('{"TableThroughputMode": "PROVISIONED"}', 'ut-none');
SELECT pg_temp.update('{"BillingMode": "PAY_PER_REQUEST", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}', 'ut-none');
SELECT pg_temp.update('{"ProvisionedThroughput": {"ReadCapacityUnits": 0}}', 'ut-none');
SELECT pg_temp.update('{"ProvisionedThroughput": {"ReadCapacityUnits": 1000000000001, "WriteCapacityUnits": 1}}', 'ut-none');
SELECT pg_temp.update('{"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1000000000001}}', 'ut-none');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{}]}', 'ut-none');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "gsi"}, "Update": {"IndexName": "gsi"}}]}', 'ut-none');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "gsi"}}, {"Update": {"IndexName": "gsi"}}]}', 'ut-none');
SELECT pg_temp.update('{"DeletionProtectionEnabled": true, "GlobalSecondaryIndexUpdates": []}', 'ut-none');
SELECT pg_temp.update('{"StreamSpecification": {"StreamEnabled": true}}', 'ut-none');
SELECT pg_temp.update('{"StreamSpecification": {"StreamEnabled": false, "StreamViewType": "NEW_IMAGE"}}', 'ut-none');
SELECT pg_temp.update('{"SSESpecification": {"Enabled": true, "SSEType": "AES256"}}', 'ut-none');
SELECT pg_temp.update('{"WarmThroughput": {}}', 'ut-none');

-- One thing at a time.
SELECT pg_temp.update('{"SSESpecification": {"Enabled": true}, "DeletionProtectionEnabled": true}', 'ut-none');
SELECT pg_temp.update('{"DeletionProtectionEnabled": true, "BillingMode": "PAY_PER_REQUEST"}', 'ut-none');
SELECT pg_temp.update('{"TableClass": "STANDARD", "BillingMode": "PAY_PER_REQUEST"}', 'ut-none');
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxReadRequestUnits": 1}, "WarmThroughput": {"ReadUnitsPerSecond": 1}}', 'ut-none');
SELECT pg_temp.update('{"WarmThroughput": {"ReadUnitsPerSecond": 1}, "BillingMode": "PAY_PER_REQUEST"}', 'ut-none');
SELECT pg_temp.update('{"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}, "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}', 'ut-none');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "gsi"}}], "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}', 'ut-none');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "gsi"}}], "StreamSpecification": {"StreamEnabled": false}}', 'ut-none');
SELECT pg_temp.update('{"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-2"}}], "TableClass": "STANDARD"}', 'ut-none');

-- The table.
SELECT pg_temp.update('{"BillingMode": "PAY_PER_REQUEST"}', 'ut-none');

-- Provisioned throughput: the answer has the old units, as the change goes on.
SELECT pg_temp.update('{"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}');
SELECT pg_temp.update('{"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}}');
SELECT pg_temp.update('{"ProvisionedThroughput": {"ReadCapacityUnits": 15, "WriteCapacityUnits": 15}}');
SELECT pg_temp.describe('ut-provisioned');
SELECT pg_temp.update('{"ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 20}}');
SELECT pg_temp.describe('ut-provisioned');

-- Ceilings are for tables on demand, which have no units.
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxReadRequestUnits": 10}}');
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxWriteRequestUnits": 10}}');
SELECT pg_temp.update('{"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}', 'ut-demand');
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxReadRequestUnits": 0}}', 'ut-demand');
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxReadRequestUnits": 1, "MaxWriteRequestUnits": -2}}', 'ut-demand');
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxReadRequestUnits": 10}}', 'ut-demand');
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxWriteRequestUnits": 20}}', 'ut-demand');
SELECT pg_temp.update('{"OnDemandThroughput": {"MaxReadRequestUnits": -1}}', 'ut-demand');
SELECT pg_temp.describe('ut-demand');

-- Billing mode: on demand to on demand changes nothing; there and back.
SELECT pg_temp.update('{"BillingMode": "PAY_PER_REQUEST"}', 'ut-demand');
SELECT pg_temp.update('{"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 3, "WriteCapacityUnits": 4}}', 'ut-demand');
SELECT pg_temp.describe('ut-demand');
SELECT pg_temp.update('{"BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 7}}', 'ut-demand');
SELECT pg_temp.describe('ut-demand');
SELECT pg_temp.update('{"TableThroughputMode": "PAY_PER_REQUEST"}');
SELECT pg_temp.describe('ut-provisioned');

-- Warm throughput grows only.
SELECT pg_temp.update('{"WarmThroughput": {"ReadUnitsPerSecond": 11999}}', 'ut-demand');
SELECT pg_temp.update('{"WarmThroughput": {"ReadUnitsPerSecond": 12000, "WriteUnitsPerSecond": 3999}}', 'ut-demand');
SELECT pg_temp.update('{"WarmThroughput": {"ReadUnitsPerSecond": 13000}}', 'ut-demand');
SELECT pg_temp.describe('ut-demand')->'WarmThroughput';
SELECT pg_temp.update('{"WarmThroughput": {"ReadUnitsPerSecond": 12999}}', 'ut-demand');

-- Encryption.
SELECT pg_temp.update('{"SSESpecification": {}}');
SELECT pg_temp.update('{"SSESpecification": {"Enabled": false}}');
SELECT pg_temp.update('{"SSESpecification": {"Enabled": true}}');
SELECT pg_temp.update('{"SSESpecification": {"Enabled": true}}');
SELECT pg_temp.update('{"SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:us-east-1:000000000000:key/mine"}}');
SELECT pg_temp.describe('ut-provisioned')->'SSEDescription';
SELECT pg_temp.update('{"SSESpecification": {"Enabled": false}}');
SELECT pg_temp.describe('ut-provisioned')->'SSEDescription';

-- Table class, and deletion protection.
SELECT pg_temp.update('{"TableClass": "STANDARD_INFREQUENT_ACCESS"}');
SELECT pg_temp.describe('ut-provisioned')->'TableClassSummary';
SELECT pg_temp.update('{"DeletionProtectionEnabled": true}');
SELECT pg_temp.api('delete_table', '{"TableName": "ut-provisioned"}');
SELECT pg_temp.update('{"DeletionProtectionEnabled": false}');
SELECT pg_temp.describe('ut-provisioned');

-- Streams.
SELECT pg_temp.update('{"StreamSpecification": {"StreamEnabled": false}}');

-- Global indexes: what the request says, and of a table without them.
CREATE FUNCTION pg_temp.create_index(key text, attributes jsonb, members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.update(jsonb_build_object('AttributeDefinitions', attributes, 'GlobalSecondaryIndexUpdates',
		jsonb_build_array(jsonb_build_object('Create', jsonb_build_object('IndexName', 'gsi', 'Projection', '{"ProjectionType": "ALL"}'::jsonb,
		'KeySchema', jsonb_build_array(jsonb_build_object('AttributeName', key, 'KeyType', 'HASH'))) || members))), 'ut-demand')
$$;
SELECT pg_temp.create_index('a', null);
SELECT pg_temp.create_index('a', '[{"AttributeName": "b", "AttributeType": "S"}]');
SELECT pg_temp.create_index('a', '[{"AttributeName": "a", "AttributeType": "N"}]');
SELECT pg_temp.create_index('b', '[{"AttributeName": "b", "AttributeType": "S"}, {"AttributeName": "b", "AttributeType": "S"}]');
SELECT pg_temp.create_index('b', '[{"AttributeName": "b", "AttributeType": "S"}]', '{"Projection": {"ProjectionType": "INCLUDE"}}');
SELECT pg_temp.create_index('b', '[{"AttributeName": "b", "AttributeType": "S"}]', '{"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
SELECT pg_temp.create_index('b', '[{"AttributeName": "b", "AttributeType": "S"}]', '{"Projection": null, "KeySchema": null, "IndexName": "x"}');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "gsi"}}]}');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "one"}}, {"Delete": {"IndexName": "two"}}]}');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "gsi", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}}]}');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "gsi", "OnDemandThroughput": {}}}]}');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "one", "WarmThroughput": {"ReadUnitsPerSecond": 1}}}, {"Update": {"IndexName": "gsi"}}]}');
SELECT pg_temp.update('{"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "gsi", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1000000000001}}}]}');
-- Vector indexes and replicas.
SELECT pg_temp.update('{"VectorIndexUpdates": [{}]}');
SELECT pg_temp.update('{"VectorIndexUpdates": [{"Delete": {"IndexName": "vec"}}]}');
SELECT pg_temp.update('{"VectorIndexUpdates": [{"Create": {"IndexName": "vec", "VectorAttribute": {"AttributeName": "v"}, "Dimensions": 3,
	"Projection": {"ProjectionType": "ALL"}, "DistanceFunction": "COSINE"}}]}');
SELECT pg_temp.update('{"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-2"}}]}');
SELECT pg_temp.update('{"MultiRegionConsistency": "STRONG"}');
SELECT pg_temp.update('{"GlobalTableWitnessUpdates": [{"Create": {"RegionName": "eu-west-2"}}]}');
SELECT pg_temp.update('{"GlobalTableSettingsReplicationMode": "DISABLED"}');
SELECT pg_temp.update('{"DisassociationProtectionEnabled": true}');

-- With a delay, a table that is being updated cannot be changed, but used.
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.update('{"TableClass": "STANDARD_INFREQUENT_ACCESS"}', 'ut-demand')::jsonb->'TableStatus';
SELECT pg_temp.describe('ut-demand')->'TableStatus';
SELECT pg_temp.update('{"TableClass": "STANDARD"}', 'ut-demand');
SELECT pg_temp.api('delete_table', '{"TableName": "ut-demand"}');
SELECT pg_temp.api('put_item', '{"TableName": "ut-demand", "Item": {"a": {"S": "x"}}}');
-- What changes nothing starts nothing.
SELECT pg_temp.update('{"BillingMode": "PAY_PER_REQUEST"}', 'ut-provisioned')::jsonb->'TableStatus';
SELECT pg_temp.describe('ut-provisioned')->'TableStatus';
RESET dynapg.control_plane_delay;
UPDATE dynapg.tables SET change_ends = now() WHERE name = 'ut-demand';
SELECT pg_temp.describe('ut-demand')->'TableStatus';

-- UpdateTable rolls back with its transaction.
BEGIN;
SELECT pg_temp.update('{"DeletionProtectionEnabled": true}')::jsonb->'DeletionProtectionEnabled';
SELECT pg_temp.describe('ut-provisioned')->'DeletionProtectionEnabled';
ROLLBACK;
SELECT pg_temp.describe('ut-provisioned')->'DeletionProtectionEnabled';

SELECT name, pg_temp.api('delete_table', jsonb_build_object('TableName', name)) LIKE '{%'
FROM unnest(ARRAY['ut-provisioned', 'ut-demand']) AS name;
