-- Secondary indexes: how they are made, shown, changed, replaced and dropped.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on

-- The indexes in an answer, each as "name: status, key, projection, units, WarmThroughput, items", and the table's status.
CREATE FUNCTION pg_temp.indexes(answer jsonb) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s %s', t->>'TableStatus', (SELECT string_agg(a->>'AttributeName' || '=' || (a->>'AttributeType'), ' ')
		FROM jsonb_array_elements(t->'AttributeDefinitions') AS a))
	FROM coalesce(answer->'Table', answer->'TableDescription') AS t
	UNION ALL
	SELECT concat_ws(', ', kind || ' ' || (i->>'IndexName'), i->>'IndexStatus', 'backfilling ' || (i->>'Backfilling'),
		(SELECT string_agg(k->>'AttributeName' || '=' || (k->>'KeyType'), ' ') FROM jsonb_array_elements(i->'KeySchema') AS k),
		i->'Projection'->>'ProjectionType', i->'Projection'->>'NonKeyAttributes',
		'units ' || (i->'ProvisionedThroughput'->>'ReadCapacityUnits') || '/' || (i->'ProvisionedThroughput'->>'WriteCapacityUnits'),
		'decreases ' || nullif(i->'ProvisionedThroughput'->>'NumberOfDecreasesToday', '0'),
		'ceilings ' || (i->>'OnDemandThroughput'),
		'warm ' || (i->'WarmThroughput'->>'Status') || ' ' || (i->'WarmThroughput'->>'ReadUnitsPerSecond') || '/' ||
			(i->'WarmThroughput'->>'WriteUnitsPerSecond'),
		(i->>'ItemCount') || ' items')
	FROM coalesce(answer->'Table', answer->'TableDescription') AS t,
		(VALUES ('local', 'LocalSecondaryIndexes'), ('global', 'GlobalSecondaryIndexes')) AS v(kind, member),
		jsonb_array_elements(t->member) AS i
