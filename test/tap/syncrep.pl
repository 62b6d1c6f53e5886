# Synchronous standbys: answers wait for them, the rest of the worker's connections does not.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use DynapgHttp;
use DynapgSession;
use DynapgStream;

my ($node, $port) = start_node('primary', <<'CONF');
dynapg.workers = 1
dynapg.developer_mode = on
wal_sender_timeout = 0
CONF
my $ok = qr/^200 /;

# Some of what is awaited is over soon.
sub soon { return eventually(60, $_[0], 0.05); }

sub sql { return $node->safe_psql('postgres', $_[0]); }

# Sets settings; what has to have happened then is awaited by whoever calls.
sub reload
{
	my (%settings) = @_;
	sql("ALTER SYSTEM SET $_ = '$settings{$_}'") foreach sort keys %settings;
	$node->reload;
}

# Pid and wait event of the one companion that runs.
sub companion { return sql(q{SELECT pid, wait_event FROM pg_stat_activity WHERE backend_type = 'dynapg companion'}); }
sub companion_pid { return (split /\|/, companion())[0]; }
sub is_waiting { return companion() =~ /^\d+\|SyncRep$/; }

# Sends a request, and leaves its answer for later.
sub start
{
	my ($bytes) = @_;
	my $connection = open_connection($port);
	send_bytes($connection, $bytes);
	return $connection;
}

sub put_time { return sql(q{SELECT total_time FROM dynapg.stat_operations WHERE operation = 'PutItem'}); }
sub start_put { return start(put_item($port, 'items', $_[0], bytes_only => 1)); }
sub has_answer { return scalar $_[0]->{select}->can_read(0); }
sub answer { return answer_of(read_response($_[0])); }
sub eventual { return answer_of(get_item($port, 'items', $_[0], eventual => 1)); }

like(answer_of(create_table($port, 'items')), $ok, 'a table');
like(answer_of(put_item($port, 'items', 'alone')), $ok, 'without standbys nothing waits');
is(companion(), '', 'and no companion runs');

$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dynapg.databases = ''\nwal_receiver_status_interval = 1h\nwal_receiver_timeout = 0\n");
$standby->start;

