-- StartBulkPutItems, DescribeBulkOperation, ListBulkOperations, CancelBulkOperation.
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

-- A request for the objects below a prefix of bucket "in"
CREATE FUNCTION pg_temp.bulk_request(prefix text, more jsonb DEFAULT '{}', input jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('TableName', 'Bulk', 'InputS3Configuration', jsonb_build_object('S3Bucket', 'in', 'S3KeyPrefix', prefix, 'InputFormat', 'DYNAMODB_JSON') || input,
		'OutputS3Configuration', '{"S3Bucket": "out", "OutputType": ["ERROR", "CONDITION_CHECK_FAILURE"]}'::jsonb) || more
$$;
CREATE FUNCTION pg_temp.bulk(prefix text, more jsonb DEFAULT '{}', input jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.plain(pg_temp.answer('start_bulk_put_items', pg_temp.bulk_request(prefix, more, input)))
$$;
-- Puts the items, waits for the end, and tells what came of it, and what is in the output bucket.
CREATE PROCEDURE pg_temp.puts(prefix text, more jsonb DEFAULT '{}', input jsonb DEFAULT '{}') LANGUAGE plpgsql AS $$
DECLARE
	arn text;
	answer jsonb;
	object record;
BEGIN
	arn := dynamo_start_bulk_put_items(pg_temp.bulk_request(prefix, more, input)) #>> '{BulkOperationDescription,BulkOperationArn}';
	COMMIT;
	LOOP
		answer := dynamo_describe_bulk_operation(jsonb_build_object('BulkOperationArn', arn)) -> 'BulkOperationDescription';
		EXIT WHEN answer ? 'EndTime';
		PERFORM pg_sleep(0.02);
	END LOOP;
	-- the objects of its reports
	RAISE NOTICE '% processed % failed % bytes % of % usage % % %', answer ->> 'BulkOperationStatus', answer ->> 'ProcessedItemCount', answer ->> 'FailedItemCount',
		answer ->> 'ProcessedInputBytes', answer ->> 'TotalInputBytes', answer ->> 'BulkOperationUsage', coalesce(answer ->> 'FailureCode', '-'),
		regexp_replace(coalesce(answer ->> 'FailureMessage', '-'), 'Request ID: .*', '...');
	IF current_setting('is_superuser') <> 'on' THEN
		RETURN;
	END IF;
	FOR object IN SELECT * FROM pg_temp.objects('out', '') WHERE key LIKE '%' || right(arn, 23) || '/%.json' LOOP
		RAISE NOTICE E'%\n%', pg_temp.plain(object.key), pg_temp.plain(rtrim(object.content, E'\n'));
	END LOOP;
END $$;

SELECT pg_temp.make('Bulk', 'p:S', 's:N');

-- ------------------------------------------------------------------------------------------------------------
-- Requests
-- ------------------------------------------------------------------------------------------------------------
SELECT pg_temp.answer('start_bulk_put_items', '{}');
SELECT pg_temp.bulk('x/', '{"TableName": "Missing"}');
SELECT pg_temp.bulk('x/', '{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/Missing"}');
SELECT pg_temp.bulk('x/', '{"ClientToken": "with $"}');
SELECT pg_temp.bulk('x/', '{"MaxWriteRequestUnits": 1023}');
SELECT pg_temp.bulk('x/', '{"PerformanceTier": "FAST"}');
SELECT pg_temp.bulk('x/', '{}', '{"InputFormat": "CSV"}');
SELECT pg_temp.bulk('x/', '{"OutputS3Configuration": {"S3Bucket": "out"}}');
SELECT pg_temp.bulk('x/', '{"OutputS3Configuration": {"OutputType": ["ERROR"]}}');
SELECT pg_temp.bulk('x/', '{"OutputS3Configuration": {"S3Bucket": "out", "OutputType": []}}');
SELECT pg_temp.bulk('x/', '{"OutputS3Configuration": {"S3Bucket": "out", "OutputType": ["WARNING"]}}');
SELECT pg_temp.bulk('x/', '{"OutputS3Configuration": {"S3Bucket": "out", "OutputType": ["ERROR"], "S3SseAlgorithm": "AES256", "S3SseKmsKeyId": "k"}}');
SELECT pg_temp.answer('describe_bulk_operation', '{"BulkOperationArn": "short"}');
SELECT pg_temp.answer('describe_bulk_operation', '{"BulkOperationArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Bulk"}');
SELECT pg_temp.answer('describe_bulk_operation', '{"BulkOperationArn": "arn:aws:dynamodb:us-east-1:111111111111:table/Bulk/bulk-operation/01795953611670-99a6a74a"}');
SELECT pg_temp.answer('describe_bulk_operation', '{"BulkOperationArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Bulk/bulk-operation/01795953611670-99a6a74a"}');
SELECT pg_temp.answer('cancel_bulk_operation', '{"BulkOperationArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Bulk/bulk-operation/01795953611670-99a6a74a"}');
SELECT pg_temp.answer('list_bulk_operations', '{"MaxResults": 26}');
SELECT pg_temp.answer('list_bulk_operations', jsonb_build_object('NextToken', repeat('0123456789abcdef', 7)));

-- ------------------------------------------------------------------------------------------------------------
-- Items
-- ------------------------------------------------------------------------------------------------------------

-- What is said of one that has just begun; a token stands for it, and for nothing else
SELECT pg_temp.put_object('in', 'first/a', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "v": {"S": "new"}}}', '', '{"Item": {"p": {"S": "b"}, "s": {"N": "1"}}}');
SELECT jsonb_pretty(pg_temp.bulk('first/', '{"ClientToken": "t", "MaxWriteRequestUnits": 5000}')::jsonb);
SELECT pg_temp.bulk('first/', '{"ClientToken": "t", "MaxWriteRequestUnits": 5000}')::jsonb #>> '{BulkOperationDescription,ClientToken}';
SELECT pg_temp.bulk('first/', '{"ClientToken": "t", "MaxWriteRequestUnits": 6000}');
SELECT pg_temp.bulk('second/', '{"ClientToken": "t", "MaxWriteRequestUnits": 5000}');
SELECT count(*) FROM dynapg.transfers WHERE kind = 'BULK_PUT';
CALL pg_temp.puts('first/', '{"ClientToken": "t", "MaxWriteRequestUnits": 5000}');
SELECT item FROM dynamo."Bulk" ORDER BY hash;

-- No objects
CALL pg_temp.puts('none/');
-- What is there is put over; the last item of a key stays
SELECT pg_temp.put_object('in', 'over/a', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "v": {"S": "newer"}}}', '{"Item": {"p": {"S": "a"}, "s": {"N": "1.0"}, "v": {"S": "newest"}}}');
CALL pg_temp.puts('over/', '{"OutputS3Configuration": {"S3Bucket": "out", "S3KeyPrefix": "reports/", "OutputType": ["ERROR"]}}');
SELECT item FROM dynamo."Bulk" WHERE item @> '{"p": "a"}';

