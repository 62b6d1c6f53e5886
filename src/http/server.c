/*
 * server.c
 *		libmicrohttpd's daemons: how they are started, with TLS or without, run and ended.
 */
#include "postgres.h"

#include <sys/stat.h>

#include "storage/fd.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "http/http.h"

/* How strict the library is; of the same values in both. */
#if MHD_VERSION >= 0x00097701
#define STRICTNESS_OPTION MHD_OPTION_CLIENT_DISCIPLINE_LVL
#else
#define STRICTNESS_OPTION MHD_OPTION_STRICT_FOR_CLIENT
#endif

#define MAX_DAEMONS 16
#define HEADER_MEMORY (32 * 1024)	/* a connection's buffer: request line and headers must fit */

/* The library's daemons: the last one gets new connections, those before it keep theirs, with the certificate of before. */
static struct MHD_Daemon *daemons[MAX_DAEMONS];
static int	n_daemons;
static char *tls_state;			/* what TLS was started with; NULL: no TLS */
static bool draining;

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

/* The key as text; raises an error if others than the server's user may read it, by PostgreSQL's own rules, or if it cannot be read. */
static char *
read_key(const char *path)
{
	if (!check_ssl_key_file_permissions(path, false))
		ereport(ERROR, (errcode(ERRCODE_CONFIG_FILE_ERROR), errmsg("dynapg does not use private key file \"%s\"", path)));
	return read_file(path);
}

/* What TLS is to be started with: settings and the files' last changes, also of who may read them; NULL: no TLS. */
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
	return psprintf("%s %ld %ld %s %ld %ld %d", endpoint->settings->ssl_cert_file, (long) cert.st_ctime, (long) cert.st_ino,
					endpoint->settings->ssl_key_file, (long) key.st_ctime, (long) key.st_ino,
					endpoint->settings->ssl_min_protocol_version);
}

/* GnuTLS's words for the versions that may be. */
static const char *
tls_priorities(void)
{
	return endpoint->settings->ssl_min_protocol_version == ENDPOINT_TLS_1_3 ?
		"NORMAL:-VERS-ALL:+VERS-TLS1.3" : "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";
}

/* A daemon that takes new connections from now on; raises an error if there is a certificate that is no good. */
static void
start_daemon(void)
{
	unsigned int flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET;
	bool		tls = endpoint->settings->ssl_cert_file[0] != '\0';
	struct MHD_OptionItem options[4] = {{MHD_OPTION_END, 0, NULL}};
	struct MHD_Daemon *daemon;
	char	   *state = current_tls_state();	/* before the files are read: they may change meanwhile */

	if (n_daemons == MAX_DAEMONS)
		ereport(ERROR, (errmsg("connections of too many certificates are still open")));
	if (tls)
	{
		flags |= MHD_USE_TLS;
		options[0] = (struct MHD_OptionItem) {MHD_OPTION_HTTPS_MEM_CERT, 0, read_file(endpoint->settings->ssl_cert_file)};
		options[1] = (struct MHD_OptionItem) {MHD_OPTION_HTTPS_MEM_KEY, 0, read_key(endpoint->settings->ssl_key_file)};
		options[2] = (struct MHD_OptionItem) {MHD_OPTION_HTTPS_PRIORITIES, 0, unconstify(char *, tls_priorities())};
		options[3] = (struct MHD_OptionItem) {MHD_OPTION_END, 0, NULL};
	}
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, callback_request, NULL,
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
	daemons[n_daemons++] = daemon;
	tls_state = state;
}

bool
server_reload(void)
{
	MemoryContext caller = CurrentMemoryContext;
	char	   *state = current_tls_state();
	volatile bool started = false;

	if ((state == NULL) == (tls_state == NULL) && (state == NULL || strcmp(state, tls_state) == 0))
		return false;
	PG_TRY();
	{
		start_daemon();
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
	return started;
}

bool
server_reap(void)
{
	int			kept = 0;
	bool		reaped;

	for (int i = 0; i < n_daemons; i++)
	{
		if (i < n_daemons - 1 &&
			MHD_get_daemon_info(daemons[i], MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections == 0)
			MHD_stop_daemon(daemons[i]);
		else
			daemons[kept++] = daemons[i];
	}
	reaped = kept < n_daemons;
	n_daemons = kept;
	return reaped;
}

/* Nothing may be raised once there is a socket that listens: connections would go to it that nobody accepts. */
void
server_start(const char *addresses, int port)
{
	start_daemon();
	listeners_open(addresses, port);
	descriptors_start(listeners_count());
}

int
server_descriptors(int *descriptors, int max)
{
	Assert(max > MAX_DAEMONS);
	for (int i = 0; i < n_daemons; i++)
		descriptors[i] = MHD_get_daemon_info(daemons[i], MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	descriptors[n_daemons] = listeners_descriptor();
	return n_daemons + 1;
}

void
server_run(void)
{
	bool		more;

	listeners_accept(daemons[n_daemons - 1]);
	do
	{
		for (int i = 0; i < n_daemons; i++)
			MHD_run(daemons[i]);
		more = aside_run();
		more |= durable_release();
	} while (more);
	connections_end_slow();
	connections_make_room();
	listeners_rest();
}

/* Of two times until something is due, of which -1 means never. */
static long
sooner(long left, long right)
{
	return left < 0 || (right >= 0 && right < left) ? right : left;
}

long
server_timeout(void)
{
	long		timeout = sooner(aside_timeout(), sooner(listeners_timeout(), connections_timeout()));

	for (int i = 0; i < n_daemons; i++)
	{
		MHD_UNSIGNED_LONG_LONG due;

		if (MHD_get_timeout(daemons[i], &due) == MHD_YES)
			timeout = sooner(timeout, Min(due, 60000));
	}
	return timeout;
}

void
server_drain(void)
{
	if (draining)
		return;
	draining = true;
	/* what the kernel has accepted would be reset */
	listeners_accept(daemons[n_daemons - 1]);
	listeners_close();
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
