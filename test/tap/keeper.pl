# The keeper: started by whoever needs it, one only, in nobody's way; nothing fails where none can be had.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use Time::HiRes qw(time);

use DynapgSession;
use DynapgStream;

my $node = PostgreSQL::Test::Cluster->new('keeper');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 5\nrestart_after_crash = on\nlog_line_prefix = '%b %d %p '\n");
$node->start;
# whose statements never make one in the database under test
sub elsewhere { return $node->safe_psql('template1', "SET statement_timeout TO '60s'; $_[0]"); }
sub sql { return $node->safe_psql('app', "SET statement_timeout TO '60s'; $_[0]"); }
sub await { my ($query, $what) = @_; return ok($node->poll_query_until('template1', $query), $what); }

my $keepers = q{SELECT count(*) FROM pg_stat_activity WHERE datname = 'app' AND backend_type = 'dynapg keeper'};
my $pid = q{SELECT pid FROM pg_stat_activity WHERE datname = 'app' AND backend_type = 'dynapg keeper'};
my $records = q{SELECT string_agg(keys ->> 'id', ',' ORDER BY sequence_number) FROM dynapg.stream_records('Music')};

# Errors and warnings that keepers have logged, but for those that this test makes them.
sub complaints
{
	return grep { !/terminating background worker|system shutdown|because of crash/ } grep { /^dynapg keeper .*(?:ERROR|FATAL|WARNING|PANIC):/ } split /\n/, slurp_file($node->logfile);
}

sub make_database
{
	elsewhere('CREATE DATABASE app');
	sql('CREATE EXTENSION dynapg; ' . stream_functions() . create_stream('Music'));
	return;
}

make_database();
# someone stays in the database: a keeper ends when it is alone
my $guest = DynapgSession->new($node, 'app');

# --- started by a writer, and one only

sql(q{SELECT put('Music', 1)});
await("SELECT ($keepers) = 1", 'a writer starts the keeper');
my $first = elsewhere($pid);
my @writers = map { DynapgSession->new($node, 'app') } 1 .. 5;
$writers[$_]->start("SELECT put('Music', $_ * 10 + i) FROM generate_series(1, 9) i; SELECT pg_sleep(1.1); SELECT put('Music', $_ * 10)") for 0 .. 4;
$_->answer for @writers;
$_->end for @writers;
await("SELECT ($keepers) = 1 AND ($pid) = $first", 'it stays the only one, whoever writes');
ok($node->poll_query_until('app', q{SELECT count(*) > 0 FROM dynapg.ticks}), 'it ticks');

# --- it dies

elsewhere("SELECT pg_terminate_backend($first)");
await("SELECT ($keepers) = 0", 'pg_terminate_backend ends it');
my $begun = time;
$guest->ask(q{SELECT put('Music', 121)});
$guest->ask(q{SELECT pg_sleep(1.1)});
$guest->ask(q{SELECT put('Music', 122)});
await("SELECT ($keepers) = 1", 'whoever writes starts another');

my $killed = elsewhere($pid);
kill_process($node, $killed);
$guest->end;
await("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $killed)", 'kill -9 of it restarts the server, as of any of its processes');
$guest = DynapgSession->new($node, 'app');
$guest->ask(q{SELECT put('Music', 123)});
await("SELECT ($keepers) = 1", 'and a writer has another one');
like(sql($records), qr/,123$/, 'no record is lost');

# --- started by those who read and describe, too; ended by dynapg.stop()

for my $call (
	[ 'GetRecords', q{SELECT FROM ids(iterator('Music', 'TRIM_HORIZON'))} ],
	[ 'dynapg.stream_records()', $records ],
	[ 'DescribeTable', q{SELECT dynamo_describe_table('{"TableName": "Music"}')} ],
	[ 'UpdateTable', q{SELECT dynamo_update_table('{"TableName": "Music", "DeletionProtectionEnabled": false}')} ])
{
	is(sql(q{SELECT dynapg.stop('app')}), 't', 'dynapg.stop() ends it');
	is(elsewhere($keepers), '0', 'and waits for that');
	sql($call->[1]);
	await("SELECT ($keepers) = 1", "$call->[0] starts it");
}
isnt(($node->psql('app', q{SELECT dynapg.stop('nowhere')}))[0], 0, 'a server without an endpoint says so, where there is no keeper either');
sql(q{SELECT dynapg.stop('app'); BEGIN READ ONLY; SELECT dynamo_describe_table('{"TableName": "Music"}'); COMMIT});
is(elsewhere($keepers), '0', 'a read-only transaction starts none');

# --- NOTIFY: behind the tick, with the stream's ARN

