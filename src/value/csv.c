/*
 * csv.c
 *		Records of comma-separated values.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "value/csv.h"

#define CSV_NOT_CLOSED "A quoted field does not end"

/* Where a scan stands. */
enum
{
	AT_FIELD,					/* at the beginning of a field */
	IN_FIELD,
	IN_QUOTES,
	AFTER_QUOTE					/* of the quotes' end, or of the first of two */
};

bool
csv_scan(CsvScan *scan, const char *bytes, int len, char delimiter)
{
	const char *p = bytes + scan->at;
	const char *end = bytes + len;
	int			state = scan->state;
	bool		found = false;

	while (p < end && !found)
	{
		char		c = *p++;

		if (state == IN_QUOTES)
		{
			if (c != '"')
			{
				p = memchr(p, '"', end - p);
				if (p == NULL)
				{
					p = end;
					break;
				}
				p++;
			}
			state = AFTER_QUOTE;
		}
		else if (c == '"')
			state = IN_QUOTES;
		else if (c == '\n')
			found = true;
		else
			state = c == delimiter ? AT_FIELD : IN_FIELD;
	}
	scan->at = p - bytes;
	scan->state = state;
	return found;
}

/*
 * Reads what is quoted from p on, behind its quote; returns what is behind the closing quote, NULL if there is none.
 */
static const char *
split_quoted(const char *p, const char *end, CsvField *field)
{
	const char *start = p;
	char	   *out = NULL;
	int			len = 0;

	for (;;)
	{
		const char *quote = memchr(p, '"', end - p);

		if (quote == NULL)
			return NULL;
		if (out != NULL)
		{
			memcpy(out + len, p, quote - p);
			len += quote - p;
		}
		if (quote + 1 == end || quote[1] != '"')
		{
			field->text = out ? out : start;
			field->len = out ? len : quote - start;
			return quote + 1;
		}
		/* two are one: from here on a copy is made */
		if (out == NULL)
		{
			out = palloc(end - start);
			len = quote - start;
			memcpy(out, start, len);
		}
		out[len++] = '"';
		p = quote + 2;
	}
}

/*
 * Reads a field that does not begin with a quote, up to its delimiter.  Quotes in it are escaped as the service's guide has it: value \"\"\"123\"\"\"
 * is value "123"; any other quote is an error.
 */
static const char *
split_bare(const char *p, const char *end, char delimiter, CsvField *field, const char **error)
{
	const char *start = p;
	StringInfoData joined = {0};

	for (;;)
	{
		CsvField	part;

		while (p < end && *p != delimiter && *p != '"')
			p++;
		if (joined.data != NULL)
			appendBinaryStringInfo(&joined, start, p - start);
		if (p == end || *p == delimiter)
			break;
		if (end - p < 3 || p[1] != '"' || p[2] != '"')
		{
			*error = "A field that is not quoted has a quote that is not escaped";
			return NULL;
		}
		if (joined.data == NULL)
		{
			initStringInfo(&joined);
			appendBinaryStringInfo(&joined, start, p - start);
		}
		start = p = split_quoted(p + 1, end, &part);
		if (p == NULL)
		{
			*error = CSV_NOT_CLOSED;
			return NULL;
		}
		appendBinaryStringInfo(&joined, part.text, part.len);
	}
	field->text = joined.data ? joined.data : start;
	field->len = joined.data ? joined.len : p - start;
	return p;
}

CsvField *
csv_split(const char *record, int len, char delimiter, int *count, const char **error)
{
	const char *p = record;
	const char *end = record + len;
	int			capacity = 16;
	CsvField   *fields = palloc(capacity * sizeof(CsvField));

	if (end > p && end[-1] == '\n')
		end--;
	if (end > p && end[-1] == '\r')
		end--;
	*count = 0;
	for (;;)
	{
		CsvField   *field;

		if (*count == capacity)
		{
			capacity *= 2;
			fields = repalloc(fields, capacity * sizeof(CsvField));
		}
		field = &fields[(*count)++];
		field->quoted = p < end && *p == '"';
		if (!field->quoted)
			p = split_bare(p, end, delimiter, field, error);
		else
		{
			p = split_quoted(p + 1, end, field);
			if (p == NULL)
				*error = CSV_NOT_CLOSED;
			else if (p < end && *p != delimiter)
			{
				*error = "A quoted field goes on behind its closing quote";
				p = NULL;
			}
		}
		if (p == NULL)
			return NULL;
		if (p == end)
			return fields;
		p++;
	}
}
