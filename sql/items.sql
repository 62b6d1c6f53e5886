-- PutItem, GetItem and DeleteItem.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION pg_temp.put(request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.fails(format('SELECT dynamo_put_item(%L)', request)) $$;
CREATE FUNCTION pg_temp.get(request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.fails(format('SELECT dynamo_get_item(%L)', request)) $$;
CREATE FUNCTION pg_temp.del(request jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT pg_temp.fails(format('SELECT dynamo_delete_item(%L)', request)) $$;

SELECT pg_temp.make('Music', 'Artist:S', 'Song:S');
SELECT pg_temp.make('Single', 'id:S');
SELECT pg_temp.make('Numbers', 'n:N', 'm:N');
SELECT pg_temp.make('Bytes', 'b:B', 'c:B');

-- Every type comes back as it was put
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "Acme"}, "Song": {"S": "Do"},
	"s": {"S": ""}, "n": {"N": "-1.50"}, "b": {"B": "AAEC"}, "t": {"BOOL": true}, "null": {"NULL": true},
	"l": {"L": [{"S": "x"}, {"L": []}, {"N": "1E2"}]}, "m": {"M": {"S": {"S": "y"}, "$B": {"N": "0"}}},
	"ss": {"SS": ["b", "a"]}, "ns": {"NS": ["2", "1.0"]}, "bs": {"BS": ["Ag==", "AQ=="]}}}');
SELECT key, value FROM jsonb_each(dynamo_get_item('{"TableName": "Music",
	"Key": {"Artist": {"S": "Acme"}, "Song": {"S": "Do"}}}') -> 'Item') ORDER BY key COLLATE "C";

-- A missing item is no member Item
SELECT dynamo_get_item('{"TableName": "Music", "Key": {"Artist": {"S": "Acme"}, "Song": {"S": "Re"}}}');

-- A put replaces the whole item
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "Acme"}, "Song": {"S": "Do"}, "x": {"N": "1"}}}');
SELECT dynamo_get_item('{"TableName": "Music", "Key": {"Artist": {"S": "Acme"}, "Song": {"S": "Do"}}}');

-- Artist and song are one key together
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "Acme"}, "Song": {"S": "D"}}}');
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Artist": {"S": "AcmeD"}, "Song": {"S": "o"}}}');
SELECT item FROM dynamo."Music" ORDER BY item->>'Artist' COLLATE "C", sort;

-- ReturnValues of PutItem: NONE or ALL_OLD; nothing comes back for a new item
SELECT dynamo_put_item('{"TableName": "Single", "Item": {"id": {"S": "a"}, "v": {"N": "1"}}, "ReturnValues": "ALL_OLD"}');
SELECT dynamo_put_item('{"TableName": "Single", "Item": {"id": {"S": "a"}, "v": {"N": "2"}}, "ReturnValues": "ALL_OLD"}');
SELECT dynamo_put_item('{"TableName": "Single", "Item": {"id": {"S": "a"}, "v": {"N": "3"}}, "ReturnValues": "NONE"}');
SELECT dynamo_put_item('{"TableName": "Single", "Item": {"id": {"S": "a"}, "v": {"N": "4"}}}');
SELECT v, pg_temp.put(jsonb_build_object('TableName', 'Single', 'Item', '{"id": {"S": "a"}}'::jsonb, 'ReturnValues', v))
	FROM unnest(ARRAY['ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW', 'SOME']) v;

-- ReturnValues of DeleteItem, and deleting what is not there
SELECT v, pg_temp.del(jsonb_build_object('TableName', 'Single', 'Key', '{"id": {"S": "a"}}'::jsonb, 'ReturnValues', v))
	FROM unnest(ARRAY['ALL_NEW', 'UPDATED_OLD', 'UPDATED_NEW', 'SOME']) v;
SELECT dynamo_delete_item('{"TableName": "Single", "Key": {"id": {"S": "a"}}, "ReturnValues": "ALL_OLD"}');
SELECT dynamo_delete_item('{"TableName": "Single", "Key": {"id": {"S": "a"}}, "ReturnValues": "ALL_OLD"}');
SELECT dynamo_delete_item('{"TableName": "Single", "Key": {"id": {"S": "a"}}}');
SELECT count(*) FROM dynamo."Single";

