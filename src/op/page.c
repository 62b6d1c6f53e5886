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
#include "meter/meter.h"
#include "op/capacity.h"
#include "op/op.h"
#include "op/page.h"
#include "op/throttle.h"
#include "value/attr_build.h"

/* Writes key attributes of an item, but for those of the table that are written already. */
static void
write_keys(WireWriter *response, const TableInfo *written, const KeyAttribute *attributes, int count, const JsonbValue *item)
{
	for (int i = 0; i < count; i++)
	{
		const KeyAttribute *attribute = &attributes[i];
		JsonbValue	value;

		if (written != NULL && (strcmp(attribute->name, written->hash.name) == 0 ||
								(written->has_sort && strcmp(attribute->name, written->sort.name) == 0)))
			continue;
		if (!attr_lookup(item, attribute->stored, attribute->stored_len, &value))
			elog(ERROR, "item lacks its key");
		wire_key(response, attribute->name, attribute->name_len);
		attr_write_value(response, &value);
	}
}

void
page_write_key(WireWriter *response, const TableInfo *table, const TableIndex *index, const JsonbValue *item)
{
	wire_object_start(response);
	write_keys(response, NULL, &table->hash, 1, item);
	if (table->has_sort)
		write_keys(response, NULL, &table->sort, 1, item);
	if (index != NULL)
	{
		write_keys(response, table, index->hash, index->n_hash, item);
		write_keys(response, table, index->sort, index->n_sort, item);
	}
	wire_object_end(response);
}

bool
page_is_last(const PageSpec *page, const TableInfo *table, const JsonbValue *item)
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
		Jsonb	   *part = attr_map_to_wire(item);

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

/* A Query or Scan while it is read. */
typedef struct PageReader
{
	StorageTable *table;
	StorageScan *scan;			/* NULL: there is nothing to read */
	MemoryContext scratch;
	int64		evaluated;
	JsonbValue	first;			/* item that was read, if the meter is told of it */
} PageReader;

/* The index as a table's definition under its lock has it; NULL if there it is another one, or none. */
static const TableIndex *
index_under_lock(const TableInfo *table, Oid relation)
{
	for (int i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].relation == relation && index_is_readable(&table->indexes[i]))
			return &table->indexes[i];
	return NULL;
}

/* What a request names. */
static void
describe_request(AccessNames *names, const void *argument)
{
	const PageRequest *prepared = (const PageRequest *) argument;
	const PageSpec *page = &prepared->page;

	access_name_condition(names, page->filter);
	if (page->projection != NULL)
		access_name_projection(names, page->projection);
	if (page->key_condition == NULL)
		return;
	access_name_key_condition(names, page->key_condition);
	access_lead_condition(names, prepared->table, prepared->index, page->key_condition);
}

/* Whether the request may be answered, and as whom it is read. */
static Oid
reading_user(const PageRequest *prepared)
{
	const PageSpec *page = &prepared->page;
	bool		is_all = page->select == SELECT_ALL_ATTRIBUTES;

	return access_user(&(AccessPart) {
		.action = prepared->action,
		.table = prepared->table,
		.index = prepared->index,
		.access = STORAGE_READ,
		.returns_item = true,
		.select = page->select == SELECT_COUNT ? "COUNT" : access_select(page->projection != NULL, prepared->index != NULL && !is_all),
		.return_consumed_capacity = page->return_consumed_capacity,
		.describe = describe_request,
		.argument = prepared
	});
}

/* Checks a request, opens its table and begins the scan. */
static void
begin_reading(const RequestValue *request, PagePreparation prepare, PageRequest *prepared, PageReader *reader)
{
	for (;;)
	{
		Oid			user;

		prepare(request, prepared);
		user = reading_user(prepared);
		throttle_read(prepared->table, prepared->index, page_partition(prepared), NULL, prepared->given_key);
		reader->table = storage_open(prepared->table, STORAGE_READ, true, user);
		prepared->table = storage_info(reader->table);
		if (prepared->index == NULL)
			break;
		prepared->index = index_under_lock(prepared->table, prepared->index->relation);
		if (prepared->index != NULL)
			break;
		/* it was dropped or replaced meanwhile: the request means another one, or none */
		storage_close(reader->table);
	}
	if (prepared->empty)
		reader->scan = NULL;
	else if (prepared->index != NULL)
		reader->scan = storage_index_scan_begin(reader->table, prepared->index, &prepared->index_range,
												prepared->whole_items);
	else
		reader->scan = storage_scan_begin(reader->table, &prepared->range);
	reader->scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg item", ALLOCSET_DEFAULT_SIZES);
	reader->evaluated = 0;
}

/*
 * Reads the next item and, of an index, its entry, which is the item itself unless whole items are fetched.  False at the end of
 * the range or of the page's limit.
 */
static bool
read_item(PageReader *reader, const PageRequest *prepared, Jsonb **item, Jsonb **entry)
{
	if (reader->scan == NULL || (prepared->page.limit > 0 && reader->evaluated == prepared->page.limit))
		return false;
	*item = storage_scan_next(reader->scan);
	if (*item == NULL)
		return false;
	*entry = prepared->whole_items ? storage_scan_entry(reader->scan) : *item;
	reader->evaluated++;
	return true;
}

