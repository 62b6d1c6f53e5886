/*
 * authorize.c
 *		Access control of what operations do with tables: the parts that they are made of, and the names that those have.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/error.h"
#include "catalog/resource_policies.h"
#include "op/arn.h"
#include "op/authorize.h"
#include "op/authorize_private.h"
#include "op/op.h"
#include "value/base64.h"
#include "value/number.h"

/* ------------------------------------------------------------------------------------------------------------
 * Names
 * ------------------------------------------------------------------------------------------------------------ */

/* Texts of a condition key that is a list.  That one may be there twice does no harm, but batches name the same attributes again and again. */
#define MAX_COMPARED_TEXTS 64

typedef struct TextList
{
	PolicyText *texts;
	int			n;
	int			size;
} TextList;

struct AccessNames
{
	TextList	attributes;
	TextList	partition_keys[INDEX_KEY_MAX_ATTRIBUTES];
};

static void
add_text(TextList *list, const char *text, int len)
{
	for (int i = 0; i < Min(list->n, MAX_COMPARED_TEXTS); i++)
		if (list->texts[i].len == len && memcmp(list->texts[i].text, text, len) == 0)
			return;
	if (list->n == list->size)
	{
		list->size = Max(16, 2 * list->size);
		list->texts = list->texts ? repalloc_huge(list->texts, list->size * sizeof(PolicyText)) :
			palloc(list->size * sizeof(PolicyText));
	}
	list->texts[list->n].text = text;
	list->texts[list->n++].len = len;
}

void
access_name(AccessNames *names, const char *name, int len)
{
	add_text(&names->attributes, name, len);
}

void
access_name_map(AccessNames *names, const AttributeMap *map)
{
	const JsonbValue *object = &map->object;

	for (int i = 0; i < object->val.object.nPairs; i++)
	{
		const JsonbValue *key = &object->val.object.pairs[i].key;
		int			len;
		const char *name = attr_name_from_stored(key->val.string.val, key->val.string.len, &len);

		access_name(names, name, len);
	}
}

void
access_name_path(const DocPath *path, void *names)
{
	access_name(names, path->steps[0].name, path->steps[0].name_len);
}

void
access_name_condition(AccessNames *names, const ExprNode *condition)
{
	if (condition != NULL)
		condition_visit_paths(condition, access_name_path, names);
}

void
access_name_expressions(AccessNames *names, const Expressions *expressions)
{
	access_name_condition(names, expressions->condition);
	access_name_condition(names, expressions->filter);
	if (expressions->update != NULL)
		access_name_update(names, expressions->update);
	if (expressions->key_condition != NULL)
		access_name_key_condition(names, expressions->key_condition);
	if (expressions->projection != NULL)
		access_name_projection(names, expressions->projection);
}

void
access_name_update(AccessNames *names, const Update *update)
{
	for (int i = 0; i < update->n_actions; i++)
	{
		access_name_path(update->actions[i].path, names);
		access_name_condition(names, update->actions[i].operand);
	}
}

void
access_name_key_condition(AccessNames *names, const KeyCondition *condition)
{
	for (int i = 0; i < condition->n_terms; i++)
		access_name(names, condition->terms[i].name, condition->terms[i].name_len);
}

void
access_name_projection(AccessNames *names, const Projection *projection)
{
	for (int i = 0; i < projection->n_paths; i++)
		access_name_path(projection->paths[i], names);
}

void
access_lead_value(AccessNames *names, int attribute, const JsonbValue *value)
{
	AttrType	type = attr_type(value);
	StringInfoData text;
	const char *bytes;
	int			len;

	if (type == ATTR_N)
	{
		char	   *digits = palloc(NUMBER_TEXT_MAX_SIZE);

		len = Max(number_print_numeric(value->val.numeric, digits), 0);
		bytes = digits;
	}
	else if (type == ATTR_S || type == ATTR_B)
		bytes = attr_bytes(value, type, &len);
	else
		return;					/* no key: the operation says so */
	if (type == ATTR_B)
	{
		initStringInfo(&text);
		base64_append(&text, bytes, len);
		bytes = text.data;
		len = text.len;
	}
	add_text(&names->partition_keys[attribute], bytes, len);
}

void
access_lead(AccessNames *names, const TableInfo *table, const AttributeMap *key)
{
	JsonbValue	value;

	if (attr_lookup(&key->object, table->hash.stored, table->hash.stored_len, &value))
		access_lead_value(names, 0, &value);
}

