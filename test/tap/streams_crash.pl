# Streams over crashes: what a reader was told is there after one, records and positions alike; writers and readers of every kind while servers are killed
# and a standby takes over, as test/stress/streams.sh has it, in half a minute.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;

use DynapgCrash;
use DynapgHttp;
use DynapgSession;
use DynapgStream;

# Nobody else writes or flushes WAL: what was committed asynchronously is lost, unless a reader was told of it.
my $lazy = "synchronous_commit = off\nwal_writer_delay = 10s\nautovacuum = off\nbgwriter_lru_maxpages = 0\n";

# ---------------------------------------------------------------- by SQL

my $node = PostgreSQL::Test::Cluster->new('streams_lazy');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "$lazy\nmax_worker_processes = 0\nmax_parallel_workers = 0\nmax_prepared_transactions = 2\n");
$node->start;
sub sql { return $node->safe_psql('postgres', $_[0]); }

sql('CREATE EXTENSION dynapg; ' . stream_functions() . create_stream('Music'));
my $all = q{SELECT string_agg(sequence_number || ' ' || (keys ->> 'id'), ',' ORDER BY sequence_number) FROM dynapg.stream_records('Music')};
my %asked = (
	'GetRecords' => q{SELECT ids || '|' || next FROM ids(iterator('Music', 'TRIM_HORIZON'))},
	'GetShardIterator LATEST' => q{SELECT '|' || iterator('Music', 'LATEST')},
	'GetShardIterator AT_TIMESTAMP' => q{SELECT '|' || iterator('Music', 'AT_TIMESTAMP', jsonb_build_object('Timestamp', trunc(extract(epoch FROM clock_timestamp()), 3))) FROM pg_sleep(0.01)},
	'dynapg.stream_records' => q{SELECT string_agg(keys ->> 'id', ',' ORDER BY sequence_number) || '|' || max(sequence_number) FROM dynapg.stream_records('Music')});
my $id = 0;
foreach my $what (sort keys %asked)
{
	# the sequence's next number is not in the WAL yet
	sql('CHECKPOINT');
	my $session = DynapgSession->new($node);
	my ($first, $later) = ($id + 1, $id + 2);
	$id += 2;
	my ($told, $position) = split /\|/, $session->ask(qq{DO 'BEGIN PERFORM put(''Music'', $first); END'; $asked{$what}}), 2;
	kill_server($node);
	start_again($node);
	$session->end;
	my $found = sql(q{SELECT string_agg(item ->> 'id', ',' ORDER BY (item -> 'id')::int) FROM dynamo."Music"});
	like(",$found,", qr/,$told,/, "$what: what was told is there after a crash") if $told ne '';
	sql("SELECT put('Music', $later)");
	is(sql($position =~ /arn/ ? "SELECT ids FROM ids('$position')" : "SELECT string_agg(keys ->> 'id', ',') FROM dynapg.stream_records('Music', $position)"),
		$later, "$what: what comes after the crash is behind the position that was told");
}
my $before = sql($all);
kill_server($node);
start_again($node);
is(sql($all), $before, 'numbers and records are what they were');

# A transaction that was prepared holds its readers back after a crash and a restart, too.
my $latest_of_all = sql(q{SELECT iterator('Music', 'LATEST')});
my ($held, @after) = ++$id;
sql(qq{BEGIN; SELECT put('Music', $held); PREPARE TRANSACTION 'held'});
foreach my $end (\&kill_server, sub { $_[0]->stop })
{
	push @after, ++$id;
	sql(qq{SET synchronous_commit = on; SELECT put('Music', $id)});
	is(sql("SELECT ids FROM ids('$latest_of_all')"), '', 'behind a prepared transaction nothing is read');
	is(sql(q{SELECT held_by_gid FROM dynapg.stat_streams}), 'held', 'which dynapg.stat_streams names');
	$end->($node);
	start_again($node);
}
is(sql("SELECT ids FROM ids('$latest_of_all')"), '', 'nor after a crash and a restart');
sql(q{COMMIT PREPARED 'held'});
is(sql("SELECT ids FROM ids('$latest_of_all')"), join(',', $held, @after), 'and then everything, in order');
$node->stop;

# ---------------------------------------------------------------- over HTTP, and with synchronous standbys

($node, my $port) = start_node('streams_http', "$lazy\ndynapg.developer_mode = on\n");
sql(stream_functions() . create_stream('Music'));
sub ask
{
	my ($operation, $body) = @_;
	my $answer = call($port, $operation, $body, target => 'DynamoDBStreams_20120810.', key => [ 'any', 'any' ]);
	is($answer->{status}, 200, "$operation over HTTP") or diag $answer->{body};
	return json()->decode($answer->{body});
}
sub told { return join ',', map { "$_->{dynamodb}{SequenceNumber} $_->{dynamodb}{Keys}{id}{N}" } @{ $_[0]{Records} }; }
sql('CHECKPOINT');
my $session = DynapgSession->new($node);
my $iterator = $session->ask(q{SELECT iterator('Music', 'TRIM_HORIZON')});
$session->ask(q{SELECT put('Music', i) FROM generate_series(1, 3) i});
my $page = ask('GetRecords', { ShardIterator => $iterator });
kill_server($node);
start_again($node);
$session->end;
wait_for_endpoint($port) or die "the endpoint did not start\n";
like(told($page), qr/^\d{21} 1,\d{21} 2,\d{21} 3$/, 'GetRecords, and the server is killed');
is(told(ask('GetRecords', { ShardIterator => $iterator })), told($page), 'the same records have the same numbers');
is(sql('SELECT count(*) FROM dynamo."Music"'), '3', 'and the items are there');
sql(q{SELECT put('Music', 4)});
like(told(ask('GetRecords', { ShardIterator => $page->{NextShardIterator} })), qr/^\d{21} 4$/, 'NextShardIterator goes on behind them');

