/*
 * backup_schedule.c
 *		Backups that are made again and again.
 */
#include "postgres.h"

#include <limits.h>

#include "miscadmin.h"
#include "pgtime.h"
#include "utils/acl.h"
#include "utils/timestamp.h"

#include "base/subtransaction.h"
#include "catalog/restores.h"
#include "keep/backup.h"
#include "keep/backup_schedule.h"

/* What is to be done for a schedule, in a subtransaction. */
typedef struct ScheduleWork
{
	const BackupSchedule *schedule;
	bool		ordered;
} ScheduleWork;

/* The name of a backup that a schedule makes. */
static char *
name_of_now(void)
{
	pg_time_t	now = timestamptz_to_time_t(GetCurrentTimestamp());
	char		text[32];

	pg_strftime(text, sizeof(text), "scheduled-%Y%m%dT%H%M%SZ", pg_gmtime(&now));
	return pstrdup(text);
}

static void
order_backup(void *argument)
{
	ScheduleWork *work = (ScheduleWork *) argument;
	const char *name = work->schedule->table_name;
	const TableInfo *table;
	TableStatus status;

	catalog_lock_name(name, strlen(name));
	table = catalog_lock_table(name, strlen(name), AccessShareLock, true);
	status = table != NULL ? catalog_table_status(table) : TABLE_DELETING;
	if (status == TABLE_CREATING || status == TABLE_DELETING)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("table \"%s\" is not there, or not ready", name),
				 errhint("dynapg.drop_backup_schedule() ends its schedule.")));
	/* one that was not made yet is this one */
	work->ordered = catalog_pending_backup(table) == NULL;
	if (work->ordered)
		(void) backup_order(table, name_of_now(), true);
	catalog_schedule_has_run(work->schedule);
}

/* Deletes the oldest of those backups that the schedule has made until no more are left than it keeps.  One that is being restored stays. */
static void
delete_old(void *argument)
{
	const BackupSchedule *schedule = ((const ScheduleWork *) argument)->schedule;
	BackupFilter filter = {.table_name = schedule->table_name, .from = PG_INT64_MIN, .to = PG_INT64_MAX, .user = true};
	List	   *backups = NIL;
	ListCell   *cell;

	foreach(cell, catalog_backups(&filter, INT_MAX))
		if (((Backup *) lfirst(cell))->is_scheduled && ((Backup *) lfirst(cell))->is_available)
			backups = lappend(backups, lfirst(cell));
	for (int i = 0; i < list_length(backups) - schedule->keep; i++)
	{
		const Backup *backup = (const Backup *) list_nth(backups, i);

		catalog_lock_name(backup->relation_name, strlen(backup->relation_name));
		if (!catalog_is_restore_source(backup->relation) && has_privs_of_role(GetUserId(), catalog_backup_owner(backup)))
			(void) catalog_delete_backup(backup);
	}
}

static void
delete_expired(void *backup)
{
	catalog_lock_name(((const Backup *) backup)->relation_name, strlen(((const Backup *) backup)->relation_name));
	if (!catalog_is_restore_source(((const Backup *) backup)->relation))
		(void) catalog_delete_backup((const Backup *) backup);
}

/* What DeleteTable has left is deleted when its time has come; what cannot be now, later. */
static void
delete_all_expired(void)
{
	ListCell   *cell;

	foreach(cell, catalog_expired_backups())
	{
		Backup	   *backup = (Backup *) lfirst(cell);

		if (has_privs_of_role(GetUserId(), catalog_backup_owner(backup)))
		{
			ErrorData  *error = subtransaction_try(delete_expired, backup);

			if (error != NULL)
				ereport(LOG,
						(errmsg("backup \"%s\" has expired and was not deleted: %s", backup->name, error->message)));
		}
	}
}

/* Tries something for a schedule, and notes why it could not be done. */
static void
try(void (*run) (void *argument), ScheduleWork *work)
{
	ErrorData  *error = subtransaction_try(run, work);

	if (error == NULL)
		return;
	work->ordered = false;
	catalog_schedule_failed(work->schedule, error->message);
	ereport(LOG,
			(errmsg("backups of table \"%s\" by its schedule: %s", work->schedule->table_name, error->message)));
}

int
backup_run_schedules(void)
{
	int			ordered = 0;
	ListCell   *cell;

	foreach(cell, catalog_backup_schedules())
	{
		ScheduleWork work = {.schedule = (const BackupSchedule *) lfirst(cell)};

		if (!has_privs_of_role(GetUserId(), work.schedule->owner))
			continue;
		if (work.schedule->next_run <= GetCurrentTimestamp())
			try(order_backup, &work);
		/* also for one whose job has died */
		if (work.ordered || catalog_has_pending_backup(work.schedule->table_name))
			backup_start(work.schedule->table_name);
		ordered += work.ordered;
		try(delete_old, &work);
	}
	delete_all_expired();
	return ordered;
}
