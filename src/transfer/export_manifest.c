/*
 * export_manifest.c
 *		What an export says of itself in its bucket.
 */
#include "postgres.h"

#include "pgtime.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "op/arn.h"
#include "op/transfer_arn.h"
#include "transfer/export.h"
#include "value/wire.h"

#define VERSION_FULL		"2020-06-30"
#define VERSION_INCREMENTAL	"2023-08-01"

/* 2020-11-04T07:28:34.028Z */
static char *
time_text(TimestampTz time)
{
	struct pg_tm tm;
	fsec_t		fraction;

	if (timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		elog(ERROR, "timestamp out of range");
	return psprintf("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year, tm.tm_mon, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
					(int) (fraction / 1000));
}

static void
write_or_null(WireWriter *writer, const char *name, const char *text)
{
	wire_member(writer, name);
	if (text != NULL)
		wire_cstring(writer, text);
	else
		wire_null(writer);
}

/* A JSON object and its checksum. */
static void
put_with_checksum(const Export *export, ObjectStore *store, const char *name, StringInfo text)
{
	char	   *key = export_object_key(export->transfer, psprintf("%s/%s", export->transfer->id, name));
	char	   *sum = md5_base64(text->data, text->len);

	(void) object_put(store, psprintf("%s.json", key), text->data, text->len);
	(void) object_put(store, psprintf("%s.md5", key), sum, strlen(sum));
}

/* A line for each data file. */
static void
put_file_list(const Export *export, ObjectStore *store, List *parts)
{
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, parts)
	{
		const TransferPart *part = (const TransferPart *) lfirst(cell);
		WireWriter	writer;

		wire_write_text(&writer, &text);
		wire_object_start(&writer);
		transfer_write_integer(&writer, "itemCount", part->counts.written);
		transfer_write_member(&writer, part->state, "md5Checksum");
		transfer_write_member(&writer, part->state, "etag");
		wire_text_member(&writer, "dataFileS3Key", part->name);
		wire_object_end(&writer);
		appendStringInfoChar(&text, '\n');
	}
	put_with_checksum(export, store, "manifest-files", &text);
}

static void
write_times(WireWriter *writer, const Export *export)
{
	const RequestValue *specification = request_member(export->request,
													   ExportTableToPointInTimeInput_IncrementalExportSpecification);
	const char *view;

	if (!export->state.incremental)
	{
		wire_text_member(writer, "exportTime", time_text(export->state.time));
		return;
	}
	view = request_text(specification, IncrementalExportSpecification_ExportViewType);
	wire_text_member(writer, "exportFromTime", time_text(export->state.from_time));
	wire_text_member(writer, "exportToTime", time_text(export->state.time));
	wire_text_member(writer, "outputView", view ? view : "NEW_AND_OLD_IMAGES");
}

static void
put_summary(const Export *export, ObjectStore *store, List *parts)
{
	const Transfer *transfer = export->transfer;
	const RequestValue *request = export->request;
	const char *algorithm = request_text(request, ExportTableToPointInTimeInput_S3SseAlgorithm);
	StringInfoData text;
	WireWriter	writer;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	wire_object_start(&writer);
	wire_text_member(&writer, "version", export->state.incremental ? VERSION_INCREMENTAL : VERSION_FULL);
	wire_text_member(&writer, "exportArn", transfer_arn(transfer));
	wire_text_member(&writer, "startTime", time_text(transfer->started_at));
	wire_text_member(&writer, "endTime", time_text(GetCurrentTimestamp()));
	wire_text_member(&writer, "tableArn", arn_of_table(transfer->table_name));
	wire_text_member(&writer, "tableId", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&transfer->table_id))));
	write_times(&writer, export);
	wire_text_member(&writer, "s3Bucket", export->bucket);
	write_or_null(&writer, "s3Prefix", request_text(request, ExportTableToPointInTimeInput_S3Prefix));
	wire_text_member(&writer, "s3SseAlgorithm", algorithm ? algorithm : "AES256");
	write_or_null(&writer, "s3SseKmsKeyId", request_text(request, ExportTableToPointInTimeInput_S3SseKmsKeyId));
	wire_text_member(&writer, "manifestFilesS3Key",
					  export_object_key(transfer, psprintf("%s/manifest-files.json", transfer->id)));
	transfer_write_integer(&writer, "billedSizeBytes", export->state.billed);
	transfer_write_integer(&writer, "itemCount", transfer->counts.written);
	wire_text_member(&writer, "outputFormat", export_is_ion(request) ? "ION" : "DYNAMODB_JSON");
	if (export->state.incremental)
		wire_text_member(&writer, "exportType", "INCREMENTAL_EXPORT");
	wire_object_end(&writer);
	put_with_checksum(export, store, "manifest-summary", &text);
}

/* The summary comes last: where it is, all else is. */
void
export_write_manifests(const Export *export, ObjectStore *store, List *parts)
{
	put_file_list(export, store, parts);
	put_summary(export, store, parts);
}
