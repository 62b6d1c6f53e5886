# The HTTP endpoint as a part of the server: durability, workers that end, locks and timeouts, settings, databases that come
# and go, roles, and a hot standby.
use strict;
use warnings;

use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use DynapgCrash;
use DynapgHttp;

my ($node, $port) = start_node('endpoint', <<'CONF');
dynapg.workers = 2
dynapg.developer_mode = on
restart_after_crash = on
log_min_messages = info
shared_buffers = 128MB
CONF

my $ok = qr/^200 /;
my $conflict = '400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}';
my $unavailable = '503 {"__type":"com.amazon.coral.service#ServiceUnavailable","message":"%s"}';

sub reload
{
	my (%settings) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET $_ = '$settings{$_}'") foreach sort keys %settings;
	reload_settings($node);
}

sub worker_pids
{
	my ($database) = @_;
	$database //= 'postgres';
	return split /\n/, $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint' AND datname = '$database' ORDER BY pid");
}

# The launcher is in no database and so not in pg_stat_activity.
sub launcher_pid
{
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];

	foreach my $folder (glob '/proc/[0-9]*')
	{
		my $title = eval { slurp_file("$folder/cmdline") } // '';
		my $status = eval { slurp_file("$folder/status") } // '';
		return $1 if $title =~ /dynapg launcher/ && $status =~ /^PPid:\s*$postmaster$/m && $folder =~ /(\d+)$/;
	}
	return 0;
}

