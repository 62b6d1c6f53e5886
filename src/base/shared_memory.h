/*
 * shared_memory.h
 *		Memory that all processes of the server share, for rooms that have some.
 */
#ifndef DYNAPG_SHARED_MEMORY_H
#define DYNAPG_SHARED_MEMORY_H

#include "storage/lwlock.h"

/* A room's part of it; a constant. */
typedef struct SharedMemory
{
	Size		(*size) (void);	/* bytes */
	const char *tranche;		/* of its locks, as GetNamedLWLockTranche() has them; NULL: it has none */
	int			locks;
	void		(*init) (void);	/* ShmemInitStruct() and what a first one wants, under AddinShmemInitLock; in each process that does not inherit it */
} SharedMemory;

/*
 * To be called in _PG_init() while the server starts (process_shared_preload_libraries_in_progress); at other times there is none to be had.  Settings have their values
 * when size() is called.
 */
extern void shared_memory_ask(const SharedMemory *part);

#endif							/* DYNAPG_SHARED_MEMORY_H */
