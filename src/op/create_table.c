/*
 * create_table.c
 *		CreateTable.
 *
 * Checks come in the service's order: capacity, key, definitions, local indexes, global indexes, the rest; that
 * the table exists is found out last.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "base/error.h"
#include "catalog/imports.h"
#include "log/log.h"
#include "op/adopt_table.h"
#include "op/create_table.h"
#include "op/index_check.h"
#include "op/op.h"
#include "op/quota.h"
#include "op/resource_policy.h"
#include "op/table_check.h"
#include "op/table_description.h"
#include "op/tags.h"
#include "keep/log_switch.h"
#include "keep/table_job.h"

#define MAX_LOCAL_INDEXES	5
#define MAX_VECTOR_INDEXES	5

typedef struct NewIndex
{
	const char *name;
	bool		global;
	IndexDefinition definition;
} NewIndex;

/* What is being made of a request. */
typedef struct NewTable
{
	const RequestValue *request;
	TableDefinition definition;
	List	   *index_names;	/* of all kinds: C strings */
	List	   *indexes;		/* of NewIndex: local and global ones */
	int			projected;		/* names that they INCLUDE */
	List	   *tags;			/* of NamePair */
	const RequestValue *policy;
	Oid			adopted;		/* the relation, if it is there already */
} NewTable;

static void
check_capacity(NewTable *table)
{
	const RequestValue *throughput = request_member(table->request, CreateTableInput_ProvisionedThroughput);
	TableDefinition *definition = &table->definition;

	definition->throughput.on_demand =
		table_billing_mode(request_member(table->request, CreateTableInput_BillingMode),
						   request_member(table->request, CreateTableInput_TableThroughputMode)) == 1;
	if (definition->throughput.on_demand)
	{
		if (throughput->present)
			dyn_invalid(INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified "
						"when BillingMode is PAY_PER_REQUEST");
		definition->was_on_demand = true;
		definition->on_demand_since = table_time(GetCurrentTimestamp());
		return;
	}
	if (!throughput->present)
		dyn_invalid(INVALID "ReadCapacityUnits and WriteCapacityUnits must both be specified "
					"when BillingMode is PROVISIONED");
	check_throughput_bounds(throughput);
	throughput_take_units(&definition->throughput, throughput);
}

/* Adds the names of a key that are not in the list yet. */
static List *
add_names(List *used, List *keys)
{
	ListCell   *cell;

	foreach(cell, keys)
	{
		NamePair   *pair = (NamePair *) lfirst(cell);

		if (find_pair(used, pair->name, pair->name_len) == NULL)
			used = lappend(used, pair);
	}
	return used;
}

/* The attributes that the keys of the table and of its indexes use, in the order of their use. */
static List *
used_attributes(const NewTable *table)
{
	static const struct
	{
		int			member;
		int			key_member;
	}			lists[] = {
		{CreateTableInput_LocalSecondaryIndexes, LocalSecondaryIndex_KeySchema},
		{CreateTableInput_GlobalSecondaryIndexes, GlobalSecondaryIndex_KeySchema}
	};
	const RequestValue *vectors = request_member(table->request, CreateTableInput_VectorIndexes);
	List	   *used = add_names(NIL, table->definition.keys);

	for (int i = 0; i < lengthof(lists); i++)
	{
		const RequestValue *list = request_member(table->request, lists[i].member);

		for (int j = 0; list->present && j < list->as.list.count; j++)
			used = add_names(used, table_pairs(request_member(&list->as.list.items[j], lists[i].key_member)));
	}
	for (int i = 0; vectors->present && i < vectors->as.list.count; i++)
	{
		const RequestValue *schema = request_member(&vectors->as.list.items[i], VectorIndex_SearchSchema);

		for (int j = 0; schema->present && j < schema->as.list.count; j++)
		{
			const RequestValue *name =
				request_member(&schema->as.list.items[j], SearchSchemaElement_AttributeName);
			NamePair   *pair = (NamePair *) palloc0(sizeof(NamePair));

			pair->name = name->as.string.text;
			pair->name_len = name->as.string.len;
			used = add_names(used, list_make1(pair));
		}
	}
	return used;
}

