/*
 * companion.c
 *		Answers that wait until they are durable, and the companion processes that do the waiting.
 *
 * Flushing WAL blocks a process, and so does PostgreSQL's wait for a standby; a worker has other connections to serve.  So
 * companions wait in its stead: a flusher, and one process for each level of synchronous_commit in use that waits for
 * standbys.  They serve the workers of all databases, since what is flushed, and what the standbys have, are facts of the
 * server; and one flush does for all workers.  The launcher starts a companion when the first worker needs it, and ends
 * it when none does.  While there is no flusher, a worker flushes by itself.
 *
 * They share, without a lock:
 *
 *		unflushed		written by the worker: the newest LSN that is to be flushed, 0 if none is
 *		awaited			written by the worker: the oldest LSN that an answer of it waits for, 0 if none does
 *		standby_level	written by the worker: the level at which it is waited for, 0 for none
 *		confirmed		written by the companion: answers up to here need not wait at its level
 *
 * Each side writes, then sets the other's latch; and it resets its own latch before it reads.  So nothing is missed.
 * What a companion publishes is true until the server ends: the standbys have everything up to there, or PostgreSQL
 * itself did not ask for more when it was waited for.  A worker may therefore believe it whichever companion it comes
 * from, and whenever the worker was started.  How far WAL is flushed PostgreSQL itself knows.  A flusher that ends wakes
 * all workers after it has said so.
 *
 * A wait that is broken off confirms nothing: PostgreSQL warns its client then, and DynamoDB's protocol has no warnings.
 * Cancels are ignored; a companion that is terminated publishes nothing more, and the next one waits anew.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "replication/walsender_private.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "base/sync_wait.h"
#include "http/http.h"

extern PGDLLEXPORT void dynapg_companion_main(Datum argument);

/* The levels, in the order of their companions and of PostgreSQL's wait modes. */
static const struct
{
	int			level;
	const char *name;
	int			mode;
}			levels[ENDPOINT_COMPANIONS] = {
	{SYNCHRONOUS_COMMIT_LOCAL_FLUSH, "local", SYNC_REP_NO_WAIT},
	{SYNCHRONOUS_COMMIT_REMOTE_WRITE, "remote_write", SYNC_REP_WAIT_WRITE},
	{SYNCHRONOUS_COMMIT_REMOTE_FLUSH, "on", SYNC_REP_WAIT_FLUSH},
	{SYNCHRONOUS_COMMIT_REMOTE_APPLY, "remote_apply", SYNC_REP_WAIT_APPLY},
};

static EndpointCompanion *companion;

/* ------------------------------------------------------------------------------------------------------------
 * The worker's side
 * ------------------------------------------------------------------------------------------------------------ */

static EndpointCompanion *
companion_of(int level)
{
	return &endpoint->shared->companions[level - SYNCHRONOUS_COMMIT_LOCAL_FLUSH];
}

/* One that is about to start reads what is wanted after it has left its latch. */
static void
wake_companion(int level)
{
	EndpointCompanion *process = companion_of(level);

	pg_memory_barrier();
	if (process->latch != NULL)
		SetLatch(process->latch);
}

XLogRecPtr
companion_flush(XLogRecPtr newest, bool now)
{
	XLogRecPtr	flushed = GetFlushRecPtr(NULL);

	if (newest > flushed && (now || companion_of(SYNCHRONOUS_COMMIT_LOCAL_FLUSH)->pid == 0))
	{
		XLogFlush(newest);
		flushed = newest;
	}
	if (newest <= flushed)
		newest = InvalidXLogRecPtr;
	if (pg_atomic_read_u64(&endpoint_worker->unflushed) != newest)
	{
		pg_atomic_write_u64(&endpoint_worker->unflushed, newest);
		if (!XLogRecPtrIsInvalid(newest))
			wake_companion(SYNCHRONOUS_COMMIT_LOCAL_FLUSH);
	}
	return flushed;
}

void
companion_configure(void)
{
	int			level = 0;

	if (max_wal_senders > 0 && SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0' &&
		http_configured_commit > SYNCHRONOUS_COMMIT_LOCAL_FLUSH)
		level = http_configured_commit;
	if (level == endpoint_worker->standby_level)
		return;

	/* whoever has waited at another level waits anew */
	pg_atomic_write_u64(&endpoint_worker->awaited, InvalidXLogRecPtr);
	endpoint_worker->standby_level = level;
	pg_memory_barrier();
	if (endpoint->shared->launcher_latch != NULL)
		SetLatch(endpoint->shared->launcher_latch);
}

XLogRecPtr
companion_confirmed(void)
{
	if (endpoint_worker->standby_level == 0)
		return PG_UINT64_MAX;
	return pg_atomic_read_u64(&companion_of(endpoint_worker->standby_level)->confirmed);
}

