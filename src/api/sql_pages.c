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

static Datum
visit_pages(FunctionCallInfo fcinfo, int operation, PagePreparation prepare)
{
	const char *outer = dyn_operation;
	WireReader	reader;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	dyn_operation = model_operations[operation].name;
	wire_read_jsonb(&reader, PG_GETARG_JSONB_P(0));
	page_visit(request_read(&reader, operation), prepare, add_row, fcinfo->resultinfo);
	dyn_operation = outer;
	return (Datum) 0;
}

Datum
dynapg_query(PG_FUNCTION_ARGS)
{
	return visit_pages(fcinfo, OPERATION_Query, query_prepare);
}

Datum
dynapg_scan(PG_FUNCTION_ARGS)
{
	return visit_pages(fcinfo, OPERATION_Scan, scan_prepare);
}
