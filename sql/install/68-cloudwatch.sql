-- CloudWatch's operations on the history: requests and answers as in its AWS JSON protocol.  The endpoint answers them, too (api/cloudwatch.h).
-- Each sees what its caller sees of dynapg.metrics.

-- What a percentile of a minute or more is: linear within a class of latencies, and never outside of what there was.
CREATE FUNCTION dynapg.metric_percentile(distribution bigint[], percent double precision, minimum double precision, maximum double precision)
	RETURNS double precision LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	wanted double precision := percent / 100 * (SELECT sum(n) FROM unnest(distribution) AS n);
	seen double precision := 0;
BEGIN
	FOR i IN 1 .. coalesce(cardinality(distribution), 0) LOOP
		IF distribution[i] > 0 AND seen + distribution[i] >= wanted THEN
			RETURN least(maximum, greatest(minimum, 0.0625 * (CASE WHEN i = 1 THEN 0 ELSE 2 ^ ((i - 2) / 2.0) END
				+ (CASE WHEN i = 1 THEN 1 ELSE 2 ^ ((i - 1) / 2.0) - 2 ^ ((i - 2) / 2.0) END) * (wanted - seen) / distribution[i])));
		END IF;
		seen := seen + distribution[i];
	END LOOP;
	RETURN NULL;
END $$;
COMMENT ON FUNCTION dynapg.metric_percentile(bigint[], double precision, double precision, double precision) IS
	'a percentile of latencies in milliseconds, from the column distribution of dynapg.metrics';

CREATE FUNCTION dynapg.metric_unit(metric text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT CASE WHEN metric IN ('SuccessfulRequestLatency', 'AgeOfOldestUnreplicatedRecord') THEN 'Milliseconds' WHEN metric = 'ReturnedBytes' THEN 'Bytes'
		WHEN metric ~ 'Utilization$' THEN 'Percent' ELSE 'Count' END
$$;
COMMENT ON FUNCTION dynapg.metric_unit(text) IS 'the unit of a metric of AWS/DynamoDB''s';

-- Whether a metric's definition is one; raises an error if not.
CREATE FUNCTION dynapg.check_metric(dimensions jsonb, period integer, stat text) RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF period IS NULL OR period < 60 OR period % 60 <> 0 OR period > 86400 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
			MESSAGE = format('The parameter Period must be a multiple of 60, from 60 to 86400; it is %s.', coalesce(period::text, 'missing'));
	END IF;
	IF stat IS NULL OR NOT (stat IN ('SampleCount', 'Average', 'Sum', 'Minimum', 'Maximum') OR stat ~ '^p(100|[0-9]{1,2}(\.[0-9]{1,10})?)$') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('The value %s for parameter Stat is not supported.', coalesce(left(stat, 100), '')),
			HINT = 'SampleCount, Average, Sum, Minimum, Maximum, or a percentile such as p99.9.';
	END IF;
	IF jsonb_typeof(coalesce(dimensions, '[]')) <> 'array' OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(dimensions, '[]')) AS d
			WHERE jsonb_typeof(d -> 'Name') IS DISTINCT FROM 'string' OR jsonb_typeof(coalesce(d -> 'Value', '""')) <> 'string') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter Dimensions is a list of Name and Value.';
	END IF;
END $$;
COMMENT ON FUNCTION dynapg.check_metric(jsonb, integer, text) IS 'raises an error for what is no metric to be asked for';

CREATE FUNCTION dynapg.metric_values(metric text, dimensions jsonb, stat text, period integer, start_at timestamptz, end_at timestamptz,
	origin timestamptz DEFAULT '2000-01-01 00:00:00+00') RETURNS TABLE (at timestamptz, value double precision, unit text)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	named jsonb := '{}';
