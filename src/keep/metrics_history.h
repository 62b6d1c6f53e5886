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
 * For the keeper, each round: writes what was counted in the minute that has ended, and what of entries that are to be others'; in transactions of its own.  A
 * crash loses what was not written: the running minute.  True: a minute has ended, which *minute is set to the begin of.
 */
extern bool metrics_history_round(TimestampTz now, TimestampTz *minute);

/* In the caller's transaction: writes what was counted until now as a minute's, which begins then.  Returns the number of rows. */
extern int	metrics_history_write(TimestampTz minute);

/* Removes what is older than dynapg.metrics_retention; false if there is more of it.  In the caller's transaction. */
extern bool metrics_history_expire(TimestampTz now);

#endif							/* DYNAPG_METRICS_HISTORY_H */
