# A database's owner, who is no superuser, dumps and restores as on a managed PostgreSQL: nothing fails, and dynapg.repair() makes tables
# of what has come.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('restore');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();
my $long = 'long.' . 'x' x 250;

$node->safe_psql('postgres', q{CREATE ROLE "regress Owner" LOGIN; CREATE ROLE regress_member LOGIN; CREATE ROLE regress_stranger LOGIN;
	GRANT regress_member TO "regress Owner"; CREATE DATABASE source OWNER "regress Owner"});
$node->safe_psql('source', q{CREATE EXTENSION dynapg; GRANT CREATE ON SCHEMA dynamo TO regress_stranger});

# Runs SQL as a role.
sub as
{
	my ($role, $database, $sql) = @_;

	return $node->safe_psql($database, $sql, connstr => $node->connstr($database) . " user='$role'");
}

my @owner = ('-U', 'regress Owner');
my $music = q{{"TableName": "Music", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 7, "WriteCapacityUnits": 3},
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "year", "AttributeType": "N"}, {"AttributeName": "id", "AttributeType": "S"},
		{"AttributeName": "n", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"LocalSecondaryIndexes": [{"IndexName": "by_year", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}],
	"GlobalSecondaryIndexes": [{"IndexName": "z_by_g", "Projection": {"ProjectionType": "ALL"},
			"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 4},
			"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]},
		{"IndexName": "a_by_year", "Projection": {"ProjectionType": "KEYS_ONLY"},
			"ProvisionedThroughput": {"ReadCapacityUnits": 6, "WriteCapacityUnits": 2},
			"KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}]}],
	"SSESpecification": {"Enabled": true}, "TableClass": "STANDARD_INFREQUENT_ACCESS", "DeletionProtectionEnabled": true,
	"Tags": [{"Key": "Owner", "Value": "a/b c"}, {"Key": "Empty", "Value": ""}]}};

as('regress Owner', 'source', qq{SELECT dynamo_create_table('$music');
	SELECT dynamo_create_table('{"TableName": "$long", "BillingMode": "PAY_PER_REQUEST", "OnDemandThroughput": {"MaxReadRequestUnits": 10},
		"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"},
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}');
	SELECT dynapg.put('$long', '{"id": "1"}');
	SELECT dynamo_update_time_to_live('{"TableName": "$long", "TimeToLiveSpecification": {"Enabled": true, "AttributeName": "until"}}');
	INSERT INTO dynamo."Music" (item) SELECT jsonb_strip_nulls(jsonb_build_object('id', 'a' || i % 100, 'n', i, 'year', i % 60, 'note', repeat('note ', i % 10),
		'g', CASE WHEN i % 5 > 0 THEN 'group ' || i % 7 END)) FROM generate_series(1, 3000) i});
$node->safe_psql('source', 'GRANT CREATE ON SCHEMA dynamo TO regress_member');
as('regress_member', 'source', q{SELECT dynamo_create_table('{"TableName": "Member", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "B"}]}')});

# policies of tables, which are the tables'; one names a role
sub put_policy
{
	my ($table, $principal) = @_;

	return sprintf q{SELECT dynamo_put_resource_policy('%s')}, encode_json({ ResourceArn => "arn:aws:dynamodb:us-east-1:000000000000:table/$table", Policy => encode_json({ Version => '2012-10-17',
		Statement => [ { Sid => "of$table", Effect => 'Deny', Principal => { AWS => $principal }, Action => 'dynamodb:UpdateTable', Resource => '*' } ] }) }) =~ s/'/''/gr;
}
$node->safe_psql('postgres', 'CREATE ROLE regress_named');
as('regress Owner', 'source', put_policy('Music', 'arn:aws:iam::000000000000:user/regress_stranger'));
as('regress_member', 'source', put_policy('Member', 'arn:aws:iam::000000000000:user/regress_named'));
my $resource_policies = q{SELECT name, dynamo_get_resource_policy(jsonb_build_object('ResourceArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/' || name)) ->> 'Policy'
	FROM unnest('{Music,Member}'::text[]) name};

# policies of roles: authority over all tables, which a superuser gave
$node->safe_psql('source', q{SELECT dynapg.put_role_policy('regress_member', 'all', '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'),
	dynapg.put_role_permissions_boundary('regress_member', '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'), dynapg.tag_role('regress_member', '{"a": "b"}')});
my $policies = 'SELECT (SELECT count(*) FROM dynapg.role_policies), (SELECT count(*) FROM dynapg.role_boundaries), (SELECT count(*) FROM dynapg.role_tags)';

my $described = q{SELECT jsonb_pretty(t #- '{TableId}' #- '{CreationDateTime}' #- '{BillingModeSummary}' #- '{TableThroughputModeSummary}' #- '{TableClassSummary,LastUpdateDateTime}' #- '{LatestStreamArn}' #- '{LatestStreamLabel}')
	FROM (SELECT dynamo_describe_table(jsonb_build_object('TableName', name)) -> 'Table' FROM dynapg.tables ORDER BY name) x (t)};
my $tags = q{SELECT name, tags, relation::text, pg_get_userbyid(relowner) FROM dynapg.tables t JOIN pg_class c ON c.oid = t.relation ORDER BY 1};
my $relations = q{SELECT c.oid::regclass::text, pg_get_userbyid(relowner) FROM pg_class c WHERE relnamespace = 'dynapg_index'::regnamespace AND relkind = 'r' ORDER BY 1};

# A stream does not go through a dump: a new one is begun by whoever looks at the table.
sub has_stream
{
	my ($database, $how) = @_;

	ok($node->poll_query_until($database, qq{SELECT t #>> '{StreamSpecification,StreamViewType}' = 'NEW_IMAGE' AND t ->> 'TableStatus' = 'ACTIVE'
		FROM (SELECT dynamo_describe_table('{"TableName": "$long"}') -> 'Table') x (t)}), "$how: a stream is begun");
	$node->safe_psql($database, qq{SELECT dynapg.put('$long', '{"id": "2"}')});
	is($node->safe_psql($database, qq{SELECT count(*) FROM dynapg_log.stream_000001}), '1', "$how: and written");
	$node->safe_psql($database, qq{SELECT dynapg.delete('$long', '2')});
	return;
}

# Time to live does, and repair() begins it anew.
sub expires
{
	my ($database, $how) = @_;

	is($node->safe_psql($database, qq{SELECT dynapg.wait_for_indexes('$long')}), 't', "$how: the index of time to live is built");
	is($node->safe_psql($database, qq{SELECT dynamo_describe_time_to_live('{"TableName": "$long"}')}),
		'{"TimeToLiveDescription": {"AttributeName": "until", "TimeToLiveStatus": "ENABLED"}}', "$how: items expire");
	return;
}

# Whether a restored database is like the source.
sub same
{
	my ($database, $how) = @_;

	is(as('regress Owner', $database, 'SELECT * FROM dynapg.repair() ORDER BY 1'), "Member\nMusic\n$long", "$how: repair() makes tables of the relations");
	is(as('regress Owner', $database, q{SELECT dynapg.wait_for_indexes('Music')}), 't', "$how: indexes are built");
	has_stream($database, $how);
	expires($database, $how);
	is($node->safe_psql($database, $_), $node->safe_psql('source', $_), "$how: the same") foreach ($described, $tags, $relations, $resource_policies);
	is(as('regress Owner', $database, q{SELECT * FROM dynapg.check_table('Music')}), '', "$how: indexes and items agree");
	as('regress Owner', $database, q{SELECT dynapg.put('Music', '{"id": "new", "n": 1, "g": "group 3", "year": 7}'); DELETE FROM dynamo."Music" WHERE item->>'id' = 'a7'});
	is(as('regress Owner', $database, q{SELECT * FROM dynapg.check_table('Music')}), '', "$how: and are kept");
	isnt(($node->psql($database, 'DROP TABLE dynamo."Music"'))[0], 0, "$how: deletion protection");
	is(as('regress Owner', $database, 'SELECT * FROM dynapg.repair()'), '', "$how: there is nothing left to repair");
	is($node->safe_psql($database, 'SELECT count(*) FROM dynapg.restored'), '0', "$how: nothing is left");
	is($node->safe_psql($database, $policies), '0|0|0', "$how: the owner has brought no policies of roles");
	return;
}

sub make_database
{
	my ($database) = @_;

	$node->safe_psql('postgres', qq{CREATE DATABASE $database OWNER "regress Owner"});
	$node->safe_psql($database, 'CREATE EXTENSION dynapg');

	# a table is given only to a role that may have it there
	as('regress Owner', $database, 'GRANT CREATE ON SCHEMA dynamo TO regress_member');
	return;
}

sub restore
{
	my ($database, $how, @steps) = @_;

	make_database($database);
	command_ok([ 'pg_restore', '--exit-on-error', @owner, '-d', $node->connstr($database), @$_ ], "$how: pg_restore @$_") foreach @steps;
	return;
}

# the owner dumps what the member has, too
command_ok([ 'pg_dump', @owner, '-d', $node->connstr('source'), '-Fd', '-j', '2', '-f', "$dir/dump" ], 'pg_dump by the owner');
my %ways = (
	whole => [ 'whole', ["$dir/dump"] ],
	parallel => [ 'parallel', [ '-j', '2', "$dir/dump" ] ],
	one => [ 'one transaction', [ '--single-transaction', "$dir/dump" ] ],
	halves => [ 'schema, then data', [ '--schema-only', "$dir/dump" ], [ '--data-only', "$dir/dump" ] ],
);
foreach my $database (sort keys %ways)
{
	my ($how, @steps) = @{ $ways{$database} };

	restore($database, $how, @steps);
	isnt(($node->psql($database, q{SELECT dynapg.get('Music', 'a7', 7)}))[0], 0, "$how: the API does not know the tables yet");
	same($database, $how);
}

# a superuser's dump has the same, and a superuser's restore needs no repair
make_database('super');
command_ok([ 'pg_restore', '--exit-on-error', '-d', $node->connstr('super'), "$dir/dump" ], 'pg_restore by a superuser');
has_stream('super', 'by a superuser');
is($node->safe_psql('super', $_), $node->safe_psql('source', $_), 'by a superuser: the same') foreach ($described, $tags, $relations, $resource_policies, 'SELECT table_name, table_id, policy, revision FROM dynapg.resource_policies');
is($node->safe_psql('super', 'SELECT count(*) FROM dynapg.restored'), '0', 'by a superuser: nothing is set aside');
is($node->safe_psql('super', $policies), '1|1|1', 'by a superuser: policies of roles');

# a table is not opened to whom its policy denies, because that names a role that is not there
make_database('named');
command_ok([ 'pg_restore', '--exit-on-error', @owner, '-d', $node->connstr('named'), "$dir/dump" ], 'pg_restore, and a role of a policy is dropped');
$node->safe_psql('postgres', 'DROP ROLE regress_named');
like(($node->psql('named', 'SELECT dynapg.repair()', connstr => $node->connstr('named') . " user='regress Owner'"))[2], qr/Invalid principal in policy document/, 'its table is not repaired');
is($node->safe_psql('named', 'SELECT count(*) FROM dynapg.tables'), '0', 'nor is any');
$node->safe_psql('postgres', 'CREATE ROLE regress_named');
is(as('regress Owner', 'named', 'SELECT count(*) FROM dynapg.repair()'), '3', 'until the role is there');

# what the owner brings is not believed
restore('lies', 'lies', ["$dir/dump"]);
$node->safe_psql('lies', q{GRANT CREATE ON SCHEMA dynamo TO regress_stranger});
as('regress_stranger', 'lies', q{SELECT dynamo_create_table('{"TableName": "Strange", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}');
	CREATE TABLE dynamo."Unknown" (LIKE dynamo."Strange" INCLUDING ALL) USING dynapg});
$node->safe_psql('lies', q{CREATE TABLE dynapg_index.precious AS SELECT 1 AS one});
is(as('regress Owner', 'lies', q{INSERT INTO dynapg.tables (name, relation, id, created_at, definition, tags)
		SELECT name, relation, gen_random_uuid(), now(), definition, '{}' FROM
			(VALUES ('Unknown', 'dynamo."Unknown"'::regclass, '{}'::jsonb), ('Catalog', 'pg_class', '{"KeySchema": []}'), ('Strange2', 'dynamo."Strange"', '{}')) v (name, relation, definition);
	INSERT INTO dynapg.indexes VALUES ('Music', 'lie', 'dynapg_index.precious', 'GLOBAL', '{"KeySchema": "none", "Projection": 1}', 'ACTIVE', false, NULL, NULL, true);
	INSERT INTO dynapg.resource_policies VALUES ('Strange', '', gen_random_uuid(), '{"Statement": {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}}', 1),
		('Catalog', '', gen_random_uuid(), 'none', 1), ('Music', '2026-01-01T00:00:00.000', gen_random_uuid(), 'none', 1);
	SELECT count(*) FROM dynapg.restored}), '15', 'the owner brings rows');
is($node->safe_psql('lies', 'SELECT name FROM dynapg.tables'), 'Strange', 'lies: the catalog stays as it is');
is($node->safe_psql('lies', 'SELECT count(*) FROM dynapg.indexes'), '0', 'lies: the indexes, too');
is($node->safe_psql('lies', 'SELECT count(*) FROM dynapg.resource_policies'), '0', 'lies: and policies');
foreach my $role ('regress_stranger', 'regress_member')
{
	isnt(($node->psql('lies', q{INSERT INTO dynapg.tables (name, relation, id, created_at, definition) VALUES ('x', NULL, gen_random_uuid(), now(), '{}')},
		connstr => $node->connstr('lies') . " user=$role"))[0], 0, "lies: $role may not bring any");
	is(as($role, 'lies', 'SELECT count(*) FROM dynapg.restored'), '0', "lies: $role does not see them");
}
isnt(($node->psql('lies', 'SELECT dynapg.repair()', connstr => $node->connstr('lies') . " user='regress Owner'"))[0], 0, 'lies: a definition that is none is an error');
as('regress Owner', 'lies', q{DELETE FROM dynapg.restored WHERE index_name = 'lie'});
isnt(($node->psql('lies', q{UPDATE dynapg.tables SET definition = '{}'}, connstr => $node->connstr('lies') . " user='regress Owner'"))[0], 0, 'lies: the catalog cannot be changed');
is(as('regress Owner', 'lies', q{INSERT INTO dynapg.indexes SELECT 'Music', 'lie', 'dynapg_index.precious', 'GLOBAL', definition, 'ACTIVE', false, NULL, NULL, true
	FROM dynapg.restored WHERE index_name = 'z_by_g'; SELECT * FROM dynapg.repair()}), "Member\nMusic\n$long", 'lies: tables of others are left alone');
is($node->safe_psql('lies', 'SELECT * FROM dynapg_index.precious'), '1', 'lies: and so are their relations');
is($node->safe_psql('lies', 'SELECT string_agg(table_name, \',\' ORDER BY table_name) FROM dynapg.resource_policies'), 'Member,Music', 'lies: policies of their own tables only');
$node->safe_psql('lies', 'ALTER TABLE dynapg.indexes DISABLE TRIGGER ALL');
like(($node->psql('lies', q{INSERT INTO dynapg.indexes VALUES ('Music', 'lie', 'dynapg_index.precious', 'GLOBAL', '{}', 'ACTIVE', false, NULL, NULL, true)},
		connstr => $node->connstr('lies') . " user='regress Owner'"))[2], qr/violates check constraint "set_aside"/, 'lies: whatever becomes of the triggers');
$node->safe_psql('lies', 'ALTER TABLE dynapg.indexes ENABLE TRIGGER ALL');
is($node->safe_psql('lies', 'SELECT * FROM dynapg.repair()'), '', 'lies: nor does a superuser believe them');
is(as('regress Owner', 'lies', q{SELECT dynapg.wait_for_indexes('Music')}), 't', 'lies: indexes are built');
is(as('regress Owner', 'lies', q{SELECT * FROM dynapg.check_table('Music')}), '', 'lies: indexes and items agree');

$node->stop;
done_testing();
