-- The change logs of tables: streams, what point-in-time restore reads, and what goes to Kinesis.  Their rows are in segments, each a table of its own in
-- schema dynapg_log, that are dropped when they are older than their log keeps.
--
-- Nothing of this goes through a dump: what is restored begins new logs, of the tables whose definitions say so.
CREATE SCHEMA dynapg_log;
COMMENT ON SCHEMA dynapg_log IS 'dynapg: the segments of change logs';

CREATE SEQUENCE dynapg.log_seq START WITH 100 INCREMENT BY 100 CACHE 1;
COMMENT ON SEQUENCE dynapg.log_seq IS 'numbers of log rows; the numbers between are for events that come late';

-- Which logs there are and were.  The output plugin knows a row from its insertion in the WAL or as it is now (api/decoding.c), which is
-- why this is no user catalog table: once such a table is dropped, no slot of the database gets past what was written to it.
CREATE TABLE dynapg.logs (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('STREAM', 'UNDO', 'KINESIS')),
	table_name text COLLATE "C" NOT NULL,
	table_id uuid NOT NULL,
	relation regclass,
	owner regrole NOT NULL,
	label text COLLATE "C",
	view_type text CHECK (view_type IN ('KEYS_ONLY', 'NEW_IMAGE', 'OLD_IMAGE', 'NEW_AND_OLD_IMAGES')),
	key_schema jsonb NOT NULL,
	shards integer NOT NULL DEFAULT 1 CHECK (shards BETWEEN 1 AND 16),
	status text NOT NULL CHECK (status IN ('ENABLING', 'ENABLED', 'DISABLING', 'DISABLED')),
	kept boolean NOT NULL,
	created_at timestamptz NOT NULL,
	first_seq bigint,
	last_seq bigint,
	closed_at timestamptz,
	days integer,
	begun_by xid8,
	CHECK ((kind = 'STREAM') = (label IS NOT NULL)),
	CHECK ((kind = 'STREAM') = (view_type IS NOT NULL))
);
CREATE INDEX logs_relation ON dynapg.logs (relation);
CREATE UNIQUE INDEX logs_label_key ON dynapg.logs (table_name, label);
COMMENT ON TABLE dynapg.logs IS 'the change logs of tables: streams, undo logs and those for Kinesis, also of tables that are gone';
COMMENT ON COLUMN dynapg.logs.relation IS 'the item table in schema dynamo; null when it is gone';
COMMENT ON COLUMN dynapg.logs.owner IS 'the owner of the item table; once it is gone, who may read the stream';
COMMENT ON COLUMN dynapg.logs.label IS 'StreamLabel; with the table''s name it makes the StreamArn';
COMMENT ON COLUMN dynapg.logs.shards IS 'shards of the first generation, each with its share of the partition hashes';
COMMENT ON COLUMN dynapg.logs.kept IS 'writers write it';
COMMENT ON COLUMN dynapg.logs.first_seq IS 'rows of this number and above are served';
COMMENT ON COLUMN dynapg.logs.last_seq IS 'rows of this number and below are served; null while it is written';
COMMENT ON COLUMN dynapg.logs.days IS 'how many days back the table can be restored to a point in time; null but of an undo log';
COMMENT ON COLUMN dynapg.logs.begun_by IS 'the transaction since which all changes are logged: moments that it is visible in can be restored';
GRANT SELECT ON dynapg.logs TO PUBLIC;

-- The segments, which are the extension's own.
CREATE TABLE dynapg.log_segments (
	number integer PRIMARY KEY,
	kind text NOT NULL CHECK (kind IN ('STREAM', 'UNDO')),
	relation regclass NOT NULL UNIQUE,
	format integer NOT NULL,
	created_at timestamptz NOT NULL,
	first_seq bigint NOT NULL,
	closed_seq bigint,
	closed_at timestamptz,
	timeline integer NOT NULL,
	trim_seq bigint NOT NULL
);
COMMENT ON TABLE dynapg.log_segments IS 'the tables that hold the rows of change logs';
COMMENT ON COLUMN dynapg.log_segments.format IS 'of its columns: 1';
COMMENT ON COLUMN dynapg.log_segments.first_seq IS 'all its rows have greater numbers';
COMMENT ON COLUMN dynapg.log_segments.closed_seq IS 'no row has a greater number; null while it may be written';
COMMENT ON COLUMN dynapg.log_segments.timeline IS 'where it was made: after a promotion a new one is';
COMMENT ON COLUMN dynapg.log_segments.trim_seq IS 'rows up to this number may have been in segments that were dropped';
GRANT SELECT ON dynapg.log_segments TO PUBLIC;

-- The generations of a stream's shards after the first, which dynapg.logs tells: one ends where the next begins.
CREATE TABLE dynapg.log_shards (
	log integer NOT NULL,
	generation integer NOT NULL CHECK (generation > 0),
	created_at timestamptz NOT NULL,
	first_seq bigint NOT NULL,
	shards integer NOT NULL CHECK (shards BETWEEN 1 AND 16),
	PRIMARY KEY (log, generation)
);
COMMENT ON TABLE dynapg.log_shards IS 'the generations of streams'' shards after the first';
COMMENT ON COLUMN dynapg.log_shards.first_seq IS 'rows of greater numbers are in this generation''s shards, up to the next one''s first_seq';
COMMENT ON COLUMN dynapg.log_shards.shards IS 'how many shards it has, each with its share of the partition hashes';
GRANT SELECT ON dynapg.log_shards TO PUBLIC;

CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.logs
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.logs ENABLE ALWAYS TRIGGER catalog_changed;
CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.log_segments
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.log_segments ENABLE ALWAYS TRIGGER catalog_changed;
CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.log_shards
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.log_shards ENABLE ALWAYS TRIGGER catalog_changed;

-- What readers on a standby, AT_TIMESTAMP and point-in-time restore go by: up to which number nothing can be committed any more, and
-- which transactions were visible, at a time.
CREATE TABLE dynapg.ticks (
	time timestamptz PRIMARY KEY,
	horizon bigint NOT NULL,
	snapshot pg_snapshot NOT NULL
);
COMMENT ON TABLE dynapg.ticks IS 'moments in the order of time, once a second while items with a log change';
COMMENT ON COLUMN dynapg.ticks.horizon IS 'rows of change logs up to this number are all committed, or never will be';
COMMENT ON COLUMN dynapg.ticks.snapshot IS 'which transactions were visible';
GRANT SELECT ON dynapg.ticks TO PUBLIC;
