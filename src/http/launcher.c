/*
 * launcher.c
 *		Starts the endpoint's workers and companions, and starts them again.
 *
 * The launcher is connected to no database, and the postmaster restarts no worker by itself: a
 * database that is being dropped must not be held by a restart, and a port that is taken must not
 * become a loop.  A worker that ends soon after its start is started again only after a pause that
 * doubles, up to a minute.  It reads pg_database, which needs none, so that no worker is started
 * for a database that is not there: that is said once, and looked at again in silence.
 *
 * A worker that wants to be replaced says so by "leaving", and goes on serving.  It does not count
 * as one of its database's any more, so that another one gets a place; when that listens, the old
 * one ends (worker.c).
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "libpq/pqsignal.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/relcache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "http/http.h"

#define SHORT_LIFE		(10 * USECS_PER_SEC)
#define LONGEST_PAUSE	(60 * USECS_PER_SEC)
#define LOST_PAUSE		(2 * USECS_PER_SEC)
#define ABSENT_PAUSE	(5 * USECS_PER_SEC)

extern PGDLLEXPORT void dynapg_launcher_main(Datum argument);

/* What the launcher knows of a place beyond what stands in shared memory. */
typedef struct Place
{
	BackgroundWorkerHandle *handle; /* NULL: not running */
	TimestampTz started_at;
	TimestampTz next_start;
	int64		pause;
	bool		absent;			/* its database was not there when it was looked for */
	bool		found_no_room;	/* no process could be started */
} Place;

static Place places[ENDPOINT_MAX_WORKERS];
static Place companion_places[ENDPOINT_COMPANIONS];
static bool told;				/* what is wrong with the configuration */

/* Splits "database:port"; the port may be missing. */
static void
split_entry(const char *entry, char *database, int *port)
{
	const char *colon = strrchr(entry, ':');

	*port = endpoint->settings->port;
	strlcpy(database, entry, NAMEDATALEN);
	if (colon == NULL || colon[1] == '\0' || strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return;
	*port = atoi(colon + 1);
	strlcpy(database, entry, Min(NAMEDATALEN, colon - entry + 1));
}

static bool
is_place_of(const EndpointWorker *worker, const char *database, int port)
{
	return worker->port == port && strcmp(worker->database, database) == 0;
}

/* Counts of another database's are not for this one. */
static void
clear_counts(EndpointWorker *worker)
{
	pg_atomic_write_u64(&worker->accepted, 0);
	for (int i = 0; i < ENDPOINT_MAX_OPERATIONS; i++)
	{
		pg_atomic_uint64 *counts = (pg_atomic_uint64 *) &worker->operations[i];

		for (int k = 0; k < sizeof(EndpointOperationStats) / sizeof(pg_atomic_uint64); k++)
			pg_atomic_write_u64(&counts[k], 0);
	}
}

/*
 * A free place for a database: one that was its own before, so that its counts go on; else one that was nobody's, or, at last,
 * another database's.  -1: there is none.
 */
static int
free_place(const char *database, int port)
{
	int			best = -1;
	int			best_rank = 0;

	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		const EndpointWorker *worker = &endpoint->shared->workers[i];
		int			rank = is_place_of(worker, database, port) ? 3 : worker->database[0] == '\0' ? 2 : 1;

		if (!worker->used && places[i].handle == NULL && worker->pid == 0 && rank > best_rank)
		{
			best = i;
			best_rank = rank;
		}
	}
	return best;
}

/*
 * Gives every configured worker a place, and marks those that are not wanted any more.  Says what
 * it cannot do once, until the configuration changes.
 */
