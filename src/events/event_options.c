/*
 * event_options.c
 *		The options of event source mappings.
 */
#include "postgres.h"

#include <math.h>

#include "events/event_options.h"
#include "utils/builtins.h"
#include "value/wire.h"

#define MAX_FILTERS 5
#define MAX_PATTERN 4096
#define FOREVER -1

/* Options that are whole numbers. */
typedef struct NumberOption
{
	const char *name;
	const char *member;			/* as messages call it */
	int			least;
	int			most;
	int			usual;
} NumberOption;

static const NumberOption numbers[] = {
	{"BatchSize", "batchSize", 1, 10000, 100},
	{"MaximumBatchingWindowInSeconds", "maximumBatchingWindowInSeconds", 0, 300, 0},
	{"ParallelizationFactor", "parallelizationFactor", 1, 10, 1},
	{"MaximumRetryAttempts", "maximumRetryAttempts", FOREVER, 10000, FOREVER},
	{"MaximumRecordAgeInSeconds", "maximumRecordAgeInSeconds", FOREVER, 604800, FOREVER},
	{"TumblingWindowInSeconds", "tumblingWindowInSeconds", 0, 900, 0},
};

static const char *const others[] = {
	"StartingPosition", "BisectBatchOnFunctionError", "FunctionResponseTypes", "FilterCriteria", "DestinationConfig", "Enabled"
};

static _Noreturn void fail(const char *format,...) pg_attribute_printf(1, 2);

static _Noreturn void
fail(const char *format,...)
{
	StringInfoData message;
	va_list		arguments;
	int			needed;

	initStringInfo(&message);
	do
	{
		va_start(arguments, format);
		needed = appendStringInfoVA(&message, format, arguments);
		va_end(arguments);
		if (needed > 0)
			enlargeStringInfo(&message, needed);
	} while (needed > 0);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg_internal("%s", message.data)));
}

/* A member of an object; false if it is not there, or null. */
static bool
find_member(const JsonbValue *object, const char *name, JsonbValue *member)
{
	return getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), member) != NULL && member->type != jbvNull;
}

static void
root_value(Jsonb *jsonb, JsonbValue *value)
{
	value->type = jbvBinary;
	value->val.binary.data = &jsonb->root;
	value->val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data) && !JsonContainerIsScalar(value->val.binary.data);
}

static bool
is_text(const JsonbValue *value, const char *text)
{
	return value->type == jbvString && value->val.string.len == (int) strlen(text) &&
		memcmp(value->val.string.val, text, value->val.string.len) == 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

static int
number_member(const JsonbValue *options, int option)
{
	JsonbValue	value;

	if (!find_member(options, numbers[option].name, &value))
		return numbers[option].usual;
	return DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(value.val.numeric)));
}

static bool
bool_member(const JsonbValue *options, const char *name)
{
	JsonbValue	value;

	return find_member(options, name, &value) && value.val.boolean;
}

static List *
read_patterns(const JsonbValue *options)
{
	List	   *patterns = NIL;
	JsonbValue	criteria;
	JsonbValue	filters;

	if (!find_member(options, "FilterCriteria", &criteria) || !find_member(&criteria, "Filters", &filters))
		return NIL;
	for (uint32 i = 0; i < JsonContainerSize(filters.val.binary.data); i++)
	{
		JsonbValue *filter = getIthJsonbValueFromContainer(filters.val.binary.data, i);
		JsonbValue	pattern;

		if (find_member(filter, "Pattern", &pattern))
			patterns = lappend(patterns, event_pattern_compile(pattern.val.string.val, pattern.val.string.len));
	}
	return patterns;
}

void
event_options_read(Jsonb *options, EventOptions *read)
{
	JsonbValue	root;
	JsonbValue	value;

	root_value(options, &root);
	read->latest = find_member(&root, "StartingPosition", &value) && is_text(&value, "LATEST");
	read->batch_size = number_member(&root, 0);
	read->window = number_member(&root, 1);
	read->parallel = number_member(&root, 2);
	read->retries = number_member(&root, 3);
	read->age = number_member(&root, 4);
	read->bisect = bool_member(&root, "BisectBatchOnFunctionError");
	read->reports = find_member(&root, "FunctionResponseTypes", &value) && JsonContainerSize(value.val.binary.data) > 0;
	read->patterns = read_patterns(&root);
}

/* ------------------------------------------------------------------------------------------------------------
 * Checking
 * ------------------------------------------------------------------------------------------------------------ */

/* A value for a message, cut. */
static char *
shown(const JsonbValue *value)
{
	char	   *text = JsonbToCString(NULL, &JsonbValueToJsonb((JsonbValue *) value)->root, 0);

	return strlen(text) > 100 ? psprintf("%.100s...", text) : text;
}

