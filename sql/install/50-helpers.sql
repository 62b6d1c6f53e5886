--
-- Comfortable forms for SQL: items as plain jsonb in and out.
--

CREATE FUNCTION dynapg.version() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN (SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'dynapg');
COMMENT ON FUNCTION dynapg.version() IS 'version of the extension in this database';

CREATE FUNCTION dynapg.relation(table_name text) RETURNS regclass
	AS 'MODULE_PATHNAME', 'dynapg_relation' LANGUAGE C STRICT STABLE;
COMMENT ON FUNCTION dynapg.relation(text) IS 'the table in schema dynamo that holds a table''s items';

--
-- Items by key, through the API's own operations.  A key given as text is of type S, or B in base64; a number is N.
--

CREATE FUNCTION dynapg.put(table_name text, item jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_put' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.put(text, jsonb) IS 'puts an item; returns the one it replaced, or null';

CREATE FUNCTION dynapg.get(table_name text, partition_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_get' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get(text, text) IS 'the item under a key, or null';

CREATE FUNCTION dynapg.get(table_name text, partition_key text, sort_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_get' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get(text, text, text) IS 'the item under a key, or null';

CREATE FUNCTION dynapg.get(table_name text, partition_key text, sort_key numeric) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_get' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get(text, text, numeric) IS 'the item under a key, or null';

CREATE FUNCTION dynapg.get(table_name text, partition_key numeric) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_get' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get(text, numeric) IS 'the item under a key, or null';

CREATE FUNCTION dynapg.get(table_name text, partition_key numeric, sort_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_get' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get(text, numeric, text) IS 'the item under a key, or null';

CREATE FUNCTION dynapg.get(table_name text, partition_key numeric, sort_key numeric) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_get' LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.get(text, numeric, numeric) IS 'the item under a key, or null';

CREATE FUNCTION dynapg.delete(table_name text, partition_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_delete' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete(text, text) IS 'deletes the item under a key; returns it, or null if there was none';

CREATE FUNCTION dynapg.delete(table_name text, partition_key text, sort_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_delete' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete(text, text, text) IS 'deletes the item under a key; returns it, or null if there was none';

CREATE FUNCTION dynapg.delete(table_name text, partition_key text, sort_key numeric) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_delete' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete(text, text, numeric) IS 'deletes the item under a key; returns it, or null if there was none';

CREATE FUNCTION dynapg.delete(table_name text, partition_key numeric) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_delete' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete(text, numeric) IS 'deletes the item under a key; returns it, or null if there was none';

CREATE FUNCTION dynapg.delete(table_name text, partition_key numeric, sort_key text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_delete' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete(text, numeric, text) IS 'deletes the item under a key; returns it, or null if there was none';

CREATE FUNCTION dynapg.delete(table_name text, partition_key numeric, sort_key numeric) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_delete' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION dynapg.delete(text, numeric, numeric) IS 'deletes the item under a key; returns it, or null if there was none';

CREATE FUNCTION dynapg.items(table_name text, partition_key text) RETURNS SETOF jsonb
	AS 'MODULE_PATHNAME', 'dynapg_items' LANGUAGE C STRICT STABLE ROWS 100;
COMMENT ON FUNCTION dynapg.items(text, text) IS 'the items of a partition, in the order of their sort keys';

CREATE FUNCTION dynapg.items(table_name text, partition_key numeric) RETURNS SETOF jsonb
	AS 'MODULE_PATHNAME', 'dynapg_items' LANGUAGE C STRICT STABLE ROWS 100;
COMMENT ON FUNCTION dynapg.items(text, numeric) IS 'the items of a partition, in the order of their sort keys';

--
-- A value as an SQL type; null where it is of another type.  For views and for indexes on expressions.
--

CREATE FUNCTION dynapg.to_numeric(value jsonb) RETURNS numeric
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN pg_catalog.jsonb_typeof(value) = 'number' THEN value::pg_catalog.numeric END;
COMMENT ON FUNCTION dynapg.to_numeric(jsonb) IS 'an N as numeric; null for any other value';

CREATE FUNCTION dynapg.to_boolean(value jsonb) RETURNS boolean
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE WHEN pg_catalog.jsonb_typeof(value) = 'boolean' THEN value::pg_catalog.bool END;
COMMENT ON FUNCTION dynapg.to_boolean(jsonb) IS 'a BOOL as boolean; null for any other value';

CREATE FUNCTION dynapg.to_timestamptz(value jsonb) RETURNS timestamptz
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN CASE pg_catalog.jsonb_typeof(value)
		WHEN 'number' THEN
			CASE WHEN value::pg_catalog.numeric BETWEEN -210866803200 AND 9224318015999
				THEN pg_catalog.to_timestamp(value::pg_catalog.float8) END
		WHEN 'string' THEN
			CASE WHEN value #>> '{}' ~ '^\d{4}-\d\d-\d\d([T ]|$)' THEN (value #>> '{}')::pg_catalog.timestamptz END
		END;
COMMENT ON FUNCTION dynapg.to_timestamptz(jsonb) IS
	'an N (seconds since 1970) or an S (ISO 8601) as a time; null for any other value';

CREATE FUNCTION dynapg.to_bytea(value jsonb) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE pg_catalog.jsonb_typeof(value)
		WHEN 'object' THEN
			CASE WHEN value - '$B'::pg_catalog.text = '{}' THEN pg_catalog.decode(value ->> '$B', 'base64') END
		END;
COMMENT ON FUNCTION dynapg.to_bytea(jsonb) IS 'a B as bytea; null for any other value';

CREATE FUNCTION dynapg.to_text_array(value jsonb) RETURNS text[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE pg_catalog.jsonb_typeof(value)
		WHEN 'object' THEN
			CASE WHEN value ? '$SS' AND value - '$SS'::pg_catalog.text = '{}' THEN
				ARRAY(SELECT pg_catalog.jsonb_array_elements_text(value -> '$SS')) END
		END;
COMMENT ON FUNCTION dynapg.to_text_array(jsonb) IS 'an SS as text[]; null for any other value';

CREATE FUNCTION dynapg.to_numeric_array(value jsonb) RETURNS numeric[]
	LANGUAGE sql IMMUTABLE PARALLEL SAFE
	RETURN CASE pg_catalog.jsonb_typeof(value)
		WHEN 'object' THEN
			CASE WHEN value ? '$NS' AND value - '$NS'::pg_catalog.text = '{}' THEN
				ARRAY(SELECT element::pg_catalog.numeric FROM pg_catalog.jsonb_array_elements(value -> '$NS') element) END
		END;
COMMENT ON FUNCTION dynapg.to_numeric_array(jsonb) IS 'an NS as numeric[]; null for any other value';

--
-- Views with typed columns.
--

-- What CREATE VIEW is to run for dynapg.create_view(): all but the name.
CREATE FUNCTION dynapg.view_query(table_name text, columns jsonb) RETURNS text
	LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog, pg_temp AS
$$
DECLARE
	item_table regclass := dynapg.relation(table_name);
	definition jsonb := (SELECT t.definition FROM dynapg.tables t WHERE t.relation = item_table);
	wanted jsonb;					-- the columns as an array of objects
	key_columns jsonb := '[]';		-- those of the key attributes, which go first, and always
	entry jsonb;
	step jsonb;
	place bigint;
	attribute text;
	key_type text;
	column_name text;
	parent text;					-- expression of the container, and the member in it
	member text;
	parts text[];
	type regtype;
	expression text;
	list text[] := '{}';
BEGIN
	CASE jsonb_typeof(columns)
		WHEN 'object' THEN
			wanted := coalesce((SELECT jsonb_agg(jsonb_build_object('attribute', c.key, 'type', c.value))
								FROM jsonb_each(columns) c), '[]');
		WHEN 'array' THEN
			wanted := columns;
		ELSE
			RAISE EXCEPTION 'columns must be a JSON object or array' USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Write {"attribute": "type", ...} or [{"attribute": ..., "type": ..., "name": ..., "path": [...]}, ...].';
	END CASE;
	FOR entry IN SELECT value FROM jsonb_array_elements(wanted) LOOP
		IF jsonb_typeof(entry) <> 'object'
			OR jsonb_typeof(entry -> 'attribute') IS DISTINCT FROM 'string'
			OR jsonb_typeof(entry -> 'type') IS DISTINCT FROM 'string'
			OR coalesce(jsonb_typeof(entry -> 'name'), 'string') <> 'string'
			OR coalesce(jsonb_typeof(entry -> 'path'), 'array') <> 'array'
			OR entry - '{attribute,type,name,path}'::text[] <> '{}'
		THEN
			RAISE EXCEPTION 'not a column of a view: %', entry USING ERRCODE = 'invalid_parameter_value',
				HINT = 'A column has "attribute" and "type", and may have "name" and "path", an array.';
		END IF;
	END LOOP;

	FOR attribute, key_type IN
		SELECT k ->> 'AttributeName', a ->> 'AttributeType'
		FROM jsonb_array_elements(definition -> 'KeySchema') WITH ORDINALITY AS keys(k, position)
		JOIN jsonb_array_elements(definition -> 'AttributeDefinitions') a
			ON a -> 'AttributeName' = k -> 'AttributeName'
		ORDER BY position
	LOOP
		place := (SELECT min(ordinality) FROM jsonb_array_elements(wanted) WITH ORDINALITY
				  WHERE value ->> 'attribute' = attribute AND NOT value ? 'path');
		IF place IS NULL THEN
			key_columns := key_columns || jsonb_build_object('attribute', attribute,
				'type', CASE key_type WHEN 'S' THEN 'text' WHEN 'N' THEN 'numeric' ELSE 'bytea' END);
		ELSE
			key_columns := key_columns || (wanted -> (place::int - 1));
			wanted := wanted - (place::int - 1);
		END IF;
	END LOOP;

	FOR entry IN SELECT value FROM jsonb_array_elements(key_columns || wanted) LOOP
		column_name := coalesce(entry ->> 'name', entry ->> 'attribute');
		IF octet_length(column_name) NOT BETWEEN 1 AND 63 THEN
			RAISE EXCEPTION 'a column name has 1 to 63 bytes: %', to_jsonb(column_name)
				USING ERRCODE = 'invalid_name', HINT = 'Give the column a "name".';
		END IF;

		-- the attribute's name as items store it
		attribute := (SELECT jsonb_object_keys(dynapg.from_dynamodb_json(
			jsonb_build_object(entry ->> 'attribute', '{"NULL": true}'::jsonb))));
		parent := 'item';
		member := quote_literal(attribute);
		FOR step IN SELECT value FROM jsonb_array_elements(coalesce(entry -> 'path', '[]')) LOOP
			parent := format('%s OPERATOR(pg_catalog.->) %s', parent, member);
			CASE jsonb_typeof(step)
				WHEN 'number' THEN
					member := step::int;
				WHEN 'string' THEN
					member := quote_literal(step #>> '{}');
					IF step #>> '{}' LIKE '$%' THEN
						RAISE EXCEPTION 'a path cannot go through a name that begins with "$": %', entry
							USING ERRCODE = 'feature_not_supported',
								HINT = 'Items store such names in a way of their own; select the whole attribute as jsonb.';
					END IF;
				ELSE
					RAISE EXCEPTION 'a path has names and positions only: %', entry
						USING ERRCODE = 'invalid_parameter_value';
			END CASE;
		END LOOP;

		-- a modifier, as in numeric(10,2), stands at the end
		parts := regexp_match(entry ->> 'type', '^\s*([^()]*[^()\s])\s*(\(\s*\d+\s*(?:,\s*\d+\s*)?\))?\s*$');
		type := to_regtype(parts[1]);
		IF type IS NULL AND parts IS NOT NULL THEN
			RAISE EXCEPTION 'type "%" does not exist', entry ->> 'type' USING ERRCODE = 'undefined_object';
		END IF;
		expression := format('%s OPERATOR(pg_catalog.->) %s', parent, member);
		CASE
			WHEN type IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype) THEN
				expression := format('(%s OPERATOR(pg_catalog.->>) %s)', parent, member);
			WHEN type IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype,
						  'float4'::regtype, 'float8'::regtype) THEN
				expression := format('dynapg.to_numeric(%s)', expression);
			WHEN type = 'bool'::regtype THEN
				expression := format('dynapg.to_boolean(%s)', expression);
			WHEN type = 'timestamptz'::regtype THEN
				expression := format('dynapg.to_timestamptz(%s)', expression);
			WHEN type = 'bytea'::regtype THEN
				expression := format('dynapg.to_bytea(%s)', expression);
			WHEN type = 'text[]'::regtype THEN
				expression := format('dynapg.to_text_array(%s)', expression);
			WHEN type = 'numeric[]'::regtype THEN
				expression := format('dynapg.to_numeric_array(%s)', expression);
			WHEN type = 'jsonb'::regtype THEN
				expression := format('(%s)', expression);
			ELSE
				RAISE EXCEPTION 'a view cannot have a column of type %', entry ->> 'type'
					USING ERRCODE = 'feature_not_supported',
						HINT = 'Types are text, varchar, char, the numeric types, boolean, timestamptz, bytea, '
							'text[], numeric[] and jsonb.';
		END CASE;
		IF parts[2] IS NOT NULL OR type IN ('varchar'::regtype, 'bpchar'::regtype, 'int2'::regtype, 'int4'::regtype,
											'int8'::regtype, 'float4'::regtype, 'float8'::regtype) THEN
			expression := format('CAST(%s AS %s%s)', expression, format_type(type, NULL), parts[2]);
		END IF;
		list := list || format('%s AS %I', expression, column_name);
	END LOOP;

	RETURN format('WITH (security_invoker = true) AS SELECT %s FROM %s', array_to_string(list, ', '), item_table);
END
$$;
COMMENT ON FUNCTION dynapg.view_query(text, jsonb) IS
	'the part of CREATE VIEW after the name that dynapg.create_view() runs';

CREATE FUNCTION dynapg.create_view(view_name text, table_name text, columns jsonb) RETURNS regclass
	LANGUAGE plpgsql VOLATILE STRICT AS
$$
DECLARE
	parts pg_catalog.text[] := pg_catalog.parse_ident(view_name);
	quoted pg_catalog.text;
BEGIN
	-- the search path is the caller's, and so is the schema of an unqualified name: no operators here but
	-- pg_catalog's (CASE with WHEN would look for one itself)
	quoted := pg_catalog.quote_ident(parts[1]);
	IF pg_catalog.array_length(parts, 1) OPERATOR(pg_catalog.=) 2 THEN
		quoted := pg_catalog.concat(quoted, '.', pg_catalog.quote_ident(parts[2]));
	ELSIF pg_catalog.array_length(parts, 1) OPERATOR(pg_catalog.<>) 1 THEN
		RAISE EXCEPTION 'not the name of a view: %', view_name USING ERRCODE = 'invalid_name';
	END IF;
	EXECUTE pg_catalog.concat('CREATE VIEW ', quoted, ' ', dynapg.view_query(table_name, columns));
	RETURN quoted::pg_catalog.regclass;
END
$$;
COMMENT ON FUNCTION dynapg.create_view(text, text, jsonb) IS
	'creates a view with typed columns over a table''s items, the key attributes first';
