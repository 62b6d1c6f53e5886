# Live copies between two servers, over the HTTP endpoint with real keys: from the other one and to it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use POSIX ();

use DynapgCrash;
use DynapgHttp;

my $TIMEOUT = 600;
# how many times servers are killed in each of the two copies beside those that follow
my $kills = $ENV{DYNAPG_COPY_KILLS} || 6;

my ($source, $source_port) = start_node('source', "fsync = off\n");
my ($target, $target_port) = start_node('target', "fsync = off\ndynapg.copy_hosts = '127.0.0.1:$source_port, localhost:$source_port'\n");

foreach my $node ($source, $target)
{
	$node->safe_psql('postgres', 'CREATE ROLE mover LOGIN; GRANT USAGE, CREATE ON SCHEMA dynamo TO mover');
}
my ($id, $secret) = create_key($source, 'mover');
my @signed = (key => [ $id, $secret ]);

sub at_source { return $source->safe_psql('postgres', $_[0], extra_params => [ '-U', 'mover' ]); }
sub at_target { return $target->safe_psql('postgres', $_[0], extra_params => [ '-U', 'mover' ]); }

at_target("SELECT dynapg.put_copy_credentials('source', '$id', '$secret')");

# The checksum of a table's items, whatever their order.
sub items
{
	my ($node, $table) = @_;
	return $node->safe_psql('postgres', qq{SELECT count(*) || ' ' || coalesce(sum(hashtextextended(item::text, 0)::numeric), 0) FROM dynamo."$table"});
}

