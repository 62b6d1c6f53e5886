--
-- What regression tests share, in each one's own session.
--

-- The answer of an operation, or its error: SQLSTATE, the service's exception, message and detail.
CREATE FUNCTION pg_temp.answer(operation text, request jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
	name text;
	detail text;
BEGIN
	EXECUTE format('SELECT dynamo_%s($1)', operation) INTO answer USING request;
	RETURN answer;
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS name = PG_DATATYPE_NAME, detail = PG_EXCEPTION_DETAIL;
	RETURN concat(SQLSTATE, ' ', name, ': ', SQLERRM, ' / ' || nullif(detail, ''));
END $$;

-- The same without ids and times.
CREATE FUNCTION pg_temp.api(operation text, request jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT regexp_replace(regexp_replace(pg_temp.answer(operation, request), '"TableId": "[0-9a-f-]{36}"', '"TableId": "(uuid)"'),
						  '(DateTime": )[0-9.]+', '\1"(time)"', 'g')
$$;

-- What a command fails with: SQLSTATE, the service's exception, message.
CREATE FUNCTION pg_temp.fails(command text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	state text;
	exception_name text;
	message text;
BEGIN
	EXECUTE command;
	RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, exception_name = PG_DATATYPE_NAME, message = MESSAGE_TEXT;
	RETURN concat_ws(' ', state, nullif(exception_name, ''), message);
END $$;

-- A table with these keys; attributes are given as name:type.
CREATE FUNCTION pg_temp.make(name text, hash text, sort text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	keys text[] := array_remove(ARRAY[hash, sort], NULL);
BEGIN
	PERFORM dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', (SELECT jsonb_agg(jsonb_build_object('AttributeName', split_part(k, ':', 1),
			'KeyType', CASE WHEN i = 1 THEN 'HASH' ELSE 'RANGE' END) ORDER BY i)
			FROM unnest(keys) WITH ORDINALITY u(k, i)),
		'AttributeDefinitions', (SELECT jsonb_agg(jsonb_build_object('AttributeName', split_part(k, ':', 1),
			'AttributeType', split_part(k, ':', 2)) ORDER BY i) FROM unnest(keys) WITH ORDINALITY u(k, i))));
END $$;
