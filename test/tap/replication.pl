# Hot standby, promotion, logical decoding and native logical replication of item tables.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;

my $create = q{CREATE EXTENSION IF NOT EXISTS dynapg;
SELECT dynamo_create_table('{"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}]}');};

sub put
{
	my ($n, $v) = @_;
	return qq{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"id": {"S": "a"}, "n": {"N": "$n"}, "v": {"S": "$v"}}}');};
}

sub get
{
	my ($n) = @_;
	return qq{SELECT dynamo_get_item('{"TableName": "Music", "Key": {"id": {"S": "a"}, "n": {"N": "$n"}}}') #>> '{Item,v,S}'};
}

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
$primary->start;
# minor releases since 2026 want to be told which output plugins may be loaded
if ($primary->safe_psql('postgres', q{SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'}))
{
	$primary->append_conf('postgresql.conf', "output_plugin_libraries = 'pgoutput, test_decoding'");
	$primary->restart;
}
$primary->safe_psql('postgres', $create . put(1, 'one'));

# --- hot standby

$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('postgres', put(2, 'two') . put(1, 'new'));
$primary->safe_psql('postgres', q{BEGIN; SELECT dynamo_create_backup('{"TableName": "Music", "BackupName": "base"}'); COMMIT});
$primary->wait_for_catchup($standby);
my $arn = $standby->safe_psql('postgres', q{SELECT dynamo_list_backups('{}') #>> '{BackupSummaries,0,BackupArn}'});
is($standby->safe_psql('postgres', qq{SELECT dynamo_describe_backup('{"BackupArn": "$arn"}') #>> '{BackupDescription,BackupDetails,BackupStatus}'}), 'AVAILABLE', 'backups on a hot standby');
is($standby->safe_psql('postgres', get(1)), 'new', 'GetItem on a hot standby');
is($standby->safe_psql('postgres', get(2)), 'two', 'what came by replication');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM dynamo."Music"'), '2', 'SQL on a hot standby');
for my $write (put(1, 'x'), q{SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "a"}, "n": {"N": "9"}}}')},
	q{SELECT dynamo_delete_table('{"TableName": "Music"}')},
	q{SELECT dynamo_create_backup('{"TableName": "Music", "BackupName": "abc"}')}, qq{SELECT dynamo_delete_backup('{"BackupArn": "$arn"}')},
	qq{SELECT dynamo_restore_table_from_backup('{"TargetTableName": "New", "BackupArn": "$arn"}')},
	q{SELECT dynapg.create_backup_schedule('Music', '1 day')}, q{SELECT dynapg.run_backup_schedules()},
	q{SELECT dynamo_update_table('{"TableName": "Music", "DeletionProtectionEnabled": true}')},
	$create =~ s/.*?;//r =~ s/Music/Other/r)
{
	my ($status, $out, $err) = $standby->psql('postgres', "\\set VERBOSITY verbose\n$write");
	like($err, qr/25006: cannot execute .* in a read-only transaction/, 'refused on a hot standby: ' . substr($write, 7, 20));
}

# a session of the standby sees tables come, change and go
my ($to, $from) = ('', '');
my $session = IPC::Run::start([ 'psql', '-XAtq', '-d', $standby->connstr('postgres') ], '<', \$to, '>', \$from,
	IPC::Run::timeout(900));
$to = get(1) . ";\n";
$session->pump until $from =~ /new\n/;
$primary->safe_psql('postgres', q{SELECT dynamo_delete_table('{"TableName": "Music"}');} . $create . put(1, 'again'));
$primary->wait_for_catchup($standby);
$to = get(1) . ";\n\\q\n";
$session->finish;
is($from, "new\nagain\n", 'a table created anew, seen by a session that knew the old one');

$primary->stop('immediate');
$standby->promote;
is($standby->safe_psql('postgres', put(1, 'promoted') . get(1)), "{}\npromoted", 'writes after promotion');
is($standby->safe_psql('postgres', $create =~ s/.*?;//r =~ s/Music/Other/r . 'SELECT count(*) FROM dynapg.tables') =~ /2$/ ? 1 : 0,
	1, 'and tables');

# --- logical decoding of the item table

my $node = $standby;
$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('decoding', 'test_decoding')});
$node->safe_psql('postgres', put(1, 'decoded') . put(7, 'new')
	  . q{BEGIN;} . put(8, 'gone') . q{ROLLBACK;}
	  . q{INSERT INTO dynamo."Music" (item) VALUES ('{"id": "sql", "n": 1}');}
	  . q{SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "a"}, "n": {"N": "7"}}}');});
my $changes = $node->safe_psql('postgres', q{SELECT regexp_replace(data, 'hash\[uuid\]:''[0-9a-f-]+''', 'hash', 'g')
	FROM pg_logical_slot_get_changes('decoding', NULL, NULL, 'skip-empty-xacts', '1', 'include-xids', '0')
	WHERE data LIKE 'table dynamo%'});
is($changes, q{table dynamo."Music": UPDATE: hash sort[bytea]:'\x81820a' item[jsonb]:'{"n": 1, "v": "decoded", "id": "a"}'
table dynamo."Music": INSERT: hash sort[bytea]:'\x818246' item[jsonb]:'{"n": 7, "v": "new", "id": "a"}'
table dynamo."Music": INSERT: hash sort[bytea]:'\x81820a' item[jsonb]:'{"n": 1, "id": "sql"}'
table dynamo."Music": DELETE: hash sort[bytea]:'\x818246'}, 'logical decoding shows each change');
$node->safe_psql('postgres', q{SELECT pg_drop_replication_slot('decoding')});

# --- native logical replication into an item table: new items. Updates and deletes cannot be applied to a table whose
# primary key is generated, whatever the table: PostgreSQL does not send or does not take generated columns.

sub subscribe
{
	my ($subscriber, $database, $publication) = @_;
	my $name = "${publication}_$database";

	$subscriber->safe_psql($database, sprintf(q{CREATE SUBSCRIPTION %s CONNECTION '%s' PUBLICATION %s},
		$name, $node->connstr('postgres') =~ s/'/''/gr, $publication));
	$subscriber->wait_for_subscription_sync($node, $name, $database);
	return $name;
}

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
$subscriber->start;
# in a transaction block a stream begins at once
$subscriber->safe_psql('postgres', $create . q{BEGIN; SELECT dynamo_update_table('{"TableName": "Music", "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_IMAGE"}}'); COMMIT});
my $applied = q{SELECT string_agg(concat_ws(' ', event_name, keys ->> 'n', new_image ->> 'v'), ', ' ORDER BY sequence_number) FROM dynapg.stream_records('Music')};
$node->safe_psql('postgres', q{CREATE PUBLICATION inserts FOR TABLE dynamo."Music" WITH (publish = 'insert')});
my $inserts = subscribe($subscriber, 'postgres', 'inserts');
is($subscriber->safe_psql('postgres', get(1)), 'decoded', 'the first copy computes the keys: GetItem finds the item');
my $copied = $subscriber->safe_psql('postgres', $applied);
like($copied, qr/INSERT 1 decoded/, 'and is in the stream of the subscriber\'s table');
$node->safe_psql('postgres', q{INSERT INTO dynamo."Music" (item) VALUES ('{"id": "a", "n": 20, "v": "sql"}');} . put(21, 'api') . put(21, 'later'));
$node->wait_for_catchup($inserts);
is($subscriber->safe_psql('postgres', get(20)), 'sql', 'INSERT by SQL is applied');
is($subscriber->safe_psql('postgres', get(21)), 'api', 'PutItem of a new item is applied');
$node->safe_psql('postgres', q{SELECT dynamo_transact_write_items('{"TransactItems": [
	{"ConditionCheck": {"TableName": "Music", "Key": {"id": {"S": "a"}, "n": {"N": "22"}}, "ConditionExpression": "attribute_not_exists(id)"}},
	{"Put": {"TableName": "Music", "Item": {"id": {"S": "a"}, "n": {"N": "23"}, "v": {"S": "checked"}}}}]}')});
$node->wait_for_catchup($inserts);
is($subscriber->safe_psql('postgres', get(23)), 'checked', 'a transaction with a ConditionCheck of a key without an item is applied');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM dynamo."Music" WHERE item->'n' = '22' OR item->>'id' IS NULL}), '0',
	'and nothing comes of the check');
is($subscriber->safe_psql('postgres', $applied), "$copied, INSERT 20 sql, INSERT 21 api, INSERT 23 checked", 'each change that is applied is in the stream, once');

# A TRUNCATE that is applied removes the items, for readers of the stream as well.
$node->safe_psql('postgres', q{CREATE TABLE emptied (item jsonb); INSERT INTO emptied SELECT item FROM dynamo."Music"; ALTER PUBLICATION inserts SET (publish = 'insert, truncate')});
my $held = $subscriber->safe_psql('postgres', 'SELECT count(*) FROM dynamo."Music"');
$node->safe_psql('postgres', 'TRUNCATE dynamo."Music"');
$node->wait_for_catchup($inserts);
is($subscriber->safe_psql('postgres', 'SELECT count(*) FROM dynamo."Music"'), '0', 'TRUNCATE is applied');
is($subscriber->safe_psql('postgres', q{SELECT count(*) FROM dynapg.stream_records('Music') WHERE event_name = 'REMOVE'}), $held, 'and each item that it removes is in the stream');
$node->safe_psql('postgres', 'INSERT INTO dynamo."Music" (item) SELECT item FROM emptied');
$node->wait_for_catchup($inserts);

# --- and into an ordinary table: everything. From 18 on the keys can be sent; before, whole items tell rows apart.

my $sends_keys = $node->safe_psql('postgres', q{SELECT current_setting('server_version_num')::int >= 180000}) eq 't';
$subscriber->safe_psql('postgres', 'CREATE DATABASE ordinary');
$subscriber->safe_psql('ordinary', 'CREATE SCHEMA dynamo; CREATE TABLE dynamo."Music" (' .
	($sends_keys ? 'hash uuid, sort bytea, item jsonb, PRIMARY KEY (hash, sort))' : 'item jsonb)'));
$node->safe_psql('postgres', $sends_keys
	? q{CREATE PUBLICATION everything FOR TABLE dynamo."Music" WITH (publish_generated_columns = stored)}
	: q{CREATE PUBLICATION everything FOR TABLE dynamo."Music"; ALTER TABLE dynamo."Music" REPLICA IDENTITY FULL});
my $everything = subscribe($subscriber, 'ordinary', 'everything');
$node->safe_psql('postgres', put(30, 'new') . put(21, 'over') . q{UPDATE dynamo."Music" SET item = item || '{"v": "sql"}' WHERE item->'n' = '1';}
	  . q{SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"S": "a"}, "n": {"N": "20"}}}');});
$node->wait_for_catchup($everything);
my $items = q{SELECT item FROM dynamo."Music" ORDER BY item::text};
is($subscriber->safe_psql('ordinary', $items), $node->safe_psql('postgres', $items), 'puts, updates and deletes are applied');
# a subscriber's own item stays where a transaction of the publisher has checked that there is none
if ($sends_keys)
{
	my $key = $node->safe_psql('postgres', 'BEGIN;' . put(40, 'x') =~ s/SELECT (.*);/SELECT FROM $1;/r
		  . q{SELECT format('%L, %L', hash, sort) FROM dynamo."Music" WHERE item->'n' = '40'; ROLLBACK});
	$subscriber->safe_psql('ordinary', qq{INSERT INTO dynamo."Music" VALUES ($key, '{"own": true}')});
	$node->safe_psql('postgres', q{SELECT dynamo_transact_write_items('{"TransactItems": [
		{"ConditionCheck": {"TableName": "Music", "Key": {"id": {"S": "a"}, "n": {"N": "40"}}, "ConditionExpression": "attribute_not_exists(id)"}},
		{"Put": {"TableName": "Music", "Item": {"id": {"S": "a"}, "n": {"N": "41"}}}}]}')});
	$node->wait_for_catchup($everything);
	is($subscriber->safe_psql('ordinary', q{SELECT count(*) FROM dynamo."Music" WHERE item IN ('{"own": true}', '{"id": "a", "n": 41}')}), '2',
		'a check of a key without an item leaves a subscriber its own');
}

$subscriber->stop;
$node->stop;
done_testing();
