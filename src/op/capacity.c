/*
 * capacity.c
 *		Consumed capacity.
 */
#include "postgres.h"

#include "base/limits.h"
#include "base/varlena.h"
#include "meter/meter.h"
#include "op/capacity.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/throughput.h"
#include "storage/index_entry.h"
#include "trace/trace.h"

/* ceil(bytes / unit), at least 1. */
static int64
whole_units(int64 bytes, int unit)
{
	return Max((bytes + unit - 1) / unit, 1);
}

/*
 * A number of bytes that is as many units as an item's size.  An item's jsonb is never smaller than what the service counts, so
 * that the usual small item need not be measured.  0 for NULL.
 */
static int64
size_for_units(Jsonb *item, int unit)
{
	if (item == NULL)
		return 0;
	return VARSIZE(item) <= unit ? VARSIZE(item) : op_item_size(item);
}

void
capacity_begin(TableCapacity *capacity, const char *table_name, int table_name_len, const TableInfo *info)
{
	capacity->mode = CAPACITY_STANDALONE;
	capacity->table_name = table_name;
	capacity->table_name_len = table_name_len;
	capacity->info = info;
	capacity->table_units = 0;
	capacity->index_units = NULL;
	capacity_at(capacity, NULL, NULL, NULL);
	meter_table(info);
}

bool
capacity_is_wanted(void)
{
	return meter_is_on() || trace_is_on() || op_units_are_wanted;
}

void
capacity_at(TableCapacity *capacity, const pg_uuid_t *hash, const bytea *sort, const JsonbValue *key)
{
	capacity->hash = hash;
	capacity->sort = sort;
	capacity->key = key;
}

/* Tells the meter, which is on. */
static void
tell(MeterUse *use)
{
	if (meter_wants & METER_BUCKETS)
		use->rates = throughput_rates(use->table, use->index);
	meter_consumed(use);
}

/* The same of a use of the key that was said last. */
static void
tell_at(const TableCapacity *capacity, const TableIndex *index, bool is_write, double units)
{
	MeterUse	use = {
		.table = capacity->info, .index = meter_index(index), .is_write = is_write, .units = units,
		.hash = capacity->hash, .sort = capacity->sort, .key = capacity->key
	};

	tell(&use);
}

static double
factor(const TableCapacity *capacity)
{
	return capacity->mode == CAPACITY_STANDALONE ? 1.0 : 2.0;
}

static void
add_index_units(TableCapacity *capacity, const TableIndex *index, double units)
{
	if (capacity->index_units == NULL)
		capacity->index_units = (double *) palloc0(capacity->info->n_indexes * sizeof(double));
	capacity->index_units[index - capacity->info->indexes] += units;
}

void
capacity_add_read(TableCapacity *capacity, const TableIndex *index, int64 bytes, bool consistent)
{
	double		units = whole_units(bytes, READ_UNIT_SIZE) * (consistent ? 1.0 : 0.5) * factor(capacity);

	op_read_units += units;
	if (meter_is_on())
		tell_at(capacity, index, false, units);
	if (index == NULL)
		capacity->table_units += units;
	else
		add_index_units(capacity, index, units);
}

void
capacity_add_item_read(TableCapacity *capacity, Jsonb *item, bool consistent)
{
	capacity_add_read(capacity, NULL, size_for_units(item, READ_UNIT_SIZE), consistent);
}

/* The units that an index's entry of an item takes: an item of one unit, as most are, has no entry of more. */
static int64
entry_units(const TableInfo *info, const TableIndex *index, Jsonb *item)
{
	if (VARSIZE(item) <= WRITE_UNIT_SIZE)
		return 1;
	return whole_units(size_for_units(index_project(info, index, item), WRITE_UNIT_SIZE), WRITE_UNIT_SIZE);
}

/* The units that a change of an index takes, from an old item to a new one. */
static int64
index_write_units(const TableInfo *info, const TableIndex *index, const IndexChange *change, Jsonb *old, Jsonb *item)
{
	int64		old_units;
	int64		new_units;

	switch (change->action)
	{
		case INDEX_KEEP:
			return 0;
		case INDEX_INSERT:
			return entry_units(info, index, item);
		case INDEX_DELETE:
			return entry_units(info, index, old);
		case INDEX_UPDATE:
		case INDEX_MOVE:
			break;
	}
	old_units = entry_units(info, index, old);
	new_units = entry_units(info, index, item);
	return change->action == INDEX_MOVE ? old_units + new_units : Max(old_units, new_units);
}

/* Tells the meter of a change of an index: under the new key, if there is one. */
static void
tell_index_write(const TableCapacity *capacity, const TableIndex *index, const IndexChange *change, double units, Jsonb *old, Jsonb *item)
{
	bool		is_new = change->action != INDEX_DELETE;
	JsonbValue	key;
	MeterUse	use = {
		.table = capacity->info, .index = meter_index(index), .is_write = true, .units = units, .key = &key
	};

	attr_from_item(is_new ? item : old, &key);
	use.hash = is_new ? &change->new_entry.hash : &change->old_entry.hash;
	use.sort = capacity->sort;
	use.base = index->global ? capacity->hash : NULL;
	tell(&use);
}

