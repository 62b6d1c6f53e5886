/*
 * copy_stream.c
 *		The source's stream: its shards, the places in them, and their records.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "catalog/transfers.h"
#include "base/unix_time.h"
#include "transfer/copy.h"

#define IDLE_MS 500				/* between two readings of a shard that has nothing more */
#define EAGER_MS 50				/* while that is not sure */
#define SURE_ANSWERS 3			/* the service may answer with nothing though there is more */
#define DESCRIBE_MS 15000		/* between two looks for new shards */
#define NOTE_MS 60000			/* between two notes that a shard has nothing more */
#define CAUGHT_UP_S 5			/* how far behind one may be that has caught up with writers who go on */
#define SAFE_AGE_MS (23 * 3600 * 1000)
#define FORGOTTEN_AGE_MS (48 * 3600 * 1000)

/* ------------------------------------------------------------------------------------------------------------
 * Shards
 * ------------------------------------------------------------------------------------------------------------ */

/* A shard as DescribeStream has it. */
typedef struct DescribedShard
{
	char	   *id;
	char	   *parent;
	char	   *first;
	bool		is_open;
} DescribedShard;

typedef struct Description
{
	const RemoteCall *call;
	List	   *shards;
	char	   *last;			/* LastEvaluatedShardId */
	char	   *status;
} Description;

/* The value of a member, a string; anything else is passed over. */
static char *
read_string(WireReader *reader)
{
	if (wire_next(reader) == WIRE_STRING)
		return pnstrdup(reader->text, reader->len);
	wire_skip(reader);
	return NULL;
}

static void
pass_over(WireReader *reader)
{
	(void) wire_next(reader);
	wire_skip(reader);
}

static void
read_range(WireReader *reader, DescribedShard *shard)
{
	shard->is_open = true;
	copy_expect(wire_next(reader), WIRE_OBJECT_START);
	while (wire_next(reader) == WIRE_KEY)
	{
		if (copy_key_is(reader, "StartingSequenceNumber"))
			shard->first = read_string(reader);
		else if (copy_key_is(reader, "EndingSequenceNumber"))
			shard->is_open = read_string(reader) == NULL;
		else
			pass_over(reader);
	}
}

static void
read_shards(WireReader *reader, Description *description)
{
	copy_expect(wire_next(reader), WIRE_ARRAY_START);
	while (wire_next(reader) != WIRE_ARRAY_END)
	{
		DescribedShard *shard = (DescribedShard *) palloc0(sizeof(DescribedShard));

		copy_expect(reader->token, WIRE_OBJECT_START);
		while (wire_next(reader) == WIRE_KEY)
		{
			if (copy_key_is(reader, "ShardId"))
				shard->id = read_string(reader);
			else if (copy_key_is(reader, "ParentShardId"))
				shard->parent = read_string(reader);
			else if (copy_key_is(reader, "SequenceNumberRange"))
				read_range(reader, shard);
			else
				pass_over(reader);
		}
		if (shard->id == NULL)
			transfer_fail("InvalidAnswer", "a shard has no ShardId");
		description->shards = lappend(description->shards, shard);
	}
}

static void
read_description(Copy *copy, void *argument)
{
	Description *description = (Description *) argument;
	WireReader	reader;

	wire_read_text(&reader, description->call->answer, description->call->answer_len);
	copy_expect(wire_next(&reader), WIRE_OBJECT_START);
	while (wire_next(&reader) == WIRE_KEY)
	{
		if (!copy_key_is(&reader, "StreamDescription"))
		{
			pass_over(&reader);
			continue;
		}
		copy_expect(wire_next(&reader), WIRE_OBJECT_START);
		while (wire_next(&reader) == WIRE_KEY)
		{
			if (copy_key_is(&reader, "Shards"))
				read_shards(&reader, description);
			else if (copy_key_is(&reader, "LastEvaluatedShardId"))
				description->last = read_string(&reader);
			else if (copy_key_is(&reader, "StreamStatus"))
				description->status = read_string(&reader);
			else
				pass_over(&reader);
		}
	}
}

