/*
 * audit.c
 *		Which calls become events, when, and where they are written to.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/audit_spool.h"
#include "base/error.h"
#include "base/settings.h"
#include "log/log_keeper.h"
#include "op/audit_private.h"
#include "trace/trace.h"

#define MAX_PARAMETERS	6144
#define MAX_HELD		(1024 * 1024)	/* bytes of events that are kept */
#define MAX_REFUSALS	10		/* a second, of a process */

/* Calls that are going on, one in the other: triggers call operations, too. */
static int	depth;

/* Events that are kept until there is an answer. */
static bool is_holding;
static MemoryContext held_context;
static List *held;				/* of AuditEvent */
static Size held_size;

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* Without the context that callbacks would describe: it is of no use here, and they may quote what they like. */
static void
write_to_log(const char *line)
{
	ErrorContextCallback *context = error_context_stack;

	error_context_stack = NULL;
	ereport(LOG_SERVER_ONLY,
			(errmsg_internal("%s%s", dynapg_audit_marker, line),
			 errhidestmt(true),
			 errhidecontext(true)));
	error_context_stack = context;
}

/* What the table does not get, the log does. */
static void
write_event(const AuditEvent *event)
{
	if (!dynapg_audit_to_table || RecoveryInProgress() || !audit_spool_append(event->at, event->line.data, event->line.len))
		write_to_log(event->line.data);
}

/* An event, made by make_event() in the context that this returns. */
static MemoryContext
context_of_event(const AuditCall *call)
{
	return is_holding && (call->is_outermost || held_size < MAX_HELD) ? held_context : CurrentMemoryContext;
}

/* Makes the event of a call, and writes it, or keeps it. */
static void
tell(const AuditCall *call, const AuditError *error, const char *response, int response_len)
{
	MemoryContext context = context_of_event(call);
	MemoryContext caller = MemoryContextSwitchTo(context);
	AuditEvent *event = (AuditEvent *) palloc0(sizeof(AuditEvent));

	audit_make_event(call, error, response, response_len, event);
	if (is_holding && context == held_context)
	{
		held = lappend(held, event);
		held_size += event->line.maxlen;
	}
	else
		write_event(event);
	MemoryContextSwitchTo(caller);
}

/* ------------------------------------------------------------------------------------------------------------
 * Calls
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a call is an event even if it is not denied. */
static bool
is_wanted(const AuditCall *call)
{
	return dynapg_audit == AUDIT_DATA || !call->is_data;
}

static const char *
name_of_user(Oid user)
{
	const char *name = GetUserNameFromId(user, true);

	return name ? name : psprintf("%u", user);
}

/* Of what is audited, palloc'd: the trace ends before it. */
static const char *
trace_id(void)
{
	const char *id = trace_current_id();

	return id != NULL ? pstrdup(id) : NULL;
}

AuditCall *
audit_begin(int operation, const WireWriter *response)
{
	AuditCall  *call;

	if (dynapg_audit == AUDIT_OFF)
		return NULL;
	call = (AuditCall *) palloc0(sizeof(AuditCall));
	call->operation = operation;
	call->is_data = audit_is_data(operation);
	call->at = GetCurrentTimestamp();
	call->user = GetUserId();
	call->user_name = name_of_user(call->user);
	call->session_user = GetSessionUserId() == call->user ? call->user_name : name_of_user(GetSessionUserId());
	call->caller = caller_get();
	call->session = caller_session();
	call->trace_id = trace_id();
	call->context = CurrentMemoryContext;
	call->response_start = response != NULL && response->out != NULL ? response->out->len : -1;
	call->is_outermost = depth == 0;
	if (dynapg_audit_to_table)
		log_want_keeper(call->at);
	depth++;
	return call;
}

/*
 * When the operation is over: before it, what it takes to look for the tables of PartiQL statements would tell who may not know of them whether they
 * are there.
 */
static void
make_parameters(AuditCall *call, bool may_look)
{
	AuditWriter writer = {.out = &call->parameters, .limit = MAX_PARAMETERS};

	if (call->parameters.data != NULL || call->request == NULL)
		return;
	initStringInfo(&call->parameters);
	audit_parameters(&writer, call->request, &call->resources, may_look);
	call->truncated = writer.truncated;
}

void
audit_request(AuditCall *call, const RequestValue *request)
{
	if (call != NULL)
		call->request = request;
}

void
audit_table(AuditCall *call, const char *table, int len)
{
	AuditWriter writer = {.limit = MAX_PARAMETERS};

	if (call == NULL)
		return;
	initStringInfo(&call->parameters);
	writer.out = &call->parameters;
	audit_begin_object(&writer);
	audit_member(&writer, "tableName");
	audit_string(&writer, table, len);
	audit_end_object(&writer);
	audit_resource(&call->resources, table, len);
}

