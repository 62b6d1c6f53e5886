/*
 * update_table.c
 *		UpdateTable.
 *
 * A request changes one thing: capacity, the stream, an index, encryption, ...  What contradicts itself is refused
 * before the table is looked up, what contradicts the table after.
 */
#include "postgres.h"

#include <math.h>

#include "utils/timestamp.h"

#include "base/error.h"
#include "op/op.h"
#include "op/table_check.h"
#include "op/table_description.h"

/* A request's members; those that say nothing count as absent. */
typedef struct Update
{
	const RequestValue *request;
	const RequestValue *throughput;
	const RequestValue *indexes;
	const RequestValue *vectors;
	const RequestValue *stream;
	const RequestValue *encryption;
	const RequestValue *ceilings;
	const RequestValue *warm;
	int			billing_mode;	/* -1: not given; else whether on demand */
	bool		creates_index;
	bool		deletes_index;
	bool		changes_replicas;	/* anything about global tables */
	bool		changes_class;
	bool		changes_protection;
	const char *kms_key;
	int			concerns;		/* how many things the request is about */
} Update;

static bool
is_filled_list(const RequestValue *list)
{
	return list->present && list->as.list.count > 0;
}

static void
read_update(const RequestValue *request, Update *update)
{
	memset(update, 0, sizeof(*update));
	update->request = request;
	update->throughput = request_member(request, UpdateTableInput_ProvisionedThroughput);
	update->indexes = request_member(request, UpdateTableInput_GlobalSecondaryIndexUpdates);
	update->vectors = request_member(request, UpdateTableInput_VectorIndexUpdates);
	update->stream = request_member(request, UpdateTableInput_StreamSpecification);
	update->encryption = request_member(request, UpdateTableInput_SSESpecification);
	update->ceilings = request_member(request, UpdateTableInput_OnDemandThroughput);
	update->warm = request_member(request, UpdateTableInput_WarmThroughput);
	update->billing_mode = table_billing_mode(request_member(request, UpdateTableInput_BillingMode),
											  request_member(request, UpdateTableInput_TableThroughputMode));
	update->changes_replicas =
		is_filled_list(request_member(request, UpdateTableInput_ReplicaUpdates)) ||
		is_filled_list(request_member(request, UpdateTableInput_GlobalTableWitnessUpdates)) ||
		request_member(request, UpdateTableInput_MultiRegionConsistency)->present ||
		request_member(request, UpdateTableInput_GlobalTableSettingsReplicationMode)->present ||
		request_member(request, UpdateTableInput_DisassociationProtectionEnabled)->present;
	update->changes_class = request_member(request, UpdateTableInput_TableClass)->present;
	update->changes_protection = request_member(request, UpdateTableInput_DeletionProtectionEnabled)->present;
	update->concerns = update->throughput->present + (update->billing_mode >= 0) +
		is_filled_list(update->indexes) + is_filled_list(update->vectors) + update->stream->present +
		update->encryption->present + update->ceilings->present + update->warm->present +
		update->changes_replicas + update->changes_class + update->changes_protection;
	if (update->concerns == 0)
		dyn_invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
					"GlobalSecondaryIndexUpdates or SSESpecification or ReplicaUpdates is required");
}

/* The one action of an index update, and the index it is about. */
static const RequestValue *
index_action(const RequestValue *update, const char **name)
{
	const RequestValue *change = request_member(update, GlobalSecondaryIndexUpdate_Update);
	const RequestValue *create = request_member(update, GlobalSecondaryIndexUpdate_Create);
	const RequestValue *delete = request_member(update, GlobalSecondaryIndexUpdate_Delete);

	if (change->present + create->present + delete->present > 1)
		dyn_invalid(INVALID "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object");
	if (change->present)
	{
		*name = request_text(change, UpdateGlobalSecondaryIndexAction_IndexName);
		return change;
	}
	if (create->present)
	{
		*name = request_text(create, CreateGlobalSecondaryIndexAction_IndexName);
		return create;
	}
	if (delete->present)
	{
		*name = request_text(delete, DeleteGlobalSecondaryIndexAction_IndexName);
		return delete;
	}
	dyn_invalid(INVALID "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
				"GlobalSecondaryIndexUpdate.Delete must not be null");
}

