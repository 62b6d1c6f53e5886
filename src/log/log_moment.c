/*
 * log_moment.c
 *		Moments that the items of a table can be brought back to.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/xid8.h"

#include "catalog/owner.h"
#include "log/log.h"
#include "log/log_moment.h"
#include "log/log_segment.h"
#include "log/log_tick.h"

#define MOMENT "SELECT time, horizon, snapshot::pg_catalog.text FROM dynapg.ticks "

static bool
fetch_moment(CatalogStatement *statement, Datum *values, LogMoment *moment)
{
	Datum		columns[3];
	bool		nulls[3];

	if (!catalog_fetch_saved(statement, values, lengthof(columns), columns, nulls))
		return false;
	moment->time = DatumGetTimestampTz(columns[0]);
	moment->horizon = DatumGetInt64(columns[1]);
	moment->snapshot = TextDatumGetCString(columns[2]);
	return true;
}

/* Which moments are of a log: $2, rows up to that number may be gone; $3, the transaction that began it, before which others have not logged. */
#define IS_OF_LOG "horizon OPERATOR(pg_catalog.>=) $2 AND pg_catalog.pg_visible_in_snapshot($3, snapshot) "

/*
 * The window may begin where nothing has changed for long: with the last moment before it.
 */
bool
log_first_moment(const TableLog *log, LogMoment *moment)
{
	static CatalogStatement before = {
		MOMENT "WHERE time OPERATOR(pg_catalog.<=) $1 AND " IS_OF_LOG "ORDER BY time DESC LIMIT 1",
		3, {TIMESTAMPTZOID, INT8OID, XID8OID}
	};
	static CatalogStatement after = {
		MOMENT "WHERE time OPERATOR(pg_catalog.>=) $1 AND " IS_OF_LOG "ORDER BY time LIMIT 1",
		3, {TIMESTAMPTZOID, INT8OID, XID8OID}
	};
	TimestampTz window = GetCurrentTimestamp() - (int64) log->days * SECS_PER_DAY * USECS_PER_SEC;
	Datum		values[3] = {
		TimestampTzGetDatum(Max(window, log->created_at)),
		Int64GetDatum(log_trimmed(LOG_UNDO)),
		FullTransactionIdGetDatum(FullTransactionIdFromU64(log->begun_by))
	};

	if (log->begun_by == 0)
		return false;
	if (window > log->created_at && fetch_moment(&before, values, moment))
	{
		moment->time = window;
		return true;
	}
	return fetch_moment(&after, values, moment);
}

bool
log_moment_at(const TableLog *log, TimestampTz time, LogMoment *moment)
{
	static CatalogStatement statement = {
		MOMENT "WHERE time OPERATOR(pg_catalog.<=) $1 ORDER BY time DESC LIMIT 1",
		1, {TIMESTAMPTZOID}
	};
	Datum		values[1] = {TimestampTzGetDatum(time)};
	LogMoment	first;

	if (!log_first_moment(log, &first) || !fetch_moment(&statement, values, moment))
		return false;
	if (moment->time < first.time)
		*moment = first;
	return first.time <= time;
}

bool
log_moment_now(const TableLog *log, LogMoment *moment)
{
	if (RecoveryInProgress())
		return log_moment_at(log, DT_NOEND, moment);
	moment->time = GetCurrentTimestamp();
	/* in this order, as for a tick */
	moment->horizon = log_common_horizon();
	PushActiveSnapshot(GetLatestSnapshot());
	moment->snapshot = DatumGetCString(DirectFunctionCall1(pg_snapshot_out, DirectFunctionCall1(pg_current_snapshot, (Datum) 0)));
	PopActiveSnapshot();
	return true;
}

TimestampTz
log_moments_end(void)
{
	LogTick		tick;
	int64		horizon;

	if (!log_last_tick(&tick))
		return DT_NOBEGIN;
	if (RecoveryInProgress())
		return tick.time;
	horizon = log_common_horizon();
	return horizon == tick.horizon && horizon == log_last_number() ? Max(tick.time, GetCurrentTimestamp()) : tick.time;
}
