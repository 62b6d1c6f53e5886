-- Access policies and operations on items: who is allowed what by which way, in each operation; refusals; what a refusal must not tell.
SET client_min_messages = warning;
SET dynapg.account_id = '123456789012';
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set SHOW_CONTEXT never
\pset format unaligned
\pset tuples_only on
DROP ROLE IF EXISTS regress_access_owner, regress_access_app, regress_access_group, regress_access_user, regress_access_super;
CREATE ROLE regress_access_owner;
CREATE ROLE regress_access_group;
CREATE ROLE regress_access_app IN ROLE regress_access_group;
CREATE ROLE regress_access_user;
CREATE ROLE regress_access_super SUPERUSER;
-- a policy of one statement
CREATE FUNCTION pg_temp.policy(effect text, action text, resource text DEFAULT 'table/Access', condition text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_strip_nulls(jsonb_build_object('Effect', effect,
		'Action', (SELECT jsonb_agg('dynamodb:' || a) FROM unnest(string_to_array(action, ' ')) a),
		'Resource', (SELECT jsonb_agg('arn:aws:dynamodb:us-east-1:123456789012:' || r) FROM unnest(string_to_array(resource, ' ')) r), 'Condition', condition::jsonb)))::text $$;
CREATE FUNCTION pg_temp.allow(action text, resource text DEFAULT 'table/Access', condition text DEFAULT NULL) RETURNS void LANGUAGE sql AS
	$$ SELECT dynapg.put_role_policy('regress_access_app', 'p', pg_temp.policy('Allow', action, resource, condition)) $$;
CREATE FUNCTION pg_temp.deny(action text, resource text DEFAULT 'table/Access', condition text DEFAULT NULL) RETURNS void LANGUAGE sql AS
	$$ SELECT dynapg.put_role_policy('regress_access_app', 'denies', pg_temp.policy('Deny', action, resource, condition)) $$;
CREATE FUNCTION pg_temp.forget() RETURNS void LANGUAGE sql AS
	$$ DELETE FROM dynapg.role_policies; DELETE FROM dynapg.role_boundaries; DELETE FROM dynapg.role_tags; $$;
-- a refusal in few words
CREATE FUNCTION pg_temp.shorter(message text) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(message, 'User: arn:aws:iam::123456789012:user/regress_(\S+) is not authorized to perform: dynamodb:(\w+) on resource: arn:aws:dynamodb:us-east-1:123456789012:', '\1 may not \2 '),
		'because no (\S+ \S+) allows the dynamodb:\w+ action', '(no \1)') $$;