static void
check_keys(NewTable *table)
{
	const RequestValue *request = table->request;
	List	   *keys = table_pairs(request_member(request, CreateTableInput_KeySchema));
	List	   *attributes = table_pairs(request_member(request, CreateTableInput_AttributeDefinitions));

	table->definition.keys = keys;
	table->definition.attributes = attributes;
	if (list_length(keys) > list_length(attributes))
		dyn_invalid("Invalid KeySchema: Some index key attribute have no definition");
	check_key_schema(keys, attributes);
	check_definitions_unique(attributes);

	if (!request_member(request, CreateTableInput_LocalSecondaryIndexes)->present &&
		!request_member(request, CreateTableInput_GlobalSecondaryIndexes)->present &&
		!request_member(request, CreateTableInput_VectorIndexes)->present)
	{
		if (list_length(keys) != list_length(attributes))
			dyn_invalid(INVALID "Number of attributes in KeySchema does not exactly match "
						"number of attributes defined in AttributeDefinitions");
	}
	else
	{
		List	   *used = used_attributes(table);
		ListCell   *cell;

		foreach(cell, attributes)
		{
			const NamePair *attribute = (const NamePair *) lfirst(cell);

			if (find_pair(used, attribute->name, attribute->name_len) == NULL)
				dyn_invalid(INVALID "Some AttributeDefinitions are not used. AttributeDefinitions: %s, keys used: %s",
							pair_names(attributes), pair_names(used));
		}
	}
}

static void
check_index_name(NewTable *table, const char *name)
{
	ListCell   *cell;

	foreach(cell, table->index_names)
		if (strcmp((const char *) lfirst(cell), name) == 0)
			dyn_invalid(INVALID "Duplicate index name: %s", name);
	table->index_names = lappend(table->index_names, unconstify(char *, name));
}

/* Adds a checked index to those that the table gets. */
static void
add_index(NewTable *table, const char *name, bool global, const IndexDefinition *definition)
{
	NewIndex   *index = (NewIndex *) palloc(sizeof(NewIndex));

	check_index_name(table, name);
	index->name = name;
	index->global = global;
	index->definition = *definition;
	index->definition.position = list_length(table->index_names);
	table->projected += list_length(definition->included);
	table->indexes = lappend(table->indexes, index);
}

static void
check_local_indexes(NewTable *table)
{
	const RequestValue *list = request_member(table->request, CreateTableInput_LocalSecondaryIndexes);

	if (!list->present)
		return;
	if (list->as.list.count == 0)
		dyn_invalid(INVALID "List of LocalSecondaryIndexes is empty");
	if (list_length(table->definition.keys) != 2)
		dyn_invalid(INVALID "Table KeySchema does not have a range key, "
					"which is required when specifying a LocalSecondaryIndex");
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *index = &list->as.list.items[i];
		const char *name = request_text(index, LocalSecondaryIndex_IndexName);
		IndexDefinition definition = {0};

		definition.keys = table_pairs(request_member(index, LocalSecondaryIndex_KeySchema));
		check_local_key_schema(name, definition.keys, table->definition.attributes, table->definition.keys);
		check_projection(request_member(index, LocalSecondaryIndex_Projection), &definition);
		add_index(table, name, false, &definition);
	}
	if (list->as.list.count > MAX_LOCAL_INDEXES)
		dyn_invalid(INVALID "Number of LocalSecondaryIndexes exceeds per-table limit of %d", MAX_LOCAL_INDEXES);
}

static void
check_global_indexes(NewTable *table)
{
	const RequestValue *list = request_member(table->request, CreateTableInput_GlobalSecondaryIndexes);

	if (!list->present)
		return;
	if (list->as.list.count == 0)
		dyn_invalid(INVALID "List of GlobalSecondaryIndexes is empty");
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *given = &list->as.list.items[i];
		IndexDefinition definition;
		IndexRequest index = {
			.name = request_text(given, GlobalSecondaryIndex_IndexName),
			.keys = request_member(given, GlobalSecondaryIndex_KeySchema),
			.projection = request_member(given, GlobalSecondaryIndex_Projection),
			.throughput = request_member(given, GlobalSecondaryIndex_ProvisionedThroughput),
			.ceilings = request_member(given, GlobalSecondaryIndex_OnDemandThroughput),
			.warm = request_member(given, GlobalSecondaryIndex_WarmThroughput)
		};

		check_global_index(&index, table->definition.attributes, table->definition.throughput.on_demand, true,
						   &definition);
		add_index(table, index.name, true, &definition);
	}
	if (list->as.list.count > MAX_GLOBAL_INDEXES)
		dyn_invalid(INVALID "GlobalSecondaryIndex count exceeds the per-table limit of %d", MAX_GLOBAL_INDEXES);
	if (table->projected > MAX_PROJECTED)
		dyn_invalid(INVALID "Number of NonKeyAttributes exceeds the per-table limit of %d", MAX_PROJECTED);
}

