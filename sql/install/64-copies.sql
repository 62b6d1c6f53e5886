-- Live copies from and to other endpoints.

-- What requests to other endpoints are signed with.  Not in dumps, and read by the extension's owner only.
CREATE TABLE dynapg.copy_credentials (
	role regrole NOT NULL,
	name text COLLATE "C" NOT NULL,
	access_key_id text NOT NULL,
	secret_access_key text NOT NULL,
	session_token text,
	put_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (role, name)
);
COMMENT ON TABLE dynapg.copy_credentials IS 'credentials of roles for copies from and to other endpoints; readable by the extension''s owner only';
REVOKE ALL ON dynapg.copy_credentials FROM PUBLIC;
-- as dynapg.s3_credentials
ALTER TABLE dynapg.copy_credentials ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION dynapg.put_copy_credentials(name text, access_key_id text, secret_access_key text, session_token text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_put_copy_credentials' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.put_copy_credentials(text, text, text, text) IS
	'keeps credentials of the caller''s for copies that he begins, in the place of those of this name; nobody is shown them again';

CREATE FUNCTION dynapg.drop_copy_credentials(name text) RETURNS boolean
	AS 'MODULE_PATHNAME', 'dynapg_drop_copy_credentials' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.drop_copy_credentials(text) IS 'forgets credentials of the caller''s; false if there are none of this name';

CREATE FUNCTION dynapg.copy_from(endpoint text, source_table text, target_table text DEFAULT NULL, credentials text DEFAULT NULL, region text DEFAULT NULL,
		segments integer DEFAULT 4, read_units double precision DEFAULT NULL, write_units double precision DEFAULT NULL,
		stream boolean DEFAULT true, enable_stream boolean DEFAULT false, create_table boolean DEFAULT true, indexes boolean DEFAULT true,
		time_to_live boolean DEFAULT true, tags boolean DEFAULT true, streams_endpoint text DEFAULT NULL, settle interval DEFAULT '5 seconds') RETURNS text
	AS 'MODULE_PATHNAME', 'dynapg_copy_from' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.copy_from(text, text, text, text, text, integer, double precision, double precision, boolean, boolean, boolean, boolean, boolean, boolean, text, interval) IS
	'begins to copy a table of another endpoint into one here, and to follow it until dynapg.copy_cut_over(); returns the copy''s id, for dynapg.stat_copies';

CREATE FUNCTION dynapg.copy_to(table_name text, endpoint text, target_table text DEFAULT NULL, credentials text DEFAULT NULL, region text DEFAULT NULL,
		segments integer DEFAULT 4, read_units double precision DEFAULT NULL, write_units double precision DEFAULT NULL,
		stream boolean DEFAULT true, enable_stream boolean DEFAULT false, create_table boolean DEFAULT true, indexes boolean DEFAULT true,
		time_to_live boolean DEFAULT true, tags boolean DEFAULT true, streams_endpoint text DEFAULT NULL, settle interval DEFAULT '1 second') RETURNS text
	AS 'MODULE_PATHNAME', 'dynapg_copy_to' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.copy_to(text, text, text, text, text, integer, double precision, double precision, boolean, boolean, boolean, boolean, boolean, boolean, text, interval) IS
	'begins to copy a table here to another endpoint, and to have that follow it until dynapg.copy_cut_over(); returns the copy''s id, for dynapg.stat_copies';

CREATE FUNCTION dynapg.copy_verify(id text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_copy_verify' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.copy_verify(text) IS
	'has both sides of a copy counted and compared by checksums; the result is in dynapg.stat_copies, and means something while nobody writes to either';

CREATE FUNCTION dynapg.copy_cut_over(id text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_copy_cut_over' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.copy_cut_over(text) IS
	'ends a copy once all that has been written to the source is in the target; the writers of the source have stopped before';

CREATE FUNCTION dynapg.pause_copy(id text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_pause_copy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.pause_copy(text) IS 'has a copy rest, for less than the 24 hours that a stream keeps its records';

CREATE FUNCTION dynapg.resume_copy(id text) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_resume_copy' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.resume_copy(text) IS 'has a copy that rests go on';

CREATE FUNCTION dynapg.await_copy(id text, until text DEFAULT 'COMPLETED', timeout interval DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME', 'dynapg_await_copy' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.await_copy(text, text, interval) IS
	'waits until a copy has copied all items and caught up with the stream (FOLLOWING), is VERIFIED, or COMPLETED; an error if it fails, or not in time';

CREATE VIEW dynapg.stat_copies WITH (security_barrier) AS
	SELECT s.id, s.kind, s.table_name, t.request ->> 'Endpoint' AS endpoint,
		CASE s.kind WHEN 'COPY_FROM' THEN t.request ->> 'SourceTable' ELSE t.request ->> 'TargetTable' END AS remote_table,
		s.owner, s.status, CASE WHEN s.phase IS NOT NULL AND t.state @> '{"Paused": true}' THEN 'PAUSED' ELSE s.phase END AS phase,
		s.items, s.bytes, s.records, s.lag,
		(v.v ->> 'At')::timestamptz AS verified_at, (v.v ->> 'Equal')::boolean AS equal, (v.v ->> 'SourceItems')::bigint AS source_items,
		(v.v ->> 'TargetItems')::bigint AS target_items, v.v ->> 'SourceChecksum' AS source_checksum, v.v ->> 'TargetChecksum' AS target_checksum,
		(v.v ->> 'ChangesMeanwhile')::bigint AS changes_meanwhile,
		s.started_at, s.ended_at, s.pid, coalesce(CASE WHEN s.ended_at IS NULL THEN t.state ->> 'Trouble' END, s.last_error) AS last_error,
		s.failure_code, s.failure_message
	FROM dynapg.stat_transfers s JOIN dynapg.transfers t ON t.id = s.id
		CROSS JOIN LATERAL (SELECT t.state -> 'Verification' AS v) v
	WHERE s.kind IN ('COPY_FROM', 'COPY_TO');
COMMENT ON VIEW dynapg.stat_copies IS 'live copies of 90 days: how far they are, how far behind, what comparing both sides gave, and how they ended';
COMMENT ON COLUMN dynapg.stat_copies.phase IS 'PREPARING, COPYING, FOLLOWING, VERIFYING, CUTTING_OVER, PAUSED; WAITING: no process works on it now; null: it has ended';
COMMENT ON COLUMN dynapg.stat_copies.items IS 'items copied by Scan';
COMMENT ON COLUMN dynapg.stat_copies.equal IS 'whether both sides had the same items when dynapg.copy_verify() compared them';
COMMENT ON COLUMN dynapg.stat_copies.changes_meanwhile IS 'records that came while both sides were read: they may be why they differ';
COMMENT ON COLUMN dynapg.stat_copies.last_error IS 'what it waits for, or why it failed last';
GRANT SELECT ON dynapg.stat_copies TO PUBLIC;
