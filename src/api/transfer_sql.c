/*
 * transfer_sql.c
 *		Transfers for callers of SQL: dynapg.cancel_transfer().
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "catalog/transfers.h"
#include "keep/transfer_job.h"

PG_FUNCTION_INFO_V1(dynapg_cancel_transfer);

/* cancel_transfer(id) */
Datum
dynapg_cancel_transfer(PG_FUNCTION_ARGS)
{
	const char *id = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const Transfer *transfer;

	PreventCommandIfReadOnly("dynapg.cancel_transfer()");
	transfer = catalog_transfer(id);
	if (transfer == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("there is no transfer \"%s\"", id),
				 errhint("dynapg.stat_transfers tells which there are.")));
	if (!has_privs_of_role(GetUserId(), transfer->owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must have the privileges of who has begun a transfer to cancel it")));
	if (!catalog_cancel_transfer(id))
		PG_RETURN_BOOL(false);
	transfer_job_interrupt(id);
	transfer_job_start(id);
	PG_RETURN_BOOL(true);
}
