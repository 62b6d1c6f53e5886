/*
 * insight.c
 *		Contributor insights: which keys of a table or an index are asked for most, and throttled most.
 */
#include "postgres.h"

#include "meter/insight.h"

Size
insight_shared_size(void)
{
	return 0;
}

void
insight_init_shared(void)
{
}

bool
insight_is_wanted(void)
{
	return false;
}

void
insight_key(const MeterUse *use, bool throttled)
{
}
