/*
 * listener.c
 *		Listening sockets, and how connections come from them to the library's daemon.
 *
 * They are ours, not the library's: so there is one limit on connections for all addresses of a worker, and those that are over it wait
 * in the sockets' queues; and a new certificate, which takes a new daemon, does not close them.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "http/http.h"

#define MAX_LISTENERS 32
#define MOST_AT_ONCE 10			/* connections that a socket's turn accepts */
#define PAUSE 1000				/* milliseconds without accepting when the system has no more files */

static int	sockets[MAX_LISTENERS];
static int	n_sockets;
static int	readable = -1;		/* epoll descriptor: ready while a connection waits, and may be accepted */
static bool watched;			/* the sockets are in it */
static TimestampTz paused_at;	/* 0: not paused */

/* A listening socket that other workers share by SO_REUSEPORT; raises an error if the address is not to be had. */
static int
listen_on(const struct addrinfo *address, const char *name, int port)
{
	int			descriptor = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int			one = 1;

	if (descriptor < 0)
		ereport(ERROR, (errcode_for_socket_access(), errmsg("could not create a socket: %m")));
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (address->ai_family == AF_INET6)
		setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (bind(descriptor, address->ai_addr, address->ai_addrlen) < 0 || listen(descriptor, SOMAXCONN) < 0)
	{
		int			saved_errno = errno;

		close(descriptor);
		errno = saved_errno;
		ereport(ERROR,
				(errcode_for_socket_access(),
				 errmsg("dynapg could not listen on address \"%s\", port %d: %m", name, port),
				 errhint("Is another server running on that port? dynapg.port and dynapg.databases choose it.")));
	}
	return descriptor;
}

/* A machine without IPv6 may resolve a name to it all the same. */
static bool
is_usable(const struct addrinfo *address)
{
	int			probe = socket(address->ai_family, SOCK_STREAM, 0);
	bool		usable = probe >= 0 && (bind(probe, address->ai_addr, address->ai_addrlen) == 0 || errno == EADDRINUSE);

	if (probe >= 0)
		close(probe);
	return usable;
}

static void
listen_on_name(const char *name, int port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
	struct addrinfo *found;
	int			result = getaddrinfo(strcmp(name, "*") == 0 ? NULL : name, psprintf("%d", port), &hints, &found);

	if (result != 0)
		ereport(ERROR, (errmsg("could not resolve \"%s\": %s", name, gai_strerror(result))));
	for (struct addrinfo *address = found; address != NULL; address = address->ai_next)
	{
		if (address->ai_family == AF_INET6 && found->ai_next != NULL && !is_usable(address))
			continue;
		if (n_sockets == MAX_LISTENERS)
			ereport(ERROR, (errmsg("dynapg.listen_addresses has more than %d addresses", MAX_LISTENERS)));
		sockets[n_sockets++] = listen_on(address, name, port);
	}
	freeaddrinfo(found);
}

/* Puts the sockets where the worker sees them, or takes them away, as there is room for connections or not. */
static void
watch(bool wanted)
{
	for (int i = 0; i < n_sockets && wanted != watched; i++)
	{
		struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[i]};

		if (epoll_ctl(readable, wanted ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, sockets[i], &event) < 0)
			ereport(LOG, (errcode_for_socket_access(), errmsg("could not change what epoll waits for: %m")));
	}
	watched = wanted;
}

void
listeners_open(const char *addresses, int port)
{
	List	   *names;
	ListCell   *cell;

	if (!SplitGUCList(pstrdup(addresses), ',', &names))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid list syntax in dynapg.listen_addresses")));
	readable = epoll_create1(EPOLL_CLOEXEC);
	if (readable < 0)
		ereport(ERROR, (errcode_for_socket_access(), errmsg("could not wait for connections: %m")));
	foreach(cell, names)
		listen_on_name((const char *) lfirst(cell), port);
	watch(true);
}

int
listeners_descriptor(void)
{
	return readable;
}

int
listeners_count(void)
{
	return n_sockets;
}

/* Accepts those that wait at one socket, as many as may be. */
static void
accept_from(int listener, struct MHD_Daemon *daemon)
{
	for (int i = 0; i < MOST_AT_ONCE && descriptors_left(); i++)
	{
		struct sockaddr_storage address;
		socklen_t	len = sizeof(address);
		int			descriptor = accept4(listener, (struct sockaddr *) &address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (descriptor >= 0)
			MHD_add_connection(daemon, descriptor, (struct sockaddr *) &address, len);	/* closes it if it fails */
		else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		{
			ereport(LOG, (errcode_for_socket_access(), errmsg("could not accept new connection: %m")));
			paused_at = GetCurrentTimestamp();
			return;
		}
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			return;
	}
}

void
listeners_accept(struct MHD_Daemon *daemon)
{
	struct epoll_event events[MAX_LISTENERS];
	int			count;

	if (n_sockets == 0)
		return;
	if (paused_at != 0 && TimestampDifferenceExceeds(paused_at, GetCurrentTimestamp(), PAUSE))
		paused_at = 0;
	watch(paused_at == 0 && descriptors_left());
	count = watched ? epoll_wait(readable, events, lengthof(events), 0) : 0;
	for (int i = 0; i < count && paused_at == 0; i++)
		accept_from(events[i].data.fd, daemon);
}

void
listeners_rest(void)
{
	watch(n_sockets > 0 && paused_at == 0 && descriptors_left());
}

long
listeners_timeout(void)
{
	return paused_at == 0 ? -1 : PAUSE;
}

void
listeners_close(void)
{
	for (int i = 0; i < n_sockets; i++)
		close(sockets[i]);
	n_sockets = 0;
	watched = false;
}
