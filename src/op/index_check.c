/*
 * index_check.c
 *		What is refused about key schemas and indexes.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/index_check.h"
#include "op/table_check.h"

#define MAX_DIMENSIONS	4096

/* The members that the two shapes of a vector index share have the same places. */
StaticAssertDecl((int) VectorIndex_IndexName == (int) CreateVectorIndexAction_IndexName &&
				 (int) VectorIndex_VectorAttribute == (int) CreateVectorIndexAction_VectorAttribute &&
				 (int) VectorIndex_SearchSchema == (int) CreateVectorIndexAction_SearchSchema &&
				 (int) VectorIndex_Projection == (int) CreateVectorIndexAction_Projection &&
				 (int) VectorIndex_Dimensions == (int) CreateVectorIndexAction_Dimensions,
				 "vector indexes differ between CreateTable and UpdateTable");

/* ------------------------------------------------------------------------------------------------------------
 * Key schemas
 * ------------------------------------------------------------------------------------------------------------ */

static bool
is_kind(List *keys, int n, const char *kind)
{
	return strcmp(((const NamePair *) list_nth(keys, n))->value, kind) == 0;
}

static bool
names_equal(List *keys, int a, int b)
{
	const NamePair *x = (const NamePair *) list_nth(keys, a);
	const NamePair *y = (const NamePair *) list_nth(keys, b);

	return x->name_len == y->name_len && memcmp(x->name, y->name, x->name_len) == 0;
}

static void
check_keys_defined(List *keys, List *attributes)
{
	ListCell   *cell;

	foreach(cell, keys)
	{
		const NamePair *key = (const NamePair *) lfirst(cell);

		if (find_pair(attributes, key->name, key->name_len) == NULL)
			dyn_invalid(INVALID "Some index key attributes are not defined in AttributeDefinitions. "
						"Keys: %s, AttributeDefinitions: %s", pair_names(keys), pair_names(attributes));
	}
}

