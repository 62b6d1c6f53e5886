/*
 * direct.c
 *		Items by key through the table and index access methods, without the executor.
 *
 * Reading is one descent of the primary key.  Writing finds the version that the snapshot sees and writes over it
 * at once; only where that fails, because somebody else was there first, does it start again, and then it
 * locks the latest version before it decides, so that the second attempt cannot fail for that reason again.  An
 * absent key is inserted speculatively, as INSERT ... ON CONFLICT does: of several inserters one goes through, and
 * the others start again and find its item.
 *
 * Placement: an item goes into the block of its predecessor in its item collection where that has room, so that a Query
 * reads few blocks.  The predecessor is known from the one descent that looks for the key.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heaptoast.h"
#include "access/htup_details.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "storage/am.h"
#include "storage/backend.h"
#include "storage/item_log.h"
#include "storage/layout.h"
#include "trace/trace.h"

void
direct_open(StorageTable *table)
{
	Oid			primary_key = compat_primary_key(table->relation);

	if (OidIsValid(primary_key))
		table->key_index = index_open(primary_key,
									  table->access == STORAGE_READ ? AccessShareLock : RowExclusiveLock);
	if (table->key_index == NULL || !layout_is_key_index(table->key_index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has lost its primary key (hash, sort)",
						RelationGetRelationName(table->relation))));
	table->slot = table_slot_create(table->relation, NULL);
}

void
direct_close(StorageTable *table)
{
	ExecDropSingleTupleTableSlot(table->slot);
	if (table->new_slot)
		ExecDropSingleTupleTableSlot(table->new_slot);
	if (table->estate)
	{
		ExecCloseIndices(table->result_relation);
		FreeExecutorState(table->estate);
	}
	index_close(table->key_index, NoLock);
}

/*
 * A new snapshot in READ COMMITTED, the transaction's otherwise; it sees our own earlier commands.  Made active, as
 * TOAST and index expressions want it.  Each is popped by its pusher; on error the transaction's end does.
 */
static Snapshot
push_snapshot(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
	return GetActiveSnapshot();
}

/* The item of the version in a slot: a copy, since responses outlive the buffer's pin. */
static Jsonb *
slot_item(TupleTableSlot *slot)
{
	bool		isnull;
	Datum		datum = slot_getattr(slot, LAYOUT_ITEM, &isnull);

	if (isnull)
		elog(ERROR, "item is null");
	return DatumGetJsonbPCopy(datum);
}

/* Puts the version under a hash and a sort key, whatever its partition key, into table->slot; false if there is none. */
static bool
fetch_at(StorageTable *table, const StorageKey *key, Snapshot snapshot)
{
	return layout_find_row(table->relation, table->key_index, snapshot, &key->hash, key->sort, table->slot);
}

/* The item there; NULL if there is none. */
static Jsonb *
item_at(StorageTable *table, const StorageKey *key, Snapshot snapshot)
{
	return fetch_at(table, key, snapshot) ? slot_item(table->slot) : NULL;
}

Jsonb *
direct_get(StorageTable *table, const StorageKey *key)
{
	Jsonb	   *item;

	item = item_at(table, key, push_snapshot());
	PopActiveSnapshot();

	if (item != NULL && !storage_is_key(table, key, item))
		return NULL;
	return item;
}

bool
direct_is_own(StorageTable *table, const StorageKey *key)
{
	bool		own = false;

	if (fetch_at(table, key, push_snapshot()))
	{
		bool		isnull;
		Datum		xmin = slot_getsysattr(table->slot, MinTransactionIdAttributeNumber, &isnull);

		own = TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
	}
	PopActiveSnapshot();
	return own;
}

Jsonb *
direct_get_at(StorageTable *table, Snapshot snapshot, const pg_uuid_t *hash, bytea *sort)
{
	StorageKey	key = {.hash = *hash, .sort = sort};

	return item_at(table, &key, snapshot);
}

/* Whether an index entry is of the key asked for. */
static bool
is_entry_of(IndexScanDesc scan, const StorageKey *key)
{
	bool		isnull;
	Datum		hash = index_getattr(scan->xs_itup, LAYOUT_HASH, scan->xs_itupdesc, &isnull);
	Datum		sort = index_getattr(scan->xs_itup, LAYOUT_SORT, scan->xs_itupdesc, &isnull);

	return layout_is_same_key(DatumGetUUIDP(hash), DatumGetByteaPP(sort), &key->hash, key->sort);
}

