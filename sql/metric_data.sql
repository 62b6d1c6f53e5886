-- GetMetricData: its pages, and its expressions, by a history that is written here.
SET client_min_messages TO error;
CREATE EXTENSION IF NOT EXISTS dynapg;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
\set VERBOSITY terse
SET timezone = 'UTC';
BEGIN;
SELECT dynamo_create_table('{"TableName": "Asked", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}') IS NOT NULL;
CREATE FUNCTION pg_temp.minute(metric text, minute integer, value double precision) RETURNS void LANGUAGE sql AS $$
	INSERT INTO dynapg.metric_series (metric, table_name, table_id) SELECT $1, name, id FROM dynapg.tables WHERE name = 'Asked' ON CONFLICT DO NOTHING;
	INSERT INTO dynapg.metric_points SELECT s.id, '2026-11-29 10:00+00'::timestamptz + $2 * interval '1 minute', 1, $3, $3, $3 FROM dynapg.metric_series s WHERE s.metric = $1 AND s.table_name = 'Asked' $$;
-- m1 is 10 to 60 without 40, m2 is 1 to 3
SELECT count(pg_temp.minute('ConsumedReadCapacityUnits', n, n * 10)) FROM generate_series(1, 6) n WHERE n <> 4;
SELECT count(pg_temp.minute('ConsumedWriteCapacityUnits', n, n)) FROM generate_series(1, 3) n;
CREATE FUNCTION pg_temp.metric(id text, metric text, members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('Id', id, 'MetricStat', jsonb_build_object('Stat', 'Sum', 'Period', 60, 'Metric', jsonb_build_object('Namespace', 'AWS/DynamoDB',
		'MetricName', 'Consumed' || metric || 'CapacityUnits', 'Dimensions', '[{"Name": "TableName", "Value": "Asked"}]'::jsonb))) || members $$;
CREATE FUNCTION pg_temp.ask(queries jsonb, members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynapg.get_metric_data(jsonb_build_object('StartTime', '2026-11-29T10:00:00Z', 'EndTime', '2026-11-29T10:08:00Z', 'ScanBy', 'TimestampAscending', 'MetricDataQueries', queries) || members) $$;
-- the minutes after 10 o'clock and their values
CREATE FUNCTION pg_temp.short(answer jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(format('%s %s:%s', r ->> 'Id', r ->> 'StatusCode', (SELECT string_agg(format(' %s=%s', ((t::numeric - extract(epoch FROM '2026-11-29 10:00+00'::timestamptz)) / 60)::integer,
		round(v::numeric, 4)::double precision), '') FROM ROWS FROM (jsonb_array_elements_text(r -> 'Timestamps'), jsonb_array_elements_text(r -> 'Values')) AS p(t, v))), '; ' ORDER BY i)
		FROM jsonb_array_elements(answer -> 'MetricDataResults') WITH ORDINALITY AS u(r, i) $$;

-- ---------------------------------------------------------------- pages
CREATE FUNCTION pg_temp.pages(size integer, scan_by text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	queries jsonb := jsonb_build_array(pg_temp.metric('none', 'None'), pg_temp.metric('m1', 'Read'), pg_temp.metric('hidden', 'Read', '{"ReturnData": false}'), pg_temp.metric('m2', 'Write'),
		'{"Id": "e", "Expression": "m1 / m2"}'::jsonb, pg_temp.metric('last', 'None'));
	answer jsonb;
	token text := '';
BEGIN
	WHILE token IS NOT NULL LOOP
		answer := pg_temp.ask(queries, jsonb_build_object('MaxDatapoints', size, 'NextToken', token, 'ScanBy', scan_by));
		RETURN NEXT pg_temp.short(answer);
		token := answer ->> 'NextToken';
	END LOOP;
END $$;
SELECT size, pg_temp.pages(size, 'TimestampAscending') FROM unnest('{100800,5,4,2}'::integer[]) AS size;
SELECT pg_temp.pages(3, 'TimestampDescending');
CREATE FUNCTION pg_temp.try(members jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN pg_temp.short(pg_temp.ask(jsonb_build_array(pg_temp.metric('m1', 'Read')), members));
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT pg_temp.try(members) FROM unnest(ARRAY['{"MaxDatapoints": 0}', '{"MaxDatapoints": 100801}', '{"NextToken": "x"}', '{"NextToken": "MSAxIDE="}', '{"NextToken": {"a": 1}}', '{"MaxDatapoints": 5}']::jsonb[]) AS members;
-- a token is of its request
SELECT pg_temp.try(jsonb_build_object('NextToken', pg_temp.ask(jsonb_build_array(pg_temp.metric('m1', 'Read')), '{"MaxDatapoints": 1}') -> 'NextToken'));
SELECT pg_temp.try(jsonb_build_object('NextToken', pg_temp.ask(jsonb_build_array(pg_temp.metric('m2', 'Write')), '{"MaxDatapoints": 1}') -> 'NextToken'));

-- ---------------------------------------------------------------- expressions
CREATE FUNCTION pg_temp.e(expression text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN substr(pg_temp.short(pg_temp.ask(jsonb_build_array(jsonb_build_object('Id', 'e', 'Expression', expression), pg_temp.metric('m1', 'Read', '{"ReturnData": false}'),
		pg_temp.metric('m2', 'Write', '{"ReturnData": false, "Label": "written"}'), '{"Id": "sum", "Expression": "m1 + m2", "ReturnData": false}'::jsonb))), 13);
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT left(e, 50), pg_temp.e(e) FROM unnest(ARRAY['m1', 'm1 + m2', 'm1/m2*100', 'm1 - -m2', '-m1 + 2 * 3 ^ 2', '100 - 2 - m2', '(m1 + m2) / 2', '2 ^ 3 ^ 2 + m2 * 0', '-2 ^ 2 + m2 * 0', '2^-1 + m2*0', 'm1 / (m2 - 2)', 'sum / m2',
	'1.5e1*m2', 'm1 > 20', 'm2 >= 2 && m2 != 3', 'm2 < 2 || m2 == 3', 'm2 > 1 + 1',
	'SUM(METRICS())', 'AVG([m1, m2])', 'MAX(METRICS("written"))', 'MIN(METRICS(''m''))', 'STDDEV([m1, m1])', 'm1 / SUM(m1)', 'm2 - AVG(m2)', 'm1 * METRIC_COUNT(METRICS())', 'm2 * DATAPOINT_COUNT(m1)',
	'RATE(m1)', 'DIFF(m1)', 'DIFF_TIME(m1)', 'RUNNING_SUM(m2)', 'm1 / PERIOD(m1)', 'SUM(METRICS()) / PERIOD(m1)', 'FILL(m1, 0)', 'FILL(m1, REPEAT)', 'FILL(m1, m2)', 'FILL(m2, 0) + m1', 'TIME_SERIES(7)', 'ABS(m2 - 2)', 'CEIL(m2 / 2)',
	'FLOOR(m2 / 2)', 'LOG10(m1 - 10)', 'LOG(m2)', 'IF(m1 > 20, m1, 0)', 'IF(m1 > 20, m1)', 'IF(m2 > 1, 5, m1)', 'sum(m1) * 0 + m2', repeat('(', 100) || 'm2' || repeat(')', 100), repeat('m2+', 148) || 'm2', repeat('-', 298) || 'm2']) AS e;
SELECT left(e, 50), pg_temp.e(e) FROM unnest(ARRAY['m9', 'm1 m2', 'm1 +', '* m1', '(m1', 'm1)', '()', 'm1 + ()', '[m1', '[m1)', '(m1]', '[]', 'SUM()', 'SUM([])', 'SUM(m1,)', 'm1, m2', '(m1, m2)', 'm1 ; SELECT 1', '"m1"', '"m1', 'm1 = 2', '7', 'SUM(m1)',
	'METRICS()', 'METRICS() / 2', '[m1, m2]', 'SUM([1, m1])', 'SUM(METRICS(m1))', 'SUM(METRICS("nothing"))', 'SEARCH(''{AWS/DynamoDB,TableName} Consumed'', ''Sum'', 60)', 'ANOMALY_DETECTION_BAND(m1)', 'FILL(m1, LINEAR)', 'FILL(m1)', 'RATE(7)', 'IF(1, m1, m2)',
	'e + 1', 'm1(2)', 'm1 * 1e999', 'm1 ^ 1000', '(0 - m1) ^ 0.5', 'm1 * 1e-999', '1.m1', 'SELECT AVG(x) FROM SCHEMA("AWS/DynamoDB")', repeat('m1+', 200) || 'm1', repeat(' ', 2048) || 'm1', ' ']) AS e;
-- what is not defined has no datapoint, and the rest has its own
SELECT left(e, 50), pg_temp.e(e) FROM unnest(ARRAY['(m2 - 2) ^ 0.5', '(m2 - 2) ^ -1', '(m2 - 2) ^ (m2 - 2)', '(m2 - 2) ^ 3', '2 ^ (m2 - 2)', 'm2 * (0 - 4) ^ 0.5', 'm2 + 0 ^ -2', 'FILL((m2 - 2) ^ 0.5, 7)', 'LOG(m2 - 2)', 'LOG10(m2 - 2)',
	'(m2 - 2) / (m2 - 2)', 'm2 * LOG(0)', 'm2 / (0 ^ 2)', repeat('1^', 148) || 'm2', 'm2 + ' || repeat('1^', 148) || '1', repeat('(', 70) || 'm2' || repeat('^1)', 70)]) AS e;
-- labels; what names what comes later, or itself, or is no query
SELECT r ->> 'Id', r ->> 'Label' FROM jsonb_array_elements(pg_temp.ask(jsonb_build_array('{"Id": "e", "Expression": "f * 2"}'::jsonb, '{"Id": "f", "Expression": "m1", "Label": "named"}'::jsonb, pg_temp.metric('m1', 'Read')))
	-> 'MetricDataResults') AS r;
CREATE FUNCTION pg_temp.queries(queries jsonb, members jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	RETURN coalesce(pg_temp.short(pg_temp.ask(queries, members)), 'nothing');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT pg_temp.queries('[{"Id": "e", "Expression": "f"}, {"Id": "f", "Expression": "e"}]'), pg_temp.queries('[{"Id": "e"}]'), pg_temp.queries('[{"Id": "e", "Expression": ""}]'),
	pg_temp.queries(jsonb_build_array(pg_temp.metric('m1', 'Read', '{"Expression": "m1"}')));
SELECT pg_temp.queries('[{"Id": "e", "Expression": "TIME_SERIES(1)"}]', '{"StartTime": 0}');
SELECT pg_temp.queries((SELECT jsonb_agg(jsonb_build_object('Id', 'e' || i, 'Expression', 'TIME_SERIES(1) + 1 + 1')) FROM generate_series(1, 200) i));
SELECT pg_temp.queries(jsonb_build_array(pg_temp.metric('m1', 'Read', '{"ReturnData": false}')));

-- what nests, is long, or looks like something else: each costs what its length is
SELECT left(e, 50), pg_temp.e(e) FROM unnest(ARRAY['m2 * ' || repeat('LOG(', 90) || '5' || repeat(')', 90), 'm2 * LOG(LOG10(1e100))', 'm2 * LOG(-1)', U&'m2 \2003-1', U&'\2003m2', U&'m2 + \2003;']) AS e;
SELECT pg_temp.queries(jsonb_build_array('{"Id": "sum", "Expression": "sum(m1) * 0 + m1"}'::jsonb, pg_temp.metric('m1', 'Read', '{"ReturnData": false}')));
SELECT pg_temp.queries(jsonb_agg(jsonb_build_object('Id', 'e' || i, 'Expression', CASE i WHEN 300 THEN 'm1' ELSE format('e%s + 1', i + 1) END, 'ReturnData', i = 1) ORDER BY i)
	|| pg_temp.metric('m1', 'Read', '{"ReturnData": false}')) FROM generate_series(1, 300) AS i;
SELECT pg_temp.queries(jsonb_agg(pg_temp.metric('m' || i, 'Read', '{"ReturnData": false}')) || jsonb_build_object('Id', 'e', 'Expression', repeat('SUM(METRICS()) + ', 25) || '1')) FROM generate_series(1, 401) AS i;
SELECT pg_temp.queries(jsonb_build_array(pg_temp.metric('m1', 'Read')), '{"StartTime": "2026-11-29T10:00:30Z", "EndTime": "2026-11-29T10:00:20Z"}');
-- Anything: an answer, or an error that says what is wrong with the request
CREATE FUNCTION pg_temp.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql AS $$ SELECT choices[1 + floor(random() * cardinality(choices))::integer] $$;
CREATE FUNCTION pg_temp.any_expression(depth integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	what integer := CASE WHEN depth = 0 THEN 0 ELSE floor(random() * 9) END;
BEGIN
	RETURN CASE WHEN what <= 2 THEN pg_temp.pick('m1', 'm2', 'm1', 'm2', '7', '0', '2.5e2', 'METRICS()', 'METRICS("m")', 'm3', 'REPEAT')
		WHEN what <= 5 THEN pg_temp.any_expression(depth - 1) || pg_temp.pick(' + ', '-', '*', ' / ', '^', '<', ' >=', '==', '&&', '||') || pg_temp.any_expression(depth - 1)
		WHEN what = 6 THEN pg_temp.pick('(', '-(', '[', '') || pg_temp.any_expression(depth - 1) || pg_temp.pick(')', ')', ']')
		WHEN what = 7 THEN pg_temp.pick('SUM', 'AVG', 'MAX', 'STDDEV', 'RATE', 'DIFF', 'RUNNING_SUM', 'PERIOD', 'ABS', 'LOG', 'METRIC_COUNT', 'TIME_SERIES', 'NOTHING') || '(' || pg_temp.any_expression(depth - 1) || ')'
		ELSE pg_temp.pick('FILL(', 'IF(', '[', 'SUM([', '(') || pg_temp.any_expression(depth - 1) || ',' || pg_temp.any_expression(depth - 1) || pg_temp.pick(')', ')', ']', '])', ', m1)') END;
END $$;
-- ... some of them with a character too much or too little
CREATE FUNCTION pg_temp.spoilt(expression text) RETURNS text LANGUAGE sql AS $$
	SELECT CASE WHEN random() < 0.7 THEN expression ELSE overlay(expression PLACING pg_temp.pick('', '(', ')', ',', '"', '\', '%s', '$1', ';', chr(10), chr(39), '[') FROM 1 + floor(random() * length(expression))::integer
		FOR floor(random() * 3)::integer) END $$;
SELECT setseed(0.5);
DO $$
DECLARE
	answered integer := 0;
	refused integer := 0;
BEGIN
	FOR i IN 1 .. 500 LOOP
		BEGIN
			PERFORM pg_temp.ask(jsonb_build_array(jsonb_build_object('Id', 'e', 'Expression', pg_temp.spoilt(pg_temp.any_expression(3))), pg_temp.metric('m1', 'Read'), pg_temp.metric('m2', 'Write')));
			answered := answered + 1;
		EXCEPTION WHEN invalid_parameter_value THEN
			refused := refused + 1;
		END;
	END LOOP;
	IF answered < 30 OR refused < 100 THEN
		RAISE 'answered %, refused %', answered, refused;
	END IF;
END $$;
ROLLBACK;
