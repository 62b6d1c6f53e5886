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
#define LEAVING_PAUSE 100		/* milliseconds between two looks of a worker that is replaced */

/*
 * Of a worker that is replaced, how long it waits for another one, for the rest of requests, and
 * for its last answers.
 */
#define REPLACEMENT_TIMEOUT (10 * USECS_PER_SEC)
#define RECEIVE_TIMEOUT USECS_PER_SEC
#define DRAIN_TIMEOUT (60 * USECS_PER_SEC)

PG_MODULE_MAGIC;

extern PGDLLEXPORT void dynapg_worker_main(Datum argument);

const EndpointApi *endpoint;
EndpointWorker *endpoint_worker;
int			http_configured_commit;

static enum {
	SERVING,
	LEAVING,					/* serves until another worker listens in its stead */
	DRAINING					/* accepts no more, and ends with its last connection */
}			phase = SERVING;
static TimestampTz phase_since;
static bool is_too_large;		/* and waits for its turn, if it is serving */

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
	endpoint_worker->listening = false;
	endpoint_worker->leaving = false;
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

/* ------------------------------------------------------------------------------------------------------------
 * A worker that is replaced
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether a place belongs to a process that serves the same database on the same port. */
static bool
is_colleague(const EndpointWorker *worker)
{
	return worker->pid != 0 && worker->port == endpoint_worker->port &&
		strcmp(worker->database, endpoint_worker->database) == 0;
}

/* Tells those that wait for it that there is one more who listens. */
static void
announce_listening(void)
{
	LWLockAcquire(endpoint->shared->lock, LW_EXCLUSIVE);
	endpoint_worker->listening = true;
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		EndpointWorker *worker = &endpoint->shared->workers[i];

		if (is_colleague(worker) && worker->leaving)
			SetLatch(worker->latch);
	}
	LWLockRelease(endpoint->shared->lock);
}

/*
 * Asks for another worker in this one's stead; false: a colleague is being replaced, and one is
 * enough at a time.
 */
static bool
ask_to_leave(void)
{
	bool		may_leave = true;

	LWLockAcquire(endpoint->shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		may_leave &= !(is_colleague(&endpoint->shared->workers[i]) && endpoint->shared->workers[i].leaving);
	endpoint_worker->leaving = may_leave;
	LWLockRelease(endpoint->shared->lock);
	if (may_leave && endpoint->shared->launcher_latch != NULL)
		SetLatch(endpoint->shared->launcher_latch);
	return may_leave;
}

/* Whether as many others listen as there should be. */
static bool
is_replaced(void)
{
	int			others = 0;

	LWLockAcquire(endpoint->shared->lock, LW_SHARED);
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		const EndpointWorker *worker = &endpoint->shared->workers[i];

		others += is_colleague(worker) && worker->listening && !worker->leaving;
	}
	LWLockRelease(endpoint->shared->lock);
	return others >= endpoint->settings->workers;
}

/*
 * Looks, every second, whether the worker has too much memory: the relation cache never shrinks.
 * Bodies of requests that are not answered are not its fault.  Then it asks to be replaced; when
 * another worker listens, it accepts no more connections, cuts those that are idle, and a moment
 * later those that have not sent a whole request; it ends with its last answer, or when that takes
 * too long.
 */
static void
look_after_memory(TimestampTz now)
{
	static TimestampTz looked_at = 0;

	if (phase == SERVING && now - looked_at > USECS_PER_SEC)
	{
		looked_at = now;
		is_too_large = process_memory() - (int64) (body_kept() / 1024) > endpoint->settings->worker_memory;
		if (is_too_large && ask_to_leave())
		{
			ereport(LOG, (errmsg("dynapg worker has reached dynapg.worker_memory and is replaced")));
			phase = LEAVING;
			phase_since = now;
		}
	}
	if (phase == LEAVING && (is_replaced() || now - phase_since > REPLACEMENT_TIMEOUT))
	{
		if (!is_replaced())
			ereport(LOG,
					(errmsg("no other dynapg worker has come in time to replace one"),
					 errhint("max_worker_processes may be too small.")));
		server_drain();
		phase = DRAINING;
		phase_since = now;
	}
	if (phase == DRAINING && now - phase_since > RECEIVE_TIMEOUT)
		connections_end_unanswered();
	if (phase == DRAINING && (server_is_idle() || now - phase_since > DRAIN_TIMEOUT))
		proc_exit(1);
}

/* ------------------------------------------------------------------------------------------------------------
 * The loop
 * ------------------------------------------------------------------------------------------------------------ */

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
		timeout = PROMOTION_PAUSE;
	if ((phase != SERVING || is_too_large) && (timeout < 0 || timeout > LEAVING_PAUSE))
		timeout = LEAVING_PAUSE;
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
	bool		on_standby;
	TimestampTz reaped_at = 0;

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
	announce_listening();
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

		now = GetCurrentTimestamp();
		if (now - reaped_at > USECS_PER_SEC)
		{
			reaped_at = now;
			changed |= server_reap();
		}
		if (changed)
		{
			FreeWaitEventSet(events);
			events = create_event_set();
			changed = false;
		}
		if (endpoint_worker->stop)
			proc_exit(1);
		look_after_memory(now);
	}
}
