-- Contributor insights: what Update-, Describe- and ListContributorInsights say. What is counted is in test/tap/contributor_insights.pl.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

-- The same without the milliseconds in rules' names.
CREATE FUNCTION pg_temp.insights(operation text, request jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(pg_temp.api(operation || '_contributor_insights', request), '-[0-9]{13}"', '-(ms)"', 'g')
$$;
CREATE FUNCTION pg_temp.change(action text, table_name text, index_name text DEFAULT NULL, mode text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.insights('update', jsonb_strip_nulls(jsonb_build_object('TableName', table_name, 'IndexName', index_name,
		'ContributorInsightsAction', action, 'ContributorInsightsMode', mode)))
$$;
CREATE FUNCTION pg_temp.show(table_name text, index_name text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.insights('describe', jsonb_strip_nulls(jsonb_build_object('TableName', table_name, 'IndexName', index_name)))
$$;
BEGIN;
SELECT dynamo_create_table('{"TableName": "Insights", "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "Projection": {"ProjectionType": "ALL"},
		"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "g", "KeyType": "RANGE"}]}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}')
	IS NOT NULL;
SELECT pg_temp.make('Plain', 'p:S');

-- What was never set
SELECT pg_temp.show('Insights');
SELECT pg_temp.show('Insights', 'by_g');
SELECT pg_temp.change('DISABLE', 'Insights');
SELECT pg_temp.show('Insights');
SELECT pg_temp.insights('list', '{}');

-- What is wrong with a request
SELECT pg_temp.show('Nothing');
SELECT pg_temp.change('ENABLE', 'Nothing');
SELECT pg_temp.change('DISABLE', 'Nothing');
SELECT pg_temp.insights('list', '{"TableName": "Nothing"}');
SELECT pg_temp.show('Insights', 'missing');
SELECT pg_temp.change('ENABLE', 'Insights', 'missing');
SELECT pg_temp.change('ENABLE', 'Insights', 'local');
SELECT pg_temp.change('ENABLE', 'Insights', 'x');
SELECT pg_temp.change('ENABLE', 'arn:aws:dynamodb:us-west-2:000000000000:table/Insights');
SELECT pg_temp.insights('update', '{}');
SELECT pg_temp.insights('update', '{"TableName": "Insights", "ContributorInsightsAction": "MAYBE", "ContributorInsightsMode": "ALL"}');
SELECT pg_temp.insights('list', '{"MaxResults": 101}');
SELECT pg_temp.insights('list', '{"NextToken": "zz"}');
SELECT pg_temp.insights('list', '{"NextToken": "00"}');

-- Enabled, of a table with a sort key and an index without; the same again changes nothing, another mode does
SELECT pg_temp.change('ENABLE', 'Insights');
SELECT pg_temp.show('Insights');
SELECT pg_temp.change('ENABLE', 'arn:aws:dynamodb:us-east-1:000000000000:table/Insights');
SELECT pg_temp.change('ENABLE', 'Insights', mode => 'ACCESSED_AND_THROTTLED_KEYS');
SELECT pg_temp.change('ENABLE', 'Insights', mode => 'THROTTLED_KEYS');
SELECT pg_temp.show('Insights');
SELECT pg_temp.change('ENABLE', 'Insights', mode => 'THROTTLED_KEYS');
SELECT pg_temp.change('ENABLE', 'Insights');
SELECT pg_temp.change('ENABLE', 'Insights', 'by_g');
SELECT pg_temp.show('Insights', 'by_g');
SELECT pg_temp.change('ENABLE', 'Plain', mode => 'THROTTLED_KEYS');
SELECT pg_temp.show('Plain');

-- The list: names in order, a table before its indexes, pages without a token on the last
SELECT pg_temp.insights('list', '{}');
SELECT pg_temp.insights('list', '{"TableName": "Insights"}');
CREATE TEMP TABLE page AS SELECT dynamo_list_contributor_insights('{"MaxResults": 2}') AS answer;
SELECT answer - 'NextToken', answer ? 'NextToken' FROM page;
SELECT dynamo_list_contributor_insights(jsonb_build_object('MaxResults', 2, 'NextToken', answer->'NextToken')) FROM page;

-- Disabled: the mode stays, the list leaves it out
SELECT pg_temp.change('DISABLE', 'Insights');
SELECT pg_temp.show('Insights');
SELECT pg_temp.change('DISABLE', 'Insights');
SELECT pg_temp.insights('list', '{}');

-- A change that takes its time
SET LOCAL dynapg.control_plane_delay = '1h';
SELECT pg_temp.change('ENABLE', 'Insights');
SELECT pg_temp.show('Insights');
SELECT pg_temp.change('ENABLE', 'Insights');
SELECT pg_temp.change('DISABLE', 'Insights');
SELECT pg_temp.show('Insights');
SELECT pg_temp.insights('list', '{}');
SELECT pg_temp.change('DISABLE', 'Insights');

-- Tables that are being created or deleted
SELECT pg_temp.make('Slow', 'p:S');
SELECT pg_temp.show('Slow');
SELECT pg_temp.change('ENABLE', 'Slow');
SELECT pg_temp.change('DISABLE', 'Slow');
SET LOCAL dynapg.control_plane_delay = 0;
SAVEPOINT deleting;
SET LOCAL dynapg.control_plane_delay = '1h';
SELECT dynamo_delete_table('{"TableName": "Plain"}') IS NOT NULL;
SELECT pg_temp.show('Plain');
SELECT pg_temp.change('ENABLE', 'Plain');
SELECT pg_temp.change('DISABLE', 'Plain');
ROLLBACK TO deleting;

-- An index that is dropped, and made again: nothing is left of what was asked of the first
SELECT pg_temp.show('Insights', 'by_g');
SELECT dynamo_update_table('{"TableName": "Insights", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_g"}}]}') IS NOT NULL;
SELECT index_name, status FROM dynapg.contributor_insights_settings ORDER BY table_name, index_name;

-- A table that is dropped, and made again
SELECT dynamo_delete_table('{"TableName": "Plain"}') IS NOT NULL;
SELECT pg_temp.make('Plain', 'p:S');
SELECT pg_temp.show('Plain');
SELECT pg_temp.insights('list', '{}');

-- Over a hundred rules: it fails, stays so until it is asked for again, and has no rules
SELECT pg_temp.change('DISABLE', 'Insights');
DO $$
BEGIN
	FOR i IN 1..49 LOOP
		PERFORM pg_temp.make('Rules' || i, 'p:S');
		PERFORM pg_temp.change('ENABLE', 'Rules' || i);
	END LOOP;
END $$;
SELECT pg_temp.change('ENABLE', 'Insights');
SELECT pg_temp.show('Insights');
SELECT pg_temp.insights('list', '{"TableName": "Insights"}');
SELECT pg_temp.change('ENABLE', 'Insights', mode => 'THROTTLED_KEYS');
SELECT pg_temp.show('Insights');
SELECT pg_temp.change('ENABLE', 'Plain');
SELECT pg_temp.show('Plain');
SELECT pg_temp.change('DISABLE', 'Insights');
SELECT pg_temp.change('ENABLE', 'Plain');
SELECT pg_temp.show('Plain');
SELECT count(*), count(*) FILTER (WHERE status = 'ENABLED') FROM dynapg.contributor_insights_settings;

-- Global tables' auto scaling: there are none
SELECT pg_temp.api('describe_table_replica_auto_scaling', '{"TableName": "Insights"}');
SELECT pg_temp.api('describe_table_replica_auto_scaling', '{"TableName": "Nothing"}');
SELECT pg_temp.api('update_table_replica_auto_scaling', '{"TableName": "Insights", "ProvisionedWriteCapacityAutoScalingUpdate": {"MinimumUnits": 1}}');
SELECT pg_temp.api('update_table_replica_auto_scaling', '{"TableName": "Insights", "ReplicaUpdates": [{}]}');

-- Only the owner changes them; who has a privilege on the table may see
CREATE ROLE insight_reader;
CREATE ROLE insight_stranger;
GRANT USAGE ON SCHEMA dynamo TO insight_reader, insight_stranger;
GRANT SELECT ON dynamo."Plain" TO insight_reader;
SET LOCAL ROLE insight_reader;
SELECT pg_temp.change('DISABLE', 'Plain');
SELECT pg_temp.show('Plain');
SET LOCAL ROLE insight_stranger;
SELECT pg_temp.change('DISABLE', 'Plain');
RESET ROLE;
SELECT dynapg.put_role_policy('insight_stranger', 'insights', '{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Action": ["dynamodb:UpdateContributorInsights", "dynamodb:DescribeContributorInsights"], "Resource": "arn:aws:dynamodb:*:*:table/Plain"},
	{"Effect": "Allow", "Action": "dynamodb:ListContributorInsights", "Resource": "*"}]}');
SET LOCAL ROLE insight_stranger;
SELECT pg_temp.change('DISABLE', 'Plain');
SELECT pg_temp.show('Plain');
SELECT pg_temp.change('DISABLE', 'Insights');
SELECT pg_temp.insights('list', '{"TableName": "Plain"}');
RESET ROLE;
ROLLBACK;
