-- Access keys of the HTTP endpoint.  Not configuration for pg_dump: secrets stay out of dumps.
CREATE TABLE dynapg.access_keys (
	id text COLLATE "C" PRIMARY KEY,
	secret text NOT NULL,
	role regrole NOT NULL,
	created_at timestamptz NOT NULL
);
COMMENT ON TABLE dynapg.access_keys IS 'access keys of the HTTP endpoint; readable by the extension''s owner only';
-- as dynapg.s3_credentials
ALTER TABLE dynapg.access_keys ENABLE ROW LEVEL SECURITY;

-- Whoever changes the table, every worker forgets the keys that it knows.
CREATE TRIGGER access_keys_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON dynapg.access_keys
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.access_keys ENABLE ALWAYS TRIGGER access_keys_changed;

CREATE FUNCTION dynapg.create_access_key(role regrole, OUT access_key_id text, OUT secret_access_key text)
	AS 'MODULE_PATHNAME', 'dynapg_create_access_key' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.create_access_key(regrole) IS
	'makes an access key for a role that the caller could SET ROLE to; the secret is not shown again';

CREATE FUNCTION dynapg.rotate_access_key(id text, OUT access_key_id text, OUT secret_access_key text)
	AS 'MODULE_PATHNAME', 'dynapg_rotate_access_key' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.rotate_access_key(text) IS 'gives an access key a new secret';

CREATE FUNCTION dynapg.revoke_access_key(id text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_revoke_access_key' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.revoke_access_key(text) IS 'revokes an access key at once';
