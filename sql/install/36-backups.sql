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
CREATE INDEX backups_expiring ON dynapg.backups (expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE dynapg.backups IS 'the backups of tables, also of tables that are gone';
COMMENT ON COLUMN dynapg.backups.label IS 'milliseconds of created_at and a number of its own; with the table''s name it makes the BackupArn';
COMMENT ON COLUMN dynapg.backups.name IS 'BackupName; need not be unique';
COMMENT ON COLUMN dynapg.backups.type IS 'SYSTEM: what DeleteTable has left of a table with continuous backups';
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

-- Rows here are believed: what a role brings that may not change them, as a database's owner who restores a dump, is left out.  The items
-- are in the tables of dynapg_backup all the same.
CREATE FUNCTION dynapg.leave_out_backup() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE WARNING 'backup "%" of table "%" is not restored', NEW.name, NEW.table_name USING
		DETAIL = 'Only who may change dynapg.backups can bring it.',
		HINT = format('Its items are in dynapg_backup.%I, if that was restored.', NEW.relation);
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.leave_out_backup() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.leave_out_backup() IS 'trigger of dynapg.backups for roles that may insert and not update';
CREATE TRIGGER leave_out BEFORE INSERT ON dynapg.backups
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.backups', 'UPDATE')) EXECUTE FUNCTION dynapg.leave_out_backup();
ALTER TABLE dynapg.backups ADD CONSTRAINT leave_out CHECK (pg_catalog.has_table_privilege('dynapg.backups', 'UPDATE'));
GRANT CREATE ON SCHEMA dynapg_backup TO pg_database_owner WITH GRANT OPTION;
GRANT INSERT ON dynapg.backups TO pg_database_owner;

-- Backups that are made again and again.  Not in dumps: a copy of a database makes none unasked.
CREATE TABLE dynapg.backup_schedules (
	table_name text COLLATE "C" PRIMARY KEY,
	every interval NOT NULL CHECK (every >= '1 s'),
	keep integer NOT NULL CHECK (keep BETWEEN 1 AND 10000),
	owner regrole NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	next_run timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	last_run timestamptz,
	last_error text,
	last_error_at timestamptz
);
COMMENT ON TABLE dynapg.backup_schedules IS 'schedules of backups; see dynapg.stat_backups';
COMMENT ON COLUMN dynapg.backup_schedules.every IS 'the time between two backups';
COMMENT ON COLUMN dynapg.backup_schedules.keep IS 'how many of its backups are kept; older ones are deleted';
COMMENT ON COLUMN dynapg.backup_schedules.owner IS 'the owner of the table when the schedule was made';
COMMENT ON COLUMN dynapg.backup_schedules.last_run IS 'when a backup was asked for last';
COMMENT ON COLUMN dynapg.backup_schedules.last_error IS 'why none could be asked for, or an old one not be deleted; null when that has come right';
GRANT SELECT ON dynapg.backup_schedules TO PUBLIC;