/* All shards of the stream now, in the current context; nothing may be on its way. */
static void
describe(Copy *copy, Description *description)
{
	char	   *last = NULL;

	do
	{
		RemoteCall *call = remote_call(OPERATION_DescribeStream, NULL);

		wire_object_start(&call->writer);
		wire_text_member(&call->writer, "StreamArn", copy->stream);
		if (last != NULL)
			wire_text_member(&call->writer, "ExclusiveStartShardId", last);
		wire_object_end(&call->writer);
		copy_ask(copy, copy->source, call);
		if (remote_failed_with(call, "ResourceNotFoundException"))
		{
			description->status = "DISABLED";
			return;
		}
		remote_require(call);
		description->call = call;
		description->last = NULL;
		copy_guard("InvalidAnswer", "DescribeStream", read_description, copy, description);
		if (last != NULL && description->last != NULL && strcmp(last, description->last) == 0)
			transfer_fail("InvalidAnswer", "DescribeStream's LastEvaluatedShardId is its ExclusiveStartShardId");
		last = description->last;
	} while (last != NULL);
}

static CopyShard *
find_shard(const Copy *copy, const char *id)
{
	ListCell   *cell;

	foreach(cell, copy->shards)
	{
		CopyShard  *shard = (CopyShard *) lfirst(cell);

		if (strcmp(shard->id, id) == 0)
			return shard;
	}
	return NULL;
}

/* The state of a shard's part. */
static Jsonb *
shard_state(const CopyShard *shard)
{
	return copy_members("\"Parent\": %s, \"After\": %s, \"First\": %s, \"CheckedAt\": " INT64_FORMAT,
						shard->parent ? copy_quoted(shard->parent) : "null", shard->after ? copy_quoted(shard->after) : "null",
						shard->first ? copy_quoted(shard->first) : "null", (int64) shard->checked_at);
}

/* A shard that is new to us; in a transaction. */
static CopyShard *
add_shard(Copy *copy, const DescribedShard *described, bool at_end, bool done, TimestampTz checked_at)
{
	MemoryContext caller = MemoryContextSwitchTo(copy->context);
	CopyShard  *shard = (CopyShard *) palloc0(sizeof(CopyShard));

	shard->part = copy->next_part++;
	shard->id = pstrdup(described->id);
	shard->parent = described->parent ? pstrdup(described->parent) : NULL;
	shard->first = described->first && !at_end ? pstrdup(described->first) : NULL;
	shard->checked_at = shard->noted_at = checked_at;
	shard->done = done;
	copy->shards = lappend(copy->shards, shard);
	MemoryContextSwitchTo(caller);
	catalog_add_transfer_part(copy->transfer->id, shard->part, shard->id, -1, shard_state(shard));
	if (done)
		catalog_advance_transfer_part(copy->transfer->id, shard->part, 0, true, NULL, NULL);
	return shard;
}

void
copy_stream_load(Copy *copy)
{
	MemoryContext caller = MemoryContextSwitchTo(copy->context);
	List	   *parts;
	ListCell   *cell;

	copy_begin();
	parts = catalog_transfer_parts(copy->transfer->id, false);
	foreach(cell, parts)
	{
		const TransferPart *part = (const TransferPart *) lfirst(cell);
		CopyShard  *shard;

		if (part->part < COPY_FIRST_SHARD || part->part >= COPY_FIRST_VERIFICATION)
			continue;
		shard = (CopyShard *) palloc0(sizeof(CopyShard));
		shard->part = part->part;
		shard->id = part->name;
		shard->parent = copy_text_member(part->state, "Parent");
		shard->after = copy_text_member(part->state, "After");
		shard->first = copy_text_member(part->state, "First");
		shard->checked_at = shard->noted_at = (TimestampTz) copy_number_member(part->state, "CheckedAt");
		shard->records = part->position;
		shard->done = part->done;
		copy->shards = lappend(copy->shards, shard);
		copy->next_part = part->part + 1;
		/* whenever a shard was read, shards had been looked for a moment before */
		copy->last_described_at = Max(copy->last_described_at, TimestampTzPlusMilliseconds(shard->checked_at, -2 * DESCRIBE_MS));
	}
	copy_commit();
	MemoryContextSwitchTo(caller);
}

/* ------------------------------------------------------------------------------------------------------------
 * Iterators
 * ------------------------------------------------------------------------------------------------------------ */

static void
send_for_iterator(Copy *copy, CopyShard *shard, const char *type, const char *number)
{
	RemoteCall *call = remote_call(OPERATION_GetShardIterator, shard);
	WireWriter *writer = &call->writer;

	wire_object_start(writer);
	wire_text_member(writer, "StreamArn", copy->stream);
	wire_text_member(writer, "ShardId", shard->id);
	wire_text_member(writer, "ShardIteratorType", type);
	if (number != NULL)
		wire_text_member(writer, "SequenceNumber", number);
	wire_object_end(writer);
	shard->is_sent = true;
	remote_send(copy->source, call);
}