sub log_count
{
	my ($pattern, $from) = @_;
	return scalar(() = substr(slurp_file($node->logfile), $from // 0) =~ /$pattern/g);
}

like(answer_of(create_table($port, 'items')), $ok, 'a table');
like(answer_of(put_item($port, 'items', 'a')), $ok, 'an item');
is(scalar(worker_pids()), 2, 'as many workers as are configured');

# ---------------------------------------------------------------- durability

# Several writers, and the server dies: everything that was acknowledged is there.
foreach my $how ('kill -9', 'immediate')
{
	my $prefix = $how =~ s/\W//gr;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	my @writers;

	foreach my $writer (1 .. 8)
	{
		my $pid = fork();
		die "fork: $!" unless defined $pid;
		if ($pid == 0)
		{
			open my $done, '>', "$folder/$writer" or POSIX::_exit(1);
			$done->autoflush(1);
			my $connection = open_connection($port);
			for (my $i = 0; $connection; $i++)
			{
				my $key = "$prefix-$writer-$i";
				my $response = eval { put_item($port, 'items', $key, connection => $connection) };
				last unless $response && $response->{status} == 200;
				print $done "$key\n";
			}
			POSIX::_exit(0);
		}
		push @writers, $pid;
	}
	my $acknowledged = sub { return map { -e "$folder/$_" ? split(/\n/, slurp_file("$folder/$_")) : () } 1 .. 8 };
	ok(eventually(10, sub { scalar(my @puts = $acknowledged->()) > 200 }), "$how: writers write");
	$how eq 'immediate' ? $node->stop('immediate') : kill_server($node);
	waitpid $_, 0 foreach @writers;
	start_again($node);
	ok(wait_for_endpoint($port), "$how: the endpoint is there again");
	my @acknowledged = $acknowledged->();
	note(scalar(@acknowledged) . ' puts');
	my %stored = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', "SELECT item ->> 'pk' FROM dynamo.items");
	is(scalar(grep { !$stored{$_} } @acknowledged), 0, "$how: nothing that was acknowledged is lost");
}

# ---------------------------------------------------------------- workers that end

{
	my %before = map { $_ => 1 } worker_pids();
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach keys %before;
	ok(eventually(30, sub { my @now = worker_pids(); @now == 2 && !grep { $before{$_} } @now }), 'terminated workers are replaced');
	ok(wait_for_endpoint($port), 'and the endpoint answers');
	%before = map { $_ => 1 } worker_pids();
	kill 'TERM', keys %before;
	ok(eventually(30, sub { my @now = worker_pids(); @now == 2 && !grep { $before{$_} } @now }), 'workers ended by SIGTERM are replaced');
	ok(wait_for_endpoint($port), 'and the endpoint answers');

	my $launcher = launcher_pid();
	kill 'TERM', $launcher;
	ok(eventually(30, sub { my $now = launcher_pid(); $now && $now != $launcher }), 'the launcher comes back');
	is(scalar(worker_pids()), 2, 'its workers went on');
	%before = map { $_ => 1 } worker_pids();
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($_)") foreach keys %before;
	ok(eventually(90, sub { my @now = worker_pids(); @now == 2 && !grep { $before{$_} } @now }), 'it also replaces workers that it has not started');
	ok(wait_for_endpoint($port), 'and the endpoint answers');

	# While there is no launcher, stop() still ends workers, and the next launcher knows of it.
	$launcher = launcher_pid();
	kill 'TERM', $launcher;
	ok(eventually(3, sub { launcher_pid() != $launcher }, 0.05), 'the launcher is gone');
	is($node->safe_psql('postgres', q{SELECT dynapg.stop('postgres')}), 't', 'dynapg.stop() without a launcher');
	ok(eventually(30, sub { my $now = launcher_pid(); $now && $now != $launcher }), 'the next launcher is there');
	ok(eventually(10, sub { !worker_pids() }), 'what was stopped ends');
	sleep(1);
	is(scalar(worker_pids()), 0, 'and stays so');
	$node->safe_psql('postgres', q{SELECT dynapg.start('postgres')});
	ok(eventually(30, sub { worker_pids() == 2 }), 'dynapg.start()');
	ok(wait_for_endpoint($port), 'and the endpoint answers');

	my $flusher = sub { $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg flusher'}) };
	my $first = $flusher->();
	my $background = in_background(sub {
			my $connection = open_connection($port);
			my $failed = grep { put_item($port, 'items', "flushed-$_", connection => $connection)->{status} != 200 } 1 .. 2000;
			return { status => $failed, body => 'failed' };
		});
	ok($first, 'a flusher runs');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($first)");
	ok(eventually(30, sub { my $now = $flusher->(); $now && $now != $first }), 'a flusher that was terminated is replaced');
	is(wait_for($background), '0 failed', 'and no request notices');

	my ($victim) = worker_pids();
	kill_process($node, $victim);
	ok(wait_for_endpoint($port, 60), 'after a crash of a worker the server is there again');
	ok(eventually(60, sub { worker_pids() == 2 }), 'with all workers');
	like(answer_of(get_item($port, 'items', 'a')), qr/"pk"/, 'and all items');
}

# ---------------------------------------------------------------- locks, cancels, timeouts

reload('dynapg.workers' => 1);
ok(eventually(30, sub { worker_pids() == 1 }), 'a reload takes a worker away');
ok(wait_for_endpoint($port), 'the other one answers');
{
	my $session = $node->background_psql('postgres');
	my $update = sub {
		call($port, 'UpdateItem', { TableName => 'items', Key => { pk => { S => 'a' } }, UpdateExpression => 'ADD n :n',
				ExpressionAttributeValues => { ':n' => { N => '1' } } });
	};

	$session->query_safe(q{BEGIN; SELECT FROM dynamo.items WHERE item ->> 'pk' = 'a' FOR UPDATE});
	my $started = time();
	is(answer_of($update->()), $conflict, 'an item that an idle session has locked: TransactionConflictException');
	cmp_ok(time() - $started, '>=', 0.9, 'after dynapg.lock_timeout');
	cmp_ok(time() - $started, '<', 30, 'and not much later');
	like(answer_of(put_item($port, 'items', 'b')), $ok, 'other items can be written');
	like(answer_of(get_item($port, 'items', 'a')), $ok, 'the item can be read');
	$session->query_safe('COMMIT');
	like(answer_of($update->()), $ok, 'it can be written after that');

	$session->query_safe('BEGIN; LOCK TABLE dynamo.items IN ACCESS SHARE MODE');
	like(answer_of(call($port, 'DeleteTable', { TableName => 'items' })),
		qr/^400 .*#ResourceInUseException/, 'a table that an idle session uses: ResourceInUseException');
	$session->query_safe('COMMIT');
	like(answer_of(get_item($port, 'items', 'a')), $ok, 'the table is still there');

	# A request that runs is cancelled, and the worker is not.
	$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION public.sleeps() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN NULL; END $$;
CREATE TRIGGER sleeps AFTER UPDATE ON dynamo.items FOR EACH ROW WHEN (NEW.item ? 'sleeps') EXECUTE FUNCTION public.sleeps();
SQL
	my ($worker) = worker_pids();
	my $sleep = sub { put_item($port, 'items', 'a', attributes => { sleeps => { BOOL => JSON::PP::true } }) };
	my $is_asleep = sub { $node->safe_psql('postgres', "SELECT wait_event FROM pg_stat_activity WHERE pid = $worker") eq 'PgSleep' };
	my $background = in_background($sleep);
	ok(eventually(10, $is_asleep), 'a request runs');
	is($node->safe_psql('postgres', "SELECT query FROM pg_stat_activity WHERE pid = $worker"), 'PutItem', 'pg_stat_activity names the operation');
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($worker)");
	is(wait_for($background), sprintf($unavailable, 'canceling statement due to user request'), 'a cancelled request: ServiceUnavailable');
	cmp_ok($background->{seconds}, '<', 30, 'at once');
	is_deeply([ worker_pids() ], [$worker], 'the worker goes on');
	like(answer_of($update->()), $ok, 'and works');
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($worker)");
	like(answer_of($update->()), $ok, 'a cancel that finds no request does nothing');

	# A worker that is terminated in the middle of a request has not done it.
	my $before = answer_of(get_item($port, 'items', 'a'));
	my $from = -s $node->logfile;
	$background = in_background($sleep);
	ok(eventually(10, $is_asleep), 'another request runs');
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($worker)");
	is(wait_for($background), 'no response', 'a worker that is terminated: the connection ends without an answer');
	ok(wait_for_endpoint($port), 'a worker that is terminated is replaced');
	is(answer_of(get_item($port, 'items', 'a')), $before, 'and its request has done nothing');
	like(substr(slurp_file($node->logfile), $from), qr/FATAL:  terminating .*\n(?:.*\n)+?\s+dynapg request [A-Z0-9]{52}: PutItem/,
		'the log says which request it was');
	ok(eventually(10, sub { my @now = worker_pids(); @now == 1 && $now[0] != $worker }), 'one worker again');

	reload('dynapg.statement_timeout' => '1s', 'dynapg.lock_timeout' => '60s');
	$background = in_background($sleep);
	is(wait_for($background), sprintf($unavailable, 'canceling statement due to statement timeout'),
		'a request over dynapg.statement_timeout: ServiceUnavailable');
	cmp_ok($background->{seconds}, '<', 50, 'in time');
	$node->safe_psql('postgres', 'DROP TRIGGER sleeps ON dynamo.items');
	$session->query_safe(q{BEGIN; SELECT FROM dynamo.items WHERE item ->> 'pk' = 'a' FOR UPDATE});
	$background = in_background($update);
	is(wait_for($background), sprintf($unavailable, 'canceling statement due to statement timeout'),
		'so is one that waits for a lock so long');
	cmp_ok($background->{seconds}, '<', 50, 'in time');
	$session->query_safe('COMMIT');
	# where the machine is busy, one may take a second by itself
	ok(eventually(10, sub { answer_of($update->()) =~ $ok }), 'the next one has its own time');
	sleep(1.5);
	ok(eventually(10, sub { answer_of($update->()) =~ $ok }), 'no timeout is left behind');
	$session->quit;
	reload('dynapg.statement_timeout' => '30s', 'dynapg.lock_timeout' => '1s');
}

# A trigger that fails, sleeps or wants another role is the request's failure.
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION public.odd() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE NEW.item ->> 'pk'
		WHEN 'fails' THEN RAISE EXCEPTION 'a secret of the trigger';
		WHEN 'divides' THEN PERFORM 1 / 0;
		WHEN 'resets' THEN RESET ROLE;
		WHEN 'sets' THEN SET ROLE postgres;
		WHEN 'warns' THEN RAISE WARNING 'a warning';
		ELSE NULL;
	END CASE;
	RETURN NEW;
END $$;
CREATE TRIGGER odd BEFORE INSERT ON dynamo.items FOR EACH ROW EXECUTE FUNCTION public.odd();
SQL
foreach my $key (qw(fails divides resets sets))
{
	my $answer = answer_of(put_item($port, 'items', $key));
	like($answer, qr/^(400|500) \{"__type"/, "a trigger that $key: an error");
	is(answer_of(get_item($port, 'items', $key)), '200 {}', "a trigger that $key: nothing is written");
}
like(answer_of(put_item($port, 'items', 'warns')), $ok, 'a trigger that warns');
$node->safe_psql('postgres', 'DROP TRIGGER odd ON dynamo.items');

# ---------------------------------------------------------------- roles

reload('dynapg.developer_mode' => 'off');
{
	$node->safe_psql('postgres', 'CREATE ROLE reader LOGIN; CREATE ROLE stranger LOGIN');
	my @reader = create_key($node, 'reader');
	my @stranger = create_key($node, 'stranger');
	my $denied = qr/^400 \{"__type":"com\.amazon\.coral\.service#AccessDeniedException","Message":"/;

	like(answer_of(get_item($port, 'items', 'a')), qr/MissingAuthenticationTokenException/, 'without developer mode requests are signed');
	like(answer_of(get_item($port, 'items', 'a', key => \@reader)), $denied, 'a role without privileges may not read');
	$node->safe_psql('postgres', 'GRANT USAGE ON SCHEMA dynamo TO reader; GRANT SELECT ON dynamo.items TO reader');
	like(answer_of(get_item($port, 'items', 'a', key => \@reader)), qr/^200 \{"Item"/, 'GRANT SELECT takes effect at once');
	like(answer_of(put_item($port, 'items', 'a', key => \@reader)), $denied, 'it does not allow to write');
	like(answer_of(get_item($port, 'items', 'a', key => \@stranger)), $denied, 'nor others to read');
	$node->safe_psql('postgres', 'GRANT INSERT, UPDATE ON dynamo.items TO reader');
	like(answer_of(put_item($port, 'items', 'a', key => \@reader)), $ok, 'GRANT INSERT, UPDATE allows to write');
	like(answer_of(create_table($port, 'theirs', key => \@stranger)), $denied, 'a role that may not create tables');
	$node->safe_psql('postgres', 'REVOKE ALL ON dynamo.items FROM reader');
	like(answer_of(get_item($port, 'items', 'a', key => \@reader)), $denied, 'REVOKE takes effect at once');
	$node->safe_psql('postgres', 'DROP OWNED BY stranger; DROP ROLE stranger');
	like(answer_of(get_item($port, 'items', 'a', key => \@stranger)), qr/UnrecognizedClientException/, 'a role that was dropped');
	$node->safe_psql('postgres', "SELECT dynapg.revoke_access_key('$stranger[0]')");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM dynapg.access_keys WHERE role NOT IN (SELECT oid FROM pg_roles)'), 0,
		'a superuser revokes the key of a role that was dropped');
	$node->safe_psql('postgres', "SELECT dynapg.revoke_access_key('$reader[0]')");
	like(answer_of(get_item($port, 'items', 'a', key => \@reader)), qr/UnrecognizedClientException/, 'a key that was revoked');

	# A connection that is kept alive has no rights of its own: each request is looked at anew.
	my $connection = open_connection($port);
	my $get = sub { answer_of(get_item($port, 'items', 'a', key => $_[0], connection => $connection)) };
	my @one = create_key($node, 'reader');
	my @two = create_key($node, 'reader');
	$node->safe_psql('postgres', 'GRANT SELECT ON dynamo.items TO reader');
	like($get->($_), $ok, 'a connection that is kept alive') foreach \@one, \@two;
	$node->safe_psql('postgres', "SELECT dynapg.revoke_access_key('$one[0]')");
	like($get->(\@one), qr/UnrecognizedClientException/, 'its key is revoked');
	like($get->(\@two), $ok, 'another key goes on');
	$node->safe_psql('postgres', "DELETE FROM dynapg.access_keys WHERE id = '$two[0]'");
	like($get->(\@two), qr/UnrecognizedClientException/, 'its key is deleted by SQL');
	@two = create_key($node, 'reader');
	like($get->(\@two), $ok, 'a new key');
	$node->safe_psql('postgres', 'ALTER ROLE reader NOLOGIN');
	like($get->(\@two), qr/UnrecognizedClientException/, 'its role may not log in any more');
	$node->safe_psql('postgres', 'ALTER ROLE reader LOGIN');
	like($get->(\@two), $ok, 'its role may log in again');
	$node->safe_psql('postgres', 'DROP OWNED BY reader; DROP ROLE reader');
	like($get->(\@two), qr/UnrecognizedClientException/, 'its role is dropped');
	$node->safe_psql('postgres', 'CREATE ROLE reader LOGIN');
	like($get->(\@two), qr/UnrecognizedClientException/, 'another role of the same name is not it');
	close $connection->{socket};

	# Developer mode knows keys that exist, and lets the others be the owner.
	@reader = create_key($node, 'reader');
	reload('dynapg.developer_mode' => 'on');
	like(answer_of(get_item($port, 'items', 'a', key => [ $reader[0], 'wrong' ])), $denied, 'developer mode: a key that dynapg knows is its role');
	like(answer_of(get_item($port, 'items', 'a', key => [ 'anything', 'x' ])), $ok, 'developer mode: another key is the owner');
	like(answer_of(get_item($port, 'items', 'a', headers => [ [ 'Authorization', 'nonsense' ] ])), $ok, 'developer mode: any header');
}

# ---------------------------------------------------------------- settings

reload('dynapg.max_body_size' => '2kB');
is(put_item($port, 'items', 'large', attributes => { t => { S => 'x' x 3000 } })->{status}, 413, 'dynapg.max_body_size is reloaded');
reload('dynapg.max_body_size' => '16MB', 'dynapg.log_min_duration' => '0');
{
	my $from = -s $node->logfile;
	my $answer = get_item($port, 'items', 'a',
		headers => [ [ 'traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' ], [ 'X-Amzn-Trace-Id', "Root=1-67891233-abcdef\tx" ] ]);
	my $line = (grep { /GetItem/ } split /\n/, substr(slurp_file($node->logfile), $from))[0] // '';
	like($line, qr/\Q$answer->{headers}{'x-amzn-requestid'}\E/, 'the log line of a request has its id');
	like($line, qr/traceparent=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 X-Amzn-Trace-Id=Root=1-67891233-abcdef\?x$/,
		'and its trace headers, without control characters');
}
reload('dynapg.log_min_duration' => '-1');

# Shared buffers that a worker has touched are not its memory; what it keeps for itself is, and past dynapg.worker_memory it is
# replaced.
{
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE public.large (id int PRIMARY KEY, t text);
ALTER TABLE public.large ALTER t SET STORAGE PLAIN;
INSERT INTO public.large SELECT i, repeat('x', 7000) FROM generate_series(1, 11000) i;
VACUUM public.large;
DO $$ BEGIN
	FOR i IN 1 .. 20 LOOP
		EXECUTE format('CREATE FUNCTION public.keeps_%s() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN length(%L); END $f$', i, repeat('x', 4000000));
	END LOOP;
END $$;
CREATE FUNCTION public.fill() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.item ->> 'pk' = 'shared' THEN
		SET LOCAL enable_seqscan = off;
		SET LOCAL enable_bitmapscan = off;
		PERFORM sum(length(t)) FROM public.large WHERE id > 0;
	ELSIF NEW.item ->> 'pk' = 'own' THEN
		FOR i IN 1 .. 20 LOOP
			EXECUTE format('SELECT public.keeps_%s()', i);
		END LOOP;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER fill BEFORE INSERT ON dynamo.items FOR EACH ROW EXECUTE FUNCTION public.fill();
SQL
	reload('dynapg.worker_memory' => '64MB');
	my $from = -s $node->logfile;
	my ($worker) = worker_pids();
	my $replaced = qr/dynapg worker has reached dynapg.worker_memory and is replaced/;
	my $idle = open_connection($port);

	like(answer_of(get_item($port, 'items', 'a', connection => $idle)), $ok, 'a connection that is kept alive');
	like(answer_of(put_item($port, 'items', 'shared')), $ok, 'a request that touches 88 MB of shared buffers');
	my ($resident) = slurp_file("/proc/$worker/status") =~ /^RssShmem:\s*(\d+) kB/m;
	cmp_ok($resident, '>', 80 * 1024, 'they count as its resident memory');
	sleep(1.1);
	like(answer_of(get_item($port, 'items', 'a', connection => $idle)), $ok, 'the connection goes on');
	is(log_count($replaced, $from), 0, 'the worker is not replaced for it');
	my $bytes = get_item($port, 'items', 'a', bytes_only => 1);
	my $response;
	# whoever has begun has a second to come to an end; if we have been stopped for longer, the next worker is replaced, too
	foreach my $try (1 .. 5)
	{
		my $busy = open_connection($port);

		($worker) = worker_pids();
		$from = -s $node->logfile;
		call($port, 'DeleteItem', { TableName => 'items', Key => { pk => { S => 'own' } } });
		send_bytes($busy, substr($bytes, 0, -1));
		like(answer_of(put_item($port, 'items', 'own')), $ok, 'a request after which the worker has more memory of its own');
		ok(eventually(10, sub { log_count($replaced, $from) || (put_item($port, 'items', 'b') && 0) }), 'the worker is replaced');
		ok(is_closed($idle), 'an idle connection is ended');
		send_bytes($busy, substr($bytes, -1));
		$response = read_response($busy);
		ok(eventually(20, sub { my @now = worker_pids(); @now == 1 && $now[0] != $worker }), 'another worker serves');
		ok(wait_for_endpoint($port), 'as soon as the last connection has gone');
		last if $response;
		$idle = open_connection($port);
	}
	like(answer_of($response), $ok, 'a request that had begun is answered');
	is($response->{headers}{connection}, 'close', 'and is the last one of its connection');
	$node->safe_psql('postgres', 'DROP TRIGGER fill ON dynamo.items; DROP TABLE public.large');
	reload('dynapg.worker_memory' => '1GB');
}

# ---------------------------------------------------------------- databases

{
	my $second = free_http_port();
	# not of the ephemeral ports, of which somebody's connection may have it when we do not
	my $third = free_http_port();
	my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $third, Listen => 5, ReuseAddr => 1) or die "port $third: $!";

	$node->safe_psql('postgres', "CREATE DATABASE $_") foreach qw(second third);
	$node->safe_psql($_, 'CREATE EXTENSION dynapg') foreach qw(second third);
	my $from = -s $node->logfile;
	my $absent = free_http_port();
	reload('dynapg.databases' => "postgres:$port, second:$second, third:$third, absent:$absent");
	ok(wait_for_endpoint($second), 'a database that was added is served');
	like(answer_of(create_table($second, 'items')), $ok, 'it has tables of its own');
	is(answer_of(get_item($second, 'items', 'a')), '200 {}', 'and items of its own');

	my $no_absent = qr/dynapg serves no database "absent", which does not exist/;
	ok(eventually(20, sub { log_count(qr/could not listen/, $from) }), 'a taken port is logged');
	ok(eventually(20, sub { log_count($no_absent, $from) }), 'and a database that does not exist');
	sleep(8);
	# again after 1, 2, 4 seconds and so on
	my $attempts = log_count(qr/could not listen/, $from);
	cmp_ok($attempts, '<=', 10, "the port is not tried in a loop ($attempts times)");
	is(log_count($no_absent, $from), 1, 'the database is logged once');
	is(log_count(qr/database "absent" does not exist/, $from), 0, 'no worker is started for it');
	like(answer_of(get_item($port, 'items', 'a')), $ok, 'the others go on');
	close $taken;
	ok(wait_for_endpoint($third), 'the port is taken as soon as it is free');
	$node->safe_psql('postgres', 'CREATE DATABASE absent');
	ok(wait_for_endpoint($absent, 30), 'a database that is made later is served without a reload');

	my ($status, $out, $error) = $node->psql('postgres', 'DROP DATABASE second');
	isnt($status, 0, 'DROP DATABASE of a database that is served is refused');
	like($error, qr/is being accessed by other users/, 'as for any database in use');
	$from = -s $node->logfile;
	ok(eventually(20, sub { ($status, $out, $error) = $node->psql('postgres', 'DROP DATABASE second WITH (FORCE)'); $status == 0 }), 'WITH (FORCE) it is dropped') or diag $error;
	my $no_second = qr/dynapg serves no database "second", which does not exist/;
	ok(eventually(20, sub { log_count($no_second, $from) }), 'which is logged');
	sleep(8);
	is(log_count($no_second, $from), 1, 'once');
	cmp_ok(log_count(qr/database "second" does not exist/, $from), '<=', 2, 'and no worker is started for it but while it is being dropped');
	like(answer_of(get_item($port, 'items', 'a')), $ok, 'the others go on');

	is($node->safe_psql('postgres', "SELECT dynapg.stop('third')"), 't', 'dynapg.stop()');
	ok(eventually(20, sub { !worker_pids('third') }), 'its workers end');
	ok(eventually(20, sub { ($status, $out, $error) = $node->psql('postgres', 'DROP DATABASE third'); $status == 0 }), 'and the database can be dropped') or diag $error;
	reload('dynapg.databases' => "postgres:$port");
	like(answer_of(get_item($port, 'items', 'a')), $ok, 'a database that stays in the list is not disturbed');
	is($node->safe_psql('postgres', q{SELECT count(*) FROM dynapg.stat_operations WHERE database = 'second' AND operation = 'CreateTable'}), 1,
		'what was counted of a database that is not served any more stays');
	ok(eventually(20, sub { $node->safe_psql('postgres', 'SELECT DISTINCT database, port FROM dynapg.endpoint_workers()') eq "postgres|$port" }), 'dynapg.endpoint_workers()');
	cmp_ok($node->safe_psql('postgres', "SELECT sum(calls) FROM dynapg.endpoint_operations() WHERE operation = 'GetItem'"), '>', 0,
		'dynapg.endpoint_operations()');
}

# The extension goes and comes: the endpoint says so, and works again after that.
{
	$node->safe_psql('postgres', 'CREATE DATABASE later');
	my $later = free_http_port();
	reload('dynapg.databases' => "postgres:$port, later:$later");
	ok(wait_for_endpoint($later), 'a database without the extension is served');
	like(answer_of(call($later, 'ListTables', {})), qr/^(400|500) \{"__type"/, 'with errors');
	$node->safe_psql('later', 'CREATE EXTENSION dynapg');
	is(answer_of(call($later, 'ListTables', {})), '200 {"TableNames":[]}', 'until the extension is there');
	like(answer_of(create_table($later, 'items')), $ok, 'and has tables');
	reload('dynapg.databases' => "postgres:$port");
}

# ---------------------------------------------------------------- a hot standby

{
	$node->backup('backup');
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	my $replica = free_http_port();
	my $refused = qr/^400 .*This endpoint is a read replica/;

	$standby->init_from_backup($node, 'backup', has_streaming => 1);
	append_to_file($standby->data_dir . '/postgresql.auto.conf', "dynapg.databases = 'postgres:$replica'\n");
	$standby->start;
	ok(wait_for_endpoint($replica), 'a hot standby has an endpoint');
	put_item($port, 'items', 'replicated');
	$node->wait_for_catchup($standby, 'replay');
	is(answer_of(get_item($replica, 'items', 'replicated', eventual => 1)), '200 {"Item":{"pk":{"S":"replicated"}}}', 'eventually consistent GetItem');
	like(answer_of(call($replica, 'Query', { TableName => 'items', KeyConditionExpression => 'pk = :k',
				ExpressionAttributeValues => { ':k' => { S => 'replicated' } } })),
		qr/"Count":1/, 'eventually consistent Query');
	like(answer_of(call($replica, 'Scan', { TableName => 'items', Limit => 1 })), qr/"Count":1/, 'eventually consistent Scan');
	like(answer_of(call($replica, 'BatchGetItem', { RequestItems => { items => { Keys => [ { pk => { S => 'a' } } ] } } })),
		qr/"Responses"/, 'eventually consistent BatchGetItem');
	like(answer_of(call($replica, 'DescribeTable', { TableName => 'items' })), qr/"TableStatus":"ACTIVE"/, 'DescribeTable');
	like(answer_of(call($replica, 'ListTables', {})), qr/^200 \{"TableNames":\["items"\]\}/, 'ListTables');
	like(answer_of(get_item($replica, 'items', 'a')), $refused, 'a strongly consistent read is refused');
	like(answer_of(put_item($replica, 'items', 'x')), $refused, 'PutItem is refused');
	like(answer_of(call($replica, 'DeleteItem', { TableName => 'items', Key => { pk => { S => 'a' } } })), $refused, 'DeleteItem is refused');
	like(answer_of(create_table($replica, 'new')), $refused, 'CreateTable is refused');
	like(answer_of(call($replica, 'DeleteTable', { TableName => 'items' })), $refused, 'DeleteTable is refused');
	like(answer_of(call($replica, 'BatchWriteItem', { RequestItems => { items => [ { PutRequest => { Item => { pk => { S => 'y' } } } } ] } })),
		$refused, 'BatchWriteItem is refused');
	$standby->promote;
	ok(eventually(30, sub { put_item($replica, 'items', 'promoted')->{status} == 200 }), 'after its promotion it writes');
	like(answer_of(get_item($replica, 'items', 'promoted')), qr/promoted/, 'and reads strongly consistent');
	$standby->stop;
}

my $crashes = slurp_file($node->logfile);
is(scalar(() = $crashes =~ /PANIC:|TRAP:|terminated by signal (?!9)/g), 0, 'nothing crashed that was not killed');
$node->stop;
ok(!-e $node->data_dir . '/postmaster.pid', 'the server stops with its endpoint');

done_testing();
