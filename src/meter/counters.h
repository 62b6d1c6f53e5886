/*
 * counters.h
 *		Metrics: sums of what is consumed, refused and answered, with CloudWatch's names.
 *
 * They are in shared memory (counters_table.h) and there only where the library was preloaded; else nothing is counted.  The keeper writes them down
 * (keep/metrics_history.h), and /metrics shows them.
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

/* Items of a table have expired. */
extern void counters_expired(const TableInfo *table, uint64 items);

/*
 * For who may execute a request anew, or whose answer is not certain before the commit: the ends of requests are kept from counters_hold() on, until
 * counters_answer() counts them or counters_drop() does not.  error: what the answer is, NULL: a success; one that no operation has ended with is counted, too.
 */
extern void counters_hold(void);
extern void counters_answer(const ErrorData *error);
extern void counters_drop(void);

/*
 * Instead of counters_drop(), where the error that the request has come to may be its answer all the same if it is not executed anew in time: what counters_give_up() counts then;
 * palloc'd, NULL: nothing.
 */
extern void *counters_keep(const ErrorData *error);
extern void counters_give_up(const void *kept);

#endif							/* DYNAPG_COUNTERS_H */
