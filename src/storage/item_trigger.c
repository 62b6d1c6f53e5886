/*
 * item_trigger.c
 *		What plain SQL does to items, logged and followed up in their indexes.  (The trigger of index tables is
 *		index_guard_trigger.c.)
 *
 * A row trigger's event may come late: another trigger, or a function in the statement, may have changed the item again, by key
 * (then that is logged, and the entries are up to date, already) or by SQL (then another event follows, or came before).  So to indexes the
 * event says only which entries may be wrong: those of the old and of the new version; what is right is what the item is now.  To
 * logs it says what has changed, and log/log_late.h where that belongs.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "executor/executor.h"
#include "utils/snapmgr.h"

#include "base/error.h"
#include "catalog/restores.h"
#include "storage/bulk_load.h"
#include "storage/index_guard.h"
#include "storage/index_write.h"
#include "storage/item_log.h"
#include "storage/layout.h"
#include "storage/storage.h"
#include "storage/triggers.h"

PG_FUNCTION_INFO_V1(dynapg_items_changed);
PG_FUNCTION_INFO_V1(dynapg_items_truncating);
PG_FUNCTION_INFO_V1(dynapg_items_truncated);

/* A version of an item, as a trigger gets it. */
typedef struct ItemVersion
{
	Jsonb	   *item;
	pg_uuid_t	hash;
	bytea	   *sort;
} ItemVersion;

/* Nobody but who fills a table writes to it until that is done: the API says that there is no such table, plain SQL this. */
static void
refuse_unfilled(const TableInfo *table)
{
	if (bulk_load_writes(table->relation))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" cannot be written to while it is being filled", table->name),
			 errdetail("Its items or its indexes are not all there yet."),
			 errhint("Wait until DescribeTable says ACTIVE; dynapg.stat_restores tells how far a restore is, and DeleteTable ends it.")));
}

/*
 * The item table that a trigger of its is fired for.  NULL if the catalog does not know it (yet: a dump is being restored), or if
 * it has neither indexes nor logs.
 */
static const TableInfo *
table_of_trigger(const TriggerData *trigger)
{
	const TableInfo *table = catalog_table_of_relation(RelationGetRelid(trigger->tg_relation));

	if (!layout_of(trigger->tg_relation)->valid)
		triggers_raise_wrong_relation(trigger, "an item table");
	if (table != NULL && catalog_is_being_restored(table))
		refuse_unfilled(table);
	return table != NULL && (table->n_indexes > 0 || table->is_logged) ? table : NULL;
}

static void
read_version(TupleTableSlot *slot, ItemVersion *version)
{
	bool		nulls[LAYOUT_COLUMNS];
	Datum		item = slot_getattr(slot, LAYOUT_ITEM, &nulls[0]);
	Datum		hash = slot_getattr(slot, LAYOUT_HASH, &nulls[1]);
	Datum		sort = slot_getattr(slot, LAYOUT_SORT, &nulls[2]);

	if (nulls[0] || nulls[1] || nulls[2])
		elog(ERROR, "an item table has a row with nulls");
	version->item = DatumGetJsonbP(item);
	version->hash = *DatumGetUUIDP(hash);
	version->sort = DatumGetByteaPP(sort);
}

/* Whether a version of a slot's tuple, which this transaction has written, has not been written over since. */
static bool
is_current(Relation relation, TupleTableSlot *slot)
{
	TupleTableSlot *now = table_slot_create(relation, NULL);
	bool		result = table_tuple_fetch_row_version(relation, &slot->tts_tid, SnapshotSelf, now);

	ExecDropSingleTupleTableSlot(now);
	return result;
}

/* The item under a key as it is now, or NULL. */
static Jsonb *
item_now(Relation relation, const pg_uuid_t *hash, bytea *sort)
{
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	Jsonb	   *item = NULL;

	if (layout_find_row_now(relation, hash, sort, slot))
	{
		bool		isnull;

		item = DatumGetJsonbPCopy(slot_getattr(slot, LAYOUT_ITEM, &isnull));
	}
	ExecDropSingleTupleTableSlot(slot);
	return item;
}

