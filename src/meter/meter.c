/*
 * meter.c
 *		The hook through which operations tell what they consume, what they are refused, and how they end.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"

#include "base/shared_memory.h"
#include "meter/bucket.h"
#include "meter/counters.h"
#include "meter/insight.h"
#include "meter/meter.h"
#include "trace/trace.h"

int			meter_wants;

static MeterRequest *running;	/* the innermost; NULL: none, or nobody wants anything of it */
static bool has_shared_memory;

/* ------------------------------------------------------------------------------------------------------------
 * Shared memory
 * ------------------------------------------------------------------------------------------------------------ */

static Size
size_of_shared(void)
{
	return MAXALIGN(bucket_shared_size()) + MAXALIGN(counters_shared_size()) + MAXALIGN(insight_shared_size());
}

static void
init_shared(void)
{
	bucket_init_shared();
	counters_init_shared();
	insight_init_shared();
	has_shared_memory = true;
}

void
meter_init(void)
{
	static const SharedMemory part = {size_of_shared, NULL, 0, init_shared};

	bucket_init();
	if (process_shared_preload_libraries_in_progress)
		shared_memory_ask(&part);
}

bool
meter_is_there(void)
{
	return has_shared_memory;
}

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

static int
wants(void)
{
	int			result = 0;

	if (dynapg_throttling)
		result |= METER_BUCKETS;
	if (counters_are_wanted())
		result |= METER_COUNTERS;
	if (insight_is_wanted())
		result |= METER_INSIGHT;
	return result != 0 && RecoveryInProgress() ? 0 : result;
}

void
meter_begin(MeterRequest *request, int operation, const char *operation_name)
{
	request->outer = running;
	request->outer_wants = meter_wants;
	if (!has_shared_memory || (meter_wants = wants()) == 0)
	{
		meter_wants = 0;
		running = NULL;
		return;
	}
	request->context = CurrentMemoryContext;
	request->operation = operation;
	request->operation_name = operation_name;
	if (meter_wants & METER_COUNTERS)
		INSTR_TIME_SET_CURRENT(request->started);
	request->n_tables = request->max_tables = 0;
	request->tables = NULL;
	request->returns_items = false;
	request->returned_items = request->returned_bytes = 0;
	request->stream = NULL;
	running = request;
}

/* Tells of the request's end, with the error that is being raised. */
static void
tell_end(const MeterRequest *request, bool failed)
{
	MemoryContext caller;
	ErrorData  *error = NULL;

	if (failed)
	{
		caller = MemoryContextSwitchTo(request->context);
		error = CopyErrorData();
		MemoryContextSwitchTo(caller);
	}
	counters_operation(request, error);
	if (error != NULL)
		FreeErrorData(error);
}

void
meter_end(MeterRequest *request, bool failed)
{
	bool		tells = running == request && (meter_wants & METER_COUNTERS);

	/* first of all: what follows may raise */
	running = request->outer;
	meter_wants = request->outer_wants;
	if (tells)
		tell_end(request, failed);
}

void
meter_table(const TableInfo *table)
{
	MeterRequest *request = running;

	if (trace_is_on())
		trace_table(table->name, strlen(table->name));
	if (request == NULL || !(meter_wants & METER_COUNTERS))
		return;
	for (int i = 0; i < request->n_tables; i++)
		if (request->tables[i]->relation == table->relation)
			return;
	if (request->n_tables == request->max_tables)
	{
		request->max_tables = Max(4, request->max_tables * 2);
		request->tables = request->tables == NULL ?
			(const TableInfo **) MemoryContextAlloc(request->context, request->max_tables * sizeof(TableInfo *)) :
			(const TableInfo **) repalloc(request->tables, request->max_tables * sizeof(TableInfo *));
	}
	request->tables[request->n_tables++] = table;
}

void
meter_returned(int64 items, int64 scanned)
{
	if (trace_is_on())
		trace_items(items, scanned);
	if (running == NULL)
		return;
	running->returns_items = true;
	running->returned_items += items;
}

void
meter_stream(const TableLog *stream, int64 records, int64 bytes)
{
	if (running == NULL)
		return;
	running->stream = stream;
	running->returned_items += records;
	running->returned_bytes += bytes;
}

/* ------------------------------------------------------------------------------------------------------------
 * Units
 * ------------------------------------------------------------------------------------------------------------ */

void
meter_consumed(const MeterUse *use)
{
	if ((meter_wants & METER_BUCKETS) && use->rates != NULL)
		bucket_charge(use);
	if (meter_wants & METER_COUNTERS)
		counters_consumed(use);
	if (meter_wants & METER_INSIGHT)
		insight_key(use, false);
}

void
meter_throttled(const MeterUse *use, MeterLimit limit)
{
	if (meter_wants & METER_COUNTERS)
		counters_throttled(use, limit);
	if (meter_wants & METER_INSIGHT)
		insight_key(use, true);
}
