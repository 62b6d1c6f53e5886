# Event source mappings over crashes: writers and a SQL function while the server is killed three times (make stress-events: ten); then what the function has made is the source, exactly.
# A server that is alone with its processes lets its database be dropped; a dump brings mappings back disabled; a standby rests, and goes on after promotion.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;
use JSON::PP ();
use MIME::Base64 ();

use DynapgCrash;
use DynapgSession;
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

# Functions have dynapg.event_timeout for a batch, however they try to have more; others do not wait for them
$node->append_conf('postgresql.conf', "dynapg.event_timeout = '500ms'\n");
$node->reload;
sql(create_stream('Slow'), create_stream('Quick'), q{CREATE TABLE slow (n serial);
CREATE FUNCTION slow(event jsonb) RETURNS void LANGUAGE plpgsql SET statement_timeout = 0 AS $$ BEGIN PERFORM set_config('statement_timeout', '0', false); INSERT INTO public.slow DEFAULT VALUES; PERFORM pg_sleep(600); END $$;
CREATE TABLE quick (n serial);
CREATE FUNCTION quick(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.quick SELECT FROM jsonb_array_elements(event -> 'Records') $$},
	(map { qq{SELECT dynapg.create_event_source_mapping('$_', '{"Function": "\L$_\E"}', '{"StartingPosition": "LATEST"}')} } 'Slow', 'Quick'),
	q{SELECT dynapg.put('Slow', '{"id": 1}'), dynapg.put('Quick', '{"id": 1}')});
soon(q{SELECT last_error LIKE 'canceling statement due to%' FROM dynapg.stat_event_source_mappings WHERE table_name = 'Slow'}, 'a function that takes too long is canceled');
# (who looks sees to it that mappings are served while nobody else is here)
soon(q{SELECT lag_records = 0 AND (SELECT count(*) = 1 FROM quick) FROM dynapg.stat_event_source_mappings WHERE table_name = 'Quick'}, 'another mapping has gone on');
is(sql('SELECT count(*) FROM slow'), '0', 'and what it did is taken back');
sql(q{CREATE OR REPLACE FUNCTION slow(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.slow DEFAULT VALUES $$});
soon(q{SELECT lag_records = 0 AND (SELECT count(*) = 1 FROM slow) FROM dynapg.stat_event_source_mappings WHERE table_name = 'Slow'}, 'with a quick one it goes on');
$node->append_conf('postgresql.conf', "dynapg.event_timeout = '1min'\n");
$node->reload;

# What is older than MaximumRecordAgeInSeconds is given up and told of; what follows is sent
sql(create_stream('Aged'), q{CREATE TABLE aged (keys jsonb);
CREATE FUNCTION aged(event jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.aged SELECT r #> '{dynamodb,Keys,id,N}' FROM jsonb_array_elements(event -> 'Records') r $$;
CREATE TABLE too_old (invocation jsonb);
CREATE FUNCTION too_old(invocation jsonb) RETURNS void LANGUAGE sql AS $$ INSERT INTO public.too_old VALUES (invocation) $$},
	q{SELECT dynapg.create_event_source_mapping('Aged', '{"Function": "aged"}', '{"StartingPosition": "TRIM_HORIZON", "MaximumRecordAgeInSeconds": 60, "Enabled": false,
		"DestinationConfig": {"OnFailure": {"Destination": {"Function": "too_old"}}}}')},
	q{SELECT count(dynapg.put('Aged', jsonb_build_object('id', i))) FROM generate_series(1, 5) i});
# the first three were written a minute and a half ago
sql(q{DO $$ DECLARE segment regclass; BEGIN
	FOR segment IN SELECT relation FROM dynapg.log_segments WHERE kind = 'STREAM' LOOP
		EXECUTE format('UPDATE %s SET written_at = written_at - interval ''90 s'' WHERE log = (SELECT id FROM dynapg.logs WHERE table_name = ''Aged'')
			AND seq IN (SELECT seq FROM %s WHERE log = (SELECT id FROM dynapg.logs WHERE table_name = ''Aged'') ORDER BY seq LIMIT 3)', segment, segment);
	END LOOP; END $$},
	q{SELECT dynapg.enable_event_source_mapping(uuid) FROM dynapg.event_source_mappings WHERE table_name = 'Aged'});
soon(q{SELECT lag_records = 0 FROM dynapg.stat_event_source_mappings WHERE table_name = 'Aged'}, 'old records do not hold it up');
is(sql('SELECT string_agg(keys #>> \'{}\', \' \' ORDER BY keys) FROM aged'), '4 5', 'those that are not too old were sent');
is(sql(q{SELECT (invocation #>> '{requestContext,condition}') || ' ' || (invocation #>> '{requestContext,approximateInvokeCount}') || ' ' || (invocation #>> '{DDBStreamBatchInfo,batchSize}') || ' ' ||
	(SELECT string_agg(r #>> '{dynamodb,Keys,id,N}', ' ') FROM jsonb_array_elements(invocation #> '{payload,Records}') r) || ' ' || (invocation ? 'responseContext')::text FROM too_old}),
	'RecordAgeExceeded 0 3 1 2 3 false', 'the others are told of, and were never tried');
is(sql(q{SELECT sent || ' ' || failed FROM dynapg.stat_event_source_mappings WHERE table_name = 'Aged'}), '2 3', 'and are counted');

# NOTIFY has the key only, and no key that is too long for it
{
	my $listener = DynapgSession->new($node);
	my $create = create_stream('Told', 'NEW_AND_OLD_IMAGES') =~ s/"id"/"k"/gr =~ s/"AttributeType": "N"/"AttributeType": "S"/r;
	$create =~ s/("KeySchema": \[\{[^}]*\})/$1, {"AttributeName": "s", "KeyType": "RANGE"}/;
	$create =~ s/("AttributeDefinitions": \[\{[^}]*\})/$1, {"AttributeName": "s", "AttributeType": "B"}/;
	sql($create, q{SELECT dynapg.create_event_source_mapping('Told', '{"Notify": "Told you"}', '{"StartingPosition": "LATEST"}')});
	$listener->ask('LISTEN "Told you"');
	# 0 to 1024 bytes of a sort key are base64, and control characters of a partition key are six bytes in JSON
	my @keys = ('plain', "quo\"te \\ \x{1}", "\x{1}" x 1100, "\x{1}" x 1101);
	for my $i (0 .. $#keys)
	{
		my $key = join '', map { sprintf '\u%04x', ord } split //, $keys[$i];
		my $sort = MIME::Base64::encode_base64("\xff" x ($i == 3 ? 1024 : 3), '');
		sql(qq{SELECT dynamo_put_item('{"TableName": "Told", "Item": {"k": {"S": "$key"}, "s": {"B": "$sort"}, "secret": {"S": "not told"}}}')});
	}
	sql(qq{SELECT dynamo_delete_item('{"TableName": "Told", "Key": {"k": {"S": "plain"}, "s": {"B": "////"}}}')});
	my $heard = '';
	DynapgCrash::wait_until(sub { $heard .= $listener->ask('SELECT 1'); (() = $heard =~ /notification "Told you"/g) == 5 }, sub { "not told: $heard" });
	$listener->end;
	my @told = map { JSON::PP::decode_json($_) } $heard =~ /with payload "(\{.*\})" received/g;
	is(join(' ', map { $_->{eventName} } @told), 'INSERT INSERT INSERT INSERT REMOVE', 'a notification a record, in their order');
	is(join(' ', map { join ',', sort keys %$_ } @told[ 0, 3 ]), 'Keys,SequenceNumber,eventName,tableName SequenceNumber,eventName,tableName', 'one whose key is too long has none');
	is_deeply([ map { $_->{Keys}{k}{S} } @told[ 0 .. 2 ] ], [ @keys[ 0 .. 2 ] ], 'others have it whole');
	is($told[0]{Keys}{s}{B}, '////', 'of each type');
	unlike($heard, qr/not told/, 'and nothing else of the item');
	is(sql(q{SELECT count(*) FROM (SELECT lag(s) OVER () AS before, s FROM unnest(ARRAY[} . join(', ', map { $_->{SequenceNumber} } @told) . q{]::numeric[]) s) a WHERE before >= s}), '0', 'numbers rise');
}
sql(q{SELECT dynapg.delete_event_source_mapping(uuid) FROM dynapg.event_source_mappings WHERE table_name <> 'Source'});

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
run_alone($standby, 'DROP DATABASE restored');
$other->kill_kill;
$standby->stop;

done_testing();