/* Makes the entries of the item under a key right, given a version of it that it may have had before. */
static void
follow_up(IndexTargets *targets, const ItemVersion *version, Jsonb *now)
{
	for (int i = 0; i < targets->table->n_indexes; i++)
	{
		const TableIndex *index = &targets->table->indexes[i];
		IndexTarget *target;
		IndexChange change;

		index_upkeep(targets->table, index, version->item, now, &change);
		if ((change.action == INDEX_DELETE || change.action == INDEX_MOVE) &&
			(target = index_targets_get(targets, i)) != NULL)
		{
			change.action = INDEX_DELETE;
			index_target_change(target, &change, &version->hash, version->sort);
		}

		/* the present entry, whatever the version had */
		index_upkeep(targets->table, index, NULL, now, &change);
		if (change.action == INDEX_INSERT && (target = index_targets_get(targets, i)) != NULL)
			(void) index_target_ensure(target, &change.new_entry, &version->hash, version->sort, change.new_item);
	}
}

/* Refuses a new version whose attributes no index can hold, or that is too big with its entries. */
static void
check_version(const TableInfo *table, const ItemVersion *old, const ItemVersion *version)
{
	JsonbValue	map;
	JsonbValue	before;

	attr_from_item(version->item, &map);
	if (old)
		attr_from_item(old->item, &before);
	index_check_item(table, old ? &before : NULL, &map, false);
	if (index_local_size(table, version->item) > 0 &&
		attr_map_size(&map) + index_local_size(table, version->item) > ITEM_MAX_SIZE)
		dyn_invalid("Item size has exceeded the maximum allowed size");
}

static bool
is_same_key(const ItemVersion *a, const ItemVersion *b)
{
	return layout_is_same_key(&a->hash, a->sort, &b->hash, b->sort);
}

/* What an event does to the indexes.  What a version that is current does not get right, the event that comes late will. */
static void
keep_indexes(IndexTargets *targets, Relation relation, const ItemVersion *old, const ItemVersion *new, bool is_current)
{
	if (new != NULL && is_current && (old == NULL || is_same_key(old, new)))
	{
		index_targets_change(targets, old ? old->item : NULL, new->item, &new->hash, new->sort);
		return;
	}
	if (new != NULL)
		follow_up(targets, new, item_now(relation, &new->hash, new->sort));
	if (old != NULL)
		follow_up(targets, old, item_now(relation, &old->hash, old->sort));
}

/* AFTER ROW: the item table's trigger. */
Datum
dynapg_items_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = triggers_require(fcinfo, TRIGGER_ITEMS_CHANGED);
	Relation	relation = trigger->tg_relation;
	const TableInfo *table = table_of_trigger(trigger);
	IndexTargets targets = {table};
	LogWriter	log = {table};
	ItemVersion old;
	ItemVersion new;
	bool		has_old = !TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	bool		has_new = !TRIGGER_FIRED_BY_DELETE(trigger->tg_event);
	bool		current = false;

	if (table == NULL)
		return PointerGetDatum(NULL);
	if (has_old)
		read_version(trigger->tg_trigslot, &old);
	if (has_new)
	{
		TupleTableSlot *slot = has_old ? trigger->tg_newslot : trigger->tg_trigslot;

		read_version(slot, &new);
		check_version(table, has_old ? &old : NULL, &new);
		current = is_current(relation, slot);
	}
	/* first: what indexes do may begin new commands */
	if (table->is_logged && triggers_is_first(trigger, TRIGGER_ITEMS_CHANGED))
		item_log_event(&log, trigger);
	keep_indexes(&targets, relation, has_old ? &old : NULL, has_new ? &new : NULL, current);
	log_writer_close(&log);
	index_targets_close(&targets);
	return PointerGetDatum(NULL);
}

/* BEFORE TRUNCATE: the removal of all items is logged. */
Datum
dynapg_items_truncating(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = triggers_require(fcinfo, TRIGGER_ITEMS_TRUNCATING);
	const TableInfo *table = table_of_trigger(trigger);
	LogWriter	log = {table};

	if (table == NULL || !table->is_logged || !triggers_is_first(trigger, TRIGGER_ITEMS_TRUNCATING))
		return PointerGetDatum(NULL);
	item_log_truncate(&log, trigger->tg_relation);
	log_writer_close(&log);
	return PointerGetDatum(NULL);
}

/* AFTER TRUNCATE: the index tables are emptied too. */
Datum
dynapg_items_truncated(PG_FUNCTION_ARGS)
{
	const TableInfo *table = table_of_trigger(triggers_require(fcinfo, TRIGGER_ITEMS_TRUNCATED));

	for (int i = 0; table != NULL && i < table->n_indexes; i++)
		index_guard_truncate(table->indexes[i].relation);
	return PointerGetDatum(NULL);
}
