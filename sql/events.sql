-- Event source mappings to destinations inside of the database: functions, channels, tables.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.make_stream(name text, view_type text DEFAULT 'NEW_AND_OLD_IMAGES') RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "id", "KeyType": "HASH"}]'::jsonb, 'AttributeDefinitions', '[{"AttributeName": "id", "AttributeType": "S"}]'::jsonb,
		'StreamSpecification', jsonb_build_object('StreamEnabled', true, 'StreamViewType', view_type)))
$$;
-- Waits, for some minutes at most, until a condition holds
CREATE PROCEDURE await(condition text) LANGUAGE plpgsql AS $$
DECLARE
	holds boolean;
BEGIN
	FOR i IN 1 .. 15000 LOOP
		EXECUTE 'SELECT ' || condition INTO holds;
		COMMIT;
		EXIT WHEN holds;
		PERFORM pg_sleep(0.02);
	END LOOP;
	IF holds IS NOT TRUE THEN
		RAISE 'not within minutes: %', condition;
	END IF;
END $$;
CREATE FUNCTION pg_temp.mapping(name text) RETURNS uuid LANGUAGE sql AS $$
	SELECT (m ->> 'UUID')::uuid FROM dynapg.list_event_source_mappings(name) m
$$;

SELECT pg_temp.make_stream('Orders');
SELECT pg_temp.make('Silent', 'id:S');
CREATE TABLE audit (n serial, event jsonb);
CREATE FUNCTION audit(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.audit (event) SELECT r FROM jsonb_array_elements(event -> 'Records') r $$;
CREATE FUNCTION not_for_events(event jsonb) RETURNS integer LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION many(event jsonb) RETURNS SETOF jsonb LANGUAGE sql AS 'SELECT event';

-- What create refuses: Lambda's bounds and words
CREATE FUNCTION pg_temp.refuses(options text, destination text DEFAULT '{"Function": "audit"}', name text DEFAULT 'Orders') RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(pg_temp.fails(format('SELECT dynapg.create_event_source_mapping(%L, %L, %L)', name, destination, options)), 'stream/[0-9T:.-]+', 'stream/(label)')
$$;
SELECT pg_temp.refuses('{}');
SELECT pg_temp.refuses('{"StartingPosition": "AT_TIMESTAMP"}');
SELECT pg_temp.refuses('{"StartingPosition": "OLDEST"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "BatchSize": 0}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "BatchSize": 10001}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "BatchSize": 1.5}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "BatchSize": 1e300}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "BatchSize": "10"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "MaximumBatchingWindowInSeconds": 301}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "ParallelizationFactor": 11}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "MaximumRetryAttempts": -2}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "MaximumRecordAgeInSeconds": 59}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "TumblingWindowInSeconds": 10}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "FunctionResponseTypes": ["Other"]}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "BisectBatchOnFunctionError": 1}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "Topics": []}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "FilterCriteria": {"Filters": [{"Pattern": "{\"a\": 1}"}]}}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "FilterCriteria": {"Filters": [{}]}}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "FilterCriteria": {"Filters": [{"Pattern": "{}"}, {}, {}, {}, {}, {}]}}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "DestinationConfig": {"OnSuccess": {}}}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST", "DestinationConfig": {"OnFailure": {"Destination": {"Notify": "x"}}}}');
SELECT pg_temp.refuses('[]');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '"audit"');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Pigeon": "x"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": "audit", "Notify": "x"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": 1}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": "nothing"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": "audit(text)"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": "not_for_events"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": "many"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Table": "Orders"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Table": "Nothing"}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Notify": ""}');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": "audit"}', 'Silent');
SELECT pg_temp.refuses('{"StartingPosition": "LATEST"}', '{"Function": "audit"}', 'Nothing');
SELECT count(*) FROM dynapg.event_source_mappings;