$$;
CREATE FUNCTION pg_temp.describe(name text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT pg_temp.indexes(dynamo_describe_table(jsonb_build_object('TableName', name)))
$$;

-- Lists as the API wants them: "a=HASH b=RANGE", "a=S b=N".
CREATE FUNCTION pg_temp.pairs(list text, member text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_agg(jsonb_build_object('AttributeName', split_part(pair, '=', 1), member, split_part(pair, '=', 2)))
	FROM regexp_split_to_table(list, ' ') AS pair
$$;
CREATE FUNCTION pg_temp.index(name text, keys text, projection text DEFAULT 'ALL', members jsonb DEFAULT '{}')
RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('IndexName', name, 'KeySchema', pg_temp.pairs(keys, 'KeyType'), 'Projection',
		jsonb_strip_nulls(jsonb_build_object('ProjectionType', split_part(projection, ' ', 1), 'NonKeyAttributes',
			(SELECT jsonb_agg(included) FROM regexp_split_to_table(nullif(substr(projection, strpos(projection || ' ', ' ') + 1), ''), ' ') AS included)))) || members
$$;
CREATE FUNCTION pg_temp.units(n int) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('ProvisionedThroughput', jsonb_build_object('ReadCapacityUnits', n, 'WriteCapacityUnits', n))
$$;

-- Requests.  Those that create and drop indexes online are top-level statements: in a function or a block it is done under a lock.
CREATE FUNCTION pg_temp.creation(name text, attributes text, members jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST', 'KeySchema', pg_temp.pairs('a=HASH b=RANGE', 'KeyType'),
		'AttributeDefinitions', pg_temp.pairs(attributes, 'AttributeType')) || members
$$;
CREATE FUNCTION pg_temp.create_index(name text, index jsonb, attributes text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('TableName', name, 'AttributeDefinitions', pg_temp.pairs(attributes, 'AttributeType'),
		'GlobalSecondaryIndexUpdates', jsonb_build_array(jsonb_build_object('Create', index)))
$$;
CREATE FUNCTION pg_temp.delete_index(name text, index text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('TableName', name, 'GlobalSecondaryIndexUpdates',
		jsonb_build_array(jsonb_build_object('Delete', jsonb_build_object('IndexName', index))))
$$;
CREATE FUNCTION pg_temp.update(name text, members jsonb, VARIADIC updates jsonb[]) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('TableName', name, 'GlobalSecondaryIndexUpdates', (SELECT jsonb_agg(jsonb_build_object('Update', u))
		FROM unnest(updates) AS u)) || members
$$;

-- Waits until no index is being built or dropped, or until one is backfilled.
CREATE PROCEDURE pg_temp.wait_for(state text) LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..6000 LOOP
		EXIT WHEN CASE state WHEN 'built' THEN NOT EXISTS (SELECT FROM dynapg.indexes WHERE status <> 'ACTIVE')
			ELSE EXISTS (SELECT FROM dynapg.indexes WHERE status = 'CREATING' AND backfilling) END;
		COMMIT;
		PERFORM pg_sleep(0.05);
	END LOOP;
END $$;

-- Created with its table, on demand.
SELECT pg_temp.api('create_table', pg_temp.creation('ix-demand', 'c=N b=N a=S', jsonb_build_object(
	'LocalSecondaryIndexes', jsonb_build_array(pg_temp.index('local', 'a=HASH c=RANGE', 'INCLUDE z y b')),
	'GlobalSecondaryIndexes', jsonb_build_array(pg_temp.index('keys', 'c=HASH', 'KEYS_ONLY'),
		pg_temp.index('all', 'b=HASH c=HASH a=RANGE', 'ALL',
			'{"OnDemandThroughput": {"MaxReadRequestUnits": 50}, "WarmThroughput": {"ReadUnitsPerSecond": 13000}}')))));
SELECT dynapg.put('ix-demand', '{"a": "x", "b": 1, "c": 1}');
SELECT dynapg.put('ix-demand', '{"a": "x", "b": 2, "y": "sparse"}');
SELECT pg_temp.describe('ix-demand');

-- Provisioned, with as many indexes as there may be, and as many names.
SELECT pg_temp.indexes(dynamo_create_table(pg_temp.creation('ix-many', 'a=S b=N', pg_temp.units(5) || jsonb_build_object('BillingMode', 'PROVISIONED',
	'LocalSecondaryIndexes', (SELECT jsonb_agg(pg_temp.index('local' || i, 'a=HASH b=RANGE', 'INCLUDE ' || (SELECT string_agg('x' || j, ' ')
		FROM generate_series(1, 16) AS j))) FROM generate_series(1, 5) AS i),
	'GlobalSecondaryIndexes', (SELECT jsonb_agg(pg_temp.index('global' || i, 'b=HASH', 'INCLUDE x', pg_temp.units(i))) FROM generate_series(1, 20) AS i)))));
SELECT count(*), count(DISTINCT relation) FROM dynapg.indexes WHERE table_name = 'ix-many';
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-many', pg_temp.index('global21', 'a=HASH', 'ALL', pg_temp.units(1)), 'a=S'));
SELECT (pg_temp.api('delete_table', '{"TableName": "ix-many"}')::jsonb->'TableDescription') ?& ARRAY['LocalSecondaryIndexes', 'GlobalSecondaryIndexes'];
SELECT count(*) FROM dynapg.indexes WHERE table_name = 'ix-many';

-- Wrong indexes of UpdateTable.
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('keys', 'c=HASH'), 'c=N'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('local', 'c=HASH'), 'c=N'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('new', 'c=HASH d=RANGE'), 'd=N'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('new', 'd=HASH a=RANGE'), 'd=N a=N'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('new', 'c=HASH'), 'c=S'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('new', 'c=RANGE'), 'c=N'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('new', 'c=HASH', 'INCLUDE'), 'c=N'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('new', 'c=HASH d=HASH e=HASH f=HASH g=HASH'), 'c=N d=S e=S f=S g=S'));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-demand', 'none'));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-demand', 'local'));
SELECT pg_temp.api('update_table', pg_temp.update('ix-demand', '{}', '{"IndexName": "none", "WarmThroughput": {"ReadUnitsPerSecond": 20000}}'));
SELECT pg_temp.api('update_table', pg_temp.update('ix-demand', '{}', '{"IndexName": "local", "WarmThroughput": {"ReadUnitsPerSecond": 20000}}'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('new', 'c=HASH'), 'c=N') ||
	jsonb_build_object('GlobalSecondaryIndexUpdates', jsonb_build_array(jsonb_build_object('Create', pg_temp.index('new', 'c=HASH')),
	'{"Delete": {"IndexName": "keys"}}'::jsonb)));

-- Created and deleted online.  Definitions that no key uses are dropped; those of a deleted index's key go with it.
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.create_index('ix-demand', pg_temp.index('new', 'd=HASH b=RANGE', 'INCLUDE y'), 'd=S e=B b=N')));
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-demand');
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.delete_index('ix-demand', 'new')));
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-demand');

-- An attribute that only a deleted index used may get another type.
SELECT 1 FROM dynamo_update_table(pg_temp.create_index('ix-demand', pg_temp.index('new', 'd=HASH'), 'd=N'));
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-demand') LIMIT 1;

