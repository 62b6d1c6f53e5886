/*
 * am.c
 *		The table access method dynapg: heap, with checks of our own in front of writes.
 *
 * Storage, WAL, visibility, vacuum and TOAST are heap's own: the routine is heap's with a few callbacks
 * replaced.  Replaced are those that bring tuples in (each item is checked, whatever way it comes) and the two
 * that build indexes (heap's own refuse a relation whose routine is not heap's).  Nothing else may happen here:
 * no catalog is read (pg_restore loads data before it) and no other table written (speculative tuples may die,
 * rewrites would replay).
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/tableam.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "commands/vacuum.h"
#include "fmgr.h"
#include "storage/smgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/uuid.h"

#include "base/compat.h"
#include "base/error.h"
#include "storage/am.h"
#include "storage/layout.h"

PG_FUNCTION_INFO_V1(dynapg_tableam_handler);

static const TableAmRoutine *heap;	/* heap's own routine */
static TableAmRoutine routine;

/* ------------------------------------------------------------------------------------------------------------
 * Checks of tuples on their way in
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * Checks what a tuple says of itself: the item is one that the service could hold, it is not too big, and the
 * key columns are those of the item.  Raises ValidationException.
 */
static void
check_tuple(const Layout *layout, TupleTableSlot *slot)
{
	Datum		item_datum;
	Datum		hash_datum;
	Datum		sort_datum;
	bool		null[LAYOUT_COLUMNS];
	pg_uuid_t	hash;
	bytea	   *sort;

	hash_datum = slot_getattr(slot, LAYOUT_HASH, &null[0]);
	sort_datum = slot_getattr(slot, LAYOUT_SORT, &null[1]);
	item_datum = slot_getattr(slot, LAYOUT_ITEM, &null[2]);
	if (null[0] || null[1] || null[2])
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("columns hash, sort and item of an item table cannot be null")));

	layout_check_item(layout, DatumGetJsonbP(item_datum), &hash, &sort);
	if (!layout_is_same_key(DatumGetUUIDP(hash_datum), DatumGetByteaPP(sort_datum), &hash, sort))
		ereport(ERROR,
				(errcode(ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION),
				 errmsg("columns hash and sort do not belong to the item")));
}

