# Exports while clients write, of a server that is killed again and again: what is in the bucket is what the table was, and what its changes made
# of it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Digest::MD5 qw(md5_base64);
use DynapgCrash;
use DynapgHttp;
use IO::Uncompress::Gunzip qw(gunzip $GunzipError);
use IPC::Run;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $kills = $ENV{DYNAPG_EXPORT_KILLS} || 5;
my $items = $ENV{DYNAPG_EXPORT_ITEMS} || 10000;
my $writers = 4;

my $place = PostgreSQL::Test::Utils::tempdir();
mkdir "$place/bucket" or die;
my ($node, $port) = start_node('export', "dynapg.export_directory = '$place'\ndynapg.export_file_size = '64kB'\nrestart_after_crash = on\nmax_prepared_transactions = 2\n");
my ($id, $secret) = create_key($node, 'postgres');

sub sql { return $node->safe_psql('postgres', join(";\n", @_)) }

# An operation over HTTP; the answer.
sub ask
{
	my ($operation, $request) = @_;
	my $response;

	# it may come before a killed server is there again
	wait_until(sub {
		$response = eval { call($port, $operation, $request, key => [ $id, $secret ]) };
		return $response && $response->{status} == 200;
	}, sub { "$operation: " . ($response ? "$response->{status} $response->{body}" : 'no answer') });
	return decode_json($response->{body});
}

my $transfer;
my $table_arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/Things';

sub begin_export { return ask('ExportTableToPointInTime', { TableArn => $table_arn, S3Bucket => 'bucket', @_ })->{ExportDescription}{ExportArn} }
sub description { return ask('DescribeExport', { ExportArn => $_[0] })->{ExportDescription} }

# The description of an export that has ended.
sub await_export
{
	my ($arn) = @_;
	my $description;

	wait_until(sub { $description = description($arn); $description->{ExportStatus} ne 'IN_PROGRESS' }, sub { "$arn does not end" });
	return $description;
}

sub contents
{
	my ($key) = @_;
	return slurp_file("$place/bucket/$key");
}

# Lines of the data files of an export that is COMPLETED, which is checked by its manifests.
sub lines_of
{
	my ($name, $description) = @_;
	my ($folder) = $description->{ExportManifest} =~ m{^(.*)/manifest-summary\.json$} or die "$name: no manifest";
	my $summary = decode_json(contents($description->{ExportManifest}));
	my $count = 0;
	my @wrong;
	my @lines;

	foreach my $file ('manifest-summary', 'manifest-files')
	{
		push @wrong, $file unless contents("$folder/$file.md5") eq md5_base64(contents("$folder/$file.json")) . '==';
	}
	foreach my $entry (map { decode_json($_) } split /\n/, contents($summary->{manifestFilesS3Key}))
	{
		my $bytes = contents($entry->{dataFileS3Key});
		my $text = '';

		push @wrong, $entry->{dataFileS3Key} unless $entry->{md5Checksum} eq md5_base64($bytes) . '==';
		gunzip(\$bytes, \$text) or die "$entry->{dataFileS3Key}: $GunzipError";
		my @of_file = split /\n/, $text;
		push @wrong, "$entry->{dataFileS3Key} has " . scalar(@of_file) unless @of_file == $entry->{itemCount};
		push @lines, @of_file;
	}
	push @wrong, "$summary->{itemCount} items" unless @lines == $summary->{itemCount} && @lines == $description->{ItemCount};
	is("@wrong", '', "$name: manifests, checksums, counts");
	return sort @lines;
}

