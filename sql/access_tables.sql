-- Access control of all operations but those on items: which action on which resource, what privileges are worth, in whose name it is done.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
\i test/session.sql
\i test/buckets.sql
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- An operation in a role's name, undone: "done", or its error.
CREATE FUNCTION pg_temp.tries(role text, operation text, request jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	exception text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	EXECUTE format('SELECT dynamo_%s($1)', lower(regexp_replace(operation, '(?<=[a-z])([A-Z])', '_\1', 'g'))) INTO answer USING request;
	RAISE SQLSTATE 'YY001' USING MESSAGE = answer;
EXCEPTION
	WHEN SQLSTATE 'YY001' THEN
		RETURN 'done';
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS exception = PG_DATATYPE_NAME;
		RETURN replace(concat_ws(': ', coalesce(nullif(exception, ''), SQLSTATE), SQLERRM), 'arn:aws:dynamodb:us-east-1:000000000000:', '...');
END $$;
-- A command of SQL's in a role's name, undone.
CREATE FUNCTION pg_temp.tries_sql(role text, command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	EXECUTE command;
	RAISE SQLSTATE 'YY001';
EXCEPTION
	WHEN SQLSTATE 'YY001' THEN
		RETURN 'done';
	WHEN OTHERS THEN
		RETURN regexp_replace(replace(SQLERRM, 'arn:aws:dynamodb:us-east-1:000000000000:', '...'), '[0-9]{4}-[0-9-]{5}T[0-9:.]+', '(time)');
END $$;
-- A statement, and a policy of one, or of several
CREATE FUNCTION pg_temp.says(effect text, action text, resource text DEFAULT '*', condition jsonb DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('Effect', effect, 'Action', 'dynamodb:' || action, 'Condition', condition, 'Resource',
		CASE WHEN resource = '*' THEN '*' ELSE 'arn:aws:dynamodb:us-east-1:000000000000:' || resource END))
$$;
CREATE FUNCTION pg_temp.let(role text, VARIADIC statements jsonb[]) RETURNS void LANGUAGE sql AS $$
	SELECT dynapg.put_role_policy(role::regrole, 'test', jsonb_build_object('Version', '2012-10-17', 'Statement', statements)::text)
$$;
CREATE FUNCTION pg_temp.table_request(name text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST', 'KeySchema', '[{"AttributeName": "id", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "id", "AttributeType": "S"}]'::jsonb) || more
$$;
CREATE PROCEDURE pg_temp.wait_for_moment(name text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 15000 LOOP
		PERFORM dynapg.tick();
		COMMIT;
		EXIT WHEN EXISTS (SELECT FROM dynapg.logs l, dynapg.ticks t WHERE l.table_name = name AND l.kind = 'UNDO' AND l.kept
			AND l.status = 'ENABLED' AND pg_visible_in_snapshot(l.begun_by, t.snapshot));
		PERFORM dynamo_describe_table(jsonb_build_object('TableName', name));
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
DROP ROLE IF EXISTS regress_access_app, regress_access_owner, regress_access_user, regress_access_root;
\set ECHO all

-- By what each operation that dynapg has is allowed: a new one without its row is refused to everybody, and seen here
SELECT * FROM dynapg_test.access_rows() ORDER BY operation;
SELECT operation FROM dynapg_test.access_rows() WHERE action IS NULL;

\set ECHO none
CREATE ROLE regress_access_app;
CREATE ROLE regress_access_owner;
CREATE ROLE regress_access_user;
CREATE ROLE regress_access_root;
GRANT CREATE ON SCHEMA dynamo TO regress_access_owner;
SET ROLE regress_access_owner;
SELECT count(*) FROM dynamo_create_table(pg_temp.table_request('Here', '{"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}, "Tags": [{"Key": "team", "Value": "red"}]}'));
SELECT count(*) FROM dynamo_update_continuous_backups('{"TableName": "Here", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}');
RESET ROLE;
CALL pg_temp.wait_for_moment('Here');
SET ROLE regress_access_owner;
SELECT count(*) FROM dynamo_put_item('{"TableName": "Here", "Item": {"id": {"S": "a"}}}');
SELECT dynamo_create_backup('{"TableName": "Here", "BackupName": "one"}') #>> '{BackupDetails,BackupArn}' AS backup \gset
RESET ROLE;
DO $$ BEGIN WHILE EXISTS (SELECT FROM dynapg.backups WHERE status = 'CREATING') LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;
SELECT dynamo_list_streams('{"TableName": "Here"}') #>> '{Streams,0,StreamArn}' AS stream \gset
SELECT dynamo_get_shard_iterator(jsonb_build_object('StreamArn', :'stream', 'ShardIteratorType', 'TRIM_HORIZON', 'ShardId',
	dynamo_describe_stream(jsonb_build_object('StreamArn', :'stream')) #>> '{StreamDescription,Shards,0,ShardId}')) ->> 'ShardIterator' AS iterator \gset
-- A request of each operation: @T is the table, @A its ARN
CREATE TEMP TABLE requests (operation text, request text);
GRANT SELECT ON requests TO PUBLIC;
INSERT INTO requests VALUES
	('CreateTable', pg_temp.table_request('@T')::text),
	('DeleteTable', '{"TableName": "@T"}'),
	('DescribeTable', '{"TableName": "@A"}'),
	('UpdateTable', '{"TableName": "@T", "DeletionProtectionEnabled": false}'),
	('DescribeTimeToLive', '{"TableName": "@T"}'),
	('UpdateTimeToLive', '{"TableName": "@T", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"}}'),
	('DescribeContinuousBackups', '{"TableName": "@T"}'),
	('UpdateContinuousBackups', '{"TableName": "@T", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": false}}'),
	('DescribeKinesisStreamingDestination', '{"TableName": "@T"}'),
	('DescribeContributorInsights', '{"TableName": "@T"}'),
	('UpdateContributorInsights', '{"TableName": "@T", "ContributorInsightsAction": "ENABLE"}'),
	('ListContributorInsights', '{}'),
	('DescribeTableReplicaAutoScaling', '{"TableName": "@T"}'),
	('UpdateTableReplicaAutoScaling', '{"TableName": "@T"}'),
	('EnableKinesisStreamingDestination', '{"TableName": "@T", "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/records"}'),
	('DisableKinesisStreamingDestination', '{"TableName": "@T", "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/records"}'),
	('UpdateKinesisStreamingDestination', '{"TableName": "@T", "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/records"}'),
	('ListTagsOfResource', '{"ResourceArn": "@A"}'),
	('TagResource', '{"ResourceArn": "@A", "Tags": [{"Key": "a", "Value": "b"}]}'),
	('UntagResource', '{"ResourceArn": "@A", "TagKeys": ["team"]}'),
	('PutResourcePolicy', '{"ResourceArn": "@A", "Policy": "{\"Statement\": {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"dynamodb:DeleteTable\", \"Resource\": \"@A\"}}"}'),
	('GetResourcePolicy', '{"ResourceArn": "@A"}'),
	('DeleteResourcePolicy', '{"ResourceArn": "@A"}'),
	('CreateBackup', '{"TableName": "@T", "BackupName": "two"}'),
	('DeleteBackup', jsonb_build_object('BackupArn', replace(:'backup', 'Here', '@T'))::text),
	('DescribeBackup', jsonb_build_object('BackupArn', replace(:'backup', 'Here', '@T'))::text),
	('ExportTableToPointInTime', '{"TableArn": "@A", "S3Bucket": "out"}'),
	('ImportTable', jsonb_build_object('S3BucketSource', '{"S3Bucket": "in"}'::jsonb, 'InputFormat', 'DYNAMODB_JSON', 'ClientToken', 'one', 'TableCreationParameters', pg_temp.table_request('@T'))::text),
	('StartBulkPutItems', '{"TableName": "@T", "InputS3Configuration": {"S3Bucket": "in", "InputFormat": "ION"}, "OutputS3Configuration": {"S3Bucket": "out", "OutputType": ["ERROR"]}}'),
	('CancelBulkOperation', '{"BulkOperationArn": "@A/bulk-operation/01700000000000-00000000"}'),
	('DescribeBulkOperation', '{"BulkOperationArn": "@A/bulk-operation/01700000000000-00000000"}'),
	('DescribeExport', '{"ExportArn": "@A/export/01700000000000-00000000"}'),
	('DescribeImport', '{"ImportArn": "@A/import/01700000000000-00000000"}'),
	('DescribeStream', jsonb_build_object('StreamArn', replace(:'stream', 'Here', '@T'))::text),
	('GetShardIterator', jsonb_build_object('StreamArn', replace(:'stream', 'Here', '@T'), 'ShardIteratorType', 'LATEST', 'ShardId', 'shardId-00000000000000000000-00000000')::text),
	('GetRecords', jsonb_build_object('ShardIterator', replace(:'iterator', 'Here', '@T'))::text),
	('DescribeEndpoints', '{}'), ('DescribeLimits', '{}'), ('ListBackups', '{"TableName": "@T"}'), ('ListBulkOperations', '{}'), ('ListExports', '{"TableArn": "@A"}'),
	('ListImports', '{"TableArn": "@A"}'), ('ListStreams', '{"TableName": "@T"}'), ('ListTables', '{}'),
	('RestoreTableFromBackup', jsonb_build_object('BackupArn', replace(:'backup', 'Here', '@T'), 'TargetTableName', 'Target')::text),
	('RestoreTableToPointInTime', '{"SourceTableName": "@T", "TargetTableName": "Target", "UseLatestRestorableTime": true}');
CREATE FUNCTION pg_temp.request(of_operation text, name text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT replace(replace(request, '@A', 'arn:aws:dynamodb:us-east-1:000000000000:table/@T'), '@T', name)::jsonb FROM requests WHERE operation = of_operation
$$;
-- answers without what differs from run to run
CREATE FUNCTION pg_temp.settle(answer text, name text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(replace(answer, name, '@T'), '(backup/)[0-9]{14}-[0-9a-f]{8}', '\1(label)', 'g'), '[0-9]{4}-[0-9-]{5}T[0-9:.]+', '(time)', 'g')
$$;
\set ECHO all
-- no request is missing
SELECT operation FROM dynapg_test.access_rows() WHERE action NOT LIKE 'that %' AND granted <> 'privileges on the table' EXCEPT SELECT operation FROM requests;

-- A role with a policy that does not allow it is refused, in the same words whether or not there is such a table
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', 'GetItem'));
SELECT operation, string_agg(DISTINCT pg_temp.settle(pg_temp.tries('regress_access_app', operation, pg_temp.request(operation, name)), name), ' OR ')
FROM requests, unnest(ARRAY['Here', 'None']) name GROUP BY operation ORDER BY operation;

-- A policy that allows the action, and nothing else: it is done, or the service says what is wrong
CREATE FUNCTION pg_temp.allowed(operation text, name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.let('regress_access_app', pg_temp.says('Allow', operation));
	RETURN pg_temp.settle(pg_temp.tries('regress_access_app', operation, pg_temp.request(operation, name)), name);
END $$;
SELECT operation, pg_temp.allowed(operation, 'Here'), pg_temp.allowed(operation, 'None') FROM requests ORDER BY operation;

-- What there is not room for in the service's words either: an ARN of another account, of nothing, of an index
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', 'GetItem'));
SELECT v.operation, pg_temp.tries('regress_access_app', v.operation, v.request) FROM (VALUES
	('DescribeTable', '{"TableName": "arn:aws:dynamodb:us-east-1:111111111111:table/Here"}'::jsonb),
	('TagResource', '{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Here/index/i", "Tags": []}'),
	('TagResource', '{"ResourceArn": "Here", "Tags": []}'),
	('ExportTableToPointInTime', '{"TableArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/Here", "S3Bucket": "out"}'),
	('DescribeBackup', '{"BackupArn": "arn:aws:dynamodb:us-east-1:111111111111:table/Here/backup/01700000000000-00000000"}'),
	('DescribeStream', '{"StreamArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/Here/stream/2026-01-01T00:00:00.000"}')) AS v(operation, request);

-- Privileges do what a policy does not, also for a role that has policies; lists are for who uses any table
SELECT pg_temp.let('regress_access_user', pg_temp.says('Allow', 'GetItem', 'table/Other'));
GRANT SELECT ON dynamo."Here" TO regress_access_user;
SELECT operation, pg_temp.settle(pg_temp.tries('regress_access_user', operation, pg_temp.request(operation, 'Here')), 'Here') FROM requests
WHERE operation IN ('DescribeTable', 'DescribeTimeToLive', 'DescribeBackup', 'DescribeStream', 'GetRecords', 'ListTables', 'ListTagsOfResource', 'UpdateTable', 'CreateBackup', 'TagResource') ORDER BY operation;
REVOKE SELECT ON dynamo."Here" FROM regress_access_user;
GRANT INSERT (item) ON dynamo."Here" TO regress_access_user;
SELECT operation, pg_temp.settle(pg_temp.tries('regress_access_user', operation, pg_temp.request(operation, 'Here')), 'Here') FROM requests
WHERE operation IN ('DescribeTable', 'DescribeStream', 'ListTables') ORDER BY operation;
REVOKE INSERT (item) ON dynamo."Here" FROM regress_access_user;
-- and a role without policies is told names and definitions, as ever
SELECT dynapg.delete_role_policy('regress_access_user', 'test');
SELECT operation, pg_temp.settle(pg_temp.tries('regress_access_user', operation, pg_temp.request(operation, 'Here')), 'Here') FROM requests
WHERE operation IN ('DescribeTable', 'DescribeTimeToLive', 'DescribeBackup', 'DescribeStream', 'ListTables', 'ListTagsOfResource', 'UpdateTable', 'CreateBackup', 'TagResource') ORDER BY operation;

-- What is denied is denied to the owner, too; all else he does as ever
SELECT pg_temp.let('regress_access_owner', pg_temp.says('Deny', 'DeleteTable'), pg_temp.says('Deny', 'Update*', 'table/He*'), pg_temp.says('Deny', 'DescribeStream', 'table/Here/stream/*'),
	pg_temp.says('Deny', 'DeleteBackup', 'table/Here/backup/*'), pg_temp.says('Deny', 'CreateTable', 'table/None'));
SELECT operation, pg_temp.settle(pg_temp.tries('regress_access_owner', operation, pg_temp.request(operation, CASE WHEN operation IN ('CreateTable', 'ImportTable') THEN 'None' ELSE 'Here' END)), 'Here')
FROM requests WHERE operation NOT LIKE 'List%' AND operation NOT LIKE '%BulkOperation' AND operation NOT IN ('DescribeExport', 'DescribeImport') ORDER BY operation;
SELECT command, pg_temp.tries_sql('regress_access_owner', command) FROM (VALUES ('SELECT dynapg.set_stream_shards(''Here'', 1)'), ('SELECT dynapg.replace_index(''Here'', ''i'', ''{}'')'),
	('SELECT dynapg.create_backup_schedule(''Here'', ''1 day'')'), ('SELECT dynapg.stream_records(''Here'')'), ('SELECT dynapg.expire_items(''Here'')')) v(command);
-- A boundary limits him
SELECT pg_temp.let('regress_access_owner', pg_temp.says('Deny', 'DeleteTable'));
SELECT dynapg.put_role_permissions_boundary('regress_access_owner', jsonb_build_object('Statement', pg_temp.says('Allow', 'D*', 'table/Here'))::text);
SELECT operation, pg_temp.settle(pg_temp.tries('regress_access_owner', operation, pg_temp.request(operation, 'Here')), 'Here')
FROM requests WHERE operation IN ('DescribeTable', 'DeleteTable', 'UpdateTable', 'CreateBackup', 'GetRecords', 'ListTables') ORDER BY operation;
SELECT command, pg_temp.tries_sql('regress_access_owner', command) FROM (VALUES ('SELECT dynapg.set_stream_shards(''Here'', 1)'), ('SELECT dynapg.create_backup_schedule(''Here'', ''1 day'')'),
	('SELECT dynapg.stream_records(''Here'')'), ('SELECT dynapg.copy_to(''Here'', ''http://localhost:1'')'), ('SELECT dynapg.copy_from(''http://localhost:1'', ''None'')')) v(command);
SELECT dynapg.delete_role_permissions_boundary('regress_access_owner'), dynapg.delete_role_policy('regress_access_owner', 'test');
SELECT pg_temp.tries('regress_access_owner', 'DeleteTable', '{"TableName": "Here"}');

-- The table's own policy: it allows what privileges and the role's policies do not, it denies its owner; who may not know of the table is not told
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', 'GetItem'));
CREATE FUNCTION pg_temp.own(statements jsonb) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_put_resource_policy(jsonb_build_object('ResourceArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/Here', 'ConfirmRemoveSelfResourceAccess', true, 'Policy', jsonb_build_object('Statement', statements)::text))
$$;
CREATE FUNCTION pg_temp.about(principal text, effect text, action text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT pg_temp.says(effect, action, 'table/Here') || jsonb_build_object('Principal', CASE principal WHEN '*' THEN '"*"' ELSE jsonb_build_object('AWS', 'arn:aws:iam::000000000000:user/' || principal) END)
$$;
CREATE FUNCTION pg_temp.all_try(operations text[]) RETURNS TABLE (role text, operation text, answer text) LANGUAGE sql AS $$
	SELECT r, o, pg_temp.settle(pg_temp.tries(r, o, pg_temp.request(o, 'Here')), 'Here') FROM unnest(ARRAY['regress_access_app', 'regress_access_user', 'regress_access_owner']) r, unnest(operations) o ORDER BY 2, 1
$$;
SELECT pg_temp.own(jsonb_build_array(pg_temp.about('regress_access_app', 'Allow', 'DescribeTable'), pg_temp.about('regress_access_user', 'Allow', 'UpdateTable'), pg_temp.about('*', 'Deny', 'CreateBackup'),
	pg_temp.about('*', 'Deny', '*ResourcePolicy')));
SELECT * FROM pg_temp.all_try('{DescribeTable,UpdateTable,CreateBackup,GetResourcePolicy,DeleteResourcePolicy,DescribeTimeToLive}');
SELECT pg_temp.tries_sql('regress_access_owner', 'SELECT dynapg.create_backup_schedule(''Here'', ''1 day'')');
-- also not by what is denied to all, of items
SELECT count(dynamo_delete_resource_policy('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Here"}'));
SELECT pg_temp.own(jsonb_build_array(pg_temp.about('*', 'Deny', 'PutItem'), pg_temp.about('regress_access_app', 'Allow', 'DescribeTable'), pg_temp.about('regress_access_user', 'Allow', 'UpdateTable')));
SELECT role, replace(pg_temp.tries(role, 'PutItem', jsonb_build_object('TableName', name, 'Item', '{"id": {"S": "x"}}'::jsonb)), name, '@T')
FROM unnest(ARRAY['Here', 'None']) name, unnest(ARRAY['regress_access_app', 'regress_access_owner']) role ORDER BY 1, name;
-- a boundary limits what it allows, and so does a policy of the role that denies
SELECT dynapg.put_role_permissions_boundary('regress_access_user', jsonb_build_object('Statement', pg_temp.says('Allow', 'Describe*'))::text);
SELECT pg_temp.let('regress_access_app', pg_temp.says('Deny', 'DescribeTable'));
SELECT * FROM pg_temp.all_try('{DescribeTable,UpdateTable}');
SELECT dynapg.delete_role_permissions_boundary('regress_access_user');
-- it does not outlive its table, nor is it another's
SELECT pg_temp.tries('regress_access_user', 'UpdateTable', '{"TableName": "None", "DeletionProtectionEnabled": false}');
SELECT pg_temp.own(jsonb_build_array(pg_temp.about('*', 'Deny', '*ResourcePolicy')));
SELECT pg_temp.fails(format('SELECT dynamo_put_resource_policy(%L)', pg_temp.request('PutResourcePolicy', 'Here')));
-- whoever is a superuser deletes it, whatever it says
SELECT dynamo_delete_resource_policy('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Here"}') ? 'RevisionId';

-- CreateTable: what Tags and a resource policy ask for besides
CREATE FUNCTION pg_temp.creates(more jsonb) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.tries('regress_access_app', 'CreateTable', pg_temp.table_request('None', more)) $$;
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', 'CreateTable'));
SELECT pg_temp.creates('{}'), pg_temp.creates('{"Tags": [{"Key": "team", "Value": "red"}]}');
SELECT pg_temp.creates('{"ResourcePolicy": "{}"}');
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', 'CreateTable', 'table/None', '{"StringEquals": {"aws:RequestTag/team": "red"}}'), pg_temp.says('Allow', 'TagResource', 'table/None'));
SELECT more, pg_temp.creates(more) FROM unnest(ARRAY['{}', '{"Tags": [{"Key": "team", "Value": "blue"}]}', '{"Tags": [{"Key": "team", "Value": "red"}, {"Key": "x", "Value": "y"}]}']::jsonb[]) more;
-- only these tags may be given, and taken away
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', '*TagResource', 'table/Here', '{"ForAllValues:StringEquals": {"aws:TagKeys": ["team", "cost"]}}'));
SELECT tags, pg_temp.tries('regress_access_app', 'TagResource', jsonb_build_object('ResourceArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/Here', 'Tags', tags)) FROM unnest(ARRAY['[{"Key": "cost", "Value": "1"}]', '[{"Key": "cost", "Value": "1"}, {"Key": "x", "Value": "1"}]']::jsonb[]) tags;
SELECT keys, pg_temp.tries('regress_access_app', 'UntagResource', jsonb_build_object('ResourceArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/Here', 'TagKeys', keys)) FROM unnest(ARRAY['["team"]', '["team", "x"]']::jsonb[]) keys;
-- the table's own tags
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', 'D*Table', 'table/*', '{"StringEquals": {"aws:ResourceTag/team": "red"}}'));
SELECT pg_temp.tries('regress_access_app', 'DescribeTable', '{"TableName": "Here"}'), pg_temp.tries('regress_access_app', 'DeleteTable', '{"TableName": "Here"}');
SELECT pg_temp.tries('regress_access_app', 'DescribeTable', '{"TableName": "None"}');

-- What a policy alone lets be made belongs to the database's owner, and stays out of the role's reach but for its policies
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO regress_access_root', current_database()); END $$;
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', '*', 'table/Made*'), pg_temp.says('Allow', 'RestoreTableFromBackup', 'table/Here/backup/*'), pg_temp.says('Allow', 'RestoreTableToPointInTime', 'table/Here'));
SET ROLE regress_access_app;
SELECT count(*) FROM dynamo_create_table(pg_temp.table_request('Made', '{"GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}], "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}'));
SELECT count(*) FROM dynamo_update_table('{"TableName": "Made", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by-g"}}]}');
SELECT dynapg.wait_for_indexes('Made');
SELECT count(*) FROM dynamo_update_table('{"TableName": "Made", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "h", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by-h", "KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}');
SELECT dynapg.wait_for_indexes('Made');
SELECT count(*) FROM dynamo_update_time_to_live('{"TableName": "Made", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"}}');
SELECT count(*) FROM dynamo_restore_table_to_point_in_time('{"SourceTableName": "Here", "TargetTableName": "MadeOfPoint", "UseLatestRestorableTime": true}');
SELECT count(*) FROM dynamo_restore_table_from_backup(jsonb_build_object('BackupArn', :'backup', 'TargetTableName', 'MadeOfBackup'));
-- in a transaction block there is no process: the caller's own does the work, still in the owner's name
DO $$ BEGIN WHILE EXISTS (SELECT FROM dynapg.restores) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;
BEGIN;
SELECT count(*) FROM dynamo_update_table('{"TableName": "Made", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "k", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by-k", "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}');
SELECT count(*) FROM dynamo_restore_table_from_backup(jsonb_build_object('BackupArn', :'backup', 'TargetTableName', 'MadeHere'));
SELECT count(*) FROM dynamo_create_backup('{"TableName": "Made", "BackupName": "here"}');
SELECT count(*) FROM dynamo_update_table('{"TableName": "Made", "StreamSpecification": {"StreamEnabled": false}}');
SELECT current_user, dynamo_describe_table('{"TableName": "MadeHere"}') #>> '{Table,TableStatus}';
COMMIT;
SELECT current_user, pg_temp.fails('SELECT FROM dynamo."Made"'), pg_temp.fails('DROP TABLE dynamo."Made"');
RESET ROLE;
DO $$ BEGIN WHILE EXISTS (SELECT FROM dynapg.restores) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;
SELECT t.name, relowner::regrole FROM dynapg.tables t JOIN pg_class c ON c.oid = t.relation WHERE t.name LIKE 'Made%' ORDER BY 1;
SELECT i.name, i.status, relowner::regrole FROM dynapg.indexes i JOIN pg_class c ON c.oid = i.relation WHERE i.table_name = 'Made' AND i.name NOT LIKE '%~%' ORDER BY 1;
-- who owns the database, or the backup, must be one that may make tables
REVOKE CREATE ON SCHEMA dynamo FROM pg_database_owner, regress_access_owner;
SELECT pg_temp.tries('regress_access_app', 'CreateTable', pg_temp.table_request('MadeNot'));
SELECT pg_temp.settle(pg_temp.tries('regress_access_app', 'RestoreTableFromBackup', jsonb_build_object('BackupArn', :'backup', 'TargetTableName', 'MadeNot')), 'Here');
GRANT CREATE ON SCHEMA dynamo TO pg_database_owner WITH GRANT OPTION;
GRANT CREATE ON SCHEMA dynamo TO regress_access_owner;
-- one that may make tables by itself owns them, but not what is restored of others' backups
GRANT CREATE ON SCHEMA dynamo TO regress_access_app;
SET ROLE regress_access_app;
SELECT count(*) FROM dynamo_create_table(pg_temp.table_request('MadeByMe'));
SELECT count(*) FROM dynamo_restore_table_from_backup(jsonb_build_object('BackupArn', :'backup', 'TargetTableName', 'MadeOfTheirs'));
RESET ROLE;
REVOKE CREATE ON SCHEMA dynamo FROM regress_access_app;
DO $$ BEGIN WHILE EXISTS (SELECT FROM dynapg.restores) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;
SELECT t.name, relowner::regrole FROM dynapg.tables t JOIN pg_class c ON c.oid = t.relation WHERE t.name LIKE 'Made%' ORDER BY 1;

-- In the owner's name, and with the caller's buckets: who may export a table may not therefore write anywhere
SELECT pg_temp.let('regress_access_app', pg_temp.says('Allow', '*'));
SELECT operation, pg_temp.tries('regress_access_app', operation, pg_temp.request(operation, CASE operation WHEN 'ImportTable' THEN 'None' ELSE 'Here' END)) FROM requests WHERE operation IN ('ExportTableToPointInTime', 'ImportTable', 'StartBulkPutItems');
SELECT dynapg.grant_bucket('out', 'regress_access_app'), dynapg.grant_bucket('in', 'regress_access_app', '{READ}');
SELECT operation, pg_temp.tries('regress_access_app', operation, pg_temp.request(operation, CASE operation WHEN 'ImportTable' THEN 'None' ELSE 'Here' END)) FROM requests WHERE operation IN ('ExportTableToPointInTime', 'ImportTable', 'StartBulkPutItems');
BEGIN;
SET LOCAL ROLE regress_access_app;
SELECT dynamo_export_table_to_point_in_time(pg_temp.request('ExportTableToPointInTime', 'Here')) #>> '{ExportDescription,ExportStatus}';
RESET ROLE;
SELECT kind, owner FROM dynapg.transfers WHERE table_name = 'Here';
ROLLBACK;
SELECT dynapg.revoke_bucket('out', 'regress_access_app'), dynapg.revoke_bucket('in', 'regress_access_app');

-- Owners' triggers and event triggers run in the owner's name, and cannot become the caller
CREATE TABLE regress_access_seen (who text, context text);
GRANT INSERT ON regress_access_seen TO PUBLIC;
CREATE FUNCTION regress_access_event() RETURNS event_trigger LANGUAGE plpgsql SET search_path = public AS $$
BEGIN
	INSERT INTO regress_access_seen VALUES (current_user, tg_tag);
	BEGIN
		SET LOCAL ROLE NONE;
		INSERT INTO regress_access_seen VALUES (current_user, 'SET ROLE');
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO regress_access_seen VALUES (current_user, SQLERRM);
	END;
END $$;
CREATE EVENT TRIGGER regress_access_event ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION regress_access_event();
SET ROLE regress_access_app;
SELECT count(*) FROM dynamo_create_table(pg_temp.table_request('MadeLast'));
RESET ROLE;
DROP EVENT TRIGGER regress_access_event;
SELECT DISTINCT * FROM regress_access_seen ORDER BY 1, 2;
DROP FUNCTION regress_access_event;
DROP TABLE regress_access_seen;

-- Deleting, by a policy alone
SET ROLE regress_access_app;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM unnest(ARRAY['Made', 'MadeByMe', 'MadeHere', 'MadeLast', 'MadeOfBackup', 'MadeOfPoint', 'MadeOfTheirs']) name;
SELECT count(dynamo_delete_backup(jsonb_build_object('BackupArn', backup ->> 'BackupArn'))) FROM jsonb_array_elements(dynamo_list_backups('{}') -> 'BackupSummaries') backup;
SELECT count(dynamo_update_continuous_backups('{"TableName": "Here", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": false}}'));
SELECT count(dynamo_delete_table('{"TableName": "Here"}'));
RESET ROLE;
SELECT name FROM dynapg.tables WHERE name LIKE 'Made%' OR name = 'Here';
SELECT table_name, status FROM dynapg.backups;
\set ECHO none
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO %I', current_database(), current_user); END $$;
SELECT dynapg.delete_role_policy('regress_access_app', 'test');
-- what later tests would count, or see go
\i test/forget_logs.sql
REVOKE ALL ON SCHEMA dynamo FROM regress_access_owner;
DROP ROLE regress_access_app, regress_access_owner, regress_access_user, regress_access_root;
ALTER SYSTEM RESET dynapg.export_directory;
SELECT pg_reload_conf() \g /dev/null
