/*
 * step.c
 *		The transactions of processes of ours.
 */
#include "postgres.h"

#include "access/xact.h"
#include "pgstat.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/tables.h"
#include "keep/step.h"

/* The memory context of who has begun, which is current again when it is over: PostgreSQL itself sees to that only from 18 on. */
static MemoryContext outer;

bool
step_begin(bool wait)
{
	outer = CurrentMemoryContext;
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (!(wait ? catalog_lock_extension() : catalog_try_lock_extension()))
	{
		CommitTransactionCommand();
		MemoryContextSwitchTo(outer);
		return false;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	return true;
}

void
step_commit(void)
{
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(outer);
	pgstat_report_stat(false);
}