-- Bad items: each is one failure; what cannot be read abandons the rest of its object
SELECT pg_temp.put_object('in', 'bad/a', '{"Item": {"p": {"S": "c"}, "s": {"N": "1"}}}', '{"Item": {"p": {"N": "1"}, "s": {"N": "1"}}}', '{"Item": {"p": {"S": "c"}}}',
	'{"Item": {"p": {"S": ""}, "s": {"N": "1"}}}', '{"Item": {"p": {"S": "c"}, "s": {"N": "x"}}}', '{"Item": {"p": {"S": "c"}, "s": {"N": "2"}, "": {"S": "no name"}}}',
	'{"Item": {"p": {"S": "c"}, "s": {"N": "3"}}}', '{"Other": 1}', '{"Item": {"p": {"S": "never"}, "s": {"N": "1"}}}');
SELECT pg_temp.put_object('in', 'bad/b', '{"Item": {"p": {"S": "d"}, "s": {"N": "1"}}}');
SELECT pg_temp.put_object('in', 'bad/c', '{"Item": {"p": {"S": "e"}, "s": {"N": "1"}, "long": {"S": "' || repeat('x', 409600) || '"}}}', 'no JSON');
CALL pg_temp.puts('bad/');
SELECT item FROM dynamo."Bulk" ORDER BY item ->> 'p', item ->> 's';
-- Nobody wants reports of errors
CALL pg_temp.puts('bad/', '{"OutputS3Configuration": {"S3Bucket": "out", "OutputType": ["CONDITION_CHECK_FAILURE"]}}');

