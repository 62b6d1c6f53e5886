# What /metrics says of event source mappings and Kinesis streaming destinations; a scrape waits for nobody.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;
use DynapgSession;
use DynapgStream;

my ($node, $port) = start_node('events_metrics', "dynapg.kinesis_endpoint = 'http://127.0.0.1:1'\ndynapg.event_hosts = '127.0.0.1'\ndynapg.metrics_by_table = on\ndynapg.lock_timeout = 5min\ndynapg.statement_timeout = 5min\n");
sub sql { return $node->safe_psql('postgres', join(";\n", @_)); }
sub metrics { my $answer = exchange($port, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n"); is($answer->{status}, 200, 'a scrape is answered'); return $answer->{body}; }
sub shows { my ($pattern, $what) = @_; return ok(eventually(60, sub { exchange($port, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")->{body} =~ $pattern }), $what) || diag(metrics()); }

unlike(metrics(), qr/dynapg_event_source_mapping|dynapg_kinesis/, 'where there is none, it has no row');
sql(create_stream('Music'), create_stream('Sent'), q{CREATE TABLE seen (n int)}, q{CREATE TABLE gate (open boolean)},
	q{CREATE FUNCTION see(event jsonb) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
		IF NOT EXISTS (SELECT FROM public.gate) THEN RAISE 'not yet'; END IF;
		INSERT INTO public.seen SELECT jsonb_array_length(event -> 'Records'); END $$},
	q{SELECT dynapg.put('Music', jsonb_build_object('id', i)) FROM generate_series(1, 3) i});
my $uuid = sql(q{SELECT dynapg.create_event_source_mapping('Music', '{"Function": "see"}', '{"StartingPosition": "TRIM_HORIZON", "FilterCriteria": {"Filters": [{"Pattern": "{\"dynamodb\": {\"Keys\": {\"id\": {\"N\": [\"1\", \"2\"]}}}}"}]}}') ->> 'UUID'});
my $of = qr/\{mapping="$uuid",table="Music"\}/;

shows(qr/^dynapg_event_source_mapping_failing$of 1$/m, 'a mapping that fails');
my $page = metrics();
like($page, qr/^dynapg_event_source_mapping_enabled$of 1$/m, 'is enabled');
like($page, qr/^dynapg_event_source_mapping_records_behind$of 3$/m, 'is three records behind');
like($page, qr/^dynapg_event_source_mapping_seconds_behind$of \d*\.?\d*[1-9]/m, 'and the oldest has an age');
like($page, qr/^dynapg_event_source_mapping_sent_records_total$of 0$/m, 'nothing was sent');
like($page, qr/^# TYPE dynapg_event_source_mapping_sent_records_total counter\n/m, 'what is counted is a counter');
sql('INSERT INTO gate VALUES (true)', "SELECT dynapg.enable_event_source_mapping('$uuid')");
shows(qr/^dynapg_event_source_mapping_sent_records_total$of 2$/m, 'when it has recovered, its records are counted');
$page = metrics();
like($page, qr/^dynapg_event_source_mapping_filtered_records_total$of 1$/m, 'those that were passed over, too');
like($page, qr/^dynapg_event_source_mapping_retried_records_total$of [1-9]/m, 'and what was sent again');
like($page, qr/^dynapg_event_source_mapping_records_behind$of 0$/m, 'none waits');
like($page, qr/^dynapg_event_source_mapping_failing$of 0$/m, 'and it does not fail');
sql("SELECT dynapg.disable_event_source_mapping('$uuid')");
like(metrics(), qr/^dynapg_event_source_mapping_enabled$of 0$/m, 'a disabled one says so');

# a destination that cannot be reached
sql(q{SELECT dynamo_enable_kinesis_streaming_destination('{"TableName": "Sent", "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}')},
	q{SELECT dynapg.put('Sent', '{"id": 1}')});
my $to = qr/\{stream="arn:aws:kinesis:us-east-1:000000000000:stream\/s",table="Sent"\}/;
shows(qr/^dynapg_kinesis_destination_sent_records_total$to 0$/m, 'a Kinesis streaming destination has its rows');
like(metrics(), qr/^dynapg_kinesis_destination_enabled$to [01]$/m, 'whether it is enabled among them');

# it looks at so many rows of logs and no more: what lies behind them is not known, and said by nobody
sql(create_stream('Wide'), q{CREATE FUNCTION refuse(event jsonb) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'never'; END $$}, q{SELECT dynapg.put('Wide', '{"id": 1}')});
my $wide = sql(q{SELECT dynapg.create_event_source_mapping('Wide', '{"Function": "refuse"}', '{"StartingPosition": "TRIM_HORIZON", "ParallelizationFactor": 10}') ->> 'UUID'});
my $of_wide = qr/\{mapping="$wide",table="Wide"\}/;
shows(qr/^dynapg_event_source_mapping_failing$of_wide 1$/m, 'a mapping of ten lanes');
sql("SELECT dynapg.disable_event_source_mapping('$wide')");
like(metrics(), qr/^dynapg_event_source_mapping_records_behind$of_wide 1$/m, 'one record waits');
sql(q{SELECT dynapg.put('Wide', jsonb_build_object('id', 1, 'n', i)) FROM generate_series(1, 4000) i});
$page = metrics();
like($page, qr/^dynapg_event_source_mapping_enabled$of_wide 0$/m, 'behind thousands of another lane\'s records it is shown');
unlike($page, qr/^dynapg_event_source_mapping_(?:records|seconds)_behind$of_wide/m, 'but how far it is behind is not known');
like($page, qr/^dynapg_event_source_mapping_records_behind$of 0$/m, 'of others it is');

# names of tables are for whoever is told of tables
sql(create_stream('Sent2'), q{SELECT dynamo_enable_kinesis_streaming_destination('{"TableName": "Sent2", "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}')},
	'ALTER SYSTEM SET dynapg.metrics_by_table = off');
$node->reload;
shows(qr/^dynapg_event_source_mapping_enabled\{mapping="$uuid"\} 0$/m, 'without dynapg.metrics_by_table a mapping has no table');
$page = metrics();
unlike($page, qr/Music|Sent|Wide/, 'nor is there a table\'s name anywhere');
is(scalar(() = $page =~ /^dynapg_kinesis_destination_enabled\{stream="[^"]*"\} /mg), 1, 'two tables\' destination is one row');
sql('ALTER SYSTEM RESET dynapg.metrics_by_table');
$node->reload;
shows(qr/^dynapg_kinesis_destination_enabled$to [01]$/m, 'and with it they come again');

# who has locked a catalog holds no scrape up, nor those who come after it (who would wait for him would do so for longer than we do)
my $holder = DynapgSession->new($node);
$holder->ask('BEGIN');
$holder->ask('LOCK TABLE dynapg.event_states IN ACCESS EXCLUSIVE MODE');
unlike(metrics(), qr/dynapg_event_source_mapping/, 'rows that are not to be had are left out');
$holder->ask('ROLLBACK');
like(metrics(), qr/^dynapg_event_source_mapping_enabled$of 0$/m, 'and they come again');
$holder->end;

$node->stop;
done_testing();
