/*
 * log_read.c
 *		Reading a log in the order of its numbers.
 *
 * Rows with neighbouring numbers may be in two segments (log_segment.h), so those that may hold any are read at once and merged: as a
 * rule one, two for a while after a new one was made.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relscan.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "log/log.h"
#include "log/log_segment.h"

/* One segment of a merge. */
typedef struct Source
{
	Relation	relation;
	Relation	key_index;
	IndexScanDesc scan;
	TupleTableSlot *slot;		/* its next row */
	int64		seq;			/* and that one's number; PG_INT64_MAX: there are no more */
} Source;

struct LogReader
{
	int			n_sources;
	Source	   *sources;
	int64		left;			/* rows that may be looked at */
};

static Datum
column(TupleTableSlot *slot, int number)
{
	bool		isnull;

	return slot_getattr(slot, number, &isnull);
}

static void
advance(Source *source)
{
	if (index_next_slot(source->scan, ForwardScanDirection, source->slot))
		source->seq = DatumGetInt64(column(source->slot, LOG_SEQ));
	else
		source->seq = PG_INT64_MAX;
}

/* False if the segment is gone: what was in it is older than the log keeps. */
static bool
open_source(Source *source, Oid relation, int32 log, int64 after, int64 horizon, Snapshot snapshot)
{
	ScanKeyData keys[3];

	source->relation = try_table_open(relation, AccessShareLock);
	if (source->relation == NULL)
		return false;
	source->key_index = index_open(compat_primary_key(source->relation), AccessShareLock);
	source->slot = table_slot_create(source->relation, NULL);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(log));
	ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_INT8GT, Int64GetDatum(after));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(horizon));
	source->scan = compat_index_beginscan(source->relation, source->key_index, snapshot, lengthof(keys));
	index_rescan(source->scan, keys, lengthof(keys), NULL, 0);
	advance(source);
	return true;
}

LogReader *
log_read_begin(LogKind kind, int32 log, int64 after, int64 horizon, Snapshot snapshot)
{
	LogReader  *reader = (LogReader *) palloc0(sizeof(LogReader));
	List	   *segments = log_segments(kind);
	ListCell   *cell;

	reader->left = PG_INT64_MAX;
	reader->sources = (Source *) palloc0(Max(list_length(segments), 1) * sizeof(Source));
	foreach(cell, segments)
	{
		const LogSegment *segment = (const LogSegment *) lfirst(cell);

		if (segment->closed_seq <= after || segment->first_seq >= horizon)
			continue;
		if (open_source(&reader->sources[reader->n_sources], segment->relation, log, after, horizon, snapshot))
			reader->n_sources++;
	}
	list_free_deep(segments);
	return reader;
}

static bool
is_within(const pg_uuid_t *hash, const pg_uuid_t *first, const pg_uuid_t *last)
{
	return memcmp(hash, first, UUID_LEN) >= 0 && memcmp(hash, last, UUID_LEN) <= 0;
}

static Jsonb *
copy_jsonb(TupleTableSlot *slot, int number)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, number, &isnull);

	return isnull ? NULL : DatumGetJsonbPCopy(value);
}

static void
read_row(TupleTableSlot *slot, LogRow *row)
{
	row->seq = DatumGetInt64(column(slot, LOG_SEQ));
	row->written_at = DatumGetTimestampTz(column(slot, LOG_WRITTEN_AT));
	row->action = (LogAction) DatumGetChar(column(slot, LOG_KIND));
	row->hash = *DatumGetUUIDP(column(slot, LOG_HASH));
	row->sort = DatumGetByteaPCopy(column(slot, LOG_SORT));
	row->keys = copy_jsonb(slot, LOG_KEYS);
	row->old = copy_jsonb(slot, LOG_OLD);
	row->item = copy_jsonb(slot, LOG_NEW);
}

bool
log_read_next(LogReader *reader, const pg_uuid_t *first, const pg_uuid_t *last, LogRow *row)
{
	for (;;)
	{
		Source	   *next = NULL;
		bool		wanted;

		for (int i = 0; i < reader->n_sources; i++)
			if (reader->sources[i].seq != PG_INT64_MAX && (next == NULL || reader->sources[i].seq < next->seq))
				next = &reader->sources[i];
		if (next == NULL || reader->left == 0)
			return false;
		reader->left--;
		CHECK_FOR_INTERRUPTS();
		wanted = is_within(DatumGetUUIDP(column(next->slot, LOG_HASH)), first, last);
		if (wanted)
			read_row(next->slot, row);
		advance(next);
		if (wanted)
			return true;
	}
}

void
log_read_limit(LogReader *reader, int64 rows)
{
	reader->left = rows;
}

int64
log_read_left(const LogReader *reader)
{
	return reader->left;
}

void
log_read_end(LogReader *reader)
{
	for (int i = 0; i < reader->n_sources; i++)
	{
		Source	   *source = &reader->sources[i];

		index_endscan(source->scan);
		ExecDropSingleTupleTableSlot(source->slot);
		index_close(source->key_index, NoLock);
		table_close(source->relation, NoLock);
	}
	pfree(reader->sources);
	pfree(reader);
}
