/*
 * event_lane.c
 *		Reading a lane, and noting what came of its batches.
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "common/pg_prng.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "base/error.h"
#include "events/event_failure.h"
#include "events/event_lane.h"
#include "events/event_match.h"
#include "events/event_options.h"
#include "keep/job.h"
#include "log/log_shard.h"
#include "op/stream.h"

#define MAX_SCANNED 20000		/* rows that one reading looks at */
#define FIRST_PAUSE_MS 200		/* before a batch is tried again; twice as long each time */
#define LONGEST_PAUSE_MS 60000
#define MAX_ERROR 1000			/* bytes of an error that is kept */

/* ------------------------------------------------------------------------------------------------------------
 * What this process knows
 * ------------------------------------------------------------------------------------------------------------ */

/* Up to which number there is nothing for a lane behind its position: a fact about the log, whoever works on it. */
typedef struct ScannedLane
{
	int64		lane;			/* hash key; first */
	int64		number;
} ScannedLane;

/* A mapping's options as they were at a time. */
typedef struct KnownMapping
{
	pg_uuid_t	uuid;			/* hash key; first */
	TimestampTz modified_at;
	MemoryContext context;
	EventOptions options;
} KnownMapping;

static HTAB *scanned_lanes;
static HTAB *known_mappings;

static HTAB *
make_table(const char *name, Size key, Size entry)
{
	HASHCTL		control = {.keysize = key, .entrysize = entry, .hcxt = TopMemoryContext};

	return hash_create(name, 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static ScannedLane *
scanned_lane(int64 lane)
{
	ScannedLane *scanned;
	bool		found;

	if (scanned_lanes == NULL)
		scanned_lanes = make_table("dynapg scanned lanes", sizeof(int64), sizeof(ScannedLane));
	scanned = (ScannedLane *) hash_search(scanned_lanes, &lane, HASH_ENTER, &found);
	if (!found)
		scanned->number = 0;
	return scanned;
}

const EventOptions *
event_mapping_options(const EventMapping *mapping)
{
	KnownMapping *known;
	MemoryContext caller;
	bool		found;

	if (known_mappings == NULL)
		known_mappings = make_table("dynapg event source mappings", sizeof(pg_uuid_t), sizeof(KnownMapping));
	known = (KnownMapping *) hash_search(known_mappings, &mapping->uuid, HASH_ENTER, &found);
	if (!found)
	{
		known->modified_at = 0;
		known->context = NULL;
	}
	if (known->modified_at == mapping->modified_at)
		return &known->options;
	known->modified_at = 0;
	if (known->context == NULL)
		known->context = AllocSetContextCreate(TopMemoryContext, "dynapg event source mapping", ALLOCSET_SMALL_SIZES);
	MemoryContextReset(known->context);
	caller = MemoryContextSwitchTo(known->context);
	event_options_read(mapping->options, &known->options);
	MemoryContextSwitchTo(caller);
	known->modified_at = mapping->modified_at;
	return &known->options;
}

char *
event_mapping_name(const EventMapping *mapping)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&mapping->uuid)));
}

/* ------------------------------------------------------------------------------------------------------------
 * Owners and claims
 * ------------------------------------------------------------------------------------------------------------ */

/* At the end of a transaction, after its deferred triggers. */
static void
become_superuser(XactEvent event, void *unused)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT)
		SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, 0);
}

