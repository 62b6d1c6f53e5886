/*
 * shared_memory.c
 *		Memory that all processes of the server share.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "base/shared_memory.h"

#define MAX_PARTS 8

static const SharedMemory *parts[MAX_PARTS];
static int	n_parts;
static shmem_request_hook_type previous_request_hook;
static shmem_startup_hook_type previous_startup_hook;

static void
request(void)
{
	if (previous_request_hook)
		previous_request_hook();
	for (int i = 0; i < n_parts; i++)
	{
		RequestAddinShmemSpace(MAXALIGN(parts[i]->size()));
		if (parts[i]->tranche != NULL)
			RequestNamedLWLockTranche(parts[i]->tranche, parts[i]->locks);
	}
}

static void
init(void)
{
	if (previous_startup_hook)
		previous_startup_hook();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	for (int i = 0; i < n_parts; i++)
		parts[i]->init();
	LWLockRelease(AddinShmemInitLock);
}

void
shared_memory_ask(const SharedMemory *part)
{
	Assert(process_shared_preload_libraries_in_progress && n_parts < MAX_PARTS);
	if (n_parts == 0)
	{
		previous_request_hook = shmem_request_hook;
		shmem_request_hook = request;
		previous_startup_hook = shmem_startup_hook;
		shmem_startup_hook = init;
	}
	parts[n_parts++] = part;
}
