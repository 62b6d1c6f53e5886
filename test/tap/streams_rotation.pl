# Segments of streams: made, closed and dropped by whoever rotates, without ever waiting for anybody; what readers are told of what is gone.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgSession;
use DynapgStream;

my $node = PostgreSQL::Test::Cluster->new('rotation');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# first by hand only: no process is to be had for a keeper
$node->append_conf('postgresql.conf', "max_worker_processes = 0\nmax_parallel_workers = 0\ndynapg.stream_retention = '2s'\nlog_line_prefix = '%b %p '\nmax_prepared_transactions = 2\n");
$node->start;
sub sql { return $node->safe_psql('postgres', "SET statement_timeout TO '60s'; $_[0]"); }
sub fails { my ($query, $error, $what) = @_; return like(($node->psql('postgres', $query))[2], $error, $what); }
sub await { my ($query, $what) = @_; return ok($node->poll_query_until('postgres', $query), $what); }
# rotates until something is so
sub rotate_until { my ($condition, $what) = @_; return await("SELECT dynapg.rotate() IS NOT NULL AND ($condition)", $what); }
# while what is left is looked at it stays, however long that takes
sub keep_for
{
	my ($time) = @_;
	sql("LOAD 'dynapg'; ALTER SYSTEM SET dynapg.stream_retention = '$time'; SELECT pg_reload_conf()");
	$node->poll_query_until('postgres', "SELECT current_setting('dynapg.stream_retention') = '$time'") or die;
	return;
}
my $segments = q{SELECT string_agg(number || CASE WHEN closed_seq IS NULL THEN '' ELSE ' closed' END, ', ' ORDER BY number) FROM dynapg.log_segments};
sub segments_are { my ($expected, $what) = @_; return is(sql($segments), $expected, $what); }
my $records = q{SELECT string_agg(keys ->> 'id', ',' ORDER BY sequence_number) FROM dynapg.stream_records('Music')};

sql('CREATE EXTENSION dynapg; ' . stream_functions() . create_stream('Music') . create_stream('Other'));

# --- nobody rotates: the newest segment grows, what is older than the retention is still there, and nothing fails

sql(q{SELECT put('Music', i) FROM generate_series(1, 3) i});
my $old_iterator = sql(q{SELECT iterator('Music', 'TRIM_HORIZON')});
my $old_number = sql(q{SELECT min(sequence_number) FROM dynapg.stream_records('Music')});
sql('SELECT pg_sleep(2.5)');
is(sql(q{SELECT put('Music', 4); } . $records), "\n1,2,3,4", 'nobody rotates: everything is kept');
segments_are('1', 'in one segment');

# --- the steps

is(sql('SELECT dynapg.rotate()'), '1', 'rotate() makes the next segment');
segments_are('1, 2', 'and in the same transaction does not close the one that others still write to');
is(sql(q{SELECT put('Music', 5); } . $records), "\n1,2,3,4,5", 'readers read both');
is(sql('SELECT dynapg.rotate()'), '1', 'rotate() closes the one before');
segments_are('1 closed, 2', 'which is kept');
is(sql('SELECT (SELECT closed_seq >= max(sequence_number) - 100000000000000000000 FROM dynapg.stream_records(' . q{'Music')) FROM dynapg.log_segments WHERE number = 1}), 't', 'its last number is noted');
keep_for('1h');
my $middle = sql(q{SELECT next FROM ids(iterator('Music', 'TRIM_HORIZON'))});
keep_for('2s');
sql(q{SELECT put('Music', 6)});
rotate_until('NOT EXISTS (SELECT FROM dynapg.log_segments WHERE number = 1)', 'rotate() drops it when its rows are older than they are kept');
keep_for('1h');
is(sql(q{SELECT to_regclass('dynapg_log.stream_000001') IS NULL}), 't', 'as a table');
fails("SELECT ids('$old_iterator')", qr/TrimmedDataAccessException|The data you are trying to access has been trimmed/, 'an iterator before what is left: TrimmedDataAccessException');
fails("SELECT iterator('Music', 'AFTER_SEQUENCE_NUMBER', '{\"SequenceNumber\": \"$old_number\"}')", qr/trimmed/, 'a sequence number, too');
fails("SELECT dynapg.stream_records('Music', $old_number)", qr/trimmed/, 'and one of dynapg.stream_records()');
is(sql(q{SELECT ids FROM ids(iterator('Music', 'TRIM_HORIZON'))}), '6', 'TRIM_HORIZON is what is left: what was written after the segment was closed');
is(sql(q{SELECT ids FROM ids(iterator('Music', 'AT_TIMESTAMP', '{"Timestamp": 0}'))}), '6', 'AT_TIMESTAMP before that is that');
is(sql("SELECT next IS NOT NULL FROM ids('$middle')"), 't', 'who has read everything goes on');
is(sql($records), '6', 'dynapg.stream_records() begins there');
is(sql(q{SELECT count(*) FROM pg_depend WHERE deptype = 'e' AND classid = 'pg_class'::regclass AND NOT EXISTS (SELECT FROM pg_class WHERE oid = objid)}), '0', 'the extension has lost its member');

