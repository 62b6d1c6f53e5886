# Throttling: each limit, its exception and its reasons; batches, transactions, statements; burst, adaptive capacity, splits and on-demand
# scaling, by a clock that the test sets; and that what is not preloaded or not switched on throttles nothing.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Digest::SHA qw(sha256);
use Test::More;
use Time::HiRes qw(time);

use DynapgHttp;
use DynapgSession;

my ($node, $port) = start_node('throttling', <<'CONF');
dynapg.workers = 2
dynapg.developer_mode = on
dynapg.throttling = on
dynapg.metrics_by_table = on
dynapg.account_id = '123456789012'
CONF

my $arn = 'arn:aws:dynamodb:us-east-1:123456789012:table/';
my $session = DynapgSession->new($node);

sub sql { return $session->ask($_[0]); }

# A table of (pk, sk), with these members.
sub table
{
	my ($name, %members) = @_;
	my $response = call($port, 'CreateTable',
		{
			TableName => $name,
			AttributeDefinitions => [ map { { AttributeName => $_, AttributeType => 'S' } } 'pk', 'sk', $members{GlobalSecondaryIndexes} ? 'g' : () ],
			KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' }, { AttributeName => 'sk', KeyType => 'RANGE' } ],
			%members
		});

	is($response->{status}, 200, "table $name") or diag($response->{body});
	return;
}

sub provisioned
{
	my ($reads, $writes) = @_;
	return (ProvisionedThroughput => { ReadCapacityUnits => $reads, WriteCapacityUnits => $writes });
}

