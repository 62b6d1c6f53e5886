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
#include "op/item_key.h"
#include "op/op.h"

/* One table's part of the request. */
typedef struct TablePart
{
	const RequestEntry *entry;
	const TableInfo *info;
	StorageTable *puts;			/* opened when first needed */
	StorageTable *deletes;
	double		units;
} TablePart;

/* One write. */
typedef struct BatchWrite
{
	TablePart  *part;
	AttributeMap *item;			/* to put; NULL: delete */
	StorageKey	key;
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
	*item = (Jsonb *) argument;
	return WRITE_PUT;
}

static WriteAction
decide_delete(Jsonb *old, Jsonb **item, void *argument)
{
	return old != NULL ? WRITE_DELETE : WRITE_NOTHING;
}

static void
execute_write(BatchWrite *write)
{
	TablePart  *part = write->part;
	WriteResult result;
	int			old_size = 0;

	if (write->item != NULL)
	{
		if (part->puts == NULL)
			part->puts = storage_open(part->info, STORAGE_PUT, false);
		storage_write(part->puts, &write->key, decide_put, JsonbValueToJsonb(&write->item->object), &result);
	}
	else
	{
		if (part->deletes == NULL)
			part->deletes = storage_open(part->info, STORAGE_DELETE, false);
		storage_write(part->deletes, &write->key, decide_delete, NULL, &result);
	}
	if (result.old != NULL)
	{
		JsonbValue	map;

		attr_from_item(result.old, &map);
		old_size = attr_map_size(&map);
	}
	part->units += capacity_of_write(old_size, write->item ? write->item->size : 0);
}

void
op_batch_write_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *items = request_member(request, BatchWriteItemInput_RequestItems);
	const RequestValue *return_capacity = request_member(request, BatchWriteItemInput_ReturnConsumedCapacity);
	int			n_parts = items->as.map.count;
	TablePart  *parts = (TablePart *) palloc0(n_parts * sizeof(TablePart));
	BatchWrite	writes[BATCH_WRITE_MAX_ITEMS];
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
		parts[i].info = op_data_table_of_text(parts[i].entry->name, parts[i].entry->name_len);
	n_writes = 0;
	for (int i = 0; i < n_parts; i++)
	{
		const RequestValue *list = &parts[i].entry->value;

		for (int k = 0; k < list->as.list.count; k++)
		{
			const RequestValue *put = request_member(&list->as.list.items[k], WriteRequest_PutRequest);
			const RequestValue *delete = request_member(&list->as.list.items[k], WriteRequest_DeleteRequest);
			BatchWrite *write = &writes[n_writes++];

			write->part = &parts[i];
			write->item = put->present ? request_member(put, PutRequest_Item)->as.attributes : NULL;
			if (put->present)
				key_of_put(parts[i].info, write->item, &write->key);
			else
				op_key_of_key(parts[i].info, request_member(delete, DeleteRequest_Key)->as.attributes, &write->key);
		}
	}

	qsort(writes, n_writes, sizeof(BatchWrite), compare_writes);
	for (int i = 1; i < n_writes; i++)
		if (compare_writes(&writes[i - 1], &writes[i]) == 0)
			dyn_invalid("Provided list of item keys contains duplicates");
	for (int i = 0; i < n_writes; i++)
		execute_write(&writes[i]);
	for (int i = 0; i < n_parts; i++)
	{
		if (parts[i].puts != NULL)
			storage_close(parts[i].puts);
		if (parts[i].deletes != NULL)
			storage_close(parts[i].deletes);
	}

	wire_object_start(response);
	wire_member(response, "UnprocessedItems");
	wire_object_start(response);
	wire_object_end(response);
	if (capacity_is_wanted(return_capacity))
	{
		wire_member(response, "ConsumedCapacity");
		wire_array_start(response);
		for (int i = 0; i < n_parts; i++)
			capacity_write_table(response, return_capacity, parts[i].entry->name, parts[i].entry->name_len,
								 parts[i].units);
		wire_array_end(response);
	}
	wire_object_end(response);
}
