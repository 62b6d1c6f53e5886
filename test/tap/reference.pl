# docs/reference.md is what the catalog and pg_settings say.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('reference');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'dynapg'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');

my ($out, $err);
local %ENV = (%ENV, PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'postgres');
ok(IPC::Run::run([ 'python3', 'tools/gen_reference.py', '--check' ], '>', \$out, '2>', \$err),
	'docs/reference.md is current; if not: make reference')
	or diag($out . $err);

$node->stop;
done_testing();
