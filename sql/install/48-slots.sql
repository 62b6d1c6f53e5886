-- Logical replication slots, which readers of logical decoding leave behind.  Who may see them is PostgreSQL's affair.
CREATE VIEW dynapg.stat_slots WITH (security_invoker = true) AS
	SELECT s.slot_name, s.plugin, s.active_pid, s.wal_status,
		pg_catalog.pg_wal_lsn_diff(wal.lsn, s.confirmed_flush_lsn)::bigint AS lag_bytes,
		pg_catalog.pg_wal_lsn_diff(wal.lsn, s.restart_lsn)::bigint AS retained_bytes,
		s.safe_wal_size, pg_catalog.age(s.catalog_xmin) AS catalog_xmin_age
	FROM pg_catalog.pg_replication_slots s, (SELECT CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
		ELSE pg_catalog.pg_current_wal_lsn() END AS lsn) wal
	WHERE s.slot_type = 'logical' AND s.database = pg_catalog.current_database();
COMMENT ON VIEW dynapg.stat_slots IS 'logical replication slots of this database: how far behind their readers are, and what they keep';
COMMENT ON COLUMN dynapg.stat_slots.plugin IS 'dynapg: records of streams; others read the segments in dynapg_log, or other tables';
COMMENT ON COLUMN dynapg.stat_slots.active_pid IS 'null: nobody reads it now';
COMMENT ON COLUMN dynapg.stat_slots.lag_bytes IS 'WAL that its reader has not confirmed';
COMMENT ON COLUMN dynapg.stat_slots.retained_bytes IS 'WAL that the server keeps for it, on its disk';
COMMENT ON COLUMN dynapg.stat_slots.safe_wal_size IS 'WAL that can be written before the slot is in danger of being lost; null without max_slot_wal_keep_size';
COMMENT ON COLUMN dynapg.stat_slots.catalog_xmin_age IS 'transactions since the oldest whose catalog rows vacuum keeps for it';
GRANT SELECT ON dynapg.stat_slots TO PUBLIC;
