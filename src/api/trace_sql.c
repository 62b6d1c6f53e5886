/*
 * trace_sql.c
 *		What /metrics and SQL say of traces, and what tests ask of them (test/functions.sql).
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "api/endpoint_traces.h"
#include "base/hex.h"
#include "trace/trace_ring.h"

PG_FUNCTION_INFO_V1(dynapg_trace_status);
PG_FUNCTION_INFO_V1(dynapg_test_read_trace);

#define STATUS_COLUMNS 10

void
endpoint_write_trace_metrics(StringInfo out)
{
	TraceStatus status;

	if (!trace_is_enabled)
		return;
	trace_ring_status(&status);
	appendStringInfo(out, "# HELP dynapg_traces_recorded_total Requests that were recorded for the OpenTelemetry receiver.\n"
					 "# TYPE dynapg_traces_recorded_total counter\ndynapg_traces_recorded_total " UINT64_FORMAT "\n",
					 status.counters[TRACE_RECORDED]);
	appendStringInfo(out, "# HELP dynapg_traces_sent_total Of these, those that it has taken.\n"
					 "# TYPE dynapg_traces_sent_total counter\ndynapg_traces_sent_total " UINT64_FORMAT "\n",
					 status.counters[TRACE_SENT]);
	appendStringInfo(out, "# HELP dynapg_traces_lost_total Requests whose spans were not sent: there was no room, or the receiver has not taken them.\n"
					 "# TYPE dynapg_traces_lost_total counter\n"
					 "dynapg_traces_lost_total{reason=\"dropped\"} " UINT64_FORMAT "\n"
					 "dynapg_traces_lost_total{reason=\"failed\"} " UINT64_FORMAT "\n",
					 status.counters[TRACE_DROPPED], status.counters[TRACE_FAILED]);
	appendStringInfo(out, "# HELP dynapg_spans_rejected_total Spans that the receiver has rejected of requests that it has taken.\n"
					 "# TYPE dynapg_spans_rejected_total counter\ndynapg_spans_rejected_total " UINT64_FORMAT "\n",
					 status.counters[TRACE_REJECTED]);
	appendStringInfo(out, "# HELP dynapg_traces_waiting Recorded requests that wait to be sent.\n"
					 "# TYPE dynapg_traces_waiting gauge\ndynapg_traces_waiting " UINT64_FORMAT "\n", status.waiting);
}

Datum
dynapg_trace_status(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	TraceStatus status;
	Datum		values[STATUS_COLUMNS];
	bool		nulls[STATUS_COLUMNS] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	trace_ring_status(&status);
	for (int i = 0; i < TRACE_COUNTERS; i++)
		values[i] = Int64GetDatum(status.counters[i]);
	values[TRACE_COUNTERS] = Int64GetDatum(status.waiting);
	values[6] = Int32GetDatum(status.pid);
	nulls[6] = status.pid == 0;
	values[7] = TimestampTzGetDatum(status.sent_at);
	nulls[7] = status.sent_at == 0;
	values[8] = TimestampTzGetDatum(status.failed_at);
	nulls[8] = status.failed_at == 0;
	values[9] = CStringGetTextDatum(status.error);
	nulls[9] = status.failed_at == 0;
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

/* A header of a kind as "trace-id parent-id sampled|not|open flags", or NULL; of tracestate: as it is. */
Datum
dynapg_test_read_trace(PG_FUNCTION_ARGS)
{
	static const char *const samplings[] = {"open", "sampled", "not"};
	const char *kind = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea	   *bytes = PG_GETARG_BYTEA_PP(1);
	char	   *header = pnstrdup(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	char		trace[2 * TRACE_ID_SIZE + 1];
	char		parent[2 * TRACE_SPAN_ID_SIZE + 1] = "-";
	TraceContext context;

	if (strcmp(kind, "tracestate") == 0)
	{
		if (!trace_state_is_valid(header))
			PG_RETURN_NULL();
		PG_RETURN_TEXT_P(cstring_to_text(header));
	}
	if (!(strcmp(kind, "traceparent") == 0 ? trace_read_parent : trace_read_amazon) (header, &context))
	{
		if (context.is_there)
			elog(ERROR, "a context that is not valid is there");
		PG_RETURN_NULL();
	}
	hex_write(trace, context.trace_id, TRACE_ID_SIZE);
	if (context.has_parent)
		hex_write(parent, context.parent_id, TRACE_SPAN_ID_SIZE);
	PG_RETURN_TEXT_P(cstring_to_text(psprintf("%s %s %s %02x", trace, parent, samplings[context.sampling], context.flags)));
}
