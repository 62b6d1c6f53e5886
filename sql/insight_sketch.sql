-- Contributor insights' sketch: what space-saving counters promise, over many distributions of keys and weights; and who is shown keys.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.draw(shape text, n integer) RETURNS integer[] LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(CASE shape
		WHEN 'uniform' THEN floor(random() * 2000)::integer
		WHEN 'zipf' THEN least(floor(power(random(), -1.2)), 1e6)::integer
		WHEN 'rising' THEN i
		WHEN 'few' THEN i % 100
		WHEN 'round' THEN i % 257
		WHEN 'hot' THEN CASE WHEN random() < 0.05 THEN 7 ELSE 1000 + floor(random() * 50000)::integer END
		END ORDER BY i) FROM generate_series(1, n) i
$$;
-- Breaches of the theorem for one stream of keys and weights.
CREATE FUNCTION pg_temp.breaches(keys integer[], weights double precision[]) RETURNS TABLE (law text, breaches bigint) LANGUAGE sql AS $$
	WITH truth AS (SELECT k AS key, sum(w) AS weight FROM unnest(keys, weights) u(k, w) GROUP BY k),
		sketch AS (SELECT * FROM dynapg_test.sketch(keys, weights)),
		pairs AS (SELECT coalesce(t.key, s.key) AS key, t.weight AS truth, s.weight, s.error FROM truth t FULL JOIN sketch s USING (key)),
		whole AS (SELECT sum(w) AS total, 1e-9 * sum(w) AS slack FROM unnest(weights) w)
	SELECT 'no key weighs more than it is said to', count(*) FILTER (WHERE weight < truth - slack) FROM pairs, whole UNION ALL
	SELECT 'nor less than that without its error', count(*) FILTER (WHERE weight - error > truth + slack) FROM pairs, whole UNION ALL
	SELECT 'no error is above 1/256 of all', count(*) FILTER (WHERE error > total / 256 + slack) FROM pairs, whole UNION ALL
	SELECT 'each key above 1/256 of all is there', count(*) FILTER (WHERE truth > total / 256 + slack AND weight IS NULL) FROM pairs, whole UNION ALL
	SELECT 'weights sum up to all', CASE WHEN abs(sum(weight) - min(total)) > min(slack) THEN 1 ELSE 0 END FROM pairs, whole UNION ALL
	SELECT 'at most 256, none that never was', count(*) FILTER (WHERE truth IS NULL) + greatest(count(weight) - 256, 0) FROM pairs UNION ALL
	SELECT 'up to 256 keys are exact', CASE WHEN count(truth) <= 256 THEN count(*) FILTER (WHERE weight IS DISTINCT FROM truth AND abs(weight - truth) > slack OR error > 0) ELSE 0 END
		FROM pairs, whole
$$;
SELECT setseed(0.17) IS NOT NULL;
WITH streams AS MATERIALIZED (
	SELECT shape, pg_temp.draw(shape, 4000) AS keys
	FROM unnest(ARRAY['uniform', 'zipf', 'rising', 'few', 'round', 'hot']) shape, generate_series(1, 4)),
	weighed AS MATERIALIZED (
	SELECT shape, keys, kind, (SELECT array_agg(w) FROM (SELECT CASE kind WHEN 'one' THEN 1 WHEN 'halves' THEN 0.5 * (1 + floor(random() * 20))
		ELSE power(random(), 4) * 1000 + 0.001 END AS w FROM unnest(keys) k WHERE k IS NOT NULL) v) AS weights
	FROM streams, unnest(ARRAY['one', 'halves', 'skew']) kind)
SELECT law, sum(breaches), count(DISTINCT shape || kind) AS kinds, count(*) AS streams
	FROM weighed, LATERAL pg_temp.breaches(keys, weights) GROUP BY law ORDER BY law;
-- the order is the heaviest's first
SELECT * FROM dynapg_test.sketch(ARRAY[1, 2, 2, 3, 3, 3], ARRAY[1, 1, 1, 1, 1, 1]::double precision[]);
-- the laws are not empty: one that does not hold is found
SELECT count(*) > 0 FROM dynapg_test.sketch(pg_temp.draw('rising', 4000), array_fill(1::double precision, ARRAY[4000])) WHERE error > 0;

-- Who is shown keys. Without preloading nothing is counted, and that is said last.
BEGIN;
SELECT pg_temp.make('Keys', 'p:S', 'n:N');
SELECT pg_temp.fails($$SELECT * FROM dynapg.contributor_insights('Keys')$$);
SELECT pg_temp.fails($$SELECT * FROM dynapg.contributor_insights('Nothing')$$);
SELECT pg_temp.fails($$SELECT * FROM dynapg.contributor_insights('Keys', 'missing')$$);
SELECT dynamo_update_contributor_insights('{"TableName": "Keys", "ContributorInsightsAction": "ENABLE"}') IS NOT NULL;
SELECT pg_temp.fails($$SELECT * FROM dynapg.contributor_insights('Keys')$$);
SELECT count(*) FROM dynapg.contributor_insights(NULL);
CREATE ROLE insight_whole;
CREATE ROLE insight_columns;
CREATE ROLE insight_policy;
CREATE ROLE insight_nobody;
GRANT USAGE ON SCHEMA dynamo TO insight_whole, insight_columns, insight_policy, insight_nobody;
GRANT SELECT ON dynamo."Keys" TO insight_whole, insight_policy;
GRANT SELECT (item) ON dynamo."Keys" TO insight_columns;
SELECT dynapg.put_role_policy('insight_policy', 'own', '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "dynamodb:GetItem",
	"Resource": "*", "Condition": {"ForAnyValue:StringEquals": {"dynamodb:LeadingKeys": "secret"}}}}');
CREATE FUNCTION pg_temp.shown(role text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	RETURN pg_temp.answer_of_sql($q$SELECT * FROM dynapg.contributor_insights('Keys')$q$);
END $$;
CREATE FUNCTION pg_temp.answer_of_sql(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	detail text;
BEGIN
	EXECUTE command;
	RETURN 'shown';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
	RETURN concat_ws(' / ', SQLSTATE, SQLERRM, nullif(detail, ''));
END $$;
SELECT pg_temp.shown('insight_whole');
RESET ROLE;
SELECT pg_temp.shown('insight_columns');
RESET ROLE;
SELECT pg_temp.shown('insight_nobody');
RESET ROLE;
SELECT pg_temp.shown('insight_policy');
RESET ROLE;
SELECT dynamo_put_resource_policy('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Keys", "Policy":
	"{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Deny\", \"Principal\": \"*\", \"Action\": \"dynamodb:GetItem\", \"Resource\": \"arn:aws:dynamodb:us-east-1:000000000000:table/Keys\"}}"}') IS NOT NULL;
SELECT pg_temp.shown('insight_whole');
RESET ROLE;
SELECT dynamo_delete_resource_policy('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Keys"}') IS NOT NULL;
ALTER TABLE dynamo."Keys" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON dynamo."Keys" USING (false);
SELECT pg_temp.shown('insight_whole');
RESET ROLE;
SET LOCAL ROLE insight_whole;
SELECT pg_temp.fails($$SELECT dynapg.reset_contributor_insights('Keys')$$);
RESET ROLE;
SELECT dynapg.reset_contributor_insights('Keys');
ROLLBACK;
