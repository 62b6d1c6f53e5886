package DynapgCrash;

# Servers that are killed without warning, and started again.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(wait_until kill_server kill_process start_again);

# Waits until a condition holds; dies with what complaint returns.
sub wait_until
{
	my ($condition, $complaint) = @_;

	for (1 .. 6000)
	{
		return if $condition->();
		select(undef, undef, undef, 0.05);
	}
	die $complaint->();
}

# Signal 9 to the postmaster. Its processes notice in their own time, and only then may another one begin.
sub kill_server
{
	my ($node) = @_;
	my $pid = $node->{_pid};

	$node->kill9;
	wait_until(sub { !kill(0, $pid) }, sub { "process $pid is still there" });
	return;
}

# Signal 9 to one process of a server, which ends all others; until it takes connections again. That is not asked by queries: psql may be
# gone before it is sent one, which IPC::Run takes for an error, and an early one may be answered by a server that has not noticed yet.
sub kill_process
{
	my ($node, $pid) = @_;
	my $log_end = -s $node->logfile;

	die 'no process to kill' unless $pid;
	kill 'KILL', $pid;
	$node->wait_for_log(qr/reinitializing.*ready to accept connections/s, $log_end);
	return;
}

sub start_again
{
	my ($node) = @_;

	wait_until(sub { $node->start(fail_ok => 1) }, sub { 'the server does not start' });
	return;
}

1;
