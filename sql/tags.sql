-- TagResource, UntagResource, ListTagsOfResource, tags of CreateTable; and what clients ask about besides.
SET client_min_messages TO warning;
CREATE EXTENSION IF NOT EXISTS dynapg;
\set ECHO none
\i test/session.sql
\set ECHO all
RESET client_min_messages;
\pset format unaligned
\pset tuples_only on

CREATE FUNCTION pg_temp.arn(name text) RETURNS text LANGUAGE sql AS $$
	SELECT 'arn:aws:dynamodb:us-east-1:000000000000:table/' || name
$$;
-- Tags as the API wants them.
CREATE FUNCTION pg_temp.pairs(tags jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_agg(jsonb_build_object('Key', key, 'Value', value)), '[]') FROM jsonb_each(tags)
$$;
CREATE FUNCTION pg_temp.tag(tags jsonb, name text DEFAULT 'tg-one') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.api('tag_resource', jsonb_build_object('ResourceArn', pg_temp.arn(name), 'Tags', pg_temp.pairs(tags)))
$$;
CREATE FUNCTION pg_temp.untag(keys jsonb, name text DEFAULT 'tg-one') RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.api('untag_resource', jsonb_build_object('ResourceArn', pg_temp.arn(name), 'TagKeys', keys))
$$;
-- The table's tags, as an object.
CREATE FUNCTION pg_temp.tags(name text DEFAULT 'tg-one') RETURNS jsonb LANGUAGE sql AS $$
	SELECT coalesce(jsonb_object_agg(tag->>'Key', tag->'Value'), '{}')
	FROM jsonb_array_elements(dynamo_list_tags_of_resource(jsonb_build_object('ResourceArn', pg_temp.arn(name)))->'Tags') AS tag
$$;
-- n tags k1 ... kn
CREATE FUNCTION pg_temp.many(n int, value text DEFAULT '') RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_object_agg('k' || i, value) FROM generate_series(1, n) AS i
$$;

SELECT pg_temp.make('tg-one', 'p:S');
SELECT pg_temp.make('tg-two', 'p:S');

-- None; some; others over them; the same key in another case is another tag; an empty value comes back.
SELECT pg_temp.api('list_tags_of_resource', jsonb_build_object('ResourceArn', pg_temp.arn('tg-one')));
SELECT pg_temp.tag('{"Owner": "blueTeam", "owner": "", " leading": "x", "myaws:x": "y"}');
SELECT pg_temp.api('list_tags_of_resource', jsonb_build_object('ResourceArn', pg_temp.arn('tg-one')));
SELECT pg_temp.tag('{"Owner": "redTeam", "Stage": "test"}');
SELECT pg_temp.tags();
SELECT pg_temp.tags('tg-two');
-- Taking away; what is not there is taken away as well.
SELECT pg_temp.untag('["owner", "none"]');
SELECT pg_temp.untag('["none"]');
SELECT pg_temp.tags();
-- One page, whatever NextToken says.
SELECT pg_temp.api('list_tags_of_resource', jsonb_build_object('ResourceArn', pg_temp.arn('tg-one'), 'NextToken', 'foreign'));
-- They are SQL's as well, and say nothing to DescribeTable.
SELECT name FROM dynapg.tables WHERE tags @> '{"Stage": "test"}';
SELECT pg_temp.api('describe_table', '{"TableName": "tg-one"}') LIKE '%redTeam%';

-- What is wrong with a tag; the good one beside it is not there either.
CREATE FUNCTION pg_temp.wrong(key text, value text) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.api('tag_resource', jsonb_build_object('ResourceArn', pg_temp.arn('tg-one'), 'Tags',
		jsonb_build_array(jsonb_build_object('Key', 'good', 'Value', ''), jsonb_strip_nulls(jsonb_build_object('Key', key, 'Value', value)))))
