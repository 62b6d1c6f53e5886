/*
 * counters.c
 *		Metrics: from what operations tell to the table in shared memory.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"

#include "base/error.h"
#include "base/settings.h"
#include "meter/counters.h"
#include "meter/counters_table.h"

#define MAX_HELD 4				/* requests that are told of at once: one, and those of triggers in it; more are counted at once */
#define MAX_TABLES 8			/* of such a request */

/* How a request has ended.  Entries are found when it is counted: the names are kept till then. */
typedef struct EndedTable
{
	Oid			relation;
	Oid			log;			/* of a stream that it has read; else 0 */
	pg_uuid_t	id;
	char		name[TABLE_NAME_MAX_SIZE + 1];
	char		label[LOG_LABEL_SIZE];
} EndedTable;

typedef struct Ended
{
	int			operation;
	const char *operation_name;
	instr_time	started;
	int64		returned_items;
	int64		returned_bytes;
	bool		returns_items;
	bool		failed;
	DynException exception;
	bool		throttled;
	bool		conflict;
	bool		condition_failed;
	int			n_tables;
	EndedTable	tables[MAX_TABLES];
} Ended;

static Ended held[MAX_HELD];
static int	n_held;
static bool holds;

Size
counters_shared_size(void)
{
	return counter_table_size();
}

void
counters_init_shared(void)
{
	counter_table_init();
}

bool
counters_are_wanted(void)
{
	return dynapg_metrics && counter_table != NULL;
}

/* ------------------------------------------------------------------------------------------------------------
 * Units
 * ------------------------------------------------------------------------------------------------------------ */

static CounterEntry *
table_entry(const TableInfo *table, const TableIndex *index)
{
	CounterKey	key = {MyDatabaseId, table->relation, index != NULL ? index->relation : InvalidOid, -1};
	CounterNames names = {table->name, &table->id, index != NULL ? index->name : "", ""};

	return counter_entry(&key, &names);
}

void
counters_consumed(const MeterUse *use)
{
	CounterEntry *entry = table_entry(use->table, use->index);

	if (entry != NULL)
		counter_add(entry, use->is_write ? MEASURE_CONSUMED_WRITE : MEASURE_CONSUMED_READ, (uint64) (use->units * 1e6 + 0.5));
}

void
counters_throttled(const MeterUse *use, MeterLimit limit)
{
	CounterEntry *entry = table_entry(use->table, use->index);

	if (entry == NULL)
		return;
	counter_count(entry, use->is_write ? COUNT_WRITE_THROTTLES : COUNT_READ_THROTTLES);
	counter_count(entry, (use->is_write ? COUNT_WRITE_LIMITS : COUNT_READ_LIMITS) + limit);
}

void
counters_expired(const TableInfo *table, uint64 items)
{
	CounterEntry *entry = counters_are_wanted() ? table_entry(table, NULL) : NULL;

	if (entry != NULL)
		pg_atomic_fetch_add_u64(&entry->counts[COUNT_EXPIRED_ITEMS], items);
}

/* ------------------------------------------------------------------------------------------------------------
 * Requests
 * ------------------------------------------------------------------------------------------------------------ */

static CounterEntry *
account_entry(void)
{
	CounterKey	key = {MyDatabaseId, InvalidOid, InvalidOid, -1};
	CounterNames names = {"", NULL, "", ""};

	return counter_entry(&key, &names);
}

static CounterEntry *
ended_entry(const Ended *ended, const EndedTable *table, bool of_operation)
{
	CounterKey	key = {MyDatabaseId, table->relation, of_operation ? table->log : InvalidOid, of_operation ? ended->operation : -1};
	CounterNames names = {table->name, &table->id, of_operation ? table->label : "", of_operation ? ended->operation_name : ""};

	return counter_entry(&key, &names);
}

/* What a cancelled transaction has among its reasons. */
static bool
has_reason(const ErrorData *error, DynException exception, const char *reason)
{
	return exception == DYN_TRANSACTION_CANCELED && error->detail != NULL && strstr(error->detail, psprintf("{\"Code\":\"%s\"", reason)) != NULL;
}

static void
take_error(Ended *ended, const ErrorData *error)
{
	DynException exception = dyn_exception_of_sqlstate(error->sqlerrcode);

	ended->failed = true;
	ended->exception = exception;
	ended->throttled = exception == DYN_PROVISIONED_THROUGHPUT_EXCEEDED || exception == DYN_THROTTLING || exception == DYN_REQUEST_LIMIT_EXCEEDED ||
		has_reason(error, exception, "ProvisionedThroughputExceeded") || has_reason(error, exception, "ThrottlingError");
	ended->conflict = exception == DYN_TRANSACTION_CONFLICT || has_reason(error, exception, "TransactionConflict");
	ended->condition_failed = exception == DYN_CONDITIONAL_CHECK_FAILED || has_reason(error, exception, "ConditionalCheckFailed");
}

