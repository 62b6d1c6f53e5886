/*
 * fetch.c
 *		HTTP requests that leave the server.
 *
 * libcurl's multi interface says which sockets and which time to wait for, and a WaitEventSet waits for them beside the process's latch.
 * Nothing may longjmp through the library: what it calls back uses malloc() and raises nothing, and errors are raised by us afterwards.
 *
 * The library resolves names in threads of its own.  A signal handler of PostgreSQL must not run in one of those, so signals are blocked
 * while the library may start one, which inherits that.
 */
#include "postgres.h"

#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <curl/curl.h>

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "out/fetch.h"

#define MAX_HEAD		(64 * 1024)
#define STREAM_BUFFER	(1024 * 1024)	/* of a body that fetch_read() has not taken */
#define CONNECT_MS		10000
#define STALL_SECONDS	30
#define STALL_BYTES		1024	/* a second */

/* Bytes that grow; malloc'd. */
typedef struct Bytes
{
	char	   *data;
	size_t		start;			/* what is before it was taken */
	size_t		len;
	size_t		size;
} Bytes;

/* A socket that the library wants to be waited for. */
typedef struct Socket
{
	curl_socket_t fd;
	uint32		wanted;			/* WL_SOCKET_*; 0: nothing at the moment */
	uint32		awaited;		/* what the set of events has; 0: it is not in it */
	int			position;		/* there */
} Socket;

struct FetchPool
{
	MemoryContext context;
	MemoryContextCallback callback;
	CURLM	   *multi;
	char	   *ca_file;
	WaitEventSet *events;		/* NULL: to be made anew */
	Socket	   *sockets;		/* malloc'd */
	int			n_sockets;
	int			sockets_size;
	int64		due;			/* when the library wants to be called, milliseconds; -1: never */
	bool		out_of_memory;
};

struct Fetch
{
	FetchPool  *pool;
	MemoryContext context;
	MemoryContextCallback callback;
	CURL	   *easy;
	struct curl_slist *headers;
	bool		attached;		/* to the pool's multi handle */
	bool		streams;
	size_t		max_body;
	bool		has_guard;
	Guard		guard;
	Bytes		head;			/* the last one: answers of 1xx come before it */
	size_t		head_received;
	bool		has_head;
	Bytes		body;
	bool		paused;
	bool		done;
	CURLcode	result;
	const char *reason;			/* ours; NULL: the library's */
	char		message[CURL_ERROR_SIZE];
};

/* ------------------------------------------------------------------------------------------------------------
 * What the library calls
 * ------------------------------------------------------------------------------------------------------------ */

/* Makes room for so many bytes more, and a NUL; false: there is none. */
static bool
reserve_bytes(Bytes *bytes, size_t more)
{
	size_t		size = Max(bytes->size, 4096);
	char	   *data;

	while (size < bytes->len + more + 1)
		size *= 2;
	if (size == bytes->size)
		return true;
	data = realloc(bytes->data, size);
	if (data == NULL)
		return false;
	bytes->data = data;
	bytes->size = size;
	return true;
}

static bool
append_bytes(Bytes *bytes, const char *data, size_t len)
{
	if (!reserve_bytes(bytes, len))
		return false;
	memcpy(bytes->data + bytes->len, data, len);
	bytes->len += len;
	bytes->data[bytes->len] = '\0';
	return true;
}

static bool
fail(Fetch *fetch, const char *reason)
{
	fetch->reason = reason;
	return false;
}

static bool
take_head_line(Fetch *fetch, const char *line, size_t len)
{
	fetch->head_received += len;
	if (fetch->head_received > MAX_HEAD)
		return fail(fetch, "the head of the answer is longer than 64 kB");
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		fetch->head.len = 0;
	if (!append_bytes(&fetch->head, line, len))
		return fail(fetch, "out of memory");
	if (line[0] == '\r' || line[0] == '\n')
		fetch->has_head = fetch_status(fetch) >= 200;
	return true;
}

static size_t
on_header(char *line, size_t size, size_t count, void *argument)
{
	return take_head_line((Fetch *) argument, line, size * count) ? size * count : 0;
}

