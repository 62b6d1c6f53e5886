# Streams on a hot standby: what is served there, by SQL and by the endpoint, and what a promotion does to shards.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;
use DynapgSession;
use DynapgStream;

my ($primary, $port) = start_node('streams_primary', "max_prepared_transactions = 2\nhot_standby_feedback = on\ndynapg.developer_mode = on\n");
$primary->safe_psql('postgres', stream_functions());
my $records = q{SELECT string_agg(keys ->> 'id', ',' ORDER BY sequence_number) FROM dynapg.stream_records('Music')};
my $streams = q{DynamoDBStreams_20120810.};

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('streams_standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
my $standby_port = free_http_port();
$standby->append_conf('postgresql.conf', "dynapg.databases = 'postgres:$standby_port'\n");
$standby->start;
wait_for_endpoint($standby_port) or die "the standby's endpoint did not start\n";

sub primary { return $primary->safe_psql('postgres', $_[0]); }
sub standby { return $standby->safe_psql('postgres', $_[0]); }
sub replay { $primary->wait_for_catchup($standby); return; }
# keepers tick when they like: those that read wait for a tick that has a number
sub ticked { my ($number) = @_; primary('SELECT dynapg.tick()'); return primary('SELECT max(horizon) FROM dynapg.ticks'); }

# --- nothing without ticks: a stream whose keeper is held up by another one that ticks

my $ticker = DynapgSession->new($primary);
primary(create_stream('Music'));
$ticker->ask(q{BEGIN; SELECT dynapg.tick()});
primary(q{SELECT put('Music', 1), put('Music', 2)});
replay();
is(standby($records), '', 'nothing without a tick');
is(standby(q{SELECT ids FROM ids(iterator('Music', 'TRIM_HORIZON'))}), '', 'nor by GetRecords');
is(standby(q{SELECT stream('Music') ->> 'StreamStatus'}), 'ENABLED', 'DescribeStream');
is(standby(q{SELECT jsonb_array_length(dynamo_list_streams('{}') -> 'Streams')}), '1', 'ListStreams');
my $waiting = standby(q{SELECT iterator('Music', 'TRIM_HORIZON')});
$ticker->ask('ROLLBACK');
ticked();
replay();
is(standby($records), '1,2', 'up to the tick, when it is replayed');
my $page = standby("SELECT next FROM ids('$waiting')");
is(standby("SELECT ids FROM ids('$waiting')"), '1,2', 'the iterator of before goes on');

# --- a transaction with a small number is open, later ones are committed: the standby stops before it

my $late = DynapgSession->new($primary);
$late->ask(q{BEGIN; SELECT put('Music', 3)});
primary(q{SELECT put('Music', 4)});
primary(q{SELECT put('Music', 5)});
ticked();
replay();
is(standby('SELECT count(*) FROM dynamo."Music"'), '4', 'the standby has the later items');
is(standby($records), '1,2', 'and does not pass over the late record');
is(standby("SELECT ids FROM ids('$page')"), '', 'nor does GetRecords');
my $held = standby("SELECT next FROM ids('$page')");
$late->ask(q{PREPARE TRANSACTION 'late'});
ticked();
replay();
is(standby("SELECT ids FROM ids('$held')"), '', 'prepared, it is not passed over either');
primary(q{COMMIT PREPARED 'late'});
replay();
ok(primary('SELECT dynapg.tick() IS NOT NULL') eq 't', 'a tick');
$primary->poll_query_until('postgres', q{SELECT max(horizon) = (SELECT last_value FROM dynapg.log_seq) FROM dynapg.ticks});
replay();
is(standby("SELECT ids FROM ids('$held')"), '3,4,5', 'then all come, in the order of their numbers');

# --- by the endpoint of the standby

my $arn = standby(q{SELECT stream('Music') ->> 'StreamArn'});
my $shard = standby(q{SELECT stream('Music') #>> '{Shards,0,ShardId}'});
sub ask
{
	my ($operation, $body, $expected) = @_;
	my $answer = call($standby_port, $operation, $body, target => $streams, key => [ 'any', 'any' ]);
	is($answer->{status}, 200, "$operation by the standby's endpoint") or diag $answer->{body};
	return json()->decode($answer->{body});
}
is(ask('ListStreams', {})->{Streams}[0]{StreamArn}, $arn, 'its streams');
is(ask('DescribeStream', { StreamArn => $arn })->{StreamDescription}{Shards}[0]{ShardId}, $shard, 'its shards');
my $iterator = ask('GetShardIterator', { StreamArn => $arn, ShardId => $shard, ShardIteratorType => 'TRIM_HORIZON' })->{ShardIterator};
is(join(',', map { $_->{dynamodb}{Keys}{id}{N} } @{ ask('GetRecords', { ShardIterator => $iterator })->{Records} }), '1,2,3,4,5', 'its records');
for my $type ('LATEST', 'AT_TIMESTAMP')
{
	like(ask('GetShardIterator', { StreamArn => $arn, ShardId => $shard, ShardIteratorType => $type, ($type eq 'LATEST' ? () : (Timestamp => time - 3600)) })->{ShardIterator},
		qr/^\Q$arn\E\|1\|/, $type);
}

# --- it needs no transaction id, no lock that a standby refuses, and is the same in every isolation level

is(standby(qq{BEGIN ISOLATION LEVEL REPEATABLE READ; $records; COMMIT}), '1,2,3,4,5', 'REPEATABLE READ');
is(standby(qq{BEGIN READ ONLY; SELECT ids FROM ids('$waiting'); COMMIT}), '1,2,3,4,5', 'READ ONLY');
is(standby(q{SELECT table_name, behind IS NULL, held_by_pid IS NULL, horizon - 100000000000000000000 = (SELECT max(horizon) FROM dynapg.ticks) FROM dynapg.stat_streams}), 'Music|t|t|t', 'dynapg.stat_streams');
is(standby(q{SELECT count(*) FROM dynapg.stat_logs WHERE size > 0}), '1', 'dynapg.stat_logs');
for my $refused ('SELECT dynapg.tick()', 'SELECT dynapg.rotate()', q{SELECT dynapg.set_stream_shards('Music', 2)})
{
	like(($standby->psql('postgres', $refused))[2], qr/cannot execute .* (?:in a read-only transaction|during recovery)/, "refused: $refused");
}

# --- another number of shards and a stream that ends are seen when they are replayed

primary(q{SELECT dynapg.set_stream_shards('Music', 2)});
primary(q{SELECT put('Music', i) FROM generate_series(6, 12) i});
$primary->poll_query_until('postgres', q{SELECT max(horizon) = (SELECT last_value FROM dynapg.log_seq) FROM dynapg.ticks});
replay();
is(standby(q{SELECT jsonb_array_length(stream('Music') -> 'Shards')}), '3', 'shards');
is(standby("SELECT ids, next IS NULL FROM ids('$waiting')"), '1,2,3,4,5|t', 'the shard that has ended, to its end');
is(standby($records), '1,2,3,4,5,6,7,8,9,10,11,12', 'all records');

# --- promotion: all shards end, all goes on

my $lost = DynapgSession->new($primary);
$lost->ask(q{BEGIN; SELECT put('Music', 13)});
primary(q{SELECT put('Music', 14)});
primary(q{BEGIN; SELECT put('Music', 17); PREPARE TRANSACTION 'over'});
primary(q{SELECT put('Music', 18)});
$primary->poll_query_until('postgres', q{SELECT count(*) > 0 FROM dynapg.stat_streams});
replay();
my $open = standby(q{SELECT iterator('Music', 'LATEST')});
$primary->stop('immediate');
$standby->promote;
ok($standby->poll_query_until('postgres', q{SELECT jsonb_array_length(stream('Music') -> 'Shards') = 5}), 'all shards end, others begin: nobody had to call');
is(standby(q{SELECT count(*) FILTER (WHERE s #>> '{SequenceNumberRange,EndingSequenceNumber}' IS NULL), count(s ->> 'ParentShardId') FROM jsonb_array_elements(stream('Music') -> 'Shards') s}), '2|4', 'the open ones have parents');
standby(q{SELECT put('Music', 15)});
is(standby($records), '1,2,3,4,5,6,7,8,9,10,11,12,14', 'a transaction that was prepared before is not passed over, by what was committed then or now');
is(standby("SELECT bool_or(next IS NULL) FROM (VALUES ('$open')) v(i), ids(i)"), 'f', 'nor do its shards end');
standby(q{COMMIT PREPARED 'over'});
is(standby("SELECT next IS NULL FROM ids('$open')"), 't', 'a shard of before is at its end');
is(standby($records), "1,2,3,4,5,6,7,8,9,10,11,12,14,17,18,15", 'what was committed is there, what was not is not, and what is written now comes behind');
is(standby(q{SELECT count(DISTINCT timeline) FROM dynapg.log_segments}), '2', 'a new segment was made');
ok($standby->poll_query_until('postgres', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'dynapg keeper')}), 'with a keeper');
my $generations = standby('SELECT max(generation) FROM dynapg.log_shards');
standby(q{SELECT dynapg.rotate(); SELECT dynapg.rotate()});
is(standby('SELECT max(generation) FROM dynapg.log_shards'), $generations, 'once');
$standby->restart;
wait_for_endpoint($standby_port);
standby(q{SELECT put('Music', 16)});
is(standby('SELECT max(generation) FROM dynapg.log_shards'), $generations, 'a restart is no promotion');
is(scalar(grep { /dynapg keeper.*(?:ERROR|WARNING)/ } split /\n/, slurp_file($standby->logfile)), 0, 'no complaints');

$standby->stop;
done_testing();
