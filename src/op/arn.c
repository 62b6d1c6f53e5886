/*
 * arn.c
 *		Amazon Resource Names: taking them apart and making them.
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
	const char *slash;

	if (!skip_literal(&p, end, "arn:") ||
		!take_part(&p, end, &arn->partition, &arn->partition_len) ||
		!skip_literal(&p, end, "dynamodb:") ||
		!take_part(&p, end, &arn->region, &arn->region_len) ||
		!take_part(&p, end, &arn->account, &arn->account_len) ||
		(slash = memchr(p, '/', end - p)) == NULL)
		return false;
	arn->type = p;
	arn->type_len = slash - p;
	arn->name = slash + 1;
	arn->name_len = end - arn->name;
	return arn_is_name(arn->name, arn->name_len);
}

bool
arn_part_is(const char *part, int len, const char *text)
{
	return len == strlen(text) && memcmp(part, text, len) == 0;
}

/* Which resource of DynamoDB "table/<name>/index/<index>" and the like are; takes the table's name. */
static ArnKind
take_resource(const char *p, const char *end, ResourceArn *arn)
{
	const char *slash;

	if (!skip_literal(&p, end, "table/") || p == end)
		return ARN_OTHER;
	slash = memchr(p, '/', end - p);
	arn->table = p;
	arn->table_len = (slash ? slash : end) - p;
	if (slash == NULL)
		return ARN_TABLE;
	if (skip_literal(&slash, end, "/index/"))
		return ARN_INDEX;
	if (skip_literal(&slash, end, "/stream/"))
		return ARN_STREAM;
	return ARN_OTHER;
}

/* The same as take_part(), but a part may be empty: ARNs of other services leave out Region and account. */
static bool
take_any_part(const char **p, const char *end, const char **part, int *len)
{
	*part = *p;
	*len = 0;
	if (*p < end && **p == ':')
	{
		(*p)++;
		return true;
	}
	return take_part(p, end, part, len);
}

void
arn_parse_resource(const char *text, int len, ResourceArn *arn)
{
	const char *p = text;
	const char *end = text + len;
	const char *parts[4];		/* partition, service, Region, account */
	int			lengths[4];

	memset(arn, 0, sizeof(*arn));
	if (!skip_literal(&p, end, "arn:"))
		return;
	arn->kind = ARN_OTHER;
	for (int i = 0; i < lengthof(parts); i++)
		if (!take_any_part(&p, end, &parts[i], &lengths[i]))
			return;
	arn->is_own_region = arn_part_is(parts[0], lengths[0], "aws") && arn_part_is(parts[2], lengths[2], dynapg_region);
	arn->is_own_account = arn_part_is(parts[3], lengths[3], dynapg_account_id);
	if (arn_part_is(parts[1], lengths[1], "dynamodb"))
		arn->kind = take_resource(p, end, arn);
}

bool
arn_parse_table_part(const char *text, int len, const char *kind, TablePartArn *arn)
{
	const char *p = text;
	const char *end = text + len;
	const char *slash;

	if (!skip_literal(&p, end, "arn:") ||
		!take_any_part(&p, end, &arn->partition, &arn->partition_len) ||
		!take_any_part(&p, end, &arn->service, &arn->service_len) ||
		!take_any_part(&p, end, &arn->region, &arn->region_len) ||
		!take_any_part(&p, end, &arn->account, &arn->account_len) ||
		!skip_literal(&p, end, "table/") || (slash = memchr(p, '/', end - p)) == NULL)
		return false;
	arn->table = p;
	arn->table_len = slash - p;
	if (!arn_is_name(arn->table, arn->table_len) || !skip_literal(&slash, end, "/") ||
		!skip_literal(&slash, end, kind) || !skip_literal(&slash, end, "/"))
		return false;
	arn->label = slash;
	return arn_is_name(arn->label, end - arn->label);
}

bool
arn_is_own_table(const TableArn *arn)
{
	return arn_part_is(arn->partition, arn->partition_len, "aws") && arn_part_is(arn->region, arn->region_len, dynapg_region) &&
		arn_part_is(arn->account, arn->account_len, dynapg_account_id) && arn_part_is(arn->type, arn->type_len, "table");
}

bool
arn_is_region(const char *text, int len)
{
	static const char *const areas[] = {"us-", "eu-", "ap-", "ca-", "sa-", "me-", "af-", "il-", "mx-"};

	if (arn_part_is(text, len, dynapg_region))
		return true;
	for (int i = 0; i < lengthof(areas); i++)
		if (len > 5 && memcmp(text, areas[i], 3) == 0)
			return text[len - 2] == '-' && text[len - 1] >= '1' && text[len - 1] <= '9';
	return false;
}

char *
arn_of_table(const char *name)
{
	return psprintf("arn:aws:dynamodb:%s:%s:table/%s", dynapg_region, dynapg_account_id, name);
}
