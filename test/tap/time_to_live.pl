# Time to live without anybody's help: the keeper removes what has expired, also after a restart, in a restored database and after a
# promotion; it waits for nobody, and no table keeps it from the others.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use DynapgHttp ();
use DynapgSession;

my $node = PostgreSQL::Test::Cluster->new('time_to_live');
$node->init(allows_streaming => 1, extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "dynapg.expire_interval = 1\nautovacuum = off");
$node->start;

sub create
{
	my ($name, $stream) = @_;
	$stream = $stream ? q{, "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "KEYS_ONLY"}} : '';
	return qq{SELECT dynamo_create_table('{"TableName": "$name", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]$stream}');};
}

sub update
{
	my ($name, $enabled) = @_;
	return qq{SELECT dynamo_update_time_to_live('{"TableName": "$name", "TimeToLiveSpecification": {"Enabled": $enabled, "AttributeName": "until"}}')};
}

sub insert
{
	my ($name, $id, $seconds) = @_;
	return qq{INSERT INTO dynamo."$name" (item) VALUES (jsonb_build_object('id', '$id', 'until', extract(epoch FROM now())::numeric(20, 3) + $seconds))};
}

sub ids
{
	my ($name) = @_;
	return qq{SELECT coalesce(string_agg(item ->> 'id', ' ' ORDER BY item ->> 'id'), '') FROM dynamo."$name"};
}

sub left_are
{
	my ($server, $database, $name, $expected, $what) = @_;
	ok($server->poll_query_until($database, ids($name), $expected), $what);
	return;
}

my $keepers = q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dynapg keeper' AND datname = current_database()};

$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');
my $reader = DynapgSession->new($node);    # the keeper ends when it is alone

# --- nobody but the writer calls us
$node->safe_psql('postgres', create('Sessions') . create('Locked') . create('Own'));
$node->safe_psql('postgres', insert('Sessions', 'before', -5));
$node->safe_psql('postgres', update($_, 'true')) for qw(Sessions Locked Own);
left_are($node, 'postgres', 'Sessions', '', 'items that were there before');
$node->safe_psql('postgres', insert('Sessions', 'soon', 2) . ';' . insert('Sessions', 'later', 10000));
left_are($node, 'postgres', 'Sessions', 'later', 'an item expires');
is($node->safe_psql('postgres', q{SELECT items_deleted, oldest_expired FROM dynapg.stat_ttl WHERE table_name = 'Sessions'}), '2|', 'which is counted');
is($node->safe_psql('postgres', $keepers), '1', 'there is one keeper');

# --- a table that somebody has locked, one whose trigger refuses, and the others
$node->safe_psql('postgres', q{CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	IF old.item ->> 'id' = 'refused' THEN RAISE EXCEPTION 'by %', current_user; END IF; RETURN old; END $$;
	CREATE TRIGGER refuse BEFORE DELETE ON dynamo."Own" FOR EACH ROW EXECUTE FUNCTION refuse()});
my $locker = DynapgSession->new($node);
$locker->ask('BEGIN');
$locker->ask('LOCK TABLE dynamo."Locked" IN SHARE UPDATE EXCLUSIVE MODE');
$node->safe_psql('postgres', insert('Locked', 'locked', -5));
left_are($node, 'postgres', 'Locked', '', 'a lock that stands in no writer\'s way');
$locker->ask('ROLLBACK');
$node->safe_psql('postgres', insert('Locked', 'locked', -5));
$locker->ask('BEGIN');
my $got = $locker->ask('LOCK TABLE dynamo."Locked" IN SHARE MODE');
$node->safe_psql('postgres', insert('Own', 'refused', -5) . ';' . insert('Own', 'goes', -4) . ';' . insert('Sessions', 'past', -3));
left_are($node, 'postgres', 'Sessions', 'later', 'beside a locked table another one is swept');
left_are($node, 'postgres', 'Own', 'refused', 'beside an item that a trigger keeps another one goes');
ok($node->poll_query_until('postgres', $keepers, '1'), 'the keeper lives');
$locker->ask('COMMIT');
left_are($node, 'postgres', 'Locked', '', 'when the lock is gone that table is swept');
ok($node->wait_for_log(qr/WARNING:  items of table "Own" have expired but cannot be removed/), 'what is refused is in the log');

# --- a trigger that is deferred is fired in the owner's name, as any other
$node->safe_psql('postgres', create('Deferred') . update('Deferred', 'true'));
$node->safe_psql('postgres', q{CREATE ROLE regress_dynapg_ttl; GRANT USAGE, CREATE ON SCHEMA dynamo, public TO regress_dynapg_ttl;
	ALTER TABLE dynamo."Deferred" OWNER TO regress_dynapg_ttl; CREATE TABLE fired (by name); GRANT INSERT ON fired TO PUBLIC;
	CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.fired VALUES (current_user); RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER note AFTER DELETE ON dynamo."Deferred" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note()});
$node->safe_psql('postgres', insert('Deferred', 'past', -5));
left_are($node, 'postgres', 'Deferred', '', 'a deferred trigger keeps no item');
is($node->safe_psql('postgres', 'SELECT by FROM fired'), 'regress_dynapg_ttl', 'and is fired in the name of the owner');

# --- many items: in bounded transactions, each with its record in the stream, while others write
$node->safe_psql('postgres', create('Many', 1) . update('Many', 'true'));
my $transactions = $node->safe_psql('postgres', 'SELECT txid_current()');
$node->safe_psql('postgres', q{INSERT INTO dynamo."Many" (item) SELECT jsonb_build_object('id', 'i' || n, 'until', floor(extract(epoch FROM now())) - n % 1000)
	FROM generate_series(1, 5000) n});
left_are($node, 'postgres', 'Many', '', '5000 items');
cmp_ok($node->safe_psql('postgres', 'SELECT txid_current()') - $transactions, '>=', 50, 'in at least 50 transactions');
is($node->safe_psql('postgres', q{SELECT items_deleted FROM dynapg.stat_ttl WHERE table_name = 'Many'}), '5000', 'all are counted');
is($node->safe_psql('postgres', q{SELECT string_agg(format('%s %s', kind, n), ' ' ORDER BY kind) FROM (SELECT kind, count(*) AS n FROM dynapg_log.stream_000001 GROUP BY 1) k}),
	'I 5000 X 5000', 'and are in the stream as expired');
is($node->safe_psql('postgres', q{SELECT * FROM dynapg.check_table('Many')}), '', 'index and items agree');

# --- disabled, nothing expires any more
$node->safe_psql('postgres', update('Many', 'false'));
$node->safe_psql('postgres', q{SELECT dynapg.wait_for_indexes('Many')});
$node->safe_psql('postgres', insert('Many', 'stays', -5) . ';' . insert('Sessions', 'goes', -5));
left_are($node, 'postgres', 'Sessions', 'later', 'another table goes on');
is($node->safe_psql('postgres', ids('Many')), 'stays', 'a table whose items no longer expire');

# --- writers, other sweeps and the keeper on few items: the stream tells what became of each, and nothing goes too early
sub race
{
	my ($how) = @_;
	my $script = PostgreSQL::Test::Utils::tempdir() . '/race.sql';
	my $until = q{extract(epoch FROM clock_timestamp())::numeric};
	my $log = q{(SELECT s.* FROM dynapg_log.stream_000001 s JOIN dynapg.logs l ON l.id = s.log WHERE l.table_name = 'Race')};

	append_to_file($script, <<"SQL");
\\set id random(1, 100)
\\set seconds random(-2, 2)
\\set kind random(1, 6)
\\if :kind <= 2
SELECT dynapg.put('Race', jsonb_build_object('id', 'i' || :id, 'until', $until + :seconds, 'n', :seconds));
\\elif :kind = 3
UPDATE dynamo."Race" SET item = item || jsonb_build_object('until', $until + :seconds) WHERE item ->> 'id' = 'i' || :id;
\\elif :kind = 4
SELECT dynapg.delete('Race', 'i' || :id);
\\elif :kind = 5
BEGIN;
SELECT dynapg.put('Race', jsonb_build_object('id', 'i' || :id, 'until', $until - 1));
SAVEPOINT s;
SELECT dynapg.put('Race', jsonb_build_object('id', 'i' || :id, 'until', $until + 1));
ROLLBACK TO s;
COMMIT;
\\else
SELECT dynapg.expire_items('Race', 20);
\\endif
SQL
	$node->command_ok([ 'pgbench', '-n', '-f', $script, '-c', '5', '-j', '2', '-T', '4', $node->connstr('postgres') ], "$how: writers");
	is($node->safe_psql('postgres', q{SELECT * FROM dynapg.check_table('Race')}), '', "$how: index and items agree");
	is($node->safe_psql('postgres', qq{SELECT count(*) FROM $log l WHERE kind = 'X' AND (old ->> 'until')::numeric > extract(epoch FROM written_at)}),
		'0', "$how: nothing expires too early");
	is($node->safe_psql('postgres', qq{SELECT count(*) FROM (SELECT old, lag(new) OVER (PARTITION BY hash, sort ORDER BY seq) AS before FROM $log l) c
		WHERE old IS DISTINCT FROM before}), '0', "$how: each record goes on from the one before");
	is($node->safe_psql('postgres', qq{SELECT count(*) FROM (SELECT DISTINCT ON (hash, sort) hash, sort, new FROM $log l ORDER BY hash, sort, seq DESC) l
		FULL JOIN dynamo."Race" t USING (hash, sort) WHERE l.new IS DISTINCT FROM t.item}), '0', "$how: the last ones give the table");
	is($node->safe_psql('postgres', qq{SELECT items_deleted = (SELECT count(*) FROM $log l WHERE kind = 'X') AND items_deleted > 0
		FROM dynapg.stat_ttl WHERE table_name = 'Race'}), 't', "$how: what expired is counted");
	return;
}

$node->safe_psql('postgres', create('Race', 1) =~ s/KEYS_ONLY/NEW_AND_OLD_IMAGES/r . update('Race', 'true'));
race('by key');
$node->safe_psql('postgres', q{CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN coalesce(NEW, OLD); END';
	CREATE TRIGGER pass BEFORE INSERT OR UPDATE OR DELETE ON dynamo."Race" FOR EACH ROW EXECUTE FUNCTION pass()});
race('by the executor');
$node->safe_psql('postgres', q{SELECT dynamo_delete_table('{"TableName": "Race"}')});

# --- dump and restore
my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
$node->append_conf('postgresql.conf', 'dynapg.expire_interval = 0');
$node->reload;
ok($node->poll_query_until('postgres', 'SHOW dynapg.expire_interval', '0'), 'nothing is to expire');
# a keeper that comes now knows
my ($last_keeper) = $node->safe_psql('postgres', $keepers =~ s/count\(\*\)/coalesce(min(pid), 0)/r);
$node->safe_psql('postgres', "SELECT pg_terminate_backend($last_keeper)");
ok($node->poll_query_until('postgres', "SELECT count(*) FROM pg_stat_activity WHERE pid = $last_keeper", '0'), 'the keeper ends');
$node->safe_psql('postgres', insert('Sessions', 'dumped', -5));
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('postgres') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], 'restore');
is($node->safe_psql('restored', q{SELECT dynamo_describe_time_to_live('{"TableName": "Sessions"}')}),
	'{"TimeToLiveDescription": {"AttributeName": "until", "TimeToLiveStatus": "ENABLED"}}', 'restored: still ENABLED');
