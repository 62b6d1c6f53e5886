/*
 * courier_kinesis.c
 *		The courier's errands for Kinesis streaming destinations.
 *
 * A destination that is ENABLING is asked for at dynapg.kinesis_endpoint, and is ACTIVE or ENABLE_FAILED then.  One that is enabled gets the rows of
 * its log, in batches: the position is noted when all of a batch has been taken, so that after a crash some come twice and none is missing.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/settings.h"
#include "catalog/buckets.h"
#include "catalog/kinesis.h"
#include "events/courier.h"
#include "events/kinesis_sender.h"
#include "events/outside.h"
#include "keep/log_switch.h"
#include "keep/step.h"
#include "keep/table_job.h"
#include "log/log.h"
#include "log/log_shard.h"
#include "op/stream.h"

#define TIMEOUT_MS 30000
#define FIND_SECONDS 60			/* a stream that cannot be asked for so long is not found */
#define FIND_AGAIN_MS 2000
#define BATCH_BYTES (4 * 1024 * 1024)

#define NO_PERMISSION "User does not have a permission to use kinesis stream"
#define OTHER_REGION "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region"

typedef struct KinesisErrand
{
	Errand		errand;
	KinesisDestination destination;
	char	   *table_name;
	bool		finds;			/* it asks for the stream */
	MemoryContext of_batch;
	KinesisRecord *records;
	int			count;
	KinesisProgress progress;	/* of this batch */
	int			failures;		/* in a row */
} KinesisErrand;

static List *at_work;			/* KinesisErrand, in TopMemoryContext */

static bool
is_same(const KinesisDestination *a, const KinesisDestination *b)
{
	return a->log == b->log && strcmp(a->stream_arn, b->stream_arn) == 0 && memcmp(&a->table_id, &b->table_id, UUID_LEN) == 0;
}

static bool
is_at_work(const KinesisDestination *destination)
{
	ListCell   *cell;

	foreach(cell, at_work)
		if (is_same(&((KinesisErrand *) lfirst(cell))->destination, destination))
			return true;
	return false;
}

static void
on_dropped(Errand *errand)
{
	at_work = list_delete_ptr(at_work, errand);
}

static void
end_errand(Courier *courier, KinesisErrand *work)
{
	at_work = list_delete_ptr(at_work, work);
	courier_end(courier, &work->errand);
}

/* Where requests go, and what they are signed with; in a transaction. */
static void
set_endpoint(KinesisErrand *work)
{
	MemoryContext caller = MemoryContextSwitchTo(work->errand.context);
	S3Credentials *credentials = catalog_kinesis_credentials();
	Post	   *post = work->errand.post;
	char	   *name;
	char	   *region;

	post->url = psprintf("%s%s", dynapg_kinesis_endpoint,
						 dynapg_kinesis_endpoint[strlen(dynapg_kinesis_endpoint) - 1] == '/' ? "" : "/");
	post->timeout_ms = TIMEOUT_MS;
	memset(&post->key, 0, sizeof(post->key));
	if (credentials != NULL)
		post->key = (PostKey) {credentials->access_key_id, credentials->secret_access_key, credentials->session_token,
			kinesis_parse_arn(work->destination.stream_arn, &region, &name) ? region : dynapg_region, "kinesis"};
	MemoryContextSwitchTo(caller);
}

/* ------------------------------------------------------------------------------------------------------------
 * Finding
 * ------------------------------------------------------------------------------------------------------------ */

/* Writes down what became of a stream; the log of one that was not found ends. */
static void
note_found(Courier *courier, const KinesisErrand *work, const char *failure, const char *error)
{
	KinesisProgress progress = {.seq = -1, .error = error};
	const TableInfo *table;

	if (!courier_begin(courier))
		return;
	catalog_lock_name(work->table_name, strlen(work->table_name));
	if (error != NULL)
		catalog_kinesis_progress(&work->destination, &progress);
	table = catalog_table(work->table_name, strlen(work->table_name));
	if (catalog_kinesis_found(&work->destination, failure) && failure != NULL && table != NULL && OidIsValid(table->relation) &&
		memcmp(&table->id, &work->destination.table_id, UUID_LEN) == 0)
	{
		log_switch_order(table);
		(void) table_job_resume(table);
	}
	step_commit();
}

static void
on_found(Courier *courier, KinesisErrand *work)
{
	Post	   *post = work->errand.post;
	bool		known;
	const char *failure = kinesis_read_description(post, &known);
	const char *error = outside_problem(post);

	if (!known && !TimestampDifferenceExceeds(work->destination.changed_at, GetCurrentTimestamp(), FIND_SECONDS * 1000))
	{
		courier_pause(courier, &work->errand, FIND_AGAIN_MS);
		return;
	}
	note_found(courier, work, known ? failure : NO_PERMISSION, error);
	end_errand(courier, work);
	courier_look_at(courier, GetCurrentTimestamp());
}

/* What is wrong with an ARN by itself; NULL: nothing. */
static const char *
arn_problem(const char *stream_arn)
{
	char	   *region;
	char	   *name;

	if (!kinesis_parse_arn(stream_arn, &region, &name))
		return NO_PERMISSION;
	if (strcmp(region, dynapg_region) != 0)
		return OTHER_REGION;
	return dynapg_kinesis_endpoint[0] == '\0' ? NO_PERMISSION : NULL;
}

