# Live copies between two servers, over the HTTP endpoint with real keys: from the other one and to it.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use DynapgHttp;

my $TIMEOUT = 180;

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
diag copy_state($copy);

done_testing();
