/*
 * export_table.c
 *		ExportTableToPointInTime.
 *
 * What is checked here is what the service checks before it takes a request; what comes to light later (a bucket that is not there) has the export end as
 * FAILED.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/error.h"
#include "keep/transfer_job.h"
#include "log/log_keeper.h"
#include "op/arn.h"
#include "op/continuous_backups.h"
#include "op/export.h"
#include "op/op.h"
#include "op/table_check.h"

#define REQUEST "Invalid Request: "
#define PERIOD "Incremental export period "
#define SHORTEST_PERIOD (15 * SECS_PER_MINUTE * USECS_PER_SEC)
#define LONGEST_PERIOD (SECS_PER_DAY * USECS_PER_SEC)

/* ------------------------------------------------------------------------------------------------------------
 * What can be said of a request alone
 * ------------------------------------------------------------------------------------------------------------ */

/* The table's name in an ARN, whose Region does not matter. */
static const char *
name_of_arn(const RequestValue *text, int *len)
{
	ResourceArn arn;

	if (text->as.string.len == 0)
		dyn_invalid("Invalid TableArn: Invalid Table ARN");
	arn_parse_resource(text->as.string.text, text->as.string.len, &arn);
	if (arn.kind == ARN_NONE || arn.kind == ARN_OTHER)
		dyn_invalid(INVALID "tableArn is not a valid ARN");
	if (arn.kind != ARN_TABLE)
		dyn_invalid(REQUEST "Table ARN is invalid.");
	if (!arn.is_own_account)
		dyn_error(DYN_ACCESS_DENIED, "Access is denied");
	*len = arn.table_len;
	return arn.table;
}

static void
check_type(const RequestValue *request)
{
	const RequestValue *type = request_member(request, ExportTableToPointInTimeInput_ExportType);
	const RequestValue *specification = request_member(request, ExportTableToPointInTimeInput_IncrementalExportSpecification);

	if (!type->present && specification->present)
		dyn_invalid(REQUEST "Export Type expected to be Incremental Export when incremental export specification is provided");
	if (!type->present)
		return;
	if (strcmp(type->as.string.text, "FULL_EXPORT") == 0)
	{
		if (specification->present)
			dyn_invalid(REQUEST "When Export Type is Full Export , Incremental Export Specification should not be provided");
		return;
	}
	if (!specification->present)
		dyn_invalid(REQUEST "Incremental Export Specification expected when export type is set as Incremental Export");
	if (!request_member(specification, IncrementalExportSpecification_ExportFromTime)->present)
		dyn_invalid(REQUEST "ExportFromTime must be provided in IncrementalExportSpecification");
}

/* A key's id, an alias, or the ARN of either. */
static bool
is_kms_key(const char *text)
{
	const char *last = strrchr(text, ':');

	if (strncmp(text, "arn:", 4) == 0)
		return last != NULL && (strncmp(last, ":key/", 5) == 0 || strncmp(last, ":alias/", 7) == 0);
	return text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/_-")] == '\0';
}

static void
check_encryption_key(const RequestValue *request)
{
	const char *key = request_text(request, ExportTableToPointInTimeInput_S3SseKmsKeyId);

	if (key == NULL)
		return;
	if (!request_text_is(request, ExportTableToPointInTimeInput_S3SseAlgorithm, "KMS"))
		dyn_invalid(REQUEST "KMS Key Id is not supported for this encryption type");
	if (!is_kms_key(key))
		dyn_invalid(REQUEST "1 validation error detected: Value '%s' at 's3SseKmsKeyId' failed to satisfy constraint: Member must satisfy "
					"regular expression pattern: (arn:aws[a-z-]*:kms:[a-z0-9-]+:\\d{12}:(key|alias)/)?[a-zA-Z0-9/_-]+", key);
}

/* ------------------------------------------------------------------------------------------------------------
 * Times
 * ------------------------------------------------------------------------------------------------------------ */

/* The moment of a time within the window of the log. */
static void
moment_of_time(const TableLog *log, TimestampTz time, LogMoment *moment)
{
	TimestampTz earliest;
	TimestampTz latest;
	TimestampTz now = GetCurrentTimestamp();

	recovery_window(log, &earliest, &latest);
	if (time < earliest || time > now)
		dyn_error(DYN_INVALID_EXPORT_TIME, "Export Time is invalid");

	/* the seconds that the window is shown in belong to it */
	if (time >= Max(latest + USECS_PER_SEC, log_moments_end()) ||
		!(log_moment_at(log, time, moment) || log_first_moment(log, moment)))
		dyn_error(DYN_INVALID_EXPORT_TIME, "Point in Time Recovery is not available for specified export time");
}

/* Now, of which changes that are being committed may be no part. */
static TimestampTz
moment_now(const TableLog *log, LogMoment *moment)
{
	TimestampTz now = GetCurrentTimestamp();

	if (!log_moment_now(log, moment))
		dyn_error(DYN_INVALID_EXPORT_TIME, "Point in Time Recovery is not available for specified export time");
	return now - now % 1000;
}

static void
find_moment(const RequestValue *request, const TableLog *log, ExportState *state)
{
	const RequestValue *time = request_member(request, ExportTableToPointInTimeInput_ExportTime);

	if (!time->present)
	{
		state->time = moment_now(log, &state->moment);
		return;
	}
	state->time = table_timestamp(time->as.real);
	moment_of_time(log, state->time, &state->moment);
}

