-- Event source mappings: tables whose streams are sent to functions and to other systems.  What they are goes through a dump; whether they are
-- enabled, how far they are and their secrets do not: a restored database sends nothing until somebody enables a mapping in it.
CREATE TABLE dynapg.event_source_mappings (
	uuid uuid PRIMARY KEY,
	table_name text COLLATE "C" NOT NULL,
	table_id uuid NOT NULL,
	owner regrole NOT NULL,
	kind text COLLATE "C" NOT NULL,
	destination jsonb NOT NULL,
	options jsonb NOT NULL,
	function_owner regrole,
	failure_function_owner regrole,
	created_at timestamptz NOT NULL,
	modified_at timestamptz NOT NULL
);
CREATE INDEX event_source_mappings_table ON dynapg.event_source_mappings (table_name);
COMMENT ON TABLE dynapg.event_source_mappings IS 'where the changes of tables are sent; see dynapg.list_event_source_mappings()';
COMMENT ON COLUMN dynapg.event_source_mappings.owner IS 'who has made it: it reads and calls with the privileges of this role';
COMMENT ON COLUMN dynapg.event_source_mappings.kind IS 'of the destination: its only member';
COMMENT ON COLUMN dynapg.event_source_mappings.destination IS 'without secrets, which are in dynapg.destination_secrets';
COMMENT ON COLUMN dynapg.event_source_mappings.options IS 'BatchSize ..., with their defaults';
COMMENT ON COLUMN dynapg.event_source_mappings.function_owner IS 'who owned the SQL function when it was named: another one''s of its name is not called';
COMMENT ON COLUMN dynapg.event_source_mappings.failure_function_owner IS 'the same of the function that is called on failure';
REVOKE ALL ON dynapg.event_source_mappings FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('dynapg.event_source_mappings', 'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = owner)');

-- A database's owner dumps them; what he restores is left out: a mapping reads and calls with the privileges of its owner.
CREATE FUNCTION dynapg.leave_out_mapping() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RAISE WARNING 'an event source mapping of table "%" is not restored', NEW.table_name USING
		DETAIL = format('It is of role %s; only a superuser can bring it.', NEW.owner), HINT = 'The role can make it anew.';
	RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION dynapg.leave_out_mapping() FROM PUBLIC;
COMMENT ON FUNCTION dynapg.leave_out_mapping() IS 'trigger of dynapg.event_source_mappings for roles that may insert and not update';
CREATE TRIGGER leave_out BEFORE INSERT ON dynapg.event_source_mappings
	FOR EACH ROW WHEN (NOT pg_catalog.has_table_privilege('dynapg.event_source_mappings', 'UPDATE')) EXECUTE FUNCTION dynapg.leave_out_mapping();
ALTER TABLE dynapg.event_source_mappings ADD CONSTRAINT leave_out CHECK (pg_catalog.has_table_privilege('dynapg.event_source_mappings', 'UPDATE'));
GRANT SELECT, INSERT ON dynapg.event_source_mappings TO pg_database_owner;

-- A mapping without a row here is disabled, as one that has come from a dump.
CREATE TABLE dynapg.event_states (
	mapping uuid PRIMARY KEY,
	enabled boolean NOT NULL,
	reason text NOT NULL DEFAULT 'User action',
	stream integer,
	generation integer,
	sent bigint NOT NULL DEFAULT 0,
	retried bigint NOT NULL DEFAULT 0,
	failed bigint NOT NULL DEFAULT 0,
	filtered bigint NOT NULL DEFAULT 0,
	problem text
) WITH (fillfactor = 50);
COMMENT ON TABLE dynapg.event_states IS 'whether mappings are enabled, and what they have of their streams';
COMMENT ON COLUMN dynapg.event_states.reason IS 'why it is enabled or not: StateTransitionReason';
COMMENT ON COLUMN dynapg.event_states.stream IS 'the stream that it reads, in dynapg.logs';
COMMENT ON COLUMN dynapg.event_states.generation IS 'the last generation of the stream''s shards that it has lanes of';
COMMENT ON COLUMN dynapg.event_states.sent IS 'records sent by lanes that have ended, as the three that follow';
COMMENT ON COLUMN dynapg.event_states.problem IS 'what keeps it from reading; null: nothing does';
REVOKE ALL ON dynapg.event_states FROM PUBLIC;

-- One row a lane: a shard of the stream, or with ParallelizationFactor a part of its partition keys.
CREATE TABLE dynapg.event_positions (
	lane bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	mapping uuid NOT NULL,
	stream integer NOT NULL,
	generation integer NOT NULL,
	shard integer NOT NULL,
	level integer NOT NULL,
	first_hash uuid NOT NULL,
	last_hash uuid NOT NULL,
	position bigint NOT NULL,
	last_seq bigint,
	slices bigint[] NOT NULL DEFAULT '{}',
	attempts integer NOT NULL DEFAULT 0,
	failures integer NOT NULL DEFAULT 0,
	retry_at timestamptz,
	sent bigint NOT NULL DEFAULT 0,
	retried bigint NOT NULL DEFAULT 0,
	failed bigint NOT NULL DEFAULT 0,
	filtered bigint NOT NULL DEFAULT 0,
	sent_at timestamptz,
	last_error text,
	last_error_at timestamptz
) WITH (fillfactor = 50);
CREATE INDEX event_positions_mapping ON dynapg.event_positions (mapping);
COMMENT ON TABLE dynapg.event_positions IS 'how far mappings are in each shard; see dynapg.stat_event_source_mappings';
COMMENT ON COLUMN dynapg.event_positions.level IS 'a lane begins when those of lower levels have ended that share its hashes: parents before children';
COMMENT ON COLUMN dynapg.event_positions.position IS 'records up to this number have been dealt with';
COMMENT ON COLUMN dynapg.event_positions.last_seq IS 'where the lane ends, if not with its shard';
COMMENT ON COLUMN dynapg.event_positions.slices IS 'ends of the batches that are being tried again, the next one last: a batch that was bisected leaves those of both halves';
COMMENT ON COLUMN dynapg.event_positions.attempts IS 'how often the next batch has failed that counts for MaximumRetryAttempts';
COMMENT ON COLUMN dynapg.event_positions.failures IS 'failures in a row, whatever of';
REVOKE ALL ON dynapg.event_positions FROM PUBLIC;

-- Not in dumps, and read by the extension's owner only: not by members of pg_read_all_data either, whom row-level security shows nothing.
CREATE TABLE dynapg.destination_secrets (
	mapping uuid PRIMARY KEY,
	secret jsonb NOT NULL,
	put_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE dynapg.destination_secrets IS 'secrets of mappings'' destinations; readable by the extension''s owner only';
REVOKE ALL ON dynapg.destination_secrets FROM PUBLIC;
ALTER TABLE dynapg.destination_secrets ENABLE ROW LEVEL SECURITY;

-- What is to be told of batches that were given up, where that does not happen in the transaction that gives them up.
CREATE TABLE dynapg.event_failures (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	mapping uuid NOT NULL,
	created_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	invocation json NOT NULL,
	attempts integer NOT NULL DEFAULT 0,
	retry_at timestamptz
);
CREATE INDEX event_failures_mapping ON dynapg.event_failures (mapping, id);
COMMENT ON TABLE dynapg.event_failures IS 'invocation records on their way to on-failure destinations outside of the database';
REVOKE ALL ON dynapg.event_failures FROM PUBLIC;
