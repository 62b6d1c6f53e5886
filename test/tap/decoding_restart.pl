# The output plugin "dynapg" read by pg_recvlogical while writers write: the reader is killed, the server is killed, and, from 17 on, a standby
# takes over. A reader that goes on where its last whole transaction ended has each committed change once, per item in order.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;

use DynapgCrash;

my $folder = PostgreSQL::Test::Utils::tempdir();
my $clients = 6;

# ---------------------------------------------------------------- writers

# Short and long transactions, savepoints, aborts, plain SQL, on few items
append_to_file("$folder/write.sql", <<'SQL');
\set p random(1, 30)
\set q random(1, 30)
\set v random(1, 1000000)
\set way random(1, 6)
\if :way = 1
	SELECT dynapg.put('Ledger', jsonb_build_object('p', :p, 'v', :v));
\elif :way = 2
	SELECT dynapg.delete('Ledger', :p);
\elif :way = 3
	BEGIN;
	SELECT dynapg.put('Ledger', jsonb_build_object('p', least(:p, :q), 'v', :v));
	SAVEPOINT a;
	SELECT dynapg.put('Ledger', jsonb_build_object('p', greatest(:p, :q), 'v', -1));
	ROLLBACK TO a;
	SELECT dynapg.put('Ledger', jsonb_build_object('p', greatest(:p, :q), 'v', :v));
	COMMIT;
\elif :way = 4
	BEGIN;
	SELECT dynapg.put('Ledger', jsonb_build_object('p', :p, 'v', -2));
	ROLLBACK;
\elif :way = 5
	UPDATE dynamo."Ledger" SET item = item || jsonb_build_object('v', :v) WHERE hash = dynapg.partition_hash(jsonb_build_object('p', :p), 'p', 'N');
\else
	INSERT INTO dynamo."Ledger" (item) SELECT jsonb_build_object('p', 1000 + nextval('more'), 'v', i, 'x', repeat('x', 300)) FROM generate_series(1, 40) i;
\endif
SQL

my ($written, $writers);

sub start_writers
{
	my ($node) = @_;
	my $process = IPC::Run::start([ 'pgbench', '-n', '-c', $clients, '-j', 1, '-T', 600, '-f', "$folder/write.sql", $node->connstr('postgres') ],
		'>', \$written, '2>&1');
	$process->pump_nb;
	return $process;
}

sub numbers { my ($node) = @_; return $node->safe_psql('postgres', 'SELECT last_value FROM dynapg.log_seq') }

# Until so many more changes have been logged.
sub write_more
{
	my ($node, $changes) = @_;
	my $target = numbers($node) + 100 * $changes;

	wait_until(sub { numbers($node) >= $target }, sub { $writers->pump_nb; "nothing is written: $written" });
}

# ---------------------------------------------------------------- the reader

# What it has is whole transactions, and where the next one begins; the rest of a file is read again.
my $reader = { records => [], transactions => 0, position => '0/0', files => 0 };

sub start_reader
{
	my ($node, @options) = @_;

	# the server takes a while to see that the one before is gone
	$node->poll_query_until('postgres', q{SELECT NOT active FROM pg_replication_slots WHERE slot_name = 'cdc'}) or die 'the slot is not free';
	$reader->{file} = "$folder/changes." . ++$reader->{files};
	return IPC::Run::start([ 'pg_recvlogical', '--start', '-S', 'cdc', '-d', $node->connstr('postgres'), '-f', $reader->{file}, '--no-loop', '-s', 1, '-F', 1,
			'-I', $reader->{position}, '-o', 'transactions=1', '-o', 'include-lsn=1', @options ], '2>', "$folder/errors.$reader->{files}");
}

# Ends it as it comes, and keeps its transactions.
sub end_reader
{
	my ($process) = @_;
	my @records;

	$process->finish;
	return unless -e $reader->{file};
	for my $line (split /^/, slurp_file($reader->{file}))
	{
		last unless $line =~ /\n\z/;
		my $record = decode_json($line);
		if ($record->{begin}) { @records = () }
		elsif ($record->{commit})
		{
			push @{ $reader->{records} }, @records;
			$reader->{transactions}++;
			$reader->{position} = $record->{commit}{nextLsn};
		}
		else { push @records, $record }
	}
}

