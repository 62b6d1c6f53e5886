/*
 * partiql_update.c
 *		PartiQL's SET and REMOVE as updates.
 *
 * set_add() and set_delete() of the attribute that they are assigned to are what ADD and DELETE are in update expressions.
 */
#include "postgres.h"

#include "base/error.h"
#include "expr/partiql_private.h"
#include "value/attr_node.h"

static ExprNode *
make_operand(PartiqlParser *parser, const PartiqlNode *node)
{
	const FunctionInfo *function;
	ExprNode   *operand;
	ListCell   *cell;

	if (node->kind == PARTIQL_PATH)
		return node_path(partiql_doc_path(parser, node));
	if (partiql_is_value(node))
		return node_value(partiql_value(parser, node));

	operand = palloc0(sizeof(ExprNode));
	operand->args = palloc(Max(list_length(node->args), 1) * sizeof(ExprNode *));
	if (node->kind == PARTIQL_CALL)
	{
		function = partiql_function(node);
		if (function == NULL || (function->kind != NODE_IF_NOT_EXISTS && function->kind != NODE_LIST_APPEND))
			partiql_fail_function(parser, node);
		operand->kind = function->kind;
	}
	else if (node->kind == PARTIQL_OPERATOR && (node->operator == NODE_PLUS || node->operator == NODE_MINUS))
		operand->kind = node->operator;
	else if (node->kind == PARTIQL_OPERATOR || node->kind == PARTIQL_SIGN)
		partiql_fail_operator(node, "Update Expression");
	else
		dyn_invalid("Unsupported token in expression: %s%s", expr_printable(node->token.at, node->token.len),
					partiql_place(parser, &node->token));
	foreach(cell, node->args)
		operand->args[operand->n_args++] = make_operand(parser, lfirst(cell));
	return operand;
}

/* Whether a value is a call of a function, whose name is in small letters. */
static bool
is_call(const PartiqlNode *value, const char *name)
{
	return value->kind == PARTIQL_CALL && value->token.len == strlen(name) &&
		pg_strncasecmp(value->token.at, name, value->token.len) == 0;
}

/* set_add(path, set), set_delete(path, set), where path is what is assigned to. */
static void
make_set_action(PartiqlParser *parser, const PartiqlNode *call, const char *name, UpdateAction *action)
{
	const PartiqlNode *first;
	const PartiqlNode *second;
	AttrType	type;

	if (list_length(call->args) != 2)
		dyn_invalid("%s must have exactly two arguments%s", name, partiql_place(parser, &call->token));
	first = linitial(call->args);
	second = lsecond(call->args);
	if (first->kind != PARTIQL_PATH || !path_equal(partiql_doc_path(parser, first), action->path))
		dyn_invalid("The first argument to %s must equal the assignment value%s", name,
					partiql_place(parser, &call->token));
	if (partiql_is_value(second))
	{
		action->operand = node_value(partiql_value(parser, second));
		type = attr_type(action->operand->value);
		if (type == ATTR_SS || type == ATTR_NS || type == ATTR_BS)
			return;
	}
	dyn_invalid("The second argument to %s must be a value with type SET%s", name, partiql_place(parser, &first->token));
}

static void
make_action(PartiqlParser *parser, const PartiqlAction *from, UpdateAction *action)
{
	action->path = partiql_doc_path(parser, from->path);
	action->operand = NULL;
	if (from->value == NULL)
		action->kind = UPDATE_REMOVE;
	else if (is_call(from->value, "set_add"))
	{
		action->kind = UPDATE_ADD;
		make_set_action(parser, from->value, "SET_ADD", action);
	}
	else if (is_call(from->value, "set_delete"))
	{
		action->kind = UPDATE_DELETE;
		make_set_action(parser, from->value, "SET_DELETE", action);
	}
	else
	{
		action->kind = UPDATE_SET;
		action->operand = make_operand(parser, from->value);
		expr_check_set_operand(&parser->checker, action->operand);
	}
}

Update *
partiql_update(PartiqlParser *parser)
{
	Update	   *update = palloc0(sizeof(Update));
	DocPath   **paths = palloc(list_length(parser->actions) * sizeof(DocPath *));
	ListCell   *cell;

	update->actions = palloc(list_length(parser->actions) * sizeof(UpdateAction));
	foreach(cell, parser->actions)
	{
		UpdateAction *action = &update->actions[update->n_actions];

		make_action(parser, lfirst(cell), action);
		paths[update->n_actions++] = action->path;
	}
	expr_check_overlaps(&parser->checker, paths, update->n_actions);
	return update;
}
