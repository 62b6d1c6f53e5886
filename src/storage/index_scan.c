/*
 * index_scan.c
 *		Ranges of an index's entries.
 *
 * Entries are read through the primary key of the index table, in its order, on one snapshot with whatever is read of the items.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/error.h"
#include "base/varlena.h"
#include "storage/backend.h"
#include "storage/layout.h"

/* The scan keys of a range. */
typedef struct RangeKeys
{
	ScanKeyData keys[INDEX_MAX_COLUMNS + 3];
	int			n_keys;
	ScanKeyData row[INDEX_MAX_COLUMNS]; /* members of the row that the range begins behind */
	int			n_row;
} RangeKeys;

static void
add_key(RangeKeys *keys, AttrNumber column, StrategyNumber strategy, RegProcedure function, Datum argument)
{
	ScanKeyInit(&keys->keys[keys->n_keys++], column, strategy, function, argument);
}

static void
add_row_member(RangeKeys *keys, AttrNumber column, StrategyNumber strategy, bool is_uuid, Datum argument)
{
	ScanKeyEntryInitialize(&keys->row[keys->n_row++], SK_ROW_MEMBER, column, strategy, InvalidOid, InvalidOid,
						   is_uuid ? F_UUID_CMP : F_BYTEACMP, argument);
}

/* ROW(column, ...) > ROW(the start's), or < if backward, from the first column that is not given exactly. */
static void
add_start(RangeKeys *keys, const TableIndex *index, const StorageIndexRange *range, bool one_partition)
{
	StrategyNumber strategy = range->backward ? BTLessStrategyNumber : BTGreaterStrategyNumber;
	ScanKey		header = &keys->keys[keys->n_keys++];

	if (!one_partition)
		add_row_member(keys, INDEX_HASH, strategy, true, UUIDPGetDatum(&range->start_hash));
	for (int i = range->n_equal; i < index->n_sort; i++)
		add_row_member(keys, INDEX_SORT(i), strategy, false, PointerGetDatum(range->start_sort[i]));
	add_row_member(keys, INDEX_BASE_HASH(index), strategy, true, UUIDPGetDatum(&range->start_item_hash));
	add_row_member(keys, INDEX_BASE_SORT(index), strategy, false, PointerGetDatum(range->start_item_sort));
	keys->row[keys->n_row - 1].sk_flags |= SK_ROW_END;
	layout_row_scan_key(header, keys->row);
}

static void
make_keys(RangeKeys *keys, const TableIndex *index, const StorageIndexRange *range)
{
	bool		one_partition = memcmp(&range->first, &range->last, UUID_LEN) == 0;

	keys->n_keys = keys->n_row = 0;
	if (one_partition)
		add_key(keys, INDEX_HASH, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(&range->first));
	else
	{
		if (!range->has_start)
			add_key(keys, INDEX_HASH, BTGreaterEqualStrategyNumber, F_UUID_GE, UUIDPGetDatum(&range->first));
		add_key(keys, INDEX_HASH, BTLessEqualStrategyNumber, F_UUID_LE, UUIDPGetDatum(&range->last));
	}
	for (int i = 0; i < range->n_equal; i++)
		add_key(keys, INDEX_SORT(i), BTEqualStrategyNumber, F_BYTEAEQ, PointerGetDatum(range->equal[i]));
	if (range->low != NULL)
		add_key(keys, INDEX_SORT(range->n_equal), BTGreaterEqualStrategyNumber, F_BYTEAGE, PointerGetDatum(range->low));
	if (range->high != NULL)
		add_key(keys, INDEX_SORT(range->n_equal), BTLessStrategyNumber, F_BYTEALT, PointerGetDatum(range->high));
	if (range->has_start)
		add_start(keys, index, range, one_partition);
}

/* Whether an index is still to be read, now that its index table is locked: who drops it waits for those who have locked it before. */
static bool
is_still_readable(const StorageTable *table, const TableIndex *index)
{
	const TableInfo *now = catalog_table(table->info->name, strlen(table->info->name));

	if (now == table->info)
		return true;
	for (int i = 0; now != NULL && i < now->n_indexes; i++)
		if (now->indexes[i].relation == index->relation)
			return index_is_readable(&now->indexes[i]);
	return false;
}

