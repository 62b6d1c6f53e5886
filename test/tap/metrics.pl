# Metrics: what is counted of requests over HTTP and by SQL, each once; what /metrics tells of tables, and to whom; the history, which a crash takes the
# running minute from and no more.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;
use DynapgSession;

my ($node, $port) = start_node('metrics', <<"CONF");
dynapg.workers = 2
dynapg.metrics_by_table = on
dynapg.metrics_history = on
dynapg.metrics_entries = 100
dynapg.keeper_interval = 1
dynapg.lock_timeout = 50s
max_worker_processes = 20
restart_after_crash = on
CONF

sub sql { return $node->safe_psql('postgres', @_); }

sub metrics { return exchange($port, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")->{body}; }

# The value of a series.
sub value
{
	my ($series) = @_;
	my ($value) = metrics() =~ /^\Q$series\E (\S+)$/m;

	return $value // '-';
}

# sum and number of samples of all that is in the history of a metric; with further conditions
sub history
{
	my ($metric, $where) = @_;
	return sql("SELECT sum(sum)::numeric, sum(sample_count) FROM dynapg.metrics WHERE metric = '$metric' AND " . ($where // 'true'));
}

sql('CREATE ROLE app LOGIN; CREATE ROLE other LOGIN; GRANT CREATE, USAGE ON SCHEMA dynamo TO app; GRANT USAGE ON SCHEMA dynamo TO other;'
	  . ' CREATE ROLE watcher LOGIN; GRANT pg_monitor TO watcher');
my @app = create_key($node, 'app');

# ---------------------------------------------------------------- what is counted

like(answer_of(create_table($port, 'Counted', key => \@app)), qr/^200/, 'a table');
put_item($port, 'Counted', "item$_", key => \@app) foreach 1 .. 5;
get_item($port, 'Counted', 'item1', key => \@app) foreach 1 .. 3;
is(value('dynapg_table_consumed_write_capacity_units_total{table_name="Counted"}'), 5, 'units written');
is(value('dynapg_table_consumed_read_capacity_units_total{table_name="Counted"}'), 3, 'units read');
is(value('dynapg_table_successful_request_latency_seconds_count{table_name="Counted",operation="GetItem"}'), 3, 'requests that ended well');
sql(q(SELECT dynamo_get_item('{"TableName": "Counted", "Key": {"pk": {"S": "item1"}}, "ConsistentRead": true}') FROM generate_series(1, 10)));
is(value('dynapg_table_consumed_read_capacity_units_total{table_name="Counted"}'), 13, 'SQL calls are counted with them');
call($port, 'Scan', { TableName => 'Counted', Limit => 4 }, key => \@app);
is(value('dynapg_table_returned_item_count_sum{table_name="Counted",operation="Scan"}'), 4, 'items returned');

my $errors = value('dynapg_user_errors_total');
$errors = 0 if $errors eq '-';
call($port, 'PutItem', { TableName => 'Counted', Item => { pk => { N => '1' } } }, key => \@app);
get_item($port, 'Counted', 'item1', key => [ $app[0], 'wrong' ]);
is(value('dynapg_user_errors_total'), $errors + 2, 'mistakes of callers are the account\'s');
call($port, 'PutItem', { TableName => 'Counted', Item => { pk => { S => 'item1' } }, ConditionExpression => 'attribute_not_exists(pk)' }, key => \@app);
is(value('dynapg_table_conditional_check_failed_requests_total{table_name="Counted"}'), 1, 'a condition that fails');
is(value('dynapg_user_errors_total'), $errors + 2, 'which is no mistake');

my $session = $node->background_psql('postgres');
$session->query_safe(q(BEGIN; UPDATE dynamo."Counted" SET item = item));
my $waiting = in_background(sub { put_item($port, 'Counted', 'item1', key => \@app, attributes => { v => { S => 'new' } }) });
ok(eventually(60, sub { metrics() =~ /^dynapg_requests_waiting_for_locks [1-9]/m }), 'a request is set aside');
$session->query_safe('COMMIT');
is(wait_for($waiting), '200 {}', 'and has its lock');
is(value('dynapg_table_successful_request_latency_seconds_count{table_name="Counted",operation="PutItem"}'), 6, 'it is counted once');
is(value('dynapg_table_transaction_conflict_total{table_name="Counted"}'), '-', 'and was no conflict');
# (a worker that does not know yet waits for longer, with the same end)
sql(q(ALTER SYSTEM SET dynapg.lock_timeout = '300ms'));
sql('SELECT pg_reload_conf()');
$session->query_safe(q(BEGIN; UPDATE dynamo."Counted" SET item = item));
like(answer_of(put_item($port, 'Counted', 'item1', key => \@app, attributes => { v => { S => 'newer' } })), qr/TransactionConflictException/, 'one that waits in vain');
is(value('dynapg_table_transaction_conflict_total{table_name="Counted"}'), 1, 'is a conflict');
$session->query_safe('COMMIT');
$session->quit;

# ---------------------------------------------------------------- /metrics

sql('ALTER SYSTEM SET dynapg.metrics_by_table = off');
sql('SELECT pg_reload_conf()');
ok(eventually(60, sub { metrics() !~ /Counted/ }), 'where it is not to tell of tables, it does not');
like(metrics(), qr/^dynapg_requests_total\{operation="GetItem"\} 4$/m, 'but of the rest');
sql('ALTER SYSTEM SET dynapg.metrics_by_table = on');
sql('SELECT pg_reload_conf()');
ok(eventually(60, sub { metrics() =~ /Counted/ }), 'and where it is, it does');

# ---------------------------------------------------------------- more tables than there is room for

sql(q(SET dynapg.control_plane_delay = 0; SELECT count(dynamo_create_table(jsonb_build_object('TableName', 'Many' || n, 'BillingMode', 'PAY_PER_REQUEST',
	'KeySchema', '[{"AttributeName": "pk", "KeyType": "HASH"}]'::jsonb, 'AttributeDefinitions', '[{"AttributeName": "pk", "AttributeType": "S"}]'::jsonb)))
	FROM generate_series(1, 60) n));
# whether all that was counted of the first so many is in entries still, or in the history
sub left_is_written
{
	my ($tables) = @_;
	my $page = metrics();
	my %known = map { $_ => 1 } split /\n/, sql(q(SELECT DISTINCT metric || ' ' || table_name FROM dynapg.metrics WHERE table_name ~ '^Many'));

	foreach my $table (map { "Many$_" } 1 .. $tables)
	{
		return 0 unless $known{"ConsumedWriteCapacityUnits $table"} || $page =~ /^dynapg_table_consumed_write_capacity_units_total\{table_name="$table"\}/m;
		return 0 unless $known{"SuccessfulRequestLatency $table"} || $page =~ /^dynapg_table_successful_request_latency_seconds_count\{table_name="$table",/m;
	}
	return 1;
}
sub later { return select(undef, undef, undef, 1.2); }
foreach my $part (1 .. 6)
{
	my ($from, $to) = ($part * 10 - 9, $part * 10);
	sql(qq(SELECT dynamo_put_item(jsonb_build_object('TableName', 'Many' || n, 'Item', '{"pk": {"S": "one"}}'::jsonb)) FROM generate_series($from, $to) n));
	next if $part <= 3;
	# the keeper writes what is left, and a second later there is room
	ok(eventually(60, sub { left_is_written($to) }), "what is left of $to tables is written");
	later();
}
sql('SELECT dynapg.record_metrics()');
ok(eventually(60, sub { history('ConsumedWriteCapacityUnits', q(table_name ~ '^Many')) eq '60|60' }), 'entries that make room for others lose nothing')
  or diag(history('ConsumedWriteCapacityUnits', q(table_name ~ '^Many')));

# ---------------------------------------------------------------- the history

is(history('ConsumedReadCapacityUnits', q(table_name = 'Counted')), '13.5|14', 'units read');
is(history('SuccessfulRequestLatency', q(table_name = 'Counted' AND operation = 'PutItem')) =~ s/^[\d.]+\|//r, '6', 'latencies');
is(sql(q(SELECT bool_and(minimum <= average AND average <= maximum AND sample_count = (SELECT sum(n) FROM unnest(distribution) n))
	FROM dynapg.metrics WHERE metric = 'SuccessfulRequestLatency')), 't', 'which lie between their extremes, and are all in a class');
is(history('UserErrors'), ($errors + 3) . '|' . ($errors + 3), 'errors, and the conflict');
is(sql('SELECT count(*) FROM dynapg.metrics', extra_params => [ '-U', 'other' ]), '0', 'who may read no table sees none of its metrics');
is(sql('SELECT string_agg(DISTINCT table_name, NULL) FROM dynapg.metrics', extra_params => [ '-U', 'app' ]), 'Counted', 'who may sees them');
cmp_ok(sql('SELECT count(DISTINCT table_name) FROM dynapg.metrics', extra_params => [ '-U', 'watcher' ]), '>=', 62, 'pg_monitor sees all, the account\'s too');
isnt($node->psql('postgres', 'SELECT dynapg.record_metrics()', extra_params => [ '-U', 'watcher' ]), 0, 'but does not write them');

# ---------------------------------------------------------------- written once, and not forgotten

# how many writes of the table are in the history
sub writes { return history('ConsumedWriteCapacityUnits', "table_name = '$_[0]'") =~ s/.*\|//r || 0; }
sub put { my ($table) = @_; return sql(qq(SELECT dynamo_put_item('{"TableName": "$table", "Item": {"pk": {"S": "one"}}}'))); }
# the clock of metrics goes ahead, for the keeper as for all
my $ahead = 0;
sub turn_clock { $ahead += $_[0]; sql("ALTER SYSTEM SET dynapg.meter_clock_offset = $ahead"); return sql('SELECT pg_reload_conf()'); }

sql('SELECT dynapg.record_metrics()');
my $times = writes('Many60');
like(($node->psql('postgres', 'BEGIN; SELECT dynapg.record_metrics(); SAVEPOINT s; RELEASE s; SELECT dynapg.record_metrics()'))[2],
	qr/this transaction has recorded metrics already/, 'a transaction records metrics once');
# (a full hour is a fifth minute)
is(sql(q(SELECT date_trunc('hour', now()) AS hour \gset
SELECT dynapg.record_metrics(:'hour') \gset
SELECT dynapg.record_metrics(:'hour') \gset
SELECT sample_count FROM dynapg.metrics WHERE metric = 'AccountMaxReads' AND at = :'hour')), '1', 'what is set is a sample of its minute, once');
$session = $node->background_psql('postgres');
# (before the keeper can)
like($session->query_safe(q(SELECT dynamo_put_item('{"TableName": "Many60", "Item": {"pk": {"S": "one"}}}'); BEGIN; SELECT dynapg.record_metrics())), qr/^[1-9]\d*$/m,
	'a transaction writes the minute');
my $second = $node->background_psql('postgres');
$second->query_until(qr/begun/, "\\echo begun\nSELECT dynapg.record_metrics();\n");
ok(eventually(60, sub { sql(q(SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND NOT granted AND classid = 'dynapg.metric_points'::regclass)) == 1 }), 'another one waits');
$session->query_safe('COMMIT');
$second->query_safe('SELECT 1');
is(writes('Many60'), $times + 1, 'and does not write the same again');
# (once more where a minute has ended between, and the keeper has written it)
my $rolled_back;
foreach (1 .. 10)
{
	$times = writes('Many60');
	put('Many60');
	$session->query_safe('BEGIN; SELECT dynapg.record_metrics(); ROLLBACK');
	$session->query_safe('BEGIN; SAVEPOINT s; SELECT dynapg.record_metrics(); ROLLBACK TO s; COMMIT');
	$rolled_back = writes('Many60') - $times;
	last if $rolled_back == 0;
}
is($rolled_back, 0, 'what is rolled back is not written');
sql('SELECT dynapg.record_metrics()');
is(writes('Many60'), $times + 1, 'but the next time');

# one entry that is left, and its successor, in one go: the keeper does not wait for who has the lock, and who does has it next
sub put_many { my ($from, $to) = @_; return sql(qq(SELECT dynamo_put_item(jsonb_build_object('TableName', 'Many' || n, 'Item', '{"pk": {"S": "one"}}'::jsonb)) FROM generate_series($from, $to) n)); }
sql('SELECT dynapg.record_metrics()');
$times = writes('Many60');
put('Many60');
later();
# those that were used last are used again, so that it is older; then others come
put_many(31, 59);
$session->query_safe('BEGIN; SELECT dynapg.record_metrics()');
my $counted = sub { value('dynapg_table_consumed_write_capacity_units_total{table_name="Many60"}') };
foreach my $n (1 .. 30)
{
	put_many($n, $n);
	last if $counted->() eq '-';
}
later();
put('Many60');
is($counted->(), 1, 'an entry was left, and has a successor');
$second->query_until(qr/begun/, "\\echo begun\nSELECT dynapg.record_metrics();\n");
ok(eventually(60, sub { sql(q(SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND NOT granted AND classid = 'dynapg.metric_points'::regclass)) == 1 }), 'one waits for the lock');
$session->query_safe('ROLLBACK');
$session->quit;
$second->query_safe('SELECT 1');
$second->quit;
is(writes('Many60'), $times + 2, 'both are written together');
is(sql(q(SELECT count(*) FROM dynapg.metrics WHERE metric = 'SuccessfulRequestLatency' AND sample_count <> (SELECT sum(n) FROM unnest(distribution) n))), '0', 'with the latencies of both');

# a table that is asked every quarter of an hour, while others are asked all the time
put('Many60');
sql('SELECT dynapg.record_metrics()');
put('Many60');
sql('SET dynapg.meter_clock_offset = 900; SELECT dynapg.record_metrics()');
is(writes('Many60'), $times + 4, 'who asks for it to be written gets all that was counted');
foreach my $visit (1 .. 2)
{
	turn_clock(540);
	my $before = writes('Many1');
	put('Many1');
	turn_clock(60);
	ok(eventually(60, sub { writes('Many1') > $before }), 'a minute ends');
}
put('Many60');
sql(q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'dynapg keeper'));
ok(eventually(60, sub { writes('Many60') == $times + 5 }), 'what was counted before a keeper came is written in its first round');

# ---------------------------------------------------------------- where nobody is connected

# by SQL, in a database without an endpoint: the keeper that a session starts, and those that the launcher sends
sub quietly { return $node->safe_psql('quiet', join(";\n", @_)); }
sql('CREATE DATABASE quiet');
quietly('CREATE EXTENSION dynapg', 'SET dynapg.control_plane_delay = 0',
	q(SELECT dynamo_create_table('{"TableName": "Quiet", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}')),
	q(CREATE TABLE told (alarm text, state text)),
	q(CREATE FUNCTION tell(event jsonb) RETURNS void LANGUAGE sql AS 'INSERT INTO public.told VALUES ($1 #>> ''{detail,alarmName}'', $1 #>> ''{detail,state,value}'')'),
	q(SELECT dynapg.put_alarm('{"AlarmName": "written", "Namespace": "AWS/DynamoDB", "MetricName": "ConsumedWriteCapacityUnits", "Dimensions": [{"Name": "TableName", "Value": "Quiet"}], "Statistic": "Sum", "Period": 60,
		"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}', '{"Function": "public.tell"}')),
	q(SELECT dynamo_put_item('{"TableName": "Quiet", "Item": {"pk": {"S": "one"}}}')));
turn_clock(60);
# (who looks stays away for a while between, since all must be alone)
my $alone = q(SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = 'quiet' AND backend_type <> 'dynapg keeper');
ok(eventually(120, sub { eventually(5, sub { sql($alone) eq 't' }); select(undef, undef, undef, 1); quietly(q(SELECT string_agg(DISTINCT alarm || ' ' || state, ', ') FROM told)) =~ /written ALARM/ }),
	'a function is told of an alarm, with nobody connected')
  or diag(quietly('SELECT name, state, reason FROM dynapg.alarms; SELECT metric, minute, sum FROM dynapg.metrics'));
is(quietly(q(SELECT sum(sum) FROM dynapg.metrics WHERE metric = 'ConsumedWriteCapacityUnits')), '1', 'what it was about is in the history once');
sql('DROP DATABASE quiet WITH (FORCE)');

# ---------------------------------------------------------------- the last minute

# (the keeper does not come between: this has the right to write)
my $holder = DynapgSession->new($node);
$holder->ask('BEGIN; SELECT dynapg.record_metrics()');
my $many = history('ConsumedWriteCapacityUnits', q(table_name ~ '^Many'));
my $written = history('ConsumedWriteCapacityUnits', q(table_name = 'Counted')) =~ s/\|.*//r;
put_item($port, 'Counted', 'item1', key => \@app);
$node->stop('immediate');
$holder->end;
$node->start;
ok(wait_for_endpoint($port), 'after a crash');
is(history('ConsumedWriteCapacityUnits', q(table_name ~ '^Many')), $many, 'what was written is there');
put_item($port, 'Counted', 'item1', key => \@app);
turn_clock(60);
ok(eventually(60, sub { history('ConsumedWriteCapacityUnits', q(table_name = 'Counted')) eq join '|', $written + 1, $written + 1 }), 'the keeper writes the minute, without what was lost')
  or diag(history('ConsumedWriteCapacityUnits', q(table_name = 'Counted')));
sql('ALTER SYSTEM SET dynapg.metrics_retention = 1');
sql('SELECT pg_reload_conf()');
$node->restart;
done_testing();
