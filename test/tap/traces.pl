# Traces: what callers' headers and settings say is taken up, spans get to a receiver by OTLP's rules, say how long what took, and hold up nobody.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use File::Temp ();
use Time::HiRes qw(sleep time);

use DynapgBadServer;
use DynapgCrash;
use DynapgHttp;

# ---------------------------------------------------------------- a receiver

my $folder = File::Temp->newdir();

# What it does from now on: ok, busy (once), later, refuse, reject, hang.
sub receiver_is { append_to_file("$folder/new", $_[0]); rename "$folder/new", "$folder/mode" or die; return; }

sub respond
{
	my ($socket, $request) = @_;
	my $mode = slurp_file("$folder/mode");
	my ($path, $type, $key) = ($request->{path}, $request->{headers}{'content-type'}, $request->{headers}{authorization} // '');

	note_lines("$folder/requests", "$mode $path $type $key " . ($request->{headers}{'x-tenant'} // ''));
	if ($mode eq 'busy')
	{
		unlink "$folder/mode";
		append_to_file("$folder/mode", 'ok');
		return answer($socket, '503 Busy', { 'Retry-After' => 1 }, 'busy');
	}
	return answer($socket, '503 Busy', { 'Retry-After' => 61 }, 'busy') if $mode eq 'later';
	return answer($socket, '400 No', {}, "no \x01\x02 luck\n") if $mode eq 'refuse';
	return answer($socket, '401 No', {}, "who is $key?") if $mode eq 'echo';
	if ($mode eq 'hang')
	{
		sleep 600;
		return;
	}
	note_lines("$folder/spans", $request->{body} =~ s/\n/ /gr);
	return answer($socket, '200 OK', { 'Content-Type' => 'application/json' },
		$mode eq 'reject' ? '{"partialSuccess": {"rejectedSpans": "1", "errorMessage": "too \u0007 old"}}' : '{"partialSuccess": {}}');
}

receiver_is('ok');
my ($receiver, $received) = bad_server(\&respond);	# whose folder goes with the second

# The spans of a trace, in the order of their beginnings.
sub spans
{
	my ($trace) = @_;
	my @spans;

	return () unless -e "$folder/spans";
	foreach my $line (split /\n/, slurp_file("$folder/spans"))
	{
		next if defined $trace && index($line, $trace) < 0;
		push @spans, map { @{ $_->{spans} } } map { @{ $_->{scopeSpans} } } @{ json()->decode($line)->{resourceSpans} };
	}
	@spans = sort { $a->{startTimeUnixNano} <=> $b->{startTimeUnixNano} } grep { !defined $trace || $_->{traceId} eq $trace } @spans;
	return @spans;
}

sub attributes
{
	my ($span) = @_;
	return map { my ($value) = values %{ $_->{value} }; ($_->{key} => ref $value eq 'HASH' ? [ map { $_->{stringValue} } @{ $value->{values} } ] : $value) }
	  @{ $span->{attributes} // [] };
}

# The only span of a kind: 2 for requests, 1 for their times.
sub span_of { my ($trace, $name) = @_; my @found = grep { $_->{name} eq $name } spans($trace); return @found == 1 ? $found[0] : undef; }
sub milliseconds { my ($span) = @_; return ($span->{endTimeUnixNano} - $span->{startTimeUnixNano}) / 1e6; }

my $next = 0;
sub trace_id { return sprintf '%032x', 0xabc0000 + ++$next; }
sub parent_of { my ($trace, $flags) = @_; return sprintf '00-%s-00000000000000ff-%s', $trace, $flags // '01'; }
sub headers { return headers => [@_]; }

# Whether there is a span of a trace within some seconds.
sub arrives { my ($trace, $count) = @_; return eventually(60, sub { spans($trace) >= ($count // 1) }); }

# ---------------------------------------------------------------- a server

my ($node, $port) = start_node('traces', <<"CONF");
dynapg.workers = 1
dynapg.otlp_endpoint = 'http://127.0.0.1:$receiver/base/'
dynapg.otlp_headers = 'Authorization=Bearer%20secret-4711, x-tenant=a'
dynapg.otlp_timeout = 1min
dynapg.log_min_duration = 0
dynapg.audit = data
dynapg.lock_timeout = 50s
restart_after_crash = on
CONF

sub sql { return $node->safe_psql('postgres', @_); }
sub counts { return sql('SELECT ' . join(", ", @_) . ' FROM dynapg.stat_traces'); }

sub set
{
	my ($name, $value) = @_;
	sql("ALTER SYSTEM SET $name = '$value'");
	sql('SELECT pg_reload_conf()');
	return eventually(60, sub { sql("SHOW $name") eq $value });
}

sql('CREATE ROLE app LOGIN; GRANT CREATE, USAGE ON SCHEMA dynamo TO app');
my @app = create_key($node, 'app');
like(answer_of(create_table($port, 'Music', key => \@app)), qr/^200/, 'a table');
is(counts('recorded', 'pid IS NULL'), '0|t', 'nothing is recorded, and nobody started, while no trace is sampled');

# No time and no id has as many digits.
my $secret = '4711' x 9;

sub update_item
{
	my ($key, @headers) = @_;
	my @options = grep { !ref } @headers;
	return call($port, 'UpdateItem', { TableName => 'Music', Key => { pk => { S => $key } }, UpdateExpression => 'ADD n :secret',
			ExpressionAttributeValues => { ':secret' => { N => $secret } } }, key => \@app, headers(grep { ref } @headers), @options);
}

# ---------------------------------------------------------------- one UpdateItem

# One that has to wait for the flush: seldom the WAL writer comes between its commit and its answer, and it has not.
my ($trace, $answer);
for (1 .. 10)
{
	$trace = trace_id();
	$answer = answer_of(update_item('one', [ 'traceparent', parent_of($trace) ], [ 'tracestate', 'vendor=1' ], [ 'tracestate', 'other=x' ]));
	last if $answer !~ /^200/ || !arrives($trace) || spans($trace) == 4;
}
like($answer, qr/^200/, 'an update');
is(scalar(spans($trace)), 4, 'its spans arrive');
my $span = span_of($trace, 'UpdateItem Music');
is(join(' ', map { $_ // '-' } @$span{qw(parentSpanId kind flags traceState)}), '00000000000000ff 2 769 vendor=1,other=x', 'its span is the child of the caller\'s');
my %attributes = attributes($span);
is(join(' ', map { $attributes{$_} } qw(db.system.name db.operation.name db.namespace db.collection.name rpc.system rpc.service rpc.method http.response.status_code
			client.address dynapg.interface dynapg.read_units dynapg.write_units)),
	'aws.dynamodb UpdateItem postgres Music aws-api DynamoDB UpdateItem 200 127.0.0.1 HTTP 0 1', 'it says what was done');
is_deeply($attributes{'aws.dynamodb.table_names'}, ['Music'], 'and where');
is_deeply(json()->decode($attributes{'aws.dynamodb.consumed_capacity'}[0]),
	{ TableName => 'Music', CapacityUnits => 1, ReadCapacityUnits => 0, WriteCapacityUnits => 1 }, 'and what it has consumed');
is(join(', ', map { $_->{name} } grep { $_->{kind} == 1 } spans($trace)), 'receive, execute, flush wait', 'its times are spans of their own');
is(join(' ', map { $_->{parentSpanId} eq $span->{spanId} && $_->{startTimeUnixNano} >= $span->{startTimeUnixNano} && $_->{endTimeUnixNano} <= $span->{endTimeUnixNano} ? 'in' : 'out' }
		  grep { $_->{kind} == 1 } spans($trace)), 'in in in', 'within it');
my ($export) = map { json()->decode($_) } split /\n/, slurp_file("$folder/spans");
my %resource = attributes($export->{resourceSpans}[0]{resource});
like(join(' ', @resource{qw(service.name service.namespace service.instance.id service.version)}), qr/^dynapg traces \d{15,}-\d+ 0\.1\.0$/, 'the resource is this server');
is((split /\n/, slurp_file("$folder/requests"))[0], 'ok /base/v1/traces application/json Bearer secret-4711 a', 'the receiver gets the path and the headers that are set');
unlike(slurp_file("$folder/spans"), qr/$secret|"one"|secret-4711/, 'no value and no key of an item is sent, nor a secret');

my $log = slurp_file($node->logfile);
like($log, qr/dynapg request \w{52}: UpdateItem, status 200, duration \d+ ms trace_id=$trace traceparent=00-$trace-/, 'the log of requests has the trace');
my @events = grep { $_->{eventName} eq 'UpdateItem' } map { json()->decode($_) } $log =~ /dynapg audit: (\{.*\})$/mg;
is($events[-1]{additionalEventData}{traceId}, $trace, 'and so has the audit');

# ---------------------------------------------------------------- what is taken up

my %given = (
	'X-Amzn-Trace-Id' => [ 1, sub { [ 'X-Amzn-Trace-Id', sprintf 'Self=1-2-3; Root=1-%s-%s;Parent=00000000000000fe;Sampled=1', unpack 'A8A24', $_[0] ] } ],
	'both' => [ 1, sub { [ 'X-Amzn-Trace-Id', 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0' ], [ 'traceparent', parent_of($_[0]) ] } ],
	'an invalid traceparent and a good X-Amzn-Trace-Id' => [ 1, sub { [ 'traceparent', parent_of('0' x 32) ], [ 'X-Amzn-Trace-Id', sprintf 'Root=1-%s-%s;Sampled=1', unpack 'A8A24', $_[0] ] } ],
	'a later version' => [ 1, sub { [ 'traceparent', 'cc-' . substr(parent_of($_[0]), 3) . '-what the future will be like' ] } ],
	'not sampled' => [ 0, sub { [ 'traceparent', parent_of($_[0], '00') ] } ],
	'Sampled=0' => [ 0, sub { [ 'X-Amzn-Trace-Id', sprintf 'Root=1-%s-%s;Sampled=0', unpack 'A8A24', $_[0] ] } ],
	'left open' => [ 0, sub { [ 'X-Amzn-Trace-Id', sprintf 'Root=1-%s-%s;Sampled=?', unpack 'A8A24', $_[0] ] } ],
	'version 255' => [ 0, sub { [ 'traceparent', 'ff' . substr(parent_of($_[0]), 2) ] } ],
	'too long' => [ 0, sub { [ 'traceparent', parent_of($_[0]) . '-00' ] } ],
	'a letter' => [ 0, sub { [ 'traceparent', parent_of($_[0] =~ s/0/g/r) ] } ],
	'no parent' => [ 0, sub { [ 'traceparent', "00-$_[0]-0000000000000000-01" ] } ],
	'two' => [ 0, sub { [ 'traceparent', parent_of($_[0]) ], [ 'traceparent', parent_of(trace_id()) ] } ]);
my %traces = map { $_ => trace_id() } sort keys %given;
foreach my $name (sort keys %given)
{
	like(answer_of(update_item('two', $given{$name}[1]->($traces{$name}))), qr/^200/, "with a header: $name");
}
ok(arrives($traces{$_}), "is taken up: $_") foreach grep { $given{$_}[0] } sort keys %given;
is(scalar(spans($traces{$_})), 0, "is not: $_") foreach grep { !$given{$_}[0] } sort keys %given;

# bytes that are no header's
my $hostile = trace_id();
like(answer_of(update_item('three', [ 'traceparent', "\xff\x01\"}]" . 'x' x 5000 ], [ 'X-Amzn-Trace-Id', 'Root=' . ';' x 3000 . "\x02\xfe" ])), qr/^[24]00/, 'headers of no sense');
like(answer_of(update_item('three', [ 'traceparent', parent_of($hostile) ], [ 'tracestate', "a=\"\xe9\\\"" ])), qr/^200/, 'a tracestate that is none');
ok(arrives($hostile), 'is left out');
is((spans($hostile))[0]{traceState}, undef, 'and the trace goes on');
exchange($port, "GET /metrics HTTP/1.1\r\nHost: x\r\ntraceparent: " . parent_of($hostile = trace_id()) . "\r\n\r\n");

# refusals: nobody knows who they are of
my $refused = trace_id();
update_item('four', [ 'traceparent', parent_of($refused) ]) foreach 1 .. 3;
my @other = ($app[0], 'wrong');
my $before;

# All at once, within a second if the machine has one for us, whose end is in the burst if not.
sub burst
{
	my $connection = open_connection($port);
	my $request = call($port, 'GetItem', { TableName => 'Music', Key => { pk => { S => 'one' } } }, key => \@other, bytes_only => 1, headers([ 'traceparent', parent_of($refused) ]));

	$before = counts('recorded');
	send_bytes($connection, $request x 40);
	read_response($connection) foreach 1 .. 40;
	return counts('recorded') - $before < 40;
}

my $few = eventually(60, \&burst);
ok(eventually(60, sub { grep { $_->{name} eq 'GetItem' } spans($refused) }), 'requests that are refused are recorded');
is({ attributes((grep { $_->{name} eq 'GetItem' } spans($refused))[0]) }->{'error.type'}, 'InvalidSignatureException', 'with the error\'s name');
ok($few, 'but not all of them');
is(scalar(spans($hostile)), 0, 'health checks and metrics are not recorded');

# errors
my $failed = trace_id();
call($port, 'PutItem', { TableName => 'Music', Item => { pk => { S => 'one' } }, ConditionExpression => 'attribute_not_exists(pk)' }, key => \@app, headers([ 'traceparent', parent_of($failed) ]));
call($port, 'Scan', { TableName => 'Music' }, key => \@app, headers([ 'traceparent', parent_of($failed) ]));
ok(arrives($failed, 6), 'a condition that fails, and a scan');
%attributes = attributes(span_of($failed, 'PutItem Music'));
is("$attributes{'error.type'} $attributes{'http.response.status_code'}", 'ConditionalCheckFailedException 400', 'its error');
is(span_of($failed, 'PutItem Music')->{status}, undef, 'is the caller\'s, not the server\'s');
%attributes = attributes(span_of($failed, 'Scan Music'));
is("$attributes{'aws.dynamodb.count'} $attributes{'aws.dynamodb.scanned_count'}", '4 4', 'what was counted');

# more names of tables than there is room for
my @long = map { ('T' x 254) . $_ } 1 .. 3;
like(answer_of(create_table($port, $_, key => \@app)), qr/^200/, 'a table with a long name') foreach @long;
my $wide = trace_id();
like(answer_of(call($port, 'BatchGetItem', { RequestItems => { map { ($_ => { Keys => [ { pk => { S => 'x' } } ] }) } @long } }, key => \@app, headers([ 'traceparent', parent_of($wide) ]))),
	qr/^200/, 'a request to all of them');
ok(arrives($wide), 'is recorded');
$span = span_of($wide, 'BatchGetItem');
%attributes = attributes($span);
is(scalar(grep { my $name = $_; grep { $_ eq $name } @long } @{ $attributes{'aws.dynamodb.table_names'} // [] }), 2, 'with as many names as 512 bytes have room for, each of them whole');
is(scalar(@{ $attributes{'aws.dynamodb.table_names'} // [] }), 2, 'and nothing else');
is($attributes{'dynapg.tables'}, undef, 'how many there were is not said then');

# ---------------------------------------------------------------- waiting for a lock

sub waits_for_lock
{
	return eventually(60, sub { my $text = exchange($port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")->{body}; $text =~ /^dynapg_requests_waiting_for_locks 1$/m });
}

my $session = $node->background_psql('postgres');
$session->query_safe(q(BEGIN; SELECT dynapg.put('Music', '{"pk": "locked"}')));
my $locked = trace_id();
my $waiting = in_background(sub { update_item('locked', [ 'traceparent', parent_of($locked) ]) });
ok(waits_for_lock(), 'an update waits');
sleep 0.3;
$session->query_safe('COMMIT');
like(wait_for($waiting), qr/^200/, 'and goes on');
ok(arrives($locked), 'its spans arrive');
my $wait = span_of($locked, 'lock wait');
ok(defined $wait && milliseconds($wait) > 290, 'the wait for a lock is one') or diag json()->encode([ spans($locked) ]);
%attributes = attributes(span_of($locked, 'UpdateItem Music'));
cmp_ok($attributes{'dynapg.attempts'}, '>', 1, 'it was executed anew');
cmp_ok($attributes{'dynapg.lock_wait_us'}, '>', 290_000, 'the wait is an attribute, too');

# a client that does not wait: it is missed when its answer is sent, or before
$session->query_safe(q(BEGIN; SELECT dynapg.put('Music', '{"pk": "locked"}')));
my $gone = trace_id();
my $client = open_connection($port);
send_bytes($client, update_item('locked', [ 'traceparent', parent_of($gone) ], bytes_only => 1));
ok(waits_for_lock(), 'another update waits');
close $client->{socket};
$session->query_safe('COMMIT');
ok(arrives($gone), 'what its client has not waited for is recorded');
ok(defined span_of($gone, 'lock wait'), 'with its wait');
my ($left) = grep { $_->{kind} == 2 } spans($gone);
%attributes = attributes($left);
like(join(' ', map { $_ // '-' } @attributes{qw(http.response.status_code error.type)}), qr/^(200 -|- connection ended)$/, 'and an answer, or why there was none');

# one that waits in vain
set('dynapg.lock_timeout', '300ms');
$session->query_safe(q(BEGIN; SELECT dynapg.put('Music', '{"pk": "locked", "for": "long"}')));
my $vain = trace_id();
like(answer_of(update_item('locked', [ 'traceparent', parent_of($vain) ])), qr/^400 .*TransactionConflictException/, 'an update waits for as long as it may');
$session->query_safe('COMMIT');
set('dynapg.lock_timeout', '50s');
ok(arrives($vain), 'its spans arrive');
cmp_ok(milliseconds(span_of($vain, 'lock wait')), '>', 290, 'and have the wait');
%attributes = attributes(span_of($vain, 'UpdateItem Music'));
is("$attributes{'error.type'} $attributes{'http.response.status_code'}", 'TransactionConflictException 400', 'and the error');

# ---------------------------------------------------------------- SQL

my $call = trace_id();
like(sql("BEGIN; SET LOCAL dynapg.traceparent = '" . parent_of($call) . "'; SELECT dynamo_put_item('{\"TableName\": \"Music\", \"Item\": {\"pk\": {\"S\": \"sql\"}}}'); COMMIT;"), qr/\{\}/, 'a call by SQL');
ok(arrives($call, 2), 'is recorded');
is(join(', ', map { "$_->{name} $_->{parentSpanId} $_->{kind}" } spans($call)), 'PutItem Music 00000000000000ff 2, COMMIT 00000000000000ff 2', 'with its transaction\'s commit');
%attributes = attributes((spans($call))[0]);
is("$attributes{'dynapg.interface'} $attributes{'dynapg.write_units'} $attributes{'db.namespace'}", 'SQL 1 postgres', 'as SQL\'s');

my $undone = trace_id();
sql("BEGIN; SET LOCAL dynapg.traceparent = '" . parent_of($undone) . "'; SELECT dynamo_put_item('{\"TableName\": \"Music\", \"Item\": {\"pk\": {\"S\": \"undone\"}}}'); ROLLBACK;
	SELECT dynamo_scan('{\"TableName\": \"Music\"}')");
$node->psql('postgres', "BEGIN; SET LOCAL dynapg.traceparent = '" . parent_of($undone) . "'; SELECT dynamo_get_item('{\"TableName\": \"None\", \"Key\": {\"pk\": {\"S\": \"x\"}}}')");
ok(arrives($undone, 2), 'what was rolled back, and what has failed');
is(join(', ', map { "$_->{name} " . ({ attributes($_) }->{'error.type'} // '-') . ' ' . ($_->{status}{code} // '-') } spans($undone)),
	'PutItem Music - -, GetItem None ResourceNotFoundException 2', 'without a commit');

my $held = trace_id();
$session->query_safe(q(BEGIN; SELECT dynapg.put('Music', '{"pk": "locked"}')));
my $second = $node->background_psql('postgres');
$second->query_safe("SET dynapg.traceparent = '" . parent_of($held) . "'");
$second->query_until(qr/begun/, "\\echo begun\nSELECT dynamo_delete_item('{\"TableName\": \"Music\", \"Key\": {\"pk\": {\"S\": \"locked\"}}}');\n");
ok(eventually(60, sub { sql("SELECT count(*) FROM pg_locks WHERE NOT granted") eq '1' }), 'a call waits for a lock');
sleep 0.2;
$session->query_safe('COMMIT');
$second->quit;
ok(arrives($held, 3), 'its spans arrive');
cmp_ok(milliseconds(span_of($held, 'lock wait')), '>', 190, 'and tell of the wait');

$vain = trace_id();
sql(q(SELECT dynapg.put('Music', '{"pk": "locked"}')));
$session->query_safe(q(BEGIN; SELECT dynapg.put('Music', '{"pk": "locked", "for": "long"}')));
like(($node->psql('postgres', "SET lock_timeout = '300ms'; SET dynapg.traceparent = '" . parent_of($vain) . "'; SELECT dynamo_delete_item('{\"TableName\": \"Music\", \"Key\": {\"pk\": {\"S\": \"locked\"}}}')"))[2],
	qr/ERROR/, 'a call that lock_timeout ends');
$session->query_safe('COMMIT');
$session->quit;
ok(arrives($vain, 2), 'its spans arrive');
cmp_ok(milliseconds(span_of($vain, 'lock wait')), '>', 290, 'and have the wait');
is(join(', ', map { "$_->{name} " . ({ attributes($_) }->{'error.type'} // '-') . ' ' . ($_->{status}{code} // '-') } grep { $_->{kind} == 2 } spans($vain)),
	'DeleteItem Music TransactionConflictException 2', 'and the error');

foreach my $bad ('nonsense', parent_of('0' x 32), "00-$call-00000000000000ff-01-", uc parent_of($call))
{
	my ($status, undef, $error) = $node->psql('postgres', "SELECT dynapg.account_id(); SET dynapg.traceparent = '$bad'");
	($status, undef, $error) = $node->psql('postgres', "LOAD 'dynapg'; SET dynapg.traceparent = '$bad'");
	like($error, qr/invalid value for parameter "dynapg.traceparent"/, "no traceparent: $bad");
}
foreach my $bad ('ftp://x', 'http://', 'http://:4318', 'http://a:b:c', 'http://user:secret@x', 'http://x/?query', "http://x/\x01", 'https://x/a b', 'http://x#y')
{
	like(($node->psql('postgres', "ALTER SYSTEM SET dynapg.otlp_endpoint = '$bad'"))[2], qr/invalid value for parameter "dynapg.otlp_endpoint"/, "no endpoint: $bad");
}
foreach my $bad ('x', 'a=b,=c', "a=b\x01", 'a=%0d%0aX: y', 'a b=c', 'a=%', 'a=%4', join(',', map { "h$_=1" } 1 .. 7))
{
	like(($node->psql('postgres', "ALTER SYSTEM SET dynapg.otlp_headers = '$bad'"))[2], qr/invalid value for parameter "dynapg.otlp_headers"/, "no headers: $bad");
}
is(($node->psql('postgres', 'SET ROLE app; SHOW dynapg.otlp_headers'))[0], 3, 'the headers are not for everybody');

# ---------------------------------------------------------------- traces that begin here

sub own { return grep { $_->{name} eq 'UpdateItem Music' && !defined $_->{parentSpanId} && $_->{traceId} !~ /abc....$/ } spans(); }

set('dynapg.trace_sample_ratio', '1');
ok(eventually(60, sub { update_item('five'); own() > 0 }), 'what nobody has sampled is recorded');
arrives(send_one());
my $seen = own();
update_item('five') foreach 1 .. 3;
arrives(send_one());
is(scalar(own()), $seen + 3, 'all of it');
is(scalar(keys %{ { map { $_->{traceId} => 1 } own() } }), $seen + 3, 'as traces of their own');
sql(q(SELECT dynamo_get_item('{"TableName": "Music", "Key": {"pk": {"S": "five"}}}')));
my @of_sql = grep { $_->{eventName} eq 'GetItem' } map { json()->decode($_) } slurp_file($node->logfile) =~ /dynapg audit: (\{.*\})$/mg;
like($of_sql[-1]{additionalEventData}{traceId} // 'none', qr/^[0-9a-f]{32}$/, 'whose audit has it, by SQL, too');

# what a call's trigger calls is part of it, and shares its fate
sql(q(SELECT dynamo_create_table('{"TableName": "Outer", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}');
	CREATE FUNCTION within() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM dynamo_scan('{"TableName": "Outer"}'); RETURN NEW; END $$;
	CREATE TRIGGER within AFTER INSERT ON dynamo."Outer" FOR EACH ROW EXECUTE FUNCTION within()));
set('dynapg.trace_sample_ratio', '0.5');
sql(q(SET dynapg.traceparent = ''; SELECT count(dynamo_put_item(jsonb_build_object('TableName', 'Outer', 'Item', jsonb_build_object('pk', jsonb_build_object('S', i::text)))))
	FROM generate_series(1, 40) i));
$call = trace_id();
sql("SET dynapg.traceparent = '" . parent_of($call) . "'; SELECT dynamo_scan('{\"TableName\": \"Outer\", \"Limit\": 1}')");
ok(arrives($call), 'after calls of which about a half are sampled');
my @sampled = grep { $_->{name} eq 'PutItem Outer' } spans();
ok(@sampled > 0 && @sampled < 40, scalar(@sampled) . ' of 40');
is(scalar(grep { $_->{name} eq 'Scan Outer' && $_->{traceId} ne $call } spans()), 0, '... none of what those call that are not');

# whose callers leave it open: the ratio decides by the last seven bytes of their ids
sub high_trace_id { my $id = trace_id(); substr($id, 18, 1) = 'f'; return $id; }

sub is_taken_up
{
	my ($id, $sampled) = @_;
	update_item('open', [ 'X-Amzn-Trace-Id', sprintf 'Root=1-%s-%s%s', unpack('A8A24', $id), $sampled ]);
	arrives(send_one()) or die "nothing arrives\n";	# later than that one
	return spans($id) > 0;
}

ok(eventually(60, sub { !is_taken_up(high_trace_id(), ';Sampled=?') }), 'Sampled=?, and an id that is not of the half');
ok(is_taken_up(trace_id(), ';Sampled=?'), 'and one that is');
ok(!is_taken_up(high_trace_id(), ''), 'no Sampled, and an id that is not of the half');
ok(is_taken_up(trace_id(), ''), 'and one that is');
set('dynapg.trace_sample_ratio', '0');

# ---------------------------------------------------------------- a receiver that is busy, refuses, rejects, hangs, is away

sub send_one { my $id = trace_id(); update_item('six', [ 'traceparent', parent_of($id) ]); return $id; }

receiver_is('busy');
ok(arrives(send_one()), 'after 503 it is sent again');
is((grep { /^busy/ } split /\n/, slurp_file("$folder/requests")), 1, 'once');

receiver_is('later');
my $lost = counts('failed');
send_one();
ok(eventually(60, sub { counts('failed') > $lost }), 'who is to come back in more than a minute does not');
is((grep { /^later/ } split /\n/, slurp_file("$folder/requests")), 1, 'at all');

receiver_is('refuse');
$lost = counts('failed');
send_one();
ok(eventually(60, sub { counts('failed') > $lost }), 'after 400 it is not');
is(counts('last_error'), 'HTTP status 400: no    luck ', 'the reason is kept, in clean characters');
ok(eventually(60, sub { slurp_file($node->logfile) =~ /spans were not taken by the OpenTelemetry receiver of dynapg.otlp_endpoint: / }), 'and logged');

receiver_is('echo');
$lost = counts('failed');
send_one();
ok(eventually(60, sub { counts('failed') > $lost }), 'a receiver that repeats the key');
is(counts('last_error'), 'HTTP status 401: (the answer repeats a secret)', 'is not repeated');

receiver_is('reject');
ok(arrives(send_one()), 'some of what was sent');
ok(eventually(60, sub { counts('rejected_spans', 'last_error') =~ /^1\|it has rejected 1 of \d+ spans: .*too/ }), 'is rejected') or diag counts('rejected_spans', 'last_error');

receiver_is('hang');
my $lines = () = slurp_file("$folder/requests") =~ /\n/g;
send_one();
ok(eventually(60, sub { (() = slurp_file("$folder/requests") =~ /\n/g) > $lines }), 'the receiver hangs');
my $connection = open_connection($port);
my $slowest = 0;
my $flood = trace_id();
for my $number (1 .. 5000)
{
	my $from = time();
	call($port, 'GetItem', { TableName => 'Music', Key => { pk => { S => 'one' } } }, key => \@app, connection => $connection, headers([ 'traceparent', parent_of($flood) ]));
	$slowest = time() - $from if time() - $from > $slowest;
	last if $number >= 1100 && $number % 100 == 0 && counts('dropped') > 0;
}
cmp_ok($slowest, '<', 45, 'requests do not wait for it, as long as it may take');
cmp_ok(counts('dropped'), '>', 0, 'what there is no room for is dropped');
cmp_ok(counts('waiting'), '<=', 1024, 'and the rest waits');
like(exchange($port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")->{body}, qr/^dynapg_traces_lost_total\{reason="dropped"\} [1-9]/m, 'the metrics say so');

# ---------------------------------------------------------------- the sender ends

receiver_is('ok');
my $sender = counts('pid');
sql("SELECT pg_terminate_backend($sender)");
ok(eventually(60, sub { send_one(); counts('pid') =~ /^(?!$sender$)\d+$/ }), 'another sender comes');
ok(eventually(60, sub { counts('waiting') eq '0' }), 'and takes what waits');
ok(arrives(send_one()), 'and goes on');
ok(eventually(60, sub { counts('recorded - sent - failed - waiting') eq '0' }), 'what the first one was sending is counted as failed') or diag counts('recorded', 'sent', 'failed', 'waiting');

my $killed = counts('pid');
like(answer_of(put_item($port, 'Music', 'kept', key => \@app)), qr/^200/, 'an item');
kill_process($node, $killed);
ok(wait_for_endpoint($port), 'a sender that is killed takes the server\'s shared memory with it, as any process of it');
like(answer_of(get_item($port, 'Music', 'kept', key => \@app)), qr/kept/, 'but no item');
ok(arrives(send_one()), 'and spans are sent again');

# ---------------------------------------------------------------- standbys

$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dynapg.databases = ''\n");
$standby->start;
set('synchronous_standby_names', '*');
ok(eventually(60, sub { sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") eq '1' }), 'a synchronous standby');
my $confirmed;
ok(eventually(60, sub { $confirmed = send_one(); arrives($confirmed, 4) && defined span_of($confirmed, 'standby wait') && defined span_of($confirmed, 'flush wait') }), 'the wait for a standby is a span');
is(span_of($confirmed, 'flush wait')->{endTimeUnixNano}, span_of($confirmed, 'standby wait')->{startTimeUnixNano}, 'after that for the flush');
$call = trace_id();
sql("SET dynapg.traceparent = '" . parent_of($call) . "'; SELECT dynamo_put_item('{\"TableName\": \"Music\", \"Item\": {\"pk\": {\"S\": \"standby\"}}}')");
ok(arrives($call, 2), 'a call by SQL');
is({ attributes(span_of($call, 'COMMIT')) }->{'dynapg.waits_for_standbys'}, JSON::PP::true, 'says that its commit has waited for standbys');
set('synchronous_standby_names', '');
$standby->stop('immediate');

# ---------------------------------------------------------------- off

set('dynapg.otlp_endpoint', '');
ok(eventually(60, sub { counts('pid') eq '' }), 'without a receiver there is no sender');
# (when its worker knows)
ok(eventually(60, sub {
	$before = counts('recorded');
	answer_of(update_item('seven', [ 'traceparent', parent_of(trace_id()) ])) =~ /^200/ && counts('recorded') eq $before;
}), 'a request with a trace is not recorded');
unlike(slurp_file($node->logfile), qr/^TRAP:|ERROR:  XX|secret-4711/m, 'nothing went wrong');

done_testing();
