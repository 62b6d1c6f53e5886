/*
 * table_definition.c
 *		What callers have said about tables and indexes: between the catalog's jsonb and structures.
 *
 * The jsonb has the members that DescribeTable answers with, so that it can be read without us; what
 * DescribeTable derives from them is not in it.  What is kept and not shown has names that no answer has: Change,
 * TableClassChanges, EncryptionChanges; Position of an index.  PointInTimeRecoveryDescription is DescribeContinuousBackups'.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "op/table_definition.h"

static const char *const change_names[] = {
	[CHANGE_THROUGHPUT] = "PROVISIONED_THROUGHPUT",
	[CHANGE_BILLING_MODE] = "BILLING_MODE",
	[CHANGE_CEILINGS] = "ON_DEMAND_THROUGHPUT",
	[CHANGE_CLASS] = "TABLE_CLASS",
	[CHANGE_INDEX] = "GLOBAL_SECONDARY_INDEX",
	[CHANGE_ENCRYPTION] = "ENCRYPTION",
	[CHANGE_WARM_THROUGHPUT] = "WARM_THROUGHPUT",
	[CHANGE_STREAM] = "STREAM"
};

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
real_value(const JsonbValue *value)
{
	return DatumGetFloat8(DirectFunctionCall1(numeric_float8, NumericGetDatum(value->val.numeric)));
}

static double
real_member(const JsonbValue *object, const char *name)
{
	JsonbValue	space;
	JsonbValue *value = member(object, name, &space);

	return value ? real_value(value) : 0;
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

/* A list of times that a limit counts. */
static void
read_change_times(const JsonbValue *root, const char *name, ChangeTimes *changes)
{
	JsonbValue	space;
	JsonbValue *list = member(root, name, &space);

	if (list == NULL)
		return;
	changes->count = Min(JsonContainerSize(list->val.binary.data), MAX_CHANGE_TIMES);
	for (int i = 0; i < changes->count; i++)
		changes->times[i] = real_value(getIthJsonbValueFromContainer(list->val.binary.data, i));
}

static TableChange
read_change(const JsonbValue *root)
{
	const char *name = text_member(root, "Change");

	for (int i = 0; name != NULL && i < lengthof(change_names); i++)
		if (change_names[i] != NULL && strcmp(change_names[i], name) == 0)
			return (TableChange) i;
	return CHANGE_NONE;
}

/* A definition as the object whose members are read. */
static void
open_definition(Jsonb *jsonb, JsonbValue *root)
{
	root->type = jbvBinary;
	root->val.binary.data = &jsonb->root;
	root->val.binary.len = VARSIZE_ANY_EXHDR(jsonb);
}

static void
read_throughput(const JsonbValue *root, Throughput *throughput)
{
	JsonbValue	space;
	JsonbValue *object = member(root, "ProvisionedThroughput", &space);

	throughput->read_units = integer_member(object, "ReadCapacityUnits");
	throughput->write_units = integer_member(object, "WriteCapacityUnits");
	throughput->increased_at = real_member(object, "LastIncreaseDateTime");
	throughput->decreased_at = real_member(object, "LastDecreaseDateTime");
	throughput->decreases = integer_member(object, "NumberOfDecreasesToday");
	object = member(root, "OnDemandThroughput", &space);
	throughput->max_read_units = integer_member(object, "MaxReadRequestUnits");
	throughput->max_write_units = integer_member(object, "MaxWriteRequestUnits");
	object = member(root, "WarmThroughput", &space);
	throughput->warm_read_units = integer_member(object, "ReadUnitsPerSecond");
	throughput->warm_write_units = integer_member(object, "WriteUnitsPerSecond");
}

