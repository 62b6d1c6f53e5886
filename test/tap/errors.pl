# PostgreSQL's errors over HTTP: what users' triggers, constraints and settings can raise is the service's exception, and no 500.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my ($node, $port) = start_node('errors', <<'CONF');
wal_level = logical
dynapg.workers = 1
dynapg.developer_mode = on
CONF
my $psql = sub { $node->safe_psql('postgres', $_[0]) };

create_table($port, 'raises');
create_table($port, 'notes');
my $connection = open_connection($port);

sub put
{
	my ($table, %item) = @_;
	my %attributes = (pk => { S => 'a' }, map { $_ => { S => $item{$_} } } keys %item);
	return call($port, 'PutItem', { TableName => $table, Item => \%attributes }, connection => $connection);
}

# "400 ValidationException: message"
sub exception_of
{
	my ($response) = @_;
	my $body = eval { json->decode($response->{body}) } // {};
	my $type = ($body->{__type} // 'nothing') =~ s/.*#//r;
	my $message = $body->{message} // $body->{Message} // '';
	return "$response->{status} $type: $message";
}

# ---- every SQLSTATE that PostgreSQL knows, and some that it does not, raised by a trigger

$psql->(<<'SQL');
CREATE FUNCTION raises() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION USING ERRCODE = NEW.item->>'state', MESSAGE = coalesce(NEW.item->>'message', 'the trigger says no'),
		DETAIL = coalesce(NEW.item->>'detail', 'secret');
END $$;
CREATE TRIGGER raises BEFORE INSERT OR UPDATE ON dynamo.raises FOR EACH ROW EXECUTE FUNCTION raises();
SQL

my $says_no = 'the trigger says no';
my %by_class = (
	'08' => '503 ServiceUnavailable: The service is currently unavailable or busy',
	'28' => "400 AccessDeniedException: $says_no",
	'2B' => '400 ResourceInUseException: Attempt to change a resource which is still in use',
	'40' => '400 TransactionConflictException: Transaction is ongoing for the item',
	'53' => '503 ServiceUnavailable: The service is currently unavailable or busy',
	'57' => '503 ServiceUnavailable: The service is currently unavailable or busy',
	'58' => '500 InternalServerError: Internal server error',
	'72' => '503 ServiceUnavailable: The service is currently unavailable or busy',
	'F0' => '500 InternalServerError: Internal server error',
	'XX' => '500 InternalServerError: Internal server error');
my %by_state = (
	'42501' => '400 AccessDeniedException: User: arn:aws:iam::000000000000:user/postgres is not authorized to perform: dynamodb:PutItem'
	  . ' on resource: arn:aws:dynamodb:us-east-1:000000000000:table/raises',
	'55006' => '400 ResourceInUseException: Attempt to change a resource which is still in use',
	'55P03' => '400 TransactionConflictException: Transaction is ongoing for the item',
	'57014' => "503 ServiceUnavailable: $says_no",
	'HV00N' => '503 ServiceUnavailable: The service is currently unavailable or busy',
	'YD010' => "400 ConditionalCheckFailedException: $says_no");

my ($sharedir) = run_command([ 'pg_config', '--sharedir' ]);
my @states = map { /^([0-9A-Z]{5}) +[EWS] / ? $1 : () } split /\n/, slurp_file("$sharedir/errcodes.txt");
cmp_ok(scalar(@states), '>', 200, 'the list of SQLSTATEs was read');
my (%got, %want);
foreach my $state (@states, qw(U0001 P0999 ABCDE 99999 YD010))
{
	$got{$state} = exception_of(put('raises', state => $state));
	$want{$state} = $by_state{$state} // $by_class{ substr($state, 0, 2) } // "400 ValidationException: $says_no";
}
is_deeply(\%got, \%want, 'every SQLSTATE that a trigger can raise');
my %fault = map { substr($_, 0, 2) => 1 } grep { $got{$_} =~ /^500/ } keys %got;
is(join(' ', sort keys %fault), '58 F0 XX', 'only what says that the system is broken is a 500');

is(exception_of(call($port, 'TransactWriteItems', { TransactItems => [ { Put => { TableName => 'raises', Item => { pk => { S => 'a' }, state => { S => 'U0001' } } } } ] })),
	'400 TransactionCanceledException: Transaction cancelled, please refer cancellation reasons for specific reasons [ValidationError]',
	'in a transaction it is a reason to cancel');
is(call($port, 'BatchExecuteStatement', { Statements => [ { Statement => q(INSERT INTO "raises" VALUE {'pk': 'a', 'state': 'U0001'}) } ] })->{body},
	qq({"Responses":[{"Error":{"Code":"ValidationError","Message":"$says_no"},"TableName":"raises"}]}), 'in a batch it is a statement\'s error');

# The DETAIL of a user's function does not get into the answer, but for members of an exception that has such
is(put('raises', state => 'YD015')->{body}, qq({"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","Message":"$says_no"}),
	'a DETAIL that is no object');
is(put('raises', state => 'YD010', detail => '{"Item": }')->{body},
	qq({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"$says_no"}), 'a DETAIL that is no JSON');
is(put('raises', state => 'YD010', detail => '{"Item": {}}')->{body},
	qq({"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"$says_no","Item": {}}), 'one that is');

# ---- what goes wrong by itself

# Adds what fails, tries, and takes it away; the error must be in the log, or must not.
sub fails_with
{
	my ($ddl, $undo, $expected, $logged, $name, %item) = @_;

	$psql->($ddl);
	my $from = -s $node->logfile;
	like(exception_of(put('notes', %item)), $expected, $name);
	my $log = substr(slurp_file($node->logfile), $from);
	ok($logged ? $log =~ /ERROR:.*\n(.*\n)*?.*dynapg request \w+: PutItem/ : $log !~ /ERROR:/,
		$logged ? '  the log has it' : '  it is not in the log');
	$psql->($undo);
}

sub fails_in_trigger
{
	my ($body, $expected, $logged, $name, $when) = @_;
	$when //= 'TRIGGER t BEFORE INSERT OR UPDATE ON dynamo.notes';

	fails_with(qq{CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS \$\$ BEGIN $body; RETURN NEW; END \$\$;
		CREATE $when FOR EACH ROW EXECUTE FUNCTION t();}, 'DROP FUNCTION t CASCADE', $expected, $logged, $name);
}

fails_in_trigger(q(RAISE EXCEPTION 'no' USING ERRCODE = 'U0001'), qr/^400 ValidationException: no$/, 0, 'a state of the user\'s own');
fails_in_trigger('ASSERT false', qr/^400 ValidationException: assertion failed$/, 0, 'an assertion');
fails_in_trigger('PERFORM 1 / 0', qr/^400 ValidationException: division by zero$/, 0, 'a division by zero');
fails_in_trigger('NEW.nothing := 1', qr/^400 ValidationException: record "new" has no field "nothing"$/, 1, 'a column that is not there');
fails_in_trigger('PERFORM 1 FROM nowhere', qr/^400 ValidationException: relation "nowhere" does not exist$/, 1, 'a table that is not there');
fails_in_trigger('COMMIT', qr/^400 ValidationException: invalid transaction termination$/, 1, 'a COMMIT');
fails_in_trigger('UPDATE dynamo.notes SET item = item', qr/^400 ValidationException: stack depth limit exceeded$/, 1, 'a recursion',
	'TRIGGER t AFTER INSERT OR UPDATE ON dynamo.notes');
fails_in_trigger(q(RAISE EXCEPTION 'late' USING ERRCODE = 'U0001'), qr/^400 ValidationException: late$/, 0, 'a trigger that is deferred to the commit',
	'CONSTRAINT TRIGGER t AFTER INSERT OR UPDATE ON dynamo.notes INITIALLY DEFERRED');
fails_with(q(ALTER TABLE dynamo.notes ADD CONSTRAINT c CHECK (item ? 'more')), 'ALTER TABLE dynamo.notes DROP CONSTRAINT c',
	qr/^400 ValidationException: new row for relation "notes" violates check constraint "c"$/, 0, 'a CHECK constraint');
fails_with(q(CREATE UNIQUE INDEX u ON dynamo.notes ((item->>'n')); INSERT INTO dynamo.notes (item) VALUES ('{"pk": "b", "n": "1"}')),
	q(DROP INDEX dynamo.u; DELETE FROM dynamo.notes), qr/^400 ValidationException: duplicate key value violates unique constraint "u"$/, 0,
	'a unique index', n => '1');
fails_with(q(CREATE INDEX i ON dynamo.notes ((item->>'long'))), 'DROP INDEX dynamo.i',
	qr/^400 ValidationException: index row size \d+ exceeds btree version 4 maximum 2704 for index "i"$/, 1, 'a value too long for an index',
	long => join('', map { chr(33 + int(rand 90)) } 1 .. 5000));
fails_with(q(CREATE INDEX i ON dynamo.notes (((item->>'number')::integer))), 'DROP INDEX dynamo.i',
	qr/^400 ValidationException: invalid input syntax for type integer: "x"$/, 0, 'a value that an index expression cannot take', number => 'x');
put('notes');
fails_with(q(CREATE PUBLICATION p FOR TABLE dynamo.notes; ALTER TABLE dynamo.notes REPLICA IDENTITY NOTHING),
	'DROP PUBLICATION p; ALTER TABLE dynamo.notes REPLICA IDENTITY DEFAULT',
	qr/^400 ValidationException: cannot update table "notes" because it does not have a replica identity and publishes updates$/, 1,
	'a publication that cannot tell rows apart', v => '1');

# ---- a server that is set to read only is no standby

my $read_only = qr/^400 ValidationException: This endpoint is read-only by default_transaction_read_only: it answers reads only$/;
$psql->(q(ALTER SYSTEM SET default_transaction_read_only TO on));
$node->reload;
ok($node->poll_query_until('postgres', 'SHOW default_transaction_read_only', 'on'), 'the server is set to read only');
my $answer = '';
for (1 .. 100)
{
	$answer = exception_of(put('notes', v => '2'));
	last if $answer =~ /^400/;
	select(undef, undef, undef, 0.05);
}
like($answer, $read_only, 'PutItem where transactions are read-only');
like(exception_of(call($port, 'TransactWriteItems', { TransactItems => [ { Delete => { TableName => 'notes', Key => { pk => { S => 'a' } } } } ] })),
	$read_only, 'TransactWriteItems');
like(exception_of(call($port, 'BatchExecuteStatement', { Statements => [ { Statement => q(DELETE FROM "notes" WHERE pk = 'a') } ] })),
	$read_only, 'BatchExecuteStatement');
like(exception_of(call($port, 'DeleteTable', { TableName => 'notes' })), $read_only, 'DeleteTable');
like(answer_of(get_item($port, 'notes', 'a')), qr/^200 /, 'reads go on');
$node->safe_psql('postgres', 'ALTER SYSTEM RESET default_transaction_read_only', extra_params => ['-v', 'ON_ERROR_STOP=1']);
$node->reload;

$node->stop;
done_testing();