-- Conditions: one that does not hold is no failure
SELECT pg_temp.put_object('in', 'conditions/a', '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(p)"}',
	'{"Item": {"p": {"S": "f"}, "s": {"N": "1"}}, "ConditionExpression": "attribute_not_exists(p)"}',
	'{"Item": {"p": {"S": "f"}, "s": {"N": "1"}, "again": {"BOOL": true}}, "ConditionExpression": "attribute_not_exists(p)"}',
	'{"Item": {"p": {"S": "b"}, "s": {"N": "1"}, "v": {"N": "1"}}, "ConditionExpression": "attribute_exists(#p) AND NOT #v = :v", "ExpressionAttributeNames": {"#p": "p", "#v": "v"}, "ExpressionAttributeValues": {":v": {"N": "1"}}}',
	'{"Item": {"p": {"S": "g"}, "s": {"N": "1"}}, "ConditionExpression": "v = :v", "ExpressionAttributeValues": {":v": {"N": "1"}}}',
	'{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}, "ConditionExpression": "v ="}',
	'{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}, "ConditionExpression": "v = :v"}',
	'{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}, "ExpressionAttributeValues": {":v": {"N": "1"}}}',
	'{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}, "ConditionExpression": 1}');
CALL pg_temp.puts('conditions/');
SELECT item FROM dynamo."Bulk" WHERE item ->> 'p' IN ('a', 'b', 'f', 'g') ORDER BY item ->> 'p';
CALL pg_temp.puts('conditions/', '{"OutputS3Configuration": {"S3Bucket": "out", "OutputType": ["ERROR"]}}');

-- A trigger and a constraint of the table's owner refuse single items
CREATE FUNCTION public.bulk_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.item @> '{"v": "refused"}' THEN
		RAISE EXCEPTION 'not this one';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON dynamo."Bulk" FOR EACH ROW EXECUTE FUNCTION public.bulk_refuse();
ALTER TABLE dynamo."Bulk" ADD CONSTRAINT no_constrained CHECK (item ->> 'v' IS DISTINCT FROM 'constrained');
SELECT pg_temp.put_object('in', 'refused/a', '{"Item": {"p": {"S": "t1"}, "s": {"N": "1"}}}', '{"Item": {"p": {"S": "t2"}, "s": {"N": "1"}, "v": {"S": "refused"}}}',
	'{"Item": {"p": {"S": "t3"}, "s": {"N": "1"}, "v": {"S": "constrained"}}}', '{"Item": {"p": {"S": "t4"}, "s": {"N": "1"}}}');
CALL pg_temp.puts('refused/');
SELECT item FROM dynamo."Bulk" WHERE item ->> 'p' LIKE 't_' ORDER BY item ->> 'p';
DROP TRIGGER refuse ON dynamo."Bulk";
ALTER TABLE dynamo."Bulk" DROP CONSTRAINT no_constrained;
DROP FUNCTION public.bulk_refuse();

