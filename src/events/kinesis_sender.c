/*
 * kinesis_sender.c
 *		Sending records to a Kinesis stream by PutRecords.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "base/error.h"
#include "events/kinesis_sender.h"
#include "events/outside.h"
#include "value/base64.h"

#define ARN_PREFIX "arn:"

bool
kinesis_parse_arn(const char *arn, char **region, char **name)
{
	const char *parts[6];
	const char *at = arn;

	for (int i = 0; i < lengthof(parts); i++)
	{
		parts[i] = at;
		at = strchr(at, ':');
		if (at == NULL && i + 1 < lengthof(parts))
			return false;
		at = at != NULL ? at + 1 : NULL;
	}
	if (strncmp(parts[0], ARN_PREFIX, strlen(ARN_PREFIX)) != 0 || strncmp(parts[2], "kinesis:", 8) != 0 ||
		strncmp(parts[5], "stream/", 7) != 0)
		return false;
	*region = pnstrdup(parts[3], parts[4] - parts[3] - 1);
	*name = pstrdup(parts[5] + strlen("stream/"));
	return **region != '\0' && strspn(*region, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(*region) && **name != '\0' &&
		strspn(*name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") == strlen(*name);
}

static void
begin_request(Post *post, const char *target, const char *stream_arn, WireWriter *writer, StringInfo body)
{
	char	   *region;
	char	   *name;

	initStringInfo(body);
	wire_write_text(writer, body);
	wire_object_start(writer);
	wire_text_member(writer, "StreamARN", stream_arn);
	if (kinesis_parse_arn(stream_arn, &region, &name))
		wire_text_member(writer, "StreamName", name);
	post->n_headers = 0;
	outside_header(post, "Content-Type", "application/x-amz-json-1.1");
	outside_header(post, "X-Amz-Target", target);
	post->max_answer = OUTSIDE_ANSWER_BYTES;
}

/* Whether a record before this one is not done that has its key. */
static bool
has_earlier(const KinesisRecord *records, int index)
{
	for (int i = 0; i < index; i++)
		if (!records[i].done && memcmp(records[i].partition_key, records[index].partition_key, KINESIS_PARTITION_KEY_SIZE) == 0)
			return true;
	return false;
}

static void
write_record(WireWriter *writer, const KinesisRecord *record)
{
	StringInfoData data;

	initStringInfo(&data);
	base64_append(&data, record->data, record->len);

	wire_object_start(writer);
	wire_member(writer, "Data");
	wire_string(writer, data.data, data.len);
	wire_text_member(writer, "PartitionKey", record->partition_key);
	wire_object_end(writer);
	pfree(data.data);
}

bool
kinesis_put_records(Post *post, const char *stream_arn, KinesisRecord *records, int count)
{
	StringInfoData body;
	WireWriter	writer;
	int			asked = 0;
	size_t		bytes = 0;

	begin_request(post, "Kinesis_20131202.PutRecords", stream_arn, &writer, &body);
	wire_member(&writer, "Records");
	wire_array_start(&writer);
	for (int i = 0; i < count; i++)
	{
		size_t		size = records[i].len + KINESIS_PARTITION_KEY_SIZE - 1;

		records[i].asked = !records[i].done && asked < KINESIS_MAX_RECORDS && bytes + size <= KINESIS_MAX_REQUEST && !has_earlier(records, i);
		if (!records[i].asked)
			continue;
		write_record(&writer, &records[i]);
		bytes += size;
		asked++;
	}
	wire_array_end(&writer);
	wire_object_end(&writer);
	post->body = body.data;
	post->len = body.len;
	return asked > 0;
}

/* Reads one element of Records: its ErrorCode and ErrorMessage, NULL if it has none.  The reader is at its start. */
static const char *
read_result(WireReader *reader)
{
	char	   *code = NULL;
	char	   *message = NULL;

	while (wire_next(reader) == WIRE_KEY)
	{
		bool		is_code = reader->len == 9 && memcmp(reader->text, "ErrorCode", 9) == 0;
		bool		is_message = reader->len == 12 && memcmp(reader->text, "ErrorMessage", 12) == 0;

		if (wire_next(reader) == WIRE_STRING && is_code)
			code = pnstrdup(reader->text, reader->len);
		else if (reader->token == WIRE_STRING && is_message)
			message = pnstrdup(reader->text, reader->len);
		else
			wire_skip(reader);
	}
	return code == NULL ? NULL : psprintf("%s: %s", code, message ? message : "");
}

