/*
 * server.c
 *		Connections: sockets, libmicrohttpd's daemons and callbacks, and the deferred flush.
 *
 * A request commits asynchronously.  Answers that must not be sent before they are durable have their connections
 * suspended; when everything that was ready has been worked off, WAL is flushed once for all of them, by another process
 * (companion.c) so that other connections go on meanwhile.  Where standbys are synchronous, the answers then stay until
 * these have it too.
 */
#include "postgres.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "http/http.h"

#define MAX_DAEMONS 32
#define MAX_DROPPED (64 * 1024 * 1024)	/* bytes of a chunked body that are read past the limit, to answer 413 */
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
/* Suspended requests, both in the order of their LSNs, since each worker's LSNs only grow. */
static dlist_head waiting = DLIST_STATIC_INIT(waiting); /* for the flush */
static dlist_head unconfirmed = DLIST_STATIC_INIT(unconfirmed); /* flushed, for the standbys */
static int	n_suspended;		/* in both */

static bool draining;

const char *
request_header(const HttpRequest *request, const char *name)
{
	for (int i = 0; i < request->n_headers; i++)
		if (pg_strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Callbacks of the library: nothing may be raised through it
 * ------------------------------------------------------------------------------------------------------------ */

/* The first thing of a request: its URI as sent.  What it returns becomes the request's state. */
static void *
on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	HttpRequest *volatile request = NULL;

	connection_receives(connection);
	PG_TRY();
	{
		MemoryContext context = AllocSetContextCreate(TopMemoryContext, "dynapg request", ALLOCSET_DEFAULT_SIZES);
		MemoryContext caller = MemoryContextSwitchTo(context);

		request = (HttpRequest *) palloc0(sizeof(HttpRequest));
		request->context = context;
		request->connection = connection;
		request->uri = pstrdup(uri);
		request->operation = -1;
		request->started_at = GetCurrentTimestamp();
		initStringInfo(&request->body);
		MemoryContextSwitchTo(caller);
	}
	PG_CATCH();
	{
		EmitErrorReport();
		FlushErrorState();
		request = NULL;
	}
	PG_END_TRY();
	return request;
}

static enum MHD_Result
count_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	return MHD_YES;
}

/* Header values live as long as the request in the library's memory. */
static enum MHD_Result
take_header(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	HttpRequest *request = (HttpRequest *) cls;

	request->headers[request->n_headers].name = name;
	request->headers[request->n_headers++].value = value ? value : "";
	return MHD_YES;
}

/* The headers are there: takes them, and says whether the body is worth reading. */
static void
begin_request(HttpRequest *request, const char *method)
{
	MemoryContext caller = MemoryContextSwitchTo(request->context);
	const char *length;
	int			count = MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, NULL);

	request->begun = true;
	request->method = pstrdup(method);
	request->headers = (HttpHeader *) palloc0((count + 1) * sizeof(HttpHeader));
	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, take_header, request);
	length = request_header(request, "Content-Length");
	if (length != NULL && strtoull(length, NULL, 10) > (unsigned long long) *endpoint->max_body_size)
		request->too_big = true;
	MemoryContextSwitchTo(caller);
}

