/*
 * item_collection.c
 *		Item collections of tables with local indexes.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/settings.h"
#include "op/item_collection.h"
#include "op/item_key.h"
#include "storage/index_entry.h"

#define BYTES_PER_GB	((int64) 1024 * 1024 * 1024)

static int
local_index_count(const TableInfo *table)
{
	int			count = 0;

	for (int i = 0; i < table->n_indexes; i++)
		if (!table->indexes[i].global)
			count++;
	return count;
}

bool
collection_metrics_are_wanted(const RequestValue *return_item_collection_metrics)
{
	return return_item_collection_metrics->present &&
		strcmp(return_item_collection_metrics->as.string.text, "SIZE") == 0;
}

bool
collection_item_fits(const TableInfo *table, Jsonb *item, int size)
{
	/* no entry is larger than its item, which spares most items the measuring */
	if ((int64) size * (1 + local_index_count(table)) <= ITEM_MAX_SIZE)
		return true;
	return size + index_local_size(table, item) <= ITEM_MAX_SIZE;
}

/* Bytes that an item of a size has in its collection; NULL: 0. */
static int64
size_in_collection(const TableInfo *table, Jsonb *item, int size)
{
	return item == NULL ? 0 : size + index_local_size(table, item);
}

void
collection_check(CollectionWrite *write, Jsonb *old, Jsonb *item, int size)
{
	const TableInfo *table = storage_info(write->table);
	int64		limit = dynapg_item_collection_limit * INT64CONST(1024);
	bool		is_limited;

	write->growth = 0;
	if (local_index_count(table) == 0 || (limit == 0 && !write->wants_metrics))
		return;
	write->growth = size_in_collection(table, item, size) - size_in_collection(table, old, op_item_size(old));
	is_limited = write->growth > 0 && limit > 0;
	if (!is_limited && !write->wants_metrics)
		return;
	/* what is estimated before the write is what the growth is added to after it */
	write->size = storage_collection_size(write->table, write->key, 0);
	write->has_size = true;
	if (is_limited && write->size + write->growth > limit)
		dyn_error(DYN_ITEM_COLLECTION_SIZE_LIMIT_EXCEEDED, "Collection size exceeded.");
}

void
collection_done(CollectionWrite *write)
{
	if (write->has_size)
		write->size = storage_collection_size(write->table, write->key, write->growth);
}

void
collection_write(WireWriter *response, const CollectionWrite *write, const TableInfo *table, const JsonbValue *attributes)
{
	const KeyAttribute *hash = &table->hash;
	int64		gigabytes = write->size / BYTES_PER_GB;
	JsonbValue	value;

	if (!attr_lookup(attributes, hash->stored, hash->stored_len, &value))
		elog(ERROR, "item lacks its key");
	wire_object_start(response);
	wire_member(response, "ItemCollectionKey");
	wire_object_start(response);
	wire_key(response, hash->name, hash->name_len);
	attr_write_value(response, &value);
	wire_object_end(response);
	wire_member(response, "SizeEstimateRangeGB");
	wire_array_start(response);
	wire_double(response, gigabytes);
	wire_double(response, gigabytes + 1);
	wire_array_end(response);
	wire_object_end(response);
}

void
collection_write_member(WireWriter *response, const CollectionWrite *write, const TableInfo *table,
						const JsonbValue *attributes)
{
	if (!write->wants_metrics || !write->has_size)
		return;
	wire_member(response, "ItemCollectionMetrics");
	collection_write(response, write, table, attributes);
}
