/*
 * guard.c
 *		What plain DDL may not do to item tables, and what it does to the catalog: event triggers.
 *
 * DROP TABLE of an item table forgets it in the catalog, or is refused while deletion protection is on.  ALTER TABLE may
 * not take away what makes it an item table, nor what makes an index table one; neither has children or a parent.  Backups' tables are their
 * owners' to do with as they like: DROP TABLE of one deletes the backup.
 *
 * Everybody's DDL comes by here.  What is not ours is left at once, and no reason to raise an error: everything is looked up in C, by OID
 * or by names that may be gone, without a privilege or the search_path having a say.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "base/compat.h"
#include "base/error.h"
#include "catalog/backups.h"
#include "log/log.h"
#include "storage/event_objects.h"
#include "storage/index_guard.h"
#include "storage/layout.h"
#include "storage/storage.h"
#include "storage/triggers.h"

PG_FUNCTION_INFO_V1(dynapg_on_drop);
PG_FUNCTION_INFO_V1(dynapg_on_alter);
PG_FUNCTION_INFO_V1(dynapg_catalog_changed);

/* A table of ours. */
typedef struct OwnTable
{
	const TableInfo *table;		/* NULL: it is none */
	const TableIndex *index;	/* NULL: the item table itself */
} OwnTable;

static OwnTable
find_own_table(Oid relation)
{
	OwnTable	own = {catalog_table_of_relation(relation)};

	if (own.table == NULL)
		own.index = catalog_index_of_relation(relation, &own.table);
	return own;
}

/* ------------------------------------------------------------------------------------------------------------
 * What tables of ours must be
 * ------------------------------------------------------------------------------------------------------------ */

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

static _Noreturn void
raise_no_item_table(Relation relation)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("table \"%s\" must keep its columns hash, sort and item, its primary key and its triggers",
					RelationGetRelationName(relation)),
			 errdetail("It is an item table of dynapg."),
			 errhint("Delete it with dynamo_delete_table(), or copy its items to a table of another kind.")));
}

/* whole: its primary key and its triggers too, which a dump that is being restored makes one after the other. */
static void
require_index_table(Relation relation, const OwnTable *own, bool whole)
{
	const char *problem = NULL;

	if (whole || OidIsValid(compat_primary_key(relation)))
		problem = index_guard_problem(relation, own->table, own->index);
	if (problem == NULL && whole && !index_guard_has_triggers(relation))
		problem = "Its triggers are not those that dynapg made.";
	if (problem != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index table \"%s\" must stay what dynapg made", RelationGetRelationName(relation)),
				 errdetail_internal("%s", problem)));
}

/* An index can be built again, a hole in a log cannot be filled. */
static void
refuse_holes_in_logs(Relation relation, const Trigger *disabled)
{
	if (disabled != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("trigger \"%s\" of table \"%s\" cannot be disabled while the table has a stream or continuous backups",
						disabled->tgname, RelationGetRelationName(relation))));
	if (relation->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" cannot be UNLOGGED while it has a stream, a Kinesis streaming destination or continuous backups",
						RelationGetRelationName(relation))));
}

/*
 * A table's indexes and logs do not follow what plain SQL does to it, if a trigger of ours is disabled: tells it of indexes, refuses it
 * where there are logs.
 */
static void
check_disabled_triggers(Relation relation, const TableInfo *table)
{
	TriggerDesc *triggers = relation->trigdesc;
	const Trigger *disabled = NULL;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgenabled != TRIGGER_DISABLED || !triggers_is_ours(trigger, TRIGGERS_OF_ITEMS))
			continue;
		disabled = trigger;
		if (table->n_indexes > 0 && !table->is_logged && !triggers_is_ours(trigger, TRIGGER_ITEMS_TRUNCATING))
			ereport(WARNING,
					(errmsg("trigger \"%s\" of table \"%s\" is disabled", trigger->tgname, RelationGetRelationName(relation)),
					 errdetail("Its indexes do not follow what plain SQL does meanwhile."),
					 errhint("Ask dynapg.check_table() when it is enabled again.")));
	}
	if (table->is_logged)
		refuse_holes_in_logs(relation, disabled);
}

/*
 * Our triggers fire always.  Those that a command has enabled in another way, as pg_restore --disable-triggers does in the end, are put
 * back, even if the catalog does not know the table yet; disabled ones stay so.
 */
