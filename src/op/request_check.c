/*
 * request_check.c
 *		Stage 5: missing members and broken constraints, reported together.
 *
 * A request that is in order, nearly every one, is walked once and nothing is built.  Where something is wrong,
 * the path to it is put together from the steps that led there, which are linked on the stack.
 *
 * Members whose path name is their own name (the model's mark) are reported in the service's newer form: without
 * the value, the whole path in the model's casing.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "regex/regex.h"
#include "utils/builtins.h"

#include "base/error.h"
#include "base/limits.h"
#include "op/arn.h"
#include "op/request_check.h"

#define MAX_REPORTED 10

/* What a table's ARN should have been like: maximum and minimum of the name's length, and its pattern. */
#define ARN_FORMAT \
	"Valid ARN format is 'arn:<awsPartition>:<vendor>:<region>:<subscriber>:resourceType/resourceName', where " \
	"Resource name must have length less than or equal to " INT64_FORMAT ", " \
	"Resource name must have length greater than or equal to " INT64_FORMAT ", " \
	"Resource name must satisfy regular expression pattern: %s"

/* How a value was reached from its parent: as a member, as an element (index), or as a map's value (key). */
typedef struct PathStep
{
	const struct PathStep *parent;
	const ShapeMember *member;
	int			index;			/* from 1; elements only */
	const char *key;			/* maps' values only */
} PathStep;

typedef struct Check
{
	StringInfoData report;		/* report.data is NULL until there is something to say */
	int			count;
} Check;

/* Operations that miss their TableName in words of their own, before anything else is looked at. */
static const OperationIndex table_name_required[] = {
	OPERATION_CreateTable,
	OPERATION_UpdateTable,
	OPERATION_DescribeTable,
	OPERATION_DeleteTable,
	OPERATION_DescribeTimeToLive,
	OPERATION_UpdateTimeToLive
};

/*
 * Patterns that PostgreSQL's regular expressions put otherwise than Java's.  A pattern holds for the whole value.
 */
static const struct
{
	const char *java;
	const char *postgres;
}			translations[] = {
	{"\\p{Print}+", "[\\u0020-\\u007E]+"},
	{"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\uD800\\uDC00-\\uDBFF\\uDFFF\\r\\n\\t]*",
	"[\\u0020-\\uD7FF\\uE000-\\uFFFD\\U00010000-\\U0010FFFF\\r\\n\\t]*"}
};

static void append_echo(StringInfo out, const RequestValue *value, int *objects);

/*
 * Echoes
 */

/* Whether values of a shape hold attribute values, which are not echoed within other values. */
static bool
holds_attributes(const Shape *shape)
{
	switch (shape->kind)
	{
		case SHAPE_ATTRIBUTE_VALUE:
		case SHAPE_ATTRIBUTE_MAP:
			return true;
		case SHAPE_LIST:
		case SHAPE_MAP:
			return holds_attributes(shape->element);
		case SHAPE_STRUCTURE:
			for (int i = 0; i < shape->n_members; i++)
				if (holds_attributes(shape->members[i].shape))
					return true;
			return false;
		default:
			return false;
	}
}

/*
 * Echoes one attribute value, whose first token in DynamoDB JSON is the current one: AttributeValue: {S:a}.
 */
static void
append_attribute(StringInfo out, WireReader *reader)
{
	bool		is_map;

	check_stack_depth();
	appendStringInfoString(out, "AttributeValue: {");
	wire_next(reader);			/* the type's letters */
	is_map = reader->len == 1 && reader->text[0] == 'M';
	appendBinaryStringInfo(out, reader->text, reader->len);
	appendStringInfoChar(out, ':');
	switch (wire_next(reader))
	{
		case WIRE_OBJECT_START:
		case WIRE_ARRAY_START:
			appendStringInfoChar(out, is_map ? '{' : '[');
			for (bool first = true;; first = false)
			{
				wire_next(reader);
				if (reader->token == WIRE_OBJECT_END || reader->token == WIRE_ARRAY_END)
					break;
				if (!first)
					appendStringInfoString(out, ", ");
				if (reader->token == WIRE_KEY)
				{
					appendBinaryStringInfo(out, reader->text, reader->len);
					appendStringInfoChar(out, '=');
					wire_next(reader);
				}
				if (reader->token == WIRE_OBJECT_START)
					append_attribute(out, reader);
				else
					appendBinaryStringInfo(out, reader->text, reader->len);
			}
			appendStringInfoChar(out, is_map ? '}' : ']');
			break;
		case WIRE_TRUE:
			appendStringInfoString(out, "true");
			break;
		case WIRE_FALSE:
			appendStringInfoString(out, "false");
			break;
		default:
			appendBinaryStringInfo(out, reader->text, reader->len);
			break;
	}
	wire_next(reader);			/* the end of the value's object */
	appendStringInfoChar(out, '}');
}

