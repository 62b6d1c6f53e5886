/*
 * index_guard.c
 *		What an index table must be.
 *
 * Its owner may alter it as any table.  What would break reading and writing is looked at whenever it is opened, which costs no
 * more than a look at the relation cache; what would make it differ from the items one day (an UNLOGGED table after a crash), when it is altered.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "base/compat.h"
#include "storage/index_guard.h"
#include "storage/index_write.h"
#include "storage/triggers.h"

static Oid
column_type(const TableIndex *index, AttrNumber column)
{
	if (column == INDEX_HASH || column == INDEX_BASE_HASH(index))
		return UUIDOID;
	return column == INDEX_ITEM(index) ? JSONBOID : BYTEAOID;
}

static const char *
column_name(const TableIndex *index, AttrNumber column)
{
	if (column == INDEX_HASH)
		return "hash";
	if (column == INDEX_BASE_HASH(index))
		return "base_hash";
	if (column == INDEX_BASE_SORT(index))
		return "base_sort";
	return column == INDEX_ITEM(index) ? "item" : psprintf("sort_%d", column - INDEX_HASH);
}

bool
index_guard_has_columns(Relation relation, const TableIndex *index)
{
	TupleDesc	desc = RelationGetDescr(relation);

	if (desc->natts != INDEX_ITEM(index))
		return false;
	for (int i = 0; i < desc->natts; i++)
		if (TupleDescAttr(desc, i)->attisdropped || TupleDescAttr(desc, i)->atttypid != column_type(index, i + 1))
			return false;
	return true;
}

static bool
has_names(Relation relation, const TableIndex *index)
{
	TupleDesc	desc = RelationGetDescr(relation);

	for (int i = 0; i < desc->natts; i++)
		if (strcmp(NameStr(TupleDescAttr(desc, i)->attname), column_name(index, i + 1)) != 0)
			return false;
	return true;
}

/* Whether an index is on the first so many columns in their order, and on nothing else. */
static bool
is_on_first(Relation index, int n_columns)
{
	if (index->rd_index->indnatts != n_columns || index->rd_index->indnkeyatts != n_columns)
		return false;
	for (int i = 0; i < n_columns; i++)
		if (index->rd_index->indkey.values[i] != i + 1)
			return false;
	return true;
}

Relation
index_guard_open_key(Relation relation, const TableIndex *index, LOCKMODE lockmode)
{
	Oid			oid = compat_primary_key(relation);
	Relation	key;

	if (!OidIsValid(oid) || relation->rd_rel->relam != HEAP_TABLE_AM_OID || !index_guard_has_columns(relation, index))
		return NULL;
	key = index_open(oid, lockmode);
	if (is_on_first(key, INDEX_ITEM(index) - 1))
		return key;
	index_close(key, lockmode);
	return NULL;
}

bool
index_guard_keeps(Relation relation, Relation other)
{
	const FormData_pg_index *form = other->rd_index;

	return other->rd_rel->relam == BTREE_AM_OID &&
		heap_attisnull(other->rd_indextuple, Anum_pg_index_indexprs, NULL) &&
		heap_attisnull(other->rd_indextuple, Anum_pg_index_indpred, NULL) &&
		(!form->indisunique || is_on_first(other, RelationGetNumberOfAttributes(relation) - 1));
}

/* The name of an index on the relation that writers do not keep; NULL if there is none. */
static const char *
unkept_index(Relation relation)
{
	List	   *indexes = RelationGetIndexList(relation);
	const char *name = NULL;
	ListCell   *cell;

	foreach(cell, indexes)
	{
		Relation	other = index_open(lfirst_oid(cell), AccessShareLock);

		if (!index_guard_keeps(relation, other))
			name = pstrdup(RelationGetRelationName(other));
		index_close(other, AccessShareLock);
	}
	list_free(indexes);
	return name;
}

/* What a trigger on the relation that is not ours comes from, as a sentence; NULL if there is none. */
static const char *
foreign_trigger(Relation relation)
{
	TriggerDesc *triggers = relation->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		const Trigger *trigger = &triggers->triggers[i];
		const char *constraint = trigger->tgisinternal ? get_constraint_name(trigger->tgconstraint) : NULL;

		if (triggers_is_ours(trigger, TRIGGERS_OF_INDEXES))
			continue;
		if (constraint != NULL)
			return psprintf("It is part of the foreign key \"%s\", which dynapg does not keep.", constraint);
		return psprintf("It has a trigger \"%s\", which dynapg does not fire.", trigger->tgname);
	}
	return NULL;
}

const char *
index_guard_problem(Relation relation, const TableInfo *table, const TableIndex *index)
{
	Relation	key = index_guard_open_key(relation, index, AccessShareLock);
	const char *unkept;

	if (key == NULL)
		return "Its columns, its primary key or its access method are not those that dynapg made.";
	index_close(key, AccessShareLock);
	if (!has_names(relation, index))
		return "Its columns have other names.";
	if (RelationGetNamespace(relation) != get_namespace_oid(CATALOG_INDEX_SCHEMA, false))
		return "It is not in schema " CATALOG_INDEX_SCHEMA ".";
	if (relation->rd_rel->relpersistence != get_rel_persistence(table->relation))
		return relation->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED ?
			"It is UNLOGGED, and its item table is not." : "Its item table is UNLOGGED, and it is not.";
	if (RelationGetDescr(relation)->constr != NULL && RelationGetDescr(relation)->constr->num_check > 0)
		return psprintf("It has a constraint \"%s\", which dynapg does not check.",
						RelationGetDescr(relation)->constr->check[0].ccname);
	unkept = unkept_index(relation);
	if (unkept != NULL)
		return psprintf("It has an index \"%s\", which dynapg does not keep.", unkept);
	return foreign_trigger(relation);
}

bool
index_guard_has_triggers(Relation relation)
{
	return triggers_has(relation, TRIGGER_INDEX_ROWS, false) && triggers_has(relation, TRIGGER_INDEX_TRUNCATE, false);
}
