/*
 * guard.c
 *		What plain DDL may not do to item tables, and what it does to the catalog: event triggers.
 *
 * DROP TABLE of an item table forgets it in the catalog, or is refused while deletion protection is on.  ALTER TABLE may
 * not take away what makes it an item table, nor what makes an index table one.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/index.h"
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
#include "catalog/owner.h"
#include "storage/index_guard.h"
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

/*
 * Our triggers fire always.  Those that a command has enabled in another way, as pg_restore --disable-triggers does in the end, are put
 * back, even if the catalog does not know the table yet; disabled ones stay so.
 */
static void
enable_triggers(Oid oid)
{
	Oid			schema = get_namespace_oid("dynapg", false);
	Relation	relation = relation_open(oid, AccessShareLock);
	TriggerDesc *triggers = relation->trigdesc;
	char	   *name = quote_qualified_identifier(get_namespace_name(RelationGetNamespace(relation)),
												  RelationGetRelationName(relation));
	List	   *commands = NIL;
	ListCell   *cell;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgenabled != TRIGGER_FIRES_ALWAYS && trigger->tgenabled != TRIGGER_DISABLED &&
			get_func_namespace(trigger->tgfoid) == schema)
			commands = lappend(commands, psprintf("ALTER TABLE %s ENABLE ALWAYS TRIGGER %s", name,
												  quote_identifier(trigger->tgname)));
	}
	relation_close(relation, NoLock);
	foreach(cell, commands)
		(void) catalog_execute((const char *) lfirst(cell), 0, NULL, NULL, NULL);
}

/* Tells that an item table's indexes do not follow what plain SQL does to it, if a trigger is disabled. */
static void
warn_of_disabled_triggers(Relation relation, const TableInfo *table)
{
	Oid			schema = get_namespace_oid("dynapg", false);
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && table->n_indexes > 0 && i < triggers->numtriggers; i++)
		if (triggers->triggers[i].tgenabled == TRIGGER_DISABLED && get_func_namespace(triggers->triggers[i].tgfoid) == schema)
			ereport(WARNING,
					(errmsg("trigger \"%s\" of table \"%s\" is disabled", triggers->triggers[i].tgname,
							RelationGetRelationName(relation)),
					 errdetail("Its indexes do not follow what plain SQL does meanwhile."),
					 errhint("Ask dynapg.check_table() when it is enabled again.")));
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

/* Whether a relation has the primary key of an item table. */
static bool
has_primary_key(Relation relation)
{
	Oid			oid = compat_primary_key(relation);
	Relation	index;
	bool		result;

	if (!OidIsValid(oid))
		return false;
	index = index_open(oid, AccessShareLock);
	result = layout_is_key_index(index);
	index_close(index, AccessShareLock);
	return result;
}

/* Whether an attribute is the key attribute of a layout. */
static bool
is_same_key(const KeyAttribute *attribute, const char *name, int name_len, KeyType type)
{
	return attribute->type == type && attribute->stored_len == name_len &&
		memcmp(attribute->stored, name, name_len) == 0;
}

/* Whether a relation has the columns that its table's definition wants. */
static bool
has_columns(Relation relation, const TableInfo *table)
{
	const Layout *layout = layout_of(relation);

	return layout->valid && layout->has_sort == table->has_sort &&
		is_same_key(&table->hash, layout->hash_name, layout->hash_name_len, layout->hash_type) &&
		(!table->has_sort ||
		 is_same_key(&table->sort, layout->sort_name, layout->sort_name_len, layout->sort_type));
}

static _Noreturn void raise_no_item_table(Relation relation);

static void
raise_no_item_table(Relation relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" must keep its columns hash, sort and item, its primary key and its triggers",
					RelationGetRelationName(relation)),
			 errdetail("It is an item table of dynapg."),
			 errhint("Delete it with dynamo_delete_table(), or copy its items to a table of another kind.")));
}

static void
require_index_table(Relation relation, const TableInfo *table, const TableIndex *index, bool triggers)
{
	const char *problem = index_guard_problem(relation, table, index);

	if (problem == NULL && triggers && !index_guard_has_triggers(relation))
		problem = "Its triggers are not those that dynapg made.";
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index table \"%s\" must stay what dynapg made", RelationGetRelationName(relation)),
				 errdetail_internal("%s", problem)));
}

