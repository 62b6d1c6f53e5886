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

-- ------------------------------------------------------------------------------------------------------------
-- Metric math
--
-- A request becomes one statement: each metric that is asked for and each step of an expression is a common table expression of (at, value), so that however long an
-- expression is, no query is nested; numbers are, in brackets.  Nothing of the request gets into the statement but numbers that the pattern of tokens has let through, and quoted literals.
-- ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dynapg.metric_problem(id text, problem text) RETURNS void LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('Error in expression ''%s'': %s', id, problem);
END $$;
COMMENT ON FUNCTION dynapg.metric_problem(text, text) IS 'raises an error of an expression of GetMetricData''s';

CREATE FUNCTION dynapg.metric_power(base double precision, exponent double precision) RETURNS double precision LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF base < 0 AND exponent <> trunc(exponent) OR base = 0 AND exponent < 0 THEN
		RETURN NULL;
	END IF;
	RETURN power(base, exponent);
END $$;
COMMENT ON FUNCTION dynapg.metric_power(double precision, double precision) IS 'a power in an expression of GetMetricData''s; NULL for what is not defined';

CREATE FUNCTION dynapg.metric_tokens(id text, expression text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	token CONSTANT text := '^([0-9]{1,255}(?:\.[0-9]{1,255})?(?:[eE][-+]?[0-9]{1,3})?|[a-zA-Z][a-zA-Z0-9_]*|"[^"]*"|''[^'']*''|[<>=!]=|&&|\|\||[-+*/^(),<>\[\]])';
	rest text := expression;
	found text;
	tokens text[] := '{}';
BEGIN
	IF length(expression) > 2048 THEN
		PERFORM dynapg.metric_problem(id, 'it has more than 2048 characters.');
	END IF;
	LOOP
		rest := regexp_replace(rest, '^\s+', '');
		EXIT WHEN rest = '';
		found := substring(rest FROM token);
		IF found IS NULL THEN
			PERFORM dynapg.metric_problem(id, format('Unexpected character %s.', left(rest, 1)));
		END IF;
		tokens := tokens || found;
		rest := substr(rest, length(found) + 1);
	END LOOP;
	IF cardinality(tokens) > 300 THEN
		PERFORM dynapg.metric_problem(id, 'dynapg takes at most 300 names, numbers and signs.');
	END IF;
	RETURN tokens;
END $$;
COMMENT ON FUNCTION dynapg.metric_tokens(text, text) IS 'the tokens of an expression of GetMetricData''s';

-- A step of an expression: an operator or a function and what it is applied to.  Operands and results: {"kind": "number", "sql"}, {"kind": "series", "sql", "period"}, of a
-- relation's name, {"kind": "array", "of": [...]} of series, {"kind": "word", "sql"}.  A result with "with" is of a relation to be made, of that query.
CREATE FUNCTION dynapg.metric_step(id text, step text, operands jsonb, start_at timestamptz, end_at timestamptz) RETURNS jsonb LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	n integer := jsonb_array_length(operands);
	kinds text := (SELECT string_agg(left(o ->> 'kind', 1), '' ORDER BY i) FROM jsonb_array_elements(operands) WITH ORDINALITY AS u(o, i));
	a jsonb := operands -> 0;
	b jsonb := operands -> 1;
	c jsonb := operands -> 2;
	period integer := (SELECT max((o ->> 'period')::integer) FROM (SELECT o FROM jsonb_array_elements(operands) AS o UNION ALL
		SELECT e FROM jsonb_array_elements(operands) AS o, jsonb_array_elements(o -> 'of') AS e) AS s(o));
	grid text;
	form text;
BEGIN
	IF step IN ('FILL', 'TIME_SERIES') AND extract(epoch FROM end_at - start_at) / coalesce(period, 60) > 100800 THEN
		PERFORM dynapg.metric_problem(id, 'it comes to more than 100,800 datapoints.');
	END IF;
	grid := format('generate_series(to_timestamp(%s), to_timestamp(%s) - interval ''1 microsecond'', %s * interval ''1 second'') AS g(at)',
		extract(epoch FROM start_at), extract(epoch FROM end_at), coalesce(period, 60));
	IF step = '[' THEN
		IF kinds !~ '^s+$' THEN
			PERFORM dynapg.metric_problem(id, 'an array is one of time series.');
		END IF;
		RETURN jsonb_build_object('kind', 'array', 'of', operands);
	END IF;
	-- one number by two, or one by one; an operand stands in it once, or numbers in numbers would double with each step
	form := CASE step WHEN '+' THEN '%s + %s' WHEN '-' THEN '%s - %s' WHEN '*' THEN '%s * %s' WHEN '/' THEN '%s / nullif(%s, 0)' WHEN '^' THEN 'dynapg.metric_power(%s, %s)' WHEN 'negative' THEN '- %s'
		WHEN '<' THEN '(%s < %s)::integer::double precision' WHEN '<=' THEN '(%s <= %s)::integer::double precision' WHEN '>' THEN '(%s > %s)::integer::double precision'
		WHEN '>=' THEN '(%s >= %s)::integer::double precision' WHEN '==' THEN '(%s = %s)::integer::double precision' WHEN '!=' THEN '(%s <> %s)::integer::double precision'
		WHEN '&&' THEN '(%s <> 0 AND %s <> 0)::integer::double precision' WHEN '||' THEN '(%s <> 0 OR %s <> 0)::integer::double precision'
		WHEN 'ABS' THEN 'abs(%s)' WHEN 'CEIL' THEN 'ceil(%s)' WHEN 'FLOOR' THEN 'floor(%s)'
		WHEN 'LOG' THEN 'ln(nullif(greatest(%s, 0), 0))' WHEN 'LOG10' THEN 'log(nullif(greatest(%s, 0), 0))' END;
	IF form IS NOT NULL AND n = (CASE WHEN step ~ '^[A-Zn]' THEN 1 ELSE 2 END) THEN
		IF kinds ~ '^n+$' THEN
			RETURN jsonb_build_object('kind', 'number', 'sql', '(' || format(form, a ->> 'sql', b ->> 'sql') || ')');
		ELSIF kinds ~ '^[ns]+$' THEN
			RETURN jsonb_build_object('kind', 'series', 'period', period, 'with', format('SELECT at, %s AS value FROM %s',
				format(form, CASE a ->> 'kind' WHEN 'series' THEN 'l.value' ELSE a ->> 'sql' END, CASE b ->> 'kind' WHEN 'series' THEN 'r.value' ELSE b ->> 'sql' END),
				CASE kinds WHEN 'ss' THEN format('%s AS l JOIN %s AS r USING (at)', a ->> 'sql', b ->> 'sql') WHEN 'ns' THEN (b ->> 'sql') || ' AS r' ELSE (a ->> 'sql') || ' AS l' END));
		END IF;
	ELSIF step IN ('SUM', 'AVG', 'MIN', 'MAX', 'STDDEV') AND kinds IN ('s', 'a') THEN
		form := CASE step WHEN 'STDDEV' THEN 'stddev_pop' ELSE lower(step) END || '(value)';
		IF kinds = 's' THEN
			RETURN jsonb_build_object('kind', 'number', 'sql', format('(SELECT %s FROM %s)', form, a ->> 'sql'));
		END IF;
		RETURN jsonb_build_object('kind', 'series', 'period', period, 'with', format('SELECT at, %s AS value FROM (%s) AS u GROUP BY at', form,
			(SELECT string_agg(format('SELECT at, value FROM %s', e ->> 'sql'), ' UNION ALL ') FROM jsonb_array_elements(a -> 'of') AS e)));
	ELSIF step IN ('DIFF', 'DIFF_TIME', 'RATE', 'RUNNING_SUM') AND kinds = 's' THEN
		RETURN jsonb_build_object('kind', 'series', 'period', period, 'with', format('SELECT at, %s AS value FROM %s WINDOW w AS (ORDER BY at)', CASE step WHEN 'RUNNING_SUM' THEN 'sum(value) OVER w'
			WHEN 'DIFF' THEN 'value - lag(value) OVER w' WHEN 'DIFF_TIME' THEN 'extract(epoch FROM at - lag(at) OVER w)::double precision'
			ELSE '(value - lag(value) OVER w) / extract(epoch FROM at - lag(at) OVER w)::double precision' END, a ->> 'sql'));
	ELSIF step = 'PERIOD' AND kinds = 's' THEN
		RETURN jsonb_build_object('kind', 'number', 'sql', format('%s::double precision', period));
	ELSIF step = 'DATAPOINT_COUNT' AND kinds = 's' THEN
		RETURN jsonb_build_object('kind', 'number', 'sql', format('(SELECT count(value)::double precision FROM %s)', a ->> 'sql'));
	ELSIF step = 'METRIC_COUNT' AND kinds = 'a' THEN
		RETURN jsonb_build_object('kind', 'number', 'sql', format('%s::double precision', jsonb_array_length(a -> 'of')));
	ELSIF step = 'FILL' AND kinds IN ('sn', 'ss') THEN
		RETURN jsonb_build_object('kind', 'series', 'period', period, 'with', format('SELECT at, coalesce(l.value, %s) AS value FROM %s LEFT JOIN %s AS l USING (at)%s',
			CASE kinds WHEN 'ss' THEN 'r.value' ELSE b ->> 'sql' END, grid, a ->> 'sql', CASE kinds WHEN 'ss' THEN format(' LEFT JOIN %s AS r USING (at)', b ->> 'sql') END));
	ELSIF step = 'FILL' AND kinds = 'sw' AND b ->> 'sql' = 'REPEAT' THEN
		RETURN jsonb_build_object('kind', 'series', 'period', period, 'with', format('SELECT at, first_value(value) OVER (PARTITION BY n ORDER BY at) AS value FROM ('
			'SELECT at, l.value, count(l.value) OVER (ORDER BY at) AS n FROM %s LEFT JOIN %s AS l USING (at)) AS f', grid, a ->> 'sql'));
	ELSIF step = 'TIME_SERIES' AND kinds = 'n' THEN
		RETURN jsonb_build_object('kind', 'series', 'period', 60, 'with', format('SELECT at, %s AS value FROM %s', a ->> 'sql', grid));
	ELSIF step = 'IF' AND kinds ~ '^s[ns]?[ns]$' THEN
		c := coalesce(c, '{"kind": "number", "sql": "NULL::double precision"}');
		RETURN jsonb_build_object('kind', 'series', 'period', period, 'with', format('SELECT at, CASE WHEN i.value <> 0 THEN %s ELSE %s END AS value FROM %s AS i%s%s',
			CASE b ->> 'kind' WHEN 'series' THEN 't.value' ELSE b ->> 'sql' END, CASE c ->> 'kind' WHEN 'series' THEN 'e.value' ELSE c ->> 'sql' END, a ->> 'sql',
			CASE b ->> 'kind' WHEN 'series' THEN format(' LEFT JOIN %s AS t USING (at)', b ->> 'sql') END, CASE c ->> 'kind' WHEN 'series' THEN format(' LEFT JOIN %s AS e USING (at)', c ->> 'sql') END));
	ELSIF form IS NULL AND step NOT IN ('SUM', 'AVG', 'MIN', 'MAX', 'STDDEV', 'DIFF', 'DIFF_TIME', 'RATE', 'RUNNING_SUM', 'PERIOD', 'DATAPOINT_COUNT', 'METRIC_COUNT', 'FILL', 'TIME_SERIES', 'IF') THEN
		PERFORM dynapg.metric_problem(id, format('dynapg has no function %s.', step));
	END IF;
	PERFORM dynapg.metric_problem(id, format('%s cannot be applied to what it is applied to here.', step));
END $$;
COMMENT ON FUNCTION dynapg.metric_step(text, text, jsonb, timestamptz, timestamptz) IS 'what a step of an expression of GetMetricData''s is in SQL';

-- A step's result instead of the last n operands; a relation that is to be made for it is one more.
CREATE FUNCTION dynapg.metric_reduce(INOUT operands jsonb, INOUT relations jsonb, n integer, result jsonb, made integer) LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
	SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	FOR i IN 1 .. n LOOP operands := operands - -1; END LOOP;
	IF result ? 'with' THEN
		relations := relations || (result -> 'with');
		result := result - 'with' || jsonb_build_object('sql', 'x' || made + jsonb_array_length(relations));
	END IF;
	operands := operands || jsonb_build_array(result);
END $$;
COMMENT ON FUNCTION dynapg.metric_reduce(jsonb, jsonb, integer, jsonb, integer) IS 'operands and relations of an expression of GetMetricData''s after a step';

-- What an expression comes to, and the relations to be made for it, as {"result": ..., "relations": [queries]}: those are named x<made + 1> and so on.  known: by Id, the
-- series that it may name.  An operator with a stack, as of railways: tokens are taken one by one.
CREATE FUNCTION dynapg.metric_expression(id text, tokens text[], known jsonb, metrics jsonb, made integer, start_at timestamptz, end_at timestamptz) RETURNS jsonb
	LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	ranks CONSTANT jsonb := '{"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, "<=": 4, ">": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "negative": 7, "^": 8}';
	operators text[] := '{}';	-- and open brackets: ( [ and names of functions
	bases integer[] := '{}';	-- of open brackets: how many operands there were before
	operands jsonb := '[]';
	relations jsonb := '[]';
	before text := '(';			-- the last token: after an operand an operator follows
	token text;
	top text;
	n integer;
	result jsonb;
	place integer := 0;
	closes boolean;
BEGIN
	FOREACH token IN ARRAY tokens || ''::text LOOP
		place := place + 1;
		IF (before = 'operand') = (token ~ '^[0-9a-zA-Z"''(\[]') THEN
			-- an operand where none may be, or none where one must be: but for a sign, and brackets with nothing in them
			IF token = '-' THEN
				operators := operators || 'negative'::text;
				CONTINUE;
			ELSIF NOT (token = ')' AND before = '(' AND operators[cardinality(operators)] = '(' AND coalesce(operators[cardinality(operators) - 1], '') ~ '^[A-Z]') THEN
				PERFORM dynapg.metric_problem(id, CASE token WHEN '' THEN 'it ends too early.' ELSE format('Unexpected %s.', token) END);
			END IF;
		END IF;
		IF token IN ('(', '[') THEN
			operators := operators || token;
			bases := bases || jsonb_array_length(operands);
			before := '(';
			CONTINUE;
		ELSIF token ~ '^[0-9]' THEN
			IF abs(token::numeric) > 2::numeric ^ 360 THEN
				PERFORM dynapg.metric_problem(id, format('The number %s is too large.', left(token, 50)));
			END IF;
			operands := operands || jsonb_build_array(jsonb_build_object('kind', 'number', 'sql', format('%L::double precision', round(token::numeric, 300))));
			before := 'operand';
			CONTINUE;
		ELSIF token ~ '^["'']' THEN
			operands := operands || jsonb_build_array(jsonb_build_object('kind', 'word', 'sql', substr(token, 2, length(token) - 2), 'quoted', true));
			before := 'operand';
			CONTINUE;
		ELSIF token ~ '^[a-zA-Z]' THEN
			IF tokens[place + 1] = '(' THEN
				operators := operators || upper(token);
				bases := bases || jsonb_array_length(operands);
				before := 'name';
			ELSIF known ? token THEN
				operands := operands || jsonb_build_array(known -> token);
				before := 'operand';
			ELSIF token IN ('REPEAT', 'LINEAR') THEN
				operands := operands || jsonb_build_array(jsonb_build_object('kind', 'word', 'sql', token));
				before := 'operand';
			ELSE
				PERFORM dynapg.metric_problem(id, format('There is no query %s.', left(token, 255)));
			END IF;
			CONTINUE;
		END IF;
		-- an operator, a comma, or the end of a bracket or of all: what binds as much or more is done
		closes := token IN (')', ']', ',', '');
		WHILE cardinality(operators) > 0 LOOP
			top := operators[cardinality(operators)];
			EXIT WHEN NOT ranks ? top OR NOT closes AND (ranks -> top < ranks -> token OR top = '^' AND token = '^');
			n := CASE top WHEN 'negative' THEN 1 ELSE 2 END;
			result := dynapg.metric_step(id, top, jsonb_path_query_array(operands, format('$[last - %s to last]', n - 1)::jsonpath), start_at, end_at);
			SELECT r.operands, r.relations INTO operands, relations FROM dynapg.metric_reduce(operands, relations, n, result, made) AS r;
			operators := operators[: cardinality(operators) - 1];
		END LOOP;
		IF NOT closes THEN
			operators := operators || token;
			before := token;
			CONTINUE;
		ELSIF token = '' THEN
			EXIT WHEN cardinality(operators) = 0;
			PERFORM dynapg.metric_problem(id, 'a bracket is not closed.');
		ELSIF cardinality(operators) = 0 OR token IN (')', ']') AND (operators[cardinality(operators)] = '[') <> (token = ']')
				OR token = ',' AND cardinality(operators) > 0 AND operators[cardinality(operators)] = '(' AND coalesce(operators[cardinality(operators) - 1], '') !~ '^[A-Z]' THEN
			PERFORM dynapg.metric_problem(id, format('Unexpected %s.', token));
		ELSIF token = ',' THEN
			before := ',';
			CONTINUE;
		END IF;
		-- the end of a bracket
		top := operators[cardinality(operators)];
		operators := operators[: cardinality(operators) - 1];
		n := jsonb_array_length(operands) - bases[cardinality(bases)];
		bases := bases[: cardinality(bases) - 1];
		IF top = '(' THEN
			IF coalesce(operators[cardinality(operators)], '') !~ '^[A-Z]' THEN
				before := 'operand';
				CONTINUE;
			END IF;
			top := operators[cardinality(operators)];
			operators := operators[: cardinality(operators) - 1];
			bases := bases[: cardinality(bases) - 1];
		END IF;
		IF top = 'METRICS' THEN
			IF n > 1 OR n = 1 AND NOT operands -> -1 ? 'quoted' THEN
				PERFORM dynapg.metric_problem(id, 'METRICS has at most a text.');
			END IF;
			SELECT jsonb_build_object('kind', 'array', 'of', coalesce(jsonb_agg(m), '[]')) INTO result FROM jsonb_array_elements(metrics) AS m
				WHERE n = 0 OR position(operands -> -1 ->> 'sql' IN m ->> 'id') > 0 OR position(operands -> -1 ->> 'sql' IN m ->> 'label') > 0;
			IF result -> 'of' = '[]' THEN
				PERFORM dynapg.metric_problem(id, 'METRICS finds no metric.');
			END IF;
		ELSE
			result := dynapg.metric_step(id, top, CASE n WHEN 0 THEN '[]' ELSE jsonb_path_query_array(operands, format('$[last - %s to last]', n - 1)::jsonpath) END, start_at, end_at);
		END IF;
		SELECT r.operands, r.relations INTO operands, relations FROM dynapg.metric_reduce(operands, relations, n, result, made) AS r;
		before := 'operand';
	END LOOP;
	IF operands -> 0 ->> 'kind' <> 'series' THEN
		PERFORM dynapg.metric_problem(id, 'it must come to a time series; dynapg gives one for each query.');
	END IF;
	RETURN jsonb_build_object('result', operands -> 0, 'relations', relations);
END $$;
COMMENT ON FUNCTION dynapg.metric_expression(text, text[], jsonb, jsonb, integer, timestamptz, timestamptz) IS 'what an expression of GetMetricData''s is in SQL';

-- Where a page begins: the number of a query, and a place.
CREATE FUNCTION dynapg.metric_token(token text, asked bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	found text[];
BEGIN
	IF length(token) < 100 THEN
		BEGIN
			found := regexp_match(convert_from(decode(token, 'base64'), 'UTF8'), '^(-?[0-9]{1,19}) ([0-9]{1,3} -?[0-9]{1,12}(\.[0-9]{1,6})?)$');
		EXCEPTION WHEN data_exception THEN
			NULL;
		END;
	END IF;
	IF found[1] = asked::text THEN
		RETURN found[2];
	END IF;
	RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter NextToken is none of this request''s.';
END $$;
COMMENT ON FUNCTION dynapg.metric_token(text, bigint) IS 'where a page of GetMetricData''s begins, by its NextToken; raises an error for what is none of the request''s';

-- ------------------------------------------------------------------------------------------------------------
-- Operations
-- ------------------------------------------------------------------------------------------------------------

CREATE FUNCTION dynapg.get_metric_data(request jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	queries jsonb := request -> 'MetricDataQueries';
	start_at timestamptz := dynapg.request_time(request -> 'StartTime', 'StartTime');
	end_at timestamptz := dynapg.request_time(request -> 'EndTime', 'EndTime');
	scan_by text := coalesce(request ->> 'ScanBy', 'TimestampDescending');
	most integer := coalesce(dynapg.request_integer(request -> 'MaxDatapoints', 'MaxDatapoints'), 100800);
	asked bigint := hashtextextended((request - '{MaxDatapoints,NextToken}'::text[])::text, 0);
	first text[] := '{-1,0}';	-- of this page: number of a query, and place
	query jsonb;
	number bigint;
	metric jsonb;
	period integer;
	known jsonb := '{}';		-- series by Id
	metrics jsonb := '[]';
	left_over jsonb := '{}';	-- tokens of expressions that have not been looked at, by number
	names jsonb := '{}';		-- the queries that they name, by number
	tokens text[];
	total integer := 0;
	arrays integer := 0;		-- how often METRICS() stands in expressions
	ids jsonb := '{}';
	relations text[] := '{}';
	made integer := 0;
	done integer;
	expression jsonb;
	points jsonb;
	next text[];
BEGIN
	IF queries IS NULL OR jsonb_typeof(queries) <> 'array' OR jsonb_array_length(queries) NOT BETWEEN 1 AND 500 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter MetricDataQueries is a list of 1 to 500 queries.';
	END IF;
	IF scan_by NOT IN ('TimestampDescending', 'TimestampAscending') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter ScanBy must be TimestampDescending or TimestampAscending.';
	END IF;
	IF most NOT BETWEEN 1 AND 100800 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'The parameter MaxDatapoints must be between 1 and 100800.';
	END IF;
	PERFORM dynapg.require_range(start_at, end_at);
	-- the service rounds it down, and periods begin with it
	start_at := date_trunc('minute', start_at);
	IF coalesce(request ->> 'NextToken', '') <> '' THEN
		first := string_to_array(dynapg.metric_token(request ->> 'NextToken', asked), ' ');
	END IF;
	FOR query, number IN SELECT q, i FROM jsonb_array_elements(queries) WITH ORDINALITY AS u(q, i) LOOP
		IF coalesce(query ->> 'Id', '') !~ '^[a-z][a-zA-Z0-9_]{0,254}$' THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
				MESSAGE = format('The value %s for parameter Id is not matching the expected pattern ^[a-z][a-zA-Z0-9_]*$.', coalesce(query ->> 'Id', ''));
		END IF;
		IF ids ? (query ->> 'Id') THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('The values for parameter id in request are not unique: %s.', query ->> 'Id');
		END IF;
		ids := ids || jsonb_build_object(query ->> 'Id', number);
		metric := query #> '{MetricStat,Metric}';
		IF coalesce(query ->> 'Expression', '') <> '' AND metric IS NULL THEN
			tokens := dynapg.metric_tokens(query ->> 'Id', query ->> 'Expression');
			total := total + cardinality(tokens);
			arrays := arrays + (SELECT count(*) FROM unnest(tokens) AS t WHERE upper(t) = 'METRICS');
			left_over := left_over || jsonb_build_object(number, tokens);
			CONTINUE;
		ELSIF jsonb_typeof(metric) IS DISTINCT FROM 'object' OR coalesce(query ->> 'Expression', '') <> '' THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('Query %s must have either MetricStat or Expression.', query ->> 'Id');
		END IF;
		period := dynapg.request_integer(query #> '{MetricStat,Period}', 'Period');
		PERFORM dynapg.check_metric(metric -> 'Dimensions', period, query #>> '{MetricStat,Stat}');
		relations := relations || format('q%s AS MATERIALIZED (SELECT m.at, m.value FROM dynapg.metric_values(%L, %L, %L, %s, to_timestamp(%s), to_timestamp(%s), to_timestamp(%s)) AS m WHERE %s AND m.value IS NOT NULL'
			' AND coalesce(%L, m.unit) = m.unit)', number, metric ->> 'MetricName', metric -> 'Dimensions', query #>> '{MetricStat,Stat}', period, extract(epoch FROM start_at),
			extract(epoch FROM end_at), extract(epoch FROM start_at), CASE metric ->> 'Namespace' WHEN 'AWS/DynamoDB' THEN 'true' ELSE 'false' END, query #>> '{MetricStat,Unit}');
		known := known || jsonb_build_object(query ->> 'Id', jsonb_build_object('kind', 'series', 'sql', 'q' || number, 'period', period));
		metrics := metrics || jsonb_build_array(known -> (query ->> 'Id') || jsonb_build_object('id', query ->> 'Id', 'label', coalesce(query ->> 'Label', metric ->> 'MetricName')));
	END LOOP;
	IF total > 1000 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'dynapg takes expressions of at most 1,000 names, numbers and signs in a request.';
	END IF;
	IF arrays * jsonb_array_length(metrics) > 10000 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'dynapg takes expressions in which METRICS comes to at most 10,000 metrics in a request.';
	END IF;
	-- a name before a bracket is a function's
	SELECT coalesce(jsonb_object_agg(e.key, ARRAY(SELECT t FROM jsonb_array_elements_text(e.value) WITH ORDINALITY AS u(t, i)
			WHERE ids ? t AND e.value ->> i::integer IS DISTINCT FROM '(')), '{}') INTO names FROM jsonb_each(left_over) AS e;
	-- expressions, as soon as all is there that they name
	WHILE left_over <> '{}' LOOP
		done := 0;
		FOR query, number IN SELECT q, i FROM jsonb_array_elements(queries) WITH ORDINALITY AS u(q, i) WHERE left_over ? i::text LOOP
			CONTINUE WHEN NOT known ?& ARRAY(SELECT jsonb_array_elements_text(names -> number::text));
			SELECT array_agg(t ORDER BY i) INTO tokens FROM jsonb_array_elements_text(left_over -> number::text) WITH ORDINALITY AS u(t, i);
			expression := dynapg.metric_expression(query ->> 'Id', tokens, known, metrics, made, start_at, end_at);
			relations := relations || ARRAY(SELECT format('x%s AS MATERIALIZED (%s)', made + i, r) FROM jsonb_array_elements_text(expression -> 'relations') WITH ORDINALITY AS u(r, i) ORDER BY i)
				|| format('q%s AS MATERIALIZED (SELECT at, value FROM %s)', number, expression #>> '{result,sql}');
			made := made + jsonb_array_length(expression -> 'relations');
			known := known || jsonb_build_object(query ->> 'Id', (expression -> 'result') || jsonb_build_object('sql', 'q' || number));
			left_over := left_over - number::text;
			done := done + 1;
		END LOOP;
		IF done = 0 THEN
			PERFORM dynapg.metric_problem((SELECT q ->> 'Id' FROM jsonb_array_elements(queries) WITH ORDINALITY AS u(q, i) WHERE left_over ? i::text ORDER BY i LIMIT 1), 'it names itself, by way of others perhaps.');
		END IF;
	END LOOP;
	-- the page, and where the next one begins
	BEGIN
		EXECUTE 'WITH ' || array_to_string(relations, ', ') || format(', page AS (SELECT *, row_number() OVER (ORDER BY number, place) AS n FROM (%s) AS u WHERE (number, place) >= ($1, $2)'
				' ORDER BY number, place LIMIT $3 + 1)'
				' SELECT (SELECT jsonb_object_agg(number, points) FROM (SELECT number, jsonb_build_object(''Timestamps'', jsonb_agg(extract(epoch FROM at) ORDER BY place), ''Values'', jsonb_agg(value ORDER BY place)) AS points'
				' FROM page WHERE n <= $3 GROUP BY number) AS p), (SELECT ARRAY[number::text, place::text] FROM page WHERE n > $3)',
				'SELECT 0 AS number, NULL::timestamptz AS at, NULL::double precision AS value, NULL::numeric AS place WHERE false'
				|| (SELECT coalesce(string_agg(format(' UNION ALL SELECT %1$s, at, value, %2$s extract(epoch FROM at) FROM q%1$s WHERE value IS NOT NULL', i, CASE scan_by WHEN 'TimestampAscending' THEN '' ELSE '-' END), ''), '')
					FROM (SELECT i FROM jsonb_array_elements(queries) WITH ORDINALITY AS u(q, i) WHERE q ->> 'ReturnData' IS DISTINCT FROM 'false') AS r))
			INTO points, next USING first[1]::integer, first[2]::numeric, most;
	EXCEPTION WHEN data_exception OR statement_too_complex THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('The expressions cannot be evaluated: %s.', SQLERRM);
	END;
	RETURN jsonb_build_object('Messages', '[]'::jsonb, 'MetricDataResults', coalesce((SELECT jsonb_agg(jsonb_build_object('Id', q ->> 'Id',
			'Label', coalesce(q ->> 'Label', CASE WHEN q ? 'MetricStat' THEN q #>> '{MetricStat,Metric,MetricName}' ELSE q ->> 'Id' END),
			'StatusCode', CASE WHEN next[1]::integer = i THEN 'PartialData' ELSE 'Complete' END) || coalesce(points -> i::text, '{"Timestamps": [], "Values": []}') ORDER BY i)
		FROM jsonb_array_elements(queries) WITH ORDINALITY AS u(q, i) WHERE q ->> 'ReturnData' IS DISTINCT FROM 'false' AND i >= first[1]::integer
			AND (next IS NULL OR i < next[1]::integer OR i = next[1]::integer AND points ? i::text)), '[]'))
		|| CASE WHEN next IS NULL THEN '{}' ELSE jsonb_build_object('NextToken', encode(convert_to(format('%s %s %s', asked, next[1], next[2]), 'UTF8'), 'base64')) END;
END $$;
COMMENT ON FUNCTION dynapg.get_metric_data(jsonb) IS 'CloudWatch''s GetMetricData of dynapg.metrics';

CREATE FUNCTION dynapg.get_metric_statistics(request jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	start_at timestamptz := dynapg.request_time(request -> 'StartTime', 'StartTime');
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
	-- the service rounds it down, and periods begin with it
	start_at := date_trunc('minute', start_at);
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