/* Checks the tuples of slots before they go into a relation; what is palloc'd meanwhile is freed. */
static void
check_tuples(Relation relation, TupleTableSlot **slots, int nslots)
{
	Layout		layout = *layout_of(relation);
	MemoryContext scratch;
	MemoryContext caller;

	if (!layout.valid)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not an item table", RelationGetRelationName(relation)),
				 errdetail("A table of access method dynapg has the columns hash, sort and item as "
						   "dynamo_create_table() makes them."),
				 errhint("Create it with dynamo_create_table(), or use another access method.")));

	scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg tuple check", ALLOCSET_DEFAULT_SIZES);
	caller = MemoryContextSwitchTo(scratch);
	for (int i = 0; i < nslots; i++)
	{
		check_tuple(&layout, slots[i]);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

static void
dynapg_tuple_insert(Relation relation, TupleTableSlot *slot, CommandId cid, int options,
					struct BulkInsertStateData *bistate)
{
	check_tuples(relation, &slot, 1);
	heap->tuple_insert(relation, slot, cid, options, bistate);
}

static void
dynapg_tuple_insert_speculative(Relation relation, TupleTableSlot *slot, CommandId cid, int options,
								struct BulkInsertStateData *bistate, uint32 token)
{
	check_tuples(relation, &slot, 1);
	heap->tuple_insert_speculative(relation, slot, cid, options, bistate, token);
}

static void
dynapg_multi_insert(Relation relation, TupleTableSlot **slots, int nslots, CommandId cid, int options,
					struct BulkInsertStateData *bistate)
{
	check_tuples(relation, slots, nslots);
	heap->multi_insert(relation, slots, nslots, cid, options, bistate);
}

static TM_Result
dynapg_tuple_update(Relation relation, ItemPointer otid, TupleTableSlot *slot, CommandId cid,
					Snapshot snapshot, Snapshot crosscheck, bool wait, TM_FailureData *tmfd,
					LockTupleMode *lockmode, TU_UpdateIndexes *update_indexes)
{
	check_tuples(relation, &slot, 1);
	return heap->tuple_update(relation, otid, slot, cid, snapshot, crosscheck, wait, tmfd, lockmode,
							  update_indexes);
}

/* ------------------------------------------------------------------------------------------------------------
 * Index builds
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * A private copy of a relcache entry whose access method is heap, for callbacks of heap's that look.  Not the
 * entry itself with its pointer swapped: a concurrent GRANT rebuilds that in the middle of the build.
 *
 * The copy has its own handle on the files, and takes part in statistics only where the entry already does
 * (pending statistics know one entry each).  It lives in the transaction's memory, since on error the resource
 * owner still drops references to it.
 */
static Relation
borrow_as_heap(Relation relation)
{
	Relation	copy = (Relation) MemoryContextAlloc(CurTransactionContext, sizeof(RelationData));

	memcpy(copy, relation, sizeof(RelationData));
	copy->rd_tableam = heap;
	copy->rd_smgr = NULL;
	if (copy->pgstat_info == NULL)
		copy->pgstat_enabled = false;
	return copy;
}

static double
dynapg_index_build_range_scan(Relation relation, Relation index, struct IndexInfo *index_info,
							  bool allow_sync, bool anyvisible, bool progress,
							  BlockNumber start_blockno, BlockNumber numblocks,
							  IndexBuildCallback callback, void *callback_state, TableScanDesc scan)
{
	Relation	copy = borrow_as_heap(relation);
	volatile double result;

	PG_TRY();
	{
		if (scan != NULL)
		{
			/* a parallel build's scan, which heap will end: hand its reference over to the copy */
			RelationIncrementReferenceCount(copy);
			RelationDecrementReferenceCount(scan->rs_rd);
			scan->rs_rd = copy;
		}
		result = heap->index_build_range_scan(copy, index, index_info, allow_sync, anyvisible, progress,
											  start_blockno, numblocks, callback, callback_state, scan);
	}
	PG_FINALLY();
	{
		RelationCloseSmgr(copy);
	}
	PG_END_TRY();

	return result;
}

static void
dynapg_index_validate_scan(Relation relation, Relation index, struct IndexInfo *index_info,
						   Snapshot snapshot, struct ValidateIndexState *state)
{
	Relation	copy = borrow_as_heap(relation);

	PG_TRY();
	{
		heap->index_validate_scan(copy, index, index_info, snapshot, state);
	}
	PG_FINALLY();
	{
		RelationCloseSmgr(copy);
	}
	PG_END_TRY();
}

/* TOAST tables of item tables are ordinary heap tables. */
static Oid
dynapg_relation_toast_am(Relation relation)
{
	return HEAP_TABLE_AM_OID;
}

/* ------------------------------------------------------------------------------------------------------------
 * The routine
 * ------------------------------------------------------------------------------------------------------------ */

const TableAmRoutine *
am_heap_routine(void)
{
	if (heap == NULL)
		heap = GetHeapamTableAmRoutine();
	return heap;
}

bool
am_is_heap(Relation relation)
{
	return relation->rd_tableam == &routine || relation->rd_tableam == am_heap_routine();
}

/*
 * The access method's handler.  The routine is static, as heap's is: relcache entries keep a pointer to it.
 */
Datum
dynapg_tableam_handler(PG_FUNCTION_ARGS)
{
	if (routine.type != T_TableAmRoutine)
	{
		TableAmRoutine ours = *am_heap_routine();

		ours.tuple_insert = dynapg_tuple_insert;
		ours.tuple_insert_speculative = dynapg_tuple_insert_speculative;
		ours.multi_insert = dynapg_multi_insert;
		ours.tuple_update = dynapg_tuple_update;
		ours.index_build_range_scan = dynapg_index_build_range_scan;
		ours.index_validate_scan = dynapg_index_validate_scan;
		ours.relation_toast_am = dynapg_relation_toast_am;
		routine = ours;
	}
	PG_RETURN_POINTER(&routine);
}