static void
enable_triggers(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;
	List	   *names = NIL;
	ListCell   *cell;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];

		if (trigger->tgenabled != TRIGGER_FIRES_ALWAYS && trigger->tgenabled != TRIGGER_DISABLED &&
			triggers_is_ours(trigger, TRIGGERS_ALL))
			names = lappend(names, pstrdup(trigger->tgname));
	}
	if (names == NIL)
		return;
	LockRelationOid(RelationGetRelid(relation), ShareRowExclusiveLock);
	foreach(cell, names)
		compat_enable_trigger(relation, (const char *) lfirst(cell), TRIGGER_FIRES_ALWAYS);
	CommandCounterIncrement();
}

/* ------------------------------------------------------------------------------------------------------------
 * Inheritance and foreign keys, which tie tables of ours to others
 * ------------------------------------------------------------------------------------------------------------ */

static void
refuse_inheritance(Oid relation, const OwnTable *own)
{
	if (own->table != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" cannot take part in inheritance", get_rel_name(relation)),
				 errdetail("It is an %s table of dynapg: it has no parents, no children and no type.",
						   own->index != NULL ? "index" : "item")));
}

/* The parents of a relation. */
static List *
parents_of(Oid relation)
{
	Relation	inherits = table_open(InheritsRelationId, AccessShareLock);
	List	   *parents = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, Anum_pg_inherits_inhrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(inherits, InheritsRelidSeqnoIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
		parents = lappend_oid(parents, ((Form_pg_inherits) GETSTRUCT(row))->inhparent);
	systable_endscan(scan);
	table_close(inherits, AccessShareLock);
	return parents;
}

/* Refuses those of some relations that are ours. */
static void
refuse_own(List *relations)
{
	ListCell   *cell;

	foreach(cell, relations)
	{
		OwnTable	own = find_own_table(lfirst_oid(cell));

		refuse_inheritance(lfirst_oid(cell), &own);
	}
}

/* Whether a command attaches a partition: of that one the command's objects do not tell. */
static bool
attaches_partition(const Node *command)
{
	ListCell   *cell;

	if (command == NULL || !IsA(command, AlterTableStmt))
		return false;
	foreach(cell, ((const AlterTableStmt *) command)->cmds)
		if (((const AlterTableCmd *) lfirst(cell))->subtype == AT_AttachPartition)
			return true;
	return false;
}

/*
 * A child's rows would be read with the items and stand in no index, and what is done to a parent is done to its children, past the
 * guard.  relation: one that a command has created or altered.
 */
static void
check_inheritance(Relation relation, const OwnTable *own, const Node *command)
{
	Oid			oid = RelationGetRelid(relation);
	List	   *parents = parents_of(oid);

	if (OidIsValid(relation->rd_rel->reloftype) || parents != NIL || find_inheritance_children(oid, NoLock) != NIL)
		refuse_inheritance(oid, own);
	refuse_own(parents);
	if (attaches_partition(command))
		refuse_own(find_inheritance_children(oid, NoLock));
}

/* Whether a relation is a table of the extension itself. */
static bool
is_of_extension(Oid relation, Oid extension)
{
	return OidIsValid(extension) && get_rel_namespace(relation) == get_namespace_oid("dynapg", true) &&
		getExtensionOfObject(RelationRelationId, relation) == extension;
}

/* A foreign key that refers to an index table or to the catalog would fire triggers there, past which dynapg writes. */
static void
check_foreign_keys(Relation relation, Oid extension)
{
	ListCell   *cell;

	foreach(cell, RelationGetFKeyList(relation))
	{
		Oid			referred = ((ForeignKeyCacheInfo *) lfirst(cell))->confrelid;

		if (find_own_table(referred).index != NULL || is_of_extension(referred, extension))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("foreign keys cannot refer to table \"%s\" of dynapg", get_rel_name(referred)),
					 errdetail("dynapg writes it past triggers, as which foreign keys are enforced."),
					 errhint("Refer to an item table.")));
	}
}

