# pg_dump and restore: catalog and items come back, and the API works on them at once.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('dump');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $long = 'long.' . 'x' x 250;

$node->safe_psql('postgres', 'CREATE ROLE regress_dynapg_app; CREATE ROLE regress_dynapg_owner; CREATE DATABASE source');
$node->safe_psql('source', <<"SQL");
CREATE EXTENSION dynapg;
CREATE FUNCTION make(name text, sort boolean) RETURNS void LANGUAGE sql AS \$\$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "id", "KeyType": "HASH"}]'::jsonb ||
			CASE WHEN sort THEN '[{"AttributeName": "n", "KeyType": "RANGE"}]'::jsonb ELSE '[]' END,
		'AttributeDefinitions', '[{"AttributeName": "id", "AttributeType": "S"}]'::jsonb ||
			CASE WHEN sort THEN '[{"AttributeName": "n", "AttributeType": "N"}]'::jsonb ELSE '[]' END))
\$\$;
CREATE VIEW dynamo."Taken" AS SELECT 1 AS one;
SELECT make('Music', true), make('a.b-c_D', false), make('$long', false), make('Empty', true), make('Taken', false);
SELECT dynapg.put('Taken', '{"id": "1", "v": "kept"}');
INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('id', 'a' || i % 100, 'n', i, 'tags', '{"\$SS": ["x", "y"]}'::jsonb)
	FROM generate_series(1, 5000) i;
INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('id', 'big', 'n', 1,
	'p', (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 12000) i));
INSERT INTO dynamo."a.b-c_D" (item) VALUES ('{"id": "1"}');
SELECT dynamo_put_item('{"TableName": "$long", "Item": {"id": {"S": "1"}, "b": {"B": "AAE="}}}');
SELECT dynamo_tag_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music", "Tags": [{"Key": "Owner", "Value": "a/b c"}]}');

-- what users add, and what ALTERs the table again when a dump is restored
CREATE INDEX music_tags ON dynamo."Music" USING gin (item);
ALTER TABLE dynamo."Music" ADD CONSTRAINT positive CHECK ((item->'n')::numeric > 0) NOT VALID;
ALTER TABLE dynamo."Music" ENABLE ROW LEVEL SECURITY;
CREATE POLICY everybody ON dynamo."Music" USING (true);
ALTER TABLE dynamo."Music" CLUSTER ON "Music~pkey";
ALTER TABLE dynamo."Music" REPLICA IDENTITY FULL;
ALTER TABLE dynamo."Music" ALTER COLUMN item SET STATISTICS 500;
ALTER TABLE dynamo."Music" OWNER TO regress_dynapg_owner;
GRANT SELECT, INSERT, UPDATE ON dynamo."Music" TO regress_dynapg_app;
CREATE TABLE song (title text, hash uuid, sort bytea, FOREIGN KEY (hash, sort) REFERENCES dynamo."Music");
INSERT INTO song SELECT 'one', hash, sort FROM dynamo."Music" WHERE item \@> '{"n": 77}';
CREATE TABLE label (name text PRIMARY KEY);
INSERT INTO label VALUES ('1');
ALTER TABLE dynamo."a.b-c_D" ADD COLUMN label text GENERATED ALWAYS AS (item->>'id') STORED REFERENCES label;
CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER pass BEFORE UPDATE ON dynamo."a.b-c_D" FOR EACH ROW EXECUTE FUNCTION pass();
CREATE VIEW music AS SELECT item->>'id' AS id FROM dynamo."Music";
SQL