static void
check_names(const JsonbValue *given)
{
	JsonbIterator *iterator = JsonbIteratorInit(given->val.binary.data);
	JsonbIteratorToken token;
	JsonbValue	name;

	while ((token = JsonbIteratorNext(&iterator, &name, true)) != WJB_DONE)
	{
		bool		known = token != WJB_KEY;

		for (int i = 0; i < lengthof(numbers); i++)
			known |= is_text(&name, numbers[i].name);
		for (int i = 0; i < lengthof(others); i++)
			known |= is_text(&name, others[i]);
		if (token == WJB_KEY && !known)
			fail("Unknown option \"%.*s\"", name.val.string.len, name.val.string.val);
	}
}

static void
check_number(const NumberOption *option, const JsonbValue *value)
{
	double		number;

	if (value->type != jbvNumeric)
		fail("%s must be a number", option->name);
	number = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value->val.numeric)));
	if (number != rint(number))
		fail("%s must be a whole number", option->name);
	if (number < option->least || number > option->most)
		fail("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have value %s than or equal to %d",
			 shown(value), option->member, number < option->least ? "greater" : "less", number < option->least ? option->least : option->most);
}

static void
check_numbers(const JsonbValue *given)
{
	JsonbValue	value;

	for (int i = 0; i < lengthof(numbers); i++)
		if (find_member(given, numbers[i].name, &value))
			check_number(&numbers[i], &value);
	if (find_member(given, "MaximumRecordAgeInSeconds", &value))
	{
		int			age = number_member(given, 4);

		if (age != FOREVER && age < 60)
			fail("MaximumRecordAgeInSeconds must be either -1 (forever) or between 60 and 604800 (inclusive)");
	}
	if (find_member(given, "TumblingWindowInSeconds", &value) && number_member(given, 5) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("TumblingWindowInSeconds is not supported"),
				 errhint("A destination may keep what it sums up in a table.")));
}

static void
check_bool(const JsonbValue *given, const char *name)
{
	JsonbValue	value;

	if (find_member(given, name, &value) && value.type != jbvBool)
		fail("%s must be true or false", name);
}

static void
check_start(const JsonbValue *given, const JsonbValue *old, const char *stream_arn)
{
	JsonbValue	value;
	JsonbValue	before;

	if (!find_member(given, "StartingPosition", &value))
	{
		if (old == NULL)
			fail("1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.");
		return;
	}
	if (old != NULL && (!find_member(old, "StartingPosition", &before) || value.type != jbvString ||
						!is_text(&before, pnstrdup(value.val.string.val, value.val.string.len))))
		fail("StartingPosition cannot be changed");
	if (is_text(&value, "AT_TIMESTAMP"))
		fail("Unsupported starting position for arn type: %s", stream_arn);
	if (!is_text(&value, "TRIM_HORIZON") && !is_text(&value, "LATEST"))
		fail("1 validation error detected: Value '%s' at 'startingPosition' failed to satisfy constraint: "
			 "Member must satisfy enum value set: [LATEST, AT_TIMESTAMP, TRIM_HORIZON]",
			 value.type == jbvString ? pnstrdup(value.val.string.val, value.val.string.len) : shown(&value));
}

static void
check_response_types(const JsonbValue *given)
{
	JsonbValue	types;

	if (!find_member(given, "FunctionResponseTypes", &types))
		return;
	if (!is_array(&types))
		fail("FunctionResponseTypes must be an array");
	if (JsonContainerSize(types.val.binary.data) > 1)
		fail("1 validation error detected: Value '%s' at 'functionResponseTypes' failed to satisfy constraint: "
			 "Member must have length less than or equal to 1", shown(&types));
	if (JsonContainerSize(types.val.binary.data) == 1 &&
		!is_text(getIthJsonbValueFromContainer(types.val.binary.data, 0), "ReportBatchItemFailures"))
		fail("1 validation error detected: Value '%s' at 'functionResponseTypes' failed to satisfy constraint: "
			 "Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]", shown(&types));
}

static void
refuse_other_members(const JsonbValue *object, const char *what, const char *only)
{
	JsonbValue	value;

	if (!is_object(object))
		fail("%s must be an object", what);
	if (JsonContainerSize(object->val.binary.data) != (find_member(object, only, &value) ? 1 : 0))
		fail("%s has no other member than %s", what, only);
}

static void
check_filters(const JsonbValue *given)
{
	JsonbValue	criteria;
	JsonbValue	filters;

	if (!find_member(given, "FilterCriteria", &criteria))
		return;
	refuse_other_members(&criteria, "FilterCriteria", "Filters");
	if (!find_member(&criteria, "Filters", &filters))
		return;
	if (!is_array(&filters))
		fail("FilterCriteria's Filters must be an array");
	if (JsonContainerSize(filters.val.binary.data) > MAX_FILTERS)
		fail("FilterCriteria has at most %d filters", MAX_FILTERS);
	for (uint32 i = 0; i < JsonContainerSize(filters.val.binary.data); i++)
	{
		JsonbValue *filter = getIthJsonbValueFromContainer(filters.val.binary.data, i);
		JsonbValue	pattern;

		refuse_other_members(filter, "A filter", "Pattern");
		if (!find_member(filter, "Pattern", &pattern))
			fail("Invalid filter pattern definition.");
		if (pattern.type != jbvString)
			fail("A filter's Pattern must be a string");
		if (pattern.val.string.len > MAX_PATTERN)
			fail("1 validation error detected: Value at 'filterCriteria.filters.%u.member.pattern' failed to satisfy constraint: "
				 "Member must have length less than or equal to %d", i + 1, MAX_PATTERN);
		(void) event_pattern_compile(pattern.val.string.val, pattern.val.string.len);
	}
}

