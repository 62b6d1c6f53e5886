-- Auto scaling: what Application Auto Scaling's operations say, what target tracking decides, and what it does with an injected clock. How the keeper does
-- it is in test/tap/auto_scaling.pl.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.scaling(operation text, request jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name text;
BEGIN
	RETURN regexp_replace(regexp_replace(dynapg.auto_scaling(operation, request)::text, '(Time": )[0-9.]+', '\1"(time)"', 'g'),
		'[0-9a-f]{8}-[0-9a-f-]{27}|(scalable-target/)[0-9a-f]{28}', '\1(id)', 'g');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS name = PG_DATATYPE_NAME;
	RETURN concat_ws(' ', SQLSTATE, nullif(name, '') || ':', SQLERRM);
END $$;
CREATE FUNCTION pg_temp.at(resource text, dimension text, more jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('ServiceNamespace', 'dynamodb', 'ResourceId', resource, 'ScalableDimension', 'dynamodb:' || dimension) || more
$$;
CREATE FUNCTION pg_temp.track(target jsonb DEFAULT '{}', name text DEFAULT 'p', metric text DEFAULT 'Read') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('PolicyName', name, 'PolicyType', 'TargetTrackingScaling', 'TargetTrackingScalingPolicyConfiguration',
		jsonb_build_object('TargetValue', 70, 'PredefinedMetricSpecification', jsonb_build_object('PredefinedMetricType', 'DynamoDB' || metric || 'CapacityUtilization')) || target)
$$;
CREATE FUNCTION pg_temp.units(name text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws('/', read_units, write_units) FROM dynapg.tables t, dynapg.scaling_capacity(t.id, '') WHERE t.name = $1
$$;
-- What was consumed a second, of a minute.
CREATE FUNCTION pg_temp.consume(name text, minute timestamptz, units double precision, dimension text DEFAULT 'Read', index_name text DEFAULT '') RETURNS void LANGUAGE sql AS $$
	INSERT INTO dynapg.metric_series (metric, table_name, table_id, index_name) SELECT 'Consumed' || dimension || 'CapacityUnits', t.name, t.id, $5 FROM dynapg.tables t WHERE t.name = $1
		ON CONFLICT DO NOTHING;
	INSERT INTO dynapg.metric_points (series, at, sample_count, sum, minimum, maximum) SELECT s.id, minute, 1, units * 60, 1, 1 FROM dynapg.metric_series s
		WHERE s.table_name = $1 AND s.metric = 'Consumed' || dimension || 'CapacityUnits' AND s.index_name = $5
$$;
CREATE FUNCTION pg_temp.activities(name text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT concat_ws(' | ', to_char(started_at AT TIME ZONE 'UTC', 'HH24:MI'), status_code, description, cause, status_message) FROM dynapg.scaling_activities
		WHERE table_name = $1 ORDER BY started_at, is_write
$$;
BEGIN;
SELECT dynamo_create_table('{"TableName": "Scaled", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
		"ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10}}]}') IS NOT NULL;
SELECT pg_temp.make('Demand', 'p:S');

-- What is wrong with a request
SELECT pg_temp.scaling('Nothing', '{}');
SELECT pg_temp.scaling('RegisterScalableTarget', '[]');
SELECT pg_temp.scaling('RegisterScalableTarget', '{}');
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'index:ReadCapacityUnits', '{"MinCapacity": 1, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled/by_g', 'index:ReadCapacityUnits', '{"MinCapacity": 1, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"ServiceNamespace": "ecs", "MinCapacity": 1, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Nothing', 'table:ReadCapacityUnits', '{"MinCapacity": 1, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled/index/missing', 'index:ReadCapacityUnits', '{"MinCapacity": 1, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Demand', 'table:ReadCapacityUnits', '{"MinCapacity": 1, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": 3, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": 0, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": 1.5, "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": "1", "MaxCapacity": 2}'));
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": 1, "MaxCapacity": 1e300}'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track()));
SELECT pg_temp.scaling('DeregisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits'));
SELECT pg_temp.scaling('DeleteScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"PolicyName": "p"}'));

-- A target and its policies
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": 5, "MaxCapacity": 100, "RoleARN": "arn:aws:iam::1:role/x"}'));
SELECT pg_temp.scaling('DeleteScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"PolicyName": "p"}'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track('{"TargetValue": 19.9}')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track('{"TargetValue": 91}')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track('{"TargetValue": null}')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track('{"ScaleInCooldown": -1}')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track('{"DisableScaleIn": "no"}')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track(metric => 'Write')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track() - 'PolicyName'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track() || '{"PolicyType": "StepScaling"}'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track() - 'TargetTrackingScalingPolicyConfiguration'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track('{"ScaleInCooldown": 600}')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track(name => 'other')));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits',
	'{"PolicyName": "ahead", "PolicyType": "PredictiveScaling", "PredictiveScalingPolicyConfiguration": {"MetricSpecifications": [{"TargetValue": 60}]}}'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits',
	'{"PolicyName": "ahead", "PolicyType": "PredictiveScaling", "PredictiveScalingPolicyConfiguration": {"MetricSpecifications": [{"TargetValue": 70}], "Mode": "Perhaps"}}'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits',
	'{"PolicyName": "ahead", "PolicyType": "PredictiveScaling", "PredictiveScalingPolicyConfiguration": {"MetricSpecifications": [{"TargetValue": 70}]}}'));
