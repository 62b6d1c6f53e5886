/*
 * log_rotate.c
 *		What is due in the life of segments, and of logs that have ended.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/owner.h"
#include "catalog/resource_policies.h"
#include "catalog/restores.h"
#include "catalog/transfers.h"
#include "log/log.h"
#include "log/log_horizon.h"
#include "log/log_segment.h"
#include "log/log_shard.h"
#include "log/log_tick.h"

/* A kind's rows are in about so many segments: what is kept too long is at most such a part of the retention. */
#define SEGMENTS_IN_RETENTION 24
#define SHORTEST_SEGMENT (10 * SECS_PER_MINUTE * USECS_PER_SEC)
#define LONGEST_SEGMENT (SECS_PER_DAY * USECS_PER_SEC)

/* The longest that an undo log is kept, in days; 0: there is none. */
static int
longest_undo(void)
{
	static CatalogStatement statement = {
		"SELECT pg_catalog.max(days) FROM dynapg.logs WHERE days IS NOT NULL AND status OPERATOR(pg_catalog.<>) 'DISABLED'", 0
	};
	Datum		days;
	bool		isnull;

	return catalog_fetch_saved(&statement, NULL, 1, &days, &isnull) && !isnull ? DatumGetInt32(days) : 0;
}

int64
log_retention(LogKind kind)
{
	return kind == LOG_UNDO ? (int64) longest_undo() * SECS_PER_DAY * USECS_PER_SEC :
		(int64) dynapg_stream_retention * USECS_PER_SEC;
}

/* Makes the next segment of a kind when the newest is old enough, and somebody may write to it. */
static bool
make_next(LogKind kind, const LogSegment *newest, int64 retention, TimestampTz now)
{
	int64		age = Min(Max(retention / SEGMENTS_IN_RETENTION, SHORTEST_SEGMENT), LONGEST_SEGMENT);

	if (now - newest->created_at < Min(age, Max(retention, USECS_PER_SEC)) || newest->first_seq == log_last_number())
		return false;
	log_make_segment(kind);
	return true;
}

bool
log_segment_is_over(const LogSegment *segment, int64 retention, TimestampTz now)
{
	return segment->closed_at != 0 && now - segment->closed_at > retention;
}

static bool
has_logs(LogKind kind)
{
	Oid			types[1] = {BOOLOID};
	Datum		values[1] = {BoolGetDatum(kind == LOG_UNDO)};

	return catalog_execute("SELECT FROM dynapg.logs WHERE (kind = 'UNDO') = $1 LIMIT 1", 1, types, values, NULL) > 0;
}

/* Whether there is a log of a kind whose rows are kept, or one may be about to begin. */
static bool
is_wanted(LogKind kind)
{
	return has_logs(kind) || !log_lock_segments(LOCK_KEPT, kind, ExclusiveLock, false) || has_logs(kind);
}

/* What an idle transaction of somebody's uses stays, and nothing else does. */
static bool
rotate_kind(LogKind kind, TimestampTz now)
{
	int64		retention = log_retention(kind);
	int64		needed = kind == LOG_UNDO ? Min(catalog_restores_need(), catalog_exports_need()) : PG_INT64_MAX;
	List	   *segments = log_segments(kind);
	ListCell   *cell;

	if (segments == NIL)
		return false;
	foreach(cell, segments)
	{
		const LogSegment *segment = (const LogSegment *) lfirst(cell);

		if (log_segment_is_over(segment, retention, now) && segment->closed_seq <= needed && log_drop_segment(segment))
			return true;
		if (segment->closed_at == 0 && lnext(segments, cell) != NULL &&
			!log_segment_is_new((const LogSegment *) llast(segments)) && log_close_segment(segment))
			return true;
	}
	if (make_next(kind, (const LogSegment *) llast(segments), retention, now))
		return true;
	return list_length(segments) == 1 && needed == PG_INT64_MAX && !is_wanted(kind) && log_drop_segment((const LogSegment *) linitial(segments));
}

/*
 * Undo logs that have ended are forgotten when no restore needs them.  Streams that have ended are forgotten when their last record is, and no slot of
 * our output plugin has to decode from before their end.  The transaction that ended a stream, and wrote its row last, had waited for those that
 * wrote records; then go their policies, too.  Slots of standbys are not seen here, but what they need is: in the slot of a standby with hot_standby_feedback, which slots there want.
 */
static bool
forget_logs(TimestampTz now)
{
	static CatalogStatement statement = {
		"DELETE FROM dynapg.logs WHERE id OPERATOR(pg_catalog.=) (SELECT id FROM dynapg.logs l WHERE closed_at IS NOT NULL AND "
		"(kind OPERATOR(pg_catalog.<>) 'UNDO' OR "
		"NOT EXISTS (SELECT FROM dynapg.restores r WHERE r.log OPERATOR(pg_catalog.=) l.id AND NOT r.filled AND NOT r.failed)) AND "
		"(kind OPERATOR(pg_catalog.=) 'UNDO' OR closed_at OPERATOR(pg_catalog.<) $1 AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots s "
		"WHERE (s.slot_type OPERATOR(pg_catalog.=) 'physical' OR s.plugin OPERATOR(pg_catalog.=) 'dynapg' "
		"AND s.database OPERATOR(pg_catalog.=) pg_catalog.current_database()) AND pg_catalog.age(s.catalog_xmin) OPERATOR(pg_catalog.>=) pg_catalog.age(l.xmin))) ORDER BY id LIMIT 1) RETURNING id, table_name, label",
		1, {TIMESTAMPTZOID}
	};
	Oid			types[1] = {INT4OID};
	Datum		values[1] = {TimestampTzGetDatum(now - log_retention(LOG_STREAM))};
	Datum		columns[3];
	bool		nulls[3];

	if (!catalog_fetch_saved(&statement, values, lengthof(columns), columns, nulls))
		return false;
	(void) catalog_execute("DELETE FROM dynapg.log_shards WHERE log = $1", 1, types, &columns[0], NULL);
	if (!nulls[2])
		catalog_forget_resource_policy(TextDatumGetCString(columns[1]), TextDatumGetCString(columns[2]));
	return true;
}

bool
log_is_behind_timeline(void)
{
	List	   *segments = log_segments(LOG_STREAM);

	return segments != NIL && ((const LogSegment *) llast(segments))->timeline != GetWALInsertionTimeLine();
}

bool
log_follow_timeline(void)
{
	if (!log_is_behind_timeline() || !log_lock_segments(LOCK_ROTATION, 0, ExclusiveLock, false) || !log_is_behind_timeline())
		return false;
	log_pass_over_lost();
	log_begin_generation(NULL, 0);
	log_make_segment(LOG_STREAM);
	return true;
}

bool
log_rotate(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!log_lock_segments(LOCK_ROTATION, 0, ExclusiveLock, false))
		return false;
	if (log_follow_timeline() || rotate_kind(LOG_STREAM, now) || rotate_kind(LOG_UNDO, now) || forget_logs(now))
		return true;
	log_forget_ticks(now - Max(log_retention(LOG_STREAM), log_retention(LOG_UNDO)));
	return false;
}