/* The extension's tables have no triggers but its own: dynapg writes them past triggers. */
static void
check_catalog_triggers(Relation relation, Oid extension)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		if (getExtensionOfObject(ProcedureRelationId, triggers->triggers[i].tgfoid) != extension)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" of dynapg cannot have triggers", RelationGetRelationName(relation)),
					 errdetail("dynapg writes it past them.")));
}

/* ------------------------------------------------------------------------------------------------------------
 * DROP
 * ------------------------------------------------------------------------------------------------------------ */

/* Forgets an item table that has been dropped. */
static void
forget_table(Oid relation)
{
	const TableInfo *table = catalog_table_of_relation(relation);

	if (table == NULL)
		return;
	if (is_protected(table))
		dyn_invalid("Resource cannot be deleted as it is currently protected against deletion. "
					"Disable deletion protection first.");
	log_end_all(table);
	catalog_forget_pending_backups(table);
	catalog_forget_relation(relation);
}

/* Refuses to drop an index table whose index is still in the catalog: ours are taken out of it before. */
static void
refuse_index_table(Oid relation)
{
	const TableInfo *table;
	const TableIndex *index = catalog_index_of_relation(relation, &table);

	if (index != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("the index table of index \"%s\" of table \"%s\" cannot be dropped", index->name, table->name),
				 errhint("Delete the index with dynamo_update_table().")));
}

/* The table of a constraint or trigger that has been dropped; InvalidOid if it is gone too. */
static Oid
table_of_dropped(const EventObject *object)
{
	Oid			schema = object->schema != NULL ? get_namespace_oid(object->schema, true) : InvalidOid;

	if (!OidIsValid(schema) || object->relation == NULL)
		return InvalidOid;
	return get_relname_relid(object->relation, schema);
}

/* A table of ours that has lost a constraint or a trigger keeps its primary key and its own triggers. */
static void
check_whole(Oid oid)
{
	OwnTable	own = find_own_table(oid);
	Relation	relation;

	if (own.table == NULL)
		return;
	relation = table_open(oid, AccessShareLock);
	if (own.index != NULL)
		require_index_table(relation, &own, true);
	else if (!has_primary_key(relation) || !layout_has_triggers(relation))
		raise_no_item_table(relation);
	table_close(relation, AccessShareLock);
}

/*
 * sql_drop: the catalog forgets item tables that are dropped, with their indexes, and those that are not keep their primary keys
 * and triggers.  That is looked at here and not at the end of every ALTER TABLE: a restored dump alters tables before it makes the
 * keys.
 */
Datum
dynapg_on_drop(PG_FUNCTION_ARGS)
{
	List	   *objects;
	List	   *touched = NIL;
	ListCell   *cell;

	(void) event_require(fcinfo, "sql_drop");
	objects = event_dropped_objects();
	if (objects == NIL || !catalog_exists())
		PG_RETURN_NULL();
	foreach(cell, objects)
	{
		const EventObject *object = (const EventObject *) lfirst(cell);

		if (object->class == RelationRelationId && strcmp(object->type, "table") == 0)
			forget_table(object->oid);
		else if (object->class == ConstraintRelationId || object->class == TriggerRelationId)
			touched = list_append_unique_oid(touched, table_of_dropped(object));
	}
	foreach(cell, objects)
	{
		const EventObject *object = (const EventObject *) lfirst(cell);

		if (object->class == RelationRelationId && object->schema != NULL &&
			strcmp(object->schema, CATALOG_INDEX_SCHEMA) == 0)
			refuse_index_table(object->oid);
		else if (object->class == RelationRelationId && object->schema != NULL &&
				 strcmp(object->schema, CATALOG_BACKUP_SCHEMA) == 0 && strcmp(object->type, "table") == 0)
			catalog_forget_backup(object->relation);
	}
	foreach(cell, touched)
		if (OidIsValid(lfirst_oid(cell)))
			check_whole(lfirst_oid(cell));
	PG_RETURN_NULL();
}

/* ------------------------------------------------------------------------------------------------------------
 * CREATE and ALTER
 * ------------------------------------------------------------------------------------------------------------ */