/* Asks for the iterator of a shard's position. */
static void
find_position(Copy *copy, CopyShard *shard)
{
	if (shard->from_oldest || (shard->after == NULL && shard->first == NULL))
		send_for_iterator(copy, shard, "TRIM_HORIZON", NULL);
	else if (shard->after != NULL)
		send_for_iterator(copy, shard, "AFTER_SEQUENCE_NUMBER", shard->after);
	else
		send_for_iterator(copy, shard, "AT_SEQUENCE_NUMBER", shard->first);
}

/* A shard's position, or the shard, is not there any more: is anything lost? */
static void
position_is_gone(CopyShard *shard, bool whole_shard)
{
	if (TimestampDifferenceExceeds(shard->checked_at, GetCurrentTimestamp(), SAFE_AGE_MS))
		transfer_fail("StreamTrimmed",
					  "records of shard %s are gone before they were read: the stream keeps them for 24 hours; the copy has to be begun again",
					  shard->id);
	shard->iterator = NULL;
	shard->done = whole_shard;
	/* what is oldest may be gone by the time it is asked for */
	shard->next_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), shard->from_oldest ? IDLE_MS : 0);
	shard->from_oldest = true;
}

typedef struct IteratorReading
{
	const RemoteCall *call;
	char	   *iterator;
} IteratorReading;

static void
read_iterator(Copy *copy, void *argument)
{
	IteratorReading *reading = (IteratorReading *) argument;
	WireReader	reader;

	wire_read_text(&reader, reading->call->answer, reading->call->answer_len);
	copy_expect(wire_next(&reader), WIRE_OBJECT_START);
	while (wire_next(&reader) == WIRE_KEY)
	{
		if (copy_key_is(&reader, "ShardIterator"))
			reading->iterator = read_string(&reader);
		else
			pass_over(&reader);
	}
	if (reading->iterator == NULL)
		transfer_fail("InvalidAnswer", "GetShardIterator gives no ShardIterator");
}

static void
set_text(Copy *copy, char **text, const char *value)
{
	if (*text != NULL)
		pfree(*text);
	*text = value ? MemoryContextStrdup(copy->context, value) : NULL;
}

