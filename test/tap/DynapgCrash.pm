package DynapgCrash;

# Servers that are killed without warning, and started again.

use strict;
use warnings;

use Exporter 'import';

our @EXPORT = qw(wait_until kill_server kill_process start_again run_alone);

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

# Signal 9 to one process of a server, which ends all others; until it takes connections again; false if it is gone. That is not asked by queries: psql may be
# gone before it is sent one, which IPC::Run takes for an error, and an early one may be answered by a server that has not noticed yet.
sub kill_process
{
	my ($node, $pid) = @_;
	my $log_end = -s $node->logfile;

	die 'no process to kill' unless $pid;
	return 0 unless kill 'KILL', $pid;
	$node->wait_for_log(qr/reinitializing.*ready to accept connections/s, $log_end);
	return 1;
}

sub start_again
{
	my ($node) = @_;

	wait_until(sub { $node->start(fail_ok => 1) }, sub { 'the server does not start' });
	return;
}

# Runs DROP DATABASE, or CREATE DATABASE ... TEMPLATE, of a database in which keepers and others like them may be, who leave by themselves. PostgreSQL waits
# for that for five seconds, which a process on a busy machine may need more than: then once more.
sub run_alone
{
	my ($node, $statement) = @_;
	my ($status, $errors);

	for (1 .. 12)
	{
		($status, undef, $errors) = $node->psql('template1', $statement);
		return if $status == 0;
		last if $errors !~ /is being accessed by other users/;
	}
	die "$statement: $errors";
}

1;