static void
check_index_updates(Update *update)
{
	const RequestValue *list = update->indexes;
	List	   *names = NIL;

	if (!list->present)
		return;
	if (list->as.list.count == 0)
		dyn_invalid(INVALID "List of GlobalSecondaryIndexUpdates is empty");
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *item = &list->as.list.items[i];
		const char *name;
		ListCell   *cell;

		(void) index_action(item, &name);
		foreach(cell, names)
			if (strcmp((const char *) lfirst(cell), name) == 0)
				dyn_invalid(INVALID "Only one global secondary index update per index is allowed simultaneously. "
							"Index: %s", name);
		names = lappend(names, unconstify(char *, name));
		update->creates_index |= request_member(item, GlobalSecondaryIndexUpdate_Create)->present;
		update->deletes_index |= request_member(item, GlobalSecondaryIndexUpdate_Delete)->present;
	}
}

/* What may not stand in one request. */
static void
check_combination(const Update *update)
{
	bool		changes_units = update->throughput->present || update->billing_mode == 0;

	if (update->encryption->present && update->concerns > 1)
		dyn_invalid(INVALID "Server-Side Encryption modification must be the only operation in the request");
	if (update->changes_protection && update->concerns > 1)
		dyn_invalid(INVALID "DeletionProtection modification must be the only operation in the request");
	if (update->changes_class && update->concerns > 1)
		dyn_invalid(INVALID "TableClass modification must be the only operation in the request");
	if (update->changes_replicas && update->concerns > 1)
		dyn_invalid(INVALID "Replica modification must be the only operation in the request");
	if (update->ceilings->present && update->concerns > (update->billing_mode >= 0 ? 2 : 1))
		dyn_invalid(INVALID "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request");
	if (update->warm->present && update->creates_index)
		dyn_invalid(INVALID "Create global secondary index cannot be specified when updating WarmThroughput");
	if (update->warm->present && update->concerns > 1)
		dyn_invalid(INVALID "WarmThroughput must be the only operation in the request");
	if (update->stream->present && changes_units)
		dyn_invalid(INVALID "You cannot modify stream status while updating table IOPS");
	if ((update->creates_index || update->deletes_index) && update->throughput->present)
		dyn_invalid(INVALID "You cannot create or delete index while updating table IOPS");
	if ((update->creates_index || update->deletes_index) && update->stream->present)
		dyn_invalid(INVALID "You cannot create or delete index while changing stream status");
}

