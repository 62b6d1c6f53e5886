/*
 * ion_scan.c
 *		Where a value ends in a stream of Ion text, found before it is read.
 *
 * Only what brackets can hide in is told apart: strings, quoted symbols, comments, blobs and clobs.  A scan that has run out of bytes goes on where it
 * stood, so that each byte is looked at once however the stream is cut.
 */
#include "postgres.h"

#include "value/ion_private.h"
#include "value/wire_scan.h"

typedef enum ScanMode
{
	MODE_TOP,					/* before the value */
	MODE_CODE,					/* in it */
	MODE_STRING,
	MODE_LONG_STRING,
	MODE_SYMBOL,
	MODE_LINE_COMMENT,
	MODE_BLOCK_COMMENT,
	MODE_BLOB					/* or clob */
} ScanMode;

/* What a character outside of strings begins. */
typedef enum CharacterKind
{
	PLAIN,
	OPENS,
	CLOSES,
	SPECIAL						/* a quote, a slash, a brace that may be the first of two */
} CharacterKind;

static inline CharacterKind
kind_of(char c)
{
	switch (c)
	{
		case '[':
		case '(':
			return OPENS;
		case ']':
		case ')':
		case '}':
			return CLOSES;
		case '"':
		case '\'':
		case '/':
		case '{':
			return SPECIAL;
		default:
			return PLAIN;
	}
}

static inline bool
are_quotes(const char *p)
{
	return p[0] == '\'' && p[1] == '\'' && p[2] == '\'';
}

/* The end of what a mode is in, or NULL if it does not end within the bytes; *p moves to where the search goes on. */
static const char *
find_end(ScanMode mode, const char **p, const char *end)
{
	const char *at = *p;

	switch (mode)
	{
		case MODE_STRING:
			while ((at = wire_skip_plain(at, end)) < end && *at != '"')
			{
				int			step = *at == '\\' ? 2 : 1;

				if (end - at < step)
					break;
				at += step;
			}
			*p = at;
			return at < end && *at == '"' ? at + 1 : NULL;
		case MODE_SYMBOL:
			while (at < end && *at != '\'')
			{
				int			step = *at == '\\' ? 2 : 1;

				if (end - at < step)
					break;
				at += step;
			}
			*p = at;
			return at < end && *at == '\'' ? at + 1 : NULL;
		case MODE_LONG_STRING:
			while (end - at >= 3 && !are_quotes(at))
				at += *at == '\\' ? 2 : 1;
			*p = at;
			return end - at >= 3 ? at + 3 : NULL;
		case MODE_LINE_COMMENT:
			while (at < end && *at != '\n' && *at != '\r')
				at++;
			*p = at;
			return at < end ? at + 1 : NULL;
		default:
			Assert(mode == MODE_BLOCK_COMMENT);
			while (end - at >= 2 && !(at[0] == '*' && at[1] == '/'))
				at++;
			*p = at;
			return end - at >= 2 ? at + 2 : NULL;
	}
}

/*
 * Takes the special character at p, outside of strings; returns what comes after it, or NULL if more bytes are needed to tell.
 */
static const char *
take_special(IonScan *scan, const char *p, const char *end)
{
	switch (*p)
	{
		case '"':
			scan->mode = MODE_STRING;
			return p + 1;
		case '\'':
			if (end - p < 3)
				return NULL;
			scan->mode = are_quotes(p) ? MODE_LONG_STRING : MODE_SYMBOL;
			return p + (scan->mode == MODE_SYMBOL ? 1 : 3);
		case '/':
			if (end - p < 2)
				return NULL;
			if (p[1] != '/' && p[1] != '*')
				return p + 1;
			scan->mode = p[1] == '/' ? MODE_LINE_COMMENT : MODE_BLOCK_COMMENT;
			return p + 2;
		default:
			if (end - p < 2)
				return NULL;
			if (p[1] == '{')
			{
				scan->mode = MODE_BLOB;
				scan->in_blob = true;
				return p + 2;
			}
			scan->mode = MODE_CODE;
			scan->depth++;
			return p + 1;
	}
}

