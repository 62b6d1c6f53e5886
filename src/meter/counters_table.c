/*
 * counters_table.c
 *		The table in which metrics are counted.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "meter/counters_table.h"
#include "meter/meter.h"

#define CACHED 256				/* entries that a process knows; a power of 2 */
#define LEAVE_PART 8			/* one in so many entries is left at once */
#define LEFT_MS 1000			/* until it is somebody else's */
#define REFUSED_MS 100			/* until a process asks again for what was not to be had */
#define UNWRITTEN_MS (10 * 60 * 1000)	/* the same where the keeper should have written it and has not */

CounterTable *counter_table;

const CounterInfo counter_measures[COUNTER_MEASURES] = {
	[MEASURE_CONSUMED_READ] = {"ConsumedReadCapacityUnits", "Count", 1e6},
	[MEASURE_CONSUMED_WRITE] = {"ConsumedWriteCapacityUnits", "Count", 1e6},
	[MEASURE_LATENCY] = {"SuccessfulRequestLatency", "Milliseconds", 1e3},
	[MEASURE_RETURNED_ITEMS] = {"ReturnedItemCount", "Count", 1},
	[MEASURE_RETURNED_RECORDS] = {"ReturnedRecordsCount", "Count", 1},
	[MEASURE_RETURNED_BYTES] = {"ReturnedBytes", "Bytes", 1},
};

const CounterInfo counter_counts[COUNTER_COUNTS] = {
	[COUNT_SYSTEM_ERRORS] = {"SystemErrors", "Count", 1},
	[COUNT_USER_ERRORS] = {"UserErrors", "Count", 1},
	[COUNT_THROTTLED_REQUESTS] = {"ThrottledRequests", "Count", 1},
	[COUNT_CONDITIONAL_CHECK_FAILED] = {"ConditionalCheckFailedRequests", "Count", 1},
	[COUNT_TRANSACTION_CONFLICT] = {"TransactionConflict", "Count", 1},
	[COUNT_EXPIRED_ITEMS] = {"TimeToLiveDeletedItemCount", "Count", 1},
	[COUNT_READ_THROTTLES] = {"ReadThrottleEvents", "Count", 1},
	[COUNT_WRITE_THROTTLES] = {"WriteThrottleEvents", "Count", 1},
	[COUNT_READ_LIMITS] = {"ReadProvisionedThroughputThrottleEvents", "Count", 1},
	[COUNT_READ_LIMITS + 1] = {"ReadAccountLimitThrottleEvents", "Count", 1},
	[COUNT_READ_LIMITS + 2] = {"ReadKeyRangeThroughputThrottleEvents", "Count", 1},
	[COUNT_READ_LIMITS + 3] = {"ReadMaxOnDemandThroughputThrottleEvents", "Count", 1},
	[COUNT_WRITE_LIMITS] = {"WriteProvisionedThroughputThrottleEvents", "Count", 1},
	[COUNT_WRITE_LIMITS + 1] = {"WriteAccountLimitThrottleEvents", "Count", 1},
	[COUNT_WRITE_LIMITS + 2] = {"WriteKeyRangeThroughputThrottleEvents", "Count", 1},
	[COUNT_WRITE_LIMITS + 3] = {"WriteMaxOnDemandThroughputThrottleEvents", "Count", 1},
};

/* 62.5 * 2^(n / 2) */
const double latency_bounds[LATENCY_CLASSES - 1] = {
	62.5, 88.388347648318447, 125, 176.77669529663689, 250, 353.55339059327378, 500, 707.10678118654755, 1000, 1414.2135623730951,
	2000, 2828.4271247461902, 4000, 5656.8542494923804, 8000, 11313.708498984761, 16000, 22627.416997969522, 32000, 45254.833995939043,
	64000, 90509.667991878087, 128000, 181019.33598375617, 256000, 362038.67196751235, 512000, 724077.34393502469, 1024000,
	1448154.6878700494, 2048000
};

/* An entry that this process has found, good as long as it has this generation; or that there was none to be had (NULL), good for a while. */
typedef struct Cached
{
	CounterKey	key;
	CounterEntry *entry;
	uint32		generation;
	TimestampTz retry_at;
} Cached;

static Cached cache[CACHED];

Size
counter_table_size(void)
{
	return offsetof(CounterTable, entries) + mul_size(dynapg_metrics_entries, sizeof(CounterEntry));
}

