/*
 * event_job.c
 *		Starting the processes of event source mappings.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/procarray.h"

#include "base/settings.h"
#include "catalog/event_mappings.h"
#include "catalog/kinesis.h"
#include "keep/event_job.h"
#include "keep/job.h"
#include "keep/step.h"
#include "log/log_keeper.h"

static bool starts_at_commit[EVENT_WORKER + 1];

/* Jobs are numbers of no catalog's: they are looked for outside of transactions, and where the extension is gone. */
static JobKey
job_key(int number)
{
	return (JobKey) {InvalidOid, (uint32) number};
}

static JobOrder
job_order(int number)
{
	return (JobOrder) {
		.name = number == EVENT_COURIER ? "dynapg courier" : "dynapg event worker",
		.function = number == EVENT_COURIER ? "dynapg_courier_main" : "dynapg_event_worker_main",
		.argument = ObjectIdGetDatum(MyDatabaseId)
	};
}

void
event_jobs_resume(void)
{
	bool		inside;
	bool		outside;

	if (XactReadOnly || RecoveryInProgress())
		return;
	catalog_events_are_enabled(&inside, &outside, NULL);
	outside = outside || catalog_kinesis_is_served();
	for (int number = outside ? EVENT_COURIER : EVENT_WORKER; number <= (inside ? dynapg_event_workers : EVENT_COURIER); number++)
	{
		JobOrder	order = job_order(number);

		(void) job_ask(job_key(number), &order, 0);
	}
}

/* It has committed: nothing may fail here.  Of processes that are there already the second ends at once; who gets none is started by the keeper. */
static void
start_at_commit(XactEvent event, void *unused)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	for (int number = EVENT_COURIER; number <= EVENT_WORKER; number++)
	{
		JobOrder	order = job_order(number);

		if (event == XACT_EVENT_COMMIT && starts_at_commit[number])
			(void) job_start(&order);
		starts_at_commit[number] = false;
	}
}

void
event_jobs_start_at_commit(bool outside)
{
	static bool has_callback = false;

	if (!has_callback)
		RegisterXactCallback(start_at_commit, NULL);
	has_callback = true;
	starts_at_commit[outside ? EVENT_COURIER : EVENT_WORKER] = true;
}

int
event_job_take(bool courier)
{
	if (courier)
		return job_take(job_key(EVENT_COURIER)) ? EVENT_COURIER : -1;
	for (int number = EVENT_WORKER; number <= dynapg_event_workers; number++)
		if (job_take(job_key(number)))
			return number;
	return -1;
}

void
event_job_leave(int number)
{
	job_leave(job_key(number));
}

bool
event_job_retake(int number)
{
	LockReleaseSession(USER_LOCKMETHOD);
	return job_take(job_key(number));
}

int
event_job_count(void)
{
	return job_count(InvalidOid) + (log_keeper_pid(MyDatabaseId) != 0);
}

bool
event_job_is_alone(void)
{
	int			connected = CountDBBackends(MyDatabaseId);

	return connected <= 1 || connected <= event_job_count();
}

bool
event_job_database_is_wanted(void)
{
	LOCKTAG		tag;
	bool		wanted;

	if (!step_begin(false))
		return true;
	SET_LOCKTAG_OBJECT(tag, InvalidOid, DatabaseRelationId, MyDatabaseId, 0);
	wanted = LockAcquire(&tag, RowExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL;
	step_commit();
	return wanted;
}
