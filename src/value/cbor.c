/*
 * cbor.c
 *		CBOR.
 */
#include "postgres.h"

#include <math.h>

#include "common/shortest_dec.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "value/cbor.h"

#define INDEFINITE	31			/* the additional information of an item without a length */
#define BREAK		0xFF
#define TAG_TIME	1
#define AMBIGUOUS	9007199254740992.0	/* 2^53: a double from here on may stand for several integers */

typedef enum Major
{
	MAJOR_UNSIGNED,
	MAJOR_NEGATIVE,
	MAJOR_BYTES,
	MAJOR_TEXT,
	MAJOR_ARRAY,
	MAJOR_MAP,
	MAJOR_TAG,
	MAJOR_SIMPLE
} Major;

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

typedef struct Reader
{
	const uint8 *next;
	const uint8 *end;
	int			depth;
	JsonbParseState *state;
	JsonbValue *result;
} Reader;

/* The head of a data item. */
typedef struct Head
{
	Major		major;
	int			info;
	uint64		argument;
} Head;

static bool
read_head(Reader *reader, Head *head)
{
	int			size;

	if (reader->next == reader->end)
		return false;
	head->major = (Major) (*reader->next >> 5);
	head->info = *reader->next++ & 0x1F;
	head->argument = head->info;
	if (head->info < 24 || head->info == INDEFINITE)
		return true;
	if (head->info > 27)
		return false;
	size = 1 << (head->info - 24);
	if (reader->end - reader->next < size)
		return false;
	head->argument = 0;
	for (int i = 0; i < size; i++)
		head->argument = head->argument << 8 | *reader->next++;
	return true;
}

/* Whether the collection of indefinite length ends here, which is taken then. */
static bool
take_break(Reader *reader)
{
	if (reader->next == reader->end || *reader->next != BREAK)
		return false;
	reader->next++;
	return true;
}

/* Appends the text of a head that has been read. */
static bool
take_text(Reader *reader, const Head *head, StringInfo text)
{
	if (head->major != MAJOR_TEXT || head->info == INDEFINITE || head->argument > (uint64) (reader->end - reader->next))
		return false;
	appendBinaryStringInfo(text, (const char *) reader->next, (int) head->argument);
	reader->next += head->argument;
	return true;
}

static bool
read_text(Reader *reader, const Head *head, JsonbValue *value)
{
	StringInfoData text;
	Head		part;
	const char *converted;

	initStringInfo(&text);
	if (head->info != INDEFINITE)
	{
		if (!take_text(reader, head, &text))
			return false;
	}
	else
		while (!take_break(reader))
			if (!read_head(reader, &part) || !take_text(reader, &part, &text))
				return false;
	if (pg_encoding_verifymbstr(PG_UTF8, text.data, text.len) != text.len || memchr(text.data, '\0', text.len) != NULL)
		return false;
	converted = pg_any_to_server(text.data, text.len, PG_UTF8);
	value->type = jbvString;
	value->val.string.val = unconstify(char *, converted);
	value->val.string.len = strlen(converted);
	return true;
}

/* Half, single or double precision. */
static double
take_float(const Head *head)
{
	union
	{
		uint32		bits;
		float		number;
	}			single;
	union
	{
		uint64		bits;
		double		number;
	}			full;

	if (head->info == 27)
	{
		full.bits = head->argument;
		return full.number;
	}
	if (head->info == 26)
	{
		single.bits = (uint32) head->argument;
		return single.number;
	}
	else
	{
		int			exponent = (head->argument >> 10) & 0x1F;
		double		fraction = (double) (head->argument & 0x3FF);
		double		number = exponent == 0 ? ldexp(fraction, -24) :
			exponent == 31 ? (fraction == 0 ? INFINITY : NAN) : ldexp(fraction + 1024, exponent - 25);

		return head->argument & 0x8000 ? -number : number;
	}
}

