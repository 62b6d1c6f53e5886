-- ImportTable, DescribeImport, ListImports.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\i test/buckets.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- A request of ImportTable: table p (S) and s (N), and what a test adds to it
CREATE FUNCTION pg_temp.import_request(name text, more jsonb DEFAULT '{}', parameters jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('ClientToken', 'token of ' || name, 'S3BucketSource', jsonb_build_object('S3Bucket', 'in', 'S3KeyPrefix', name || '/'),
		'InputFormat', 'DYNAMODB_JSON', 'TableCreationParameters', jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]'::jsonb) || parameters) || more
$$;
CREATE FUNCTION pg_temp.import(name text, more jsonb DEFAULT '{}', parameters jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.plain(pg_temp.answer('import_table', pg_temp.import_request(name, more, parameters)))
$$;
-- Imports a table and waits for the end: what its description says then, of what differs
CREATE FUNCTION pg_temp.ended(arn text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	answer jsonb;
BEGIN
	LOOP
		answer := dynamo_describe_import(jsonb_build_object('ImportArn', arn)) -> 'ImportTableDescription';
		EXIT WHEN answer ->> 'ImportStatus' <> 'IN_PROGRESS';
		PERFORM pg_sleep(0.02);
	END LOOP;
	RETURN answer;
END $$;
CREATE PROCEDURE pg_temp.imports(name text, more jsonb DEFAULT '{}', parameters jsonb DEFAULT '{}') LANGUAGE plpgsql AS $$
DECLARE
	arn text;
	answer jsonb;
BEGIN
	arn := dynamo_import_table(pg_temp.import_request(name, more, parameters)) #>> '{ImportTableDescription,ImportArn}';
	COMMIT;
	answer := pg_temp.ended(arn);
	RAISE NOTICE '% processed % of % bytes, imported %, errors %, % %; table %', answer ->> 'ImportStatus', answer ->> 'ProcessedItemCount', answer ->> 'ProcessedSizeBytes',
		answer ->> 'ImportedItemCount', answer ->> 'ErrorCount', coalesce(answer ->> 'FailureCode', '-'), regexp_replace(coalesce(answer ->> 'FailureMessage', '-'), 'Request ID: .*', '...'),
		coalesce((SELECT dynamo_describe_table(jsonb_build_object('TableName', t.name)) #>> '{Table,TableStatus}' FROM dynapg.tables t WHERE t.name = answer #>> '{TableCreationParameters,TableName}'), '-');
END $$;

-- ------------------------------------------------------------------------------------------------------------
-- Requests
-- ------------------------------------------------------------------------------------------------------------
SELECT pg_temp.answer('import_table', '{}');
SELECT pg_temp.answer('import_table', pg_temp.import_request('Import') - 'ClientToken');
SELECT pg_temp.import('Import', '{"ClientToken": ""}');
SELECT pg_temp.import('Import', '{"ClientToken": "with $"}');
SELECT pg_temp.import('Import', '{"InputFormat": "XML"}');
SELECT pg_temp.import('Import', '{"InputCompressionType": "BZIP2"}');
SELECT pg_temp.import('Import', '{"S3BucketSource": {"S3Bucket": "-"}}');
SELECT pg_temp.import('Import', '{"S3BucketSource": {"S3Bucket": "in", "S3BucketOwner": "12"}}');
SELECT pg_temp.import('Import', '{"InputFormatOptions": {"Csv": {"Delimiter": ";"}}}');
SELECT pg_temp.import('Import', '{"InputFormat": "CSV", "InputFormatOptions": {"Csv": {"Delimiter": ";;"}}}');
SELECT pg_temp.import('Import', '{"InputFormat": "CSV", "InputFormatOptions": {"Csv": {"HeaderList": []}}}');
-- what CreateTable refuses, in its words
SELECT pg_temp.import('Im');
SELECT pg_temp.answer('import_table', pg_temp.import_request('Import') #- '{TableCreationParameters,BillingMode}');
SELECT pg_temp.import('Import', '{}', '{"BillingMode": "PROVISIONED"}');
SELECT pg_temp.import('Import', '{}', '{"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}, "OnDemandThroughput": {"MaxWriteRequestUnits": 1}}');
SELECT pg_temp.import('Import', '{}', '{"ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}}');
SET client_min_messages TO error;
SET dynapg.throttling = on;
SELECT pg_temp.answer('import_table', pg_temp.import_request('Import', '{"ClientToken": "quota"}', '{"OnDemandThroughput": {"MaxWriteRequestUnits": 40001}}'));
SELECT pg_temp.answer('import_table', pg_temp.import_request('Import', '{"ClientToken": "quota"}', '{"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 40001, "WriteCapacityUnits": 1}}'));
SELECT count(*) FROM dynapg.transfers WHERE client_token = 'quota';
RESET dynapg.throttling;
RESET client_min_messages;
SELECT pg_temp.import('Import', '{}', '{"KeySchema": [{"AttributeName": "x", "KeyType": "HASH"}]}');
SELECT pg_temp.import('Import', '{}', '{"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}, {"AttributeName": "t", "AttributeType": "N"}]}');
SELECT pg_temp.import('Import', '{}', '{"GlobalSecondaryIndexes": []}');
SELECT pg_temp.import('Import', '{}', '{"SSESpecification": {"SSEType": "AES256"}}');
SELECT pg_temp.import('Import', '{}', '{"VectorIndexes": []}');
-- and members that an import does not have are dropped
SELECT (pg_temp.answer('import_table', pg_temp.import_request('Import', '{}', '{"LocalSecondaryIndexes": [], "StreamSpecification": {"StreamEnabled": true}}'))::jsonb #> '{ImportTableDescription,TableCreationParameters}') - 'AttributeDefinitions' - 'KeySchema';
SELECT pg_temp.ended('arn:aws:dynamodb:us-east-1:000000000000:table/Import/import/' || id) ->> 'ImportStatus' FROM dynapg.transfers WHERE kind = 'IMPORT';
SELECT pg_temp.answer('delete_table', '{"TableName": "Import"}') IS NOT NULL;
SELECT pg_temp.answer('describe_import', '{"ImportArn": "short"}');
SELECT pg_temp.answer('describe_import', '{"ImportArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Import"}');
SELECT pg_temp.answer('describe_import', '{"ImportArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Import/export/01658528578619-c4d4e311"}');
SELECT pg_temp.answer('describe_import', '{"ImportArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Im/import/01658528578619-c4d4e311"}');
SELECT pg_temp.answer('describe_import', '{"ImportArn": "arn:aws:dynamodb:us-east-1:111111111111:table/Import/import/01658528578619-c4d4e311"}');
SELECT pg_temp.answer('describe_import', '{"ImportArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/Import/import/01658528578619-c4d4e311"}');
SELECT pg_temp.answer('describe_import', '{"ImportArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Import/import/01658528578619-c4d4e311"}');
SELECT pg_temp.answer('list_imports', '{"PageSize": 26}');
SELECT pg_temp.answer('list_imports', '{"NextToken": "short"}');
SELECT pg_temp.answer('list_imports', jsonb_build_object('NextToken', repeat('0123456789abcdef', 7)));
SELECT pg_temp.answer('list_imports', '{"TableArn": "Import"}');
SELECT pg_temp.answer('list_imports', '{"TableArn": "arn:aws:dynamodb:us-east-1:111111111111:table/Import"}');
SELECT pg_temp.answer('list_imports', '{"TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Missing"}');

-- ------------------------------------------------------------------------------------------------------------
-- What is said of imports
-- ------------------------------------------------------------------------------------------------------------
SELECT pg_temp.put_object('in', 'Music/a.json', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "g": {"S": "x"}}}', '{"Item": {"p": {"S": "a"}, "s": {"N": "2"}}}');
SELECT jsonb_pretty(pg_temp.import('Music', '{}', '{"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}]}')::jsonb);
SELECT 'arn:aws:dynamodb:us-east-1:000000000000:table/Music/import/' || id AS arn FROM dynapg.transfers WHERE table_name = 'Music' \gset
SELECT jsonb_pretty(pg_temp.plain((pg_temp.ended(:'arn') - 'TableCreationParameters')::text)::jsonb);
SELECT d ->> 'TableId' = dynamo_describe_table('{"TableName": "Music"}') #>> '{Table,TableId}' AS same_table, right(:'arn', 23) LIKE '0' || round((d ->> 'StartTime')::numeric * 1000) || '-%' AS same_time
	FROM (SELECT dynamo_describe_import(jsonb_build_object('ImportArn', :'arn')) -> 'ImportTableDescription' AS d) x;
SELECT jsonb_pretty(pg_temp.plain(dynamo_list_imports('{"PageSize": 1}')::text)::jsonb #- '{NextToken}');
-- no trace in the table; its indexes are there and right
SELECT jsonb_pretty(jsonb_strip_nulls(jsonb_set(d - '{CreationDateTime,TableId,BillingModeSummary,WarmThroughput}'::text[], '{GlobalSecondaryIndexes}', jsonb_build_array((d #> '{GlobalSecondaryIndexes,0}') - 'WarmThroughput'))))
	FROM (SELECT pg_temp.plain(dynamo_describe_table('{"TableName": "Music"}')::text)::jsonb -> 'Table' AS d) x;
SELECT dynamo_query('{"TableName": "Music", "IndexName": "by-g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}') -> 'Items';
SELECT count(*) FROM dynapg.check_table('Music');
-- the table is there: refused before the token is looked at
SELECT pg_temp.import('Music');
SELECT pg_temp.import('Music', '{"ClientToken": "another"}');
-- another table
SELECT pg_temp.import('Music2', '{"ClientToken": "token of Music"}');
-- the table was deleted: the old import, and nothing is created
SELECT pg_temp.answer('delete_table', '{"TableName": "Music"}') IS NOT NULL;
SELECT pg_temp.answer('import_table', pg_temp.import_request('Music', '{"InputFormat": "CSV", "S3BucketSource": {"S3Bucket": "elsewhere"}}'))::jsonb #>> '{ImportTableDescription,ImportArn}' = :'arn' AS same;
SELECT count(*) FROM dynapg.tables WHERE name = 'Music';
-- imports outlive their tables
SELECT jsonb_array_length(dynamo_list_imports('{"TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music"}') -> 'ImportSummaryList');

-- ------------------------------------------------------------------------------------------------------------
-- What becomes of objects
-- ------------------------------------------------------------------------------------------------------------
-- No objects: an empty table
CALL pg_temp.imports('Empty');
-- No bucket, or somebody else's, or one that its owner may not read: no table
CALL pg_temp.imports('NoBucket', '{"S3BucketSource": {"S3Bucket": "no-such-bucket"}}');
CALL pg_temp.imports('OtherOwner', '{"S3BucketSource": {"S3Bucket": "in", "S3BucketOwner": "111111111111"}}');
-- A prefix is one of keys; blank lines are none; nor is an empty object, or a last line without newline, anything
SELECT pg_temp.put_object('in', 'Prefix/data/a', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}}', '', '   ', '{"Item": {"p": {"S": "b"}, "s": {"N": "1"}}}');
SELECT pg_temp.put_object('in', 'Prefix/data2/x.csv', '{"Item": {"p": {"S": "c"}, "s": {"N": "1"}}}');
SELECT pg_temp.put_object('in', 'Prefix/data.bak', '{"Item": {"p": {"S": "d"}, "s": {"N": "1"}}}');
SELECT pg_temp.put_object('in', 'Prefix/other', '{"Item": {"p": {"S": "never"}, "s": {"N": "1"}}}');
COPY (SELECT '{"Item": {"p": {"S": "e"}, "s": {"N": "1"}}}') TO PROGRAM 'tr -d "\n" >dynapg_buckets/in/Prefix/data.unended';
COPY (SELECT) TO PROGRAM 'cat >/dev/null; true >dynapg_buckets/in/Prefix/data.empty';
CALL pg_temp.imports('Prefix', '{"S3BucketSource": {"S3Bucket": "in", "S3KeyPrefix": "Prefix/data"}}');
SELECT string_agg(item ->> 'p', '' ORDER BY item ->> 'p') FROM dynamo."Prefix";
-- A single key
CALL pg_temp.imports('Single', '{"S3BucketSource": {"S3Bucket": "in", "S3KeyPrefix": "Prefix/data2/x.csv"}}');
-- An item without its key is one error, and the next one is read: 9 of 10
SELECT pg_temp.put_object('in', 'Nine/a', VARIADIC (SELECT array_agg(CASE WHEN i = 6 THEN '{"Item": {"p": {"S": "a"}}}' ELSE format('{"Item": {"p": {"S": "a"}, "s": {"N": "%s"}}}', i) END ORDER BY i) FROM generate_series(1, 10) i));
CALL pg_temp.imports('Nine');
-- Garbage abandons the rest of its object, of no other: 5 of 10
SELECT pg_temp.put_object('in', 'Five/a', VARIADIC (SELECT array_agg(CASE WHEN i = 6 THEN 'garbage' ELSE format('{"Item": {"p": {"S": "a"}, "s": {"N": "%s"}}}', i) END ORDER BY i) FROM generate_series(1, 10) i));
CALL pg_temp.imports('Five');
SELECT pg_temp.put_object('in', 'Five2/a', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}}', '{"NoItem": {}}', '{"Item": {"p": {"S": "a"}, "s": {"N": "2"}}}');
SELECT pg_temp.put_object('in', 'Five2/b', '{"Item": {"p": {"S": "b"}, "s": {"N": "1"}}}');
CALL pg_temp.imports('Five2');
-- What is no item of the table: its keys, and those of its indexes
SELECT pg_temp.put_object('in', 'Bad/a', '{"Item": {"p": {"N": "1"}, "s": {"N": "1"}}}', '{"Item": {"p": {"S": ""}, "s": {"N": "1"}}}', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "": {"S": "x"}}}',
	'{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "g": {"N": "1"}}}', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "g": {"S": ""}}}', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "v": {"SS": []}}}',
	'{"Item": {"p": {"S": "' || repeat('k', 2049) || '"}, "s": {"N": "1"}}}', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "v": {"S": "' || repeat('v', 409600) || '"}}}',
	'{"Item": {"p": {"S": "good"}, "s": {"N": "1"}, "g": {"S": "g"}}}');
CALL pg_temp.imports('Bad', '{}', '{"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}');
SELECT bucket, key, item_index, message FROM dynapg.import_errors WHERE table_name = 'Bad' ORDER BY item_index;
SELECT item FROM dynamo."Bad";
SELECT count(*) FROM dynapg.check_table('Bad');
-- Equal keys overwrite each other: what counts is what was written, and of one object the last one stays
SELECT pg_temp.put_object('in', 'Equal/a', VARIADIC (SELECT array_agg(format('{"Item": {"p": {"S": "a"}, "s": {"N": "%s"}, "v": {"N": "%s"}}}', i % 3, i) ORDER BY i) FROM generate_series(1, 10) i));
CALL pg_temp.imports('Equal');
SELECT item FROM dynamo."Equal" ORDER BY sort;
-- Nothing is found out of how objects are compressed: GZIP of plain text
CALL pg_temp.imports('NoGzip', '{"S3BucketSource": {"S3Bucket": "in", "S3KeyPrefix": "Equal/"}, "InputCompressionType": "GZIP"}');
COPY (SELECT) TO PROGRAM 'cat >/dev/null; gzip -c dynapg_buckets/in/Equal/a >dynapg_buckets/in/Equal.gz';
CALL pg_temp.imports('Gzip', '{"S3BucketSource": {"S3Bucket": "in", "S3KeyPrefix": "Equal.gz"}, "InputCompressionType": "GZIP"}');
CALL pg_temp.imports('NotPlain', '{"S3BucketSource": {"S3Bucket": "in", "S3KeyPrefix": "Equal.gz"}}');
-- CSV: key columns have their types, all others are S
SELECT pg_temp.put_object('in', 'Csv/a', 'p,s,g,v', 'a,1,2,"x, ""y"""', 'a,2,,');
CALL pg_temp.imports('Csv', '{"InputFormat": "CSV"}', '{"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "N"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}');
SELECT item FROM dynamo."Csv" ORDER BY sort;
SELECT message FROM dynapg.import_errors WHERE table_name = 'Csv';
SELECT pg_temp.put_object('in', 'Csv2/a', 'a;1;x');
CALL pg_temp.imports('Csv2', '{"InputFormat": "CSV", "InputFormatOptions": {"Csv": {"Delimiter": ";", "HeaderList": ["p", "s", "v"]}}}');
SELECT item FROM dynamo."Csv2";
SELECT pg_temp.ended('arn:aws:dynamodb:us-east-1:000000000000:table/Csv2/import/' || id) -> 'InputFormatOptions' FROM dynapg.transfers WHERE table_name = 'Csv2';
-- Ion
SELECT pg_temp.put_object('in', 'Ion/a', '$ion_1_0 {Item:{p:"a",s:1.,v:$dynamodb_SS::["x","y"]}}', '{Item:{p:"b",s:2.}}');
CALL pg_temp.imports('Ion', '{"InputFormat": "ION"}');
SELECT item FROM dynamo."Ion" ORDER BY hash;

-- ------------------------------------------------------------------------------------------------------------
-- Privileges
-- ------------------------------------------------------------------------------------------------------------
CREATE ROLE dynapg_importer;
SET ROLE dynapg_importer;
SELECT pg_temp.import('Mine');
SELECT count(*) FROM dynapg.import_errors;
SELECT pg_temp.fails('SELECT FROM dynapg.transfer_reports');
RESET ROLE;
GRANT CREATE ON SCHEMA dynamo TO dynapg_importer;
SET ROLE dynapg_importer;
CALL pg_temp.imports('Mine', '{"S3BucketSource": {"S3Bucket": "in", "S3KeyPrefix": "Nine/"}}');
RESET ROLE;
SELECT dynapg.grant_bucket('in', 'dynapg_importer', '{READ}');
SET ROLE dynapg_importer;
CALL pg_temp.imports('Mine', '{"ClientToken": "again", "S3BucketSource": {"S3Bucket": "in", "S3KeyPrefix": "Nine/"}}');
SELECT count(*) FROM dynamo."Mine";
SELECT table_name, key, item_index FROM dynapg.import_errors;
RESET ROLE;
SELECT tableowner FROM pg_tables WHERE schemaname = 'dynamo' AND tablename = 'Mine';

-- In pages, newest first
WITH RECURSIVE pages AS (
	SELECT dynamo_list_imports('{"PageSize": 4}') AS page
	UNION ALL
	SELECT dynamo_list_imports(jsonb_build_object('PageSize', 4, 'NextToken', page ->> 'NextToken')) FROM pages WHERE page ? 'NextToken'
), arns AS (
	SELECT right(b ->> 'ImportArn', 23) AS id, row_number() OVER () AS n FROM pages, jsonb_array_elements(page -> 'ImportSummaryList') b
)
SELECT (SELECT array_agg(id ORDER BY n) FROM arns) = (SELECT array_agg(id ORDER BY id DESC) FROM dynapg.transfers WHERE kind = 'IMPORT');
SELECT jsonb_array_length(dynamo_list_imports('{}') -> 'ImportSummaryList'), length(dynamo_list_imports('{}') ->> 'NextToken');
-- a token of another list is none
SELECT left(pg_temp.answer('list_bulk_operations', jsonb_build_object('NextToken', dynamo_list_imports('{}') ->> 'NextToken')), 80);
\set ECHO none
SELECT dynapg.revoke_bucket('in', 'dynapg_importer') \g /dev/null
SET client_min_messages TO warning;
DROP OWNED BY dynapg_importer CASCADE;
DROP ROLE dynapg_importer;
SELECT dynamo_delete_table(jsonb_build_object('TableName', t.name)) FROM dynapg.tables t JOIN dynapg.transfers i ON i.kind = 'IMPORT' AND i.table_name = t.name AND i.table_id = t.id \g /dev/null
ALTER SYSTEM RESET dynapg.export_directory;
SELECT pg_reload_conf() \g /dev/null
