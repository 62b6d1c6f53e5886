# Access policies and what administrators do: roles that are renamed, dropped, reassigned, whose memberships change; pooled connections; a hot standby; a
# module that audits.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->start;
$primary->safe_psql('postgres', <<'SQL');
CREATE EXTENSION dynapg;
CREATE ROLE owner; CREATE ROLE heir; CREATE ROLE crew; CREATE ROLE ann LOGIN IN ROLE crew; CREATE ROLE bob LOGIN;
GRANT CREATE, USAGE ON SCHEMA dynamo TO owner, heir;
SET ROLE owner;
SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST', 'KeySchema', '[{"AttributeName": "id", "KeyType": "HASH"}]'::jsonb,
	'AttributeDefinitions', '[{"AttributeName": "id", "AttributeType": "S"}]'::jsonb)) FROM unnest('{Music,ann_1,anna_1}'::text[]) AS name;
SELECT dynapg.put(name, '{"id": "1", "v": "one"}') FROM unnest('{Music,ann_1,anna_1}'::text[]) AS name;
RESET ROLE;
SELECT dynapg.put_role_policy('crew', 'reads', '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:*:*:table/Music"}}'),
	dynapg.put_role_policy('ann', 'own', '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "arn:aws:dynamodb:*:*:table/${aws:username}_1"}}');
SQL

my $allowed = 'allowed';
my $deny = q{'{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'};

# One connection, as a pool keeps them: a client of it is whoever the session is told to be.
my $session = $primary->background_psql('postgres', on_error_stop => 0);
$session->query(q{SET client_min_messages = error});

sub ask
{
	my ($connection, $role, $table) = @_;
	my $out = $connection->query(qq{RESET SESSION AUTHORIZATION; SET SESSION AUTHORIZATION $role;
		DO \$\$ BEGIN PERFORM dynapg.get('$table', '1'); PERFORM set_config('test.answer', 'allowed', false);
		EXCEPTION WHEN insufficient_privilege THEN PERFORM set_config('test.answer', regexp_replace(SQLERRM, '.*table/', ''), false); END \$\$;
		SELECT current_setting('test.answer')});
	chomp $out;
	return $out;
}

sub refused
{
	my ($table) = @_;
	return "$table because no identity-based policy allows the dynamodb:GetItem action";
}

# --- a pool

is(ask($session, 'ann', 'Music'), $allowed, 'a group\'s policy');
is(ask($session, 'bob', 'Music'), 'Music', 'another client of the same connection has none');
is(ask($session, 'ann', 'Music'), $allowed, 'and the first has it still');

# --- memberships

$primary->safe_psql('postgres', 'REVOKE crew FROM ann');
is(ask($session, 'ann', 'Music'), refused('Music'), 'who is no member any more is refused at once');
$primary->safe_psql('postgres', 'GRANT crew TO ann, bob');
is(ask($session, $_, 'Music'), $allowed, "a member again: $_") foreach 'ann', 'bob';
$primary->safe_psql('postgres', "SELECT dynapg.put_role_policy('bob', 'nothing', $deny)");
is(ask($session, 'bob', 'Music'), 'Music with an explicit deny in an identity-based policy', 'a Deny of his own');
is(ask($session, 'ann', 'Music'), $allowed, 'is not his group\'s');

# --- settings that resources are named by

foreach my $setting (q{dynapg.region = 'eu-west-1'}, q{dynapg.account_id = '111111111111'})
{
	my (undef, undef, $said) = $primary->psql('postgres', "SET SESSION AUTHORIZATION bob; SELECT dynapg.to_text_array('[]'); SELECT dynapg.get('Music', '1'); SET $setting", on_error_stop => 0);
	like($said, qr/permission denied to set parameter/, "who is denied a table cannot have it be another's: $setting");
	(undef, undef, $said) = $primary->psql('postgres', "SET SESSION AUTHORIZATION bob; ALTER ROLE bob SET $setting", on_error_stop => 0);
	like($said, qr/permission denied to set parameter/, 'nor for a role');
	# before the library is loaded nobody knows the setting: what was set is left out then
	(undef, undef, $said) = $primary->psql('postgres', "SET SESSION AUTHORIZATION bob; SET $setting; SELECT dynapg.get('Music', '1')", on_error_stop => 0);
	like($said, qr/on resource: arn:aws:dynamodb:us-east-1:000000000000:table/, 'nor before the library is there');
}

# --- tags whose keys differ by case only: whichever the request is judged by is the one that the table is judged by later

