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

void
capacity_write(WireWriter *response, const RequestValue *return_consumed_capacity,
			   const RequestValue *table_name, double units)
{
	const char *mode = return_consumed_capacity->present ? return_consumed_capacity->as.string.text : "NONE";

	if (strcmp(mode, "NONE") == 0)
		return;
	wire_member(response, "ConsumedCapacity");
	wire_object_start(response);
	wire_member(response, "TableName");
	wire_string(response, table_name->as.string.text, table_name->as.string.len);
	wire_member(response, "CapacityUnits");
	wire_double(response, units);
	if (strcmp(mode, "INDEXES") == 0)
	{
		wire_member(response, "Table");
		wire_object_start(response);
		wire_member(response, "CapacityUnits");
		wire_double(response, units);
		wire_object_end(response);
	}
	wire_object_end(response);
}
