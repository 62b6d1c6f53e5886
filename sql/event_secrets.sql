-- Secrets of destinations: what an update keeps of them, and who gets at them.  No mapping is enabled, so that nothing is sent.
SET client_min_messages TO error;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
\pset format unaligned
\pset tuples_only on
\set SHOW_CONTEXT never
DROP ROLE IF EXISTS regress_dynapg_owner, regress_dynapg_heir, regress_dynapg_member, regress_dynapg_reader;
CREATE ROLE regress_dynapg_owner;
CREATE ROLE regress_dynapg_heir;
CREATE ROLE regress_dynapg_member IN ROLE regress_dynapg_owner;
CREATE ROLE regress_dynapg_reader IN ROLE pg_read_all_data, pg_write_all_data, pg_monitor, pg_read_all_settings, pg_read_all_stats;
GRANT CREATE ON SCHEMA dynamo TO regress_dynapg_owner, regress_dynapg_heir;

SET ROLE regress_dynapg_owner;
SELECT dynamo_create_table('{"TableName": "Guarded", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}}') IS NOT NULL;
SELECT dynapg.create_event_source_mapping('Guarded', '{"Webhook": {"Url": "https://hooks.example.com/a", "Secret": "shared secret", "Headers": {"Authorization": "Bearer t0ken"}}}',
	'{"StartingPosition": "LATEST", "Enabled": false, "DestinationConfig": {"OnFailure": {"Destination": {"Lambda": {"FunctionName": "lost", "Endpoint": "https://lambda.example.com",
		"AccessKeyId": "AKID", "SecretAccessKey": "k3y"}}}}}') #> '{Destination,Webhook}';
