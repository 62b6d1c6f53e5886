/*
 * bulk_load.c
 *		Many items at once.
 *
 * The fast way writes the table by pages, and enters each row into the indexes right after its page, in the order of the primary key: the
 * rightmost leaf of a new index is found without a descent.  Whether an older row is under the key the primary key tells as the new
 * one is entered; nobody else writes, so that is deleted then.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/hio.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplesort.h"

#include "base/compat.h"
#include "base/error.h"
#include "storage/am.h"
#include "storage/backend.h"
#include "storage/bulk_load.h"
#include "storage/layout.h"

/* Rows that are written at once. */
#define BATCH_ROWS	1000
#define BATCH_BYTES	(256 * 1024)

struct BulkLoad
{
	StorageTable *table;
	bool		direct;
	Layout		layout;
	Tuplesortstate *sort;
	TupleTableSlot *added;		/* a row on its way into the sort */
	TupleTableSlot *sorted;		/* and out of it */
	int64		order;			/* of the last item added */
	MemoryContext scratch;		/* of an item, or of a batch */
	BulkLoadCount count;

	/* the last key that was put */
	bool		has_last;
	pg_uuid_t	last_hash;
	int			last_len;
	char		last_sort[SORT_KEY_MAX_SIZE];

	/* the fast way */
	BulkInsertState bulk;
	TupleTableSlot *row;		/* to be formed */
	TupleTableSlot **rows;		/* of a batch */
	int			n_rows;
	Size		bytes;
};

/* Whether an index but the primary key's may refuse a row, and so wants older ones to go first. */
static bool
has_other_constraints(Relation relation)
{
	ListCell   *cell;
	bool		found = false;

	foreach(cell, RelationGetIndexList(relation))
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		const FormData_pg_index *row = index->rd_index;

		found |= (row->indisunique || row->indisexclusion) && !layout_guards_key(index->rd_indextuple);
		index_close(index, AccessShareLock);
	}
	return found;
}

/* Whether pages may be written: nobody wants to know of each item. */
static bool
is_direct(const StorageTable *table)
{
	const TableInfo *info = table->info;

	for (int i = 0; i < info->n_indexes; i++)
		if (info->indexes[i].kept)
			return false;
	return table->direct && !info->is_logged && am_is_heap(table->relation) && !has_other_constraints(table->relation);
}

/* What is sorted: the columns of an item table, and the order in which rows of one key count. */
#define SORTED_ORDER	(LAYOUT_COLUMNS + 1)

static TupleDesc
sorted_columns(void)
{
	TupleDesc	columns = CreateTemplateTupleDesc(SORTED_ORDER);

	TupleDescInitEntry(columns, LAYOUT_HASH, "hash", UUIDOID, -1, 0);
	TupleDescInitEntry(columns, LAYOUT_SORT, "sort", BYTEAOID, -1, 0);
	TupleDescInitEntry(columns, LAYOUT_ITEM, "item", JSONBOID, -1, 0);
	TupleDescInitEntry(columns, SORTED_ORDER, "order", INT8OID, -1, 0);
	return columns;
}

BulkLoad *
bulk_load_begin(const TableInfo *info)
{
	BulkLoad   *load = (BulkLoad *) palloc0(sizeof(BulkLoad));
	const TableInfo *locked = catalog_lock_found_table(info, ShareRowExclusiveLock);
	TupleDesc	columns = sorted_columns();

	if (locked == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found");
	load->table = storage_open(locked, STORAGE_PUT, false, GetUserId());
	load->direct = is_direct(load->table);
	load->layout = *layout_of(load->table->relation);
	load->scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg bulk load", ALLOCSET_DEFAULT_SIZES);
	load->sort = layout_begin_sort(columns, 3, (AttrNumber[]) {LAYOUT_HASH, LAYOUT_SORT, SORTED_ORDER});
	load->added = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);
	load->sorted = MakeSingleTupleTableSlot(columns, &TTSOpsMinimalTuple);
	return load;
}

/* Puts a row into a slot; further columns are null.  item: 0 is null, too. */
static void
store_row(TupleTableSlot *slot, Datum hash, Datum sort, Datum item)
{
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	slot->tts_values[LAYOUT_HASH - 1] = hash;
	slot->tts_values[LAYOUT_SORT - 1] = sort;
	slot->tts_values[LAYOUT_ITEM - 1] = item;
	slot->tts_isnull[LAYOUT_HASH - 1] = slot->tts_isnull[LAYOUT_SORT - 1] = false;
	slot->tts_isnull[LAYOUT_ITEM - 1] = item == (Datum) 0;
	ExecStoreVirtualTuple(slot);
}

