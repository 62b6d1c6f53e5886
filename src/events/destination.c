/*
 * destination.c
 *		The kinds of destinations.
 */
#include "postgres.h"

#include "events/destination.h"
#include "events/outside.h"
#include "value/wire.h"

static const DestinationKind *const kinds[] = {
	&destination_function, &destination_notify, &destination_table,
	&destination_webhook.base, &destination_lambda.base, &destination_kinesis.base, &destination_opensearch.base
};

const DestinationKind *
destination_kind(const char *name, int len)
{
	for (int i = 0; i < lengthof(kinds); i++)
		if (len == (int) strlen(kinds[i]->name) && memcmp(kinds[i]->name, name, len) == 0)
			return kinds[i];
	return NULL;
}

static char *
kind_names(void)
{
	StringInfoData names;

	initStringInfo(&names);
	for (int i = 0; i < lengthof(kinds); i++)
		appendStringInfo(&names, "%s%s", i == 0 ? "" : ", ", kinds[i]->name);
	return names.data;
}

static _Noreturn void
refuse(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must be an object with one member, which names the kind of destination", what),
			 errhint("There are %s.", kind_names())));
}

const DestinationKind *
destination_open(const char *what, const JsonbValue *destination, Jsonb **value)
{
	const DestinationKind *kind;
	JsonbIterator *iterator;
	JsonbValue	name;
	JsonbValue	member;

	if (destination->type != jbvBinary || !JsonContainerIsObject(destination->val.binary.data) ||
		JsonContainerSize(destination->val.binary.data) != 1)
		refuse(what);
	iterator = JsonbIteratorInit(destination->val.binary.data);
	(void) JsonbIteratorNext(&iterator, &name, true);
	(void) JsonbIteratorNext(&iterator, &name, true);
	(void) JsonbIteratorNext(&iterator, &member, true);
	kind = destination_kind(name.val.string.val, name.val.string.len);
	if (kind == NULL)
		refuse(what);
	*value = JsonbValueToJsonb(&member);
	return kind;
}

void
destination_write(WireWriter *writer, const DestinationCheck *check)
{
	JsonbValue	value;

	wire_object_start(writer);
	wire_member(writer, check->kind->name);
	if (!JB_ROOT_IS_SCALAR(check->definition))
		wire_jsonb(writer, check->definition);
	else if (JsonbExtractScalar(&check->definition->root, &value) && value.type == jbvString)
		wire_string(writer, value.val.string.val, value.val.string.len);
	else
		elog(ERROR, "a destination is neither a string nor an object");
	wire_object_end(writer);
}

static void
root_value(Jsonb *jsonb, JsonbValue *value)
{
	value->type = jbvBinary;
	value->val.binary.data = &jsonb->root;
	value->val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
}

const DestinationKind *
destination_of_mapping(const EventMapping *mapping, Jsonb **value)
{
	JsonbValue	root;

	root_value(mapping->destination, &root);
	return destination_open("Destination", &root, value);
}

static bool
find_member(const JsonbValue *object, const char *name, JsonbValue *member)
{
	return getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), member) != NULL && member->type == jbvBinary;
}

const DestinationKind *
destination_on_failure(const EventMapping *mapping, Jsonb **value)
{
	JsonbValue	root;
	JsonbValue	config;
	JsonbValue	on_failure;
	JsonbValue	destination;

	root_value(mapping->options, &root);
	if (!find_member(&root, "DestinationConfig", &config) || !find_member(&config, "OnFailure", &on_failure) ||
		!find_member(&on_failure, "Destination", &destination))
		return NULL;
	return destination_open("OnFailure", &destination, value);
}

const char *
destination_string(const DestinationCheck *check, Jsonb *value)
{
	JsonbValue	string;

	if (!JB_ROOT_IS_SCALAR(value) || !JsonbExtractScalar(&value->root, &string) || string.type != jbvString || string.val.string.len == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s: %s must be a string", check->what, check->kind->name)));
	return pnstrdup(string.val.string.val, string.val.string.len);
}
