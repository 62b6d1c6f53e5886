/*
 * describe_table.c
 *		DescribeTable.
 */
#include "postgres.h"

#include "op/op.h"
#include "op/table_check.h"
#include "op/table_description.h"

void
op_describe_table(const RequestValue *request, WireWriter *response)
{
	const TableInfo *table = table_of_request(request_member(request, DescribeTableInput_TableName));
	TableDefinition definition;

	table_definition_read(table, &definition);
	table_description_write(response, "Table", table, &definition, catalog_table_status(table), true);
}
