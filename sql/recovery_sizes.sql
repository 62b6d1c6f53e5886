-- What point-in-time recovery takes, by table, and the warning before the disk is full.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT pg_temp.make(name, 'p:S'), dynamo_update_continuous_backups(jsonb_build_object('TableName', name, 'PointInTimeRecoverySpecification',
	jsonb_build_object('PointInTimeRecoveryEnabled', true, 'RecoveryPeriodInDays', days))) IS NULL FROM (VALUES ('Much', 7), ('Little', 1), ('Nothing', 1)) t(name, days);
COMMIT;
-- ten times as many changes, and twice as large
SELECT count(dynapg.put('Much', jsonb_build_object('p', i % 10 || '', 'x', (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 30 + i % 2))))) FROM generate_series(1, 2010) i;
SELECT count(dynapg.put('Little', jsonb_build_object('p', i % 10 || '', 'x', (SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 15 + i % 2))))) FROM generate_series(1, 210) i;
SELECT table_name, days, size > 0 AS size, bytes_a_day > size AS grows, size_expected = bytes_a_day * 7 AS expected, disk_free > 0 AS disk FROM dynapg.stat_recovery ORDER BY 1;
SELECT max(size) / min(nullif(size, 0)) BETWEEN 13 AND 23 FROM dynapg.stat_recovery;
SELECT (SELECT sum(size) FROM dynapg.recovery_sizes()) / sum(size) BETWEEN 0.9 AND 1.1 FROM dynapg.stat_logs WHERE kind = 'UNDO';

-- A disk with room, and one that is nearly full
BEGIN;
CREATE OR REPLACE FUNCTION dynapg.disk_free() RETURNS bigint LANGUAGE sql AS 'SELECT 1234567812345678';
SELECT DISTINCT warning IS NULL FROM dynapg.stat_recovery;
CREATE OR REPLACE FUNCTION dynapg.disk_free() RETURNS bigint LANGUAGE sql AS 'SELECT 12345678';
SELECT DISTINCT regexp_replace(warning, 'by \d+ \w+', 'by (size)') FROM dynapg.stat_recovery;
ROLLBACK;

-- For who watches the server
CREATE ROLE regress_dynapg_watcher;
SET ROLE regress_dynapg_watcher;
SELECT pg_temp.fails('TABLE dynapg.stat_recovery'), pg_temp.fails('SELECT dynapg.disk_free()'), pg_temp.fails('SELECT dynapg.recovery_sizes()');
RESET ROLE;
GRANT pg_monitor TO regress_dynapg_watcher;
SET ROLE regress_dynapg_watcher;
SELECT count(*) FROM dynapg.stat_recovery;
RESET ROLE;
DROP ROLE regress_dynapg_watcher;

BEGIN;
SET LOCAL client_min_messages TO warning;
SELECT dynamo_update_continuous_backups(jsonb_build_object('TableName', name, 'PointInTimeRecoverySpecification', '{"PointInTimeRecoveryEnabled": false}'::jsonb)) IS NULL,
	dynamo_delete_table(jsonb_build_object('TableName', name)) IS NULL FROM dynapg.tables;
COMMIT;
SELECT count(*) FROM dynapg.stat_recovery;
