/*
 * table_check.c
 *		What CreateTable and UpdateTable refuse, and the tables that operations on tables are about.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/settings.h"
#include "op/op.h"
#include "op/table_check.h"

#define MAX_UNITS				INT64CONST(1000000000000)
#define MAX_KEY_ATTRIBUTES		4	/* of a kind, in a global index */
#define MAX_DIMENSIONS			4096
#define MAX_TAGS				50
#define TAG_KEY_MAX_SIZE		128
#define TAG_VALUE_MAX_SIZE		256

/* The members that the two shapes of a vector index share have the same places. */
StaticAssertDecl((int) VectorIndex_IndexName == (int) CreateVectorIndexAction_IndexName &&
				 (int) VectorIndex_VectorAttribute == (int) CreateVectorIndexAction_VectorAttribute &&
				 (int) VectorIndex_SearchSchema == (int) CreateVectorIndexAction_SearchSchema &&
				 (int) VectorIndex_Projection == (int) CreateVectorIndexAction_Projection &&
				 (int) VectorIndex_Dimensions == (int) CreateVectorIndexAction_Dimensions,
				 "vector indexes differ between CreateTable and UpdateTable");

const TableInfo *
table_of_request(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table = catalog_table(name, len);

	if (table == NULL)
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Table: %.*s not found", len, name);
	return table;
}

const TableInfo *
table_to_change(const RequestValue *table_name)
{
	static const char *const participles[] = {
		[TABLE_CREATING] = "created",
		[TABLE_UPDATING] = "updated",
		[TABLE_DELETING] = "deleted"
	};
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table;
	TableStatus status;

	catalog_lock_name(name, len);
	table = table_of_request(table_name);
	status = catalog_table_status(table);
	if (status != TABLE_ACTIVE)
		dyn_error(DYN_RESOURCE_IN_USE,
				  "Attempt to change a resource which is still in use: Table is being %s: %s",
				  participles[status], table->name);
	return table;
}

void
table_refuse(const char *what)
{
	dyn_invalid(INVALID "%s not supported by this version of dynapg", what);
}

int
table_billing_mode(const RequestValue *mode, const RequestValue *alias)
{
	if (!mode->present)
		mode = alias;
	if (!mode->present)
		return -1;
	return strcmp(mode->as.string.text, "PAY_PER_REQUEST") == 0;
}

void
check_throughput_bounds(const RequestValue *throughput)
{
	int64		units;

	if (!throughput->present)
		return;
	units = request_member(throughput, ProvisionedThroughput_ReadCapacityUnits)->as.integer;
	if (units > MAX_UNITS)
		dyn_invalid("Given value " INT64_FORMAT " for ReadCapacityUnits is out of bounds", units);
	units = request_member(throughput, ProvisionedThroughput_WriteCapacityUnits)->as.integer;
	if (units > MAX_UNITS)
		dyn_invalid("Given value " INT64_FORMAT " for WriteCapacityUnits is out of bounds", units);
}

List *
table_pairs(const RequestValue *list)
{
	List	   *pairs = NIL;

	if (!list->present)
		return NIL;
	for (int i = 0; i < list->as.list.count; i++)
	{
		const RequestValue *element = &list->as.list.items[i];
		bool		is_key = strcmp(element->shape->name, "KeySchemaElement") == 0;
		const RequestValue *name;
		const RequestValue *value;
		NamePair   *pair = (NamePair *) palloc(sizeof(NamePair));

		if (is_key)
		{
			name = request_member(element, KeySchemaElement_AttributeName);
			value = request_member(element, KeySchemaElement_KeyType);
		}
		else
		{
			name = request_member(element, AttributeDefinition_AttributeName);
			value = request_member(element, AttributeDefinition_AttributeType);
		}
		if (memchr(name->as.string.text, '\0', name->as.string.len) != NULL)
			dyn_invalid(INVALID "a key attribute's name cannot hold U+0000");
		pair->name = name->as.string.text;
		pair->name_len = name->as.string.len;
		pair->value = value->as.string.text;
		pair->value_len = value->as.string.len;
		pairs = lappend(pairs, pair);
	}
	return pairs;
}

const NamePair *
find_pair(List *pairs, const char *name, int name_len)
{
	ListCell   *cell;

	foreach(cell, pairs)
	{
		const NamePair *pair = (const NamePair *) lfirst(cell);

		if (pair->name_len == name_len && memcmp(pair->name, name, name_len) == 0)
			return pair;
	}
	return NULL;
}

