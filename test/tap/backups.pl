# Backups: a copy that is killed is begun again, and one that is not wanted ends; the keeper's schedules; what a dump takes and leaves.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use IPC::Run;

use DynapgSession;

my $node = PostgreSQL::Test::Cluster->new('backups');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nautovacuum = off\nmax_connections = 100\n");
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

sub sql { my ($query, $database) = @_; return $node->safe_psql($database // 'postgres', $query); }
sub await { my ($query, $what) = @_; return ok($node->poll_query_until('postgres', $query), $what); }

# The backup of a name that is in a database.
sub relation { return sql("SELECT relation FROM dynapg.backups WHERE name = '$_[0]'", $_[1]); }
sub items { my ($name, $database) = @_; return sql(sprintf('SELECT count(*), sum((item->>\'id\')::int) FROM dynapg_backup."%s"', relation($name, $database)), $database); }
sub arn { return sql("SELECT 'arn:aws:dynamodb:us-east-1:000000000000:table/' || table_name || '/backup/' || label FROM dynapg.backups WHERE name = '$_[0]'"); }

sql(<<'SQL');
CREATE EXTENSION dynapg;
SELECT dynamo_create_table('{"TableName": "Music", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}');
INSERT INTO dynamo."Music" (item) SELECT jsonb_build_object('id', i, 'x', repeat('x', 300)) FROM generate_series(1, 20000) i;
SQL
my $all = sql(q{SELECT count(*), sum((item->>'id')::int) FROM dynamo."Music"});
my $create = sub { return qq{SELECT dynamo_create_backup('{"TableName": "Music", "BackupName": "$_[0]"}')}; };
my $job = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg table job'};

sql($create->('made'));
await(q{SELECT status = 'AVAILABLE' FROM dynapg.backups WHERE name = 'made'}, 'a job makes a backup');
is(items('made'), $all, 'all items are in it');

# --- kill -9 of a job that has copied everything: a lock of its row holds it up at the end

sub order
{
	my ($name, $number) = @_;
	return sql(qq{INSERT INTO dynapg.backups (label, table_name, name, relation, created_at, items, bytes, table_id, table_created_at, definition, indexes)
		SELECT '01576616366715-0000000$number', name, '$name', 'Music~$name', now(), 0, 0, id, created_at, definition, '[]' FROM dynapg.tables WHERE name = 'Music'});
}

order('pending', 1);
my $holder = DynapgSession->new($node);
$holder->ask(q{BEGIN; SELECT name FROM dynapg.backups WHERE name = 'pending' FOR UPDATE});
sql(q{SELECT dynamo_describe_table('{"TableName": "Music"}')});
await(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dynapg table job' AND wait_event_type = 'Lock'}, 'a job has copied, and waits');
is(sql(q{SELECT dynamo_describe_backup('{"BackupArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music/backup/01576616366715-00000001"}') #>> '{BackupDescription,BackupDetails,BackupStatus}'}),
	'CREATING', 'it is CREATING meanwhile');
is(sql(q{UPDATE dynamo."Music" SET item = item || '{"y": 1}' WHERE item->>'id' = '7' RETURNING true}), 't', 'writers go on meanwhile');
kill_process($node, sql($job));
$holder->end;
is(sql(q{SELECT status FROM dynapg.backups WHERE name = 'pending'}), 'CREATING', 'kill -9: the backup is still CREATING');
is(sql(q{SELECT count(*) FROM pg_class WHERE relname = 'Music~pending'}), '0', 'and nothing is left of the copy');
sql(q{SELECT dynamo_describe_table('{"TableName": "Music"}')});
await(q{SELECT status = 'AVAILABLE' FROM dynapg.backups WHERE name = 'pending'}, 'DescribeTable has it made');
is(items('pending'), $all, 'all items are in it');

# --- DeleteBackup of one that is being made

order('unwanted', 2);
my $delete = DynapgSession->new($node);
$delete->ask(q{BEGIN; SELECT dynamo_delete_backup('{"BackupArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Music/backup/01576616366715-00000002"}') #>> '{BackupDescription,BackupDetails,BackupStatus}'});
sql(q{SELECT dynamo_describe_table('{"TableName": "Music"}')});
await(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dynapg table job' AND wait_event_type = 'Lock'}, 'a job makes what is being deleted');
$delete->ask('COMMIT');
$delete->end;
await(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'dynapg table job'}, 'it ends');
is(sql(q{SELECT count(*) FROM dynapg.backups WHERE name = 'unwanted'}) . sql(q{SELECT count(*) FROM pg_class WHERE relname = 'Music~unwanted'}), '00', 'nothing is left');

# --- what fails is told, and tried again

sql(q{CREATE TABLE dynapg_backup."Music~taken" ()});
order('taken', 3);
sql(q{SELECT dynamo_describe_table('{"TableName": "Music"}')});
await(q{SELECT last_error = 'relation "Music~taken" already exists' AND creating = 1 FROM dynapg.stat_backups WHERE table_name = 'Music'}, 'stat_backups tells what has failed');
sql(q{ALTER TABLE dynapg_backup."Music~taken" RENAME TO elsewhere});
await(q{SELECT status = 'AVAILABLE' FROM dynapg.backups WHERE name = 'taken'}, 'and it is tried again');
is(sql(q{SELECT last_error IS NULL AND creating = 0 FROM dynapg.stat_backups WHERE table_name = 'Music'}), 't', 'which makes the error go');
sql(q{DROP TABLE dynapg_backup.elsewhere});

# --- a restart; and a restore

$node->restart;
is(items('made'), $all, 'a backup outlives a restart');
sql(sprintf(q{SELECT dynamo_restore_table_from_backup('{"BackupArn": "%s", "TargetTableName": "Restored"}')}, arn('pending')));
await(q{SELECT dynamo_describe_table('{"TableName": "Restored"}') #>> '{Table,TableStatus}' = 'ACTIVE'}, 'it is restored by a job');
is(sql(q{SELECT count(*), sum((item->>'id')::int) FROM dynamo."Restored"}), $all, 'with all items');

# --- the keeper's schedules

my $guest = DynapgSession->new($node);
sql(q{SELECT dynapg.create_backup_schedule('Restored', '1 s', 2)});
await(q{SELECT count(*) = 2 AND min(created_at) > (SELECT created_at + '1 s' FROM dynapg.backup_schedules) FROM dynapg.backups WHERE scheduled AND status = 'AVAILABLE'},
	'the keeper makes backups, and keeps as many as it is told');
is(sql(q{SELECT last_error IS NULL AND last_run IS NOT NULL FROM dynapg.stat_backups WHERE table_name = 'Restored'}), 't', 'stat_backups tells of it');
is(sql(q{SELECT dynapg.drop_backup_schedule('Restored')}), 't', 'a schedule is dropped');
$guest->end;

# --- sixty at once, of two tables; each is made, whoever makes it

my @many = map {
	my ($number, $out) = ($_, '');
	my $table = $number % 2 ? 'Music' : 'Restored';
	IPC::Run::start([ 'psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c',
			qq{SELECT NULL FROM dynamo_create_backup('{"TableName": "$table", "BackupName": "many-$number"}')} ], '>&', \$out);
} 1 .. 60;
is(scalar(grep { !$_->finish } @many), 0, 'sixty CreateBackups at once are accepted');
await(q{SELECT count(*) = 60 FROM dynapg.backups WHERE name LIKE 'many-%' AND status = 'AVAILABLE'}, 'and made');
is(sql(q{SELECT count(DISTINCT label), count(DISTINCT relation), bool_and(last_error IS NULL) FROM dynapg.backups WHERE name LIKE 'many-%'}), '60|60|t', 'each by itself');
is(items('many-60'), $all, 'all items are in the last one');
await(q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'dynapg table job'}, 'no job is left');
sql(q{SELECT count(dynamo_delete_backup(jsonb_build_object('BackupArn', 'arn:aws:dynamodb:us-east-1:000000000000:table/' || table_name || '/backup/' || label)))
	FROM dynapg.backups WHERE name LIKE 'many-%'});

# --- dumps: with the backups' tables, without them, and by a database's owner

my @source = ('-d', $node->connstr('postgres'));
sub restore
{
	my ($database, @command) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $database");
	command_ok([ @command, '-d', $node->connstr($database) ], "$database: @command[0 .. 1]");
	return;
}
command_ok([ 'pg_dump', @source, '-Fc', '-f', "$dir/all" ], 'pg_dump');
command_ok([ 'pg_dump', @source, '-Fc', '-N', 'dynapg_backup', '-f', "$dir/without" ], 'pg_dump without backups');
my $list = q{SELECT jsonb_path_query_array(dynamo_list_backups('{"TableName": "Music"}'), '$.BackupSummaries[*].BackupName')};
restore('everything', 'pg_restore', '--exit-on-error', "$dir/all");
is(sql($list, 'everything'), sql($list), 'a dump has the backups');
is(items('pending', 'everything'), $all, 'with their items');
sql(sprintf(q{BEGIN; SELECT dynamo_restore_table_from_backup('{"BackupArn": "%s", "TargetTableName": "Again"}'); COMMIT}, arn('pending')), 'everything');
is(sql(q{SELECT count(*), sum((item->>'id')::int) FROM dynamo."Again"}, 'everything'), $all, 'which can be restored');
restore('without', 'pg_restore', '--exit-on-error', "$dir/without");
is(sql($list, 'without'), '[]', 'without their tables there are no backups');
command_ok([ 'pg_restore', '--exit-on-error', '-n', 'dynapg_backup', '-d', $node->connstr('without'), "$dir/all" ], 'which may come later');
is(sql($list, 'without'), sql($list), 'and then there are');

# what is in dynapg.backups is believed: who may not write it brings the items alone
my @owner = ('-U', 'regress_dynapg_keeper');
$node->safe_psql('postgres', 'CREATE ROLE regress_dynapg_keeper LOGIN; CREATE DATABASE owned OWNER regress_dynapg_keeper; CREATE DATABASE again OWNER regress_dynapg_keeper');
sql('CREATE EXTENSION dynapg', $_) foreach 'owned', 'again';
sql(q{SET ROLE regress_dynapg_keeper; BEGIN;
	SELECT dynamo_create_table('{"TableName": "Owned", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}');
	SELECT dynapg.put('Owned', '{"id": 5}');
	SELECT dynamo_create_backup('{"TableName": "Owned", "BackupName": "owned"}');
	SELECT dynamo_update_contributor_insights('{"TableName": "Owned", "ContributorInsightsAction": "ENABLE"}');
	COMMIT}, 'owned');
my $owned = relation('owned', 'owned');
command_ok([ 'pg_dump', @owner, '-d', $node->connstr('owned'), '-Fc', '-f', "$dir/owned" ], "a database's owner dumps it");
command_ok([ 'pg_restore', '--exit-on-error', @owner, '-d', $node->connstr('again'), "$dir/owned" ], 'and restores it');
is(sql('SELECT count(*) FROM dynapg.backups', 'again'), '0', 'he brings no backups');
is(sql('SELECT count(*) FROM dynapg.contributor_insights_settings', 'again'), '0', 'and no settings of contributor insights');
is(sql(qq{SET ROLE regress_dynapg_keeper; SELECT item FROM dynapg_backup."$owned"}, 'again'), '{"id": 5}', 'but their items');

$node->stop;
done_testing();
