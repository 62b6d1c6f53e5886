/*
 * remote.c
 *		Calls to endpoints elsewhere: what is asked, what an answer means, and when a call is sent again.
 *
 * Bytes are sent and received by the library dynapg_out (out/remote.c); this side of it knows JSON, the service's exceptions and which of
 * them pass.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/error.h"
#include "base/settings.h"
#include "op/model.h"
#include "transfer/out.h"
#include "transfer/remote_private.h"
#include "transfer/transfer.h"

#define FIRST_PATIENCE_S 60
#define FIRST_PAUSE_MS 50
#define LONGEST_PAUSE_MS 20000

/* A call on its way to an endpoint, or waiting to be sent again. */
typedef struct Flight
{
	RemoteExchange exchange;	/* its tag is the flight */
	RemoteCall *call;
	int			attempts;
	TimestampTz first_sent_at;
	TimestampTz send_at;		/* 0: it is on its way */
} Flight;

typedef struct Elsewhere
{
	Remote		remote;
	MemoryContext context;
	RemoteTransport *transport;
	char	   *url;
	char	   *streams_url;
	List	   *flights;
} Elsewhere;

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

/* The text of a string member of the JSON object at the top of an answer, NULL if there is none; palloc'd. */
static char *
string_member(const char *answer, int len, const char *name)
{
	WireReader	reader;
	char	   *text = NULL;

	wire_read_text(&reader, answer, len);
	if (wire_next(&reader) != WIRE_OBJECT_START)
		return NULL;
	while (wire_next(&reader) == WIRE_KEY)
	{
		bool		is_it = reader.len == strlen(name) && pg_strncasecmp(reader.text, name, reader.len) == 0;

		if (wire_next(&reader) == WIRE_STRING && is_it)
			text = pnstrdup(reader.text, reader.len);
		else
			wire_skip(&reader);
	}
	return text;
}

/* ThrottlingException of com.amazon.coral.availability#ThrottlingException. */
static const char *
exception_name(const char *type)
{
	const char *hash = strrchr(type, '#');

	return hash ? hash + 1 : type;
}

/* Reads what an answer says; false if it says nothing that a DynamoDB endpoint says. */
static bool
read_answer(RemoteCall *call, const RemoteExchange *exchange)
{
	char	   *type;
	char	   *message;

	call->answer = exchange->answer;
	call->answer_len = exchange->answer_len;
	if (exchange->status == 200)
	{
		if (exchange->answer_len > 0)
			return wire_text_is_json(exchange->answer, exchange->answer_len);
		/* some operations of emulators answer nothing at all */
		call->answer = "{}";
		call->answer_len = 2;
		return true;
	}
	if (!wire_text_is_json(exchange->answer, exchange->answer_len))
		return false;
	type = string_member(exchange->answer, exchange->answer_len, "__type");
	message = string_member(exchange->answer, exchange->answer_len, "message");
	if (type == NULL)
		return false;
	call->error = exception_name(type);
	call->message = message ? message : "";
	return true;
}

/* Exceptions that pass, beside those of errors.csv. */
static bool
passes(const RemoteCall *call, int status)
{
	static const char *const others[] = {"InternalFailure", "Throttling", "SlowDown", "RequestTimeout", "ServiceUnavailableException",
		"InternalServerErrorException", "TransactionInProgressException", "ReplicatedWriteConflictException"};

	if (status >= 500 || status == 429)
		return true;
	if (call->error == NULL)
		return false;
	for (int i = 0; i < DYN_EXCEPTION_COUNT; i++)
	{
		const DynExceptionInfo *info = dyn_exception_info((DynException) i);

		if (info->retryable && strcmp(info->name, call->error) == 0)
			return true;
	}
	for (int i = 0; i < lengthof(others); i++)
		if (strcmp(others[i], call->error) == 0)
			return true;
	return false;
}

/* Raises that credentials are refused, or lack a privilege. */
static void
require_credentials(const RemoteCall *call)
{
	static const char *const refusals[] = {"UnrecognizedClientException", "InvalidSignatureException", "ExpiredTokenException",
		"IncompleteSignatureException", "MissingAuthenticationTokenException", "AccessDeniedException"};

	for (int i = 0; i < lengthof(refusals); i++)
		if (call->error != NULL && strcmp(call->error, refusals[i]) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
					 errmsg("%s: %s: %s", model_operations[call->operation].name, call->error, call->message),
					 errhint("dynapg.put_copy_credentials() puts others in their place.")));
}

/* ------------------------------------------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------------------------------------------ */

