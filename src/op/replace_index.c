/*
 * replace_index.c
 *		Giving an index another key or projection while it stays in use.
 *
 * The service has no such thing: there an index is deleted and created.  What is refused, it refuses in the service's words.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/access_begin.h"
#include "op/index_check.h"
#include "op/op.h"
#include "op/replace_index.h"
#include "op/table_check.h"
#include "keep/table_job.h"

/* Follows the index's name; no caller's index can have it in its name. */
#define REPLACEMENT_SUFFIX "~new"

static _Noreturn void
refuse_missing(const char *table, const char *name, int name_len)
{
	dyn_error(DYN_RESOURCE_NOT_FOUND, "Requested resource not found: Index %.*s for table %s", name_len, name, table);
}

const TableIndex *
replace_index_find(const char *table_name, int table_name_len, const char *name, int name_len)
{
	int			len;
	const char *plain_name = op_table_name_of_text(table_name, table_name_len, &len);
	const TableInfo *table;
	const TableIndex *index;

	access_limit(POLICY_UpdateTable, plain_name, len);
	catalog_lock_name(plain_name, len);
	table = catalog_lock_table(plain_name, len, AccessShareLock, true);
	if (table == NULL)
		catalog_raise_not_found(plain_name, len);
	index = catalog_index(table, name, name_len);
	if (index == NULL)
		refuse_missing(table->name, name, name_len);
	return index;
}

/* AttributeDefinitions to check a key against: the request's, and those of the table that it does not name. */
static List *
known_attributes(const TableView *view, List *given)
{
	List	   *known = list_copy(given);
	List	   *used = index_merge_attributes(view, NIL, NIL);
	ListCell   *cell;

	foreach(cell, used)
	{
		NamePair   *attribute = (NamePair *) lfirst(cell);

		if (find_pair(given, attribute->name, attribute->name_len) == NULL)
			known = lappend(known, attribute);
	}
	return known;
}

/* Checks a new key and projection of an index, and makes its definition. */
static void
check_definition(const TableView *view, const IndexView *index, const RequestValue *action, List *attributes,
				 IndexDefinition *definition)
{
	*definition = index->definition;
	definition->keys = table_pairs(request_member(action, CreateGlobalSecondaryIndexAction_KeySchema));
	if (index->global)
		check_index_key_schema(definition->keys, attributes);
	else
		check_local_key_schema(index->name, definition->keys, attributes, view->definition.keys);
	check_projection(request_member(action, CreateGlobalSecondaryIndexAction_Projection), definition);
	index_check_not_redefined(view->table, definition->keys, attributes);
	index_check_projected(view, index->name, definition);
}

void
replace_index(const RequestValue *request)
{
	const TableInfo *table = table_to_change(request_member(request, UpdateTableInput_TableName), AccessShareLock);
	const RequestValue *updates = request_member(request, UpdateTableInput_GlobalSecondaryIndexUpdates);
	const RequestValue *action = request_member(&updates->as.list.items[0], GlobalSecondaryIndexUpdate_Create);
	const char *name = request_text(action, CreateGlobalSecondaryIndexAction_IndexName);
	List	   *attributes = table_pairs(request_member(request, UpdateTableInput_AttributeDefinitions));
	TableView	view;
	const IndexView *index;
	IndexDefinition definition;
	TableDefinition table_definition;

	if (catalog_table_status(table) == TABLE_UPDATING)
		table_refuse_in_use(TABLE_UPDATING, table->name);
	table_resume_jobs(table);
	table_view_read(&view, table, false);
	index = table_view_index(&view, name);
	if (index == NULL)
		refuse_missing(table->name, name, strlen(name));
	check_definitions_unique(attributes);
	attributes = known_attributes(&view, attributes);
	check_definition(&view, index, action, attributes, &definition);
	index_check_idle(&view, index, false);
	index_check_alone(table, NULL);

	table_definition = view.definition;
	table_definition.attributes = index_merge_attributes(&view, definition.keys, attributes);
	catalog_update_table(table, table_definition_jsonb(&table_definition), false);
	catalog_create_index(table->name, psprintf("%s" REPLACEMENT_SUFFIX, name), index->global,
						 index_definition_jsonb(&definition), true, name);
	table_job_start(table->name);
}
