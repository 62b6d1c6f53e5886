/*
 * log_moment.h
 *		Moments that the items of a table can be brought back to.
 *
 * A moment is a tick: what its snapshot sees is the state of all tables then, in whole transactions.  A change that is not part of it has a number
 * above its horizon.
 */
#ifndef DYNAPG_LOG_MOMENT_H
#define DYNAPG_LOG_MOMENT_H

#include "catalog/tables.h"
#include "datatype/timestamp.h"

typedef struct LogMoment
{
	TimestampTz time;
	int64		horizon;
	char	   *snapshot;		/* a pg_snapshot, palloc'd */
} LogMoment;

/*
 * The first moment of an undo log (its time is not before the window's), and the last one at or before a time but not before the first; false if there is none, as for a second or so
 * after the log was begun.
 */
extern bool log_first_moment(const TableLog *log, LogMoment *moment);
extern bool log_moment_at(const TableLog *log, TimestampTz time, LogMoment *moment);

/* Now, of a log that is ENABLED; on a standby the last moment, false if there is none. */
extern bool log_moment_now(const TableLog *log, LogMoment *moment);

/* Up to when moments tell everything: now, where nothing has changed since the last one. */
extern TimestampTz log_moments_end(void);

#endif							/* DYNAPG_LOG_MOMENT_H */
