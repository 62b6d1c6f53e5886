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
CREATE TEMP TABLE lines AS SELECT convert_to(string_agg(md5(n::text), E'\n'), 'UTF8') AS bytes FROM generate_series(1, 20000) n;
SELECT level, z.bytes = length(t.bytes), md5 = encode(decode(md5(compressed), 'hex'), 'base64'), left(encode(compressed, 'hex'), 20), d.bytes = t.bytes AS same, d.error
FROM lines t, unnest(ARRAY[1, 6, 9]) level, dynapg_test.gzip(t.bytes, level) z, dynapg_test.decompress(compressed, 'GZIP', 1000) d;
SELECT d.bytes = t.bytes || t.bytes AS same, d.error FROM lines t, dynapg_test.gzip(t.bytes) z, dynapg_test.gzip('') e,
	dynapg_test.decompress(e.compressed || z.compressed || e.compressed || z.compressed || e.compressed, 'GZIP', 1) d;
SELECT compression, d.* FROM unnest(ARRAY['NONE', 'GZIP', 'ZSTD']) compression, dynapg_test.decompress('', compression) d;
-- what ends too early, what follows the end, what was never compressed
SELECT what, d.len, d.error FROM lines t, dynapg_test.gzip(t.bytes) z,
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
--
-- Amazon Ion
--
CREATE FUNCTION pg_temp.answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE query INTO answer;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
-- the item of a struct of one member v, as stored
CREATE FUNCTION pg_temp.ion(value text) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.answer(format('SELECT dynapg.item_from_ion(%L) -> ''v''', '{v:' || value || '}')) $$;
-- the guide's example, and back
SELECT dynapg.item_to_ion('{"Authors": {"$SS": ["Author1"]}, "Dimensions": "8.5 x 11.0", "ISBN": "333", "Id": 103, "InPublication": false, "PageCount": 600, "Price": 2000}');
SELECT dynapg.item_from_ion('{Authors:$dynamodb_SS::["Author1"],Dimensions:"8.5 x 11.0",ISBN:"333",Id:103.,InPublication:false,PageCount:6d2,Price:2d3}');
-- each type, and what needs quotes or escapes
SELECT dynapg.item_to_ion('{"b": {"$B": "YWI="}, "bs": {"$BS": ["YQ==", "YWI="]}, "n": null, "ns": {"$NS": [-1, 2.5]}, "l": [], "m": {}, "e": "", "eb": {"$B": ""}, "w": {"$M": {"$x": [1, {"y": true}]}}}');
SELECT dynapg.item_to_ion('{"$1": 1, "a b": 1, "$x": 1, "null": 1, "nan": 1, "it''s": 1, "\\": 1, "1a": 1, "é": 1, "$$a$0": 1, "_": 1}');
SELECT dynapg.item_to_ion('{"a": "\"''\\/\u0001\u0007\b\t\n\u000b\f\r\u001f\u007f é 😀", "z": {"$S": "$00$$"}, "zs": {"$SS0": ["$0", "a"]}}');
SELECT dynapg.item_to_ion('{"n": [0, 1, -1, 10, 1.5, -0.5, 0.000001, 0.0000001, 0.0000012, 123.456, 12345678901234567890123456789012345678, 1e125, 1e-130, 1.2e-10]}');
-- all there is to read
SELECT value, pg_temp.ion(value) FROM unnest(ARRAY[
	-- numbers
	'0', '-0', '0.', '-0.0', '1_000', '1_0.5_0', '0x1F', '-0xff_ff', '0b101', '0xffffffffffffffffffffffffffffffff', '0x' || repeat('f', 200), '1d2', '1.5d-2', '15D+1',
	'1e2', '1.5E-2', '0e0', '1.', '1.d3', 'nan', '+inf', '-inf', '1d126', '1d-131', repeat('1', 39), '12345678901234567890123456789012345678',
	-- strings
	'""', '"a\0b"', '"\a\b\t\n\f\r\v\"\''\?\\\/"', '"\x41\xe9\u00e9\U0001F600\ud83d\ude00"', E'"a\\\nb"', E'"a\\\r\nb"', '''''''a''''''', E'''''''a'''''' /* c */ ''''''b\r\nc\nd\r''''''',
	'''''''it''s ''''quoted'''' ''''''', '"' || E'\t' || '"', '"''"',
	-- symbols
	'abc', '''a b''', '$5', '''$10''', '$ion_1_0',
	-- null, bool
	'null', 'null.null', 'null.string', 'null.struct', 'true', 'false',
	-- blobs
	'{{}}', '{{ YWI= }}', E'{{Y\nW I=}}', '{{/+8=}}',
	-- lists, structs, sets
	'[]', '[1, "a", [], {},]', '{a:1, ''b'':2, "c":3, ''''''d'''''':4,}', '{a:1,a:2}', '{$M:{}}', 'x::''y''::1', '$dynamodb_SS::["b","a"]', '$dynamodb_SS :: [x, "\0"]', 'a::$dynamodb_NS::[1., 2d1, 0x3]',
	'''$dynamodb_BS''::[{{YQ==}}]', '/* c */ 1 // d' || E'\n', '[/**/1/**/,//' || E'\n2]'
]) value;
-- what is no attribute value
SELECT value, pg_temp.ion(value) FROM unnest(ARRAY['2007-01-01', '2007T', '2007-02-23T12:14:33.079-08:00', '{{"clob"}}', '{{ ''''''clob'''''' ''''''}}'''''' }}', '(a + b)', '()',
	'$dynamodb_SS::[]', '$dynamodb_SS::["a","a"]', '$dynamodb_SS::[1]', '$dynamodb_NS::["1"]', '$dynamodb_NS::[null]', '$dynamodb_BS::["a"]', '$dynamodb_BS::[{{"a"}}]', '$dynamodb_SS::"a"',
	'$dynamodb_SS::null.list', '$dynamodb_XX::[]', '{'''':1}', '$dynamodb_NS::[1, 1.0]', '$dynamodb_NS::[nan]', repeat('[', 31) || repeat(']', 31), repeat('[', 32) || repeat(']', 32),
	repeat('[', 100000) || repeat(']', 100000)]) value WHERE length(value) < 100 OR pg_temp.ion(value) NOT LIKE 'YD001%Nesting Levels%';
