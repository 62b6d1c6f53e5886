/*
 * job.c
 *		Processes of ours that work on one thing each.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/compat.h"
#include "keep/job.h"

#define KEPT_MEMORY (64 * 1024 * 1024)

/*
 * Two locks of the session tell of a job.  One makes it the only one; nobody else ever touches that.  The other is its sign to
 * those who would start one, and is shared among them for the moment in which they look.
 */
typedef enum JobLock
{
	JOB_ALONE = 1,
	JOB_SIGN
} JobLock;

static void
set_job_tag(LOCKTAG *tag, JobKey key, JobLock lock)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, key.catalog, key.object, lock);
	/* the end of a transaction that fails releases a session's locks of the default method */
	tag->locktag_lockmethodid = USER_LOCKMETHOD;
}

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

void
job_settle(Oid database, const char *name)
{
	static const char *const settings[][2] = {
		{"search_path", "pg_catalog"},
		{"lock_timeout", "0"},
		{"statement_timeout", "0"},
		{"default_transaction_read_only", "off"},
		{"default_transaction_isolation", "read committed"},
	};

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	for (int i = 0; i < lengthof(settings); i++)
		SetConfigOption(settings[i][0], settings[i][1], PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_appname(name);
}

void
job_keep_memory(void)
{
#ifdef __GLIBC__
	(void) mallopt(M_MMAP_THRESHOLD, KEPT_MEMORY / 2);
	(void) mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY);
	(void) mallopt(M_TOP_PAD, 1024 * 1024);
#endif
}

