/*
 * storage_sql.c
 *		C functions that only tests call; the extension does not install them.
 */
#include "postgres.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"

#include "base/compat.h"

PG_FUNCTION_INFO_V1(dynapg_test_watch);

static Oid	watched;
static bool denies;
static ExecutorCheckPerms_hook_type previous_hook;

/* What a module does that audits, or that knows rules of its own. */
static bool
check_permissions(COMPAT_CHECK_PERMS_PARAMETERS)
{
	ListCell   *cell;

	foreach(cell, range_table)
	{
		RangeTblEntry *entry = lfirst_node(RangeTblEntry, cell);

		if (entry->rtekind != RTE_RELATION || entry->relid != watched)
			continue;
		ereport(denies ? ERROR : NOTICE,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg_internal("access to %s is watched", get_rel_name(watched))));
	}
	return previous_hook == NULL || previous_hook(COMPAT_CHECK_PERMS_ARGUMENTS);
}

/* watch(relation regclass, deny boolean): hooks into the executor's checks; NULL: no longer. */
Datum
dynapg_test_watch(PG_FUNCTION_ARGS)
{
	if (ExecutorCheckPerms_hook != check_permissions)
		previous_hook = ExecutorCheckPerms_hook;
	watched = PG_ARGISNULL(0) ? InvalidOid : PG_GETARG_OID(0);
	denies = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	ExecutorCheckPerms_hook = OidIsValid(watched) ? check_permissions : previous_hook;
	PG_RETURN_VOID();
}