static void
send_flight(Elsewhere *elsewhere, Flight *flight)
{
	flight->send_at = 0;
	flight->attempts++;
	flight->call->sent_at = GetCurrentTimestamp();
	if (flight->attempts == 1)
		flight->first_sent_at = flight->call->sent_at;
	elsewhere->transport->routines->send(elsewhere->transport, &flight->exchange);
}

static void
elsewhere_send(Remote *remote, RemoteCall *call)
{
	Elsewhere  *elsewhere = (Elsewhere *) remote;
	bool		is_stream = model_operations[call->operation].is_stream;
	MemoryContext caller = MemoryContextSwitchTo(call->context);
	Flight	   *flight = (Flight *) palloc0(sizeof(Flight));

	flight->call = call;
	flight->exchange.url = is_stream ? elsewhere->streams_url : elsewhere->url;
	flight->exchange.target = psprintf("%s.%s", is_stream ? "DynamoDBStreams_20120810" : "DynamoDB_20120810",
									   model_operations[call->operation].name);
	flight->exchange.body = call->request.data;
	flight->exchange.len = call->request.len;
	flight->exchange.tag = flight;
	flight->exchange.context = call->context;
	MemoryContextSwitchTo(elsewhere->context);
	elsewhere->flights = lappend(elsewhere->flights, flight);
	send_flight(elsewhere, flight);
	MemoryContextSwitchTo(caller);
}

/* A random time, the longer the oftener it has been tried. */
static int64
pause_before(int attempts)
{
	double		longest = Min((double) FIRST_PAUSE_MS * (UINT64CONST(1) << Min(attempts, 20)), LONGEST_PAUSE_MS);

	return (int64) (longest * (0.5 + pg_prng_double(&pg_global_prng_state) / 2));
}

/* What is wrong with an endpoint, for people; in the call's context. */
static char *
describe_trouble(const Flight *flight)
{
	const RemoteExchange *exchange = &flight->exchange;
	const char *operation = model_operations[flight->call->operation].name;
	MemoryContext caller = MemoryContextSwitchTo(flight->call->context);
	char	   *trouble;

	if (exchange->status == 0)
		trouble = psprintf("%s gets no answer from %s: %s", operation, exchange->url,
						   exchange->problem ? exchange->problem : "unknown");
	else
		trouble = psprintf("%s is refused by %s: HTTP status %d, %s: %s", operation, exchange->url, exchange->status,
						   flight->call->error ? flight->call->error : "no exception",
						   flight->call->message ? flight->call->message : "");
	MemoryContextSwitchTo(caller);
	return trouble;
}

/* Has a call sent again later, or fails if that has gone on for too long. */
static void
try_again(Elsewhere *elsewhere, Flight *flight)
{
	TimestampTz now = GetCurrentTimestamp();
	char	   *trouble = describe_trouble(flight);

	if (TimestampDifferenceExceeds(flight->first_sent_at, now, elsewhere->remote.patience * 1000))
		transfer_fail("EndpointUnavailable", "%s", trouble);
	if (flight->attempts >= 3)
		elsewhere->remote.trouble = trouble;
	flight->send_at = TimestampTzPlusMilliseconds(now, pause_before(flight->attempts));
	if (flight->exchange.answer != NULL)
		pfree(flight->exchange.answer);
	flight->exchange.answer = NULL;
	flight->exchange.answer_len = 0;
	flight->exchange.status = 0;
	flight->call->error = flight->call->message = NULL;
}

/* Sends what is to be sent again by now; returns the milliseconds until the next one, at most timeout. */
static int64
send_what_is_due(Elsewhere *elsewhere, int64 timeout)
{
	TimestampTz now = GetCurrentTimestamp();
	ListCell   *cell;

	foreach(cell, elsewhere->flights)
	{
		Flight	   *flight = (Flight *) lfirst(cell);

		if (flight->send_at == 0)
			continue;
		if (flight->send_at <= now)
			send_flight(elsewhere, flight);
		else
			timeout = Min(timeout, TimestampDifferenceMilliseconds(now, flight->send_at) + 1);
	}
	return timeout;
}

