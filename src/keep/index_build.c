/*
 * index_build.c
 *		Building and dropping indexes online.  The protocol is in index_build.h.
 *
 * Whatever a table job has done is committed batch by batch with how far it has got, so it may die at any moment.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "base/varlena.h"
#include "catalog/restores.h"
#include "catalog/imports.h"
#include "keep/index_build.h"
#include "keep/step.h"
#include "keep/table_job.h"
#include "log/log_keeper.h"
#include "storage/index_write.h"
#include "storage/layout.h"
#include "storage/storage.h"

/* A batch ends after so many items, or so many milliseconds: its rows are locked as long. */
#define BATCH_ITEMS		1000
#define BATCH_MS		100

/* ------------------------------------------------------------------------------------------------------------
 * Reading the table
 * ------------------------------------------------------------------------------------------------------------ */

/* The state of a batch. */
typedef struct Batch
{
	const TableInfo *table;
	const TableIndex *index;
	IndexTarget *target;
	IndexLoad  *load;			/* nobody else writes: entries are sorted before they are inserted; NULL: they do */
	Relation	relation;
	bool		lock_items;
	TupleTableSlot *found;		/* the version that the snapshot sees */
	TupleTableSlot *locked;		/* the latest version */
	pg_uuid_t	hash;			/* key of the last item read; sort has room for any */
	bytea	   *sort;
	bool		has_position;
	int64		items;
	int64		entries;
} Batch;

/* Starts the scan over the items behind the batch's position. */
static IndexScanDesc
begin_scan(Batch *batch, Relation key_index, ScanKey keys, ScanKey row)
{
	IndexScanDesc scan;
	int			n_keys = 0;

	if (batch->has_position)
	{
		pg_uuid_t  *hash = (pg_uuid_t *) palloc(sizeof(pg_uuid_t));

		/* copies: the position moves while the scan goes on */
		*hash = batch->hash;
		ScanKeyEntryInitialize(&row[0], SK_ROW_MEMBER, LAYOUT_HASH, BTGreaterStrategyNumber, InvalidOid, InvalidOid,
							   F_UUID_CMP, UUIDPGetDatum(hash));
		ScanKeyEntryInitialize(&row[1], SK_ROW_MEMBER | SK_ROW_END, LAYOUT_SORT, BTGreaterStrategyNumber, InvalidOid,
							   InvalidOid, F_BYTEACMP, PointerGetDatum(storage_sort_bytes(VARDATA(batch->sort),
																						  VARSIZE_ANY_EXHDR(batch->sort))));
		layout_row_scan_key(&keys[0], row);
		n_keys = 1;
	}
	scan = compat_index_beginscan(batch->relation, key_index, GetActiveSnapshot(), n_keys);
	index_rescan(scan, keys, n_keys, NULL, 0);
	return scan;
}

/*
 * Locks the latest version of the item found, so that it stays what it is until the batch has committed.  Only the first item of a batch
 * is waited for (else TM_WouldBlock): nobody shall wait for items that wait for somebody else's transaction.
 */
