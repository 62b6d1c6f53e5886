# Building and dropping indexes while others write: who is waited for, what goes on meanwhile, and what a crash leaves to do.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;

use DynapgHttp qw(free_http_port);
use DynapgSession;

my $items = 5000;
my $node = PostgreSQL::Test::Cluster->new('indexes');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
# nobody waits for ever
$node->append_conf('postgresql.conf', <<'CONF');
restart_after_crash = on
max_prepared_transactions = 5
idle_in_transaction_session_timeout = 5min
CONF
$node->start;

sub sql { return $node->safe_psql('postgres', "SET statement_timeout TO '300s'; $_[0]"); }
sub await { my ($query, $what) = @_; return ok($node->poll_query_until('postgres', $query), $what); }
sub session { return DynapgSession->new($node); }

sub put
{
	my ($id, $group) = @_;
	return qq{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"id": {"N": "$id"}, "g": {"S": "$group"}}}') IS NOT NULL};
}

sub get_rid
{
	my ($id) = @_;
	return qq{SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"id": {"N": "$id"}}}') IS NOT NULL};
}

sub add_index
{
	my ($name) = @_;
	return qq{SELECT dynamo_update_table('{"TableName": "Music",
		"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
		"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "$name", "Projection": {"ProjectionType": "ALL"},
			"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "id", "KeyType": "RANGE"}]}}]}')
		#>> '{TableDescription,TableStatus}'};
}

sub remove_index
{
	my ($name) = @_;
	return qq{SELECT dynamo_update_table('{"TableName": "Music", "GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": "$name"}}]}')
		#>> '{TableDescription,TableStatus}'};
}

# How many items a Query of the index finds.
sub query
{
	my ($name, $group) = @_;
	return qq{SELECT dynamo_query('{"TableName": "Music", "IndexName": "$name", "Select": "COUNT", "KeyConditionExpression": "g = :g",
		"ExpressionAttributeValues": {":g": {"S": "$group"}}}')->>'Count'};
}

sub describe { return q{SELECT dynamo_describe_table('{"TableName": "Music"}') IS NOT NULL}; }
sub state { return sql("SELECT status, backfilling, kept FROM dynapg.indexes WHERE name = '$_[0]'"); }

# The index is built or gone.
sub await_active { return await("SELECT count(*) = 1 FROM dynapg.indexes WHERE name = '$_[0]' AND status = 'ACTIVE'", "$_[1]: the index is built"); }
sub await_gone { return await("SELECT count(*) = 0 FROM dynapg.indexes WHERE name = '$_[0]'", "$_[1]: the index is dropped"); }
sub is_exact { return is(sql(q{SELECT * FROM dynapg.check_table('Music')}), '', "$_[0]: indexes and items agree"); }

my $builder = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg table job'};
# Whom builders wait for; 0: a prepared transaction
sub await_blocker
{
	my ($pid, $what) = @_;
	return await("SELECT coalesce(bool_or($pid = ANY (pg_blocking_pids(pid))), false) FROM ($builder) b", $what);
}
sub await_no_builder { return await("SELECT count(*) = 0 FROM ($builder) b", "$_[0]: the builder ends"); }

# The key of the item at this place in the order in which a builder reads.
sub key_at { return sql("SELECT item->>'id' FROM dynamo.\"Music\" ORDER BY hash, sort OFFSET $_[0] LIMIT 1"); }

# Locks the item, which stops a builder there: reading locks keep nobody from building.
sub stop_at
{
	my ($place) = @_;
	my $key = key_at($place);
	my $session = session();
	$session->ask("BEGIN; SELECT item FROM dynamo.\"Music\" WHERE item->>'id' = '$key' FOR UPDATE");
	return $session;
}

# The row of the builder at work; the builder has read so many items and waits.
sub await_place
{
	my ($place, $what) = @_;
	return await("SELECT count(*) = 1 FROM dynapg.index_builds WHERE items = $place", $what);
}

$node->safe_psql('postgres', <<"SQL");
CREATE EXTENSION dynapg;
SELECT dynamo_create_table('{"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}]}');
INSERT INTO dynamo."Music" (item) SELECT jsonb_strip_nulls(jsonb_build_object('id', i, 'g', CASE i % 10 WHEN 0 THEN NULL ELSE 'group ' || i % 7 END))
	FROM generate_series(1, $items) i;
SQL

# --- transactions that wrote before the index was there

{
	my ($old, $new) = (session(), session());
	$old->ask('BEGIN; ' . put(10001, 'old writer'));
	sql('BEGIN; ' . put(10002, 'prepared writer') . q{; PREPARE TRANSACTION 'writer'});
	is(sql(add_index('by_g')), 'UPDATING', 'UpdateTable does not wait for transactions that wrote before');

	await_blocker($old->{pid}, 'but the builder waits');
	is(state('by_g'), 'CREATING|f|f', 'and the index is not kept yet');
	is(sql(put(10003, 'meanwhile') . ';' . get_rid(1)), "t\nt", 'others write meanwhile');
	$new->ask('BEGIN; ' . put(10004, 'new writer'));
	is(sql(q{UPDATE dynamo."Music" SET item = item || '{"g": "sql"}' WHERE item->>'id' = '2' RETURNING 1}), '1', 'with plain SQL too');
	isnt(($node->psql('postgres', query('by_g', 'group 1')))[0], 0, 'the index is not read');

	$old->ask('COMMIT');
	await_blocker(0, 'the builder waits for the prepared transaction');
	is(state('by_g'), 'CREATING|f|f', 'still not kept');
	sql(q{COMMIT PREPARED 'writer'});
	await_blocker($new->{pid}, 'it waits for those who wrote before the index was kept');
	is(state('by_g'), 'CREATING|t|t', 'which it is now');
	is(sql('SELECT items, entries FROM dynapg.index_builds'), '0|0', 'nothing is read before that');
	is(sql(put(10005, 'kept') . '; ' . get_rid(3)), "t\nt", 'others write meanwhile');
	$new->ask('COMMIT');
	await_active('by_g', 'writers have ended');
	is_exact('writers have ended');
	foreach my $group ('old writer', 'prepared writer', 'meanwhile', 'new writer', 'kept', 'sql')
	{
		is(sql(query('by_g', $group)), '1', "Query finds the item: $group");
	}
	is(sql(query('by_g', 'group 1')), sql(q{SELECT count(*) FROM dynamo."Music" WHERE item->>'g' = 'group 1'}), 'and all of a group');
	is(sql('SELECT count(*) FROM dynapg.index_builds'), '0', 'the builder has left nothing');
	$_->end foreach $old, $new;
}

# --- dropping: readers are waited for, and nobody else waits

{
	my $reader = session();
	$reader->ask('BEGIN; ' . query('by_g', 'sql'));
	my $relation = sql(q{SELECT relation::oid FROM dynapg.indexes});
	is(sql(remove_index('by_g')), 'UPDATING', 'an index is deleted while it is read');
	await_blocker($reader->{pid}, 'the builder waits for the reader');
	is(state('by_g'), 'DELETING|f|t', 'the index is not read any more, but kept');
	isnt(($node->psql('postgres', query('by_g', 'sql')))[0], 0, 'a new reader is refused');
	is(sql(put(10006, 'sql') . '; ' . get_rid(4)), "t\nt", 'others write meanwhile');
	$reader->ask('COMMIT');
	await_gone('by_g', 'the reader has ended');
	is(sql("SELECT count(*) FROM pg_class WHERE oid = $relation"), '0', 'its relation too');
	$reader->end;
}

# --- deleting an index that is backfilled

{
	my $stopped = stop_at($items / 2);
	sql(add_index('by_g'));
	await_place($items / 2, 'the builder is in the middle');
	is(sql(q{SELECT status, backfilling, items FROM dynapg.index_progress}), 'CREATING|t|' . $items / 2, 'dynapg.index_progress tells so');
	is(sql(remove_index('by_g')), 'UPDATING', 'an index that is backfilled is deleted');
	is(sql(put(10007, 'sql')), 't', 'others write meanwhile');
	$stopped->end;
	await_gone('by_g', 'deleted while it is backfilled');
	is(sql(q{SELECT count(*) FROM pg_class WHERE relnamespace = 'dynapg_index'::regnamespace}) . sql('SELECT count(*) FROM dynapg.index_builds'),
		'00', 'nothing is left of it');
	await_no_builder('deleted while it is backfilled');
}

# --- a builder dies in the middle of a backfill; the next one goes on from there

# One that begins at the beginning would wait for the first item, which is locked.
sub goes_on
{
	my ($what, $die, $resume) = @_;
	my ($first, $middle, $later) = (0, $items / 2, 3 * $items / 4);
	my $name = "by_g_$what" =~ s/\W/_/gr;
	my $stopped = stop_at($middle);

	is(sql(add_index($name)), 'UPDATING', "$what: an index is added");
	await_place($middle, "$what: the builder is in the middle");
	await_blocker($stopped->{pid}, "$what: and waits");
	my $before = sql('SELECT relation, hash, sort, items, entries, started_at FROM dynapg.index_builds');
	my $pid = sql($builder);
	$die->($pid);
	if ($resume)
	{
		await_no_builder($what);
		$stopped->end;
		is(sql('SELECT relation, hash, sort, items, entries, started_at FROM dynapg.index_builds'), $before, "$what: what was done is there");
		is(state($name), 'CREATING|t|t', "$what: and it waits");
		is_exact("$what, half an index");
		sql(put(key_at($middle - 10), "$what, before") . ';' . put(key_at($middle + 10), "$what, behind") . ';' . get_rid(key_at($middle + 20)));
		my ($begin, $end) = (stop_at($first), stop_at($later));
		sql($resume);
		await_blocker($end->{pid}, "$what: a builder is there again, and has not waited for the first item");
		is(sql('SELECT items, started_at IS NOT NULL FROM dynapg.index_builds'), "$later|t", "$what: it has gone on from the middle");
		$end->end;
		await_active($name, $what);
		$begin->end;
	}
	else
	{
		$stopped->end;
		await_active($name, "$what, by itself");
	}
	is_exact($what);
	sql(remove_index($name));
	await_gone($name, $what);
	return;
}

goes_on('builder ended', sub { sql("SELECT pg_terminate_backend($_[0])") }, 'SELECT dynapg.build_indexes()');
goes_on('builder killed', sub { kill_process($node, $_[0]) }, 'SELECT dynapg.build_indexes()');
goes_on('server killed', sub { $node->stop('immediate'); $node->start }, describe());

# an endpoint starts the builders that are missing
my $port = free_http_port();
goes_on('server killed, endpoint', sub {
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'dynapg'\ndynapg.databases = 'postgres:$port'\n");
	$node->stop('immediate');
	$node->start;
});

# --- a crash while an index is dropped

{
	sql(add_index('by_g'));
	await_active('by_g', 'to be dropped');
	my $reader = session();
	$reader->ask('BEGIN; ' . query('by_g', 'sql'));
	sql(remove_index('by_g'));
	await_blocker($reader->{pid}, 'the builder waits for a reader');
	$node->stop('immediate');
	$reader->end;
	$node->start;
	await_gone('by_g', 'dropped after a crash, by itself');
}

# --- an UNLOGGED table is empty after a crash, and so are its indexes

sql(q{SELECT dynamo_create_table('{"TableName": "Cache", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "N"}, {"AttributeName": "g", "AttributeType": "S"}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}]}]}') IS NOT NULL;
	ALTER TABLE dynamo."Cache" SET UNLOGGED});
my $cached = q{SELECT (SELECT count(*) FROM dynamo."Cache"), dynamo_query('{"TableName": "Cache", "IndexName": "by_g", "Select": "COUNT",
	"KeyConditionExpression": "g = :g", "ExpressionAttributeValues": {":g": {"S": "g"}}}')->>'Count', (SELECT count(*) FROM dynapg.check_table('Cache'))};
my $cache = q{INSERT INTO dynamo."Cache" (item) SELECT jsonb_build_object('id', i, 'g', 'g') FROM generate_series(1, 100) i};
sql($cache);
is(sql($cached), '100|100|0', 'an UNLOGGED table');
$node->stop('immediate');
$node->start;
is(sql($cached), '0|0|0', 'is empty after a crash, and so is its index');
sql($cache);
is(sql($cached), '100|100|0', 'and is filled again');
sql('ALTER TABLE dynamo."Cache" SET LOGGED; CHECKPOINT; DELETE FROM dynamo."Cache" WHERE item->>\'id\' = \'1\'');
$node->stop('immediate');
$node->start;
is(sql($cached), '99|99|0', 'not so when it is LOGGED');
sql(q{SELECT dynamo_delete_table('{"TableName": "Cache"}') IS NOT NULL});

# --- settings of the database that are meant for its users do not stop a builder

foreach my $setting ('default_transaction_read_only = on', 'default_transaction_isolation = serializable', 'lock_timeout = 1', 'statement_timeout = 20',
	'session_replication_role = replica', 'row_security = off', 'default_table_access_method = dynapg')
{
	my ($name) = $setting =~ /^(\w+)/;
	my $as_usual = "SET default_transaction_read_only TO off";
	sql("ALTER DATABASE postgres SET $setting");
	# what is too short for a builder may be so for us
	local $ENV{PGOPTIONS} = '-c statement_timeout=300s -c lock_timeout=0';
	$node->safe_psql('postgres', "$as_usual; " . add_index('by_g'));
	await_active('by_g', $setting);
	is_exact($setting);
	$node->safe_psql('postgres', "$as_usual; " . remove_index('by_g'));
	await_gone('by_g', $setting);
	$node->safe_psql('postgres', "$as_usual; ALTER DATABASE postgres RESET $name");
}

# --- where no process is to be had, an index is built and dropped at once, under a lock

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nmax_logical_replication_workers = 0\nmax_worker_processes = 0\n");
$node->restart;
{
	my ($status, $out, $err) = $node->psql('postgres', add_index('by_g'));
	is($status, 0, 'an index is made without a builder') or diag($err);
	like($err, qr/NOTICE:  an index of table "Music" is built under a lock/, 'a notice tells so');
	is(state('by_g'), 'ACTIVE|f|t', 'it is there');
	is_exact('without a builder');
	sql(remove_index('by_g'));
	is(sql('SELECT count(*) FROM dynapg.indexes'), '0', 'and it is gone at once');
}

# --- whom index tables belong to, and what row-level security hides

$node->safe_psql('postgres', 'CREATE ROLE regress_dynapg_owner; CREATE ROLE regress_dynapg_app');
$node->safe_psql('postgres', <<'SQL');
SELECT dynamo_create_table('{"TableName": "Letters", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}, {"AttributeName": "box", "AttributeType": "S"}],
	"LocalSecondaryIndexes": [{"IndexName": "local", "Projection": {"ProjectionType": "KEYS_ONLY"},
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "box", "KeyType": "RANGE"}]}],
	"GlobalSecondaryIndexes": [
		{"IndexName": "whole", "Projection": {"ProjectionType": "ALL"}, "KeySchema": [{"AttributeName": "box", "KeyType": "HASH"}]},
		{"IndexName": "keys", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "box", "KeyType": "HASH"}]}]}');
INSERT INTO dynamo."Letters" (item) SELECT jsonb_build_object('id', 'a', 'n', n, 'box', 'box', 'for', CASE n % 3 WHEN 0 THEN 'regress_dynapg_app' ELSE 'others' END)
	FROM generate_series(1, 30) n;
ALTER TABLE dynamo."Letters" ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON dynamo."Letters" USING (item->>'for' = current_user);
GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo."Letters" TO regress_dynapg_app;
SQL

sub letters
{
	my ($role, $index, $more) = @_;
	my $key = $index eq 'local' ? 'id' : 'box';
	my $value = $index eq 'local' ? 'a' : 'box';
	return $node->safe_psql('postgres', qq{SET ROLE $role;
		SELECT string_agg(i->'n'->>'N', ' ') FROM jsonb_array_elements(dynamo_query('{"TableName": "Letters", "IndexName": "$index",
			"KeyConditionExpression": "$key = :v", "ExpressionAttributeValues": {":v": {"S": "$value"}}$more}')->'Items') i});
}

my $own = '3 6 9 12 15 18 21 24 27 30';
foreach my $index ('whole', 'keys', 'local')
{
	is(letters('regress_dynapg_app', $index, ''), $own, "row-level security: Query of $index shows visible items only");
	is(letters('regress_dynapg_app', $index, ', "ScanIndexForward": false'), join(' ', reverse split / /, $own), "$index, backward");
	is(length letters('postgres', $index, ''), length join(' ', 1 .. 30), "the owner sees all of $index");
	is($node->safe_psql('postgres', qq{SET ROLE regress_dynapg_app;
		SELECT answer->'Count', answer->'ScannedCount' FROM dynamo_scan('{"TableName": "Letters", "IndexName": "$index", "Select": "COUNT"}') answer}),
		'10|10', "Scan of $index does not count the others");
	is($node->safe_psql('postgres', qq{SET ROLE regress_dynapg_app;
		SELECT answer #> '{Items,0,n}', answer #> '{LastEvaluatedKey,n}' FROM dynamo_scan('{"TableName": "Letters", "IndexName": "$index", "Limit": 1}') answer}),
		'{"N": "3"}|{"N": "3"}', "nor does a page of $index end at one of them");
}
# what a role cannot see it does not spoil
is($node->safe_psql('postgres', q{SET ROLE regress_dynapg_app;
	SELECT dynamo_put_item('{"TableName": "Letters", "Item": {"id": {"S": "a"}, "n": {"N": "3"}, "box": {"S": "other"}, "for": {"S": "regress_dynapg_app"}}}')}), '{}',
	'a visible item is moved to another partition of the index');
is(letters('regress_dynapg_app', 'whole', ''), $own =~ s/^3 //r, 'where it is gone');
is($node->safe_psql('postgres', q{SELECT * FROM dynapg.check_table('Letters')}), '', 'row-level security: indexes and items agree');

$node->safe_psql('postgres', 'ALTER TABLE dynamo."Letters" OWNER TO regress_dynapg_owner');
is($node->safe_psql('postgres', q{SELECT DISTINCT relowner::regrole FROM pg_class c JOIN dynapg.indexes i ON i.relation = c.oid WHERE table_name = 'Letters'}),
	'regress_dynapg_owner', 'index tables belong to the new owner');
is($node->safe_psql('postgres', q{SELECT * FROM dynapg.check_table('Letters')}), '', 'ALTER TABLE OWNER: indexes and items agree');
is(letters('regress_dynapg_owner', 'whole', ''), join(' ', 1, 2, 4 .. 30), 'who reads all of the index');
is(letters('regress_dynapg_app', 'keys', ''), $own =~ s/^3 //r, 'the others see what they saw');

# --- what plain DDL says and does

sub refusal
{
	my ($statement) = @_;
	my ($status, $out, $err) = $node->psql('postgres', $statement);
	return $status ? $err =~ s/^psql:\S+ //r =~ s/\nLINE.*//sr : 'done';
}

like(refusal('DROP EXTENSION dynapg'),
	qr/^ERROR:  cannot drop extension dynapg because other objects depend on it.*table dynamo\."Letters" depends on .*table dynapg_index\."Letters~whole" depends on /s,
	'DROP EXTENSION names item tables and index tables');
like(refusal('DROP SCHEMA dynapg_index CASCADE'), qr/^ERROR:  cannot drop schema dynapg_index because extension dynapg requires it/, 'DROP SCHEMA');
like(refusal('DROP TABLE dynapg_index."Letters~whole"'), qr/^ERROR:  the index table of index "whole" of table "Letters" cannot be dropped/, 'DROP TABLE of an index table');
foreach my $role ('postgres', 'regress_dynapg_owner')
{
	like(refusal("SET ROLE $role; $_ dynapg_index.\"Letters~whole\"" . (/UPDATE/ ? ' SET item = item' : '')), qr/^ERROR:  index table "Letters~whole" is kept by dynapg/, "$role: $_ of an index table")
	  foreach 'DELETE FROM', 'UPDATE';
	like(refusal("SET ROLE $role; ALTER TABLE dynapg_index.\"Letters~whole\" $_"), qr/^ERROR:  index table "Letters~whole" must stay what dynapg made/, "$role: ALTER TABLE, $_")
	  foreach 'SET UNLOGGED', 'DROP COLUMN item', 'ALTER item TYPE text';
	is($node->safe_psql('postgres', qq{BEGIN; SET LOCAL ROLE $role; ALTER TABLE dynamo."Letters" SET UNLOGGED; ALTER TABLE dynamo."Letters" DISABLE TRIGGER ALL;
		ALTER TABLE dynamo."Letters" ENABLE TRIGGER ALL; SELECT * FROM dynapg.check_table('Letters'); ROLLBACK}), '', "$role: ALTER TABLE of the item table");
}
like(refusal('SET ROLE regress_dynapg_app; SELECT FROM dynapg_index."Letters~whole"'), qr/^ERROR:  permission denied/, 'entries are for the owner only');

is($node->safe_psql('postgres', q{BEGIN; REASSIGN OWNED BY regress_dynapg_owner TO postgres; SELECT * FROM dynapg.check_table('Letters');
	SELECT DISTINCT relowner::regrole FROM pg_class WHERE relname LIKE 'Letters~%'; ROLLBACK}), 'postgres', 'REASSIGN OWNED');
is($node->safe_psql('postgres', "BEGIN; $_; SELECT (SELECT count(*) FROM dynapg.indexes), (SELECT count(*) FROM pg_class WHERE relname LIKE 'Letters%'); ROLLBACK"), '0|0',
	"$_: indexes go with their table") foreach 'DROP OWNED BY regress_dynapg_owner', 'DROP TABLE dynamo."Letters"';
is(refusal('DROP EXTENSION dynapg CASCADE'), 'done', 'DROP EXTENSION CASCADE');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname LIKE 'Letters%'}), '0', 'leaves nothing');

$node->stop;
done_testing();