/* What a management call that changes something has answered, NULL if it is none. */
static const char *
answer_of(const AuditCall *call, WireWriter *response, int *len)
{
	const char *text;

	if (call->is_data || response == NULL || audit_is_read_only(call->operation))
		return NULL;
	if (call->response_start >= 0)
	{
		*len = response->out->len - call->response_start;
		return response->out->data + call->response_start;
	}
	if (!wire_builds_jsonb(response) || wire_wrote_nothing(response))
		return NULL;
	text = JsonbToCString(NULL, &wire_writer_jsonb(response)->root, 0);
	*len = strlen(text);
	return text;
}

void
audit_succeed(AuditCall *call, WireWriter *response)
{
	int			len = 0;

	if (call == NULL)
		return;
	depth = Max(depth - 1, 0);
	if (is_wanted(call))
	{
		const char *answer = answer_of(call, response, &len);

		make_parameters(call, true);
		tell(call, NULL, answer, len);
	}
}

void
audit_fail(AuditCall *call)
{
	MemoryContext caller;
	AuditError	error;

	if (call == NULL)
		return;
	depth = Max(depth - 1, 0);
	caller = MemoryContextSwitchTo(call->context);
	audit_read_error(CopyErrorData(), call->is_data, &error);
	if (is_wanted(call) || error.is_denied)
	{
		make_parameters(call, false);
		tell(call, &error, NULL, 0);
	}
	MemoryContextSwitchTo(caller);
}

/* ------------------------------------------------------------------------------------------------------------
 * Who answers later
 * ------------------------------------------------------------------------------------------------------------ */

static void
forget_held(void)
{
	held = NIL;
	held_size = 0;
	is_holding = false;
	depth = 0;
	if (held_context != NULL)
		MemoryContextReset(held_context);
}

void
audit_hold(void)
{
	forget_held();
	if (dynapg_audit == AUDIT_OFF)
		return;
	if (held_context == NULL)
		held_context = AllocSetContextCreate(TopMemoryContext, "dynapg audit", ALLOCSET_DEFAULT_SIZES);
	is_holding = true;
}

/* The event of the operation itself, which says of it that it has failed with the error (NULL: none) if it has not known; NULL: there is none. */
static AuditEvent *
finish_own_event(const ErrorData *error)
{
	AuditEvent *last = held == NIL ? NULL : (AuditEvent *) llast(held);

	if (last == NULL || !last->is_outermost)
		return NULL;
	if (error != NULL && !last->has_failed)
	{
		MemoryContext caller = MemoryContextSwitchTo(held_context);
		AuditError	what;

		audit_read_error(error, true, &what);
		audit_change_event(last, &what);
		MemoryContextSwitchTo(caller);
	}
	return last;
}

bool
audit_release(const ErrorData *error)
{
	bool		told;
	ListCell   *cell;

	is_holding = false;
	told = finish_own_event(error) != NULL;
	foreach(cell, held)
		write_event((const AuditEvent *) lfirst(cell));
	forget_held();
	return told;
}

void
audit_read_held(StringInfo out)
{
	ListCell   *cell;

	foreach(cell, held)
		appendStringInfo(out, "%s\n", ((const AuditEvent *) lfirst(cell))->line.data);
}

void
audit_drop(void)
{
	forget_held();
}

void *
audit_keep(const ErrorData *error)
{
	const AuditEvent *own = finish_own_event(error);
	AuditEvent *kept = NULL;

	if (own != NULL)
	{
		kept = (AuditEvent *) palloc(sizeof(AuditEvent));
		*kept = *own;
		kept->line.data = pnstrdup(own->line.data, own->line.len);
		kept->line.maxlen = own->line.len + 1;
	}
	forget_held();
	return kept;
}

void
audit_give_up(const void *kept)
{
	if (kept != NULL)
		write_event((const AuditEvent *) kept);
}

/* Whether a refusal may be written now; *suppressed gets how many were not since the last one that was. */
static bool
may_tell_refusal(TimestampTz now, int64 *suppressed)
{
	static TimestampTz second = 0;
	static int	told = 0;
	static int64 not_told = 0;

	if (now / USECS_PER_SEC != second)
	{
		second = now / USECS_PER_SEC;
		told = 0;
	}
	if (told == MAX_REFUSALS)
	{
		not_told++;
		return false;
	}
	told++;
	*suppressed = not_told;
	not_told = 0;
	return true;
}

void
audit_refusal(int operation, const ErrorData *error, const char *claimed_key)
{
	AuditCall	call = {.operation = operation, .response_start = -1, .is_outermost = true};
	AuditError	what;

	if (dynapg_audit == AUDIT_OFF)
		return;
	call.is_data = operation >= 0 && audit_is_data(operation);
	call.at = GetCurrentTimestamp();
	call.claimed_key = claimed_key;
	call.caller = caller_get();
	call.trace_id = trace_id();
	audit_read_error(error, call.is_data, &what);
	if (what.is_denied && may_tell_refusal(call.at, &call.suppressed))
		tell(&call, &what, NULL, 0);
}
