--
-- Temporary credentials: sessions of roles.
--

-- Not configuration for pg_dump: secrets stay out of dumps, and a session does not live longer than half a day.
CREATE TABLE dynapg.sessions (
	access_key_id text COLLATE "C" PRIMARY KEY,
	secret text NOT NULL,
	token_digest bytea NOT NULL CHECK (length(token_digest) = 32),
	role regrole NOT NULL,
	name text NOT NULL,
	policy text,
	tags jsonb NOT NULL,
	created_by regrole NOT NULL,
	created_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL
);
-- as dynapg.s3_credentials
ALTER TABLE dynapg.sessions ENABLE ROW LEVEL SECURITY;
CREATE INDEX sessions_expires_at ON dynapg.sessions (expires_at);
COMMENT ON TABLE dynapg.sessions IS 'temporary credentials of the HTTP endpoint; readable by the extension''s owner only, see dynapg.stat_sessions';
COMMENT ON COLUMN dynapg.sessions.token_digest IS 'SHA-256 of the session token';
COMMENT ON COLUMN dynapg.sessions.role IS 'as whom requests run';
COMMENT ON COLUMN dynapg.sessions.policy IS 'what the session may do is limited to what this allows; null: to nothing but the role''s privileges and policies';
COMMENT ON COLUMN dynapg.sessions.expires_at IS 'rows go a day after it, when sessions are made';

-- Whoever takes sessions away or changes them, every worker forgets those that it knows.  A new one is known to nobody.
CREATE TRIGGER sessions_changed AFTER UPDATE OR DELETE OR TRUNCATE ON dynapg.sessions
	FOR EACH STATEMENT EXECUTE FUNCTION dynapg.catalog_changed();
ALTER TABLE dynapg.sessions ENABLE ALWAYS TRIGGER sessions_changed;

CREATE FUNCTION dynapg.create_session(role regrole, duration interval DEFAULT '1 hour', policy text DEFAULT NULL, tags jsonb DEFAULT NULL,
		name text DEFAULT NULL,
		OUT access_key_id text, OUT secret_access_key text, OUT session_token text, OUT expiration timestamptz)
	AS 'MODULE_PATHNAME', 'dynapg_create_session' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.create_session(regrole, interval, text, jsonb, text) IS
	'makes temporary credentials of a role that the caller could SET ROLE to, for 15 minutes to 12 hours; a policy narrows them; tags and a name are for who administers the role';

CREATE FUNCTION dynapg.revoke_session(access_key_id text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_revoke_session' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.revoke_session(text) IS 'revokes temporary credentials at once';

CREATE FUNCTION dynapg.revoke_sessions(role regrole) RETURNS bigint
	AS 'MODULE_PATHNAME', 'dynapg_revoke_sessions' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.revoke_sessions(regrole) IS 'revokes all temporary credentials of a role at once; returns how many there were';

CREATE VIEW dynapg.stat_sessions WITH (security_barrier = true) AS
	SELECT access_key_id, role, name, policy, tags, created_by, created_at, expires_at
	FROM dynapg.sessions WHERE pg_catalog.pg_has_role(role, 'MEMBER');
COMMENT ON VIEW dynapg.stat_sessions IS 'temporary credentials of roles that one is a member of; without their secrets';
GRANT SELECT ON dynapg.stat_sessions TO PUBLIC;
