# Signature Version 4 at the HTTP endpoint: every failure has the service's exception and text, in the service's order.
use strict;
use warnings;

use Compress::Zlib qw(memGzip);
use Digest::SHA qw(sha256_hex);
use POSIX qw(strftime);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('sigv4', "dynapg.region = 'eu-central-1'\ndynapg.workers = 1");
my @region = (region => 'eu-central-1');
$node->safe_psql('postgres', 'CREATE ROLE app LOGIN');
my ($id, $secret) = create_key($node, 'app');
my $body = '{}';

# The headers that a client sends before it signs.
sub headers
{
	return [
		[ 'Host', "127.0.0.1:$port" ],
		[ 'Content-Type', 'application/x-amz-json-1.0' ],
		[ 'X-Amz-Target', 'DynamoDB_20120810.ListTables' ] ];
}

# What a request gets that is signed in the header, or wrongly signed by the options.
sub by_header
{
	my (%options) = @_;
	my $headers = headers();
	my $text = $options{body} // $body;

	push @$headers, @{ $options{extra} // [] };
	sign_headers($headers, $text, $options{id} // $id, $options{secret} // $secret, @region, %options);
	push @$headers, @{ $options{unsigned} // [] };
	return exchange($port, post_bytes($headers, $text, uri => $options{uri}));
}

# The same for a presigned request.
sub by_query
{
	my (%options) = @_;
	my $headers = headers();
	my $uri = presign($headers, $body, $options{id} // $id, $options{secret} // $secret, @region, %options);

	push @$headers, @{ $options{unsigned} // [] };
	return exchange($port, post_bytes($headers, $body, uri => $uri));
}

# The exception and its message, or the status and the body of what is none.
sub outcome
{
	my ($response) = @_;
	my $answer = eval { json()->decode($response->{body}) };

	return answer_of($response) unless ref $answer && $answer->{__type};
	return answer_of($response) if $response->{status} != 400 || $answer->{__type} !~ /^com\.amazon\.coral\.service#(\w+)$/;
	return "$1: " . ($answer->{message} // '(none)');
}

my $good = '200 {"TableNames":[]}';
my $unrecognized = 'UnrecognizedClientException: The security token included in the request is invalid.';
my $mismatch = 'InvalidSignatureException: The request signature we calculated does not match the signature you provided. '
  . 'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
my $missing_token = 'MissingAuthenticationTokenException: Request is missing Authentication Token';

# ---------------------------------------------------------------- what is right

is(outcome(by_header()), $good, 'signed in the header');
is(outcome(by_query()), $good, 'presigned');
is(outcome(by_query(parameters => { 'X-Amz-Expires' => 60 })), $good, 'presigned with a lifetime');
is(outcome(by_header(extra => [ [ 'X-Amz-Security-Token', '' ] ])), $good, 'with an empty session token');
is(outcome(by_header(extra => [ [ 'X-Blank', "  a   b \t c  " ], [ 'X-Twice', 'one' ], [ 'X-Twice', 'two' ], [ 'X-Empty', '' ] ],
		signed => [ sort qw(host content-type x-amz-target x-blank x-twice x-empty x-amz-date) ])),
	$good, 'blanks in headers are collapsed, repeated headers joined');
is(outcome(by_header(uri => '/a%20b/../c//d/?z=1&a=%2F&a=%20&b', path => '/c/d/', query => 'z=1&a=%2F&a=%20&b')),
	$good, 'the path is normalised and encoded again, the query sorted');
is(outcome(by_header(authorization => sub { my $text = shift; $text =~ s/, /,/g; return $text })), $good, 'commas without blanks');

{
	my $time = iso_time();
	is(outcome(by_header(no_date => 1, time => $time, extra => [ [ 'Date', $time ] ])), $good, 'a Date header in basic format');
	my $now = strftime('%a, %d %b %Y %H:%M:%S GMT',
		substr($time, 13, 2), substr($time, 11, 2), substr($time, 9, 2), substr($time, 6, 2), substr($time, 4, 2) - 1, substr($time, 0, 4) - 1900);
	is(outcome(by_header(no_date => 1, time => $time, extra => [ [ 'Date', $now ] ])), $good, 'a Date header as HTTP has it');
	is(outcome(by_header(time => $time, extra => [ [ 'Date', 'Sat, 01 Jan 2000 00:00:00 GMT' ] ])), $good, 'X-Amz-Date wins over Date');
}

# The hash is of the body as it is sent.
{
	my $compressed = memGzip($body);
	is(outcome(by_header(body => $compressed, extra => [ [ 'Content-Encoding', 'gzip' ] ])), $good, 'a compressed body');
	is( outcome(by_header(body => $compressed, payload_hash => sha256_hex($body), extra => [ [ 'Content-Encoding', 'gzip' ] ])),
		$mismatch, 'the hash of what was compressed is not the hash of the body');
	my $headers = headers();
	my $connection = open_connection($port);
	sign_headers($headers, $body, $id, $secret, @region);
	push @$headers, [ 'Transfer-Encoding', 'chunked' ];
	send_bytes($connection, post_bytes($headers, "1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", no_length => 1));
	is(outcome(read_response($connection)), $good, 'a chunked body is signed without its chunks');
}

# ---------------------------------------------------------------- what is wrong, row by row

is(outcome(by_query(unsigned => [ [ 'Authorization', 'AWS4-HMAC-SHA256 x' ] ])),
	"InvalidSignatureException: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
	'both ways at once');
is(outcome(exchange($port, post_bytes(headers(), $body))), $missing_token, 'not signed');
is(outcome(by_header(authorization => sub { 'Basic dXNlcjpwYXNz' })), $missing_token, 'another scheme');
is(outcome(by_header(authorization => sub { "AWS $id:signature" })), $missing_token, 'an older scheme');

{
	my $requires = "Authorization header requires";
	my %given = (
		'AWS4-HMAC-SHA256' => [qw(Credential Signature SignedHeaders)],
		"AWS4-HMAC-SHA256 Credential=$id" => [qw(Signature SignedHeaders)],
		'AWS4-HMAC-SHA256 Signature=a, Credential=' => [qw(Credential SignedHeaders)],
		'AWS4-HMAC-SHA256 SignedHeaders=host,Credential=a' => [qw(Signature)]);
	foreach my $header (sort keys %given)
	{
		my $message = join '', map { "$requires '$_' parameter. " } @{ $given{$header} };
		is(outcome(by_header(authorization => sub { $header })),
			"IncompleteSignatureException: ${message}Authorization=$header", "header parts missing: $header");
	}
	my $header = 'AWS4-HMAC-SHA256 x';
	is( outcome(by_header(no_date => 1, authorization => sub { $header })),
		"IncompleteSignatureException: $requires 'Credential' parameter. $requires 'Signature' parameter. $requires 'SignedHeaders' "
		  . "parameter. $requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=$header",
		'all header parts missing');
}

{
	my @names = map { "X-Amz-$_" } qw(Credential Signature SignedHeaders Date);
	my $message = sub {
		join '', 'IncompleteSignatureException: ', (map { "AWS query-string parameters must include '$_'. " } @_), 'Re-examine the query-string parameters.';
	};
	is(outcome(by_query(without => [$_])), $message->($_), "query part missing: $_") foreach @names;
	is(outcome(by_query(without => \@names)), $message->(@names), 'all query parts missing');
	is(outcome(by_query(algorithm => '')), $message->('X-Amz-Algorithm'), 'an empty algorithm');
	is(outcome(by_query(without => ['X-Amz-Algorithm'])), $missing_token, 'without an algorithm a query string is no signature');
}

foreach my $date ('2013-06-09T10:00:15Z', '20130609', '20131309T100015Z', '20130229T100015Z', '20130609T100015', 'yesterday', "20130609T100015Z\x{e9}")
{
	(my $shown = $date) =~ s/[^ -~]/?/g;
	is( outcome(by_header(time => $date, date => '20130609')),
		"IncompleteSignatureException: Date must be in ISO-8601 'basic format'. Got '$shown'. See http://en.wikipedia.org/wiki/ISO_8601",
		"bad date: $shown");
}

like(
	outcome(by_header(time => '20130301T000000Z')),
	qr/^InvalidSignatureException: Signature expired: 20130301T000000Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
	'an old signature');
like(outcome(by_header(time => iso_time(-1000))), qr/^InvalidSignatureException: Signature expired: /, 'more than 15 minutes old');
is(outcome(by_header(time => iso_time(-800))), $good, 'less than 15 minutes old');
like(
	outcome(by_header(time => iso_time(1000))),
	qr/^InvalidSignatureException: Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 15 min\.\)$/,
	'more than 15 minutes early');
is(outcome(by_header(time => iso_time(800))), $good, 'less than 15 minutes early');
is(outcome(by_query(time => iso_time(-3000), parameters => { 'X-Amz-Expires' => 3600 })), $good, 'presigned and not expired');
like(
	outcome(by_query(time => iso_time(-120), parameters => { 'X-Amz-Expires' => 60 })),
	qr/^InvalidSignatureException: Signature expired: .* - 1 min\.\)$/,
	'presigned and expired');
like(outcome(by_query(parameters => { 'X-Amz-Expires' => $_ })), qr/^IncompleteSignatureException: X-Amz-Expires /, "lifetime '$_'")
  foreach ('x', '', -1, 604801, '99999999999999999999');

is(outcome(by_header(signed => [qw(content-type x-amz-date x-amz-target)])),
	"InvalidSignatureException: 'Host' must be a 'SignedHeader' in the AWS Authorization.", 'the host is not signed');
is(outcome($_->(signed => [qw(content-type host)])),
	"InvalidSignatureException: 'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.", 'the operation is not signed')
  foreach \&by_header, \&by_query;
is(outcome(by_header(algorithm => 'AWS4-HMAC-SHA512')),
	"IncompleteSignatureException: Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512' (only AWS4-HMAC-SHA256 for now). ",
	'another algorithm');

foreach my $credential ($id, "$id/20130609/eu-central-1/dynamodb", "$id/20130609/eu-central-1/dynamodb/aws4_request/more")
{
	is( outcome(by_header(credential => $credential)),
		"IncompleteSignatureException: Credential must have exactly 5 slash-delimited elements, "
		  . "e.g. keyid/date/region/service/term, got '$credential'",
		"credential: $credential");
}

is(outcome(by_header(region => 'mars')),
	"InvalidSignatureException: Credential should be scoped to a valid region. ", 'another region');
is(outcome(by_header(service => 's3')),
	"InvalidSignatureException: Credential should be scoped to correct service: 'dynamodb'. ", 'another service');
is(outcome(by_header(region => 'mars', service => 's3')),
	"InvalidSignatureException: Credential should be scoped to a valid region. Credential should be scoped to correct service: 'dynamodb'. ",
	'another region and service');
is(outcome(by_header(terminator => 'aws5')),
	"InvalidSignatureException: Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5'. ", 'another terminator');
like(
	outcome(by_header(date => '20130609')),
	qr/^InvalidSignatureException: Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20130609' != '(\d{8})', from '\1T\d{6}Z'\. $/,
	'another date');
like(
	outcome(by_header(region => 'r', service => 's', terminator => 't', date => 'd')),
	qr/^InvalidSignatureException: Credential should be scoped to a valid region\. Credential should be scoped to correct service: 'dynamodb'\. Credential should be scoped with a valid terminator: 'aws4_request', not 't'\. Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: 'd' != /,
	'everything wrong about the scope');

is(outcome(by_header(id => 'AKIAIOSFODNN7EXAMPLE')), $unrecognized, 'an unknown key');
is(outcome(by_query(id => "x' OR true --")), $unrecognized, 'a key that looks like SQL');

# A session token belongs to keys that are made for a session, which ours are not.
{
	my $foreign = 'UnrecognizedClientException: The security token included in the request is invalid';
	my @token = ('X-Amz-Security-Token', 'a/session+token==');

	is(outcome(by_header(extra => [ [@token] ])), $foreign, 'a session token that is signed');
	is(outcome(by_header(unsigned => [ [@token] ])), $foreign, 'a session token that is not signed');
	is(outcome(by_query(parameters => {@token})), $foreign, 'presigned, with a session token');
	is(outcome(by_header(extra => [ [@token] ], id => 'AKIAIOSFODNN7EXAMPLE')), $unrecognized, 'a session token with an unknown key');
	is(outcome(by_header(extra => [ [@token] ], secret => 'wrong')), $mismatch, 'a session token with another secret');
}

is(outcome(by_header(secret => 'wrong')), $mismatch, 'another secret');
is(outcome(by_query(secret => 'wrong')), $mismatch, 'presigned with another secret');
is(outcome(by_header(signature => '0' x 64)), $mismatch, 'any signature');
is(outcome(by_header(signature => 'abc')), $mismatch, 'a short signature');
is(outcome(by_header(authorization => sub { $_[0] =~ s/Signature=(\w+)/"Signature=" . uc $1/er })), $mismatch, 'a signature in capitals');
is(outcome(by_header(payload_hash => sha256_hex('other'))), $mismatch, 'another body');
is( outcome(by_header(payload_hash => 'UNSIGNED-PAYLOAD', extra => [ [ 'X-Amz-Content-Sha256', 'UNSIGNED-PAYLOAD' ] ])),
	$mismatch, 'a body that is not signed');
is(outcome(by_header(uri => '/?a=1')), $mismatch, 'another query string');
is(outcome(by_header(uri => '/other')), $mismatch, 'another path');
is(outcome(by_header(method => 'PUT')), $mismatch, 'another method');
is(outcome(by_header(signed => [qw(host x-amz-date x-amz-target x-not-there)], extra => [])), $good, 'a header that is signed and empty and not sent');
isnt(outcome(by_header(unsigned => [ [ 'Host', 'elsewhere' ] ])), $good, 'a second host');

# ---------------------------------------------------------------- the order of stages

is(outcome(by_header(body => '{', secret => 'wrong')), 'SerializationException: (none)',
	'what is no JSON is refused before the signature is looked at');
# but what is empty is not
is(outcome(exchange($port, post_bytes(headers(), ''))), $missing_token, 'an empty body, not signed');
is(outcome(by_header(body => '', secret => 'wrong')), $mismatch, 'an empty body, wrongly signed');
is(outcome(by_header(body => '', id => 'AKIAIOSFODNN7EXAMPLE')), $unrecognized, 'an empty body of an unknown key');
is(outcome(by_header(body => '', region => 'mars')), 'InvalidSignatureException: Credential should be scoped to a valid region. ',
	'an empty body of another region');
is(outcome(by_header(body => '')), 'SerializationException: (none)', 'an empty body, signed');
is( outcome(exchange($port, post_bytes([ [ 'Host', 'h' ], [ 'Content-Type', 'application/x-amz-json-1.0' ], [ 'X-Amz-Target', 'DynamoDB_20120810.Nothing' ] ], '{}'))),
	'UnknownOperationException: (none)',
	'an unknown operation, too');
is(outcome(by_header(body => '{"Limit": "x"}', secret => 'wrong')), $mismatch, 'types of members are looked at after it');
like(outcome(by_header(time => '20130301T000000Z', signed => ['x'], algorithm => 'AWS4-X', credential => 'x', id => 'y')),
	qr/Signature expired/, 'the date comes first');
is(outcome(by_header(id => 'AKIAIOSFODNN7EXAMPLE', region => 'mars')),
	"InvalidSignatureException: Credential should be scoped to a valid region. ", 'the scope comes before the key');

# ---------------------------------------------------------------- keys and roles

my $role_is = sub {
	my ($expected, $name, %options) = @_;
	is(outcome(by_header(%options)), $expected, $name);
};

$role_is->($good, 'the key works');
my ($same, $new_secret) = split /\|/, $node->safe_psql('postgres', "SELECT * FROM dynapg.rotate_access_key('$id')");
is($same, $id, 'a rotated key keeps its id');
$role_is->($mismatch, 'the old secret of a rotated key is refused at once');
$role_is->($good, 'its new secret is accepted', secret => $new_secret);
$node->safe_psql('postgres', 'ALTER ROLE app NOLOGIN');
$role_is->($unrecognized, 'a role that may not log in', secret => $new_secret);
$role_is->($mismatch, 'nobody without the secret learns that', secret => 'wrong');
$node->safe_psql('postgres', "ALTER ROLE app LOGIN VALID UNTIL '2001-01-01'");
$role_is->($unrecognized, 'a role that has expired', secret => $new_secret);
$node->safe_psql('postgres', "ALTER ROLE app VALID UNTIL 'infinity'");
$role_is->($good, 'a role that may log in again', secret => $new_secret);
$node->safe_psql('postgres', 'REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
$role_is->($unrecognized, 'a role that may not connect', secret => $new_secret);
$node->safe_psql('postgres', 'GRANT CONNECT ON DATABASE postgres TO app');
$role_is->($good, 'a role that may connect', secret => $new_secret);
$node->safe_psql('postgres', "SELECT dynapg.revoke_access_key('$id')");
$role_is->($unrecognized, 'a revoked key is refused at once', secret => $new_secret);

# Many keys: more than are remembered.
my @keys = map { [ split /\|/ ] }
  split /\n/, $node->safe_psql('postgres', "SELECT k.* FROM generate_series(1, 100), dynapg.create_access_key('app') k");
is(scalar(grep { outcome(by_header(id => $_->[0], secret => $_->[1])) ne $good } @keys, @keys), 0, 'many keys, twice');

# The secret is for whoever signs: neither the log nor other roles have it.
my $log = slurp_file($node->logfile);
ok(index($log, $_) < 0, 'no secret in the log') foreach $secret, $new_secret, map { $_->[1] } @keys[ 0, 1 ];
foreach my $statement ('TABLE dynapg.access_keys', 'SELECT secret FROM dynapg.access_keys')
{
	my ($status) = $node->psql('postgres', "SET ROLE app; $statement", on_error_stop => 1);
	isnt($status, 0, "refused to other roles: $statement");
}

done_testing();
