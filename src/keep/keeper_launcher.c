/*
 * keeper_launcher.c
 *		The launcher's process, and what keepers tell it.
 *
 * Connected to no database, it cannot see what is in one.  So keepers tell it in shared memory whether they leave anything to keep behind; where nothing was told, after
 * a start or a crash, or where settings may have made work of what was none, it sends a keeper to find out.  One at a time is on its way, so that many databases cost no storm of processes.  Templates are left alone: CREATE
 * DATABASE waits for nobody there.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "storage/sinval.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "base/shared_memory.h"
#include "keep/keeper.h"
#include "keep/keeper_launcher.h"
#include "log/log_keeper.h"

#define MAX_DATABASES	256		/* that have work; with more, all are looked into again and again */
#define LOOK_MS			(10 * 1000)
#define VISIT_MS		2000	/* a keeper that has lived so long has found work: the next one may start */
#define TRANCHE			"dynapg keepers"

extern PGDLLEXPORT void dynapg_keeper_launcher_main(Datum argument);

typedef struct LauncherShared
{
	LWLock	   *lock;
	int			count;
	bool		overflowed;		/* there were more than it has room for */
	Oid			databases[MAX_DATABASES];	/* that have work */
} LauncherShared;

/* What the launcher knows of a database. */
typedef struct Visit
{
	Oid			database;		/* hash key; first */
	TimestampTz visited_at;		/* 0: not yet */
	uint64		settings;		/* settings_version then; it has not been looked into by newer ones */
	bool		is_there;		/* it was seen by the present look */
} Visit;

static LauncherShared *shared;

/* How often settings have come to make work; and those that make it now. */
static uint64 settings_version;
static int	work_of_settings;

/* ------------------------------------------------------------------------------------------------------------
 * What keepers tell
 * ------------------------------------------------------------------------------------------------------------ */

static int
find_database(Oid database)
{
	for (int i = 0; i < shared->count; i++)
		if (shared->databases[i] == database)
			return i;
	return -1;
}

static void
note_database(Oid database, bool has_work)
{
	int			i;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	i = find_database(database);
	if (has_work && i < 0 && shared->count < MAX_DATABASES)
		shared->databases[shared->count++] = database;
	else if (has_work && i < 0)
		shared->overflowed = true;
	else if (!has_work && i >= 0)
		shared->databases[i] = shared->databases[--shared->count];
	LWLockRelease(shared->lock);
}

void
keeper_launcher_note(bool has_work)
{
	if (shared != NULL)
		note_database(MyDatabaseId, has_work);
}

static bool
has_work(Oid database)
{
	bool		found;

	LWLockAcquire(shared->lock, LW_SHARED);
	found = shared->overflowed || find_database(database) >= 0;
	LWLockRelease(shared->lock);
	return found;
}

/* ------------------------------------------------------------------------------------------------------------
 * Databases
 * ------------------------------------------------------------------------------------------------------------ */

static Visit *
find_visit(HTAB *visits, Oid database)
{
	bool		found;
	Visit	   *visit = (Visit *) hash_search(visits, &database, HASH_ENTER, &found);

	if (!found)
	{
		visit->visited_at = 0;
		visit->settings = settings_version;
	}
	visit->is_there = true;
	return visit;
}

/* Whether a keeper may be sent there. */
static bool
may_be_visited(Form_pg_database database)
{
	/* below 0 but for -1, no limit: its DROP DATABASE was interrupted */
	return database->datallowconn && !database->datistemplate && database->datconnlimit >= -1;
}

/* Adds the databases that are new. */
static void
list_databases(HTAB *visits)
{
	Relation	databases;
	TableScanDesc scan;
	HeapTuple	row;
	MemoryContext caller = CurrentMemoryContext;

	StartTransactionCommand();
	(void) GetTransactionSnapshot();
	databases = table_open(DatabaseRelationId, AccessShareLock);
	scan = table_beginscan_catalog(databases, 0, NULL);
	while (HeapTupleIsValid(row = heap_getnext(scan, ForwardScanDirection)))
		if (may_be_visited((Form_pg_database) GETSTRUCT(row)))
			(void) find_visit(visits, ((Form_pg_database) GETSTRUCT(row))->oid);
	table_endscan(scan);
	table_close(databases, AccessShareLock);
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
}

/* Brings what is known of databases up to date. */
static void
look_at_databases(HTAB *visits)
{
	HASH_SEQ_STATUS all;
	Visit	   *visit;

	hash_seq_init(&all, visits);
	while ((visit = (Visit *) hash_seq_search(&all)) != NULL)
		visit->is_there = false;
	list_databases(visits);
	hash_seq_init(&all, visits);
	while ((visit = (Visit *) hash_seq_search(&all)) != NULL)
		if (!visit->is_there)
		{
			note_database(visit->database, false);
			(void) hash_search(visits, &visit->database, HASH_REMOVE, NULL);
		}
}