void
counter_table_init(void)
{
	bool		found;

	counter_table = (CounterTable *) ShmemInitStruct("dynapg metrics", counter_table_size(), &found);
	if (!found)
	{
		MemSet(counter_table, 0, counter_table_size());
		counter_table->tranche = LWLockNewTrancheId();
		LWLockInitialize(&counter_table->lock, counter_table->tranche);
	}
	LWLockRegisterTranche(counter_table->tranche, "dynapg metrics");
	if (found)
		return;
	counter_table->size = dynapg_metrics_entries;
	pg_atomic_init_u64(&counter_table->lost, 0);
	for (int i = 0; i < counter_table->size; i++)
		pg_atomic_init_u32(&counter_table->entries[i].generation, 1);
}

/* ------------------------------------------------------------------------------------------------------------
 * Finding entries
 * ------------------------------------------------------------------------------------------------------------ */

bool
counter_has_news(CounterEntry *entry)
{
	for (int i = 0; i < COUNTER_MEASURES; i++)
		if (pg_atomic_read_u64(&entry->measures[i].count) != entry->measures[i].written_count)
			return true;
	for (int i = 0; i < COUNTER_COUNTS; i++)
		if (pg_atomic_read_u64(&entry->counts[i]) != entry->written_counts[i])
			return true;
	return false;
}

/* Whether an entry may become another key's. */
static bool
is_free(CounterEntry *entry, TimestampTz now)
{
	if (entry->state != COUNTER_LEFT)
		return entry->state == COUNTER_FREE;
	if (!TimestampDifferenceExceeds(entry->left_at, now, LEFT_MS))
		return false;
	return !dynapg_metrics_history || !counter_has_news(entry) || TimestampDifferenceExceeds(entry->left_at, now, UNWRITTEN_MS);
}

static int
compare_times(const void *left, const void *right)
{
	TimestampTz a = *(const TimestampTz *) left;
	TimestampTz b = *(const TimestampTz *) right;

	return a < b ? -1 : a > b;
}

/* Leaves the entries that were not used for the longest time. */
static void
leave_oldest(TimestampTz now)
{
	TimestampTz *times = (TimestampTz *) palloc(counter_table->size * sizeof(TimestampTz));
	int			used = 0;
	int			count = counter_table->size / LEAVE_PART;
	TimestampTz limit;

	for (int i = 0; i < counter_table->size; i++)
		if (counter_table->entries[i].state == COUNTER_USED)
			times[used++] = counter_table->entries[i].used_at;
	if (count > 0 && used > count)
	{
		qsort(times, used, sizeof(TimestampTz), compare_times);
		limit = times[count - 1];
		for (int i = 0; i < counter_table->size && count > 0; i++)
		{
			CounterEntry *entry = &counter_table->entries[i];

			if (entry->state != COUNTER_USED || entry->used_at > limit)
				continue;
			entry->state = COUNTER_LEFT;
			entry->left_at = now;
			pg_atomic_fetch_add_u32(&entry->generation, 1);
			count--;
		}
	}
	pfree(times);
}

/* What nobody has found since a second ago begins anew. */
static void
begin_entry(CounterEntry *entry, const CounterKey *key, const CounterNames *names, TimestampTz now)
{
	for (int i = 0; i < COUNTER_MEASURES; i++)
	{
		CounterSum *sum = &entry->measures[i];

		pg_atomic_write_u64(&sum->count, 0);
		pg_atomic_write_u64(&sum->sum, 0);
		pg_atomic_write_u64(&sum->minimum, PG_UINT64_MAX);
		pg_atomic_write_u64(&sum->maximum, 0);
		sum->written_count = sum->written_sum = 0;
	}
	for (int i = 0; i < COUNTER_COUNTS; i++)
	{
		pg_atomic_write_u64(&entry->counts[i], 0);
		entry->written_counts[i] = 0;
	}
	for (int i = 0; i < LATENCY_CLASSES; i++)
	{
		pg_atomic_write_u32(&entry->latencies[i], 0);
		entry->written_latencies[i] = 0;
	}
	entry->key = *key;
	strlcpy(entry->table_name, names->table, sizeof(entry->table_name));
	strlcpy(entry->index_name, names->index, sizeof(entry->index_name));
	memset(&entry->table_id, 0, sizeof(entry->table_id));
	if (names->table_id != NULL)
		entry->table_id = *names->table_id;
	entry->operation_name = names->operation;
	entry->used_at = now;
	entry->written_at = meter_now();
	pg_atomic_fetch_add_u32(&entry->generation, 1);
	entry->state = COUNTER_USED;
}