/*
 * Finds the version of a key that the snapshot sees and puts it into table->slot.  If there is none, *neighbour is the block
 * of the predecessor in the item collection, or InvalidBlockNumber, and *contended says whether there
 * are index entries of the key, so that somebody may be about to insert it.
 */
static bool
find_version(StorageTable *table, const StorageKey *key, Snapshot snapshot, BlockNumber *neighbour,
			 bool *contended)
{
	ScanKeyData keys[2];
	IndexScanDesc scan;
	ScanDirection direction = table->info->has_sort ? BackwardScanDirection : ForwardScanDirection;
	ItemPointer tid;
	bool		found = false;

	*neighbour = InvalidBlockNumber;
	*contended = false;
	/* with a sort key one descent, backwards from the key: its entries first, its predecessor next */
	layout_scan_keys(keys, &key->hash, table->info->has_sort ? BTLessEqualStrategyNumber : BTEqualStrategyNumber,
					 key->sort);
	scan = compat_index_beginscan(table->relation, table->key_index, snapshot, 2);
	scan->xs_want_itup = table->info->has_sort;
	index_rescan(scan, keys, 2, NULL, 0);
	while ((tid = index_getnext_tid(scan, direction)) != NULL)
	{
		if (table->info->has_sort && !is_entry_of(scan, key))
		{
			*neighbour = ItemPointerGetBlockNumber(tid);
			break;
		}
		*contended = true;
		if (index_fetch_heap(scan, table->slot))
		{
			found = true;
			break;
		}
	}
	index_endscan(scan);
	return found;
}

/*
 * The indexes in which another item under the key is a concurrent transaction that was first, and no error: the primary key, and others
 * like it that there are while REINDEX CONCURRENTLY goes on.
 */
static List *
key_arbiters(const StorageTable *table)
{
	const ResultRelInfo *relation = table->result_relation;
	List	   *arbiters = list_make1_oid(RelationGetRelid(table->key_index));

	for (int i = 0; i < relation->ri_NumIndices; i++)
		if (layout_guards_key(relation->ri_IndexRelationDescs[i]->rd_indextuple))
			arbiters = list_append_unique_oid(arbiters, RelationGetRelid(relation->ri_IndexRelationDescs[i]));
	return arbiters;
}

void
direct_prepare_index_entries(StorageTable *table)
{
	if (table->estate != NULL)
		return;
	table->estate = CreateExecutorState();
	compat_init_range_table(table->estate, table->relation, LAYOUT_ITEM);
	table->result_relation = makeNode(ResultRelInfo);
	InitResultRelInfo(table->result_relation, table->relation, 1, NULL, 0);
	compat_no_generated_updates(table->result_relation, table->estate);
	ExecOpenIndices(table->result_relation, true);
	table->arbiters = key_arbiters(table);
}

/* Puts the version to write into table->new_slot. */
static TupleTableSlot *
store_new_version(StorageTable *table, const StorageKey *key, Jsonb *item)
{
	TupleTableSlot *slot = table->new_slot;

	if (slot == NULL)
		slot = table->new_slot = MakeSingleTupleTableSlot(RelationGetDescr(table->relation), &TTSOpsVirtual);
	ExecClearTuple(slot);
	memset(slot->tts_isnull, true, slot->tts_tupleDescriptor->natts * sizeof(bool));
	memset(slot->tts_isnull, false, LAYOUT_COLUMNS * sizeof(bool));
	slot->tts_values[LAYOUT_HASH - 1] = UUIDPGetDatum(&key->hash);
	slot->tts_values[LAYOUT_SORT - 1] = PointerGetDatum(key->sort);
	slot->tts_values[LAYOUT_ITEM - 1] = JsonbPGetDatum(item);
	slot->tts_tableOid = RelationGetRelid(table->relation);
	return ExecStoreVirtualTuple(slot);
}

/*
 * Whether a block has room for an item, as far as one can tell without its lock: a full one for a target would make heap give up the
 * block that it is filling.
 */
static bool
has_room(Relation relation, BlockNumber block, Size item_size)
{
	Buffer		buffer = ReadBuffer(relation, block);
	Size		room = PageGetHeapFreeSpace(BufferGetPage(buffer));

	ReleaseBuffer(buffer);
	return room >= Min(item_size, TOAST_TUPLE_TARGET) + MAXALIGN(SizeofHeapTupleHeader) + 2 * UUID_LEN;
}

/*
 * Inserts the version.  False if the key turned out to be there, or on its way in: then, if `wait`, the other transaction
 * has ended.
 */