/* The database that has waited longest of those that are due; NULL: none is.  *next: when the next one may be, unchanged if that is later. */
static Visit *
find_due(HTAB *visits, TimestampTz now, TimestampTz *next)
{
	HASH_SEQ_STATUS all;
	Visit	   *visit;
	Visit	   *due = NULL;

	hash_seq_init(&all, visits);
	while ((visit = (Visit *) hash_seq_search(&all)) != NULL)
	{
		TimestampTz at = visit->visited_at + (int64) dynapg_keeper_interval * USECS_PER_SEC;

		/* by new settings, too, at its interval: settings that come and go send nobody more often */
		if (visit->visited_at != 0 && visit->settings == settings_version && !has_work(visit->database))
			continue;
		if (visit->visited_at != 0 && at > now)
			*next = Min(*next, at);
		else if (due == NULL || visit->visited_at < due->visited_at)
			due = visit;
	}
	return due;
}

/* ------------------------------------------------------------------------------------------------------------
 * The process
 * ------------------------------------------------------------------------------------------------------------ */

/* Notes what settings make work of now. */
static void
look_at_settings(void)
{
	int			work = keeper_work_of_settings();

	if (work & ~work_of_settings)
		settings_version++;
	work_of_settings = work;
}

/* Waits until the latch is set, or for so long; answers to signals. */
static void
rest(long milliseconds)
{
	/* who was asked to end while he rested elsewhere has no latch set any more */
	if (ShutdownRequestPending)
		return;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	ProcessCatchupInterrupt();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
		look_at_settings();
	}
}

/* Until a keeper has ended, or has lived for a while. */
static void
await_keeper(BackgroundWorkerHandle *handle)
{
	TimestampTz begun_at = GetCurrentTimestamp();
	pid_t		pid;

	while (!ShutdownRequestPending && GetBackgroundWorkerPid(handle, &pid) != BGWH_STOPPED &&
		   !TimestampDifferenceExceeds(begun_at, GetCurrentTimestamp(), VISIT_MS))
		rest(VISIT_MS / 4);
	pfree(handle);
}

/* Starts the keeper of a database that has none. */
static void
visit_database(Visit *visit, TimestampTz now)
{
	static bool told = false;
	BackgroundWorkerHandle *handle;

	visit->visited_at = now;
	/* it may be about to leave by older settings, and is asked for again until one was sent by these */
	if (log_keeper_pid(visit->database) != 0)
		return;
	visit->settings = settings_version;
	if (log_send_keeper(visit->database, &handle))
	{
		told = false;
		await_keeper(handle);
		return;
	}
	/* what it would have found out is not known */
	note_database(visit->database, true);
	if (!told)
		ereport(LOG,
				(errmsg("could not start a dynapg keeper"),
				 errhint("max_worker_processes may be too small.")));
	told = true;
}

/* Visits what is due; returns how long nothing is, in milliseconds. */
static long
take_round(HTAB *visits)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next = TimestampTzPlusMilliseconds(now, LOOK_MS);
	Visit	   *due;

	look_at_databases(visits);
	while (!ShutdownRequestPending && dynapg_keeper_interval > 0 && (due = find_due(visits, now, &next)) != NULL)
		visit_database(due, now);
	return Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), next), 100);
}

void
dynapg_keeper_launcher_main(Datum argument)
{
	HASHCTL		control = {.keysize = sizeof(Oid), .entrysize = sizeof(Visit)};
	HTAB	   *visits;
	MemoryContext context;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	look_at_settings();
	visits = hash_create("dynapg databases", 16, &control, HASH_ELEM | HASH_BLOBS);
	context = AllocSetContextCreate(TopMemoryContext, "dynapg keeper launcher", ALLOCSET_DEFAULT_SIZES);
	while (!ShutdownRequestPending)
	{
		MemoryContextReset(context);
		MemoryContextSwitchTo(context);
		rest(dynapg_keeper_interval > 0 ? take_round(visits) : LOOK_MS);
	}
	/* not 0: who terminates it alone gets it back */
	proc_exit(1);
}

/* ------------------------------------------------------------------------------------------------------------
 * The postmaster
 * ------------------------------------------------------------------------------------------------------------ */

static Size
size_of_shared(void)
{
	return sizeof(LauncherShared);
}

static void
init_shared(void)
{
	bool		found;

	shared = (LauncherShared *) ShmemInitStruct(TRANCHE, sizeof(LauncherShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(LauncherShared));
		shared->lock = &(GetNamedLWLockTranche(TRANCHE))->lock;
	}
}

void
keeper_launcher_init(void)
{
	static const SharedMemory part = {size_of_shared, TRANCHE, 1, init_shared};
	BackgroundWorker worker = {0};

	if (!process_shared_preload_libraries_in_progress || IsBinaryUpgrade)
		return;
	shared_memory_ask(&part);
	strlcpy(worker.bgw_name, "dynapg keeper launcher", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "dynapg keeper launcher", BGW_MAXLEN);
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = 5;
	strlcpy(worker.bgw_library_name, "dynapg", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name, "dynapg_keeper_launcher_main", sizeof(worker.bgw_function_name));
	RegisterBackgroundWorker(&worker);
}