sub receiver { return $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver'); }

ok(soon(sub { receiver() }), 'the standby streams');
my $receiver = receiver();
END { kill 'CONT', $receiver if $receiver; }

sub use_standby
{
	my ($level) = @_;
	reload(synchronous_standby_names => 'standby', synchronous_commit => $level);
	ok(soon(sub { companion_pid() && sql(q{SELECT sync_state FROM pg_stat_replication}) eq 'sync' }),
		"$level: a standby is synchronous, a companion runs");
}

# ---------------------------------------------------------------- one waits, the others do not

foreach my $level (qw(remote_write on))
{
	use_standby($level);
	like(answer_of(put_item($port, 'items', "$level-quick")), $ok, "$level: a standby that answers is waited for");

	kill 'STOP', $receiver;
	my $put = start_put("$level-waits");
	ok(soon(\&is_waiting), "$level: while the standby is silent the companion waits");
	is(eventual("$level-waits"), qq(200 {"Item":{"pk":{"S":"$level-waits"}}}), "$level: an eventually consistent read is answered");
	my $read = start(get_item($port, 'items', "$level-waits", bytes_only => 1));
	my $failed = start(call($port, 'PutItem', { TableName => 'items', Item => { pk => { S => "$level-waits" } },
			ConditionExpression => 'attribute_not_exists(pk)' }, bytes_only => 1));
	like(eventual('alone'), $ok, "$level: and another one") foreach 1 .. 3;
	is(sql(q{SELECT state FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint'}), 'idle', "$level: the worker does not wait");
	ok(!has_answer($put), "$level: PutItem has no answer");
	ok(!has_answer($read), "$level: nor has a strongly consistent read of what it has written");
	ok(!has_answer($failed), "$level: nor a condition that fails by it");
	kill 'CONT', $receiver;
	is(answer($put), '200 {}', "$level: when the standby resumes, PutItem is answered");
	like(answer($read), $ok, "$level: the read, too");
	like(answer($failed), qr/^400 .*ConditionalCheckFailedException/, "$level: and the failed condition");
}

# ---------------------------------------------------------------- others who wait for the same

# A commit waits, and what is written last is its record: the companion waits for it, too, but at a place of its own, and so do readers of streams.
# An assertion of PostgreSQL's wants that. Processes say in their titles what they wait for.
sub place_of { my ($pid) = @_; return slurp_file("/proc/$pid/cmdline") =~ m{ waiting for ([0-9A-F]+/[0-9A-F]+)} ? $1 : ''; }
sub waits_for { my ($pid) = @_; my $place; soon(sub { $place = place_of($pid) }); return $place; }
SKIP:
{
	skip 'no titles of processes to be read', 1 unless -r '/proc/self/cmdline';
	sql('CREATE TABLE public.commits (n int); ' . create_stream('Music') . q{SELECT dynapg.put('Music', '{"id": 1}')});
	my $iterator = sql(stream_functions() . q{SELECT iterator('Music', 'TRIM_HORIZON')});
	foreach my $level (qw(remote_write on remote_apply))
	{
		use_standby($level);
		# what begins to be read is there already
		my @sessions = map { DynapgSession->new($node) } 1 .. 3;
		is($sessions[0]->ask("SELECT ids FROM ids('$iterator')"), '1', "$level: a stream is read");
		kill 'STOP', $receiver;
		$sessions[0]->start('INSERT INTO public.commits VALUES (1)');
		ok(my $committed = waits_for($sessions[0]->{pid}), "$level: a commit waits");
		my $read = start(get_item($port, 'items', 'alone', bytes_only => 1));
		ok(soon(\&is_waiting), "$level: and an answer");
		my %places = map { $_ => 1 } $committed, waits_for(companion_pid());
		foreach my $reader (@sessions[ 1, 2 ])
		{
			$reader->start("SELECT ids FROM ids('$iterator')");
			$places{ waits_for($reader->{pid}) } = 1;
		}
		is(scalar(keys %places), 4, "$level: and two readers of a stream, each at a place of its own") or diag join ' ', sort keys %places;
		kill 'CONT', $receiver;
		like(answer($read), $ok, "$level: the answer comes");
		is($_->answer, $_ == $sessions[0] ? '' : '1', "$level: and the others go on") foreach @sessions;
		$_->end foreach @sessions;
	}

	# a reader that does not wait to the end is told nothing
	kill 'STOP', $receiver;
	my $reader = DynapgSession->new($node);
	$reader->start("SELECT ids FROM ids('$iterator')");
	ok(waits_for($reader->{pid}), 'a reader of a stream waits');
	sql("SELECT pg_cancel_backend($reader->{pid})");
	my $told = $reader->answer;
	like($told, qr/ERROR:  canceling statement, since what it has read may not be on the synchronous standbys/, 'it is cancelled: an error');
	unlike($told, qr/^1/m, 'and no records');
	$reader->end;
	kill 'CONT', $receiver;
	use_standby('on');
}

# ---------------------------------------------------------------- what users' functions do in a request

# A function that reads eventually consistently in a write or a consistent read, and one that writes in a read.
like(answer_of(create_table($port, $_)), $ok, "a table: $_") foreach qw(triggered watched);
sql(<<'SQL');
CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.dynamo_get_item('{"TableName": "items", "Key": {"pk": {"S": "alone"}}}');
	RETURN NEW;
END $$;
CREATE TRIGGER look AFTER INSERT ON dynamo.triggered FOR EACH ROW EXECUTE FUNCTION public.look();
CREATE TABLE public.visits (pk text);
CREATE FUNCTION public.watch(item jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF item ->> 'pk' = 'look' THEN
		PERFORM public.dynamo_get_item('{"TableName": "items", "Key": {"pk": {"S": "alone"}}}');
	ELSE
		INSERT INTO public.visits VALUES (item ->> 'pk');
	END IF;
	RETURN true;
END $$;
CREATE ROLE watched LOGIN;
GRANT USAGE ON SCHEMA dynamo TO watched;
GRANT SELECT ON dynamo.watched, dynamo.items TO watched;
GRANT INSERT ON public.visits TO watched;
ALTER TABLE dynamo.watched ENABLE ROW LEVEL SECURITY;
CREATE POLICY watch ON dynamo.watched USING (public.watch(item));
SQL
like(answer_of(put_item($port, 'watched', $_)), $ok, "an item: $_") foreach qw(look write);
{
	my @watched = create_key($node, 'watched');
	my $quick = open_connection($port);

	kill 'STOP', $receiver;
	my $spent = put_time();
	my $put = start(put_item($port, 'triggered', 'a', bytes_only => 1));
	ok(soon(\&is_waiting), 'PutItem whose trigger reads eventually consistently: the companion waits');
	my $read = start(get_item($port, 'watched', 'look', key => \@watched, bytes_only => 1));
	my $write = start(get_item($port, 'watched', 'write', key => \@watched, eventual => 1, bytes_only => 1));
	like(answer_of(get_item($port, 'items', 'alone', eventual => 1, connection => $quick)), $ok, 'an eventually consistent read is answered')
	  foreach 1 .. 3;
	ok(!has_answer($put), 'PutItem waits');
	ok(!has_answer($read), 'a consistent read whose policy reads eventually consistently waits');
	ok(!has_answer($write), 'an eventually consistent read whose policy writes waits');
	is(sql('SELECT count(*) FROM public.visits'), 1, 'it has written');
	is(put_time(), $spent, 'a request is counted when its answer is sent');
	sleep(0.3);
	kill 'CONT', $receiver;
	is(answer($put), '200 {}', 'PutItem is answered');
	cmp_ok(put_time() - $spent, '>=', 300, 'the wait is a part of its latency');
	like(answer($_), qr/^200 .*"pk"/, 'and the reads') foreach $read, $write;
}

# ---------------------------------------------------------------- companions that end

kill 'STOP', $receiver;
{
	my $put = start_put('interrupted');
	ok(soon(\&is_waiting), 'the companion waits');
	my $pid = companion_pid();
	sql("SELECT pg_cancel_backend($pid)");
	like(eventual('interrupted'), $ok, 'a cancel of the companion') foreach 1 .. 3;
	ok(soon(sub { companion() eq "$pid|SyncRep" }), 'ends no wait');
	ok(!has_answer($put), 'and confirms nothing');
	sql("SELECT pg_terminate_backend($pid)");
	ok(soon(sub { is_waiting() && companion_pid() != $pid }), 'a companion that was terminated is replaced, and waits again');
	ok(!has_answer($put), 'nothing was confirmed');
	kill 'TERM', sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint'});
	is(read_response($put), undef, 'a worker that ends closes the connection without an answer');
	ok(wait_for_endpoint($port), 'another worker comes');
	$put = start_put('interrupted');
	like(eventual('interrupted'), $ok, 'it serves eventually consistent reads');
	ok(!has_answer($put), 'and waits for the standby');

	# ---------------------------------------------------------------- settings

	reload(synchronous_standby_names => '');
	is(answer($put), '200 {}', 'without synchronous_standby_names nobody waits any more');
	ok(soon(sub { companion() eq '' }), 'and the companion ends');
	like(answer_of(put_item($port, 'items', 'unnamed')), $ok, 'nor does a new request');

	use_standby('on');
	$put = start_put('named');
	ok(soon(\&is_waiting), 'with them it waits again');
	ok(!has_answer($put), 'without an answer');
	reload(synchronous_commit => 'local');
	is(answer($put), '200 {}', 'local: it is released');
	like(answer_of(put_item($port, 'items', 'local')), $ok, 'local: nobody waits');
	kill 'CONT', $receiver;
}

# ---------------------------------------------------------------- remote_apply

use_standby('remote_apply');
# (all who have a part in it have to know of the level)
my $probes = 0;
ok(soon(sub {
	foreach (1 .. 5)
	{
		$probes++;
		put_item($port, 'items', "probe-$probes");
		return 0 if $standby->safe_psql('postgres', "SELECT count(*) FROM dynamo.items WHERE item ->> 'pk' = 'probe-$probes'") eq '0';
	}
	return 1;
}), 'remote_apply is known');
foreach my $i (1 .. 3)
{
	my $started = time();
	like(answer_of(put_item($port, 'items', "applied-$i")), $ok, 'remote_apply: answered');
	cmp_ok(time() - $started, '<', 45, 'as soon as it is applied');
	is($standby->safe_psql('postgres', "SELECT count(*) FROM dynamo.items WHERE item ->> 'pk' = 'applied-$i'"), 1, 'and the standby shows it');
}
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
ok(soon(sub { $standby->safe_psql('postgres', 'SELECT pg_get_wal_replay_pause_state()') eq 'paused' }), 'replay pauses');
{
	my $put = start_put('paused');
	ok(soon(\&is_waiting), 'remote_apply: the companion waits for what is not applied');
	like(eventual('paused'), $ok, 'eventually consistent reads are answered');
	ok(!has_answer($put), 'PutItem is not');
	$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
	is(answer($put), '200 {}', 'until it is applied');
	$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
	ok(soon(sub { $standby->safe_psql('postgres', 'SELECT pg_get_wal_replay_pause_state()') eq 'paused' }), 'replay pauses again');
	$put = start_put('flushed');
	ok(soon(\&is_waiting), 'remote_apply: PutItem waits');
	reload(synchronous_commit => 'on');
	is(answer($put), '200 {}', 'on: it is answered, for the standby has it on disk');
	$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
}

# ---------------------------------------------------------------- what was acknowledged is on the standby

{
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my @writers;

	foreach my $writer (1 .. 8)
	{
		my $pid = fork();
		die "fork: $!" unless defined $pid;
		if ($pid == 0)
		{
			$receiver = 0;
			open my $done, '>', "$folder/$writer" or POSIX::_exit(1);
			$done->autoflush(1);
			my $connection = open_connection($port);
			for (my $i = 0; $connection; $i++)
			{
				my $response = eval { put_item($port, 'items', "$writer-$i", connection => $connection) };
				last unless $response && $response->{status} == 200;
				print $done "$writer-$i\n";
			}
			POSIX::_exit(0);
		}
		push @writers, $pid;
	}
	ok(eventually(180, sub { !grep { (-s "$folder/$_" // 0) < 200 } 1 .. 8 }), 'eight writers write');
	$node->kill9;
	waitpid $_, 0 foreach @writers;
	$standby->promote;
	my @acknowledged = map { split /\n/, slurp_file("$folder/$_") } 1 .. 8;
	my %stored = map { $_ => 1 } split /\n/, $standby->safe_psql('postgres', "SELECT item ->> 'pk' FROM dynamo.items");
	is(scalar(grep { !$stored{$_} } @acknowledged), 0, 'the standby has everything that was acknowledged (' . @acknowledged . ' puts)');
}
$standby->stop;
$receiver = 0;

done_testing();