/* Echoes a map of attribute values: {p=AttributeValue: {S:a}, ...}; or one alone. */
static void
append_attributes(StringInfo out, const RequestValue *value)
{
	StringInfoData json;
	WireWriter	writer;
	WireReader	reader;

	initStringInfo(&json);
	wire_write_text(&writer, &json);
	request_write(&writer, value);
	wire_read_text(&reader, json.data, json.len);
	wire_next(&reader);
	if (value->shape->kind == SHAPE_ATTRIBUTE_VALUE)
		append_attribute(out, &reader);
	else
	{
		appendStringInfoChar(out, '{');
		for (bool first = true; wire_next(&reader) == WIRE_KEY; first = false)
		{
			if (!first)
				appendStringInfoString(out, ", ");
			appendBinaryStringInfo(out, reader.text, reader.len);
			appendStringInfoChar(out, '=');
			wire_next(&reader);
			append_attribute(out, &reader);
		}
		appendStringInfoChar(out, '}');
	}
	pfree(json.data);
}

/* Java's String.hashCode() of ASCII. */
static uint32
java_hash(const RequestValue *string)
{
	uint32		hash = 0;

	for (int i = 0; string->present && i < string->as.string.len; i++)
		hash = hash * 31 + (unsigned char) string->as.string.text[i];
	return hash;
}

/*
 * Echoes a structure: Tag(key=a, value=b).  Where it holds attribute values, and of a
 * key's element, as Java prints what has no toString.  The number of the latter is made
 * from its members, as found out from recorded ones.
 */
static void
append_structure(StringInfo out, const RequestValue *value, int *objects)
{
	const Shape *shape = value->shape;

	if (strcmp(shape->name, "KeySchemaElement") == 0)
	{
		appendStringInfo(out, SERVICE_PACKAGE "%s@%x", shape->name,
						 0xa9137470 + 31 * java_hash(request_member(value, KeySchemaElement_KeyType)) +
						 java_hash(request_member(value, KeySchemaElement_AttributeName)));
		return;
	}
	if (holds_attributes(shape))
	{
		appendStringInfo(out, SERVICE_PACKAGE "%s@%x", shape->name, hash_bytes_uint32((*objects)++));
		return;
	}
	appendStringInfo(out, "%s(", shape->name);
	for (int i = 0; i < shape->n_members; i++)
	{
		appendStringInfo(out, "%s%s=", i == 0 ? "" : ", ", shape->members[i].path_name);
		append_echo(out, &value->as.members[i], objects);
	}
	appendStringInfoChar(out, ')');
}

static void
append_echo(StringInfo out, const RequestValue *value, int *objects)
{
	if (!value->present)
	{
		appendStringInfoString(out, "null");
		return;
	}
	switch (value->shape->kind)
	{
		case SHAPE_STRUCTURE:
			append_structure(out, value, objects);
			break;
		case SHAPE_LIST:
			appendStringInfoChar(out, '[');
			for (int i = 0; i < value->as.list.count; i++)
			{
				if (i > 0)
					appendStringInfoString(out, ", ");
				append_echo(out, &value->as.list.items[i], objects);
			}
			appendStringInfoChar(out, ']');
			break;
		case SHAPE_MAP:
			appendStringInfoChar(out, '{');
			for (int i = 0; i < value->as.map.count; i++)
			{
				appendStringInfo(out, "%s%s=", i == 0 ? "" : ", ", value->as.map.entries[i].name);
				append_echo(out, &value->as.map.entries[i].value, objects);
			}
			appendStringInfoChar(out, '}');
			break;
		case SHAPE_STRING:
			appendStringInfoString(out, value->as.string.text);
			break;
		case SHAPE_BLOB:
			appendStringInfo(out, "java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]",
							 value->as.string.len, value->as.string.len);
			break;
		case SHAPE_INTEGER:
		case SHAPE_LONG:
			appendStringInfo(out, INT64_FORMAT, value->as.integer);
			break;
		case SHAPE_DOUBLE:
		case SHAPE_TIMESTAMP:
			appendStringInfo(out, "%g", value->as.real);
			break;
		case SHAPE_BOOLEAN:
			appendStringInfoString(out, value->as.boolean ? "true" : "false");
			break;
		case SHAPE_ATTRIBUTE_VALUE:
		case SHAPE_ATTRIBUTE_MAP:
			append_attributes(out, value);
			break;
	}
}

