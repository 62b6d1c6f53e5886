-- Backups of tables: copies of their items at one instant, each a table of its own in schema dynapg_backup, which belongs to the owner of
-- the table that was backed up.  A backup is there while both its row here and its table are: a dump may leave the tables out.
CREATE SCHEMA dynapg_backup;
COMMENT ON SCHEMA dynapg_backup IS 'dynapg: the tables that hold the items of backups';
GRANT USAGE ON SCHEMA dynapg_backup TO PUBLIC;

CREATE TABLE dynapg.backups (
	label text COLLATE "C" NOT NULL CHECK (label ~ '^[0-9]{14}-[0-9a-f]{8}$'),
	table_name text COLLATE "C" NOT NULL,
	name text NOT NULL,
	type text NOT NULL DEFAULT 'USER' CHECK (type IN ('USER', 'SYSTEM')),
	status text NOT NULL DEFAULT 'CREATING' CHECK (status IN ('CREATING', 'AVAILABLE')),
	relation name NOT NULL UNIQUE,
	created_at timestamptz NOT NULL,
	expires_at timestamptz,
	items bigint NOT NULL,
	bytes bigint NOT NULL,
	table_id uuid NOT NULL,
	table_created_at timestamptz NOT NULL,
	definition jsonb NOT NULL,
	indexes jsonb NOT NULL,
	time_to_live text,
	scheduled boolean NOT NULL DEFAULT false,
	last_error text,
	last_error_at timestamptz,
	PRIMARY KEY (label, table_name)
);
CREATE INDEX backups_pending ON dynapg.backups (table_name) WHERE status = 'CREATING';
COMMENT ON TABLE dynapg.backups IS 'the backups of tables, also of tables that are gone';
COMMENT ON COLUMN dynapg.backups.label IS 'milliseconds of created_at and a number of its own; with the table''s name it makes the BackupArn';
COMMENT ON COLUMN dynapg.backups.name IS 'BackupName; need not be unique';
COMMENT ON COLUMN dynapg.backups.status IS 'CREATING: the items are being copied, or wait for it';
COMMENT ON COLUMN dynapg.backups.relation IS 'the name of the table in schema dynapg_backup that holds the items';
COMMENT ON COLUMN dynapg.backups.items IS 'ItemCount of the table when the backup was asked for; as exact as that of DescribeTable';
COMMENT ON COLUMN dynapg.backups.definition IS 'of the table, as in dynapg.tables';
COMMENT ON COLUMN dynapg.backups.indexes IS 'of the table: a list of IndexName, Kind and Definition, as in dynapg.indexes';
COMMENT ON COLUMN dynapg.backups.time_to_live IS 'the attribute by which its items expired; null if they did not';
COMMENT ON COLUMN dynapg.backups.scheduled IS 'made by a schedule, which deletes it in its time';
COMMENT ON COLUMN dynapg.backups.last_error IS 'why the copy has failed last, while it is CREATING';
GRANT SELECT ON dynapg.backups TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.backups', '');
