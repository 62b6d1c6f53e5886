/*
 * counters.c
 *		Metrics: sums of what is consumed, refused and answered.
 */
#include "postgres.h"

#include "meter/counters.h"

Size
counters_shared_size(void)
{
	return 0;
}

void
counters_init_shared(void)
{
}

bool
counters_are_wanted(void)
{
	return false;
}

void
counters_consumed(const MeterUse *use)
{
}

void
counters_throttled(const MeterUse *use, MeterLimit limit)
{
}

void
counters_operation(const MeterRequest *request, const ErrorData *error)
{
}
