-- CloudWatch's operations on dynapg.metrics, and alarms, by a history that is written here and a clock that is given.
SET client_min_messages TO error;
CREATE EXTENSION IF NOT EXISTS dynapg;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET timezone = 'UTC';
CREATE ROLE regress_dynapg_app;
CREATE ROLE regress_dynapg_stranger;
GRANT USAGE, CREATE ON SCHEMA dynamo TO regress_dynapg_app;
SET ROLE regress_dynapg_app;
SELECT dynamo_create_table('{"TableName": "Watched", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}') IS NOT NULL;
RESET ROLE;

-- A minute of a metric, the so many-th after 10 o'clock.
CREATE FUNCTION pg_temp.minute(metric text, minute integer, value double precision, operation text DEFAULT '', distribution integer[] DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dynapg.metric_series (metric, table_name, table_id, operation) SELECT $1, name, id, $4 FROM dynapg.tables WHERE name = 'Watched' ON CONFLICT DO NOTHING;
	INSERT INTO dynapg.metric_points SELECT s.id, '2026-11-29 10:00+00'::timestamptz + $2 * interval '1 minute', 2, $3, $3 / 4, $3 * 3 / 4, $5
		FROM dynapg.metric_series s WHERE s.metric = $1 AND s.table_name = 'Watched' AND s.operation = $4 $$;
SELECT pg_temp.minute('ConsumedReadCapacityUnits', n, n * 10) FROM generate_series(1, 7) n WHERE n <> 4;
SELECT pg_temp.minute('SuccessfulRequestLatency', 1, 1, 'GetItem', '{0,0,0,1,1}');

-- ---------------------------------------------------------------- requests
CREATE FUNCTION pg_temp.data(stat text, period integer, members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynapg.get_metric_data(jsonb_build_object('StartTime', '2026-11-29T10:00:00Z', 'EndTime', '2026-11-29T10:10:00Z', 'ScanBy', 'TimestampAscending', 'MetricDataQueries',
		jsonb_build_array(jsonb_build_object('Id', 'a', 'MetricStat', jsonb_build_object('Stat', stat, 'Period', period, 'Metric',
			'{"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Dimensions": [{"Name": "TableName", "Value": "Watched"}]}'::jsonb)))) || members)
		#> '{MetricDataResults,0}' $$;
SELECT pg_temp.data('Sum', 60);
SELECT stat, pg_temp.data(stat, 300) -> 'Values' FROM unnest('{Sum,Average,Minimum,Maximum,SampleCount}'::text[]) AS stat;
SELECT pg_temp.data('Sum', 60, '{"ScanBy": "TimestampDescending"}') -> 'Values';
SELECT pg_temp.data('Sum', 90);
SELECT pg_temp.data('Median', 60);
SELECT pg_temp.data('Sum', 60, '{"EndTime": 1}');
SELECT pg_temp.data('Sum', 60, '{"EndTime": "soon"}');
SELECT pg_temp.data('Sum', 60, '{"StartTime": null}');
SELECT pg_temp.data('Sum', 60, '{"StartTime": "2026-13-45T10:00:00Z"}');
-- periods begin with the time that is asked for, to the minute
SELECT pg_temp.data('Sum', 300, '{"StartTime": "2026-11-29T10:02:30Z"}');
SELECT pg_temp.data('Sum', 60, '{"MetricDataQueries": []}');
SELECT dynapg.get_metric_statistics('{"Namespace": "AWS/DynamoDB", "MetricName": "SuccessfulRequestLatency", "StartTime": "2026-11-29T10:00:00Z", "EndTime": "2026-11-29T11:00:00Z",
	"Period": 3600, "Statistics": ["Sum", "Average"], "ExtendedStatistics": ["p50", "p100"], "Dimensions": [{"Name": "TableName", "Value": "Watched"}, {"Name": "Operation", "Value": "GetItem"}]}');
SELECT dynapg.get_metric_statistics('{"Namespace": "AWS/DynamoDB", "MetricName": "SuccessfulRequestLatency", "StartTime": "2026-11-29T09:30:20Z", "EndTime": "2026-11-29T11:00:00Z",
	"Period": 3600, "Statistics": ["Sum"], "Dimensions": [{"Name": "TableName", "Value": "Watched"}, {"Name": "Operation", "Value": "GetItem"}]}') #>> '{Datapoints,0,Timestamp}' = extract(epoch FROM '2026-11-29 09:30+00'::timestamptz)::text;
-- percentiles of several periods
SELECT pg_temp.minute('SuccessfulRequestLatency', 2, 1, 'Query', '{0,0,0,1,1}'), pg_temp.minute('SuccessfulRequestLatency', 3, 2, 'Query', '{0,0,0,0,9}'), pg_temp.minute('SuccessfulRequestLatency', 63, 2, 'Query', '{9}');
SELECT d ->> 'Timestamp', d ->> 'SampleCount', d -> 'ExtendedStatistics' FROM jsonb_array_elements(dynapg.get_metric_statistics('{"Namespace": "AWS/DynamoDB", "MetricName": "SuccessfulRequestLatency",
	"StartTime": "2026-11-29T10:00:00Z", "EndTime": "2026-11-29T12:00:00Z", "Period": 3600, "Statistics": ["SampleCount"], "ExtendedStatistics": ["p10", "p50"],
	"Dimensions": [{"Name": "TableName", "Value": "Watched"}, {"Name": "Operation", "Value": "Query"}]}') -> 'Datapoints') AS d;
SELECT dynapg.get_metric_statistics('{"Namespace": "AWS/DynamoDB", "MetricName": "SuccessfulRequestLatency", "StartTime": "2026-11-01T10:00:00Z", "EndTime": "2026-11-29T11:00:00Z", "Period": 60, "Statistics": ["Sum"]}');
SELECT dynapg.list_metrics('{"Namespace": "AWS/DynamoDB", "Dimensions": [{"Name": "TableName", "Value": "Watched"}]}');
SELECT dynapg.list_metrics('{"Dimensions": [{"Name": "Operation"}]}');
SET ROLE regress_dynapg_stranger;
SELECT dynapg.list_metrics(), pg_temp.data('Sum', 60);
RESET ROLE;

-- ---------------------------------------------------------------- what is no alarm
SET ROLE regress_dynapg_app;
CREATE FUNCTION pg_temp.try(members jsonb, destination jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.put_alarm(jsonb_strip_nulls('{"AlarmName": "reads", "Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Statistic": "Sum", "Period": 60,
		"EvaluationPeriods": 3, "Threshold": 45, "ComparisonOperator": "GreaterThanThreshold", "Dimensions": [{"Name": "TableName", "Value": "Watched"}]}'::jsonb || members), destination);
	RETURN 'put';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END $$;
SELECT pg_temp.try(members) FROM unnest(ARRAY['{"AlarmName": null}', '{"Nonsense": 1}', '{"Threshold": "much"}', '{"Threshold": null}', '{"EvaluationPeriods": 0}', '{"EvaluationPeriods": 1.5}',
	'{"DatapointsToAlarm": 4}', '{"Period": 10}', '{"Period": 86400}', '{"ComparisonOperator": "Equals"}', '{"TreatMissingData": "good"}', '{"Statistic": "p99"}', '{"ExtendedStatistic": "p99"}',
	'{"Statistic": null, "ExtendedStatistic": "p99"}', '{"Unit": "Bytes"}', '{"MetricName": "ConsumedReadUnits"}', '{"Namespace": "AWS/EC2"}', '{"Dimensions": []}',
	'{"Dimensions": [{"Name": "TableName", "Value": "Nothing"}]}', '{"Dimensions": [{"Name": "TableName", "Value": "Watched"}, {"Name": "GlobalSecondaryIndexName", "Value": "none"}]}',
	'{"Dimensions": [{"Name": "InstanceId", "Value": "i-1"}]}', '{"MetricName": "UserErrors", "Dimensions": []}', '{"AlarmActions": ["arn:aws:sns:us-east-1:1:topic"]}',
	'{"ComparisonOperator": "GreaterThanUpperThreshold"}', '{"Metrics": [{"Id": "m"}]}']::jsonb[]) AS members;
SELECT pg_temp.try('{}', destination) FROM unnest(ARRAY['1', '{"Table": "Watched"}', '{"Function": "pg_catalog.nothing(jsonb)"}', '{"Webhook": {"Url": "nowhere"}}', '{"Notify": ""}']::jsonb[]) AS destination;
SELECT count(*) FROM dynapg.alarms;
SELECT dynapg.delete_alarms('{"AlarmNames": ["reads"]}');
-- what is kept and given back has the service's members, of their types, and no others
SELECT pg_temp.try('{"AlarmName": "kept", "AlarmDescription": {"a": "<b>"}, "ActionsEnabled": "false", "Threshold": 1e15, "Unit": "Count", "Tags": [{"Key": "k"}],
	"Dimensions": [{"Name": "TableName", "Value": "Watched", "</Value>": {"x": 1}, "<evil/>": "y"}]}');
SELECT definition FROM dynapg.alarms;
CREATE FUNCTION pg_temp.kept() RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT definition ->> 'Threshold' FROM dynapg.alarms $$;
SELECT left(threshold::text, 30), pg_temp.try(jsonb_build_object('AlarmName', 'kept', 'Threshold', threshold)), pg_temp.kept()
	FROM jsonb_array_elements('[1e15, 12345678901234567890, -0.5, 1e-320, 1e-400, 1e300, "1e15", "10000000000000000.0", "1e300", "1e9999", "0x10", true, [1]]') AS threshold;
SELECT pg_temp.try('{"AlarmName": "kept", "MetricName": null, "Namespace": null, "Dimensions": null, "Statistic": null, "Period": null, "Threshold": null, "ThresholdMetricId": "b",
	"ComparisonOperator": "LessThanLowerThreshold", "Metrics": [{"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m)", "<i>": 1, "ReturnData": "true"}, {"Id": "m", "Label": "l", "x": {"y": []},
	"MetricStat": {"Period": "60", "Stat": "Sum", "z": 1, "Metric": {"Namespace": "AWS/DynamoDB", "q": "q", "MetricName": "ConsumedReadCapacityUnits",
	"Dimensions": [{"Name": "TableName", "Value": "Watched", "v": 1}]}}}]}');
SELECT definition FROM dynapg.alarms;
SELECT dynapg.delete_alarms('{"AlarmNames": ["kept"]}');
-- a role has its share
RESET ROLE;
INSERT INTO dynapg.metric_alarms (name, uuid, owner, definition) SELECT 'of many ' || i, gen_random_uuid(), 'regress_dynapg_app', '{}' FROM generate_series(1, 500) i;
SET ROLE regress_dynapg_app;
SELECT pg_temp.try('{}');
RESET ROLE;
DELETE FROM dynapg.metric_alarms WHERE name = 'of many 1';
SET ROLE regress_dynapg_app;
SELECT pg_temp.try('{}');
SELECT pg_temp.try('{}');
RESET ROLE;
DELETE FROM dynapg.metric_alarms;
SET ROLE regress_dynapg_app;

-- ---------------------------------------------------------------- what is
SELECT pg_temp.try('{}', '{"Notify": "alarms"}');
SELECT name, owner, state, destination FROM dynapg.alarms;
RESET ROLE;
-- what waits goes to the destination that it has then, if there is one that it can be told to
CREATE FUNCTION pg_temp.waiting(destination jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM dynapg.event_failures;
	INSERT INTO dynapg.event_failures (mapping, invocation) SELECT uuid, '{}' FROM dynapg.metric_alarms WHERE name = 'reads';
	PERFORM pg_temp.try('{}', destination);
	RETURN (SELECT count(*) FROM dynapg.event_failures);
END $$;
BEGIN;
SELECT destination, pg_temp.waiting(destination) FROM unnest(ARRAY['{"Webhook": {"Url": "https://hooks.example.com"}}', NULL, '{"Notify": "alarms"}', '{}']::jsonb[]) AS destination;
ROLLBACK;
SET ROLE regress_dynapg_stranger;
SELECT count(*) FROM dynapg.alarms;
SELECT dynapg.delete_alarms('{"AlarmNames": ["reads"]}');
SELECT dynapg.set_alarm_state('{"AlarmName": "reads", "StateValue": "OK", "StateReason": "mine"}');
SELECT dynapg.evaluate_alarms();
RESET ROLE;
-- how many change, and what the alarm's state is then
CREATE FUNCTION pg_temp.look(minute integer, alarm text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	changed integer := dynapg.evaluate_alarms('2026-11-29 10:00+00'::timestamptz + minute * interval '1 minute');
BEGIN
	RETURN changed || ' ' || (SELECT state FROM dynapg.alarms WHERE name = alarm);
END $$;
SELECT minute, pg_temp.look(minute, 'reads') FROM generate_series(0, 12) AS minute;
-- more than are read at once
INSERT INTO dynapg.metric_alarms (name, uuid, owner, definition) SELECT 'of many ' || i, gen_random_uuid(), owner, definition FROM dynapg.metric_alarms, generate_series(1, 60) i;
SELECT dynapg.evaluate_alarms('2026-11-29 10:08+00');
SELECT count(*) FROM dynapg.alarms WHERE state = 'ALARM';
DELETE FROM dynapg.alarm_states s USING dynapg.metric_alarms a WHERE a.uuid = s.alarm AND a.name LIKE 'of many%';
DELETE FROM dynapg.metric_alarms WHERE name LIKE 'of many%';
SELECT reason, reason_data - 'queryDate' FROM dynapg.alarms;
-- the owner may not see the table any more
UPDATE dynapg.metric_alarms SET owner = 'regress_dynapg_stranger';
SELECT pg_temp.look(8, 'reads');
UPDATE dynapg.metric_alarms SET owner = 'regress_dynapg_app';
SELECT dynapg.set_alarm_state('{"AlarmName": "reads", "StateValue": "OK", "StateReason": "a test"}');
SELECT dynapg.describe_alarms('{"StateValue": "OK"}') #- '{MetricAlarms,0,AlarmConfigurationUpdatedTimestamp}'
	#- '{MetricAlarms,0,StateUpdatedTimestamp}' #- '{MetricAlarms,0,StateTransitionedTimestamp}';
-- actions that are disabled; and an alarm from a dump, which tells nobody before its actions are enabled, or it is put anew
CREATE FUNCTION pg_temp.actions() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT concat_ws(' ', a.definition -> 'ActionsEnabled', (SELECT tells FROM dynapg.alarm_states WHERE alarm = m.uuid), a.state, a.reason) FROM dynapg.alarms a JOIN dynapg.metric_alarms m USING (name)
$$;
SET ROLE regress_dynapg_stranger;
SELECT dynapg.disable_alarm_actions('{"AlarmNames": ["reads"]}');
RESET ROLE;
SELECT dynapg.disable_alarm_actions('{"AlarmNames": ["reads"]}'), pg_temp.actions();
SELECT dynapg.disable_alarm_actions('{"AlarmNames": ["none"]}');
SELECT dynapg.enable_alarm_actions('{"AlarmNames": "reads"}');
SELECT dynapg.enable_alarm_actions('{"AlarmNames": ["reads"]}'), pg_temp.actions();
DELETE FROM dynapg.alarm_states;
SELECT pg_temp.actions();
SELECT dynapg.evaluate_alarms('2026-11-29 10:08+00'), pg_temp.actions();
SELECT dynapg.enable_alarm_actions('{"AlarmNames": ["reads"]}'), pg_temp.actions();
DELETE FROM dynapg.alarm_states;
SELECT dynapg.put_metric_alarm(definition - 'ActionsEnabled') FROM dynapg.alarms;
SELECT pg_temp.actions();
SELECT dynapg.delete_alarms('{"AlarmNames": ["reads", "none"]}');
SELECT dynapg.delete_alarms('{"AlarmNames": ["reads"]}');

-- The service's table of what is missing: how datapoints, the oldest first, are judged. X: breaching, 0: not, -: missing.
CREATE FUNCTION pg_temp.judged(points text, wanted integer, missing text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	DELETE FROM dynapg.metric_points;
	PERFORM pg_temp.minute('ConsumedReadCapacityUnits', n, CASE substr(points, n, 1) WHEN 'X' THEN 10 ELSE 1 END) FROM generate_series(1, 5) n WHERE substr(points, n, 1) <> '-';
	result := dynapg.alarm_evaluation(jsonb_build_object('MetricName', 'ConsumedReadCapacityUnits', 'Dimensions', '[{"Name": "TableName", "Value": "Watched"}]'::jsonb, 'Statistic', 'Sum', 'Period', 60,
		'EvaluationPeriods', 3, 'DatapointsToAlarm', wanted, 'Threshold', 5, 'ComparisonOperator', 'GreaterThanThreshold', 'TreatMissingData', missing), 'retained', '2026-11-29 10:06+00') ->> 'state';
	RETURN CASE result WHEN 'INSUFFICIENT_DATA' THEN 'INSUFFICIENT' ELSE result END;
END $$;
SELECT wanted, points, pg_temp.judged(points, wanted, 'missing') AS missing, pg_temp.judged(points, wanted, 'ignore') AS ignore, pg_temp.judged(points, wanted, 'breaching') AS breaching,
	pg_temp.judged(points, wanted, 'notBreaching') AS not_breaching
	FROM (VALUES (3, '0-X-X'), (3, '0----'), (3, '-----'), (3, '0XX-X'), (3, '--X--'), (2, '0-X-X'), (2, '00X0X'), (2, '0-X--'), (2, '----0'), (2, '---X-')) AS rows (wanted, points);

-- ... and in what words
CREATE FUNCTION pg_temp.reason(points text, members jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result jsonb;
BEGIN
	DELETE FROM dynapg.metric_points;
	PERFORM pg_temp.minute('ConsumedReadCapacityUnits', n, CASE substr(points, n, 1) WHEN 'X' THEN 10 ELSE 1.5 END) FROM generate_series(1, 3) n WHERE substr(points, n, 1) <> '-';
	result := dynapg.alarm_evaluation('{"MetricName": "ConsumedReadCapacityUnits", "Dimensions": [{"Name": "TableName", "Value": "Watched"}], "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 3,
		"Threshold": 5, "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "missing"}' || members, 'retained', '2026-11-29 10:04+00');
	RETURN (result ->> 'state') || ': ' || (result ->> 'reason');
END $$;
SELECT points, pg_temp.reason(points, members::jsonb) FROM (VALUES ('XXX', '{}'), ('X00', '{}'), ('0X0', '{"DatapointsToAlarm": 2}'), ('0XX', '{"DatapointsToAlarm": 2}'),
	('--0', '{"EvaluationPeriods": 1, "ComparisonOperator": "LessThanOrEqualToThreshold"}'), ('--X', '{"EvaluationPeriods": 1, "DatapointsToAlarm": 1, "ComparisonOperator": "LessThanThreshold"}'),
	('--X', '{"EvaluationPeriods": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold", "Threshold": 1e15}'), ('---', '{}'), ('---', '{"EvaluationPeriods": 1}'),
	('---', '{"TreatMissingData": "breaching"}'), ('---', '{"TreatMissingData": "notBreaching", "EvaluationPeriods": 1}'), ('X--', '{"TreatMissingData": "notBreaching"}'),
	('0--', '{"TreatMissingData": "notBreaching"}'), ('0--', '{"TreatMissingData": "breaching", "DatapointsToAlarm": 2}'), ('X0-', '{"TreatMissingData": "breaching", "DatapointsToAlarm": 2}'),
	('-X-', '{"TreatMissingData": "breaching"}')) AS rows (points, members);
SELECT value, dynapg.datapoint_text(value) FROM unnest('{0,2,-0.5,0.001,0.00099,9999999,1e7,12345678.9,-1.5e300,5e-324,0.1}'::double precision[]) AS value;

-- ---------------------------------------------------------------- bands
DELETE FROM dynapg.metric_points;
SELECT pg_temp.minute('ConsumedReadCapacityUnits', n - 1440, 100 + n % 5) FROM generate_series(-29, 30) n;
SET ROLE regress_dynapg_app;
SELECT pg_temp.try('{"AlarmName": "band", "MetricName": null, "Namespace": null, "Dimensions": null, "Statistic": null, "Period": null, "Threshold": null, "EvaluationPeriods": 1, "ThresholdMetricId": "b",
	"ComparisonOperator": "LessThanLowerOrGreaterThanUpperThreshold", "Metrics": [{"Id": "b", "Expression": "ANOMALY_DETECTION_BAND(m, 3)"}, {"Id": "m", "MetricStat": {"Period": 60, "Stat": "Sum",
	"Metric": {"Namespace": "AWS/DynamoDB", "MetricName": "ConsumedReadCapacityUnits", "Dimensions": [{"Name": "TableName", "Value": "Watched"}]}}}]}');
RESET ROLE;
SELECT round(lower::numeric, 2), round(upper::numeric, 2) FROM dynapg.metric_alarms, dynapg.metric_band(definition, '2026-11-29 10:01+00');
SELECT pg_temp.minute('ConsumedReadCapacityUnits', 1, 103), pg_temp.minute('ConsumedReadCapacityUnits', 2, 130);
SELECT minute, pg_temp.look(minute, 'band') FROM generate_series(2, 3) AS minute;
SELECT reason, reason_data FROM dynapg.alarms WHERE name = 'band';
SELECT operator, dynapg.alarm_evaluation(definition || jsonb_build_object('ComparisonOperator', operator), 'OK', '2026-11-29 10:02+00') ->> 'reason'
	FROM dynapg.metric_alarms, unnest('{LessThanLowerThreshold,GreaterThanUpperThreshold,LessThanLowerOrGreaterThanUpperThreshold}'::text[]) AS operator WHERE name = 'band';

-- ---------------------------------------------------------------- functions that are told
CREATE TABLE public.told (event jsonb, who text);
GRANT INSERT ON public.told TO regress_dynapg_app;
CREATE FUNCTION public.tell(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.told VALUES ($1, current_user) $$;
SET ROLE regress_dynapg_app;
SELECT pg_temp.try('{"AlarmName": "told", "EvaluationPeriods": 1, "Threshold": 100}', '{"Function": "public.tell"}');
RESET ROLE;
SELECT dynapg.evaluate_alarms('2026-11-29 10:03+00');
DO $$
BEGIN
	FOR i IN 1 .. 6000 LOOP
		EXIT WHEN EXISTS (SELECT FROM public.told);
		COMMIT;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;
SELECT event #>> '{detail,alarmName}', event #>> '{detail,state,value}', event #>> '{detail,previousState,value}', who FROM public.told;
SELECT regexp_replace((event - 'id')::text, '[0-9-]{10}T[0-9:.]{8,12}(Z|\+0000"[,}])', '(time)\1', 'g') FROM public.told;
SELECT dynapg.alarm_event(name, definition || '{"AlarmDescription": "odd"}', '{"value": "OK", "timestamp": "2026-11-29 10:00+00"}', '{"value": "ALARM", "timestamp": "2026-11-29 11:00+02"}') #> '{detail}'
	FROM dynapg.alarms WHERE name = 'band';
SELECT count(*) FROM dynapg.event_failures;

SELECT dynapg.delete_alarms('{"AlarmNames": ["band", "told"]}');
SELECT count(*) FROM dynapg.alarm_states;
-- what a database's owner restores is left out
GRANT INSERT ON dynapg.metric_alarms TO regress_dynapg_app;
SET ROLE regress_dynapg_app;
SET client_min_messages TO warning;
INSERT INTO dynapg.metric_alarms (name, uuid, owner, definition) VALUES ('forged', gen_random_uuid(), 'regress_dynapg_stranger', '{}');
RESET client_min_messages;
SET client_min_messages TO error;
RESET ROLE;
REVOKE INSERT ON dynapg.metric_alarms FROM regress_dynapg_app;
SELECT count(*) FROM dynapg.metric_alarms;
DELETE FROM dynapg.metric_points;
DELETE FROM dynapg.metric_series;
DROP TABLE public.told;
DROP FUNCTION public.tell;
SELECT dynamo_delete_table('{"TableName": "Watched"}') IS NOT NULL;
DROP OWNED BY regress_dynapg_app;
DROP ROLE regress_dynapg_app;
DROP ROLE regress_dynapg_stranger;