void
event_become_owner(const EventMapping *mapping)
{
	static bool has_callback = false;

	if (!has_callback)
		RegisterXactCallback(become_superuser, NULL);
	has_callback = true;
	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(mapping->owner)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the role that has made this event source mapping is gone")));
	SetUserIdAndSecContext(mapping->owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
}

/* Raises an error unless the mapping's owner may read the stream. */
static void
require_reader(const EventMapping *mapping, const TableLog *log)
{
	const char *outer = dyn_operation;
	Oid			role;
	int			context;

	if (!SearchSysCacheExists1(AUTHOID, ObjectIdGetDatum(mapping->owner)))
		event_become_owner(mapping);	/* which says so */
	GetUserIdAndSecContext(&role, &context);
	SetUserIdAndSecContext(mapping->owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
	dyn_operation = "GetRecords";
	PG_TRY();
	{
		stream_require_reader(log);
	}
	PG_FINALLY();
	{
		dyn_operation = outer;
	}
	PG_END_TRY();
	SetUserIdAndSecContext(role, context);
}

static JobKey
lane_key(int64 lane)
{
	return (JobKey) {catalog_event_positions_oid(), (uint32) lane};
}

bool
event_lane_claim(int64 lane)
{
	return job_take(lane_key(lane));
}

void
event_lane_release(int64 lane)
{
	job_leave(lane_key(lane));
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

/* A reading that goes on. */
typedef struct Reading
{
	const EventPosition *position;
	const EventOptions *options;
	EventBatch *batch;
	int64		limit;			/* the number up to which it may go */
	int			room;			/* records that the batch has room for */
	int			scanned;
	bool		has_more;		/* it ended before the limit */
} Reading;

static void
free_row(LogRow *row)
{
	pfree(row->sort);
	if (row->keys)
		pfree(row->keys);
	if (row->old)
		pfree(row->old);
	if (row->item)
		pfree(row->item);
}

/* Whether a row is for the mapping. */
static bool
is_wanted(const Reading *reading, const EventRecord *record, MemoryContext scratch)
{
	MemoryContext caller;
	bool		wanted;

	if (reading->options->patterns == NIL)
		return true;
	caller = MemoryContextSwitchTo(scratch);
	wanted = event_record_matches(reading->options->patterns, reading->batch->log, record);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scratch);
	return wanted;
}

/* Puts rows into the batch until it is full, or there are no more. */
static void
read_rows(Reading *reading, LogReader *reader, MemoryContext scratch)
{
	EventBatch *batch = reading->batch;
	EventRecord record;
	int			size = 64;

	batch->records = (EventRecord *) palloc(size * sizeof(EventRecord));
	while (log_read_next(reader, &reading->position->first, &reading->position->last, &record.row))
	{
		record.size = stream_measure_record(batch->log, &record.row);
		if (is_wanted(reading, &record, scratch))
		{
			if (batch->count > 0 && batch->bytes + record.size > EVENT_BATCH_BYTES)
			{
				reading->has_more = true;
				return;
			}
			if (batch->count == size)
				batch->records = (EventRecord *) repalloc(batch->records, (size *= 2) * sizeof(EventRecord));
			batch->records[batch->count++] = record;
			batch->bytes += record.size;
		}
		else
		{
			batch->filtered++;
			free_row(&record.row);
		}
		batch->end = record.row.seq;
		if (batch->count >= reading->room || ++reading->scanned >= MAX_SCANNED)
		{
			reading->has_more = true;
			return;
		}
	}
	batch->end = reading->limit;
}

/* Reads what comes behind the position, up to the limit.  Rows that have been dropped are passed over. */
static void
read_batch(Reading *reading, int64 after)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg event patterns", ALLOCSET_DEFAULT_SIZES);
	LogReader  *reader;
	int64		trimmed;

	/* after the horizon was taken */
	PushActiveSnapshot(GetLatestSnapshot());
	trimmed = log_trim_horizon(reading->batch->log);
	if (after < trimmed)
		ereport(LOG,
				(errmsg("records of %s were dropped before an event source mapping had read them", stream_arn(reading->batch->log)),
				 errhint("Raise dynapg.stream_retention, or mend what keeps the mapping.")));
	reading->batch->end = Max(after, trimmed);
	reader = log_read_begin(reading->batch->log->kind, reading->batch->log->id, Max(after, trimmed), reading->limit, GetActiveSnapshot());
	read_rows(reading, reader, scratch);
	log_read_end(reader);
	PopActiveSnapshot();
	MemoryContextDelete(scratch);
}

static bool
is_as_it_was(const EventPosition *position, const EventBatch *batch, const EventMapping *mapping)
{
	const EventMapping *now;

	if (position == NULL || position->position != batch->after)
		return false;
	now = catalog_event_mapping(&mapping->uuid);
	return now != NULL && now->enabled && now->modified_at == mapping->modified_at;
}

bool
event_lane_is_wanted(int64 lane, const EventMapping *mapping, const EventBatch *batch)
{
	return is_as_it_was(catalog_event_position(lane), batch, mapping);
}

/* The row of a lane, locked, if the batch begins there still and its mapping is what it was; else NULL. */
static EventPosition *
lock_position(const EventBatch *batch, int64 lane, const EventMapping *mapping)
{
	EventPosition *position;

	catalog_lock_event_mapping(&mapping->uuid, AccessShareLock);
	/* who disables it has changed that before he waits for the row */
	position = catalog_event_position_for_update(lane);
	return is_as_it_was(position, batch, mapping) ? position : NULL;
}

/* Batches that are tried again and have been dealt with are none any more. */
static void
drop_slices(EventPosition *position)
{
	while (position->n_slices > 0 && position->slices[position->n_slices - 1] <= position->position)
		position->n_slices--;
}

static void
move_position(EventPosition *position, int64 number)
{
	position->position = number;
	position->attempts = 0;
	position->retry_at = 0;
	drop_slices(position);
}

/* Nothing of what was read is for the mapping: notes that, where it is worth a write or the lane ends there. */
static LaneRead
pass_over(const Reading *reading, int64 lane, const EventMapping *mapping, int64 end)
{
	const EventBatch *batch = reading->batch;

	scanned_lane(lane)->number = batch->end;
	if (batch->filtered > 0 || batch->end == end || reading->position->n_slices > 0)
	{
		EventPosition *position = lock_position(batch, lane, mapping);

		if (position == NULL)
			return LANE_GONE;
		move_position(position, batch->end);
		position->counts.filtered += batch->filtered;
		catalog_save_event_position(position);
	}
	return reading->has_more || reading->position->n_slices > 0 ? LANE_MORE : LANE_IDLE;
}

/* How many of the first records are too old. */
static int
count_too_old(const EventBatch *batch, const EventOptions *options)
{
	TimestampTz oldest = GetCurrentTimestamp() - (int64) options->age * USECS_PER_SEC;
	int			count = 0;

	if (options->age < 0)
		return 0;
	while (count < batch->count && batch->records[count].row.written_at < oldest)
		count++;
	return count;
}

static void
clean_error(EventPosition *position, const char *error)
{
	int			len = pg_mbcliplen(error, strlen(error), MAX_ERROR);

	position->last_error = pnstrdup(error, len);
	position->last_error_at = GetCurrentTimestamp();
}

/* Until the next try; before: how many there were of the same. */
static void
put_off(EventPosition *position, int before)
{
	long		pause = FIRST_PAUSE_MS << Min(before, 10);

	pause = Min(pause, LONGEST_PAUSE_MS);
	pause = (long) (pause * (0.5 + pg_prng_double(&pg_global_prng_state)));
	position->retry_at = GetCurrentTimestamp() + pause * 1000;
}

/* Notes a failure, and logs the first one. */
static void
count_failure(EventPosition *position, const EventMapping *mapping, const char *error, int before)
{
	clean_error(position, error);
	if (position->failures++ == 0)
		ereport(LOG,
				(errmsg("event source mapping %s of table \"%s\" fails: %s", event_mapping_name(mapping), mapping->table_name,
						position->last_error)));
	put_off(position, before);
}

/* Gives up the first records of a batch, in the lane's row; false if the on-failure destination has failed. */
static bool
give_up(EventPosition *position, const EventMapping *mapping, const EventBatch *batch, int count, const char *condition, const char *error)
{
	const char *failed = event_give_up(mapping, batch, count, condition, error);

	if (failed != NULL)
	{
		count_failure(position, mapping, failed, position->failures);
		return false;
	}
	move_position(position, count == batch->count ? batch->end : batch->records[count - 1].row.seq);
	position->counts.failed += count;
	return true;
}

/* How many records the next batch may have: all of one that is tried again. */
static int
room_of(const EventPosition *position, const EventOptions *options)
{
	return position->n_slices > 0 ? INT_MAX : options->batch_size;
}

/* A batch that is not full waits for more until its first record is as old as the window. */
static bool
waits_for_more(const Reading *reading, TimestampTz *until)
{
	const EventBatch *batch = reading->batch;
	TimestampTz end = batch->records[0].row.written_at + (int64) reading->options->window * USECS_PER_SEC;

	if (reading->has_more || reading->position->n_slices > 0 || reading->options->window == 0 || end <= GetCurrentTimestamp())
		return false;
	*until = end;
	return true;
}

/* The batch that was read, if the lane is still there. */
static LaneRead
take_batch(const Reading *reading, int64 lane, const EventMapping *mapping)
{
	EventBatch *batch = reading->batch;
	EventPosition *position = lock_position(batch, lane, mapping);
	int			too_old;

	if (position == NULL)
		return LANE_GONE;
	batch->attempts = position->attempts;
	batch->last = !reading->has_more && position->n_slices == 0;
	batch->locked_by = GetCurrentTransactionId();
	too_old = count_too_old(batch, reading->options);
	if (too_old == 0)
		return LANE_BATCH;
	(void) give_up(position, mapping, batch, too_old, GIVEN_UP_AGE, position->last_error);
	catalog_save_event_position(position);
	return LANE_MORE;
}

LaneRead
event_lane_read(int64 lane, EventMapping **mapping, EventBatch **batch, TimestampTz *until)
{
	EventPosition *position = catalog_event_position(lane);
	Reading		reading = {.position = position};
	int64		end;

	if (position == NULL)
		return LANE_GONE;
	if (position->retry_at > GetCurrentTimestamp())
	{
		*until = position->retry_at;
		return LANE_WAITS;
	}
	*mapping = catalog_event_mapping(&position->mapping);
	if (*mapping == NULL || !(*mapping)->enabled)
		return LANE_GONE;
	*batch = reading.batch = (EventBatch *) palloc0(sizeof(EventBatch));
	/* before the shards are looked for (log_shard.h) */
	reading.limit = log_horizon(position->stream);
	reading.batch->log = catalog_log(position->stream);
	if (reading.batch->log == NULL)
		return LANE_GONE;
	reading.batch->arn = stream_arn(reading.batch->log);
	reading.batch->horizon = reading.limit;
	end = event_lane_end(position, reading.batch->log, &reading.batch->shard_id);
	reading.limit = Min(reading.limit, end);
	if (position->n_slices > 0)
		reading.limit = Min(reading.limit, position->slices[position->n_slices - 1]);
	reading.batch->after = position->position;
	if (reading.limit <= position->position ||
		(reading.limit <= scanned_lane(lane)->number && reading.limit < end && position->n_slices == 0))
		return LANE_IDLE;
	require_reader(*mapping, reading.batch->log);
	reading.options = event_mapping_options(*mapping);
	reading.room = room_of(position, reading.options);
	read_batch(&reading, position->n_slices > 0 ? position->position : Max(position->position, Min(scanned_lane(lane)->number, reading.limit)));
	if (reading.batch->count == 0)
		return pass_over(&reading, lane, *mapping, end);
	if (waits_for_more(&reading, until))
		return LANE_WAITS;
	return take_batch(&reading, lane, *mapping);
}

/* ------------------------------------------------------------------------------------------------------------
 * Noting
 * ------------------------------------------------------------------------------------------------------------ */

static void
note_success(EventPosition *position, const EventMapping *mapping, const EventBatch *batch)
{
	move_position(position, batch->end);
	if (position->failures > 0 && position->n_slices == 0)
	{
		ereport(LOG,
				(errmsg("event source mapping %s of table \"%s\" has recovered after %d failures", event_mapping_name(mapping),
						mapping->table_name, position->failures)));
		position->failures = 0;
	}
	position->counts.sent += batch->count;
	position->counts.filtered += batch->filtered;
	position->sent_at = GetCurrentTimestamp();
}

/* The batch that is tried again ends there. */
static void
push_slice(EventPosition *position, int64 end)
{
	if (position->n_slices > 0 && position->slices[position->n_slices - 1] == end)
		return;
	if (position->n_slices == EVENT_MAX_SLICES)
		elog(ERROR, "a batch was bisected too often");
	position->slices[position->n_slices++] = end;
}

/* The records before the first that has failed are dealt with, and the others are tried again. */
static void
note_part(EventPosition *position, const EventMapping *mapping, const EventBatch *batch, const EventOutcome *outcome, int done)
{
	push_slice(position, batch->end);
	position->position = outcome->first_failed - 1;
	/* what comes behind is another batch; where batches are bisected it is one by that */
	position->attempts = event_mapping_options(mapping)->bisect ? 0 : 1;
	position->counts.sent += done;
	position->counts.retried += batch->count - done;
	position->sent_at = GetCurrentTimestamp();
	count_failure(position, mapping, "some records of a batch have failed (batchItemFailures)", 0);
}

static void
note_failure(EventPosition *position, const EventMapping *mapping, const EventBatch *batch, const char *error)
{
	const EventOptions *options = event_mapping_options(mapping);

	bool		splits = options->bisect && batch->count > 1;

	count_failure(position, mapping, error, splits ? 0 : position->attempts);
	if (splits)
	{
		push_slice(position, batch->end);
		push_slice(position, batch->records[(batch->count - 1) / 2].row.seq);
		position->attempts = 0;
	}
	else if (options->retries >= 0 && position->attempts >= options->retries)
	{
		push_slice(position, batch->end);
		(void) give_up(position, mapping, batch, batch->count, GIVEN_UP_RETRIES, position->last_error);
		return;
	}
	else
	{
		push_slice(position, batch->end);
		position->attempts++;
	}
	position->counts.retried += batch->count;
}

/* How many records come before the first that has failed. */
static int
count_done(const EventBatch *batch, const EventOutcome *outcome)
{
	int			done = 0;

	while (done < batch->count && batch->records[done].row.seq < outcome->first_failed)
		done++;
	return done;
}

bool
event_lane_note(int64 lane, const EventMapping *mapping, const EventBatch *batch, const EventOutcome *outcome)
{
	/* it may not be where it was: what the destination has called may have ended it */
	EventPosition *position = TransactionIdIsCurrentTransactionId(batch->locked_by) ? catalog_event_position(lane) :
		catalog_event_position_for_update(lane);
	int			done;

	if (position == NULL || position->position != batch->after)
		return false;
	done = outcome->ok && outcome->first_failed != 0 ? count_done(batch, outcome) : 0;
	if (outcome->ok && outcome->first_failed == 0)
		note_success(position, mapping, batch);
	else if (done > 0)
		note_part(position, mapping, batch, outcome, done);
	else
		note_failure(position, mapping, batch,
					 outcome->ok ? "all records of a batch have failed (batchItemFailures)" : outcome->error ? outcome->error : "it failed");
	catalog_save_event_position(position);
	return true;
}

void
event_lane_stumbled(int64 lane, const char *error)
{
	EventPosition *position = catalog_event_position_for_update(lane);
	const EventMapping *mapping = position ? catalog_event_mapping(&position->mapping) : NULL;

	if (mapping == NULL)
		return;
	count_failure(position, mapping, error, position->failures);
	catalog_save_event_position(position);
}
