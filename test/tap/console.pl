# The console over HTTP: its files and headers, signing in, cookies and proofs, what other pages may not do, rate limits, sessions over workers and restarts,
# and that it reads only until writing is switched on.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

our ($node, $port) = start_node('console', <<'CONF');
dynapg.workers = 3
dynapg.lock_timeout = '60s'
log_min_messages = log
CONF
our $host = "127.0.0.1:$port";
my $unknown = "404 <UnknownOperationException/>\n";
my $wrong = "403 The access key, its secret or its session token is wrong, or its role may not sign in.\n";
my $not_ours = "403 The request is not one of the console's.\n";
my $sign_in_first = "401 Please sign in.\n";

sub sql { return $node->safe_psql('postgres', @_); }

sub get
{
	my ($path, @headers) = @_;
	my $lines = join '', map { "$_->[0]: $_->[1]\r\n" } ((grep { $_->[0] eq 'Host' } @headers) ? () : [ 'Host', $host ]), @headers;
	return exchange($port, "GET $path HTTP/1.1\r\n$lines\r\n");
}

# A POST to the console's API as its page makes it; options change that: origin, host, type, path, cookie, proof, headers, body, key (signs it; signed_target, signed_body: something else), method.
sub post
{
	my ($target, %options) = @_;
	my $body = $options{body} // '{}';
	my @headers = ([ 'Host', $options{host} // $host ]);
	my $origin = exists $options{origin} ? $options{origin} : 'http://' . ($options{host} // $host);

	push @headers, [ 'Origin', $origin ] if defined $origin;
	push @headers, [ 'Content-Type', $options{type} // 'application/json' ] unless exists $options{type} && !defined $options{type};
	push @headers, [ 'X-Amz-Target', $target ];
	push @headers, [ 'Cookie', $options{cookie} ] if defined $options{cookie};
	push @headers, [ 'X-Dynapg-Proof', $options{proof} ] if defined $options{proof};
	push @headers, @{ $options{headers} // [] };
	if ($options{key})
	{
		push @headers, [ 'X-Amz-Security-Token', $options{key}[2] ] if defined $options{key}[2];
		my ($sent) = grep { $_->[0] eq 'X-Amz-Target' } @headers;
		$sent->[1] = $options{signed_target} // $target;
		sign_headers(\@headers, $options{signed_body} // $body, @{ $options{key} }[ 0, 1 ], path => '/console/api', %{ $options{sign} // {} });
		$sent->[1] = $target;
	}
	my $bytes = post_bytes(\@headers, $body, uri => $options{path} // '/console/api', method => $options{method} // 'POST');
	return exchange($port, $bytes) unless $options{connection};
	send_bytes($options{connection}, $bytes);
	return read_response($options{connection});
}

# Signs in: options for later posts, and what the answer was.
sub sign_in
{
	my ($key, %options) = @_;
	my $answer = post('DynapgConsole.SignIn', key => $key, %options);
	return ({}, $answer) unless ($answer->{headers}{'set-cookie'} // '') =~ /^(dynapg_console_$port=[0-9a-f]{64}); /;
	my $cookie = $1;
	my $session = json->decode(post('DynapgConsole.Session', cookie => $cookie)->{body});
	return ({ cookie => $cookie, proof => $session->{Proof} }, $answer, $session);
}

sub operation { my ($who, $name, $body, %options) = @_; return answer_of(post("DynamoDB_20120810.$name", %$who, body => json->encode($body), %options)); }

sql(<<'SQL');
CREATE ROLE app LOGIN;
CREATE ROLE other LOGIN;
CREATE ROLE tenant LOGIN;
CREATE ROLE reader LOGIN;
GRANT USAGE, CREATE ON SCHEMA dynamo TO app;
SET ROLE app;
SELECT dynamo_create_table('{"TableName": "items", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}');
SELECT dynamo_create_table('{"TableName": "hidden", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}');
SELECT dynamo_put_item('{"TableName": "items", "Item": {"pk": {"S": "a"}}}');
SELECT dynamo_update_time_to_live('{"TableName": "items", "TimeToLiveSpecification": {"AttributeName": "at", "Enabled": true}}');
SELECT dynamo_update_time_to_live('{"TableName": "hidden", "TimeToLiveSpecification": {"AttributeName": "at", "Enabled": true}}');
RESET ROLE;
SELECT dynapg.put_role_policy('reader', 'read', '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["dynamodb:ListTables", "dynamodb:GetItem"],
	"Resource": "*"}, {"Effect": "Allow", "Action": "dynamodb:DescribeTable", "Resource": "arn:aws:dynamodb:*:*:table/items"}]}');
SELECT dynapg.put_role_policy('tenant', 'read', '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}}');
SQL
my @key = create_key($node, 'app');

# ---------------------------------------------------------------- off

is(answer_of(get($_)), $unknown, "off: GET $_ is what any unknown path is") foreach qw(/console /console/ /console/app.js /elsewhere);
is(get('/console')->{headers}{'content-security-policy'}, undefined(), 'off: no header of its');
like(answer_of(post('DynamoDB_20120810.ListTables', key => \@key)), qr/^200 /, 'off: a POST to /console/api is an SDK\'s');
like(answer_of(post('DynapgConsole.Session')), qr/^400 .*UnknownOperationException/, 'off: the console has no operations');
sub undefined { return undef; }

sub configure
{
	my (%settings) = @_;
	sql("ALTER SYSTEM SET $_ = $settings{$_}") foreach keys %settings;
	reload_settings($node);
	return;
}

# Every worker has the setting when many connections in a row find it.
sub everywhere
{
	my ($test) = @_;
	return eventually(20, sub { (grep { !$test->() } 1 .. 15) == 0 });
}

configure('dynapg.console' => 'on');
ok(everywhere(sub { get('/console')->{status} == 200 }), 'on after a reload');

# ---------------------------------------------------------------- files

my %types = ('/console' => 'text/html', '/console/' => 'text/html', '/console/app.js' => 'text/javascript', '/console/style.css' => 'text/css', '/console/icon.svg' => 'image/svg');
foreach my $path (sort keys %types)
{
	my $file = get($path);
	my $headers = $file->{headers};

	is($file->{status}, 200, $path);
	like($headers->{'content-type'}, qr/^\Q$types{$path}/, "$path: type");
	like($headers->{'content-security-policy'},
		qr/^default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';/,
		"$path: policy");
	unlike($headers->{'content-security-policy'}, qr/unsafe|\*|http|data:/, "$path: nothing unsafe");
	is($headers->{'x-content-type-options'}, 'nosniff', "$path: nosniff");
	is($headers->{'referrer-policy'}, 'no-referrer', "$path: no referrer");
	is($headers->{'x-frame-options'}, 'DENY', "$path: no frames");
	is($headers->{'cache-control'}, 'no-cache', "$path: asked for again");
	my $again = get($path, [ 'If-None-Match', $headers->{etag} ]);
	is("$again->{status} $again->{body}", '304 ', "$path: not sent again");
	is(get($path, [ 'If-None-Match', 'W/"0"' ])->{status}, 200, "$path: another one is");
}
unlike(get('/console')->{body}, qr/<script(?![^>]*src="\/console\/)|\son\w+=|style=|https?:/, 'no script, handler or style in the page, and nothing from elsewhere');
is(get($_)->{status}, 404, "no file: $_")
  foreach '/console/nothing', '/console/../app.js', '/console/%2e%2e/etc/passwd', '/console//app.js', '/console/app.js/', '/console/api', '/consolex', '/console/console_files.c';
is(get('/console/app.js?x=1')->{status}, 200, 'a query does not matter');
is(post('DynapgConsole.Session', method => $_)->{status}, 405, "method $_") foreach qw(PUT DELETE OPTIONS PATCH);
is(answer_of(get('/')), "200 healthy: $host ", '/ is what it was');
like(get('/metrics')->{body}, qr/dynapg_workers 3/, '/metrics, too');
like(answer_of(call($port, 'ListTables', {}, key => \@key)), qr/^200 .*items/, 'and SDKs');

# ---------------------------------------------------------------- hosts and origins

my ($me, $answer, $session) = sign_in(\@key);
is(answer_of($answer), '200 {}', 'signed in');
like($answer->{headers}{'set-cookie'}, qr/^dynapg_console_$port=[0-9a-f]{64}; Path=\/console; HttpOnly; SameSite=Strict$/, 'the cookie');
is($answer->{headers}{'cache-control'}, 'no-store', 'is not kept');
is("$session->{Role} $session->{Database} $session->{AccessKeyId}", "app postgres $key[0]", 'who is signed in');
ok(!$session->{Writes}, 'to read');
like(operation($me, 'ListTables', {}), qr/^200 .*items/, 'an operation');

foreach my $bad ('evil.example', "evil.example:$port", 'localhost.evil.example', '127.0.0.1.evil.example', 'localhost:80x', '', '169.254.169.254', '[::2]')
{
	is(get('/console', [ 'Host', $bad ])->{status}, 421, "Host '$bad': no page");
	is(post('DynamoDB_20120810.ListTables', %$me, host => $bad)->{status}, 421, "Host '$bad': no operation");
	is(post('DynapgConsole.SignIn', key => \@key, host => $bad)->{status}, 421, "Host '$bad': no sign-in");
}
is(post('DynamoDB_20120810.ListTables', %$me, host => $_)->{status}, 200, "Host $_") foreach "localhost:$port", 'LocalHost', "[::1]:$port";
foreach my $bad (undef, 'null', 'http://evil.example', "http://localhost:$port", "http://127.0.0.1", "http://$host.evil.example", "http://x\@$host", "ftp://$host", "HTTP://$host", '', $host)
{
	my $shown = $bad // 'none';
	is(answer_of(post($_, %$me, origin => $bad)), $not_ours, "Origin $shown: $_")
	  foreach 'DynamoDB_20120810.ListTables', 'DynapgConsole.Session', 'DynapgConsole.SignOut';
	is(answer_of(post('DynapgConsole.SignIn', key => \@key, origin => $bad)), $not_ours, "Origin $shown: no sign-in");
}
is(post('DynamoDB_20120810.ListTables', %$me, headers => [ [ 'Sec-Fetch-Site', $_ ] ])->{status}, 403, "Sec-Fetch-Site: $_") foreach qw(cross-site same-site none);
is(post('DynamoDB_20120810.ListTables', %$me, headers => [ [ 'Sec-Fetch-Site', 'same-origin' ] ])->{status}, 200, 'Sec-Fetch-Site: same-origin');
is(post('DynamoDB_20120810.ListTables', %$me, type => $_)->{status}, 415, 'Content-Type ' . ($_ // 'none'))
  foreach undef, 'text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain;application/json';
is(post('DynamoDB_20120810.ListTables', %$me, path => $_)->{status}, 404, "POST $_") foreach '/console', '/console/sign-in', '/console/app.js';
{
	my $preflight = post('DynapgConsole.Session', method => 'OPTIONS', origin => 'http://evil.example', headers => [ [ 'Access-Control-Request-Method', 'POST' ] ]);
	is(scalar(grep { /^access-control/ } keys %{ $preflight->{headers} }), 0, 'other origins are allowed nothing');
	is(scalar(grep { /^access-control/ } keys %{ get('/console', [ 'Origin', 'http://evil.example' ])->{headers} }), 0, 'nor to read');
}
configure('dynapg.console_hosts' => "'console.example, console.example:8443'");
ok(everywhere(sub { get('/console', [ 'Host', 'console.example' ])->{status} == 200 }), 'dynapg.console_hosts');
is(post('DynapgConsole.Session', host => 'console.example')->{status}, 403, 'a proxy speaks TLS: a page without it is another origin');
{
	my $proxied = post('DynapgConsole.SignIn', key => \@key, host => 'console.example', origin => 'https://console.example');
	is($proxied->{status}, 200, 'with TLS before it');
	like($proxied->{headers}{'set-cookie'}, qr/^__Secure-dynapg_console_$port=\w+; .*; Secure$/, 'the cookie is for TLS only');
}

# ---------------------------------------------------------------- cookies and proofs

my ($second) = sign_in(\@key);
is(answer_of(post('DynamoDB_20120810.ListTables')), $sign_in_first, 'no cookie');
is(answer_of(post('DynamoDB_20120810.ListTables', proof => $me->{proof})), $sign_in_first, 'a proof alone');
is(answer_of(post('DynamoDB_20120810.ListTables', cookie => $me->{cookie})), $not_ours, 'a cookie without its proof');
is(answer_of(post('DynamoDB_20120810.ListTables', cookie => $me->{cookie}, proof => $_)), $not_ours, "proof '$_'")
  foreach '', 'x', $second->{proof}, substr($me->{proof}, 1), "$me->{proof}0", uc $me->{proof};
is(answer_of(post('DynapgConsole.SignOut', cookie => $me->{cookie})), $not_ours, 'nobody is signed out without a proof');
is(answer_of(post('DynapgConsole.AllowWrites', cookie => $me->{cookie})), $not_ours, 'nor made to write');
like(answer_of(post('DynamoDB_20120810.ListTables', %$me, cookie => "a=b; $me->{cookie};c=d")), qr/^200/, 'other cookies beside it');
is(answer_of(post('DynamoDB_20120810.ListTables', %$me, key => \@key, cookie => undef, proof => undef)), $sign_in_first, 'a signature does not do instead of a cookie');
like(answer_of(call($port, 'ListTables', {}, headers => [ [ 'Cookie', $me->{cookie} ], [ 'X-Dynapg-Proof', $me->{proof} ] ])), qr/^400 .*MissingAuthenticationToken/,
	'nor a cookie instead of a signature, elsewhere');
{
	# what a parser of cookies might fall for: never signed in, never more than a 401
	my $connection = open_connection($port);
	my ($name, $token) = split /=/, $me->{cookie};
	my @pieces = ($name, $token, '=', ';', ' ', '"', ',', "\t", substr($token, 0, 63), "\xff", '%3d', 'a=b', "$name=", '$Version=1', '==', ';;');
	my %statuses;

	srand(18);
	foreach my $round (1 .. 1500)
	{
		my $cookie = join '', 'a=b;', (map { $pieces[ rand @pieces ] } 1 .. 1 + rand 12), ';c';
		next if $cookie =~ /(?:^|[; \t])\Q$name=$token\E(?:$|[; \t])/;
		$statuses{ post('DynamoDB_20120810.ListTables', proof => $me->{proof}, cookie => $cookie, connection => $connection)->{status} }++;
	}
	is(join(' ', keys %statuses), '401', 'random cookies');
}

# ---------------------------------------------------------------- signing in

sub refused { my ($what, @arguments) = @_; is(answer_of(post('DynapgConsole.SignIn', @arguments)), $wrong, "no sign-in: $what"); return; }

# Some that fail, from now on as many as one likes.
sub forgive { $node->restart; wait_for_endpoint($port); return; }

refused('a wrong secret', key => [ $key[0], 'x' ]);
refused('an unknown key', key => [ 'AKIAAAAAAAAAAAAAAAAA', $key[1] ]);
refused('no signature');
refused('another target was signed', key => \@key, signed_target => 'DynamoDB_20120810.ListTables');
refused('another path was signed', key => \@key, sign => { path => '/' });
refused('another body was signed', key => \@key, signed_body => '{"a":1}');
refused('an old signature', key => \@key, sign => { time => iso_time(-1000) });
refused('the target was not signed', key => \@key, sign => { signed => [ 'host', 'x-amz-date' ] });
{
	my @headers = ([ 'Host', $host ], [ 'Origin', "http://$host" ], [ 'Content-Type', 'application/json' ], [ 'X-Amz-Target', 'DynapgConsole.SignIn' ]);
	my $uri = presign(\@headers, '{}', @key, path => '/console/api');
	is(answer_of(exchange($port, post_bytes(\@headers, '{}', uri => $uri))), $wrong, 'no sign-in: a presigned URL');
}
my @other = create_key($node, 'other');
sql('ALTER ROLE other NOLOGIN');
refused('a role that may not log in', key => \@other);
{
	# one is forgotten every six seconds, in which a slow machine may take its time
	my $fail = sub {
		my $answer;
		do { $answer = post('DynapgConsole.SignIn', key => \@other) } while $answer->{status} == 403;
		return $answer;
	};
	my $others_fail = sub { $fail->(); foreach (1 .. 15) { return 0 if post('DynapgConsole.SignIn', key => \@key)->{status} != 429 } return 1 };
	my $answer = $fail->();
	is("$answer->{status} $answer->{body}", "429 Too many sign-ins have failed. Please wait.\n", 'ten have failed from this address');
	cmp_ok($answer->{headers}{'retry-after'}, '>', 0, 'when to try again');
	ok(eventually(10, $others_fail, 0), 'whatever the key is, in all workers');
	like(operation($me, 'ListTables', {}), qr/^200/, 'who is signed in goes on');
	like(answer_of(call($port, 'ListTables', {}, key => \@key)), qr/^200/, 'and so do SDKs');
}
ok(eventually(30, sub { post('DynapgConsole.SignIn', key => \@key)->{status} == 200 }), 'after some seconds, one more is looked at');
unlike(slurp_file($node->logfile), qr/\Q$key[1]\E|\Q$me->{proof}\E|${\substr($me->{cookie}, -64)}/, 'no secret, proof or cookie in the log');

# ---------------------------------------------------------------- sessions

my $connection_of_each = sub { my ($who) = @_; my %answers = map { post('DynamoDB_20120810.ListTables', %$who)->{status} => 1 } 1 .. 15; return join ' ', sort keys %answers; };
is($connection_of_each->($me), '200', 'all workers know the session');
{
	my $workers = q(SELECT string_agg(pid::text, ' ' ORDER BY pid) FROM dynapg.stat_workers WHERE pid IS NOT NULL);
	my @before = split / /, sql($workers);

	sql("SELECT pg_terminate_backend($_)") foreach @before;
	ok(eventually(30, sub { my %now = map { $_ => 1 } split / /, sql($workers); return keys %now == 3 && !grep { $now{$_} } @before }), 'all workers have ended, and others run');
	ok(eventually(30, sub { $connection_of_each->($me) eq '200' }), 'they know the session');
}

# ---------------------------------------------------------------- what cannot be looked at now

{
	create_key($node, 'other');    # forgets what workers know of keys
	my $holder = $node->background_psql('postgres');
	my $later = "503 The server cannot look at this now.\n";

	$holder->query_safe('BEGIN; LOCK TABLE dynapg.access_keys IN ACCESS EXCLUSIVE MODE');
	my $session = post('DynapgConsole.Session', cookie => $me->{cookie});
	is(answer_of($session), $later, 'keys are locked: who is signed in is not to be told');
	is($session->{headers}{'set-cookie'}, undef, 'which takes no cookie away');
	my %answers = map { answer_of(post('DynapgConsole.SignIn', key => \@key)) => 1 } 1 .. 15;
	is(join(' ', keys %answers), $later, 'a sign-in that was not looked at is none that has failed');
	like(answer_of(call($port, 'PutItem', 'x' x 100000, key => \@key)), qr/^503 .*ServiceUnavailable/, 'an SDK is told to try again');
	my $waiting = in_background(sub { post('DynamoDB_20120810.ListTables', %$me) });
	ok(eventually(20, sub { get('/metrics')->{body} =~ /^dynapg_requests_waiting_for_locks [1-9]/m }), 'an operation waits');
	$holder->query_safe('COMMIT');
	$holder->quit;
	like(wait_for($waiting), qr/^200 .*items/, 'and is answered');
	is($connection_of_each->($me), '200', 'the session goes on');
}

# ---------------------------------------------------------------- the ends of sessions

is(answer_of(post('DynapgConsole.SignOut', %$me)), '200 {}', 'signing out');
is($connection_of_each->($me), '401', 'in all workers');
is($connection_of_each->($second), '200', 'of one session, not of others of the key');
forgive();
is($connection_of_each->($second), '401', 'a restart ends all sessions');

($me) = sign_in(\@key);
sql("SELECT dynapg.revoke_access_key('$key[0]')");
like(operation($me, 'ListTables', {}), qr/^400 .*UnrecognizedClientException/, 'its key was revoked');
is($connection_of_each->($me), '401', 'the session has ended');
@key = create_key($node, 'app');
($me) = sign_in(\@key);
@key = split /\|/, sql("SELECT * FROM dynapg.rotate_access_key('$key[0]')");
like(operation($me, 'ListTables', {}), qr/^400 .*UnrecognizedClientException/, 'its key was rotated');
($me) = sign_in(\@key);
sql('ALTER ROLE app NOLOGIN');
like(operation($me, 'ListTables', {}), qr/^400 .*UnrecognizedClientException/, 'its role may not log in any more');
sql('ALTER ROLE app LOGIN');
is($connection_of_each->($me), '401', 'and must sign in when it may again');
($me) = sign_in(\@key);
sql("ALTER ROLE app VALID UNTIL '2020-01-01'");
is(json->decode(post('DynapgConsole.Session', cookie => $me->{cookie})->{body})->{Role}, undef, 'a page that is loaded when it may not is told of nobody');
sql("ALTER ROLE app VALID UNTIL 'infinity'");

my @sessions = map { (sign_in(\@key))[0] } 1 .. 17;
is($connection_of_each->($sessions[0]), '401', 'a role has sixteen sessions: the one that has rested longest is over');
is($connection_of_each->($sessions[1]), '200', 'the others go on');
$me = $sessions[16];

# ---------------------------------------------------------------- reading and writing

my $put = { TableName => 'items', Item => { pk => { S => 'b' } } };
my $read_only = qr/^400 .*in a read-only transaction/;
my %writes = (
	PutItem => $put,
	UpdateItem => { TableName => 'items', Key => { pk => { S => 'a' } } },
	DeleteItem => { TableName => 'items', Key => { pk => { S => 'a' } } },
	BatchWriteItem => { RequestItems => { items => [ { PutRequest => { Item => { pk => { S => 'b' } } } } ] } },
	TransactWriteItems => { TransactItems => [ { Put => $put } ] },
	ExecuteStatement => { Statement => q(INSERT INTO "items" VALUE {'pk': 'b'}) },
	ExecuteTransaction => { TransactStatements => [ { Statement => q(INSERT INTO "items" VALUE {'pk': 'b'}) } ] },
	CreateTable => { TableName => 'more', BillingMode => 'PAY_PER_REQUEST', KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' } ],
		AttributeDefinitions => [ { AttributeName => 'pk', AttributeType => 'S' } ] },
	UpdateTable => { TableName => 'items', DeletionProtectionEnabled => \1 },
	DeleteTable => { TableName => 'items' },
	UpdateTimeToLive => { TableName => 'items', TimeToLiveSpecification => { AttributeName => 'at', Enabled => \0 } },
	TagResource => { ResourceArn => 'arn:aws:dynamodb:us-east-1:000000000000:table/items', Tags => [ { Key => 'a', Value => 'b' } ] },
	CreateBackup => { TableName => 'items', BackupName => 'backup' },
	UpdateContinuousBackups => { TableName => 'items', PointInTimeRecoverySpecification => { PointInTimeRecoveryEnabled => \1 } },
	PutResourcePolicy => { ResourceArn => 'arn:aws:dynamodb:us-east-1:000000000000:table/items',
		Policy => '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::000000000000:role/other"}, "Action": "dynamodb:GetItem", "Resource": "*"}}' },
);
my $state = q(SELECT (SELECT jsonb_agg(t) FROM dynapg.tables t), (SELECT jsonb_agg(item) FROM dynamo.items), (SELECT count(*) FROM dynapg.backups), (SELECT count(*) FROM dynapg.resource_policies));
my $before = sql($state);
like(operation($me, $_, $writes{$_}), $read_only, "$_ is refused while writing is off") foreach sort keys %writes;
like(operation($me, 'BatchExecuteStatement', { Statements => [ { Statement => q(INSERT INTO "items" VALUE {'pk': 'b'}) } ] }), qr/"Error"|read-only/,
	'BatchExecuteStatement is, too');
is(sql($state), $before, 'nothing has changed');
is(operation($me, $_->[0], $_->[1]) =~ /^200/, 1, "$_->[0] reads")
  foreach [ 'Scan', { TableName => 'items' } ], [ 'DescribeTable', { TableName => 'items' } ], [ 'ExecuteStatement', { Statement => 'SELECT * FROM "items"' } ],
  [ 'DescribeContinuousBackups', { TableName => 'items' } ], [ 'ListBackups', {} ], [ 'DescribeLimits', {} ];
like(answer_of(post('DynamoDBStreams_20120810.ListStreams', %$me)), qr/^200/, 'ListStreams reads');
is(answer_of(post('DynapgConsole.AllowWrites', %$me)), '200 {}', 'writing is switched on');
is((grep { operation($me, 'PutItem', $put) ne '200 {}' } 1 .. 15), 0, 'in all workers');
like(operation($sessions[5], 'PutItem', $put), $read_only, 'for this session only');
is(answer_of(post('DynapgConsole.RefuseWrites', %$me)), '200 {}', 'and off');
like(operation($me, 'PutItem', $put), $read_only, 'it is');
post('DynapgConsole.AllowWrites', %$me);
is(operation($me, 'PutItem', { TableName => 'items', Item => { pk => { S => 'large' }, a => { S => 'x' x 390000 } } }), '200 {}', 'a large body');
is(post('DynamoDB_20120810.PutItem', cookie => $me->{cookie}, proof => 'x', body => 'x' x 390000)->{status}, 403, 'not of somebody else');
is(post('DynamoDB_20120810.PutItem', body => 'x' x 390000)->{status}, 401, 'nor of nobody');
refused('a session instead of a signature', %$me, key => [ $key[0], 'x' ], body => 'x' x 390000);
like(operation($me, 'Nonsense', {}), qr/^400 .*UnknownOperationException/, 'an operation that there is not');
is(answer_of(post('DynapgConsole.Nonsense', %$me)), "404 Not found\n", 'nor a view');

# ---------------------------------------------------------------- roles, policies, views

sub view { my ($who, $name, $body) = @_; return post("DynapgConsole.$name", %$who, body => $body // '{}'); }

sub tables_of { my ($answer) = @_; return $answer->{status} == 200 ? join ' ', map { $_->{table_name} } @{ json->decode($answer->{body})->{Rows} } : answer_of($answer); }

is(tables_of(view($me, 'TimeToLive')), 'hidden items', 'a view');
is(tables_of(view($me, 'TimeToLive', '{"TableName": "items"}')), 'items', "of one table");
is(tables_of(view($me, 'TimeToLive', q({"TableName": "' OR true --"}))), '', 'a name is a name');
is(tables_of(view($me, 'TimeToLive', $_)), 'hidden items', "body $_ names none") foreach '[]', '{"TableName": null}', '""';
is(view($me, 'TimeToLive', $_)->{status}, 400, "body $_") foreach '{', '{"TableName": "\u0000"}', "\xff";
is(view($me, $_)->{status}, 200, "view $_") foreach qw(IndexBuilds EventSourceMappings Slots Backups Restores Transfers Alarms Consumption);
like(answer_of(view($me, $_)), qr/^400 .*AccessDeniedException.*permission denied for view/, "view $_ is for pg_monitor") foreach qw(Streams Recovery);
sql('GRANT pg_monitor TO app');
is(view($me, $_)->{status}, 200, "view $_ for a member of it") foreach qw(Streams Recovery);

my @reader = create_key($node, 'reader');
my ($reader) = sign_in(\@reader);
is(tables_of(view($reader, 'TimeToLive')), 'items', 'rows of tables that policies do not let it describe are left out');
like(operation($reader, 'GetItem', { TableName => 'items', Key => { pk => { S => 'a' } } }), qr/^200 .*"a"/, 'policies allow as everywhere');
like(operation($reader, 'Scan', { TableName => 'items' }), qr/^400 .*AccessDenied/, 'and no more');
our @tenant = create_key($node, 'tenant');
my ($tenant) = sign_in(\@tenant);
like(answer_of(view($tenant, 'TimeToLive')), qr/^400 .*AccessDenied/, 'a view asks for ListTables');

my @session = (split /\|/, sql(q(SELECT * FROM dynapg.create_session('app', policy => '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action":
	["dynamodb:ListTables", "dynamodb:DescribeTable", "dynamodb:GetItem"], "Resource": ["arn:aws:dynamodb:*:*:table/items"]}}'))))[ 0 .. 2 ];
my ($temporary) = sign_in(\@session);
like(operation($temporary, 'GetItem', { TableName => 'items', Key => { pk => { S => 'a' } } }), qr/^200/, 'temporary credentials sign in');
like(operation($temporary, 'GetItem', { TableName => 'hidden', Key => { pk => { S => 'a' } } }), qr/^400 .*AccessDenied/, 'and are narrowed by their policy');
like(answer_of(view($temporary, 'TimeToLive')), qr/^400 .*AccessDenied/, 'in views, too');
sql("SELECT dynapg.revoke_session('$session[0]')");
like(operation($temporary, 'GetItem', { TableName => 'items', Key => { pk => { S => 'a' } } }), qr/^400 .*UnrecognizedClientException/, 'until they are revoked');

# ---------------------------------------------------------------- the audit

# The events that something has made, as "name error key"; every worker has the setting.
sub events_of
{
	my ($do) = @_;
	my $from = -s $node->logfile;

	$do->();
	return join '; ', map { my $event = json->decode($_); join ' ', $event->{eventName} // '-', $event->{errorCode} // '-', $event->{userIdentity}{accessKeyId} // '-' }
	  substr(slurp_file($node->logfile), $from) =~ /LOG:  dynapg audit: (\{.*\})$/mg;
}
configure('dynapg.audit' => 'data');
my $read = { TableName => 'items', Key => { pk => { S => 'a' } } };
ok(everywhere(sub { events_of(sub { operation($me, 'GetItem', $read) }) ne '' }), 'with the audit on');
is(events_of(sub { operation($me, 'GetItem', $read) }), "GetItem - $key[0]", 'an operation is one of the key that has signed in');
like(events_of(sub { view($me, 'TimeToLive') }), qr/^$/, 'a view is SQL');
like(events_of(sub { view($tenant, 'TimeToLive') }), qr/^ListTables AccessDenied\w* $tenant[0]$/, 'one that is refused is what it asks for');
like(events_of(sub { post('DynapgConsole.SignIn', key => [ $key[0], 'x' ]) }), qr/^\S+ \w*Signature\w* $key[0]$/, 'a sign-in with a wrong secret is refused, like any request');
configure('dynapg.audit' => 'off');

# ---------------------------------------------------------------- time

configure('dynapg.console_timeout' => q('1s'));
{
	my ($resting) = sign_in(\@key);
	my $ended = 0;

	# looking for it is using it: so it rests between two looks
	ok(everywhere(sub { get('/console')->{status} == 200 }), 'a second to rest');
	foreach (1 .. 10)
	{
		sleep 2;
		last if $ended = post('DynamoDB_20120810.ListTables', %$resting)->{status} == 401;
	}
	ok($ended, 'a session that has rested for so long is over');
	configure('dynapg.console_timeout' => q('30min'));
}

# ---------------------------------------------------------------- developer mode

configure('dynapg.developer_mode' => 'on');
ok(everywhere(sub { json->decode(post('DynapgConsole.Session')->{body})->{DeveloperMode} }), 'developer mode');
my $developer = post('DynapgConsole.SignIn');
is($developer->{status}, 200, 'signs in without a key');
is(post('DynapgConsole.SignIn', headers => [ [ 'X-Forwarded-For', '10.0.0.1' ] ])->{status}, 403, 'not through a proxy');
is(post('DynapgConsole.SignIn', host => 'console.example', origin => 'https://console.example')->{status}, 403, 'nor from another host');
my ($cookie) = $developer->{headers}{'set-cookie'} =~ /^([^;]+)/;
$developer = { cookie => $cookie, proof => json->decode(post('DynapgConsole.Session', cookie => $cookie)->{body})->{Proof} };
like(operation($developer, 'ListTables', {}), qr/^200/, 'as the owner');
configure('dynapg.developer_mode' => 'off');
ok(everywhere(sub { !json->decode(post('DynapgConsole.Session')->{body})->{DeveloperMode} }), 'off again');
like(operation($developer, 'ListTables', {}), qr/^400 .*UnrecognizedClientException/, 'its sessions end with it');

# ---------------------------------------------------------------- a standby

$node->backup('base');
{
	my $standby = PostgreSQL::Test::Cluster->new('console_standby');
	my $standby_port = free_http_port();

	$standby->init_from_backup($node, 'base', has_streaming => 1);
	$standby->append_conf('postgresql.conf', "dynapg.databases = 'postgres:$standby_port'");
	$standby->start;
	ok(wait_for_endpoint($standby_port), 'a standby');
	local ($port, $host) = ($standby_port, "127.0.0.1:$standby_port");
	my ($there, $answer, $session) = sign_in(\@key);
	is(answer_of($answer), '200 {}', 'one signs in there, too');
	ok($session->{Standby}, 'and is told');
	like(operation($there, 'ListTables', {}), qr/^200 .*items/, 'it answers');
	is(tables_of(view($there, 'TimeToLive')), 'hidden items', 'and has views');
	post('DynapgConsole.AllowWrites', %$there);
	like(operation($there, 'PutItem', $put), qr/^400 .*read replica/, 'but writes nothing');
	is(answer_of(post('DynamoDB_20120810.ListTables', %$me)), $sign_in_first, "a server's sessions are its own");
	$standby->stop;
}

# ---------------------------------------------------------------- off again

configure('dynapg.console' => 'off');
ok(everywhere(sub { get('/console')->{status} == 404 }), 'off');
is(answer_of(get('/console')), $unknown, 'as before');
like(operation($me, 'ListTables', {}), qr/^400 .*MissingAuthenticationToken/, 'a cookie is nothing then');

$node->stop;
done_testing();
