/*
 * endpoint_shared.c
 *		The endpoint's shared memory.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/shmem.h"

#include "api/endpoint_shared.h"
#include "base/shared_memory.h"

#define TRANCHE "dynapg"

const int64 endpoint_latency_bounds[ENDPOINT_LATENCY_BUCKETS] = {
	100, 250, 500, 1000, 2500, 5000, 10000, 25000, 100000, 500000, 2500000, PG_INT64_MAX
};

static EndpointShared **place;	/* where the caller wants to have it */

static Size
size_of_shared(void)
{
	return sizeof(EndpointShared);
}

static void
init_shared(void)
{
	EndpointShared *shared;
	bool		found;

	shared = (EndpointShared *) ShmemInitStruct("dynapg endpoint", sizeof(EndpointShared), &found);
	if (!found)
	{
		memset(shared, 0, sizeof(EndpointShared));
		shared->lock = &(GetNamedLWLockTranche(TRANCHE))->lock;
		shared->console_lock = &(GetNamedLWLockTranche(TRANCHE))[1].lock;
		shared->console_seed = pg_prng_uint64(&pg_global_prng_state);
		pg_atomic_init_u32(&shared->launcher_pid, 0);
		for (int i = 0; i < ENDPOINT_COMPANIONS; i++)
			pg_atomic_init_u64(&shared->companions[i].confirmed, 0);
		for (int i = 0; i < ENDPOINT_MAX_WORKERS; i++)
		{
			EndpointWorker *worker = &shared->workers[i];

			pg_atomic_init_u64(&worker->connections, 0);
			pg_atomic_init_u64(&worker->accepted, 0);
			pg_atomic_init_u64(&worker->aside, 0);
			pg_atomic_init_u64(&worker->unflushed, 0);
			pg_atomic_init_u64(&worker->awaited, 0);
			for (int k = 0; k < ENDPOINT_MAX_OPERATIONS; k++)
			{
				EndpointOperationStats *stats = &worker->operations[k];

				pg_atomic_init_u64(&stats->calls, 0);
				pg_atomic_init_u64(&stats->errors, 0);
				pg_atomic_init_u64(&stats->faults, 0);
				pg_atomic_init_u64(&stats->microseconds, 0);
				pg_atomic_init_u64(&stats->bytes_in, 0);
				pg_atomic_init_u64(&stats->bytes_out, 0);
				pg_atomic_init_u64(&stats->conflicts, 0);
				pg_atomic_init_u64(&stats->read_microunits, 0);
				pg_atomic_init_u64(&stats->write_microunits, 0);
				for (int b = 0; b < ENDPOINT_LATENCY_BUCKETS; b++)
					pg_atomic_init_u64(&stats->latency[b], 0);
			}
		}
	}
	*place = shared;
}

void
endpoint_request_shared(EndpointShared **shared)
{
	static const SharedMemory part = {size_of_shared, TRANCHE, 2, init_shared};

	place = shared;
	shared_memory_ask(&part);
}
