/*
 * wire_read.c
 *		The pull reader: tokens from JSON text or from a jsonb.
 *
 * The text reader looks at each byte once.  UTF-8 is verified for the whole text at once, by PostgreSQL's
 * vectorised check, before the first token; after that only JSON's own rules are left.  A string without escapes
 * is not copied: the token points into the text.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "base/error.h"
#include "value/wire.h"
#include "value/wire_scan.h"

#define IS_BLANK(c) ((c) == ' ' || (c) == '\n' || (c) == '\r' || (c) == '\t')
#define IS_DIGIT(c) ((c) >= '0' && (c) <= '9')

static inline const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && IS_BLANK(*p))
		p++;
	return p;
}

void
wire_read_text(WireReader *reader, const char *text, int len)
{
	memset(reader, 0, sizeof(*reader));
	reader->token = WIRE_END;
	reader->source = text;
	reader->cursor = text;

	/* text that is not UTF-8 reads as an empty one, which is no JSON either */
	if (pg_encoding_verifymbstr(PG_UTF8, text, len) != len)
		len = 0;
	reader->end = text + len;
}

void
wire_fork(const WireReader *reader, WireReader *fork)
{
	Assert(reader->iterator == NULL);
	*fork = *reader;
	if (reader->nesting != NULL)
	{
		fork->nesting = (uint8 *) palloc(reader->nesting_size);
		memcpy(fork->nesting, reader->nesting, reader->nesting_size);
	}
}

void
wire_read_jsonb(WireReader *reader, Jsonb *jsonb)
{
	memset(reader, 0, sizeof(*reader));
	reader->token = WIRE_END;
	reader->iterator = JsonbIteratorInit(&jsonb->root);
}

