--
-- Access policies of roles, permissions boundaries and tags.
--

-- Who manages them has authority over all tables.  Roles are the cluster's: another database may have made it, and DROP EXTENSION leaves it.
DO $$
BEGIN
	IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dynapg_policy_admin' AND rolcanlogin) THEN
		RAISE EXCEPTION 'role "dynapg_policy_admin" can log in'
			USING ERRCODE = 'duplicate_object', DETAIL = 'Members of the role of this name decide who may use the tables.',
				HINT = 'Rename it, or ALTER ROLE dynapg_policy_admin NOLOGIN if its members shall do that.';
	END IF;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dynapg_policy_admin') THEN
		CREATE ROLE dynapg_policy_admin NOLOGIN;
		COMMENT ON ROLE dynapg_policy_admin IS 'dynapg: members manage access policies, boundaries and tags of roles';
	END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
	-- made by another database just now
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'dynapg_policy_admin' AND NOT rolcanlogin) THEN
		RAISE;
	END IF;
END $$;

CREATE TABLE dynapg.role_policies (
	role regrole NOT NULL,
	name text COLLATE "C" NOT NULL CHECK (name ~ '^[A-Za-z0-9_+=,.@-]{1,128}$'),
	policy text NOT NULL,
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (role, name)
);
COMMENT ON TABLE dynapg.role_policies IS 'access policies of roles, in IAM''s language; written by dynapg.put_role_policy';
COMMENT ON COLUMN dynapg.role_policies.role IS 'whose requests it is about, and those of its members';
COMMENT ON COLUMN dynapg.role_policies.policy IS 'the text as it was given';

CREATE TABLE dynapg.role_boundaries (
	role regrole PRIMARY KEY,
	policy text NOT NULL,
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE dynapg.role_boundaries IS 'permissions boundaries of roles: policies that limit what is allowed to them';

CREATE TABLE dynapg.role_tags (
	role regrole NOT NULL,
	key text COLLATE "C" NOT NULL,
	value text NOT NULL,
	PRIMARY KEY (role, key)
);
CREATE UNIQUE INDEX role_tags_key ON dynapg.role_tags (role, pg_catalog.lower(key));
COMMENT ON TABLE dynapg.role_tags IS 'tags of roles: aws:PrincipalTag in policies';
COMMENT ON COLUMN dynapg.role_tags.key IS 'keys that differ in case only are the same';

-- Rows of roles that were dropped stay behind: their numbers might be others' in another cluster.
SELECT pg_catalog.pg_extension_config_dump('dynapg.role_policies', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = role)');
SELECT pg_catalog.pg_extension_config_dump('dynapg.role_boundaries', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = role)');
SELECT pg_catalog.pg_extension_config_dump('dynapg.role_tags', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = role)');

-- A database's owner dumps them; what he restores is left out, for it would give him authority over all roles.
CREATE FUNCTION dynapg.leave_out_policy() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE WARNING 'a row of dynapg.% is not restored', TG_TABLE_NAME USING
		DETAIL = format('It is of role %s; only a superuser can bring it.', NEW.role),
		HINT = 'Members of dynapg_policy_admin can make it with dynapg.put_role_policy() and its like.';
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.leave_out_policy() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.leave_out_policy() IS 'trigger of the policies'' tables for roles that may insert and not update';

DO $$
DECLARE
	name text;
BEGIN
	FOREACH name IN ARRAY '{role_policies,role_boundaries,role_tags}'::text[] LOOP
		EXECUTE format('CREATE TRIGGER catalog_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.%I
			FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed()', name);
		EXECUTE format('ALTER TABLE dynapg.%I ENABLE ALWAYS TRIGGER catalog_changed', name);
		EXECUTE format('CREATE TRIGGER leave_out BEFORE INSERT ON dynapg.%I FOR EACH ROW
			WHEN (NOT pg_catalog.has_table_privilege(''dynapg.%s'', ''UPDATE'')) EXECUTE FUNCTION dynapg.leave_out_policy()', name, name);
		EXECUTE format('ALTER TABLE dynapg.%I ADD CONSTRAINT leave_out
			CHECK (pg_catalog.has_table_privilege(''dynapg.%s'', ''UPDATE''))', name, name);
		EXECUTE format('GRANT SELECT ON dynapg.%I TO dynapg_policy_admin', name);
		EXECUTE format('GRANT SELECT, INSERT ON dynapg.%I TO pg_database_owner', name);
	END LOOP;
END $$;

CREATE FUNCTION dynapg.put_role_policy(role regrole, name text, policy text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_put_role_policy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.put_role_policy(regrole, text, text) IS 'gives a role an access policy of a name, instead of the one that it has';

CREATE FUNCTION dynapg.get_role_policy(role regrole, name text) RETURNS text
	AS 'MODULE_PATHNAME', 'dynapg_get_role_policy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get_role_policy(regrole, text) IS 'an access policy of a role';

CREATE FUNCTION dynapg.list_role_policies(role regrole) RETURNS text[]
	AS 'MODULE_PATHNAME', 'dynapg_list_role_policies' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.list_role_policies(regrole) IS 'names of the access policies of a role itself; those of roles that it is a member of are theirs';

CREATE FUNCTION dynapg.delete_role_policy(role regrole, name text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_delete_role_policy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete_role_policy(regrole, text) IS 'takes an access policy from a role';

CREATE FUNCTION dynapg.put_role_permissions_boundary(role regrole, policy text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_put_role_permissions_boundary' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.put_role_permissions_boundary(regrole, text) IS 'limits what is allowed to a role to what this policy allows, too';

CREATE FUNCTION dynapg.get_role_permissions_boundary(role regrole) RETURNS text
	AS 'MODULE_PATHNAME', 'dynapg_get_role_permissions_boundary' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get_role_permissions_boundary(regrole) IS 'a role''s permissions boundary, or null';

CREATE FUNCTION dynapg.delete_role_permissions_boundary(role regrole) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_delete_role_permissions_boundary' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete_role_permissions_boundary(regrole) IS 'takes a role''s permissions boundary away';

CREATE FUNCTION dynapg.tag_role(role regrole, tags jsonb) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_tag_role' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.tag_role(regrole, jsonb) IS 'gives a role tags: {"tenant": "a"}; others stay';

CREATE FUNCTION dynapg.untag_role(role regrole, keys text[]) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_untag_role' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.untag_role(regrole, text[]) IS 'takes tags from a role';

CREATE FUNCTION dynapg.list_role_tags(role regrole) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_list_role_tags' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.list_role_tags(regrole) IS 'a role''s tags';

CREATE FUNCTION dynapg.simulate_policy(role regrole, action text, resource text DEFAULT '*', context jsonb DEFAULT '{}', granted boolean DEFAULT false,
		OUT decision text, OUT side text, OUT policy text, OUT statement integer, OUT sid text, OUT refusal text)
	AS 'MODULE_PATHNAME', 'dynapg_simulate_policy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.simulate_policy(regrole, text, text, jsonb, boolean) IS
	'what the policies of a role and of the roles that it is a member of, its boundary and its tags say to a request; granted: as if PostgreSQL''s privileges allowed it';
