/*
 * legacy.c
 *		The legacy parameters, rewritten into the trees of expressions.
 *
 * Each is a map or list of top-level attributes.  Their errors are their own; once they are checked they mean what an
 * expression could have said:
 *
 *	Expected, QueryFilter, ScanFilter	conditions, joined by AND or by ConditionalOperator
 *	AttributeUpdates					PUT is SET, DELETE is REMOVE, or DELETE where it has a value, ADD is ADD
 *	KeyConditions						terms of a key condition
 *	AttributesToGet						a projection
 */
#include "postgres.h"

#include "base/bytes.h"
#include "base/error.h"
#include "op/expressions.h"

/* What all of these errors begin with. */
#define INVALID "One or more parameter values were invalid: "

#define TYPE(type) (1 << ATTR_##type)
#define ORDERED_TYPES (TYPE(S) | TYPE(N) | TYPE(B))
#define SET_TYPES (TYPE(SS) | TYPE(NS) | TYPE(BS))
#define ALL_TYPES (~0)

typedef struct Comparator
{
	const char *name;
	int			min_values;
	int			max_values;
	int			types;			/* of the values, a bit each */
	NodeKind	kind;			/* NODE_NOT stands for NOT_CONTAINS */
	KeyOperator key_operator;
} Comparator;

static const Comparator comparators[] = {
	{"EQ", 1, 1, ALL_TYPES, NODE_EQ, KEY_OP_EQ},
	{"NE", 1, 1, ALL_TYPES, NODE_NE, KEY_OP_NOT_INDEXABLE},
	{"LE", 1, 1, ORDERED_TYPES, NODE_LE, KEY_OP_LE},
	{"LT", 1, 1, ORDERED_TYPES, NODE_LT, KEY_OP_LT},
	{"GE", 1, 1, ORDERED_TYPES, NODE_GE, KEY_OP_GE},
	{"GT", 1, 1, ORDERED_TYPES, NODE_GT, KEY_OP_GT},
	{"NOT_NULL", 0, 0, ALL_TYPES, NODE_ATTRIBUTE_EXISTS, KEY_OP_NOT_INDEXABLE},
	{"NULL", 0, 0, ALL_TYPES, NODE_ATTRIBUTE_NOT_EXISTS, KEY_OP_NOT_INDEXABLE},
	{"CONTAINS", 1, 1, ORDERED_TYPES, NODE_CONTAINS, KEY_OP_NOT_INDEXABLE},
	{"NOT_CONTAINS", 1, 1, ORDERED_TYPES, NODE_NOT, KEY_OP_NOT_INDEXABLE},
	{"BEGINS_WITH", 1, 1, TYPE(S) | TYPE(B), NODE_BEGINS_WITH, KEY_OP_BEGINS_WITH},
	{"IN", 1, PG_INT32_MAX, ORDERED_TYPES, NODE_IN, KEY_OP_NOT_INDEXABLE},
	{"BETWEEN", 2, 2, ORDERED_TYPES, NODE_BETWEEN, KEY_OP_BETWEEN},
};

/* A comparator and what it compares with. */
typedef struct Comparison
{
	const Comparator *comparator;
	const RequestValue *values;
	int			n_values;
} Comparison;

/* The entries of a map; none if the operation does not have it or the request does not give it. */
static int
map_entries(const RequestValue *request, int member, const RequestEntry **entries)
{
	const RequestValue *map;

	if (member == NO_MEMBER)
		return 0;
	map = request_member(request, member);
	if (!map->present)
		return 0;
	*entries = map->as.map.entries;
	return map->as.map.count;
}

static const Comparator *
find_comparator(const RequestValue *name)
{
	for (int i = 0; i < lengthof(comparators); i++)
		if (strcmp(comparators[i].name, name->as.string.text) == 0)
			return &comparators[i];
	elog(ERROR, "unknown comparison operator \"%s\"", name->as.string.text);
}

/* The attribute that an element of a legacy parameter is about. */
static DocPath *
attribute_path(const char *name, int name_len)
{
	if (name_len == 0)
		dyn_invalid(ATTR_EMPTY_NAME);
	return path_of_name(name, name_len);
}

