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

/* ------------------------------------------------------------------------------------------------------------
 * Places among this transaction's changes of an item
 * ------------------------------------------------------------------------------------------------------------ */

/* Whether this transaction has made the version in a slot. */
static bool
is_own_version(TupleTableSlot *slot)
{
	bool		isnull;
	Datum		xmin = slot_getsysattr(slot, MinTransactionIdAttributeNumber, &isnull);

	return TransactionIdIsCurrentTransactionId(DatumGetTransactionId(xmin));
}

/* Whether this transaction has written a version over, or removed it; locks do not matter. */
static bool
is_ended_here(HeapTupleHeader header)
{
	return !(header->t_infomask & (HEAP_XMAX_INVALID)) && !HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) &&
		TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));
}

/* How many times a version tells of a change by this transaction after one moment and by an earlier command than another's. */
static int
count_changes_of_version(TupleTableSlot *slot, LogMoment after, CommandId before)
{
	bool		should_free;
	HeapTuple	tuple = ExecFetchSlotHeapTuple(slot, false, &should_free);
	CommandId	command;
	int			count = 0;

	if (is_own_version(slot))
	{
		command = HeapTupleHeaderGetCmin(tuple->t_data);
		count += command < before && LOG_MOMENT(command, false) > after;
	}
	if (is_ended_here(tuple->t_data))
	{
		command = HeapTupleHeaderGetCmax(tuple->t_data);
		count += command < before && LOG_MOMENT(command, true) > after;
	}
	if (should_free)
		heap_freetuple(tuple);
	return count;
}

/* The same of all versions under a key: at least as many as there were changes, since an update in place ends one and begins another. */
static int
count_changes(Relation relation, const pg_uuid_t *hash, const bytea *sort, LogMoment after, CommandId before)
{
	Relation	key_index = index_open(compat_primary_key(relation), AccessShareLock);
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	ScanKeyData keys[2];
	IndexScanDesc scan;
	int			count = 0;

	layout_scan_keys(keys, hash, BTEqualStrategyNumber, sort);
	scan = compat_index_beginscan(relation, key_index, SnapshotAny, lengthof(keys));
	index_rescan(scan, keys, lengthof(keys), NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
		count += count_changes_of_version(slot, after, before);
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(key_index, NoLock);
	return count;
}

/*
 * Whether this transaction has changed the item under a key before a command, so that an event of that may still come.  over: the slot with the
 * version that was written over; NULL if there was none.
 */
static bool
was_changed_before(Relation relation, const pg_uuid_t *hash, const bytea *sort, TupleTableSlot *over, CommandId command)
{
	return over != NULL ? is_own_version(over) : count_changes(relation, hash, sort, -1, command) > 0;
}

/*
 * The place of a change by an event.  Where later changes of the item have been logged, it is before the first of them, and
 * before those between whose events come after this one: a foreign key's cascades are such.
 */
static LogPlace
place_of(Relation relation, const pg_uuid_t *hash, const bytea *sort, LogMoment moment)
{
	LogMoment	next;
	int64		seq = log_next_noted(RelationGetRelid(relation), hash, sort, moment, &next);

	return seq == 0 ? 0 :
		log_place_before(seq, 1 + count_changes(relation, hash, sort, moment, LOG_COMMAND(next)));
}

void
item_log_write(LogWriter *writer, Relation relation, Jsonb *old, Jsonb *item, bool expires, const pg_uuid_t *hash,
			   bytea *sort, TupleTableSlot *over)
{
	CommandId	command = GetCurrentCommandId(false);
	int64		seq;

	if (!writer->table->is_logged)
		return;
	seq = log_write(writer, old, item, expires, hash, sort, 0);
	if (seq != 0 && log_may_be_early(relation) && was_changed_before(relation, hash, sort, over, command))
		log_note(RelationGetRelid(relation), hash, sort, LOG_MOMENT(command, item == NULL), seq);
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

static bool
is_expiring(Oid relation, const pg_uuid_t *hash, const bytea *sort)
{
	return expiring.relation == relation && layout_is_same_key(expiring.hash, expiring.sort, hash, sort);
}

/* A change of the item under one key.  old, new: NULL if there is none. */
static void
log_change_of(LogWriter *writer, Relation relation, const EventVersion *old, const EventVersion *new)
{
	Oid			oid = RelationGetRelid(relation);
	const EventVersion *any = new ? new : old;
	CommandId	command = command_of(any->slot, new == NULL);
	LogMoment	moment = LOG_MOMENT(command, new == NULL);
	LogPlace	place = place_of(relation, any->hash, any->sort, moment);
	bool		expires = new == NULL && is_expiring(oid, any->hash, any->sort);
	int64		seq = log_write(writer, old ? old->item : NULL, new ? new->item : NULL, expires, any->hash, any->sort, place);

	if (seq != 0 && log_event_may_be_early(relation) &&
		was_changed_before(relation, any->hash, any->sort, old ? old->slot : NULL, command))
		log_note(oid, any->hash, any->sort, moment, seq);
}

void
item_log_event(LogWriter *writer, const TriggerData *event)
{
	bool		inserts = TRIGGER_FIRED_BY_INSERT(event->tg_event);
	bool		deletes = TRIGGER_FIRED_BY_DELETE(event->tg_event);
	EventVersion old = event_version(inserts ? NULL : event->tg_trigslot);
	EventVersion new = event_version(deletes ? NULL : inserts ? event->tg_trigslot : event->tg_newslot);

	if (!writer->table->is_logged)
		return;
	if (!inserts && !deletes && layout_is_same_key(old.hash, old.sort, new.hash, new.sort))
	{
		log_change_of(writer, event->tg_relation, &old, &new);
		return;
	}
	if (!inserts)
		log_change_of(writer, event->tg_relation, &old, NULL);
	if (!deletes)
		log_change_of(writer, event->tg_relation, NULL, &new);
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
