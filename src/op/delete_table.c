/*
 * delete_table.c
 *		DeleteTable.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"
#include "op/table_check.h"
#include "op/table_description.h"

void
op_delete_table(const RequestValue *request, WireWriter *response)
{
	const TableInfo *table = table_to_change(request_member(request, DeleteTableInput_TableName), AccessExclusiveLock);
	TableView	view;

	/* described first: afterwards there is nothing to count */
	table_view_read(&view, table, true);
	if (view.definition.deletion_protection)
		dyn_invalid("Resource cannot be deleted as it is currently protected against deletion. "
					"Disable deletion protection first.");
	view.status = TABLE_DELETING;
	view.hides_global = true;
	table_view_write(response, "TableDescription", &view);
	catalog_drop_table(table);
}