-- While a writer that was there before goes on, a new index waits: what is possible then.
BEGIN;
SELECT dynapg.put('ix-demand', '{"a": "held", "b": 1, "c": 7}');
PREPARE TRANSACTION 'ix-writer';
SELECT 1 FROM dynamo_update_table(pg_temp.create_index('ix-demand', pg_temp.index('waits', 'c=HASH'), 'c=N'));
SELECT pg_temp.describe('ix-demand');
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('other', 'c=HASH'), 'c=N'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('waits', 'c=HASH'), 'c=N'));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-demand', 'keys'));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-demand', 'waits'));
SELECT pg_temp.api('update_table', pg_temp.update('ix-demand', '{}', '{"IndexName": "waits", "WarmThroughput": {"ReadUnitsPerSecond": 20000}}'));
SELECT pg_temp.api('update_table', '{"TableName": "ix-demand", "OnDemandThroughput": {"MaxReadRequestUnits": 1}}');
SELECT pg_temp.api('update_table', '{"TableName": "ix-demand", "BillingMode": "PROVISIONED"}' || pg_temp.units(1));
SELECT dynapg.replace_index('ix-demand', 'keys', '{}');
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.update('ix-demand', '{}', '{"IndexName": "keys", "OnDemandThroughput": {"MaxWriteRequestUnits": 9}}')));
SELECT dynamo_update_table('{"TableName": "ix-demand", "DeletionProtectionEnabled": true}')->'TableDescription'->'TableStatus';
SELECT dynamo_update_table('{"TableName": "ix-demand", "DeletionProtectionEnabled": false}')->'TableDescription'->'TableStatus';
COMMIT PREPARED 'ix-writer';
CALL pg_temp.wait_for('built');

-- While an item is locked, a new index is backfilled: it may be deleted then, which in turn waits for writers.
BEGIN;
SELECT item FROM dynamo."ix-demand" WHERE item->>'a' = 'held' FOR UPDATE;
PREPARE TRANSACTION 'ix-locker';
SELECT 1 FROM dynamo_update_table(pg_temp.delete_index('ix-demand', 'waits'));
CALL pg_temp.wait_for('built');
SELECT 1 FROM dynamo_update_table(pg_temp.create_index('ix-demand', pg_temp.index('slow', 'c=HASH'), 'c=N'));
CALL pg_temp.wait_for('backfilling');
SELECT pg_temp.describe('ix-demand');
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('other', 'c=HASH'), 'c=N'));
SELECT pg_temp.indexes(dynamo_update_table('{"TableName": "ix-demand", "OnDemandThroughput": {"MaxReadRequestUnits": 1}}')) LIMIT 1;
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.update('ix-demand', '{}', '{"IndexName": "slow", "WarmThroughput": {"ReadUnitsPerSecond": 20000}}')));
BEGIN;
SELECT dynapg.put('ix-demand', '{"a": "x", "b": 3}');
PREPARE TRANSACTION 'ix-writer';
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.delete_index('ix-demand', 'slow')));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-demand', 'slow'));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-demand', 'keys'));
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-demand', pg_temp.index('slow', 'c=HASH'), 'c=N'));
SELECT pg_temp.api('update_table', pg_temp.update('ix-demand', '{}', '{"IndexName": "slow", "WarmThroughput": {"ReadUnitsPerSecond": 30000}}'));
SELECT pg_temp.api('update_table', '{"TableName": "ix-demand", "BillingMode": "PROVISIONED"}' || pg_temp.units(1));
SELECT pg_temp.api('update_table', '{"TableName": "ix-demand", "OnDemandThroughput": {"MaxReadRequestUnits": 2}}');
ROLLBACK PREPARED 'ix-locker';
ROLLBACK PREPARED 'ix-writer';
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-demand');

-- In a transaction block it is done under a lock, and undone with it.
BEGIN;
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.create_index('ix-demand', pg_temp.index('block', 'c=HASH'), 'c=N')));
SELECT pg_temp.describe('ix-demand');
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.delete_index('ix-demand', 'block')));
SELECT pg_temp.describe('ix-demand');
ROLLBACK;