void
table_definition_read(const TableInfo *table, TableDefinition *definition)
{
	JsonbValue	space;
	JsonbValue	root;
	JsonbValue *object;

	open_definition(table->definition, &root);
	memset(definition, 0, sizeof(*definition));
	definition->attributes = pairs_member(&root, "AttributeDefinitions", "AttributeName", "AttributeType");
	definition->keys = pairs_member(&root, "KeySchema", "AttributeName", "KeyType");
	read_throughput(&root, &definition->throughput);

	object = member(&root, "BillingModeSummary", &space);
	if (object)
	{
		const char *mode = text_member(object, "BillingMode");

		definition->was_on_demand = true;
		definition->throughput.on_demand = strcmp(mode, "PAY_PER_REQUEST") == 0;
		definition->on_demand_since = real_member(object, "LastUpdateToPayPerRequestDateTime");
	}
	object = member(&root, "TableClassSummary", &space);
	definition->table_class = text_member(object, "TableClass");
	definition->table_class_since = real_member(object, "LastUpdateDateTime");
	read_change_times(&root, "TableClassChanges", &definition->class_changes);
	object = member(&root, "StreamSpecification", &space);
	definition->stream_view = text_member(object, "StreamViewType");
	object = member(&root, "SSEDescription", &space);
	definition->kms_key = text_member(object, "KMSMasterKeyArn");
	read_change_times(&root, "EncryptionChanges", &definition->encryption_changes);
	definition->deletion_protection = boolean_member(&root, "DeletionProtectionEnabled");
	object = member(&root, "PointInTimeRecoveryDescription", &space);
	definition->recovery_days = integer_member(object, "RecoveryPeriodInDays");
	definition->change = read_change(&root);
}

