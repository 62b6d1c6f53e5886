# Eight tenants of one table make random requests of every operation at once, by SQL and over HTTP; none sees another's items: a short run of
# test/stress/tenants.py.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgHttp;

my $seconds = $ENV{DYNAPG_TENANT_SECONDS} // 8;
my ($node, $port) = start_node('tenants', "fsync = off\nmax_connections = 40\n");

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';
local $ENV{HTTP_PORT} = $port;
my $said = qx{python3 test/stress/tenants.py $seconds 2>&1};
like($said, qr/^[1-9]\d* passed, 0 failed$/m, 'no tenant sees what is another\'s, and each may do what is allowed');
diag($said);
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'and no process crashes');

done_testing();
