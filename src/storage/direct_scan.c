/*
 * direct_scan.c
 *		Ranges of items through the primary key's index, without the executor.
 *
 * A range that begins in the middle of a partition and goes on over others is read in two index scans: the rest of that
 * partition, then the partitions after it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"

#include "base/compat.h"
#include "base/varlena.h"
#include "storage/backend.h"
#include "storage/layout.h"

/* Starts the index scan over one partition's part of the range. */
static void
scan_partition(StorageScan *scan)
{
	ScanKeyData keys[3];
	int			nkeys = 2;

	layout_scan_keys(keys, &scan->range.first, BTGreaterEqualStrategyNumber, scan->range.low);
	if (scan->range.high != NULL)
		ScanKeyInit(&keys[nkeys++], LAYOUT_SORT, BTLessStrategyNumber, F_BYTEALT, PointerGetDatum(scan->range.high));
	scan->index_scan = compat_index_beginscan(scan->table->relation, scan->table->key_index, scan->snapshot, nkeys);
	index_rescan(scan->index_scan, keys, nkeys, NULL, 0);
}

/* Starts the index scan over partitions: from the first of the range, or from the one after it. */
static void
scan_partitions(StorageScan *scan, bool after_first)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], LAYOUT_HASH, after_first ? BTGreaterStrategyNumber : BTGreaterEqualStrategyNumber,
				after_first ? F_UUID_GT : F_UUID_GE, UUIDPGetDatum(&scan->range.first));
	ScanKeyInit(&keys[1], LAYOUT_HASH, BTLessEqualStrategyNumber, F_UUID_LE, UUIDPGetDatum(&scan->range.last));
	scan->index_scan = compat_index_beginscan(scan->table->relation, scan->table->key_index, scan->snapshot, 2);
	index_rescan(scan->index_scan, keys, 2, NULL, 0);
}

void
direct_scan_begin(StorageScan *scan)
{
	if (scan->range.high != NULL)
		scan_partition(scan);
	else if (VARSIZE_ANY_EXHDR(scan->range.low) == 0)
		scan_partitions(scan, false);
	else
	{
		scan->in_first_partition = true;
		scan_partition(scan);
	}
}

Jsonb *
direct_scan_next(StorageScan *scan)
{
	ScanDirection direction = scan->range.backward ? BackwardScanDirection : ForwardScanDirection;
	MemoryContext caller;

	CHECK_FOR_INTERRUPTS();
	for (;;)
	{
		if (index_next_slot(scan->index_scan, direction, scan->table->slot))
		{
			bool		isnull;

			return DatumGetJsonbPCopy(slot_getattr(scan->table->slot, LAYOUT_ITEM, &isnull));
		}
		if (!scan->in_first_partition)
			return NULL;
		scan->in_first_partition = false;
		index_endscan(scan->index_scan);
		caller = MemoryContextSwitchTo(GetMemoryChunkContext(scan));
		scan_partitions(scan, true);
		MemoryContextSwitchTo(caller);
	}
}

void
direct_scan_end(StorageScan *scan)
{
	ExecClearTuple(scan->table->slot);
	index_endscan(scan->index_scan);
}
