# Event source mappings over crashes: writers and a SQL function while the server is killed three times (make stress-events: ten); then what the function has made is the source, exactly.
# A server that is alone with its processes lets its database be dropped; a dump brings mappings back disabled; a standby rests, and goes on after promotion.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;

use DynapgCrash;
use DynapgStream;

my $kills = $ENV{DYNAPG_EVENT_KILLS} // 3;

my $node = PostgreSQL::Test::Cluster->new('events');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ], allows_streaming => 1);
$node->append_conf('postgresql.conf', "max_worker_processes = 20\nautovacuum = off\n");
$node->start;
sub sql { return $node->safe_psql('postgres', join(";\n", @_)); }
sub soon { my ($query, $what) = @_; ok($node->poll_query_until('postgres', $query), $what); return; }

sql('CREATE EXTENSION dynapg', create_stream('Source', 'NEW_AND_OLD_IMAGES'), q{
CREATE TABLE seen (n bigserial PRIMARY KEY, event_id text, id numeric, seq numeric, v int, poison boolean);
CREATE TABLE given_up (event_id text);
CREATE FUNCTION see(event jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen (event_id, id, seq, v) SELECT r ->> 'eventID', (r #>> '{dynamodb,Keys,id,N}')::numeric, (r #>> '{dynamodb,SequenceNumber}')::numeric, (r #>> '{dynamodb,NewImage,v,N}')::int
		FROM jsonb_array_elements(event -> 'Records') r;
	-- fails now and then, after it has done its work
	IF random() < 0.1 THEN RAISE 'bad luck'; END IF;
	IF event @? '$.Records[*].dynamodb.NewImage.poison' THEN RAISE 'poisoned'; END IF;
END $$;
CREATE FUNCTION give_up(invocation jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.given_up SELECT r ->> 'eventID' FROM jsonb_array_elements(invocation #> '{payload,Records}') r $$;
CREATE PROCEDURE work(writer int, seconds float) LANGUAGE plpgsql AS $$
DECLARE
	ends timestamptz := clock_timestamp() + make_interval(secs => seconds);
BEGIN
	WHILE clock_timestamp() < ends LOOP
		PERFORM dynapg.put('Source', jsonb_build_object('id', writer * 1000 + (random() * 20)::int, 'v', (random() * 1e6)::int) || CASE WHEN random() < 0.002 THEN '{"poison": true}' ELSE '{}' END::jsonb);
		IF random() < 0.1 THEN PERFORM dynapg.delete('Source', (writer * 1000 + (random() * 20)::int)::numeric); END IF;
		COMMIT;
	END LOOP;
END $$},
	q{SELECT dynapg.create_event_source_mapping('Source', '{"Function": "see"}', '{"StartingPosition": "TRIM_HORIZON", "BatchSize": 50, "ParallelizationFactor": 2, "BisectBatchOnFunctionError": true,
		"MaximumRetryAttempts": 20, "DestinationConfig": {"OnFailure": {"Destination": {"Function": "give_up"}}}}')});

my $connection = $node->connstr('postgres');
sub psql_beside { my ($command) = @_; my ($in, $out, $err) = ('', '', ''); return IPC::Run::start([ 'psql', '-X', '-q', '-d', $connection, '-c', $command ], \$in, \$out, \$err); }

# Who deletes a mapping waits for the batch that is on its way; when he has committed nothing is called any more
sql(create_stream('Held'), q{CREATE TABLE waited (n serial);
CREATE FUNCTION wait(event jsonb) RETURNS void LANGUAGE sql AS $$ SELECT pg_advisory_xact_lock(99); INSERT INTO public.waited DEFAULT VALUES $$},
	q{SELECT dynapg.create_event_source_mapping('Held', '{"Function": "wait"}', '{"StartingPosition": "LATEST", "BatchSize": 1}')});
foreach my $what ('disable', 'delete')
{
	my $holder = psql_beside('SELECT pg_advisory_lock(99); SELECT pg_sleep(600)');
	soon(q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 99 AND granted}, 'a lock is held');
	sql(q{SELECT dynapg.put('Held', '{"id": 1}'), dynapg.put('Held', jsonb_build_object('id', 2, 'x', random()))}, "SELECT dynapg.enable_event_source_mapping(uuid) FROM dynapg.event_source_mappings WHERE table_name = 'Held'");
	soon(q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 99 AND NOT granted}, 'a batch waits for it');
	my $ender = psql_beside("SELECT dynapg.${what}_event_source_mapping(uuid) FROM dynapg.event_source_mappings WHERE table_name = 'Held'");
	soon(qq{SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'SELECT dynapg.$what%' AND wait_event_type = 'Lock'}, "$what waits for the batch");
	my $before = sql('SELECT count(*) FROM waited');
	sql(q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()});
	$ender->finish;
	$holder->finish;
	is(sql('SELECT count(*) FROM waited'), $before + 1, 'which is done once, and no other comes');
	is(sql("SELECT count(*) FROM dynapg.event_positions p JOIN dynapg.event_source_mappings m ON m.uuid = p.mapping WHERE table_name = 'Held'"), $what eq 'delete' ? 0 : 1, 'and the position is what it should be');
}

for my $round (1 .. $kills)
{
	my @writers = map { my ($in, $out, $err) = ('', '', ''); IPC::Run::start([ 'psql', '-X', '-q', '-d', $connection, '-c', "CALL work($_, 3)" ], \$in, \$out, \$err) } 1 .. 3;
	# halfway through a shard, others begin
	sql("SELECT dynapg.set_stream_shards('Source', " . (1 + $round % 3) . ')') if $round % 2 == 0;
	select(undef, undef, undef, 0.5 + rand 1);
	kill_server($node);
	eval { $_->finish } for @writers;
	start_again($node);
	# who writes starts what serves the mapping
	sql(qq{SELECT dynapg.put('Source', '{"id": -$round}')});
}
# nothing is poisoned from here on, and nothing fails for long
sql(q{CREATE OR REPLACE FUNCTION see(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.seen (event_id, id, seq, v) SELECT r ->> 'eventID', (r #>> '{dynamodb,Keys,id,N}')::numeric,
	(r #>> '{dynamodb,SequenceNumber}')::numeric, (r #>> '{dynamodb,NewImage,v,N}')::int FROM jsonb_array_elements(event -> 'Records') r $$});
my $session = IPC::Run::start([ 'psql', '-X', '-q', '-d', $connection, '-c', 'SELECT pg_sleep(600)' ], \my ($in, $out, $err));
soon('SELECT lag_records = 0 FROM dynapg.stat_event_source_mappings', 'all that was written is dealt with');
is(sql(q{SELECT count(*) - count(DISTINCT event_id) FROM (SELECT event_id FROM seen UNION ALL SELECT event_id FROM given_up) a}), '0', 'no record was seen twice, or seen and given up');
is(sql(q{SELECT count(*) FROM dynapg.stream_records('Source', NULL, NULL)}), sql(q{SELECT (SELECT count(*) FROM seen) + (SELECT count(*) FROM given_up)}), 'and none was left out');
is(sql(q{SELECT count(*) FROM (SELECT seq, lag(seq) OVER (PARTITION BY id ORDER BY n) AS before FROM seen) s WHERE before >= seq}), '0', 'each item\'s came in order');
is(sql(q{SELECT count(*) FROM (SELECT DISTINCT ON (keys) sequence_number, (keys ->> 'id')::numeric AS id, event_name, new_image FROM dynapg.stream_records('Source', NULL, NULL) ORDER BY keys, sequence_number DESC) r
	WHERE event_name <> 'REMOVE' AND NOT EXISTS (SELECT FROM seen s WHERE s.seq = r.sequence_number) AND NOT new_image ? 'poison'}), '0', 'the last state of each item is there');

# A standby has the positions, and serves nothing until it is promoted
my $backup = $node->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('events_standby');
$standby->init_from_backup($node, 'standby', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type LIKE 'dynapg%'}), '0', 'a standby serves no mapping');
$node->stop;
$session->kill_kill;
$standby->promote;
$standby->safe_psql('postgres', q{SELECT dynapg.put('Source', '{"id": 777}')});
my $other = IPC::Run::start([ 'psql', '-X', '-q', '-d', $standby->connstr('postgres'), '-c', 'SELECT pg_sleep(600)' ], \my ($in2, $out2, $err2));
ok($standby->poll_query_until('postgres', 'SELECT count(*) = 1 FROM seen WHERE id = 777'), 'after a promotion it goes on');
is($standby->safe_psql('postgres', 'SELECT count(*) - count(DISTINCT event_id) FROM seen'), '0', 'and repeats nothing');

# A dump brings mappings back, disabled
my $file = "$PostgreSQL::Test::Utils::tmp_check/events.dump";
$standby->command_ok([ 'pg_dump', '-Fc', '-f', $file, '-d', $standby->connstr('postgres') ], 'a dump is made');
$standby->safe_psql('postgres', 'CREATE DATABASE restored');
$standby->command_ok([ 'pg_restore', '-d', $standby->connstr('restored'), $file ], 'and restored');
my $restored = $standby->connstr('restored');
is($standby->safe_psql('restored', q{SELECT state || ' ' || coalesce(lanes::text, '') FROM dynapg.stat_event_source_mappings}), 'Disabled 0', 'a mapping that has come from a dump is disabled');
my $before = $standby->safe_psql('restored', 'SELECT count(*) FROM seen');
$standby->safe_psql('restored', q{SELECT dynapg.put('Source', '{"id": 4711}'); SELECT dynapg.enable_event_source_mapping(uuid) FROM dynapg.event_source_mappings});
# all are gone but ours: what is left to do is done, and the database can be dropped
my $third = IPC::Run::start([ 'psql', '-X', '-q', '-d', $restored, '-c', 'SELECT pg_sleep(600)' ], \my ($in3, $out3, $err3));
ok($standby->poll_query_until('restored', q{SELECT count(*) = 1 FROM dynapg.stat_event_source_mappings WHERE state = 'Enabled' AND lag_records = 0}), 'enabled it reads its table\'s new stream');
$third->kill_kill;
$standby->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'restored' AND backend_type = 'client backend'});
ok($standby->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'restored'}), 'processes of mappings do not stay alone');
$standby->safe_psql('postgres', 'DROP DATABASE restored');
$other->kill_kill;
$standby->stop;

done_testing();
