/*
 * adopt_table_sql.c
 *		dynapg.adopt_table(): a catalog row for an item table that has come without one.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_inherits.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"

#include "api/definition.h"
#include "base/compat.h"
#include "base/error.h"
#include "op/access_begin.h"
#include "op/adopt_table.h"
#include "op/op.h"
#include "storage/layout.h"

PG_FUNCTION_INFO_V1(dynapg_adopt_table);

/* hint: NULL if there is none */
static _Noreturn void
refuse(Relation relation, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("\"%s\" cannot be adopted as an item table", RelationGetRelationName(relation)),
			 errdetail_internal("%s", detail),
			 hint ? errhint("%s", hint) : 0));
}

/* Whether the primary key is an item table's. */
static bool
has_key(Relation relation)
{
	Oid			key = compat_primary_key(relation);
	Relation	index;
	bool		result;

	if (!OidIsValid(key))
		return false;
	index = index_open(key, AccessShareLock);
	result = layout_is_key_index(index);
	index_close(index, AccessShareLock);
	if (!result)
		refuse(relation, "Its primary key is not on its columns hash and sort.", NULL);
	return true;
}

/* Raises an error unless a relation is there and the current user's. */
static void
require_owner(Oid relation)
{
	const char *name = get_rel_name(relation);

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	if (!compat_owns_relation(relation, GetUserId()))
		aclcheck_error(ACLCHECK_NOT_OWNER, get_relkind_objtype(get_rel_relkind(relation)), name);
}

/* What a relation must be before anything is made of it. */
static void
check_relation(Relation relation)
{
	const FormData_pg_class *form = relation->rd_rel;

	if (form->relkind != RELKIND_RELATION || form->relpersistence == RELPERSISTENCE_TEMP ||
		form->relnamespace != get_namespace_oid(CATALOG_ITEM_SCHEMA, false))
		refuse(relation, "It is not a table in schema " CATALOG_ITEM_SCHEMA ".", NULL);
	if (form->relam != get_table_am_oid("dynapg", false))
		refuse(relation, "Its access method is not dynapg.", "ALTER TABLE ... SET ACCESS METHOD dynapg checks its items.");
	if (form->relhassubclass || form->relispartition || OidIsValid(form->reloftype) || has_superclass(RelationGetRelid(relation)))
		refuse(relation, "It inherits or is inherited from, is a partition or has a type.", NULL);
	if (!layout_of(relation)->valid)
		refuse(relation, "Its columns are not those that dynapg makes.", NULL);
}

/* Others' triggers may have the names of those that dynapg makes: then these are not there now. */
static void
check_triggers(Oid oid)
{
	Relation	relation = relation_open(oid, NoLock);

	if (!layout_has_triggers(relation))
		refuse(relation, "Its triggers dynapg_items and dynapg_truncate are not those that dynapg makes.", "Rename or drop them.");
	relation_close(relation, NoLock);
}

/* Locks a relation, looks at what it is, and makes it whole; its layout. */
static Layout
prepare_relation(Oid oid)
{
	Relation	relation;
	Layout		layout;
	bool		keyed;

	/* a role without the right does not get into the queue for the lock */
	require_owner(oid);
	LockRelationOid(oid, ShareRowExclusiveLock);
	require_owner(oid);
	relation = relation_open(oid, NoLock);
	check_relation(relation);
	layout = *layout_of(relation);
	keyed = has_key(relation);
	relation_close(relation, NoLock);
	if (catalog_table_of_relation(oid) != NULL)
		dyn_error(DYN_RESOURCE_IN_USE, "Table already exists: %s", catalog_table_of_relation(oid)->name);
	catalog_complete_relation(oid, keyed);
	check_triggers(oid);
	return layout;
}

/* ------------------------------------------------------------------------------------------------------------
 * The request: CreateTable's
 * ------------------------------------------------------------------------------------------------------------ */

static void
append_string(StringInfo out, const char *text, int len)
{
	escape_json(out, pnstrdup(text, len));
}

/* Appends an element of KeySchema or AttributeDefinitions. */
static void
append_key(StringInfo out, const char *stored, int stored_len, const char *member, const char *value)
{
	int			len;
	const char *name = attr_name_from_stored(stored, stored_len, &len);

	appendStringInfoString(out, "{\"AttributeName\": ");
	append_string(out, name, len);
	appendStringInfo(out, ", \"%s\": \"%s\"}", member, value);
}

/* Whether an element of AttributeDefinitions says what the columns say of a key attribute. */
static bool
is_key_definition(const JsonbValue *element, const char *stored, int stored_len, KeyType type)
{
	JsonbValue	name_space;
	JsonbValue	type_space;
	JsonbValue *name;
	JsonbValue *given;
	int			len;
	const char *real = attr_name_from_stored(stored, stored_len, &len);

	if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
		return false;
	name = getKeyJsonValueFromContainer(element->val.binary.data, "AttributeName", strlen("AttributeName"), &name_space);
	given = getKeyJsonValueFromContainer(element->val.binary.data, "AttributeType", strlen("AttributeType"), &type_space);
	return name != NULL && given != NULL && name->type == jbvString && given->type == jbvString &&
		name->val.string.len == len && memcmp(name->val.string.val, real, len) == 0 &&
		given->val.string.len == 1 && given->val.string.val[0] == type;
}