static size_t
on_body(char *data, size_t size, size_t count, void *argument)
{
	Fetch	   *fetch = (Fetch *) argument;
	size_t		len = size * count;

	if (fetch->streams)
	{
		if (fetch->body.len > 0 && fetch->body.len + len > STREAM_BUFFER)
		{
			fetch->paused = true;
			return CURL_WRITEFUNC_PAUSE;
		}
	}
	else if (fetch->body.len + len > fetch->max_body)
	{
		(void) fail(fetch, "the body of the answer is too long");
		return 0;
	}
	if (!append_bytes(&fetch->body, data, len))
	{
		(void) fail(fetch, "out of memory");
		return 0;
	}
	return len;
}

static curl_socket_t
on_open_socket(void *argument, curlsocktype purpose, struct curl_sockaddr *address)
{
	Fetch	   *fetch = (Fetch *) argument;

	if (!guard_allows(fetch->has_guard ? &fetch->guard : NULL, &address->addr))
	{
		(void) fail(fetch, "the host's address is not allowed");
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static Socket *
find_socket(FetchPool *pool, curl_socket_t fd)
{
	for (int i = 0; i < pool->n_sockets; i++)
		if (pool->sockets[i].fd == fd)
			return &pool->sockets[i];
	return NULL;
}

static Socket *
add_socket(FetchPool *pool, curl_socket_t fd)
{
	Socket	   *socket;

	if (pool->n_sockets == pool->sockets_size)
	{
		int			size = Max(2 * pool->sockets_size, 16);
		Socket	   *sockets = realloc(pool->sockets, size * sizeof(Socket));

		if (sockets == NULL)
			return NULL;
		pool->sockets = sockets;
		pool->sockets_size = size;
	}
	socket = &pool->sockets[pool->n_sockets++];
	memset(socket, 0, sizeof(Socket));
	socket->fd = fd;
	return socket;
}

/* The descriptor may be another socket's by the time that we wait, so that the set of events is made anew. */
static void
forget_events(FetchPool *pool)
{
	if (pool->events != NULL)
		FreeWaitEventSet(pool->events);
	pool->events = NULL;
}

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *argument, void *unused)
{
	FetchPool  *pool = (FetchPool *) argument;
	Socket	   *socket = find_socket(pool, fd);

	if (what == CURL_POLL_REMOVE)
	{
		if (socket == NULL)
			return 0;
		if (socket->awaited != 0)
			forget_events(pool);
		*socket = pool->sockets[--pool->n_sockets];
		return 0;
	}
	if (socket == NULL)
		socket = add_socket(pool, fd);
	if (socket == NULL)
	{
		pool->out_of_memory = true;
		return -1;
	}
	socket->wanted = (what & CURL_POLL_IN ? WL_SOCKET_READABLE : 0) | (what & CURL_POLL_OUT ? WL_SOCKET_WRITEABLE : 0);
	return 0;
}

static int64
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int
on_timer(CURLM *multi, long timeout_ms, void *argument)
{
	FetchPool  *pool = (FetchPool *) argument;

	pool->due = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	return 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Pools
 * ------------------------------------------------------------------------------------------------------------ */

static void
block_signals(sigset_t *before)
{
	sigset_t	all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, before);
}

static void
restore_signals(const sigset_t *before)
{
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void
release_pool(void *argument)
{
	FetchPool  *pool = (FetchPool *) argument;

	if (pool->multi != NULL)
		curl_multi_cleanup(pool->multi);
	pool->multi = NULL;
	forget_events(pool);
	free(pool->sockets);
	pool->sockets = NULL;
}

FetchPool *
fetch_pool_create(const char *ca_file)
{
	static bool initialized = false;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynapg requests", ALLOCSET_SMALL_SIZES);
	FetchPool  *pool = (FetchPool *) MemoryContextAllocZero(context, sizeof(FetchPool));

	if (!initialized && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		elog(ERROR, "could not initialize libcurl");
	initialized = true;
	pool->context = context;
	pool->due = -1;
	pool->ca_file = ca_file ? MemoryContextStrdup(context, ca_file) : NULL;
	pool->callback.func = release_pool;
	pool->callback.arg = pool;
	MemoryContextRegisterResetCallback(context, &pool->callback);
	pool->multi = curl_multi_init();
	if (pool->multi == NULL ||
		curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, on_socket) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, on_timer) != CURLM_OK ||
		curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool) != CURLM_OK)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	return pool;
}

void
fetch_pool_close(FetchPool *pool)
{
	MemoryContextDelete(pool->context);
}

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

