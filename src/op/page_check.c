/*
 * page_check.c
 *		What Query and Scan check alike: Select, the index, ExclusiveStartKey, projections of an index.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/settings.h"
#include "base/varlena.h"
#include "op/op.h"
#include "op/page.h"
#include "storage/index_entry.h"

PageSelect
page_select(const RequestValue *select, const RequestValue *index_name,
			const RequestValue *projection_expression, const Projection *projection,
			const char *envelope)
{
	const char *parameter = projection_expression->present ? "ProjectionExpression" : "AttributesToGet";
	const char *text = select->present ? select->as.string.text : NULL;

	if (text == NULL)
		return SELECT_PROJECTED;
	if (strcmp(text, "SPECIFIC_ATTRIBUTES") == 0)
	{
		if (projection == NULL)
			dyn_invalid("%sMust specify the AttributesToGet or ProjectionExpression when choosing to get "
						"SPECIFIC_ATTRIBUTES", envelope);
		return SELECT_PROJECTED;
	}
	if (projection != NULL)
		dyn_invalid("%sCannot specify the %s when choosing to get %s", envelope, parameter,
					strcmp(text, "COUNT") == 0 ? "only the Count" : text);
	if (strcmp(text, "COUNT") == 0)
		return SELECT_COUNT;
	if (strcmp(text, "ALL_ATTRIBUTES") == 0)
		return SELECT_ALL_ATTRIBUTES;
	if (!index_name->present)
		dyn_invalid("%sALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName", envelope);
	return SELECT_PROJECTED;
}

const TableIndex *
page_index(const TableInfo *table, const RequestValue *index_name, bool consistent)
{
	const TableIndex *index;

	if (!index_name->present)
		return NULL;
	index = catalog_index(table, index_name->as.string.text, index_name->as.string.len);
	if (index == NULL || index->status == TABLE_DELETING)
		dyn_invalid("The table does not have the specified index: %s", index_name->as.string.text);
	if (index->global && consistent && !dynapg_consistent_gsi_reads)
		dyn_invalid("Consistent reads are not supported on global secondary indexes");
	if (!index_is_readable(index) || catalog_index_status(index) == TABLE_CREATING)
		dyn_invalid("Cannot read from backfilling global secondary index: %s", index->name);
	return index;
}

void
page_check_start_values(const RequestValue *start_key)
{
	const AttrError *error;

	if (!start_key->present)
		return;
	error = &start_key->as.attributes->error;
	if (error->message != NULL)
		dyn_invalid("%s%s", error->bare_in_start_key ? "" : "The provided starting key is invalid: ",
					error->message);
}

/* The key of the table that a map has among others. */
static bool
table_key(const TableInfo *table, const JsonbValue *map, StorageKey *key)
{
	const KeyAttribute *attributes[] = {&table->hash, &table->sort};
	const char *bytes[2] = {NULL, NULL};
	int			lens[2] = {0, 0};

	for (int i = 0; i < (table->has_sort ? 2 : 1); i++)
	{
		JsonbValue	value;

		if (!attr_lookup(map, attributes[i]->stored, attributes[i]->stored_len, &value) ||
			key_bytes(&value, attributes[i]->type, i == 0 ? PARTITION_KEY_MAX_SIZE : SORT_KEY_MAX_SIZE,
					  &bytes[i], &lens[i]) != KEY_OK)
			return false;
	}
	storage_key(key, table, bytes[0], lens[0], bytes[1], lens[1]);
	return true;
}

bool
page_start_key(const TableInfo *table, const RequestValue *start_key, StorageKey *key)
{
	const JsonbValue *map = &start_key->as.attributes->object;

	return map->val.object.nPairs == (table->has_sort ? 2 : 1) && table_key(table, map, key);
}

/* How many attributes the keys of an index and its table have together. */
static int
count_keys(const TableInfo *table, const TableIndex *index)
{
	int			count = table->has_sort ? 2 : 1;

	for (int i = 0; i < index->n_hash + index->n_sort; i++)
	{
		const KeyAttribute *attribute = i < index->n_hash ? &index->hash[i] : &index->sort[i - index->n_hash];

		if (strcmp(attribute->name, table->hash.name) != 0 &&
			(!table->has_sort || strcmp(attribute->name, table->sort.name) != 0))
			count++;
	}
	return count;
}

void
page_index_start(const TableInfo *table, const TableIndex *index, const RequestValue *start_key,
				 StorageIndexRange *range)
{
	const JsonbValue *map = &start_key->as.attributes->object;
	IndexEntry	entry;

	if (map->val.object.nPairs != count_keys(table, index) ||
		index_fit(index, map, &entry, NULL) != INDEX_FITS)
		dyn_invalid("The provided starting key is invalid");
	range->has_start = true;
	range->start_hash = entry.hash;
	for (int i = 0; i < index->n_sort; i++)
		range->start_sort[i] = entry.sort[i];
}

void
page_index_start_item(const TableInfo *table, const RequestValue *start_key, StorageIndexRange *range)
{
	StorageKey	key;

	if (!table_key(table, &start_key->as.attributes->object, &key))
		dyn_invalid("The provided starting key is invalid: The provided key element does not match the schema");
	range->start_item_hash = key.hash;
	range->start_item_sort = key.sort;
}

void
page_collect_unprojected(const DocPath *path, void *unprojected)
{
	Unprojected *missing = (Unprojected *) unprojected;
	const PathStep *step = &path->steps[0];
	ListCell   *cell;

	if (index_projects(missing->table, missing->index, step->stored, step->stored_len))
		return;
	foreach(cell, missing->paths)
	{
		const PathStep *other = &((const DocPath *) lfirst(cell))->steps[0];

		if (other->name_len == step->name_len && memcmp(other->name, step->name, step->name_len) == 0)
			return;
	}
	missing->paths = lappend(missing->paths, unconstify(DocPath *, path));
}

char *
page_unprojected_names(const Unprojected *unprojected)
{
	StringInfoData list;
	ListCell   *cell;

	initStringInfo(&list);
	foreach(cell, unprojected->paths)
	{
		const PathStep *step = &((const DocPath *) lfirst(cell))->steps[0];

		appendStringInfo(&list, "%s%.*s", list.len > 0 ? ", " : "", step->name_len, step->name);
	}
	return list.data;
}

void
page_check_selection(PageRequest *prepared)
{
	const TableIndex *index = prepared->index;
	const PageSpec *page = &prepared->page;
	Unprojected missing = {prepared->table, index};

	if (index == NULL || index->projection == PROJECT_ALL)
		return;
	for (int i = 0; page->projection != NULL && i < page->projection->n_paths; i++)
		page_collect_unprojected(page->projection->paths[i], &missing);
	if (index->global && page->select == SELECT_ALL_ATTRIBUTES)
		dyn_invalid("One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported for global "
					"secondary index %s because its projection type is not ALL", index->name);
	if (index->global && missing.paths != NIL)
		dyn_invalid("One or more parameter values were invalid: Global secondary index %s does not project [%s]",
					index->name, page_unprojected_names(&missing));
	prepared->whole_items = page->select == SELECT_ALL_ATTRIBUTES || missing.paths != NIL;
}
