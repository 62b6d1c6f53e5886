# pg_dump and restore of tables with secondary indexes: all of them come back exact, also those that were being built.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgSession;

my $node = PostgreSQL::Test::Cluster->new('indexes_dump');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
my $dir = PostgreSQL::Test::Utils::tempdir();

$node->safe_psql('postgres', 'CREATE ROLE regress_dynapg_owner; CREATE DATABASE source');
$node->safe_psql('source', <<'SQL');
CREATE EXTENSION dynapg;
SELECT dynamo_create_table('{"TableName": "Music", "BillingMode": "PAY_PER_REQUEST",
	"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "n", "KeyType": "RANGE"}],
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"},
		{"AttributeName": "g", "AttributeType": "S"}, {"AttributeName": "year", "AttributeType": "N"}],
	"LocalSecondaryIndexes": [{"IndexName": "by_year", "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["note"]},
		"KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}],
	"GlobalSecondaryIndexes": [{"IndexName": "by_g", "Projection": {"ProjectionType": "ALL"},
		"KeySchema": [{"AttributeName": "g", "KeyType": "HASH"}, {"AttributeName": "year", "KeyType": "RANGE"}]}]}');
INSERT INTO dynamo."Music" (item) SELECT jsonb_strip_nulls(jsonb_build_object('id', 'a' || i % 100, 'n', i, 'year', i % 60, 'note', repeat('note ', i % 10),
	'g', CASE WHEN i % 5 > 0 THEN 'group ' || i % 7 END)) FROM generate_series(1, 5000) i;
ALTER TABLE dynamo."Music" OWNER TO regress_dynapg_owner;
SQL

# What is in the catalog, and what each index holds, by the entries themselves.
my $catalog = q{SELECT i.table_name, name, i.relation, kind, definition, kept, pg_get_userbyid(relowner)
	FROM dynapg.indexes i JOIN pg_class c ON c.oid = i.relation ORDER BY 1, 2};
my $entries = q{SELECT 'by_g', count(*), md5(string_agg(concat(hash, sort_1, base_hash, base_sort, item), ',' ORDER BY e)) FROM dynapg_index."Music~by_g" e
	UNION ALL SELECT 'by_year', count(*), md5(string_agg(concat(hash, sort_1, base_hash, base_sort, item), ',' ORDER BY e)) FROM dynapg_index."Music~by_year" e};
my $query = q{SELECT dynamo_query('{"TableName": "Music", "IndexName": "by_g", "Select": "COUNT", "KeyConditionExpression": "g = :g",
	"ExpressionAttributeValues": {":g": {"S": "group 3"}}}')->>'Count'};
my $count = q{SELECT count(*) FROM dynamo."Music" WHERE item->>'g' = 'group 3'};
my $check = q{SELECT * FROM dynapg.check_table('Music')};
my $triggers = q{SELECT tgrelid::regclass::text, tgname, tgenabled FROM pg_trigger WHERE tgfoid::regproc::text LIKE 'dynapg.%' ORDER BY 1, 2};
my $put = q{SELECT dynamo_put_item('{"TableName": "Music", "Item": {"id": {"S": "a"}, "n": {"N": "1"}, "g": {"S": "group 3"}, "year": {"N": "1"}}}')};
my $built = q{SELECT count(*) = 1 FROM dynapg.indexes WHERE name = 'new' AND status = 'ACTIVE'};

sub same
{
	my ($database, $how) = @_;

	is($node->safe_psql($database, $check), '', "$how: indexes and items agree");
	is($node->safe_psql($database, $catalog), $node->safe_psql('source', $catalog), "$how: the same indexes");
	is($node->safe_psql($database, $entries), $node->safe_psql('source', $entries), "$how: the same entries");
	is($node->safe_psql($database, $triggers), $node->safe_psql('source', $triggers), "$how: triggers fire always");
	is($node->safe_psql($database, $query), $node->safe_psql($database, $count), "$how: Query");
	$node->safe_psql($database, "$put; UPDATE dynamo.\"Music\" SET item = item || '{\"g\": \"moved\"}' WHERE item->>'n' < '3'; DELETE FROM dynamo.\"Music\" WHERE item->>'id' = 'a7'");
	is($node->safe_psql($database, $check), '', "$how: and they are kept");
	return;
}

# Restores into a database of its own.
sub restore
{
	my ($database, $how, @steps) = @_;

	$node->safe_psql('postgres', "CREATE DATABASE $database");
	command_ok([ $_->[0], '-d', $node->connstr($database), @$_[ 1 .. $#$_ ] ], "$how: @$_") foreach @steps;
	return;
}

my @source = ('-d', $node->connstr('source'));
my @psql = ('psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-f');
my @all = ('pg_restore', '--exit-on-error');

command_ok([ 'pg_dump', @source, '-f', "$dir/plain.sql" ], 'pg_dump, plain');
command_ok([ 'pg_dump', @source, '-Fc', '-f', "$dir/custom" ], 'pg_dump, custom format');
command_ok([ 'pg_dump', @source, '-Fd', '-j', '2', '-f', "$dir/directory" ], 'pg_dump, directory, parallel');
command_ok([ 'pg_dump', @source, '--inserts', '-f', "$dir/inserts.sql" ], 'pg_dump, with INSERTs');
command_ok([ 'pg_dump', @source, '--data-only', '-n', 'dynamo', '-f', "$dir/items.sql" ], 'pg_dump of items only');
command_ok([ 'pg_dump', @source, '--data-only', '-n', 'dynamo', '-n', 'dynapg_index', '-f', "$dir/both.sql" ], 'pg_dump of items and entries');
command_ok([ 'pg_dump', @source, '--schema-only', '-f', "$dir/schema.sql" ], 'pg_dump of the schema');

my %ways = (
	plain => [ 'plain', [ @psql, "$dir/plain.sql" ] ],
	inserts => [ 'INSERTs', [ @psql, "$dir/inserts.sql" ] ],
	custom => [ 'custom', [ @all, "$dir/custom" ] ],
	parallel => [ 'parallel', [ @all, '-j', '2', "$dir/directory" ] ],
	one => [ 'one transaction', [ @all, '--single-transaction', "$dir/custom" ] ],
	sections => [ 'by sections', map { [ @all, "--section=$_", "$dir/custom" ] } ('pre-data', 'data', 'post-data') ],
	# Data only, into what the schema alone has made: items come before the catalog that tells their indexes; then entries come, and each of
	# them makes its item's.  With --disable-triggers entries are taken as they are, and triggers are enabled again.
	halves => [ 'schema, then data', [ @all, '--schema-only', "$dir/custom" ], [ @all, '--data-only', "$dir/custom" ] ],
	halves_one => [ 'schema, then data in one transaction', [ @all, '--schema-only', "$dir/custom" ], [ @all, '--data-only', '--single-transaction', "$dir/custom" ] ],
	untriggered => [ 'data without triggers', [ @all, '--schema-only', "$dir/custom" ], [ @all, '--data-only', '--disable-triggers', "$dir/custom" ] ],
	entries_last => [ 'schema, then items, catalog, entries', [ @all, '--schema-only', "$dir/custom" ],
		map { [ @all, '--data-only', '-n', $_, "$dir/custom" ] } ('dynamo', 'dynapg', 'dynapg_index') ],
	catalog_first => [ 'schema, then catalog, then data', [ @all, '--schema-only', "$dir/custom" ],
		map { [ @all, '--data-only', '-n', $_, "$dir/custom" ] } ('dynapg', 'dynamo') ],
);
foreach my $database (sort keys %ways)
{
	restore($database, @{ $ways{$database} });
	same($database, $ways{$database}[0]);
}

# The catalog that tells the indexes comes last: items are entered nowhere. check_table() tells, replace_index()
# builds the indexes anew.
restore('late_catalog', 'catalog last', [ @all, '--schema-only', "$dir/custom" ], map { [ @all, '--data-only', '-n', $_, "$dir/custom" ] } ('dynapg_index', 'dynamo', 'dynapg'));
is($node->safe_psql('late_catalog', q{SELECT index_name, problem, count(*) FROM dynapg.check_table('Music') GROUP BY 1, 2 ORDER BY 1}),
	"by_g|an entry is missing|4000\nby_year|an entry is missing|5000", 'catalog last: the checker tells what is missing');
foreach my $index ('by_g', 'by_year')
{
	$node->safe_psql('late_catalog', qq{SELECT dynapg.replace_index('Music', '$index', '{}')});
	is($node->safe_psql('late_catalog', q{SELECT dynapg.wait_for_indexes('Music')}), 't', "catalog last: $index is built anew");
}
is($node->safe_psql('late_catalog', $check), '', 'catalog last: indexes and items agree then');
is($node->safe_psql('late_catalog', $query), $node->safe_psql('source', $count), 'catalog last: Query');

# --clean cannot drop a part of a table, and goes on; the whole goes, and comes back
restore('cleaned', 'over another', [ @all, "$dir/custom" ]);
$node->safe_psql('cleaned', $put . q{; DELETE FROM dynamo."Music" WHERE item->>'id' = 'a5'; INSERT INTO dynamo."Music" (item) VALUES ('{"id": "more", "n": 1, "g": "group 3"}')});
command_checks_all([ 'pg_restore', '-d', $node->connstr('cleaned'), '--clean', '--if-exists', "$dir/custom" ], 1, [], [qr/index table "Music~by_g" must stay what dynapg made/],
	'over another: what is refused');
same('cleaned', 'over another');

# items go where tables and their catalog are
foreach my $what ('items', 'both')
{
	my $how = "data of $what into tables that are there";
	restore("existing_$what", $how, [ @all, $dir . '/custom' ]);
	$node->safe_psql("existing_$what", 'TRUNCATE dynamo."Music"');
	is($node->safe_psql("existing_$what", q{SELECT count(*) FROM dynapg_index."Music~by_g"}), '0', "$how: TRUNCATE empties indexes");
	command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-o', "$dir/out", '-d', $node->connstr("existing_$what"), '-f', "$dir/$what.sql" ], $how);
	same("existing_$what", $how);
}

# --- a dump in the middle of a backfill

my $stopped = DynapgSession->new($node, 'source');
$stopped->ask(q{BEGIN; SELECT FROM dynamo."Music" WHERE (hash, sort) = (SELECT hash, sort FROM dynamo."Music" ORDER BY hash, sort OFFSET 2500 LIMIT 1) FOR UPDATE});
$node->safe_psql('source', q{SELECT dynamo_update_table('{"TableName": "Music",
	"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}, {"AttributeName": "n", "AttributeType": "N"}, {"AttributeName": "year", "AttributeType": "N"}],
	"GlobalSecondaryIndexUpdates": [{"Create": {"IndexName": "new", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "year", "KeyType": "HASH"}]}}]}')});
ok($node->poll_query_until('source', 'SELECT count(*) = 1 FROM dynapg.index_builds WHERE items = 2500'), 'an index is half built');
command_ok([ 'pg_dump', @source, '-f', "$dir/half.sql" ], 'pg_dump in the middle of it');
command_ok([ 'pg_dump', @source, '-Fd', '-j', '2', '-f', "$dir/half" ], 'pg_dump, parallel');
foreach my $way ([ 'half_plain', [ @psql, "$dir/half.sql" ] ], [ 'half_parallel', [ @all, '-j', '2', "$dir/half" ] ])
{
	my ($database, $step) = @$way;
	my $how = $database =~ s/_/ built, /r;

	restore($database, $how, $step);
	is($node->safe_psql($database, 'SELECT count(*) FROM dynapg.index_builds'), '0', "$how: how far it was, a key, is in no dump");
	is($node->safe_psql($database, $check), '', "$how: nothing is wrong");
	$node->safe_psql($database, 'SELECT dynapg.build_indexes()');
	ok($node->poll_query_until($database, $built), "$how: it is built after the restore");
	is($node->safe_psql($database, $check), '', "$how: indexes and items agree");
}
$stopped->end;
ok($node->poll_query_until('source', $built), 'the source goes on');
same('source', 'the source');

$node->stop;
done_testing();
