/*
 * table_job.c
 *		The process that does what takes long for a table.
 *
 * A job is a background worker that is started for one table and ends when nothing waits there.  It needs no preloaded library.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "access/xlog.h"
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
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "keep/backup.h"
#include "keep/index_build.h"
#include "keep/log_switch.h"
#include "keep/restore.h"
#include "keep/step.h"
#include "keep/table_job.h"

#define MAX_FAILURES	5		/* one after the other, before a job gives up */

extern PGDLLEXPORT void dynapg_table_job_main(Datum argument);

/* What a job is told in its bgw_extra; its argument is the item table's OID. */
typedef struct JobOrder
{
	Oid			database;
	uint32		name;			/* the number of the table's name: whoever holds its lock may be about to commit the order */
} JobOrder;

StaticAssertDecl(sizeof(JobOrder) <= BGW_EXTRALEN, "an order must fit");

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Two locks of the session tell of a job.  One makes it the only one; nobody else ever touches that.  The other is its sign to
 * those who would start one, and is shared among them for the moment in which they look.  A job takes its sign away, and ends, only
 * while it holds the lock of the table's name and finds nothing to do; who has something to do holds that lock until his commit.  So
 * whoever holds it and sees the sign may leave the work to that job.
 */
typedef enum JobLock
{
	JOB_ALONE = 1,
	JOB_SIGN
} JobLock;

static void
set_job_tag(LOCKTAG *tag, Oid relation, JobLock lock)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, catalog_indexes_oid(), relation, lock);
	/* the end of a transaction that fails releases a session's locks of the default method */
	tag->locktag_lockmethodid = USER_LOCKMETHOD;
}

void
table_job_wait(Oid relation, LOCKMODE mode, const char *activity)
{
	LOCKTAG		tag;

	pgstat_report_activity(STATE_RUNNING, activity);
	StartTransactionCommand();
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relation);
	WaitForLockers(tag, mode, false);
	CommitTransactionCommand();
}

/* Whether anything waits for a job. */
static bool
has_work(Oid relation)
{
	return restore_is_due(relation) || log_switch_is_due(relation) || backup_is_due(relation) || index_build_is_due(relation);
}

/* Ends the work on a table, unless there is more to do by now. */
static bool
leave(Oid relation, uint32 name)
{
	bool		done;

	pgstat_report_activity(STATE_RUNNING, "ending");
	if (!step_begin(true))
		return true;
	catalog_lock_number(name);
	done = !has_work(relation);
	if (done)
		for (int lock = JOB_ALONE; lock <= JOB_SIGN; lock++)
		{
			LOCKTAG		tag;

			set_job_tag(&tag, relation, (JobLock) lock);
			(void) LockRelease(&tag, ExclusiveLock, true);
		}
	step_commit();
	return done;
}

/* Takes one step for a table; false if nothing is left. */
static bool
work_on(Oid relation, uint32 name)
{
	bool		restores;
	bool		switches;
	bool		backs_up;
	bool		builds;

	if (!step_begin(true))
		return false;
	restores = restore_is_due(relation);
	switches = log_switch_is_due(relation);
	backs_up = backup_is_due(relation);
	builds = index_build_is_due(relation);
	step_commit();
	if (restores)
		restore_step(relation);
	else if (switches)
		log_switch_step(relation);
	else if (backs_up)
		backup_step(relation);
	else if (builds)
		index_build_step(relation);
	else
		return !leave(relation, name);
	return true;
}

/*
 * The same with errors that may pass (a deadlock with somebody's DDL, a lack of memory): reported, and tried again after a
 * pause.  The one that has come too often is raised.
 */