-- Throughput of several indexes, with the table's.
SELECT 1 FROM dynamo_create_table(pg_temp.creation('ix-units', 'a=S b=N', pg_temp.units(5) || jsonb_build_object('BillingMode', 'PROVISIONED',
	'GlobalSecondaryIndexes', jsonb_build_array(pg_temp.index('one', 'b=HASH', 'ALL', pg_temp.units(2)), pg_temp.index('two', 'b=HASH', 'ALL', pg_temp.units(2))))));
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', '{}', '{"IndexName": "one"}' || pg_temp.units(2)));
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', '{}', '{"IndexName": "one", "OnDemandThroughput": {"MaxReadRequestUnits": 1}}'));
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', '{}', '{"IndexName": "one", "WarmThroughput": {"ReadUnitsPerSecond": 1}}'));
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', '{}', '{"IndexName": "one"}' || pg_temp.units(3), '{"IndexName": "three"}' || pg_temp.units(3)));
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.update('ix-units', '{}', '{"IndexName": "one"}' || pg_temp.units(3), '{"IndexName": "two"}' || pg_temp.units(1))));
SELECT pg_temp.describe('ix-units');
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.update('ix-units', pg_temp.units(7), '{"IndexName": "two"}' || pg_temp.units(4))));
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.update('ix-units', '{}', '{"IndexName": "two", "WarmThroughput": {"WriteUnitsPerSecond": 50}}')));
SELECT pg_temp.describe('ix-units');
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-units', pg_temp.index('three', 'b=HASH'), 'b=N'));

-- On demand, indexes have no units, and an index may come with the change; provisioned, each must be given some.
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.create_index('ix-units', pg_temp.index('three', 'b=HASH'), 'b=N') || '{"BillingMode": "PAY_PER_REQUEST"}'));
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-units');
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', '{}', '{"IndexName": "one"}' || pg_temp.units(3)));
SELECT 1 FROM dynamo_update_table(pg_temp.update('ix-units', '{}', '{"IndexName": "one", "OnDemandThroughput": {"MaxReadRequestUnits": 8, "MaxWriteRequestUnits": 8}}'));
SELECT 1 FROM dynamo_update_table(pg_temp.update('ix-units', '{}', '{"IndexName": "one", "OnDemandThroughput": {"MaxReadRequestUnits": -1, "MaxWriteRequestUnits": 8}}'));
SELECT pg_temp.describe('ix-units');
SELECT pg_temp.api('update_table', '{"TableName": "ix-units", "BillingMode": "PROVISIONED"}' || pg_temp.units(1));
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', '{"BillingMode": "PROVISIONED"}' || pg_temp.units(1), '{"IndexName": "two"}' || pg_temp.units(4)));
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.update('ix-units', '{"BillingMode": "PROVISIONED"}' || pg_temp.units(1),
	'{"IndexName": "one"}' || pg_temp.units(4), '{"IndexName": "two"}' || pg_temp.units(4), '{"IndexName": "three"}' || pg_temp.units(4))));
SELECT pg_temp.describe('ix-units');

-- A request that is refused changes nothing: here the second index, after the table and the first.
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', pg_temp.units(2), '{"IndexName": "one"}' || pg_temp.units(9), '{"IndexName": "two"}' || pg_temp.units(4)));
SELECT pg_temp.describe('ix-units') OFFSET 1 LIMIT 1;

-- Another key or projection for an index, which keeps its throughput.
SELECT dynapg.replace_index('ix-units', 'none', '{}');
SELECT dynapg.replace_index('ix-none', 'one', '{}');
SELECT dynapg.replace_index('ix-units', 'one', '[]');
SELECT dynapg.replace_index('ix-units', 'one', '{"ProvisionedThroughput": {}}');
SELECT dynapg.replace_index('ix-units', 'one', '{"Projection": {"ProjectionType": "SOME"}}');
SELECT dynapg.replace_index('ix-units', 'one', '{"Projection": {"ProjectionType": "INCLUDE"}}');
SELECT dynapg.replace_index('ix-units', 'one', '{"KeySchema": [{"AttributeName": "f", "KeyType": "HASH"}]}');
SELECT dynapg.replace_index('ix-units', 'one', '{"KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "b", "AttributeType": "S"}]}');
SELECT dynapg.replace_index('ix-demand', 'local', '{"KeySchema": [{"AttributeName": "a", "KeyType": "HASH"}]}');
SELECT dynapg.replace_index('ix-demand', 'local', '{"KeySchema": [{"AttributeName": "b", "KeyType": "HASH"}, {"AttributeName": "a", "KeyType": "RANGE"}]}');
SELECT dynapg.replace_index('ix-units', 'one', '{"KeySchema": [{"AttributeName": "f", "KeyType": "HASH"}, {"AttributeName": "b", "KeyType": "RANGE"}],
	"Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["y"]}, "AttributeDefinitions": [{"AttributeName": "f", "AttributeType": "B"}]}');
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-units');
SELECT dynapg.replace_index('ix-demand', 'local', '{"Projection": {"ProjectionType": "ALL"}}');
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-demand');

-- While an index is being replaced it is UPDATING, and is replaced by nothing else.
BEGIN;
SELECT dynapg.put('ix-units', '{"a": "held", "b": 1, "f": {"$B": "AA=="}}');
PREPARE TRANSACTION 'ix-writer';
SELECT dynapg.replace_index('ix-units', 'one', '{"Projection": {"ProjectionType": "ALL"}}');
SELECT pg_temp.describe('ix-units');
SELECT dynapg.replace_index('ix-units', 'one', '{}');
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-units', 'one'));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-units', 'two'));
SELECT pg_temp.api('update_table', pg_temp.update('ix-units', '{}', '{"IndexName": "one"}' || pg_temp.units(9)));
SELECT pg_temp.api('update_table', '{"TableName": "ix-units", "BillingMode": "PAY_PER_REQUEST"}');
SELECT pg_temp.indexes(dynamo_update_table('{"TableName": "ix-units"}' || pg_temp.units(6))) LIMIT 1;
COMMIT PREPARED 'ix-writer';
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-units');

