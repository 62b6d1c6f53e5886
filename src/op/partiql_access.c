/*
 * partiql_access.c
 *		Access control of PartiQL's statements: each by the action of its kind, whichever operation it comes with.
 */
#include "postgres.h"

#include "op/partiql.h"

static PolicyAction
action_of(const PartiqlStatement *statement)
{
	static const PolicyAction actions[] = {
		[PARTIQL_SELECT] = POLICY_PartiQLSelect, [PARTIQL_EXISTS] = POLICY_PartiQLSelect, [PARTIQL_INSERT] = POLICY_PartiQLInsert,
		[PARTIQL_UPDATE] = POLICY_PartiQLUpdate, [PARTIQL_DELETE] = POLICY_PartiQLDelete
	};

	return actions[statement->kind];
}

void
partiql_foresee(const PartiqlStatement *statement)
{
	access_foresee(action_of(statement), statement->table, statement->table_len, statement->index, statement->index_len);
}

/* ------------------------------------------------------------------------------------------------------------
 * Reading
 * ------------------------------------------------------------------------------------------------------------ */

/* A SELECT while it is asked for: by its plan, or by the key of the one item that it reads. */
typedef struct AskedSelect
{
	const PartiqlStatement *statement;
	const TableInfo *table;
	const SelectPlan *plan;		/* NULL: by key */
	const AttributeMap *key;
} AskedSelect;

static void
describe_select(AccessNames *names, const void *argument)
{
	const AskedSelect *asked = (const AskedSelect *) argument;
	const PartiqlStatement *statement = asked->statement;

	for (int i = 0; i < statement->n_columns; i++)
		access_name_path(statement->columns[i].path, names);
	access_name_condition(names, statement->where);
	for (int i = 0; i < statement->n_order; i++)
		access_name_path(statement->order[i].path, names);
	if (asked->plan == NULL)
		access_lead(names, asked->table, asked->key);
	else if (asked->plan->is_keyed)
		for (int i = 0; i < asked->plan->n_reads; i++)
			access_lead_value(names, 0, asked->plan->reads[i].hash_value);
}

static Oid
user_of_select(const AskedSelect *asked, const char *enclosing_operation)
{
	const TableIndex *index = asked->plan ? asked->plan->index : NULL;
	bool		full_scan = asked->plan && !asked->plan->is_keyed;

	return access_user(&(AccessPart) {
		.action = POLICY_PartiQLSelect,
		.table = asked->table,
		.index = index,
		.access = STORAGE_READ,
		.returns_item = true,
		.enclosing_operation = enclosing_operation,
		.select = access_select(asked->statement->n_columns > 0, index != NULL),
		.full_table_scan = &full_scan,
		.describe = describe_select,
		.argument = asked
	});
}

Oid
partiql_user_of_plan(const SelectPlan *plan)
{
	return user_of_select(&(AskedSelect) {.statement = plan->statement, .table = plan->table, .plan = plan}, NULL);
}

Oid
partiql_user_of_get(const PartiqlStatement *statement, const TableInfo *table, const AttributeMap *key, const char *enclosing_operation)
{
	return user_of_select(&(AskedSelect) {.statement = statement, .table = table, .key = key}, enclosing_operation);
}

/* ------------------------------------------------------------------------------------------------------------
 * Writing
 * ------------------------------------------------------------------------------------------------------------ */

/* What RETURNING is called in dynamodb:ReturnValues. */
static const char *
return_values_of(const PartiqlStatement *statement)
{
	static const char *const names[] = {
		[RETURNING_NOTHING] = "NONE", [RETURNING_ALL_OLD] = "ALL_OLD", [RETURNING_ALL_NEW] = "ALL_NEW",
		[RETURNING_MODIFIED_OLD] = "UPDATED_OLD", [RETURNING_MODIFIED_NEW] = "UPDATED_NEW"
	};

	return names[statement->returning];
}

void
partiql_authorize_write(const PartiqlStatement *statement, ItemWrite *write, const char *enclosing_operation)
{
	static const bool full_scan = false;
	AccessPart	part = {.action = action_of(statement), .enclosing_operation = enclosing_operation};

	if (statement->kind == PARTIQL_EXISTS)
	{
		/* it tells whether a condition holds, and where it does not the item, if that is wanted */
		part.select = access_select(!write->returns_old_on_failure, false);
		part.full_table_scan = &full_scan;
	}
	else
		part.return_values = access_return_values(return_values_of(statement), write->returns_old_on_failure);
	item_write_authorize(write, &part);
}
