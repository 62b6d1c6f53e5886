# Events that go out of the database over the promotion of a standby, whose primary was killed when it had sent what the standby had not got: the standby sends nothing before,
# and goes on after; what it sends then has numbers and ids that nobody has seen with anything else.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use File::Temp ();
use JSON::PP ();
use MIME::Base64 'decode_base64';

use DynapgBadServer;
use DynapgCrash;

my $folder = File::Temp->newdir();
my $json = JSON::PP->new->canonical;

# ---------------------------------------------------------------- destinations

sub respond
{
	my ($socket, $request) = @_;
	my $body = $request->{body};
	my $operation = $request->{headers}{'x-amz-target'} // '';

	if ($request->{path} eq '/hook')
	{
		note_lines("$folder/hook", map { "$_->{dynamodb}{SequenceNumber} $_->{eventID} $_->{dynamodb}{NewImage}{v}{N}" } @{ $json->decode($body)->{Records} });
		return answer($socket, '200 OK', {}, '');
	}
	if ($request->{path} eq '/_bulk')
	{
		my @lines = map { $json->decode($_) } split /\n/, $body;

		my @items = map { note_lines("$folder/index", "$lines[2 * $_]{index}{version} $lines[2 * $_]{index}{_id} $lines[2 * $_ + 1]{v}"); { index => { status => 200 } } } 0 .. $#lines / 2;
		return answer($socket, '200 OK', {}, $json->encode({ errors => JSON::PP::false, items => \@items }));
	}
	return answer($socket, '200 OK', {}, '{"StreamDescriptionSummary": {"StreamStatus": "ACTIVE"}}') if $operation =~ /Describe/;
	my $records = $json->decode($body)->{Records};
	note_lines("$folder/kinesis", map { my $change = $json->decode(decode_base64($_->{Data})); "1 $change->{eventID} $change->{dynamodb}{NewImage}{v}{N}" } @$records);
	return answer($socket, '200 OK', {}, $json->encode({ FailedRecordCount => 0, Records => [ map { { SequenceNumber => '1', ShardId => 's' } } @$records ] }));
}

# the server keeps its folder as long as somebody can ask for its requests
my ($port, $requests) = bad_server(\&respond);
my @kinds = qw(hook index kinesis);

# [number, id, value] of all that a destination has got.
sub got
{
	my ($kind) = @_;
	return -e "$folder/$kind" ? map { [ split / / ] } split(/\n/, slurp_file("$folder/$kind")) : ();
}

# ---------------------------------------------------------------- the servers

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(extra => [ '--encoding=UTF8', '--locale=C' ], allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\ndynapg.event_hosts = '127.0.0.1:$port'\ndynapg.kinesis_endpoint = 'http://127.0.0.1:$port'\n");
$primary->start;
$primary->safe_psql('postgres', q{CREATE EXTENSION dynapg; SELECT dynamo_create_table('{"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "N"}],
	"StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}');} . qq{
SELECT dynapg.create_event_source_mapping('Music', '{"Webhook": {"Url": "http://127.0.0.1:$port/hook"}}', '{"StartingPosition": "TRIM_HORIZON"}');
SELECT dynapg.create_event_source_mapping('Music', '{"OpenSearch": {"Endpoint": "http://127.0.0.1:$port", "Index": "music"}}', '{"StartingPosition": "TRIM_HORIZON"}');
SELECT dynapg.set_kinesis_credentials('AKID', 'secret');
SELECT dynamo_enable_kinesis_streaming_destination('{"TableName": "Music", "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/music"}')});

# Puts values first to last, each under one of 20 keys, and waits until all destinations have got them.
sub put_all
{
	my ($node, $first, $last) = @_;

	$node->safe_psql('postgres', "SELECT dynapg.put('Music', jsonb_build_object('p', i % 20, 'v', i)) FROM generate_series($first, $last) i");
	foreach my $kind (@kinds)
	{
		wait_until(sub {
			my %seen = map { $_->[2] => 1 } got($kind);
			$node->safe_psql('postgres', q{SELECT dynamo_describe_table('{"TableName": "Music"}')});
			return !grep { !$seen{$_} } $first .. $last;
		}, sub { "$kind has got " . scalar(got($kind)) });
	}
	return;
}

wait_until(sub { $primary->safe_psql('postgres', q{SELECT dynamo_describe_kinesis_streaming_destination('{"TableName": "Music"}')}) =~ /"ACTIVE"/ }, sub { 'no destination is ACTIVE' });
put_all($primary, 1, 20);
my $standby = PostgreSQL::Test::Cluster->new('standby');
$primary->backup('base');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# ---------------------------------------------------------------- a standby rests

put_all($primary, 21, 40);
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', 'SELECT count(*) FROM dynapg.event_source_mappings, dynapg.kinesis_destinations'), '2', 'a standby has mappings and destinations');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dynapg courier'}), '0', 'and nobody who serves them');
foreach my $kind (@kinds)
{
	my @sent = grep { $_->[2] > 20 } got($kind);
	is(scalar(@sent), 20, "$kind: each change has come once");
}

# ---------------------------------------------------------------- what it has not got was sent

$standby->stop;
put_all($primary, 1001, 1200);
kill_server($primary);
$standby->start;
$standby->promote;
put_all($standby, 2001, 2200);
pass('after a promotion all is sent');
foreach my $kind (@kinds)
{
	my (%values, %newest, @again, @older);
	foreach my $record (got($kind))
	{
		my ($number, $id, $value) = @$record;
		# a document's id is its item: of that its version is what counts
		my $name = $kind eq 'index' ? "$number" : $id;
		push @again, "$name: $values{$name}, $value" if exists $values{$name} && $values{$name} ne $value;
		$values{$name} = $value;
		push @older, "$number $value" if $kind ne 'kinesis' && $value > 2000 && $number <= ($newest{lost} // 0);
		$newest{lost} = $number if $value <= 2000 && $number > ($newest{lost} // 0);
	}
	is("@again[0 .. ($#again > 4 ? 4 : $#again)]", '', "$kind: no number comes again with something else");
	is("@older[0 .. ($#older > 4 ? 4 : $#older)]", '', "$kind: and all are greater than what was lost");
}
wait_until(sub { $standby->safe_psql('postgres', q{SELECT count(*) = 1, dynamo_describe_table('{"TableName": "Music"}') IS NULL FROM dynapg.log_shards}) =~ /^t/ }, sub { 'no other shards begin' });
$standby->stop;

done_testing();
