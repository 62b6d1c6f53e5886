/*
 * index_write.c
 *		Changes of index tables, through the table and index access methods.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplesort.h"

#include "base/compat.h"
#include "log/log_keeper.h"
#include "storage/index_guard.h"
#include "storage/index_write.h"
#include "storage/layout.h"

/*
 * Opens what a writer has to keep beside the primary key: as a rule nothing but what REINDEX CONCURRENTLY makes, or has replaced.  It
 * waits for those who have locked the table before there was such an index.
 */
static void
open_others(IndexTarget *target, LOCKMODE lockmode)
{
	List	   *indexes = RelationGetIndexList(target->relation);
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	other;

		if (lfirst_oid(cell) == RelationGetRelid(target->key_index))
			continue;
		other = index_open(lfirst_oid(cell), lockmode);
		if (!index_guard_keeps(target->relation, other))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("index table \"%s\" is not what dynapg made it", RelationGetRelationName(target->relation)),
					 errdetail("It has an index \"%s\", which dynapg does not keep.", RelationGetRelationName(other)),
					 errhint("Drop that index.")));
		if (other->rd_index->indisready)
			target->others = lappend(target->others, other);
		else
			index_close(other, NoLock);
	}
	list_free(indexes);
}

/* Enters the tuple in new_slot there. */
static void
insert_into_others(IndexTarget *target)
{
	ListCell   *cell;

	foreach(cell, target->others)
	{
		Relation	other = (Relation) lfirst(cell);
		IndexInfo  *info = BuildIndexInfo(other);
		Datum		values[INDEX_MAX_KEYS];
		bool		isnull[INDEX_MAX_KEYS];

		FormIndexDatum(info, target->new_slot, NULL, values, isnull);
		(void) index_insert(other, values, isnull, &target->new_slot->tts_tid, target->relation, UNIQUE_CHECK_NO, false, info);
		pfree(info);
	}
}

IndexTarget *
index_target_open(const TableIndex *index, LOCKMODE lockmode)
{
	Relation	relation = try_table_open(index->relation, lockmode);
	Relation	key_index;
	IndexTarget *target;

	if (relation == NULL)
		return NULL;
	key_index = index_guard_open_key(relation, index, lockmode);
	if (key_index == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index table \"%s\" is not what dynapg made it", RelationGetRelationName(relation)),
				 errhint("Build it anew with dynapg.replace_index().")));
	target = (IndexTarget *) palloc0(sizeof(IndexTarget));
	target->index = index;
	target->relation = relation;
	target->key_index = key_index;
	target->key_info = BuildIndexInfo(target->key_index);
	target->old_slot = table_slot_create(relation, NULL);
	target->new_slot = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
	if (lockmode >= RowExclusiveLock)
		open_others(target, lockmode);
	return target;
}

void
index_target_close(IndexTarget *target)
{
	ListCell   *cell;

	ExecDropSingleTupleTableSlot(target->old_slot);
	ExecDropSingleTupleTableSlot(target->new_slot);
	foreach(cell, target->others)
		index_close((Relation) lfirst(cell), NoLock);
	list_free(target->others);
	index_close(target->key_index, NoLock);
	table_close(target->relation, NoLock);
	pfree(target);
}

/* The columns of an entry. */
static void
entry_values(const TableIndex *index, const IndexEntry *entry, const pg_uuid_t *base_hash, bytea *base_sort, Datum *values)
{
	values[INDEX_HASH - 1] = UUIDPGetDatum(&entry->hash);
	for (int i = 0; i < index->n_sort; i++)
		values[INDEX_SORT(i) - 1] = PointerGetDatum(entry->sort[i]);
	values[INDEX_BASE_HASH(index) - 1] = UUIDPGetDatum(base_hash);
	values[INDEX_BASE_SORT(index) - 1] = PointerGetDatum(base_sort);
}

/*
 * Finds the entry of a key, other than `except` (NULL: any), and puts it into target->old_slot.  What this very command wrote gets
 * a command of its own before it is written over.
 */