/* DestinationConfig: {"OnFailure": {"Destination": ...}}; the destination that is in it, without its secret, goes to check. */
static void
check_on_failure(const JsonbValue *given, DestinationCheck *check)
{
	const DestinationKind *kind;
	JsonbValue	config;
	JsonbValue	on_failure;
	JsonbValue	destination;
	Jsonb	   *value;

	if (!find_member(given, "DestinationConfig", &config))
		return;
	refuse_other_members(&config, "DestinationConfig", "OnFailure");
	if (!find_member(&config, "OnFailure", &on_failure))
		return;
	refuse_other_members(&on_failure, "OnFailure", "Destination");
	if (!find_member(&on_failure, "Destination", &destination))
		return;
	kind = destination_open("OnFailure", &destination, &value);
	if (!kind->outside && kind->deliver_failure == NULL)
		fail("%s cannot be an on-failure destination", kind->name);
	check->kind = kind;
	check->definition = value;
	kind->check(check, value);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

static void
write_value(WireWriter *writer, const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvBool:
			wire_boolean(writer, value->val.boolean);
			break;
		case jbvNumeric:
			wire_integer(writer, DatumGetInt32(DirectFunctionCall1(numeric_int4, NumericGetDatum(value->val.numeric))));
			break;
		case jbvString:
			wire_string(writer, value->val.string.val, value->val.string.len);
			break;
		default:
			wire_jsonb(writer, JsonbValueToJsonb((JsonbValue *) value));
	}
}

/* A member that was given, or was there before. */
static bool
chosen_member(const JsonbValue *given, const JsonbValue *old, const char *name, JsonbValue *value)
{
	return find_member(given, name, value) || (old != NULL && find_member(old, name, value));
}

static void
write_on_failure(WireWriter *writer, const DestinationCheck *check)
{
	wire_member(writer, "DestinationConfig");
	wire_object_start(writer);
	if (check->definition != NULL)
	{
		wire_member(writer, "OnFailure");
		wire_object_start(writer);
		wire_member(writer, "Destination");
		destination_write(writer, check);
		wire_object_end(writer);
	}
	wire_object_end(writer);
}

/* What stays of an OnFailure that is not given. */
static void
keep_on_failure(const JsonbValue *old, DestinationCheck *check)
{
	JsonbValue	config;
	JsonbValue	on_failure;
	JsonbValue	destination;

	if (find_member(old, "DestinationConfig", &config) && find_member(&config, "OnFailure", &on_failure) &&
		find_member(&on_failure, "Destination", &destination))
	{
		check->kind = destination_open("OnFailure", &destination, &check->definition);
		check->secret = check->old_secret;
		check->kept = true;
	}
}

Jsonb *
event_options_check(Jsonb *given_options, Jsonb *old_options, const char *stream_arn, DestinationCheck *on_failure, bool *enabled)
{
	static const char *const plain[] = {"StartingPosition", "FunctionResponseTypes", "FilterCriteria"};
	WireWriter	writer;
	JsonbValue	given;
	JsonbValue	old_root;
	JsonbValue *old = old_options != NULL ? &old_root : NULL;
	JsonbValue	value;

	root_value(given_options, &given);
	if (!is_object(&given))
		fail("The options of an event source mapping must be an object");
	if (old != NULL)
		root_value(old_options, old);
	check_names(&given);
	check_numbers(&given);
	check_bool(&given, "BisectBatchOnFunctionError");
	check_bool(&given, "Enabled");
	check_start(&given, old, stream_arn);
	check_response_types(&given);
	check_filters(&given);
	check_on_failure(&given, on_failure);
	if (old != NULL && !find_member(&given, "DestinationConfig", &value))
		keep_on_failure(old, on_failure);
	if (find_member(&given, "Enabled", &value))
		*enabled = value.val.boolean;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	for (int i = 0; i < lengthof(numbers); i++)
	{
		wire_member(&writer, numbers[i].name);
		if (chosen_member(&given, old, numbers[i].name, &value))
			write_value(&writer, &value);
		else
			wire_integer(&writer, numbers[i].usual);
	}
	wire_member(&writer, "BisectBatchOnFunctionError");
	wire_boolean(&writer, chosen_member(&given, old, "BisectBatchOnFunctionError", &value) && value.val.boolean);
	for (int i = 0; i < lengthof(plain); i++)
		if (chosen_member(&given, old, plain[i], &value))
		{
			wire_member(&writer, plain[i]);
			write_value(&writer, &value);
		}
	write_on_failure(&writer, on_failure);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}
