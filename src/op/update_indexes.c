/*
 * update_indexes.c
 *		UpdateTable's GlobalSecondaryIndexUpdates.
 *
 * One index is created or deleted at a time; the throughput of any number may change, in one call, with the table's too.
 * Creating and deleting go on after the answer (keep/table_job.h).
 */
#include "postgres.h"

#include "base/error.h"
#include "op/index_check.h"
#include "op/table_check.h"
#include "op/update_table.h"
#include "keep/table_job.h"

/* ------------------------------------------------------------------------------------------------------------
 * The request
 * ------------------------------------------------------------------------------------------------------------ */

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

/* An Update action says what to update.  Units beyond all bounds are refused in words of their own. */
static void
check_update_action(const RequestValue *action, int position)
{
	const RequestValue *units = request_member(action, UpdateGlobalSecondaryIndexAction_ProvisionedThroughput);

	if (!units->present)
	{
		if (!request_member(action, UpdateGlobalSecondaryIndexAction_OnDemandThroughput)->present &&
			!request_member(action, UpdateGlobalSecondaryIndexAction_WarmThroughput)->present)
			dyn_invalid("1 validation error detected: Value null at "
						"'globalSecondaryIndexUpdates.%d.member.update.provisionedThroughput' "
						"failed to satisfy constraint: Member must not be null", position);
		return;
	}
	if (request_member(units, ProvisionedThroughput_ReadCapacityUnits)->as.integer > MAX_UNITS ||
		request_member(units, ProvisionedThroughput_WriteCapacityUnits)->as.integer > MAX_UNITS)
		dyn_invalid("This operation cannot be performed with given input values. "
					"Please contact DynamoDB service team for more info: Action Blocked: IndexUpdate");
}

void
update_indexes_check_request(Update *update)
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
		bool		creates = request_member(item, GlobalSecondaryIndexUpdate_Create)->present;
		bool		deletes = request_member(item, GlobalSecondaryIndexUpdate_Delete)->present;
		const char *name;
		const RequestValue *action = index_action(item, &name);
		ListCell   *cell;

		foreach(cell, names)
			if (strcmp((const char *) lfirst(cell), name) == 0)
				dyn_invalid(INVALID "Only one global secondary index update per index is allowed simultaneously. "
							"Index: %s", name);
		names = lappend(names, unconstify(char *, name));
		if (!creates && !deletes)
			check_update_action(action, i + 1);
		update->creates_index |= creates;
		update->online += creates + deletes;
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Against the table
 * ------------------------------------------------------------------------------------------------------------ */

/* Checks a Create action, and makes the index's definition. */
static void
check_create(const Update *update, const TableView *view, const char *name, const RequestValue *action,
			 IndexUpdates *updates)
{
	List	   *attributes = table_pairs(request_member(update->request, UpdateTableInput_AttributeDefinitions));
	bool		on_demand = update->billing_mode < 0 ? view->definition.throughput.on_demand : update->billing_mode;
	ListCell   *cell;
	IndexRequest index = {
		.name = name,
		.keys = request_member(action, CreateGlobalSecondaryIndexAction_KeySchema),
		.projection = request_member(action, CreateGlobalSecondaryIndexAction_Projection),
		.throughput = request_member(action, CreateGlobalSecondaryIndexAction_ProvisionedThroughput),
		.ceilings = request_member(action, CreateGlobalSecondaryIndexAction_OnDemandThroughput),
		.warm = request_member(action, CreateGlobalSecondaryIndexAction_WarmThroughput)
	};

	check_definitions_unique(attributes);
	if (attributes == NIL)
		dyn_invalid(INVALID "AttributeDefinitions is not specified for index: %s", name);
	check_global_index(&index, attributes, on_demand, false, &updates->definition);
	index_check_not_redefined(view->table, updates->definition.keys, attributes);
	foreach(cell, view->indexes)
		updates->definition.position = Max(updates->definition.position,
										   ((const IndexView *) lfirst(cell))->definition.position + 1);
	updates->created = name;
	updates->attributes = attributes;
}

/* Looks up the index of an action, and whether the action is possible now. */
static void
check_index(const TableView *view, const RequestValue *item)
{
	bool		creates = request_member(item, GlobalSecondaryIndexUpdate_Create)->present;
	bool		deletes = request_member(item, GlobalSecondaryIndexUpdate_Delete)->present;
	const char *name;
	const IndexView *index;

	(void) index_action(item, &name);
	index = table_view_index(view, name);
	if (creates)
	{
		if (index != NULL && index->status == TABLE_DELETING)
			index_check_idle(view, index, false);
		if (index != NULL)
			dyn_invalid("Attempting to create an index which already exists");
		return;
	}
	if (index == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Index %s for table %s",
				  name, view->table->name);
	if (!index->global)
		dyn_invalid("Cannot %s an index that is not a GlobalSecondaryIndex: %s", deletes ? "delete" : "update", name);
	index_check_idle(view, index, deletes);
}

