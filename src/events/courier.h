/*
 * courier.h
 *		The courier: the process that sends what goes out of the database.
 *
 * One a database, started and ended by keep/event_job.h.  It runs errands: requests that are on their way, or wait to be sent again.  It never waits for one in
 * particular, and no transaction is open while it waits: an errand reads what it sends in a short one, and notes what came of it in another.  What it
 * holds is bounded: errands to one place (a scheme, host and port) by their number and bytes, and all of them together; a place always has
 * room for one, so that others that hang keep nobody from sending.
 *
 * Errands come from lanes of event source mappings (courier_lane.c), invocation records (courier_failure.c) and Kinesis streaming destinations
 * (courier_kinesis.c).
 */
#ifndef DYNAPG_COURIER_H
#define DYNAPG_COURIER_H

#include "transfer/post.h"

typedef struct Courier Courier;
typedef struct Errand Errand;

struct Errand
{
	MemoryContext context;		/* all of it */
	Post	   *post;
	const char *place;			/* set by courier_send() */
	size_t		bytes;
	TimestampTz due;			/* when it is to be sent again; 0: it is on its way */

	/* Called outside of transactions when it is answered; sends, pauses or ends it. */
	void		(*answered) (Courier *courier, Errand *errand);

	/* The same when a pause is over; NULL: it is sent again, whatever has happened since. */
	void		(*resumed) (Courier *courier, Errand *errand);

	/* Called after an error of ours: gives back what is held beside memory. */
	void		(*dropped) (Errand *errand);
};

/* Where all that lives as long as the process is. */
extern MemoryContext courier_context(const Courier *courier);

/* The scheme, host and port of a URL; palloc'd. */
extern char *courier_place(const char *url);

/* Whether one more errand of so many bytes may go to a place. */
extern bool courier_has_room(const Courier *courier, const char *place, size_t bytes);

/* A new errand of so many bytes that this structure is the first member of, zeroed, in a context of its own. */
extern Errand *courier_errand(Courier *courier, Size size);

/* Sends it, now or after a pause.  An errand that was ended is gone. */
extern void courier_send(Courier *courier, Errand *errand);
extern void courier_pause(Courier *courier, Errand *errand, int64 milliseconds);
extern void courier_end(Courier *courier, Errand *errand);

/* Has the courier look again at this time at the latest. */
extern void courier_look_at(Courier *courier, TimestampTz time);

/* A pause after so many failures in a row: doubles up to a minute, and a random part of it is left out. */
extern int64 courier_backoff(int failures);

/* The transactions of errands; false where the extension is being dropped, and the process ends. */
extern bool courier_begin(Courier *courier);

/*
 * What begins errands; outside of transactions.  They return whether there is anything that is not sent yet.
 */
extern bool courier_look_at_lanes(Courier *courier);
extern bool courier_look_at_failures(Courier *courier);
extern bool courier_look_at_kinesis(Courier *courier);

#endif							/* DYNAPG_COURIER_H */
