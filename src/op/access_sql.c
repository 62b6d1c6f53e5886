/*
 * access_sql.c
 *		C functions that only tests call; the extension does not install them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "op/access_begin.h"
#include "op/op.h"

PG_FUNCTION_INFO_V1(dynapg_test_access_rows);

static const char *const kinds[] = {
	[ACCESS_ANYTHING] = "*",
	[ACCESS_TABLE] = "table",
	[ACCESS_TABLES] = "tables",
	[ACCESS_QUERIED] = "table or index",
	[ACCESS_SCANNED] = "table or index",
	[ACCESS_RESOURCE] = "table or stream",
	[ACCESS_EXPORTED] = "table",
	[ACCESS_SOURCE] = "source table, and target table",
	[ACCESS_IMPORTED] = "table",
	[ACCESS_STREAM] = "stream",
	[ACCESS_ITERATOR] = "stream",
	[ACCESS_BACKUP] = "backup",
	[ACCESS_EXPORT] = "export",
	[ACCESS_IMPORT] = "import",
	[ACCESS_BULK_OPERATION] = "bulk operation"
};

static const char *const grants[] = {
	[GRANTED_AS_DATA] = "privileges on the table",
	[GRANTED_TO_ALL] = "any privilege on any table",
	[GRANTED_TO_USERS] = "any privilege on the table",
	[GRANTED_TO_OWNERS] = "owner",
	[GRANTED_TO_READERS] = "reader of all",
	[GRANTED_TO_WRITERS] = "INSERT and UPDATE",
	[GRANTED_TO_CREATORS] = "CREATE on schema dynamo"
};

/* The rows of all operations that dynapg has: setof (operation, action, resource, granted); the last three are null if an operation has no row. */
Datum
dynapg_test_access_rows(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < model_operation_count; i++)
	{
		const AccessRow *row = access_row(i);
		bool		is_whole = row->parts == ACCESS_IS_WHOLE;
		bool		unknown = row->parts == ACCESS_IS_UNKNOWN;
		Datum		values[4] = {CStringGetTextDatum(model_operations[i].name)};
		bool		nulls[4] = {false, unknown, unknown, unknown};

		if (op_function(i) == NULL)
			continue;
		if (!unknown)
		{
			values[1] = CStringGetTextDatum(is_whole ? policy_action_info(row->action)->name : "that of each part");
			values[2] = CStringGetTextDatum(is_whole ? kinds[row->kind] : "that of each part");
			values[3] = CStringGetTextDatum(grants[is_whole ? row->granted : GRANTED_AS_DATA]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
