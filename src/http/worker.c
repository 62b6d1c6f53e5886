/*
 * worker.c
 *		A worker of the endpoint: one process, one database, one loop.
 */
#include "postgres.h"

#include <unistd.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "http/http.h"

#define MAX_DESCRIPTORS 32
#define PROMOTION_PAUSE 1000	/* milliseconds */

PG_MODULE_MAGIC;

extern PGDLLEXPORT void dynapg_worker_main(Datum argument);

const EndpointApi *endpoint;
EndpointWorker *endpoint_worker;
int			http_configured_commit;

void
http_find_endpoint(void)
{
	endpoint = *(const EndpointApi **) find_rendezvous_variable(ENDPOINT_API_VARIABLE);
	if (endpoint == NULL || endpoint->version != ENDPOINT_API_VERSION)
		ereport(FATAL,
				(errmsg("dynapg_http found no dynapg of its own version"),
				 errhint("Put dynapg into shared_preload_libraries and restart the server.")));
}

/* Whoever has asked for the end of the worker does not wait for one that has not been here: it goes before it has connected. */
static void
take_place(void)
{
	bool		wanted;

	LWLockAcquire(endpoint->shared->lock, LW_EXCLUSIVE);
	endpoint_worker->pid = MyProcPid;
	endpoint_worker->started_at = GetCurrentTimestamp();
	endpoint_worker->ended_for_request = false;
	wanted = !endpoint_worker->stop;
	LWLockRelease(endpoint->shared->lock);
	if (!wanted)
		proc_exit(1);
}

/* Leaves the place in shared memory to the launcher. */
static void
leave_place(int code, Datum argument)
{
	LWLockAcquire(endpoint->shared->lock, LW_EXCLUSIVE);
	endpoint_worker->pid = 0;
	endpoint_worker->ended_for_request = protocol_is_overdue();
	LWLockRelease(endpoint->shared->lock);
	pg_atomic_write_u64(&endpoint_worker->connections, 0);
	pg_atomic_write_u64(&endpoint_worker->aside, 0);
	pg_atomic_write_u64(&endpoint_worker->unflushed, InvalidXLogRecPtr);
	pg_atomic_write_u64(&endpoint_worker->awaited, InvalidXLogRecPtr);
	endpoint_worker->standby_level = 0;
}

/* Memory of this process alone in kB: without what it shares with others, such as the shared buffers that it has touched. */
static int64
process_memory(void)
{
	FILE	   *file = fopen("/proc/self/statm", "r");
	long		resident = 0;
	long		shared = 0;

	if (file != NULL)
	{
		if (fscanf(file, "%*d %ld %ld", &resident, &shared) != 2)
			resident = shared = 0;
		fclose(file);
	}
	return (int64) (resident - shared) * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The latch, the postmaster's death, and the library's epoll descriptors. */
static WaitEventSet *
create_event_set(void)
{
	int			descriptors[MAX_DESCRIPTORS];
	int			n_descriptors = server_descriptors(descriptors, MAX_DESCRIPTORS);
	WaitEventSet *events = compat_create_wait_event_set(n_descriptors + 2);

	AddWaitEventToSet(events, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(events, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (int i = 0; i < n_descriptors; i++)
		AddWaitEventToSet(events, WL_SOCKET_READABLE, descriptors[i], NULL, NULL);
	return events;
}

/* Reads the configuration anew; what requests change of it (protocol.c) is put back before. */
static void
reload_settings(void)
{
	synchronous_commit = http_configured_commit;
	ProcessConfigFile(PGC_SIGHUP);
	http_configured_commit = synchronous_commit;
	companion_configure();
}

/* For how many milliseconds the loop may wait (-1: for ever).  Nobody tells a worker of a promotion: it looks every second. */
static long
longest_wait(bool on_standby)
{
	long		timeout = server_timeout();

	/* a request may have reset the latch that a signal had set */
	if (ConfigReloadPending)
		return 0;
	if (on_standby && (timeout < 0 || timeout > PROMOTION_PAUSE))
		return PROMOTION_PAUSE;
	return timeout;
}

/* What is to be done first, and again after a promotion; that it fails is no reason not to serve. */
static void
begin_serving(void)
{
	PG_TRY();
	{
		StartTransactionCommand();
		PushActiveSnapshot(GetTransactionSnapshot());
		endpoint->begin();
		PopActiveSnapshot();
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
}

void
dynapg_worker_main(Datum argument)
{
	WaitEventSet *events;
	WaitEvent	happened[MAX_DESCRIPTORS + 2];
	bool		changed = false;
	bool		leaving = false;
	bool		on_standby;
	TimestampTz memory_checked_at = 0;

	http_find_endpoint();
	endpoint_worker = &endpoint->shared->workers[DatumGetInt32(argument)];
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, aside_on_cancel);
	pqsignal(SIGTERM, die);

	/* before the connection: whoever drops the database waits for us to take note, and we for whoever drops it */
	BackgroundWorkerUnblockSignals();

	before_shmem_exit(leave_place, 0);
	take_place();
	BackgroundWorkerInitializeConnection(endpoint_worker->database, NULL, 0);
	http_configured_commit = synchronous_commit;
	endpoint_worker->latch = MyLatch;
	companion_configure();
	session_start();
	protocol_start();

	on_standby = RecoveryInProgress();
	begin_serving();
	server_start(endpoint->settings->listen_addresses, endpoint_worker->port);
	events = create_event_set();
	ereport(LOG, (errmsg("dynapg serves database \"%s\" on port %d",
						 endpoint_worker->database, endpoint_worker->port)));
	pgstat_report_activity(STATE_IDLE, NULL);

	for (;;)
	{
		TimestampTz now;

		(void) WaitEventSetWait(events, longest_wait(on_standby), happened, lengthof(happened), PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		QueryCancelPending = false; /* a cancel that came too late for its request */
		CHECK_FOR_INTERRUPTS();
		ProcessCatchupInterrupt();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			reload_settings();
			if (server_reload())
				changed = true;
		}

		if (on_standby && !IsTransactionState() && !RecoveryInProgress())
		{
			on_standby = false;
			begin_serving();
		}

		server_run();
		if (!IsTransactionState())
			pgstat_report_stat(false);

		/* the relation cache never shrinks: past its bound a worker ends, and the launcher starts another */
		now = GetCurrentTimestamp();
		if (now - memory_checked_at > USECS_PER_SEC)
		{
			memory_checked_at = now;
			changed |= server_reap();
			if (!leaving && process_memory() > endpoint->settings->worker_memory)
			{
				ereport(LOG, (errmsg("dynapg worker has reached dynapg.worker_memory and is replaced")));
				leaving = true;
				server_drain();
			}
		}
		if (changed)
		{
			FreeWaitEventSet(events);
			events = create_event_set();
			changed = false;
		}
		if (endpoint_worker->stop || (leaving && server_is_idle()))
			proc_exit(1);
	}
}