BEGIN
	PERFORM dynapg.check_metric(dimensions, period, stat);
	SELECT coalesce(jsonb_object_agg(d ->> 'Name', d ->> 'Value'), '{}') INTO named FROM jsonb_array_elements(coalesce(dimensions, '[]')) AS d;
	IF named - ARRAY['TableName', 'GlobalSecondaryIndexName', 'Operation', 'StreamLabel'] <> '{}' THEN
		RETURN;
	END IF;
	RETURN QUERY WITH points AS (
			SELECT date_bin(period * interval '1 second', m.at, origin) AS bucket, m.sample_count, m.sum, m.minimum, m.maximum, m.distribution FROM dynapg.metrics m
			WHERE m.metric = $1 AND m.table_name = coalesce(named ->> 'TableName', '') AND m.index_name = coalesce(named ->> 'GlobalSecondaryIndexName', '')
				AND m.operation = coalesce(named ->> 'Operation', '') AND m.stream_label = coalesce(named ->> 'StreamLabel', '') AND m.at >= start_at AND m.at < end_at),
		classes AS (SELECT p.bucket, e.place, sum(e.n)::bigint AS n FROM points p, unnest(p.distribution) WITH ORDINALITY AS e(n, place) WHERE stat ~ '^p' GROUP BY p.bucket, e.place),
		distributions AS (SELECT c.bucket, array_agg(c.n ORDER BY c.place) AS distribution FROM classes c GROUP BY c.bucket),
		buckets AS (SELECT p.bucket, sum(p.sample_count) AS sample_count, sum(p.sum) AS sum, min(p.minimum) AS minimum, max(p.maximum) AS maximum FROM points p GROUP BY p.bucket)
	SELECT b.bucket, CASE stat WHEN 'SampleCount' THEN b.sample_count WHEN 'Sum' THEN b.sum WHEN 'Average' THEN b.sum / b.sample_count
			WHEN 'Minimum' THEN b.minimum WHEN 'Maximum' THEN b.maximum
			ELSE dynapg.metric_percentile(d.distribution, substr(stat, 2)::double precision, b.minimum, b.maximum) END, dynapg.metric_unit($1)
		FROM buckets b LEFT JOIN distributions d ON d.bucket = b.bucket ORDER BY b.bucket;
END $$;
COMMENT ON FUNCTION dynapg.metric_values(text, jsonb, text, integer, timestamptz, timestamptz, timestamptz) IS
	'the values of a metric by period, in seconds, of a statistic: Sum, Average, Minimum, Maximum, SampleCount, p99; periods without data are not there';