/* Raises the error in a value, if there is one. */
static void
check_value(const RequestValue *value, int envelopes)
{
	const AttrError *error = &value->as.attribute.error;

	if (error->message != NULL)
		dyn_invalid("%s%s", error->enveloped ? dyn_envelope(envelopes, ENVELOPE_WRITE) : "", error->message);
}

static inline AttrType
type_of(const RequestValue *value)
{
	return attr_type(value->as.attribute.value);
}

static inline bool
is_of_types(const RequestValue *value, int types)
{
	return ((1 << type_of(value)) & types) != 0;
}

/* Checks what a comparator compares with. */
static void
check_comparison(const Comparison *comparison, int envelopes)
{
	const Comparator *comparator = comparison->comparator;
	const RequestValue *values = comparison->values;
	int			n_values = comparison->n_values;
	int			order;

	for (int i = 0; i < n_values; i++)
		check_value(&values[i], envelopes);
	if (n_values < comparator->min_values || n_values > comparator->max_values)
		dyn_invalid(INVALID "Invalid number of argument(s) for the %s ComparisonOperator", comparator->name);
	for (int i = 1; i < n_values; i++)
		if (type_of(&values[i]) != type_of(&values[0]))
			dyn_invalid(INVALID "AttributeValues inside AttributeValueList must be of same type");
	if (n_values > 0 && !is_of_types(&values[0], comparator->types))
		dyn_invalid(INVALID "ComparisonOperator %s is not valid for %s AttributeValue type", comparator->name,
					attr_type_name(type_of(&values[0])));
	if (comparator->kind == NODE_BETWEEN &&
		attr_compare(values[0].as.attribute.value, values[1].as.attribute.value, &order) && order > 0)
		dyn_invalid("The BETWEEN condition was provided a range where the lower bound is greater than the upper bound");
}

/* A comparison of an attribute as a condition.  The comparison is checked. */
static ExprNode *
comparison_node(const RequestEntry *attribute, const Comparison *comparison)
{
	NodeKind	kind = comparison->comparator->kind;
	ExprNode   *path = node_path(attribute_path(attribute->name, attribute->name_len));
	ExprNode   *node;

	/* unlike NE, NOT_CONTAINS is false where the attribute is missing */
	if (kind == NODE_NOT)
		return node_make(NODE_AND, 2, node_make(NODE_ATTRIBUTE_EXISTS, 1, path),
						 node_make(NODE_NOT, 1,
								   node_make(NODE_CONTAINS, 2, path,
											 node_value(comparison->values[0].as.attribute.value))));

	node = node_make(kind, 0);
	node->n_args = 1 + comparison->n_values;
	node->args = palloc_extended(node->n_args * sizeof(ExprNode *), MCXT_ALLOC_HUGE);
	node->args[0] = path;
	for (int i = 0; i < comparison->n_values; i++)
		node->args[i + 1] = node_value(comparison->values[i].as.attribute.value);
	return node;
}

/* Joins conditions by AND or OR into a tree of least height, since there may be very many. */
static ExprNode *
join_nodes(NodeKind kind, ExprNode **nodes, int count)
{
	int			half = count / 2;

	if (count == 1)
		return nodes[0];
	return node_make(kind, 2, join_nodes(kind, nodes, half), join_nodes(kind, nodes + half, count - half));
}

/* Reads an element of a map of Conditions. */
static void
read_condition(const RequestValue *condition, Comparison *comparison)
{
	const RequestValue *list = request_member(condition, Condition_AttributeValueList);

	comparison->comparator = find_comparator(request_member(condition, Condition_ComparisonOperator));
	comparison->values = list->present ? list->as.list.items : NULL;
	comparison->n_values = list->present ? list->as.list.count : 0;
	check_comparison(comparison, false);
}

