/*
 * index_guard_trigger.c
 *		The trigger of index tables: nobody but dynapg changes them.
 *
 * dynapg itself does not come by here: it writes entries past the executor, but for TRUNCATE.
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "storage/index_guard.h"
#include "storage/index_write.h"
#include "storage/layout.h"
#include "storage/triggers.h"

PG_FUNCTION_INFO_V1(dynapg_index_guard);

static bool truncates_indexes;	/* the item table's own TRUNCATE goes on: the trigger lets it */

/* Executes TRUNCATE of an index table. */
static void
execute_truncate(const char *name)
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

void
index_guard_truncate(Oid relation)
{
	Relation	index = table_open(relation, AccessExclusiveLock);
	char	   *name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(index)),
												  RelationGetRelationName(index));
	Oid			role;
	int			context;

	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(index->rd_rel->relowner, context | SECURITY_LOCAL_USERID_CHANGE);
	table_close(index, NoLock);
	execute_truncate(name);
	SetUserIdAndSecContext(role, context);
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

	if (table != NULL && layout_of(relation)->valid && layout_find_row_now(relation, hash, sort, slot) &&
		lock_row(relation, slot))
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
	if (!index_guard_has_columns(trigger->tg_relation, index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index table \"%s\" is not what dynapg made it", RelationGetRelationName(trigger->tg_relation))));
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
	TriggerData *trigger = triggers_require(fcinfo, TRIGGERS_OF_INDEXES);

	/* by the schema, which is for index tables only: of a dump that is being restored the catalog knows nothing yet */
	if (RelationGetNamespace(trigger->tg_relation) != get_namespace_oid(CATALOG_INDEX_SCHEMA, true))
		triggers_raise_wrong_relation(trigger, "an index table");
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