is($node->safe_psql('restored', q{SELECT dynamo_describe_time_to_live('{"TableName": "Many"}')}),
	'{"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}}', 'restored: still DISABLED');
is($node->safe_psql('restored', q{SELECT * FROM dynapg.check_table('Sessions')}), '', 'restored: index and items agree');
is($node->safe_psql('restored', ids('Sessions')), 'dumped later', 'restored: dynapg.expire_interval = 0 keeps the keeper away');
is($node->safe_psql('restored', q{SELECT dynapg.expire_items()}), '1', 'restored: dynapg.expire_items()');
is($node->safe_psql('restored', ids('Sessions')), 'later', 'restored: which removes it');

# --- a standby removes nothing; a promoted one does
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'dynapg.expire_interval = 1');
$standby->start;
$node->safe_psql('postgres', insert('Sessions', 'replicated', -5));
$node->wait_for_catchup($standby);
my ($status, $out, $err) = $standby->psql('postgres', 'SELECT dynapg.expire_items()');
like($err, qr/cannot execute dynapg.expire_items\(\) in a read-only transaction/, 'a standby refuses dynapg.expire_items()');
($status, $out, $err) = $standby->psql('postgres', update('Sessions', 'false'));
like($err, qr/read-only transaction/, 'a standby refuses UpdateTimeToLive');
like($standby->safe_psql('postgres', q{SELECT dynamo_describe_time_to_live('{"TableName": "Sessions"}')}), qr/ENABLED/, 'a standby describes it');
is($standby->safe_psql('postgres', q{SELECT behind > '4 seconds' FROM dynapg.stat_ttl WHERE table_name = 'Sessions'}), 't', 'a standby tells how far behind it is');
is($standby->safe_psql('postgres', $keepers), '0', 'a standby has no keeper');
$standby->promote;
$standby->safe_psql('postgres', q{SELECT dynamo_describe_time_to_live('{"TableName": "Sessions"}')});
left_are($standby, 'postgres', 'Sessions', 'later', 'promoted: the keeper that DescribeTimeToLive starts');
is($standby->safe_psql('postgres', q{SELECT * FROM dynapg.check_table('Sessions')}), '', 'promoted: index and items agree');
$standby->stop;

