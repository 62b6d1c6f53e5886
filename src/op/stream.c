/*
 * stream.c
 *		Streams' names, numbers and readers.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "base/error.h"
#include "base/settings.h"
#include "base/sync_wait.h"
#include "meter/meter.h"
#include "op/arn.h"
#include "op/op.h"
#include "op/stream.h"
#include "storage/storage.h"

/* What a number has before it on the wire: 10^20. */
#define SEQUENCE_PREFIX "1"
#define SEQUENCE_DIGITS 20

bool
stream_is_switched(const TableInfo *table)
{
	const TableLog *stream = catalog_latest_stream(table);

	return stream != NULL && (stream->status == LOG_ENABLING || stream->status == LOG_DISABLING);
}

char *
stream_arn(const TableLog *log)
{
	return psprintf("%s/stream/%s", arn_of_table(log->table_name), log->label);
}

const TableLog *
stream_of_request(const RequestValue *arn)
{
	return stream_of_arn(arn->as.string.text, arn->as.string.len);
}

const TableLog *
stream_of_arn(const char *text, int len)
{
	ResourceArn parts;
	const TableLog *log = NULL;

	arn_parse_resource(text, len, &parts);
	if (parts.kind != ARN_STREAM)
		dyn_invalid("Invalid StreamArn: %s", text);
	if (parts.is_own_account && parts.is_own_region)
		log = catalog_stream(pnstrdup(parts.table, parts.table_len), parts.table + parts.table_len + strlen("/stream/"));
	if (log == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Stream: %s not found", text);
	return log;
}

static _Noreturn void raise_denied(const TableLog *log);

static void
raise_denied(const TableLog *log)
{
	dyn_error_detail(DYN_ACCESS_DENIED, "The stream's table is gone, and the role has not its last owner's privileges.",
					 "User: arn:aws:iam::%s:user/%s is not authorized to perform: dynamodb:%s on resource: %s",
					 dynapg_account_id, GetUserNameFromId(GetUserId(), false), dyn_operation, stream_arn(log));
}

void
stream_require_reader(const TableLog *log)
{
	const TableInfo *table = OidIsValid(log->relation) ? catalog_table_of_relation(log->relation) : NULL;

	if (table != NULL)
		storage_require_reader(table, GetUserId());
	else if (!has_privs_of_role(GetUserId(), log->owner))
		raise_denied(log);
}

const LogShard *
stream_shard(const TableLog *log, const RequestValue *id)
{
	ListCell   *cell;

	foreach(cell, log_shards(log))
	{
		const LogShard *shard = (const LogShard *) lfirst(cell);

		if (strcmp(shard->id, id->as.string.text) == 0)
			return shard;
	}
	dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Shard does not exist");
}

void
stream_write_names(WireWriter *response, const TableLog *log)
{
	wire_text_member(response, "StreamArn", stream_arn(log));
	wire_text_member(response, "TableName", log->table_name);
	wire_text_member(response, "StreamLabel", pstrdup(log->label));
}

char *
stream_sequence_number(int64 seq)
{
	int			prefix = strlen(SEQUENCE_PREFIX);
	char	   *text = (char *) palloc(prefix + SEQUENCE_DIGITS + 1);

	memcpy(text, SEQUENCE_PREFIX, prefix);
	for (int i = SEQUENCE_DIGITS - 1; i >= 0; i--, seq /= 10)
		text[prefix + i] = '0' + seq % 10;
	text[prefix + SEQUENCE_DIGITS] = '\0';
	return text;
}

int64
stream_read_sequence_number(const RequestValue *text)
{
	return stream_number_of_text(text->as.string.text, text->as.string.len);
}

int64
stream_number_of_text(const char *digits, int len)
{
	if (strspn(digits, "0123456789") != len)
		dyn_invalid("Invalid SequenceNumber: %s", digits);
	while (len > 1 && *digits == '0')
	{
		digits++;
		len--;
	}
	if (len < SEQUENCE_DIGITS + 1)
		return 0;
	/* 19 digits fit, whatever they are */
	if (len > SEQUENCE_DIGITS + 1 || strncmp(digits, SEQUENCE_PREFIX "0", 2) != 0)
		return PG_INT64_MAX;
	return strtoll(digits + 2, NULL, 10);
}

void
stream_flush_what_was_read(void)
{
	if (!RecoveryInProgress())
		sync_wait_for_all();
}

void
stream_make_answer_durable(void)
{
	if (!op_answer_waits)
		stream_flush_what_was_read();
}

void
stream_tell_read(const TableLog *log, int64 records, int64 bytes)
{
	const TableInfo *table = meter_is_on() ? catalog_table_of_relation(log->relation) : NULL;

	if (table == NULL)
		return;
	meter_table(table);
	meter_stream(log, records, bytes);
}