void
bulk_load_add_row(BulkLoad *load, Datum hash, Datum sort, Datum item, int64 order)
{
	store_row(load->added, hash, sort, item);
	load->added->tts_values[SORTED_ORDER - 1] = Int64GetDatum(order);
	load->added->tts_isnull[SORTED_ORDER - 1] = false;
	tuplesort_puttupleslot(load->sort, load->added);
	ExecClearTuple(load->added);
}

void
bulk_load_add(BulkLoad *load, Datum item)
{
	MemoryContext caller = MemoryContextSwitchTo(load->scratch);
	pg_uuid_t	hash;
	bytea	   *sort;

	layout_check_item(&load->layout, DatumGetJsonbP(item), &hash, &sort);
	bulk_load_add_row(load, UUIDPGetDatum(&hash), PointerGetDatum(sort), item, --load->order);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(load->scratch);
}

/* Whether a sorted row has the key of the last one, which it becomes. */
static bool
repeats_key(BulkLoad *load, const pg_uuid_t *hash, const bytea *sort)
{
	int			len = VARSIZE_ANY_EXHDR(sort);

	if (load->has_last && len == load->last_len && memcmp(hash, &load->last_hash, UUID_LEN) == 0 &&
		memcmp(VARDATA_ANY(sort), load->last_sort, len) == 0)
		return true;
	load->has_last = true;
	load->last_hash = *hash;
	load->last_len = len;
	memcpy(load->last_sort, VARDATA_ANY(sort), len);
	return false;
}

/* The next item to put, in load->sorted until the next call; false if there are no more.  In the context of a batch. */
static bool
next_item(BulkLoad *load)
{
	while (tuplesort_gettupleslot(load->sort, true, false, load->sorted, NULL))
	{
		TupleTableSlot *sorted = load->sorted;

		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(sorted);
		if (!repeats_key(load, DatumGetUUIDP(sorted->tts_values[LAYOUT_HASH - 1]), DatumGetByteaPP(sorted->tts_values[LAYOUT_SORT - 1])) &&
			!sorted->tts_isnull[LAYOUT_ITEM - 1])
			return true;
	}
	return false;
}

/* ------------------------------------------------------------------------------------------------------------
 * By pages
 * ------------------------------------------------------------------------------------------------------------ */

/* Deletes the row that was there under the key of a new one before. */
static void
delete_older(BulkLoad *load, TupleTableSlot *row)
{
	StorageTable *table = load->table;
	bool		isnull;
	const pg_uuid_t *hash = DatumGetUUIDP(slot_getattr(row, LAYOUT_HASH, &isnull));
	bytea	   *sort = DatumGetByteaPP(slot_getattr(row, LAYOUT_SORT, &isnull));
	ScanKeyData keys[2];
	IndexScanDesc scan;

	layout_scan_keys(keys, hash, BTEqualStrategyNumber, sort);
	scan = compat_index_beginscan(table->relation, table->key_index, SnapshotSelf, 2);
	index_rescan(scan, keys, 2, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, table->slot))
	{
		TM_FailureData failure;

		if (ItemPointerEquals(&table->slot->tts_tid, &row->tts_tid))
			continue;
		CheckCmdReplicaIdentity(table->relation, CMD_DELETE);
		if (am_heap_routine()->tuple_delete(table->relation, &table->slot->tts_tid, GetCurrentCommandId(true), SnapshotSelf,
											InvalidSnapshot, true, &failure, false) != TM_Ok)
			elog(ERROR, "somebody else has written to table \"%s\" while it was loaded",
				 RelationGetRelationName(table->relation));
		load->count.replaced++;
	}
	index_endscan(scan);
	ExecClearTuple(table->slot);
}

/* Writes the batch, and gives its memory back, in which this is called. */
static void
write_batch(BulkLoad *load)
{
	StorageTable *table = load->table;

	if (load->n_rows > 0)
		am_heap_routine()->multi_insert(table->relation, load->rows, load->n_rows, GetCurrentCommandId(true),
										TABLE_INSERT_SKIP_FSM, load->bulk);
	for (int i = 0; i < load->n_rows; i++)
	{
		TupleTableSlot *row = load->rows[i];
		bool		conflict = false;

		list_free(compat_insert_index_tuples(table->result_relation, row, table->estate, false, true, &conflict,
											 table->arbiters, false));
		if (conflict)
			delete_older(load, row);
		ResetPerTupleExprContext(table->estate);
		ExecClearTuple(row);
	}
	load->count.items += load->n_rows;
	load->n_rows = 0;
	load->bytes = 0;
	MemoryContextReset(load->scratch);
}

