/*
 * event_alarm.h
 *		Alarms whose changes are told to SQL functions.
 */
#ifndef DYNAPG_EVENT_ALARM_H
#define DYNAPG_EVENT_ALARM_H

/*
 * Calls the functions for what alarms have to tell; in transactions of its own, each as the alarm's owner, with the removal of what was told, so exactly once.
 * What fails is tried again after a while.  Whether there was anything to do.  For event workers: several may work at once.
 */
extern bool event_tell_alarms(void);

#endif							/* DYNAPG_EVENT_ALARM_H */
