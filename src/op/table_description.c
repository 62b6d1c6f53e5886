/*
 * table_description.c
 *		The TableDescription that answers about tables carry.
 */
#include "postgres.h"

#include <math.h>

#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "op/arn.h"
#include "op/table_description.h"
#include "storage/storage.h"

static void
write_text(WireWriter *response, const char *name, const char *text)
{
	wire_member(response, name);
	wire_cstring(response, text);
}

static void
write_integer(WireWriter *response, const char *name, int64 value)
{
	wire_member(response, name);
	wire_integer(response, value);
}

/* A time that is left out if it never came. */
static void
write_time(WireWriter *response, const char *name, double time)
{
	if (time == 0)
		return;
	wire_member(response, name);
	wire_double(response, time);
}

/* How often the throughput was decreased today, by UTC. */
static int64
decreases_today(const TableDefinition *definition)
{
	double		today = floor(table_time(GetCurrentTimestamp()) / SECS_PER_DAY);

	return floor(definition->decreased_at / SECS_PER_DAY) == today ? definition->decreases : 0;
}

static void
write_capacity(WireWriter *response, const TableDefinition *definition, TableStatus status)
{
	const char *mode = definition->on_demand ? "PAY_PER_REQUEST" : "PROVISIONED";
	double		since = status == TABLE_CREATING ? 0 : definition->on_demand_since;

	if (definition->was_on_demand)
	{
		wire_member(response, "BillingModeSummary");
		wire_object_start(response);
		write_text(response, "BillingMode", mode);
		write_time(response, "LastUpdateToPayPerRequestDateTime", since);
		wire_object_end(response);
		wire_member(response, "TableThroughputModeSummary");
		wire_object_start(response);
		write_text(response, "TableThroughputMode", mode);
		write_time(response, "LastUpdateToPayPerRequestDateTime", since);
		wire_object_end(response);
	}

	wire_member(response, "ProvisionedThroughput");
	wire_object_start(response);
	write_time(response, "LastIncreaseDateTime", definition->increased_at);
	write_time(response, "LastDecreaseDateTime", definition->decreased_at);
	write_integer(response, "NumberOfDecreasesToday", decreases_today(definition));
	write_integer(response, "ReadCapacityUnits", definition->read_units);
	write_integer(response, "WriteCapacityUnits", definition->write_units);
	wire_object_end(response);

	if (definition->max_read_units != 0 || definition->max_write_units != 0)
	{
		wire_member(response, "OnDemandThroughput");
		wire_object_start(response);
		if (definition->max_read_units != 0)
			write_integer(response, "MaxReadRequestUnits", definition->max_read_units);
		if (definition->max_write_units != 0)
			write_integer(response, "MaxWriteRequestUnits", definition->max_write_units);
		wire_object_end(response);
	}

	wire_member(response, "WarmThroughput");
	wire_object_start(response);
	write_integer(response, "ReadUnitsPerSecond", table_warm_read_units(definition));
	write_integer(response, "WriteUnitsPerSecond", table_warm_write_units(definition));
	write_text(response, "Status", catalog_status_name(status == TABLE_DELETING ? TABLE_ACTIVE : status));
	wire_object_end(response);
}

void
table_description_write(WireWriter *response, const char *member, const TableInfo *table,
						const TableDefinition *definition, TableStatus status, bool counted)
{
	int64		items = 0;
	int64		bytes = 0;

	if (counted && OidIsValid(table->relation))
		storage_table_statistics(table->relation, &items, &bytes);

	wire_object_start(response);
	wire_member(response, member);
	wire_object_start(response);
	wire_member(response, "AttributeDefinitions");
	table_write_pairs(response, definition->attributes, "AttributeName", "AttributeType");
	write_text(response, "TableName", pstrdup(table->name));
	wire_member(response, "KeySchema");
	table_write_pairs(response, definition->keys, "AttributeName", "KeyType");
	write_text(response, "TableStatus", catalog_status_name(status));
	write_time(response, "CreationDateTime", table_time(table->created_at));
	write_capacity(response, definition, status);
	write_integer(response, "TableSizeBytes", bytes);
	write_integer(response, "ItemCount", items);
	write_text(response, "TableArn", arn_of_table(table->name));
	write_text(response, "TableId", DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&table->id))));
	if (definition->table_class)
	{
		wire_member(response, "TableClassSummary");
		wire_object_start(response);
		write_text(response, "TableClass", definition->table_class);
		write_time(response, "LastUpdateDateTime", definition->table_class_since);
		wire_object_end(response);
	}
	if (definition->kms_key)
	{
		wire_member(response, "SSEDescription");
		wire_object_start(response);
		write_text(response, "Status", "ENABLED");
		write_text(response, "SSEType", "KMS");
		write_text(response, "KMSMasterKeyArn", definition->kms_key);
		wire_object_end(response);
	}
	wire_member(response, "DeletionProtectionEnabled");
	wire_boolean(response, definition->deletion_protection);
	wire_object_end(response);
	wire_object_end(response);
}
