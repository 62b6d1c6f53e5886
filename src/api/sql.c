/*
 * sql.c
 *		The SQL door: dynamo_<operation>(request jsonb) returns jsonb.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"

#include "api/sql.h"
#include "base/error.h"
#include "op/op.h"

void
sql_call(void (*call) (void *argument), void *argument)
{
	MemoryContext caller = CurrentMemoryContext;
	bool		eventual = op_eventual_read;
	bool		waits = op_answer_waits;

	/* what a trigger or policy of an endpoint's request does with an answer is not kept until it is durable */
	op_answer_waits = false;
	PG_TRY();
	{
		call(argument);
	}
	PG_CATCH();
	{
		op_eventual_read = eventual;
		op_answer_waits = waits;
		/* the executor's conflicts and serializable transactions' are the service's conflict too */
		if (geterrcode() == ERRCODE_T_R_DEADLOCK_DETECTED || geterrcode() == ERRCODE_T_R_SERIALIZATION_FAILURE)
		{
			ErrorData  *error;

			MemoryContextSwitchTo(caller);
			error = CopyErrorData();
			if (error->datatype_name == NULL)
			{
				FlushErrorState();
				dyn_error_detail(DYN_TRANSACTION_CONFLICT, error->detail ? error->detail : error->message,
								 "Transaction is ongoing for the item");
			}
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	/* called by an operation's trigger or policy, it says nothing of the operation */
	op_eventual_read = eventual;
	op_answer_waits = waits;
}

/* What op_run() is called with. */
typedef struct OperationCall
{
	int			operation;
	WireReader *request;
	WireWriter *response;
} OperationCall;

static void
call_operation(void *argument)
{
	const OperationCall *call = (const OperationCall *) argument;

	op_run(call->operation, call->request, call->response);
}

void
sql_run(int operation, WireReader *request, WireWriter *response)
{
	OperationCall call = {operation, request, response};

	sql_call(call_operation, &call);
}

static Datum
run_operation(int operation, Jsonb *request)
{
	WireReader	reader;
	WireWriter	response;

	wire_read_jsonb(&reader, request);
	wire_write_jsonb(&response);
	sql_run(operation, &reader, &response);
	if (wire_wrote_nothing(&response))
	{
		/* over HTTP the body is empty */
		wire_object_start(&response);
		wire_object_end(&response);
	}
	return JsonbPGetDatum(wire_writer_jsonb(&response));
}

#define SQL_OPERATION(function, operation) \
	PG_FUNCTION_INFO_V1(function); \
	Datum function(PG_FUNCTION_ARGS) { return run_operation(OPERATION_##operation, PG_GETARG_JSONB_P(0)); } \
	extern Datum function(PG_FUNCTION_ARGS)

SQL_OPERATION(dynamo_create_backup, CreateBackup);
SQL_OPERATION(dynamo_create_table, CreateTable);
SQL_OPERATION(dynamo_delete_backup, DeleteBackup);
SQL_OPERATION(dynamo_delete_item, DeleteItem);
SQL_OPERATION(dynamo_delete_resource_policy, DeleteResourcePolicy);
SQL_OPERATION(dynamo_delete_table, DeleteTable);
SQL_OPERATION(dynamo_describe_backup, DescribeBackup);
SQL_OPERATION(dynamo_describe_continuous_backups, DescribeContinuousBackups);
SQL_OPERATION(dynamo_update_continuous_backups, UpdateContinuousBackups);
SQL_OPERATION(dynamo_restore_table_to_point_in_time, RestoreTableToPointInTime);
SQL_OPERATION(dynamo_describe_endpoints, DescribeEndpoints);
SQL_OPERATION(dynamo_describe_export, DescribeExport);
SQL_OPERATION(dynamo_enable_kinesis_streaming_destination, EnableKinesisStreamingDestination);
SQL_OPERATION(dynamo_disable_kinesis_streaming_destination, DisableKinesisStreamingDestination);
SQL_OPERATION(dynamo_update_kinesis_streaming_destination, UpdateKinesisStreamingDestination);
SQL_OPERATION(dynamo_describe_kinesis_streaming_destination, DescribeKinesisStreamingDestination);
SQL_OPERATION(dynamo_update_contributor_insights, UpdateContributorInsights);
SQL_OPERATION(dynamo_describe_contributor_insights, DescribeContributorInsights);
SQL_OPERATION(dynamo_list_contributor_insights, ListContributorInsights);
SQL_OPERATION(dynamo_describe_table_replica_auto_scaling, DescribeTableReplicaAutoScaling);
SQL_OPERATION(dynamo_update_table_replica_auto_scaling, UpdateTableReplicaAutoScaling);
SQL_OPERATION(dynamo_describe_limits, DescribeLimits);
SQL_OPERATION(dynamo_describe_stream, DescribeStream);
SQL_OPERATION(dynamo_describe_table, DescribeTable);
SQL_OPERATION(dynamo_describe_time_to_live, DescribeTimeToLive);
SQL_OPERATION(dynamo_update_time_to_live, UpdateTimeToLive);
SQL_OPERATION(dynamo_export_table_to_point_in_time, ExportTableToPointInTime);
SQL_OPERATION(dynamo_get_item, GetItem);
SQL_OPERATION(dynamo_get_records, GetRecords);
SQL_OPERATION(dynamo_get_resource_policy, GetResourcePolicy);
SQL_OPERATION(dynamo_get_shard_iterator, GetShardIterator);
SQL_OPERATION(dynamo_list_backups, ListBackups);
SQL_OPERATION(dynamo_list_exports, ListExports);
SQL_OPERATION(dynamo_list_streams, ListStreams);
SQL_OPERATION(dynamo_list_tables, ListTables);
SQL_OPERATION(dynamo_list_tags_of_resource, ListTagsOfResource);
SQL_OPERATION(dynamo_put_item, PutItem);
SQL_OPERATION(dynamo_put_resource_policy, PutResourcePolicy);
SQL_OPERATION(dynamo_restore_table_from_backup, RestoreTableFromBackup);
SQL_OPERATION(dynamo_tag_resource, TagResource);
SQL_OPERATION(dynamo_untag_resource, UntagResource);
SQL_OPERATION(dynamo_update_item, UpdateItem);
SQL_OPERATION(dynamo_update_table, UpdateTable);
SQL_OPERATION(dynamo_batch_get_item, BatchGetItem);
SQL_OPERATION(dynamo_batch_write_item, BatchWriteItem);
SQL_OPERATION(dynamo_transact_get_items, TransactGetItems);
SQL_OPERATION(dynamo_transact_write_items, TransactWriteItems);
SQL_OPERATION(dynamo_import_table, ImportTable);
SQL_OPERATION(dynamo_describe_import, DescribeImport);
SQL_OPERATION(dynamo_list_imports, ListImports);
SQL_OPERATION(dynamo_start_bulk_put_items, StartBulkPutItems);
SQL_OPERATION(dynamo_describe_bulk_operation, DescribeBulkOperation);
SQL_OPERATION(dynamo_list_bulk_operations, ListBulkOperations);
SQL_OPERATION(dynamo_cancel_bulk_operation, CancelBulkOperation);
SQL_OPERATION(dynamo_query, Query);
SQL_OPERATION(dynamo_scan, Scan);
SQL_OPERATION(dynamo_execute_statement, ExecuteStatement);
SQL_OPERATION(dynamo_batch_execute_statement, BatchExecuteStatement);
SQL_OPERATION(dynamo_execute_transaction, ExecuteTransaction);
