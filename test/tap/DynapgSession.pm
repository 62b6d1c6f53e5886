package DynapgSession;

# A session of psql that stays open, for tests where one transaction waits for another.

use strict;
use warnings;

use IPC::Run;
use PostgreSQL::Test::Utils;

# Seconds for what is asked at once, however long the session has been there.
my $TIMEOUT = 300;

sub new
{
	my ($class, $node, $database) = @_;
	my $self = bless { to => '', from => '', errors => '', marks => 0, timer => IPC::Run::timeout($TIMEOUT) }, $class;

	$self->{harness} = IPC::Run::start(
		[ 'psql', '-XAtq', '-d', $node->connstr($database // 'postgres') ],
		'<', \$self->{to}, '>', \$self->{from}, '2>', \$self->{errors}, $self->{timer});
	$self->{pid} = $self->ask('SELECT pg_backend_pid()');
	return $self;
}

# Sends statements and does not wait for them.
sub start
{
	my ($self, $sql) = @_;

	$self->{from} = $self->{errors} = '';
	$self->{timer}->start;
	$self->{marks}++;
	$self->{to} .= "$sql;\n\\echo -- mark $self->{marks}\n\\warn -- mark $self->{marks}\n";
	$self->{harness}->pump_nb;
	return;
}

# Waits for what was started; its output, and its errors after that.
sub answer
{
	my ($self) = @_;
	my $mark = qr/^-- mark $self->{marks}\n/m;

	$self->{harness}->pump until $self->{from} =~ $mark && $self->{errors} =~ $mark;
	my $answer = "$self->{from}$self->{errors}" =~ s/$mark//gr;
	chomp $answer;
	return $answer;
}

sub ask
{
	my ($self, $sql) = @_;

	$self->start($sql);
	return $self->answer;
}

# The server may be gone already.
sub end
{
	my ($self) = @_;

	$self->{timer}->start;
	$self->{to} .= "\\q\n";
	eval { $self->{harness}->finish };
	return;
}

1;
