/*
 * protocol.c
 *		From a complete HTTP request to its response: the stages of the service that come before the operation, the
 *		transaction around it, and the body of every error.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "base/error.h"
#include "http/console.h"
#include "http/http.h"

#define TARGET_DYNAMODB "DynamoDB_20120810."
#define TARGET_STREAMS "DynamoDBStreams_20120810."

#define BUSY "The service is currently unavailable or busy"
#define MAX_TRACE 256			/* characters of a trace header */
#define GRACE 5000				/* milliseconds that a cancelled request has to end */

static TimeoutId overdue_timeout;
static volatile sig_atomic_t is_overdue;	/* the worker is to end */

/* 52 letters and digits, as the service's.  Random bytes are drawn for many requests at once. */
static void
make_request_id(HttpRequest *request)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
	static uint8 random[64][REQUEST_ID_LENGTH];
	static int	used = lengthof(random);

	if (used == lengthof(random))
	{
		if (!pg_strong_random(random, sizeof(random)))
			memset(random, 0, sizeof(random));
		used = 0;
	}
	for (int i = 0; i < REQUEST_ID_LENGTH; i++)
		request->request_id[i] = alphabet[random[used][i] % 32];
	request->request_id[REQUEST_ID_LENGTH] = '\0';
	used++;
}

void
protocol_respond(HttpRequest *request, int status, const char *content_type, const char *text)
{
	request->status = status;
	request->content_type = content_type;
	request->is_json = false;
	resetStringInfo(&request->response);
	appendStringInfoString(&request->response, text);
}

/* The body of an error; PostgreSQL's own errors get the text of what they mean to an API caller. */
static void
respond_error(HttpRequest *request, ErrorData *error)
{
	resetStringInfo(&request->response);
	if (request->dialect == DIALECT_DYNAMODB)
		request->status = endpoint->write_error(error, request->operation, &request->response, &request->outcome);
	else
		request->status = endpoint->write_cloudwatch_error(request->dialect - DIALECT_CLOUDWATCH_JSON, error, request->request_id,
														   &request->response, &request->query_error, &request->outcome);
}

/* Answers an exception that needs no transaction. */
static void
respond_exception(HttpRequest *request, DynException exception, const char *message)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		endpoint->raise(exception, message);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
		respond_error(request, error);
	}
	PG_END_TRY();
}

/* Whether the content type is one that the service takes; what follows a semicolon does not count. */
static bool
is_content_type(const char *given)
{
	static const char *const types[] = {"application/json", "application/x-amz-json-1.0"};
	int			len;

	if (given == NULL)
		return false;
	len = strcspn(given, ";");
	while (len > 0 && given[len - 1] == ' ')
		len--;
	for (int i = 0; i < lengthof(types); i++)
		if (strlen(types[i]) == len && pg_strncasecmp(types[i], given, len) == 0)
			return true;
	return false;
}

/* The operation of X-Amz-Target, which dynapg may lack, or -1. */
static int
target_operation(const char *target)
{
	if (target == NULL)
		return -1;
	if (strncmp(target, TARGET_DYNAMODB, strlen(TARGET_DYNAMODB)) == 0)
	{
		target += strlen(TARGET_DYNAMODB);
		return endpoint->find_operation(target, strlen(target), false);
	}
	if (strncmp(target, TARGET_STREAMS, strlen(TARGET_STREAMS)) == 0)
	{
		target += strlen(TARGET_STREAMS);
		return endpoint->find_operation(target, strlen(target), true);
	}
	return -1;
}

/* The operation of DynamoDB's that a request asks for: in another service's dialect it is none, whatever its X-Amz-Target says. */
static int
requested_operation(const HttpRequest *request)
{
	return request->dialect == DIALECT_DYNAMODB ? target_operation(request_header(request, "X-Amz-Target")) : -1;
}

void
protocol_respond_not_found(HttpRequest *request)
{
	protocol_respond(request, 404, NULL, "<UnknownOperationException/>\n");
}

static bool
is_path(const char *path, size_t len, const char *expected)
{
	return len == strlen(expected) && memcmp(path, expected, len) == 0;
}

