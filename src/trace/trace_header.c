/*
 * trace_header.c
 *		What callers say of the trace that a request is part of.
 */
#include "postgres.h"

#include "base/hex.h"
#include "trace/trace_header.h"

#define PARENT_LENGTH	55		/* 00-<32>-<16>-<2> */
#define MOST_MEMBERS	32
#define MOST_KEY		256
#define MOST_VALUE		256
#define FLAG_SAMPLED	0x01

/* ------------------------------------------------------------------------------------------------------------
 * Hexadecimal digits
 * ------------------------------------------------------------------------------------------------------------ */

static int
digit(char c, bool any_case)
{
	return !any_case && c >= 'A' && c <= 'F' ? -1 : hex_digit(c);
}

/* Exactly 2 * size digits; does not look behind what is none. */
static bool
read_hex(const char *text, uint8 *out, int size, bool any_case)
{
	for (int i = 0; i < size; i++)
	{
		int			high = digit(text[2 * i], any_case);
		int			low = high < 0 ? -1 : digit(text[2 * i + 1], any_case);

		if (low < 0)
			return false;
		out[i] = high << 4 | low;
	}
	return true;
}

static bool
is_zero(const uint8 *id, int size)
{
	for (int i = 0; i < size; i++)
		if (id[i] != 0)
			return false;
	return true;
}

/* The length without the white space around it, and where that begins. */
static size_t
trim(const char *text, size_t len, const char **begin)
{
	while (len > 0 && (*text == ' ' || *text == '\t'))
		text++, len--;
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	*begin = text;
	return len;
}

/* ------------------------------------------------------------------------------------------------------------
 * W3C
 * ------------------------------------------------------------------------------------------------------------ */

bool
trace_read_parent(const char *text, TraceContext *context)
{
	uint8		version;
	size_t		len = strnlen(text, PARENT_LENGTH + 1);
	TraceContext read = {.is_there = true, .has_parent = true};

	memset(context, 0, sizeof(*context));
	if (len < PARENT_LENGTH || !read_hex(text, &version, 1, false) || version == 0xFF)
		return false;
	if (len > PARENT_LENGTH && (version == 0 || text[PARENT_LENGTH] != '-'))
		return false;
	if (text[2] != '-' || text[35] != '-' || text[52] != '-')
		return false;
	if (!read_hex(text + 3, read.trace_id, TRACE_ID_SIZE, false) ||
		!read_hex(text + 36, read.parent_id, TRACE_SPAN_ID_SIZE, false) ||
		!read_hex(text + 53, &read.flags, 1, false))
		return false;
	if (is_zero(read.trace_id, TRACE_ID_SIZE) || is_zero(read.parent_id, TRACE_SPAN_ID_SIZE))
		return false;
	read.sampling = (read.flags & FLAG_SAMPLED) ? TRACE_SAMPLED : TRACE_NOT_SAMPLED;
	*context = read;
	return true;
}

static bool
is_key_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '*' || c == '/' || c == '@';
}

/* One member, without the white space around it. */
static bool
is_member(const char *text, size_t len)
{
	const char *sign = memchr(text, '=', len);
	size_t		key = sign ? sign - text : 0;
	size_t		value = sign ? len - key - 1 : 0;

	if (key == 0 || key > MOST_KEY || value == 0 || value > MOST_VALUE)
		return false;
	if (!((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= '0' && text[0] <= '9')))
		return false;
	for (size_t i = 0; i < key; i++)
		if (!is_key_character(text[i]))
			return false;
	for (const char *c = sign + 1; c < text + len; c++)
		if (*c < ' ' || *c > '~' || *c == '=' || *c == ',')
			return false;
	return true;
}

bool
trace_state_is_valid(const char *text)
{
	int			members = 0;

	if (strnlen(text, TRACE_STATE_SIZE) == TRACE_STATE_SIZE)
		return false;
	for (;;)
	{
		size_t		len = strcspn(text, ",");
		const char *begin;
		size_t		part = trim(text, len, &begin);

		if (part > 0 && (!is_member(begin, part) || ++members > MOST_MEMBERS))
			return false;
		if (text[len] == '\0')
			return members > 0;
		text += len + 1;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Amazon
 * ------------------------------------------------------------------------------------------------------------ */

/* 1-<8 digits>-<24 digits> */
static bool
read_root(const char *value, size_t len, uint8 *id)
{
	return len == 35 && value[0] == '1' && value[1] == '-' && value[10] == '-' && read_hex(value + 2, id, 4, true) &&
		read_hex(value + 11, id + 4, 12, true) && !is_zero(id, TRACE_ID_SIZE);
}

static bool
is_name(const char *text, size_t len, const char *name)
{
	return len == strlen(name) && pg_strncasecmp(text, name, len) == 0;
}

/* One field; false: it is one of ours, and not valid. */
static bool
read_field(const char *text, size_t len, TraceContext *context)
{
	const char *sign = memchr(text, '=', len);
	size_t		name = sign ? sign - text : 0;
	const char *value = sign ? sign + 1 : NULL;
	size_t		value_len = sign ? len - name - 1 : 0;

	if (sign == NULL)
		return true;
	if (is_name(text, name, "Root"))
	{
		context->is_there = read_root(value, value_len, context->trace_id);
		return context->is_there;
	}
	if (is_name(text, name, "Parent"))
	{
		context->has_parent = value_len == 2 * TRACE_SPAN_ID_SIZE && read_hex(value, context->parent_id, TRACE_SPAN_ID_SIZE, true) &&
			!is_zero(context->parent_id, TRACE_SPAN_ID_SIZE);
		return context->has_parent;
	}
	if (is_name(text, name, "Sampled"))
	{
		if (value_len != 1 || (*value != '0' && *value != '1' && *value != '?'))
			return false;
		context->sampling = *value == '1' ? TRACE_SAMPLED : *value == '0' ? TRACE_NOT_SAMPLED : TRACE_UNDECIDED;
	}
	return true;
}

bool
trace_read_amazon(const char *text, TraceContext *context)
{
	TraceContext read = {0};

	memset(context, 0, sizeof(*context));
	for (;;)
	{
		size_t		len = strcspn(text, ";");
		const char *begin;
		size_t		part = trim(text, len, &begin);

		if (!read_field(begin, part, &read))
			return false;
		if (text[len] == '\0')
			break;
		text += len + 1;
	}
	if (!read.is_there)
		return false;
	read.flags = read.sampling == TRACE_SAMPLED ? FLAG_SAMPLED : 0;
	*context = read;
	return true;
}
