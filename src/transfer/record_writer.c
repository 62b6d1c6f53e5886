/*
 * record_writer.c
 *		The lines of an export.
 */
#include "postgres.h"

#include "transfer/record_writer.h"
#include "value/ion.h"
#include "value/wire.h"

#define MICROS_TEXT_SIZE 24

static void
append_micros(StringInfo out, int64 micros)
{
	char		text[MICROS_TEXT_SIZE];
	int			len = snprintf(text, sizeof(text), INT64_FORMAT, micros);

	appendBinaryStringInfo(out, text, len);
}

#define append_literal(out, literal) appendBinaryStringInfo((out), (literal), sizeof(literal) - 1)

/* A map of attribute values. */
static void
append_map(StringInfo out, RecordFormat format, Jsonb *item)
{
	WireWriter	writer;

	if (format == RECORD_ION)
	{
		ion_append_item(out, item);
		return;
	}
	Assert(format == RECORD_DYNAMODB_JSON);
	wire_write_text(&writer, out);
	attr_write_item(&writer, item);
}

void
record_write_item(StringInfo out, RecordFormat format, Jsonb *item)
{
	if (format == RECORD_ION)
		append_literal(out, ION_VERSION_MARKER " {Item:");
	else
		append_literal(out, "{\"Item\":");
	append_map(out, format, item);
	append_literal(out, "}\n");
}

static void
write_json_change(StringInfo out, const RecordChange *change)
{
	append_literal(out, "{\"Metadata\":{\"WriteTimestampMicros\":{\"N\":\"");
	append_micros(out, change->micros);
	append_literal(out, "\"}},\"Keys\":");
	append_map(out, RECORD_DYNAMODB_JSON, change->keys);
	if (change->old_image != NULL)
	{
		append_literal(out, ",\"OldImage\":");
		append_map(out, RECORD_DYNAMODB_JSON, change->old_image);
	}
	if (change->new_image != NULL)
	{
		append_literal(out, ",\"NewImage\":");
		append_map(out, RECORD_DYNAMODB_JSON, change->new_image);
	}
	append_literal(out, "}\n");
}

static void
write_ion_change(StringInfo out, const RecordChange *change)
{
	append_literal(out, ION_VERSION_MARKER " {Record:{Keys:");
	append_map(out, RECORD_ION, change->keys);
	append_literal(out, ",Metadata:{WriteTimestampMicros:");
	append_micros(out, change->micros);
	append_literal(out, ".}");
	if (change->old_image != NULL)
	{
		append_literal(out, ",OldImage:");
		append_map(out, RECORD_ION, change->old_image);
	}
	if (change->new_image != NULL)
	{
		append_literal(out, ",NewImage:");
		append_map(out, RECORD_ION, change->new_image);
	}
	append_literal(out, "}}\n");
}

void
record_write_change(StringInfo out, RecordFormat format, const RecordChange *change)
{
	if (format == RECORD_ION)
		write_ion_change(out, change);
	else
		write_json_change(out, change);
}
