/*
 * key_condition.c
 *		What a key condition must be beyond a condition: terms joined by AND, one for each attribute.
 *
 * Which attributes they must name is the table's affair (op/).
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/error.h"
#include "expr/expr_private.h"

#define KIND "Invalid KeyConditionExpression: "

/* The term's operator; of comparators, with the attribute on the left or on the right. */
static KeyOperator
key_operator(NodeKind kind, bool reversed)
{
	switch (kind)
	{
		case NODE_EQ:
			return KEY_OP_EQ;
		case NODE_LT:
			return reversed ? KEY_OP_GT : KEY_OP_LT;
		case NODE_LE:
			return reversed ? KEY_OP_GE : KEY_OP_LE;
		case NODE_GT:
			return reversed ? KEY_OP_LT : KEY_OP_GT;
		case NODE_GE:
			return reversed ? KEY_OP_LE : KEY_OP_GE;
		case NODE_BETWEEN:
			return KEY_OP_BETWEEN;
		default:
			return KEY_OP_BEGINS_WITH;
	}
}

KeyTerm *
expr_key_term(const ExprNode *node)
{
	bool		path_first = node->kind == NODE_BETWEEN || node->kind == NODE_BEGINS_WITH;
	const PathStep *step = NULL;
	KeyTerm    *term;
	int			n_values = 0;

	if (!path_first && (node->kind < NODE_EQ || node->kind > NODE_GE || node->kind == NODE_NE))
		return NULL;
	term = palloc0(sizeof(KeyTerm));
	for (int i = 0; i < node->n_args; i++)
	{
		const ExprNode *operand = node->args[i];

		if (operand->kind == NODE_VALUE && n_values < lengthof(term->values) && (i > 0 || !path_first))
			term->values[n_values++] = operand->value;
		else if (operand->kind == NODE_PATH && operand->path->count == 1 && step == NULL)
			step = &operand->path->steps[0];
		else
			return NULL;
	}
	if (step == NULL)
		return NULL;
	term->name = step->name;
	term->name_len = step->name_len;
	term->stored = step->stored;
	term->stored_len = step->stored_len;
	term->op = key_operator(node->kind, node->args[0]->kind == NODE_VALUE);
	return term;
}

static void
add_term(const ExprNode *node, List **terms)
{
	KeyTerm    *term = palloc0(sizeof(KeyTerm));
	const PathStep *step;
	const DocPath *path = NULL;
	int			n_values = 0;
	ListCell   *cell;

	if ((node->kind == NODE_BETWEEN || node->kind == NODE_BEGINS_WITH) && node->args[0]->kind != NODE_PATH)
		dyn_invalid(KIND "Invalid condition in KeyConditionExpression: %s operator must have the key attribute as its "
					"first operand", expr_operator_name(node->kind));
	for (int i = 0; i < node->n_args; i++)
	{
		const ExprNode *operand = node->args[i];

		if (operand->kind == NODE_VALUE)
			term->values[n_values++] = operand->value;
		else if (operand->kind != NODE_PATH)
			dyn_invalid(KIND "KeyConditionExpressions cannot contain nested operations");
		else if (path)
			dyn_invalid(KIND "Invalid condition in KeyConditionExpression: Multiple attribute names used in one "
						"condition");
		else
		{
			path = operand->path;
			if (path->count > 1)
				dyn_invalid(KIND "KeyConditionExpressions cannot have conditions on nested attributes");
		}

		/* comparators with two literals have no attribute at all */
		if (n_values == node->n_args)
			dyn_invalid(KIND "Invalid condition in KeyConditionExpression: No key attribute specified");
	}

	step = &path->steps[0];
	foreach(cell, *terms)
	{
		const KeyTerm *other = lfirst(cell);

		if (other->name_len == step->name_len && memcmp(other->name, step->name, step->name_len) == 0)
			dyn_invalid(KIND "KeyConditionExpressions must only contain one condition per key");
	}
	term->name = step->name;
	term->name_len = step->name_len;
	term->stored = step->stored;
	term->stored_len = step->stored_len;
	term->op = key_operator(node->kind, node->args[0]->kind == NODE_VALUE);
	*terms = lappend(*terms, term);
}

static void
add_terms(const ExprNode *node, List **terms)
{
	check_stack_depth();

	switch (node->kind)
	{
		case NODE_AND:
			for (int i = 0; i < node->n_args; i++)
				add_terms(node->args[i], terms);
			break;
		case NODE_EQ:
		case NODE_LT:
		case NODE_LE:
		case NODE_GT:
		case NODE_GE:
		case NODE_BETWEEN:
		case NODE_BEGINS_WITH:
			add_term(node, terms);
			break;
		default:
			dyn_invalid(KIND "Invalid operator used in KeyConditionExpression: %s", expr_operator_name(node->kind));
	}
}

KeyCondition *
expr_key_condition(const ExprNode *condition)
{
	KeyCondition *key_condition = palloc0(sizeof(KeyCondition));
	List	   *terms = NIL;
	ListCell   *cell;

	add_terms(condition, &terms);
	key_condition->terms = palloc(list_length(terms) * sizeof(KeyTerm));
	foreach(cell, terms)
		key_condition->terms[key_condition->n_terms++] = *(const KeyTerm *) lfirst(cell);
	return key_condition;
}
