# The memory of the endpoint's workers: what is kept of requests that are not complete, and how a worker is replaced.
use strict;
use warnings;

use IO::Socket::INET;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use DynapgHttp;

my ($node, $port) = start_node('memory', <<'CONF');
dynapg.workers = 2
dynapg.worker_memory = '128MB'
dynapg.receive_timeout = '10min'
CONF
my $ok = qr/^200 /;
my $unavailable = '503 {"__type":"com.amazon.coral.service#ServiceUnavailable","message":"The service is currently unavailable or busy"}';
my $size = 16 * 1024 * 1024;
my $blob = 'x' x (1024 * 1024);

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub worker_pids { return split /\n/, sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint' ORDER BY pid}); }

# Memory of a process alone, in MB.
sub memory_of
{
	my ($resident, $shared) = (split / /, slurp_file("/proc/$_[0]/statm"))[ 1, 2 ];
	return ($resident - $shared) * 4096 / 1024 / 1024;
}

sub largest_memory
{
	my $largest = 0;
	foreach my $pid (worker_pids())
	{
		my $memory = memory_of($pid);
		$largest = $memory if $memory > $largest;
	}
	return $largest;
}

sub replacements { return scalar(() = slurp_file($node->logfile) =~ /has reached dynapg.worker_memory/g); }

# A connection that has sent a request of 16 MB but for its last bytes, or what of it is taken within some seconds.
sub send_unfinished
{
	my (%options) = @_;
	my $connection = open_connection($port) or return undef;
	my $headers = [ [ 'Host', "127.0.0.1:$port" ], [ 'Content-Type', 'application/x-amz-json-1.0' ], [ 'X-Amz-Target', 'DynamoDB_20120810.PutItem' ] ];

	if ($options{key})
	{
		# all is as it should be but for the signature
		sign_headers($headers, 'another body', @{ $options{key} });
	}
	$headers = [ @$headers, @{ $options{headers} // [] } ];
	send_bytes($connection, post_bytes([ @$headers, [ 'Content-Length', $options{size} // $size ] ], '', no_length => 1, %options));
	send_bytes($connection, $blob) foreach 1 .. 15;
	send_bytes($connection, substr($blob, 0, -100));
	return $connection;
}

sub finish
{
	my ($connection) = @_;
	send_bytes($connection, 'x' x 100);
	my $response = eval { read_response($connection) };
	close $connection->{socket};
	return answer_of($response);
}

my @key = create_key($node, 'postgres');
like(answer_of(create_table($port, 'items', key => \@key)), $ok, 'a table');
like(answer_of(put_item($port, 'items', 'a', key => \@key)), $ok, 'an item');
my $get = sub { answer_of(get_item($port, 'items', 'a', key => \@key)) };
my @workers = worker_pids();

# ---------------------------------------------------------------- bodies that are not complete

# 68 connections of who knows no key, as many as brought two workers of 1 GB over their memory: next to nothing is kept of them.
{
	my @senders = (
		[ 'without a signature', 'MissingAuthenticationTokenException' ],
		[ 'with an unknown key', 'UnrecognizedClientException', key => [ 'AKIAUNKNOWN', 'secret' ] ],
		[ 'of another kind', undef, method => 'GET', uri => '/' ]);

	foreach my $sender (@senders)
	{
		my ($name, $exception, %options) = @$sender;
		my $failed = 0;
		my @connections;

		foreach (1 .. ($name eq 'without a signature' ? 68 : 12))
		{
			my $connection = send_unfinished(%options);
			$failed++ unless $connection;
			push @connections, $connection if $connection;
			$failed++ if $get->() !~ $ok;
		}
		is($failed, 0, "large bodies $name: others are served meanwhile");
		cmp_ok(largest_memory(), '<', 64, 'little of them is kept');
		if (defined $exception)
		{
			like(finish(shift @connections), qr/^400 .*#\Q$exception\E"/, 'whoever goes on to the end is told who he is') foreach 1 .. 2;
		}
		close $_->{socket} foreach @connections;
	}
	is_deeply([ worker_pids() ], \@workers, 'no worker was replaced');
}

# A small body is kept, whoever sends it; its answer is the usual one.
{
	my $small = '{"TableName": "items", "Key": {"pk": {"S": "' . 'x' x 60000 . '"}}}';
	like(answer_of(call($port, 'GetItem', $small)), qr/MissingAuthenticationTokenException/, 'a small body without a signature');
	like(answer_of(call($port, 'GetItem', 'no JSON' . 'x' x 60000)), qr/SerializationException/, 'one that is no JSON');
	like(answer_of(call($port, 'GetItem', $small, key => \@key)), qr/ValidationException/, 'the same with a signature');
}

# Who names a key of ours may send large bodies, but not more than fits into dynapg.receive_memory.
{
	my @connections = map { send_unfinished(key => \@key) } 1 .. 12;
	my $failed = grep { $get->() !~ $ok } 1 .. 20;

	is($failed, 0, 'large bodies with a key: others are served meanwhile');
	cmp_ok(largest_memory(), '<', 128, 'no more is kept than dynapg.receive_memory, a quarter of dynapg.worker_memory');
	my %answers;
	foreach my $connection (@connections)
	{
		my $answer = finish($connection);
		$answers{ $answer eq $unavailable ? 'unavailable' : $answer =~ /SerializationException/ ? 'read' : $answer }++;
	}
	is_deeply([ sort keys %answers ], [ 'read', 'unavailable' ], 'what there is no room for: ServiceUnavailable');
	cmp_ok($answers{read}, '>=', 2, 'the others are read');
	like(finish(send_unfinished(key => \@key)), qr/SerializationException/, 'room is free again') foreach 1 .. 6;
	my @cut = map { send_unfinished(key => \@key) } 1 .. 8;
	close $_->{socket} foreach @cut;
	ok(eventually(10, sub { finish(send_unfinished(key => \@key)) =~ /SerializationException/ }), 'also when connections end before their requests');
}

# In chunks nobody says how much it will be.
{
	my $connection = open_connection($port);
	my $headers = [ [ 'Host', "127.0.0.1:$port" ], [ 'Content-Type', 'application/x-amz-json-1.0' ], [ 'X-Amz-Target', 'DynamoDB_20120810.PutItem' ],
		[ 'Transfer-Encoding', 'chunked' ] ];

	send_bytes($connection, post_bytes($headers, '', no_length => 1));
	send_bytes($connection, sprintf("%x\r\n%s\r\n", length $blob, $blob)) foreach 1 .. 15;
	cmp_ok(largest_memory(), '<', 96, 'chunks without a signature are not kept');
	send_bytes($connection, "0\r\n\r\n");
	like(answer_of(read_response($connection)), qr/MissingAuthenticationTokenException/, 'but answered');
	close $connection->{socket};
}
is(replacements(), 0, 'no worker was replaced for what others have sent');
is_deeply([ worker_pids() ], \@workers, 'they are the same');

# A body that waits for a lock counts, too.
{
	my $session = $node->background_psql('postgres');
	my $body = '{"TableName": "items", "Item": {"pk": {"S": "a"}}' . ' ' x 9_000_000 . '}';
	my $bytes = call($port, 'PutItem', $body, key => \@key, bytes_only => 1);
	my @connections = map { open_connection($port) } 1 .. 16;

	sql(qq{ALTER SYSTEM SET $_ = '120s'}) foreach 'dynapg.lock_timeout', 'dynapg.statement_timeout';
	reload_settings($node);
	$session->query_safe(q{BEGIN; SELECT FROM dynamo.items WHERE item ->> 'pk' = 'a' FOR UPDATE});
	send_bytes($_, $bytes) foreach @connections;
	cmp_ok(largest_memory(), '<', 128, 'no more large bodies wait for a lock than there is memory for');
	ok(eventually(10, sub { 0 < grep { $_->{select}->can_read(0) } @connections }), 'others have their answer at once');
	$session->query_safe('COMMIT');
	my %answers;
	$answers{ answer_of(read_response($_)) }++ foreach @connections;
	cmp_ok($answers{'200 {}'} // 0, '>=', 2, 'those that wait succeed');
	is_deeply([ grep { $_ ne '200 {}' && $_ ne $unavailable } sort keys %answers ], [], 'the others: ServiceUnavailable');
	close $_->{socket} foreach @connections;
	$session->quit;
	sql("ALTER SYSTEM RESET $_") foreach 'dynapg.lock_timeout', 'dynapg.statement_timeout';
	reload_settings($node);
}

# ---------------------------------------------------------------- replacement

# Functions that a session keeps: a request that calls them makes its worker too large.
sql(<<'SQL');
DO $$ BEGIN
	FOR i IN 1 .. 30 LOOP
		EXECUTE format('CREATE FUNCTION public.keeps_%s() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN length(%L); END $f$', i, repeat('x', 4000000));
	END LOOP;
END $$;
CREATE FUNCTION public.grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.item ->> 'pk' = 'sleep' THEN PERFORM pg_sleep(3); RETURN NEW; END IF;
	FOR i IN 1 .. 30 LOOP
		EXECUTE format('SELECT public.keeps_%s()', i);
	END LOOP;
	RETURN NEW;
END $$;
CREATE TRIGGER grow BEFORE INSERT OR UPDATE ON dynamo.items FOR EACH ROW WHEN (NEW.item ->> 'pk' IN ('grow', 'sleep')) EXECUTE FUNCTION public.grow();
SQL

my $grown = 0;
sub grow { return put_item($port, 'items', 'grow', key => \@key, attributes => { n => { N => ++$grown . '' } }); }

# While workers are replaced, one after the other and all of them, new connections are accepted at any time.
foreach my $workers (1, 2)
{
	sql("ALTER SYSTEM SET dynapg.workers = $workers");
	$node->reload;
	ok(eventually(30, sub { worker_pids() == $workers }), "$workers workers");
	my %before = map { $_ => 1 } worker_pids();
	my @clients = map {
		in_background(sub {
				my $failed = 0;
				for (my $until = time() + 10; time() < $until; sleep(0.002))
				{
					my $response = eval { exchange($port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n") };
					$failed++ unless $response && $response->{status} == 200;
				}
				return { status => $failed, body => 'failed' };
			})
	} 1 .. 2;
	my $most_leaving = 0;
	# a process that has left its place is not counted, although it may be there for a moment
	my $places = sub { return split /\n/, sql('SELECT pid FROM dynapg.stat_workers WHERE pid IS NOT NULL') };
	ok( eventually(40, sub {
			grow();
			my $running = $places->();
			$most_leaving = $running - $workers if $running - $workers > $most_leaving;
			return !grep { $before{$_} } worker_pids();
		}, 0.05),
		"$workers workers: all are replaced");
	is(wait_for($_), '0 failed', 'no connection is refused or reset meanwhile') foreach @clients;
	cmp_ok($most_leaving, '<=', 1, 'one at a time');
}

# A worker that is replaced: what is idle and what is received are cut, what is being answered is answered.
{
	sql('ALTER SYSTEM SET dynapg.workers = 1');
	$node->reload;
	ok(eventually(30, sub { worker_pids() == 1 }), 'one worker');
	sleep(1);
	my $bytes = get_item($port, 'items', 'a', key => \@key, bytes_only => 1);
	my $response;
	# if we have been stopped for longer than the second that a request has, the next worker is replaced, too
	foreach my $try (1 .. 5)
	{
		my ($worker) = worker_pids();
		my $idle = open_connection($port);
		my $receiving = open_connection($port);
		my $nearly = open_connection($port);

		like(answer_of(get_item($port, 'items', 'a', key => \@key, connection => $idle)), $ok, 'an idle connection');
		send_bytes($_, substr($bytes, 0, -1)) foreach $receiving, $nearly;
		like(answer_of(grow()), $ok, 'a worker becomes too large');
		ok(is_closed($idle), 'when it is replaced, an idle connection is ended');
		send_bytes($nearly, substr($bytes, -1));
		$response = eval { read_response($nearly) };
		ok(is_closed($receiving), 'one that does not come to its end is cut');
		ok(eventually(10, sub { !grep { $_ == $worker } worker_pids() }), 'the worker is gone');
		is(scalar(worker_pids()), 1, 'another one serves');
		last if $response;
	}
	like(answer_of($response), $ok, 'a request that comes to its end within a second is answered');
	is($response->{headers}{connection}, 'close', 'and is the last one of its connection');
}

# Where no process is to be had for another worker, the one that is too large ends all the same, and then there is room.
$node->append_conf('postgresql.conf', "max_worker_processes = 5\ndynapg.keeper_interval = 0");
sql('ALTER SYSTEM SET dynapg.workers = 1');
$node->restart;
ok(wait_for_endpoint($port), 'a server with room for launchers, the flusher and one worker');
ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dynapg flusher'}), 'which are there');
{
	my ($worker) = worker_pids();
	like(answer_of(grow()), $ok, 'its worker becomes too large');
	ok(eventually(30, sub { my @now = worker_pids(); @now == 1 && $now[0] != $worker }), 'another one serves');
	ok(wait_for_endpoint($port), 'and answers');
	like(slurp_file($node->logfile), qr/no other dynapg worker has come in time to replace one\n.*HINT:  max_worker_processes may be too small/, 'the log says why');
}
is(scalar(() = slurp_file($node->logfile) =~ /PANIC:|TRAP:|terminated by signal/g), 0, 'nothing crashed');
$node->stop;

done_testing();