# --- an idle transaction holds the segment that it writes to, and nothing else

keep_for('2s');
my $writer = DynapgSession->new($node);
$writer->ask(q{BEGIN; SELECT put('Other', 1)});
my $held = sql('SELECT max(number) FROM dynapg.log_segments');
my $next = $held + 1;
sql(q{SELECT put('Music', 10)});
rotate_until("EXISTS (SELECT FROM dynapg.log_segments WHERE number = $next)", 'the next segment is made while a transaction is open');
sql(q{SELECT put('Music', 11)});
rotate_until("EXISTS (SELECT FROM dynapg.log_segments WHERE number = $next + 1)", 'and the one after');
rotate_until("NOT EXISTS (SELECT FROM dynapg.log_segments WHERE number = $next)", 'one in between is closed and dropped');
keep_for('1h');
sql(q{SELECT put('Music', 12)});
is(sql("SELECT closed_seq IS NULL FROM dynapg.log_segments WHERE number = $held"), 't', 'the one that is written to stays, open');
is(sql(q{SELECT dynapg.rotate(), dynapg.rotate()}) =~ /^\d+\|\d+$/ ? 1 : 0, 1, 'rotate() does not wait for it');
is(sql(q{SELECT ids FROM ids(iterator('Music', 'LATEST'))}), '', 'readers go on');
is(sql(q{SELECT min(keys ->> 'id') FROM dynapg.stream_records('Music')}), '12', 'what is gone is trimmed, also before what stays');
fails("SELECT ids('$middle')", qr/trimmed/, 'and told so');
keep_for('2s');
$writer->ask(q{COMMIT});
rotate_until("NOT EXISTS (SELECT FROM dynapg.log_segments WHERE number = $held)", 'the segment goes when the transaction has ended');

# ... what it has written last has greater numbers than rows of the next segment: these go with it, so that nobody reads on behind a gap

rotate_until('(SELECT count(*) FROM dynapg.log_segments WHERE closed_seq IS NULL) = 1', 'one segment is open');
sql(q{SELECT put('Music', 30)});
my $of_late = sql('SELECT max(number) FROM dynapg.log_segments');
$writer->ask(q{BEGIN; SELECT put('Music', 31)});
rotate_until("EXISTS (SELECT FROM dynapg.log_segments WHERE number > $of_late)", 'another segment is made');
# which stays for as long as this writes to it, however slow what follows is
my $other = DynapgSession->new($node);
$other->ask(q{BEGIN; SELECT put('Other', 2)});
sql(q{SELECT put('Music', 32)});
$writer->ask(q{SELECT put('Music', 33); COMMIT});
my @late = split /\n/, sql(q{SELECT sequence_number FROM dynapg.stream_records('Music') WHERE (keys ->> 'id')::int IN (31, 32, 33) ORDER BY sequence_number});
is(sql(q{SELECT string_agg(keys ->> 'id', ',' ORDER BY sequence_number) FROM dynapg.stream_records('Music') WHERE (keys ->> 'id')::int BETWEEN 30 AND 39}), '30,31,32,33', 'a late writer\'s records are in order');
my $behind_32 = sql(qq{SELECT iterator('Music', 'AFTER_SEQUENCE_NUMBER', '{"SequenceNumber": "$late[1]"}')});
rotate_until("EXISTS (SELECT FROM dynapg.log_segments WHERE number = $of_late AND closed_seq IS NOT NULL)", 'the late writer\'s segment is closed');
sql(q{SELECT put('Music', 34)});
rotate_until("NOT EXISTS (SELECT FROM dynapg.log_segments WHERE number = $of_late)", 'the late writer\'s segment is dropped');
keep_for('1h');
$other->ask('COMMIT');
$other->end;
is(sql("SELECT max(trim_seq) + 100000000000000000000 >= $late[2], min(first_seq) + 100000000000000000000 < $late[1] FROM dynapg.log_segments"), 't|t', 'the segments that are left tell how far its rows reached');
is(sql(q{SELECT string_agg(keys ->> 'id', ',' ORDER BY sequence_number) FROM dynapg.stream_records('Music')}), '34', 'what is before its last row is gone for readers, in the next segment, too');
is(sql(q{SELECT ids FROM ids(iterator('Music', 'TRIM_HORIZON'))}), '34', 'TRIM_HORIZON is behind it');
fails("SELECT ids('$behind_32')", qr/trimmed/, 'who stands between is told so');
fails(qq{SELECT iterator('Music', '$_', '{"SequenceNumber": "$late[1]"}')}, qr/trimmed/, "and who asks for a place there: $_") for qw(AT_SEQUENCE_NUMBER AFTER_SEQUENCE_NUMBER);
is(sql(qq{SELECT ids FROM ids(iterator('Music', 'AFTER_SEQUENCE_NUMBER', '{"SequenceNumber": "$late[2]"}'))}), '34', 'who has read its last row goes on');
keep_for('2s');

