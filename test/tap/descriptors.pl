# Connections are open files: a worker has no more of them than leave PostgreSQL its own, whichever addresses they come by, and
# idle ones keep nobody out.
use strict;
use warnings;

use File::Temp ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use DynapgCrash;
use DynapgHttp;

plan skip_all => 'needs /proc' unless -d '/proc/self/fd';

my $wanted = 600;

# A server whose programs may open so many files: pg_ctl is run by a shell that sets the limit.
sub start_limited
{
	my ($name, $limit) = @_;
	my $folder = File::Temp::tempdir(CLEANUP => 1);
	my $node = PostgreSQL::Test::Cluster->new($name);
	my $port = free_http_port();
	my ($real) = grep { -x } map { "$_/pg_ctl" } split /:/, $ENV{PATH};

	append_to_file("$folder/pg_ctl", "#!/bin/sh\nulimit $limit || exit 1\nexec '$real' \"\$@\"\n");
	chmod 0755, "$folder/pg_ctl";
	$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
	$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'dynapg'
dynapg.databases = 'postgres:$port'
dynapg.listen_addresses = '127.0.0.1,127.0.0.2'
dynapg.workers = 1
dynapg.developer_mode = on
dynapg.max_connections = $wanted
dynapg.receive_timeout = 0
max_connections = 20
CONF
	{
		local $ENV{PATH} = "$folder:$ENV{PATH}";
		$node->start;
	}
	$node->safe_psql('postgres', 'CREATE EXTENSION dynapg');
	wait_for_endpoint($port) or die "the endpoint did not start\n";
	return ($node, $port);
}

sub worker_pid { return $_[0]->safe_psql('postgres', 'SELECT pid FROM dynapg.stat_workers'); }

# How many files the worker has open.
sub open_files
{
	my ($pid) = @_;
	return scalar(my @names = glob "/proc/$pid/fd/*");
}

# Connections to both addresses in turn.
sub many_connections
{
	my ($port, $count, $bytes) = @_;
	my @open;

	foreach my $i (1 .. $count)
	{
		my $connection = open_connection($port, '127.0.0.' . (1 + $i % 2)) or last;
		send_bytes($connection, $bytes) if $bytes;
		push @open, $connection;
	}
	return @open;
}

my ($node, $port) = start_limited('descriptors', '-n 256');
my $pid = worker_pid($node);
my ($allowed) = slurp_file($node->logfile) =~ /dynapg worker accepts (\d+) connections, not the $wanted of dynapg.max_connections/;
ok(defined $allowed, 'a low limit on open files: the log says what is left for connections');
$allowed //= 0;
cmp_ok($allowed, '>=', 20, "some are ($allowed)");
cmp_ok($allowed, '<', 256 / 3, 'and PostgreSQL has the most');

create_table($port, "table$_") foreach 1 .. 60;

sub all_tables
{
	my ($name) = @_;
	my %answers;

	$answers{ answer_of(put_item($port, "table$_", 'key')) }++ foreach 1 .. 60;
	is_deeply(\%answers, { '200 {}' => 60 }, $name);
}

all_tables('before there are connections');
{
	my @idle = many_connections($port, 150);

	is(scalar @idle, 150, 'idle connections by two addresses');
	# all of the backends close their files for it, and connections must not have taken their place
	$node->safe_psql('postgres', 'CREATE DATABASE other');
	run_alone($node, 'DROP DATABASE other');
	my @more = many_connections($port, 150);
	all_tables('idle connections keep neither others out nor PostgreSQL from its files');
	cmp_ok($node->safe_psql('postgres', 'SELECT connections FROM dynapg.stat_workers'), '<=', $allowed, 'there are no more than may be');
	cmp_ok(open_files($pid), '<', 246, 'and the worker could open more files');
}
{
	# these are not ended for new ones
	my $started = "POST / HTTP/1.1\r\nHost: h\r\n";
	my @waiting = many_connections($port, 2 * $allowed, $started);
	my $connections = 0;

	ok($node->poll_query_until('postgres', "SELECT connections = $allowed FROM dynapg.stat_workers"), 'requests that have begun, as many as may be');
	$node->safe_psql('postgres', 'CREATE DATABASE other');
	run_alone($node, 'DROP DATABASE other');
	my $body = '{"TableName":"table1","Key":{"pk":{"S":"key"}}}';

	foreach my $connection (@waiting)
	{
		send_bytes($connection, "Content-Type: application/json\r\nX-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: "
			  . length($body) . "\r\n\r\n$body");
	}
	ok( eventually(20, sub {
			my ($come, $rest) = ([], []);
			push @{ $_->{select}->can_read(0) ? $come : $rest }, $_ foreach @waiting;
			@waiting = @$rest;
			foreach my $response (grep { defined } map { eval { read_response($_) } } @$come)
			{
				is(answer_of($response), '200 {"Item":{"pk":{"S":"key"}}}', 'an answer');
				$connections++;
			}
			return $connections >= $allowed;
		}),
		'each that was taken is answered');
}
$node->poll_query_until('postgres', 'SELECT connections = 0 FROM dynapg.stat_workers');
all_tables('the endpoint goes on when they have gone');
is(worker_pid($node), $pid, 'it is the same worker');
unlike(slurp_file($node->logfile), qr/Too many open files|out of file descriptors|no more file descriptors/, 'nobody was without a file');
$node->stop;

($node, $port) = start_limited('soft', '-Sn 256');
unlike(slurp_file($node->logfile), qr/dynapg worker accepts/, 'a soft limit is raised');
$pid = worker_pid($node);
my ($limit) = slurp_file("/proc/$pid/limits") =~ /^Max open files\s+(\d+)/m;
cmp_ok($limit, '>=', $wanted + 236, "in the worker ($limit)");
{
	my @idle = many_connections($port, 500);

	ok($node->poll_query_until('postgres', 'SELECT connections >= 500 FROM dynapg.stat_workers'), 'it has as many connections');
	create_table($port, 'table');
	is(answer_of(put_item($port, 'table', 'key')), '200 {}', 'and serves more');
}
$node->stop;

done_testing();
