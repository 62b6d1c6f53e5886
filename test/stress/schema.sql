-- A few keys for many writers, and a ledger of what each write found and left, written in the same transaction.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
SELECT dynamo_create_table('{"TableName": "Stress", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "N"}, {"AttributeName": "s", "AttributeType": "N"}]}')
	IS NOT NULL AS created;
-- writes that are not HOT
CREATE INDEX stress_v ON dynamo."Stress" (((item->'v')::bigint));

CREATE SCHEMA stress;
-- old and new: the value found and left; null: no item. The number is drawn while the item is locked.
CREATE TABLE stress.ledger (number bigserial, key int, old bigint, new bigint);

CREATE FUNCTION stress.key(key int) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
	SELECT jsonb_build_object('p', jsonb_build_object('N', (key % 3)::text), 's', jsonb_build_object('N', key::text)) $$;

CREATE FUNCTION stress.put(key int, value bigint, padding int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	response jsonb;
BEGIN
	response := dynamo_put_item(jsonb_build_object('TableName', 'Stress', 'ReturnValues', 'ALL_OLD', 'Item',
		stress.key(key) || jsonb_build_object('v', jsonb_build_object('N', value::text),
			'padding', jsonb_build_object('S', repeat(md5(value::text), padding)))));
	INSERT INTO stress.ledger (key, old, new) VALUES (key, (response #>> '{Attributes,v,N}')::bigint, value);
END $$;

CREATE FUNCTION stress.delete(key int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	response jsonb;
BEGIN
	response := dynamo_delete_item(jsonb_build_object('TableName', 'Stress', 'ReturnValues', 'ALL_OLD', 'Key', stress.key(key)));
	INSERT INTO stress.ledger (key, old) VALUES (key, (response #>> '{Attributes,v,N}')::bigint);
END $$;
