# The output plugin "dynapg": options, what is printed of what happens in transactions, and what is gone by the time it is decoded.
# decoding_restart.pl reads with pg_recvlogical.
use strict;
use warnings;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use DynapgSession;

my $node = PostgreSQL::Test::Cluster->new('decoding');
$node->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "max_prepared_transactions = 10\nlogical_decoding_work_mem = '64kB'\nautovacuum = off\n");
$node->start;

sub sql { return $node->safe_psql('postgres', join(";\n", @_)) }

my $schema = <<'SQL';
CREATE EXTENSION dynapg;
CREATE OR REPLACE FUNCTION make(name text, view_type text) RETURNS void LANGUAGE sql AS $$
	SELECT dynamo_create_table(jsonb_build_object('TableName', name, 'BillingMode', 'PAY_PER_REQUEST',
		'KeySchema', '[{"AttributeName": "p", "KeyType": "HASH"}]'::jsonb,
		'AttributeDefinitions', '[{"AttributeName": "p", "AttributeType": "S"}]'::jsonb,
		'StreamSpecification', jsonb_build_object('StreamEnabled', true, 'StreamViewType', view_type)))
$$;
-- of a length, that compression leaves long
CREATE OR REPLACE FUNCTION noise(length int, seed int) RETURNS text LANGUAGE sql AS $$
	SELECT left(string_agg(md5(i::text || '/' || seed), ''), length) FROM generate_series(0, length / 32) i
$$;
SQL

