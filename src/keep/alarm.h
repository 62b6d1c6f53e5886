/*
 * alarm.h
 *		The keeper's part of alarms: their states, and telling of them.
 */
#ifndef DYNAPG_ALARM_H
#define DYNAPG_ALARM_H

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

/*
 * Looks at all alarms, by the minutes before a time; in the caller's transaction.  Each looks at what its owner may see.  Returns how many have changed their
 * states.
 */
extern int	alarms_evaluate(TimestampTz at);

/*
 * For the keeper: all alarms are to be looked at, by the minutes before a time.  Where those of the minute before have not all been, they go on from the one that is
 * next, so that each has its turn.
 */
extern void alarms_want_look(TimestampTz at);

/* Whether some wait for their turn. */
extern bool alarms_are_left(void);

/* For the keeper, each round: looks at some of them, in transactions of its own, for so many milliseconds; the rest waits for the next round. */
extern void alarms_look(int most_ms);

/*
 * Notes an alarm's state; if it is another one, tells of it, to the log, by NOTIFY, and queues it for its destination.  True: it is another one.  False if the alarm
 * is gone, too.  With its own transaction's commit.
 */
extern bool alarm_set_state(const char *name, const char *state, const char *reason, Jsonb *reason_data);

#endif							/* DYNAPG_ALARM_H */
