/*
 * export.c
 *		DescribeExport and ListExports, and what exports are known by.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/uuid.h"

#include "base/error.h"
#include "keep/transfer_job.h"
#include "op/arn.h"
#include "op/export.h"
#include "op/op.h"
#include "op/table_definition.h"
#include "op/transfer_arn.h"

#define DEFAULT_RESULTS 10		/* of ListExports */

/* ------------------------------------------------------------------------------------------------------------
 * The state
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_moment(WireWriter *writer, const char *horizon, const char *snapshot, const LogMoment *moment)
{
	transfer_write_integer(writer, horizon, moment->horizon);
	wire_text_member(writer, snapshot, moment->snapshot);
}

Jsonb *
export_state_jsonb(const ExportState *state)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	transfer_write_integer(&writer, "relation", state->relation);
	transfer_write_integer(&writer, "log", state->log);
	write_moment(&writer, "horizon", "snapshot", &state->moment);
	transfer_write_integer(&writer, "time", state->time);
	if (state->incremental)
	{
		write_moment(&writer, "from_horizon", "from_snapshot", &state->from);
		transfer_write_integer(&writer, "from_time", state->from_time);
	}
	transfer_write_integer(&writer, "billed", state->billed);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

/* A member that is an integer; 0 if it is not there. */
static int64
state_integer(Jsonb *state, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&state->root, name, strlen(name), &value) == NULL)
		return 0;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value.val.numeric)));
}

/* A member that is a string; NULL if it is not there. */
static char *
state_text(Jsonb *state, const char *name)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&state->root, name, strlen(name), &value) == NULL)
		return NULL;
	return pnstrdup(value.val.string.val, value.val.string.len);
}

void
export_state_read(Jsonb *jsonb, ExportState *state)
{
	memset(state, 0, sizeof(*state));
	state->relation = (Oid) state_integer(jsonb, "relation");
	state->log = (int32) state_integer(jsonb, "log");
	state->moment.horizon = state_integer(jsonb, "horizon");
	state->moment.snapshot = state_text(jsonb, "snapshot");
	state->time = state->moment.time = state_integer(jsonb, "time");
	state->from.horizon = state_integer(jsonb, "from_horizon");
	state->from.snapshot = state_text(jsonb, "from_snapshot");
	state->from_time = state->from.time = state_integer(jsonb, "from_time");
	state->incremental = state->from.snapshot != NULL;
	state->billed = state_integer(jsonb, "billed");
}

const RequestValue *
export_request(const Transfer *transfer)
{
	WireReader	reader;

	wire_read_jsonb(&reader, transfer->request);
	return request_read(&reader, OPERATION_ExportTableToPointInTime);
}

bool
export_is_ion(const RequestValue *request)
{
	return request_text_is(request, ExportTableToPointInTimeInput_ExportFormat, "ION");
}

bool
export_wants_old_images(const RequestValue *request)
{
	const RequestValue *specification = request_member(request, ExportTableToPointInTimeInput_IncrementalExportSpecification);

	return specification->present &&
		!request_text_is(specification, IncrementalExportSpecification_ExportViewType, "NEW_IMAGE");
}

char *
export_object_key(const Transfer *transfer, const char *name)
{
	const char *prefix = request_text(export_request(transfer), ExportTableToPointInTimeInput_S3Prefix);
	int			len = prefix ? strlen(prefix) : 0;

	/* one slash, whether the prefix has it or not */
	return psprintf("%s%sAWSDynamoDB/%s", prefix ? prefix : "", len > 0 && prefix[len - 1] != '/' ? "/" : "", name);
}

char *
export_data_key(const Transfer *transfer, const ExportState *state, const char *name)
{
	return export_object_key(transfer, state->incremental ? psprintf("data/%s", name) : psprintf("%s/data/%s", transfer->id, name));
}

/* ------------------------------------------------------------------------------------------------------------
 * Descriptions
 * ------------------------------------------------------------------------------------------------------------ */

/* One that was cancelled has failed, for callers. */
static const char *
export_status(const Transfer *transfer)
{
	return transfer->ended_at == 0 ? "IN_PROGRESS" : transfer->status == TRANSFER_COMPLETED ? "COMPLETED" : "FAILED";
}

static const char *
export_type(const Transfer *transfer)
{
	const char *type = request_text(export_request(transfer), ExportTableToPointInTimeInput_ExportType);

	return type ? type : "FULL_EXPORT";
}

/* A member as it was asked for, or what it is if it was not; NULL: nothing then. */
static void
write_given(WireWriter *response, const RequestValue *request, int member, const char *otherwise)
{
	const char *text = request_text(request, member);

	if (text != NULL || otherwise != NULL)
		wire_text_member(response, request_member_name(request, member), text ? text : otherwise);
}

static void
write_window(WireWriter *response, const RequestValue *specification, const ExportState *state)
{
	wire_member(response, "IncrementalExportSpecification");
	wire_object_start(response);
	transfer_write_time(response, "ExportFromTime", state->from_time);
	transfer_write_time(response, "ExportToTime", state->time);
	write_given(response, specification, IncrementalExportSpecification_ExportViewType, NULL);
	wire_object_end(response);
}

static void
write_end(WireWriter *response, const Transfer *transfer, const ExportState *state)
{
	transfer_write_time(response, "EndTime", transfer->ended_at);
	if (transfer->status == TRANSFER_COMPLETED)
	{
		transfer_write_integer(response, "BilledSizeBytes", state->billed);
		transfer_write_integer(response, "ItemCount", transfer->counts.written);
		wire_text_member(response, "ExportManifest",
						 export_object_key(transfer, psprintf("%s/manifest-summary.json", transfer->id)));
		return;
	}
	wire_text_member(response, "FailureCode", transfer->failure_code ? transfer->failure_code : "Cancelled");
	wire_text_member(response, "FailureMessage", transfer->failure_message ? transfer->failure_message : "The export was cancelled");
}

