--
-- Policies of tables and streams, in IAM's language: PutResourcePolicy and its like.
--

CREATE TABLE dynapg.resource_policies (
	table_name text COLLATE "C" NOT NULL,
	stream_label text COLLATE "C" NOT NULL,
	table_id uuid NOT NULL,
	policy text,
	revision bigint NOT NULL,
	PRIMARY KEY (table_name, stream_label)
);
COMMENT ON TABLE dynapg.resource_policies IS 'policies of tables and streams, in IAM''s language; written by dynamo_put_resource_policy';
COMMENT ON COLUMN dynapg.resource_policies.stream_label IS 'empty for the table itself';
COMMENT ON COLUMN dynapg.resource_policies.table_id IS 'TableId: another table of the name does not have the policy';
COMMENT ON COLUMN dynapg.resource_policies.policy IS 'the text as it was given; null if it was deleted';
COMMENT ON COLUMN dynapg.resource_policies.revision IS 'RevisionId: when it was changed last, in milliseconds since 1970';

CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.resource_policies
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.resource_policies ENABLE ALWAYS TRIGGER catalog_changed;

-- In dumps they are their tables'.  Streams do not go through a dump.
SELECT pg_catalog.pg_extension_config_dump('dynapg.resource_policies', 'WHERE stream_label = '''' AND policy IS NOT NULL');
GRANT SELECT ON dynapg.resource_policies TO dynapg_policy_admin;
GRANT SELECT, INSERT ON dynapg.resource_policies TO pg_database_owner;

-- What a database's owner restores is set aside with the tables, until dynapg.repair().
CREATE TRIGGER set_aside BEFORE INSERT ON dynapg.resource_policies
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.resource_policies', 'UPDATE')) EXECUTE FUNCTION dynapg.set_aside();
ALTER TABLE dynapg.resource_policies ADD CONSTRAINT set_aside CHECK (pg_catalog.has_table_privilege('dynapg.resource_policies', 'UPDATE'));

CREATE FUNCTION @extschema@.dynamo_put_resource_policy(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_put_resource_policy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_put_resource_policy(jsonb) IS 'PutResourcePolicy: gives a table or a stream a policy, instead of the one that it has';

CREATE FUNCTION @extschema@.dynamo_get_resource_policy(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_get_resource_policy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_get_resource_policy(jsonb) IS 'GetResourcePolicy: the policy of a table or a stream';

CREATE FUNCTION @extschema@.dynamo_delete_resource_policy(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_delete_resource_policy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_delete_resource_policy(jsonb) IS 'DeleteResourcePolicy: takes the policy of a table or a stream away';
