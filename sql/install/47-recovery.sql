-- Point-in-time recovery.

CREATE FUNCTION @extschema@.dynamo_update_continuous_backups(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_continuous_backups' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_continuous_backups(jsonb) IS 'UpdateContinuousBackups: switches point-in-time recovery of a table on or off';

CREATE FUNCTION @extschema@.dynamo_restore_table_to_point_in_time(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_restore_table_to_point_in_time' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_restore_table_to_point_in_time(jsonb) IS
	'RestoreTableToPointInTime: makes a table with the items that another one had at a time';

CREATE FUNCTION dynapg.items_at(table_name text, at timestamptz) RETURNS TABLE (item jsonb, hash uuid, sort bytea)
	AS 'MODULE_PATHNAME', 'dynapg_items_at' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.items_at(text, timestamptz) IS
	'the items that a table with point-in-time recovery had at a time, in no order, with the keys of their rows; for who may read all of the table';

CREATE FUNCTION dynapg.history(table_name text, key jsonb)
	RETURNS TABLE (item jsonb, valid_from timestamptz, valid_until timestamptz, xid xid8)
	AS 'MODULE_PATHNAME', 'dynapg_history' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.history(text, jsonb) IS
	'the versions of an item that point-in-time recovery keeps, oldest first: null where there was none, from when to when, and the transaction that wrote it; for who may read all of the table';

-- How far the job is that fills a table: everybody may know, as with indexes.
CREATE FUNCTION dynapg.restored_items(relation regclass) RETURNS bigint
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.param3 FROM pg_catalog.pg_stat_get_progress_info('COPY') p, pg_catalog.pg_database d
	WHERE d.datname = pg_catalog.current_database() AND p.datid = d.oid AND p.relid = $1
$$;
COMMENT ON FUNCTION dynapg.restored_items(regclass) IS 'items that a restore has put into a table so far; null if none is at work on it';

CREATE VIEW dynapg.stat_restores AS
	SELECT r.table_name, r.source_table, r.backup_arn, r.restore_time,
		CASE WHEN r.failed THEN 'FAILED' WHEN r.filled THEN 'BUILDING INDEXES' WHEN p.items IS NOT NULL THEN 'FILLING' ELSE 'WAITING' END AS phase,
		coalesce(r.items, p.items) AS items, nullif(c.reltuples, -1)::bigint AS items_estimated, r.attempts, r.failure, r.started_at
	FROM dynapg.restores r
		LEFT JOIN pg_catalog.pg_class c ON c.oid = r.source
		CROSS JOIN LATERAL (SELECT dynapg.restored_items(r.relation) AS items) p
	UNION ALL
	SELECT t.name, NULL, NULL, NULL, 'FAILED', NULL, NULL, 0, 'the table came by a dump, which has not what it is restored from', NULL
	FROM dynapg.tables t
	WHERE t.change = 'CREATING' AND t.change_ends = 'infinity' AND NOT EXISTS (SELECT FROM dynapg.restores r WHERE r.relation = t.relation)
		AND NOT EXISTS (SELECT FROM dynapg.transfers i WHERE i.kind = 'IMPORT' AND i.table_name = t.name AND i.table_id = t.id AND i.ended_at IS NULL);
COMMENT ON VIEW dynapg.stat_restores IS 'tables that are being restored: how far they are, and what failed; DeleteTable deletes one that has';
COMMENT ON COLUMN dynapg.stat_restores.items_estimated IS 'how many items the source had when it was last analyzed';
COMMENT ON COLUMN dynapg.stat_restores.failure IS 'the error of the last attempt; once the phase is FAILED, after five or where none can succeed, nothing more is tried';
GRANT SELECT ON dynapg.stat_restores TO PUBLIC;

CREATE FUNCTION dynapg.retry_restore(table_name text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_retry_restore' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.retry_restore(text) IS 'tries again to fill a table whose restore has failed; for its owner';

-- What the past of tables takes: their shares of the segments, by a sample of some hundred pages.
CREATE FUNCTION dynapg.disk_free() RETURNS bigint
	AS 'MODULE_PATHNAME', 'dynapg_disk_free' LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;
REVOKE EXECUTE ON FUNCTION dynapg.disk_free() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dynapg.disk_free() TO pg_monitor;
COMMENT ON FUNCTION dynapg.disk_free() IS 'bytes that the server may still write to the disk of the database''s tablespace';

CREATE FUNCTION dynapg.recovery_sizes() RETURNS TABLE (log integer, size bigint, began_at timestamptz, is_recent boolean)
	LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	segment record;
BEGIN
	FOR segment IN SELECT s.relation, s.created_at, coalesce(s.closed_at > clock_timestamp() - interval '1 day', true) AS is_recent,
			pg_total_relation_size(s.relation) AS bytes, greatest(pg_relation_size(s.relation) / current_setting('block_size')::bigint, 1) AS pages
		FROM dynapg.log_segments s WHERE s.kind = 'UNDO' LOOP
		CONTINUE WHEN segment.bytes IS NULL;
		RETURN QUERY EXECUTE format('SELECT r.log, (%s * sum(r.bytes) / sum(sum(r.bytes)) OVER ())::bigint, $1, $2
			FROM (SELECT log, 100 + coalesce(pg_column_size(old), 0) AS bytes FROM %s TABLESAMPLE SYSTEM (%s)) r GROUP BY r.log',
			segment.bytes, segment.relation, least(100, 100 * 300.0 / segment.pages)) USING segment.created_at, segment.is_recent;
	END LOOP;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.recovery_sizes() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dynapg.recovery_sizes() TO pg_monitor;
COMMENT ON FUNCTION dynapg.recovery_sizes() IS 'about how many bytes of each segment are an undo log''s; see dynapg.stat_recovery';

CREATE VIEW dynapg.stat_recovery AS
	WITH sizes AS MATERIALIZED (
		SELECT log, sum(size)::bigint AS size,
			(sum(size) FILTER (WHERE is_recent) * 86400 / greatest(extract(epoch FROM pg_catalog.clock_timestamp() - min(began_at) FILTER (WHERE is_recent)), 600))::bigint AS bytes_a_day
		FROM dynapg.recovery_sizes() GROUP BY log
	), tables AS (
		SELECT l.table_name, l.days, l.created_at AS enabled_at, coalesce(s.size, 0) AS size, coalesce(s.bytes_a_day, 0) AS bytes_a_day,
			greatest(coalesce(s.bytes_a_day, 0) * max(l.days) OVER (), coalesce(s.size, 0)) AS size_expected
		FROM dynapg.logs l LEFT JOIN sizes s ON s.log = l.id
		WHERE l.kind = 'UNDO' AND l.kept
	)
	SELECT t.*, d.free AS disk_free,
		CASE WHEN sum(t.size_expected - t.size) OVER () > d.free * 0.8 THEN
			format('changes of all tables grow by %s until the window is full, and the disk has %s left',
				pg_catalog.pg_size_pretty(sum(t.size_expected - t.size) OVER ()), pg_catalog.pg_size_pretty(d.free)) END AS warning
	FROM tables t CROSS JOIN (SELECT dynapg.disk_free() AS free) d;
COMMENT ON VIEW dynapg.stat_recovery IS 'what point-in-time recovery takes: a line for each table that has it, and a warning before the disk is full';
COMMENT ON COLUMN dynapg.stat_recovery.size IS 'bytes of its changes that are kept now, about';
COMMENT ON COLUMN dynapg.stat_recovery.bytes_a_day IS 'how fast they have grown in the last day';
COMMENT ON COLUMN dynapg.stat_recovery.size_expected IS 'what they will take at that rate; all tables keep changes as long as the longest window is';
COMMENT ON COLUMN dynapg.stat_recovery.warning IS 'set where more than 0.8 of what is free will be taken';
GRANT SELECT ON dynapg.stat_recovery TO pg_monitor;