SELECT pg_temp.scaling('DescribeScalableTargets', '{"ServiceNamespace": "dynamodb"}');
SELECT pg_temp.scaling('DescribeScalingPolicies', '{"ServiceNamespace": "dynamodb"}');
SELECT pg_temp.scaling('DescribeScalingPolicies', '{"ServiceNamespace": "dynamodb", "MaxResults": 1}');
SELECT pg_temp.scaling('DescribeScalingPolicies', '{"ServiceNamespace": "dynamodb", "MaxResults": 1, "NextToken": "1", "PolicyNames": ["ahead", "p"]}');
SELECT pg_temp.scaling('DescribeScalingPolicies', '{"ServiceNamespace": "dynamodb", "NextToken": "x"}');
SELECT pg_temp.scaling('DescribeScalingPolicies', '{"ServiceNamespace": "dynamodb", "PolicyNames": ["none"]}');
SELECT pg_temp.scaling('DescribeScalingActivities', '{"ServiceNamespace": "dynamodb"}');
SELECT pg_temp.scaling('ListTagsForResource', '{"ResourceARN": "x"}');
SELECT pg_temp.scaling('DeleteScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"PolicyName": "ahead"}'));

-- What target tracking decides: of 10, 5 to 100, a target of 70 percent
CREATE FUNCTION pg_temp.decides(units double precision[], needed bigint DEFAULT NULL, capacity bigint DEFAULT 10) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', new_capacity, reason) FROM dynapg.scaling_decision(units, capacity, 5, 100, 70, needed)
$$;
SELECT pg_temp.decides(ARRAY[8, 8] || array_fill(6, ARRAY[13])) AS two_over, pg_temp.decides(ARRAY[8] || array_fill(6, ARRAY[14])) AS one_over,
	pg_temp.decides(ARRAY[8, NULL, 8, 8]) AS gap, pg_temp.decides(ARRAY[7, 7]) AS on_target, pg_temp.decides(ARRAY[1000, 1000]) AS most,
	pg_temp.decides(ARRAY[1000, 1000], capacity => 100) AS at_most, pg_temp.decides(ARRAY[1000, 1000], capacity => 200) AS by_hand;
SELECT pg_temp.decides(array_fill(4.5, ARRAY[15])) AS fifteen_under, pg_temp.decides(array_fill(4.5, ARRAY[14]) || 5.0) AS fourteen, pg_temp.decides(array_fill(6.9, ARRAY[15])) AS not_far,
	pg_temp.decides(array_fill(1, ARRAY[15])) AS least, pg_temp.decides(array_fill(NULL::double precision, ARRAY[15])) AS nothing_recorded,
	pg_temp.decides(array_fill(1, ARRAY[15]), capacity => 5) AS at_least, pg_temp.decides(array_fill(1, ARRAY[15]), capacity => 3) AS below_by_hand;
SELECT pg_temp.decides(array_fill(6, ARRAY[15]), 40) AS ahead, pg_temp.decides(array_fill(6, ARRAY[15]), 400) AS ahead_at_most, pg_temp.decides(array_fill(1, ARRAY[15]), 8) AS not_below,
	pg_temp.decides(ARRAY[35, 35], 40) AS both, pg_temp.decides(ARRAY[20, 20], 40) AS forecast_wins;

