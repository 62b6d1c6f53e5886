/*
 * ion_lex.c
 *		The lexical part of reading Ion text.
 *
 * Text without escapes is not copied: it points into the source.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/error.h"
#include "value/base64.h"
#include "value/ion_lex.h"
#include "value/wire_scan.h"

void
ion_malformed(const char *what)
{
	dyn_error(DYN_SERIALIZATION, "Malformed Ion: %s", what);
}

void
ion_skip_blanks(IonReader *reader)
{
	const char *p = reader->cursor;
	const char *end = reader->end;

	for (;;)
	{
		while (p < end && ion_is_blank(*p))
			p++;
		if (end - p < 2 || p[0] != '/' || (p[1] != '/' && p[1] != '*'))
			break;
		if (p[1] == '/')
		{
			while (p < end && *p != '\n' && *p != '\r')
				p++;
			continue;
		}
		for (p += 2; end - p >= 2 && !(p[0] == '*' && p[1] == '/'); p++)
			;
		if (end - p < 2)
			ion_malformed("a comment does not end");
		p += 2;
	}
	reader->cursor = p;
}

/* ---- strings ---- */

/* Whether a control character may not stand in a string as it is. */
static inline bool
is_forbidden(char c, bool is_long)
{
	return (unsigned char) c < 0x20 && c != '\t' && c != '\v' && c != '\f' && !(is_long && (c == '\n' || c == '\r'));
}

/* The value of n hexadecimal digits at p, before end. */
static uint32
hexadecimal(const char *p, const char *end, int n)
{
	uint32		value = 0;

	if (end - p < n)
		ion_malformed("an escape is cut short");
	for (int i = 0; i < n; i++)
	{
		char		c = p[i] | 0x20;

		if (ion_is_digit(p[i]))
			value = value << 4 | (uint32) (p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uint32) (c - 'a' + 10);
		else
			ion_malformed("an escape has other than hexadecimal digits");
	}
	return value;
}

