/*
 * tags.c
 *		Tags of tables: what they may be, TagResource, UntagResource and ListTagsOfResource.
 *
 * A call does all or nothing.  What a request says by itself is checked before its table is
 * looked up.  The service takes some seconds to show new tags; here they are there with the
 * answer.
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "base/error.h"
#include "op/arn.h"
#include "op/op.h"
#include "op/table_check.h"
#include "op/tags.h"

#define MAX_TAGS				50
#define TAG_KEY_MAX_LENGTH		128 /* characters */
#define TAG_VALUE_MAX_LENGTH	256
#define SHORTEST_TABLE_NAME		3

/* ------------------------------------------------------------------------------------------------------------
 * Keys and values
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_tag_character(pg_wchar character)
{
	static const struct
	{
		pg_wchar	first;
		pg_wchar	last;
	}			ranges[] = {
#define TAG_CHARACTERS(first, last) {first, last},
#include "op/tag_characters_data.h"
#undef TAG_CHARACTERS
	};
	int			low = 0;
	int			high = lengthof(ranges);

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (character > ranges[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < lengthof(ranges) && character >= ranges[low].first;
}

bool
is_tag_text(const char *text, int len, int max_length)
{
	const unsigned char *p = (const unsigned char *) text;
	const unsigned char *end = p + len;
	int			length = 0;

	while (p < end)
	{
		int			size = pg_utf_mblen(p);

		if (size > end - p || !is_tag_character(utf8_to_unicode(p)) || ++length > max_length)
			return false;
		p += size;
	}
	return true;
}

static void
check_key(const RequestValue *key, List *before)
{
	const char *text = key->present ? key->as.string.text : "null";

	if (!key->present || key->as.string.len == 0 || !is_tag_text(text, key->as.string.len, TAG_KEY_MAX_LENGTH))
		dyn_invalid("The Tag Key provided is invalid, Key: %s", text);
	if (pg_strncasecmp(text, "aws:", 4) == 0)
		dyn_invalid("Tag Key cannot be prefixed with aws:, Key: %s", text);
	if (find_pair(before, text, key->as.string.len) != NULL)
		dyn_invalid("Duplicate Tag Keys provided as input: Duplicate Tag Key found %s", text);
}

/* Also of the keys of an UntagResource, and of what a table has after a TagResource. */
static void
check_count(List *pairs)
{
	if (list_length(pairs) > MAX_TAGS)
		dyn_invalid("Number of Tags exceed the current limit for the provided ResourceArn");
}

/* Adds a key, and its value if there is one, to those of a request. */
static List *
add_pair(List *pairs, const RequestValue *key, const RequestValue *value)
{
	NamePair   *pair = (NamePair *) palloc0(sizeof(NamePair));

	pair->name = key->as.string.text;
	pair->name_len = key->as.string.len;
	if (value)
	{
		pair->value = value->as.string.text;
		pair->value_len = value->as.string.len;
	}
	return lappend(pairs, pair);
}

List *
check_tags(const RequestValue *tags)
{
	List	   *pairs = NIL;

	for (int i = 0; tags->present && i < tags->as.list.count; i++)
	{
		const RequestValue *key = request_member(&tags->as.list.items[i], Tag_Key);
		const RequestValue *value = request_member(&tags->as.list.items[i], Tag_Value);

		check_key(key, pairs);
		if (!value->present || !is_tag_text(value->as.string.text, value->as.string.len, TAG_VALUE_MAX_LENGTH))
			dyn_invalid("The Tag Value provided is invalid, Value: %s",
						value->present ? value->as.string.text : "null");
		pairs = add_pair(pairs, key, value);
	}
	check_count(pairs);
	return pairs;
}

/* The keys of an UntagResource as pairs without values. */
static List *
check_tag_keys(const RequestValue *keys)
{
	List	   *pairs = NIL;

	for (int i = 0; i < keys->as.list.count; i++)
	{
		check_key(&keys->as.list.items[i], pairs);
		pairs = add_pair(pairs, &keys->as.list.items[i], NULL);
	}
	check_count(pairs);
	return pairs;
}

/* ------------------------------------------------------------------------------------------------------------
 * The catalog's form
 * ------------------------------------------------------------------------------------------------------------ */

Jsonb *
tags_jsonb(List *pairs)
{
	WireWriter	writer;
	ListCell   *cell;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	foreach(cell, pairs)
	{
		const NamePair *pair = (const NamePair *) lfirst(cell);

		wire_key(&writer, pair->name, pair->name_len);
		wire_string(&writer, pair->value, pair->value_len);
	}
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

List *
tags_of_table(const TableInfo *table)
{
	List	   *pairs = NIL;
	JsonbIterator *iterator = JsonbIteratorInit(&table->tags->root);
	JsonbValue	value;
	JsonbIteratorToken token;
	NamePair   *pair = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			pair = (NamePair *) palloc0(sizeof(NamePair));
			pair->name = value.val.string.val;
			pair->name_len = value.val.string.len;
		}
		else if (token == WJB_VALUE && value.type == jbvString)
		{
			pair->value = value.val.string.val;
			pair->value_len = value.val.string.len;
			pairs = lappend(pairs, pair);
		}
	}
	return pairs;
}