-- A day, by an injected clock
SELECT dynapg.run_auto_scaling('2026-10-10 00:00:30+00'), pg_temp.units('Scaled');
SELECT count(pg_temp.consume('Scaled', '2026-10-10 00:00+00'::timestamptz + i * interval '1 min', 9)) FROM generate_series(0, 1) i;
SELECT dynapg.run_auto_scaling('2026-10-10 00:01:30+00'), pg_temp.units('Scaled') AS after_one;
SELECT dynapg.run_auto_scaling('2026-10-10 00:02:05+00'), pg_temp.units('Scaled') AS too_early;
SELECT dynapg.run_auto_scaling('2026-10-10 00:02:15+00'), pg_temp.units('Scaled') AS after_two;
SELECT dynapg.run_auto_scaling('2026-10-10 00:02:45+00'), pg_temp.units('Scaled') AS once_a_minute;
SELECT count(pg_temp.consume('Scaled', '2026-10-10 00:02+00'::timestamptz + i * interval '1 min', 3)) FROM generate_series(0, 29) i;
SELECT dynapg.run_auto_scaling('2026-10-10 00:16:15+00'), pg_temp.units('Scaled') AS fourteen_under;
SELECT dynapg.run_auto_scaling('2026-10-10 00:17:15+00'), pg_temp.units('Scaled') AS fifteen_under;
SELECT count(pg_temp.consume('Scaled', '2026-10-10 00:32+00'::timestamptz + i * interval '1 min', 1)) FROM generate_series(0, 60) i;
SELECT dynapg.run_auto_scaling('2026-10-10 00:26:15+00'), pg_temp.units('Scaled') AS cooling;
-- by hand: below the minimum it stays; raising the minimum above it acts at once
SELECT dynamo_update_table('{"TableName": "Scaled", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 2, "WriteCapacityUnits": 10}}') IS NOT NULL;
SELECT dynapg.run_auto_scaling('2026-10-10 00:50:15+00'), pg_temp.units('Scaled') AS stays;
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": 20}'));
SELECT dynapg.run_auto_scaling('2026-10-10 00:50:20+00'), pg_temp.units('Scaled') AS minimum;
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"MinCapacity": 1, "SuspendedState": {"DynamicScalingInSuspended": true}}'));
SELECT dynapg.run_auto_scaling('2026-10-10 01:10:20+00'), pg_temp.units('Scaled') AS suspended;
SELECT pg_temp.scaling('RegisterScalableTarget', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', '{"SuspendedState": {"DynamicScalingInSuspended": false}}'));
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track('{"DisableScaleIn": true}')));
SELECT dynapg.run_auto_scaling('2026-10-10 01:11:20+00'), pg_temp.units('Scaled') AS disabled;
SELECT pg_temp.scaling('PutScalingPolicy', pg_temp.at('table/Scaled', 'table:ReadCapacityUnits', pg_temp.track()));
SELECT dynapg.run_auto_scaling('2026-10-10 01:12:20+00'), pg_temp.units('Scaled') AS in_again;
SELECT pg_temp.activities('Scaled');
SELECT dynapg.auto_scaling('DescribeScalingActivities', '{"ServiceNamespace": "dynamodb", "MaxResults": 1}') #>> '{ScalingActivities,0,StatusMessage}';

-- An index; and the short way
SELECT dynapg.put_scaling_policy('table/Scaled/index/by_g', 'dynamodb:index:WriteCapacityUnits', 5, 50, 50, predictive => 'ForecastOnly');
SELECT count(pg_temp.consume('Scaled', '2026-10-10 02:00+00'::timestamptz + i * interval '1 min', 12, 'Write', 'by_g')) FROM generate_series(0, 1) i;
SELECT dynapg.run_auto_scaling('2026-10-10 02:02:20+00');
SELECT * FROM dynapg.scaling WHERE resource_id LIKE '%by_g';
SELECT dynapg.put_scaling_policy('table/Scaled/index/by_g', 'dynamodb:index:WriteCapacityUnits', 5, 60, 40);
SELECT capacity, max_capacity, target_value, predictive FROM dynapg.scaling WHERE resource_id LIKE '%by_g';
SELECT pg_temp.fails($$SELECT dynapg.put_scaling_policy('table/Scaled', 'dynamodb:table:WriteCapacityUnits', 5, 50, 95)$$);
SELECT pg_temp.fails($$SELECT dynapg.put_scaling_policy('table/Demand', 'dynamodb:table:WriteCapacityUnits', 5, 50)$$);
SELECT pg_temp.fails($$SELECT dynapg.put_scaling_policy('table/Scaled', 'dynamodb:table:WriteCapacityUnits', 5, 50, predictive => 'Always')$$);

-- What cannot be done is written down once: an index that is dropped, a table that goes on demand
SELECT dynamo_update_table('{"TableName": "Scaled", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_g"}}]}') IS NOT NULL;
SELECT dynapg.run_auto_scaling('2026-10-10 02:03:20+00'), dynapg.run_auto_scaling('2026-10-10 02:04:20+00');
SELECT dynamo_update_table('{"TableName": "Scaled", "BillingMode": "PAY_PER_REQUEST"}') IS NOT NULL;
SELECT dynapg.run_auto_scaling('2026-10-10 02:05:20+00'), dynapg.run_auto_scaling('2026-10-10 02:06:20+00');
SELECT to_char(started_at AT TIME ZONE 'UTC', 'HH24:MI'), to_char(ended_at AT TIME ZONE 'UTC', 'HH24:MI'), status_code, status_message, old_capacity, new_capacity
	FROM dynapg.scaling_activities WHERE started_at > '2026-10-10 02:00+00' ORDER BY started_at, index_name;