/* What is said of ExportFromTime whether or not the table can be restored. */
static void
check_begin(const RequestValue *specification, const TableInfo *table)
{
	TimestampTz from;

	if (!specification->present)
		return;
	from = table_timestamp(request_member(specification, IncrementalExportSpecification_ExportFromTime)->as.real);
	if (from < table->created_at)
		dyn_error(DYN_INVALID_EXPORT_TIME, PERIOD "from time cannot be less than the table creation time : %s",
				  recovery_time_text(from));
}

static void
check_period(TimestampTz from, TimestampTz to)
{
	if (to > GetCurrentTimestamp())
		dyn_error(DYN_INVALID_EXPORT_TIME, PERIOD "to time cannot be greater than the current time : %s", recovery_time_text(to));
	if (from >= to)
		dyn_error(DYN_INVALID_EXPORT_TIME, PERIOD "from time should not be greater or equal to incremental export period to time");
	if (to - from < SHORTEST_PERIOD)
		dyn_error(DYN_INVALID_EXPORT_TIME,
				  "Difference between export period from time and export period to time is less than 15 minutes");
	if (to - from > LONGEST_PERIOD)
		dyn_error(DYN_INVALID_EXPORT_TIME,
				  "Difference between export period from time and export period to time is more than 24 hours");
}

/*
 * Changes from a time on and before another: those that are no part of the last moment at or before the one, and part of that at or before the other.
 * Since a moment is the same for whoever asks for its time again, periods that follow each other leave nothing out.
 */
static void
find_period(const RequestValue *specification, const TableLog *log, ExportState *state)
{
	const RequestValue *to = request_member(specification, IncrementalExportSpecification_ExportToTime);

	state->incremental = true;
	state->from_time = table_timestamp(request_member(specification, IncrementalExportSpecification_ExportFromTime)->as.real);
	state->time = to->present ? table_timestamp(to->as.real) : moment_now(log, &state->moment);
	check_period(state->from_time, state->time);
	moment_of_time(log, state->from_time, &state->from);
	if (to->present)
		moment_of_time(log, state->time, &state->moment);
}

/* ------------------------------------------------------------------------------------------------------------
 * The operation
 * ------------------------------------------------------------------------------------------------------------ */

static const TableInfo *
find_table(const RequestValue *arn, const char *name, int len)
{
	const TableInfo *table = op_find_data_table(name, len) == NULL ? NULL :
		catalog_lock_table(name, len, AccessShareLock, false);

	if (table == NULL)
		dyn_error(DYN_TABLE_NOT_FOUND, "Table not found: %s", arn->as.string.text);
	return table;
}

/* The request without its token. */
static Jsonb *
request_jsonb(const RequestValue *request)
{
	RequestValue copy = *request;
	WireWriter	writer;

	copy.as.members = (RequestValue *) palloc(copy.shape->n_members * sizeof(RequestValue));
	memcpy(copy.as.members, request->as.members, copy.shape->n_members * sizeof(RequestValue));
	copy.as.members[ExportTableToPointInTimeInput_ClientToken - 1].present = false;
	wire_write_jsonb(&writer);
	request_write(&writer, &copy);
	return wire_writer_jsonb(&writer);
}

/* The export that has begun with a token; NULL: none yet. */
static const Transfer *
begun_export(const char *token, Jsonb *request)
{
	const Transfer *transfer = token ? catalog_transfer_of_token(TRANSFER_EXPORT, token) : NULL;

	if (transfer == NULL)
		return NULL;
	if (compareJsonbContainers(&transfer->request->root, &request->root) != 0)
		dyn_error(DYN_EXPORT_CONFLICT, "Export conflict: Duplicate request detected with conflicting parameters");
	transfer_job_resume(transfer->id);
	return transfer;
}

static const Transfer *
begin_export(const RequestValue *request, const TableInfo *table, const char *token, Jsonb *jsonb)
{
	const RequestValue *specification = request_member(request, ExportTableToPointInTimeInput_IncrementalExportSpecification);
	const TableLog *log;
	ExportState state = {.relation = table->relation};
	const Transfer *transfer;

	storage_require_reader(table, GetUserId());
	check_begin(specification, table);
	log = recovery_log(table);
	table_resume_jobs(table);
	state.log = log->id;
	if (specification->present)
		find_period(specification, log, &state);
	else
	{
		int64		items;

		find_moment(request, log, &state);
		storage_table_size(table->relation, &items, &state.billed);
	}
	if (token == NULL)
		token = DatumGetCString(DirectFunctionCall1(uuid_out, DirectFunctionCall1(gen_random_uuid, (Datum) 0)));
	transfer = catalog_begin_transfer(TRANSFER_EXPORT, table->name, &table->id, token, jsonb, export_state_jsonb(&state));
	transfer_job_start(transfer->id);
	log_want_keeper(GetCurrentTimestamp());
	return transfer;
}

void
op_export_table_to_point_in_time(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, ExportTableToPointInTimeInput_TableArn);
	const char *token = request_text(request, ExportTableToPointInTimeInput_ClientToken);
	Jsonb	   *jsonb = request_jsonb(request);
	int			len;
	const char *name = name_of_arn(arn, &len);
	const Transfer *transfer;
	Expressions expressions;
	ExportFilter filter;

	check_type(request);
	check_encryption_key(request);
	export_filter_read(request, &expressions);
	transfer = begun_export(token, jsonb);
	if (transfer == NULL)
	{
		const TableInfo *table = find_table(arn, name, len);

		export_filter_check(table, &expressions, &filter);
		transfer = begin_export(request, table, token, jsonb);
	}
	export_write_description(response, transfer);
}
