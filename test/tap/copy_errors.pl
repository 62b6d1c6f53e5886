# Copies from what is not as it should be: hosts that are not allowed, endpoints that are dead, that break off, that lie, that forget.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IO::Socket::INET;
use POSIX ();

use DynapgHttp;

# ---------------------------------------------------------------- an endpoint that answers as it is told

my %calls;    # how often an operation of a table was asked for

sub description
{
	my ($table, %more) = @_;
	return json()->encode({ Table => {
		TableName => $table, TableStatus => 'ACTIVE', TableArn => "arn:aws:dynamodb:us-east-1:000000000000:table/$table",
		KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' } ], AttributeDefinitions => [ { AttributeName => 'pk', AttributeType => 'S' } ],
		BillingModeSummary => { BillingMode => 'PAY_PER_REQUEST' }, %more } });
}

sub stream_description
{
	my ($table) = @_;
	return description($table, StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => 'NEW_IMAGE' }, LatestStreamArn => "arn:aws:dynamodb:us-east-1:000000000000:table/$table/stream/1");
}

sub record
{
	my ($number, $pk) = @_;
	return { eventName => 'INSERT', dynamodb => { Keys => { pk => { S => $pk } }, NewImage => { pk => { S => $pk }, n => { N => $number } }, SequenceNumber => $number, ApproximateCreationDateTime => time() } };
}

my $no_items = '{"Items": [], "Count": 0}';
my %answers = (
	NotJson => { DescribeTable => sub { [ 200, '<html>' ] } },
	Redirected => { DescribeTable => sub { [ 307, '', header => 'Location: http://127.0.0.1:1/' ] } },
	NoKeySchema => { DescribeTable => sub { [ 200, description('NoKeySchema', KeySchema => undef) ] } },
	NoDefinition => { DescribeTable => sub { [ 200, description('NoDefinition', AttributeDefinitions => []) ] } },
	NulName => { DescribeTable => sub { [ 200, description('NulName', KeySchema => [ { AttributeName => "p\0k", KeyType => 'HASH' } ]) ] } },
	NoKeys => { Scan => sub { [ 200, '{"Items": [{"a": {"S": "x"}}]}' ] } },
	WrongType => { Scan => sub { [ 200, '{"Items": [{"pk": {"N": "1"}}]}' ] } },
	NoType => { Scan => sub { [ 200, '{"Items": [{"pk": {"Z": "1"}}]}' ] } },
	NoNumber => { Scan => sub { [ 200, '{"Items": [{"pk": {"S": "1"}, "n": {"N": "one"}}]}' ] } },
	NoArray => { Scan => sub { [ 200, '{"Items": 5}' ] } },
	NoItems => { Scan => sub { [ 200, '{"Count": 5}' ] } },
	Circle => { Scan => sub { [ 200, '{"Items": [{"pk": {"S": "x"}}], "LastEvaluatedKey": {"pk": {"S": "x"}}}' ] } },
	Gone => { Scan => sub { [ 400, '{"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException", "message": "Requested resource not found"}' ] } },
	Stranger => { DescribeTable => sub { [ 400, '{"__type": "com.amazon.coral.service#UnrecognizedClientException", "message": "The security token included in the request is invalid."}' ] } },
	Broken => {
		Scan => sub {
			my ($count) = @_;
			my $body = '{"Items": [{"pk": {"S": "x"}}, {"pk": {"S": "y"}}]}';
			return [ 200, $body, cut => 10 ] if $count == 1;
			return [ 200, $body, header => 'x-amz-crc32: 1' ] if $count == 2;
			return [ 400, '{"__type": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException", "message": "slow"}' ] if $count == 3;
			return [ 503, 'try later' ] if $count == 4;
			return [ 200, $body, header => 'x-amz-crc32: 2514938000' ];
		} },
	Hanging => { Scan => sub { [ 200, $no_items, hang => 1 ] } },
	NoImage => {
		DescribeTable => sub { [ 200, stream_description('NoImage') ] },
		GetRecords => sub { [ 200, json()->encode({ NextShardIterator => 'n', Records => [ { eventName => 'MODIFY', dynamodb => { Keys => { pk => { S => 'a' } }, SequenceNumber => '1' } } ] }) ] } },
	Trimmed => {
		DescribeTable => sub { [ 200, stream_description('Trimmed') ] },
		GetShardIterator => sub {
			my ($count, $body) = @_;
			return [ 200, '{"ShardIterator": "Trimmed oldest"}' ] if $body =~ /TRIM_HORIZON/;
			return [ 400, '{"__type": "x#TrimmedDataAccessException", "message": "trimmed"}' ] if $body =~ /AFTER_SEQUENCE_NUMBER/;
			return [ 200, '{"ShardIterator": "Trimmed latest"}' ];
		},
		GetRecords => sub {
			my ($count, $body) = @_;
			return [ 200, json()->encode({ NextShardIterator => 'Trimmed second', Records => [ record('100000000000000000001', 'a') ] }) ] if $body =~ /latest/;
			return [ 400, '{"__type": "x#ExpiredIteratorException", "message": "expired"}' ] if $body =~ /second/;
			return [ 200, json()->encode({ NextShardIterator => 'Trimmed third', Records => [ record('100000000000000000007', 'b') ] }) ] if $body =~ /oldest/;
			return [ 200, '{"Records": [], "NextShardIterator": "Trimmed third"}' ];
		} });