/* GET: health for whoever asks, metrics for Prometheus. */
static void
answer_get(HttpRequest *request)
{
	const char *host = request_header(request, "Host");
	size_t		len;
	const char *path = request_path(request, &len);

	if (is_path(path, len, "/metrics"))
	{
		protocol_respond(request, 200, "text/plain; version=0.0.4; charset=utf-8", "");
		metrics_write(&request->response);
	}
	else if (is_path(path, len, "/"))
		protocol_respond(request, 200, NULL, psprintf("healthy: %s ", host ? host : "localhost"));
	else
		protocol_respond_not_found(request);
}

/* What the log line says of whoever called: trace headers, so that a request can be found again; cut if they are longer than such are. */
static void
append_trace(StringInfo line, const HttpRequest *request)
{
	static const char *const headers[] = {"traceparent", "X-Amzn-Trace-Id"};

	trace_append_id(line, request, " trace_id=");

	for (int i = 0; i < lengthof(headers); i++)
	{
		const char *value = request_header(request, headers[i]);

		if (value == NULL)
			continue;
		appendStringInfo(line, " %s=", headers[i]);
		for (const char *c = value; *c && c < value + MAX_TRACE; c++)
			appendStringInfoChar(line, *c > ' ' && *c < 127 ? *c : '?');
	}
}

const char *
protocol_operation(const HttpRequest *request)
{
	if (request->cloudwatch != NULL)
		return request->cloudwatch;
	if (request->view != NULL)
		return request->view->name;
	return request->operation >= 0 ? endpoint->operation_name(request->operation) : "-";
}

void
protocol_log(const HttpRequest *request, int64 microseconds)
{
	int64		milliseconds = microseconds / 1000;
	StringInfoData trace;

	if (endpoint->settings->log_min_duration < 0 || milliseconds < endpoint->settings->log_min_duration)
		return;
	initStringInfo(&trace);
	append_trace(&trace, request);
	ereport(LOG,
			(errmsg("dynapg request %s: %s, status %d, duration " INT64_FORMAT " ms%s",
					request->request_id,
					protocol_operation(request),
					request->status, milliseconds, trace.data),
			 errhidestmt(true)));
}

/* ------------------------------------------------------------------------------------------------------------
 * The limits of a request's time
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * A request that takes too long is cancelled, which a trigger may catch.  What goes on all the same
 * ends the worker, as if it had been terminated: that is not to be caught.
 */
static void
end_worker(void)
{
	is_overdue = true;
	ProcDiePending = true;
	InterruptPending = true;
}

void
protocol_start(void)
{
	overdue_timeout = RegisterTimeout(USER_TIMEOUT, end_worker);
}

bool
protocol_is_overdue(void)
{
	return is_overdue;
}

/* The request's time counts from its first attempt. */
static void
start_timeouts(const HttpRequest *request)
{
	EnableTimeoutParams timeouts[] = {
		{.id = STATEMENT_TIMEOUT, .type = TMPARAM_AT},
		{.id = overdue_timeout, .type = TMPARAM_AT},
	};

	if (endpoint->settings->statement_timeout == 0)
		return;
	timeouts[0].fin_time = TimestampTzPlusMilliseconds(request->wait.since, endpoint->settings->statement_timeout);
	timeouts[1].fin_time = TimestampTzPlusMilliseconds(Max(timeouts[0].fin_time, GetCurrentTimestamp()), GRACE);
	enable_timeouts(timeouts, lengthof(timeouts));
}

static void
stop_timeouts(void)
{
	const DisableTimeoutParams timeouts[] = {{.id = STATEMENT_TIMEOUT}, {.id = overdue_timeout}};

	disable_timeouts(timeouts, lengthof(timeouts));
}

/* ------------------------------------------------------------------------------------------------------------
 * Operations
 * ------------------------------------------------------------------------------------------------------------ */

