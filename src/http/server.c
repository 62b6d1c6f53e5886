/*
 * server.c
 *		Listening: sockets, libmicrohttpd's daemons, their TLS, and how they are run and ended.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "http/http.h"

/* How strict the library is; of the same values in both. */
#if MHD_VERSION >= 0x00097701
#define STRICTNESS_OPTION MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICTNESS_OPTION MHD_OPTION_STRICT_FOR_CLIENT
#endif

#define MAX_DAEMONS 32
#define HEADER_MEMORY (32 * 1024)	/* a connection's buffer: request line and headers must fit */

/* The library's daemons, one a listening address. */
typedef struct Daemon
{
	struct MHD_Daemon *mhd;
	bool		leaving;		/* accepts no more, serves the connections it has */
} Daemon;

static Daemon daemons[MAX_DAEMONS];
static int	n_daemons;
static char *tls_state;			/* what TLS was started with; NULL: no TLS */
static bool draining;

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

/* A file's contents for TLS, palloc'd in the current context. */
static char *
read_file(const char *path)
{
	StringInfoData text;
	FILE	   *file = AllocateFile(path, "r");
	char		buffer[4096];
	size_t		count;

	if (file == NULL)
		ereport(ERROR, (errcode_for_file_access(), errmsg("could not open file \"%s\": %m", path)));
	initStringInfo(&text);
	while ((count = fread(buffer, 1, sizeof(buffer), file)) > 0)
		appendBinaryStringInfo(&text, buffer, count);
	FreeFile(file);
	return text.data;
}

/* Nothing may be raised once there is a socket that listens: connections would go to it that nobody accepts. */
static void
start_daemon(const struct addrinfo *address, const char *name, int port)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME;
	bool		tls = endpoint->settings->ssl_cert_file[0] != '\0';
	struct MHD_OptionItem options[4] = {{MHD_OPTION_END, 0, NULL}};
	struct MHD_Daemon *daemon;

	if (n_daemons == MAX_DAEMONS)
		ereport(ERROR, (errmsg("dynapg.listen_addresses has more than %d addresses", MAX_DAEMONS)));
	if (tls)
	{
		flags |= MHD_USE_TLS;
		options[0] = (struct MHD_OptionItem) {MHD_OPTION_HTTPS_MEM_CERT, 0, read_file(endpoint->settings->ssl_cert_file)};
		options[1] = (struct MHD_OptionItem) {MHD_OPTION_HTTPS_MEM_KEY, 0, read_file(endpoint->settings->ssl_key_file)};
		options[2] = (struct MHD_OptionItem) {MHD_OPTION_END, 0, NULL};
	}
	/* the library closes the socket, also if it fails */
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, callback_request, NULL,
							  MHD_OPTION_LISTEN_SOCKET, listen_on(address, name, port),
							  MHD_OPTION_URI_LOG_CALLBACK, callback_uri, NULL,
							  MHD_OPTION_UNESCAPE_CALLBACK, callback_unescape, NULL,
							  MHD_OPTION_NOTIFY_COMPLETED, callback_completed, NULL,
							  MHD_OPTION_NOTIFY_CONNECTION, connection_notify, NULL,
							  MHD_OPTION_CONNECTION_LIMIT, (unsigned int) endpoint->settings->max_connections,
							  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) endpoint->settings->idle_timeout,
							  STRICTNESS_OPTION, framing_strictness(),
							  MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) HEADER_MEMORY,
							  MHD_OPTION_ARRAY, options,
							  MHD_OPTION_END);
	if (daemon == NULL)
		ereport(ERROR,
				(errmsg("could not start the HTTP server"),
				 tls ? errhint("Check dynapg.ssl_cert_file and dynapg.ssl_key_file.") : 0));
	daemons[n_daemons].leaving = false;
	daemons[n_daemons++].mhd = daemon;
}

/* What TLS is to be started with: settings and the files' times; NULL: no TLS. */
static char *
current_tls_state(void)
{
	struct stat cert;
	struct stat key;

	if (endpoint->settings->ssl_cert_file[0] == '\0')
		return NULL;
	memset(&cert, 0, sizeof(cert));
	memset(&key, 0, sizeof(key));
	(void) stat(endpoint->settings->ssl_cert_file, &cert);
	(void) stat(endpoint->settings->ssl_key_file, &key);
	return psprintf("%s %ld %ld %s %ld %ld", endpoint->settings->ssl_cert_file, (long) cert.st_mtime, (long) cert.st_ino,
					endpoint->settings->ssl_key_file, (long) key.st_mtime, (long) key.st_ino);
}

