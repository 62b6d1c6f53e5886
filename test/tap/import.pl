# Imports and bulk puts of a server that is killed again and again, of hostile objects, and of exports: what is counted is what is there.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use DynapgCrash;
use DynapgSession;
use File::Path qw(make_path);
use IO::Compress::Gzip qw(gzip $GzipError);
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $kills = $ENV{DYNAPG_IMPORT_KILLS} || 5;
my $items = $ENV{DYNAPG_IMPORT_ITEMS} || 150000;

my $place = PostgreSQL::Test::Utils::tempdir();
make_path("$place/in", "$place/out");
my $node = PostgreSQL::Test::Cluster->new('import');
$node->init;
$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'dynapg'
dynapg.export_directory = '$place'
restart_after_crash = on
maintenance_work_mem = 1MB
CONF
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');

sub sql { return $node->safe_psql('postgres', join(";\n", @_)) }

# The answer of an operation; it may come before a killed server is there again.
sub ask
{
	my ($operation, $request) = @_;
	my ($status, $answer, $errors);
	my $text = encode_json($request);

	wait_until(sub {
		($status, $answer, $errors) = eval { $node->psql('postgres', "SELECT dynamo_$operation(\$request\$$text\$request\$)") };
		return defined $status && $status == 0;
	}, sub { "$operation: $errors" });
	return decode_json($answer);
}

# The error of an operation.
sub refusal
{
	my ($operation, $request) = @_;
	my (undef, undef, $errors) = $node->psql('postgres', "\\set VERBOSITY terse\nSELECT dynamo_$operation(\$request\$" . encode_json($request) . "\$request\$)");

	return $errors =~ /ERROR:  (.*)/ ? $1 : $errors;
}

sub put_object
{
	my ($key, $content) = @_;
	my ($folder) = "$place/in/$key" =~ m{(.*)/};

	make_path($folder);
	open(my $file, '>:raw', "$place/in/$key") or die "$key: $!";
	print $file $content;
	close($file) or die;
	return;
}

