/*
 * metrics_sql.c
 *		Metrics for callers: dynapg.record_metrics().  The other function is for tests, and not in the extension's script (test/functions.sql).
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

#include "api/cloudwatch.h"
#include "keep/metrics_history.h"
#include "meter/counters_table.h"

PG_FUNCTION_INFO_V1(dynapg_record_metrics);
PG_FUNCTION_INFO_V1(dynapg_test_query_form);

/* record_metrics(minute timestamptz) returns integer */
Datum
dynapg_record_metrics(PG_FUNCTION_ARGS)
{
	TimestampTz minute = PG_GETARG_TIMESTAMPTZ(0);

	PreventCommandIfReadOnly("dynapg.record_metrics()");
	if (TIMESTAMP_NOT_FINITE(minute))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a minute is a point in time")));
	if (counter_table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("nothing is counted in this server"),
				 errhint("Metrics are counted where dynapg is in shared_preload_libraries.")));
	PG_RETURN_INT32(metrics_history_write(minute - minute % USECS_PER_MINUTE));
}

/* Tests: query_form(body bytea) returns jsonb: a request of AWS Query */
Datum
dynapg_test_query_form(PG_FUNCTION_ARGS)
{
	bytea	   *body = PG_GETARG_BYTEA_PP(0);

	PG_RETURN_JSONB_P(cloudwatch_read_query(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body)));
}
