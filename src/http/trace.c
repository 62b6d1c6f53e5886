/*
 * trace.c
 *		Traces that requests are part of: taken up from their headers, and what takes a request's time.
 *
 * traceparent comes first, X-Amzn-Trace-Id where there is none that is valid.  Health checks, /metrics, the console and other services' dialects are not recorded.  Nobody
 * knows who has sent a request that is refused before it is authenticated: of these only so many a second are recorded, lest who has no key fill the ring.
 */
#include "postgres.h"

#include "base/hex.h"
#include "http/http.h"

#define MAX_UNKNOWN 10			/* a second, of a process */

/* ------------------------------------------------------------------------------------------------------------
 * Beginning
 * ------------------------------------------------------------------------------------------------------------ */

/* The values of all headers of a name, with commas between them. */
static const char *
join_headers(const HttpRequest *request, const char *name, const char *first)
{
	StringInfoData joined = {0};

	for (int i = 0; i < request->n_headers; i++)
	{
		const char *value = request->headers[i].value;

		if (value == first || pg_strcasecmp(request->headers[i].name, name) != 0)
			continue;
		if (joined.data == NULL)
		{
			initStringInfo(&joined);
			appendStringInfoString(&joined, first);
		}
		appendStringInfo(&joined, ",%s", value);
	}
	return joined.data ? joined.data : first;
}

static void
read_headers(HttpRequest *request)
{
	const char *parent = NULL;
	const char *amazon = NULL;
	const char *state = NULL;
	int			parents = 0;

	for (int i = 0; i < request->n_headers; i++)
	{
		const HttpHeader *header = &request->headers[i];

		if ((header->name[0] | 0x20) == 't')
		{
			if (pg_strcasecmp(header->name, "traceparent") == 0)
			{
				parent = header->value;
				parents++;
			}
			else if (state == NULL && pg_strcasecmp(header->name, "tracestate") == 0)
				state = header->value;
		}
		else if ((header->name[0] | 0x20) == 'x' && amazon == NULL && pg_strcasecmp(header->name, "X-Amzn-Trace-Id") == 0)
			amazon = header->value;
	}
	/* two are as good as none */
	if (parents == 1 && endpoint->read_traceparent(parent, &request->trace))
	{
		if (state != NULL)
			state = join_headers(request, "tracestate", state);
		if (state != NULL && endpoint->is_tracestate(state))
			request->trace.state = state;
	}
	else if (amazon != NULL)
		(void) endpoint->read_amazon_trace(amazon, &request->trace);
}

void
trace_take_up(HttpRequest *request)
{
	TraceRecord *record;

	read_headers(request);
	if (!*endpoint->traces || strcmp(request->method, "POST") != 0)
		return;
	if (request->trace.is_there && request->trace.sampling == TRACE_NOT_SAMPLED)
		return;
	record = (TraceRecord *) palloc(sizeof(TraceRecord));
	if (endpoint->begin_trace(record, &request->trace, request->started_at))
		request->record = record;
	else
		pfree(record);
}

void
trace_append_id(StringInfo out, const HttpRequest *request, const char *before)
{
	const uint8 *id = request->record ? request->record->trace_id : request->trace.trace_id;

	if (request->record == NULL && !request->trace.is_there)
		return;
	appendStringInfoString(out, before);
	hex_append(out, id, TRACE_ID_SIZE);
}

/* ------------------------------------------------------------------------------------------------------------
 * Times
 * ------------------------------------------------------------------------------------------------------------ */

void
trace_body_is_there(HttpRequest *request)
{
	if (request->record != NULL)
		trace_phase(request->record, TRACE_RECEIVE, request->started_at, GetCurrentTimestamp());
}

/* What earlier attempts have come to does not count, but for the lock that was in their way. */
void
trace_begin_attempt(HttpRequest *request)
{
	TraceRecord *record = request->record;

	if (record == NULL)
		return;
	request->attempt_at = GetCurrentTimestamp();
	record->attempts++;
	record->n_phases = Min(record->n_phases, 1);
	record->more_lock_wait = 0;
	record->n_tables = record->tables_used = 0;
	record->more_tables = false;
	record->items = record->scanned = 0;
	record->has_items = false;
	record->wait_from = 0;
	if (request->wait.met_at != 0)
		trace_phase(record, TRACE_LOCK_WAIT, request->wait.met_at, request->attempt_at);
}

void
trace_end_attempt(HttpRequest *request)
{
	if (request->record == NULL)
		return;
	endpoint->end_wait(request->record);
	trace_phase(request->record, TRACE_EXECUTE, request->attempt_at, GetCurrentTimestamp());
}

void
trace_give_up(HttpRequest *request)
{
	TraceRecord *record = request->record;

	if (record == NULL || request->wait.met_at == 0)
		return;
	for (int i = 0; i < record->n_phases; i++)
		if (record->phases[i].kind == TRACE_LOCK_WAIT && record->phases[i].to >= request->wait.met_at)
			record->phases[i--] = record->phases[--record->n_phases];
	trace_phase(record, TRACE_LOCK_WAIT, request->wait.met_at, GetCurrentTimestamp());
}

void
trace_await(HttpRequest *request)
{
	if (request->record != NULL)
		request->waits_since = GetCurrentTimestamp();
}

void
trace_flushed(HttpRequest *request, bool waits)
{
	TimestampTz now;

	if (request->record == NULL)
		return;
	now = GetCurrentTimestamp();
	trace_phase(request->record, TRACE_FLUSH_WAIT, request->waits_since, now);
	request->waits_since = waits ? now : 0;
}

void
trace_confirmed(HttpRequest *request)
{
	if (request->record != NULL && request->waits_since != 0)
		trace_phase(request->record, TRACE_STANDBY_WAIT, request->waits_since, GetCurrentTimestamp());
}

/* ------------------------------------------------------------------------------------------------------------
 * The end
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a request is one of DynamoDB's, and, if nobody knows who has sent it, one of the few of these. */
static bool
is_wanted(const HttpRequest *request, TimestampTz now)
{
	static TimestampTz second = 0;
	static int	count = 0;

	if (request->dialect != DIALECT_DYNAMODB || request->view != NULL || request->is_console || !request->is_json)
		return false;
	if (request->is_known)
		return true;
	if (now - second > USECS_PER_SEC || now < second)
	{
		second = now;
		count = 0;
	}
	return ++count <= MAX_UNKNOWN;
}

static void
end(HttpRequest *request, TimestampTz now, int status, const char *error)
{
	TraceRecord *record = request->record;

	request->record = NULL;
	if (!is_wanted(request, now))
		return;
	record->is_http = true;
	record->to = now;
	record->status = status;
	record->failed = status >= 500;
	record->read_units = request->outcome.read_units;
	record->write_units = request->outcome.write_units;
	if (request->operation >= 0)
		strlcpy(record->operation, protocol_operation(request), sizeof(record->operation));
	if (error != NULL)
		strlcpy(record->error, error, sizeof(record->error));
	strlcpy(record->request_id, request->request_id, sizeof(record->request_id));
	strlcpy(record->database, endpoint_worker->database, sizeof(record->database));
	caller_write_address(request, record->address, sizeof(record->address));
	endpoint->end_trace(record);
}

void
trace_finish(HttpRequest *request, TimestampTz now)
{
	if (request->record != NULL)
		end(request, now, request->status, request->outcome.error);
}

void
trace_abandon(HttpRequest *request)
{
	if (request->record != NULL && request->record->attempts > 0)
		end(request, GetCurrentTimestamp(), 0, "connection ended");
}
