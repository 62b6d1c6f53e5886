# Transactions through the endpoint, and over what ends a session or a server: crashes, restarts, prepared transactions, standbys and
# logical decoding.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;

use DynapgHttp;
use DynapgSession;

my ($node, $port) = start_node('transact', <<'CONF');
dynapg.workers = 1
dynapg.developer_mode = on
dynapg.lock_timeout = '300ms'
max_prepared_transactions = 5
wal_level = logical
restart_after_crash = on
CONF
# minor releases since 2026 want to be told which output plugins may be loaded
if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'}))
{
	$node->append_conf('postgresql.conf', "output_plugin_libraries = 'test_decoding'");
	$node->restart;
	wait_for_endpoint($port) or die "the endpoint did not start\n";
}

my $service = '"__type":"com.amazonaws.dynamodb.v20120810#';
my $cancelled = '"Message":"Transaction cancelled, please refer cancellation reasons for specific reasons';

sub id { my ($id) = @_; return { pk => { S => $id } } }
sub put { my ($id, %more) = @_; return { Put => { TableName => 'items', Item => { %{ id($id) }, v => { S => 'put' } }, %more } } }
sub add { my ($id) = @_;
	return { Update => { TableName => 'items', Key => id($id), UpdateExpression => 'ADD n :n', ExpressionAttributeValues => { ':n' => { N => '1' } } } } }
sub absent { my ($id, %more) = @_;
	return { ConditionCheck => { TableName => 'items', Key => id($id), ConditionExpression => 'attribute_not_exists(pk)', %more } } }
sub get { my ($id, %more) = @_; return { Get => { TableName => 'items', Key => id($id), %more } } }

sub writes { my ($actions, %more) = @_; return answer_of(call($port, 'TransactWriteItems', { TransactItems => $actions, %more })) }
sub gets { my ($gets, %more) = @_; return answer_of(call($port, 'TransactGetItems', { TransactItems => $gets, %more })) }

# The same as a statement.
sub statement
{
	my ($actions, %more) = @_;
	my $request = json->encode({ TransactItems => $actions, %more });

	return "SELECT dynamo_transact_write_items('$request')";
}

sub number_of
{
	my ($id) = @_;
	return $node->safe_psql('postgres', qq{SELECT item->>'n' FROM dynamo.items WHERE item->>'pk' = '$id'});
}

create_table($port, 'items');

# ---------------------------------------------------------------- answers and errors

is(writes([ put('a'), put('b') ]), '200 {}', 'TransactWriteItems');
is( writes([ add('a'), absent('z') ], ReturnConsumedCapacity => 'TOTAL'),
	'200 {"ConsumedCapacity":[{"TableName":"items","CapacityUnits":4.0,"WriteCapacityUnits":4.0}]}',
	'ConsumedCapacity');
is( gets([ get('a', ProjectionExpression => 'n'), get('z'), get('b') ]),
	'200 {"Responses":[{"Item":{"n":{"N":"1"}}},{},{"Item":{"v":{"S":"put"},"pk":{"S":"b"}}}]}',
	'TransactGetItems: projected, missing, whole');
