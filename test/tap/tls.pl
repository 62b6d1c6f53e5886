# TLS at the HTTP endpoint: a certificate, a new one by reload, and a bad one that changes nothing.
use strict;
use warnings;

use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use DynapgHttp;

plan skip_all => 'openssl is not installed' if system('openssl version >/dev/null 2>&1') != 0;

my $folder = PostgreSQL::Test::Utils::tempdir();

# A certificate of this name, in place of the one before.
sub make_certificate
{
	my ($name) = @_;
	system_or_bail('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
		'-subj', "/CN=$name", '-keyout', "$folder/new.key", '-out', "$folder/new.crt");
	chmod 0600, "$folder/new.key";
	rename "$folder/new.$_", "$folder/server.$_" foreach qw(key crt);
}

# What openssl's client says of a connection on which it sends these bytes.
sub over_tls
{
	my ($port, $bytes, @options) = @_;
	my ($out, $error) = ('', '');

	eval {
		IPC::Run::run([ 'openssl', 's_client', '-connect', "127.0.0.1:$port", '-ign_eof', @options ], '<', \$bytes, '>', \$out, '2>', \$error,
			IPC::Run::timeout(120));
	};
	return "$out$error";
}

my $bytes = post_bytes([ [ 'Host', 'h' ], [ 'Content-Type', 'application/x-amz-json-1.0' ], [ 'X-Amz-Target', 'DynamoDB_20120810.ListTables' ],
		[ 'Connection', 'close' ] ], '{}');

sub serves
{
	my ($port, $name, @options) = @_;
	my $answer = over_tls($port, $bytes, @options);
	return $answer =~ /subject=.*CN ?= ?\Q$name\E/ && $answer =~ /^\{"TableNames":\[\]\}/m;
}

make_certificate('first');
my $node = PostgreSQL::Test::Cluster->new('tls');
my $port = free_http_port();
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$port'
dynapg.listen_addresses = '127.0.0.1'
dynapg.workers = 1
dynapg.developer_mode = on
dynapg.ssl_cert_file = '$folder/server.crt'
dynapg.ssl_key_file = '$folder/server.key'
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');

ok(eventually(60, sub { serves($port, 'first') }), 'the endpoint speaks TLS');
my $plain = eval { exchange($port, $bytes) };
ok(!$plain, 'and nothing else');

# What access policies are told of a request: a trigger of the table that it writes to asks.
my $definition = '{"TableName": "seen", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}';
$node->safe_psql('postgres', <<"SQL");
CREATE FUNCTION public.caller() RETURNS text AS '\$libdir/dynapg', 'dynapg_test_caller' LANGUAGE C;
CREATE TABLE public.seen (caller text);
SELECT dynamo_create_table('$definition');
CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN INSERT INTO public.seen VALUES (public.caller()); RETURN NULL; END \$\$;
CREATE TRIGGER see AFTER INSERT ON dynamo.seen FOR EACH ROW EXECUTE FUNCTION public.see();
SQL
over_tls($port, post_bytes([ [ 'Host', 'h' ], [ 'Content-Type', 'application/x-amz-json-1.0' ], [ 'X-Amz-Target', 'DynamoDB_20120810.PutItem' ],
		[ 'Connection', 'close' ] ], '{"TableName": "seen", "Item": {"pk": {"S": "a"}}}'));
is($node->safe_psql('postgres', 'SELECT caller FROM public.seen'), '127.0.0.1 tls - 52 - - -', 'a request is told to come over TLS');
$node->safe_psql('postgres', q{SELECT dynamo_delete_table('{"TableName": "seen"}')});

# The console, by any name that the browser takes our certificate for; its cookie is for TLS only.
$node->append_conf('postgresql.conf', 'dynapg.console = on');
$node->reload;
ok(eventually(60, sub { over_tls($port, "GET /console HTTP/1.1\r\nHost: db.example\r\nConnection: close\r\n\r\n") =~ m{^HTTP/1\.1 200 }m }), 'the console over TLS');
sub sign_in_over_tls
{
	my ($origin) = @_;
	return over_tls($port, post_bytes([ [ 'Host', 'localhost' ], [ 'Origin', $origin ], [ 'Content-Type', 'application/json' ], [ 'X-Amz-Target', 'DynapgConsole.SignIn' ],
			[ 'Connection', 'close' ] ], '{}', uri => '/console/api'));
}
like(sign_in_over_tls('https://localhost'), qr/^Set-Cookie: __Secure-dynapg_console_$port=[0-9a-f]{64}; Path=\/console; HttpOnly; SameSite=Strict; Secure\r?$/m, 'its cookie');
like(sign_in_over_tls('http://localhost'), qr{^HTTP/1\.1 403 }m, 'a page without TLS is another origin');

