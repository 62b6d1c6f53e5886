/*
 * batch_get_item.c
 *		BatchGetItem: up to 100 keys of several tables.
 *
 * Keys are read in the order of the request, until 16 MB of items are in the response, or 1 MB of one partition; the others come back as
 * UnprocessedKeys.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/varlena.h"
#include "op/authorize.h"
#include "op/capacity.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/page.h"
#include "op/throttle.h"

static const ExpressionMembers members = {
	.projection_expression = KeysAndAttributes_ProjectionExpression,
	.names = KeysAndAttributes_ExpressionAttributeNames,
	.attributes_to_get = KeysAndAttributes_AttributesToGet,
};

/* One table's part of the request. */
typedef struct TablePart
{
	const RequestEntry *entry;
	const RequestValue *keys;	/* the list */
	Expressions expressions;
	const TableInfo *info;
	Oid			user;			/* as whom it is read */
	StorageKey *storage_keys;
	bool	   *unprocessed;	/* for each key */
	bool		any_unprocessed;
	TableCapacity *capacity;
} TablePart;

/* Bytes read of one partition. */
typedef struct PartitionBytes
{
	const TableInfo *info;
	pg_uuid_t	hash;
	int64		bytes;
} PartitionBytes;

/* What of a partition has been read so far. */
static PartitionBytes *
partition_bytes(PartitionBytes *partitions, int *count, const TableInfo *info, const StorageKey *key)
{
	for (int i = 0; i < *count; i++)
		if (partitions[i].info == info && memcmp(&partitions[i].hash, &key->hash, UUID_LEN) == 0)
			return &partitions[i];
	partitions[*count].info = info;
	partitions[*count].hash = key->hash;
	partitions[*count].bytes = 0;
	return &partitions[(*count)++];
}

/* The same key twice, written alike: BatchGetItem takes 1 and 1.0 for two keys, as the service does. */
static void
check_duplicates(const RequestValue *keys)
{
	for (int i = 0; i < keys->as.list.count; i++)
	{
		const AttributeMap *a = keys->as.list.items[i].as.attributes;

		for (int j = 0; j < i; j++)
		{
			const AttributeMap *b = keys->as.list.items[j].as.attributes;

			if (a->spelling == b->spelling && attr_equal(&a->object, &b->object))
				dyn_invalid("Provided list of item keys contains duplicates");
		}
	}
}

/* Expressions in one table's part and legacy parameters in another's do not go together. */
static void
check_mixed(const RequestValue *items)
{
	bool		legacy = false;
	bool		expression = false;

	for (int i = 0; i < items->as.map.count; i++)
	{
		const RequestValue *part = &items->as.map.entries[i].value;

		legacy |= request_member(part, KeysAndAttributes_AttributesToGet)->present;
		expression |= request_member(part, KeysAndAttributes_ProjectionExpression)->present;
	}
	if (legacy && expression)
		dyn_invalid("Can not use both expression and non-expression parameters in the same request: "
					"Non-expression parameters: {AttributesToGet} Expression parameters: {ProjectionExpression}");
}

/* Stage 6: everything that can be said without a table. */
static void
check_part(TablePart *part)
{
	const RequestValue *request = &part->entry->value;

	op_check_parameters(request, &members);
	for (int i = 0; i < part->keys->as.list.count; i++)
		op_check_values(&part->keys->as.list.items[i], false);
	check_duplicates(part->keys);
	op_read_legacy(request, &members, &part->expressions);
	op_read_expressions(request, &members, &part->expressions);
}

/* What a table's part names. */
static void
describe_part(AccessNames *names, const void *argument)
{
	const TablePart *part = (const TablePart *) argument;

	access_name_expressions(names, &part->expressions);
	for (int i = 0; i < part->keys->as.list.count; i++)
	{
		const AttributeMap *key = part->keys->as.list.items[i].as.attributes;

		access_name_map(names, key);
		access_lead(names, part->info, key);
	}
}

/* All of a table's keys are asked for at once. */
static void
authorize_part(TablePart *part, const RequestValue *return_consumed_capacity)
{
	part->user = access_user(&(AccessPart) {
		.action = POLICY_BatchGetItem,
		.table = part->info,
		.access = STORAGE_READ,
		.returns_item = true,
		.select = access_select(part->expressions.projection != NULL, false),
		.return_consumed_capacity = return_consumed_capacity,
		.describe = describe_part,
		.argument = part
	});
}

