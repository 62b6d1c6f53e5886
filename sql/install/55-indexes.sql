--
-- What the service cannot do with an index: change its key or its projection.
--

CREATE FUNCTION dynapg.replace_index(table_name text, index_name text, definition jsonb) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_replace_index' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.replace_index(text, text, jsonb) IS
	'builds an index anew, with another KeySchema or Projection, while the present one stays in use; then swaps them';