/* Hands the response over to the library. */
static enum MHD_Result
send_response(HttpRequest *request)
{
	StringInfo	body = &request->response;
	StringInfoData compressed;
	bool		is_compressed = encoding_compress(request, body, &compressed);
	const char *origin = request_header(request, "Origin");
	struct MHD_Response *response;
	enum MHD_Result result;

	if (is_compressed)
		body = &compressed;
	response = MHD_create_response_from_buffer(body->len, body->data, MHD_RESPMEM_PERSISTENT);
	if (response == NULL)
		return MHD_NO;
	if (request->content_type)
		MHD_add_response_header(response, "Content-Type", request->content_type);
	if (is_compressed)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
	MHD_add_response_header(response, "x-amzn-RequestId", request->request_id);
	if (request->is_json)
		MHD_add_response_header(response, "x-amz-crc32", psprintf("%u", encoding_crc32(body->data, body->len)));
	if (origin != NULL)
	{
		MHD_add_response_header(response, "Access-Control-Allow-Origin", "*");
		if (strcmp(request->method, "OPTIONS") == 0)
		{
			const char *headers = request_header(request, "Access-Control-Request-Headers");
			const char *method = request_header(request, "Access-Control-Request-Method");

			if (headers)
				MHD_add_response_header(response, "Access-Control-Allow-Headers", headers);
			if (method)
				MHD_add_response_header(response, "Access-Control-Allow-Methods", method);
			MHD_add_response_header(response, "Access-Control-Max-Age", "172800");
		}
		else
			MHD_add_response_header(response, "Access-Control-Expose-Headers",
									"x-amzn-RequestId,x-amz-crc32,x-amzn-ErrorType,Date");
	}
	if (request->too_big || draining)
		MHD_add_response_header(response, "Connection", "close");
	result = MHD_queue_response(request->connection, request->status, response);
	MHD_destroy_response(response);
	return result;
}

static bool
is_durable(const HttpRequest *request)
{
	return XLogRecPtrIsInvalid(request->durable_at) ||
		(request->durable_at <= GetFlushRecPtr(NULL) && request->durable_at <= companion_confirmed());
}

/* Counts and logs a request whose answer is about to be sent. */
static void
report_request(const HttpRequest *request)
{
	int64		microseconds = GetCurrentTimestamp() - request->started_at;

	metrics_count(request, microseconds);
	protocol_log(request, microseconds);
}

/* Answers a complete request: at once, or when it is durable. */
static enum MHD_Result
finish_request(HttpRequest *request)
{
	MemoryContext caller = MemoryContextSwitchTo(request->context);
	enum MHD_Result result = MHD_YES;

	if (!request->answered)
	{
		connection_answers(request->connection);
		protocol_answer(request);
		request->answered = true;
		if (!is_durable(request))
		{
			request->suspended = true;
			n_suspended++;
			dlist_push_tail(&waiting, &request->waiting);
			MHD_suspend_connection(request->connection);
		}
	}
	if (!request->suspended)
	{
		report_request(request);
		result = send_response(request);
	}
	MemoryContextSwitchTo(caller);
	return result;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
		   const char *version, const char *data, size_t *size, void **state)
{
	HttpRequest *request = (HttpRequest *) *state;
	volatile enum MHD_Result result = MHD_YES;

	if (request == NULL)
		return MHD_NO;
	PG_TRY();
	{
		if (!request->begun)
		{
			begin_request(request, method);
			if (request->too_big)
				result = finish_request(request);	/* without reading the body */
		}
		else if (*size > 0)
		{
			if (!request->too_big && request->body.len + *size <= (size_t) *endpoint->max_body_size)
				appendBinaryStringInfo(&request->body, data, *size);
			else
			{
				/* The library answers only after the body: the rest of it is thrown away, but not for ever. */
				request->too_big = true;
				request->dropped += *size;
				if (request->dropped > MAX_DROPPED)
					result = MHD_NO;
			}
			*size = 0;
		}
		else
			result = finish_request(request);
	}
	PG_CATCH();
	{
		EmitErrorReport();
		FlushErrorState();
		result = MHD_NO;
	}
	PG_END_TRY();
	return result;
}

static void
on_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	HttpRequest *request = (HttpRequest *) *state;

	connection_rests(connection);
	if (request == NULL)
		return;
	if (request->suspended)
	{
		dlist_delete(&request->waiting);
		n_suspended--;
	}
	MemoryContextDelete(request->context);
	*state = NULL;
}

/* Paths are wanted as they were sent. */
static size_t
do_not_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}

