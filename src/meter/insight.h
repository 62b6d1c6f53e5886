/*
 * insight.h
 *		Contributor insights: which keys of a table or an index are asked for most, and throttled most.
 */
#ifndef DYNAPG_INSIGHT_H
#define DYNAPG_INSIGHT_H

#include "meter/meter.h"

/* The shared memory that insights take; made when the server starts, under AddinShmemInitLock. */
extern Size insight_shared_size(void);
extern void insight_init_shared(void);

/* Whether any table of this database has asked for them; asked once a request, so it is to cost nothing. */
extern bool insight_is_wanted(void);

/* If they are wanted: a key (use->key, use->hash) was asked for, or throttled.  Not all tables have asked for it. */
extern void insight_key(const MeterUse *use, bool throttled);

#endif							/* DYNAPG_INSIGHT_H */