/* The value of four hexadecimal digits, or -1. */
static int
hex4(const char *p)
{
	int			value = 0;

	for (int i = 0; i < 4; i++)
	{
		char		c = p[i];

		if (IS_DIGIT(c))
			value = value * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			value = value * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return value;
}

/*
 * Decodes the inside of a string that has escapes into out, which has room for end - p bytes.  Returns the bytes
 * written, or -1 if an escape is malformed.
 */
static int
decode_string(const char *p, const char *end, char *out)
{
	char	   *to = out;

	while (p < end)
	{
		const char *run = p;
		int			code;

		while (p < end && *p != '\\')
			p++;
		memcpy(to, run, p - run);
		to += p - run;
		if (p == end)
			break;

		/* the scan for the closing quote has seen a character after the backslash */
		p++;
		switch (*p++)
		{
			case '"':
				*to++ = '"';
				break;
			case '\\':
				*to++ = '\\';
				break;
			case '/':
				*to++ = '/';
				break;
			case 'b':
				*to++ = '\b';
				break;
			case 'f':
				*to++ = '\f';
				break;
			case 'n':
				*to++ = '\n';
				break;
			case 'r':
				*to++ = '\r';
				break;
			case 't':
				*to++ = '\t';
				break;
			case 'u':
				if (end - p < 4 || (code = hex4(p)) < 0)
					return -1;
				p += 4;
				if (is_utf16_surrogate_second(code))
					return -1;
				if (is_utf16_surrogate_first(code))
				{
					int			second;

					if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
						return -1;
					second = hex4(p + 2);
					if (second < 0 || !is_utf16_surrogate_second(second))
						return -1;
					code = surrogate_pair_to_codepoint(code, second);
					p += 6;
				}
				unicode_to_utf8(code, (unsigned char *) to);
				to += pg_utf_mblen((unsigned char *) to);
				break;
			default:
				return -1;
		}
	}
	return to - out;
}

/* Reads a string whose opening quote is at *pp, and moves *pp behind the closing one. */
static bool
scan_string(WireReader *reader, const char **pp)
{
	const char *start = *pp + 1;
	const char *p = start;
	bool		escapes = false;

	for (;;)
	{
		p = wire_skip_plain(p, reader->end);
		if (p == reader->end)
			return false;
		if (*p == '"')
			break;
		if (*p != '\\' || reader->end - p < 2)
			return false;
		escapes = true;
		p += 2;
	}
	*pp = p + 1;

	if (!escapes)
	{
		reader->text = start;
		reader->len = p - start;
	}
	else
	{
		char	   *decoded = palloc(p - start);

		reader->text = decoded;
		reader->len = decode_string(start, p, decoded);
		if (reader->len < 0)
			return false;
	}
	return true;
}

static bool
scan_number(WireReader *reader, const char **pp)
{
	const char *p = *pp;
	const char *end = reader->end;

	reader->token = WIRE_INTEGER;
	reader->text = p;
	if (*p == '-')
		p++;
	if (p == end || !IS_DIGIT(*p))
		return false;
	if (*p == '0')
		p++;
	else
		while (p < end && IS_DIGIT(*p))
			p++;
	if (p < end && *p == '.')
	{
		reader->token = WIRE_DECIMAL;
		p++;
		if (p == end || !IS_DIGIT(*p))
			return false;
		while (p < end && IS_DIGIT(*p))
			p++;
	}
	if (p < end && (*p == 'e' || *p == 'E'))
	{
		reader->token = WIRE_DECIMAL;
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		if (p == end || !IS_DIGIT(*p))
			return false;
		while (p < end && IS_DIGIT(*p))
			p++;
	}
	reader->len = p - reader->text;
	*pp = p;
	return true;
}

static bool
scan_word(WireReader *reader, const char **pp, const char *word, int len, WireToken token)
{
	if (reader->end - *pp < len || memcmp(*pp, word, len) != 0)
		return false;
	*pp += len;
	reader->token = token;
	return true;
}

static void
open_container(WireReader *reader, bool is_object)
{
	if (reader->depth == reader->nesting_size)
	{
		if (reader->nesting == NULL)
		{
			reader->nesting_size = 64;
			reader->nesting = palloc(reader->nesting_size);
		}
		else
		{
			reader->nesting_size *= 2;
			reader->nesting = repalloc(reader->nesting, reader->nesting_size);
		}
	}
	reader->nesting[reader->depth++] = is_object;
	reader->after_value = false;
	reader->token = is_object ? WIRE_OBJECT_START : WIRE_ARRAY_START;
}

/* Reads the next token of a text; false if the text is not JSON. */
static bool
scan_token(WireReader *reader)
{
	const char *p = skip_blanks(reader->cursor, reader->end);
	const char *end = reader->end;
	bool		in_object = reader->depth > 0 && reader->nesting[reader->depth - 1];

	if (reader->after_value && reader->depth == 0)
	{
		reader->token = WIRE_END;
		reader->cursor = p;
		return p == end;
	}
	if (p == end)
		return false;

	/* the end of the container, right after its start or after a value of it */
	if (reader->after_value || reader->token == WIRE_OBJECT_START || reader->token == WIRE_ARRAY_START)
	{
		if (*p == (in_object ? '}' : ']'))
		{
			reader->token = in_object ? WIRE_OBJECT_END : WIRE_ARRAY_END;
			reader->depth--;
			reader->after_value = true;
			reader->cursor = p + 1;
			return true;
		}
	}
	if (reader->after_value)
	{
		if (*p != ',')
			return false;
		p = skip_blanks(p + 1, end);
		if (p == end)
			return false;
	}

	if (in_object && (reader->after_value || reader->token == WIRE_OBJECT_START))
	{
		if (*p != '"' || !scan_string(reader, &p))
			return false;
		p = skip_blanks(p, end);
		if (p == end || *p != ':')
			return false;
		reader->token = WIRE_KEY;
		reader->after_value = false;
		reader->cursor = p + 1;
		return true;
	}

	reader->after_value = true;
	switch (*p)
	{
		case '{':
			p++;
			open_container(reader, true);
			break;
		case '[':
			p++;
			open_container(reader, false);
			break;
		case '"':
			if (!scan_string(reader, &p))
				return false;
			reader->token = WIRE_STRING;
			break;
		case 't':
			if (!scan_word(reader, &p, "true", 4, WIRE_TRUE))
				return false;
			break;
		case 'f':
			if (!scan_word(reader, &p, "false", 5, WIRE_FALSE))
				return false;
			break;
		case 'n':
			if (!scan_word(reader, &p, "null", 4, WIRE_NULL))
				return false;
			break;
		default:
			if (!scan_number(reader, &p))
				return false;
			break;
	}
	reader->cursor = p;
	return true;
}

static WireToken
next_of_jsonb(WireReader *reader)
{
	JsonbValue	value;

	/* the iterator turns NULL with its last token */
	while (reader->iterator != NULL)
	{
		switch (JsonbIteratorNext(&reader->iterator, &value, false))
		{
			case WJB_BEGIN_OBJECT:
				reader->depth++;
				return reader->token = WIRE_OBJECT_START;
			case WJB_END_OBJECT:
				reader->depth--;
				return reader->token = WIRE_OBJECT_END;
			case WJB_BEGIN_ARRAY:
				/* a scalar comes in an array that is none */
				if (value.val.array.rawScalar)
					continue;
				reader->depth++;
				return reader->token = WIRE_ARRAY_START;
			case WJB_END_ARRAY:
				if (reader->depth == 0)
					continue;
				reader->depth--;
				return reader->token = WIRE_ARRAY_END;
			case WJB_KEY:
				reader->text = value.val.string.val;
				reader->len = value.val.string.len;
				return reader->token = WIRE_KEY;
			case WJB_DONE:
				continue;
			default:			/* an element or a member's value */
				break;
		}

		switch (value.type)
		{
			case jbvNull:
				return reader->token = WIRE_NULL;
			case jbvBool:
				return reader->token = value.val.boolean ? WIRE_TRUE : WIRE_FALSE;
			case jbvString:
				reader->text = value.val.string.val;
				reader->len = value.val.string.len;
				return reader->token = WIRE_STRING;
			case jbvNumeric:
				reader->text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
				reader->len = strlen(reader->text);
				return reader->token = strchr(reader->text, '.') ? WIRE_DECIMAL : WIRE_INTEGER;
			default:
				elog(ERROR, "unexpected jsonb value type %d", (int) value.type);
		}
	}
	return reader->token = WIRE_END;
}

WireToken
wire_next(WireReader *reader)
{
	if (reader->source == NULL)
		return next_of_jsonb(reader);
	if (!scan_token(reader))
		dyn_error(DYN_SERIALIZATION, "%s", "");
	return reader->token;
}

void
wire_skip(WireReader *reader)
{
	int			depth = reader->depth - 1;

	if (reader->token != WIRE_OBJECT_START && reader->token != WIRE_ARRAY_START)
		return;
	while (reader->depth > depth)
		wire_next(reader);
}

void
wire_position(const WireReader *reader, int *line, int *column)
{
	*line = *column = 1;
	for (const char *p = reader->source; p < reader->cursor; p += pg_utf_mblen((const unsigned char *) p))
	{
		if (*p == '\n')
		{
			(*line)++;
			*column = 1;
		}
		else
			*column += pg_utf_mblen((const unsigned char *) p) == 4 ? 2 : 1;
	}
}

bool
wire_text_is_json(const char *text, int len)
{
	WireReader	reader;
	bool		valid;

	wire_read_text(&reader, text, len);
	do
	{
		valid = scan_token(&reader);
	} while (valid && reader.token != WIRE_END);
	if (reader.nesting)
		pfree(reader.nesting);
	return valid;
}
