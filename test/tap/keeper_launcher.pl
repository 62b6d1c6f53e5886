# The launcher of keepers: what waits in a database goes on after a crash of the server and of a process, and after a promotion, though nobody is connected to it;
# databases can be dropped and copied meanwhile, and those without the extension cost one look.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use DynapgStream;

my $records = 60;
# while this file is there, no batch is done
my $gate = PostgreSQL::Test::Utils::tempdir() . '/closed';
sub close_gate { PostgreSQL::Test::Utils::append_to_file($gate, ''); return; }
sub open_gate { unlink $gate or die; return; }

my $node = PostgreSQL::Test::Cluster->new('keeper_launcher');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ], allows_streaming => 1);
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'dynapg'\ndynapg.keeper_interval = 1\ndynapg.expire_interval = 0\nmax_worker_processes = 20\nmax_prepared_transactions = 1\nrestart_after_crash = on\nautovacuum = off\ndynapg.event_timeout = 0\nlog_line_prefix = '%b %p '\n");
$node->start;
sub elsewhere { return $node->safe_psql('postgres', $_[0]); }
sub await { my ($query, $what) = @_; return ok($node->poll_query_until('postgres', $query), $what); }

my $process = q{FROM pg_stat_activity WHERE datname = 'app' AND backend_type LIKE 'dynapg %'};
my $worker = "SELECT count(*) > 0 $process AND backend_type = 'dynapg event worker'";