char *
pair_names(List *pairs)
{
	StringInfoData out;
	ListCell   *cell;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	foreach(cell, pairs)
		appendStringInfo(&out, "%s%s", cell == list_head(pairs) ? "" : ", ", ((const NamePair *) lfirst(cell))->name);
	appendStringInfoChar(&out, ']');
	return out.data;
}

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
	if (hashes > MAX_KEY_ATTRIBUTES)
		dyn_invalid(INVALID "The KeySchema exceeds the maximum allowed number of HASH key attributes");
	if (ranges > MAX_KEY_ATTRIBUTES)
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

void
check_projection(const RequestValue *projection)
{
	const char *type = request_text(projection, Projection_ProjectionType);
	const RequestValue *names = request_member(projection, Projection_NonKeyAttributes);

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
		for (int j = 0; j < i; j++)
			if (names->as.list.items[i].as.string.len == names->as.list.items[j].as.string.len &&
				memcmp(names->as.list.items[i].as.string.text, names->as.list.items[j].as.string.text,
					   names->as.list.items[i].as.string.len) == 0)
				dyn_invalid(INVALID "Duplicate element in NonKeyAttributes: %s",
							names->as.list.items[i].as.string.text);
}

void
check_global_index(const IndexRequest *index, List *attributes, bool on_demand, bool creating_table)
{
	TableDefinition capacity = {.on_demand = on_demand};

	check_index_key_schema(table_pairs(index->keys), attributes);
	check_projection(index->projection);
	if (on_demand && index->throughput->present)
	{
		if (creating_table)
			dyn_invalid(INVALID "ProvisionedThroughput should not be specified for index: %s "
						"when BillingMode is PAY_PER_REQUEST", index->name);
		dyn_invalid(INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for index: %s "
					"when BillingMode is PAY_PER_REQUEST", index->name);
	}
	if (!on_demand)
	{
		if (!index->throughput->present)
		{
			if (creating_table)
				dyn_invalid(INVALID "ProvisionedThroughput is not specified for index: %s", index->name);
			dyn_invalid(INVALID "Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: %s",
						index->name);
		}
		capacity.read_units =
			request_member(index->throughput, ProvisionedThroughput_ReadCapacityUnits)->as.integer;
		capacity.write_units =
			request_member(index->throughput, ProvisionedThroughput_WriteCapacityUnits)->as.integer;
	}
	check_throughput_bounds(index->throughput);
	check_ceilings(index->ceilings, on_demand, creating_table, index->name);
	check_warm_throughput(index->warm, &capacity, true, index->name);
}

void
check_vector_index(const RequestValue *index, List *attributes, bool on_demand)
{
	const RequestValue *vector = request_member(index, VectorIndex_VectorAttribute);
	const RequestValue *name = request_member(vector, VectorAttributeDefinition_AttributeName);
	const RequestValue *schema = request_member(index, VectorIndex_SearchSchema);

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
	check_projection(request_member(index, VectorIndex_Projection));
}

static void
check_ceiling(const RequestValue *units, const char *member, bool on_demand, bool creating_table,
			  const char *index)
{
	char	   *target = index ? psprintf(" for index : %s", index) : "";

	if (!units->present)
		return;
	if (!on_demand)
	{
		if (creating_table)
			dyn_invalid(INVALID "%s for OnDemandThroughput%s cannot be specified when table BillingMode is PROVISIONED.",
						member, target);
		dyn_invalid(INVALID "%s for OnDemandThroughput%s cannot be specified when the table BillingMode is PROVISIONED",
					member, target);
	}
	if ((units->as.integer == -1 && !creating_table) ||
		(units->as.integer > 0 && units->as.integer <= MAX_UNITS))
		return;
	dyn_invalid(INVALID "Requested %s for OnDemandThroughput%s is outside of valid range",
				member, index ? target : " for table");
}

void
check_ceilings(const RequestValue *ceilings, bool on_demand, bool creating_table, const char *index)
{
	if (!ceilings->present)
		return;
	check_ceiling(request_member(ceilings, OnDemandThroughput_MaxReadRequestUnits), "MaxReadRequestUnits",
				  on_demand, creating_table, index);
	check_ceiling(request_member(ceilings, OnDemandThroughput_MaxWriteRequestUnits), "MaxWriteRequestUnits",
				  on_demand, creating_table, index);
}