# a stream; what it has logged stays behind
$node->safe_psql('source', q{SELECT dynamo_update_table('{"TableName": "Music", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}}')});
my $enabled = q{SELECT dynamo_describe_table('{"TableName": "Music"}') #>> '{Table,LatestStreamLabel}' IS NOT NULL AND (SELECT string_agg(status, ',') FROM dynapg.logs) = 'ENABLED'};
ok($node->poll_query_until('source', $enabled), 'a stream');
$node->safe_psql('source', q{SELECT dynapg.put('Music', '{"id": "logged", "n": 1}')});
my $arn = $node->safe_psql('source', q{SELECT dynamo_describe_table('{"TableName": "Music"}') #>> '{Table,LatestStreamArn}'});

# policies of roles; those of a role that is gone stay behind
$node->safe_psql('source', q{CREATE ROLE regress_dynapg_gone; SELECT dynapg.put_role_policy(role, 'one', ' {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}} '),
		dynapg.put_role_permissions_boundary(role, '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'), dynapg.tag_role(role, '{"Tenant": "t1"}')
	FROM unnest('{regress_dynapg_app,regress_dynapg_gone}'::regrole[]) role; DROP ROLE regress_dynapg_gone; ALTER ROLE regress_dynapg_app RENAME TO "regress dynapg Renamed"});
my $policies = q{SELECT role, 'policy', name, policy FROM dynapg.role_policies WHERE role = '"regress dynapg Renamed"'::regrole UNION ALL SELECT role, 'boundary', '', policy FROM dynapg.role_boundaries
	WHERE role = '"regress dynapg Renamed"'::regrole UNION ALL SELECT role, 'tag', key, value FROM dynapg.role_tags WHERE role = '"regress dynapg Renamed"'::regrole};

# policies of tables are theirs; that of the stream is not, and one that was deleted is none
sub policy
{
	my ($operation, $arn, $action) = @_;

	return sprintf q{SELECT dynamo_%s_resource_policy('%s')}, $operation, encode_json({ ResourceArn => $arn,
		$action ? (Policy => encode_json({ Statement => { Effect => 'Deny', Principal => { AWS => 'arn:aws:iam::000000000000:user/regress_dynapg_owner' }, Action => "dynamodb:$action", Resource => '*' } })) : () });
}
my ($music, $empty) = map { "arn:aws:dynamodb:us-east-1:000000000000:table/$_" } qw(Music Empty);
$node->safe_psql('source', join ';', policy('put', $music, 'UpdateTable'), policy('put', $arn, 'GetRecords'), policy('put', $empty, 'UpdateTable'), policy('delete', $empty));
my $resource_policies = q{SELECT table_name, table_id, policy, revision FROM dynapg.resource_policies WHERE stream_label = '' AND policy IS NOT NULL};

# alarms, without their secrets and states, and not of a role that is gone; what was counted stays behind
$node->safe_psql('source', q{SET client_min_messages TO error; CREATE ROLE regress_dynapg_gone; GRANT pg_monitor TO regress_dynapg_gone;
	CREATE FUNCTION pg_temp.alarm(name text) RETURNS void LANGUAGE sql AS $$ SELECT dynapg.put_alarm(jsonb_build_object('AlarmName', name, 'Namespace', 'AWS/DynamoDB', 'MetricName', 'ConsumedReadCapacityUnits',
		'Statistic', 'Sum', 'Period', 60, 'EvaluationPeriods', 1, 'Threshold', 1, 'ComparisonOperator', 'GreaterThanThreshold', 'Dimensions', '[{"Name": "TableName", "Value": "Music"}]'::jsonb),
		'{"Webhook": {"Url": "https://hooks.example.com", "Secret": "swordfish"}}') $$;
	SET ROLE regress_dynapg_gone; SELECT pg_temp.alarm('gone');
	SET ROLE regress_dynapg_owner; SELECT pg_temp.alarm('reads'), dynapg.set_alarm_state('{"AlarmName": "reads", "StateValue": "ALARM", "StateReason": "a test"}');
	RESET ROLE; REVOKE pg_monitor FROM regress_dynapg_gone; DROP ROLE regress_dynapg_gone;
	INSERT INTO dynapg.metric_series (metric, table_name, table_id) SELECT 'ConsumedReadCapacityUnits', name, id FROM dynapg.tables WHERE name = 'Music';
	INSERT INTO dynapg.metric_points (series, at, sample_count, sum, minimum, maximum) SELECT id, now(), 1, 1, 1, 1 FROM dynapg.metric_series});
my $alarms = q{SELECT * FROM dynapg.metric_alarms WHERE name = 'reads'};

my $catalog = 'SELECT name, relation::text, id, created_at, definition, tags FROM dynapg.tables ORDER BY name';
my $items = q{SELECT count(*), md5(string_agg(item::text, '' ORDER BY hash, sort)) FROM dynamo."Music"};

sub same
{
	my ($database, $how) = @_;

	for my $query ($catalog, $items, $policies, $resource_policies, $alarms, policy('get', $music))
	{
		is($node->safe_psql($database, $query), $node->safe_psql('source', $query), "$how: the same");
	}
	is($node->safe_psql($database, q{SELECT dynamo_get_item('{"TableName": "Music", "Key": {"id": {"S": "a77"}, "n": {"N": "77"}}}') #> '{Item,tags}'}),
		'{"SS": ["x", "y"]}', "$how: GetItem");
	is($node->safe_psql($database, q{SELECT dynamo_list_tags_of_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music"}') #>> '{Tags,0,Value}'}),
		'a/b c', "$how: tags");
	is($node->safe_psql($database, qq{SELECT dynamo_put_item('{"TableName": "$long", "Item": {"id": {"S": "1"}}, "ReturnValues": "ALL_OLD"}') #>> '{Attributes,b,B}'}),
		'AAE=', "$how: PutItem into the table with the long name");
	is($node->safe_psql($database, q{SELECT dynapg.get('Taken', '1'::text)->>'v'}), 'kept', "$how: GetItem of the table whose name is taken");
	is($node->safe_psql($database, q{SELECT dynamo_put_item('{"TableName": "a.b-c_D", "Item": {"id": {"S": "1"}, "v": {"N": "1"}}, "ReturnValues": "ALL_OLD"}') #>> '{Attributes,id,S}'}),
		'1', "$how: PutItem where trigger and foreign key make the executor do it");
	isnt(($node->psql($database, q{SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "a77"}, "n": {"N": "77"}}}')}))[0],
		0, "$how: the foreign key holds");
	is($node->safe_psql($database, 'SELECT count(*) FROM dynapg.role_policies'), '1', "$how: policies of a role that is gone are not there");
	is($node->safe_psql($database, 'SELECT count(*) FROM dynapg.resource_policies'), '1', "$how: policies of tables only");
	is($node->safe_psql($database, q{SELECT name, state, definition -> 'ActionsEnabled', (SELECT count(*) FROM dynapg.alarm_states), (SELECT count(*) FROM dynapg.destination_secrets),
		(SELECT count(*) FROM dynapg.metrics) FROM dynapg.alarms}), 'reads|INSUFFICIENT_DATA|false|0|0|0', "$how: an alarm has no state, tells nobody, and nothing was counted here");
	is($node->safe_psql($database, q{SET ROLE "regress dynapg Renamed";
		SELECT dynamo_put_item('{"TableName": "Music", "Item": {"id": {"S": "app"}, "n": {"N": "1"}}}')}), '{}', "$how: privileges");
	is($node->safe_psql($database, join(' UNION ALL ', map { "SELECT '$_' WHERE EXISTS (TABLE dynapg.$_)" } qw(logs log_segments log_shards ticks))),
		'', "$how: nothing of change logs comes along");
	ok($node->poll_query_until($database, $enabled), "$how: the next DescribeTable begins a new stream");
	is($node->safe_psql($database, q{SELECT dynapg.put('Music', '{"id": "logged", "n": 2}'); SELECT string_agg(keys ->> 'n', ',') FROM dynapg.stream_records('Music')}),
		"\n2", "$how: which has what is written from then on");
	like(($node->psql($database, "SELECT dynapg.stream_records('$arn')"))[2], qr/Stream: \Q$arn\E not found/, "$how: the old one is not there");
	isnt(($node->psql($database, q{ALTER TABLE dynamo."Empty" DROP COLUMN item}))[0], 0, "$how: tables are guarded");
	$node->safe_psql($database, 'DROP TABLE dynamo."Empty"');
	is($node->safe_psql($database, q{SELECT count(*) FROM dynapg.tables}), '4', "$how: and followed");
}

sub restore
{
	my ($database, $how, @steps) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	for my $step (@steps)
	{
		command_ok([ $step->[0], '-d', $node->connstr($database), @$step[ 1 .. $#$step ] ], "$how: @$step");
	}
	same($database, $how);
}

my @source = ('-d', $node->connstr('source'));
command_ok([ 'pg_dump', @source, '-f', "$dir/plain.sql" ], 'pg_dump, plain');
command_ok([ 'pg_dump', @source, '-Fc', '-f', "$dir/custom" ], 'pg_dump, custom format');
command_ok([ 'pg_dump', @source, '-Fd', '-j', '2', '-f', "$dir/directory" ], 'pg_dump, directory, parallel');
command_ok([ 'pg_dump', @source, '--inserts', '-f', "$dir/inserts.sql" ], 'pg_dump, with INSERTs');

my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-f');
restore('plain', 'plain', [ @psql, "$dir/plain.sql" ]);
restore('inserts', 'INSERTs', [ @psql, "$dir/inserts.sql" ]);
restore('custom', 'custom', [ 'pg_restore', '--exit-on-error', "$dir/custom" ]);
restore('parallel', 'parallel', [ 'pg_restore', '--exit-on-error', '-j', '2', "$dir/directory" ]);
restore('one', 'one transaction', [ 'pg_restore', '--single-transaction', "$dir/custom" ]);
restore('sections', 'by sections',
	map { [ 'pg_restore', '--exit-on-error', "--section=$_", "$dir/custom" ] } ('pre-data', 'data', 'post-data'));
# data only fills what a schema-only restore has made; constraints are there already, as with any table
restore('halves', 'schema, then data', [ 'pg_restore', '--exit-on-error', '--schema-only', "$dir/custom" ],
	[ 'pg_restore', '--exit-on-error', '--data-only', '--disable-triggers', "$dir/custom" ]);

# one table goes over, without the catalog's row: SQL sees it, the API does when it is adopted. pg_restore -t brings no keys and triggers.
command_ok([ 'pg_dump', @source, '-t', 'dynamo."Music"', '-f', "$dir/one.sql" ], 'pg_dump of one table');
for my $way ([ 'single', [ @psql, "$dir/one.sql" ] ], [ 'single_restored', [ 'pg_restore', '--exit-on-error', '-n', 'dynamo', '-t', 'Music', "$dir/custom" ] ])
{
	my ($database, $step) = @$way;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	$node->safe_psql($database, 'CREATE EXTENSION dynapg; GRANT CREATE ON SCHEMA dynamo TO regress_dynapg_owner');
	command_ok([ $step->[0], '-d', $node->connstr($database), @$step[ 1 .. $#$step ] ], "one table: @$step");
	is($node->safe_psql($database, $items), $node->safe_psql('source', $items), 'one table: SQL sees it');
	like(($node->psql($database, q{SELECT dynapg.get('Music', 'a77'::text, 77)}))[2], qr/Requested resource not found/, 'one table: the API does not know it');
	is($node->safe_psql($database, 'SELECT count(*) FROM dynapg.resource_policies'), '0', 'one table: its policy stays behind');
	is($node->safe_psql($database, q{SET ROLE regress_dynapg_owner;
		SELECT dynapg.adopt_table('dynamo."Music"', '{"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
			"GlobalSecondaryIndexes": [{"IndexName": "by_p", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}],
			"Tags": [{"Key": "Owner", "Value": "a/b c"}]}'); RESET ROLE;
		SELECT dynapg.wait_for_indexes('Music')}), "\nt", 'one table: it is adopted');
	is($node->safe_psql($database, q{SELECT count(*) FROM dynapg_index."Music~by_p"}), '0', 'one table: no item fits into the index');
	is($node->safe_psql($database, q{SELECT dynapg.put('Music', '{"id": "p", "n": 1, "p": "x"}'); SELECT count(*) FROM dynapg_index."Music~by_p";
		DELETE FROM dynamo."Music" WHERE item->>'id' = 'p'; SELECT count(*) FROM dynapg_index."Music~by_p"}), "\n1\n0", 'one table: the index is kept');
	is($node->safe_psql($database, q{SELECT * FROM dynapg.check_table('Music')}), '', 'one table: all is well');
}

# the role that manages policies is the cluster's: it is there once, and stays while any database has the extension
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_roles WHERE rolname = 'dynapg_policy_admin'}), '1', 'one role for all databases');
$node->safe_psql('plain', 'DROP EXTENSION dynapg CASCADE');
is($node->safe_psql('custom', q{SELECT count(*) FROM dynapg.role_policies WHERE has_table_privilege('dynapg_policy_admin', 'dynapg.role_policies', 'SELECT')}), '1', 'DROP EXTENSION leaves it to others');
isnt(($node->psql('postgres', 'DROP ROLE dynapg_policy_admin'))[0], 0, 'nor can it be dropped while they need it');
like((run_command([ 'pg_dumpall', '-g', '-d', $node->connstr('postgres') ]))[0], qr/^CREATE ROLE dynapg_policy_admin;$/m, 'pg_dumpall has it');
$node->safe_psql('postgres', 'CREATE DATABASE late; ALTER ROLE dynapg_policy_admin LOGIN');
like(($node->psql('late', 'CREATE EXTENSION dynapg'))[2], qr/role "dynapg_policy_admin" can log in/, 'who could log in with the name would manage policies');
$node->safe_psql('postgres', 'ALTER ROLE dynapg_policy_admin NOLOGIN');
$node->safe_psql('late', 'CREATE EXTENSION dynapg; DROP EXTENSION dynapg; CREATE EXTENSION dynapg');

$node->stop;
done_testing();