bool
job_take(JobKey key)
{
	LOCKTAG		alone;
	LOCKTAG		sign;

	set_job_tag(&alone, key, JOB_ALONE);
	set_job_tag(&sign, key, JOB_SIGN);
	if (LockAcquire(&alone, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	(void) LockAcquire(&sign, ExclusiveLock, true, false);
	return true;
}

void
job_leave(JobKey key)
{
	for (int lock = JOB_ALONE; lock <= JOB_SIGN; lock++)
	{
		LOCKTAG		tag;

		set_job_tag(&tag, key, (JobLock) lock);
		(void) LockRelease(&tag, ExclusiveLock, true);
	}
}

void
job_forget_error(void)
{
	HOLD_INTERRUPTS();
	FlushErrorState();
	AbortCurrentTransaction();
	RESUME_INTERRUPTS();
}

void
job_recover(void)
{
	HOLD_INTERRUPTS();
	EmitErrorReport();
	RESUME_INTERRUPTS();
	job_forget_error();
}

void
job_pause(long milliseconds)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
}

/* ------------------------------------------------------------------------------------------------------------
 * Starting it
 * ------------------------------------------------------------------------------------------------------------ */

/* A job that this process has asked for. */
typedef struct AskedJob
{
	JobKey		key;			/* hash key; first */
	BackgroundWorkerHandle *handle; /* NULL: none was to be had */
	TimestampTz transaction;	/* the one that made the order, by its start; 0: the order was there before */
} AskedJob;

static HTAB *asked_jobs;

static BgwHandleStatus
job_status(const AskedJob *asked)
{
	pid_t		pid;

	return asked->handle == NULL ? BGWH_STOPPED : GetBackgroundWorkerPid(asked->handle, &pid);
}

/* Forgets the jobs that have ended. */
static void
forget_ended_jobs(void)
{
	HASH_SEQ_STATUS all;
	AskedJob *asked;

	hash_seq_init(&all, asked_jobs);
	while ((asked = (AskedJob *) hash_seq_search(&all)) != NULL)
		if (job_status(asked) == BGWH_STOPPED)
		{
			if (asked->handle != NULL)
				pfree(asked->handle);
			(void) hash_search(asked_jobs, &asked->key, HASH_REMOVE, NULL);
		}
}

/* The job asked for last for a thing, or room for one. */
static AskedJob *
asked_job(JobKey key)
{
	AskedJob *asked;
	bool		found;

	if (asked_jobs == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(JobKey), .entrysize = sizeof(AskedJob), .hcxt = TopMemoryContext};

		asked_jobs = hash_create("dynapg jobs", 8, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	forget_ended_jobs();
	asked = (AskedJob *) hash_search(asked_jobs, &key, HASH_ENTER, &found);
	if (!found)
		asked->handle = NULL;
	return asked;
}

/* Whether the job asked for last can be trusted to do what is wanted now, in a transaction that makes the order, or 0. */
static bool
is_on_its_way(const AskedJob *asked, TimestampTz transaction)
{
	switch (job_status(asked))
	{
		case BGWH_NOT_YET_STARTED:
			return true;
		case BGWH_STARTED:

			/*
			 * About to give its sign, or to end.  If it ends, an old order is done; and it cannot end before the transaction that it was
			 * asked for in.
			 */
			return transaction == 0 || transaction == asked->transaction;
		default:
			return false;
	}
}

/* Whether a job gives its sign. */
static bool
is_at_work(JobKey key)
{
	LOCKTAG		tag;

	set_job_tag(&tag, key, JOB_SIGN);
	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ShareLock, false);
	return false;
}

/* Logs that no process is to be had, now and then: by a process of ours, which asks again and again; a session's caller hears it another way. */
static void
log_no_room(const char *name)
{
	static TimestampTz logged_at = 0;
	TimestampTz now = GetCurrentTimestamp();

	if (MyBgworkerEntry == NULL || !TimestampDifferenceExceeds(logged_at, now, 60000))
		return;
	logged_at = now;
	ereport(LOG,
			(errmsg("no process is to be had for a %s", name),
			 errhint("\"max_worker_processes\" may be too small.")));
}

static bool
start_process(const JobOrder *order, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker = {0};

	Assert(order->extra_size <= BGW_EXTRALEN);
	strlcpy(worker.bgw_name, order->name, BGW_MAXLEN);
	strlcpy(worker.bgw_type, order->name, BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "dynapg", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, order->function, sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = order->argument;
	if (order->extra_size > 0)
		memcpy(worker.bgw_extra, order->extra, order->extra_size);
	if (RegisterDynamicBackgroundWorker(&worker, handle))
		return true;
	log_no_room(order->name);
	return false;
}

bool
job_start(const JobOrder *order)
{
	return IsUnderPostmaster && start_process(order, NULL);
}

JobAnswer
job_ask(JobKey key, const JobOrder *order, TimestampTz transaction)
{
	AskedJob *asked;
	MemoryContext caller;

	if (!IsUnderPostmaster)
		return JOB_NOT_TO_BE_HAD;
	asked = asked_job(key);
	if (is_on_its_way(asked, transaction) || is_at_work(key))
		return JOB_IS_THERE;
	if (asked->handle != NULL)
		pfree(asked->handle);
	asked->handle = NULL;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	if (!start_process(order, &asked->handle))
		asked->handle = NULL;
	MemoryContextSwitchTo(caller);
	asked->transaction = transaction;
	return asked->handle != NULL ? JOB_STARTED : JOB_NOT_TO_BE_HAD;
}

int
job_count(Oid catalog)
{
	LOCKTAG		tag;
	LockData   *locks = GetLockStatusData();
	int			count = 0;

	for (int i = 0; i < locks->nelements; i++)
	{
		set_job_tag(&tag, (JobKey) {catalog, locks->locks[i].locktag.locktag_field3}, JOB_ALONE);
		count += memcmp(&locks->locks[i].locktag, &tag, sizeof(tag)) == 0;
	}
	return count;
}

void
job_interrupt(JobKey key)
{
	LOCKTAG		tag;
	LockData   *locks = GetLockStatusData();

	set_job_tag(&tag, key, JOB_ALONE);
	for (int i = 0; i < locks->nelements; i++)
		if (memcmp(&locks->locks[i].locktag, &tag, sizeof(tag)) == 0)
			(void) kill(locks->locks[i].pid, SIGINT);
}