-- A time of a request: seconds since 1970, or ISO 8601.
CREATE FUNCTION dynapg.request_time(value jsonb, parameter text) RETURNS timestamptz LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
BEGIN
	IF value IS NULL OR value = 'null' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('The parameter %s is required.', parameter);
	ELSIF jsonb_typeof(value) = 'number' AND value::numeric BETWEEN 0 AND 1e11 THEN
		RETURN to_timestamp(value::numeric::double precision);
	ELSIF jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?$' THEN
		BEGIN
			RETURN (value #>> '{}')::timestamptz;
		EXCEPTION WHEN data_exception THEN
			NULL;	-- as no month has a 45th day
		END;
	END IF;
	RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('The value of the parameter %s is not a time.', parameter);
END $$;
COMMENT ON FUNCTION dynapg.request_time(jsonb, text) IS 'a time of a request of CloudWatch''s; raises an error for what is none';

-- A whole number of a request; those of the query protocol are texts.
CREATE FUNCTION dynapg.request_integer(value jsonb, parameter text) RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF value IS NULL OR value = 'null' THEN
		RETURN NULL;
	ELSIF value #>> '{}' ~ '^-?[0-9]{1,9}(\.0*)?$' THEN
		RETURN (value #>> '{}')::numeric::integer;
	END IF;
	RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('The value of the parameter %s is not a whole number.', parameter);
END $$;
COMMENT ON FUNCTION dynapg.request_integer(jsonb, text) IS 'a whole number of a request of CloudWatch''s; raises an error for what is none';

CREATE FUNCTION dynapg.require_range(start_at timestamptz, end_at timestamptz) RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF start_at >= end_at THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter StartTime must be less than the parameter EndTime.';
	END IF;
END $$;
COMMENT ON FUNCTION dynapg.require_range(timestamptz, timestamptz) IS 'raises an error unless a range of a request of CloudWatch''s has a length';

CREATE FUNCTION dynapg.get_metric_data(request jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	queries jsonb := request -> 'MetricDataQueries';
	-- the service rounds it down, and periods begin with it
	start_at timestamptz := date_trunc('minute', dynapg.request_time(request -> 'StartTime', 'StartTime'));
	end_at timestamptz := dynapg.request_time(request -> 'EndTime', 'EndTime');
	scan_by text := coalesce(request ->> 'ScanBy', 'TimestampDescending');
	query jsonb;
	metric jsonb;
	period integer;
	times jsonb;
	results jsonb := '[]';
	total bigint := 0;
	most integer := coalesce(dynapg.request_integer(request -> 'MaxDatapoints', 'MaxDatapoints'), 100800);
BEGIN
	IF queries IS NULL OR jsonb_typeof(queries) <> 'array' OR jsonb_array_length(queries) NOT BETWEEN 1 AND 500 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter MetricDataQueries is a list of 1 to 500 queries.';
	END IF;
	IF scan_by NOT IN ('TimestampDescending', 'TimestampAscending') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter ScanBy must be TimestampDescending or TimestampAscending.';
	END IF;
	PERFORM dynapg.require_range(start_at, end_at);
	FOR query IN SELECT q FROM jsonb_array_elements(queries) AS q LOOP
		IF coalesce(query ->> 'Id', '') !~ '^[a-z][a-zA-Z0-9_]{0,254}$' THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
				MESSAGE = format('The value %s for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.', coalesce(query ->> 'Id', ''));
		END IF;
		IF (SELECT count(*) FROM jsonb_array_elements(queries) AS q WHERE q ->> 'Id' = query ->> 'Id') > 1 THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('The values for parameter id in request are not unique: %s.', query ->> 'Id');
		END IF;
		IF query ? 'Expression' AND query ->> 'Expression' <> '' OR jsonb_typeof(query #> '{MetricStat,Metric}') IS DISTINCT FROM 'object' THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('Query %s: dynapg has no expressions: it takes queries with MetricStat.', query ->> 'Id');
		END IF;
		metric := query #> '{MetricStat,Metric}';
		period := dynapg.request_integer(query #> '{MetricStat,Period}', 'Period');
		PERFORM dynapg.check_metric(metric -> 'Dimensions', period, query #>> '{MetricStat,Stat}');
		CONTINUE WHEN query ->> 'ReturnData' = 'false';
		SELECT jsonb_build_object('Timestamps', coalesce(jsonb_agg(extract(epoch FROM v.at) ORDER BY v.place), '[]'),
				'Values', coalesce(jsonb_agg(v.value ORDER BY v.place), '[]')), total + count(*)
			INTO times, total
			FROM (SELECT m.at, m.value, CASE scan_by WHEN 'TimestampAscending' THEN extract(epoch FROM m.at) ELSE -extract(epoch FROM m.at) END AS place
				FROM dynapg.metric_values(metric ->> 'MetricName', metric -> 'Dimensions', query #>> '{MetricStat,Stat}', period, start_at, end_at, start_at) m
				WHERE metric ->> 'Namespace' = 'AWS/DynamoDB' AND m.value IS NOT NULL
					AND coalesce(query #>> '{MetricStat,Unit}', m.unit) = m.unit) AS v;
		results := results || jsonb_build_array(jsonb_build_object('Id', query ->> 'Id', 'Label', coalesce(query ->> 'Label', metric ->> 'MetricName'),
			'StatusCode', 'Complete') || times);
		IF total > most THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('You have requested more than %s datapoints.'
				' You may reduce the datapoints requested by increasing Period, or decreasing the time range.', most);
		END IF;
	END LOOP;
	RETURN jsonb_build_object('MetricDataResults', results, 'Messages', '[]'::jsonb);
END $$;
COMMENT ON FUNCTION dynapg.get_metric_data(jsonb) IS 'CloudWatch''s GetMetricData of dynapg.metrics; without expressions and pages';

CREATE FUNCTION dynapg.get_metric_statistics(request jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	-- the service rounds it down, and periods begin with it
	start_at timestamptz := date_trunc('minute', dynapg.request_time(request -> 'StartTime', 'StartTime'));
	end_at timestamptz := dynapg.request_time(request -> 'EndTime', 'EndTime');
	period integer := dynapg.request_integer(request -> 'Period', 'Period');
	stat text;
	points jsonb := '{}';
BEGIN
	IF coalesce(request ->> 'Namespace', '') = '' OR coalesce(request ->> 'MetricName', '') = '' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameters Namespace and MetricName are required.';
	END IF;
	IF jsonb_typeof(coalesce(request -> 'Statistics', '[]')) <> 'array' OR jsonb_typeof(coalesce(request -> 'ExtendedStatistics', '[]')) <> 'array'
		OR coalesce(request -> 'Statistics', '[]') || coalesce(request -> 'ExtendedStatistics', '[]') = '[]' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'Must specify either Statistics or ExtendedStatistics.';
	END IF;
	PERFORM dynapg.require_range(start_at, end_at);
	FOR stat IN SELECT s FROM jsonb_array_elements_text(coalesce(request -> 'Statistics', '[]') || coalesce(request -> 'ExtendedStatistics', '[]')) AS s LOOP
		PERFORM dynapg.check_metric(request -> 'Dimensions', period, stat);
		IF extract(epoch FROM end_at - start_at) / period > 1440 THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('You have requested up to %s datapoints, which exceeds the limit of 1,440.'
				' You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
				to_char(ceil(extract(epoch FROM end_at - start_at) / period), 'FM999,999,999,999'));
		END IF;
		SELECT points || coalesce(jsonb_object_agg(extract(epoch FROM m.at)::text, coalesce(points -> extract(epoch FROM m.at)::text,
				jsonb_build_object('Timestamp', extract(epoch FROM m.at), 'Unit', m.unit))
				|| CASE WHEN stat ~ '^p' THEN jsonb_build_object('ExtendedStatistics', coalesce(points #> ARRAY[extract(epoch FROM m.at)::text, 'ExtendedStatistics'], '{}')
					|| jsonb_build_object(stat, m.value)) ELSE jsonb_build_object(stat, m.value) END), '{}') INTO points
			FROM dynapg.metric_values(request ->> 'MetricName', request -> 'Dimensions', stat, period, start_at, end_at, start_at) m
			WHERE request ->> 'Namespace' = 'AWS/DynamoDB' AND m.value IS NOT NULL AND coalesce(request ->> 'Unit', m.unit) = m.unit;
	END LOOP;
	RETURN jsonb_build_object('Label', request ->> 'MetricName',
		'Datapoints', coalesce((SELECT jsonb_agg(value ORDER BY key::numeric) FROM jsonb_each(points)), '[]'));
END $$;
COMMENT ON FUNCTION dynapg.get_metric_statistics(jsonb) IS 'CloudWatch''s GetMetricStatistics of dynapg.metrics';

CREATE FUNCTION dynapg.list_metrics(request jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	filters jsonb := coalesce(request -> 'Dimensions', '[]');
	after integer := dynapg.request_integer(request -> 'NextToken', 'NextToken');
	found jsonb;
	last integer;
BEGIN
	IF jsonb_typeof(filters) <> 'array' OR jsonb_array_length(filters) > 30
		OR EXISTS (SELECT FROM jsonb_array_elements(filters) AS f WHERE jsonb_typeof(f -> 'Name') IS DISTINCT FROM 'string') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter Dimensions is a list of up to 30 filters with Name, and perhaps Value.';
	END IF;
	WITH list AS (
		SELECT max(m.id) AS id, m.metric, d.dimensions, d.named FROM dynapg.metric_list m
			CROSS JOIN LATERAL (SELECT coalesce(jsonb_agg(jsonb_build_object('Name', n.name, 'Value', n.value) ORDER BY n.place), '[]') AS dimensions,
				coalesce(jsonb_object_agg(n.name, n.value), '{}') AS named
				FROM (VALUES (1, 'TableName', m.table_name), (2, 'GlobalSecondaryIndexName', m.index_name), (3, 'Operation', m.operation), (4, 'StreamLabel', m.stream_label))
					AS n(place, name, value) WHERE n.value <> '') AS d
			WHERE coalesce(request ->> 'Namespace', 'AWS/DynamoDB') = 'AWS/DynamoDB' AND m.metric = coalesce(request ->> 'MetricName', m.metric)
			GROUP BY m.metric, d.dimensions, d.named),
	page AS (SELECT * FROM list l WHERE l.id > coalesce(after, 0) AND NOT EXISTS (SELECT FROM jsonb_array_elements(filters) AS f
			WHERE NOT l.named ? (f ->> 'Name') OR f ? 'Value' AND l.named ->> (f ->> 'Name') <> f ->> 'Value') ORDER BY l.id LIMIT 500)
	SELECT coalesce(jsonb_agg(jsonb_build_object('Namespace', 'AWS/DynamoDB', 'MetricName', metric, 'Dimensions', dimensions) ORDER BY id), '[]'),
		CASE WHEN count(*) = 500 THEN max(id) END INTO found, last FROM page;
	RETURN jsonb_build_object('Metrics', found) || CASE WHEN last IS NULL THEN '{}' ELSE jsonb_build_object('NextToken', last::text) END;
END $$;
COMMENT ON FUNCTION dynapg.list_metrics(jsonb) IS 'CloudWatch''s ListMetrics of dynapg.metrics';
