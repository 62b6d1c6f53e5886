/*
 * restore_table.c
 *		What both kinds of restores share: the table that they make.
 *
 * Kept are keys, indexes, capacity and encryption, unless they are overridden.  Streams, time to live, point-in-time recovery, tags, deletion
 * protection and the table's class are not restored.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/error.h"
#include "keep/table_job.h"
#include "op/index_check.h"
#include "op/op.h"
#include "op/quota.h"
#include "op/restore_table.h"
#include "op/table_check.h"
#include "op/table_description.h"

#define INVALID_REQUEST "Invalid Request: "

void
restore_source_of_table(const TableInfo *table, RestoreSource *source)
{
	source->definition = table->definition;
	source->indexes = NIL;
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];
		SourceIndex *copy;

		if (index_is_hidden(index) || index->status == TABLE_DELETING)
			continue;
		copy = (SourceIndex *) palloc(sizeof(SourceIndex));
		*copy = (SourceIndex) {index->name, index->global, index->definition};
		source->indexes = lappend(source->indexes, copy);
	}
}

/* An index that the table gets. */
typedef struct RestoredIndex
{
	const char *name;
	bool		global;
	IndexDefinition definition;
	bool		matched;		/* an override means it */
} RestoredIndex;

typedef struct RestoredTable
{
	const RestoreRequest *request;
	TableDefinition definition;
	List	   *source_indexes; /* of RestoredIndex: what there may be */
	List	   *indexes;		/* and what there will be */
} RestoredTable;

/* ------------------------------------------------------------------------------------------------------------
 * Capacity
 * ------------------------------------------------------------------------------------------------------------ */

static bool
overrides_mode(const RestoreRequest *request, const char *mode)
{
	return request->billing_mode->present && strcmp(request->billing_mode->as.string.text, mode) == 0;
}

void
restore_check_request(const RestoreRequest *request)
{
	const RequestValue *indexes = request->global_indexes;

	if (overrides_mode(request, "PROVISIONED") && !request->throughput->present)
		dyn_invalid(INVALID_REQUEST "Must override ProvisionedThroughput if BillingMode is overridden to PROVISIONED");
	if (!overrides_mode(request, "PAY_PER_REQUEST"))
		return;
	if (request->throughput->present)
		dyn_invalid(INVALID_REQUEST "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST");
	for (int i = 0; indexes->present && i < indexes->as.list.count; i++)
	{
		const RequestValue *index = &indexes->as.list.items[i];

		if (request_member(index, GlobalSecondaryIndex_ProvisionedThroughput)->present)
			dyn_invalid(INVALID_REQUEST "Cannot override ProvisionedThroughput if BillingMode is overridden to PAY_PER_REQUEST "
						"for index %s", request_text(index, GlobalSecondaryIndex_IndexName));
	}
}

static void
check_restored_ceiling(const RequestValue *units, const char *name, bool on_demand)
{
	if (!units->present)
		return;
	if (!on_demand)
		dyn_invalid(INVALID_REQUEST "Cannot override %s for OnDemandThroughput unless BillingModeOverride is PAY_PER_REQUEST", name);
	if (units->as.integer != -1 && (units->as.integer <= 0 || units->as.integer > MAX_UNITS))
		dyn_invalid(INVALID_REQUEST "Requested %s for OnDemandThroughput is outside of valid range", name);
}

/* Applies OnDemandThroughput, of the table or an index. */
static void
override_ceilings(Throughput *throughput, const RequestValue *ceilings)
{
	if (!ceilings->present)
		return;
	check_restored_ceiling(request_member(ceilings, OnDemandThroughput_MaxReadRequestUnits), "MaxReadRequestUnits", throughput->on_demand);
	check_restored_ceiling(request_member(ceilings, OnDemandThroughput_MaxWriteRequestUnits), "MaxWriteRequestUnits", throughput->on_demand);
	throughput_take_ceilings(throughput, ceilings);
}

/* What a throughput keeps of the one that was, in the mode of the new table. */
static Throughput
restored_throughput(const Throughput *old, bool on_demand)
{
	Throughput	throughput = {.on_demand = on_demand};

	if (on_demand && old->on_demand)
	{
		throughput.max_read_units = old->max_read_units;
		throughput.max_write_units = old->max_write_units;
	}
	if (!on_demand && !old->on_demand)
	{
		throughput.read_units = old->read_units;
		throughput.write_units = old->write_units;
	}
	return throughput;
}