-- The owner's alone.
CREATE ROLE ix_other;
GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo."ix-units" TO ix_other;
SET ROLE ix_other;
SELECT dynapg.replace_index('ix-units', 'one', '{}');
SELECT dynamo_update_table(pg_temp.delete_index('ix-units', 'one'));
RESET ROLE;

-- A table can be deleted when no index is being built.
BEGIN;
SELECT dynapg.put('ix-units', '{"a": "late", "b": 1}');
PREPARE TRANSACTION 'ix-writer';
SELECT 1 FROM dynamo_update_table(pg_temp.create_index('ix-units', pg_temp.index('last', 'b=HASH', 'ALL', pg_temp.units(1)), 'b=N'));
SELECT pg_temp.api('delete_table', '{"TableName": "ix-units"}');
COMMIT PREPARED 'ix-writer';
CALL pg_temp.wait_for('built');
SELECT dynamo_delete_table('{"TableName": "ix-units"}')->'TableDescription'->'TableStatus';
SELECT dynamo_delete_table('{"TableName": "ix-demand"}')->'TableDescription'->'TableStatus';
DROP ROLE ix_other;
SELECT count(*) FROM dynapg.indexes;

-- With a delay, indexes are CREATING as long as their table, and one that comes later goes through its phases: the table is
-- UPDATING, then the index is backfilling.
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.indexes(dynamo_create_table(pg_temp.creation('ix-delay', 'a=S b=N', jsonb_build_object('GlobalSecondaryIndexes', jsonb_build_array(pg_temp.index('one', 'b=HASH'))))));
SELECT pg_temp.describe('ix-delay');
UPDATE dynapg.tables SET change_ends = now() WHERE name = 'ix-delay';
UPDATE dynapg.indexes SET change_ends = now() WHERE table_name = 'ix-delay';
SELECT pg_temp.describe('ix-delay');
SELECT 1 FROM dynamo_update_table(pg_temp.create_index('ix-delay', pg_temp.index('two', 'b=HASH'), 'b=N'));
CALL pg_temp.wait_for('built');
SELECT pg_temp.describe('ix-delay');
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-delay', 'two'));
SELECT pg_temp.api('update_table', pg_temp.delete_index('ix-delay', 'one'));
SELECT pg_temp.api('update_table', '{"TableName": "ix-delay", "OnDemandThroughput": {"MaxReadRequestUnits": 1}}');
SELECT pg_temp.api('update_table', '{"TableName": "ix-delay", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}');
SELECT pg_temp.api('delete_table', '{"TableName": "ix-delay"}');
UPDATE dynapg.tables SET change_ends = now() WHERE name = 'ix-delay';
SELECT pg_temp.describe('ix-delay');
SELECT pg_temp.api('delete_table', '{"TableName": "ix-delay"}');
SELECT pg_temp.api('update_table', pg_temp.create_index('ix-delay', pg_temp.index('three', 'b=HASH'), 'b=N'));
SELECT pg_temp.indexes(dynamo_update_table(pg_temp.delete_index('ix-delay', 'two')));
CALL pg_temp.wait_for('built');
RESET dynapg.control_plane_delay;
UPDATE dynapg.tables SET change_ends = now() WHERE name = 'ix-delay';
SELECT dynamo_delete_table('{"TableName": "ix-delay"}')->'TableDescription'->'TableStatus';
