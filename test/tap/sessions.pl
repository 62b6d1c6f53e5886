# Temporary credentials over HTTP: right, wrong, missing, expired and revoked tokens, in headers and in presigned URLs, in all workers at once.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('sessions', <<'CONF');
dynapg.workers = 2
wal_level = replica
max_wal_senders = 5
CONF
my $ok = qr/^200 /;
my $expired = '400 {"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token included in the request is expired"}';
my $unknown = '400 {"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid."}';
my $foreign = '400 {"__type":"com.amazon.coral.service#UnrecognizedClientException","message":"The security token included in the request is invalid"}';
my $wrong = qr/^400 .*InvalidSignatureException/;

sub sql { return $node->safe_psql('postgres', @_); }

sql(<<'SQL');
CREATE ROLE app LOGIN;
CREATE FUNCTION public.caller() RETURNS text AS '$libdir/dynapg', 'dynapg_test_caller' LANGUAGE C;
CREATE TABLE public.seen (pk text, caller text, roles text);
GRANT SELECT, INSERT ON public.seen TO app;
SELECT dynamo_create_table('{"TableName": "items", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}');
GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo.items TO app;
CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen VALUES (NEW.item ->> 'pk', public.caller(), current_user || ' ' || session_user);
	RETURN NULL;
END $$;
CREATE TRIGGER see AFTER INSERT ON dynamo.items FOR EACH ROW EXECUTE FUNCTION public.see();
CREATE FUNCTION public.steps_aside() RETURNS text SECURITY DEFINER LANGUAGE sql AS 'SELECT public.caller()';
SQL

# (id, secret, token) of a new session; what else create_session() is told.
sub make_session
{
	my ($arguments) = @_;
	my @made = split /\|/, sql("SELECT * FROM dynapg.create_session('app'" . ($arguments ? ", $arguments" : '') . ')');
	return @made[ 0 .. 2 ];
}