/* Returns of what items are is counted of these only; LimitExceededException of the control plane is the caller's mistake. */
static bool
is_user_error(const Ended *ended)
{
	return ended->failed && !ended->throttled && !ended->condition_failed && dyn_exception_info(ended->exception)->http_status < 500;
}

static void
count_success(const Ended *ended, CounterEntry *entry, const EndedTable *table, uint64 microseconds)
{
	counter_add_latency(entry, microseconds);
	if (table->log != InvalidOid)
	{
		counter_add(entry, MEASURE_RETURNED_RECORDS, ended->returned_items);
		counter_add(entry, MEASURE_RETURNED_BYTES, ended->returned_bytes);
	}
	else if (ended->returns_items)
		counter_add(entry, MEASURE_RETURNED_ITEMS, ended->returned_items);
}

/* Of one of the tables that it has come to. */
static void
count_of_table(const Ended *ended, const EndedTable *table, uint64 microseconds)
{
	CounterEntry *entry = NULL;
	bool		is_fault = ended->failed && dyn_exception_info(ended->exception)->http_status >= 500;

	if (!ended->failed || is_fault || ended->throttled)
		entry = ended_entry(ended, table, true);
	if (entry != NULL && !ended->failed)
		count_success(ended, entry, table, microseconds);
	if (entry != NULL && is_fault)
		counter_count(entry, COUNT_SYSTEM_ERRORS);
	if (entry != NULL && ended->throttled)
		counter_count(entry, COUNT_THROTTLED_REQUESTS);
	entry = ended->conflict || ended->condition_failed ? ended_entry(ended, table, false) : NULL;
	if (entry != NULL && ended->conflict)
		counter_count(entry, COUNT_TRANSACTION_CONFLICT);
	if (entry != NULL && ended->condition_failed)
		counter_count(entry, COUNT_CONDITIONAL_CHECK_FAILED);
}

static void
count_ended(const Ended *ended)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, ended->started);
	for (int i = 0; i < ended->n_tables; i++)
		count_of_table(ended, &ended->tables[i], INSTR_TIME_GET_MICROSEC(now));
	if (is_user_error(ended))
	{
		CounterEntry *entry = account_entry();

		if (entry != NULL)
			counter_count(entry, COUNT_USER_ERRORS);
	}
}

static void
take_table(EndedTable *ended, const TableInfo *table, const TableLog *stream)
{
	ended->relation = table->relation;
	ended->id = table->id;
	strlcpy(ended->name, table->name, sizeof(ended->name));
	ended->log = stream != NULL ? (Oid) stream->id : InvalidOid;
	strlcpy(ended->label, stream != NULL ? stream->label : "", sizeof(ended->label));
}

void
counters_operation(const MeterRequest *request, const ErrorData *error)
{
	Ended		now;
	Ended	   *ended = holds && n_held < MAX_HELD ? &held[n_held++] : &now;

	ended->operation = request->operation;
	ended->operation_name = request->operation_name;
	ended->started = request->started;
	ended->returned_items = request->returned_items;
	ended->returned_bytes = request->returned_bytes;
	ended->returns_items = request->returns_items;
	ended->failed = ended->throttled = ended->conflict = ended->condition_failed = false;
	ended->n_tables = Min(request->n_tables, MAX_TABLES);
	for (int i = 0; i < ended->n_tables; i++)
		take_table(&ended->tables[i], request->tables[i], request->stream);
	if (error != NULL)
		take_error(ended, error);
	if (ended == &now)
		count_ended(ended);
}

void
counters_hold(void)
{
	n_held = 0;
	holds = counters_are_wanted();
}

void
counters_drop(void)
{
	n_held = 0;
	holds = false;
}

/* One that was told of as a success has failed at its commit. */
static void
finish_last(const ErrorData *error)
{
	if (error != NULL && n_held > 0 && !held[n_held - 1].failed)
		take_error(&held[n_held - 1], error);
}

void *
counters_keep(const ErrorData *error)
{
	Ended	   *kept = NULL;

	finish_last(error);
	if (n_held > 0)
		kept = (Ended *) memcpy(palloc(sizeof(Ended)), &held[n_held - 1], sizeof(Ended));
	counters_drop();
	return kept;
}

void
counters_give_up(const void *kept)
{
	if (kept != NULL)
		count_ended((const Ended *) kept);
}

void
counters_answer(const ErrorData *error)
{
	finish_last(error);
	for (int i = 0; i < n_held; i++)
		count_ended(&held[i]);
	if (error != NULL && n_held == 0 && counters_are_wanted() && !RecoveryInProgress())
	{
		Ended		refused = {0};

		take_error(&refused, error);
		INSTR_TIME_SET_CURRENT(refused.started);
		count_ended(&refused);
	}
	counters_drop();
}