char *
request_echo(const RequestValue *value)
{
	StringInfoData out;
	int			objects = 1;

	initStringInfo(&out);
	append_echo(&out, value, &objects);
	return out.data;
}

/*
 * Reports
 */

/* Whether a step's constraints are reported in the newer form: as the member says that it is or belongs to. */
static bool
newer_form(const PathStep *step)
{
	while (step->member == NULL)
		step = step->parent;
	return step->member->path_name[0] == step->member->name[0];
}

static void
append_path(StringInfo out, const PathStep *step, bool newer)
{
	if (step->parent)
	{
		append_path(out, step->parent, newer);
		appendStringInfoChar(out, '.');
	}
	if (step->member)
		appendStringInfoString(out, newer ? step->member->name : step->member->path_name);
	else if (step->key)
		appendStringInfo(out, "%s.member", step->key);
	else
		appendStringInfo(out, "%d.member", step->index);
}

/* Notes a broken constraint, unless enough are noted. */
static void report(Check *check, const PathStep *step, const RequestValue *value, const char *format,...)
			pg_attribute_printf(4, 5);

static void
report(Check *check, const PathStep *step, const RequestValue *value, const char *format,...)
{
	StringInfo	out = &check->report;
	bool		newer = newer_form(step);

	if (check->count == MAX_REPORTED)
		return;
	if (check->count++ == 0)
		initStringInfo(out);
	else
		appendStringInfoString(out, "; ");

	if (newer)
		appendStringInfoString(out, "Value at '");
	else if (!value->present)
		appendStringInfoString(out, "Value null at '");
	else
		appendStringInfo(out, "Value '%s' at '", request_echo(value));
	append_path(out, step, newer);
	appendStringInfoString(out, "' failed to satisfy constraint: ");
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(out, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(out, needed);
	}
}

static void
raise_report(const Check *check)
{
	if (check->count > 0)
		dyn_invalid("%d validation error%s detected: %s", check->count, check->count == 1 ? "" : "s",
					check->report.data);
}

/*
 * Constraints
 */

static bool
matches_pattern(const char *pattern, const char *text, int len)
{
	char	   *whole;

	if (strcmp(pattern, "[a-zA-Z0-9_.-]+") == 0)
		return arn_is_name(text, len);

	for (int i = 0; i < lengthof(translations); i++)
		if (strcmp(pattern, translations[i].java) == 0)
			pattern = translations[i].postgres;
	whole = psprintf("^(?:%s)$", pattern);
	return RE_compile_and_execute(cstring_to_text(whole), unconstify(char *, text), len, REG_ADVANCED,
								  C_COLLATION_OID, 0, NULL);
}

static inline bool
too_small(const Shape *shape, int64 value)
{
	return shape->has_min && value < shape->min;
}

static inline bool
too_large(const Shape *shape, int64 value)
{
	return shape->has_max && value > shape->max;
}

/* Whether a name or ARN of a table is asked for; long_only: by the operations on tables themselves. */
static bool
is_table_name(const Shape *shape, bool long_only)
{
	return strcmp(shape->name, "LongTableNameOrArn") == 0 ||
		(!long_only && strcmp(shape->name, "TableNameOrArn") == 0);
}

/* Whether the service names a wrong length before a wrong pattern: it does both, by member. */
static bool
length_first(const Shape *shape)
{
	return is_table_name(shape, true) || strcmp(shape->name, "IndexName") == 0;
}

static bool
is_table_arn(const Shape *shape, const char *text, int len)
{
	TableArn	arn;

	return len > 4 && memcmp(text, "arn:", 4) == 0 && is_table_name(shape, false) &&
		arn_parse_table(text, len, &arn) &&
		!too_small(shape, arn.name_len) && !too_large(shape, arn.name_len);
}

