/*
 * time_to_live.c
 *		DescribeTimeToLive.
 *
 * dynapg does not expire items yet: each table answers as one does at the service that never had
 * a time to live, so that clients that ask for it after every change go on.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"
#include "op/table_check.h"

void
op_describe_time_to_live(const RequestValue *request, WireWriter *response)
{
	const TableInfo *table = table_of_request(request_member(request, DescribeTimeToLiveInput_TableName));
	TableStatus status = catalog_table_status(table);

	if (status == TABLE_CREATING || status == TABLE_DELETING)
		dyn_invalid("Cannot describe time to live while table is in %s state: Current table state is %s",
					catalog_status_name(status), catalog_status_name(status));
	wire_object_start(response);
	wire_member(response, "TimeToLiveDescription");
	wire_object_start(response);
	wire_member(response, "TimeToLiveStatus");
	wire_cstring(response, "DISABLED");
	wire_object_end(response);
	wire_object_end(response);
}