$primary->safe_psql('postgres', q{CREATE ROLE tagger; SELECT dynapg.put_role_policy('tagger', 'own', '{"Version": "2012-10-17", "Statement": [
	{"Effect": "Allow", "Action": "dynamodb:TagResource", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestTag/tenant": "mine"}}},
	{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/tenant": "victim"}}}]}')});
foreach my $keys ([ 'tenant', 'TENANT' ], [ 'TENANT', 'tenant' ], [ 'TENANT', 'TeNaNt' ], [ 'TeNaNt', 'TENANT' ])
{
	foreach my $values ([ 'victim', 'mine' ], [ 'mine', 'victim' ])
	{
		my (undef, undef, $said) = $primary->psql('postgres', qq{BEGIN; SET ROLE tagger;
			SELECT dynamo_tag_resource('{"ResourceArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music", "Tags": [{"Key": "$keys->[0]", "Value": "$values->[0]"}, {"Key": "$keys->[1]", "Value": "$values->[1]"}]}');
			SELECT dynapg.get('Music', '1')}, on_error_stop => 1);
		like($said, qr/perform: dynamodb:(TagResource|GetItem)/, "who may give a table one tag gives it no other: @$keys, @$values");
	}
}

# --- names

is(ask($session, 'ann', 'ann_1'), $allowed, 'a variable is the role\'s name');
$primary->safe_psql('postgres', 'ALTER ROLE ann RENAME TO anna');
is(ask($session, 'anna', 'anna_1'), $allowed, 'a role that was renamed keeps its policies, and the variable is its new name at once');
is(ask($session, 'anna', 'ann_1'), refused('ann_1'), 'no longer the old one');
$primary->safe_psql('postgres', 'ALTER ROLE anna RENAME TO ann');

# --- owners

$primary->safe_psql('postgres', 'REASSIGN OWNED BY owner TO heir');
is(ask($session, 'ann', 'Music'), $allowed, 'REASSIGN OWNED: what a policy allows is done as the new owner');
$primary->safe_psql('postgres', 'REVOKE ALL ON dynamo."Music" FROM heir');
isnt(ask($session, 'ann', 'Music'), $allowed, 'an owner who has taken his own privileges away has none to lend');
$primary->safe_psql('postgres', 'GRANT ALL ON dynamo."Music" TO heir');
is(ask($session, 'ann', 'Music'), $allowed, 'until he has them again');

# --- a module that audits: it sees the access, by the owner's name

$primary->safe_psql('postgres', '\i test/functions.sql');
my ($status, $out, $err) = $primary->psql('postgres', q{SELECT dynapg_test.watch('dynamo."Music"'); SET SESSION AUTHORIZATION ann; SELECT dynapg.get('Music', '1')});
like($out, qr/"v": "one"/, 'under pgaudit and its like policies allow what they allow');
like($err, qr/NOTICE/, 'and it is seen');
(undef, undef, $err) = $primary->psql('postgres', q{SELECT dynapg_test.watch('dynamo."Music"', true); SET SESSION AUTHORIZATION ann; SELECT dynapg.get('Music', '1')});
like($err, qr/ERROR/, 'a module that denies denies whatever policies say');

# --- a standby

my $backup = $primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
my $there = $standby->background_psql('postgres', on_error_stop => 0);
$there->query(q{SET client_min_messages = error});
is(ask($there, 'ann', 'Music'), $allowed, 'a hot standby asks the same policies');
is(ask($there, 'bob', 'Music'), 'Music with an explicit deny in an identity-based policy', 'and refuses');
$primary->safe_psql('postgres', "SELECT dynapg.put_role_policy('ann', 'nothing', $deny)");
$primary->wait_for_catchup($standby);
is(ask($there, 'ann', 'Music'), 'Music with an explicit deny in an identity-based policy', 'a change of the primary is seen there by sessions that had the old');
$primary->safe_psql('postgres', q{SELECT dynapg.delete_role_policy('ann', 'nothing')});
$primary->wait_for_catchup($standby);
is(ask($there, 'ann', 'Music'), $allowed, 'and back');
$there->quit;
$standby->stop;

# --- roles that go

$primary->safe_psql('postgres', q{SELECT dynapg.put_role_permissions_boundary('ann', '{"Statement": {"Effect": "Allow", "Action": "dynamodb:Get*", "Resource": "*"}}'), dynapg.tag_role('ann', '{"a": "b"}')});
$primary->safe_psql('postgres', 'DROP OWNED BY ann');
is(ask($session, 'ann', 'Music'), $allowed, 'DROP OWNED takes no policies: nobody owns them');
$session->query('RESET SESSION AUTHORIZATION');
$primary->safe_psql('postgres', 'DROP ROLE ann; CREATE ROLE ann LOGIN');
is(ask($session, 'ann', 'Music'), 'Music', 'a new role of the name has none of them');
is($primary->safe_psql('postgres', q{SELECT dynapg.list_role_policies('ann'), dynapg.get_role_permissions_boundary('ann') IS NULL, dynapg.list_role_tags('ann')}), '{}|t|{}',
	'nor boundary and tags');
$session->quit;

done_testing();