$node->append_conf('postgresql.conf', "dynapg.notify_channel = 'changes'\n");
$node->reload;
$guest->ask('LISTEN changes');
sql(q{SELECT put('Music', 130)});
my ($heard, $deadline) = ('', time + 60);
$heard = $guest->ask('SELECT pg_sleep(0.1)') until $heard =~ /Asynchronous/ || time > $deadline;
my $arn = sql(q{SELECT stream('Music') ->> 'StreamArn'});
like($heard, qr/notification "changes" with payload "\Q$arn\E"/, 'NOTIFY tells of a stream with new records');
$guest->ask(create_stream('Quiet'));
$guest->ask(q{SELECT put('Music', 131)});
my $before = sql('SELECT max(horizon) FROM dynapg.ticks');
($heard, $deadline) = ('', time + 60);
$heard .= $guest->ask('SELECT pg_sleep(0.1)') until $heard =~ /Asynchronous/ || time > $deadline;
unlike($heard, qr{table/Quiet}, 'and of no other');
ok($node->poll_query_until('app', "SELECT max(horizon) >= (SELECT horizon - 100000000000000000000 FROM dynapg.stat_streams WHERE table_name = 'Music') FROM dynapg.ticks"), 'after a tick');

# What was told before somebody listens is not told again; who listens, and reads then, misses nothing.
sub hears
{
	my ($listener, $what) = @_;
	my ($all, $end) = ('', time + 60);
	$all .= $listener->ask('SELECT pg_sleep(0.1)') until $all =~ $what || time > $end;
	return $all;
}
my $heard_by_guest = qr/payload "\Q$arn\E"/;
my $iterator = sql(q{SELECT iterator('Music', 'LATEST')});
sql(q{SELECT put('Music', 132)});
like(hears($guest, $heard_by_guest), $heard_by_guest, 'one more record, told to who listens');
my $late = DynapgSession->new($node, 'app');
$late->ask('LISTEN changes');
(my $ids, $iterator) = split /\|/, sql("SELECT ids || '|' || next FROM ids('$iterator')"), 2;
is($ids, '132', 'who comes later reads what was told before');
sql(q{SELECT put('Quiet', 133)});
my $told = hears($late, qr{table/Quiet});
like($told, qr{payload "arn:[^"]*table/Quiet/}, 'and is told of what comes then');
unlike($told, $heard_by_guest, 'and of nothing else');
$late->end;

