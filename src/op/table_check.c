/*
 * table_check.c
 *		What CreateTable and UpdateTable refuse, and the tables that operations on tables are about.
 */
#include "postgres.h"

#include "base/error.h"
#include "base/settings.h"
#include "op/op.h"
#include "op/table_check.h"
#include "storage/index_build.h"

const TableInfo *
table_of_request(const RequestValue *table_name)
{
	int			len;
	const char *name = op_table_name(table_name, &len);
	const TableInfo *table = catalog_lock_table(name, len, AccessShareLock, false);

	if (table == NULL)
		catalog_raise_not_found(name, len);
	return table;
}

void
table_resume_builds(const TableInfo *table)
{
	for (int i = 0; i < table->n_indexes; i++)
		if (table->indexes[i].status == TABLE_CREATING || table->indexes[i].status == TABLE_DELETING)
		{
			index_build_resume(table);
			return;
		}
}

const TableInfo *
table_to_change(const RequestValue *table_name, LOCKMODE lockmode)
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
	table = catalog_lock_table(name, len, lockmode, true);
	if (table == NULL)
		catalog_raise_not_found(name, len);
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
						member, index ? psprintf(" for index: %s", index) : "");
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
check_warm_throughput(const RequestValue *warm, const Throughput *throughput, bool creating,
					  const char *index)
{
	const char *target = index ? psprintf("index %s", index) : "table";
	const char *read_reason;
	const char *write_reason;

	if (!warm->present)
		return;
	if (!creating)
		read_reason = write_reason = "current WarmThroughput, decreasing WarmThroughput is not supported";
	else if (throughput->on_demand)
		read_reason = write_reason = "initial throughput for OnDemand. See: https://docs.aws.amazon.com/"
			"amazondynamodb/latest/developerguide/on-demand-capacity-mode.html#on-demand-capacity-mode-initial";
	else
	{
		read_reason = "ReadCapacityUnits of ProvisionedThroughput";
		write_reason = "WriteCapacityUnits of ProvisionedThroughput";
	}
	check_warm_units(request_member(warm, WarmThroughput_ReadUnitsPerSecond), "ReadUnitsPerSecond",
					 throughput_warm_read_units(throughput), read_reason, target);
	check_warm_units(request_member(warm, WarmThroughput_WriteUnitsPerSecond), "WriteUnitsPerSecond",
					 throughput_warm_write_units(throughput), write_reason, target);
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