/* The entry of a key; the lock is held exclusively. */
static CounterEntry *
find_or_make(const CounterKey *key, const CounterNames *names)
{
	TimestampTz now = GetCurrentTimestamp();
	CounterEntry *free_entry = NULL;
	int			used = 0;

	for (int i = 0; i < counter_table->size; i++)
	{
		CounterEntry *entry = &counter_table->entries[i];

		if (entry->state == COUNTER_USED)
		{
			if (memcmp(&entry->key, key, sizeof(CounterKey)) == 0)
				return entry;
			used++;
		}
		else if (free_entry == NULL && is_free(entry, now))
			free_entry = entry;
	}
	if (used >= counter_table->size - counter_table->size / 4)
		leave_oldest(now);
	if (free_entry != NULL)
		begin_entry(free_entry, key, names, now);
	return free_entry;
}

/* The entry of a key, if there is one; the lock is held. */
static CounterEntry *
find(const CounterKey *key)
{
	for (int i = 0; i < counter_table->size; i++)
	{
		CounterEntry *entry = &counter_table->entries[i];

		if (entry->state == COUNTER_USED && memcmp(&entry->key, key, sizeof(CounterKey)) == 0)
			return entry;
	}
	return NULL;
}

/* Under the lock, so that the entry is still the key's. */
static void
remember(Cached *cached, const CounterKey *key, CounterEntry *entry)
{
	cached->key = *key;
	cached->entry = entry;
	if (entry != NULL)
		cached->generation = pg_atomic_read_u32(&entry->generation);
	else
		cached->retry_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), REFUSED_MS);
}

static bool
is_remembered(Cached *cached, const CounterKey *key)
{
	if (memcmp(&cached->key, key, sizeof(CounterKey)) != 0)
		return false;
	if (cached->entry == NULL)
		return GetCurrentTimestamp() < cached->retry_at;
	return pg_atomic_read_u32(&cached->entry->generation) == cached->generation;
}

/* Most of those who look have a connection that is new, and their entries are there: they do not wait for each other. */
static void
look_up(const CounterKey *key, const CounterNames *names, Cached *cached)
{
	CounterEntry *entry;

	LWLockAcquire(&counter_table->lock, LW_SHARED);
	entry = find(key);
	if (entry != NULL)
		remember(cached, key, entry);
	LWLockRelease(&counter_table->lock);
	if (entry != NULL)
		return;
	LWLockAcquire(&counter_table->lock, LW_EXCLUSIVE);
	remember(cached, key, find_or_make(key, names));
	LWLockRelease(&counter_table->lock);
}

CounterEntry *
counter_entry(const CounterKey *key, const CounterNames *names)
{
	uint32		hash = murmurhash32(key->table ^ (key->index * 31) ^ ((uint32) key->operation << 16));
	Cached	   *cached = &cache[hash % CACHED];
	CounterEntry *entry;
	TimestampTz now;

	if (!is_remembered(cached, key))
		look_up(key, names, cached);
	entry = cached->entry;
	if (entry == NULL)
	{
		pg_atomic_fetch_add_u64(&counter_table->lost, 1);
		return NULL;
	}
	/* the clock was read when the statement began, and others read this seldom */
	now = GetCurrentStatementStartTimestamp();
	if (now > entry->used_at + USECS_PER_SEC)
		entry->used_at = now;
	return entry;
}

/* ------------------------------------------------------------------------------------------------------------
 * Adding
 * ------------------------------------------------------------------------------------------------------------ */

void
counter_take_extremes(CounterSum *sum, uint64 value)
{
	uint64		seen = pg_atomic_read_u64(&sum->minimum);

	while (value < seen && !pg_atomic_compare_exchange_u64(&sum->minimum, &seen, value))
		;
	seen = pg_atomic_read_u64(&sum->maximum);
	while (value > seen && !pg_atomic_compare_exchange_u64(&sum->maximum, &seen, value))
		;
}

void
counter_add(CounterEntry *entry, CounterMeasure measure, uint64 value)
{
	CounterSum *sum = &entry->measures[measure];

	counter_take_extremes(sum, value);
	pg_atomic_fetch_add_u64(&sum->sum, value);
	pg_atomic_fetch_add_u64(&sum->count, 1);
}

void
counter_add_latency(CounterEntry *entry, uint64 microseconds)
{
	int			first = 0;
	int			last = LATENCY_CLASSES - 1;

	while (first < last)
	{
		int			middle = (first + last) / 2;

		if (microseconds <= latency_bounds[middle])
			last = middle;
		else
			first = middle + 1;
	}
	pg_atomic_fetch_add_u32(&entry->latencies[first], 1);
	counter_add(entry, MEASURE_LATENCY, microseconds);
}
