/*
 * list_backups.c
 *		ListBackups.
 */
#include "postgres.h"

#include <math.h>

#include "base/error.h"
#include "base/settings.h"
#include "op/backup.h"
#include "op/op.h"
#include "op/table_check.h"

#define MAX_BACKUPS 100			/* a page, also without a Limit */

/* A bound in milliseconds of the epoch, or what stands for none. */
static int64
read_bound(const RequestValue *time, int64 none)
{
	if (!time->present)
		return none;
	return (int64) rint(Min(Max(time->as.real, -1E14), 1E14) * 1000);
}

/* Where the page begins: behind a backup that need not be there. */
static void
read_start(const RequestValue *text, BackupFilter *filter)
{
	TablePartArn arn;

	if (!text->present)
		return;
	backup_parse_arn(text, &arn);
	if (!arn_part_is(arn.region, arn.region_len, dynapg_region))
		dyn_invalid("Invalid Request: The supplied ExclusiveStartBackupArn does not match the region");
	filter->after_label = arn.label;
	filter->after_table = pnstrdup(arn.table, arn.table_len);
}

static void
read_filter(const RequestValue *request, BackupFilter *filter)
{
	const RequestValue *table_name = request_member(request, ListBackupsInput_TableName);
	const char *type = request_text(request, ListBackupsInput_BackupType);

	memset(filter, 0, sizeof(*filter));
	filter->from = read_bound(request_member(request, ListBackupsInput_TimeRangeLowerBound), PG_INT64_MIN);
	filter->to = read_bound(request_member(request, ListBackupsInput_TimeRangeUpperBound), PG_INT64_MAX);
	if (filter->from > filter->to)
		dyn_invalid(INVALID "Time range lower bound must be less than or equal to upper bound");
	if (table_name->present)
	{
		int			len;
		const char *name = op_table_name(table_name, &len);

		filter->table_name = pnstrdup(name, len);
	}
	read_start(request_member(request, ListBackupsInput_ExclusiveStartBackupArn), filter);
	filter->user = type == NULL || strcmp(type, "USER") == 0 || strcmp(type, "ALL") == 0;
	filter->system = type != NULL && (strcmp(type, "SYSTEM") == 0 || strcmp(type, "ALL") == 0);
}

static void
write_summary(WireWriter *response, const Backup *backup)
{
	wire_object_start(response);
	backup_write_table_names(response, backup);
	wire_text_member(response, "BackupArn", backup_arn(backup));
	wire_text_member(response, "BackupName", backup->name);
	backup_write_time(response, "BackupCreationDateTime", backup->created_at);
	backup_write_time(response, "BackupExpiryDateTime", backup->expires_at);
	wire_text_member(response, "BackupStatus", backup_status(backup));
	wire_text_member(response, "BackupType", backup_type(backup));
	backup_write_integer(response, "BackupSizeBytes", backup->bytes);
	wire_object_end(response);
}

void
op_list_backups(const RequestValue *request, WireWriter *response)
{
	const RequestValue *given = request_member(request, ListBackupsInput_Limit);
	int			limit = given->present ? (int) given->as.integer : MAX_BACKUPS;
	BackupFilter filter;
	List	   *backups;
	const Backup *last = NULL;

	read_filter(request, &filter);
	backups = catalog_backups(&filter, limit + 1);
	wire_object_start(response);
	wire_member(response, "BackupSummaries");
	wire_array_start(response);
	for (int i = 0; i < Min(list_length(backups), limit); i++)
	{
		last = (const Backup *) list_nth(backups, i);
		write_summary(response, last);
	}
	wire_array_end(response);
	if (list_length(backups) > limit)
		wire_text_member(response, "LastEvaluatedBackupArn", backup_arn(last));
	wire_object_end(response);
}
