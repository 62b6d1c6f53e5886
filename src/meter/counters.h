/*
 * counters.h
 *		Metrics: sums of what is consumed, refused and answered.
 */
#ifndef DYNAPG_COUNTERS_H
#define DYNAPG_COUNTERS_H

#include "meter/meter.h"

/* The shared memory that counters take; made when the server starts, under AddinShmemInitLock. */
extern Size counters_shared_size(void);
extern void counters_init_shared(void);

/* Whether they count in this database; asked once a request, so it is to cost nothing. */
extern bool counters_are_wanted(void);

/* If they are wanted: see meter.h.  error: NULL if the request has ended well. */
extern void counters_consumed(const MeterUse *use);
extern void counters_throttled(const MeterUse *use, MeterLimit limit);
extern void counters_operation(const MeterRequest *request, const ErrorData *error);

#endif							/* DYNAPG_COUNTERS_H */
