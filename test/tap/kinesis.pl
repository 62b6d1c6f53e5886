# Kinesis streaming destinations: which streams are found, what they get, when they refuse, when the server is killed.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use File::Temp ();
use MIME::Base64 'decode_base64';
use JSON::PP ();
use POSIX ();

use DynapgBadServer;
use DynapgCrash;

# ---------------------------------------------------------------- a service

my $folder = File::Temp->newdir();
my $json = JSON::PP->new->canonical;

sub respond
{
	my ($socket, $request) = @_;
	my $operation = $request->{headers}{'x-amz-target'} =~ s/.*\.//r;
	my $body = $json->decode($request->{body});
	my ($status, $answer) = (200, {});

	# each request is a process of its own
	srand;

	note_lines("$folder/signatures", $request->{headers}{authorization} // 'none');
	if ($body->{StreamName} eq 'missing')
	{
		($status, $answer) = (400, { __type => 'ResourceNotFoundException', message => 'not found' });
	}
	elsif ($operation eq 'DescribeStreamSummary')
	{
		$answer = { StreamDescriptionSummary => { StreamName => $body->{StreamName}, StreamStatus => $body->{StreamName} eq 'creating' ? 'CREATING' : 'ACTIVE' } };
	}
	elsif ($body->{StreamName} eq 'shaky' && (!-e "$folder/shaken" || rand() < 0.1))
	{
		# the first one for certain
		note_lines("$folder/shaken", '');
		($status, $answer) = (500, { __type => 'InternalFailure' });
	}
	else
	{
		my @results;
		for my $record (@{ $body->{Records} })
		{
			if ($body->{StreamName} eq 'shaky' && rand() < 0.1)
			{
				push @results, { ErrorCode => 'ProvisionedThroughputExceededException', ErrorMessage => 'slow' };
				next;
			}
			note_lines("$folder/$body->{StreamName}", "$record->{PartitionKey} " . decode_base64($record->{Data}));
			push @results, { SequenceNumber => '1', ShardId => 'shardId-0' };
		}
		# taken, and then the answer is lost
		POSIX::_exit(0) if $body->{StreamName} eq 'shaky' && rand() < 0.05;
		$answer = { FailedRecordCount => scalar(grep { $_->{ErrorCode} } @results), Records => \@results };
	}
	answer($socket, "$status X", {}, $json->encode($answer));
	return;
}

# the server keeps its folder as long as somebody can ask for its requests
my ($port, $requests) = bad_server(\&respond);

# ---------------------------------------------------------------- the server

my $node = PostgreSQL::Test::Cluster->new('kinesis');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nlog_line_prefix = '%b %p '\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');

sub sql { return $node->safe_psql('postgres', "SET statement_timeout TO '60s'; $_[0]"); }

sub arn { return "arn:aws:kinesis:us-east-1:000000000000:stream/$_[0]"; }

sub operation
{
	my ($name, $table, %members) = @_;
	return $json->decode(sql("SELECT dynamo_${name}_kinesis_streaming_destination('" . $json->encode({ TableName => $table, %members }) . "')"));
}

# Waits until a stream has a status; its entry then.
sub await_status
{
	my ($table, $stream, $status) = @_;
	my $entry;

	wait_until(sub {
		($entry) = grep { $_->{StreamArn} eq $stream } @{ operation('describe', $table)->{KinesisDataStreamDestinations} };
		return $entry->{DestinationStatus} eq $status;
	}, sub { "$table is not $status: " . $json->encode($entry) });
	return $entry;
}

sub create_table
{
	my ($name) = @_;
	sql("SELECT dynamo_create_table('" . $json->encode({ TableName => $name, BillingMode => 'PAY_PER_REQUEST',
				KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ],
				AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' }, { AttributeName => 's', AttributeType => 'N' } ] }) . "')");
	return;
}

# What a stream has got, as [partition key, record].
sub records
{
	my ($stream) = @_;
	return () unless -e "$folder/$stream";
	return map { my ($key, $text) = split / /, $_, 2; [ $key, $json->decode($text) ] } split /\n/, slurp_file("$folder/$stream");
}

create_table('Music');

# ---------------------------------------------------------------- which streams are found

operation('enable', 'Music', StreamArn => arn('good'));
is(await_status('Music', arn('good'), 'ENABLE_FAILED')->{DestinationStatusDescription},
	'User does not have a permission to use kinesis stream', 'without an endpoint no stream is found');
is(sql(q{SELECT last_error FROM dynapg.kinesis_destinations}), 'dynapg.kinesis_endpoint is not set', 'an administrator is told why');
is(sql(q{SELECT count(*) FROM dynapg.logs WHERE kind = 'KINESIS' AND kept}), '0', 'its log has ended');

$node->append_conf('postgresql.conf', "dynapg.kinesis_endpoint = 'http://127.0.0.1:$port'\n");
$node->reload;
sql(q{SELECT dynapg.set_kinesis_credentials('AKID', 'secret')});

for my $case ([ arn('missing'), 'User does not have a permission to use kinesis stream' ],
	[ 'arn:aws:kinesis:eu-west-1:000000000000:stream/good', 'The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region' ],
	[ 'arn:aws:dynamodb:us-east-1:000000000000:table/Music', 'User does not have a permission to use kinesis stream' ],
	[ arn('creating'), 'The kinesis Arn used to enable kinesis replication belongs to a stream which is not in Active state' ])
{
	my ($arn, $description) = @$case;

	operation('enable', 'Music', StreamArn => $arn);
	is(await_status('Music', $arn, 'ENABLE_FAILED')->{DestinationStatusDescription}, $description, "$arn is not found");
}

# ---------------------------------------------------------------- what they get

operation('enable', 'Music', StreamArn => arn('good'));
is_deeply(await_status('Music', arn('good'), 'ACTIVE'), { StreamArn => arn('good'), DestinationStatus => 'ACTIVE' }, 'one that is there is ACTIVE');
sql(q{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"p": {"S": "a"}, "s": {"N": "1"}, "v": {"SS": ["x", "y"]}}}')});
sql(q{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"p": {"S": "a"}, "s": {"N": "1.0"}, "v": {"B": "AAE="}}}')});
sql(q{SELECT dynamo_delete_item('{"TableName": "Music", "Key": {"p": {"S": "a"}, "s": {"N": "1"}}}')});
wait_until(sub { records('good') >= 3 }, sub { 'three records: ' . records('good') });
my @got = records('good');
is(scalar(@got), 3, 'each change is sent once');
my $change = $got[1][1];
like($change->{eventID}, qr/\A[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\z/, 'eventID is a UUID');
cmp_ok(abs($change->{dynamodb}{ApproximateCreationDateTime} / 1000 - time()), '<', 600, 'the time is in milliseconds');
delete @{$change}{'eventID'};
delete $change->{dynamodb}{ApproximateCreationDateTime};
is_deeply($change, {
	awsRegion => 'us-east-1', eventName => 'MODIFY', userIdentity => undef, recordFormat => 'application/json', tableName => 'Music', eventSource => 'aws:dynamodb',
	dynamodb => {
		Keys => { p => { S => 'a' }, s => { N => '1' } }, SizeBytes => 21,
		OldImage => { p => { S => 'a' }, s => { N => '1' }, v => { SS => [ 'x', 'y' ] } },
		NewImage => { p => { S => 'a' }, s => { N => '1' }, v => { B => 'AAE=' } } } }, 'a record is the service\'s');
is(join(' ', map { $_->[1]{eventName} } @got), 'INSERT MODIFY REMOVE', 'in their order');
is(scalar(keys %{ { map { $_->[0] => 1 } @got } }), 1, 'an item has one partition key');
like($got[0][0], qr/\A[0-9A-F]{32}\z/, 'of 32 hexadecimal digits');
like((split /\n/, slurp_file("$folder/signatures"))[-1], qr{\AAWS4-HMAC-SHA256 Credential=AKID/\d{8}/us-east-1/kinesis/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, }, 'requests are signed');

operation('update', 'Music', StreamArn => arn('good'), UpdateKinesisStreamingConfiguration => { ApproximateCreationDateTimePrecision => 'MICROSECOND' });
sql(q{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"p": {"S": "b"}, "s": {"N": "1"}}}')});
wait_until(sub { records('good') >= 4 }, sub { 'the fourth record' });
$change = (records('good'))[3][1]{dynamodb};
is($change->{ApproximateCreationDateTimePrecision}, 'MICROSECOND', 'a precision is told');
cmp_ok(abs($change->{ApproximateCreationDateTime} / 1000000 - time()), '<', 600, 'and kept');

# what was written before is sent, and nothing after that
operation('disable', 'Music', StreamArn => arn('good'));
sql(q{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"p": {"S": "c"}, "s": {"N": "1"}}}')});
await_status('Music', arn('good'), 'DISABLED');

# ---------------------------------------------------------------- one that refuses, and a server that dies

create_table('Shaky');
operation('enable', 'Shaky', StreamArn => arn('shaky'));
await_status('Shaky', arn('shaky'), 'ACTIVE');
my $changes = 0;
for my $round (1 .. 2)
{
	sql(qq{DO \$\$ BEGIN FOR i IN 1 .. 30 LOOP
		PERFORM dynamo_update_item(jsonb_build_object('TableName', 'Shaky', 'Key', jsonb_build_object('p', jsonb_build_object('S', 'p' || i % 7), 's', '{"N": "1"}'::jsonb),
			'UpdateExpression', 'ADD n :one', 'ExpressionAttributeValues', '{":one": {"N": "1"}}'::jsonb)); COMMIT; END LOOP; END \$\$});
	$changes += 30;
	kill_server($node);
	start_again($node);
}

# Changes that a stream has got, and the last that it has of each item; dies where an item's change comes before one that it follows.
sub shaky
{
	my (%seen, %first);
	my $order = 1;
	for my $record (map { $_->[1] } records('shaky'))
	{
		my ($p, $n) = ($record->{dynamodb}{Keys}{p}{S}, $record->{dynamodb}{NewImage}{n}{N});
		# the first time that a change is seen, all those before it have been
		$order = 0 if !$seen{"$p $n"} && $n != ($first{$p} // 0) + 1;
		$first{$p} = $n unless $seen{"$p $n"}++;
	}
	return (scalar(keys %seen), $order);
}
sql('SELECT 1 FROM dynamo_list_streams(\'{}\')');
wait_until(sub { sql(q{SELECT dynamo_describe_kinesis_streaming_destination('{"TableName": "Shaky"}')}); (shaky())[0] >= $changes },
	sub { 'changes: ' . (shaky())[0] });
is((shaky())[0], $changes, 'every change comes, whatever is refused and whoever dies');
is((shaky())[1], 1, 'and each item\'s in their order');
cmp_ok(sql(q{SELECT retried FROM dynapg.kinesis_destinations WHERE stream_arn LIKE '%shaky'}), '>', 0, 'what was refused is counted');
is((records('good'))[-1][1]{dynamodb}{Keys}{p}{S}, 'b', 'one that is disabled got nothing more');

# ---------------------------------------------------------------- the log has no secrets

# Statements that fail, as the log has them where log_statement is off
my %failing = (
	put_alarm => q{'{"AlarmName": ""}', '{"Webhook": {"Url": "https://hooks.example.com", "Secret": "w0rd"}}'},
	create_event_source_mapping => q{'Nothing', '{"Webhook": {"Url": "https://hooks.example.com", "Secret": "w0rd"}}', '{}'},
	set_kinesis_credentials => q{'', 'w0rd'},
	set_s3_credentials => q{'', 'w0rd'},
	put_copy_credentials => q{'', 'AKID', 'w0rd'});
for my $function (sort keys %failing)
{
	my $before = -s $node->logfile;
	my ($status, $output, $errors) = $node->psql('postgres', "SET log_statement TO none; SELECT dynapg.$function($failing{$function})");
	like($errors, qr/ERROR/, "$function() fails");
	my $logged = slurp_file($node->logfile, $before);
	like($logged, qr/ERROR/, 'which the log has');
	unlike($logged, qr/w0rd/, 'but not the statement');
}

# ---------------------------------------------------------------- nobody is in anybody's way

run_alone($node, 'CREATE DATABASE copy TEMPLATE postgres');
run_alone($node, 'DROP DATABASE copy');
$node->safe_psql('postgres', 'DROP EXTENSION dynapg CASCADE');
run_alone($node, 'DROP DATABASE postgres');
is($node->safe_psql('template1', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'dynapg courier'}), '0', 'the courier goes with its database');
unlike(slurp_file($node->logfile), qr/^dynapg courier .*(?:PANIC|ERROR|TRAP)/m, 'no error of its own');

$node->stop;
done_testing();