static void
override_capacity(RestoredTable *table)
{
	const RestoreRequest *request = table->request;
	TableDefinition *definition = &table->definition;
	bool		was_on_demand = definition->throughput.on_demand;
	bool		on_demand = request->billing_mode->present ? overrides_mode(request, "PAY_PER_REQUEST") : was_on_demand;

	if (request->throughput->present && on_demand)
		dyn_invalid(INVALID_REQUEST "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED");
	definition->throughput = restored_throughput(&definition->throughput, on_demand);
	if (request->throughput->present)
	{
		check_throughput_bounds(request->throughput);
		throughput_take_units(&definition->throughput, request->throughput);
	}
	override_ceilings(&definition->throughput, request->ceilings);
	definition->was_on_demand = on_demand;
	definition->on_demand_since = on_demand ? table_time(GetCurrentTimestamp()) : 0;
}

/* ------------------------------------------------------------------------------------------------------------
 * Indexes
 * ------------------------------------------------------------------------------------------------------------ */

static bool
same_pairs(List *a, List *b)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
	{
		const NamePair *x = (const NamePair *) list_nth(a, i);
		const NamePair *y = (const NamePair *) list_nth(b, i);

		if (x->name_len != y->name_len || memcmp(x->name, y->name, x->name_len) != 0 || strcmp(x->value, y->value) != 0)
			return false;
	}
	return true;
}

static bool
same_names(List *a, List *b)
{
	if (list_length(a) != list_length(b))
		return false;
	for (int i = 0; i < list_length(a); i++)
		if (strcmp((const char *) list_nth(a, i), (const char *) list_nth(b, i)) != 0)
			return false;
	return true;
}

/* The index of the source that an override means: of the same kind, key and projection, whatever its name. */
static RestoredIndex *
matching_index(const RestoredTable *table, bool global, const char *name, List *keys, const RequestValue *projection)
{
	IndexDefinition wanted = {0};
	ListCell   *cell;

	check_projection(projection, &wanted);
	foreach(cell, table->source_indexes)
	{
		RestoredIndex *index = (RestoredIndex *) lfirst(cell);

		if (index->global == global && !index->matched && same_pairs(index->definition.keys, keys) &&
			strcmp(index->definition.projection, wanted.projection) == 0 &&
			same_names(index->definition.included, wanted.included))
		{
			index->matched = true;
			return index;
		}
	}
	dyn_invalid(INVALID_REQUEST "Index %s does not match a secondary index that existed in the source table and cannot be created "
				"during the restore operation", name);
}

static void
add_index(RestoredTable *table, RestoredIndex *index, const char *name)
{
	ListCell   *cell;

	foreach(cell, table->indexes)
		if (strcmp(((const RestoredIndex *) lfirst(cell))->name, name) == 0)
			dyn_invalid(INVALID "Duplicate index name: %s", name);
	index->name = name;
	index->definition.position = list_length(table->indexes) + 1;
	table->indexes = lappend(table->indexes, index);
}

/* A global index's capacity, with what an override (NULL: there is none) says of it. */
static void
take_index_capacity(const RestoredTable *table, RestoredIndex *index, bool was_on_demand, const RequestValue *override)
{
	bool		on_demand = table->definition.throughput.on_demand;
	Throughput *throughput = &index->definition.throughput;
	const RequestValue *units = override ? request_member(override, GlobalSecondaryIndex_ProvisionedThroughput) : NULL;

	*throughput = restored_throughput(throughput, on_demand);
	if (units != NULL && units->present)
	{
		if (on_demand)
			dyn_invalid(INVALID_REQUEST "Cannot override ProvisionedThroughput unless BillingMode is PROVISIONED");
		check_throughput_bounds(units);
		throughput_take_units(throughput, units);
	}
	else if (!on_demand && was_on_demand)
		dyn_invalid(INVALID_REQUEST "Must specify provisioned throughput for index %s", index->name);
	if (override != NULL)
		override_ceilings(throughput, request_member(override, GlobalSecondaryIndex_OnDemandThroughput));
}

/* The indexes of a kind: all that the source has, or those that an override names. */
static void
take_indexes(RestoredTable *table, bool global, const RequestValue *overrides, bool was_on_demand)
{
	ListCell   *cell;

	for (int i = 0; overrides->present && i < overrides->as.list.count; i++)
	{
		const RequestValue *given = &overrides->as.list.items[i];
		const char *name = request_text(given, global ? GlobalSecondaryIndex_IndexName : LocalSecondaryIndex_IndexName);
		List	   *keys = table_pairs(request_member(given, global ? GlobalSecondaryIndex_KeySchema : LocalSecondaryIndex_KeySchema));
		const RequestValue *projection = request_member(given, global ? GlobalSecondaryIndex_Projection : LocalSecondaryIndex_Projection);
		RestoredIndex *index = matching_index(table, global, name, keys, projection);

		add_index(table, index, name);
		if (global)
			take_index_capacity(table, index, was_on_demand, given);
	}
	if (overrides->present)
		return;
	foreach(cell, table->source_indexes)
	{
		RestoredIndex *index = (RestoredIndex *) lfirst(cell);

		if (index->global != global)
			continue;
		add_index(table, index, index->name);
		if (global)
			take_index_capacity(table, index, was_on_demand, NULL);
	}
}