-- ConsumedCapacity: NONE, TOTAL, INDEXES
SELECT v, dynamo_put_item(jsonb_build_object('TableName', 'Single', 'Item', '{"id": {"S": "a"}}'::jsonb,
	'ReturnConsumedCapacity', v)) FROM unnest(ARRAY['NONE', 'TOTAL', 'INDEXES']) v;
SELECT v, dynamo_get_item(jsonb_build_object('TableName', 'Single', 'Key', '{"id": {"S": "a"}}'::jsonb,
	'ReturnConsumedCapacity', v)) FROM unnest(ARRAY['NONE', 'TOTAL', 'INDEXES']) v;
SELECT v, dynamo_delete_item(jsonb_build_object('TableName', 'Single', 'Key', '{"id": {"S": "a"}}'::jsonb,
	'ReturnConsumedCapacity', v)) FROM unnest(ARRAY['NONE', 'TOTAL', 'INDEXES']) v;
SELECT pg_temp.put('{"TableName": "Single", "Item": {"id": {"S": "a"}}, "ReturnConsumedCapacity": "ALL"}');

-- A write costs a unit for each 1024 bytes of the larger of old and new: names and values count
CREATE FUNCTION pg_temp.sized(bytes int) RETURNS jsonb LANGUAGE sql AS
$$ SELECT jsonb_build_object('id', jsonb_build_object('S', 'a'), 'p', jsonb_build_object('S', repeat('x', bytes - 4))) $$;
CREATE FUNCTION pg_temp.cost(response jsonb) RETURNS jsonb LANGUAGE sql AS
$$ SELECT response #> '{ConsumedCapacity,CapacityUnits}' $$;
SELECT size, dynapg.item_size(dynapg.from_dynamodb_json(pg_temp.sized(size))),
	pg_temp.cost(dynamo_put_item(jsonb_build_object('TableName', 'Single', 'Item', pg_temp.sized(size),
		'ReturnConsumedCapacity', 'TOTAL'))) AS put_over_smaller,
	pg_temp.cost(dynamo_delete_item('{"TableName": "Single", "Key": {"id": {"S": "a"}}, "ReturnConsumedCapacity": "TOTAL"}'))
		AS delete
	FROM unnest(ARRAY[5, 1024, 1025, 2048, 2049, 409600]) size;
SELECT pg_temp.cost(dynamo_put_item(jsonb_build_object('TableName', 'Single', 'Item', pg_temp.sized(1025)) ||
	'{"ReturnConsumedCapacity": "TOTAL"}'));
SELECT pg_temp.cost(dynamo_put_item('{"TableName": "Single", "Item": {"id": {"S": "a"}}, "ReturnConsumedCapacity": "TOTAL"}'))
	AS small_over_large;

