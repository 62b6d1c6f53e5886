/*
 * capacity.c
 *		Consumed capacity.
 */
#include "postgres.h"

#include "base/limits.h"
#include "op/capacity.h"

/* ceil(bytes / unit), at least 1. */
static int64
whole_units(int64 bytes, int unit)
{
	return Max((bytes + unit - 1) / unit, 1);
}

double
capacity_of_read(int64 bytes, bool consistent)
{
	return whole_units(bytes, READ_UNIT_SIZE) * (consistent ? 1.0 : 0.5);
}

double
capacity_of_write(int64 old_bytes, int64 new_bytes)
{
	return (double) whole_units(Max(old_bytes, new_bytes), WRITE_UNIT_SIZE);
}

bool
capacity_is_wanted(const RequestValue *return_consumed_capacity)
{
	return return_consumed_capacity->present &&
		strcmp(return_consumed_capacity->as.string.text, "NONE") != 0;
}

void
capacity_write_table(WireWriter *response, const RequestValue *return_consumed_capacity,
					 const char *table_name, int table_name_len, double units)
{
	wire_object_start(response);
	wire_member(response, "TableName");
	wire_string(response, table_name, table_name_len);
	wire_member(response, "CapacityUnits");
	wire_double(response, units);
	if (strcmp(return_consumed_capacity->as.string.text, "INDEXES") == 0)
	{
		wire_member(response, "Table");
		wire_object_start(response);
		wire_member(response, "CapacityUnits");
		wire_double(response, units);
		wire_object_end(response);
	}
	wire_object_end(response);
}

void
capacity_write(WireWriter *response, const RequestValue *return_consumed_capacity,
			   const RequestValue *table_name, double units)
{
	if (!capacity_is_wanted(return_consumed_capacity))
		return;
	wire_member(response, "ConsumedCapacity");
	capacity_write_table(response, return_consumed_capacity, table_name->as.string.text,
						 table_name->as.string.len, units);
}
