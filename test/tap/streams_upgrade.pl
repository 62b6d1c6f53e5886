# pg_upgrade carries streams along, segments and all; a keeper is not in its way.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgStream;

my $old = PostgreSQL::Test::Cluster->new('before_upgrade');
$old->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$old->start;
my $records = q{SELECT string_agg(keys ->> 'id', ',' ORDER BY sequence_number) FROM dynapg.stream_records('Music')};
$old->safe_psql('postgres', 'CREATE EXTENSION dynapg; ' . stream_functions() . create_stream('Music') . q{SELECT put('Music', 1), put('Music', 2)});
my $shards = q{SELECT stream('Music') -> 'Shards', stream('Music') ->> 'StreamArn'};
my $shards_before = $old->safe_psql('postgres', $shards);
my $iterator = $old->safe_psql('postgres', q{SELECT next FROM ids(iterator('Music', 'TRIM_HORIZON'))});
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('after_upgrade');
$new->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
my $bin = $new->config_data('--bindir');
chdir PostgreSQL::Test::Utils::tempdir();
command_ok([ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin, '-s', $new->host, '-p', $old->port, '-P', $new->port ], 'pg_upgrade');
$new->start;
is($new->safe_psql('postgres', $shards), $shards_before, 'the stream and its shards are the same');
is($new->safe_psql('postgres', $records), '1,2', 'its records are there');
is($new->safe_psql('postgres', q{SELECT put('Music', 3); } . "SELECT ids FROM ids('$iterator')"), "\n3", 'an iterator of before goes on');
is($new->safe_psql('postgres', q{SELECT count(*) FROM pg_depend WHERE deptype = 'e' AND objid IN (SELECT relation FROM dynapg.log_segments)}),
	$new->safe_psql('postgres', 'SELECT count(*) FROM dynapg.log_segments'), 'segments are members of the extension');
is($new->safe_psql('postgres', 'SELECT dynapg.tick() IS NOT NULL, dynapg.rotate() IS NOT NULL'), 't|t', 'the keeper\'s work');
$new->safe_psql('postgres', 'DROP EXTENSION dynapg CASCADE');
is($new->safe_psql('postgres', q{SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'dynapg%'}), '0', 'DROP EXTENSION leaves nothing');
$new->stop;
done_testing();
