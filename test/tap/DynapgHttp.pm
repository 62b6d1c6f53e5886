package DynapgHttp;

# A client of the HTTP endpoint over plain sockets, for tests: it sends what it is told to, however wrong that is, and signs by
# its own reading of Signature Version 4.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256 hmac_sha256_hex sha256_hex);
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use POSIX qw(strftime);
use Time::HiRes qw(sleep time);

our @EXPORT = qw(open_connection send_bytes read_response is_closed post_bytes exchange call answer_of
  sign_headers sign_request presign iso_time wait_for_endpoint start_node free_http_port json create_key put_item get_item create_table
  in_background wait_for eventually reload_settings);

my $TIMEOUT = 120;

# Seconds that a busy machine may add to whatever is waited for.
my $PATIENCE = 120;
my $JSON_TYPE = 'application/x-amz-json-1.0';
my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub json { return $json; }

# ---------------------------------------------------------------- connections

# Where a function here waits for a socket, SIGCHLD has its default: PostgreSQL's test library of 17 and later has a handler for it, and a
# child that ends would interrupt select(), which then says that nothing has come in time.

# A connection with what was read from it and not used yet, to another address than the usual one if it is said.
sub open_connection
{
	my ($port, $address) = @_;
	local $SIG{CHLD} = 'DEFAULT';
	my $socket = IO::Socket::INET->new(PeerAddr => $address // '127.0.0.1', PeerPort => $port, Proto => 'tcp', Timeout => $TIMEOUT)
	  or return undef;
	$socket->autoflush(1);
	return { socket => $socket, buffer => '', select => IO::Select->new($socket) };
}

sub send_bytes
{
	my ($connection, $bytes) = @_;
	local $SIG{PIPE} = 'IGNORE';
	local $SIG{CHLD} = 'DEFAULT';
	my $sent = 0;

	while ($sent < length $bytes)
	{
		my $count = syswrite($connection->{socket}, $bytes, length($bytes) - $sent, $sent);
		return 0 unless defined $count;
		$sent += $count;
	}
	return 1;
}

# Reads more; false at the end of the connection.
sub _fill
{
	my ($connection, $timeout) = @_;
	local $SIG{CHLD} = 'DEFAULT';

	$connection->{select}->can_read($timeout // $TIMEOUT) or die "no answer in time\n";
	my $count = sysread($connection->{socket}, $connection->{buffer}, 65536, length $connection->{buffer});
	return $count;
}

# Whether the server closes the connection without a further byte.
sub is_closed
{
	my ($connection, $timeout) = @_;
	local $SIG{CHLD} = 'DEFAULT';

	return 0 unless $connection->{buffer} eq '' && $connection->{select}->can_read($timeout // $TIMEOUT);
	return !_fill($connection);
}

# {status, headers (lower case names), body}, or undef if the connection ended before it.
sub read_response
{
	my ($connection, $timeout) = @_;
	my %response;

	while ($connection->{buffer} !~ /\r\n\r\n/)
	{
		_fill($connection, $timeout) or return undef;
	}
	$connection->{buffer} =~ s/^(.*?\r\n)\r\n//s;
	my ($status_line, @lines) = split /\r\n/, $1;
	($response{status}) = $status_line =~ m{^HTTP/1\.[01] (\d+)} or die "not a status line: $status_line\n";
	foreach my $line (@lines)
	{
		$response{headers}{ lc $1 } = $2 if $line =~ /^([^:]+):\s*(.*)$/;
	}
	my $length = $response{status} == 100 ? 0 : $response{headers}{'content-length'} // 0;
	while (length $connection->{buffer} < $length)
	{
		_fill($connection, $timeout) or return undef;
	}
	$response{body} = substr($connection->{buffer}, 0, $length, '');
	return \%response;
}

# ---------------------------------------------------------------- requests

# The bytes of a POST; headers are [name, value] in the order in which they are sent.  Content-Length is added unless one is given.
sub post_bytes
{
	my ($headers, $body, %options) = @_;
	my $method = $options{method} // 'POST';
	my $uri = $options{uri} // '/';
	my $bytes = "$method $uri HTTP/1.1\r\n";

	$bytes .= "$_->[0]: $_->[1]\r\n" foreach @$headers;
	$bytes .= "Content-Length: " . length($body) . "\r\n"
	  unless $options{no_length} || grep { lc $_->[0] eq 'content-length' } @$headers;
	return "$bytes\r\n$body";
}

# One request on a connection of its own.
sub exchange
{
	my ($port, $bytes) = @_;
	my $connection = open_connection($port) or return undef;

	send_bytes($connection, $bytes);
	my $response = read_response($connection);
	close $connection->{socket};
	return $response;
}

# "200 {}": what tests compare.
sub answer_of
{
	my ($response) = @_;

	return defined $response ? "$response->{status} $response->{body}" : 'no response';
}

# Calls an operation; body is a Perl structure, or JSON as it is.  Options: key => [id, secret] to sign with, connection => to
# use, headers => further ones.
sub call
{
	my ($port, $operation, $body, %options) = @_;
	my $text = ref $body ? $json->encode($body) : $body;
	my $headers = [
		[ 'Host', "127.0.0.1:$port" ],
		[ 'Content-Type', $JSON_TYPE ],
		[ 'X-Amz-Target', ($options{target} // 'DynamoDB_20120810.') . $operation ],
		@{ $options{headers} // [] } ];

	sign_headers($headers, $text, @{ $options{key} }) if $options{key};
	my $bytes = post_bytes($headers, $text);
	return $bytes if $options{bytes_only};
	return exchange($port, $bytes) unless $options{connection};
	send_bytes($options{connection}, $bytes);
	return read_response($options{connection});
}

sub create_table
{
	my ($port, $table, %options) = @_;

	return call($port, 'CreateTable',
		{
			TableName => $table,
			BillingMode => 'PAY_PER_REQUEST',
			AttributeDefinitions => [ { AttributeName => 'pk', AttributeType => 'S' } ],
			KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' } ]
		}, %options);
}

sub put_item
{
	my ($port, $table, $key, %options) = @_;

	return call($port, 'PutItem', { TableName => $table, Item => { pk => { S => $key }, %{ $options{attributes} // {} } } }, %options);
}

sub get_item
{
	my ($port, $table, $key, %options) = @_;

	return call($port, 'GetItem',
		{ TableName => $table, Key => { pk => { S => $key } }, ConsistentRead => $options{eventual} ? JSON::PP::false : JSON::PP::true },
		%options);
}

# ---------------------------------------------------------------- waiting

# Whether something becomes true, within some seconds, or more where the machine is busy; it is looked at so often, in seconds.  Who was
# stopped himself until it was too late looks once more.
sub eventually
{
	my ($seconds, $test, $pause) = @_;
	my $until = time() + $seconds + $PATIENCE;

	while (1)
	{
		my $is_last = time() >= $until;
		return 1 if eval { $test->() };
		return 0 if $is_last;
		sleep($pause // 0.2);
	}
}

# Sends a request in a process of its own; the answer is to be had by wait_for().
sub in_background
{
	my ($request) = @_;
	pipe my $reader, my $writer;
	my $pid = fork();

	die "fork: $!" unless defined $pid;
	if ($pid == 0)
	{
		close $reader;
		syswrite $writer, answer_of(eval { $request->() });
		POSIX::_exit(0);
	}
	close $writer;
	return { pid => $pid, reader => $reader, started => time() };
}

sub wait_for
{
	my ($background) = @_;
	my $reader = $background->{reader};
	my $answer = do { local $/; <$reader> };

	waitpid $background->{pid}, 0;
	$background->{seconds} = time() - $background->{started};
	return $answer;
}

# ---------------------------------------------------------------- signatures

# 20130609T095204Z, now or so many seconds from now.
sub iso_time
{
	my ($offset) = @_;
	return strftime('%Y%m%dT%H%M%SZ', gmtime(time() + ($offset // 0)));
}

sub _encode
{
	my ($text, $keep) = @_;
	$keep //= '';
	$text =~ s/([^A-Za-z0-9_.~$keep-])/sprintf '%%%02X', ord $1/ge;
	return $text;
}

sub _canonical_query
{
	my ($query) = @_;
	my @parameters = map { /^([^=]*)=?(.*)$/s ? [ $1, $2 ] : () } split /&/, $query;

	foreach my $part (map { \(@$_) } @parameters)
	{
		$$part =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge;
		$$part = _encode($$part);
	}
	return join '&', map { "$_->[0]=$_->[1]" } sort { $a->[0] cmp $b->[0] || $a->[1] cmp $b->[1] } @parameters;
}

# The signature of a request.  Options: method, path, query, headers, signed (names), body, time, region, service, terminator,
# date, secret, algorithm, payload_hash.
sub sign_request
{
	my (%r) = @_;
	my %values;

	foreach my $header (@{ $r{headers} })
	{
		my $value = $header->[1];
		$value =~ s/^\s+|\s+$//g;
		$value =~ s/\s+/ /g;
		push @{ $values{ lc $header->[0] } }, $value;
	}
	my $canonical = join "\n", $r{method} // 'POST', _encode($r{path} // '/', '/'), _canonical_query($r{query} // ''),
	  (map { lc($_) . ':' . join(',', @{ $values{ lc $_ } // [''] }) } @{ $r{signed} }), '',
	  join(';', @{ $r{signed} }), $r{payload_hash} // sha256_hex($r{body});
	my $scope = "$r{date}/$r{region}/$r{service}/$r{terminator}";
	my $to_sign = join "\n", $r{algorithm}, $r{time}, $scope, sha256_hex($canonical);
	my $key = "AWS4$r{secret}";

	$key = hmac_sha256($_, $key) foreach $r{date}, $r{region}, $r{service}, $r{terminator};
	return hmac_sha256_hex($to_sign, $key);
}

sub _with_defaults
{
	my (%options) = @_;
	my $time = $options{time} // iso_time();

	return (
		time => $time, date => substr($time, 0, 8), region => 'us-east-1', service => 'dynamodb',
		terminator => 'aws4_request', algorithm => 'AWS4-HMAC-SHA256', %options);
}

# Adds X-Amz-Date (unless the date is elsewhere) and Authorization to the headers.  Everything can be made wrong by the options:
# those of sign_request, and no_date, credential, signature, signed, authorization (a function of the right one).
sub sign_headers
{
	my ($headers, $body, $id, $secret, %options) = @_;
	my %r = _with_defaults(%options);

	push @$headers, [ 'X-Amz-Date', $r{time} ] unless $r{no_date};
	$r{signed} //= [ sort map { lc $_->[0] } @$headers ];
	my $signature = $r{signature} // sign_request(%r, headers => $headers, body => $body, secret => $secret);
	my $credential = $r{credential} // "$id/$r{date}/$r{region}/$r{service}/$r{terminator}";
	my $authorization = "$r{algorithm} Credential=$credential, SignedHeaders=" . join(';', @{ $r{signed} }) . ", Signature=$signature";
	$authorization = $r{authorization}->($authorization) if $r{authorization};
	push @$headers, [ 'Authorization', $authorization ];
	return $authorization;
}

# A presigned URI for these headers and this body.  Further parameters by query => {...}; what is to be left out by
# without => [names].
sub presign
{
	my ($headers, $body, $id, $secret, %options) = @_;
	my %r = _with_defaults(%options);
	my %query;

	$r{signed} //= [ sort map { lc $_->[0] } @$headers ];
	%query = (
		'X-Amz-Algorithm' => $r{algorithm},
		'X-Amz-Credential' => $r{credential} // "$id/$r{date}/$r{region}/$r{service}/$r{terminator}",
		'X-Amz-Date' => $r{time},
		'X-Amz-SignedHeaders' => join(';', @{ $r{signed} }),
		%{ $r{parameters} // {} });
	delete $query{$_} foreach @{ $r{without} // [] };
	my $query = join '&', map { _encode($_) . '=' . _encode($query{$_}) } keys %query;
	my $signature = $r{signature} // sign_request(%r, headers => $headers, body => $body, secret => $secret, query => $query);
	$query .= "&X-Amz-Signature=$signature" unless grep { $_ eq 'X-Amz-Signature' } @{ $r{without} // [] };
	return ($r{path} // '/') . "?$query";
}

# ---------------------------------------------------------------- servers

sub free_http_port
{
	my $port = `python3 tools/free_port.py`;
	die "no free port\n" unless $port =~ /^(\d+)$/;
	return $1;
}

# Whether the endpoint answers, within some seconds.
sub wait_for_endpoint
{
	my ($port, $seconds) = @_;

	return eventually($seconds // 120, sub {
		my $response = exchange($port, "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
		return $response && $response->{status} == 200;
	}, 0.1);
}

# Has a server read its configuration anew.  The signal tells the postmaster, which tells its processes before it begins another one: once
# there is one, all of them have been told, and the endpoint's workers look before they answer the next request.
sub reload_settings
{
	my ($node) = @_;

	$node->reload;
	$node->safe_psql('postgres', 'SELECT 1');
	return;
}

# A server with the extension and its endpoint for the database postgres, and the endpoint's port.
sub start_node
{
	my ($name, $settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	my $port = free_http_port();

	$node->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$port'
dynapg.listen_addresses = '127.0.0.1'
fsync = on
max_worker_processes = 32
$settings
CONF
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');
	wait_for_endpoint($port) or die "the endpoint did not start\n";
	return ($node, $port);
}

# (id, secret) of a new access key.
sub create_key
{
	my ($node, $role) = @_;
	return split /\|/, $node->safe_psql('postgres', "SELECT * FROM dynapg.create_access_key('$role')");
}

1;
