# Secondary indexes on a hot standby, which is promoted in the middle of a backfill, and on subscribers of logical replication.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;
use DynapgSession;

my @initdb = ('--encoding=UTF8', '--locale=C');
my $create = q{SELECT dynamo_create_table('{"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}')};
my $check = q{SELECT * FROM dynapg.check_table('Music')};
my $builder = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg table job'};

sub add_index
{
	my ($name, $attribute) = @_;
	return qq{SELECT dynamo_update_table('{"TableName": "Music",
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}, {"AttributeName": "$attribute", "AttributeType": "S"}],
		"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "$name", "Projection": {"ProjectionType": "KEYS_ONLY"},
			"KeySchema": [{"AttributeName": "$attribute", "KeyType": "HASH"}]}}]}') IS NOT NULL};
}

sub remove_index
{
	my ($name) = @_;
	return qq{SELECT dynamo_update_table('{"TableName": "Music", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "$name"}}]}') IS NOT NULL};
}

sub put
{
	my ($id, $g) = @_;
	return qq{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"id": {"N": "$id"}, "g": {"S": "$g"}, "h": {"S": "$g"}}}') IS NOT NULL};
}

# The ids of the items that a Query of an index finds.
sub query
{
	my ($index, $attribute, $value) = @_;
	return qq{SELECT string_agg(i->'id'->>'N', ' ' ORDER BY i) FROM jsonb_array_elements(dynamo_query('{"TableName": "Music", "IndexName": "$index",
		"KeyConditionExpression": "$attribute = :v", "ExpressionAttributeValues": {":v": {"S": "$value"}}}')->'Items') i};
}

sub active { return "SELECT count(*) = 1 FROM dynapg.indexes WHERE name = '$_[0]' AND status = 'ACTIVE'"; }

# ---------------------------------------------------------------- a hot standby

my ($primary, $port) = start_node('primary', "dynapg.developer_mode = on\n");
$primary->safe_psql('postgres', $create);
$primary->safe_psql('postgres', put(1, 'one'));
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
my $standby_port = free_http_port();
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dynapg.databases = 'postgres:$standby_port'\n");
$standby->start;

my $session = DynapgSession->new($standby);
$primary->safe_psql('postgres', put(2, 'two') . ';' . put(1, 'two'));
$primary->wait_for_catchup($standby);
is($session->ask(query('by_g', 'g', 'two')), '1 2', 'Query of an index on a hot standby');
is($session->ask(query('by_g', 'g', 'one')), '', 'where an entry has gone');
is($session->ask($check), '', 'the checker works there');
ok(wait_for_endpoint($standby_port), 'the endpoint of a hot standby');
my %query = (TableName => 'Music', IndexName => 'by_g', KeyConditionExpression => 'g = :v', ExpressionAttributeValues => { ':v' => { S => 'two' } }, Select => 'COUNT');
is(answer_of(call($standby_port, 'Query', \%query)), '200 {"Count":2,"ScannedCount":2}', 'answers a Query of an index');

# an UNLOGGED table: a standby has its definition only
$primary->safe_psql('postgres', $create =~ s/Music/Cache/r);
$primary->safe_psql('postgres', put(1, 'one') =~ s/Music/Cache/r . q{; ALTER TABLE dynamo."Cache" SET UNLOGGED});
$primary->wait_for_catchup($standby);
my $words = 'cannot access temporary or unlogged relations during recovery';
foreach my $read (q{SELECT dynamo_get_item('{"TableName": "Cache", "Key": {"id": {"N": "1"}}}')}, q{SELECT dynamo_scan('{"TableName": "Cache"}')},
	q{SELECT dynamo_transact_get_items('{"TransactItems": [{"Get": {"TableName": "Cache", "Key": {"id": {"N": "1"}}}}]}')},
	query('by_g', 'g', 'one') =~ s/Music/Cache/r, q{SELECT dynapg.get('Cache', 1)}, q{SELECT dynapg.items('Cache', 1)}, q{SELECT item FROM dynamo."Cache"})
{
	like($session->ask($read), qr/^ERROR:  $words/, 'an UNLOGGED table is not read on a standby: ' . substr($read, 7, 20));
}
is($session->ask(q{SELECT dynamo_describe_table('{"TableName": "Cache"}') #>> '{Table,ItemCount}'}), '0', 'but described');
is(answer_of(call($standby_port, 'GetItem', { TableName => 'Cache', Key => { id => { N => '1' } } })),
	qq(400 {"__type":"com.amazon.coral.validate#ValidationException","message":"$words"}), 'over HTTP too it is no 500');
like(answer_of(call($standby_port, 'DescribeTable', { TableName => 'Cache' })), qr/^200 .*"ItemCount":0/, 'nor is DescribeTable');
$primary->safe_psql('postgres', q{SELECT dynamo_delete_table('{"TableName": "Cache"}')});

# an index that comes and goes, seen by a session that has used the table
$primary->safe_psql('postgres', q{INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('id', i, 'g', 'many', 'h', 'h' || i % 10) FROM generate_series(1001, 6000) i});
my $middle = DynapgSession->new($primary);
$middle->ask(q{BEGIN; SELECT FROM dynamo."Music" WHERE (hash, sort) = (SELECT hash, sort FROM dynamo."Music" ORDER BY hash, sort OFFSET 2500 LIMIT 1) FOR UPDATE});
$primary->safe_psql('postgres', add_index('by_h', 'h'));
ok($primary->poll_query_until('postgres', 'SELECT count(*) = 1 FROM dynapg.index_builds WHERE items = 2500'), 'an index is half built');
$primary->wait_for_catchup($standby);
like($session->ask(query('by_h', 'h', 'two')), qr/Cannot read from backfilling global secondary index: by_h/, 'the standby does not read it');
is($session->ask('SELECT index_name, items FROM dynapg.index_progress'), 'by_h|2500', 'and shows how far it is');
$middle->ask('COMMIT');
ok($primary->poll_query_until('postgres', active('by_h')), 'it is built');
$primary->wait_for_catchup($standby);
is($session->ask(query('by_h', 'h', 'two')), '1 2', 'the standby reads it');
is($session->ask($check), '', 'and it is exact');
$primary->safe_psql('postgres', remove_index('by_h'));
ok($primary->poll_query_until('postgres', 'SELECT count(*) = 1 FROM dynapg.indexes'), 'it is dropped');
$primary->wait_for_catchup($standby);
like($session->ask(query('by_h', 'h', 'two')), qr/does not have the specified index: by_h/, 'there too');
$session->end;

# promotion in the middle of a backfill
$middle->ask(q{BEGIN; SELECT FROM dynamo."Music" WHERE (hash, sort) = (SELECT hash, sort FROM dynamo."Music" ORDER BY hash, sort OFFSET 2500 LIMIT 1) FOR UPDATE});
$primary->safe_psql('postgres', add_index('again', 'h'));
ok($primary->poll_query_until('postgres', 'SELECT count(*) = 1 FROM dynapg.index_builds WHERE items = 2500'), 'an index is half built');
$primary->wait_for_catchup($standby);
$primary->stop('immediate');
$middle->end;
is($standby->safe_psql('postgres', 'SELECT status, items FROM dynapg.index_progress'), 'CREATING|2500', 'the standby has what was done');
$standby->promote;
ok($standby->poll_query_until('postgres', active('again')), 'the endpoint of the promoted server builds it to its end');
is($standby->safe_psql('postgres', query('again', 'h', 'two')), '1 2', 'and reads it');
is($standby->safe_psql('postgres', $check), '', 'indexes and items agree');

# ---------------------------------------------------------------- logical replication

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical', extra => \@initdb);
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical', extra => \@initdb);
$subscriber->start;

sub databases
{
	my ($name) = @_;
	$_->safe_psql('postgres', "CREATE DATABASE $name") foreach $publisher, $subscriber;
	$_->safe_psql($name, "CREATE EXTENSION dynapg; $create") foreach $publisher, $subscriber;
	return;
}

sub subscribe
{
	my ($database, $publication, $options) = @_;
	$subscriber->safe_psql($database, sprintf(q{CREATE SUBSCRIPTION %s CONNECTION '%s' PUBLICATION %s %s},
		$database, $publisher->connstr($database) =~ s/'/''/gr, $publication, $options // ''));
	$subscriber->wait_for_subscription_sync($publisher, $database, $database);
	return;
}

# Item tables only; the subscriber has an index that the publisher lacks, and later another way round.
databases('items');
$publisher->safe_psql('items', put(1, 'one') . ';' . put(2, 'two'));
$publisher->safe_psql('items', q{CREATE PUBLICATION items FOR TABLES IN SCHEMA dynamo WITH (publish = 'insert, truncate')});
$subscriber->safe_psql('items', add_index('by_h', 'h'));
ok($subscriber->poll_query_until('items', active('by_h')), 'the subscriber has an index of its own');
subscribe('items', 'items');
is($subscriber->safe_psql('items', query('by_g', 'g', 'one')), '1', 'the first copy makes entries');
is($subscriber->safe_psql('items', query('by_h', 'h', 'two')), '2', 'in all indexes');
$publisher->safe_psql('items', put(3, 'two') . q{; INSERT INTO dynamo."Music" (item) VALUES ('{"id": 4, "h": "two"}')});
$publisher->wait_for_catchup('items');
is($subscriber->safe_psql('items', query('by_g', 'g', 'two')), '2 3', 'items that are applied are entered');
is($subscriber->safe_psql('items', query('by_h', 'h', 'two')), '2 3 4', 'in all indexes');
is($subscriber->safe_psql('items', $check), '', 'indexes and items agree');

$publisher->safe_psql('items', add_index('mine', 'h'));
ok($publisher->poll_query_until('items', active('mine')), 'an index on the publisher only');
$publisher->safe_psql('items', put(5, 'five'));
$publisher->wait_for_catchup('items');
is($subscriber->safe_psql('items', query('by_h', 'h', 'five')), '5', 'it is no matter to the subscriber');

# an apply worker in the middle of a transaction is a writer as others are
$session = DynapgSession->new($subscriber, 'items');
$session->ask('BEGIN; ' . put(7, 'mine'));
$publisher->safe_psql('items', q{INSERT INTO dynamo."Music" (item) VALUES ('{"id": 6, "h": "applied"}'), ('{"id": 7, "h": "applied"}')});
my $apply = q{SELECT pid FROM pg_stat_subscription WHERE subname = 'items'};
ok($subscriber->poll_query_until('items', "SELECT $session->{pid} = ANY (pg_blocking_pids(($apply)))"), 'the apply worker waits');
my $applying = $subscriber->safe_psql('items', $apply);
$subscriber->safe_psql('items', add_index('later', 'h'));
ok($subscriber->poll_query_until('items', "SELECT count(*) = 1 FROM ($builder) b WHERE cardinality(pg_blocking_pids(pid)) > 0"), 'an index waits for it');
is($subscriber->safe_psql('items', q{SELECT status, backfilling FROM dynapg.indexes WHERE name = 'later'}), 'CREATING|f', 'and is not built');
$session->ask('ROLLBACK');
ok($subscriber->poll_query_until('items', active('later')), 'when it has gone on, the index is built');
$publisher->wait_for_catchup('items');
is($subscriber->safe_psql('items', query('later', 'h', 'applied')), '6 7', 'with what was applied');
is($subscriber->safe_psql('items', $check), '', 'indexes and items agree');
$session->end;

$publisher->safe_psql('items', 'TRUNCATE dynamo."Music"; ' . put(8, 'eight'));
$publisher->wait_for_catchup('items');
is($subscriber->safe_psql('items', q{SELECT count(*) FROM dynapg_index."Music~by_h"}), '1', 'TRUNCATE is applied to indexes, too');
is($subscriber->safe_psql('items', $check), '', 'indexes and items agree');

# All tables
databases('everything');
$publisher->safe_psql('everything', q{CREATE PUBLICATION everything FOR ALL TABLES WITH (publish = 'insert, truncate')});
subscribe('everything', 'everything', 'WITH (copy_data = false)');
$publisher->safe_psql('everything', put(1, 'one') . ';' . put(2, 'two'));
$publisher->wait_for_catchup('everything');
is($subscriber->safe_psql('everything', query('by_g', 'g', 'two')), '2', 'all tables: entries are made once');
is($subscriber->safe_psql('everything', $check), '', 'all tables: indexes and items agree');
my $at = -s $subscriber->logfile;
$publisher->safe_psql('everything', add_index('by_h', 'h'));
ok($publisher->poll_query_until('everything', active('by_h')), 'all tables: an index on the publisher only');
$publisher->safe_psql('everything', put(3, 'three'));
ok($subscriber->wait_for_log(qr/ERROR:  relation "dynapg_index.Music~by_h" does not exist\n.*replication target relation "dynapg.indexes"/, $at),
	'all tables: the catalog is published, too, which stops the subscriber');

# the way out: item tables only, from the beginning
$publisher->safe_psql('everything', q{CREATE PUBLICATION items FOR TABLES IN SCHEMA dynamo WITH (publish = 'insert, truncate')});
$subscriber->safe_psql('everything', 'DROP SUBSCRIPTION everything');
$subscriber->safe_psql('everything', 'TRUNCATE dynamo."Music"');
subscribe('everything', 'items');
$publisher->safe_psql('everything', put(4, 'four'));
$publisher->wait_for_catchup('everything');
is($subscriber->safe_psql('everything', q{SELECT count(*) FROM dynamo."Music"}), '4', 'with item tables only it goes on');
is($subscriber->safe_psql('everything', query('by_g', 'g', 'four')), '4', 'with entries');
is($subscriber->safe_psql('everything', $check), '', 'indexes and items agree');

$subscriber->stop;
$publisher->stop;
$standby->stop;
done_testing();
