--
-- Values: DynamoDB JSON, sizes, keys.
--

CREATE FUNCTION dynapg.to_dynamodb_json(item jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_to_dynamodb_json'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.to_dynamodb_json(jsonb) IS
	'an item as DynamoDB JSON: {"Artist": "Acme"} becomes {"Artist": {"S": "Acme"}}';

CREATE FUNCTION dynapg.from_dynamodb_json(typed jsonb) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_from_dynamodb_json'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.from_dynamodb_json(jsonb) IS
	'the item that DynamoDB JSON describes: {"Artist": {"S": "Acme"}} becomes {"Artist": "Acme"}';

CREATE FUNCTION dynapg.item_to_ion(item jsonb) RETURNS text
	AS 'MODULE_PATHNAME', 'dynapg_item_to_ion'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.item_to_ion(jsonb) IS
	'an item as Amazon Ion text, as exports have it: {"Year": 1999} becomes {Year:1999.}';

CREATE FUNCTION dynapg.item_from_ion(ion text) RETURNS jsonb
	AS 'MODULE_PATHNAME', 'dynapg_item_from_ion'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.item_from_ion(text) IS
	'the item that a struct of Amazon Ion text describes: {Year:1999.} becomes {"Year": 1999}';

CREATE FUNCTION dynapg.item_size(item jsonb) RETURNS integer
	AS 'MODULE_PATHNAME', 'dynapg_item_size'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.item_size(jsonb) IS
	'bytes that an item counts against the limit of 409,600; raises an error if it can be no item';

CREATE FUNCTION dynapg.partition_hash(item jsonb, attribute text, type text) RETURNS uuid
	AS 'MODULE_PATHNAME', 'dynapg_partition_hash'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.partition_hash(jsonb, text, text) IS
	'hash of an item''s partition key, given the key attribute''s name and type (S, N or B)';

CREATE FUNCTION dynapg.sort_key(item jsonb, attribute text, type text) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dynapg_sort_key'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.sort_key(jsonb, text, text) IS
	'an item''s sort key as bytes in DynamoDB''s order, given the key attribute''s name and type (S, N or B)';

CREATE FUNCTION dynapg.number_key(number numeric) RETURNS bytea
	AS 'MODULE_PATHNAME', 'dynapg_number_key'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.number_key(numeric) IS
	'a number as it stands in a sort key: bytes in numeric order';

CREATE FUNCTION dynapg.number_from_key(key bytea) RETURNS numeric
	AS 'MODULE_PATHNAME', 'dynapg_number_from_key'
	LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION dynapg.number_from_key(bytea) IS
	'the number that dynapg.number_key() made the bytes of';
