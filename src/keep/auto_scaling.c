/*
 * auto_scaling.c
 *		Auto scaling by the keeper.
 */
#include "postgres.h"

#include "catalog/owner.h"
#include "keep/auto_scaling.h"

bool
auto_scaling_has_targets(void)
{
	Datum		has;
	bool		isnull;

	return catalog_fetch("SELECT EXISTS (SELECT FROM dynapg.scalable_targets)", 0, NULL, NULL, 1, &has, &isnull) && DatumGetBool(has);
}

void
auto_scaling_run(void)
{
	if (auto_scaling_has_targets())
		(void) catalog_execute("SELECT dynapg.run_auto_scaling()", 0, NULL, NULL, NULL);
}