static void
check_vector_indexes(NewTable *table)
{
	const RequestValue *list = request_member(table->request, CreateTableInput_VectorIndexes);

	if (!list->present)
		return;
	if (list->as.list.count == 0)
		dyn_invalid(INVALID "List of VectorIndexes is empty");
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *index = &list->as.list.items[i];
		const RequestValue *vector = request_member(index, VectorIndex_VectorAttribute);
		const char *attribute = request_text(vector, VectorAttributeDefinition_AttributeName);

		check_vector_index(index, table->definition.attributes, table->definition.throughput.on_demand);
		for (int j = 0; j < i; j++)
		{
			const RequestValue *other = &list->as.list.items[j];

			vector = request_member(other, VectorIndex_VectorAttribute);
			if (request_text_is(vector, VectorAttributeDefinition_AttributeName, attribute) &&
				request_member(other, VectorIndex_Dimensions)->as.integer !=
				request_member(index, VectorIndex_Dimensions)->as.integer)
				dyn_invalid(INVALID "Conflicting attribute definition for '%s'. All VectorIndexes on the same "
							"vector attribute must use the same dimensions.", attribute);
		}
		check_index_name(table, request_text(index, VectorIndex_IndexName));
	}
	if (list->as.list.count > MAX_VECTOR_INDEXES)
		dyn_invalid(INVALID "VectorIndex count exceeds the per-table limit of %d", MAX_VECTOR_INDEXES);
}

static void
check_stream(const RequestValue *stream)
{
	bool		has_view;

	if (!stream->present)
		return;
	has_view = request_member(stream, StreamSpecification_StreamViewType)->present;
	if (request_boolean(stream, StreamSpecification_StreamEnabled))
	{
		if (!has_view)
			dyn_invalid(INVALID "Table is being created with a stream enabled, UpdateViewType is required");
	}
	else if (has_view)
		dyn_invalid(INVALID "Table is being created with a stream disabled, UpdateViewType should not be specified");
}

/* What else a request may say of its table. */
static void
read_settings(NewTable *table)
{
	const RequestValue *request = table->request;
	TableDefinition *definition = &table->definition;
	const RequestValue *ceilings = request_member(request, CreateTableInput_OnDemandThroughput);
	const RequestValue *warm = request_member(request, CreateTableInput_WarmThroughput);
	const RequestValue *encryption = request_member(request, CreateTableInput_SSESpecification);
	const RequestValue *stream = request_member(request, CreateTableInput_StreamSpecification);

	check_ceilings(ceilings, definition->throughput.on_demand, true, NULL);
	throughput_take_ceilings(&definition->throughput, ceilings);
	check_warm_throughput(warm, &definition->throughput, true, NULL);
	throughput_take_warm(&definition->throughput, warm);
	if (encryption->present)
		(void) check_encryption(encryption, &definition->kms_key);
	check_table_class(request_member(request, CreateTableInput_TableClass));
	definition->table_class = request_text(request, CreateTableInput_TableClass);
	if (stream->present && request_boolean(stream, StreamSpecification_StreamEnabled))
		definition->stream_view = request_text(stream, StreamSpecification_StreamViewType);
	definition->deletion_protection = request_boolean(request, CreateTableInput_DeletionProtectionEnabled);
	table->tags = check_tags(request_member(request, CreateTableInput_Tags));
}

/* The capacity of the table and its indexes against the account's quotas. */
static void
check_quotas(const NewTable *table)
{
	QuotaChange change = {0};
	ListCell   *cell;

	quota_add(&change, NULL, NULL, &table->definition.throughput);
	foreach(cell, table->indexes)
	{
		const NewIndex *index = (const NewIndex *) lfirst(cell);

		if (index->global)
			quota_add(&change, index->name, NULL, &index->definition.throughput);
	}
	quota_check(&change);
}

