-- Entries of rows that were rolled back are remembered by a scan as it goes, in memory that lives as long as it does.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
SELECT dynamo_create_table('{"TableName": "Dead", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}') IS NOT NULL;
SELECT count(dynapg.put('Dead', jsonb_build_object('id', 'a' || i, 'x', repeat('x', 2000)))) FROM generate_series(1, 20) i;
BEGIN;
SELECT count(dynapg.put('Dead', jsonb_build_object('id', 'undone' || i))) FROM generate_series(1, 50) i;
ROLLBACK;
SELECT count(dynapg.put('Dead', jsonb_build_object('id', 'b' || i, 'x', repeat('x', 2000)))) FROM generate_series(1, 20) i;
SELECT count(*), count(*) FILTER (WHERE keys ->> 'id' ~ 'undone') FROM dynapg.stream_records('Dead');
SELECT count(*), count(*) FILTER (WHERE keys ->> 'id' ~ 'undone') FROM dynapg.stream_records('Dead');
SELECT dynamo_scan('{"TableName": "Dead", "Select": "COUNT"}') ->> 'Count';
SELECT dynamo_delete_table('{"TableName": "Dead"}') IS NOT NULL;
