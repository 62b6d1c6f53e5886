# A worker of the HTTP endpoint serves many roles, one after the other: nothing that the functions of one of them do to the
# session is there for the next one.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('session', <<'CONF');
dynapg.workers = 1
default_transaction_isolation = 'serializable'
default_transaction_deferrable = on
CONF
my $ok = qr/^200 /;

sub sql { return $node->safe_psql('postgres', $_[0]); }

# A table of a role's own, with a trigger that does what the item's attribute "do" says: a name of a case below.
sql(<<'SQL');
CREATE ROLE mallory LOGIN;
CREATE ROLE alice LOGIN;
GRANT CREATE ON DATABASE postgres TO mallory, alice;
GRANT CREATE, USAGE ON SCHEMA dynamo TO mallory, alice;
CREATE TABLE public.seen (what text, value text);
GRANT SELECT, INSERT ON public.seen TO mallory, alice;
CREATE SEQUENCE public.counter;
SELECT setseed(0.5);
CREATE TABLE public.known AS SELECT random() AS value;
GRANT SELECT ON public.known TO mallory, alice;
GRANT USAGE ON SEQUENCE public.counter TO mallory, alice;
CREATE FUNCTION public.act() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	CASE NEW.item ->> 'pk'
		WHEN 'set' THEN
			SET application_name = 'mallory';
			SET search_path = mallory, pg_catalog;
			PERFORM set_config('mallory.tenant', 'other', false);
		WHEN 'shards' THEN SET dynapg.stream_shards = 7;
		WHEN 'local' THEN SET LOCAL search_path = mallory;
		WHEN 'temp' THEN CREATE TEMPORARY TABLE trap (what text, value text);
		WHEN 'temp fails' THEN CREATE TEMPORARY TABLE trap (what text, value text); PERFORM 1 / 0;
		WHEN 'advisory' THEN PERFORM pg_advisory_lock(4711);
		WHEN 'advisory fails' THEN PERFORM pg_advisory_lock(4712); PERFORM 1 / 0;
		WHEN 'type' THEN EXECUTE format('CREATE DOMAIN %s.text AS pg_catalog.text CHECK (false)', pg_my_temp_schema()::regnamespace);
		WHEN 'prepare' THEN EXECUTE 'PREPARE trap AS SELECT 1';
		WHEN 'prepare fails' THEN EXECUTE 'PREPARE trap AS SELECT 1'; PERFORM 1 / 0;
		WHEN 'hold' THEN EXECUTE 'DECLARE trap CURSOR WITH HOLD FOR SELECT 1';
		WHEN 'sequence' THEN PERFORM nextval('public.counter');
		WHEN 'seed' THEN PERFORM setseed(0.5);
		WHEN 'sleep' THEN PERFORM pg_sleep(1.5);
		WHEN 'own' THEN
			SET search_path = public;
			INSERT INTO seen VALUES ('own', current_setting('search_path'));
		ELSE NULL;
	END CASE;
	IF NEW.item ->> 'pk' = 'look' THEN
		BEGIN
			INSERT INTO public.seen VALUES ('sequence', lastval());
		EXCEPTION WHEN object_not_in_prerequisite_state THEN NULL;
		END;
		INSERT INTO public.seen VALUES
			('search_path', current_setting('search_path')),
			('application_name', current_setting('application_name')),
			('tenant', current_setting('mallory.tenant', true)),
			('shards', current_setting('dynapg.stream_shards')),
			('isolation', current_setting('transaction_isolation')),
			('trap', to_regclass('trap')::text),
			('type', to_regtype('text')::oid::regtype::text),
			('seed', (SELECT 'known' FROM public.known WHERE value = random())),
			('cursors', (SELECT string_agg(name, ' ') FROM pg_cursors WHERE is_holdable)),
			('prepared', (SELECT string_agg(name, ' ') FROM pg_prepared_statements));
	END IF;
	RETURN NULL;
END $$;
SQL
my @mallory = create_key($node, 'mallory');
my @alice = create_key($node, 'alice');

foreach my $owner ([ 'mallory', \@mallory, 'NOT DEFERRABLE' ], [ 'late', \@mallory, 'DEFERRABLE INITIALLY DEFERRED' ], [ 'alice', \@alice, 'NOT DEFERRABLE' ])
{
	my ($table, $key, $when) = @$owner;
	my $answer = answer_of(create_table($port, $table, key => $key));
	like($answer, $ok, "a table: $table");
	sql("CREATE CONSTRAINT TRIGGER act AFTER INSERT ON dynamo.$table $when FOR EACH ROW EXECUTE FUNCTION public.act()");
}

