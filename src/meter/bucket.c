/*
 * bucket.c
 *		Throttling: what a table, an index and its partitions have left.
 *
 * A bucket's tokens and the time are one number of 64 bits: the moment at which the bucket was, or will be, empty ("zero").  Time fills it;
 * to consume units moves zero on by what they take to flow in; a zero in the future is a debt.  A bucket that is full has its zero
 * so many seconds back as it holds.
 *
 * Concurrency.  Buckets are in a fixed table in shared memory, in sets of a few; who has none takes a free place, or that of the one least
 * used.  Everything is changed by compare-and-swap or is a guess that does not mind being overtaken: there is no lock.  Who loses his
 * place while he pays may pay into another's bucket, once.
 *
 * Partitions are ranges of hashes.  They are there for what is consumed of them only: nothing is stored by them.  A table has 2^n of
 * them to begin with, as its capacity and its size want it; a partition that is hot is split in two, and again, down to one item
 * collection, and where that may be split, to one item.  A partition is found on the way down from the first ones, along
 * those that say they are split.
 */
#include "postgres.h"

#include <time.h>

#include "common/hashfn.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "port/pg_bswap.h"
#include "storage/shmem.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "base/limits.h"
#include "meter/bucket.h"

#define WAYS	8				/* buckets of a set: their keys are in one line of cache */
#define SETS	2048			/* a power of two */

#define SECOND	INT64CONST(1000000000)	/* in nanoseconds */
#define PROVISIONED_BURST	(300 * SECOND)	/* what is not consumed of provisioned capacity is kept for so long */
#define OTHER_BURST	SECOND

#define PARTITION_MAX_DEPTH	40	/* splits on the way to a partition */
#define FIRST_MAX_DEPTH	20		/* partitions that a table begins with: 2^20 at most */
#define HOT_SECONDS	60			/* a partition is hot that gave nearly all it has for so long ... */
#define HOT_TIMES	2			/* ... so many times running: then it is split */
#define HOT_SHARE	0.8
#define PEAK_SECONDS	10		/* a peak is measured over so long */
#define PEAK_MINUTES	30		/* when it has lasted so long, twice as much may come */

typedef struct Bucket
{
	pg_atomic_uint64 zero[2];	/* when it is empty: int64, in nanoseconds of clock() */
	pg_atomic_uint64 rate[2];	/* of a table or index: units a second that zero was made with; 0: none yet */
	pg_atomic_uint64 window[2]; /* what was consumed lately: the window's number (32 bits), half units (32 bits) */
	pg_atomic_uint64 guess[2];	/* of a table or index on demand: its peaks; of a partition: who makes it hot */
	pg_atomic_uint64 hot_until[2];	/* of a table or index: when the last of its partitions will be out of debt */
	pg_atomic_uint32 state;		/* of a table or index: the depth of its first partitions; of a partition: PARTITION_... */
	pg_atomic_uint32 touched;	/* when it was used last, in seconds of clock() */
	char		padding[128 - 10 * 8 - 8];
} Bucket;

/* The state of a partition: how often it was hot running, for reads and for writes, stands in the bytes above. */
#define PARTITION_SPLIT		0x01
#define PARTITION_BY_ITEMS	0x02	/* split between items of a collection */
#define PARTITION_TIMES_SHIFT(access)	(8 + 8 * (access))

typedef struct BucketShared
{
	int64		started;
	pg_atomic_uint64 keys[SETS * WAYS]; /* 0: free */
	Bucket		buckets[SETS * WAYS];
} BucketShared;

bool		dynapg_throttling;

static int	clock_offset;		/* dynapg.meter_clock_offset */
static BucketShared *shared;

/* ------------------------------------------------------------------------------------------------------------
 * Settings, memory and time
 * ------------------------------------------------------------------------------------------------------------ */

