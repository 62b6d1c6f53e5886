/*
 * scaling_sql.c
 *		Auto scaling's doors to C: who may change what is scaled, and the change of a capacity.  The rest is SQL (sql/install/69-auto-scaling.sql).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "api/scaling.h"
#include "api/sql.h"
#include "base/error.h"
#include "base/user_switch.h"
#include "catalog/owner.h"
#include "catalog/tables.h"
#include "log/log_keeper.h"
#include "op/access_begin.h"
#include "op/op.h"

PG_FUNCTION_INFO_V1(dynapg_auto_scaling);
PG_FUNCTION_INFO_V1(dynapg_set_capacity);

static const ScalingOperation operations[] = {
	{"RegisterScalableTarget", "SELECT dynapg.register_scalable_target($1)", true},
	{"DeregisterScalableTarget", "SELECT dynapg.deregister_scalable_target($1)", true},
	{"PutScalingPolicy", "SELECT dynapg.put_scaling_policy($1)", true},
	{"DeleteScalingPolicy", "SELECT dynapg.delete_scaling_policy($1)", true},
	{"DescribeScalableTargets", "SELECT dynapg.describe_scalable_targets($1)", false},
	{"DescribeScalingPolicies", "SELECT dynapg.describe_scaling_policies($1)", false},
	{"DescribeScalingActivities", "SELECT dynapg.describe_scaling_activities($1)", false},
	{"ListTagsForResource", "SELECT '{\"Tags\": {}}'::jsonb WHERE $1 IS NOT NULL", false},
};

const ScalingOperation *
scaling_operation(const char *name, int len)
{
	for (int i = 0; i < lengthof(operations); i++)
		if (strlen(operations[i].name) == len && memcmp(operations[i].name, name, len) == 0)
			return &operations[i];
	return NULL;
}

static const ScalingOperation *
require_operation(const text *name)
{
	const ScalingOperation *operation = scaling_operation(VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));

	if (operation == NULL)
		dyn_invalid("There is no such operation of Application Auto Scaling, or dynapg does not have it: %s", text_to_cstring(name));
	return operation;
}

/* The name of the table in a request's ResourceId, NULL if it names none. */
static char *
table_of_request(Jsonb *request)
{
	const char *prefix = "table/";
	JsonbValue	value;
	const char *name;
	const char *slash;
	int			len;

	if (!JB_ROOT_IS_OBJECT(request))
		dyn_invalid("A request is a JSON object");
	if (getKeyJsonValueFromContainer(&request->root, "ResourceId", strlen("ResourceId"), &value) == NULL || value.type != jbvString ||
		value.val.string.len <= strlen(prefix) || memcmp(value.val.string.val, prefix, strlen(prefix)) != 0)
		return NULL;
	name = value.val.string.val + strlen(prefix);
	len = value.val.string.len - strlen(prefix);
	slash = (const char *) memchr(name, '/', len);
	if (slash != NULL)
		len = slash - name;
	return len < TABLE_NAME_MIN_SIZE || len > TABLE_NAME_MAX_SIZE ? NULL : pnstrdup(name, len);
}

/* Who may change the capacity of a table may have it changed; a table that is not there is left to the function. */
static void
require_table(const char *name)
{
	access_limit(POLICY_UpdateTable, name, strlen(name));
	catalog_lock_name(name, strlen(name));
	(void) catalog_lock_table(name, strlen(name), AccessShareLock, true);
}

/* auto_scaling(operation, request) */
Datum
dynapg_auto_scaling(PG_FUNCTION_ARGS)
{
	const ScalingOperation *operation = require_operation(PG_GETARG_TEXT_PP(0));
	Jsonb	   *request = PG_GETARG_JSONB_P(1);
	char	   *name = table_of_request(request);
	Oid			types[] = {JSONBOID};
	Datum		values[] = {JsonbPGetDatum(request)};
	Datum		answer;
	bool		isnull;

	if (operation->changes)
	{
		PreventCommandIfReadOnly("dynapg.auto_scaling()");
		if (name != NULL)
			require_table(name);
	}
	if (!catalog_fetch(operation->statement, lengthof(types), types, values, 1, &answer, &isnull) || isnull)
		elog(ERROR, "auto scaling has no answer");
	if (operation->changes)
		log_want_keeper(GetCurrentTimestamp());
	PG_RETURN_DATUM(answer);
}