/* Says in the log which request it was that something happened in. */
static void
describe_request(void *argument)
{
	const HttpRequest *request = (const HttpRequest *) argument;
	StringInfoData trace;

	if (is_overdue)
		errcontext("dynapg request that has not ended within %d s after dynapg.statement_timeout", GRACE / 1000);
	initStringInfo(&trace);
	trace_append_id(&trace, request, ", trace ");
	errcontext("dynapg request %s: %s%s", request->request_id, protocol_operation(request), trace.data);
}

/*
 * An attempt that has met a lock, and has not failed for it, is aborted all the same if there is to
 * be another one.
 */
static void
check_attempt(HttpRequest *request)
{
	if (!aside_is_wanted(request))
		return;
	request->wait.wants_last = true;
	ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE), errmsg("could not obtain a lock in time")));
}

static void
execute(HttpRequest *request)
{
	if (request->dialect != DIALECT_DYNAMODB)
	{
		endpoint->execute_cloudwatch(request->dialect - DIALECT_CLOUDWATCH_JSON, request->cloudwatch, request->text.data, request->text.len,
									 request->request_id, &request->response, &request->outcome);
		return;
	}
	if (request->text.len == 0)
		endpoint->raise(DYN_SERIALIZATION, "");
	if (request->view != NULL)
	{
		console_view(request);
		return;
	}
	endpoint->execute(request->operation, request->text.data, request->text.len, &request->response, &request->outcome);
}

/*
 * Executes the operation in a transaction of its own, in a session of the role that the request's
 * key belongs to, which lasts until the transaction has ended, deferred triggers and all
 * (session.c).
 */
static void
execute_in_transaction(HttpRequest *request)
{
	int			settings;
	bool		wrote;
	MemoryContext result = CurrentMemoryContext;
	ErrorContextCallback context = {.previous = error_context_stack, .callback = describe_request, .arg = request};

	error_context_stack = &context;
	QueryCancelPending = false;
	SetCurrentStatementStartTimestamp();
	pgstat_report_activity(STATE_RUNNING, protocol_operation(request));
	StartTransactionCommand();
	synchronous_commit = SYNCHRONOUS_COMMIT_OFF;	/* flushed for many at once, and then waited for (companion.c) */
	if (console_only_reads(request))
		XactReadOnly = true;
	aside_begin_attempt(request);
	start_timeouts(request);
	settings = session_begin_request(auth_role(request, caller_tell(request)));
	request->is_known = true;
	MemoryContextSwitchTo(CurTransactionContext);
	PushActiveSnapshot(GetTransactionSnapshot());
	execute(request);
	if (RecoveryInProgress() && !request->outcome.eventual)
		endpoint->raise(DYN_VALIDATION, "This endpoint is a read replica: it answers eventually consistent reads only");
	PopActiveSnapshot();
	session_finish_request(settings);
	check_attempt(request);
	wrote = TransactionIdIsValid(GetTopTransactionIdIfAny());
	stop_timeouts();
	CommitTransactionCommand();
	MemoryContextSwitchTo(result);
	error_context_stack = context.previous;

	/* whatever the answer shows must be durable before it is sent; a read's policies and functions may have written */
	if ((wrote || !request->outcome.eventual) && !RecoveryInProgress())
		request->durable_at = GetXLogInsertEndRecPtr();
}

/* As many attempts as there may be keep what is told of one. */
static void
keep_answer(HttpRequest *request, const ErrorData *error)
{
	MemoryContext caller;

	request->kept_answer = NULL;
	if (request->kept_context == NULL)
		request->kept_context = AllocSetContextCreate(request->context, "dynapg answer of an attempt", ALLOCSET_SMALL_SIZES);
	else
		MemoryContextReset(request->kept_context);
	caller = MemoryContextSwitchTo(request->kept_context);
	request->kept_answer = endpoint->keep_answer(error);
	MemoryContextSwitchTo(caller);
}

static void
tell_failure(HttpRequest *request, const ErrorData *error, bool is_answer)
{
	if (request->dialect != DIALECT_DYNAMODB)
	{
		if (is_answer)
			endpoint->tell_refusal(error, auth_claimed_key(request));
	}
	else if (is_answer)
		endpoint->tell_answer(request->operation, error, auth_claimed_key(request));
	else
		keep_answer(request, error);
}

