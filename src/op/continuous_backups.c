/*
 * continuous_backups.c
 *		DescribeContinuousBackups.
 *
 * dynapg does not restore to points in time yet: each table answers as one does at the service
 * where that was never switched on.  ContinuousBackupsStatus is ENABLED there all the same.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"

/* The table of a request about backups, which have words of their own for one that is not there. */
static const TableInfo *
table_to_back_up(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table = op_find_data_table(name, len);

	if (table == NULL)
		dyn_error(DYN_TABLE_NOT_FOUND, "Table not found: %.*s", len, name);
	return table;
}

void
op_describe_continuous_backups(const RequestValue *request, WireWriter *response)
{
	(void) table_to_back_up(request_member(request, DescribeContinuousBackupsInput_TableName));

	wire_object_start(response);
	wire_member(response, "ContinuousBackupsDescription");
	wire_object_start(response);
	wire_member(response, "ContinuousBackupsStatus");
	wire_cstring(response, "ENABLED");
	wire_member(response, "PointInTimeRecoveryDescription");
	wire_object_start(response);
	wire_member(response, "PointInTimeRecoveryStatus");
	wire_cstring(response, "DISABLED");
	wire_object_end(response);
	wire_object_end(response);
	wire_object_end(response);
}