void
export_write_description(WireWriter *response, const Transfer *transfer)
{
	const RequestValue *request = export_request(transfer);
	const RequestValue *filter = request_member(request, ExportTableToPointInTimeInput_FilterSpecification);
	ExportState state;

	export_state_read(transfer->state, &state);
	wire_object_start(response);
	wire_member(response, "ExportDescription");
	wire_object_start(response);
	wire_text_member(response, "ExportArn", transfer_arn(transfer));
	wire_text_member(response, "ExportStatus", export_status(transfer));
	transfer_write_time(response, "StartTime", transfer->started_at);
	wire_text_member(response, "TableArn", arn_of_table(transfer->table_name));
	wire_text_member(response, "TableId", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&transfer->table_id))));
	if (!state.incremental)
		transfer_write_time(response, "ExportTime", state.time);
	wire_text_member(response, "ClientToken", transfer->client_token);
	write_given(response, request, ExportTableToPointInTimeInput_S3Bucket, NULL);
	write_given(response, request, ExportTableToPointInTimeInput_S3BucketOwner, NULL);
	write_given(response, request, ExportTableToPointInTimeInput_S3Prefix, NULL);
	write_given(response, request, ExportTableToPointInTimeInput_S3SseAlgorithm, "AES256");
	write_given(response, request, ExportTableToPointInTimeInput_S3SseKmsKeyId, NULL);
	write_given(response, request, ExportTableToPointInTimeInput_ExportFormat, "DYNAMODB_JSON");
	write_given(response, request, ExportTableToPointInTimeInput_ExportType, NULL);
	if (state.incremental)
		write_window(response, request_member(request, ExportTableToPointInTimeInput_IncrementalExportSpecification), &state);
	if (filter->present)
	{
		wire_member(response, "FilterSpecification");
		request_write(response, filter);
	}
	if (transfer->ended_at != 0)
		write_end(response, transfer, &state);
	wire_object_end(response);
	wire_object_end(response);
}

/* ------------------------------------------------------------------------------------------------------------
 * Operations
 * ------------------------------------------------------------------------------------------------------------ */

void
op_describe_export(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, DescribeExportInput_ExportArn);
	const Transfer *transfer = NULL;
	char	   *table_name;
	char	   *id;

	switch (transfer_parse_arn(TRANSFER_EXPORT, arn->as.string.text, arn->as.string.len, &table_name, &id))
	{
		case TRANSFER_ARN_OK:
			transfer = transfer_of_arn(TRANSFER_EXPORT, table_name, id);
			break;
		case TRANSFER_ARN_MALFORMED:
			dyn_invalid("Invalid Export ARN");
		case TRANSFER_ARN_DENIED:
			dyn_error(DYN_ACCESS_DENIED, "Access is denied");
		case TRANSFER_ARN_ELSEWHERE:
			dyn_error(DYN_EXPORT_NOT_FOUND, "Export not found: Invalid export arn");
	}
	if (transfer == NULL)
		dyn_error(DYN_EXPORT_NOT_FOUND, "Export not found: Export not found: %s", arn->as.string.text);
	if (transfer->ended_at == 0)
		transfer_job_resume(transfer->id);
	export_write_description(response, transfer);
}

/* The table whose exports are listed: those of an earlier one of the name are not its own. */
static const TableInfo *
listed_table(const RequestValue *text)
{
	ResourceArn arn;

	arn_parse_resource(text->as.string.text, text->as.string.len, &arn);
	if (arn.kind != ARN_TABLE)
		dyn_invalid("One or more parameter values were invalid: tableArn is not a valid ARN");
	if (!arn.is_own_account)
		dyn_error(DYN_ACCESS_DENIED, "Access is denied");
	return arn.is_own_region ? catalog_table(arn.table, arn.table_len) : NULL;
}

static void
write_summary(WireWriter *response, const Transfer *transfer)
{
	wire_object_start(response);
	wire_text_member(response, "ExportArn", transfer_arn(transfer));
	wire_text_member(response, "ExportStatus", export_status(transfer));
	wire_text_member(response, "ExportType", export_type(transfer));
	wire_object_end(response);
}

/* Exports, one more than is wanted if there are more. */
static List *
exports_of(const TableInfo *table, const char *after, int limit)
{
	List	   *found = NIL;

	while (list_length(found) <= limit)
	{
		List	   *next = catalog_transfers(TRANSFER_EXPORT, table ? table->name : NULL, after, limit + 1);
		ListCell   *cell;

		foreach(cell, next)
		{
			const Transfer *transfer = (const Transfer *) lfirst(cell);

			after = transfer->id;
			if (table == NULL || memcmp(&transfer->table_id, &table->id, sizeof(table->id)) == 0)
				found = lappend(found, lfirst(cell));
		}
		if (list_length(next) <= limit)
			break;
	}
	return found;
}

void
op_list_exports(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, ListExportsInput_TableArn);
	const RequestValue *given = request_member(request, ListExportsInput_MaxResults);
	const char *after = transfer_read_token(TRANSFER_EXPORT, request_member(request, ListExportsInput_NextToken));
	int			limit = given->present ? (int) given->as.integer : DEFAULT_RESULTS;
	const TableInfo *table = arn->present ? listed_table(arn) : NULL;
	List	   *exports = arn->present && table == NULL ? NIL : exports_of(table, after, limit);

	transfer_write_list(response, "ExportSummaries", TRANSFER_EXPORT, exports, limit, write_summary);
}
