/*
 * expire.h
 *		Time to live: removing items that have expired.
 *
 * An item has expired if the number under the attribute of its table's time to live is a time in the past, in seconds since 1970, and not
 * more than five years ago.  Those are a range of the hidden index (catalog_time_to_live()).  They are read there, in batches, and each is
 * looked at again as it is removed: whoever gives it another time before that has rescued it, and an item that somebody writes or holds is
 * left for the next round.  Nobody waits for a sweep longer than a batch takes, and no sweep waits for anybody.
 *
 * Items are removed in the name of the table's owner, by whom no trigger of the table's may do more than he may.
 */
#ifndef DYNAPG_EXPIRE_H
#define DYNAPG_EXPIRE_H

#include "catalog/tables.h"

/* At most so many items are removed in a transaction of the keeper's. */
#define EXPIRE_BATCH 100

/* A sweep over a table's expired items: where it has got to. */
typedef struct ExpireSweep ExpireSweep;

/* Begins one, in the current memory context; nothing else is to be done at its end. */
extern ExpireSweep *expire_begin(Oid relation);

/*
 * Removes the next expired items, at most limit and EXPIRE_BATCH, in the caller's transaction, and counts them; adds how many to *removed.  False
 * if there are no more, or if somebody else sweeps the table, or if its items do not expire (yet).
 */
extern bool expire_batch(ExpireSweep *sweep, int64 limit, int64 *removed);

/* The first error that the table's own triggers or constraints have raised against the removal of an item; NULL: none. */
extern const ErrorData *expire_error(const ExpireSweep *sweep);

/* Reports it as a warning, if there is one. */
extern void expire_warn(const ExpireSweep *sweep);

/*
 * When the item expired that has waited longest of those which the current user, who may read the table, sees; false if there is none, or if the
 * table's items do not expire (yet).
 */
extern bool expire_oldest(const TableInfo *table, TimestampTz *expired_at);

/* What the keeper remembers of its rounds; all zero at first. */
typedef struct ExpireRound
{
	TimestampTz began_at;		/* the last round */
	bool		goes_on;		/* it has not come to its end */
	bool		unfinished;		/* a table has more, so that the next one is due at once */
	Oid			swept;			/* the table that it looked at last */
	List	   *failed;			/* tables that are passed over for a while, in TopMemoryContext */
} ExpireRound;

/* Goes on with a round over all tables for some milliseconds, or begins one that is due; in transactions of its own. */
extern void expire_round(ExpireRound *round, int milliseconds);

#endif							/* DYNAPG_EXPIRE_H */
