-- Kinesis streams that tables send their changes to.  Not in dumps: a copy of a database sends nothing unasked.
CREATE TABLE dynapg.kinesis_destinations (
	table_id uuid NOT NULL,
	stream_arn text COLLATE "C" NOT NULL,
	number bigint GENERATED ALWAYS AS IDENTITY,
	status text NOT NULL CHECK (status IN ('ENABLING', 'ACTIVE', 'UPDATING', 'DISABLED', 'ENABLE_FAILED')),
	description text,
	"precision" text CHECK ("precision" IN ('MILLISECOND', 'MICROSECOND')),
	changed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	change_ends timestamptz,
	log integer,
	seq bigint,
	sent bigint NOT NULL DEFAULT 0,
	failed bigint NOT NULL DEFAULT 0,
	retried bigint NOT NULL DEFAULT 0,
	sent_at timestamptz,
	last_error text,
	last_error_at timestamptz,
	PRIMARY KEY (table_id, stream_arn)
) WITH (fillfactor = 50);
COMMENT ON TABLE dynapg.kinesis_destinations IS 'Kinesis streaming destinations of tables; at most one of a table is neither DISABLED nor ENABLE_FAILED';
COMMENT ON COLUMN dynapg.kinesis_destinations.number IS 'in the order in which they were enabled first';
COMMENT ON COLUMN dynapg.kinesis_destinations.status IS 'ENABLING: until the courier has found the stream';
COMMENT ON COLUMN dynapg.kinesis_destinations.description IS 'why it is ENABLE_FAILED';
COMMENT ON COLUMN dynapg.kinesis_destinations."precision" IS 'of ApproximateCreationDateTime; null: not set, which is MILLISECOND';
COMMENT ON COLUMN dynapg.kinesis_destinations.change_ends IS 'until then the change is not over (dynapg.control_plane_delay)';
COMMENT ON COLUMN dynapg.kinesis_destinations.log IS 'the change log, of kind KINESIS, that it is sent, or was';
COMMENT ON COLUMN dynapg.kinesis_destinations.seq IS 'up to which number of the log all has been sent; null: nothing yet';
COMMENT ON COLUMN dynapg.kinesis_destinations.sent IS 'records since it was enabled';
COMMENT ON COLUMN dynapg.kinesis_destinations.failed IS 'records that no PutRecords takes: they are longer than 1 MB';
COMMENT ON COLUMN dynapg.kinesis_destinations.retried IS 'records that were sent again';
GRANT SELECT ON dynapg.kinesis_destinations TO PUBLIC;

-- What requests to dynapg.kinesis_endpoint are signed with.  Not in dumps, and read by the extension's owner only.
CREATE TABLE dynapg.kinesis_credentials (
	one boolean PRIMARY KEY DEFAULT true CHECK (one),
	access_key_id text NOT NULL,
	secret_access_key text NOT NULL,
	session_token text,
	set_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);
COMMENT ON TABLE dynapg.kinesis_credentials IS 'credentials for dynapg.kinesis_endpoint; readable by the extension''s owner only';
REVOKE ALL ON dynapg.kinesis_credentials FROM PUBLIC;
-- as dynapg.destination_secrets
ALTER TABLE dynapg.kinesis_credentials ENABLE ROW LEVEL SECURITY;

CREATE FUNCTION dynapg.set_kinesis_credentials(access_key_id text, secret_access_key text, session_token text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_set_kinesis_credentials' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.set_kinesis_credentials(text, text, text) IS
	'sets what requests to dynapg.kinesis_endpoint are signed with; nulls: they are not signed';
REVOKE EXECUTE ON FUNCTION dynapg.set_kinesis_credentials(text, text, text) FROM PUBLIC;

CREATE FUNCTION @extschema@.dynamo_enable_kinesis_streaming_destination(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_enable_kinesis_streaming_destination' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_enable_kinesis_streaming_destination(jsonb) IS
	'EnableKinesisStreamingDestination: begins to send a table''s changes to a Kinesis stream';

CREATE FUNCTION @extschema@.dynamo_disable_kinesis_streaming_destination(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_disable_kinesis_streaming_destination' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_disable_kinesis_streaming_destination(jsonb) IS
	'DisableKinesisStreamingDestination: ends sending a table''s changes to a Kinesis stream';

CREATE FUNCTION @extschema@.dynamo_update_kinesis_streaming_destination(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_update_kinesis_streaming_destination' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_update_kinesis_streaming_destination(jsonb) IS
	'UpdateKinesisStreamingDestination: changes the precision of the times that a Kinesis stream gets';

CREATE FUNCTION @extschema@.dynamo_describe_kinesis_streaming_destination(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_describe_kinesis_streaming_destination' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_describe_kinesis_streaming_destination(jsonb) IS
	'DescribeKinesisStreamingDestination: lists the Kinesis streams that a table''s changes are, or were, sent to';