/* ------------------------------------------------------------------------------------------------------------
 * Sockets and daemons
 * ------------------------------------------------------------------------------------------------------------ */

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
	bool		tls = (*endpoint->ssl_cert_file)[0] != '\0';
	struct MHD_OptionItem options[4] = {{MHD_OPTION_END, 0, NULL}};
	struct MHD_Daemon *daemon;

	if (n_daemons == MAX_DAEMONS)
		ereport(ERROR, (errmsg("dynapg.listen_addresses has more than %d addresses", MAX_DAEMONS)));
	if (tls)
	{
		flags |= MHD_USE_TLS;
		options[0] = (struct MHD_OptionItem) {MHD_OPTION_HTTPS_MEM_CERT, 0, read_file(*endpoint->ssl_cert_file)};
		options[1] = (struct MHD_OptionItem) {MHD_OPTION_HTTPS_MEM_KEY, 0, read_file(*endpoint->ssl_key_file)};
		options[2] = (struct MHD_OptionItem) {MHD_OPTION_END, 0, NULL};
	}
	/* the library closes the socket, also if it fails */
	daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL,
							  MHD_OPTION_LISTEN_SOCKET, listen_on(address, name, port),
							  MHD_OPTION_URI_LOG_CALLBACK, on_uri, NULL,
							  MHD_OPTION_UNESCAPE_CALLBACK, do_not_unescape, NULL,
							  MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
							  MHD_OPTION_NOTIFY_CONNECTION, connection_notify, NULL,
							  MHD_OPTION_CONNECTION_LIMIT, (unsigned int) *endpoint->max_connections,
							  MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int) *endpoint->idle_timeout,
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

	if ((*endpoint->ssl_cert_file)[0] == '\0')
		return NULL;
	memset(&cert, 0, sizeof(cert));
	memset(&key, 0, sizeof(key));
	(void) stat(*endpoint->ssl_cert_file, &cert);
	(void) stat(*endpoint->ssl_key_file, &key);
	return psprintf("%s %ld %ld %s %ld %ld", *endpoint->ssl_cert_file, (long) cert.st_mtime, (long) cert.st_ino,
					*endpoint->ssl_key_file, (long) key.st_mtime, (long) key.st_ino);
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

/* Has WAL flushed as far as the waiting answers need it, and lets those go that are durable; whether there were any. */
static bool
release_durable(void)
{
	XLogRecPtr	confirmed;
	bool		released = false;
	dlist_mutable_iter iter;

	if (!dlist_is_empty(&waiting))
	{
		bool		all_wait = n_suspended >= pg_atomic_read_u64(&endpoint_worker->connections);
		XLogRecPtr	newest = dlist_tail_element(HttpRequest, waiting, &waiting)->durable_at;
		XLogRecPtr	flushed = companion_flush(newest, all_wait);

		while (!dlist_is_empty(&waiting) &&
			   dlist_head_element(HttpRequest, waiting, &waiting)->durable_at <= flushed)
			dlist_push_tail(&unconfirmed, dlist_pop_head_node(&waiting));
	}

	confirmed = companion_confirmed();
	dlist_foreach_modify(iter, &unconfirmed)
	{
		HttpRequest *request = dlist_container(HttpRequest, waiting, iter.cur);

		if (request->durable_at > confirmed)
			break;
		dlist_delete(&request->waiting);
		request->suspended = false;
		n_suspended--;
		MHD_resume_connection(request->connection);
		released = true;
	}
	companion_await(dlist_is_empty(&unconfirmed) ? InvalidXLogRecPtr :
				  dlist_head_element(HttpRequest, waiting, &unconfirmed)->durable_at);
	return released;
}

void
server_run(void)
{
	do
	{
		for (int i = 0; i < n_daemons; i++)
			MHD_run(daemons[i].mhd);
	} while (release_durable());
	connections_end_slow();
}

long
server_timeout(void)
{
	long		timeout = -1;

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
server_is_idle(void)
{
	return pg_atomic_read_u64(&endpoint_worker->connections) == 0;
}
