/*
 * endpoint_sql.c
 *		The endpoint as SQL sees it: its workers, what they have done, and how to stop them.
 */
#include "postgres.h"

#include <signal.h>

#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "api/endpoint.h"
#include "base/library.h"
#include "log/log_keeper.h"
#include "op/model.h"

PG_FUNCTION_INFO_V1(dynapg_endpoint_workers);
PG_FUNCTION_INFO_V1(dynapg_endpoint_operations);
PG_FUNCTION_INFO_V1(dynapg_endpoint_stop);
PG_FUNCTION_INFO_V1(dynapg_endpoint_start);

#define STOP_TIMEOUT_MS 10000

/* The shared state; NULL if the library was not preloaded. */
static EndpointShared *
find_shared(void)
{
	const EndpointApi *api = *(const EndpointApi **) find_rendezvous_variable(ENDPOINT_API_VARIABLE);

	return api == NULL ? NULL : api->shared;
}

/* The same; raises an error if there is none. */
static EndpointShared *
endpoint_shared(void)
{
	EndpointShared *shared = find_shared();

	library_want(ERROR, ENDPOINT_LIBRARY);
	if (shared == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dynapg has no endpoint on this server"),
				 errhint("Put dynapg into shared_preload_libraries and restart the server.")));
	return shared;
}

static Datum
counter(pg_atomic_uint64 *value)
{
	return Int64GetDatum((int64) pg_atomic_read_u64(value));
}

/* (database, port, pid, started_at, connections, accepted) for each worker that runs or waits to be started. */
Datum
dynapg_endpoint_workers(PG_FUNCTION_ARGS)
{
	EndpointShared *shared = endpoint_shared();
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	LWLockAcquire(shared->lock, LW_SHARED);
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		EndpointWorker *worker = &shared->workers[i];
		bool		running = worker->pid != 0;
		Datum		values[] = {
			CStringGetTextDatum(worker->database), Int32GetDatum(worker->port), Int32GetDatum(worker->pid),
			TimestampTzGetDatum(worker->started_at), counter(&worker->connections), counter(&worker->accepted)
		};
		bool		nulls[] = {false, false, !running, !running, false, false};

		if (worker->used)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	LWLockRelease(shared->lock);
	return (Datum) 0;
}

static Datum
units(pg_atomic_uint64 *microunits)
{
	return Float8GetDatum((double) pg_atomic_read_u64(microunits) / 1e6);
}

/*
 * (database, operation, calls, errors, faults, total_time in ms, bytes_in, bytes_out, read_units, write_units) since the
 * server's start.
 */
Datum
dynapg_endpoint_operations(PG_FUNCTION_ARGS)
{
	EndpointShared *shared = endpoint_shared();
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		for (int operation = 0; operation < model_operation_count; operation++)
		{
			EndpointOperationStats *stats = &shared->workers[i].operations[operation];
			Datum		values[] = {
				CStringGetTextDatum(shared->workers[i].database),
				CStringGetTextDatum(model_operations[operation].name),
				counter(&stats->calls), counter(&stats->errors), counter(&stats->faults),
				Float8GetDatum((double) pg_atomic_read_u64(&stats->microseconds) / 1000.0),
				counter(&stats->bytes_in), counter(&stats->bytes_out),
				units(&stats->read_microunits), units(&stats->write_microunits), counter(&stats->conflicts)
			};
			bool		nulls[lengthof(values)] = {false};

			if (pg_atomic_read_u64(&stats->calls) > 0)
				tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		}
	return (Datum) 0;
}

/* Marks the workers of a database; returns how many of them have still to do what they were asked. */
static int
mark_workers(EndpointShared *shared, const char *database, bool stop)
{
	int			pending = 0;

	LWLockAcquire(shared->lock, LW_EXCLUSIVE);
	for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
	{
		EndpointWorker *worker = &shared->workers[i];

		if ((!worker->used && worker->pid == 0) || strcmp(worker->database, database) != 0)
			continue;
		worker->stop = stop;
		pending += (worker->pid != 0) == stop;
		/* it looks by itself, too: there may be no launcher just now */
		if (stop && worker->pid != 0 && worker->latch != NULL)
			SetLatch(worker->latch);
	}
	LWLockRelease(shared->lock);
	return pending;
}

/* The launcher looks after its workers when it is told that the configuration may have changed. */
static void
wake_launcher(EndpointShared *shared)
{
	uint32		pid = pg_atomic_read_u32(&shared->launcher_pid);

	if (pid != 0)
		kill((pid_t) pid, SIGHUP);
}

/* Asks a database's keeper to end; true if it has one. */
static bool
end_keeper(const char *database, bool ask)
{
	Oid			oid = get_database_oid(database, true);
	int			pid = OidIsValid(oid) ? log_keeper_pid(oid) : 0;

	if (pid != 0 && ask)
		kill(pid, SIGTERM);
	return pid != 0;
}

/* Asks all processes of a database that are ours to end; true if there are any. */
static bool
end_processes(EndpointShared *shared, const char *database, bool ask)
{
	bool		any = shared != NULL && mark_workers(shared, database, true) > 0;

	if (any && ask)
		wake_launcher(shared);
	/* a worker may have started it while it ended */
	return any || end_keeper(database, ask);
}

/*
 * stop(database): ends the endpoint of a database until start() or the server's next start, and its keeper until somebody
 * writes, and waits until they are gone, so that DROP DATABASE may follow.  True if they are.
 */
Datum
dynapg_endpoint_stop(PG_FUNCTION_ARGS)
{
	char	   *database = text_to_cstring(PG_GETARG_TEXT_PP(0));
	EndpointShared *shared = end_keeper(database, false) ? find_shared() : endpoint_shared();
	int			waited = 0;

	while (end_processes(shared, database, waited % 1000 == 0))
	{
		if (waited >= STOP_TIMEOUT_MS)
			PG_RETURN_BOOL(false);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		waited += 10;
	}
	PG_RETURN_BOOL(true);
}

/* start(database): undoes stop(). */
Datum
dynapg_endpoint_start(PG_FUNCTION_ARGS)
{
	EndpointShared *shared = endpoint_shared();

	mark_workers(shared, text_to_cstring(PG_GETARG_TEXT_PP(0)), false);
	wake_launcher(shared);
	PG_RETURN_VOID();
}
