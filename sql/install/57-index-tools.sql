-- Secondary indexes: how far builds are, starting builders, and the checker.
GRANT USAGE ON SCHEMA dynapg_index TO PUBLIC;

CREATE FUNCTION dynapg.build_indexes() RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_build_indexes' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.build_indexes() IS
	'starts a builder for each table with indexes to build or to drop that has none; they are also started by DescribeTable and by the endpoint';

CREATE FUNCTION dynapg.index_entry(index_table regclass, item jsonb,
								   OUT hash uuid, OUT sort bytea[], OUT entry jsonb) RETURNS record
	AS 'MODULE_PATHNAME', 'dynapg_index_entry' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.index_entry(regclass, jsonb) IS
	'the entry that an item has in a secondary index, given by its table in dynapg_index: hash and sort attributes of its key, and the projected item; nulls if it has none';

CREATE FUNCTION dynapg.index_table_problem(index_table regclass) RETURNS text
	AS 'MODULE_PATHNAME', 'dynapg_index_table_problem' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.index_table_problem(regclass) IS
	'what makes a table in dynapg_index another one than dynapg made for its index; null if nothing does';

CREATE FUNCTION dynapg.missing_triggers(relation regclass) RETURNS text[]
	AS 'MODULE_PATHNAME', 'dynapg_missing_triggers' LANGUAGE C STRICT STABLE PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.missing_triggers(regclass) IS
	'which of the triggers that dynapg made for an item table or index table it has not, or not enabled always, whatever their names are';

CREATE VIEW dynapg.index_progress AS
	SELECT i.table_name, i.name AS index_name, i.status, i.backfilling, b.items, b.entries,
		greatest(c.reltuples, b.items)::bigint AS items_estimated, b.started_at, b.updated_at
	FROM dynapg.indexes i
		JOIN dynapg.tables t ON t.name = i.table_name
		LEFT JOIN dynapg.index_builds b ON b.relation = i.relation
		LEFT JOIN pg_catalog.pg_class c ON c.oid = t.relation
	WHERE i.status <> 'ACTIVE';
COMMENT ON VIEW dynapg.index_progress IS
	'indexes that are being built or dropped: items read, entries made, and how many items the table had when it was last analyzed';
GRANT SELECT ON dynapg.index_progress TO PUBLIC;

CREATE FUNCTION dynapg.wait_for_indexes(table_name text, timeout interval DEFAULT '1 minute') RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_wait_for_indexes' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.wait_for_indexes(text, interval) IS
	'waits until no index of a table is being built or dropped; false if that takes longer than the timeout. Starts a builder where none is. Not for transactions that have written to the table: builders wait for those';

CREATE FUNCTION dynapg.check_table(table_name text) RETURNS TABLE (index_name text, problem text, item jsonb)
	LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	base regclass;
	i record;
	sort_columns text;
	difference text;
BEGIN
	SELECT t.relation INTO base FROM dynapg.tables t WHERE t.name = $1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'table "%" does not exist', $1 USING ERRCODE = 'undefined_table';
	END IF;

	-- the catalog and the relations
	IF base IS NULL OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = base) THEN
		RETURN QUERY SELECT NULL::text, 'the item table is gone', NULL::jsonb;
		RETURN;
	END IF;
	RETURN QUERY SELECT NULL::text, format('trigger %s is missing or not enabled always', name), NULL::jsonb
		FROM unnest(dynapg.missing_triggers(base)) name;
	RETURN QUERY SELECT NULL::text, format('the item table inherits or is inherited from: %s', concat_ws(', ', inhparent, inhrelid)), NULL::jsonb
		FROM pg_inherits WHERE base IN (inhparent, inhrelid);
	RETURN QUERY SELECT NULL::text, format('index table %s belongs to no index', c.oid::regclass), NULL::jsonb
		FROM pg_class c
		WHERE c.relnamespace = 'dynapg_index'::regnamespace AND c.relkind = 'r' AND starts_with(c.relname, $1 || '~')
			AND NOT EXISTS (SELECT FROM dynapg.indexes x WHERE x.relation = c.oid);

	FOR i IN SELECT x.*, (SELECT count(*) FROM jsonb_array_elements(x.definition -> 'KeySchema') k
						  WHERE k ->> 'KeyType' = 'RANGE') AS n_sort
		FROM dynapg.indexes x WHERE x.table_name = $1 AND x.status <> 'DELETING' ORDER BY x.name
	LOOP
		IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = i.relation) THEN
			RETURN QUERY SELECT i.name, 'the index table is gone', NULL::jsonb;
			CONTINUE;
		END IF;
		RETURN QUERY SELECT i.name, 'the index table belongs to another role than the item table', NULL::jsonb
			FROM pg_class a, pg_class b WHERE a.oid = i.relation AND b.oid = base AND a.relowner <> b.relowner;
		RETURN QUERY SELECT i.name, format('trigger %s of the index table is missing or not enabled always', name), NULL::jsonb
			FROM unnest(dynapg.missing_triggers(i.relation)) name;
		difference := dynapg.index_table_problem(i.relation);
		IF difference IS NOT NULL THEN
			RETURN QUERY SELECT i.name, format('the index table is not what dynapg made it. %s', difference), NULL::jsonb;
			CONTINUE;
		END IF;

		-- every item has its entry, and every entry its item; while an index is being built entries may be missing
		SELECT coalesce(string_agg(format('sort_%s', n), ', '), '') INTO sort_columns
			FROM generate_series(1, i.n_sort) n;
		RETURN QUERY EXECUTE format($query$
			WITH expected AS (
				SELECT e.hash, e.sort, t.hash AS base_hash, t.sort AS base_sort, e.entry
				FROM %s t, dynapg.index_entry(%s::regclass, t.item) e WHERE e.hash IS NOT NULL
			), actual AS (
				SELECT hash, ARRAY[%s]::bytea[] AS sort, base_hash, base_sort, item AS entry FROM %s
			)
			SELECT %L, CASE WHEN a.entry IS NULL THEN 'an entry is missing' WHEN e.entry IS NULL THEN 'an entry has no item'
					ELSE 'an entry differs' END, coalesce(a.entry, e.entry)
			FROM expected e FULL JOIN actual a USING (hash, sort, base_hash, base_sort)
			WHERE a.entry IS DISTINCT FROM e.entry AND (%L <> 'CREATING' OR a.entry IS NOT NULL)
			$query$, base, i.relation::oid, sort_columns, i.relation, i.name, i.status);
	END LOOP;
END $$;
COMMENT ON FUNCTION dynapg.check_table(text) IS
	'compares every index of a table with its items, on one snapshot each, and the catalog with the relations; returns each difference. For the owner of the table; reads all of it';