void
companion_await(XLogRecPtr oldest)
{
	if (pg_atomic_read_u64(&endpoint_worker->awaited) == oldest)
		return;
	pg_atomic_write_u64(&endpoint_worker->awaited, oldest);
	if (!XLogRecPtrIsInvalid(oldest) && endpoint_worker->standby_level != 0)
		wake_companion(endpoint_worker->standby_level);
}

/* ------------------------------------------------------------------------------------------------------------
 * The companion's side
 * ------------------------------------------------------------------------------------------------------------ */

static void
leave_companion(int code, Datum argument)
{
	companion->pid = 0;
	pg_memory_barrier();
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		if (endpoint->shared->workers[i].latch != NULL)
			SetLatch(endpoint->shared->workers[i].latch);
}

/* Flushes as far as workers need it, and wakes them; whether there was anything to flush. */
static bool
flush_for_workers(void)
{
	XLogRecPtr	newest = InvalidXLogRecPtr;
	XLogRecPtr	flushed;
	bool		was_needed;

	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		newest = Max(newest, pg_atomic_read_u64(&endpoint->shared->workers[i].unflushed));
	if (XLogRecPtrIsInvalid(newest))
		return false;
	was_needed = newest > GetFlushRecPtr(NULL);
	XLogFlush(newest);
	flushed = GetFlushRecPtr(NULL);
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		XLogRecPtr	unflushed = pg_atomic_read_u64(&endpoint->shared->workers[i].unflushed);

		if (!XLogRecPtrIsInvalid(unflushed) && unflushed <= flushed)
			SetLatch(endpoint->shared->workers[i].latch);
	}
	pgstat_report_wal(false);
	return was_needed;
}

/* The oldest LSN that is awaited at a level and not confirmed, 0: none; wakes workers whose LSN is confirmed. */
static XLogRecPtr
oldest_awaited(int level)
{
	XLogRecPtr	confirmed = pg_atomic_read_u64(&companion->confirmed);
	XLogRecPtr	oldest = InvalidXLogRecPtr;

	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		EndpointWorker *worker = &endpoint->shared->workers[i];
		XLogRecPtr	awaited = pg_atomic_read_u64(&worker->awaited);

		if (worker->standby_level != level || XLogRecPtrIsInvalid(awaited))
			continue;
		if (awaited <= confirmed)
			SetLatch(worker->latch);
		else if (XLogRecPtrIsInvalid(oldest) || awaited < oldest)
			oldest = awaited;
	}
	return oldest;
}

/*
 * Standbys tell at once what they have written and flushed, but what they have applied only after a commit that asks for
 * it, which the workers' asynchronous ones do not: an empty transaction's commit does.
 */
static void
ask_what_is_applied(void)
{
	StartTransactionCommand();
	(void) GetTopTransactionId();
	CommitTransactionCommand();
	XLogFlush(XactLastCommitEnd);
}

/*
 * Waits until the standbys have what workers wait for, and publishes how far they are; whether there was anything.  The
 * oldest LSN is waited for, and not the newest, so that nobody waits for what came after.
 */
static bool
wait_for_standbys(int index)
{
	XLogRecPtr	lsn = oldest_awaited(levels[index].level);
	XLogRecPtr	confirmed;

	if (XLogRecPtrIsInvalid(lsn))
		return false;
	if (levels[index].mode == SYNC_REP_WAIT_APPLY)
		ask_what_is_applied();
	HOLD_INTERRUPTS();
	sync_wait_for_record(lsn);
	RESUME_INTERRUPTS();
	if (ProcDiePending)
		return true;

	LWLockAcquire(SyncRepLock, LW_SHARED);
	confirmed = WalSndCtl->lsn[levels[index].mode];
	LWLockRelease(SyncRepLock);
	pg_atomic_write_u64(&companion->confirmed, Max(confirmed, lsn));
	return true;
}

void
dynapg_companion_main(Datum argument)
{
	int			index = DatumGetInt32(argument);

	http_find_endpoint();
	companion = &endpoint->shared->companions[index];
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, SIG_IGN);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	companion->latch = MyLatch;
	pg_memory_barrier();
	companion->pid = MyProcPid;
	before_shmem_exit(leave_companion, 0);
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	SetConfigOption("synchronous_commit", levels[index].name, PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_appname("dynapg endpoint");
	pgstat_report_activity(STATE_IDLE, NULL);

	for (;;)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		ProcessCatchupInterrupt();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (!(levels[index].mode == SYNC_REP_NO_WAIT ? flush_for_workers() : wait_for_standbys(index)))
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1, PG_WAIT_EXTENSION);
	}
}