static int
compare_positions(const ListCell *a, const ListCell *b)
{
	const RestoredIndex *x = (const RestoredIndex *) lfirst(a);
	const RestoredIndex *y = (const RestoredIndex *) lfirst(b);

	return x->definition.position < y->definition.position ? -1 : x->definition.position > y->definition.position;
}

/* ------------------------------------------------------------------------------------------------------------
 * The table
 * ------------------------------------------------------------------------------------------------------------ */

/* The source's definition, less what is not restored. */
static void
read_source(RestoredTable *table, const RestoreSource *source)
{
	TableInfo	info = {.definition = source->definition};
	TableDefinition old;
	TableDefinition *definition = &table->definition;
	ListCell   *cell;

	table_definition_read(&info, &old);
	definition->attributes = old.attributes;
	definition->keys = old.keys;
	definition->throughput = old.throughput;
	definition->kms_key = old.kms_key;
	foreach(cell, source->indexes)
	{
		const SourceIndex *given = (const SourceIndex *) lfirst(cell);
		TableIndex	index_info = {.definition = given->definition};
		RestoredIndex *index = (RestoredIndex *) palloc0(sizeof(RestoredIndex));

		index->name = given->name;
		index->global = given->global;
		index_definition_read(&index_info, old.throughput.on_demand, &index->definition);
		table->source_indexes = lappend(table->source_indexes, index);
	}
	list_sort(table->source_indexes, compare_positions);
}

static void
override_encryption(RestoredTable *table)
{
	if (table->request->encryption->present)
		(void) check_encryption(table->request->encryption, &table->definition.kms_key);
}

void
restore_check_target(const RestoreRequest *request)
{
	const char *name = request->target->as.string.text;
	int			len = request->target->as.string.len;
	const TableInfo *existing;
	const TableRestore *restore;

	catalog_lock_name(name, len);
	existing = catalog_table(name, len);
	if (existing == NULL)
		return;
	restore = catalog_is_being_restored(existing) ? catalog_restore(existing->relation) : NULL;
	if (restore != NULL && restore->backup_arn != NULL)
		dyn_error(DYN_TABLE_IN_USE, "Table: %.*s is already being restored from backup: %s", len, name, restore->backup_arn);
	if (restore != NULL)
		dyn_error(DYN_TABLE_IN_USE, "Table: %.*s is already being restored", len, name);
	dyn_error(DYN_TABLE_ALREADY_EXISTS, "Table already exists: %.*s", len, name);
}

static void
check_quotas(const RestoredTable *table)
{
	QuotaChange change = {0};
	ListCell   *cell;

	quota_add(&change, NULL, NULL, &table->definition.throughput);
	foreach(cell, table->indexes)
	{
		const RestoredIndex *index = (const RestoredIndex *) lfirst(cell);

		if (index->global)
			quota_add(&change, index->name, NULL, &index->definition.throughput);
	}
	quota_check(&change);
}

static void
create(const RestoredTable *table, const char *name, const TableRestore *restore)
{
	ListCell   *cell;
	WireWriter	no_tags;

	wire_write_jsonb(&no_tags);
	wire_object_start(&no_tags);
	wire_object_end(&no_tags);
	catalog_create_table(name, strlen(name), table_definition_jsonb(&table->definition), wire_writer_jsonb(&no_tags));
	catalog_begin_restore(catalog_table(name, strlen(name)), restore);
	foreach(cell, table->indexes)
	{
		const RestoredIndex *index = (const RestoredIndex *) lfirst(cell);

		catalog_create_index(name, index->name, index->global, index_definition_jsonb(&index->definition), true, NULL);
	}
}

/* The answer is that of a table being restored, even where it is ACTIVE already. */
static void
write_answer(WireWriter *response, const TableInfo *table)
{
	TableView	view;

	table_view_read(&view, table, false);
	view.hides_warm = view.definition.throughput.on_demand;
	table_view_write(response, "TableDescription", &view);
}

void
restore_table(const RestoreRequest *request, const RestoreSource *source, const TableRestore *restore, WireWriter *response)
{
	RestoredTable table = {.request = request};
	int			len = request->target->as.string.len;
	char	   *name = pnstrdup(request->target->as.string.text, len);
	bool		was_on_demand;

	restore_check_target(request);
	read_source(&table, source);
	was_on_demand = table.definition.throughput.on_demand;
	override_capacity(&table);
	take_indexes(&table, false, request->local_indexes, was_on_demand);
	take_indexes(&table, true, request->global_indexes, was_on_demand);
	if (request->vector_indexes->present && request->vector_indexes->as.list.count > 0)
		table_refuse("vector indexes are");
	override_encryption(&table);
	check_quotas(&table);
	create(&table, name, restore);
	write_answer(response, catalog_table(name, len));
	table_job_start(name);
}
