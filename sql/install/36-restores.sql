-- Tables that are being restored.  A row is there until its table is ACTIVE, or dropped.
CREATE TABLE dynapg.restores (
	relation regclass PRIMARY KEY,
	table_name text COLLATE "C" NOT NULL,
	source_table text COLLATE "C" NOT NULL,
	backup_arn text COLLATE "C",
	restore_time timestamptz NOT NULL,
	source regclass NOT NULL,
	log integer,
	horizon bigint,
	snapshot pg_snapshot,
	filled boolean NOT NULL DEFAULT false,
	items bigint,
	attempts integer NOT NULL DEFAULT 0,
	failure text,
	failed boolean NOT NULL DEFAULT false,
	started_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	CHECK ((log IS NULL) = (horizon IS NULL) AND (log IS NULL) = (snapshot IS NULL))
);
COMMENT ON TABLE dynapg.restores IS 'tables that are being restored; see dynapg.stat_restores';
COMMENT ON COLUMN dynapg.restores.relation IS 'the table in schema dynamo that gets the items';
COMMENT ON COLUMN dynapg.restores.source_table IS 'the DynamoDB table that had the items';
COMMENT ON COLUMN dynapg.restores.backup_arn IS 'the backup; null of a point in time';
COMMENT ON COLUMN dynapg.restores.restore_time IS 'RestoreDateTime: as of when';
COMMENT ON COLUMN dynapg.restores.source IS 'the relation that has the items, with a column item';
COMMENT ON COLUMN dynapg.restores.log IS 'the undo log by which the items become those of the point in time; null: they are as they are in the source';
COMMENT ON COLUMN dynapg.restores.horizon IS 'changes up to this number are part of the point in time';
COMMENT ON COLUMN dynapg.restores.snapshot IS 'and those of transactions that are visible in it';
COMMENT ON COLUMN dynapg.restores.filled IS 'the items are there, indexes are being built';
COMMENT ON COLUMN dynapg.restores.failure IS 'the error of the last attempt';
COMMENT ON COLUMN dynapg.restores.failed IS 'nothing more is tried';
GRANT SELECT ON dynapg.restores TO PUBLIC;
-- Not in dumps: a table that was being restored comes back CREATING, and can be deleted.