/* Of views and CloudWatch's requests nothing has been held back. */
static void
tell_success(const HttpRequest *request)
{
	if (request->view == NULL && request->cloudwatch == NULL)
		endpoint->tell_answer(request->operation, NULL, NULL);
	else
		endpoint->drop_answer();
}

/*
 * Tells audit and metrics what an attempt has come to: an error, or (NULL) a success.  Never raises, lest the answer, or that the session is put
 * back after the attempt, depends on it: what fails here is logged.
 */
static void
tell_outcome(HttpRequest *request, const ErrorData *error, bool is_answer)
{
	MemoryContext caller = CurrentMemoryContext;
	uint32		held_off = InterruptHoldoffCount;

	PG_TRY();
	{
		if (error != NULL)
			tell_failure(request, error, is_answer);
		else
			tell_success(request);
	}
	PG_CATCH();
	{
		/* an error lets interrupts in again; nothing was held before, nor may anything of shared memory stay so */
		LWLockReleaseAll();
		InterruptHoldoffCount = held_off;
		MemoryContextSwitchTo(caller);
		EmitErrorReport();
		FlushErrorState();
	}
	PG_END_TRY();
}

/*
 * After an error inside the transaction: writes the answer, if it can be written, and ends the
 * transaction in any case.  is_answer: there will be no other attempt.  Never raises: an answer that could not be written has the
 * status 0.
 */
static void
recover(HttpRequest *request, MemoryContext context, bool is_answer)
{
	disable_all_timeouts(false);
	QueryCancelPending = false;
	HOLD_INTERRUPTS();
	PG_TRY();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		respond_error(request, error);
		if (request->outcome.defect)
			EmitErrorReport();
		tell_outcome(request, error, is_answer);
		FreeErrorData(error);
	}
	PG_CATCH();
	{
		/* a message that memory does not suffice for; an error lets interrupts in again */
		HOLD_INTERRUPTS();
		EmitErrorReport();
		request->status = 0;
	}
	PG_END_TRY();
	FlushErrorState();
	AbortOutOfAnyTransaction();
	RESUME_INTERRUPTS();
	MemoryContextSwitchTo(context);
}

/* The answer to an operation that has failed, beyond what its error says. */
static void
finish_failure(HttpRequest *request)
{
	/*
	 * what is no JSON at all is told so before all else that is wrong with it, its signature too;
	 * not so what is empty
	 */
	if (request->dialect == DIALECT_DYNAMODB && request->text.len > 0 && !endpoint->is_json(request->text.data, request->text.len))
		respond_exception(request, DYN_SERIALIZATION, "");
	else if (request->status == 0)
		respond_exception(request, DYN_INTERNAL_SERVER_ERROR, "Internal server error");
}

bool
protocol_try_again(HttpRequest *request)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool failed = false;
	volatile bool met_lock = false;

	resetStringInfo(&request->response);
	memset(&request->outcome, 0, sizeof(request->outcome));
	request->query_error = NULL;
	request->status = 200;
	request->durable_at = InvalidXLogRecPtr;
	trace_begin_attempt(request);
	PG_TRY();
	{
		execute_in_transaction(request);
	}
	PG_CATCH();
	{
		failed = true;
		met_lock = geterrcode() != ERRCODE_QUERY_CANCELED && aside_is_wanted(request);
		recover(request, context, !met_lock);
	}
	PG_END_TRY();
	if (!failed)
		tell_outcome(request, NULL, true);
	caller_forget();
	trace_end_attempt(request);
	session_clean();
	pgstat_report_activity(STATE_IDLE, NULL);
	if (failed)
	{
		if (!met_lock)
			finish_failure(request);
		/* a failed condition, too, shows what others have committed */
		if (!RecoveryInProgress())
			request->durable_at = GetXLogInsertEndRecPtr();
	}
	return !met_lock;
}

void
protocol_give_up(HttpRequest *request)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		if (request->kept_answer != NULL)
			endpoint->give_up_answer(request->kept_answer);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		EmitErrorReport();
		FlushErrorState();
	}
	PG_END_TRY();
	trace_give_up(request);
}

