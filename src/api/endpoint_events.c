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
#include "base/settings.h"
#include "events/event_lag.h"
#include "keep/step.h"

#define MAX_COUNTED		1000	/* records of a lane */
#define MAX_LOOKED_AT	20000	/* rows of logs, of all that is shown, which anybody may ask for */
#define MAX_ROWS		1000	/* mappings, and destinations */
#define LOCK_TIMEOUT_MS	100

/* What is shown of a mapping or a destination; of those that have the same labels together. */
typedef struct Row
{
	char	   *labels;
	List	   *positions;		/* EventPosition: a mapping's lanes */
	List	   *destinations;	/* KinesisDestination */
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

/* A row of the list, which is added to it if it is not there.  The table's name is for whoever is told of tables. */
static Row *
take_row(List **rows, const char *name, const char *value, const char *table)
{
	ListCell   *cell;
	Row		   *row;
	StringInfoData labels;

	initStringInfo(&labels);
	append_label(&labels, name, value);
	if (dynapg_metrics_by_table)
		append_label(&labels, "table", table);
	foreach(cell, *rows)
		if (strcmp(((const Row *) lfirst(cell))->labels, labels.data) == 0)
			return (Row *) lfirst(cell);
	row = (Row *) palloc0(sizeof(Row));
	row->labels = labels.data;
	row->lag.oldest = DT_NOEND;
	*rows = lappend(*rows, row);
	return row;
}

static void
read_mapping(const EventMapping *mapping, List **rows)
{
	Row		   *row = take_row(rows, "mapping", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&mapping->uuid))), mapping->table_name);
	ListCell   *cell;

	row->enabled = mapping->enabled;
	row->fails = mapping->problem != NULL;
	row->counts = mapping->counts;
	row->positions = catalog_event_positions(&mapping->uuid);
	foreach(cell, row->positions)
	{
		const EventPosition *position = (const EventPosition *) lfirst(cell);

		row->fails |= position->failures > 0;
		row->counts.sent += position->counts.sent;
		row->counts.retried += position->counts.retried;
		row->counts.failed += position->counts.failed;
		row->counts.filtered += position->counts.filtered;
	}
}

static void
read_destination(const KinesisDestination *destination, List **rows)
{
	const TableLog *log = catalog_log(destination->log);
	Row		   *row = take_row(rows, "stream", destination->stream_arn, log ? log->table_name : "");

	row->enabled |= catalog_kinesis_is_live(destination->status);
	row->fails |= destination->fails;
	row->counts.sent += destination->sent;
	row->counts.retried += destination->retried;
	row->counts.failed += destination->failed;
	row->destinations = lappend(row->destinations, (void *) destination);
}

/* The next one's share of the rows of logs that are left, of which *all get what others do not want. */
static int64
begin_share(int64 *all, int *readers)
{
	int64		share = *all / Max(*readers, 1);

	(*readers)--;
	*all -= share;
	return share;
}

static void
read_lag(Row *row, int64 *all, int *readers)
{
	ListCell   *cell;

	foreach(cell, row->positions)
	{
		int64		share = begin_share(all, readers);

		event_lag_of_lane((const EventPosition *) lfirst(cell), MAX_COUNTED, &share, &row->lag);
		*all += share;
	}
	foreach(cell, row->destinations)
	{
		int64		share = begin_share(all, readers);

		event_lag_of_kinesis((const KinesisDestination *) lfirst(cell), MAX_COUNTED, &share, &row->lag);
		*all += share;
	}
}

static void
read_lags(List *rows, int64 *all, int readers)
{
	ListCell   *cell;

	foreach(cell, rows)
		read_lag((Row *) lfirst(cell), all, &readers);
}

static int
count_readers(List *rows)
{
	int			readers = 0;
	ListCell   *cell;

	foreach(cell, rows)
	{
		const Row  *row = (const Row *) lfirst(cell);

		readers += list_length(row->positions) + list_length(row->destinations);
	}
	return readers;
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
	bool		of_lag;			/* there is none where that is not known */
} Metric;

static const Metric mapping_metrics[] = {
	{"dynapg_event_source_mapping_enabled", "1: enabled, 0: disabled.", enabled_of},
	{"dynapg_event_source_mapping_failing", "1: its last batch has failed, or it cannot read.", failing_of},
	{"dynapg_event_source_mapping_records_behind", "Records that wait; of each lane 1000 are counted.", records_of, true},
	{"dynapg_event_source_mapping_seconds_behind", "Age of the oldest record that waits.", seconds_of, true},
	{"dynapg_event_source_mapping_sent_records_total", "Records that the destination has taken.", sent_of},
	{"dynapg_event_source_mapping_retried_records_total", "Records that were sent again.", retried_of},
	{"dynapg_event_source_mapping_failed_records_total", "Records that were given up.", failed_of},
	{"dynapg_event_source_mapping_filtered_records_total", "Records that no filter matched.", filtered_of},
};

static const Metric kinesis_metrics[] = {
	{"dynapg_kinesis_destination_enabled", "1: the table's changes go there.", enabled_of},
	{"dynapg_kinesis_destination_failing", "1: its last request has failed.", failing_of},
	{"dynapg_kinesis_destination_records_behind", "Changes that wait; 1000 are counted.", records_of, true},
	{"dynapg_kinesis_destination_seconds_behind", "Age of the oldest change that waits (AgeOfOldestUnreplicatedRecord).", seconds_of, true},
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
		{
			const Row  *row = (const Row *) lfirst(cell);

			if (!metric->of_lag || !row->lag.is_unknown)
				appendStringInfo(out, "%s{%s} %.15g\n", metric->name, row->labels, metric->value(row));
		}
	}
}

/* In a transaction, which is not to wait. */
static void
write_all(StringInfo out)
{
	List	   *mappings = NIL;
	List	   *destinations = NIL;
	int64		rows = MAX_LOOKED_AT;
	int			readers;
	ListCell   *cell;

	foreach(cell, catalog_event_mappings(NULL))
		if (list_length(mappings) < MAX_ROWS)
			read_mapping((const EventMapping *) lfirst(cell), &mappings);
	foreach(cell, catalog_kinesis_to_serve())
		if (list_length(destinations) < MAX_ROWS)
			read_destination((const KinesisDestination *) lfirst(cell), &destinations);
	readers = count_readers(destinations);
	read_lags(mappings, &rows, count_readers(mappings) + readers);
	read_lags(destinations, &rows, readers);
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
