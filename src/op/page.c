/*
 * page.c
 *		A page of a Query or a Scan.
 *
 * Items are evaluated one by one while they are read: counted, measured, filtered, projected, written.  What a page holds in
 * memory is bounded by its 1 MB, whatever the partition's size.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/varlena.h"
#include "op/capacity.h"
#include "op/op.h"
#include "op/page.h"

PageSelect
page_select(const RequestValue *select, const RequestValue *index_name,
			const RequestValue *projection_expression, const Projection *projection,
			const char *specific_alone)
{
	const char *parameter = projection_expression->present ? "ProjectionExpression" : "AttributesToGet";
	const char *text = select->present ? select->as.string.text : NULL;

	if (text == NULL)
		return projection != NULL ? SELECT_PROJECTION : SELECT_ALL;
	if (strcmp(text, "SPECIFIC_ATTRIBUTES") == 0)
	{
		if (projection == NULL)
			dyn_invalid("%s", specific_alone);
		return SELECT_PROJECTION;
	}
	if (projection != NULL)
		dyn_invalid("Cannot specify the %s when choosing to get %s", parameter,
					strcmp(text, "COUNT") == 0 ? "only the Count" : text);
	if (strcmp(text, "ALL_PROJECTED_ATTRIBUTES") == 0 && !index_name->present)
		dyn_invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
	return strcmp(text, "COUNT") == 0 ? SELECT_COUNT : SELECT_ALL;
}

/* Writes LastEvaluatedKey: the key attributes of the last item evaluated. */
static void
write_last_key(WireWriter *response, const TableInfo *table, const JsonbValue *item)
{
	const KeyAttribute *attributes[] = {&table->hash, table->has_sort ? &table->sort : NULL};

	wire_member(response, "LastEvaluatedKey");
	wire_object_start(response);
	for (int i = 0; i < 2 && attributes[i] != NULL; i++)
	{
		JsonbValue	value;

		if (!attr_lookup(item, attributes[i]->stored, attributes[i]->stored_len, &value))
			elog(ERROR, "item lacks its key");
		wire_key(response, attributes[i]->name, attributes[i]->name_len);
		attr_write_value(response, &value);
	}
	wire_object_end(response);
}

/* Whether an item is the last that can be in a page's range. */
static bool
is_last(const PageSpec *page, const TableInfo *table, const JsonbValue *item)
{
	const char *bytes = "";
	int			len = 0;

	if (page->last_sort == NULL)
		return false;
	if (table->has_sort)
		key_of_item(item, table->sort.stored, table->sort.stored_len, table->sort.type, true, &bytes, &len);
	return len == VARSIZE_ANY_EXHDR(page->last_sort) && memcmp(bytes, VARDATA_ANY(page->last_sort), len) == 0;
}

/* What the page selects of an item; the projected one is built in *projected. */
static const JsonbValue *
selected_item(const PageSpec *page, const JsonbValue *item, JsonbValue *projected)
{
	if (page->select != SELECT_PROJECTION)
		return item;
	projection_apply(page->projection, item, projected);
	return projected;
}

static bool
passes_filter(const PageSpec *page, const JsonbValue *item)
{
	return page->filter == NULL || condition_holds(page->filter, item);
}

void
page_write(WireWriter *response, const PageRequest *request)
{
	const PageSpec *page = &request->page;
	StorageTable *table = storage_open(request->table, STORAGE_READ, true);
	StorageScan *scan = request->empty ? NULL : storage_scan_begin(table, &request->range);
	int64		evaluated = 0;
	int64		count = 0;
	int64		bytes = 0;
	bool		cut = false;
	JsonbValue	map;
	JsonbValue	projected;

	op_eventual_read = !page->consistent;
	wire_object_start(response);
	if (page->select != SELECT_COUNT)
	{
		wire_member(response, "Items");
		wire_array_start(response);
	}
	while (!cut && scan != NULL)
	{
		Jsonb	   *item = storage_scan_next(scan);
		bool		written;

		if (item == NULL)
			break;
		attr_from_item(item, &map);
		evaluated++;
		bytes += attr_map_size(&map);
		written = passes_filter(page, &map);
		if (written)
			count++;
		written &= page->select != SELECT_COUNT;
		if (written)
			attr_write_map(response, selected_item(page, &map, &projected));
		cut = evaluated == page->limit || bytes >= PAGE_MAX_SIZE;

		/* what was written may point into the item; what was not is not needed any more */
		if (!cut && !written)
			pfree(item);
	}
	if (page->select != SELECT_COUNT)
		wire_array_end(response);
	if (scan != NULL)
		storage_scan_end(scan);

	wire_member(response, "Count");
	wire_integer(response, count);
	wire_member(response, "ScannedCount");
	wire_integer(response, evaluated);
	if (cut && !is_last(page, storage_info(table), &map))
		write_last_key(response, storage_info(table), &map);
	capacity_write(response, page->return_consumed_capacity, page->table_name,
				   capacity_of_read(bytes, page->consistent));
	wire_object_end(response);
	storage_close(table);
}

void
page_visit(const PageRequest *request, PageVisitor visit, void *argument)
{
	const PageSpec *page = &request->page;
	StorageTable *table = storage_open(request->table, STORAGE_READ, true);
	StorageScan *scan = request->empty ? NULL : storage_scan_begin(table, &request->range);
	MemoryContext item_context = AllocSetContextCreate(CurrentMemoryContext, "dynapg item", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = CurrentMemoryContext;
	int64		evaluated = 0;

	while (scan != NULL && !(page->limit > 0 && evaluated == page->limit))
	{
		Jsonb	   *item;
		JsonbValue	map;
		JsonbValue	projected;

		/* the scan's own memory outlives the item's */
		item = storage_scan_next(scan);
		if (item == NULL)
			break;
		MemoryContextSwitchTo(item_context);
		attr_from_item(item, &map);
		evaluated++;
		if (passes_filter(page, &map))
			visit(page->select == SELECT_PROJECTION ?
				  JsonbValueToJsonb(unconstify(JsonbValue *, selected_item(page, &map, &projected))) : item,
				  argument);
		MemoryContextSwitchTo(caller);
		MemoryContextReset(item_context);
		pfree(item);
	}
	if (scan != NULL)
		storage_scan_end(scan);
	storage_close(table);
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

bool
page_start_key(const TableInfo *table, const RequestValue *start_key, StorageKey *key)
{
	const JsonbValue *map = &start_key->as.attributes->object;
	const KeyAttribute *attributes[] = {&table->hash, &table->sort};
	const char *bytes[2] = {NULL, NULL};
	int			lens[2] = {0, 0};
	int			n_keys = table->has_sort ? 2 : 1;

	if (map->val.object.nPairs != n_keys)
		return false;
	for (int i = 0; i < n_keys; i++)
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

void
page_check_index(const RequestValue *index_name)
{
	if (index_name->present)
		dyn_invalid("The table does not have the specified index: %s", index_name->as.string.text);
}
