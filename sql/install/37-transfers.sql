-- Exports, imports, bulk puts, and copies from and to other endpoints: what was asked for, how far it is, how it ended.  Rows outlive
-- their tables, and are deleted 90 days after the end.  Not in dumps: whatever still runs belongs to this server.
CREATE TABLE dynapg.transfers (
	id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[0-9]{14}-[0-9a-f]{8}$'),
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('EXPORT', 'IMPORT', 'BULK_PUT', 'COPY_FROM', 'COPY_TO')),
	table_name text COLLATE "C" NOT NULL,
	table_id uuid,
	owner regrole NOT NULL,
	status text NOT NULL DEFAULT 'IN_PROGRESS' CHECK (status IN ('IN_PROGRESS', 'CANCELLING', 'CANCELLED', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED')),
	phase text NOT NULL DEFAULT '',
	client_token text COLLATE "C",
	request jsonb NOT NULL,
	state jsonb NOT NULL DEFAULT '{}',
	started_at timestamptz NOT NULL,
	ended_at timestamptz,
	items bigint NOT NULL DEFAULT 0,
	written bigint NOT NULL DEFAULT 0,
	errors bigint NOT NULL DEFAULT 0,
	bytes bigint NOT NULL DEFAULT 0,
	attempts integer NOT NULL DEFAULT 0,
	last_error text,
	last_error_at timestamptz,
	failure_code text,
	failure_message text,
	CHECK ((ended_at IS NULL) = (status IN ('IN_PROGRESS', 'CANCELLING'))),
	CHECK ((status = 'FAILED') = (failure_code IS NOT NULL))
);
ALTER TABLE dynapg.transfers SET (fillfactor = 50);
CREATE INDEX transfers_running ON dynapg.transfers (table_name) WHERE ended_at IS NULL;
CREATE INDEX transfers_by_table ON dynapg.transfers (kind, table_name, id);
CREATE INDEX transfers_by_token ON dynapg.transfers (client_token, id) WHERE client_token IS NOT NULL;
COMMENT ON TABLE dynapg.transfers IS 'exports, imports, bulk puts and copies; see dynapg.stat_transfers';
COMMENT ON COLUMN dynapg.transfers.id IS 'milliseconds of started_at and a number of its own: the end of the ExportArn, ImportArn or BulkOperationArn';
COMMENT ON COLUMN dynapg.transfers.table_name IS 'the DynamoDB table of this database: the source of an EXPORT and COPY_TO, the target of the others';
COMMENT ON COLUMN dynapg.transfers.owner IS 'who asked for it: it runs with the privileges of this role';
COMMENT ON COLUMN dynapg.transfers.phase IS 'what it is at, for people';
COMMENT ON COLUMN dynapg.transfers.request IS 'the request as it came, without its ClientToken; what the description shows of it';
COMMENT ON COLUMN dynapg.transfers.state IS 'what its process has to know to go on, beside its parts';
COMMENT ON COLUMN dynapg.transfers.items IS 'items read so far, or at the end';
COMMENT ON COLUMN dynapg.transfers.written IS 'items written';
COMMENT ON COLUMN dynapg.transfers.errors IS 'items that could not be';
COMMENT ON COLUMN dynapg.transfers.bytes IS 'bytes of the objects, uncompressed';
COMMENT ON COLUMN dynapg.transfers.client_token IS 'ClientToken; it stands for this transfer for eight hours, for its owner';
COMMENT ON COLUMN dynapg.transfers.attempts IS 'failures one after the other that may pass; begun again after a pause';
COMMENT ON COLUMN dynapg.transfers.last_error IS 'why it failed last; it may have gone on since';
COMMENT ON COLUMN dynapg.transfers.failure_code IS 'FailureCode of one that FAILED';

-- What a transfer does piece by piece, each with its own position, which is committed with what it has done.
CREATE TABLE dynapg.transfer_parts (
	transfer text COLLATE "C" NOT NULL,
	part integer NOT NULL,
	name text COLLATE "C" NOT NULL,
	size bigint,
	position bigint NOT NULL DEFAULT 0,
	state jsonb NOT NULL DEFAULT '{}',
	done boolean NOT NULL DEFAULT false,
	items bigint NOT NULL DEFAULT 0,
	written bigint NOT NULL DEFAULT 0,
	errors bigint NOT NULL DEFAULT 0,
	bytes bigint NOT NULL DEFAULT 0,
	PRIMARY KEY (transfer, part)
);
COMMENT ON TABLE dynapg.transfer_parts IS 'parts of transfers: data files of an export, objects of an import, segments or shards of a copy';
COMMENT ON COLUMN dynapg.transfer_parts.transfer IS 'the id of the transfer; its parts are deleted with it';
COMMENT ON COLUMN dynapg.transfer_parts.name IS 'the object''s key, or what else it is called by';
COMMENT ON COLUMN dynapg.transfer_parts.size IS 'bytes of the object as it is stored';
COMMENT ON COLUMN dynapg.transfer_parts.position IS 'where to go on: bytes of the uncompressed object, or a number of the part''s own';
COMMENT ON COLUMN dynapg.transfer_parts.state IS 'what else is needed to go on, or at the end: an object''s checksum and etag';
REVOKE ALL ON dynapg.transfers, dynapg.transfer_parts FROM PUBLIC;
