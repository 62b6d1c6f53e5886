/*
 * record_reader.c
 *		The items of an object that is imported, one after another.
 *
 * What the value rooms raise is caught here for each record: they only compute, so that nothing but memory is left behind, and that
 * goes with the record's memory context.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/error.h"
#include "base/limits.h"
#include "transfer/record_private.h"

#define FILL_SIZE (256 * 1024)

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

RecordReader *
record_reader_create(ByteSource *source, const RecordOptions *options)
{
	RecordReader *reader = palloc0(sizeof(RecordReader));

	reader->options = *options;
	reader->source = source;
	reader->capacity = 2 * FILL_SIZE;
	reader->buffer = palloc(reader->capacity);
	reader->context = CurrentMemoryContext;
	reader->record_context = AllocSetContextCreate(CurrentMemoryContext, "dynapg record", ALLOCSET_DEFAULT_SIZES);
	switch (options->format)
	{
		case RECORD_DYNAMODB_JSON:
			reader->routines = &record_json_routines;
			break;
		case RECORD_ION:
			reader->routines = &record_ion_routines;
			reader->symbols = ion_symbols_create();
			break;
		case RECORD_CSV:
			reader->routines = &record_csv_routines;
			break;
	}
	return reader;
}

int64
record_reader_position(const RecordReader *reader)
{
	return reader->position;
}

void
record_reader_resume(RecordReader *reader, int64 position, int64 index)
{
	Assert(!reader->began);
	reader->index = index;
	reader->resume_at = position;
}

bool
record_fill(RecordReader *reader)
{
	int			got;

	if (reader->at_end)
		return false;
	if (reader->start > 0)
	{
		reader->end -= reader->start;
		memmove(reader->buffer, reader->buffer + reader->start, reader->end);
		reader->start = 0;
	}
	if (reader->capacity - reader->end < FILL_SIZE)
	{
		reader->capacity *= 2;
		reader->buffer = repalloc(reader->buffer, reader->capacity);
	}
	got = byte_source_read(reader->source, reader->buffer + reader->end, reader->capacity - reader->end);
	if (got <= 0)
	{
		reader->at_end = true;
		return false;
	}
	reader->end += got;
	return true;
}

RecordStatus
record_end_of_source(RecordReader *reader, Record *record)
{
	if (reader->source->error != NULL)
		return record_bad_format(record, reader->source->error);
	return RECORD_END;
}

RecordName *
record_add_name(Record *record)
{
	int			count = record->name_count++;

	/* room is doubled when a power of two is reached */
	if (count == 0)
		record->names = palloc(sizeof(RecordName));
	else if ((count & (count - 1)) == 0)
		record->names = repalloc(record->names, 2 * count * sizeof(RecordName));
	return &record->names[count];
}

/* Moves to the record that reading goes on with, as far as that can be done without reading those before. */
static void
skip_to_resume(RecordReader *reader)
{
	int64		ahead = reader->resume_at - reader->position;

	if (ahead <= 0 || reader->routines->reads_all)
		return;
	if (ahead <= reader->end - reader->start)
	{
		record_take(reader, ahead);
		return;
	}
	ahead -= reader->end - reader->start;
	reader->start = reader->end = 0;
	reader->position = reader->resume_at;
	if (!byte_source_skip(reader->source, ahead))
		reader->at_end = true;
}

/* Passes over a byte order mark, reads what comes before the records, and moves to where reading goes on. */
static RecordStatus
begin(RecordReader *reader, Record *record)
{
	const int	len = sizeof(BYTE_ORDER_MARK) - 1;
	RecordStatus status = RECORD_ITEM;

	reader->began = true;
	if (reader->resume_at == 0 || reader->routines->begin || reader->routines->reads_all)
	{
		while (reader->end - reader->start < len && record_fill(reader))
			;
		if (reader->end - reader->start >= len && memcmp(reader->buffer + reader->start, BYTE_ORDER_MARK, len) == 0)
			record_take(reader, len);
	}
	if (reader->routines->begin)
		status = reader->routines->begin(reader, record);
	skip_to_resume(reader);
	return status;
}

/* Finds and reads a record; may raise Validation- and SerializationExceptions. */
static RecordStatus
read_next(RecordReader *reader, Record *record)
{
	RecordStatus status = reader->began ? RECORD_ITEM : begin(reader, record);

	while (status == RECORD_ITEM)
	{
		status = reader->routines->find(reader, record);
		if (status != RECORD_ITEM)
			break;
		if (reader->position <= reader->resume_at)
		{
			if (reader->routines->pass)
				reader->routines->pass(reader, record);
		}
		else
		{
			status = reader->routines->read(reader, record);
			if (status != RECORD_END)
				return status;
			status = RECORD_ITEM;
		}
		MemoryContextReset(reader->record_context);
	}
	return status;
}

/* The same; these exceptions are results. */
static RecordStatus
try_next(RecordReader *reader, Record *record)
{
	volatile RecordStatus status = RECORD_BAD_FORMAT;

	PG_TRY();
	{
		status = read_next(reader, record);
	}
	PG_CATCH();
	{
		int			sqlstate = geterrcode();
		bool		is_item = sqlstate == dyn_exception_info(DYN_VALIDATION)->sqlstate;
		ErrorData  *error;

		if (!is_item && sqlstate != dyn_exception_info(DYN_SERIALIZATION)->sqlstate)
			PG_RE_THROW();
		error = dyn_take_error(reader->record_context);
		record->error = error->message[0] ? error->message : "The record is not valid JSON";
		status = is_item ? RECORD_BAD_ITEM : RECORD_BAD_FORMAT;
	}
	PG_END_TRY();
	return status;
}

/* What holds for an item of any table. */
static RecordStatus
check_item(Record *record)
{
	if (record->item.error.message != NULL)
		return record_bad_item(record, record->item.error.message);
	if (record->item.size > ITEM_MAX_SIZE)
		return record_bad_item(record, "Item size has exceeded the maximum allowed size");
	return RECORD_ITEM;
}

RecordStatus
record_reader_next(RecordReader *reader, Record *record)
{
	MemoryContext caller;
	RecordStatus status;

	memset(record, 0, sizeof(*record));
	record->index = reader->index;
	record->end = reader->position;
	if (reader->ended)
		return RECORD_END;
	CHECK_FOR_INTERRUPTS();
	caller = MemoryContextSwitchTo(reader->record_context);
	MemoryContextReset(reader->record_context);
	status = try_next(reader, record);
	if (status == RECORD_ITEM)
		status = check_item(record);
	MemoryContextSwitchTo(caller);

	record->end = reader->position;
	reader->ended = status == RECORD_END || status == RECORD_BAD_FORMAT;
	if (status != RECORD_END)
		reader->index++;
	return status;
}