/* The same within a blob or clob. */
static const char *
take_in_blob(IonScan *scan, const char *p, const char *end)
{
	switch (*p)
	{
		case '"':
			scan->mode = MODE_STRING;
			return p + 1;
		case '\'':
			if (end - p < 3)
				return NULL;
			if (!are_quotes(p))
				return p + 1;
			scan->mode = MODE_LONG_STRING;
			return p + 3;
		case '}':
			if (end - p < 2)
				return NULL;
			if (p[1] != '}')
				return p + 1;
			scan->mode = MODE_CODE;
			scan->in_blob = false;
			return p + 2;
		default:
			return p + 1;
	}
}

static inline bool
is_prefix(char c)
{
	return ion_is_identifier_part(c) || c == ':';
}

IonScanResult
ion_scan(IonScan *scan, const char *bytes, int len)
{
	const char *p = bytes + scan->at;
	const char *end = bytes + len;
	const char *next;
	IonScanResult result = ION_SCAN_MORE;

	while (p < end && result == ION_SCAN_MORE)
	{
		switch (scan->mode)
		{
			case MODE_TOP:
				if (ion_is_blank(*p))
					next = p + 1;
				else if (is_prefix(*p) || *p == '{' || *p == '\'')
				{
					scan->has_prefix = true;
					next = is_prefix(*p) ? p + 1 : take_special(scan, p, end);
				}
				else if (*p == '/')
					next = take_special(scan, p, end);
				else
					goto bad;
				if (next == NULL)
					goto more;
				/* neither a blob, nor a long string, nor a slash alone */
				if (scan->in_blob || scan->mode == MODE_LONG_STRING || (*p == '/' && scan->mode == MODE_TOP))
					goto bad;
				p = next;
				break;
			case MODE_CODE:
				while (p < end && kind_of(*p) == PLAIN)
					p++;
				if (p == end)
					break;
				if (kind_of(*p) == OPENS)
				{
					scan->depth++;
					p++;
				}
				else if (kind_of(*p) == CLOSES)
				{
					p++;
					if (--scan->depth == 0)
						result = ION_SCAN_FOUND;
				}
				else
				{
					next = take_special(scan, p, end);
					if (next == NULL)
						goto more;
					p = next;
				}
				break;
			case MODE_BLOB:
				next = take_in_blob(scan, p, end);
				if (next == NULL)
					goto more;
				p = next;
				if (!scan->in_blob && scan->depth == 0)
					result = ION_SCAN_FOUND;
				break;
			default:
				next = find_end(scan->mode, &p, end);
				if (next == NULL)
					goto more;
				p = next;
				scan->mode = scan->in_blob ? MODE_BLOB : scan->depth > 0 ? MODE_CODE : MODE_TOP;
				break;
		}
		if (!scan->has_prefix && scan->mode == MODE_TOP)
			scan->start = p - bytes;
	}
more:
	scan->at = p - bytes;
	if (!scan->has_prefix && (scan->mode == MODE_LINE_COMMENT || scan->mode == MODE_BLOCK_COMMENT))
		scan->start = scan->at;
	if (result == ION_SCAN_FOUND)
	{
		scan->mode = MODE_TOP;
		scan->has_prefix = false;
	}
	return result;
bad:
	scan->at = p - bytes;
	return ION_SCAN_BAD;
}

bool
ion_scan_is_in_comment(const IonScan *scan)
{
	return scan->mode == MODE_BLOCK_COMMENT;
}

int
ion_container_len(const char *bytes, int len)
{
	IonScan		scan = {.mode = MODE_CODE, .has_prefix = true};

	return ion_scan(&scan, bytes, len) == ION_SCAN_FOUND ? scan.at : -1;
}
