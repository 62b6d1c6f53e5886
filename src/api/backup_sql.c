/*
 * backup_sql.c
 *		Schedules of backups for callers of SQL.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "keep/backup_schedule.h"
#include "log/log_keeper.h"
#include "op/access_begin.h"
#include "op/op.h"

#define MAX_KEPT 10000

PG_FUNCTION_INFO_V1(dynapg_create_backup_schedule);
PG_FUNCTION_INFO_V1(dynapg_drop_backup_schedule);
PG_FUNCTION_INFO_V1(dynapg_run_backup_schedules);

static const char *
name_of_text(text *name)
{
	int			len;
	const char *plain = op_table_name_of_text(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name), &len);

	return pnstrdup(plain, len);
}

static void
check_schedule(const Interval *every, int keep)
{
	const Interval shortest = {.time = USECS_PER_SEC};

	if (DatumGetBool(DirectFunctionCall2(interval_lt, IntervalPGetDatum(every), IntervalPGetDatum(&shortest))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a backup cannot be made more often than once a second")));
	if (keep < 1 || keep > MAX_KEPT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a schedule keeps between 1 and %d backups", MAX_KEPT)));
}

/* create_backup_schedule(table name, every, keep) */
Datum
dynapg_create_backup_schedule(PG_FUNCTION_ARGS)
{
	const char *name = name_of_text(PG_GETARG_TEXT_PP(0));
	const TableInfo *table;

	PreventCommandIfReadOnly("dynapg.create_backup_schedule()");
	check_schedule(PG_GETARG_INTERVAL_P(1), PG_GETARG_INT32(2));
	access_limit(POLICY_CreateBackup, name, strlen(name));
	catalog_lock_name(name, strlen(name));
	table = catalog_lock_table(name, strlen(name), AccessShareLock, true);
	if (table == NULL || catalog_table_status(table) == TABLE_DELETING)
		catalog_raise_not_found(name, strlen(name));
	catalog_set_backup_schedule(table, PG_GETARG_INTERVAL_P(1), PG_GETARG_INT32(2));
	log_want_keeper(GetCurrentTimestamp());
	PG_RETURN_VOID();
}

/* drop_backup_schedule(table name) */
Datum
dynapg_drop_backup_schedule(PG_FUNCTION_ARGS)
{
	const char *name = name_of_text(PG_GETARG_TEXT_PP(0));
	const TableInfo *table;
	ListCell   *cell;

	PreventCommandIfReadOnly("dynapg.drop_backup_schedule()");
	catalog_lock_name(name, strlen(name));
	table = catalog_lock_table(name, strlen(name), AccessShareLock, true);
	foreach(cell, catalog_backup_schedules())
	{
		const BackupSchedule *schedule = (const BackupSchedule *) lfirst(cell);

		if (strcmp(schedule->table_name, name) != 0)
			continue;
		if (table == NULL && !has_privs_of_role(GetUserId(), schedule->owner))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("must have the privileges of role \"%s\" to drop the schedule of table \"%s\"",
							GetUserNameFromId(schedule->owner, false), name)));
		catalog_drop_backup_schedule(name);
		PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}

Datum
dynapg_run_backup_schedules(PG_FUNCTION_ARGS)
{
	PreventCommandIfReadOnly("dynapg.run_backup_schedules()");
	PG_RETURN_INT32(backup_run_schedules());
}
