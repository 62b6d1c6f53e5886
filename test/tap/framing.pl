# Where a request ends: what two readers could read in two ways is refused, and its connection is closed, so that nothing can be
# smuggled behind it.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

use DynapgHttp;

my ($node, $port) = start_node('framing', "dynapg.workers = 1\ndynapg.developer_mode = on");

my $usual = "Content-Type: application/json\r\nX-Amz-Target: DynamoDB_20120810.ListTables\r\n";
my $good = '200 {"TableNames":[]}';
# What may not be answered: it is sent behind each request.
my $smuggled = "POST / HTTP/1.1\r\nHost: smuggled\r\n${usual}Content-Length: 13\r\n\r\n{\"Limit\": 101}";

# Everything that comes back for these bytes until the server closes the connection, and whether it has.  answers: how many come, after which
# it is not waited for long: who has said that he sends no more may be taken for one who is silent.
sub conversation
{
	my ($bytes, %options) = @_;
	my $connection = open_connection($port);
	my @answers;
	my $closed = 0;

	eval {
		send_bytes($connection, $bytes);
		shutdown $connection->{socket}, 1 if $options{then_end};
		while (my $response = read_response($connection, @answers < ($options{answers} // 1000) ? 60 : 1))
		{
			push @answers, answer_of($response);
		}
		$closed = 1;
	};
	close $connection->{socket};
	return { answers => \@answers, closed => $closed };
}

sub refused
{
	my ($name, $bytes, $status) = @_;
	my $result = conversation($bytes . $smuggled);

	is(scalar @{ $result->{answers} }, 1, "$name: one answer");
	like($result->{answers}[0], qr/^${\($status \/\/ 400)} /, "$name: refused");
	ok($result->{closed}, "$name: the connection is closed");
}

sub accepted
{
	my ($name, $bytes, $next) = @_;
	my $second = "GET / HTTP/1.1\r\nHost: second\r\nConnection: close\r\n\r\n";
	my $result = conversation($bytes . $second);

	is_deeply($result->{answers}, [ $good, $next // 'both' eq 'both' ? '200 healthy: second ' : () ], $name);
}

# Whether the connection is closed once all is read that comes.  (The library says some of its own errors twice.)
sub ends
{
	my ($connection) = @_;

	while ($connection->{select}->can_read(60))
	{
		return 1 unless sysread $connection->{socket}, my $rest, 65536;
	}
	return 0;
}

# ---------------------------------------------------------------- how long the body is

my $post = "POST / HTTP/1.1\r\nHost: h\r\n$usual";
my $chunked = "2\r\n{}\r\n0\r\n\r\n";

accepted('Content-Length', "${post}Content-Length: 2\r\n\r\n{}");
accepted('Content-Length with a zero before it', "${post}Content-Length: 02\r\n\r\n{}");
refused('Transfer-Encoding and Content-Length', "${post}Content-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n$chunked");
refused('Content-Length and Transfer-Encoding', "${post}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n$chunked");
refused('two lengths that differ', "${post}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}");
refused('two lengths that are the same', "${post}Content-Length: 2\r\ncontent-length: 2\r\n\r\n{}");
refused("length '$_'", "${post}Content-Length: $_\r\n\r\n{}") foreach ('+2', '-2', '', '0x2', '2 ', '2, 2', '2.0', 'two', '2a');
refused('a length that no number has', "${post}Content-Length: " . '9' x 50 . "\r\n\r\n{}", 413);

# Nobody's next request is read behind chunks: the library is lax about how they end.
{
	my $result = conversation("${post}Transfer-Encoding: chunked\r\n\r\n$chunked$smuggled");
	is_deeply($result->{answers}, [$good], 'a chunked body: its answer is the last one');
	ok($result->{closed}, 'a chunked body: the connection is closed');
}
refused("Transfer-Encoding '$_'", "${post}Transfer-Encoding: $_\r\n\r\n$chunked")
  foreach ('xchunked', 'identity', 'gzip', 'gzip, chunked', 'chunked, chunked', 'chunked ', "\x0bchunked", '', 'chunked;q=1');
refused('Transfer-Encoding twice', "${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n$chunked");
refused('Transfer-Encoding twice, once unknown', "${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n$chunked");
(my $old = $post) =~ s/1\.1/1.0/;
refused('Transfer-Encoding with HTTP/1.0', "${old}Transfer-Encoding: chunked\r\n\r\n$chunked");

# ---------------------------------------------------------------- the host

refused('no host', "POST / HTTP/1.1\r\n${usual}Content-Length: 2\r\n\r\n{}");
refused('no host, no body', "GET / HTTP/1.1\r\nAccept: x\r\n\r\n");
refused('no header at all', "GET / HTTP/1.1\r\n\r\n");
refused('two hosts', "${post}host: other\r\nContent-Length: 2\r\n\r\n{}");
refused('the same host twice', "${post}Host: h\r\nContent-Length: 2\r\n\r\n{}");
accepted('an empty host', "POST / HTTP/1.1\r\nHost:\r\n${usual}Content-Length: 2\r\n\r\n{}");
{
	my $result = conversation("POST / HTTP/1.0\r\n${usual}Content-Length: 2\r\n\r\n{}");
	is_deeply($result, { answers => [$good], closed => 1 }, 'HTTP/1.0 needs no host');
}

# ---------------------------------------------------------------- lines

refused($_->[0], "${post}$_->[1]Content-Length: 2\r\n\r\n{}") foreach (
	[ 'a blank before the colon', "X-A : b\r\n" ],
	[ 'a tab before the colon', "X-A\t: b\r\n" ],
	[ 'no colon', "X-A\r\n" ],
	[ 'no name', ": b\r\n" ],
	[ 'a name with a blank', "X A: b\r\n" ],
	[ 'a name with a byte of UTF-8', "X\xc3\xa4: b\r\n" ],
	[ 'a name with a parenthesis', "X(A): b\r\n" ],
	[ 'a name with a NUL', "X\0A: b\r\n" ],
	[ 'a value with a NUL', "X-A: b\0c\r\n" ],
	[ 'a value that ends in a NUL', "X-A: b\0\r\n" ],
	[ 'a value with a bare CR', "X-A: b\rContent-Length: 5\r\n" ],
	[ 'a value with a bell', "X-A: b\x07\r\n" ],
	[ 'a line that goes on', "X-A: b\r\n c\r\n" ],
	[ 'a line that goes on after a tab', "X-A: b\r\n\tc\r\n" ],
	[ 'a line that goes on and has a colon', "X-A: b\r\n Content-Length: 5\r\n" ],
	[ 'a line that goes on twice', "X-A: b\r\n c\r\n d\r\n" ],
	[ 'an empty line that goes on', "X-A: b\r\n \r\n" ],
	[ 'a bare LF', "X-A: b\n" ],
	[ 'a bare LF after nothing', "X-A:\n" ],
	[ 'two bare LFs', "X-A: b\nX-B: c\n" ]);
refused('a length with a blank before its colon', "${post}Content-Length : 2\r\n\r\n{}");
refused('a first header that begins with a blank', "POST / HTTP/1.1\r\n Host: h\r\nHost: h\r\n${usual}Content-Length: 2\r\n\r\n{}");
refused('a bare LF after the request line', "POST / HTTP/1.1\nHost: h\r\n${usual}Content-Length: 2\r\n\r\n{}");
refused('a bare LF at the end of the last header', "${post}Content-Length: 2\n\r\n{}");
refused('a bare LF for the empty line', "${post}Content-Length: 2\r\n\n{}");
refused('bare LFs only', "${post}Content-Length: 2\r\n\r\n{}" =~ s/\r//gr);
refused('a URI with a blank', "POST /a b HTTP/1.1\r\nHost: h\r\n${usual}Content-Length: 2\r\n\r\n{}");
refused('two blanks after the method', "POST  / HTTP/1.1\r\nHost: h\r\n${usual}Content-Length: 2\r\n\r\n{}");
refused('a method that is no word', "PO(ST / HTTP/1.1\r\nHost: h\r\n${usual}Content-Length: 2\r\n\r\n{}");

accepted($_->[0], "${post}$_->[1]Content-Length: 2\r\n\r\n{}") foreach (
	[ 'no blank after the colon', "X-A:b\r\n" ],
	[ 'blanks around a value', "X-A: \t b \t \r\n" ],
	[ 'an empty value', "X-A:\r\n" ],
	[ 'a blank value', "X-A:  \r\n" ],
	[ 'a value with colons', "X-A: b:c: d\r\n" ],
	[ 'a value with bytes of UTF-8', "X-A: \xc3\xa4\r\n" ],
	[ 'a cookie', "Cookie: a=b; c=\"d\"\r\n" ],
	[ 'every character of a name', "!#\$%&'*+-.^_`|~09azAZ: b\r\n" ]);
accepted('a query string', "POST /?a=%20b&c=d%00&&=e HTTP/1.1\r\nHost: h\r\n${usual}Content-Length: 2\r\n\r\n{}");
accepted('empty lines before a request', "\r\n\r\n${post}Content-Length: 2\r\n\r\n{}");
{
	my $one = "${post}X-A: b\r\nContent-Length: 2\r\n\r\n{}";
	is_deeply(conversation($one x 5, then_end => 1, answers => 5)->{answers}, [ ($good) x 5 ], 'several requests of one connection');
	# what came before does not matter
	refused('a bad one after good ones', "${post}X-A: b\nContent-Length: 2\r\n\r\n{}");
	my $result = conversation("$one$one${post}X-A: b\nContent-Length: 2\r\n\r\n{}$smuggled");
	is(scalar @{ $result->{answers} }, 3, 'a bad request after good ones is the last one');
	like($result->{answers}[2], qr/^400 /, 'and refused');
}

# ---------------------------------------------------------------- how large the head is

sub head_of
{
	my ($size) = @_;
	my $rest = "Content-Length: 2\r\n\r\n";
	my $filled = length($post) + length("X-A: \r\n") + length($rest);
	return "${post}X-A: " . 'x' x ($size - $filled) . "\r\n$rest";
}

is(length head_of(16384), 16384, 'the test itself');
accepted('a head of 16 KB', head_of(16384) . '{}');
refused('one byte more', head_of(16385) . '{}');
refused('20,000 bytes', head_of(20000) . '{}');
foreach my $size (100_000, 1_000_000)
{
	my $result = conversation(head_of($size) . '{}' . $smuggled);
	cmp_ok(scalar @{ $result->{answers} }, '<=', 1, "$size bytes: one answer at most");
	like($result->{answers}[0] // '431 ', qr/^4\d\d /, "$size bytes: refused");
}

# ---------------------------------------------------------------- anything

# A reader of heads by the standard's grammar: true if it takes these bytes for one request with a body of two bytes.
my $token = qr/[!#\$%&'*+.^_`|~0-9A-Za-z-]+/;

sub is_sound
{
	my ($bytes) = @_;
	my ($headers, %count);

	return 0 unless $bytes =~ /^(?:\r\n)*$token [\x21-\x7e\x80-\xff]+ HTTP\/1\.1\r\n((?:$token:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n/;
	$headers = $1;
	while ($headers =~ /^($token):[ \t]*(.*)\r$/mg)
	{
		push @{ $count{ lc $1 } }, $2;
	}
	return 0 if $count{'transfer-encoding'} || @{ $count{host} // [] } != 1;
	my @lengths = @{ $count{'content-length'} // [] };
	return @lengths == 0 || (@lengths == 1 && $lengths[0] =~ /^\d+$/);
}

srand($ENV{SEED} // 20120810);
my @pieces = ("\r\n", "\n", "\r", ' ', "\t", ':', "\0x", ',', 'Host: x', "\r\nHost: x", 'Content-Length: 2', "\r\nContent-Length: 2\r\n",
	'chunked', "\r\nTransfer-Encoding: chunked", '0', '-', "\x80", "\x7f", 'HTTP/1.1', 'POST', "\r\n\r\n", ';', "X-A:");
my $until = time() + ($ENV{FUZZ_SECONDS} // 10);
my ($tried, $sound) = (0, 0);
my @wrong;
while ((time() < $until || $tried <= 100 || $sound <= 10) && $tried < 20000 && @wrong < 5)
{
	my $head = "${post}X-A: b\r\nContent-Length: 2\r\n\r\n";

	foreach (1 .. 1 + int rand 2)
	{
		my $at = int rand length $head;
		my $kind = int rand 3;
		substr($head, $at, $kind == 0 ? 0 : 1 + int rand 4, $kind == 2 ? '' : $pieces[ int rand @pieces ]);
	}
	next if $head =~ /\0\n/;
	my $expected = is_sound($head);
	my $connection = open_connection($port);
	send_bytes($connection, "$head\{}");
	shutdown $connection->{socket}, 1;
	# none if it waits for more
	my $answer = eval { answer_of(read_response($connection, 1)) } // 'none';
	my $refused = $answer =~ /^4\d\d (?!\{|<Unknown)/;

	$tried++;
	$sound++ if $expected;
	# a sound one need not be a good one: another target, another length
	push @wrong, [ $head, $answer ]
	  if (!$expected && $answer =~ /^(?:200|400 \{|404)/) || ($expected && $refused) || ($refused && !ends($connection));
	close $connection->{socket};
}
is(scalar @wrong, 0, "$tried heads, $sound of them sound") or diag map { s/([^ -~])/sprintf '\\x%02x', ord $1/ger . "\n" } map { @$_ } @wrong;
cmp_ok($tried, '>', 100, 'enough of them');
cmp_ok($sound, '>', 10, 'of both kinds');

is(answer_of(exchange($port, "${post}Content-Length: 2\r\n\r\n{}")), $good, 'the endpoint goes on');
is(scalar(grep { /PANIC|terminated by signal/ } split /\n/, slurp_file($node->logfile)), 0, 'no process crashed');

done_testing();
