/*
 * op.c
 *		Finds and runs operations, and what nearly all of them begin with: the table.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"

#include "base/error.h"
#include "base/settings.h"
#include "log/log_keeper.h"
#include "meter/meter.h"
#include "op/arn.h"
#include "op/authorize.h"
#include "op/op.h"
#include "trace/trace.h"

/* Operations that dynapg has. */
static const OperationFunction functions[OPERATION_COUNT] = {
	[OPERATION_BatchExecuteStatement] = op_batch_execute_statement,
	[OPERATION_BatchWriteItem] = op_batch_write_item,
	[OPERATION_BatchGetItem] = op_batch_get_item,
	[OPERATION_Scan] = op_scan,
	[OPERATION_Query] = op_query,
	[OPERATION_CreateBackup] = op_create_backup,
	[OPERATION_CreateTable] = op_create_table,
	[OPERATION_DeleteBackup] = op_delete_backup,
	[OPERATION_DeleteItem] = op_delete_item,
	[OPERATION_DeleteResourcePolicy] = op_delete_resource_policy,
	[OPERATION_DeleteTable] = op_delete_table,
	[OPERATION_DescribeBackup] = op_describe_backup,
	[OPERATION_DescribeContinuousBackups] = op_describe_continuous_backups,
	[OPERATION_RestoreTableToPointInTime] = op_restore_table_to_point_in_time,
	[OPERATION_UpdateContinuousBackups] = op_update_continuous_backups,
	[OPERATION_DescribeEndpoints] = op_describe_endpoints,
	[OPERATION_DescribeContributorInsights] = op_describe_contributor_insights,
	[OPERATION_ListContributorInsights] = op_list_contributor_insights,
	[OPERATION_UpdateContributorInsights] = op_update_contributor_insights,
	[OPERATION_DescribeTableReplicaAutoScaling] = op_describe_table_replica_auto_scaling,
	[OPERATION_UpdateTableReplicaAutoScaling] = op_update_table_replica_auto_scaling,
	[OPERATION_DescribeExport] = op_describe_export,
	[OPERATION_EnableKinesisStreamingDestination] = op_enable_kinesis_streaming_destination,
	[OPERATION_DisableKinesisStreamingDestination] = op_disable_kinesis_streaming_destination,
	[OPERATION_UpdateKinesisStreamingDestination] = op_update_kinesis_streaming_destination,
	[OPERATION_DescribeKinesisStreamingDestination] = op_describe_kinesis_streaming_destination,
	[OPERATION_DescribeLimits] = op_describe_limits,
	[OPERATION_DescribeStream] = op_describe_stream,
	[OPERATION_DescribeTable] = op_describe_table,
	[OPERATION_DescribeTimeToLive] = op_describe_time_to_live,
	[OPERATION_ExecuteStatement] = op_execute_statement,
	[OPERATION_ExecuteTransaction] = op_execute_transaction,
	[OPERATION_CancelBulkOperation] = op_cancel_bulk_operation,
	[OPERATION_DescribeBulkOperation] = op_describe_bulk_operation,
	[OPERATION_DescribeImport] = op_describe_import,
	[OPERATION_ImportTable] = op_import_table,
	[OPERATION_ListBulkOperations] = op_list_bulk_operations,
	[OPERATION_ListImports] = op_list_imports,
	[OPERATION_StartBulkPutItems] = op_start_bulk_put_items,
	[OPERATION_ExportTableToPointInTime] = op_export_table_to_point_in_time,
	[OPERATION_GetItem] = op_get_item,
	[OPERATION_GetRecords] = op_get_records,
	[OPERATION_GetResourcePolicy] = op_get_resource_policy,
	[OPERATION_GetShardIterator] = op_get_shard_iterator,
	[OPERATION_ListBackups] = op_list_backups,
	[OPERATION_ListExports] = op_list_exports,
	[OPERATION_ListStreams] = op_list_streams,
	[OPERATION_ListTables] = op_list_tables,
	[OPERATION_ListTagsOfResource] = op_list_tags_of_resource,
	[OPERATION_PutItem] = op_put_item,
	[OPERATION_PutResourcePolicy] = op_put_resource_policy,
	[OPERATION_RestoreTableFromBackup] = op_restore_table_from_backup,
	[OPERATION_TagResource] = op_tag_resource,
	[OPERATION_TransactGetItems] = op_transact_get_items,
	[OPERATION_TransactWriteItems] = op_transact_write_items,
	[OPERATION_UntagResource] = op_untag_resource,
	[OPERATION_UpdateItem] = op_update_item,
	[OPERATION_UpdateTable] = op_update_table,
	[OPERATION_UpdateTimeToLive] = op_update_time_to_live,
};

bool		op_eventual_read;
bool		op_answer_waits;
double		op_read_units;
double		op_write_units;
bool		op_units_are_wanted;
Oid			op_role;

OperationFunction
op_function(int operation)
{
	return functions[operation];
}

