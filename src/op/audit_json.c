/*
 * audit_json.c
 *		JSON of the audit: in printable ASCII and of bounded length, whatever goes in.
 *
 * Nothing in a line may end it, be taken for another one, or do something to a terminal: names, header fields and messages are of people who
 * might want that.  So all but printable ASCII is escaped.
 */
#include "postgres.h"

#include <ctype.h>

#include "mb/pg_wchar.h"

#include "op/audit_private.h"
#include "value/wire.h"

#define MAX_STRING 2048
#define CUT "...(Truncated)"

bool
audit_has_room(AuditWriter *writer)
{
	if (writer->out->len < writer->limit)
		return true;
	writer->truncated = true;
	return false;
}

/* What stands before a value. */
static void
separate(StringInfo out)
{
	if (out->len > 0 && strchr("{[:", out->data[out->len - 1]) == NULL)
		appendStringInfoChar(out, ',');
}

void
audit_begin_object(AuditWriter *writer)
{
	separate(writer->out);
	appendStringInfoChar(writer->out, '{');
}

void
audit_end_object(AuditWriter *writer)
{
	appendStringInfoChar(writer->out, '}');
}

void
audit_begin_array(AuditWriter *writer)
{
	separate(writer->out);
	appendStringInfoChar(writer->out, '[');
}

void
audit_end_array(AuditWriter *writer)
{
	appendStringInfoChar(writer->out, ']');
}

/* U+FFFD where there is no character; *len gets how many bytes it has. */
static pg_wchar
next_character(const unsigned char *text, int left, int *len)
{
	*len = pg_utf_mblen(text);
	if (*len <= left && text[0] != '\0' && pg_utf8_islegal(text, *len))
		return utf8_to_unicode(text);
	*len = 1;
	return 0xFFFD;
}

static void
append_escape(StringInfo out, uint32 unit)
{
	static const char digits[] = "0123456789abcdef";
	char		escape[] = {'\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};

	appendBinaryStringInfo(out, escape, sizeof(escape));
}

static void
append_character(StringInfo out, pg_wchar character)
{
	if (character == '"' || character == '\\')
	{
		appendStringInfoChar(out, '\\');
		appendStringInfoChar(out, character);
	}
	else if (character == '\n')
		appendStringInfoString(out, "\\n");
	else if (character == '\t')
		appendStringInfoString(out, "\\t");
	else if (character >= 0x10000)
	{
		append_escape(out, 0xD800 + ((character - 0x10000) >> 10));
		append_escape(out, 0xDC00 + ((character - 0x10000) & 0x3FF));
	}
	else
		append_escape(out, character);
}

static inline bool
is_plain(unsigned char c)
{
	return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

/* The string without its quotes; false if it was cut. */
static bool
append_text(StringInfo out, const char *text, int len, int limit)
{
	const char *end = text + len;

	while (text < end)
	{
		const char *run = text;
		int			room = limit - out->len;

		if (room <= 0)
			return false;
		while (text < end && text - run < room && is_plain(*text))
			text++;
		appendBinaryStringInfo(out, run, text - run);
		if (text < end && out->len < limit)
		{
			int			bytes;
			pg_wchar	character = next_character((const unsigned char *) text, end - text, &bytes);

			append_character(out, character);
			text += bytes;
		}
	}
	return true;
}

void
audit_string(AuditWriter *writer, const char *text, int len)
{
	StringInfo	out = writer->out;

	separate(out);
	appendStringInfoChar(out, '"');
	if (!append_text(out, text, len, Min(writer->limit, out->len + MAX_STRING)))
	{
		appendStringInfoString(out, CUT);
		writer->truncated = true;
	}
	appendStringInfoChar(out, '"');
}

void
audit_bare(AuditWriter *writer, const char *text)
{
	separate(writer->out);
	appendStringInfoString(writer->out, text);
}

void
audit_member(AuditWriter *writer, const char *name)
{
	separate(writer->out);
	appendStringInfoChar(writer->out, '"');
	appendStringInfoString(writer->out, name);
	appendStringInfoString(writer->out, "\":");
}

void
audit_camel_member(AuditWriter *writer, const char *name, int len)
{
	StringInfo	out = writer->out;
	int			start = out->len;
	char	   *first;

	audit_free_member(writer, name, len);
	first = strchr(out->data + start, '"') + 1;
	*first = tolower((unsigned char) *first);
}

void
audit_free_member(AuditWriter *writer, const char *name, int len)
{
	audit_string(writer, name, len);
	appendStringInfoChar(writer->out, ':');
}

void
audit_text_member(AuditWriter *writer, const char *name, const char *text)
{
	audit_member(writer, name);
	if (text != NULL)
		audit_string(writer, text, strlen(text));
	else
		audit_bare(writer, "null");
}

/* The value whose first token is the current one; its last token becomes the current one. */
static void
put_token(AuditWriter *writer, WireReader *reader)
{
	switch (reader->token)
	{
		case WIRE_OBJECT_START:
			audit_begin_object(writer);
			break;
		case WIRE_OBJECT_END:
			audit_end_object(writer);
			break;
		case WIRE_ARRAY_START:
			audit_begin_array(writer);
			break;
		case WIRE_ARRAY_END:
			audit_end_array(writer);
			break;
		case WIRE_STRING:
			audit_string(writer, reader->text, reader->len);
			break;
		case WIRE_INTEGER:
		case WIRE_DECIMAL:
			audit_bare(writer, pnstrdup(reader->text, reader->len));
			break;
		case WIRE_TRUE:
			audit_bare(writer, "true");
			break;
		case WIRE_FALSE:
			audit_bare(writer, "false");
			break;
		default:
			audit_bare(writer, "null");
			break;
	}
}

void
audit_answer(AuditWriter *writer, const char *json, int len)
{
	WireReader	reader;

	wire_read_text(&reader, json, len);
	while (wire_next(&reader) != WIRE_END)
	{
		bool		is_member = reader.token == WIRE_KEY;

		if (is_member)
		{
			if (audit_has_room(writer))
				audit_camel_member(writer, reader.text, reader.len);
			else
				is_member = false;
			wire_next(&reader);
			if (!is_member)
			{
				wire_skip(&reader);
				continue;
			}
		}
		else if (reader.token != WIRE_OBJECT_END && reader.token != WIRE_ARRAY_END && !audit_has_room(writer))
		{
			wire_skip(&reader);
			continue;
		}
		put_token(writer, &reader);
	}
}
