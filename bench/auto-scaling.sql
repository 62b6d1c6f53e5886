-- Days of synthetic traffic, from tomorrow on, through auto scaling, a minute at a time on an injected clock: two tables with the same demand, "Reactive" with target tracking and
-- "Predictive" with a forecast besides. Makes table scaling_run. Set days and the demand's seed by \set before.
\set ON_ERROR_STOP on
SET client_min_messages TO error;
CREATE TABLE scaling_run (name text, minute timestamptz, demand double precision, served double precision, capacity bigint, forecast double precision, high double precision);
SELECT dynamo_create_table(format('{"TableName": "%s", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 50, "WriteCapacityUnits": 5},
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}', name)::jsonb)
	FROM unnest(ARRAY['Reactive', 'Predictive']) name \g /dev/null
SELECT dynapg.put_scaling_policy('table/Reactive', 'dynamodb:table:ReadCapacityUnits', 20, 2000, 70),
	dynapg.put_scaling_policy('table/Predictive', 'dynamodb:table:ReadCapacityUnits', 20, 2000, 70, predictive => 'ForecastAndScale') \g /dev/null
INSERT INTO dynapg.metric_series (metric, table_name, table_id) SELECT 'ConsumedReadCapacityUnits', name, id FROM dynapg.tables WHERE name IN ('Reactive', 'Predictive');

-- Demand in units a second: nights at 60, two humps of the day, noise of a tenth from minute to minute and of another from day to day, a start of work at 8:00
-- within a minute, and on the last day at 15:00 something that nobody could foresee.
SELECT setseed(0.2012) \g /dev/null
CREATE TABLE demand AS
	SELECT start + i * interval '1 min' AS minute,
		(60 + CASE WHEN hour >= 8 AND hour < 20 THEN least(1, (hour - 8) * 60) * (450 + 150 * sin((hour - 8) / 12 * pi())) * least(1, (20 - hour) * 2) ELSE 0 END)
		* (1 + 0.1 * (random() + random() + random() - 1.5)) * d.factor
		* CASE WHEN i >= 1440 * (:history + :days - 1) + 900 AND i < 1440 * (:history + :days - 1) + 960 THEN 2.5 ELSE 1 END AS units
	FROM (SELECT date_trunc('day', now()) + (1 - :history) * interval '1 day' AS start) s,
		(SELECT day, 1 + 0.2 * (random() - 0.5) AS factor FROM generate_series(0, :history + :days - 1) day) d, generate_series(0, 1439) m,
		LATERAL (SELECT day * 1440 + m AS i, m / 60.0 AS hour) v
	ORDER BY 1;

-- days of history, as they were recorded before anything was scaled
INSERT INTO dynapg.metric_points (series, at, sample_count, sum, minimum, maximum) SELECT s.id, d.minute, 60, d.units * 60, 0.5, 1
	FROM demand d, dynapg.metric_series s WHERE s.table_name IN ('Reactive', 'Predictive') AND d.minute < (SELECT min(minute) FROM demand) + :history * interval '1 day';
\timing on
SELECT set_config('bench.history', :'history', false) \g /dev/null
DO $$
DECLARE
	now_is record;
	resource text;
	units bigint;
	consumed double precision;
	unused jsonb := '{"Reactive": 0, "Predictive": 0}';	-- of the last 300 seconds
	saved double precision;
	first timestamptz := (SELECT min(minute) FROM demand) + current_setting('bench.history')::integer * interval '1 day';
BEGIN
	FOR now_is IN SELECT minute, demand.units FROM demand WHERE minute >= first ORDER BY minute LOOP
		FOREACH resource IN ARRAY ARRAY['Reactive', 'Predictive'] LOOP
			SELECT c.read_units INTO units FROM dynapg.tables t, dynapg.scaling_capacity(t.id, '') c WHERE t.name = resource;
			saved := least((unused ->> resource)::double precision, 300 * units);
			consumed := least(now_is.units * 60, units * 60 + saved);
			unused := unused || jsonb_build_object(resource, saved + units * 60 - consumed);
			INSERT INTO dynapg.metric_points (series, at, sample_count, sum, minimum, maximum) SELECT s.id, now_is.minute, 60, consumed, 0.5, 1 FROM dynapg.metric_series s
				WHERE s.table_name = resource AND s.metric = 'ConsumedReadCapacityUnits';
			INSERT INTO scaling_run VALUES (resource, now_is.minute, now_is.units, consumed / 60, units);
		END LOOP;
		-- by which decreases of a day are counted
		PERFORM set_config('dynapg.meter_clock_offset', ceil(extract(epoch FROM now_is.minute + interval '75 s' - clock_timestamp()))::bigint::text, false);
		PERFORM dynapg.run_auto_scaling(now_is.minute + interval '75 s');
		IF extract(minute FROM now_is.minute) = 59 THEN COMMIT; END IF;
	END LOOP;
END $$;
\timing off
-- what was forecast an hour ahead at most, each quarter of an hour
UPDATE scaling_run r SET forecast = f.forecast, high = f.high
	FROM (SELECT g.hour, f.* FROM generate_series((SELECT min(minute) FROM scaling_run), (SELECT max(minute) FROM scaling_run), interval '1 hour') g(hour),
		LATERAL dynapg.forecast('Predictive', NULL, 'ReadCapacityUnits', g.hour) f) f
	WHERE r.minute >= f.at AND r.minute < f.at + interval '15 min' AND r.name = 'Predictive';
