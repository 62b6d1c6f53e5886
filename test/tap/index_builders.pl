# Builders: one works on a table, and is started once, however often and by whomever it is asked for; and no order is lost.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgSession;

my $node = PostgreSQL::Test::Cluster->new('index_builders');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# the postmaster tells of each worker that it is asked for
$node->append_conf('postgresql.conf', "log_min_messages = debug1\nidle_in_transaction_session_timeout = 5min\n");
$node->start;

my $builders = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dynapg table job'};

sub sql { return $node->safe_psql('postgres', "SET statement_timeout TO '60s'; $_[0]"); }
sub await { my ($query, $what) = @_; return ok($node->poll_query_until('postgres', $query), $what); }

# How many builders have been asked for, ever.
sub asked
{
	my $log = slurp_file($node->logfile);
	return scalar(() = $log =~ / registering background worker "dynapg table job"/g);
}

sub create
{
	my ($table) = @_;
	return qq{dynamo_create_table('{"TableName": "$table", "BillingMode": "PAY_PER_REQUEST",
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}')};
}

sub add_index
{
	my ($table) = @_;
	return qq{dynamo_update_table('{"TableName": "$table", "AttributeDefinitions": [{"AttributeName": "g", "AttributeType": "S"}],
		"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}}]}')};
}

sub remove_index
{
	my ($table) = @_;
	return qq{dynamo_update_table('{"TableName": "$table", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "by_g"}}]}')};
}

my $describe = q{dynamo_describe_table('{"TableName": "Music"}')};
my $put = q{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"id": {"N": "1"}, "g": {"S": "g"}}}')};
my $status = q{SELECT string_agg(status, ',') FROM dynapg.indexes WHERE table_name = 'Music'};

$node->safe_psql('postgres', 'CREATE EXTENSION dynapg; SELECT ' . create('Music'));

# --- asked for in a loop, in the statement that makes the order, when nobody can have begun yet

my $writer = DynapgSession->new($node);
$writer->ask("BEGIN; $put");
sql('DO $$ BEGIN PERFORM ' . add_index('Music') . "; FOR i IN 1 .. 30 LOOP PERFORM $describe; END LOOP; END \$\$");
await("SELECT ($builders) = 1", 'a builder is there, and waits for the writer');
is(asked(), 1, 'it is the only one');

# --- while it is there, by one session and by many

sql("SELECT $describe;" x 30);
sql("SELECT $describe") for 1 .. 5;
sql('SELECT dynapg.build_indexes()');
is(sql(q{SELECT dynapg.wait_for_indexes('Music', '50ms')}), 'f', 'wait_for_indexes waits as long as it is told');
is(asked(), 1, 'nobody asks for a second one');

# --- it dies: the next one is asked for once, though it takes a while to come

my $again = DynapgSession->new($node);
sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'dynapg table job'");
await("SELECT ($builders) = 0", 'the builder has died');
is(sql($status), 'CREATING', 'and the index waits');
$again->ask("SELECT $describe IS NOT NULL;" x 30);
await("SELECT ($builders) = 1", 'another one is there');
is(asked(), 2, 'and is the only one');
$writer->ask('COMMIT');
is(sql(q{SELECT dynapg.wait_for_indexes('Music')}), 't', 'it builds the index');
is(sql($status), 'ACTIVE', 'which is there');

# --- orders come as soon as the one before is done, when its builder is about to end

my $before = asked();
is($again->ask('SELECT ' . remove_index('Music') . q{ IS NOT NULL; SELECT dynapg.wait_for_indexes('Music', '10min')}), "t\nt", 'removed');
my $carried_out = 0;
for my $round (1 .. 15)
{
	$again->ask('SELECT ' . add_index('Music') . ' IS NOT NULL') eq 't' or last;
	$again->ask(q{SELECT dynapg.wait_for_indexes('Music', '10min')}) eq 't' or last;
	$again->ask('SELECT ' . remove_index('Music') . ' IS NOT NULL') eq 't' or last;
	$again->ask(q{SELECT dynapg.wait_for_indexes('Music', '10min')}) eq 't' or last;
	$carried_out = $round;
}
is($carried_out, 15, 'every order is carried out');
cmp_ok(asked() - $before, '<=', 31, 'with at most a builder each');
await("SELECT ($builders) = 0", 'and none is left');

# --- a table that is made and changed in one statement

sql('DO $$ BEGIN PERFORM ' . create('New') . '; PERFORM ' . add_index('New') . '; END $$');
await(q{SELECT status = 'ACTIVE' FROM dynapg.indexes WHERE table_name = 'New'}, 'its index is built');

# --- whoever waits for indexes sees to it that they are built

$writer->ask("BEGIN; $put");
sql('SELECT ' . add_index('Music'));
await("SELECT ($builders) = 1", 'a builder waits for a writer');
sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'dynapg table job'");
await("SELECT ($builders) = 0", 'and dies');
$writer->ask('COMMIT');
is(sql(q{SELECT dynapg.wait_for_indexes('Music')}), 't', 'wait_for_indexes starts another one');
is(sql($status), 'ACTIVE', 'the index is built');

$_->end foreach $writer, $again;
$node->stop;
done_testing();