/* The shortest decimal number that is this double; a cast would have fifteen digits. */
static Numeric
exact_numeric(double number)
{
	char		digits[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(number, digits);
	return DatumGetNumeric(DirectFunctionCall3(numeric_in, CStringGetDatum(digits), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

static bool
read_simple(const Head *head, JsonbValue *value)
{
	double		number;

	switch (head->info)
	{
		case 20:
		case 21:
			value->type = jbvBool;
			value->val.boolean = head->info == 21;
			return true;
		case 22:
		case 23:
			value->type = jbvNull;
			return true;
		case 25:
		case 26:
		case 27:
			number = take_float(head);
			if (isnan(number) || isinf(number))
				return false;
			value->type = jbvNumeric;
			value->val.numeric = exact_numeric(number);
			return true;
		default:
			return false;
	}
}

static bool
read_scalar(Reader *reader, const Head *head, JsonbValue *value)
{
	if (head->major == MAJOR_TEXT)
		return read_text(reader, head, value);
	if (head->major == MAJOR_SIMPLE)
		return read_simple(head, value);
	if (head->major > MAJOR_NEGATIVE || head->info == INDEFINITE || head->argument > PG_INT64_MAX)
		return false;
	value->type = jbvNumeric;
	value->val.numeric = int64_to_numeric(head->major == MAJOR_UNSIGNED ? (int64) head->argument : -1 - (int64) head->argument);
	return true;
}

static bool read_value(Reader *reader, JsonbIteratorToken place);

/* The elements of an array, or keys and values of a map, whose head has been read. */
static bool
read_elements(Reader *reader, const Head *head)
{
	bool		is_map = head->major == MAJOR_MAP;
	Head		key_head;
	JsonbValue	key;

	for (uint64 i = 0; head->info == INDEFINITE ? !take_break(reader) : i < head->argument; i++)
	{
		if (is_map)
		{
			if (!read_head(reader, &key_head) || key_head.major != MAJOR_TEXT || !read_text(reader, &key_head, &key))
				return false;
			(void) pushJsonbValue(&reader->state, WJB_KEY, &key);
		}
		if (!read_value(reader, is_map ? WJB_VALUE : WJB_ELEM))
			return false;
	}
	return true;
}

static bool
read_collection(Reader *reader, const Head *head)
{
	bool		is_map = head->major == MAJOR_MAP;

	check_stack_depth();
	if (++reader->depth > CBOR_MAX_DEPTH)
		return false;
	(void) pushJsonbValue(&reader->state, is_map ? WJB_BEGIN_OBJECT : WJB_BEGIN_ARRAY, NULL);
	if (!read_elements(reader, head))
		return false;
	reader->result = pushJsonbValue(&reader->state, is_map ? WJB_END_OBJECT : WJB_END_ARRAY, NULL);
	reader->depth--;
	return true;
}

/* One data item, as the value or element that comes next. */
static bool
read_value(Reader *reader, JsonbIteratorToken place)
{
	Head		head;
	JsonbValue	value;

	do
	{
		if (!read_head(reader, &head))
			return false;
	} while (head.major == MAJOR_TAG && head.info != INDEFINITE);
	if (head.major == MAJOR_MAP || head.major == MAJOR_ARRAY)
		return read_collection(reader, &head);
	if (!read_scalar(reader, &head, &value))
		return false;
	(void) pushJsonbValue(&reader->state, place, &value);
	return true;
}

Jsonb *
cbor_read(const char *bytes, int len)
{
	Reader		reader = {.next = (const uint8 *) bytes, .end = (const uint8 *) bytes + len};
	Head		head;

	if (!read_head(&reader, &head) || head.major != MAJOR_MAP || !read_collection(&reader, &head) || reader.next != reader.end)
		return NULL;
	return JsonbValueToJsonb(reader.result);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_head(StringInfo out, Major major, uint64 argument)
{
	int			info = argument < 24 ? (int) argument : argument <= 0xFF ? 24 : argument <= 0xFFFF ? 25 : argument <= 0xFFFFFFFF ? 26 : 27;

	appendStringInfoChar(out, (char) (major << 5 | info));
	if (info < 24)
		return;
	for (int shift = 8 * ((1 << (info - 24)) - 1); shift >= 0; shift -= 8)
		appendStringInfoChar(out, (char) (argument >> shift & 0xFF));
}

static void
write_text(StringInfo out, const char *text, int len)
{
	char	   *converted = pg_server_to_any(text, len, PG_UTF8);

	if (converted != text)
		len = strlen(converted);
	write_head(out, MAJOR_TEXT, len);
	appendBinaryStringInfo(out, converted, len);
}

static void
write_integer(StringInfo out, int64 integer)
{
	write_head(out, integer < 0 ? MAJOR_NEGATIVE : MAJOR_UNSIGNED, integer < 0 ? (uint64) (-1 - integer) : (uint64) integer);
}

static void
write_double(StringInfo out, double number)
{
	uint64		bits;

	memcpy(&bits, &number, sizeof(bits));
	bits = pg_hton64(bits);
	appendStringInfoChar(out, (char) (MAJOR_SIMPLE << 5 | 27));
	appendBinaryStringInfo(out, (const char *) &bits, sizeof(bits));
}

/* Whether a number is an integer of 64 bits, which can have more digits than a double. */
static bool
is_integer(Numeric numeric, int64 *integer)
{
	Datum		number = NumericGetDatum(numeric);

	if (!DatumGetBool(DirectFunctionCall2(numeric_ge, number, NumericGetDatum(int64_to_numeric(PG_INT64_MIN)))) ||
		!DatumGetBool(DirectFunctionCall2(numeric_le, number, NumericGetDatum(int64_to_numeric(PG_INT64_MAX)))))
		return false;
	*integer = DatumGetInt64(DirectFunctionCall1(numeric_int8, number));
	return DatumGetBool(DirectFunctionCall2(numeric_eq, number, NumericGetDatum(int64_to_numeric(*integer))));
}

/* A double that is an integer with more digits than a double has is written as the integer: readers take either for a double, and nothing is lost. */
static void
write_number(StringInfo out, Numeric numeric, CborNumber kind)
{
	double		number = DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(numeric)));
	int64		integer;

	if (kind == CBOR_TIME)
		write_head(out, MAJOR_TAG, TAG_TIME);
	if (kind != CBOR_TIME && (kind == CBOR_INTEGER || fabs(number) >= AMBIGUOUS) && is_integer(numeric, &integer))
		write_integer(out, integer);
	else
		write_double(out, number);
}

static void
write_scalar(StringInfo out, const JsonbValue *value, CborNumber kind)
{
	if (value->type == jbvString)
		write_text(out, value->val.string.val, value->val.string.len);
	else if (value->type == jbvNumeric)
		write_number(out, value->val.numeric, kind);
	else if (value->type == jbvBool)
		appendStringInfoChar(out, (char) (MAJOR_SIMPLE << 5 | (value->val.boolean ? 21 : 20)));
	else
		appendStringInfoChar(out, (char) (MAJOR_SIMPLE << 5 | 22));
}

void
cbor_write(StringInfo out, Jsonb *jsonb, CborNumber (*number) (const char *member, int len))
{
	JsonbIterator *iterator = JsonbIteratorInit(&jsonb->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	CborNumber	kind = CBOR_DOUBLE;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_OBJECT)
			write_head(out, MAJOR_MAP, value.val.object.nPairs);
		else if (token == WJB_BEGIN_ARRAY)
			write_head(out, MAJOR_ARRAY, value.val.array.nElems);
		else if (token == WJB_KEY)
		{
			kind = number(value.val.string.val, value.val.string.len);
			write_text(out, value.val.string.val, value.val.string.len);
		}
		else if (token == WJB_VALUE || token == WJB_ELEM)
			write_scalar(out, &value, kind);
	}
}
