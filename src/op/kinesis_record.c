/*
 * kinesis_record.c
 *		A log row as the record that a Kinesis stream gets.
 */
#include "postgres.h"

#include "common/sha2.h"
#include "common/cryptohash.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "base/unix_time.h"
#include "op/kinesis_record.h"
#include "op/stream.h"
#include "value/attr.h"

/* The first 16 bytes of SHA-256 over a table's id, and a text that tells what of it. */
static void
digest(const TableLog *log, const char *what, const void *bytes, size_t len, uint8 *hash)
{
	uint8		whole[PG_SHA256_DIGEST_LENGTH];
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, log->table_id.data, UUID_LEN) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) what, strlen(what)) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) bytes, len) < 0 ||
		pg_cryptohash_final(context, whole, sizeof(whole)) < 0)
		elog(ERROR, "could not compute a digest");
	pg_cryptohash_free(context);
	memcpy(hash, whole, UUID_LEN);
}

void
kinesis_partition_key(const TableLog *log, const LogRow *row, char *key)
{
	int			sort_len = VARSIZE_ANY_EXHDR(row->sort);
	uint8	   *item = (uint8 *) palloc(UUID_LEN + sort_len);
	uint8		hash[UUID_LEN];

	memcpy(item, row->hash.data, UUID_LEN);
	memcpy(item + UUID_LEN, VARDATA_ANY(row->sort), sort_len);
	digest(log, "/item/", item, UUID_LEN + sort_len, hash);
	pfree(item);
	for (int i = 0; i < UUID_LEN; i++)
		snprintf(key + 2 * i, 3, "%02X", hash[i]);
}

/* A UUID, derived as eventIDs of streams are: who gets a record twice knows it again. */
static char *
event_id(const TableLog *log, int64 seq)
{
	char	   *text = psprintf("%d/%lld", log->id, (long long) seq);
	uint8		h[UUID_LEN];

	digest(log, "/kinesis/", text, strlen(text), h);
	h[6] = (h[6] & 0x0f) | 0x40;
	h[8] = (h[8] & 0x3f) | 0x80;
	return psprintf("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", h[0], h[1], h[2], h[3], h[4], h[5], h[6],
					h[7], h[8], h[9], h[10], h[11], h[12], h[13], h[14], h[15]);
}

static void
write_image(WireWriter *writer, const char *name, Jsonb *image)
{
	if (image == NULL)
		return;
	wire_member(writer, name);
	attr_write_item(writer, image);
}

static void
write_change(WireWriter *writer, const LogRow *row, int size, bool microseconds)
{
	int64		time = unix_microseconds(row->written_at);

	wire_member(writer, "dynamodb");
	wire_object_start(writer);
	wire_member(writer, "ApproximateCreationDateTime");
	wire_integer(writer, microseconds ? time : time / 1000);
	if (microseconds)
		wire_text_member(writer, "ApproximateCreationDateTimePrecision", "MICROSECOND");
	write_image(writer, "Keys", row->keys);
	write_image(writer, "NewImage", row->item);
	write_image(writer, "OldImage", row->old);
	wire_member(writer, "SizeBytes");
	wire_integer(writer, size);
	wire_object_end(writer);
}

static void
write_identity(WireWriter *writer, const LogRow *row)
{
	wire_member(writer, "userIdentity");
	if (row->action != LOG_EXPIRE)
	{
		wire_null(writer);
		return;
	}
	wire_object_start(writer);
	wire_text_member(writer, "principalId", "dynamodb.amazonaws.com");
	wire_text_member(writer, "type", "Service");
	wire_object_end(writer);
}

char *
kinesis_record(const TableLog *log, LogRow *row, bool microseconds, int *len)
{
	int			size = stream_measure_record(log, row);
	StringInfoData text;
	WireWriter	writer;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	wire_object_start(&writer);
	wire_text_member(&writer, "awsRegion", dynapg_region);
	wire_text_member(&writer, "eventID", event_id(log, row->seq));
	wire_text_member(&writer, "eventName", stream_event_name(row->action));
	write_identity(&writer, row);
	wire_text_member(&writer, "recordFormat", "application/json");
	wire_text_member(&writer, "tableName", log->table_name);
	write_change(&writer, row, size, microseconds);
	wire_text_member(&writer, "eventSource", "aws:dynamodb");
	wire_object_end(&writer);
	*len = text.len;
	return text.data;
}