/* Whether an index keeps the table's capacity from changing. */
static bool
is_in_the_way(const IndexView *index, TableStatus status, bool changes_mode)
{
	if (index->status == status)
		return status != TABLE_CREATING || !index->backfilling;

	/* what is being built in an index's place has the throughput that the index had */
	return status == TABLE_CREATING && index->global && index->replaced && changes_mode;
}

/*
 * The table's own capacity cannot be changed while an index is being created, until that is backfilled, or deleted; nor
 * its mode while one is being replaced.
 */
static void
check_capacity(const Update *update, const TableView *view, TableStatus status)
{
	bool		on_demand = view->definition.throughput.on_demand;
	bool		changes_mode = update->billing_mode >= 0 && update->billing_mode != on_demand;
	const char *participle = status == TABLE_CREATING ? "created" : "deleted";
	StringInfoData names;
	ListCell   *cell;

	initStringInfo(&names);
	foreach(cell, view->indexes)
	{
		const IndexView *index = (const IndexView *) lfirst(cell);

		if (is_in_the_way(index, status, changes_mode))
			appendStringInfo(&names, "%s%s", names.len == 0 ? "" : ", ", index->name);
	}
	if (names.len == 0)
		return;
	if (update->throughput->present || changes_mode)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Can't change table IOPS when an index is being %s. "
				  "Table: %s Indexes: [%s]", participle, view->table->name, names.data);
	if (update->stream->present)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Can't change stream status when an index is being %s. "
				  "Table: %s Indexes: [%s]", participle, view->table->name, names.data);
	if (update->ceilings->present)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "OnDemandThroughput cannot be updated while index %s is in progress "
				  "for indexes: [%s]", status == TABLE_CREATING ? "creation" : "deletion", names.data);
}

/* Whether there is room for one more global index. */
static void
check_count(const TableView *view)
{
	int			count = 0;
	ListCell   *cell;

	foreach(cell, view->indexes)
		count += ((const IndexView *) lfirst(cell))->global;
	if (count >= MAX_GLOBAL_INDEXES)
		dyn_error(DYN_LIMIT_EXCEEDED, "Subscriber limit exceeded: "
				  "Number of global secondary indexes exceeds per-table limit of %d", MAX_GLOBAL_INDEXES);
}

void
update_indexes_check(const Update *update, const TableView *view, IndexUpdates *updates)
{
	int			count = update->indexes->present ? update->indexes->as.list.count : 0;

	memset(updates, 0, sizeof(*updates));
	for (int i = 0; i < count; i++)
	{
		const char *name;
		const RequestValue *item = &update->indexes->as.list.items[i];
		const RequestValue *action = index_action(item, &name);

		if (request_member(item, GlobalSecondaryIndexUpdate_Create)->present)
			check_create(update, view, name, action, updates);
		if (request_member(item, GlobalSecondaryIndexUpdate_Delete)->present)
			updates->deleted = name;
	}
	if (update->online > 1)
		index_refuse_online();
	for (int i = 0; i < count; i++)
		check_index(view, &update->indexes->as.list.items[i]);
	check_capacity(update, view, TABLE_CREATING);
	check_capacity(update, view, TABLE_DELETING);

	if (updates->created)
	{
		index_check_alone(view->table, NULL);
		index_check_projected(view, updates->created, &updates->definition);
		check_count(view);
	}
	if (updates->deleted)
		index_check_alone(view->table, updates->deleted);
}

/* ------------------------------------------------------------------------------------------------------------
 * Throughput
 * ------------------------------------------------------------------------------------------------------------ */

static void
update_units(IndexUpdate *update, const RequestValue *units, bool on_demand)
{
	Throughput *throughput = &update->definition.throughput;
	const char *name = update->view->name;
	int64		read_units;
	int64		write_units;

	if (!units->present)
		return;
	if (on_demand)
		dyn_invalid(INVALID "The only Updates for index: %s when TableThroughputMode is PAY_PER_REQUEST "
					"can be to OnDemandThroughput, WarmThroughput", name);
	read_units = request_member(units, ProvisionedThroughput_ReadCapacityUnits)->as.integer;
	write_units = request_member(units, ProvisionedThroughput_WriteCapacityUnits)->as.integer;
	if (!throughput->on_demand && read_units == throughput->read_units && write_units == throughput->write_units)
		dyn_invalid("The provisioned throughput for the index %s will not change. "
					"The requested value equals the current value. "
					"Current ReadCapacityUnits provisioned for index %s: " INT64_FORMAT ". "
					"Requested ReadCapacityUnits: " INT64_FORMAT ". "
					"Current WriteCapacityUnits provisioned for index %s: " INT64_FORMAT ". "
					"Requested WriteCapacityUnits: " INT64_FORMAT ". "
					"Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits.",
					name, name, throughput->read_units, read_units, name, throughput->write_units, write_units);
	throughput_provision(throughput, units);
	update->changes_units = true;
}