static void
begin_to_find(Courier *courier, KinesisErrand *work)
{
	const char *problem = arn_problem(work->destination.stream_arn);
	MemoryContext caller;

	if (problem != NULL)
	{
		note_found(courier, work, problem, dynapg_kinesis_endpoint[0] == '\0' ? "dynapg.kinesis_endpoint is not set" : NULL);
		end_errand(courier, work);
		return;
	}
	work->finds = true;
	caller = MemoryContextSwitchTo(work->of_batch);
	kinesis_describe(work->errand.post, work->destination.stream_arn);
	MemoryContextSwitchTo(caller);
	courier_send(courier, &work->errand);
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static void
take_row(KinesisErrand *work, const TableLog *log, LogRow *row, int64 *bytes)
{
	bool		microseconds = work->destination.precision != NULL && strcmp(work->destination.precision, "MICROSECOND") == 0;
	KinesisRecord *record = &work->records[work->count];

	kinesis_partition_key(log, row, record->partition_key);
	record->data = kinesis_record(log, row, microseconds, &record->len);
	*bytes += record->len;
	work->progress.seq = row->seq;
	if (record->len + KINESIS_PARTITION_KEY_SIZE - 1 > KINESIS_MAX_RECORD)
	{
		work->progress.failed++;
		ereport(WARNING,
				(errmsg("a change of table \"%s\" is longer than a record of Kinesis can be, and was not sent", log->table_name),
				 errdetail("It has %d bytes; sequence number %s.", record->len, stream_sequence_number(row->seq))));
		return;
	}
	work->count++;
}

/* Reads the next batch; in a transaction, and the batch's context. */
static void
read_rows(KinesisErrand *work, const TableLog *log)
{
	int64		after = work->destination.seq >= 0 ? work->destination.seq : log->first_seq;
	int64		horizon = Min(log_horizon(log->id), log->last_seq);
	int64		trimmed;
	int64		bytes = 0;
	LogReader  *reader;
	LogRow		row;
	pg_uuid_t	first;
	pg_uuid_t	last;

	memset(&first, 0, sizeof(first));
	memset(&last, 0xFF, sizeof(last));
	/* after the horizon was taken */
	PushActiveSnapshot(GetLatestSnapshot());
	trimmed = log_trim_horizon(log);
	if (after < trimmed && work->destination.seq >= 0)
		ereport(LOG,
				(errmsg("changes of table \"%s\" may have been dropped before they were sent to Kinesis", log->table_name),
				 errdetail("They were older than dynapg.stream_retention.")));
	after = Max(after, trimmed);
	reader = log_read_begin(log->kind, log->id, after, horizon, GetActiveSnapshot());
	while (work->count < KINESIS_MAX_RECORDS && bytes < BATCH_BYTES && log_read_next(reader, &first, &last, &row))
		take_row(work, log, &row, &bytes);
	log_read_end(reader);
	PopActiveSnapshot();
}

/* Reads the next batch of a destination; false if there is none. */
static bool
read_batch(Courier *courier, KinesisErrand *work)
{
	MemoryContext caller;
	const TableLog *log;

	MemoryContextReset(work->of_batch);
	work->count = 0;
	memset(&work->progress, 0, sizeof(work->progress));
	work->progress.seq = -1;
	if (!courier_begin(courier))
		return false;
	caller = MemoryContextSwitchTo(work->of_batch);
	work->records = (KinesisRecord *) palloc0(KINESIS_MAX_RECORDS * sizeof(KinesisRecord));
	log = catalog_log(work->destination.log);
	if (log != NULL && log->first_seq != PG_INT64_MAX && dynapg_kinesis_endpoint[0] != '\0')
	{
		read_rows(work, log);
		set_endpoint(work);
		/* what no request can hold is dealt with when it is passed over */
		if (work->count == 0 && work->progress.seq >= 0)
			catalog_kinesis_progress(&work->destination, &work->progress);
		stream_flush_what_was_read();
	}
	MemoryContextSwitchTo(caller);
	step_commit();
	if (work->count == 0 && work->progress.seq >= 0)
		work->destination.seq = work->progress.seq;
	return work->count > 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Sending
 * ------------------------------------------------------------------------------------------------------------ */

static void
send_rest(Courier *courier, KinesisErrand *work)
{
	MemoryContext caller = MemoryContextSwitchTo(work->of_batch);

	(void) kinesis_put_records(work->errand.post, work->destination.stream_arn, work->records, work->count);
	MemoryContextSwitchTo(caller);
}

static void
send_next(Courier *courier, KinesisErrand *work)
{
	if (!read_batch(courier, work))
	{
		end_errand(courier, work);
		return;
	}
	send_rest(courier, work);
	courier_send(courier, &work->errand);
}

/* Whether a destination is still to be sent to; in a transaction. */
static bool
is_wanted(const KinesisDestination *destination)
{
	ListCell   *cell;

	foreach(cell, catalog_kinesis_to_serve())
		if (is_same((const KinesisDestination *) lfirst(cell), destination))
			return ((const KinesisDestination *) lfirst(cell))->status != KINESIS_DISABLED;
	return false;
}

/* Writes down what has been sent, or why it was not; whether to go on. */
static bool
note_progress(Courier *courier, KinesisErrand *work, const char *error)
{
	KinesisProgress progress = work->progress;
	bool		wanted = true;

	progress.error = error;
	if (error != NULL)
		progress = (KinesisProgress) {.seq = -1, .retried = work->progress.retried, .error = error};
	if (!courier_begin(courier))
		return false;
	catalog_kinesis_progress(&work->destination, &progress);
	if (error != NULL)
		wanted = is_wanted(&work->destination);
	step_commit();
	if (error == NULL)
		work->destination.seq = work->progress.seq;
	else
		work->progress.retried = 0;
	return wanted;
}

static void
on_refused(Courier *courier, KinesisErrand *work, const char *problem, int refused)
{
	if (work->failures++ == 0)
		ereport(WARNING,
				(errmsg("changes of table \"%s\" cannot be sent to Kinesis at the moment", work->table_name),
				 errdetail_internal("%s", problem)));
	work->progress.retried += refused;
	/* where some were taken, the others are not refused for long */
	for (int i = 0; i < work->count; i++)
		if (work->records[i].asked && work->records[i].done)
			work->failures = 1;
	if (!note_progress(courier, work, problem))
	{
		end_errand(courier, work);
		return;
	}
	send_rest(courier, work);
	courier_pause(courier, &work->errand, courier_backoff(work->failures - 1));
}

static void
on_put(Courier *courier, KinesisErrand *work)
{
	int			refused;
	const char *problem = kinesis_read_answer(work->errand.post, work->records, work->count, &refused);
	bool		all = true;

	if (problem != NULL)
	{
		on_refused(courier, work, problem, refused);
		return;
	}
	if (work->failures > 0)
		ereport(LOG,
				(errmsg("changes of table \"%s\" are sent to Kinesis again", work->table_name)));
	work->failures = 0;
	for (int i = 0; i < work->count; i++)
		all = all && work->records[i].done;
	if (!all)
	{
		send_rest(courier, work);
		courier_send(courier, &work->errand);
		return;
	}
	work->progress.sent = work->count;
	if (note_progress(courier, work, NULL))
		send_next(courier, work);
	else
		end_errand(courier, work);
}

static void
on_answered(Courier *courier, Errand *errand)
{
	KinesisErrand *work = (KinesisErrand *) errand;
	MemoryContext caller = MemoryContextSwitchTo(work->of_batch);

	if (work->finds)
		on_found(courier, work);
	else
		on_put(courier, work);
	MemoryContextSwitchTo(caller);
}

/* ------------------------------------------------------------------------------------------------------------
 * Looking
 * ------------------------------------------------------------------------------------------------------------ */

/* Makes an errand for a destination; in a transaction, whose rows it copies.  NULL: its log is not there. */
static KinesisErrand *
make_errand(Courier *courier, const KinesisDestination *destination)
{
	const TableLog *log = catalog_log(destination->log);
	KinesisErrand *work;
	MemoryContext caller;

	if (log == NULL || log->status == LOG_ENABLING)
		return NULL;
	work = (KinesisErrand *) courier_errand(courier, sizeof(KinesisErrand));
	caller = MemoryContextSwitchTo(work->errand.context);
	work->errand.answered = on_answered;
	work->errand.dropped = on_dropped;
	work->errand.post = (Post *) palloc0(sizeof(Post));
	work->destination = *destination;
	work->destination.stream_arn = pstrdup(destination->stream_arn);
	work->destination.precision = destination->precision ? pstrdup(destination->precision) : NULL;
	work->table_name = pstrdup(log->table_name);
	work->of_batch = AllocSetContextCreate(work->errand.context, "dynapg batch", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(TopMemoryContext);
	at_work = lappend(at_work, work);
	MemoryContextSwitchTo(caller);
	if (dynapg_kinesis_endpoint[0] != '\0')
		set_endpoint(work);
	return work;
}

bool
courier_look_at_kinesis(Courier *courier)
{
	MemoryContext caller = CurrentMemoryContext;
	List	   *begun = NIL;
	ListCell   *cell;

	if (!courier_begin(courier))
		return false;
	foreach(cell, catalog_kinesis_to_serve())
	{
		const KinesisDestination *destination = (const KinesisDestination *) lfirst(cell);
		KinesisErrand *work = is_at_work(destination) ? NULL : make_errand(courier, destination);
		MemoryContext inner = MemoryContextSwitchTo(caller);

		if (work != NULL)
			begun = lappend(begun, work);
		MemoryContextSwitchTo(inner);
	}
	step_commit();
	MemoryContextSwitchTo(caller);
	foreach(cell, begun)
	{
		KinesisErrand *work = (KinesisErrand *) lfirst(cell);

		if (work->destination.status == KINESIS_ENABLING)
			begin_to_find(courier, work);
		else
			send_next(courier, work);
	}
	return false;
}
