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
		WHEN 'region' THEN SET dynapg.region = 'mars-1';
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
			('region', current_setting('dynapg.region')),
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
is($clean, 'application_name=dynapg endpoint cursors= isolation=read committed prepared= region=us-east-1 search_path=pg_catalog seed= tenant= trap= type=text',
	'a session: READ COMMITTED whatever the configuration says');

foreach my $table ('mallory', 'late')
{
	foreach my $case ('set', 'region', 'local', 'temp', 'temp fails', 'advisory', 'advisory fails', 'type', 'prepare', 'prepare fails',
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

# A setting holds until the end of its own request.
like(answer_of(put_item($port, 'mallory', 'own', key => \@mallory)), $ok, 'a trigger that sets search_path for itself');
is(sql(q{SELECT value FROM public.seen WHERE what = 'own'}), 'public', 'has it');

# Settings of the configuration still come by a reload.
$node->append_conf('postgresql.conf', "dynapg.region = 'eu-west-1'");
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT current_setting('dynapg.region') = 'eu-west-1'}), 'a reload');
my $answer;
foreach (1 .. 100)
{
	$answer = answer_of(call($port, 'ListTables', {}, key => \@alice));
	last if $answer =~ /not 'us-east-1'/;
	select undef, undef, undef, 0.1;
}
like($answer, qr/Credential should be scoped to a valid region, not 'us-east-1'/, 'is seen by the worker');

# PostgreSQL 17's transaction_timeout would end the worker; a request has dynapg.statement_timeout, deferred triggers included.
if (sql(q{SELECT count(*) FROM pg_settings WHERE name = 'transaction_timeout'}))
{
	sql(q{ALTER SYSTEM SET transaction_timeout = '1s'});
	$node->reload;
}
sql(q{ALTER SYSTEM SET dynapg.region = 'us-east-1'});
$node->reload;
foreach (1 .. 100)
{
	last if answer_of(call($port, 'ListTables', {}, key => \@alice)) =~ $ok;
	select undef, undef, undef, 0.1;
}
is(answer_of(put_item($port, $_, 'sleep', key => \@mallory)), '200 {}', "$_: a long request") foreach 'mallory', 'late';
sql(q{ALTER SYSTEM SET dynapg.statement_timeout = '500ms'});
$node->reload;
ok($node->poll_query_until('postgres', q{SELECT current_setting('dynapg.statement_timeout') = '500ms'}), 'a shorter dynapg.statement_timeout');
like(answer_of(put_item($port, $_, 'sleep', key => \@mallory, attributes => { n => { N => '1' } })), $ok, "$_: an update fires no INSERT trigger")
  foreach 'mallory', 'late';
foreach my $table ('mallory', 'late')
{
	my $delete = { TableName => $table, Key => { pk => { S => 'sleep' } } };
	like(answer_of(call($port, 'DeleteItem', $delete, key => \@mallory)), $ok, "$table: a short request");
	like(answer_of(put_item($port, $table, 'sleep', key => \@mallory)), qr/^503 .*statement timeout/, "$table: one that takes too long");
	is(answer_of(get_item($port, $table, 'sleep', key => \@mallory)), '200 {}', "$table: has done nothing");
}

done_testing();
