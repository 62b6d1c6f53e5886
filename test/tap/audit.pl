# The audit over HTTP: who, from where, and what came of it, once for each request; what was refused before it was anybody's; lines
# that nobody forges; and the table, which loses nothing by rollbacks or kills.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use DynapgHttp;

my $marker = 'audited-4711: ';
my ($node, $port) = start_node('audit', <<"CONF");
dynapg.workers = 1
dynapg.lock_timeout = '60s'
dynapg.audit = data
dynapg.audit_marker = '$marker'
log_min_messages = warning
restart_after_crash = on
CONF

sub sql { return $node->safe_psql('postgres', @_); }

# The events that the log has from an offset on.
sub events
{
	my ($offset) = @_;
	my $log = slurp_file($node->logfile, $offset);
	return map { json()->decode($_) } $log =~ /LOG:  \Q$marker\E(\{.*\})$/mg;
}

# Those of one request, by its User-Agent.
sub events_of
{
	my ($agent) = @_;
	return grep { ($_->{userAgent} // '') eq $agent } events(0);
}

# name, error, and what else is asked for, of the one event of a request
sub told
{
	my ($agent, @members) = @_;
	my @events = events_of($agent);

	return scalar(@events) . ' events' if @events != 1;
	return join ' ', map { my $v = $events[0]; $v = $v->{$_} foreach split /\./; ref $v ? json()->encode($v) : $v // '-' } 'eventName', 'errorCode', @members;
}

sub agent { return headers => [ [ 'User-Agent', $_[0] ] ]; }

sql('CREATE ROLE app LOGIN; CREATE ROLE stranger LOGIN; GRANT CREATE, USAGE ON SCHEMA dynamo TO app');
my @app = create_key($node, 'app');
my @stranger = create_key($node, 'stranger');

# ---------------------------------------------------------------- requests

like(answer_of(create_table($port, 'aaa', key => \@app, agent('create'))), qr/^200/, 'a table');
is(told('create', qw(managementEvent eventCategory responseElements.tableDescription.tableName requestParameters.tableName)),
	'CreateTable - ' . json()->encode(JSON::PP::true) . ' Management aaa aaa', 'a management event tells what was answered');

my $answer = put_item($port, 'aaa', 'one', key => \@app, attributes => { secret => { S => 'hidden' } }, agent('put'));
is(answer_of($answer), '200 {}', 'an item');
is( told('put', 'requestParameters', 'sourceIPAddress', 'userIdentity.type', 'userIdentity.userName', 'userIdentity.accessKeyId', 'requestID',
		'additionalEventData.interface', 'additionalEventData.sessionUser', 'responseElements'),
	qq(PutItem - {"item":["pk","secret"],"tableName":"aaa"} 127.0.0.1 IAMUser app $app[0] $answer->{headers}{'x-amzn-requestid'} HTTP app -),
	'a data event tells who and from where, and nothing of the item');
get_item($port, 'aaa', 'one', key => \@app, agent('get'));
is(told('get', 'requestParameters.key', 'readOnly'), 'GetItem - {"pk":"one"} ' . json()->encode(JSON::PP::true), 'a read');

get_item($port, 'aaa', 'one', key => \@stranger, agent('denied'));
like(told('denied', 'errorMessage', 'userIdentity.userName'),
	qr/^GetItem AccessDeniedException User: arn:aws:iam::000000000000:user\/stranger is not authorized .* stranger$/, 'who is denied');
call($port, 'PutItem', { TableName => 'aaa', Item => { pk => { S => 'one' } }, ConditionExpression => 'attribute_not_exists(pk)' },
	key => \@app, agent('condition'));
is(told('condition', 'errorMessage'), 'PutItem ConditionalCheckFailedException The conditional request failed', 'a condition that fails');
call($port, 'PutItem', '{"TableName": "aaa"', key => \@app, agent('no json'));
is(told('no json', 'requestParameters'), 'PutItem SerializationException -', 'a body that is no JSON');

# ---------------------------------------------------------------- locks and commits

my $session = $node->background_psql('postgres');
$session->query_safe(q(BEGIN; UPDATE dynamo.aaa SET item = item));
my $waiting = in_background(sub { put_item($port, 'aaa', 'one', key => \@app, agent('waits')) });
sub metrics { return exchange($port, "GET /metrics HTTP/1.1\r\nHost: test\r\n\r\n")->{body}; }
ok(eventually(20, sub { metrics() =~ /^dynapg_requests_waiting_for_locks [1-9]/m }), 'a request is set aside') or diag(metrics());
is(scalar(events_of('waits')), 0, 'of a request that waits for a lock there is no event yet');
$session->query_safe('COMMIT');
is(wait_for($waiting), '200 {}', 'it has its lock');
is(told('waits'), 'PutItem -', 'and one event, whatever it has tried before');
$session->quit;

sql(q(ALTER SYSTEM SET dynapg.lock_timeout = '300ms'));
reload_settings($node);
my $holder = $node->background_psql('postgres');
$holder->query_safe(q(BEGIN; UPDATE dynamo.aaa SET item = item));
$answer = put_item($port, 'aaa', 'one', key => \@app, attributes => { n => { N => '1' } }, agent('gives up'));
like(answer_of($answer), qr/^400 .*TransactionConflict/, 'a request whose lock is not to be had in time');
is(told('gives up', 'userIdentity.userName', 'requestParameters', 'requestID'),
	qq(PutItem TransactionConflictException app {"item":["n","pk"],"tableName":"aaa"} $answer->{headers}{'x-amzn-requestid'}), 'has one event');
$holder->query_safe('COMMIT');
$holder->quit;
sql('ALTER SYSTEM RESET dynapg.lock_timeout');
$node->reload;

sql(q(CREATE FUNCTION public.late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'hidden %', NEW.item; END $$;
	CREATE CONSTRAINT TRIGGER late AFTER INSERT ON dynamo.aaa DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.late()));
put_item($port, 'aaa', 'late', key => \@app, agent('late'));
is(told('late', 'errorMessage'), 'PutItem ValidationException SQLSTATE P0001', 'what fails at its commit has failed, and PostgreSQL\'s message is not told');
sql('DROP TRIGGER late ON dynamo.aaa');

# ---------------------------------------------------------------- refused before they are anybody's

get_item($port, 'aaa', 'one', key => [ $app[0], 'wrong' ], agent('wrong secret'));
is(told('wrong secret', 'userIdentity'), qq(GetItem InvalidSignatureException {"accessKeyId":"$app[0]","type":"Unknown"}), 'a wrong signature');
get_item($port, 'aaa', 'one', key => [ 'AKIANONE', 'wrong' ], agent('unknown key'));
is(told('unknown key', 'userIdentity'), 'GetItem UnrecognizedClientException {"accessKeyId":"AKIANONE","type":"Unknown"}', 'an unknown key');
get_item($port, 'aaa', 'one', agent('no key'));
is(told('no key', 'userIdentity'), 'GetItem MissingAuthenticationTokenException {"type":"Unknown"}', 'no signature at all');
# the same in CloudWatch's and Application Auto Scaling's protocols
sub other_service
{
	my ($agent, $service, $key, $headers, $body, $path) = @_;
	my @headers = ([ 'Host', "127.0.0.1:$port" ], @$headers, [ 'User-Agent', $agent ]);

	sign_headers(\@headers, $body, @$key, service => $service, path => $path // '/');
	return exchange($port, post_bytes(\@headers, $body, uri => $path // '/'))->{status};
}
my $json = [ 'Content-Type', 'application/x-amz-json-1.1' ];
my $form = [ 'Content-Type', 'application/x-www-form-urlencoded' ];
is(other_service('CloudWatch', 'monitoring', [ $app[0], 'wrong' ], [ [ 'X-Amz-Target', 'GraniteServiceVersion20100801.ListMetrics' ], $json ], '{}'), 403, 'CloudWatch: a wrong signature');
is(told('CloudWatch', 'userIdentity'), qq(- InvalidSignatureException {"accessKeyId":"$app[0]","type":"Unknown"}), 'is an event');
is(other_service('Scaling', 'application-autoscaling', [ $app[0], 'wrong' ], [ [ 'X-Amz-Target', 'AnyScaleFrontendService.DescribeScalableTargets' ], $json ], '{}'), 400,
	'Application Auto Scaling: a wrong signature');
is(told('Scaling', 'userIdentity'), qq(- InvalidSignatureException {"accessKeyId":"$app[0]","type":"Unknown"}), 'is an event');
is(other_service('form', 'monitoring', [ 'AKIANONE', 'wrong' ], [$form], 'Action=ListMetrics'), 403, 'a form: an unknown key');
is(told('form', 'userIdentity'), '- UnrecognizedClientException {"accessKeyId":"AKIANONE","type":"Unknown"}', 'is an event');
is(other_service('large form', 'monitoring', [ 'AKIANONE', 'wrong' ], [$form], 'Action=ListMetrics&' . 'x' x 100000), 403, 'a large form: an unknown key');
is(told('large form', 'userIdentity'), '- UnrecognizedClientException {"accessKeyId":"AKIANONE","type":"Unknown"}', 'is an event');
is(other_service('CBOR', 'monitoring', [ 'AKIANONE', 'wrong' ], [ [ 'Content-Type', 'application/cbor' ] ], "\xA0", '/service/GraniteServiceVersion20100801/operation/ListMetrics'), 403,
	'CBOR: an unknown key');
is(told('CBOR', 'userIdentity'), '- UnrecognizedClientException {"accessKeyId":"AKIANONE","type":"Unknown"}', 'is an event');
is(other_service('known', 'monitoring', \@app, [$form], 'Action=ListMetrics'), 200, 'what is not refused');
is(scalar(events_of('known')), 0, 'is none');

my $offset = -s $node->logfile;
my $started = time();
get_item($port, 'aaa', 'one', agent('flood')) foreach 1 .. 200;
my $seconds = time() - $started + 2;
sleep 1;
get_item($port, 'aaa', 'one', agent('flood'));
my @flood = grep { $_->{userAgent} eq 'flood' } events($offset);
my $suppressed = 0;
$suppressed += $_->{additionalEventData}{suppressed} // 0 foreach @flood;
cmp_ok(scalar(@flood), '<=', 10 * $seconds, 'refusals do not flood the log');
is(@flood + $suppressed, 201, 'and how many there were is told');

# ---------------------------------------------------------------- forgeries

my $forged = qq(x" \t{"eventName":"DeleteTable"} \x9b2J\xff\xe2\x80\xa8);
my $lines = () = slurp_file($node->logfile) =~ /\Q$marker\E/g;
get_item($port, 'aaa', 'one', key => \@app, headers => [ [ 'User-Agent', $forged ] ]);
my $after = () = slurp_file($node->logfile) =~ /\Q$marker\E/g;
is($after, $lines + 1, 'one line a request, whatever its headers');
unlike(slurp_file($node->logfile), qr/^.*\Q$marker\E.*[^ -~\n].*$/m, 'lines are printable ASCII');
call($port, 'GetItem', { TableName => 'aaa', Key => { pk => { S => "a\n2026-01-01 LOG:  $marker\{\}\x{85}\x{2028}" } } }, key => \@app, agent('key'));
is(told('key', 'requestParameters.key.pk'), "GetItem - a\n2026-01-01 LOG:  $marker\{\}\x{85}\x{2028}", 'a key with line ends');
unlike(slurp_file($node->logfile), qr/^[^{]*LOG:  \Q$marker\E\{\}/m, 'begins no line');
is($node->psql('postgres', 'SHOW dynapg.audit_marker', extra_params => [ '-U', 'app' ]), 3, 'the marker is for those who may read all settings');

# before the library is there a setting is anybody's to name
$node->psql('postgres', q(SET dynapg.audit = off; SET application_name = 'quiet'; SELECT count(*) FROM dynapg.items('aaa', 'one')), on_error_stop => 0, extra_params => [ '-U', 'app' ]);
is(told('quiet'), 'Query -', 'and nobody switches the audit off for a session');

# ---------------------------------------------------------------- the table

$node->append_conf('postgresql.conf', "dynapg.audit_destination = table\n");
$node->reload;
sub rows { return sql("SELECT count(*) FROM dynapg.audit_events WHERE event ->> 'userAgent' = '$_[0]'"); }
ok(eventually(20, sub { get_item($port, 'aaa', 'one', key => \@app, agent('to table')); rows('to table') > 0 }), 'events get into the table');
get_item($port, 'aaa', 'one', key => \@stranger, agent('table denied'));
$node->psql('postgres', q(SET application_name = 'rolled back'; BEGIN; SELECT dynapg.put('aaa', '{"pk": "x"}'); SELECT 1/0; ROLLBACK));
ok(eventually(20, sub { rows('table denied') == 1 && rows('rolled back') == 1 }), 'those of denied requests and of transactions that were rolled back, too');
is(scalar(events_of('table denied')), 0, 'and not into the log');
is(sql(q(SELECT bool_and(date_trunc('second', event_time) = (event ->> 'eventTime')::timestamptz AND event_id::text = event ->> 'eventID') FROM dynapg.audit_events)), 't', 'by their times');

# the keeper is killed, and all of the server with it
my @agents = map { "kill $_" } 1 .. 3;
foreach my $agent (@agents)
{
	get_item($port, 'aaa', "$agent $_", key => \@app, agent($agent)) foreach 1 .. 20;
	kill_process($node, sql(q(SELECT pid FROM pg_stat_activity WHERE backend_type IN ('dynapg keeper', 'checkpointer') ORDER BY backend_type DESC LIMIT 1)));
	ok(wait_for_endpoint($port), 'the server is there again');
}
ok(eventually(60, sub { get_item($port, 'aaa', 'one', key => \@app) && join(' ', map { rows($_) } @agents) eq '20 20 20' }), 'no event is lost or doubled by kills')
  or diag(join ' ', map { rows($_) } @agents);

# retention
sql(q(UPDATE dynapg.audit_events SET event_time = event_time - interval '100 days' WHERE event ->> 'userAgent' = 'kill 1'));
ok(eventually(60, sub { rows('kill 1') == 0 && rows('kill 2') == 20 }), 'old events go');

$node->stop;
done_testing();