is( writes([ put('c'), absent('a', ReturnValuesOnConditionCheckFailure => 'ALL_OLD'), absent('b') ]),
	qq(400 {${service}TransactionCanceledException",$cancelled [None, ConditionalCheckFailed, ConditionalCheckFailed]",)
	  . '"CancellationReasons":[{"Code":"None"},{"Code":"ConditionalCheckFailed","Message":"The conditional request failed",'
	  . '"Item":{"n":{"N":"1"},"v":{"S":"put"},"pk":{"S":"a"}}},'
	  . '{"Code":"ConditionalCheckFailed","Message":"The conditional request failed"}]}',
	'TransactionCanceledException: reasons in the order of the request, the item where it is wanted');
is( gets([ get('a'), { Get => { TableName => 'items', Key => { pk => { N => '1' } } } } ]),
	qq(400 {${service}TransactionCanceledException",$cancelled [None, ValidationError]",)
	  . '"CancellationReasons":[{"Code":"None"},{"Code":"ValidationError","Message":"The provided key element does not match the schema"}]}',
	'TransactGetItems is cancelled for a key of the wrong type');
is( writes([ put('c'), put('c') ]),
	'400 {"__type":"com.amazon.coral.validate#ValidationException",'
	  . '"message":"Transaction request cannot include multiple operations on one item"}',
	'an item twice');
is(gets([ get('c') ]), '200 {"Responses":[{}]}', 'nothing of what failed is there');

# ---------------------------------------------------------------- tokens

my %token = (ClientRequestToken => 'once', ReturnConsumedCapacity => 'TOTAL');
is(writes([ add('counter') ], %token), '200 {"ConsumedCapacity":[{"TableName":"items","CapacityUnits":2.0,"WriteCapacityUnits":2.0}]}', 'a token');
is(writes([ add('counter') ], %token), '200 {"ConsumedCapacity":[{"TableName":"items","CapacityUnits":2.0,"ReadCapacityUnits":2.0}]}', 'a replay');
like(writes([ add('b') ], %token), qr/^400 \{${service}IdempotentParameterMismatchException","Message":"/, 'another request');
$node->safe_psql('postgres', statement([ add('counter') ], %token));
is(number_of('counter'), '1', 'done once, also with SQL');

{
	my $session = DynapgSession->new($node);

	$session->ask('BEGIN');
	is($session->ask(statement([ add('counter') ], ClientRequestToken => 'open')), '{}', 'a session has a token in its transaction');
	is( writes([ add('counter') ], ClientRequestToken => 'open'),
		qq(400 {${service}TransactionInProgressException","Message":"Transaction from previous request is still in progress"}),
		'the endpoint does not wait for ever for it');
	is( writes([ put('d'), add('counter') ]),
		qq(400 {${service}TransactionCanceledException",$cancelled [None, TransactionConflict]",)
		  . '"CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict","Message":"Transaction is ongoing for the item"}]}',
		'nor for its item');
	# the backend dies with the token, and the server with it
	kill_process($node, $session->{pid});
	$session->end;
}
wait_for_endpoint($port) or die "the endpoint did not come back\n";
is(writes([ add('counter') ], ClientRequestToken => 'open'), '200 {}', 'after a crash its token is free');
is(writes([ add('counter') ], ClientRequestToken => 'open'), '200 {}', 'and then taken');
is(number_of('counter'), '2', 'done once');

# ---------------------------------------------------------------- over a restart

is( $node->safe_psql('postgres', 'BEGIN; ' . statement([ add('counter'), absent('held') ], ClientRequestToken => 'prepared')
		  . "; PREPARE TRANSACTION 'held'"), '{}', 'a transaction is prepared');
$node->stop('immediate');
$node->start;
wait_for_endpoint($port) or die "the endpoint did not come back\n";
is( writes([ add('counter') ], %token), '200 {"ConsumedCapacity":[{"TableName":"items","CapacityUnits":2.0,"ReadCapacityUnits":2.0}]}',
	'a token is known after a crash');
like(writes([ put('held'), put('e') ]), qr/^400 .*\[TransactionConflict, None\]"/, 'a prepared transaction keeps a key away after a crash');
like(answer_of(put_item($port, 'items', 'held')), qr/^400 .*TransactionConflictException/, 'from single writes, too');
like(writes([ add('counter') ]), qr/^400 .*\[TransactionConflict\]"/, 'and the item that it wrote');
like(writes([ add('counter'), absent('held') ], ClientRequestToken => 'prepared'), qr/^400 .*TransactionInProgressException/, 'and its token');
is(gets([ get('held'), get('counter', ProjectionExpression => 'n') ]), '200 {"Responses":[{},{"Item":{"n":{"N":"2"}}}]}', 'readers do not wait');
$node->safe_psql('postgres', "COMMIT PREPARED 'held'");
is(writes([ add('counter'), absent('held') ], ClientRequestToken => 'prepared'), '200 {}', 'a replay of what was prepared');
is(number_of('counter'), '3', 'done once');
is(writes([ put('held') ]), '200 {}', 'the key is free');

# ---------------------------------------------------------------- standby and logical decoding

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dynapg.databases = ''");
$standby->start;
$node->wait_for_catchup($standby);
is( $standby->safe_psql('postgres', q{SELECT dynamo_transact_get_items('} . json->encode({ TransactItems => [ get('b'), get('z') ] }) . q{')}),
	'{"Responses": [{"Item": {"v": {"S": "put"}, "pk": {"S": "b"}}}, {}]}', 'TransactGetItems on a hot standby');
for my $write (statement([ put('b') ]), statement([ absent('z') ]), statement([ put('b') ], ClientRequestToken => 'standby'), statement([ add('counter') ], %token))
{
	my ($status, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY verbose\n$write");
	like($err, qr/25006: cannot execute .* in a read-only transaction/, 'TransactWriteItems is refused there');
}
$standby->stop;

$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('decoding', 'test_decoding')});
is(writes([ put('f'), absent('z'), add('b') ]), '200 {}', 'a transaction with a check of a key without an item');
is( $node->safe_psql('postgres', q{SELECT regexp_replace(data, 'hash.uuid.*item', 'item') FROM pg_logical_slot_get_changes('decoding', NULL, NULL,
		'skip-empty-xacts', '1', 'include-xids', '0') WHERE data LIKE 'table dynamo%' ORDER BY data}),
	q{table dynamo.items: INSERT: item[jsonb]:'{"v": "put", "pk": "f"}'
table dynamo.items: UPDATE: item[jsonb]:'{"n": 1, "v": "put", "pk": "b"}'}, 'logical decoding is not told of the key');
$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('decoding')});

is($node->safe_psql('postgres', q{SELECT dynapg.check_table('items')}), '', 'the table is sound');
$node->stop;
done_testing();