sub create_table_at_source
{
	my ($table, %more) = @_;
	my $answer = call($source_port, 'CreateTable',
		{
			TableName => $table, BillingMode => 'PAY_PER_REQUEST',
			AttributeDefinitions => [ { AttributeName => 'pk', AttributeType => 'S' }, { AttributeName => 'sk', AttributeType => 'N' }, { AttributeName => 'g', AttributeType => 'S' } ],
			KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' }, { AttributeName => 'sk', KeyType => 'RANGE' } ],
			GlobalSecondaryIndexes => [ { IndexName => 'by_g', KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' } ], Projection => { ProjectionType => 'ALL' } } ],
			Tags => [ { Key => 'team', Value => 'music' } ],
			%more
		}, @signed);
	is($answer->{status}, 200, "table $table at the source") or diag $answer->{body};
	return;
}
my %stream = (StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => 'NEW_IMAGE' });

sub fill
{
	my ($table, $from, $to) = @_;
	at_source(qq{SELECT count(*) FROM (SELECT dynapg.put('$table', jsonb_build_object('pk', 'p' || i % 100, 'sk', i, 'g', 'g' || i % 7, 'v', i * 1.5,
		'set', jsonb_build_object('\$SS', jsonb_build_array('a', 'b' || i)))) FROM generate_series($from, $to) i) x});
	return;
}

sub copy_state
{
	my ($copy) = @_;
	return $target->safe_psql('postgres', "SELECT row_to_json(c) FROM dynapg.stat_copies c WHERE id = '$copy'");
}

sub await_copy
{
	my ($copy, $until) = @_;
	my ($code, $out, $err) = $target->psql('postgres', "SELECT dynapg.await_copy('$copy', '$until', '$TIMEOUT s')");
	diag "$err\n" . copy_state($copy) if $code != 0;
	return $out;
}

# ---------------------------------------------------------------- a copy that is followed

create_table_at_source('Music', %stream);
fill('Music', 1, 3000);
my $copy = at_target("SELECT dynapg.copy_from('http://127.0.0.1:$source_port', 'Music', credentials => 'source', segments => 3, settle => '1 s')");
is(await_copy($copy, 'FOLLOWING'), 'FOLLOWING', 'all items are copied');
is(items($target, 'Music'), items($source, 'Music'), 'the items are the same');
fill('Music', 2500, 3500);
at_source(q{SELECT count(dynamo_delete_item(jsonb_build_object('TableName', 'Music', 'Key',
	jsonb_build_object('pk', jsonb_build_object('S', 'p' || i % 100), 'sk', jsonb_build_object('N', i::text))))) FROM generate_series(1, 50) i});
$target->safe_psql('postgres', "SELECT dynapg.copy_verify('$copy')");
is(await_copy($copy, 'VERIFIED'), 'VERIFIED', 'both sides are compared');
is($target->safe_psql('postgres', "SELECT equal, source_items, target_items, source_checksum = target_checksum, changes_meanwhile FROM dynapg.stat_copies WHERE id = '$copy'"),
	't|3450|3450|t|0', 'and found equal');
$target->safe_psql('postgres', "SELECT dynapg.copy_cut_over('$copy')");
is(await_copy($copy, 'COMPLETED'), 'COMPLETED', 'cut over');
is(items($target, 'Music'), items($source, 'Music'), 'the items are the same after changes');
is($target->safe_psql('postgres', q{SELECT string_agg(problem::text, ';') FROM dynapg.check_table('Music') problem}), '', 'indexes of the target are whole');
is(at_target(q{SELECT dynamo_list_tags_of_resource(jsonb_build_object('ResourceArn', dynamo_describe_table('{"TableName": "Music"}') #> '{Table,TableArn}')) -> 'Tags'}),
	'[{"Key": "team", "Value": "music"}]', 'tags are copied');
is($target->safe_psql('postgres', "SELECT phase, items >= 3000, records = 550, last_error FROM dynapg.stat_copies WHERE id = '$copy'"), '|t|t|', 'what the view says at the end')
  or diag copy_state($copy);

# ---------------------------------------------------------------- writers, and servers that are killed

my $work = PostgreSQL::Test::Utils::tempdir();

# A process that writes random items of a table until a file is there, whatever becomes of the server.
sub start_writer
{
	my ($port, $table, $seed, @key) = @_;
	my $pid = fork();
	return $pid if $pid;
	srand($seed);
	my $count = 0;
	while (!-e "$work/stop")
	{
		my $sk = int rand 2000;
		my %key = (pk => { S => 'p' . $sk % 100 }, sk => { N => "$sk" });
		my $deletes = rand() < 0.3;
		eval {
			$deletes
			  ? call($port, 'DeleteItem', { TableName => $table, Key => \%key }, key => [@key])
			  : call($port, 'PutItem', { TableName => $table, Item => { %key, v => { N => "$seed." . $count }, g => { S => 'g' . int rand 7 } } }, key => [@key]);
			$count++;
		} or select undef, undef, undef, 0.1;
		select undef, undef, undef, 0.004;
	}
	POSIX::_exit(0);
}

sub stop_writers
{
	PostgreSQL::Test::Utils::append_to_file("$work/stop", '');
	waitpid $_, 0 foreach @_;
	unlink "$work/stop";
	return;
}

sub pause_for { select undef, undef, undef, $_[0]; return; }

# Kills one server after the other while a copy goes on.
sub kill_them
{
	foreach my $node (@_)
	{
		pause_for(0.7);
		kill_server($node);
		pause_for(0.3);
		start_again($node);
	}
	return;
}

create_table_at_source('Crowd', %stream);
fill('Crowd', 1, 2000);
my @writers = map { start_writer($source_port, 'Crowd', $_, $id, $secret) } 1 .. 3;
$copy = at_target("SELECT dynapg.copy_from('http://localhost:$source_port', 'Crowd', credentials => 'source', read_units => 150, settle => '1 s')");
kill_them(map { $_ % 3 == 1 ? $source : $target } 0 .. $kills - 1);
is(await_copy($copy, 'FOLLOWING'), 'FOLLOWING', 'a copy is followed while there are writers and servers are killed');
# its shards end, and their children are more and fewer
$source->safe_psql('postgres', "SELECT dynapg.set_stream_shards('Crowd', 4)");
kill_them($target, $source);
$source->safe_psql('postgres', "SELECT dynapg.set_stream_shards('Crowd', 2)");
pause_for(1);
stop_writers(@writers);
$target->safe_psql('postgres', "SELECT dynapg.copy_verify('$copy')");
await_copy($copy, 'VERIFIED');
is($target->safe_psql('postgres', "SELECT equal, source_items = target_items, changes_meanwhile FROM dynapg.stat_copies WHERE id = '$copy'"), 't|t|0',
	'both sides are equal when the writers have stopped') or diag copy_state($copy);
$target->safe_psql('postgres', "SELECT dynapg.copy_cut_over('$copy')");
is(await_copy($copy, 'COMPLETED'), 'COMPLETED', 'cut over');
is(items($target, 'Crowd'), items($source, 'Crowd'), 'nothing is lost');
note copy_state($copy);

is($target->safe_psql('postgres', "SELECT count(*), count(*) FILTER (WHERE done) FROM dynapg.transfer_parts WHERE transfer = '$copy' AND part BETWEEN 1024 AND 999999"),
	'7|5', 'shards were followed over their ends: one, four, two');

# ---------------------------------------------------------------- and back

@writers = ();
my ($target_id, $target_secret) = create_key($target, 'mover');
@writers = map { start_writer($target_port, 'Crowd', $_, $target_id, $target_secret) } 4 .. 6;
$copy = at_target("SELECT dynapg.copy_to('Crowd', 'http://localhost:$source_port', 'Back', credentials => 'source', enable_stream => true, write_units => 2000)");
kill_them(map { $_ % 3 == 0 ? $source : $target } 0 .. $kills - 1);
is(await_copy($copy, 'FOLLOWING'), 'FOLLOWING', 'a copy to another endpoint while there are writers and servers are killed');
kill_them($target, $source);
stop_writers(@writers);
$target->safe_psql('postgres', "SELECT dynapg.copy_verify('$copy')");
await_copy($copy, 'VERIFIED');
is($target->safe_psql('postgres', "SELECT equal, source_items = target_items, changes_meanwhile FROM dynapg.stat_copies WHERE id = '$copy'"), 't|t|0',
	'both sides are equal when the writers have stopped') or diag copy_state($copy);
$target->safe_psql('postgres', "SELECT dynapg.copy_cut_over('$copy')");
is(await_copy($copy, 'COMPLETED'), 'COMPLETED', 'cut over');
is(items($source, 'Back'), items($target, 'Crowd'), 'nothing is lost on the way back');
note copy_state($copy);

# ---------------------------------------------------------------- a copy's other ends

sub failure_of
{
	my ($copy) = @_;
	$target->psql('postgres', "SELECT dynapg.await_copy('$copy', 'COMPLETED', '$TIMEOUT s')");
	return $target->safe_psql('postgres', "SELECT status || ' ' || coalesce(failure_code, '') FROM dynapg.stat_copies WHERE id = '$copy'");
}
my $from = "dynapg.copy_from('http://127.0.0.1:$source_port'";
at_target("SELECT dynapg.put_copy_credentials('wrong', '$id', 'notthesecret'), dynapg.put_copy_credentials('unknown', 'AKIANOTTHERE', '$secret')");
is(failure_of(at_target("SELECT $from, 'Music', 'A01', credentials => 'wrong')")), 'FAILED InvalidSignatureException', 'a wrong secret');
is(failure_of(at_target("SELECT $from, 'Music', 'A02', credentials => 'unknown')")), 'FAILED UnrecognizedClientException', 'an unknown key');
is(failure_of(at_target("SELECT $from, 'Music', 'A03')")), 'FAILED MissingAuthenticationTokenException', 'no credentials');
is(failure_of(at_target("SELECT $from, 'NotThere', credentials => 'source')")), 'FAILED TableNotFound', 'an unknown table');
my ($code, $out, $err) = $target->psql('postgres', "SELECT $from, 'Music')", extra_params => [ '-U', 'mover' ]);
like($err, qr/table "Music" is there already/, 'a target that is there already');
is(at_target('SELECT count(*) FROM dynapg.tables WHERE name ~ \'^A0|NotThere\''), '0', 'nothing is left of them');

# a rate: 2,000 items, which take 25 units or so, at 5 units a second
create_table_at_source('Slow');
fill('Slow', 1, 2000);
is(failure_of(at_target("SELECT $from, 'Slow', credentials => 'source', stream => false, read_units => 5)")), 'COMPLETED ', 'a copy without a stream');
is($target->safe_psql('postgres', q{SELECT extract(epoch FROM ended_at - started_at) > 2.5 FROM dynapg.stat_copies WHERE table_name = 'Slow'}), 't', 'is as slow as it is told to');
is(items($target, 'Slow'), items($source, 'Slow'), 'and has all items');

# a pause; and a stream that ends
create_table_at_source('Short', %stream);
$copy = at_target("SELECT $from, 'Short', credentials => 'source', settle => '1 s')");
await_copy($copy, 'FOLLOWING');
$target->safe_psql('postgres', "SELECT dynapg.pause_copy('$copy')");
$target->poll_query_until('postgres', "SELECT query = 'paused' FROM pg_stat_activity WHERE application_name = 'dynapg transfer $copy'") or die;
fill('Short', 1, 10);
pause_for(1);
is($target->safe_psql('postgres', qq{SELECT phase, (SELECT count(*) FROM dynamo."Short") FROM dynapg.stat_copies WHERE id = '$copy'}), 'PAUSED|0', 'a copy that is paused');
$target->safe_psql('postgres', "SELECT dynapg.resume_copy('$copy')");
ok($target->poll_query_until('postgres', q{SELECT count(*) = 10 FROM dynamo."Short"}), 'goes on');
# its credentials are no good any more, until others are put in their place
my ($new_id, $new_secret) = split /\|/, $source->safe_psql('postgres', "SELECT * FROM dynapg.rotate_access_key('$id')");
ok($target->poll_query_until('postgres', "SELECT last_error LIKE '%InvalidSignatureException%' AND status = 'IN_PROGRESS' FROM dynapg.stat_copies WHERE id = '$copy'"),
	'credentials that are no good any more are no failure');
fill('Short', 11, 20);
at_target("SELECT dynapg.put_copy_credentials('source', '$new_id', '$new_secret')");
ok($target->poll_query_until('postgres', q{SELECT count(*) = 20 FROM dynamo."Short"}), 'with others it goes on');
at_source(q{SELECT dynamo_delete_table('{"TableName": "Short"}')});
is(failure_of($copy), 'FAILED StreamEnded', 'the source is deleted: the stream ends, and the copy says so');
is($target->safe_psql('postgres', q{SELECT count(*) FROM dynamo."Short"}), '20', 'with all that it had');

done_testing();
