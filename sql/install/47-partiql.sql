-- PartiQL.
-- The secret that signs NextTokens.  Not configuration for pg_dump: secrets stay out of dumps.
CREATE TABLE dynapg.token_secret (
	secret bytea NOT NULL
);
CREATE UNIQUE INDEX token_secret_one_row ON dynapg.token_secret ((true));
INSERT INTO dynapg.token_secret
	SELECT pg_catalog.sha256(pg_catalog.string_agg(pg_catalog.uuid_send(pg_catalog.gen_random_uuid()), ''))
	FROM pg_catalog.generate_series(1, 4);
ALTER TABLE dynapg.token_secret ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE dynapg.token_secret IS
	'what signs the NextTokens of this database; readable by the extension''s owner only';

CREATE FUNCTION @extschema@.dynamo_execute_statement(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_execute_statement' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_execute_statement(jsonb) IS 'ExecuteStatement: executes one PartiQL statement';

CREATE FUNCTION @extschema@.dynamo_batch_execute_statement(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_batch_execute_statement' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_batch_execute_statement(jsonb) IS
	'BatchExecuteStatement: executes up to 25 PartiQL statements, each by itself';

CREATE FUNCTION @extschema@.dynamo_execute_transaction(request jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynamo_execute_transaction' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION @extschema@.dynamo_execute_transaction(jsonb) IS
	'ExecuteTransaction: executes up to 100 PartiQL statements, all or none; joins the transaction that calls it';

CREATE FUNCTION @extschema@.dynamo_partiql(statement text) RETURNS SETOF jsonb
	AS 'MODULE_PATHNAME', 'dynamo_partiql' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION @extschema@.dynamo_partiql(text) IS
	'what a PartiQL statement returns, all pages, as plain jsonb';

CREATE FUNCTION @extschema@.dynamo_partiql(statement text, VARIADIC parameters "any") RETURNS SETOF jsonb
	AS 'MODULE_PATHNAME', 'dynamo_partiql' LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION @extschema@.dynamo_partiql(text, "any") IS
	'what a PartiQL statement returns, all pages, as plain jsonb; parameters are the values of its ? in their order';