/* Applies an Update action, if there is one, and the table's mode. */
static void
update_throughput(IndexUpdate *update, bool on_demand)
{
	Throughput *throughput = &update->definition.throughput;
	const RequestValue *ceilings;
	const RequestValue *warm;

	if (update->action)
		update_units(update, request_member(update->action, UpdateGlobalSecondaryIndexAction_ProvisionedThroughput),
					 on_demand);
	if (on_demand && !throughput->on_demand)
	{
		throughput_to_demand(throughput, true);
		update->changes_units = true;
	}
	if (update->action == NULL)
		return;

	ceilings = request_member(update->action, UpdateGlobalSecondaryIndexAction_OnDemandThroughput);
	warm = request_member(update->action, UpdateGlobalSecondaryIndexAction_WarmThroughput);
	check_ceilings(ceilings, on_demand, false, update->view->name);
	throughput_take_ceilings(throughput, ceilings);
	update->changes_ceilings = ceilings->present;
	check_warm_throughput(warm, throughput, false, update->view->name);
	throughput_take_warm(throughput, warm);
}

/* The Update action of an index, or NULL. */
static const RequestValue *
update_action(const Update *update, const char *index)
{
	for (int i = 0; update->indexes->present && i < update->indexes->as.list.count; i++)
	{
		const RequestValue *item = &update->indexes->as.list.items[i];
		const char *name;
		const RequestValue *action = index_action(item, &name);

		if (request_member(item, GlobalSecondaryIndexUpdate_Update)->present && strcmp(name, index) == 0)
			return action;
	}
	return NULL;
}

void
update_indexes_plan(const Update *update, const TableView *view, bool on_demand, IndexUpdates *updates)
{
	StringInfoData missing;
	ListCell   *cell;

	initStringInfo(&missing);
	foreach(cell, view->indexes)
	{
		IndexView  *index = (IndexView *) lfirst(cell);
		IndexUpdate *change;

		if (!index->global || (updates->deleted && strcmp(updates->deleted, index->name) == 0))
			continue;
		change = (IndexUpdate *) palloc0(sizeof(IndexUpdate));
		change->view = index;
		change->action = update_action(update, index->name);
		change->definition = index->definition;
		update_throughput(change, on_demand);
		if (change->definition.throughput.on_demand != on_demand)
			appendStringInfo(&missing, "%s%s", missing.len == 0 ? "" : ",", index->name);
		if (change->action != NULL || change->changes_units)
			updates->changed = lappend(updates->changed, change);
	}
	if (missing.len > 0)
		dyn_invalid(INVALID "ProvisionedThroughput must be specified for index: %s", missing.data);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* The view of an index whose creation begins. */
static IndexView *
new_view(const IndexUpdates *updates)
{
	IndexView  *view = (IndexView *) palloc0(sizeof(IndexView));

	view->name = updates->created;
	view->global = true;
	view->status = TABLE_CREATING;
	view->has_backfilling = true;
	view->has_warm = true;
	view->definition = updates->definition;
	return view;
}

/*
 * Shows a change as going on: new units and WarmThroughput are not there yet.  A change of the mode shows its result.
 */
static void
show_change(const IndexUpdate *update)
{
	IndexView  *view = update->view;
	Throughput *shown = &view->definition.throughput;
	Throughput	before = *shown;

	*shown = update->definition.throughput;
	view->warm_changes = throughput_warm_read_units(&before) != throughput_warm_read_units(shown) ||
		throughput_warm_write_units(&before) != throughput_warm_write_units(shown);
	if (before.on_demand == shown->on_demand)
	{
		int64		read_ceiling = shown->max_read_units;
		int64		write_ceiling = shown->max_write_units;

		*shown = before;
		shown->max_read_units = read_ceiling;
		shown->max_write_units = write_ceiling;
	}
	if (view->status == TABLE_ACTIVE && (update->changes_units || update->changes_ceilings))
		view->status = TABLE_UPDATING;
}

void
update_indexes_write(TableView *view, const IndexUpdates *updates)
{
	const TableInfo *table = view->table;
	ListCell   *cell;

	foreach(cell, updates->changed)
	{
		const IndexUpdate *update = (const IndexUpdate *) lfirst(cell);

		catalog_update_index(table, update->view->name, index_definition_jsonb(&update->definition));
		show_change(update);
	}
	if (updates->created)
	{
		catalog_create_index(table->name, updates->created, true, index_definition_jsonb(&updates->definition),
							 true, NULL);
		view->indexes = lappend(view->indexes, new_view(updates));
	}
	if (updates->deleted)
	{
		IndexView  *index = table_view_index(view, updates->deleted);

		catalog_retire_index(table, updates->deleted);
		index->status = TABLE_DELETING;
		index->has_backfilling = false;
	}
	if (updates->created || updates->deleted)
		table_job_start(table->name);
}
