# The server dies while clients put and delete: nothing acknowledged is lost, nothing is there twice, heap and indexes
# agree. test/stress/run.sh does the same with a million writes.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;

use DynapgCrash;

my $transactions = $ENV{DYNAPG_CRASH_TRANSACTIONS} || 10_000;
my $clients = 8;
my $rounds = 3;

my $node = PostgreSQL::Test::Cluster->new('crash');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "restart_after_crash = on\nautovacuum_naptime = 1s\n");
$node->start;
$node->safe_psql('postgres', slurp_file('test/stress/schema.sql'));

sub ledger { return $node->safe_psql('postgres', 'SELECT last_value FROM stress.ledger_number_seq') }

sub check
{
	my ($acknowledged) = @_;
	my ($out, $err) = ('', '');
	my $status = $node->psql('postgres', slurp_file('test/stress/check.sql'),
		stdout => \$out, stderr => \$err, extra_params => [ '-v', "acknowledged=$acknowledged" ]);
	return "$status$out$err";
}

my $acknowledged = 0;
for my $round (1 .. $rounds)
{
	my ($out, $err) = ('', '');
	my $target = ledger() + $transactions / $rounds;
	my $writers = IPC::Run::start(
		[
			'pgbench', '-n', '-M', 'prepared', '-c', $clients, '-j', 2, '-t', 10 * $transactions, '-D', 'keys=20',
			'-f', 'test/stress/write.sql', $node->connstr('postgres') . ' application_name=writer'
		],
		'>', \$out, '2>', \$err);
	$writers->pump_nb;
	select(undef, undef, undef, 0.05) while ledger() < $target;

	if ($round == 1)
	{
		$node->stop('immediate');
		$node->start;
	}
	else
	{
		# one backend dies, which makes the postmaster end the others; not one that is just about to end, of whoever has looked before
		kill_process($node, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE application_name = 'writer' LIMIT 1"));
	}
	$writers->finish;

	my ($processed) = $out =~ /^number of transactions actually processed: (\d+)/m;
	$acknowledged += $processed;
	is(check($acknowledged), '0', "round $round: all of $acknowledged acknowledged writes are there, once");
}
cmp_ok($acknowledged, '>=', 0.8 * $transactions, 'the clients had written');

# the check would have found what is wrong
$node->safe_psql('postgres', q{INSERT INTO dynamo."Stress" (item) VALUES ('{"p": 1, "s": 1000, "v": 1}')});
like(check($acknowledged), qr/key 1000 has 1, the last write left /, 'the check finds an item that nobody wrote');
$node->safe_psql('postgres', q{DELETE FROM dynamo."Stress" WHERE item->'s' = '1000';
	UPDATE stress.ledger SET new = 1 WHERE number = (SELECT max(number) FROM stress.ledger WHERE new IS NOT NULL)});
like(check($acknowledged), qr/the last write left 1\b|number \d+ left 1\b/, 'the check finds a lost write');

$node->stop;
done_testing();