$$;
SELECT pg_temp.wrong('', 'v');
SELECT pg_temp.wrong(NULL, 'v');
SELECT pg_temp.wrong(NULL, NULL);
SELECT pg_temp.wrong('k', NULL);
SELECT pg_temp.wrong('good', 'again');
SELECT pg_temp.wrong(key, 'v') FROM unnest(ARRAY['aws:x', 'AWS:x', 'aWs:']) AS key;
SELECT replace(pg_temp.wrong(repeat('k', 129), 'v'), repeat('k', 129), '(129)');
SELECT replace(pg_temp.wrong('k', repeat('v', 257)), repeat('v', 257), '(257)');
SELECT pg_temp.tags();
-- Lengths are characters.
SELECT pg_temp.tag(jsonb_build_object(repeat('𐐷', 128), repeat('é', 256)));
SELECT length(key), length(value) FROM jsonb_each_text(pg_temp.tags()) WHERE length(key) = 128;
SELECT replace(pg_temp.wrong(repeat('é', 129), 'v'), repeat('é', 129), '(129)');
SELECT pg_temp.untag(jsonb_build_array(repeat('𐐷', 128)));
-- Characters: letters and digits of any script, spaces of any kind, and + - = . _ : / @.
SELECT pg_temp.tag(jsonb_build_object('ключ', 'café 表 ٣ ½', E'no\u00A0break', E'ideographic\u3000space', 'a+b-c=d.e_f:g/h@i', 'a+b-c=d.e_f:g/h@i'));
SELECT pg_temp.untag('["ключ", "no break", "a+b-c=d.e_f:g/h@i"]');
SELECT character, pg_temp.wrong('k' || character, 'v') ~ '^YD001 ValidationException: The Tag Key provided is invalid, Key: k',
	pg_temp.wrong('k', 'v' || character) ~ '^YD001 ValidationException: The Tag Value provided is invalid, Value: v'
FROM unnest(string_to_array('# ! % , '' " ( ) [ ] { } & * ; ? | \ < > ~ 🔑 ₠ $ ^ `', ' ')) AS character;
SELECT pg_temp.wrong(E'tab\t', 'v');
SELECT pg_temp.tags();

-- Lists.
SELECT pg_temp.tag('{}');
SELECT pg_temp.untag('[]');
SELECT pg_temp.api('tag_resource', jsonb_build_object('ResourceArn', pg_temp.arn('tg-one')));
SELECT pg_temp.api('untag_resource', jsonb_build_object('ResourceArn', pg_temp.arn('tg-one')));
SELECT pg_temp.api('tag_resource', '{}');
SELECT pg_temp.api('list_tags_of_resource', '{"ResourceArn": ""}');
SELECT pg_temp.untag('[""]');
SELECT pg_temp.untag('["a#"]');
SELECT pg_temp.untag('["Aws:x"]');
SELECT pg_temp.untag('["a", "a"]');
SELECT replace(pg_temp.untag(jsonb_build_array(repeat('k', 129))), repeat('k', 129), '(129)');

-- 50 tags: counted with those that the table has; new values for them pass.
SELECT pg_temp.tag(pg_temp.many(48));
SELECT pg_temp.tag('{"one more": ""}');
SELECT pg_temp.tag('{"k1": "new", "k2": "new"}');
SELECT pg_temp.tag(pg_temp.many(51), 'tg-two');
SELECT pg_temp.untag((SELECT jsonb_agg(key) FROM jsonb_object_keys(pg_temp.many(51)) AS key));
SELECT pg_temp.untag((SELECT jsonb_agg(key) FROM jsonb_object_keys(pg_temp.many(48)) AS key));
SELECT pg_temp.tags();
SELECT pg_temp.tags('tg-two');

-- ARNs.
SELECT arn, pg_temp.api('list_tags_of_resource', jsonb_build_object('ResourceArn', arn))
FROM unnest(ARRAY['tg-one', 'ARN:aws:dynamodb:us-east-1:000000000000:table/tg-one', 'arn:',
	'arn:aws:dynamodb:us-east-1:000000000001:table/tg-one', 'arn:aws:dynamodb:eu-west-1:000000000001:table/tg-one',
	'arn:aws:dynamodb:us-east-1::table/tg-one', 'arn:aws:s3:::bucket', 'arn:aws:sqs:us-east-1:000000000000:table/tg-one',
	'arn:aws:dynamodb:us-east-1:000000000000', 'arn:aws:dynamodb:us-east-1:000000000000:', 'arn:aws:dynamodb:us-east-1:000000000000:table/',
	'arn:aws:dynamodb:us-east-1:000000000000:table:tg-one', 'arn:aws:dynamodb:us-east-1:000000000000:table/tg-one/',
	'arn:aws:dynamodb:us-east-1:000000000000:table/tg-one/backup/01576616366715-b4e58d3a',
	'arn:aws:dynamodb::000000000000:global-table/tg-one', 'arn:aws:dynamodb:us-east-1:000000000000:table/tg-one/index/i',
	'arn:aws:dynamodb:eu-west-1:000000000000:table/tg-one', 'arn:aws-cn:dynamodb:us-east-1:000000000000:table/tg-one',
	'arn:aws:dynamodb:us-east-1:000000000000:table/ab', 'arn:aws:dynamodb:us-east-1:000000000000:table/TG-one',
	'arn:aws:dynamodb:us-east-1:000000000000:table/tg#one',
	'arn:aws:dynamodb:us-east-1:000000000000:table/tg-one/stream/2019-10-22T18:02:01.576']) AS arn;
