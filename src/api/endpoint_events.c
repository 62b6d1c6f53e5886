/*
 * endpoint_events.c
 *		Rows of /metrics from the catalogs of events.
 *
 * Prometheus wants the rows of a metric together, so everything is read first.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "api/endpoint_events.h"
#include "events/event_lag.h"
#include "keep/step.h"

#define MAX_COUNTED		1000	/* records of a lane */
#define LOCK_TIMEOUT_MS	100

/* What is shown of a mapping or a destination. */
typedef struct Row
{
	char	   *labels;
	bool		enabled;
	bool		fails;
	EventLag	lag;
	EventCounts counts;
} Row;

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static void
append_label(StringInfo out, const char *name, const char *value)
{
	appendStringInfo(out, "%s%s=\"", out->len > 0 ? "," : "", name);
	for (const char *c = value; *c; c++)
	{
		if (*c == '\\' || *c == '"' || *c == '\n')
			appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, *c == '\n' ? 'n' : *c);
	}
	appendStringInfoChar(out, '"');
}

static Row *
make_row(const char *name, const char *value, const char *table)
{
	Row		   *row = (Row *) palloc0(sizeof(Row));
	StringInfoData labels;

	initStringInfo(&labels);
	append_label(&labels, name, value);
	append_label(&labels, "table", table);
	row->labels = labels.data;
	row->lag.oldest = DT_NOEND;
	return row;
}

static Row *
read_mapping(const EventMapping *mapping)
{
	Row		   *row = make_row("mapping", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&mapping->uuid))), mapping->table_name);
	ListCell   *cell;

	row->enabled = mapping->enabled;
	row->fails = mapping->problem != NULL;
	row->counts = mapping->counts;
	foreach(cell, catalog_event_positions(&mapping->uuid))
	{
		const EventPosition *position = (const EventPosition *) lfirst(cell);

		row->fails |= position->failures > 0;
		row->counts.sent += position->counts.sent;
		row->counts.retried += position->counts.retried;
		row->counts.failed += position->counts.failed;
		row->counts.filtered += position->counts.filtered;
		event_lag_of_lane(position, MAX_COUNTED, &row->lag);
	}
	return row;
}

static Row *
read_destination(const KinesisDestination *destination)
{
	const TableLog *log = catalog_log(destination->log);
	Row		   *row = make_row("stream", destination->stream_arn, log ? log->table_name : "");

	row->enabled = catalog_kinesis_is_live(destination->status);
	row->fails = destination->fails;
	row->counts.sent = destination->sent;
	row->counts.retried = destination->retried;
	row->counts.failed = destination->failed;
	event_lag_of_kinesis(destination, MAX_COUNTED, &row->lag);
	return row;
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

static double
enabled_of(const Row *row)
{
	return row->enabled;
}

static double
failing_of(const Row *row)
{
	return row->fails;
}

static double
records_of(const Row *row)
{
	return row->lag.records;
}

static double
seconds_of(const Row *row)
{
	return row->lag.oldest == DT_NOEND ? 0 : Max(GetCurrentTimestamp() - row->lag.oldest, 0) / 1e6;
}

static double
sent_of(const Row *row)
{
	return row->counts.sent;
}

static double
retried_of(const Row *row)
{
	return row->counts.retried;
}

static double
failed_of(const Row *row)
{
	return row->counts.failed;
}

static double
filtered_of(const Row *row)
{
	return row->counts.filtered;
}

typedef struct Metric
{
	const char *name;
	const char *help;
	double		(*value) (const Row *row);
} Metric;

static const Metric mapping_metrics[] = {
	{"dynapg_event_source_mapping_enabled", "1: enabled, 0: disabled.", enabled_of},
	{"dynapg_event_source_mapping_failing", "1: its last batch has failed, or it cannot read.", failing_of},
	{"dynapg_event_source_mapping_records_behind", "Records that wait; of each lane 1000 are counted.", records_of},
	{"dynapg_event_source_mapping_seconds_behind", "Age of the oldest record that waits.", seconds_of},
	{"dynapg_event_source_mapping_sent_records_total", "Records that the destination has taken.", sent_of},
	{"dynapg_event_source_mapping_retried_records_total", "Records that were sent again.", retried_of},
	{"dynapg_event_source_mapping_failed_records_total", "Records that were given up.", failed_of},
	{"dynapg_event_source_mapping_filtered_records_total", "Records that no filter matched.", filtered_of},
};

static const Metric kinesis_metrics[] = {
	{"dynapg_kinesis_destination_enabled", "1: the table's changes go there.", enabled_of},
	{"dynapg_kinesis_destination_failing", "1: its last request has failed.", failing_of},
	{"dynapg_kinesis_destination_records_behind", "Changes that wait; 1000 are counted.", records_of},
	{"dynapg_kinesis_destination_seconds_behind", "Age of the oldest change that waits (AgeOfOldestUnreplicatedRecord).", seconds_of},
	{"dynapg_kinesis_destination_sent_records_total", "Records sent (ConsumedChangeDataCaptureUnits).", sent_of},
	{"dynapg_kinesis_destination_retried_records_total", "Records sent again (ThrottledPutRecordCount).", retried_of},
	{"dynapg_kinesis_destination_failed_records_total", "Records given up (FailedToReplicateRecordCount).", failed_of},
};

static void
write_metrics(StringInfo out, const Metric *metrics, int count, const List *rows)
{
	ListCell   *cell;

	for (int i = 0; rows != NIL && i < count; i++)
	{
		const Metric *metric = &metrics[i];
		int			len = strlen(metric->name);
		bool		counts = len > 6 && strcmp(metric->name + len - 6, "_total") == 0;

		appendStringInfo(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help, metric->name, counts ? "counter" : "gauge");
		foreach(cell, rows)
			appendStringInfo(out, "%s{%s} %.15g\n", metric->name, ((const Row *) lfirst(cell))->labels, metric->value((const Row *) lfirst(cell)));
	}
}

/* In a transaction, which is not to wait. */
static void
write_all(StringInfo out)
{
	List	   *mappings = NIL;
	List	   *destinations = NIL;
	ListCell   *cell;

	foreach(cell, catalog_event_mappings(NULL))
		mappings = lappend(mappings, read_mapping((const EventMapping *) lfirst(cell)));
	foreach(cell, catalog_kinesis_to_serve())
		destinations = lappend(destinations, read_destination((const KinesisDestination *) lfirst(cell)));
	write_metrics(out, mapping_metrics, lengthof(mapping_metrics), mappings);
	write_metrics(out, kinesis_metrics, lengthof(kinesis_metrics), destinations);
}

void
endpoint_write_event_metrics(StringInfo out)
{
	MemoryContext caller = CurrentMemoryContext;
	int			lock_timeout = LockTimeout;
	int			len = out->len;

	if (RecoveryInProgress())
		return;
	LockTimeout = LOCK_TIMEOUT_MS;
	PG_TRY();
	{
		if (step_begin(false))
		{
			write_all(out);
			step_commit();
		}
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		EmitErrorReport();
		FlushErrorState();
		AbortCurrentTransaction();
		RESUME_INTERRUPTS();
		out->len = len;
		out->data[len] = '\0';
	}
	PG_END_TRY();
	LockTimeout = lock_timeout;
	MemoryContextSwitchTo(caller);
}
