/*
 * ion_write.c
 *		Stored values to Amazon Ion text.
 *
 * The walk goes straight over the jsonb's bytes.  Decimals and quoted symbols are spelt as Ion's Java library does, which writes the
 * service's exports.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "value/attr_node.h"
#include "value/ion_private.h"
#include "value/wire_scan.h"

static void append_value(StringInfo out, const JsonbValue *value);

/* Makes room for len bytes; what is appended after that has no NUL behind it until terminate(). */
static inline void
reserve(StringInfo out, int len)
{
	if (out->len + len >= out->maxlen)
		enlargeStringInfo(out, len);
}

static inline void
append_char(StringInfo out, char c)
{
	reserve(out, 1);
	out->data[out->len++] = c;
}

static inline void
append_bytes(StringInfo out, const char *bytes, int len)
{
	reserve(out, len);
	memcpy(out->data + out->len, bytes, len);
	out->len += len;
}

#define append_literal(out, literal) append_bytes((out), (literal), sizeof(literal) - 1)

/* A character that a string or symbol cannot hold as it is; there is room for 4 bytes. */
static void
append_escaped(StringInfo out, unsigned char c)
{
	static const char *const letters = "0\1\1\1\1\1\1abtnvfr";
	char	   *to = out->data + out->len;

	*to++ = '\\';
	if (c == '"' || c == '\'' || c == '\\')
		*to++ = c;
	else if (c <= '\r' && letters[c] != '\1')
		*to++ = letters[c];
	else
	{
		*to++ = 'x';
		*to++ = "0123456789abcdef"[c >> 4];
		*to++ = "0123456789abcdef"[c & 0x0F];
	}
	out->len = to - out->data;
}

static void
append_string(StringInfo out, const char *text, int len)
{
	const char *p = text;
	const char *end = text + len;

	append_char(out, '"');
	for (;;)
	{
		const char *run = p;

		p = wire_skip_plain(p, end);
		append_bytes(out, run, p - run);
		if (p == end)
			break;
		reserve(out, 4);
		append_escaped(out, *p++);
	}
	append_char(out, '"');
}

bool
ion_is_keyword(const char *text, int len)
{
	switch (len)
	{
		case 3:
			return memcmp(text, "nan", 3) == 0;
		case 4:
			return memcmp(text, "null", 4) == 0 || memcmp(text, "true", 4) == 0;
		case 5:
			return memcmp(text, "false", 5) == 0;
		default:
			return false;
	}
}

bool
ion_is_symbol_number(const char *text, int len)
{
	if (len < 2 || text[0] != '$')
		return false;
	for (int i = 1; i < len; i++)
		if (!ion_is_digit(text[i]))
			return false;
	return true;
}

/* Whether a symbol may stand without quotes. */
static bool
is_identifier(const char *text, int len)
{
	if (len == 0 || !ion_is_identifier_start(text[0]))
		return false;
	for (int i = 1; i < len; i++)
		if (!ion_is_identifier_part(text[i]))
			return false;
	return !ion_is_symbol_number(text, len) && !ion_is_keyword(text, len);
}

static void
append_name(StringInfo out, const JsonbValue *stored)
{
	int			len;
	const char *name = attr_name_from_stored(stored->val.string.val, stored->val.string.len, &len);

	if (is_identifier(name, len))
	{
		append_bytes(out, name, len);
		return;
	}
	reserve(out, 4 * len + 2);
	out->data[out->len++] = '\'';
	for (int i = 0; i < len; i++)
	{
		if ((unsigned char) name[i] < 0x20 || name[i] == '\'' || name[i] == '\\')
			append_escaped(out, name[i]);
		else
			out->data[out->len++] = name[i];
	}
	out->data[out->len++] = '\'';
}