/* ------------------------------------------------------------------------------------------------------------
 * The resource
 * ------------------------------------------------------------------------------------------------------------ */

static void
check_arn(const RequestValue *given, ResourceArn *arn)
{
	const char *text = given->as.string.text;

	arn_parse_resource(text, given->as.string.len, arn);
	if (arn->kind == ARN_NONE)
		dyn_invalid(INVALID "ARNs must start with 'arn:': %s", text);
	if (!arn->is_own_account)
		dyn_error(DYN_ACCESS_DENIED, "Access is denied");
	if (arn->kind == ARN_OTHER)
		dyn_invalid(INVALID "Provided Arn is not a DynamoDB resource arn: %s", text);
	if (arn->kind == ARN_INDEX)
		dyn_invalid(INVALID "Invalid resource arn provided, only table or stream is accepted. "
					"Provided resource arn: %s", text);
	if (!arn->is_own_region || arn->table_len < SHORTEST_TABLE_NAME)
		dyn_invalid("Invalid TableArn: Invalid ResourceArn provided as input %s", text);
}

/* Raises an error unless the table is there.  One that is CREATING is not there yet. */
static void
require_table(const RequestValue *given, const TableInfo *table)
{
	if (table == NULL || catalog_table_status(table) == TABLE_CREATING)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: ResourceArn: %s not found",
				  given->as.string.text);
}

/* The table whose ARN it is, locked against other changes.  Streams have no tags. */
static const TableInfo *
table_to_tag(const RequestValue *given, const ResourceArn *arn)
{
	const TableInfo *table = NULL;

	if (arn->kind == ARN_TABLE)
	{
		catalog_lock_name(arn->table, arn->table_len);
		table = catalog_lock_table(arn->table, arn->table_len, AccessShareLock, true);
	}
	require_table(given, table);
	if (catalog_table_status(table) == TABLE_DELETING)
		table_refuse_in_use(TABLE_DELETING, table->name);
	return table;
}

/* ------------------------------------------------------------------------------------------------------------
 * The operations
 * ------------------------------------------------------------------------------------------------------------ */

/* Those of the pairs whose names are not among others. */
static List *
pairs_without(List *pairs, List *others)
{
	List	   *rest = NIL;
	ListCell   *cell;

	foreach(cell, pairs)
	{
		NamePair   *pair = (NamePair *) lfirst(cell);

		if (find_pair(others, pair->name, pair->name_len) == NULL)
			rest = lappend(rest, pair);
	}
	return rest;
}

/* The answer has an empty body. */
void
op_tag_resource(const RequestValue *request, WireWriter *response)
{
	const RequestValue *resource = request_member(request, TagResourceInput_ResourceArn);
	const RequestValue *given = request_member(request, TagResourceInput_Tags);
	ResourceArn arn;
	List	   *tags;
	const TableInfo *table;

	check_arn(resource, &arn);
	if (given->as.list.count == 0)
		dyn_invalid("Atleast one Tag needs to be provided as Input.");
	tags = check_tags(given);
	table = table_to_tag(resource, &arn);
	tags = list_concat(pairs_without(tags_of_table(table), tags), tags);
	check_count(tags);
	catalog_set_tags(table, tags_jsonb(tags));
}

/* The answer has an empty body. */
void
op_untag_resource(const RequestValue *request, WireWriter *response)
{
	const RequestValue *resource = request_member(request, UntagResourceInput_ResourceArn);
	const RequestValue *given = request_member(request, UntagResourceInput_TagKeys);
	ResourceArn arn;
	List	   *keys;
	const TableInfo *table;

	check_arn(resource, &arn);
	if (given->as.list.count == 0)
		dyn_invalid("Atleast one Tag Key needs to be provided as Input.");
	keys = check_tag_keys(given);
	table = table_to_tag(resource, &arn);
	catalog_set_tags(table, tags_jsonb(pairs_without(tags_of_table(table), keys)));
}

/* All tags are one page: whatever NextToken says, this is the first, and there is no other. */
void
op_list_tags_of_resource(const RequestValue *request, WireWriter *response)
{
	const RequestValue *resource = request_member(request, ListTagsOfResourceInput_ResourceArn);
	ResourceArn arn;
	const TableInfo *table;

	check_arn(resource, &arn);
	table = arn.kind == ARN_TABLE ? catalog_table(arn.table, arn.table_len) : NULL;
	require_table(resource, table);
	wire_object_start(response);
	wire_member(response, "Tags");
	table_write_pairs(response, tags_of_table(table), "Key", "Value");
	wire_object_end(response);
}
