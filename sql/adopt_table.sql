-- A table that has come without its catalog row is adopted: rows are there, and the API knows them again.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\pset format unaligned
CREATE ROLE regress_adopt_owner;
CREATE ROLE regress_adopt_other;
GRANT CREATE ON SCHEMA dynamo TO regress_adopt_owner, regress_adopt_other;
SET ROLE regress_adopt_owner;

-- as pg_dump writes it
CREATE TABLE dynamo."Adopt" (
	hash uuid GENERATED ALWAYS AS (dynapg.partition_hash(item, 'id'::text, 'S'::text)) STORED NOT NULL,
	sort bytea GENERATED ALWAYS AS (dynapg.sort_key(item, 'n'::text, 'N'::text)) STORED NOT NULL,
	item jsonb NOT NULL
) USING dynapg;
INSERT INTO dynamo."Adopt" (item) SELECT jsonb_build_object('id', 'a' || i % 3, 'n', i, 'g', i % 2, 'year', i) FROM generate_series(1, 10) i;
ALTER TABLE ONLY dynamo."Adopt" ADD CONSTRAINT "Adopt~pkey" PRIMARY KEY (hash, sort);
CREATE TRIGGER dynapg_items AFTER INSERT OR DELETE OR UPDATE ON dynamo."Adopt" FOR EACH ROW EXECUTE FUNCTION dynapg.items_changed();
ALTER TABLE dynamo."Adopt" ENABLE ALWAYS TRIGGER dynapg_items;
CREATE TRIGGER dynapg_truncate AFTER TRUNCATE ON dynamo."Adopt" FOR EACH STATEMENT EXECUTE FUNCTION dynapg.items_truncated();
ALTER TABLE dynamo."Adopt" ENABLE ALWAYS TRIGGER dynapg_truncate;
SELECT dynapg.get('Adopt', 'a1'::text, 1);

-- the owner only
SET ROLE regress_adopt_other;
SELECT dynapg.adopt_table('dynamo."Adopt"');

