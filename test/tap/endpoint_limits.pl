# One request does not stop the others: locks that somebody else holds, and requests that will not end.
use strict;
use warnings;

use List::Util 'min';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use DynapgHttp;

my ($node, $port) = start_node('limits', <<'CONF');
dynapg.workers = 1
dynapg.developer_mode = on
CONF
my $ok = qr/^200 /;
my $conflict = '400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"Transaction is ongoing for the item"}';
my $unavailable = '503 {"__type":"com.amazon.coral.service#ServiceUnavailable","message":"%s"}';

sub sql { return $node->safe_psql('postgres', $_[0]); }

sub set
{
	my (%settings) = @_;
	sql("ALTER SYSTEM SET $_ = '$settings{$_}'") foreach sort keys %settings;
	reload_settings($node);
}

sub update
{
	my ($key, %options) = @_;
	return call($port, 'UpdateItem',
		{
			TableName => 'items',
			Key => { pk => { S => $key } },
			UpdateExpression => 'ADD n :n',
			ExpressionAttributeValues => { ':n' => { N => '1' } }
		}, %options);
}

sub count_of { return sql("SELECT coalesce(item ->> 'n', '0') FROM dynamo.items WHERE item ->> 'pk' = '$_[0]'"); }

# How many GetItems of another key one client does in so many seconds.
sub gets_in
{
	my ($seconds) = @_;
	my $connection = open_connection($port);
	my $count = 0;

	for (my $until = time() + $seconds; time() < $until; $count++)
	{
		is(answer_of(get_item($port, 'items', 'other', connection => $connection)), '200 {"Item":{"pk":{"S":"other"}}}', 'GetItem') if $count == 0;
		get_item($port, 'items', 'other', connection => $connection) if $count > 0;
	}
	close $connection->{socket};
	return $count / $seconds;
}

# The same, as soon as it is enough: who is stopped for a while tries again.
sub gets_reach
{
	my ($seconds, $enough) = @_;
	my $most = 0;

	foreach (1 .. 10)
	{
		my $rate = gets_in($seconds);
		$most = $rate if $rate > $most;
		last if $most > $enough;
	}
	return $most;
}

