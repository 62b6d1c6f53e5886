/*
 * time_to_live.c
 *		DescribeTimeToLive and UpdateTimeToLive.
 *
 * By what a table's items expire is a hidden index of it (catalog_time_to_live()), which a table job builds and drops as any other.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/imports.h"
#include "keep/table_job.h"
#include "op/op.h"
#include "op/table_check.h"

/* The statuses are those of the index. */
static const char *
status_name(const TableInfo *table, const TableIndex *index)
{
	if (index != NULL)
		return catalog_index_status(index) == TABLE_CREATING ? "ENABLING" : "ENABLED";
	return catalog_disables_time_to_live(table) ? "DISABLING" : "DISABLED";
}

void
op_describe_time_to_live(const RequestValue *request, WireWriter *response)
{
	const TableInfo *table = table_of_request(request_member(request, DescribeTimeToLiveInput_TableName));
	TableStatus status = catalog_table_status(table);
	const TableIndex *index = catalog_time_to_live(table);

	if (status == TABLE_CREATING || status == TABLE_DELETING)
		dyn_invalid("Cannot describe time to live while table is in %s state: Current table state is %s",
					catalog_status_name(status), catalog_status_name(status));
	table_resume_jobs(table);
	wire_object_start(response);
	wire_member(response, "TimeToLiveDescription");
	wire_object_start(response);
	wire_member(response, "TimeToLiveStatus");
	wire_cstring(response, status_name(table, index));
	if (index != NULL)
	{
		wire_member(response, "AttributeName");
		wire_string(response, index->sort[0].name, index->sort[0].name_len);
	}
	wire_object_end(response);
	wire_object_end(response);
}

/*
 * The table of a request, for its owner and locked against other changes.  The words for one that is CREATING are in an order that they have only
 * here.
 */
static const TableInfo *
table_to_expire(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table;

	catalog_lock_name(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	if (table == NULL || (catalog_is_being_restored(table) && !catalog_is_being_imported(table)))
		catalog_raise_not_found(name, len);
	if (catalog_table_status(table) == TABLE_CREATING)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Table %s is being created", table->name);
	return table;
}

/* Refuses what changes nothing, or is about another attribute than the one in use. */
static void
check_change(const TableInfo *table, bool enable, const RequestValue *attribute)
{
	const TableIndex *index = catalog_time_to_live(table);
	const KeyAttribute *present = index != NULL ? &index->sort[0] : NULL;

	if (present == NULL)
	{
		if (!enable)
			dyn_invalid("TimeToLive is already disabled");
		return;
	}
	if (present->name_len != attribute->as.string.len ||
		memcmp(present->name, attribute->as.string.text, present->name_len) != 0)
		dyn_invalid("TimeToLive is active on a different AttributeName: current AttributeName is %s", present->name);
	if (enable)
		dyn_invalid("TimeToLive is already enabled");
}

static void
check_interval(const TableInfo *table)
{
	if (table->expiry_changed_at != 0 && dynapg_time_to_live_interval > 0 &&
		!TimestampDifferenceExceeds(table->expiry_changed_at, GetCurrentTimestamp(), dynapg_time_to_live_interval * 1000))
		dyn_invalid("Time to live has been modified multiple times within a fixed interval");
}

void
op_update_time_to_live(const RequestValue *request, WireWriter *response)
{
	const RequestValue *specification = request_member(request, UpdateTimeToLiveInput_TimeToLiveSpecification);
	const RequestValue *attribute = request_member(specification, TimeToLiveSpecification_AttributeName);
	bool		enable = request_boolean(specification, TimeToLiveSpecification_Enabled);
	const TableInfo *table;

	/* the index's definition is jsonb */
	if (memchr(attribute->as.string.text, '\0', attribute->as.string.len) != NULL)
		dyn_invalid(INVALID "the attribute's name cannot hold U+0000");
	table = table_to_expire(request_member(request, UpdateTimeToLiveInput_TableName));

	/* of a table that is being deleted nothing expires any more: the service says yes */
	if (catalog_table_status(table) != TABLE_DELETING)
	{
		check_change(table, enable, attribute);
		check_interval(table);
		if (enable)
			catalog_enable_time_to_live(table, attribute->as.string.text, attribute->as.string.len);
		else
			catalog_disable_time_to_live(table);
		table_job_start(table->name);
	}
	wire_object_start(response);
	wire_member(response, "TimeToLiveSpecification");
	wire_object_start(response);
	wire_member(response, "AttributeName");
	wire_string(response, attribute->as.string.text, attribute->as.string.len);
	wire_member(response, "Enabled");
	wire_boolean(response, enable);
	wire_object_end(response);
	wire_object_end(response);
}