# A transaction that holds back one stream does not silence the others.
my $open = DynapgSession->new($node, 'app');
hears($guest, qr{table/Quiet});
$open->ask(q{BEGIN; SELECT put('Quiet', 134)});
sql(q{SELECT put('Quiet', 135), put('Music', 136)});
$told = hears($guest, $heard_by_guest);
like($told, $heard_by_guest, 'beside a stream that is held back another one is told of');
unlike($told, qr{table/Quiet}, 'and that one is not');
is(sql("SELECT ids FROM ids('$iterator')"), '136', 'which has its record');
$open->ask('COMMIT');
like(hears($guest, qr{table/Quiet}), qr{table/Quiet}, 'until the transaction has ended');
$open->end;
isnt(($node->psql('template1', "LOAD 'dynapg'; ALTER SYSTEM SET dynapg.notify_channel = '" . 'x' x 64 . q{'})), 0, 'a name that NOTIFY would not take is refused');

# --- transactions that hold a stream back are warned of

$node->append_conf('postgresql.conf', "dynapg.stream_hold_warning = 1\n");
$node->reload;
$guest->ask(q{BEGIN; SELECT put('Music', 140); PREPARE TRANSACTION 'forgotten'});
my $holder = DynapgSession->new($node, 'app');
$holder->ask(q{BEGIN; SELECT put('Music', 141)});
sub logged { my ($what) = @_; my $end = time + 60; select undef, undef, undef, 0.1 until slurp_file($node->logfile) =~ $what || time > $end; return like(slurp_file($node->logfile), $what, "logged: $what"); }
logged(qr/^dynapg keeper .*WARNING:  prepared transaction "forgotten" holds back the stream of table "Music" since /m);
is(sql(q{SELECT held_by_gid, held_by_pid IS NULL, held_since < now() FROM dynapg.stat_streams WHERE table_name = 'Music'}), 'forgotten|t|t', 'dynapg.stat_streams tells of it, the oldest one');
is(sql(q{SELECT behind > 0, (SELECT held_by_pid IS NULL AND held_by_gid IS NULL FROM dynapg.stat_streams WHERE table_name = 'Quiet') FROM dynapg.stat_streams WHERE table_name = 'Music'}), 't|t', 'another stream is not held back');
sql(q{ROLLBACK PREPARED 'forgotten'});
logged(qr/^dynapg keeper .*WARNING:  the transaction of process $holder->{pid} holds back the stream of table "Music" since /m);
$holder->ask('ROLLBACK');
$holder->end;
$node->append_conf('postgresql.conf', "dynapg.stream_hold_warning = 0\ndynapg.notify_channel = ''\n");
$node->reload;
is(scalar(grep { !/holds back the stream/ } complaints()), 0, 'no complaint of a keeper but these') or diag join "\n", complaints();

# --- DROP EXTENSION while it runs: at once, in a transaction that goes on, undone

await("SELECT ($keepers) = 1", 'the keeper is there');
$guest->ask('BEGIN; SET lock_timeout = 120000; DROP EXTENSION dynapg CASCADE');
$guest->ask('SELECT pg_sleep(2.5)');
await("SELECT ($keepers) = 1", 'it waits for the end of that transaction');
$guest->ask('ROLLBACK');
is(sql(q{SELECT put('Music', 150); } . $records =~ s/string_agg.*?\) FROM/count(*) > 0 FROM/r), "\nt", 'nothing has happened');
$begun = time;
is($guest->ask('DROP EXTENSION dynapg CASCADE') =~ /ERROR/ ? 1 : 0, 0, 'DROP EXTENSION');
cmp_ok(time - $begun, '<', 60, 'soon');
await("SELECT ($keepers) = 0", 'and the keeper ends');
is(sql(q{SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname IN ('dynapg', 'dynapg_log')}), '0', 'nothing is left');
is($guest->ask('CREATE EXTENSION dynapg; ' . create_stream('Again') . q{; SELECT dynapg.put('Again', '{"id": 1}')}) =~ /ERROR/ ? 1 : 0, 0, 'the extension comes back');
await("SELECT ($keepers) = 1", 'with a keeper');
$guest->ask('DROP SCHEMA dynapg_log CASCADE');
is($guest->ask('DROP OWNED BY CURRENT_USER') =~ /deadlock/ ? 1 : 0, 0, 'no deadlock');

# --- DROP DATABASE and a copy of it need no FORCE

$guest->end;
run_alone($node, 'DROP DATABASE IF EXISTS app');
make_database();
sql(q{SELECT put('Music', 1)});
run_alone($node, 'CREATE DATABASE copy TEMPLATE app');
pass('a keeper lets a copy be made');
sql(q{SELECT put('Music', 2)});
run_alone($node, 'DROP DATABASE app');
pass('a keeper lets its database be dropped');
is($node->safe_psql('copy', q{SELECT string_agg(ids, '') FROM ids(iterator('Music', 'TRIM_HORIZON'))}), '1', 'the copy has the stream');
run_alone($node, 'DROP DATABASE copy');
make_database();
sql(q{SELECT put('Music', 1)});
await("SELECT ($keepers) = 0", 'it ends when it is alone');

# --- no process is to be had: nothing fails, and SQL does the keeper's work

$node->append_conf('postgresql.conf', "max_worker_processes = 0\nmax_parallel_workers = 0\n");
$node->restart;
is(sql(q{SELECT put('Music', 2)}), '', 'a write');
is(sql(q{SELECT dynapg.tick(), dynapg.tick()}), 't|f', 'dynapg.tick()');
is(sql($records), '1,2', 'a reader');
like(sql('SELECT dynapg.rotate()'), qr/^\d+$/, 'dynapg.rotate()');
is(($node->psql('app', q{BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT dynapg.tick()}))[0] == 0 ? 1 : 0, 0, 'a tick needs a new snapshot');
sql(q{SELECT dynamo_update_time_to_live('{"TableName": "Music", "TimeToLiveSpecification": {"AttributeName": "until", "Enabled": true}}')});
is(sql(q{SELECT dynamo_describe_time_to_live('{"TableName": "Music"}')}), '{"TimeToLiveDescription": {"AttributeName": "until", "TimeToLiveStatus": "ENABLED"}}', 'UpdateTimeToLive makes its index itself');
sql(q{SELECT dynapg.put('Music', jsonb_build_object('id', id, 'until', floor(extract(epoch FROM now())) + seconds)) FROM (VALUES (3, -10), (4, 1000), (5, -20)) v(id, seconds)});
is(sql(q{SELECT items_deleted, oldest_expired IS NOT NULL FROM dynapg.stat_ttl}), '0|t', 'items expire, and stay');
is(sql(q{SELECT dynapg.expire_items(max_items => 1), dynapg.expire_items(), dynapg.expire_items()}), '1|1|0', 'dynapg.expire_items()');
is(sql(q{SELECT string_agg(item ->> 'id', ',' ORDER BY item ->> 'id') FROM dynamo."Music"}), '1,2,4', 'removes what has expired');
is(sql(q{SELECT string_agg(event_name || ' ' || (keys ->> 'id'), ',' ORDER BY sequence_number) FILTER (WHERE expired) FROM dynapg.stream_records('Music')}), 'REMOVE 5,REMOVE 3', 'the oldest first, and the stream tells');
is(elsewhere($keepers), '0', 'there is no keeper');
unlike(slurp_file($node->logfile), qr/out of background worker slots|could not (?:start|register)/, 'and nobody complains');

is(scalar(grep { !/holds back the stream/ } complaints()), 0, 'no complaint of a keeper') or diag join "\n", complaints();
$node->stop;
done_testing();