/* What the request says, whatever the table. */
static void
check_request(Update *update)
{
	if (update->billing_mode == 0 && !update->throughput->present)
		dyn_invalid(INVALID "ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
	if (update->billing_mode == 1 && update->throughput->present)
		dyn_invalid(INVALID "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST");
	check_throughput_bounds(update->throughput);
	check_index_updates(update);
	check_combination(update);
	if (update->stream->present)
	{
		bool		has_view = request_member(update->stream, StreamSpecification_StreamViewType)->present;
		bool		enabled = request_boolean(update->stream, StreamSpecification_StreamEnabled);

		if (enabled && !has_view)
			dyn_invalid(INVALID "If stream is being enabled then UpdateViewType is required");
		if (!enabled && has_view)
			dyn_invalid(INVALID "If stream is being disabled, then UpdateViewType must not be specified");
	}
	if (update->encryption->present)
		(void) check_encryption(update->encryption, &update->kms_key);
	if (update->warm->present &&
		!request_member(update->warm, WarmThroughput_ReadUnitsPerSecond)->present &&
		!request_member(update->warm, WarmThroughput_WriteUnitsPerSecond)->present)
		dyn_invalid(INVALID "WarmThroughput must have at least one of ReadUnitsPerSecond or WriteUnitsPerSecond "
					"specified");
}

/* Notes that the throughput is decreased now; counted: as one of the decreases of the day. */
static void
note_decrease(TableDefinition *definition, bool counted)
{
	double		now = table_time(GetCurrentTimestamp());

	if (floor(definition->decreased_at / SECS_PER_DAY) != floor(now / SECS_PER_DAY))
		definition->decreases = 0;
	definition->decreased_at = now;
	if (counted)
		definition->decreases++;
}

/* Applies BillingMode and ProvisionedThroughput; returns whether they change anything. */
static bool
update_capacity(const Update *update, TableDefinition *definition)
{
	int64		read_units;
	int64		write_units;

	if (update->billing_mode == 1)
	{
		if (definition->on_demand)
			return false;
		definition->on_demand = definition->was_on_demand = true;
		definition->on_demand_since = table_time(GetCurrentTimestamp());
		definition->read_units = definition->write_units = 0;
		note_decrease(definition, false);
		return true;
	}
	if (!update->throughput->present)
		return false;

	read_units = request_member(update->throughput, ProvisionedThroughput_ReadCapacityUnits)->as.integer;
	write_units = request_member(update->throughput, ProvisionedThroughput_WriteCapacityUnits)->as.integer;
	if (definition->on_demand)
	{
		if (update->billing_mode < 0)
			dyn_invalid(INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
						"when BillingMode is PAY_PER_REQUEST");
		definition->on_demand = false;
		definition->max_read_units = definition->max_write_units = 0;
	}
	else if (read_units == definition->read_units && write_units == definition->write_units)
		dyn_invalid("The provisioned throughput for the table will not change. "
					"The requested value equals the current value. "
					"Current ReadCapacityUnits provisioned for the table: " INT64_FORMAT ". "
					"Requested ReadCapacityUnits: " INT64_FORMAT ". "
					"Current WriteCapacityUnits provisioned for the table: " INT64_FORMAT ". "
					"Requested WriteCapacityUnits: " INT64_FORMAT ". "
					"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
					definition->read_units, read_units, definition->write_units, write_units);
	if (read_units < definition->read_units || write_units < definition->write_units)
		note_decrease(definition, true);
	if (read_units > definition->read_units || write_units > definition->write_units)
		definition->increased_at = table_time(GetCurrentTimestamp());
	definition->read_units = read_units;
	definition->write_units = write_units;
	return true;
}

/* Takes over what is given of a pair of members; -1 is none. */
static void
take_units(const RequestValue *pair, int read_member, int write_member, int64 *read_units, int64 *write_units)
{
	const RequestValue *units = request_member(pair, read_member);

	if (units->present)
		*read_units = Max(units->as.integer, 0);
	units = request_member(pair, write_member);
	if (units->present)
		*write_units = Max(units->as.integer, 0);
}

static bool
texts_equal(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Applies what else there is; returns whether it changes anything. */
static bool
update_settings(const Update *update, TableDefinition *definition)
{
	bool		changed = update->changes_class || update->changes_protection;

	if (update->ceilings->present)
	{
		check_ceilings(update->ceilings, definition->on_demand, false, NULL);
		take_units(update->ceilings, OnDemandThroughput_MaxReadRequestUnits, OnDemandThroughput_MaxWriteRequestUnits,
				   &definition->max_read_units, &definition->max_write_units);
		changed = true;
	}
	if (update->warm->present)
	{
		check_warm_throughput(update->warm, definition, false, NULL);
		take_units(update->warm, WarmThroughput_ReadUnitsPerSecond, WarmThroughput_WriteUnitsPerSecond,
				   &definition->warm_read_units, &definition->warm_write_units);
		changed = true;
	}
	if (update->encryption->present)
	{
		if (texts_equal(update->kms_key, definition->kms_key))
		{
			if (update->kms_key == NULL)
				dyn_invalid(INVALID "Table is already encrypted by default");
			dyn_invalid(INVALID "Table is already encrypted with given KMSMasterKeyId. "
						"Use KMSMasterKeyId parameter if you want to change Master Key");
		}
		definition->kms_key = update->kms_key;
		changed = true;
	}
	if (update->changes_class)
	{
		definition->table_class = request_text(update->request, UpdateTableInput_TableClass);
		definition->table_class_since = table_time(GetCurrentTimestamp());
	}
	if (update->changes_protection)
		definition->deletion_protection = request_boolean(update->request, UpdateTableInput_DeletionProtectionEnabled);
	return changed;
}

/* "key{a:S:HASH}": the elements of a key schema, as the error about redefined attributes shows them. */
static char *
schema_echo(List *keys, List *attributes)
{
	StringInfoData out;
	ListCell   *cell;

	initStringInfo(&out);
	foreach(cell, keys)
	{
		const NamePair *key = (const NamePair *) lfirst(cell);

		appendStringInfo(&out, "%sSchemaElement: key{%s:%s:%s}", cell == list_head(keys) ? "" : ", ", key->name,
						 find_pair(attributes, key->name, key->name_len)->value, key->value);
	}
	return out.data;
}

/* An attribute of a new index keeps the type that it has in the table. */
static void
check_not_redefined(List *keys, List *attributes, const TableDefinition *definition)
{
	ListCell   *cell;

	foreach(cell, keys)
	{
		const NamePair *key = (const NamePair *) lfirst(cell);
		const NamePair *known = find_pair(definition->attributes, key->name, key->name_len);

		if (known && strcmp(known->value, find_pair(attributes, key->name, key->name_len)->value) != 0)
			dyn_invalid(INVALID "Attributes cannot be redefined. Please check that your attribute has the same type "
						"as previously defined. Existing schema: Schema:[%s] New schema: Schema:[%s]",
						schema_echo(definition->keys, definition->attributes), schema_echo(keys, attributes));
	}
}

/* Checks changes of global indexes against a table, which has none yet; then says so. */
static void
update_indexes(const Update *update, const TableInfo *table, const TableDefinition *definition)
{
	List	   *attributes = table_pairs(request_member(update->request, UpdateTableInput_AttributeDefinitions));
	int			online = 0;

	if (!update->indexes->present)
		return;
	check_definitions_unique(attributes);
	for (int i = 0; i < update->indexes->as.list.count; i++)
	{
		const char *name;
		const RequestValue *item = &update->indexes->as.list.items[i];
		const RequestValue *action = index_action(item, &name);

		if (request_member(item, GlobalSecondaryIndexUpdate_Create)->present)
		{
			IndexRequest index = {
				.name = name,
				.keys = request_member(action, CreateGlobalSecondaryIndexAction_KeySchema),
				.projection = request_member(action, CreateGlobalSecondaryIndexAction_Projection),
				.throughput = request_member(action, CreateGlobalSecondaryIndexAction_ProvisionedThroughput),
				.ceilings = request_member(action, CreateGlobalSecondaryIndexAction_OnDemandThroughput),
				.warm = request_member(action, CreateGlobalSecondaryIndexAction_WarmThroughput)
			};

			if (attributes == NIL)
				dyn_invalid(INVALID "AttributeDefinitions is not specified for index: %s", name);
			check_global_index(&index, attributes, definition->on_demand, false);
			check_not_redefined(table_pairs(index.keys), attributes, definition);
			online++;
		}
		else if (request_member(item, GlobalSecondaryIndexUpdate_Delete)->present)
			online++;
	}
	if (online > 1)
		dyn_error(DYN_LIMIT_EXCEEDED, "Subscriber limit exceeded: "
				  "Only 1 online index can be created or deleted simultaneously per table");

	for (int i = 0; i < update->indexes->as.list.count; i++)
	{
		const char *name;
		const RequestValue *item = &update->indexes->as.list.items[i];
		const RequestValue *action = index_action(item, &name);

		if (request_member(item, GlobalSecondaryIndexUpdate_Create)->present)
			continue;
		if (request_member(item, GlobalSecondaryIndexUpdate_Update)->present &&
			request_member(action, UpdateGlobalSecondaryIndexAction_ProvisionedThroughput)->present)
			dyn_invalid("This operation cannot be performed with given input values. "
						"Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate");
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Index %s for table %s", name, table->name);
	}
	table_refuse("secondary indexes are");
}

/* The same for vector indexes. */
static void
update_vectors(const Update *update, const TableInfo *table, const TableDefinition *definition)
{
	List	   *attributes = table_pairs(request_member(update->request, UpdateTableInput_AttributeDefinitions));

	if (!update->vectors->present)
		return;
	if (update->vectors->as.list.count == 0)
		dyn_invalid(INVALID "List of VectorIndexUpdates is empty");
	for (int i = 0; i < update->vectors->as.list.count; i++)
	{
		const RequestValue *item = &update->vectors->as.list.items[i];
		const RequestValue *create = request_member(item, VectorIndexUpdate_Create);
		const RequestValue *delete = request_member(item, VectorIndexUpdate_Delete);

		if (delete->present)
			dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Index %s for table %s",
					  request_text(delete, DeleteVectorIndexAction_IndexName), table->name);
		if (!create->present)
			dyn_invalid(INVALID "One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null");
		check_vector_index(create, attributes, definition->on_demand);
	}
	table_refuse("vector indexes are");
}

static void
update_stream(const Update *update, const TableInfo *table)
{
	if (!update->stream->present)
		return;
	if (!request_boolean(update->stream, StreamSpecification_StreamEnabled))
		dyn_invalid("Table has no stream to disable: TableName: %s", table->name);
	table_refuse("streams are");
}

void
op_update_table(const RequestValue *request, WireWriter *response)
{
	Update		update;
	const TableInfo *table;
	TableDefinition before;
	TableDefinition definition;
	bool		changed;

	read_update(request, &update);
	check_request(&update);

	table = table_to_change(request_member(request, UpdateTableInput_TableName));
	table_definition_read(table, &before);
	definition = before;
	changed = update_capacity(&update, &definition);
	changed |= update_settings(&update, &definition);
	update_stream(&update, table);
	update_indexes(&update, table, &definition);
	update_vectors(&update, table, &definition);
	if (update.changes_replicas)
		table_refuse("global tables are");
	if (changed)
		catalog_update_table(table, table_definition_jsonb(&definition));

	/* provisioned units are shown as they were, and a change to on demand without its time: it goes on */
	if (!before.on_demand && !definition.on_demand)
	{
		definition.read_units = before.read_units;
		definition.write_units = before.write_units;
	}
	if (!before.on_demand && definition.on_demand)
		definition.on_demand_since = 0;
	table_description_write(response, "TableDescription", table, &definition, TABLE_UPDATING, true);
}
