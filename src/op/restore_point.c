/*
 * restore_point.c
 *		RestoreTableToPointInTime.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timestamp.h"

#include "base/error.h"
#include "log/log_keeper.h"
#include "op/arn.h"
#include "op/continuous_backups.h"
#include "op/op.h"
#include "op/restore_table.h"
#include "op/table_check.h"
#include "storage/storage.h"

static void
check_times(const RequestValue *request)
{
	const RequestValue *latest = request_member(request, RestoreTableToPointInTimeInput_UseLatestRestorableTime);
	const RequestValue *time = request_member(request, RestoreTableToPointInTimeInput_RestoreDateTime);

	if (time->present && latest->present && latest->as.boolean)
		dyn_invalid("Invalid Request: Both RestoreDateTime and UseLatestRestorableTime cannot be set for point-in-time restore request. "
					"Please specify either RestoreDateTime time or UseLatestRestorableTime");
	if (!time->present && !(latest->present && latest->as.boolean))
		dyn_invalid("Invalid Request: Either one of RestoreDateTime or UseLatestRestorableTime must be specified, but not both");
}

/* What a request says of its source: its name, or NULL where its ARN is of another Region. */
static const char *
source_name(const RequestValue *request, int *len)
{
	const RequestValue *arn = request_member(request, RestoreTableToPointInTimeInput_SourceTableArn);
	const RequestValue *name = request_member(request, RestoreTableToPointInTimeInput_SourceTableName);
	ResourceArn parts;

	if (arn->present && name->present)
		dyn_invalid("Must provide exactly one of: sourceTableArn, sourceTableName");
	if (!arn->present && !name->present)
		dyn_invalid("The parameter 'TableName' is required but was not present in the request");
	if (name->present)
	{
		*len = name->as.string.len;
		return name->as.string.text;
	}
	arn_parse_resource(arn->as.string.text, arn->as.string.len, &parts);
	if (parts.kind != ARN_TABLE)
		dyn_invalid(INVALID "sourceTableArn is not a valid ARN");
	if (!parts.is_own_account)
		dyn_invalid("This action is only supported by accounts that match the resource owner\xE2\x80\x99s account.");
	*len = parts.table_len;
	return parts.is_own_region ? parts.table : NULL;
}

/* The table, which stays there until the transaction ends. */
static const TableInfo *
source_table(const RequestValue *request, const char *name, int len)
{
	bool		by_arn = request_member(request, RestoreTableToPointInTimeInput_SourceTableArn)->present;
	const TableInfo *table = name == NULL || op_find_data_table(name, len) == NULL ? NULL :
		catalog_lock_table(name, len, AccessShareLock, false);

	if (table == NULL && by_arn)
		dyn_error(DYN_TABLE_NOT_FOUND, "Table not found");
	if (table == NULL)
		dyn_error(DYN_TABLE_NOT_FOUND, "Table not found: %.*s", len, name);
	return table;
}

/* Which moment is asked for; *time is what is said of it. */
static void
find_moment(const RequestValue *request, const TableLog *log, TimestampTz *time, LogMoment *moment)
{
	const RequestValue *given = request_member(request, RestoreTableToPointInTimeInput_RestoreDateTime);

	if (given->present)
	{
		*time = table_timestamp(given->as.real);
		recovery_moment(log, *time, moment);
		return;
	}
	(void) log_moment_now(log, moment);
	*time = moment->time;
}

static RestoreRequest
shared_members(const RequestValue *request)
{
	return (RestoreRequest) {
		.target = request_member(request, RestoreTableToPointInTimeInput_TargetTableName),
		.billing_mode = request_member(request, RestoreTableToPointInTimeInput_BillingModeOverride),
		.global_indexes = request_member(request, RestoreTableToPointInTimeInput_GlobalSecondaryIndexOverride),
		.local_indexes = request_member(request, RestoreTableToPointInTimeInput_LocalSecondaryIndexOverride),
		.vector_indexes = request_member(request, RestoreTableToPointInTimeInput_VectorIndexOverride),
		.throughput = request_member(request, RestoreTableToPointInTimeInput_ProvisionedThroughputOverride),
		.ceilings = request_member(request, RestoreTableToPointInTimeInput_OnDemandThroughputOverride),
		.encryption = request_member(request, RestoreTableToPointInTimeInput_SSESpecificationOverride)
	};
}

void
op_restore_table_to_point_in_time(const RequestValue *request, WireWriter *response)
{
	RestoreRequest members = shared_members(request);
	int			len;
	const char *name = source_name(request, &len);
	const TableInfo *table;
	const TableLog *log;
	LogMoment	moment;
	RestoreSource source;
	TableRestore restore = {0};

	check_times(request);
	restore_check_request(&members);
	table = source_table(request, name, len);
	storage_require_reader(table, GetUserId());
	log = recovery_log(table);
	table_resume_jobs(table);
	find_moment(request, log, &restore.restore_time, &moment);
	restore.source_table = pstrdup(table->name);
	restore.source = table->relation;
	restore.log = log->id;
	restore.horizon = moment.horizon;
	restore.snapshot = moment.snapshot;
	restore_source_of_table(table, &source);
	restore_table(&members, &source, &restore, response);
}
