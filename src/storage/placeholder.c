/*
 * placeholder.c
 *		Keeping a key away: a row under it that is inserted and deleted at once.
 *
 * Until this transaction ends, whoever inserts the key meets the row in the unique check of the primary key, and waits: the row's inserter is
 * in progress, whatever became of the row.  It goes into the primary key alone, not into indexes of the user's own, and
 * logical decoding sees it neither come nor go: a subscriber may have an item under the key.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/generic_xlog.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "pgstat.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "storage/am.h"
#include "storage/backend.h"
#include "storage/layout.h"
#include "trace/trace.h"

/* Waits for transactions that are about to insert the key, or to delete it; whether it is there now. */
static bool
wait_for_others(StorageTable *table, const StorageKey *key, TupleTableSlot *slot)
{
	for (;;)
	{
		SnapshotData dirty;
		TransactionId other = InvalidTransactionId;
		ItemPointerData tid;
		bool		found;

		InitDirtySnapshot(dirty);
		found = layout_find_row(table->relation, table->key_index, &dirty, &key->hash, key->sort, slot);
		if (found)
		{
			other = TransactionIdIsValid(dirty.xmin) ? dirty.xmin : dirty.xmax;
			tid = slot->tts_tid;
		}
		ExecClearTuple(slot);
		if (!found || !TransactionIdIsValid(other))
			return found;
		if (dirty.speculativeToken)
			SpeculativeInsertionWait(other, dirty.speculativeToken);
		else
			XactLockTableWait(other, table->relation, &tid, XLTW_InsertIndex);
	}
}

/*
 * Deletes the row that this transaction has inserted, as heap_delete() does, but for the WAL record: heap's is a DELETE to logical
 * decoding, of a row that it has never seen.  Nobody else can have locked or written the row: they do not see it.
 */
static void
delete_silently(Relation relation, ItemPointer tid)
{
	TransactionId xid = GetCurrentTransactionId();
	CommandId	cid = GetCurrentCommandId(true);
	Buffer		buffer = ReadBuffer(relation, ItemPointerGetBlockNumber(tid));
	GenericXLogState *xlog;
	Page		page;
	HeapTupleHeader row;
	bool		is_combo;

	LockBuffer(buffer, BUFFER_LOCK_EXCLUSIVE);
	xlog = GenericXLogStart(relation);
	page = GenericXLogRegisterBuffer(xlog, buffer, 0);
	row = (HeapTupleHeader) PageGetItem(page, PageGetItemId(page, ItemPointerGetOffsetNumber(tid)));
	if (!TransactionIdEquals(HeapTupleHeaderGetRawXmin(row), xid) || (row->t_infomask & HEAP_XMAX_INVALID) == 0 ||
		PageIsAllVisible(page))
		elog(ERROR, "a placeholder is not what was inserted");

	HeapTupleHeaderAdjustCmax(row, &cid, &is_combo);
	row->t_infomask &= ~(HEAP_XMAX_BITS | HEAP_MOVED);
	row->t_infomask2 |= HEAP_KEYS_UPDATED;
	HeapTupleHeaderSetXmax(row, xid);
	HeapTupleHeaderSetCmax(row, cid, is_combo);
	PageSetPrunable(page, xid);
	GenericXLogFinish(xlog);
	UnlockReleaseBuffer(buffer);
	pgstat_count_heap_delete(relation);
}

/* Inserts the row and deletes it; whether no other of its key was met. */
static bool
insert_and_delete(StorageTable *table, const StorageKey *key)
{
	TupleDesc	desc = RelationGetDescr(table->relation);
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
	JsonbValue	nothing = {.type = jbvObject};
	bool		alone;

	memset(slot->tts_isnull, true, desc->natts * sizeof(bool));
	memset(slot->tts_isnull, false, LAYOUT_COLUMNS * sizeof(bool));
	slot->tts_values[LAYOUT_HASH - 1] = UUIDPGetDatum(&key->hash);
	slot->tts_values[LAYOUT_SORT - 1] = PointerGetDatum(key->sort);
	slot->tts_values[LAYOUT_ITEM - 1] = JsonbPGetDatum(JsonbValueToJsonb(&nothing));
	ExecStoreVirtualTuple(slot);
	am_heap_routine()->tuple_insert(table->relation, slot, GetCurrentCommandId(true), TABLE_INSERT_NO_LOGICAL, NULL);
	alone = index_insert(table->key_index, slot->tts_values, slot->tts_isnull, &slot->tts_tid, table->relation,
						 UNIQUE_CHECK_PARTIAL, false, BuildIndexInfo(table->key_index));
	CommandCounterIncrement();
	delete_silently(table->relation, &slot->tts_tid);
	/* the next attempt must not see the row */
	CommandCounterIncrement();
	ExecDropSingleTupleTableSlot(slot);
	return alone;
}

bool
placeholder_insert(StorageTable *table, const StorageKey *key)
{
	bool		is_there;

	if (!am_is_heap(table->relation))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("cannot hold that an item is absent in table \"%s\"", RelationGetRelationName(table->relation)),
				 errdetail("The table's access method is neither dynapg nor heap.")));
	TRACE_WAIT(is_there = wait_for_others(table, key, table->slot));
	return !is_there && insert_and_delete(table, key);
}
