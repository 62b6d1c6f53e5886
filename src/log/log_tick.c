/*
 * log_tick.c
 *		dynapg.ticks.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

#include "catalog/owner.h"
#include "log/log.h"
#include "log/log_tick.h"

/* Forgotten at once, so that no transaction takes long. */
#define MOST_FORGOTTEN "1000"

bool
log_tick_at(TimestampTz time, LogTick *tick)
{
	static CatalogStatement statement = {
		"SELECT time, horizon FROM dynapg.ticks WHERE time OPERATOR(pg_catalog.<=) $1 ORDER BY time DESC LIMIT 1",
		1, {TIMESTAMPTZOID}
	};
	Datum		values[1] = {TimestampTzGetDatum(time)};
	Datum		columns[2];
	bool		nulls[2];

	if (!catalog_fetch_saved(&statement, values, lengthof(columns), columns, nulls))
		return false;
	tick->time = DatumGetTimestampTz(columns[0]);
	tick->horizon = DatumGetInt64(columns[1]);
	return true;
}

bool
log_last_tick(LogTick *tick)
{
	return log_tick_at(DT_NOEND, tick);
}

/*
 * Inserts the tick: the horizon was taken before, the snapshot is taken by the statement.  Each transaction that is not in it has numbers
 * above the horizon, or none.
 */
static void
insert_tick(TimestampTz time, int64 horizon)
{
	static CatalogStatement statement = {
		"INSERT INTO dynapg.ticks (time, horizon, snapshot) VALUES ($1, $2, pg_catalog.pg_current_snapshot()) RETURNING time",
		2, {TIMESTAMPTZOID, INT8OID}
	};
	Datum		values[2] = {TimestampTzGetDatum(time), Int64GetDatum(horizon)};
	Datum		column;
	bool		isnull;

	(void) catalog_fetch_saved(&statement, values, 1, &column, &isnull);
}

/* A lock of ours and not one on the table: vacuum, which takes such a lock, is not waited for, and waits for nobody. */
static bool
lock_ticks(bool wait)
{
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, get_relname_relid("ticks", get_namespace_oid("dynapg", false)), 0, 1);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

bool
log_tick(bool wait)
{
	LogTick		last = {DT_NOBEGIN, -1};
	bool		found;
	int64		horizon;

	if (!lock_ticks(wait))
		return false;
	found = log_last_tick(&last);
	horizon = log_common_horizon();
	/* while a transaction holds the horizon back, others are committed nevertheless */
	if (found && horizon == last.horizon && horizon == log_last_number())
		return false;
	insert_tick(Max(found ? last.time + 1 : DT_NOBEGIN, GetCurrentTimestamp()), horizon);
	return true;
}

void
log_forget_ticks(TimestampTz before)
{
	Oid			types[1] = {TIMESTAMPTZOID};
	Datum		values[1] = {TimestampTzGetDatum(before)};

	(void) catalog_execute("DELETE FROM dynapg.ticks WHERE time IN (SELECT time FROM dynapg.ticks WHERE time < "
						   "(SELECT max(time) FROM dynapg.ticks WHERE time <= $1) ORDER BY time LIMIT " MOST_FORGOTTEN ")", 1, types, values, NULL);
}