sql(q{CREATE FUNCTION item_to_wire(item jsonb) RETURNS text AS '$libdir/dynapg', 'dynapg_item_to_wire' LANGUAGE C IMMUTABLE STRICT;
CREATE PROCEDURE writer(w int, seconds float) LANGUAGE plpgsql AS $$
DECLARE
	ends timestamptz := clock_timestamp() + seconds * '1 s'::interval;
	key int;
BEGIN
	WHILE clock_timestamp() < ends LOOP
		FOR i IN 1 .. 1 + (random() * 3)::int LOOP
			key := (random() * 3000)::int;
			CASE (random() * 3)::int
				WHEN 0 THEN
					PERFORM dynapg.delete('Things', 'k' || key, w);
				WHEN 1 THEN
					UPDATE dynamo."Things" SET item = item || jsonb_build_object('n', clock_timestamp()) WHERE item @> jsonb_build_object('p', 'k' || key);
				ELSE
					PERFORM dynapg.put('Things', jsonb_build_object('p', 'k' || key, 's', w, 'filler', repeat('x', (random() * 500)::int)));
			END CASE;
		END LOOP;
		IF random() < 0.1 THEN ROLLBACK; ELSE COMMIT; END IF;
	END LOOP;
END $$});
sub make_table
{
	ask('CreateTable', { TableName => 'Things', BillingMode => 'PAY_PER_REQUEST',
		KeySchema => [ { AttributeName => 'p', KeyType => 'HASH' }, { AttributeName => 's', KeyType => 'RANGE' } ],
		AttributeDefinitions => [ { AttributeName => 'p', AttributeType => 'S' }, { AttributeName => 's', AttributeType => 'N' } ] });
	ask('UpdateContinuousBackups', { TableName => 'Things', PointInTimeRecoverySpecification => { PointInTimeRecoveryEnabled => JSON::PP::true } });
	ok($node->poll_query_until('postgres', q{SELECT dynamo_describe_table('{"TableName": "Things"}') IS NOT NULL AND
		EXISTS (SELECT FROM dynapg.logs l, dynapg.ticks t WHERE l.kind = 'UNDO' AND l.table_name = 'Things' AND l.kept AND l.status = 'ENABLED'
			AND pg_visible_in_snapshot(l.begun_by, t.snapshot))}),
		'the table can be restored');
	sql(qq{INSERT INTO dynamo."Things" (item) SELECT jsonb_build_object('p', 'k' || i, 's', 0, 'n', i, 'filler', repeat(md5(i::text), 12)) FROM generate_series(1, $items) i});
	return;
}
make_table();

sub start_writers
{
	my ($seconds) = @_;
	return map { my ($out, $err) = ('', '');
		IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "CALL writer($_, $seconds)" ], '>', \$out, '2>', \$err) } 1 .. $writers;
}

# The lines that an export of a time must have.
sub lines_at
{
	my ($time) = @_;
	return sort split /\n/, sql(qq{SELECT '{"Item":' || item_to_wire(item) || '}' FROM dynapg.items_at('Things', to_timestamp($time))});
}

# ---------------------------------------------------------------- while clients write

my @running = start_writers(6);
sleep 3;
my $time = sql('SELECT extract(epoch FROM date_trunc(\'second\', clock_timestamp()) - interval \'1 s\')::bigint');
my $arn = begin_export(ExportTime => $time + 0);
my $description = await_export($arn);
is($description->{ExportStatus}, 'COMPLETED', 'an export while clients write');
$_->finish foreach @running;
my @full = lines_of('while clients write', $description);
is_deeply(\@full, [ lines_at($time) ], 'it has what the table had at its time');
cmp_ok(sql('SELECT parts FROM dynapg.stat_transfers'), '>', 20, 'in many files');

# ---------------------------------------------------------------- what has changed since

# more than 15 minutes ago, for the service's rule
sql(q{UPDATE dynapg.tables SET created_at = created_at - interval '1 day'}, q{UPDATE dynapg.logs SET created_at = created_at - interval '1 day'},
	qq{UPDATE dynapg.ticks SET "time" = "time" - interval '1 hour' WHERE "time" <= to_timestamp($time)});
sql('SELECT dynapg.tick()');
my $later = sql('SELECT extract(epoch FROM clock_timestamp())');
$description = await_export(begin_export(ExportType => 'INCREMENTAL_EXPORT',
	IncrementalExportSpecification => { ExportFromTime => $time - 1800, ExportToTime => $later + 0 }));
is($description->{ExportStatus}, 'COMPLETED', 'an incremental export') or diag(explain($description));

my $json = JSON::PP->new->canonical;
sub key_of { return $json->encode({ p => $_[0]{p}, s => $_[0]{s} }) }
my %replayed = map { my $item = $json->decode($_)->{Item}; key_of($item) => $item } @full;
my $stale = 0;
foreach my $change (map { $json->decode($_) } lines_of('incremental', $description))
{
	my $key = key_of($change->{Keys});
	my $old = $replayed{$key} ? $json->encode($replayed{$key}) : 'none';

	$stale++ if $old ne ($change->{OldImage} ? $json->encode($change->{OldImage}) : 'none');
	if ($change->{NewImage}) { $replayed{$key} = $change->{NewImage} } else { delete $replayed{$key} }
}
is($stale, 0, 'its old images are what the full export has');
is_deeply([ sort map { $json->encode($_) } values %replayed ],
	[ sort map { $json->encode($json->decode($_)->{Item}) } lines_at($later) ], 'replayed over the full export, it makes the table');