/* A decimal: digits with a point at their end or among them, or with an exponent. */
static void
append_number(StringInfo out, const JsonbValue *numeric)
{
	DynNumber	number;
	int			exponent;		/* of the last digit */
	char	   *to;

	attr_number(numeric, &number);
	reserve(out, NUMBER_MAX_DIGITS + 16);
	if (number.ndigits == 0)
	{
		append_literal(out, "0.");
		return;
	}
	exponent = number.exponent - number.ndigits;
	to = out->data + out->len;
	if (number.negative)
		*to++ = '-';
	/* 0.000001 is the smallest that is written with zeros */
	if (exponent < 0 && number.exponent <= 0 && number.exponent > -6)
	{
		*to++ = '0';
		*to++ = '.';
		for (int i = number.exponent; i < 0; i++)
			*to++ = '0';
	}
	for (int i = 0; i < number.ndigits; i++)
	{
		if (exponent < 0 && i > 0 && i == number.exponent)
			*to++ = '.';
		*to++ = '0' + number.digits[i];
	}
	if (exponent == 0)
		*to++ = '.';
	else if (exponent > 0 || number.exponent <= -6)
		to += sprintf(to, "d%d", exponent);
	out->len = to - out->data;
}

static void
append_text(StringInfo out, const JsonbValue *string, bool escaped)
{
	int			len;
	const char *text = attr_unescape(string, escaped, &len);

	append_string(out, text, len);
}

static void
append_blob(StringInfo out, const JsonbValue *base64)
{
	append_literal(out, "{{");
	append_bytes(out, base64->val.string.val, base64->val.string.len);
	append_literal(out, "}}");
}

static void
append_members(StringInfo out, const JsonbValue *object)
{
	AttrWalk	walk;
	JsonbValue	name;
	JsonbValue	value;
	bool		first = true;

	append_char(out, '{');
	attr_walk_start(&walk, object);
	while (attr_walk_member(&walk, &name, &value))
	{
		if (!first)
			append_char(out, ',');
		first = false;
		append_name(out, &name);
		append_char(out, ':');
		append_value(out, &value);
	}
	append_char(out, '}');
}

/* The elements of a list or a set. */
static void
append_elements(StringInfo out, const AttrNode *node)
{
	AttrWalk	walk;
	JsonbValue	element;
	bool		first = true;

	append_char(out, '[');
	attr_walk_start(&walk, &node->payload);
	while (attr_walk_element(&walk, &element))
	{
		if (!first)
			append_char(out, ',');
		first = false;
		switch (node->type)
		{
			case ATTR_SS:
				append_text(out, &element, node->escaped);
				break;
			case ATTR_NS:
				append_number(out, &element);
				break;
			case ATTR_BS:
				append_blob(out, &element);
				break;
			default:
				append_value(out, &element);
				break;
		}
	}
	append_char(out, ']');
}

static void
append_value(StringInfo out, const JsonbValue *value)
{
	AttrNode	node;

	check_stack_depth();

	attr_open(value, &node);
	switch (node.type)
	{
		case ATTR_S:
			append_text(out, &node.payload, node.escaped);
			break;
		case ATTR_N:
			append_number(out, &node.payload);
			break;
		case ATTR_B:
			append_blob(out, &node.payload);
			break;
		case ATTR_BOOL:
			if (node.payload.val.boolean)
				append_literal(out, "true");
			else
				append_literal(out, "false");
			break;
		case ATTR_NULL:
			append_literal(out, "null");
			break;
		case ATTR_M:
			append_members(out, &node.payload);
			break;
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			append_literal(out, "$dynamodb_");
			append_bytes(out, attr_type_name(node.type), 2);
			append_literal(out, "::");
			append_elements(out, &node);
			break;
		case ATTR_L:
			append_elements(out, &node);
			break;
	}
}

void
ion_append_map(StringInfo out, const JsonbValue *map)
{
	append_members(out, map);
	out->data[out->len] = '\0';
}

void
ion_append_item(StringInfo out, Jsonb *item)
{
	JsonbValue	value;

	attr_from_item(item, &value);
	ion_append_map(out, &value);
}