StorageScan *
storage_index_scan_begin(StorageTable *table, const TableIndex *index, const StorageIndexRange *range, bool whole_items)
{
	StorageScan *scan = (StorageScan *) palloc0(sizeof(StorageScan));
	RangeKeys  *keys = (RangeKeys *) palloc(sizeof(RangeKeys));

	scan->table = table;
	if (table->asks_executor)
		spi_check_read(table);
	scan->index = index_target_open(index, AccessShareLock);
	if (scan->index == NULL || !is_still_readable(table, index))
		dyn_invalid("The table does not have the specified index: %s", index->name);
	scan->index_range = *range;
	scan->whole_items = whole_items;
	if (IsolationUsesXactSnapshot() && !catalog_index_is_visible(index, GetTransactionSnapshot()))
		storage_raise_conflict();
	PushActiveSnapshot(GetTransactionSnapshot());
	scan->snapshot = GetActiveSnapshot();

	make_keys(keys, index, range);
	scan->index_scan = compat_index_beginscan(scan->index->relation, scan->index->key_index, scan->snapshot, keys->n_keys);
	index_rescan(scan->index_scan, keys->keys, keys->n_keys, NULL, 0);
	return scan;
}

/* Whether an entry is of the partition asked for, and not of another with the same hash. */
static bool
is_of_partition(const StorageScan *scan, Jsonb *entry)
{
	const StorageIndexRange *range = &scan->index_range;
	JsonbValue	map;

	attr_from_item(entry, &map);
	for (int i = 0; i < range->n_hash; i++)
	{
		const KeyAttribute *attribute = &scan->index->index->hash[i];
		JsonbValue	value;
		const char *bytes;
		int			len;

		if (!attr_lookup(&map, attribute->stored, attribute->stored_len, &value) ||
			key_bytes(&value, attribute->type, PARTITION_KEY_MAX_SIZE, &bytes, &len) != KEY_OK ||
			len != range->hash_lens[i] || memcmp(bytes, range->hash_bytes[i], len) != 0)
			return false;
	}
	return true;
}

/* The item of the entry in the slot. */
static Jsonb *
item_of_entry(StorageScan *scan)
{
	TupleTableSlot *slot = scan->index->old_slot;
	const TableIndex *index = scan->index->index;
	bool		isnull;
	pg_uuid_t  *hash = DatumGetUUIDP(slot_getattr(slot, INDEX_BASE_HASH(index), &isnull));
	bytea	   *sort = DatumGetByteaPP(slot_getattr(slot, INDEX_BASE_SORT(index), &isnull));

	return scan->table->direct ? direct_get_at(scan->table, scan->snapshot, hash, sort) :
		spi_get_at(scan->table, hash, sort);
}

Jsonb *
index_scan_next(StorageScan *scan)
{
	ScanDirection direction = scan->index_range.backward ? BackwardScanDirection : ForwardScanDirection;
	bool		wants_item = scan->whole_items || !scan->table->sees_all;

	if (scan->entry != NULL)
		pfree(scan->entry);
	scan->entry = NULL;
	while (index_next_slot(scan->index_scan, direction, scan->index->old_slot))
	{
		bool		isnull;
		Jsonb	   *entry;
		Jsonb	   *item;

		CHECK_FOR_INTERRUPTS();
		entry = DatumGetJsonbPCopy(slot_getattr(scan->index->old_slot, INDEX_ITEM(scan->index->index), &isnull));
		item = is_of_partition(scan, entry) ? (wants_item ? item_of_entry(scan) : entry) : NULL;
		if (item == NULL)
		{
			pfree(entry);
			continue;
		}
		if (!wants_item)
			return entry;
		if (scan->whole_items)
		{
			scan->entry = entry;
			return item;
		}
		pfree(item);
		return entry;
	}
	return NULL;
}

void
index_scan_end(StorageScan *scan)
{
	ExecClearTuple(scan->index->old_slot);
	index_endscan(scan->index_scan);
	index_target_close(scan->index);
}
