/*
 * condition_check.c
 *		From the text of a condition, filter or key condition to its tree.
 *
 * The service looks at the whole expression for one kind of mistake at a time: redundant parentheses (while it
 * parses), functions it does not have, functions in a place that is not theirs, reserved words.  What is left, it
 * looks for condition by condition: undefined placeholders, number of operands, equal operands, types.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "base/error.h"
#include "expr/expr_private.h"
#include "value/attr_node.h"

/* Calls check for each syntax node, operators and functions before their operands, in the order of the text. */
typedef void (*SyntaxCheck) (const ExprParser *parser, const Syntax *syntax, bool is_operand);

static void
check_all(const ExprParser *parser, const Syntax *syntax, bool is_operand, SyntaxCheck check)
{
	bool		is_logical = syntax->kind == SYNTAX_OPERATOR &&
		(syntax->operator == NODE_AND || syntax->operator == NODE_OR || syntax->operator == NODE_NOT);
	ListCell   *cell;

	check_stack_depth();

	check(parser, syntax, is_operand);
	foreach(cell, syntax->args)
		check_all(parser, lfirst(cell), !is_logical, check);
}

static void
check_function_name(const ExprParser *parser, const Syntax *syntax, bool is_operand)
{
	const FunctionInfo *function;

	if (syntax->kind != SYNTAX_FUNCTION)
		return;
	function = expr_function(&syntax->text);
	if (function == NULL)
		expr_fail(parser, "Invalid function name; function: %s", pnstrdup(syntax->text.at, syntax->text.len));
	if (function->kind == NODE_IF_NOT_EXISTS || function->kind == NODE_LIST_APPEND)
		expr_fail(parser, "The function is not allowed in a condition expression; function: %s", function->name);
}

static void
check_function_place(const ExprParser *parser, const Syntax *syntax, bool is_operand)
{
	const FunctionInfo *function;

	if (syntax->kind != SYNTAX_FUNCTION)
		return;
	function = expr_function(&syntax->text);
	if ((function->kind == NODE_SIZE) != is_operand)
		expr_fail(parser, "The function is not allowed to be used this way in an expression; function: %s",
				  function->name);
}

static void
check_words(const ExprParser *parser, const Syntax *syntax, bool is_operand)
{
	if (syntax->kind == SYNTAX_PATH)
		expr_check_words(parser, syntax);
}

/* Makes the nodes of one condition or operand; all that may be wrong yet is the placeholders. */
static ExprNode *
resolve(ExprParser *parser, const Syntax *syntax)
{
	ExprNode   *node;
	ListCell   *cell;

	check_stack_depth();

	if (syntax->kind == SYNTAX_PATH)
		return node_path(expr_resolve_path(parser, syntax));
	if (syntax->kind == SYNTAX_VALUE)
		return node_value(expr_resolve_value(parser, syntax));

	node = palloc0(sizeof(ExprNode));
	node->kind = syntax->kind == SYNTAX_FUNCTION ? expr_function(&syntax->text)->kind : syntax->operator;
	node->args = palloc(list_length(syntax->args) * sizeof(ExprNode *));
	foreach(cell, syntax->args)
		node->args[node->n_args++] = resolve(parser, lfirst(cell));
	return node;
}

static void
check_operand_count(const ExprParser *parser, const ExprNode *node)
{
	int			wanted;

	check_stack_depth();

	switch (node->kind)
	{
		case NODE_PATH:
		case NODE_VALUE:
			return;
		case NODE_SIZE:
		case NODE_ATTRIBUTE_EXISTS:
		case NODE_ATTRIBUTE_NOT_EXISTS:
			wanted = 1;
			break;
		case NODE_ATTRIBUTE_TYPE:
		case NODE_BEGINS_WITH:
		case NODE_CONTAINS:
			wanted = 2;
			break;
		default:
			wanted = node->n_args;
			if (node->kind == NODE_IN && node->n_args - 1 > EXPR_MAX_IN_OPERANDS)
				expr_fail(parser, "The IN operator is provided with too many operands; number of operands: %d",
						  node->n_args - 1);
			break;
	}
	if (node->n_args != wanted)
		expr_fail(parser, "Incorrect number of operands for operator or function; operator or function: %s, "
				  "number of operands: %d", expr_operator_name(node->kind), node->n_args);
	for (int i = 0; i < node->n_args; i++)
		check_operand_count(parser, node->args[i]);
}

/* A bound of BETWEEN as Java prints it. */
static char *
bound_text(const JsonbValue *value)
{
	AttrType	type = attr_type(value);
	StringInfoData text;
	int			len;
	const char *bytes;

	initStringInfo(&text);
	appendStringInfo(&text, "AttributeValue: {%s:", attr_type_name(type));
	if (type == ATTR_N)
	{
		DynNumber	number;

		attr_number(value, &number);
		number_append(&text, &number);
	}
	else
	{
		bytes = attr_bytes(value, type, &len);
		if (type == ATTR_B)
			appendStringInfo(&text, "java.nio.HeapByteBuffer[pos=0 lim=%d cap=%d]", len, len);
		else
			attr_append_text(&text, bytes, len);
	}
	appendStringInfoChar(&text, '}');
	return text.data;
}

