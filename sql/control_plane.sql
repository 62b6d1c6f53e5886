-- CreateTable, UpdateTable and DeleteTable to the letter: which members go together, what changes nothing, what is refused
-- while something else goes on, and what answers show.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION pg_temp.create(name text, members jsonb DEFAULT '{"BillingMode": "PAY_PER_REQUEST"}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.api('create_table', jsonb_build_object('TableName', name,
		'KeySchema', '[{"AttributeName": "pk", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "pk", "AttributeType": "S"}]'::jsonb) || members)
$$;
-- UpdateTable, or the part of DescribeTable, less what no test here is about; an error as it is, but for its times.
CREATE FUNCTION pg_temp.shown(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN answer LIKE '{%' THEN (coalesce(answer::jsonb->'TableDescription', answer::jsonb->'Table') -
		'{TableId,TableArn,TableName,KeySchema,AttributeDefinitions,CreationDateTime,ItemCount,TableSizeBytes,TableThroughputModeSummary}'::text[])::text
		ELSE regexp_replace(answer, '\d{4}-\d\d-\d\dT[\d:.]{12}Z', '(time)', 'g') END
$$;
CREATE FUNCTION pg_temp.update(name text, members jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.shown(pg_temp.api('update_table', jsonb_build_object('TableName', name) || members))
$$;
CREATE FUNCTION pg_temp.describe(name text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.shown(pg_temp.api('describe_table', jsonb_build_object('TableName', name)))
$$;
-- The statuses in an answer, or the error.
CREATE FUNCTION pg_temp.status(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN answer LIKE '{%' THEN concat_ws(' ', answer::jsonb->>'TableStatus', 'warm ' || (answer::jsonb->'WarmThroughput'->>'Status'),
		'key ' || (answer::jsonb->'SSEDescription'->>'Status')) ELSE answer END
$$;
-- Lets the changes of a table end, of which dynapg.control_plane_delay makes the most.
CREATE PROCEDURE pg_temp.settle(name text) LANGUAGE sql AS $$
	UPDATE dynapg.tables SET change_ends = now() WHERE tables.name = settle.name AND change IS NOT NULL
$$;
CREATE FUNCTION pg_temp.units(read int, write int DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('ProvisionedThroughput', jsonb_build_object('ReadCapacityUnits', read, 'WriteCapacityUnits', coalesce(write, read)))
$$;
CREATE FUNCTION pg_temp.gsi(name text, members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('IndexName', name) ||
		'{"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}' || members
$$;
CREATE FUNCTION pg_temp.gsi_update(kind text, action jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('AttributeDefinitions', '[{"AttributeName": "pk", "AttributeType": "S"}]'::jsonb,
		'GlobalSecondaryIndexUpdates', jsonb_build_array(jsonb_build_object(kind, action)))
$$;

SELECT pg_temp.status(pg_temp.shown(pg_temp.create('cp-demand')));
SELECT pg_temp.status(pg_temp.shown(pg_temp.create('cp-units', pg_temp.units(5))));

-- Nothing to do, whether or not the table is there: of what a request has, only MultiRegionConsistency leaves the list.
SELECT pg_temp.update('cp-none', '{}');
SELECT pg_temp.update('cp-none', '{"AttributeDefinitions": [], "GlobalSecondaryIndexUpdates": []}');
SELECT pg_temp.update('cp-none', '{"MultiRegionConsistency": "STRONG"}');
SELECT pg_temp.update('cp-none', '{"GlobalTableWitnessUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}');
-- The service breaks on these two; one of them beside another member is as none.
SELECT pg_temp.update('cp-none', '{"OnDemandThroughput": {}}');
SELECT pg_temp.update('cp-none', '{"WarmThroughput": {}}');
SELECT pg_temp.update('cp-none', '{"OnDemandThroughput": {}, "TableClass": "STANDARD"}');

-- Members that stand alone are named in this order.
SELECT pg_temp.update('cp-none', '{"WarmThroughput": {"ReadUnitsPerSecond": 1}, "DeletionProtectionEnabled": true, "TableClass": "STANDARD", "SSESpecification": {}}');
SELECT pg_temp.update('cp-none', '{"WarmThroughput": {"ReadUnitsPerSecond": 1}, "DeletionProtectionEnabled": true, "TableClass": "STANDARD"}');
SELECT pg_temp.update('cp-none', '{"WarmThroughput": {"ReadUnitsPerSecond": 1}, "DeletionProtectionEnabled": true}');
SELECT pg_temp.update('cp-none', '{"WarmThroughput": {"ReadUnitsPerSecond": 1}, "BillingMode": "PAY_PER_REQUEST"}');
SELECT pg_temp.update('cp-none', '{"WarmThroughput": {"ReadUnitsPerSecond": 1}}' || pg_temp.gsi_update('Delete', '{"IndexName": "gsi"}'));
SELECT pg_temp.update('cp-none', '{"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}], "BillingMode": "PAY_PER_REQUEST"}');
SELECT pg_temp.update('cp-none', '{"MultiRegionConsistency": "STRONG", "BillingMode": "PAY_PER_REQUEST"}');
-- Other members that do not go together.
SELECT pg_temp.update('cp-none', '{"OnDemandThroughput": {"MaxReadRequestUnits": 1}, "StreamSpecification": {"StreamEnabled": false}}');
SELECT pg_temp.update('cp-none', '{"WarmThroughput": {"ReadUnitsPerSecond": 1}}' || pg_temp.gsi_update('Create', pg_temp.gsi('gsi')));
SELECT pg_temp.update('cp-none', pg_temp.units(1) || pg_temp.gsi_update('Create', pg_temp.gsi('gsi')));
SELECT pg_temp.update('cp-none', '{"StreamSpecification": {"StreamEnabled": false}}' || pg_temp.gsi_update('Create', pg_temp.gsi('gsi')));
SELECT pg_temp.update('cp-none', '{"StreamSpecification": {"StreamEnabled": false}}' || pg_temp.units(1));

-- Table classes: one that there is not, and when one is a change.  A class is shown once it was set; the answer has the old one.
SELECT pg_temp.update('cp-none', '{"TableClass": "GOLD"}');
SELECT pg_temp.create('cp-none', '{"BillingMode": "PAY_PER_REQUEST", "TableClass": "GOLD"}');
SELECT pg_temp.update('cp-demand', '{"TableClass": "STANDARD"}')::jsonb - 'WarmThroughput';
SELECT pg_temp.describe('cp-demand')::jsonb->'TableClassSummary';
SELECT pg_temp.update('cp-demand', '{"TableClass": "STANDARD_INFREQUENT_ACCESS"}')::jsonb->'TableClassSummary';
SELECT pg_temp.describe('cp-demand')::jsonb->'TableClassSummary';
SELECT pg_temp.update('cp-demand', '{"TableClass": "STANDARD_INFREQUENT_ACCESS"}')::jsonb->'TableStatus';
SELECT pg_temp.update('cp-demand', '{"TableClass": "STANDARD"}')::jsonb->'TableClassSummary';
SELECT pg_temp.describe('cp-demand')::jsonb->'TableClassSummary';
-- It changes twice in 30 days; then the older of two changes is forgotten.
SELECT pg_temp.update('cp-demand', '{"TableClass": "STANDARD_INFREQUENT_ACCESS"}');
SELECT jsonb_array_length(definition->'TableClassChanges') FROM dynapg.tables WHERE name = 'cp-demand';
UPDATE dynapg.tables SET definition = jsonb_set(definition, '{TableClassChanges,0}',
	to_jsonb((definition->'TableClassChanges'->>0)::numeric - 30 * 86400)) WHERE name = 'cp-demand';
SELECT pg_temp.update('cp-demand', '{"TableClass": "STANDARD_INFREQUENT_ACCESS"}')::jsonb->'TableStatus';
SELECT pg_temp.update('cp-demand', '{"TableClass": "STANDARD"}');

-- Encryption: what is a change, and what the answer shows.
SELECT pg_temp.update('cp-units', '{"SSESpecification": {}}');
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": false}}');
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": true}}');
SELECT pg_temp.describe('cp-units')::jsonb->'SSEDescription';
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "arn:aws:kms:us-east-1:000000000000:alias/aws/dynamodb"}}');
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": true}}')::jsonb->'TableStatus';
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"SSEType": "KMS", "KMSMasterKeyId": "mine"}}')::jsonb->'SSEDescription';
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": false}}')::jsonb->'SSEDescription';
SELECT pg_temp.describe('cp-units')::jsonb->'SSEDescription';
-- Four changes in 24 hours, then one in six; what else is wrong comes after that.
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": false}}');
UPDATE dynapg.tables SET definition = jsonb_set(definition, '{EncryptionChanges}',
	(SELECT jsonb_agg(t::numeric - 21600) FROM jsonb_array_elements_text(definition->'EncryptionChanges') AS t)) WHERE name = 'cp-units';
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": true}}')::jsonb->'SSEDescription';
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": false}}');
UPDATE dynapg.tables SET definition = jsonb_set(definition, '{EncryptionChanges}',
	(SELECT jsonb_agg(t::numeric - 86400) FROM jsonb_array_elements_text(definition->'EncryptionChanges') AS t)) WHERE name = 'cp-units';
SELECT pg_temp.update('cp-units', '{"SSESpecification": {"Enabled": false}}')::jsonb->'TableStatus';
SELECT jsonb_array_length(definition->'EncryptionChanges') FROM dynapg.tables WHERE name = 'cp-units';

-- Throughput: the answer shows the old one, counter and times too.
SELECT pg_temp.update('cp-units', pg_temp.units(4, 6))::jsonb->'ProvisionedThroughput';
SELECT pg_temp.describe('cp-units')::jsonb->'ProvisionedThroughput';
SELECT pg_temp.update('cp-units', '{"BillingMode": "PROVISIONED"}' || pg_temp.units(4, 6));
-- Of half of it the constraint is told.
SELECT pg_temp.update('cp-units', '{"ProvisionedThroughput": {"ReadCapacityUnits": 1}}');
SELECT pg_temp.update('cp-units', pg_temp.gsi_update('Create', pg_temp.gsi('gsi')));
SELECT pg_temp.create('cp-none', pg_temp.units(1) || jsonb_build_object('GlobalSecondaryIndexes', jsonb_build_array(pg_temp.gsi('gsi'))));
SELECT pg_temp.update('cp-demand', pg_temp.gsi_update('Create', pg_temp.gsi('gsi', pg_temp.units(1))));

-- Ceilings: one alone is fine; -1 is seen as it goes.
SELECT pg_temp.update('cp-demand', '{"OnDemandThroughput": {"MaxReadRequestUnits": 10, "MaxWriteRequestUnits": 10}}')::jsonb->'OnDemandThroughput';
SELECT pg_temp.update('cp-demand', '{"OnDemandThroughput": {"MaxReadRequestUnits": -1}}')::jsonb->'OnDemandThroughput';
SELECT pg_temp.describe('cp-demand')::jsonb->'OnDemandThroughput';
SELECT pg_temp.update('cp-demand', '{"OnDemandThroughput": {"MaxWriteRequestUnits": -1}}')::jsonb->'OnDemandThroughput';
SELECT pg_temp.describe('cp-demand')::jsonb->'OnDemandThroughput';
SELECT pg_temp.update('cp-demand', '{"OnDemandThroughput": {"MaxReadRequestUnits": -2}}');

-- WarmThroughput: the table stays ACTIVE and shows the old one; the same again is fine.
SELECT pg_temp.update('cp-demand', '{"WarmThroughput": {"ReadUnitsPerSecond": 13000}}')::jsonb - 'BillingModeSummary' - 'ProvisionedThroughput' - 'TableClassSummary';
SELECT pg_temp.describe('cp-demand')::jsonb->'WarmThroughput';
SELECT pg_temp.update('cp-demand', '{"WarmThroughput": {"ReadUnitsPerSecond": 13000}}')::jsonb->'WarmThroughput';
SELECT pg_temp.update('cp-demand', pg_temp.gsi_update('Create', pg_temp.gsi('gsi', '{"WarmThroughput": {}}')));
SELECT pg_temp.create('cp-none', '{"BillingMode": "PAY_PER_REQUEST"}' || jsonb_build_object('GlobalSecondaryIndexes', jsonb_build_array(pg_temp.gsi('gsi', '{"WarmThroughput": {}}'))));

-- Deletion protection takes no time, and may be set to what it is.
SELECT pg_temp.update('cp-units', '{"DeletionProtectionEnabled": true}');
SELECT pg_temp.status(pg_temp.update('cp-units', '{"DeletionProtectionEnabled": true}'));
SELECT pg_temp.status(pg_temp.update('cp-units', '{"DeletionProtectionEnabled": false}'));

-- StreamEnabled is required.
SELECT pg_temp.update('cp-units', '{"StreamSpecification": {}}');
SELECT pg_temp.update('cp-units', '{"StreamSpecification": {"StreamViewType": "NEW_IMAGE"}}');

-- CreateTable: a wrong key goes before the table that exists, and spare definitions before what is wrong with indexes.
SELECT pg_temp.create('cp-demand', '{"BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "RANGE"}]}');
SELECT pg_temp.create('cp-demand');
SELECT pg_temp.create('cp-none', '{"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": []}');
SELECT pg_temp.create('cp-none', '{"BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "x", "AttributeType": "S"}]}' ||
	jsonb_build_object('GlobalSecondaryIndexes', jsonb_build_array(pg_temp.gsi('gsi', '{"Projection": {}}' || pg_temp.units(1)), pg_temp.gsi('gsi'))));
SELECT pg_temp.create('cp-none', '{"BillingMode": "PAY_PER_REQUEST"}' || jsonb_build_object('GlobalSecondaryIndexes', jsonb_build_array(pg_temp.gsi('gsi') - 'Projection')));
-- Elements of a key are echoed as Java prints them: these three were recorded so.
SELECT pg_temp.create('cp-none', '{"KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}, {"AttributeName": "extra", "KeyType": "RANGE"}]}');
-- The key of a local index has two elements.
SELECT regexp_replace(pg_temp.create('cp-none', '{"LocalSecondaryIndexes": [{"IndexName": "lsi", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"},
	{"AttributeName": "a", "KeyType": "RANGE"}, {"AttributeName": "b", "KeyType": "RANGE"}]}]}'), '\[com.*\]', '[...]');

-- An ARN stands for a table's name in every operation, and answers have the name; not as the cursor of ListTables.
CREATE FUNCTION pg_temp.named(partition text, region text, account text, resource text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.describe(format('arn:%s:dynamodb:%s:%s:%s', partition, region, account, resource))
$$;
SELECT pg_temp.create('arn:aws:dynamodb:us-east-1:000000000000:table/cp-arn')::jsonb->'TableDescription'->'TableName';
SELECT dynamo_describe_table('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/cp-arn"}')->'Table'->'TableName';
SELECT dynamo_update_table('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/cp-arn", "DeletionProtectionEnabled": true}')->'TableDescription'->'TableName';
SELECT pg_temp.status(pg_temp.update('arn:aws:dynamodb:us-east-1:000000000000:table/cp-arn', '{"DeletionProtectionEnabled": false}'));
SELECT dynamo_delete_table('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/cp-arn"}')->'TableDescription'->'TableName';
SELECT pg_temp.named('aws', 'eu-west-2', '000000000000', 'table/cp-demand');
SELECT pg_temp.named('aws-cn', 'us-east-1', '000000000000', 'table/cp-demand');
SELECT pg_temp.named('aws', 'us-east-1', '000000000000', 'backup/cp-demand');
SELECT pg_temp.named('aws', 'us-east-1', '111111111111', 'table/cp-demand');
SELECT pg_temp.named('aws', 'us-east-1', '000000000000', 'table/cp-demand/index/gsi') LIKE 'YD001 ValidationException: 1 validation error detected: Value %Valid ARN format is %';
SELECT pg_temp.named('aws', 'us-east-1', '000000000000', 'table/cp-demand/stream/2026-01-01T00:00:00.000') LIKE 'YD001 ValidationException: 1 validation error detected: Value %Valid ARN format is %';
SELECT pg_temp.api('get_item', '{"TableName": "arn:aws:dynamodb:us-east-1:111111111111:table/cp-demand", "Key": {"pk": {"S": "x"}}}');
SELECT pg_temp.api('batch_get_item', '{"RequestItems": {"arn:aws-cn:dynamodb:us-east-1:000000000000:table/cp-demand": {"Keys": [{"pk": {"S": "x"}}]}}}');
SELECT pg_temp.api('list_tables', '{"ExclusiveStartTableName": "arn:aws:dynamodb:us-east-1:000000000000:table/cp-demand"}');

-- Indexes are shown in the order in which they were asked for, as PAY_PER_REQUEST goes with one; NonKeyAttributes by name.
SELECT pg_temp.status(pg_temp.shown(pg_temp.create('cp-index', pg_temp.units(1) || jsonb_build_object('GlobalSecondaryIndexes', jsonb_build_array(
	pg_temp.gsi('zeta', pg_temp.units(1)), pg_temp.gsi('alpha', pg_temp.units(1) || '{"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["z", "b"]}}'))))));
SELECT jsonb_path_query_array(pg_temp.describe('cp-index')::jsonb, '$.GlobalSecondaryIndexes[*].IndexName'),
	jsonb_path_query_array(pg_temp.describe('cp-index')::jsonb, '$.GlobalSecondaryIndexes[*].Projection.NonKeyAttributes');
SELECT dynamo_update_table('{"TableName": "cp-index", "AttributeDefinitions": [{"AttributeName": "c", "AttributeType": "S"}], "BillingMode": "PAY_PER_REQUEST", "GlobalSecondaryIndexUpdates": [{"Create":
	{"IndexName": "beta", "KeySchema": [{"AttributeName": "c", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}},
	{"Update": {"IndexName": "zeta", "WarmThroughput": {"ReadUnitsPerSecond": 13000}}}]}')->'TableDescription'->'TableStatus';
SELECT dynapg.wait_for_indexes('cp-index');
SELECT jsonb_path_query_array(pg_temp.describe('cp-index')::jsonb, '$.GlobalSecondaryIndexes[*].IndexName'),
	pg_temp.describe('cp-index')::jsonb->'BillingModeSummary'->'BillingMode',
	jsonb_path_query_array(pg_temp.describe('cp-index')::jsonb, '$.GlobalSecondaryIndexes[*].WarmThroughput.ReadUnitsPerSecond');
-- WarmThroughput of the table goes with that of an index.
SELECT pg_temp.status(pg_temp.update('cp-index', '{"WarmThroughput": {"ReadUnitsPerSecond": 14000}}' ||
	pg_temp.gsi_update('Update', '{"IndexName": "zeta", "WarmThroughput": {"ReadUnitsPerSecond": 14000}}')));
SELECT pg_temp.update('cp-index', pg_temp.gsi_update('Update', '{"IndexName": "zeta", "WarmThroughput": {}}'));
SELECT pg_temp.update('cp-index', pg_temp.gsi_update('Update', '{"IndexName": "zeta"}' || pg_temp.units(1)));
SELECT pg_temp.update('cp-index', pg_temp.gsi_update('Update', '{"IndexName": "none"}' || pg_temp.units(1)));
SELECT pg_temp.update('cp-index', '{"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": "zeta"}, "Delete": {"IndexName": "zeta"}}]}');
-- Back to provisioned needs the units of every index in the same call.
SELECT pg_temp.update('cp-index', '{"BillingMode": "PROVISIONED"}' || pg_temp.units(1));
SELECT pg_temp.update('cp-index', '{"OnDemandThroughput": {"MaxReadRequestUnits": 5}}')::jsonb->'OnDemandThroughput';
SELECT jsonb_path_query_array(pg_temp.update('cp-index', '{"BillingMode": "PROVISIONED", "GlobalSecondaryIndexUpdates": [
	{"Update": {"IndexName": "zeta", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}}},
	{"Update": {"IndexName": "beta", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}}},
	{"Update": {"IndexName": "alpha", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 2}}}]}' || pg_temp.units(1))::jsonb, '$.GlobalSecondaryIndexes[*].IndexStatus');