/* Reads one table's keys and writes its list of items.  A key that is throttled is left for later; *throttle gets the last one's reasons. */
static void
read_part(TablePart *part, WireWriter *response, int64 *total, PartitionBytes *partitions, int *n_partitions, Throttle *throttle,
		  bool *any_read)
{
	bool		consistent = request_boolean(&part->entry->value, KeysAndAttributes_ConsistentRead);
	StorageTable *table = storage_open(part->info, STORAGE_READ, true, part->user);
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg item", ALLOCSET_DEFAULT_SIZES);

	if (consistent)
		op_eventual_read = false;
	for (int i = 0; i < part->keys->as.list.count; i++)
	{
		const StorageKey *key = &part->storage_keys[i];
		const JsonbValue *attributes = &part->keys->as.list.items[i].as.attributes->object;
		PartitionBytes *partition = partition_bytes(partitions, n_partitions, part->info, key);
		Jsonb	   *item;
		JsonbValue	map;
		int			size = 0;

		part->unprocessed[i] = *total >= BATCH_MAX_SIZE || partition->bytes >= PAGE_MAX_SIZE ||
			throttle_refuses_read(part->info, NULL, &key->hash, key->sort, attributes, throttle);
		if (!part->unprocessed[i] && (item = storage_get(table, key)) != NULL)
		{
			attr_from_item(item, &map);
			size = attr_map_size(&map);
			part->unprocessed[i] = *total + size > BATCH_MAX_SIZE;
			if (!part->unprocessed[i])
				page_write_item(response, part->expressions.projection, &map, scratch);
			pfree(item);
		}
		if (part->unprocessed[i])
			part->any_unprocessed = true;
		else
		{
			*any_read = true;
			*total += size;
			partition->bytes += size;
			capacity_at(part->capacity, &key->hash, key->sort, attributes);
			capacity_add_read(part->capacity, NULL, size, consistent);
		}
	}
	storage_close(table);
}

/* Writes a part's unprocessed keys, with its other parameters, ready to be sent again. */
static void
write_unprocessed(WireWriter *response, const TablePart *part)
{
	const RequestValue *request = &part->entry->value;

	wire_key(response, part->entry->name, part->entry->name_len);
	wire_object_start(response);
	for (int member = 1; member <= request->shape->n_members; member++)
	{
		const RequestValue *value = request_member(request, member);

		if (!value->present)
			continue;
		wire_member(response, request_member_name(request, member));
		if (member != KeysAndAttributes_Keys)
		{
			request_write(response, value);
			continue;
		}
		wire_array_start(response);
		for (int i = 0; i < value->as.list.count; i++)
			if (part->unprocessed[i])
				request_write(response, &value->as.list.items[i]);
		wire_array_end(response);
	}
	wire_object_end(response);
}

void
op_batch_get_item(const RequestValue *request, WireWriter *response)
{
	const RequestValue *items = request_member(request, BatchGetItemInput_RequestItems);
	const RequestValue *return_capacity = request_member(request, BatchGetItemInput_ReturnConsumedCapacity);
	int			n_parts = items->as.map.count;
	TablePart  *parts = (TablePart *) palloc0(n_parts * sizeof(TablePart));
	TableCapacity *capacities = (TableCapacity *) palloc(n_parts * sizeof(TableCapacity));
	PartitionBytes partitions[BATCH_GET_MAX_KEYS];
	int			n_partitions = 0;
	int			n_keys = 0;
	int64		total = 0;
	Throttle	throttle;
	bool		any_read = false;

	op_eventual_read = true;
	check_mixed(items);
	for (int i = 0; i < n_parts; i++)
	{
		parts[i].entry = &items->as.map.entries[i];
		parts[i].keys = request_member(&parts[i].entry->value, KeysAndAttributes_Keys);
		check_part(&parts[i]);
		n_keys += parts[i].keys->as.list.count;
	}
	if (n_keys > BATCH_GET_MAX_KEYS)
		dyn_invalid("Too many items requested for the BatchGetItem call");

	for (int i = 0; i < n_parts; i++)
	{
		parts[i].info = op_data_table_of_text(parts[i].entry->name, parts[i].entry->name_len);
		parts[i].capacity = &capacities[i];
		capacity_begin(&capacities[i], parts[i].entry->name, parts[i].entry->name_len, parts[i].info);
	}
	for (int i = 0; i < n_parts; i++)
	{
		int			count = parts[i].keys->as.list.count;

		parts[i].storage_keys = (StorageKey *) palloc(count * sizeof(StorageKey));
		parts[i].unprocessed = (bool *) palloc0(count * sizeof(bool));
		for (int k = 0; k < count; k++)
			op_key_of_key(parts[i].info, parts[i].keys->as.list.items[k].as.attributes, &parts[i].storage_keys[k]);
		op_check_key_paths(parts[i].info, &parts[i].expressions);
	}
	for (int i = 0; i < n_parts; i++)
		authorize_part(&parts[i], return_capacity);

	wire_object_start(response);
	wire_member(response, "Responses");
	wire_object_start(response);
	for (int i = 0; i < n_parts; i++)
	{
		wire_key(response, parts[i].entry->name, parts[i].entry->name_len);
		wire_array_start(response);
		read_part(&parts[i], response, &total, partitions, &n_partitions, &throttle, &any_read);
		wire_array_end(response);
	}
	wire_object_end(response);

	if (!any_read)
		throttle_raise(&throttle);	/* all of them are */
	wire_member(response, "UnprocessedKeys");
	wire_object_start(response);
	for (int i = 0; i < n_parts; i++)
		if (parts[i].any_unprocessed)
			write_unprocessed(response, &parts[i]);
	wire_object_end(response);

	capacity_write_list(response, return_capacity, capacities, n_parts);
	wire_object_end(response);
}