/* Takes an answer; NULL if its call is sent again. */
static RemoteCall *
take_answer(Elsewhere *elsewhere, Flight *flight)
{
	RemoteExchange *exchange = &flight->exchange;
	RemoteCall *call = flight->call;
	MemoryContext caller = MemoryContextSwitchTo(call->context);
	bool		understood = exchange->status != 0 && read_answer(call, exchange);

	MemoryContextSwitchTo(caller);
	if (exchange->status == 0 || passes(call, exchange->status))
	{
		try_again(elsewhere, flight);
		return NULL;
	}
	if (!understood)
		transfer_fail("NotDynamoDB", "%s answers %s with HTTP status %d and what is no answer of DynamoDB's", exchange->url,
					  model_operations[call->operation].name, exchange->status);
	if (elsewhere->remote.patience > FIRST_PATIENCE_S)
		require_credentials(call);
	elsewhere->flights = list_delete_ptr(elsewhere->flights, flight);
	elsewhere->remote.trouble = NULL;
	return call;
}

static RemoteCall *
elsewhere_wait(Remote *remote, int64 timeout_ms)
{
	Elsewhere  *elsewhere = (Elsewhere *) remote;
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);

	for (;;)
	{
		int64		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);
		RemoteExchange *exchange;
		RemoteCall *call;

		CHECK_FOR_INTERRUPTS();
		left = send_what_is_due(elsewhere, left);
		exchange = elsewhere->transport->routines->wait(elsewhere->transport, left);
		if (exchange != NULL && (call = take_answer(elsewhere, (Flight *) exchange->tag)) != NULL)
			return call;
		if (exchange == NULL && GetCurrentTimestamp() >= until)
			return NULL;
	}
}

static int
elsewhere_pending(const Remote *remote)
{
	return list_length(((const Elsewhere *) remote)->flights);
}

static void
elsewhere_close(Remote *remote)
{
	Elsewhere  *elsewhere = (Elsewhere *) remote;

	elsewhere->transport->routines->close(elsewhere->transport);
}

/* ------------------------------------------------------------------------------------------------------------
 * Opening
 * ------------------------------------------------------------------------------------------------------------ */

/* Streams of https://dynamodb.<region>.amazonaws.com are at https://streams.dynamodb.<region>.amazonaws.com. */
static char *
streams_url_of(const char *url)
{
	static const char service[] = "https://dynamodb.";
	int			len = strlen(url);

	if (strncmp(url, service, strlen(service)) == 0 && (strstr(url, ".amazonaws.com") != NULL))
		return psprintf("https://streams.%s", url + strlen("https://"));
	return pnstrdup(url, len);
}

Remote *
remote_open(const RemoteSettings *settings)
{
	static const RemoteRoutines routines = {elsewhere_send, elsewhere_wait, elsewhere_pending, elsewhere_close};
	Elsewhere  *elsewhere = (Elsewhere *) palloc0(sizeof(Elsewhere));

	elsewhere->remote.routines = &routines;
	elsewhere->remote.patience = FIRST_PATIENCE_S;
	elsewhere->context = CurrentMemoryContext;
	elsewhere->url = pstrdup(settings->endpoint);
	elsewhere->streams_url = settings->streams_endpoint ? pstrdup(settings->streams_endpoint) : streams_url_of(settings->endpoint);
	elsewhere->transport = out_library()->open_remote(settings, dynapg_copy_hosts);
	return &elsewhere->remote;
}

/* ------------------------------------------------------------------------------------------------------------
 * Calls
 * ------------------------------------------------------------------------------------------------------------ */

RemoteCall *
remote_call(int operation, void *tag)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "dynapg call", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RemoteCall *call = (RemoteCall *) palloc0(sizeof(RemoteCall));

	call->context = context;
	call->operation = operation;
	call->tag = tag;
	initStringInfo(&call->request);
	wire_write_text(&call->writer, &call->request);
	MemoryContextSwitchTo(caller);
	return call;
}

void
remote_free(RemoteCall *call)
{
	MemoryContextDelete(call->context);
}

void
remote_send(Remote *remote, RemoteCall *call)
{
	remote->routines->send(remote, call);
}

RemoteCall *
remote_wait(Remote *remote, int64 timeout_ms)
{
	return remote->routines->wait(remote, timeout_ms);
}

int
remote_pending(const Remote *remote)
{
	return remote->routines->pending(remote);
}

void
remote_set_patience(Remote *remote, int seconds)
{
	remote->patience = seconds;
}

const char *
remote_trouble(const Remote *remote)
{
	return remote->trouble;
}

void
remote_close(Remote *remote)
{
	remote->routines->close(remote);
}

bool
remote_failed_with(const RemoteCall *call, const char *exception)
{
	return call->error != NULL && strcmp(call->error, exception) == 0;
}

void
remote_require(const RemoteCall *call)
{
	if (call->error != NULL)
		transfer_fail(call->error, "%s: %s", model_operations[call->operation].name, call->message);
}