SELECT pg_temp.describe('cp-index')::jsonb->'OnDemandThroughput', pg_temp.describe('cp-index')::jsonb->'BillingModeSummary' ?& ARRAY['BillingMode', 'LastUpdateToPayPerRequestDateTime'];
SELECT pg_temp.update('cp-index', pg_temp.gsi_update('Update', '{"IndexName": "zeta", "OnDemandThroughput": {"MaxReadRequestUnits": 5}}'));
-- The answer about units of an index shows the old ones; the table stays ACTIVE.
SELECT t->'TableStatus', i->'IndexStatus', i->'ProvisionedThroughput'->'ReadCapacityUnits'
FROM (SELECT pg_temp.update('cp-index', pg_temp.gsi_update('Update', '{"IndexName": "zeta"}' || pg_temp.units(3)))::jsonb) AS u(t), jsonb_array_elements(t->'GlobalSecondaryIndexes') AS i
WHERE i->>'IndexName' = 'zeta';

-- The rest is visible where changes last.  A table that is being created.
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.status(pg_temp.shown(pg_temp.create('cp-slow', pg_temp.units(5))));
SELECT pg_temp.create('cp-slow', pg_temp.units(5));
SELECT pg_temp.update('cp-slow', '{"DeletionProtectionEnabled": true}');
SELECT pg_temp.api('delete_table', '{"TableName": "cp-slow"}');
CALL pg_temp.settle('cp-slow');