/* Who switches it on where it cannot work is told so. */
static bool
check_throttling(bool *value, void **extra, GucSource source)
{
	if (*value && !process_shared_preload_libraries_in_progress && !meter_is_there() &&
		(source == PGC_S_SESSION || source == PGC_S_TEST || source == PGC_S_FILE))
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("\"dynapg.throttling\" throttles nothing on this server"),
				 errhint("Add dynapg to \"shared_preload_libraries\" and restart the server.")));
	return true;
}

void
bucket_init(void)
{
	DefineCustomBoolVariable("dynapg.throttling",
							 "Whether requests beyond a table's capacity are refused.",
							 NULL,
							 &dynapg_throttling,
							 false,
							 PGC_SUSET, 0,
							 check_throttling, NULL, NULL);
	DefineCustomIntVariable("dynapg.meter_clock_offset",
							"How far the clock of capacity, metrics and scaling is ahead, for tests.",
							NULL,
							&clock_offset,
							0, 0, INT_MAX,
							PGC_SUSET, GUC_UNIT_S,
							NULL, NULL, NULL);
}

Size
bucket_shared_size(void)
{
	return sizeof(BucketShared);
}

/* One that costs next to nothing is precise enough: it is behind by some milliseconds, which no debt and no window minds. */
#ifdef CLOCK_MONOTONIC_COARSE
#define CLOCK	CLOCK_MONOTONIC_COARSE
#else
#define CLOCK	CLOCK_MONOTONIC
#endif

/* Nanoseconds that no change of the server's time touches; the same in all processes. */
static int64
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK, &now);
	return now.tv_sec * SECOND + now.tv_nsec + clock_offset * SECOND;
}

static inline uint32
seconds_of(int64 now)
{
	return now / SECOND;
}

TimestampTz
meter_now(void)
{
	return GetCurrentTimestamp() + clock_offset * USECS_PER_SEC;
}