/* What dynapg does not have yet; each line goes when it has. */
static void
refuse_unsupported(const RequestValue *request)
{
	if (request_member(request, CreateTableInput_VectorIndexes)->present)
		table_refuse("vector indexes are");
	if (request_member(request, CreateTableInput_GlobalTableSourceArn)->present ||
		request_member(request, CreateTableInput_GlobalTableSettingsReplicationMode)->present)
		table_refuse("global tables are");
}

static void
create(const NewTable *table, const char *name)
{
	Jsonb	   *definition = table_definition_jsonb(&table->definition);
	bool		adopts = OidIsValid(table->adopted);
	ListCell   *cell;

	if (adopts)
		catalog_adopt_table(name, strlen(name), table->adopted, definition, tags_jsonb(table->tags));
	else
		catalog_create_table(name, strlen(name), definition, tags_jsonb(table->tags));
	foreach(cell, table->indexes)
	{
		const NewIndex *index = (const NewIndex *) lfirst(cell);

		catalog_create_index(name, index->name, index->global, index_definition_jsonb(&index->definition), adopts, NULL);
	}
	resource_policy_put_new(catalog_table(name, strlen(name)), table->policy);
	if (table->definition.stream_view && !adopts)
		log_begin(catalog_table(name, strlen(name)), LOG_STREAM, catalog_view_of_name(table->definition.stream_view));

	/* others may be writing to it */
	if (adopts)
	{
		log_switch_order(catalog_table(name, strlen(name)));
		table_job_start(name);
	}
}

/*
 * The answer shows table and indexes as being created, whether or not that takes time, no
 * index's WarmThroughput, and that of a table on demand only if it was asked for.
 */
static void
write_answer(WireWriter *response, const TableInfo *table, bool asks_for_warm)
{
	TableView	view;
	ListCell   *cell;

	table_view_read(&view, table, false);
	view.status = view.warm_status = TABLE_CREATING;
	view.hides_warm = view.definition.throughput.on_demand && !asks_for_warm;
	foreach(cell, view.indexes)
	{
		IndexView  *index = (IndexView *) lfirst(cell);

		index->status = TABLE_CREATING;
		index->has_warm = false;
	}
	table_view_write(response, "TableDescription", &view);
}

/* Everything but whether the name is taken. */
static void
check_request(NewTable *table)
{
	const RequestValue *request = table->request;

	check_capacity(table);
	check_keys(table);
	check_local_indexes(table);
	check_global_indexes(table);
	check_vector_indexes(table);
	check_stream(request_member(request, CreateTableInput_StreamSpecification));
	read_settings(table);
	refuse_unsupported(request);
}

static void
make_table(const RequestValue *request, Oid adopted)
{
	NewTable	table = {.request = request, .adopted = adopted};
	int			name_len;
	const char *name = op_table_name(request_member(request, CreateTableInput_TableName), &name_len);
	const TableInfo *existing;

	check_request(&table);
	table.policy = request_member(request, CreateTableInput_ResourcePolicy);
	resource_policy_check_new(table.policy, pnstrdup(name, name_len));
	catalog_lock_name(name, name_len);
	existing = catalog_table(name, name_len);
	if (existing != NULL && catalog_is_being_restored(existing) && !catalog_is_being_imported(existing))
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Table is being used: %s", existing->name);
	if (existing != NULL && catalog_table_status(existing) == TABLE_CREATING)
		table_refuse_in_use(TABLE_CREATING, existing->name);
	if (existing != NULL)
		dyn_error(DYN_RESOURCE_IN_USE, "Table already exists: %.*s", name_len, name);
	if (!OidIsValid(adopted))
		check_quotas(&table);
	create(&table, pnstrdup(name, name_len));
}

void
op_create_table(const RequestValue *request, WireWriter *response)
{
	make_table(request, InvalidOid);
	write_answer(response, table_of_request(request_member(request, CreateTableInput_TableName)),
				 request_member(request, CreateTableInput_WarmThroughput)->present);
}

void
adopt_table(const RequestValue *request, Oid relation)
{
	make_table(request, relation);
}

/* ------------------------------------------------------------------------------------------------------------
 * Tables that are made later
 * ------------------------------------------------------------------------------------------------------------ */

