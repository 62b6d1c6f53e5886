# DynamoDB's strings are Unicode: a database of another encoding is refused, with the reason.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('encoding');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;

for my $encoding ('LATIN1', 'SQL_ASCII', 'EUC_JP')
{
	my $database = lc $encoding;
	$node->safe_psql('postgres', "CREATE DATABASE $database TEMPLATE template0 ENCODING '$encoding' LOCALE 'C'");
	my ($status, $out, $err) = $node->psql($database, 'CREATE EXTENSION dynapg');
	isnt($status, 0, "$encoding is refused");
	like($err, qr/dynapg needs a database of encoding UTF8/, "$encoding: what is wrong");
	like($err, qr/This database's encoding is $encoding/, "$encoding: why");
	is($node->safe_psql($database, "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'dyna%'"), '0',
		"$encoding: nothing is left behind");
}

$node->safe_psql('postgres', "CREATE DATABASE utf8 TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'");
is(($node->psql('utf8', 'CREATE EXTENSION dynapg'))[0], 0, 'UTF8 with locale C is fine');

# and clients of another encoding get their own
my $put = q{SELECT dynamo_put_item(jsonb_build_object('TableName', 'Test', 'Item', jsonb_build_object('id', jsonb_build_object('S', U&'\00e9'))))};
$node->safe_psql('utf8', q{SELECT dynamo_create_table('{"TableName": "Test", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}')});
$node->safe_psql('utf8', $put);
is($node->safe_psql('utf8', "SET client_encoding TO LATIN1; SELECT convert_to(item->>'id', 'UTF8') FROM dynamo.\"Test\""),
	'\xc3a9', 'stored as UTF-8');
is($node->safe_psql('utf8', "SET client_encoding TO LATIN1; SELECT dynamo_get_item(E'{\"TableName\": \"Test\", \"Key\": {\"id\": {\"S\": \"\xe9\"}}}') ? 'Item'"),
	't', 'found by a LATIN1 client');

$node->stop;
done_testing();
