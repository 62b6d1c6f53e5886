-- ExportTableToPointInTime, DescribeExport, ListExports: what is refused, what is said, what is written.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- Buckets are folders below a place of the test's, for the processes of this database as well.
CREATE TEMP TABLE place (path text);
COPY place FROM PROGRAM 'mktemp -d';
SELECT path AS place FROM place \gset
CREATE PROCEDURE pg_temp.sh(command text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('COPY (SELECT) TO PROGRAM %L', format('cat >/dev/null; cd %s && { %s; } >/dev/null', (SELECT path FROM place), command));
END $$;
CALL pg_temp.sh('mkdir bucket other');
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET dynapg.export_directory = %L', current_database(), (SELECT path FROM place)); END $$;

CREATE FUNCTION pg_temp.recover(name text, enabled boolean) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_update_continuous_backups(jsonb_build_object('TableName', name, 'PointInTimeRecoverySpecification',
		jsonb_build_object('PointInTimeRecoveryEnabled', enabled)))
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
CREATE FUNCTION pg_temp.arn(name text) RETURNS text LANGUAGE sql AS $$ SELECT 'arn:aws:dynamodb:us-east-1:000000000000:table/' || name $$;
-- all that was is longer ago
CREATE PROCEDURE pg_temp.age(by_time interval) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.tick();
	COMMIT;
	UPDATE dynapg.ticks SET "time" = "time" - by_time;
	COMMIT;
END $$;
-- the answer without what differs from run to run
CREATE FUNCTION pg_temp.settle(answer text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(regexp_replace(answer, '[0-9]{14}-[0-9a-f]{8}', '(id)', 'g'),
		'("(?:StartTime|EndTime|ExportTime|ExportFromTime|ExportToTime)": )[0-9.]+', '\1"(time)"', 'g'),
		'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}', '(uuid)', 'g'), '(ID: )[^;]*', '\1...', 'g')
