/*
 * endpoint_events.h
 *		What /metrics says of event source mappings and Kinesis streaming destinations.
 */
#ifndef DYNAPG_ENDPOINT_EVENTS_H
#define DYNAPG_ENDPOINT_EVENTS_H

#include "lib/stringinfo.h"

/*
 * Appends it, outside of a transaction; nothing on a standby, which serves none, and nothing where it is not to be had at once.  It reads catalogs and the first records
 * that wait, as the superuser, and calls nobody's code.
 */
extern void endpoint_write_event_metrics(StringInfo out);

#endif							/* DYNAPG_ENDPOINT_EVENTS_H */