static void
check_warm_units(const RequestValue *units, const char *member, int64 least, const char *reason,
				 const char *target)
{
	if (units->present && units->as.integer < least)
		dyn_invalid(INVALID "Requested %s for WarmThroughput for %s is lower than %s", member, target, reason);
	if (units->present && units->as.integer > MAX_UNITS)
		dyn_invalid("Given value " INT64_FORMAT " for %s is out of bounds", units->as.integer, member);
}

void
check_warm_throughput(const RequestValue *warm, const TableDefinition *definition, bool creating,
					  const char *index)
{
	const char *target = index ? psprintf("index %s", index) : "table";
	const char *read_reason;
	const char *write_reason;

	if (!warm->present)
		return;
	if (!creating)
		read_reason = write_reason = "current WarmThroughput, decreasing WarmThroughput is not supported";
	else if (definition->on_demand)
		read_reason = write_reason = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/"
			"amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
	else
	{
		read_reason = "ReadCapacityUnits of ProvisionedThroughput";
		write_reason = "WriteCapacityUnits of ProvisionedThroughput";
	}
	check_warm_units(request_member(warm, WarmThroughput_ReadUnitsPerSecond), "ReadUnitsPerSecond",
					 table_warm_read_units(definition), read_reason, target);
	check_warm_units(request_member(warm, WarmThroughput_WriteUnitsPerSecond), "WriteUnitsPerSecond",
					 table_warm_write_units(definition), write_reason, target);
}

bool
check_encryption(const RequestValue *specification, const char **kms_key)
{
	const RequestValue *enabled = request_member(specification, SSESpecification_Enabled);
	const char *type = request_text(specification, SSESpecification_SSEType);
	const char *key = request_text(specification, SSESpecification_KMSMasterKeyId);

	*kms_key = NULL;
	if (enabled->present && !enabled->as.boolean)
	{
		if (type)
			dyn_invalid(INVALID "SSEType can not be specified if Enabled is false");
		if (key)
			dyn_invalid(INVALID "KMSMasterKeyId can not be specified if Enabled is false");
		return false;
	}
	if (type && strcmp(type, "AES256") == 0)
		dyn_invalid(INVALID "SSEType AES256 is not supported");
	if (key && !type)
		dyn_invalid(INVALID "SSEType KMS is required if KMSMasterKeyId is specified");
	if (!enabled->present && !type)
		return false;

	if (key == NULL)
		key = "alias/aws/dynamodb";
	if (strncmp(key, "arn:", 4) == 0)
		*kms_key = key;
	else
		*kms_key = psprintf("arn:aws:kms:%s:%s:%s%s", dynapg_region, dynapg_account_id,
							strncmp(key, "alias/", 6) == 0 ? "" : "key/", key);
	return true;
}

List *
check_tags(const RequestValue *tags)
{
	List	   *pairs = NIL;

	if (!tags->present)
		return NIL;
	for (int i = 0; i < tags->as.list.count; i++)
	{
		const RequestValue *key = request_member(&tags->as.list.items[i], Tag_Key);
		const RequestValue *value = request_member(&tags->as.list.items[i], Tag_Value);
		NamePair   *pair = (NamePair *) palloc(sizeof(NamePair));

		if (!key->present || key->as.string.len == 0 || key->as.string.len > TAG_KEY_MAX_SIZE ||
			strlen(key->as.string.text) != key->as.string.len)
			dyn_invalid("The Tag Key provided is invalid, Key: %s", key->present ? key->as.string.text : "null");
		if (!value->present || value->as.string.len > TAG_VALUE_MAX_SIZE ||
			strlen(value->as.string.text) != value->as.string.len)
			dyn_invalid("The Tag Value provided is invalid, Value: %s",
						value->present ? value->as.string.text : "null");
		if (strncmp(key->as.string.text, "aws:", 4) == 0)
			dyn_invalid("Tag Key cannot be prefixed with aws:, Key: %s", key->as.string.text);
		if (find_pair(pairs, key->as.string.text, key->as.string.len) != NULL)
			dyn_invalid("Duplicate Tag Keys provided as input: Duplicate Tag Key found %s", key->as.string.text);
		pair->name = key->as.string.text;
		pair->name_len = key->as.string.len;
		pair->value = value->as.string.text;
		pair->value_len = value->as.string.len;
		pairs = lappend(pairs, pair);
	}
	if (list_length(pairs) > MAX_TAGS)
		dyn_invalid("Number of Tags exceed the current limit for the provided ResourceArn");
	return pairs;
}