sub received { return -s $reader->{file} // 0 }

sub wait_for_more
{
	my ($bytes) = @_;
	my $target = received() + $bytes;

	wait_until(sub { received() >= $target }, sub { 'nothing is received: ' . slurp_file("$folder/errors.$reader->{files}") });
}

sub read_to_end
{
	my ($node) = @_;
	end_reader(start_reader($node, '-E', $node->safe_psql('postgres', 'SELECT pg_current_wal_flush_lsn()')));
}

# ---------------------------------------------------------------- checks

# All records that the API gives.
my $everything = <<'SQL';
CREATE FUNCTION everything(name text) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
	arn text := dynamo_list_streams(jsonb_build_object('TableName', name)) #>> '{Streams,-1,StreamArn}';
	iterator jsonb;
	shard jsonb;
	page jsonb;
BEGIN
	FOR shard IN SELECT jsonb_array_elements(dynamo_describe_stream(jsonb_build_object('StreamArn', arn)) #> '{StreamDescription,Shards}') LOOP
		iterator := dynamo_get_shard_iterator(jsonb_build_object('StreamArn', arn, 'ShardId', shard -> 'ShardId', 'ShardIteratorType', 'TRIM_HORIZON')) -> 'ShardIterator';
		LOOP
			page := dynamo_get_records(jsonb_build_object('ShardIterator', iterator));
			RETURN QUERY SELECT jsonb_array_elements(page -> 'Records');
			iterator := page -> 'NextShardIterator';
			EXIT WHEN iterator IS NULL OR page -> 'Records' = '[]';
		END LOOP;
	END LOOP;
END $$;
SQL

sub check
{
	my ($node, $name) = @_;
	my (%seen, %number, %table, $twice, $disorder);

	for my $record (@{ $reader->{records} })
	{
		my ($change, $key) = ($record->{dynamodb}, $record->{dynamodb}{Keys}{p}{N});
		$twice++ if $seen{ $record->{eventID} }++;
		# 21 digits: as text
		$disorder++ if exists $number{$key} && $number{$key} ge $change->{SequenceNumber};
		$number{$key} = $change->{SequenceNumber};
		my $old = $change->{OldImage} ? $change->{OldImage}{v}{N} : '';
		$disorder++ if $old ne ($table{$key} // '');
		if ($change->{NewImage}) { $table{$key} = $change->{NewImage}{v}{N} }
		else { delete $table{$key} }
	}
	ok(!$twice, "$name: none twice");
	ok(!$disorder, "$name: each record begins where its item's last one ended");
	is(join("\n", map { "$_ $table{$_}" } sort { $a <=> $b } keys %table),
		$node->safe_psql('postgres', q{SELECT concat_ws(' ', item -> 'p', item -> 'v') FROM dynamo."Ledger" ORDER BY (item -> 'p')::int}), "$name: replayed they give the table");
	is(scalar(keys %seen), scalar(@{ $reader->{records} }), "$name: $reader->{transactions} transactions, " . @{ $reader->{records} } . ' records');
	is(join("\n", sort keys %seen), $node->safe_psql('postgres', q{SELECT r ->> 'eventID' FROM everything('Ledger') r ORDER BY r ->> 'eventID' COLLATE "C"}), "$name: those that GetRecords gives");
}

# ---------------------------------------------------------------- one server

sub new_primary
{
	my ($name, $conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);

	$node->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', "logical_decoding_work_mem = '64kB'\n$conf");
	$node->start;
	# minor releases since 2026 want to be told which output plugins may be loaded
	if ($node->safe_psql('postgres', q{SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'}))
	{
		$node->append_conf('postgresql.conf', "output_plugin_libraries = 'dynapg'");
		$node->reload;
	}
	$node->safe_psql('postgres', qq{CREATE EXTENSION dynapg; CREATE SEQUENCE more; $everything;
		SELECT dynamo_create_table('{"TableName": "Ledger", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "p", "KeyType": "HASH"}],
			"AttributeDefinitions": [{"AttributeName": "p", "AttributeType": "N"}], "StreamSpecification": {"StreamEnabled": true, "StreamViewType": "NEW_AND_OLD_IMAGES"}}')});
	return $node;
}

my $node = new_primary('alone', '');
$node->command_ok([ 'pg_recvlogical', '--create-slot', '-S', 'cdc', '-P', 'dynapg', '-d', $node->connstr('postgres') ], 'pg_recvlogical --create-slot');
$writers = start_writers($node);
my $process = start_reader($node);
wait_for_more(100_000);
$process->kill_kill(grace => 0);
end_reader($process);
write_more($node, 300);

# the reader was killed; now the server is, while both are at it
for my $round (1 .. 3)
{
	$process = start_reader($node);
	wait_for_more(100_000);
	if ($round == 1) { $node->stop('immediate') }
	else { kill_server($node) }
	end_reader($process);
	$writers->finish;
	start_again($node);
	$writers = start_writers($node);
	write_more($node, 300);
}
# and once more in an orderly way: a walsender sends all before the server stops
$process = start_reader($node);
wait_for_more(100_000);
$node->stop('fast');
$writers->finish;
end_reader($process);
$node->start;
read_to_end($node);
check($node, 'the reader and the server were killed');
is($node->safe_psql('postgres', q{SELECT lag_bytes >= 0, retained_bytes >= lag_bytes, active_pid IS NULL FROM dynapg.stat_slots WHERE slot_name = 'cdc'}), 't|t|t', 'dynapg.stat_slots');
$node->stop;

# ---------------------------------------------------------------- a failover slot

SKIP:
{
	my $version = `pg_config --version` =~ /(\d+)/ ? $1 : 0;
	skip "PostgreSQL $version has no failover slots: after a promotion the reader goes on by GetRecords", 1 if $version < 17;

	my $primary = new_primary('primary', "synchronized_standby_slots = 'standby'\nhot_standby_feedback = on\nsync_replication_slots = on\n");
	$primary->safe_psql('postgres', q{SELECT pg_create_physical_replication_slot('standby', true)});
	$primary->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('cdc', 'dynapg', failover => true)});
	$primary->backup('base');
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	my $conninfo = $primary->connstr('postgres') =~ s/'/''/gr;
	$standby->append_conf('postgresql.conf', "primary_conninfo = '$conninfo application_name=standby'\nprimary_slot_name = 'standby'\nsynchronized_standby_slots = ''\n");
	$standby->start;
	$primary->append_conf('postgresql.conf', "synchronous_standby_names = 'standby'");
	$primary->reload;

	$reader = { records => [], transactions => 0, position => '0/0', files => 100 };
	$writers = start_writers($primary);
	$process = start_reader($primary);
	$standby->poll_query_until('postgres', q{SELECT bool_or(synced AND NOT temporary AND invalidation_reason IS NULL) FROM pg_replication_slots WHERE slot_name = 'cdc'});
	wait_for_more(300_000);
	kill_server($primary);
	$writers->finish;
	end_reader($process);
	my $before = @{ $reader->{records} };
	ok($before, "$before records before the promotion");
	$standby->append_conf('postgresql.conf', "synchronous_standby_names = ''");
	$standby->reload;
	$standby->promote;
	is($standby->safe_psql('postgres', q{SELECT slot_name, plugin FROM dynapg.stat_slots}), 'cdc|dynapg', 'the slot is there');
	$writers = start_writers($standby);
	$process = start_reader($standby);
	wait_for_more(100_000);
	kill_server($standby);
	$writers->finish;
	end_reader($process);
	start_again($standby);
	read_to_end($standby);
	check($standby, 'a standby was promoted');
	cmp_ok(scalar(@{ $reader->{records} }), '>', $before, '... and written to');
	$standby->stop;
}
done_testing();
