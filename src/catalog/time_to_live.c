/*
 * time_to_live.c
 *		The hidden indexes by which items expire.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "catalog/catalog_private.h"
#include "catalog/owner.h"

/* No index that callers may create has such a name. */
#define INDEX_NAME "~ttl"

const TableIndex *
catalog_time_to_live(const TableInfo *table)
{
	for (int i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].expires && table->indexes[i].status != TABLE_DELETING)
			return &table->indexes[i];
	return NULL;
}

bool
catalog_disables_time_to_live(const TableInfo *table)
{
	for (int i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].expires && table->indexes[i].status == TABLE_DELETING)
			return true;
	return false;
}

/* A name that no index of the table has: one that was disabled may still be there. */
static const char *
free_name(const TableInfo *table)
{
	const char *name = INDEX_NAME;
	int			i = 0;

	for (int n = 2; i < table->n_indexes; i++)
		if (strcmp(table->indexes[i].name, name) == 0)
		{
			name = psprintf(INDEX_NAME "%d", n++);
			i = -1;
		}
	return name;
}

static Jsonb *
make_definition(const char *attribute, int attribute_len)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfoString(&text, "{\"KeySchema\": [{\"AttributeName\": ");
	escape_json(&text, pnstrdup(attribute, attribute_len));
	appendStringInfoString(&text, ", \"KeyType\": \"RANGE\"}], \"Projection\": {\"ProjectionType\": \"KEYS_ONLY\"}}");
	return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text.data)));
}

void
catalog_enable_time_to_live(const TableInfo *table, const char *attribute, int attribute_len)
{
	catalog_add_index(table, free_name(table), "TTL", make_definition(attribute, attribute_len), true, NULL);
	catalog_expiry_changed(table);
}

void
catalog_disable_time_to_live(const TableInfo *table)
{
	Oid			types[1] = {REGCLASSOID};
	Datum		values[1] = {ObjectIdGetDatum(catalog_time_to_live(table)->relation)};

	catalog_require_owner(table);
	(void) catalog_execute("UPDATE dynapg.indexes SET status = 'DELETING', backfilling = false, change_ends = NULL "
						   "WHERE relation = $1", 1, types, values, NULL);
	catalog_expiry_changed(table);
}

List *
catalog_expiring_relations(void)
{
	Relation	catalog = table_open(catalog_indexes_oid(), AccessShareLock);
	SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	List	   *relations = NIL;
	HeapTuple	row;

	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		bool		isnull;
		text	   *kind = DatumGetTextPP(heap_getattr(row, INDEXES_KIND, RelationGetDescr(catalog), &isnull));
		text	   *status = DatumGetTextPP(heap_getattr(row, INDEXES_STATUS, RelationGetDescr(catalog), &isnull));
		char	   *name;
		const TableInfo *table;

		if (*VARDATA_ANY(kind) != 'T' || catalog_status_of_text(status) == TABLE_DELETING)
			continue;
		name = TextDatumGetCString(heap_getattr(row, INDEXES_TABLE_NAME, RelationGetDescr(catalog), &isnull));
		table = catalog_table(name, strlen(name));
		if (table != NULL && OidIsValid(table->relation))
			relations = list_append_unique_oid(relations, table->relation);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	list_sort(relations, list_oid_cmp);
	return relations;
}

void
catalog_count_expired(Oid index_relation, int64 items)
{
	Oid			types[2] = {REGCLASSOID, INT8OID};
	Datum		values[2] = {ObjectIdGetDatum(index_relation), Int64GetDatum(items)};

	(void) catalog_execute("INSERT INTO dynapg.time_to_live_counts AS c (relation, deleted, since, deleted_at) "
						   "VALUES ($1, $2, pg_catalog.clock_timestamp(), pg_catalog.clock_timestamp()) "
						   "ON CONFLICT (relation) DO UPDATE SET deleted = c.deleted + excluded.deleted, "
						   "deleted_at = excluded.deleted_at", 2, types, values, NULL);
}
