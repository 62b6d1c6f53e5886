--
-- The formats of imports and exports: records in objects, and compression.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/functions.sql
-- the records of an object; read whole and byte by byte they are the same
CREATE FUNCTION pg_temp.records(source text, format text, options jsonb DEFAULT '{}')
	RETURNS TABLE (index bigint, "end" bigint, status text, what text, condition text) LANGUAGE sql AS $$
	SELECT a.index, a."end", a.status || CASE WHEN a IS NOT DISTINCT FROM b THEN '' ELSE ' differs ' || b::text END,
		coalesce(a.item::text, a.error), a.condition
	FROM ROWS FROM (dynapg_test.read_records(convert_to(source, 'UTF8'), format, 'NONE', options)) WITH ORDINALITY a
		FULL JOIN ROWS FROM (dynapg_test.read_records(convert_to(source, 'UTF8'), format, 'NONE', options, 1)) WITH ORDINALITY b
		USING (ordinality)
	ORDER BY ordinality $$;
\set ECHO all
\pset format unaligned
\pset tuples_only on
--
-- DynamoDB JSON: a line a record, blank lines are none, the last may lack its newline; other members are passed over
--
SELECT * FROM pg_temp.records(E'{"Item": {"p": {"S": "a"}, "n": {"N": "1.50"}}}\n\n \t\r\n{"x": [{}], "Item": {"p": {"S": "b"}}, "y": null}\r\n{"Item": {}}',
	'DYNAMODB_JSON');
SELECT * FROM pg_temp.records('', 'DYNAMODB_JSON');
SELECT * FROM pg_temp.records(E'\n \n', 'DYNAMODB_JSON');
SELECT * FROM pg_temp.records(E'\uFEFF{"Item": {"p": {"S": "a"}}}', 'DYNAMODB_JSON');
-- an item that no table takes is passed over
SELECT * FROM pg_temp.records(E'{"Item": {"": {"S": "a"}}}\n{"Item": {"p": {"N": "x"}}}\n{"Item": {"p": {"SS": []}}}\n{"Item": {"p": {}}}\n{"Item": {"p": {"S": "b"}}}\n',
	'DYNAMODB_JSON');
SELECT index, "end", status, left(what, 80) FROM pg_temp.records(format(E'{"Item": {"p": {"S": "%s"}}}\n{"Item": {"p": {"S": "%s"}}}\n',
	repeat('x', 409600), repeat('x', 409599)), 'DYNAMODB_JSON');
-- what cannot be turned into an item abandons the rest
SELECT * FROM pg_temp.records(E'{"Item": {"p": {"S": "a"}}}\ngarbage\n{"Item": {"p": {"S": "b"}}}\n', 'DYNAMODB_JSON');
SELECT line, r.index, status, what FROM unnest(ARRAY['{"Items": {}}', '{"Item": null}', '{"Item": "a"}', '[]', '1', '{"Item": {}} {}', '{"Item": {}',
	'{"Item": {"p": {"S": 1}}}', '{"Item": {"p": {"B": "x"}}}', '{"Item": {"p": "a"}}', '{"Item": {"p": {"M": {"__type": {"S": ""}}}}}']) line,
	pg_temp.records(line || E'\n{"Item": {}}', 'DYNAMODB_JSON') r;
