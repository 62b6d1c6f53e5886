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

#include "op/op.h"
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

/* A call of either function. */
typedef struct PageCall
{
	FunctionCallInfo fcinfo;
	const PageAction *action;
} PageCall;

static void
carry_pages(AuditCall *audit, void *argument)
{
	const PageCall *call = (const PageCall *) argument;
	FunctionCallInfo fcinfo = call->fcinfo;
	const RequestValue *request;
	WireReader	reader;

	wire_read_jsonb(&reader, PG_GETARG_JSONB_P(0));
	request = request_read(&reader, call->action->operation);
	audit_request(audit, request);
	foresee(call->action, request);
	page_visit(request, call->action->prepare, add_row, fcinfo->resultinfo);
}

static Datum
visit_pages(FunctionCallInfo fcinfo, const PageAction *action)
{
	PageCall	call = {fcinfo, action};

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	op_call(action->operation, NULL, carry_pages, &call);
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
