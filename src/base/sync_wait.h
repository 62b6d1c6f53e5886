/*
 * sync_wait.h
 *		Waiting for synchronous standbys, beside the commits that do.
 *
 * PostgreSQL has the processes that wait in a queue by LSN, and asserts that no two wait for the same one: each commit (and PREPARE) waits for the end
 * of its own record.  Who waits for what others have written, to the end of which a commit may be waiting as well, must not wait for that place itself.
 * These are the two ways of ours to a place of one's own; nobody else calls SyncRepWaitForLSN().
 */
#ifndef DYNAPG_SYNC_WAIT_H
#define DYNAPG_SYNC_WAIT_H

#include "access/xlogdefs.h"
#include "replication/syncrep.h"

/*
 * Makes all WAL that there is durable: flushes it and, if synchronous_commit asks for that, waits until standbys have it, too.  For any number
 * of processes at once.  A wait that is broken off is an error, since nothing was committed that would have to be told.  Not on a standby.
 */
extern void sync_wait_for_all(void);

/*
 * Waits until standbys have the WAL up to the end of a record, which is flushed, in the way of this process's synchronous_commit.  For a single
 * process a server and level at a time, whose interrupts are held.
 *
 * Records begin at multiples of 8 bytes: none ends at the place before the end of this one, and a standby has both places or neither, since it
 * tells of ends of records and pages.
 */
static inline void
sync_wait_for_record(XLogRecPtr end)
{
	SyncRepWaitForLSN(end - 1, true);
}

#endif							/* DYNAPG_SYNC_WAIT_H */
