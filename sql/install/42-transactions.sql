-- Transactions.
CREATE TABLE dynapg.transaction_tokens (
	scope text COLLATE "C" NOT NULL,
	token text COLLATE "C" NOT NULL,
	request bytea NOT NULL,
	units jsonb,
	taken_at timestamptz NOT NULL,
	PRIMARY KEY (scope, token)
);
CREATE INDEX transaction_tokens_taken_at ON dynapg.transaction_tokens (taken_at);
COMMENT ON TABLE dynapg.transaction_tokens IS 'ClientRequestTokens of the transactions of the last ten minutes';
COMMENT ON COLUMN dynapg.transaction_tokens.scope IS 'the operation; each has tokens of its own';
COMMENT ON COLUMN dynapg.transaction_tokens.request IS 'SHA-256 of the request';
COMMENT ON COLUMN dynapg.transaction_tokens.units IS 'what a replay consumes of each table, in read units';

CREATE FUNCTION @extschema@.dynamo_transact_get_items(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_transact_get_items' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_transact_get_items(jsonb) IS 'TransactGetItems: reads up to 100 items on one snapshot';

CREATE FUNCTION @extschema@.dynamo_transact_write_items(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_transact_write_items' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_transact_write_items(jsonb) IS
	'TransactWriteItems: puts, updates, deletes and checks up to 100 items, all or none; joins the transaction that calls it';