/* The next record that was asked for behind one. */
static KinesisRecord *
next_asked(KinesisRecord *records, int count, int *index)
{
	while (*index < count && !records[*index].asked)
		(*index)++;
	return *index < count ? &records[(*index)++] : NULL;
}

/* Reads the list of results, one for each record of the request, in their order; what is wrong with the list goes to wrong. */
static const char *
read_list(WireReader *reader, KinesisRecord *records, int count, const char **wrong)
{
	const char *problem = NULL;
	int			index = 0;

	if (wire_next(reader) != WIRE_ARRAY_START)
		return *wrong = "the answer's Records are no list";
	while (wire_next(reader) == WIRE_OBJECT_START)
	{
		KinesisRecord *record = next_asked(records, count, &index);
		const char *error = read_result(reader);

		if (record == NULL)
			return *wrong = "the answer has more records than the request";
		if (error == NULL)
			record->done = true;
		else
			problem = error;
	}
	if (reader->token != WIRE_ARRAY_END)
		return *wrong = "the answer's Records are no list of objects";
	if (next_asked(records, count, &index) != NULL)
		return *wrong = "the answer has fewer records than the request";
	return problem;
}

/* The same; a list that is not one for each says of none of them which it is for. */
static const char *
read_results(WireReader *reader, KinesisRecord *records, int count)
{
	const char *wrong = NULL;
	const char *problem = read_list(reader, records, count, &wrong);

	for (int i = 0; wrong != NULL && i < count; i++)
		if (records[i].asked)
			records[i].done = false;
	return problem;
}

const char *
kinesis_read_answer(const Post *post, KinesisRecord *records, int count, int *refused)
{
	const char *problem = outside_problem(post);
	WireReader	reader;

	if (problem == NULL && !wire_text_is_json(post->answer, (int) post->answer_len))
		problem = "the answer is not JSON";
	if (problem == NULL)
	{
		problem = "the answer has no Records";
		wire_read_text(&reader, post->answer, (int) post->answer_len);
		while ((wire_next(&reader) == WIRE_OBJECT_START && reader.depth == 1) || reader.token == WIRE_KEY)
		{
			if (reader.token == WIRE_OBJECT_START)
				continue;
			if (reader.len == 7 && memcmp(reader.text, "Records", 7) == 0)
			{
				problem = read_results(&reader, records, count);
				break;
			}
			(void) wire_next(&reader);
			wire_skip(&reader);
		}
	}
	*refused = 0;
	for (int i = 0; i < count; i++)
		*refused += records[i].asked && !records[i].done;
	return problem;
}

void
kinesis_describe(Post *post, const char *stream_arn)
{
	StringInfoData body;
	WireWriter	writer;

	begin_request(post, "Kinesis_20131202.DescribeStreamSummary", stream_arn, &writer, &body);
	wire_object_end(&writer);
	post->body = body.data;
	post->len = body.len;
}

/*
 * What is refused for the caller's sake (status 4xx but 429) says that the stream is not there, or not for us; the status stands in the answer as
 * "StreamStatus":"ACTIVE".
 */
const char *
kinesis_read_description(const Post *post, bool *known)
{
	const char *status;

	*known = post->status >= 200 && post->status < 500 && post->status != 429;
	if (!*known)
		return NULL;
	if (post->status == 400 && (strstr(post->answer, "LimitExceeded") != NULL || strstr(post->answer, "Throttl") != NULL ||
								strstr(post->answer, "ProvisionedThroughputExceeded") != NULL))
	{
		*known = false;
		return NULL;
	}
	if (post->status >= 300)
		return "User does not have a permission to use kinesis stream";
	status = strstr(post->answer, "\"StreamStatus\"");
	if (status != NULL)
	{
		status += strlen("\"StreamStatus\"");
		status += strspn(status, " :");
		if (strncmp(status, "\"ACTIVE\"", 8) == 0 || strncmp(status, "\"UPDATING\"", 10) == 0)
			return NULL;
	}
	return "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in Active state";
}
