-- Which tables exist.  Written by the API's DDL and by nobody else; read by everybody.
CREATE TABLE dynapg.tables (
	name text COLLATE "C" PRIMARY KEY,
	relation regclass,
	id uuid NOT NULL,
	created_at timestamptz NOT NULL,
	definition jsonb NOT NULL,
	change text CHECK (change IN ('CREATING', 'UPDATING', 'DELETING')),
	change_ends timestamptz,
	tags jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(tags) OPERATOR(pg_catalog.=) 'object'),
	time_to_live_changed_at timestamptz
);
CREATE UNIQUE INDEX tables_relation_key ON dynapg.tables (relation);
COMMENT ON TABLE dynapg.tables IS 'the DynamoDB tables of this database';
COMMENT ON COLUMN dynapg.tables.name IS 'name as the API knows it, 3 to 255 characters';
COMMENT ON COLUMN dynapg.tables.relation IS 'the table in schema dynamo that holds its items; null once it is being deleted';
COMMENT ON COLUMN dynapg.tables.id IS 'TableId: another one for each table that ever had the name';
COMMENT ON COLUMN dynapg.tables.definition IS 'what CreateTable and UpdateTable were given, in the shapes of DescribeTable';
COMMENT ON COLUMN dynapg.tables.change IS 'status until change_ends, where dynapg.control_plane_delay makes changes last';
COMMENT ON COLUMN dynapg.tables.tags IS 'tags: each key''s value';
COMMENT ON COLUMN dynapg.tables.time_to_live_changed_at IS 'when UpdateTimeToLive changed something last';
GRANT SELECT ON dynapg.tables TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.tables', '');

-- Their secondary indexes.  Each is a table of its own in schema dynapg_index, kept by dynapg and by nobody else.
CREATE SCHEMA dynapg_index;
COMMENT ON SCHEMA dynapg_index IS 'dynapg: the tables that hold the entries of secondary indexes';

CREATE TABLE dynapg.indexes (
	table_name text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	relation regclass NOT NULL,
	kind text NOT NULL CHECK (kind IN ('LOCAL', 'GLOBAL', 'TTL')),
	definition jsonb NOT NULL,
	status text NOT NULL CHECK (status IN ('CREATING', 'ACTIVE', 'DELETING')),
	backfilling boolean NOT NULL DEFAULT false,
	replaces text,
	change_ends timestamptz,
	kept boolean NOT NULL,
	PRIMARY KEY (table_name, name)
);
CREATE UNIQUE INDEX indexes_relation_key ON dynapg.indexes (relation);
COMMENT ON TABLE dynapg.indexes IS 'the secondary indexes of the tables in dynapg.tables';
COMMENT ON COLUMN dynapg.indexes.relation IS 'the table in schema dynapg_index that holds its entries';
COMMENT ON COLUMN dynapg.indexes.kind IS 'TTL: by what items expire, which callers never see';
COMMENT ON COLUMN dynapg.indexes.definition IS 'KeySchema, Projection and throughput, in the shapes of DescribeTable';
COMMENT ON COLUMN dynapg.indexes.status IS 'CREATING, DELETING: not read';
COMMENT ON COLUMN dynapg.indexes.backfilling IS 'CREATING, and items that were there before are being entered';
COMMENT ON COLUMN dynapg.indexes.kept IS
	'writers keep its entries; else they only take entries away (CREATING) or leave them alone (DELETING)';
COMMENT ON COLUMN dynapg.indexes.replaces IS 'the index whose place it takes once it is built';
COMMENT ON COLUMN dynapg.indexes.change_ends IS 'shown as CREATING until then (dynapg.control_plane_delay)';
GRANT SELECT ON dynapg.indexes TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.indexes', '');

CREATE TABLE dynapg.index_builds (
	relation regclass PRIMARY KEY,
	hash uuid,
	sort bytea,
	items bigint NOT NULL DEFAULT 0,
	entries bigint NOT NULL DEFAULT 0,
	started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	updated_at timestamptz
);
COMMENT ON TABLE dynapg.index_builds IS
	'how far the indexes are that are being built; has keys of items, so others see dynapg.index_progress';
COMMENT ON COLUMN dynapg.index_builds.hash IS 'with sort, the key of the last item read; null before the first batch';
COMMENT ON COLUMN dynapg.index_builds.items IS 'items read';
COMMENT ON COLUMN dynapg.index_builds.entries IS 'entries made; writers make theirs themselves';
-- Not in dumps, which whoever owns the tables makes: a restored index that was not built yet is built from the first item.