# What a request has written is seen before its answer is sent: before a standby has it. Readers wait for that.
sql(q{ALTER SYSTEM SET synchronous_standby_names = 'gone'; SELECT pg_reload_conf()});
wait_until(sub { sql('SHOW synchronous_standby_names') eq 'gone' }, sub { 'the setting does not come' });
my $latest = $page->{NextShardIterator};
my $writer = open_connection($port);
send_bytes($writer, call($port, 'PutItem', { TableName => 'Music', Item => { id => { N => '5' } } }, bytes_only => 1, key => [ 'any', 'any' ])) or die "not sent\n";
wait_until(sub { sql(q{SELECT count(*) FROM dynamo."Music" WHERE (item -> 'id')::int = 5}) eq '1' }, sub { 'the item does not come' });
$session = DynapgSession->new($node);
$session->start("SET synchronous_commit = on; SELECT ids FROM ids('$latest')");
ok($node->poll_query_until('postgres', "SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE pid = $session->{pid}"), 'GetRecords waits for a synchronous standby');
sql('ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()');
is($session->answer, '4,5', 'and then answers');
$session->end;
$node->stop;

# ---------------------------------------------------------------- writers and readers of every kind

my $work = PostgreSQL::Test::Utils::tempdir();
($node, $port) = start_node('streams_stress', "dynapg.developer_mode = on\nmax_prepared_transactions = 50\ndeadlock_timeout = 100ms\nfsync = off\nrestart_after_crash = on\n");
# half of the readers go by HTTP
sub use_server
{
	my ($server, $http) = @_;
	my %told = (server => $server->connstr, http => $http);
	foreach my $what (sort keys %told)
	{
		PostgreSQL::Test::Utils::append_to_file("$work/new", "$told{$what}\n");
		rename "$work/new", "$work/$what" or die;
	}
	return;
}
use_server($node, $port);
sub clients { return ('python3', 'test/stress/streams.py', @_); }
command_ok([ clients('open', $work) ], 'tables with streams');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('streams_stress_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
my $standby_port = free_http_port();
$standby->append_conf('postgresql.conf', "dynapg.databases = 'postgres:$standby_port'\n");
$standby->start;
wait_for_endpoint($standby_port) or die "the standby's endpoint did not start\n";
sql(q{ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf()});
$node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'}) or die;

my ($out, $err) = ('', '');
my $players = IPC::Run::start([ clients('play', $work, 4) ], '>', \$out, '2>', \$err, IPC::Run::timeout(900));
sub play
{
	my ($seconds) = @_;
	my $end = time + $seconds;
	while (time < $end) { $players->pump_nb; select(undef, undef, undef, 0.1); }
	return;
}
play(4);
$node->poll_query_until('postgres', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'streams'}) or die;
kill_process($node, sql(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'streams' LIMIT 1}));
play(4);
kill_server($node);
start_again($node);
play(4);
kill_server($node);
$standby->promote;
$standby->safe_psql('postgres', 'ALTER SYSTEM RESET synchronous_standby_names; SELECT pg_reload_conf()');
use_server($standby, $standby_port);
play(4);
PostgreSQL::Test::Utils::append_to_file("$work/stop", '');
ok($players->finish, 'writers and readers over two crashes and a promotion') or diag "$out$err";
note $out;
my $result = IPC::Run::run([ clients('check', $work, '-') ], '>', \$out, '2>', \$err);
ok($result, 'each reader has seen each change once, in order, and the images replayed are the tables') or diag "$out$err";
note $out;
like($out, qr/^[1-9]\d+ records/, 'there were some');

# the check would have found what is wrong
my @lines = split /^/, slurp_file("$work/reader2");
sub check_of
{
	open my $file, '>', "$work/reader2" or die;
	print $file @_;
	close $file or die;
	my ($answer, $complaint) = ('', '');
	IPC::Run::run([ clients('check', $work, '-') ], '>', \$answer, '2>', \$complaint);
	return "$answer$complaint";
}
my $middle = int(@lines / 2);
like(check_of(@lines[ 0 .. $middle - 1 ], @lines[ $middle + 1 .. $#lines ]), qr/^reader 2\b/, 'the check finds a record that a reader lacks');
like(check_of(@lines[ 0 .. $middle ], @lines[ $middle .. $#lines ]), qr/^reader 2: a record comes twice/, 'one that comes twice');
like(check_of(@lines), qr/^[1-9]\d+ records/, 'and nothing where nothing is wrong');

$standby->stop;
done_testing();
