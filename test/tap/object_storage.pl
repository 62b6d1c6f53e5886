# Buckets of S3 at a server that does not do well: bodies that stop, wrong lengths and ranges, errors that pass, redirects, heads and bodies
# without end, drips, XML bombs, lists that lie. And memory, which stays small however large an object is.
use strict;
use warnings;

use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use Time::HiRes qw(sleep time);

use DynapgBadServer;

my $object = join '', map { sprintf '%06d,', $_ } 1 .. 400_000;    # 2.8 MB
my $etag = '"0123456789abcdef"';
my $zeros = "\0" x (1 << 20);

# The part of the object that a request wants, as a server answers that knows ranges.
sub wanted
{
	my ($request) = @_;
	my ($from) = ($request->{headers}{range} // '') =~ /^bytes=(\d+)-$/;

	return ('200 OK', 0) unless $from;
	return ('206 Partial Content', $from, 'Content-Range' => sprintf('bytes %d-%d/%d', $from, length($object) - 1, length $object));
}

sub list
{
	my ($contents, $more) = @_;

	return '<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' . ($more // '<IsTruncated>false</IsTruncated>') .
		$contents . '</ListBucketResult>';
}

sub entry
{
	my ($key, $size) = @_;

	return "<Contents><Key>$key</Key><Size>" . ($size // 1) . '</Size><ETag>&quot;e&quot;</ETag></Contents>';
}

# What becomes of an object of each name.
my %objects = (
	# stops in the middle of the body, twice
	cut => sub {
		my ($socket, $request, $before) = @_;
		my ($status, $from, @range) = wanted($request);
		my $part = substr $object, $from;

		answer($socket, $status, { ETag => $etag, 'Content-Length' => length $part, @range },
			$before < 2 ? substr($part, 0, 1_000_001) : $part);
	},
	# the same, and the object is another one by then
	changed => sub {
		my ($socket, $request, $before) = @_;

		return s3_error($socket, '412 Precondition Failed', 'PreconditionFailed',
			'At least one of the pre-conditions you specified did not hold')
			if ($request->{headers}{'if-match'} // '') eq $etag && $before > 0;
		answer($socket, '200 OK', { ETag => $etag, 'Content-Length' => length $object }, substr($object, 0, 1000));
	},
	# another one, and the server does not know If-Match
	replaced => sub {
		my ($socket, $request, $before) = @_;
		my ($status, $from, @range) = wanted($request);

		answer($socket, $status, { ETag => $before ? '"other"' : $etag, 'Content-Length' => length($object) - $from, @range },
			substr($object, $from, 1000));
	},
	# no ranges
	whole => sub {
		my ($socket) = @_;
		answer($socket, '200 OK', { ETag => $etag }, $object);
	},
	# another range
	range => sub {
		my ($socket, $request) = @_;
		answer($socket, '206 Partial Content', { ETag => $etag, 'Content-Range' => 'bytes 0-9/2800000' }, 'x' x 10);
	},
	# never whole
	short => sub {
		my ($socket) = @_;
		answer($socket, '200 OK', { ETag => $etag, 'Content-Length' => 100 }, 'x' x 10);
	},
	# busy at first
	busy => sub {
		my ($socket, $request, $before) = @_;

		return s3_error($socket, '503 Slow Down', 'SlowDown', 'Please reduce your request rate.') if $before == 0;
		return answer($socket, '500 Internal Server Error', {}, 'oops') if $before == 1;
		return answer($socket, '429 Too Many Requests', {}, '') if $before == 2;
		return if $before == 3;
		answer($socket, '200 OK', { ETag => $etag }, 'at last');
	},
	overloaded => sub { s3_error($_[0], '503 Slow Down', 'SlowDown', 'Please reduce your request rate.') },
	moved => sub { answer($_[0], '301 Moved Permanently', { Location => '/bad-bucket/elsewhere' }, '') },
	temporarily => sub { answer($_[0], '307 Temporary Redirect', { Location => 'http://localhost:1/x' }, '') },
	elsewhere => sub { answer($_[0], '200 OK', {}, 'secret') },
	denied => sub { s3_error($_[0], '403 Forbidden', 'AccessDenied', "no\nright \x{c3}\x{a4}" . 'x' x 5000) },
	strange => sub { s3_error($_[0], '418 Teapot', 'No Code; of <i>ours</i>', 'x') },
	head => sub {
		my ($socket) = @_;
		print $socket "HTTP/1.1 200 OK\r\n";
		print $socket "X-Header-$_: ", 'x' x 100, "\r\n" for 1 .. 1_000_000;
	},
	continues => sub {
		my ($socket) = @_;
		print $socket "HTTP/1.1 100 Continue\r\n\r\n" for 1 .. 1_000_000;
	},
	line => sub {
		my ($socket) = @_;
		print $socket "HTTP/1.1 200 OK\r\nX: ";
		print $socket $zeros for 1 .. 1000;
	},
	noise => sub { my ($socket) = @_; print $socket "\x{1}\x{2}\r\n\r\n" },
	silent => sub { sleep 600 },
	drip => sub {
		my ($socket, $request, $before) = @_;
		my ($from) = ($request->{headers}{range} // 'bytes=0') =~ /(\d+)/;
		return answer($socket, '206 Partial Content', { ETag => $etag, 'Content-Range' => sprintf('bytes %d-%d/%d', $from, $from + 3, $from + 4) },
			'done') if $before;
		print $socket "HTTP/1.1 200 OK\r\nETag: $etag\r\n\r\n";
		$socket->flush;
		while (1) { sleep 1; syswrite $socket, 'x' or return }
	},
	huge => sub {
		my ($socket) = @_;
		print $socket "HTTP/1.1 200 OK\r\nETag: $etag\r\nContent-Length: ", 5 << 30, "\r\n\r\n";
		print $socket $zeros for 1 .. 5 << 10;
	});

# And of a list with each prefix.
my %lists = (
	bomb => '<!DOCTYPE l [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><ListBucketResult>&b;</ListBucketResult>',
	file => '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><ListBucketResult><Contents><Key>&a;</Key></Contents></ListBucketResult>',
	deep => '<a>' x 100_000,
	long => list('<Contents><Key>long' . 'x' x 100_000 . '</Key></Contents>'),
	broken => '<ListBucketResult><Contents>',
	others => list(entry('../../etc/passwd')),
	nothing => list('<Contents><Size>1</Size></Contents>'),
	negative => list(entry('negative', -5)),
	bytes => list(entry("bytes\xff")),
	again => list(entry('again/1'), '<IsTruncated>true</IsTruncated><NextContinuationToken>same</NextContinuationToken>'),
	lost => list(entry('lost/1'), '<IsTruncated>true</IsTruncated>'));

sub respond_list
{
	my ($socket, $request) = @_;
	my ($prefix) = $request->{query} =~ /prefix=([^&]*)/;
	my ($token) = $request->{query} =~ /continuation-token=([^&]*)/;

	if ($prefix eq 'endless')
	{
		print $socket "HTTP/1.1 200 OK\r\n\r\n<ListBucketResult>";
		print $socket '<x>' . 'x' x 1000 . '</x>' for 1 .. 1_000_000;
		return;
	}
	if ($prefix eq 'pages%2F')
	{
		my $page = $token // 0;
		$page =~ s/^%2B//;
		return answer($socket, '200 OK', {}, list(join('', map { entry(sprintf 'pages%%2Fk+%d%d%%26', $page, $_) } reverse 1 .. 3),
				'<EncodingType>url</EncodingType>' . ($page < 2 ?
					'<IsTruncated>true</IsTruncated><NextContinuationToken>+' . ($page + 1) . '</NextContinuationToken>' : '')));
	}
	return answer($socket, '200 OK', {}, $lists{$prefix});
}

# Uploads in parts: the second part fails at first, the third one's connection breaks, the completion says 200 and means an error.
sub respond_upload
{
	my ($socket, $request, $before) = @_;
	my ($part) = $request->{query} =~ /partNumber=(\d+)/;

	if ($request->{method} eq 'GET')
	{
		return answer($socket, '200 OK', {}, '<ListMultipartUploadsResult><Upload><Key>upload</Key><UploadId>old</UploadId></Upload>' .
			'<Upload><Key>upload2</Key><UploadId>others</UploadId></Upload></ListMultipartUploadsResult>');
	}
	return answer($socket, '204 No Content', {}, '') if $request->{method} eq 'DELETE';
	if ($request->{method} eq 'PUT')
	{
		return s3_error($socket, '503 Slow Down', 'SlowDown', 'Please reduce your request rate.') if $part == 2 && $before == 0;
		return if $part == 3 && $before == 0;
		return answer($socket, '200 OK', { ETag => qq{"part$part-$request->{length}"} }, '');
	}
	return answer($socket, '200 OK', {}, '<InitiateMultipartUploadResult><UploadId>new&amp;id</UploadId></InitiateMultipartUploadResult>')
		if $request->{query} =~ /^uploads/;
	return answer($socket, '200 OK', {}, '<?xml version="1.0"?>' . "\n  \n<Error><Code>InternalError</Code><Message>We</Message></Error>")
		if $before == 1;
	my $parts = () = $request->{body} =~ /<Part>/g;
	my ($last) = $request->{body} =~ /.*<PartNumber>(\d+)<\/PartNumber><ETag>&quot;([^&]*)/;
	answer($socket, '200 OK', {},
		"   <CompleteMultipartUploadResult><ETag>&quot;whole-$parts&quot;</ETag></CompleteMultipartUploadResult>");
}

my ($port, $requests) = bad_server(sub {
	my ($socket, $request, $before) = @_;
	my ($bucket, $key) = $request->{path} =~ m{^/([^/]+)/(.*)$} or return answer($socket, '400 Bad Request', {}, '');

	return respond_upload(@_) if $key =~ /^upload/ || $request->{query} =~ /^uploads/;
	return respond_list(@_) if $key eq '';
	return $objects{$key}->(@_);
});

# what the environment says of proxies is not heard
$ENV{$_} = 'http://127.0.0.1:1' foreach qw(http_proxy https_proxy all_proxy ALL_PROXY);
my $node = PostgreSQL::Test::Cluster->new('object_storage');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
my $place = PostgreSQL::Test::Utils::tempdir();
mkdir "$place/folder";
$node->append_conf('postgresql.conf', <<"CONF");
dynapg.s3_endpoint = 'http://127.0.0.1:$port'
dynapg.export_directory = '$place'
restart_after_crash = on
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');
$node->safe_psql('postgres', slurp_file("$FindBin::RealBin/../functions.sql"));

# What a call comes to, without what the log is told.
sub outcome
{
	my ($call) = @_;

	$call =~ s/'/''/g;
	my $failure = $node->safe_psql('postgres', "SELECT dynapg_test.failure_of('SELECT dynapg_test.$call')");
	$failure =~ s/ \(Service: .*//s;
	return $failure;
}

sub value
{
	my ($call) = @_;
	return $node->safe_psql('postgres', "SELECT dynapg_test.$call");
}

# What takes long is begun now, and looked at in the end.
my %slow = (
	short => "bucket_read('bad-bucket', 'short')",
	overloaded => "bucket_read('bad-bucket', 'overloaded')",
	drip => "bucket_read('bad-bucket', 'drip')");
my %slow_sessions;
foreach my $name (keys %slow)
{
	my $session = $slow_sessions{$name} = { out => '', error => '' };
	$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT dynapg_test.$slow{$name}" ],
		'<', \undef, '>', \$session->{out}, '2>', \$session->{error});
}

#
# Bodies
#
my $whole = $node->safe_psql('postgres', "SELECT encode(sha256(convert_to(string_agg(lpad(n::text, 6, '0') || ',', '' ORDER BY n), 'UTF8')), 'hex') FROM generate_series(1, 400000) n");
is(value("bucket_read('bad-bucket', 'cut')"), "2800000 $whole", 'a body that stops is read on from there');
is_deeply([ grep { /cut/ } $requests->() ],
	[ 'GET /bad-bucket/cut', map { "GET /bad-bucket/cut Range=bytes=$_- If-Match=$etag" } 1000001, 2000002 ],
	'... the rest only, and of the same object');
like(outcome("bucket_read('bad-bucket', 'changed')"), qr/^S3PreconditionFailed: At least one/, 'an object that has changed meanwhile');
like(outcome("bucket_read('bad-bucket', 'replaced')"), qr/^S3PreconditionFailed: At least one/, '... also where the server does not look');
is(value("bucket_read('bad-bucket', 'whole', 2799990)") =~ s/ .*//r, '99,400000,', 'a server without ranges: what is before the offset is passed over');
like(outcome("bucket_read('bad-bucket', 'range', 5)"), qr/^08P01: .*another range/, 'another range than was asked for');

#
# Errors
#
is(value("bucket_read('bad-bucket', 'busy')") =~ s/ \w+$//r, 'at last', 'what may pass is tried again');
is(scalar(grep { m{/busy} } $requests->()), 5, '... until it does');
like(outcome("bucket_read('bad-bucket', 'moved')"), qr/^S3PermanentRedirect: /, 'a redirect is an error');
like(outcome("bucket_read('bad-bucket', 'temporarily')"), qr/^S3TemporaryRedirect: /, '... of either kind');
ok(!(grep { m{/elsewhere} } $requests->()), '... and not followed');
my $denied = outcome("bucket_read('bad-bucket', 'denied')");
like($denied, qr/^S3AccessDenied: no\?right \?\?x+$/, 'the words of a server as they may be shown');
cmp_ok(length $denied, '<', 1100, '... and not more of them');
like(outcome("bucket_read('bad-bucket', 'strange')"), qr/^S3Http418: The server has answered with status 418/, 'a code that is none');
like(outcome("bucket_read('bad-bucket', '$_')"), qr/^08006: bucket "bad-bucket" cannot be reached: the head of the answer is (longer|too long)/,
	"a head without end: $_") foreach qw(head continues line);
like(outcome("bucket_read('bad-bucket', 'noise')"), qr/^08006: /, 'what is no HTTP');

#
# Lists
#
is($node->safe_psql('postgres', "SELECT string_agg(key, ' | ') FROM dynapg_test.bucket_list('bad-bucket', 'pages/')"),
	join(' | ', map { my $page = $_; map { "pages/k $page$_&" } 1 .. 3 } 0 .. 2), 'all pages of a list, sorted, their keys decoded');
like(outcome("bucket_list('bad-bucket', '$_')"), qr/^08P01: the list of objects of bucket "bad-bucket" cannot be read: /, "a list that is not one: $_")
	foreach qw(bomb file deep long broken others nothing negative bytes again lost);
like(outcome("bucket_list('bad-bucket', 'endless')"), qr/^08006: .*too long/, 'a list without end');

#
# Uploads
#
my $bytes = q{decode(repeat('0011223344556677', 131072), 'hex')};
is(value("bucket_put('bad-bucket', 'upload', $bytes, 40)"), 'whole-5', 'an upload in parts, some of which fail at first');
my @upload = grep { /upload/ } $requests->();
is($upload[1], 'DELETE /bad-bucket/upload?uploadId=old', 'what an earlier writer of the same key has left is ended');
is(scalar(grep { /others/ } @upload), 0, '... and nobody else\'s');
is(scalar(grep { /partNumber=2&uploadId=new%26id/ } @upload), 2, 'a part that failed is sent again');
is(scalar(grep { /^POST .*uploadId=new%26id/ } @upload), 2, 'and a completion that failed although it said 200');
value("bucket_put('bad-bucket', 'upload', $bytes, 20, 'abandon')");
is(scalar(grep { /^DELETE .*new%26id/ } $requests->()), 1, 'an upload that is abandoned is ended');

#
# Interrupts
#
my $began = time;
my ($status, $out, $error) = $node->psql('postgres', "SET statement_timeout = '1s'; SELECT dynapg_test.bucket_read('bad-bucket', 'silent')");
like($error, qr/canceling statement due to statement timeout/, 'waiting for a server can be cancelled');
cmp_ok(time - $began, '<', 60, '... at once');

#
# Memory
#
sub peak
{
	my ($pid) = @_;
	my ($kilobytes) = slurp_file("/proc/$pid/status") =~ /VmHWM:\s+(\d+)/;
	return $kilobytes / 1024;
}

SKIP:
{
	skip 'no /proc', 8 unless -e '/proc/self/status';
	my $session = $node->background_psql('postgres');
	my $pid = $session->query_safe('SELECT pg_backend_pid()');

	# what the first use takes: libraries, shared memory
	$session->query_safe("SELECT dynapg_test.bucket_read('bad-bucket', 'cut')");
	open my $sparse, '>', "$place/folder/sparse" or die;
	truncate $sparse, 5 << 30;
	close $sparse;
	my $before = peak($pid);
	like($session->query_safe("SELECT dynapg_test.bucket_read('folder', 'sparse', hash => false)"), qr/^5368709120 /, '5 GB of a folder');
	cmp_ok(peak($pid) - $before, '<', 5, '... are read in little memory');
	like($session->query_safe("SELECT dynapg_test.bucket_read('bad-bucket', 'huge', hash => false)"), qr/^5368709120 /, '5 GB of S3');
	cmp_ok(peak($pid) - $before, '<', 10, '... too');
	$before = peak($pid);
	like($session->query_safe("SELECT dynapg_test.bucket_put('bad-bucket', 'upload-large', $bytes, 512)"), qr/^whole-64$/, 'half a gigabyte to S3');
	cmp_ok(peak($pid) - $before, '<', 40, '... is written in the memory of some parts');
	like($session->query_safe("SELECT dynapg_test.bucket_put('folder', 'written', $bytes, 512)"), qr/-/, 'and to a folder');
	cmp_ok(peak($pid) - $before, '<', 40, '... in no more');
	unlink "$place/folder/written";
	$session->quit;
}

#
# What took long
#
foreach my $name (qw(short overloaded drip))
{
	$slow_sessions{$name}{run}->finish;
}
like($slow_sessions{short}{error}, qr/bucket "bad-bucket" cannot be reached: /, 'a body that never is whole');
like($slow_sessions{overloaded}{error}, qr/bucket "bad-bucket" cannot be reached: status 503 SlowDown/, 'a server that stays busy');
is(scalar(grep { m{/overloaded} } $requests->()), 8, '... is asked so often');
like($slow_sessions{drip}{out}, qr/^x*done /, 'a server that drips is given up, and asked again');

#
# Folders
#
sub temporaries
{
	my @files = glob("$place/folder/.dynapg-*");
	return @files;
}

# Begins to write an object for long; returns once its file is there.
sub begin_writing
{
	my ($key) = @_;
	my $session = { out => '', error => '' };

	$session->{run} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
			"SELECT dynapg_test.bucket_put('folder', '$key', $bytes, 800)" ], '<', \undef, '>', \$session->{out}, '2>', \$session->{error});
	for (1 .. 2400)
	{
		last if temporaries();
		sleep 0.05;
	}
	return $session;
}

# Begins to write an object, and ends the writer by a function of its process; begins again if it was quicker, and its file is no temporary one any more.
sub end_writer
{
	my ($key, $end) = @_;
	my $done = 1;

	for (1 .. 10)
	{
		my $writer = begin_writing($key);
		my $pid = $node->safe_psql('postgres', qq{SELECT pid FROM pg_stat_activity WHERE query ~ '$key' AND state = 'active' AND pid <> pg_backend_pid()});
		$end->($pid) if $pid ne '';
		$writer->{run}->finish;
		$done = -e "$place/folder/$key";
		last unless $done;
		unlink "$place/folder/$key";
	}
	return ok(!$done, 'a writer is ended at work');
}

my $writer = begin_writing('long');
is(value("bucket_put('folder', 'meanwhile', 'x')") ne '', 1, 'a writer of another object in the folder');
$writer->{run}->finish;
like($writer->{out}, qr/-/, '... does not take the file of one that is at work for an abandoned one') or diag $writer->{error};
is(-s "$place/folder/long", 800 << 20, '... whose object is whole');
unlink "$place/folder/long";

end_writer('killed', sub { $node->safe_psql('postgres', "SELECT pg_terminate_backend($_[0])") });
is_deeply([ temporaries() ], [], 'a writer that is ended leaves nothing');
end_writer('killed', sub { kill_process($node, $_[0]) });
is(scalar(temporaries()), 1, 'one that is killed leaves its file');
is($node->safe_psql('postgres', q{SELECT count(*) FROM dynapg_test.bucket_list('folder') WHERE key ~ 'killed|dynapg'}), '0', '... which is no object');
value("bucket_put('folder', 'next', 'x')");
is_deeply([ temporaries() ], [], '... and which the next one removes');

SKIP:
{
	skip 'no prlimit', 2 if system('prlimit --version >/dev/null 2>&1') != 0;
	chomp(my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0]);
	system_or_bail('prlimit', '--pid', $postmaster, '--fsize=' . (32 << 20) . ':');
	like(outcome("bucket_put('folder', 'full', $bytes, 64)"), qr/^StorageFull: Could not write object "full" of bucket "folder": File too large/,
		'what the disk does not take ends the transfer');
	is_deeply([ glob("$place/folder/full*"), temporaries() ], [], '... and leaves nothing');
	system_or_bail('prlimit', '--pid', $postmaster, '--fsize=unlimited:');
}

# nothing of what failed is left open
SKIP:
{
	skip 'no /proc', 1 unless -e '/proc/self/fd';
	my $open = $node->safe_psql('postgres', q{
		SELECT dynapg_test.failure_of($$SELECT dynapg_test.bucket_read('bad-bucket', 'denied')$$);
		CREATE TEMP TABLE before AS SELECT count(*) AS n FROM pg_ls_dir('/proc/self/fd');
		SELECT count(dynapg_test.failure_of(format($$SELECT dynapg_test.bucket_read(%L, %L)$$, bucket, key)))
		FROM generate_series(1, 10), (VALUES ('bad-bucket', 'denied'), ('bad-bucket', 'changed'), ('folder', 'absent'), ('folder', '..')) o (bucket, key);
		SELECT count(*) - (SELECT n FROM before) FROM pg_ls_dir('/proc/self/fd')});
	cmp_ok((split /\n/, $open)[-1], '<', 10, '40 requests that have failed leave no descriptors');
}

$node->stop;
done_testing();