# ... the same of a reader, of a cursor that is open
my $last = sql('SELECT max(number) FROM dynapg.log_segments');
my $reader = DynapgSession->new($node);
$reader->ask(sprintf 'BEGIN; DECLARE c CURSOR FOR TABLE dynapg_log.stream_%06d; FETCH c', $last);
sql(q{SELECT put('Music', 20)});
rotate_until("EXISTS (SELECT FROM dynapg.log_segments WHERE number = $last AND closed_seq IS NOT NULL)", 'a segment that is read is closed');
sql(q{SELECT pg_sleep(2.5); SELECT dynapg.rotate()});
is(sql("SELECT count(*) FROM dynapg.log_segments WHERE number = $last"), '1', 'it is not dropped');
is(sql(q{SELECT count(*) FROM dynapg.stream_records('Music') WHERE (keys ->> 'id')::int < 20}), '0', 'but no longer served');
sql(q{SELECT put('Music', 21)});
$reader->ask('COMMIT');
rotate_until("NOT EXISTS (SELECT FROM dynapg.log_segments WHERE number = $last)", 'it goes when it is no longer read');

# ... and of who rotates: whoever comes second leaves it to the first
$reader->ask(q{BEGIN; SELECT put('Other', 2); SELECT dynapg.rotate()});
is(sql('SELECT dynapg.rotate()'), '0', 'only one rotates');
is(sql(create_stream('Third') . q{SELECT put('Third', 1), put('Music', 22)}) =~ /TableDescription/ ? 1 : 0, 1, 'others write, and make streams');
is(sql(q{SELECT count(*) FROM dynapg.stream_records('Third', 0)}), '1', 'a stream that has lost nothing is read from any number on, however low');
$reader->ask('ROLLBACK');

# --- streams that have ended are forgotten with their records, and the last segment with the last stream

sql(q{BEGIN; SELECT dynamo_update_table('{"TableName": "Other", "StreamSpecification": {"StreamEnabled": false}}'); COMMIT; SELECT dynamo_delete_table('{"TableName": "Third"}')});
is(sql(q{SELECT string_agg(s ->> 'TableName', ',') FROM jsonb_array_elements(dynamo_list_streams('{}') -> 'Streams') s}), 'Music,Other,Third', 'streams that have ended are listed');
rotate_until(q{(SELECT string_agg(s ->> 'TableName', ',') FROM jsonb_array_elements(dynamo_list_streams('{}') -> 'Streams') s) = 'Music'}, 'until their records are gone');
is(sql(q{SELECT dynamo_describe_table('{"TableName": "Other"}') #> '{Table,LatestStreamArn}' IS NULL}), 't', 'the table knows of none any more');
sql('SELECT dynapg.tick()');
rotate_until('(SELECT count(*) FROM dynapg.ticks) = 1', 'ticks are forgotten, but for the last');
sql(q{SELECT dynamo_delete_table('{"TableName": "Music"}')});
rotate_until('NOT EXISTS (SELECT FROM dynapg.log_segments)', 'without streams no segment is left');
is(sql(q{SELECT count(*) FROM pg_class WHERE relnamespace = 'dynapg_log'::regnamespace}), '0', 'nor a table');

# --- the keeper does the same by itself, and ends

$node->append_conf('postgresql.conf', "max_worker_processes = 8\n");
$node->restart;
my $guest = DynapgSession->new($node);
$guest->ask(create_stream('Music') . q{SELECT put('Music', 1)});
await(q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'dynapg keeper')}, 'the keeper is there');
my $first = sql('SELECT min(number) FROM dynapg.log_segments');
await("SELECT min(number) > $first FROM dynapg.log_segments", 'it makes, closes and drops segments');
keep_for('1h');
is(sql(q{SELECT put('Music', 2); } . $records), "\n2", 'readers have what is left');
keep_for('2s');
$guest->ask(q{SELECT dynamo_delete_table('{"TableName": "Music"}')});
await(q{SELECT NOT EXISTS (SELECT FROM dynapg.log_segments)}, 'it drops the last');
await(q{SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'dynapg keeper')}, 'and ends, since nothing is kept');
is(scalar(grep { /^dynapg keeper .*(?:ERROR|FATAL|WARNING)/ } split /\n/, slurp_file($node->logfile)), 0, 'without a complaint');

$node->stop;
done_testing();