/* AttributeDefinitions: the keys', and what else is given.  What contradicts them is there twice, and refused. */
static void
append_attributes(StringInfo out, const Layout *layout, Jsonb *settings)
{
	JsonbValue	space;
	JsonbValue *given = getKeyJsonValueFromContainer(&settings->root, "AttributeDefinitions", strlen("AttributeDefinitions"), &space);
	bool		is_list = given != NULL && given->type == jbvBinary && JsonContainerIsArray(given->val.binary.data);
	int			count = is_list ? JsonContainerSize(given->val.binary.data) : 0;

	if (given != NULL && !is_list)
	{
		definition_append(out, "AttributeDefinitions", settings, NULL);
		return;
	}
	appendStringInfoString(out, ", \"AttributeDefinitions\": [");
	append_key(out, layout->hash_name, layout->hash_name_len, "AttributeType", (char[]) {layout->hash_type, '\0'});
	if (layout->has_sort)
	{
		appendStringInfoString(out, ", ");
		append_key(out, layout->sort_name, layout->sort_name_len, "AttributeType", (char[]) {layout->sort_type, '\0'});
	}
	for (int i = 0; i < count; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(given->val.binary.data, i);
		Jsonb	   *text;

		if (is_key_definition(element, layout->hash_name, layout->hash_name_len, layout->hash_type) ||
			(layout->has_sort && is_key_definition(element, layout->sort_name, layout->sort_name_len, layout->sort_type)))
			continue;
		text = JsonbValueToJsonb(element);
		appendStringInfoString(out, ", ");
		JsonbToCString(out, &text->root, VARSIZE(text));
	}
	appendStringInfoString(out, "]");
}

static const char *const settings_members[] = {
	"AttributeDefinitions", "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "BillingMode", "ProvisionedThroughput",
	"OnDemandThroughput", "WarmThroughput", "TableClass", "SSESpecification", "DeletionProtectionEnabled",
	"StreamSpecification", "Tags"
};

static RequestValue *
make_request(const char *name, int name_len, const Layout *layout, Jsonb *settings)
{
	StringInfoData out;
	WireReader	reader;

	initStringInfo(&out);
	appendStringInfoString(&out, "{\"TableName\": ");
	append_string(&out, name, name_len);
	appendStringInfoString(&out, ", \"KeySchema\": [");
	append_key(&out, layout->hash_name, layout->hash_name_len, "KeyType", "HASH");
	if (layout->has_sort)
	{
		appendStringInfoString(&out, ", ");
		append_key(&out, layout->sort_name, layout->sort_name_len, "KeyType", "RANGE");
	}
	appendStringInfoString(&out, "]");
	append_attributes(&out, layout, settings);
	for (int i = 1; i < lengthof(settings_members); i++)
		definition_append(&out, settings_members[i], settings, NULL);
	if (!definition_has(settings, "BillingMode") && !definition_has(settings, "ProvisionedThroughput"))
		appendStringInfoString(&out, ", \"BillingMode\": \"PAY_PER_REQUEST\"");
	appendStringInfoString(&out, "}");
	wire_read_text(&reader, out.data, out.len);
	return request_read(&reader, OPERATION_CreateTable);
}

static void
adopt(Oid relation, Jsonb *settings, const char *name, int name_len)
{
	int			len;
	const char *plain_name = op_table_name_of_text(name, name_len, &len);
	Layout		layout;

	access_limit(POLICY_CreateTable, plain_name, len);
	/* the order of all DDL of ours: the name, then the relation */
	catalog_lock_name(plain_name, len);
	layout = prepare_relation(relation);
	adopt_table(make_request(plain_name, len, &layout, settings), relation);
}

/* adopt_table(relation regclass, indexes jsonb, table_name text) returns void */
Datum
dynapg_adopt_table(PG_FUNCTION_ARGS)
{
	const char *outer = dyn_operation;
	Oid			relation;
	Jsonb	   *settings;
	char	   *name;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	relation = PG_GETARG_OID(0);
	settings = PG_GETARG_JSONB_P(1);
	require_owner(relation);
	name = PG_ARGISNULL(2) ? get_rel_name(relation) : text_to_cstring(PG_GETARG_TEXT_PP(2));
	definition_check_members(settings, "a table's indexes", settings_members, lengthof(settings_members));
	dyn_operation = "CreateTable";
	PG_TRY();
	{
		adopt(relation, settings, name, strlen(name));
	}
	PG_FINALLY();
	{
		dyn_operation = outer;
	}
	PG_END_TRY();
	PG_RETURN_VOID();
}
