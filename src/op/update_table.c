/*
 * update_table.c
 *		UpdateTable.
 *
 * A request changes one thing: capacity, the stream, an index, encryption, ...  What contradicts itself is refused
 * before the table is looked up, what contradicts the table after.  What excludes what while a change goes on is in
 * update_busy.c.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/error.h"
#include "base/settings.h"
#include "op/index_check.h"
#include "op/op.h"
#include "op/quota.h"
#include "op/table_check.h"
#include "op/update_table.h"

static bool
is_filled_list(const RequestValue *list)
{
	return list->present && list->as.list.count > 0;
}

/*
 * OnDemandThroughput; one that says nothing is as none (the service breaks if it is
 * alone).
 */
static const RequestValue *
filled_ceilings(const RequestValue *ceilings)
{
	static const RequestValue absent;

	if (ceilings->present &&
		!request_member(ceilings, OnDemandThroughput_MaxReadRequestUnits)->present &&
		!request_member(ceilings, OnDemandThroughput_MaxWriteRequestUnits)->present)
		return &absent;
	return ceilings;
}

static void
read_update(const RequestValue *request, Update *update)
{
	const RequestValue *consistency = request_member(request, UpdateTableInput_MultiRegionConsistency);

	memset(update, 0, sizeof(*update));
	update->request = request;
	update->throughput = request_member(request, UpdateTableInput_ProvisionedThroughput);
	update->indexes = request_member(request, UpdateTableInput_GlobalSecondaryIndexUpdates);
	update->vectors = request_member(request, UpdateTableInput_VectorIndexUpdates);
	update->stream = request_member(request, UpdateTableInput_StreamSpecification);
	update->encryption = request_member(request, UpdateTableInput_SSESpecification);
	update->ceilings = filled_ceilings(request_member(request, UpdateTableInput_OnDemandThroughput));
	update->warm = request_member(request, UpdateTableInput_WarmThroughput);
	update->billing_mode = table_billing_mode(request_member(request, UpdateTableInput_BillingMode),
											  request_member(request, UpdateTableInput_TableThroughputMode));
	update->changes_replicas =
		is_filled_list(request_member(request, UpdateTableInput_ReplicaUpdates)) ||
		request_member(request, UpdateTableInput_GlobalTableSettingsReplicationMode)->present ||
		request_member(request, UpdateTableInput_DisassociationProtectionEnabled)->present;
	update->changes_group = consistency->present ||
		is_filled_list(request_member(request, UpdateTableInput_GlobalTableWitnessUpdates));
	update->changes_class = request_member(request, UpdateTableInput_TableClass)->present;
	update->changes_protection = request_member(request, UpdateTableInput_DeletionProtectionEnabled)->present;
	update->concerns = update->throughput->present + (update->billing_mode >= 0) +
		is_filled_list(update->indexes) + is_filled_list(update->vectors) + update->stream->present +
		update->encryption->present + update->ceilings->present + update->warm->present +
		update->changes_replicas + update->changes_class + update->changes_protection;
	if (update->concerns == 0)
		dyn_invalid("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, "
					"GlobalSecondaryIndexUpdates, SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, "
					"ReplicaTransitRoleArn, %sDeletionProtectionEnabled, OnDemandThroughput, "
					"WarmThroughput or TableClass is required",
					consistency->present ? "" : "MultiRegionConsistency, ");
}

/* What may not stand in one request. */
static void
check_combination(const Update *update)
{
	bool		changes_units = update->throughput->present || update->billing_mode == 0;

	if (update->encryption->present && update->concerns > 1)
		dyn_invalid(INVALID "Server-Side Encryption modification must be the only operation in the request");
	if (update->changes_class && update->concerns > 1)
		dyn_invalid(INVALID "TableClass modification must be the only operation in the request");
	if (update->changes_protection && update->concerns > 1)
		dyn_invalid(INVALID "DeletionProtection modification must be the only operation in the request");
	if (update->changes_replicas && update->concerns > 1)
		dyn_invalid(INVALID "Replica modification must be the only operation in the request");
	if (update->changes_group && !update->changes_replicas)
		dyn_invalid(INVALID "Requests that modify replicas or witnesses must not also modify other fields");
	if (update->ceilings->present && update->concerns > (update->billing_mode >= 0 ? 2 : 1))
		dyn_invalid(INVALID "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request");
	if (update->warm->present && update->creates_index)
		dyn_invalid(INVALID "Create global secondary index cannot be specified when updating WarmThroughput");

	/* that of the table and that of its indexes go together */
	if (update->warm->present && update->concerns > (update->indexes->present && update->online == 0 ? 2 : 1))
		dyn_invalid(INVALID "WarmThroughput must be the only operation in the request");
	if (update->stream->present && changes_units)
		dyn_invalid(INVALID "You cannot modify stream status while updating table IOPS");
	if (update->online > 0 && update->throughput->present)
		dyn_invalid(INVALID "You cannot create or delete index while updating table IOPS");
	if (update->online > 0 && update->stream->present)
		dyn_invalid(INVALID "You cannot create or delete index while changing stream status");
}

