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
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/owner.h"
#include "base/unix_time.h"
#include "log/log_horizon.h"
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
	int64		millis = unix_microseconds(generation->created_at) / 1000;
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

bool
log_shard_follows(const LogShard *child, const LogShard *parent)
{
	return parent->generation == child->generation - 1 && memcmp(&parent->first, &child->last, UUID_LEN) <= 0 &&
		memcmp(&child->first, &parent->last, UUID_LEN) <= 0;
}

/* The first shard of the generation before that has hashes in common. */
static const char *
find_parent(List *shards, const LogShard *child)
{
	ListCell   *cell;

	foreach(cell, shards)
	{
		const LogShard *shard = (const LogShard *) lfirst(cell);

		if (log_shard_follows(child, shard))
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

int
log_shard_count(const TableLog *log)
{
	return ((const Generation *) llast(read_generations(log)))->shards;
}

/* A generation is made at a later millisecond than the one before: shards are in the order of their ids. */
void
log_begin_generation(const TableLog *log, int shards)
{
	Oid			types[3] = {INT8OID, INT4OID, INT4OID};
	Datum		values[3] = {Int64GetDatum(log_fence(log != NULL ? log->id : LOG_ALL_LOGS))};
	char		nulls[] = "   ";

	if (log != NULL)
		values[1] = Int32GetDatum(log->id);
	else
		nulls[1] = 'n';
	if (shards > 0)
		values[2] = Int32GetDatum(shards);
	else
		nulls[2] = 'n';
	(void) catalog_execute("INSERT INTO dynapg.log_shards (log, generation, created_at, first_seq, shards) "
						   "SELECT id, coalesce(generation, 0) + 1, greatest(date_trunc('milliseconds', clock_timestamp()), "
						   "coalesce(last.created_at, logs.created_at) + interval '1 ms'), $1, "
						   "coalesce($3, last.shards, logs.shards) "
						   "FROM dynapg.logs LEFT JOIN LATERAL (SELECT * FROM dynapg.log_shards WHERE log = id "
						   "ORDER BY generation DESC LIMIT 1) last ON true "
						   "WHERE kind = 'STREAM' AND last_seq IS NULL AND logs.first_seq <= $1 AND coalesce(id = $2, true)",
						   lengthof(types), types, values, nulls);
}

int64
log_trim_horizon(const TableLog *log)
{
	List	   *segments = log_segments(log->kind);
	int64		retention = log_retention(log->kind);
	TimestampTz now = GetCurrentTimestamp();
	int64		trim;
	ListCell   *cell;

	if (segments == NIL)
		return log_last_number();
	trim = ((const LogSegment *) linitial(segments))->first_seq;
	foreach(cell, segments)
	{
		const LogSegment *segment = (const LogSegment *) lfirst(cell);

		trim = Max(trim, log_segment_is_over(segment, retention, now) ? segment->closed_seq : segment->trim_seq);
	}
	return trim;
}
