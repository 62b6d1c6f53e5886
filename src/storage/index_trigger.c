/*
 * index_trigger.c
 *		What plain SQL does to items, followed up in their indexes; and the guard of index tables.
 *
 * A row trigger's event may come late: another trigger, or a function in the statement, may have changed the item again, by key
 * (then its entries are up to date already) or by SQL (then another event follows, or came before).  So the event
 * says only which entries may be wrong: those of the old and of the new version.  What is right is what the item is now.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "base/compat.h"
#include "base/error.h"
#include "storage/index_write.h"
#include "storage/layout.h"
#include "storage/storage.h"

PG_FUNCTION_INFO_V1(dynapg_items_changed);
PG_FUNCTION_INFO_V1(dynapg_items_truncated);
PG_FUNCTION_INFO_V1(dynapg_index_guard);

/* A version of an item, as a trigger gets it. */
typedef struct ItemVersion
{
	Jsonb	   *item;
	pg_uuid_t	hash;
	bytea	   *sort;
} ItemVersion;

static void
require_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not called by trigger manager")));
}

static void
read_version(TupleTableSlot *slot, ItemVersion *version)
{
	bool		isnull;

	version->item = DatumGetJsonbP(slot_getattr(slot, LAYOUT_ITEM, &isnull));
	version->hash = *DatumGetUUIDP(slot_getattr(slot, LAYOUT_HASH, &isnull));
	version->sort = DatumGetByteaPP(slot_getattr(slot, LAYOUT_SORT, &isnull));
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

/* Puts the row under a key into a slot, as it is now; false if there is none. */
static bool
find_row(Relation relation, const pg_uuid_t *hash, bytea *sort, TupleTableSlot *slot)
{
	Relation	key_index = index_open(compat_primary_key(relation), AccessShareLock);
	bool		found = layout_find_row(relation, key_index, SnapshotSelf, hash, sort, slot);

	index_close(key_index, NoLock);
	return found;
}

/* The item under a key as it is now, or NULL. */
static Jsonb *
item_now(Relation relation, const pg_uuid_t *hash, bytea *sort)
{
	TupleTableSlot *slot = table_slot_create(relation, NULL);
	Jsonb	   *item = NULL;

	if (find_row(relation, hash, sort, slot))
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

/* AFTER ROW: the item table's trigger. */
Datum
dynapg_items_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger;
	Relation	relation;
	IndexTargets targets = {0};
	ItemVersion old;
	ItemVersion new;
	bool		has_old;
	bool		has_new;
	bool		straight = false;

	require_trigger(fcinfo);
	trigger = (TriggerData *) fcinfo->context;
	relation = trigger->tg_relation;
	targets.table = catalog_table_of_relation(RelationGetRelid(relation));
	if (targets.table == NULL || targets.table->n_indexes == 0 || !layout_of(relation)->valid)
		return PointerGetDatum(NULL);

	has_old = !TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	has_new = !TRIGGER_FIRED_BY_DELETE(trigger->tg_event);
	if (has_old)
		read_version(trigger->tg_trigslot, &old);
	if (has_new)
	{
		TupleTableSlot *slot = has_old ? trigger->tg_newslot : trigger->tg_trigslot;

		read_version(slot, &new);
		check_version(targets.table, has_old ? &old : NULL, &new);
		straight = is_current(relation, slot) && (!has_old || is_same_key(&old, &new));
	}

	/* what a version that is current does not get right, the event that comes late will */
	if (straight)
		index_targets_change(&targets, has_old ? old.item : NULL, new.item, &new.hash, new.sort);
	else
	{
		if (has_new)
			follow_up(&targets, &new, item_now(relation, &new.hash, new.sort));
		if (has_old)
			follow_up(&targets, &old, item_now(relation, &old.hash, old.sort));
	}
	index_targets_close(&targets);
	return PointerGetDatum(NULL);
}

static bool truncates_indexes;	/* the item table's own TRUNCATE goes on: index_guard lets it */

/* Empties an index table. */
static void
truncate_index(const char *name)
{
	truncates_indexes = true;
	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "SPI_connect failed");
		if (SPI_execute(psprintf("TRUNCATE TABLE ONLY %s", name), false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "SPI_execute failed");
		SPI_finish();
	}
	PG_FINALLY();
	{
		truncates_indexes = false;
	}
	PG_END_TRY();
}

