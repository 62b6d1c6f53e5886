-- Which tables exist.  Written by the API's DDL and by nobody else; read by everybody.
CREATE TABLE dynapg.tables (
	name text COLLATE "C" PRIMARY KEY,
	relation regclass,
	id uuid NOT NULL,
	created_at timestamptz NOT NULL,
	definition jsonb NOT NULL,
	change text CHECK (change IN ('CREATING', 'UPDATING', 'DELETING')),
	change_ends timestamptz
);
CREATE UNIQUE INDEX tables_relation_key ON dynapg.tables (relation);
COMMENT ON TABLE dynapg.tables IS 'the DynamoDB tables of this database';
COMMENT ON COLUMN dynapg.tables.name IS 'name as the API knows it, 3 to 255 characters';
COMMENT ON COLUMN dynapg.tables.relation IS 'the table in schema dynamo that holds its items; null once it is being deleted';
COMMENT ON COLUMN dynapg.tables.id IS 'TableId: another one for each table that ever had the name';
COMMENT ON COLUMN dynapg.tables.definition IS 'what CreateTable and UpdateTable were given, in the shapes of DescribeTable';
COMMENT ON COLUMN dynapg.tables.change IS 'status until change_ends, where dynapg.control_plane_delay makes changes last';
GRANT SELECT ON dynapg.tables TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.tables', '');

CREATE FUNCTION dynapg.catalog_changed() RETURNS trigger
	AS 'MODULE_PATHNAME', 'dynapg_catalog_changed' LANGUAGE C;
COMMENT ON FUNCTION dynapg.catalog_changed() IS 'makes every process forget what it has read of the table';

CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.tables
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.tables ENABLE ALWAYS TRIGGER catalog_changed;

-- What plain DDL does to item tables.
CREATE FUNCTION dynapg.on_drop() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'dynapg_on_drop' LANGUAGE C;
COMMENT ON FUNCTION dynapg.on_drop() IS 'forgets item tables that DROP drops; refuses while deletion protection is on';
CREATE EVENT TRIGGER dynapg_on_drop ON sql_drop EXECUTE FUNCTION dynapg.on_drop();
ALTER EVENT TRIGGER dynapg_on_drop ENABLE ALWAYS;

CREATE FUNCTION dynapg.on_alter() RETURNS event_trigger
	AS 'MODULE_PATHNAME', 'dynapg_on_alter' LANGUAGE C;
COMMENT ON FUNCTION dynapg.on_alter() IS 'keeps item tables what they are';
CREATE EVENT TRIGGER dynapg_on_alter ON ddl_command_end WHEN TAG IN ('ALTER TABLE')
	EXECUTE FUNCTION dynapg.on_alter();
ALTER EVENT TRIGGER dynapg_on_alter ENABLE ALWAYS;
