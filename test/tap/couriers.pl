# Event source mappings to destinations outside of the database: webhooks, Lambda, Kinesis, OpenSearch, well and badly behaved.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Digest::SHA 'hmac_sha256_hex';
use File::Temp ();
use JSON::PP ();
use MIME::Base64 'decode_base64';
use POSIX ();

use DynapgBadServer;
use DynapgCrash;
use DynapgSession;

my $folder = File::Temp->newdir();
my $json = JSON::PP->new->canonical;

# ---------------------------------------------------------------- destinations

sub lines
{
	my ($name) = @_;
	return -e "$folder/$name" ? split(/\n/, slurp_file("$folder/$name")) : ();
}

# "p n" of each record of an event, and whether it has one that is poison.
sub changes { return map { "$_->{dynamodb}{Keys}{p}{S} " . ($_->{dynamodb}{NewImage}{n}{N} // 'gone') } @{ $_[0]{Records} }; }

# Answers that are no good, by what is wrong with them.
sub bad_answer
{
	my ($socket, $request, $kind) = @_;
	my $half = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\n{\"batchItemFailures\"";
	my %raw = (nothing => '', garbage => "\x00\xff\x16\x03garbage\r\n\r\n", half => $half, other => "SSH-2.0-OpenSSH_9.2\r\n", length => "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx",
		chunks => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n{}\r\n");
	my %bodies = (text => 'I am well, thank you', list => '[]', string => '"ok"', deep => '[' x 100_000, nul => "{}\0", latin => "{\"a\": \"\xe9\"}", failures => '{"batchItemFailures": [{"itemIdentifier": 7}]}',
		stranger => '{"batchItemFailures": [{"itemIdentifier": "100000000000000000001"}]}', twice => '{"batchItemFailures": [], "batchItemFailures": 5}');

	if (defined $raw{$kind})
	{
		print $socket $raw{$kind};
		return;
	}
	return answer($socket, '200 OK', {}, $bodies{$kind}) if defined $bodies{$kind};
	return answer($socket, '500 Oh', {}, "binary \xff\xfe\x01\n" . "\xe2\x82\xac" x 100) if $kind eq 'binary';
	return answer($socket, '500 Oh', {}, "you said $request->{headers}{authorization}") if $kind eq 'echo';
	return answer($socket, '500 Oh', {}, 'you said ' . ($request->{headers}{authorization} =~ s/.* //r)) if $kind eq 'echoed';
	if ($kind eq 'headers')
	{
		print $socket "HTTP/1.1 200 OK\r\n";
		print $socket "X-$_: " . 'x' x 60_000 . "\r\n" or last for 1 .. 2000;
		return;
	}
	if ($kind eq 'endless')
	{
		print $socket "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
		1 while print $socket "10000\r\n" . 'x' x 65536 . "\r\n";
		return;
	}
	# a byte now and then, for ever
	print $socket "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
	$socket->flush;
	select(undef, undef, undef, 0.1) while syswrite $socket, 'x';
	return;
}

sub respond
{
	my ($socket, $request) = @_;
	my ($path, $body) = @{$request}{qw(path body)};

	srand;
	if ($path eq '/hook')
	{
		my $event = $json->decode($body);

		return answer($socket, '500 No', {}, 'no luck') if rand() < 0.2;
		if (rand() < 0.05)
		{
			# longer than it is waited for
			sleep 3;
			return;
		}
		note_lines("$folder/hook", changes($event));
		note_lines("$folder/signatures", "$request->{headers}{'dynapg-signature'} $body");
		return answer($socket, '200 OK', {}, 'thank you, <b>all</b>');
	}
	if ($path eq '/poison')
	{
		my @changes = changes($json->decode($body));

		return answer($socket, '400 Bad', {}, 'poison') if grep { /^poison/ } @changes;
		note_lines("$folder/poison", @changes);
		return answer($socket, '200 OK', {}, '');
	}
	if ($path eq '/lost')
	{
		note_lines("$folder/lost", $body);
		return answer($socket, '204 Gone well', {}, '');
	}
	if ($path eq '/alarm')
	{
		note_lines("$folder/alarm", "$request->{headers}{'dynapg-signature'} $body");
		return answer($socket, '200 OK', {}, '');
	}
	return answer($socket, '503 Later', {}, 'not now') if $path eq '/later';
	return answer($socket, '302 Over there', { Location => '/hook' }, '') if $path eq '/redirect';
	return answer($socket, '200 OK', {}, 'x' x (2 * 1024 * 1024)) if $path eq '/huge';
	return bad_answer($socket, $request, $1) if $path =~ m{^/bad/(\w+)};
	if (my ($function) = $path =~ m{^/2015-03-31/functions/(\w+)/invocations$})
	{
		note_lines("$folder/lambda", join(' ', $function, $request->{headers}{authorization} =~ m{(Credential=\w+/\d+/us-east-1/lambda)}, changes($json->decode($body))));
		return answer($socket, '200 OK', { 'X-Amz-Function-Error' => 'Unhandled' }, '{"errorMessage": "out of luck"}') if $function eq 'raises';
		# the second half of what comes first is reported
		my @records = @{ $json->decode($body)->{Records} };
		return answer($socket, '200 OK', {}, $json->encode({ batchItemFailures => [ { itemIdentifier => $records[1]{dynamodb}{SequenceNumber} } ] })) if @records > 2;
		return answer($socket, '200 OK', {}, 'null');
	}
	if ($path eq '/_bulk')
	{
		my @lines = split /\n/, $body;
		my @items;

		if ($json->decode($lines[0])->{index}{_index} eq 'full')
		{
			note_lines("$folder/full", 'once more');
			return answer($socket, '200 OK', {}, '{"errors": true, "items": [{"index": {"status": 429}}]}');
		}

		while (my $line = shift @lines)
		{
			my $action = $json->decode($line);
			my ($name) = keys %$action;
			my $text = $name eq 'index' ? shift @lines : undef;
			my $document = $text && $json->decode($text);
			my $item = { status => 200 };

			# the oldest change of one comes last, when the engine has forgotten the removal
			if ($document && $document->{p} eq 'forgotten' && !lines('forgot')) { note_lines("$folder/forgot", 'once'); $item = { status => 429, error => { type => 'es_rejected_execution_exception', reason => 'busy' } }; }
			elsif ($action->{$name}{_id} eq 'forgotten') { note_lines("$folder/forgotten", $name); }
			elsif (rand() < 0.2) { $item = { status => 429, error => { type => 'es_rejected_execution_exception', reason => 'busy' } }; }
			elsif ($document && $document->{p} eq 'poison') { $item = { status => 400, error => { type => 'mapper_parsing_exception', reason => 'no' } }; }
			else { note_lines("$folder/bulk", join(' ', $name, @{ $action->{$name} }{qw(_index _id version version_type)}, $text // ())); }
			push @items, { $name => $item };
		}
		return answer($socket, '200 OK', {}, $json->encode({ errors => JSON::PP::true, items => \@items }));
	}
	if (($request->{headers}{'x-amz-target'} // '') =~ /PutRecords/)
	{
		my $records = $json->decode($body)->{Records};

		note_lines("$folder/kinesis", map { my $change = $json->decode(decode_base64($_->{Data})); "$change->{dynamodb}{Keys}{p}{S} $change->{dynamodb}{NewImage}{n}{N}" } @$records);
		return answer($socket, '200 OK', {}, $json->encode({ FailedRecordCount => 0, Records => [ map { { SequenceNumber => '1', ShardId => 's' } } @$records ] }));
	}
	return answer($socket, '404 Not Found', {}, '');
}

my ($port, $requests) = bad_server(\&respond);
my $host = "http://127.0.0.1:$port";

# ---------------------------------------------------------------- the server

my $node = PostgreSQL::Test::Cluster->new('couriers');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nlog_line_prefix = '%b %p '\nautovacuum = off\ndynapg.event_hosts = '127.0.0.1:$port, *.example.com'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');

sub sql { return $node->safe_psql('postgres', "SET statement_timeout TO '60s'; $_[0]"); }

sub fails
{
	my ($sql) = @_;
	my ($status, $out, $errors) = $node->psql('postgres', $sql);
	return $errors =~ /ERROR:  (.*)/ ? $1 : "no error: $out";
}

sub create_table
{
	my ($name, $view) = @_;
	sql("SELECT dynamo_create_table('" . $json->encode({ TableName => $name, BillingMode => 'PAY_PER_REQUEST',
				KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' } ], AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' } ],
				StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => $view // 'NEW_AND_OLD_IMAGES' } }) . "')");
	return;
}

sub quote { return "'" . $json->encode($_[0]) . "'"; }

sub mapping
{
	my ($table, $destination, %options) = @_;
	return sql("SELECT dynapg.create_event_source_mapping('$table', " . quote($destination) . ', ' . quote({ StartingPosition => 'TRIM_HORIZON', %options }) . ") ->> 'UUID'");
}

sub put { my ($table, $p, $n) = @_; return sql("SELECT dynamo_put_item('" . $json->encode({ TableName => $table, Item => { p => { S => "$p" }, n => { N => "$n" } } }) . "')"); }

sub await
{
	my ($condition, $what, $state) = @_;
	# somebody comes by now and then
	wait_until(sub { sql(q{SELECT FROM dynamo_describe_table('{"TableName": "Music"}')}) if rand() < 0.1; $condition->() }, sub { join '', "not in time: $what\n", $state ? $state->() : () });
	return pass($what);
}

# ---------------------------------------------------------------- what is refused

create_table('Music');
for my $case ([ { Webhook => {} }, qr/Url must be given/ ], [ { Webhook => { Url => 'ftp://x/' } }, qr/Url is not a URL/ ],
	[ { Webhook => { Url => 'http://user@x/' } }, qr/Url is not a URL/ ], [ { Webhook => { Url => "$host/a b" } }, qr/Url is not a URL/ ],
	[ { Webhook => { Url => $host, Colour => 'red' } }, qr/there is no member "Colour"/ ], [ { Webhook => { Url => $host, TimeoutSeconds => 0 } }, qr/whole number/ ],
	[ { Webhook => { Url => $host, Headers => { Host => 'x' } } }, qr/Headers/ ], [ { Webhook => { Url => $host, Headers => { A => "x\ny" } } }, qr/control character/ ],
	[ { Lambda => { Endpoint => $host, FunctionName => '../x' } }, qr/FunctionName/ ], [ { Lambda => { Endpoint => "$host/x", FunctionName => 'f' } }, qr/without a path/ ],
	[ { Lambda => { Endpoint => $host, FunctionName => 'f', AccessKeyId => 'a' } }, qr/both/ ], [ { Kinesis => { Endpoint => $host, StreamArn => 'x' } }, qr/StreamArn/ ],
	[ { OpenSearch => { Endpoint => $host, Index => 'Upper' } }, qr/Index is/ ], [ { Webhook => 5 }, qr/object/ ])
{
	my ($destination, $error) = @$case;
	like(fails("SELECT dynapg.create_event_source_mapping('Music', " . quote($destination) . q{, '{"StartingPosition": "LATEST"}')}), $error, 'refused: ' . $json->encode($destination));
}

# ---------------------------------------------------------------- a webhook that fails, hangs, and is killed

mapping('Music', { Webhook => { Url => "$host/hook", Secret => 'shared', TimeoutSeconds => 1, Headers => { 'X-Token' => 't0ken' } } }, BatchSize => 10);
unlike(sql(q{SELECT destination FROM dynapg.event_source_mappings}), qr/shared|t0ken/, 'secrets are not shown');
my $last = 0;
for my $round (1 .. 3)
{
	sql(qq{DO \$\$ BEGIN FOR i IN 1 .. 40 LOOP
		PERFORM dynamo_put_item(jsonb_build_object('TableName', 'Music', 'Item', jsonb_build_object('p', jsonb_build_object('S', 'p' || i % 5), 'n', jsonb_build_object('N', ($last + i)::text)))); COMMIT; END LOOP; END \$\$});
	$last += 40;
	kill_server($node);
	start_again($node);
}
await(sub { my %seen = map { $_ => 1 } lines('hook'); keys(%seen) == $last }, 'a webhook gets every change, whatever fails and whoever dies');
my (%newest, $order, %seen);
for (lines('hook'))
{
	my ($p, $n) = split / /;
	$order = 'wrong' if !$seen{$_}++ && $n < ($newest{$p} // 0);
	$newest{$p} = $n if $n > ($newest{$p} // 0);
}
is($order, undef, 'and each item\'s in their order');
my ($bad) = grep { my ($t, $v1, $body) = /\At=(\d+),v1=([0-9a-f]{64}) (.*)\z/s; $v1 ne hmac_sha256_hex("$t.$body", 'shared') } lines('signatures');
is($bad, undef, 'each request is signed');

# ---------------------------------------------------------------- poison, by bisection

create_table('Poison');
mapping('Poison', { Webhook => { Url => "$host/poison" } }, BatchSize => 100, MaximumRetryAttempts => 1, BisectBatchOnFunctionError => JSON::PP::true,
	DestinationConfig => { OnFailure => { Destination => { Webhook => { Url => "$host/lost" } } } });
sql(q{DO $$ BEGIN FOR i IN 1 .. 20 LOOP PERFORM dynamo_put_item(jsonb_build_object('TableName', 'Poison', 'Item',
	jsonb_build_object('p', jsonb_build_object('S', CASE i WHEN 13 THEN 'poison' ELSE 'p' || i END), 'n', jsonb_build_object('N', i::text)))); END LOOP; END $$});
await(sub { my %seen = map { $_ => 1 } lines('poison'); keys(%seen) == 19 }, 'what is not poison is delivered');
await(sub { lines('lost') == 1 }, 'what is goes to the on-failure destination');
is($json->decode((lines('lost'))[0])->{DDBStreamBatchInfo}{batchSize}, 1, 'alone');

# ---------------------------------------------------------------- alarms

# An alarm with a destination is set.
sub raise_alarm
{
	my ($name, $destination) = @_;
	sql('SELECT dynapg.put_alarm(' . quote({ AlarmName => $name, Namespace => 'AWS/DynamoDB', MetricName => 'ConsumedReadCapacityUnits', Dimensions => [ { Name => 'TableName', Value => 'Music' } ],
				Statistic => 'Sum', Period => 60, EvaluationPeriods => 1, Threshold => 1, ComparisonOperator => 'GreaterThanThreshold' }) . ', ' . quote($destination) . ')');
	sql('SELECT dynapg.set_alarm_state(' . quote({ AlarmName => $name, StateValue => 'ALARM', StateReason => 'it burns' }) . ')');
	return;
}

# what an event says
sub told { my $event = $json->decode($_[0]); return "$event->{'detail-type'}: $event->{detail}{alarmName} $event->{detail}{state}{value}, $event->{detail}{state}{reason}"; }

{
	my $listener = DynapgSession->new($node);

	$listener->ask('LISTEN alarms');
	raise_alarm('heard', { Notify => 'alarms' });
	my ($payload) = $listener->ask('SELECT 1') =~ /notification "alarms" with payload "(\{.*\})" received/;
	is(told($payload), 'CloudWatch Alarm State Change: heard ALARM, it burns', 'who listens is told of an alarm');
	$listener->end;
	raise_alarm('hooked', { Webhook => { Url => "$host/alarm", Secret => 'shared' } });
	await(sub { lines('alarm') == 1 }, 'a webhook is, once');
	my ($time, $signature, $body) = (lines('alarm'))[0] =~ /\At=(\d+),v1=([0-9a-f]{64}) (.*)\z/s;
	is(told($body), 'CloudWatch Alarm State Change: hooked ALARM, it burns', 'of the same');
	is($signature, hmac_sha256_hex("$time.$body", 'shared'), 'with a signature');
	raise_alarm('refused', { Webhook => { Url => "$host/later" } });
	await(sub { sql('SELECT attempts > 0 FROM dynapg.event_failures') eq 't' }, 'what is refused waits');
	sql('UPDATE dynapg.event_failures SET attempts = 29, retry_at = now()');
	await(sub { sql('SELECT count(*) FROM dynapg.event_failures') == 0 }, 'and is given up in the end');
	await(sub { slurp_file($node->logfile) =~ /^dynapg courier .*WARNING:  a change of state of alarm refused was given up$/m }, 'which is said of the alarm');
	sql(q{SELECT dynapg.delete_alarms('{"AlarmNames": ["heard", "hooked", "refused"]}')});
}

# ---------------------------------------------------------------- answers that are no good, and hosts that are not allowed

for my $case ([ Redirect => "$host/redirect", 'HTTP status 302' ], [ Huge => "$host/huge", 'too long' ], [ Private => 'http://localhost:1/', 'does not allow' ],
	[ Port => 'http://127.0.0.1:1/', 'does not allow' ])
{
	my ($table, $url, $error) = @$case;
	create_table($table);
	put($table, 'a', 1);
	mapping($table, { Webhook => { Url => $url } });
	await(sub { sql("SELECT last_error FROM dynapg.stat_event_source_mappings WHERE table_name = '$table'") =~ /$error/ }, "$url: $error");
}
is(scalar(grep { !/^p\d \d+$/ } lines('hook')), 0, 'a redirect is not followed');

create_table('Bad');
put('Bad', 'a', 1);
{
	my $kept = { Headers => { Authorization => 'Bearer sesame0815' } };
	my %reports = (FunctionResponseTypes => ['ReportBatchItemFailures']);
	my $not_json = qr/the answer is not JSON/;
	my %cases = (nothing => qr/./, garbage => qr/./, half => qr/./, other => qr/./, length => qr/./, chunks => qr/./, slow => qr/tim|slow/i, headers => qr/./, endless => qr/too long/,
		text => $not_json, deep => $not_json, nul => $not_json, latin => $not_json, list => qr/not an object/, string => qr/not an object/, failures => qr/itemIdentifier/,
		stranger => qr/itemIdentifier/, twice => qr/itemIdentifier/,
		binary => qr/HTTP status 500: binary {5}\x{20ac}{63}$/, echo => qr/HTTP status 500: \(the answer repeats a secret\)$/, echoed => qr/HTTP status 500: \(the answer repeats a secret\)$/);
	my %uuid = map { $_ => mapping('Bad', { Webhook => { Url => "$host/bad/$_", TimeoutSeconds => 3, %$kept } }, %reports) } sort keys %cases;
	my $errors = sub { map { split /\|/, $_, 2 } split /\n/, sql(q{SELECT uuid || '|' || last_error FROM dynapg.stat_event_source_mappings WHERE table_name = 'Bad' AND last_error IS NOT NULL}) };
	# of each kind, the first failure that is as it should be, or the latest one: where the machine is busy, any of them may not come in time
	my %error;
	await(sub {
		my %latest = $errors->();
		utf8::decode($_) for values %latest;
		for (grep { defined $latest{ $uuid{$_} } } keys %cases)
		{
			$error{$_} = $latest{ $uuid{$_} } unless ($error{$_} // '') =~ $cases{$_};
		}
		return 1 if keys(%error) == keys(%cases) && !grep { $error{$_} !~ $cases{$_} } keys %cases;
	}, 'answers of each bad kind are failures', sub { map { "$_: $error{$_}\n" } sort keys %error });
	like($error{$_}, $cases{$_}, "an answer: $_") for sort keys %cases;
	my @log = split /\n/, slurp_file($node->logfile);
	is(scalar(grep { /^dynapg courier.*sesame0815/ } @log), 0, 'a secret that is answered is not in the log');
	is(scalar(grep { /STATEMENT:.*create_event_source_mapping/ } @log), 0, 'nor is a statement that was refused');
	is(sql(q{SELECT sum(sent) FROM dynapg.stat_event_source_mappings WHERE table_name = 'Bad'}), '0', 'none of them counts as taken');
	my $pid = sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg courier'});
	my ($peak) = slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+) kB/m;
	cmp_ok($peak, '<', 200 * 1024, 'with bounded memory');
	sql(q{SELECT dynapg.delete_event_source_mapping(uuid) FROM dynapg.event_source_mappings WHERE table_name = 'Bad'});
}

# ---------------------------------------------------------------- who ends a mapping ends what of it waits

# An index that refuses all for the moment, and a clock
create_table('Full');
put('Full', 'a', 1);
my $full = mapping('Full', { OpenSearch => { Endpoint => $host, Index => 'full' } });
await(sub { lines('full') >= 2 }, 'what is refused for the moment is sent again');
sql("SELECT dynapg.delete_event_source_mapping('$full')");
{
	# one may have been on its way
	my $most = lines('full') + 1;
	create_table('Clock');
	put('Clock', 'a', 1);
	mapping('Clock', { Webhook => { Url => "$host/poison" } }, MaximumBatchingWindowInSeconds => 3);
	await(sub { grep { $_ eq 'a 1' } lines('poison') }, 'later');
	cmp_ok(scalar(lines('full')), '<=', $most, 'but not when the mapping is deleted');
}

# ---------------------------------------------------------------- the other kinds

create_table('Lambda');
put('Lambda', $_, $_) for 1 .. 4;
my %key = (AccessKeyId => 'AKID', SecretAccessKey => 'secret', Region => 'us-east-1', Endpoint => $host);
my @days = POSIX::strftime('%Y%m%d', gmtime);
mapping('Lambda', { Lambda => { FunctionName => 'works', %key } }, FunctionResponseTypes => ['ReportBatchItemFailures']);
await(sub { (grep { /^works/ } lines('lambda')) >= 3 }, 'a function is invoked again from the record on that it has reported');
push @days, POSIX::strftime('%Y%m%d', gmtime);
like((lines('lambda'))[0], qr{^works Credential=AKID/(?:$days[0]|$days[1])/us-east-1/lambda 1 1 2 2 3 3 4 4$}, 'first with all of them');
is((lines('lambda'))[1] =~ s/.*lambda //r, '2 2 3 3 4 4', 'then with those behind');
create_table('Raises');
put('Raises', 1, 1);
mapping('Raises', { Lambda => { FunctionName => 'raises', %key } });
await(sub { sql(q{SELECT last_error FROM dynapg.stat_event_source_mappings WHERE table_name = 'Raises'}) =~ /Unhandled.*out of luck/ }, 'an error of the function is a failure');

create_table('Kinesis');
delete $key{Region};
put('Kinesis', $_ % 2, $_) for 1 .. 4;
mapping('Kinesis', { Kinesis => { StreamArn => 'arn:aws:kinesis:us-east-1:000000000000:stream/s', %key } });
await(sub { lines('kinesis') == 4 }, 'a Kinesis stream gets each change once');

create_table('Keys', 'KEYS_ONLY');
like(fails("SELECT dynapg.create_event_source_mapping('Keys', " . quote({ OpenSearch => { Endpoint => $host, Index => 'i' } }) . q{, '{"StartingPosition": "LATEST"}')}), qr/no new images/, 'documents need new images');
create_table('Search');
put('Search', 'forgotten', 0);
sql(q{SELECT dynamo_delete_item('{"TableName": "Search", "Key": {"p": {"S": "forgotten"}}}')});
mapping('Search', { OpenSearch => { Endpoint => $host, Index => 'search' } }, BatchSize => 50, MaximumRetryAttempts => 2, BisectBatchOnFunctionError => JSON::PP::true);
put('Search', "a|$_", $_) for 1 .. 5;
put('Search', 'poison', 6);
put('Search', 'b', 7);
sql(q{SELECT dynamo_put_item('{"TableName": "Search", "Item": {"p": {"S": "mixed"}, "n": {"N": "1"}, "m": {"M": {"n": {"N": "1"}}}, "s": {"NS": ["1", "2"]},
	"t": {"NS": ["1", "2.5"]}, "l": {"L": [{"N": "1"}, {"L": [{"N": "-20"}]}, {"M": {"x": {"N": "0"}, "y": {"N": "0.5"}}}]}}}')});
sql(q{SELECT dynamo_delete_item('{"TableName": "Search", "Key": {"p": {"S": "a|1"}}}')});
await(sub { my %last; $last{ (split)[2] } = $_ for lines('bulk'); keys(%last) == 7 && $last{'a\|1'} =~ /^delete/ }, 'an index follows, and poison holds nobody up for ever');
is(join(' ', lines('forgotten')), 'delete index delete', 'what follows a change that waits is sent again behind it');
like((grep { / b / } lines('bulk'))[0], qr/\Aindex search b \d+ external \{"n":7,"p":"b"\}\z/, 'a document is the item, its version the sequence number');

like((grep { / mixed / } lines('bulk'))[0], qr/"l":\[1\.0,\[-20\.0\],\{"x":0\.0,"y":0\.5\}\],"m":\{"n":1\},"n":1,"p":"mixed","s":\[1,2\],"t":\[1\.0,2\.5\]/, 'in a list all numbers have fractions, or none has');

# ---------------------------------------------------------------- nobody is in anybody's way

run_alone($node, 'CREATE DATABASE copy TEMPLATE postgres');
is($node->safe_psql('copy', q{SELECT count(*) FROM dynapg.event_source_mappings}) > 0, 1, 'a database with mappings can be copied');
unlike(slurp_file($node->logfile), qr/^dynapg courier .*(?:PANIC|TRAP|ERROR)/m, 'no error of its own');

$node->stop;
done_testing();
