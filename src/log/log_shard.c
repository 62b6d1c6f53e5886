/*
 * log_shard.c
 *		The generations of a stream's shards, and the shards of each.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "common/hashfn.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "log/log_segment.h"
#include "log/log_shard.h"

/* The columns of dynapg.log_shards. */
#define SHARDS_LOG			1	/* int4 */
#define SHARDS_GENERATION	2	/* int4 */
#define SHARDS_CREATED_AT	3	/* timestamptz */
#define SHARDS_FIRST_SEQ	4	/* int8 */
#define SHARDS_SHARDS		5	/* int4 */
#define SHARDS_COLUMNS		5

typedef struct Generation
{
	int			number;
	TimestampTz created_at;
	int64		first_seq;
	int64		last_seq;
	int			shards;
} Generation;

static Generation *
append_generation(List **generations, int number, TimestampTz created_at, int64 first_seq, int shards)
{
	Generation *generation = (Generation *) palloc(sizeof(Generation));

	*generation = (Generation) {number, created_at, first_seq, PG_INT64_MAX, shards};
	*generations = lappend(*generations, generation);
	return generation;
}

/* Oldest first. */
static List *
read_generations(const TableLog *log)
{
	Oid			schema = get_namespace_oid("dynapg", false);
	Relation	catalog = table_open(get_relname_relid("log_shards", schema), AccessShareLock);
	Relation	index = index_open(get_relname_relid("log_shards_pkey", schema), AccessShareLock);
	List	   *generations = NIL;
	Generation *last = append_generation(&generations, 0, log->created_at, log->first_seq, log->shards);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, SHARDS_LOG, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(log->id));
	scan = systable_beginscan_ordered(catalog, index, NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		Datum		values[SHARDS_COLUMNS];
		bool		nulls[SHARDS_COLUMNS];

		heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
		last->last_seq = DatumGetInt64(values[SHARDS_FIRST_SEQ - 1]);
		last = append_generation(&generations, DatumGetInt32(values[SHARDS_GENERATION - 1]),
								 DatumGetTimestampTz(values[SHARDS_CREATED_AT - 1]), last->last_seq,
								 DatumGetInt32(values[SHARDS_SHARDS - 1]));
	}
	last->last_seq = log->last_seq;
	systable_endscan_ordered(scan);
	index_close(index, AccessShareLock);
	table_close(catalog, AccessShareLock);
	return generations;
}

/* The first hash of the n-th of so many equal shares; of the one behind the last, no hash is as great. */
static void
share_begins(int number, int shards, pg_uuid_t *hash)
{
	uint64		begin = number == 0 ? 0 : (PG_UINT64_MAX / shards + 1) * (uint64) number;

	memset(hash, 0, sizeof(*hash));
	for (int i = 0; i < 8; i++)
		hash->data[i] = (unsigned char) (begin >> (56 - 8 * i));
}

static void
set_hashes(LogShard *shard, int shards)
{
	share_begins(shard->number, shards, &shard->first);
	memset(&shard->last, 0xFF, sizeof(shard->last));
	if (shard->number + 1 < shards)
	{
		/* the hash before the next share's first */
		share_begins(shard->number + 1, shards, &shard->last);
		for (int i = UUID_LEN - 1; i >= 0 && shard->last.data[i]-- == 0; i--)
			;
	}
}

static LogShard *
make_shard(const TableLog *log, const Generation *generation, int number)
{
	LogShard   *shard = (LogShard *) palloc0(sizeof(LogShard));
	int64		millis = (generation->created_at + SECS_PER_DAY * USECS_PER_SEC * (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)) / 1000;
	uint32		distinct[3] = {(uint32) log->id, (uint32) generation->number, (uint32) number};

	shard->generation = generation->number;
	shard->number = number;
	shard->created_at = generation->created_at;
	shard->first_seq = generation->first_seq;
	shard->last_seq = generation->last_seq;
	snprintf(shard->id, sizeof(shard->id), "shardId-%020lld-%08x", (long long) millis,
			 DatumGetUInt32(hash_any((const unsigned char *) distinct, sizeof(distinct))));
	set_hashes(shard, generation->shards);
	return shard;
}

/* The first shard of the generation before that has hashes in common. */
static const char *
find_parent(List *shards, const LogShard *child)
{
	ListCell   *cell;

	foreach(cell, shards)
	{
		const LogShard *shard = (const LogShard *) lfirst(cell);

		if (shard->generation == child->generation - 1 &&
			memcmp(&shard->first, &child->last, UUID_LEN) <= 0 && memcmp(&child->first, &shard->last, UUID_LEN) <= 0)
			return shard->id;
	}
	return NULL;
}

static int
compare_ids(const ListCell *a, const ListCell *b)
{
	return strcmp(((const LogShard *) lfirst(a))->id, ((const LogShard *) lfirst(b))->id);
}

List *
log_shards(const TableLog *log)
{
	List	   *shards = NIL;
	ListCell   *cell;

	if (log->first_seq == PG_INT64_MAX)
		return NIL;
	foreach(cell, read_generations(log))
	{
		const Generation *generation = (const Generation *) lfirst(cell);

		for (int i = 0; i < generation->shards; i++)
			shards = lappend(shards, make_shard(log, generation, i));
	}
	foreach(cell, shards)
	{
		LogShard   *shard = (LogShard *) lfirst(cell);

		shard->parent = find_parent(shards, shard);
	}
	list_sort(shards, compare_ids);
	return shards;
}

int64
log_trim_horizon(const TableLog *log)
{
	List	   *segments = log_segments(log->kind);

	return segments == NIL ? log_last_number() : ((const LogSegment *) linitial(segments))->first_seq;
}
