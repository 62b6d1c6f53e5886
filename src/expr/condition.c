/*
 * condition.c
 *		Whether a condition holds for an item.
 *
 * An operand may have no value: a path that leads nowhere, or the size of what has none.  Then every condition is
 * false but `<>`, attribute_not_exists and what NOT turns around.  Values of different types are unequal and
 * have no order.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "expr/expr_private.h"
#include "value/attr_build.h"
#include "value/base64.h"

/* UTF-16 code units of a UTF-8 string, which is what the service's strings are made of. */
static int
utf16_units(const char *text, int len)
{
	int			units = 0;

	for (int i = 0; i < len; i++)
	{
		unsigned char byte = (unsigned char) text[i];

		/* one for each character, one more for those beyond the basic plane */
		if ((byte & 0xC0) != 0x80)
			units += byte >= 0xF0 ? 2 : 1;
	}
	return units;
}

/* The size of a value; -1 if it has none. */
static int
size_of(const JsonbValue *value)
{
	AttrNode	node;
	AttrWalk	walk;
	const char *text;
	int			len;

	attr_open(value, &node);
	switch (node.type)
	{
		case ATTR_S:
			text = attr_unescape(&node.payload, node.escaped, &len);
			return utf16_units(text, len);
		case ATTR_B:
			return base64_decoded_size(node.payload.val.string.val, node.payload.val.string.len);
		case ATTR_L:
		case ATTR_M:
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			attr_walk_start(&walk, &node.payload);
			return walk.count;
		default:
			return -1;
	}
}

/* An operand's value; false if it has none. */
static bool
evaluate(const ExprNode *operand, const JsonbValue *item, JsonbValue *value)
{
	int			size;

	switch (operand->kind)
	{
		case NODE_VALUE:
			*value = *operand->value;
			return true;
		case NODE_PATH:
			return item != NULL && path_lookup(operand->path, item, value);
		case NODE_SIZE:
			check_stack_depth();
			if (!evaluate(operand->args[0], item, value))
				return false;
			size = size_of(value);
			if (size < 0)
				return false;
			value->type = jbvNumeric;
			value->val.numeric = int64_to_numeric(size);
			return true;
		default:
			if (!node_is_condition(operand->kind))
				elog(ERROR, "unexpected kind of operand %d", (int) operand->kind);
			value->type = jbvBool;
			value->val.boolean = condition_holds(operand, item);
			return true;
	}
}

static bool
compare(NodeKind operator, const JsonbValue *a, const JsonbValue *b)
{
	int			order;

	if (!attr_compare(a, b, &order))
		return false;
	switch (operator)
	{
		case NODE_LT:
			return order < 0;
		case NODE_LE:
			return order <= 0;
		case NODE_GT:
			return order > 0;
		default:
			return order >= 0;
	}
}

/* Whether bytes occur in others. */
static bool
find_bytes(const char *text, int len, const char *part, int part_len)
{
	const char *last = text + len - part_len;

	if (part_len == 0)
		return true;
	for (const char *at = text; at <= last; at++)
	{
		at = memchr(at, part[0], last - at + 1);
		if (at == NULL)
			return false;
		if (memcmp(at, part, part_len) == 0)
			return true;
	}
	return false;
}

static bool
begins_with(const JsonbValue *value, const JsonbValue *prefix)
{
	AttrType	type = attr_type(value);
	const char *bytes;
	const char *prefix_bytes;
	int			len;
	int			prefix_len;

	if ((type != ATTR_S && type != ATTR_B) || attr_type(prefix) != type)
		return false;
	bytes = attr_bytes(value, type, &len);
	prefix_bytes = attr_bytes(prefix, type, &prefix_len);
	return prefix_len <= len && memcmp(bytes, prefix_bytes, prefix_len) == 0;
}

static bool
set_contains(const AttrNode *set, const JsonbValue *value)
{
	AttrType	type = set->type == ATTR_SS ? ATTR_S : set->type == ATTR_NS ? ATTR_N : ATTR_B;
	AttrWalk	walk;
	JsonbValue	element;
	DynNumber	number;
	const char *bytes = NULL;
	int			len = 0;

	if (attr_type(value) != type)
		return false;
	if (type == ATTR_N)
		attr_number(value, &number);
	else
		bytes = attr_bytes(value, type, &len);

	attr_walk_start(&walk, &set->payload);
	while (attr_walk_element(&walk, &element))
	{
		const char *member;
		int			member_len;

		if (type == ATTR_N)
		{
			DynNumber	member_number;

			attr_number(&element, &member_number);
			if (number_compare(&member_number, &number) == 0)
				return true;
			continue;
		}
		member = type == ATTR_S ? attr_unescape(&element, set->escaped, &member_len) :
			attr_decode_binary(&element, &member_len);
		if (member_len == len && memcmp(member, bytes, len) == 0)
			return true;
	}
	return false;
}