/* Stops accepting; connections go on. */
static void
quiesce(Daemon *daemon)
{
	MHD_socket	descriptor;

	if (daemon->leaving)
		return;
	daemon->leaving = true;
	descriptor = MHD_quiesce_daemon(daemon->mhd);
	if (descriptor != MHD_INVALID_SOCKET)
		close(descriptor);
}

bool
server_reload(const char *addresses, int port)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *state = current_tls_state();
	int			before = n_daemons;
	volatile bool started = false;

	if ((state == NULL) == (tls_state == NULL) && (state == NULL || strcmp(state, tls_state) == 0))
		return false;
	PG_TRY();
	{
		server_start(addresses, port);
		started = true;
	}
	PG_CATCH();
	{
		/* a bad certificate: the one we have goes on */
		MemoryContextSwitchTo(caller);
		EmitErrorReport();
		FlushErrorState();
	}
	PG_END_TRY();

	/* the older ones go, or the newer ones if they did not all start */
	for (int i = started ? 0 : before; i < (started ? before : n_daemons); i++)
		quiesce(&daemons[i]);
	return true;
}

bool
server_reap(void)
{
	int			kept = 0;
	bool		reaped;

	for (int i = 0; i < n_daemons; i++)
	{
		if (daemons[i].leaving && !draining &&
			MHD_get_daemon_info(daemons[i].mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections == 0)
			MHD_stop_daemon(daemons[i].mhd);
		else
			daemons[kept++] = daemons[i];
	}
	reaped = kept < n_daemons;
	n_daemons = kept;
	return reaped;
}

void
server_start(const char *addresses, int port)
{
	char	   *copy = pstrdup(addresses);
	List	   *names;
	ListCell   *cell;

	if (!SplitGUCList(copy, ',', &names))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid list syntax in dynapg.listen_addresses")));
	foreach(cell, names)
	{
		const char *name = (const char *) lfirst(cell);
		struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
		struct addrinfo *found;
		int			result = getaddrinfo(strcmp(name, "*") == 0 ? NULL : name, psprintf("%d", port), &hints, &found);

		if (result != 0)
			ereport(ERROR, (errmsg("could not resolve \"%s\": %s", name, gai_strerror(result))));
		for (struct addrinfo *address = found; address != NULL; address = address->ai_next)
		{
			/* a machine without IPv6 may resolve to it all the same */
			if (address->ai_family == AF_INET6 && found->ai_next != NULL)
			{
				int			probe = socket(AF_INET6, SOCK_STREAM, 0);
				bool		usable = probe >= 0 && bind(probe, address->ai_addr, address->ai_addrlen) == 0;
				int			saved_errno = errno;

				if (probe >= 0)
					close(probe);
				if (!usable && saved_errno != EADDRINUSE)
					continue;
			}
			start_daemon(address, name, port);
		}
		freeaddrinfo(found);
	}
	tls_state = current_tls_state();
}

int
server_descriptors(int *descriptors, int max)
{
	for (int i = 0; i < n_daemons && i < max; i++)
		descriptors[i] = MHD_get_daemon_info(daemons[i].mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	return Min(n_daemons, max);
}

void
server_run(void)
{
	bool		more;

	do
	{
		for (int i = 0; i < n_daemons; i++)
			MHD_run(daemons[i].mhd);
		more = aside_run();
		more |= durable_release();
	} while (more);
	connections_end_slow();
}

long
server_timeout(void)
{
	long		timeout = aside_timeout();

	for (int i = 0; i < n_daemons; i++)
	{
		MHD_UNSIGNED_LONG_LONG due;

		if (MHD_get_timeout(daemons[i].mhd, &due) == MHD_YES && (timeout < 0 || due < (unsigned long long) timeout))
			timeout = Min(due, 60000);
	}
	return timeout;
}

void
server_drain(void)
{
	if (draining)
		return;
	draining = true;
	for (int i = 0; i < n_daemons; i++)
		quiesce(&daemons[i]);
	connections_end_idle();
}

bool
server_is_draining(void)
{
	return draining;
}

bool
server_is_idle(void)
{
	return pg_atomic_read_u64(&endpoint_worker->connections) == 0;
}
