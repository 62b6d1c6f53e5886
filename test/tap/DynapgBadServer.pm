package DynapgBadServer;

# An HTTP server that does what a test says, well or badly: each connection is one request in a process of its own.

use strict;
use warnings;

use Exporter 'import';
use Fcntl qw(:flock);
use File::Temp ();
use IO::Socket::INET;
use POSIX ();

my @servers;
our @EXPORT = qw(bad_server answer s3_error note_lines);

# Starts a server; returns its port and a function that gives the requests so far, as lines "GET /path?query Range=... If-Match=...".
# respond is called as respond($socket, \%request, $before): method, path, query, headers (small letters), length of the body; and how
# often the same method and path, and part of an upload, were asked for before.
sub bad_server
{
	my ($respond) = @_;
	my $folder = File::Temp->newdir();
	my $listener = IO::Socket::INET->new(Listen => 50, LocalAddr => '127.0.0.1', ReuseAddr => 1) or die "no socket: $!";
	my $server = fork;
	die "fork: $!" unless defined $server;

	accept_all($listener, $folder, $respond) if $server == 0;
	push @servers, $server;
	my $port = $listener->sockport;
	close $listener;
	return ($port, sub {
		open my $log, '<', "$folder/log" or return ();
		chomp(my @lines = <$log>);
		return @lines;
	});
}

# Adds lines to a file, whole, whoever else does.
sub note_lines
{
	my ($path, @lines) = @_;
	open my $file, '>>', $path or die "$path: $!";
	flock $file, LOCK_EX;
	syswrite $file, join('', map { "$_\n" } @lines);
	close $file;
	return;
}

# In a process of its own, which ends with its process group.
sub accept_all
{
	my ($listener, $folder, $respond) = @_;

	setpgrp;
	# whoever runs the test waits until nobody has its output open
	open STDOUT, '>', '/dev/null';
	$SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
	$SIG{TERM} = sub { POSIX::_exit(0) };
	while (1)
	{
		my $socket = $listener->accept or next;
		if (!fork)
		{
			close $listener;
			eval { serve($socket, $folder, $respond); 1 } or print STDERR "bad server: $@";
			close $socket;
			POSIX::_exit(0);
		}
		close $socket;
	}
}

END
{
	kill 'TERM', map { -$_ } @servers;
}

sub serve
{
	my ($socket, $folder, $respond) = @_;
	my ($head, $length) = ('', 0);

	while ($head !~ /\r\n\r\n/)
	{
		sysread($socket, $head, 65536, length $head) or return;
	}
	$head =~ s/\r\n\r\n(.*)\z/\r\n/s;
	my $body = $1;
	my ($line, @lines) = split /\r\n/, $head;
	my ($method, $path, $query) = $line =~ m{^(\S+) ([^ ?]*)\??(\S*)} or return;
	my %headers = map { my ($name, $value) = split /:\s*/, $_, 2; (lc $name, $value) } @lines;
	# the body is not kept, but for its beginning
	$length = length $body;
	while ($length < ($headers{'content-length'} // 0))
	{
		my $got = sysread($socket, my $more, 1 << 20) or return;
		$length += $got;
		$body .= $more if length $body < 4 << 20;
	}
	my ($part) = $query =~ /partNumber=(\d+)/;
	my $before = note($folder, "$method $path " . ($part // ''), join(' ', "$method $path" . ($query ne '' ? "?$query" : ''),
			map { defined $headers{ lc $_ } ? "$_=$headers{lc $_}" : () } 'Range', 'If-Match'));
	$respond->($socket, { method => $method, path => $path, query => $query, headers => \%headers, length => $length, body => $body }, $before);
}

# Notes a request; returns how many of its kind there were before.
sub note
{
	my ($folder, $kind, $line) = @_;

	(my $name = $kind) =~ s/\W/_/g;
	open my $count, '>>', "$folder/count$name" or die;
	flock $count, 2;
	my $before = -s $count;
	syswrite $count, '.';
	open my $log, '>>', "$folder/log" or die;
	syswrite $log, "$line\n";
	close $log;
	close $count;
	return $before;
}

# Sends an answer; headers as a hash, and a body.
sub answer
{
	my ($socket, $status, $headers, $body) = @_;
	my %all = ('Content-Length' => length $body, 'Connection' => 'close', %$headers);

	print $socket "HTTP/1.1 $status\r\n", (map { "$_: $all{$_}\r\n" } sort keys %all), "\r\n", $body;
	return;
}

sub s3_error
{
	my ($socket, $status, $code, $message) = @_;

	answer($socket, $status, { 'x-amz-request-id' => 'REQUEST', 'x-amz-id-2' => 'EXTENDED' },
		qq{<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>$code</Code><Message>$message</Message></Error>});
	return;
}

1;
