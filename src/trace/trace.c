/*
 * trace.c
 *		Records of requests: how they begin, what is added to them, and how they end.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "replication/syncrep.h"
#include "replication/walsender.h"
#include "storage/proc.h"
#include "utils/timeout.h"

#include "base/hex.h"
#include "trace/trace.h"
#include "trace/trace_ring.h"
#include "trace/trace_settings.h"

#define FLAG_SAMPLED	0x01
#define FLAG_RANDOM		0x02

bool		trace_is_enabled;
TraceRecord *trace_running;

/* Of the request over HTTP that runs; NULL: there is none. */
static const TraceContext *request_context;

static void at_transaction_end(XactEvent event, void *argument);

/* Of a call by SQL: a process executes one at a time, and those within it belong to it, recorded or not. */
static TraceRecord call_record;
static bool call_runs;
static bool call_is_recorded;

/* What the transaction's commit belongs to, if it had a call that was recorded. */
static TraceRecord commit_record;
static bool commit_is_wanted;

/* ------------------------------------------------------------------------------------------------------------
 * Beginning
 * ------------------------------------------------------------------------------------------------------------ */

void
trace_make_id(uint8 *id, int size)
{
	for (int i = 0; i < size; i += sizeof(uint64))
	{
		uint64		random;

		do
			random = pg_prng_uint64(&pg_global_prng_state);
		while (random == 0);
		memcpy(id + i, &random, sizeof(random));
	}
}

/* Whether the ratio takes a trace: by the last 7 bytes of its id, so that all who have the same ratio decide alike. */
static bool
is_in_ratio(const uint8 *trace_id)
{
	uint64		number = 0;

	for (int i = TRACE_ID_SIZE - 7; i < TRACE_ID_SIZE; i++)
		number = number << 8 | trace_id[i];
	return number < dynapg_trace_sample_ratio * (double) (UINT64CONST(1) << 56);
}

static bool
is_sampled(const TraceContext *context)
{
	if (context == NULL || !context->is_there)
		return dynapg_trace_sample_ratio > 0 && pg_prng_double(&pg_global_prng_state) < dynapg_trace_sample_ratio;
	if (context->sampling == TRACE_UNDECIDED)
		return is_in_ratio(context->trace_id);
	return context->sampling == TRACE_SAMPLED;
}

/* A wait of what is undone has ended. */
static void
at_subtransaction_end(SubXactEvent event, SubTransactionId own, SubTransactionId parent, void *argument)
{
	if (event == SUBXACT_EVENT_ABORT_SUB && trace_running != NULL)
		trace_end_wait(trace_running);
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
	registered = true;
}

bool
trace_begin(TraceRecord *record, const TraceContext *context, TimestampTz from)
{
	if (!trace_is_enabled || !is_sampled(context))
		return false;
	register_callbacks();
	memset(record, 0, sizeof(*record));
	if (context != NULL && context->is_there)
	{
		memcpy(record->trace_id, context->trace_id, TRACE_ID_SIZE);
		memcpy(record->parent_id, context->parent_id, TRACE_SPAN_ID_SIZE);
		record->has_parent = context->has_parent;
		record->flags = context->flags | FLAG_SAMPLED;
		if (context->state != NULL)
			strlcpy(record->state, context->state, sizeof(record->state));
	}
	else
	{
		trace_make_id(record->trace_id, TRACE_ID_SIZE);
		record->flags = FLAG_SAMPLED | FLAG_RANDOM;
	}
	trace_make_id(record->span_id, TRACE_SPAN_ID_SIZE);
	record->pid = MyProcPid;
	record->from = from;
	return true;
}

void
trace_run(const TraceContext *context, TraceRecord *record)
{
	request_context = context;
	trace_running = record;
}

const char *
trace_current_id(void)
{
	static char text[2 * TRACE_ID_SIZE + 1];
	const uint8 *id = NULL;

	if (trace_running != NULL)
		id = trace_running->trace_id;
	else if (request_context != NULL)
		id = request_context->is_there ? request_context->trace_id : NULL;
	else if (trace_setting.is_there)
		id = trace_setting.trace_id;
	if (id == NULL)
		return NULL;
	hex_write(text, id, TRACE_ID_SIZE);
	return text;
}

/* ------------------------------------------------------------------------------------------------------------
 * While it runs
 * ------------------------------------------------------------------------------------------------------------ */

void
trace_table(const char *name, int len)
{
	TraceRecord *record = trace_running;
	const char *known = record->tables;

	for (; known < record->tables + record->tables_used; known += strlen(known) + 1)
		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return;
	if (record->tables_used + len + 1 > TRACE_TABLES_SIZE)
	{
		record->more_tables = true;
		return;
	}
	record->n_tables++;
	memcpy(record->tables + record->tables_used, name, len);
	record->tables[record->tables_used + len] = '\0';
	record->tables_used += len + 1;
}

