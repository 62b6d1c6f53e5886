/*
 * log_tick.h
 *		Ticks: the horizon of all logs, and a snapshot, at a time.  Written by the keeper, or dynapg.tick().
 */
#ifndef DYNAPG_LOG_TICK_H
#define DYNAPG_LOG_TICK_H

#include "datatype/timestamp.h"

typedef struct LogTick
{
	TimestampTz time;			/* each tick's is after the one's before, whatever the clock does */
	int64		horizon;
} LogTick;

/* The last tick, or the last one at or before a time; false if there is none. */
extern bool log_last_tick(LogTick *tick);
extern bool log_tick_at(TimestampTz time, LogTick *tick);

/*
 * Writes a tick if numbers have been drawn or have become readable since the last one, or are not readable yet; whether it did.  Only one transaction at a time does:
 * another one is waited for, or, if not wait, left to it.
 */
extern bool log_tick(bool wait);

/* Deletes some of the ticks before the last one at or before a time: that one tells what was then. */
extern void log_forget_ticks(TimestampTz before);

#endif							/* DYNAPG_LOG_TICK_H */