# --- a restart; and DROP DATABASE while the keeper is there
$node->append_conf('postgresql.conf', 'dynapg.expire_interval = 1');
$reader->end;
$locker->end;
$node->restart;
$node->safe_psql('postgres', q{SELECT dynamo_describe_table('{"TableName": "Sessions"}')});
left_are($node, 'postgres', 'Sessions', 'later', 'after a restart: the keeper that DescribeTable starts');
$node->safe_psql('restored', insert('Sessions', 'soon', -1));
left_are($node, 'restored', 'Sessions', 'later', 'the restored database has a keeper of its own');
run_alone($node, 'DROP DATABASE restored');
ok($node->poll_query_until('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dynapg keeper' AND datname <> current_database()}, '0'),
	'DROP DATABASE is not in its way');
$node->stop;

# --- the endpoint, and no SQL at all
my ($server, $port) = DynapgHttp::start_node('time_to_live_http', "dynapg.workers = 1\ndynapg.developer_mode = on\ndynapg.expire_interval = 1");

sub answer
{
	my ($operation, $body) = @_;
	return DynapgHttp::answer_of(DynapgHttp::call($port, $operation, $body));
}

# Asks until the answer is this one.
sub awaited
{
	my ($operation, $body, $expected, $what) = @_;
	my $deadline = time + 60;
	my $answer;

	while (($answer = answer($operation, $body)) !~ $expected && time < $deadline) { select undef, undef, undef, 0.2; }
	like($answer, $expected, $what);
	return;
}

