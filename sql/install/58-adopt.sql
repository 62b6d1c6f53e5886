--
-- Tables that have come without their catalog row: by pg_dump -t, or restored by a role that may not write the catalog.
--

CREATE FUNCTION dynapg.adopt_table(relation regclass, indexes jsonb DEFAULT '{}', table_name text DEFAULT NULL) RETURNS void
	AS 'MODULE_PATHNAME', 'dynapg_adopt_table' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.adopt_table(regclass, jsonb, text) IS
	'makes a relation in schema dynamo, whose columns are an item table''s, the table of its name, with the indexes given as CreateTable is, which are built; owner only';