sub index_of
{
	return { IndexName => 'by_g', KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' } ], Projection => { ProjectionType => 'ALL' }, @_ };
}

my %on_demand = (BillingMode => 'PAY_PER_REQUEST');

sub key_of { return { pk => { S => $_[0] }, sk => { S => $_[1] // 's' } }; }

sub get
{
	my ($table, $pk, $sk) = @_;
	return call($port, 'GetItem', { TableName => $table, Key => key_of($pk, $sk), ConsistentRead => JSON::PP::true });
}

sub put
{
	my ($table, $pk, %attributes) = @_;
	return call($port, 'PutItem', { TableName => $table, Item => { %{ key_of($pk) }, %attributes } });
}

sub type_of { return json->decode($_[0]->{body})->{__type} // ''; }

# Calls until it is refused, however much flows in meanwhile; the answer that refuses.
sub until_refused
{
	my ($test) = @_;

	for (1 .. 1000)
	{
		my $response = $test->();
		return $response if $response->{status} != 200;
	}
	return { status => 200, body => '{}' };
}

# The clock of throttling, for the session.
my $clock = 0;

sub advance
{
	$clock += $_[0];
	sql("SET dynapg.meter_clock_offset = $clock");
	return;
}

# How many of n strongly consistent reads of one unit each, or writes of so many units, are not refused, and the last refusal.
sql(<<'SQL');
CREATE FUNCTION take(operation text, request jsonb, n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	taken int := 0;
	refusal text := '';
	detail text;
BEGIN
	FOR i IN 1 .. n LOOP
		BEGIN
			EXECUTE format('SELECT dynamo_%s($1)', operation) USING request;
			taken := taken + 1;
		EXCEPTION
			WHEN SQLSTATE 'YD010' THEN
				taken := taken + 1;
			WHEN SQLSTATE 'YD019' OR SQLSTATE 'YD020' OR SQLSTATE 'YD021' THEN
				GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
				refusal := ' ' || SQLSTATE || ' ' || regexp_replace(detail, '.*"reason":"([A-Za-z]*)".*', '\1');
		END;
	END LOOP;
	RETURN taken || refusal;
END $$;
SQL

sub reads
{
	my ($table, $pk, $n) = @_;
	return sql(qq{SELECT take('get_item', '{"TableName": "$table", "Key": {"pk": {"S": "$pk"}, "sk": {"S": "s"}}, "ConsistentRead": true}', $n)});
}

# Writes of an item of 100 units that is there, which a condition refuses: they consume and write nothing.
sub writes
{
	my ($table, $pk, $n) = @_;
	return sql(qq{SELECT take('put_item', '{"TableName": "$table", "Item": {"pk": {"S": "$pk"}, "sk": {"S": "s"}},
		"ConditionExpression": "attribute_not_exists(pk)"}', $n)});
}

sub big_item
{
	my ($table, $pk, $bytes) = @_;
	$bytes //= 102000;
	sql(qq{SELECT dynamo_put_item(jsonb_build_object('TableName', '$table', 'Item', jsonb_build_object('pk', '{"S": "$pk"}'::jsonb,
		'sk', '{"S": "s"}'::jsonb, 'a', jsonb_build_object('S', repeat('x', $bytes)))))});
	return;
}

# That what take() says is as many as there were, no more than have flowed in besides since then at a rate, and the refusal.
sub takes
{
	my ($said, $there, $since, $rate, $refusal, $what) = @_;
	my ($taken, $why) = $said =~ /^(\d+) (.*)$/;
	my $most = $there + 5 + $rate * (time() - $since);

	return ok(defined $taken && $taken >= $there && $taken <= $most && $why =~ $refusal, $what) || diag("$said, of $there to $most");
}

# ---------------------------------------------------------------- provisioned capacity

my $table_text = 'The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level '
  . 'with the UpdateTable API.';
my $index_text = 'The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. '
  . 'Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API';

sub refusal
{
	my ($exception, $message, $member, @reasons) = @_;
	my $reasons = join ',', map { qq({"reason":"$_->[0]","resource":"$_->[1]"}) } @reasons;
	return qq(400 {"__type":"com.amazonaws.dynamodb.v20120810#$exception","message":"$message","$member":[$reasons]});
}

table('small', provisioned(2, 2));
my $read_refusal = refusal('ProvisionedThroughputExceededException', $table_text, 'ThrottlingReasons',
	[ 'TableReadProvisionedThroughputExceeded', "${arn}small" ]);
is(answer_of(until_refused(sub { get('small', 'a') })), $read_refusal, 'a read that is throttled');
is(answer_of(until_refused(sub { put('small', 'a') })),
	refusal('ProvisionedThroughputExceededException', $table_text, 'ThrottlingReasons',
		[ 'TableWriteProvisionedThroughputExceeded', "${arn}small" ]), 'a write that is throttled');
like(sql(q{SELECT dynamo_get_item('{"TableName": "small", "Key": {"pk": {"S": "a"}, "sk": {"S": "s"}}}') FROM generate_series(1, 2000)}),
	qr/^ERROR:  \Q$table_text\E\nDETAIL:  \{"ThrottlingReasons":\[\{"reason":"TableReadProvisionedThroughputExceeded"/m, 'by SQL');

my $scan = until_refused(sub { call($port, 'Scan', { TableName => 'small' }) });
is(answer_of($scan), $read_refusal, 'a Scan is refused before it begins');
is(answer_of(until_refused(sub { call($port, 'ExecuteStatement', { Statement => 'SELECT * FROM small' }) })), $read_refusal,
	'ExecuteStatement');

# a burst: what was not used for five minutes, and not more
table('burst', provisioned(2, 2));
advance(10000);
my $since = time();
takes(reads('burst', 'a', 800), 600, $since, 2, qr/^YD019 /, 'five minutes of capacity are kept, and not more');
$since = time();
takes(reads('burst', 'a', 200), 0, $since, 2, qr/^YD019 TableReadProvisionedThroughputExceeded$/, 'then it is used up');
advance(100);
takes(reads('burst', 'a', 400), 199, $since, 2, qr/^YD019 /, 'later there is what has flowed in since');

# more capacity does not give more tokens at once
table('grown', provisioned(2, 2));
$since = time();
is(reads('grown', 'a', 1), '1', 'a table that was not used for five minutes');
call($port, 'UpdateTable', { TableName => 'grown', provisioned(20, 2) });
takes(reads('grown', 'a', 3000), 598, $since, 20, qr/^YD019 /, '... has as much as before when its capacity grows');

# a request that consumes much leaves a debt
table('debt', provisioned(1, 100));
big_item('debt', 'big', 409000);
reads('debt', 'a', 400);
advance(2);
is(sql(q{SELECT dynamo_get_item('{"TableName": "debt", "Key": {"pk": {"S": "big"}, "sk": {"S": "s"}}, "ConsistentRead": true,
	"ReturnConsumedCapacity": "TOTAL"}') -> 'ConsumedCapacity' ->> 'CapacityUnits'}), '100.0', 'a read of 100 units');
is(reads('debt', 'a', 1), '0 YD019 TableReadProvisionedThroughputExceeded', '... leaves a debt');
advance(100);
is(reads('debt', 'a', 1), '1', '... until it is paid');

# ---------------------------------------------------------------- indexes

table('indexed', provisioned(100, 1000), GlobalSecondaryIndexes => [ index_of(provisioned(1, 1)) ]);
is(answer_of(until_refused(sub { put('indexed', 'a', g => { S => 'g' }, n => { N => '' . int(rand(1e9)) }) })),
	refusal('ProvisionedThroughputExceededException', $index_text, 'ThrottlingReasons',
		[ 'IndexWriteProvisionedThroughputExceeded', "${arn}indexed/index/by_g" ]), 'a write is throttled when its index is');
# whose debt is one of minutes
ok(eventually(60, sub { put('indexed', 'large', g => { S => 'g' }, x => { S => 'x' x 300000 })->{status} == 200 }), 'a write of 293 units, when it is no longer');
like(put('indexed', 'b')->{body}, qr/"reason":"IndexWriteProvisionedThroughputExceeded"/, '... throttles also one that has no entry in it');
is(get('indexed', 'a')->{status}, 200, '... and reads are not');
is(answer_of(until_refused(sub {
			call($port, 'Query', { TableName => 'indexed', IndexName => 'by_g', KeyConditionExpression => 'g = :g',
				ExpressionAttributeValues => { ':g' => { S => 'g' } } }) })),
	refusal('ProvisionedThroughputExceededException', $index_text, 'ThrottlingReasons',
		[ 'IndexReadProvisionedThroughputExceeded', "${arn}indexed/index/by_g" ]), 'a Query of an index that is throttled');

# ---------------------------------------------------------------- batches, transactions, statements

# a debt of minutes
table('large', provisioned(1000, 1000));
table('deep', provisioned(1, 1));
is(put('deep', 'big', x => { S => 'x' x 400000 })->{status}, 200, 'a write of 391 units');
is(call($port, 'TransactGetItems', { TransactItems => [ { Get => { TableName => 'deep', Key => key_of('big') } } ] })->{status}, 200, 'a read of 196 units');
my $batch = call($port, 'BatchWriteItem', { RequestItems => {
	large => [ { PutRequest => { Item => key_of('a') } } ],
	deep => [ { PutRequest => { Item => key_of('a') } }, { DeleteRequest => { Key => key_of('b') } } ] } });
is($batch->{status}, 200, 'BatchWriteItem');
my $unprocessed = json->decode($batch->{body})->{UnprocessedItems};
is(join(' ', sort keys %$unprocessed), 'deep', '... hands back what is throttled');
is(json->encode([ sort { (keys %$b)[0] cmp (keys %$a)[0] } @{ $unprocessed->{deep} } ]),
	json->encode([ { PutRequest => { Item => key_of('a') } }, { DeleteRequest => { Key => key_of('b') } } ]), '... ready to be sent again');
is(get('large', 'a')->{body}, json->encode({ Item => key_of('a') }), '... and does the rest');
is(type_of(until_refused(sub { call($port, 'BatchWriteItem', { RequestItems => { deep => [ { PutRequest => { Item => key_of('a') } } ] } }) })),
	'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException', 'BatchWriteItem of throttled items only');

$batch = json->decode(call($port, 'BatchGetItem', { RequestItems => {
	large => { Keys => [ key_of('a') ] },
	deep => { Keys => [ key_of('a'), key_of('b') ], ConsistentRead => JSON::PP::true } } })->{body});
is(scalar @{ $batch->{Responses}{large} }, 1, 'BatchGetItem');
is(json->encode($batch->{UnprocessedKeys}), json->encode({ deep => { Keys => [ key_of('a'), key_of('b') ], ConsistentRead => JSON::PP::true } }),
	'... hands back what is throttled');
is(answer_of(until_refused(sub { call($port, 'BatchGetItem', { RequestItems => { deep => { Keys => [ key_of('a') ] } } }) })), $read_refusal =~ s/small/deep/r,
	'BatchGetItem of throttled keys only');

my $cancelled = until_refused(sub {
	call($port, 'TransactWriteItems', { TransactItems => [
			{ Put => { TableName => 'large', Item => key_of('t') } }, { Put => { TableName => 'deep', Item => key_of('t') } } ] }) });
is(answer_of($cancelled),
	'400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException",'
	  . '"Message":"Transaction cancelled, please refer cancellation reasons for specific reasons [None, ProvisionedThroughputExceeded]",'
	  . qq("CancellationReasons":[{"Code":"None"},{"Code":"ProvisionedThroughputExceeded","Message":"$table_text"}]}), 'TransactWriteItems');
is(type_of(until_refused(sub {
			call($port, 'TransactGetItems', { TransactItems => [ { Get => { TableName => 'deep', Key => key_of('t') } } ] }) })),
	'com.amazonaws.dynamodb.v20120810#TransactionCanceledException', 'TransactGetItems');

my $statements = json->decode(call($port, 'BatchExecuteStatement', { Statements => [
	{ Statement => q{INSERT INTO deep VALUE {'pk': 'i', 'sk': 's'}} }, { Statement => q{UPDATE large SET n = 1 WHERE pk = 'a' AND sk = 's'} } ] })->{body});
is(json->encode($statements->{Responses}[0]),
	json->encode({ Error => { Code => 'ProvisionedThroughputExceeded', Message => $table_text }, TableName => 'deep' }), 'BatchExecuteStatement');
is(json->encode($statements->{Responses}[1]), '{"TableName":"large"}', '... statement by statement');

# ---------------------------------------------------------------- functions that return rows

# The value of a metric of a table, or of an operation on it.
sub metric
{
	my ($name, $table, $operation) = @_;

	foreach (split /\n/, exchange($port, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")->{body})
	{
		my ($value) = /^dynapg_table_$name\{table_name="$table"(?:,\w+="[^"]*")*\} (\S+)$/ or next;
		return $value if !defined $operation || /operation="$operation"/;
	}
	return '-';
}

# The past of a table is to be read: when point-in-time recovery has a moment of it.
sub keep_past
{
	my ($name) = @_;
	sql(qq{SELECT dynamo_update_continuous_backups('{"TableName": "$name", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}')});
	return eventually(60, sub { sql(qq{SELECT count(*) >= 0 FROM dynapg.items_at('$name', clock_timestamp())}) eq 't' });
}

# Each of them on a table that nothing else consumes of, until the burst is used up.
my %operations = (dynamo_partiql => 'ExecuteStatement', query => 'Query', scan => 'Scan', items => 'Query', items_at => 'Scan', history => 'Query');
foreach my $case (
	[ Read => q{dynamo_partiql('SELECT * FROM rows0 WHERE pk = ''a''')} ],
	[ Read => q{dynapg.query('{"TableName": "rows1", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}')} ],
	[ Read => q{dynapg.scan('{"TableName": "rows2"}')} ],
	[ Write => q{dynamo_partiql(format('INSERT INTO rows3 VALUE {''pk'': ''a'', ''sk'': ''%s''}', i))} ],
	[ Write => q{dynamo_partiql('DELETE FROM rows4 WHERE pk = ''a'' AND sk = ''none''')} ],
	[ Read => q{dynapg.items('rows6', 'a')} ],
	[ Read => q{dynapg.items_at('rows7', clock_timestamp())} ],
	[ Read => q{dynapg.history('rows8', '{"pk": "a", "sk": "s"}')} ])
{
	my ($access, $call) = @$case;
	my ($name) = $call =~ /(rows\d)/;

	table($name, provisioned(1, 1));
	ok(keep_past($name), 'a table with a past') if $call =~ /items_at|history/;
	like(sql("DO \$\$ BEGIN FOR i IN 1 .. 1000 LOOP PERFORM * FROM $call; END LOOP; END \$\$"),
		qr/^ERROR:  \Q$table_text\E\nDETAIL:  \{"ThrottlingReasons":\[\{"reason":"Table${access}ProvisionedThroughputExceeded"/,
		"$call is throttled");
	my $operation = $operations{ $call =~ /^(?:dynapg\.)?(\w+)/ ? $1 : '' };
	is(metric('throttled_requests_total', $name, $operation), 1, '... which is counted');
	cmp_ok(metric('consumed_' . lc($access) . '_capacity_units_total', $name) =~ s/-/0/r, '>=', 0.5, '... as is what it consumes');
	cmp_ok(metric('successful_request_latency_seconds_count', $name, $operation) =~ s/-/0/r, '>=', 1, '... and how long it takes');
}
table('rows5', %on_demand, StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => 'KEYS_ONLY' });
put('rows5', $_) foreach 'a' .. 'c';
is(sql(q{SELECT count(*) FROM dynapg.stream_records('rows5')}), 3, 'dynapg.stream_records()');
is(metric('returned_records_count_sum', 'rows5', 'GetRecords'), 3, '... is counted as GetRecords');
cmp_ok(metric('returned_bytes_sum', 'rows5', 'GetRecords') =~ s/-/0/r, '>', 0, '... with the bytes that it returns');
is(sql(q{SELECT count(*) FROM dynapg.query('{"TableName": "rows5", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "a"}}}')}), 1,
	'dynapg.query()');
is(metric('returned_item_count_sum', 'rows5', 'Query'), 1, '... is counted with the items that it returns');

# dynapg.items() reads pages, which take as much as a Query of all; what is not asked for is not read
table('rows9', %on_demand);
sql(q{SELECT count(dynapg.put('rows9', jsonb_build_object('pk', 'many', 'sk', to_char(i, 'FM000'), 'a', repeat('x', 200)))) FROM generate_series(1, 400) i});
sub taken
{
	my ($call) = @_;
	my $before = metric('consumed_read_capacity_units_total', 'rows9') =~ s/-/0/r;
	sql($call);
	return metric('consumed_read_capacity_units_total', 'rows9') - $before;
}
my $units = 0 + sql(q{SELECT dynamo_query('{"TableName": "rows9", "KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "many"}}, "ConsistentRead": true,
	"ReturnConsumedCapacity": "TOTAL"}') #>> '{ConsumedCapacity,CapacityUnits}'});
cmp_ok($units, '>', 20, 'a Query of all');
my $returned = metric('returned_item_count_sum', 'rows9', 'Query');
is(taken(q{SELECT count(*) FROM dynapg.items('rows9', 'many')}), $units, 'dynapg.items() takes as much');
is(metric('returned_item_count_sum', 'rows9', 'Query') - $returned, 400, '... and counts all items');
is(taken(q{SELECT dynapg.items('rows9', 'many') LIMIT 1}), 1, '... a page for the first of them');
is(taken(q{SELECT dynapg.items('rows9', 'nobody')}), 1, '... and a unit for none');
ok(keep_past('rows9'), 'the past');
is(taken(q{SELECT count(*) FROM dynapg.items_at('rows9', clock_timestamp())}), $units, 'dynapg.items_at() takes what the items did');
is(taken(q{SELECT count(*) FROM dynapg.history('rows9', '{"pk": "many", "sk": "001"}')}), 1, 'dynapg.history() what the versions did');

# a transaction that was done, asked for again: it reads
my %again = (TransactItems => [ { Put => { TableName => 'rows5', Item => key_of('t') } } ], ClientRequestToken => 'again', ReturnConsumedCapacity => 'TOTAL');
my $units_read = metric('consumed_read_capacity_units_total', 'rows5') =~ s/-/0/r;
like(answer_of(call($port, 'TransactWriteItems', \%again)), qr/"WriteCapacityUnits":2\.0/, 'a transaction with a token');
like(answer_of(call($port, 'TransactWriteItems', \%again)), qr/"ReadCapacityUnits":2\.0/, '... again');
is(metric('consumed_read_capacity_units_total', 'rows5'), $units_read + 2, '... consumes what it reads');
is(metric('successful_request_latency_seconds_count', 'rows5', 'TransactWriteItems'), 2, '... and counts as another request of its table');
is(metric('successful_request_latency_seconds_count', '', 'TransactWriteItems'), '-', '... not of one without a name');

# ---------------------------------------------------------------- on demand

my $scaling_text = 'Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please '
  . 'try again shortly. If exceptions persist, check if you have a hot key: '
  . 'https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html';

table('ceiling', %on_demand, OnDemandThroughput => { MaxReadRequestUnits => 3, MaxWriteRequestUnits => 5 });
is(answer_of(until_refused(sub { get('ceiling', 'a') })),
	refusal('ThrottlingException', 'Throughput exceeds the maximum OnDemandThroughput configured on table or index', 'throttlingReasons',
		[ 'TableReadMaxOnDemandThroughputExceeded', "${arn}ceiling" ]), 'OnDemandThroughput');
$cancelled = until_refused(sub {
	call($port, 'TransactWriteItems', { TransactItems => [ { Put => { TableName => 'ceiling', Item => key_of('t') } } ] }) });
like($cancelled->{body}, qr/specific reasons \[ThrottlingError\]/, 'a transaction on demand');

# a new table gives 4,000 writes a second to keys that are spread, and 1,000 to one of them
table('demand', %on_demand);
# one key of each eighth of the hashes (docs/format.md)
my %spread = map { ord(substr(sha256("\x01S$_"), 0, 1)) >> 5 => $_ } 'a' .. 'zz';
my @spread = @spread{ 0, 2, 4, 6, 1, 3, 5, 7 };
is(scalar(grep { defined } @spread), 8, 'keys of eight partitions');
big_item('demand', $_) foreach @spread;
advance(10);
$since = time();
takes(writes('demand', $spread[0], 1000), 10, $since, 10, qr/^YD021 TableWriteKeyRangeThroughputExceeded$/, 'a hot key');
# some more flows in meanwhile; all that one statement writes is undone by its refusal
like(sql(qq{SELECT count(dynamo_put_item('{"TableName": "demand", "Item": {"pk": {"S": "$spread[0]"}, "sk": {"S": "s"}}}')) FROM generate_series(1, 20000)}),
	qr/^ERROR:  \Q$scaling_text\E\nDETAIL:  \{"throttlingReasons":/m, '... its exception');

# A rate, in units a second, is one between a least and a most: a second's units were there, and how many have flowed in besides nobody knows, for a second's
# is all that is kept while the machine does something else.
sub rate_of
{
	my ($units, $seconds, $begin) = @_;
	return { least => $units / ($seconds + time() - $begin), most => $units / $seconds };
}

sub rate_is
{
	my ($rate, $from, $to, $what) = @_;
	return ok($rate->{most} >= $from && $rate->{least} <= $to, sprintf '%s: %d to %d', $what, $rate->{least}, $rate->{most});
}

# All keys at once, so many times, when a second has gone by.  take: tries to write once, returns how many units that took.
sub rate_by
{
	my ($seconds, $take) = @_;
	my ($units, $begin) = (0, time());

	foreach (1 .. $seconds)
	{
		advance(1);
		$units += $take->();
	}
	return rate_of($units, $seconds, $begin);
}

# n: writes of 100 units of each key a second.
sub rate
{
	my ($table, $seconds, $n, @keys) = @_;
	return rate_by($seconds, sub {
		my $taken = 0;
		foreach my $key (@keys) { $taken += (writes($table, $key, $n) =~ /^(\d+)/)[0]; }
		return $taken * 100;
	});
}

# The endpoint's clock becomes the session's.  A worker that has not heard of it finds the probe in debt.
table('probe', provisioned(1, 1));

sub turn_endpoint
{
	until_refused(sub { get('probe', 'a') });
	$node->safe_psql('postgres', "ALTER SYSTEM SET dynapg.meter_clock_offset = $clock");
	$node->reload;
	ok(eventually(60, sub { (grep { get('probe', 'a')->{status} != 200 } 1 .. 20) == 0 }), 'the endpoint has the clock');
	return;
}

# How many writes of 400 units, of all keys in turn, the endpoint takes before it refuses one, as a rate: a second's are there, and what flows in meanwhile.
sub http_rate
{
	my ($table, @keys) = @_;
	my $connection = open_connection($port);
	my $taken = 0;
	my $begin = time();
	my $answer;

	for (;;)
	{
		$answer = answer_of(call($port, 'PutItem',
			{ TableName => $table, Item => key_of($keys[ $taken % @keys ], 'huge'), ConditionExpression => 'attribute_not_exists(pk)' }, connection => $connection));
		last if $answer !~ /ConditionalCheckFailedException/ || $taken == 1000;
		$taken++;
	}
	like($answer, qr/#ThrottlingException",.*"reason":"TableWriteKeyRangeThroughputExceeded"/, 'until one is refused');
	return rate_of($taken * 400, 1, $begin);
}

advance(10);
is(sql(qq{SELECT count(dynamo_put_item(jsonb_build_object('TableName', 'demand', 'Item', jsonb_build_object('pk', jsonb_build_object('S', pk), 'sk', '{"S": "huge"}'::jsonb,
	'a', jsonb_build_object('S', repeat('x', 409000)))))) FROM unnest('{@{[ join ',', @spread ]}}'::text[]) pk}), 8, 'items of 400 units');
my $first_rate = rate('demand', 21, 25, @spread);
rate_is($first_rate, 3500, 4500, 'a new table on demand');
# what counts later is a peak: ten seconds in which the machine had time for this
foreach (1 .. 10)
{
	last if $first_rate->{least} > 3500;
	$first_rate = rate('demand', 21, 25, @spread);
}
advance(10);
turn_endpoint();
my $first_http_rate = http_rate('demand', @spread);
rate_is($first_http_rate, 3500, 4500, '... over HTTP');
advance(1900);
turn_endpoint();
# it has what it had; from then on more flows in
is(put('demand', $spread[0], x => { S => 'x' x 100000 })->{status}, 200, 'a write half an hour later');
advance(400);
turn_endpoint();
my $second_http_rate = http_rate('demand', @spread);
rate_is($second_http_rate, 6000, 10000, 'twice as much half an hour later over HTTP');
my $second_rate = rate('demand', 21, 25, @spread);
rate_is($second_rate, 6000, 10000, '... and by SQL');

# what is warm enough meets the limit of the account: keys of 64 partitions, one item of 400 units each
table('account', %on_demand, WarmThroughput => { ReadUnitsPerSecond => 40000, WriteUnitsPerSecond => 40000 });
my %wide = map { ord(substr(sha256("\x01S$_"), 0, 1)) >> 2 => $_ } 'a' .. 'zz';
my $wide = join ',', sort values %wide;
is(scalar keys %wide, 64, 'keys of 64 partitions');
is(sql(qq{SELECT count(dynamo_put_item(jsonb_build_object('TableName', 'account', 'Item', jsonb_build_object('pk', jsonb_build_object('S', pk), 'sk', '{"S": "s"}'::jsonb,
	'a', jsonb_build_object('S', repeat('x', 409000)))))) FROM unnest('{$wide}'::text[]) pk}), 64, 'an item in each');
advance(10);
is(sql(qq{DO \$\$
	BEGIN
		FOR i IN 0 .. 63999 LOOP
			BEGIN
				PERFORM dynamo_put_item(jsonb_build_object('TableName', 'account', 'ConditionExpression', 'attribute_not_exists(pk)',
					'Item', jsonb_build_object('pk', jsonb_build_object('S', ('{$wide}'::text[])[i % 64 + 1]), 'sk', '{"S": "s"}'::jsonb)));
			EXCEPTION WHEN SQLSTATE 'YD010' THEN
				NULL;
			END;
		END LOOP;
	END \$\$}) =~ s/\nCONTEXT:.*//sr, 'ERROR:  Throughput exceeds the current throughput limit for your account. Please contact AWS Support at '
	  . 'https://aws.amazon.com/support request a limit increase' . "\n"
	  . qq(DETAIL:  {"ThrottlingReasons":[{"reason":"TableWriteAccountLimitExceeded","resource":"${arn}account"}]}), "the account's limit");

# ---------------------------------------------------------------- partitions

# two keys of a table that has enough: one partition gives 1,000 writes a second; when it was hot for two minutes, it is split
table('hot', provisioned(10, 3000), LocalSecondaryIndexes => [
	{ IndexName => 'local', KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' }, { AttributeName => 'sk', KeyType => 'RANGE' } ],
		Projection => { ProjectionType => 'KEYS_ONLY' } } ]);
big_item('hot', $_) foreach 'a' .. 'd';
advance(400);
my $one = rate('hot', 20, 12, 'a');
rate_is($one, 950, 1150, 'one key');
is(writes('hot', 'a', 500) =~ s/^\d+ //r, 'YD019 TableWriteKeyRangeThroughputExceeded', 'the exception of a partition');
my $many = rate('hot', 20, 12, 'a' .. 'd');
rate_is($many, 1.5 * $one->{least}, 'Inf', 'adaptive capacity gives other partitions what is left');
rate('hot', 200, 12, 'a');
$one = rate('hot', 20, 12, 'a');
rate_is($one, 950, 1150, 'an item collection is not split while there is a local index');

# one collection of several items
table('collection', provisioned(10, 3000));
sql(qq{SELECT dynamo_put_item(jsonb_build_object('TableName', 'collection', 'Item', jsonb_build_object('pk', '{"S": "a"}'::jsonb,
	'sk', jsonb_build_object('S', s::text), 'a', jsonb_build_object('S', repeat('x', 102000))))) FROM generate_series(1, 4) s});

sub collection_rate
{
	my ($seconds) = @_;
	return rate_by($seconds, sub {
		my $taken = 0;
		foreach my $sk (1 .. 4)
		{
			$taken += (sql(qq{SELECT take('put_item', '{"TableName": "collection", "Item": {"pk": {"S": "a"}, "sk": {"S": "$sk"}},
				"ConditionExpression": "attribute_not_exists(pk)"}', 8)}) =~ /^(\d+)/)[0];
		}
		return $taken * 100;
	});
}

advance(400);
my $before = collection_rate(20);
rate_is($before, 950, 1150, 'one item collection');
# it has to be hot for two minutes without a break
my $after;
foreach (1 .. 5)
{
	collection_rate(200);
	$after = collection_rate(20);
	last if $after->{least} >= 1.5 * $before->{most};
}
rate_is($after, 1.5 * $before->{least}, 'Inf', 'it is split between its items');

# ---------------------------------------------------------------- who may, and where

$node->safe_psql('postgres', 'CREATE ROLE tenant LOGIN');
like(($node->psql('postgres', q{SET SESSION AUTHORIZATION tenant; SELECT dynapg.account_id(); SET dynapg.throttling = off}, on_error_stop => 0))[2],
	qr/permission denied to set parameter "dynapg.throttling"/, 'a tenant cannot switch it off');
like(($node->psql('postgres', q{SET SESSION AUTHORIZATION tenant; SET dynapg.meter_clock_offset = 100000}))[2],
	qr/permission denied to set parameter "dynapg.meter_clock_offset"/, '... nor turn the clock');
is(sql('SET dynapg.throttling = on'), '', 'no warning where dynapg is preloaded');

$node->append_conf('postgresql.conf', 'dynapg.throttling = off');
$node->reload;
ok(eventually(60, sub { get('small', 'a')->{status} == 200 && get('small', 'a')->{status} == 200 && get('small', 'a')->{status} == 200
			&& get('small', 'a')->{status} == 200 && get('small', 'a')->{status} == 200 }), 'nothing is throttled when it is switched off');

# buckets are as new after a restart: neither debts nor a burst
$node->append_conf('postgresql.conf', 'dynapg.throttling = on');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET dynapg.meter_clock_offset');
$session->end;
$node->restart;
ok(wait_for_endpoint($port), 'restarted');
is(get('small', 'a')->{status}, 200, 'a restart forgets debts');
is(answer_of(until_refused(sub { get('small', 'a') })), $read_refusal, '... and not the limits');

$node->stop;
done_testing();
