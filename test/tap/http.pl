# The HTTP endpoint as a client on a plain socket sees it: stages, headers, codings, limits, and what is no HTTP at all.
use strict;
use warnings;

use Compress::Zlib qw(compress crc32 memGzip memGunzip);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use DynapgHttp;

my ($node, $port) = start_node('http', <<'CONF');
dynapg.workers = 1
dynapg.developer_mode = on
dynapg.max_body_size = 4MB
dynapg.max_connections = 50
CONF

my $json_type = [ 'Content-Type', 'application/x-amz-json-1.0' ];
my $host = [ 'Host', "127.0.0.1:$port" ];
my $target = [ 'X-Amz-Target', 'DynamoDB_20120810.ListTables' ];
my @usual = ($host, $json_type, $target);
my $coral = 'com.amazon.coral.service#';
my $unknown_operation = qq(400 {"__type":"${coral}UnknownOperationException"});
my $lacking_operation = qq(400 {"__type":"${coral}UnknownOperationException","message":"Unknown operation exception"});
my $serialization = qq(400 {"__type":"${coral}SerializationException"});

sub post
{
	my ($headers, $body, %options) = @_;
	return exchange($port, post_bytes($headers, $body, %options));
}

sub alive
{
	my ($name) = @_;
	like(answer_of(post(\@usual, '{}')), qr/^200 /, "$name: the endpoint goes on");
}

# The checksum and the request's id belong to every JSON answer.
sub check_headers
{
	my ($response, $name) = @_;
	my $headers = $response->{headers};

	is($headers->{'x-amz-crc32'}, crc32($response->{body}), "$name: checksum of what is sent");
	like($headers->{'x-amzn-requestid'}, qr/^[A-Z0-9]{52}$/, "$name: request id");
	is($headers->{'content-type'}, 'application/x-amz-json-1.0', "$name: content type");
	ok(defined $headers->{date}, "$name: date");
}

# ---------------------------------------------------------------- stages before the operation

my $response = post(\@usual, '{}');
is(answer_of($response), '200 {"TableNames":[]}', 'an operation, not signed, in developer mode');
check_headers($response, 'success');
my $first_id = $response->{headers}{'x-amzn-requestid'};
isnt(post(\@usual, '{}')->{headers}{'x-amzn-requestid'}, $first_id, 'each request has an id of its own');

$response = exchange($port, "GET / HTTP/1.1\r\nHost: dynamodb.us-east-1.amazonaws.com\r\n\r\n");
is(answer_of($response), '200 healthy: dynamodb.us-east-1.amazonaws.com ', 'health');
is($response->{headers}{'content-length'}, 42, 'health: its length');
ok(!defined $response->{headers}{'x-amz-crc32'}, 'health: no checksum');

my $not_found = "404 <UnknownOperationException/>\n";
is(answer_of(exchange($port, "GET $_ HTTP/1.1\r\nHost: h\r\n\r\n")), '200 healthy: h ', "health: GET $_") foreach ('/', '/?a=b', "http://h/");
is(answer_of(exchange($port, "GET $_ HTTP/1.1\r\nHost: h\r\n\r\n")), $not_found, "no other path: GET $_")
  foreach ('/a', '/a/', '//', '/index.html', '/metrics/', '/metricsx', '/%2f', '/favicon.ico', 'http://h/a', '*');
is(answer_of(post(\@usual, '{}', method => $_)), $not_found, "method $_") foreach qw(PUT DELETE PATCH);
is(answer_of(post([ $host, $target ], '{}')), $not_found, 'no content type');
is(answer_of(post([ $host, $target, [ 'Content-Type', $_ ] ], '{}')), $not_found, "content type $_")
  foreach ('application/x-amz-json-1.1', 'text/plain', 'application/jsonx', '', ';', 'application/x-amz-cbor-1.1');
is(answer_of(post([ $host, $target, [ 'Content-Type', $_ ] ], '{}')), '200 {"TableNames":[]}', "content type $_")
  foreach ('application/json', 'application/json; charset=utf-8', 'application/x-amz-json-1.0;x', 'Application/X-Amz-JSON-1.0');

$response = post([ $host, $json_type ], '{}');
is(answer_of($response), $unknown_operation, 'no target');
check_headers($response, 'error');
is(answer_of(post([ $host, $json_type, [ 'X-Amz-Target', $_ ] ], '{}')), $unknown_operation, "target $_")
  foreach ('', 'ListTables', 'DynamoDB_20120810.', 'DynamoDB_20120810.listTables', 'DynamoDB_20120810.ListTablesX', 'DynamoDB_20111205.ListTables',
	'DynamoDBStreams_20120810.ListTables', 'DynamoDB_20120810.ListTables.', 'x' x 1000);
