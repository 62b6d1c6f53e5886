# PartiQL through the endpoint: NextTokens over a restart and on a standby, statements of a batch that fail by themselves, and
# transactions.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('partiql', <<'CONF');
dynapg.workers = 1
dynapg.developer_mode = on
dynapg.lock_timeout = '300ms'
CONF

my $all = 'SELECT * FROM items';

sub execute
{
	my ($statement, %options) = @_;
	return call($options{port} // $port, 'ExecuteStatement', { Statement => $statement, %{ $options{members} // {} } });
}

sub body_of
{
	my ($response) = @_;
	return json->decode($response->{body});
}

# The keys that a page has, and its token.
sub page
{
	my ($token, %options) = @_;
	my $response = execute($all, %options,
		members => { Limit => 3, %{ $options{members} // {} }, defined $token ? (NextToken => $token) : () });
	my $body = body_of($response);

	return (join(',', map { $_->{pk}{S} } @{ $body->{Items} // [] }), $body->{NextToken}, $response);
}

create_table($port, 'items');
is(execute("INSERT INTO items VALUE {'pk': 'k$_', 'n': $_}")->{status}, 200, "INSERT $_") foreach 1 .. 7;

# ---------------------------------------------------------------- errors

is(answer_of(execute("INSERT INTO items VALUE {'pk': 'k1'}")),
	'400 {"__type":"com.amazonaws.dynamodb.v20120810#DuplicateItemException","message":"Duplicate primary key exists in table"}',
	'DuplicateItemException');
is( answer_of(execute("UPDATE items SET n = 1 WHERE pk = 'k1' AND n = 2",
		members => { ReturnValuesOnConditionCheckFailure => 'ALL_OLD' })),
	'400 {"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException",'
	  . '"message":"The conditional request failed","Item":{"n":{"N":"1"},"pk":{"S":"k1"}}}',
	'ConditionalCheckFailedException with the item');
is( answer_of(execute('SLECT')),
	'400 {"__type":"com.amazon.coral.validate#ValidationException",'
	  . '"message":"Statement wasn\'t well formed, can\'t be processed: Expected data manipulation"}',
	'ValidationException');
is(answer_of(execute("SELECT n FROM items WHERE pk = 'k1'", members => { ReturnConsumedCapacity => 'TOTAL' })),
	'200 {"Items":[{"n":{"N":"1"}}],"ConsumedCapacity":{"TableName":"items","CapacityUnits":0.5}}', 'SELECT');

# ---------------------------------------------------------------- tokens

{
	my ($first, $token) = page();
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	my $replica = free_http_port();

	$node->restart;
	ok(wait_for_endpoint($port), 'the endpoint is there again');
	my ($second, $next) = page($token);
	my ($third, $end) = page($next);
	is(join(',', sort split /,/, "$first,$second,$third"), 'k1,k2,k3,k4,k5,k6,k7', 'a token survives a restart; each item comes once');
	is($end, undef, 'the last page has no token');

	$node->backup('backup');
	$standby->init_from_backup($node, 'backup', has_streaming => 1);
	append_to_file($standby->data_dir . '/postgresql.auto.conf', "dynapg.databases = 'postgres:$replica'\n");
	$standby->start;
	ok(wait_for_endpoint($replica), 'a hot standby has an endpoint');
	my ($there, $theirs) = page($token, port => $replica);
	is($there, $second, 'a token is good on a standby');
	my ($here) = page($theirs);
	is($here, $third, "and a standby's on the primary");
	$standby->stop;

	substr($token, 10, 1) = substr($token, 10, 1) eq 'A' ? 'B' : 'A';
	my (undef, undef, $response) = page($token);
	is( answer_of($response),
		'400 {"__type":"com.amazon.coral.validate#ValidationException","message":"NextToken does not match request"}',
		'a token that was changed is refused');
}

{
	my $dump = $node->backup_dir . '/dump.sql';
	my $secret = $node->safe_psql('postgres', "SELECT encode(secret, 'hex') FROM dynapg.token_secret");

	$node->command_ok([ 'pg_dump', '-f', $dump, '-d', $node->connstr('postgres') ], 'pg_dump');
	unlike(slurp_file($dump), qr/$secret/, 'the secret is in no dump');
}

# ---------------------------------------------------------------- a batch

sub batch
{
	my (@statements) = @_;
	my $response = call($port, 'BatchExecuteStatement', { Statements => [ map { { Statement => $_ } } @statements ] });

	return $response->{status} == 200 ? map { json->encode($_) } @{ body_of($response)->{Responses} } : answer_of($response);
}

SKIP:
{
	my $session = $node->background_psql('postgres');
	skip 'no interactive psql', 2 unless $session->can('query_safe');

	$session->query_safe(q{BEGIN; SELECT FROM dynamo.items WHERE item ->> 'pk' = 'k2' FOR UPDATE});
	is_deeply(
		[ batch(map { "UPDATE items SET n = 10 WHERE pk = 'k$_' RETURNING MODIFIED NEW *" } 1 .. 3) ],
		[
			'{"Item":{"n":{"N":"10"}},"TableName":"items"}',
			'{"Error":{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"},"TableName":"items"}',
			'{"Item":{"n":{"N":"10"}},"TableName":"items"}'
		],
		'a statement whose item is locked fails alone');
	my $response = call($port, 'ExecuteTransaction',
		{ TransactStatements => [ map { { Statement => "UPDATE items SET n = 11 WHERE pk = 'k$_'" } } 1 .. 3 ] });
	like($response->{body}, qr/"Message":"Transaction cancelled, .*\[None, TransactionConflict, None\]"/, 'a transaction is cancelled');
	$session->quit;
}
is_deeply(
	[ batch("SELECT n FROM items WHERE pk = 'k1'", "SELECT n FROM items WHERE pk = 'k2'", "SELECT n FROM items WHERE pk = 'none'") ],
	[ '{"Item":{"n":{"N":"10"}},"TableName":"items"}', '{"Item":{"n":{"N":"2"}},"TableName":"items"}', '{"TableName":"items"}' ],
	'what was done is there');

# ---------------------------------------------------------------- a transaction

is( call($port, 'ExecuteTransaction',
		{
			TransactStatements => [
				{ Statement => "EXISTS(SELECT * FROM items WHERE pk = 'k1' AND n = ?)", Parameters => [ { N => '10' } ] },
				{ Statement => "INSERT INTO items VALUE {'pk': 'k8'}" } ]
		})->{status}, 200, 'EXISTS and INSERT');
is( answer_of(
		call($port, 'ExecuteTransaction',
			{
				TransactStatements => [
					{
						Statement => "EXISTS(SELECT * FROM items WHERE pk = 'k1' AND n = 99)",
						ReturnValuesOnConditionCheckFailure => 'ALL_OLD'
					},
					{ Statement => "INSERT INTO items VALUE {'pk': 'k8'}" } ]
			})),
	'400 {"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"Transaction cancelled, please refer '
	  . 'cancellation reasons for specific reasons [ConditionalCheckFailed, DuplicateItem]","CancellationReasons":['
	  . '{"Code":"ConditionalCheckFailed","Message":"The conditional request failed","Item":{"n":{"N":"10"},"pk":{"S":"k1"}}},'
	  . '{"Code":"DuplicateItem","Message":"Duplicate primary key exists in table"}]}',
	'reasons in the order of the statements');

$node->stop;
done_testing();