static bool
insert_version(StorageTable *table, const StorageKey *key, Jsonb *item, BlockNumber neighbour, bool wait)
{
	TupleTableSlot *slot = store_new_version(table, key, item);
	TransactionId xid = GetCurrentTransactionId();
	bool		conflict = false;
	uint32		token;

	direct_prepare_index_entries(table);
	if (wait)
	{
		ItemPointerData other;

		bool		is_free;

		TRACE_WAIT(is_free = compat_check_index_constraints(table->result_relation, slot, table->estate, &other, table->arbiters));
		if (!is_free)
			return false;
	}

	if (neighbour != InvalidBlockNumber && has_room(table->relation, neighbour, VARSIZE(item)))
		RelationSetTargetBlock(table->relation, neighbour);

	token = SpeculativeInsertionLockAcquire(xid);
	am_heap_routine()->tuple_insert_speculative(table->relation, slot, GetCurrentCommandId(true), 0, NULL, token);
	list_free(compat_insert_index_tuples(table->result_relation, slot, table->estate, false, true, &conflict,
										 table->arbiters, false));
	am_heap_routine()->tuple_complete_speculative(table->relation, slot, token, !conflict);
	SpeculativeInsertionLockRelease(xid);
	ResetPerTupleExprContext(table->estate);
	return !conflict;
}

/* Writes a new version over the one in table->slot. */
static TM_Result
update_version(StorageTable *table, const StorageKey *key, Jsonb *item, Snapshot snapshot)
{
	TupleTableSlot *slot = store_new_version(table, key, item);
	TM_FailureData failure;
	LockTupleMode lockmode;
	TU_UpdateIndexes update_indexes;
	TM_Result	result;

	CheckCmdReplicaIdentity(table->relation, CMD_UPDATE);
	TRACE_WAIT(result = am_heap_routine()->tuple_update(table->relation, &table->slot->tts_tid, slot,
														GetCurrentCommandId(true), snapshot, InvalidSnapshot, true,
														&failure, &lockmode, &update_indexes));
	if (result == TM_Ok && update_needs_indexes(update_indexes))
	{
		direct_prepare_index_entries(table);
		list_free(compat_insert_index_tuples(table->result_relation, slot, table->estate, true, false, NULL, NIL,
											 update_only_summarizing(update_indexes)));
		ResetPerTupleExprContext(table->estate);
	}
	return result;
}

static TM_Result
delete_version(StorageTable *table, Snapshot snapshot)
{
	TM_FailureData failure;
	TM_Result	result;

	CheckCmdReplicaIdentity(table->relation, CMD_DELETE);
	TRACE_WAIT(result = am_heap_routine()->tuple_delete(table->relation, &table->slot->tts_tid, GetCurrentCommandId(true),
														snapshot, InvalidSnapshot, !table->expires, &failure, false));
	return result;
}

static LockTupleMode
lock_mode(StorageAccess access)
{
	switch (access)
	{
		case STORAGE_DELETE:
			return LockTupleExclusive;
		case STORAGE_CHECK:
			return LockTupleShare;	/* FOR KEY SHARE would let updates through */
		default:
			return LockTupleNoKeyExclusive;
	}
}

/*
 * Locks the version of the item in table->slot; if `latest`, the latest one, and puts it there.  False if it is another one by now (not
 * `latest`), has gone, or has moved to another key (plain SQL can do that); for time to live, if somebody else has locked it.
 */
static bool
lock_version(StorageTable *table, const StorageKey *key, Snapshot snapshot, bool latest)
{
	ItemPointerData tid = table->slot->tts_tid;
	uint8		flags = latest && !IsolationUsesXactSnapshot() ? TUPLE_LOCK_FLAG_FIND_LAST_VERSION : 0;
	TM_FailureData failure;
	TM_Result	result;

	TRACE_WAIT(result = table_tuple_lock(table->relation, &tid, snapshot, table->slot, GetCurrentCommandId(false),
										 lock_mode(table->access), table->expires ? LockWaitSkip : LockWaitBlock, flags, &failure));
	return result == TM_Ok && layout_row_has_key(table->slot, &key->hash, key->sort);
}

/* What became of an attempt to write. */
typedef enum Attempt
{
	ATTEMPT_DONE,
	ATTEMPT_OVERTAKEN,			/* a concurrent transaction was first */
} Attempt;

/* Logs a write that is done, and follows it up in the indexes.  item: NULL if it was removed; over_version: there was one before. */
static void
follow_up(StorageTable *table, const StorageKey *key, WriteResult *result, Jsonb *item, bool over_version)
{
	item_log_write(&table->log, table->relation, result->old, item, table->expires, &key->hash, key->sort,
				   over_version ? table->slot : NULL);
	index_targets_change(&table->indexes, result->old, item, &key->hash, key->sort);
	result->changes = table->indexes.changes;
}