static void
take_iterator(Copy *copy, CopyShard *shard, const RemoteCall *call)
{
	IteratorReading reading = {call};

	if (remote_failed_with(call, "TrimmedDataAccessException"))
		position_is_gone(shard, false);
	else if (remote_failed_with(call, "ResourceNotFoundException"))
		position_is_gone(shard, true);
	else
	{
		remote_require(call);
		copy_guard("InvalidAnswer", "GetShardIterator", read_iterator, copy, &reading);
		set_text(copy, &shard->iterator, reading.iterator);
		shard->next_at = 0;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Records
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct Records
{
	const RemoteCall *call;
	CopyShard  *shard;
	int			count;
	CopyWrite  *writes;
	char	   *last;			/* SequenceNumber of the last one */
	double		newest;			/* ApproximateCreationDateTime of it */
	char	   *next;			/* iterator; NULL: the shard is read */
	int64		bytes;
} Records;

/* The images of a record. */
typedef struct RecordBody
{
	AttributeMap *keys;
	AttributeMap *image;
	char	   *number;
	double		created_at;
} RecordBody;

static AttributeMap *
read_next_map(WireReader *reader)
{
	AttributeMap *map = (AttributeMap *) palloc(sizeof(AttributeMap));

	if (wire_next(reader) == WIRE_NULL)
		return NULL;
	copy_read_map(reader, map);
	return map;
}

static void
read_body(WireReader *reader, RecordBody *body)
{
	copy_expect(wire_next(reader), WIRE_OBJECT_START);
	while (wire_next(reader) == WIRE_KEY)
	{
		if (copy_key_is(reader, "Keys"))
			body->keys = read_next_map(reader);
		else if (copy_key_is(reader, "NewImage"))
			body->image = read_next_map(reader);
		else if (copy_key_is(reader, "SequenceNumber"))
			body->number = read_string(reader);
		else if (copy_key_is(reader, "ApproximateCreationDateTime"))
		{
			WireToken	token = wire_next(reader);

			if (token == WIRE_INTEGER || token == WIRE_DECIMAL)
				body->created_at = strtod(pnstrdup(reader->text, reader->len), NULL);
			else
				wire_skip(reader);
		}
		else
			pass_over(reader);
	}
}

static void
read_record(WireReader *reader, Records *records)
{
	RecordBody	body = {0};
	char	   *event = NULL;
	CopyWrite  *write = &records->writes[records->count++];

	copy_expect(reader->token, WIRE_OBJECT_START);
	while (wire_next(reader) == WIRE_KEY)
	{
		if (copy_key_is(reader, "eventName"))
			event = read_string(reader);
		else if (copy_key_is(reader, "dynamodb"))
			read_body(reader, &body);
		else
			pass_over(reader);
	}
	if (event == NULL || body.keys == NULL || body.number == NULL)
		transfer_fail("InvalidAnswer", "a record of shard %s has no eventName, Keys or SequenceNumber", records->shard->id);
	write->is_delete = strcmp(event, "REMOVE") == 0;
	write->attributes = write->is_delete ? body.keys : body.image;
	if (write->attributes == NULL)
		transfer_fail("StreamViewType", "a record of shard %s has no NewImage", records->shard->id);
	records->bytes += write->attributes->size;
	records->last = body.number;
	records->newest = body.created_at;
}

static void
read_records(Copy *copy, void *argument)
{
	Records    *records = (Records *) argument;
	WireReader	reader;
	int			room = 1024;

	records->writes = (CopyWrite *) palloc(room * sizeof(CopyWrite));
	wire_read_text(&reader, records->call->answer, records->call->answer_len);
	copy_expect(wire_next(&reader), WIRE_OBJECT_START);
	while (wire_next(&reader) == WIRE_KEY)
	{
		if (copy_key_is(&reader, "NextShardIterator"))
			records->next = read_string(&reader);
		else if (copy_key_is(&reader, "Records"))
		{
			copy_expect(wire_next(&reader), WIRE_ARRAY_START);
			while (wire_next(&reader) != WIRE_ARRAY_END)
			{
				if (records->count == room)
					records->writes = (CopyWrite *) repalloc(records->writes, (room *= 2) * sizeof(CopyWrite));
				read_record(&reader, records);
			}
		}
		else
			pass_over(&reader);
	}
}

/* Notes where a shard has been read up to; in the transaction of the writes. */
static void
note_records(Copy *copy, void *argument)
{
	const Records *records = (const Records *) argument;
	CopyShard	after = *records->shard;
	TransferCounts counts = {.bytes = records->bytes};

	if (records->last != NULL)
		after.after = records->last;
	after.checked_at = records->call->sent_at;
	catalog_advance_transfer_part(copy->transfer->id, after.part, after.records + records->count, records->next == NULL,
								  shard_state(&after), &counts);
}

/* Notes the same when there was nothing to write. */
static void
note_nothing(Copy *copy, Records *records)
{
	copy_begin();
	note_records(copy, records);
	copy_commit();
	records->shard->noted_at = records->call->sent_at;
}

/* The shard after an answer whose records have been applied. */
static void
move_on(Copy *copy, CopyShard *shard, const Records *records)
{
	if (records->count > 0)
	{
		set_text(copy, &shard->after, records->last);
		shard->newest = records->newest;
		shard->records += records->count;
		shard->empty_answers = 0;
		shard->read_to_end_at = 0;
		shard->next_at = 0;
		shard->from_oldest = false;
		shard->noted_at = records->call->sent_at;
		copy->records += records->count;
	}
	else if (++shard->empty_answers >= SURE_ANSWERS)
	{
		shard->read_to_end_at = records->call->sent_at;
		shard->next_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), IDLE_MS);
	}
	else
		shard->next_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), EAGER_MS);
	shard->checked_at = records->call->sent_at;
	set_text(copy, &shard->iterator, records->next);
	shard->done = records->next == NULL;
	if (shard->done)
		copy->described_at = 0; /* its children are next */
}

