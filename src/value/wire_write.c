/*
 * wire_write.c
 *		The writer: the same calls make JSON text or a jsonb.
 *
 * The text medium appends as it goes.  The jsonb medium builds the tree that JsonbValueToJsonb() serialises,
 * filling the arrays of members itself; what is closed becomes one value in the container around it.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "value/attr_node.h"
#include "value/attr_build.h"
#include "value/wire.h"
#include "value/wire_scan.h"

/* An open container of the jsonb medium. */
typedef struct WireNode
{
	bool		is_object;
	int			count;			/* finished members or elements */
	int			capacity;
	JsonbPair  *pairs;			/* pairs[count].key is set by wire_key() */
	JsonbValue *elements;
} WireNode;

void
wire_write_text(WireWriter *writer, StringInfo out)
{
	memset(writer, 0, sizeof(*writer));
	writer->out = out;
}

void
wire_write_jsonb(WireWriter *writer)
{
	memset(writer, 0, sizeof(*writer));
}

Jsonb *
wire_writer_jsonb(WireWriter *writer)
{
	Assert(writer->out == NULL && writer->stack_used == 0);
	return IsAJsonbScalar(&writer->root) ? JsonbValueToJsonb(&writer->root) : attr_to_jsonb(&writer->root);
}

/* Text: what stands before a value. */
static inline void
separate(WireWriter *writer)
{
	if (writer->need_comma)
		appendStringInfoCharMacro(writer->out, ',');
	writer->need_comma = true;
}

/* Text: a string in quotes. */
static void
append_string(StringInfo out, const char *text, int len)
{
	const char *p = text;
	const char *end = text + len;

	/* room for the quotes and for the string if nothing in it is escaped */
	enlargeStringInfo(out, len + 2);
	out->data[out->len++] = '"';
	for (;;)
	{
		const char *run = p;

		p = wire_skip_plain(p, end);
		memcpy(out->data + out->len, run, p - run);
		out->len += p - run;
		if (p == end)
			break;

		/* an escape takes up to 6 bytes; then there must be room for the rest */
		enlargeStringInfo(out, 6 + (end - p) + 1);
		out->data[out->len++] = '\\';
		switch (*p)
		{
			case '"':
			case '\\':
				out->data[out->len++] = *p;
				break;
			case '\b':
				out->data[out->len++] = 'b';
				break;
			case '\f':
				out->data[out->len++] = 'f';
				break;
			case '\n':
				out->data[out->len++] = 'n';
				break;
			case '\r':
				out->data[out->len++] = 'r';
				break;
			case '\t':
				out->data[out->len++] = 't';
				break;
			default:
				memcpy(out->data + out->len, "u00", 3);
				out->data[out->len + 3] = "0123456789abcdef"[(unsigned char) *p >> 4];
				out->data[out->len + 4] = "0123456789abcdef"[*p & 0x0F];
				out->len += 5;
				break;
		}
		p++;
	}
	out->data[out->len++] = '"';
	out->data[out->len] = '\0';
}

/* jsonb: puts a finished value where it belongs. */
static void
put(WireWriter *writer, const JsonbValue *value)
{
	WireNode   *node;

	if (writer->stack_used == 0)
	{
		writer->root = *value;
		return;
	}
	node = &writer->stack[writer->stack_used - 1];
	if (node->is_object)
		node->pairs[node->count].value = *value;
	else
	{
		if (node->count == node->capacity)
		{
			node->capacity = node->capacity ? node->capacity * 2 : 8;
			node->elements = node->elements ?
				repalloc(node->elements, node->capacity * sizeof(JsonbValue)) :
				palloc(node->capacity * sizeof(JsonbValue));
		}
		node->elements[node->count] = *value;
	}
	node->count++;
}

/* jsonb: a string value; jsonb has no U+0000. */
static void
set_string(JsonbValue *value, const char *text, int len)
{
	if (memchr(text, '\0', len) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("a string holds U+0000, which jsonb cannot represent"),
				 errhint("Read such an attribute over HTTP, or do not ask for it.")));
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = len;
}

static void
container_start(WireWriter *writer, bool is_object)
{
	WireNode   *node;

	if (writer->out)
	{
		separate(writer);
		appendStringInfoCharMacro(writer->out, is_object ? '{' : '[');
		writer->need_comma = false;
		return;
	}
	if (writer->stack_used == writer->stack_size)
	{
		writer->stack_size = writer->stack_size ? writer->stack_size * 2 : 16;
		writer->stack = writer->stack ?
			repalloc(writer->stack, writer->stack_size * sizeof(WireNode)) :
			palloc(writer->stack_size * sizeof(WireNode));
	}
	node = &writer->stack[writer->stack_used++];
	memset(node, 0, sizeof(*node));
	node->is_object = is_object;
}

/* jsonb: closes the innermost container. */
static void
container_end(WireWriter *writer)
{
	WireNode   *node;
	JsonbValue	value;

	Assert(writer->stack_used > 0);
	node = &writer->stack[--writer->stack_used];
	if (node->is_object)
	{
		value.type = jbvObject;
		value.val.object.nPairs = node->count;
		value.val.object.pairs = node->pairs;
		attr_sort_members(&value);
	}
	else
	{
		value.type = jbvArray;
		value.val.array.nElems = node->count;
		value.val.array.elems = node->elements;
		value.val.array.rawScalar = false;
	}
	put(writer, &value);
}

void
wire_object_start(WireWriter *writer)
{
	container_start(writer, true);
}

