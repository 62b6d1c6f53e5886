/*
 * bulk_put.c
 *		StartBulkPutItems, DescribeBulkOperation, ListBulkOperations and CancelBulkOperation.
 *
 * The request is checked and its transfer begins; the transfer's process puts the items.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"

#include "base/error.h"
#include "base/settings.h"
#include "keep/transfer_job.h"
#include "op/arn.h"
#include "op/item_key.h"
#include "op/op.h"
#include "op/table_check.h"
#include "op/transfer_arn.h"
#include "storage/storage.h"

#define DEFAULT_PAGE 10

/* ------------------------------------------------------------------------------------------------------------
 * Descriptions
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_table(WireWriter *response, const Transfer *bulk)
{
	wire_member(response, "TableDetails");
	wire_array_start(response);
	wire_object_start(response);
	wire_text_member(response, "TableName", bulk->table_name);
	wire_text_member(response, "TableId", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&bulk->table_id))));
	wire_object_end(response);
	wire_array_end(response);
}

static void
write_description(WireWriter *response, const Transfer *bulk)
{
	wire_object_start(response);
	wire_member(response, "BulkOperationDescription");
	wire_object_start(response);
	wire_text_member(response, "BulkOperationArn", transfer_arn(bulk));
	wire_text_member(response, "BulkOperationStatus", catalog_transfer_status_name(bulk->status));
	write_table(response, bulk);
	wire_text_member(response, "ClientToken", bulk->client_token);
	transfer_write_member(response, bulk->request, "InputS3Configuration");
	transfer_write_member(response, bulk->request, "OutputS3Configuration");
	transfer_write_time(response, "StartTime", bulk->started_at);
	transfer_write_time(response, "EndTime", bulk->ended_at);
	transfer_write_integer(response, "ProcessedItemCount", bulk->counts.items);
	transfer_write_integer(response, "ProcessedInputBytes", bulk->counts.bytes);
	transfer_write_member(response, bulk->state, "TotalInputBytes");
	transfer_write_member(response, bulk->state, "BulkOperationUsage");
	transfer_write_integer(response, "FailedItemCount", bulk->counts.errors);
	if (bulk->failure_code != NULL)
		wire_text_member(response, "FailureCode", bulk->failure_code);
	if (bulk->failure_message != NULL)
		wire_text_member(response, "FailureMessage", bulk->failure_message);
	transfer_write_member(response, bulk->request, "MaxWriteRequestUnits");
	transfer_write_member(response, bulk->request, "PerformanceTier");
	wire_object_end(response);
	wire_object_end(response);
}

/* ------------------------------------------------------------------------------------------------------------
 * StartBulkPutItems
 * ------------------------------------------------------------------------------------------------------------ */

static void
check_output(const RequestValue *output)
{
	if (!request_member(output, OutputS3Configuration_S3Bucket)->present)
		dyn_invalid(INVALID "S3Bucket must be specified in OutputS3Configuration");
	if (request_member(output, OutputS3Configuration_S3SseKmsKeyId)->present &&
		!request_text_is(output, OutputS3Configuration_S3SseAlgorithm, "KMS"))
		dyn_invalid("Invalid Request: KMS Key Id is not supported for this encryption type");
	if (request_member(output, OutputS3Configuration_OutputType)->as.list.count == 0)
		dyn_invalid(INVALID "OutputType must have at least one value");
}

/* The table, which the current user may put items into. */
static const TableInfo *
table_to_fill(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table = catalog_table(name, len);
	TableStatus status = table != NULL ? catalog_table_status(table) : TABLE_DELETING;

	if (table == NULL)
		catalog_raise_not_found(name, len);
	if (status == TABLE_CREATING || status == TABLE_DELETING)
		table_refuse_in_use(status, table->name);
	storage_close(storage_open(table, STORAGE_PUT, false, GetUserId()));
	return table;
}

/* What the description shows of the request; it is also what must be the same under one token. */
static Jsonb *
kept_request(const RequestValue *request)
{
	const char *tier = request_text(request, StartBulkPutItemsInput_PerformanceTier);
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	transfer_write_given(&writer, request, StartBulkPutItemsInput_InputS3Configuration);
	transfer_write_given(&writer, request, StartBulkPutItemsInput_OutputS3Configuration);
	transfer_write_given(&writer, request, StartBulkPutItemsInput_MaxWriteRequestUnits);
	wire_text_member(&writer, "PerformanceTier", tier ? tier : "STANDARD");
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

static Jsonb *
first_state(void)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

/* The operation that a token stands for already; NULL if there is none. */
static Transfer *
bulk_of_token(const char *token, const TableInfo *table, const Jsonb *request)
{
	Transfer   *bulk = catalog_transfer_of_token(TRANSFER_BULK_PUT, token);

	if (bulk != NULL && (strcmp(bulk->table_name, table->name) != 0 || !op_same_item(bulk->request, request)))
		dyn_error(DYN_IDEMPOTENT_PARAMETER_MISMATCH,
				  "The request uses the same client token as a previous, but non-identical request. Do not reuse a client token "
				  "with different requests, unless the requests are identical.");
	return bulk;
}

/* A token for those who have sent none. */
static const char *
new_token(void)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, OidFunctionCall0(F_GEN_RANDOM_UUID)));
}

