/*
 * dynapg.c
 *		The module's entry: calls each room's init, nothing else.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "utils/guc.h"

#include "api/endpoint.h"
#include "base/settings.h"
#include "keep/keeper_launcher.h"
#include "meter/meter.h"
#include "trace/trace.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

/*
 * Works without shared_preload_libraries, and in every process that may load a table access method: backends,
 * autovacuum, walsenders, pg_upgrade.
 */
void
_PG_init(void)
{
	settings_init();
	trace_init();
	meter_init();
	endpoint_init();
	keeper_launcher_init();

	/* not preloaded, the library does not know the endpoint's settings, which the configuration file may have */
	if (process_shared_preload_libraries_in_progress)
		MarkGUCPrefixReserved("dynapg");
}
