/*
 * record_reader.c
 *		The items of an object that is imported, one after another.
 *
 * Bytes are pulled into a buffer in which a record is found whole before it is read; the values that it is read into point into
 * the buffer.  What the value rooms raise is caught here for each record: they only compute, so that nothing but memory is left behind, and that
 * goes with the record's memory context.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/error.h"
#include "base/limits.h"
#include "transfer/record_reader.h"
#include "value/wire.h"

#define FILL_SIZE (256 * 1024)

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

struct RecordReader
{
	RecordOptions options;
	ByteSource *source;
	MemoryContext record_context;	/* of the record that was read last */

	char	   *buffer;
	int			capacity;
	int			start;			/* of what has not been read, in the buffer */
	int			end;
	int64		position;		/* of start, in the source */
	bool		at_end;			/* the source has given all it has */

	int64		index;			/* of the next record */
	bool		began;			/* the beginning of the source has been looked at */
	bool		ended;			/* RECORD_END, or RECORD_BAD_FORMAT */
};

#define TOO_LONG "The record is longer than any item can be"
#define NO_ITEM "The record has no member Item that is an object"

RecordReader *
record_reader_create(ByteSource *source, const RecordOptions *options)
{
	RecordReader *reader = palloc0(sizeof(RecordReader));

	reader->options = *options;
	reader->source = source;
	reader->capacity = 2 * FILL_SIZE;
	reader->buffer = palloc(reader->capacity);
	reader->record_context = AllocSetContextCreate(CurrentMemoryContext, "dynapg record", ALLOCSET_DEFAULT_SIZES);
	return reader;
}

int64
record_reader_position(const RecordReader *reader)
{
	return reader->position;
}

static void
take(RecordReader *reader, int len)
{
	reader->start += len;
	reader->position += len;
}

/* Pulls more bytes; false if there are none, or they are broken.  What has not been read moves to the buffer's beginning. */
static bool
fill(RecordReader *reader)
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

/* Passes over a byte order mark. */
static void
begin(RecordReader *reader)
{
	const int	len = sizeof(BYTE_ORDER_MARK) - 1;

	while (reader->end - reader->start < len && fill(reader))
		;
	if (reader->end - reader->start >= len && memcmp(reader->buffer + reader->start, BYTE_ORDER_MARK, len) == 0)
		take(reader, len);
	reader->began = true;
}

void
record_reader_resume(RecordReader *reader, int64 position, int64 index)
{
	Assert(!reader->began);
	reader->index = index;
	if (position == 0)
		return;
	reader->began = true;
	reader->position = position;
	if (!byte_source_skip(reader->source, position))
		reader->at_end = true;
}

/* What becomes of a record: whether there is one, and what it says. */
static RecordStatus
bad_item(Record *record, const char *error)
{
	record->error = error;
	return RECORD_BAD_ITEM;
}

static RecordStatus
bad_format(Record *record, const char *error)
{
	record->error = error;
	return RECORD_BAD_FORMAT;
}

/* There is no more record: the end, or what the source is broken by. */
static RecordStatus
end_of_source(RecordReader *reader, Record *record)
{
	if (reader->source->error != NULL)
		return bad_format(record, reader->source->error);
	return RECORD_END;
}

static bool
is_blank(const char *text, int len)
{
	for (int i = 0; i < len; i++)
		if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r' && text[i] != '\n')
			return false;
	return true;
}

/*
 * Finds the next line that is not blank: record->text, without its newline.  RECORD_ITEM if there is one.
 */
static RecordStatus
next_line(RecordReader *reader, Record *record)
{
	int			scanned = 0;	/* bytes from start that have no newline */

	for (;;)
	{
		const char *line = reader->buffer + reader->start;
		const char *newline = memchr(line + scanned, '\n', reader->end - reader->start - scanned);
		int			len = newline ? newline - line : reader->end - reader->start;

		if (len > RECORD_MAX_SIZE)
			return bad_format(record, TOO_LONG);
		if (newline == NULL)
		{
			scanned = len;
			CHECK_FOR_INTERRUPTS();
			if (fill(reader))
				continue;
			if (reader->source->error != NULL || len == 0)
				return end_of_source(reader, record);
			line = reader->buffer + reader->start;
		}
		take(reader, newline ? len + 1 : len);
		scanned = 0;
		if (is_blank(line, len))
			continue;
		record->text = line;
		record->text_len = len;
		return RECORD_ITEM;
	}
}

/* A member that is a string; the current token is its value. */
static void
expect_string(WireReader *wire, const char *member)
{
	if (wire->token != WIRE_STRING)
		dyn_error(DYN_SERIALIZATION, "%s is not a string", member);
}