is(answer_of(post(\@usual, $_)), $serialization, "a body that is no JSON: '$_'") foreach ('', ' ', '{', '{]', 'x', '{} {}', "\xff\xfe", "{}\0", '[' x 100000);
is(answer_of(post([ $host, $json_type, [ 'X-Amz-Target', 'x' ] ], '{')), $serialization, 'that comes before the target');
like(answer_of(post(\@usual, $_)), qr/^400 .*${coral}SerializationException/, "JSON that is no object: $_") foreach ('[]', '1', '"x"', 'null');
is(answer_of(post(\@usual, '{}', uri => $_)), '200 {"TableNames":[]}', "path $_") foreach ('//', '/a/b', '/?x=y', '/%00', "http://127.0.0.1:$port/");

# Another service's request is none of DynamoDB's, whatever its target says.
{
	my $form_type = [ 'Content-Type', 'application/x-www-form-urlencoded' ];
	my $operations = sub { return exchange($port, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n")->{body} =~ /^dynapg_requests_total\{operation="ListTables"\} (\d+)/m ? $1 : 0; };
	my $counted = $operations->();

	foreach my $case ([ 'no form', $form_type, 'x', '/' ], [ 'an empty form', $form_type, '', '/' ], [ 'an unknown action', $form_type, 'Action=ListTables', '/' ],
		[ 'a large form', $form_type, 'x' x 100000, '/' ],
		[ 'CBOR', [ 'Content-Type', 'application/cbor' ], "\xA0", '/service/GraniteServiceVersion20100801/operation/X' ],
		[ 'CBOR by its path', $json_type, '{}', '/service/GraniteServiceVersion20100801/operation/X' ])
	{
		my ($name, $type, $body, $path) = @$case;
		like(answer_of(post([ $host, $type, [ 'X-Amz-Target', $_ ] ], $body, uri => $path)), qr/^400 .*(?:UnknownOperationException|<Code>InvalidAction<)/s, "$name with the target $_")
		  foreach 'DynamoDB_20120810.ListTables', 'DynamoDBStreams_20120810.ListStreams', 'GraniteServiceVersion20100801.ListTables', 'AnyScaleFrontendService.ListTables';
	}
	my @form = ($host, $form_type);
	like(answer_of(post(\@form, 'Action=ListMetrics&' . join '&', map { "p$_=" } 1 .. 10000)), qr/^400 .*<Code>InvalidParameterValue<.*The request has more than 10000 parameters</, 'too many parameters');
	is(post(\@form, 'Action=ListMetrics&' . join '&', map { "p$_=" } 1 .. 9999)->{status}, 200, 'not too many');
	my $begun = time;
	is(post(\@form, 'Action=ListMetrics&' . join '&', map { "p$_=" } 1 .. 400000)->{status}, 400, 'far too many');
	cmp_ok(time - $begun, '<', 45, 'are refused at once');
	is($operations->(), $counted, 'such a request is not counted as an operation');
	alive("another service's dialects");
}

# ---------------------------------------------------------------- errors

is( answer_of(call($port, 'GetItem', { TableName => 'nothing', Key => { pk => { S => 'a' } } })),
	'400 {"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}',
	'ResourceNotFoundException');
is( answer_of(call($port, 'ListTables', { Limit => 0 })),
	'400 {"__type":"com.amazon.coral.validate#ValidationException","message":"1 validation error detected: Value \'0\' at \'limit\' '
	  . 'failed to satisfy constraint: Member must have value greater than or equal to 1"}',
	'ValidationException');
is( answer_of(call($port, 'ListTables', '{"Limit":"x"}')),
	qq(400 {"__type":"${coral}SerializationException","Message":"STRING_VALUE cannot be converted to Integer"}),
	'SerializationException has Message');
create_table($port, 'things');

# Alarms, in AWS JSON and in XML.
{
	my $cloudwatch = sub { my ($operation, $body) = @_; return answer_of(call($port, $operation, $body, target => 'GraniteServiceVersion20100801.')); };
	my $alarm = { AlarmName => 'a<b', Namespace => 'AWS/DynamoDB', MetricName => 'ConsumedReadCapacityUnits', Statistic => 'Sum', Period => 60, EvaluationPeriods => 1, Threshold => 1,
		ComparisonOperator => 'GreaterThanThreshold', Dimensions => [ { Name => 'TableName', Value => 'things', 'x><evil/' => '1', '' => '2', '1a' => '3' } ] };

	is($cloudwatch->('PutMetricAlarm', $alarm), '200 {}', 'an alarm');
	my $xml = answer_of(post([ $host, [ 'Content-Type', 'application/x-www-form-urlencoded' ] ], 'Action=DescribeAlarms'));
	like($xml, qr{^200 .*<AlarmName>a&lt;b</AlarmName>.*<Dimensions><member><Name>TableName</Name><Value>things</Value></member></Dimensions>}s,
		'XML has no elements with names that are none');

	# what another transaction is in the way of may be asked for again
	my $holder = $node->background_psql('postgres');
	$holder->query_safe('BEGIN; LOCK TABLE dynapg.alarms, dynapg.scalable_targets IN ACCESS EXCLUSIVE MODE');
	$node->safe_psql('postgres', q(ALTER SYSTEM SET dynapg.lock_timeout = '200ms'));
	$node->reload;
	is($cloudwatch->('PutMetricAlarm', $alarm), '429 {"__type":"com.amazonaws.cloudwatch#ConcurrentModificationException","message":"Another request changes the same at this time."}',
		'CloudWatch: a conflict');
	is(answer_of(call($port, 'RegisterScalableTarget', { ServiceNamespace => 'dynamodb', ResourceId => 'table/things', ScalableDimension => 'dynamodb:table:ReadCapacityUnits',
			MinCapacity => 1, MaxCapacity => 10 }, target => 'AnyScaleFrontendService.')),
		'500 {"__type":"ConcurrentUpdateException","message":"Another request changes the same at this time."}', 'Application Auto Scaling: a conflict');
	$holder->query_safe('COMMIT');
	$holder->quit;
	$node->safe_psql('postgres', 'ALTER SYSTEM RESET dynapg.lock_timeout');
	$node->reload;
	is($cloudwatch->('DeleteAlarms', { AlarmNames => ['a<b'] }), '200 {}', 'an alarm is deleted');
}
like(answer_of(call($port, 'DescribeTable', { TableName => 'things' })), qr/"CreationDateTime":1\.\d+E9,/, 'times are written as Java writes doubles');
my @put = ('PutItem', { TableName => 'things', Item => { pk => { S => 'a' }, n => { N => '1' } },
		ConditionExpression => 'attribute_not_exists(pk)', ReturnValuesOnConditionCheckFailure => 'ALL_OLD' });
is(answer_of(call($port, @put)), '200 {}', 'a conditional put');
$response = call($port, @put);
is($response->{status}, 400, 'a failed condition: status');
is_deeply(
	json()->decode($response->{body}),
	{
		__type => 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException',
		message => 'The conditional request failed',
		Item => { pk => { S => 'a' }, n => { N => '1' } }
	},
	'a failed condition: body with the item');
check_headers($response, 'a failed condition');
is(answer_of(call($port, 'DescribeGlobalTable', { TransactItems => [] })), $lacking_operation, 'an operation that is not there yet');

# Some answers have no body, not even an empty object.
{
	my $arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/things';
	$response = call($port, 'TagResource', { ResourceArn => $arn, Tags => [ { Key => 'k', Value => 'v' } ] });
	is(answer_of($response), '200 ', 'TagResource: no body');
	is($response->{headers}{'content-length'}, 0, 'TagResource: its length');
	check_headers($response, 'TagResource');
	is(answer_of(call($port, 'ListTagsOfResource', { ResourceArn => $arn })), '200 {"Tags":[{"Key":"k","Value":"v"}]}', 'the tag is there');
	$response = call($port, 'UntagResource', { ResourceArn => $arn, TagKeys => ['k'] });
	is(answer_of($response), '200 ', 'UntagResource: no body');
	is(answer_of(call($port, 'ListTagsOfResource', { ResourceArn => $arn })), '200 {"Tags":[]}', 'the tag has gone');
}

# Any text comes back as it was.
{
	my $text = qq("\\\b\f\n\r\t\x{1}\x{7f}\x{0}) . "\x{e4}\x{20ac}\x{1f600}\x{2028}";
	call($port, 'PutItem', { TableName => 'things', Item => { pk => { S => $text }, t => { S => $text } } });
	is_deeply(json()->decode(get_item($port, 'things', $text)->{body}), { Item => { pk => { S => $text }, t => { S => $text } } }, 'any text');
}

# ---------------------------------------------------------------- CORS

$response = post([ @usual, [ 'Origin', 'http://example.com' ] ], '{}');
is($response->{headers}{'access-control-allow-origin'}, '*', 'CORS: any origin');
my $exposed = 'x-amzn-RequestId,x-amzn-ErrorType,x-amz-request-id,x-amz-id-2,x-amz-crc32,x-amzn-ErrorMessage,Date';
is($response->{headers}{'access-control-expose-headers'}, $exposed, 'CORS: what a script may see');
ok(!defined post(\@usual, '{}')->{headers}{'access-control-allow-origin'}, 'CORS: only if there is an origin');
$response = post([ $host, [ 'Origin', 'null' ], [ 'Access-Control-Request-Headers', 'authorization,x-amz-target' ],
		[ 'Access-Control-Request-Method', 'POST' ] ], '', method => 'OPTIONS');
is(answer_of($response), '200 ', 'preflight');
is($response->{headers}{'content-length'}, 0, 'preflight: no body');
is($response->{headers}{'access-control-allow-headers'}, 'authorization,x-amz-target', 'preflight: headers');
is($response->{headers}{'access-control-allow-methods'}, 'POST', 'preflight: methods');
is($response->{headers}{'access-control-max-age'}, 172800, 'preflight: lifetime');
is($response->{headers}{'access-control-expose-headers'}, $exposed, 'preflight: what a script may see');
ok(!defined post([$host], '', method => 'OPTIONS')->{headers}{'access-control-expose-headers'}, 'OPTIONS without an origin: nothing');
$response = exchange($port, "GET / HTTP/1.1\r\nHost: h\r\nOrigin: o\r\n\r\n");
is($response->{headers}{'access-control-allow-origin'}, '*', 'CORS: GET');
is(post([ $host, [ 'Origin', 'o' ] ], 'x')->{headers}{'access-control-allow-origin'}, '*', 'CORS: 404');

# Developer mode is for this machine's own programs.
is(post([ @usual, [ 'Origin', 'http://localhost:3000' ] ], '{}')->{status}, 200, 'developer mode: a page of this machine');
foreach my $elsewhere ([ 'Origin', 'http://example.com' ], [ 'Origin', 'http://localhost.example.com' ], [ 'Origin', 'null' ],
	[ 'X-Forwarded-For', '192.0.2.1' ], [ 'Via', '1.1 proxy' ])
{
	like(post([ @usual, $elsewhere ], '{}')->{body}, qr/MissingAuthenticationTokenException/,
		"developer mode: not with $elsewhere->[0]: $elsewhere->[1]");
}

# ---------------------------------------------------------------- connections

{
	my $connection = open_connection($port);
	my $request = post_bytes(\@usual, '{}');

	foreach my $i (1 .. 5)
	{
		send_bytes($connection, $request);
		like(answer_of(read_response($connection)), qr/^200 /, "keep-alive: request $i");
	}
	send_bytes($connection, $request x 20);
	is(join(' ', map { read_response($connection)->{status} } 1 .. 20), join(' ', (200) x 20), 'pipelining');

	# Answers come in the order of the requests, also where one has to wait for WAL to be flushed and the next one has not.
	my $puts = join '', map {
		(put_item($port, 'things', "p$_", bytes_only => 1), get_item($port, 'things', "p$_", eventual => 1, bytes_only => 1))
	} 1 .. 10;
	send_bytes($connection, $puts);
	my @bodies = map { read_response($connection)->{body} } 1 .. 20;
	is_deeply(\@bodies, [ map { ('{}', qq({"Item":{"pk":{"S":"p$_"}}})) } 1 .. 10 ], 'pipelining: answers in order, reads see the writes before them');

	foreach my $byte (split //, $request)
	{
		send_bytes($connection, $byte);
	}
	like(answer_of(read_response($connection)), qr/^200 /, 'byte by byte');

	send_bytes($connection, post_bytes([ @usual, [ 'Connection', 'close' ] ], '{}'));
	like(answer_of(read_response($connection)), qr/^200 /, 'Connection: close');
	ok(is_closed($connection), 'Connection: close closes');
}
{
	my $connection = open_connection($port);
	(my $request = post_bytes(\@usual, '{}')) =~ s/HTTP\/1\.1/HTTP\/1.0/;
	send_bytes($connection, $request);
	like(answer_of(read_response($connection)), qr/^200 /, 'HTTP/1.0');
	ok(is_closed($connection), 'HTTP/1.0 closes');
}
{
	my $connection = open_connection($port);
	send_bytes($connection, post_bytes([ @usual, [ 'Expect', '100-continue' ], [ 'Content-Length', 2 ] ], ''));
	is(read_response($connection)->{status}, 100, 'Expect: 100-continue');
	send_bytes($connection, '{}');
	like(answer_of(read_response($connection)), qr/^200 /, 'the answer after it');
}

# ---------------------------------------------------------------- codings of requests

sub chunked
{
	my ($body, $size) = @_;
	return join('', map { sprintf("%x\r\n%s\r\n", length, $_) } unpack("(a$size)*", $body)) . "0\r\n\r\n";
}

my $chunks = [ 'Transfer-Encoding', 'chunked' ];
is(answer_of(post([ @usual, $chunks ], chunked('{"Limit":5}', $_), no_length => 1)), '200 {"TableNames":["things"]}', "chunks of $_ bytes") foreach (1, 3, 1000);
is(answer_of(post([ @usual, $chunks ], "2;name=value\r\n{}\r\n0\r\nTrailer: x\r\n\r\n", no_length => 1)), '200 {"TableNames":["things"]}', 'chunks with an extension and a trailer');

my $large = '{"Limit":5' . ' ' x 100000 . '}';
my $ok = '200 {"TableNames":["things"]}';
my $raw_deflate = do { my ($d) = Compress::Zlib::deflateInit(-WindowBits => -15); my ($a) = $d->deflate($large); my ($b) = $d->flush(); $a . $b };
my @codings = (
	[ 'gzip', memGzip($large), $ok ],
	[ 'GZIP', memGzip($large), $ok ],
	[ 'gzip', memGzip('{"Lim') . memGzip('it":') . memGzip('5}'), $ok, 'several members' ],
	[ 'deflate', compress($large), $ok ],
	[ 'deflate', $raw_deflate, $ok, 'without a header' ],
	[ 'identity', $large, $ok ],
	[ 'gzip', $large, qr/^400 /, 'not compressed' ],
	[ 'gzip', substr(memGzip($large), 0, -1), qr/^400 /, 'cut short' ],
	[ 'gzip', memGzip($large) . 'x', qr/^400 /, 'with more after it' ],
	[ 'gzip', '', qr/^400 /, 'empty' ],
	[ 'deflate', compress('{"Lim') . compress('it":5}'), qr/^400 /, 'several streams' ],
	[ 'deflate', 'xyz', qr/^400 /, 'not compressed' ],
	[ 'br', $large, qr/^400 /, 'unknown' ],
	[ 'gzip, gzip', memGzip(memGzip($large)), qr/^400 /, 'twice' ]);
foreach my $coding (@codings)
{
	my ($name, $body, $expected, $what) = @$coding;
	my $answer = answer_of(post([ @usual, [ 'Content-Encoding', $name ] ], $body));
	$what = "Content-Encoding $name" . ($what ? ", $what" : '');
	ref $expected ? like($answer, $expected, $what) : is($answer, $expected, $what);
}
is(answer_of(post([ @usual, $chunks, [ 'Content-Encoding', 'gzip' ] ], chunked(memGzip($large), 10), no_length => 1)), $ok, 'gzip in chunks');

# ---------------------------------------------------------------- codings of answers

put_item($port, 'things', 'large', attributes => { text => { S => 'x' x 8000 } });
my $plain = get_item($port, 'things', 'large');
ok(!defined $plain->{headers}{'content-encoding'}, 'an answer is not compressed unless that is asked for');
sub large
{
	return get_item($port, 'things', 'large', headers => [ map { [ 'Accept-Encoding', $_ ] } @_ ]);
}

my %decode = (gzip => \&memGunzip, deflate => \&Compress::Zlib::uncompress);
foreach my $case (
	[ 'gzip', 'gzip' ], [ 'gzip', 'GZIP' ], [ 'gzip', 'br, gzip' ], [ 'gzip', 'gzip;q=0.5' ], [ 'gzip', 'gzip ; x=y; q=0.001' ],
	[ 'deflate', 'deflate' ], [ 'deflate', 'Deflate;q=0.1' ],
	# the client's order, not its weights
	[ 'deflate', 'deflate,gzip;q=1.0' ], [ 'deflate', 'deflate;q=0.1, gzip' ], [ 'gzip', 'gzip, deflate' ], [ 'gzip', 'gzip,deflate,br' ],
	[ 'gzip', 'deflate;q=0, gzip' ], [ 'deflate', 'gzip;q=0.0, x, deflate' ], [ 'deflate', ' ,, deflate' ],
	# and of several headers the first
	[ 'deflate', 'deflate', 'gzip' ], [ 'gzip', 'gzip', 'deflate' ])
{
	my ($coding, @accept) = @$case;
	my $name = 'Accept-Encoding ' . join ' and ', @accept;

	$response = large(@accept);
	is($response->{headers}{'content-encoding'}, $coding, "$name: $coding");
	is($response->{headers}{'x-amz-crc32'}, crc32($response->{body}), "$name: checksum of the compressed bytes");
	is($decode{$coding}->(my $copy = $response->{body}), $plain->{body}, "$name: contents");
}
foreach my $accept ('identity', 'br', 'gzip;q=0', 'gzip; q=0.0', 'gzip;q=0,deflate;q=0', '', 'gzipx', 'x-gzip', 'identity, gzip')
{
	$response = large($accept);
	ok(!defined $response->{headers}{'content-encoding'}, "Accept-Encoding '$accept': not compressed");
	is($response->{body}, $plain->{body}, "Accept-Encoding '$accept': contents");
}
ok(!defined large('br', 'gzip')->{headers}{'content-encoding'}, 'a second Accept-Encoding does not count');
$response = post([ @usual, [ 'Accept-Encoding', 'gzip' ] ], '{}');
ok(!defined $response->{headers}{'content-encoding'}, 'a small answer is not compressed');

# ---------------------------------------------------------------- limits

my $limit = 4 * 1024 * 1024;
is(answer_of(post(\@usual, '{}' . ' ' x ($limit - 2))), $ok, 'a body as large as may be');
is(post(\@usual, '{}' . ' ' x ($limit - 1))->{status}, 413, 'one byte more');
{
	my $connection = open_connection($port);
	send_bytes($connection, post_bytes([ @usual, [ 'Content-Length', 10 * 1024**3 ] ], '{'));
	is(read_response($connection)->{status}, 413, 'Content-Length over the limit: refused without reading the body');
	ok(is_closed($connection), 'and the connection is closed');
}
{
	my $connection = open_connection($port);
	send_bytes($connection, post_bytes([ @usual, $chunks ], chunked('{}' . ' ' x ($limit - 1), 65536), no_length => 1));
	is(eval { read_response($connection)->{status} }, 413, 'a chunked body over the limit');
	# one without an end is not read to its end
	$connection = open_connection($port);
	send_bytes($connection, post_bytes([ @usual, $chunks ], '', no_length => 1));
	my $sent = 0;
	$sent++ while $sent < 1000 && send_bytes($connection, sprintf("%x\r\n%s\r\n", 1048576, ' ' x 1048576));
	cmp_ok($sent, '<', 200, "a chunked body without an end is cut ($sent MB)");
}
is(post([ @usual, [ 'Content-Encoding', 'gzip' ] ], memGzip('{}' . ' ' x $limit))->{status}, 413, 'a body over the limit once it is inflated');
is(post([ @usual, [ 'Content-Encoding', 'deflate' ] ], compress('{}' . ' ' x $limit))->{status}, 413, 'the same for deflate');
alive('limits');

is(answer_of(post([ @usual, map { [ "X-$_", 'x' x 100 ] } 1 .. 50 ], '{}')), $ok, 'many headers');
foreach my $case (
	[ 'a huge header', post_bytes([ @usual, [ 'X-Huge', 'x' x 1000000 ] ], '{}') ],
	[ 'very many headers', post_bytes([ @usual, map { [ "X-$_", 'x' x 100 ] } 1 .. 10000 ], '{}') ],
	[ 'a huge URI', post_bytes(\@usual, '{}', uri => '/' . 'x' x 1000000) ],
	[ 'a huge method', post_bytes(\@usual, '{}', method => 'X' x 1000000) ])
{
	my ($name, $bytes) = @$case;
	my $connection = open_connection($port);
	send_bytes($connection, $bytes);
	my $answer = eval { read_response($connection, 5) };
	ok(!$answer || ($answer->{status} >= 400 && $answer->{status} < 500), "$name is refused" . ($answer ? " ($answer->{status})" : ''));
	alive($name);
}

# ---------------------------------------------------------------- what is no request

foreach my $case (
	[ 'garbage', join('', map { chr(($_ * 7919) % 256) } 1 .. 5000) ],
	[ 'zeros', "\0" x 1000 ],
	[ 'TLS', "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" . 'x' x 500 ],
	[ 'empty lines', "\r\n" x 1000 ],
	[ 'no version', "POST /\r\n\r\n" ],
	[ 'no host', "POST / HTTP/1.1\r\n\r\n" ],
	[ 'a header without a colon', "POST / HTTP/1.1\r\nHost: h\r\nnonsense\r\n\r\n" ],
	[ 'a bad length', post_bytes([ @usual, [ 'Content-Length', 'many' ] ], '{}') ],
	[ 'a negative length', post_bytes([ @usual, [ 'Content-Length', '-1' ] ], '{}') ],
	[ 'a length that no number has', post_bytes([ @usual, [ 'Content-Length', '9' x 50 ] ], '{}') ],
	[ 'two lengths', post_bytes([ @usual, [ 'Content-Length', 2 ], [ 'Content-Length', 3 ] ], '{}') ],
	[ 'bad chunks', post_bytes([ @usual, $chunks ], "zz\r\n{}\r\n0\r\n\r\n", no_length => 1) ],
	[ 'a chunk that is too long to be', post_bytes([ @usual, $chunks ], "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n", no_length => 1) ],
	[ 'HTTP/2', "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" ])
{
	my ($name, $bytes) = @$case;
	my $connection = open_connection($port);
	send_bytes($connection, $bytes);
	shutdown $connection->{socket}, 1;
	# (some are waited for, as if they went on)
	eval { read_response($connection, 2) };
	close $connection->{socket};
	alive($name);
}

# Connections that end in the middle, also of a request that is being answered.
foreach my $length (10, 50, 120, 200)
{
	my $connection = open_connection($port);
	send_bytes($connection, substr(post_bytes(\@usual, '{"Limit":5}' . ' ' x 100), 0, $length));
	close $connection->{socket};
}
foreach my $i (1 .. 20)
{
	my $connection = open_connection($port);
	send_bytes($connection, put_item($port, 'things', "aborted$i", bytes_only => 1) x 5);
	# reset, not closed
	setsockopt $connection->{socket}, Socket::SOL_SOCKET(), Socket::SO_LINGER(), pack('ii', 1, 0);
	close $connection->{socket};
}
alive('aborted connections');

# More connections than may be: the others are served again as soon as some have gone.
{
	my @flood = map { open_connection($port) } 1 .. 100;
	ok(defined $node->safe_psql('postgres', 'SELECT 1'), 'a flood of connections: the server goes on');
	close $_->{socket} foreach grep { $_ } @flood;
	ok(wait_for_endpoint($port), 'a flood of connections: the endpoint is there again');
}

# ---------------------------------------------------------------- metrics

# What dynapg lacks is counted, so that it can be seen that somebody wants it; what the service lacks is not.
is(answer_of(call($port, 'ListGlobalTables', {})), $lacking_operation, 'an operation that dynapg lacks') foreach 1 .. 2;
is(answer_of(call($port, 'Nonsense', {})), $unknown_operation, 'an operation that there is not');
is($node->safe_psql('postgres', q{SELECT calls, errors, faults FROM dynapg.stat_operations WHERE operation = 'ListGlobalTables'}), '2|2|0',
	'it is counted in dynapg.stat_operations');
is($node->safe_psql('postgres', q{SELECT count(*) FROM dynapg.stat_operations WHERE operation = 'Nonsense'}), 0, 'an unknown name is not');
$response = exchange($port, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
like($response->{body}, qr/^dynapg_requests_total\{operation="ListGlobalTables"\} 2$/m, 'and in the metrics');
like($response->{body}, qr/^dynapg_request_errors_total\{operation="ListGlobalTables"\} 2$/m, 'as an error');

$response = exchange($port, "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n");
is($response->{status}, 200, 'metrics');
like($response->{headers}{'content-type'}, qr{^text/plain; version=0\.0\.4}, 'metrics: content type');
my @lines = grep { !/^# (HELP|TYPE) \w+ / } split /\n/, $response->{body};
is(scalar(grep { !/^[a-z_]+(\{[a-zA-Z_]+="[^"]*"(,[a-z]+="[^"]*")*\})? [0-9.e+-]+$/ } @lines), 0, 'metrics: every line is one of the format');
like($response->{body}, qr/^dynapg_workers 1$/m, 'metrics: workers');
like($response->{body}, qr/^dynapg_requests_total\{operation="PutItem"\} [1-9]\d*$/m, 'metrics: requests');
like($response->{body}, qr/^dynapg_request_errors_total\{operation="PutItem"\} [1-9]\d*$/m, 'metrics: errors');
like($response->{body}, qr/^dynapg_connections_total [1-9]\d*$/m, 'metrics: connections');
like($response->{body}, qr/^dynapg_consumed_${_}_capacity_units_total\{operation="PutItem"\} [\d.]+$/m, "metrics: $_ capacity") foreach qw(read write);
is($node->safe_psql('postgres', 'SELECT bool_and(read_units >= 0 AND write_units >= 0) FROM dynapg.stat_operations'), 't',
	'capacity in dynapg.stat_operations');

# what functions that return rows read in a trigger is the request's, though nobody else counts it
$node->safe_psql('postgres', 'ALTER SYSTEM SET dynapg.metrics = off');
$node->reload;
$node->safe_psql('postgres', q{SELECT dynamo_create_table('{"TableName": "Reads", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}], "BillingMode": "PAY_PER_REQUEST",
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}');
	CREATE FUNCTION reads() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM * FROM dynapg.items('Reads', 'one');
		PERFORM * FROM dynapg.scan('{"TableName": "Reads", "ConsistentRead": true}');
		RETURN NEW;
	END $$;
	CREATE TRIGGER reads AFTER INSERT ON dynamo."Reads" FOR EACH ROW EXECUTE FUNCTION reads()});
my $units_read = $node->safe_psql('postgres', q{SELECT read_units FROM dynapg.stat_operations WHERE operation = 'PutItem'});
is(call($port, 'PutItem', { TableName => 'Reads', Item => { pk => { S => 'one' } } })->{status}, 200, 'a trigger that reads');
is($node->safe_psql('postgres', q{SELECT read_units FROM dynapg.stat_operations WHERE operation = 'PutItem'}) - $units_read, 2, '... consumes');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET dynapg.metrics');
$node->reload;

my ($count) = $response->{body} =~ /^dynapg_request_duration_seconds_count\{operation="GetItem"\} (\d+)$/m;
my ($inf) = $response->{body} =~ /^dynapg_request_duration_seconds_bucket\{operation="GetItem",le="\+Inf"\} (\d+)$/m;
is($count, $inf, 'metrics: the last bucket has everything');

# ---------------------------------------------------------------- silence

# A client that says nothing more is dropped after dynapg.idle_timeout, and holds nobody up.
foreach my $timeout (600, 5)
{
	$node->safe_psql('postgres', "ALTER SYSTEM SET dynapg.idle_timeout = $timeout");
	$node->restart;
	ok(wait_for_endpoint($port), "dynapg.idle_timeout is $timeout");
	my @silent = map { my $c = open_connection($port); send_bytes($c, "POST / HTTP/1.1\r\nHost:"); $c } 1 .. 10;
	my $half = open_connection($port);
	send_bytes($half, substr(post_bytes(\@usual, '{"Limit":5}'), 0, -3));
	# who waits for them does not get an answer in time
	alive('half-open connections');
	next if $timeout == 600;
	ok(eval { read_response($half); 1 }, 'a silent connection is ended');
	ok(eval { read_response($_); 1 } || is_closed($_, 1), 'a silent connection is ended') foreach @silent;
}

# A client that sends a byte now and then is not silent, but it may not take longer than dynapg.receive_timeout, wherever it is: in the
# request line, the headers or the body.
$node->safe_psql('postgres', $_) foreach 'ALTER SYSTEM SET dynapg.receive_timeout = 2', 'SELECT pg_reload_conf()';
ok($node->poll_query_until('postgres', q{SELECT current_setting('dynapg.receive_timeout') = '2s'}), 'a reload');
{
	my $whole = post_bytes(\@usual, '{"Limit":5}');
	my ($headers) = $whole =~ /^(.*?\r\n\r\n)/s;
	my %slow = (
		'the request line' => [ 'POST /', 'x' x 100 ],
		'the headers' => [ "POST / HTTP/1.1\r\nHost: h\r\nX-Slow: ", 'x' x 100 ],
		'the body' => [ $headers =~ s/Content-Length: \d+/Content-Length: 100/ir, '{' . ' ' x 99 ]);

	my %connection = map { $_ => open_connection($port) } keys %slow;
	my %ended;
	send_bytes($connection{$_}, $slow{$_}[0]) foreach keys %slow;
	# (0.3 s for a byte of each: long enough for a worker that is slow itself, and not for what the settings usually are)
	foreach my $byte (0 .. 99)
	{
		foreach my $where (grep { !$ended{$_} } keys %slow)
		{
			$ended{$where} = !eval { local $SIG{PIPE} = 'IGNORE'; send_bytes($connection{$where}, substr($slow{$where}[1], $byte, 1)); 1 }
			  || is_closed($connection{$where}, 0.1);
		}
		last if keys(%slow) == grep { $ended{$_} } keys %slow;
	}
	ok($ended{$_}, "a client that is slow with $_ is ended") foreach sort keys %slow;
	alive('slow clients');
}

is(scalar(grep { /PANIC|terminated by signal/ } split /\n/, slurp_file($node->logfile)), 0, 'no process crashed');

done_testing();
