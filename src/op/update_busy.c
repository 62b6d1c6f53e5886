/*
 * update_busy.c
 *		What UpdateTable refuses because another change of the table goes on.
 *
 * What indexes exclude while they are created or deleted is in update_indexes.c.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/table_check.h"
#include "op/update_table.h"

/* While the table's units or its billing mode change. */
static void
check_capacity_changes(const Update *update, const TableView *view)
{
	const char *table = view->table->name;

	if (update->throughput->present || update->billing_mode >= 0)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Table IOPS are currently being updated. Table: %s", table);
	if (update->stream->present)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Can't enable or disable stream while table IOPS are being updated. "
				  "Table: %s", table);
	if (update->online > 0)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Can't create or delete indexes while table IOPS are being updated. "
				  "Table: %s", table);
	if (update->ceilings->present && view->change == CHANGE_BILLING_MODE)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "OnDemandThroughput cannot be updated while BillingMode update "
				  "is in progress");
}

/* While the table's class changes. */
static void
check_class_change(const Update *update, const TableView *view)
{
	const char *what = NULL;

	if (update->changes_class)
		what = "update table class";
	if (update->stream->present)
		what = "change stream status";
	if (update->online > 0)
		what = "create or delete an index";
	if (what != NULL)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Can't %s when a table class update is in progress. Table: %s "
				  "TableClassUpdateInProgress: %s", what, view->table->name, view->definition.table_class);
	if (update->ceilings->present)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "OnDemandThroughput cannot be updated while TableClass update "
				  "is in progress. TableClassUpdateInProgress: %s", view->definition.table_class);
}

/*
 * Whether an index is being created or deleted still: what that excludes is found with
 * the request's indexes.
 */
static bool
is_index_busy(const TableView *view)
{
	ListCell   *cell;

	foreach(cell, view->indexes)
	{
		const IndexView *index = (const IndexView *) lfirst(cell);

		if (index->status == TABLE_CREATING || index->status == TABLE_DELETING)
			return true;
	}
	return false;
}

void
update_check_busy(const Update *update, const TableView *view)
{
	update_stream_check_busy(update, view);
	switch (view->change)
	{
		case CHANGE_ENCRYPTION:
			if (update->encryption->present)
				dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Server-Side Encryption is still being updated");
			return;
		case CHANGE_WARM_THROUGHPUT:
			return;
		case CHANGE_THROUGHPUT:
		case CHANGE_BILLING_MODE:
			check_capacity_changes(update, view);
			break;
		case CHANGE_CLASS:
			check_class_change(update, view);
			break;
		case CHANGE_INDEX:
			if (is_index_busy(view))
				return;
			break;
		case CHANGE_STREAM:
		case CHANGE_CEILINGS:
		case CHANGE_NONE:
			break;
	}
	if (catalog_table_status(view->table) != TABLE_UPDATING)
		return;
	if (!update->changes_protection && !update->encryption->present && !update->warm->present)
		table_refuse_in_use(TABLE_UPDATING, view->table->name);
}
