/*
 * stream_iterator.c
 *		ShardIterator: <StreamArn>|1|<base64>, of a version byte, the position, when it was handed out, and an HMAC over that.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/error.h"
#include "op/signature.h"
#include "op/stream.h"
#include "port/pg_bswap.h"
#include "value/base64.h"

#define VERSION 1
#define LIFETIME_MS (15 * 60 * 1000)
#define DIVIDER "|1|"			/* between the ARN, which has none, and the signed bytes */

/* In network byte order. */
typedef struct IteratorBytes
{
	uint8		version;
	uint8		fields[4 + 4 + 4 + 8 + 8];
} IteratorBytes;

static void
put_number(uint8 **to, uint64 number, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*(*to)++ = (uint8) (number >> (8 * i));
}

static uint64
take_number(const uint8 **from, int bytes)
{
	uint64		number = 0;

	for (int i = 0; i < bytes; i++)
		number = number << 8 | *(*from)++;
	return number;
}

char *
stream_iterator_make(const TableLog *log, const StreamPosition *position)
{
	IteratorBytes bytes = {VERSION};
	uint8	   *to = bytes.fields;
	SignedPart	part = {&bytes, sizeof(bytes)};
	uint8		signature[SIGNATURE_SIZE];
	StringInfoData contents;
	StringInfoData iterator;

	put_number(&to, (uint32) position->log, 4);
	put_number(&to, (uint32) position->generation, 4);
	put_number(&to, (uint32) position->shard, 4);
	put_number(&to, (uint64) position->after, 8);
	put_number(&to, (uint64) GetCurrentTimestamp(), 8);
	signature_make(&part, 1, signature);
	initStringInfo(&contents);
	appendBinaryStringInfo(&contents, (const char *) &bytes, sizeof(bytes));
	appendBinaryStringInfo(&contents, (const char *) signature, sizeof(signature));
	initStringInfo(&iterator);
	appendStringInfo(&iterator, "%s" DIVIDER, stream_arn(log));
	base64_append(&iterator, contents.data, contents.len);
	return iterator.data;
}

/* Thu Jul 02 12:57:57 UTC 2015 */
static char *
java_date(TimestampTz time)
{
	pg_time_t	seconds = timestamptz_to_time_t(time);
	char		text[64];

	pg_strftime(text, sizeof(text), "%a %b %d %H:%M:%S UTC %Y", pg_gmtime(&seconds));
	return pstrdup(text);
}

static void
require_fresh(TimestampTz handed_out)
{
	TimestampTz now = GetCurrentTimestamp();

	if (TimestampDifferenceExceeds(handed_out, now, LIFETIME_MS))
		dyn_error(DYN_EXPIRED_ITERATOR,
				  "Iterator expired. The iterator was created at time %s while right now it is %s which is further in the future "
				  "than the tolerated delay of %d milliseconds.", java_date(handed_out), java_date(now), LIFETIME_MS);
}

static _Noreturn void
raise_invalid(void)
{
	dyn_invalid("Invalid ShardIterator");
}

void
stream_iterator_read(const RequestValue *iterator, StreamPosition *position)
{
	const char *text = iterator->as.string.text;
	const char *end = text + iterator->as.string.len;
	const char *divider = strstr(text, DIVIDER);
	const uint8 *from;
	char	   *bytes = NULL;
	int			len;

	if (divider != NULL && strlen(text) == end - text)
	{
		const char *signed_part = divider + strlen(DIVIDER);

		bytes = signature_decode(signed_part, end - signed_part, &len);
	}
	if (bytes == NULL || len != sizeof(IteratorBytes) + SIGNATURE_SIZE || bytes[0] != VERSION ||
		!signature_is_of(&(SignedPart) {bytes, sizeof(IteratorBytes)}, 1, bytes + sizeof(IteratorBytes)))
		raise_invalid();
	from = (const uint8 *) bytes + 1;
	position->log = (int32) take_number(&from, 4);
	position->generation = (int32) take_number(&from, 4);
	position->shard = (int32) take_number(&from, 4);
	position->after = (int64) take_number(&from, 8);
	require_fresh((TimestampTz) take_number(&from, 8));
}

char *
stream_iterator_arn(const RequestValue *iterator)
{
	const char *text = iterator->as.string.text;
	const char *divider = strstr(text, DIVIDER);

	return divider ? pnstrdup(text, divider - text) : NULL;
}

void
stream_iterator_require_stream(const RequestValue *iterator, const TableLog *log)
{
	char	   *arn = stream_iterator_arn(iterator);

	if (log == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Stream: %s not found", arn);
	if (strcmp(arn, stream_arn(log)) != 0)
		raise_invalid();
}
