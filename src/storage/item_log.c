/*
 * item_log.c
 *		What writes of items log: by key, by row triggers, and by TRUNCATE.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "log/log_late.h"
#include "storage/item_log.h"
#include "storage/layout.h"

/* Whether this transaction has made the version in a slot. */
static bool
is_own_version(TupleTableSlot *slot)
{
	bool		isnull;
	Datum		xmin = slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull);

	return TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
}

void
item_log_write(LogWriter *writer, Relation relation, Jsonb *old, Jsonb *item, bool expires, const pg_uuid_t *hash,
			   bytea *sort, TupleTableSlot *over, ItemPointer written)
{
	int64		seq;

	if (!writer->table->is_logged)
		return;
	seq = log_write(writer, old, item, expires, hash, sort, 0);
	if (!log_may_be_early(relation))
		return;
	if (over == NULL)
		log_note_insert(RelationGetRelid(relation), hash, sort, GetCurrentCommandId(false), seq);
	else if (is_own_version(over))
		log_note_version(RelationGetRelid(relation), &over->tts_tid, written, seq);
}

/* ------------------------------------------------------------------------------------------------------------
 * Events of the row trigger
 * ------------------------------------------------------------------------------------------------------------ */

/* A version of an item, as an event has it. */
typedef struct EventVersion
{
	TupleTableSlot *slot;		/* NULL: there is none */
	Jsonb	   *item;
	pg_uuid_t  *hash;
	bytea	   *sort;
} EventVersion;

static EventVersion
event_version(TupleTableSlot *slot)
{
	EventVersion version = {slot};
	bool		isnull;

	if (slot == NULL)
		return version;
	version.item = DatumGetJsonbP(slot_getattr(slot, LAYOUT_ITEM, &isnull));
	version.hash = DatumGetUUIDP(slot_getattr(slot, LAYOUT_HASH, &isnull));
	version.sort = DatumGetByteaP(slot_getattr(slot, LAYOUT_SORT, &isnull));
	return version;
}

/* The command of this transaction that wrote a version, or wrote over it. */
static CommandId
command_of(TupleTableSlot *slot, bool over)
{
	bool		should_free;
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
	CommandId	command = over ? HeapTupleHeaderGetCmax(tuple->t_data) : HeapTupleHeaderGetCmin(tuple->t_data);

	if (should_free)
		heap_freetuple(tuple);
	return command;
}

/* Whether this transaction has removed an item under a key: only then can an event of that come after the key's next insert. */
static bool
was_removed_here(Relation relation, const pg_uuid_t *hash, const bytea *sort)
{
	Relation	key_index = index_open(compat_primary_key(relation), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	ScanKeyData keys[2];
	IndexScanDesc scan;
	bool		removed = false;

	layout_scan_keys(keys, hash, BTEqualStrategyNumber, sort);
	scan = compat_index_beginscan(relation, key_index, SnapshotAny, lengthof(keys));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
	while (!removed && index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		Datum		xmax = slot_getsysattr(slot, MaxTransactionIdAttributeNumber, &isnull);

		removed = TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmax));
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(key_index, NoLock);
	return removed;
}

/* Of an insert, or of an update that has given an item another key. */
static void
log_insert(LogWriter *writer, Relation relation, const EventVersion *new, bool is_current)
{
	Oid			oid = RelationGetRelid(relation);
	LogPlace	place = is_current ? 0 : log_place_of_version(oid, &new->slot->tts_tid);
	int64		seq = log_write(writer, NULL, new->item, false, new->hash, new->sort, place);

	if (log_may_be_early(relation) && was_removed_here(relation, new->hash, new->sort))
		log_note_insert(oid, new->hash, new->sort, command_of(new->slot, false), seq);
}

/* The item that expires; see item_log_expires(). */
static struct
{
	Oid			relation;
	const pg_uuid_t *hash;
	const bytea *sort;
}			expiring;

void
item_log_expires(Oid relation, const pg_uuid_t *hash, const bytea *sort)
{
	expiring.relation = relation;
	expiring.hash = hash;
	expiring.sort = sort;
}

/* Of a delete, or of such an update. */
static void
log_removal(LogWriter *writer, Relation relation, const EventVersion *old)
{
	Oid			oid = RelationGetRelid(relation);
	LogPlace	place = log_place_of_removal(oid, old->hash, old->sort, command_of(old->slot, true));
	bool		expires = expiring.relation == oid && layout_is_same_key(expiring.hash, expiring.sort, old->hash, old->sort);
	int64		seq = log_write(writer, old->item, NULL, expires, old->hash, old->sort, place);

	if (log_may_be_early(relation) && is_own_version(old->slot))
		log_note_version(oid, &old->slot->tts_tid, NULL, seq);
}

static void
log_update(LogWriter *writer, Relation relation, const EventVersion *old, const EventVersion *new, bool is_current)
{
	Oid			oid = RelationGetRelid(relation);
	LogPlace	place = is_current ? 0 : log_place_of_version(oid, &new->slot->tts_tid);
	int64		seq = log_write(writer, old->item, new->item, false, new->hash, new->sort, place);

	if (log_may_be_early(relation) && is_own_version(old->slot))
		log_note_version(oid, &old->slot->tts_tid, &new->slot->tts_tid, seq);
}

void
item_log_event(LogWriter *writer, const TriggerData *event, bool is_current)
{
	bool		inserts = TRIGGER_FIRED_BY_INSERT(event->tg_event);
	bool		deletes = TRIGGER_FIRED_BY_DELETE(event->tg_event);
	EventVersion old = event_version(inserts ? NULL : event->tg_trigslot);
	EventVersion new = event_version(deletes ? NULL : inserts ? event->tg_trigslot : event->tg_newslot);

	if (!writer->table->is_logged)
		return;
	if (!inserts && !deletes && layout_is_same_key(old.hash, old.sort, new.hash, new.sort))
	{
		log_update(writer, event->tg_relation, &old, &new, is_current);
		return;
	}
	if (!inserts)
		log_removal(writer, event->tg_relation, &old);
	if (!deletes)
		log_insert(writer, event->tg_relation, &new, is_current);
}

void
item_log_truncate(LogWriter *writer, Relation relation)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg truncated items", ALLOCSET_DEFAULT_SIZES);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(relation, snapshot, 0, NULL);

	writer->context = CurrentMemoryContext;
	while (writer->table->is_logged && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		MemoryContext caller = MemoryContextSwitchTo(scratch);
		EventVersion old = event_version(slot);

		CHECK_FOR_INTERRUPTS();
		(void) log_write(writer, old.item, NULL, false, old.hash, old.sort, 0);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scratch);
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	MemoryContextDelete(scratch);
}