CREATE TABLE dynapg.time_to_live_counts (
	relation regclass PRIMARY KEY,
	deleted bigint NOT NULL,
	since timestamptz NOT NULL,
	deleted_at timestamptz NOT NULL
);
COMMENT ON TABLE dynapg.time_to_live_counts IS 'how many items have expired; shown by dynapg.stat_ttl';
COMMENT ON COLUMN dynapg.time_to_live_counts.relation IS 'the table in dynapg_index of the index of kind TTL';
COMMENT ON COLUMN dynapg.time_to_live_counts.since IS 'when it was begun to count';
COMMENT ON COLUMN dynapg.time_to_live_counts.deleted_at IS 'when items expired last';
GRANT SELECT ON dynapg.time_to_live_counts TO PUBLIC;

CREATE FUNCTION dynapg.catalog_changed() RETURNS trigger
	AS 'MODULE_PATHNAME', 'dynapg_catalog_changed' LANGUAGE C;
COMMENT ON FUNCTION dynapg.catalog_changed() IS 'makes every process forget what it has read of the table';
REVOKE EXECUTE ON FUNCTION dynapg.catalog_changed() FROM PUBLIC;

CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.tables
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.tables ENABLE ALWAYS TRIGGER catalog_changed;
CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.indexes
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.indexes ENABLE ALWAYS TRIGGER catalog_changed;

-- What plain SQL does to items is followed up in their indexes.  Everybody may execute these three: whoever owns a table makes its
-- triggers when a dump is restored.  They do nothing unless they are fired as dynapg's own triggers are.
CREATE FUNCTION dynapg.items_changed() RETURNS trigger
	AS 'MODULE_PATHNAME', 'dynapg_items_changed' LANGUAGE C;
COMMENT ON FUNCTION dynapg.items_changed() IS 'row trigger of every item table: keeps its secondary indexes and change logs';
CREATE FUNCTION dynapg.items_truncating() RETURNS trigger
	AS 'MODULE_PATHNAME', 'dynapg_items_truncating' LANGUAGE C;
COMMENT ON FUNCTION dynapg.items_truncating() IS 'trigger before TRUNCATE of every item table: logs the removal of each item';
CREATE FUNCTION dynapg.items_truncated() RETURNS trigger
	AS 'MODULE_PATHNAME', 'dynapg_items_truncated' LANGUAGE C;
COMMENT ON FUNCTION dynapg.items_truncated() IS 'TRUNCATE trigger of every item table: empties its secondary indexes';
CREATE FUNCTION dynapg.index_guard() RETURNS trigger
	AS 'MODULE_PATHNAME', 'dynapg_index_guard' LANGUAGE C;
COMMENT ON FUNCTION dynapg.index_guard() IS
	'trigger of every index table: refuses changes by others than dynapg; a row that COPY brings makes the entry of its item, those of logical replication are passed over';

-- What plain DDL does to item tables.
CREATE FUNCTION dynapg.on_drop() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'dynapg_on_drop' LANGUAGE C;
COMMENT ON FUNCTION dynapg.on_drop() IS 'forgets item tables that DROP drops; refuses while deletion protection is on';
REVOKE EXECUTE ON FUNCTION dynapg.on_drop() FROM PUBLIC;
CREATE EVENT TRIGGER dynapg_on_drop ON sql_drop EXECUTE FUNCTION dynapg.on_drop();
ALTER EVENT TRIGGER dynapg_on_drop ENABLE ALWAYS;

CREATE FUNCTION dynapg.on_alter() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'dynapg_on_alter' LANGUAGE C;
COMMENT ON FUNCTION dynapg.on_alter() IS 'keeps item tables and index tables what they are';
REVOKE EXECUTE ON FUNCTION dynapg.on_alter() FROM PUBLIC;
CREATE EVENT TRIGGER dynapg_on_alter ON ddl_command_end WHEN TAG IN (
		'CREATE TABLE', 'CREATE FOREIGN TABLE', 'CREATE SCHEMA', 'CREATE INDEX', 'CREATE TRIGGER',
		'ALTER TABLE', 'ALTER FOREIGN TABLE', 'ALTER SCHEMA')
	EXECUTE FUNCTION dynapg.on_alter();
ALTER EVENT TRIGGER dynapg_on_alter ENABLE ALWAYS;