static void
take_records(Copy *copy, CopyShard *shard, RemoteCall *call)
{
	Records		records = {call, shard};

	if (remote_failed_with(call, "ExpiredIteratorException"))
	{
		set_text(copy, &shard->iterator, NULL);
		return;
	}
	if (remote_failed_with(call, "TrimmedDataAccessException"))
	{
		position_is_gone(shard, false);
		return;
	}
	if (remote_failed_with(call, "ResourceNotFoundException"))
	{
		position_is_gone(shard, true);
		return;
	}
	remote_require(call);
	copy_guard("InvalidAnswer", "GetRecords", read_records, copy, &records);
	if (records.count > 0)
		copy_write(copy, records.writes, records.count, false, note_records, &records);
	else if (records.next == NULL || TimestampDifferenceExceeds(shard->noted_at, call->sent_at, NOTE_MS))
		note_nothing(copy, &records);
	move_on(copy, shard, &records);
}

static void
send_for_records(Copy *copy, CopyShard *shard)
{
	RemoteCall *call = remote_call(OPERATION_GetRecords, shard);

	wire_object_start(&call->writer);
	wire_text_member(&call->writer, "ShardIterator", shard->iterator);
	wire_object_end(&call->writer);
	shard->is_sent = true;
	remote_send(copy->source, call);
}

/* ------------------------------------------------------------------------------------------------------------
 * Rounds
 * ------------------------------------------------------------------------------------------------------------ */

void
copy_stream_note(Copy *copy)
{
	Description description = {0};
	ListCell   *cell;
	TimestampTz now = GetCurrentTimestamp();

	describe(copy, &description);
	copy_begin();
	foreach(cell, description.shards)
	{
		const DescribedShard *described = (const DescribedShard *) lfirst(cell);

		(void) add_shard(copy, described, true, !described->is_open, now);
	}
	copy_commit();
	copy->described_at = copy->last_described_at = now;
	foreach(cell, copy->shards)
	{
		CopyShard  *shard = (CopyShard *) lfirst(cell);
		RemoteCall *call;

		if (shard->done)
			continue;
		send_for_iterator(copy, shard, "LATEST", NULL);
		while ((call = remote_wait(copy->source, 1000)) == NULL)
			copy_look(copy, false);
		take_iterator(copy, shard, call);
		shard->is_sent = false;
		remote_free(call);
	}
}

/*
 * Whether one of the shards that were known before is the child of a shard: then that one had ended before the copy began, though nothing told of it
 * then.  Its records would come behind those of its child.
 */
static bool
has_known_child(const Copy *copy, const char *id, int next_part)
{
	ListCell   *cell;

	foreach(cell, copy->shards)
	{
		const CopyShard *shard = (const CopyShard *) lfirst(cell);

		if (shard->part < next_part && shard->parent != NULL && strcmp(shard->parent, id) == 0)
			return true;
	}
	return false;
}

static bool
is_described(const Description *description, const CopyShard *shard)
{
	ListCell   *cell;

	foreach(cell, description->shards)
		if (strcmp(((const DescribedShard *) lfirst(cell))->id, shard->id) == 0)
			return true;
	return false;
}

/* Forgets shards that were read long ago and are there no more, or a copy of months would have very many; in a transaction. */
static void
forget_old_shards(Copy *copy, const Description *description)
{
	ListCell   *cell;

	foreach(cell, copy->shards)
	{
		CopyShard  *shard = (CopyShard *) lfirst(cell);

		if (!shard->done || is_described(description, shard) ||
			!TimestampDifferenceExceeds(shard->checked_at, GetCurrentTimestamp(), FORGOTTEN_AGE_MS))
			continue;
		catalog_forget_transfer_part(copy->transfer->id, shard->part);
		copy->shards = foreach_delete_current(copy->shards, cell);
	}
}

