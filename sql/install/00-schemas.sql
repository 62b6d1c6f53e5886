-- Nothing in this script is looked up in a schema that others may create objects in.
SELECT pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);

-- The house's rooms in SQL: dynapg holds the catalog, helpers and views; dynamo holds the item tables.
DO $$
BEGIN
	IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
		RAISE EXCEPTION 'dynapg needs a database of encoding UTF8'
			USING ERRCODE = 'feature_not_supported',
				DETAIL = pg_catalog.format('This database''s encoding is %s; DynamoDB''s strings are Unicode.',
										   pg_catalog.current_setting('server_encoding')),
				HINT = 'Create another database: CREATE DATABASE ... TEMPLATE template0 ENCODING ''UTF8''.';
	END IF;
END
$$;

CREATE SCHEMA dynapg;
COMMENT ON SCHEMA dynapg IS 'dynapg: catalog, helper functions and views';
GRANT USAGE ON SCHEMA dynapg TO PUBLIC;

CREATE SCHEMA dynamo;
COMMENT ON SCHEMA dynamo IS 'dynapg: the item tables, one for each DynamoDB table';
GRANT USAGE ON SCHEMA dynamo TO PUBLIC;
