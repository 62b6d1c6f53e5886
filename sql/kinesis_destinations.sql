-- Kinesis streaming destinations: what Enable-, Disable-, Update- and DescribeKinesisStreamingDestination say. In a transaction, since the
-- courier would look for the streams; how they are found is in test/tap/kinesis.pl.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.arn(stream text) RETURNS text LANGUAGE sql AS $$
	SELECT 'arn:aws:kinesis:us-east-1:000000000000:stream/' || stream
$$;
CREATE FUNCTION pg_temp.kinesis(operation text, name text, stream text, configuration jsonb DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(pg_temp.api(operation || '_kinesis_streaming_destination', jsonb_strip_nulls(
		jsonb_build_object('TableName', name, 'StreamArn', pg_temp.arn(stream),
			CASE operation WHEN 'update' THEN 'UpdateKinesisStreamingConfiguration' ELSE 'EnableKinesisStreamingConfiguration' END, configuration))),
		'tableId: [0-9a-f-]{36}', 'tableId: (uuid)')
$$;
CREATE FUNCTION pg_temp.describe(name text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.api('describe_kinesis_streaming_destination', jsonb_build_object('TableName', name))
$$;
-- What the courier does when it has found a stream, or has not.
CREATE FUNCTION pg_temp.found(stream text, failure text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	UPDATE dynapg.kinesis_destinations SET status = CASE WHEN failure IS NULL THEN 'ACTIVE' ELSE 'ENABLE_FAILED' END, description = failure
		WHERE stream_arn = pg_temp.arn(stream)
$$;
CREATE FUNCTION pg_temp.logs(name text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' ', kind, status, kept, last_seq IS NULL) FROM dynapg.logs WHERE table_name = name ORDER BY id
$$;

BEGIN;
SELECT pg_temp.make('Kinesis', 'p:S', 'n:N');
SELECT pg_temp.describe('Kinesis');

-- What is wrong with a request
SELECT pg_temp.describe('Nothing');
SELECT pg_temp.kinesis('enable', 'Nothing', 'one');
SELECT pg_temp.kinesis('disable', 'Nothing', 'one');
SELECT pg_temp.kinesis('update', 'Nothing', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.api('enable_kinesis_streaming_destination', '{}');
SELECT pg_temp.api('enable_kinesis_streaming_destination', '{"TableName": "Kinesis", "StreamArn": "arn:aws:kinesis"}');
SELECT pg_temp.kinesis('enable', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "NANOSECOND"}');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "NANOSECOND"}');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one', '{}');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{}');
SELECT pg_temp.logs('Kinesis');

-- Enabled, found, changed, disabled: the log begins and ends with it, and DynamoDB Streams and DescribeTable know nothing of it
SELECT pg_temp.kinesis('enable', 'Kinesis', 'one');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.logs('Kinesis');
SELECT pg_temp.kinesis('enable', 'Kinesis', 'one');
SELECT pg_temp.kinesis('enable', 'Kinesis', 'two');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.found('one');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'two');
SELECT pg_temp.kinesis('update', 'Kinesis', 'two', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MILLISECOND"}');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT dynamo_list_streams('{"TableName": "Kinesis"}');
SELECT dynamo_describe_table('{"TableName": "Kinesis"}')::text LIKE '%inesis/%' AS shown;

-- Each change is logged once, with both images; a stream beside it is another log
SELECT dynamo_put_item('{"TableName": "Kinesis", "Item": {"p": {"S": "a"}, "n": {"N": "1"}, "v": {"S": "old"}}}');
SELECT dynamo_put_item('{"TableName": "Kinesis", "Item": {"p": {"S": "a"}, "n": {"N": "1.0"}, "v": {"B": "AAE="}}}');
SELECT count(*) FROM dynamo_update_table('{"TableName": "Kinesis", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}');
SELECT dynamo_delete_item('{"TableName": "Kinesis", "Key": {"p": {"S": "a"}, "n": {"N": "1"}}}');
SELECT pg_temp.logs('Kinesis');
-- (one segment is written in this transaction, whichever it is)
SELECT relation AS segment FROM dynapg.log_segments WHERE kind = 'STREAM' ORDER BY number DESC LIMIT 1 \gset
SELECT l.kind, s.kind, s.keys, s.old, s.new FROM :segment s JOIN dynapg.logs l ON l.id = s.log WHERE l.table_name = 'Kinesis' ORDER BY l.kind, seq;

SELECT pg_temp.kinesis('disable', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.logs('Kinesis');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');

-- Others may be enabled then, and entries stay listed; one that was not found is listed with the reason
SELECT pg_temp.kinesis('enable', 'Kinesis', 'two', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.found('two', 'User does not have a permission to use kinesis stream');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'two');
SELECT pg_temp.kinesis('enable', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MILLISECOND"}');
SELECT pg_temp.found('one');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MILLISECOND"}');
SELECT pg_temp.kinesis('enable', 'Kinesis', 'two');

-- dynapg.control_plane_delay makes the changes last
SET LOCAL dynapg.control_plane_delay = '1h';
SELECT pg_temp.kinesis('update', 'Kinesis', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one');
UPDATE dynapg.kinesis_destinations SET change_ends = now();
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one');
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'one');
SELECT pg_temp.kinesis('enable', 'Kinesis', 'two');
UPDATE dynapg.kinesis_destinations SET change_ends = now();
SELECT pg_temp.kinesis('enable', 'Kinesis', 'two');
SELECT pg_temp.found('two');
SELECT pg_temp.describe('Kinesis');
UPDATE dynapg.kinesis_destinations SET change_ends = now();
SELECT pg_temp.describe('Kinesis');

-- A table that is being deleted, or made
SELECT dynamo_delete_table('{"TableName": "Kinesis"}') -> 'TableDescription' ->> 'TableStatus';
SELECT pg_temp.describe('Kinesis');
SELECT pg_temp.kinesis('disable', 'Kinesis', 'two');
SELECT pg_temp.kinesis('enable', 'Kinesis', 'one');
SELECT pg_temp.make('Kinesis2', 'p:S');
SELECT pg_temp.describe('Kinesis2');
SELECT pg_temp.kinesis('enable', 'Kinesis2', 'one');
SELECT pg_temp.kinesis('disable', 'Kinesis2', 'one');
RESET dynapg.control_plane_delay;

-- Not an UNLOGGED table, nor another's
SELECT pg_temp.make('Kinesis3', 'p:S');
ALTER TABLE dynamo."Kinesis3" SET UNLOGGED;
SELECT pg_temp.kinesis('enable', 'Kinesis3', 'one');
SELECT pg_temp.describe('Kinesis3');
ALTER TABLE dynamo."Kinesis3" SET LOGGED;
CREATE ROLE kinesis_other;
SET LOCAL ROLE kinesis_other;
SELECT pg_temp.kinesis('enable', 'Kinesis3', 'one');
SELECT pg_temp.kinesis('disable', 'Kinesis3', 'one');
SELECT pg_temp.kinesis('update', 'Kinesis3', 'one', '{"ApproximateCreationDateTimePrecision": "MICROSECOND"}');
SELECT pg_temp.describe('Kinesis3');
UPDATE dynapg.kinesis_destinations SET status = 'ACTIVE';
ROLLBACK;