-- Indexes, streams and policies hold; an index key of the wrong type is refused
SET client_min_messages TO warning;
SELECT pg_temp.answer('update_table', '{"TableName": "Bulk", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by-g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "KEYS_ONLY"}}}]}')::jsonb IS NOT NULL;
SELECT dynapg.wait_for_indexes('Bulk');
SELECT pg_temp.answer('update_table', '{"TableName": "Bulk", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}')::jsonb IS NOT NULL;
RESET client_min_messages;
SELECT pg_temp.put_object('in', 'indexed/a', '{"Item": {"p": {"S": "i1"}, "s": {"N": "1"}, "g": {"S": "x"}}}', '{"Item": {"p": {"S": "i2"}, "s": {"N": "1"}, "g": {"N": "1"}}}',
	'{"Item": {"p": {"S": "i3"}, "s": {"N": "1"}, "g": {"S": "x"}}}');
CALL pg_temp.puts('indexed/');
SELECT jsonb_path_query_array(dynamo_query('{"TableName": "Bulk", "IndexName": "by-g", "KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "x"}}}'), '$.Items[*].p.S');
SELECT count(*) FROM dynapg.check_table('Bulk');
SELECT count(*) FROM dynapg.stream_records('Bulk');

-- ------------------------------------------------------------------------------------------------------------
-- Privileges
-- ------------------------------------------------------------------------------------------------------------
CREATE ROLE dynapg_bulk_writer;
SET ROLE dynapg_bulk_writer;
SELECT pg_temp.bulk('first/');
RESET ROLE;
GRANT INSERT, UPDATE ON dynamo."Bulk" TO dynapg_bulk_writer;
SET ROLE dynapg_bulk_writer;
CALL pg_temp.puts('first/');
RESET ROLE;
SELECT dynapg.grant_bucket('out', 'dynapg_bulk_writer', '{WRITE}');
SET ROLE dynapg_bulk_writer;
CALL pg_temp.puts('first/');
RESET ROLE;
SELECT dynapg.grant_bucket('in', 'dynapg_bulk_writer', '{READ}');
SET ROLE dynapg_bulk_writer;
CALL pg_temp.puts('first/');
-- who may not read the items has no conditions
CALL pg_temp.puts('conditions/');
RESET ROLE;
ALTER TABLE dynamo."Bulk" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON dynamo."Bulk" TO dynapg_bulk_writer USING (item ->> 'p' = 'b') WITH CHECK (item ->> 'p' = 'b');
GRANT SELECT ON dynamo."Bulk" TO dynapg_bulk_writer;
SET ROLE dynapg_bulk_writer;
CALL pg_temp.puts('first/');
RESET ROLE;
ALTER TABLE dynamo."Bulk" DISABLE ROW LEVEL SECURITY;
-- nobody else ends it
SELECT pg_temp.plain(pg_temp.answer('cancel_bulk_operation', jsonb_build_object('BulkOperationArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/Bulk/bulk-operation/' || id)))
	FROM dynapg.transfers WHERE client_token = 't';
SELECT 'arn:aws:dynamodb:us-east-1:000000000000:table/Bulk/bulk-operation/' || id AS arn FROM dynapg.transfers WHERE client_token = 't' \gset
SET ROLE dynapg_bulk_writer;
SELECT pg_temp.plain(pg_temp.answer('cancel_bulk_operation', jsonb_build_object('BulkOperationArn', :'arn')));
RESET ROLE;

-- ------------------------------------------------------------------------------------------------------------
-- No bucket, no table, an end
-- ------------------------------------------------------------------------------------------------------------
CALL pg_temp.puts('first/', '{}', '{"S3Bucket": "no-such-bucket"}');
CALL pg_temp.puts('first/', '{"OutputS3Configuration": {"S3Bucket": "no-such-bucket", "OutputType": ["ERROR"]}}');
CALL pg_temp.puts('first/', '{}', '{"S3BucketOwner": "111111111111"}');