void
access_lead_condition(AccessNames *names, const TableInfo *table, const TableIndex *index, const KeyCondition *condition)
{
	const KeyAttribute *attributes = index ? index->hash : &table->hash;
	int			count = index ? index->n_hash : 1;

	for (int i = 0; i < condition->n_terms; i++)
	{
		const KeyTerm *term = &condition->terms[i];

		for (int k = 0; k < count; k++)
			if (term->op == KEY_OP_EQ && term->name_len == attributes[k].name_len &&
				memcmp(term->name, attributes[k].name, term->name_len) == 0)
				access_lead_value(names, k, term->values[0]);
	}
}

/* ------------------------------------------------------------------------------------------------------------
 * Condition keys of a part
 * ------------------------------------------------------------------------------------------------------------ */

/* A part while it is judged. */
typedef struct PartLookup
{
	const AccessPart *part;
	AccessNames *names;			/* made when a policy asks for them */
} PartLookup;

static bool
list_of_names(const TextList *list, PolicyValues *values)
{
	*values = (PolicyValues) {true, list->n, list->texts};
	return list->n > 0;
}

static AccessNames *
describe(PartLookup *lookup)
{
	const AccessPart *part = lookup->part;

	if (lookup->names == NULL)
	{
		lookup->names = palloc0(sizeof(AccessNames));
		if (part->describe != NULL)
			part->describe(lookup->names, part->argument);
	}
	return lookup->names;
}

static bool
look_up_part(void *argument, const PolicyKey *key, PolicyValues *values)
{
	PartLookup *lookup = argument;
	const AccessPart *part = lookup->part;

	switch (key->id)
	{
		case POLICY_KEY_ATTRIBUTES:
			return list_of_names(&describe(lookup)->attributes, values);
		case POLICY_KEY_LEADING_KEYS:
		case POLICY_KEY_FIRST_PARTITION_KEY:
			return list_of_names(&describe(lookup)->partition_keys[0], values);
		case POLICY_KEY_SECOND_PARTITION_KEY:
			return list_of_names(&describe(lookup)->partition_keys[1], values);
		case POLICY_KEY_THIRD_PARTITION_KEY:
			return list_of_names(&describe(lookup)->partition_keys[2], values);
		case POLICY_KEY_FOURTH_PARTITION_KEY:
			return list_of_names(&describe(lookup)->partition_keys[3], values);
		case POLICY_KEY_SELECT:
			return access_one_value(part->select, values);
		case POLICY_KEY_RETURN_VALUES:
			return access_one_value(part->return_values, values);
		case POLICY_KEY_RETURN_CONSUMED_CAPACITY:
			return part->return_consumed_capacity != NULL && part->return_consumed_capacity->present &&
				access_one_value(part->return_consumed_capacity->as.string.text, values);
		case POLICY_KEY_ENCLOSING_OPERATION:
			return access_one_value(part->enclosing_operation, values);
		case POLICY_KEY_FULL_TABLE_SCAN:
			return part->full_table_scan != NULL && access_one_value(*part->full_table_scan ? "true" : "false", values);
		default:
			return false;
	}
}

const char *
access_return_values(const char *return_values, bool returns_old_on_failure)
{
	if (return_values == NULL)
		return_values = "NONE";
	return returns_old_on_failure && strncmp(return_values, "ALL_", 4) != 0 ? "ALL_OLD" : return_values;
}

const char *
access_select(bool is_projected, bool of_index)
{
	return is_projected ? "SPECIFIC_ATTRIBUTES" : of_index ? "ALL_PROJECTED_ATTRIBUTES" : "ALL_ATTRIBUTES";
}

/* ------------------------------------------------------------------------------------------------------------
 * The second moment
 * ------------------------------------------------------------------------------------------------------------ */

static char *
arn_of_part(const AccessPart *part)
{
	const TableInfo *table = part->table;
	const TableIndex *index = part->index;

	return access_arn(table->name, strlen(table->name), index ? index->name : NULL, index ? strlen(index->name) : 0);
}

static bool
is_granted(const AccessPart *part)
{
	return part->reads_all ? storage_may_read_all(part->table) :
		storage_may_open(part->table, part->access, part->returns_item);
}

