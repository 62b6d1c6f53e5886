# A role that has a policy and no privileges: over HTTP it does all that there is to do with tables of its own, which belong to the database's owner,
# and does not learn which other tables there are.  A policy that is taken away is gone for all workers.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DynapgHttp;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $place = PostgreSQL::Test::Utils::tempdir();
mkdir "$place/out" or die;
my ($node, $port) = start_node('access', "dynapg.workers = 2\ndynapg.export_directory = '$place'\n");

sub sql { return $node->safe_psql('postgres', join(";\n", @_)) }

sql('CREATE ROLE root', 'ALTER DATABASE postgres OWNER TO root', 'CREATE ROLE tenant LOGIN', 'CREATE ROLE other LOGIN');
my %key = map { $_ => [ create_key($node, $_) ] } qw(root tenant other);

# What a role is allowed: actions on resources, by their ends.
sub let
{
	my ($role, @statements) = @_;
	my $policy = encode_json(
		{
			Version => '2012-10-17',
			Statement => [
				map { { Effect => 'Allow', Action => $_->[0], Resource => $_->[1] eq '*' ? '*' : "arn:aws:dynamodb:us-east-1:000000000000:table/$_->[1]" } }
				  @statements
			]
		});

	sql("SELECT dynapg.put_role_policy('$role', 'test', \$\$$policy\$\$)");
}

