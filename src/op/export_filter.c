/*
 * export_filter.c
 *		FilterSpecification: which items an export has, and what of them.
 */
#include "postgres.h"

#include "base/error.h"
#include "op/export.h"
#include "op/query_range.h"

static const ExpressionMembers members = {
	.key_condition_expression = FilterSpecification_KeyConditionExpression,
	.filter_expression = FilterSpecification_FilterExpression,
	.projection_expression = FilterSpecification_ProjectionExpression,
	.names = FilterSpecification_ExpressionAttributeNames,
	.values = FilterSpecification_ExpressionAttributeValues,
};

static bool
is_empty(const RequestValue *specification)
{
	for (int i = 0; i < specification->shape->n_members; i++)
		if (specification->as.members[i].present)
			return false;
	return true;
}

void
export_filter_read(const RequestValue *request, Expressions *expressions)
{
	const RequestValue *specification = request_member(request, ExportTableToPointInTimeInput_FilterSpecification);

	memset(expressions, 0, sizeof(*expressions));
	if (!specification->present)
		return;
	if (is_empty(specification))
		dyn_invalid("Invalid Request: Invalid FilterSpecification: The specification can not be empty");
	op_check_parameters(specification, &members);
	op_read_expressions(specification, &members, expressions);
}

/* The items that a KeyConditionExpression allows. */
static void
check_range(const TableInfo *table, const Expressions *expressions, ExportFilter *filter)
{
	static const RequestValue no_start_key = {0};
	PageRequest query = {.table = table, .page.filter = expressions->filter};

	query_check_term_count(expressions->key_condition);
	query_range(&query, expressions->key_condition, &no_start_key, false);
	query_check_filter(&query, false);
	filter->has_range = true;
	filter->is_empty = query.empty;
	filter->range = query.range;
}

void
export_filter_check(const TableInfo *table, const Expressions *expressions, ExportFilter *filter)
{
	memset(filter, 0, sizeof(*filter));
	filter->condition = expressions->filter;
	filter->projection = expressions->projection;
	if (expressions->key_condition != NULL)
		check_range(table, expressions, filter);
	op_check_key_paths(table, expressions);
}
