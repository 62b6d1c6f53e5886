# Point-in-time recovery of two tables while clients write: restores to random moments are what the tables were, in whole transactions, over
# crashes, on a standby and after its promotion.  The server dies while a table is filled.  `make stress-recovery` is this for ten minutes.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use IPC::Run;

my $writers = 3;
my $seconds = $ENV{DYNAPG_RECOVERY_SECONDS} || 4;
my $restores = $ENV{DYNAPG_RECOVERY_RESTORES} || 12;
my $crashes = $ENV{DYNAPG_RECOVERY_CRASHES} || 2;
my $pause = $seconds > 60 ? 0.005 : 0;		# between two transactions of a writer: what is written down is looked through at each restore

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->append_conf('postgresql.conf', "autovacuum_naptime = 1s\nmax_worker_processes = 16\nmax_connections = 30\nrestart_after_crash = on\n");
$primary->start;
my $node = $primary;

sub sql { return $node->safe_psql('postgres', join(";\n", @_)) }

sub await
{
	my ($what, $query) = @_;
	return ok($node->poll_query_until('postgres', $query), $what);
}

# A writer's transactions are numbered, and each tells its number in an item of both tables.  What it does is written down in a table of our own.
sql(q{CREATE EXTENSION dynapg;
CREATE TABLE ops (w int, n int, ord int, tab text, p text, s int, v int);
CREATE FUNCTION make(name text) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]'::jsonb));
	SELECT dynamo_update_continuous_backups(jsonb_build_object('TableName', name,
		'PointInTimeRecoverySpecification', '{"PointInTimeRecoveryEnabled": true}'::jsonb));
$$;
CREATE PROCEDURE writer(w int, seconds float, pause float) LANGUAGE plpgsql AS $$
DECLARE
	i int := coalesce((SELECT max(n) FROM ops o WHERE o.w = writer.w), 0);
	ends timestamptz := clock_timestamp() + seconds * '1 s'::interval;
	tab text;
	key int;
	value int;
	rolls_back boolean;
BEGIN
	WHILE clock_timestamp() < ends LOOP
		i := i + 1;
		PERFORM pg_sleep(pause);
		rolls_back := random() < 0.1;
		FOR o IN 1 .. 1 + (random() * 4)::int LOOP
			tab := CASE WHEN random() < 0.5 THEN 'One' ELSE 'Two' END;
			key := (random() * 20)::int;
			value := (random() * 1000)::int;
			CASE (random() * 4)::int
				WHEN 0 THEN
					PERFORM dynapg.delete(tab, 'w' || w, key);
					value := NULL;
				WHEN 1 THEN
					EXECUTE format('DELETE FROM dynamo.%I WHERE item ->> ''p'' = $1 AND (item -> ''s'')::int = $2', tab) USING 'w' || w, key;
					value := NULL;
				WHEN 2 THEN
					EXECUTE format('INSERT INTO dynamo.%I (item) VALUES (jsonb_build_object(''p'', $1, ''s'', $2, ''v'', $3)) ON CONFLICT (hash, sort)
						DO UPDATE SET item = excluded.item', tab) USING 'w' || w, key, value;
				ELSE
					PERFORM dynapg.put(tab, jsonb_build_object('p', 'w' || w, 's', key, 'v', value, 'filler', repeat('x', value)));
			END CASE;
			INSERT INTO ops VALUES (w, i, o, tab, 'w' || w, key, value);
		END LOOP;
		PERFORM dynapg.put('One', jsonb_build_object('p', 'number', 's', w, 'v', i));
		PERFORM dynapg.put('Two', jsonb_build_object('p', 'number', 's', w, 'v', i));
		IF rolls_back THEN
			i := i - 1;
			ROLLBACK;
		ELSE
			COMMIT;
		END IF;
	END LOOP;
END $$;
CREATE TYPE past_item AS (tab text, p text, s int, v int);
CREATE FUNCTION plain(tab text, item jsonb) RETURNS past_item LANGUAGE sql IMMUTABLE AS $$
	SELECT ROW(tab, item ->> 'p', (item -> 's')::int, (item -> 'v')::int)::past_item
$$;
-- how items of both tables differ from what was written down: nothing, if they are of one moment
CREATE FUNCTION differences(past past_item[]) RETURNS text LANGUAGE sql AS $$
	WITH items AS (SELECT * FROM unnest(past)),
	numbers AS (SELECT s AS w, max(v) AS n, min(v) = max(v) AND count(*) = 2 AS same FROM items WHERE p = 'number' GROUP BY s),
	expected AS (SELECT * FROM (SELECT DISTINCT ON (o.tab, o.p, o.s) o.tab, o.p, o.s, o.v FROM ops o JOIN numbers USING (w)
		WHERE o.n <= numbers.n ORDER BY o.tab, o.p, o.s, o.n DESC, o.ord DESC) l WHERE v IS NOT NULL)
	SELECT concat_ws(', ', (SELECT 'numbers differ' FROM numbers WHERE NOT same LIMIT 1),
		(SELECT count(*) || ' items differ' FROM (SELECT * FROM items WHERE p <> 'number') i FULL JOIN expected e USING (tab, p, s)
			WHERE i.v IS DISTINCT FROM e.v HAVING count(*) > 0))
$$;
SELECT make('One'), make('Two')});

