/*
 * step.c
 *		The transactions of processes of ours.
 */
#include "postgres.h"

#include "access/xact.h"
#include "pgstat.h"
#include "utils/snapmgr.h"

#include "catalog/tables.h"
#include "keep/step.h"

bool
step_begin(bool wait)
{
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	if (!(wait ? catalog_lock_extension() : catalog_try_lock_extension()))
	{
		CommitTransactionCommand();
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
	pgstat_report_stat(false);
}