Oid
access_user(const AccessPart *part)
{
	const TableInfo *table = part->table;
	bool		any_resource_policy = catalog_has_resource_policies();
	bool		is_free = access_is_free();
	PartLookup	lookup = {part};
	AccessQuestion question = {.action = part->action, .table = table, .look_up = look_up_part, .argument = &lookup};
	PolicyResult result;
	Oid			owner;

	if (is_free && !any_resource_policy)
		return GetUserId();
	question.resource_policy = access_resource_policy(table->name, strlen(table->name), NULL);
	if (is_free && question.resource_policy == NULL)
		return GetUserId();
	question.resource = arn_of_part(part);
	question.granted = is_granted(part);
	access_require(&question, &result);
	if (question.granted)
		return GetUserId();
	owner = catalog_relation_owner(table->relation);
	if (!OidIsValid(owner))
		dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found");
	return owner;
}

static void
describe_read(AccessNames *names, const void *argument)
{
	const AccessRead *read = argument;

	access_name_map(names, read->key);
	if (read->projection != NULL)
		access_name_projection(names, read->projection);
	access_lead(names, read->info, read->key);
}

Oid
access_user_of_read(const AccessRead *read, const AccessPart *part)
{
	AccessPart	whole = *part;

	whole.table = read->info;
	whole.access = STORAGE_READ;
	whole.returns_item = true;
	whole.select = access_select(read->projection != NULL, false);
	whole.describe = describe_read;
	whole.argument = read;
	return access_user(&whole);
}

/* ------------------------------------------------------------------------------------------------------------
 * The first moment
 * ------------------------------------------------------------------------------------------------------------ */

/* What privileges an action could do with at least; false for what is no table's. */
static bool
least_access(PolicyAction action, StorageAccess *access)
{
	switch (action)
	{
		case POLICY_GetItem:
		case POLICY_BatchGetItem:
		case POLICY_Query:
		case POLICY_Scan:
		case POLICY_PartiQLSelect:
			*access = STORAGE_READ;
			return true;
		case POLICY_PutItem:
		case POLICY_PartiQLInsert:
			*access = STORAGE_PUT;
			return true;
		case POLICY_UpdateItem:
		case POLICY_PartiQLUpdate:
			*access = STORAGE_UPDATE;
			return true;
		case POLICY_DeleteItem:
		case POLICY_PartiQLDelete:
			*access = STORAGE_DELETE;
			return true;
		case POLICY_ConditionCheckItem:
			*access = STORAGE_CHECK;
			return true;
		default:
			return false;
	}
}

/* Of a table that is not there nobody has privileges but who has all. */
bool
access_could_be_granted(PolicyAction action, const TableInfo *table)
{
	StorageAccess access;

	if (table == NULL)
		return superuser();
	if (action == POLICY_BatchWriteItem)
		return storage_may_open(table, STORAGE_PUT, false) || storage_may_open(table, STORAGE_DELETE, false);
	return least_access(action, &access) && storage_may_open(table, access, false);
}

void
access_foresee(PolicyAction action, const char *table, int table_len, const char *index, int index_len)
{
	AccessQuestion question = {.action = action, .foresees = true};
	AccessCaller caller;
	PolicyResult result;
	TableArn	arn;
	bool		is_usual;

	if (access_is_free())
		return;
	if (arn_parse_table(table, table_len, &arn))
	{
		/* of another account or Region, or of nothing: the operation says so of any */
		if (!arn_is_own_table(&arn))
			return;
		table = arn.name;
		table_len = arn.name_len;
	}
	question.resource_policy = access_resource_policy(table, table_len, NULL);
	access_current_caller(&caller);
	is_usual = question.resource_policy == NULL && caller.session_policy == NULL && !caller.role->resources_vary;
	if (is_usual && access_was_foreseen(caller.role, action, table, table_len, index, index_len))
		return;
	question.resource = access_arn(table, table_len, index, index_len);
	question.table = catalog_table(table, table_len);
	/* looking at the catalog may have made the policies others */
	access_current_caller(&caller);
	/* privileges are looked at where policies do not do: that is dearer */
	if (access_judge_discreetly(&caller, &question, &result) == POLICY_ALLOW)
	{
		if (is_usual && !caller.role->resources_vary)
			access_note_foreseen(caller.role, action, table, table_len, index, index_len);
		return;
	}
	question.granted = access_could_be_granted(action, question.table);
	if (!question.granted || access_judge_discreetly(&caller, &question, &result) != POLICY_ALLOW)
		access_refuse(&caller, &question, &result);
}

/* ------------------------------------------------------------------------------------------------------------
 * Acting
 * ------------------------------------------------------------------------------------------------------------ */

void
access_become(Oid role, AccessUser *before)
{
	user_switch(role, before);
}

void
access_return(const AccessUser *before)
{
	user_switch_back(before);
}