-- A mapping as Lambda describes it; what was written before LATEST is not sent, what comes after is, once and in order
SELECT dynapg.put('Orders', '{"id": "before"}');
SELECT dynapg.create_event_source_mapping('Orders', '{"Function": "audit"}', '{"StartingPosition": "LATEST", "BatchSize": 3}') - 'UUID' - 'LastModified' - 'EventSourceArn';
SELECT pg_temp.fails($$SELECT dynapg.create_event_source_mapping('Orders', '{"Function": "public.audit(jsonb)"}', '{"StartingPosition": "LATEST"}')$$) ~ '^42710 The event source arn \(" arn:aws:dynamodb:.*provided mapping already exists. Please update or delete';
SELECT count(dynapg.put('Orders', jsonb_build_object('id', 'a' || i, 'x', i))) FROM generate_series(1, 7) i;
SELECT dynapg.put('Orders', '{"id": "a1", "x": 10}'), dynapg.delete('Orders', 'a2');
CALL await('count(*) = 9 FROM audit');
SELECT event ->> 'eventName', event #>> '{dynamodb,Keys,id,S}', event #>> '{dynamodb,NewImage,x,N}', event #>> '{dynamodb,OldImage,x,N}' FROM audit ORDER BY n;
SELECT array_agg(k ORDER BY k) FROM audit, jsonb_object_keys(event) k WHERE n = 1;
SELECT array_agg(k ORDER BY k) FROM audit, jsonb_object_keys(event -> 'dynamodb') k WHERE n = 1;
-- A record is what GetRecords returns, and eventSourceARN
SELECT count(*) FROM audit, (SELECT jsonb_array_elements(dynamo_get_records(jsonb_build_object('ShardIterator', dynamo_get_shard_iterator(jsonb_build_object('StreamArn', arn, 'ShardIteratorType', 'TRIM_HORIZON',
	'ShardId', dynamo_describe_stream(jsonb_build_object('StreamArn', arn)) #>> '{StreamDescription,Shards,0,ShardId}')) ->> 'ShardIterator')) -> 'Records') AS record
	FROM (SELECT dynamo_list_streams('{"TableName": "Orders"}') #>> '{Streams,0,StreamArn}' AS arn) s) r WHERE event - 'eventSourceARN' = record;
SELECT destination_kind, state, problem, lanes, lag_records, lag_seconds, sent, retried, failed, filtered, failures, last_error FROM dynapg.stat_event_source_mappings;
SELECT dynapg.get_event_source_mapping(pg_temp.mapping('Orders')) ->> 'LastProcessingResult';

-- Disabled it rests, and goes on where it was; deleted, the ones on their way are gone with it
SELECT dynapg.disable_event_source_mapping(pg_temp.mapping('Orders')) ->> 'State';
SELECT dynapg.put('Orders', '{"id": "rest"}');
SELECT state, lag_records FROM dynapg.stat_event_source_mappings;
SELECT dynapg.enable_event_source_mapping(pg_temp.mapping('Orders')) ->> 'State';
CALL await('count(*) = 10 FROM audit');
SELECT event #>> '{dynamodb,Keys,id,S}' FROM audit ORDER BY n DESC LIMIT 1;

-- Update: what is not given stays; a filter of which nothing passes but what it says
SELECT pg_temp.fails(format($$SELECT dynapg.update_event_source_mapping(%L, '{"StartingPosition": "TRIM_HORIZON"}')$$, pg_temp.mapping('Orders')));
SELECT pg_temp.fails(format($$SELECT dynapg.update_event_source_mapping(%L, '{"BatchSize": -1}')$$, pg_temp.mapping('Orders')));
SELECT u -> 'BatchSize', u -> 'MaximumRetryAttempts', u -> 'FilterCriteria' FROM dynapg.update_event_source_mapping(pg_temp.mapping('Orders'), '{"MaximumRetryAttempts": 3, "FilterCriteria": {"Filters": [
	{"Pattern": "{\"eventName\": [\"INSERT\"], \"dynamodb\": {\"NewImage\": {\"x\": {\"N\": [{\"numeric\": [\">\", 90]}]}}}}"}, {"Pattern": "{\"dynamodb\": {\"Keys\": {\"id\": {\"S\": [{\"prefix\": \"vip\"}]}}}}"}]}}') u;
SELECT count(dynapg.put('Orders', jsonb_build_object('id', 'f' || i, 'x', i))) FROM generate_series(81, 100) i;
SELECT dynapg.put('Orders', '{"id": "vip-1"}');
CALL await('lag_records = 0 FROM dynapg.stat_event_source_mappings');
SELECT count(*), count(*) FILTER (WHERE event #>> '{dynamodb,Keys,id,S}' = 'vip-1') FROM audit WHERE n > 10;
SELECT sent, filtered FROM dynapg.stat_event_source_mappings;
-- Without FilterCriteria all pass again
SELECT dynapg.update_event_source_mapping(pg_temp.mapping('Orders'), '{"FilterCriteria": {}}') -> 'FilterCriteria';
SELECT dynapg.put('Orders', '{"id": "g"}');
CALL await('count(*) = 22 FROM audit');

-- More lanes: each item's changes stay in order, none twice
SELECT dynapg.update_event_source_mapping(pg_temp.mapping('Orders'), '{"ParallelizationFactor": 4, "BatchSize": 10}') -> 'ParallelizationFactor';
TRUNCATE audit;
SELECT count(dynapg.put('Orders', jsonb_build_object('id', 'p' || i % 20, 'x', i))) FROM generate_series(1, 400) i;
CALL await('count(*) >= 400 FROM audit');
SELECT dynapg.update_event_source_mapping(pg_temp.mapping('Orders'), '{"ParallelizationFactor": 2}') -> 'ParallelizationFactor';
SELECT count(dynapg.put('Orders', jsonb_build_object('id', 'p' || i % 20, 'x', i))) FROM generate_series(401, 600) i;
-- and as many shards, whose parents come first
SELECT dynapg.set_stream_shards('Orders', 3);
SELECT count(dynapg.put('Orders', jsonb_build_object('id', 'p' || i % 20, 'x', i))) FROM generate_series(601, 800) i;
CALL await('count(*) >= 800 FROM audit');
CALL await('lanes = 6 AND lag_records = 0 FROM dynapg.stat_event_source_mappings');
SELECT count(*), count(DISTINCT event ->> 'eventID') FROM audit;
SELECT count(*) FROM (SELECT n, event #>> '{dynamodb,Keys,id,S}' AS id, event #>> '{dynamodb,SequenceNumber}' AS seq,
	lag(event #>> '{dynamodb,SequenceNumber}') OVER (PARTITION BY event #>> '{dynamodb,Keys,id,S}' ORDER BY n) AS before FROM audit) a WHERE before >= seq;
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Orders')) ->> 'State';
SELECT count(*) FROM dynapg.event_positions;
SELECT count(*) FROM dynapg.event_states;
SELECT pg_temp.fails('SELECT dynapg.get_event_source_mapping(gen_random_uuid())');

-- A poisoned record: bisection finds it, the on-failure function gets it and nothing else, and nothing else is lost or done twice
CREATE FUNCTION picky(event jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.audit(event);
	IF event @? '$.Records[*].dynamodb.NewImage.poison' THEN
		RAISE EXCEPTION 'I do not like it' USING DETAIL = 'It is poisoned.';
	END IF;
END $$;
CREATE TABLE failures (n serial, invocation jsonb);
CREATE FUNCTION failed(invocation jsonb) RETURNS void LANGUAGE sql AS 'INSERT INTO public.failures (invocation) VALUES (invocation)';
SELECT pg_temp.make_stream('Poison');
TRUNCATE audit RESTART IDENTITY;
SELECT count(dynapg.put('Poison', jsonb_build_object('id', 'p' || i) || CASE WHEN i = 13 THEN '{"poison": true}' ELSE '{}' END::jsonb)) FROM generate_series(1, 20) i;
SELECT dynapg.create_event_source_mapping('Poison', '{"Function": "picky"}', '{"StartingPosition": "TRIM_HORIZON", "BisectBatchOnFunctionError": true, "MaximumRetryAttempts": 1,
	"DestinationConfig": {"OnFailure": {"Destination": {"Function": "failed"}}}}') #> '{DestinationConfig,OnFailure}';
CALL await('count(*) = 19 FROM audit');
CALL await('lag_records = 0 FROM dynapg.stat_event_source_mappings');
SELECT string_agg(event #>> '{dynamodb,Keys,id,S}', ' ' ORDER BY n) FROM audit;
SELECT invocation #>> '{payload,Records,0,dynamodb,Keys,id,S}', invocation #> '{requestContext,condition}', invocation #> '{requestContext,approximateInvokeCount}', invocation #>> '{responseContext,errorMessage}',
	invocation #> '{DDBStreamBatchInfo,batchSize}', invocation #>> '{DDBStreamBatchInfo,startSequenceNumber}' = invocation #>> '{payload,Records,0,dynamodb,SequenceNumber}', invocation -> 'version' FROM failures;
SELECT sent, failed, retried > 20, failures, last_error FROM dynapg.stat_event_source_mappings;
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Poison')) ->> 'State';

-- Without bisection the whole batch is given up, and what follows goes on
TRUNCATE audit RESTART IDENTITY;
SELECT dynapg.create_event_source_mapping('Poison', '{"Function": "picky"}', '{"StartingPosition": "TRIM_HORIZON", "BatchSize": 5, "MaximumRetryAttempts": 0}') ->> 'State';
CALL await('count(*) = 15 FROM audit');
CALL await('lag_records = 0 FROM dynapg.stat_event_source_mappings');
SELECT string_agg(event #>> '{dynamodb,Keys,id,S}', ' ' ORDER BY n) FROM audit;
SELECT sent, failed, failures FROM dynapg.stat_event_source_mappings;
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Poison')) ->> 'State';

-- A function reports which have failed: those before the first are not sent again
CREATE FUNCTION reporter(event jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	record jsonb;
BEGIN
	FOR record IN SELECT jsonb_array_elements(event -> 'Records') LOOP
		IF record #> '{dynamodb,NewImage}' ? 'poison' AND (SELECT count(*) FROM public.failures) < 3 THEN
			INSERT INTO public.failures (invocation) VALUES (event);
			RETURN jsonb_build_object('batchItemFailures', jsonb_build_array(jsonb_build_object('itemIdentifier', record #>> '{dynamodb,SequenceNumber}')));
		END IF;
		INSERT INTO public.audit (event) VALUES (record);
	END LOOP;
	RETURN '{"batchItemFailures": []}';
END $$;
TRUNCATE audit, failures RESTART IDENTITY;
SELECT dynapg.create_event_source_mapping('Poison', '{"Function": "reporter"}', '{"StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": ["ReportBatchItemFailures"]}') ->> 'State';
CALL await('count(*) >= 20 FROM audit');
CALL await('lag_records = 0 FROM dynapg.stat_event_source_mappings');
SELECT count(*), count(DISTINCT event ->> 'eventID') FROM audit;
SELECT jsonb_array_length(invocation -> 'Records') FROM failures ORDER BY n;
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Poison')) ->> 'State';
-- An answer that names what was not in the batch is the failure of the whole
CREATE OR REPLACE FUNCTION reporter(event jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT '{"batchItemFailures": [{"itemIdentifier": "100000000000000000001"}]}'::jsonb $$;
SELECT dynapg.create_event_source_mapping('Poison', '{"Function": "reporter"}', '{"StartingPosition": "TRIM_HORIZON", "FunctionResponseTypes": ["ReportBatchItemFailures"]}') ->> 'State';
CALL await('failures > 0 FROM dynapg.stat_event_source_mappings');
SELECT last_error, sent, lag_records FROM dynapg.stat_event_source_mappings;
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Poison')) ->> 'State';

-- A function that fails stops no other mapping; mended, it goes on without loss
CREATE FUNCTION broken(event jsonb) RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 / 0; END $$;
TRUNCATE audit RESTART IDENTITY;
SELECT dynapg.create_event_source_mapping('Orders', '{"Function": "broken"}', '{"StartingPosition": "LATEST"}') ->> 'State';
SELECT dynapg.create_event_source_mapping('Poison', '{"Function": "audit"}', '{"StartingPosition": "LATEST"}') ->> 'State';
SELECT dynapg.put('Orders', '{"id": "b1"}'), dynapg.put('Poison', '{"id": "b2"}');
CALL await('count(*) = 1 FROM audit');
CALL await('failures > 0 FROM dynapg.stat_event_source_mappings WHERE table_name = ''Orders''');
SELECT table_name, last_error, lag_records FROM dynapg.stat_event_source_mappings WHERE table_name = 'Orders';
SELECT dynapg.get_event_source_mapping(pg_temp.mapping('Orders')) ->> 'LastProcessingResult';
CREATE OR REPLACE FUNCTION broken(event jsonb) RETURNS void LANGUAGE sql AS 'SELECT public.audit(event)';
CALL await('count(*) = 2 FROM audit');
CALL await('failures = 0 FROM dynapg.stat_event_source_mappings WHERE table_name = ''Orders''');
-- A function that is gone, and one of another's in its place
DROP FUNCTION broken(jsonb);
CREATE ROLE regress_dynapg_squatter;
CREATE FUNCTION broken(event jsonb) RETURNS void LANGUAGE sql AS 'SELECT public.audit(event)';
ALTER FUNCTION broken(jsonb) OWNER TO regress_dynapg_squatter;
SELECT dynapg.put('Orders', '{"id": "b3"}');
CALL await('failures > 0 FROM dynapg.stat_event_source_mappings WHERE table_name = ''Orders''');
SELECT last_error FROM dynapg.stat_event_source_mappings WHERE table_name = 'Orders';
SELECT dynapg.enable_event_source_mapping(pg_temp.mapping('Orders')) ->> 'State';
CALL await('count(*) = 3 FROM audit');
SELECT dynapg.delete_event_source_mapping((m ->> 'UUID')::uuid) ->> 'State' FROM dynapg.list_event_source_mappings() m;

-- The function runs as the mapping's owner, and what it sets is its own matter
CREATE ROLE regress_dynapg_mapper;
GRANT CREATE ON SCHEMA dynamo, public TO regress_dynapg_mapper;
GRANT USAGE ON SCHEMA dynamo TO regress_dynapg_mapper;
GRANT ALL ON audit, audit_n_seq TO regress_dynapg_mapper;
SET ROLE regress_dynapg_mapper;
SELECT pg_temp.make_stream('Mine');
CREATE FUNCTION whoami(event jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.audit (event) VALUES (jsonb_build_object('user', current_user, 'work_mem', current_setting('work_mem')));
	PERFORM set_config('work_mem', '77MB', false);
	PERFORM pg_advisory_lock(4711);
	BEGIN
		SET ROLE postgres;
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO public.audit (event) VALUES (to_jsonb(SQLERRM));
	END;
END $$;
SELECT pg_temp.fails($$SELECT dynapg.create_event_source_mapping('Orders', '{"Function": "whoami"}', '{"StartingPosition": "LATEST"}')$$) ~ 'AccessDeniedException';
SELECT dynapg.create_event_source_mapping('Mine', '{"Function": "whoami"}', '{"StartingPosition": "LATEST", "BatchSize": 1}') ->> 'State';
SELECT count(*) FROM dynapg.list_event_source_mappings();
RESET ROLE;
TRUNCATE audit RESTART IDENTITY;
SELECT dynapg.put('Mine', '{"id": "1"}'), dynapg.put('Mine', '{"id": "2"}');
CALL await('count(*) = 4 FROM audit');
SELECT DISTINCT event FROM audit ORDER BY 1;
CALL await('NOT EXISTS (SELECT FROM pg_locks WHERE locktype = ''advisory'' AND objid = 4711)');
-- Nobody else sees it, or touches it
SET ROLE regress_dynapg_squatter;
SELECT count(*) FROM dynapg.list_event_source_mappings();
SELECT count(*) FROM dynapg.stat_event_source_mappings;
SELECT pg_temp.fails('SELECT * FROM dynapg.event_source_mappings'), pg_temp.fails('SELECT * FROM dynapg.destination_secrets'), pg_temp.fails('SELECT * FROM dynapg.event_positions');
RESET ROLE;
SELECT uuid AS mine FROM dynapg.event_source_mappings \gset
SET ROLE regress_dynapg_squatter;
SELECT pg_temp.fails(format('SELECT dynapg.delete_event_source_mapping(%L)', :'mine')), pg_temp.fails(format('SELECT dynapg.event_source_mapping_lag(%L)', :'mine'));
RESET ROLE;
-- The right to the table is asked for at each batch
ALTER TABLE dynamo."Mine" OWNER TO postgres;
SELECT dynapg.put('Mine', '{"id": "3"}');
CALL await('failures > 0 FROM dynapg.stat_event_source_mappings');
SELECT last_error ~ 'not authorized to perform: dynamodb:GetRecords' FROM dynapg.stat_event_source_mappings;

-- A table that is dropped is read to its end; then its mapping is gone
ALTER TABLE dynamo."Mine" OWNER TO regress_dynapg_mapper;
SELECT dynapg.enable_event_source_mapping(:'mine') ->> 'State';
SELECT dynamo_delete_table('{"TableName": "Mine"}') IS NOT NULL;
CALL await('NOT EXISTS (SELECT FROM dynapg.event_source_mappings)');
SELECT count(*) FROM audit;
DROP FUNCTION whoami(jsonb), broken(jsonb);
REVOKE ALL ON SCHEMA public, dynamo FROM regress_dynapg_mapper;
DROP OWNED BY regress_dynapg_mapper;
DROP ROLE regress_dynapg_mapper, regress_dynapg_squatter;

-- A stream that ends is read to its end, and the next one from its beginning
TRUNCATE audit RESTART IDENTITY;
SELECT dynapg.create_event_source_mapping('Orders', '{"Function": "audit"}', '{"StartingPosition": "LATEST"}') ->> 'State';
SELECT dynapg.put('Orders', '{"id": "s1"}');
SELECT dynamo_update_table('{"TableName": "Orders", "StreamSpecification": {"StreamEnabled": false}}') IS NOT NULL;
CALL await('problem IS NOT NULL FROM dynapg.stat_event_source_mappings');
SELECT problem, sent FROM dynapg.stat_event_source_mappings;
SELECT dynapg.put('Orders', '{"id": "s2"}');
CALL await('count(*) = 1 FROM dynapg.stat_streams WHERE table_name = ''Orders'' AND status = ''DISABLED''');
SELECT dynamo_update_table('{"TableName": "Orders", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}') IS NOT NULL;
CALL await('count(*) = 1 FROM dynapg.stat_streams WHERE table_name = ''Orders'' AND status = ''ENABLED''');
SELECT dynapg.put('Orders', '{"id": "s3"}');
CALL await('count(*) = 2 FROM audit');
SELECT event #>> '{dynamodb,Keys,id,S}', event #>> '{dynamodb,StreamViewType}' FROM audit ORDER BY n;
SELECT problem, sent FROM dynapg.stat_event_source_mappings;
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Orders')) ->> 'State';

-- Another table: its items are the source's
SELECT pg_temp.make('Copied', 'id:S');
SELECT dynapg.create_event_source_mapping('Orders', '{"Table": "Copied"}', '{"StartingPosition": "LATEST"}') ->> 'State';
SELECT count(dynapg.put('Orders', jsonb_build_object('id', 'c' || i % 10, 'x', i))) FROM generate_series(1, 50) i;
SELECT dynapg.delete('Orders', 'c3');
CALL await('lag_records = 0 FROM dynapg.stat_event_source_mappings');
SELECT count(*) FROM dynamo."Copied";
SELECT count(*) FROM (SELECT item FROM dynamo."Orders" WHERE item ->> 'id' LIKE 'c%' EXCEPT SELECT item FROM dynamo."Copied") d;
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Orders')) ->> 'State';

-- A batch that is not full waits for its window, and not when it is full
SELECT dynapg.create_event_source_mapping('Orders', '{"Function": "audit"}', '{"StartingPosition": "LATEST", "MaximumBatchingWindowInSeconds": 300, "BatchSize": 10}') ->> 'State';
TRUNCATE audit RESTART IDENTITY;
SELECT dynapg.put('Orders', '{"id": "w1"}');
SELECT count(*) FROM audit;
SELECT count(dynapg.put('Orders', jsonb_build_object('id', 'w' || i))) FROM generate_series(2, 10) i;
CALL await('count(*) = 10 FROM audit');
SELECT dynapg.delete_event_source_mapping(pg_temp.mapping('Orders')) ->> 'State';

DROP PROCEDURE await(text);
DROP FUNCTION audit(jsonb), picky(jsonb), failed(jsonb), reporter(jsonb), many(jsonb), not_for_events(jsonb);
DROP TABLE audit, failures;
SELECT dynamo_delete_table(jsonb_build_object('TableName', t)) IS NOT NULL FROM unnest('{Orders,Silent,Poison,Copied}'::text[]) t;
