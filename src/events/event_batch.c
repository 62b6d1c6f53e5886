/*
 * event_batch.c
 *		A batch as Lambda's event, and the answer to one.
 */
#include "postgres.h"

#include "utils/memutils.h"

#include "events/event_batch.h"
#include "op/stream.h"

#define MAX_DIGITS 30			/* of a SequenceNumber */

void
event_record_write(WireWriter *writer, const EventBatch *batch, const EventRecord *record)
{
	RecordOrigin origin = {.for_lambda = true, .arn = batch->arn};

	stream_write_record(writer, batch->log, &record->row, record->size, &origin);
}

/* A record as a jsonb in the current context; scratch is empty before and after. */
static Jsonb *
make_record(const EventBatch *batch, const EventRecord *record, MemoryContext scratch)
{
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	WireWriter	part;
	Jsonb	   *made;
	Jsonb	   *kept;

	wire_write_jsonb(&part);
	event_record_write(&part, batch, record);
	made = wire_writer_jsonb(&part);
	MemoryContextSwitchTo(caller);
	kept = (Jsonb *) memcpy(palloc(VARSIZE(made)), made, VARSIZE(made));
	MemoryContextReset(scratch);
	return kept;
}

/* Of a jsonb each record is finished by itself: a tree of thousands would not stay in the processor's cache until it is written. */
static void
write_records(WireWriter *writer, const EventBatch *batch)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "dynapg event record", ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < batch->count; i++)
		if (wire_builds_jsonb(writer))
			wire_jsonb(writer, make_record(batch, &batch->records[i], scratch));
		else
			event_record_write(writer, batch, &batch->records[i]);
	MemoryContextDelete(scratch);
}

void
event_batch_write(WireWriter *writer, const EventBatch *batch)
{
	wire_object_start(writer);
	wire_member(writer, "Records");
	wire_array_start(writer);
	write_records(writer, batch);
	wire_array_end(writer);
	wire_object_end(writer);
}

/* ------------------------------------------------------------------------------------------------------------
 * Answers
 * ------------------------------------------------------------------------------------------------------------ */

static void
fail(EventOutcome *outcome, const char *error)
{
	outcome->ok = false;
	outcome->first_failed = 0;
	outcome->error = error;
}

/* Whether a record has a number: they are in the order of theirs.  An answer may name 10,000 of 10,000. */
static bool
has_record(const EventBatch *batch, int64 seq)
{
	int			low = 0;
	int			high = batch->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (batch->records[middle].row.seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < batch->count && batch->records[low].row.seq == seq;
}

/* Whether a text is the SequenceNumber of one of the records, which failed: notes the first one. */
static bool
note_failed(const EventBatch *batch, const char *text, int len, EventOutcome *outcome)
{
	char		number[MAX_DIGITS + 1];
	int64		seq;

	if (len == 0 || len > MAX_DIGITS)
		return false;
	memcpy(number, text, len);
	number[len] = '\0';
	if (strspn(number, "0123456789") < len)
		return false;
	seq = stream_number_of_text(number, len);
	if (!has_record(batch, seq))
		return false;
	if (outcome->first_failed == 0 || seq < outcome->first_failed)
		outcome->first_failed = seq;
	return true;
}

/* An element of batchItemFailures, whose first token is the current one. */
static bool
read_failure(WireReader *reader, const EventBatch *batch, EventOutcome *outcome)
{
	bool		found = false;

	if (reader->token != WIRE_OBJECT_START)
		return false;
	while (wire_next(reader) == WIRE_KEY)
	{
		bool		is_identifier = reader->len == strlen("itemIdentifier") && memcmp(reader->text, "itemIdentifier", reader->len) == 0;

		wire_next(reader);
		if (is_identifier)
			found = reader->token == WIRE_STRING && note_failed(batch, reader->text, reader->len, outcome);
		if (is_identifier && !found)
			return false;
		wire_skip(reader);
	}
	return found;
}

static bool
read_failures(WireReader *reader, const EventBatch *batch, EventOutcome *outcome)
{
	if (reader->token == WIRE_NULL)
		return true;
	if (reader->token != WIRE_ARRAY_START)
		return false;
	while (wire_next(reader) != WIRE_ARRAY_END)
		if (!read_failure(reader, batch, outcome))
			return false;
	return true;
}

void
event_read_answer(const EventBatch *batch, const char *answer, int len, EventOutcome *outcome)
{
	WireReader	reader;

	outcome->ok = true;
	outcome->first_failed = 0;
	outcome->error = NULL;
	if (len == 0)
		return;
	if (!wire_text_is_json(answer, len))
	{
		fail(outcome, "the answer is not JSON");
		return;
	}
	wire_read_text(&reader, answer, len);
	wire_next(&reader);
	if (reader.token == WIRE_NULL)
		return;
	if (reader.token != WIRE_OBJECT_START)
	{
		fail(outcome, "the answer is not an object with batchItemFailures");
		return;
	}
	while (wire_next(&reader) == WIRE_KEY)
	{
		bool		is_list = reader.len == strlen("batchItemFailures") && memcmp(reader.text, "batchItemFailures", reader.len) == 0;

		wire_next(&reader);
		if (is_list && !read_failures(&reader, batch, outcome))
		{
			fail(outcome, "batchItemFailures has something else than objects with the itemIdentifier of a record");
			return;
		}
		if (!is_list)
			wire_skip(&reader);
	}
}
