-- Contributor insights: which tables and indexes count what their keys consume and how often they are throttled.  What is counted is in
-- shared memory, and nowhere else.
CREATE TABLE dynapg.contributor_insights_settings (
	table_id uuid NOT NULL,
	table_name text COLLATE "C" NOT NULL,
	index_name text COLLATE "C" NOT NULL,
	status text NOT NULL CHECK (status IN ('ENABLED', 'DISABLED', 'FAILED')),
	mode text NOT NULL CHECK (mode IN ('ACCESSED_AND_THROTTLED_KEYS', 'THROTTLED_KEYS')),
	rules integer NOT NULL,
	changed_at timestamptz NOT NULL,
	change_ends timestamptz,
	PRIMARY KEY (table_id, index_name)
);
COMMENT ON TABLE dynapg.contributor_insights_settings IS 'tables and global secondary indexes whose contributor insights were enabled once';
COMMENT ON COLUMN dynapg.contributor_insights_settings.index_name IS 'empty: the table itself';
COMMENT ON COLUMN dynapg.contributor_insights_settings.status IS 'FAILED: there were too many rules when it was enabled';
COMMENT ON COLUMN dynapg.contributor_insights_settings.rules IS 'how many rules it has while it is ENABLED';
COMMENT ON COLUMN dynapg.contributor_insights_settings.change_ends IS 'until then shown as ENABLING or DISABLING (dynapg.control_plane_delay)';
GRANT SELECT ON dynapg.contributor_insights_settings TO PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.contributor_insights_settings', '');

-- Rows of it, and those of auto scaling, are believed: a database's owner dumps them, and what he restores is left out.
CREATE FUNCTION dynapg.leave_out_setting() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE WARNING 'a row of dynapg.% is not restored', TG_TABLE_NAME USING
		DETAIL = format('It is of the table with TableId %s; only a superuser can bring it.', NEW.table_id),
		HINT = 'The table''s owner can make the setting anew.';
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.leave_out_setting() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.leave_out_setting() IS 'trigger of settings of tables for roles that may insert and not update';
CREATE TRIGGER leave_out BEFORE INSERT ON dynapg.contributor_insights_settings
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.contributor_insights_settings', 'UPDATE')) EXECUTE FUNCTION dynapg.leave_out_setting();
ALTER TABLE dynapg.contributor_insights_settings ADD CONSTRAINT leave_out
	CHECK (pg_catalog.has_table_privilege('dynapg.contributor_insights_settings', 'UPDATE'));
GRANT INSERT ON dynapg.contributor_insights_settings TO pg_database_owner;

CREATE FUNCTION @extschema@.dynamo_update_contributor_insights(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_contributor_insights' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_contributor_insights(jsonb) IS
	'UpdateContributorInsights: has the keys of a table or an index counted by what they consume and how often they are throttled, or no longer';

CREATE FUNCTION @extschema@.dynamo_describe_contributor_insights(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_contributor_insights' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_contributor_insights(jsonb) IS
	'DescribeContributorInsights: whether the keys of a table or an index are counted';

CREATE FUNCTION @extschema@.dynamo_list_contributor_insights(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_list_contributor_insights' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_list_contributor_insights(jsonb) IS
	'ListContributorInsights: the tables and indexes whose keys are counted';

CREATE FUNCTION @extschema@.dynamo_describe_table_replica_auto_scaling(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_table_replica_auto_scaling' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_table_replica_auto_scaling(jsonb) IS
	'DescribeTableReplicaAutoScaling: auto scaling of a global table, which dynapg has none of';

CREATE FUNCTION @extschema@.dynamo_update_table_replica_auto_scaling(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_table_replica_auto_scaling' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_table_replica_auto_scaling(jsonb) IS
	'UpdateTableReplicaAutoScaling: changes auto scaling of a global table, which dynapg has none of';

CREATE FUNCTION dynapg.contributor_insights(table_name text, index_name text DEFAULT NULL,
		OUT rule text, OUT rank integer, OUT key text, OUT is_cut boolean, OUT value double precision, OUT error double precision,
		OUT share double precision, OUT total double precision, OUT since timestamptz) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'dynapg_contributor_insights' LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION dynapg.contributor_insights(text, text) IS
	'the keys of a table or a global index that consume most units (rules PKC: partition keys, SKC: whole keys) and are throttled most often (PKT, SKT), since when they are counted; error: by how much value may be too high; for who may read the whole table, where no policy applies';

CREATE FUNCTION dynapg.reset_contributor_insights(table_name text, index_name text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_reset_contributor_insights' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.reset_contributor_insights(text, text) IS
	'begins to count a table''s or a global index''s contributor insights anew; for the table''s owner';