-- What is refused while a change goes on, and what is not: a change each, and then all others.
CREATE FUNCTION pg_temp.others(name text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat(what, ': ', pg_temp.status(answer)) FROM (VALUES
		(1, 'units', pg_temp.update(name, pg_temp.units(7))),
		(2, 'mode', pg_temp.update(name, '{"BillingMode": "PAY_PER_REQUEST"}')),
		(3, 'ceilings', pg_temp.update(name, '{"OnDemandThroughput": {"MaxReadRequestUnits": 5}}')),
		(4, 'class', pg_temp.update(name, '{"TableClass": "STANDARD"}')),
		(5, 'stream', pg_temp.update(name, '{"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}')),
		(6, 'index', pg_temp.update(name, pg_temp.gsi_update('Create', pg_temp.gsi('gsi')))),
		(7, 'delete', pg_temp.shown(pg_temp.api('delete_table', jsonb_build_object('TableName', name)))),
		(8, 'encryption', pg_temp.update(name, '{"SSESpecification": {"Enabled": true, "SSEType": "KMS", "KMSMasterKeyId": "other"}}')),
		(9, 'warm', pg_temp.update(name, '{"WarmThroughput": {"ReadUnitsPerSecond": 14000}}')),
		(10, 'protection', pg_temp.update(name, '{"DeletionProtectionEnabled": false}'))) AS v(n, what, answer)
	ORDER BY n
$$;
SELECT pg_temp.update('cp-slow', pg_temp.units(6))::jsonb->'TableStatus';
BEGIN;
SELECT pg_temp.others('cp-slow');
ROLLBACK;
SELECT pg_temp.status(pg_temp.describe('cp-slow'));
CALL pg_temp.settle('cp-slow');
SELECT pg_temp.update('cp-slow', '{"BillingMode": "PAY_PER_REQUEST"}')::jsonb->'BillingModeSummary';
BEGIN;
SELECT pg_temp.others('cp-slow');
ROLLBACK;
CALL pg_temp.settle('cp-slow');
SELECT pg_temp.update('cp-slow', '{"TableClass": "STANDARD_INFREQUENT_ACCESS"}')::jsonb->'TableStatus';
BEGIN;
SELECT pg_temp.others('cp-slow');
ROLLBACK;
CALL pg_temp.settle('cp-slow');
SELECT pg_temp.update('cp-slow', '{"OnDemandThroughput": {"MaxReadRequestUnits": 9}}')::jsonb->'TableStatus';
SELECT pg_temp.update('cp-slow', '{"TableClass": "STANDARD"}');
CALL pg_temp.settle('cp-slow');
-- Encryption and WarmThroughput leave the table ACTIVE and open to other changes, but not to DeleteTable.
SELECT pg_temp.status(pg_temp.update('cp-slow', '{"SSESpecification": {"Enabled": true}}'));
SELECT pg_temp.status(pg_temp.describe('cp-slow'));
SELECT pg_temp.update('cp-slow', '{"SSESpecification": {"Enabled": false}}');
SELECT pg_temp.api('delete_table', '{"TableName": "cp-slow"}');
SELECT pg_temp.status(pg_temp.update('cp-slow', '{"OnDemandThroughput": {"MaxReadRequestUnits": 10}}'));
CALL pg_temp.settle('cp-slow');
SELECT pg_temp.status(pg_temp.describe('cp-slow'));
SELECT pg_temp.status(pg_temp.update('cp-slow', '{"WarmThroughput": {"WriteUnitsPerSecond": 5000}}'));
SELECT pg_temp.status(pg_temp.describe('cp-slow'));
SELECT pg_temp.status(pg_temp.update('cp-slow', '{"WarmThroughput": {"WriteUnitsPerSecond": 6000}}'));
SELECT pg_temp.api('delete_table', '{"TableName": "cp-slow"}');
CALL pg_temp.settle('cp-slow');
-- Deletion protection takes no time whatever the delay.
SELECT pg_temp.status(pg_temp.update('cp-slow', '{"DeletionProtectionEnabled": true}'));
SELECT pg_temp.status(pg_temp.update('cp-slow', '{"DeletionProtectionEnabled": false}'));
-- A table that is being deleted, until it is gone; its name is taken until then.
SELECT pg_temp.api('delete_table', '{"TableName": "cp-slow"}');
SELECT pg_temp.api('delete_table', '{"TableName": "cp-slow"}');
SELECT pg_temp.update('cp-slow', '{"DeletionProtectionEnabled": true}');
SELECT pg_temp.create('cp-slow');
CALL pg_temp.settle('cp-slow');
SELECT pg_temp.update('cp-slow', '{"DeletionProtectionEnabled": true}');
RESET dynapg.control_plane_delay;

-- Nothing of what the catalog keeps for itself is shown.
SELECT name, pg_temp.describe(name)::jsonb ?| ARRAY['Change', 'TableClassChanges', 'EncryptionChanges'],
	jsonb_path_exists(pg_temp.describe(name)::jsonb, '$.GlobalSecondaryIndexes[*].Position')
FROM unnest(ARRAY['cp-demand', 'cp-units', 'cp-index']) AS name;

SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM unnest(ARRAY['cp-demand', 'cp-units', 'cp-index']) AS name;
