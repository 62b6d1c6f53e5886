/*
 * batch_write_item.c
 *		BatchWriteItem: up to 25 puts and deletes on several tables.
 *
 * Each item is written atomically; the batch is one PostgreSQL transaction (or part of the caller's).  Items are written in the
 * order of their tables, hashes and sort keys, whatever the request's, so that two batches never wait for each other.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/varlena.h"
#include "op/capacity.h"
#include "op/collection.h"
#include "op/item_key.h"
#include "op/op.h"
#include "storage/index_entry.h"

/* One table's part of the request. */
typedef struct TablePart
{
	const RequestEntry *entry;
	const TableInfo *info;
	StorageTable *puts;			/* opened when first needed */
	StorageTable *deletes;
	TableCapacity *capacity;
} TablePart;

/* One write. */
typedef struct BatchWrite
{
	TablePart  *part;
	const AttributeMap *attributes; /* of the item or the key */
	bool		is_put;
	Jsonb	   *item;			/* to put */
	StorageKey	key;
	CollectionWrite collection;
} BatchWrite;

/* Stage 6 for one request: exactly one action, its values, its size. */
static void
check_write(const RequestValue *request)
{
	const RequestValue *put = request_member(request, WriteRequest_PutRequest);
	const RequestValue *delete = request_member(request, WriteRequest_DeleteRequest);

	if (put->present == delete->present)
		dyn_invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
					"supported datatypes");
	if (put->present)
	{
		const RequestValue *item = request_member(put, PutRequest_Item);

		op_check_values(item, false);
		if (item->as.attributes->size > ITEM_MAX_SIZE)
			dyn_invalid("Item size has exceeded the maximum allowed size");
	}
	else
		op_check_values(request_member(delete, DeleteRequest_Key), false);
}

/* The key of an item to be put; BatchWriteItem says of a missing or mistyped one what it says of a Key. */
static void
key_of_put(const TableInfo *table, const AttributeMap *item, StorageKey *key)
{
	const KeyAttribute *attributes[] = {&table->hash, table->has_sort ? &table->sort : NULL};

	for (int i = 0; i < 2 && attributes[i] != NULL; i++)
	{
		JsonbValue	value;
		const char *bytes;
		int			len;

		if (!attr_lookup(&item->object, attributes[i]->stored, attributes[i]->stored_len, &value) ||
			key_bytes(&value, attributes[i]->type, PARTITION_KEY_MAX_SIZE, &bytes, &len) == KEY_WRONG_TYPE)
			dyn_invalid("The provided key element does not match the schema");
	}
	op_key_of_item(table, item, key);
}

/* What an item to be put must be to the table's indexes. */
static void
check_indexes(const BatchWrite *write, const TableInfo *info)
{
	index_check_item(info, NULL, &write->attributes->object, false);
	if (!collection_item_fits(info, write->item, write->attributes->size))
		dyn_invalid("Item size has exceeded the maximum allowed size");
}

/* Checks a request against its table and makes it ready. */
static void
prepare_write(BatchWrite *write, TablePart *part, const RequestValue *request)
{
	const RequestValue *put = request_member(request, WriteRequest_PutRequest);
	const RequestValue *delete = request_member(request, WriteRequest_DeleteRequest);

	memset(write, 0, sizeof(*write));
	write->part = part;
	write->is_put = put->present;
	if (!write->is_put)
	{
		write->attributes = request_member(delete, DeleteRequest_Key)->as.attributes;
		op_key_of_key(part->info, write->attributes, &write->key);
		return;
	}
	write->attributes = request_member(put, PutRequest_Item)->as.attributes;
	write->item = JsonbValueToJsonb(unconstify(JsonbValue *, &write->attributes->object));
	key_of_put(part->info, write->attributes, &write->key);
	check_indexes(write, part->info);
}

/* The order in which writes are done, and in which equal keys are neighbours. */
static int
compare_writes(const void *a, const void *b)
{
	const BatchWrite *x = (const BatchWrite *) a;
	const BatchWrite *y = (const BatchWrite *) b;
	int			order;

	if (x->part->info->relation != y->part->info->relation)
		return x->part->info->relation < y->part->info->relation ? -1 : 1;
	order = memcmp(&x->key.hash, &y->key.hash, UUID_LEN);
	if (order == 0)
		order = memcmp(VARDATA_ANY(x->key.sort), VARDATA_ANY(y->key.sort),
					   Min(VARSIZE_ANY_EXHDR(x->key.sort), VARSIZE_ANY_EXHDR(y->key.sort)));
	if (order == 0)
		order = (int) VARSIZE_ANY_EXHDR(x->key.sort) - (int) VARSIZE_ANY_EXHDR(y->key.sort);
	return order;
}

static WriteAction
decide_put(Jsonb *old, Jsonb **item, void *argument)
{
	BatchWrite *write = (BatchWrite *) argument;
	const TableInfo *info = storage_info(write->collection.table);

	/* an index may have come between the first check and the lock */
	if (info != write->part->info)
		check_indexes(write, info);
	collection_check(&write->collection, old, write->item, write->attributes->size);
	*item = write->item;
	return WRITE_PUT;
}