/* An element of Expected as a condition. */
static ExprNode *
expected_node(const RequestEntry *attribute, int envelopes)
{
	const RequestValue *expected = &attribute->value;
	const RequestValue *list = request_member(expected, ExpectedAttributeValue_AttributeValueList);
	const RequestValue *operator = request_member(expected, ExpectedAttributeValue_ComparisonOperator);
	const RequestValue *exists = request_member(expected, ExpectedAttributeValue_Exists);
	const RequestValue *value = request_member(expected, ExpectedAttributeValue_Value);
	Comparison	comparison;

	if (list->present && value->present)
		dyn_invalid(INVALID "Value and AttributeValueList cannot be used together for Attribute: %s", attribute->name);
	if (operator->present)
	{
		comparison.comparator = find_comparator(operator);
		if (exists->present)
			dyn_invalid(INVALID "Exists and ComparisonOperator cannot be used together for Attribute: %s",
						attribute->name);
		if (comparison.comparator->min_values > 0 && !list->present && !value->present)
			dyn_invalid(INVALID "Value or AttributeValueList must be used with ComparisonOperator: %s for Attribute: %s",
						comparison.comparator->name, attribute->name);
		comparison.values = list->present ? list->as.list.items : value;
		comparison.n_values = list->present ? list->as.list.count : value->present ? 1 : 0;
		check_comparison(&comparison, envelopes);
		return comparison_node(attribute, &comparison);
	}

	if (list->present)
		dyn_invalid(INVALID "AttributeValueList can only be used with a ComparisonOperator for Attribute: %s",
					attribute->name);
	if (exists->present && !exists->as.boolean)
	{
		if (value->present)
			dyn_invalid(INVALID "Value cannot be used when Exists is false for Attribute: %s", attribute->name);
		return node_make(NODE_ATTRIBUTE_NOT_EXISTS, 1,
						 node_path(attribute_path(attribute->name, attribute->name_len)));
	}
	if (!value->present)
		dyn_invalid(INVALID "Value must be provided when Exists is %s for Attribute: %s",
					exists->present ? "true" : "null", attribute->name);
	check_value(value, envelopes);
	return node_make(NODE_EQ, 2, node_path(attribute_path(attribute->name, attribute->name_len)),
					 node_value(value->as.attribute.value));
}

