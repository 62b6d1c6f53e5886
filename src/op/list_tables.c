/*
 * list_tables.c
 *		ListTables.
 */
#include "postgres.h"

#include "op/op.h"

#define MAX_TABLES 100			/* a page without a Limit */

void
op_list_tables(const RequestValue *request, WireWriter *response)
{
	const RequestValue *given = request_member(request, ListTablesInput_Limit);
	int			limit = given->present ? (int) given->as.integer : MAX_TABLES;
	List	   *names = catalog_table_names(request_text(request, ListTablesInput_ExclusiveStartTableName), limit + 1);
	const char *last = NULL;

	wire_object_start(response);
	wire_member(response, "TableNames");
	wire_array_start(response);
	for (int i = 0; i < Min(list_length(names), limit); i++)
	{
		last = (const char *) list_nth(names, i);
		wire_cstring(response, last);
	}
	wire_array_end(response);
	if (list_length(names) > limit)
	{
		wire_member(response, "LastEvaluatedTableName");
		wire_cstring(response, last);
	}
	wire_object_end(response);
}