void
op_start_bulk_put_items(const RequestValue *request, WireWriter *response)
{
	const char *token = request_text(request, StartBulkPutItemsInput_ClientToken);
	const TableInfo *table;
	Jsonb	   *kept;
	Transfer   *bulk = NULL;

	check_output(request_member(request, StartBulkPutItemsInput_OutputS3Configuration));
	table = table_to_fill(request_member(request, StartBulkPutItemsInput_TableName));
	kept = kept_request(request);
	if (token != NULL)
		bulk = bulk_of_token(token, table, kept);
	if (bulk == NULL)
	{
		bulk = catalog_begin_transfer(TRANSFER_BULK_PUT, table->name, &table->id, token ? token : new_token(), kept, first_state());
		transfer_job_start(bulk->id);
	}
	write_description(response, bulk);
}

/* ------------------------------------------------------------------------------------------------------------
 * The others
 * ------------------------------------------------------------------------------------------------------------ */

static Transfer *
bulk_of_request(const RequestValue *arn)
{
	Transfer   *bulk = NULL;
	char	   *table_name;
	char	   *id;

	switch (transfer_parse_arn(TRANSFER_BULK_PUT, arn->as.string.text, arn->as.string.len, &table_name, &id))
	{
		case TRANSFER_ARN_OK:
			bulk = transfer_of_arn(TRANSFER_BULK_PUT, table_name, id);
			break;
		case TRANSFER_ARN_MALFORMED:
			dyn_invalid("Invalid Bulk Operation ARN");
			break;
		case TRANSFER_ARN_DENIED:
			dyn_error(DYN_ACCESS_DENIED, "Access is denied");
			break;
		case TRANSFER_ARN_ELSEWHERE:
			break;
	}
	if (bulk == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Bulk operation not found: %s", arn->as.string.text);
	return bulk;
}

void
op_describe_bulk_operation(const RequestValue *request, WireWriter *response)
{
	Transfer   *bulk = bulk_of_request(request_member(request, DescribeBulkOperationInput_BulkOperationArn));

	transfer_job_resume(bulk->id);
	write_description(response, bulk);
}

static void
write_summary(WireWriter *response, const Transfer *bulk)
{
	wire_object_start(response);
	wire_text_member(response, "BulkOperationArn", transfer_arn(bulk));
	wire_text_member(response, "BulkOperationStatus", catalog_transfer_status_name(bulk->status));
	transfer_write_time(response, "StartTime", bulk->started_at);
	transfer_write_time(response, "EndTime", bulk->ended_at);
	wire_object_end(response);
}

void
op_list_bulk_operations(const RequestValue *request, WireWriter *response)
{
	const RequestValue *max = request_member(request, ListBulkOperationsInput_MaxResults);
	int			limit = max->present ? (int) max->as.integer : DEFAULT_PAGE;
	char	   *after = transfer_read_token(TRANSFER_BULK_PUT, request_member(request, ListBulkOperationsInput_NextToken));
	List	   *bulks = catalog_transfers(TRANSFER_BULK_PUT, NULL, after, limit + 1);

	transfer_write_list(response, "BulkOperationsSummaryList", TRANSFER_BULK_PUT, bulks, limit, write_summary);
}

/* Who may end it: who asked for it, by the privileges of that role. */
static void
require_owner(const Transfer *bulk, const RequestValue *arn)
{
	if (!superuser() && !has_privs_of_role(GetUserId(), bulk->owner))
		dyn_error_detail(DYN_ACCESS_DENIED, "Only who has started the bulk operation may cancel it.",
						 "User: arn:aws:iam::%s:user/%s is not authorized to perform: dynamodb:%s on resource: %s",
						 dynapg_account_id, GetUserNameFromId(GetUserId(), false), dyn_operation, arn->as.string.text);
}

/* One that has ended stays as it is. */
void
op_cancel_bulk_operation(const RequestValue *request, WireWriter *response)
{
	const RequestValue *arn = request_member(request, CancelBulkOperationInput_BulkOperationArn);
	Transfer   *bulk = bulk_of_request(arn);

	require_owner(bulk, arn);
	if (catalog_cancel_transfer(bulk->id))
	{
		bulk->status = TRANSFER_CANCELLING;
		transfer_job_interrupt(bulk->id);
		transfer_job_resume(bulk->id);
	}
	wire_object_start(response);
	wire_text_member(response, "BulkOperationArn", transfer_arn(bulk));
	wire_text_member(response, "BulkOperationStatus", catalog_transfer_status_name(bulk->status));
	wire_object_end(response);
}