static TM_Result
lock_item(Batch *batch)
{
	ItemPointerData tid = batch->found->tts_tid;
	TM_FailureData failure;

	return table_tuple_lock(batch->relation, &tid, GetActiveSnapshot(), batch->locked, GetCurrentCommandId(false),
							LockTupleShare, batch->items == 0 ? LockWaitBlock : LockWaitSkip,
							TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS | TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
}

/* Enters an item into the index. */
static void
enter_item(Batch *batch, TupleTableSlot *slot)
{
	bool		isnull;
	Jsonb	   *item = DatumGetJsonbP(slot_getattr(slot, LAYOUT_ITEM, &isnull));
	pg_uuid_t  *hash = DatumGetUUIDP(slot_getattr(slot, LAYOUT_HASH, &isnull));
	bytea	   *sort = DatumGetByteaPP(slot_getattr(slot, LAYOUT_SORT, &isnull));
	IndexChange change;

	index_change(batch->table, batch->index, NULL, item, &change);
	if (change.action != INDEX_INSERT)
		return;
	if (batch->load != NULL)
		index_load_add(batch->load, &change, hash, sort);
	else
		index_target_change(batch->target, &change, hash, sort);
	batch->entries++;
}

/* The batch has got behind the item found. */
static void
move_position(Batch *batch)
{
	bool		isnull;
	bytea	   *sort = DatumGetByteaPP(slot_getattr(batch->found, LAYOUT_SORT, &isnull));

	batch->hash = *DatumGetUUIDP(slot_getattr(batch->found, LAYOUT_HASH, &isnull));
	SET_VARSIZE(batch->sort, VARHDRSZ + VARSIZE_ANY_EXHDR(sort));
	memcpy(VARDATA(batch->sort), VARDATA_ANY(sort), VARSIZE_ANY_EXHDR(sort));
	batch->items++;
}

/* Reads items until the batch is full; false if there are no more. */
static bool
read_items(Batch *batch, bool unlimited)
{
	Relation	key_index = index_open(compat_primary_key(batch->relation), AccessShareLock);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg backfill", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	TimestampTz ends = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BATCH_MS);
	ScanKeyData keys[1];
	ScanKeyData row[2];
	IndexScanDesc scan = begin_scan(batch, key_index, keys, row);
	bool		more;

	while ((more = index_getnext_slot(scan, ForwardScanDirection, batch->found)))
	{
		TM_Result	locked;

		CHECK_FOR_INTERRUPTS();
		if (!unlimited && (batch->items >= BATCH_ITEMS || (batch->items > 0 && GetCurrentTimestamp() >= ends)))
			break;
		locked = batch->lock_items ? lock_item(batch) : TM_Ok;
		if (locked == TM_WouldBlock)
			break;
		MemoryContextSwitchTo(scratch);
		if (locked == TM_Ok)
			enter_item(batch, batch->lock_items ? batch->locked : batch->found);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scratch);
		move_position(batch);
	}
	ExecClearTuple(batch->found);
	ExecClearTuple(batch->locked);
	index_endscan(scan);
	index_close(key_index, NoLock);
	MemoryContextDelete(scratch);
	return more;
}

/* Opens the index table; NULL if the index was dropped while its lock was waited for. */
static IndexTarget *
open_target(const Batch *batch)
{
	IndexTarget *target = layout_of(batch->relation)->valid ? index_target_open(batch->index, RowExclusiveLock) : NULL;
	const TableInfo *table;

	if (target == NULL && catalog_index_of_relation(batch->index->relation, &table) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" of table \"%s\" cannot be built", batch->index->name, batch->table->name),
				 errdetail("The item table or the index table is not what dynapg made it.")));
	return target;
}

/*
 * Enters a batch of items into an index that is CREATING, or all of them where nobody else can write (unlimited).  False if there
 * is nothing more to do: the index is built, or no longer wanted.
 */
static bool
build_batch(Oid relation, Oid index_relation, bool unlimited)
{
	Batch		batch = {0};
	bool		more = false;

	batch.relation = try_table_open(relation, RowExclusiveLock);
	if (batch.relation == NULL)
		return false;
	batch.table = catalog_table_of_relation(relation);
	for (int i = 0; batch.table != NULL && i < batch.table->n_indexes; i++)
		if (batch.table->indexes[i].relation == index_relation && batch.table->indexes[i].status == TABLE_CREATING)
			batch.index = &batch.table->indexes[i];
	if (batch.index != NULL)
		batch.target = open_target(&batch);
	if (batch.target != NULL)
	{
		batch.lock_items = !unlimited;
		batch.found = table_slot_create(batch.relation, NULL);
		batch.locked = table_slot_create(batch.relation, NULL);
		batch.sort = (bytea *) palloc(VARHDRSZ + SORT_KEY_MAX_SIZE);
		batch.has_position = !unlimited && catalog_index_position(index_relation, &batch.hash, batch.sort);
		CommandCounterIncrement();
		PushActiveSnapshot(GetLatestSnapshot());
		if (unlimited)
			batch.load = index_load_begin(batch.target);
		more = read_items(&batch, unlimited);
		if (unlimited)
			(void) index_load_end(batch.load);
		PopActiveSnapshot();
		ExecDropSingleTupleTableSlot(batch.found);
		ExecDropSingleTupleTableSlot(batch.locked);
		index_target_close(batch.target);
		if (more)
			catalog_index_progress(index_relation, &batch.hash, batch.sort, batch.items, batch.entries);
		else
			catalog_index_built(index_relation);
	}
	table_close(batch.relation, NoLock);
	return more;
}