static bool
contains(const JsonbValue *value, const JsonbValue *part)
{
	AttrNode	node;
	AttrWalk	walk;
	JsonbValue	element;
	const char *text;
	const char *part_text;
	int			len;
	int			part_len;

	attr_open(value, &node);
	switch (node.type)
	{
		case ATTR_S:
		case ATTR_B:
			if (attr_type(part) != node.type)
				return false;
			text = attr_bytes(value, node.type, &len);
			part_text = attr_bytes(part, node.type, &part_len);
			return find_bytes(text, len, part_text, part_len);
		case ATTR_SS:
		case ATTR_NS:
		case ATTR_BS:
			return set_contains(&node, part);
		case ATTR_L:
			attr_walk_start(&walk, &node.payload);
			while (attr_walk_element(&walk, &element))
				if (attr_equal(&element, part))
					return true;
			return false;
		default:
			return false;
	}
}

static bool
has_type(const JsonbValue *value, const JsonbValue *name)
{
	const char *type = attr_type_name(attr_type(value));
	int			len;
	const char *text;

	if (attr_type(name) != ATTR_S)
		return false;
	text = attr_bytes(name, ATTR_S, &len);
	return strlen(type) == len && memcmp(type, text, len) == 0;
}

static bool
is_in(const ExprNode *node, const JsonbValue *value, const JsonbValue *item)
{
	JsonbValue	other;

	for (int i = 1; i < node->n_args; i++)
		if (evaluate(node->args[i], item, &other) && attr_equal(value, &other))
			return true;
	return false;
}

bool
condition_holds(const ExprNode *condition, const JsonbValue *item)
{
	JsonbValue	first;
	JsonbValue	second;
	JsonbValue	third;
	bool		found;

	check_stack_depth();

	switch (condition->kind)
	{
		case NODE_AND:
			for (int i = 0; i < condition->n_args; i++)
				if (!condition_holds(condition->args[i], item))
					return false;
			return true;
		case NODE_OR:
			for (int i = 0; i < condition->n_args; i++)
				if (condition_holds(condition->args[i], item))
					return true;
			return false;
		case NODE_NOT:
			return !condition_holds(condition->args[0], item);
		default:
			break;
	}

	found = evaluate(condition->args[0], item, &first);
	switch (condition->kind)
	{
		case NODE_EQ:
			return found && evaluate(condition->args[1], item, &second) && attr_equal(&first, &second);
		case NODE_NE:
			return !(found && evaluate(condition->args[1], item, &second) && attr_equal(&first, &second));
		case NODE_LT:
		case NODE_LE:
		case NODE_GT:
		case NODE_GE:
			return found && evaluate(condition->args[1], item, &second) && compare(condition->kind, &first, &second);
		case NODE_BETWEEN:
			return found && evaluate(condition->args[1], item, &second) && evaluate(condition->args[2], item, &third) &&
				compare(NODE_GE, &first, &second) && compare(NODE_LE, &first, &third);
		case NODE_IN:
			return found && is_in(condition, &first, item);
		case NODE_ATTRIBUTE_EXISTS:
			return found;
		case NODE_ATTRIBUTE_NOT_EXISTS:
			return !found;
		case NODE_ATTRIBUTE_TYPE:
			return found && evaluate(condition->args[1], item, &second) && has_type(&first, &second);
		case NODE_BEGINS_WITH:
			return found && evaluate(condition->args[1], item, &second) && begins_with(&first, &second);
		case NODE_CONTAINS:
			return found && evaluate(condition->args[1], item, &second) && contains(&first, &second);
		default:
			elog(ERROR, "unexpected kind of condition %d", (int) condition->kind);
	}
}

void
condition_visit_paths(const ExprNode *condition, PathVisitor visit, void *argument)
{
	check_stack_depth();

	if (condition->kind == NODE_PATH)
		visit(condition->path, argument);
	for (int i = 0; i < condition->n_args; i++)
		condition_visit_paths(condition->args[i], visit, argument);
}
