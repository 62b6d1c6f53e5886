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
 * Notes an alarm's state; if it is another one, tells of it, to the log, by NOTIFY, and queues it for its destination.  True: it is another one.  False if the alarm
 * is gone, too.  With its own transaction's commit.
 */
extern bool alarm_set_state(const char *name, const char *state, const char *reason, Jsonb *reason_data);

#endif							/* DYNAPG_ALARM_H */