/* AFTER TRUNCATE: the index tables are emptied in the name of their owner. */
Datum
dynapg_items_truncated(PG_FUNCTION_ARGS)
{
	const TableInfo *table;
	Oid			role;
	int			context;

	require_trigger(fcinfo);
	table = catalog_table_of_relation(RelationGetRelid(((TriggerData *) fcinfo->context)->tg_relation));
	if (table == NULL || table->n_indexes == 0)
		return PointerGetDatum(NULL);

	GetUserIdAndSecContext(&role, &context);
	for (int i = 0; i < table->n_indexes; i++)
	{
		Oid			relation = table->indexes[i].relation;
		Relation	index = table_open(relation, AccessExclusiveLock);
		char	   *name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(index)),
													  RelationGetRelationName(index));

		SetUserIdAndSecContext(index->rd_rel->relowner, context | SECURITY_LOCAL_USERID_CHANGE);
		table_close(index, NoLock);
		truncate_index(name);
		SetUserIdAndSecContext(role, context);
	}
	return PointerGetDatum(NULL);
}

/* Locks the latest version of a slot's row, and puts it there; false if it is gone. */
static bool
lock_row(Relation relation, TupleTableSlot *slot)
{
	ItemPointerData tid = slot->tts_tid;
	TM_FailureData failure;

	return table_tuple_lock(relation, &tid, GetActiveSnapshot(), slot, GetCurrentCommandId(false), LockTupleShare,
							LockWaitBlock, TUPLE_LOCK_FLAG_LOCK_UPDATE_IN_PROGRESS | TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							&failure) == TM_Ok;
}

/* Makes the entry in one index of the item under a key right, if there is that item. */
static void
enter_item(Oid item_relation, Oid index_relation, const pg_uuid_t *hash, bytea *sort)
{
	Relation	relation = table_open(item_relation, RowExclusiveLock);
	const TableInfo *table = catalog_table_of_relation(item_relation);
	TupleTableSlot *slot = table_slot_create(relation, NULL);

	if (table != NULL && layout_of(relation)->valid && find_row(relation, hash, sort, slot) && lock_row(relation, slot))
	{
		bool		isnull;
		Jsonb	   *item = DatumGetJsonbP(slot_getattr(slot, LAYOUT_ITEM, &isnull));

		for (int i = 0; i < table->n_indexes; i++)
		{
			IndexTargets targets = {table};
			IndexTarget *target;
			IndexChange change;

			if (table->indexes[i].relation != index_relation)
				continue;
			index_upkeep(table, &table->indexes[i], NULL, item, &change);
			if (change.action == INDEX_INSERT && (target = index_targets_get(&targets, i)) != NULL)
				(void) index_target_ensure(target, &change.new_entry, hash, sort, change.new_item);
			index_targets_close(&targets);
		}
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(relation, NoLock);
}

/*
 * Looks at a row that COPY or INSERT brings to an index table: it comes from a dump.  As a rule the item table's own trigger makes the entry, now or
 * later.  But a dump's data may be restored into what its schema has made: then items have come before the catalog that tells of the
 * index, and nobody has made their entries.
 */
static void
look_at_row(TriggerData *trigger)
{
	const TableInfo *table;
	const TableIndex *index = catalog_index_of_relation(RelationGetRelid(trigger->tg_relation), &table);
	Datum		hash;
	Datum		sort;
	bool		hash_is_null;
	bool		sort_is_null;

	if (index == NULL || !OidIsValid(table->relation))
		return;
	hash = slot_getattr(trigger->tg_trigslot, INDEX_BASE_HASH(index), &hash_is_null);
	sort = slot_getattr(trigger->tg_trigslot, INDEX_BASE_SORT(index), &sort_is_null);
	if (!hash_is_null && !sort_is_null)
		enter_item(table->relation, index->relation, DatumGetUUIDP(hash), DatumGetByteaPP(sort));
}

/*
 * BEFORE ROW, and BEFORE TRUNCATE, of index tables.  What COPY and logical replication bring (a dump's data, a publication of all tables) is
 * not inserted: the entries are made from the items.  Everything else is refused.
 */
Datum
dynapg_index_guard(PG_FUNCTION_ARGS)
{
	TriggerData *trigger;

	require_trigger(fcinfo);
	trigger = (TriggerData *) fcinfo->context;
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) && truncates_indexes)
		return PointerGetDatum(NULL);
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(NULL);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		look_at_row(trigger);
		return PointerGetDatum(NULL);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("index table \"%s\" is kept by dynapg", RelationGetRelationName(trigger->tg_relation)),
			 errhint("Change the items of its table.")));
}
