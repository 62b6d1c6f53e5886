/*
 * unix_time.h
 *		Times as the service has them.
 */
#ifndef DYNAPG_UNIX_TIME_H
#define DYNAPG_UNIX_TIME_H

#include "datatype/timestamp.h"

/* Microseconds since 1970. */
static inline int64
unix_microseconds(TimestampTz time)
{
	return time + (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY;
}

#endif							/* DYNAPG_UNIX_TIME_H */
