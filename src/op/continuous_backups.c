/*
 * continuous_backups.c
 *		UpdateContinuousBackups and DescribeContinuousBackups.
 *
 * A table's definition says how far back it can be restored; its undo log is switched on and off accordingly, as streams are.
 * ContinuousBackupsStatus is ENABLED at the service whether or not point-in-time recovery is.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "catalog/imports.h"
#include "keep/log_switch.h"
#include "keep/table_job.h"
#include "log/log_keeper.h"
#include "op/continuous_backups.h"
#include "op/op.h"
#include "op/table_check.h"
#include "op/table_definition.h"

#define DEFAULT_DAYS 35

static _Noreturn void
raise_not_found(const char *name, int len)
{
	dyn_error(DYN_TABLE_NOT_FOUND, "Table not found: %.*s", len, name);
}

/* Times are shown in whole seconds. */
static TimestampTz
whole_seconds(TimestampTz time)
{
	TimestampTz part = time % USECS_PER_SEC;

	return time - (part < 0 ? part + USECS_PER_SEC : part);
}

void
recovery_window(const TableLog *log, TimestampTz *earliest, TimestampTz *latest)
{
	LogMoment	first;

	*earliest = *latest = whole_seconds(log->created_at);
	if (!log_first_moment(log, &first))
		return;
	*earliest = whole_seconds(first.time);
	*latest = Max(*earliest, whole_seconds(log_moments_end()));
}

static void
write_time(WireWriter *response, const char *name, TimestampTz time)
{
	wire_member(response, name);
	wire_double(response, table_time(time));
}

static void
write_description(WireWriter *response, const TableInfo *table)
{
	const TableLog *log = catalog_kept_log(table, LOG_UNDO);
	TimestampTz earliest;
	TimestampTz latest;

	wire_object_start(response);
	wire_member(response, "ContinuousBackupsDescription");
	wire_object_start(response);
	wire_member(response, "ContinuousBackupsStatus");
	wire_cstring(response, "ENABLED");
	wire_member(response, "PointInTimeRecoveryDescription");
	wire_object_start(response);
	wire_member(response, "PointInTimeRecoveryStatus");
	wire_cstring(response, log != NULL ? "ENABLED" : "DISABLED");
	if (log != NULL)
	{
		wire_member(response, "RecoveryPeriodInDays");
		wire_integer(response, log->days);
		recovery_window(log, &earliest, &latest);
		write_time(response, "EarliestRestorableDateTime", earliest);
		write_time(response, "LatestRestorableDateTime", latest);
	}
	wire_object_end(response);
	wire_object_end(response);
	wire_object_end(response);
}

void
op_describe_continuous_backups(const RequestValue *request, WireWriter *response)
{
	int			len;
	const char *name = op_table_name(request_member(request, DescribeContinuousBackupsInput_TableName), &len);
	const TableInfo *table = op_find_data_table(name, len);

	/* one that is being imported has them already, to look at */
	if (table == NULL && (table = catalog_table(name, len)) != NULL && !catalog_is_being_imported(table))
		table = NULL;
	if (table == NULL)
		raise_not_found(name, len);
	table_resume_jobs(table);
	write_description(response, table);
}

void
backups_require_ready(const char *name, int len)
{
	const TableInfo *table = catalog_table(name, len);

	if (table != NULL && catalog_is_being_imported(table))
		dyn_error(DYN_CONTINUOUS_BACKUPS_UNAVAILABLE, "Backups are being enabled for the table: %s. Please retry later", table->name);
}

/* The table of a request for its owner, locked against other changes. */
static const TableInfo *
table_to_switch(const char *name, int len)
{
	const TableInfo *table;

	catalog_lock_name(name, len);
	backups_require_ready(name, len);
	if (op_find_data_table(name, len) == NULL)
		raise_not_found(name, len);
	table = catalog_lock_table(name, len, AccessShareLock, true);
	if (table == NULL)
		raise_not_found(name, len);
	return table;
}

void
op_update_continuous_backups(const RequestValue *request, WireWriter *response)
{
	const RequestValue *specification = request_member(request, UpdateContinuousBackupsInput_PointInTimeRecoverySpecification);
	const RequestValue *days = request_member(specification, PointInTimeRecoverySpecification_RecoveryPeriodInDays);
	bool		enabled = request_boolean(specification, PointInTimeRecoverySpecification_PointInTimeRecoveryEnabled);
	int			wanted = !enabled ? 0 : days->present ? (int) days->as.integer : DEFAULT_DAYS;
	int			len;
	const char *name = op_table_name(request_member(request, UpdateContinuousBackupsInput_TableName), &len);
	const TableInfo *table;
	TableDefinition definition;

	if (!enabled && days->present)
		dyn_invalid("Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time recovery.");
	table = table_to_switch(name, len);
	table_definition_read(table, &definition);
	if (definition.recovery_days != wanted)
	{
		definition.recovery_days = wanted;
		catalog_update_table(table, table_definition_jsonb(&definition), false);
		log_switch_order(table);
	}
	log_want_keeper(GetCurrentTimestamp());
	table_job_start(table->name);
	write_description(response, catalog_table(table->name, strlen(table->name)));
}

/* ------------------------------------------------------------------------------------------------------------
 * For those who restore
 * ------------------------------------------------------------------------------------------------------------ */

const TableLog *
recovery_log(const TableInfo *table)
{
	const TableLog *log = catalog_kept_log(table, LOG_UNDO);

	if (log == NULL)
		dyn_error(DYN_POINT_IN_TIME_RECOVERY_UNAVAILABLE, "Point in time recovery is not enabled for table '%s'", table->name);
	if (log->status != LOG_ENABLED)
		dyn_error_detail(DYN_POINT_IN_TIME_RECOVERY_UNAVAILABLE, "It is being enabled: transactions that wrote to the table before have not ended.",
						 "Point in time recovery is not enabled for table '%s'", table->name);
	return log;
}

char *
recovery_time_text(TimestampTz time)
{
	pg_time_t	seconds = timestamptz_to_time_t(time);
	const struct pg_tm *tm = pg_gmtime(&seconds);

	return psprintf("%04d-%02d-%02dT%02d:%02d:%02dZ", tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday, tm->tm_hour, tm->tm_min, tm->tm_sec);
}

/* The seconds that the window is shown in belong to it: who asks for its beginning gets the first moment. */
void
recovery_moment(const TableLog *log, TimestampTz time, LogMoment *moment)
{
	TimestampTz earliest;
	TimestampTz latest;

	recovery_window(log, &earliest, &latest);
	if (time >= earliest && time <= Max(latest, GetCurrentTimestamp()) &&
		(log_moment_at(log, time, moment) || log_first_moment(log, moment)))
		return;
	dyn_error(DYN_INVALID_RESTORE_TIME, "RestoreDateTime '%s' must be within EarliestRestorableDateTime '%s' and LatestRestorableDateTime '%s'",
			  recovery_time_text(time), recovery_time_text(earliest), recovery_time_text(latest));
}