/* Makes ready for an operation's answer. */
static void
begin_operation(HttpRequest *request)
{
	request->dialect = dialect_of(request);
	request->content_type = dialect_content_type(request);
	request->is_json = request->dialect == DIALECT_DYNAMODB;
	resetStringInfo(&request->response);
}

bool
protocol_answer_operation(HttpRequest *request)
{
	StringInfo	body = &request->text;
	bool		too_big;

	begin_operation(request);
	if (!encoding_decode_body(request, body, &too_big))
	{
		if (too_big)
			protocol_respond(request, 413, NULL, "");
		else
			respond_exception(request, DYN_SERIALIZATION, "");
		return true;
	}
	if (request->view != NULL || (request->dialect != DIALECT_DYNAMODB && dialect_find_operation(request)))
		return protocol_try_again(request);
	request->operation = requested_operation(request);
	if (request->operation < 0 || !endpoint->has_operation(request->operation))
	{
		/* a region of the service that lacks an operation has a message for it; what is none has none */
		if (request->dialect == DIALECT_DYNAMODB && body->len > 0 && !endpoint->is_json(body->data, body->len))
			respond_exception(request, DYN_SERIALIZATION, "");
		else
			respond_exception(request, DYN_UNKNOWN_OPERATION, request->operation < 0 ? "" : "Unknown operation exception");
		return true;
	}
	return protocol_try_again(request);
}

bool
protocol_uses_body(const HttpRequest *request)
{
	return strcmp(request->method, "POST") == 0 &&
		(is_content_type(request_header(request, "Content-Type")) || dialect_of(request) != DIALECT_DYNAMODB);
}

bool
protocol_in_transaction(HttpRequest *request, void (*run) (HttpRequest *request, Caller *caller))
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool done = false;
	volatile bool met_lock = false;

	begin_operation(request);
	request->operation = requested_operation(request);
	PG_TRY();
	{
		StartTransactionCommand();
		LockTimeout = Min(*endpoint->settings->lock_timeout, 10);
		MemoryContextSwitchTo(CurTransactionContext);
		run(request, caller_tell(request));
		CommitTransactionCommand();
		MemoryContextSwitchTo(context);
		done = true;
	}
	PG_CATCH();
	{
		met_lock = geterrcode() == ERRCODE_LOCK_NOT_AVAILABLE;
		recover(request, context, true);
	}
	PG_END_TRY();
	caller_forget();
	/* of a catalog's, and of no item's: there is no transaction that the sender would know of */
	if (met_lock)
		respond_exception(request, DYN_SERVICE_UNAVAILABLE, BUSY);
	else if (!done && request->status == 0)
		respond_exception(request, DYN_INTERNAL_SERVER_ERROR, "Internal server error");
	return done;
}

static void
check_sender(HttpRequest *request, Caller *caller)
{
	auth_check_sender(request);
}

bool
protocol_knows_sender(HttpRequest *request)
{
	if (request->is_console)
		return console_knows_sender(request);
	request->sender_known = protocol_in_transaction(request, check_sender);
	return request->sender_known;
}

void
protocol_refuse_body(HttpRequest *request)
{
	begin_operation(request);
	respond_exception(request, DYN_SERVICE_UNAVAILABLE, BUSY);
}

void
protocol_begin(HttpRequest *request)
{
	make_request_id(request);
	initStringInfo(&request->response);
	trace_take_up(request);
	request->is_console = console_has(request);
}

bool
protocol_answer(HttpRequest *request)
{
	if (request->body_state == BODY_ANSWERED)
		return true;
	if (request->malformed)
		protocol_respond(request, 400, NULL, "");
	else if (request->too_big)
		protocol_respond(request, 413, NULL, "");
	else if (request->is_console)
		return console_answer(request);
	else if (strcmp(request->method, "OPTIONS") == 0)
		protocol_respond(request, 200, NULL, "");
	else if (strcmp(request->method, "GET") == 0)
		answer_get(request);
	else if (!protocol_uses_body(request))
		protocol_respond_not_found(request);
	else
		return protocol_answer_operation(request);
	return true;
}
