/*
 * bulk_usage.c
 *		What a bulk put has used.
 */
#include "postgres.h"

#include <math.h>

#include "op/transfer_arn.h"
#include "transfer/bulk_usage.h"
#include "transfer/input_request.h"

#define UNIT_BYTES 1024

/* An index's entry, which is made if there is none. */
static BulkIndexUsage *
index_usage(BulkUsage *usage, const char *name, int len, bool global)
{
	BulkIndexUsage *index;
	MemoryContext caller;
	ListCell   *cell;

	foreach(cell, usage->indexes)
	{
		index = (BulkIndexUsage *) lfirst(cell);
		if (index->global == global && strlen(index->name) == len && memcmp(index->name, name, len) == 0)
			return index;
	}
	caller = MemoryContextSwitchTo(usage->context);
	index = (BulkIndexUsage *) palloc(sizeof(BulkIndexUsage));
	*index = (BulkIndexUsage) {pnstrdup(name, len), global, 0};
	usage->indexes = lappend(usage->indexes, index);
	MemoryContextSwitchTo(caller);
	return index;
}

static void
read_indexes(BulkUsage *usage, JsonbContainer *indexes, bool global)
{
	JsonbIterator *iterator;
	JsonbValue	name;
	JsonbValue	index;
	JsonbIteratorToken token;

	if (indexes == NULL)
		return;
	iterator = JsonbIteratorInit(indexes);
	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		if (token != WJB_KEY)
			continue;
		(void) JsonbIteratorNext(&iterator, &index, true);
		index_usage(usage, name.val.string.val, name.val.string.len, global)->units =
			request_number(index.val.binary.data, "BulkPutBytes") / UNIT_BYTES;
	}
}

BulkUsage *
bulk_usage_read(const Transfer *bulk)
{
	BulkUsage  *usage = (BulkUsage *) palloc0(sizeof(BulkUsage));
	JsonbContainer *root = &bulk->state->root;
	JsonbContainer *list = request_container(root, "BulkOperationUsage");
	JsonbContainer *table = list == NULL ? NULL : getIthJsonbValueFromContainer(list, 0)->val.binary.data;
	JsonbValue	total;

	usage->context = CurrentMemoryContext;
	usage->table_name = pstrdup(bulk->table_name);
	usage->has_total = getKeyJsonValueFromContainer(root, "TotalInputBytes", strlen("TotalInputBytes"), &total) != NULL;
	usage->total_input_bytes = (int64) request_number(root, "TotalInputBytes");
	usage->units = request_number(table, "BulkPutBytes") / UNIT_BYTES;
	usage->table_units = request_number(request_container(table, "Table"), "BulkPutBytes") / UNIT_BYTES;
	read_indexes(usage, request_container(table, "LocalSecondaryIndexes"), false);
	read_indexes(usage, request_container(table, "GlobalSecondaryIndexes"), true);
	return usage;
}

void
bulk_usage_add(BulkUsage *usage, const TableCapacity *capacity)
{
	usage->table_units += capacity->table_units;
	usage->units += capacity->table_units;
	for (int i = 0; capacity->index_units != NULL && i < capacity->info->n_indexes; i++)
	{
		const TableIndex *index = &capacity->info->indexes[i];

		if (capacity->index_units[i] == 0 || index_is_hidden(index))
			continue;
		index_usage(usage, index->name, strlen(index->name), index->global)->units += capacity->index_units[i];
		usage->units += capacity->index_units[i];
	}
}

static void
write_bytes(WireWriter *writer, double units)
{
	transfer_write_integer(writer, "BulkPutBytes", (int64) rint(units * UNIT_BYTES));
}

static void
write_indexes(WireWriter *writer, const BulkUsage *usage, const char *member, bool global)
{
	bool		any = false;
	ListCell   *cell;

	foreach(cell, usage->indexes)
	{
		const BulkIndexUsage *index = (const BulkIndexUsage *) lfirst(cell);

		if (index->global != global)
			continue;
		if (!any)
		{
			wire_member(writer, member);
			wire_object_start(writer);
		}
		any = true;
		wire_member(writer, index->name);
		wire_object_start(writer);
		write_bytes(writer, index->units);
		wire_object_end(writer);
	}
	if (any)
		wire_object_end(writer);
}

Jsonb *
bulk_usage_state(const BulkUsage *usage)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	if (usage->has_total)
		transfer_write_integer(&writer, "TotalInputBytes", usage->total_input_bytes);
	wire_member(&writer, "BulkOperationUsage");
	wire_array_start(&writer);
	wire_object_start(&writer);
	wire_text_member(&writer, "TableName", usage->table_name);
	write_bytes(&writer, usage->units);
	wire_member(&writer, "Table");
	wire_object_start(&writer);
	write_bytes(&writer, usage->table_units);
	wire_object_end(&writer);
	write_indexes(&writer, usage, "LocalSecondaryIndexes", false);
	write_indexes(&writer, usage, "GlobalSecondaryIndexes", true);
	wire_object_end(&writer);
	wire_array_end(&writer);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}
