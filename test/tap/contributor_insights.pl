# What contributor insights count: over HTTP and by SQL, by units and by whole keys, of tables and indexes; that nothing is counted that was not asked for, that
# other databases' counts are apart, and what becomes of them with a restart, a new enabling, a dropped table and a dropped database.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use DynapgHttp;

my ($node, $port) = start_node('insights', "dynapg.workers = 2\n");

sub sql { return $node->safe_psql('postgres', @_); }

sql('CREATE ROLE app LOGIN SUPERUSER');
my @app = create_key($node, 'app');

sub ask { return call($port, @_, key => \@app); }

# rule, key and value of the heaviest keys
sub top
{
	my ($table, $index) = @_;
	my $name = defined $index ? "'$index'" : 'NULL';

	return sql("SELECT rule, key, value, error FROM dynapg.contributor_insights('$table', $name) WHERE rank <= 3 ORDER BY array_position(ARRAY['PKC', 'SKC', 'PKT', 'SKT'], rule), rank");
}

sub insights
{
	my ($action, $table, %options) = @_;
	return ask('UpdateContributorInsights', { TableName => $table, ContributorInsightsAction => $action, %options });
}

sub make
{
	my ($table) = @_;
	return ask('CreateTable', {
		TableName => $table, BillingMode => 'PAY_PER_REQUEST',
		AttributeDefinitions => [ map { { AttributeName => $_, AttributeType => 'S' } } qw(p s g) ],
		KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ],
		GlobalSecondaryIndexes => [ { IndexName => 'by_g', Projection => { ProjectionType => 'ALL' }, KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' } ] } ] });
}

sub put
{
	my ($table, $p, $s, %more) = @_;
	return ask('PutItem', { TableName => $table, Item => { p => { S => $p }, s => { S => $s }, %more } });
}

sub get
{
	my ($table, $p, $s) = @_;
	return ask('GetItem', { TableName => $table, Key => { p => { S => $p }, s => { S => $s } }, ConsistentRead => json()->decode('true') });
}

like(answer_of(make('Counted')), qr/^200/, 'a table');
like(answer_of(make('Silent')), qr/^200/, 'and another one');
like(answer_of(insights('ENABLE', 'Counted')), qr/^200 .*"ENABLING"/, 'insights over HTTP');
like(answer_of(ask('DescribeContributorInsights', { TableName => 'Counted' })), qr/"ENABLED"/, 'they are enabled');
is(top('Counted'), '', 'nothing was counted yet');

# ---------------------------------------------------------------- counting

put('Counted', 'a', '1', g => { S => 'x' }, pad => { S => 'z' x 3000 });	# 3 units, 4 of the index
get('Counted', 'a', '1') for 1 .. 4;										# 1 each
get('Counted', 'b', '1') for 1 .. 2;
get('Counted', 'b', '2');
put('Silent', 'a', '1', g => { S => 'x' });
is(top('Counted'), <<'TOP' =~ s/\n\z//r, 'units by partition key and by whole key');
PKC|{"p":{"S":"a"}}|7|0
PKC|{"p":{"S":"b"}}|3|0
SKC|{"p":{"S":"a"},"s":{"S":"1"}}|7|0
SKC|{"p":{"S":"b"},"s":{"S":"1"}}|2|0
SKC|{"p":{"S":"b"},"s":{"S":"2"}}|1|0
TOP
my $error;
$node->psql('postgres', q{SELECT dynapg.contributor_insights('Silent')}, stderr => \$error);
like($error, qr/contributor insights are not enabled for table "Silent"/, 'a table that has not asked');
like(answer_of(insights('ENABLE', 'Counted', IndexName => 'by_g')), qr/^200/, 'those of an index');
put('Counted', 'c', '1', g => { S => 'y' });
ask('Query', { TableName => 'Counted', IndexName => 'by_g', KeyConditionExpression => 'g = :g', ExpressionAttributeValues => { ':g' => { S => 'x' } } });
is(top('Counted', 'by_g'), <<'TOP' =~ s/\n\z//r, 'an index: what is written and what is queried');
PKC|{"g":{"S":"y"}}|1|0
PKC|{"g":{"S":"x"}}|0.5|0
TOP
sql(q{SELECT dynapg.get('Counted', 'd', '1')});
like(top('Counted'), qr/PKC\|\{"p":\{"S":"c"\}\}\|1/, 'and a plain write');
like(sql(q{SELECT key FROM dynapg.contributor_insights('Counted') WHERE rule = 'PKC'}), qr/"d"/, 'SQL counts as well');

my $long = 'x' x 1000;
get('Counted', $long, '1');
is(sql(q{SELECT length(key), is_cut FROM dynapg.contributor_insights('Counted') WHERE rule = 'PKC' AND key LIKE '%xxx%'}), '164|t', 'a long key is cut');

# Many processes at once: nothing is lost
my $clients = 8;
my $script = $node->basedir . '/hot.sql';
append_to_file($script, q(SELECT dynamo_get_item('{"TableName": "Counted", "Key": {"p": {"S": "hot"}, "s": {"S": "1"}}, "ConsistentRead": true}');) . "\n");
$node->run_log([ 'pgbench', '-n', '-c', $clients, '-t', 200, '-f', $script, 'postgres' ]);
ok(eventually(20, sub { sql(q{SELECT value FROM dynapg.contributor_insights('Counted') WHERE rule = 'PKC' AND key LIKE '%hot%'}) == $clients * 200 }),
	'of processes that meet at a sketch none loses a count');

# ---------------------------------------------------------------- what ends them

sql(q{SELECT dynapg.reset_contributor_insights('Counted')});
is(top('Counted'), '', 'they begin anew');
get('Counted', 'a', '1');
insights('ENABLE', 'Counted', ContributorInsightsMode => 'THROTTLED_KEYS');
is(top('Counted'), '', 'another mode is another rule');
get('Counted', 'a', '1');
is(top('Counted'), '', 'which does not count what is served');
insights('ENABLE', 'Counted');
get('Counted', 'a', '1');
like(top('Counted'), qr/^PKC\|\{"p":\{"S":"a"\}\}\|1\|0$/m, 'and back');

$node->restart;
ok(eventually(20, sub { answer_of(get('Counted', 'b', '1')) =~ /^200/ }), 'after a restart');
like(sql(q{SELECT string_agg(key, ' ') FROM dynapg.contributor_insights('Counted') WHERE rule = 'PKC'}), qr/^\{"p":\{"S":"b"\}\}$/,
	'what was counted is lost, and what comes is counted from the first request on');

ask('DeleteTable', { TableName => 'Counted' });
make('Counted');
insights('ENABLE', 'Counted');
is(top('Counted'), '', 'a new table of the same name begins with nothing');

# ---------------------------------------------------------------- which keys

like(answer_of(ask('CreateTable', {
	TableName => 'Keys', ProvisionedThroughput => { ReadCapacityUnits => 1, WriteCapacityUnits => 100 },
	AttributeDefinitions => [ map { { AttributeName => $_, AttributeType => 'S' } } qw(p s g l) ],
	KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ],
	LocalSecondaryIndexes => [ { IndexName => 'by_l', Projection => { ProjectionType => 'ALL' },
		KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 'l', KeyType => 'RANGE' } ] } ],
	GlobalSecondaryIndexes => [ { IndexName => 'by_g', Projection => { ProjectionType => 'ALL' },
		ProvisionedThroughput => { ReadCapacityUnits => 1, WriteCapacityUnits => 1 }, KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' } ] } ] })),
	qr/^200/, 'a table with indexes of both kinds');
insights('ENABLE', 'Keys');
insights('ENABLE', 'Keys', IndexName => 'by_g');

sub query
{
	my ($condition, $values, %more) = @_;
	return ask('Query', { TableName => 'Keys', KeyConditionExpression => $condition,
		ExpressionAttributeValues => { map { (":$_" => { S => $values->{$_} }) } keys %$values }, %more });
}

put('Keys', 'local', '1', l => { S => 'x' });
query('p = :p AND l = :l', { p => 'local', l => 'x' }, IndexName => 'by_l');
query('p = :p', { p => 'nothing' });
query('p = :p AND s = :s', { p => 'nothing', s => '1' });
query('g = :g', { g => 'nothing' }, IndexName => 'by_g');
is(top('Keys'), <<'TOP' =~ s/\n\z//r, 'a local index counts for its table, and a Query that finds nothing by the key that it asks for');
PKC|{"p":{"S":"local"}}|2.5|0
PKC|{"p":{"S":"nothing"}}|1|0
SKC|{"p":{"S":"local"},"s":{"S":"1"}}|2.5|0
SKC|{"p":{"S":"nothing"},"s":{"S":"1"}}|0.5|0
TOP
is(top('Keys', 'by_g'), 'PKC|{"g":{"S":"nothing"}}|0.5|0', '... that of an index, too');
sql(q{SELECT dynapg.reset_contributor_insights('Keys')});

sub statement { return ask('ExecuteStatement', { Statement => $_[0] }); }

statement(q{SELECT * FROM Keys WHERE p = 'none' AND s = '1'});
statement(q{SELECT * FROM Keys WHERE p = 'none'});
statement(q{SELECT * FROM Keys WHERE p IN ['local', 'other']});
statement(q{SELECT * FROM Keys.by_l WHERE p = 'local' AND l = 'x'});
statement(q{SELECT * FROM Keys WHERE p = 'local'});
is(top('Keys'), <<'TOP' =~ s/\n\z//r, 'so does a SELECT of PartiQL');
PKC|{"p":{"S":"local"}}|1.5|0
PKC|{"p":{"S":"none"}}|1|0
PKC|{"p":{"S":"other"}}|0.5|0
SKC|{"p":{"S":"local"},"s":{"S":"1"}}|1.5|0
SKC|{"p":{"S":"none"},"s":{"S":"1"}}|0.5|0
TOP
sql(q{SELECT dynapg.reset_contributor_insights('Keys')});
sql(q{SELECT count(*) FROM dynamo_partiql('SELECT * FROM Keys WHERE p = ''local''')});
sql(q{SELECT count(*) FROM dynapg.query('{"TableName": "Keys", "KeyConditionExpression": "p = :p", "ExpressionAttributeValues": {":p": {"S": "local"}}}')});
sql(q{SELECT count(*) FROM dynapg.scan('{"TableName": "Keys"}')});
sql(q{SELECT count(*) FROM dynapg.items('Keys', 'local')});
sql(q{SELECT count(*) FROM dynapg.items('Keys', 'nobody')});
is(top('Keys'), <<'TOP' =~ s/\n\z//r, 'and functions that return rows; a Scan has no key');
PKC|{"p":{"S":"local"}}|2|0
PKC|{"p":{"S":"nobody"}}|1|0
SKC|{"p":{"S":"local"},"s":{"S":"1"}}|2|0
TOP

# Those that are throttled most, whatever the door: each call until it is refused
insights('ENABLE', 'Keys', ContributorInsightsMode => 'THROTTLED_KEYS');
insights('ENABLE', 'Keys', IndexName => 'by_g', ContributorInsightsMode => 'THROTTLED_KEYS');
sql('ALTER SYSTEM SET dynapg.throttling = on');
reload_settings($node);
foreach my $call (
	sub { get('Keys', 'get', '1') },
	sub { get('Keys', 'get', '2') },
	sub { query('p = :p', { p => 'query' }) },
	sub { query('g = :g', { g => 'query' }, IndexName => 'by_g') },
	sub { put('Keys', 'put', '1', g => { S => 'put' }, n => { N => int(rand(1e9)) . '' }) })
{
	# without a pause: what flows in meanwhile must be less than what they take
	ok(eventually(20, sub { answer_of($call->()) =~ /ProvisionedThroughputExceededException/ }, 0), 'a request that is refused');
}
foreach my $call (
	q{dynapg.get('Keys', 'get', '1')},
	q{dynapg.query('{"TableName": "Keys", "KeyConditionExpression": "p = :p AND s = :s", "ExpressionAttributeValues": {":p": {"S": "query"}, ":s": {"S": "1"}}}')},
	q{dynamo_partiql('SELECT * FROM Keys WHERE p = ''statement'' AND s = ''1''')})
{
	like(($node->psql('postgres', "DO \$\$ BEGIN FOR i IN 1 .. 1000 LOOP PERFORM * FROM $call; END LOOP; END \$\$"))[2],
		qr/^psql:<stdin>:1: ERROR:  The level of configured provisioned throughput/, 'and a call');
}
is(sql(q{SELECT rule, key, value FROM dynapg.contributor_insights('Keys') ORDER BY 1, 2}), <<'TOP' =~ s/\n\z//r, 'the keys that were throttled, over HTTP and by SQL');
PKT|{"p":{"S":"get"}}|3
PKT|{"p":{"S":"query"}}|2
PKT|{"p":{"S":"statement"}}|1
SKT|{"p":{"S":"get"},"s":{"S":"1"}}|2
SKT|{"p":{"S":"get"},"s":{"S":"2"}}|1
SKT|{"p":{"S":"query"},"s":{"S":"1"}}|1
SKT|{"p":{"S":"statement"},"s":{"S":"1"}}|1
TOP
is(sql(q{SELECT rule, key, value FROM dynapg.contributor_insights('Keys', 'by_g') ORDER BY 1, 2}), <<'TOP' =~ s/\n\z//r, '... and those of an index');
PKT|{"g":{"S":"put"}}|1
PKT|{"g":{"S":"query"}}|1
TOP
sql('ALTER SYSTEM RESET dynapg.throttling');
reload_settings($node);
ask('DeleteTable', { TableName => 'Keys' });

# Another database's keys are its own, and its room is had again when it is gone
sql('CREATE DATABASE other');
$node->safe_psql('other', q{CREATE EXTENSION dynapg;
	SELECT dynamo_create_table('{"TableName": "Counted", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
		"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}');});
$node->safe_psql('other', q{SELECT dynamo_update_contributor_insights('{"TableName": "Counted", "ContributorInsightsAction": "ENABLE"}');
	SELECT dynapg.get('Counted', 'theirs')});
is($node->safe_psql('other', q{SELECT key, value FROM dynapg.contributor_insights('Counted')}), '{"p":{"S":"theirs"}}|1', 'another database');
is(top('Counted'), '', 'is another one');
$node->safe_psql('other', q{
	DO $$ BEGIN
		FOR i IN 1..49 LOOP
			PERFORM dynamo_create_table(format('{"TableName": "Table%s", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}],
				"KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}]}', i)::jsonb);
			PERFORM dynamo_update_contributor_insights(format('{"TableName": "Table%s", "ContributorInsightsAction": "ENABLE"}', i)::jsonb);
		END LOOP;
	END $$});
$node->safe_psql('other', join ';', map { "SELECT dynapg.get('Table$_', 'a')" } 1 .. 49);
is($node->safe_psql('other', q{SELECT count(*) FROM generate_series(1, 49) i, dynapg.contributor_insights('Table' || i)}), 49, 'many rules');
run_alone($node, 'DROP DATABASE other');
sql(q{
	DO $$ BEGIN
		FOR i IN 1..30 LOOP
			PERFORM dynamo_create_table(format('{"TableName": "Table%s", "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"},
				{"AttributeName": "s", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}]}', i)::jsonb);
			PERFORM dynamo_update_contributor_insights(format('{"TableName": "Table%s", "ContributorInsightsAction": "ENABLE"}', i)::jsonb);
		END LOOP;
	END $$});
sql(join ';', map { "SELECT dynapg.get('Table$_', 'a', 'b')" } 1 .. 30);
is(sql(q{SELECT count(*) FROM dynapg.contributor_insights_settings s, dynapg.contributor_insights(s.table_name) WHERE s.table_name LIKE 'Table%' AND s.status = 'ENABLED'}),
	sql(q{SELECT 2 * count(*) FROM dynapg.contributor_insights_settings WHERE table_name LIKE 'Table%' AND status = 'ENABLED'}),
	'rules of a database that is gone make room');
is(sql(q{SELECT count(*) FROM dynapg.contributor_insights_settings WHERE status = 'FAILED'}), 6, 'and those over a hundred fail');

$node->stop;
done_testing();
