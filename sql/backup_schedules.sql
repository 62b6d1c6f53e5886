-- Schedules of backups: who may, what is made and kept, what has failed, and what others and pg_cron see of it.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never

CREATE ROLE backup_schedules_owner;
CREATE ROLE backup_schedules_other;
GRANT CREATE ON SCHEMA dynamo TO backup_schedules_owner;
SET ROLE backup_schedules_owner;
SELECT count(*) FROM dynamo_create_table('{"TableName": "Kept", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}');

-- In one transaction, so that no keeper comes between
BEGIN;
SELECT dynapg.create_backup_schedule('Kept', '1 day', 2);
SELECT every, keep, backups, last_run IS NULL AS never, next_run <= clock_timestamp() AS due FROM dynapg.stat_backups WHERE table_name = 'Kept';
SELECT dynapg.run_backup_schedules();
SELECT dynapg.run_backup_schedules() AS not_due;
SELECT backups, creating, size > 0 AS sized, last_error, last_run IS NOT NULL AS ran, next_run BETWEEN last_run + '1 day' - interval '1 min' AND last_run + '1 day' + interval '1 min' AS tomorrow FROM dynapg.stat_backups WHERE table_name = 'Kept';
SELECT s ->> 'BackupName' ~ '^scheduled-\d{8}T\d{6}Z$' AS named, s ->> 'BackupType' FROM jsonb_array_elements(dynamo_list_backups('{"TableName": "Kept"}') -> 'BackupSummaries') s;
-- The newest two are kept, and those that somebody has asked for
SELECT count(*) FROM dynamo_create_backup('{"TableName": "Kept", "BackupName": "by-hand"}');
CREATE FUNCTION pg_temp.come_due() RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
	PERFORM dynapg.create_backup_schedule('Kept', '1 day', 2);
	PERFORM pg_sleep(0.002);
	RETURN dynapg.run_backup_schedules();
END $$;
SELECT pg_temp.come_due(), pg_temp.come_due(), pg_temp.come_due();
SELECT count(*) FILTER (WHERE scheduled) AS scheduled, count(*) FILTER (WHERE NOT scheduled) AS others FROM dynapg.backups WHERE table_name = 'Kept';
SELECT count(*) FROM pg_class WHERE relnamespace = 'dynapg_backup'::regnamespace AND relname LIKE 'Kept~%';
COMMIT;

-- Only the owner makes and ends one; who runs schedules runs those of the roles whose privileges he has
SET ROLE backup_schedules_other;
SELECT dynapg.create_backup_schedule('Kept', '1 day');
SELECT dynapg.drop_backup_schedule('Kept');
BEGIN;
RESET ROLE;
UPDATE dynapg.backup_schedules SET next_run = now();
SET ROLE backup_schedules_other;
SELECT dynapg.run_backup_schedules();
ROLLBACK;
SELECT backups, last_error FROM dynapg.stat_backups WHERE table_name = 'Kept';
UPDATE dynapg.backup_schedules SET keep = 1;
SET ROLE backup_schedules_owner;
SELECT dynapg.create_backup_schedule('NoSuch', '1 day');
SELECT dynapg.create_backup_schedule('Kept', '0');
SELECT dynapg.create_backup_schedule('Kept', '1 day', 0);

-- The table is gone: that is seen, its backups stay, and the schedule can be ended
BEGIN;
SELECT dynapg.create_backup_schedule('Kept', '1 day', 2);
SELECT count(*) FROM dynamo_delete_table('{"TableName": "Kept"}');
SELECT dynapg.run_backup_schedules();
SELECT backups, last_error, last_error_at IS NOT NULL AS at, next_run BETWEEN clock_timestamp() AND clock_timestamp() + '1 min' AS again FROM dynapg.stat_backups WHERE table_name = 'Kept';
SET LOCAL ROLE backup_schedules_other;
SAVEPOINT others;
SELECT dynapg.drop_backup_schedule('Kept');
ROLLBACK TO others;
SET LOCAL ROLE backup_schedules_owner;
SELECT dynapg.drop_backup_schedule('Kept');
SELECT dynapg.drop_backup_schedule('Kept') AS again;
SELECT backups, every, last_error FROM dynapg.stat_backups WHERE table_name = 'Kept';
COMMIT;

-- A row that a role brings who may not change them, as one who restores a dump, is left out
RESET ROLE;
GRANT INSERT, SELECT ON dynapg.backups TO backup_schedules_other;
SET ROLE backup_schedules_other;
SET client_min_messages TO warning;
INSERT INTO dynapg.backups (label, table_name, name, relation, created_at, items, bytes, table_id, table_created_at, definition, indexes)
	VALUES ('01576616366715-00000000', 'Forged', 'forged', 'forged', now(), 0, 0, gen_random_uuid(), now(), '{}', '[]');
RESET ROLE;
REVOKE INSERT, SELECT ON dynapg.backups FROM backup_schedules_other;
SELECT count(*) FROM dynapg.backups WHERE table_name = 'Forged';

SELECT count(*) FROM dynapg.backups, dynamo_delete_backup(jsonb_build_object('BackupArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/' || table_name || '/backup/' || label));
DROP OWNED BY backup_schedules_owner, backup_schedules_other;
DROP ROLE backup_schedules_owner, backup_schedules_other;
