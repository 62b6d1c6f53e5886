# docs/events.md is true: its examples are run as they stand there, and give what it says.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('events_page');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');

local $ENV{PGHOST} = $node->host;
local $ENV{PGPORT} = $node->port;
local $ENV{PGDATABASE} = 'postgres';
my $said = qx{python3 test/pages/run.py docs/events.md 2>&1};
like($said, qr/^[1-9]\d* passed, 0 failed$/m, 'the examples of the page') or diag($said);

$node->stop;
done_testing();
