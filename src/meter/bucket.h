/*
 * bucket.h
 *		Throttling: how much may still be consumed of a table, an index, a partition.
 *
 * Each has a bucket of tokens for reads and one for writes, which fill with time.  Who wants to consume asks first whether a bucket is in
 * debt, and pays after, when it is known how much that was: so a bucket may get into debt, and over time no more is consumed than flows in.
 */
#ifndef DYNAPG_BUCKET_H
#define DYNAPG_BUCKET_H

#include "meter/meter.h"

/* dynapg.throttling */
extern bool dynapg_throttling;

/* Called by meter_init(). */
extern void bucket_init(void);

/* The shared memory that buckets take; made when the server starts, under AddinShmemInitLock. */
extern Size bucket_shared_size(void);
extern void bucket_init_shared(void);

/*
 * Whether something may not be consumed now, and for which limit.  use->units counts for nothing.  Takes no lock.
 */
extern bool bucket_refuses(const MeterUse *use, MeterLimit *limit);

/* How many times what has these rates, and so many partitions of its size, is halved to begin with: rates->first_depth. */
extern int	bucket_first_depth(const MeterRates *rates);

/* Pays for what was consumed.  Takes no lock. */
extern void bucket_charge(const MeterUse *use);

/*
 * Whether a partition of an index may be in debt for writes: only then it is worth while to find out which one an item goes to before it is
 * written.
 */
extern bool bucket_has_hot_partition(const MeterUse *use);

#endif							/* DYNAPG_BUCKET_H */