static Attempt
attempt_on_version(StorageTable *table, const StorageKey *key, Snapshot snapshot, bool lock_first,
				   WriteDecision decide, void *argument, WriteResult *result)
{
	Jsonb	   *item = NULL;
	TM_Result	outcome = TM_Ok;

	if (lock_first && !lock_version(table, key, snapshot, true))
		return ATTEMPT_OVERTAKEN;

	result->old = slot_item(table->slot);
	if (!storage_is_key(table, key, result->old))
		storage_raise_collision();
	result->action = decide(result->old, &item, argument);
	switch (result->action)
	{
		case WRITE_NOTHING:
			if (table->holds && !lock_first && !lock_version(table, key, snapshot, false))
				return ATTEMPT_OVERTAKEN;
			break;
		case WRITE_PUT:
			outcome = update_version(table, key, item, snapshot);
			break;
		case WRITE_DELETE:
			outcome = delete_version(table, snapshot);
			break;
	}

	switch (outcome)
	{
		case TM_Ok:
			if (result->action != WRITE_NOTHING)
				follow_up(table, key, result, result->action == WRITE_PUT ? item : NULL, true);
			return ATTEMPT_DONE;
		case TM_Updated:
		case TM_Deleted:
		case TM_BeingModified:	/* time to live does not wait */
			return ATTEMPT_OVERTAKEN;
		default:
			elog(ERROR, "unexpected result %d of a write by key", outcome);
	}
}

static Attempt
attempt_on_absence(StorageTable *table, const StorageKey *key, BlockNumber neighbour, bool wait,
				   WriteDecision decide, void *argument, WriteResult *result)
{
	Jsonb	   *item = NULL;

	result->old = NULL;
	result->action = decide(NULL, &item, argument);
	if (result->action != WRITE_PUT)
		return !table->holds || placeholder_insert(table, key) ? ATTEMPT_DONE : ATTEMPT_OVERTAKEN;
	if (!insert_version(table, key, item, neighbour, wait))
		return ATTEMPT_OVERTAKEN;
	follow_up(table, key, result, item, false);
	return ATTEMPT_DONE;
}

void
direct_write(StorageTable *table, const StorageKey *key, WriteDecision decide, void *argument,
			 WriteResult *result)
{
	bool		overtaken = false;

	for (;;)
	{
		Snapshot	snapshot = push_snapshot();
		BlockNumber neighbour;
		bool		contended;
		Attempt		attempt;

		if (find_version(table, key, snapshot, &neighbour, &contended))
			attempt = attempt_on_version(table, key, snapshot, overtaken, decide, argument, result);
		else
			attempt = attempt_on_absence(table, key, neighbour, contended || overtaken, decide, argument, result);
		PopActiveSnapshot();

		if (attempt == ATTEMPT_OVERTAKEN && table->expires)
		{
			result->action = WRITE_NOTHING;
			return;
		}
		if (attempt == ATTEMPT_DONE)
			return;
		if (IsolationUsesXactSnapshot())
			storage_raise_conflict();
		overtaken = true;
		CHECK_FOR_INTERRUPTS();
	}
}

bool
direct_hold_absence(StorageTable *table, const StorageKey *key)
{
	bool		held;

	(void) push_snapshot();
	held = placeholder_insert(table, key);
	PopActiveSnapshot();
	return held;
}

bool
direct_lock(StorageTable *table, const StorageKey *key)
{
	Snapshot	snapshot = push_snapshot();
	BlockNumber neighbour;
	bool		contended;
	bool		locked = find_version(table, key, snapshot, &neighbour, &contended) && lock_version(table, key, snapshot, true);

	PopActiveSnapshot();
	return locked;
}

Jsonb *
direct_hold(StorageTable *table, const StorageKey *key)
{
	for (;;)
	{
		Snapshot	snapshot = push_snapshot();
		Jsonb	   *item = NULL;
		BlockNumber neighbour;
		bool		contended;
		bool		held;

		if (find_version(table, key, snapshot, &neighbour, &contended))
		{
			held = lock_version(table, key, snapshot, true);
			if (held)
				item = slot_item(table->slot);
		}
		else
			held = placeholder_insert(table, key);
		PopActiveSnapshot();

		if (held)
			return item != NULL && storage_is_key(table, key, item) ? item : NULL;
		if (IsolationUsesXactSnapshot())
			storage_raise_conflict();
		CHECK_FOR_INTERRUPTS();
	}
}