# What alice's trigger sees.
my $looks = 0;
sub look
{
	sql('TRUNCATE public.seen');
	is(answer_of(call($port, 'DeleteItem', { TableName => 'alice', Key => { pk => { S => 'look' } } }, key => \@alice)), '200 {}', 'alice deletes');
	is(answer_of(put_item($port, 'alice', 'look', key => \@alice)), '200 {}', 'alice writes');
	return sql('SELECT string_agg(what || \'=\' || coalesce(value, \'\'), \' \' ORDER BY what) FROM public.seen');
}

my $clean = look();
is($clean, 'application_name=dynapg endpoint cursors= isolation=read committed prepared= search_path=pg_catalog seed= shards=1 tenant= trap= type=text',
	'a session: READ COMMITTED whatever the configuration says');

foreach my $table ('mallory', 'late')
{
	foreach my $case ('set', 'shards', 'local', 'temp', 'temp fails', 'advisory', 'advisory fails', 'type', 'prepare', 'prepare fails',
		'hold', 'sequence', 'seed')
	{
		my $answer = answer_of(put_item($port, $table, $case, key => \@mallory));
		like($answer, $case =~ /fails/ ? qr/^400 / : $ok, "$table, $case: done");
		is(look(), $clean, "$table, $case: alice sees nothing of it");
	}
}
is(sql(q{SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'}), 0, 'no advisory lock is left');
is(sql(q{SELECT count(*) FROM pg_class WHERE relname = 'trap'}), 0, 'no temporary table is left');
is(answer_of(put_item($port, 'mallory', 'temp', key => \@mallory, attributes => { n => { N => '2' } })), '200 {}', 'the name is free again');

# ---------------------------------------------------------------- a request is its role's session

# A table whose triggers, at once and deferred, say who they are, after they have tried to be somebody else by what "do" says; and
# a function of alice's that tries it, too, as a security definer.
like(answer_of(create_table($port, 'who', key => \@mallory)), $ok, 'a table: who');
sql(<<'SQL');
CREATE TABLE public.identity (at text, who text);
GRANT SELECT, INSERT ON public.identity TO mallory;
GRANT alice TO mallory;
CREATE FUNCTION public.attempt(command text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE command;
	RETURN 'done';
EXCEPTION WHEN insufficient_privilege OR invalid_transaction_state OR active_sql_transaction OR feature_not_supported THEN RETURN 'refused';
END $$;
CREATE FUNCTION public.attempt_as_alice(command text) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN public.attempt(command);
END $$;
ALTER FUNCTION public.attempt_as_alice(text) OWNER TO alice;
CREATE FUNCTION public.with_role() RETURNS text LANGUAGE sql SET role = postgres AS 'SELECT current_user';
CREATE FUNCTION public.with_session() RETURNS text LANGUAGE sql SET session_authorization = postgres AS 'SELECT session_user';
CREATE FUNCTION public.say_who() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	outcome text = 'none';
BEGIN
	IF NEW.item ? 'do' THEN
		outcome = public.attempt(NEW.item ->> 'do') || ' ' || public.attempt_as_alice(NEW.item ->> 'do');
	END IF;
	INSERT INTO public.identity VALUES (TG_ARGV[0], concat_ws(' ', session_user, current_user, current_setting('is_superuser'),
		current_setting('role'), row_security_active('public.seen'), outcome));
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER soon AFTER INSERT OR UPDATE ON dynamo.who FOR EACH ROW EXECUTE FUNCTION public.say_who('soon');
CREATE CONSTRAINT TRIGGER late AFTER INSERT OR UPDATE ON dynamo.who DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION public.say_who('late');
SQL
my @ways = (
	'RESET ROLE', 'SET ROLE NONE', 'SET ROLE postgres', 'SET LOCAL ROLE postgres', 'SET ROLE alice', 'RESET SESSION AUTHORIZATION',
	'SET SESSION AUTHORIZATION DEFAULT', 'SET SESSION AUTHORIZATION postgres', 'SET LOCAL SESSION AUTHORIZATION DEFAULT',
	q{SELECT set_config('role', 'postgres', false)}, q{SELECT set_config('role', 'none', true)},
	q{SELECT set_config('session_authorization', 'postgres', false)}, q{SELECT set_config('session_authorization', 'postgres', true)},
	q{UPDATE pg_settings SET setting = 'postgres' WHERE name = 'session_authorization'},
	'SELECT public.with_role()', 'SELECT public.with_session()', 'DISCARD ALL',
	'DO $$ BEGIN RESET SESSION AUTHORIZATION; EXCEPTION WHEN others THEN RESET ROLE; END $$');
my $item = 0;
foreach my $way (undef, @ways)
{
	my $attributes = defined $way ? { do => { S => $way } } : {};
	my $name = $way // 'no attempt';
	my $outcome = !defined $way ? 'none' : $way =~ /^UPDATE/ ? 'done done' : 'refused refused';
	sql('TRUNCATE public.identity');
	is(answer_of(put_item($port, 'who', 'item ' . $item++, key => \@mallory, attributes => $attributes)), '200 {}', "$name: written");
	is(sql(q{SELECT string_agg(at || ': ' || who, ', ' ORDER BY at DESC) FROM public.identity}),
		join(', ', map { "$_: mallory mallory off none f $outcome" } 'soon', 'late'),
		"$name: the session is its role's, at once and in a deferred trigger");
}
my $as_psql = sql(q{SET SESSION AUTHORIZATION mallory; SELECT concat_ws(' ', session_user, current_user, current_setting('is_superuser'))});
is($as_psql, 'mallory mallory off', 'as the session of a role that has logged in');

# After a request that fails, and one whose answer cannot be made, the next one is its own role's again.
my $is_alice = sub {
	sql('TRUNCATE public.identity');
	is(answer_of(call($port, 'DeleteItem', { TableName => 'alice', Key => { pk => { S => 'me' } } }, key => \@alice)), '200 {}', "$_[0]: alice deletes");
	is(answer_of(put_item($port, 'alice', 'me', key => \@alice)), '200 {}', "$_[0]: alice writes");
	is(sql('SELECT who FROM public.identity'), 'alice alice off none f none', "$_[0]: her session");
};
sql(q{GRANT INSERT ON public.identity TO alice;
	CREATE CONSTRAINT TRIGGER who AFTER INSERT ON dynamo.alice FOR EACH ROW WHEN (NEW.item ->> 'pk' = 'me') EXECUTE FUNCTION public.say_who('alice')});
$is_alice->('a request that has succeeded');
like(answer_of(put_item($port, 'who', 'fails', key => \@mallory, attributes => { do => { S => 'SELECT 1 / 0' } })), qr/^400 /, 'a request that fails');
$is_alice->('after it');

# An error whose answer cannot be made: memory does not suffice to write its message, each character of which takes six in JSON.
# Its transaction ends all the same, and so does its role's session.
{
	my $worker = sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint'});
	my ($pages) = split / /, slurp_file("/proc/$worker/statm");
	my $limit = $pages * 4096 + 110 * 1024 * 1024;
	my $raise = q{DO $$ BEGIN RAISE EXCEPTION USING MESSAGE = repeat(E'\x01', 12000000); END $$};

	system_or_bail('prlimit', '--pid', $worker, "--as=$limit:");
	is(answer_of(put_item($port, 'who', 'large message', key => \@mallory, attributes => { do => { S => $raise } })),
		'500 {"__type":"com.amazonaws.dynamodb.v20120810#InternalServerError","message":"Internal server error"}',
		'an error whose answer cannot be made: InternalServerError');
	system_or_bail('prlimit', '--pid', $worker, '--as=unlimited:');
	is(sql(qq{SELECT count(*) FROM pg_stat_activity WHERE pid = $worker AND xact_start IS NOT NULL}), 0, 'its transaction has ended');
	is(answer_of(get_item($port, 'who', 'large message', key => \@mallory)), '200 {}', 'it has done nothing');
	$is_alice->('after it');
	is(sql(q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint'}), $worker, 'the worker goes on');
}

# Whoever has logged in as a superuser is one.
my @postgres = create_key($node, 'postgres');
sql('TRUNCATE public.identity');
is(answer_of(put_item($port, 'who', 'root', key => \@postgres)), '200 {}', "a superuser's key");
is(sql(q{SELECT DISTINCT who FROM public.identity}), 'postgres postgres on none f none', 'is a superuser\'s session');
$is_alice->('after a superuser');

# A policy that asks for session_user lets the same rows be seen as in psql; and a function's parallel workers are the role's.
like(answer_of(create_table($port, 'rows', key => \@postgres)), $ok, 'a table with policies');
sql(<<'SQL');
SELECT dynapg.put('rows', '{"pk": "secret"}'), dynapg.put('rows', '{"pk": "open"}');
GRANT SELECT ON dynamo.rows TO mallory, alice;
ALTER TABLE dynamo.rows ENABLE ROW LEVEL SECURITY;
CREATE POLICY owners ON dynamo.rows USING (session_user = 'postgres');
CREATE POLICY readers ON dynamo.rows TO alice USING (session_user = 'alice');
CREATE POLICY open ON dynamo.rows TO mallory USING (item ->> 'pk' = 'open');
SQL
sql(<<'SQL');
CREATE FUNCTION public.who_in_parallel() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY SELECT concat_ws(' ', session_user, current_user, current_setting('is_superuser')) FROM public.known;
END $$;
CREATE FUNCTION public.say_who_in_parallel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.identity SELECT 'parallel', public.who_in_parallel();
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER parallel AFTER INSERT ON dynamo.who FOR EACH ROW WHEN (NEW.item ->> 'pk' = 'parallel')
	EXECUTE FUNCTION public.say_who_in_parallel();
SQL
my $forced = sql(q{SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')});
foreach my $parallel ('off', 'on')
{
	sql("ALTER SYSTEM SET $forced = $parallel; ALTER SYSTEM SET parallel_setup_cost = 0; ALTER SYSTEM SET min_parallel_table_scan_size = 0");
	reload_settings($node);
	my $scan = sub { answer_of(call($port, 'Scan', { TableName => 'rows' }, key => $_[0])) };
	is($scan->(\@mallory), '200 {"Items":[{"pk":{"S":"open"}}],"Count":1,"ScannedCount":1}', "a policy by session_user, parallel $parallel: mallory");
	like($scan->(\@alice), qr/"Count":2/, "a policy by session_user, parallel $parallel: alice");
	is(answer_of(get_item($port, 'rows', 'secret', key => \@mallory)), '200 {}', "and GetItem, parallel $parallel");
}
like(sql('EXPLAIN (ANALYZE, COSTS OFF) SELECT session_user FROM public.known'), qr/Workers Launched: 1/, 'queries are parallel');
sql('TRUNCATE public.identity');
is(answer_of(put_item($port, 'who', 'parallel', key => \@mallory)), '200 {}', 'a trigger with a parallel query');
is(sql(q{SELECT who FROM public.identity WHERE at = 'parallel'}), 'mallory mallory off', 'is its role there, too');
sql("ALTER SYSTEM RESET $forced; ALTER SYSTEM RESET parallel_setup_cost; ALTER SYSTEM RESET min_parallel_table_scan_size");
$node->reload;

# The server sees the worker as its own.
is(sql(q{SELECT DISTINCT usename FROM pg_stat_activity WHERE backend_type = 'dynapg endpoint'}), 'postgres', 'pg_stat_activity');

# A setting holds until the end of its own request.
like(answer_of(put_item($port, 'mallory', 'own', key => \@mallory)), $ok, 'a trigger that sets search_path for itself');
is(sql(q{SELECT value FROM public.seen WHERE what = 'own'}), 'public', 'has it');

# Settings of the configuration still come by a reload.
$node->append_conf('postgresql.conf', "dynapg.region = 'eu-west-1'");
reload_settings($node);
is(sql('SHOW dynapg.region'), 'eu-west-1', 'a reload');
like(answer_of(call($port, 'ListTables', {}, key => \@alice)), qr/Credential should be scoped to a valid region\. /, 'is seen by the worker');

# PostgreSQL 17's transaction_timeout would end the worker; a request has dynapg.statement_timeout, deferred triggers included.
if (sql(q{SELECT count(*) FROM pg_settings WHERE name = 'transaction_timeout'}))
{
	sql(q{ALTER SYSTEM SET transaction_timeout = '1s'});
}
sql(q{ALTER SYSTEM SET dynapg.region = 'us-east-1'});
reload_settings($node);
like(answer_of(call($port, 'ListTables', {}, key => \@alice)), $ok, 'the region is what it was');
is(answer_of(put_item($port, $_, 'sleep', key => \@mallory)), '200 {}', "$_: a long request") foreach 'mallory', 'late';
sql(q{ALTER SYSTEM SET dynapg.statement_timeout = '500ms'});
reload_settings($node);
is(sql('SHOW dynapg.statement_timeout'), '500ms', 'a shorter dynapg.statement_timeout');
# where the machine is busy, half a second may be too short for a request that does nothing but be executed
foreach my $table ('mallory', 'late')
{
	ok(eventually(10, sub { answer_of(put_item($port, $table, 'sleep', key => \@mallory, attributes => { n => { N => '1' } })) =~ $ok }), "$table: an update fires no INSERT trigger");
}
foreach my $table ('mallory', 'late')
{
	my $delete = { TableName => $table, Key => { pk => { S => 'sleep' } } };
	ok(eventually(10, sub { answer_of(call($port, 'DeleteItem', $delete, key => \@mallory)) =~ $ok }), "$table: a short request");
	like(answer_of(put_item($port, $table, 'sleep', key => \@mallory)), qr/^503 .*statement timeout/, "$table: one that takes too long");
	ok(eventually(10, sub { answer_of(get_item($port, $table, 'sleep', key => \@mallory)) eq '200 {}' }), "$table: has done nothing");
}

done_testing();