void
bucket_init_shared(void)
{
	bool		found;

	shared = (BucketShared *) ShmemInitStruct("dynapg buckets", sizeof(BucketShared), &found);
	if (found)
		return;
	memset(shared, 0, sizeof(BucketShared));
	shared->started = clock_now();
	for (int i = 0; i < SETS * WAYS; i++)
	{
		Bucket	   *bucket = &shared->buckets[i];

		pg_atomic_init_u64(&shared->keys[i], 0);
		for (int access = 0; access < 2; access++)
		{
			pg_atomic_init_u64(&bucket->zero[access], 0);
			pg_atomic_init_u64(&bucket->rate[access], 0);
			pg_atomic_init_u64(&bucket->window[access], 0);
			pg_atomic_init_u64(&bucket->guess[access], 0);
			pg_atomic_init_u64(&bucket->hot_until[access], 0);
		}
		pg_atomic_init_u32(&bucket->state, 0);
		pg_atomic_init_u32(&bucket->touched, 0);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * The table of buckets
 * ------------------------------------------------------------------------------------------------------------ */

/* Spreads a number over all 64 bits, one to one. */
static inline uint64
scramble(uint64 number)
{
	number += UINT64CONST(0x9E3779B97F4A7C15);
	number = (number ^ (number >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	number = (number ^ (number >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return number ^ (number >> 31);
}

/* A key made of another one; never 0. */
static inline uint64
mix(uint64 key, uint64 more)
{
	return scramble(key ^ scramble(more)) | 1;
}

static inline bool
is_in_debt(const Bucket *bucket, int access, int64 now)
{
	return (int64) pg_atomic_read_u64(unconstify(pg_atomic_uint64 *, &bucket->zero[access])) > now;
}

/* The place of a set that is given up: a free one, or the one least used; of those that are in debt only if all are. */
static int
place_to_take(int first, int64 now)
{
	int			best = first;
	int64		best_used = PG_INT64_MAX;

	for (int i = first; i < first + WAYS; i++)
	{
		Bucket	   *bucket = &shared->buckets[i];
		int64		used = pg_atomic_read_u32(&bucket->touched);

		if (pg_atomic_read_u64(&shared->keys[i]) == 0)
			return i;
		if (is_in_debt(bucket, METER_READ, now) || is_in_debt(bucket, METER_WRITE, now))
			used += (int64) 1 << 32;
		if (used < best_used)
		{
			best = i;
			best_used = used;
		}
	}
	return best;
}

/* Makes a bucket that of something that has not been used for so long. */
static void
begin_bucket(Bucket *bucket, int64 now, int64 idle)
{
	for (int access = 0; access < 2; access++)
	{
		pg_atomic_write_u64(&bucket->zero[access], (uint64) (now - idle));
		pg_atomic_write_u64(&bucket->rate[access], 0);
		pg_atomic_write_u64(&bucket->window[access], 0);
		pg_atomic_write_u64(&bucket->guess[access], 0);
		pg_atomic_write_u64(&bucket->hot_until[access], 0);
	}
	pg_atomic_write_u32(&bucket->state, 0);
	pg_atomic_write_u32(&bucket->touched, seconds_of(now));
}

static Bucket *
find_bucket(uint64 key)
{
	int			first = (key >> 32) % SETS * WAYS;

	for (int i = first; i < first + WAYS; i++)
		if (pg_atomic_read_u64(&shared->keys[i]) == key)
			return &shared->buckets[i];
	return NULL;
}

/* Whether a bucket that was found before is still that of its key. */
static inline bool
has_key(const Bucket *bucket, uint64 key)
{
	return pg_atomic_read_u64(&shared->keys[bucket - shared->buckets]) == key;
}

/* The bucket of a key; makes it if there is none.  idle: for how long what it is of was not used, at most. */
static Bucket *
have_bucket(uint64 key, int64 now, int64 idle)
{
	Bucket	   *bucket;

	while ((bucket = find_bucket(key)) == NULL)
	{
		int			place = place_to_take((key >> 32) % SETS * WAYS, now);
		uint64		taken = pg_atomic_read_u64(&shared->keys[place]);

		if (taken == key || !pg_atomic_compare_exchange_u64(&shared->keys[place], &taken, key))
			continue;
		begin_bucket(&shared->buckets[place], now, idle);

		/* somebody else may have made it meanwhile: the first place of the set is the one that is found */
		bucket = find_bucket(key);
		if (bucket != NULL && bucket != &shared->buckets[place])
			pg_atomic_compare_exchange_u64(&shared->keys[place], &key, 0);
		if (bucket != NULL)
			break;
	}
	return bucket;
}

/* Notes that a bucket is used. */
static inline void
touch(Bucket *bucket, int64 now)
{
	uint32		second = seconds_of(now);

	if (pg_atomic_read_u32(&bucket->touched) != second)
		pg_atomic_write_u32(&bucket->touched, second);
}

/* ------------------------------------------------------------------------------------------------------------
 * One bucket
 * ------------------------------------------------------------------------------------------------------------ */

/* Moves zero on by what units take to flow in.  burst: how much the bucket holds, as a time.  Returns the new zero. */
static int64
pay(pg_atomic_uint64 *zero, int64 now, double units, int64 rate, int64 burst)
{
	int64		time = (int64) (units * SECOND / rate);
	uint64		old = pg_atomic_read_u64(zero);
	int64		new;

	do
		new = Max((int64) old, now - burst) + time;
	while (!pg_atomic_compare_exchange_u64(zero, &old, (uint64) new));
	return new;
}

/* Has the tokens, or the debt, of a bucket stay the same number of units when its rate changes. */
static void
have_rate(Bucket *bucket, int access, int64 now, int64 rate, int64 burst)
{
	uint64		before = pg_atomic_read_u64(&bucket->rate[access]);
	uint64		old;
	int64		tokens;

	if (before == (uint64) rate || !pg_atomic_compare_exchange_u64(&bucket->rate[access], &before, rate) || before == 0)
		return;
	old = pg_atomic_read_u64(&bucket->zero[access]);
	do
		tokens = Min(now - (int64) old, burst);
	while (!pg_atomic_compare_exchange_u64(&bucket->zero[access], &old,
										   (uint64) (now - (int64) ((double) tokens * before / rate))));
}

/* Adds to a window.  True if another one ended: *ended gets what was consumed in it, *follows whether that was just before. */
static bool
note_window(pg_atomic_uint64 *window, uint32 number, uint32 half_units, uint32 *ended, bool *follows)
{
	uint64		old = pg_atomic_read_u64(window);
	bool		is_new;
	uint64		new;

	do
	{
		is_new = (uint32) (old >> 32) != number;
		new = is_new ? ((uint64) number << 32) | half_units : old + Min(half_units, PG_UINT32_MAX - (uint32) old);
	} while (!pg_atomic_compare_exchange_u64(window, &old, new));
	*ended = (uint32) old;
	*follows = (uint32) (old >> 32) + 1 == number;
	return is_new;
}

/* ------------------------------------------------------------------------------------------------------------
 * Tables and indexes
 * ------------------------------------------------------------------------------------------------------------ */

/* The peaks of what is on demand: the minute at which they were counted last (20 bits), the settled and the latest one (22 bits each). */
#define PEAK_MAX	((1 << 22) - 1)
#define PEAKS_MINUTE(peaks)		((uint32) ((peaks) >> 44))
#define PEAKS_SETTLED(peaks)	((int64) ((peaks) >> 22) & PEAK_MAX)
#define PEAKS_LATEST(peaks)		((int64) (peaks) & PEAK_MAX)
#define PEAKS(minute, settled, latest)	(((uint64) ((minute) & 0xFFFFF) << 44) | ((uint64) (settled) << 22) | (uint64) (latest))

/* Counts a peak, in units a second. */
static void
note_peak(pg_atomic_uint64 *word, int64 now, int64 peak)
{
	uint32		minute = seconds_of(now) / 60;
	uint64		old = pg_atomic_read_u64(word);
	uint64		new;

	peak = Min(peak, PEAK_MAX);
	do
	{
		if (old == 0)
			new = PEAKS(minute, 0, peak);
		else if (((minute - PEAKS_MINUTE(old)) & 0xFFFFF) >= PEAK_MINUTES)
			new = PEAKS(minute, Max(PEAKS_SETTLED(old), PEAKS_LATEST(old)), peak);
		else
			new = PEAKS(PEAKS_MINUTE(old), PEAKS_SETTLED(old), Max(PEAKS_LATEST(old), peak));
	} while (!pg_atomic_compare_exchange_u64(word, &old, new));
}

/* The peak before the last half hour. */
static int64
settled_peak(pg_atomic_uint64 *word, int64 now)
{
	uint64		peaks = pg_atomic_read_u64(word);
	uint32		minute = seconds_of(now) / 60;

	if (peaks != 0 && ((minute - PEAKS_MINUTE(peaks)) & 0xFFFFF) >= PEAK_MINUTES)
		return Max(PEAKS_SETTLED(peaks), PEAKS_LATEST(peaks));
	return PEAKS_SETTLED(peaks);
}

/* What a table or an index may give. */
typedef struct Allowance
{
	int64		rate;
	int64		burst;
	MeterLimit	limit;
} Allowance;

/* What on demand would be given at once, whatever the limits. */
static int64
scaled_rate(const MeterRates *rates, Bucket *bucket, int access, int64 now)
{
	return Max(rates->warm[access], 2 * settled_peak(&bucket->guess[access], now));
}

static inline Allowance
find_allowance(const MeterRates *rates, Bucket *bucket, int access, int64 now)
{
	Allowance	allowance;

	if (!rates->on_demand)
		return (Allowance) {Max(rates->units[access], 1), PROVISIONED_BURST, METER_PROVISIONED};
	allowance = (Allowance) {scaled_rate(rates, bucket, access, now), OTHER_BURST, METER_KEY_RANGE};
	if (allowance.rate >= TABLE_MAX_UNITS)
	{
		allowance.rate = TABLE_MAX_UNITS;
		allowance.limit = METER_ACCOUNT;
	}
	if (rates->ceilings[access] > 0 && rates->ceilings[access] <= allowance.rate)
	{
		allowance.rate = rates->ceilings[access];
		allowance.limit = METER_CEILING;
	}
	return allowance;
}

/* The buckets that this process has used last: guesses, to be believed while they have their keys. */
#define KNOWN	16

typedef struct KnownBucket
{
	Oid			relation;		/* InvalidOid: none */
	uint64		key;
	Bucket	   *bucket;
} KnownBucket;

static KnownBucket known_buckets[KNOWN];

/* Not inlined: it is seldom called. */
static pg_noinline void
know_bucket(KnownBucket *known, Oid relation, const TableInfo *table, int64 now)
{
	int64		idle = Min(Min(now - shared->started, PROVISIONED_BURST), Max(meter_now() - table->created_at, 0) * 1000);

	known->relation = relation;
	known->key = mix(((uint64) MyDatabaseId << 32) | relation, 0);
	known->bucket = have_bucket(known->key, now, Max(idle, OTHER_BURST));
}

/* The bucket that a use is about: of the table, its local indexes included, or of a global index; and its key. */
static inline Bucket *
bucket_of(const MeterUse *use, int64 now, uint64 *key)
{
	Oid			relation = use->index != NULL ? use->index->relation : use->table->relation;
	KnownBucket *known = &known_buckets[relation % KNOWN];

	if (known->relation != relation || !has_key(known->bucket, known->key))
		know_bucket(known, relation, use->table, now);
	touch(known->bucket, now);
	*key = known->key;
	return known->bucket;
}

/* ------------------------------------------------------------------------------------------------------------
 * Partitions
 * ------------------------------------------------------------------------------------------------------------ */

static const int64 partition_units[2] = {PARTITION_READ_UNITS, PARTITION_WRITE_UNITS};

/* How many times something is halved until there are so many partitions. */
static int
depth_of(double partitions)
{
	int			depth = 0;

	while (depth < FIRST_MAX_DEPTH && (1 << depth) < partitions)
		depth++;
	return depth;
}

int
bucket_first_depth(const MeterRates *rates)
{
	double		reads = (double) Max(rates->warm[METER_READ], rates->units[METER_READ]) / PARTITION_READ_UNITS;
	double		writes = (double) Max(rates->warm[METER_WRITE], rates->units[METER_WRITE]) / PARTITION_WRITE_UNITS;

	return depth_of(Max(rates->on_demand ? Max(reads, writes) : reads + writes, rates->partitions));
}

/* Partitions that a table or an index once had stay.  Returns how many times it is halved to begin with. */
static inline int
have_depth(Bucket *bucket, uint32 depth)
{
	uint32		known = pg_atomic_read_u32(&bucket->state);

	while (known < depth && !pg_atomic_compare_exchange_u32(&bucket->state, &known, depth))
		;
	return Max(known, depth);
}

/* The same for the peaks of what is on demand, which are what they are for seconds. */
static pg_noinline void
have_depth_of_peaks(Bucket *bucket, int64 now)
{
	double		reads = (double) 2 * settled_peak(&bucket->guess[METER_READ], now) / PARTITION_READ_UNITS;
	double		writes = (double) 2 * settled_peak(&bucket->guess[METER_WRITE], now) / PARTITION_WRITE_UNITS;

	(void) have_depth(bucket, depth_of(Max(reads, writes)));
}

/* A partition on the way down. */
typedef struct Partition
{
	uint64		key;
	bool		by_items;		/* within an item collection */
	uint32		who;			/* whom to take for what makes it hot: a part of the hash, or of the item's number */
	Bucket	   *bucket;			/* NULL: it has none */
} Partition;

/* The first bytes of a use's hash. */
static inline uint64
hash_of(const MeterUse *use)
{
	uint64		hash;

	memcpy(&hash, use->hash->data, sizeof(hash));
	return pg_ntoh64(hash);
}

/* A number of a use's item within its collection, evenly spread. */
static uint64
item_number(const MeterUse *use, int64 now)
{
	uint64		number;

	if (use->sort == NULL)
		return scramble(now);
	number = hash_bytes_extended((const unsigned char *) VARDATA_ANY(use->sort), VARSIZE_ANY_EXHDR(use->sort), 0);
	return use->base != NULL ? hash_bytes_extended(use->base->data, UUID_LEN, number) : number;
}

/* The partition that a use is about, beginning with those that are there from the start. */
static pg_attribute_always_inline Partition
find_partition(const MeterUse *use, uint64 key, int depth, int64 now)
{
	uint64		hash = hash_of(use);
	uint64		item = 0;
	int			item_depth = 0;
	Partition	partition = {
		.key = mix(key, ((uint64) (depth + 1) << 32) | (depth > 0 ? hash >> (64 - depth) : 0)), .who = (uint32) hash
	};

	for (;;)
	{
		uint32		state;
		bool		bit;

		partition.bucket = find_bucket(partition.key);
		if (partition.bucket == NULL || depth + item_depth == PARTITION_MAX_DEPTH)
			break;
		state = pg_atomic_read_u32(&partition.bucket->state);
		if (!(state & PARTITION_SPLIT))
			break;
		if ((state & PARTITION_BY_ITEMS) && !partition.by_items)
		{
			partition.by_items = true;
			item = item_number(use, now);
		}
		bit = partition.by_items ? (item >> (63 - item_depth++)) & 1 : (hash >> (63 - depth++)) & 1;
		partition.key = mix(partition.key, bit);
	}
	if (partition.by_items)
		partition.who = (uint32) item;
	return partition;
}

/*
 * Who most of a partition's traffic is of: a candidate (32 bits) and by how many half units it is ahead of all others together (32 bits),
 * which is right of who has more than half.
 */
static void
note_candidate(pg_atomic_uint64 *word, uint32 who, uint32 half_units)
{
	uint64		old = pg_atomic_read_u64(word);
	uint32		ahead = (uint32) old;
	uint32		candidate = (uint32) (old >> 32);

	if (candidate == who)
		ahead += Min(half_units, PG_UINT32_MAX - ahead);
	else if (ahead >= half_units)
		ahead -= half_units;
	else
	{
		candidate = who;
		ahead = half_units - ahead;
	}
	pg_atomic_write_u64(word, ((uint64) candidate << 32) | ahead);
}

/*
 * How a partition that is hot is to be split.  A collection that is nearly all of it is split itself, if that may be; what is all of it and cannot
 * be split stays what it is; else the range is halved, which takes a hot collection away from the others.
 */
static uint32
how_to_split(const Partition *partition, const MeterRates *rates, uint32 half_units, uint32 ahead)
{
	if (!partition->by_items && rates->splits_collections && ahead >= 0.8 * half_units)
		return PARTITION_SPLIT | PARTITION_BY_ITEMS;
	return ahead >= 0.98 * half_units ? 0 : PARTITION_SPLIT;
}

/* A window of a partition has ended. */
static void
note_heat(Bucket *bucket, const Partition *partition, const MeterUse *use, uint32 half_units, bool follows, uint32 ahead)
{
	int			access = use->is_write;
	int			shift = PARTITION_TIMES_SHIFT(access);
	bool		is_hot = half_units >= 2 * HOT_SHARE * HOT_SECONDS * partition_units[access];
	uint32		old = pg_atomic_read_u32(&bucket->state);
	uint32		new;

	do
	{
		uint32		times = follows ? (old >> shift) & 0xFF : 0;

		times = is_hot ? times + 1 : 0;
		new = (old & ~((uint32) 0xFF << shift)) | (Min(times, HOT_TIMES) << shift);
		if (times >= HOT_TIMES)
			new |= how_to_split(partition, use->rates, half_units, ahead);
	} while (!pg_atomic_compare_exchange_u32(&bucket->state, &old, new));
}

/* Pays for what was consumed of a partition; returns when it will be out of debt. */
static int64
pay_partition(const MeterUse *use, const Partition *partition, int64 now)
{
	int			access = use->is_write;
	Bucket	   *bucket = partition->bucket != NULL ? partition->bucket : have_bucket(partition->key, now, OTHER_BURST);
	uint32		half_units = (uint32) (use->units * 2);
	uint32		ahead = (uint32) pg_atomic_read_u64(&bucket->guess[access]);
	uint32		ended;
	bool		follows;

	touch(bucket, now);
	if (note_window(&bucket->window[access], seconds_of(now) / HOT_SECONDS, half_units, &ended, &follows))
	{
		note_heat(bucket, partition, use, ended, follows, ahead);
		pg_atomic_write_u64(&bucket->guess[access], 0);
	}
	note_candidate(&bucket->guess[access], partition->who, half_units);
	return pay(&bucket->zero[access], now, use->units, partition_units[access], OTHER_BURST);
}

/* Whether a partition of a table or an index may be in debt: while none is, nobody need ask which one it is. */
static inline bool
has_hot_partition(Bucket *bucket, int access, int64 now)
{
	return (int64) pg_atomic_read_u64(&bucket->hot_until[access]) > now;
}

/* One will be out of debt at zero. */
static inline void
note_hot_until(pg_atomic_uint64 *word, int64 now, int64 zero)
{
	uint64		old = pg_atomic_read_u64(word);

	while (zero > now && zero > (int64) old && !pg_atomic_compare_exchange_u64(word, &old, (uint64) zero))
		;
}

/* ------------------------------------------------------------------------------------------------------------
 * Asking and paying
 * ------------------------------------------------------------------------------------------------------------ */

bool
bucket_refuses(const MeterUse *use, MeterLimit *limit)
{
	int64		now = clock_now();
	int			access = use->is_write;
	uint64		key;
	Bucket	   *bucket = bucket_of(use, now, &key);
	Partition	partition;

	if (is_in_debt(bucket, access, now))
	{
		Allowance	allowance = find_allowance(use->rates, bucket, access, now);

		/* at another rate it may be out of it already; what is in no debt is in none at any rate */
		have_rate(bucket, access, now, allowance.rate, allowance.burst);
		*limit = allowance.limit;
		if (is_in_debt(bucket, access, now))
			return true;
	}
	if (use->hash == NULL || !has_hot_partition(bucket, access, now))
		return false;
	partition = find_partition(use, key, have_depth(bucket, use->rates->first_depth), now);
	*limit = METER_KEY_RANGE;
	return partition.bucket != NULL && is_in_debt(partition.bucket, access, now);
}

void
bucket_charge(const MeterUse *use)
{
	int64		now = clock_now();
	int			access = use->is_write;
	uint64		key;
	Bucket	   *bucket = bucket_of(use, now, &key);
	Allowance	allowance = find_allowance(use->rates, bucket, access, now);
	uint32		ended;
	bool		follows;
	Partition	partition;

	have_rate(bucket, access, now, allowance.rate, allowance.burst);
	(void) pay(&bucket->zero[access], now, use->units, allowance.rate, allowance.burst);
	if (use->rates->on_demand &&
		note_window(&bucket->window[access], seconds_of(now) / PEAK_SECONDS, (uint32) (use->units * 2), &ended, &follows))
	{
		note_peak(&bucket->guess[access], now, ended / (2 * PEAK_SECONDS));
		have_depth_of_peaks(bucket, now);
	}
	if (use->hash == NULL)
		return;
	partition = find_partition(use, key, have_depth(bucket, use->rates->first_depth), now);
	note_hot_until(&bucket->hot_until[access], now, pay_partition(use, &partition, now));
}

bool
bucket_has_hot_partition(const MeterUse *use)
{
	int64		now = clock_now();
	uint64		key;

	return has_hot_partition(bucket_of(use, now, &key), METER_WRITE, now);
}