void
capacity_add_write(TableCapacity *capacity, const WriteResult *result, Jsonb *item, int size)
{
	const TableInfo *info = capacity->info;
	const IndexChange *changes = result->info == info ? result->changes : NULL;
	IndexChange computed;
	double		units = whole_units(Max(size_for_units(result->old, WRITE_UNIT_SIZE), size), WRITE_UNIT_SIZE) *
		factor(capacity);

	capacity->table_units += units;
	op_write_units += units;
	if (meter_is_on())
		tell_at(capacity, NULL, true, units);
	if (result->action == WRITE_NOTHING)
		return;
	for (int i = 0; i < info->n_indexes; i++)
	{
		const TableIndex *index = &info->indexes[i];
		const IndexChange *change = changes ? &changes[i] : &computed;

		if (!index_is_kept(index) || index_is_hidden(index))
			continue;
		if (changes == NULL)
			index_change(info, index, result->old, result->action == WRITE_DELETE ? NULL : item, &computed);
		units = index_write_units(info, index, change, result->old, item);
		if (units > 0)
		{
			add_index_units(capacity, index, units);
			if (meter_is_on())
				tell_index_write(capacity, index, change, units, result->old, item);
		}
		op_write_units += units;
	}
}

void
capacity_add_units(TableCapacity *capacity, double units)
{
	capacity->table_units += units;
	if (capacity->mode == CAPACITY_TRANSACTED_WRITE)
		op_write_units += units;
	else
		op_read_units += units;
	if (meter_is_on())
		tell_at(capacity, NULL, capacity->mode == CAPACITY_TRANSACTED_WRITE, units);
}

void
capacity_count_refusal(const TableInfo *info, const StorageKey *key, const JsonbValue *attributes, Jsonb *old, int size)
{
	double		units = whole_units(Max(size_for_units(old, WRITE_UNIT_SIZE), size), WRITE_UNIT_SIZE);

	op_write_units += units;
	if (meter_is_on())
	{
		MeterUse	use = {.table = info, .is_write = true, .units = units, .hash = &key->hash, .sort = key->sort, .key = attributes};

		tell(&use);
	}
}

/* Whether ReturnConsumedCapacity is TOTAL or INDEXES. */
static bool
is_wanted(const RequestValue *return_consumed_capacity)
{
	return return_consumed_capacity->present &&
		strcmp(return_consumed_capacity->as.string.text, "NONE") != 0;
}

static void
write_units(WireWriter *response, CapacityMode mode, double units)
{
	wire_member(response, "CapacityUnits");
	wire_double(response, units);
	if (mode == CAPACITY_STANDALONE)
		return;
	wire_member(response, mode == CAPACITY_TRANSACTED_READ ? "ReadCapacityUnits" : "WriteCapacityUnits");
	wire_double(response, units);
}

/* The indexes of a kind that consumed something; the member is not there if none did. */
static void
write_indexes(WireWriter *response, const TableCapacity *capacity, const char *member, bool global)
{
	bool		any = false;

	for (int i = 0; i < capacity->info->n_indexes; i++)
	{
		const TableIndex *index = &capacity->info->indexes[i];

		if (index->global != global || capacity->index_units[i] == 0)
			continue;
		if (!any)
		{
			wire_member(response, member);
			wire_object_start(response);
			any = true;
		}
		wire_key(response, index->name, strlen(index->name));
		wire_object_start(response);
		write_units(response, CAPACITY_STANDALONE, capacity->index_units[i]);
		wire_object_end(response);
	}
	if (any)
		wire_object_end(response);
}

/* A ConsumedCapacity. */
static void
write_capacity(WireWriter *response, const RequestValue *return_consumed_capacity, const TableCapacity *capacity)
{
	double		total = capacity->table_units;

	if (capacity->index_units != NULL)
		for (int i = 0; i < capacity->info->n_indexes; i++)
			total += capacity->index_units[i];
	wire_object_start(response);
	wire_member(response, "TableName");
	wire_string(response, capacity->table_name, capacity->table_name_len);
	write_units(response, capacity->mode, total);
	if (strcmp(return_consumed_capacity->as.string.text, "INDEXES") == 0)
	{
		wire_member(response, "Table");
		wire_object_start(response);
		write_units(response, capacity->mode, capacity->table_units);
		wire_object_end(response);
		if (capacity->index_units != NULL)
		{
			write_indexes(response, capacity, "LocalSecondaryIndexes", false);
			write_indexes(response, capacity, "GlobalSecondaryIndexes", true);
		}
	}
	wire_object_end(response);
}

void
capacity_write(WireWriter *response, const RequestValue *return_consumed_capacity, const TableCapacity *capacity)
{
	if (!is_wanted(return_consumed_capacity))
		return;
	wire_member(response, "ConsumedCapacity");
	write_capacity(response, return_consumed_capacity, capacity);
}

void
capacity_write_list(WireWriter *response, const RequestValue *return_consumed_capacity,
					const TableCapacity *capacities, int count)
{
	if (!is_wanted(return_consumed_capacity))
		return;
	wire_member(response, "ConsumedCapacity");
	wire_array_start(response);
	for (int i = 0; i < count; i++)
		write_capacity(response, return_consumed_capacity, &capacities[i]);
	wire_array_end(response);
}