-- what a role gets for a command: its value, or its error
CREATE FUNCTION pg_temp.tries(role text, command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SET LOCAL ROLE %I', role);
	EXECUTE 'SELECT ' || command INTO answer;
	RESET ROLE;
	RETURN 'allowed ' || pg_temp.shorter(answer);
EXCEPTION WHEN OTHERS THEN
	RESET ROLE;
	RETURN pg_temp.shorter(SQLERRM) || CASE SQLSTATE WHEN '42501' THEN '' ELSE ' ' || SQLSTATE END;
END $$;
-- every operation on an item of a partition key; each is undone
CREATE FUNCTION pg_temp.doors(pk text, OUT door text, OUT command text) RETURNS SETOF record LANGUAGE sql AS $$
	SELECT door, replace(replace(command, '$T', '"TableName": "Access"'), '$K', format('"pk": {"S": "%s"}, "sk": {"S": "1"}', pk))
	FROM (VALUES
	('GetItem', $c$dynamo_get_item('{$T, "Key": {$K}}') #>> '{Item,v,S}'$c$),
	('PutItem', $c$dynamo_put_item('{$T, "Item": {$K, "v": {"S": "new"}}}')$c$),
	('UpdateItem', $c$dynamo_update_item('{$T, "Key": {$K}, "UpdateExpression": "SET v = :v", "ExpressionAttributeValues": {":v": {"S": "new"}}}')$c$),
	('DeleteItem', $c$dynamo_delete_item('{$T, "Key": {$K}}')$c$),
	('Query', format($c$dynamo_query('{$T, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "%s"}}}') -> 'Count'$c$, pk)),
	('Query of an index', format($c$dynamo_query('{$T, "IndexName": "ByGenre", "KeyConditionExpression": "genre = :p", "ExpressionAttributeValues": {":p": {"S": "%s"}}}') -> 'Count'$c$, pk)),
	('Scan', $c$dynamo_scan('{$T}') -> 'Count'$c$),
	('Scan of an index', $c$dynamo_scan('{$T, "IndexName": "ByGenre"}') -> 'Count'$c$),
	('BatchGetItem', $c$dynamo_batch_get_item('{"RequestItems": {"Access": {"Keys": [{"pk": {"S": "t1"}, "sk": {"S": "2"}}, {$K}]}}}') #> '{Responses,Access}' #>> '{0,v,S}'$c$),
	('BatchWriteItem', $c$dynamo_batch_write_item('{"RequestItems": {"Access": [{"DeleteRequest": {"Key": {"pk": {"S": "t1"}, "sk": {"S": "2"}}}}, {"PutRequest": {"Item": {$K}}}]}}')$c$),
	('TransactGetItems', $c$dynamo_transact_get_items('{"TransactItems": [{"Get": {$T, "Key": {$K}}}]}') #>> '{Responses,0,Item,v,S}'$c$),
	('TransactWriteItems Put', $c$dynamo_transact_write_items('{"TransactItems": [{"Put": {$T, "Item": {$K}}}]}')$c$),
	('TransactWriteItems Update', $c$dynamo_transact_write_items('{"TransactItems": [{"Update": {$T, "Key": {$K}, "UpdateExpression": "REMOVE v"}}]}')$c$),
	('TransactWriteItems Delete', $c$dynamo_transact_write_items('{"TransactItems": [{"Delete": {$T, "Key": {$K}}}]}')$c$),
	('TransactWriteItems ConditionCheck', $c$dynamo_transact_write_items('{"TransactItems": [{"ConditionCheck": {$T, "Key": {$K}, "ConditionExpression": "attribute_exists(pk)"}}]}')$c$),
	('SELECT', format($c$dynamo_execute_statement('{"Statement": "SELECT * FROM \"Access\" WHERE pk = ''%s''"}') #>> '{Items,0,v,S}'$c$, pk)),
	('SELECT of an index', format($c$dynamo_execute_statement('{"Statement": "SELECT * FROM \"Access\".\"ByGenre\" WHERE genre = ''%s''"}') #>> '{Items,0,pk,S}'$c$, pk)),
	('SELECT of everything', $c$jsonb_array_length(dynamo_execute_statement('{"Statement": "SELECT * FROM \"Access\""}') -> 'Items')$c$),
	('INSERT', format($c$dynamo_execute_statement('{"Statement": "INSERT INTO \"Access\" VALUE {''pk'': ''%s'', ''sk'': ''9''}"}')$c$, pk)),
	('UPDATE', format($c$dynamo_execute_statement('{"Statement": "UPDATE \"Access\" SET v = 1 WHERE pk = ''%s'' AND sk = ''1''"}')$c$, pk)),
	('DELETE', format($c$dynamo_execute_statement('{"Statement": "DELETE FROM \"Access\" WHERE pk = ''%s'' AND sk = ''1''"}')$c$, pk)),
	('BatchExecuteStatement', format($c$dynamo_batch_execute_statement('{"Statements": [{"Statement": "SELECT * FROM \"Access\" WHERE pk = ''t1'' AND sk = ''2''"}, {"Statement": "SELECT * FROM \"Access\" WHERE pk = ''%s'' AND sk = ''1''"}]}') -> 'Responses' -> 1$c$, pk)),
	('ExecuteTransaction SELECT', format($c$dynamo_execute_transaction('{"TransactStatements": [{"Statement": "SELECT * FROM \"Access\" WHERE pk = ''%s'' AND sk = ''1''"}]}') #>> '{Responses,0,Item,v,S}'$c$, pk)),
	('ExecuteTransaction DELETE', format($c$dynamo_execute_transaction('{"TransactStatements": [{"Statement": "DELETE FROM \"Access\" WHERE pk = ''%s'' AND sk = ''1''"}]}')$c$, pk)),
	('dynapg.get', format($c$dynapg.get('Access', '%s', '1') ->> 'v'$c$, pk)),
	('dynapg.put', format($c$dynapg.put('Access', '{"pk": "%s", "sk": "1"}') ->> 'v'$c$, pk)),
	('dynapg.delete', format($c$dynapg.delete('Access', '%s', '1') ->> 'v'$c$, pk)),
	('dynapg.items', format($c$count(*) FROM dynapg.items('Access', '%s')$c$, pk)),
	('dynapg.query', format($c$count(*) FROM dynapg.query('{$T, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "%s"}}}')$c$, pk)),
	('dynapg.scan', $c$count(*) FROM dynapg.scan('{$T}')$c$),
	-- these two go on to say that there is no undo log
	('dynapg.items_at', $c$count(*) FROM dynapg.items_at('Access', now())$c$),
	('dynapg.history', $c$count(*) > 0 FROM dynapg.history('Access', '{"pk": "t1", "sk": "1"}')$c$),
	('dynamo_partiql', format($c$count(*) FROM dynamo_partiql('SELECT * FROM "Access" WHERE pk = ''%s''')$c$, pk))
	) AS v(door, command) $$;
-- what a role gets at each of them; nothing stays
CREATE FUNCTION pg_temp.at_doors(role text, pk text, like_door text DEFAULT '%') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	d record;
	answer text;
BEGIN
	FOR d IN SELECT * FROM pg_temp.doors(pk) WHERE door LIKE like_door LOOP
		BEGIN
			answer := pg_temp.tries(role, d.command);
			RAISE EXCEPTION 'undone' USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN SQLSTATE 'ZZ000' THEN
			RETURN NEXT d.door || ': ' || coalesce(answer, 'allowed');
		END;
	END LOOP;
END $$;
GRANT USAGE, CREATE ON SCHEMA dynamo TO regress_access_owner;
SET ROLE regress_access_owner;
SELECT count(dynamo_create_table('{"TableName": "Access", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"}, {"AttributeName": "genre", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "ByGenre", "KeySchema": [{"AttributeName": "genre", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
	"Tags": [{"Key": "Stage", "Value": "test"}]}'));
SELECT count(dynapg.put('Access', jsonb_build_object('pk', t, 'sk', i::text, 'v', t || ' ' || i, 'genre', t, 'secret', 's'))) FROM unnest('{t1,t2}'::text[]) t, generate_series(1, 2) i;
RESET ROLE;
\set ECHO all

-- A role without policies and privileges: as ever
SELECT pg_temp.at_doors('regress_access_app', 't1', 'GetItem'), pg_temp.at_doors('regress_access_app', 't1', 'dynapg.items');

-- The service's words
SELECT pg_temp.allow('Query');
SET ROLE regress_access_app;
SELECT dynamo_get_item('{"TableName": "Access", "Key": {"pk": {"S": "t1"}, "sk": {"S": "1"}}}');
RESET ROLE;

-- What only a policy allows, each operation with its own action; the role has no privileges
SELECT pg_temp.allow('*Item BatchGetItem Query Scan PartiQL*', 'table/Access table/Access/index/ByGenre');
SELECT pg_temp.at_doors('regress_access_app', 't1');

-- A tenant's: his partition key and no other's, whatever the operation; a Scan names none
SELECT dynapg.tag_role('regress_access_app', '{"tenant": "t1"}');
SELECT pg_temp.allow('*', 'table/Access table/Access/index/ByGenre', '{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/tenant}"}, "Null": {"dynamodb:LeadingKeys": "false"}}');
SELECT pg_temp.at_doors('regress_access_app', 't1');
SELECT pg_temp.at_doors('regress_access_app', 't2');

-- One action allows one operation
CREATE FUNCTION pg_temp.allowed_by(action text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_temp.allow(action, 'table/Access table/Access/index/ByGenre');
	RETURN (SELECT string_agg(split_part(d, ':', 1), ', ') FROM pg_temp.at_doors('regress_access_app', 't1') d WHERE d !~ 'may not');
END $$;
SELECT a AS action, pg_temp.allowed_by(a) FROM unnest('{GetItem,BatchGetItem,PutItem,UpdateItem,DeleteItem,BatchWriteItem,ConditionCheckItem,Query,Scan,PartiQLSelect,PartiQLInsert,PartiQLUpdate,PartiQLDelete}'::text[]) a;

-- The index's ARN alone is asked for, the table's does not do, nor the other way round
SELECT pg_temp.allow('Query Scan PartiQLSelect', 'table/Access/index/*');
SELECT pg_temp.at_doors('regress_access_app', 't1', '%Query%'), pg_temp.at_doors('regress_access_app', 't1', 'SELECT of an index');
SELECT pg_temp.tries('regress_access_app', $$dynamo_query('{"TableName": "Access", "IndexName": "None", "KeyConditionExpression": "genre = :p", "ExpressionAttributeValues": {":p": {"S": "t1"}}}')$$);

-- A policy of a group; a boundary; a Deny before all that allows, a GRANT, ownership and a superuser's rights among it
SELECT pg_temp.forget();
SELECT dynapg.put_role_policy('regress_access_group', 'reads', pg_temp.policy('Allow', 'GetItem Query'));
SELECT pg_temp.at_doors('regress_access_app', 't1', '%etItem'), pg_temp.at_doors('regress_access_app', 't1', 'Query%');
SELECT dynapg.put_role_permissions_boundary('regress_access_app', pg_temp.policy('Allow', 'Query'));
SELECT pg_temp.at_doors('regress_access_app', 't1', 'GetItem'), pg_temp.at_doors('regress_access_app', 't1', 'Query');
SELECT dynapg.delete_role_permissions_boundary('regress_access_app');
GRANT SELECT ON dynamo."Access" TO regress_access_app;
GRANT USAGE ON SCHEMA dynamo TO regress_access_app;
SELECT pg_temp.at_doors('regress_access_app', 't1', 'Scan');
SELECT pg_temp.deny('Scan GetItem');
SET ROLE regress_access_app;
SELECT dynamo_get_item('{"TableName": "Access", "Key": {"pk": {"S": "t1"}, "sk": {"S": "1"}}}');
RESET ROLE;
SELECT pg_temp.at_doors('regress_access_app', 't1', 'Scan'), pg_temp.at_doors('regress_access_app', 't1', 'GetItem'), pg_temp.at_doors('regress_access_app', 't1', 'Query');
SELECT dynapg.put_role_policy('regress_access_owner', 'never', pg_temp.policy('Deny', 'Scan')), dynapg.put_role_policy('regress_access_super', 'never', pg_temp.policy('Deny', 'Scan'));
SELECT pg_temp.at_doors(r, 't1', 'Scan'), pg_temp.at_doors(r, 't1', 'GetItem') FROM unnest('{regress_access_owner,regress_access_super}'::text[]) r;
-- the owner's own Deny is not that of whom a policy lets act with the owner's privileges
SELECT pg_temp.forget();
REVOKE ALL ON dynamo."Access" FROM regress_access_app;
SELECT dynapg.put_role_policy('regress_access_owner', 'never', pg_temp.policy('Deny', 'Scan')), pg_temp.allow('Scan');
SELECT pg_temp.at_doors('regress_access_app', 't1', 'Scan'), pg_temp.at_doors('regress_access_owner', 't1', 'Scan');
-- a boundary limits what a GRANT allows, too
SELECT pg_temp.forget();
GRANT SELECT ON dynamo."Access" TO regress_access_app;
SELECT dynapg.put_role_permissions_boundary('regress_access_app', pg_temp.policy('Allow', 'Query'));
SELECT pg_temp.at_doors('regress_access_app', 't1', 'GetItem'), pg_temp.at_doors('regress_access_app', 't1', 'Query');
SELECT pg_temp.forget();
REVOKE ALL ON dynamo."Access" FROM regress_access_app;

-- dynamodb:Attributes sees names wherever they stand
SELECT pg_temp.allow('GetItem BatchGetItem PutItem UpdateItem DeleteItem BatchWriteItem Query Scan PartiQL* ConditionCheckItem', 'table/Access', '{"ForAllValues:StringEquals": {"dynamodb:Attributes": ["pk", "sk", "v"]}}');
SELECT name, pg_temp.tries('regress_access_app', replace(replace(replace(command, '$T', '"TableName": "Access"'), '$K', '"pk": {"S": "t1"}, "sk": {"S": "1"}'), '$N', name)) AS answer, replace(command, '$N', name) AS command
FROM unnest('{v,secret}'::text[]) name, unnest(ARRAY[
	$$dynamo_get_item('{$T, "Key": {$K}, "ProjectionExpression": "pk, $N"}') IS NOT NULL$$,
	$$dynamo_get_item('{$T, "Key": {$K}, "ProjectionExpression": "#a.b[1]", "ExpressionAttributeNames": {"#a": "$N"}}') IS NOT NULL$$,
	$$dynamo_get_item('{$T, "Key": {$K}, "AttributesToGet": ["$N"]}') IS NOT NULL$$,
	$$dynamo_put_item('{$T, "Item": {$K, "$N": {"S": "x"}}}') IS NOT NULL$$,
	$$dynamo_put_item('{$T, "Item": {$K}, "ConditionExpression": "pk = :p OR size(#a) > :n", "ExpressionAttributeNames": {"#a": "$N"}, "ExpressionAttributeValues": {":n": {"N": "1"}, ":p": {"S": "t1"}}}') IS NOT NULL$$,
	$$dynamo_put_item('{$T, "Item": {$K}, "Expected": {"pk": {"Value": {"S": "t1"}}, "$N": {"ComparisonOperator": "NOT_NULL"}}, "ConditionalOperator": "OR"}') IS NOT NULL$$,
	$$dynamo_update_item('{$T, "Key": {$K}, "UpdateExpression": "SET v = if_not_exists(pk, $N)"}') IS NOT NULL$$,
	$$dynamo_update_item('{$T, "Key": {$K}, "UpdateExpression": "SET $N = :s", "ExpressionAttributeValues": {":s": {"S": "a"}}}') IS NOT NULL$$,
	$$dynamo_update_item('{$T, "Key": {$K}, "AttributeUpdates": {"$N": {"Action": "DELETE"}}}') IS NOT NULL$$,
	$$dynamo_delete_item('{$T, "Key": {"pk": {"S": "none"}, "sk": {"S": "1"}}, "ConditionExpression": "attribute_not_exists($N)"}') IS NOT NULL$$,
	$$dynamo_query('{$T, "KeyConditionExpression": "pk = :p", "FilterExpression": "contains($N, :p)", "ExpressionAttributeValues": {":p": {"S": "t1"}}}') IS NOT NULL$$,
	$$dynamo_query('{$T, "KeyConditions": {"pk": {"ComparisonOperator": "EQ", "AttributeValueList": [{"S": "t1"}]}}, "QueryFilter": {"$N": {"ComparisonOperator": "NULL"}}}') IS NOT NULL$$,
	$$dynamo_scan('{$T, "ScanFilter": {"$N": {"ComparisonOperator": "NULL"}}}') IS NOT NULL$$,
	$$dynamo_scan('{$T, "FilterExpression": "NOT attribute_type($N, :t)", "ExpressionAttributeValues": {":t": {"S": "S"}}}') IS NOT NULL$$,
	$$dynamo_batch_get_item('{"RequestItems": {"Access": {"Keys": [{$K}], "ProjectionExpression": "$N"}}}') IS NOT NULL$$,
	$$dynamo_batch_write_item('{"RequestItems": {"Access": [{"PutRequest": {"Item": {$K, "$N": {"S": "x"}}}}]}}') IS NOT NULL$$,
	$$dynamo_transact_get_items('{"TransactItems": [{"Get": {$T, "Key": {$K}, "ProjectionExpression": "$N"}}]}') IS NOT NULL$$,
	$$dynamo_transact_write_items('{"TransactItems": [{"ConditionCheck": {$T, "Key": {"pk": {"S": "none"}, "sk": {"S": "1"}}, "ConditionExpression": "attribute_not_exists($N)"}}]}') IS NOT NULL$$,
	$$dynamo_execute_statement('{"Statement": "SELECT $N FROM \"Access\" WHERE pk = ''t1''"}') IS NOT NULL$$,
	$$dynamo_execute_statement('{"Statement": "SELECT pk FROM \"Access\" WHERE pk = ''t1'' AND $N IS MISSING"}') IS NOT NULL$$,
	$$dynamo_execute_statement('{"Statement": "UPDATE \"Access\" SET $N = 1 WHERE pk = ''t1'' AND sk = ''1''"}') IS NOT NULL$$]) command;

-- Select, ReturnValues, ReturnConsumedCapacity, EnclosingOperation, FullTableScan: values that are put in where a request does not say them
SELECT key, value, name, pg_temp.tries('regress_access_app', replace(replace(command, '$T', '"TableName": "Access"'), '$K', '"pk": {"S": "t1"}, "sk": {"S": "1"}')) AS answer
FROM (VALUES
	('Select', 'ALL_ATTRIBUTES', 'whole', $$dynamo_get_item('{$T, "Key": {$K}}') IS NOT NULL$$),
	('Select', 'ALL_ATTRIBUTES', 'projected', $$dynamo_get_item('{$T, "Key": {$K}, "ProjectionExpression": "v"}') IS NOT NULL$$),
	('Select', 'SPECIFIC_ATTRIBUTES', 'whole', $$dynamo_query('{$T, "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "t1"}}}') IS NOT NULL$$),
	('Select', 'SPECIFIC_ATTRIBUTES', 'projected', $$dynamo_query('{$T, "KeyConditionExpression": "pk = :p", "ProjectionExpression": "v", "ExpressionAttributeValues": {":p": {"S": "t1"}}}') IS NOT NULL$$),
	('Select', 'ALL_PROJECTED_ATTRIBUTES', 'index', $$dynamo_scan('{$T, "IndexName": "ByGenre"}') IS NOT NULL$$),
	('Select', 'ALL_PROJECTED_ATTRIBUTES', 'index, whole', $$dynamo_scan('{$T, "IndexName": "ByGenre", "Select": "ALL_ATTRIBUTES"}') IS NOT NULL$$),
	('Select', 'COUNT', 'count', $$dynamo_scan('{$T, "Select": "COUNT"}') IS NOT NULL$$),
	('Select', 'COUNT', 'items', $$dynamo_scan('{$T}') IS NOT NULL$$),
	('ReturnValues', 'NONE', 'not said', $$dynamo_put_item('{$T, "Item": {$K}}') IS NOT NULL$$),
	('ReturnValues', 'NONE', 'ALL_OLD', $$dynamo_put_item('{$T, "Item": {$K}, "ReturnValues": "ALL_OLD"}') IS NOT NULL$$),
	('ReturnValues', 'NONE', 'on failure', $$dynamo_put_item('{$T, "Item": {$K}, "ConditionExpression": "attribute_exists(nothing)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}') IS NOT NULL$$),
	('ReturnValues', 'UPDATED_NEW', 'UPDATED_NEW', $$dynamo_update_item('{$T, "Key": {$K}, "UpdateExpression": "REMOVE x", "ReturnValues": "UPDATED_NEW"}') IS NOT NULL$$),
	('ReturnValues', 'NONE', 'RETURNING', $$dynamo_execute_statement('{"Statement": "UPDATE \"Access\" SET x = 1 WHERE pk = ''t1'' AND sk = ''1'' RETURNING ALL NEW *"}') IS NOT NULL$$),
	('ReturnValues', 'NONE', 'transaction, on failure', $$dynamo_transact_write_items('{"TransactItems": [{"ConditionCheck": {$T, "Key": {$K}, "ConditionExpression": "attribute_exists(nothing)", "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}}]}') IS NOT NULL$$),
	('ReturnConsumedCapacity', 'TOTAL', 'not said', $$dynamo_get_item('{$T, "Key": {$K}}') IS NOT NULL$$),
	('ReturnConsumedCapacity', 'TOTAL', 'TOTAL', $$dynamo_get_item('{$T, "Key": {$K}, "ReturnConsumedCapacity": "TOTAL"}') IS NOT NULL$$),
	('EnclosingOperation', 'TransactGetItems', 'alone', $$dynamo_get_item('{$T, "Key": {$K}}') IS NOT NULL$$),
	('EnclosingOperation', 'TransactGetItems', 'enclosed', $$dynamo_transact_get_items('{"TransactItems": [{"Get": {$T, "Key": {$K}}}]}') IS NOT NULL$$),
	('EnclosingOperation', 'ExecuteTransaction', 'enclosed', $$dynamo_execute_transaction('{"TransactStatements": [{"Statement": "SELECT * FROM \"Access\" WHERE pk = ''t1'' AND sk = ''1''"}]}') IS NOT NULL$$),
	('FullTableScan', 'false', 'by key', $$dynamo_execute_statement('{"Statement": "SELECT * FROM \"Access\" WHERE pk = ''t1''"}') IS NOT NULL$$),
	('FullTableScan', 'false', 'whole', $$dynamo_execute_statement('{"Statement": "SELECT * FROM \"Access\" WHERE sk = ''1''"}') IS NOT NULL$$)
) AS v(key, value, name, command), pg_temp.allow('*', 'table/*', format('{"%s": {"dynamodb:%s": "%s"}}', CASE key WHEN 'FullTableScan' THEN 'Bool' ELSE 'StringEquals' END, key, value));

-- Keys that every request has
SELECT condition, pg_temp.at_doors('regress_access_app', 't1', 'GetItem') FROM unnest(ARRAY[
	'{"StringEquals": {"aws:username": "regress_access_app", "aws:PrincipalAccount": "123456789012", "aws:PrincipalType": "User", "aws:RequestedRegion": "us-east-1", "aws:ResourceAccount": "123456789012"}}',
	'{"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::123456789012:user/regress_access_app"}}', '{"StringEquals": {"aws:ResourceTag/stage": "test"}}', '{"StringEquals": {"aws:ResourceTag/stage": "prod"}}',
	'{"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}, "NumericGreaterThan": {"aws:EpochTime": "1577836800"}}', '{"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}',
	'{"Null": {"aws:TokenIssueTime": "true", "aws:MultiFactorAuthPresent": "true", "aws:PrincipalTag/tenant": "true", "aws:UserAgent": "true"}, "Bool": {"aws:ViaAWSService": "false", "aws:SecureTransport": "false"}}']) condition,
	pg_temp.allow('GetItem', 'table/Access', condition);

-- Numbers and binaries as partition keys, as text
SET ROLE regress_access_owner;
SELECT count(pg_temp.make(n, 'pk:' || right(n, 1))) FROM unnest('{AccessN,AccessB}'::text[]) n;
RESET ROLE;
SELECT pg_temp.allow('GetItem', 'table/Access?', '{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["10", "AQI="]}}');
SELECT n, v, pg_temp.tries('regress_access_app', format($$dynamo_get_item('{"TableName": "Access%s", "Key": {"pk": {"%s": "%s"}}}')$$, n, n, v)) FROM (VALUES ('N', '10'), ('N', '1.0E1'), ('N', '11'), ('B', 'AQI='), ('B', 'AQIB')) AS t(n, v);

-- A batch is refused whole, before any of its tables is touched
SELECT pg_temp.allow('BatchGetItem BatchWriteItem', 'table/Access table/AccessNone', '{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": ["t1"]}}');
SELECT pg_temp.tries('regress_access_app', $$dynamo_batch_get_item('{"RequestItems": {"Access": {"Keys": [{"pk": {"S": "t1"}, "sk": {"S": "1"}}]}, "AccessN": {"Keys": [{"pk": {"N": "10"}}]}}}')$$),
	pg_temp.tries('regress_access_app', $$dynamo_batch_write_item('{"RequestItems": {"Access": [{"PutRequest": {"Item": {"pk": {"S": "t1"}, "sk": {"S": "7"}}}}], "AccessN": [{"PutRequest": {"Item": {"pk": {"N": "10"}}}}]}}')$$);
SELECT count(*) FROM dynapg.items('Access', 't1');

-- A table that is not there answers as one that may not be accessed, be it denied by its own policy
SELECT count(dynamo_put_resource_policy(jsonb_build_object('ResourceArn', 'arn:aws:dynamodb:us-east-1:123456789012:table/AccessN', 'Policy', jsonb_build_object('Statement', jsonb_build_array(
	jsonb_build_object('Effect', 'Deny', 'Principal', '*', 'Action', 'dynamodb:*', 'Resource', 'arn:aws:dynamodb:us-east-1:123456789012:table/AccessN')))::text, 'ConfirmRemoveSelfResourceAccess', true)));
SELECT pg_temp.allow('*', 'table/Access');
SELECT name, pg_temp.tries('regress_access_app', replace(command, '$N', name)) FROM unnest(ARRAY[
	$$dynamo_transact_get_items('{"TransactItems": [{"Get": {"TableName": "$N", "Key": {"pk": {"N": "10"}}}}]}')$$,
	$$dynamo_transact_write_items('{"TransactItems": [{"Put": {"TableName": "arn:aws:dynamodb:us-east-1:123456789012:table/$N", "Item": {"pk": {"N": "10"}}}}]}')$$,
	$$dynamo_execute_statement('{"Statement": "SELECT * FROM \"$N\""}')$$, $$dynamo_execute_statement('{"Statement": "SELECT * FROM \"$N\".\"i\""}')$$,
	$$dynamo_execute_transaction('{"TransactStatements": [{"Statement": "DELETE FROM \"$N\" WHERE pk = 1"}]}')$$,
	$$dynamo_batch_execute_statement('{"Statements": [{"Statement": "DELETE FROM \"$N\" WHERE pk = 1"}]}')$$,
	$$count(*) FROM dynapg.items('$N', 1)$$, $$count(*) FROM dynapg.scan('{"TableName": "$N"}')$$, $$count(*) FROM dynapg.items_at('$N', now())$$]) command, unnest('{AccessN,Missing}'::text[]) name;
SELECT count(dynamo_delete_resource_policy('{"ResourceArn": "arn:aws:dynamodb:us-east-1:123456789012:table/AccessN"}'));
-- with a policy that could allow it, it is not there
SELECT pg_temp.allow('*', 'table/*');
SELECT pg_temp.tries('regress_access_app', $$dynamo_get_item('{"TableName": "Missing", "Key": {"pk": {"N": "10"}}}')$$);

-- Row-level security holds for what privileges allow, and not for what only a policy allows; but for the owner's, where it is forced
ALTER TABLE dynamo."Access" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON dynamo."Access" USING (item ->> 'pk' = 't2' OR current_user = 'regress_access_super');
SELECT pg_temp.allow('*', 'table/Access*');
SELECT pg_temp.at_doors('regress_access_app', 't1', 'GetItem'), pg_temp.at_doors('regress_access_app', 't1', 'Scan%'), pg_temp.at_doors('regress_access_app', 't1', 'dynapg.items%');
GRANT SELECT ON dynamo."Access" TO regress_access_app;
SELECT pg_temp.at_doors('regress_access_app', 't1', 'GetItem'), pg_temp.at_doors('regress_access_app', 't1', 'Scan%'), pg_temp.at_doors('regress_access_app', 't1', 'dynapg.items%');
REVOKE ALL ON dynamo."Access" FROM regress_access_app;
ALTER TABLE dynamo."Access" FORCE ROW LEVEL SECURITY;
SELECT pg_temp.at_doors('regress_access_app', 't1');
ALTER TABLE dynamo."Access" NO FORCE ROW LEVEL SECURITY;
ALTER TABLE dynamo."Access" DISABLE ROW LEVEL SECURITY;

-- A trigger runs as the owner, restricted, and with a search_path that the caller has not made
CREATE SCHEMA regress_access_evil AUTHORIZATION regress_access_app;
CREATE SCHEMA regress_access AUTHORIZATION regress_access_owner;
SET ROLE regress_access_owner;
CREATE TABLE regress_access.seen (who text, path text, what text);
CREATE FUNCTION regress_access.note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	set_role text;
	made text;
BEGIN
	BEGIN
		SET ROLE regress_access_app;
	EXCEPTION WHEN OTHERS THEN
		set_role := SQLERRM;
	END;
	BEGIN
		CREATE TEMP TABLE regress_access_left (a int);
	EXCEPTION WHEN OTHERS THEN
		made := SQLERRM;
	END;
	INSERT INTO regress_access.seen VALUES (current_user, current_setting('search_path'), concat_ws('; ', set_role, made));
	PERFORM regress_access_helper();
	RETURN NEW;
EXCEPTION WHEN undefined_function THEN
	INSERT INTO regress_access.seen VALUES (current_user, current_setting('search_path'), concat_ws('; ', set_role, made));
	RETURN NEW;
END $$;
CREATE TRIGGER note BEFORE INSERT OR UPDATE ON dynamo."Access" FOR EACH ROW EXECUTE FUNCTION regress_access.note();
SET ROLE regress_access_app;
CREATE FUNCTION regress_access_evil.regress_access_helper() RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the caller''s function runs as %', current_user; END $$;
SET search_path = regress_access_evil, public;
SELECT dynapg.put('Access', '{"pk": "t1", "sk": "1", "v": "triggered"}') ->> 'v';
SELECT dynapg.put('Access', '{"pk": "t1", "sk": "3"}');
SELECT current_user, current_setting('search_path');
RESET search_path;
RESET ROLE;
TABLE regress_access.seen;
DROP TRIGGER note ON dynamo."Access";
-- but nobody else's runs as the owner: not what the caller has put on the table by the TRIGGER privilege, as a function or as a condition
GRANT USAGE ON SCHEMA dynamo TO regress_access_app;
GRANT TRIGGER ON dynamo."Access" TO regress_access_app;
GRANT USAGE ON SCHEMA regress_access_evil TO regress_access_owner;
SET ROLE regress_access_app;
CREATE FUNCTION regress_access_evil.take() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'runs as %', current_user; END $$;
CREATE FUNCTION regress_access_evil.is_it(item jsonb) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'runs as %', current_user; END $$;
CREATE TRIGGER take BEFORE INSERT ON dynamo."Access" FOR EACH ROW EXECUTE FUNCTION regress_access_evil.take();
RESET ROLE;
\set VERBOSITY default
SELECT pg_temp.tries('regress_access_app', $$dynapg.put('Access', '{"pk": "t1", "sk": "4"}')$$);
SET ROLE regress_access_app;
SELECT dynapg.put('Access', '{"pk": "t1", "sk": "4"}');
RESET ROLE;
\set VERBOSITY terse
SELECT pg_temp.tries('regress_access_app', $$dynapg.get('Access', 't1', '1') ->> 'v'$$);
ALTER TABLE dynamo."Access" DISABLE TRIGGER take;
SELECT pg_temp.tries('regress_access_app', $$dynapg.put('Access', '{"pk": "t1", "sk": "4"}')$$);
ALTER TABLE dynamo."Access" ENABLE TRIGGER take;
ALTER FUNCTION regress_access_evil.take() SECURITY DEFINER;
SELECT pg_temp.tries('regress_access_app', $$dynapg.put('Access', '{"pk": "t1", "sk": "5"}')$$);
DROP TRIGGER take ON dynamo."Access";
SET ROLE regress_access_app;
CREATE TRIGGER take BEFORE INSERT ON dynamo."Access" FOR EACH ROW WHEN (regress_access_evil.is_it(NEW.item)) EXECUTE FUNCTION suppress_redundant_updates_trigger();
RESET ROLE;
SELECT pg_temp.tries('regress_access_app', $$dynapg.put('Access', '{"pk": "t1", "sk": "5"}')$$);
DROP TRIGGER take ON dynamo."Access";
SELECT count(*) FROM dynapg.delete('Access', 't1', '4');
REVOKE TRIGGER ON dynamo."Access" FROM regress_access_app;
REVOKE USAGE ON SCHEMA dynamo FROM regress_access_app;
DROP SCHEMA regress_access, regress_access_evil CASCADE;

-- A resource policy of the table
SELECT pg_temp.forget();
SELECT count(dynamo_put_resource_policy(jsonb_build_object('ResourceArn', 'arn:aws:dynamodb:us-east-1:123456789012:table/Access', 'Policy', jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_build_array(
	jsonb_build_object('Effect', 'Allow', 'Principal', jsonb_build_object('AWS', 'arn:aws:iam::123456789012:user/regress_access_app'), 'Action', 'dynamodb:GetItem', 'Resource', 'arn:aws:dynamodb:us-east-1:123456789012:table/Access'),
	jsonb_build_object('Effect', 'Deny', 'Principal', '*', 'Action', 'dynamodb:Scan', 'Resource', 'arn:aws:dynamodb:us-east-1:123456789012:table/Access')))::text)));
SELECT role, pg_temp.at_doors(role, 't1', 'GetItem'), pg_temp.at_doors(role, 't1', 'Scan'), pg_temp.at_doors(role, 't1', 'Query') FROM unnest('{regress_access_app,regress_access_user,regress_access_owner,regress_access_super}'::text[]) role;

-- A policy that cannot be read any more allows nothing
INSERT INTO dynapg.role_policies VALUES ('regress_access_app', 'broken', '{"Statement": ');
SELECT pg_temp.at_doors('regress_access_app', 't1', 'GetItem');
SELECT pg_temp.forget();
SELECT pg_temp.at_doors('regress_access_app', 't1', 'GetItem');

-- Adding a Deny never allows: every refusal of a random policy stays one
CREATE FUNCTION pg_temp.random_statement(effect text) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT jsonb_strip_nulls(jsonb_build_object('Effect', effect, 'Action', (ARRAY['dynamodb:*', 'dynamodb:GetItem', 'dynamodb:*Item', 'dynamodb:Query', 'dynamodb:PartiQL*', 'dynamodb:B*'])[1 + floor(random() * 6)],
		'Resource', (ARRAY['*', 'arn:aws:dynamodb:*:*:table/Access', 'arn:aws:dynamodb:*:*:table/Access/index/*', 'arn:aws:dynamodb:*:*:table/A*'])[1 + floor(random() * 4)],
		'Condition', (ARRAY[NULL, '{"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "t1"}}', '{"ForAnyValue:StringLike": {"dynamodb:Attributes": ["v", "s*"]}}', '{"StringNotEquals": {"dynamodb:Select": "COUNT"}}',
			'{"Null": {"dynamodb:EnclosingOperation": "true"}}', '{"StringEqualsIfExists": {"dynamodb:ReturnValues": "NONE"}}'])[1 + floor(random() * 6)]::jsonb)) $$;
CREATE FUNCTION pg_temp.outcome() RETURNS text[] LANGUAGE sql AS $$
	SELECT coalesce(array_agg(t || split_part(d, ':', 1)), '{}') FROM unnest('{t1,t2}'::text[]) t, pg_temp.at_doors('regress_access_app', t) d WHERE d !~ 'may not' $$;
CREATE FUNCTION pg_temp.denying_allows(rounds int, OUT broken int, OUT narrowed boolean) LANGUAGE plpgsql AS $$
DECLARE
	before text[];
	after text[];
BEGIN
	broken := 0;
	narrowed := false;
	PERFORM setseed(0.15);
	FOR i IN 1..rounds LOOP
		PERFORM dynapg.put_role_policy('regress_access_app', 'p', jsonb_build_object('Version', '2012-10-17', 'Statement', jsonb_build_array(pg_temp.random_statement('Allow'), pg_temp.random_statement('Allow')))::text);
		before := pg_temp.outcome();
		PERFORM dynapg.put_role_policy('regress_access_app', 'denies', jsonb_build_object('Version', '2012-10-17', 'Statement', pg_temp.random_statement('Deny'))::text);
		after := pg_temp.outcome();
		PERFORM dynapg.delete_role_policy('regress_access_app', 'denies');
		broken := broken + (NOT after <@ before)::int;
		narrowed := narrowed OR cardinality(after) < cardinality(before);
	END LOOP;
END $$;
SELECT pg_temp.denying_allows(12);

SELECT pg_temp.forget();
SELECT count(dynamo_delete_table(jsonb_build_object('TableName', name))) FROM unnest('{Access,AccessN,AccessB}'::text[]) name;
REVOKE ALL ON SCHEMA dynamo FROM regress_access_app, regress_access_owner;
DROP ROLE regress_access_owner, regress_access_app, regress_access_group, regress_access_user, regress_access_super;
