/*
 * trace_ring.h
 *		Records of traces on their way to the process that sends them (events/trace_sender.c), and what became of them.
 *
 * A bounded queue in shared memory: any number of processes put, one takes, and nobody waits for anybody.  What there is no room for is dropped, and counted.
 */
#ifndef DYNAPG_TRACE_RING_H
#define DYNAPG_TRACE_RING_H

#include "trace/trace.h"

#define TRACE_RING_SIZE 1024	/* records; a power of two */

/* Counted since the server's start. */
typedef enum TraceCounter
{
	TRACE_RECORDED,				/* put into the ring */
	TRACE_DROPPED,				/* the ring was full */
	TRACE_SENT,					/* the receiver has taken them */
	TRACE_FAILED,				/* it has not, or the sender has ended before it said so */
	TRACE_REJECTED,				/* spans, of which there are several a record, that it has not taken of what it has */
	TRACE_COUNTERS
} TraceCounter;

#define TRACE_ERROR_SIZE 512

typedef struct TraceStatus
{
	int			pid;			/* of the sender; 0: there is none */
	uint64		counters[TRACE_COUNTERS];
	uint64		waiting;
	TimestampTz sent_at;		/* last; 0: never */
	TimestampTz failed_at;
	char		error[TRACE_ERROR_SIZE];
} TraceStatus;

/* Whether there is shared memory. */
extern bool trace_ring_is_there(void);
extern void trace_ring_init(void);

/* Puts a record; sees to it that there is a sender.  Raises nothing. */
extern void trace_ring_put(const TraceRecord *record);

extern void trace_ring_status(TraceStatus *status);

/* For the sender: false, there is another one. */
extern bool trace_ring_serve(void);
extern void trace_ring_defer(void);		/* it cannot work: another one is to be started in a minute only */
extern bool trace_ring_take(TraceRecord *record);	/* false: there is none */
extern void trace_ring_settle(TraceCounter counter);	/* what has become of those taken since the last call; the sender's end settles them as failed */
extern void trace_ring_rest(long milliseconds); /* until one comes, the latch is set, or the time is over; -1: for ever */
extern void trace_ring_count(TraceCounter counter, uint64 count);
extern void trace_ring_note(const char *error); /* NULL: sent */

#endif							/* DYNAPG_TRACE_RING_H */
