-- Streams: records of an item are in the order of its changes, however late the row trigger's events come.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.make_stream(name text) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]'::jsonb,
		'StreamSpecification', '{"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}'::jsonb))
$$;
CREATE FUNCTION pg_temp.iterator(name text, type text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	stream jsonb := dynamo_describe_stream(jsonb_build_object('StreamArn', dynamo_list_streams(jsonb_build_object('TableName', name)) #> '{Streams,-1,StreamArn}')) -> 'StreamDescription';
BEGIN
	RETURN dynamo_get_shard_iterator(jsonb_build_object('StreamArn', stream -> 'StreamArn', 'ShardId', stream #> '{Shards,-1,ShardId}', 'ShardIteratorType', type)) ->> 'ShardIterator';
END $$;
-- Of each item, its changes in the order of the records since the last call: a letter, and the value before and after.
CREATE TEMP TABLE positions (name text PRIMARY KEY, iterator text);
CREATE FUNCTION pg_temp.changes(of text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	page jsonb := dynamo_get_records(jsonb_build_object('ShardIterator', coalesce((SELECT iterator FROM positions WHERE name = of), pg_temp.iterator(of, 'TRIM_HORIZON'))));
BEGIN
	INSERT INTO positions VALUES (of, page ->> 'NextShardIterator') ON CONFLICT (name) DO UPDATE SET iterator = excluded.iterator;
	RETURN QUERY SELECT concat(r #>> '{dynamodb,Keys,s,N}', ': ', string_agg(concat(left(r ->> 'eventName', 1), ' ', r #>> '{dynamodb,OldImage,x,S}', '>', r #>> '{dynamodb,NewImage,x,S}'), ', ' ORDER BY n))
		FROM jsonb_array_elements(page -> 'Records') WITH ORDINALITY r(r, n) GROUP BY r #>> '{dynamodb,Keys,s,N}' ORDER BY (r #>> '{dynamodb,Keys,s,N}')::int;
END $$;
CREATE FUNCTION pg_temp.put(name text, s int, x text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.put(name, jsonb_build_object('p', 'a', 's', s, 'x', x));
	RETURN s;
END $$;
CREATE FUNCTION pg_temp.delete(name text, s int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.delete(name, 'a', s);
	RETURN s;
END $$;

-- An UPDATE that gives items each other's keys; a function puts, or deletes and puts, what has just got there
SELECT pg_temp.make_stream('Shift');
INSERT INTO dynamo."Shift" (item) SELECT jsonb_build_object('p', 'a', 's', s, 'x', 'x' || s) FROM generate_series(3, 1, -1) s;
SELECT pg_temp.changes('Shift');
WITH u AS (UPDATE dynamo."Shift" SET item = item || jsonb_build_object('s', (item -> 's')::int + 1) RETURNING (item -> 's')::int AS s) SELECT pg_temp.put('Shift', s, 'put') FROM u;
SELECT pg_temp.changes('Shift');
TRUNCATE dynamo."Shift";
INSERT INTO dynamo."Shift" (item) SELECT jsonb_build_object('p', 'a', 's', s, 'x', 'x' || s) FROM generate_series(3, 1, -1) s;
SELECT pg_temp.changes('Shift');
WITH u AS (UPDATE dynamo."Shift" SET item = item || jsonb_build_object('s', (item -> 's')::int + 1) RETURNING (item -> 's')::int AS s) SELECT pg_temp.put('Shift', pg_temp.delete('Shift', s), 'put') FROM u;
SELECT pg_temp.changes('Shift');

-- A trigger that moves the item to another key, and one that moves it back
SELECT pg_temp.make_stream('Back');
CREATE FUNCTION pg_temp.move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE dynamo."Back" SET item = item || jsonb_build_object('s', 11 - (NEW.item -> 's')::int, 'x', NEW.item ->> 'x' || '+') WHERE (hash, sort) = (NEW.hash, NEW.sort) AND length(item ->> 'x') < 4;
	RETURN NULL;
END $$;
CREATE TRIGGER move AFTER INSERT OR UPDATE ON dynamo."Back" FOR EACH ROW EXECUTE FUNCTION pg_temp.move();
INSERT INTO dynamo."Back" (item) VALUES ('{"p": "a", "s": 1, "x": "a"}');
SELECT pg_temp.changes('Back');
ALTER TRIGGER move ON dynamo."Back" RENAME TO "a move";
INSERT INTO dynamo."Back" (item) VALUES ('{"p": "a", "s": 2, "x": "b"}');
SELECT pg_temp.changes('Back');
DROP TRIGGER "a move" ON dynamo."Back";

-- MERGE, and INSERT ... ON CONFLICT DO UPDATE, with triggers that write again, and before that change what is written
SELECT pg_temp.make_stream('Merge');
CREATE FUNCTION pg_temp.again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'DELETE' THEN
		PERFORM pg_temp.put('Merge', (OLD.item -> 's')::int, 'again');
	ELSIF NEW.item ->> 'x' !~ 'again' THEN
		PERFORM pg_temp.delete('Merge', (NEW.item -> 's')::int);
	END IF;
	RETURN NULL;
END $$;
CREATE FUNCTION pg_temp.before() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	NEW.item := jsonb_set(NEW.item, '{x}', to_jsonb(NEW.item ->> 'x' || '!'));
	RETURN NEW;
END $$;
INSERT INTO dynamo."Merge" (item) SELECT jsonb_build_object('p', 'a', 's', s, 'x', '0') FROM generate_series(1, 2) s;
CREATE TRIGGER again AFTER INSERT OR UPDATE OR DELETE ON dynamo."Merge" FOR EACH ROW EXECUTE FUNCTION pg_temp.again();
CREATE TRIGGER before BEFORE INSERT OR UPDATE ON dynamo."Merge" FOR EACH ROW EXECUTE FUNCTION pg_temp.before();
MERGE INTO dynamo."Merge" t USING (VALUES (1), (2), (3)) v(s) ON (t.item -> 's')::int = v.s WHEN MATCHED AND s = 1 THEN DELETE
	WHEN MATCHED THEN UPDATE SET item = item || '{"x": "1"}' WHEN NOT MATCHED THEN INSERT (item) VALUES (jsonb_build_object('p', 'a', 's', v.s, 'x', '1'));
INSERT INTO dynamo."Merge" AS t (item) VALUES ('{"p": "a", "s": 2, "x": "2"}') ON CONFLICT (hash, sort) DO UPDATE SET item = t.item || '{"x": "3"}';
SELECT pg_temp.changes('Merge');

-- Two tables whose triggers write to each other
SELECT pg_temp.make_stream('Ping'), pg_temp.make_stream('Pong');
CREATE FUNCTION pg_temp.other() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF length(NEW.item ->> 'x') < 6 THEN
		PERFORM pg_temp.put(CASE TG_TABLE_NAME WHEN 'Ping' THEN 'Pong' ELSE 'Ping' END, 1, NEW.item ->> 'x' || '.');
	END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER other AFTER INSERT OR UPDATE ON dynamo."Ping" FOR EACH ROW EXECUTE FUNCTION pg_temp.other();
CREATE TRIGGER another AFTER INSERT OR UPDATE ON dynamo."Pong" FOR EACH ROW EXECUTE FUNCTION pg_temp.other();
INSERT INTO dynamo."Ping" (item) VALUES ('{"p": "a", "s": 1, "x": "a"}');
SELECT pg_temp.changes('Ping');
SELECT pg_temp.changes('Pong');
UPDATE dynamo."Pong" SET item = item || '{"x": "b"}';
SELECT pg_temp.changes('Ping');
SELECT pg_temp.changes('Pong');

-- A foreign key's cascade leaves its events to the statement that has caused it; triggers on the parent write again before that
SELECT pg_temp.make_stream('Child');
CREATE TABLE regress_parent (hash uuid, sort bytea, item jsonb, PRIMARY KEY (hash, sort));
INSERT INTO dynamo."Child" (item) SELECT jsonb_build_object('p', 'a', 's', s, 'x', '0') FROM generate_series(1, 2) s;
INSERT INTO regress_parent SELECT hash, sort, item FROM dynamo."Child";
ALTER TABLE dynamo."Child" ADD CONSTRAINT parent FOREIGN KEY (hash, sort) REFERENCES regress_parent ON DELETE CASCADE;
CREATE FUNCTION pg_temp.put_again() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO regress_parent VALUES (OLD.hash, OLD.sort, OLD.item || '{"x": "1"}');
	INSERT INTO dynamo."Child" (item) VALUES (OLD.item || '{"x": "1"}');
	UPDATE dynamo."Child" SET item = item || '{"x": "2"}' WHERE (hash, sort) = (OLD.hash, OLD.sort);
	RETURN NULL;
END $$;
CREATE TRIGGER "after the cascade" AFTER DELETE ON regress_parent FOR EACH ROW EXECUTE FUNCTION pg_temp.put_again();
DELETE FROM regress_parent;
SELECT pg_temp.changes('Child');
-- ... what the statement itself has changed before the cascade is before it
WITH u AS (UPDATE dynamo."Child" SET item = item || '{"x": "3"}' RETURNING 1), d AS (DELETE FROM regress_parent RETURNING 1) SELECT count(*) FROM d;
SELECT pg_temp.changes('Child');
WITH d AS (DELETE FROM regress_parent RETURNING 1), u AS (UPDATE dynamo."Child" SET item = item || '{"x": "4"}' FROM d RETURNING 1) SELECT count(*) FROM u;
SELECT pg_temp.changes('Child');
ALTER TABLE dynamo."Child" DROP CONSTRAINT parent;
DROP TABLE regress_parent;

-- Ordinary rows that go with an item, and whose triggers put it again
SELECT pg_temp.make_stream('Parent');
SELECT pg_temp.put('Parent', 1, '0');
CREATE TABLE regress_child (hash uuid, sort bytea, FOREIGN KEY (hash, sort) REFERENCES dynamo."Parent" ON DELETE CASCADE);
INSERT INTO regress_child SELECT hash, sort FROM dynamo."Parent";
CREATE FUNCTION pg_temp.revive() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.put('Parent', 1, 'revived');
	RETURN NULL;
END $$;
CREATE TRIGGER revive AFTER DELETE ON regress_child FOR EACH ROW EXECUTE FUNCTION pg_temp.revive();
SELECT pg_temp.delete('Parent', 1);
SELECT pg_temp.changes('Parent');
DROP TABLE regress_child;

-- A deferred trigger writes when the transaction commits
CREATE FUNCTION pg_temp.deferred() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	WITH u AS (UPDATE dynamo."Parent" SET item = item || '{"x": "deferred"}' RETURNING (item -> 's')::int AS s) UPDATE dynamo."Shift" SET item = item || jsonb_build_object('x', pg_temp.put('Parent', s, 'put')) FROM u;
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER deferred AFTER UPDATE ON dynamo."Parent" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.item ->> 'x' = 'now') EXECUTE FUNCTION pg_temp.deferred();
BEGIN;
UPDATE dynamo."Parent" SET item = item || '{"x": "now"}';
SELECT pg_temp.put('Parent', 1, 'later');
SELECT pg_temp.changes('Parent');
COMMIT;
SELECT pg_temp.changes('Parent');
DROP TRIGGER deferred ON dynamo."Parent";

-- Savepoints that are rolled back in the statement, whose places in the table are used again
CREATE FUNCTION pg_temp.try(name text, s int, x text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1 .. 3 LOOP
		BEGIN
			PERFORM pg_temp.put(name, pg_temp.delete(name, pg_temp.put(name, s, 'undone')), 'undone' || i);
			RAISE 'undo';
		EXCEPTION WHEN raise_exception THEN
			PERFORM item FROM dynamo."Ping";
		END;
		PERFORM pg_temp.put(name, s, x || i);
	END LOOP;
	RETURN s;
END $$;
DROP TRIGGER other ON dynamo."Ping";
WITH u AS (UPDATE dynamo."Ping" SET item = item || '{"x": "u"}' RETURNING (item -> 's')::int AS s) SELECT pg_temp.try('Ping', s, 'v') FROM u;
SELECT pg_temp.changes('Ping');
WITH u AS (DELETE FROM dynamo."Ping" RETURNING (item -> 's')::int AS s) SELECT pg_temp.try('Ping', s, 'w') FROM u;
SELECT pg_temp.changes('Ping');
-- ... an item that one savepoint locks and another one deletes, in the statement
CREATE FUNCTION pg_temp.lock_and_delete(s int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	BEGIN
		PERFORM FROM dynamo."Ping" WHERE (item -> 's')::int = s FOR UPDATE;
	EXCEPTION WHEN division_by_zero THEN NULL;
	END;
	BEGIN
		DELETE FROM dynamo."Ping" WHERE (item -> 's')::int = s;
	EXCEPTION WHEN division_by_zero THEN NULL;
	END;
	RETURN pg_temp.put('Ping', s, 'put');
END $$;
WITH u AS (UPDATE dynamo."Ping" SET item = item || '{"x": "u"}' RETURNING (item -> 's')::int AS s) SELECT pg_temp.lock_and_delete(s) FROM u;
SELECT pg_temp.changes('Ping');

-- Cursors: one that is open, one that is updated through, a loop over what is updated
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM dynamo."Ping" FOR UPDATE;
FETCH c \gset
UPDATE dynamo."Ping" SET item = item || '{"x": "current"}' WHERE CURRENT OF c;
SELECT pg_temp.put('Ping', 1, 'put');
UPDATE dynamo."Ping" SET item = item || '{"x": "sql"}';
DO $$
DECLARE
	s int;
BEGIN
	FOR s IN UPDATE dynamo."Ping" SET item = item || '{"x": "loop"}' RETURNING item -> 's' LOOP
		PERFORM pg_temp.put('Ping', s, 'in the loop');
	END LOOP;
END $$;
COMMIT;
SELECT pg_temp.changes('Ping');

-- As a subscriber applies changes: our triggers fire always
SET session_replication_role = replica;
UPDATE dynamo."Ping" SET item = item || '{"x": "applied"}';
SELECT pg_temp.put('Ping', 1, 'put');
RESET session_replication_role;
SELECT pg_temp.changes('Ping');

-- How often an item may be changed before the event of its statement
CREATE FUNCTION pg_temp.put_often(s int, n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	result int;
BEGIN
	IF n > 0 THEN
		WITH u AS (UPDATE dynamo."Ping" SET item = item || jsonb_build_object('x', 'n' || n) RETURNING 1) SELECT pg_temp.put_often(s, n - 1) FROM u INTO result;
	END IF;
	RETURN s;
END $$;
SELECT pg_temp.put_often(1, 100);
SELECT left(changes, 30), right(changes, 30), changed FROM pg_temp.changes('Ping') changes, LATERAL (SELECT count(*) AS changed FROM regexp_matches(changes, 'M', 'g')) m;
SELECT pg_temp.fails('SELECT pg_temp.put_often(1, 101)');

SELECT dynamo_delete_table(jsonb_build_object('TableName', name)) IS NOT NULL FROM dynapg.tables WHERE name IN ('Shift', 'Back', 'Merge', 'Ping', 'Pong', 'Child', 'Parent') ORDER BY name;
