-- API calls and SQL are one transaction.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

SELECT pg_temp.make('Music', 'id:S');
CREATE TABLE account (id int PRIMARY KEY, balance int CHECK (balance >= 0));
INSERT INTO account VALUES (1, 100);
CREATE FUNCTION pg_temp.put(id text, v int DEFAULT 0) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_put_item(jsonb_build_object('TableName', 'Music', 'Item', jsonb_build_object(
		'id', jsonb_build_object('S', id), 'v', jsonb_build_object('N', v::text)))) $$;
CREATE FUNCTION pg_temp.get(id text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT dynamo_get_item(jsonb_build_object('TableName', 'Music', 'Key', jsonb_build_object(
		'id', jsonb_build_object('S', id)))) -> 'Item' -> 'v' $$;

-- Commit and roll back together
BEGIN;
SELECT pg_temp.put('paid', 1);
UPDATE account SET balance = balance - 60;
COMMIT;
SELECT pg_temp.get('paid'), balance FROM account;
BEGIN;
SELECT pg_temp.put('paid', 2), dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "nothing"}}}');
UPDATE account SET balance = balance - 60;
COMMIT;
SELECT pg_temp.get('paid'), balance FROM account;
BEGIN;
UPDATE account SET balance = 0;
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"no": {"S": "key"}}}');
COMMIT;
SELECT balance FROM account;

-- Savepoints: what is rolled back is gone, what is released stays
BEGIN;
SELECT pg_temp.put('a', 1);
SAVEPOINT one;
SELECT pg_temp.put('a', 2), pg_temp.put('b', 1);
SAVEPOINT two;
SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "a"}}}');
SELECT pg_temp.get('a'), pg_temp.get('b');
ROLLBACK TO two;
SELECT pg_temp.get('a'), pg_temp.get('b');
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"no": {"S": "key"}}}');
ROLLBACK TO two;
SELECT pg_temp.put('a', 3);
RELEASE two;
SELECT pg_temp.get('a'), pg_temp.get('b');
ROLLBACK TO one;
SELECT pg_temp.get('a'), pg_temp.get('b');
COMMIT;
SELECT pg_temp.get('a'), pg_temp.get('b');

-- DDL is transactional: create, put, roll back
BEGIN;
SELECT pg_temp.make('Gone', 'id:S');
SELECT dynamo_put_item('{"TableName": "Gone", "Item": {"id": {"S": "1"}}}');
SELECT dynamo_get_item('{"TableName": "Gone", "Key": {"id": {"S": "1"}}}');
ROLLBACK;
SELECT pg_temp.fails($$ SELECT dynamo_get_item('{"TableName": "Gone", "Key": {"id": {"S": "1"}}}') $$);
SELECT count(*) FROM dynapg.tables WHERE name = 'Gone';
SELECT to_regclass('dynamo."Gone"');

-- create and drop, and create again with other keys, in one transaction
BEGIN;
SELECT pg_temp.make('Twice', 'id:S');
SELECT dynamo_put_item('{"TableName": "Twice", "Item": {"id": {"S": "1"}}}');
SELECT dynamo_delete_table('{"TableName": "Twice"}') IS NOT NULL;
SELECT pg_temp.fails($$ SELECT dynamo_get_item('{"TableName": "Twice", "Key": {"id": {"S": "1"}}}') $$);
SELECT pg_temp.make('Twice', 'n:N', 'm:B');
SELECT dynamo_put_item('{"TableName": "Twice", "Item": {"n": {"N": "1"}, "m": {"B": "AA=="}}}');
COMMIT;
SELECT item FROM dynamo."Twice";

-- A rolled-back drop leaves the table, its items and the API's memory of it
BEGIN;
SELECT dynamo_delete_table('{"TableName": "Twice"}') IS NOT NULL;
SELECT pg_temp.fails($$ SELECT dynamo_get_item('{"TableName": "Twice", "Key": {"n": {"N": "1"}, "m": {"B": "AA=="}}}') $$);
ROLLBACK;
SELECT dynamo_get_item('{"TableName": "Twice", "Key": {"n": {"N": "1"}, "m": {"B": "AA=="}}}');
BEGIN;
SAVEPOINT s;
DROP TABLE dynamo."Twice";
SELECT pg_temp.make('Twice', 'id:S');
SELECT dynamo_put_item('{"TableName": "Twice", "Item": {"id": {"S": "other"}}}');
ROLLBACK TO s;
SELECT dynamo_get_item('{"TableName": "Twice", "Key": {"n": {"N": "1"}, "m": {"B": "AA=="}}}');
SAVEPOINT s;
SELECT pg_temp.make('Inner', 'id:S');
ROLLBACK TO s;
SELECT pg_temp.fails($$ SELECT dynamo_get_item('{"TableName": "Inner", "Key": {"id": {"S": "1"}}}') $$);
COMMIT;

-- TRUNCATE rolls back too
BEGIN;
TRUNCATE dynamo."Twice";
SELECT dynamo_get_item('{"TableName": "Twice", "Key": {"n": {"N": "1"}, "m": {"B": "AA=="}}}');
ROLLBACK;
SELECT dynamo_get_item('{"TableName": "Twice", "Key": {"n": {"N": "1"}, "m": {"B": "AA=="}}}');

-- Read-only transactions read and do not write, whatever the operation would have done
BEGIN READ ONLY;
SELECT pg_temp.get('paid');
SELECT pg_temp.fails($$ SELECT dynamo_put_item('{"TableName": "Music", "Item": {"id": {"S": "1"}}}') $$);
SELECT pg_temp.fails($$ SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "nothing"}}}') $$);
SELECT pg_temp.fails($$ SELECT pg_temp.make('ReadOnly', 'id:S') $$);
SELECT pg_temp.fails($$ SELECT dynamo_delete_table('{"TableName": "Music"}') $$);
SELECT pg_temp.fails($$ SELECT dynamo_update_table('{"TableName": "Music", "DeletionProtectionEnabled": true}') $$);
COMMIT;
SELECT count(*) FROM dynapg.tables;

-- REPEATABLE READ and SERIALIZABLE see their own writes
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.put('rr', 1);
SELECT pg_temp.put('rr', 2);
SELECT pg_temp.get('rr');
SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "rr"}}, "ReturnValues": "ALL_OLD"}');
SELECT pg_temp.put('rr', 3);
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT pg_temp.put('rr', 4);
SAVEPOINT s;
SELECT pg_temp.put('rr', 5);
ROLLBACK TO s;
SELECT pg_temp.get('rr');
COMMIT;
SELECT item FROM dynamo."Music" WHERE item->>'id' = 'rr';

-- A procedure that commits between calls
CREATE PROCEDURE pg_temp.puts() LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..3 LOOP
		PERFORM pg_temp.put('proc ' || i, i);
		IF i = 2 THEN
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
	END LOOP;
END $$;
CALL pg_temp.puts();
SELECT item FROM dynamo."Music" WHERE item->>'id' LIKE 'proc %' ORDER BY item->>'id';

-- A function that is not VOLATILE takes the API as it takes any write
CREATE FUNCTION pg_temp.stable_put() RETURNS jsonb LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN pg_temp.put('stable', 1); END $$;
SELECT pg_temp.stable_put(), pg_temp.get('stable');

DROP TABLE account;
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
