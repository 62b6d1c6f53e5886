/*
 * event_failure.h
 *		Records that are given up.
 */
#ifndef DYNAPG_EVENT_FAILURE_H
#define DYNAPG_EVENT_FAILURE_H

#include "events/event_batch.h"

/* Why records are given up, in Lambda's words. */
#define GIVEN_UP_RETRIES "RetryAttemptsExhausted"
#define GIVEN_UP_AGE "RecordAgeExceeded"

/*
 * Tells the on-failure destination of a mapping, if it has one, that the first so many records of a batch are given up, and the server's log; in the current
 * transaction.  error: what the destination said last, NULL: nothing.  NULL, or why the on-failure destination did not take it: then nothing was done.
 */
extern const char *event_give_up(const EventMapping *mapping, const EventBatch *batch, int count, const char *condition, const char *error);

#endif							/* DYNAPG_EVENT_FAILURE_H */
