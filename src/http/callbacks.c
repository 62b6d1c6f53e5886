/*
 * callbacks.c
 *		What libmicrohttpd calls: a request from its first line to its end.
 *
 * Nothing may be raised through the library: every callback catches what is raised in it.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "http/http.h"

const char *
request_header(const HttpRequest *request, const char *name)
{
	for (int i = 0; i < request->n_headers; i++)
		if (pg_strcasecmp(request->headers[i].name, name) == 0)
			return request->headers[i].value;
	return NULL;
}

/* A proxy's client sends the URI with scheme and host. */
const char *
request_path(const HttpRequest *request, size_t *len)
{
	const char *path = request->uri;
	const char *authority = path[0] == '/' ? NULL : strstr(path, "://");

	if (authority != NULL)
		path = authority + 3 + strcspn(authority + 3, "/?#");
	*len = strcspn(path, "?#");
	return path;
}

/* The first thing of a request: its URI as sent.  What it returns becomes the request's state. */
void *
callback_uri(void *cls, const char *uri, struct MHD_Connection *connection)
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
		request->received_uri = uri;
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
begin_request(HttpRequest *request, const char *method, const char *version)
{
	MemoryContext caller = MemoryContextSwitchTo(request->context);
	const char *length;
	int			count = MHD_get_connection_values(request->connection, MHD_HEADER_KIND, count_header, NULL);

	request->begun = true;
	request->method = pstrdup(method);
	request->headers = (HttpHeader *) palloc0((count + 1) * sizeof(HttpHeader));
	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, take_header, request);
	protocol_begin(request);
	request->malformed = !framing_is_sound(request, method, version);
	length = request_header(request, "Content-Length");
	if (!request->malformed && length != NULL && strtoull(length, NULL, 10) > (unsigned long long) endpoint->settings->max_body_size)
		request->too_big = true;
	/* the library takes chunks that end in a bare LF: nobody is to wait for what somebody else has smuggled behind them */
	request->last = request->malformed || request->too_big || request_header(request, "Transfer-Encoding") != NULL;
	MemoryContextSwitchTo(caller);
}

/* Counts and logs a request whose answer is about to be sent. */
static void
report_request(HttpRequest *request)
{
	TimestampTz now = GetCurrentTimestamp();
	int64		microseconds = now - request->started_at;

	metrics_count(request, microseconds);
	protocol_log(request, microseconds);
	trace_finish(request, now);
}

void
request_suspend(HttpRequest *request)
{
	if (!request->suspended)
		MHD_suspend_connection(request->connection);
	request->suspended = true;
}

void
request_resume(HttpRequest *request)
{
	if (request->suspended)
		MHD_resume_connection(request->connection);
	request->suspended = false;
}

/* Answers a complete request: at once, or when no lock is in its way and it is durable. */
static enum MHD_Result
finish_request(HttpRequest *request)
{
	MemoryContext caller = MemoryContextSwitchTo(request->context);
	enum MHD_Result result = MHD_YES;

	if (!request->answered)
	{
		connection_answers(request->connection);
		trace_body_is_there(request);
		request->answered = protocol_answer(request);
		if (request->answered)
		{
			body_release(request);
			durable_await(request);
		}
		else
			aside_put(request);
	}
	if (request->broken)
		result = MHD_NO;
	else if (!request->suspended)
	{
		report_request(request);
		result = answer_send(request);
	}
	MemoryContextSwitchTo(caller);
	return result;
}

enum MHD_Result
callback_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
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
			begin_request(request, method, version);
			if (request->too_big || request->malformed)
				result = finish_request(request);	/* without reading the body */
		}
		else if (*size > 0)
		{
			MemoryContext caller = MemoryContextSwitchTo(request->context);

			if (!body_take(request, data, *size))
				result = MHD_NO;
			*size = 0;
			MemoryContextSwitchTo(caller);
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

void
callback_completed(void *cls, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	HttpRequest *request = (HttpRequest *) *state;

	connection_rests(connection);
	if (request == NULL)
		return;
	aside_forget(request);
	durable_forget(request);
	body_release(request);
	trace_abandon(request);
	MemoryContextDelete(request->context);
	*state = NULL;
}

/* Paths are wanted as they were sent. */
size_t
callback_unescape(void *cls, struct MHD_Connection *connection, char *text)
{
	return strlen(text);
}