static void
assign_places(void)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg launcher", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	bool		wanted[ENDPOINT_MAX_WORKERS] = {false};
	List	   *entries;
	ListCell   *cell;

	if (!SplitGUCList(pstrdup(endpoint->settings->databases), ',', &entries))
	{
		if (!told)
			ereport(LOG, (errmsg("invalid list syntax in dynapg.databases")));
		told = true;
		entries = NIL;
	}
	LWLockAcquire(endpoint->shared->lock, LW_EXCLUSIVE);
	foreach(cell, entries)
	{
		char		database[NAMEDATALEN];
		int			port;

		split_entry((const char *) lfirst(cell), database, &port);
		for (int n = 0; n < endpoint->settings->workers; n++)
		{
			int			place = -1;

			for (int i = 0; i < ENDPOINT_MAX_WORKERS && place < 0; i++)
				if (endpoint->shared->workers[i].used && !endpoint->shared->workers[i].leaving && !wanted[i] &&
					is_place_of(&endpoint->shared->workers[i], database, port))
					place = i;
			if (place < 0 && (place = free_place(database, port)) >= 0)
			{
				EndpointWorker *worker = &endpoint->shared->workers[place];

				if (strcmp(worker->database, database) != 0)
					clear_counts(worker);
				worker->used = true;
				worker->stop = false;
				worker->port = port;
				strlcpy(worker->database, database, NAMEDATALEN);
				places[place].next_start = 0;
				places[place].pause = USECS_PER_SEC;
				places[place].absent = false;
			}
			if (place < 0)
			{
				if (!told)
					ereport(LOG, (errmsg("dynapg has no place for more than %d workers", ENDPOINT_MAX_WORKERS)));
				told = true;
				break;
			}
			wanted[place] = true;
		}
	}
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		if (endpoint->shared->workers[i].used && !wanted[i])
			endpoint->shared->workers[i].used = false;
	LWLockRelease(endpoint->shared->lock);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

/* Starts a process with a number for its argument; its name is its type and what follows. */
static bool
start_process(Place *place, const char *type, const char *name, const char *function, int argument)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, BGW_MAXLEN, "%s %s", type, name);
	strlcpy(worker.bgw_type, type, BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_ConsistentState;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	snprintf(worker.bgw_library_name, MAXPGPATH, ENDPOINT_LIBRARY);
	strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
	worker.bgw_main_arg = Int32GetDatum(argument);
	worker.bgw_notify_pid = MyProcPid;
	return RegisterDynamicBackgroundWorker(&worker, &place->handle);
}

static bool
start_worker(int i)
{
	return start_process(&places[i], "dynapg endpoint", endpoint->shared->workers[i].database, "dynapg_worker_main", i);
}

static bool
start_companion(int i)
{
	if (i == 0)
		return start_process(&companion_places[i], "dynapg flusher", "of WAL", "dynapg_companion_main", i);
	return start_process(&companion_places[i], "dynapg companion", "of synchronous standbys", "dynapg_companion_main", i);
}

/*
 * Whether there is a database of this name.  By a scan, if the shared catalogs' indexes are not
 * known to who has no database.
 */
static bool
database_exists(const char *name)
{
	Relation	databases;
	ScanKeyData key;
	SysScanDesc scan;
	bool		exists;

	StartTransactionCommand();
	databases = table_open(DatabaseRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_database_datname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
	scan = systable_beginscan(databases, DatabaseNameIndexId, criticalSharedRelcachesBuilt, NULL, 1, &key);
	exists = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(databases, AccessShareLock);
	CommitTransactionCommand();
	return exists;
}

/* Whether a worker can be started; says so if it cannot, once for all workers of a database. */
static bool
has_database(int i)
{
	const EndpointWorker *worker = &endpoint->shared->workers[i];
	bool		is_known = false;

	if (database_exists(worker->database))
	{
		places[i].absent = false;
		return true;
	}
	for (int other = 0; other < ENDPOINT_MAX_WORKERS; other++)
		is_known |= places[other].absent && endpoint->shared->workers[other].used &&
			is_place_of(&endpoint->shared->workers[other], worker->database, worker->port);
	if (!is_known)
		ereport(LOG,
				(errmsg("dynapg serves no database \"%s\", which does not exist", worker->database),
				 errdetail("It is named in dynapg.databases, and will be served when it is there.")));
	places[i].absent = true;
	return false;
}

/*
 * Takes note of a process that has ended.  It is started again after a pause, unless it has lived
 * for a while, or faultless says that it had a reason.  Whoever found no room for a process may
 * find it now.
 */
static void
reap_place(Place *place, bool faultless, TimestampTz now)
{
	pid_t		pid;

	if (place->handle == NULL || GetBackgroundWorkerPid(place->handle, &pid) != BGWH_STOPPED)
		return;
	pfree(place->handle);
	place->handle = NULL;
	if (faultless || now - place->started_at > SHORT_LIFE)
		place->pause = 0;
	else
		place->pause = Min(Max(place->pause * 2, USECS_PER_SEC), LONGEST_PAUSE);
	place->next_start = now + place->pause;
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		if (places[i].found_no_room)
			places[i].next_start = now;
}

/*
 * Starts or stops what belongs into a place: wanted says whether a process should be there, runs whether one is, which
 * may be another launcher's.  Returns when to look again, at most after due.
 */
static TimestampTz
tend_place(Place *place, int i, bool wanted, bool runs, bool (*start) (int), TimestampTz now, TimestampTz due)
{
	if (place->handle != NULL && !wanted)
		TerminateBackgroundWorker(place->handle);
	if (place->handle == NULL && wanted && !runs)
	{
		if (place->next_start <= now)
		{
			place->started_at = now;
			place->found_no_room = !start(i);
			if (place->found_no_room)
			{
				place->handle = NULL;
				place->next_start = now + LONGEST_PAUSE;
				ereport(LOG,
						(errmsg("could not start a dynapg worker"),
						 errhint("max_worker_processes may be too small.")));
			}
		}
		if (place->handle == NULL)
			due = Min(due, place->next_start);
	}
	else if (place->handle == NULL && runs)
		due = Min(due, now + LOST_PAUSE);	/* started by a launcher before us: nobody tells us when it ends */
	return due;
}

/* Whether there is a worker, for the flusher, or one that waits for standbys at the level of the companion. */
static bool
companion_is_wanted(int companion)
{
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		EndpointWorker *worker = &endpoint->shared->workers[i];

		if (companion == 0 ? worker->used && !worker->stop : worker->standby_level == SYNCHRONOUS_COMMIT_LOCAL_FLUSH + companion)
			return true;
	}
	return false;
}