static bool
find_entry(IndexTarget *target, const Datum *values, ItemPointer except)
{
	int			n_keys = INDEX_ITEM(target->index) - 1;
	ScanKeyData keys[INDEX_MAX_COLUMNS];
	IndexScanDesc scan;
	bool		found = false;

	for (int i = 0; i < n_keys; i++)
	{
		bool		is_uuid = i == 0 || i + 1 == INDEX_BASE_HASH(target->index);

		ScanKeyInit(&keys[i], i + 1, BTEqualStrategyNumber, is_uuid ? F_UUID_EQ : F_BYTEAEQ, values[i]);
	}
	scan = compat_index_beginscan(target->relation, target->key_index, SnapshotSelf, n_keys);
	index_rescan(scan, keys, n_keys, NULL, 0);
	while (!found && index_getnext_slot(scan, ForwardScanDirection, target->old_slot))
		found = except == NULL || !ItemPointerEquals(&target->old_slot->tts_tid, except);
	index_endscan(scan);
	if (found)
	{
		bool		should_free;
		HeapTuple	tuple = ExecFetchSlotHeapTuple(target->old_slot, false, &should_free);

		if (TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data)) &&
			HeapTupleHeaderGetCmin(tuple->t_data) >= GetCurrentCommandId(false))
			CommandCounterIncrement();
		if (should_free)
			heap_freetuple(tuple);
	}
	return found;
}

static void
delete_found(IndexTarget *target)
{
	TM_FailureData failure;
	TM_Result	result = table_tuple_delete(target->relation, &target->old_slot->tts_tid, GetCurrentCommandId(true),
											SnapshotSelf, InvalidSnapshot, true, &failure, false);

	ExecClearTuple(target->old_slot);
	if (result != TM_Ok)
		elog(ERROR, "unexpected result %d of deleting an index entry", result);
}

static TupleTableSlot *
store_entry(IndexTarget *target, const Datum *values, Jsonb *projected)
{
	TupleTableSlot *slot = target->new_slot;
	int			columns = INDEX_ITEM(target->index);

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, (columns - 1) * sizeof(Datum));
	slot->tts_values[columns - 1] = JsonbPGetDatum(projected);
	memset(slot->tts_isnull, false, columns * sizeof(bool));
	slot->tts_tableOid = RelationGetRelid(target->relation);
	return ExecStoreVirtualTuple(slot);
}

/*
 * Inserts an entry.  That there is none yet is found out by the insertion into the primary key, which sees it anyway: an older one
 * goes then.  Returns whether there was none.
 */
static bool
insert_entry(IndexTarget *target, const Datum *values, Jsonb *projected)
{
	TupleTableSlot *slot = store_entry(target, values, projected);
	bool		alone;

	table_tuple_insert(target->relation, slot, GetCurrentCommandId(true), 0, NULL);
	alone = index_insert(target->key_index, slot->tts_values, slot->tts_isnull, &slot->tts_tid, target->relation,
						 UNIQUE_CHECK_PARTIAL, false, target->key_info);
	insert_into_others(target);
	if (!alone && find_entry(target, values, &slot->tts_tid))
	{
		delete_found(target);
		return false;
	}
	return true;
}

static void
update_found(IndexTarget *target, const Datum *values, Jsonb *projected)
{
	TupleTableSlot *slot = store_entry(target, values, projected);
	TM_FailureData failure;
	LockTupleMode lockmode;
	TU_UpdateIndexes update_indexes;
	TM_Result	result = table_tuple_update(target->relation, &target->old_slot->tts_tid, slot,
											GetCurrentCommandId(true), SnapshotSelf, InvalidSnapshot, true,
											&failure, &lockmode, &update_indexes);

	if (result != TM_Ok)
		elog(ERROR, "unexpected result %d of updating an index entry", result);
	if (update_needs_indexes(update_indexes))
	{
		(void) index_insert(target->key_index, slot->tts_values, slot->tts_isnull, &slot->tts_tid, target->relation,
							UNIQUE_CHECK_NO, true, target->key_info);
		insert_into_others(target);
	}
	ExecClearTuple(target->old_slot);
}

static bool
is_found_item(IndexTarget *target, Jsonb *projected)
{
	bool		isnull;
	Jsonb	   *item = DatumGetJsonbP(slot_getattr(target->old_slot, INDEX_ITEM(target->index), &isnull));

	return VARSIZE(item) == VARSIZE(projected) && memcmp(item, projected, VARSIZE(item)) == 0;
}

bool
index_target_ensure(IndexTarget *target, const IndexEntry *entry, const pg_uuid_t *base_hash, bytea *base_sort,
					Jsonb *projected)
{
	Datum		values[INDEX_MAX_COLUMNS];

	entry_values(target->index, entry, base_hash, base_sort, values);
	if (!find_entry(target, values, NULL))
		return insert_entry(target, values, projected);
	if (!is_found_item(target, projected))
		update_found(target, values, projected);
	ExecClearTuple(target->old_slot);
	return false;
}

