/*
 * transfer.c
 *		The process of a transfer.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/pmsignal.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "keep/job.h"
#include "keep/step.h"
#include "keep/transfer_job.h"
#include "transfer/transfer.h"

#define MAX_FAILURES	15		/* one after the other: within about ten minutes */
#define LONGEST_PAUSE_MS 60000
#define AFTER_INTERRUPT_MS 200	/* for who has interrupted to lock what the step held */
#define LOOK_EVERY_MS	500

/* What transfer_check() raises, for the main function only. */
#define NOT_WANTED		MAKE_SQLSTATE('Y', 'D', 'Z', 'Z', '1')

extern PGDLLEXPORT void dynapg_transfer_main(Datum argument);

static const TransferRoutines *const kinds[] = {
	[TRANSFER_EXPORT] = &transfer_export,
	[TRANSFER_IMPORT] = &transfer_import,
	[TRANSFER_BULK_PUT] = &transfer_bulk_put,
	[TRANSFER_COPY_FROM] = &transfer_copy_from,
	[TRANSFER_COPY_TO] = &transfer_copy_to
};

/* ------------------------------------------------------------------------------------------------------------
 * For the steps
 * ------------------------------------------------------------------------------------------------------------ */

/* At the end of a transaction, after its deferred triggers: a step is the superuser again. */
static void
become_superuser(XactEvent event, void *unused)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, 0);
}

void
transfer_become_owner(const Transfer *transfer)
{
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(transfer->owner)))
		transfer_fail("AccessDenied", "The role that has begun this transfer is gone");
	SetUserIdAndSecContext(transfer->owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

void
transfer_check(const char *id)
{
	static TimestampTz looked_at = 0;
	TimestampTz now = GetCurrentTimestamp();
	const Transfer *transfer;

	CHECK_FOR_INTERRUPTS();
	if (!TimestampDifferenceExceeds(looked_at, now, LOOK_EVERY_MS))
		return;
	looked_at = now;
	transfer = catalog_transfer(id);
	if (transfer == NULL || transfer->status != TRANSFER_IN_PROGRESS)
		ereport(ERROR, (errcode(NOT_WANTED), errmsg_internal("transfer %s is not wanted any more", id)));
}

/* ------------------------------------------------------------------------------------------------------------
 * Steps
 * ------------------------------------------------------------------------------------------------------------ */

/* Ends a transfer, in a transaction. */
static void
end_transfer(const Transfer *transfer, TransferStatus status, const char *code, const char *message)
{
	/* first: who tidies up by dropping the table has it not say that it has failed by that */
	catalog_end_transfer(transfer->id, status, code, message);
	if (kinds[transfer->kind]->ended != NULL)
		kinds[transfer->kind]->ended(transfer, status);
}

/* The transfer in the current context, if it is still wanted; else NULL, and it has ended. */
static Transfer *
wanted_transfer(const char *id)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext inner;
	Transfer   *transfer;

	if (!step_begin(true))
		return NULL;
	inner = MemoryContextSwitchTo(context);
	transfer = catalog_transfer_for_update(id);
	MemoryContextSwitchTo(inner);
	if (transfer != NULL && transfer->status == TRANSFER_CANCELLING)
		end_transfer(transfer, TRANSFER_CANCELLED, NULL, NULL);
	step_commit();
	MemoryContextSwitchTo(context);
	return transfer != NULL && transfer->status == TRANSFER_IN_PROGRESS ? transfer : NULL;
}

static bool
take_step(const char *id)
{
	Transfer   *transfer;
	bool		more;

	CHECK_FOR_INTERRUPTS();
	transfer = wanted_transfer(id);
	if (transfer == NULL)
		return false;
	more = kinds[transfer->kind]->step(id);
	if (transfer->attempts > 0 && step_begin(true))
	{
		catalog_transfer_works(id);
		step_commit();
	}
	return more;
}

/* What a step has failed with: it may be for good.  Returns how long to wait before the next one. */
static long
note_failure(const char *id, const ErrorData *error)
{
	const char *code = transfer_failure_code(error);
	const Transfer *transfer;
	int			attempts = 0;

	if (!step_begin(true))
		return 0;
	transfer = catalog_transfer_for_update(id);
	if (transfer != NULL && transfer->status == TRANSFER_IN_PROGRESS)
	{
		attempts = catalog_transfer_stumbled(id, error->message);
		if (code == NULL && attempts >= MAX_FAILURES && !kinds[transfer->kind]->for_ever)
			code = "InternalServerError";
		if (code != NULL)
		{
			end_transfer(transfer, TRANSFER_FAILED, code, error->message);
			ereport(LOG,
					(errmsg("%s %s of table \"%s\" has failed: %s: %s", catalog_transfer_kind_name(transfer->kind), id,
							transfer->table_name, code, error->message),
					 error->detail ? errdetail_internal("%s", error->detail) : 0));
		}
	}
	step_commit();
	return code != NULL ? 0 : Min(500L << Min(attempts, 10), LONGEST_PAUSE_MS);
}

/* Somebody wants the process to look at the transfer's row. */
static bool
is_no_failure(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == NOT_WANTED;
}

/* The same with errors: those that may pass are reported, noted, and tried again after a pause. */
static bool
try_step(const char *id, MemoryContext context)
{
	volatile bool more = true;
	ErrorData  *volatile error = NULL;

	PG_TRY();
	{
		more = take_step(id);
	}
	PG_CATCH();
	{
		MemoryContext inner = MemoryContextSwitchTo(context);

		error = CopyErrorData();
		MemoryContextSwitchTo(inner);
		if (is_no_failure(error) || transfer_failure_code(error) != NULL)
			job_forget_error();
		else
			job_recover();
	}
	PG_END_TRY();
	if (error == NULL)
		return more;
	MemoryContextSwitchTo(context);
	job_pause(is_no_failure(error) ? AFTER_INTERRUPT_MS : note_failure(id, error));
	return true;
}

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

static void
tell_transfer(void *id)
{
	errcontext("transfer %s", (const char *) id);
}

/* False if there is no such transfer, or another process has it. */
static bool
take_transfer(const char *id)
{
	bool		taken;

	if (!step_begin(true))
		return false;
	taken = transfer_job_take(id);
	step_commit();
	return taken;
}

void
dynapg_transfer_main(Datum unused)
{
	TransferOrder order;
	MemoryContext context;
	ErrorContextCallback callback = {.callback = tell_transfer, .arg = order.id};

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	job_settle(order.database, TRANSFER_JOB_NAME);
	pgstat_report_appname(psprintf(TRANSFER_JOB_NAME " %s", order.id));
	RegisterXactCallback(become_superuser, NULL);
	if (!take_transfer(order.id))
		return;
	context = AllocSetContextCreate(TopMemoryContext, "dynapg transfer", ALLOCSET_DEFAULT_SIZES);
	do
	{
		/* a step that waits for nothing would not notice that the server is gone, and keep another one from starting */
		if (!PostmasterIsAlive())
			proc_exit(1);
		MemoryContextReset(context);
		MemoryContextSwitchTo(context);
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
	} while (try_step(order.id, context));
	if (step_begin(true))
	{
		catalog_forget_old_transfers();
		transfer_job_leave(order.id);
		transfer_job_resume_all();
		step_commit();
	}
}
