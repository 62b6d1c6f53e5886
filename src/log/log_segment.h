/*
 * log_segment.h
 *		Segments: the tables that hold the rows of all logs of a kind.
 *
 * Logs for Kinesis are in the segments of streams, and all of this room takes LOG_KINESIS for LOG_STREAM where it speaks of segments.
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
#include "storage/lockdefs.h"
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
	uint32		timeline;		/* where it was made */
	int64		trim_seq;		/* rows up to this number may have been in segments that were dropped */
} LogSegment;

/*
 * Whether a relation is a segment of streams, by its name and columns: logical decoding cannot ask dynapg.log_segments, which may be gone
 * by then.
 */
extern bool log_is_stream_segment(Relation relation);

/* Of which kind the segments are that hold a log's rows. */
extern LogKind log_segment_kind(LogKind kind);

/* The segments of a kind, oldest first; palloc'd. */
extern List *log_segments(LogKind kind);

/*
 * Opens the newest segment of a kind for writing; raises an error if there is none.  The lock is held until the transaction ends.
 */
extern Relation log_open_newest_segment(LogKind kind);

/*
 * Locks that order those who make and drop segments; the caller's transaction keeps them.  Whoever rotates has LOCK_ROTATION alone; whoever begins
 * a log shares LOCK_KEPT, so that the last segment of its kind is not dropped.
 */
typedef enum SegmentLock
{
	LOCK_ROTATION = 1,
	LOCK_KEPT					/* and the kind */
} SegmentLock;

/* Takes one of these; if not wait, false where it is not to be had at once. */
extern bool log_lock_segments(SegmentLock lock, LogKind kind, LOCKMODE mode, bool wait);

/* Sees to it that there is a segment of a kind until the end of the transaction, in which a log of the kind begins. */
extern void log_want_segment(LogKind kind);

/* Makes a segment; the caller has LOCK_ROTATION. */
extern void log_make_segment(LogKind kind);

/* Whether a segment was made in this transaction: until it is committed, others write to the one before. */
extern bool log_segment_is_new(const LogSegment *segment);

/* Closes an older segment if nobody writes to it; false if somebody does. */
extern bool log_close_segment(const LogSegment *segment);

/* Drops a segment if nobody uses it; false if somebody does. */
extern bool log_drop_segment(const LogSegment *segment);

/*
 * What is due in the life of segments and ended logs, a step at a time: takes one step, and returns whether there may be another.  Each is
 * to be a transaction of its own.  A step waits for nobody: what others use stays for the next time.  Nothing is done where somebody else
 * rotates, in a transaction that goes on.
 */
extern bool log_rotate(void);

/* Whether this server was promoted since the newest segment of streams was made: nobody has followed it yet. */
extern bool log_is_behind_timeline(void);

/*
 * After a promotion changes may be missing that readers of the old primary have seen: their numbers are passed over, all shards end, and others begin, with a
 * segment.  Whoever comes first does it, rotation at the latest; false if there was nothing to do.
 */
extern bool log_follow_timeline(void);

/* Whether a segment's rows are older than their kind is kept, and so no longer served. */
extern bool log_segment_is_over(const LogSegment *segment, int64 retention, TimestampTz now);

/* Rows of a kind up to this number may have been in segments that were dropped; PG_INT64_MAX if it has no segments. */
extern int64 log_trimmed(LogKind kind);

/* For how long rows of a kind are kept, in microseconds. */
extern int64 log_retention(LogKind kind);

#endif							/* DYNAPG_LOG_SEGMENT_H */
