-- Alarms, with CloudWatch's names and rules.
CREATE TABLE dynapg.metric_alarms (
	name text COLLATE "C" PRIMARY KEY,
	uuid uuid NOT NULL UNIQUE,
	owner regrole NOT NULL,
	definition jsonb NOT NULL,
	kind text COLLATE "C",
	destination jsonb,
	function_owner regrole,
	updated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE dynapg.metric_alarms IS 'alarms; see dynapg.alarms';
COMMENT ON COLUMN dynapg.metric_alarms.owner IS 'who has put it: it looks at what this role may see of dynapg.metrics';
COMMENT ON COLUMN dynapg.metric_alarms.definition IS 'the members of PutMetricAlarm, checked, with their defaults';
COMMENT ON COLUMN dynapg.metric_alarms.destination IS 'where changes of its state are told of, without secrets, which are in dynapg.destination_secrets';
REVOKE ALL ON dynapg.metric_alarms FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.metric_alarms', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = owner)');

-- A database's owner dumps them; what he restores is left out: an alarm reads and calls with the privileges of its owner.
CREATE FUNCTION dynapg.leave_out_alarm() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE WARNING 'alarm "%" is not restored', NEW.name USING
		DETAIL = format('It is of role %s; only a superuser can bring it.', NEW.owner), HINT = 'The role can put it anew.';
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.leave_out_alarm() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.leave_out_alarm() IS 'trigger of dynapg.metric_alarms for roles that may insert and not update';
CREATE TRIGGER leave_out BEFORE INSERT ON dynapg.metric_alarms
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.metric_alarms', 'UPDATE')) EXECUTE FUNCTION dynapg.leave_out_alarm();
ALTER TABLE dynapg.metric_alarms ADD CONSTRAINT leave_out CHECK (pg_catalog.has_table_privilege('dynapg.metric_alarms', 'UPDATE'));
GRANT SELECT, INSERT ON dynapg.metric_alarms TO pg_database_owner;

-- Not dumped: states are of what this server has counted.  An alarm that has come from a dump begins without a row, and tells nobody.
CREATE TABLE dynapg.alarm_states (
	alarm uuid PRIMARY KEY,
	tells boolean NOT NULL,
	state text NOT NULL DEFAULT 'INSUFFICIENT_DATA' CHECK (state IN ('OK', 'ALARM', 'INSUFFICIENT_DATA')),
	reason text NOT NULL DEFAULT 'Unchecked: Initial alarm creation',
	reason_data jsonb,
	state_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	transitioned_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
) WITH (fillfactor = 70);
COMMENT ON TABLE dynapg.alarm_states IS 'states of alarms; see dynapg.alarms';
COMMENT ON COLUMN dynapg.alarm_states.alarm IS 'its uuid in dynapg.metric_alarms';
COMMENT ON COLUMN dynapg.alarm_states.tells IS 'false: it was restored from a dump, and nobody has put it or enabled its actions here';
REVOKE ALL ON dynapg.alarm_states FROM PUBLIC;