void
check_key_schema(List *keys, List *attributes)
{
	check_keys_defined(keys, attributes);
	if (list_length(keys) == 2 && names_equal(keys, 0, 1))
		dyn_invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
	if (!is_kind(keys, 0, "HASH"))
		dyn_invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
	if (list_length(keys) == 2 && !is_kind(keys, 1, "RANGE"))
		dyn_invalid("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
}

void
check_index_key_schema(List *keys, List *attributes)
{
	int			hashes = 0;
	int			ranges = 0;

	check_keys_defined(keys, attributes);
	for (int i = 0; i < list_length(keys); i++)
		for (int j = 0; j < i; j++)
			if (names_equal(keys, i, j))
			{
				if (list_length(keys) == 2)
					dyn_invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
				dyn_invalid("The KeySchema contains multiple key attributes with the same name");
			}
	if (!is_kind(keys, 0, "HASH"))
		dyn_invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
	for (int i = 0; i < list_length(keys); i++)
	{
		if (!is_kind(keys, i, "HASH"))
			ranges++;
		else if (ranges > 0)
			dyn_invalid(INVALID "All HASH key attributes must precede RANGE key attributes in the KeySchema");
		else
			hashes++;
	}
	if (hashes > INDEX_KEY_MAX_ATTRIBUTES)
		dyn_invalid(INVALID "The KeySchema exceeds the maximum allowed number of HASH key attributes");
	if (ranges > INDEX_KEY_MAX_ATTRIBUTES)
		dyn_invalid(INVALID "The KeySchema exceeds the maximum allowed number of RANGE key attributes");
}

void
check_definitions_unique(List *attributes)
{
	for (int i = 0; i < list_length(attributes); i++)
		for (int j = 0; j < i; j++)
			if (names_equal(attributes, i, j))
				dyn_invalid("Attribute Name is duplicated: %s", ((const NamePair *) list_nth(attributes, i))->name);
}

/* ------------------------------------------------------------------------------------------------------------
 * Indexes by themselves
 * ------------------------------------------------------------------------------------------------------------ */

static int
compare_texts(const ListCell *a, const ListCell *b)
{
	return strcmp((const char *) lfirst(a), (const char *) lfirst(b));
}

void
check_projection(const RequestValue *projection, IndexDefinition *definition)
{
	const char *type = request_text(projection, Projection_ProjectionType);
	const RequestValue *names = request_member(projection, Projection_NonKeyAttributes);

	definition->projection = type;
	definition->included = NIL;
	if (type == NULL)
		dyn_invalid(INVALID "Unknown ProjectionType: null");
	if (strcmp(type, "INCLUDE") != 0)
	{
		if (names->present)
			dyn_invalid(INVALID "ProjectionType is %s, but NonKeyAttributes is specified", type);
		return;
	}
	if (!names->present)
		dyn_invalid(INVALID "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
	for (int i = 0; i < names->as.list.count; i++)
	{
		const RequestValue *name = &names->as.list.items[i];
		ListCell   *cell;

		if (strlen(name->as.string.text) != name->as.string.len)
			dyn_invalid(INVALID "a projected attribute's name cannot hold U+0000");
		foreach(cell, definition->included)
			if (strcmp((const char *) lfirst(cell), name->as.string.text) == 0)
				dyn_invalid(INVALID "Duplicate element in NonKeyAttributes: %s", name->as.string.text);
		definition->included = lappend(definition->included, unconstify(char *, name->as.string.text));
	}
	list_sort(definition->included, compare_texts);
}

void
check_local_key_schema(const char *name, List *keys, List *attributes, List *table_keys)
{
	const NamePair *hash = (const NamePair *) linitial(keys);
	const NamePair *table_hash = (const NamePair *) linitial(table_keys);

	check_key_schema(keys, attributes);
	if (list_length(keys) != 2)
		dyn_invalid(INVALID "Index KeySchema does not have a range key for index: %s", name);
	if (strcmp(hash->name, table_hash->name) != 0)
		dyn_invalid(INVALID "Index KeySchema does not have the same leading hash key as table KeySchema "
					"for index: %s. index hash key: %s, table hash key: %s", name, hash->name, table_hash->name);
}

void
check_global_index(const IndexRequest *index, List *attributes, bool on_demand, bool creating_table,
				   IndexDefinition *definition)
{
	memset(definition, 0, sizeof(*definition));
	definition->keys = table_pairs(index->keys);
	check_index_key_schema(definition->keys, attributes);
	check_projection(index->projection, definition);
	if (on_demand && index->throughput->present)
	{
		if (creating_table)
			dyn_invalid(INVALID "ProvisionedThroughput should not be specified for index: %s "
						"when BillingMode is PAY_PER_REQUEST", index->name);
		dyn_invalid(INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: %s "
					"when BillingMode is PAY_PER_REQUEST", index->name);
	}
	if (!on_demand && !index->throughput->present)
	{
		if (creating_table)
			dyn_invalid(INVALID "ProvisionedThroughput is not specified for index: %s", index->name);
		dyn_invalid(INVALID "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %s",
					index->name);
	}
	definition->throughput.on_demand = on_demand;
	if (!on_demand)
		throughput_take_units(&definition->throughput, index->throughput);
	check_throughput_bounds(index->throughput);
	check_ceilings(index->ceilings, on_demand, creating_table, index->name);
	check_warm_throughput(index->warm, &definition->throughput, true, index->name);
	throughput_take_ceilings(&definition->throughput, index->ceilings);
	throughput_take_warm(&definition->throughput, index->warm);
}

void
check_vector_index(const RequestValue *index, List *attributes, bool on_demand)
{
	const RequestValue *vector = request_member(index, VectorIndex_VectorAttribute);
	const RequestValue *name = request_member(vector, VectorAttributeDefinition_AttributeName);
	const RequestValue *schema = request_member(index, VectorIndex_SearchSchema);
	IndexDefinition projection;

	if (!on_demand)
		dyn_invalid(INVALID "Vector indexes are only supported for PAY_PER_REQUEST tables");
	if (request_member(index, VectorIndex_Dimensions)->as.integer > MAX_DIMENSIONS)
		dyn_invalid(INVALID "Number of dimensions must be between 1 and %d inclusive.", MAX_DIMENSIONS);
	for (int i = 0; schema->present && i < schema->as.list.count; i++)
	{
		const RequestValue *element = request_member(&schema->as.list.items[i], SearchSchemaElement_AttributeName);

		if (find_pair(attributes, element->as.string.text, element->as.string.len) == NULL)
			dyn_invalid(INVALID "One element in SearchSchema is not defined in attribute definitions");
		for (int j = 0; j < i; j++)
		{
			const RequestValue *other =
				request_member(&schema->as.list.items[j], SearchSchemaElement_AttributeName);

			if (other->as.string.len == element->as.string.len &&
				memcmp(other->as.string.text, element->as.string.text, other->as.string.len) == 0)
				dyn_invalid(INVALID "SearchSchema contains a duplicate AttributeName");
		}
	}
	if (find_pair(attributes, name->as.string.text, name->as.string.len) != NULL)
		dyn_invalid(INVALID "Conflicting attribute definition for '%s'. An attribute cannot be defined in "
					"AttributeDefinitions when used as a VectorAttribute.", name->as.string.text);
	check_projection(request_member(index, VectorIndex_Projection), &projection);
}

/* ------------------------------------------------------------------------------------------------------------
 * A new index against its table
 * ------------------------------------------------------------------------------------------------------------ */

static const KeyAttribute *
find_attribute(const KeyAttribute *keys, int n, const NamePair *name)
{
	for (int i = 0; i < n; i++)
		if (keys[i].name_len == name->name_len && memcmp(keys[i].name, name->name, name->name_len) == 0)
			return &keys[i];
	return NULL;
}

/* The attribute of a name in an index's key, or NULL. */
static const KeyAttribute *
index_attribute(const TableIndex *index, const NamePair *name)
{
	const KeyAttribute *found = find_attribute(index->hash, index->n_hash, name);

	return found ? found : find_attribute(index->sort, index->n_sort, name);
}

/* The attribute of a name in the table's key, or NULL. */
static const KeyAttribute *
table_attribute(const TableInfo *table, const NamePair *name)
{
	const KeyAttribute *found = find_attribute(&table->hash, 1, name);

	return found ? found : find_attribute(&table->sort, table->has_sort, name);
}

static void
echo_element(StringInfo out, const char *name, char type, const char *kind)
{
	appendStringInfo(out, "%sSchemaElement: key{%s:%c:%s}", out->len == 0 ? "" : ", ", name, type, kind);
}

/* "SchemaElement: key{a:S:HASH}, ...": a key as the error about redefined attributes shows it. */
static char *
echo_attributes(const KeyAttribute *hash, int n_hash, const KeyAttribute *sort, int n_sort)
{
	StringInfoData out;

	initStringInfo(&out);
	for (int i = 0; i < n_hash; i++)
		echo_element(&out, hash[i].name, hash[i].type, "HASH");
	for (int i = 0; i < n_sort; i++)
		echo_element(&out, sort[i].name, sort[i].type, "RANGE");
	return out.data;
}

static char *
echo_keys(List *keys, List *attributes)
{
	StringInfoData out;
	ListCell   *cell;

	initStringInfo(&out);
	foreach(cell, keys)
	{
		const NamePair *key = (const NamePair *) lfirst(cell);

		echo_element(&out, key->name, find_pair(attributes, key->name, key->name_len)->value[0], key->value);
	}
	return out.data;
}

static void
check_type(const KeyAttribute *known, const NamePair *given, const char *schema, List *keys, List *attributes)
{
	if ((char) known->type != given->value[0])
		dyn_invalid(INVALID "Attributes cannot be redefined. Please check that your attribute has the same type "
					"as previously defined. Existing schema: Schema:[%s] New schema: Schema:[%s]",
					schema, echo_keys(keys, attributes));
}

void
index_check_not_redefined(const TableInfo *table, List *keys, List *attributes)
{
	ListCell   *cell;

	foreach(cell, keys)
	{
		const NamePair *key = (const NamePair *) lfirst(cell);
		const NamePair *given = find_pair(attributes, key->name, key->name_len);
		const KeyAttribute *known = table_attribute(table, key);

		if (known)
			check_type(known, given, echo_attributes(&table->hash, 1, &table->sort, table->has_sort), keys, attributes);
		for (int i = 0; i < table->n_indexes; i++)
		{
			const TableIndex *index = &table->indexes[i];

			known = index->expires ? NULL : index_attribute(index, key);
			if (known)
				check_type(known, given, echo_attributes(index->hash, index->n_hash, index->sort, index->n_sort),
						   keys, attributes);
		}
	}
}

void
index_check_alone(const TableInfo *table, const char *name)
{
	for (int i = 0; i < table->n_indexes; i++)
	{
		const TableIndex *index = &table->indexes[i];
		TableStatus status = catalog_index_status(index);

		if ((status == TABLE_CREATING || status == TABLE_DELETING) && !index->expires &&
			(name == NULL || strcmp(index->name, name) != 0))
			index_refuse_online();
	}
}

void
index_refuse_online(void)
{
	dyn_error(DYN_LIMIT_EXCEEDED, "Subscriber limit exceeded: "
			  "Only 1 online index can be created or deleted simultaneously per table");
}

void
index_check_idle(const TableView *view, const IndexView *index, bool deletes)
{
	const char *table = view->table->name;

	if (index->replaced || (index->global && index->status == TABLE_UPDATING))
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Index is being updated.  Table: %s Index: %s", table, index->name);
	if (index->status == TABLE_DELETING)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Index is being deleted.  Table: %s Index: %s", table, index->name);
	if (index->status != TABLE_CREATING || index->backfilling)
		return;
	if (deletes)
		dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Index creation is in resource allocation phase. "
				  "Retry deletion during backfilling phase or when the index is active. Table: %s Index: %s",
				  table, index->name);
	dyn_error(DYN_RESOURCE_IN_USE, IN_USE "Index is being created but is not backfilling yet.  Table: %s Index: %s",
			  table, index->name);
}

void
index_check_projected(const TableView *view, const char *name, const IndexDefinition *definition)
{
	int			projected = list_length(definition->included);
	ListCell   *cell;

	foreach(cell, view->indexes)
	{
		const IndexView *index = (const IndexView *) lfirst(cell);

		if (strcmp(index->name, name) != 0)
			projected += list_length(index->definition.included);
	}
	if (projected > MAX_PROJECTED)
		dyn_invalid(INVALID "Number of NonKeyAttributes exceeds the per-table limit of %d", MAX_PROJECTED);
}

List *
index_merge_attributes(const TableView *view, List *keys, List *attributes)
{
	List	   *merged = NIL;
	ListCell   *cell;

	foreach(cell, view->definition.attributes)
	{
		NamePair   *attribute = (NamePair *) lfirst(cell);
		bool		used = table_attribute(view->table, attribute) != NULL;

		for (int i = 0; i < view->table->n_indexes; i++)
			used |= !view->table->indexes[i].expires && index_attribute(&view->table->indexes[i], attribute) != NULL;
		if (used)
			merged = lappend(merged, attribute);
	}
	foreach(cell, keys)
	{
		const NamePair *key = (const NamePair *) lfirst(cell);

		if (find_pair(merged, key->name, key->name_len) == NULL)
			merged = lappend(merged, unconstify(NamePair *, find_pair(attributes, key->name, key->name_len)));
	}
	return merged;
}
