/*
 * placeholder.c
 *		Keeping a key away: a row under it that is inserted and deleted at once.
 *
 * Until this transaction ends, whoever inserts the key meets the row in the unique check of the primary key, and waits: the row's inserter is
 * in progress, whatever became of the row.  It goes into the primary key alone, not into indexes of the user's own, and
 * logical decoding sees neither come nor go what has this key: a subscriber may have an item under it.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "executor/executor.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "storage/am.h"
#include "storage/backend.h"
#include "storage/layout.h"

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
 * Deletes the row without its key in the WAL, so that subscribers do not delete theirs.  The replica identity cannot change meanwhile: who
 * alters it needs a lock that ours keeps away.
 */
static TM_Result
delete_unidentified(Relation relation, ItemPointer tid)
{
	char		identity = relation->rd_rel->relreplident;
	TM_FailureData failure;
	volatile TM_Result result = TM_Ok;

	relation->rd_rel->relreplident = REPLICA_IDENTITY_NOTHING;
	PG_TRY();
	{
		result = am_heap_routine()->tuple_delete(relation, tid, GetCurrentCommandId(true), GetActiveSnapshot(),
												 InvalidSnapshot, true, &failure, false);
	}
	PG_FINALLY();
	{
		relation->rd_rel->relreplident = identity;
	}
	PG_END_TRY();
	return result;
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
	if (delete_unidentified(table->relation, &slot->tts_tid) != TM_Ok)
		elog(ERROR, "could not delete a placeholder");
	/* the next attempt must not see the row */
	CommandCounterIncrement();
	ExecDropSingleTupleTableSlot(slot);
	return alone;
}

bool
placeholder_insert(StorageTable *table, const StorageKey *key)
{
	return !wait_for_others(table, key, table->slot) && insert_and_delete(table, key);
}