CREATE VIEW dynapg.alarms WITH (security_barrier) AS
	SELECT a.name, a.owner, coalesce(s.state, 'INSUFFICIENT_DATA') AS state, coalesce(s.reason, 'Unchecked: Initial alarm creation') AS reason, s.reason_data,
		coalesce(s.state_at, a.updated_at) AS state_at, coalesce(s.transitioned_at, a.updated_at) AS transitioned_at,
		CASE WHEN s.tells THEN a.definition ELSE a.definition || '{"ActionsEnabled": false}' END AS definition, a.kind AS destination_kind, a.destination, a.updated_at
	FROM dynapg.metric_alarms a LEFT JOIN dynapg.alarm_states s ON s.alarm = a.uuid
	WHERE pg_catalog.pg_has_role(a.owner::oid, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW dynapg.alarms IS 'alarms on metrics and their states; for their owners and pg_monitor';
COMMENT ON COLUMN dynapg.alarms.state IS 'OK, ALARM or INSUFFICIENT_DATA';
COMMENT ON COLUMN dynapg.alarms.state_at IS 'since when its state and reason are these';
COMMENT ON COLUMN dynapg.alarms.transitioned_at IS 'since when its state is this';
GRANT SELECT ON dynapg.alarms TO PUBLIC;

-- What of PutMetricAlarm is to be kept, checked as the caller; raises errors for what is no alarm.
CREATE FUNCTION dynapg.alarm_definition(request jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	members CONSTANT text[] := '{AlarmName,AlarmDescription,ActionsEnabled,OKActions,AlarmActions,InsufficientDataActions,MetricName,Namespace,Statistic,ExtendedStatistic,Dimensions,Period,Unit,EvaluationPeriods,DatapointsToAlarm,Threshold,ComparisonOperator,TreatMissingData,Metrics,ThresholdMetricId,Tags}';
	bands CONSTANT text[] := '{LessThanLowerOrGreaterThanUpperThreshold,LessThanLowerThreshold,GreaterThanUpperThreshold}';
	given jsonb := request;
	operator text := request ->> 'ComparisonOperator';
	periods integer := dynapg.request_integer(request -> 'EvaluationPeriods', 'EvaluationPeriods');
	points integer := dynapg.request_integer(request -> 'DatapointsToAlarm', 'DatapointsToAlarm');
	period integer;
	stat text;
	band jsonb;
	metric text;
	dimensions jsonb;
	metrics jsonb;
	named jsonb;
	problem text;
BEGIN
	IF jsonb_typeof(request) IS DISTINCT FROM 'object' OR request - members <> '{}' THEN
		problem := format('Unknown parameter %s.', coalesce((SELECT min(k) FROM jsonb_object_keys(CASE jsonb_typeof(request) WHEN 'object' THEN request - members ELSE '{}' END) k), ''));
	ELSIF coalesce(request ->> 'AlarmName', '') = '' OR length(request ->> 'AlarmName') > 255 OR request ->> 'AlarmName' ~ '[[:cntrl:]]' THEN
		problem := 'The parameter AlarmName has 1 to 255 characters.';
	ELSIF length(request ->> 'AlarmDescription') > 1024 THEN
		problem := 'The parameter AlarmDescription has at most 1024 characters.';
	ELSIF coalesce(operator, '') <> ALL (bands || '{GreaterThanOrEqualToThreshold,GreaterThanThreshold,LessThanThreshold,LessThanOrEqualToThreshold}') THEN
		problem := 'The parameter ComparisonOperator must be one of GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold, '
			'LessThanLowerOrGreaterThanUpperThreshold, LessThanLowerThreshold, GreaterThanUpperThreshold.';
	ELSIF periods IS NULL OR periods < 1 THEN
		problem := 'The parameter EvaluationPeriods must be at least 1.';
	ELSIF points < 1 OR points > periods THEN
		problem := 'The parameter DatapointsToAlarm must be between 1 and EvaluationPeriods.';
	ELSIF coalesce(request ->> 'TreatMissingData', 'missing') NOT IN ('breaching', 'notBreaching', 'ignore', 'missing') THEN
		problem := 'The parameter TreatMissingData must be breaching, notBreaching, ignore or missing.';
	ELSIF EXISTS (SELECT FROM unnest('{OKActions,AlarmActions,InsufficientDataActions}'::text[]) AS a WHERE coalesce(request -> a, '[]') NOT IN ('[]', '""', 'null')) THEN
		problem := 'dynapg knows no ARN to tell of an alarm: see the destination of dynapg.put_alarm().';
	END IF;
	IF problem IS NULL AND operator = ANY (bands) THEN
		SELECT q INTO band FROM jsonb_array_elements(CASE jsonb_typeof(request -> 'Metrics') WHEN 'array' THEN request -> 'Metrics' ELSE '[]' END) AS q
			WHERE q ->> 'Id' = request ->> 'ThresholdMetricId' AND q ->> 'Id' ~ '^[a-z][a-zA-Z0-9_]{0,254}$' AND q ->> 'Expression' ~ '^ANOMALY_DETECTION_BAND\([a-z][a-zA-Z0-9_]*(, *[0-9]+(\.[0-9]+)?)?\)$';
		SELECT request - 'Metrics' || jsonb_build_object('MetricName', q #> '{MetricStat,Metric,MetricName}', 'Namespace', q #> '{MetricStat,Metric,Namespace}',
				'Dimensions', coalesce(q #> '{MetricStat,Metric,Dimensions}', '[]'), 'Period', q #> '{MetricStat,Period}', 'Unit', q #> '{MetricStat,Unit}',
				CASE WHEN q #>> '{MetricStat,Stat}' ~ '^p' THEN 'ExtendedStatistic' ELSE 'Statistic' END, q #> '{MetricStat,Stat}')
			INTO given FROM jsonb_array_elements(CASE jsonb_typeof(request -> 'Metrics') WHEN 'array' THEN request -> 'Metrics' ELSE '[]' END) AS q
			WHERE q ->> 'Id' = substring(band ->> 'Expression' FROM '\(([a-zA-Z0-9_]+)');
		IF band IS NULL OR given IS NULL OR jsonb_array_length(request -> 'Metrics') <> 2 OR request ? 'Threshold' OR request ? 'MetricName' THEN
			problem := 'An alarm with a band has two Metrics: one with MetricStat, and ANOMALY_DETECTION_BAND of its Id and a number of standard deviations, whose Id is ThresholdMetricId.';
		ELSIF coalesce(substring(band ->> 'Expression' FROM ', *([0-9.]+)\)$')::numeric, 2) NOT BETWEEN 0.1 AND 100 THEN
			problem := 'A band has from 0.1 to 100 standard deviations.';
		ELSIF EXISTS (SELECT FROM jsonb_array_elements(request -> 'Metrics') AS q WHERE length(q ->> 'Label') > 1024) THEN
			problem := 'The Label of a metric has at most 1024 characters.';
		END IF;
	ELSIF problem IS NULL AND (request ? 'Metrics' AND request -> 'Metrics' <> '[]' OR request ? 'ThresholdMetricId') THEN
		problem := 'dynapg has no expressions but bands: see ComparisonOperator.';
	ELSIF problem IS NULL AND NOT coalesce(CASE WHEN jsonb_typeof(request -> 'Threshold') = 'number'
			OR request ->> 'Threshold' ~ '^-?[0-9]{1,255}(\.[0-9]{1,255})?([eE][-+]?[0-9]{1,3})?$' THEN abs((request ->> 'Threshold')::numeric) <= 2::numeric ^ 360 END, false) THEN
		problem := 'The parameter Threshold is a number.';
	END IF;
	IF problem IS NULL THEN
		metric := given ->> 'MetricName';
		stat := coalesce(given ->> 'Statistic', given ->> 'ExtendedStatistic');
		period := dynapg.request_integer(given -> 'Period', 'Period');
		PERFORM dynapg.check_metric(given -> 'Dimensions', period, stat);
		SELECT coalesce(jsonb_object_agg(d ->> 'Name', d ->> 'Value'), '{}') INTO named FROM jsonb_array_elements(coalesce(given -> 'Dimensions', '[]')) AS d;
		-- what is given back has the service's members and no others
		SELECT coalesce(jsonb_agg(jsonb_build_object('Name', d.name, 'Value', named -> d.name) ORDER BY d.place), '[]') INTO dimensions
			FROM (SELECT e ->> 'Name' AS name, min(place) AS place FROM jsonb_array_elements(coalesce(given -> 'Dimensions', '[]')) WITH ORDINALITY AS u(e, place) GROUP BY 1) AS d;
		IF coalesce(given ->> 'Namespace', '') <> 'AWS/DynamoDB' THEN
			problem := 'The parameter Namespace must be AWS/DynamoDB.';
		ELSIF given ? 'Statistic' AND given ? 'ExtendedStatistic' OR given ? 'Statistic' AND stat ~ '^p' THEN
			problem := 'Exactly one of Statistic and ExtendedStatistic must be given.';
		ELSIF stat ~ '^p' AND metric <> 'SuccessfulRequestLatency' THEN
			problem := 'Of SuccessfulRequestLatency alone there are percentiles.';
		ELSIF periods::bigint * period > (CASE WHEN period >= 3600 THEN 604800 ELSE 86400 END) THEN
			problem := 'EvaluationPeriods times Period must be at most a day, or seven where Period is an hour or more.';
		ELSIF coalesce(given ->> 'Unit', dynapg.metric_unit(metric)) <> dynapg.metric_unit(metric) THEN
			problem := format('The unit of %s is %s.', metric, dynapg.metric_unit(metric));
		ELSIF coalesce(metric, '') !~ ('^(SuccessfulRequestLatency|(System|User)Errors|ThrottledRequests|ConditionalCheckFailedRequests|TransactionConflict|TimeToLiveDeletedItemCount'
				'|Returned(ItemCount|RecordsCount|Bytes)|(Consumed|Provisioned)(Read|Write)CapacityUnits|OnDemandMax(Read|Write)RequestUnits|OnlineIndexPercentageProgress'
				'|(Read|Write)(AccountLimit|KeyRangeThroughput|MaxOnDemandThroughput|ProvisionedThroughput)?ThrottleEvents|AccountMax(TableLevel)?(Reads|Writes)'
				'|AccountProvisioned(Read|Write)CapacityUtilization|MaxProvisionedTable(Read|Write)CapacityUtilization)$') THEN
			problem := format('There is no metric %s.', coalesce(left(metric, 255), ''));
		ELSIF named - '{TableName,GlobalSecondaryIndexName,Operation,StreamLabel}'::text[] <> '{}' THEN
			problem := 'Dimensions are TableName, GlobalSecondaryIndexName, Operation and StreamLabel.';
		ELSIF NOT named ? 'TableName' AND (metric !~ '^(UserErrors|Account|MaxProvisioned)' OR named <> '{}') THEN
			problem := format('The metric %s has the dimension TableName.', metric);
		ELSIF NOT named ? 'TableName' AND NOT pg_has_role('pg_monitor', 'USAGE') THEN
			RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = 'Metrics of the account are for members of pg_monitor.';
		ELSIF named ? 'TableName' AND NOT EXISTS (SELECT FROM dynapg.tables t WHERE t.name = named ->> 'TableName' AND (pg_has_role('pg_monitor', 'USAGE')
				OR has_schema_privilege('dynamo', 'USAGE') AND has_table_privilege(t.relation, 'SELECT'))) THEN
			problem := format('There is no table %s whose metrics the role may see.', left(named ->> 'TableName', 255));
		ELSIF named ? 'GlobalSecondaryIndexName' AND NOT EXISTS (SELECT FROM dynapg.indexes i WHERE i.table_name = named ->> 'TableName'
				AND i.name = named ->> 'GlobalSecondaryIndexName' AND i.kind = 'GLOBAL') THEN
			problem := format('There is no index %s of table %s.', left(named ->> 'GlobalSecondaryIndexName', 255), named ->> 'TableName');
		END IF;
	END IF;
	IF problem IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = problem;
	END IF;
	IF band IS NOT NULL THEN
		SELECT jsonb_agg(jsonb_build_object('Id', q ->> 'Id', 'Label', q ->> 'Label', 'ReturnData', CASE WHEN q ? 'ReturnData' THEN q ->> 'ReturnData' = 'true' END)
				|| CASE WHEN q ->> 'Id' = band ->> 'Id' THEN jsonb_build_object('Expression', band ->> 'Expression')
				ELSE jsonb_build_object('MetricStat', jsonb_build_object('Metric', jsonb_build_object('Namespace', 'AWS/DynamoDB', 'MetricName', metric, 'Dimensions', dimensions),
					'Period', period, 'Stat', stat, 'Unit', given ->> 'Unit')) END ORDER BY place) INTO metrics
			FROM jsonb_array_elements(request -> 'Metrics') WITH ORDINALITY AS u(q, place);
	END IF;
	RETURN jsonb_strip_nulls(jsonb_build_object('AlarmName', request ->> 'AlarmName', 'AlarmDescription', request ->> 'AlarmDescription',
		'ActionsEnabled', coalesce(request ->> 'ActionsEnabled', 'true') <> 'false', 'MetricName', metric, 'Namespace', 'AWS/DynamoDB',
		CASE WHEN stat ~ '^p' THEN 'ExtendedStatistic' ELSE 'Statistic' END, stat, 'Dimensions', dimensions, 'Period', period,
		'Unit', given ->> 'Unit', 'EvaluationPeriods', periods, 'DatapointsToAlarm', points, 'Threshold', round((request ->> 'Threshold')::numeric, 300)::double precision,
		'ComparisonOperator', operator, 'TreatMissingData', coalesce(request ->> 'TreatMissingData', 'missing'),
		'Band', coalesce(substring(band ->> 'Expression' FROM ', *([0-9.]+)\)$')::double precision, CASE WHEN band IS NOT NULL THEN 2 END),
		'Metrics', metrics, 'ThresholdMetricId', band ->> 'Id'));
END $$;
COMMENT ON FUNCTION dynapg.alarm_definition(jsonb) IS 'what of PutMetricAlarm is kept; raises an error for what is no alarm';

-- The band of a metric at a time: the mean of its history and so many standard deviations, of the same half hours of the days before, of up to two weeks, where there
-- are thirty values; else of the day before.  NULL: there are not fifteen values.
CREATE FUNCTION dynapg.metric_band(definition jsonb, at timestamptz, OUT lower double precision, OUT upper double precision)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	period integer := (definition ->> 'Period')::integer;
	since timestamptz := at - (definition ->> 'EvaluationPeriods')::integer * period * interval '1 second';
	day CONSTANT integer := 86400;
	stat text := coalesce(definition ->> 'Statistic', definition ->> 'ExtendedStatistic');
	since_day timestamptz;
	n bigint;
	middle double precision;
	spread double precision;
BEGIN
	-- of each day the periods that begin in the half hours before and after: from the so many-th before since to the so many-th
	SELECT count(m.value), avg(m.value), stddev_pop(m.value) INTO n, middle, spread
		FROM generate_series(0, 21) AS k, LATERAL (SELECT extract(epoch FROM at - since) - k * day AS away) AS d,
			LATERAL (SELECT greatest(ceil((d.away - 1800) / period), -floor(14 * day / period))::integer AS low, least(floor((d.away + 1800) / period), -1)::integer AS high) AS w,
			LATERAL dynapg.metric_values(definition ->> 'MetricName', definition -> 'Dimensions', stat, period, since + w.low * period * interval '1 second',
				since + (w.high + 1) * period * interval '1 second', since + w.low * period * interval '1 second') AS m
		WHERE w.low <= w.high;
	IF n < 30 THEN
		since_day := since - floor(day / period) * period * interval '1 second';
		SELECT count(m.value), avg(m.value), stddev_pop(m.value) INTO n, middle, spread
			FROM dynapg.metric_values(definition ->> 'MetricName', definition -> 'Dimensions', stat, period, since_day, since, since_day) AS m;
	END IF;
	IF n >= 15 THEN
		lower := middle - (definition ->> 'Band')::double precision * spread;
		upper := middle + (definition ->> 'Band')::double precision * spread;
	END IF;
END $$;
COMMENT ON FUNCTION dynapg.metric_band(jsonb, timestamptz) IS 'between what a metric of an alarm with a band is expected, by its history that the role may see';

-- A number as CloudWatch writes it into texts: as Java does.
CREATE FUNCTION dynapg.datapoint_text(value double precision) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp SET extra_float_digits = 1 AS $$
	SELECT CASE WHEN value = 0 THEN '0.0'
		WHEN abs(value) >= 0.001 AND abs(value) < 10000000 THEN n::text || CASE WHEN scale(n) = 0 THEN '.0' ELSE '' END
		ELSE m::text || CASE WHEN scale(m) = 0 THEN '.0' ELSE '' END || 'E' || e END
	FROM (SELECT value::text::numeric AS n) AS a, LATERAL (SELECT CASE WHEN n <> 0 THEN floor(log(abs(n)))::integer ELSE 0 END AS e) AS b,
		LATERAL (SELECT trim_scale(round(CASE WHEN e < 0 THEN n * 10::numeric ^ -e ELSE n / 10::numeric ^ e END, 17)) AS m) AS c
$$;
COMMENT ON FUNCTION dynapg.datapoint_text(double precision) IS 'a number as the reasons of alarms'' states have it: 2.0, 1.5E8';

-- The state of an alarm at a time, by what the current user sees: state, reason, reason_data.
CREATE FUNCTION dynapg.alarm_evaluation(definition jsonb, state text, at timestamptz) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	operator text := definition ->> 'ComparisonOperator';
	period integer := (definition ->> 'Period')::integer;
	periods integer := (definition ->> 'EvaluationPeriods')::integer;
	wanted integer := coalesce(definition ->> 'DatapointsToAlarm', definition ->> 'EvaluationPeriods')::integer;
	missing text := definition ->> 'TreatMissingData';
	threshold double precision := (definition ->> 'Threshold')::double precision;
	stat text := coalesce(definition ->> 'Statistic', definition ->> 'ExtendedStatistic');
	-- the service, too, looks at somewhat more than it wants
	since timestamptz := at - (periods + 2) * period * interval '1 second';
	stamp CONSTANT text := 'YYYY-MM-DD"T"HH24:MI:SS.MS"+0000"';
	lower double precision;
	upper double precision;
	found integer;
	breaching integer;
	oldest integer;
	fill integer;
	points jsonb;
	evaluated jsonb;
	first_at timestamptz;
	bad_points text;
	good_points text;
	result text;
	n integer;			-- datapoints that have made the state
	lowers text;
	uppers text;
	filled text;
	enough integer;		-- so many turn it around
	reason text;
BEGIN
	IF definition ? 'Band' THEN
		SELECT b.lower, b.upper INTO lower, upper FROM dynapg.metric_band(definition, at) b;
	END IF;
	SELECT count(*), count(*) FILTER (WHERE bad), max(age) FILTER (WHERE bad), coalesce(jsonb_agg(value ORDER BY v.at), '[]'), min(v.at),
		coalesce(jsonb_agg(jsonb_build_object('timestamp', to_char(v.at AT TIME ZONE 'UTC', stamp), 'value', value) ORDER BY v.at DESC), '[]'),
		string_agg(said, ', ' ORDER BY v.at DESC) FILTER (WHERE bad), string_agg(said, ', ' ORDER BY v.at DESC) FILTER (WHERE bad IS NOT TRUE)
		INTO found, breaching, oldest, points, first_at, evaluated, bad_points, good_points
		FROM (SELECT m.at, m.value, (extract(epoch FROM alarm_evaluation.at - m.at) / period)::integer AS age,
			format('%s (%s)', dynapg.datapoint_text(m.value), to_char(m.at AT TIME ZONE 'UTC', 'DD/MM/YY HH24:MI:SS')) AS said,
			CASE operator WHEN 'GreaterThanOrEqualToThreshold' THEN m.value >= threshold WHEN 'GreaterThanThreshold' THEN m.value > threshold
				WHEN 'LessThanThreshold' THEN m.value < threshold WHEN 'LessThanOrEqualToThreshold' THEN m.value <= threshold
				WHEN 'LessThanLowerThreshold' THEN m.value < lower WHEN 'GreaterThanUpperThreshold' THEN m.value > upper
				ELSE m.value < lower OR m.value > upper END AS bad
			FROM dynapg.metric_values(definition ->> 'MetricName', definition -> 'Dimensions', stat, period, since, at, since) m
			WHERE m.value IS NOT NULL ORDER BY m.at DESC LIMIT periods) AS v;
	fill := periods - found;
	result := CASE
		WHEN definition ? 'Band' AND lower IS NULL THEN 'INSUFFICIENT_DATA'
		WHEN breaching + CASE missing WHEN 'breaching' THEN fill ELSE 0 END >= wanted THEN 'ALARM'
		WHEN fill = 0 OR missing IN ('breaching', 'notBreaching') OR found > breaching THEN 'OK'
		WHEN missing = 'ignore' THEN state
		WHEN found = 0 THEN 'INSUFFICIENT_DATA'
		WHEN oldest >= wanted THEN 'ALARM'
		ELSE state END;
	IF result = 'ALARM' THEN
		n := breaching;
		enough := wanted;
	ELSE
		n := found - breaching;
		enough := periods - wanted + 1;
	END IF;
	IF fill > 0 AND missing IN ('breaching', 'notBreaching') THEN
		filled := format(' and %s missing datapoint%s treated as [%s]', fill, CASE fill WHEN 1 THEN ' was' ELSE 's were' END, CASE missing WHEN 'breaching' THEN 'Breaching' ELSE 'NonBreaching' END);
	END IF;
	IF definition ? 'Band' AND lower IS NULL THEN
		reason := 'Insufficient Data: there is too little history for a band';
	ELSIF found = 0 AND filled IS NULL THEN
		reason := format('Insufficient Data: %s datapoint%s unknown.', periods, CASE periods WHEN 1 THEN ' was' ELSE 's were' END);
	ELSIF n = 0 THEN
		reason := format('Threshold%s Crossed: %s received for %s period%s%s.', CASE WHEN definition ? 'Band' THEN 's' END,
			CASE found WHEN 0 THEN 'no datapoints were' WHEN 1 THEN '1 datapoint was' ELSE found || ' datapoints were' END, periods, CASE periods WHEN 1 THEN '' ELSE 's' END, filled);
	ELSE
		lowers := 'less than the lower thresholds [' || rtrim(repeat(dynapg.datapoint_text(lower) || ', ', n), ', ') || ']';
		uppers := 'greater than the upper thresholds [' || rtrim(repeat(dynapg.datapoint_text(upper) || ', ', n), ', ') || ']';
		reason := format('Threshold%s Crossed: %s [%s] %s %s%s%s.', CASE WHEN definition ? 'Band' THEN 's' END,
			CASE WHEN definition ? 'DatapointsToAlarm' THEN format('%s out of the last %s datapoints', n, periods) WHEN n = 1 THEN '1 datapoint' ELSE n || ' datapoints' END,
			CASE result WHEN 'ALARM' THEN bad_points ELSE good_points END, CASE n WHEN 1 THEN 'was' ELSE 'were' END || CASE result WHEN 'ALARM' THEN '' ELSE ' not' END,
			CASE operator WHEN 'GreaterThanOrEqualToThreshold' THEN 'greater than or equal to' WHEN 'GreaterThanThreshold' THEN 'greater than'
				WHEN 'LessThanThreshold' THEN 'less than' WHEN 'LessThanOrEqualToThreshold' THEN 'less than or equal to'
				WHEN 'LessThanLowerThreshold' THEN lowers WHEN 'GreaterThanUpperThreshold' THEN uppers
				ELSE lowers || CASE result WHEN 'ALARM' THEN ' or ' ELSE ' or not ' END || uppers END
				|| CASE WHEN definition ? 'Band' THEN '' ELSE format(' the threshold (%s)', dynapg.datapoint_text(threshold)) END, filled,
			CASE WHEN definition ? 'DatapointsToAlarm' THEN format(' (minimum %s datapoint%s for %s transition)', enough, CASE enough WHEN 1 THEN '' ELSE 's' END,
				CASE result WHEN 'ALARM' THEN 'OK -> ALARM' ELSE 'ALARM -> OK' END) END);
	END IF;
	RETURN jsonb_build_object('state', result, 'reason', reason, 'reason_data', jsonb_strip_nulls(jsonb_build_object('version', '1.0',
		'queryDate', to_char(at AT TIME ZONE 'UTC', stamp), 'startDate', to_char(first_at AT TIME ZONE 'UTC', stamp), 'statistic', CASE WHEN definition ? 'Band' THEN NULL ELSE stat END,
		'period', period, 'recentDatapoints', points, 'threshold', threshold, 'evaluatedDatapoints', evaluated,
		'recentLowerThresholds', CASE WHEN lower IS NOT NULL AND operator <> 'GreaterThanUpperThreshold' THEN to_jsonb(array_fill(lower, ARRAY[found])) END,
		'recentUpperThresholds', CASE WHEN upper IS NOT NULL AND operator <> 'LessThanLowerThreshold' THEN to_jsonb(array_fill(upper, ARRAY[found])) END)));
END $$;
COMMENT ON FUNCTION dynapg.alarm_evaluation(jsonb, text, timestamptz) IS 'the state that an alarm comes to from another one at a time, by what the role sees of dynapg.metrics';

-- An alarm's change of state as EventBridge tells of it.
CREATE FUNCTION dynapg.alarm_event(name text, definition jsonb, state jsonb, previous jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	stamp CONSTANT text := 'YYYY-MM-DD"T"HH24:MI:SS.MS"+0000"';
	at timestamp := (state ->> 'timestamp')::timestamptz AT TIME ZONE 'UTC';
	-- one metric is written as those of an alarm with a band are
	metrics jsonb := coalesce(definition -> 'Metrics', jsonb_build_array(jsonb_build_object('Id', 'm1', 'ReturnData', true, 'MetricStat', jsonb_build_object(
		'Metric', jsonb_build_object('Namespace', definition -> 'Namespace', 'MetricName', definition -> 'MetricName', 'Dimensions', definition -> 'Dimensions'),
		'Period', definition -> 'Period', 'Stat', coalesce(definition -> 'Statistic', definition -> 'ExtendedStatistic'), 'Unit', definition -> 'Unit'))));
BEGIN
	RETURN jsonb_build_object('version', '0', 'id', gen_random_uuid(), 'detail-type', 'CloudWatch Alarm State Change', 'source', 'aws.cloudwatch',
		'account', current_setting('dynapg.account_id'), 'time', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'region', current_setting('dynapg.region'),
		'resources', jsonb_build_array(format('arn:aws:cloudwatch:%s:%s:alarm:%s', current_setting('dynapg.region'), current_setting('dynapg.account_id'), name)),
		'detail', jsonb_build_object('alarmName', name, 'state', jsonb_strip_nulls(state || jsonb_build_object('timestamp', to_char(at, stamp))),
			'previousState', jsonb_strip_nulls(previous || jsonb_build_object('timestamp', to_char((previous ->> 'timestamp')::timestamptz AT TIME ZONE 'UTC', stamp))),
			'configuration', jsonb_strip_nulls(jsonb_build_object('description', definition -> 'AlarmDescription', 'metrics', (SELECT jsonb_agg(jsonb_build_object('id', m -> 'Id', 'label', m -> 'Label',
				'expression', m -> 'Expression', 'returnData', coalesce(m -> 'ReturnData', 'true'), 'metricStat', CASE WHEN m ? 'MetricStat' THEN jsonb_build_object('metric', jsonb_build_object(
					'namespace', m #> '{MetricStat,Metric,Namespace}', 'name', m #> '{MetricStat,Metric,MetricName}',
					'dimensions', (SELECT coalesce(jsonb_object_agg(d ->> 'Name', d -> 'Value'), '{}') FROM jsonb_array_elements(m #> '{MetricStat,Metric,Dimensions}') AS d)),
					'period', m #> '{MetricStat,Period}', 'stat', m #> '{MetricStat,Stat}', 'unit', m #> '{MetricStat,Unit}') END) ORDER BY i) FROM jsonb_array_elements(metrics) WITH ORDINALITY AS u(m, i))))));
END $$;
COMMENT ON FUNCTION dynapg.alarm_event(text, jsonb, jsonb, jsonb) IS 'a change of an alarm''s state, as destinations get it';

CREATE FUNCTION dynapg.put_alarm(definition jsonb, destination jsonb DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_put_alarm' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.put_alarm(jsonb, jsonb) IS
	'makes or changes an alarm: definition has the members of PutMetricAlarm; destination, of which changes of its state are told, is {"Function": ...}, {"Notify": ...}, {"Webhook": ...} or {"Lambda": ...}, {} for none, null for the one that it has';

CREATE FUNCTION dynapg.put_metric_alarm(request jsonb) RETURNS void LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$ SELECT dynapg.put_alarm(request) $$;
COMMENT ON FUNCTION dynapg.put_metric_alarm(jsonb) IS 'CloudWatch''s PutMetricAlarm';

CREATE FUNCTION dynapg.delete_alarms(request jsonb) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_delete_alarms' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete_alarms(jsonb) IS 'CloudWatch''s DeleteAlarms, of the caller''s: {"AlarmNames": [...]}';

CREATE FUNCTION dynapg.enable_alarm_actions(request jsonb) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_enable_alarm_actions' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.enable_alarm_actions(jsonb) IS 'CloudWatch''s EnableAlarmActions, of the caller''s; of those from a dump, too: {"AlarmNames": [...]}';

CREATE FUNCTION dynapg.disable_alarm_actions(request jsonb) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_disable_alarm_actions' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.disable_alarm_actions(jsonb) IS 'CloudWatch''s DisableAlarmActions, of the caller''s: {"AlarmNames": [...]}';

CREATE FUNCTION dynapg.set_alarm_state(request jsonb) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_set_alarm_state' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.set_alarm_state(jsonb) IS 'CloudWatch''s SetAlarmState, until the alarm is looked at next: {"AlarmName", "StateValue", "StateReason"}';

CREATE FUNCTION dynapg.evaluate_alarms(at timestamptz DEFAULT pg_catalog.date_trunc('minute', pg_catalog.clock_timestamp())) RETURNS integer
	AS 'MODULE_PATHNAME', 'dynapg_evaluate_alarms' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp;
REVOKE EXECUTE ON FUNCTION dynapg.evaluate_alarms(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION dynapg.evaluate_alarms(timestamptz) IS
	'looks at all alarms, by the minutes before a time, and tells of those whose states have changed; returns how many. The keeper does it each minute where dynapg.metrics_history is on';

CREATE FUNCTION dynapg.describe_alarms(request jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	most integer := coalesce(dynapg.request_integer(request -> 'MaxRecords', 'MaxRecords'), 50);
	found jsonb;
	last text;
BEGIN
	IF most NOT BETWEEN 1 AND 100 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter MaxRecords must be between 1 and 100.';
	END IF;
	IF jsonb_typeof(coalesce(request -> 'AlarmNames', '[]')) <> 'array' OR request ? 'AlarmNames' AND request ? 'AlarmNamePrefix' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'AlarmNames is a list, and AlarmNamePrefix cannot be given beside it.';
	END IF;
	SELECT coalesce(jsonb_agg(jsonb_strip_nulls(a.definition - 'Band' || jsonb_build_object(
			'AlarmArn', format('arn:aws:cloudwatch:%s:%s:alarm:%s', current_setting('dynapg.region'), current_setting('dynapg.account_id'), a.name),
			'AlarmConfigurationUpdatedTimestamp', extract(epoch FROM a.updated_at), 'OKActions', '[]'::jsonb, 'AlarmActions', '[]'::jsonb, 'InsufficientDataActions', '[]'::jsonb,
			'StateValue', a.state, 'StateReason', a.reason, 'StateReasonData', a.reason_data::text, 'StateUpdatedTimestamp', extract(epoch FROM a.state_at),
			'StateTransitionedTimestamp', extract(epoch FROM a.transitioned_at))) ORDER BY a.name), '[]'),
			CASE WHEN count(*) = most THEN max(a.name) END INTO found, last
		FROM (SELECT b.* FROM dynapg.alarms b WHERE (NOT request ? 'AlarmNames' OR request -> 'AlarmNames' ? b.name OR request -> 'AlarmNames' = '[]')
			AND starts_with(b.name, coalesce(request ->> 'AlarmNamePrefix', '')) AND b.state = coalesce(request ->> 'StateValue', b.state)
			AND b.name > coalesce(request ->> 'NextToken', '') COLLATE "C"
			AND (NOT request ? 'AlarmTypes' OR request -> 'AlarmTypes' ? 'MetricAlarm') ORDER BY b.name LIMIT most) AS a;
	RETURN jsonb_build_object('MetricAlarms', found, 'CompositeAlarms', '[]'::jsonb)
		|| CASE WHEN last IS NULL THEN '{}' ELSE jsonb_build_object('NextToken', last) END;
END $$;
COMMENT ON FUNCTION dynapg.describe_alarms(jsonb) IS 'CloudWatch''s DescribeAlarms, of those that dynapg.alarms shows';

CREATE FUNCTION dynapg.describe_alarms_for_metric(request jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object('MetricAlarms', coalesce((SELECT jsonb_agg(dynapg.describe_alarms(jsonb_build_object('AlarmNames', jsonb_build_array(a.name))) #> '{MetricAlarms,0}' ORDER BY a.name)
		FROM dynapg.alarms a WHERE a.definition ->> 'MetricName' = request ->> 'MetricName' AND request ->> 'Namespace' = 'AWS/DynamoDB'
			AND a.definition -> 'Dimensions' @> coalesce(request -> 'Dimensions', '[]') AND a.definition -> 'Dimensions' <@ coalesce(request -> 'Dimensions', '[]')), '[]'))
$$;
COMMENT ON FUNCTION dynapg.describe_alarms_for_metric(jsonb) IS 'CloudWatch''s DescribeAlarmsForMetric, of those that dynapg.alarms shows';