void
trace_items(int64 items, int64 scanned)
{
	trace_running->has_items = true;
	trace_running->items += items;
	trace_running->scanned += scanned;
}

bool
trace_begin_wait(void)
{
	if (trace_running->wait_from != 0)
		return false;
	trace_running->wait_from = GetCurrentTimestamp();
	trace_running->wait_timer = get_timeout_start_time(DEADLOCK_TIMEOUT);
	return true;
}

void
trace_end_wait(TraceRecord *record)
{
	if (record->wait_from != 0 && get_timeout_start_time(DEADLOCK_TIMEOUT) != record->wait_timer)
		trace_phase(record, TRACE_LOCK_WAIT, record->wait_from, GetCurrentTimestamp());
	record->wait_from = 0;
}

void
trace_end(TraceRecord *record)
{
	if (!trace_ring_is_there())
		return;
	if (record->to == 0)
		record->to = GetCurrentTimestamp();
	record->to = Max(record->from, record->to);
	trace_ring_put(record);
}

/* ------------------------------------------------------------------------------------------------------------
 * SQL
 * ------------------------------------------------------------------------------------------------------------ */

/*
 * The end of a transaction that had recorded calls: the time between the two is that of the commit record, its flush and the wait for standbys.  Who has written
 * nothing waits for nothing.
 */
static void
at_transaction_end(XactEvent event, void *argument)
{
	if (!commit_is_wanted)
		return;
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			commit_record.from = GetCurrentTimestamp();
			commit_record.waits_for_standbys = SyncRepRequested() && SyncRepStandbyNames != NULL && SyncRepStandbyNames[0] != '\0';
			commit_is_wanted = TransactionIdIsValid(GetTopTransactionIdIfAny());
			break;
		case XACT_EVENT_COMMIT:
			commit_is_wanted = false;
			commit_record.to = 0;
			trace_end(&commit_record);
			break;
		default:
			commit_is_wanted = false;
	}
}

/* A span beside those of the calls. */
static void
want_commit(const TraceRecord *call)
{
	memset(&commit_record, 0, sizeof(commit_record));
	memcpy(commit_record.trace_id, call->trace_id, TRACE_ID_SIZE);
	memcpy(commit_record.parent_id, call->parent_id, TRACE_SPAN_ID_SIZE);
	commit_record.has_parent = call->has_parent;
	if (!call->has_parent)
	{
		/* the trace has begun with the call: there is nothing above it */
		memcpy(commit_record.parent_id, call->span_id, TRACE_SPAN_ID_SIZE);
		commit_record.has_parent = true;
	}
	trace_make_id(commit_record.span_id, TRACE_SPAN_ID_SIZE);
	commit_record.flags = call->flags;
	commit_record.pid = MyProcPid;
	commit_record.is_commit = true;
	strlcpy(commit_record.operation, "COMMIT", sizeof(commit_record.operation));
	strlcpy(commit_record.database, call->database, sizeof(commit_record.database));
	commit_is_wanted = true;
}

/* Asked for once: a session's database is not renamed. */
static const char *
database_name(void)
{
	static char name[NAMEDATALEN];

	if (name[0] == '\0')
	{
		char	   *found = get_database_name(MyDatabaseId);

		strlcpy(name, found ? found : "", sizeof(name));
	}
	return name;
}

bool
trace_begin_call(const char *operation)
{
	if (!trace_is_enabled || call_runs || trace_running != NULL || request_context != NULL)
		return false;
	call_is_recorded = (trace_setting.is_there || dynapg_trace_sample_ratio > 0) && trace_begin(&call_record, &trace_setting, GetCurrentTimestamp());
	if (!call_is_recorded)
		return true;
	strlcpy(call_record.operation, operation, sizeof(call_record.operation));
	strlcpy(call_record.database, database_name(), sizeof(call_record.database));
	return true;
}

void
trace_run_call(void)
{
	call_runs = true;
	if (call_is_recorded)
		trace_running = &call_record;
}

void
trace_end_call(const char *error, double read_units, double write_units)
{
	call_runs = false;
	if (!call_is_recorded)
		return;
	trace_running = NULL;
	trace_end_wait(&call_record);
	call_record.read_units = read_units;
	call_record.write_units = write_units;
	call_record.failed = error != NULL;
	if (error != NULL)
		strlcpy(call_record.error, error, sizeof(call_record.error));
	trace_end(&call_record);
	want_commit(&call_record);
}

void
trace_init(void)
{
	trace_define_settings();
	if (process_shared_preload_libraries_in_progress)
		trace_ring_init();
}
