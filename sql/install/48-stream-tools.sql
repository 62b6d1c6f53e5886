-- Streams for those who use SQL: their records as rows, their shards, and who holds them back.

CREATE FUNCTION dynapg.stream_records(table_name text, after numeric DEFAULT NULL, "limit" integer DEFAULT 1000)
	RETURNS TABLE (sequence_number numeric, event_name text, keys jsonb, old_image jsonb, new_image jsonb, created_at timestamptz,
		expired boolean)
	AS 'MODULE_PATHNAME', 'dynapg_stream_records' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.stream_records(text, numeric, integer) IS
	'records of a table''s latest stream, or of the one of an ARN, behind a sequence number (null: from the oldest on), in their order, as plain jsonb; needs what GetRecords does';

CREATE FUNCTION dynapg.set_stream_shards(table_name text, shards integer) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_set_stream_shards' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.set_stream_shards(text, integer) IS
	'ends the shards of a table''s stream and begins so many others, 1 to 16, each with its share of the partition keys; for the table''s owner';

-- A transaction that has written to a stream holds its readers back at the number in a lock's tag (src/log/log_horizon.c).  A prepared one is
-- known by the lock on its xid, which has the same virtual transaction.  After a promotion a thousand million numbers are passed over.
CREATE VIEW dynapg.stat_streams AS
	WITH locks AS MATERIALIZED (
		SELECT * FROM pg_catalog.pg_locks WHERE locktype IN ('userlock', 'transactionid')
	), holders AS (
		SELECT l.classid, (l.objid::bigint << 16 | l.objsubid::integer & 65535) * 100 AS number, l.pid, p.gid,
			coalesce(a.xact_start, p.prepared) AS since
		FROM locks l
			LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
			LEFT JOIN locks t ON l.pid IS NULL AND t.pid IS NULL AND t.locktype = 'transactionid' AND t.mode = 'ExclusiveLock' AND t.virtualtransaction = l.virtualtransaction
			LEFT JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = t.transactionid
		WHERE l.locktype = 'userlock' AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())
	), last AS (
		SELECT CASE WHEN s.is_called THEN s.last_value ELSE s.last_value - 100 END AS number,
			CASE WHEN pg_catalog.pg_is_in_recovery() THEN coalesce((SELECT t.horizon FROM dynapg.ticks t ORDER BY t.time DESC LIMIT 1), 0) END AS ticked
		FROM dynapg.log_seq s
	)
	SELECT l.table_name, l.label AS stream_label, l.status, l.view_type,
		coalesce((SELECT g.shards FROM dynapg.log_shards g WHERE g.log = l.id ORDER BY g.generation DESC LIMIT 1), l.shards) AS shards,
		l.created_at, l.closed_at,
		100000000000000000000 + least(coalesce(last.ticked, h.number, last.number), l.last_seq) AS horizon,
		CASE WHEN l.last_seq IS NOT NULL THEN 0 WHEN last.ticked IS NULL THEN (last.number - least(h.number, last.number)) / 100 % 1000000000 END AS behind,
		h.pid AS held_by_pid, h.gid AS held_by_gid, h.since AS held_since
	FROM dynapg.logs l
		CROSS JOIN last
		LEFT JOIN LATERAL (SELECT * FROM holders WHERE classid = l.id::oid OR classid = 0 ORDER BY number LIMIT 1) h ON true
	WHERE l.kind = 'STREAM';
COMMENT ON VIEW dynapg.stat_streams IS
	'streams: up to where they can be read, how many changes of all streams are behind that, and the oldest transaction that holds readers back';
COMMENT ON COLUMN dynapg.stat_streams.horizon IS 'records with greater sequence numbers are not served yet';
COMMENT ON COLUMN dynapg.stat_streams.behind IS 'changes of all streams since; null on a standby, whose horizon is the last tick''s';
COMMENT ON COLUMN dynapg.stat_streams.held_since IS 'when that transaction began, or was prepared';

CREATE VIEW dynapg.stat_logs AS
	SELECT s.number, s.kind, s.relation, s.created_at, s.closed_at, c.size,
		(c.size / greatest(extract(epoch FROM coalesce(s.closed_at, pg_catalog.clock_timestamp()) - s.created_at), 1) * 86400)::bigint AS bytes_a_day
	FROM dynapg.log_segments s CROSS JOIN LATERAL (SELECT pg_catalog.pg_total_relation_size(s.relation) AS size) c;
COMMENT ON VIEW dynapg.stat_logs IS 'segments of change logs: the tables that hold the rows, their sizes, and how fast they grow or grew';

GRANT SELECT ON dynapg.stat_streams, dynapg.stat_logs TO pg_monitor;