# An operation of a role's: the answer, or the exception and its message.
sub ask
{
	my ($role, $operation, $request) = @_;
	my $of_streams = $operation =~ /^(DescribeStream|GetShardIterator|GetRecords|ListStreams)$/;
	my $response = call($port, $operation, $request, key => $key{$role}, target => $of_streams ? 'DynamoDBStreams_20120810.' : 'DynamoDB_20120810.');
	my $answer = decode_json($response->{body} || '{}');

	return $response->{status} == 200 ? $answer : ($answer->{__type} =~ s/.*#//r) . ': ' . ($answer->{message} // $answer->{Message});
}

# The same, which is to be done.
sub done
{
	my ($operation, $request) = @_;
	my $answer = ask('tenant', $operation, $request);

	ok(ref $answer, $operation) or diag($answer);
	return ref $answer ? $answer : {};
}

sub becomes
{
	my ($what, $operation, $request, $state) = @_;
	ok(eventually(60, sub { my $answer = ask('tenant', $operation, $request); return ref $answer && $state->($answer) }), $what);
}

sub keys_of { return join(' ', sort map { $_->{pk}{S} } @{ $_[0]->{Items} // [] }) }

let('tenant', [ 'dynamodb:*', 'tenant-*' ]);
let('other', [ 'dynamodb:*', 'other-*' ]);
my @keys = (AttributeDefinitions => [ { AttributeName => 'pk', AttributeType => 'S' } ], KeySchema => [ { AttributeName => 'pk', KeyType => 'HASH' } ]);
ok(ref ask('other', 'CreateTable', { TableName => 'other-a', BillingMode => 'PAY_PER_REQUEST', @keys }), "another role's table");

# A table's life
done('CreateTable', { TableName => 'tenant-a', BillingMode => 'PAY_PER_REQUEST', @keys, StreamSpecification => { StreamEnabled => JSON::PP::true, StreamViewType => 'KEYS_ONLY' } });
done('UpdateContinuousBackups', { TableName => 'tenant-a', PointInTimeRecoverySpecification => { PointInTimeRecoveryEnabled => JSON::PP::true } });
done('PutItem', { TableName => 'tenant-a', Item => { pk => { S => $_ }, g => { S => 'x' } } }) for qw(a b c);
is(keys_of(done('Query', { TableName => 'tenant-a', KeyConditionExpression => 'pk = :k', ExpressionAttributeValues => { ':k' => { S => 'b' } } })), 'b', 'what it gives');
done('UpdateTable', {
	TableName => 'tenant-a',
	AttributeDefinitions => [ { AttributeName => 'g', AttributeType => 'S' } ],
	GlobalSecondaryIndexUpdates => [ { Create => { IndexName => 'by-g', KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' } ], Projection => { ProjectionType => 'ALL' } } } ]
});
becomes('the index is built', 'DescribeTable', { TableName => 'tenant-a' }, sub { $_[0]->{Table}{GlobalSecondaryIndexes}[0]{IndexStatus} eq 'ACTIVE' });
is(keys_of(done('Query', { TableName => 'tenant-a', IndexName => 'by-g', KeyConditionExpression => 'g = :g', ExpressionAttributeValues => { ':g' => { S => 'x' } } })), 'a b c', 'what it gives by the index');
done('TagResource', { ResourceArn => 'arn:aws:dynamodb:us-east-1:000000000000:table/tenant-a', Tags => [ { Key => 'a', Value => 'b' } ] });
done('UpdateTimeToLive', { TableName => 'tenant-a', TimeToLiveSpecification => { Enabled => JSON::PP::true, AttributeName => 'until' } });

# A backup and its copy
my $backup = done('CreateBackup', { TableName => 'tenant-a', BackupName => 'one' })->{BackupDetails}{BackupArn};
becomes('the backup is made', 'DescribeBackup', { BackupArn => $backup }, sub { $_[0]->{BackupDescription}{BackupDetails}{BackupStatus} eq 'AVAILABLE' });
done('RestoreTableFromBackup', { BackupArn => $backup, TargetTableName => 'tenant-b' });
becomes('the copy is made', 'DescribeTable', { TableName => 'tenant-b' }, sub { $_[0]->{Table}{TableStatus} eq 'ACTIVE' });
is(keys_of(done('Scan', { TableName => 'tenant-b' })), 'a b c', 'what it has');
is(ask('tenant', 'RestoreTableFromBackup', { BackupArn => $backup, TargetTableName => 'other-b' }),
	'AccessDeniedException: User: arn:aws:iam::000000000000:user/tenant is not authorized to perform: dynamodb:RestoreTableFromBackup on resource: '
	  . 'arn:aws:dynamodb:us-east-1:000000000000:table/other-b because no identity-based policy allows the dynamodb:RestoreTableFromBackup action',
	'not under any name');

# Its stream
my $stream = done('DescribeTable', { TableName => 'tenant-a' })->{Table}{LatestStreamArn};
my @shards = @{ done('DescribeStream', { StreamArn => $stream })->{StreamDescription}{Shards} };
my %seen;
ok(eventually(60, sub {
	for my $shard (@shards)
	{
		my $iterator = ask('tenant', 'GetShardIterator', { StreamArn => $stream, ShardId => $shard->{ShardId}, ShardIteratorType => 'TRIM_HORIZON' })->{ShardIterator};
		$seen{ $_->{dynamodb}{Keys}{pk}{S} } = 1 for @{ ask('tenant', 'GetRecords', { ShardIterator => $iterator })->{Records} };
	}
	return keys %seen == 3;
}), 'the records of its stream');

# An export: the buckets are the roles' own
my $export = { TableArn => 'arn:aws:dynamodb:us-east-1:000000000000:table/tenant-a', S3Bucket => 'out' };
is(ask('tenant', 'ExportTableToPointInTime', $export),
	'AccessDeniedException: User: arn:aws:iam::000000000000:user/tenant is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::out/*" '
	  . 'because no identity-based policy allows the s3:PutObject action', 'an export to a bucket that it was not granted');
sql("SELECT dynapg.grant_bucket('out', 'tenant'), dynapg.grant_bucket('out', 'root')");
my $arn;
becomes('an export begins', 'ExportTableToPointInTime', $export, sub { $arn = $_[0]->{ExportDescription}{ExportArn} });
becomes('and ends', 'DescribeExport', { ExportArn => $arn }, sub { $_[0]->{ExportDescription}{ExportStatus} eq 'COMPLETED' && $_[0]->{ExportDescription}{ItemCount} == 3 });

# What it has is the database's owner's, and SQL is no door
is(sql(q{SELECT string_agg(DISTINCT relowner::regrole::text, ' ') FROM pg_class WHERE relnamespace = 'dynamo'::regnamespace AND relkind = 'r'}), 'root', 'who owns the tables');
like($node->psql('postgres', 'SET ROLE tenant; SELECT FROM dynamo."tenant-a"', on_error_stop => 1) . '', qr/^[13]$/, 'SQL reads nothing');

# What it may not know
for my $operation (qw(DescribeTable DeleteTable CreateBackup DescribeContinuousBackups DescribeTimeToLive))
{
	my ($there, $not) = map { my $name = $_; ask('tenant', $operation, { TableName => $name, ($operation eq 'CreateBackup' ? (BackupName => 'two') : ()) }) =~ s/\Q$name\E/(table)/gr } qw(other-a other-z);
	is($there, $not, "$operation says the same of a table that is there and of one that is not");
	like($there, qr/^AccessDeniedException: User: \S+ is not authorized to perform: dynamodb:$operation on resource: \S+ because no identity-based policy allows the dynamodb:$operation action$/, 'it is refused');
}
like(ask('tenant', 'ListTables', {}), qr/^AccessDeniedException: .* on resource: \* because/, 'lists are of all');

# The end
done('DeleteTable', { TableName => $_ }) for qw(tenant-b tenant-a);
done('DeleteBackup', { BackupArn => $backup });
sql("SELECT dynapg.delete_role_policy('tenant', 'test')");
is(join(' ', map { my $answer = ask('tenant', 'CreateTable', { TableName => "tenant-$_", BillingMode => 'PAY_PER_REQUEST', @keys }); ref $answer ? 'made' : $answer =~ /^(\w+)/ } 1 .. 8),
	join(' ', ('AccessDeniedException') x 8), 'a policy that is gone is gone for all workers');

$node->stop;
done_testing();
