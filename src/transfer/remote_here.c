/*
 * remote_here.c
 *		This database as a remote: operations run in short transactions, as a transfer's owner.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/error.h"
#include "keep/step.h"
#include "op/op.h"
#include "op/stream.h"
#include "transfer/remote_private.h"
#include "transfer/transfer.h"

typedef struct Here
{
	Remote		remote;
	const Transfer *transfer;
	MemoryContext context;
	List	   *calls;			/* that wait for remote_wait() */
} Here;

static void
here_send(Remote *remote, RemoteCall *call)
{
	Here	   *here = (Here *) remote;
	MemoryContext caller = MemoryContextSwitchTo(here->context);

	here->calls = lappend(here->calls, call);
	MemoryContextSwitchTo(caller);
}

/* Runs a call's operation in a transaction of its own. */
static void
run(const Here *here, RemoteCall *call)
{
	StringInfoData answer;
	WireReader	reader;
	WireWriter	writer;

	if (!step_begin(true))
		transfer_fail("TableNotFound", "the extension dynapg is gone");
	MemoryContextSwitchTo(call->context);
	initStringInfo(&answer);
	wire_read_text(&reader, call->request.data, call->request.len);
	wire_write_text(&writer, &answer);
	transfer_become_owner(here->transfer);
	op_run(call->operation, &reader, &writer);
	/* what goes elsewhere must not be lost here by a crash; GetRecords sees to that itself */
	if (call->operation == OPERATION_Scan)
		stream_flush_what_was_read();
	step_commit();
	call->answer = answer.data;
	call->answer_len = answer.len;
}

/* What the service would have answered to an error; what is wrong with the server, and what may pass, is raised again. */
static void
take_error(RemoteCall *call)
{
	ErrorData  *error = dyn_take_error(call->context);
	DynException exception = dyn_exception_of_sqlstate(error->sqlerrcode);
	const DynExceptionInfo *info = dyn_exception_info(exception);

	if (transfer_failure_code(error) != NULL || dyn_is_defect(error->sqlerrcode) || info->retryable ||
		exception == DYN_INTERNAL_SERVER_ERROR)
		ReThrowError(error);
	HOLD_INTERRUPTS();
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
	call->error = info->name;
	call->message = error->message;
}

static RemoteCall *
here_wait(Remote *remote, int64 timeout_ms)
{
	Here	   *here = (Here *) remote;
	MemoryContext caller = CurrentMemoryContext;
	RemoteCall *call;

	CHECK_FOR_INTERRUPTS();
	if (here->calls == NIL)
		return NULL;
	call = (RemoteCall *) linitial(here->calls);
	here->calls = list_delete_first(here->calls);
	call->sent_at = GetCurrentTimestamp();
	PG_TRY();
	{
		run(here, call);
	}
	PG_CATCH();
	{
		take_error(call);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	return call;
}

static int
here_pending(const Remote *remote)
{
	return list_length(((const Here *) remote)->calls);
}

static void
here_close(Remote *remote)
{
	((Here *) remote)->calls = NIL;
}

static const RemoteRoutines here_routines = {here_send, here_wait, here_pending, here_close};

Remote *
remote_open_here(const Transfer *transfer)
{
	Here	   *here = (Here *) palloc0(sizeof(Here));

	here->remote.routines = &here_routines;
	here->transfer = transfer;
	here->context = CurrentMemoryContext;
	return &here->remote;
}

bool
remote_is_here(const Remote *remote)
{
	return remote->routines == &here_routines;
}