/* The table of a trigger. */
static Oid
table_of_trigger(Oid trigger)
{
	Relation	triggers = table_open(TriggerRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	Oid			table = InvalidOid;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(trigger));
	scan = systable_beginscan(triggers, TriggerOidIndexId, true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
		table = ((Form_pg_trigger) GETSTRUCT(row))->tgrelid;
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return table;
}

/*
 * The table that a command has created or altered, itself or a part of it; InvalidOid if it was anything else, or an index of a table that is
 * not ours: such a command has no lock on the table, and must not wait for one.
 */
static Oid
table_of_changed(const EventObject *object, bool has_catalog)
{
	Oid			oid = object->oid;

	if (object->class == TriggerRelationId)
		return table_of_trigger(oid);
	if (object->class != RelationRelationId)
		return InvalidOid;
	switch (get_rel_relkind(oid))
	{
		case RELKIND_INDEX:
		case RELKIND_PARTITIONED_INDEX:
			oid = IndexGetRelation(oid, true);
			return has_catalog && OidIsValid(oid) && find_own_table(oid).table == NULL ? InvalidOid : oid;
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_FOREIGN_TABLE:
			return oid;
	}
	return InvalidOid;
}

/* Refuses another name for a schema of ours: they are known by their names. */
static void
check_schema(Oid schema, Oid extension)
{
	static const char *const names[] = {"dynapg", CATALOG_ITEM_SCHEMA, CATALOG_INDEX_SCHEMA, CATALOG_LOG_SCHEMA,
	CATALOG_BACKUP_SCHEMA};
	const char *name = get_namespace_name(schema);

	if (name == NULL || !OidIsValid(extension) || getExtensionOfObject(NamespaceRelationId, schema) != extension)
		return;
	for (int i = 0; i < lengthof(names); i++)
		if (strcmp(name, names[i]) == 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("schemas of extension dynapg must keep their names")));
}

/* An item table stays one, and so does an index table; and the extension's tables stay what dynapg can write. */
static void
check_table(Oid oid, const Node *command, Oid extension)
{
	Relation	relation = try_relation_open(oid, AccessShareLock);
	OwnTable	own;

	if (relation == NULL)
		return;
	own = find_own_table(oid);
	enable_triggers(relation);
	check_inheritance(relation, &own, command);
	check_foreign_keys(relation, extension);
	if (is_of_extension(oid, extension))
		check_catalog_triggers(relation, extension);
	if (own.index != NULL)
		require_index_table(relation, &own, false);
	else if (own.table != NULL)
	{
		catalog_adapt_indexes(own.table);
		if (!has_columns(relation, own.table))
			raise_no_item_table(relation);
		check_disabled_triggers(relation, own.table);
	}
	relation_close(relation, NoLock);
}

/* Refuses a command that has taken a table of the catalog away. */
static void
check_catalog(Oid oid, Oid extension)
{
	if (is_of_extension(oid, extension))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("tables of extension dynapg must keep their names")));
}

/* ddl_command_end of what creates or alters tables and what is on them. */
Datum
dynapg_on_alter(PG_FUNCTION_ARGS)
{
	const Node *command = event_require(fcinfo, "ddl_command_end")->parsetree;
	Oid			extension = getExtensionOfObject(ProcedureRelationId, fcinfo->flinfo->fn_oid);
	List	   *objects = event_changed_objects();
	List	   *tables = NIL;
	ListCell   *cell;
	bool		has_catalog = objects != NIL && catalog_exists();

	foreach(cell, objects)
	{
		const EventObject *object = (const EventObject *) lfirst(cell);

		if (object->class == NamespaceRelationId)
			check_schema(object->oid, extension);
		else
			tables = list_append_unique_oid(tables, table_of_changed(object, has_catalog));
	}
	tables = list_delete_oid(tables, InvalidOid);
	foreach(cell, tables)
		if (has_catalog)
			check_table(lfirst_oid(cell), command, extension);
		else
			check_catalog(lfirst_oid(cell), extension);
	PG_RETURN_NULL();
}

/*
 * Statement trigger of the catalog's tables and that of access keys: whoever changes one, every process forgets what it has read of
 * it.
 */
Datum
dynapg_catalog_changed(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = triggers_require(fcinfo, TRIGGER_CATALOG_CHANGED);

	if (RelationGetNamespace(trigger->tg_relation) != get_namespace_oid("dynapg", true))
		triggers_raise_wrong_relation(trigger, "a table of the catalog");
	CacheInvalidateRelcache(trigger->tg_relation);
	return PointerGetDatum(NULL);
}