/* Ends a worker that we cannot signal. */
static void
stop_lost_worker(EndpointWorker *worker)
{
	LWLockAcquire(endpoint->shared->lock, LW_EXCLUSIVE);
	if (!worker->used && worker->pid != 0)
	{
		worker->stop = true;
		if (worker->latch != NULL)
			SetLatch(worker->latch);
	}
	LWLockRelease(endpoint->shared->lock);
}

/* Starts, stops and counts; returns the time until something is due, in milliseconds. */
static long
tend_workers(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz due = now + LONGEST_PAUSE;

	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		reap_place(&places[i], endpoint->shared->workers[i].ended_for_request, now);
	for (int i = 0; i < ENDPOINT_COMPANIONS; i++)
		reap_place(&companion_places[i], false, now);
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		EndpointWorker *worker = &endpoint->shared->workers[i];
		bool		wanted = worker->used && !worker->stop;

		/* it goes by itself */
		if (worker->leaving && !worker->stop && worker->pid != 0)
			continue;
		/* a launcher before us has started it */
		if (!worker->used && worker->pid != 0 && places[i].handle == NULL)
			stop_lost_worker(worker);
		if (wanted && worker->pid == 0 && places[i].handle == NULL && places[i].next_start <= now &&
			!has_database(i))
		{
			due = Min(due, now + ABSENT_PAUSE);
			continue;
		}
		due = tend_place(&places[i], i, wanted, worker->pid != 0, start_worker, now, due);
	}
	for (int i = 0; i < ENDPOINT_COMPANIONS; i++)
		due = tend_place(&companion_places[i], i, companion_is_wanted(i), endpoint->shared->companions[i].pid != 0,
						 start_companion, now, due);
	return Max((due - now) / 1000, 100);
}

/* Nobody is to signal the process that has this one's number next. */
static void
forget_launcher(int code, Datum argument)
{
	pg_atomic_write_u32(&endpoint->shared->launcher_pid, 0);
}

void
dynapg_launcher_main(Datum argument)
{
	http_find_endpoint();
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	before_shmem_exit(forget_launcher, 0);
	pg_atomic_write_u32(&endpoint->shared->launcher_pid, MyProcPid);
	endpoint->shared->launcher_latch = MyLatch;
	pg_memory_barrier();

	/* after a crash of the server everything starts anew; after one of the launcher alone, its workers go on */
	while (!ShutdownRequestPending)
	{
		long		timeout;

		assign_places();
		timeout = tend_workers();
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, timeout, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		ProcessCatchupInterrupt();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
			told = false;

			/*
			 * whoever asks for a reload has changed something: try at once what had failed, and say
			 * what fails again
			 */
			for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
			{
				places[i].next_start = 0;
				places[i].pause = USECS_PER_SEC;
				places[i].absent = false;
			}
			for (int i = 0; i < ENDPOINT_COMPANIONS; i++)
				companion_places[i].next_start = 0;
		}
	}
	/* not 0: who terminates the launcher alone gets it back */
	proc_exit(1);
}