-- indexes are CreateTable's, and what it refuses is refused
SET ROLE regress_adopt_owner;
SELECT dynapg.adopt_table('dynamo."Adopt"', '{"GlobalSecondaryIndexes": [{"IndexName": "by_g",
	"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}]}');
SELECT dynapg.adopt_table('dynamo."Adopt"', '{"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}');
SELECT dynapg.adopt_table('dynamo."Adopt"', '{"AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "N"}]}');
SELECT dynapg.adopt_table('dynamo."Adopt"', '{"KeySchema": []}');
SELECT dynapg.adopt_table('dynamo."Adopt"', '[]');
SELECT dynapg.adopt_table('dynamo."Adopt"', '{"AttributeDefinitions": 1}');
SELECT dynapg.adopt_table('dynamo."Adopt"', '{}', 'no');
SELECT name FROM dynapg.tables WHERE name LIKE 'Adopt%';

BEGIN;
SELECT dynapg.adopt_table('dynamo."Adopt"', '{
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "g", "AttributeType": "N"},
		{"AttributeName": "year", "AttributeType": "N"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"},
		"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}],
	"LocalSecondaryIndexes": [{"IndexName": "by_year", "Projection": {"ProjectionType": "KEYS_ONLY"},
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}],
	"Tags": [{"Key": "Owner", "Value": "me"}]}');
COMMIT;
SELECT dynapg.get('Adopt', 'a1'::text, 1);
SELECT table_name, name, kind, status, kept FROM dynapg.indexes WHERE table_name = 'Adopt' ORDER BY name;
SELECT * FROM dynapg.check_table('Adopt');
SELECT dynamo_query('{"TableName": "Adopt", "IndexName": "by_g", "Select": "COUNT", "KeyConditionExpression": "g = :g",
	"ExpressionAttributeValues": {":g": {"N": "1"}}}');
SELECT d -> 'KeySchema', d -> 'AttributeDefinitions', d #> '{BillingModeSummary,BillingMode}'
	FROM (SELECT dynamo_describe_table('{"TableName": "Adopt"}') -> 'Table') t (d);
SELECT tags FROM dynapg.tables WHERE name = 'Adopt';
SELECT dynamo_put_item('{"TableName": "Adopt", "Item": {"id": {"S": "b"}, "n": {"N": "1"}, "g": {"N": "7"}, "year": {"N": "7"}}}');
DELETE FROM dynamo."Adopt" WHERE item @> '{"id": "a2"}';
SELECT * FROM dynapg.check_table('Adopt');
ALTER TABLE dynamo."Adopt" DROP COLUMN item;

-- it is not adopted twice, and no name is taken twice
SELECT dynapg.adopt_table('dynamo."Adopt"');
SELECT dynapg.adopt_table('dynamo."Adopt"', '{}', 'Adopt2');
CREATE TABLE dynamo."Adopt3" (LIKE dynamo."Adopt" INCLUDING GENERATED) USING dynapg;
SELECT dynapg.adopt_table('dynamo."Adopt3"', '{}', 'Adopt');

-- as pg_restore -t leaves it, without key and triggers; under another name; from any state of its triggers
SELECT dynapg.adopt_table('dynamo."Adopt3"', '{"BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 2}}',
	'Adopt.of.another-name');
SELECT dynapg.put('Adopt.of.another-name', '{"id": "x", "n": 1}');
SELECT dynapg.get('Adopt.of.another-name', 'x'::text, 1);
SELECT tgname, tgenabled FROM pg_trigger WHERE tgrelid = 'dynamo."Adopt3"'::regclass ORDER BY 1;
SELECT dynamo_describe_table('{"TableName": "Adopt.of.another-name"}') #> '{Table,ProvisionedThroughput}';
SELECT dynamo_delete_table('{"TableName": "Adopt.of.another-name"}') IS NOT NULL;
SELECT to_regclass('dynamo."Adopt3"');

-- what is no item table
CREATE TABLE dynamo.adopt_heap (LIKE dynamo."Adopt" INCLUDING GENERATED) USING heap;
CREATE TABLE dynamo.adopt_columns (hash uuid, sort bytea, item jsonb) USING heap;
CREATE TABLE dynamo.adopt_parent (LIKE dynamo."Adopt" INCLUDING GENERATED) USING dynapg;
CREATE TABLE dynamo.adopt_child () INHERITS (dynamo.adopt_parent) USING dynapg;
CREATE TABLE dynamo.adopt_key (LIKE dynamo."Adopt" INCLUDING GENERATED, PRIMARY KEY (hash)) USING dynapg;
CREATE VIEW dynamo.adopt_view AS SELECT 1;
CREATE TEMP TABLE adopt_temp (LIKE dynamo."Adopt" INCLUDING GENERATED) USING dynapg;
SELECT dynapg.adopt_table('dynamo.adopt_heap');
SELECT dynapg.adopt_table('dynamo.adopt_columns');
SELECT dynapg.adopt_table('dynamo.adopt_parent');
SELECT dynapg.adopt_table('dynamo.adopt_child');
SELECT dynapg.adopt_table('dynamo.adopt_key');
SELECT dynapg.adopt_table('dynamo.adopt_view');
SELECT dynapg.adopt_table('adopt_temp');
SELECT dynapg.adopt_table('pg_catalog.pg_class');
SELECT dynapg.adopt_table(0);
SELECT dynapg.adopt_table(NULL);
CREATE TABLE dynamo.adopt_triggers (LIKE dynamo."Adopt" INCLUDING GENERATED) USING dynapg;
CREATE TRIGGER dynapg_items AFTER INSERT ON dynamo.adopt_triggers FOR EACH ROW EXECUTE FUNCTION dynapg.items_changed();
SELECT dynapg.adopt_table('dynamo.adopt_triggers');
ALTER TRIGGER dynapg_items ON dynamo.adopt_triggers RENAME TO another;
SELECT dynapg.adopt_table('dynamo.adopt_triggers');
SELECT dynamo_delete_table('{"TableName": "adopt_triggers"}') IS NOT NULL;

-- the way out of heap
ALTER TABLE dynamo.adopt_heap SET ACCESS METHOD dynapg;
SELECT dynapg.adopt_table('dynamo.adopt_heap');
SELECT dynapg.items('adopt_heap', 'x'::text);

SELECT dynamo_delete_table('{"TableName": "Adopt"}') IS NOT NULL, dynamo_delete_table('{"TableName": "adopt_heap"}') IS NOT NULL;
DROP TABLE dynamo.adopt_columns, dynamo.adopt_child, dynamo.adopt_parent, dynamo.adopt_key;
DROP VIEW dynamo.adopt_view;
DROP TABLE adopt_temp;
RESET ROLE;
REVOKE CREATE ON SCHEMA dynamo FROM regress_adopt_owner, regress_adopt_other;
DROP ROLE regress_adopt_owner, regress_adopt_other;
