-- Index tables are where their item table is, whatever the caller's default_tablespace
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set VERBOSITY terse
SET allow_in_place_tablespaces TO on;
CREATE TABLESPACE regress_dynapg_public LOCATION '';
CREATE TABLESPACE regress_dynapg_secure LOCATION '';
CREATE ROLE regress_dynapg_tenant;
GRANT CREATE ON TABLESPACE regress_dynapg_public TO regress_dynapg_tenant;
GRANT CREATE ON SCHEMA dynamo TO regress_dynapg_tenant;
GRANT USAGE ON SCHEMA dynapg_index TO regress_dynapg_tenant;
CREATE VIEW public.places AS
	SELECT c.oid::regclass AS relation, coalesce(t.spcname, 'the default') AS place
	FROM pg_class c LEFT JOIN pg_tablespace t ON t.oid = c.reltablespace
	WHERE c.relnamespace IN ('dynamo'::regnamespace, 'dynapg_index'::regnamespace) AND c.relname LIKE 'Placed%';
GRANT SELECT ON public.places TO regress_dynapg_tenant;

CREATE FUNCTION pg_temp.create_table(name text) RETURNS boolean LANGUAGE sql AS $$
	SELECT dynamo_create_table(format('{"TableName": "%s", "BillingMode": "PAY_PER_REQUEST",
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
		"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}', name)::jsonb) IS NOT NULL $$;
CREATE FUNCTION pg_temp.add_index(name text) RETURNS boolean LANGUAGE sql AS $$
	SELECT dynamo_update_table(format('{"TableName": "%s", "AttributeDefinitions": [{"AttributeName": "h", "AttributeType": "S"}],
		"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by_h", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "h", "KeyType": "HASH"}]}}]}', name)::jsonb) IS NOT NULL $$;

-- a default_tablespace that the role has no right to
SET ROLE regress_dynapg_tenant;
SELECT pg_temp.create_table('Placed1');
SET default_tablespace TO regress_dynapg_secure;
SELECT pg_temp.add_index('Placed1');
SELECT dynapg.wait_for_indexes('Placed1');
SELECT dynapg.replace_index('Placed1', 'by_g', '{"Projection": {"ProjectionType": "KEYS_ONLY"}}');
SELECT dynapg.wait_for_indexes('Placed1');
SELECT * FROM public.places ORDER BY relation::text COLLATE "C";
-- does not do for the item table either
SELECT pg_temp.create_table('Placed2');
-- one that it has a right to is the item table's, and then its indexes', even when the right is gone
SET default_tablespace TO regress_dynapg_public;
SELECT pg_temp.create_table('Placed2');
RESET ROLE;
REVOKE CREATE ON TABLESPACE regress_dynapg_public FROM regress_dynapg_tenant;
SET ROLE regress_dynapg_tenant;
RESET default_tablespace;
SELECT pg_temp.add_index('Placed2');
SELECT dynapg.wait_for_indexes('Placed2');
SELECT * FROM public.places WHERE relation::text LIKE '%Placed2%' ORDER BY relation::text COLLATE "C";

RESET ROLE;
DROP TABLE dynamo."Placed1", dynamo."Placed2";
DROP VIEW public.places;
DROP TABLESPACE regress_dynapg_public;
DROP TABLESPACE regress_dynapg_secure;
DROP OWNED BY regress_dynapg_tenant;
DROP ROLE regress_dynapg_tenant;
