/*
 * destination_kinesis.c
 *		Kinesis streams as destinations of event source mappings: each record of a batch is a record there, in DynamoDB's format.
 *
 *	{"Kinesis": {"StreamArn": "arn:aws:kinesis:...", "Endpoint": "https://...", "AccessKeyId": "...", "SecretAccessKey": "...",
 *				 "SessionToken": "..."}}
 *
 * What a stream without images does not have is not in the records.  EnableKinesisStreamingDestination needs no stream, and is the service's own way.
 */
#include "postgres.h"

#include "events/kinesis_sender.h"
#include "events/outside.h"

#define TIMEOUT_MS 30000
#define MAX_PAUSES 8			/* then the batch has failed */

static const char *const members[] = {"StreamArn", "Endpoint", "AccessKeyId", "SecretAccessKey", "SessionToken", NULL};
static const char *const secrets[] = {"AccessKeyId", "SecretAccessKey", "SessionToken", NULL};

typedef struct Progress
{
	char	   *stream_arn;
	KinesisRecord *records;
	int			count;
} Progress;

static void
check_kinesis(DestinationCheck *check, Jsonb *value)
{
	char	   *region;
	char	   *name;

	outside_require_members(check, value, members);
	if (!kinesis_parse_arn(outside_required_text(check, value, "StreamArn"), &region, &name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s: StreamArn is not the ARN of a Kinesis stream", check->what)));
	(void) outside_url(check, value, "Endpoint", false);
	outside_check_key(check, value);
	outside_split(check, value, secrets);
}

static void
make_records(const Delivery *delivery, Progress *progress)
{
	const EventBatch *batch = delivery->batch;

	if (batch == NULL)
	{
		progress->count = 1;
		progress->records = (KinesisRecord *) palloc0(sizeof(KinesisRecord));
		snprintf(progress->records[0].partition_key, KINESIS_PARTITION_KEY_SIZE, "%032llX", (unsigned long long) delivery->id);
		progress->records[0].data = delivery->invocation;
		progress->records[0].len = strlen(delivery->invocation);
		return;
	}
	progress->count = batch->count;
	progress->records = (KinesisRecord *) palloc0(batch->count * sizeof(KinesisRecord));
	for (int i = 0; i < batch->count; i++)
	{
		KinesisRecord *record = &progress->records[i];
		LogRow		row = batch->records[i].row;

		kinesis_partition_key(batch->log, &row, record->partition_key);
		record->data = kinesis_record(batch->log, &row, false, &record->len);
	}
}

static void
begin_kinesis(Delivery *delivery)
{
	Progress   *progress = (Progress *) palloc0(sizeof(Progress));
	Post	   *post = delivery->post;
	char	   *name;
	char	   *endpoint = outside_text("Destination", delivery->definition, "Endpoint");

	delivery->state = progress;
	progress->stream_arn = outside_text("Destination", delivery->definition, "StreamArn");
	make_records(delivery, progress);
	post->url = psprintf("%s%s", endpoint, endpoint[strlen(endpoint) - 1] == '/' ? "" : "/");
	post->timeout_ms = TIMEOUT_MS;
	outside_sign(delivery, "kinesis");
	(void) kinesis_parse_arn(progress->stream_arn, unconstify(char **, &post->key.region), &name);
	(void) kinesis_put_records(post, progress->stream_arn, progress->records, progress->count);
}

/* The outcome when no more is tried: what comes before the first record that was not taken is done. */
static void
give_up(const Delivery *delivery, const Progress *progress, const char *problem, EventOutcome *outcome)
{
	int			first = 0;

	while (first < progress->count && progress->records[first].done)
		first++;
	outcome->error = problem;
	outcome->ok = delivery->batch != NULL && first > 0;
	if (outcome->ok)
		outcome->first_failed = delivery->batch->records[first].row.seq;
}

static DeliveryStep
judge_kinesis(Delivery *delivery, int pauses, EventOutcome *outcome)
{
	Progress   *progress = (Progress *) delivery->state;
	int			refused;
	const char *problem = kinesis_read_answer(delivery->post, progress->records, progress->count, &refused);
	bool		more = kinesis_put_records(delivery->post, progress->stream_arn, progress->records, progress->count);

	if (problem == NULL)
		return more ? DELIVERY_GOES_ON : DELIVERY_OVER;
	/* some were taken: the others were refused for the moment, as a rule; of one that is too long the whole request is refused */
	if (pauses < MAX_PAUSES && delivery->post->status == 200)
		return DELIVERY_WAITS;
	give_up(delivery, progress, problem, outcome);
	return DELIVERY_OVER;
}

const OutsideKind destination_kinesis = {
	.base = {.name = "Kinesis", .outside = true, .check = check_kinesis},
	.begin = begin_kinesis,
	.judge = judge_kinesis,
};
