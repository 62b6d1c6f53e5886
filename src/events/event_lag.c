/*
 * event_lag.c
 *		Counting what waits in logs.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "events/event_lag.h"
#include "events/event_lane.h"
#include "log/log.h"

/* Counts rows behind one number up to another; the horizon was taken before. */
static void
count_rows(const TableLog *log, int64 after, int64 upto, const pg_uuid_t *first, const pg_uuid_t *last, int limit, int64 *rows,
		   EventLag *lag)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext of_rows = AllocSetContextCreate(caller, "dynapg waiting records", ALLOCSET_DEFAULT_SIZES);
	LogReader  *reader;
	LogRow		row;
	int			count = 0;

	PushActiveSnapshot(GetLatestSnapshot());
	reader = log_read_begin(log->kind, log->id, after, upto, GetActiveSnapshot());
	if (rows != NULL)
		log_read_limit(reader, *rows);
	MemoryContextSwitchTo(of_rows);
	while (count < limit && log_read_next(reader, first, last, &row))
	{
		if (count++ == 0)
			lag->oldest = Min(lag->oldest, row.written_at);
		MemoryContextReset(of_rows);
	}
	MemoryContextSwitchTo(caller);
	if (rows != NULL)
		*rows = log_read_left(reader);
	lag->is_unknown |= count == 0 && log_read_left(reader) == 0;
	log_read_end(reader);
	PopActiveSnapshot();
	MemoryContextDelete(of_rows);
	lag->records += count;
}

void
event_lag_of_lane(const EventPosition *position, int limit, int64 *rows, EventLag *lag)
{
	int64		horizon = log_horizon(position->stream);
	const TableLog *log = catalog_log(position->stream);

	if (log != NULL)
		count_rows(log, position->position, Min(horizon, event_lane_end(position, log, NULL)), &position->first, &position->last,
				   limit, rows, lag);
}

void
event_lag_of_kinesis(const KinesisDestination *destination, int limit, int64 *rows, EventLag *lag)
{
	int64		horizon = log_horizon(destination->log);
	const TableLog *log = catalog_log(destination->log);
	pg_uuid_t	first;
	pg_uuid_t	last;

	if (log == NULL || log->first_seq == PG_INT64_MAX)
		return;
	memset(&first, 0, sizeof(first));
	memset(&last, 0xFF, sizeof(last));
	count_rows(log, destination->seq >= 0 ? destination->seq : log->first_seq, Min(horizon, log->last_seq), &first, &last, limit, rows,
			   lag);
}