/* Decodes the code point whose escape begins at p, after the backslash; p moves behind it. */
static uint32
decode_code_point(const char **p, const char *end)
{
	int			digits = **p == 'x' ? 2 : **p == 'u' ? 4 : 8;
	uint32		code = hexadecimal(*p + 1, end, digits);

	*p += 1 + digits;
	if (is_utf16_surrogate_first(code) && digits == 4 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u')
	{
		uint32		second = hexadecimal(*p + 2, end, 4);

		if (!is_utf16_surrogate_second(second))
			ion_malformed("an escape is half of a surrogate pair");
		*p += 6;
		return surrogate_pair_to_codepoint(code, second);
	}
	if (code > 0x10FFFF || is_utf16_surrogate_first(code) || is_utf16_surrogate_second(code))
		ion_malformed("an escape is no character");
	return code;
}

/* Decodes text with escapes into out, where it never takes more bytes; returns how many. */
static int
decode(const char *p, const char *end, char *out)
{
	static const char from[] = "0abtnfrv\"'?\\/";
	static const char to[] = "\0\a\b\t\n\f\r\v\"'?\\/";
	char	   *o = out;

	while (p < end)
	{
		char		c = *p++;
		const char *found;

		if (c == '\r')
		{
			/* of a long string: ends of lines are one character */
			c = '\n';
			if (p < end && *p == '\n')
				p++;
		}
		if (c != '\\')
		{
			*o++ = c;
			continue;
		}
		/* the search for the end has seen a character after the backslash */
		if (*p == 'x' || *p == 'u' || *p == 'U')
		{
			unicode_to_utf8(decode_code_point(&p, end), (unsigned char *) o);
			o += pg_utf_mblen((unsigned char *) o);
			continue;
		}
		c = *p++;
		if (c == '\r' || c == '\n')
		{
			/* an escaped end of a line is none */
			if (c == '\r' && p < end && *p == '\n')
				p++;
			continue;
		}
		found = c == '\0' ? NULL : strchr(from, c);
		if (found == NULL)
			ion_malformed("an escape is unknown");
		*o++ = to[found - from];
	}
	return o - out;
}

/*
 * Passes over the inside of a string or quoted symbol up to its closing quotes and over those; returns where the inside ends.  *plain: it can
 * be taken as it stands.
 */
static const char *
pass_quoted(IonReader *reader, char quote, bool is_long, bool *plain)
{
	const char *p = reader->cursor;
	const char *end = reader->end;
	int			quotes = is_long ? 3 : 1;

	*plain = true;
	for (;;)
	{
		if (quote == '"')
			p = wire_skip_plain(p, end);
		else
			while (p < end && *p != quote && *p != '\\' && (unsigned char) *p >= 0x20)
				p++;
		if (end - p < quotes)
			ion_malformed("a string or symbol does not end");
		if (*p == quote && (!is_long || memcmp(p, "'''", 3) == 0))
			break;
		if (*p == '\\')
		{
			*plain = false;
			if (end - p < 2)
				ion_malformed("a string or symbol does not end");
			p += p[1] == '\r' && end - p > 2 && p[2] == '\n' ? 3 : 2;
			continue;
		}
		if (is_forbidden(*p, is_long))
			ion_malformed("a string or symbol has a control character");
		if (*p == '\r')
			*plain = false;
		p++;
	}
	reader->cursor = p + quotes;
	return p;
}

/* A string or quoted symbol with one quote on each side. */
static void
lex_quoted(IonReader *reader, char quote, const char **text, int *len)
{
	const char *start = ++reader->cursor;
	bool		plain;
	const char *end = pass_quoted(reader, quote, false, &plain);

	if (plain)
	{
		*text = start;
		*len = end - start;
	}
	else
	{
		char	   *decoded = palloc(end - start);

		*text = decoded;
		*len = decode(start, end, decoded);
	}
}

/* Long strings in a row are one. */
static void
lex_long_string(IonReader *reader, const char **text, int *len)
{
	StringInfoData joined = {0};
	bool		first = true;

	*text = NULL;
	while (ion_at_long_string(reader))
	{
		const char *start = reader->cursor += 3;
		bool		plain;
		const char *end = pass_quoted(reader, '\'', true, &plain);

		ion_skip_blanks(reader);
		if (first && plain && !ion_at_long_string(reader))
		{
			*text = start;
			*len = end - start;
			return;
		}
		if (first)
			initStringInfo(&joined);
		first = false;
		enlargeStringInfo(&joined, end - start);
		joined.len += decode(start, end, joined.data + joined.len);
	}
	*text = joined.data;
	*len = joined.len;
}

void
ion_lex_string(IonReader *reader, const char **text, int *len)
{
	if (ion_peek(reader) == '"')
		lex_quoted(reader, '"', text, len);
	else
		lex_long_string(reader, text, len);
}

bool
ion_lex_symbol(IonReader *reader, IonSymbol *symbol)
{
	const char *p = reader->cursor;

	symbol->quoted = p < reader->end && *p == '\'';
	if (symbol->quoted)
	{
		if (ion_at_long_string(reader))
			return false;
		lex_quoted(reader, '\'', &symbol->text, &symbol->len);
		return true;
	}
	if (p == reader->end || !ion_is_identifier_start(*p))
		return false;
	while (p < reader->end && ion_is_identifier_part(*p))
		p++;
	symbol->text = reader->cursor;
	symbol->len = p - reader->cursor;
	reader->cursor = p;
	if (ion_is_symbol_number(symbol->text, symbol->len))
		ion_symbol_of_number(reader->symbols, symbol->text + 1, symbol->len - 1, symbol);
	return true;
}

/* ---- numbers ---- */

/* Passes over digits, which may have underscores between them; *underscores is set if they have. */
static const char *
pass_digits(const char *p, const char *end, bool (*is_one) (char), bool *underscores)
{
	while (p < end)
	{
		if (is_one(*p))
			p++;
		else if (*p == '_' && end - p > 1 && is_one(p[1]) && is_one(p[-1]))
		{
			*underscores = true;
			p += 2;
		}
		else
			break;
	}
	return p;
}

static bool
is_decimal_digit(char c)
{
	return ion_is_digit(c);
}

static bool
is_binary_digit(char c)
{
	return c == '0' || c == '1';
}

static bool
is_hexadecimal_digit(char c)
{
	return ion_is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* What must follow a number. */
static inline bool
is_stop(const char *p, const char *end)
{
	return p == end || ion_is_blank(*p) || strchr("{}[](),\"'/", *p) != NULL;
}

/*
 * An integer in base 2 or 16 in decimal; those with more digits than any number of the service's has in that base become one that is out of its range.
 */
static void
convert_radix(const char *p, const char *end, int radix, bool negative, const char **text, int *len)
{
	uint32		groups[16] = {0};	/* base 10^9, the lowest first: 144 digits */
	int			ngroups = 1;
	StringInfoData out;

	initStringInfo(&out);
	if (negative)
		appendStringInfoChar(&out, '-');
	for (; p < end; p++)
	{
		uint64		carry;

		if (*p == '_')
			continue;
		carry = ion_is_digit(*p) ? *p - '0' : (*p | 0x20) - 'a' + 10;
		for (int i = 0; i < ngroups; i++)
		{
			carry += (uint64) groups[i] * radix;
			groups[i] = carry % 1000000000;
			carry /= 1000000000;
		}
		if (carry > 0)
		{
			if (ngroups == lengthof(groups))
			{
				appendStringInfoString(&out, "1e999");
				*text = out.data;
				*len = out.len;
				return;
			}
			groups[ngroups++] = carry;
		}
	}
	appendStringInfo(&out, "%u", groups[ngroups - 1]);
	for (int i = ngroups - 2; i >= 0; i--)
		appendStringInfo(&out, "%09u", groups[i]);
	*text = out.data;
	*len = out.len;
}

/* A number's text without underscores, its exponent's letter an e. */
static void
plain_number(const char *start, const char *end, const char **text, int *len)
{
	char	   *out = palloc(end - start);
	char	   *o = out;

	for (const char *p = start; p < end; p++)
		if (*p != '_')
			*o++ = *p == 'd' || *p == 'D' ? 'e' : *p;
	*text = out;
	*len = o - out;
}

/* Timestamps have no meaning here: only their characters are looked at. */
static const char *
pass_timestamp(const char *p, const char *end)
{
	while (p < end && (ion_is_digit(*p) || strchr("T:+-.Z", *p) != NULL) && *p != '\0')
		p++;
	return p;
}

IonNumberKind
ion_lex_number(IonReader *reader, const char **text, int *len)
{
	const char *start = reader->cursor;
	const char *end = reader->end;
	const char *p = start;
	const char *digits;
	bool		rewrite = false;
	bool		is_timestamp = false;
	char		letter;

	if (end - p >= 4 && (memcmp(p, "+inf", 4) == 0 || memcmp(p, "-inf", 4) == 0) && is_stop(p + 4, end))
	{
		reader->cursor = p + 4;
		return ION_NOT_A_NUMBER;
	}
	if (*p == '-')
		p++;
	digits = p;
	letter = end - p >= 2 && *p == '0' ? p[1] | 0x20 : '\0';
	if (letter == 'x' || letter == 'b')
	{
		digits = p + 2;
		if (digits == end || *digits == '_')
			ion_malformed("a number has no digits");
		p = pass_digits(digits, end, letter == 'x' ? is_hexadecimal_digit : is_binary_digit, &rewrite);
		if (p == digits || !is_stop(p, end))
			ion_malformed("a number is cut short or goes on with something else");
		convert_radix(digits, p, letter == 'x' ? 16 : 2, *start == '-', text, len);
		reader->cursor = p;
		return ION_NUMBER;
	}

	while (p < end && ion_is_digit(*p))
		p++;
	if (p == digits)
		ion_malformed("a number has no digits");
	if (p - start == 4 && start == digits && p < end && (*p == 'T' || *p == '-'))
	{
		p = pass_timestamp(p, end);
		is_timestamp = true;
	}
	else
	{
		p = pass_digits(p, end, is_decimal_digit, &rewrite);
		if (*digits == '0' && p - digits > 1)
			ion_malformed("a number begins with 0");
		if (p < end && *p == '.')
		{
			p++;
			if (p < end && ion_is_digit(*p))
				p = pass_digits(p, end, is_decimal_digit, &rewrite);
		}
		if (p < end && ((*p | 0x20) == 'd' || (*p | 0x20) == 'e'))
		{
			rewrite |= (*p | 0x20) == 'd';
			p++;
			if (p < end && (*p == '+' || *p == '-'))
				p++;
			if (p == end || !ion_is_digit(*p))
				ion_malformed("a number's exponent has no digits");
			while (p < end && ion_is_digit(*p))
				p++;
		}
	}
	if (!is_stop(p, end))
		ion_malformed("a number is cut short or goes on with something else");
	reader->cursor = p;
	if (is_timestamp)
		return ION_TIMESTAMP;
	if (rewrite)
		plain_number(start, p, text, len);
	else
	{
		*text = start;
		*len = p - start;
	}
	return ION_NUMBER;
}

/* ---- blobs ---- */

/* Base64 without the blanks among it. */
static void
plain_base64(const char *start, const char *end, const char **base64, int *len)
{
	char	   *out = palloc(end - start);
	int			size = 0;

	for (const char *p = start; p < end; p++)
		if (!ion_is_blank(*p))
			out[size++] = *p;
	if (base64_decode(out, size, NULL) != BASE64_OK)
		ion_malformed("a blob is no base64");
	*base64 = out;
	*len = size;
}

bool
ion_lex_blob(IonReader *reader, const char **base64, int *len)
{
	int			size = ion_container_len(reader->cursor, reader->end - reader->cursor);
	const char *start = reader->cursor + 2;
	const char *end = reader->cursor + size - 2;

	if (size < 0)
		ion_malformed("a blob does not end");
	reader->cursor += size;
	while (start < end && ion_is_blank(*start))
		start++;
	while (end > start && ion_is_blank(end[-1]))
		end--;
	if (start < end && (*start == '"' || *start == '\''))
		return false;
	if (base64_decode(start, end - start, NULL) == BASE64_OK)
	{
		*base64 = start;
		*len = end - start;
	}
	else
		plain_base64(start, end, base64, len);
	return true;
}
