/*
 * arn.c
 *		Amazon Resource Names of tables: taking them apart and making them.
 */
#include "postgres.h"

#include "base/settings.h"
#include "op/arn.h"

bool
arn_is_name(const char *text, int len)
{
	static const bool allowed[256] = {
		['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
		['_'] = true, ['.'] = true, ['-'] = true
	};

	for (int i = 0; i < len; i++)
		if (!allowed[(unsigned char) text[i]])
			return false;
	return len > 0;
}

/* Passes over a literal at *p; false if something else stands there. */
static bool
skip_literal(const char **p, const char *end, const char *literal)
{
	int			len = strlen(literal);

	if (end - *p < len || memcmp(*p, literal, len) != 0)
		return false;
	*p += len;
	return true;
}

/* Takes the characters up to the next colon, and passes over it; false if there is none or nothing before it. */
static bool
take_part(const char **p, const char *end, const char **part, int *len)
{
	const char *colon = memchr(*p, ':', end - *p);

	if (colon == NULL || colon == *p)
		return false;
	*part = *p;
	*len = colon - *p;
	*p = colon + 1;
	return true;
}

bool
arn_parse_table(const char *text, int len, TableArn *arn)
{
	const char *p = text;
	const char *end = text + len;
	const char *partition;
	int			partition_len;

	if (!skip_literal(&p, end, "arn:") ||
		!take_part(&p, end, &partition, &partition_len) ||
		!skip_literal(&p, end, "dynamodb:") ||
		!take_part(&p, end, &arn->region, &arn->region_len) ||
		!take_part(&p, end, &arn->account, &arn->account_len) ||
		!skip_literal(&p, end, "table/"))
		return false;
	arn->name = p;
	arn->name_len = end - p;
	return arn_is_name(arn->name, arn->name_len);
}

char *
arn_of_table(const char *name)
{
	return psprintf("arn:aws:dynamodb:%s:%s:table/%s", dynapg_region, dynapg_account_id, name);
}
