/*
 * stream_record.c
 *		A log row as a record of the Streams API.
 */
#include "postgres.h"

#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "base/digest.h"
#include "base/settings.h"
#include "op/stream.h"
#include "value/attr.h"

#define EVENT_ID_BYTES 16

/*
 * 32 hexadecimal digits of SHA-256 over the table's id, the stream's label and the number: derived, so that each reader sees the same, and
 * another one for the record of another table, stream or database.
 */
char *
stream_event_id(const TableLog *log, int64 seq)
{
	static pg_cryptohash_ctx *context = NULL;
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *id = (char *) palloc(2 * EVENT_ID_BYTES + 1);
	char		number[MAXINT8LEN + 2] = "/";

	if (context == NULL)
		context = digest_context(PG_SHA256);
	if (context == NULL)
		elog(ERROR, "out of memory");
	if (pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, log->table_id.data, UUID_LEN) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) log->label, strlen(log->label)) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) number, 1 + pg_lltoa(seq, number + 1)) < 0 ||
		pg_cryptohash_final(context, digest, sizeof(digest)) < 0)
		digest_failed(context, "digest");
	id[hex_encode((const char *) digest, EVENT_ID_BYTES, id)] = '\0';
	return id;
}

const char *
stream_event_name(LogAction action)
{
	switch (action)
	{
		case LOG_INSERT:
			return "INSERT";
		case LOG_MODIFY:
			return "MODIFY";
		default:
			return "REMOVE";
	}
}

static void
write_image(WireWriter *response, const char *name, Jsonb *image)
{
	if (image == NULL)
		return;
	wire_member(response, name);
	attr_write_item(response, image);
}

static int
image_size(Jsonb *image)
{
	JsonbValue	map;

	if (image == NULL)
		return 0;
	attr_from_item(image, &map);
	return attr_map_size(&map);
}

/* The key attributes, which images hold too. */
Jsonb *
stream_record_keys(const TableLog *log, const LogRow *row)
{
	return row->keys ? row->keys : log_keys_of_schema(log->key_schema, row->item ? row->item : row->old);
}

int
stream_measure_record(const TableLog *log, LogRow *row)
{
	row->keys = stream_record_keys(log, row);
	return image_size(row->keys) + image_size(row->item) + image_size(row->old);
}

/* The member dynamodb. */
static void
write_change(WireWriter *response, const TableLog *log, const LogRow *row, int size)
{
	wire_object_start(response);
	wire_member(response, "ApproximateCreationDateTime");
	wire_double(response, (double) timestamptz_to_time_t(row->written_at));
	write_image(response, "Keys", row->keys);
	write_image(response, "NewImage", row->item);
	write_image(response, "OldImage", row->old);
	wire_text_member(response, "SequenceNumber", stream_sequence_number(row->seq));
	wire_member(response, "SizeBytes");
	wire_integer(response, size);
	wire_text_member(response, "StreamViewType", catalog_view_name(log->view));
	wire_object_end(response);
}

static void
write_origin(WireWriter *response, const TableLog *log, const RecordOrigin *origin)
{
	wire_text_member(response, "eventSourceARN", origin->arn ? origin->arn : stream_arn(log));
	if (origin->for_lambda)
		return;
	wire_text_member(response, "tableName", log->table_name);
	wire_member(response, "xid");
	wire_integer(response, origin->xid);
	if (!XLogRecPtrIsInvalid(origin->lsn))
		wire_text_member(response, "lsn", psprintf("%X/%X", LSN_FORMAT_ARGS(origin->lsn)));
}

/* Whose doing the removal of an item that has expired is. */
static void
write_identity(WireWriter *response, bool for_lambda)
{
	wire_member(response, "userIdentity");
	wire_object_start(response);
	wire_text_member(response, for_lambda ? "principalId" : "PrincipalId", "dynamodb.amazonaws.com");
	wire_text_member(response, for_lambda ? "type" : "Type", "Service");
	wire_object_end(response);
}

void
stream_write_record(WireWriter *response, const TableLog *log, const LogRow *row, int size, const RecordOrigin *origin)
{
	wire_object_start(response);
	wire_text_member(response, "eventID", stream_event_id(log, row->seq));
	wire_text_member(response, "eventName", stream_event_name(row->action));
	wire_text_member(response, "eventVersion", "1.1");
	wire_text_member(response, "eventSource", "aws:dynamodb");
	wire_text_member(response, "awsRegion", dynapg_region);
	wire_member(response, "dynamodb");
	write_change(response, log, row, size);
	if (origin != NULL)
		write_origin(response, log, origin);
	if (row->action == LOG_EXPIRE)
		write_identity(response, origin != NULL && origin->for_lambda);
	wire_object_end(response);
}
