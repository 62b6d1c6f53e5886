/*
 * guard.c
 *		What plain DDL may not do to item tables, and what it does to the catalog: event triggers.
 *
 * DROP TABLE of an item table forgets it in the catalog, or is refused while deletion protection is on.  ALTER TABLE may
 * not take away what makes it an item table.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "commands/event_trigger.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/error.h"
#include "storage/layout.h"
#include "storage/storage.h"

PG_FUNCTION_INFO_V1(dynapg_on_drop);
PG_FUNCTION_INFO_V1(dynapg_on_alter);
PG_FUNCTION_INFO_V1(dynapg_catalog_changed);

/* The relations that a query on an event trigger's own functions names, in the current context. */
static List *
relations_of_command(const char *query)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *relations = NIL;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (SPI_execute(query, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute failed");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		oid = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &isnull);
		MemoryContext inner = MemoryContextSwitchTo(caller);

		relations = lappend_oid(relations, DatumGetObjectId(oid));
		MemoryContextSwitchTo(inner);
	}
	SPI_finish();
	return relations;
}

static void
require_event_trigger(FunctionCallInfo fcinfo)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not called by the event trigger manager")));
}

/* Whether a table's definition has deletion protection on. */
static bool
is_protected(const TableInfo *table)
{
	JsonbValue	value;

	return getKeyJsonValueFromContainer(&table->definition->root, "DeletionProtectionEnabled",
										strlen("DeletionProtectionEnabled"), &value) != NULL &&
		value.type == jbvBool && value.val.boolean;
}

/* sql_drop: the catalog forgets item tables that are dropped. */
Datum
dynapg_on_drop(PG_FUNCTION_ARGS)
{
	List	   *relations;
	ListCell   *cell;

	require_event_trigger(fcinfo);
	relations = relations_of_command("SELECT objid FROM pg_catalog.pg_event_trigger_dropped_objects() "
									 "WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
									 "AND objsubid = 0 AND object_type = 'table'");
	if (!OidIsValid(get_relname_relid("tables", get_namespace_oid("dynapg", true))))
		PG_RETURN_NULL();		/* the extension itself is on its way out */
	foreach(cell, relations)
	{
		const TableInfo *table = catalog_table_of_relation(lfirst_oid(cell));

		if (table == NULL)
			continue;
		if (is_protected(table))
			dyn_invalid("Resource cannot be deleted as it is currently protected against deletion. "
						"Disable deletion protection first.");
		catalog_forget_relation(lfirst_oid(cell));
	}
	PG_RETURN_NULL();
}

/* ddl_command_end of ALTER TABLE: an item table stays one. */
Datum
dynapg_on_alter(PG_FUNCTION_ARGS)
{
	List	   *relations;
	ListCell   *cell;

	require_event_trigger(fcinfo);
	relations = relations_of_command("SELECT DISTINCT objid FROM pg_catalog.pg_event_trigger_ddl_commands() "
									 "WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass "
									 "AND object_type IN ('table', 'table column')");
	foreach(cell, relations)
	{
		Relation	relation;

		if (catalog_table_of_relation(lfirst_oid(cell)) == NULL)
			continue;
		relation = table_open(lfirst_oid(cell), AccessShareLock);
		if (!layout_of(relation)->valid || !OidIsValid(compat_primary_key(relation)))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" must keep its columns hash, sort and item and its primary key",
							RelationGetRelationName(relation)),
					 errdetail("It is an item table of dynapg."),
					 errhint("Delete it with dynamo_delete_table(), or copy its items to a table of another kind.")));
		table_close(relation, AccessShareLock);
	}
	PG_RETURN_NULL();
}

/* Statement trigger of dynapg.tables: whoever changes it, every backend's cache is dropped. */
Datum
dynapg_catalog_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not called by trigger manager")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_NULL();
}