$$;
-- an export of Things with further members, and its answer
CREATE FUNCTION pg_temp.export(members jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.settle(pg_temp.answer('export_table_to_point_in_time',
		jsonb_strip_nulls(jsonb_build_object('TableArn', pg_temp.arn('Things'), 'S3Bucket', 'bucket') || members)))
$$;
-- the same, waited for: the id of the export that this makes
CREATE TEMP TABLE done (number serial, id text);
CREATE PROCEDURE pg_temp.export_and_wait(members jsonb DEFAULT '{}') LANGUAGE plpgsql AS $$
DECLARE
	arn text;
BEGIN
	arn := dynamo_export_table_to_point_in_time(jsonb_build_object('TableArn', pg_temp.arn('Things'), 'S3Bucket', 'bucket') || members)
		#>> '{ExportDescription,ExportArn}';
	COMMIT;
	FOR i IN 1 .. 15000 LOOP
		EXIT WHEN dynamo_describe_export(jsonb_build_object('ExportArn', arn)) #>> '{ExportDescription,ExportStatus}' <> 'IN_PROGRESS';
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
	INSERT INTO done (id) VALUES (split_part(arn, '/', 4));
END $$;
CREATE FUNCTION pg_temp.describe_last() RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.settle(dynamo_describe_export(jsonb_build_object('ExportArn', pg_temp.arn('Things') || '/export/' || id))::text)
	FROM done ORDER BY number DESC LIMIT 1
$$;
-- the lines of its data files, in the order of their texts
CREATE FUNCTION pg_temp.lines_of_last() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	last text := (SELECT id FROM done ORDER BY number DESC LIMIT 1);
	key text;
BEGIN
	CREATE TEMP TABLE IF NOT EXISTS lines (line text);
	TRUNCATE lines;
	FOR key IN SELECT name FROM dynapg.transfer_parts WHERE transfer = last LOOP
		EXECUTE format('COPY lines FROM PROGRAM %L (FORMAT csv, DELIMITER E''\x01'', QUOTE E''\x02'')',
			format('zcat %s/bucket/%s', (SELECT path FROM place), key));
	END LOOP;
	RETURN QUERY SELECT line FROM lines ORDER BY line COLLATE "C";
END $$;

SELECT pg_temp.make('Things', 'p:S', 's:N');

--
-- What is refused, in the order in which it is looked at
--
SELECT pg_temp.export('{"TableArn": "Things"}');
SELECT pg_temp.export('{"TableArn": ""}');
SELECT pg_temp.export('{"TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Things/index/i"}');
SELECT pg_temp.export('{"TableArn": "arn:aws:dynamodb:us-east-1:999999999999:table/Things"}');
SELECT pg_temp.export('{"TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/None"}');
SELECT pg_temp.export('{"TableArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/None"}');
SELECT pg_temp.export();
-- constraints
SELECT pg_temp.export('{"S3Bucket": "a_bad_", "S3BucketOwner": "12", "ExportFormat": "CSV", "ExportType": "ALL", "S3SseAlgorithm": "ROT13"}');
SELECT pg_temp.export('{"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": {"ExportFromTime": 1, "ExportViewType": "KEYS"}}');
SELECT pg_temp.export('{"ClientToken": "a$b"}');
SELECT pg_temp.answer('export_table_to_point_in_time', '{}');
-- types
SELECT pg_temp.export('{"IncrementalExportSpecification": {"ExportFromTime": 1}}');
SELECT pg_temp.export('{"ExportType": "FULL_EXPORT", "IncrementalExportSpecification": {"ExportFromTime": 1}}');
SELECT pg_temp.export('{"ExportType": "INCREMENTAL_EXPORT"}');
SELECT pg_temp.export('{"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": {}}');
SELECT pg_temp.export('{"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": {"ExportToTime": 1}}');
-- before the table was, whether or not it can be restored
SELECT pg_temp.export('{"ExportType": "INCREMENTAL_EXPORT", "IncrementalExportSpecification": {"ExportFromTime": 1791506414.4}}');
-- encryption
SELECT pg_temp.export('{"S3SseKmsKeyId": "alias/x"}');
SELECT pg_temp.export('{"S3SseAlgorithm": "AES256", "S3SseKmsKeyId": "alias/x"}');
SELECT pg_temp.export('{"S3SseAlgorithm": "KMS", "S3SseKmsKeyId": "not a key"}');
-- filters
SELECT pg_temp.export('{"FilterSpecification": {}}');
SELECT pg_temp.export('{"FilterSpecification": {"FilterExpression": "a ="}}');
SELECT pg_temp.export('{"FilterSpecification": {"FilterExpression": "a = :a"}}');
SELECT pg_temp.export('{"FilterSpecification": {"ExpressionAttributeNames": {"#a": "a"}}}');
SELECT pg_temp.export('{"FilterSpecification": {"KeyConditionExpression": "s = :s", "ExpressionAttributeValues": {":s": {"N": "1"}}}}');
SELECT pg_temp.export('{"FilterSpecification": {"KeyConditionExpression": "p = :p", "FilterExpression": "s > :s", "ExpressionAttributeValues": {":p": {"S": "a"}, ":s": {"N": "1"}}}}');
SELECT pg_temp.export('{"FilterSpecification": {"ProjectionExpression": "p.x"}}');

-- times, of a table that can be restored
SELECT pg_temp.recover('Things', true);
CALL pg_temp.wait_for_moment('Things');
SELECT pg_temp.export('{"ExportTime": -1}');
SELECT pg_temp.export('{"ExportTime": 1000}');
SELECT pg_temp.export(jsonb_build_object('ExportTime', floor(extract(epoch FROM clock_timestamp())) + 3600));
UPDATE dynapg.tables SET created_at = created_at - interval '3 days' WHERE name = 'Things';
UPDATE dynapg.logs SET created_at = created_at - interval '2 days' WHERE table_name = 'Things';
-- what has changed since the last moment is not known yet to be at a time
BEGIN;
SELECT count(*) FROM (SELECT dynamo_put_item('{"TableName": "Things", "Item": {"p": {"S": "late"}, "s": {"N": "1"}}}')) put;
LOCK TABLE dynapg.ticks IN SHARE ROW EXCLUSIVE MODE;	-- from the keeper, whose next tick would be a moment
UPDATE dynapg.ticks SET "time" = "time" - interval '1 hour';
SELECT pg_temp.export(jsonb_build_object('ExportTime', extract(epoch FROM clock_timestamp()) - 2));
ROLLBACK;
CREATE FUNCTION pg_temp.period(from_ago interval, to_ago interval, view text DEFAULT NULL) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('ExportType', 'INCREMENTAL_EXPORT', 'IncrementalExportSpecification', jsonb_strip_nulls(jsonb_build_object(
		'ExportFromTime', extract(epoch FROM clock_timestamp() - from_ago), 'ExportToTime', extract(epoch FROM clock_timestamp() - to_ago),
		'ExportViewType', view)))
$$;
SELECT regexp_replace(pg_temp.export(pg_temp.period('4 days', '3.5 days')), '[-0-9]{10}T[0-9:]{8}', '(time)');
SELECT regexp_replace(pg_temp.export(pg_temp.period('1 hour', '-1 minute')), '[-0-9]{10}T[0-9:]{8}', '(time)');
SELECT pg_temp.export(pg_temp.period('1 hour', '2 hours'));
SELECT pg_temp.export(pg_temp.period('1 hour', '46 minutes'));
SELECT pg_temp.export(pg_temp.period('25 hours', '59 minutes'));
SELECT pg_temp.export(pg_temp.period('2.5 days', '2 days'));

-- who may not read all of the table
CREATE ROLE export_reader;
CREATE ROLE export_stranger;
GRANT USAGE ON SCHEMA dynamo TO export_reader, export_stranger;
GRANT SELECT ON dynamo."Things" TO export_reader;
SET ROLE export_stranger;
SELECT pg_temp.export();
SELECT count(*) FROM dynapg.stat_transfers;
RESET ROLE;

--
-- Full exports
--
INSERT INTO dynamo."Things" (item) VALUES ('{"p": "a", "s": 1, "v": "one"}'), ('{"p": "a", "s": 2, "v": [true, null, {"x": 0.5}]}'),
	('{"p": "b", "s": 1, "v": {"$SS": ["x", "y"]}, "b": {"$B": "AQID"}}');
CALL pg_temp.export_and_wait();
SELECT pg_temp.describe_last();
SELECT * FROM pg_temp.lines_of_last();
SELECT id AS last FROM done ORDER BY number DESC LIMIT 1 \gset
SELECT regexp_replace(name, '[a-z2-7]{26}', '(name)') FROM pg_ls_dir(:'place' || '/bucket/AWSDynamoDB/' || :'last') name ORDER BY 1;
SELECT pg_temp.settle(regexp_replace(pg_read_file(:'place' || '/bucket/AWSDynamoDB/' || :'last' || '/manifest-summary.json'), '[-0-9]{10}T[0-9:.]{12}Z', '(time)', 'g'));
SELECT file, pg_read_file(:'place' || '/bucket/AWSDynamoDB/' || :'last' || '/' || file || '.md5') =
	encode(decode(md5(pg_read_binary_file(:'place' || '/bucket/AWSDynamoDB/' || :'last' || '/' || file || '.json')), 'hex'), 'base64') AS is_right
	FROM unnest('{manifest-summary,manifest-files}'::text[]) file;
SELECT (line ->> 'itemCount')::int AS items, line ->> 'md5Checksum' = encode(decode(md5(pg_read_binary_file(:'place' || '/bucket/' || (line ->> 'dataFileS3Key'))), 'hex'), 'base64') AS is_right,
	regexp_replace(pg_temp.settle(line ->> 'dataFileS3Key'), '[a-z2-7]{26}', '(name)'), line ->> 'etag' IS NOT NULL AS has_etag
	FROM (SELECT pg_read_file(:'place' || '/bucket/AWSDynamoDB/' || :'last' || '/manifest-files.json')::jsonb AS line) lines;

-- a prefix stays as it is, with one slash behind it
CALL pg_temp.export_and_wait('{"S3Prefix": "some/where/", "ExportFormat": "ION", "ExportType": "FULL_EXPORT", "S3BucketOwner": "000000000000"}');
SELECT pg_temp.describe_last();
SELECT * FROM pg_temp.lines_of_last();
-- as of a time
CALL pg_temp.age('1 hour');
DELETE FROM dynamo."Things" WHERE item @> '{"p": "b"}';
INSERT INTO dynamo."Things" (item) VALUES ('{"p": "c", "s": 1}');
UPDATE dynamo."Things" SET item = item || '{"v": "two"}' WHERE item @> '{"p": "a"}';
CALL pg_temp.age('0');
CALL pg_temp.export_and_wait(jsonb_build_object('ExportTime', extract(epoch FROM clock_timestamp() - interval '30 minutes')));
SELECT * FROM pg_temp.lines_of_last();
-- filters
CALL pg_temp.export_and_wait('{"FilterSpecification": {"FilterExpression": "#v = :v AND s > :s", "ProjectionExpression": "p, s", "ExpressionAttributeNames": {"#v": "v"}, "ExpressionAttributeValues": {":v": {"S": "two"}, ":s": {"N": "1"}}}}');
SELECT pg_temp.describe_last();
SELECT * FROM pg_temp.lines_of_last();
CALL pg_temp.export_and_wait('{"FilterSpecification": {"KeyConditionExpression": "p = :p AND s BETWEEN :a AND :b", "ExpressionAttributeValues": {":p": {"S": "a"}, ":a": {"N": "0"}, ":b": {"N": "1.5"}}}}');
SELECT * FROM pg_temp.lines_of_last();
CALL pg_temp.export_and_wait('{"FilterSpecification": {"KeyConditionExpression": "p = :p AND s BETWEEN :a AND :b", "FilterExpression": "v = :v", "ExpressionAttributeValues": {":p": {"S": "a"}, ":a": {"N": "0"}, ":b": {"N": "2"}, ":v": {"S": "one"}}}}');
SELECT pg_temp.describe_last() ~ '"ItemCount": 0' AS has_none;
SELECT * FROM pg_temp.lines_of_last();

--
-- Incremental exports: what has become of what was changed
--
CALL pg_temp.age('2 hours');
INSERT INTO dynamo."Things" (item) VALUES ('{"p": "d", "s": 1, "v": "inserted"}'), ('{"p": "e", "s": 1}'), ('{"p": "i", "s": 1}');
DELETE FROM dynamo."Things" WHERE item @> '{"p": "e"}';
UPDATE dynamo."Things" SET item = item || '{"v": "three"}' WHERE item @> '{"p": "a", "s": 1}';
UPDATE dynamo."Things" SET item = item || '{"v": "four"}' WHERE item @> '{"p": "a", "s": 1}';
DELETE FROM dynamo."Things" WHERE item @> '{"p": "c"}';
CALL pg_temp.age('40 minutes');
-- after the period
UPDATE dynamo."Things" SET item = item || '{"v": "five"}' WHERE item @> '{"p": "a"}';
DELETE FROM dynamo."Things" WHERE item @> '{"p": "d"}';
DELETE FROM dynamo."Things" WHERE item @> '{"p": "i"}';
INSERT INTO dynamo."Things" (item) VALUES ('{"p": "f", "s": 1}');
CALL pg_temp.age('0');
CREATE FUNCTION pg_temp.changes() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT line FROM (SELECT regexp_replace(line, '[0-9]{16}', '(micros)') AS line FROM pg_temp.lines_of_last() line) lines
	ORDER BY line COLLATE "C"
$$;
CALL pg_temp.export_and_wait(pg_temp.period('2 hours', '20 minutes', 'NEW_AND_OLD_IMAGES'));
SELECT pg_temp.describe_last();
SELECT * FROM pg_temp.changes();
SELECT id AS last FROM done ORDER BY number DESC LIMIT 1 \gset
SELECT name FROM pg_ls_dir(:'place' || '/bucket/AWSDynamoDB/' || :'last') name ORDER BY 1;
SELECT pg_temp.settle(regexp_replace(pg_read_file(:'place' || '/bucket/AWSDynamoDB/' || :'last' || '/manifest-summary.json'), '[-0-9]{10}T[0-9:.]{12}Z', '(time)', 'g'));
SELECT regexp_replace(name, '[a-z2-7]{26}', '(name)') FROM dynapg.transfer_parts WHERE transfer = :'last';
CALL pg_temp.export_and_wait(pg_temp.period('2 hours', '20 minutes', 'NEW_IMAGE'));
SELECT * FROM pg_temp.changes();
CALL pg_temp.export_and_wait(pg_temp.period('2 hours', '20 minutes') || '{"ExportFormat": "ION"}');
SELECT * FROM pg_temp.changes();
-- the next period begins where this one ends
CALL pg_temp.export_and_wait(pg_temp.period('20 minutes', '0') #- '{IncrementalExportSpecification,ExportToTime}');
SELECT pg_temp.describe_last() ~ '"ExportToTime": "\(time\)"' AS has_to_time;
SELECT * FROM pg_temp.changes();
CALL pg_temp.export_and_wait(pg_temp.period('2 hours', '20 minutes') || '{"FilterSpecification": {"KeyConditionExpression": "p = :p", "FilterExpression": "v = :v", "ProjectionExpression": "v", "ExpressionAttributeValues": {":p": {"S": "a"}, ":v": {"S": "four"}}}}');
SELECT * FROM pg_temp.changes();

--
-- Tokens
--
CALL pg_temp.export_and_wait('{"ClientToken": "token"}');
SELECT count(*) AS before FROM dynapg.transfers \gset
SELECT pg_temp.describe_last() = pg_temp.export('{"ClientToken": "token"}') AS is_same;
SELECT pg_temp.export('{"ClientToken": "token", "S3Prefix": "x"}');
SELECT pg_temp.export('{"ClientToken": "token", "S3Bucket": "other"}');
SELECT pg_temp.export('{"ClientToken": "token", "ExportFormat": "ION"}');
SELECT count(*) - :before AS more FROM dynapg.transfers;
-- what was refused has not used its token
SELECT pg_temp.export('{"ClientToken": "refused", "ExportTime": 1000}');
SELECT pg_temp.export('{"ClientToken": "refused"}');
-- a token means nothing after eight hours
UPDATE dynapg.transfers SET started_at = started_at - interval '8 hours 1 second' WHERE client_token = 'token';
SELECT pg_temp.export('{"ClientToken": "token", "S3Prefix": "x"}') ~ 'IN_PROGRESS' AS is_new;

--
-- Failures after that
--
CALL pg_temp.export_and_wait('{"S3Bucket": "nobodys"}');
SELECT pg_temp.describe_last();
CALL pg_temp.export_and_wait('{"S3BucketOwner": "123456789012"}');
SELECT pg_temp.describe_last();
-- the bucket of who may not write there
SET ROLE export_reader;
SELECT pg_temp.export('{"ClientToken": "readers"}');
RESET ROLE;
CREATE PROCEDURE pg_temp.wait_for_all() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 15000 LOOP
		EXIT WHEN NOT EXISTS (SELECT FROM dynapg.transfers WHERE ended_at IS NULL);
		PERFORM dynamo_describe_export(jsonb_build_object('ExportArn', pg_temp.arn('Things') || '/export/' || id)) FROM dynapg.transfers WHERE ended_at IS NULL;
		COMMIT;
		PERFORM pg_sleep(0.02);
	END LOOP;
END $$;
CALL pg_temp.wait_for_all();
SELECT owner, status, failure_code FROM dynapg.stat_transfers WHERE owner = 'export_reader'::regrole;
SELECT dynapg.grant_bucket('bucket', 'export_reader', '{WRITE}');
SET ROLE export_reader;
SELECT pg_temp.export('{"ClientToken": "readers own"}') ~ 'IN_PROGRESS' AS has_begun;
RESET ROLE;
CALL pg_temp.wait_for_all();
SET ROLE export_reader;
SELECT owner, status, failure_code FROM dynapg.stat_transfers ORDER BY id DESC LIMIT 1;
-- only his own are shown to him, and only they can be cancelled by him
SELECT count(DISTINCT owner) FROM dynapg.stat_transfers;
RESET ROLE;
SELECT id AS superusers FROM dynapg.transfers WHERE owner <> 'export_reader'::regrole LIMIT 1 \gset
SELECT id AS readers FROM dynapg.transfers WHERE owner = 'export_reader'::regrole LIMIT 1 \gset
SET ROLE export_reader;
SELECT pg_temp.fails(format('SELECT dynapg.cancel_transfer(%L)', :'superusers'));
SELECT dynapg.cancel_transfer(:'readers');
SELECT pg_temp.fails($$SELECT dynapg.cancel_transfer('none')$$);
RESET ROLE;
-- what was written before the changes that are kept
BEGIN;
SELECT pg_temp.export(jsonb_build_object('ClientToken', 'trimmed', 'ExportTime', extract(epoch FROM clock_timestamp() - interval '1 hour'))) ~ 'IN_PROGRESS' AS has_begun;
UPDATE dynapg.log_segments SET trim_seq = (SELECT last_value FROM dynapg.log_seq) WHERE kind = 'UNDO';
COMMIT;
CALL pg_temp.wait_for_all();
SELECT status, failure_code, failure_message FROM dynapg.stat_transfers ORDER BY id DESC LIMIT 1;
-- a role that has lost its privileges, point-in-time recovery that was switched off, a table that was dropped: before the process looks
BEGIN;
SET LOCAL ROLE export_reader;
SELECT pg_temp.export('{"ClientToken": "revoked"}') ~ 'IN_PROGRESS' AS has_begun;
RESET ROLE;
REVOKE SELECT ON dynamo."Things" FROM export_reader;
COMMIT;
CALL pg_temp.wait_for_all();
SELECT status, failure_code, failure_message FROM dynapg.stat_transfers ORDER BY id DESC LIMIT 1;
BEGIN;
SELECT pg_temp.export() ~ 'IN_PROGRESS' AS has_begun;
SELECT pg_temp.recover('Things', false);
COMMIT;
CALL pg_temp.wait_for_all();
SELECT status, failure_code, failure_message FROM dynapg.stat_transfers ORDER BY id DESC LIMIT 1;

--
-- Lists and descriptions
--
SELECT dynamo_list_exports('{}') ->> 'NextToken' AS token, jsonb_array_length(dynamo_list_exports('{}') -> 'ExportSummaries') AS first_page \gset
SELECT :first_page AS first_page, :'token' ~ '^[0-9a-f]+$' AS is_hexadecimal;
SELECT array_agg(e ->> 'ExportArn' ORDER BY n) = array_agg(e ->> 'ExportArn' ORDER BY e ->> 'ExportArn' DESC) AS newest_first
	FROM jsonb_array_elements(dynamo_list_exports(jsonb_build_object('MaxResults', 25)) -> 'ExportSummaries') WITH ORDINALITY l(e, n);
-- a token goes on whatever else is asked for
SELECT jsonb_array_length(dynamo_list_exports(jsonb_build_object('NextToken', :'token', 'MaxResults', 3, 'TableArn', pg_temp.arn('Things'))) -> 'ExportSummaries');
SELECT pg_temp.answer('list_exports', '{"NextToken": "abc"}');
SELECT pg_temp.answer('list_exports', '{"MaxResults": 26}');
SELECT pg_temp.answer('list_exports', '{"TableArn": "Things"}');
SELECT pg_temp.answer('list_exports', jsonb_build_object('TableArn', pg_temp.arn('None')));
SELECT pg_temp.answer('describe_export', jsonb_build_object('ExportArn', pg_temp.arn('Things') || '/export/01791506414432-3f2e5aa4'));
SELECT pg_temp.answer('describe_export', '{"ExportArn": "arn:aws:dynamodb:eu-west-1:000000000000:table/Things/export/01791506414432-3f2e5aa4"}');
SELECT pg_temp.answer('describe_export', jsonb_build_object('ExportArn', pg_temp.arn('Things')));
SELECT pg_temp.answer('describe_export', jsonb_build_object('ExportArn', pg_temp.arn('Things') || '/import/01791506414432-3f2e5aa4'));
SELECT pg_temp.answer('describe_export', jsonb_build_object('ExportArn', repeat('x', 37)));
SELECT pg_temp.answer('describe_export', jsonb_build_object('ExportArn', repeat('x', 36)));
SELECT pg_temp.answer('describe_export', '{"ExportArn": "arn:aws:dynamodb:us-east-1:999999999999:table/Things/export/01791506414432-3f2e5aa4"}');
SELECT pg_temp.answer('describe_export', '{"ExportArn": "arn:aws:s3:us-east-1:000000000000:table/Things/export/01791506414432-3f2e5aa4"}');
-- exports outlive their table, and are not those of another one of its name
SELECT count(*) FROM (SELECT dynamo_delete_table('{"TableName": "Things"}')) deleted;
SELECT pg_temp.describe_last() ~ 'COMPLETED|FAILED' AS is_there;
SELECT jsonb_array_length(dynamo_list_exports(jsonb_build_object('TableArn', pg_temp.arn('Things'))) -> 'ExportSummaries');
SELECT pg_temp.make('Things', 'p:S', 's:N');
SELECT jsonb_array_length(dynamo_list_exports(jsonb_build_object('TableArn', pg_temp.arn('Things'))) -> 'ExportSummaries');
SELECT jsonb_array_length(dynamo_list_exports('{}') -> 'ExportSummaries') > 0 AS are_there;
-- and end with it
SELECT pg_temp.recover('Things', true);
CALL pg_temp.wait_for_moment('Things');
BEGIN;
SELECT pg_temp.export() ~ 'IN_PROGRESS' AS has_begun;
SELECT count(*) FROM (SELECT dynamo_delete_table('{"TableName": "Things"}')) deleted;
COMMIT;
SELECT status, failure_code, failure_message FROM dynapg.stat_transfers ORDER BY id DESC LIMIT 1;

DO $$ BEGIN EXECUTE (SELECT string_agg(format('DROP TABLE dynapg_backup.%I', relation), '; ') FROM dynapg.backups WHERE table_name = 'Things'); END $$;
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET dynapg.export_directory', current_database()); END $$;
SELECT dynapg.revoke_bucket('bucket', 'export_reader');
CALL pg_temp.sh('rm -rf bucket other');
REVOKE USAGE ON SCHEMA dynamo FROM export_reader, export_stranger;
DROP ROLE export_reader, export_stranger;
\set ECHO none
\i test/forget_logs.sql
\set ECHO all
SELECT kind, count(*) FROM dynapg.log_segments GROUP BY kind;
