/*
 * transfer_job.c
 *		Starting the processes that work on transfers.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/settings.h"
#include "catalog/transfers.h"
#include "keep/job.h"
#include "keep/transfer_job.h"

/* A transfer whose process is to begin when the present transaction has committed. */
typedef struct PendingStart
{
	TransferOrder order;
	struct PendingStart *next;
} PendingStart;

static PendingStart *pending_starts;	/* in TopTransactionContext */
static bool has_callback;

static JobKey
job_key(const char *id)
{
	return (JobKey) {catalog_transfers_oid(), hash_bytes((const unsigned char *) id, strlen(id))};
}

static void
set_order(TransferOrder *order, const char *id)
{
	memset(order, 0, sizeof(*order));
	order->database = MyDatabaseId;
	strlcpy(order->id, id, sizeof(order->id));
}

static JobOrder
job_order(const TransferOrder *order)
{
	return (JobOrder) {
		.name = TRANSFER_JOB_NAME,
		.function = "dynapg_transfer_main",
		.extra = order,
		.extra_size = sizeof(*order)
	};
}

/*
 * Starts what has waited for the end of the transaction.  It has committed: nothing may fail here.  One whose subtransaction was rolled back finds
 * nothing to do.
 */
static void
start_pending(XactEvent event, void *unused)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	for (PendingStart *start = event == XACT_EVENT_COMMIT ? pending_starts : NULL; start != NULL; start = start->next)
	{
		JobOrder	order = job_order(&start->order);

		if (!job_start(&order))
			ereport(WARNING,
					(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
					 errmsg("no process could be started for transfer %s", start->order.id),
					 errdetail("It will be started when one is to be had."),
					 errhint("Raise max_worker_processes.")));
	}
	pending_starts = NULL;
}

void
transfer_job_start(const char *id)
{
	PendingStart *start = (PendingStart *) MemoryContextAlloc(TopTransactionContext, sizeof(PendingStart));

	if (!has_callback)
		RegisterXactCallback(start_pending, NULL);
	has_callback = true;
	set_order(&start->order, id);
	start->next = pending_starts;
	pending_starts = start;
}

/* A transfer of which the present transaction knows only by itself is started by start_pending(). */
static bool
is_pending(const char *id)
{
	for (const PendingStart *start = pending_starts; start != NULL; start = start->next)
		if (strcmp(start->order.id, id) == 0)
			return true;
	return false;
}

/* Whether a process was started. */
static bool
resume(const char *id)
{
	TransferOrder order;
	JobOrder	job;

	set_order(&order, id);
	job = job_order(&order);
	return !is_pending(id) && job_ask(job_key(id), &job, 0) == JOB_STARTED;
}

void
transfer_job_resume(const char *id)
{
	const Transfer *transfer = XactReadOnly || RecoveryInProgress() ? NULL : catalog_transfer(id);

	if (transfer != NULL && transfer->ended_at == 0 && job_count(catalog_transfers_oid()) < dynapg_transfer_workers)
		(void) resume(id);
}

void
transfer_job_resume_all(void)
{
	ListCell   *cell;

	int			free;

	if (XactReadOnly || RecoveryInProgress())
		return;
	free = dynapg_transfer_workers - job_count(catalog_transfers_oid());
	foreach(cell, catalog_running_transfers())
	{
		if (free <= 0)
			break;
		free -= resume((const char *) lfirst(cell));
	}
}

void
transfer_job_interrupt(const char *id)
{
	job_interrupt(job_key(id));
}

void
transfer_job_interrupt_table(const char *table_name)
{
	ListCell   *cell;

	foreach(cell, catalog_running_transfers_of(table_name))
		transfer_job_interrupt((const char *) lfirst(cell));
}

bool
transfer_job_take(const char *id)
{
	if (!job_take(job_key(id)))
		return false;

	/* who comes at the same time may count this one too, and leaves as well: the keeper sees to them */
	if (job_count(catalog_transfers_oid()) <= dynapg_transfer_workers)
		return true;
	job_leave(job_key(id));
	return false;
}

void
transfer_job_leave(const char *id)
{
	job_leave(job_key(id));
}