-- A read costs a unit for each 4096 bytes, half of that without ConsistentRead, and the minimum if nothing is there
SELECT size, (dynamo_put_item(jsonb_build_object('TableName', 'Single', 'Item', pg_temp.sized(size)))),
	pg_temp.cost(dynamo_get_item('{"TableName": "Single", "Key": {"id": {"S": "a"}}, "ReturnConsumedCapacity": "TOTAL"}')) AS eventual,
	pg_temp.cost(dynamo_get_item('{"TableName": "Single", "Key": {"id": {"S": "a"}}, "ReturnConsumedCapacity": "TOTAL",
		"ConsistentRead": true}')) AS consistent
	FROM unnest(ARRAY[5, 4096, 4097, 8192, 8193, 409600]) size;
SELECT pg_temp.cost(dynamo_get_item('{"TableName": "Single", "Key": {"id": {"S": "?"}}, "ReturnConsumedCapacity": "TOTAL"}')),
	pg_temp.cost(dynamo_get_item('{"TableName": "Single", "Key": {"id": {"S": "?"}}, "ReturnConsumedCapacity": "TOTAL",
		"ConsistentRead": true}')),
	pg_temp.cost(dynamo_delete_item('{"TableName": "Single", "Key": {"id": {"S": "?"}}, "ReturnConsumedCapacity": "TOTAL"}'));

-- An item has at most 409,600 bytes
SELECT size, pg_temp.put(jsonb_build_object('TableName', 'Single', 'Item', pg_temp.sized(size)))
	FROM unnest(ARRAY[409600, 409601]) size;

-- The Key must have the key attributes, no others, and of the right type
SELECT key, pg_temp.get(jsonb_build_object('TableName', 'Music', 'Key', key)),
	pg_temp.del(jsonb_build_object('TableName', 'Music', 'Key', key))
FROM unnest(ARRAY[
	'{}', '{"Artist": {"S": "a"}}', '{"Song": {"S": "a"}}',
	'{"Artist": {"S": "a"}, "Song": {"S": "b"}, "x": {"S": "c"}}',
	'{"Artist": {"S": "a"}, "x": {"S": "b"}}',
	'{"Artist": {"S": "a"}, "Song": {"N": "1"}}',
	'{"Artist": {"L": [{"S": "a"}]}, "Song": {"S": "b"}}',
	'{"Artist": {"NULL": true}, "Song": {"S": "b"}}']::jsonb[]) key;

-- An item must have the key attributes, of the right type
SELECT item, pg_temp.put(jsonb_build_object('TableName', 'Music', 'Item', item))
FROM unnest(ARRAY[
	'{}', '{"Artist": {"S": "a"}}', '{"Song": {"S": "a"}}', '{"Artist": {"S": "a"}, "song": {"S": "b"}}',
	'{"Artist": {"N": "1"}, "Song": {"S": "b"}}', '{"Artist": {"S": "a"}, "Song": {"B": "AA=="}}',
	'{"Artist": {"S": "a"}, "Song": {"M": {}}}', '{"Artist": {"S": "a"}, "Song": {"L": []}}',
	'{"Artist": {"S": "a"}, "Song": {"BOOL": true}}', '{"Artist": {"S": "a"}, "Song": {"NULL": true}}',
	'{"Artist": {"SS": ["a"]}, "Song": {"S": "b"}}', '{"Artist": {"NS": ["1"]}, "Song": {"S": "b"}}',
	'{"Artist": {"BS": ["AA=="]}, "Song": {"S": "b"}}']::jsonb[]) item;

-- A key attribute is not empty
SELECT pg_temp.put('{"TableName": "Music", "Item": {"Artist": {"S": ""}, "Song": {"S": "b"}}}');
SELECT pg_temp.put('{"TableName": "Music", "Item": {"Artist": {"S": "a"}, "Song": {"S": ""}}}');
SELECT pg_temp.get('{"TableName": "Music", "Key": {"Artist": {"S": ""}, "Song": {"S": "b"}}}');
SELECT pg_temp.del('{"TableName": "Music", "Key": {"Artist": {"S": "a"}, "Song": {"S": ""}}}');
SELECT pg_temp.put('{"TableName": "Bytes", "Item": {"b": {"B": ""}, "c": {"B": "AA=="}}}');
SELECT pg_temp.get('{"TableName": "Bytes", "Key": {"b": {"B": "AA=="}, "c": {"B": ""}}}');

-- Partition keys have at most 2048 bytes, sort keys 1024; both at their longest work together
SELECT hash, sort,
	pg_temp.put(jsonb_build_object('TableName', 'Music', 'Item', k)),
	pg_temp.get(jsonb_build_object('TableName', 'Music', 'Key', k)),
	pg_temp.del(jsonb_build_object('TableName', 'Music', 'Key', k))
FROM (VALUES (2048, 1024), (2049, 1024), (2048, 1025)) v(hash, sort),
	LATERAL (SELECT jsonb_build_object(
		'Artist', jsonb_build_object('S', (SELECT left(string_agg(md5('h' || i), '' ORDER BY i), hash) FROM generate_series(1, 100) i)),
		'Song', jsonb_build_object('S', (SELECT left(string_agg(md5('s' || i), '' ORDER BY i), sort) FROM generate_series(1, 100) i))) k) l;
-- bytes, not characters
SELECT pg_temp.put(jsonb_build_object('TableName', 'Single', 'Item',
	jsonb_build_object('id', jsonb_build_object('S', repeat('é', 1024))))),
	pg_temp.put(jsonb_build_object('TableName', 'Single', 'Item',
	jsonb_build_object('id', jsonb_build_object('S', repeat('é', 1024) || 'x'))));
SELECT octet_length(item->>'id') FROM dynamo."Single" WHERE item->>'id' LIKE 'é%';
SELECT pg_temp.put(jsonb_build_object('TableName', 'Bytes', 'Item', jsonb_build_object(
	'b', jsonb_build_object('B', translate(encode(decode(repeat('ff', 2048), 'hex'), 'base64'), E'\n', '')),
	'c', jsonb_build_object('B', translate(encode(decode(repeat('00', 1024), 'hex'), 'base64'), E'\n', ''))))),
	pg_temp.put(jsonb_build_object('TableName', 'Bytes', 'Item', jsonb_build_object(
	'b', jsonb_build_object('B', translate(encode(decode(repeat('ff', 2049), 'hex'), 'base64'), E'\n', '')),
	'c', jsonb_build_object('B', 'AA==')))),
	pg_temp.put(jsonb_build_object('TableName', 'Bytes', 'Item', jsonb_build_object(
	'b', jsonb_build_object('B', 'AA=='),
	'c', jsonb_build_object('B', translate(encode(decode(repeat('00', 1025), 'hex'), 'base64'), E'\n', '')))));

-- A number is one key in all its spellings
SELECT dynamo_put_item(jsonb_build_object('TableName', 'Numbers', 'Item', jsonb_build_object(
	'n', jsonb_build_object('N', n), 'm', jsonb_build_object('N', m), 'spelled', jsonb_build_object('S', n || ' ' || m)),
	'ReturnValues', 'ALL_OLD')) -> 'Attributes'
FROM (VALUES ('1', '0'), ('1.0', '-0'), ('1e0', '0.00'), ('10E-1', '0'), ('+01', '0e5'), ('-1', '1'), ('1', '1')) v(n, m);
SELECT dynamo_get_item('{"TableName": "Numbers", "Key": {"n": {"N": "0.1E1"}, "m": {"N": "000"}}}');
SELECT item FROM dynamo."Numbers" ORDER BY (item->>'n')::numeric, sort;

-- Sort keys are in the order of numbers and of unsigned bytes
SELECT count(dynamo_put_item(jsonb_build_object('TableName', 'Numbers', 'Item', jsonb_build_object(
	'n', '{"N": "7"}'::jsonb, 'm', jsonb_build_object('N', m)))))
FROM unnest(ARRAY['0', '1E-130', '-1E-130', '9.9999999999999999999999999999999999999E+125',
	'-9.9999999999999999999999999999999999999E+125', '2', '10', '-2', '-10', '1.5', '100']) m;
SELECT string_agg(dynapg.number_from_key(sort)::float8::text, ' ' ORDER BY sort) FROM dynamo."Numbers" WHERE item->'n' = '7';
SELECT count(dynamo_put_item(jsonb_build_object('TableName', 'Bytes', 'Item', jsonb_build_object(
	'b', '{"B": "AA=="}'::jsonb, 'c', jsonb_build_object('B', encode(c::bytea, 'base64'))))))
FROM unnest(ARRAY['\xff', '\x00', '\x7f', '\x80', '\x0000', '\x00ff']) c;
SELECT string_agg(sort::text, ' ' ORDER BY sort) FROM dynamo."Bytes" WHERE item->'b'->>'$B' = 'AA==';

-- Table names: dots, hyphens, underscores, digits first, 255 characters, and the ARN wherever a name goes
SELECT pg_temp.make(name, 'id:S'), count(*) FROM unnest(ARRAY['a.b-c_D', '007', '...', '-a-', 'select',
	rpad('long', 255, 'x'), rpad('long', 254, 'x') || 'y', rpad('n', 63, 'z'), rpad('n', 64, 'z')]) name GROUP BY name;
SELECT dynamo_put_item(jsonb_build_object('TableName', name, 'Item', jsonb_build_object('id', '{"S": "1"}'::jsonb,
	'table', jsonb_build_object('N', i::text))))
	FROM unnest(ARRAY['a.b-c_D', '007', '...', '-a-', 'select', rpad('long', 255, 'x'), rpad('long', 254, 'x') || 'y',
	rpad('n', 63, 'z'), rpad('n', 64, 'z')]) WITH ORDINALITY u(name, i);
SELECT left(t.name, 8), length(t.name), length(c.relname), n.nspname,
	dynamo_get_item(jsonb_build_object('TableName', t.name, 'Key', '{"id": {"S": "1"}}'::jsonb)) #>> '{Item,table,N}' AS number
	FROM dynapg.tables t JOIN pg_class c ON c.oid = t.relation JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE t.name NOT IN ('Music', 'Single', 'Numbers', 'Bytes') ORDER BY 5;
SELECT dynamo_get_item('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/a.b-c_D", "Key": {"id": {"S": "1"}},
	"ReturnConsumedCapacity": "TOTAL"}');
SELECT pg_temp.get('{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/nothing", "Key": {"id": {"S": "1"}}}');
SELECT pg_temp.get('{"TableName": "arn:aws:dynamodb:us-east-1:123456789012:table/a.b-c_D", "Key": {"id": {"S": "1"}}}');
SELECT pg_temp.get('{"TableName": "arn:aws:dynamodb:eu-west-2:000000000000:table/a.b-c_D", "Key": {"id": {"S": "1"}}}');

-- Names are case-sensitive; a missing table is Requested resource not found, without its name
SELECT pg_temp.get('{"TableName": "music", "Key": {"id": {"S": "1"}}}');
SELECT pg_temp.put('{"TableName": "music", "Item": {"id": {"S": "1"}}}');
SELECT pg_temp.del('{"TableName": "music", "Key": {"id": {"S": "1"}}}');

-- Required members, and their constraints, come before anything else
SELECT pg_temp.put('{}');
SELECT pg_temp.put('{"TableName": "Single"}');
SELECT pg_temp.get('{"TableName": "Single"}');
SELECT pg_temp.del('{"TableName": "Single"}');
SELECT pg_temp.put('{"TableName": "", "Item": {"id": {"S": "1"}}, "ReturnValues": "SOME"}');
SELECT pg_temp.put('{"TableName": "a b", "Item": {"id": {"S": "1"}}}');
SELECT pg_temp.put('{"TableName": "Single", "Item": {"id": {"S": "1"}}, "ReturnValues": "SOME", "ReturnConsumedCapacity": "MUCH"}');
SELECT pg_temp.get('{"TableName": 5, "Key": {"id": {"S": "1"}}}');

-- PutItem's order: values, ReturnValues, size, table, keys
SELECT pg_temp.put('{"TableName": "nothing", "Item": {"x": {}}, "ReturnValues": "ALL_NEW"}');
SELECT pg_temp.put('{"TableName": "nothing", "Item": {"x": {"SS": []}}, "ReturnValues": "ALL_NEW"}');
SELECT pg_temp.put(jsonb_build_object('TableName', 'nothing', 'ReturnValues', 'ALL_NEW', 'Item',
	jsonb_build_object('x', jsonb_build_object('S', repeat('x', 409600)))));
SELECT pg_temp.put(jsonb_build_object('TableName', 'nothing', 'Item',
	jsonb_build_object('x', jsonb_build_object('S', repeat('x', 409600)))));
SELECT pg_temp.put('{"TableName": "nothing", "Item": {"x": {"S": ""}}}');
SELECT pg_temp.put('{"TableName": "Single", "Item": {"x": {"S": ""}}}');

-- GetItem's and DeleteItem's order: values, table, key
SELECT pg_temp.get('{"TableName": "nothing", "Key": {"x": {"NULL": false}}}');
SELECT pg_temp.get('{"TableName": "nothing", "Key": {"x": {"S": ""}}}');
SELECT pg_temp.get('{"TableName": "Single", "Key": {"x": {"S": ""}}}');
SELECT pg_temp.del('{"TableName": "nothing", "Key": {"x": {"NS": []}}}');
SELECT pg_temp.del('{"TableName": "nothing", "Key": {"x": {"S": ""}}}');

-- Bad values say what the service says
SELECT item, pg_temp.put(jsonb_build_object('TableName', 'Single', 'Item', item))
FROM unnest(ARRAY[
	'{"id": {"S": "1", "N": "1"}}', '{"id": {}}', '{"id": {"S": "1"}, "x": {"NULL": false}}',
	'{"id": {"S": "1"}, "x": {"SS": ["a", "a"]}}', '{"id": {"S": "1"}, "x": {"NS": ["1", "1.0"]}}',
	'{"id": {"S": "1"}, "x": {"BS": ["AA==", "AA=="]}}', '{"id": {"S": "1"}, "x": {"N": ""}}',
	'{"id": {"S": "1"}, "x": {"N": "one"}}', '{"id": {"S": "1"}, "x": {"N": "1E126"}}',
	'{"id": {"S": "1"}, "x": {"N": "1E-131"}}', '{"id": {"S": "1"}, "x": {"N": "123456789012345678901234567890123456789"}}'
	]::jsonb[]) item;

-- A put in a table that is dropped and created anew uses the new keys
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
SELECT pg_temp.make('Music', 'Song:N');
SELECT dynamo_put_item('{"TableName": "Music", "Item": {"Song": {"N": "5"}}}');
SELECT dynamo_get_item('{"TableName": "Music", "Key": {"Song": {"N": "5"}}}');
SELECT item FROM dynamo."Music";
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM dynapg.tables;
