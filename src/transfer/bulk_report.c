/*
 * bulk_report.c
 *		What a bulk put leaves in its output bucket.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "keep/step.h"
#include "op/table_definition.h"
#include "op/transfer_arn.h"
#include "transfer/bulk_report.h"
#include "transfer/input_request.h"
#include "transfer/transfer.h"
#include "value/attr.h"

/* An object has so many bytes of lines, and the rest of one. */
#define OBJECT_BYTES (8 * 1024 * 1024)

static const char *const kind_folders[] = {
	[REPORT_ERROR] = "errors",
	[REPORT_CONDITION] = "condition-check-failures"
};

static const char *const kind_names[] = {
	[REPORT_ERROR] = "ERROR",
	[REPORT_CONDITION] = "CONDITION_CHECK_FAILURE"
};

/* ------------------------------------------------------------------------------------------------------------
 * The bucket
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_wanted(JsonbContainer *output, const char *name)
{
	JsonbContainer *types = request_container(output, "OutputType");

	for (uint32 i = 0; types != NULL && i < JsonContainerSize(types); i++)
	{
		const JsonbValue *type = getIthJsonbValueFromContainer(types, i);

		if (type->val.string.len == strlen(name) && memcmp(type->val.string.val, name, strlen(name)) == 0)
			return true;
	}
	return false;
}

/* A prefix is kept as it is, and joined by one slash. */
static char *
folder_of(const char *prefix, const char *id)
{
	int			len = prefix ? strlen(prefix) : 0;

	return psprintf("%s%sAWSDynamoDB/%s/", len > 0 ? prefix : "", len > 0 && prefix[len - 1] != '/' ? "/" : "", id);
}

BulkReport *
bulk_report_open(const Transfer *bulk)
{
	BulkReport *report = (BulkReport *) palloc0(sizeof(BulkReport));
	JsonbContainer *output = request_container(&bulk->request->root, "OutputS3Configuration");
	const char *encryption = request_string(output, "S3SseAlgorithm");

	report->bulk = bulk;
	report->folder = folder_of(request_string(output, "S3KeyPrefix"), bulk->id);
	for (int kind = 0; kind < REPORT_OBJECT; kind++)
		report->wanted[kind] = is_wanted(output, kind_names[kind]);
	report->store = input_open_store(bulk, request_string(output, "S3Bucket"), request_string(output, "S3BucketOwner"), OBJECT_WRITE);
	if (encryption != NULL)
		object_store_encrypt(report->store, encryption, request_string(output, "S3SseKmsKeyId"));
	return report;
}

void
bulk_report_start(BulkReport *report)
{
	(void) object_put(report->store, psprintf("%s_started", report->folder), "", 0);
}

/* ------------------------------------------------------------------------------------------------------------
 * Lines
 * ------------------------------------------------------------------------------------------------------------ */

char *
bulk_report_error(const BulkReport *report, const InputRequest *request, const char *key, int64 item_index, const char *message)
{
	return input_error_line(request, key, item_index, "bulkOperationArn", transfer_arn(report->bulk), message);
}

char *
bulk_report_condition(const BulkReport *report, const InputRequest *request, const char *key, int64 item_index,
					  const JsonbValue *item, Jsonb *existing)
{
	StringInfoData line;
	WireWriter	writer;

	initStringInfo(&line);
	wire_write_text(&writer, &line);
	wire_object_start(&writer);
	input_write_pointer(&writer, request, key, item_index);
	wire_text_member(&writer, "bulkOperationArn", transfer_arn(report->bulk));
	wire_member(&writer, "Item");
	attr_write_map(&writer, item);
	if (existing != NULL)
	{
		wire_member(&writer, "ExistingItem");
		attr_write_item(&writer, existing);
	}
	wire_object_end(&writer);
	return line.data;
}

/* ------------------------------------------------------------------------------------------------------------
 * Objects
 * ------------------------------------------------------------------------------------------------------------ */

static char *
object_line(const char *key, const char *etag, int64 count, TransferReportKind kind)
{
	StringInfoData line;
	WireWriter	writer;

	initStringInfo(&line);
	wire_write_text(&writer, &line);
	wire_object_start(&writer);
	wire_text_member(&writer, "outputType", kind_names[kind]);
	transfer_write_integer(&writer, "itemCount", count);
	wire_text_member(&writer, "etag", etag);
	wire_text_member(&writer, "dataFileS3Key", key);
	wire_object_end(&writer);
	return line.data;
}

