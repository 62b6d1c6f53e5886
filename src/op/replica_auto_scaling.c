/*
 * replica_auto_scaling.c
 *		DescribeTableReplicaAutoScaling, UpdateTableReplicaAutoScaling.
 *
 * They are about global tables, and the service refuses them for every other table.  dynapg has no global tables, so here they refuse each.  Auto
 * scaling of tables is dynapg.put_scaling_policy() and the operations of Application Auto Scaling.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"

static _Noreturn void
refuse(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);

	dyn_error(DYN_RESOURCE_NOT_FOUND, "Global table with name: '%.*s' does not exist.", len, name);
}

void
op_describe_table_replica_auto_scaling(const RequestValue *request, WireWriter *response)
{
	refuse(request_member(request, DescribeTableReplicaAutoScalingInput_TableName));
}

void
op_update_table_replica_auto_scaling(const RequestValue *request, WireWriter *response)
{
	refuse(request_member(request, UpdateTableReplicaAutoScalingInput_TableName));
}
