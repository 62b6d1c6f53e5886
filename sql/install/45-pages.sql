-- Query and Scan for SQL: rows instead of pages.
CREATE FUNCTION dynapg.query(request jsonb) RETURNS SETOF jsonb
	AS 'MODULE_PATHNAME', 'dynapg_query' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 100;
COMMENT ON FUNCTION dynapg.query(jsonb) IS
	'the items of a Query request, all pages, as plain jsonb in the order of the sort key; the request''s Limit bounds the items evaluated';

CREATE FUNCTION dynapg.scan(request jsonb) RETURNS SETOF jsonb
	AS 'MODULE_PATHNAME', 'dynapg_scan' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE ROWS 10000;
COMMENT ON FUNCTION dynapg.scan(jsonb) IS
	'the items of a Scan request, all pages, as plain jsonb; the request''s Limit bounds the items evaluated';