SELECT dynapg.delete_scaling_policy('table/Scaled', 'dynamodb:table:ReadCapacityUnits'), dynapg.delete_scaling_policy('table/Scaled', 'dynamodb:table:ReadCapacityUnits');
SELECT dynamo_delete_table('{"TableName": "Scaled"}') IS NOT NULL;
SELECT dynapg.run_auto_scaling('2026-10-10 02:07:20+00');
SELECT count(*) FROM dynapg.scalable_targets;
SELECT count(*) FROM dynapg.scaling_policies;

-- Forecast: nothing while there is less than a day and two hours; then the day before, leveled, with its error
SELECT pg_temp.make('Seasonal', 'p:S');
SELECT count(*), count(forecast), max(days) FROM dynapg.forecast('Seasonal', as_of => '2026-10-10 00:00+00');
SELECT count(pg_temp.consume('Seasonal', '2026-10-01 00:00+00'::timestamptz + i * interval '15 min', 900 / 60 * (100 + 50 * sin(i * 2 * pi() / 96)))) FROM generate_series(0, 383) i;
SELECT at AT TIME ZONE 'UTC', round(forecast::numeric, 2), round(low::numeric, 2), round(high::numeric, 2), round(mape::numeric, 4), round(wape::numeric, 4), days
	FROM dynapg.forecast('Seasonal', as_of => '2026-10-05 00:05+00');
SELECT count(forecast) AS too_little FROM dynapg.forecast('Seasonal', as_of => '2026-10-02 01:00+00');
-- today is half as busy as the days before
UPDATE dynapg.metric_points p SET sum = sum / 2 FROM dynapg.metric_series s WHERE s.id = p.series AND s.table_name = 'Seasonal' AND p.at >= '2026-10-04 12:00+00';
SELECT round(forecast::numeric, 1) FROM dynapg.forecast('Seasonal', as_of => '2026-10-05 00:00+00');
SELECT pg_temp.fails($$SELECT dynapg.forecast('Seasonal', dimension => 'Nothing')$$);

-- Who may
CREATE ROLE scaling_owner;
CREATE ROLE scaling_reader;
CREATE ROLE scaling_bound;
GRANT CREATE, USAGE ON SCHEMA dynamo TO scaling_owner;
GRANT USAGE ON SCHEMA dynamo TO scaling_reader, scaling_bound;
SET LOCAL ROLE scaling_owner;
SELECT dynamo_create_table('{"TableName": "Owned", "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}') IS NOT NULL;
SELECT dynapg.put_scaling_policy('table/Owned', 'dynamodb:table:ReadCapacityUnits', 20, 50);
SELECT pg_temp.fails($$SELECT dynapg.run_auto_scaling()$$), pg_temp.fails($$SELECT dynapg.set_capacity('Owned', '', 1, 1, 1, 1)$$),
	pg_temp.fails($$SELECT dynapg.register_scalable_target('{}')$$), pg_temp.fails($$DELETE FROM dynapg.scalable_targets$$);
RESET ROLE;
GRANT SELECT ON dynamo."Owned" TO scaling_reader;
GRANT scaling_owner TO scaling_bound;
SELECT dynapg.put_role_policy('scaling_bound', 'no', '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "dynamodb:UpdateTable", "Resource": "*"}}');
SET LOCAL ROLE scaling_reader;
SELECT pg_temp.fails($$SELECT dynapg.put_scaling_policy('table/Owned', 'dynamodb:table:ReadCapacityUnits', 1, 2)$$);
SELECT pg_temp.fails($$SELECT dynapg.delete_scaling_policy('table/Owned', 'dynamodb:table:ReadCapacityUnits')$$);
SET LOCAL ROLE scaling_bound;
SELECT pg_temp.fails($$SELECT dynapg.put_scaling_policy('table/Owned', 'dynamodb:table:ReadCapacityUnits', 1, 2)$$);
RESET ROLE;
-- as its owner, whose policies judge it
SELECT dynapg.put_role_policy('scaling_owner', 'no', '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "dynamodb:UpdateTable", "Resource": "*"}}');
SELECT dynapg.run_auto_scaling('2026-10-10 03:00:20+00'), pg_temp.units('Owned');
-- what was refused is tried again in the next minute, not before
SELECT dynapg.run_auto_scaling('2026-10-10 03:00:50+00'), to_char(max(ended_at) AT TIME ZONE 'UTC', 'HH24:MI:SS') FROM dynapg.scaling_activities WHERE table_name = 'Owned' AND status_code = 'Failed';
SELECT dynapg.delete_role_policy('scaling_owner', 'no');
SELECT dynapg.run_auto_scaling('2026-10-10 03:01:20+00'), pg_temp.units('Owned'), session_user = current_user;
SELECT pg_temp.activities('Owned');
ROLLBACK;