# ---------------------------------------------------------------- a server that is killed

$time = sql('SELECT extract(epoch FROM clock_timestamp())') + 0;
sql('SELECT dynapg.tick()');
my @expected = lines_at($time);
my $died = 0;
for my $i (1 .. $kills * 3)
{
	last if $died >= $kills;
	$arn = begin_export(ExportTime => $time, S3Prefix => "kill$i");
	for (1 .. 3)
	{
		select(undef, undef, undef, rand(0.4));
		last if description($arn)->{ExportStatus} ne 'IN_PROGRESS';
		kill_server($node);
		start_again($node);
		$died++;
	}
	$description = await_export($arn);
	is($description->{ExportStatus}, 'COMPLETED', "export $i, of a server that was killed $died times by now") or diag(explain($description));
	is_deeply([ lines_of("export $i", $description) ], \@expected, "export $i has all items once");
}
cmp_ok($died, '>=', $kills, 'the server was killed often enough');
is(sql(q{SELECT count(*) FROM pg_ls_tmpdir()}), 0, 'no temporary file is left');

# ---------------------------------------------------------------- one after the other

sql('ALTER SYSTEM SET dynapg.transfer_workers = 1', 'SELECT pg_reload_conf()');
ok($node->poll_query_until('postgres', q{SELECT current_setting('dynapg.transfer_workers') = '1'}), 'a process for one at a time');
my @waiting = map { begin_export(S3Prefix => "many$_") } 1 .. 4;
my $most = 0;
wait_until(sub {
	my ($at_work, $left) = split /\|/, sql('SELECT count(pid), count(*) FROM dynapg.stat_transfers WHERE ended_at IS NULL');
	$most = $at_work if $at_work > $most;
	return $left == 0;
}, sub { 'exports that wait do not end' });
is(join(' ', map { description($_)->{ExportStatus} } @waiting), 'COMPLETED COMPLETED COMPLETED COMPLETED', 'exports that waited');
is($most, 1, 'one at a time');

# ---------------------------------------------------------------- a standby that is promoted

# No process begins at COMMIT PREPARED; the new primary's endpoint sees to the export.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
my $standby_port = free_http_port();
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "dynapg.databases = 'postgres:$standby_port'\n");
$standby->start;
sql(q{BEGIN}, qq{SELECT dynamo_export_table_to_point_in_time('{"TableArn": "$table_arn", "S3Bucket": "bucket", "S3Prefix": "promoted", "ExportTime": $time}')},
	q{PREPARE TRANSACTION 'export'});
sql(q{COMMIT PREPARED 'export'});
$node->wait_for_catchup($standby);
$transfer = sql('SELECT max(id) FROM dynapg.transfers');
kill_server($node);
$standby->promote;
($node, $port) = ($standby, $standby_port);
ok($node->poll_query_until('postgres', qq{SELECT ended_at IS NOT NULL FROM dynapg.transfers WHERE id = '$transfer'}), 'a standby that is promoted goes on');
$description = description("$table_arn/export/$transfer");
is($description->{ExportStatus}, 'COMPLETED', 'with the export of its primary') or diag(explain($description));
is_deeply([ lines_of('promoted', $description) ], \@expected, 'which has all items once');

# ---------------------------------------------------------------- ends

# Cancelled by its owner, by a table that is deleted, and by a role that loses its bucket: nothing looks like a whole export.
$arn = begin_export(S3Prefix => 'cancelled');
($transfer) = $arn =~ m{/export/(.*)};
sql("SELECT dynapg.cancel_transfer('$transfer')");
$description = await_export($arn);
ok($description->{ExportStatus} eq 'FAILED' && $description->{FailureCode} eq 'Cancelled' || $description->{ExportStatus} eq 'COMPLETED', 'cancelled')
	or diag(explain($description));
is(-e "$place/bucket/cancelled/AWSDynamoDB/$transfer/manifest-summary.json" ? 1 : 0, $description->{ExportStatus} eq 'COMPLETED' ? 1 : 0,
	'a summary only where it was too late');
foreach my $try (1 .. 5)
{
	$arn = begin_export(S3Prefix => "deleted$try");
	ask('DeleteTable', { TableName => 'Things' });
	$description = description($arn);
	# it may have been quicker
	last if $description->{ExportStatus} ne 'COMPLETED' || $try == 5;
	make_table();
}
is($description->{FailureCode} // $description->{ExportStatus}, 'TableNotFound', 'its table is deleted while an export goes on');

done_testing();