/* Expected or a filter as one condition; NULL if it is not given or empty. */
static ExprNode *
read_conditions(const RequestValue *request, const ExpressionMembers *members, int member)
{
	const RequestEntry *entries;
	int			count = map_entries(request, member, &entries);
	NodeKind	join = NODE_AND;
	ExprNode  **nodes;

	if (count == 0)
		return NULL;
	nodes = palloc_extended(count * sizeof(ExprNode *), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
	{
		Comparison	comparison;

		if (member == members->expected)
		{
			nodes[i] = expected_node(&entries[i], members->envelopes);
			continue;
		}
		read_condition(&entries[i].value, &comparison);
		nodes[i] = comparison_node(&entries[i], &comparison);
	}
	if (members->conditional_operator != NO_MEMBER &&
		request_text_is(request, members->conditional_operator, "OR"))
		join = NODE_OR;
	return join_nodes(join, nodes, count);
}

/* One element of AttributeUpdates. */
static void
read_update(const RequestEntry *attribute, int envelopes, UpdateAction *update)
{
	const RequestValue *value = request_member(&attribute->value, AttributeValueUpdate_Value);
	bool		is_delete = request_text_is(&attribute->value, AttributeValueUpdate_Action, "DELETE");
	bool		is_add = request_text_is(&attribute->value, AttributeValueUpdate_Action, "ADD");

	update->path = attribute_path(attribute->name, attribute->name_len);
	if (!value->present)
	{
		if (!is_delete)
			dyn_invalid(INVALID "Only DELETE action is allowed when no attribute value is specified");
		update->kind = UPDATE_REMOVE;
		update->operand = NULL;
		return;
	}

	check_value(value, envelopes);
	if (is_delete && !is_of_types(value, SET_TYPES))
		dyn_invalid(INVALID "DELETE action with value is not supported for the type %s",
					attr_type_name(type_of(value)));
	if (is_add && !is_of_types(value, SET_TYPES | TYPE(N) | TYPE(L)))
		dyn_invalid(INVALID "ADD action is not supported for the type %s", attr_type_name(type_of(value)));
	update->kind = is_delete ? UPDATE_DELETE : is_add ? UPDATE_ADD : UPDATE_SET;
	update->operand = node_value(value->as.attribute.value);
}

static Update *
read_updates(const RequestValue *request, const ExpressionMembers *members)
{
	const RequestEntry *entries;
	int			count = map_entries(request, members->attribute_updates, &entries);
	Update	   *update;

	if (count == 0)
		return NULL;
	update = (Update *) palloc0(sizeof(Update));
	update->legacy = true;
	update->n_actions = count;
	update->actions = palloc_extended(count * sizeof(UpdateAction), MCXT_ALLOC_HUGE);
	for (int i = 0; i < count; i++)
		read_update(&entries[i], members->envelopes, &update->actions[i]);
	return update;
}

/* By name, then by place in the list. */
static int
compare_names(const void *a, const void *b)
{
	const RequestValue *x = *(const RequestValue *const *) a;
	const RequestValue *y = *(const RequestValue *const *) b;
	int			order = bytes_compare(x->as.string.text, x->as.string.len, y->as.string.text, y->as.string.len);

	if (order == 0)
		order = x < y ? -1 : 1;
	return order;
}

/* Raises the error for the first name of a list that was there before. */
static void
check_duplicate_names(const RequestValue *names)
{
	int			count = names->as.list.count;
	const RequestValue **sorted = palloc_extended(count * sizeof(RequestValue *), MCXT_ALLOC_HUGE);
	const RequestValue *duplicate = NULL;

	for (int i = 0; i < count; i++)
		sorted[i] = &names->as.list.items[i];
	qsort(sorted, count, sizeof(RequestValue *), compare_names);
	for (int i = 1; i < count; i++)
		if (sorted[i]->as.string.len == sorted[i - 1]->as.string.len &&
			memcmp(sorted[i]->as.string.text, sorted[i - 1]->as.string.text, sorted[i]->as.string.len) == 0 &&
			(duplicate == NULL || sorted[i] < duplicate))
			duplicate = sorted[i];
	if (duplicate != NULL)
		dyn_invalid(INVALID "Duplicate value in attribute name: %s", duplicate->as.string.text);
	pfree(sorted);
}

static Projection *
read_attributes_to_get(const RequestValue *request, int member)
{
	const RequestValue *names;
	Projection *projection;

	if (member == NO_MEMBER)
		return NULL;
	names = request_member(request, member);
	if (!names->present)
		return NULL;
	check_duplicate_names(names);

	projection = (Projection *) palloc0(sizeof(Projection));
	projection->legacy = true;
	projection->n_paths = names->as.list.count;
	projection->paths = palloc_extended(projection->n_paths * sizeof(DocPath *), MCXT_ALLOC_HUGE);
	for (int i = 0; i < projection->n_paths; i++)
		projection->paths[i] = attribute_path(names->as.list.items[i].as.string.text,
											names->as.list.items[i].as.string.len);
	return projection;
}

void
op_read_legacy(const RequestValue *request, const ExpressionMembers *members, Expressions *expressions)
{
	expressions->update = read_updates(request, members);
	expressions->condition = read_conditions(request, members, members->expected);
	expressions->filter = read_conditions(request, members, members->filter);
	expressions->legacy_filter = expressions->filter != NULL;
	expressions->projection = read_attributes_to_get(request, members->attributes_to_get);
}

void
op_read_key_conditions(const RequestValue *request, const ExpressionMembers *members, Expressions *expressions)
{
	const RequestValue *map;
	KeyCondition *condition;

	if (members->key_conditions == NO_MEMBER)
		return;
	map = request_member(request, members->key_conditions);
	if (!map->present)
		return;

	condition = (KeyCondition *) palloc0(sizeof(KeyCondition));
	condition->legacy = true;
	condition->n_terms = map->as.map.count;
	condition->terms = palloc_extended(Max(condition->n_terms, 1) * sizeof(KeyTerm), MCXT_ALLOC_HUGE);
	for (int i = 0; i < condition->n_terms; i++)
	{
		const RequestEntry *attribute = &map->as.map.entries[i];
		KeyTerm    *term = &condition->terms[i];
		Comparison	comparison;

		(void) attribute_path(attribute->name, attribute->name_len);
		read_condition(&attribute->value, &comparison);
		term->name = attribute->name;
		term->name_len = attribute->name_len;
		term->stored = attr_name_to_stored(attribute->name, attribute->name_len, &term->stored_len);
		term->op = comparison.comparator->key_operator;
		term->values[0] = comparison.n_values > 0 ? comparison.values[0].as.attribute.value : NULL;
		term->values[1] = comparison.n_values > 1 ? comparison.values[1].as.attribute.value : NULL;
	}
	if (condition->n_terms < 1)
		dyn_invalid("Conditions can be of length 1 or 2 only");
	expressions->key_condition = condition;
}