void
index_target_change(IndexTarget *target, const IndexChange *change, const pg_uuid_t *base_hash, bytea *base_sort)
{
	Datum		values[INDEX_MAX_COLUMNS];

	if (change->action == INDEX_DELETE || change->action == INDEX_MOVE)
	{
		entry_values(target->index, &change->old_entry, base_hash, base_sort, values);
		if (find_entry(target, values, NULL))
			delete_found(target);
	}
	if (change->action == INDEX_DELETE)
		return;
	entry_values(target->index, &change->new_entry, base_hash, base_sort, values);
	if (change->action == INDEX_UPDATE && find_entry(target, values, NULL))
		update_found(target, values, change->new_item);
	else
		(void) insert_entry(target, values, change->new_item);
}

struct IndexLoad
{
	IndexTarget *target;
	struct Tuplesortstate *sort;
};

IndexLoad *
index_load_begin(IndexTarget *target)
{
	IndexLoad  *load = (IndexLoad *) palloc(sizeof(IndexLoad));
	AttrNumber	keys[INDEX_MAX_COLUMNS];

	for (int i = 0; i < INDEX_MAX_COLUMNS; i++)
		keys[i] = i + 1;
	load->target = target;
	load->sort = layout_begin_sort(RelationGetDescr(target->relation), INDEX_ITEM(target->index) - 1, keys);
	return load;
}

void
index_load_add(IndexLoad *load, const IndexChange *change, const pg_uuid_t *base_hash, bytea *base_sort)
{
	Datum		values[INDEX_MAX_COLUMNS];

	entry_values(load->target->index, &change->new_entry, base_hash, base_sort, values);
	tuplesort_puttupleslot(load->sort, store_entry(load->target, values, change->new_item));
	ExecClearTuple(load->target->new_slot);
}

int64
index_load_end(IndexLoad *load)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(load->target->relation), &TTSOpsMinimalTuple);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg index load", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	int64		entries = 0;

	tuplesort_performsort(load->sort);
	while (tuplesort_gettupleslot(load->sort, true, false, slot, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		slot_getallattrs(slot);
		(void) insert_entry(load->target, slot->tts_values, DatumGetJsonbP(slot->tts_values[INDEX_ITEM(load->target->index) - 1]));
		entries++;
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	ExecDropSingleTupleTableSlot(slot);
	tuplesort_end(load->sort);
	pfree(load);
	return entries;
}

IndexTarget *
index_targets_get(IndexTargets *targets, int n)
{
	if (targets->targets == NULL)
		targets->targets = (IndexTarget **) palloc0(targets->table->n_indexes * sizeof(IndexTarget *));
	if (targets->targets[n] == NULL)
	{
		const TableInfo *table;

		targets->targets[n] = index_target_open(&targets->table->indexes[n], RowExclusiveLock);
		if (targets->targets[n] != NULL)
			return targets->targets[n];

		/* a transaction has dropped the index while we waited for its lock */
		if (catalog_index_of_relation(targets->table->indexes[n].relation, &table) != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_TABLE),
					 errmsg("the index table of index \"%s\" of table \"%s\" is gone", targets->table->indexes[n].name,
							targets->table->name)));
	}
	return targets->targets[n];
}

void
index_targets_change(IndexTargets *targets, Jsonb *old, Jsonb *item, const pg_uuid_t *base_hash, bytea *base_sort)
{
	int			n_indexes = targets->table->n_indexes;

	if (n_indexes > 0 && targets->changes == NULL)
		targets->changes = (IndexChange *) palloc(n_indexes * sizeof(IndexChange));
	for (int i = 0; i < n_indexes; i++)
	{
		IndexChange *change = &targets->changes[i];
		IndexTarget *target;

		index_upkeep(targets->table, &targets->table->indexes[i], old, item, change);
		if (change->action == INDEX_KEEP)
			continue;
		if (targets->table->indexes[i].expires && change->action != INDEX_DELETE)
			log_want_sweeper(GetCurrentTimestamp());
		target = index_targets_get(targets, i);
		if (target != NULL)
			index_target_change(target, change, base_hash, base_sort);
	}
}

void
index_targets_close(IndexTargets *targets)
{
	for (int i = 0; targets->targets != NULL && i < targets->table->n_indexes; i++)
		if (targets->targets[i] != NULL)
			index_target_close(targets->targets[i]);
	if (targets->changes != NULL)
		pfree(targets->changes);
	targets->targets = NULL;
	targets->changes = NULL;
}