RESET ROLE;
CREATE FUNCTION pg_temp.secrets() RETURNS jsonb LANGUAGE sql AS 'SELECT secret FROM dynapg.destination_secrets';
CREATE FUNCTION pg_temp.where_to() RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', destination #>> '{Webhook,Url}', options #>> '{DestinationConfig,OnFailure,Destination,Lambda,FunctionName}') FROM dynapg.event_source_mappings $$;
CREATE FUNCTION pg_temp.update(new_options jsonb, new_destination jsonb DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.fails(format('SELECT dynapg.update_event_source_mapping(%L, %L, %L)', uuid, new_options, new_destination)) FROM dynapg.event_source_mappings $$;
CREATE FUNCTION pg_temp.hook(url text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.update('{}', jsonb_build_object('Webhook', jsonb_build_object('Url', url) || more)) $$;
SELECT pg_temp.secrets();

-- An update that goes where it went keeps them
SELECT pg_temp.update('{"BatchSize": 7}'), pg_temp.hook('https://hooks.example.com/a'), pg_temp.hook('https://hooks.example.com/a', '{"TimeoutSeconds": 5}');
SELECT pg_temp.secrets(), pg_temp.where_to();
-- One that goes elsewhere must bring its own: another host, port, scheme, path, tenant; nothing is changed by a refusal
SELECT url, pg_temp.hook(url) FROM unnest('{https://thief.example.com/a,https://hooks.example.com:444/a,http://hooks.example.com/a,https://hooks.example.com/b,https://hooks.example.com/a?to=b,https://HOOKS.example.com/a}'::text[]) url;
SELECT pg_temp.update('{"BatchSize": 9}', '{"Lambda": {"FunctionName": "f", "Endpoint": "https://thief.example.com"}}');
SELECT pg_temp.secrets(), pg_temp.where_to();
SELECT pg_temp.hook('https://hooks.example.com/a', '{"Headers": {"X-Token": "new token"}}');
SELECT pg_temp.secrets() -> 'Destination';
SELECT pg_temp.hook('https://hooks.example.com/b', '{"Secret": "second"}');
SELECT pg_temp.secrets() -> 'Destination', pg_temp.where_to();
-- null is a secret: none
SELECT pg_temp.hook('https://hooks.example.com/c', '{"Secret": null}');
SELECT pg_temp.secrets() -> 'Destination', pg_temp.where_to();

-- The same of what is told on failure
CREATE FUNCTION pg_temp.lost(destination jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.update(jsonb_build_object('DestinationConfig', CASE WHEN destination IS NULL THEN '{}' ELSE jsonb_build_object('OnFailure', jsonb_build_object('Destination', destination)) END)) $$;
SELECT pg_temp.lost('{"Lambda": {"FunctionName": "lost", "Endpoint": "https://lambda.example.com", "TimeoutSeconds": 3}}');
SELECT pg_temp.secrets() -> 'OnFailure';
SELECT pg_temp.lost('{"Lambda": {"FunctionName": "stolen", "Endpoint": "https://lambda.example.com"}}'), pg_temp.lost('{"Lambda": {"FunctionName": "lost", "Endpoint": "https://thief.example.com"}}');
SELECT pg_temp.lost('{"Kinesis": {"StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s", "Endpoint": "https://thief.example.com"}}');
SELECT pg_temp.secrets() -> 'OnFailure', pg_temp.where_to();
-- what the new kind has no use for is forgotten; and a destination that is taken away takes its secret with it
SELECT pg_temp.lost('{"Webhook": {"Url": "https://thief.example.com"}}');
SELECT pg_temp.secrets() -> 'OnFailure';
SELECT pg_temp.lost('{"Lambda": {"FunctionName": "lost", "Endpoint": "https://lambda.example.com", "AccessKeyId": "AKID", "SecretAccessKey": "k3y"}}');
SELECT pg_temp.secrets() -> 'OnFailure';
SELECT pg_temp.lost(NULL);
SELECT pg_temp.secrets() -> 'OnFailure';
SELECT pg_temp.lost('{"Lambda": {"FunctionName": "lost", "Endpoint": "https://lambda.example.com"}}');
SELECT pg_temp.secrets() -> 'OnFailure';

-- Who gets at them, and at the secrets of the endpoint, of object storage and of copies: nobody reads them, whoever may read or write all data among them
SELECT pg_temp.hook('https://hooks.example.com/c', '{"Secret": "third"}');
SELECT dynapg.set_kinesis_credentials('AKID', 'k3y');
SELECT dynapg.set_s3_credentials('AKID', 'k3y');
SELECT dynapg.put_copy_credentials('there', 'AKID', 'k3y');
SELECT access_key_id AS key_id FROM dynapg.create_access_key('regress_dynapg_owner') \gset
SELECT access_key_id AS session_id FROM dynapg.create_session('regress_dynapg_owner') \gset
CREATE FUNCTION pg_temp.counts() RETURNS text LANGUAGE sql AS $$ SELECT concat_ws(' ', (SELECT count(*) FROM dynapg.s3_credentials), (SELECT count(*) FROM dynapg.copy_credentials),
	(SELECT count(*) FROM dynapg.access_keys WHERE role = 'regress_dynapg_owner'::regrole), (SELECT count(*) FROM dynapg.sessions WHERE role = 'regress_dynapg_owner'::regrole)) $$;
SELECT pg_temp.counts();
SELECT uuid AS mapping FROM dynapg.event_source_mappings \gset
SET ROLE regress_dynapg_reader;
SELECT count(*) FROM dynapg.event_source_mappings;
SELECT count(*) FROM dynapg.destination_secrets;
SELECT count(*) FROM dynapg.kinesis_credentials;
SELECT count(*) FROM dynapg.token_secret;
SELECT pg_temp.counts();
UPDATE dynapg.access_keys SET role = 'regress_dynapg_reader';
SELECT pg_temp.fails('INSERT INTO dynapg.access_keys SELECT ''AKIA'', ''k3y'', ''regress_dynapg_owner'', now()');
SET row_security TO off;
SELECT * FROM dynapg.destination_secrets;
SELECT pg_temp.fails(format('SELECT * FROM dynapg.%I', t)) FROM unnest('{access_keys,sessions,s3_credentials,copy_credentials}'::text[]) t;
RESET row_security;
SELECT pg_temp.fails(format('SELECT dynapg.update_event_source_mapping(%L)', :'mapping'));
-- a member of its role may change it, but not read them or have them sent elsewhere
SET ROLE regress_dynapg_member;
SELECT pg_temp.fails('SELECT * FROM dynapg.destination_secrets');
SELECT dynapg.get_event_source_mapping(:'mapping') ->> 'Destination';
SELECT pg_temp.fails(format('SELECT dynapg.update_event_source_mapping(%L, destination => %L)', :'mapping', '{"Webhook": {"Url": "https://thief.example.com"}}'));
-- the table's next owner may not: it is not his mapping
RESET ROLE;
ALTER TABLE dynamo."Guarded" OWNER TO regress_dynapg_heir;
SET ROLE regress_dynapg_heir;
SELECT pg_temp.fails(format('SELECT dynapg.%s(%L)', f, :'mapping')) FROM unnest('{get_event_source_mapping,update_event_source_mapping,enable_event_source_mapping,delete_event_source_mapping}'::text[]) f;
SELECT pg_temp.fails('SELECT * FROM dynapg.destination_secrets'), pg_temp.fails('SELECT * FROM dynapg.event_source_mappings');
-- his own to the same place has its own
SELECT dynapg.create_event_source_mapping('Guarded', '{"Webhook": {"Url": "https://hooks.example.com/d"}}', '{"StartingPosition": "LATEST", "Enabled": false}') -> 'Destination';
RESET ROLE;
SELECT count(*) FROM dynapg.destination_secrets;
SELECT count(*) FROM dynapg.kinesis_credentials;
SELECT dynapg.set_kinesis_credentials(NULL, NULL);
SELECT pg_temp.counts();
SELECT dynapg.set_s3_credentials(NULL, NULL);
SELECT dynapg.drop_copy_credentials('there'), dynapg.revoke_access_key(:'key_id'), dynapg.revoke_session(:'session_id');
SELECT pg_temp.counts();
-- and they are in no dump
SELECT count(*) FROM pg_extension, unnest(extconfig) c WHERE extname = 'dynapg' AND c IN ('dynapg.destination_secrets'::regclass, 'dynapg.kinesis_credentials'::regclass,
	'dynapg.access_keys'::regclass, 'dynapg.sessions'::regclass, 'dynapg.s3_credentials'::regclass, 'dynapg.copy_credentials'::regclass);

-- A mapping that is deleted has none
SELECT dynapg.delete_event_source_mapping(uuid) ->> 'State' FROM dynapg.event_source_mappings;
SELECT count(*) FROM dynapg.destination_secrets;
SELECT dynamo_delete_table('{"TableName": "Guarded"}') IS NOT NULL;
DROP OWNED BY regress_dynapg_owner, regress_dynapg_heir;
DROP ROLE regress_dynapg_owner, regress_dynapg_heir, regress_dynapg_member, regress_dynapg_reader;
\set ECHO none
\i test/forget_logs.sql
\set ECHO all
SELECT kind, count(*) FROM dynapg.log_segments GROUP BY kind;