const pg_uuid_t *
page_partition(const PageRequest *prepared)
{
	const pg_uuid_t *first = prepared->index != NULL ? &prepared->index_range.first : &prepared->range.first;
	const pg_uuid_t *last = prepared->index != NULL ? &prepared->index_range.last : &prepared->range.last;

	return memcmp(first, last, UUID_LEN) == 0 ? first : NULL;
}

/* Begins to count what a request reads. */
static void
begin_capacity(TableCapacity *capacity, const PageRequest *prepared)
{
	const RequestValue *table_name = prepared->page.table_name;

	capacity_begin(capacity, table_name->as.string.text, table_name->as.string.len, prepared->table);
	capacity_at(capacity, page_partition(prepared), NULL, prepared->given_key);
}

/* A Query counts by the first item that it reads: says so, and whether the item is to be kept until the capacity is told. */
static bool
keep_first(PageReader *reader, TableCapacity *capacity, const PageRequest *prepared, const JsonbValue *item)
{
	if (!meter_is_on() || reader->evaluated != 1 || page_partition(prepared) == NULL)
		return false;
	reader->first = *item;
	capacity_at(capacity, page_partition(prepared), NULL, &reader->first);
	return true;
}

void
page_write(WireWriter *response, const RequestValue *request, PagePreparation prepare)
{
	PageRequest prepared;
	const PageSpec *page = &prepared.page;
	PageReader	reader;
	TableCapacity capacity;
	int64		count = 0;
	int64		bytes = 0;		/* evaluated */
	int64		fetched = 0;	/* of whole items */
	bool		cut = false;
	Jsonb	   *item;
	Jsonb	   *entry;
	JsonbValue	map;
	JsonbValue	entry_map;
	bool		is_first;

	begin_reading(request, prepare, &prepared, &reader);
	begin_capacity(&capacity, &prepared);
	op_eventual_read = !page->consistent;
	wire_object_start(response);
	if (page->select != SELECT_COUNT)
	{
		wire_member(response, "Items");
		wire_array_start(response);
	}
	while (!cut && read_item(&reader, &prepared, &item, &entry))
	{
		attr_from_item(item, &map);
		attr_from_item(entry, &entry_map);
		is_first = keep_first(&reader, &capacity, &prepared, &map);
		bytes += attr_map_size(&entry_map);
		if (prepared.whole_items)
		{
			int			size = attr_map_size(&map);

			fetched += size;
			capacity_add_read(&capacity, NULL, size, page->consistent);
		}
		if (passes_filter(page, &entry_map, reader.scratch))
		{
			count++;
			if (page->select != SELECT_COUNT)
				page_write_item(response, page->projection, &map, reader.scratch);
		}
		cut = reader.evaluated == page->limit || bytes >= PAGE_MAX_SIZE || fetched >= PAGE_MAX_SIZE;
		if (!cut && !is_first)
			pfree(item);		/* else LastEvaluatedKey is taken from it, or the meter looks at its key */
	}
	if (page->select != SELECT_COUNT)
		wire_array_end(response);
	if (reader.scan != NULL)
		storage_scan_end(reader.scan);

	wire_member(response, "Count");
	wire_integer(response, count);
	wire_member(response, "ScannedCount");
	wire_integer(response, reader.evaluated);
	if (cut && !page_is_last(page, prepared.table, &map))
	{
		wire_member(response, "LastEvaluatedKey");
		page_write_key(response, prepared.table, prepared.index, &map);
	}
	capacity_add_read(&capacity, prepared.index, bytes, page->consistent);
	capacity_write(response, page->return_consumed_capacity, &capacity);
	meter_returned(count, reader.evaluated);
	wire_object_end(response);
	storage_close(reader.table);
}

void
page_visit(const RequestValue *request, PagePreparation prepare, PageVisitor visit, void *argument)
{
	PageRequest prepared;
	const PageSpec *page = &prepared.page;
	PageReader	reader;
	TableCapacity capacity;
	bool		measures = capacity_is_wanted();
	int64		count = 0;
	int64		bytes = 0;		/* evaluated; 0 if it is not measured */
	Jsonb	   *item;
	Jsonb	   *entry;

	begin_reading(request, prepare, &prepared, &reader);
	if (page->select == SELECT_COUNT)
		dyn_invalid("Select COUNT has no items to return: use count(*)");
	begin_capacity(&capacity, &prepared);
	while (read_item(&reader, &prepared, &item, &entry))
	{
		JsonbValue	map;
		JsonbValue	entry_map;
		bool		is_first;

		attr_from_item(item, &map);
		attr_from_item(entry, &entry_map);
		is_first = keep_first(&reader, &capacity, &prepared, &map);
		if (measures)
			bytes += attr_map_size(&entry_map);
		if (measures && prepared.whole_items)
			capacity_add_read(&capacity, NULL, attr_map_size(&map), page->consistent);
		if (passes_filter(page, &entry_map, reader.scratch))
		{
			MemoryContext caller = MemoryContextSwitchTo(reader.scratch);
			JsonbValue	projected;

			count++;
			visit(page->projection == NULL ? item :
				  attr_to_jsonb(project(page->projection, &map, &projected)), argument);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(reader.scratch);
		}
		if (!is_first)
			pfree(item);
	}
	if (reader.scan != NULL)
		storage_scan_end(reader.scan);
	if (measures)
		capacity_add_read(&capacity, prepared.index, bytes, page->consistent);
	meter_returned(count, reader.evaluated);
	storage_close(reader.table);
}