my $get = '{"TableName":"Sessions","Key":{"id":{"S":"a"}}}';
my $put = sub { return sprintf '{"TableName":"Sessions","Item":{"id":{"S":"a"},"until":{"N":"%d"}}}', time - 10; };
like(answer('CreateTable', '{"TableName":"Sessions","BillingMode":"PAY_PER_REQUEST","KeySchema":[{"AttributeName":"id","KeyType":"HASH"}],'
	. '"AttributeDefinitions":[{"AttributeName":"id","AttributeType":"S"}]}'), qr/^200 /, 'HTTP: CreateTable');
like(answer('UpdateTimeToLive', '{"TableName":"Sessions","TimeToLiveSpecification":{"AttributeName":"a\\u0000b","Enabled":true}}'),
	qr/^400 .*ValidationException.*cannot hold U\+0000/, 'HTTP: a name that the catalog cannot hold');
is(answer('UpdateTimeToLive', '{"TableName":"Sessions","TimeToLiveSpecification":{"AttributeName":"until","Enabled":true}}'),
	'200 {"TimeToLiveSpecification":{"AttributeName":"until","Enabled":true}}', 'HTTP: UpdateTimeToLive');
awaited('DescribeTimeToLive', '{"TableName":"Sessions"}', qr/^200 \{"TimeToLiveDescription":\{"TimeToLiveStatus":"ENABLED","AttributeName":"until"\}\}$/,
	'HTTP: DescribeTimeToLive');
answer('PutItem', $put->());
awaited('GetItem', $get, qr/^200 \{\}$/, 'HTTP: the item expires');
$server->append_conf('postgresql.conf', 'dynapg.expire_interval = 0');
$server->reload;
ok($server->poll_query_until('postgres', 'SHOW dynapg.expire_interval', '0'), 'HTTP: the keeper stops removing');
answer('PutItem', $put->());
$server->append_conf('postgresql.conf', 'dynapg.expire_interval = 1');
$server->restart;
DynapgHttp::wait_for_endpoint($port);
awaited('GetItem', $get, qr/^200 \{\}$/, 'HTTP: after a restart the endpoint starts the keeper');
$server->stop;

done_testing();
