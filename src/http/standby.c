/*
 * standby.c
 *		Answers that wait for synchronous standbys, and the companion processes that do the waiting.
 *
 * PostgreSQL's wait for a standby blocks its process, and a worker has other connections to serve.  So a companion waits
 * in its stead: one process for each level of synchronous_commit in use, for the workers of all databases, since what
 * the standbys have is a fact of the server and the level.  The launcher starts a companion when the first worker needs
 * its level, and ends it when none does.
 *
 * They share, without a lock:
 *
 *		awaited			written by the worker: the oldest LSN that an answer of it waits for, 0 if none does
 *		standby_level	written by the worker: the level at which it is waited for, 0 for none
 *		confirmed		written by the companion: answers up to here need not wait at its level
 *
 * Each side writes, then sets the other's latch; and it resets its own latch before it reads.  So nothing is missed.
 * What a companion publishes is true until the server ends: the standbys have everything up to there, or PostgreSQL
 * itself did not ask for more when it was waited for.  A worker may therefore believe it whichever companion it comes
 * from, and whenever the worker was started.
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
#include "tcop/tcopprot.h"
#include "utils/guc.h"

#include "base/compat.h"
#include "http/http.h"

extern PGDLLEXPORT void dynapg_companion_main(Datum argument);

/* The levels, in the order of their companions and of PostgreSQL's wait modes. */
static const struct
{
	int			level;
	const char *name;
	int			mode;
}			levels[ENDPOINT_STANDBY_LEVELS] = {
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
	return &endpoint->shared->companions[level - SYNCHRONOUS_COMMIT_REMOTE_WRITE];
}

void
standby_configure(void)
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
standby_confirmed(void)
{
	if (endpoint_worker->standby_level == 0)
		return PG_UINT64_MAX;
	return pg_atomic_read_u64(&companion_of(endpoint_worker->standby_level)->confirmed);
}

void
standby_await(XLogRecPtr oldest)
{
	Latch	   *latch;

	if (pg_atomic_read_u64(&endpoint_worker->awaited) == oldest)
		return;
	pg_atomic_write_u64(&endpoint_worker->awaited, oldest);
	pg_memory_barrier();
	if (XLogRecPtrIsInvalid(oldest) || endpoint_worker->standby_level == 0)
		return;

	/* one that is about to start reads what is awaited after it has left its latch */
	latch = companion_of(endpoint_worker->standby_level)->latch;
	if (latch != NULL)
		SetLatch(latch);
}

/* ------------------------------------------------------------------------------------------------------------
 * The companion's side
 * ------------------------------------------------------------------------------------------------------------ */

static void
leave_companion(int code, Datum argument)
{
	companion->pid = 0;
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
 * Waits until the standbys have an LSN, which must be flushed here, and publishes how far they are.  The oldest LSN is
 * waited for, and not the newest, so that nobody waits for what came after.
 */
static void
wait_for_standbys(int index, XLogRecPtr lsn)
{
	XLogRecPtr	confirmed;

	if (levels[index].mode == SYNC_REP_WAIT_APPLY)
		ask_what_is_applied();
	HOLD_INTERRUPTS();
	SyncRepWaitForLSN(lsn, true);
	RESUME_INTERRUPTS();
	if (ProcDiePending)
		return;

	LWLockAcquire(SyncRepLock, LW_SHARED);
	confirmed = WalSndCtl->lsn[levels[index].mode];
	LWLockRelease(SyncRepLock);
	pg_atomic_write_u64(&companion->confirmed, Max(confirmed, lsn));
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

	companion->pid = MyProcPid;
	before_shmem_exit(leave_companion, 0);
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	SetConfigOption("synchronous_commit", levels[index].name, PGC_USERSET, PGC_S_OVERRIDE);
	pgstat_report_appname("dynapg endpoint");
	pgstat_report_activity(STATE_IDLE, NULL);
	companion->latch = MyLatch;
	pg_memory_barrier();

	for (;;)
	{
		XLogRecPtr	lsn;

		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		lsn = oldest_awaited(levels[index].level);
		if (XLogRecPtrIsInvalid(lsn))
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH, -1, PG_WAIT_EXTENSION);
		else
			wait_for_standbys(index, lsn);
	}
}
