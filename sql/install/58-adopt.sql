--
-- Tables that have come without their catalog row: by pg_dump -t, or restored by a role that may not write the catalog.
--

CREATE FUNCTION dynapg.adopt_table(relation regclass, indexes jsonb DEFAULT '{}', table_name text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_adopt_table' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.adopt_table(regclass, jsonb, text) IS
	'makes a relation in schema dynamo, whose columns are an item table''s, the table of its name, with the indexes given as CreateTable is, which are built; owner only';

-- A database's owner restores dumps as well as a superuser does. What the catalog has of the tables is nothing that he can be trusted
-- with, since definitions are believed and index tables are dropped in its owner's name: his rows are set aside, and
-- dynapg.repair() adopts the tables with them, in his own name and with CreateTable's own checks.
GRANT CREATE ON SCHEMA dynamo, dynapg_index TO pg_database_owner WITH GRANT OPTION;
GRANT INSERT ON dynapg.tables, dynapg.indexes TO pg_database_owner;

CREATE TABLE dynapg.restored (
	role regrole NOT NULL,
	table_name text COLLATE "C" NOT NULL,
	index_name text COLLATE "C" NOT NULL,
	relation regclass,
	kind text,
	definition jsonb NOT NULL,
	tags jsonb,
	PRIMARY KEY (role, table_name, index_name),
	CHECK (relation IS NOT NULL OR kind OPERATOR(pg_catalog.=) 'POLICY')
);
COMMENT ON TABLE dynapg.restored IS
	'rows of dynapg.tables, indexes and resource_policies that roles without the right to change these have restored, until dynapg.repair()';
COMMENT ON COLUMN dynapg.restored.role IS 'who has restored it; others do not see it';
COMMENT ON COLUMN dynapg.restored.index_name IS 'empty for the table itself, ~policy for its policy';
GRANT SELECT, INSERT, DELETE ON dynapg.restored TO PUBLIC;
ALTER TABLE dynapg.restored ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON dynapg.restored USING (pg_catalog.pg_has_role(role, 'USAGE'));

-- pg_restore switches row_security off.
CREATE FUNCTION dynapg.set_aside() RETURNS trigger LANGUAGE plpgsql
	SET search_path = pg_catalog, pg_temp SET row_security = on AS $$
DECLARE
	own_role regrole := quote_ident(current_user)::regrole;
BEGIN
	IF TG_TABLE_NAME = 'tables' THEN
		IF NEW.relation IS NOT NULL THEN
			DELETE FROM dynapg.restored r WHERE r.role = own_role AND r.table_name = NEW.name AND r.index_name = '';
			INSERT INTO dynapg.restored VALUES (own_role, NEW.name, '', NEW.relation, NULL, NEW.definition, NEW.tags);
		END IF;
	ELSIF TG_TABLE_NAME = 'indexes' THEN
		IF NEW.status <> 'DELETING' AND NEW.replaces IS NULL THEN
			DELETE FROM dynapg.restored r WHERE r.role = own_role AND r.table_name = NEW.table_name AND r.index_name = NEW.name;
			INSERT INTO dynapg.restored VALUES (own_role, NEW.table_name, NEW.name, NEW.relation, NEW.kind, NEW.definition, NULL);
		END IF;
	ELSIF NEW.stream_label = '' AND NEW.policy IS NOT NULL THEN
		DELETE FROM dynapg.restored r WHERE r.role = own_role AND r.table_name = NEW.table_name AND r.index_name = '~policy';
		INSERT INTO dynapg.restored VALUES (own_role, NEW.table_name, '~policy', NULL, 'POLICY', jsonb_build_object('Policy', NEW.policy), NULL);
	END IF;
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.set_aside() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.set_aside() IS
	'trigger of dynapg.tables, indexes and resource_policies for roles that may insert and not update: rows go to dynapg.restored';

CREATE TRIGGER set_aside BEFORE INSERT ON dynapg.tables
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.tables', 'UPDATE')) EXECUTE FUNCTION dynapg.set_aside();
CREATE TRIGGER set_aside BEFORE INSERT ON dynapg.indexes
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.indexes', 'UPDATE')) EXECUTE FUNCTION dynapg.set_aside();

-- Whatever keeps the triggers from firing, such rows do not get in.
ALTER TABLE dynapg.tables ADD CONSTRAINT set_aside CHECK (pg_catalog.has_table_privilege('dynapg.tables', 'UPDATE'));
ALTER TABLE dynapg.indexes ADD CONSTRAINT set_aside CHECK (pg_catalog.has_table_privilege('dynapg.indexes', 'UPDATE'));

-- What CreateTable is given of capacity, by what the catalog has.
CREATE FUNCTION dynapg.restored_capacity(definition jsonb, on_demand boolean) RETURNS jsonb
	LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
	SELECT jsonb_build_object(
		'ProvisionedThroughput', CASE WHEN NOT on_demand THEN jsonb_build_object(
			'ReadCapacityUnits', definition #> '{ProvisionedThroughput,ReadCapacityUnits}',
			'WriteCapacityUnits', definition #> '{ProvisionedThroughput,WriteCapacityUnits}') END,
		'OnDemandThroughput', definition -> 'OnDemandThroughput',
		'WarmThroughput', definition -> 'WarmThroughput')
$$;
COMMENT ON FUNCTION dynapg.restored_capacity(jsonb, boolean) IS 'the members of a definition in the catalog that are about capacity, as CreateTable has them';

CREATE FUNCTION dynapg.restored_settings(the_role regrole, the_table text) RETURNS jsonb
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH own AS (
		SELECT r.definition AS d, r.tags,
			coalesce(r.definition #>> '{BillingModeSummary,BillingMode}' = 'PAY_PER_REQUEST', false) AS on_demand
		FROM dynapg.restored r WHERE r.role = the_role AND r.table_name = the_table AND r.index_name = ''
	), index AS (
		SELECT r.kind, r.definition -> 'KeySchema' AS key, (r.definition -> 'Position', r.index_name) AS position,
			jsonb_build_object('IndexName', r.index_name, 'KeySchema', r.definition -> 'KeySchema',
				'Projection', r.definition -> 'Projection') ||
			CASE WHEN r.kind = 'GLOBAL' THEN dynapg.restored_capacity(r.definition, own.on_demand) ELSE '{}' END AS request
		FROM own, dynapg.restored r WHERE r.role = the_role AND r.table_name = the_table AND r.index_name <> '' AND r.kind NOT IN ('TTL', 'POLICY')
	), used AS (
		SELECT k ->> 'AttributeName' AS name FROM own, jsonb_array_elements(own.d -> 'KeySchema') k
		UNION SELECT k ->> 'AttributeName' FROM index, jsonb_array_elements(index.key) k
	)
	SELECT jsonb_strip_nulls(dynapg.restored_capacity(d, on_demand) || jsonb_build_object(
		'BillingMode', CASE WHEN on_demand THEN 'PAY_PER_REQUEST' ELSE 'PROVISIONED' END,
		'TableClass', d #> '{TableClassSummary,TableClass}',
		'DeletionProtectionEnabled', d -> 'DeletionProtectionEnabled',
		'SSESpecification', CASE WHEN d ? 'SSEDescription' THEN jsonb_build_object('Enabled', true, 'SSEType', 'KMS',
			'KMSMasterKeyId', d #> '{SSEDescription,KMSMasterKeyArn}') END,
		'StreamSpecification', CASE WHEN d ? 'StreamSpecification' THEN jsonb_build_object('StreamEnabled', true,
			'StreamViewType', d #> '{StreamSpecification,StreamViewType}') END,
		'Tags', (SELECT jsonb_agg(jsonb_build_object('Key', key, 'Value', value)) FROM jsonb_each(tags)),
		'AttributeDefinitions', (SELECT jsonb_agg(a) FROM jsonb_array_elements(d -> 'AttributeDefinitions') a
			WHERE a ->> 'AttributeName' IN (SELECT name FROM used)),
		'GlobalSecondaryIndexes', (SELECT jsonb_agg(request ORDER BY position) FROM index WHERE kind = 'GLOBAL'),
		'LocalSecondaryIndexes', (SELECT jsonb_agg(request ORDER BY position) FROM index WHERE kind = 'LOCAL')))
	FROM own
$$;
COMMENT ON FUNCTION dynapg.restored_settings(regrole, text) IS 'what CreateTable would have been given for a restored table; for dynapg.repair()';

CREATE FUNCTION dynapg.repair() RETURNS SETOF text LANGUAGE plpgsql VOLATILE
	SET search_path = pg_catalog, pg_temp SET row_security = on AS $$
DECLARE
	r record;
	settings jsonb;
	old_index regclass;
	expires_by text;
	policy text;
BEGIN
	FOR r IN SELECT x.role, x.table_name, x.relation, c.relowner FROM dynapg.restored x JOIN pg_class c ON c.oid = x.relation
		WHERE x.index_name = '' AND c.relnamespace = 'dynamo'::regnamespace
			-- nobody is believed about what he does not own
			AND pg_has_role(x.role, c.relowner, 'USAGE') AND pg_has_role(c.relowner, 'USAGE')
			AND NOT EXISTS (SELECT FROM dynapg.tables t WHERE t.relation = x.relation)
		ORDER BY x.table_name
	LOOP
		settings := dynapg.restored_settings(r.role, r.table_name);
		-- indexes are built from the items: what the dump had of them is nobody's
		FOR old_index IN SELECT x.relation FROM dynapg.restored x JOIN pg_class c ON c.oid = x.relation
			WHERE x.role = r.role AND x.table_name = r.table_name AND x.index_name <> '' AND c.relowner = r.relowner
				AND c.relnamespace = 'dynapg_index'::regnamespace
				AND NOT EXISTS (SELECT FROM dynapg.indexes i WHERE i.relation = x.relation)
		LOOP
			EXECUTE format('DROP TABLE %s', old_index);
		END LOOP;
		PERFORM dynapg.adopt_table(r.relation, settings, r.table_name);
		SELECT x.definition #>> '{KeySchema,0,AttributeName}' INTO expires_by
			FROM dynapg.restored x WHERE x.role = r.role AND x.table_name = r.table_name AND x.kind = 'TTL';
		IF FOUND THEN
			PERFORM @extschema@.dynamo_update_time_to_live(jsonb_build_object('TableName', r.table_name,
				'TimeToLiveSpecification', jsonb_build_object('AttributeName', expires_by, 'Enabled', true)));
		END IF;
		-- without its policy the table would be open to whom that denies, so a policy that cannot be put fails the repair
		SELECT x.definition ->> 'Policy' INTO policy
			FROM dynapg.restored x WHERE x.role = r.role AND x.table_name = r.table_name AND x.kind = 'POLICY';
		IF FOUND THEN
			PERFORM @extschema@.dynamo_put_resource_policy(jsonb_build_object('Policy', policy, 'ConfirmRemoveSelfResourceAccess', true,
				'ResourceArn', @extschema@.dynamo_describe_table(jsonb_build_object('TableName', r.table_name)) #>> '{Table,TableArn}'));
		END IF;
		DELETE FROM dynapg.restored x WHERE x.role = r.role AND x.table_name = r.table_name;
		RETURN NEXT r.table_name;
	END LOOP;
END $$;
COMMENT ON FUNCTION dynapg.repair() IS
	'after a restore by the database''s owner: makes tables of the restored relations that the caller owns, builds their indexes, and returns their names';

-- A comment would be in dumps, and only the extension's owner could restore it; pg_available_extensions has it.
COMMENT ON EXTENSION dynapg IS NULL;
