/*
 * throttle.h
 *		Whether the capacity of a table and its indexes lets a request go on (meter/bucket.h), and what is said if not.
 *
 * Asked before the work, when it is known that the caller may do it; op/capacity.h pays after it.  Where throttling is off each of these is
 * a branch.
 */
#ifndef DYNAPG_THROTTLE_H
#define DYNAPG_THROTTLE_H

#include "base/error.h"
#include "meter/meter.h"
#include "op/item_write.h"

#define THROTTLE_MAX_REASONS	32	/* a table and its global indexes, of which there are 20 */

typedef struct ThrottleReason
{
	const TableInfo *table;
	const TableIndex *index;	/* NULL: the table itself, or a local index */
	bool		is_write;
	bool		on_demand;
	MeterLimit	limit;
} ThrottleReason;

typedef struct Throttle
{
	int			count;
	ThrottleReason reasons[THROTTLE_MAX_REASONS];
} Throttle;

/*
 * Whether a read is throttled, of a table or (index) one of its indexes: of the partition with a hash (NULL: of none in particular), of the
 * item with a sort key in it (NULL: the same).  key: as capacity_at().  *throttle gets the reasons; each is told to the meter.
 */
extern bool throttle_refuses_read(const TableInfo *table, const TableIndex *index, const pg_uuid_t *hash, const bytea *sort,
								  const JsonbValue *key, Throttle *throttle);

/* The same of a write, which has its key: it is throttled if the table is, or one of its global indexes. */
extern bool throttle_refuses_write(const ItemWrite *write, Throttle *throttle);

/* The same; they raise throttle_raise(). */
extern void throttle_read(const TableInfo *table, const TableIndex *index, const pg_uuid_t *hash, const bytea *sort,
						  const JsonbValue *key);
extern void throttle_write(const ItemWrite *write);

/* The exception of a throttle, and its message. */
extern DynException throttle_exception(const Throttle *throttle);
extern const char *throttle_message(const Throttle *throttle);

/*
 * Raises ProvisionedThroughputExceededException, ThrottlingException or RequestLimitExceeded, whose DETAIL has ThrottlingReasons
 * (throttlingReasons of the second).
 */
extern _Noreturn void throttle_raise(const Throttle *throttle);

#endif							/* DYNAPG_THROTTLE_H */
