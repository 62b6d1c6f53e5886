/*
 * table_size.c
 *		ItemCount and TableSizeBytes.
 *
 * The service updates these figures about every six hours; ours are never that old.  A small table is counted; a large one is
 * estimated by PostgreSQL's own statistics, with the size of an item taken from blocks spread over the table.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "storage/index_write.h"
#include "storage/layout.h"
#include "storage/storage.h"

#define COUNTED_BLOCKS	256		/* tables up to here are counted */
#define SAMPLE_RANGES	16		/* of larger ones, this many ranges are read */
#define RANGE_BLOCKS	4

/* Counts the items in a range of blocks and adds up their sizes; they are in the column given. */
static void
count_blocks(Relation relation, AttrNumber column, BlockNumber first, BlockNumber blocks, int64 *items, int64 *bytes)
{
	Snapshot	snapshot = GetActiveSnapshot();
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	TableScanDesc scan = table_beginscan_strat(relation, snapshot, 0, NULL, true, false);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg table size", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);

	heap_setscanlimits(scan, first, blocks);
	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		JsonbValue	map;

		CHECK_FOR_INTERRUPTS();
		attr_from_item(DatumGetJsonbP(slot_getattr(slot, column, &isnull)), &map);
		*bytes += attr_map_size(&map);
		*items += 1;
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* Rows that PostgreSQL believes to be alive; -1 if it knows nothing. */
static double
estimated_items(Relation relation)
{
	PgStat_StatTabEntry *entry = pgstat_fetch_stat_tabentry(RelationGetRelid(relation));

	if (entry != NULL && compat_live_tuples(entry) > 0)
		return (double) compat_live_tuples(entry);
	return relation->rd_rel->reltuples;
}

static void
size_of_relation(Oid oid, AttrNumber column, int64 *items, int64 *bytes)
{
	Relation	relation = try_table_open(oid, AccessShareLock);
	BlockNumber blocks;

	*items = *bytes = 0;
	if (relation == NULL)
		return;
	if (layout_is_absent(relation))
	{
		table_close(relation, AccessShareLock);
		return;
	}
	blocks = RelationGetNumberOfBlocks(relation);
	PushActiveSnapshot(GetTransactionSnapshot());
	if (blocks <= COUNTED_BLOCKS)
	{
		if (blocks > 0)
			count_blocks(relation, column, 0, blocks, items, bytes);
	}
	else
	{
		double		estimate = estimated_items(relation);

		for (int i = 0; i < SAMPLE_RANGES; i++)
			count_blocks(relation, column, (BlockNumber) ((uint64) blocks * i / SAMPLE_RANGES), RANGE_BLOCKS, items, bytes);
		if (estimate <= 0)
			estimate = (double) *items * blocks / (SAMPLE_RANGES * RANGE_BLOCKS);
		*bytes = *items > 0 ? (int64) ((double) *bytes / *items * estimate) : 0;
		*items = (int64) estimate;
	}
	PopActiveSnapshot();
	table_close(relation, AccessShareLock);
}

void
storage_table_size(Oid relation, int64 *items, int64 *bytes)
{
	size_of_relation(relation, LAYOUT_ITEM, items, bytes);
}

void
storage_index_size(const TableIndex *index, int64 *items, int64 *bytes)
{
	size_of_relation(index->relation, INDEX_ITEM(index), items, bytes);
}
