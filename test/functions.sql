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