# Versions.  Without a security level OpenSSL would not even ask for the old ones.
my @old = ('-cipher', 'DEFAULT@SECLEVEL=0');
ok(serves($port, 'first', $_), "$_ is spoken") foreach '-tls1_2', '-tls1_3';
ok(!serves($port, 'first', $_, @old), "$_ is not") foreach '-tls1', '-tls1_1';
$node->append_conf('postgresql.conf', "dynapg.ssl_min_protocol_version = 'TLSv1.3'");
$node->reload;
ok(eventually(60, sub { !serves($port, 'first', '-tls1_2') }), 'dynapg.ssl_min_protocol_version = TLSv1.3: TLS 1.2 is not spoken');
ok(serves($port, 'first', '-tls1_3'), 'TLS 1.3 is');
$node->append_conf('postgresql.conf', "dynapg.ssl_min_protocol_version = 'TLSv1.2'");
$node->reload;
ok(eventually(60, sub { serves($port, 'first', '-tls1_2') }), 'and again with TLSv1.2');
my ($status) = $node->psql('postgres', "ALTER SYSTEM SET dynapg.ssl_min_protocol_version = 'TLSv1.1'");
isnt($status, 0, 'there is no older one');

make_certificate('second');
ok(serves($port, 'first'), 'a new certificate waits for a reload');
$node->reload;
ok(eventually(60, sub { serves($port, 'second') }), 'and is used after it');
ok(eventually(60, sub { 5 == grep { serves($port, 'second') } 1 .. 5 }), 'by every connection');

open my $file, '>', "$folder/server.crt" or die $!;
print $file "no certificate\n";
close $file;
my $at = -s $node->logfile;
$node->reload;
ok($node->wait_for_log(qr/could not start the HTTP server/, $at), 'a bad certificate: the log says so');
is(scalar(grep { serves($port, 'second') } 1 .. 10), 10, 'the one before goes on, for every connection');
unlink "$folder/server.crt" or die $!;
$at = -s $node->logfile;
$node->reload;
ok($node->wait_for_log(qr/could not start the HTTP server|could not .*server\.crt/, $at), 'one that is not there, too');
is(scalar(grep { serves($port, 'second') } 1 .. 10), 10, 'neither does a certificate that is not there');
make_certificate('third');
$node->reload;
ok(eventually(60, sub { serves($port, 'third') }), 'a good one is used again');
ok(eventually(60, sub { 10 == grep { serves($port, 'third') } 1 .. 10 }), 'by every connection');

# A key that others can read is refused, as by PostgreSQL.
foreach my $mode (0640, 0604)
{
	my $shown = sprintf '%04o', $mode;
	my $from = -s $node->logfile;

	make_certificate("open$shown");
	chmod $mode, "$folder/server.key";
	$node->reload;
	ok(eventually(60, sub { slurp_file($node->logfile, $from) =~ /private key file .* has group or world access/ }), "a key file of mode $shown: the log says so");
	is(scalar(grep { serves($port, 'third') } 1 .. 3), 3, "a key file of mode $shown: the certificate before goes on");
	chmod 0600, "$folder/server.key";
	$node->reload;
	ok(eventually(60, sub { serves($port, "open$shown") }), "a key file of mode $shown: once nobody else can read it, it is used");
	make_certificate('third');
	$node->reload;
	ok(eventually(60, sub { serves($port, 'third') }), 'the certificate before');
}
{
	my $from = -s $node->logfile;

	chmod 0644, "$folder/server.key";
	$node->restart;
	ok(eventually(60, sub { slurp_file($node->logfile, $from) =~ /dynapg does not use private key file/ }), 'at the start, too');
	is(eval { exchange($port, $bytes) }, undef, 'there is no endpoint then');
	chmod 0600, "$folder/server.key";
	$node->reload;
	ok(eventually(60, sub { serves($port, 'third') }), 'until the file is as it should be');
}

$node->append_conf('postgresql.conf', "dynapg.ssl_cert_file = ''");
$node->reload;
ok(wait_for_endpoint($port), 'TLS can be switched off');

done_testing();