/* The oldest lines of a kind, and the number of the object that they go into; in the current context. */
static bool
next_lines(const BulkReport *report, TransferReportKind kind, TransferReportLines *lines, int64 *object)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext inner;
	bool		found;

	if (!step_begin(true))
		return false;
	inner = MemoryContextSwitchTo(context);
	*object = catalog_count_reports(report->bulk->id, REPORT_OBJECT) + 1;
	found = catalog_report_lines(report->bulk->id, kind, 0, OBJECT_BYTES, lines);
	MemoryContextSwitchTo(inner);
	step_commit();
	MemoryContextSwitchTo(context);
	return found;
}

/* The lines are in an object. */
static void
note_object(const BulkReport *report, TransferReportKind kind, const TransferReportLines *lines, const char *key, const char *etag)
{
	MemoryContext context = CurrentMemoryContext;
	TransferReport object = {.kind = REPORT_OBJECT, .part = -1, .item_index = lines->count, .message = key};

	if (!step_begin(true))
		return;
	object.line = object_line(key, etag, lines->count, kind);
	catalog_forget_reports(report->bulk->id, kind, lines->last);
	catalog_add_reports(report->bulk->id, list_make1(&object));
	step_commit();
	MemoryContextSwitchTo(context);
}

bool
bulk_report_flush(BulkReport *report, bool all)
{
	TransferReportLines lines;
	int64		number;

	if (!all && report->waiting < OBJECT_BYTES)
		return false;
	for (int kind = 0; kind < REPORT_OBJECT; kind++)
	{
		if (next_lines(report, (TransferReportKind) kind, &lines, &number))
		{
			char	   *key = psprintf("%s%s/%08lld.json", report->folder, kind_folders[kind], (long long) number);

			note_object(report, (TransferReportKind) kind, &lines, key,
						object_put(report->store, key, lines.lines, strlen(lines.lines)));
			report->waiting = Max(report->waiting - (int64) strlen(lines.lines), 0);
			return true;
		}
	}
	report->waiting = 0;
	return false;
}

/* ------------------------------------------------------------------------------------------------------------
 * Manifests
 * ------------------------------------------------------------------------------------------------------------ */

static char *
summary(const BulkReport *report, const Transfer *bulk, TransferStatus status, const char *files_key)
{
	StringInfoData text;
	WireWriter	writer;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	wire_object_start(&writer);
	wire_text_member(&writer, "version", "2020-06-30");
	wire_text_member(&writer, "bulkOperationArn", transfer_arn(bulk));
	wire_text_member(&writer, "bulkOperationStatus", catalog_transfer_status_name(status));
	wire_text_member(&writer, "tableName", bulk->table_name);
	transfer_write_time(&writer, "startTime", bulk->started_at);
	transfer_write_integer(&writer, "processedItemCount", bulk->counts.items);
	transfer_write_integer(&writer, "failedItemCount", bulk->counts.errors);
	transfer_write_integer(&writer, "processedInputBytes", bulk->counts.bytes);
	wire_text_member(&writer, "manifestFilesS3Key", files_key);
	wire_object_end(&writer);
	return text.data;
}

/* Lines of manifest-files.json. */
static char *
all_objects(const BulkReport *report)
{
	MemoryContext context = CurrentMemoryContext;
	StringInfoData text;
	TransferReportLines lines = {0};

	initStringInfo(&text);
	if (!step_begin(true))
		return text.data;
	while (catalog_report_lines(report->bulk->id, REPORT_OBJECT, lines.last, OBJECT_BYTES, &lines))
		appendStringInfoString(&text, lines.lines);
	step_commit();
	MemoryContextSwitchTo(context);
	return text.data;
}

void
bulk_report_finish(BulkReport *report, const Transfer *bulk, TransferStatus status)
{
	char	   *files_key = psprintf("%smanifest-files.json", report->folder);
	char	   *files = all_objects(report);
	char	   *text = summary(report, bulk, status, files_key);

	(void) object_put(report->store, files_key, files, strlen(files));
	(void) object_put(report->store, psprintf("%smanifest-summary.json", report->folder), text, strlen(text));
}
