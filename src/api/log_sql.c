/*
 * log_sql.c
 *		What the keeper does on a timer, for callers: dynapg.tick(), dynapg.rotate().
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"

#include "keep/keeper.h"
#include "log/log_tick.h"

PG_FUNCTION_INFO_V1(dynapg_tick);
PG_FUNCTION_INFO_V1(dynapg_rotate);

/* A transaction with a snapshot of its own cannot say what is visible now. */
Datum
dynapg_tick(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("dynapg.tick()");
	if (IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("dynapg.tick() must be called in a transaction of isolation level READ COMMITTED")));
	PG_RETURN_BOOL(log_tick(true));
}

Datum
dynapg_rotate(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("dynapg.rotate()");
	PG_RETURN_INT32(keeper_rotate());
}