my $shards = '{"StreamDescription": {"StreamStatus": "ENABLED", "Shards": [{"ShardId": "shardId-00000001", "SequenceNumberRange": {"StartingSequenceNumber": "100000000000000000000"}}]}}';

sub answer
{
	my ($operation, $body) = @_;
	my ($table) = $body =~ /"TableName":\s*"(\w+)"/;
	($table) = $body =~ m{:table/(\w+)/} unless defined $table;
	($table) = $body =~ /"ShardIterator":\s*"(\w+)/ unless defined $table;
	my $told = $answers{$table}{$operation};
	return $told->(++$calls{"$table $operation"}, $body) if $told;
	return [ 200, description($table) ] if $operation eq 'DescribeTable';
	return [ 200, $no_items ] if $operation eq 'Scan';
	return [ 200, $shards ] if $operation eq 'DescribeStream';
	return [ 200, "{\"ShardIterator\": \"$table\"}" ] if $operation eq 'GetShardIterator';
	return [ 400, '{"__type": "com.amazon.coral.service#UnknownOperationException"}' ];
}

sub serve
{
	my ($listener) = @_;

	$SIG{PIPE} = $SIG{CHLD} = 'IGNORE';
	while (my $socket = $listener->accept)
	{
		my $request = '';
		while ($request !~ /\r\n\r\n/) { sysread($socket, $request, 65536, length $request) or last; }
		my ($length) = $request =~ /Content-Length: (\d+)/i;
		my ($operation) = $request =~ /X-Amz-Target: \w+\.(\w+)/i;
		my $head = index $request, "\r\n\r\n";
		while (defined $length && length($request) - $head - 4 < $length) { sysread($socket, $request, 65536, length $request) or last; }
		my ($status, $body, %options) = @{ answer($operation // '', substr $request, $head + 4) };
		my $sent = "HTTP/1.1 $status OK\r\nConnection: close\r\nContent-Length: " . length($body) . "\r\n" . ($options{header} ? "$options{header}\r\n" : '') . "\r\n";
		syswrite $socket, $sent . ($options{cut} || $options{hang} ? substr($body, 0, 10) : $body);
		# another process keeps the connection open
		if ($options{hang} && !fork())
		{
			close STDOUT;
			close STDERR;
			sleep 60;
			POSIX::_exit(0);
		}
		close $socket;
	}
	return;
}

my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 20) or die "no port";
my $port = $listener->sockport;
my $server = fork();
if ($server == 0)
{
	serve($listener);
	POSIX::_exit(0);
}
close $listener;
END
{
	local $?;
	kill 'KILL', $server if $server;
}

# ---------------------------------------------------------------- copies

my $dead_port = free_http_port();
my $node = PostgreSQL::Test::Cluster->new('errors');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "dynapg.copy_hosts = '127.0.0.1:$port, 127.0.0.1:$dead_port, *.localhost:$port'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');
sub sql { return $node->safe_psql('postgres', $_[0]); }

sub begin_copy
{
	my ($table, $options, $endpoint) = @_;
	$endpoint //= "http://127.0.0.1:$port";
	return sql("SELECT dynapg.copy_from('$endpoint', '$table', time_to_live => false, tags => false, segments => 1, settle => '0 s', $options)");
}

# What a copy ends with: its status, or its FailureCode and message.
sub end_of
{
	my ($copy) = @_;
	my ($code, $out, $err) = $node->psql('postgres', "SELECT dynapg.await_copy('$copy', 'COMPLETED', '300 s')");
	my $end = sql("SELECT coalesce(failure_code || ': ' || failure_message, status) FROM dynapg.stat_copies WHERE id = '$copy'");
	return $end eq 'IN_PROGRESS' ? sql("SELECT row_to_json(c) FROM dynapg.stat_copies c WHERE id = '$copy'") : $end;
}

my @lies = (
	[ 'NotJson', qr/^NotDynamoDB: / ], [ 'Redirected', qr/^NotDynamoDB: .* 307/ ], [ 'NoKeySchema', qr/^InvalidAnswer: / ],
	[ 'NoDefinition', qr/^(ValidationException|InvalidAnswer): / ], [ 'NulName', qr/^InvalidAnswer: / ], [ 'NoKeys', qr/^InvalidItem: .*key/ ],
	[ 'WrongType', qr/^InvalidItem: / ], [ 'NoType', qr/^InvalidItem: / ], [ 'NoNumber', qr/^InvalidItem: / ], [ 'NoArray', qr/^InvalidAnswer: / ],
	[ 'NoItems', qr/^InvalidAnswer: / ], [ 'Circle', qr/^InvalidAnswer: .*LastEvaluatedKey/ ], [ 'Gone', qr/^TableNotFound: / ],
	[ 'Stranger', qr/^UnrecognizedClientException: .*security token/ ]);
foreach my $lie (@lies)
{
	my ($table, $expected) = @$lie;
	like(end_of(begin_copy($table, 'stream => false')), $expected, "an endpoint that lies: $table");
}
is(sql(q{SELECT count(*) FROM dynamo."Circle"}), '1', 'what was read before is there, as its counts say');
like(end_of(begin_copy('NoStream', 'stream => true')), qr/^StreamRequired: .*stream => false/, 'a table without a stream');
like(end_of(begin_copy('NoImage', 'stream => true')), qr/^StreamViewType: /, 'records without images');

is(end_of(begin_copy('Broken', 'stream => false')), 'COMPLETED', 'answers that break off, do not have their checksum, throttle or fail are asked for again');
is(sql(q{SELECT string_agg(item ->> 'pk', ',' ORDER BY item ->> 'pk') FROM dynamo."Broken"}), 'x,y', 'and then the items are there');

# a stream that has forgotten a position which had nothing behind it
my $copy = begin_copy('Trimmed', 'stream => true');
ok($node->poll_query_until('postgres', "SELECT records = 2 FROM dynapg.stat_copies WHERE id = '$copy'"), 'a quiet shard whose position was trimmed is read on from its oldest record');
sql("SELECT dynapg.copy_cut_over('$copy')");
is(end_of($copy), 'COMPLETED', 'and cut over');
is(sql(q{SELECT string_agg(item ->> 'pk', ',' ORDER BY item ->> 'pk') FROM dynamo."Trimmed"}), 'a,b', 'with all its items');
sql(q{SELECT dynamo_delete_table('{"TableName": "Trimmed"}')});

# the same after a day
$copy = begin_copy('Trimmed', 'stream => true');
$node->poll_query_until('postgres', "SELECT phase = 'FOLLOWING' AND records > 0 FROM dynapg.stat_copies WHERE id = '$copy'");
$node->stop('immediate');
$node->start;
my $day = 25 * 3600 * 1000000;
sql(qq{UPDATE dynapg.transfer_parts SET state = state || jsonb_build_object('CheckedAt', (state ->> 'CheckedAt')::bigint - $day) WHERE transfer = '$copy' AND part >= 1024});
sql("SELECT dynapg.resume_copy('$copy')");
like(end_of($copy), qr/^StreamTrimmed: .*24 hours/, 'after a day records may be lost: it fails');

# ---------------------------------------------------------------- hosts

foreach my $endpoint ('http://127.0.0.2:' . $port, 'http://127.0.0.1:1', "http://localhost:$port", 'https://dynamodb.us-east-1.amazonaws.com')
{
	like(end_of(begin_copy('Music', 'stream => false', $endpoint)), qr/^HostNotAllowed: dynapg.copy_hosts /, "$endpoint is not allowed");
}
$copy = begin_copy('Music', 'stream => false', "http://any.localhost:$port");
ok($node->poll_query_until('postgres', "SELECT last_error IS NOT NULL FROM dynapg.stat_copies WHERE id = '$copy'"), 'a name that a pattern fits may not lead to this machine');
sql("SELECT dynapg.cancel_transfer('$copy')");
like(end_of($copy), qr/^CANCELLED$/, 'its copy is cancelled');
foreach my $endpoint ('ftp://127.0.0.1', 'http://user@127.0.0.1', 'http://127.0.0.1/path', 'http://127.0.0.1?x', '127.0.0.1', 'http://', 'file:///etc/passwd')
{
	my ($code, $out, $err) = $node->psql('postgres', "SELECT dynapg.copy_from('$endpoint', 'Music')");
	like($err, qr/invalid value for argument "endpoint"/, "$endpoint is no endpoint");
}

# ---------------------------------------------------------------- silence

foreach my $silent ([ 'Hanging', "http://127.0.0.1:$port" ], [ 'Music', "http://127.0.0.1:$dead_port" ])
{
	my ($table, $endpoint) = @$silent;
	$copy = begin_copy($table, 'stream => false', $endpoint);
	if ($table eq 'Music')
	{
		ok($node->poll_query_until('postgres', "SELECT last_error LIKE '%gets no answer%' FROM dynapg.stat_copies WHERE id = '$copy'"), "$endpoint is dead, and the view says so");
	}
	else
	{
		ok($node->poll_query_until('postgres', "SELECT phase = 'COPYING' FROM dynapg.stat_copies WHERE id = '$copy'"), 'an endpoint that stops in the middle of a body');
	}
	my $began = time;
	ok(sql("SELECT dynapg.cancel_transfer('$copy')"), "$table is cancelled");
	is(end_of($copy), 'CANCELLED', "$table has ended");
	cmp_ok(time - $began, '<', 25, 'soon');
}
is(sql('SELECT count(*) FROM dynapg.transfers WHERE ended_at IS NULL'), '0', 'nothing goes on');

# ---------------------------------------------------------------- credentials, and who may what

sql(q{CREATE ROLE mover LOGIN; CREATE ROLE other LOGIN; GRANT USAGE, CREATE ON SCHEMA dynamo TO mover, other});
sub as { my ($role, $sql) = @_; my ($code, $out, $err) = $node->psql('postgres', $sql, extra_params => [ '-U', $role ]); return $code == 0 ? $out : $err; }
is(as('mover', q{SELECT dynapg.put_copy_credentials('prod', 'AKIA1', 'swordfish')}), '', 'credentials are put');
like(as('other', "SELECT dynapg.copy_from('http://127.0.0.1:$port', 'Music', credentials => 'prod')"), qr/there are no credentials "prod" of role "other"/, 'they are of their role');
like(as('other', 'SELECT * FROM dynapg.copy_credentials'), qr/permission denied/, 'others cannot read them');
like(as('mover', 'SELECT * FROM dynapg.copy_credentials'), qr/permission denied/, 'nor can he');
unlike(scalar `pg_dump -d '@{[ $node->connstr('postgres') ]}'`, qr/swordfish/, 'they are in no dump');
$copy = as('mover', "SELECT dynapg.copy_from('http://127.0.0.1:$port', 'Circle2', credentials => 'prod', stream => false, tags => false, time_to_live => false)");
is(end_of($copy), 'COMPLETED', 'a copy with credentials');
unlike(sql("SELECT array_agg(t::text) || array_agg(s::text) FROM dynapg.transfers t, dynapg.stat_copies s"), qr/swordfish/, 'they are in no view');
like(as('other', "SELECT dynapg.copy_cut_over('$copy')"), qr/must have the privileges/, 'others cannot look after his copy');
is(as('other', 'SELECT count(*) FROM dynapg.stat_copies'), '0', 'nor see it');
is(as('mover', q{SELECT dynapg.drop_copy_credentials('prod')}), 't', 'credentials are dropped');
like(as('mover', "SELECT dynapg.copy_cut_over('$copy')"), qr/has ended/, 'a copy that has ended is not cut over');

done_testing();