-- what is no Ion
SELECT value, pg_temp.ion(value) FROM unnest(ARRAY['', '01', '-01', '1__0', '_1', '1_', '0x', '0x_1', '0b2', '1a', '1.5.5', '1e', '1d', '1d1.5', '+1', '-', '.5', '1/2', '1-',
	'"', '"a', '"\q"', '"\x4"', '"\u12"', '"\ud83d"', '"\ude00\ud83d"', '"\U00110000"', E'"\n"', E'"\x01"', '''a', '''''''a''''', '$99', '$0', 'null.foo', 'null.', 'null::1', 'true::1',
	'a::', '::1', '[1 2]', '[,]', '[1,,2]', '[', '{a}', '{a:}', '{a:1 b:2}', '{null:1}', '{1:1}', '{a:1]', '{{YQ}}', '{{Y}}', '{{YR==}}', '{{!}}', '{{', '/*', '/', '1}', '(']) value;
SELECT pg_temp.answer(format('SELECT dynapg.item_from_ion(%L)', text)) FROM unnest(ARRAY['{}', '$ion_1_0 {a:1}', E'$ion_1_0\n// nothing\n$ion_1_0 x::{a:1} $ion_1_0', '', '$ion_1_0', '1', '[]', 'null.struct', 'x::', '$ion_1_1 {}', '''$ion_1_0'' {}', '{} {}', '{}}',
	'$ion_symbol_table::{symbols:["a", 1, "b"]} {$10:$12}', '$ion_symbol_table::{symbols:["a", 1, "b"]} {$11:1}', '$ion_symbol_table::{symbols:["a"]} $ion_symbol_table::{imports:$ion_symbol_table, symbols:["b"]} {$10:$11}',
	'$ion_symbol_table::{symbols:["a"]} $ion_symbol_table::{symbols:["b"]} {$10:1}', '$ion_symbol_table::{symbols:["a"]} $ion_1_0 {$10:1}', '$ion_symbol_table::{imports:[{name:"x", version:1}]} {}', '$ion_symbol_table::{imports:[], symbols:null} {a:1}']) text;
-- records
SELECT * FROM pg_temp.records(E'$ion_1_0 {Item:{p:"a"}}\n$ion_1_0 {Item:{p:"b", n:{{ YQ== }}}}{Other:1,Item:\n{p:"c", "}":''{'', s:''''''{'''''', c:[{{"}}"}}]}}\n// {\n/* { */ $ion_1_0 {Item:{n:1}, More:[{}]} \n', 'ION');
SELECT * FROM pg_temp.records('', 'ION');
SELECT * FROM pg_temp.records('$ion_1_0 // nothing', 'ION');
SELECT * FROM pg_temp.records('$ion_symbol_table::{symbols:["Item", "p"]} {$10:{$11:$11}} {$10:{$11:2}} $ion_1_0 {$10:{}}', 'ION');
SELECT text, r.index, status, what FROM unnest(ARRAY['{Items:{}}', '{Item:null}', '{Item:[]}', '[{Item:{}}]', '1', '{Item:{p:01}}', '{Item:{}', '{Item:{p:"a}', '$ion_1_0 x::', '/*', '{{}}', '''''''a''''''', '{Item:{p:2007T}}', '"a"']) text,
	pg_temp.records('{Item:{}} ' || text || E' ', 'ION') r WHERE r.index > 0;
SELECT index, "end", status, error FROM dynapg_test.read_records('\xe00100ead0', 'ION');
SELECT * FROM pg_temp.records('{Item:{p:"a"}, ConditionExpression:"#n < :v", ExpressionAttributeNames:{''#n'':"n"}, ExpressionAttributeValues:{'':v'':5}}{ExpressionAttributeValues:null, Item:{p:"a"}, Other:[1]}{Item:{}, ConditionExpression:1}', 'ION', '{"conditions": "yes"}');
SELECT index, "end", status, error FROM dynapg_test.read_records(convert_to('// ' || repeat('x', 20000000) || E'\n{Item:{}}{Item:{p:"' || repeat('x', 9000000) || '"}}', 'UTF8'), 'ION');
-- reading goes on behind any record, with the symbols that came before
WITH source AS (SELECT convert_to('$ion_symbol_table::{symbols:["Item", "p"]}' || string_agg(format(E'{$10:{$11:%s}}\n', n), ''), 'UTF8') AS bytes FROM generate_series(1, 50) n),
	whole AS (SELECT r.* FROM source, dynapg_test.read_records(bytes, 'ION') r)
SELECT count(*), bool_and(rest.status = 'end' OR rest IN (SELECT whole FROM whole))
FROM source, whole, dynapg_test.read_records(bytes, 'ION', 'NONE', '{}', 7, whole."end", whole.index + 1) rest
WHERE whole.status = 'item';
SELECT dynapg_test.write_record('{"p": "a", "n": 600}', 'ION'), dynapg_test.write_change(1680109764000000, '{"p": "a"}', NULL, '{"p": "a", "n": 1}', 'ION'),
	dynapg_test.write_change(1680109764000000, '{"p": "a"}', '{"p": "a", "n": 0}', '{"p": "a", "n": 1}', 'ION'),
	dynapg_test.write_change(1680109764000000, '{"p": "a"}', NULL, NULL, 'ION');
--
-- CSV
--
SELECT * FROM pg_temp.records(E'p,n,s\na,1.50,x\r\n"b",-2,"y ""z"", \n,"\n\nc,,""\n,3,é', 'CSV', '{"columns": {"p": "S", "n": "N"}}');
SELECT * FROM pg_temp.records(E'\uFEFFp;b\n1;YQ==\n2;x\n3', 'CSV', '{"delimiter": ";", "columns": {"p": "N", "b": "B"}}');
SELECT * FROM pg_temp.records(E'p n\n1 2\n', 'CSV', '{"delimiter": " ", "header": ["x", "y"]}');
SELECT * FROM pg_temp.records('', 'CSV');
SELECT * FROM pg_temp.records('p,n', 'CSV');
SELECT * FROM pg_temp.records(E'p,n\n1\n1,2,3\nx,1\n', 'CSV', '{"columns": {"p": "N"}}');
SELECT * FROM pg_temp.records(E'p,\n1,\n1,2\n', 'CSV');
SELECT source, r.index, status, what FROM unnest(ARRAY[E'p,n\nvalue "123",x\n', E'p,n\n"a"b,x\n', E'p,n\n"a,x\n', E'p,p\n1,2\n', E'"p\n1,2', E'p"q\n1']) source, pg_temp.records(source, 'CSV') r;
-- as the guide escapes quotes; a delimiter between them is one
SELECT * FROM pg_temp.records(E'id,value """123""",Women''s Full Lenth Dress\n1,z """x,y""" """",3', 'CSV', '{"header": ["a", "b", "c"]}');
SELECT * FROM pg_temp.records(E'id,value\n"value ""123""",Women''s Full Lenth Dress\n', 'CSV');
SELECT index, "end", status, error FROM dynapg_test.read_records('\x700aff0a', 'CSV');
SELECT index, "end", status, left(what, 60) FROM pg_temp.records(format(E'p,q\n%s,1\n%s,1', repeat('x', 409599), repeat('x', 409590)), 'CSV');
SELECT index, "end", status, error FROM dynapg_test.read_records(convert_to(repeat('x', 409601) || E'\n1', 'UTF8'), 'CSV');
SELECT index, "end", status, error FROM dynapg_test.read_records(convert_to(E'p\n"' || repeat(E'x\n', 5000000), 'UTF8'), 'CSV');
WITH source AS (SELECT convert_to('p,"q' || E'\n"\n' || string_agg(format(E'%s,"\n"\r\n\n', n), ''), 'UTF8') AS bytes FROM generate_series(1, 50) n),
	whole AS (SELECT r.* FROM source, dynapg_test.read_records(bytes, 'CSV') r)
SELECT count(*), bool_and(rest.status = 'end' OR rest IN (SELECT whole FROM whole))
FROM source, whole, dynapg_test.read_records(bytes, 'CSV', 'NONE', '{}', 7, whole."end", whole.index + 1) rest
WHERE whole.status = 'item';
--
-- memory is bounded: 250 MB of blank lines, of a comment, of empty rows, in a quarter of one; records that no item can be. The most that a fresh backend ever
-- had is less (a sanitizer's own memory is not looked at)
--
\c -
\pset format unaligned
\pset tuples_only on
CREATE TEMP TABLE bombs AS SELECT what, format, (SELECT string_agg(compressed, '' ORDER BY n) FROM (SELECT 0 AS n, compressed FROM dynapg_test.gzip(begin)
	UNION ALL SELECT n, compressed FROM dynapg_test.gzip(convert_to(repeat(filling, 10000000), 'UTF8'), 9), generate_series(1, 25) n) z) AS bytes
FROM (VALUES ('blank lines', 'DYNAMODB_JSON', ''::bytea, E'\n'), ('blanks', 'ION', '', ' '), ('a comment', 'ION', '/*', '*'), ('empty rows', 'CSV', 'p', E'\n'),
	('a string', 'ION', '{Item:{p:"', 'x'), ('a list', 'ION', '{Item:{p:[', ','), ('a quoted field', 'CSV', 'p,"', 'x'), ('a row', 'CSV', E'p\n', 'x')) AS v(what, format, begin, filling);
SELECT what, format, "end", status, error FROM bombs, dynapg_test.read_records(bytes, format, 'GZIP') WHERE "end" > 0 OR error IS NOT NULL;
SELECT substring(pg_read_file('/proc/self/status') FROM 'VmHWM:\s+(\d+)')::integer < 200000 OR pg_read_file('/proc/self/maps') LIKE '%libasan%' AS bounded;
