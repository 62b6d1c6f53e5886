/*
 * sql.c
 *		The SQL door: dynamo_<operation>(request jsonb) returns jsonb.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/jsonb.h"

#include "base/error.h"
#include "op/op.h"

/*
 * Runs an operation.  A deadlock, which only a caller's longer transaction can get into, is what the service calls
 * a conflict of transactions.
 */
static Datum
run_operation(const char *name, Jsonb *request)
{
	MemoryContext caller = CurrentMemoryContext;
	WireReader	reader;
	WireWriter	response;

	wire_read_jsonb(&reader, request);
	wire_write_jsonb(&response);
	PG_TRY();
	{
		op_run(name, &reader, &response);
	}
	PG_CATCH();
	{
		if (geterrcode() == ERRCODE_T_R_DEADLOCK_DETECTED)
		{
			ErrorData  *error;

			MemoryContextSwitchTo(caller);
			error = CopyErrorData();
			FlushErrorState();
			dyn_error_detail(DYN_TRANSACTION_CONFLICT, error->detail ? error->detail : error->message,
							 "Transaction is ongoing for the item");
		}
		PG_RE_THROW();
	}
	PG_END_TRY();
	return JsonbPGetDatum(wire_writer_jsonb(&response));
}

#define SQL_OPERATION(function, name) \
	PG_FUNCTION_INFO_V1(function); \
	Datum function(PG_FUNCTION_ARGS) { return run_operation(name, PG_GETARG_JSONB_P(0)); } \
	extern Datum function(PG_FUNCTION_ARGS)

SQL_OPERATION(dynamo_create_table, "CreateTable");
SQL_OPERATION(dynamo_delete_item, "DeleteItem");
SQL_OPERATION(dynamo_delete_table, "DeleteTable");
SQL_OPERATION(dynamo_describe_endpoints, "DescribeEndpoints");
SQL_OPERATION(dynamo_describe_limits, "DescribeLimits");
SQL_OPERATION(dynamo_describe_table, "DescribeTable");
SQL_OPERATION(dynamo_get_item, "GetItem");
SQL_OPERATION(dynamo_list_tables, "ListTables");
SQL_OPERATION(dynamo_put_item, "PutItem");
SQL_OPERATION(dynamo_update_table, "UpdateTable");