# A GetItem with a session's key; the token may be another's, or none.
sub get_as
{
	my ($id, $secret, $token, %options) = @_;
	my @headers = defined $token ? ([ 'X-Amz-Security-Token', $token ]) : ();
	return answer_of(get_item($options{port} // $port, 'items', 'a', key => [ $id, $secret ], headers => \@headers, eventual => $options{eventual}));
}

# The same on many connections, so that each worker has some: what they answer, each once.
sub get_everywhere
{
	my %answers = map { get_as(@_) => 1 } 1 .. 12;
	return join ' and ', sort keys %answers;
}

my @key = create_key($node, 'app');
my @session = make_session(q{tags => '{"tenant": "a"}', name => 'tenant-a'});
my @other = make_session();

# ---------------------------------------------------------------- tokens

is(get_as(@session), '200 {}', 'key and token');
is(get_as(@session[ 0, 1 ]), $unknown, 'no token');
is(get_as(@session[ 0, 1 ], ''), $unknown, 'an empty token');
is(get_as(@session[ 0, 1 ], $other[2]), $foreign, "another session's token");
is(get_as(@session[ 0, 1 ], substr($session[2], 1)), $foreign, 'a token without its first character');
is(get_as(@session[ 0, 1 ], $session[2] . 'A'), $foreign, 'a token with one character more');
is(get_as(@session[ 0, 1 ], "\xff\xfe" x 50), $foreign, 'bytes that are no text');
is(get_as(@session[ 0, 1 ], 'A' x 7000), $foreign, 'a long one');
is(get_as(@key, $session[2]), $foreign, "a session's token with a key that is for long");
is(get_as(@key), '200 {}', 'a key that is for long without one');
like(get_as($session[0], $other[1], $session[2]), $wrong, 'a wrong secret');
like(get_as($session[0], $other[1], 'wrong'), $wrong, 'a wrong secret and a wrong token: the signature is looked at first');
like(get_as($session[0], $other[1]), $wrong, 'a wrong secret and no token: the same');
is(get_as('ASIAAAAAAAAAAAAAAAAA', @session[ 1, 2 ]), $unknown, 'a key that there is not');

# The token may be added to the headers when the signature is there.
sub post
{
	my ($headers, $body, $uri) = @_;
	return answer_of(exchange($port, post_bytes($headers, $body, uri => $uri // '/')));
}
my $body = '{"TableName": "items", "Key": {"pk": {"S": "a"}}}';
sub basic_headers
{
	return ([ 'Host', "127.0.0.1:$port" ], [ 'Content-Type', 'application/x-amz-json-1.0' ], [ 'X-Amz-Target', 'DynamoDB_20120810.GetItem' ]);
}
{
	my $headers = [ basic_headers() ];
	sign_headers($headers, $body, @session[ 0, 1 ]);
	is(post([ @$headers, [ 'X-Amz-Security-Token', $session[2] ] ], $body), '200 {}', 'a token that is not signed');
	is(post([ @$headers, [ 'X-Amz-Security-Token', $other[2] ] ], $body), $foreign, 'another one');

	$headers = [ basic_headers(), [ 'X-Amz-Security-Token', $session[2] ] ];
	sign_headers($headers, $body, @session[ 0, 1 ]);
	$headers->[3][1] = $other[2];
	like(post($headers, $body), $wrong, 'a token that was changed after it was signed');
	$headers->[3][1] = $session[2];
	is(post($headers, $body), '200 {}', 'put back');
	is(post($headers, $body, "/?X-Amz-Security-Token=$other[2]") =~ $wrong, 1, 'one more in the query string is signed, or the signature is wrong');
}

# Presigned URLs.
sub presigned
{
	my ($session, %parameters) = @_;
	my $headers = [ basic_headers() ];
	my $uri = presign($headers, $body, @{$session}[ 0, 1 ], parameters => { 'X-Amz-Expires' => 600, %parameters });
	return ($headers, $body, $uri);
}
is(post(presigned(\@session, 'X-Amz-Security-Token' => $session[2])), '200 {}', 'a presigned URL with the token');
is(post(presigned(\@session)), $unknown, 'a presigned URL without it');
is(post(presigned(\@session, 'X-Amz-Security-Token' => $other[2])), $foreign, "a presigned URL with another's");
is(post(presigned([ @key, $session[2] ], 'X-Amz-Security-Token' => $session[2])), $foreign, 'a presigned URL of a key that is for long with a token');
{
	my ($headers, undef, $uri) = presigned(\@session, 'X-Amz-Security-Token' => $session[2]);
	is(post([ @$headers, [ 'X-Amz-Security-Token', $session[2] ] ], $body, $uri), '200 {}', 'and the same token in a header, too');
	is(post([ @$headers, [ 'X-Amz-Security-Token', $other[2] ] ], $body, $uri), $foreign, 'but not another one');
}

# ---------------------------------------------------------------- who the caller is

sub put_as
{
	my ($pk, $session, %options) = @_;
	return answer_of(put_item($port, 'items', $pk, key => [ @{$session}[ 0, 1 ] ], headers => [ [ 'X-Amz-Security-Token', $session->[2] ] ], %options));
}

sub seen
{
	my ($pk) = @_;
	return sql("SELECT caller || ' ' || roles FROM public.seen WHERE pk = '$pk'");
}
is(put_as('mine', \@session), '200 {}', 'a session writes');
is(seen('mine'), "127.0.0.1 plain - 52 $session[0] tenant-a narrowed app app", 'as its role, narrowed by the session');
is(answer_of(put_item($port, 'items', 'long', key => \@key)), '200 {}', 'a key that is for long writes');
is(seen('long'), "127.0.0.1 plain - 52 $key[0] - - app app", 'and is no session');
sql('ALTER FUNCTION public.see() SECURITY DEFINER');
is(put_as('definer', \@session), '200 {}', 'a trigger of somebody else');
like(seen('definer'), qr/^127\.0\.0\.1 plain - 52 $session[0] tenant-a - (\w+) app$/, 'is not narrowed');
sql('ALTER FUNCTION public.see() SECURITY INVOKER');

# What a session may do ends with it.
sql(q{CREATE OR REPLACE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM dynapg.create_session('app'); RETURN NULL; END $$});
like(put_as('chain', \@session), qr/^400 .*AccessDeniedException.*/, 'a session cannot make sessions');
is(answer_of(put_item($port, 'items', 'chain', key => \@key)), '200 {}', 'a key that is for long can');
sql('DROP TRIGGER see ON dynamo.items');

# ---------------------------------------------------------------- their ends

is(get_everywhere(@session), '200 {}', 'each worker knows the session');
my @many = map { [ make_session() ] } 1 .. 3;
is(get_everywhere(@$_), '200 {}', 'another session') foreach @many;
sql("SELECT dynapg.revoke_session('$many[0][0]')");
is(get_everywhere(@{ $many[0] }), $unknown, 'revoked: no worker takes it any more');
is(get_everywhere(@{ $many[1] }), '200 {}', 'another one goes on');
is(sql("BEGIN; SELECT dynapg.revoke_session('$many[1][0]'); ROLLBACK"), '', 'a revocation that is rolled back');
is(get_everywhere(@{ $many[1] }), '200 {}', 'changes nothing');
sql("UPDATE dynapg.sessions SET expires_at = clock_timestamp() - interval '1 microsecond' WHERE access_key_id = '$many[1][0]'");
is(get_everywhere(@{ $many[1] }), $expired, 'expired: every worker says so');
is(get_as(@{ $many[1] }[ 0, 1 ]), $unknown, 'expired, and no token: whoever has not shown that it is his is not told');
is(get_as(@{ $many[1] }[ 0, 1 ], $other[2]), $foreign, 'expired, and a wrong token');
like(get_as($many[1][0], 'wrong', $many[1][2]), $wrong, 'expired, and a wrong secret');

# Time passes while workers know the session, and its end is nobody's change of the table.
my $in_time;
foreach my $seconds (2, 20, 60)
{
	sql("UPDATE dynapg.sessions SET expires_at = clock_timestamp() + interval '$seconds seconds' WHERE access_key_id = '$many[2][0]'");
	$in_time = get_as(@{ $many[2] });
	last if $in_time eq '200 {}';
}
is($in_time, '200 {}', 'a session with some seconds left');
ok(eventually(120, sub { get_everywhere(@{ $many[2] }) eq $expired }), 'expires in every worker');

my $connection = open_connection($port);
my $kept = sub { answer_of(get_item($port, 'items', 'a', key => [ @{ $_[0] }[ 0, 1 ] ], headers => [ [ 'X-Amz-Security-Token', $_[0][2] ] ], connection => $connection)) };
is($kept->(\@other), '200 {}', 'a connection that is kept alive');
is(sql("SELECT dynapg.revoke_sessions('app')"), 5, 'all sessions of the role are revoked');
is($kept->(\@other), $unknown, 'it has no rights of its own');
is(get_everywhere(@session), $unknown, 'nor has any worker');
is(get_everywhere(@key), '200 {}', 'keys that are for long stay');

@session = make_session();
is(get_as(@session), '200 {}', 'a new session');
sql('ALTER ROLE app NOLOGIN');
is(get_everywhere(@session), $unknown, 'its role may not log in any more');
sql('ALTER ROLE app LOGIN; REVOKE CONNECT ON DATABASE postgres FROM PUBLIC');
is(get_everywhere(@session), $unknown, 'its role may not connect');
sql('GRANT CONNECT ON DATABASE postgres TO PUBLIC');
is(get_everywhere(@session), '200 {}', 'it may again');
sql('DELETE FROM dynapg.sessions');
is(get_everywhere(@session), $unknown, 'deleted by SQL');

# ---------------------------------------------------------------- developer mode

sub set_developer_mode
{
	my ($mode) = @_;
	my $answer = $mode eq 'on' ? $ok : qr/^400 /;

	$node->append_conf('postgresql.conf', "dynapg.developer_mode = $mode");
	$node->reload;
	ok(eventually(60, sub { !grep { answer_of(call($port, 'ListTables', {})) !~ $answer } 1 .. 12 }), "developer mode is $mode, in all workers");
}
sql(q{CREATE OR REPLACE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.seen VALUES (NEW.item ->> 'pk', public.caller(), current_user); RETURN NULL; END $$;
CREATE TRIGGER see AFTER INSERT ON dynamo.items FOR EACH ROW EXECUTE FUNCTION public.see();});
@session = make_session(q{name => 'dev'});
set_developer_mode('on');
is(answer_of(put_item($port, 'items', 'dev', key => [ $session[0], 'no secret' ])), '200 {}', "developer mode: a session's key");
is(seen('dev'), "127.0.0.1 plain - 52 $session[0] dev narrowed app", 'narrows');
sql('UPDATE dynapg.sessions SET expires_at = now()');
is(answer_of(put_item($port, 'items', 'dev2', key => [ $session[0], 'no secret' ])), $expired, 'until it has expired');
set_developer_mode('off');

# ---------------------------------------------------------------- one role, a session for each tenant

# The role has no privileges: its policy lets it do what it will with the items of the tenant that the session's tag names.  The tag of the role itself
# does not count beside a session's; another session's policy lets it read only, and lets it no more than the role.
sql(<<'SQL');
DROP TRIGGER see ON dynamo.items;
CREATE ROLE saas LOGIN;
SELECT dynapg.tag_role('saas', '{"tenant": "t2", "tier": "gold"}');
SELECT dynapg.put_role_policy('saas', 'own-items', '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"],
	"Resource": "arn:aws:dynamodb:*:*:table/items", "Condition": {"StringEquals": {"aws:PrincipalTag/tier": "gold"}, "Null": {"dynamodb:LeadingKeys": "false"},
	"ForAllValues:StringLike": {"dynamodb:LeadingKeys": "${aws:PrincipalTag/tenant}"}}}}');
SQL
sub saas_session
{
	my ($arguments) = @_;
	return [ (split /\|/, sql("SELECT * FROM dynapg.create_session('saas', $arguments)"))[ 0 .. 2 ] ];
}
sub denied
{
	my ($who, $action) = @_;
	my $why = $_[2] // "no identity-based policy allows the dynamodb:$action action";
	return qq({"__type":"com.amazon.coral.service#AccessDeniedException","Message":"User: arn:aws:sts::000000000000:assumed-role/saas/$who is not authorized to )
	  . qq(perform: dynamodb:$action on resource: arn:aws:dynamodb:us-east-1:000000000000:table/items because $why"});
}
my $t1 = saas_session(q{tags => '{"tenant": "t1"}', name => 'first'});
my $plain = saas_session(q{name => 'plain'});
my $star = saas_session(q{tags => '{"Tenant": "t3"}', name => 'third'});
my $reader = saas_session(q{tags => '{"tenant": "t1"}', name => 'reader', policy => '{"Statement": {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:Scan"], "Resource": "*"}}'});
my @long = create_key($node, 'saas');
is(put_as('t1', $t1), '200 {}', "a tenant's own item");
is(put_as('t2', $t1), '400 ' . denied('first', 'PutItem'), "another's");
is(put_as('t2', $plain), '200 {}', "a session without tags has the role's");
is(put_as('t1', $plain), '400 ' . denied('plain', 'PutItem'), 'and no others');
is(put_as('t3', $star), '200 {}', "a tag's key is the same in any case");
is(put_as('t2', $star), '400 ' . denied('third', 'PutItem'), "and hides the role's");
is(put_as('t1', $reader), '400 ' . denied('reader', 'PutItem', 'no session policy allows the dynamodb:PutItem action'), 'a policy narrows a session');
sub get_own
{
	my ($pk, $session) = @_;
	return answer_of(get_item($port, 'items', $pk, key => [ @{$session}[ 0, 1 ] ], headers => [ [ 'X-Amz-Security-Token', $session->[2] ] ]));
}
is(get_own('t1', $reader), '200 {"Item":{"pk":{"S":"t1"}}}', 'to what it allows');
is(get_own('t2', $reader), '400 ' . denied('reader', 'GetItem'), 'and gives nothing that the role does not have');
is(answer_of(get_item($port, 'items', 't2', key => \@long)), '200 {"Item":{"pk":{"S":"t2"}}}', 'a key that is for long has the tags of the role');
like(answer_of(get_item($port, 'items', 't1', key => \@long)), qr/^400 .*AccessDeniedException.*User: arn:aws:iam::000000000000:user\/saas is not/, 'and is no session');
# what GRANT allows, the session's policy limits, too
sql('GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo.items TO saas');
is(get_own('t2', $reader), '200 {"Item":{"pk":{"S":"t2"}}}', 'a GRANT is as good as a policy');
is(put_as('t1', $reader), '400 ' . denied('reader', 'PutItem', 'no session policy allows the dynamodb:PutItem action'), 'for what the session may do');
sql('REVOKE ALL ON dynamo.items FROM saas');

# ---------------------------------------------------------------- a role that was dropped

sql('CREATE ROLE gone LOGIN');
my @gone = (split /\|/, sql(q{SELECT * FROM dynapg.create_session('gone')}))[ 0 .. 2 ];
like(get_as(@gone), qr/AccessDeniedException/, "a session of a role without privileges");
sql('DROP ROLE gone');
is(get_everywhere(@gone), $unknown, 'its role was dropped');

# ---------------------------------------------------------------- a crash, a standby and its promotion

@session = make_session();
my @revoked = make_session();
is(get_everywhere(@revoked), '200 {}', 'two sessions');
sql("SELECT dynapg.revoke_session('$revoked[0]')");
$node->stop('immediate');
$node->start;
ok(wait_for_endpoint($port), 'the server is there again after a crash');
is(get_everywhere(@session), '200 {}', 'a session lives on');
is(get_everywhere(@revoked), $unknown, 'one that was revoked does not');

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('sessions_standby');
my $standby_port = free_http_port();
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dynapg.databases = 'postgres:$standby_port'");
$standby->start;
ok(wait_for_endpoint($standby_port), 'a standby');
@revoked = make_session();
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(get_everywhere(@$_, port => $standby_port, eventual => 1), '200 {}', 'it takes the sessions of its primary') foreach \@session, \@revoked;
sql("SELECT dynapg.revoke_session('$revoked[0]')");
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
is(get_everywhere(@revoked, port => $standby_port, eventual => 1), $unknown, 'until they are revoked there');
my ($status, undef, $error) = $standby->psql('postgres', q{SELECT dynapg.create_session('app')});
like($error, qr/cannot execute dynapg\.create_session\(\) in a read-only transaction/, 'it makes none itself');
$node->stop('immediate');
$standby->promote;
is(get_everywhere(@session, port => $standby_port), '200 {}', 'promoted: the session lives on');
is(get_everywhere(@revoked, port => $standby_port), $unknown, 'and the one that was revoked does not');
my @new = (split /\|/, $standby->safe_psql('postgres', q{SELECT * FROM dynapg.create_session('app')}))[ 0 .. 2 ];
is(get_everywhere(@new, port => $standby_port), '200 {}', 'a new session');

# ---------------------------------------------------------------- nothing is told

unlike($standby->safe_psql('postgres', 'SELECT string_agg(s::text, $$ $$) FROM dynapg.sessions s'), qr/\Q$new[2]\E/, 'the table does not have tokens');
unlike(slurp_file($_->logfile), qr/\Q$session[1]\E|\Q$session[2]\E|\Q$new[2]\E/, 'nor have logs secrets or tokens') foreach $node, $standby;
my $dump = `pg_dump -h @{[ $standby->host ]} -p @{[ $standby->port ]} postgres`;
like($dump, qr/CREATE EXTENSION IF NOT EXISTS dynapg/, 'a dump');
unlike($dump, qr/\Q$new[0]\E/, 'has no sessions');

$standby->stop;
done_testing();
