# Who calls, as access policies and the audit are told: the peer's address, TLS, User-Agent, request id and access key of a request, also in
# triggers and in operations that they call; the connection's client of SQL.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('caller', <<'CONF');
dynapg.workers = 1
listen_addresses = '127.0.0.1'
CONF

sub sql { return $node->safe_psql('postgres', @_); }

# dynamo.outer's trigger puts an item into dynamo.inner, whose triggers, at once and deferred, write down who calls.
sql(<<'SQL');
CREATE ROLE app LOGIN;
CREATE FUNCTION public.caller() RETURNS text AS '$libdir/dynapg', 'dynapg_test_caller' LANGUAGE C;
CREATE TABLE public.seen (pk text, caller text);
GRANT SELECT, INSERT ON public.seen TO app;
SELECT dynamo_create_table(format('{"TableName": %s, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
	"AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}]}', to_json(name))::jsonb) FROM unnest('{outer,inner}'::text[]) name;
GRANT SELECT, INSERT, UPDATE, DELETE ON dynamo."outer", dynamo."inner" TO app;
CREATE FUNCTION public.put_inner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM public.dynamo_put_item(jsonb_build_object('TableName', 'inner', 'Item', jsonb_build_object('pk', jsonb_build_object('S', NEW.item ->> 'pk'))));
	IF NEW.item ->> 'pk' = 'fails' THEN
		RAISE EXCEPTION 'no';
	END IF;
	RETURN NULL;
END $$;
CREATE FUNCTION public.see() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.seen VALUES (NEW.item ->> 'pk', public.caller());
	RETURN NULL;
END $$;
CREATE TRIGGER put_inner AFTER INSERT ON dynamo."outer" FOR EACH ROW EXECUTE FUNCTION public.put_inner();
CREATE TRIGGER see AFTER INSERT ON dynamo."inner" FOR EACH ROW EXECUTE FUNCTION public.see();
CREATE CONSTRAINT TRIGGER see_late AFTER INSERT ON dynamo."inner" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.see();
SQL
my @key = create_key($node, 'app');

# What the triggers saw of an item: the same, both of them.
sub seen
{
	my ($pk) = @_;
	return sql("SELECT string_agg(DISTINCT caller, ' and ') || ' ' || count(*) FROM public.seen WHERE pk = '$pk'");
}

sub put
{
	my ($pk, @headers) = @_;
	return answer_of(put_item($port, 'outer', $pk, key => \@key, headers => \@headers));
}

is(put('plain'), '200 {}', 'a request');
is(seen('plain'), "127.0.0.1 plain - 52 $key[0] - - 2", 'its address, request id and key');
is(put('agent', [ 'User-Agent', 'aws-cli/2.0' ], [ 'X-Forwarded-For', '10.1.2.3' ]), '200 {}', 'a request with headers');
is(seen('agent'), "127.0.0.1 plain aws-cli/2.0 52 $key[0] - - 2", 'User-Agent; X-Forwarded-For is not believed');
is(put('odd', [ 'User-Agent', "a\xffb\tc" ]), '200 {}', 'a request with an odd header');
is(seen('odd'), "127.0.0.1 plain a?b?c 52 $key[0] - - 2", 'what is not printable is a question mark');
like(put('fails', [ 'User-Agent', 'before' ]), qr/^400 /, 'a request that fails');
is(put('after'), '200 {}', 'and one after it');
is(seen('after'), "127.0.0.1 plain - 52 $key[0] - - 2", 'has nothing of it');

is(sql('SELECT public.caller()'), '- plain - 0 - - -', 'SQL over a local socket');
my $tcp = 'host=127.0.0.1 dbname=postgres port=' . $node->port;
is(sql('SELECT public.caller()', connstr => $tcp), '127.0.0.1 plain - 0 - - -', 'SQL over TCP');
$node->append_conf('postgresql.conf', "log_hostname = on\n");
$node->reload;
is(sql('SELECT public.caller()', connstr => $tcp), '127.0.0.1 plain - 0 - - -', 'an address, also where the server looks for its name');

# whoever says that his function may be called in a parallel worker does not get rid of policies
my ($status, $out, $error) = $node->psql('postgres', <<'SQL');
CREATE FUNCTION public.safe_caller(integer) RETURNS text AS $$ SELECT public.caller() $$ LANGUAGE sql PARALLEL SAFE VOLATILE;
CREATE TABLE public.rows AS SELECT generate_series(1, 100) AS n;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET parallel_leader_participation = off;
SELECT DISTINCT public.safe_caller(n) FROM public.rows;
SQL
like($error, qr/functions of dynapg cannot be called in a parallel worker/, 'a parallel worker has no caller');

$node->stop;
done_testing();
