/*
 * quota.h
 *		How much capacity may be asked for: of a table, of an index, of all tables of the database together.
 *
 * Where dynapg.throttling is off there are no quotas.
 */
#ifndef DYNAPG_QUOTA_H
#define DYNAPG_QUOTA_H

#include "op/throughput.h"

/* The provisioned capacity of one table with its global indexes, before and after a change; [METER_READ], [METER_WRITE]. */
typedef struct QuotaChange
{
	int64		before[2];
	int64		after[2];
} QuotaChange;

/*
 * Checks a table's (index NULL) or an index's capacity that is new (before NULL) or changes, and adds it to a change, which begins as zero:
 * LimitExceededException.  What does not grow may be too much already.
 */
extern void quota_add(QuotaChange *change, const char *index, const Throughput *before, const Throughput *after);

/*
 * Checks whether all tables of the database together, and those that imports under way will make, may have so much: LimitExceededException.
 * Where there is more than before, who else asks waits until the end of the transaction.
 */
extern void quota_check(const QuotaChange *change);

#endif							/* DYNAPG_QUOTA_H */
