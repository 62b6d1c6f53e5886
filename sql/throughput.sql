-- What the capacity of tables and indexes may be, and how often it may shrink.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

-- A table of (pk) with a global index, and these members.
CREATE FUNCTION pg_temp.make_table(name text, members jsonb, index_members jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(pg_temp.api('create_table', jsonb_build_object('TableName', name,
		'KeySchema', '[{"AttributeName": "pk", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "S"}]'::jsonb,
		'GlobalSecondaryIndexes', jsonb_build_array('{"IndexName": "by_g", "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}],
			"Projection": {"ProjectionType": "ALL"}}'::jsonb || index_members)) || members), '^\{.*', 'made'), 'the account: [0-9]+', 'the account: <n>')
$$;
CREATE FUNCTION pg_temp.units(reads int, writes int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('ProvisionedThroughput', jsonb_build_object('ReadCapacityUnits', reads, 'WriteCapacityUnits', writes))
$$;
CREATE FUNCTION pg_temp.update(name text, members jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(regexp_replace(pg_temp.api('update_table', jsonb_build_object('TableName', name) || members), '^\{.*', 'done'),
		'[A-Z][a-z]+day, [A-Z][a-z]+ [0-9]+, [0-9]+ at ([0-9]+:[0-9]+):[0-9]+', '<day> at \1:<seconds>', 'g'), 'the account: [0-9]+', 'the account: <n>')
$$;
CREATE FUNCTION pg_temp.index_update(members jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('GlobalSecondaryIndexUpdates', jsonb_build_array(jsonb_build_object('Update', '{"IndexName": "by_g"}'::jsonb || members)))
$$;
CREATE FUNCTION pg_temp.decreases(name text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', d -> 'ProvisionedThroughput' ->> 'NumberOfDecreasesToday', d #>> '{GlobalSecondaryIndexes,0,ProvisionedThroughput,NumberOfDecreasesToday}')
	FROM (SELECT pg_temp.api('describe_table', jsonb_build_object('TableName', name))::jsonb -> 'Table') AS t(d)
$$;

-- A moment of the day after this one, by UTC; the same day if midnight comes meanwhile.
SELECT set_config('test.tomorrow', (date_trunc('day', now() AT TIME ZONE 'UTC') + '1 day')::text, false) \g /dev/null
CREATE FUNCTION pg_temp.clock(tomorrow interval) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('dynapg.meter_clock_offset',
		ceil(extract(epoch FROM current_setting('test.tomorrow')::timestamp + tomorrow - now() AT TIME ZONE 'UTC'))::int::text, false)
$$;

-- Four decreases a day, of each table and each index; then one an hour.
SELECT pg_temp.make_table('tp-table', pg_temp.units(100, 100), pg_temp.units(100, 100));
SELECT pg_temp.clock('10:00');
SELECT pg_temp.update('tp-table', pg_temp.units(100 - i, 100)) FROM generate_series(1, 3) i;
SELECT pg_temp.update('tp-table', pg_temp.units(90, 90));
SELECT pg_temp.decreases('tp-table');
SELECT pg_temp.update('tp-table', pg_temp.units(89, 90));
SELECT pg_temp.update('tp-table', pg_temp.units(1000, 89));
SELECT pg_temp.update('tp-table', pg_temp.units(91, 90));
SELECT pg_temp.update('tp-table', pg_temp.units(92, 91) || pg_temp.index_update(pg_temp.units(99, 100)));
SELECT pg_temp.update('tp-table', pg_temp.units(92, 90) || pg_temp.index_update(pg_temp.units(98, 100)));
SELECT pg_temp.decreases('tp-table');
SELECT pg_temp.clock('11:01');
SELECT pg_temp.update('tp-table', pg_temp.units(80, 80));
SELECT pg_temp.decreases('tp-table');
SELECT pg_temp.update('tp-table', pg_temp.units(79, 80));

-- The day's end comes before the hour's.
SELECT pg_temp.clock('23:30');
SELECT pg_temp.update('tp-table', pg_temp.units(78, 80));
SELECT pg_temp.update('tp-table', pg_temp.units(77, 80));
SELECT pg_temp.clock('24:01');
SELECT pg_temp.decreases('tp-table');
SELECT pg_temp.update('tp-table', pg_temp.units(77, 80));
SELECT pg_temp.decreases('tp-table');

-- A change of the mode is no decrease of the table's.
SELECT pg_temp.update('tp-table', '{"BillingMode": "PAY_PER_REQUEST"}');
SELECT pg_temp.update('tp-table', '{"BillingMode": "PROVISIONED"}' || pg_temp.units(1, 1) || pg_temp.index_update(pg_temp.units(1, 1)));
SELECT pg_temp.decreases('tp-table');
RESET dynapg.meter_clock_offset;

-- Quotas, where throttling is on.  This server has not preloaded dynapg.
SELECT pg_temp.make_table('tp-large', pg_temp.units(50000, 1), pg_temp.units(1, 60000));
SET dynapg.throttling = on;
SELECT count(pg_temp.api('get_item', '{"TableName": "tp-table", "Key": {"pk": {"S": "a"}}}')) FROM generate_series(1, 20);
SELECT pg_temp.make_table('tp-quota', pg_temp.units(40001, 1), pg_temp.units(1, 1));
SELECT pg_temp.make_table('tp-quota', pg_temp.units(1, 40001), pg_temp.units(1, 1));
SELECT pg_temp.make_table('tp-quota', pg_temp.units(1, 1), pg_temp.units(1, 40001));
SELECT pg_temp.make_table('tp-quota', pg_temp.units(40000, 1), pg_temp.units(1, 1));
SELECT pg_temp.make_table('tp-quota', '{"BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 40001}}', '{}');
SELECT pg_temp.make_table('tp-quota', '{"BillingMode": "PAY_PER_REQUEST"}', '{"OnDemandThroughput": {"MaxWriteRequestUnits": 40001}}');
SELECT pg_temp.make_table('tp-quota', '{"BillingMode": "PAY_PER_REQUEST", "WarmThroughput": {"WriteUnitsPerSecond": 40001}}', '{}');
SELECT pg_temp.make_table('tp-quota', '{"BillingMode": "PAY_PER_REQUEST"}', '{"WarmThroughput": {"ReadUnitsPerSecond": 40001}}');
SELECT pg_temp.make_table('tp-quota', pg_temp.units(10000, 1), pg_temp.units(1, 1));
SELECT pg_temp.update('tp-quota', pg_temp.units(35000, 1));
SELECT pg_temp.update('tp-quota', pg_temp.units(1, 40001));
SELECT pg_temp.update('tp-quota', pg_temp.index_update(pg_temp.units(40001, 1)));
SELECT pg_temp.update('tp-quota', pg_temp.units(10001, 2) || pg_temp.index_update(pg_temp.units(2, 2)));

-- What is too much already may shrink, and stay.
SELECT pg_temp.update('tp-large', pg_temp.units(49999, 2));
SELECT pg_temp.update('tp-large', pg_temp.units(50001, 2));
RESET dynapg.throttling;

-- Who may.
CREATE ROLE regress_tenant;
SET SESSION AUTHORIZATION regress_tenant;
SET dynapg.throttling = off;
SET dynapg.meter_clock_offset = 1;
RESET SESSION AUTHORIZATION;
DROP ROLE regress_tenant;
SELECT left(pg_temp.api('delete_table', jsonb_build_object('TableName', name)), 1) FROM (VALUES ('tp-table'), ('tp-large'), ('tp-quota')) AS v(name);
