--
-- What the keeper does on a timer: for pg_cron, and where no background worker is to be had.
--

CREATE FUNCTION dynapg.tick() RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_tick' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION dynapg.tick() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.tick() IS
	'notes up to which number change logs can be read now, for readers on standbys and AT_TIMESTAMP; false if nothing has changed';

CREATE FUNCTION dynapg.rotate() RETURNS integer
	AS 'MODULE_PATHNAME', 'dynapg_rotate' LANGUAGE C VOLATILE PARALLEL UNSAFE;
REVOKE EXECUTE ON FUNCTION dynapg.rotate() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.rotate() IS
	'makes, closes and drops segments of change logs as they are due; returns the number of steps';

CREATE FUNCTION dynapg.expire_items(table_name text DEFAULT NULL, max_items bigint DEFAULT 10000) RETURNS bigint
	AS 'MODULE_PATHNAME', 'dynapg_expire_items' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.expire_items(text, bigint) IS
	'removes items that have expired, of one table or of all that belong to the current user, at most max_items, in the caller''s transaction; returns how many. Items that others write or hold are left for the next call';

--
-- Time to live.
--

CREATE FUNCTION dynapg.oldest_expired(table_name text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'dynapg_oldest_expired' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.oldest_expired(text) IS
	'when the item expired that has waited longest to be removed; null if none waits. For roles that may read the table';

CREATE VIEW dynapg.stat_ttl AS
	SELECT i.table_name, i.definition #>> '{KeySchema,0,AttributeName}' AS attribute_name,
		CASE i.status WHEN 'CREATING' THEN 'ENABLING' WHEN 'ACTIVE' THEN 'ENABLED' ELSE 'DISABLING' END AS status,
		coalesce(c.deleted, 0) AS items_deleted, c.since, c.deleted_at AS last_deleted_at, o.oldest_expired,
		clock_timestamp() - o.oldest_expired AS behind
	FROM dynapg.indexes i
		JOIN dynapg.tables t ON t.name = i.table_name
		LEFT JOIN dynapg.time_to_live_counts c ON c.relation = i.relation
		CROSS JOIN LATERAL (SELECT CASE WHEN i.status = 'ACTIVE' AND has_schema_privilege('dynamo', 'USAGE')
				AND has_table_privilege(t.relation, 'SELECT') THEN dynapg.oldest_expired(i.table_name) END AS oldest_expired) o
	WHERE i.kind = 'TTL';
COMMENT ON VIEW dynapg.stat_ttl IS
	'tables whose items expire: how many have, and how long the oldest has waited that is still there; the latter for those who may read the table';
GRANT SELECT ON dynapg.stat_ttl TO PUBLIC;