static WriteAction
decide_delete(Jsonb *old, Jsonb **item, void *argument)
{
	BatchWrite *write = (BatchWrite *) argument;

	collection_check(&write->collection, old, NULL, 0);
	return old != NULL ? WRITE_DELETE : WRITE_NOTHING;
}

/* The table as it is opened for a write's kind. */
static StorageTable *
table_of_write(const BatchWrite *write)
{
	StorageTable **table = write->is_put ? &write->part->puts : &write->part->deletes;

	if (*table == NULL)
		*table = storage_open(write->part->info, write->is_put ? STORAGE_PUT : STORAGE_DELETE, false);
	return *table;
}

static void
execute_write(BatchWrite *write, bool wants_metrics)
{
	TableCapacity *capacity = write->part->capacity;
	StorageTable *table = table_of_write(write);
	WriteResult result;

	write->collection.table = table;
	write->collection.key = &write->key;
	write->collection.wants_metrics = wants_metrics;
	storage_write(table, &write->key, write->is_put ? decide_put : decide_delete, write, &result);
	collection_done(&write->collection);
	capacity_add_write(capacity, &result, write->item, write->is_put ? write->attributes->size : 0);
}

/* Whether two neighbours in the order of writes are of one collection. */
static bool
is_same_collection(const BatchWrite *a, const BatchWrite *b)
{
	return a->part == b->part && memcmp(&a->key.hash, &b->key.hash, UUID_LEN) == 0;
}

/*
 * Writes ItemCollectionMetrics: for each table with local indexes its collections, each once, as their last write left them.
 * Not there if no table has local indexes.
 */
static void
write_metrics(WireWriter *response, const TablePart *parts, int n_parts, const BatchWrite *writes, int n_writes)
{
	bool		any_collection = false;

	for (int w = 0; w < n_writes; w++)
		any_collection |= writes[w].collection.has_size;
	if (!any_collection)
		return;

	wire_member(response, "ItemCollectionMetrics");
	wire_object_start(response);
	for (int i = 0; i < n_parts; i++)
	{
		bool		any = false;

		for (int w = 0; w < n_writes; w++)
		{
			if (writes[w].part != &parts[i] || !writes[w].collection.has_size ||
				(w + 1 < n_writes && is_same_collection(&writes[w], &writes[w + 1])))
				continue;
			if (!any)
			{
				wire_key(response, parts[i].entry->name, parts[i].entry->name_len);
				wire_array_start(response);
				any = true;
			}
			collection_write(response, &writes[w].collection, &writes[w].attributes->object);
		}
		if (any)
			wire_array_end(response);
	}
	wire_object_end(response);
}

void
op_batch_write_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *items = request_member(request, BatchWriteItemInput_RequestItems);
	int			n_parts = items->as.map.count;
	TablePart  *parts = (TablePart *) palloc0(n_parts * sizeof(TablePart));
	TableCapacity *capacities = (TableCapacity *) palloc(n_parts * sizeof(TableCapacity));
	BatchWrite	writes[BATCH_WRITE_MAX_ITEMS];
	bool		wants_metrics;
	int			n_writes = 0;

	if (n_parts == 0)
		dyn_invalid("The requestItems parameter is required for BatchWriteItem");
	for (int i = 0; i < n_parts; i++)
	{
		const RequestValue *list = &items->as.map.entries[i].value;

		parts[i].entry = &items->as.map.entries[i];
		for (int k = 0; k < list->as.list.count; k++)
			check_write(&list->as.list.items[k]);
		n_writes += list->as.list.count;
	}
	if (n_writes > BATCH_WRITE_MAX_ITEMS)
		dyn_invalid("Too many items requested for the BatchWriteItem call");

	for (int i = 0; i < n_parts; i++)
	{
		parts[i].info = op_data_table_of_text(parts[i].entry->name, parts[i].entry->name_len);
		parts[i].capacity = &capacities[i];
		capacity_begin(&capacities[i], parts[i].entry->name, parts[i].entry->name_len, parts[i].info);
	}
	n_writes = 0;
	for (int i = 0; i < n_parts; i++)
	{
		const RequestValue *list = &parts[i].entry->value;

		for (int k = 0; k < list->as.list.count; k++)
			prepare_write(&writes[n_writes++], &parts[i], &list->as.list.items[k]);
	}

	qsort(writes, n_writes, sizeof(BatchWrite), compare_writes);
	for (int i = 1; i < n_writes; i++)
		if (compare_writes(&writes[i - 1], &writes[i]) == 0)
			dyn_invalid("Provided list of item keys contains duplicates");
	wants_metrics = collection_metrics_are_wanted(request_member(request,
																 BatchWriteItemInput_ReturnItemCollectionMetrics));
	for (int i = 0; i < n_writes; i++)
		execute_write(&writes[i], wants_metrics);

	wire_object_start(response);
	wire_member(response, "UnprocessedItems");
	wire_object_start(response);
	wire_object_end(response);
	if (wants_metrics)
		write_metrics(response, parts, n_parts, writes, n_writes);
	capacity_write_list(response, request_member(request, BatchWriteItemInput_ReturnConsumedCapacity), capacities, n_parts);
	wire_object_end(response);

	for (int i = 0; i < n_parts; i++)
	{
		if (parts[i].puts != NULL)
			storage_close(parts[i].puts);
		if (parts[i].deletes != NULL)
			storage_close(parts[i].deletes);
	}
}