void
wire_array_start(WireWriter *writer)
{
	container_start(writer, false);
}

void
wire_object_end(WireWriter *writer)
{
	if (writer->out)
	{
		appendStringInfoCharMacro(writer->out, '}');
		writer->need_comma = true;
	}
	else
		container_end(writer);
}

void
wire_array_end(WireWriter *writer)
{
	if (writer->out)
	{
		appendStringInfoCharMacro(writer->out, ']');
		writer->need_comma = true;
	}
	else
		container_end(writer);
}

void
wire_key(WireWriter *writer, const char *name, int len)
{
	WireNode   *node;

	if (writer->out)
	{
		if (writer->need_comma)
			appendStringInfoCharMacro(writer->out, ',');
		append_string(writer->out, name, len);
		appendStringInfoCharMacro(writer->out, ':');
		writer->need_comma = false;
		return;
	}
	Assert(writer->stack_used > 0 && writer->stack[writer->stack_used - 1].is_object);
	node = &writer->stack[writer->stack_used - 1];
	if (node->count == node->capacity)
	{
		/* most objects are an attribute value's, of one member */
		node->capacity = node->capacity == 0 ? 1 : Max(node->capacity * 2, 8);
		node->pairs = node->pairs ?
			repalloc(node->pairs, node->capacity * sizeof(JsonbPair)) :
			palloc(node->capacity * sizeof(JsonbPair));
	}
	set_string(&node->pairs[node->count].key, name, len);
	node->pairs[node->count].order = node->count;
}

void
wire_string(WireWriter *writer, const char *text, int len)
{
	if (writer->out)
	{
		separate(writer);
		append_string(writer->out, text, len);
	}
	else
	{
		JsonbValue	value;

		set_string(&value, text, len);
		put(writer, &value);
	}
}

void
wire_integer(WireWriter *writer, int64 number)
{
	if (writer->out)
	{
		char		buf[MAXINT8LEN + 1];

		separate(writer);
		appendBinaryStringInfo(writer->out, buf, pg_lltoa(number, buf));
	}
	else
	{
		JsonbValue	value;

		value.type = jbvNumeric;
		value.val.numeric = int64_to_numeric(number);
		put(writer, &value);
	}
}

/*
 * Puts a number's shortest digits, as PostgreSQL writes them, into the form that Java
 * gives to numbers from 10^7 on and to those below 10^-3: 1.571849028E9.  The result has
 * room for any.
 */
static void
exponent_form(const char *number, char *result)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN + 2];
	int			n = 0;
	int			exponent = -1;	/* of the first digit that is not 0 */
	bool		fraction = false;

	if (*number == '-')
		*result++ = *number++;
	for (; *number != '\0' && *number != 'e'; number++)
	{
		if (*number == '.')
		{
			fraction = true;
			continue;
		}
		if (n > 0 || *number != '0')
			digits[n++] = *number;
		if (!fraction)
			exponent += n > 0;
		else if (n == 0)
			exponent--;
	}
	if (*number == 'e')
		exponent += atoi(number + 1);
	while (n > 1 && digits[n - 1] == '0')
		n--;
	digits[n] = '\0';
	sprintf(result, "%c.%sE%d", digits[0], n > 1 ? digits + 1 : "0", exponent);
}

void
wire_double(WireWriter *writer, double number)
{
	char		buf[DOUBLE_SHORTEST_DECIMAL_LEN + 2];
	int			len;

	if (isnan(number) || isinf(number))
		elog(ERROR, "JSON has no number for %f", number);

	len = double_to_shortest_decimal_bufn(number, buf);
	if (memchr(buf, '.', len) == NULL && memchr(buf, 'e', len) == NULL)
	{
		buf[len++] = '.';
		buf[len++] = '0';
	}
	buf[len] = '\0';

	if (writer->out)
	{
		char		java[DOUBLE_SHORTEST_DECIMAL_LEN + 8];
		double		magnitude = fabs(number);

		separate(writer);
		if (magnitude != 0 && (magnitude >= 1e7 || magnitude < 1e-3))
		{
			exponent_form(buf, java);
			appendStringInfoString(writer->out, java);
		}
		else
			appendBinaryStringInfo(writer->out, buf, len);
	}
	else
	{
		JsonbValue	value;

		value.type = jbvNumeric;
		/* seconds since 1970, as a rule */
		value.val.numeric = fabs(number) < 1e15 && number == (int64) number ? int64_div_fast_to_numeric((int64) number * 10, 1) :
			DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(buf), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
		put(writer, &value);
	}
}

void
wire_boolean(WireWriter *writer, bool boolean)
{
	if (writer->out)
	{
		separate(writer);
		if (boolean)
			appendBinaryStringInfo(writer->out, "true", 4);
		else
			appendBinaryStringInfo(writer->out, "false", 5);
	}
	else
	{
		JsonbValue	value;

		value.type = jbvBool;
		value.val.boolean = boolean;
		put(writer, &value);
	}
}

void
wire_null(WireWriter *writer)
{
	if (writer->out)
	{
		separate(writer);
		appendBinaryStringInfo(writer->out, "null", 4);
	}
	else
	{
		JsonbValue	value;

		value.type = jbvNull;
		put(writer, &value);
	}
}

void
wire_jsonb(WireWriter *writer, Jsonb *jsonb)
{
	JsonbValue	value;

	Assert(wire_builds_jsonb(writer));
	value.type = jbvBinary;
	value.val.binary.data = &jsonb->root;
	value.val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
	put(writer, &value);
}
