/*
 * event_lag.h
 *		How far behind those are who read logs: mappings, and Kinesis streaming destinations.
 */
#ifndef DYNAPG_EVENT_LAG_H
#define DYNAPG_EVENT_LAG_H

#include "catalog/event_mappings.h"
#include "catalog/kinesis.h"

typedef struct EventLag
{
	int64		records;		/* that wait */
	TimestampTz oldest;			/* when the first of them was written; DT_NOEND: none waits */
	bool		is_unknown;		/* among the rows that were looked at there was none, and they were not all */
} EventLag;

/*
 * Adds what waits for a lane, of which at most limit records are counted.  Of the log's rows, those of other lanes included, no more than *rows are looked at, which
 * are taken off it; NULL: as many as there are.  In a transaction, whoever the current user is.
 */
extern void event_lag_of_lane(const EventPosition *position, int limit, int64 *rows, EventLag *lag);

/* The same of a Kinesis streaming destination. */
extern void event_lag_of_kinesis(const KinesisDestination *destination, int limit, int64 *rows, EventLag *lag);

#endif							/* DYNAPG_EVENT_LAG_H */
