/*
 * sql_pages.c
 *		dynapg.query() and dynapg.scan(): Query and Scan as sets of natural items, all pages at once.
 *
 * The request is the API's, checked as there; what comes back is rows instead of pages.  Everything is read on one
 * snapshot, and what does not fit into work_mem goes to disk.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/tuplestore.h"

#include "base/error.h"
#include "op/audit.h"
#include "op/page.h"

PG_FUNCTION_INFO_V1(dynapg_query);
PG_FUNCTION_INFO_V1(dynapg_scan);

/* A PageVisitor: one row an item. */
static void
add_row(Jsonb *item, void *argument)
{
	ReturnSetInfo *result = (ReturnSetInfo *) argument;
	Datum		value = JsonbPGetDatum(item);
	bool		isnull = false;

	tuplestore_putvalues(result->setResult, result->setDesc, &value, &isnull);
}

/* What an operation of a table or an index is asked for by; its members. */
typedef struct PageAction
{
	int			operation;
	PolicyAction action;
	int			table_name;
	int			index_name;
	PagePreparation prepare;
} PageAction;

/* AccessDeniedException if no policy could allow the request, before its table is looked for. */
static void
foresee(const PageAction *action, const RequestValue *request)
{
	const RequestValue *table = request_member(request, action->table_name);
	const RequestValue *index = request_member(request, action->index_name);

	access_foresee(action->action, table->as.string.text, table->as.string.len,
				   index->present ? index->as.string.text : NULL, index->present ? index->as.string.len : 0);
}

static Datum
visit_pages(FunctionCallInfo fcinfo, const PageAction *action)
{
	const char *outer = dyn_operation;
	AuditCall  *audit;
	WireReader	reader;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	audit = audit_begin(action->operation, NULL);
	dyn_operation = model_operations[action->operation].name;
	PG_TRY();
	{
		const RequestValue *request;

		wire_read_jsonb(&reader, PG_GETARG_JSONB_P(0));
		request = request_read(&reader, action->operation);
		audit_request(audit, request);
		foresee(action, request);
		page_visit(request, action->prepare, add_row, fcinfo->resultinfo);
	}
	PG_CATCH();
	{
		dyn_operation = outer;
		audit_fail(audit);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dyn_operation = outer;
	audit_succeed(audit, NULL);
	return (Datum) 0;
}

Datum
dynapg_query(PG_FUNCTION_ARGS)
{
	static const PageAction action = {OPERATION_Query, POLICY_Query, QueryInput_TableName, QueryInput_IndexName, query_prepare};

	return visit_pages(fcinfo, &action);
}

Datum
dynapg_scan(PG_FUNCTION_ARGS)
{
	static const PageAction action = {OPERATION_Scan, POLICY_Scan, ScanInput_TableName, ScanInput_IndexName, scan_prepare};

	return visit_pages(fcinfo, &action);
}
