/*
 * update_stream.c
 *		StreamSpecification of UpdateTable, and what else is refused while a stream is switched.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/error.h"
#include "keep/log_switch.h"
#include "keep/table_job.h"
#include "log/log_keeper.h"
#include "op/stream.h"
#include "op/table_check.h"
#include "op/update_table.h"

void
update_stream_check_busy(const Update *update, const TableView *view)
{
	const TableLog *stream = catalog_latest_stream(view->table);
	const char *operation;
	const char *what = NULL;

	if (!stream_is_switched(view->table) && view->change != CHANGE_STREAM)
		return;
	operation = stream->kept ? "ENABLE" : "DISABLE";
	if (update->stream->present)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "A stream status change is currently in progress. Table: %s Stream: %s "
				  "Operation: %s", stream->table_name, stream->label, operation);
	if (update->ceilings->present)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "OnDemandThroughput cannot be updated while stream status update is in progress. "
				  "Table: %s Stream: %s Operation: %s", stream->table_name, stream->label, operation);
	if (update->throughput->present || update->billing_mode >= 0)
		what = "change table IOPS";
	if (update->online > 0)
		what = "create or delete an index";
	if (update->changes_class)
		what = "update table class";
	if (what != NULL)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Can't %s when stream status is being updated. Table: %s Stream: %s "
				  "Operation: %s", what, stream->table_name, stream->label, operation);
}

bool
update_stream(const Update *update, const TableInfo *table, TableDefinition *definition)
{
	const TableLog *stream = catalog_latest_stream(table);
	bool		enabled = stream != NULL && stream->kept;

	if (!update->stream->present)
		return false;
	if (request_boolean(update->stream, StreamSpecification_StreamEnabled))
	{
		if (enabled)
			dyn_invalid("Table already has an enabled stream: TableName: %s", table->name);
		definition->stream_view = request_text(update->stream, StreamSpecification_StreamViewType);
		return true;
	}
	if (!enabled)
		dyn_invalid("Table has no stream to disable: TableName: %s", table->name);
	definition->stream_view = NULL;
	return true;
}

void
update_stream_write(const Update *update, const TableInfo *table)
{
	if (!update->stream->present)
		return;
	log_switch_order(table);
	log_want_keeper(GetCurrentTimestamp());
	table_job_start(table->name);
}