/* What an operation on tables themselves is about; those on items tell of their tables when they come to them. */
static void
trace_named_table(const RequestValue *request)
{
	const Shape *shape = request->shape;

	for (int i = 0; i < shape->n_members; i++)
	{
		const RequestValue *value = &request->as.members[i];

		if (value->present && value->shape->kind == SHAPE_STRING && strcmp(shape->members[i].name, "TableName") == 0 &&
			strchr(value->as.string.text, ':') == NULL)
			trace_table(value->as.string.text, value->as.string.len);
	}
}

/* The end of a call by SQL that is recorded; in PG_CATCH if it has failed. */
static void
end_trace(bool failed, double read_units, double write_units)
{
	trace_end_call(failed ? dyn_exception_info(dyn_exception_of_sqlstate(geterrcode()))->name : NULL,
				   op_read_units - read_units, op_write_units - write_units);
}

/* op_call(); audited: with an event. */
static void
call_metered(int operation, bool audited, WireWriter *response, OperationCarrier carry, void *argument)
{
	const char *outer = dyn_operation;
	Oid			outer_role = op_role;
	AuditCall  *volatile audit = NULL;
	MeterRequest metered;
	bool		traced = unlikely(trace_is_enabled) && trace_begin_call(model_operations[operation].name);
	double		read_units = op_read_units;
	double		write_units = op_write_units;

	/* it may raise, and then nothing has begun */
	meter_begin(&metered, operation, model_operations[operation].name);
	/* an item table's own trigger may call another operation */
	dyn_operation = model_operations[operation].name;
	op_role = GetUserId();
	PG_TRY();
	{
		if (traced)
			trace_run_call();
		if (audited)
			audit = audit_begin(operation, response);
		carry(audit, argument);
		/* what raises in it has ended the request, too, and fails it */
		meter_end(&metered, false);
	}
	PG_CATCH();
	{
		dyn_operation = outer;
		op_role = outer_role;
		if (traced)
			end_trace(true, read_units, write_units);
		meter_end(&metered, true);
		audit_fail(audit);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dyn_operation = outer;
	op_role = outer_role;
	if (traced)
		end_trace(false, read_units, write_units);
	/* who writes down what is counted */
	if (dynapg_metrics_history && meter_is_there())
		log_want_keeper(GetCurrentStatementStartTimestamp());
	audit_succeed(audit, response);
}

void
op_call(int operation, WireWriter *response, OperationCarrier carry, void *argument)
{
	call_metered(operation, true, response, carry, argument);
}

void
op_call_again(int operation, OperationCarrier carry, void *argument)
{
	call_metered(operation, false, NULL, carry, argument);
}

/* What op_run() is called with. */
typedef struct OperationRun
{
	int			operation;
	WireReader *reader;
	WireWriter *response;
} OperationRun;

static void
run_operation(AuditCall *audit, void *argument)
{
	const OperationRun *run = (const OperationRun *) argument;
	const RequestValue *request = request_read(run->reader, run->operation);
	AccessUser	before;

	audit_request(audit, request);
	if (trace_is_on())
		trace_named_table(request);
	access_become(access_begin(run->operation, request), &before);
	op_function(run->operation) (request, run->response);
	access_return(&before);
}

void
op_run(int operation, WireReader *reader, WireWriter *response)
{
	OperationRun run = {operation, reader, response};

	op_call(operation, response, run_operation, &run);
}

const char *
op_table_name_of_text(const char *text, int len, int *name_len)
{
	TableArn	arn;

	/* the request was checked: what has a colon is an ARN, anything else a name */
	if (!arn_parse_table(text, len, &arn))
	{
		*name_len = len;
		return text;
	}
	if (!arn_part_is(arn.account, arn.account_len, dynapg_account_id))
		dyn_error(DYN_ACCESS_DENIED, "Access is denied");
	if (!arn_part_is(arn.partition, arn.partition_len, "aws"))
		dyn_invalid("1 validation error detected: Invalid AWS partition in '%.*s'", len, text);
	if (!arn_part_is(arn.region, arn.region_len, dynapg_region))
		dyn_invalid("1 validation error detected: Invalid AWS region in '%.*s'", len, text);
	if (!arn_part_is(arn.type, arn.type_len, "table"))
		dyn_invalid("1 validation error detected: Invalid resource type in '%.*s'", len, text);
	*name_len = arn.name_len;
	return arn.name;
}

const char *
op_table_name(const RequestValue *value, int *name_len)
{
	return op_table_name_of_text(value->as.string.text, value->as.string.len, name_len);
}

const TableInfo *
op_data_table(const RequestValue *table_name)
{
	return op_data_table_of_text(table_name->as.string.text, table_name->as.string.len);
}

const TableInfo *
op_find_data_table(const char *text, int len)
{
	const char *name = op_table_name_of_text(text, len, &len);
	const TableInfo *table = catalog_table(name, len);

	if (table != NULL)
	{
		TableStatus status = catalog_table_status(table);

		if (status == TABLE_ACTIVE || status == TABLE_UPDATING)
		{
			meter_table(table);
			return table;
		}
	}
	return NULL;
}

const TableInfo *
op_data_table_of_text(const char *text, int len)
{
	const TableInfo *table = op_find_data_table(text, len);

	if (table == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found");
	return table;
}