sub ready
{
	await("$_[0]: $_ has a moment",
		qq{SELECT dynamo_describe_table('{"TableName": "$_"}') IS NOT NULL AND EXISTS (SELECT FROM dynapg.logs l, dynapg.ticks t
			WHERE l.table_name = '$_' AND l.kind = 'UNDO' AND l.kept AND l.status = 'ENABLED' AND pg_visible_in_snapshot(l.begun_by, t.snapshot))})
		for 'One', 'Two';
}
ready('begin');

sub writing
{
	my ($for) = @_;
	my @running;

	for my $w (1 .. $writers)
	{
		my ($out, $err) = ('', '');
		push @running, IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "CALL writer($w, $for, $pause)" ], '>', \$out, '2>', \$err);
	}
	return @running;
}

# Random moments of the window, by a table of them: the same for a standby.  A tick's time is in it.
sub moments
{
	return split /\n/, sql(qq{SELECT extract(epoch FROM min(t."time") + random() * (max(t."time") - min(t."time"))) FROM dynapg.ticks t,
		(SELECT max(begun_by) AS xid FROM dynapg.logs WHERE kind = 'UNDO' AND kept) l, generate_series(1, $restores) g
		WHERE pg_visible_in_snapshot(l.xid, t.snapshot) GROUP BY g});
}

