--
-- C functions that only tests call; the extension does not install them.
--

CREATE SCHEMA IF NOT EXISTS dynapg_test;

CREATE OR REPLACE FUNCTION dynapg_test.wire_roundtrip(source text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_wire_roundtrip'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.wire_to_item(source text) RETURNS jsonb
	AS '$libdir/dynapg', 'dynapg_wire_to_item'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.item_to_wire(item jsonb) RETURNS text
	AS '$libdir/dynapg', 'dynapg_item_to_wire'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.is_json(source bytea) RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_is_json'
	LANGUAGE C IMMUTABLE STRICT;

-- what is read of a header of traces: traceparent, amazon or tracestate
CREATE OR REPLACE FUNCTION dynapg_test.read_trace(kind text, header bytea) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_read_trace'
	LANGUAGE C IMMUTABLE STRICT;

-- of the attribute v of two items
CREATE OR REPLACE FUNCTION dynapg_test.value_equal(a jsonb, b jsonb) RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_value_equal'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.value_compare(a jsonb, b jsonb) RETURNS integer
	AS '$libdir/dynapg', 'dynapg_value_compare'
	LANGUAGE C IMMUTABLE STRICT;

-- a + b or a - b as the service computes them
CREATE OR REPLACE FUNCTION dynapg_test.number_arithmetic(a text, sign text, b text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_number_arithmetic'
	LANGUAGE C IMMUTABLE STRICT;

-- Expressions without a table; names, values and items are JSON as a request carries it
CREATE OR REPLACE FUNCTION dynapg_test.condition(expression text, names text, "values" text, item text,
												 kind text DEFAULT 'ConditionExpression') RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_test_condition'
	LANGUAGE C STABLE;

CREATE OR REPLACE FUNCTION dynapg_test.projection(expression text, names text, item text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_projection'
	LANGUAGE C STABLE;

-- ALL_NEW: the item after; UPDATED_OLD, UPDATED_NEW: fragments, null if there are none; COST: what it adds to a size
CREATE OR REPLACE FUNCTION dynapg_test.update(expression text, names text, "values" text, item text, present boolean,
											  returned text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_update'
	LANGUAGE C STABLE;

CREATE OR REPLACE FUNCTION dynapg_test.key_condition(expression text, names text, "values" text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_key_condition'
	LANGUAGE C STABLE;

CREATE OR REPLACE FUNCTION dynapg_test.is_reserved(word text) RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_test_is_reserved'
	LANGUAGE C IMMUTABLE STRICT;

-- the read and write units that operations of this session have consumed since the last call
CREATE OR REPLACE FUNCTION dynapg_test.consumed() RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_consumed'
	LANGUAGE C;

-- A PartiQL statement as the audit shows it; keys: the attribute pk is one, whose values stay
CREATE OR REPLACE FUNCTION dynapg_test.redact(statement text, keys boolean) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_partiql_redact'
	LANGUAGE C STRICT;

-- A PartiQL statement without a table; parameters and the item that it is about are JSON as a request carries them
CREATE OR REPLACE FUNCTION dynapg_test.partiql(statement text, parameters text DEFAULT '[]', item text DEFAULT '{}') RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_partiql'
	LANGUAGE C STABLE STRICT;

-- Policies (kind: identity, table or stream): the canonical form, whether two of a table say the same, what counts against quotas
CREATE OR REPLACE FUNCTION dynapg_test.policy(policy text, kind text DEFAULT 'table') RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_policy'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.policy_equivalent(a text, b text) RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_test_policy_equivalent'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.policy_size(policy text) RETURNS integer
	AS '$libdir/dynapg', 'dynapg_test_policy_size'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.glob(pattern text, text text, ignore_case boolean DEFAULT false) RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_test_glob'
	LANGUAGE C IMMUTABLE STRICT;

-- The decision of an identity policy, made so many times: for benchmarks
CREATE OR REPLACE FUNCTION dynapg_test.judge(policy text, action text, resource text, context jsonb, times integer) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_judge'
	LANGUAGE C STABLE STRICT;

-- Whether a request may turn out to be allowed by an identity policy, before its keys are known
CREATE OR REPLACE FUNCTION dynapg_test.foresee(policy text, action text, resource text, context jsonb DEFAULT '{}') RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_test_foresee'
	LANGUAGE C STABLE STRICT;

-- Hooks into the executor's checks, as a module does that audits (a NOTICE for each) or denies; NULL: no longer
CREATE OR REPLACE FUNCTION dynapg_test.watch(relation regclass, deny boolean DEFAULT false) RETURNS void
	AS '$libdir/dynapg', 'dynapg_test_watch'
	LANGUAGE C;

-- Formats of imports and exports
CREATE OR REPLACE FUNCTION dynapg_test.read_records(source bytea, format text, compression text DEFAULT 'NONE', options jsonb DEFAULT '{}',
	piece integer DEFAULT 65536, resume_at bigint DEFAULT 0, resume_index bigint DEFAULT 0,
	OUT index bigint, OUT "end" bigint, OUT status text, OUT item jsonb, OUT error text, OUT condition text) RETURNS SETOF record
	AS '$libdir/dynapg', 'dynapg_test_read_records'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.write_record(item jsonb, format text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_write_record'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.write_change(micros bigint, keys jsonb, old_image jsonb, new_image jsonb, format text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_write_change'
	LANGUAGE C IMMUTABLE;

CREATE OR REPLACE FUNCTION dynapg_test.gzip(source bytea, level integer DEFAULT 6, OUT compressed bytea, OUT md5 text, OUT bytes bigint)
	AS '$libdir/dynapg', 'dynapg_test_gzip'
	LANGUAGE C IMMUTABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.decompress(source bytea, compression text, piece integer DEFAULT 65536,
	OUT len bigint, OUT bytes bytea, OUT error text)
	AS '$libdir/dynapg', 'dynapg_test_decompress'
	LANGUAGE C IMMUTABLE STRICT;

-- bytes of lines; what came in records: for measurements
CREATE OR REPLACE FUNCTION dynapg_test.write_speed(item jsonb, format text, times integer, level integer DEFAULT 0) RETURNS bigint
	AS '$libdir/dynapg', 'dynapg_test_write_speed'
	LANGUAGE C VOLATILE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.read_speed(source bytea, format text, times integer) RETURNS bigint
	AS '$libdir/dynapg', 'dynapg_test_read_speed'
	LANGUAGE C VOLATILE STRICT;

-- Buckets, as the processes of transfers use them
CREATE OR REPLACE FUNCTION dynapg_test.bucket_may(bucket text, access text) RETURNS boolean
	AS '$libdir/dynapg', 'dynapg_test_bucket_may'
	LANGUAGE C STABLE STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.bucket_list(bucket text, prefix text DEFAULT '', owner text DEFAULT NULL)
	RETURNS TABLE (key text, size bigint, etag text)
	AS '$libdir/dynapg', 'dynapg_test_bucket_list'
	LANGUAGE C;

-- the bytes, or how many they are, and their SHA-256
CREATE OR REPLACE FUNCTION dynapg_test.bucket_read(bucket text, key text, "from" bigint DEFAULT 0, etag text DEFAULT NULL,
												   hash boolean DEFAULT true) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_bucket_read'
	LANGUAGE C;

-- writes the bytes so often, and then: finish (gives the etag), abandon, or leave
CREATE OR REPLACE FUNCTION dynapg_test.bucket_put(bucket text, key text, bytes bytea, times integer DEFAULT 1, action text DEFAULT 'finish',
												  encryption text DEFAULT NULL, kms_key text DEFAULT NULL) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_bucket_put'
	LANGUAGE C;

-- the FailureCode and the FailureMessage, without what is made up of it, of what a statement fails with
CREATE OR REPLACE FUNCTION dynapg_test.failure_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	code text;
	detail text;
BEGIN
	EXECUTE statement;
	RETURN 'none';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS code = CONSTRAINT_NAME, detail = PG_EXCEPTION_DETAIL;
	RETURN format('%s: %s (%s)', coalesce(nullif(code, ''), SQLSTATE), regexp_replace(SQLERRM, 'ID: [^;]*', 'ID: ...', 'g'), detail);
END $$;

-- Loads the items that a query gives by bulk_load.h
CREATE OR REPLACE FUNCTION dynapg_test.bulk_load(table_name text, query text) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_bulk_load'
	LANGUAGE C STRICT;

-- The library of requests that leave the server: elements of a document with their texts; where requests may go
CREATE OR REPLACE FUNCTION dynapg_test.xml(document bytea) RETURNS text
	AS '$libdir/dynapg_out', 'dynapg_test_xml'
	LANGUAGE C STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.guard_host(patterns text, host text, port integer, default_port integer) RETURNS boolean
	AS '$libdir/dynapg_out', 'dynapg_test_guard_host'
	LANGUAGE C STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.guard_address(address text) RETURNS boolean
	AS '$libdir/dynapg_out', 'dynapg_test_guard_address'
	LANGUAGE C STRICT;

-- By what each operation that dynapg has is allowed
CREATE OR REPLACE FUNCTION dynapg_test.access_rows() RETURNS TABLE (operation text, action text, resource text, granted text)
	AS '$libdir/dynapg', 'dynapg_test_access_rows'
	LANGUAGE C STABLE;

-- How a kind of destinations outside of the database judges an answer to the first records of a table's stream (src/events/outside_sql.c)
CREATE OR REPLACE FUNCTION dynapg_test.judge_answer(table_name text, kind text, definition jsonb, status integer, answer bytea, header text DEFAULT NULL) RETURNS text
	AS '$libdir/dynapg', 'dynapg_test_judge_answer'
	LANGUAGE C;
-- what a sketch of contributor insights makes of keys and their weights
CREATE OR REPLACE FUNCTION dynapg_test.sketch(keys integer[], weights double precision[], OUT key integer, OUT weight double precision,
		OUT error double precision) RETURNS SETOF record
	AS '$libdir/dynapg', 'dynapg_test_sketch'
	LANGUAGE C STRICT;

-- Bodies of CloudWatch's requests: CBOR, null for what is none, and written; forms of AWS Query
CREATE OR REPLACE FUNCTION dynapg_test.cbor(document bytea) RETURNS jsonb
	AS '$libdir/dynapg', 'dynapg_test_cbor'
	LANGUAGE C STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.cbor_write(value jsonb) RETURNS bytea
	AS '$libdir/dynapg', 'dynapg_test_cbor_write'
	LANGUAGE C STRICT;

CREATE OR REPLACE FUNCTION dynapg_test.query_form(body bytea) RETURNS jsonb
	AS '$libdir/dynapg', 'dynapg_test_query_form'
	LANGUAGE C STRICT;
