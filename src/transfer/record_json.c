/*
 * record_json.c
 *		Records of DynamoDB JSON: a line each.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/error.h"
#include "transfer/record_private.h"
#include "value/wire.h"

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
			return record_bad_format(record, RECORD_TOO_LONG);
		if (newline == NULL)
		{
			scanned = len;
			CHECK_FOR_INTERRUPTS();
			if (record_fill(reader))
				continue;
			if (reader->source->error != NULL || len == 0)
				return record_end_of_source(reader, record);
			line = reader->buffer + reader->start;
		}
		record_take(reader, newline ? len + 1 : len);
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
	if (wire->token != WIRE_OBJECT_START)
		dyn_error(DYN_SERIALIZATION, "ExpressionAttributeNames is not an object");
	while (wire_next(wire) != WIRE_OBJECT_END)
	{
		RecordName *name = record_add_name(record);

		name->placeholder = wire->text;
		name->placeholder_len = wire->len;
		wire_next(wire);
		expect_string(wire, "A name in ExpressionAttributeNames");
		name->name = wire->text;
		name->name_len = wire->len;
	}
}

/* Reads a member of a record that belongs to its condition; the current token is its name.  False if it is none. */
static bool
read_condition(WireReader *wire, Record *record)
{
	if (record_text_is(wire->text, wire->len, "ConditionExpression"))
	{
		wire_next(wire);
		if (wire->token == WIRE_NULL)
			return true;
		expect_string(wire, "ConditionExpression");
		record->condition = pnstrdup(wire->text, wire->len);
		record->condition_len = wire->len;
		return true;
	}
	if (record_text_is(wire->text, wire->len, "ExpressionAttributeNames"))
	{
		if (wire_next(wire) != WIRE_NULL)
			read_names(wire, record);
		return true;
	}
	if (record_text_is(wire->text, wire->len, "ExpressionAttributeValues"))
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
		return record_bad_format(record, RECORD_NO_ITEM);
	while (wire_next(&wire) != WIRE_OBJECT_END)
	{
		if (record_text_is(wire.text, wire.len, "Item"))
		{
			if (wire_next(&wire) != WIRE_OBJECT_START)
				return record_bad_format(record, RECORD_NO_ITEM);
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
	return has_item ? RECORD_ITEM : record_bad_format(record, RECORD_NO_ITEM);
}

const RecordFormatRoutines record_json_routines = {
	.find = next_line,
	.read = read_json,
};