static void
detach_fetch(Fetch *fetch)
{
	if (fetch->attached)
		curl_multi_remove_handle(fetch->pool->multi, fetch->easy);
	fetch->attached = false;
}

static void
release_fetch(void *argument)
{
	Fetch	   *fetch = (Fetch *) argument;

	detach_fetch(fetch);
	if (fetch->easy != NULL)
		curl_easy_cleanup(fetch->easy);
	fetch->easy = NULL;
	curl_slist_free_all(fetch->headers);
	fetch->headers = NULL;
	free(fetch->head.data);
	free(fetch->body.data);
	fetch->head.data = fetch->body.data = NULL;
}

static _Noreturn void
raise_out_of_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory"),
			 errdetail("Failed on a request to another server.")));
}

static void
add_header(Fetch *fetch, const char *line)
{
	struct curl_slist *headers = curl_slist_append(fetch->headers, line);

	if (headers == NULL)
		raise_out_of_memory();
	fetch->headers = headers;
}

/* Sets an option; what the library refuses there is a lack of memory, or a bug of ours. */
#define set_option(fetch, option, value) \
	do { \
		CURLcode	set_result = curl_easy_setopt((fetch)->easy, option, value); \
\
		if (set_result == CURLE_OUT_OF_MEMORY) \
			raise_out_of_memory(); \
		if (set_result != CURLE_OK) \
			elog(ERROR, "could not set up a request: %s", curl_easy_strerror(set_result)); \
	} while (0)

