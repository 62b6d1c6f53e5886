/*
 * endpoint_metrics.c
 *		What /metrics says of tables, indexes and their operations: CloudWatch's metrics in Prometheus' manner.
 *
 * ConsumedReadCapacityUnits of CloudWatch is dynapg_table_consumed_read_capacity_units_total here.  There are no more series than there is room for entries in
 * shared memory (meter/counters_table.h), and none of what was not counted.
 */
#include "postgres.h"

#include <ctype.h>

#include "miscadmin.h"

#include "api/endpoint_metrics.h"
#include "base/settings.h"
#include "meter/counters_table.h"

/* consumed_read_capacity_units of ConsumedReadCapacityUnits; palloc'd. */
static char *
snake_case(const char *name)
{
	StringInfoData text;

	initStringInfo(&text);
	for (const char *c = name; *c; c++)
	{
		if (isupper((unsigned char) *c) && c > name)
			appendStringInfoChar(&text, '_');
		appendStringInfoChar(&text, tolower((unsigned char) *c));
	}
	return text.data;
}

/* A label of an entry, unless it is empty.  Names of tables and indexes have no character that would have to be escaped. */
static void
append_label(StringInfo out, const char *name, const char *value, bool *first)
{
	if (value[0] == '\0')
		return;
	appendStringInfo(out, "%s%s=\"%s\"", *first ? "{" : ",", name, value);
	*first = false;
}

static void
append_series(StringInfo out, const char *name, const char *suffix, const CounterEntry *entry, double value)
{
	bool		is_stream = strcmp(entry->operation_name, "GetRecords") == 0;
	bool		first = true;

	appendStringInfo(out, "dynapg_%s%s%s", entry->table_name[0] ? "table_" : "", name, suffix);
	append_label(out, "table_name", entry->table_name, &first);
	append_label(out, is_stream ? "stream_label" : "index_name", entry->index_name, &first);
	append_label(out, "operation", entry->operation_name, &first);
	appendStringInfo(out, "%s %.15g\n", first ? "" : "}", value);
}

static void
append_type(StringInfo out, const char *name, const char *suffix, const char *metric, const char *type, bool of_table)
{
	appendStringInfo(out, "# HELP dynapg_%s%s%s CloudWatch's %s.\n# TYPE dynapg_%s%s%s %s\n", of_table ? "table_" : "", name, suffix, metric,
					 of_table ? "table_" : "", name, suffix, type);
}

static bool
is_ours(const CounterEntry *entry)
{
	return entry->state == COUNTER_USED && entry->key.database == MyDatabaseId;
}

/* Consumption is a sum; of the others the number counts as well, so that they are summaries. */
static void
write_measure(StringInfo out, CounterMeasure measure)
{
	bool		is_sum = measure == MEASURE_CONSUMED_READ || measure == MEASURE_CONSUMED_WRITE;
	bool		is_latency = measure == MEASURE_LATENCY;
	const char *name = is_latency ? "successful_request_latency_seconds" : snake_case(counter_measures[measure].name);
	double		one = is_latency ? 1e6 : counter_measures[measure].one;
	bool		any = false;

	for (int i = 0; i < counter_table->size; i++)
	{
		CounterEntry *entry = &counter_table->entries[i];
		uint64		count = is_ours(entry) ? pg_atomic_read_u64(&entry->measures[measure].count) : 0;

		if (count == 0)
			continue;
		if (!any)
			append_type(out, name, is_sum ? "_total" : "", counter_measures[measure].name, is_sum ? "counter" : "summary", true);
		any = true;
		append_series(out, name, is_sum ? "_total" : "_sum", entry, pg_atomic_read_u64(&entry->measures[measure].sum) / one);
		if (!is_sum)
			append_series(out, name, "_count", entry, count);
	}
}

static void
write_count(StringInfo out, CounterCount what)
{
	char	   *name = snake_case(counter_counts[what].name);
	bool		any = false;

	for (int i = 0; i < counter_table->size; i++)
	{
		CounterEntry *entry = &counter_table->entries[i];
		uint64		count = is_ours(entry) ? pg_atomic_read_u64(&entry->counts[what]) : 0;

		if (count == 0)
			continue;
		if (!any)
			append_type(out, name, "_total", counter_counts[what].name, "counter", entry->table_name[0] != '\0');
		any = true;
		append_series(out, name, "_total", entry, count);
	}
}

void
endpoint_write_metrics(StringInfo out)
{
	if (counter_table == NULL || !dynapg_metrics_by_table)
		return;
	LWLockAcquire(&counter_table->lock, LW_SHARED);
	for (int i = 0; i < COUNTER_MEASURES; i++)
		write_measure(out, (CounterMeasure) i);
	for (int i = 0; i < COUNTER_COUNTS; i++)
		write_count(out, (CounterCount) i);
	LWLockRelease(&counter_table->lock);
	appendStringInfo(out, "# HELP dynapg_metrics_lost_total What found no room to be counted by table: see dynapg.metrics_entries.\n"
					 "# TYPE dynapg_metrics_lost_total counter\ndynapg_metrics_lost_total " UINT64_FORMAT "\n",
					 pg_atomic_read_u64(&counter_table->lost));
}
