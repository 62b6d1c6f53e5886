# pg_upgrade and dumps: what they do to backups, USER and SYSTEM ones, to the past of tables, and to a restore that is going on.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgSession;

my $old = PostgreSQL::Test::Cluster->new('before_upgrade');
$old->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$old->append_conf('postgresql.conf', "restart_after_crash = on\n");
$old->start;
my $node = $old;
my $dir = PostgreSQL::Test::Utils::tempdir();

sub sql { my ($query, $database) = @_; return $node->safe_psql($database // 'postgres', $query); }
sub await { my ($query, $what, $database) = @_; return ok($node->poll_query_until($database // 'postgres', $query), $what); }
sub arn { return "arn:aws:dynamodb:us-east-1:000000000000:table/$_[0]/backup/" . sql("SELECT label FROM dynapg.backups WHERE table_name = '$_[0]'", $_[1]); }

sub table
{
	my ($name) = @_;
	sql(qq{SELECT dynamo_create_table('{"TableName": "$name", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}')});
	sql(qq{SELECT dynamo_update_continuous_backups('{"TableName": "$name", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}')});
	await(qq{SELECT dynamo_describe_table('{"TableName": "$name"}') IS NOT NULL AND EXISTS (SELECT FROM dynapg.logs l, dynapg.ticks t
		WHERE l.table_name = '$name' AND l.status = 'ENABLED' AND pg_visible_in_snapshot(l.begun_by, t.snapshot)) OR dynapg.tick() IS NULL}, "$name has a moment");
	sql(qq{INSERT INTO dynamo."$name" (item) SELECT jsonb_build_object('id', i, 'v', 'first') FROM generate_series(1, 1000) i});
	return;
}
my $sum = q{SELECT count(*), sum((item -> 'id')::int), min(item ->> 'v'), max(item ->> 'v') FROM };
my $all = '1000|500500|first|first';

sql('CREATE EXTENSION dynapg');
table($_) for 'Kept', 'Saved', 'Gone';
sql(q{BEGIN; SELECT dynamo_create_backup('{"TableName": "Saved", "BackupName": "made"}'); COMMIT});
sql(q{SELECT dynamo_delete_table('{"TableName": "Gone"}')});
my $time = sql(q{SELECT dynapg.tick() IS NOT NULL, extract(epoch FROM clock_timestamp())}) =~ s/^t\|//r;
sql(q{UPDATE dynamo."Kept" SET item = item || '{"v": "second"}'; DELETE FROM dynamo."Kept" WHERE (item -> 'id')::int > 500});

sql(q{SELECT dynapg.create_backup_schedule('Kept', '1 day', 3)});
my $schedule = q{SELECT table_name, every, keep, owner FROM dynapg.backup_schedules};
my $schedules = sql($schedule);

# --- a restore that has not come far: what is to be read is locked; the server dies, and nobody asks for the table

my $holder = DynapgSession->new($old);
$holder->ask('BEGIN');
$holder->ask('LOCK TABLE ' . sql(q{SELECT max(relation::text) FROM dynapg.log_segments WHERE kind = 'UNDO'}) . ' IN ACCESS EXCLUSIVE MODE');
sql(qq{SELECT dynamo_restore_table_to_point_in_time('{"SourceTableName": "Kept", "TargetTableName": "Then", "RestoreDateTime": $time}')});
await(q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'dynapg table job' AND wait_event_type = 'Lock'}, 'a restore waits');
$old->stop('immediate');
$old->start;
is(sql(q{SELECT table_name, phase FROM dynapg.stat_restores}), 'Then|WAITING', 'after a crash it waits for somebody to ask for the table');
command_ok([ 'pg_dump', '-d', $old->connstr('postgres'), '-Fc', '-f', "$dir/dump" ], 'pg_dump');
$old->stop;

# --- pg_upgrade

my $new = PostgreSQL::Test::Cluster->new('after_upgrade');
$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
my $bin = $new->config_data('--bindir');
chdir $dir;
command_ok([ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin, '-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade');
$new->start;
$node = $new;
is(sql("$sum dynapg.items_at('Kept', to_timestamp($time))"), $all, 'the past of a table is there');
await(q{SELECT dynamo_describe_table('{"TableName": "Then"}') #>> '{Table,TableStatus}' = 'ACTIVE'}, 'the restore goes on');
is(sql("$sum dynamo.\"Then\""), $all, 'to the moment that was asked for');
sql(qq{BEGIN; SELECT dynamo_restore_table_from_backup('{"TargetTableName": "$_.again", "BackupArn": "@{[arn($_)]}"}'); COMMIT}) for 'Saved', 'Gone';
is(sql("$sum dynamo.\"Saved.again\""), $all, 'a backup can be restored');
is(sql("$sum dynamo.\"Gone.again\""), $all, 'so can a SYSTEM backup');

is(sql($schedule), $schedules, 'so does a schedule');

# --- a dump

$new->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'pg_restore', '--exit-on-error', '-d', $new->connstr('copy'), "$dir/dump" ], 'pg_restore');
is(sql(q{SELECT jsonb_path_query_array(dynamo_list_backups('{"BackupType": "ALL"}'), '$.BackupSummaries[*] ? (@.TableName != "Kept").BackupType')}, 'copy'), '["USER", "SYSTEM"]', 'a dump has both kinds of backups');
is(sql(qq{SELECT dynamo_describe_backup('{"BackupArn": "@{[arn('Gone', 'copy')]}"}') #>> '{BackupDescription,SourceTableDetails,ItemCount}'}, 'copy'), '1000', 'described as before');
sql(qq{BEGIN; SELECT dynamo_restore_table_from_backup('{"TargetTableName": "$_.again", "BackupArn": "@{[arn($_, 'copy')]}"}'); COMMIT}, 'copy') for 'Saved', 'Gone';
is(sql("$sum dynamo.\"Saved.again\"", 'copy'), $all, 'which can be restored');
is(sql("$sum dynamo.\"Gone.again\"", 'copy'), $all, '... a SYSTEM backup, too');
is(sql($schedule, 'copy'), '', 'but no schedule');
is(sql(q{SELECT table_name, phase, failure FROM dynapg.stat_restores}, 'copy'), 'Then|FAILED|the table came by a dump, which has not what it is restored from', 'a table that was being restored has failed');
is(sql(q{SELECT dynamo_describe_table('{"TableName": "Then"}') #>> '{Table,TableStatus}'}, 'copy'), 'CREATING', 'and stays CREATING');
is(sql(q{SELECT dynamo_delete_table('{"TableName": "Then"}') IS NOT NULL, to_regclass('dynamo."Then"')}, 'copy'), 't|', 'until DeleteTable');
is(sql('SELECT count(*) FROM dynapg.stat_restores', 'copy'), '0', 'which leaves nothing');
$new->stop;
done_testing();