static void
check_between(const ExprParser *parser, const ExprNode *node)
{
	const ExprNode *lower = node->args[1];
	const ExprNode *upper = node->args[2];
	int			order;

	expr_check_operand_types(parser, node, ORDERED_TYPES);
	if (lower->kind != NODE_VALUE || upper->kind != NODE_VALUE)
		return;
	if (!attr_compare(lower->value, upper->value, &order))
		expr_fail(parser, "The BETWEEN operator requires same data type for lower and upper bounds; "
				  "lower bound operand: %s, upper bound operand: %s",
				  bound_text(lower->value), bound_text(upper->value));
	if (order > 0)
		expr_fail(parser, "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; "
				  "lower bound operand: %s, upper bound operand: %s",
				  bound_text(lower->value), bound_text(upper->value));
}

static void
check_attribute_type(const ExprParser *parser, const ExprNode *node)
{
	const ExprNode *name = node->args[1];
	const char *text;
	int			len;

	expr_require_path(parser, node);
	if (name->kind == NODE_PATH)
		expr_fail(parser, "Incorrect operand type for operator or function; operator or function: attribute_type, "
				  "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
	expr_check_operand_types(parser, node, TYPE_BIT(ATTR_S));

	text = attr_bytes(name->value, ATTR_S, &len);
	for (AttrType type = ATTR_S; type <= ATTR_BS; type++)
		if (strlen(attr_type_name(type)) == len && memcmp(attr_type_name(type), text, len) == 0)
			return;
	expr_fail(parser, "Invalid attribute type name found; type: %s, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
			  expr_printable(text, len));
}

/* Types of literals and operands that must be paths; operands first, which may be size(). */
static void
check_types(const ExprParser *parser, const ExprNode *node)
{
	check_stack_depth();

	for (int i = 0; i < node->n_args; i++)
		check_types(parser, node->args[i]);
	switch (node->kind)
	{
		case NODE_LT:
		case NODE_LE:
		case NODE_GT:
		case NODE_GE:
			expr_check_operand_types(parser, node, ORDERED_TYPES);
			break;
		case NODE_BETWEEN:
			check_between(parser, node);
			break;
		case NODE_SIZE:
			expr_check_operand_types(parser, node,
									 ~(TYPE_BIT(ATTR_N) | TYPE_BIT(ATTR_BOOL) | TYPE_BIT(ATTR_NULL)));
			break;
		case NODE_BEGINS_WITH:
			expr_check_operand_types(parser, node, TYPE_BIT(ATTR_S) | TYPE_BIT(ATTR_B));
			break;
		case NODE_ATTRIBUTE_TYPE:
			check_attribute_type(parser, node);
			break;
		case NODE_ATTRIBUTE_EXISTS:
		case NODE_ATTRIBUTE_NOT_EXISTS:
			expr_require_path(parser, node);
			break;
		default:
			break;
	}
}

void
expr_check_condition(const ExprParser *parser, const ExprNode *node)
{
	check_operand_count(parser, node);
	expr_check_distinct(parser, node);
	check_types(parser, node);
}

static ExprNode *
resolve_condition(ExprParser *parser, const Syntax *syntax)
{
	ExprNode   *node;
	ListCell   *cell;

	check_stack_depth();

	if (syntax->kind == SYNTAX_OPERATOR &&
		(syntax->operator == NODE_AND || syntax->operator == NODE_OR || syntax->operator == NODE_NOT))
	{
		node = palloc0(sizeof(ExprNode));
		node->kind = syntax->operator;
		node->args = palloc(list_length(syntax->args) * sizeof(ExprNode *));
		foreach(cell, syntax->args)
			node->args[node->n_args++] = resolve_condition(parser, lfirst(cell));
		return node;
	}

	node = resolve(parser, syntax);
	expr_check_condition(parser, node);
	return node;
}

ExprNode *
expr_parse_condition(const char *text, int len, const char *kind, ExprParams *params)
{
	ExprParser	parser;

	expr_parse(&parser, EXPR_CONDITION, kind, text, len, params);
	check_all(&parser, parser.condition, false, check_function_name);
	check_all(&parser, parser.condition, false, check_function_place);
	check_all(&parser, parser.condition, false, check_words);
	return resolve_condition(&parser, parser.condition);
}

ExprNode *
expr_parse_key_condition(const char *text, int len, ExprParams *params)
{
	return expr_parse_condition(text, len, "KeyConditionExpression", params);
}
