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
#include "op/authorize.h"
#include "op/item_key.h"
#include "op/item_write.h"
#include "op/op.h"
#include "op/throttle.h"

/* One table's part of the request. */
typedef struct TablePart
{
	const RequestEntry *entry;
	const TableInfo *info;
	Oid			put_user;		/* as whom */
	Oid			delete_user;
	StorageTable *puts;			/* opened when first needed */
	StorageTable *deletes;
	TableCapacity *capacity;
} TablePart;

/* One write.  Its ItemWrite is first. */
typedef struct BatchWrite
{
	ItemWrite	write;
	TablePart  *part;
	const RequestValue *request;
	bool		unprocessed;	/* it was throttled */
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

/* Checks a request against its table and makes it ready. */
static void
prepare_write(BatchWrite *batched, TablePart *part, const RequestValue *request, bool wants_metrics)
{
	const RequestValue *put = request_member(request, WriteRequest_PutRequest);
	const RequestValue *delete = request_member(request, WriteRequest_DeleteRequest);
	ItemWrite  *write = &batched->write;

	memset(batched, 0, sizeof(*batched));
	batched->part = part;
	batched->request = request;
	write->kind = put->present ? ITEM_PUT : ITEM_DELETE;
	write->info = part->info;
	write->wants_metrics = wants_metrics;
	write->attributes = put->present ? request_member(put, PutRequest_Item)->as.attributes :
		request_member(delete, DeleteRequest_Key)->as.attributes;
	if (put->present)
		key_of_put(part->info, write->attributes, &write->key);
	else
		item_write_key(write);
	item_write_check(write);
}

/* What a table's part names. */
static void
describe_part(AccessNames *names, const void *argument)
{
	const TablePart *part = (const TablePart *) argument;
	const RequestValue *list = &part->entry->value;

	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *put = request_member(&list->as.list.items[i], WriteRequest_PutRequest);
		const RequestValue *delete = request_member(&list->as.list.items[i], WriteRequest_DeleteRequest);
		const AttributeMap *map = put->present ? request_member(put, PutRequest_Item)->as.attributes :
			request_member(delete, DeleteRequest_Key)->as.attributes;

		access_name_map(names, map);
		access_lead(names, part->info, map);
	}
}

/* All of a table's items are asked for at once; twice where puts and deletes want other privileges. */
static void
authorize_part(TablePart *part, const RequestValue *return_consumed_capacity)
{
	const RequestValue *list = &part->entry->value;
	AccessPart	access = {
		.action = POLICY_BatchWriteItem,
		.table = part->info,
		.return_consumed_capacity = return_consumed_capacity,
		.describe = describe_part,
		.argument = part
	};

	for (int i = 0; i < list->as.list.count; i++)
	{
		bool		puts = request_member(&list->as.list.items[i], WriteRequest_PutRequest)->present;
		Oid		   *user = puts ? &part->put_user : &part->delete_user;

		access.access = puts ? STORAGE_PUT : STORAGE_DELETE;
		if (!OidIsValid(*user))
			*user = access_user(&access);
	}
}

static int
compare_writes(const void *a, const void *b)
{
	return item_write_compare((const ItemWrite *) a, (const ItemWrite *) b);
}

/* Carries out a write, unless it is throttled: then *throttle has the reasons. */
static void
execute_write(BatchWrite *batched, Throttle *throttle)
{
	TablePart  *part = batched->part;
	StorageTable **table = batched->write.kind == ITEM_PUT ? &part->puts : &part->deletes;

	batched->unprocessed = throttle_refuses_write(&batched->write, throttle);
	if (batched->unprocessed)
		return;
	batched->write.user = batched->write.kind == ITEM_PUT ? part->put_user : part->delete_user;
	if (*table == NULL)
		*table = item_write_open(&batched->write);
	item_write_execute(&batched->write, *table, part->capacity);
}

/* ItemCollectionMetrics, if asked for. */
static void
write_metrics(WireWriter *response, const BatchWrite *writes, int n_writes)
{
	NamedItemWrite *named = (NamedItemWrite *) palloc(n_writes * sizeof(NamedItemWrite));

	for (int i = 0; i < n_writes; i++)
	{
		named[i].write = &writes[i].write;
		named[i].table_name = writes[i].part->entry->name;
		named[i].table_name_len = writes[i].part->entry->name_len;
	}
	item_write_metrics(response, named, n_writes);
}

/* Writes the writes of a table that were throttled, ready to be sent again. */
static void
write_unprocessed(WireWriter *response, const TablePart *part, const BatchWrite *writes, int n_writes)
{
	bool		any = false;

	for (int i = 0; i < n_writes; i++)
	{
		if (writes[i].part != part || !writes[i].unprocessed)
			continue;
		if (!any)
		{
			wire_key(response, part->entry->name, part->entry->name_len);
			wire_array_start(response);
			any = true;
		}
		request_write(response, writes[i].request);
	}
	if (any)
		wire_array_end(response);
}

void
op_batch_write_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *items = request_member(request, BatchWriteItemInput_RequestItems);
	const RequestValue *return_capacity = request_member(request, BatchWriteItemInput_ReturnConsumedCapacity);
	int			n_parts = items->as.map.count;
	TablePart  *parts = (TablePart *) palloc0(n_parts * sizeof(TablePart));
	TableCapacity *capacities = (TableCapacity *) palloc(n_parts * sizeof(TableCapacity));
	BatchWrite	writes[BATCH_WRITE_MAX_ITEMS];
	bool		wants_metrics =
		collection_metrics_are_wanted(request_member(request, BatchWriteItemInput_ReturnItemCollectionMetrics));
	int			n_writes = 0;
	Throttle	throttle;
	bool		any_written = false;

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
			prepare_write(&writes[n_writes++], &parts[i], &list->as.list.items[k], wants_metrics);
	}

	qsort(writes, n_writes, sizeof(BatchWrite), compare_writes);
	for (int i = 1; i < n_writes; i++)
		if (compare_writes(&writes[i - 1], &writes[i]) == 0)
			dyn_invalid("Provided list of item keys contains duplicates");
	for (int i = 0; i < n_parts; i++)
		authorize_part(&parts[i], return_capacity);
	for (int i = 0; i < n_writes; i++)
	{
		execute_write(&writes[i], &throttle);
		any_written |= !writes[i].unprocessed;
	}
	if (!any_written)
		throttle_raise(&throttle);

	wire_object_start(response);
	wire_member(response, "UnprocessedItems");
	wire_object_start(response);
	for (int i = 0; i < n_parts; i++)
		write_unprocessed(response, &parts[i], writes, n_writes);
	wire_object_end(response);
	if (wants_metrics)
		write_metrics(response, writes, n_writes);
	capacity_write_list(response, return_capacity, capacities, n_parts);
	wire_object_end(response);

	for (int i = 0; i < n_parts; i++)
	{
		if (parts[i].puts != NULL)
			storage_close(parts[i].puts);
		if (parts[i].deletes != NULL)
			storage_close(parts[i].deletes);
	}
}