/* What the request says, whatever the table. */
static void
check_request(Update *update)
{
	check_table_class(request_member(update->request, UpdateTableInput_TableClass));
	if (update->billing_mode == 0 && !update->throughput->present)
		dyn_invalid(INVALID "ProvisionedThroughput must be specified when BillingMode is PROVISIONED");
	if (update->billing_mode == 1 && update->throughput->present)
		dyn_invalid(INVALID "ProvisionedThroughput cannot be specified when BillingMode is PAY_PER_REQUEST");
	check_throughput_bounds(update->throughput);
	update_indexes_check_request(update);
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

/* Applies BillingMode and ProvisionedThroughput; returns whether they change anything. */
static bool
update_capacity(const Update *update, TableDefinition *definition)
{
	Throughput *throughput = &definition->throughput;
	int64		read_units;
	int64		write_units;

	if (update->billing_mode == 1)
	{
		if (throughput->on_demand)
			return false;
		throughput_to_demand(throughput, false);
		definition->was_on_demand = true;
		definition->on_demand_since = table_time(GetCurrentTimestamp());
		return true;
	}
	if (!update->throughput->present)
		return false;

	read_units = request_member(update->throughput, ProvisionedThroughput_ReadCapacityUnits)->as.integer;
	write_units = request_member(update->throughput, ProvisionedThroughput_WriteCapacityUnits)->as.integer;
	if (throughput->on_demand && update->billing_mode < 0)
		dyn_invalid(INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
					"when BillingMode is PAY_PER_REQUEST");
	if (!throughput->on_demand && read_units == throughput->read_units && write_units == throughput->write_units)
		dyn_invalid("The provisioned throughput for the table will not change. "
					"The requested value equals the current value. "
					"Current ReadCapacityUnits provisioned for the table: " INT64_FORMAT ". "
					"Requested ReadCapacityUnits: " INT64_FORMAT ". "
					"Current WriteCapacityUnits provisioned for the table: " INT64_FORMAT ". "
					"Requested WriteCapacityUnits: " INT64_FORMAT ". "
					"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
					throughput->read_units, read_units, throughput->write_units, write_units);
	throughput_provision(throughput, update->throughput);
	return true;
}

/*
 * Applies SSESpecification.  To name the same key in any other form than as its ARN is a
 * change.
 */
static void
update_encryption(const Update *update, TableDefinition *definition)
{
	const char *given = request_text(update->encryption, SSESpecification_KMSMasterKeyId);

	check_encryption_changes(&definition->encryption_changes);
	if (update->kms_key == NULL && definition->kms_key == NULL)
		dyn_invalid(INVALID "Table is already encrypted by default");
	if (given != NULL && definition->kms_key != NULL && strcmp(given, definition->kms_key) == 0)
		dyn_invalid(INVALID "Table is already encrypted with given KMSMasterKeyId. "
					"Use KMSMasterKeyId parameter if you want to change Master Key");
	definition->kms_key = update->kms_key;
	note_change(&definition->encryption_changes);
}

/* Applies TableClass; returns whether it is another one than the table has. */
static bool
update_class(const Update *update, TableDefinition *definition)
{
	const char *class = request_text(update->request, UpdateTableInput_TableClass);

	check_class_changes(&definition->class_changes);
	if (strcmp(class, definition->table_class ? definition->table_class : "STANDARD") == 0)
		return false;
	definition->table_class = class;
	definition->table_class_since = table_time(GetCurrentTimestamp());
	note_change(&definition->class_changes);
	return true;
}

/* Applies what else there is; returns whether it changes anything. */
static bool
update_settings(const Update *update, TableDefinition *definition)
{
	bool		changed = update->changes_protection;

	if (update->ceilings->present)
	{
		check_ceilings(update->ceilings, definition->throughput.on_demand, false, NULL);
		throughput_take_ceilings(&definition->throughput, update->ceilings);
		changed = true;
	}
	if (update->warm->present)
	{
		check_warm_throughput(update->warm, &definition->throughput, false, NULL);
		throughput_take_warm(&definition->throughput, update->warm);
		changed = true;
	}
	if (update->encryption->present)
	{
		update_encryption(update, definition);
		changed = true;
	}
	if (update->changes_class)
		changed |= update_class(update, definition);
	if (update->changes_protection)
		definition->deletion_protection = request_boolean(update->request, UpdateTableInput_DeletionProtectionEnabled);
	return changed;
}

/* Checks the capacity that the table and its indexes get against the account's quotas. */
static void
check_quotas(const TableView *view, const TableDefinition *definition, const IndexUpdates *indexes)
{
	QuotaChange change = {0};
	ListCell   *cell;

	quota_add(&change, NULL, &view->definition.throughput, &definition->throughput);
	foreach(cell, indexes->changed)
	{
		const IndexUpdate *update = (const IndexUpdate *) lfirst(cell);

		quota_add(&change, update->view->name, &update->view->definition.throughput, &update->definition.throughput);
	}
	if (indexes->created)
		quota_add(&change, indexes->created, NULL, &indexes->definition.throughput);
	quota_check(&change);
}

/* Checks changes of vector indexes, which dynapg does not have; then says so. */
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
		check_vector_index(create, attributes, definition->throughput.on_demand);
	}
	table_refuse("vector indexes are");
}