void
index_definition_read(const TableIndex *index, bool on_demand, IndexDefinition *definition)
{
	JsonbValue	space;
	JsonbValue	list_space;
	JsonbValue	root;
	JsonbValue *projection;
	JsonbValue *names;

	open_definition(index->definition, &root);
	memset(definition, 0, sizeof(*definition));
	definition->keys = pairs_member(&root, "KeySchema", "AttributeName", "KeyType");
	read_throughput(&root, &definition->throughput);
	definition->throughput.on_demand = on_demand;
	definition->position = integer_member(&root, "Position");

	projection = member(&root, "Projection", &space);
	definition->projection = text_member(projection, "ProjectionType");
	names = member(projection, "NonKeyAttributes", &list_space);
	for (uint32 i = 0; names != NULL && i < JsonContainerSize(names->val.binary.data); i++)
	{
		JsonbValue *name = getIthJsonbValueFromContainer(names->val.binary.data, i);

		definition->included = lappend(definition->included, pnstrdup(name->val.string.val, name->val.string.len));
	}
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

/*
 * A number that is left out if there is none; a ceiling that is taken away (-1) is none
 * any more.
 */
static void
write_integer(WireWriter *writer, const char *name, int64 value)
{
	if (value <= 0)
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
write_change_times(WireWriter *writer, const char *name, const ChangeTimes *changes)
{
	if (changes->count == 0)
		return;
	wire_member(writer, name);
	wire_array_start(writer);
	for (int i = 0; i < changes->count; i++)
		wire_double(writer, changes->times[i]);
	wire_array_end(writer);
}

static void
write_throughput(WireWriter *writer, const Throughput *throughput)
{
	wire_member(writer, "ProvisionedThroughput");
	wire_object_start(writer);
	write_integer(writer, "ReadCapacityUnits", throughput->read_units);
	write_integer(writer, "WriteCapacityUnits", throughput->write_units);
	write_time(writer, "LastIncreaseDateTime", throughput->increased_at);
	write_time(writer, "LastDecreaseDateTime", throughput->decreased_at);
	write_integer(writer, "NumberOfDecreasesToday", throughput->decreases);
	wire_object_end(writer);
	if (throughput->max_read_units > 0 || throughput->max_write_units > 0)
	{
		wire_member(writer, "OnDemandThroughput");
		wire_object_start(writer);
		write_integer(writer, "MaxReadRequestUnits", throughput->max_read_units);
		write_integer(writer, "MaxWriteRequestUnits", throughput->max_write_units);
		wire_object_end(writer);
	}
	if (throughput->warm_read_units != 0 || throughput->warm_write_units != 0)
	{
		wire_member(writer, "WarmThroughput");
		wire_object_start(writer);
		write_integer(writer, "ReadUnitsPerSecond", throughput->warm_read_units);
		write_integer(writer, "WriteUnitsPerSecond", throughput->warm_write_units);
		wire_object_end(writer);
	}
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
	if (definition->was_on_demand)
	{
		wire_member(&writer, "BillingModeSummary");
		wire_object_start(&writer);
		wire_text_member(&writer, "BillingMode", definition->throughput.on_demand ? "PAY_PER_REQUEST" : "PROVISIONED");
		write_time(&writer, "LastUpdateToPayPerRequestDateTime", definition->on_demand_since);
		wire_object_end(&writer);
	}
	write_throughput(&writer, &definition->throughput);
	if (definition->table_class)
	{
		wire_member(&writer, "TableClassSummary");
		wire_object_start(&writer);
		wire_text_member(&writer, "TableClass", definition->table_class);
		write_time(&writer, "LastUpdateDateTime", definition->table_class_since);
		wire_object_end(&writer);
	}
	write_change_times(&writer, "TableClassChanges", &definition->class_changes);
	if (definition->stream_view)
	{
		wire_member(&writer, "StreamSpecification");
		wire_object_start(&writer);
		wire_text_member(&writer, "StreamViewType", definition->stream_view);
		wire_object_end(&writer);
	}
	if (definition->kms_key)
	{
		wire_member(&writer, "SSEDescription");
		wire_object_start(&writer);
		wire_text_member(&writer, "KMSMasterKeyArn", definition->kms_key);
		wire_object_end(&writer);
	}
	write_change_times(&writer, "EncryptionChanges", &definition->encryption_changes);
	wire_member(&writer, "DeletionProtectionEnabled");
	wire_boolean(&writer, definition->deletion_protection);
	if (definition->recovery_days > 0)
	{
		wire_member(&writer, "PointInTimeRecoveryDescription");
		wire_object_start(&writer);
		write_integer(&writer, "RecoveryPeriodInDays", definition->recovery_days);
		wire_object_end(&writer);
	}
	if (definition->change != CHANGE_NONE)
		wire_text_member(&writer, "Change", change_names[definition->change]);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

void
index_definition_write_shape(WireWriter *writer, const IndexDefinition *definition)
{
	ListCell   *cell;

	wire_member(writer, "KeySchema");
	table_write_pairs(writer, definition->keys, "AttributeName", "KeyType");
	wire_member(writer, "Projection");
	wire_object_start(writer);
	wire_text_member(writer, "ProjectionType", definition->projection);
	if (definition->included != NIL)
	{
		wire_member(writer, "NonKeyAttributes");
		wire_array_start(writer);
		foreach(cell, definition->included)
			wire_cstring(writer, (const char *) lfirst(cell));
		wire_array_end(writer);
	}
	wire_object_end(writer);
}

Jsonb *
index_definition_jsonb(const IndexDefinition *definition)
{
	WireWriter	writer;

	wire_write_jsonb(&writer);
	wire_object_start(&writer);
	index_definition_write_shape(&writer, definition);
	write_throughput(&writer, &definition->throughput);
	write_integer(&writer, "Position", definition->position);
	wire_object_end(&writer);
	return wire_writer_jsonb(&writer);
}

double
table_time(TimestampTz time)
{
	int64		milliseconds = time / 1000;

	milliseconds += (int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * SECS_PER_DAY * 1000;
	return milliseconds / 1000.0;
}

TimestampTz
table_timestamp(double seconds)
{
	return time_t_to_timestamptz(0) + (TimestampTz) (Min(Max(seconds, -1E11), 1E11) * 1E6);
}