static void
write_throughput(WireWriter *writer, int64 read_units, int64 write_units)
{
	wire_member(writer, "ProvisionedThroughput");
	wire_object_start(writer);
	wire_member(writer, "ReadCapacityUnits");
	wire_integer(writer, read_units);
	wire_member(writer, "WriteCapacityUnits");
	wire_integer(writer, write_units);
	wire_object_end(writer);
}

/* UpdateTable's request for the units of a table, or of an index if its name is not empty. */
static char *
make_request(const char *table_name, const char *index_name, int64 read_units, int64 write_units)
{
	StringInfoData text;
	WireWriter	writer;

	initStringInfo(&text);
	wire_write_text(&writer, &text);
	wire_object_start(&writer);
	wire_text_member(&writer, "TableName", table_name);
	if (index_name[0] == '\0')
		write_throughput(&writer, read_units, write_units);
	else
	{
		wire_member(&writer, "GlobalSecondaryIndexUpdates");
		wire_array_start(&writer);
		wire_object_start(&writer);
		wire_member(&writer, "Update");
		wire_object_start(&writer);
		wire_text_member(&writer, "IndexName", index_name);
		write_throughput(&writer, read_units, write_units);
		wire_object_end(&writer);
		wire_object_end(&writer);
		wire_array_end(&writer);
	}
	wire_object_end(&writer);
	return text.data;
}

/* Whether a table, or an index of it, has the units that it had when it was looked at. */
static bool
has_units(const char *table_name, const char *index_name, int64 read_units, int64 write_units)
{
	Oid			types[] = {TEXTOID, TEXTOID, INT8OID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(table_name), CStringGetTextDatum(index_name), Int64GetDatum(read_units), Int64GetDatum(write_units)};
	Datum		same;
	bool		isnull;

	return catalog_fetch("SELECT (c.read_units, c.write_units) IS NOT DISTINCT FROM ($3, $4) FROM dynapg.tables t, dynapg.scaling_capacity(t.id, $2) c WHERE t.name = $1",
						 lengthof(types), types, values, 1, &same, &isnull) && DatumGetBool(same);
}

/*
 * set_capacity(table name, index name, read units, write units, read units before, write units before): only its owner may execute it.  UpdateTable sets both units: who
 * has set others since they were looked at, and was waited for, has the last word, and the table is in use.  The table's relation is not locked before its owner is known:
 * if it gets another one meanwhile, UpdateTable refuses, and the next evaluation comes in a minute.
 */
Datum
dynapg_set_capacity(PG_FUNCTION_ARGS)
{
	char	   *table_name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *index_name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *request = make_request(table_name, index_name, PG_GETARG_INT64(2), PG_GETARG_INT64(3));
	const TableInfo *table;
	WireReader	reader;
	WireWriter	response;
	UserSwitch	before;
	Oid			owner;

	catalog_lock_name(table_name, strlen(table_name));
	table = catalog_table(table_name, strlen(table_name));
	/* nor is it there if its relation has gone meanwhile */
	owner = table != NULL && OidIsValid(table->relation) ? catalog_relation_owner(table->relation) : InvalidOid;
	if (!OidIsValid(owner))
		catalog_raise_not_found(table_name, strlen(table_name));
	if (!has_units(table_name, index_name, PG_GETARG_INT64(4), PG_GETARG_INT64(5)))
		dyn_error(DYN_RESOURCE_IN_USE, "Attempt to change a resource which is still in use: Table is being updated: %s", table_name);
	wire_read_text(&reader, request, strlen(request));
	wire_write_jsonb(&response);
	user_switch(owner, &before);
	sql_run(OPERATION_UpdateTable, &reader, &response);
	user_switch_back(&before);
	PG_RETURN_VOID();
}