/*
 * What a request changes of a table that is on demand before or not, as a change that
 * takes its time; deletion protection takes none.
 */
static TableChange
change_of(const Update *update, bool on_demand)
{
	if (update->billing_mode >= 0 && update->billing_mode != on_demand)
		return CHANGE_BILLING_MODE;
	if (update->throughput->present)
		return CHANGE_THROUGHPUT;
	if (update->ceilings->present)
		return CHANGE_CEILINGS;
	if (update->changes_class)
		return CHANGE_CLASS;
	if (update->encryption->present)
		return CHANGE_ENCRYPTION;
	if (update->warm->present)
		return CHANGE_WARM_THROUGHPUT;
	if (update->billing_mode >= 0)
		return CHANGE_BILLING_MODE;
	if (update->stream->present)
		return CHANGE_STREAM;
	return update->online > 0 ? CHANGE_INDEX : CHANGE_NONE;
}

/*
 * The answer shows what goes on: units, their times and what they make warm, the class
 * and the key are the old ones still, and a change to on demand is without its time.
 */
static void
show_change(const Update *update, TableView *view, const TableDefinition *definition)
{
	TableDefinition before = view->definition;
	TableDefinition *shown = &view->definition;

	*shown = *definition;
	if ((update->throughput->present && !before.throughput.on_demand) || update->warm->present)
		shown->throughput = before.throughput;
	if (!before.throughput.on_demand && shown->throughput.on_demand)
		shown->on_demand_since = 0;
	shown->table_class = before.table_class;
	shown->table_class_since = before.table_class_since;
	shown->kms_key = before.kms_key;

	switch (change_of(update, before.throughput.on_demand))
	{
		case CHANGE_NONE:
			break;
		case CHANGE_ENCRYPTION:
			view->encryption_changes = true;
			view->status = TABLE_ACTIVE;
			break;
		case CHANGE_WARM_THROUGHPUT:
			view->warm_status = TABLE_UPDATING;
			break;
		case CHANGE_INDEX:
			view->status = TABLE_UPDATING;
			break;
		default:
			view->status = view->warm_status = TABLE_UPDATING;
	}
}

/*
 * Writes the table's new definition.  What is changed while something else goes on is
 * done at once: one change at a time is shown.
 */
static void
write_definition(const Update *update, const TableView *view, TableDefinition *definition)
{
	TableChange change = change_of(update, view->definition.throughput.on_demand);
	bool		idle = catalog_table_status(view->table) == TABLE_ACTIVE;

	if (idle)
		definition->change = dynapg_control_plane_delay > 0 ? change : CHANGE_NONE;
	catalog_update_table(view->table, table_definition_jsonb(definition), idle && change != CHANGE_NONE);
}

void
op_update_table(const RequestValue *request, WireWriter *response)
{
	Update		update;
	IndexUpdates indexes;
	TableView	view;
	const TableInfo *table;
	TableDefinition definition;
	bool		changed;

	read_update(request, &update);
	check_request(&update);

	table = table_to_change(request_member(request, UpdateTableInput_TableName), AccessShareLock);
	table_resume_jobs(table);
	table_view_read(&view, table, true);
	update_check_busy(&update, &view);
	definition = view.definition;
	update_indexes_check(&update, &view, &indexes);
	changed = update_capacity(&update, &definition);
	changed |= update_settings(&update, &definition);
	changed |= update_stream(&update, table, &definition);
	update_indexes_plan(&update, &view, definition.throughput.on_demand, &indexes);
	check_quotas(&view, &definition, &indexes);
	update_vectors(&update, table, &definition);
	if (update.changes_replicas)
		table_refuse("global tables are");

	if (changed || update.online > 0)
	{
		definition.attributes = index_merge_attributes(&view, indexes.definition.keys, indexes.attributes);
		write_definition(&update, &view, &definition);
	}
	update_stream_write(&update, table);
	view.table = catalog_table(table->name, strlen(table->name));
	show_change(&update, &view, &definition);
	update_indexes_write(&view, &indexes);
	table_view_write(response, "TableDescription", &view);
}