static void
check_string(Check *check, const PathStep *step, const RequestValue *value)
{
	const Shape *shape = value->shape;
	const char *text = value->as.string.text;
	int			len = value->as.string.len;
	bool		mismatch = shape->pattern != NULL && !matches_pattern(shape->pattern, text, len);
	bool		small = too_small(shape, len);
	bool		large = too_large(shape, len);

	if (mismatch || small || large)
	{
		bool		last = length_first(shape);

		if (is_table_arn(shape, text, len))
			return;
		if (len > 4 && memcmp(text, "arn:", 4) == 0 && is_table_name(shape, false))
		{
			report(check, step, value, ARN_FORMAT, shape->max, shape->min, shape->pattern);
			return;
		}
		/* of what is wrong with a table's name, operations on items report one thing */
		if ((small || large) && is_table_name(shape, false) && !is_table_name(shape, true))
			mismatch = false;
		if (mismatch && !last)
			report(check, step, value, "Member must satisfy regular expression pattern: %s", shape->pattern);
		if (small)
			report(check, step, value, "Member must have length greater than or equal to " INT64_FORMAT, shape->min);
		if (large)
			report(check, step, value, "Member must have length less than or equal to " INT64_FORMAT, shape->max);
		if (mismatch && last)
			report(check, step, value, "Member must satisfy regular expression pattern: %s", shape->pattern);
	}

	if (shape->enum_values)
	{
		StringInfoData set;

		for (int i = 0; i < shape->n_enum_values; i++)
			if (strlen(shape->enum_values[i]) == len && memcmp(shape->enum_values[i], text, len) == 0)
				return;
		initStringInfo(&set);
		for (int i = 0; i < shape->n_enum_values; i++)
			appendStringInfo(&set, "%s%s", i == 0 ? "" : ", ", shape->enum_values[i]);
		report(check, step, value, "Member must satisfy enum value set: [%s]", set.data);
	}
}

static void
check_length(Check *check, const PathStep *step, const RequestValue *value, int length)
{
	const Shape *shape = value->shape;

	if (too_small(shape, length))
		report(check, step, value, "Member must have length greater than or equal to " INT64_FORMAT, shape->min);
	if (too_large(shape, length))
		report(check, step, value, "Member must have length less than or equal to " INT64_FORMAT, shape->max);
}

/* The constraints of a map's keys or values, as a list. */
static char *
constraint_list(const Shape *shape)
{
	StringInfoData out;

	initStringInfo(&out);
	if (shape->has_max)
		appendStringInfo(&out, "Member must have length less than or equal to " INT64_FORMAT, shape->max);
	if (shape->has_min)
		appendStringInfo(&out, "%sMember must have length greater than or equal to " INT64_FORMAT,
						 out.len > 0 ? ", " : "", shape->min);
	if (shape->pattern)
		appendStringInfo(&out, "%sMember must satisfy regular expression pattern: %s",
						 out.len > 0 ? ", " : "", shape->pattern);
	return out.data;
}

static bool
key_is_wrong(const Shape *shape, const RequestEntry *entry)
{
	if (!too_small(shape, entry->name_len) && !too_large(shape, entry->name_len) &&
		(shape->pattern == NULL || matches_pattern(shape->pattern, entry->name, entry->name_len)))
		return false;
	return !is_table_arn(shape, entry->name, entry->name_len);
}

/* Keys and lengths of values; each is reported once a map. */
static void
check_entries(Check *check, const PathStep *step, const RequestValue *value)
{
	const Shape *shape = value->shape;
	const Shape *element = shape->element;

	for (int i = 0; i < value->as.map.count; i++)
		if (key_is_wrong(shape->key, &value->as.map.entries[i]))
		{
			report(check, step, value, "Map keys must satisfy constraint: [%s]", constraint_list(shape->key));
			break;
		}

	if (element->kind != SHAPE_LIST && element->kind != SHAPE_STRING)
		return;
	for (int i = 0; i < value->as.map.count; i++)
	{
		const RequestValue *item = &value->as.map.entries[i].value;
		int			length = element->kind == SHAPE_LIST ? item->as.list.count : item->as.string.len;

		if (too_small(element, length) || too_large(element, length))
		{
			report(check, step, value, "Map value must satisfy constraint: [%s]", constraint_list(element));
			break;
		}
	}
}

static void check_value(Check *check, const PathStep *step, const RequestValue *value);

static void
check_members(Check *check, const PathStep *parent, const RequestValue *value)
{
	const Shape *shape = value->shape;

	for (int i = 0; i < shape->n_members; i++)
	{
		PathStep	step = {.parent = parent, .member = &shape->members[i]};
		const RequestValue *member = &value->as.members[i];

		if (member->present)
			check_value(check, &step, member);
		else if (shape->members[i].required)
			report(check, &step, member, "Member must not be null");
	}
}

