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
	TableView	view;

	table_resume_jobs(table);
	table_view_read(&view, table, true);
	table_view_write(response, "Table", &view);
}
