/*
 * create_backup.c
 *		CreateBackup, DescribeBackup and DeleteBackup.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "keep/backup.h"
#include "keep/table_job.h"
#include "op/backup.h"
#include "op/continuous_backups.h"
#include "op/op.h"
#include "op/table_description.h"

/* The table to back up, for its owner, locked against other changes.  One that is CREATING or DELETING is not there. */
static const TableInfo *
table_to_back_up(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table;
	TableStatus status;

	catalog_lock_name(name, len);
	backups_require_ready(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	status = table != NULL ? catalog_table_status(table) : TABLE_DELETING;
	if (status == TABLE_CREATING || status == TABLE_DELETING)
		dyn_error(DYN_TABLE_NOT_FOUND, "Table not found: %.*s", len, name);
	return table;
}

void
op_create_backup(const RequestValue *request, WireWriter *response)
{
	const TableInfo *table = table_to_back_up(request_member(request, CreateBackupInput_TableName));
	Backup	   *backup = backup_order(table, request_text(request, CreateBackupInput_BackupName), false);

	backup_start(backup->table.name);
	wire_object_start(response);
	backup_write_details(response, backup, backup_arn(backup), "CREATING");
	wire_object_end(response);
}

void
op_describe_backup(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, DescribeBackupInput_BackupArn);
	const Backup *backup = backup_of_request(arn);

	if (!backup->is_available)
	{
		const TableInfo *table = catalog_table(backup->table.name, strlen(backup->table.name));

		if (table != NULL)
			(void) table_job_resume(table);
	}
	backup_write_description(response, backup, arn->as.string.text, backup_status(backup));
}

static const char *
iso_time(TimestampTz time)
{
	pg_time_t	seconds = timestamptz_to_time_t(time);
	char		text[32];

	pg_strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", pg_gmtime(&seconds));
	return pstrdup(text);
}

void
op_delete_backup(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, DeleteBackupInput_BackupArn);
	const Backup *backup = backup_of_request(arn);

	backup_require_owner(backup, arn->as.string.text);
	if (backup->is_system)
		dyn_invalid("Invalid Request: User is not allowed to delete the system backup with arn %s. It will automatically "
					"expire on %s", arn->as.string.text, iso_time(backup->expires_at));
	backup_begin_delete(backup, arn);
	if (!catalog_delete_backup(backup))
		backup_raise_not_found(arn);
	backup_write_description(response, backup, arn->as.string.text, "DELETED");
}
