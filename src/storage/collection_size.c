/*
 * collection_size.c
 *		The size of an item collection: the items of a partition key, and their entries in local indexes.
 *
 * Counting is a walk over the keys' index entries; sizes are those of a sample of the items, which gets sparser as it
 * grows.  What was estimated is remembered by the process for a minute, with what it has written since.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "storage/backend.h"
#include "storage/layout.h"

#define SAMPLE_SIZE		64		/* when so many items were measured, only every second one of the rest is, and so on */
#define ESTIMATE_MS		60000	/* how long an estimate is good */
#define MAX_ESTIMATES	1024	/* that a process remembers */

typedef struct EstimateKey
{
	Oid			relation;
	pg_uuid_t	hash;
} EstimateKey;

typedef struct Estimate
{
	EstimateKey key;			/* hash key; first */
	int64		bytes;
	TimestampTz made_at;
} Estimate;

static HTAB *estimates;

/* The bytes of the items with a hash, of an item table or an index table. */
static int64
measure(Relation relation, Relation key_index, AttrNumber column, const pg_uuid_t *hash)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg collection", ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	IndexScanDesc scan;
	ScanKeyData key;
	int64		count = 0;
	int64		measured = 0;
	int64		bytes = 0;
	int64		step = 1;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(hash));
	scan = compat_index_beginscan(relation, key_index, GetActiveSnapshot(), 1);
	index_rescan(scan, &key, 1, NULL, 0);
	while (index_getnext_tid(scan, ForwardScanDirection) != NULL)
	{
		MemoryContext caller;
		bool		isnull;
		JsonbValue	map;

		CHECK_FOR_INTERRUPTS();
		if (count++ % step != 0 || !index_fetch_heap(scan, slot))
			continue;
		caller = MemoryContextSwitchTo(scratch);
		attr_from_item(DatumGetJsonbP(slot_getattr(slot, column, &isnull)), &map);
		bytes += attr_map_size(&map);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scratch);
		if (++measured % SAMPLE_SIZE == 0)
			step *= 2;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(scratch);
	return measured == 0 ? 0 : (int64) ((double) bytes / measured * count);
}

/* The entries in a local index have the hash of their items' partition key: it is the same attribute. */
static int64
measure_collection(StorageTable *table, const pg_uuid_t *hash)
{
	Relation	key_index = index_open(compat_primary_key(table->relation), AccessShareLock);
	int64		bytes;

	PushActiveSnapshot(GetTransactionSnapshot());
	bytes = measure(table->relation, key_index, LAYOUT_ITEM, hash);
	for (int i = 0; i < table->info->n_indexes; i++)
	{
		const TableIndex *index = &table->info->indexes[i];
		IndexTarget *target = index->global || !index_is_kept(index) ? NULL : index_target_open(index, AccessShareLock);

		if (target == NULL)
			continue;
		bytes += measure(target->relation, target->key_index, INDEX_ITEM(index), hash);
		index_target_close(target);
	}
	PopActiveSnapshot();
	index_close(key_index, NoLock);
	return bytes;
}

/* Starts remembering anew when there is too much. */
static void
prepare_estimates(void)
{
	HASHCTL		control = {.keysize = sizeof(EstimateKey), .entrysize = sizeof(Estimate), .hcxt = TopMemoryContext};

	if (estimates != NULL && hash_get_num_entries(estimates) < MAX_ESTIMATES)
		return;
	if (estimates != NULL)
		hash_destroy(estimates);
	estimates = hash_create("dynapg collection sizes", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

int64
storage_collection_size(StorageTable *table, const StorageKey *key, int64 growth)
{
	EstimateKey estimate_key;
	TimestampTz now = GetCurrentTimestamp();
	Estimate   *estimate;
	bool		found;

	memset(&estimate_key, 0, sizeof(estimate_key));
	estimate_key.relation = RelationGetRelid(table->relation);
	estimate_key.hash = key->hash;
	prepare_estimates();
	estimate = (Estimate *) hash_search(estimates, &estimate_key, HASH_FIND, NULL);
	if (estimate == NULL || TimestampDifferenceExceeds(estimate->made_at, now, ESTIMATE_MS))
	{
		int64		bytes = measure_collection(table, &key->hash);

		estimate = (Estimate *) hash_search(estimates, &estimate_key, HASH_ENTER, &found);
		estimate->bytes = bytes;
		estimate->made_at = now;
	}
	estimate->bytes = Max(estimate->bytes + growth, 0);
	return estimate->bytes;
}
