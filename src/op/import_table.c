/*
 * import_table.c
 *		ImportTable, DescribeImport and ListImports.
 *
 * The request is checked and its transfer begins; the table is made by the transfer's process, when it has seen the bucket.
 */
#include "postgres.h"

#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"

#include "base/error.h"
#include "base/settings.h"
#include "catalog/imports.h"
#include "keep/transfer_job.h"
#include "op/arn.h"
#include "op/create_table.h"
#include "op/op.h"
#include "op/table_check.h"
#include "op/transfer_arn.h"

#define DEFAULT_PAGE 10

/* ------------------------------------------------------------------------------------------------------------
 * Descriptions
 * ------------------------------------------------------------------------------------------------------------ */

/* Where the error lines would be at the service; here it is the server's log. */
static const char *
log_group_arn(void)
{
	return psprintf("arn:aws:logs:%s:%s:log-group:/aws-dynamodb/imports:*", dynapg_region, dynapg_account_id);
}

static void
write_uuid(WireWriter *response, const char *name, const pg_uuid_t *id)
{
	wire_text_member(response, name, DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id))));
}

/* Counts are shown when all is counted. */
static void
write_counts(WireWriter *response, const Transfer *import)
{
	bool		ended = import->ended_at != 0;

	if (ended)
		transfer_write_integer(response, "ProcessedSizeBytes", import->counts.bytes);
	transfer_write_integer(response, "ProcessedItemCount", ended ? import->counts.items : 0);
	transfer_write_integer(response, "ImportedItemCount", ended ? import->counts.written : 0);
}

static void
write_description(WireWriter *response, const Transfer *import)
{
	wire_object_start(response);
	wire_member(response, "ImportTableDescription");
	wire_object_start(response);
	wire_text_member(response, "ImportArn", transfer_arn(import));
	wire_text_member(response, "ImportStatus", catalog_transfer_status_name(import->status));
	wire_text_member(response, "TableArn", arn_of_table(import->table_name));
	write_uuid(response, "TableId", &import->table_id);
	wire_text_member(response, "ClientToken", import->client_token);
	transfer_write_member(response, import->request, "S3BucketSource");
	transfer_write_integer(response, "ErrorCount", import->ended_at != 0 ? import->counts.errors : 0);
	wire_text_member(response, "CloudWatchLogGroupArn", log_group_arn());
	transfer_write_member(response, import->request, "InputFormat");
	transfer_write_member(response, import->request, "InputFormatOptions");
	transfer_write_member(response, import->request, "InputCompressionType");
	transfer_write_member(response, import->request, "TableCreationParameters");
	transfer_write_time(response, "StartTime", import->started_at);
	transfer_write_time(response, "EndTime", import->ended_at);
	write_counts(response, import);
	if (import->failure_code != NULL)
		wire_text_member(response, "FailureCode", import->failure_code);
	if (import->failure_message != NULL)
		wire_text_member(response, "FailureMessage", import->failure_message);
	wire_object_end(response);
	wire_object_end(response);
}

static void
write_summary(WireWriter *response, const Transfer *import)
{
	wire_object_start(response);
	wire_text_member(response, "ImportArn", transfer_arn(import));
	wire_text_member(response, "ImportStatus", catalog_transfer_status_name(import->status));
	wire_text_member(response, "TableArn", arn_of_table(import->table_name));
	transfer_write_member(response, import->request, "S3BucketSource");
	wire_text_member(response, "CloudWatchLogGroupArn", log_group_arn());
	transfer_write_member(response, import->request, "InputFormat");
	transfer_write_time(response, "StartTime", import->started_at);
	transfer_write_time(response, "EndTime", import->ended_at);
	wire_object_end(response);
}

/* ------------------------------------------------------------------------------------------------------------
 * ImportTable
 * ------------------------------------------------------------------------------------------------------------ */

static void
check_options(const RequestValue *request)
{
	const RequestValue *options = request_member(request, ImportTableInput_InputFormatOptions);

	if (options->present && request_member(options, InputFormatOptions_Csv)->present &&
		!request_text_is(request, ImportTableInput_InputFormat, "CSV"))
		dyn_invalid("Invalid Request: Unsupported InputFormatOptions for the given input format: %s.",
					request_text(request, ImportTableInput_InputFormat));
}

/* The source, with the account that its bucket belongs to. */
static void
write_source(WireWriter *writer, const RequestValue *source)
{
	const char *owner = request_text(source, S3BucketSource_S3BucketOwner);

	wire_member(writer, "S3BucketSource");
	wire_object_start(writer);
	wire_text_member(writer, "S3BucketOwner", owner ? owner : dynapg_account_id);
	wire_text_member(writer, "S3Bucket", request_text(source, S3BucketSource_S3Bucket));
	transfer_write_given(writer, source, S3BucketSource_S3KeyPrefix);
	wire_object_end(writer);
}