/* Refuses to drop an index table whose index is still in the catalog: ours are taken out of it before. */
static void
refuse_index_tables(void)
{
	List	   *relations = relations_of_command("SELECT objid FROM pg_catalog.pg_event_trigger_dropped_objects() "
												 "WHERE object_type = 'table' AND schema_name = '" CATALOG_INDEX_SCHEMA "'");
	ListCell   *cell;

	foreach(cell, relations)
	{
		const TableInfo *table;
		const TableIndex *index = catalog_index_of_relation(lfirst_oid(cell), &table);

		if (index != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
					 errmsg("the index table of index \"%s\" of table \"%s\" cannot be dropped", index->name, table->name),
					 errhint("Delete the index with dynamo_update_table().")));
	}
}

/*
 * sql_drop: the catalog forgets item tables that are dropped, with their indexes, and those that are not keep their primary keys
 * and triggers.  That is
 * looked at here and not at the end of every ALTER TABLE: a restored dump alters tables before it makes the keys.
 */
Datum
dynapg_on_drop(PG_FUNCTION_ARGS)
{
	List	   *relations;
	ListCell   *cell;

	require_event_trigger(fcinfo);
	relations = relations_of_command("SELECT objid FROM pg_catalog.pg_event_trigger_dropped_objects() "
									 "WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid "
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

	refuse_index_tables();
	relations = relations_of_command("SELECT DISTINCT c.relation::pg_catalog.oid FROM "
									 "(SELECT pg_catalog.to_regclass(pg_catalog.format('%I.%I', address_names[1], "
									 "address_names[2])) AS relation FROM pg_catalog.pg_event_trigger_dropped_objects() "
									 "WHERE object_type IN ('table constraint', 'trigger')) c WHERE c.relation IS NOT NULL");
	foreach(cell, relations)
	{
		const TableInfo *table = catalog_table_of_relation(lfirst_oid(cell));
		const TableIndex *index = NULL;
		Relation	relation;

		if (table == NULL)
			index = catalog_index_of_relation(lfirst_oid(cell), &table);
		if (table == NULL)
			continue;
		relation = table_open(lfirst_oid(cell), AccessShareLock);
		if (index != NULL)
			require_index_table(relation, table, index, true);
		else if (!has_primary_key(relation) || !layout_has_triggers(relation))
			raise_no_item_table(relation);
		table_close(relation, AccessShareLock);
	}
	PG_RETURN_NULL();
}

/* ddl_command_end of ALTER TABLE and CREATE INDEX: an item table stays one, and so does an index table. */
Datum
dynapg_on_alter(PG_FUNCTION_ARGS)
{
	List	   *relations;
	ListCell   *cell;

	require_event_trigger(fcinfo);
	relations = relations_of_command("SELECT DISTINCT objid FROM pg_catalog.pg_event_trigger_ddl_commands() "
									 "WHERE classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid "
									 "AND object_type IN ('table', 'table column', 'index')");
	foreach(cell, relations)
	{
		char		kind = get_rel_relkind(lfirst_oid(cell));
		bool		is_index = kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX;
		Oid			oid = is_index ? IndexGetRelation(lfirst_oid(cell), false) : lfirst_oid(cell);
		const TableInfo *table = catalog_table_of_relation(oid);
		const TableIndex *index = NULL;
		Relation	relation;

		if (table == NULL)
			index = catalog_index_of_relation(oid, &table);
		enable_triggers(oid);
		if (table == NULL)
			continue;
		if (index == NULL)
			catalog_adapt_indexes(table);
		relation = table_open(oid, AccessShareLock);
		if (index != NULL)
			require_index_table(relation, table, index, false);
		else if (!has_columns(relation, table))
			raise_no_item_table(relation);
		else
			warn_of_disabled_triggers(relation, table);
		table_close(relation, AccessShareLock);
	}
	PG_RETURN_NULL();
}

/* Statement trigger of the catalog's tables: whoever changes one, every process forgets what it has read of it. */
Datum
dynapg_catalog_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("not called by trigger manager")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}