-- In pages, newest first
SELECT count(*) > 10 AS many FROM dynapg.transfers WHERE kind = 'BULK_PUT';
WITH RECURSIVE pages AS (
	SELECT dynamo_list_bulk_operations('{"MaxResults": 4}') AS page
	UNION ALL
	SELECT dynamo_list_bulk_operations(jsonb_build_object('MaxResults', 4, 'NextToken', page ->> 'NextToken')) FROM pages WHERE page ? 'NextToken'
), arns AS (
	SELECT right(b ->> 'BulkOperationArn', 23) AS id, row_number() OVER () AS n FROM pages, jsonb_array_elements(page -> 'BulkOperationsSummaryList') b
)
SELECT (SELECT array_agg(id ORDER BY n) FROM arns) = (SELECT array_agg(id ORDER BY id DESC) FROM dynapg.transfers WHERE kind = 'BULK_PUT');
SELECT jsonb_array_length(dynamo_list_bulk_operations('{}') -> 'BulkOperationsSummaryList'), length(dynamo_list_bulk_operations('{}') ->> 'NextToken');
SELECT pg_temp.plain(dynamo_list_bulk_operations('{"MaxResults": 1}') #>> '{BulkOperationsSummaryList,0}');

-- A rate of 1,024 units a second: 3,000 items of one unit take more than a second
SELECT pg_temp.put_object('in', 'slow/a', VARIADIC (SELECT array_agg(format('{"Item": {"p": {"S": "slow"}, "s": {"N": "%s"}}}', i)) FROM generate_series(1, 3000) i));
CALL pg_temp.puts('slow/', '{"MaxWriteRequestUnits": 1024}');
SELECT ended_at - started_at > interval '1.5 s' AS held FROM dynapg.transfers WHERE kind = 'BULK_PUT' ORDER BY id DESC LIMIT 1;

-- Cancelled: what has been put stays
SELECT pg_temp.put_object('in', 'cancel/a', VARIADIC (SELECT array_agg(format('{"Item": {"p": {"S": "cancel"}, "s": {"N": "%s"}}}', i)) FROM generate_series(1, 50000) i));
SELECT dynamo_start_bulk_put_items(pg_temp.bulk_request('cancel/', '{"MaxWriteRequestUnits": 1024}')) #>> '{BulkOperationDescription,BulkOperationArn}' AS arn \gset
SET statement_timeout = '10min';
DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM dynamo."Bulk" WHERE item @> '{"p": "cancel"}') LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;
SELECT dynamo_cancel_bulk_operation(jsonb_build_object('BulkOperationArn', :'arn')) ->> 'BulkOperationStatus';
SELECT set_config('test.arn', :'arn', false) \g /dev/null
DO $$ BEGIN WHILE NOT dynamo_describe_bulk_operation(jsonb_build_object('BulkOperationArn', current_setting('test.arn'))) -> 'BulkOperationDescription' ? 'EndTime' LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;
SELECT d ->> 'BulkOperationStatus' AS status, (d ->> 'ProcessedItemCount')::int = count(*) AS counted, count(*) < 50000 AS not_all FROM dynamo."Bulk",
	(SELECT dynamo_describe_bulk_operation(jsonb_build_object('BulkOperationArn', :'arn')) -> 'BulkOperationDescription' AS d) x WHERE item @> '{"p": "cancel"}' GROUP BY d;

-- The table goes: so does the operation
SELECT dynamo_start_bulk_put_items(pg_temp.bulk_request('cancel/', '{"MaxWriteRequestUnits": 1024}')) #>> '{BulkOperationDescription,BulkOperationArn}' AS arn \gset
SELECT pg_temp.answer('delete_table', '{"TableName": "Bulk"}') IS NOT NULL;
SELECT d ->> 'BulkOperationStatus' AS status, d ->> 'FailureCode' AS code FROM (SELECT dynamo_describe_bulk_operation(jsonb_build_object('BulkOperationArn', :'arn')) -> 'BulkOperationDescription' AS d) x;
SELECT pg_temp.bulk('first/');
\set ECHO none
DROP OWNED BY dynapg_bulk_writer;
SELECT dynapg.revoke_bucket(b, 'dynapg_bulk_writer') FROM unnest('{in,out}'::text[]) b \g /dev/null
DROP ROLE dynapg_bulk_writer;
ALTER SYSTEM RESET dynapg.export_directory;
SELECT pg_reload_conf() \g /dev/null