/* What the description shows of the request. */
static Jsonb *
kept_request(const RequestValue *request)
{
	const char *compression = request_text(request, ImportTableInput_InputCompressionType);
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	write_source(&writer, request_member(request, ImportTableInput_S3BucketSource));
	transfer_write_given(&writer, request, ImportTableInput_InputFormat);
	transfer_write_given(&writer, request, ImportTableInput_InputFormatOptions);
	wire_text_member(&writer, "InputCompressionType", compression ? compression : "NONE");
	transfer_write_given(&writer, request, ImportTableInput_TableCreationParameters);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

static Jsonb *
first_state(Jsonb *plan)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	wire_member(&writer, "plan");
	wire_jsonb(&writer, plan);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

/*
 * The import that a token stands for already, whatever else the request says now; NULL if there is none.  A table that is
 * there is refused before a token is looked at, unless it is being made.
 */
static Transfer *
import_of_token(const char *token, const char *table_name)
{
	const TableInfo *existing = catalog_table(table_name, strlen(table_name));
	bool		is_there = existing != NULL && !catalog_is_being_imported(existing);
	Transfer   *import;

	if (is_there)
		dyn_error(DYN_RESOURCE_IN_USE, "Table already exists: %s", table_name);
	import = catalog_transfer_of_token(TRANSFER_IMPORT, token);
	if (import != NULL && strcmp(import->table_name, table_name) != 0)
		dyn_error(DYN_IMPORT_CONFLICT, "Import conflict: Duplicate request detected with conflicting parameters");
	if (import == NULL && existing != NULL)
		dyn_error(DYN_RESOURCE_IN_USE, "Table already exists: %s", table_name);
	return import;
}

void
op_import_table(const RequestValue *request, WireWriter *response)
{
	const RequestValue *parameters = request_member(request, ImportTableInput_TableCreationParameters);
	const char *table_name = request_text(parameters, TableCreationParameters_TableName);
	const char *token = request_text(request, ImportTableInput_ClientToken);
	Jsonb	   *plan;
	Transfer   *import;

	check_options(request);
	plan = create_table_plan(parameters);
	import = import_of_token(token, table_name);
	if (import == NULL)
	{
		pg_uuid_t  *table_id = DatumGetUUIDP(OidFunctionCall0(F_GEN_RANDOM_UUID));

		catalog_require_creator(table_name, strlen(table_name));
		create_table_check_plan(plan);
		import = catalog_begin_transfer(TRANSFER_IMPORT, table_name, table_id, token, kept_request(request), first_state(plan));
		transfer_job_start(import->id);
	}
	write_description(response, import);
}

/* ------------------------------------------------------------------------------------------------------------
 * DescribeImport, ListImports
 * ------------------------------------------------------------------------------------------------------------ */

void
op_describe_import(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, DescribeImportInput_ImportArn);
	Transfer   *import = NULL;
	char	   *table_name;
	char	   *id;

	switch (transfer_parse_arn(TRANSFER_IMPORT, arn->as.string.text, arn->as.string.len, &table_name, &id))
	{
		case TRANSFER_ARN_OK:
			import = transfer_of_arn(TRANSFER_IMPORT, table_name, id);
			break;
		case TRANSFER_ARN_MALFORMED:
			dyn_invalid("Invalid Import ARN");
			break;
		case TRANSFER_ARN_DENIED:
			dyn_error(DYN_ACCESS_DENIED, "Access is denied");
			break;
		case TRANSFER_ARN_ELSEWHERE:
			dyn_error(DYN_IMPORT_NOT_FOUND, "Import not found: Invalid import arn");
			break;
	}
	if (import == NULL)
		dyn_error(DYN_IMPORT_NOT_FOUND, "Import not found: Import not found: %s", arn->as.string.text);
	transfer_job_resume(import->id);
	write_description(response, import);
}

/* The name of the table whose imports are asked for; NULL: all. */
static const char *
table_of_arn(const RequestValue *text)
{
	TableArn	arn;

	if (!text->present)
		return NULL;
	if (!arn_parse_table(text->as.string.text, text->as.string.len, &arn))
		dyn_invalid(INVALID "tableArn is not a valid ARN");
	if (!arn_part_is(arn.account, arn.account_len, dynapg_account_id))
		dyn_error(DYN_ACCESS_DENIED, "Access is denied");
	return pnstrdup(arn.name, arn.name_len);
}

void
op_list_imports(const RequestValue *request, WireWriter *response)
{
	const RequestValue *page_size = request_member(request, ListImportsInput_PageSize);
	int			limit = page_size->present ? (int) page_size->as.integer : DEFAULT_PAGE;
	const char *table_name = table_of_arn(request_member(request, ListImportsInput_TableArn));
	char	   *after = transfer_read_token(TRANSFER_IMPORT, request_member(request, ListImportsInput_NextToken));
	List	   *imports = catalog_transfers(TRANSFER_IMPORT, table_name, after, limit + 1);

	transfer_write_list(response, "ImportSummaryList", TRANSFER_IMPORT, imports, limit, write_summary);
}