# The requests that wait for locks, as /metrics has it.
sub waiting
{
	my $response = exchange($port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
	return $response->{body} =~ /^dynapg_requests_waiting_for_locks (\d+)$/m ? $1 : -1;
}

my $session = $node->background_psql('postgres');
my $lock = q{BEGIN; SELECT FROM dynamo.items WHERE item ->> 'pk' = 'locked' FOR UPDATE};

like(answer_of(create_table($port, $_)), $ok, "a table: $_") foreach 'items', 'gone';
like(answer_of(put_item($port, 'items', $_)), $ok, "an item: $_") foreach 'locked', 'other';
my ($worker) = split /\n/, sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint'});

# ---------------------------------------------------------------- locks

# Writers of an item that an idle transaction has locked, one after the other on four connections.
{
	my $undisturbed = gets_in(2);
	my $stop = PostgreSQL::Test::Utils::tempdir() . '/stop';

	$session->query_safe($lock);
	my @writers = map {
		in_background(sub {
				my $connection = open_connection($port);
				my $conflicts = 0;

				until ($conflicts >= 2 && -e $stop)
				{
					my $started = time();
					return { status => 0, body => 'another answer' } if answer_of(update('locked', connection => $connection)) ne $conflict;
					return { status => 0, body => 'too soon' } if time() - $started < 0.9;
					return { status => 0, body => 'too late' } if time() - $started > 30;
					$conflicts++;
				}
				return { status => 1, body => 'only conflicts' };
			})
	} 1 .. 4;
	ok(eventually(60, sub { waiting() == 4 }), 'four writers wait for a lock');
	my $disturbed = gets_reach(2, $undisturbed / 4);
	append_to_file($stop, '');
	is(wait_for($_), '1 only conflicts', 'a writer of a locked item: TransactionConflictException after dynapg.lock_timeout') foreach @writers;
	$session->query_safe('COMMIT');
	cmp_ok($disturbed, '>', $undisturbed / 4,
		sprintf('others go on meanwhile: %.0f GetItems a second, %.0f without the writers', $disturbed, $undisturbed));
	is(waiting(), 0, 'nobody waits any more');
	is(count_of('locked'), 0, 'and nothing was done');
}

# A lock that is freed in time: all that wait are executed, once each.
set('dynapg.lock_timeout' => '100s', 'dynapg.statement_timeout' => '100s');
{
	$session->query_safe($lock);
	my @writers = map { in_background(sub { update('locked') }) } 1 .. 20;
	ok(eventually(60, sub { waiting() == 20 }), 'twenty writers wait');
	# but for the moments in which it tries
	ok(eventually(10, sub { sql("SELECT wait_event_type FROM pg_stat_activity WHERE pid = $worker") eq 'Extension' }), 'the worker does not');
	ok(eventually(10, sub { sql("SELECT count(*) FROM pg_locks WHERE pid = $worker") == 0 }), 'and holds no lock');
	$session->query_safe('COMMIT');
	my $freed = time();
	is(wait_for($_), '200 {}', 'the lock is freed: a writer succeeds') foreach @writers;
	cmp_ok(time() - $freed, '<', 25, 'soon after');
	is(count_of('locked'), 20, 'each is executed once');
}

# Whatever a request waits for: a key that somebody else inserts, a tuple for which others queue, a table, a request token.
{
	my @cases = (
		[ 'a key that is being inserted', q{BEGIN; SELECT dynapg.put('items', '{"pk": "new"}')}, sub { update('new') }, 'ROLLBACK' ],
		[ 'a table that is locked', 'BEGIN; LOCK TABLE dynamo.items', sub { get_item($port, 'items', 'other') }, 'COMMIT' ],
		[ 'a table that is used', q{BEGIN; LOCK TABLE dynamo.gone IN ACCESS SHARE MODE},
			sub { call($port, 'DeleteTable', { TableName => 'gone' }) }, 'COMMIT' ],
		[ 'an item of a batch', $lock,
			sub { call($port, 'BatchWriteItem', { RequestItems => { items => [ map { { PutRequest => { Item => { pk => { S => $_ } } } } } 'locked', 'b' ] } }) },
			'COMMIT' ],
		[ 'an item of a batch of statements', $lock,
			sub { call($port, 'BatchExecuteStatement', { Statements => [ map { { Statement => "UPDATE items SET m = 1 WHERE pk = '$_'" } } 'locked', 'other' ] }) },
			'COMMIT' ],
		[ 'an item of a transaction', $lock,
			sub {
				call($port, 'TransactWriteItems',
					{ ClientRequestToken => 'token', TransactItems => [ map { { Put => { TableName => 'items', Item => { pk => { S => $_ } } } } } 'locked', 'other' ] });
			}, 'COMMIT' ],
		[ 'a request token', q{BEGIN; SELECT dynamo_transact_write_items('{"ClientRequestToken": "other token", "TransactItems": [
			{"Put": {"TableName": "items", "Item": {"pk": {"S": "locked"}}}}]}')},
			sub {
				call($port, 'TransactWriteItems',
					{ ClientRequestToken => 'other token', TransactItems => [ { Put => { TableName => 'items', Item => { pk => { S => 'locked' } } } } ] });
			}, 'ROLLBACK' ]);

	foreach my $case (@cases)
	{
		my ($name, $begin, $request, $end) = @$case;

		$session->query_safe($begin);
		my $background = in_background($request);
		ok(eventually(60, sub { waiting() == 1 }), "$name: the request waits");
		like(answer_of(call($port, 'ListTables', {})), $ok, "$name: others do not");
		sleep(0.3);
		$session->query_safe($end);
		like(wait_for($background), $ok, "$name: it succeeds when the lock is freed");
	}
	unlike(answer_of(call($port, 'BatchExecuteStatement', { Statements => [ { Statement => "SELECT * FROM items WHERE pk = 'locked'" } ] })), qr/Error/, 'a batch');

	# behind a session that waits itself
	$session->query_safe($lock);
	my $other = $node->background_psql('postgres');
	my $queued = $other->query_until(qr/begun/, qq{\\echo begun\nBEGIN; UPDATE dynamo.items SET item = item || '{"queued": true}' WHERE item ->> 'pk' = 'locked';\n});
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'}), 'another session queues for the item');
	my $background = in_background(sub { update('locked') });
	ok(eventually(60, sub { waiting() == 1 }), 'so does a request');
	$session->query_safe('COMMIT');
	$other->query_safe('SELECT 1');
	sleep(0.2);
	is(waiting(), 1, 'the session is the first of them');
	$other->query_safe('COMMIT');
	like(wait_for($background), $ok, 'the request is the next');
	$other->quit;
	like(sql(q{SELECT item FROM dynamo.items WHERE item ->> 'pk' = 'locked'}), qr/"queued": true/, 'on top of it');
}

# What a request has done before it meets a lock is undone, also if its trigger takes the lock for an answer: the last attempt counts.
{
	sql(<<'SQL');
CREATE TABLE public.done (what text);
CREATE TABLE public.guarded (id int PRIMARY KEY);
INSERT INTO public.guarded VALUES (1);
CREATE FUNCTION public.look() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.done VALUES ('begun');
	BEGIN
		PERFORM FROM public.guarded FOR UPDATE;
		INSERT INTO public.done VALUES ('locked');
	EXCEPTION WHEN lock_not_available THEN INSERT INTO public.done VALUES ('in use');
	END;
	RETURN NULL;
END $$;
CREATE TRIGGER look AFTER INSERT ON dynamo.items FOR EACH ROW WHEN (NEW.item ->> 'pk' LIKE 'look%') EXECUTE FUNCTION public.look();
SQL
	$session->query_safe('BEGIN; SELECT FROM public.guarded FOR UPDATE');
	my $background = in_background(sub { put_item($port, 'items', 'look') });
	ok(eventually(60, sub { waiting() == 1 }), 'a trigger that takes a lock for an answer: the request waits');
	sleep(0.3);
	$session->query_safe('COMMIT');
	is(wait_for($background), '200 {}', 'it succeeds');
	is(sql(q{SELECT string_agg(what, ' ') FROM public.done}), 'begun locked', 'only its last attempt counts');
	set('dynapg.lock_timeout' => '500ms');
	sql('TRUNCATE public.done');
	$session->query_safe('BEGIN; SELECT FROM public.guarded FOR UPDATE');
	$background = in_background(sub { put_item($port, 'items', 'look again') });
	is(wait_for($background), '200 {}', 'while the lock is held, it gets its answer after dynapg.lock_timeout');
	cmp_ok($background->{seconds}, '>=', 0.4, 'and not before');
	is(sql(q{SELECT string_agg(what, ' ') FROM public.done}), 'begun in use', 'again only its last attempt counts');
	$session->query_safe('COMMIT');
	sql('DROP TRIGGER look ON dynamo.items');
}

# More requests than a worker sets aside: the others have their answer at once.
{
	set('dynapg.lock_timeout' => '100s');
	$session->query_safe($lock);
	my @connections = map { open_connection($port) } 1 .. 300;
	my $bytes = update('locked', bytes_only => 1);
	send_bytes($_, $bytes) foreach @connections;
	ok(eventually(60, sub { waiting() == 256 }), 'as many requests as a worker sets aside wait');
	my $answered = 0;
	ok( eventually(60, sub { $answered = grep { $_->{select}->can_read(0) } @connections; $answered == 44 }),
		'the others are answered');
	is((grep { $_->{select}->can_read(0) && answer_of(read_response($_)) ne $conflict } @connections), 0, 'with a TransactionConflictException');
	is((grep { answer_of(get_item($port, 'items', 'other')) =~ $ok } 1 .. 100), 100, 'and the worker goes on');
	my $before = count_of('locked') || 0;
	$session->query_safe('COMMIT');
	ok(eventually(60, sub { waiting() == 0 }), 'the lock is freed');
	is(count_of('locked') - $before, 256, 'all that have waited are executed');
	close $_->{socket} foreach @connections;
	set('dynapg.lock_timeout' => '1s');
}

# ---------------------------------------------------------------- requests that will not end

# A trigger that catches the cancel: the worker ends, and another one is there.
sql(<<'SQL');
CREATE FUNCTION public.hangs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	LOOP
		BEGIN
			PERFORM pg_sleep(60);
		EXCEPTION WHEN query_canceled THEN NULL;
		END;
	END LOOP;
END $$;
CREATE TRIGGER hangs AFTER INSERT ON dynamo.items FOR EACH ROW WHEN (NEW.item ->> 'pk' = 'hangs') EXECUTE FUNCTION public.hangs();
SQL
set('dynapg.statement_timeout' => '1s');
my @pauses;
foreach my $round (1 .. 3)
{
	my $from = -s $node->logfile;
	my $has_ended = qr/request that has not ended within 5 s/;
	my $background = in_background(sub { put_item($port, 'items', 'hangs') });

	# or has done so, if we were stopped meanwhile
	ok(eventually(10, sub { sql(q{SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'}) == 1 || substr(slurp_file($node->logfile), $from) =~ $has_ended }),
		"round $round: a request hangs");
	my $victim = in_background(sub { get_item($port, 'items', 'other') });
	is(wait_for($background), 'no response', 'its connection ends');
	cmp_ok($background->{seconds}, '<', 50, 'some seconds after dynapg.statement_timeout');
	my $ended = time();
	ok(wait_for_endpoint($port), 'another worker serves');
	push @pauses, time() - $ended;
	wait_for($victim);
	my @now;
	ok(eventually(10, sub { @now = split /\n/, sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint'}); @now == 1 && $now[0] != $worker }),
		'another process');
	$worker = $now[0];
	ok(eventually(10, sub { answer_of(get_item($port, 'items', 'hangs')) eq '200 {}' }), 'the request has done nothing');
	like(substr(slurp_file($node->logfile), $from),
		qr/FATAL:  terminating .*\n(?:.*\n)+?\s+dynapg request that has not ended within 5 s after dynapg.statement_timeout\n\s+dynapg request [A-Z0-9]{52}: PutItem/,
		'the log says why, and which request it was');
}
cmp_ok(min(@pauses), '<', 2, 'at once');

$session->quit;
is(scalar(() = slurp_file($node->logfile) =~ /PANIC:|TRAP:|terminated by signal/g), 0, 'nothing crashed');
$node->stop;

done_testing();
