-- Who may read and write which buckets, beside superusers and the members of pg_read_server_files and pg_write_server_files.  Not in
-- dumps: what folders and buckets there are is a matter of this server.
CREATE TABLE dynapg.bucket_grants (
	bucket text COLLATE "C" NOT NULL,
	role regrole NOT NULL,
	access text[] NOT NULL CHECK (access <@ '{READ,WRITE}' AND access <> '{}'),
	PRIMARY KEY (bucket, role)
);
COMMENT ON TABLE dynapg.bucket_grants IS 'buckets that roles may use in exports, imports and bulk puts; see dynapg.grant_bucket()';
COMMENT ON COLUMN dynapg.bucket_grants.bucket IS 'a folder below dynapg.export_directory, or a bucket of dynapg.s3_endpoint';
COMMENT ON COLUMN dynapg.bucket_grants.access IS 'READ, WRITE';
GRANT SELECT ON dynapg.bucket_grants TO PUBLIC;

CREATE FUNCTION dynapg.grant_bucket(bucket text, role regrole, access text[] DEFAULT '{READ,WRITE}') RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_grant_bucket' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.grant_bucket(text, regrole, text[]) IS 'lets a role and its members read (READ) or write (WRITE) a bucket';
REVOKE EXECUTE ON FUNCTION dynapg.grant_bucket(text, regrole, text[]) FROM PUBLIC;

CREATE FUNCTION dynapg.revoke_bucket(bucket text, role regrole, access text[] DEFAULT '{READ,WRITE}') RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_revoke_bucket' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.revoke_bucket(text, regrole, text[]) IS 'takes back what dynapg.grant_bucket() has given';
REVOKE EXECUTE ON FUNCTION dynapg.revoke_bucket(text, regrole, text[]) FROM PUBLIC;

-- What requests to dynapg.s3_endpoint are signed with.  Not in dumps, and read by the extension's owner only.
CREATE TABLE dynapg.s3_credentials (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	access_key_id text NOT NULL,
	secret_access_key text NOT NULL,
	session_token text,
	set_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE dynapg.s3_credentials IS 'credentials for dynapg.s3_endpoint; readable by the extension''s owner only';
REVOKE ALL ON dynapg.s3_credentials FROM PUBLIC;
-- row-level security shows nothing to members of pg_read_all_data
ALTER TABLE dynapg.s3_credentials ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION dynapg.set_s3_credentials(access_key_id text, secret_access_key text, session_token text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_set_s3_credentials' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.set_s3_credentials(text, text, text) IS
	'sets what requests to dynapg.s3_endpoint are signed with; nulls: they are not signed';
REVOKE EXECUTE ON FUNCTION dynapg.set_s3_credentials(text, text, text) FROM PUBLIC;