/* Looks for shards that are new; nothing may be on its way. */
static void
find_new_shards(Copy *copy)
{
	MemoryContext scratch = AllocSetContextCreate(copy->context, "dynapg copy shards", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	Description description = {0};
	TimestampTz now = GetCurrentTimestamp();
	int			next_part = copy->next_part;
	ListCell   *cell;

	describe(copy, &description);
	copy->stream_ended = strcmp(description.status ? description.status : "", "DISABLED") == 0;
	copy_begin();
	foreach(cell, description.shards)
	{
		const DescribedShard *described = (const DescribedShard *) lfirst(cell);

		if (find_shard(copy, described->id) != NULL)
			continue;
		/* it is younger than the last look */
		(void) add_shard(copy, described, false, has_known_child(copy, described->id, next_part), copy->last_described_at);
	}
	if (!copy->stream_ended)
		forget_old_shards(copy, &description);
	copy_commit();
	copy->described_at = copy->last_described_at = now;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

static bool
is_ready(const Copy *copy, const CopyShard *shard)
{
	const CopyShard *parent;

	if (shard->done)
		return false;
	parent = shard->parent ? find_shard(copy, shard->parent) : NULL;
	return parent == NULL || parent->done;
}

/* Sends what is due; returns when the next is. */
static TimestampTz
send_requests(Copy *copy)
{
	TimestampTz next = DT_NOEND;
	TimestampTz now = GetCurrentTimestamp();
	ListCell   *cell;

	foreach(cell, copy->shards)
	{
		CopyShard  *shard = (CopyShard *) lfirst(cell);

		if (shard->is_sent || !is_ready(copy, shard) || remote_pending(copy->source) >= COPY_MAX_CALLS)
			continue;
		if (shard->next_at > now)
			next = Min(next, shard->next_at);
		else if (shard->iterator == NULL)
			find_position(copy, shard);
		else
			send_for_records(copy, shard);
	}
	return next;
}

static void
take_answer(Copy *copy, RemoteCall *call)
{
	MemoryContext caller = MemoryContextSwitchTo(call->context);
	CopyShard  *shard = (CopyShard *) call->tag;

	shard->is_sent = false;
	if (call->operation == OPERATION_GetShardIterator)
		take_iterator(copy, shard, call);
	else
		take_records(copy, shard, call);
	copy->works = true;
	MemoryContextSwitchTo(caller);
	remote_free(call);
}

/* How far behind the slowest shard is. */
static void
measure_lag(Copy *copy)
{
	ListCell   *cell;
	double		now = (double) unix_microseconds(GetCurrentTimestamp()) / USECS_PER_SEC;

	copy->lag = 0;
	foreach(cell, copy->shards)
	{
		const CopyShard *shard = (const CopyShard *) lfirst(cell);

		if (!shard->done && shard->read_to_end_at == 0 && shard->newest > 0)
			copy->lag = Max(copy->lag, now - shard->newest);
	}
}

static bool
shards_are_read(const Copy *copy, TimestampTz since)
{
	bool		is_open = false;
	ListCell   *cell;

	foreach(cell, copy->shards)
	{
		const CopyShard *shard = (const CopyShard *) lfirst(cell);

		if (shard->done)
			continue;
		if (shard->read_to_end_at == 0 || shard->read_to_end_at < since)
			return false;
		is_open = true;
	}
	/* between a shard's end and its children there is nothing open */
	return is_open || copy->stream_ended;
}

bool
copy_stream_has_caught_up(const Copy *copy)
{
	ListCell   *cell;

	if (shards_are_read(copy, 0))
		return true;
	foreach(cell, copy->shards)
	{
		const CopyShard *shard = (const CopyShard *) lfirst(cell);

		if (!shard->done && shard->newest == 0 && shard->empty_answers == 0)
			return false;
	}
	return copy->lag < CAUGHT_UP_S;
}

bool
copy_stream_is_read(Copy *copy, TimestampTz since)
{
	if (copy->described_at < since)
	{
		/* there may be shards that we do not know */
		if (GetCurrentTimestamp() >= since)
			copy->described_at = 0;
		return false;
	}
	return shards_are_read(copy, since);
}

void
copy_stream_round(Copy *copy, TimestampTz until)
{
	TimestampTz begin = GetCurrentTimestamp();

	for (;;)
	{
		TimestampTz now;
		TimestampTz next;
		RemoteCall *call;

		copy_look(copy, false);
		now = GetCurrentTimestamp();
		if (remote_pending(copy->source) == 0 && (now >= until || shards_are_read(copy, begin)))
			break;
		if (remote_pending(copy->source) == 0 && TimestampDifferenceExceeds(copy->described_at, now, DESCRIBE_MS))
			find_new_shards(copy);
		next = now < until ? send_requests(copy) : DT_NOEND;
		next = Min(next, until);
		if (remote_pending(copy->source) == 0)
		{
			copy_sleep(next > now ? Min(TimestampDifferenceMilliseconds(now, next), 1000) : 1);
			continue;
		}
		call = remote_wait(copy->source, next > now ? Max(1, Min(TimestampDifferenceMilliseconds(now, next), 1000)) : 1000);
		if (call != NULL)
			take_answer(copy, call);
	}
	measure_lag(copy);
}