/* ExpressionAttributeNames. */
static void
read_names(WireReader *wire, Record *record)
{
	int			capacity = 8;

	if (wire->token != WIRE_OBJECT_START)
		dyn_error(DYN_SERIALIZATION, "ExpressionAttributeNames is not an object");
	record->names = palloc(capacity * sizeof(RecordName));
	record->name_count = 0;
	while (wire_next(wire) != WIRE_OBJECT_END)
	{
		RecordName *name;

		if (record->name_count == capacity)
		{
			capacity *= 2;
			record->names = repalloc(record->names, capacity * sizeof(RecordName));
		}
		name = &record->names[record->name_count++];
		name->placeholder = wire->text;
		name->placeholder_len = wire->len;
		wire_next(wire);
		expect_string(wire, "A name in ExpressionAttributeNames");
		name->name = wire->text;
		name->name_len = wire->len;
	}
}

static bool
name_is(const WireReader *wire, const char *name)
{
	return wire->len == strlen(name) && memcmp(wire->text, name, wire->len) == 0;
}

/* Reads a member of a record that belongs to its condition; the current token is its name.  False if it is none. */
static bool
read_condition(WireReader *wire, Record *record)
{
	if (name_is(wire, "ConditionExpression"))
	{
		wire_next(wire);
		if (wire->token == WIRE_NULL)
			return true;
		expect_string(wire, "ConditionExpression");
		record->condition = pnstrdup(wire->text, wire->len);
		record->condition_len = wire->len;
		return true;
	}
	if (name_is(wire, "ExpressionAttributeNames"))
	{
		if (wire_next(wire) != WIRE_NULL)
			read_names(wire, record);
		return true;
	}
	if (name_is(wire, "ExpressionAttributeValues"))
	{
		if (wire_next(wire) != WIRE_NULL)
		{
			attr_read_map(wire, &record->values);
			record->has_values = true;
		}
		return true;
	}
	return false;
}

/* Reads a line of DynamoDB JSON. */
static RecordStatus
read_json(RecordReader *reader, Record *record)
{
	WireReader	wire;
	bool		has_item = false;

	wire_read_text(&wire, record->text, record->text_len);
	if (wire_next(&wire) != WIRE_OBJECT_START)
		return bad_format(record, NO_ITEM);
	while (wire_next(&wire) != WIRE_OBJECT_END)
	{
		if (name_is(&wire, "Item"))
		{
			if (wire_next(&wire) != WIRE_OBJECT_START)
				return bad_format(record, NO_ITEM);
			attr_read_map(&wire, &record->item);
			has_item = true;
		}
		else if (!reader->options.conditions || !read_condition(&wire, record))
		{
			wire_next(&wire);
			wire_skip(&wire);
		}
	}
	wire_next(&wire);			/* raises if more follows */
	return has_item ? RECORD_ITEM : bad_format(record, NO_ITEM);
}

/* Reads what has been found; errors of the value rooms are results. */
static RecordStatus
read_record(RecordReader *reader, Record *record)
{
	MemoryContext context = CurrentMemoryContext;
	volatile RecordStatus status = RECORD_BAD_FORMAT;

	PG_TRY();
	{
		status = read_json(reader, record);
	}
	PG_CATCH();
	{
		int			sqlstate = geterrcode();
		ErrorData  *error;

		if (sqlstate != dyn_exception_info(DYN_VALIDATION)->sqlstate &&
			sqlstate != dyn_exception_info(DYN_SERIALIZATION)->sqlstate)
			PG_RE_THROW();
		error = dyn_take_error(context);
		record->error = error->message[0] ? error->message : "The record is not valid JSON";
		status = sqlstate == dyn_exception_info(DYN_VALIDATION)->sqlstate ? RECORD_BAD_ITEM : RECORD_BAD_FORMAT;
	}
	PG_END_TRY();
	return status;
}

/* What holds for an item of any table. */
static RecordStatus
check_item(Record *record)
{
	if (record->item.error.message != NULL)
		return bad_item(record, record->item.error.message);
	if (record->item.size > ITEM_MAX_SIZE)
		return bad_item(record, "Item size has exceeded the maximum allowed size");
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
	if (!reader->began)
		begin(reader);
	status = next_line(reader, record);
	if (status == RECORD_ITEM)
		status = read_record(reader, record);
	if (status == RECORD_ITEM)
		status = check_item(record);
	MemoryContextSwitchTo(caller);

	record->end = reader->position;
	reader->ended = status == RECORD_END || status == RECORD_BAD_FORMAT;
	if (status != RECORD_END)
		reader->index++;
	return status;
}
