/*
 * table_definition.c
 *		What callers have said about a table: between the catalog's jsonb and a structure.
 *
 * The jsonb has the members that DescribeTable answers with, so that it can be read without us; what
 * DescribeTable derives from them is not in it.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "op/table_definition.h"

#define ON_DEMAND_READ_UNITS	12000	/* what a new table takes at once */
#define ON_DEMAND_WRITE_UNITS	4000

/* A member of an object (NULL: there is no object), or NULL; *space is room for it. */
static JsonbValue *
member(const JsonbValue *object, const char *name, JsonbValue *space)
{
	if (object == NULL)
		return NULL;
	return getKeyJsonValueFromContainer(object->val.binary.data, name, strlen(name), space);
}

static const char *
text_member(const JsonbValue *object, const char *name)
{
	JsonbValue	space;
	JsonbValue *value = member(object, name, &space);

	return value ? pnstrdup(value->val.string.val, value->val.string.len) : NULL;
}

static double
real_member(const JsonbValue *object, const char *name)
{
	JsonbValue	space;
	JsonbValue *value = member(object, name, &space);

	if (value == NULL)
		return 0;
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
}

static int64
integer_member(const JsonbValue *object, const char *name)
{
	JsonbValue	space;
	JsonbValue *value = member(object, name, &space);

	if (value == NULL)
		return 0;
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(value->val.numeric)));
}

static bool
boolean_member(const JsonbValue *object, const char *name)
{
	JsonbValue	space;
	JsonbValue *value = member(object, name, &space);

	return value != NULL && value->val.boolean;
}

static List *
pairs_member(const JsonbValue *object, const char *name, const char *name_member, const char *value_member)
{
	List	   *pairs = NIL;
	JsonbValue	space;
	JsonbValue *list = member(object, name, &space);

	if (list == NULL)
		return NIL;
	for (uint32 i = 0; i < JsonContainerSize(list->val.binary.data); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(list->val.binary.data, i);
		NamePair   *pair = (NamePair *) palloc(sizeof(NamePair));

		pair->name = text_member(element, name_member);
		pair->name_len = strlen(pair->name);
		pair->value = text_member(element, value_member);
		pair->value_len = strlen(pair->value);
		pairs = lappend(pairs, pair);
	}
	return pairs;
}

void
table_definition_read(const TableInfo *table, TableDefinition *definition)
{
	JsonbValue	space;
	JsonbValue	root = {.type = jbvBinary};
	JsonbValue *object;

	root.val.binary.data = &table->definition->root;
	root.val.binary.len = VARSIZE_ANY_EXHDR(table->definition);
	memset(definition, 0, sizeof(*definition));
	definition->attributes = pairs_member(&root, "AttributeDefinitions", "AttributeName", "AttributeType");
	definition->keys = pairs_member(&root, "KeySchema", "AttributeName", "KeyType");
	definition->tags = pairs_member(&root, "Tags", "Key", "Value");

	object = member(&root, "BillingModeSummary", &space);
	if (object)
	{
		const char *mode = text_member(object, "BillingMode");

		definition->was_on_demand = true;
		definition->on_demand = strcmp(mode, "PAY_PER_REQUEST") == 0;
		definition->on_demand_since = real_member(object, "LastUpdateToPayPerRequestDateTime");
	}
	object = member(&root, "ProvisionedThroughput", &space);
	definition->read_units = integer_member(object, "ReadCapacityUnits");
	definition->write_units = integer_member(object, "WriteCapacityUnits");
	definition->increased_at = real_member(object, "LastIncreaseDateTime");
	definition->decreased_at = real_member(object, "LastDecreaseDateTime");
	definition->decreases = integer_member(object, "NumberOfDecreasesToday");
	object = member(&root, "OnDemandThroughput", &space);
	definition->max_read_units = integer_member(object, "MaxReadRequestUnits");
	definition->max_write_units = integer_member(object, "MaxWriteRequestUnits");
	object = member(&root, "WarmThroughput", &space);
	definition->warm_read_units = integer_member(object, "ReadUnitsPerSecond");
	definition->warm_write_units = integer_member(object, "WriteUnitsPerSecond");
	object = member(&root, "TableClassSummary", &space);
	definition->table_class = text_member(object, "TableClass");
	definition->table_class_since = real_member(object, "LastUpdateDateTime");
	object = member(&root, "SSEDescription", &space);
	definition->kms_key = text_member(object, "KMSMasterKeyArn");
	definition->deletion_protection = boolean_member(&root, "DeletionProtectionEnabled");
}

