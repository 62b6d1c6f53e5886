# docs/policies.md is true: its policies are put as it says, and each request of its tables is answered as it says, by dynapg.simulate_policy(),
# SQL, HTTP and HTTP over TLS.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('policies_page', "dynapg.workers = 1\n");

# Runs page.py; its complaints are this test's.
sub page
{
	my (@ways) = @_;

	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = 'postgres';
	local $ENV{PGUSER} = $node->safe_psql('postgres', 'SELECT current_user');
	local $ENV{HTTP_PORT} = $port;
	my $said = qx{python3 test/policies/page.py @ways 2>&1};
	like($said, qr/^[1-9]\d* passed, 0 failed$/m, "the page by @ways") or diag($said);
}

page(qw(simulate sql http));

# Bytes that are no policy's, nor any text's: refused as such, and nothing is put
my @admin = create_key($node, $node->safe_psql('postgres', 'SELECT quote_ident(current_user)'));
my $arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Orders';
my $start = '{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"dynamodb:Scan\",\"Resource\":\"';
my $before = answer_of(call($port, 'GetResourcePolicy', { ResourceArn => $arn }, key => \@admin));
like($before, qr/^200 /, 'the table has a policy');
foreach my $case (
	[ 'NUL as an escape', $start . '*\u0000\"}}', 'contains invalid Json' ], [ 'NUL in an escape', $start . '\\\\u0000\"}}', 'Resource .*must be in ARN format' ],
	[ 'NUL', "$start\0", 'SerializationException' ], [ 'no UTF-8', "$start\xff\xfe", 'SerializationException' ], [ 'overlong', "\xc0\xaf", 'SerializationException' ],
	[ 'half a surrogate', $start . '\ud800', 'SerializationException' ], [ 'half a surrogate in an escape', $start . '\\\\ud800\"}}', 'contains invalid Json' ],
	[ 'too long', $start . '*' x 20480 . '\"}}', 'Maximum policy size of 20480 bytes exceeded' ], [ 'deep', '[' x 20000, 'contains invalid Json' ], [ 'empty', '', 'contains invalid Json' ])
{
	my ($name, $policy, $refusal) = @$case;
	like(answer_of(call($port, 'PutResourcePolicy', qq({"ResourceArn":"$arn","Policy":"$policy"}), key => \@admin)), qr/^400 .*$refusal/, "a policy of bytes: $name");
}
is(answer_of(call($port, 'GetResourcePolicy', { ResourceArn => $arn }, key => \@admin)), $before, 'and it has the same policy still');

SKIP:
{
	skip 'openssl is not installed', 1 if system('openssl version >/dev/null 2>&1') != 0;
	my $folder = PostgreSQL::Test::Utils::tempdir();
	system_or_bail('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
		'-subj', '/CN=page', '-keyout', "$folder/key", '-out', "$folder/crt");
	chmod 0600, "$folder/key";
	$node->append_conf('postgresql.conf', "dynapg.ssl_cert_file = '$folder/crt'\ndynapg.ssl_key_file = '$folder/key'\n");
	$node->restart;
	eventually(120, sub { open_connection($port) }) or die "the endpoint did not come back\n";
	page('tls');
}

done_testing();