# A backlog of batches of one record each that wait for the gate and take their time, and a mapping of it.
sub make_database
{
	elsewhere('CREATE DATABASE app');
	$node->safe_psql('app', join(';', 'CREATE EXTENSION dynapg', create_stream('Music'),
		q{CREATE TABLE seen (id numeric PRIMARY KEY)},
		qq{CREATE FUNCTION wait() RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN WHILE pg_stat_file('$gate', true) IS NOT NULL LOOP PERFORM pg_sleep(0.05); END LOOP; END \$\$},
		q{CREATE FUNCTION see(event jsonb) RETURNS void LANGUAGE sql AS $$ SELECT public.wait(), pg_sleep(0.05); INSERT INTO public.seen SELECT (r #>> '{dynamodb,Keys,id,N}')::numeric FROM jsonb_array_elements(event -> 'Records') r $$},
		"SELECT dynapg.put('Music', jsonb_build_object('id', i)) FROM generate_series(1, $records) i",
		q{SELECT dynapg.create_event_source_mapping('Music', '{"Function": "see"}', '{"StartingPosition": "TRIM_HORIZON", "BatchSize": 1}')}));
	return;
}

close_gate();
make_database();
await($worker, 'who makes a mapping starts its worker');

# --- the server is killed, and nobody connects to the database
kill_server($node);
start_again($node);
await($worker, 'after a crash of the server the launcher sees to it that the mapping is served');

# --- a worker is killed: all processes of the server end, and it recovers
kill_process($node, elsewhere("SELECT min(pid) $process AND backend_type = 'dynapg event worker'"));
await('SELECT true', 'a process crashes, and the server recovers');
await($worker, 'the mapping is served again');
open_gate();
await("SELECT count(*) = 0 $process", 'and until nothing is left');
is($node->safe_psql('app', 'SELECT count(*), min(id), max(id) FROM seen'), "$records|1|$records", 'with nobody connected everything came to the function, once');

# --- it comes again while there is something to keep, and never to where there is nothing
my $keeper = "$process AND backend_type = 'dynapg keeper'";
await("SELECT count(*) > 0 $keeper", 'a keeper comes again');
my $seen = elsewhere("SELECT coalesce(max(pid), 0) $keeper");
await("SELECT count(*) > 0 $keeper AND pid <> $seen", 'and goes, and another one comes');

# --- a job is ended that builds an index, which waits for a prepared transaction
my $job = "$process AND backend_type = 'dynapg table job'";
$node->safe_psql('app', q{SELECT dynamo_create_table('{"TableName": "Plain", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}')});
$node->safe_psql('app', q{BEGIN; SELECT dynapg.put('Plain', '{"id": 1}'); PREPARE TRANSACTION 'writer'});
$node->safe_psql('app', q{SELECT dynamo_update_table('{"TableName": "Plain", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "ById", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "Projection": {"ProjectionType": "ALL"}}}]}')});
await("SELECT count(*) = 1 $job", 'a job waits for a writer');
my $ended = elsewhere("SELECT min(pid) $job");
elsewhere("SELECT pg_terminate_backend($ended)");
await("SELECT count(*) = 1 $job AND pid <> $ended", 'when it is ended another one comes, with nobody connected');
$node->safe_psql('app', q{COMMIT PREPARED 'writer'});
await("SELECT count(*) = 0 $job", 'and goes');
is($node->safe_psql('app', q{SELECT status FROM dynapg.indexes WHERE table_name = 'Plain'}), 'ACTIVE', 'when it has built the index');

elsewhere('CREATE DATABASE bare');
foreach my $round (1 .. 2)
{
	run_alone($node, 'DROP DATABASE app');
	last if $round == 2;
	close_gate();
	make_database();
	await($worker, 'a worker is there');
	open_gate();
}
run_alone($node, 'CREATE DATABASE copy TEMPLATE bare');
run_alone($node, 'DROP DATABASE copy');
pass('databases are dropped and copied');

# --- what waits in databases that nobody is connected to

# A database that nobody is in, and that no keeper has come to since it was changed last, by what starts none: the launcher sends none to a template.
sub prepare_database
{
	my ($name, @changes) = @_;
	elsewhere("CREATE DATABASE $name IS_TEMPLATE true");
	foreach my $change ("CREATE EXTENSION dynapg; $changes[0]", @changes[ 1 .. $#changes ])
	{
		$node->safe_psql($name, $change);
		await("SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '$name'", "nobody is in $name");
	}
	return;
}
sub open_database
{
	my ($name) = @_;
	elsewhere("ALTER DATABASE $name IS_TEMPLATE false");
	# (which wakes the launcher, and changes nothing)
	$node->reload;
	return;
}
# The same, and awaits a keeper that finds nothing to do.
sub open_idle_database
{
	my ($name) = @_;
	my $before = elsewhere("SELECT xact_commit FROM pg_stat_database WHERE datname = '$name'");
	open_database($name);
	await("SELECT xact_commit > $before AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '$name') FROM pg_stat_database WHERE datname = '$name'",
		"a keeper finds nothing to do in $name");
	return;
}

my @things = map { "Thing$_" } 1 .. 3;
my $log_end = -s $node->logfile;
# Which keepers have logged something of each.
sub keepers_of
{
	my ($what) = @_;
	my %pids;
	foreach my $thing (@things)
	{
		my $line = $what =~ s/%/$thing/r;
		$node->wait_for_log(qr/^dynapg keeper \d+ LOG:  \Q$line\E/m, $log_end);
		my ($pid) = slurp_file($node->logfile, $log_end) =~ /^dynapg keeper (\d+) LOG:  \Q$line\E/m;
		$pids{$pid} = 1;
	}
	return scalar keys %pids;
}

# The time of a round that a keeper has for alarms, and for targets, is over after one of them, however fast the machine is.  Three need more rounds than the first one
# and the last one that each keeper has.
my $slow = "SELECT regexp_replace(pg_get_functiondef('dynapg.%s'::regproc), 'BEGIN', 'BEGIN PERFORM pg_sleep(%s);') \\gexec\n";
my $table = q{SELECT dynamo_create_table('{"TableName": "%s", "BillingMode": "PROVISIONED", "ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 10},
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}');};
my $policy = q{SELECT dynapg.put_scaling_policy('table/%s', 'dynamodb:table:ReadCapacityUnits', 10, 500);};
my $alarm = q{SELECT dynapg.put_alarm('{"AlarmName": "%s", "Namespace": "AWS/DynamoDB", "MetricName": "UserErrors", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1,
	"ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"}');};

prepare_database('scaled', join('', map { sprintf($table, $_) . sprintf($policy, $_) } @things),
	sprintf($slow, 'scale_due_target', 1.1) . 'UPDATE dynapg.scalable_targets SET min_capacity = 20, is_new = true, evaluated_at = NULL');
prepare_database('watched', join('', map { sprintf($alarm, $_) } @things) . sprintf($slow, 'alarm_evaluation', 0.3));
prepare_database('expiring', sprintf($table, 'Music') . q{SELECT dynamo_update_time_to_live('{"TableName": "Music", "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": true}}')});
open_database('scaled');

# Settings make work where there was none: a reload that switches it on is enough
open_idle_database('watched');
open_idle_database('expiring');
elsewhere('ALTER SYSTEM SET dynapg.expire_interval = 1');
$node->reload;
await(q{SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = 'expiring' AND backend_type = 'dynapg keeper'}, 'where items may expire a keeper comes when they are to be removed');
elsewhere('ALTER SYSTEM SET dynapg.metrics_history = on');
$node->reload;
ok($node->wait_for_log(qr/alarm "Thing1" is in state OK/, $log_end), 'alarms are looked at when metrics are kept');

# A keeper stays until all that is due has been looked at
is(keepers_of('alarm "%" is in state OK'), 1, 'one keeper looks at all alarms');
is(keepers_of('auto scaling of table/%: Successfully set read capacity units to 20'), 1, 'one keeper scales all targets');

elsewhere('ALTER SYSTEM RESET ALL');
$node->reload;
elsewhere("DROP DATABASE $_ WITH (FORCE)") foreach 'scaled', 'watched', 'expiring';

# --- a standby rests, and after its promotion goes on
close_gate();
make_database();
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('keeper_launcher_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));
$node->stop('immediate');
is($standby->safe_psql('postgres', "SELECT count(*) $process"), 0, 'a standby serves none');
$standby->promote;
ok($standby->poll_query_until('postgres', $worker), 'after its promotion it does');
open_gate();
ok($standby->poll_query_until('postgres', "SELECT count(*) = 0 $process"), 'until nothing is left');
is($standby->safe_psql('app', 'SELECT count(*) FROM seen'), $records, 'and everything came to the function');
$standby->stop;

# --- there is a process for the keeper and none for what it asks for; then not even for the keeper
$node->append_conf('postgresql.conf', "max_worker_processes = 4\n");
start_again($node);
ok($node->wait_for_log(qr/no process is to be had for a dynapg event worker/), 'where no process is to be had for a mapping that is said');
$node->stop;
$node->append_conf('postgresql.conf', "max_worker_processes = 3\n");
start_again($node);
ok($node->wait_for_log(qr/could not start a dynapg keeper/), 'where no process is to be had that is said');
run_alone($node, 'DROP DATABASE app');
$node->stop;

foreach my $log ($node, $standby)
{
	my @complaints = grep { /^[\w ]+ \d+ (?:ERROR|FATAL|PANIC|WARNING):/ && !/terminating|shutting down|shut down|starting up|in recovery|not yet accepting|could not (?:connect|receive|send)|because of crash|another server process|database \d+ does not exist/ } split /\n/, slurp_file($log->logfile);
	is(scalar(@complaints), 0, 'nothing else went wrong') or diag(join "\n", @complaints);
}

done_testing();
