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
#include "value/attr_build.h"

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

/* An item as a projection leaves it (NULL: whole), which is built in *projected. */
static const JsonbValue *
project(const Projection *projection, const JsonbValue *item, JsonbValue *projected)
{
	if (projection == NULL)
		return item;
	projection_apply(projection, item, projected);
	return projected;
}

void
page_write_item(WireWriter *response, const Projection *projection, const JsonbValue *item, MemoryContext scratch)
{
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	JsonbValue	projected;

	item = project(projection, item, &projected);
	if (wire_builds_jsonb(response))
	{
		WireWriter	writer;
		Jsonb	   *part;

		wire_write_jsonb(&writer);
		attr_write_map(&writer, item);
		part = wire_writer_jsonb(&writer);
		MemoryContextSwitchTo(caller);
		wire_jsonb(response, (Jsonb *) memcpy(palloc(VARSIZE(part)), part, VARSIZE(part)));
	}
	else
		attr_write_map(response, item);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch);
}

/* Whether an item passes the filter; what that takes goes with the scratch context. */
static bool
passes_filter(const PageSpec *page, const JsonbValue *item, MemoryContext scratch)
{
	MemoryContext caller;
	bool		passes;

	if (page->filter == NULL)
		return true;
	caller = MemoryContextSwitchTo(scratch);
	passes = condition_holds(page->filter, item);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch);
	return passes;
}

static MemoryContext
scratch_context(void)
{
	return AllocSetContextCreate(CurrentMemoryContext, "dynapg item", ALLOCSET_DEFAULT_SIZES);
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
	MemoryContext scratch = scratch_context();

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

		if (item == NULL)
			break;
		attr_from_item(item, &map);
		evaluated++;
		bytes += attr_map_size(&map);
		if (passes_filter(page, &map, scratch))
		{
			count++;
			if (page->select != SELECT_COUNT)
				page_write_item(response, page->projection, &map, scratch);
		}
		cut = evaluated == page->limit || bytes >= PAGE_MAX_SIZE;
		if (!cut)
			pfree(item);		/* else LastEvaluatedKey is taken from it */
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
	MemoryContext scratch = scratch_context();
	int64		evaluated = 0;

	while (scan != NULL && !(page->limit > 0 && evaluated == page->limit))
	{
		Jsonb	   *item = storage_scan_next(scan);
		JsonbValue	map;

		if (item == NULL)
			break;
		attr_from_item(item, &map);
		evaluated++;
		if (passes_filter(page, &map, scratch))
		{
			MemoryContext caller = MemoryContextSwitchTo(scratch);
			JsonbValue	projected;

			visit(page->projection == NULL ? item :
				  attr_to_jsonb(project(page->projection, &map, &projected)), argument);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(scratch);
		}
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
