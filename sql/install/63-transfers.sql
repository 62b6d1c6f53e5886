-- What there is to see of transfers, and their end.

CREATE FUNCTION dynapg.cancel_transfer(id text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_cancel_transfer' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.cancel_transfer(text) IS
	'has an export, import, bulk put or copy end as CANCELLED soon; false if it has ended; for who has begun it';

CREATE VIEW dynapg.stat_transfers WITH (security_barrier) AS
	SELECT t.id, t.kind, t.table_name, t.owner, t.status,
		CASE WHEN t.ended_at IS NOT NULL THEN NULL WHEN a.pid IS NULL THEN 'WAITING' ELSE coalesce(nullif(t.phase, ''), 'STARTING') END AS phase,
		t.items, t.written, t.errors, t.bytes, p.parts, p.parts_done, p.size,
		(t.items / s.seconds)::bigint AS items_per_second, (t.bytes / s.seconds)::bigint AS bytes_per_second,
		(t.state ->> 'Records')::bigint AS records, CASE WHEN t.ended_at IS NULL AND t.state ->> 'StreamArn' IS NOT NULL THEN
			pg_catalog.make_interval(secs => (t.state ->> 'Lag')::double precision + CASE WHEN a.pid IS NULL OR t.state @> '{"Paused": true}' THEN
			extract(epoch FROM pg_catalog.clock_timestamp())::double precision - (t.state ->> 'LagAt')::double precision ELSE 0 END) END AS lag,
		t.started_at, t.ended_at, a.pid, t.attempts, t.last_error, t.last_error_at, t.failure_code, t.failure_message
	FROM dynapg.transfers t
		LEFT JOIN dynapg.tables d ON d.name = t.table_name AND d.id = t.table_id
		LEFT JOIN pg_catalog.pg_class c ON c.oid = d.relation
		LEFT JOIN pg_catalog.pg_stat_activity a ON t.ended_at IS NULL AND a.datname = pg_catalog.current_database() AND
			a.backend_type = 'dynapg transfer' AND a.application_name = 'dynapg transfer ' || t.id
		CROSS JOIN LATERAL (SELECT count(*) AS parts, count(*) FILTER (WHERE q.done) AS parts_done, sum(q.size)::bigint AS size
			FROM dynapg.transfer_parts q WHERE q.transfer = t.id) p
		CROSS JOIN LATERAL (SELECT greatest(extract(epoch FROM coalesce(t.ended_at, pg_catalog.clock_timestamp()) - t.started_at), 0.001) AS seconds) s
	WHERE pg_catalog.pg_has_role(t.owner::oid, 'USAGE') OR pg_catalog.pg_has_role(c.relowner, 'USAGE') OR
		pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW dynapg.stat_transfers IS
	'exports, imports, bulk puts and copies of 90 days: how far they are and how they ended; for who has begun them, the owners of their tables, and pg_monitor';
COMMENT ON COLUMN dynapg.stat_transfers.id IS 'the end of the ExportArn, ImportArn or BulkOperationArn; what dynapg.cancel_transfer() takes';
COMMENT ON COLUMN dynapg.stat_transfers.phase IS 'what it is at; WAITING: no process works on it now; null: it has ended';
COMMENT ON COLUMN dynapg.stat_transfers.items IS 'items read';
COMMENT ON COLUMN dynapg.stat_transfers.written IS 'items written';
COMMENT ON COLUMN dynapg.stat_transfers.errors IS 'items that could not be';
COMMENT ON COLUMN dynapg.stat_transfers.bytes IS 'bytes of objects before compression';
COMMENT ON COLUMN dynapg.stat_transfers.parts IS 'files of an export, objects of an import, segments or shards of a copy';
COMMENT ON COLUMN dynapg.stat_transfers.size IS 'bytes of its parts as they are stored, as far as they are known';
COMMENT ON COLUMN dynapg.stat_transfers.records IS 'of a copy: records of the stream applied';
COMMENT ON COLUMN dynapg.stat_transfers.lag IS 'of a copy: how old the last record is that was applied of the shard that is furthest behind; zero: there was nothing more; null: no stream is followed';
COMMENT ON COLUMN dynapg.stat_transfers.attempts IS 'how often it has failed in a row; it is tried again after a pause';
COMMENT ON COLUMN dynapg.stat_transfers.last_error IS 'why it has failed last; it may have gone on since';
GRANT SELECT ON dynapg.stat_transfers TO PUBLIC;
