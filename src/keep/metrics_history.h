/*
 * metrics_history.h
 *		Metrics: from what is counted in shared memory (meter/counters_table.h) into dynapg.metrics, by the minute, and out of that when they are old.
 */
#ifndef DYNAPG_METRICS_HISTORY_H
#define DYNAPG_METRICS_HISTORY_H

#include "datatype/timestamp.h"

/* Whether there is something to do, or will be: dynapg.metrics_history is on, and something is counted. */
extern bool metrics_history_has_work(void);

/*
 * For the keeper, each round: writes what was counted in the minute that has ended, and what of entries that are to be others'; in transactions of its own.  Its first
 * round writes what it finds as the minute's that has ended last; what nobody has looked at for ten minutes, or twice dynapg.keeper_interval, was counted while the
 * history was off, and is left out.  A crash loses what was not written: the running minute.  True: a minute has ended, which *minute is set to the begin of.
 */
extern bool metrics_history_round(TimestampTz now, TimestampTz *minute);

/* For the keeper that leaves: writes what was counted since; in a transaction of its own. */
extern void metrics_history_leave(void);

/*
 * In the caller's transaction: writes what was counted until now as a minute's, which begins then.  Returns the number of rows.  It counts as written when
 * the transaction commits, until when others who would write wait; so once in a transaction.
 */
extern int	metrics_history_write(TimestampTz minute);

/* Removes what is older than dynapg.metrics_retention; false if there is more of it.  In the caller's transaction. */
extern bool metrics_history_expire(TimestampTz now);

#endif							/* DYNAPG_METRICS_HISTORY_H */