sub restored
{
	my ($time) = @_;
	my $restore = join '', map { qq{SELECT dynamo_restore_table_to_point_in_time('{"SourceTableName": "$_", "TargetTableName": "$_.then",
		"RestoreDateTime": $time}') IS NULL;} } 'One', 'Two';

	return sql(qq{SET client_min_messages = warning; BEGIN; $restore
		SELECT differences((SELECT array_agg(i) FROM (SELECT plain('One', item) AS i FROM dynamo."One.then" UNION ALL SELECT plain('Two', item) FROM dynamo."Two.then") x)), true; ROLLBACK}) =~ s/^f\nf\n//r;
}

sub seen
{
	my ($time) = @_;
	return sql(qq{SELECT differences((SELECT array_agg(i) FROM (SELECT plain('One', item) AS i FROM dynapg.items_at('One', to_timestamp($time)) item
		UNION ALL SELECT plain('Two', item) FROM dynapg.items_at('Two', to_timestamp($time)) item) x)), true});
}

sub check
{
	my ($when, $function) = @_;
	my %results;

	$results{ $function->($_) }++ for moments();
	is(join(', ', map { "$_: $results{$_}" } sort keys %results), "|t: $restores", $when);
}

# --- random writers, a crash, random moments

# A writer is killed, so that the server ends the others; or all processes end at once.
sub crash
{
	my ($number) = @_;

	if ($number % 2)
	{
		my $writer;
		wait_until(sub { $writer = sql(q{SELECT pid FROM pg_stat_activity WHERE query LIKE 'CALL writer%' ORDER BY random() LIMIT 1}) }, sub { 'no writer comes' });
		kill_process($node, $writer);
	}
	else
	{
		$node->stop('immediate');
		$node->start;
	}
	return;
}

my @running;
for my $number (1 .. $crashes)
{
	# the crash ends them
	@running = writing($seconds + 600);
	select(undef, undef, undef, $seconds / $crashes);
	crash($number);
	$_->finish for @running;
}
@running = writing($seconds / 2);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
# who reads there is not cancelled for what vacuum removes
$standby->append_conf('postgresql.conf', "max_standby_streaming_delay = -1\n");
$standby->start;
$_->finish for @running;
await('a tick after the last change', q{SELECT max("time") > clock_timestamp() - interval '1 min' AND max(horizon) >= (SELECT last_value FROM dynapg.log_seq) FROM dynapg.ticks});
my $written = sql('SELECT count(DISTINCT (w, n)) FROM ops');
cmp_ok($written, '>', 50, 'transactions were written');
note("$written transactions, ", sql('SELECT count(*) FROM ops'), ' changes of items, ', sql('SELECT count(*) FROM dynapg.ticks'), ' moments');
check('restores to random moments, over crashes', \&restored);
check('items_at() at random moments', \&seen);
is(sql(q{SELECT differences((SELECT array_agg(i) FROM (SELECT plain('One', item) AS i FROM dynamo."One" UNION ALL SELECT plain('Two', item) FROM dynamo."Two") x))}),
	'', 'the tables as they are');

# --- a standby, and its promotion

$primary->wait_for_catchup($standby);
$node = $standby;
check('items_at() on a hot standby', \&seen);
my ($status, $out, $err) = $standby->psql('postgres', q{\set VERBOSITY verbose
SELECT dynamo_restore_table_to_point_in_time('{"SourceTableName": "One", "TargetTableName": "One.then", "UseLatestRestorableTime": true}')});
like($err, qr/25006/, 'no restore on a hot standby');
($status, $out, $err) = $standby->psql('postgres', q{\set VERBOSITY verbose
SELECT dynamo_update_continuous_backups('{"TableName": "One", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": false}}')});
like($err, qr/25006/, 'no UpdateContinuousBackups there');
($status, $out, $err) = $standby->psql('postgres', q{\set VERBOSITY verbose
SELECT dynamo_export_table_to_point_in_time('{"TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/One", "S3Bucket": "bucket", "ClientToken": "t"}')});
like($err, qr/25006/, 'no export');
is(sql(q{SELECT dynamo_list_exports('{}')}), '{"ExportSummaries": []}', 'but ListExports');
like(sql(q{SELECT dynamo_describe_continuous_backups('{"TableName": "One"}')}), qr/"EarliestRestorableDateTime"/, 'but DescribeContinuousBackups');
$primary->stop;
$standby->promote;
check('restores after a promotion, to moments before', \&restored);
@running = writing($seconds / 4);
$_->finish for @running;
await('a tick on the new primary', q{SELECT dynapg.tick() IS NOT NULL AND max(horizon) >= (SELECT last_value FROM dynapg.log_seq) FROM dynapg.ticks});
check('restores to random moments, over a promotion', \&restored);

# --- a job that dies begins again; the table is never seen half

sql(q{SELECT make('Large'); INSERT INTO dynamo."Large" (item) SELECT jsonb_build_object('p', 'p' || i % 100, 's', i, 'x', repeat('x', 200)) FROM generate_series(1, 300000) i});
await('it is enabled', q{SELECT dynamo_describe_table('{"TableName": "Large"}') IS NOT NULL AND EXISTS (SELECT FROM dynapg.logs WHERE table_name = 'Large' AND status = 'ENABLED')});
sql(q{DELETE FROM dynamo."Large" WHERE (item -> 's')::int % 3 = 0});
my $restore = q{SELECT dynamo_restore_table_to_point_in_time('{"SourceTableName": "Large", "TargetTableName": "Large.then", "UseLatestRestorableTime": true}') IS NULL};
my $is_filled = q{SELECT coalesce((SELECT items > 0 FROM dynapg.stat_restores), true)};
my ($expected, $seen, $job);
for (1 .. 10)
{
	$expected = sql(q{SELECT count(*) FROM dynamo."Large"});
	sql($restore);
	sql(q{DELETE FROM dynamo."Large" WHERE hash = (SELECT hash FROM dynamo."Large" LIMIT 1)});
	await('it is being filled', $is_filled);
	$seen = sql(q{SELECT count(*) FROM dynamo."Large.then"});
	$job = sql(q{SELECT pid FROM pg_stat_activity WHERE application_name = 'dynapg table job'});
	last if $job ne '';
	# it was quicker: another one
	sql(q{SELECT dynamo_delete_table('{"TableName": "Large.then"}')});
}
is($seen, '0', 'nothing of it is seen');
kill_process($node, $job);
is(sql(q{SELECT count(*) FROM dynamo."Large.then"}), '0', 'after kill -9 nothing of it is there');
await('a DescribeTable sees to it that it is restored', q{SELECT dynamo_describe_table('{"TableName": "Large.then"}') #>> '{Table,TableStatus}' = 'ACTIVE'});
is(sql(q{SELECT count(*), count(*) FILTER (WHERE (item -> 's')::int % 3 = 0) FROM dynamo."Large.then"}), "$expected|0", 'to the moment that was asked for');
is(sql('SELECT count(*) FROM dynapg.restores'), '0', 'and is done');

# --- DeleteTable ends a restore

sql(q{SELECT dynamo_delete_table('{"TableName": "Large.then"}')});
sql($restore);
await('another one is being filled', $is_filled);
sql(q{SELECT dynamo_delete_table('{"TableName": "Large.then"}')});
is(sql(q{SELECT (SELECT count(*) FROM dynapg.restores), (SELECT count(*) FROM dynapg.tables WHERE name = 'Large.then'), to_regclass('dynamo."Large.then"') IS NULL}),
	'0|0|t', 'DeleteTable ends it');
await('its job, too', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'dynapg table job'});

# --- a dump has no history: where it is restored, a new one begins

my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('other') ], 'restored elsewhere');
ok($node->poll_query_until('other', q{SELECT dynamo_describe_table('{"TableName": "One"}') IS NOT NULL AND
	EXISTS (SELECT FROM dynapg.logs WHERE table_name = 'One' AND kind = 'UNDO' AND status = 'ENABLED' AND days = 35)}), 'where a new history begins');
like($node->safe_psql('other', q{SELECT dynamo_describe_continuous_backups('{"TableName": "One"}')}), qr/"PointInTimeRecoveryStatus": "ENABLED"/, '... and says so');

$node->stop;
done_testing();
