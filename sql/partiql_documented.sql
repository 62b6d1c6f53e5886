--
-- The statements that the service's documentation of PartiQL shows, on the tables that it shows them of.
--
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on
CREATE FUNCTION pg_temp.make(name text, hash text, hash_type text, sort text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', jsonb_path_query_array(jsonb_build_array(jsonb_build_object('AttributeName', hash, 'KeyType', 'HASH'),
			jsonb_build_object('AttributeName', sort, 'KeyType', 'RANGE')), '$[*] ? (@.AttributeName != null)'),
		'AttributeDefinitions', jsonb_path_query_array(jsonb_build_array(jsonb_build_object('AttributeName', hash, 'AttributeType', hash_type),
			jsonb_build_object('AttributeName', sort, 'AttributeType', 'S')), '$[*] ? (@.AttributeName != null)'))) #>> '{TableDescription,TableName}'
$$;
-- What a statement returns, in natural form, or what it fails with; a mark if there is more.
CREATE FUNCTION pg_temp.x(statement text, parameters jsonb DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	exception_name text;
	message text;
	response jsonb;
BEGIN
	response := dynamo_execute_statement(jsonb_strip_nulls(jsonb_build_object('Statement', statement, 'Parameters', parameters)));
	RETURN replace((response -> 'Items')::text, '"', '') || CASE WHEN response ? 'NextToken' THEN ' ...' ELSE '' END;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS exception_name = PG_DATATYPE_NAME, message = MESSAGE_TEXT;
	RETURN exception_name || ': ' || message;
END $$;
CREATE FUNCTION pg_temp.answers(statements text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT btrim(s, E'\n') || E'\n    ' || pg_temp.x(btrim(s, E'\n')) FROM regexp_split_to_table(btrim(statements, E'\n'), E'\n\n+') WITH ORDINALITY AS l(s, n)
	ORDER BY n
$$;
SELECT pg_temp.make('Orders', 'OrderID', 'N'), pg_temp.make('Music', 'Artist', 'S', 'SongTitle'), pg_temp.make('TypesTable', 'primarykey', 'S'),
	pg_temp.make('WatchList', 'UserID', 'N', 'Category');

--
-- Data types
--
SELECT pg_temp.answers($$
INSERT INTO TypesTable value {'primarykey':'1',
'NumberType':1,
'MapType' : {'entryname1': 'value', 'entryname2': 4},
'ListType': [1,'stringval'],
'NumberSetType':<<1,34,32,4.5>>,
'StringSetType':<<'stringval','stringval2'>>
}

UPDATE TypesTable
SET NumberType=NumberType + 100
SET MapType.NewMapEntry=[2020, 'stringvalue', 2.4]
SET ListType = LIST_APPEND(ListType, [4, <<'string1', 'string2'>>])
SET NumberSetType= SET_ADD(NumberSetType, <<345, 48.4>>)
SET StringSetType = SET_ADD(StringSetType, <<'stringsetvalue1', 'stringsetvalue2'>>)
WHERE primarykey='1' RETURNING ALL NEW *

UPDATE TypesTable
SET NumberType=NumberType - 1
REMOVE ListType[1]
REMOVE MapType.NewMapEntry
SET NumberSetType = SET_DELETE( NumberSetType, <<345>>)
SET StringSetType = SET_DELETE( StringSetType, <<'stringsetvalue1'>>)
WHERE primarykey='1' RETURNING ALL NEW *

INSERT INTO TypesTable VALUE {'primarykey': '2', 'yes': TRUE, 'no': fAlSe, 'nothing': NULL, 'n': [1, 1.0, 1e0, -1.5e-3, 1E3, -0, .5], 's': 'it''s here'}

SELECT * FROM TypesTable WHERE primarykey = '2' AND s = 'it''s here' AND yes = true AND nothing = null
$$);

--
-- SELECT
--
SELECT pg_temp.x(format($$INSERT INTO "Orders" VALUE {'OrderID': %s, 'Total': %s, 'Address': '%s', 'Image': ?}$$, id, total, address),
	jsonb_build_array(jsonb_build_object('B', translate(encode(convert_to(repeat('x', id), 'UTF8'), 'base64'), E'\n', ''))))
	FROM (VALUES (1, 400, '7834 24th Kirkland'), (2, 500, 'some address'), (3, 600, 'some address'), (100, 550, '1 Main'), (200, 300, 'some address'),
		(234, 450, 'x'), (300, 1000, 'some address'), (301, 20, 'y')) AS orders(id, total, address);
SELECT statement, pg_temp.x('SELECT OrderID, Total FROM "Orders"' || statement) FROM unnest(ARRAY[
	$$ WHERE OrderID = 100$$, $$ WHERE OrderID = 100 and Address='some address'$$, $$ WHERE OrderID = 100 or OrderID = 200$$,
	$$ WHERE OrderID IN [100, 300, 234]$$, $$ WHERE OrderID IN [1, 2, 3] ORDER BY OrderID DESC$$, $$ WHERE OrderID = 1$$,
	$$ WHERE OrderID = 100 OR Address='1 Main'$$, $$ WHERE Total IN [500, 600]  AND OrderID IN [1, 2, 3]$$,
	$$ WHERE OrderID IN [1,2,3] AND Total BETWEEN 500 AND 600$$, $$ WHERE OrderID IN [1, 2] AND Total > 400$$,
	$$ WHERE "OrderID"=1 AND begins_with("Address", '7834 24th')$$, $$ WHERE "OrderID"=1 AND contains("Address", 'Kirkland')$$,
	$$ WHERE OrderID IN [1, 2] AND attribute_type("Address", 'S')$$]) AS statement;
-- these read the whole table
SELECT statement, (SELECT string_agg(item #>> '{OrderID,N}', ',' ORDER BY (item #>> '{OrderID,N}')::numeric)
		FROM jsonb_array_elements(dynamo_execute_statement(jsonb_build_object('Statement', 'SELECT OrderID FROM "Orders"' || statement)) -> 'Items') AS item)
	FROM unnest(ARRAY['', $$ WHERE OrderID > 1$$, $$ WHERE Address='some address'$$, $$ WHERE OrderID = 100 OR Address='some address'$$, $$ WHERE Total > 500$$,
	$$ WHERE size("Image") >300$$, $$ WHERE Total BETWEEN 500 AND 600$$, $$ WHERE NOT Total < 500 AND (Total <> 600 OR OrderID != 3)$$]) AS statement;
SELECT pg_temp.answers($$
INSERT INTO WatchList VALUE {'UserID': 101, 'Category': 'documentary', 'Devices': {'FireStick': {'DateWatched': ['9/12/19', '10/12/19']}}}

SELECT Devices.FireStick.DateWatched[0] FROM WatchList WHERE UserID=101

SELECT Devices.FireStick.DateWatched[0] FROM WatchList WHERE UserID=101 ORDER BY Category DESC
$$);

--
-- INSERT, UPDATE, DELETE
--
SELECT pg_temp.answers($$
INSERT INTO "Music" value {'Artist' : 'Acme Band','SongTitle' : 'PartiQL Rocks'}

INSERT INTO "Music" value {'Artist' : 'Acme Band','SongTitle' : 'PartiQL Rocks'}

SELECT * FROM Music WHERE Artist='Acme Band' and SongTitle='PartiQL Rocks'

UPDATE "Music"
SET AwardsWon=1
SET AwardDetail={'Grammys':[2020, 2018]}
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks'

UPDATE "Music"
SET AwardsWon=2
SET AwardDetail={'Grammys':[2020, 2018]}
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks'
RETURNING ALL OLD *

UPDATE "Music"
SET AwardsWon=1
SET AwardDetail={'Grammys':[2020, 2018]}
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks'
RETURNING ALL NEW *

UPDATE "Music"
SET AwardDetail.Grammys =list_append(AwardDetail.Grammys,[2016])
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks' RETURNING MODIFIED NEW *

UPDATE "Music"
REMOVE AwardDetail.Grammys[2]
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks' RETURNING MODIFIED OLD *

UPDATE "Music"
SET AwardDetail.BillBoard=[2020]
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks' RETURNING ALL NEW *

UPDATE "Music"
SET BandMembers =<<'member1', 'member2'>>
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks' RETURNING MODIFIED NEW *

UPDATE "Music"
SET BandMembers =set_add(BandMembers, <<'newbandmember'>>)
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks' RETURNING MODIFIED NEW *

UPDATE "Music"
SET BandMembers =set_delete(BandMembers, <<'member1'>>)
WHERE Artist='Acme Band' AND SongTitle='PartiQL Rocks' RETURNING MODIFIED NEW *

UPDATE "Music" SET AwardsWon=1 WHERE Artist='Nobody' AND SongTitle='PartiQL Rocks'

SELECT * FROM "Music" WHERE "Artist"='Acme Band' AND Awards is MISSING AND AwardsWon IS NOT MISSING

DELETE FROM "Music" WHERE "Artist" = 'Acme Band' AND "SongTitle" = 'PartiQL Rocks' RETURNING ALL OLD *

DELETE FROM "Music" WHERE "Artist" = 'Acme Band' AND "SongTitle" = 'PartiQL Rocks'

DELETE FROM "Music" WHERE "Artist" = 'Acme Band'
$$);
-- a parameter for each value
SELECT pg_temp.x($$INSERT INTO Music VALUE {'Artist':?,'SongTitle':?}$$, '[{"S": "Acme Band"}, {"S": "Best Song"}]');
SELECT pg_temp.x($$UPDATE Music SET AwardsWon=? SET AwardDetail=?  WHERE Artist=? AND SongTitle=? RETURNING ALL NEW *$$,
	'[{"N": "1"}, {"M": {"Grammys": {"L": [{"N": "2020"}, {"N": "2018"}]}}}, {"S": "Acme Band"}, {"S": "Best Song"}]');

--
-- Transactions and batches
--
SELECT dynamo_execute_transaction('{"TransactStatements": [
	{"Statement": "INSERT INTO Music value {''Artist'':?,''SongTitle'':''Call Me Today''}", "Parameters": [{"S": "No One You Know"}]}]}');
SELECT dynamo_execute_transaction('{"TransactStatements": [
	{"Statement": "EXISTS(SELECT * FROM \"Music\" where Artist=''No One You Know'' and SongTitle=''Call Me Today'' and Awards is  MISSING)"},
	{"Statement": "INSERT INTO Music value {''Artist'':?,''SongTitle'':?}", "Parameters": [{"S": "Acme Band"}, {"S": "PartiQL Rocks"}]},
	{"Statement": "UPDATE \"Music\" SET AwardsWon=1 SET AwardDetail={''Grammys'':[2020, 2018]}  where Artist=''Acme Band'' and SongTitle=''Best Song''"}]}');
SELECT dynamo_execute_transaction('{"TransactStatements": [
	{"Statement": "SELECT SongTitle FROM Music WHERE Artist=''Acme Band'' AND SongTitle=?", "Parameters": [{"S": "PartiQL Rocks"}]},
	{"Statement": "SELECT SongTitle FROM Music WHERE Artist=''Acme Band'' AND SongTitle=''None''"}]}');
SELECT dynamo_batch_execute_statement('{"Statements": [
	{"Statement": "INSERT INTO Music VALUE {''Artist'':?,''SongTitle'':?}", "Parameters": [{"S": "Acme Band"}, {"S": "PartiQL Rocks"}]},
	{"Statement": "UPDATE Music SET AwardsWon=1, AwardDetail={''Grammys'':[2020, 2018]} where Artist=''Acme Band'' and SongTitle=''Best Song'' RETURNING ALL OLD *"}]}');
SELECT dynamo_batch_execute_statement('{"Statements": [
	{"Statement": "SELECT AwardsWon FROM Music WHERE Artist=''Acme Band'' AND SongTitle=''Best Song''", "ConsistentRead": true},
	{"Statement": "SELECT * FROM Music WHERE Artist=''No One You Know'' AND SongTitle=''Call Me Today''"}]}');

SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM unnest(ARRAY['Orders', 'Music', 'TypesTable', 'WatchList']) AS name;