void
table_write_pairs(WireWriter *writer, List *pairs, const char *name_member, const char *value_member)
{
	ListCell   *cell;

	wire_array_start(writer);
	foreach(cell, pairs)
	{
		const NamePair *pair = (const NamePair *) lfirst(cell);

		wire_object_start(writer);
		wire_member(writer, name_member);
		wire_string(writer, pair->name, pair->name_len);
		wire_member(writer, value_member);
		wire_string(writer, pair->value, pair->value_len);
		wire_object_end(writer);
	}
	wire_array_end(writer);
}

static void
write_integer(WireWriter *writer, const char *name, int64 value)
{
	if (value == 0)
		return;
	wire_member(writer, name);
	wire_integer(writer, value);
}

static void
write_time(WireWriter *writer, const char *name, double time)
{
	if (time == 0)
		return;
	wire_member(writer, name);
	wire_double(writer, time);
}

static void
write_text(WireWriter *writer, const char *name, const char *text)
{
	wire_member(writer, name);
	wire_cstring(writer, text);
}

Jsonb *
table_definition_jsonb(const TableDefinition *definition)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	wire_member(&writer, "AttributeDefinitions");
	table_write_pairs(&writer, definition->attributes, "AttributeName", "AttributeType");
	wire_member(&writer, "KeySchema");
	table_write_pairs(&writer, definition->keys, "AttributeName", "KeyType");
	if (definition->tags != NIL)
	{
		wire_member(&writer, "Tags");
		table_write_pairs(&writer, definition->tags, "Key", "Value");
	}
	if (definition->was_on_demand)
	{
		wire_member(&writer, "BillingModeSummary");
		wire_object_start(&writer);
		write_text(&writer, "BillingMode", definition->on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
		write_time(&writer, "LastUpdateToPayPerRequestDateTime", definition->on_demand_since);
		wire_object_end(&writer);
	}
	wire_member(&writer, "ProvisionedThroughput");
	wire_object_start(&writer);
	write_integer(&writer, "ReadCapacityUnits", definition->read_units);
	write_integer(&writer, "WriteCapacityUnits", definition->write_units);
	write_time(&writer, "LastIncreaseDateTime", definition->increased_at);
	write_time(&writer, "LastDecreaseDateTime", definition->decreased_at);
	write_integer(&writer, "NumberOfDecreasesToday", definition->decreases);
	wire_object_end(&writer);
	if (definition->max_read_units != 0 || definition->max_write_units != 0)
	{
		wire_member(&writer, "OnDemandThroughput");
		wire_object_start(&writer);
		write_integer(&writer, "MaxReadRequestUnits", definition->max_read_units);
		write_integer(&writer, "MaxWriteRequestUnits", definition->max_write_units);
		wire_object_end(&writer);
	}
	if (definition->warm_read_units != 0 || definition->warm_write_units != 0)
	{
		wire_member(&writer, "WarmThroughput");
		wire_object_start(&writer);
		write_integer(&writer, "ReadUnitsPerSecond", definition->warm_read_units);
		write_integer(&writer, "WriteUnitsPerSecond", definition->warm_write_units);
		wire_object_end(&writer);
	}
	if (definition->table_class)
	{
		wire_member(&writer, "TableClassSummary");
		wire_object_start(&writer);
		write_text(&writer, "TableClass", definition->table_class);
		write_time(&writer, "LastUpdateDateTime", definition->table_class_since);
		wire_object_end(&writer);
	}
	if (definition->kms_key)
	{
		wire_member(&writer, "SSEDescription");
		wire_object_start(&writer);
		write_text(&writer, "KMSMasterKeyArn", definition->kms_key);
		wire_object_end(&writer);
	}
	wire_member(&writer, "DeletionProtectionEnabled");
	wire_boolean(&writer, definition->deletion_protection);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

int64
table_warm_read_units(const TableDefinition *definition)
{
	return Max(definition->warm_read_units,
			   definition->on_demand ? ON_DEMAND_READ_UNITS : definition->read_units);
}

int64
table_warm_write_units(const TableDefinition *definition)
{
	return Max(definition->warm_write_units,
			   definition->on_demand ? ON_DEMAND_WRITE_UNITS : definition->write_units);
}

double
table_time(TimestampTz time)
{
	int64		milliseconds = time / 1000;

	milliseconds += (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000;
	return milliseconds / 1000.0;
}