-- neither must be UTF-8 that is none, nor a line that is too long
SELECT index, "end", status, error FROM dynapg_test.read_records('\x7b224974656d223a7b2270223a7b2253223a22ff227d7d7d', 'DYNAMODB_JSON');
SELECT index, "end", status, error FROM dynapg_test.read_records(convert_to(format('{"Item": {"p": {"S": "%s"}}}', repeat('x', 9000000)), 'UTF8'), 'DYNAMODB_JSON');
-- records with conditions
SELECT * FROM pg_temp.records('{"Item": {"p": {"S": "a"}}, "ConditionExpression": "#n < :v", "ExpressionAttributeNames": {"#n": "n"}, "ExpressionAttributeValues": {":v": {"N": "5"}}}
{"ExpressionAttributeValues": null, "Item": {"p": {"S": "a"}}, "ConditionExpression": "attribute_not_exists(p)"}
{"Item": {"p": {"S": "a"}}}
{"Item": {"p": {"S": "a"}}, "ConditionExpression": 1}
', 'DYNAMODB_JSON', '{"conditions": "yes"}');
SELECT * FROM pg_temp.records('{"Item": {"p": {"S": "a"}}, "ConditionExpression": 1}', 'DYNAMODB_JSON');
-- reading goes on behind any record
WITH source AS (SELECT convert_to(string_agg(format(E'{"Item": {"p": {"N": "%s"}}}\n', n), ''), 'UTF8') AS bytes FROM generate_series(1, 50) n),
	whole AS (SELECT r.* FROM source, dynapg_test.read_records(bytes, 'DYNAMODB_JSON') r)
SELECT count(*), bool_and(rest.status = 'end' OR rest IN (SELECT whole FROM whole))
FROM source, whole, dynapg_test.read_records(bytes, 'DYNAMODB_JSON', 'NONE', '{}', 7, whole."end", whole.index + 1) rest
WHERE whole.status = 'item';
--
-- lines of exports
--
SELECT dynapg_test.write_record('{"p": "a", "n": 600, "b": {"$B": "YQ=="}, "m": {"x": [null, true]}, "$$z$0": {"$S": "$0"}, "s": {"$NS": [1, 2]}}', 'DYNAMODB_JSON');
SELECT dynapg_test.write_change(1680109764000000, '{"p": "a"}', NULL, '{"p": "a", "n": 1}', 'DYNAMODB_JSON'),
	dynapg_test.write_change(1680109764000000, '{"p": "a"}', '{"p": "a", "n": 0}', '{"p": "a", "n": 1}', 'DYNAMODB_JSON'),
	dynapg_test.write_change(1680109764000000, '{"p": "a"}', NULL, NULL, 'DYNAMODB_JSON');
--
-- compression
--
-- what was compressed unfolds to the same, members follow each other, nothing is nothing
CREATE TEMP TABLE text AS SELECT convert_to(string_agg(md5(n::text), E'\n'), 'UTF8') AS bytes FROM generate_series(1, 20000) n;
SELECT level, z.bytes = length(t.bytes), md5 = encode(decode(md5(compressed), 'hex'), 'base64'), left(encode(compressed, 'hex'), 20), d.bytes = t.bytes AS same, d.error
FROM text t, unnest(ARRAY[1, 6, 9]) level, dynapg_test.gzip(t.bytes, level) z, dynapg_test.decompress(compressed, 'GZIP', 1000) d;
SELECT d.bytes = t.bytes || t.bytes AS same, d.error FROM text t, dynapg_test.gzip(t.bytes) z, dynapg_test.gzip('') e,
	dynapg_test.decompress(e.compressed || z.compressed || e.compressed || z.compressed || e.compressed, 'GZIP', 1) d;
SELECT compression, d.* FROM unnest(ARRAY['NONE', 'GZIP', 'ZSTD']) compression, dynapg_test.decompress('', compression) d;
-- what ends too early, what follows the end, what was never compressed
SELECT what, d.len, d.error FROM text t, dynapg_test.gzip(t.bytes) z,
	LATERAL (VALUES ('cut', substr(compressed, 1, length(compressed) - 4)), ('cut in the header', '\x1f8b08'), ('zeros', compressed || '\x0000'),
		('garbage', compressed || 'more'), ('plain', t.bytes),
		('checksum', set_byte(compressed, length(compressed) - 6, get_byte(compressed, length(compressed) - 6) # 255))) AS v(what, b),
	dynapg_test.decompress(b, 'GZIP') d;
-- ZSTD: two frames and a skippable one between them; a window of 1 GB is refused
CREATE TEMP TABLE zstd AS SELECT '\x28b52ffd0458e100007b224974656d223a207b2270223a207b2253223a202261227d7d7d0ac459d70f502a4d180300000061626328b52ffd0458e100007b224974656d223a207b2270223a207b2253223a202262227d7d7d0a24067505'::bytea AS bytes;
SELECT piece, convert_from(d.bytes, 'UTF8'), d.error FROM zstd, unnest(ARRAY[1, 65536]) piece, dynapg_test.decompress(bytes, 'ZSTD', piece) d;
SELECT what, d.len, d.error FROM zstd z, LATERAL (VALUES ('cut', substr(z.bytes, 1, length(z.bytes) - 2)), ('garbage', z.bytes || 'more'),
		('plain', '{"Item": {}}'), ('window', '\x28b52ffd00a0010000')) AS v(what, b),
	dynapg_test.decompress(b, 'ZSTD') d;
--
-- records behind a compression: what was good before it broke is read
--
SELECT index, "end", status, item, error
FROM dynapg_test.gzip(convert_to(E'{"Item": {"p": {"S": "a"}}}\n{"Item": {"p": {"S": "b"}}}\n', 'UTF8')) z,
	dynapg_test.read_records(compressed || 'x', 'DYNAMODB_JSON', 'GZIP');
SELECT index, "end", status, item, error FROM dynapg_test.read_records('{}', 'DYNAMODB_JSON', 'GZIP');
SELECT index, "end", status, item, error FROM dynapg_test.gzip('{"Item": {}}') z, dynapg_test.read_records(compressed, 'DYNAMODB_JSON');
-- a bomb: a gigabyte of zeros in a megabyte is one record that is too long
SELECT index, "end", status, error FROM (SELECT string_agg(compressed, '') AS bomb FROM dynapg_test.gzip(decode(repeat('00', 10000000), 'hex'), 9), generate_series(1, 100)) b,
	dynapg_test.read_records(bomb, 'DYNAMODB_JSON', 'GZIP');