SELECT pg_temp.tag('{"a": "b"}', 'tg-none');
SELECT pg_temp.tag('{"a": "b"}', 'tg-one/stream/2019-10-22T18:02:01.576');
SELECT pg_temp.untag('["a"]', 'tg-none');
-- A request's own mistakes come before the table.
SELECT pg_temp.tag('{"aws:a": "b"}', 'tg-none');
SELECT pg_temp.untag('["aws:a"]', 'tg-none');
SELECT pg_temp.tag('{"aws:a": "b"}', 'tg-one/index/i');

-- Tags of CreateTable; one that is wrong makes no table, none at all are fine.
CREATE FUNCTION pg_temp.create_with(name text, tags jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT left(pg_temp.api('create_table', jsonb_build_object('TableName', name, 'Tags', tags) ||
		'{"BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
		  "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}]}'), 120)
$$;
SELECT pg_temp.create_with('tg-new', '[{"Key": "a", "Value": "b"}, {"Key": "AWS:a", "Value": "b"}]');
SELECT pg_temp.create_with('tg-new', '[{"Key": "a"}]');
SELECT pg_temp.create_with('tg-new', pg_temp.pairs(pg_temp.many(51)));
SELECT pg_temp.api('describe_table', '{"TableName": "tg-new"}');
SELECT pg_temp.create_with('tg-new', pg_temp.pairs(pg_temp.many(50)));
SELECT count(*) FROM jsonb_object_keys(pg_temp.tags('tg-new'));
SELECT pg_temp.create_with('tg-empty', '[]');
SELECT pg_temp.tags('tg-empty');
-- UpdateTable leaves them alone, and they it.
SELECT pg_temp.tag('{"k1": "new"}', 'tg-new');
SELECT pg_temp.api('update_table', '{"TableName": "tg-new", "DeletionProtectionEnabled": true}') LIKE '{"TableDescription%';
SELECT count(*), max(value) FROM jsonb_each_text(pg_temp.tags('tg-new'));
SELECT pg_temp.api('describe_table', '{"TableName": "tg-new"}') LIKE '%"DeletionProtectionEnabled": true%';
SELECT pg_temp.api('update_table', '{"TableName": "tg-new", "DeletionProtectionEnabled": false}') LIKE '%"DeletionProtectionEnabled": false%';
-- Renaming its relation does not touch them; a new table of the name has none.
ALTER TABLE dynamo."tg-new" RENAME TO "tg-renamed";
SELECT count(*) FROM jsonb_object_keys(pg_temp.tags('tg-new'));
DROP TABLE dynamo."tg-renamed";
SELECT pg_temp.fails($$SELECT pg_temp.tags('tg-new')$$);
SELECT pg_temp.make('tg-new', 'p:S');
SELECT pg_temp.tags('tg-new');

-- A transaction sees its own, and takes them back.
BEGIN;
SELECT pg_temp.tag('{"of": "transaction"}', 'tg-two');
SELECT pg_temp.tags('tg-two');
ROLLBACK;
SELECT pg_temp.tags('tg-two');

-- The table's owner tags; everybody may look.
CREATE ROLE dynapg_tags_owner;
CREATE ROLE dynapg_tags_other;
GRANT USAGE, CREATE ON SCHEMA dynamo TO dynapg_tags_owner;
GRANT USAGE ON SCHEMA dynamo TO dynapg_tags_other;
ALTER TABLE dynamo."tg-two" OWNER TO dynapg_tags_owner;
GRANT ALL ON dynamo."tg-two" TO dynapg_tags_other;
SET ROLE dynapg_tags_owner;
SELECT dynamo_tag_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-two", "Tags": [{"Key": "a", "Value": "b"}]}');
SET ROLE dynapg_tags_other;
SELECT dynamo_list_tags_of_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-two"}');
SELECT dynamo_tag_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-two", "Tags": [{"Key": "a", "Value": "c"}]}');
SELECT dynamo_untag_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-two", "TagKeys": ["a"]}');
SELECT dynamo_untag_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-two", "TagKeys": ["none"]}');
UPDATE dynapg.tables SET tags = '{}' WHERE name = 'tg-two';
RESET ROLE;
SELECT pg_temp.tags('tg-two');

-- Time to live and point-in-time recovery, which no table has yet.
SELECT pg_temp.api('describe_time_to_live', '{"TableName": "tg-one"}');
SELECT pg_temp.api('describe_time_to_live', '{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-one"}');
SELECT pg_temp.api('describe_time_to_live', '{"TableName": "tg-none"}');
SELECT pg_temp.api('describe_time_to_live', '{}');
SELECT pg_temp.api('describe_continuous_backups', '{"TableName": "tg-one"}');
SELECT pg_temp.api('describe_continuous_backups', '{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-one"}');
SELECT pg_temp.api('describe_continuous_backups', '{"TableName": "tg-none"}');
SELECT pg_temp.api('describe_continuous_backups', '{"TableName": "arn:aws:dynamodb:us-east-1:000000000000:table/tg-none"}');
SELECT pg_temp.api('describe_continuous_backups', '{}');

-- A table that is CREATING is not there for tags and backups, UPDATING changes nothing, DELETING tables keep their tags.
SET dynapg.control_plane_delay = '1h';
SELECT pg_temp.create_with('tg-slow', '[{"Key": "a", "Value": "b"}]') LIKE '%tg-slow%';
SELECT pg_temp.tag('{"a": "c"}', 'tg-slow');
SELECT pg_temp.untag('["a"]', 'tg-slow');
SELECT pg_temp.fails($$SELECT pg_temp.tags('tg-slow')$$);
SELECT pg_temp.api('describe_time_to_live', '{"TableName": "tg-slow"}');
SELECT pg_temp.api('describe_continuous_backups', '{"TableName": "tg-slow"}');
SELECT pg_temp.api('update_table', '{"TableName": "tg-one", "TableClass": "STANDARD_INFREQUENT_ACCESS"}') LIKE '%"TableStatus": "UPDATING"%';
SELECT pg_temp.tag('{"while": "updating"}');
SELECT pg_temp.untag('["Stage"]');
SELECT pg_temp.tags();
SELECT pg_temp.api('describe_time_to_live', '{"TableName": "tg-one"}');
SELECT pg_temp.api('describe_continuous_backups', '{"TableName": "tg-one"}');
SELECT pg_temp.api('describe_table', '{"TableName": "tg-one"}') LIKE '%"TableStatus": "UPDATING"%';
SELECT pg_temp.api('delete_table', '{"TableName": "tg-two"}') LIKE '%"TableStatus": "DELETING"%';
SELECT pg_temp.tag('{"a": "c"}', 'tg-two');
SELECT pg_temp.untag('["a"]', 'tg-two');
SELECT pg_temp.tags('tg-two');
SELECT pg_temp.api('describe_time_to_live', '{"TableName": "tg-two"}');
SELECT pg_temp.api('describe_continuous_backups', '{"TableName": "tg-two"}');
-- Tagging starts no change of status.
SELECT pg_temp.tag('{"a": "c"}', 'tg-empty');
SELECT pg_temp.api('describe_table', '{"TableName": "tg-empty"}') LIKE '%"TableStatus": "ACTIVE"%';
RESET dynapg.control_plane_delay;

UPDATE dynapg.tables SET change_ends = now() - interval '1 second' WHERE name LIKE 'tg-%';
SELECT pg_temp.tags('tg-slow');
SELECT name, pg_temp.api('delete_table', jsonb_build_object('TableName', name)) LIKE '%DELETING%'
FROM unnest(ARRAY['tg-one', 'tg-new', 'tg-empty', 'tg-slow']) AS name;
REVOKE ALL ON SCHEMA dynamo FROM dynapg_tags_owner, dynapg_tags_other;
DROP ROLE dynapg_tags_owner, dynapg_tags_other;