static void
check_elements(Check *check, const PathStep *parent, const RequestValue *value)
{
	for (int i = 0; i < value->as.list.count; i++)
	{
		PathStep	step = {.parent = parent, .index = i + 1};

		check_value(check, &step, &value->as.list.items[i]);
	}
}

static void
check_value(Check *check, const PathStep *step, const RequestValue *value)
{
	const Shape *shape = value->shape;

	switch (shape->kind)
	{
		case SHAPE_STRUCTURE:
			check_members(check, step, value);
			break;
		case SHAPE_LIST:
			check_length(check, step, value, value->as.list.count);
			check_elements(check, step, value);
			break;
		case SHAPE_MAP:
			check_length(check, step, value, value->as.map.count);
			check_entries(check, step, value);
			for (int i = 0; i < value->as.map.count; i++)
			{
				PathStep	entry = {.parent = step, .key = value->as.map.entries[i].name};
				const RequestValue *item = &value->as.map.entries[i].value;

				/* the map has reported lengths and strings itself */
				if (item->shape->kind == SHAPE_LIST)
					check_elements(check, &entry, item);
				else if (item->shape->kind != SHAPE_STRING)
					check_value(check, &entry, item);
			}
			break;
		case SHAPE_STRING:
			check_string(check, step, value);
			break;
		case SHAPE_INTEGER:
		case SHAPE_LONG:
			if (too_small(shape, value->as.integer))
				report(check, step, value, "Member must have value greater than or equal to " INT64_FORMAT, shape->min);
			if (too_large(shape, value->as.integer))
				report(check, step, value, "Member must have value less than or equal to " INT64_FORMAT, shape->max);
			break;
		case SHAPE_DOUBLE:
		case SHAPE_BOOLEAN:
		case SHAPE_TIMESTAMP:
		case SHAPE_BLOB:
		case SHAPE_ATTRIBUTE_VALUE:
		case SHAPE_ATTRIBUTE_MAP:
			break;
	}
}

/* The TableName of a request goes before everything else. */
static void
check_table_name(Check *check, const RequestValue *request, int operation)
{
	const Shape *shape = request->shape;
	int			member;

	for (member = 0; member < shape->n_members; member++)
		if (strcmp(shape->members[member].name, "TableName") == 0)
			break;
	if (member == shape->n_members)
		return;

	if (request->as.members[member].present)
	{
		PathStep	step = {.member = &shape->members[member]};

		check_string(check, &step, &request->as.members[member]);
		raise_report(check);
		return;
	}
	for (int i = 0; i < lengthof(table_name_required); i++)
		if (operation == table_name_required[i])
			dyn_invalid("The parameter 'TableName' is required but was not present in the request");
}

/* The name that RestoreTableFromBackup gives has words of its own where its length is wrong. */
static void
check_target_name(const RequestValue *request, int operation)
{
	const RequestValue *name;

	if (operation != OPERATION_RestoreTableFromBackup)
		return;
	name = request_member(request, RestoreTableFromBackupInput_TargetTableName);
	if (name->present && (name->as.string.len < TABLE_NAME_MIN_SIZE || name->as.string.len > TABLE_NAME_MAX_SIZE))
		dyn_invalid("TableName must be at least %d characters long and at most %d characters long", TABLE_NAME_MIN_SIZE,
					TABLE_NAME_MAX_SIZE);
}

/* So does the name of the index whose contributor insights are asked for. */
static void
check_insights_index(const RequestValue *request, int operation)
{
	const RequestValue *name;

	if (operation == OPERATION_UpdateContributorInsights)
		name = request_member(request, UpdateContributorInsightsInput_IndexName);
	else if (operation == OPERATION_DescribeContributorInsights)
		name = request_member(request, DescribeContributorInsightsInput_IndexName);
	else
		return;
	if (name->present && (name->as.string.len < TABLE_NAME_MIN_SIZE || name->as.string.len > TABLE_NAME_MAX_SIZE))
		dyn_invalid("IndexName must be at least %d characters long and at most %d characters long", TABLE_NAME_MIN_SIZE,
					TABLE_NAME_MAX_SIZE);
}

void
request_check(const RequestValue *request, int operation)
{
	Check		check = {.count = 0};

	check_target_name(request, operation);
	check_insights_index(request, operation);
	check_table_name(&check, request, operation);
	check_members(&check, NULL, request);
	raise_report(&check);
}