sub import_request
{
	my ($table, $prefix, %more) = @_;
	my $parameters = delete $more{parameters} || {};

	return { ClientToken => "$table", S3BucketSource => { S3Bucket => 'in', S3KeyPrefix => $prefix }, InputFormat => 'DYNAMODB_JSON', %more,
		TableCreationParameters => { TableName => $table, BillingMode => 'PAY_PER_REQUEST',
			KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ],
			AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' }, { AttributeName => 's', AttributeType => 'N' } ], %$parameters } };
}

my %indexed = (parameters => {
	AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' }, { AttributeName => 's', AttributeType => 'N' }, { AttributeName => 'g', AttributeType => 'S' } ],
	GlobalSecondaryIndexes => [ { IndexName => 'by-g', KeySchema => [ { AttributeName => 'g', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ],
		Projection => { ProjectionType => 'ALL' } } ] });

sub begin_import { return ask('import_table', import_request(@_))->{ImportTableDescription}{ImportArn} }
sub import_description { return ask('describe_import', { ImportArn => $_[0] })->{ImportTableDescription} }

# The description of an import that has ended.
sub await_import
{
	my ($arn) = @_;
	my $description;

	wait_until(sub { $description = import_description($arn); $description->{ImportStatus} ne 'IN_PROGRESS' }, sub { "$arn does not end" });
	return $description;
}

# What an import came to: status, code, and counts of items.
sub outcome
{
	my ($description) = @_;

	return join(' ', map { $_ // '-' } @$description{qw(ImportStatus FailureCode ProcessedItemCount ImportedItemCount ErrorCount)});
}

sub import_outcome { return outcome(await_import(begin_import(@_))) }

sub bulk_description { return ask('describe_bulk_operation', { BulkOperationArn => $_[0] })->{BulkOperationDescription} }

sub begin_bulk
{
	my ($table, $prefix, %more) = @_;

	return ask('start_bulk_put_items', { ClientToken => "$table $prefix", TableName => $table, InputS3Configuration => { S3Bucket => 'in', S3KeyPrefix => $prefix, InputFormat => 'DYNAMODB_JSON' },
		OutputS3Configuration => { S3Bucket => 'out', OutputType => [ 'ERROR', 'CONDITION_CHECK_FAILURE' ] }, %more })->{BulkOperationDescription}{BulkOperationArn};
}

sub await_bulk
{
	my ($arn) = @_;
	my $description;

	wait_until(sub { $description = bulk_description($arn); $description->{EndTime} }, sub { "$arn does not end" });
	return $description;
}

# Kills the server while a transfer goes on, at any moment; returns how often it did.
sub kill_meanwhile
{
	my ($transfer) = @_;
	my ($id) = $transfer =~ m{([^/]+)$};

	for my $kill (1 .. $kills)
	{
		select(undef, undef, undef, rand(0.3));
		# the server may be about to restart
		my $status;
		wait_until(sub { $status = eval { sql("SELECT status FROM dynapg.transfers WHERE id = '$id'") } }, sub { 'the server does not come back' });
		return $kill - 1 if $status ne 'IN_PROGRESS';
		if ($kill % 2)
		{
			kill_server($node);
			start_again($node);
		}
		else
		{
			# its process alone: the server restarts all others
			my $pid = eval { sql("SELECT pid FROM dynapg.stat_transfers WHERE id = '$id'") } || next;

			kill('KILL', $pid);
		}
		describe_transfer($transfer);
	}
	return $kills;
}

# Whoever describes it has it go on.
sub describe_transfer { return $_[0] =~ m{/import/} ? import_description($_[0]) : bulk_description($_[0]) }

# ------------------------------------------------------------------------------------------------------------
# Killed
# ------------------------------------------------------------------------------------------------------------

# Three objects, the last line of each bad, and one item in a hundred without its key
my ($good, $bad) = (0, 0);
for my $object (0 .. 2)
{
	my $lines = '';

	for my $i (0 .. $items / 3 - 1)
	{
		my $n = $object * $items + $i;

		if ($i % 100 == 99)
		{
			$lines .= qq({"Item": {"p": {"S": "p$n"}}}\n);
			$bad++;
			next;
		}
		$lines .= sprintf(qq({"Item": {"p": {"S": "p%d"}, "s": {"N": "%d"}, "g": {"S": "g%d"}, "v": {"S": "%s"}}}\n), $n % 5000, $n, $n % 50, 'x' x 300);
		$good++;
	}
	$lines .= "the end\n";
	$bad++;
	my $zipped;
	gzip(\$lines, \$zipped) or die $GzipError;
	put_object("killed/$object.gz", $zipped);
	put_object("bulk/$object", $lines);
}
my $arn = begin_import('Killed', 'killed/', InputCompressionType => 'GZIP', %indexed);
my $hits = kill_meanwhile($arn);
note "killed $hits times during an import";
is(outcome(await_import($arn)), join(' ', 'FAILED', 'ItemValidationError', $good + $bad, $good, $bad), 'an import that was killed counts each item once');
is(sql('SELECT count(*), count(DISTINCT item) FROM dynamo."Killed"'), "$good|$good", 'and all are there');
is(sql(q(SELECT count(*) FROM dynapg.check_table('Killed'))), 0, 'and its indexes are right');
is(sql('SELECT count(*) FROM dynapg.import_errors'), $bad, 'and each error is told once');

sql(q(SELECT dynamo_create_table('{"TableName": "Bulk", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]}')));
$arn = begin_bulk('Bulk', 'bulk/');
$hits = kill_meanwhile($arn);
note "killed $hits times during a bulk put";
my $bulk = await_bulk($arn);
is(join(' ', @$bulk{qw(BulkOperationStatus ProcessedItemCount FailedItemCount)}), join(' ', 'COMPLETED_WITH_ERRORS', $good + $bad, $bad), 'a bulk put that was killed counts each item once');
is($bulk->{ProcessedInputBytes}, $bulk->{TotalInputBytes}, 'and all bytes');
is(sql('SELECT count(*) FROM dynamo."Bulk"'), $good, 'and all items are there');
my ($id) = $arn =~ m{([^/]+)$};
my @lines = map { split /\n/, slurp_file($_) } glob("$place/out/AWSDynamoDB/$id/errors/*.json");
is(scalar(@lines), $bad, 'and each error is reported once');
is(scalar(keys %{ { map { my $at = decode_json($_)->{itemS3Pointer}; ("$at->{key} $at->{itemIndex}" => 1) } @lines } }), $bad, 'of another item');
is(slurp_file("$place/out/AWSDynamoDB/$id/manifest-files.json") =~ tr/\n//, scalar(glob("$place/out/AWSDynamoDB/$id/errors/*.json") ? 1 : 0), 'and the manifest names its object');
is(sql(qq(SELECT count(*) FROM dynapg.transfer_reports WHERE transfer = '$id' AND kind <> 'OBJECT')), 0, 'and nothing waits to be reported');

# ------------------------------------------------------------------------------------------------------------
# Hostile objects
# ------------------------------------------------------------------------------------------------------------

# The most memory that a process of a transfer has had, in kB: it is looked at while it is there.
sub most_memory
{
	my ($arn) = @_;
	my $most = 0;

	while (import_description($arn)->{ImportStatus} eq 'IN_PROGRESS')
	{
		my $pid = sql(q(SELECT pid FROM pg_stat_activity WHERE backend_type = 'dynapg transfer' LIMIT 1)) || next;
		open(my $status, '<', "/proc/$pid/status") or next;
		my ($anonymous) = join('', <$status>) =~ /RssAnon:\s+(\d+)/;
		$most = $anonymous if ($anonymous // 0) > $most;
	}
	return $most;
}

symlink('/etc/passwd', "$place/in/link") or die;
like(import_outcome('Link', 'link'), qr/^FAILED S3/, 'a link is no object');
is(sql(q(SELECT count(*) FROM dynapg.tables WHERE name = 'Link')), 0, 'and there is no table');
like(import_outcome('Above', '../'), qr/^COMPLETED - 0|^FAILED S3/, 'nor is what is above the bucket');

my $line = '{"Item": {"p": {"S": "a"}, "s": {"N": "1"}}}' . "\n";
my $zipped;
gzip(\($line x 1000), \$zipped) or die;
put_object('cut/a.gz', substr($zipped, 0, length($zipped) / 2));
like(import_outcome('Cut', 'cut/', InputCompressionType => 'GZIP'), qr/^FAILED ItemValidationError \d+ \d+ 1$/, 'an archive that ends too early is one error, after what is in it');
put_object('wrong/a.zst', $zipped);
is(import_outcome('Wrong', 'wrong/', InputCompressionType => 'ZSTD'), 'FAILED ItemValidationError 1 0 1', 'an archive of another kind is one error');
put_object('types/a', join('', map { "$_\n" } '[]', '{}')) ;
is(import_outcome('Types', 'types/'), 'FAILED ItemValidationError 1 0 1', 'JSON that is no item is one error');
put_object('values/a', join('', map { qq({"Item": {"p": {"S": "a"}, "s": {"N": "1"}, "v": $_}}\n) } '{"N": "1e999"}', '{"NS": ["1", "1"]}', '{"L": ' x 40 . '{"NULL": true}' . '}' x 40));
like(import_outcome('Values', 'values/'), qr/^FAILED ItemValidationError \d 0 \d$/, 'values that no item has are errors');

# A bomb of zeros, and a line of 300 MB
{
	my $bomb;
	my $gzip = IO::Compress::Gzip->new(\$bomb);
	my $zeros = "\0" x (1 << 20);

	$gzip->print($zeros) for 1 .. 300;
	$gzip->close;
	put_object('bomb/a.gz', $bomb);
	my $arn = begin_import('Bomb', 'bomb/', InputCompressionType => 'GZIP');
	my $most = most_memory($arn);
	is(outcome(import_description($arn)), 'FAILED ItemValidationError 1 0 1', 'a bomb is one error');
	cmp_ok($most, '<', 100 * 1024, "and takes little memory ($most kB)");

	my $blank;
	$gzip = IO::Compress::Gzip->new(\$blank);
	$gzip->print("\n" x (1 << 20)) for 1 .. 300;
	$gzip->close;
	put_object('blank/a.gz', $blank);
	is(import_outcome('Blank', 'blank/', InputCompressionType => 'GZIP'), 'COMPLETED - 0 0 0', 'a bomb of blank lines is nothing');
}

# An export's root has manifests beside its data
put_object('root/data/a', $line);
put_object('root/manifest-files.json', qq({"itemCount": 1000000, "dataFileS3Key": "root/data/b"}\n));
is(import_outcome('Root', 'root/'), 'FAILED ItemValidationError 2 1 1', 'a manifest is no item, and nobody believes it');

# ------------------------------------------------------------------------------------------------------------
# Meanwhile
# ------------------------------------------------------------------------------------------------------------

# An import that stands still after its table is there: nobody can write a report
sub hold_reports
{
	my $holder = DynapgSession->new($node);

	$holder->ask('BEGIN; LOCK TABLE dynapg.transfer_reports IN SHARE MODE');
	return $holder;
}

put_object('held/a', $line . qq({"Item": {"p": {"S": "a"}}}\n));
my $holder = hold_reports();
$arn = begin_import('Held', 'held/', %indexed);
wait_until(sub { sql(q(SELECT count(*) FROM dynapg.tables WHERE name = 'Held')) }, sub { 'the table does not come' });
my $description = ask('describe_table', { TableName => 'Held' })->{Table};
is("$description->{TableStatus} $description->{TableId}", 'CREATING ' . import_description($arn)->{TableId}, 'while it is filled the table is CREATING, with the id that it was promised');
is(join(' ', @{ import_description($arn) }{qw(ProcessedItemCount ImportedItemCount ErrorCount)}), '0 0 0', 'and nothing is counted yet');
my %expected = (
	update_table => [ { TableName => 'Held', DeletionProtectionEnabled => \1 }, 'Attempt to change a resource which is still in use: Table is being created: Held' ],
	update_time_to_live => [ { TableName => 'Held', TimeToLiveSpecification => { AttributeName => 't', Enabled => \1 } }, 'Attempt to change a resource which is still in use: Table Held is being created' ],
	delete_table => [ { TableName => 'Held' }, 'Attempt to change a resource which is still in use: Table is being created: Held' ],
	put_item => [ { TableName => 'Held', Item => { p => { S => 'x' }, s => { N => '1' } } }, 'Requested resource not found' ],
	tag_resource => [ { ResourceArn => $description->{TableArn}, Tags => [ { Key => 'k', Value => 'v' } ] }, "Requested resource not found: ResourceArn: $description->{TableArn} not found" ],
	create_backup => [ { TableName => 'Held', BackupName => 'backup' }, 'Backups are being enabled for the table: Held. Please retry later' ],
	update_continuous_backups => [ { TableName => 'Held', PointInTimeRecoverySpecification => { PointInTimeRecoveryEnabled => \1 } }, 'Backups are being enabled for the table: Held. Please retry later' ],
	create_table => [ { TableName => 'Held', BillingMode => 'PAY_PER_REQUEST', KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' } ], AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' } ] },
		'Attempt to change a resource which is still in use: Table is being created: Held' ],
	start_bulk_put_items => [ { TableName => 'Held', InputS3Configuration => { S3Bucket => 'in', InputFormat => 'ION' }, OutputS3Configuration => { S3Bucket => 'out', OutputType => ['ERROR'] } },
		'Attempt to change a resource which is still in use: Table is being created: Held' ]);
is(refusal($_, $expected{$_}[0]), $expected{$_}[1], "meanwhile: $_") for sort keys %expected;
is(ask('describe_continuous_backups', { TableName => 'Held' })->{ContinuousBackupsDescription}{ContinuousBackupsStatus}, 'ENABLED', 'meanwhile: describe_continuous_backups');
is(sql('SELECT count(*) FROM dynapg.stat_restores'), '0', 'meanwhile: nobody takes it for a restore that has failed');
is(begin_import('Held', 'elsewhere/', InputFormat => 'CSV'), $arn, 'its token stands for it, whatever else is asked');
is(refusal('import_table', import_request('Held', 'held/', ClientToken => 'other')), 'Table already exists: Held', 'another one is refused');
$holder->ask('COMMIT');
$holder->end;
is(outcome(await_import($arn)), 'FAILED ItemValidationError 2 1 1', 'and then it ends');
is(ask('describe_table', { TableName => 'Held' })->{Table}{TableStatus}, 'ACTIVE', 'and the table is ACTIVE');

# The object changes meanwhile
put_object("changed/$_", $line) for 'a', 'b';
$holder = hold_reports();
put_object('changed/0', qq({"Item": {"p": {"S": "a"}}}\n));
# so many objects are in one batch that b is in the next one
put_object(sprintf('changed/a%04d', $_), '') for 1 .. 1100;
$arn = begin_import('Changed', 'changed/');
wait_until(sub { sql(q(SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'dynapg.transfer_reports'::regclass)) }, sub { 'nobody waits' });
put_object('changed/b', $line x 2);
unlink("$place/in/changed/a1100") or die;
$holder->ask('COMMIT');
$holder->end;
is(outcome(await_import($arn)), 'FAILED ItemValidationError 4 1 3', 'objects that have changed or are gone are errors');
like(sql(q(SELECT string_agg(DISTINCT message, '/') FROM dynapg.import_errors WHERE table_name = 'Changed' AND key <> 'changed/0')), qr/^The object has changed/, 'and said to be');

# Plain SQL drops the table: the import has ended
$holder = hold_reports();
$arn = begin_import('Dropped', 'held/');
wait_until(sub { sql(q(SELECT count(*) FROM dynapg.tables WHERE name = 'Dropped')) }, sub { 'the table does not come' });
# it may be at it again before the table is locked, and then waits for us
wait_until(sub {
	$node->psql('postgres', 'SET lock_timeout = $$2s$$; SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = $$dynapg transfer$$; DROP TABLE dynamo."Dropped"') == 0;
}, sub { 'the table cannot be dropped' });
$holder->ask('COMMIT');
$holder->end;
is(await_import($arn)->{ImportStatus} . ' ' . (import_description($arn)->{FailureCode} // '-'), 'FAILED TableNotFound', 'DROP TABLE ends the import');

# It is cancelled: no table
$holder = hold_reports();
$arn = begin_import('Cancelled', 'held/');
wait_until(sub { sql(q(SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'dynapg.transfer_reports'::regclass)) }, sub { 'nobody waits' });
is(sql(q(SELECT dynapg.cancel_transfer(id) FROM dynapg.transfers WHERE table_name = 'Cancelled')), 't', 'an import can be cancelled');
wait_until(sub { import_description($arn)->{EndTime} }, sub { 'it goes on' });
$holder->ask('COMMIT');
$holder->end;
is(import_description($arn)->{ImportStatus}, 'CANCELLED', 'and says so');
is(sql(q(SELECT count(*) FROM dynapg.tables WHERE name = 'Cancelled')), 0, 'and leaves no table');

# Two imports of a name before its table is there: one wins
{
	my $hold = DynapgSession->new($node);

	$hold->ask('BEGIN; LOCK TABLE dynapg.transfer_parts IN SHARE MODE');
	my @arns = map { begin_import('Twice', 'root/data/', ClientToken => "twice $_") } 1 .. 2;
	$hold->ask('COMMIT');
	$hold->end;
	is(join(' / ', sort map { outcome(await_import($_)) } @arns), 'COMPLETED - 1 1 0 / FAILED TableAlreadyExists 0 0 0', 'of two imports of one name the other one fails');
	is(sql('SELECT count(*) FROM dynamo."Twice"'), 1, 'and the table of the first is whole');
}

# ------------------------------------------------------------------------------------------------------------
# Exports
# ------------------------------------------------------------------------------------------------------------

sql(q(SELECT dynamo_create_table('{"TableName": "Source", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}, {"AttributeName": "s", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "S"}, {"AttributeName": "s", "AttributeType": "N"}]}')),
	q(INSERT INTO dynamo."Source" (item) SELECT jsonb_build_object('p', 'big', 's', i, 'v', repeat('x', 409560)) FROM generate_series(1, 20) i),
	q(INSERT INTO dynamo."Source" (item) SELECT jsonb_build_object('p', 'p' || i % 100, 's', i, 'm', jsonb_build_object('n', trim_scale(i / 7.0), 'l', jsonb_build_array(i, null, true))) FROM generate_series(1, 20000) i),
	q(SELECT dynamo_update_continuous_backups('{"TableName": "Source", "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true}}')));
wait_until(sub { $node->psql('postgres', q(SELECT dynamo_export_table_to_point_in_time('{"TableArn": "arn:aws:dynamodb:us-east-1:000000000000:table/Source", "S3Bucket": "in", "S3Prefix": "exported-probe"}'))) == 0 },
	sub { 'no export begins' });
ask('put_item', { TableName => 'Source', Item => { p => { S => 'all' }, s => { N => '-1.5E-100' }, S => { S => "\x{e9}\x{1f600}\"\\ \n\t\x1f" }, empty => { S => '' },
	N => { N => '12345678901234567890123456789012345678' }, B => { B => 'AAECAw==' }, 'no B' => { B => '' }, t => { BOOL => \1 }, f => { BOOL => \0 }, null => { NULL => \1 },
	SS => { SS => [ 'b', '', 'a' ] }, NS => { NS => [ '1', '-2', '1e10' ] }, BS => { BS => [ 'AA==', '/w==' ] }, L => { L => [ { S => 'x' }, { L => [] }, { M => {} } ] },
	M => { M => { a => { M => { b => { NULL => \1 } } }, '$tag' => { S => 'y' } } }, '$odd' => { S => 'z' }, "\x{4e2d}" => { S => 'name' } } });
my $checksum = q(SELECT count(*), md5(string_agg(md5(item::text), '' ORDER BY hash, sort)) FROM dynamo.);
for my $format ('DYNAMODB_JSON', 'ION')
{
	my $export = ask('export_table_to_point_in_time', { TableArn => 'arn:aws:dynamodb:us-east-1:000000000000:table/Source', S3Bucket => 'in', S3Prefix => "exported $format", ExportFormat => $format })->{ExportDescription};

	wait_until(sub { $export = ask('describe_export', { ExportArn => $export->{ExportArn} })->{ExportDescription}; $export->{ExportStatus} ne 'IN_PROGRESS' }, sub { 'the export does not end' });
	my ($export_id) = $export->{ExportArn} =~ m{([^/]+)$};
	is(import_outcome("Of$format", "exported $format/AWSDynamoDB/$export_id/data/", InputFormat => $format, InputCompressionType => 'GZIP'), 'COMPLETED - 20021 20021 0', "an export in $format is imported");
	is(sql("$checksum\"Of$format\""), sql("$checksum\"Source\""), "and is what it was");
}

$node->stop;
done_testing();