# minor releases since 2026 want to be told which output plugins may be loaded
if (sql(q{SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'}))
{
	my ($status, $out, $err) = $node->psql('postgres', q{SELECT pg_create_logical_replication_slot('refused', 'dynapg')});
	like($err, qr/dynapg/, 'a server that is not told of the plugin does not load it');
	is(sql('SELECT count(*) FROM pg_replication_slots'), '0', '... and makes no slot');
	$node->append_conf('postgresql.conf', "output_plugin_libraries = 'pgoutput, test_decoding, wal2json, dynapg'");
	$node->reload;
}
sql($schema);

sub slot { sql("SELECT pg_create_logical_replication_slot('$_', 'dynapg')") for @_ }
sub drop { sql("SELECT pg_drop_replication_slot('$_')") for @_ }

# What a slot prints, with options; get: and moves it on.
sub decode
{
	my ($how, $slot, @options) = @_;
	my $options = join '', map { ", '$_'" } @options;

	return map { decode_json($_) } split /\n/, sql("SELECT data FROM pg_logical_slot_${how}_changes('$slot', NULL, NULL$options)");
}

sub peek { return decode('peek', @_) }
sub get { return decode('get', @_) }

# A record as one line.
sub plain
{
	my ($record) = @_;
	my $change = $record->{dynamodb};
	my $image = sub { my ($item) = @_; return $item ? join(',', map { "$_=" . (values %{ $item->{$_} })[0] } sort keys %$item) : '-' };

	return join ' ', keys %$record unless $change;
	return "$record->{eventName} $record->{tableName} " . join ' ', map { $image->($change->{$_}) } qw(Keys OldImage NewImage);
}

sub lines { return join "\n", map { plain($_) } @_ }

# ---------------------------------------------------------------- options

slot('s');
for (
	[ 'no such option', qr/unknown option "views" of output plugin dynapg.*view-type/s, 'views', '1' ],
	[ 'no such view', qr/parameter "view-type" wants a StreamViewType.*KEYS_ONLY/s, 'view-type', 'new_image' ],
	[ 'no table', qr/parameter "tables" wants a list of table names/, 'tables', '' ],
	[ 'half a name', qr/parameter "tables" wants a list of table names/, 'tables', '"a' ],
	[ 'no boolean', qr/could not parse value "maybe" for parameter "transactions"/, 'transactions', 'maybe' ])
{
	my ($name, $expected, @option) = @$_;
	my ($status, $out, $err) = $node->psql('postgres',
		"SELECT * FROM pg_logical_slot_peek_changes('s', NULL, NULL, " . join(', ', map { "'$_'" } @option) . ')');
	like($err, $expected, "options: $name");
}

my @views = qw(KEYS_ONLY NEW_IMAGE OLD_IMAGE NEW_AND_OLD_IMAGES);
sql(map { "SELECT make('$_', '$_')" } @views);
sql(map { (qq{SELECT dynapg.put('$_', '{"p": "a", "x": 1}')}, qq{SELECT dynapg.put('$_', '{"p": "a", "x": 1.0}')},
	qq{SELECT dynapg.put('$_', '{"p": "a", "x": 2}')}, qq{SELECT dynapg.delete('$_', 'a')}) } @views);

# what each view has of an insertion, a change and a removal
my %has = (
	KEYS_ONLY => [ 'p=a - -', 'p=a - -', 'p=a - -' ],
	NEW_IMAGE => [ 'p=a - p=a,x=1', 'p=a - p=a,x=2', 'p=a - -' ],
	OLD_IMAGE => [ 'p=a - -', 'p=a p=a,x=1 -', 'p=a p=a,x=2 -' ],
	NEW_AND_OLD_IMAGES => [ 'p=a - p=a,x=1', 'p=a p=a,x=1 p=a,x=2', 'p=a p=a,x=2 -' ]);

sub common
{
	my ($stream, $wanted) = @_;
	return $wanted if $stream eq 'NEW_AND_OLD_IMAGES';
	return $stream if $wanted eq 'NEW_AND_OLD_IMAGES' || $stream eq $wanted;
	return 'KEYS_ONLY';
}

for my $wanted (undef, @views)
{
	my @got = peek('s', $wanted ? ('view-type', $wanted) : ());
	my @expected = map { my $view = common($_, $wanted // $_); [ $_, $view, $has{$view} ] } @views;
	is(lines(@got), join("\n", map { my ($table, $view, $has) = @$_; ("INSERT $table $has->[0]", "MODIFY $table $has->[1]", "REMOVE $table $has->[2]") } @expected),
		'the images that the stream has and ' . ($wanted // 'nobody') . ' wants; a write that changes nothing is no record');
	is(join(' ', map { $_->{dynamodb}{StreamViewType} } @got), join(' ', map { ($_->[1]) x 3 } @expected), '... and the view says so');
}

my ($record) = peek('s', 'tables', 'NEW_IMAGE');
is(join(' ', sort keys %$record), 'awsRegion dynamodb eventID eventName eventSource eventSourceARN eventVersion tableName xid', 'members of a record');
like($record->{eventSourceARN}, qr{^arn:aws:dynamodb:us-east-1:\d{12}:table/NEW_IMAGE/stream/\d{4}-\d\d-\d\dT[0-9:.]+$}, '... the stream it is of');
my $api = decode_json(sql(q{SELECT dynamo_get_records(jsonb_build_object('ShardIterator', dynamo_get_shard_iterator(jsonb_build_object('StreamArn', arn,
	'ShardId', dynamo_describe_stream(jsonb_build_object('StreamArn', arn)) #> '{StreamDescription,Shards,0,ShardId}', 'ShardIteratorType', 'TRIM_HORIZON')) -> 'ShardIterator')) -> 'Records' -> 0
	FROM (SELECT dynamo_list_streams('{"TableName": "NEW_IMAGE"}') #>> '{Streams,0,StreamArn}' AS arn) s}));
is_deeply({ map { $_ => $record->{$_} } keys %$api }, $api, '... the same that GetRecords gives');

($record) = peek('s', 'include-lsn', 'on');
like($record->{lsn}, qr{^[0-9A-F]+/[0-9A-F]+$}, 'include-lsn');
is(lines(peek('s', 'tables', 'NEW_IMAGE,KEYS_ONLY,none', 'view-type', 'KEYS_ONLY')),
	join("\n", map { my $table = $_; map { "$_ $table p=a - -" } qw(INSERT MODIFY REMOVE) } qw(KEYS_ONLY NEW_IMAGE)), 'tables');
my @all = peek('s', 'transactions', 'true', 'tables', 'NEW_IMAGE');
is(lines(@all[ 0 .. 4 ]), "begin\nINSERT NEW_IMAGE p=a - p=a,x=1\ncommit\nbegin\nMODIFY NEW_IMAGE p=a - p=a,x=2", 'transactions; those without records are passed over');
is($all[0]{begin}{xid}, $all[1]{xid}, '... which one');
is($all[0]{begin}{lsn}, $all[2]{commit}{lsn}, '... where it was committed');
is(sql("SELECT '$all[2]{commit}{lsn}' < '$all[2]{commit}{nextLsn}'::pg_lsn AND '$all[2]{commit}{nextLsn}' <= '$all[3]{begin}{lsn}'::pg_lsn"), 't', '... and where to go on');
get('s');

# ---------------------------------------------------------------- transactions

sql(q{CREATE TABLE plain (a int)}, q{BEGIN}, q{SELECT make('Tab', 'NEW_AND_OLD_IMAGES')}, q{SELECT dynapg.put('Tab', '{"p": "same transaction"}')}, q{INSERT INTO plain VALUES (1)},
	q{SAVEPOINT a}, q{SELECT dynapg.put('Tab', '{"p": "undone"}')}, q{SELECT make('Undone', 'KEYS_ONLY')}, q{ROLLBACK TO a},
	q{SAVEPOINT b}, q{SELECT dynapg.put('Tab', '{"p": "subtransaction"}')}, q{RELEASE b}, q{COMMIT},
	q{BEGIN}, q{SELECT dynapg.put('Tab', '{"p": "rolled back"}')}, q{ROLLBACK},
	q{ALTER TABLE plain ADD b int}, q{INSERT INTO plain VALUES (2, 2)}, q{SELECT dynapg.put('Tab', '{"p": "after DDL"}')});
is(lines(get('s', 'transactions', '1')), <<'END' =~ s/\n\z//r, 'a stream of the same transaction; savepoints; rollbacks; DDL beside');
begin
INSERT Tab p=same transaction - p=same transaction
INSERT Tab p=subtransaction - p=subtransaction
commit
begin
INSERT Tab p=after DDL - p=after DDL
commit
END

sql(q{SELECT pg_create_logical_replication_slot('two_phase', 'dynapg', false, true)});
sql(q{BEGIN}, q{SELECT dynapg.put('Tab', '{"p": "prepared"}')}, q{PREPARE TRANSACTION 'later'});
sql(q{BEGIN}, q{SELECT dynapg.put('Tab', '{"p": "given up"}')}, q{PREPARE TRANSACTION 'never'});
sql(q{SELECT dynapg.put('Tab', '{"p": "meanwhile"}')});
is(lines(get($_)), 'INSERT Tab p=meanwhile - p=meanwhile', "nothing of prepared transactions ($_)") for 's', 'two_phase';
sql(q{COMMIT PREPARED 'later'});
sql(q{ROLLBACK PREPARED 'never'});
is(lines(get($_)), 'INSERT Tab p=prepared - p=prepared', "... until they are committed ($_)") for 's', 'two_phase';
drop('two_phase');

# what an origin brings
sql(q{SELECT pg_replication_origin_create('elsewhere')}, q{SELECT pg_replication_origin_session_setup('elsewhere')}, q{SELECT dynapg.put('Tab', '{"p": "from elsewhere"}')});
sql(q{SELECT dynapg.put('Tab', '{"p": "from here"}')});
is(lines(peek('s', 'only-local', '1')), 'INSERT Tab p=from here - p=from here', 'only-local leaves out what replication applies');
is(scalar(get('s')), 2, '... which is printed otherwise');

# ---------------------------------------------------------------- sizes

sql(q{SELECT dynapg.put('Tab', jsonb_build_object('p', 'large', 'x', noise(300000, 1)))}, q{SELECT dynapg.put('Tab', jsonb_build_object('p', 'large', 'x', noise(300000, 2)))},
	q{SELECT dynapg.put('Tab', jsonb_build_object('p', 'large', 'x', repeat('x', 300000)))}, q{SELECT dynapg.delete('Tab', 'large')});
my @noise = map { sql("SELECT noise(300000, $_)") } 1, 2;
push @noise, 'x' x 300000;
is_deeply([ map { [ map { $_ && $_->{x}{S} } @{ $_->{dynamodb} }{ 'OldImage', 'NewImage' } ] } get('s') ],
	[ [ undef, $noise[0] ], [ $noise[0], $noise[1] ], [ $noise[1], $noise[2] ], [ $noise[2], undef ] ], 'images of 300 KB, out of line and compressed');

sql(q{BEGIN}, q{SELECT count(dynapg.put('Tab', jsonb_build_object('p', 'many ' || i, 'x', noise(500, i)))) FROM generate_series(1, 3000) i},
	q{SAVEPOINT a}, q{UPDATE dynamo."Tab" SET item = item || '{"y": 1}' WHERE item ->> 'p' ~ 'many'}, q{ROLLBACK TO a},
	q{DELETE FROM dynamo."Tab" WHERE item ->> 'p' ~ 'many'}, q{COMMIT});
my @many = get('s');
is(join(' ', map { my $name = $_; scalar grep { $_->{eventName} eq $name } @many } qw(INSERT MODIFY REMOVE)), '3000 0 3000', 'a transaction that does not fit into memory');
$node->poll_query_until('postgres', q{SELECT spill_txns > 0 FROM pg_stat_replication_slots WHERE slot_name = 's'});
is(join(' ', map { $_->{dynamodb}{Keys}{p}{S} } @many[ 0 .. 2999 ]), join(' ', map { "many $_" } 1 .. 3000), '... in the order of writing');

# ---------------------------------------------------------------- what is gone when it is decoded

is(sql(q{SELECT slot_name, plugin, active_pid, wal_status, lag_bytes < 100000, retained_bytes >= lag_bytes, catalog_xmin_age >= 0 FROM dynapg.stat_slots}),
	's|dynapg||reserved|t|t|t', 'dynapg.stat_slots');
sql(q{CREATE ROLE regress_dynapg_nobody}, q{REVOKE SELECT ON pg_replication_slots FROM PUBLIC});
my ($status, $out, $err) = $node->psql('postgres', q{SET ROLE regress_dynapg_nobody; SELECT * FROM dynapg.stat_slots});
like($err, qr/permission denied for view pg_replication_slots/, '... is for whom pg_replication_slots is for');
sql(q{GRANT SELECT ON pg_replication_slots TO PUBLIC});

sql(q{SELECT dynapg.put('Tab', '{"p": "old table"}')}, q{SELECT dynamo_delete_table('{"TableName": "Tab"}')}, q{SELECT make('Tab', 'KEYS_ONLY')},
	q{SELECT dynapg.put('Tab', '{"p": "new table"}')}, q{DROP TABLE dynamo."Tab"});
is(lines(peek('s')), "INSERT Tab p=old table - p=old table\nINSERT Tab p=new table - -", 'tables that are gone');

sql(q{VACUUM FULL dynapg.logs, dynapg_log.stream_000001});
is(lines(peek('s')), "INSERT Tab p=old table - p=old table\nINSERT Tab p=new table - -", '... and relations that have been rewritten');

# the segment and what it was about have been kept long enough
my $old = q{UPDATE dynapg.log_segments SET created_at = created_at - '2 years'::interval, closed_at = closed_at - '2 years'::interval;
	UPDATE dynapg.logs SET closed_at = closed_at - '2 years'::interval WHERE closed_at IS NOT NULL};
sql(q{SELECT make('Kept', 'KEYS_ONLY')});
for (1 .. 100)
{
	sql($old, q{SELECT dynapg.rotate()});
	last if sql(q{SELECT to_regclass('dynapg_log.stream_000001') IS NULL}) eq 't';
}
is(sql(q{SELECT to_regclass('dynapg_log.stream_000001') IS NULL, count(*) FROM dynapg.logs WHERE table_name = 'Tab'}), 't|2', 'its segment is dropped; what a slot may need of dynapg.logs stays');
is(lines(get('s')), "INSERT Tab p=old table - p=old table\nINSERT Tab p=new table - -", '... which prints the records');
sql(q{SELECT dynapg.put('Kept', '{"p": "x"}')});
# a slot needs old catalogs until its reader has confirmed a position behind them
$node->poll_query_until('postgres', q{SELECT pg_log_standby_snapshot() IS NOT NULL}) if sql(q{SELECT current_setting('server_version_num')::int}) >= 160000;
sql('CHECKPOINT');
is(lines(get('s')), 'INSERT Kept p=x - -', 'and on it goes');
get('s') for 1 .. 2;
sql(q{SELECT dynapg.rotate()});
is(sql(q{SELECT count(*) FROM dynapg.logs WHERE table_name = 'Tab'}), '0', 'what no slot needs any more is forgotten');

# ---------------------------------------------------------------- other plugins read the log's segments, of which new ones come

sql(q{CREATE PUBLICATION streams FOR TABLES IN SCHEMA dynapg_log WITH (publish = 'insert')}, q{SELECT pg_create_logical_replication_slot('pgoutput', 'pgoutput')});
my $has_wal2json = ($node->psql('postgres', q{SELECT pg_create_logical_replication_slot('wal2json', 'wal2json')}))[0] == 0;
my $newest = sql(q{SELECT max(number) FROM dynapg.log_segments});
sql(q{SELECT dynapg.put('Kept', '{"p": "in the old segment"}')}, $old);
for (1 .. 100)
{
	sql(q{SELECT dynapg.rotate()});
	last if sql(qq{SELECT max(number) > $newest FROM dynapg.log_segments}) eq 't';
}
sql(q{SELECT dynapg.put('Kept', '{"p": "in the new segment"}')});
is(sql(q{SELECT string_agg(substring(encode(data, 'escape') FROM 'in the ... segment'), ', ') FROM pg_logical_slot_get_binary_changes('pgoutput', NULL, NULL, 'proto_version', '1', 'publication_names', 'streams') WHERE get_byte(data, 0) = ascii('I')}),
	'in the old segment, in the new segment', 'pgoutput, by a publication of the schema');
SKIP:
{
	skip 'wal2json is not installed', 1 unless $has_wal2json;
	is(sql(q{SELECT string_agg(substring(data FROM 'in the ... segment'), ', ') FROM pg_logical_slot_get_changes('wal2json', NULL, NULL, 'format-version', '2', 'add-tables', 'dynapg_log.*', 'include-transaction', 'false')}),
		'in the old segment, in the new segment', 'wal2json');
	drop('wal2json');
}
drop('pgoutput');
get('s');

# an extension that is gone
sql(q{SELECT pg_create_logical_replication_slot('other', 'test_decoding')});
sql(q{SELECT make('Before', 'KEYS_ONLY')}, q{SELECT dynapg.put('Before', '{"p": "known from the WAL"}')}, q{SELECT dynapg.put('Kept', '{"p": "forgotten"}')},
	q{DROP EXTENSION dynapg CASCADE}, q{INSERT INTO plain VALUES (3)});
($status, $out, $err) = $node->psql('postgres', q{SELECT data FROM pg_logical_slot_peek_changes('s', NULL, NULL)});
is(lines(map { decode_json($_) } split /\n/, $out), 'INSERT Before p=known from the WAL - -', 'a slot outlives the extension');
like($err, qr/WARNING:  records of stream \d+ are passed over.*has been dropped/s, '... with a warning');
like(sql(q{SELECT string_agg(data, '') FROM pg_logical_slot_get_changes('other', NULL, NULL)}), qr/table public.plain: INSERT: a\[integer\]:3/, "... and so do other plugins' slots");
sql($schema);
sql(q{SELECT make(name, 'KEYS_ONLY') FROM unnest('{One,Two,Three,Four,Five,Six,Seven,Eight,Nine}'::text[]) name}, q{SELECT dynapg.put('Six', '{"p": "anew"}')});
($status, $out, $err) = $node->psql('postgres', q{SELECT data FROM pg_logical_slot_get_changes('s', NULL, NULL)});
is(lines(map { decode_json($_) } split /\n/, $out), "INSERT Before p=known from the WAL - -\nINSERT Six p=anew - -", 'an extension created anew: its ids are others');

# somebody's own tables of such names
sql(q{CREATE SCHEMA mine}, q{CREATE TABLE mine.stream_000001 (a int)}, q{CREATE TABLE mine.logs (a int)}, q{INSERT INTO mine.stream_000001 VALUES (1)}, q{INSERT INTO mine.logs VALUES (1)},
	q{CREATE TABLE dynapg_log.stream_of_mine (a int)}, q{INSERT INTO dynapg_log.stream_of_mine VALUES (1)}, q{SELECT dynapg.put('Six', '{"p": "beside"}')});
is(lines(get('s')), 'INSERT Six p=beside - -', "tables with names like the log's");

$node->stop;

# ---------------------------------------------------------------- a slot on a standby

SKIP:
{
	skip 'slots on standbys are for PostgreSQL 16 and later', 1 if (`pg_config --version` =~ /(\d+)/ ? $1 : 0) < 16;

	$node = PostgreSQL::Test::Cluster->new('decoding_primary');
	$node->init(allows_streaming => 'logical', extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', "max_worker_processes = 0\nmax_parallel_workers = 0\nautovacuum = off\nhot_standby_feedback = on\nwal_receiver_status_interval = 1\n"
		. "primary_slot_name = 'standby'\n");
	$node->start;
	$node->append_conf('postgresql.conf', "output_plugin_libraries = 'pgoutput, test_decoding, wal2json, dynapg'") if sql(q{SELECT count(*) FROM pg_settings WHERE name = 'output_plugin_libraries'});
	$node->reload;
	sql($schema, q{SELECT make('Gone', 'KEYS_ONLY'), make('Kept', 'KEYS_ONLY')}, q{SELECT pg_create_physical_replication_slot('standby', true)});
	$node->backup('base');
	my $standby = PostgreSQL::Test::Cluster->new('decoding_standby');
	$standby->init_from_backup($node, 'base', has_streaming => 1);
	$standby->start;
	# it begins where the primary's WAL says which transactions there are
	my $session = DynapgSession->new($standby);
	$session->start(q{SELECT 'made' FROM pg_create_logical_replication_slot('there', 'dynapg')});
	wait_until(sub {
		sql('SELECT pg_log_standby_snapshot()');
		return $standby->safe_psql('postgres', q{SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'there' AND confirmed_flush_lsn IS NOT NULL}) == 1;
	}, sub { 'no slot is made on the standby' });
	is($session->answer, 'made', 'a slot on a standby');
	$node->poll_query_until('postgres', q{SELECT catalog_xmin IS NOT NULL FROM pg_replication_slots WHERE slot_name = 'standby'});
	sql(q{SELECT dynapg.put('Gone', '{"p": "last"}')}, q{SELECT dynamo_delete_table('{"TableName": "Gone"}')}, $old);
	sql(q{SELECT dynapg.rotate()}) for 1 .. 3;
	is(sql(q{SELECT count(*) FROM dynapg.logs WHERE table_name = 'Gone'}), '1', 'what it may need of dynapg.logs stays');
	$node->wait_for_catchup($standby);
	is($session->ask(q{SELECT data FROM pg_logical_slot_peek_changes('there', NULL, NULL)}) =~ /"tableName":"Gone"/ ? 1 : 0, 1, '... and it prints the record');
	$session->ask(q{SELECT pg_drop_replication_slot('there')});
	$node->poll_query_until('postgres', q{SELECT catalog_xmin IS NULL FROM pg_replication_slots WHERE slot_name = 'standby'});
	sql(q{SELECT dynapg.rotate()}) for 1 .. 3;
	is(sql(q{SELECT count(*) FROM dynapg.logs WHERE table_name = 'Gone'}), '0', 'without it the stream is forgotten');
	$session->end;
	$standby->stop;
	$node->stop;
}
done_testing();
