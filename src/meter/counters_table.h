/*
 * counters_table.h
 *		Where metrics are counted: a table in shared memory, of fixed size, an entry for each (database, table, index, operation).
 *
 * Who counts finds its entry in a cache of its own and adds to it by atomic operations: no lock is taken and nothing is waited for.  Only who does not have the
 * entry yet takes the table's lock, for as long as it takes to look through the keys.
 *
 * When three quarters of the entries are used, those that have not been used for the longest time are left: their generation changes, so that nobody finds them
 * any more, and who comes again gets another one.  A second later, when whoever had looked at the generation before has long added what he had to, they are free
 * for others; where there is a history, not before the keeper has written what is in them.  Of a process that was stopped between the look and the addition for
 * longer than that, one request may be counted for another table.
 *
 * Sums never fall while an entry is used.  What the keeper has written of them is noted beside them, by the keeper alone.
 */
#ifndef DYNAPG_COUNTERS_TABLE_H
#define DYNAPG_COUNTERS_TABLE_H

#include "datatype/timestamp.h"
#include "port/atomics.h"
#include "storage/lwlock.h"
#include "utils/uuid.h"

#include "base/limits.h"

/* What is counted with sum, smallest and largest of a minute; and what is but counted. */
typedef enum CounterMeasure
{
	MEASURE_CONSUMED_READ,		/* in millionths of a unit */
	MEASURE_CONSUMED_WRITE,
	MEASURE_LATENCY,			/* microseconds, of requests that ended well */
	MEASURE_RETURNED_ITEMS,
	MEASURE_RETURNED_RECORDS,
	MEASURE_RETURNED_BYTES,
	COUNTER_MEASURES
} CounterMeasure;

typedef enum CounterCount
{
	COUNT_SYSTEM_ERRORS,
	COUNT_USER_ERRORS,
	COUNT_THROTTLED_REQUESTS,
	COUNT_CONDITIONAL_CHECK_FAILED,
	COUNT_TRANSACTION_CONFLICT,
	COUNT_EXPIRED_ITEMS,
	COUNT_READ_THROTTLES,
	COUNT_WRITE_THROTTLES,
	COUNT_READ_LIMITS,			/* the first of METER_LIMITS, in the order of MeterLimit */
	COUNT_WRITE_LIMITS = COUNT_READ_LIMITS + 4,
	COUNTER_COUNTS = COUNT_WRITE_LIMITS + 4
} CounterCount;

/* CloudWatch's name of each, its unit, and how many of what is counted are one of it. */
typedef struct CounterInfo
{
	const char *name;
	const char *unit;
	double		one;
} CounterInfo;

extern const CounterInfo counter_measures[COUNTER_MEASURES];
extern const CounterInfo counter_counts[COUNTER_COUNTS];

/*
 * Latencies are counted in classes, too: the first one goes up to 62.5 microseconds, each of the others up to the square root of 2 times the one before, and the
 * last one has no end.
 */
#define LATENCY_CLASSES 32
extern const double latency_bounds[LATENCY_CLASSES - 1];	/* microseconds */

/* What a measure has come to. */
typedef struct CounterSum
{
	pg_atomic_uint64 count;
	pg_atomic_uint64 sum;
	pg_atomic_uint64 minimum;	/* of the minute; PG_UINT64_MAX: there was none */
	pg_atomic_uint64 maximum;
	uint64		written_count;	/* the keeper's */
	uint64		written_sum;
} CounterSum;

typedef struct CounterKey
{
	Oid			database;
	Oid			table;			/* the item table; InvalidOid: the account's, which is the database */
	Oid			index;			/* the global index's table; for GetRecords the number of the stream */
	int32		operation;		/* -1: of the table or index itself */
} CounterKey;

typedef enum CounterState
{
	COUNTER_FREE,
	COUNTER_USED,
	COUNTER_LEFT				/* nobody finds it any more */
} CounterState;

typedef struct CounterEntry
{
	pg_atomic_uint32 generation;	/* another one for each use of the entry, and when it is left */

	/* under the table's lock */
	CounterState state;
	CounterKey	key;
	TimestampTz left_at;
	char		table_name[TABLE_NAME_MAX_SIZE + 1];
	pg_uuid_t	table_id;
	char		index_name[TABLE_NAME_MAX_SIZE + 1];	/* for GetRecords: the stream's label */
	const char *operation_name; /* a constant of the library's, which is preloaded: it is at the same place in all processes */

	TimestampTz used_at;		/* about: whoever counts writes it, and nobody minds who wins */
	TimestampTz written_at;		/* the keeper's, by meter_now(): when it was looked at last; at first when it came */
	CounterSum	measures[COUNTER_MEASURES];
	pg_atomic_uint64 counts[COUNTER_COUNTS];
	uint64		written_counts[COUNTER_COUNTS];
	pg_atomic_uint32 latencies[LATENCY_CLASSES];
	uint32		written_latencies[LATENCY_CLASSES];
} CounterEntry;

typedef struct CounterTable
{
	LWLock		lock;			/* shared to find an entry, exclusive to make one or to leave some */
	int			tranche;
	int			size;
	pg_atomic_uint64 lost;		/* what found no entry */
	CounterEntry entries[FLEXIBLE_ARRAY_MEMBER];
} CounterTable;

/* NULL: the library was not preloaded. */
extern CounterTable *counter_table;

extern Size counter_table_size(void);
extern void counter_table_init(void);

/* What an entry is made with, if there is none yet. */
typedef struct CounterNames
{
	const char *table;			/* "" for the account */
	const pg_uuid_t *table_id;	/* NULL for the account */
	const char *index;			/* "" for none */
	const char *operation;
} CounterNames;

/*
 * The entry of a key, made if need be; NULL: there is none free, which is noted.  To be added to at once, and not to be kept.  Called by any
 * process; takes the table's lock only if the process has not had the entry before, or has not been refused it just before.
 */
extern CounterEntry *counter_entry(const CounterKey *key, const CounterNames *names);

extern void counter_add(CounterEntry *entry, CounterMeasure measure, uint64 value);
extern void counter_add_latency(CounterEntry *entry, uint64 microseconds);
#define counter_count(entry, what) ((void) pg_atomic_fetch_add_u64(&(entry)->counts[what], 1))

/* The extremes of a minute take a value in; for who adds, and for who gives back what it has taken away and not written. */
extern void counter_take_extremes(CounterSum *sum, uint64 value);

/* Whether anything was counted in an entry that the keeper has not written. */
extern bool counter_has_news(CounterEntry *entry);

#endif							/* DYNAPG_COUNTERS_TABLE_H */
