/*
 * indexes.c
 *		Reading dynapg.indexes.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "catalog/catalog_private.h"

/* A name as the service knows it, and as stored. */
static void
set_name(KeyAttribute *attribute, const JsonbValue *name)
{
	attribute->name = pnstrdup(name->val.string.val, name->val.string.len);
	attribute->name_len = name->val.string.len;
	attribute->stored = attr_name_to_stored(attribute->name, attribute->name_len, &attribute->stored_len);
}

static void
read_keys(const TableInfo *table, TableIndex *index)
{
	JsonbValue	list;

	catalog_member(&index->definition->root, "KeySchema", &list);
	for (uint32 i = 0; i < JsonContainerSize(list.val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(list.val.binary.data, i);
		JsonbValue	name;
		JsonbValue	kind;
		KeyAttribute *attribute;

		catalog_member(element->val.binary.data, "AttributeName", &name);
		catalog_member(element->val.binary.data, "KeyType", &kind);
		attribute = kind.val.string.val[0] == 'H' ? &index->hash[index->n_hash++] : &index->sort[index->n_sort++];
		if (index->n_hash > INDEX_KEY_MAX_ATTRIBUTES || index->n_sort > INDEX_KEY_MAX_ATTRIBUTES)
			elog(ERROR, "index %s has too many key attributes", index->name);
		set_name(attribute, &name);
		attribute->type = index->expires ? KEY_TYPE_N : catalog_defined_type(table->definition, attribute);
	}
}

static void
read_projection(TableIndex *index)
{
	JsonbValue	projection;
	JsonbValue	value;

	catalog_member(&index->definition->root, "Projection", &projection);
	catalog_member(projection.val.binary.data, "ProjectionType", &value);
	switch (value.val.string.val[0])
	{
		case 'A':
			index->projection = PROJECT_ALL;
			return;
		case 'K':
			index->projection = PROJECT_KEYS_ONLY;
			return;
	}
	index->projection = PROJECT_INCLUDE;
	catalog_member(projection.val.binary.data, "NonKeyAttributes", &value);
	index->n_included = JsonContainerSize(value.val.binary.data);
	index->included = (KeyAttribute *) palloc0(index->n_included * sizeof(KeyAttribute));
	for (int i = 0; i < index->n_included; i++)
		set_name(&index->included[i], getIthJsonbValueFromContainer(value.val.binary.data, i));
}

static void
read_index(const TableInfo *table, Relation catalog, HeapTuple row, TableIndex *index)
{
	Datum		values[INDEXES_COLUMNS];
	bool		nulls[INDEXES_COLUMNS];
	char		kind;

	heap_deform_tuple(row, RelationGetDescr(catalog), values, nulls);
	index->name = TextDatumGetCString(values[INDEXES_NAME - 1]);
	index->relation = DatumGetObjectId(values[INDEXES_RELATION - 1]);
	kind = *VARDATA_ANY(DatumGetTextPP(values[INDEXES_KIND - 1]));
	index->global = kind != 'L';
	index->expires = kind == 'T';
	index->definition = DatumGetJsonbPCopy(values[INDEXES_DEFINITION - 1]);
	index->status = catalog_status_of_text(DatumGetTextPP(values[INDEXES_STATUS - 1]));
	index->kept = DatumGetBool(values[INDEXES_KEPT - 1]);
	index->backfilling = DatumGetBool(values[INDEXES_BACKFILLING - 1]);
	if (!nulls[INDEXES_REPLACES - 1])
		index->replaces = TextDatumGetCString(values[INDEXES_REPLACES - 1]);
	if (!nulls[INDEXES_CHANGE_ENDS - 1])
		index->change_ends = DatumGetTimestampTz(values[INDEXES_CHANGE_ENDS - 1]);
	read_keys(table, index);
	read_projection(index);
}

void
catalog_read_indexes(TableInfo *table, Snapshot snapshot)
{
	Relation	catalog = table_open(catalog_indexes_oid(), AccessShareLock);
	Relation	key_index = index_open(get_relname_relid("indexes_pkey", get_namespace_oid("dynapg", false)),
									   AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	int			size = 0;

	ScanKeyInit(&key, INDEXES_TABLE_NAME, BTEqualStrategyNumber, F_TEXTEQ, CStringGetTextDatum(table->name));
	scan = systable_beginscan_ordered(catalog, key_index, snapshot, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext_ordered(scan, ForwardScanDirection)))
	{
		if (table->n_indexes == size)
		{
			size = size ? 2 * size : 4;
			table->indexes = table->indexes == NULL ? (TableIndex *) palloc(size * sizeof(TableIndex)) :
				(TableIndex *) repalloc(table->indexes, size * sizeof(TableIndex));
		}
		memset(&table->indexes[table->n_indexes], 0, sizeof(TableIndex));
		read_index(table, catalog, row, &table->indexes[table->n_indexes++]);
	}
	systable_endscan_ordered(scan);
	index_close(key_index, AccessShareLock);
	table_close(catalog, AccessShareLock);
}

const TableIndex *
catalog_index(const TableInfo *table, const char *name, int name_len)
{
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];

		if (strlen(index->name) == name_len && memcmp(index->name, name, name_len) == 0 && !index_is_hidden(index))
			return index;
	}
	return NULL;
}

TableStatus
catalog_index_status(const TableIndex *index)
{
	if (index->status == TABLE_ACTIVE && GetCurrentTimestamp() < index->change_ends)
		return TABLE_CREATING;
	return index->status;
}

const TableIndex *
catalog_index_of_relation(Oid relation, const TableInfo **table)
{
	Relation	catalog = table_open(catalog_indexes_oid(), AccessShareLock);
	char	   *table_name = NULL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;

	ScanKeyInit(&key, INDEXES_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation));
	scan = systable_beginscan(catalog, get_relname_relid("indexes_relation_key", get_namespace_oid("dynapg", false)),
							  true, NULL, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool		isnull;

		table_name = TextDatumGetCString(heap_getattr(row, INDEXES_TABLE_NAME, RelationGetDescr(catalog), &isnull));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	*table = table_name ? catalog_table(table_name, strlen(table_name)) : NULL;
	for (int i = 0; *table != NULL && i < (*table)->n_indexes; i++)
		if ((*table)->indexes[i].relation == relation)
			return &(*table)->indexes[i];
	return NULL;
}

bool
catalog_index_is_visible(const TableIndex *index, Snapshot snapshot)
{
	Relation	catalog = table_open(catalog_indexes_oid(), AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	bool		visible = false;

	ScanKeyInit(&key, INDEXES_RELATION, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(index->relation));
	scan = systable_beginscan(catalog, get_relname_relid("indexes_relation_key", get_namespace_oid("dynapg", false)),
							  true, snapshot, 1, &key);
	row = systable_getnext(scan);
	if (HeapTupleIsValid(row))
	{
		bool		isnull;
		Datum		status = heap_getattr(row, INDEXES_STATUS, RelationGetDescr(catalog), &isnull);

		visible = catalog_status_of_text(DatumGetTextPP(status)) == TABLE_ACTIVE;
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return visible;
}