/* ------------------------------------------------------------------------------------------------------------
 * Steps
 * ------------------------------------------------------------------------------------------------------------ */

/* What there is to do next. */
typedef struct Work
{
	Oid			index;			/* InvalidOid: nothing */
	TableStatus status;
	bool		kept;
} Work;

static Work
next_work(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);
	Work		work = {InvalidOid};

	for (int i = 0; table != NULL && i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];

		if ((index->status == TABLE_CREATING || index->status == TABLE_DELETING) && !OidIsValid(work.index))
			work = (Work) {index->relation, index->status, index->kept};
	}
	return work;
}

bool
index_build_is_wanted(Oid relation)
{
	return OidIsValid(next_work(relation).index);
}

bool
index_build_is_due(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);

	return table != NULL && !catalog_is_being_imported(table) && index_build_is_wanted(relation);
}

static void
drop_index(Oid relation, Oid index_relation)
{
	LockRelationOid(relation, AccessShareLock);
	LockRelationOid(index_relation, AccessExclusiveLock);
	catalog_drop_index(index_relation);
}

/* Whether a table is being filled, so that nobody writes to it; then locks it, lest it is done meanwhile by another job. */
static bool
lock_unfilled(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);

	if (table == NULL || !catalog_is_being_restored(table))
		return false;
	LockRelationOid(relation, ShareLock);
	table = catalog_table_of_relation(relation);
	return table != NULL && catalog_is_being_restored(table);
}

/*
 * Enters all items into an index that all writers keep: batch by batch, or, where there are no writers, at once.  If that is time to live's, they
 * may be due.
 */
static void
backfill(Oid relation, Oid index_relation)
{
	const TableInfo *table;
	const TableIndex *index;
	bool		more = true;

	pgstat_report_activity(STATE_RUNNING, "backfilling an index");
	while (more && step_begin(true))
	{
		more = build_batch(relation, index_relation, lock_unfilled(relation));
		step_commit();
		CHECK_FOR_INTERRUPTS();
	}
	if (!step_begin(true))
		return;
	index = catalog_index_of_relation(index_relation, &table);
	if (index != NULL && index->expires)
		log_want_sweeper(GetCurrentTimestamp());
	step_commit();
}

void
index_build_step(Oid relation)
{
	Work		work;

	if (!step_begin(true))
		return;
	work = next_work(relation);
	step_commit();
	if (!OidIsValid(work.index))
		return;

	if (work.status == TABLE_CREATING && work.kept)
	{
		table_job_wait(relation, ShareLock, "waiting to backfill an index");
		backfill(relation, work.index);
		return;
	}
	if (work.status == TABLE_DELETING && work.kept)
		table_job_wait(work.index, AccessExclusiveLock, "waiting to drop an index");
	else
		table_job_wait(relation, ShareLock, work.status == TABLE_CREATING ? "waiting to backfill an index" :
						"waiting to drop an index");
	if (!step_begin(true))
		return;
	if (work.status == TABLE_CREATING)
		catalog_index_backfilling(work.index);
	else if (work.kept)
		catalog_index_unkept(work.index);
	else
		drop_index(relation, work.index);
	step_commit();
}

void
index_build_here(const char *table_name)
{
	for (;;)
	{
		const TableInfo *table = catalog_lock_table(table_name, strlen(table_name), AccessShareLock, true);
		Oid			relation;
		Work		work;

		if (table == NULL)
			return;
		relation = table->relation;
		work = next_work(relation);
		if (!OidIsValid(work.index))
			return;
		if (work.status == TABLE_CREATING)
		{
			ereport(NOTICE,
					(errmsg("an index of table \"%s\" is built under a lock", table_name),
					 errdetail("Others cannot write to the table until this transaction ends."),
					 errhint("Outside of a transaction block, and where a background worker can be started, it is built "
							 "while others write.")));
			LockRelationOid(relation, ShareLock);
			(void) build_batch(relation, work.index, true);
		}
		else
			drop_index(relation, work.index);
	}
}
