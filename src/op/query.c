/*
 * query.c
 *		Query: a range of one partition of a table or an index.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/op.h"
#include "op/page.h"
#include "op/query_range.h"

static const ExpressionMembers members = {
	.key_condition_expression = QueryInput_KeyConditionExpression,
	.filter_expression = QueryInput_FilterExpression,
	.projection_expression = QueryInput_ProjectionExpression,
	.names = QueryInput_ExpressionAttributeNames,
	.values = QueryInput_ExpressionAttributeValues,
	.key_conditions = QueryInput_KeyConditions,
	.filter = QueryInput_QueryFilter,
	.conditional_operator = QueryInput_ConditionalOperator,
	.attributes_to_get = QueryInput_AttributesToGet,
};

/* What a filter's paths are checked against. */
typedef struct FilterCheck
{
	const PageRequest *prepared;
	const char *what;			/* "Filter Expression" or "QueryFilter" */
} FilterCheck;

static void
refuse_keys(const DocPath *path, const FilterCheck *check, const KeyAttribute *attributes, int count)
{
	for (int i = 0; i < count; i++)
		if (op_path_names(path, &attributes[i]))
			dyn_invalid("%s can only contain non-primary key attributes: Primary key attribute: %s",
						check->what, attributes[i].name);
}

/* A PathVisitor: refuses the key attributes of what is queried, the table or an index. */
static void
check_filter_key(const DocPath *path, void *argument)
{
	const FilterCheck *check = (const FilterCheck *) argument;
	const TableInfo *table = check->prepared->table;
	const TableIndex *index = check->prepared->index;

	refuse_keys(path, check, index ? index->hash : &table->hash, index ? index->n_hash : 1);
	refuse_keys(path, check, index ? index->sort : &table->sort, index ? index->n_sort : table->has_sort ? 1 : 0);
}

void
query_check_filter(const PageRequest *prepared, bool is_legacy)
{
	FilterCheck check = {prepared, is_legacy ? "QueryFilter" : "Filter Expression"};
	Unprojected missing = {prepared->table, prepared->index};

	if (prepared->page.filter == NULL)
		return;
	condition_visit_paths(prepared->page.filter, check_filter_key, &check);
	if (prepared->index == NULL)
		return;
	condition_visit_paths(prepared->page.filter, page_collect_unprojected, &missing);
	if (missing.paths != NIL)
		dyn_invalid("One or more parameter values were invalid: Secondary index %s does not project one or more filter "
					"attributes: [%s]", prepared->index->name, page_unprojected_names(&missing));
}

void
query_check_term_count(const KeyCondition *condition)
{
	if (condition->n_terms > 2)
		dyn_invalid("Conditions can be of length 1 or 2 only");
}

void
query_prepare(const RequestValue *request, PageRequest *prepared)
{
	const RequestValue *start_key = request_member(request, QueryInput_ExclusiveStartKey);
	const RequestValue *limit = request_member(request, QueryInput_Limit);
	const RequestValue *forward = request_member(request, QueryInput_ScanIndexForward);
	const RequestValue *index_name = request_member(request, QueryInput_IndexName);
	Expressions expressions = {0};
	Expressions projection = {0};	/* alone: it is checked before the filter, in which no key may stand at all */
	Expressions filter = {0};
	PageSpec   *page = &prepared->page;

	memset(prepared, 0, sizeof(*prepared));
	prepared->action = POLICY_Query;
	op_check_parameters(request, &members);
	op_read_legacy(request, &members, &expressions);
	page_check_start_values(start_key);
	if (!request_member(request, QueryInput_KeyConditionExpression)->present &&
		!request_member(request, QueryInput_KeyConditions)->present)
		dyn_invalid("Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
	op_read_expressions(request, &members, &expressions);
	op_read_key_conditions(request, &members, &expressions);
	if (!index_name->present)
		query_check_term_count(expressions.key_condition);
	page->select = page_select(request_member(request, QueryInput_Select), index_name,
							   request_member(request, QueryInput_ProjectionExpression), expressions.projection,
							   DYN_ENVELOPE);
	page->projection = projection.projection = expressions.projection;
	page->filter = filter.filter = expressions.filter;
	page->key_condition = expressions.key_condition;
	page->limit = limit->present ? limit->as.integer : 0;
	page->consistent = request_boolean(request, QueryInput_ConsistentRead);
	page->return_consumed_capacity = request_member(request, QueryInput_ReturnConsumedCapacity);
	page->table_name = request_member(request, QueryInput_TableName);

	prepared->table = op_data_table(page->table_name);
	prepared->index = page_index(prepared->table, index_name, page->consistent);
	if (prepared->index != NULL && prepared->index->n_hash == 1 && prepared->index->n_sort <= 1)
		query_check_term_count(expressions.key_condition);
	query_range(prepared, expressions.key_condition, start_key, forward->present && !forward->as.boolean);
	op_check_key_paths(prepared->table, &projection);
	query_check_filter(prepared, expressions.legacy_filter);
	page_check_selection(prepared);
	op_check_key_paths(prepared->table, &filter);
}

void
op_query(const RequestValue *request, WireWriter *response)
{
	page_write(response, request, query_prepare);
}