static void
set_protocols(Fetch *fetch)
{
#if LIBCURL_VERSION_NUM >= 0x075500
	set_option(fetch, CURLOPT_PROTOCOLS_STR, "http,https");
#else
	set_option(fetch, CURLOPT_PROTOCOLS, (long) (CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	set_option(fetch, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	set_option(fetch, CURLOPT_FOLLOWLOCATION, 0L);
	set_option(fetch, CURLOPT_PROXY, "");
	set_option(fetch, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	set_option(fetch, CURLOPT_PATH_AS_IS, 1L);
	set_option(fetch, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2);
	set_option(fetch, CURLOPT_SSL_VERIFYPEER, 1L);
	set_option(fetch, CURLOPT_SSL_VERIFYHOST, 2L);
	if (fetch->pool->ca_file != NULL)
		set_option(fetch, CURLOPT_CAINFO, fetch->pool->ca_file);
}

static void
set_limits(Fetch *fetch, const FetchRequest *request)
{
	set_option(fetch, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
	set_option(fetch, CURLOPT_QUICK_EXIT, 1L);
#endif
	set_option(fetch, CURLOPT_CONNECTTIMEOUT_MS, (long) (request->connect_ms ? request->connect_ms : CONNECT_MS));
	set_option(fetch, CURLOPT_LOW_SPEED_LIMIT, (long) STALL_BYTES);
	set_option(fetch, CURLOPT_LOW_SPEED_TIME, (long) (request->stall_seconds ? request->stall_seconds : STALL_SECONDS));
	set_option(fetch, CURLOPT_TIMEOUT_MS, (long) request->timeout_ms);
	set_option(fetch, CURLOPT_BUFFERSIZE, 256L * 1024);
	set_option(fetch, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
}

static void
set_callbacks(Fetch *fetch)
{
	set_option(fetch, CURLOPT_PRIVATE, fetch);
	set_option(fetch, CURLOPT_ERRORBUFFER, fetch->message);
	set_option(fetch, CURLOPT_HEADERFUNCTION, on_header);
	set_option(fetch, CURLOPT_HEADERDATA, fetch);
	set_option(fetch, CURLOPT_WRITEFUNCTION, on_body);
	set_option(fetch, CURLOPT_WRITEDATA, fetch);
	set_option(fetch, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
	set_option(fetch, CURLOPT_OPENSOCKETDATA, fetch);
}

/* A body is sent as it is, and no header that nobody asked for. */
static void
set_message(Fetch *fetch, const FetchRequest *request)
{
	bool		has_body = request->body != NULL || strcmp(request->method, "PUT") == 0 || strcmp(request->method, "POST") == 0;

	set_option(fetch, CURLOPT_URL, request->url);
	if (has_body)
	{
		set_option(fetch, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) request->body_len);
		set_option(fetch, CURLOPT_POSTFIELDS, request->body ? request->body : "");
	}
	else if (strcmp(request->method, "HEAD") == 0)
		set_option(fetch, CURLOPT_NOBODY, 1L);
	set_option(fetch, CURLOPT_CUSTOMREQUEST, request->method);
	set_option(fetch, CURLOPT_USERAGENT, "dynapg");
	add_header(fetch, "Expect:");
	add_header(fetch, "Content-Type:");
	for (int i = 0; i < request->n_headers; i++)
	{
		const Sigv4Header *header = &request->headers[i];

		if (strpbrk(header->name, "\r\n:") != NULL || strpbrk(header->value, "\r\n") != NULL)
			elog(ERROR, "a header of a request to another server has a line break");
		/* with a semicolon, a header without a value is sent as such */
		add_header(fetch, header->value[0] ? psprintf("%s: %s", header->name, header->value) : psprintf("%s;", header->name));
	}
	set_option(fetch, CURLOPT_HTTPHEADER, fetch->headers);
}

Fetch *
fetch_start(FetchPool *pool, const FetchRequest *request)
{
	MemoryContext context = AllocSetContextCreate(pool->context, "dynapg request", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Fetch	   *fetch = (Fetch *) palloc0(sizeof(Fetch));
	sigset_t	signals;
	CURLMcode	added;

	fetch->pool = pool;
	fetch->context = context;
	fetch->streams = request->streams;
	fetch->max_body = Min(request->max_body, MaxAllocSize / 2);
	fetch->has_guard = request->guard != NULL;
	if (fetch->has_guard)
		fetch->guard = *request->guard;
	fetch->callback.func = release_fetch;
	fetch->callback.arg = fetch;
	MemoryContextRegisterResetCallback(context, &fetch->callback);
	fetch->easy = curl_easy_init();
	if (fetch->easy == NULL)
		raise_out_of_memory();
	set_protocols(fetch);
	set_limits(fetch, request);
	set_callbacks(fetch);
	set_message(fetch, request);
	block_signals(&signals);
	added = curl_multi_add_handle(pool->multi, fetch->easy);
	restore_signals(&signals);
	if (added != CURLM_OK)
		raise_out_of_memory();
	fetch->attached = true;
	MemoryContextSwitchTo(caller);
	return fetch;
}

void
fetch_close(Fetch *fetch)
{
	MemoryContextDelete(fetch->context);
}

/* ------------------------------------------------------------------------------------------------------------
 * Waiting
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether the set of events is as the library wants it, once those sockets of it have been changed that can be. */
static bool
events_are_current(FetchPool *pool)
{
	if (pool->events == NULL)
		return false;
	for (int i = 0; i < pool->n_sockets; i++)
	{
		Socket	   *socket = &pool->sockets[i];

		if (socket->wanted == socket->awaited)
			continue;
		if (socket->wanted == 0 || socket->awaited == 0)
			return false;
		ModifyWaitEvent(pool->events, socket->position, socket->wanted, NULL);
		socket->awaited = socket->wanted;
	}
	return true;
}

static void
update_events(FetchPool *pool)
{
	if (events_are_current(pool))
		return;
	forget_events(pool);
	for (int i = 0; i < pool->n_sockets; i++)
		pool->sockets[i].awaited = 0;
	pool->events = compat_create_wait_event_set(pool->n_sockets + 2);
	AddWaitEventToSet(pool->events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(pool->events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < pool->n_sockets; i++)
	{
		Socket	   *socket = &pool->sockets[i];

		if (socket->wanted == 0)
			continue;
		socket->position = AddWaitEventToSet(pool->events, socket->wanted, socket->fd, NULL, NULL);
		socket->awaited = socket->wanted;
	}
}

/* Tells the library what has happened to a socket, or that its time has come. */
static void
act(FetchPool *pool, curl_socket_t fd, int what)
{
	sigset_t	signals;
	int			running;
	CURLMcode	result;

	block_signals(&signals);
	result = curl_multi_socket_action(pool->multi, fd, what, &running);
	restore_signals(&signals);
	if (pool->out_of_memory || result == CURLM_OUT_OF_MEMORY)
		raise_out_of_memory();
}

/* Notes which requests are over. */
static void
collect_results(FetchPool *pool)
{
	CURLMsg    *message;
	int			left;

	while ((message = curl_multi_info_read(pool->multi, &left)) != NULL)
	{
		Fetch	   *fetch;

		if (message->msg != CURLMSG_DONE ||
			curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch) != CURLE_OK)
			continue;
		fetch->done = true;
		fetch->result = message->data.result;
		/* it has a limit of its own for a single line */
		if (fetch->result == CURLE_OUT_OF_MEMORY && !fetch->has_head && fetch->reason == NULL)
			fetch->reason = "the head of the answer is too long";
		detach_fetch(fetch);
	}
}

void
fetch_run(FetchPool *pool, long timeout_ms)
{
	WaitEvent	happened[32];
	int			count;
	bool		interrupted = false;

	if (pool->due >= 0)
	{
		long		left = (long) Max(pool->due - now_ms(), 0);

		timeout_ms = timeout_ms < 0 ? left : Min(timeout_ms, left);
	}
	update_events(pool);
	count = WaitEventSetWait(pool->events, timeout_ms, happened, lengthof(happened), PG_WAIT_EXTENSION);
	for (int i = 0; i < count; i++)
	{
		uint32		events = happened[i].events;

		if (events & WL_LATCH_SET)
			interrupted = true;
		else if (events & (WL_SOCKET_READABLE | WL_SOCKET_WRITEABLE))
			act(pool, happened[i].fd,
				(events & WL_SOCKET_READABLE ? CURL_CSELECT_IN : 0) | (events & WL_SOCKET_WRITEABLE ? CURL_CSELECT_OUT : 0));
	}
	if (pool->due >= 0 && pool->due <= now_ms())
	{
		pool->due = -1;
		act(pool, CURL_SOCKET_TIMEOUT, 0);
	}
	collect_results(pool);
	if (interrupted)
		ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

void
fetch_await(Fetch *fetch)
{
	while (!fetch->done)
		fetch_run(fetch->pool, -1);
}

void
fetch_await_head(Fetch *fetch)
{
	while (!fetch->done && !fetch->has_head)
		fetch_run(fetch->pool, -1);
}

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

bool
fetch_is_done(const Fetch *fetch)
{
	return fetch->done;
}

const char *
fetch_error(const Fetch *fetch)
{
	if (!fetch->done || fetch->result == CURLE_OK)
		return NULL;
	if (fetch->reason != NULL)
		return fetch->reason;
	return fetch->message[0] ? fetch->message : curl_easy_strerror(fetch->result);
}

bool
fetch_may_pass(const Fetch *fetch)
{
	switch (fetch->result)
	{
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_URL_MALFORMAT:
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_WRITE_ERROR:
			return false;
		default:
			return fetch->reason == NULL;
	}
}

bool
fetch_has_head(const Fetch *fetch)
{
	return fetch->has_head;
}

/* HTTP/1.1 200 OK */
int
fetch_status(const Fetch *fetch)
{
	const char *blank = fetch->head.len > 0 ? strchr(fetch->head.data, ' ') : NULL;

	return blank ? atoi(blank + 1) : 0;
}

char *
fetch_header(const Fetch *fetch, const char *name)
{
	size_t		len = strlen(name);
	const char *line = fetch->head.len > 0 ? fetch->head.data : "";

	while ((line = strchr(line, '\n')) != NULL)
	{
		line++;
		if (pg_strncasecmp(line, name, len) == 0 && line[len] == ':')
		{
			const char *value = line + len + 1 + strspn(line + len + 1, " \t");
			size_t		value_len = strcspn(value, "\r\n");

			while (value_len > 0 && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
				value_len--;
			return pnstrdup(value, value_len);
		}
	}
	return NULL;
}

const char *
fetch_body(const Fetch *fetch, size_t *len)
{
	*len = fetch->body.len;
	return fetch->body.len > 0 ? fetch->body.data : "";
}

/* Lets the library go on, after it was told to wait. */
static void
resume(Fetch *fetch)
{
	sigset_t	signals;

	if (!fetch->paused)
		return;
	fetch->paused = false;
	block_signals(&signals);
	(void) curl_easy_pause(fetch->easy, CURLPAUSE_CONT);
	restore_signals(&signals);
}

int
fetch_read(Fetch *fetch, char *buffer, int size)
{
	Bytes	   *body = &fetch->body;
	size_t		len;

	while (body->len == body->start && !fetch->done)
		fetch_run(fetch->pool, -1);
	len = Min(body->len - body->start, (size_t) size);
	memcpy(buffer, body->data + body->start, len);
	body->start += len;
	if (body->start == body->len)
	{
		body->start = body->len = 0;
		resume(fetch);
	}
	return (int) len;
}
