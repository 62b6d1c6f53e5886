-- Schedules of backups, and what there is to see of backups.

CREATE FUNCTION dynapg.create_backup_schedule(table_name text, every interval, keep integer DEFAULT 7) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_create_backup_schedule' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.create_backup_schedule(text, interval, integer) IS
	'has a table backed up now and every so often, and the newest so many of these backups kept; in the place of its schedule, if it has one; for the table''s owner';

CREATE FUNCTION dynapg.drop_backup_schedule(table_name text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_drop_backup_schedule' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.drop_backup_schedule(text) IS
	'ends the schedule of a table''s backups, which stay; false if it has none; for the table''s owner';

CREATE FUNCTION dynapg.run_backup_schedules() RETURNS integer
	AS 'MODULE_PATHNAME', 'dynapg_run_backup_schedules' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.run_backup_schedules() IS
	'makes the backups that are due by the schedules of tables whose owner''s privileges the caller has, and deletes those that are not kept, as the keeper does; returns how many were made. Failures are in dynapg.stat_backups';

CREATE VIEW dynapg.stat_backups AS
	SELECT coalesce(s.table_name, b.table_name) AS table_name,
		coalesce(b.backups, 0) AS backups, coalesce(b.creating, 0) AS creating, b.size, b.last_backup,
		s.every, s.keep, s.last_run, s.next_run,
		CASE WHEN s.last_error_at >= coalesce(b.last_error_at, s.last_error_at) THEN s.last_error ELSE b.last_error END AS last_error,
		greatest(s.last_error_at, b.last_error_at) AS last_error_at
	FROM dynapg.backup_schedules s FULL JOIN (
		SELECT b.table_name, count(*) FILTER (WHERE b.status = 'AVAILABLE' AND c.oid IS NOT NULL) AS backups,
			count(*) FILTER (WHERE b.status = 'CREATING') AS creating,
			sum(pg_catalog.pg_total_relation_size(c.oid))::bigint AS size,
			max(b.created_at) FILTER (WHERE b.status = 'AVAILABLE' AND c.oid IS NOT NULL) AS last_backup,
			(array_agg(b.last_error ORDER BY b.last_error_at DESC NULLS LAST))[1] AS last_error,
			max(b.last_error_at) AS last_error_at
		FROM dynapg.backups b LEFT JOIN pg_catalog.pg_class c
			ON c.relname = b.relation AND c.relnamespace = (SELECT n.oid FROM pg_catalog.pg_namespace n WHERE n.nspname = 'dynapg_backup')
		GROUP BY b.table_name) b ON b.table_name = s.table_name;
COMMENT ON VIEW dynapg.stat_backups IS 'tables that have backups or a schedule of backups: how many, of what size, when the last was made, and what has failed since';
COMMENT ON COLUMN dynapg.stat_backups.creating IS 'asked for, and not made yet';
COMMENT ON COLUMN dynapg.stat_backups.size IS 'bytes on disk of all its backups';
COMMENT ON COLUMN dynapg.stat_backups.last_backup IS 'as of when the last backup is that was made';
COMMENT ON COLUMN dynapg.stat_backups.last_run IS 'when its schedule asked for a backup last';
COMMENT ON COLUMN dynapg.stat_backups.last_error IS 'why a backup could not be asked for or made, or an old one not be deleted; null when that has come right';
GRANT SELECT ON dynapg.stat_backups TO PUBLIC;

-- Who copies, tells by the same means as COPY.
CREATE VIEW dynapg.backup_progress AS
	SELECT p.pid, t.name AS table_name, p.tuples_processed AS items, p.bytes_processed AS bytes, a.xact_start AS started_at
	FROM pg_catalog.pg_stat_progress_copy p JOIN dynapg.tables t ON t.relation = p.relid
		LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.pid
	WHERE p.datname = pg_catalog.current_database() AND p.command = 'COPY TO' AND p.type = 'CALLBACK';
COMMENT ON VIEW dynapg.backup_progress IS 'backups that are being made now: how far they are';
COMMENT ON COLUMN dynapg.backup_progress.items IS 'items copied';
GRANT SELECT ON dynapg.backup_progress TO pg_monitor;