static bool
try_to_work_on(Oid relation, uint32 name, int *failures)
{
	volatile bool more = true;

	PG_TRY();
	{
		more = work_on(relation, name);
		*failures = 0;
	}
	PG_CATCH();
	{
		if (++*failures > MAX_FAILURES)
			PG_RE_THROW();
		HOLD_INTERRUPTS();
		EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 1000L * *failures, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	PG_END_TRY();
	return more;
}

/*
 * Takes the table for this process; false if another one has it.  Then waits for the transaction that has started this process, so that
 * the catalog has what it wrote.
 */
static bool
take_table(Oid relation, uint32 name)
{
	LOCKTAG		alone;
	LOCKTAG		sign;

	if (!step_begin(true))
		return false;
	set_job_tag(&alone, relation, JOB_ALONE);
	set_job_tag(&sign, relation, JOB_SIGN);
	step_commit();
	if (LockAcquire(&alone, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	(void) LockAcquire(&sign, ExclusiveLock, true, false);
	if (!step_begin(true))
		return false;
	catalog_lock_number(name);
	step_commit();
	return true;
}

void
dynapg_table_job_main(Datum argument)
{
	Oid			relation = DatumGetObjectId(argument);
	JobOrder order;
	int			failures = 0;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnectionByOid(order.database, InvalidOid, 0);
	SetConfigOption("search_path", "pg_catalog", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("lock_timeout", "0", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("statement_timeout", "0", PGC_USERSET, PGC_S_OVERRIDE);
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_appname("dynapg table job");

	if (!take_table(relation, order.name))
		return;
	while (try_to_work_on(relation, order.name, &failures))
		CHECK_FOR_INTERRUPTS();
	LockReleaseAll(USER_LOCKMETHOD, true);
}

/* ------------------------------------------------------------------------------------------------------------
 * Starting it
 * ------------------------------------------------------------------------------------------------------------ */

/* A job that this process has asked for. */
typedef struct AskedJob
{
	Oid			relation;		/* hash key; first */
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
			(void) hash_search(asked_jobs, &asked->relation, HASH_REMOVE, NULL);
		}
}

/* The job asked for last for a table, or room for one. */
static AskedJob *
asked_job(Oid relation)
{
	AskedJob *asked;
	bool		found;

	if (asked_jobs == NULL)
	{
		HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(AskedJob), .hcxt = TopMemoryContext};

		asked_jobs = hash_create("dynapg table jobs", 8, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	forget_ended_jobs();
	asked = (AskedJob *) hash_search(asked_jobs, &relation, HASH_ENTER, &found);
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
is_at_work(Oid relation)
{
	LOCKTAG		tag;

	set_job_tag(&tag, relation, JOB_SIGN);
	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	LockRelease(&tag, ShareLock, false);
	return false;
}

void
table_job_interrupt(const TableInfo *table)
{
	LOCKTAG		tag;
	LockData   *locks = GetLockStatusData();

	set_job_tag(&tag, table->relation, JOB_ALONE);
	for (int i = 0; i < locks->nelements; i++)
		if (memcmp(&locks->locks[i].locktag, &tag, sizeof(tag)) == 0)
			(void) kill(locks->locks[i].pid, SIGINT);
}

static void
register_job(const TableInfo *table, AskedJob *asked)
{
	BackgroundWorker worker = {0};
	JobOrder order = {MyDatabaseId, catalog_name_number(table->name, strlen(table->name))};
	MemoryContext caller;

	strlcpy(worker.bgw_name, "dynapg table job", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dynapg table job", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "dynapg", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dynapg_table_job_main", sizeof(worker.bgw_function_name));
	worker.bgw_main_arg = ObjectIdGetDatum(table->relation);
	memcpy(worker.bgw_extra, &order, sizeof(order));

	if (asked->handle != NULL)
		pfree(asked->handle);
	asked->handle = NULL;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	if (!RegisterDynamicBackgroundWorker(&worker, &asked->handle))
		asked->handle = NULL;
	MemoryContextSwitchTo(caller);
}

/*
 * Sees to it that a job works on the table: one, however often it is asked for.  transaction: the start of the present one if
 * it makes the order, and so holds the lock of the table's name; else 0.  False if there is no process to be had.
 */
static bool
ask_for_job(const TableInfo *table, TimestampTz transaction)
{
	AskedJob *asked;

	if (!IsUnderPostmaster)
		return false;
	asked = asked_job(table->relation);
	if (is_on_its_way(asked, transaction) || is_at_work(table->relation))
		return true;
	register_job(table, asked);
	asked->transaction = transaction;
	return asked->handle != NULL;
}

bool
table_job_order(const char *table_name)
{
	const TableInfo *table = catalog_lock_table(table_name, strlen(table_name), AccessShareLock, true);

	if (table == NULL || !has_work(table->relation))
		return true;
	return !IsTransactionBlock() && !IsSubTransaction() && ask_for_job(table, GetCurrentTransactionStartTimestamp());
}

void
table_job_start(const char *table_name)
{
	if (table_job_order(table_name))
		return;
	restore_fill_here(table_name);
	index_build_here(table_name);
	log_switch_here(table_name);
	restore_finish_here(table_name);
}

void
table_job_resume(const TableInfo *table)
{
	if (!XactReadOnly && !RecoveryInProgress() && has_work(table->relation))
		(void) ask_for_job(table, 0);
}

void
table_job_resume_all(void)
{
	ListCell   *cell;

	foreach(cell, catalog_table_names(NULL, INT_MAX))
	{
		const char *name = (const char *) lfirst(cell);
		const TableInfo *table = catalog_table(name, strlen(name));

		if (table != NULL)
			table_job_resume(table);
	}
}
