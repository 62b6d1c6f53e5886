/*
 * log_segment.h
 *		Segments: the tables that hold the rows of all logs of a kind.
 *
 * Writers write to the newest segment, and whoever drops old ones need not delete rows.  A writer that has opened one before a newer one was
 * made goes on with it until its transaction ends; so readers merge segments.  The steps of a segment's life, each a transaction of its own:
 * it is made; when a newer one is there and nobody writes to it any more, it is closed, and no row of it has a number above
 * closed_seq; when that was longer ago than its kind is kept for, it is dropped.
 */
#ifndef DYNAPG_LOG_SEGMENT_H
#define DYNAPG_LOG_SEGMENT_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "utils/rel.h"

#include "catalog/logs.h"

typedef struct LogSegment
{
	int32		number;
	LogKind		kind;
	Oid			relation;
	TimestampTz created_at;
	int64		first_seq;		/* all its rows have greater numbers */
	int64		closed_seq;		/* and none a greater one than this; PG_INT64_MAX until it is closed */
	TimestampTz closed_at;		/* 0 until then */
} LogSegment;

/*
 * Whether a relation is a segment of streams, by its name and columns: logical decoding cannot ask dynapg.log_segments, which may be gone
 * by then.
 */
extern bool log_is_stream_segment(Relation relation);

/* The segments of a kind, oldest first; palloc'd. */
extern List *log_segments(LogKind kind);

/*
 * Opens the newest segment of a kind for writing; raises an error if there is none.  The lock is held until the transaction ends.
 */
extern Relation log_open_newest_segment(LogKind kind);

/* Makes a segment, or, if only_first, only where there is none of the kind. */
extern void log_make_segment(LogKind kind, bool only_first);

/* Closes an older segment if nobody writes to it; false if somebody does. */
extern bool log_close_segment(const LogSegment *segment);

/* Drops a segment; the caller has waited for the lock, or has a lock_timeout. */
extern void log_drop_segment(const LogSegment *segment);

/*
 * What is due in the life of segments and ended logs, a step at a time: takes one step, and returns whether there may be another.  Each is
 * to be a transaction of its own, with a lock_timeout: a step waits for nobody who writes.
 */
extern bool log_rotate(void);

/* For how long rows of a kind are kept, in microseconds. */
extern int64 log_retention(LogKind kind);

#endif							/* DYNAPG_LOG_SEGMENT_H */
