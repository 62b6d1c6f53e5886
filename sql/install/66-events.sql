-- Event source mappings, with Lambda's names.

CREATE FUNCTION dynapg.create_event_source_mapping(table_name text, destination jsonb, options jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_create_event_source_mapping' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.create_event_source_mapping(text, jsonb, jsonb) IS
	'has the changes of a table sent to a destination from now on, with the caller''s privileges; for the table''s owner';

CREATE FUNCTION dynapg.update_event_source_mapping(uuid uuid, options jsonb DEFAULT '{}', destination jsonb DEFAULT NULL) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_update_event_source_mapping' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.update_event_source_mapping(uuid, jsonb, jsonb) IS
	'changes what is given of a mapping''s options and its destination, after the batches that are on their way';

CREATE FUNCTION dynapg.delete_event_source_mapping(uuid uuid) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_delete_event_source_mapping' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete_event_source_mapping(uuid) IS 'deletes a mapping, after the batches that are on their way';

CREATE FUNCTION dynapg.get_event_source_mapping(uuid uuid) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_get_event_source_mapping' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get_event_source_mapping(uuid) IS 'describes a mapping of the caller''s';

CREATE FUNCTION dynapg.list_event_source_mappings(table_name text DEFAULT NULL) RETURNS SETOF jsonb
	AS 'MODULE_PATHNAME', 'dynapg_list_event_source_mappings' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.list_event_source_mappings(text) IS 'describes the mappings of the caller''s, of one table or of all, in the order of their creation';

CREATE FUNCTION dynapg.enable_event_source_mapping(uuid uuid) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_enable_event_source_mapping' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.enable_event_source_mapping(uuid) IS 'has a mapping go on where it was; its SQL functions are taken as they are now';

CREATE FUNCTION dynapg.disable_event_source_mapping(uuid uuid) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_disable_event_source_mapping' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.disable_event_source_mapping(uuid) IS 'has a mapping rest, after the batches that are on their way';

CREATE FUNCTION dynapg.test_event_pattern(pattern text, event jsonb) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_test_event_pattern' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.test_event_pattern(text, jsonb) IS
	'whether a record, as destinations get it, would pass a filter with this pattern';

CREATE FUNCTION dynapg.event_source_mapping_lag(uuid uuid, OUT records bigint, OUT oldest timestamptz)
	AS 'MODULE_PATHNAME', 'dynapg_event_source_mapping_lag' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.event_source_mapping_lag(uuid) IS
	'how many records wait for a mapping, counted to 10,000 a shard, and when the oldest was written; those that no filter will match among them';

CREATE VIEW dynapg.stat_event_source_mappings WITH (security_barrier) AS
	SELECT m.uuid, m.table_name, m.owner, m.kind AS destination_kind,
		CASE WHEN s.enabled THEN 'Enabled' ELSE 'Disabled' END AS state, s.problem,
		p.lanes, 100000000000000000000 + p.position AS position, l.records AS lag_records,
		CASE WHEN l.records = 0 THEN 0 ELSE extract(epoch FROM pg_catalog.clock_timestamp() - l.oldest)::double precision END AS lag_seconds,
		coalesce(s.sent, 0) + p.sent AS sent, coalesce(s.retried, 0) + p.retried AS retried, coalesce(s.failed, 0) + p.failed AS failed,
		coalesce(s.filtered, 0) + p.filtered AS filtered,
		p.failures, p.retry_at, p.sent_at AS last_sent_at, e.last_error, e.last_error_at
	FROM dynapg.event_source_mappings m
		LEFT JOIN dynapg.event_states s ON s.mapping = m.uuid
		CROSS JOIN LATERAL (SELECT count(*)::integer AS lanes, min(q.position) AS position, coalesce(sum(q.sent), 0)::bigint AS sent,
				coalesce(sum(q.retried), 0)::bigint AS retried, coalesce(sum(q.failed), 0)::bigint AS failed, coalesce(sum(q.filtered), 0)::bigint AS filtered,
				coalesce(max(q.failures), 0) AS failures, min(q.retry_at) AS retry_at, max(q.sent_at) AS sent_at
			FROM dynapg.event_positions q WHERE q.mapping = m.uuid) p
		LEFT JOIN LATERAL (SELECT q.last_error, q.last_error_at FROM dynapg.event_positions q WHERE q.mapping = m.uuid AND q.last_error IS NOT NULL
			ORDER BY q.last_error_at DESC LIMIT 1) e ON true
		CROSS JOIN LATERAL dynapg.event_source_mapping_lag(m.uuid) l
	WHERE pg_catalog.pg_has_role(m.owner::oid, 'USAGE') OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW dynapg.stat_event_source_mappings IS
	'event source mappings: how far they are, how far behind, and what goes wrong; for their owners and pg_monitor';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.problem IS 'what keeps it from reading';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.lanes IS 'shards, or parts of shards, that it reads or will read';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.position IS 'the SequenceNumber that the lane is at which is furthest behind';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.lag_records IS 'records that it has not dealt with, counted to 10,000 a lane';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.lag_seconds IS 'how old the oldest of them is';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.sent IS 'records that the destination has taken';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.retried IS 'records that were sent again, or will be';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.failed IS 'records that were given up';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.filtered IS 'records that no filter matched';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.failures IS 'failures in a row, of the lane that has most; 0: it works';
COMMENT ON COLUMN dynapg.stat_event_source_mappings.last_error IS 'it may have gone on since';
GRANT SELECT ON dynapg.stat_event_source_mappings TO PUBLIC;