/* Adds the item in load->sorted to the batch. */
static void
add_to_batch(BulkLoad *load)
{
	const Datum *values = load->sorted->tts_values;
	HeapTuple	tuple;

	store_row(load->row, values[LAYOUT_HASH - 1], values[LAYOUT_SORT - 1], values[LAYOUT_ITEM - 1]);
	tuple = ExecCopySlotHeapTuple(load->row);
	ExecStoreHeapTuple(tuple, load->rows[load->n_rows++], false);
	load->bytes += tuple->t_len;
}

static void
put_pages(BulkLoad *load)
{
	TupleDesc	columns = RelationGetDescr(load->table->relation);
	MemoryContext caller = CurrentMemoryContext;

	direct_prepare_index_entries(load->table);
	load->bulk = GetBulkInsertState();
	load->row = MakeSingleTupleTableSlot(columns, &TTSOpsVirtual);
	load->rows = (TupleTableSlot **) palloc(BATCH_ROWS * sizeof(TupleTableSlot *));
	for (int i = 0; i < BATCH_ROWS; i++)
		load->rows[i] = MakeSingleTupleTableSlot(columns, &TTSOpsHeapTuple);
	MemoryContextSwitchTo(load->scratch);
	while (next_item(load))
	{
		add_to_batch(load);
		if (load->n_rows == BATCH_ROWS || load->bytes > BATCH_BYTES)
			write_batch(load);
	}
	write_batch(load);
	MemoryContextSwitchTo(caller);
	for (int i = 0; i < BATCH_ROWS; i++)
		ExecDropSingleTupleTableSlot(load->rows[i]);
	ExecDropSingleTupleTableSlot(load->row);
	FreeBulkInsertState(load->bulk);
	table_finish_bulk_insert(load->table->relation, TABLE_INSERT_SKIP_FSM);
}

/* ------------------------------------------------------------------------------------------------------------
 * Item by item
 * ------------------------------------------------------------------------------------------------------------ */

/* A WriteDecision. */
static WriteAction
decide_put(Jsonb *old, Jsonb **item, void *argument)
{
	*item = (Jsonb *) argument;
	return WRITE_PUT;
}

static void
put_item(BulkLoad *load, StorageTable *table, Jsonb *item)
{
	StorageKey	key;
	JsonbValue	map;
	WriteResult result;

	attr_from_item(item, &map);
	storage_key_of_item(&key, table->info, &map);
	storage_write(table, &key, decide_put, item, &result);
	load->count.items++;
	load->count.replaced += result.old != NULL;
}

static Oid	written;			/* the relation that put_items() is at */

bool
bulk_load_writes(Oid relation)
{
	return written == relation;
}

/* Puts a batch, for which the table is opened anew, so that all memory can be given back; false if there are no more items. */
static bool
put_batch(BulkLoad *load)
{
	MemoryContext caller = MemoryContextSwitchTo(load->scratch);
	StorageTable *table = storage_open(load->table->info, STORAGE_PUT, false, load->table->user);
	bool		more = true;
	Size		bytes = 0;

	for (int i = 0; i < BATCH_ROWS && bytes < BATCH_BYTES && (more = next_item(load)); i++)
	{
		Jsonb	   *item = DatumGetJsonbP(load->sorted->tts_values[LAYOUT_ITEM - 1]);

		put_item(load, table, item);
		bytes += VARSIZE(item);
	}
	storage_close(table);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(load->scratch);
	return more;
}

static void
put_items(BulkLoad *load)
{
	written = RelationGetRelid(load->table->relation);
	PG_TRY();
	{
		while (put_batch(load));
	}
	PG_FINALLY();
	{
		written = InvalidOid;
	}
	PG_END_TRY();
}

void
bulk_load_end(BulkLoad *load, BulkLoadCount *count)
{
	tuplesort_performsort(load->sort);
	if (load->direct)
		put_pages(load);
	else
		put_items(load);
	tuplesort_end(load->sort);
	ExecDropSingleTupleTableSlot(load->added);
	ExecDropSingleTupleTableSlot(load->sorted);
	storage_close(load->table);
	if (count != NULL)
		*count = load->count;
	MemoryContextDelete(load->scratch);
	pfree(load);
}