/* A structure as one of CreateTable: the members that have the same names. */
static RequestValue *
as_create_table(const RequestValue *parameters)
{
	RequestValue *request = (RequestValue *) palloc0(sizeof(RequestValue));
	const Shape *shape = model_operations[OPERATION_CreateTable].input;

	request->shape = shape;
	request->present = true;
	request->as.members = (RequestValue *) palloc0(shape->n_members * sizeof(RequestValue));
	for (int i = 0; i < shape->n_members; i++)
	{
		request->as.members[i].shape = shape->members[i].shape;
		for (int j = 0; j < parameters->shape->n_members; j++)
			if (strcmp(parameters->shape->members[j].name, shape->members[i].name) == 0)
				request->as.members[i] = parameters->as.members[j];
	}
	return request;
}

/* A member of an object of a plan, as a jsonb of its own. */
static Jsonb *
plan_member(JsonbContainer *object, const char *name)
{
	JsonbValue	value;

	(void) getKeyJsonValueFromContainer(object, name, strlen(name), &value);
	return JsonbValueToJsonb(&value);
}

Jsonb *
create_table_plan(const RequestValue *parameters)
{
	NewTable	table = {.request = as_create_table(parameters)};
	WireWriter	plan;
	ListCell   *cell;

	check_request(&table);
	wire_write_jsonb(&plan);
	wire_object_start(&plan);
	wire_member(&plan, "definition");
	wire_jsonb(&plan, table_definition_jsonb(&table.definition));
	wire_member(&plan, "indexes");
	wire_array_start(&plan);
	foreach(cell, table.indexes)
	{
		const NewIndex *index = (const NewIndex *) lfirst(cell);

		wire_object_start(&plan);
		wire_text_member(&plan, "name", index->name);
		wire_member(&plan, "definition");
		wire_jsonb(&plan, index_definition_jsonb(&index->definition));
		wire_object_end(&plan);
	}
	wire_array_end(&plan);
	wire_object_end(&plan);
	return wire_writer_jsonb(&plan);
}

Jsonb *
create_table_plan_of(const Transfer *import)
{
	JsonbValue	plan;

	return getKeyJsonValueFromContainer(&import->state->root, "plan", strlen("plan"), &plan) != NULL ? JsonbValueToJsonb(&plan) : NULL;
}

void
create_table_visit_plan(Jsonb *plan, PlanVisitor visit, void *argument)
{
	TableInfo	table = {.definition = plan_member(&plan->root, "definition")};
	Jsonb	   *indexes = plan_member(&plan->root, "indexes");
	TableDefinition definition;

	table_definition_read(&table, &definition);
	visit(NULL, &definition.throughput, argument);
	for (uint32 i = 0; i < JsonContainerSize(&indexes->root); i++)
	{
		JsonbContainer *planned = getIthJsonbValueFromContainer(&indexes->root, i)->val.binary.data;
		TableIndex	index = {.definition = plan_member(planned, "definition")};
		IndexDefinition read;
		JsonbValue	name;

		(void) getKeyJsonValueFromContainer(planned, "name", strlen("name"), &name);
		index_definition_read(&index, definition.throughput.on_demand, &read);
		visit(pnstrdup(name.val.string.val, name.val.string.len), &read.throughput, argument);
	}
}

static void
add_to_change(const char *index, const Throughput *throughput, void *argument)
{
	quota_add((QuotaChange *) argument, index, NULL, throughput);
}

void
create_table_check_plan(Jsonb *plan)
{
	QuotaChange change = {0};

	create_table_visit_plan(plan, add_to_change, &change);
	quota_check(&change);
}

void
create_planned_table(Jsonb *plan, const char *name, const pg_uuid_t *id)
{
	Jsonb	   *indexes = plan_member(&plan->root, "indexes");

	catalog_import_table(name, strlen(name), id, plan_member(&plan->root, "definition"));
	for (uint32 i = 0; i < JsonContainerSize(&indexes->root); i++)
	{
		JsonbContainer *index = getIthJsonbValueFromContainer(&indexes->root, i)->val.binary.data;
		JsonbValue	index_name;

		(void) getKeyJsonValueFromContainer(index, "name", strlen("name"), &index_name);
		catalog_create_index(name, pnstrdup(index_name.val.string.val, index_name.val.string.len), true,
							 plan_member(index, "definition"), true, NULL);
	}
}
